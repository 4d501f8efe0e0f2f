"""Many worlds of a game, begun again as they end: what agents learn in, and what they are measured in."""

from typing import NamedTuple

import tensorflow as tf

from games.game import Playable, Share, State, where


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


def begin(game: Playable, seed: tf.Tensor, share: Share) -> Worlds:
    """New games.

    Args:
        game: What is played.
        seed: `(2,)` integers.
        share: Which of all worlds.
    """
    return Worlds(game.begin(seed, share), tf.zeros(share.count), tf.zeros(share.count, tf.int32))


def go_on(
    game: Playable, worlds: Worlds, action: tf.Tensor, seed: tf.Tensor, share: Share
) -> tuple[Worlds, Moment]:
    """One step of all worlds; those that end begin anew.

    Args:
        game: What is played.
        worlds: Before it.
        action: `(B,)` int32.
        seed: `(2,)` integers, the second another one for each step and below `game.RESET`.
        share: Which of all worlds.
    """
    step, state = game.go_on(worlds.state, action, seed, share)
    gain, length = worlds.gain + step.reward, worlds.length + 1
    moment = Moment(step.observation, step.reward, step.terminated, step.truncated, gain, length)
    nothing = (tf.zeros_like(gain), tf.zeros_like(length))
    return Worlds(state, *where(moment.ended, nothing, (gain, length))), moment
