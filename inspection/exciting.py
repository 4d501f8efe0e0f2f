"""The examples of a data set that excite each map of a net most, and where in them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from inspection import graph
from inspection.activations import fitting, fixed_batch, unfilled
from inspection.caching import kept_with_model
from inspection.graph import InspectionError

BATCH = 128


@dataclass(frozen=True)
class Top:
    """The examples that excite a layer's maps most, the strongest first.

    Args:
        values: `(K, channels)` float32, each map's largest value in the example.
        examples: `(K, channels)` int, numbers of the examples.
        positions: `(K, channels, axes)` int, where in the map the value is; no axes for a layer of units.
    """

    values: np.ndarray
    examples: np.ndarray
    positions: np.ndarray


def exciting(
    model: keras.Model,
    inputs: np.ndarray,
    top: int = 9,
    scale: float = 1.0,
    progress: Callable[[float], object] | None = None,
) -> Mapping[str, Top]:
    """Find the examples that excite every map of every layer most, in one pass over a data set.

    Zeiler and Fergus 2014 (arXiv:1311.2901), figure 2, show features like this. Lines, pictures and volumes
    are treated alike; a layer of units `(B, F)` has maps of a single position.

    Args:
        model: A functional or Sequential model with one input.
        inputs: `(N, ..., C)`; the examples.
        top: How many are kept for each map; of equal ones the first come first.
        scale: What an entry of `inputs` is multiplied by to become the model's input.
        progress: Told the share that is done, after each batch.

    Returns: A `Top` by the layer's name; at most N examples in it.

    Raises:
        InspectionError: The model takes several inputs, or these do not fit it, or there are none.
    """
    if not len(inputs):
        raise InspectionError("there must be at least one example to find exciting ones. Received: none")
    program = _compiled(model)
    kept = min(top, len(inputs))
    best: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
    for start, batch in _batches(inputs, fixed_batch(model) or BATCH):
        given = fitting(model, batch * np.float32(scale))
        for name, strongest in program(given).items():
            values, places = unfilled(model, batch, [each.numpy() for each in strongest])
            numbers = np.broadcast_to(np.arange(start, start + len(batch))[:, None], values.shape)
            found = (values, numbers, places)
            best[name] = _strongest([best[name], found] if name in best else [found], kept)
        if progress is not None:
            progress(min(1.0, (start + len(batch)) / len(inputs)))
    return {
        name: Top(values, numbers, _unravelled(places, grid))
        for (name, (values, numbers, places)), grid in zip(
            best.items(), _grids(model, best, inputs.shape[1:]), strict=True
        )
    }


def _batches(inputs: np.ndarray, size: int) -> Iterator[tuple[int, np.ndarray]]:
    for start in range(0, len(inputs), size):
        yield start, inputs[start : start + size]


def _strongest(parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]], kept: int) -> tuple:
    """The `kept` strongest of (values, examples, places), each `(n, channels)`."""
    values, numbers, places = (np.concatenate(each) for each in zip(*parts, strict=True))
    order = np.argsort(-values, axis=0, kind="stable")[:kept]
    return tuple(np.take_along_axis(each, order, axis=0) for each in (values, numbers, places))


def _grids(model: keras.Model, names, input_shape) -> list[tuple[int, ...]]:
    shapes = graph.shapes(model, input_shape)
    return [shapes[name][:-1] for name in names]


def _unravelled(places: np.ndarray, grid: tuple[int, ...]) -> np.ndarray:
    """Places in a flattened grid as positions `(..., axes)`."""
    if not grid:
        return np.zeros((*places.shape, 0), int)
    return np.stack(np.unravel_index(places, grid), axis=-1)


@kept_with_model
def _compiled(model: keras.Model):
    """A compiled function from inputs to, by layer, each map's largest value and its place,
    `(B, channels)`."""
    layers, entrance = graph.layers(model), graph.only_input(model)
    tensors = {
        name: layer.tensor
        for name, layer in layers.items()
        if len(layer.tensor.shape) >= 2 and layer.tensor.dtype.startswith(("float", "bfloat"))
    }
    probe = keras.Model(graph.functional(model).input, tensors)

    @tf.function(input_signature=[tf.TensorSpec(entrance.shape, tf.float32)], autograph=False)
    def run(inputs):
        given = keras.tree.pack_sequence_as(graph.functional(model).input, [tf.cast(inputs, entrance.dtype)])
        found = {}
        for name, output in probe(given, training=False).items():
            maps = tf.cast(output, tf.float32)
            maps = tf.reshape(maps, (tf.shape(maps)[0], -1, maps.shape[-1]))  # (B, positions, channels)
            found[name] = tf.reduce_max(maps, axis=1), tf.argmax(maps, axis=1, output_type=tf.int32)
        return found

    return run
