"""Signals `(T, C)` and the maps over them, made ready to be drawn on one time axis."""

from dataclasses import dataclass
from typing import Literal

import keras
import numpy as np

from inspection import graph
from inspection.receptive import padding_before
from inspection.tiles import ZERO

COLUMNS = 480  # of a picture of a map; longer ones are thinned to the strongest value of each column
MOST = 96  # maps of a layer; more than fit on a screen, and a bound on what a page is sent
FOLLOWED = 4  # channels of a signal up to which they are curves; more are a picture
THUMB = 72  # pixels along an edge of a thumbnail
WINDOWS = ("Conv1D", "DepthwiseConv1D", "SeparableConv1D", "MaxPooling1D", "AveragePooling1D")

Contrast = Literal["layer", "map"]


@dataclass(frozen=True)
class Place:
    """Where a layer's positions lie on the input's time axis.

    Args:
        start: First input position that the layer's first unit looks at; below 0 in the padding.
        jump: Input positions from one unit to the next.
        size: Input positions that a unit looks at.

    Unit i sees the positions from `start + i * jump` on, `size` of them.
    """

    start: int
    jump: int
    size: int


def places(model: keras.Model) -> dict[str, Place]:
    """The place of every layer that has a time axis.

    Araujo et al. 2019, "Computing receptive fields of convolutional neural networks", Distill, equations 2
    to 5; a layer with several inputs sees what all of them see. Layers behind one that is not known to keep
    or slide along the axis are left out.

    Raises:
        InspectionError: The model has several inputs, or no graph of layers.
    """
    entrance = graph.only_input(model)
    shapes = graph.shapes(model)
    found = {f"{graph.INPUT}0": Place(0, 1, 1)}
    for name, layer in graph.layers(model).items():
        before = [found[source] for source in layer.inputs if source in found]
        if len(layer.tensor.shape) != len(entrance.shape) or not before:
            continue
        start = min(place.start for place in before)
        end = max(place.start + place.size for place in before)
        place = Place(start, before[0].jump, end - start)
        operation, kind = layer.operation, type(layer.operation).__name__
        if kind in WINDOWS:
            window = _first(getattr(operation, "kernel_size", None) or operation.pool_size)
            stride, dilation = _first(operation.strides), _first(getattr(operation, "dilation_rate", 1))
            reach = dilation * (window - 1) + 1
            length, count = shapes[layer.inputs[0]][0], shapes[name][0]
            padding = padding_before(length, count, reach, stride, operation.padding)
            place = Place(
                place.start - padding * place.jump,
                place.jump * stride,
                place.size + (reach - 1) * place.jump,
            )
        elif shapes[name][0] != shapes[layer.inputs[0]][0]:
            continue
        found[name] = place
    del found[f"{graph.INPUT}0"]
    return found


def strips(output: np.ndarray, contrast: Contrast = "layer") -> tuple[np.ndarray, np.ndarray]:
    """Maps `(T, C)` as rows of a picture.

    Args:
        output: Of a layer, for one example.
        contrast: "layer" measures all maps by the layer's largest value, "map" each by its own.

    Returns: `(N, W)` uint8 with at most `MOST` rows and `COLUMNS` columns, `inspection.tiles.ZERO` at 0; and
        `(N,)` the value that 255 stands for in each row.
    """
    values = np.nan_to_num(np.asarray(output, "float32"), posinf=0.0, neginf=0.0).T[:MOST]  # (N, T)
    groups = np.array_split(values, min(COLUMNS, values.shape[1]), axis=1)
    strongest = np.stack([_strongest(group) for group in groups], axis=1)  # (N, W)
    largest = np.abs(strongest).max(axis=1)
    scale = largest if contrast == "map" else np.full_like(largest, largest.max(initial=0))
    share = strongest / np.where(scale > 0, scale, 1)[:, None]
    return np.rint(ZERO + share * (255 - ZERO)).astype("uint8"), scale


def envelope(signal: np.ndarray) -> np.ndarray:
    """The lowest and highest value of each column of a curve: `(T, C)` to `(C, W, 2)` float32."""
    groups = np.array_split(np.asarray(signal, "float32"), min(COLUMNS, len(signal)), axis=0)
    return np.stack([np.stack([group.min(axis=0), group.max(axis=0)], -1) for group in groups], axis=1)


def thumbnail(signal: np.ndarray) -> np.ndarray:
    """A signal `(T, C)` as a small picture `(THUMB, THUMB, 1)` in [0, 1], light on black."""
    if signal.shape[1] > FOLLOWED:
        low, high = signal.min(), signal.max()
        rows = np.rint(np.linspace(signal.shape[1] - 1, 0, THUMB)).astype(int)
        times = np.rint(np.linspace(0, len(signal) - 1, THUMB)).astype(int)
        return ((signal[times][:, rows].T - low) / max(high - low, 1e-6))[..., None]
    at = np.linspace(0, len(signal) - 1, THUMB + 1)
    low, high = float(signal.min()), float(signal.max())
    picture = np.zeros((THUMB, THUMB, 1), "float32")
    for channel in range(signal.shape[1]):
        for column in range(THUMB):
            first, last = int(np.floor(at[column])), int(np.ceil(at[column + 1]))
            part = signal[first : last + 1, channel]
            span = (high - np.array([part.max(), part.min()])) / max(high - low, 1e-6) * (THUMB - 9) + 4
            top, bottom = np.floor(span).astype(int)
            picture[top : bottom + 2, column] = 1
    return picture


def from_drawing(picture: np.ndarray, length: int) -> np.ndarray | None:
    """A drawn curve as a series.

    Args:
        picture: `(H, W, 3)` uint8, light ink on black.
        length: Points of the series.

    Returns: `(length, 1)` float32 from -1 at the lower edge to 1 at the upper; straight where nothing is
        drawn; None where nothing is drawn at all.
    """
    ink = picture.max(axis=-1) > 40
    columns = np.flatnonzero(ink.any(axis=0))
    if len(columns) < 2:
        return None
    heights = np.linspace(1, -1, len(ink)) @ ink[:, columns] / ink[:, columns].sum(axis=0)
    at = np.linspace(0, ink.shape[1] - 1, length)
    return np.interp(at, columns, heights).astype("float32")[:, None]


def looped(sound: np.ndarray, rate: int, seconds: float) -> np.ndarray:
    """A sound `(N,)` over and over until it lasts `seconds`, as loud as can be: float32 in [-1, 1]."""
    centred = sound - sound.mean()
    times = max(1, round(seconds * rate / len(sound)))
    return np.tile(centred / max(float(np.abs(centred).max()), 1e-6), times).astype("float32")


def _strongest(group: np.ndarray) -> np.ndarray:
    """Of each row of `(N, W)` the value that is farthest from 0."""
    return np.take_along_axis(group, np.abs(group).argmax(axis=1)[:, None], axis=1)[:, 0]


def _first(value) -> int:
    return int(value[0] if isinstance(value, tuple | list) else value)
