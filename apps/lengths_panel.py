"""The ladder on its page: nets at several lengths, what they get right and what a step costs."""

from collections.abc import Mapping

import streamlit as st

from apps import charts, launch, lengths, race_panel, races, small_nets, widgets
from apps.escaping import sentence
from apps.race_panel import LIVE_SECONDS, Chosen
from training.runs import RunError

LEAST, MOST = 2, 2 * race_panel.MOST_LENGTH  # steps; attention's cost grows with their square
USUAL = ("LSTM", "Attention")
CHART = 300  # least width of a chart, in pixels


def show(chosen: Chosen) -> None:
    """What the next ladder is made of on one side, the one that is chosen on the other.

    Args:
        chosen: What the race above is set to, which holds here too.
    """
    st.subheader("Against length", anchor=False)
    st.caption(
        "The same task at several lengths, one training after the other, so that each has the machine to "
        "itself: how much is right in the end, and what a step takes."
    )
    found = lengths.find_all()
    with st.container(horizontal=True, gap="large"):
        with st.container(width=small_nets.SIDE):
            _make(chosen)
        with st.container():
            ladder = _pick(found)
            if ladder is None:
                st.info("Choose some lengths, then **Train at each length**.", icon=":material/touch_app:")
            else:
                active = ladder.active
                st.fragment(_watched, run_every=LIVE_SECONDS if active else None)(ladder, active)


# The next one


def _make(chosen: Chosen) -> None:
    """The settings of the next ladder, and the button that starts it."""
    from training.settings import SettingsError

    task = races.TASKS[chosen.task]
    usual = lengths.around(chosen.settings["data.length"], LEAST, MOST)
    text = st.text_input(
        f"{task.length}, split by commas",
        placeholder=", ".join(map(str, usual)),
        key=f"lengths.{task.source}",
        bind="query-params",
        help="Empty: a quarter, half, once and twice the length above",
    )
    titles = st.pills(
        "Nets",
        races.TITLES,
        selection_mode="multi",
        default=USUAL,
        key="lengths.nets",
        bind="query-params",
    )
    why = race_panel.busy(races.find_all())
    if why is None and not titles:
        why = "Choose a net at least"
    asked = st.button(
        "Train at each length",
        icon=":material/stairs:",
        width="stretch",
        disabled=why is not None,
        help=why,
    )
    st.caption("Units, epochs, sequences, learning rate and seed are those of the race above.")
    if not asked:
        return
    nets = [net for net, each in races.NETS.items() if each.title in titles]
    try:
        wanted = lengths.read(text, LEAST, MOST) if text and text.strip() else usual
        key = lengths.start(chosen.task, wanted, nets, chosen.settings, chosen.seed)
    except (RunError, SettingsError) as error:
        st.error(sentence(error), icon=":material/error:")
        return
    st.session_state.pop("ladder", None)
    st.query_params["ladder"] = key
    st.rerun()


# The one that is watched


def _pick(found: Mapping[str, lengths.Ladder]) -> lengths.Ladder | None:
    """Let a person choose a ladder; the address remembers which."""
    if not found:
        return None
    told = {key: f"{key.partition('/')[2]}  ·  {_told(ladder)}" for key, ladder in found.items()}
    return found[widgets.choice("Trained at several lengths", "ladder", told)]


def _told(ladder: lengths.Ladder) -> str:
    """What a ladder is about, in a few words."""
    sizes = sorted({rung.length for rung in ladder.rungs})
    return "length " + ", ".join(map(str, sizes))


def _watched(ladder: lengths.Ladder, was_active: bool) -> None:
    if ladder.active != was_active:
        st.rerun()  # the whole page: its timer begins or ends with the ladder
    if was_active or ladder.left:
        _progress(ladder)
    _buttons(ladder)
    for name, error in ladder.errors.items():
        st.error(sentence(f"{name}: {error}"), icon=":material/error:")
    _curves(ladder)


def _progress(ladder: lengths.Ladder) -> None:
    """How far it is."""
    count = len(ladder.rungs)
    done = count - len(ladder.left)
    told = f"{done} of {count} trained"
    now = next((rung for rung in ladder.rungs if rung.entry.run.state in launch.ACTIVE), None)
    if now is not None:
        status = now.entry.run.status
        steps = status.get("steps")
        at = f"step {status.get('step', 0):,} of {steps:,}" if steps else "TensorFlow wakes"
        told += f" · now {races.NETS[now.net].title} at {now.length}: {at}"
    elif ladder.going:
        told += " · now it answers the test"
    st.progress(done / count, text=told)


def _buttons(ladder: lengths.Ladder) -> None:
    """The button that stops the ladder, or goes on with it."""
    if ladder.active:
        stopping = ladder.stopping
        st.button(
            "Stopping" if stopping else "Stop",
            icon=":material/stop:",
            key="stop-ladder",
            disabled=stopping,
            help="The one that is trained saves first, so that it can go on later",
            on_click=lengths.stop,
            args=(ladder,),
        )
    if ladder.left and not ladder.going:
        st.button(
            "Go on",
            icon=":material/play_arrow:",
            key="resume-ladder",
            help="With what is left, each from its last checkpoint",
            on_click=lengths.go_on,
            args=(ladder,),
        )


def _curves(ladder: lengths.Ladder) -> None:
    """What is right, and what a step takes, against length."""
    task = races.task_of(ladder.config)
    rights = _series(ladder, "right")
    costs = _series(ladder, "milliseconds")
    if task is None or not costs:
        return
    axis, unit = task.length.lower(), "length"
    with st.grid(min_column_width=CHART, gap="medium"):
        with st.container():
            st.markdown(f"**Right on the test**: {task.right}.")
            charts.lengths(
                rights, "right", f"right-{ladder.key}", axis=axis, unit=unit, names=races.TITLES, share=True
            )
        with st.container():
            st.markdown("**Milliseconds a step** of their training, the median.")
            charts.lengths(costs, "ms a step", f"cost-{ladder.key}", axis=axis, unit=unit, names=races.TITLES)


def _series(ladder: lengths.Ladder, figure: str) -> dict[str, list[tuple[float, float]]]:
    """A figure of each net against length, as far as it is known."""
    found: dict[str, list[tuple[float, float]]] = {}
    for rung in ladder.rungs:
        value = getattr(rung, figure)
        if value is not None:
            found.setdefault(races.NETS[rung.net].title, []).append((rung.length, value))
    return found
