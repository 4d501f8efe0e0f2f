"""What a game is: many worlds at once as tensors, and pure functions of them that XLA compiles.

B worlds. A function makes no variable, keeps nothing and asks Python nothing within a step; all that chance
decides follows from a seed. Shapes are static, so that a rollout and the learning from it are one program.
"""

import abc
from typing import Any, NamedTuple

import tensorflow as tf

State = Any  # a NamedTuple of tensors, each with B as its first axis
Draws = Any  # likewise: what chance decides in one step


class Step(NamedTuple):
    """What came of an action.

    Args:
        state: After it. A world that has ended stays as it ended, until someone resets it.
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


class Game(abc.ABC):
    """A game's rules; its settings are the fields of a frozen dataclass.

    Attributes:
        name: Key of `games.GAMES`.
        title: For people.
        actions: What can be done, by name, in the order of their numbers.
        observation_shape: Of one world's observation; `(H, W, C)` where it is a picture of C channels.
        channels: What each entry of an observation's last axis is, by name.
        limit: Steps after which a world's time runs out; 0: never.
        official: The id by which Gymnasium knows the original; "" where there is none.
        binary: Whether an observation's numbers are all 0 and 1.
    """

    name: str
    title: str
    actions: tuple[str, ...]
    observation_shape: tuple[int, ...]
    channels: tuple[str, ...]
    limit: int = 0
    official: str = ""
    binary: bool = False

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

    @abc.abstractmethod
    def observe(self, state: State) -> tf.Tensor:
        """What a player sees of each world, `(B, *observation_shape)` float32."""

    def step(self, state: State, action: tf.Tensor, seed: tf.Tensor) -> Step:
        """One step of every world: `advance` with the draws of a seed."""
        return self.advance(state, action, self.draw(seed, action.shape[0]))


def where(condition: tf.Tensor, first: Any, second: Any) -> Any:
    """World by world, the first nest where the condition `(B,)` holds, else the second."""

    def pick(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
        return tf.where(tf.reshape(condition, (-1,) + (1,) * (a.shape.rank - 1)), a, b)

    return tf.nest.map_structure(pick, first, second)
