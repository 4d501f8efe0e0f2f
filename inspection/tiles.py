"""A layer's output as small pictures, one a channel."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

ZERO = 128  # the grey level that stands for 0; 1 and 255 stand for the largest value to either side
MOST = 512  # pictures of a layer; more than fit on a screen, and a bound on what a page is sent
EDGE = 64  # of a picture, in pixels; larger maps are averaged down to it

Contrast = Literal["layer", "map"]


@dataclass(frozen=True)
class Tiles:
    """Pictures of one layer's output.

    Args:
        pixels: `(N, H, W)` uint8, `ZERO` where the output is 0.
        channels: How many channels the layer has; `N` is smaller where they are too many to show.
        scale: `(N,)` the value that 255 stands for in each picture, and its negative 1.
        silent: Share of the layer's values that are exactly 0.
    """

    pixels: np.ndarray
    channels: int
    scale: np.ndarray
    silent: float


def tiles(output: np.ndarray, contrast: Contrast = "layer") -> Tiles:
    """Picture what a layer gives for one example.

    Args:
        output: `(H, W, C)` maps, `(T, C)` lines or `(F,)` units; leading axes beyond these are pictured
            one after the other. Lines become pictures one pixel high, units single pixels.
        contrast: "layer" measures all pictures by the layer's largest value, so that a faint map looks
            faint; "map" measures each by its own, so that its pattern shows.
    """
    values = np.nan_to_num(np.asarray(output, "float32"), posinf=0.0, neginf=0.0)
    silent = float(np.mean(values == 0)) if values.size else 0.0
    while values.ndim < 3:  # (F,) to (1, F), (T, C) to (1, T, C)
        values = values[None]
    height, width, channels = values.shape[-3:]
    maps = np.moveaxis(values.reshape(-1, height, width, channels), -1, 1)
    maps = maps.reshape(-1, height, width)
    shown = np.stack([_shrink(each) for each in maps[:MOST]])  # (N, H, W)
    largest = np.abs(shown).max(axis=(1, 2))  # (N,)
    scale = largest if contrast == "map" else np.full_like(largest, largest.max())
    share = shown / np.where(scale > 0, scale, 1)[:, None, None]
    pixels = np.rint(ZERO + share * (255 - ZERO)).astype("uint8")
    return Tiles(pixels, len(maps), scale, silent)


def _shrink(picture: np.ndarray) -> np.ndarray:
    """Average `(H, W)` down by whole factors until neither edge is longer than `EDGE`."""
    for axis in (0, 1):
        factor = -(-picture.shape[axis] // EDGE)
        if factor > 1:
            starts = np.arange(0, picture.shape[axis], factor)
            counts = np.diff(np.append(starts, picture.shape[axis]))
            sums = np.add.reduceat(picture, starts, axis=axis)
            picture = sums / np.expand_dims(counts, 1 - axis)
    return picture
