"""The race on its page: the settings of the next, and the nets' losses as they learn."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from apps import charts, fading_panel, launch, lengths, library, links, races, run_card, small_nets, widgets
from apps.escaping import sentence
from apps.library import Entry
from training.runs import RunError

LIVE_SECONDS = 1.0  # from one look at a race to the next
CARD = 110  # least width of a net's card, in pixels
MOST_LENGTH, MOST_UNITS = 300, 256


@dataclass(frozen=True)
class Chosen:
    """What a person has set for the next training.

    Args:
        task: Key of `races.TASKS`.
        settings: As `races.plan` takes them.
        seed: Of the weights and the order.
    """

    task: str
    settings: Mapping[str, Any]
    seed: int


def show(entry: Entry | None) -> Chosen:
    """What the next race is about on one side, the one that is chosen on the other.

    Args:
        entry: The model that the page shows: its race is shown where none is asked for.

    Returns: The settings of the next.
    """
    found = races.find_all()
    with st.container(horizontal=True, gap="large"):
        with st.container(width=small_nets.SIDE):
            chosen = _make(found)
        with st.container():
            race = _pick(found, entry)
            if race is None:
                st.info("Choose a task and a length, then **Start the race**.", icon=":material/touch_app:")
            else:
                active = race.active
                st.fragment(_watched, run_every=LIVE_SECONDS if active else None)(race, active)
    return chosen


# The next one


def busy(found: Mapping[str, races.Race]) -> str | None:
    """Why no training can be started now; None where one can. Each needs the machine for itself."""
    if any(race.active for race in found.values()):
        return "One race at a time"
    if any(ladder.active for ladder in lengths.find_all().values()):
        return "Wait until the trainings against length below have ended, or stop them"
    return None


def _make(found: Mapping[str, races.Race]) -> Chosen:
    """The settings of the next race, and the button that starts it."""
    from training import recipes, trainer

    name = st.segmented_control(
        "Task", list(races.TASKS), default="Adding", required=True, key="task", bind="query-params"
    )
    task = races.TASKS[name or "Adding"]
    st.caption(task.about)
    recipe = recipes.find(task.recipe)
    rate_of_attention = recipes.find(task.encoder).optimizer.learning_rate
    length, units, examples, epochs, rate = task.usual
    chosen: dict[str, Any] = {}
    with st.grid(min_column_width=small_nets.FIELD, gap="small"):
        chosen["data.length"] = small_nets.whole(
            task.length, 2, MOST_LENGTH, length, f"race.{recipe.source}.length"
        )
        chosen["model.units"] = small_nets.whole("Units", 2, MOST_UNITS, units, f"race.{recipe.source}.units")
        chosen["training.epochs"] = st.number_input(
            "Epochs",
            min_value=0.1,
            max_value=1000.0,
            value=epochs,
            step=1.0,
            format="%g",
            key=f"race.{recipe.source}.epochs",
            bind="query-params",
            help="Passes over the sequences",
        )
        chosen["data.examples"] = small_nets.whole(
            "Sequences", 100, 100_000, examples, f"race.{recipe.source}.sequences"
        )
        chosen["optimizer.learning_rate"] = st.number_input(
            "Learning rate",
            min_value=1e-6,
            max_value=1.0,
            value=rate,
            step=0.001,
            format="%g",
            key=f"race.{recipe.source}.rate",
            bind="query-params",
            help=f"Of the recurrent nets. Attention has that of its recipe, {rate_of_attention:g}",
        )
        seed = small_nets.whole("Seed", 0, trainer.MOST_SEED, 0, f"race.{recipe.source}.seed")
    chosen["data.held_out"] = races.HELD_OUT
    why = busy(found)
    asked = st.button(
        "Start the race",
        type="primary",
        icon=":material/flag:",
        width="stretch",
        disabled=why is not None,
        help=why,
    )
    st.caption(
        "Five nets learn from the same sequences, side by side: plain, GRU, LSTM, an LSTM that reads from "
        "both ends, and attention, as wide as they have units. As it is, it is decided in a few minutes on "
        "two cores."
    )
    if asked:
        _start(name or "Adding", chosen, seed)
    return Chosen(name or "Adding", chosen, seed)


def _start(task: str, chosen: Mapping[str, Any], seed: int) -> None:
    """Start a race and have the page show it; what is wrong is said on the page."""
    from training.settings import SettingsError

    try:
        key = races.start(task, chosen, seed)
    except (RunError, SettingsError) as error:
        st.error(sentence(error), icon=":material/error:")
        return
    st.session_state.pop("stopping", None)
    st.session_state.pop("race", None)
    st.query_params["race"] = key
    st.rerun()


# The one that is watched


def _pick(found: Mapping[str, races.Race], entry: Entry | None) -> races.Race | None:
    """Let a person choose a race; the address remembers which."""
    if not found:
        return None
    of_model = next((key for key, race in found.items() if race.has(entry)), None)
    told = {key: f"{key.partition('/')[2]}  ·  {_told(race)}" for key, race in found.items()}
    return found[widgets.choice("Race", "race", told, of_model)]


def _told(race: races.Race) -> str:
    """What a race is about, in a few words."""
    data = race.config["data"]
    models = [entry.run.config["model"] for entry in race.entries.values()]
    units = {model["units"][0] for model in models if "units" in model}
    size = f"{units.pop()} units" if len(units) == 1 else "one size of all nets"
    mine = "" if race.key.startswith("runs/") else "  ·  gallery"
    return f"length {data['length']}, {size}{mine}"


def _watched(race: races.Race, was_active: bool) -> None:
    if race.active != was_active:
        st.rerun()  # the whole page: its timer begins or ends with the race
    _cards(race)
    _buttons(race, was_active)
    for net, entry in race.entries.items():
        status = entry.run.status
        if status.get("state") == "failed":
            told = f"{races.NETS[net].title}: {status.get('error') or 'the training failed'}"
            st.error(sentence(told), icon=":material/error:")
    _curves(race)
    fading_panel.show(race, was_active)


def _cards(race: races.Race) -> None:
    """Each net's state, its loss, and the way inside."""
    with st.grid(min_column_width=CARD, gap="small"):
        for net, entry in race.entries.items():
            with st.container(border=True, gap="xsmall"):
                state = entry.run.state
                icon, colour = run_card.BADGES[state]
                rows = library.rows(entry.run)
                losses = [row["loss"] for row in rows if "loss" in row]
                st.markdown(f"**{races.NETS[net].title}** :{colour}[{icon}]")
                st.metric("Loss", _short(losses[-1]) if losses else "none yet", label_visibility="collapsed")
                size = entry.run.config.get("parameters")
                st.caption(f"{size:,} weights" if size else state)
                recurrent = entry.architecture == "rnn"  # no page looks into a head that reads no words
                if (
                    recurrent
                    and entry.has_model
                    and st.button(
                        "Look inside",
                        key=f"inside-{entry.key}",
                        type="tertiary",
                        icon=":material/south:",
                        help="Its states and gates, below",
                    )
                ):
                    links.wish(entry.key)
                    st.rerun()


