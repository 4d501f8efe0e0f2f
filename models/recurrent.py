"""What recurrent architectures share: cells, layers of one or both directions, gates that remember."""

from collections.abc import Sequence

import keras
from keras import ops

CELLS = {"simple": keras.layers.SimpleRNN, "gru": keras.layers.GRU, "lstm": keras.layers.LSTM}
# Tensors that a layer's state is made of, by cell: h, and of an LSTM the cell c.
STATES = {"simple": ("h",), "gru": ("h",), "lstm": ("h", "c")}
PADDING = -32768.0  # a step of features that is none; a power of two, so exact in every float


def tokens_initializer() -> keras.initializers.Initializer:
    """Of the vectors that a recurrent layer reads: entries of deviation 1, as normalized features have.

    Keras' own, of some 0.03, leave the gates' inputs next to nothing for hundreds of steps.
    """
    return keras.initializers.RandomNormal(stddev=1.0)


def layer(
    x: keras.KerasTensor,
    cell: str,
    units: int,
    name: str,
    *,
    bidirectional: bool = False,
    initial_state: Sequence[keras.KerasTensor] | None = None,
    unroll: bool = False,
) -> tuple[keras.KerasTensor, list[keras.KerasTensor]]:
    """Apply a recurrent layer.

    Activations, biases and gates are Keras' defaults, which are what cuDNN computes: on a GPU the fused
    kernel of a GRU or an LSTM is taken (Appleyard et al. 2016, arXiv:1604.01946). A mask that `x` carries
    is kept to: a step that is none leaves the state as it is.

    Args:
        x: `(B, T, C)`.
        cell: One of `CELLS`.
        units: Width of the state; of two directions half of it each.
        name: The layer's. The directions of a bidirectional one are `<name>_forward` and
            `<name>_backward`, both at the place of the step that they have read last.
        bidirectional: Read from both ends (Schuster and Paliwal 1997).
        initial_state: One tensor `(B, units)` for each of `STATES[cell]`; None: zeros.
        unroll: Write every step out instead of a loop: for a single one.

    Returns: The state at every step, `(B, T, units)`, and the last states, each `(B, units)`.
    """
    settings = {"return_sequences": True, "return_state": True, "unroll": unroll}
    if not bidirectional:
        outputs, *last = CELLS[cell](units, **settings, name=name)(x, initial_state=initial_state)
        return outputs, last
    half = CELLS[cell](units // 2, **settings, name=name)
    directions = keras.layers.Bidirectional(half, merge_mode=None, name=f"{name}_directions")
    forward, backward, *last = directions(x)
    count = len(STATES[cell])
    both = zip(STATES[cell], last[:count], last[count:], strict=True)
    joined = [keras.layers.Concatenate(name=f"{name}_{state}")([one, other]) for state, one, other in both]
    forward = keras.layers.Identity(name=f"{name}_forward")(forward)
    backward = keras.layers.Identity(name=f"{name}_backward")(backward)
    return keras.layers.Concatenate(name=name)([forward, backward]), joined


def remember(model: keras.Model, steps: int) -> None:
    """Set the gates' biases so that memories begin with lifetimes of up to `steps` steps.

    Chrono initialization, Tallec and Ollivier 2018 (arXiv:1804.11188, section 3.2): a forget gate of bias
    log(n) forgets within some n steps, and n is drawn from 1 to `steps`; the input gate has its negative.
    Plain layers have no gates and stay as they are.
    """
    for candidate in model.layers:
        found = (
            (candidate.forward_layer, candidate.backward_layer)
            if isinstance(candidate, keras.layers.Bidirectional)
            else (candidate,)
        )
        for one in found:
            if not isinstance(one, keras.layers.LSTM | keras.layers.GRU):
                continue
            units = one.units
            forget = ops.log(keras.random.uniform((units,), 1.0, max(2.0, steps - 1.0)))
            zeros = ops.zeros((units,))
            if isinstance(one, keras.layers.LSTM):  # input, forget, candidate, output
                one.cell.bias.assign(ops.concatenate([-forget, forget, zeros, zeros]))
            else:  # update, reset, candidate: what the update gate lets pass of the past, and of the input
                bias = ops.concatenate([forget, zeros, zeros])
                one.cell.bias.assign(ops.stack([bias, ops.zeros_like(bias)]))
