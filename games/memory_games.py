"""Games that ask for memory: what decides is seen at the start and asked for at the end."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

import tensorflow as tf

from games.chanceless import Chanceless


def _check_at_least(field: str, value: Any, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ValueError(f"{field} must be an integer of at least {least}. Received: {value!r}")


class MemoryChainState(NamedTuple):
    """The bits to be remembered, `(B, bits)` int32; which one is asked for and steps so far, `(B,)` int32."""

    context: tf.Tensor
    query: tf.Tensor
    steps: tf.Tensor


@dataclass(frozen=True)
class MemoryChain(Chanceless):
    """A bit that is shown once, and asked for `length` steps later: bsuite, Osband et al. 2019.

    "Behaviour suite for reinforcement learning" (arXiv:1908.03568), its experiments memory_len (one bit) and
    memory_size. Of the `length` + 1 actions of a game only the last counts: a reward of 1 for the bit, -1 for
    the other. Time never runs out.

    The observation is bsuite's: the share of the time that is left, 1 at the start and 0 when the answer is
    due; the number of the bit that is asked for, when the answer is due, else 0; the bits as -1 and 1 at the
    start, else 0. Unlike bsuite's code, which shows the first observation twice, this shows it once: it is
    `length` steps that must be bridged and not `length` - 1.

    Args:
        length: Steps between what is shown and the answer.
        bits: How many are shown; one of them is asked for.

    Raises:
        ValueError: A field breaks its rule; the message names the field, the rule and the value.
    """

    length: int = 10
    bits: int = 1

    name = "memory_chain"
    title = "Memory chain"
    actions = ("0", "1")

    def __post_init__(self) -> None:
        _check_at_least("length", self.length, 1)
        _check_at_least("bits", self.bits, 1)
        channels = ("time left", "query", *(f"bit {number}" for number in range(self.bits)))
        object.__setattr__(self, "channels", channels)  # a setting decides them; the dataclass is frozen
        object.__setattr__(self, "observation_shape", (len(channels),))
        numbers = {"time left": (0.0, 1.0), "query": (0.0, max(1.0, self.bits - 1.0))}
        object.__setattr__(self, "ranges", {**dict.fromkeys(channels, (-1.0, 1.0)), **numbers})

    def reset(self, seed: tf.Tensor, n: int) -> MemoryChainState:
        bits, query = tf.unstack(tf.random.split(seed))
        return MemoryChainState(
            tf.random.stateless_uniform((n, self.bits), bits, 0, 2, tf.int32),
            tf.random.stateless_uniform((n,), query, 0, self.bits, tf.int32),
            tf.zeros(n, tf.int32),
        )

    def follow(self, state: MemoryChainState, action: tf.Tensor) -> tuple[MemoryChainState, tf.Tensor]:
        right = action == tf.gather(state.context, state.query, batch_dims=1)
        due = state.steps == self.length
        reward = tf.where(due, tf.where(right, 1.0, -1.0), 0.0)
        return state._replace(steps=state.steps + 1), reward

    def ended(self, state: MemoryChainState) -> tuple[tf.Tensor, tf.Tensor]:
        over = state.steps > self.length
        return over, tf.zeros_like(over)

    def observe(self, state: MemoryChainState) -> tf.Tensor:
        left = tf.nn.relu(1.0 - tf.cast(state.steps, tf.float32) / self.length)
        query = tf.where(state.steps == self.length, tf.cast(state.query, tf.float32), 0.0)
        bits = tf.where(state.steps[:, None] == 0, tf.cast(2 * state.context - 1, tf.float32), 0.0)
        return tf.concat([left[:, None], query[:, None], bits], axis=-1)


class TMazeState(NamedTuple):
    """Whether the goal is in the north; steps east of the start; whether one has turned off; steps so far.

    Each `(B,)`: bool, int32, bool, int32.
    """

    north: tf.Tensor
    position: tf.Tensor
    turned: tf.Tensor
    steps: tf.Tensor


@dataclass(frozen=True)
class TMaze(Chanceless):
    """A corridor from a road sign to a junction, where one must turn as the sign said: Bakker 2001.

    "Reinforcement learning with long short-term memory" (NeurIPS 2001), with its rewards and observations. At
    the junction, `length` steps east of the start, a turn to the goal brings a reward of 4, a turn to the
    other side -0.1, and it is over. Standing still before a wall brings -0.1, any other step 0. One sees 011
    or 110 at the start (and there again after coming back), 101 in the corridor, 010 at the junction.

    What the paper leaves open: 011 is north; nothing, 000, is seen after the turn; and time runs out, so that
    someone who never turns comes to an end.

    Args:
        length: Steps from the start to the junction; the paper has 5 to 70.
        limit: Steps until time runs out, more than `length`.

    Raises:
        ValueError: A field breaks its rule; the message names the field, the rule and the value.
    """

    length: int = 10
    limit: int = 200

    name = "t_maze"
    title = "T-maze"
    actions = ("north", "east", "south", "west")
    observation_shape = (3,)
    channels = ("first", "second", "third")
    ranges = MappingProxyType(dict.fromkeys(channels, (0.0, 1.0)))

    def __post_init__(self) -> None:
        _check_at_least("length", self.length, 1)
        _check_at_least("limit", self.limit, 1)
        if self.limit <= self.length:
            raise ValueError(
                f"limit must be more than length, {self.length}, or nobody can turn. Received: {self.limit!r}"
            )

    def reset(self, seed: tf.Tensor, n: int) -> TMazeState:
        north = tf.random.stateless_uniform((n,), seed, 0, 2, tf.int32) == 1
        return TMazeState(north, tf.zeros(n, tf.int32), tf.zeros(n, tf.bool), tf.zeros(n, tf.int32))

    def follow(self, state: TMazeState, action: tf.Tensor) -> tuple[TMazeState, tf.Tensor]:
        north, position, _, steps = state
        move = tf.cast(action == 1, tf.int32) - tf.cast(action == 3, tf.int32)
        moved = tf.clip_by_value(position + move, 0, self.length)
        turned = (position == self.length) & ((action == 0) | (action == 2))
        right = turned & (north == (action == 0))
        stood = ~turned & (moved == position)
        reward = tf.where(right, 4.0, tf.where(turned | stood, -0.1, 0.0))
        return TMazeState(north, moved, turned, steps + 1), reward

    def ended(self, state: TMazeState) -> tuple[tf.Tensor, tf.Tensor]:
        return state.turned, ~state.turned & (state.steps >= self.limit)

    def observe(self, state: TMazeState) -> tf.Tensor:
        first, last = state.position == 0, state.position == self.length
        seen = tf.stack(
            [
                tf.where(first, ~state.north, ~last),
                first | last,
                tf.where(first, state.north, ~last),
            ],
            axis=-1,
        )
        return tf.cast(seen & ~state.turned[:, None], tf.float32)
