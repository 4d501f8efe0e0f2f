"""Models as plain `.keras` files, which load in bare Keras on any backend."""

import functools
import re
from pathlib import Path

import keras

from training.runs import written_aside

_SCOPE = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*")  # what TensorFlow takes for a scope's name


def allow_any_layer_names(model: keras.Model) -> keras.Model:
    """Make a model usable inside `tf.function` whatever its layers are called; returns the model.

    Keras accepts any layer name. TensorFlow's graphs take it as a scope and raise a ValueError for most
    characters: blanks, `<`, letters beyond ASCII. The scope gets a name of its own; `layer.name` stays.
    """
    for layer in model._flatten_layers():
        if not _SCOPE.fullmatch(layer.name):
            scope = "layer_" + re.sub(r"[^A-Za-z0-9_.-]", "_", layer.name)
            layer._open_name_scope = functools.partial(keras.name_scope, scope, caller=layer)
    return model


def save_model(model: keras.Model, path: Path) -> None:
    """Write `model` aside and rename it, without anything that only the training needed.

    Raises:
        OSError: It can't be written; an older file is untouched.
    """
    plain = keras.models.clone_model(model, clone_function=_plain_layer)
    plain.set_weights(model.get_weights())
    with written_aside(path) as aside:
        plain.save(aside)


def _plain_layer(layer: keras.layers.Layer) -> keras.layers.Layer:
    """A copy of the layer that knows nothing of replicas, which only TensorFlow has."""
    config = layer.get_config()
    if config.get("synchronized"):
        config["synchronized"] = False
    return type(layer).from_config(config)
