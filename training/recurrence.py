"""Recurrent layers on a CPU: Keras' own numbers, by fewer and larger matrix products.

Keras multiplies each step's input by the kernel inside the loop over the steps, and its gradient adds up
the kernels' gradients a step at a time. Neither depends on the loop: here all steps' inputs are multiplied
at once before it, and the kernels' gradients are taken at once after it (Appleyard et al. 2016,
arXiv:1604.01946, sections 3.1 and 3.2), so that the loops hold nothing but the product with the state and
the gates. On a GPU the layers are left as they are, since cuDNN does the same and more.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass

import keras
import tensorflow as tf

States = tuple[tf.Tensor, ...]


@dataclass(frozen=True)
class Cell:
    """One step of a recurrent layer, and its gradient.

    Args:
        forward: From the projected input `(B, G)`, the projected state `(B, G)` and the states, each
            `(B, U)`, to the new states, h first, and what `backward` wants to be kept.
        backward: From the gradients of the new states, the old states and what was kept to the gradients
            of both projections and, of each old state, what does not pass through the projection; None
            for h where nothing else does.
        kept: How many tensors are kept.
    """

    forward: Callable[[tf.Tensor, tf.Tensor, States], tuple[States, States]]
    backward: Callable[[States, States, States], tuple[tf.Tensor, tf.Tensor, tuple]]
    kept: int


def _simple_forward(x, z, states):
    h = tf.tanh(x + z)
    return (h,), (h,)


def _simple_backward(gradients, states, kept):
    a = tf.raw_ops.TanhGrad(y=kept[0], dy=gradients[0])
    return a, a, (None,)


def _gru_forward(x, z, states):
    """Keras' order: update gate, reset gate, candidate; the reset gate comes after the product."""
    (h,) = states
    x_update, x_reset, x_new = tf.split(x, 3, axis=-1)
    z_update, z_reset, z_new = tf.split(z, 3, axis=-1)
    update, reset = tf.sigmoid(x_update + z_update), tf.sigmoid(x_reset + z_reset)
    new = tf.tanh(x_new + reset * z_new)
    return (new + update * (h - new),), (update, reset, new, z_new)


def _gru_backward(gradients, states, kept):
    (h,), (update, reset, new, z_new) = states, kept
    gradient = gradients[0]
    through = gradient * update
    d_new = tf.raw_ops.TanhGrad(y=new, dy=gradient - through)
    d_update = tf.raw_ops.SigmoidGrad(y=update, dy=gradient * (h - new))
    d_reset = tf.raw_ops.SigmoidGrad(y=reset, dy=d_new * z_new)
    gates = tf.concat([d_update, d_reset, d_new], axis=-1)
    return gates, tf.concat([d_update, d_reset, d_new * reset], axis=-1), (through,)


def _lstm_forward(x, z, states):
    """Keras' order: input, forget, candidate, output."""
    i, f, g, o = tf.split(x + z, 4, axis=-1)
    i, f, g, o = tf.sigmoid(i), tf.sigmoid(f), tf.tanh(g), tf.sigmoid(o)
    c = f * states[1] + i * g
    squashed = tf.tanh(c)
    return (o * squashed, c), (i, f, g, o, squashed)


def _lstm_backward(gradients, states, kept):
    (d_h, d_c), (i, f, g, o, squashed) = gradients, kept
    d_c += tf.raw_ops.TanhGrad(y=squashed, dy=d_h * o)
    gates = tf.concat(
        [
            tf.raw_ops.SigmoidGrad(y=i, dy=d_c * g),
            tf.raw_ops.SigmoidGrad(y=f, dy=d_c * states[1]),
            tf.raw_ops.TanhGrad(y=g, dy=d_c * i),
            tf.raw_ops.SigmoidGrad(y=o, dy=d_h * squashed),
        ],
        axis=-1,
    )
    return gates, gates, (None, d_c * f)


CELLS = {
    keras.layers.SimpleRNN: Cell(_simple_forward, _simple_backward, kept=1),
    keras.layers.GRU: Cell(_gru_forward, _gru_backward, kept=4),
    keras.layers.LSTM: Cell(_lstm_forward, _lstm_backward, kept=5),
}


def hasten(model: keras.Model) -> None:
    """Let the recurrent layers of a model compute as this module does, wherever it is called from now on.

    Files, weights and configurations stay as they were. A layer with a setting that this module does not
    know keeps Keras' own loop, as do all where there is a GPU.
    """
    if tf.config.list_physical_devices("GPU"):
        return
    for layer in model.layers:
        both = isinstance(layer, keras.layers.Bidirectional)
        for one in (layer.forward_layer, layer.backward_layer) if both else (layer,):
            if type(one) in CELLS and _known(one):
                one.inner_loop = functools.partial(_inner_loop, one)


def _known(layer: keras.layers.RNN) -> bool:
    settings = layer.get_config()
    wanted = {
        "activation": "tanh",
        "recurrent_activation": "sigmoid",
        "use_bias": True,
        "reset_after": True,
        "dropout": 0.0,
        "recurrent_dropout": 0.0,
        "unroll": False,
    }
    plain = all(settings.get(name, value) == value for name, value in wanted.items())
    return plain and layer.compute_dtype == "float32"


