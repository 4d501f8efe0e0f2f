"""The element that shows a signal and the maps under it on one time axis."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from apps.widgets import base64_text, component

if TYPE_CHECKING:
    from inspection.lines import Contrast, Place

_signal = component("signal")


@dataclass(frozen=True)
class Layer:
    """A layer's maps.

    Args:
        name: Of the layer.
        note: On it, in words.
        output: `(T, C)`.
        place: On the signal's time axis.
    """

    name: str
    note: str
    output: np.ndarray
    place: "Place"


def show(
    key: str,
    signal: np.ndarray,
    note: str,
    layers: Sequence[Layer],
    contrast: "Contrast" = "layer",
    heat: "tuple[np.ndarray, Place] | None" = None,
    rate: int = 0,
    hop: int = 1,
) -> None:
    """Show a signal and the maps under it.

    Args:
        key: Of the element.
        signal: `(T, C)`.
        note: On it, in words.
        layers: Top to bottom.
        contrast: See `lines.strips`.
        heat: What mattered, `(T',)` at least 0, and where its positions lie.
        rate: Points a second of what is heard; 0: time is counted in points.
        hop: Points of that from one position of the signal to the next.
    """
    from inspection import lines

    bands = None
    curves: list = []
    if signal.shape[1] > lines.FOLLOWED:
        rows = lines.strips(signal[:, ::-1])[0]  # high tones at the top
        bands = {"pixels": base64_text(rows), "count": len(rows)}
        columns = rows.shape[1]
    else:
        curves = np.round(lines.envelope(signal), 4).tolist()
        columns = len(curves[0])
    strength, place = heat if heat is not None else (np.zeros(0), lines.Place(0, 1, 1))
    _signal(
        key=key,
        data={
            "length": len(signal),
            "columns": columns,
            "curves": curves,
            "bands": bands,
            "range": [float(signal.min()), float(signal.max())],
            "note": note,
            "rate": rate,
            "hop": hop,
            "heat": [round(float(value), 5) for value in strength],
            "first": place.start + place.size / 2 - place.jump / 2,
            "jump": place.jump,
            "layers": [_layer(layer, contrast) for layer in layers],
        },
    )


def _layer(layer: Layer, contrast: "Contrast") -> dict:
    from inspection import lines

    pixels, scale = lines.strips(layer.output, contrast)
    return {
        "name": layer.name,
        "note": layer.note,
        "pixels": base64_text(pixels),
        "count": pixels.shape[0],
        "width": pixels.shape[1],
        "scale": [round(float(value), 5) for value in scale],
        "length": len(layer.output),
        "start": layer.place.start,
        "jump": layer.place.jump,
        "size": layer.place.size,
    }
