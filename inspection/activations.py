"""Every layer's output for an input, in one compiled call."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from inspection import twins
from inspection.caching import kept_with_model
from inspection.graph import InspectionError, functional, kinds, layers, only_input

__all__ = ["Activations", "InspectionError", "activations", "functional", "prepare"]


@dataclass(frozen=True)
class Activations:
    """What a model computed on its way to an output.

    Args:
        layers: Output of every layer by name, in the order of computation, each `(B, ...)`. The layers
            of a nested model are named "nested/layer"; the second use of a shared layer is "layer:2",
            and the second output of a layer that has several "layer.2".
        kinds: What each layer is: its class, or the function where it only applies one ("relu").
        output: The model's own output, `(B, ...)`, or what structure of these it returns.
    """

    layers: Mapping[str, np.ndarray]
    kinds: Mapping[str, str]
    output: Any


def activations(model: keras.Model, inputs: Any) -> Activations:
    """Compute every layer's output, dropout off and normalizations at their learned statistics.

    The first call on a model compiles; later ones run that program, whatever the batch size.

    Args:
        model: A functional or Sequential model, nested models and shared layers included.
        inputs: A batch `(B, ...)`, or the list or dict of batches that the model takes.

    Raises:
        InspectionError: The model has no graph of layers, or the inputs do not fit it.

    Example:

    >>> seen = activations(model, images)
    >>> seen.layers["stage1_conv1"].shape
    (1, 28, 28, 24)
    """
    program, signature, kinds_of = _compiled(model)
    found, output = program(_fitting(model, inputs, signature))
    found, output = keras.tree.map_structure(lambda tensor: tensor.numpy(), (found, output))
    found, output = unfilled(model, inputs, (found, output))
    return Activations({name: found[name] for name in kinds_of}, kinds_of, output)


def prepare(model: keras.Model) -> None:
    """Compile what `activations` runs, so that its first call on a model is as quick as the next.

    Raises:
        InspectionError: The model has no graph of layers.
    """
    _, signature, _ = _compiled(model)
    blank = keras.tree.map_structure(
        lambda spec: np.zeros([size or 1 for size in spec.shape], spec.dtype.as_numpy_dtype), signature
    )
    activations(model, blank)


def fitting(model: keras.Model, inputs: Any) -> np.ndarray:
    """Inputs of a model that takes one as a float32 batch `(B, ...)`.

    Raises:
        InspectionError: The model takes several inputs, or the inputs do not fit it.
    """
    entrance = only_input(model)
    batch = next(iter(inputs.values())) if isinstance(inputs, Mapping) and len(inputs) == 1 else inputs
    return _fitting(model, batch, tf.TensorSpec(entrance.shape, tf.float32))


@kept_with_model
def _compiled(model: keras.Model):
    """A compiled function from the model's inputs to (outputs by layer, the model's output); the
    signature of those inputs; the layers' kinds."""
    graph = functional(model)
    probe = keras.Model(
        graph.input, ({name: layer.tensor for name, layer in layers(model).items()}, graph.output)
    )
    signature = keras.tree.map_structure(
        lambda tensor: tf.TensorSpec(tensor.shape, tensor.dtype), graph.input
    )

    @tf.function(input_signature=[signature], autograph=False)
    def run(inputs):
        # Half precision has no place in NumPy's plots and sums; ids and masks stay what they are.
        return keras.tree.map_structure(
            lambda tensor: tf.cast(tensor, tf.float32) if tensor.dtype.is_floating else tensor,
            twins.mended(probe)(inputs, training=False),
        )

    return run, signature, kinds(model)


def _fitting(model: keras.Model, inputs: Any, signature: Any) -> Any:
    """The inputs as arrays of the signature's types.

    Raises:
        InspectionError: They do not fit.
    """
    try:
        return keras.tree.map_structure(_fit, _as_taken(inputs, signature), signature)
    except (TypeError, ValueError) as error:
        wanted = keras.tree.map_structure(lambda spec: tuple(spec.shape), signature)
        raise InspectionError(
            f"model {model.name!r} takes inputs of shape {wanted}. Received: {_shapes(inputs)}"
        ) from error


def fixed_batch(model: keras.Model) -> int | None:
    """The only number of examples that a model takes at once; None where it takes any."""
    sizes = [tensor.shape[0] for tensor in keras.tree.flatten(functional(model).input)]
    return next((size for size in sizes if size is not None), None)


def unfilled(model: keras.Model, inputs: Any, found: Any) -> Any:
    """What a model computed, without the copies that `_fitting` filled up a batch of fixed size with.

    Args:
        model: As `_fitting` took it.
        inputs: Likewise.
        found: Arrays `(B, ...)` or `(B * N, ...)` in any structure; others are left as they are.
    """
    size, count = fixed_batch(model), len(keras.tree.flatten(inputs)[0])
    if size is None or size == count:
        return found

    def cut(array: Any) -> Any:
        whole = np.ndim(array) and len(array) % size == 0
        return array[: len(array) // size * count] if whole else array

    return keras.tree.map_structure(cut, found)


def filled(array: np.ndarray, size: int | None) -> np.ndarray:
    """An array `(B, ...)` with its examples repeated in turn up to `size`; as it is where that is None."""
    if size is None or not array.ndim or not 0 < len(array) < size:
        return array
    return array[np.arange(size) % len(array)]


def _as_taken(inputs: Any, signature: Any) -> Any:
    """Batches in the structure of the signature, in the order in which the model takes them.

    Several batches by name are left as they are.
    """
    one = not isinstance(inputs, (Mapping, list, tuple))
    batches = [inputs] if one else keras.tree.flatten(inputs)
    count = len(keras.tree.flatten(signature))
    by_name = isinstance(inputs, Mapping) and count > 1
    if by_name or len(batches) != count or not all(hasattr(batch, "shape") for batch in batches):
        return inputs
    return keras.tree.pack_sequence_as(signature, batches)


def _fit(batch: Any, spec: tf.TensorSpec) -> np.ndarray:
    """`batch` in the type of `spec`; a ValueError where its shape is another.

    Fewer examples than a fixed batch size are repeated until it is full.
    """
    array = np.asarray(batch, spec.dtype.as_numpy_dtype)
    array = filled(array, spec.shape[0])
    if not spec.shape.is_compatible_with(array.shape):
        raise ValueError(array.shape)
    return array


def _shapes(inputs: Any) -> Any:
    return keras.tree.map_structure(np.shape, inputs)
