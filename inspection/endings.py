"""What a model's outputs are: logits, values, or probabilities that a softmax or a sigmoid makes.

K classes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from inspection import graph
from inspection.caching import kept_with_model
from inspection.graph import InspectionError, Layer

LINEAR, SOFTMAX, LOG_SOFTMAX, SIGMOID = "linear", "softmax", "log_softmax", "sigmoid"
TINY = 1e-30  # a probability of 0, where one takes the logarithm
_SQUASHING = {"softmax": SOFTMAX, "log_softmax": LOG_SOFTMAX, "sigmoid": SIGMOID, "sparsemax": SOFTMAX}
# Layers and operations, in small letters and without "_", that change no value of a trained model.
_SAME = frozenset(
    {"linear", "identity", "cast", "stopgradient", "activityregularization", "copy"}
    | {"dropout", "spatialdropout1d", "spatialdropout2d", "spatialdropout3d", "alphadropout"}
    | {"gaussiandropout", "gaussiannoise"}
)
_RESHAPING = frozenset({"reshape", "flatten", "squeeze", "expanddims", "repeatvector"})
# The mean of distributions is one; so a model that ends in a mean of softmaxes gives probabilities.
_MEANS = frozenset({"average", "globalaveragepooling1d", "globalaveragepooling2d", "globalaveragepooling3d"})


@dataclass(frozen=True)
class Ending:
    """How an output comes about.

    Args:
        activation: `LINEAR`, `SOFTMAX`, `LOG_SOFTMAX` or `SIGMOID`: the last function that changes values.
        layer: Name of the layer that applies it; None where it is `LINEAR`, or where several layers do.
    """

    activation: str
    layer: str | None


def ending(model: keras.Model) -> Ending:
    """How the first output of a model comes about, going by its layers.

    Layers that change no value are looked through: a linear activation, Identity, Dropout, a cast, a Reshape
    that leaves the classes where they are. A model without a graph of layers counts as `LINEAR`.
    """
    return _ending(model)


@kept_with_model
def _ending(model: keras.Model) -> Ending:
    try:
        layers = graph.layers(model)
    except InspectionError:
        return Ending(LINEAR, None)
    output = keras.tree.flatten(graph.functional(model).output)[0]
    name = next((name for name, layer in layers.items() if layer.tensor is output), None)
    return Ending(LINEAR, None) if name is None else _behind(layers, name)


def _behind(layers: Mapping[str, Layer], name: str) -> Ending:
    """How the output of a layer comes about."""
    layer = layers.get(name)
    if layer is None:  # an input of the model
        return Ending(LINEAR, None)
    if len(layer.inputs) == 1 and layer.inputs[0].startswith(f"{name}/"):  # a nested model
        return _behind(layers, layer.inputs[0])
    found = squashing(layer.operation)
    if found is not None:
        return Ending(found, name)
    kind = _kind(layer)
    if kind in _SAME or (kind in _RESHAPING and _keeps_classes(layers, layer)):
        return _behind(layers, layer.inputs[0])
    if kind in _MEANS and all(_behind(layers, each).activation == SOFTMAX for each in layer.inputs):
        return Ending(SOFTMAX, None)
    return Ending(LINEAR, None)


def squashing(operation: Any) -> str | None:
    """The activation that makes probabilities of a layer's or an operation's sums; None where it has none."""
    if isinstance(operation, keras.layers.TimeDistributed):
        return squashing(operation.layer)
    if isinstance(operation, keras.Model):
        last = operation.layers[-1] if isinstance(operation, keras.Sequential) else None
        return None if last is None else squashing(last)
    name = type(operation).__name__
    if name in ("Softmax", "LogSoftmax", "Sigmoid"):
        axis = getattr(operation, "axis", -1)
        return (
            {"Softmax": SOFTMAX, "LogSoftmax": LOG_SOFTMAX, "Sigmoid": SIGMOID}[name] if axis == -1 else None
        )
    if isinstance(operation, keras.layers.RNN):  # its activation is inside
        return None
    function = getattr(operation, "activation", None)
    return _SQUASHING.get(getattr(function, "__name__", ""))


def probabilities(model: keras.Model, output: Any) -> np.ndarray:
    """A classifier's output as probabilities.

    Args:
        model: Whose first output it is; how the model ends tells what is to be done.
        output: `(..., K)`. A single sigmoid, or a single logit, is the probability of the second of two
            classes: the result is then `(..., 2)`.

    Returns: `(..., K)`, of a softmax or of logits with sum 1; sigmoids are left as they are.
    """
    output = np.asarray(output, "float64")
    activation = ending(model).activation
    if activation == LOG_SOFTMAX:
        found = np.exp(output)
    elif activation in (SOFTMAX, SIGMOID) or (output.shape[-1] > 1 and _sums_to_one(output)):
        found = output
    elif output.shape[-1] == 1:
        found = 1 / (1 + np.exp(-output))
    else:
        shifted = np.exp(output - output.max(-1, keepdims=True))
        found = shifted / shifted.sum(-1, keepdims=True)
    if found.shape[-1] == 1:
        found = np.concatenate([1 - found, found], axis=-1)
    return found.astype("float32")


def logits(model: keras.Model, output: Any) -> Any:
    """A classifier's output as logits `(..., K)` float32, whose softmax are the probabilities.

    A single sigmoid gives the logits 0 and log(p / (1 - p)) of two classes; a single value that no sigmoid
    made is left as it is. Of several sigmoids each gives its own logit.

    Args:
        model: Whose first output it is.
        output: `(..., K)`, a tensor or an array.
    """
    values = unsquashed(ending(model).activation, output)
    if ending(model).activation == SIGMOID and values.shape[-1] == 1:
        values = keras.ops.concatenate([keras.ops.zeros_like(values), values], axis=-1)
    return values


def unsquashed(activation: str, values: Any) -> Any:
    """What an activation of `Ending` made `values` of, float32; of a softmax up to a constant."""
    ops = keras.ops
    values = ops.cast(values, "float32")
    if activation == SOFTMAX:
        return ops.log(ops.maximum(values, TINY))
    if activation == SIGMOID:
        inner = keras.config.epsilon()  # float32 has no number between 1 - 6e-8 and 1
        values = ops.clip(values, inner, 1 - inner)
        return ops.log(values) - ops.log1p(-values)
    return values


def _sums_to_one(output: np.ndarray) -> bool:
    """Whether values are a distribution, whatever made them; logits hardly ever are."""
    return bool(np.all(output >= 0) and np.allclose(output.sum(-1), 1, atol=1e-3))


def _kind(layer: Layer) -> str:
    return layer.kind.lower().replace("_", "")


def _keeps_classes(layers: Mapping[str, Layer], layer: Layer) -> bool:
    """Whether a reshaping leaves the last axis, that of the classes, as it is."""
    source = layers.get(layer.inputs[0])
    return source is not None and source.tensor.shape[-1] == layer.tensor.shape[-1]
