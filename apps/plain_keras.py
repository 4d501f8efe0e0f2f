"""A model and its training as a script of bare Keras, which needs nothing of this suite."""

import inspect
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import keras

# Fields that say nothing to a reader, or are told otherwise.
_LEFT_OUT = ("name", "dtype", "trainable", "data_format", "quantization_config", "activity_regularizer")

_TRAINING = """
model.compile(
    optimizer=keras.optimizers.{optimizer},
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
    """The script that builds a model and trains it as a run did; comments tell what it leaves out.

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
    lines += _unsaid(optimizer, training)
    batch = ", ".join(map(str, model.input_shape[1:]))
    return "\n".join(lines) + _TRAINING.format(
        optimizer=_optimizer(optimizer),
        loss=loss,
        metrics=["accuracy"] if spec["classes"] else [],
        inputs=f"(N, {batch}) float32",
        targets="(N,) class numbers" if spec["classes"] else f"(N, {len(spec['values'])}) float32",
        batch_size=training["batch_size"],
        epochs=math.ceil(training["epochs"]),
    )


def _optimizer(config: Mapping[str, Any]) -> str:
    """The optimizer's constructor."""
    words = [f"{config['learning_rate']:g}"]
    if config["name"] == "sgd":
        words.append(f"momentum={config['momentum']:g}, nesterov={config['momentum'] > 0}")
    if config["name"] == "adamw" or config["weight_decay"]:
        words.append(f"weight_decay={config['weight_decay']:g}")
    if config["clip_norm"]:
        words.append(f"global_clipnorm={config['clip_norm']:g}")
    if config["clip_value"]:
        words.append(f"clipvalue={config['clip_value']:g}")
    if config["average"]:
        words.append(f"use_ema=True, ema_momentum={config['average']:g}")
    return f"{_OPTIMIZERS[config['name']]}({', '.join(words)})"


def _unsaid(optimizer: Mapping[str, Any], training: Mapping[str, Any]) -> Iterator[str]:
    """Comments on what the run had and the script has not."""
    schedule, warmup = optimizer["schedule"], optimizer["warmup"]
    if schedule != "constant" or warmup:
        after = f" after a warmup of {warmup:.0%} of all steps" if warmup else ""
        yield f"# Trained here on a {schedule} schedule{after}."
    if training["label_smoothing"]:
        yield f"# Trained here with a label smoothing of {training['label_smoothing']:g}."
    if training.get("min_steps"):
        yield f"# Trained here for at least {training['min_steps']:,} steps: a small set takes more epochs."
    if optimizer["average"]:
        yield "# Trained here with a momentum of the average that rises to this value."
    if training["precision"] != "float32":
        yield f"# Trained here under keras.config.set_dtype_policy({training['precision']!r})."


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
