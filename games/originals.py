"""The originals of games, each in the package that it comes from."""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from games import GameError
from games.classic import Acrobot, CartPole, MountainCar
from games.game import Game, Playable
from games.minatar.common import ACTIONS, MinAtar


class World(Protocol):
    """One world of an original, just begun.

    Attributes:
        observation: What is seen of it now, as our game shows it: `(*observation_shape)` float32.
    """

    observation: np.ndarray

    def step(self, action: int) -> tuple[float, bool]:
        """Take an action of our game's; returns the reward, and whether it has ended."""


def original_of(game: Playable) -> Callable[[int], World]:
    """From a seed, 0 to 2**32 - 1, to a new world of the game's original, with the game's settings.

    Classic control is Gymnasium's, the five games of MinAtar are in its own package.

    Raises:
        GameError: There is none, or its package is missing.
    """
    try:
        if isinstance(game, MinAtar):
            package = "minatar"
            import minatar

            return lambda seed: _OfMinAtar(minatar, game, seed)
        if isinstance(game, CartPole | Acrobot | MountainCar):
            package = "gymnasium"
            import gymnasium

            return lambda seed: _OfGymnasium(gymnasium, game, seed)
    except ImportError as error:
        raise GameError(
            f"the original of {game.title} is in the package {package}: pip install {package} ({error})"
        ) from error
    raise GameError(f"{game.title} has no original to be played in: take ours")


class _OfGymnasium:
    """Classic control in Gymnasium's code; what our game does not show is hidden."""

    def __init__(self, gymnasium: Any, game: Game, seed: int) -> None:
        usual = type(game)()  # shows all
        self._env = gymnasium.make(usual.official, disable_env_checker=True)
        self._shown = [usual.channels.index(name) for name in game.channels]
        observation, _ = self._env.reset(seed=seed)
        self.observation = observation[self._shown]

    def step(self, action: int) -> tuple[float, bool]:
        observation, reward, terminated, truncated, _ = self._env.step(action)
        self.observation = observation[self._shown]
        return float(reward), terminated or truncated


class _OfMinAtar:
    """A game of MinAtar's own. It has seen no action before, so that none of another game is repeated."""

    def __init__(self, minatar: Any, game: MinAtar, seed: int) -> None:
        self._env = minatar.Environment(game.name, game.sticky, getattr(game, "ramping", True))
        self._env.seed(seed)
        self._env.reset()
        self._numbers = [ACTIONS.index(name) for name in game.actions]
        self.observation = self._seen()

    def step(self, action: int) -> tuple[float, bool]:
        reward, over = self._env.act(self._numbers[action])
        self.observation = self._seen()
        return float(reward), bool(over)

    def _seen(self) -> np.ndarray:
        return self._env.state().astype("float32")
