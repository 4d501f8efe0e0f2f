"""A model and its training as a script of bare Keras, which needs nothing of this suite."""

import inspect
import math
import re
from collections.abc import Mapping
from typing import Any

import keras

# Fields that say nothing to a reader, or are told otherwise.
_LEFT_OUT = ("name", "dtype", "trainable", "data_format", "quantization_config", "activity_regularizer")

_TRAINING = """
model.compile(
    optimizer=keras.optimizers.{optimizer}({rate:g}),
    loss=keras.losses.{loss},
    metrics={metrics!r},
)
# model.fit(inputs, targets, batch_size={batch_size}, epochs={epochs}), where
# inputs are {inputs} and targets {targets}
"""
_OPTIMIZERS = {"adam": "Adam", "adamw": "AdamW", "sgd": "SGD", "rmsprop": "RMSprop", "lion": "Lion"}
_LOSSES = {
    "cross_entropy": "SparseCategoricalCrossentropy(from_logits=True)",
    "squared_error": "MeanSquaredError()",
    "absolute_error": "MeanAbsoluteError()",
    "huber": "Huber()",
}


def script(model: keras.Model, config: Mapping[str, Any]) -> str | None:
    """The script that builds a model and trains it as a run did, but for what `fit` has no word for.

    Args:
        model: A functional model.
        config: Of its run.

    Returns: None where the model is no chain of layers, or is trained by what Keras does not have.
    """
    layers = _chain(model)
    loss = _LOSSES.get(config["training"]["loss"])
    spec, training, optimizer = config["spec"], config["training"], config["optimizer"]
    if layers is None or loss is None or (spec["classes"] and training["loss"] == "squared_error"):
        return None
    lines = ["import keras", "", f"inputs = keras.Input({model.input_shape[1:]!r})", "x = inputs"]
    lines += [f"x = {_call(layer, training)}(x)" for layer in layers]
    lines += ["model = keras.Model(inputs, x)", "model.summary()", ""]
    schedule, warmup = optimizer["schedule"], optimizer["warmup"]
    if schedule != "constant" or warmup:
        after = f" after a warmup of {warmup:.0%} of all steps" if warmup else ""
        lines.append(f"# Trained here on a {schedule} schedule{after}.")
    batch = ", ".join(map(str, model.input_shape[1:]))
    return "\n".join(lines) + _TRAINING.format(
        optimizer=_OPTIMIZERS[optimizer["name"]],
        rate=optimizer["learning_rate"],
        loss=loss,
        metrics=["accuracy"] if spec["classes"] else [],
        inputs=f"(N, {batch}) float32",
        targets="(N,) class numbers" if spec["classes"] else f"(N, {len(spec['values'])}) float32",
        batch_size=training["batch_size"],
        epochs=math.ceil(training["epochs"]),
    )


def _chain(model: keras.Model) -> list[keras.layers.Layer] | None:
    """The layers, each of which takes what the one before gives; None where that is not so."""
    layers = [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]
    before = model.input
    for layer in layers:
        if layer.input is not before:
            return None
        before = layer.output
    return layers


def _call(layer: keras.layers.Layer, training: Mapping[str, Any]) -> str:
    """The layer's constructor with all that is not as usual."""
    usual = {name: each.default for name, each in inspect.signature(type(layer).__init__).parameters.items()}
    config = layer.get_config()
    words = []
    for name, default in usual.items():
        if name not in config or name in _LEFT_OUT:
            continue
        value, known = _plain(config[name]), _plain(default)
        if value != known and not (value == "linear" and known is None):
            words.append(repr(value) if default is inspect.Parameter.empty else f"{name}={value!r}")
    if "kernel" in {variable.name for variable in layer.trainable_variables}:
        factors = [f"{name}={training[name]:g}" for name in ("l1", "l2") if training[name]]
        if factors:
            words.append(f"kernel_regularizer=keras.regularizers.L1L2({', '.join(factors)})")
    words.append(f"name={layer.name!r}")
    return f"keras.layers.{type(layer).__name__}({', '.join(words)})"


class _Code(str):
    """Code, which is written as it is."""

    def __repr__(self) -> str:
        return str(self)


def _plain(value: Any) -> Any:
    """A setting as code: an initializer by its name, or by its call where it has settings of its own."""
    if isinstance(value, Mapping) and hasattr(keras.initializers, str(value.get("class_name"))):
        name = value["class_name"]
        usual = inspect.signature(getattr(keras.initializers, name)).parameters
        own = {
            key: setting
            for key, setting in value["config"].items()
            if key in usual and key != "seed" and setting != usual[key].default
        }
        if not own:
            return re.sub("(?<!^)([A-Z])", r"_\1", name).lower()  # HeNormal is he_normal
        return _Code(
            f"keras.initializers.{name}({', '.join(f'{key}={each!r}' for key, each in own.items())})"
        )
    return list(value) if isinstance(value, tuple) else value
