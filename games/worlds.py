"""Many worlds of a game, begun again as they end: what agents learn in, and what they are measured in."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import tensorflow as tf

from games.game import Game, State, where

RESET = 2**29  # apart from all steps: what is drawn for a new game is drawn for nothing else


class Worlds(NamedTuple):
    """Worlds between two steps.

    Args:
        state: Of the game.
        gain: Rewards since each began, `(B,)` float32.
        length: Steps since then, `(B,)` int32.
    """

    state: State
    gain: tf.Tensor
    length: tf.Tensor


class Moment(NamedTuple):
    """What a step of all worlds brought.

    Args:
        final: The observation after it, `(B, ...)`: of a world that has ended that of its end.
        reward: `(B,)`.
        terminated: Whether the game is over, `(B,)` bool.
        truncated: Whether its time ran out, `(B,)` bool.
        gain: Rewards of the episode so far, this one included, `(B,)`.
        length: Its steps so far, `(B,)` int32.
    """

    final: tf.Tensor
    reward: tf.Tensor
    terminated: tf.Tensor
    truncated: tf.Tensor
    gain: tf.Tensor
    length: tf.Tensor

    @property
    def ended(self) -> tf.Tensor:
        return self.terminated | self.truncated


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


def begin(game: Game, seed: tf.Tensor, share: Share) -> Worlds:
    """New games.

    Args:
        game: What is played.
        seed: `(2,)` integers.
        share: Which of all worlds.
    """
    state = share.of(game.reset(seed, share.total))
    return Worlds(state, tf.zeros(share.count), tf.zeros(share.count, tf.int32))


def go_on(
    game: Game, worlds: Worlds, action: tf.Tensor, seed: tf.Tensor, share: Share
) -> tuple[Worlds, Moment]:
    """One step of all worlds; those that end begin anew.

    Args:
        game: What is played.
        worlds: Before it.
        action: `(B,)` int32.
        seed: `(2,)` integers, the second another one for each step and below `RESET`.
        share: Which of all worlds.
    """
    step = game.advance(worlds.state, action, share.of(game.draw(seed, share.total)))
    moment = Moment(
        step.observation,
        step.reward,
        step.terminated,
        step.truncated,
        worlds.gain + step.reward,
        worlds.length + 1,
    )
    fresh = begin(game, seed + [0, RESET], share)
    after = Worlds(step.state, moment.gain, moment.length)
    return where(moment.ended, fresh, after), moment
