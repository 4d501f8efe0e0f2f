"""What a discriminator says of pictures, and what it sends back to whoever made them."""

from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from inspection.activations import filled, fixed_batch, unfilled
from inspection.caching import kept_with_model
from inspection.graph import InspectionError


@dataclass(frozen=True)
class Verdicts:
    """Of pictures `(N, H, W, C)`, or of points `(N, D)`.

    Args:
        logits: Above 0 a picture is taken for real, `(N,)`.
        slopes: Gradient of each logit with respect to its picture, `(N, H, W, C)`: all that a generator is
            told of it, brighter where that is above 0, darker where it is below. Of a point it is whither to
            move.
    """

    logits: np.ndarray
    slopes: np.ndarray

    @property
    def shares(self) -> np.ndarray:
        """How likely the discriminator holds each to be real, `(N,)`, where it learned by cross-entropy."""
        return 1 / (1 + np.exp(-self.logits.astype("float64")))


def verdicts(discriminator: keras.Model, pictures: np.ndarray, labels: np.ndarray | None = None) -> Verdicts:
    """Ask a discriminator of pictures.

    Args:
        discriminator: From pictures, or pictures and labels, to logits `(N, 1)`; or from points.
        pictures: `(N, H, W, C)` in [0, 1], or points `(N, D)`.
        labels: The class that each is said to be of, `(N,)`; None where the discriminator is told none.

    Raises:
        InspectionError: The model is no such discriminator, or the pictures or labels do not fit it.
    """
    entrances = discriminator.inputs
    if len(entrances) != 1 + (labels is not None) or discriminator.outputs[0].shape[1:] != (1,):
        of = "pictures" if labels is None else "pictures and labels"
        raise InspectionError(f"model {discriminator.name!r} is no discriminator of {of}")
    wanted = tuple(entrances[0].shape[1:])
    if pictures.shape[1:] != wanted:
        raise InspectionError(
            f"the discriminator takes pictures of shape {wanted}. Received: {pictures.shape[1:]}"
        )
    size = fixed_batch(discriminator)
    given = [tf.constant(filled(pictures, size), tf.float32)]
    if labels is not None:
        given.append(tf.constant(filled(labels, size), tf.int32))
    found = [each.numpy() for each in _compiled(discriminator)(*given)]
    return Verdicts(*unfilled(discriminator, pictures, found))


def followed(pictures: np.ndarray, slopes: np.ndarray, distance: float) -> np.ndarray:
    """Pictures moved along their slopes, each by `distance` a pixel in the mean, cut to [0, 1].

    Args:
        pictures: `(N, H, W, C)`.
        slopes: Likewise.
        distance: Mean change of an entry before the cut.
    """
    size = np.abs(slopes).mean(axis=(1, 2, 3), keepdims=True)
    return np.clip(pictures + distance * slopes / np.maximum(size, 1e-12), 0, 1).astype("float32")


@kept_with_model
def _compiled(discriminator: keras.Model):
    signature = [tf.TensorSpec(tensor.shape, tensor.dtype) for tensor in discriminator.inputs]

    @tf.function(input_signature=signature, autograph=False)
    def judge(pictures, *labels):
        with tf.GradientTape() as tape:
            tape.watch(pictures)
            logits = discriminator([pictures, *labels] if labels else pictures, training=False)[:, 0]
        # A picture's logit is its own, so the sum's gradient is each one's.
        return tf.cast(logits, tf.float32), tape.gradient(logits, pictures)

    return judge
