"""Many dense nets side by side in one model: every depth, width and activation, from many random weights."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras

from models import layers

# PReLU's slope would be one for all nets of a kind: they would no longer be nets of their own.
ACTIVATIONS = tuple(name for name in layers.ACTIVATIONS if name != "prelu")
# Those that ask for a net's inputs alone: Keras takes the outputs of all nets together for one layer's.
INITIALIZERS = ("he_normal", "he_uniform", "lecun_normal", "lecun_uniform")
MOST = 20_000  # nets in one model
MOST_WEIGHTS = 20_000_000  # of all of them
SQUARED = 3  # hidden layers at the most where each squares: a number is raised to 2 ** depth


@dataclass(frozen=True)
class Config:
    """The settings of a sweep: a kind of net for each activation, depth and width.

    Args:
        input_shape: Shape of one example, batch left out. More than one axis is flattened.
        outputs: Number of values that each net predicts.
        activations: Of `ACTIVATIONS`.
        depths: Numbers of hidden layers.
        widths: Units of every hidden layer.
        initializer: One of `INITIALIZERS`, of all kernels.
        bias_deviation: Standard deviation of the hidden layers' first biases (`mlp.Config`).
        members: Nets of each kind, alike but for their random weights.

    Raises:
        ValueError: A field breaks its rule; the message names the field, the rule and the value.
    """

    input_shape: tuple[int, ...]
    outputs: int
    activations: tuple[str, ...] = ("relu", "tanh")
    depths: tuple[int, ...] = (1,)
    widths: tuple[int, ...] = (2, 4, 8, 16)
    initializer: str = "he_normal"
    bias_deviation: float = 0.0
    members: int = 10

    def __post_init__(self) -> None:
        if not self.input_shape:
            raise ValueError("input_shape must have at least one axis. Received: ()")
        layers.check_all_positive("input_shape", self.input_shape)
        layers.check_positive("outputs", self.outputs)
        for field in ("activations", "depths", "widths"):
            values = getattr(self, field)
            if not values or len(set(values)) < len(values):
                raise ValueError(f"{field} must name at least one, and none twice. Received: {values!r}")
        for activation in self.activations:
            layers.check_choice("every entry of activations", activation, ACTIVATIONS)
        layers.check_all_positive("depths", self.depths)
        layers.check_all_positive("widths", self.widths)
        layers.check_choice("initializer", self.initializer, INITIALIZERS)
        layers.check_not_negative("bias_deviation", self.bias_deviation)
        layers.check_positive("members", self.members)
        nets = len(self.activations) * len(self.depths) * len(self.widths) * self.members
        if nets > MOST:
            raise ValueError(f"members must leave {MOST} nets at the most in all. Received: {nets} nets")
        if "quadratic" in self.activations and max(self.depths) > SQUARED:
            raise ValueError(
                f"depths must be at most {SQUARED} with quadratic among the activations. "
                f"Received: {self.depths!r}"
            )
        weights = (
            len(self.activations)
            * self.members
            * sum((width + 1) ** 2 * depth for depth in self.depths for width in self.widths)
        )
        if weights > MOST_WEIGHTS:
            raise ValueError(
                f"widths and depths must leave some {MOST_WEIGHTS:,} weights at the most in all. "
                f"Received: about {weights:,}"
            )


def kinds(config: Config) -> list[Mapping[str, Any]]:
    """What the nets are: for each kind, in the order of the model's outputs, its settings."""
    return [
        {"depth": depth, "width": width, "activation": activation}
        for depth, width, activation in itertools.product(config.depths, config.widths, config.activations)
    ]


def build(config: Config) -> keras.Model:
    """Build the nets that `config` describes as one model; no weight belongs to two of them.

    Nets of one depth and width share their layers' kernels, which have an axis for the nets: a step then
    costs some large operations and not thousands of small ones.

    Letters beside the usual: N nets, A activations, M members, H units.

    Layers: `flatten` (inputs of more than one axis); for each depth and width `depth2_width4_dense1`,
    `depth2_width4_dense1_relu` and its like for each activation, joined by `depth2_width4_dense1_act`, ...;
    `depth2_width4_outputs`; last `outputs`.

    Returns: An uncompiled functional model, `(B, *input_shape)` to `(B, N, outputs)`, the members of a kind
        being neighbours.

    Example:

    >>> model = build(Config(input_shape=(1,), outputs=1))
    >>> model.output_shape
    (None, 80, 1)
    """
    inputs = keras.Input(config.input_shape, name="inputs")
    x = keras.layers.Flatten(name="flatten")(inputs) if len(config.input_shape) > 1 else inputs
    outputs = []
    for depth, width in itertools.product(config.depths, config.widths):
        name = f"depth{depth}_width{width}"
        y = x  # (B, F), then (A * M, B, H)
        for number in range(1, depth + 1):
            y = _dense(y, width, config, config.bias_deviation, f"{name}_dense{number}")
            y = _activate(y, config, f"{name}_dense{number}")
        outputs.append(_dense(y, config.outputs, config, 0.0, f"{name}_outputs"))  # (A * M, B, K)
    together = keras.ops.transpose(_joined(outputs, "all_outputs"), (1, 0, 2))
    return keras.Model(inputs, keras.layers.Identity(name="outputs")(together), name="sweep")


def _dense(x, units: int, config: Config, bias_deviation: float, name: str) -> keras.KerasTensor:
    """A dense layer of each net's own: `(B, F)` or `(A * M, B, F)` to `(A * M, B, units)`.

    The nets come first, so that the layer is one product of stacks of matrices, with nothing to be turned.
    """
    first = len(x.shape) == 2
    y = keras.layers.EinsumDense(
        "bf,nfh->bnh" if first else "nbf,nfh->nbh",
        output_shape=(len(config.activations) * config.members if first else None, units),
        bias_axes="nh",
        kernel_initializer=config.initializer,
        bias_initializer=layers.bias_initializer(bias_deviation),
        dtype="float32",
        name=name,
    )(x)
    return keras.ops.transpose(y, (1, 0, 2)) if first else y


def _activate(x, config: Config, name: str) -> keras.KerasTensor:
    """Each activation function on its own members: `(A * M, B, H)` to the same."""
    parts = keras.ops.split(x, len(config.activations), axis=0)
    bent = [
        layers.activate(part, activation, f"{name}_{activation}")
        for activation, part in zip(config.activations, parts, strict=True)
    ]
    return _joined(bent, f"{name}_act")


def _joined(tensors: list[keras.KerasTensor], name: str) -> keras.KerasTensor:
    """`(n, B, H)` each, one after the other."""
    if len(tensors) == 1:  # Keras joins two at the least
        return keras.layers.Identity(name=name)(tensors[0])
    return keras.layers.Concatenate(axis=0, name=name)(tensors)
