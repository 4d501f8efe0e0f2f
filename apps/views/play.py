"""Play: a person's game beside an agent's with the same chances, and controls that change hands."""

from typing import Any

import streamlit as st

from apps import controls, frame, links, play_match, playing, small_nets, widgets
from apps.escaping import sentence
from apps.library import Entry
from apps.play_match import Refused
from apps.playing import Agent
from training.runs import RunError

FIELD = 210  # width of a setting, in pixels
SEED, HANDED, REFUSED = "play.seed", "play-handed", "play-refused"

_play = widgets.component(
    "play",
    "arena_scenes",
    "arena_plots",
    "play_rules_classic",
    "play_rules_memory",
    "play_rules_minatar",
    "play_rules_seaquest",
    "play_keys",
    "play_course",
)


def explore(entry: Entry) -> None:
    """The match; only this part of the page is drawn anew when the controls change hands."""
    st.fragment(_show)(entry)


def _show(entry: Entry) -> None:
    from games import GameError
    from training.settings import SettingsError

    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        with st.container(width=FIELD):
            seed = small_nets.whole("Seed", 0, playing.MOST_SEED, 0, SEED)
        links.link("views/arena.py", "See what it sees and weighs", ":material/visibility:", model=entry.key)
    try:
        agent = playing.best(entry)
        with st.spinner("Setting up the game"):
            match = play_match.match(agent, seed)
            rest = _rest(agent, seed)
    except RunError as error:
        st.info(f"{sentence(error)}.", icon=":material/hourglass_empty:")
        return
    except (GameError, SettingsError) as error:
        st.warning(f"{sentence(error)}.", icon=":material/videogame_asset_off:")
        return
    if refused := st.session_state.pop(REFUSED, None):
        st.warning(f"{refused}.", icon=":material/front_hand:")
    _play(
        key="play",
        on_handed_change=_hand_over,
        on_next_change=lambda: st.session_state.update({SEED: float((seed + 1) % (playing.MOST_SEED + 1))}),
        data={**match, "rest": rest},
    )
    st.caption(
        "The keys are the game's while it has the focus: click on it, or come to it with Tab. A seed is the "
        "same game for you and for the agent: all that chance decides, and when. "
        f"A match lasts {playing.MOST_STEPS:,} steps at most."
    )


def _hand_over() -> None:
    """Keep what the browser sent, if it is what it must be."""
    try:
        st.session_state[HANDED] = play_match.received(st.session_state["play"]["handed"])
    except Refused as error:
        st.session_state[REFUSED] = sentence(error)


def _rest(agent: Agent, seed: int) -> dict[str, Any] | None:
    """How the agent went on in the match that is shown, if it was handed over."""
    handed = st.session_state.get(HANDED)
    if handed is None or handed.match != play_match.key(agent, seed):
        return None
    try:
        return play_match.take_over(agent, seed, handed)
    except Refused as error:
        return {"number": handed.number, "refused": str(error)}


frame.show(
    frame.Page(
        file=__file__,
        title="Play",
        idea=(
            "Play a game yourself, at full speed and by keyboard, against an agent that meets the same "
            "chances. Hand the controls over in the middle of it, watch what it does, and take them back."
        ),
        architecture="policy",
        fits=play_match.plays,
        explore=explore,
        controls=controls.agent,
        first="CartPole takes half a minute",
    )
)
