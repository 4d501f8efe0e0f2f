"""What a small net computes over all of its domain, a line or a plane, under its own or under other weights.

A net's weights on its way through a training are what it is watched by: the same layers, one set of weights
after another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from inspection.caching import kept_with_model
from inspection.graph import InspectionError, functional, layers, only_output
from inspection.units import activates


@dataclass(frozen=True)
class Domain:
    """A net over some points.

    Args:
        outputs: `(N, K)`, one row a point.
        units: Outputs of every activation function by its layer's name, first to last, each `(N, U)`.
        shares: What each unit of the last one of these adds to each output, `(N, U, K)`; together with the
            last layer's bias they are the outputs. None where that layer is no dense one, there is no
            activation function before it, or nobody asked.
    """

    outputs: np.ndarray
    units: Mapping[str, np.ndarray]
    shares: np.ndarray | None


def over(
    model: keras.Model,
    points: np.ndarray,
    weights: Sequence[np.ndarray] | None = None,
    shares: bool = False,
) -> Domain:
    """Compute a net at every point, in one compiled call.

    Args:
        model: A functional or Sequential model, `(B, D)` to `(B, K)`.
        points: `(N, D)`.
        weights: In the order of `model.get_weights()`; None: the model's own. The model itself is left alone.
        shares: Whether to tell those too, which take N times U times K numbers.

    Raises:
        InspectionError: The model has no graph of layers, or the weights are of another model.
    """
    own = list(model.weights)
    given = [variable.value for variable in own] if weights is None else list(weights)
    if [tuple(each.shape) for each in given] != [tuple(variable.shape) for variable in own]:
        raise InspectionError(f"the weights are not those of a model like {model.name!r}")
    program, names = _compiled(model)
    values = [tf.convert_to_tensor(each, variable.dtype) for each, variable in zip(given, own, strict=True)]
    outputs, units = program(tf.convert_to_tensor(points, tf.float32), values)
    found = {name: unit.numpy() for name, unit in zip(names, units, strict=True)}
    return Domain(outputs.numpy(), found, _shares(model, found, values) if shares else None)


def grid(low: Sequence[float] | np.ndarray, high: Sequence[float] | np.ndarray, count: int) -> np.ndarray:
    """The middles of the pixels of a picture: points `(count * count, 2)`.

    Args:
        low: The picture's lower left corner `(2,)`.
        high: Its upper right corner.
        count: Pixels along each edge.

    Returns: Column after column from the left, each upwards.
    """
    shares = (np.arange(count) + 0.5) / count
    axes = [begin + shares * (end - begin) for begin, end in zip(low, high, strict=True)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 2)


def square(points: np.ndarray, margin: float) -> tuple[np.ndarray, np.ndarray]:
    """The lower left and the upper right corner `(2,)` of a square about points `(N, 2)`.

    Args:
        points: Which.
        margin: About them, as a share of the longer side.
    """
    low, high = points.min(axis=0), points.max(axis=0)
    half = float((high - low).max()) * (0.5 + margin) or 1.0
    middle = (low + high) / 2
    return middle - half, middle + half


def decided(outputs: np.ndarray, logits: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """The class that a classifier takes each point for, and how sure it is.

    Args:
        outputs: `(N, K)`.
        logits: Whether they are logits; else scores of which the right one is to lead the others by 1.

    Returns: `(N,)` labels, and `(N,)` in [0, 1]: of logits how far the likeliest class' probability lies
        above chance, else by how much the highest score leads.
    """
    labels = outputs.argmax(axis=-1)
    classes = outputs.shape[-1]
    if logits:
        shares = np.exp(outputs - outputs.max(axis=-1, keepdims=True))
        return labels, (1 / shares.sum(axis=-1) - 1 / classes) * classes / (classes - 1)
    ordered = np.sort(outputs, axis=-1)
    return labels, np.clip(ordered[:, -1] - ordered[:, -2], 0, 1)


def _shares(
    model: keras.Model, units: Mapping[str, np.ndarray], values: Sequence[tf.Tensor]
) -> np.ndarray | None:
    known, last = layers(model), only_output(model)
    source = known[last].inputs[0]
    while source in known and isinstance(known[source].operation, keras.layers.Dropout):
        source = known[source].inputs[0]
    dense = known[last].operation
    if source not in units or not isinstance(dense, keras.layers.Dense):
        return None
    place = next(i for i, variable in enumerate(model.weights) if variable is dense.kernel)
    return units[source][:, :, None] * values[place].numpy()[None]


@kept_with_model
def _compiled(model: keras.Model):
    """A compiled function from (points, weights) to (outputs, units), and the names of the units' layers."""
    known = layers(model)
    names = [name for name, layer in known.items() if activates(layer.operation)]
    graph = functional(model)
    probe = keras.Model(graph.input, [graph.output, *(known[name].tensor for name in names)])
    variables = list(model.weights)

    @tf.function(autograph=False, reduce_retracing=True)
    def run(points, values):
        with keras.StatelessScope(state_mapping=list(zip(variables, values, strict=True))):
            outputs, *units = keras.tree.flatten(probe(points, training=False))
        return tf.cast(outputs, tf.float32), [tf.cast(unit, tf.float32) for unit in units]

    return run, names
