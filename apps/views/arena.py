"""Arena: an agent plays and shows what it sees, weighs and does; beside it another, or another course."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import streamlit as st

from apps import charts, controls, frame, launch, library, links, play_match, playing, small_nets, widgets
from apps.escaping import escape_markdown, sentence
from apps.library import Entry
from apps.playing import Agent, Way
from inspection import tiles
from training.runs import RunError

LIVE_SECONDS = 1.5
FIELD = 210  # width of a setting, in pixels
GREEDY = {"likeliest": True, "drawn": False}
BEST, NOBODY = "best", "nobody"
TORSO = ("_act", "remembered")  # ends of the names of layers behind a bend, and of a state

_arena = widgets.component("arena", "arena_scenes", "arena_plots", "arena_past")


@dataclass(frozen=True)
class Side:
    """One of the two that are shown.

    Args:
        agent: Who plays.
        way: How.
        title: For people.
        note: Likewise.
    """

    agent: Agent
    way: Way
    title: str
    note: str


def explore(entry: Entry) -> None:
    """An episode and all that can be asked of it; while the agent learns, the newest plays."""
    if playing.outside(entry):
        st.info(
            "This agent's environment is not one of this suite's games, so the page can't look inside its "
            "episodes. To watch it play, record a film from a terminal:",
            icon=":material/movie:",
        )
        st.code(shlex.join(["python", "-m", "games", "record", entry.run.name, "--out", "film.gif"]), "bash")
        _course(entry)
        return
    active = entry.run.state in launch.ACTIVE
    st.fragment(_show, run_every=LIVE_SECONDS if active else None)(entry, active)


def _show(entry: Entry, active: bool) -> None:
    from games import GameError
    from training.settings import SettingsError

    if active and entry.run.state not in launch.ACTIVE:
        st.rerun()  # it has ended: look no more
    try:
        agent, way, other = _asked(entry, active)
        with st.spinner("Playing"):
            sides = _sides(agent, way, other)
            shown = [_shown(side) for side in sides]
            rate = playing.rate(agent.game)
    except RunError as error:
        st.info(f"{sentence(error)}.", icon=":material/hourglass_empty:")
        return
    except (GameError, SettingsError) as error:
        st.warning(f"{sentence(error)}.", icon=":material/videogame_asset_off:")
        return
    if active:
        st.caption(
            "It is learning: what plays is what it was a moment ago, and gives way to what has become of it."
        )
    else:
        st.markdown(
            "Scrub by the slider, the curves or the arrow keys. **Pick an action that it did not take** and "
            "see what it makes of it: chance stays as it was, so that all that differs comes of that action."
        )
        if play_match.plays(entry):
            links.link("views/play.py", "Play it yourself", ":material/stadia_controller:", model=entry.key)
    branch = _branch(agent, way)
    _arena(
        key="arena",
        on_moment_change=lambda: None,
        on_branched_change=lambda: _branch_off(agent, way),
        on_closed_change=lambda: st.session_state.pop("arena-branch", None),
        data={
            "key": str([(side.agent.version, side.way) for side in sides]),
            "subject": str((entry.key if active else agent.version, way)),
            "live": active,
            "branched": branch[0] if branch else None,
            "moment": 0,  # what the page shows at first; the same data are not sent twice
            "rate": rate,
            "sides": shown,
        },
    )
    if not active:
        _inside(sides)
    _course(entry)


def _asked(entry: Entry, active: bool) -> tuple[Agent, Way, Agent | None]:
    """Who plays and how, and who plays beside it, if anyone.

    Raises:
        RunError: There is no model yet, or it is damaged.
    """
    times = playing.times(entry)
    others = {} if active else _others(entry)
    step = _next(entry, times) if active and times else None
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        with st.container(width=FIELD):
            seed = small_nets.whole("Seed", 0, playing.MOST_SEED, 0, "arena.seed")
        greedy = True
        if _draws(entry, step):
            greedy = GREEDY[
                st.segmented_control(
                    "Its actions",
                    list(GREEDY),
                    default="drawn" if active else "likeliest",
                    required=True,
                    key="arena-live-actions" if active else "arena-actions",
                    persist_state="session",
                    help="Always the likeliest, or drawn by their probabilities, as it does while it learns",
                )
            ]
        if times and not active:
            with st.container(width=FIELD):
                names = {f"{library.readable(when)} updates": when for when in times}
                when = st.select_slider(
                    "As it was after",
                    [*names, BEST],
                    BEST,
                    key=f"arena-when-{entry.key}",
                    persist_state="session",
                    help="A training has updates; after some of them the agent was kept",
                )
                step = names.get(when)
        other = NOBODY
        if others:
            with st.container(width=FIELD):
                other = st.selectbox(
                    "Beside it",
                    [NOBODY, *others],
                    format_func=lambda key: library.label(others[key]) if key in others else key,
                    key="arena-beside",
                    persist_state="session",
                )
    agent = playing.best(entry) if step is None else playing.at(entry, step)
    return agent, Way(seed, greedy), playing.best(others[other]) if other in others else None


def _next(entry: Entry, times: Sequence[int]) -> int:
    """Of an agent that learns the one to be shown next: half of the way to the newest.

    At first it changes most, and its games are short; what comes while one is played is left out.
    """
    shown = st.session_state.get("arena-live", (entry.key, -1))
    ahead = [step for step in times if shown[0] != entry.key or step > shown[1]]
    step = ahead[(len(ahead) - 1) // 2] if ahead else times[-1]
    st.session_state["arena-live"] = (entry.key, step)
    return step


def _draws(entry: Entry, step: int | None) -> bool:
    """Whether an agent has chances to draw by."""
    agent = playing.best(entry) if step is None else playing.at(entry, step)
    return len(agent.model.outputs) > 1


def _others(entry: Entry) -> dict[str, Entry]:
    """Who else plays this game, by key."""
    source = entry.run.config.get("source")
    return {
        other.key: other
        for other in library.entries()
        if playing.plays(other)
        and other.has_model
        and other.run.config.get("source") == source
        and other.key != entry.key
    }


def _sides(agent: Agent, way: Way, other: Agent | None) -> list[Side]:
    """The episode, and its branch or that of the other agent."""
    from games import episodes

    sides = [Side(agent, way, agent.entry.run.name, _age(agent))]
    if branch := _branch(agent, way):
        other_way = replace(way, branch=branch)
        played, branched = playing.episode(agent, way), playing.episode(agent, other_way)
        parting, (moment, action) = episodes.parting(played, branched), branch
        names = agent.game.actions
        told = f"{names[action]} and not {names[played.actions[moment]]} at step {moment}: " + (
            "it comes to the same" if parting is None else f"another game from step {parting} on"
        )
        sides.append(Side(agent, other_way, "Branch", told))
    elif other is not None:
        way = replace(way, greedy=way.greedy or len(other.model.outputs) == 1)
        sides.append(Side(other, way, other.entry.run.name, _age(other)))
    return sides


def _shown(side: Side) -> dict[str, Any]:
    told = {"title": side.title, "note": side.note, "closes": side.way.branch is not None}
    return told | playing.shown(side.agent, side.way)


def _age(agent: Agent) -> str:
    """How far the agent had learned."""
    if agent.step is not None:
        return f"after {library.readable(agent.step)} updates"
    measured = [row for row in library.rows(agent.entry.run) if "val_return" in row]
    if not measured:
        return ""
    best = max(reversed(measured), key=lambda row: row["val_return"])  # of equals the last is kept
    if "global_step" in best:
        age = f"after {library.readable(best['global_step'])} environment steps"
    else:
        age = f"after {library.readable(best['step'])} updates"
    return f"{age}: {best['val_return']:.4g} a game"


def _branch(agent: Agent, way: Way) -> tuple[int, int] | None:
    """Moment and action of the branch that a person asked for, if it is one of this episode."""
    asked, branch = st.session_state.get("arena-branch", (None, None))
    return branch if asked == (agent.version, way) else None


def _branch_off(agent: Agent, way: Way) -> None:
    asked = dict(st.session_state["arena"]["branched"])
    branch = (int(asked["moment"]), int(asked["action"]))
    st.session_state["arena-branch"] = ((agent.version, way), branch)


def _moment() -> int:
    """Where the slider has come to rest."""
    return int(widgets.state_of("arena", "moment", 0))


def _inside(sides: Sequence[Side]) -> None:
    """What the torso makes of the moment."""
    from inspection.activations import InspectionError, activations

    st.subheader("Inside", anchor=False)
    st.caption(
        "Each unit at the step named below, violet above 0, orange below. It is updated once a second while "
        "the game runs."
    )
    for number, side in enumerate(sides):
        played = playing.episode(side.agent, side.way)
        now = min(_moment(), played.steps)
        seen = [part[now : now + 1] for part in (played.observations, *played.memory)]
        try:
            found = activations(side.agent.model, seen if played.memory else seen[0]).layers
        except InspectionError as error:
            st.warning(sentence(error), icon=":material/visibility_off:")
            continue
        torsos = [_torso(found, judges) for judges in (False, True)]
        torsos = [torso for torso in torsos if torso]
        if not torsos:  # attention alone, with no dense layer behind it
            continue
        for column, torso in zip(st.columns(len(torsos), gap="large"), torsos, strict=True):
            does = "judges" if next(iter(torso)).startswith(playing.JUDGES) else "chooses"
            with column:
                does = does if len(torsos) > 1 else "chooses and judges"
                st.markdown(f"**{escape_markdown(side.title)}**, step {now}: what {does}")
                widgets.maps(f"arena-inside-{number}-{does}", _layers(torso))


def _torso(found: Mapping[str, np.ndarray], judges: bool) -> dict[str, np.ndarray]:
    """What the part that judges, or the one that chooses, makes of the moment."""
    return {
        name: values
        for name, values in found.items()
        if name.endswith(TORSO) and name.startswith(playing.JUDGES) == judges
    }


def _layers(torso: Mapping[str, np.ndarray]) -> list[dict[str, Any]]:
    shown = []
    for name, values in torso.items():
        pictured = tiles.tiles(values[0])
        silent = f", {pictured.silent:.0%} silent" if pictured.silent else ""
        shown.append({"name": name, "note": f"{_size(values)}{silent}", "tiles": pictured})
    return shown


def _size(values: np.ndarray) -> str:
    if values.ndim == 2:
        return f"{values.shape[1]} units"
    return f"{library.shape_text(values.shape[1:-1])}, {values.shape[-1]} maps"


def _course(entry: Entry) -> None:
    """The figures of the training."""
    rows = library.rows(entry.run)
    if rows:
        st.subheader("How it learned", anchor=False)
        charts.training_curves(rows, f"arena-course-{entry.key}")


frame.show(
    frame.Page(
        file=__file__,
        title="Arena",
        idea=(
            "An agent sees, weighs its actions, expects and acts. Watch it play and stop at any moment: what "
            "it saw, what it would rather do, how much it hoped for, what another action would have brought."
        ),
        architecture="policy",
        fits=playing.plays,
        explore=explore,
        controls=controls.agent,
        first="CartPole takes half a minute",
    )
)
