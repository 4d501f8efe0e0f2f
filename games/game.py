"""What a game is: many worlds at once as tensors, and pure functions of them that XLA compiles.

B worlds. A function makes no variable, keeps nothing and asks Python nothing within a step; all that chance
decides follows from a seed. Shapes are static, so that a rollout and the learning from it are one program.
Games whose worlds are elsewhere are in `games.outside`.
"""

import abc
import types
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
import tensorflow as tf

State = Any  # a NamedTuple of tensors, each with B as its first axis
Draws = Any  # likewise: what chance decides in one step
RESET = 2**29  # apart from all steps: what is drawn for a new game is drawn for nothing else


class Step(NamedTuple):
    """What came of an action.

    Args:
        state: After it. A world of a `Game` that has ended stays as it ended, until someone resets it.
        observation: Of that state, `(B, ...)` float32.
        reward: `(B,)` float32.
        terminated: Whether the game is over by its own rules, `(B,)` bool: nothing is to be had after it.
        truncated: Whether time ran out, `(B,)` bool: there would have been more to be had.
    """

    state: State
    observation: tf.Tensor
    reward: tf.Tensor
    terminated: tf.Tensor
    truncated: tf.Tensor


@dataclass(frozen=True)
class Share:
    """Which of all worlds are this replica's: N replicas together have what one would have had.

    Args:
        first: The first of them, a number or a tensor.
        count: How many.
        total: Of all replicas.
    """

    first: Any
    count: int
    total: int

    def of(self, everyone: Any) -> Any:
        """This share of a nest of tensors whose first axis is all worlds."""
        if self.count == self.total:
            return everyone
        size = (self.count,)

        def part(x: tf.Tensor) -> tf.Tensor:
            return tf.slice(x, [self.first] + [0] * (x.shape.rank - 1), size + tuple(x.shape[1:]))

        return tf.nest.map_structure(part, everyone)


class Playable(abc.ABC):
    """What an agent can learn to play; its settings are the fields of a frozen dataclass.

    Attributes:
        name: Key of `games.GAMES` or of `games.OUTSIDE`.
        title: For people.
        actions: What can be done, by name, in the order of their numbers.
        observation_shape: Of one world's observation; `(H, W, C)` where it is a picture of C channels.
        channels: What each entry of an observation's last axis is, by name.
        limit: Steps after which a world's time runs out; 0: never.
        official: The id by which Gymnasium knows the original; "" where there is none.
        kept: As what an observation's numbers are kept where many are: tf.bool where all are 0 or 1, tf.uint8
            where all are multiples of 1/255 from 0 to 1.
        compiled: Whether XLA can compile its steps.
        ranges: Least and greatest number of a channel, by its name; a channel that is not here has no bounds,
            or 0 and 1 where `kept` is of such numbers.
    """

    name: str
    title: str
    actions: tuple[str, ...]
    observation_shape: tuple[int, ...]
    channels: tuple[str, ...]
    limit: int = 0
    official: str = ""
    kept: tf.DType = tf.float32
    compiled: ClassVar[bool] = True
    ranges: Mapping[str, tuple[float, float]] = types.MappingProxyType({})

    @property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Least and greatest numbers of an observation, each `observation_shape` float32."""
        usual = (-np.inf, np.inf) if self.kept == tf.float32 else (0.0, 1.0)
        pairs = np.array([self.ranges.get(name, usual) for name in self.channels], "float32")
        low, high = (np.broadcast_to(column, self.observation_shape) for column in pairs.T)
        return low, high

    @property
    def truncates(self) -> bool:
        """Whether a world's time can run out."""
        return self.limit > 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know before it is played, a line each."""
        return ()

    @abc.abstractmethod
    def begin(self, seed: tf.Tensor, share: Share) -> State:
        """Begin the games of a share of all worlds.

        Args:
            seed: `(2,)` integers, as TensorFlow's stateless draws take them.
            share: Which worlds.
        """

    @abc.abstractmethod
    def go_on(self, state: State, action: tf.Tensor, seed: tf.Tensor, share: Share) -> tuple[Step, State]:
        """One step of a share of all worlds; those that end begin anew.

        Args:
            state: Before the action.
            action: `(B,)` int32.
            seed: `(2,)` integers, the second another one for each step and below `RESET`.
            share: Which worlds.

        Returns: What came of it; and the state to go on from.
        """

    @abc.abstractmethod
    def observe(self, state: State) -> tf.Tensor:
        """What a player sees of each world, `(B, *observation_shape)` float32."""


class Game(Playable):
    """A game's rules, as pure functions of tensors."""

    @abc.abstractmethod
    def reset(self, seed: tf.Tensor, n: int) -> State:
        """Begin `n` games.

        Args:
            seed: `(2,)` integers, as TensorFlow's stateless draws take them.
            n: How many worlds, a Python number.
        """

    @abc.abstractmethod
    def draw(self, seed: tf.Tensor, n: int) -> Draws:
        """What chance decides in the next step of each of `n` worlds, whether it comes to matter or not."""

    @abc.abstractmethod
    def advance(self, state: State, action: tf.Tensor, draws: Draws) -> Step:
        """The rules alone: no chance in here, so that they can be held against the original's.

        Args:
            state: Before the action.
            action: `(B,)` int32.
            draws: See `draw`.
        """

    def step(self, state: State, action: tf.Tensor, seed: tf.Tensor) -> Step:
        """One step of every world: `advance` with the draws of a seed."""
        return self.advance(state, action, self.draw(seed, action.shape[0]))

    def begin(self, seed: tf.Tensor, share: Share) -> State:
        return share.of(self.reset(seed, share.total))

    def go_on(self, state: State, action: tf.Tensor, seed: tf.Tensor, share: Share) -> tuple[Step, State]:
        step = self.advance(state, action, share.of(self.draw(seed, share.total)))
        fresh = self.begin(seed + [0, RESET], share)
        return step, where(step.terminated | step.truncated, fresh, step.state)


def where(condition: tf.Tensor, first: Any, second: Any) -> Any:
    """World by world, the first nest where the condition `(B,)` holds, else the second."""

    def pick(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
        return tf.where(tf.reshape(condition, (-1,) + (1,) * (a.shape.rank - 1)), a, b)

    return tf.nest.map_structure(pick, first, second)


def packed(observation: tf.Tensor, kept: tf.DType) -> tf.Tensor:
    """Observations as they are kept; see `Playable.kept`."""
    if kept == tf.uint8:
        observation = tf.round(observation * 255)
    return tf.cast(observation, kept)


def unpacked(observation: tf.Tensor) -> tf.Tensor:
    """Observations that were kept as a player sees them, float32."""
    seen = tf.cast(observation, tf.float32)
    return seen / 255 if observation.dtype == tf.uint8 else seen
