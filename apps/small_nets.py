"""Small nets that are watched while they learn: their settings, their start, and every step of their way."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from apps import engine, launch, library, links, run_card, training_panel, widgets
from apps.library import Entry
from apps.run_card import sentence
from inspection import tiles
from training import runs, snapshots
from training.runs import Run, RunError

if TYPE_CHECKING:
    import keras

    from data import Source
    from inspection.domain import Domain
    from training.recipe import Recipe

SIDE = 340  # width of the column with the settings, in pixels
FIELD = 130  # least width of a setting, in pixels
LIVE_SECONDS = 0.5  # from one look at a net that is learning to the next
FRAME_SECONDS = 0.15  # of a training that is played back
TABLE = "table.csv"  # a person's own file, in its run's folder


@dataclass(frozen=True)
class Moment:
    """A net at some step of its training.

    Args:
        model: As it is built; its own weights say nothing.
        weights: What it had then, in the order of `model.get_weights()`.
        step: When.
        run: Whose it is.
    """

    model: "keras.Model"
    weights: Sequence[Any]
    step: int
    run: Run

    @property
    def spec(self) -> dict[str, Any]:
        return self.run.config["spec"]


def side_by_side(
    entry: Entry | None, make: Callable[[], None], draw: Callable[[Moment], None], hint: str
) -> None:
    """What the next net is made of on one side, the one that is chosen on the other.

    Args:
        entry: Of the chosen one, if any.
        make: Draws the settings of the next.
        draw: Draws what there is to see of the chosen one at a moment.
        hint: What to do where none is chosen.
    """
    with st.container(horizontal=True, gap="large"):
        with st.container(width=SIDE):
            make()
        with st.container():
            if entry is None:
                st.info(hint, icon=":material/touch_app:")
            else:
                watch(entry, draw)


# Settings, bound to the page's address, so that a link brings them along


def settings(recipe: "Recipe", losses: Sequence[str]) -> dict[str, Any]:
    """Draw the settings of the net and of its training.

    Args:
        recipe: Whose settings are the first ones.
        losses: That may be chosen.

    Returns: What is not as the recipe has it, as `Recipe.override` takes it.
    """
    from models import layers
    from training import optimizers

    usual = recipe.to_config()
    model, optimizer, training = usual["model"], usual["optimizer"], usual["training"]
    chosen: dict[str, Any] = {}
    with st.grid(min_column_width=FIELD, gap="small"):
        chosen["model.widths"] = st.text_input(
            "Hidden layers",
            ", ".join(map(str, model["widths"])),
            key="widths",
            bind="query-params",
            help="Units of each, first to last, as many layers as you like: 32, 32. None: a linear model",
        )
        chosen["model.activation"] = _select("Activation", layers.ACTIVATIONS, model["activation"], "bend")
        chosen["optimizer.learning_rate"] = _number("Learning rate", optimizer["learning_rate"], "rate")
        chosen["training.epochs"] = _number("Epochs", float(training["epochs"]), "epochs")
    more = st.expander("Batch, loss, regularization, initialization", icon=":material/tune:")
    with more, st.grid(min_column_width=FIELD, gap="small"):
        chosen["training.batch_size"] = _whole("Batch size", training["batch_size"], "batch")
        chosen["training.loss"] = _select("Loss", losses, training["loss"], "loss")
        chosen["training.l1"] = _number("L1", training["l1"], "l1", "What the size of the weights costs")
        chosen["training.l2"] = _number("L2", training["l2"], "l2", "What the weights' squares cost")
        chosen["model.dropout"] = _number("Dropout", model["dropout"], "dropout")
        chosen["model.initializer"] = _select(
            "Initialization", layers.INITIALIZERS, model["initializer"], "initial"
        )
        chosen["model.bias_deviation"] = _number(
            "First biases", model["bias_deviation"], "biases", "Their standard deviation"
        )
        chosen["optimizer.name"] = _select("Optimizer", optimizers.OPTIMIZERS, optimizer["name"], "optimizer")
        chosen["seed"] = _whole("Seed", 0, "seed", least=0)
    return chosen


def _select(label: str, choices: Sequence[str], usual: str, key: str) -> str:
    return st.selectbox(label, choices, index=list(choices).index(usual), key=key, bind="query-params")


def _number(label: str, usual: float, key: str, about: str | None = None) -> float:
    step = training_panel.step_of(usual) if usual else 0.001
    return st.number_input(
        label, value=usual, min_value=0.0, step=step, format="%g", key=key, bind="query-params", help=about
    )


def _whole(label: str, usual: int, key: str, least: int = 1) -> int:
    return int(st.number_input(label, value=usual, min_value=least, step=1, key=key, bind="query-params"))


def start(recipe: "Recipe", chosen: Mapping[str, Any], table: bytes | None = None) -> None:
    """Make a run, start its training, and have the page watch it; what is wrong is said on the page.

    Args:
        recipe: Of the run.
        chosen: Its settings, and the "seed".
        table: A file of the person's own, which is kept in the run's folder.
    """
    from training import trainer
    from training.settings import SettingsError

    changes = dict(chosen)
    seed = changes.pop("seed", 0)
    folder = library.runs_folder()
    name = runs.free_name(folder, recipe.name)
    if table is not None:
        changes["data.file"] = str((folder / name / TABLE).absolute())
    try:
        run = trainer.create(recipe.override(changes), folder, name, seed)
        if table is not None:
            (run.path / TABLE).write_bytes(table)
    except (RunError, SettingsError, OSError) as error:
        st.error(sentence(error), icon=":material/error:")
        return
    links.wish(f"runs/{run.name}")
    run_card.start(run)


# Watching


def watch(entry: Entry, draw: Callable[[Moment], None]) -> None:
    """Show a net as it learns, live; or at any step of a training that is over.

    Args:
        entry: Which.
        draw: Draws what there is to see at a moment.
    """
    active = entry.run.state in launch.ACTIVE
    playing = not active and st.session_state.get("playing") == entry.key
    pace = LIVE_SECONDS if active else FRAME_SECONDS if playing else None
    st.fragment(_watched, run_every=pace)(entry, draw, active, playing)


def _watched(entry: Entry, draw: Callable[[Moment], None], was_active: bool, playing: bool) -> None:
    run = entry.run
    wanted = st.session_state.get("playing") == entry.key
    if (run.state in launch.ACTIVE) != was_active or (wanted and not was_active) != playing:
        st.rerun()  # the whole page: its timer begins or ends with the run, or with what is played
    status = run.status
    _head(run, status)
    if status.get("state") == "failed":
        st.error(sentence(status.get("error") or "the training failed"), icon=":material/error:")
    model = untrained(run)
    kept = _snapshots(run) if model is not None else {}
    if model is None or not kept:
        weights = None if was_active else _best(run)
        if model is None or weights is None:
            if was_active:
                st.info(
                    "TensorFlow wakes in a process of its own: a few seconds.",
                    icon=":material/hourglass_top:",
                )
            else:
                st.info("This run has no weights yet.", icon=":material/hourglass_empty:")
            return
        kept = {status.get("step", 0): list(weights)}
    step = max(kept) if was_active else _wound(entry, list(kept), playing)
    draw(Moment(model, kept[step], step, run))


def _head(run: Run, status: Mapping[str, Any]) -> None:
    """The run's state in a line, with its buttons."""
    state = status.get("state", "stopped")
    icon, colour = run_card.BADGES[state]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge(state, icon=icon, color=colour)
        if status.get("steps"):
            st.caption(f"step {status.get('step', 0):,} of {status['steps']:,}", width="content")
        run_card.stop_or_resume(run, state)


