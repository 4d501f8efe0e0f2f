"""GAN: a generator that turns noise into pictures, and a discriminator that tells them from real ones.

Of points, rows of a few numbers, both are dense nets: small enough to be watched at every step.
"""

from dataclasses import dataclass

import keras

from models import layers

NORMALIZATIONS = ("none", "batch", "layer")


@dataclass(frozen=True)
class Config:
    """The settings of both players.

    Args:
        input_shape: Of a picture, `(H, W, C)`, each side a multiple of 2 to the number of stages; or of a
            point, `(D,)`.
        outputs: How many classes there are; of no matter where `conditional` is not set.
        latent: Entries of the noise that a picture or a point grows from.
        filters: Channels of the generator's grids, from the smallest on; each stage doubles the sides, the
            last to the picture itself. The discriminator halves them again, with these channels reversed.
            Of points: units of the generator's hidden layers, which the discriminator has in reverse order.
        kernel_size: Edge of the kernels, in positions; an even one, of which stride 2 leaves no checkerboard
            (Odena et al. 2016, "Deconvolution and checkerboard artifacts"). Of no matter to points.
        conditional: Whether both players are told the class.
        normalization: One of `NORMALIZATIONS`, of the generator.
        dropout: Share of the discriminator's units that are dropped after each stage, in [0, 1).

    Raises:
        ValueError: A field breaks its rule; the message names the field, the rule and the value.
    """

    input_shape: tuple[int, ...]
    outputs: int = 0
    latent: int = 64
    filters: tuple[int, ...] = (128, 64)
    kernel_size: int = 4
    conditional: bool = False
    normalization: str = "batch"
    dropout: float = 0.0

    def __post_init__(self) -> None:
        if len(self.input_shape) not in (1, 3):
            raise ValueError(
                f"input_shape must be (height, width, channels), or (numbers,) of points. "
                f"Received: {self.input_shape!r}"
            )
        layers.check_all_positive("input_shape", self.input_shape)
        if not self.filters:
            raise ValueError("filters must name at least one stage. Received: ()")
        layers.check_all_positive("filters", self.filters)
        if not self.of_points and any(side % self.scale for side in self.input_shape[:2]):
            raise ValueError(
                f"input_shape must have sides that are multiples of {self.scale}, since {len(self.filters)} "
                f"stages double them. Received: {self.input_shape!r}. Take another size, or fewer filters"
            )
        for field in ("latent", "kernel_size"):
            layers.check_positive(field, getattr(self, field))
        layers.check_not_negative("outputs", self.outputs)
        if self.conditional and self.outputs < 2:
            raise ValueError(f"conditional needs at least two classes. Received: {self.outputs!r}")
        layers.check_choice("normalization", self.normalization, NORMALIZATIONS)
        layers.check_fraction("dropout", self.dropout)

    @property
    def of_points(self) -> bool:
        """Whether the players are those of points."""
        return len(self.input_shape) == 1

    @property
    def scale(self) -> int:
        """How much larger the picture is than the smallest grid, along each side."""
        return 2 ** len(self.filters)

    @property
    def grid(self) -> tuple[int, int, int]:
        """The generator's smallest grid, `(H, W, C)`."""
        height, width, _ = self.input_shape
        return height // self.scale, width // self.scale, self.filters[0]


def build(config: Config) -> keras.Model:
    """Build both players, the one behind the other.

    Goodfellow et al. 2014 (arXiv:1406.2661), as convolutions by Radford et al. 2016 (arXiv:1511.06434).

    Layers: the models `generator` and `discriminator`, see `generator` and `discriminator`; `players` takes
    them out again.

    Returns: An uncompiled functional model from noise `(B, latent)`, and labels `(B,)` where it is
        conditional, to the discriminator's logit of the picture or point that grows from it, `(B, 1)`: above
        0 it is taken for real.

    Example:

    >>> model = build(Config(input_shape=(28, 28, 1)))
    >>> [player.output_shape for player in players(model)]
    [(None, 28, 28, 1), (None, 1)]
    """
    growing, telling = generator(config), discriminator(config)
    given = [keras.Input(tensor.shape[1:], dtype=tensor.dtype, name=tensor.name) for tensor in growing.inputs]
    picture = growing(given if config.conditional else given[0])
    verdict = telling([picture, given[1]] if config.conditional else picture)
    return keras.Model(given if config.conditional else given[0], verdict, name="gan")


def players(model: keras.Model) -> tuple[keras.Model, keras.Model]:
    """The generator and the discriminator of a model that `build` made."""
    return model.get_layer("generator"), model.get_layer("discriminator")


