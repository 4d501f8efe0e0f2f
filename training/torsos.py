"""Agents that differ by their torso alone: how each is set, and what is kept of how it learned."""

import functools
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from training import recipes
from training.agent import AgentRecipe
from training.settings import SettingsError

TORSOS = ("mlp", "cnn", "rnn", "encoder")
RECIPES = {  # by game: all but the torso is theirs
    "memory_chain": "memory_chain_lstm",
    "t_maze": "t_maze_lstm",
    "cartpole_masked": "cartpole_masked_lstm",
    "cartpole": "cartpole_ppo",
    "acrobot": "acrobot_ppo",
    "mountain_car": "mountain_car_ppo",
    "breakout": "breakout_ppo",
    "freeway": "freeway_ppo",
    "space_invaders": "space_invaders_ppo",
    "asterix": "asterix_ppo",
    "seaquest": "seaquest_ppo",
}
EPOCHS = 20  # measurements on the way
SNAPSHOTS = 6
WIDTH = 32  # of attention's vectors: each of a window's moments costs what a dense torso does
WINDOW = 4  # moments, where nothing asks for more: as many as the frames that DQN stacks
ATTENTION_RATE = 2.5e-3  # the most that attention learns at
FIGURES = {"return": "val_return", "low": "val_low", "high": "val_high"}  # of a measurement


def recipe_of(game: str) -> AgentRecipe:
    """The recipe whose settings all torsos have on a game.

    Raises:
        SettingsError: There is none.
    """
    if game not in RECIPES:
        raise SettingsError(f"no agents are compared on {game!r}. There are: {', '.join(RECIPES)}")
    found = recipes.find(RECIPES[game])
    assert isinstance(found, AgentRecipe)
    return found


def fitting(game: str) -> tuple[str, ...]:
    """The torsos that can see a game: convolutions want a picture."""
    picture = len(recipe_of(game).game.observation_shape) == 3
    return tuple(torso for torso in TORSOS if picture or torso != "cnn")


def plan(game: str, torso: str, changes: Mapping[str, Any] | None = None) -> AgentRecipe:
    """A game's recipe with one of the torsos, all about as wide; where the torso has one of its own, that.

    Attention looks as far back as a game of memory is long.

    Args:
        game: Key of `RECIPES`.
        torso: One of `TORSOS`.
        changes: Settings that all have, such as "data.length" and "training.steps".

    Raises:
        SettingsError: The torso can't see the game, or a setting breaks its rule.
    """
    usual = recipe_of(game)
    if torso not in TORSOS:
        raise SettingsError(f"the torso must be one of {', '.join(TORSOS)}. Received: {torso!r}")
    if torso not in fitting(game):
        raise SettingsError(
            f"the torso must be one of {', '.join(fitting(game))} for {game}, which shows no picture. "
            f"Received: {torso!r}"
        )
    own = _own(usual, torso)
    recipe = own or usual.override(_settings(usual, torso))
    shared = {"training.steps": usual.training.steps, "training.epochs": EPOCHS}
    changed = recipe.override({**shared, "training.snapshots": SNAPSHOTS, **(changes or {})})
    length, before = (getattr(each.data, "length", 0) for each in (changed, recipe))
    if torso == "encoder" and length != before:
        window = max(WINDOW, recipe.model["window"] + length - before)
        changed = changed.override({"model.window": window})
    assert isinstance(changed, AgentRecipe)
    changed.check(changed.load({}))
    return changed


def _own(usual: AgentRecipe, torso: str) -> AgentRecipe | None:
    """The recipe that a torso has of its own on the game of another; that one, if it is of this torso."""
    if usual.model.get("torso", "mlp") == torso:
        return usual
    for recipe in recipes.RECIPES.values():
        if (
            isinstance(recipe, AgentRecipe)
            and (recipe.source, recipe.data, recipe.agent) == (usual.source, usual.data, usual.agent)
            and recipe.model.get("torso", "mlp") == torso
        ):
            return recipe
    return None


def _settings(recipe: AgentRecipe, torso: str) -> dict[str, Any]:
    """What makes another torso of a recipe's."""
    width = recipe.model.get("widths", (64,))[0]
    found: dict[str, Any] = {"model.torso": torso, "model.widths": (width,), "training.xla": "always"}
    if torso == "mlp":
        return {**found, "model.widths": (width, width)}
    if torso == "cnn":  # whose gradients take three times as long on a processor with XLA
        return {**found, "training.xla": "gpu"}
    if torso == "rnn":
        return {**found, "model.units": (width,)}
    return {
        **found,
        "model.widths": (WIDTH,),
        "model.width": WIDTH,
        "model.window": max(WINDOW, getattr(recipe.data, "length", 0) + 2),
        "optimizer.learning_rate": min(ATTENTION_RATE, recipe.optimizer.learning_rate),
    }


def record(
    config: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], evaluation: Mapping[str, Any]
) -> dict[str, Any]:
    """How an agent learned, as plain JSON values.

    Args:
        config: Of its run.
        rows: All that the run has logged.
        evaluation: Its figures by split.

    Returns: "torso", "seed"; "parameters", None before they are known; "rows", a list for each of "step" (of
        the game), "seconds", "return", "low" and "high" (of the 95 % interval over the games of that
        measurement; None where it was not logged), an entry a measurement; and "test", the figures of the end
        or None.
    """
    agent = config["agent"]
    measured = [row for row in rows if "val_return" in row]
    return {
        "torso": config["model"]["torso"],
        "seed": config["seed"],
        "parameters": config.get("parameters"),
        "rows": {
            "step": [row["step"] * agent["worlds"] * agent["horizon"] for row in measured],
            "seconds": [round(row["seconds"], 1) for row in measured],
            **{name: [_short(row.get(figure)) for row in measured] for name, figure in FIGURES.items()},
        },
        "test": evaluation.get("test"),
    }


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


@functools.lru_cache(maxsize=4096)
def interval(values: tuple[float, ...]) -> tuple[float | None, float | None]:
    """The 95 % interval of the mean of at most five values, by the percentile bootstrap; None, None of one.

    Exact: of all ways to draw as many of them again (Efron and Tibshirani 1993, "An introduction to the
    bootstrap", section 13.3). Of three it is from the least to the greatest.
    """
    if len(values) < 2:
        return None, None
    means = np.mean(list(itertools.product(values, repeat=len(values))), axis=1)
    low, high = np.percentile(means, [2.5, 97.5], method="inverted_cdf")
    return float(low), float(high)


@functools.cache
def stroll(length: int, limit: int) -> float:
    """Mean return of one who draws every action alike in a T-maze: see `games.memory_games.TMaze`."""
    places, found = np.eye(1, length + 1)[0], 0.0
    for _ in range(limit):
        # Of four actions two stand still before a wall, in the corridor; at its end they turn.
        found -= 0.1 * (places[:-1].sum() / 2 + places[0] / 4 + places[-1] / 4)
        found += places[-1] / 2 * (4.0 - 0.1) / 2
        after = np.zeros_like(places)
        after[:-1] += places[:-1] / 2  # stood
        after[1:] += places[:-1] / 4
        after[:-1] += places[1:] / 4
        after[0] += places[0] / 4
        after[-1] += places[-1] / 4
        places = after
    return float(found)
