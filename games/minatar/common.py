"""What the five MinAtar games share: sticky actions, minimal sets of actions, ended worlds, planes."""

import abc
from dataclasses import dataclass
from typing import Any, ClassVar

import tensorflow as tf

from games.game import Draws, Game, State, Step, where
from models import layers

SIDE = 10  # cells, of every grid
ACTIONS = ("noop", "left", "up", "right", "down", "fire")
NOOP, LEFT, UP, RIGHT, DOWN, FIRE = range(len(ACTIONS))


@dataclass(frozen=True)
class MinAtar(Game):
    """A game of MinAtar: Young and Tian 2019 (arXiv:1903.03176), after the package MinAtar 1.0.15.

    Given the same draws every step has the original's results, with two exceptions: the first action of a new
    game never repeats one of the game before it, and a world that has ended stays as it is.

    Args:
        sticky: Share of the steps in which the last action is repeated instead of the one chosen, in [0, 1);
            Machado et al. 2018 (arXiv:1709.06009).
        minimal: Whether there are only the actions that do something in this game (the package's "-v1"), not
            all six ("-v0").

    Raises:
        ValueError: A field breaks its rule; the message names the field, the rule and the value.
    """

    sticky: float = 0.1
    minimal: bool = False

    actions = ACTIONS
    kept = tf.bool
    minimal_actions: ClassVar[tuple[str, ...]]

    def __post_init__(self) -> None:
        layers.check_fraction("sticky", self.sticky)
        layers.check_choice("minimal", self.minimal, (True, False))
        if self.minimal:  # attributes of the contract that a setting decides; the dataclass is frozen
            object.__setattr__(self, "actions", self.minimal_actions)
            object.__setattr__(self, "official", self.official.replace("-v0", "-v1"))

    @abc.abstractmethod
    def play(self, state: State, action: tf.Tensor, draws: Draws) -> tuple[State, tf.Tensor]:
        """What comes of an action in worlds that have not ended.

        Args:
            state: Before it. Has, beside what is the game's own, `ended` `(B,)` bool and `last_action` `(B,)`
                int32, a number in `ACTIONS`.
            action: `(B,)` int32, a number in `ACTIONS`.
            draws: See `draw`.

        Returns: The state after it, this action its `last_action`, and the reward, `(B,)` int32.
        """

    def advance(self, state: State, action: tf.Tensor, draws: Draws) -> Step:
        if self.minimal:
            action = tf.gather([ACTIONS.index(name) for name in self.actions], action)
        action = tf.where(draws.repeat, state.last_action, action)
        after, reward = self.play(state, action, draws)
        after = where(state.ended, state, after)
        reward = tf.where(state.ended, 0.0, tf.cast(reward, tf.float32))
        return Step(after, self.observe(after), reward, after.ended, tf.zeros_like(after.ended))


def chances(seed: tf.Tensor, n: int, k: int) -> tf.Tensor:
    """Uniform numbers in [0, 1), `(k, n)`, multiples of 2**-24; the same with XLA and without.

    TensorFlow's own are not: only its integers are, and those only of seeds that are not below 0.
    """
    seed = tf.bitwise.bitwise_and(tf.convert_to_tensor(seed), 2**31 - 1)
    bits = tf.random.stateless_uniform((k, n), seed, minval=None, maxval=None, dtype=tf.uint32)
    return tf.cast(tf.bitwise.right_shift(bits, 8), tf.float32) * 2.0**-24


def walk(
    place: tf.Tensor, action: tf.Tensor, back: int, forth: int, low: int = 0, high: int = SIDE - 1
) -> tf.Tensor:
    """A place `(B,)` after an action that moves it by a cell, not beyond `low` and `high`.

    Args:
        back, forth: The actions to a lower and to a higher number.
    """
    step = tf.cast(action == forth, tf.int32) - tf.cast(action == back, tf.int32)
    return tf.clip_by_value(place + step, low, high)


def at(index: tf.Tensor, first: int = 0, size: int = SIDE) -> tf.Tensor:
    """Where an index `(...)` is along an axis that counts from `first`: `(..., size)` bool, if anywhere."""
    return index[..., None] == tf.range(first, first + size)


def cell(y: tf.Tensor, x: tf.Tensor, first: int = 0, rows: int = SIDE) -> tf.Tensor:
    """The cell in row `y` and column `x`, of the rows from `first` on.

    Args:
        y, x: `(...)` int32; one of them may be a scalar.

    Returns: `(..., rows, 10)` bool.
    """
    return at(y, first, rows)[..., :, None] & at(x)[..., None, :]


def count(mask: tf.Tensor, axis: Any = -1) -> tf.Tensor:
    """How many entries hold along `axis`, int32."""
    return tf.reduce_sum(tf.cast(mask, tf.int32), axis)


def picture(planes: list[tf.Tensor]) -> tf.Tensor:
    """Planes `(B, 10, 10)` bool as the channels of an observation, `(B, 10, 10, C)` float32 of 0 and 1."""
    return tf.cast(tf.stack(planes, axis=-1), tf.float32)


def padded(plane: tf.Tensor, above: int) -> tf.Tensor:
    """Some rows of a plane, `(B, rows, 10)`, as the plane, `(B, 10, 10)`, with `above` rows above them."""
    return tf.pad(plane, ((0, 0), (above, SIDE - above - plane.shape[1]), (0, 0)))
