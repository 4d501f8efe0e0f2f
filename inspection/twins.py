"""Twins of models: all layers and weights shared, some layers changed; the model itself is left alone."""

from collections.abc import Callable, Mapping
from typing import Any

import keras

from inspection import graph

# What is another in the twin of an operation, by the attribute's name; None where it stays as it is.
Change = Callable[[Any], Mapping[str, Any] | None]


def twin(operation: Any, change: Change) -> Any:
    """The same operation, with what `change` says of it and of every layer inside; itself where that is none.

    Keras' own code runs all of it: what a layer is given, its mask and what follows it stay as they are.

    Args:
        operation: A functional or Sequential model, or a layer.
        change: Is asked of each layer, those of nested models and both of a bidirectional layer included.
    """
    changes = change(operation)
    if changes is not None:
        return copy(operation, **changes)
    if isinstance(operation, keras.layers.Bidirectional):
        ways = {way: twin(getattr(operation, way), change) for way in ("forward_layer", "backward_layer")}
        return copy(operation, **ways)
    if not (isinstance(operation, keras.Model) and graph._has_graph(operation)):
        return operation
    inner = graph.functional(operation)
    if inner is not operation:
        return copy(operation, _functional=twin(inner, change))
    twins = {id(each): twin(each, change) for each in inner.operations}

    def through(inputs, operation_fn=lambda operation: operation, **settings):
        def swapped(operation):
            return operation_fn(twins[id(operation)])

        return type(inner)._run_through_graph(inner, inputs, operation_fn=swapped, **settings)

    return copy(inner, _run_through_graph=through)


def copy(operation: Any, **changes: Any) -> Any:
    """A shallow copy. `copy.copy` would save the layer and load it, with weights of its own."""
    made = object.__new__(type(operation))
    vars(made).update(vars(operation) | changes)
    return made
