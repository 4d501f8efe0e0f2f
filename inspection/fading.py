"""How far back a loss reaches: the gradient at every step of one sequence, and how it fades.

T time, C channels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from inspection import recurrence

MOST = 1e38  # about the largest of float32
FLOOR = 1e-30  # a norm that is taken for none; float32 ends at 1e-38


@dataclass(frozen=True)
class Fading:
    """What of a loss at the last step reaches each step of a recurrent layer.

    Args:
        backwards: Whether the layer went from the last step to the first.
        norms: |dL/dh_t|, `(T,)`, at least `FLOOR`.
        relative: The same as a share of what it is where the loss meets the layer: at the last step that the
            layer reads, or the last of those that the loss looks at.
    """

    backwards: bool
    norms: np.ndarray
    relative: np.ndarray


def fading(
    model: keras.Model,
    inputs: np.ndarray,
    target: np.ndarray,
    weights: Sequence[np.ndarray] | None = None,
) -> dict[str, Fading]:
    """Follow the loss at the last step of one sequence back through time; see `recurrence.flow`.

    Args:
        model: With one input, and one output of logits or of values.
        inputs: One sequence, `(T, C)` or `(T,)` tokens.
        target: Of that sequence: classes, of which the last counts (cross entropy); or values `(K,)`, all of
            which do (half the squared error).
        weights: In the order of `model.get_weights()`; None: the model's own.

    Returns: By the names of `recurrence.recurrent(model)`.

    Raises:
        InspectionError: See `recurrence.flow`.
    """
    loss = _loss(np.asarray(target))
    flows = recurrence.flow(model, inputs[None], loss, weights)
    return {name: _fading(flow) for name, flow in flows.items()}


def _loss(target: np.ndarray) -> recurrence.Loss:
    if np.issubdtype(target.dtype, np.integer):
        return recurrence.cross_entropy([int(target.flat[-1])])

    def half_squares(outputs: Any) -> tf.Tensor:
        return tf.reduce_sum(tf.square(outputs[0] - target.astype("float32"))) / 2

    return half_squares


def _fading(flow: recurrence.Flow) -> Fading:
    norms = flow.norms[0].astype("float64")
    way = norms if flow.backwards else norms[::-1]  # from where the loss meets the layer
    met = way[np.argmax(way > FLOOR)]
    norms = np.maximum(np.nan_to_num(norms, posinf=MOST), FLOOR)
    return Fading(flow.backwards, norms, np.maximum(norms / max(met, FLOOR), FLOOR))
