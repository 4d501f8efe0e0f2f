"""Memory: recurrent nets and attention race to remember, at one length and at several; and inside a cell."""

import streamlit as st

from apps import cells_panel, controls, frame, lengths_panel, race_panel, training_panel
from apps.library import Entry

SOURCES = ("adding", "copy_memory", "parity", "mnist_rows", "mnist_pixels")


def explore(entry: Entry | None) -> None:
    """The race, the same against length, and inside one of its nets, or any other."""
    chosen = race_panel.show(entry)
    st.divider()
    lengths_panel.show(chosen)
    st.divider()
    cells_panel.show(entry)


def fits(entry: Entry) -> bool:
    """Whether it is a recurrent net, or attention that learned what these learn."""
    return entry.architecture == "rnn" or (
        entry.architecture == "encoder" and entry.run.config.get("source") in SOURCES
    )


def both() -> tuple[training_panel.Control, ...]:
    """The settings of either architecture."""
    found = {control.field: control for control in (*controls.transformer(), *controls.rnn())}
    return tuple(found.values())


frame.show(
    frame.Page(
        file=__file__,
        title="Memory",
        idea=(
            "A recurrent net reads step by step, and all it knows of the past is its state. A plain one soon "
            "forgets. Gates decide what to write, what to keep and what to tell, and so it lasts. Attention "
            "looks at every step anew, and pays for each pair of them."
        ),
        architecture="rnn",
        also=("encoder",),
        fits=fits,
        explore=explore,
        controls=both,
        sources=SOURCES,
        needs_model=False,
    )
)
