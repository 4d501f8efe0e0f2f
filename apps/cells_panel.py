"""Inside a recurrent layer: its input, gates, candidate, cell and state at every step, on one time axis."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from apps import library, sequence_panel, steps_view
from apps.escaping import escape_markdown, sentence
from apps.library import Entry
from apps.sequence_panel import Reading
from apps.steps_view import Row

if TYPE_CHECKING:
    from inspection.recurrence import Recording

OWN = "Your own file"
BLANK = "·"  # a step at which nothing stands
NAMED = 3  # features that are named beside their picture
RULES = {  # how a step is made, by kind
    "SimpleRNN": "state = tanh(weights × input + weights × state before)",  # noqa: RUF001
    "GRU": "state = update × state before + (1 − update) × candidate",  # noqa: RUF001
    "LSTM": "cell = forget × cell before + input × candidate;  state = output × tanh(cell)",  # noqa: RUF001
}
NOTES = {  # of each gate, by kind and name
    ("LSTM", "input"): "1 writes, 0 ignores",
    ("LSTM", "forget"): "1 keeps, 0 erases",
    ("LSTM", "output"): "1 tells, 0 hides",
    ("GRU", "update"): "1 keeps, 0 writes anew",
    ("GRU", "reset"): "0 hides the past from the candidate",
}


@st.fragment
def show(entry: Entry | None) -> None:
    """Draw the panel.

    Args:
        entry: The model that the page shows, if any; only a recurrent one is offered.
    """
    st.subheader("Inside", anchor=False)
    st.caption(
        "What a layer does at each step, from left to right; each line is one unit. "
        ":primary[**Violet**] is above zero, :orange[**orange**] below. Point anywhere, or use the arrow "
        "keys: every row tells the same unit at the same step."
    )
    if entry is not None and entry.architecture != "rnn":
        st.info("Attention has no cell to look into. Choose a recurrent model above.", icon=":material/info:")
        entry = None
    ways = [library.label(entry), OWN] if entry is not None else [OWN]
    whose = st.segmented_control(
        "Whose",
        ways,
        default=ways[0],
        required=True,
        key=f"whose-{entry.key if entry else ''}",
        persist_state="session",
        label_visibility="collapsed",
    )
    reading = sequence_panel.own() if whose == OWN or entry is None else sequence_panel.of_run(entry)
    if reading is not None:
        _draw(reading)


# The pictures


def _draw(reading: Reading) -> None:
    """The layers' rows under the input, and what the model answers."""
    from inspection.activations import InspectionError
    from inspection.recurrence import record

    try:
        layers = record(reading.model, reading.inputs[None])
    except InspectionError as error:
        st.warning(sentence(error), icon=":material/visibility_off:")
        return
    if not layers:
        st.info("This model has no recurrent layer.", icon=":material/visibility_off:")
        return
    names = list(layers)
    name = names[-1]
    if len(names) > 1:
        name = (
            st.segmented_control(
                "Layer",
                names,
                format_func=escape_markdown,
                default=names[0],
                required=True,
                key=f"layer-{'-'.join(names)}",
                persist_state="session",
                wrap=True,
            )
            or names[0]
        )
    layer = layers[name]
    rows = [_input_row(reading), *_answer(reading)]
    direction = " that reads from the end" if layer.backwards else ""
    st.markdown(f"**{escape_markdown(name)}** is a **{layer.kind}**{direction}.")
    st.caption(RULES[layer.kind])
    steps_view.show("steps", rows + _layer_rows(layer))


def _layer_rows(layer: "Recording") -> list[Row]:
    """Gates, candidate, cell and state."""
    units = layer.state.shape[-1]
    shown = steps_view.shown(layer.state.shape[1], units)
    count = f"{units:,} units" + (f", {shown} shown" if shown < units else "")
    rows = [
        Row(f"{gate} gate", NOTES[layer.kind, gate], values[0], 1.0) for gate, values in layer.gates.items()
    ]
    if layer.gates:
        rows.append(Row("candidate", "what may be written", layer.candidate[0], 1.0))
    if layer.cell is not None:
        rows.append(Row("cell", "what is kept", layer.cell[0]))
    return [*rows, Row("state", f"what is told: {count}", layer.state[0], 1.0)]


def _input_row(reading: Reading) -> Row:
    inputs, spec = reading.inputs, reading.spec
    if inputs.ndim == 1:
        texts = [_token_text(reading.source, int(token)) for token in inputs]
        return _words("input", "tokens", texts, inputs / max(1, inputs.max()))
    names = list(spec.get("features", ())) or [f"number {place + 1}" for place in range(inputs.shape[1])]
    note = ", ".join(names) if len(names) <= NAMED else f"{len(names)} numbers"
    return Row("input", note, inputs, labels=names)


def _words(name: str, note: str, texts: Sequence[str], levels: np.ndarray) -> Row:
    """What stands at each step, coloured by levels in [0, 1] but for blanks."""
    shown = np.where([text == BLANK for text in texts], 0, levels)
    return Row(name, note, shown[:, None], 1.0, texts=texts)


def _token_text(source: str, token: int) -> str:
    """What a token means."""
    if source == "copy_memory":
        return {9: BLANK, 10: "now"}.get(token, str(token))
    return str(token - 1) if source == "parity" else str(token)


def _answer(reading: Reading) -> list[Row]:
    """What the model answers: at each step as rows, at the end as a sentence; nothing of an unknown one."""
    from inspection.activations import activations
    from inspection.endings import probabilities

    spec, target = reading.spec, reading.target
    if not spec:
        return []
    output = activations(reading.model, reading.inputs[None]).output[0]
    classes = spec["classes"]
    if spec.get("every_step"):
        rows = [_classes_row("answer", "of the net", output.argmax(-1), classes)]
        return (
            rows if target is None else [*rows, _classes_row("right", "what is asked for", target, classes)]
        )
    if classes:
        shares = probabilities(reading.model, output)
        said, right = f"{escape_markdown(classes[int(shares.argmax())])}** ({shares.max():.0%} sure)", ""
        if target is not None:
            right = f"; labelled **{escape_markdown(classes[int(target)])}**"
    else:
        said, right = f"{output[0]:.3f}**", "" if target is None else f"; right is **{target[0]:.3f}**"
    st.markdown(f"It answers **{said}{right}.")
    return []


def _classes_row(name: str, note: str, labels: np.ndarray, classes: Sequence[str]) -> Row:
    texts = [BLANK if classes[label] == "blank" else classes[label] for label in labels]
    return _words(name, note, texts, (labels + 1) / len(classes))
