"""Convolutional network: stages of convolutions over a line (1-D) or a picture (2-D)."""

from dataclasses import dataclass

import keras

from models import layers, mlp

HEADS = ("flatten", "average", "max")
PADDINGS = ("same", "valid")
POOLINGS = ("none", "max", "average")


@dataclass(frozen=True)
class Config:
    """The settings of a convolutional network.

    Args:
        input_shape: `(T, C)` for one-dimensional convolutions, `(H, W, C)` for two-dimensional ones.
            The channels are whatever lies at each position: colours, or a stack of game frames.
        outputs: Number of logits.
        filters: Channels of each stage, first to last; one entry a stage.
        convolutions: Convolutions in each stage; a single entry serves every stage.
        kernel_size: Edge of the kernels, in positions.
        stride: Stride of each stage's first convolution, in positions.
        padding: "same" keeps the size at stride 1, "valid" takes only positions that lie inside.
        pooling: What ends each stage: "max", "average" or "none".
        pool_size: Edge and stride of the pooling window, in positions.
        residual: Add the input of every convolution that keeps the shape to its output
            (He et al. 2015, arXiv:1512.03385, equation 1).
        normalization: One of `layers.NORMALIZATIONS`, between a convolution and its activation.
        dropout: Share of the units that are dropped after each stage and dense layer, in [0, 1).
        head: How the last stage's grid becomes a vector: "flatten" keeps every position; "average"
            and "max" take one figure a channel over all positions, in place of the last stage's pooling.
        widths: Units of the dense layers between the head and the logits.
        activation: One of `layers.ACTIVATIONS`.
        initializer: One of `layers.INITIALIZERS`, of the kernels.

    Raises:
        ValueError: A field breaks its rule; the message names the field, the rule and the value.
    """

    input_shape: tuple[int, ...]
    outputs: int
    filters: tuple[int, ...] = (32, 64)
    convolutions: tuple[int, ...] = (1,)
    kernel_size: int = 3
    stride: int = 1
    padding: str = "same"
    pooling: str = "max"
    pool_size: int = 2
    residual: bool = False
    normalization: str = "batch"
    dropout: float = 0.0
    head: str = "average"
    widths: tuple[int, ...] = ()
    activation: str = "relu"
    initializer: str = "he_normal"

    def __post_init__(self) -> None:
        if len(self.input_shape) not in (2, 3):
            raise ValueError(
                "input_shape must be (length, channels) or (height, width, channels). "
                f"Received: {self.input_shape!r}"
            )
        layers.check_all_positive("input_shape", self.input_shape)
        layers.check_positive("outputs", self.outputs)
        if not self.filters:
            raise ValueError("filters must name at least one stage. Received: ()")
        layers.check_all_positive("filters", self.filters)
        layers.check_all_positive("convolutions", self.convolutions)
        if len(self.convolutions) not in (1, len(self.filters)):
            raise ValueError(
                f"convolutions must have one entry, or one for each of the {len(self.filters)} stages. "
                f"Received: {self.convolutions!r}"
            )
        for field in ("kernel_size", "stride", "pool_size"):
            layers.check_positive(field, getattr(self, field))
        layers.check_choice("padding", self.padding, PADDINGS)
        layers.check_choice("pooling", self.pooling, POOLINGS)
        layers.check_choice("normalization", self.normalization, layers.NORMALIZATIONS)
        layers.check_fraction("dropout", self.dropout)
        layers.check_choice("head", self.head, HEADS)
        layers.check_all_positive("widths", self.widths)
        layers.check_choice("activation", self.activation, layers.ACTIVATIONS)
        layers.check_choice("initializer", self.initializer, layers.INITIALIZERS)
        self._check_size()

    @property
    def convolutions_of_stages(self) -> tuple[int, ...]:
        """The number of convolutions of every stage."""
        if len(self.convolutions) == 1:
            return self.convolutions * len(self.filters)
        return self.convolutions

    def _check_size(self) -> None:
        """Raise a ValueError if some stage would be left without a single position."""
        for size in self.input_shape[:-1]:
            for stage, convolutions in enumerate(self.convolutions_of_stages, start=1):
                for convolution in range(convolutions):
                    if self.padding == "valid":
                        size -= self.kernel_size - 1
                    if convolution == 0:
                        size = -(-size // self.stride)
                last = stage == len(self.filters)
                if self.pooling != "none" and not (last and self.head != "flatten"):
                    size //= self.pool_size
                if size < 1:
                    raise ValueError(
                        f"filters has {len(self.filters)} stages, but an input of {self.input_shape!r} "
                        f"has no position left after stage {stage}: take fewer stages, a smaller "
                        f'kernel_size, stride or pool_size, or pooling="none"'
                    )


def build(config: Config) -> keras.Model:
    """Build the network that `config` describes.

    LeCun et al. 1998, "Gradient-based learning applied to document recognition", section II.

    Layers: in stage 1 `stage1_conv1`, `stage1_conv1_norm`, `stage1_conv1_add` (residual),
    `stage1_conv1_act`, ..., `stage1_pool`, `stage1_dropout`; after the stages `head`, the dense layers
    as in `mlp`, and `logits`.

    Returns: An uncompiled functional model, `(B, T, C)` or `(B, H, W, C)` to logits `(B, outputs)`.

    Example:

    >>> model = build(Config(input_shape=(28, 28, 1), outputs=10))
    >>> model.get_layer("stage2_conv1").output.shape
    (None, 14, 14, 64)
    """
    inputs = keras.Input(config.input_shape, name="inputs")
    return keras.Model(inputs, layers.logits(torso(inputs, config), config.outputs), name="cnn")


def torso(x: keras.KerasTensor, config: Config, prefix: str = "") -> keras.KerasTensor:
    """All but the last layer.

    Args:
        x: `(B, *input_shape)`.
        config: Of the network.
        prefix: Before the layers' names, where a model has several.

    Returns: `(B, F)`.
    """
    stages = zip(config.filters, config.convolutions_of_stages, strict=True)
    for stage, (filters, convolutions) in enumerate(stages, start=1):
        for number in range(1, convolutions + 1):
            stride = config.stride if number == 1 else 1
            x = _convolution(x, filters, stride, config, f"{prefix}stage{stage}_conv{number}")
        if stage < len(config.filters) or config.head == "flatten":
            x = _pool(x, config, f"{prefix}stage{stage}_pool")
        if config.dropout:
            x = keras.layers.Dropout(config.dropout, name=f"{prefix}stage{stage}_dropout")(x)
    x = _head(x, config, f"{prefix}head")  # (B, F)
    return mlp.hidden_layers(x, config, prefix=prefix)


def _is_line(x: keras.KerasTensor) -> bool:
    return len(x.shape) == 3  # (B, T, C)


def _convolution(x, filters: int, stride: int, config: Config, name: str) -> keras.KerasTensor:
    convolution = keras.layers.Conv1D if _is_line(x) else keras.layers.Conv2D
    shortcut = x
    x = convolution(
        filters,
        config.kernel_size,
        strides=stride,
        padding=config.padding,
        kernel_initializer=layers.initializer(config.initializer),
        use_bias=config.normalization != "batch",  # its own offset takes the bias' place
        name=name,
    )(x)
    x = layers.normalize(x, config.normalization, f"{name}_norm")
    if config.residual and shortcut.shape == x.shape:
        x = keras.layers.Add(name=f"{name}_add")([shortcut, x])
    return layers.activate(x, config.activation, f"{name}_act")


def _pool(x, config: Config, name: str) -> keras.KerasTensor:
    if config.pooling == "none":
        return x
    pool = {
        ("max", True): keras.layers.MaxPooling1D,
        ("max", False): keras.layers.MaxPooling2D,
        ("average", True): keras.layers.AveragePooling1D,
        ("average", False): keras.layers.AveragePooling2D,
    }[config.pooling, _is_line(x)]
    return pool(config.pool_size, name=name)(x)


def _head(x, config: Config, name: str) -> keras.KerasTensor:
    head = {
        ("average", True): keras.layers.GlobalAveragePooling1D,
        ("average", False): keras.layers.GlobalAveragePooling2D,
        ("max", True): keras.layers.GlobalMaxPooling1D,
        ("max", False): keras.layers.GlobalMaxPooling2D,
    }.get((config.head, _is_line(x)), keras.layers.Flatten)
    return head(name=name)(x)
