"""Multi-layer perceptron: dense layers, each followed by an activation function."""

from dataclasses import dataclass

import keras

from models import layers


@dataclass(frozen=True)
class Config:
    """The settings of a multi-layer perceptron.

    Args:
        input_shape: Shape of one example, batch left out. More than one axis is flattened.
        outputs: Number of logits: the classes, or the values that a regression predicts.
        widths: Units of each hidden layer, first to last. Empty: a linear model.
        activation: One of `layers.ACTIVATIONS`, after every hidden layer.
        normalization: One of `layers.NORMALIZATIONS`, between a hidden layer and its activation.
        dropout: Share of the units that are dropped after each hidden layer, in [0, 1).
        initializer: One of `layers.INITIALIZERS`, of the hidden layers' kernels. He et al. 2015 derive
            "he_normal" for ReLU (arXiv:1502.01852, section 2.2).
        bias_deviation: Standard deviation of the hidden layers' first biases. At 0, as is usual, every kink
            of a net with one input begins at 0, and has to be moved from there.

    Raises:
        ValueError: A field breaks its rule; the message names the field, the rule and the value.
    """

    input_shape: tuple[int, ...]
    outputs: int
    widths: tuple[int, ...] = (256, 128)
    activation: str = "relu"
    normalization: str = "none"
    dropout: float = 0.0
    initializer: str = "he_normal"
    bias_deviation: float = 0.0

    def __post_init__(self) -> None:
        if not self.input_shape:
            raise ValueError("input_shape must have at least one axis. Received: ()")
        layers.check_all_positive("input_shape", self.input_shape)
        layers.check_positive("outputs", self.outputs)
        layers.check_all_positive("widths", self.widths)
        layers.check_choice("activation", self.activation, layers.ACTIVATIONS)
        layers.check_choice("normalization", self.normalization, layers.NORMALIZATIONS)
        layers.check_fraction("dropout", self.dropout)
        layers.check_choice("initializer", self.initializer, layers.INITIALIZERS)
        layers.check_not_negative("bias_deviation", self.bias_deviation)


def build(config: Config) -> keras.Model:
    """Build the network that `config` describes.

    Rumelhart, Hinton and Williams 1986, "Learning representations by back-propagating errors".

    Layers: `flatten` (inputs of more than one axis), then for each hidden layer `dense1`,
    `dense1_norm`, `dense1_act`, `dense1_dropout`, ...; last `logits`.

    Returns: An uncompiled functional model, `(B, *input_shape)` to logits `(B, outputs)`.

    Example:

    >>> model = build(Config(input_shape=(28, 28, 1), outputs=10))
    >>> model.output_shape
    (None, 10)
    """
    inputs = keras.Input(config.input_shape, name="inputs")
    return keras.Model(inputs, layers.logits(torso(inputs, config), config.outputs), name="mlp")


def torso(x: keras.KerasTensor, config: Config, prefix: str = "") -> keras.KerasTensor:
    """All but the last layer.

    Args:
        x: `(B, *input_shape)`.
        config: Of the network.
        prefix: Before the layers' names, where a model has several.

    Returns: `(B, F)`.
    """
    if len(config.input_shape) > 1:
        x = keras.layers.Flatten(name=f"{prefix}flatten")(x)
    return hidden_layers(x, config, config.bias_deviation, prefix)


def hidden_layers(
    x: keras.KerasTensor, config, bias_deviation: float = 0.0, prefix: str = ""
) -> keras.KerasTensor:
    """The dense stack of a `Config` with widths, activation, normalization, dropout and initializer.

    Args:
        x: `(B, F)`.
        config: A `Config` of this module, or one with these fields.
        bias_deviation: Of the first biases.
        prefix: Before the layers' names.

    Returns: `(B, widths[-1])`.
    """
    for number, width in enumerate(config.widths, start=1):
        name = f"{prefix}dense{number}"
        x = keras.layers.Dense(
            width,
            kernel_initializer=layers.initializer(config.initializer),
            bias_initializer=layers.bias_initializer(bias_deviation),
            use_bias=config.normalization != "batch",  # its own offset takes the bias' place
            name=name,
        )(x)
        x = layers.normalize(x, config.normalization, f"{name}_norm")
        x = layers.activate(x, config.activation, f"{name}_act")
        if config.dropout:
            x = keras.layers.Dropout(config.dropout, name=f"{name}_dropout")(x)
    return x
