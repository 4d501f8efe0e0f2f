"""Every layer's output for an input, in one compiled call."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

KEPT = 8  # compiled models; a picture of every visitor's choice, and no more memory than that


class InspectionError(ValueError):
    """A model can't be looked into; the message says why, and what would help."""


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
    program, signature, kinds = _compiled(model)
    try:
        fitting = keras.tree.map_structure(_fit, inputs, signature)
    except (TypeError, ValueError) as error:
        wanted = keras.tree.map_structure(lambda spec: tuple(spec.shape), signature)
        raise InspectionError(
            f"model {model.name!r} takes inputs of shape {wanted}. Received: {_shapes(inputs)}"
        ) from error
    layers, output = program(fitting)
    return Activations(
        {name: layers[name].numpy() for name in kinds},
        kinds,
        keras.tree.map_structure(lambda tensor: tensor.numpy(), output),
    )


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


def probabilities(output: np.ndarray) -> np.ndarray:
    """A classifier's output as probabilities: softmax over the last axis, unless it is one already."""
    if np.all(output >= 0) and np.allclose(output.sum(-1), 1, atol=1e-3):
        return output
    shifted = np.exp(output - output.max(-1, keepdims=True))
    return shifted / shifted.sum(-1, keepdims=True)


@functools.lru_cache(maxsize=KEPT)
def _compiled(model: keras.Model):
    """A compiled function from the model's inputs to (outputs by layer, the model's output); the
    signature of those inputs; the layers' kinds."""
    graph = _graph(model)
    found = _tensors(graph)
    tensors = {name: tensor for name, (_, tensor) in found.items()}
    kinds = {name: _kind(operation) for name, (operation, _) in found.items()}
    probe = keras.Model(graph.input, (tensors, graph.output))
    signature = keras.tree.map_structure(
        lambda tensor: tf.TensorSpec(tensor.shape, tensor.dtype), graph.input
    )

    @tf.function(input_signature=[signature], autograph=False)
    def run(inputs):
        # Half precision has no place in NumPy's plots and sums; ids and masks stay what they are.
        return keras.tree.map_structure(
            lambda tensor: tf.cast(tensor, tf.float32) if tensor.dtype.is_floating else tensor,
            probe(inputs, training=False),
        )

    return run, signature, kinds


def _graph(model: keras.Model):
    """The functional model that holds the layers' graph.

    Raises:
        InspectionError: There is none.
    """
    graph = getattr(model, "_functional", None) or model  # Sequential keeps its graph there
    if not hasattr(graph, "_nodes_by_depth"):
        raise InspectionError(
            f"model {model.name!r} is a {type(model).__name__} without a graph of layers, so what lies "
            f"between its input and output can't be reached. Build it with the functional API "
            f"(keras.Model(inputs, outputs)) or as a Sequential model with an Input"
        )
    return graph


def _tensors(graph) -> dict[str, tuple[Any, keras.KerasTensor]]:
    """Every layer and its symbolic output, by name and in the order of computation."""
    found: dict[str, tuple[Any, keras.KerasTensor]] = {}
    for depth in sorted(graph._nodes_by_depth, reverse=True):
        for node in graph._nodes_by_depth[depth]:
            if node.is_input:
                continue
            operation = node.operation
            if isinstance(operation, keras.Model):
                found |= _nested(node)
            name = _free(operation.name, found)
            for index, tensor in enumerate(node.output_tensors):
                found[name if index == 0 else f"{name}.{index + 1}"] = operation, tensor
    return found


def _nested(node) -> dict[str, tuple[Any, keras.KerasTensor]]:
    """What is inside a model that is used as a layer; nothing where that has no graph itself."""
    try:
        inner = _graph(node.operation)
    except InspectionError:
        return {}
    found = _tensors(inner)
    arguments = keras.tree.pack_sequence_as(inner.input, node.input_tensors)
    outputs = keras.Model(inner.input, {name: tensor for name, (_, tensor) in found.items()})(arguments)
    return {
        f"{node.operation.name}/{name}": (operation, outputs[name]) for name, (operation, _) in found.items()
    }


def _kind(operation) -> str:
    function = getattr(operation, "activation", None) if type(operation).__name__ == "Activation" else None
    return getattr(function, "__name__", type(operation).__name__)


def _free(name: str, taken: Mapping[str, object]) -> str:
    """`name`, or the first of `name:2`, `name:3`, ... that is not taken."""
    candidate, use = name, 1
    while candidate in taken:
        use += 1
        candidate = f"{name}:{use}"
    return candidate


def _fit(batch: Any, spec: tf.TensorSpec) -> np.ndarray:
    """`batch` in the type of `spec`; a ValueError where its shape is another."""
    array = np.asarray(batch, spec.dtype.as_numpy_dtype)
    if not spec.shape.is_compatible_with(array.shape):
        raise ValueError(array.shape)
    return array


def _shapes(inputs: Any) -> Any:
    return keras.tree.map_structure(np.shape, inputs)
