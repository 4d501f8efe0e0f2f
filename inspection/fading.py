"""How far back a loss reaches: the gradient at every step of one sequence, and how it fades.

T time, C channels.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from inspection import graph, recurrence
from inspection.caching import kept_with_model

MOST = 1e38  # about the largest of float32
FLOOR = 1e-30  # a norm that is taken for none; float32 ends at 1e-38


@dataclass(frozen=True)
class Fading:
    """What of a loss at the last step reaches each step of a recurrent layer, or of what attention looks at.

    Args:
        backwards: Whether the layer went from the last step to the first.
        norms: |dL/dh_t| at the states, or |dL/dx_t| at the items that attention is given; `(T,)`, at least
            `FLOOR`.
        relative: The same as a share of what it is where the loss meets the layer: at the last step that the
            layer reads, or the last of those that the loss looks at. Attention it meets at every step: there
            a share of the largest.
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

    Of a model without recurrence whose first block of attention is `block1`, as `models.encoder` names it,
    the gradient is taken at what that block is given: the embedded steps x_t with their positions. Each of
    them is looked at directly, so nothing has to last.

    Args:
        model: With one input, and one output: logits, probabilities of a softmax or a sigmoid, or values.
        inputs: One sequence, `(T, C)` or `(T,)` tokens.
        target: Of that sequence: classes, of which the last counts (cross entropy); or values `(K,)`, all of
            which do (half the squared error).
        weights: In the order of `model.get_weights()`; None: the model's own.

    Returns: By the names of `recurrence.recurrent(model)`, or by that of the block; nothing where the model
        has neither.

    Raises:
        InspectionError: See `recurrence.flow`.
    """
    loss = _loss(model, np.asarray(target))
    if not recurrence.recurrent(model):
        block = _first_block(model)
        return {} if block is None else {block: _direct(model, block, inputs, loss, weights)}
    flows = recurrence.flow(model, inputs[None], loss, weights)
    return {name: _fading(flow) for name, flow in flows.items()}


def _loss(model: keras.Model, target: np.ndarray) -> recurrence.Loss:
    if np.issubdtype(target.dtype, np.integer):
        return recurrence.cross_entropy([int(target.flat[-1])], model=model)

    def half_squares(outputs: Any) -> tf.Tensor:
        return tf.reduce_sum(tf.square(recurrence.only_output_of(outputs)[0] - target.astype("float32"))) / 2

    return half_squares


def _fading(flow: recurrence.Flow) -> Fading:
    norms = flow.norms[0].astype("float64")
    way = norms if flow.backwards else norms[::-1]  # from where the loss meets the layer
    met = way[np.argmax(way > FLOOR)]
    norms = np.maximum(np.nan_to_num(norms, posinf=MOST), FLOOR)
    return Fading(flow.backwards, norms, np.maximum(norms / max(met, FLOOR), FLOOR))


# Attention


def _first_block(model: keras.Model) -> str | None:
    """Name of the first block of attention, that of a nested model before it; None where there is none."""
    names = (name.removesuffix("_query") for name in graph.layers(model) if name.endswith("_query"))
    return next((name for name in names if name.rpartition("/")[2] == "block1"), None)


def _given(model: keras.Model, block: str) -> str:
    """Name of the layer whose output a block is given."""
    layers = graph.layers(model)
    name = layers[f"{block}_query"].inputs[0]
    return layers[name].inputs[0] if name == f"{block}_attention_norm" else name  # in front of every branch


def _direct(
    model: keras.Model,
    block: str,
    inputs: np.ndarray,
    loss: recurrence.Loss,
    weights: Sequence[np.ndarray] | None,
) -> Fading:
    """The gradient of a loss at what a block is given."""
    given, values = recurrence.fitting_arguments(model, inputs[None], weights)
    (slope,) = recurrence.slopes_of(model, given, values, loss, count=1)
    found = _program(model, block)(given, values, slope).numpy()[0].astype("float64")
    norms = np.maximum(np.nan_to_num(np.linalg.norm(found, axis=-1), posinf=MOST), FLOOR)
    return Fading(False, norms, np.maximum(norms / norms.max(), FLOOR))


@kept_with_model
def _program(model: keras.Model, block: str):
    """A compiled function from inputs, weights and the loss's gradient by the output to that by what a block
    is given, `(B, T, C)`."""
    net = graph.functional(model)
    probe = keras.Model(net.input, (graph.layers(model)[_given(model, block)].tensor, net.output))
    values = [tf.TensorSpec(variable.shape, variable.dtype) for variable in model.weights]

    @tf.function(
        input_signature=[recurrence.signature_of(net.input), values, recurrence.signature_of(net.output)],
        autograph=False,
    )
    def run(inputs, given, slope):
        with tf.GradientTape(watch_accessed_variables=False) as tape, recurrence.weights_scope(model, given):
            tape.watch(given)  # what is computed of these is remembered, the layer's output with it
            found, output = probe(inputs, training=False)
        return tape.gradient(
            output, found, output_gradients=slope, unconnected_gradients=tf.UnconnectedGradients.ZERO
        )

    return run
