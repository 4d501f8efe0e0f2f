"""Twins of models: all layers and weights shared, some layers changed; the model itself is left alone."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

import keras
import tensorflow as tf

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


def mend(operation: Any) -> Mapping[str, Any] | None:
    """A `Change` that lets TimeDistributed layers compute all steps in one batch.

    Where the number of steps isn't known, in a compiled function, Keras 3.15 maps over as many steps as the
    batch has examples: outputs are cut short, and gradients fail or are wrong.
    """
    if not isinstance(operation, keras.layers.TimeDistributed):
        return None
    return {"call": functools.partial(_at_every_step, operation)}


def mended(model: keras.Model) -> keras.Model:
    """A model's twin by `mend`; itself where it has no such layer."""
    if any(isinstance(layer, keras.layers.TimeDistributed) for layer in model._flatten_layers()):
        return twin(model, mend)
    return model


def _at_every_step(operation: keras.layers.TimeDistributed, inputs, training=None, mask=None) -> tf.Tensor:
    """What a TimeDistributed layer computes, `(B, T, ...)`."""
    settings: dict[str, Any] = {}
    if operation.layer._call_has_mask_arg and mask is not None:
        settings["mask"] = tf.reshape(mask, tf.concat([[-1], tf.shape(mask)[2:]], 0))
    if operation.layer._call_has_training_arg:
        settings["training"] = training
    flat = tf.reshape(inputs, tf.concat([[-1], tf.shape(inputs)[2:]], 0))
    flat.set_shape((None, *inputs.shape[2:]))
    found = operation.layer.call(flat, **settings)
    outputs = tf.reshape(found, tf.concat([tf.shape(inputs)[:2], tf.shape(found)[1:]], 0))
    outputs.set_shape((*inputs.shape[:2], *found.shape[1:]))
    return outputs


def copy(operation: Any, **changes: Any) -> Any:
    """A shallow copy. `copy.copy` would save the layer and load it, with weights of its own."""
    made = object.__new__(type(operation))
    vars(made).update(vars(operation) | changes)
    return made
