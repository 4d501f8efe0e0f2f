"""Models as plain `.keras` files, which load in bare Keras on any backend."""

from pathlib import Path

import keras

from training.runs import written_aside


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
