"""Memory: four recurrent nets race to remember, why the plain one can't, and what happens inside a cell."""

import streamlit as st

from apps import cells_panel, controls, frame, race_panel
from apps.library import Entry

SOURCES = ("adding", "copy_memory", "parity", "mnist_rows", "mnist_pixels")


def explore(entry: Entry | None) -> None:
    """The race, and inside one of its nets, or any other."""
    race_panel.show(entry)
    st.divider()
    cells_panel.show(entry)


frame.show(
    frame.Page(
        file=__file__,
        title="Memory",
        idea=(
            "A recurrent net reads step by step, and all it knows of the past is its state. A plain one soon "
            "forgets. Gates decide what to write, what to keep and what to tell, and so it lasts."
        ),
        architecture="rnn",
        fits=lambda entry: entry.architecture == "rnn",
        explore=explore,
        controls=controls.rnn,
        sources=SOURCES,
        needs_model=False,
    )
)
