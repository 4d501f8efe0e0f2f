"""A run as pages show it: its state, its curves, and what can be done with it."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from apps import charts, launch, library
from apps.escaping import escape_markdown, sentence
from training.runs import Run, RunError, Unreadable

POLL_SECONDS = 1.0
LOG_LINES = 60
MOST_LEFT_OUT = 10  # damaged runs that are named
RECENT = 10  # rows by whose pace the rest is judged

BADGES: dict[str, tuple[str, Any]] = {
    "queued": (":material/hourglass_top:", "orange"),
    "running": (":material/autorenew:", "violet"),
    "stopped": (":material/pause_circle:", "gray"),
    "finished": (":material/check_circle:", "green"),
    "failed": (":material/error:", "red"),
}

Actions = Callable[[Run, str], None]


def follow(run: Run, actions: Actions) -> None:
    """Show a run, live while it goes on.

    Args:
        run: Which.
        actions: Draws buttons beside those to stop and resume; given the run and its state.
    """
    active = run.state in launch.ACTIVE
    st.fragment(_followed, run_every=POLL_SECONDS if active else None)(run, actions, active)


def _followed(run: Run, actions: Actions, was_active: bool) -> None:
    try:
        run.check()
    except RunError as error:  # damaged while it is followed
        st.error(sentence(error), icon=":material/error:")
        return
    if (run.state in launch.ACTIVE) != was_active:
        st.rerun()  # the whole page: its timer begins or ends with the run
    show(run, actions)


def show(run: Run, actions: Actions) -> None:
    """Draw a run as it is now."""
    status, rows = run.status, library.rows(run)
    state = status.get("state", "stopped")
    active = state in launch.ACTIVE
    with st.container(border=True, key=f"run-{run.name}"):
        _head(run, state, actions)
        name, error = st.session_state.get("stop-error", ("", ""))
        if active and name == run.name:
            st.error(sentence(error), icon=":material/error:")
        if active or status.get("steps"):
            _progress(status, active, rows)
        if state == "failed":
            st.error(sentence(status.get("error") or "the training failed"), icon=":material/error:")
        elif state == "stopped" and status.get("error"):
            st.warning(sentence(status["error"]), icon=":material/warning:")
        if rows:
            _figures(run, rows)
            charts.training_curves(rows, f"curves-{run.name}")
        elif active:
            st.caption("The first figures come after a few seconds.")


def log(run: Run) -> None:
    """What the training printed."""
    lines = launch.output(run)[-LOG_LINES:]
    if lines:
        with st.expander("What the process printed", icon=":material/terminal:"):
            st.code("\n".join(lines), None, wrap_lines=True)


def left_out(unreadable: Sequence[Unreadable]) -> None:
    """Name the runs that a list leaves out, with the reasons."""
    if not unreadable:
        return
    count = "1 run is" if len(unreadable) == 1 else f"{len(unreadable)} runs are"
    lines = [
        f"- **{escape_markdown(each.name)}**: {escape_markdown(each.reason)}"
        for each in unreadable[:MOST_LEFT_OUT]
    ]
    if len(unreadable) > MOST_LEFT_OUT:
        lines.append(f"- and {len(unreadable) - MOST_LEFT_OUT} more")
    st.warning(
        "\n".join([f"{count} left out, because a file is damaged:", "", *lines]), icon=":material/warning:"
    )


def start(run: Run, devices: str = "auto") -> None:
    """Begin or resume a training, and draw the page anew."""
    st.session_state.pop("stopping", None)
    try:
        launch.start(run, devices)
    except RunError as error:
        st.error(sentence(error), icon=":material/error:")
    else:
        st.rerun()


def _head(run: Run, state: str, actions: Actions) -> None:
    icon, colour = BADGES[state]
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            st.subheader(escape_markdown(run.name), anchor=False, width="content")
            st.badge(state, icon=icon, color=colour)
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            stop_or_resume(run, state)
            actions(run, state)


def stop_or_resume(run: Run, state: str) -> None:
    """The button that stops a training, or goes on with it."""
    if state in launch.ACTIVE:
        stopping = st.session_state.get("stopping") == run.name
        st.button(
            "Stopping" if stopping else "Stop",
            icon=":material/stop:",
            key=f"stop-{run.name}",
            disabled=stopping,
            help="Saves first, so that it can go on later",
            on_click=_stop,
            args=(run,),
        )
    elif run.resumable and st.button(
        "Resume",
        icon=":material/play_arrow:",
        key=f"resume-{run.name}",
        help="Goes on from its last checkpoint",
    ):
        start(run)


def _stop(run: Run) -> None:
    try:
        run.stop()
    except RunError as error:
        st.session_state["stop-error"] = run.name, str(error)
    else:
        st.session_state["stopping"] = run.name


def _progress(status: dict[str, Any], active: bool, rows: list[dict[str, Any]]) -> None:
    """How far it is: the bar, and the line below it."""
    steps, step = status.get("steps"), status.get("step", 0)
    if active and status.get("note"):
        st.progress(0.0, text=sentence(status["note"]))
        return
    if not steps:
        st.progress(0.0, text="Starting: TensorFlow wakes and the data are read")
        return
    st.progress(min(1.0, step / steps))
    facts = [f"step {library.readable(step)} of {library.readable(steps)}"]
    if rows:
        last = rows[-1]
        facts += [f"epoch {last['epoch']:.4g}"] if "epoch" in last else []
        facts.append(library.duration_text(last["seconds"]))
        before = rows[-RECENT] if len(rows) >= RECENT else rows[0]
        if active and last["step"] > before["step"]:
            pace = (last["seconds"] - before["seconds"]) / (last["step"] - before["step"])
            facts.append(f"about {library.duration_text(pace * (steps - last['step']))} left")
        if "learning_rate" in last:
            facts.append(f"learning rate {last['learning_rate']:.2g}")
    st.caption(" · ".join(facts))


def _figures(run: Run, rows: list[dict[str, Any]]) -> None:
    """The newest value of each figure, and the test's if it has been made."""
    newest = {
        charts.title(name): next(row[name] for row in reversed(rows) if name in row)
        for name in charts.TITLES
        if name != "learning_rate" and any(name in row for row in rows)
    }
    test = run.evaluation.get("test", {})
    if "accuracy" in test:
        newest["Test accuracy"] = test["accuracy"]
    if "return" in test:
        newest["Test return"] = test["return"]
    with st.grid(min_column_width=130, gap="small"):
        for name, value in newest.items():
            st.metric(name, f"{value:.1%}" if name.lower().endswith("accuracy") else f"{value:.3g}")
