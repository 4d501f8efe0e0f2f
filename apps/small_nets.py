"""Small nets that are watched while they learn: their settings, their start, and every step of their way."""

import itertools
import json
import random
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from apps import engine, launch, library, links, run_card, training_panel, widgets
from apps.escaping import sentence
from apps.library import Entry
from inspection import tiles
from training import runs
from training.runs import Run, RunError

if TYPE_CHECKING:
    import keras

    from data import Source, Spec
    from data.source import Split
    from inspection.domain import Domain
    from training.recipe import Recipe

SIDE = 340  # width of the column with the settings, in pixels
FIELD = 130  # least width of a setting, in pixels
MOST_EPOCHS, MOST_BATCH = 100_000, 100_000
MOST_WEIGHTS, MOST_LAYERS = 400_000, 50  # of a net that is watched
SNAPSHOTS = 60  # of its training, or as many as there is room for
UNITS = 96  # pictures of a layer's units at the most
ANSWERED = 2000  # points on which it is told how many answers are right, at the most
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
        config: The run's settings, with the spec of its data.
    """

    model: "keras.Model"
    weights: Sequence[Any]
    step: int
    run: Run
    config: dict[str, Any]

    @property
    def spec(self) -> dict[str, Any]:
        return self.config["spec"]


@dataclass(frozen=True)
class Plan:
    """The next run as the settings on the page describe it.

    Args:
        recipe: The recipe, with the settings of its data.
        spec: Shapes of its data.
        chosen: Settings of the network and of its training, as `settings` returns them.
        table: Content of the user's own file, if the data come from one.
    """

    recipe: "Recipe"
    spec: "Spec"
    chosen: Mapping[str, Any]
    table: bytes | None = None

    def changed_since(self, run: Run) -> list[str]:
        """What of this plan differs from a run, in words; empty where the run is what the plan would make."""
        from training import recipes
        from training.settings import SettingsError

        changes = dict(self.chosen)
        seed = changes.pop("seed", 0)
        if changes.get("training.epochs") == self.recipe.training.epochs:  # as `start` does
            del changes["training.epochs"]
        try:
            new = self.recipe.override(changes).to_config()
            old = recipes.from_config(run.config).to_config()
        except SettingsError:  # the page says so when the plan is started
            return []
        if new["recipe"] != old["recipe"]:
            return ["data"]
        steps = run.status.get("steps", 0)
        for config in (new, old):
            config["data"] = {**config["data"], "file": ""}
            training = config["training"]
            least = training["min_steps"]  # without effect on a training that is as long anyway
            config["training"] = {**training, "snapshots": 0, "min_steps": 0 if least <= steps else least}
        found = ["data"] if new["data"] != old["data"] or self.table != _table_of(run) else []
        found += ["network"] if new["model"] != old["model"] else []
        same = new["training"] == old["training"] and new["optimizer"] == old["optimizer"]
        return found if same and seed == run.config["seed"] else [*found, "training settings"]


def _table_of(run: Run) -> bytes | None:
    """The table that a run keeps, if it does."""
    try:
        return (run.path / TABLE).read_bytes()
    except OSError:
        return None


def side_by_side(
    entry: Entry | None,
    make: Callable[[], Plan | None],
    draw: Callable[[Moment], None],
    button: str,
    hint: str,
) -> None:
    """Settings of the next run on one side, the run that is shown on the other.

    Where the settings are no longer those of the run that is shown, a note marks it as an earlier result.

    Args:
        entry: The run that is shown, if any.
        make: Draws the settings and returns the plan that they make; None where they make none.
        draw: Draws what there is to see of the run at a moment.
        button: Label of the button that starts the plan.
        hint: What to do where no run is shown.
    """
    with st.container(horizontal=True, gap="large"):
        with st.container(width=SIDE):
            plan = make()
            if plan is not None and st.button(
                button, type="primary", icon=":material/play_arrow:", width="stretch"
            ):
                start(plan)
        with st.container():
            if entry is None:
                st.info(hint, icon=":material/touch_app:")
                return
            changed = plan.changed_since(entry.run) if plan is not None else []
            if changed:
                st.warning(
                    f"Earlier result: it was made with other {_listed(changed)} than those chosen now. "
                    f"Press **{button}** for a new one.",
                    icon=":material/history:",
                )
            watch(entry, draw)


def _listed(words: Sequence[str]) -> str:
    """Words as a sentence lists them: "a, b and c"."""
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


# Settings, bound to the page's address, so that a link brings them along


def settings(recipe: "Recipe", losses: Sequence[str]) -> dict[str, Any]:
    """Draw the settings of the net and of its training.

    Args:
        recipe: Whose settings are the first ones; each recipe has widgets of its own.
        losses: That may be chosen.

    Returns: All of them, as `Recipe.override` takes them, and the "seed".
    """
    from models import layers
    from training import optimizers, trainer

    usual = recipe.to_config()
    model, optimizer, training = usual["model"], usual["optimizer"], usual["training"]
    ask = _Asking(recipe.name)
    chosen: dict[str, Any] = {}
    with st.grid(min_column_width=FIELD, gap="small"):
        chosen["model.widths"] = st.text_input(
            "Hidden layers",
            ", ".join(map(str, model["widths"])),
            key=ask.key("widths"),
            bind="query-params",
            help="Units of each, first to last, as many layers as you like: 32, 32. None: a linear model",
        )
        chosen["model.activation"] = ask.one("Activation", layers.ACTIVATIONS, model["activation"])
        chosen["optimizer.learning_rate"] = ask.number("Learning rate", optimizer["learning_rate"])
        chosen["training.epochs"] = ask.number("Epochs", float(training["epochs"]), MOST_EPOCHS)
    more = st.expander("Batch, loss, regularization, initialization", icon=":material/tune:")
    with more, st.grid(min_column_width=FIELD, gap="small"):
        chosen["training.batch_size"] = ask.whole("Batch size", 1, MOST_BATCH, training["batch_size"])
        chosen["training.loss"] = ask.one("Loss", losses, training["loss"])
        chosen["training.l1"] = ask.number("L1", training["l1"], about="What the size of the weights costs")
        chosen["training.l2"] = ask.number("L2", training["l2"], about="What the weights' squares cost")
        chosen["model.dropout"] = ask.number("Dropout", model["dropout"], 0.99)
        chosen["model.initializer"] = ask.one("Initialization", layers.INITIALIZERS, model["initializer"])
        chosen["model.bias_deviation"] = ask.number(
            "First biases", model["bias_deviation"], about="Their standard deviation"
        )
        chosen["optimizer.name"] = ask.one("Optimizer", optimizers.OPTIMIZERS, optimizer["name"])
        chosen["seed"] = ask.whole("Seed", 0, trainer.MOST_SEED, 0)
    return chosen


@dataclass(frozen=True)
class _Asking:
    """Widgets whose keys begin with a recipe's name, and which the page's address remembers."""

    recipe: str

    def key(self, name: str) -> str:
        return f"{self.recipe}.{name.lower().replace(' ', '-')}"

    def one(self, label: str, choices: Sequence[str], usual: str) -> str:
        place = list(choices).index(usual)
        return st.selectbox(label, choices, index=place, key=self.key(label), bind="query-params")

    def number(self, label: str, usual: float, most: float = 1e6, about: str | None = None) -> float:
        step = training_panel.step_of(usual) if usual else 0.001
        return st.number_input(
            label,
            min_value=0.0,
            max_value=float(most),
            value=usual,
            step=step,
            format="%g",
            key=self.key(label),
            bind="query-params",
            help=about,
        )

    def whole(self, label: str, least: int, most: int, usual: int) -> int:
        return whole(label, least, most, usual, self.key(label))


def whole(
    label: str, least: int, most: int, usual: int, key: str, on_change: Callable[[], None] | None = None
) -> int:
    """Ask for a whole number, which the page's address remembers.

    The widget's own type is a float: one of whole numbers fails where an address says "inf".
    """
    found = st.number_input(
        label,
        min_value=float(least),
        max_value=float(most),
        # A page may set the number by its key only where none is given here: the least, as Streamlit's own.
        value="min" if usual == least else float(usual),
        step=1.0,
        format="%.0f",
        key=key,
        on_change=on_change,
        bind="query-params",
    )
    return round(found)


def start(plan: Plan) -> None:
    """Make a run, start its training, and have the page watch it; what is wrong is said on the page."""
    from training import trainer
    from training.settings import SettingsError

    changes, table = dict(plan.chosen), plan.table
    seed = changes.pop("seed", 0)
    if changes.get("training.epochs") == plan.recipe.training.epochs:  # a small table may take more
        del changes["training.epochs"]
    folder = library.runs_folder()
    name = runs.free_name(folder, plan.recipe.name)
    if table is not None:
        changes["data.file"] = str((folder / name / TABLE).absolute())
    try:
        changed = plan.recipe.override(changes)
        changed = changed.override({"training.snapshots": _snapshots_of(changed.model_config(plan.spec))})
        run = trainer.create(changed, folder, name, seed)
    except (RunError, SettingsError) as error:
        st.error(sentence(error), icon=":material/error:")
        return
    try:
        if table is not None:
            (run.path / TABLE).write_bytes(table)
    except OSError as error:
        run.delete()
        st.error(f"The table can't be kept: {sentence(error.strerror)}.", icon=":material/error:")
        return
    links.wish(f"runs/{run.name}")
    run_card.start(run)


def _snapshots_of(net: Any) -> int:
    """How many snapshots of a net are kept.

    Raises:
        SettingsError: It is too large to be watched.
    """
    from training.recipe import MOST_SNAPSHOT_BYTES
    from training.settings import SettingsError

    sizes = [*net.input_shape, *net.widths, net.outputs]
    weights = sum((before + 3) * after for before, after in itertools.pairwise(sizes))  # with biases and more
    if weights > MOST_WEIGHTS or len(net.widths) > MOST_LAYERS:
        raise SettingsError(
            f"a net that is watched has {MOST_WEIGHTS:,} weights in {MOST_LAYERS} layers at the most, and "
            f"this one about {weights:,} in {len(net.widths)}. Train a larger one in the tab Train"
        )
    return min(SNAPSHOTS, MOST_SNAPSHOT_BYTES // (4 * weights))


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
    config, kept = run.config, library.kept_snapshots(run)
    if not kept:  # it keeps none on its way
        weights = _best(run)
        kept = {status.get("step", 0): list(weights)} if weights is not None else {}
    if was_active and not kept:
        st.caption("The network before its training. Training starts in a few seconds, in its own process.")
        config = _with_spec(config)
        if "spec" in config:
            kept = {0: _initial(run, config)[1]}
    if not kept or "spec" not in config:
        st.info("This run has no weights yet.", icon=":material/hourglass_empty:")
        return
    step = max(kept) if was_active else _wound(entry, list(kept), playing)
    draw(Moment(untrained(run, config), kept[step], step, run, config))


def _with_spec(config: dict[str, Any]) -> dict[str, Any]:
    """A run's settings with the spec of its data, which its training writes later; without it where the data
    can't be had."""
    from data import DataUnavailable
    from training import settings as forms

    if "spec" in config:
        return config
    try:
        source, _ = _source(engine.data_key(config), _config=config)
    except DataUnavailable:
        return config
    return {**config, "spec": json.loads(json.dumps(forms.to_json(source.spec)))}


