"""What several architectures share: activations, normalizations and the checks of their settings."""

import math
from collections.abc import Collection

import keras

ACTIVATIONS = (
    "relu",
    "leaky_relu",
    "prelu",
    "elu",
    "selu",
    "gelu",
    "silu",
    "sigmoid",
    "tanh",
    "linear",
    "quadratic",
)
NORMALIZATIONS = ("none", "batch", "layer", "group")
INITIALIZERS = (
    "he_normal",
    "he_uniform",
    "glorot_normal",
    "glorot_uniform",
    "lecun_normal",
    "orthogonal",
    "orthogonal_relu",
    "random_normal",
    "zeros",
)
# Layers that hold one hyperparameter each, chosen once for the whole suite.
BATCH_MOMENTUM = 0.95  # of the moving statistics; Keras' 0.99 lags behind in runs of a few epochs
GROUPS = 8  # of a group normalization, fewer where the channels do not divide


def check_choice(field: str, value: object, choices: Collection[object]) -> None:
    """Raise a ValueError unless `value` is one of `choices`."""
    if value not in choices:
        raise ValueError(f"{field} must be one of {', '.join(map(str, choices))}. Received: {value!r}")


def check_positive(field: str, value: int) -> None:
    """Raise a ValueError unless `value` is an integer of at least 1."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{field} must be an integer of at least 1. Received: {value!r}")


def check_all_positive(field: str, values: tuple[int, ...]) -> None:
    """Raise a ValueError unless every one of `values` is an integer of at least 1."""
    for value in values:
        check_positive(f"every entry of {field}", value)


def check_fraction(field: str, value: float) -> None:
    """Raise a ValueError unless `value` lies in [0, 1)."""
    if not 0 <= value < 1:
        raise ValueError(f"{field} must be at least 0 and below 1. Received: {value!r}")


def check_not_negative(field: str, value: float) -> None:
    """Raise a ValueError unless `value` is at least 0."""
    if not value >= 0:
        raise ValueError(f"{field} must be at least 0. Received: {value!r}")


def initializer(name: str) -> keras.initializers.Initializer:
    """Of kernels, by its name in `INITIALIZERS`.

    "orthogonal_relu" is orthogonal, times √2: what keeps a signal's size through ReLU layers, and what
    policies begin with (Andrychowicz et al. 2021, arXiv:2006.05990; Huang et al. 2022, "The 37 implementation
    details of PPO", 2).
    """
    if name == "orthogonal_relu":
        return keras.initializers.Orthogonal(gain=math.sqrt(2))
    return keras.initializers.get(name)


def bias_initializer(deviation: float) -> keras.initializers.Initializer:
    """Of biases: normal numbers with this standard deviation, all 0 where that is 0."""
    return keras.initializers.RandomNormal(stddev=deviation) if deviation else keras.initializers.Zeros()


def activate(x: keras.KerasTensor, activation: str, name: str) -> keras.KerasTensor:
    """Apply an activation function as a layer of its own, so that inspection can reach both sides of it.

    Args:
        x: `(B, ..., C)`.
        activation: One of `ACTIVATIONS`. "prelu" (He et al. 2015, arXiv:1502.01852, equation 1) learns
            one slope a channel, the same at every position. "quadratic" is x², a polynomial: the one kind
            of function whose wide nets can't approximate everything (Leshno et al. 1993, theorem 1).
        name: The layer's name.

    Returns: A tensor of the shape of `x`.
    """
    if activation == "prelu":
        positions = list(range(1, len(x.shape) - 1))
        return keras.layers.PReLU(shared_axes=positions or None, name=name)(x)
    if activation == "quadratic":
        return keras.layers.Multiply(name=name)([x, x])
    return keras.layers.Activation(activation, name=name)(x)


def curve(activation: str) -> keras.Model:
    """An activation function alone, as a model from numbers `(B, 1)` to numbers `(B, 1)`."""
    inputs = keras.Input((1,), name="inputs")
    return keras.Model(inputs, activate(inputs, activation, "act"), name=activation)


def normalize(x: keras.KerasTensor, normalization: str, name: str) -> keras.KerasTensor:
    """Normalize `x` of shape `(B, ..., C)`; "none" returns it as it is.

    "batch" is Ioffe and Szegedy 2015 (arXiv:1502.03167), "layer" Ba et al. 2016 (arXiv:1607.06450),
    "group" Wu and He 2018 (arXiv:1803.08494).
    """
    if normalization == "batch":
        return keras.layers.BatchNormalization(momentum=BATCH_MOMENTUM, name=name)(x)
    if normalization == "layer":
        return keras.layers.LayerNormalization(name=name)(x)
    if normalization == "group":
        groups = next(n for n in range(GROUPS, 0, -1) if x.shape[-1] % n == 0)
        return keras.layers.GroupNormalization(groups, name=name)(x)
    return x


def logits(x: keras.KerasTensor, outputs: int) -> keras.KerasTensor:
    """The last layer of every classifier and regressor: `(B, F)` to `(B, outputs)`, always in float32.

    Under mixed precision a softmax over half-precision logits would lose the small probabilities.
    """
    return keras.layers.Dense(outputs, dtype="float32", name="logits")(x)
