"""The elements that look inside a net: one unit taken apart, heat over a picture, and exciting crops."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from apps.widgets import _picture, base64_text, component, state_of
from inspection import tiles

if TYPE_CHECKING:
    from inspection.anatomy import Anatomy
    from inspection.receptive import Field

PARTS = 8  # channels of a patch that are shown one by one, the weightiest first
CELLS = 8  # edge of a patch up to which it is shown
ZERO = tiles.ZERO

_unit = component("unit")
_heat = component("heat")
_crops = component("crops")


def unit(
    key: str,
    seen: np.ndarray,
    field: "Field",
    output: np.ndarray,
    place: Sequence[int],
    found: "Anatomy | None",
    on_move: Callable[[int, int], None],
) -> None:
    """Show what a unit sees and how it came by its value.

    Args:
        key: Of the element.
        seen: The model's input `(H, W, C)` in [0, 1].
        field: What the unit sees of it.
        output: The layer's output, `(H, W, C)` or `(F,)`.
        place: Of the unit: `(row, column, map)` or `(unit,)`.
        found: The unit taken apart; None: nobody knows how.
        on_move: Is told the row and column of another unit of the map.
    """
    box = field.box
    channel = place[-1]
    value = float(output[tuple(place)])
    grid = None
    if output.ndim == 3:
        pixels, scale = _signed(output[..., channel])
        grid = {"pixels": pixels, "scale": scale, "height": output.shape[0], "width": output.shape[1]}

    def tell() -> None:
        moved = state_of(key, "moved", None)
        if moved:
            on_move(int(moved["row"]), int(moved["column"]))

    _unit(
        key=key,
        on_moved_change=tell,
        data={
            "picture": _picture(seen),
            "box": [box[0].start, box[0].stop, box[1].start, box[1].stop] if len(box) == 2 else None,
            "map": grid,
            "place": list(place),
            "value": value,
            "anatomy": None if found is None else _anatomy(found),
        },
    )


def _anatomy(found: "Anatomy") -> dict[str, Any]:
    """A unit's parts as `components/unit.js` takes them: the weightiest channels one by one."""
    shape = found.patch.shape
    patch, kernel = (each.reshape(-1, shape[-1]) for each in (found.patch, found.kernel))  # (taps, C)
    products = patch * kernel
    sums = products.sum(0)  # (C,)
    order = np.argsort(-np.abs(sums), kind="stable")[:PARTS]
    height, width = shape[:-1] if len(shape) == 3 else (1, 1)
    shown = max(height, width) <= CELLS
    scales = [float(np.abs(each).max()) or 1.0 for each in (patch, kernel, products)]
    return {
        "operation": found.operation,
        "made_by": found.made_by,
        "looks_at": found.looks_at,
        "corner": list(found.corner) if len(found.corner) == 2 else None,
        "height": height,
        "width": width,
        "scales": scales,
        "parts": [
            {
                "channel": found.first_channel + int(c),
                "patch": _numbers(patch[:, c]) if shown else None,
                "kernel": _numbers(kernel[:, c]) if shown else None,
                "products": _numbers(products[:, c]) if shown else None,
                "sum": float(sums[c]),
            }
            for c in order
        ],
        "inside": np.broadcast_to(found.inside, shape[:-1]).reshape(-1).tolist() if shown else None,
        "channels": shape[-1],
        "rest": float(sums.sum() - sums[order].sum()),
        "sum": found.sum,
        "steps": [
            {
                "layer": step.layer,
                "what": step.what,
                "factor": step.factor,
                "offset": step.offset,
                "value": step.value,
            }
            for step in found.steps
        ],
    }


def heat(key: str, seen: np.ndarray, panels: Sequence[Mapping[str, Any]]) -> None:
    """Show heat over a picture.

    Args:
        key: Of the element.
        seen: The picture `(H, W, C)` in [0, 1].
        panels: For each its "name", a "note" in words, "heat" `(h, w)`, the "unit" of its values ("%" shows
            them in percent, "" as shares of the strongest), and whether it is "smooth".
    """
    shown = []
    for panel in panels:
        pixels, scale = _signed(panel["heat"])
        height, width = panel["heat"].shape
        shown.append(
            {
                "name": panel["name"],
                "note": panel["note"],
                "pixels": pixels,
                "scale": scale,
                "height": height,
                "width": width,
                "unit": panel["unit"],
                "smooth": panel["smooth"],
            }
        )
    _heat(key=key, data={"picture": _picture(seen), "panels": shown})


def crops(key: str, found: Sequence[Mapping[str, Any]], on_pick: Callable[[int], None]) -> None:
    """Show examples that excite a map, with what it sees in each.

    Args:
        key: Of the element.
        found: For each its "image" `(H, W, C)`, the "box" of `inspection.receptive.Field`, its "name", its
            "value" and its "number".
        on_pick: Is told the number of the one that a person picks.
    """

    def tell() -> None:
        picked = state_of(key, "picked", None)
        if picked is not None:
            on_pick(int(picked))

    _crops(
        key=key,
        on_picked_change=tell,
        data={
            "crops": [
                {
                    "picture": _picture(one["image"]),
                    "box": [
                        one["box"][0].start,
                        one["box"][0].stop,
                        one["box"][1].start,
                        one["box"][1].stop,
                    ],
                    "name": one["name"],
                    "value": float(one["value"]),
                    "number": int(one["number"]),
                }
                for one in found
            ]
        },
    )


def _signed(values: np.ndarray) -> tuple[str, float]:
    """Values around 0 as bytes around `ZERO`, and what the largest stands for."""
    finite = np.nan_to_num(np.asarray(values, "float32"), posinf=0.0, neginf=0.0)
    scale = float(np.abs(finite).max(initial=0))
    share = finite / (scale or 1.0)
    return base64_text(np.rint(ZERO + share * (255 - ZERO)).astype("uint8")), scale


def _numbers(values: np.ndarray) -> list[float]:
    return [float(f"{value:.5g}") for value in values]
