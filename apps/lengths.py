"""Ladders: a few nets learn one task at several lengths, one training after another.

So each has the machine to itself, and what a step takes can be compared: see `queues`.
"""

import itertools
import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from apps import launch, library, queues, races
from apps.library import Entry
from training.runs import Run
from training.settings import SettingsError

MOST_RUNGS = 8  # lengths of a ladder
BATCH = 64  # sequences that are answered at once: attention keeps every pair of steps
RIGHT = "right"  # figure of a run's test: see `right` of the data
_NAME = re.compile(r"(?P<ladder>.+-lengths-\d+)-\d+-(?P<net>[a-z]+)")


@dataclass(frozen=True)
class Rung:
    """One net at one length.

    Args:
        net: Key of `races.NETS`.
        length: Of the task.
        entry: Its run.
    """

    net: str
    length: int
    entry: Entry

    @property
    def right(self) -> float | None:
        """The share of the test that it answers right; None before that is measured."""
        return self.entry.run.evaluation.get("test", {}).get(RIGHT)

    @property
    def milliseconds(self) -> float | None:
        """What a step of its training took; None before that is known."""
        return pace(library.rows(self.entry.run))


@dataclass(frozen=True)
class Ladder:
    """Nets at several lengths.

    Args:
        key: What names it in an address: "runs/adding-lengths-1".
        rungs: In the order in which they are trained.
    """

    key: str
    rungs: tuple[Rung, ...]

    @property
    def going(self) -> bool:
        """Whether this server has more of it to do."""
        return queues.going(_place(self))

    @property
    def runs(self) -> list[Run]:
        """Of its rungs."""
        return [rung.entry.run for rung in self.rungs]

    @property
    def active(self) -> bool:
        """Whether any of it is going on: a training outlives its server."""
        return self.going or any(rung.entry.run.state in launch.ACTIVE for rung in self.rungs)

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop and has not yet."""
        return queues.stopping(_place(self))

    @property
    def left(self) -> list[Rung]:
        """What is not trained or not measured."""
        return [rung for rung in self.rungs if rung.right is None]

    @property
    def errors(self) -> dict[str, str]:
        """What went wrong, by the title of the net and its length."""
        told = queues.errors(_place(self), self.runs)
        names = {rung.entry.run.name: f"{races.NETS[rung.net].title} at {rung.length}" for rung in self.rungs}
        return {name: told[run] for run, name in names.items() if run in told}

    @property
    def config(self) -> dict[str, Any]:
        """The settings of one of them, whose task is that of all."""
        return self.rungs[0].entry.run.config


def find_all() -> dict[str, Ladder]:
    """The ladders there are by key, the newest first."""
    found: dict[str, list[Rung]] = {}
    for entry in library.entries():
        name = _NAME.fullmatch(entry.run.name)
        if entry.shelf != "runs" or name is None or name["net"] not in races.NETS:
            continue
        config = entry.run.config
        if races.task_of(config) is not None:
            rung = Rung(name["net"], config["data"]["length"], entry)
            found.setdefault(f"runs/{name['ladder']}", []).append(rung)
    nets = list(races.NETS)
    return {
        key: Ladder(key, tuple(sorted(rungs, key=lambda rung: (rung.length, nets.index(rung.net)))))
        for key, rungs in found.items()
    }


def read(text: str, least: int, most: int) -> tuple[int, ...]:
    """The lengths that a person has written, split by commas, the shortest first.

    Raises:
        SettingsError: They are no such numbers, or too many.
    """
    parts = text.replace(",", " ").split()
    # As text at first: of thousands of digits Python makes no number.
    if not parts or not all(p.isdecimal() and len(p) < 9 and least <= int(p) <= most for p in parts):
        raise SettingsError(
            f"lengths are whole numbers from {least} to {most}. Received: {text.strip()[:80]!r}"
        )
    lengths = tuple(sorted(set(map(int, parts))))
    if len(lengths) > MOST_RUNGS:
        raise SettingsError(f"at most {MOST_RUNGS} lengths are trained. Received: {len(lengths)}")
    return lengths


def around(length: int, least: int, most: int) -> tuple[int, ...]:
    """A quarter, half, once and twice a length."""
    return tuple(
        sorted({min(most, max(least, size)) for size in (length // 4, length // 2, length, 2 * length)})
    )


def start(
    task: str, lengths: Sequence[int], nets: Sequence[str], chosen: Mapping[str, Any], seed: int
) -> str:
    """Make a run for each net and length, and begin to train one after another.

    Args:
        task: Key of `races.TASKS`.
        lengths: Of the task, each with as many sequences and epochs.
        nets: Keys of `races.NETS`.
        chosen: Settings that all have, as `races.plan` takes them.
        seed: Of all.

    Returns: The ladder's key.

    Raises:
        RunError, SettingsError: A setting breaks its rule, or a run can't be made.
    """
    folder = library.runs_folder()
    name = queues.free_name(folder, f"{task.lower()}-lengths")
    plans = {
        f"{name}-{length}-{net}": races.plan(
            races.TASKS[task], net, {**chosen, "data.length": length, "training.snapshots": 0}
        )
        for length in sorted(lengths)
        for net in races.NETS
        if net in nets
    }
    made = queues.create(folder, {each: (recipe, seed) for each, recipe in plans.items()})
    queues.begin(folder / name, made, measure)
    return f"runs/{name}"


def go_on(ladder: Ladder) -> None:
    """Train and measure what is left, from where each stands."""
    queues.begin(_place(ladder), [rung.entry.run for rung in ladder.left], measure)


def stop(ladder: Ladder) -> None:
    """Ask the training that goes on to save and stop, and begin no other."""
    queues.stop(_place(ladder), ladder.runs)


def pace(rows: Sequence[Mapping[str, Any]]) -> float | None:
    """Milliseconds a step: the median over a run's rows; None where too few are logged.

    The steps before the first row contain the compilation. Rows that end an epoch contain an evaluation:
    they count only where there are no others.

    Args:
        rows: As `metrics.jsonl` has them.
    """
    inner: list[float] = []
    whole: list[float] = []
    for before, row in itertools.pairwise(rows):
        steps = row["step"] - before["step"]
        if steps > 0:
            evaluated = any(name.startswith("val_") for name in row)
            (whole if evaluated else inner).append(1000 * (row["seconds"] - before["seconds"]) / steps)
    return statistics.median(inner or whole) if inner or whole else None


def measure(run: Run) -> None:
    """Have a trained net answer the test, and keep the share that is right among the run's figures.

    Raises:
        RunError, SettingsError: There is no model, or a setting of the run is gone.
    """
    from training import recipes, trainer

    data, test = recipes.from_config(run.config).data, races.tests(run.config)
    inputs, targets = (np.stack([side[i] for i in range(len(test))]) for side in (test.inputs, test.targets))
    outputs = trainer.load_model(run).predict(inputs, batch_size=BATCH, verbose=0)
    figures = run.evaluation
    share = data.right(outputs, targets)
    run.write_json("evaluation.json", {**figures, "test": {**figures.get("test", {}), RIGHT: share}})


def _place(ladder: Ladder) -> Path:
    """What names a ladder's queue: its runs' folder and name."""
    return ladder.rungs[0].entry.run.path.parent / ladder.key.partition("/")[2]
