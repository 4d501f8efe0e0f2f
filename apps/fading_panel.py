"""What is remembered: the gradient of the last step's loss at every step before, for each net of a race."""

import numpy as np
import streamlit as st

from apps import charts, library, races, sequence_panel, small_nets
from apps.escaping import sentence
from training.runs import RunError

SHARE, PLAIN = "As a share", "As it is"
_DIRECT = (
    " Attention has no state that must last: what its first block is given, |∂L/∂xₜ|, is reached at every "
    "step at once."
)


def show(race: races.Race, active: bool) -> None:
    """Draw how far back the loss at the last step reaches, for each net at a moment of its training.

    Args:
        race: Whose nets.
        active: Whether they still learn: then it is as they are now, else as a person winds them back.
    """
    from data.memory import COPIED
    from inspection.fading import FLOOR, fading
    from training.settings import SettingsError

    kept = {net: library.kept_snapshots(entry.run) for net, entry in race.entries.items()}
    steps = sorted({step for each in kept.values() for step in each})
    if not steps:
        return
    st.markdown(
        "**What is remembered**: how strongly the loss at the last step still reaches the state at each "
        "step before, |∂L/∂hₜ|. What arrives as nothing can't be learned from: the gradient has vanished."
        + (_DIRECT if "attention" in kept else "")
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        with st.container(width=sequence_panel.NUMBER):
            number = small_nets.whole("Test sequence", 1, race.config["data"]["held_out"], 1, "race.sequence")
        shares = st.segmented_control(
            "Measured",
            (SHARE, PLAIN),
            default=SHARE,
            required=True,
            key="race.measure",
            persist_state="session",
            help="As a share of what it is where the loss meets the net, or of the largest where it meets "
            "every step; or as it is, which also falls with the loss itself",
        )
        step = None if active else _wound(race, steps)
    lines = []
    try:
        split = races.tests(race.config)
        inputs, target = split.inputs[number - 1], split.targets[number - 1]
        for net, entry in race.entries.items():
            reached = [each for each in kept[net] if step is None or each <= step]
            if not reached:
                continue
            model = small_nets.untrained(entry.run, entry.run.config)
            found = fading(model, inputs, target, kept[net][max(reached)])
            for each in found.values():
                values = each.norms if shares == PLAIN else each.relative
                way = "from the end" if each.backwards else "from the beginning"
                lines.append(charts.Line(races.NETS[net].title, range(1, len(values) + 1), values, way))
    except (RunError, SettingsError, ValueError) as error:
        st.warning(sentence(error), icon=":material/visibility_off:")
        return
    marks, told = [COPIED], "Grey: the symbol that the last step asks for."
    if inputs.ndim == 2:
        marks, told = (np.flatnonzero(inputs[:, 1]) + 1).tolist(), "Grey: the two steps that are marked."
    charts.powers(lines, races.TITLES, "step of the sequence", "gradient", f"fading-{race.key}", marks=marks)
    if any(min(line.values) <= FLOOR for line in lines):
        told += (
            f" Values below {FLOOR:g} are drawn at {FLOOR:g}, the floor of this chart: single precision "
            "can't tell them from 0. A curve rises from there where its gradient becomes measurable."
        )
    st.caption(f"{told} Dashed: the direction that reads from the end, whose first step is the last one.")


def _wound(race: races.Race, steps: list[int]) -> int:
    """Let a person wind a training back."""
    state, key = st.session_state, f"race-step-{race.key}"
    if len(steps) < 2:
        return steps[0]
    if state.get(key) not in steps:
        state[key] = steps[-1]
    return st.select_slider(
        "After so many steps of training",
        steps,
        key=key,
        persist_state="session",
        format_func=library.readable,
    )
