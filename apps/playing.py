"""What the pages of agents share: their games, their episodes, and what a browser needs to show one whole."""

import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from apps import engine, library
from apps.library import Entry
from apps.widgets import base64_text, levels

if TYPE_CHECKING:
    import keras

    from games.episodes import Episode
    from games.game import Game
    from inspection.deciding import Decisions

MOST_STEPS = 1000  # of an episode that a browser is sent: some 700 kB of the game with the most channels
MOST_SEED = 9999
JUDGES = "value_"  # begins the names of a critic's own layers
SCENES = {  # what is drawn of the games whose observation is no picture: fields of the state
    "cartpole": ("x", "theta"),
    "cartpole_masked": ("x", "theta"),
    "acrobot": ("theta1", "theta2"),
    "mountain_car": ("position",),
    "memory_chain": ("steps", "query", "context"),
    "t_maze": ("position", "north", "turned"),
}


def plays(entry: Entry) -> bool:
    """Whether a model is an agent."""
    return entry.architecture == "policy"


def outside(entry: Entry) -> bool:
    """Whether an agent's worlds are not this suite's own, so that no page can draw them."""
    from games.outside import OUTSIDE

    return entry.run.config.get("source") in OUTSIDE


@dataclass(frozen=True)
class Agent:
    """An agent as it was at some time of its training.

    Args:
        entry: Its run.
        step: The update after which it was so; None: the best that there is.
        version: What tells it from what it is at other times.
    """

    entry: Entry
    step: int | None
    version: str

    @property
    def game(self) -> "Game":
        """What it learned to play, with its settings.

        Raises:
            SettingsError: Its recipe or its settings are not known any more.
        """
        from training import recipes

        return recipes.from_config(self.entry.run.config).data

    @property
    def model(self) -> "keras.Model":
        """Its policy.

        Raises:
            RunError: There is none yet, or it is damaged.
        """
        if self.step is None:
            return engine.model(self.entry.run)
        return _model_at(self.entry.key, self.step, self.version, self.entry)


def best(entry: Entry) -> Agent:
    """The best that there is of an agent."""
    return Agent(entry, None, f"{entry.key}@{engine.modified(entry.run)}")


def times(entry: Entry) -> list[int]:
    """The updates after which an agent was kept."""
    return sorted(library.kept_snapshots(entry.run)) if entry.spec else []


def at(entry: Entry, step: int) -> Agent:
    """An agent as it was after one of its `times`."""
    weights = library.kept_snapshots(entry.run)[step]
    return Agent(
        entry, step, f"{entry.key}@{step}-{zlib.crc32(b''.join(part.tobytes() for part in weights))}"
    )


@st.cache_resource(max_entries=24, show_spinner=False)
def _model_at(key: str, step: int, version: str, _entry: Entry) -> "keras.Model":
    from training import recipes, trainer

    model = recipes.from_config(_entry.run.config).build_model(trainer.spec_of(_entry.run))
    model.set_weights(library.kept_snapshots(_entry.run)[step])
    return model


@dataclass(frozen=True)
class Way:
    """How an episode is played.

    Args:
        seed: Of everything random in it.
        greedy: Whether the likeliest action is taken.
        branch: Moment and action where it branches off, if it does.
    """

    seed: int
    greedy: bool
    branch: tuple[int, int] | None = None


def episode(agent: Agent, way: Way) -> "Episode":
    """An episode of an agent.

    Raises:
        RunError: There is no model yet, or it is damaged.
        GameError: It does not fit its game, or there is nothing to branch off from.
        SettingsError: As `Agent.game`.
    """
    return _episode(agent.version, way, agent)


@st.cache_resource(max_entries=24, show_spinner=False)
def _episode(version: str, way: Way, _agent: Agent) -> "Episode":
    from games import episodes

    if way.branch is None:
        return episodes.record(_agent.game, _agent.model, way.seed, MOST_STEPS, way.greedy)
    played = episode(_agent, Way(way.seed, way.greedy))
    return episodes.branch(_agent.game, _agent.model, played, *way.branch)