def generator(config: Config) -> keras.Model:
    """From noise to a picture, or to a point.

    Layers: `label_embedding` and `noise_and_label` where it is conditional; `grow`, `grow_grid`, `grow_norm`,
    `grow_act`; of stage 1 `stage1_up` (a transposed convolution), `stage1_norm`, `stage1_act`; ...; the last
    stage's `picture_up` gives the picture's logits, `picture` the picture. Of points: of stage 1
    `stage1_dense`, `stage1_norm`, `stage1_act`; ...; `point`.

    Returns: `(B, latent)`, or a list of it and labels `(B,)`, to pictures `(B, H, W, C)` in [0, 1], or to
        points `(B, D)`, which may lie anywhere.
    """
    noise = keras.Input((config.latent,), name="noise")
    inputs, x = noise, noise
    if config.conditional:
        label = keras.Input((), dtype="int32", name="label")
        told = keras.layers.Embedding(config.outputs, config.latent, name="label_embedding")(label)
        x = keras.layers.Concatenate(name="noise_and_label")([noise, told])
        inputs = [noise, label]
    biased = config.normalization != "batch"  # its own offset takes the bias' place
    if config.of_points:
        for number, units in enumerate(config.filters, start=1):
            x = keras.layers.Dense(units, use_bias=biased, name=f"stage{number}_dense")(x)
            x = _grown(x, config, f"stage{number}")
        point = keras.layers.Dense(config.input_shape[0], dtype="float32", name="point")(x)
        return keras.Model(inputs, point, name="generator")
    height, width, channels = config.grid
    x = keras.layers.Dense(height * width * channels, use_bias=biased, name="grow")(x)
    x = keras.layers.Reshape(config.grid, name="grow_grid")(x)
    x = _grown(x, config, "grow")
    for number, filters in enumerate(config.filters[1:], start=1):
        x = _up(x, filters, config, f"stage{number}_up", use_bias=biased)
        x = _grown(x, config, f"stage{number}")
    x = _up(x, config.input_shape[2], config, "picture_up", dtype="float32")
    return keras.Model(inputs, keras.layers.Activation("sigmoid", name="picture")(x), name="generator")


def discriminator(config: Config) -> keras.Model:
    """From a picture, or a point, to whether it is a real one.

    Layers: `centre` (from [0, 1] to [-1, 1]); of stage 1 `stage1_conv`, `stage1_act`, `stage1_dropout`; ...;
    `features`; `logits`. Where it is conditional the label counts by the product of `label_embedding` with
    the features (Miyato and Koyama 2018, arXiv:1802.05637, equation 4). No normalization: a picture's verdict
    is its own, as a gradient penalty needs it. Of points there is no `centre`, and `stage1_dense` is in the
    place of `stage1_conv`.

    Returns: Pictures `(B, H, W, C)` or points `(B, D)`, or a list of them and labels `(B,)`, to logits
        `(B, 1)`.
    """
    what = "point" if config.of_points else "picture"
    seen = keras.Input(config.input_shape, name=what)
    x = seen if config.of_points else keras.layers.Rescaling(2.0, -1.0, name="centre")(seen)
    for number, filters in enumerate(reversed(config.filters), start=1):
        if config.of_points:
            x = keras.layers.Dense(filters, name=f"stage{number}_dense")(x)
        else:
            x = keras.layers.Conv2D(
                filters, config.kernel_size, strides=2, padding="same", name=f"stage{number}_conv"
            )(x)
        x = layers.activate(x, "leaky_relu", f"stage{number}_act")
        if config.dropout:
            x = keras.layers.Dropout(config.dropout, name=f"stage{number}_dropout")(x)
    x = keras.layers.Flatten(name="features")(x)
    if not config.conditional:
        return keras.Model(seen, layers.logits(x, 1), name="discriminator")
    label = keras.Input((), dtype="int32", name="label")
    told = keras.layers.Embedding(config.outputs, x.shape[1], name="label_embedding")(label)
    fitting = keras.layers.Dot(axes=1, name=f"{what}_and_label")([x, told])
    verdict = keras.layers.Add(name="verdict")([layers.logits(x, 1), fitting])
    return keras.Model([seen, label], verdict, name="discriminator")


def _up(x, filters: int, config: Config, name: str, **keywords) -> keras.KerasTensor:
    """Twice the sides."""
    return keras.layers.Conv2DTranspose(
        filters, config.kernel_size, strides=2, padding="same", name=name, **keywords
    )(x)


def _grown(x, config: Config, name: str) -> keras.KerasTensor:
    return layers.activate(layers.normalize(x, config.normalization, f"{name}_norm"), "relu", f"{name}_act")
