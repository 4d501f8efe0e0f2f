"""Runs: all trainings with their state, the curves of any, several compared; stop, resume, delete."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from apps import charts, engine, frame, launch, library, links, run_card, widgets
from apps.escaping import escape_markdown, sentence
from training import runs
from training.runs import Run, RunError

POLL_SECONDS = 1.0
BEST = {"val_accuracy": ".1%", "val_return": ".4g"}  # the highest is the best; and how each is written


def show() -> None:
    """Draw the page."""
    frame.begin("Runs", "Every training, live: follow one, compare several, stop it, go on with it tomorrow.")
    listing = runs.listing(library.runs_folder())
    run_card.left_out(listing.unreadable)
    mine = listing.runs
    if not mine:
        st.info("No training has been started yet.", icon=":material/rocket_launch:")
        links.link(
            "views/convolution.py", "Train a convolutional net", ":material/arrow_forward:", tab="Train"
        )
        return
    active = any(run.state in launch.ACTIVE for run in mine)
    st.fragment(_live, run_every=POLL_SECONDS if active else None)(active)


def _live(was_active: bool) -> None:
    """All that moves while something trains."""
    mine = runs.runs_in(library.runs_folder())
    if not mine or any(run.state in launch.ACTIVE for run in mine) != was_active:
        st.rerun()
    names = [run.name for run in mine]
    asked = st.query_params.get_all("run") if "run" in st.query_params else names[:1]
    chosen = widgets.run_table(
        "table", [_row(run) for run in mine], [name for name in asked if name in names]
    )
    if chosen != asked:
        st.query_params["run"] = chosen or ""  # empty is a choice too
    picked = [run for run in mine if run.name in chosen]
    if len(picked) == 1:
        _one(picked[0])
    elif picked:
        _several(picked)
    else:
        st.caption("Choose a run to see its curves; tick several to compare them.")


def _row(run: Run) -> dict[str, Any]:
    """A run as the table shows it."""
    config, status, rows = run.config, run.status, library.rows(run)
    steps = status.get("steps")
    state = status.get("state", "stopped")
    loss = next((row["loss"] for row in reversed(rows) if "loss" in row), None)
    test = run.evaluation.get("test", {})
    return {
        "key": run.name,
        "name": run.name,
        "what": f"{config.get('source', '')} · {config.get('architecture', '')}".replace("_", " "),
        "state": state,
        "progress": status.get("step", 0) / steps if steps and state != "finished" else None,
        "figures": [
            _best(rows),
            _best([{f"val_{name}": value for name, value in test.items()}]),
            f"{loss:.3f}" if loss is not None else "",
            library.readable(config["parameters"]) if "parameters" in config else "",
            library.duration_text(rows[-1]["seconds"]) if rows else "",
            _when(status.get("created")),
        ],
    }


def _best(rows: Sequence[Mapping[str, Any]]) -> str:
    """The best that was measured."""
    for name, form in BEST.items():
        if measured := [row[name] for row in rows if name in row]:
            return format(max(measured), form)
    return ""


def _when(created: str | None) -> str:
    """A run's beginning in the reader's own time."""
    if not created:
        return ""
    offset = datetime.timedelta(minutes=-(st.context.timezone_offset or 0))
    return f"{datetime.datetime.fromisoformat(created) + offset:%d %b, %H:%M}"


def _one(run: Run) -> None:
    run_card.show(run, _actions)
    run_card.log(run)


def _actions(run: Run, state: str) -> None:
    """What this page can do with a run beside stopping and resuming it."""
    if state not in launch.ACTIVE:
        if run.model_path.exists() and "test" not in run.evaluation:
            _offer_evaluation(run)
        _offer_deletion(run)
    links.explore(library.Entry("runs", run))


def _offer_evaluation(run: Run) -> None:
    if not st.button(
        "Evaluate",
        icon=":material/fact_check:",
        key=f"evaluate-{run.name}",
        help="Measure its best model on the test split, which the training never sees",
    ):
        return
    engine.ready()
    from data import DataUnavailable
    from training import trainer
    from training.settings import SettingsError

    try:
        with st.spinner("Measuring"):
            trainer.evaluate(run)
    except (DataUnavailable, RunError, SettingsError) as error:
        st.error(sentence(error), icon=":material/error:")
    else:
        st.rerun()


def _offer_deletion(run: Run) -> None:
    with st.popover("Delete", icon=":material/delete:"):
        st.markdown("This removes the run, its model and its checkpoints for good.")
        if st.button("Delete for good", type="primary", key=f"delete-{run.name}"):
            try:
                run.delete()
            except (RunError, OSError) as error:
                st.error(sentence(error), icon=":material/error:")
            else:
                st.rerun()


def _several(picked: Sequence[Run]) -> None:
    """One figure of several runs in one chart."""
    rows = {run.name: library.rows(run) for run in picked}
    figures = charts.figures_of(rows.values())
    with st.container(border=True):
        if not figures:
            st.caption("None of these has logged a figure yet.")
            return
        with st.container(horizontal=True, gap="large"):
            figure = st.pills(
                "Figure",
                figures,
                format_func=lambda name: escape_markdown(charts.title(name)),
                default=next((name for name in BEST if name in figures), figures[0]),
                required=True,
                wrap=True,
                key="figure",
                persist_state="session",
            )
            axis = st.segmented_control(
                "Over", list(charts.AXES), default="epoch", required=True, key="axis", persist_state="session"
            )
        charts.comparison(rows, figure, axis, "comparison")


show()