def rate(game: "Game") -> int:
    """Steps in a second, as a film of the game has them."""
    from games.rendering import RATES, USUAL_RATE

    return next((found for kind, found in RATES.items() if isinstance(game, kind)), USUAL_RATE)


def shown(agent: Agent, way: Way) -> dict[str, Any]:
    """An episode as the component `arena` takes it: all of it, and what decided at each moment.

    Raises:
        RunError, GameError, SettingsError: As `episode`.
    """
    return _shown(agent.version, way, agent)


@st.cache_resource(max_entries=8, show_spinner=False)
def _shown(version: str, way: Way, _agent: Agent) -> dict[str, Any]:
    from games import episodes
    from inspection.deciding import decisions

    game, played = _agent.game, episode(_agent, way)
    chosen = np.append(played.actions, played.scores[-1].argmax())
    why = decisions(_agent.model, played.observations, chosen, played.memory)
    chances = played.probabilities
    return {
        "steps": played.steps,
        "end": played.end,
        "actions": list(game.actions),
        "channels": list(game.channels),
        "chances": chances is not None,
        "shares": floats(played.scores if chances is None else chances),
        "value": floats(played.values),
        "action": base64_text(played.actions.astype("uint8")),
        "reward": floats(played.rewards),
        "repeated": base64_text(episodes.repeated(game, played).astype("uint8")),
        **(_picture if len(game.observation_shape) == 3 else _numbers)(game, played, why),
        **_past(_agent.model, played),
    }


def grid(game: "Game") -> dict[str, Any]:
    """How a game of cells is drawn: its size, and its channels' colours from the back to the front."""
    from games.drawings import CHANNELS

    height, width, depth = game.observation_shape
    order = [name for name in CHANNELS if name in game.channels]
    return {
        "scene": "grid",
        "height": height,
        "width": width,
        "depth": depth,
        "colours": [[game.channels.index(name), *CHANNELS[name]] for name in order],
    }


def _picture(game: "Game", played: "Episode", why: "Decisions") -> dict[str, Any]:
    """What is seen as bits, how it is drawn, and what decides."""
    from inspection import deciding

    return {
        **grid(game),
        "bits": base64_text(np.packbits(played.observations > 0)),
        "heat": base64_text(levels(deciding.heat(why.choice))),
        "value_heat": base64_text(levels(deciding.heat(why.value))),
    }


def _numbers(game: "Game", played: "Episode", why: "Decisions") -> dict[str, Any]:
    """The state that is drawn, the numbers that are seen, and what each of them moves."""
    from inspection import deciding

    fields = [np.asarray(getattr(played.states, name), "float32") for name in SCENES[game.name]]
    return {
        "scene": game.name.removesuffix("_masked"),
        "length": getattr(game, "length", 0),
        "state": floats(np.concatenate([field.reshape(len(field), -1) for field in fields], axis=1)),
        "seen": floats(played.observations),
        "push": floats(deciding.push(why.choice, played.observations)),
        "value_push": floats(deciding.push(why.value, played.observations)),
    }


def _past(model: "keras.Model", played: "Episode") -> dict[str, Any]:
    """What each head looks back at, of the torso that chooses first: shares by moment."""
    from inspection.past import looks_back

    found = looks_back(model, played.observations, played.memory) if played.memory else {}
    if not found:
        return {}
    heads, shares = [], []
    for name, weights in sorted(found.items(), key=lambda item: item[0].startswith(JUDGES)):
        torso = "judges" if name.startswith(JUDGES) else "chooses"
        block = re.findall(r"\d+", name)[0]
        for head in range(weights.shape[1]):
            heads.append({"torso": torso, "name": f"block {block}, head {head + 1}"})
            shares.append(weights[:, head])
    gaze = np.stack(shares, axis=1)  # (T + 1, heads, window)
    return {"heads": heads, "window": gaze.shape[2], "gaze": base64_text(levels(gaze))}


def floats(values: np.ndarray) -> str:
    """Numbers for the browser: float32, little-endian."""
    return base64_text(values.astype("<f4"))
