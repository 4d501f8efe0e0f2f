"""The element that shows what goes into a recurrent layer and what it does, step by step."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from apps.widgets import base64_text, component
from inspection.tiles import ZERO

MOST_UNITS = 96  # rows of a picture; more than fit on a screen
LARGE = 1e30  # of a net that has lost its way
MOST_CELLS = 60_000  # of a picture, which bounds what a page is sent

_steps = component("steps")


@dataclass(frozen=True)
class Row:
    """One picture over time.

    Args:
        name: What it shows.
        note: On it, in words.
        values: `(T, U)`; NaN where a step was left out.
        scale: The value of the strongest colour; 0: the largest there is.
        labels: Names of the U; none: they are a layer's units, and pointing at one tells it in all rows.
        texts: What stands at each step, where that is words and not numbers.
    """

    name: str
    note: str
    values: np.ndarray
    scale: float = 0.0
    labels: Sequence[str] = ()
    texts: Sequence[str] = ()


def show(key: str, rows: Sequence[Row]) -> None:
    """Show rows, all of the same number of steps."""
    _steps(key=key, data={"length": len(rows[0].values), "rows": [_row(row) for row in rows]})


def shown(steps: int, units: int) -> int:
    """How many of a layer's units are shown."""
    return max(1, min(units, MOST_UNITS, MOST_CELLS // max(1, steps)))


def _row(row: Row) -> dict[str, Any]:
    values = np.clip(row.values[:, : shown(*row.values.shape)].T, -LARGE, LARGE)  # (U, T)
    scale = max(row.scale, float(np.nan_to_num(np.abs(values)).max()))
    levels = np.rint(ZERO + np.nan_to_num(values) / (scale or 1.0) * (255 - ZERO))
    return {
        "name": row.name,
        "note": row.note,
        "pixels": base64_text(np.where(np.isnan(values), 0, levels).astype("uint8")),
        "count": len(values),
        "scale": scale,
        "units": not (row.labels or row.texts),
        "labels": list(row.labels[: len(values)]) or None,
        "texts": list(row.texts) or None,
    }
