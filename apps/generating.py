"""What the pages of a generator share: its pictures by seed and noise, and the class that is asked for."""

from typing import TYPE_CHECKING, Any

import streamlit as st

from apps import engine
from apps.library import Entry

if TYPE_CHECKING:
    from training.quality import Sampler

MOST_SEED = 9999  # of the noise


def sampler(entry: Entry, generator: Any) -> "Sampler":
    """The generator's pictures, the same for a seed as `predict` makes them."""
    return _sampler(entry.key, engine.modified(entry.run), generator)


def label(entry: Entry, sampler: "Sampler", key: str) -> int | None:
    """The class that a person asks for; None where the generator is told none."""
    if not sampler.conditional:
        return None
    classes = list(entry.spec["classes"])
    asked = st.segmented_control("Class", classes, default=classes[0], required=True, key=key)
    return classes.index(asked)


@st.cache_resource(max_entries=4, show_spinner=False)
def _sampler(key: str, modified: int | None, _generator: Any) -> "Sampler":
    from training.quality import Sampler

    return Sampler(_generator)
