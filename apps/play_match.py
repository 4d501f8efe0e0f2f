"""A match of a person and an agent: the same game with the same chances, and controls that change hands.

The rules go on in the browser, `components/play_rules_*.js`; what chance decides comes from here, by the keys
of `games.evaluation`, so that a seed is the same game for both. A match is of `playing.MOST_STEPS` steps.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from apps import playing
from apps.library import Entry
from apps.playing import Agent, Way, floats
from apps.widgets import base64_text

if TYPE_CHECKING:
    from games.episodes import Episode
    from games.game import Game, State

FARTHEST = 1000.0  # that a number of a state can be from 0; none that is played comes to 30
MOST_NAME = 500  # characters of a match's
AIMS = {  # what is to be done, for people
    "cartpole": "Keep the pole up and the cart between the marks. The key pressed last pushes on and on.",
    "cartpole_masked": "Keep the pole up. The agent sees places and no speeds, and must remember them.",
    "acrobot": "Swing the end above the line, by a torque at the elbow alone. Each step until then costs 1.",
    "mountain_car": "The car is too weak for the hill: take a run-up. Each step until the flag costs 1.",
    "memory_chain": "Remember the bit that is shown once, and answer when it is asked for. "
    "Until then either key only lets time pass.",
    "t_maze": "The sign at the entrance is seen there alone: turn at the junction as it said. "
    "Running into a wall costs 0.1.",
    "breakout": "Break bricks, and don't let the ball past the paddle.",
    "asterix": "Walk into gold, and not into enemies.",
    "freeway": "Cross the road as often as you can. A car sends you back to the start.",
    "space_invaders": "Shoot the aliens before they, or their bullets, reach the cannon.",
    "seaquest": "Shoot fish and submarines, pick up divers, and bring one up before the oxygen is gone.",
}
LOOKS = {  # what the cells of a colour are, for people, by the channel; others are not told apart
    "paddle": "you",
    "player": "you",
    "chicken": "you",
    "cannon": "you",
    "sub_front": "you",
    "sub_back": "your stern",
    "ball": "ball",
    "brick": "brick",
    "trail": "where it was before",
    "enemy": "enemy",
    "gold": "gold",
    "car": "car",
    "speed1": "behind a fast car",
    "speed5": "behind a slow one",
    "alien_left": "aliens, leftwards",
    "alien_right": "aliens, rightwards",
    "friendly_bullet": "your bullet",
    "enemy_bullet": "their bullet",
    "enemy_fish": "fish",
    "enemy_sub": "submarine",
    "diver": "diver",
    "diver_gauge": "divers aboard",
    "oxygen_gauge": "oxygen",
}
TURNS = ("memory_chain", "t_maze")  # a step for each key: no clock drives a person on


class Refused(Exception):
    """What a browser sent is no part of a match; the message is one line for a person."""


@dataclass(frozen=True)
class Handed:
    """What was played before the agent takes over, as a browser tells it and as far as it was checked.

    Args:
        match: Which match.
        number: Of the browser's, of this hand-over.
        actions: A byte for each step so far.
        numbers: Of the classic games what their states have of numbers, float32, moment by moment: there,
            another machine's rounding soon makes another course of the same actions. Else none.
    """

    match: str
    number: int
    actions: bytes
    numbers: bytes


def plays(entry: Entry) -> bool:
    """Whether a model is an agent whose game has its rules in the browser."""
    return playing.plays(entry) and entry.run.config.get("source") in AIMS


def key(agent: Agent, seed: int) -> str:
    """What tells a match from others; of an agent that learns meanwhile it stays."""
    return f"{agent.entry.key} {agent.game} {seed}"


def match(agent: Agent, seed: int) -> dict[str, Any]:
    """All that the component `play` needs to play a match without asking again.

    Raises:
        RunError, GameError, SettingsError: As `playing.episode`.
    """
    return {
        "key": key(agent, seed),
        "aim": AIMS[agent.game.name],
        "agent": agent.entry.run.name,
        "rate": playing.rate(agent.game),
        "turns": agent.game.name in TURNS,
        **_match(agent.version, seed, agent),
    }


@st.cache_resource(max_entries=8, show_spinner=False)
def _match(version: str, seed: int, _agent: Agent) -> dict[str, Any]:
    from games import episodes

    game, own = _agent.game, playing.episode(_agent, Way(seed, True))
    draws = episodes.chances(game, seed, playing.MOST_STEPS)
    return {
        "game": str(game),
        "most": playing.MOST_STEPS,
        "longest": _longest(game),
        "settings": settings(game),
        "scene": _scene(game),
        "first": {name: _plain(part[0]) for name, part in _named(own.states).items()},
        "draws": {name: base64_text(part.astype("<i2")) for name, part in _named(draws).items()},
        "fields": fields(own.states),
        "own": _course(own, 0),
    }


def take_over(agent: Agent, seed: int, handed: Handed) -> dict[str, Any]:
    """The rest of a match once the agent has the controls, as the component takes it.

    Raises:
        Refused: What was sent can't have been played.
        RunError, GameError, SettingsError: As `playing.episode`.
    """
    begun = len(handed.actions)
    return {"number": handed.number, **_course(_taken(agent.version, seed, handed, agent), begun)}


@st.cache_resource(max_entries=8, show_spinner=False)
def _taken(version: str, seed: int, handed: Handed, _agent: Agent) -> "Episode":
    from games import GameError, episodes

    game, model = _agent.game, _agent.model
    taken = np.frombuffer(handed.actions, "uint8")
    states = _states(handed, playing.episode(_agent, Way(seed, True)).states)
    try:
        return episodes.take_over(game, model, taken, seed, playing.MOST_STEPS, True, states)
    except GameError as error:
        raise Refused(str(error)) from error


def received(told: Any) -> Handed:
    """What a browser sent, if it is of the kinds and sizes that it must be.

    Raises:
        Refused: It is not.
    """
    if not isinstance(told, Mapping):
        raise Refused("what came from the browser is no match")
    name, number = told.get("match"), told.get("number")
    if not isinstance(name, str) or len(name) > MOST_NAME:
        raise Refused("what came from the browser tells of no match")
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise Refused("what came from the browser has no number")
    if not 0 <= number < 2**31 or number != int(number):
        raise Refused("what came from the browser has no number")
    most = playing.MOST_STEPS
    return Handed(
        name,
        int(number),
        _bytes(told.get("actions"), most),
        _bytes(told.get("numbers"), 4 * 4 * (most + 1)),  # at most four float32 a state
    )


def _bytes(text: Any, most: int) -> bytes:
    if not isinstance(text, str) or len(text) > 4 * (most // 3 + 1):
        raise Refused("what came from the browser is longer than a match, or no text")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused("what came from the browser can't be read") from error


def _states(handed: Handed, like: "State") -> "State | None":
    """The states that were told; None where they follow from the actions."""
    names = fields(like)
    if not names:
        return None
    moments = len(handed.actions) + 1
    if len(handed.numbers) != 4 * len(names) * moments:
        raise Refused(f"{moments} states have {len(names)} numbers each, and others came from the browser")
    numbers = np.frombuffer(handed.numbers, "<f4").reshape(moments, len(names)).astype("float32")
    if not (np.abs(numbers) <= FARTHEST).all():  # no number is not at most anything
        raise Refused("the states that came from the browser are none of this game")
    told = dict(zip(names, numbers.T, strict=True), steps=np.arange(moments, dtype="int32"))
    return type(like)(**told)


def fields(states: "State") -> list[str]:
    """The fields of a state that are no whole numbers; none where rules and chance give them exactly."""
    return [name for name, part in _named(states).items() if part.dtype.kind == "f"]


def _longest(game: "Game") -> int:
    """Most steps of a match."""
    answers = getattr(game, "length", playing.MOST_STEPS) + 1  # of the memory chain, which has no clock
    return min(game.limit or answers, playing.MOST_STEPS)


def settings(game: "Game") -> dict[str, Any]:
    """What of a game its rules in the browser heed."""
    return {
        "rules": game.name.removesuffix("_masked"),
        "actions": list(game.actions),
        "useful": list(getattr(game, "minimal_actions", game.actions)),
        "limit": game.limit,
        "length": getattr(game, "length", 0),
        "ramping": getattr(game, "ramping", False),
    }


def _scene(game: "Game") -> dict[str, Any]:
    """What is drawn of a state, for `components/arena_scenes.js`."""
    if len(game.observation_shape) == 3:
        found = playing.grid(game)
        names = [(LOOKS.get(game.channels[channel]), rgb) for channel, *rgb in reversed(found["colours"])]
        return {**found, "looks": [[name, rgb] for name, rgb in names if name]}
    return {
        "scene": game.name.removesuffix("_masked"),
        "length": getattr(game, "length", 0),
        "drawn": list(playing.SCENES[game.name]),
        "hides": True,  # nothing is drawn that the agent would not see
    }


def _course(played: "Episode", begun: int) -> dict[str, Any]:
    """What an agent did from a moment on, what came of it, and what it weighed."""
    shares = played.scores if played.probabilities is None else played.probabilities
    names = fields(played.states)
    states = [getattr(played.states, name)[begun:] for name in names]
    return {
        "begun": begun,
        "end": played.end,
        "action": base64_text(played.actions[begun:].astype("uint8")),
        "reward": floats(played.rewards[begun:]),
        "chances": played.chances,
        "shares": floats(shares[begun:]),
        "states": floats(np.stack(states, axis=1)) if names else "",
    }


def _named(parts: Any) -> dict[str, np.ndarray]:
    """The fields of a state or of draws; () where chance decides nothing."""
    return parts._asdict() if parts else {}


def _plain(part: np.ndarray) -> Any:
    """Numbers for JSON: a field's own, or all of its array in a row; true is 1."""
    numbers = part if part.dtype.kind == "f" else part.astype("int32")
    return numbers.ravel().tolist() if numbers.ndim else numbers.item()
