"""What a recurrent model reads on its page: a test sequence, or a person's own; by their own file, too."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from apps import frame, own_model, races, small_nets
from apps.escaping import escape_markdown, sentence
from apps.library import Entry

if TYPE_CHECKING:
    import keras

    from inspection.sequences import Entrance

EXAMPLE, TYPED = "Test sequence", "Type it"
DRAWN = "Drawn at random"
BY_RULE = ("adding", "copy_memory", "parity")  # sources whose sequences a person can type
MOST_TYPED = 40_000  # characters of a sequence
NUMBER = 160  # width of a number's field, in pixels
STEPS = 40  # of one that is drawn for a model that takes any number

Given = tuple[np.ndarray, np.ndarray | None]  # inputs and target


@dataclass(frozen=True)
class Reading:
    """A sequence that a model reads.

    Args:
        model: Which.
        inputs: `(T, C)` or `(T,)` tokens.
        target: What is right, where that is known.
        config: Of the model's run; empty for a person's own file.
    """

    model: "keras.Model"
    inputs: np.ndarray
    target: np.ndarray | None = None
    config: Mapping[str, Any] = field(default_factory=dict)

    @property
    def spec(self) -> Mapping[str, Any]:
        """What is known of the data."""
        return self.config.get("spec", {})

    @property
    def source(self) -> str:
        """Where they come from; empty where nobody knows."""
        return self.config.get("source", "")


# A run's or the gallery's


def of_run(entry: Entry) -> Reading | None:
    """Let a person choose what a run's model reads; None while there is nothing, and the page says why."""
    from data import DataUnavailable
    from training.settings import SettingsError

    model = frame.model(entry)
    if model is None:
        return None
    try:
        given = _given(entry)
    except (DataUnavailable, SettingsError) as error:
        st.warning(sentence(error), icon=":material/error:")
        return None
    return given and Reading(model, *given, entry.run.config)


def _given(entry: Entry) -> Given | None:
    """A test sequence, or one that is typed; None where there is none to be had.

    Raises:
        DataUnavailable: It is no sequence that this model reads.
    """
    typed = entry.run.config["source"] in BY_RULE
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        way = EXAMPLE
        if typed:
            way = st.segmented_control(
                "Sequence",
                (EXAMPLE, TYPED),
                default=EXAMPLE,
                required=True,
                key=f"way-{entry.key}",
                persist_state="session",
            )
        split = races.tests(entry.run.config) if typed else frame.test_set(entry)
        if split is None:
            return None
        with st.container(width=NUMBER):
            number = small_nets.whole("Number", 1, len(split), 1, "cells.number")
    inputs, target = _example(split, number - 1)
    return (_typed(entry, inputs), None) if way == TYPED else (inputs, target)


def _example(split: Any, number: int) -> Given:
    inputs = split.inputs[number]
    if not np.issubdtype(inputs.dtype, np.integer) or hasattr(split, "scale"):
        inputs = inputs.astype("float32") * getattr(split, "scale", 1.0)
    return inputs, np.asarray(split.targets[number])


def _typed(entry: Entry, first: np.ndarray) -> np.ndarray:
    """A sequence of a person's own, which begins as the example's.

    Raises:
        DataUnavailable: It is none that this model reads.
    """
    from training import recipes, trainer

    config = entry.run.config
    text = st.text_area(
        {
            "adding": "Number and mark of each step in turn, split by commas",
            "copy_memory": "The ten symbols to be remembered, 1 to 8, split by commas",
            "parity": "Bits, split by commas",
        }[config["source"]],
        _as_line(config["source"], first),
        key=f"typed-{entry.key}",
        max_chars=MOST_TYPED,
        height=100,
        persist_state="session",
    )
    return recipes.from_config(config).data.read(text or "", trainer.spec_of(entry.run))


def _as_line(source: str, inputs: np.ndarray) -> str:
    """A sequence as one would type it."""
    if source == "adding":
        return ", ".join(f"{value:.3g}" for value in inputs.reshape(-1))
    values = inputs[:10] if source == "copy_memory" else inputs - 1
    return ", ".join(map(str, values.tolist()))


# A person's own


def own() -> Reading | None:
    """Let a person bring a model in a file, and a sequence for it; None while there is none."""
    from inspection import sequences
    from inspection.graph import InspectionError

    kept = own_model.upload("recurrent layers", "own-model")
    if kept is None:
        return None
    name, content = kept
    try:
        model = own_model.load(content)
        takes = sequences.entrance(model)
        st.caption(
            f"{escape_markdown(name)} · {model.count_params():,} weights · takes {_entrance_text(takes)}"
        )
        inputs = _given_own(takes, hashlib.sha256(content).hexdigest()[:12])
    except (own_model.OwnModelError, InspectionError) as error:
        st.warning(f"{escape_markdown(name)}: {escape_markdown(str(error))}.", icon=":material/error:")
        return None
    return Reading(model, inputs)


def _entrance_text(takes: "Entrance") -> str:
    steps = f"{takes.length} steps" if takes.length else "any number of steps"
    what = f"of {takes.features} numbers" if takes.features else f"of {takes.tokens:,} tokens"
    return f"{steps} {what}"


def _given_own(takes: "Entrance", digest: str) -> np.ndarray:
    """A sequence for a model of which nothing is known but its shape.

    Raises:
        InspectionError: It is none that the model takes.
    """
    from inspection import sequences

    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        way = st.segmented_control(
            "Sequence",
            (DRAWN, TYPED),
            default=DRAWN,
            required=True,
            key=f"way-{digest}",
            persist_state="session",
        )
        if way == DRAWN:
            steps = STEPS
            with st.container(width=NUMBER):
                seed = small_nets.whole("Draw", 0, 9999, 0, "cells.draw")
            if takes.length is None:
                with st.container(width=NUMBER):
                    steps = small_nets.whole("Steps", 1, sequences.MOST_STEPS, STEPS, "cells.steps")
            return sequences.draw(takes, steps, seed)
    first = sequences.draw(takes, STEPS)
    text = st.text_area(
        "Numbers split by commas, each step's in turn",
        ", ".join(f"{value:.3g}" for value in first.reshape(-1).tolist()),
        key=f"typed-{digest}",
        max_chars=MOST_TYPED,
        height=100,
        persist_state="session",
    )
    return sequences.read(text or "", takes)