def _head(run: Run, status: Mapping[str, Any]) -> None:
    """The run's state in a line, with its buttons."""
    state = status.get("state", "stopped")
    icon, colour = run_card.BADGES[state]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        starting = state == "queued" and status.get("pid")  # its process is there
        st.badge("starting" if starting else state, icon=icon, color=colour)
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
            "Step",
            steps,
            key=key,
            persist_state="session",
            format_func=library.readable,
            help="Training step of the network that is shown",
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
        layer = tiles.tiles(as_picture(values[:, :UNITS], size), "map")
        rows.append({"name": name, "note": count_text(values.shape[1]), "tiles": layer})
    widgets.maps("units-maps", rows)


def count_text(units: int) -> str:
    """How many units a layer has, and how many of them are shown."""
    return f"{units:,} units" + (f", {UNITS} of them shown" if units > UNITS else "")


def some(count: int, most: int) -> np.ndarray:
    """Places of at most `most` of `count` things, evenly spread."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(int)) if count else np.arange(0)


def right(moment: Moment, split: "Split") -> float:
    """The share of a split, or of `ANSWERED` of its points, that the net takes for the right class."""
    from inspection import domain

    places = some(len(split), ANSWERED)
    answers = domain.over(moment.model, split.inputs[places], moment.weights).outputs.argmax(axis=-1)
    return float(np.mean(answers == split.targets[places]))


def digits(values: Any) -> list[float]:
    """Numbers with five digits each, which is more than a picture shows."""
    return [float(f"{value:.5g}") for value in values]


def as_picture(values: np.ndarray, size: int) -> np.ndarray:
    """Values `(size * size, ...)` over a grid (`domain.grid`) as rows of a picture, y upwards."""
    return values.reshape(size, size, *values.shape[1:]).swapaxes(0, 1)[::-1]


def source(moment: Moment) -> "Source":
    """What a run learns from, kept between reruns; the page says where its content has changed.

    Raises:
        DataUnavailable: The data are gone, or have changed since the run.
    """
    found, note = _source(engine.data_key(moment.config), _config=moment.config)
    if note:
        st.warning(
            f"{sentence(note)}. What is shown are the data as they are now.", icon=":material/warning:"
        )
    return found


@st.cache_resource(max_entries=8, show_spinner=False)
def _source(key: str, _config: dict[str, Any]) -> tuple["Source", str]:
    """`key` tells one set of data from another."""
    return engine.source(_config)


def untrained(run: Run, config: dict[str, Any]) -> "keras.Model":
    """The model of a run as it is built."""
    return _initial(run, config)[0]


def _initial(run: Run, config: dict[str, Any]) -> "tuple[keras.Model, list[np.ndarray]]":
    """The model of a run as it is built, and the weights that its training begins with."""
    parts = [config["recipe"], config["model"], config["spec"], config["seed"]]
    return _built(json.dumps(parts, sort_keys=True), _config=config)


@st.cache_resource(max_entries=engine.KEPT_MODELS, show_spinner=False)
def _built(settings: str, _config: dict[str, Any]) -> "tuple[keras.Model, list[np.ndarray]]":
    """`settings` tell one model from another."""
    from data import Spec
    from training import recipes

    told: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in _config["spec"].items()
    }
    spec = Spec(**told)
    with _drawing:
        # Keras seeds its initializers from Python's generator. `keras.utils.set_random_seed`, which the
        # training calls, would also change what other visitors' pages draw.
        before = random.getstate()
        random.seed(_config["seed"])
        try:
            model = recipes.from_config(_config).build_model(spec)
        finally:
            random.setstate(before)
    return model, model.get_weights()


_drawing = threading.Lock()


def _best(run: Run) -> Sequence[Any] | None:
    """The weights of a run's best model, for one that kept none on the way."""
    try:
        return engine.model(run).get_weights()
    except RunError:
        return None
