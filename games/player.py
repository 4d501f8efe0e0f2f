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
    """

    def __init__(self, model: keras.Model) -> None:
        self.model = model
        self.remembers = len(model.inputs) > 1
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
