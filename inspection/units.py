"""Which units of a net do something: silent, flat and dead ones, and what arrives at them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from inspection.caching import kept_with_model
from inspection.graph import InspectionError, functional

BINS = 60  # of a histogram
LARGEST = 4096  # inputs of an affine map that is written down
FLAT = 0.01  # slope below which next to no gradient passes
ACTIVATIONS = ("Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax")  # Keras' layers of this kind


@dataclass(frozen=True)
class Layer:
    """What an activation function does over a set of inputs.

    A unit is one number of a dense layer's output, or one channel of a convolution's, whatever its position.

    Args:
        name: Of the layer.
        units: How many it has.
        silent: Share of the outputs that are exactly 0: the sparsity (Glorot et al. 2011, section 3.1).
        flat: Share of the outputs at which the function's slope is below `FLAT`, to either side.
        dead: `(units,)` bool: flat on every input and at every position, so that no gradient reaches the
            unit's weights any more.
        counts: `(BINS,)` of the pre-activations; those beyond the edges count in the first and the last bin.
        edges: `(BINS + 1,)` of the bins.
    """

    name: str
    units: int
    silent: float
    flat: float
    dead: np.ndarray
    counts: np.ndarray
    edges: np.ndarray


def units(model: keras.Model, batches: Iterable[np.ndarray]) -> list[Layer]:
    """Watch every activation function of a model over a set of inputs, batch by batch.

    Activation functions are found where they are layers of their own, as the builders here have them.

    Args:
        model: A functional or Sequential model.
        batches: Of inputs `(B, ...)`; at least one.

    Returns: A `Layer` for each activation function, in the order of computation.

    Raises:
        InspectionError: The model has no graph of layers, or no activation function in it.
    """
    program, names = _compiled(model)
    totals: Any = None
    for batch in batches:
        inputs = tf.convert_to_tensor(batch, tf.float32)
        if totals is None:  # the first batch tells how far a histogram reaches
            limits = program(inputs, [tf.constant(1.0)] * len(names))[1]
        sums = keras.tree.map_structure(lambda tensor: tensor.numpy(), program(inputs, limits)[0])
        totals = sums if totals is None else keras.tree.map_structure(np.add, totals, sums)
    if totals is None:
        raise ValueError("batches must hold at least one batch. Received: none")
    return [
        _layer(name, total, float(limit)) for name, total, limit in zip(names, totals, limits, strict=True)
    ]


def in_batches(inputs: np.ndarray, size: int = 128) -> Iterator[np.ndarray]:
    """`inputs` in batches; one size but for the last, so that two programs are compiled at the most."""
    for start in range(0, len(inputs), size):
        yield inputs[start : start + size]


def slopes(function: keras.Model, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A function of one number and its derivative.

    Args:
        function: `(B, 1)` to `(B, 1)`.
        points: `(B,)`.

    Returns: Values and derivatives, each `(B,)`.
    """
    inputs = tf.constant(points[:, None], tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        values = function(inputs)
    derivatives = tape.gradient(values, inputs, unconnected_gradients="zero")
    return values.numpy()[:, 0], derivatives.numpy()[:, 0]


@dataclass(frozen=True)
class Affine:
    """A net that is one affine map, x W + b.

    Args:
        weights: `(D, K)`; D is the product of the input's axes.
        bias: `(K,)`.
        error: Largest difference between the map and the net over the inputs that it was checked on.
    """

    weights: np.ndarray
    bias: np.ndarray
    error: float


def collapsed(model: keras.Model, inputs: np.ndarray, tolerance: float = 1e-5) -> Affine | None:
    """The one affine map that a net without a bend is, whatever its depth; None where it bends.

    The net is asked for 0 and for each unit vector, which tells an affine map completely; whether it is
    one is then seen on other inputs.

    Args:
        model: `(B, ...)` to `(B, K)`.
        inputs: `(B, ...)` to check it on.
        tolerance: Largest difference, as a share of the largest output, at which the two are the same.

    Raises:
        InspectionError: The input has more than `LARGEST` numbers.
    """
    shape = inputs.shape[1:]
    size = int(np.prod(shape))
    if size > LARGEST:
        raise InspectionError(
            f"the map of {size} inputs is too large to be written down; {LARGEST} are the most"
        )
    probes = np.concatenate([np.zeros((1, size)), np.eye(size)]).reshape(-1, *shape)
    answers = np.concatenate([model(batch, training=False) for batch in in_batches(probes)])
    bias, weights = answers[0], answers[1:] - answers[0]
    outputs = np.concatenate([model(batch, training=False) for batch in in_batches(inputs)])
    error = float(np.abs(inputs.reshape(len(inputs), size) @ weights + bias - outputs).max())
    if error > tolerance * max(1.0, float(np.abs(outputs).max())):
        return None
    return Affine(weights, bias, error)


@kept_with_model
def _compiled(model: keras.Model):
    """A compiled function from (inputs, a limit a layer) to sums a layer and the limits of this batch; and
    the layers' names."""
    graph = functional(model)
    layers = [(layer, layer.input) for layer in graph.layers if activates(layer)]
    if not layers:
        raise InspectionError(
            f"model {model.name!r} has no layer that is an activation function, such as "
            f'keras.layers.Activation("relu")'
        )
    # The two sides of a Multiply that squares are one tensor.
    arriving = {layer.name: tensor[0] if isinstance(tensor, list) else tensor for layer, tensor in layers}
    probe = keras.Model(graph.input, arriving)

    @tf.function(autograph=False)
    def watch(inputs, limits):
        sums, found = [], []
        tensors = probe(inputs, training=False)
        for (layer, _), limit in zip(layers, limits, strict=True):
            z = tf.cast(tensors[layer.name], tf.float32)
            with tf.GradientTape() as tape:
                tape.watch(z)
                output = layer([z, z]) if isinstance(layer, keras.layers.Multiply) else layer(z)
            slope = tape.gradient(output, z, unconnected_gradients="zero")
            flat = tf.abs(slope) < FLAT
            positions = list(range(len(z.shape) - 1))
            sums.append(
                (
                    tf.math.count_nonzero(output == 0),
                    tf.math.count_nonzero(flat),
                    tf.math.count_nonzero(~flat, positions),
                    tf.histogram_fixed_width(z, tf.stack([-limit, limit]), BINS, tf.int64),
                )
            )
            found.append(tf.maximum(tf.reduce_max(tf.abs(z)), 1e-6))
        return sums, found

    return watch, [layer.name for layer, _ in layers]


def activates(layer: keras.layers.Layer) -> bool:
    """Whether a layer is an activation function; x times x is one too."""
    if isinstance(layer, keras.layers.Multiply):
        return len({id(tensor) for tensor in layer.input}) == 1
    return type(layer).__name__ in ACTIVATIONS


def _layer(name: str, sums, limit: float) -> Layer:
    silent, flat, awake, counts = sums
    total = counts.sum()
    return Layer(
        name=name,
        units=len(awake),
        silent=float(silent / total),
        flat=float(flat / total),
        dead=awake == 0,
        counts=counts,
        edges=np.linspace(-limit, limit, BINS + 1),
    )
