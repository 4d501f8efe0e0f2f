"""Tables of measurements, and how contenders are measured fairly."""

import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Chart:
    """A line of a table drawn, as Mermaid text: what a README shows as a plot.

    Args:
        title: Above it.
        across: What the points are told by.
        up: Unit of the values.
        points: Values by what they are told by.
    """

    title: str
    across: str
    up: str
    points: Mapping[str, float]

    def __str__(self) -> str:
        return "\n".join(
            [
                "```mermaid",
                "xychart-beta",
                f'    title "{self.title}"',
                f'    x-axis "{self.across}" [{", ".join(self.points)}]',
                f'    y-axis "{self.up}" 0 --> {1.05 * max(self.points.values()):.0f}',
                f"    line [{', '.join(f'{value:g}' for value in self.points.values())}]",
                "```",
            ]
        )


@dataclass(frozen=True)
class Table:
    """What a benchmark returns.

    Args:
        title: One line that says what was measured, with sizes.
        rows: One a contender or figure; all have the same keys.
        charts: Of what is seen better than read.
    """

    title: str
    rows: Sequence[Mapping[str, Any]]
    charts: Sequence[Chart] = ()

    def __str__(self) -> str:
        if not self.rows:
            return self.title
        header = list(self.rows[0])
        cells = [header, *([_text(row[name]) for name in header] for row in self.rows)]
        widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
        lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells]
        drawn = [f"\n{chart}" for chart in self.charts]
        return "\n".join([self.title, *(f"  {line}" for line in lines), *drawn])


def machine() -> str:
    """The machine in one line."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line.split(":")[1].strip() for line in info.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    return f"{os.cpu_count()} cores of {model}, {platform.system()}, Python {platform.python_version()}"


def race(contenders: Mapping[str, Callable[[int], None]], steps: int, rounds: int) -> dict[str, list[float]]:
    """Let contenders take `steps` steps each in turn, `rounds` times over, after one round to warm up.

    In turn, so that a machine whose speed drifts slows all of them alike.

    Args:
        contenders: By name, a function that takes a number of steps and returns when they are done.

    Returns: Seconds a step for each round, by name.
    """
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds + 1):
        for name, take in contenders.items():
            started = time.perf_counter()
            take(steps)
            if number:
                seconds[name].append((time.perf_counter() - started) / steps)
    return seconds


def ratio(seconds: Sequence[float], reference: Sequence[float]) -> float:
    """The median over the rounds of `seconds` as a multiple of `reference` in the same round."""
    return statistics.median(a / b for a, b in zip(seconds, reference, strict=True))


def _text(value: Any) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)
