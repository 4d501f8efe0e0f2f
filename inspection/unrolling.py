"""The steps of a model's recurrent layers, run by a loop that can be looked into and pushed at.

A recurrent layer gives its states and hides its gates, and of an LSTM the cell. So a twin of the model is
made that shares all layers and weights with it, and in which each recurrent layer's loop is the one below:
what comes before a layer, its mask, its initial state and what follows it stay Keras' own. The model itself
is left alone.

B batch, T time, U units, C channels.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from inspection import graph, twins
from inspection.caching import kept_with_model

CELLS = {
    keras.layers.SimpleRNNCell: "SimpleRNN",
    keras.layers.GRUCell: "GRU",
    keras.layers.LSTMCell: "LSTM",
}


@dataclass(frozen=True)
class Steps:
    """What a recurrent layer did, in the order of its input: place t is that of x_t, whatever way it went.

    Args:
        states: h and, of an LSTM, c after each step, `(B, T, U)`.
        before: The same before each step.
        mask: Whether each step counted, `(B, T)`; None: all did.
        parts: What the steps computed on their way, by name, `(B, T, U)`; also where the mask left it aside.
        nudges: What was added to h, and c, `(T, B, U)`, and to the layer's input `(B, T, C)`: zeros, and what
            the gradient is taken with respect to. None where nobody asked.
    """

    states: list[tf.Tensor]
    before: list[tf.Tensor]
    mask: tf.Tensor | None
    parts: Mapping[str, tf.Tensor]
    nudges: list[tf.Tensor] | None


@kept_with_model
def recurrent(model: keras.Model) -> Mapping[str, keras.layers.RNN]:
    """The recurrent layers with a known cell by name, in the order of computation.

    Names are those of `inspection.graph.layers`, "nested/layer" and "layer:2" included; the two directions of
    a bidirectional layer are "layer/forward" and "layer/backward". An RNN of other cells is left out.

    Raises:
        InspectionError: The model has no graph of layers.
    """
    uses: dict[str, Any] = {}
    for name, use in graph.layers(model).items():
        first, _, output = name.rpartition(".")
        if not (output.isdigit() and uses.get(first) is use.operation):  # of its outputs the first
            uses[name] = use.operation
    found = {}
    for name, operation in uses.items():
        if isinstance(operation, keras.layers.Bidirectional):
            found[f"{name}/forward"] = operation.forward_layer
            found[f"{name}/backward"] = operation.backward_layer
        else:
            found[name] = operation
    return {name: layer for name, layer in found.items() if _known(layer)}


def run(model: keras.Model, inputs: Any, nudged: Callable[[tf.Tensor], None] | None = None):
    """Run a model, its recurrent layers step by step; inside a compiled function.

    Args:
        model: A functional or Sequential model.
        inputs: Tensors as it takes them.
        nudged: Called with each tensor of zeros that is added to a state or an input; None: none is.

    Returns: The model's output, and the `Steps` of each of `recurrent(model)`, in that order.
    """
    found: list[Steps] = []

    def loop(layer, sequences, initial_state, mask, training=False):
        steps, last, outputs, states = _unroll(layer, sequences, initial_state, mask, nudged)
        found.append(steps)
        return last, outputs, states

    def change(operation):
        return (
            {"inner_loop": functools.partial(loop, operation)} if _known(operation) else twins.mend(operation)
        )

    return twins.twin(model, change)(inputs, training=False), found


def _known(layer: Any) -> bool:
    return isinstance(layer, keras.layers.RNN) and type(layer.cell) in CELLS


class _Weights(NamedTuple):
    kernel: tf.Tensor  # (C, gates * U)
    recurrent: tf.Tensor  # (U, gates * U)
    bias: tf.Tensor | float  # (gates * U,)
    recurrent_bias: tf.Tensor | float  # (gates * U,), of a GRU with reset_after


def _weights(cell: Any, dtype: tf.DType) -> _Weights:
    kernel, recurrent = (
        tf.cast(keras.ops.convert_to_tensor(each), dtype) for each in (cell.kernel, cell.recurrent_kernel)
    )
    if cell.bias is None:
        return _Weights(kernel, recurrent, 0.0, 0.0)
    bias = tf.cast(keras.ops.convert_to_tensor(cell.bias), dtype)
    return _Weights(kernel, recurrent, *(tf.unstack(bias) if bias.shape.rank == 2 else (bias, 0.0)))


def _step(cell: Any, weights: _Weights, x: tf.Tensor, states: Sequence[tf.Tensor]):
    """One step of a cell, or all at once where the states before each are known.

    SimpleRNN: h' = act(a), a = Wx + Uh + b.

    GRU, Cho et al. 2014 (arXiv:1406.1078), equations 5 to 8; Keras' z keeps, as there: h' = z h + (1 - z) g
    with z, r = sigma(Wx + Uh + b), g = act(a), a = Wx + U(r h) + b, or a = Wx + b + r (Uh + b') with
    `reset_after`.

    LSTM, Hochreiter and Schmidhuber 1997 with the forget gate of Gers et al. 2000: c' = f c + i g and
    h' = o act(c') with i, f, o = sigma(Wx + Uh + b), g = act(a), a = Wx + Uh + b.

    Args:
        cell: Whose.
        weights: Its.
        x: Wx + b, `(..., gates * U)`.
        states: h and, of an LSTM, c before it, `(..., U)`.

    Returns: The states after it, and its parts by name, each `(..., U)`.
    """
    h = states[0]
    kind = CELLS[type(cell)]
    if kind == "SimpleRNN":
        total = x + tf.matmul(h, weights.recurrent)
        new = cell.activation(total)
        return [new], {"total": total, "candidate": new}
    if kind == "LSTM":
        i, f, total, o = tf.split(x + tf.matmul(h, weights.recurrent), 4, axis=-1)
        i, f, o = (cell.recurrent_activation(gate) for gate in (i, f, o))
        candidate = cell.activation(total)
        c = f * states[1] + i * candidate
        parts = {"input": i, "forget": f, "output": o, "total": total, "candidate": candidate}
        return [o * cell.activation(c), c], parts
    units = cell.units
    x_gates, x_candidate = x[..., : 2 * units], x[..., 2 * units :]
    if cell.reset_after:
        inner = tf.matmul(h, weights.recurrent) + weights.recurrent_bias
        z, r = tf.split(x_gates + inner[..., : 2 * units], 2, axis=-1)
        z, r = cell.recurrent_activation(z), cell.recurrent_activation(r)
        total = x_candidate + r * inner[..., 2 * units :]
    else:
        z, r = tf.split(x_gates + tf.matmul(h, weights.recurrent[:, : 2 * units]), 2, axis=-1)
        z, r = cell.recurrent_activation(z), cell.recurrent_activation(r)
        total = x_candidate + tf.matmul(r * h, weights.recurrent[:, 2 * units :])
    candidate = cell.activation(total)
    parts = {"update": z, "reset": r, "total": total, "candidate": candidate}
    return [z * h + (1 - z) * candidate], parts


def _unroll(layer: Any, sequences: tf.Tensor, initial_state: Any, mask: Any, nudged: Callable | None):
    """A layer's `Steps`, and what its own loop gives: last output, outputs and last states."""
    cell = layer.cell
    # Half precision rounds a vanishing gradient to 0 long before it has vanished.
    dtype = tf.float64 if sequences.dtype == tf.float64 else tf.float32
    weights = _weights(cell, dtype)
    x = tf.cast(sequences, dtype)  # (B, T, C)
    initial = [tf.cast(state, dtype) for state in keras.tree.flatten(initial_state)]  # (B, U) each
    count, length = tf.shape(x)[0], tf.shape(x)[1]
    nudges = None
    if nudged is not None:
        nudges = [tf.zeros((length, count, state.shape[-1]), dtype) for state in initial] + [tf.zeros_like(x)]
        for nudge in nudges:
            nudged(nudge)
        x += nudges[-1]
    x = tf.matmul(x, weights.kernel) + weights.bias  # (B, T, gates * U), of all steps at once
    if mask is not None:
        mask = tf.cast(keras.tree.flatten(mask)[0], tf.bool)
        mask = mask if mask.shape.rank == 2 else mask[..., 0]

    read = [_array(tf.transpose(x, (1, 0, 2)))]
    read += [_array(nudge) for nudge in (nudges or [])[:-1]]
    read += [] if mask is None else [_array(tf.transpose(mask)[..., None])]
    write = [tf.TensorArray(dtype, length, element_shape=state.shape) for state in initial]

    def body(index, states, arrays):
        place = length - 1 - index if layer.go_backwards else index
        values = [array.read(place) for array in read]
        new, parts = _step(cell, weights, values[0], states)
        if nudges is not None and len(new) == 2:  # what is added to c is to reach h too
            new[0] = parts["output"] * cell.activation(new[1] + values[2])
        if mask is not None:
            new = [tf.where(values[-1], after, before) for after, before in zip(new, states, strict=True)]
        if nudges is not None:
            new = [state + nudge for state, nudge in zip(new, values[1:], strict=False)]
        for state, before in zip(new, states, strict=True):
            state.set_shape(before.shape)
        return index + 1, new, [array.write(place, state) for array, state in zip(arrays, new, strict=True)]

    _, last, write = tf.while_loop(lambda index, *_: index < length, body, (0, initial, write))
    states = [tf.transpose(array.stack(), (1, 0, 2)) for array in write]  # (B, T, U)
    shift = _later if layer.go_backwards else _earlier
    before = [shift(all_steps, first) for all_steps, first in zip(states, initial, strict=True)]
    _, parts = _step(cell, weights, x, before)
    outputs = _outputs(layer, states[0], mask)
    # The length, where it is known: a TimeDistributed layer behind goes another way where it is not.
    outputs = tf.ensure_shape(outputs, (*sequences.shape[:2], outputs.shape[-1]))
    return Steps(states, before, mask, parts, nudges), outputs[:, -1], outputs, last


def _array(values: tf.Tensor) -> tf.TensorArray:
    """`(T, ...)`, to be read step by step, and again by the gradient."""
    return tf.TensorArray(values.dtype, tf.shape(values)[0], clear_after_read=False).unstack(values)


def _earlier(states: tf.Tensor, initial: tf.Tensor) -> tf.Tensor:
    return tf.concat([initial[:, None], states[:, :-1]], 1)


def _later(states: tf.Tensor, initial: tf.Tensor) -> tf.Tensor:
    return tf.concat([states[:, 1:], initial[:, None]], 1)


def _outputs(layer: Any, h: tf.Tensor, mask: tf.Tensor | None) -> tf.Tensor:
    """What a layer gives, in the order in which it goes: its states, but at masked steps the last output."""
    if layer.go_backwards:
        h, mask = tf.reverse(h, [1]), None if mask is None else tf.reverse(mask, [1])
    if mask is None:
        return h
    # Before the first step that counts there is no last output: 0, and not the initial state.
    counted = mask if layer.zero_output_for_mask else tf.cumsum(tf.cast(mask, tf.int32), axis=1) > 0
    return tf.where(counted[..., None], h, tf.zeros_like(h))
