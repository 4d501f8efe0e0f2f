"""The graph of a model's layers: each with its operation, its symbolic output and whose outputs it takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from inspection.caching import kept_with_model

INPUT = "@"  # begins the name of a model's own input: "@0", "@1", ...; no layer's name begins so


class InspectionError(ValueError):
    """A model can't be looked into; the message says why, and what would help."""


@dataclass(frozen=True)
class Layer:
    """One use of a layer.

    Args:
        operation: The layer, or the operation of `keras.ops`.
        tensor: Its symbolic output.
        inputs: Names of the layers, or of the model's inputs, that it takes. A nested model takes the
            layers inside it that make its outputs.
    """

    operation: Any
    tensor: keras.KerasTensor
    inputs: tuple[str, ...]

    @property
    def kind(self) -> str:
        """The class of the layer, or the function where it only applies one ("relu")."""
        of = type(self.operation).__name__
        function = getattr(self.operation, "activation", None) if of == "Activation" else None
        return getattr(function, "__name__", of)


def functional(model: keras.Model):
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


@kept_with_model
def layers(model: keras.Model) -> Mapping[str, Layer]:
    """Every layer by name, in the order of computation, what is inside nested models included.

    The layers of a nested model are named "nested/layer"; the second use of a layer or a nested model is
    "layer:2", and the second output of a layer that has several "layer.2".

    Raises:
        InspectionError: The model has no graph of layers.
    """
    graph = functional(model)
    count = len(keras.tree.flatten(graph.input))
    return _walk(graph, [f"{INPUT}{index}" for index in range(count)], "")[0]


def only_input(model: keras.Model) -> keras.KerasTensor:
    """The symbolic input of a model that takes one.

    Raises:
        InspectionError: It takes several.
    """
    inputs = keras.tree.flatten(functional(model).input)
    if len(inputs) != 1:
        raise InspectionError(
            f"model {model.name!r} must take one input to be looked into like this. It takes {len(inputs)}: "
            f"{', '.join(tensor.name for tensor in inputs)}"
        )
    return inputs[0]


def only_output(model: keras.Model) -> str:
    """Name of the layer whose output is the model's one output; inside a nested model, if need be.

    Raises:
        InspectionError: The model has several outputs, or gives its input back.
    """
    graph = functional(model)
    outputs = keras.tree.flatten(graph.output)
    if len(outputs) != 1:
        raise InspectionError(
            f"model {model.name!r} must have one output to be explained. It has {len(outputs)}: take the "
            f"part that ends in one of them, keras.Model(model.input, model.outputs[0])"
        )
    found = layers(model)
    name = next((name for name, layer in found.items() if layer.tensor is outputs[0]), None)
    if name is None:
        raise InspectionError(f"model {model.name!r} has no layer between its input and its output")
    while len(found[name].inputs) == 1 and found[name].inputs[0].startswith(f"{name}/"):
        name = found[name].inputs[0]
    return name


def kinds(model: keras.Model) -> dict[str, str]:
    """What each layer is, by name: its class, or the function where it only applies one ("relu")."""
    return {name: layer.kind for name, layer in layers(model).items()}


def shapes(model: keras.Model, input_shape: Sequence[int] | None = None) -> Mapping[str, tuple[int, ...]]:
    """The shape of each layer's output and of the model's one input ("@0"), the batch left out.

    Args:
        model: With one input.
        input_shape: Of one example, needed only where the model takes any size.

    Raises:
        InspectionError: The model takes any size and none was given, or one that it can't take.
    """
    return _shapes(model, None if input_shape is None else tuple(input_shape))


@kept_with_model
def _shapes(model: keras.Model, input_shape: tuple[int, ...] | None) -> Mapping[str, tuple[int, ...]]:
    entrance = only_input(model)
    tensors = {name: layer.tensor for name, layer in layers(model).items()}
    if input_shape is not None:
        try:
            given = keras.KerasTensor((1, *input_shape), entrance.dtype)
            tensors = keras.Model(functional(model).input, tensors).compute_output_spec(
                keras.tree.pack_sequence_as(functional(model).input, [given])
            )
        except ValueError as error:
            raise InspectionError(
                f"model {model.name!r} takes inputs of shape {tuple(entrance.shape[1:])}. "
                f"Received: {input_shape}"
            ) from error
    found = {name: tuple(tensor.shape[1:]) for name, tensor in tensors.items()}
    found[f"{INPUT}0"] = input_shape or tuple(entrance.shape[1:])
    if any(size is None for size in found[f"{INPUT}0"]):
        raise InspectionError(
            f"model {model.name!r} takes inputs of any size, {found[f'{INPUT}0']}: say which with input_shape"
        )
    return found


def _walk(graph, arguments: Sequence[str], prefix: str) -> tuple[dict[str, Layer], list[str]]:
    """The layers of a graph whose inputs are the layers named `arguments`; the names of its outputs."""
    names = dict(zip(map(id, keras.tree.flatten(graph.input)), arguments, strict=True))
    found: dict[str, Layer] = {}
    for depth in sorted(graph._nodes_by_depth, reverse=True):
        for node in graph._nodes_by_depth[depth]:
            if node.is_input:
                continue
            operation = node.operation
            name = _free(f"{prefix}{operation.name}", found)
            inputs = tuple(names[id(tensor)] for tensor in node.input_tensors)
            sources = [inputs] * len(node.output_tensors)
            if isinstance(operation, keras.Model) and _has_graph(operation):
                inside, ends = _nested(node, names, f"{name}/")
                found |= inside
                sources = [(end,) for end in ends]
            for index, tensor in enumerate(node.output_tensors):
                full = name if index == 0 else f"{name}.{index + 1}"
                names[id(tensor)] = full
                found[full] = Layer(operation, tensor, sources[index])
    return found, [names[id(tensor)] for tensor in keras.tree.flatten(graph.output)]


def _nested(node, names: Mapping[int, str], prefix: str) -> tuple[dict[str, Layer], list[str]]:
    """What is inside a model that is used as a layer, with the tensors of the graph that uses it.

    Args:
        node: The use.
        names: Of the tensors there, by their ids.
        prefix: Of the names inside.
    """
    inner = functional(node.operation)
    settings = dict(node.arguments.kwargs)
    first = node.arguments.args[0] if node.arguments.args else settings["inputs"]
    taken = keras.tree.flatten(first)  # and not the masks, which the node's inputs hold too
    found, ends = _walk(inner, [names[id(tensor)] for tensor in taken], prefix)
    given = keras.tree.pack_sequence_as(inner.input, taken)
    probe = keras.Model(inner.input, {name: layer.tensor for name, layer in found.items()})
    mask = settings.get("mask")
    outputs = probe(given) if mask is None else probe(given, mask=mask)
    return {name: Layer(layer.operation, outputs[name], layer.inputs) for name, layer in found.items()}, ends


def _has_graph(model: keras.Model) -> bool:
    try:
        functional(model)
    except InspectionError:
        return False
    return True


def _free(name: str, taken: Mapping[str, object]) -> str:
    """`name`, or the first of `name:2`, `name:3`, ... that is not taken."""
    candidate, use = name, 1
    while candidate in taken:
        use += 1
        candidate = f"{name}:{use}"
    return candidate