def _short(loss: float) -> str:
    """Two digits in the room of a card."""
    return f"{loss:.2g}" if loss >= 1e-3 else f"{loss:.1e}"


def _buttons(race: races.Race, active: bool) -> None:
    """The button that stops all of them, or goes on with them."""
    stopping = st.session_state.get("stopping") == race.key
    if active:
        st.button(
            "Stopping" if stopping else "Stop the race",
            icon=":material/stop:",
            key="stop-race",
            disabled=stopping,
            help="Each saves first, so that it can go on later",
            on_click=_stop,
            args=(race,),
        )
        return
    rest = [entry.run for entry in race.entries.values() if entry.run.resumable]
    if (
        race.key.startswith("runs/")
        and rest
        and st.button(
            "Go on", icon=":material/play_arrow:", key="resume-race", help="From their last checkpoints"
        )
    ):
        st.session_state.pop("stopping", None)
        try:
            for run in rest:
                launch.start(run)
        except RunError as error:
            st.error(sentence(error), icon=":material/error:")
        else:
            st.rerun()


def _stop(shown: races.Race) -> None:
    races.stop(shown)
    st.session_state["stopping"] = shown.key


def _curves(race: races.Race) -> None:
    from training import recipes

    task = races.task_of(race.config)
    lines = []
    for net, entry in race.entries.items():
        rows = [row for row in library.rows(entry.run) if row.get("loss", 0) > 0]
        lines.append(
            charts.Line(races.NETS[net].title, [row["step"] for row in rows], [row["loss"] for row in rows])
        )
    if task is None or not any(line.points for line in lines):
        st.info(
            "TensorFlow wakes in a process for each net; the first figures come within a minute.",
            icon=":material/hourglass_top:",
        )
        return
    baseline = recipes.from_config(race.config).data.baseline
    st.markdown(
        "**Loss** on the sequences that they learn from. Dashed: what a net reaches that remembers nothing."
    )
    level = (baseline, f"{task.baseline}: {baseline:.3g}")
    charts.powers(lines, races.TITLES, "step", "loss", f"race-{race.key}", level)
    _budgets(race)


def _budgets(race: races.Race) -> None:
    """Say so where the networks are not trained for the same number of steps."""
    steps = {net: entry.run.status.get("steps") for net, entry in race.entries.items()}
    known = {net: count for net, count in steps.items() if count}
    if len(set(known.values())) < 2:
        return
    most = max(known.values())
    fewer = [f"{races.NETS[net].title} for {count:,}" for net, count in known.items() if count < most]
    st.caption(
        f"The training budgets differ: {', '.join(fewer)} steps, the others for {most:,}. Compare the curves "
        "at the same step."
    )