def _wound(entry: Entry, steps: list[int], playing: bool) -> int:
    """Let a person wind a training back and forth, or have it played."""
    state, key = st.session_state, f"step-{entry.key}"
    if len(steps) < 2:
        return steps[0]
    if state.get(key) not in steps:
        state[key] = steps[-1]
    if playing:
        place = steps.index(state[key]) + 1
        if place == len(steps):
            del state["playing"]
            st.rerun()
        state[key] = steps[place]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.button(
            "Pause" if playing else "Play",
            icon=":material/pause:" if playing else ":material/play_arrow:",
            key=f"play-{entry.key}",
            help="The training from its first step on",
            on_click=_pause if playing else _play,
            args=() if playing else (entry, key, steps),
        )
        st.select_slider(
            "Step", steps, key=key, format_func=library.readable, help="The net as it was after so many steps"
        )
    return state[key]


def _play(entry: Entry, key: str, steps: list[int]) -> None:
    st.session_state["playing"] = entry.key
    if st.session_state[key] == steps[-1]:
        st.session_state[key] = steps[0]


def _pause() -> None:
    st.session_state.pop("playing", None)


def units(found: "Domain", size: int) -> None:
    """Pictures of every unit over a square of `size` by `size` points, y upwards."""
    if not found.units:
        st.caption("This net has no hidden unit.")
        return
    st.markdown("**What each unit gives**, layer by layer, over the same square.")
    rows = []
    for name, values in found.units.items():
        layer = tiles.tiles(as_picture(values, size), "map")
        rows.append({"name": name, "note": f"{values.shape[1]} units", "tiles": layer})
    widgets.maps("units-maps", rows)


def as_picture(values: np.ndarray, size: int) -> np.ndarray:
    """Values `(size * size, ...)` over a grid (`domain.grid`) as rows of a picture, y upwards."""
    return values.reshape(size, size, *values.shape[1:]).swapaxes(0, 1)[::-1]


def source(run: Run) -> "Source":
    """What a run learns from, kept between reruns.

    Raises:
        DataUnavailable: It can't be had any more.
    """
    config = run.config
    return _source(json.dumps([config["recipe"], config["data"]], sort_keys=True), _run=run)


@st.cache_resource(max_entries=8, show_spinner=False)
def _source(settings: str, _run: Run) -> "Source":
    """`settings` tell one set of data from another."""
    from training import recipes

    return recipes.from_config(_run.config).data.load()


def untrained(run: Run) -> "keras.Model | None":
    """The model of a run as it is built; None before its data are known."""
    config = run.config
    if "spec" not in config:
        return None
    parts = [config["recipe"], config["model"], config["spec"]]
    return _untrained(json.dumps(parts, sort_keys=True), _run=run)


@st.cache_resource(max_entries=engine.KEPT_MODELS, show_spinner=False)
def _untrained(settings: str, _run: Run) -> "keras.Model":
    """`settings` tell one model from another."""
    from training import recipes, trainer

    return recipes.from_config(_run.config).build_model(trainer.spec_of(_run))


def _snapshots(run: Run) -> snapshots.Snapshots:
    """A run's weights by step, read again when their file has changed."""
    path = run.path / snapshots.FILE
    try:
        modified = path.stat().st_mtime_ns
    except FileNotFoundError:
        return {}
    return _read_snapshots(str(run.path), modified)


@st.cache_resource(max_entries=16, show_spinner=False)
def _read_snapshots(path: str, modified: int) -> snapshots.Snapshots:
    """`modified` tells one version of the file from the next."""
    return snapshots.load(Path(path))


def _best(run: Run) -> Sequence[Any] | None:
    """The weights of a run's best model, for one that kept none on the way."""
    try:
        return engine.model(run).get_weights()
    except RunError:
        return None
