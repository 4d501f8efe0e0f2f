"""What the pages of a generator share: its pictures by seed and noise, and the class that is asked for."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from apps import engine
from apps.escaping import escape_markdown
from apps.library import Entry
from training import timeline

if TYPE_CHECKING:
    from training.quality import Sampler

SOURCES = ("digits", "mnist", "fashion_mnist", "celeb_a", "image_folder")  # of pictures
MOST_SEED = 9999  # of the noise
EDGE = 64  # most pixels along each side of a timeline's picture that a browser is sent
MOST_BYTES = 6 * 2**20  # of all these pictures together


def makes_pictures(entry: Entry) -> bool:
    """Whether a model makes pictures of noise, as far as is known before its training has begun."""
    return entry.architecture == "gan" and len(entry.spec.get("input_shape", (0, 0, 0))) == 3


def sampler(entry: Entry, generator: Any) -> "Sampler":
    """The generator's pictures, the same for a seed as `predict` makes them."""
    return _sampler(entry.key, engine.modified(entry.run), generator)


def label(entry: Entry, sampler: "Sampler", key: str) -> int | None:
    """The class that a person asks for; None where the generator is told none."""
    if not sampler.conditional:
        return None
    classes = list(entry.spec["classes"])
    asked = st.segmented_control(
        "Class",
        range(len(classes)),
        format_func=lambda place: escape_markdown(classes[place]),
        default=0,
        required=True,
        key=key,
        persist_state="session",
    )
    return int(asked)


def within(pictures: np.ndarray) -> tuple[np.ndarray, int]:
    """As many of the pictures as a browser is sent, and how many of them lie along each side of a sheet.

    Args:
        pictures: Of every moment a sheet, `(M, N, H, W, C)`.

    Returns: `(M, side * side, h, w, C)`, the first of each row; large pictures lose every other pixel, or
        more of them.
    """
    stride = -(-max(pictures.shape[2:4]) // EDGE)
    smaller = pictures[:, :, ::stride, ::stride]
    each = smaller[:, 0].size  # bytes of one noise at all moments
    side = max(1, min(timeline.SIDE, math.isqrt(MOST_BYTES // each)))
    rows = smaller.reshape(len(smaller), timeline.SIDE, timeline.SIDE, *smaller.shape[2:])
    return rows[:, :side, :side].reshape(len(smaller), side**2, *smaller.shape[2:]), side


@st.cache_resource(max_entries=4, show_spinner=False)
def _sampler(key: str, modified: int | None, _generator: Any) -> "Sampler":
    from training.quality import Sampler

    return Sampler(_generator)