def _inner_loop(layer, sequences, initial_state, mask, training=False):
    """What a layer's own `inner_loop` returns: the last output, all outputs or the last, the states."""
    x = tf.transpose(sequences, (1, 0, 2))
    if mask is not None:
        mask = tf.transpose(tf.cast(mask, tf.bool))[..., None]
    if layer.go_backwards:
        x = tf.reverse(x, [0])
        mask = mask if mask is None else tf.reverse(mask, [0])
    bias = tf.convert_to_tensor(layer.cell.bias)
    after = tf.zeros_like(bias)  # a GRU adds one to each product, the others one to the sum
    if isinstance(layer, keras.layers.GRU):
        bias, after = tf.unstack(bias)
    kernel, recurrent = map(tf.convert_to_tensor, (layer.cell.kernel, layer.cell.recurrent_kernel))
    projected = tf.reshape(tf.reshape(x, (-1, x.shape[-1])) @ kernel + bias, _like(x, kernel.shape[-1]))
    outputs, *last = _scan(CELLS[type(layer)], projected, tuple(initial_state), recurrent, after, mask)
    shown = outputs
    if mask is not None:  # Keras' output is zero before the first step that counts, or at all that don't
        seen = mask if layer.zero_output_for_mask else tf.cumsum(tf.cast(mask, tf.int32)) > 0
        shown = tf.where(seen, outputs, 0.0)
    final = shown[-1]
    return final, tf.transpose(shown, (1, 0, 2)) if layer.return_sequences else final[:, None], last


def _like(x: tf.Tensor, width: int) -> tf.Tensor:
    return tf.concat([tf.shape(x)[:2], [width]], axis=0)


def _scan(cell: Cell, projected, first: States, recurrent, bias, mask):
    """The states through all steps.

    Args:
        projected: Of every step's input, `(T, B, G)`.
        first: The states before the first step, each `(B, U)`.
        recurrent: The kernel `(U, G)` of the state's projection, and `bias` `(G,)` its bias.
        mask: `(T, B, 1)` bool, which steps count; None: all.

    Returns: h after every step `(T, B, U)`, then each state after the last.
    """
    steps = tf.shape(projected)[0]

    @tf.custom_gradient
    def scan(projected, recurrent, bias, *first):
        # Place t of a history is the state before step t; all but h's is for the gradient alone.
        def step(index, states, histories, kept):
            new, keep = cell.forward(projected[index], states[0] @ recurrent + bias, states)
            if mask is not None:
                new = tuple(tf.where(mask[index], n, s) for n, s in zip(new, states, strict=True))
            return index + 1, new, _write(histories, index + 1, new), _write(kept, index, keep)

        histories = _write([_array(steps + 1) for _ in first], 0, first)
        kept = tuple(_array(steps) for _ in range(cell.kept))
        _, last, histories, kept = tf.while_loop(
            lambda index, *_: index < steps, step, (0, first, histories, kept), maximum_iterations=steps
        )
        h = histories[0].stack()

        def gradient(d_outputs, *d_last):
            d_first, d_inputs, d_products = _back(cell, d_outputs, d_last, histories, kept, recurrent, mask)
            before, flat = (tf.reshape(x, (-1, x.shape[-1])) for x in (h[:-1], d_products))
            d_recurrent = tf.matmul(before, flat, transpose_a=True)
            return d_inputs, d_recurrent, tf.reduce_sum(flat, axis=0), *d_first

        return (h[1:], *last), gradient

    return scan(projected, recurrent, bias, *first)


def _back(cell: Cell, d_outputs, d_last: States, histories, kept, recurrent, mask):
    """From the last step to the first: gradients of the first states and of both projections, `(T, B, G)`."""
    steps = tf.shape(d_outputs)[0]
    transposed = tf.transpose(recurrent)  # once: a product with a small batch is twice as fast for it

    def step(index, d_states, inputs, products):
        index -= 1
        given = (d_states[0] + d_outputs[index], *d_states[1:])
        if mask is not None:  # a step that does not count hands on what it was given
            passed = tuple(tf.where(mask[index], 0.0, d) for d in given)
            given = tuple(tf.where(mask[index], d, 0.0) for d in given)
        d_x, d_z, through = cell.backward(given, _read(histories, index), _read(kept, index))
        d_h = d_z @ transposed
        new = (d_h if through[0] is None else d_h + through[0], *through[1:])
        if mask is not None:
            new = tuple(a + b for a, b in zip(new, passed, strict=True))
        return index, new, inputs.write(index, d_x), products.write(index, d_z)

    _, d_first, inputs, products = tf.while_loop(
        lambda index, *_: index > 0,
        step,
        (steps, d_last, _array(steps), _array(steps)),
        maximum_iterations=steps,
    )
    return d_first, inputs.stack(), products.stack()


def _read(arrays, index) -> States:
    return tuple(array.read(index) for array in arrays)


def _write(arrays, index, tensors: States) -> tuple[tf.TensorArray, ...]:
    return tuple(array.write(index, tensor) for array, tensor in zip(arrays, tensors, strict=True))


def _array(steps) -> tf.TensorArray:
    return tf.TensorArray(tf.float32, steps, clear_after_read=False)
