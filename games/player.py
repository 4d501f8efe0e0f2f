"""A policy as it plays: what it makes of what it sees, and what it carries from one moment to the next."""

from typing import Any

import keras
import tensorflow as tf

from games.worlds import Share
from models import policy

LEAST = 1e-9  # of a uniform number, whose logarithm is taken
Memory = tuple[tf.Tensor, ...]  # each with B as its first axis; empty where a policy remembers nothing


class Player:
    """Any policy by one call.

    Args:
        model: See `models.policy`: observations, and what it remembers where it does, to the logits of
            actions and a value, or to the values of the actions; and what it then remembers.

    Attributes:
        remembers: Whether it carries anything.
        looks_back: Whether that is what it has seen, and no more.
    """

    def __init__(self, model: keras.Model) -> None:
        self.model = model
        self.remembers = len(model.inputs) > 1
        self.looks_back = [given.name for given in model.inputs[1:]] == [policy.PAST]
        self._several = len(model.outputs) > 1

    def first(self, count: int) -> Memory:
        """What it remembers of games that have not begun."""
        return tuple(
            tf.fill((count, *given.shape[1:]), policy.nothing(given.name)) for given in self.model.inputs[1:]
        )

    def __call__(
        self, observation: tf.Tensor, memory: Memory, training: bool = False
    ) -> tuple[tf.Tensor, tf.Tensor, Memory]:
        """What it makes of observations.

        Args:
            observation: `(B, ...)`.
            memory: Of the moment before.
            training: Whether it learns by this.

        Returns: Scores of the actions `(B, A)`, the best the highest: logits, or values where it has no
            others; what there is to be had, `(B,)`; and what it now remembers.
        """
        outputs: Any = self.model([observation, *memory] if memory else observation, training=training)
        if not self._several:
            return outputs, tf.reduce_max(outputs, axis=1), ()
        scores, value, *later = outputs
        return scores, value[:, 0], tuple(later)


def pasts(seen: tf.Tensor, begins: tf.Tensor, memory: Memory) -> Memory:
    """What one that looks back remembers at every step, so that it can learn from all at once.

    Args:
        seen: Observations, `(T, B, ...)`.
        begins: Whether a game began with each, `(T, B)` bool.
        memory: What is remembered at the first, `(B, W - 1, F)`.

    Returns: `(T, B, W - 1, F)`: what was seen before, of that game alone.
    """
    (past,) = memory
    (steps, count), back = seen.shape[:2], past.shape[1]
    everything = tf.concat([tf.transpose(past, (1, 0, 2)), tf.reshape(seen, (steps, count, -1))], axis=0)
    games = tf.cumsum(tf.cast(begins, tf.int32))  # the number of each step's game; of what was before, 0
    games = tf.concat([tf.zeros((back, count), tf.int32), games], axis=0)
    places = tf.range(steps)[:, None] + tf.range(back)
    same = tf.gather(games, places) == games[back:, None]  # (T, W - 1, B)
    found = tf.where(same[..., None], tf.gather(everything, places), policy.nothing(policy.PAST))
    return (tf.transpose(found, (0, 2, 1, 3)),)


def drawn(scores: tf.Tensor, key: tf.Tensor, share: Share | None = None) -> tf.Tensor:
    """Actions by their odds, `(B,)` int32: Gumbel's way, the highest of logits to which noise is added.

    Args:
        scores: Logits, `(B, A)`.
        key: `(2,)` integers, of the noise.
        share: Which of all worlds these are, where others are elsewhere.
    """
    count, actions = scores.shape
    uniform = tf.random.stateless_uniform((share.total if share else count, actions), key, minval=LEAST)
    noise = -tf.math.log(-tf.math.log(share.of(uniform) if share else uniform))
    return tf.argmax(scores + noise, 1, tf.int32)
