"""What in an observation decides: how an agent's choice and what it expects move with all that it sees."""

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from inspection.activations import filled, fixed_batch, unfilled
from inspection.caching import kept_with_model
from inspection.graph import InspectionError

TINY = 1e-12  # in the place of 0, where one divides


@dataclass(frozen=True)
class Decisions:
    """Gradients with respect to observations `(B, ...)`, of the same shape.

    Args:
        choice: Of the lead of an action: by how much its score is above the mean of all scores. It is a
            lead that decides, and all scores together may move without it.
        value: Of what the agent expects to be had yet.
    """

    choice: np.ndarray
    value: np.ndarray


def decisions(
    model: keras.Model,
    observations: np.ndarray,
    actions: Sequence[int] | np.ndarray,
    memory: Sequence[np.ndarray] = (),
) -> Decisions:
    """Ask an agent what in its observations decides.

    Args:
        model: From observations `(B, ...)`, and what it remembers where it does, to the logits of A actions
            `(B, A)`, a value `(B, 1)` and what it then remembers; or to the actions' values `(B, A)` alone,
            the greatest of which is the value then.
        observations: `(B, ...)`.
        actions: Whose lead is explained, one for each observation, 0 to A - 1.
        memory: What it remembers at each, `(B, ...)` for each further input.

    Raises:
        InspectionError: The model is no such agent, or what is given does not fit it.
    """
    shapes = [tuple(output.shape[1:]) for output in model.outputs]
    if len(shapes[0]) != 1 or (len(shapes) > 1 and shapes[1] != (1,)):
        raise InspectionError(
            f"model {model.name!r} must give the scores of actions (B, A), alone or with a value (B, 1). It "
            f"gives {', '.join(str(tuple(output.shape)) for output in model.outputs)}"
        )
    wanted = [tuple(entrance.shape[1:]) for entrance in model.inputs]
    given = [part.shape[1:] for part in (observations, *memory)]
    if given != wanted:
        raise InspectionError(f"the agent takes {wanted}. Received: {given}")
    chosen = np.asarray(actions, "int32")
    if chosen.shape != observations.shape[:1] or not ((chosen >= 0) & (chosen < shapes[0][0])).all():
        raise InspectionError(
            f"there must be an action for each observation, 0 to {shapes[0][0] - 1}. Received: {actions!r}"
        )
    size = fixed_batch(model)
    taken = [tf.constant(filled(np.asarray(part), size), tf.float32) for part in (observations, *memory)]
    found = [each.numpy() for each in _compiled(model)(tf.constant(filled(chosen, size)), *taken)]
    return Decisions(*unfilled(model, observations, found))


def heat(slopes: np.ndarray) -> np.ndarray:
    """Saliency of pictures: Simonyan et al. 2013 (arXiv:1312.6034), section 3: the largest of the channels.

    Args:
        slopes: `(B, H, W, C)`.

    Returns: `(B, H, W)` in [0, 1], each picture by its own strongest place.
    """
    places = np.abs(slopes).max(axis=-1)
    return places / np.maximum(places.max(axis=(1, 2), keepdims=True), TINY)


def push(slopes: np.ndarray, observations: np.ndarray) -> np.ndarray:
    """How much each number of the observations pushes, where it moves by its spread over all of them.

    Gradients are of another unit for each number: only by its spread can one be held against the next.

    Args:
        slopes: `(B, C)`.
        observations: Likewise.

    Returns: `(B, C)` in [-1, 1], by the greatest of all.
    """
    pushes = slopes * observations.std(axis=0)
    return pushes / max(float(np.abs(pushes).max()), TINY)


@kept_with_model
def _compiled(model: keras.Model):
    """A compiled function from (actions, observations, memory...) to the gradients of lead and value."""
    taken = [tf.TensorSpec(entrance.shape, tf.float32) for entrance in model.inputs]

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.int32), *taken], autograph=False)
    def run(actions, observations, *memory):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(observations)
            given = [observations, *memory] if memory else observations
            outputs = keras.tree.flatten(model(given, training=False))
            scores = tf.cast(outputs[0], tf.float32)
            value = outputs[1] if len(outputs) > 1 else tf.reduce_max(scores, axis=1)
            lead = tf.gather(scores, actions, batch_dims=1) - tf.reduce_mean(scores, axis=1)
        # What becomes of an observation is its own, so the sum's gradient is each one's.
        return [tape.gradient(part, observations, unconnected_gradients="zero") for part in (lead, value)]

    return run
