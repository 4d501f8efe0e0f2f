"""Encoder: a Transformer that reads, and answers once for a whole sequence or at every step."""

from dataclasses import dataclass

import keras
from keras import ops

from models import attention, layers, recurrent

RETURNS = ("last", "every")


@dataclass(frozen=True)
class Config:
    """The settings of an encoder.

    Args:
        input_shape: `(T, C)` of features, or `(T,)` of tokens; T is None where lengths differ.
        outputs: Size of an answer.
        tokens: How many tokens there are; 0 where steps are of features.
        width: Of every step's vector between blocks; divisible by `heads`.
        depth: Blocks.
        heads: Of every attention.
        hidden: Width inside a block's two dense layers; as published four times `width`.
        returns: "last": one answer for the sequence, from the mean over its steps; or "every" step's.
        causal: Whether a step sees those before it alone, as in a recurrent net.
        normalization: One of `attention.NORMALIZATIONS`.
        positions: One of `attention.POSITIONS`.
        context: Most steps, where positions are learned.
        dropout: Share of the entries that are dropped, see `attention.Blocks`.

    Raises:
        ValueError: A field breaks its rule; the message names the field, the rule and the value.
    """

    input_shape: tuple[int | None, ...]
    outputs: int
    tokens: int = 0
    width: int = 64
    depth: int = 2
    heads: int = 4
    hidden: int = 256
    returns: str = "last"
    causal: bool = False
    normalization: str = "pre"
    positions: str = "sinusoidal"
    context: int = 512
    dropout: float = 0.0

    def __post_init__(self) -> None:
        dimensions = 1 if self.tokens else 2
        if len(self.input_shape) != dimensions or any(n is not None and n < 1 for n in self.input_shape):
            kind = "(T,) of tokens" if self.tokens else "(T, C)"
            raise ValueError(f"input_shape must be {kind}. Received: {self.input_shape!r}")
        layers.check_positive("outputs", self.outputs)
        layers.check_choice("returns", self.returns, RETURNS)
        attention.Blocks.of(self)


def build(config: Config) -> keras.Model:
    """Build the network that `config` describes.

    Vaswani et al. 2017 (arXiv:1706.03762, section 3.1), with one answer from the mean of the steps that
    count.

    Layers: `embedding` of tokens, or `project` of features; those of `attention.block` by the names `block1`,
    `block2`, ...; `block_norm`, `mean`, `logits`.

    Returns: An uncompiled functional model, `(B, *input_shape)` to logits: `(B, outputs)` for "last",
        `(B, T, outputs)` for "every". Padding counts for nothing: token 0, or features of
        `recurrent.PADDING`.

    Example:

    >>> build(Config((None,), outputs=2, tokens=100)).output_shape
    (None, 2)
    """
    inputs = keras.Input(
        config.input_shape, dtype="int32" if config.tokens else keras.config.floatx(), name="inputs"
    )
    x, counted = torso(inputs, config)
    if config.returns == "last":
        x = keras.layers.GlobalAveragePooling1D(name="mean")(x, mask=counted)
    return keras.Model(inputs, layers.logits(x, config.outputs), name="encoder")


def torso(
    inputs: keras.KerasTensor, config: Config, prefix: str = "", last: bool = False
) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """All that comes before the answer.

    Args:
        inputs: `(B, *input_shape)`.
        config: Of the network.
        prefix: Before the layers' names, where a model has several.
        last: Whether the last step alone is wanted, which spares the last block most of its work.

    Returns: `(B, T, width)`, or `(B, 1, width)` of the last; and which steps count, `(B, T)`.
    """
    net = attention.Layers(attention.Blocks.of(config))
    if config.tokens:
        counted = ops.not_equal(inputs, attention.PADDING)
        x = ops.multiply(net.embedding(config.tokens, f"{prefix}embedding")(inputs), config.width**0.5)
    else:
        counted = ops.any(ops.not_equal(inputs, recurrent.PADDING), axis=-1)
        x = net.dense(config.width, f"{prefix}project")(ops.where(ops.expand_dims(counted, 2), inputs, 0.0))
    positions = attention.steps(ops.cast(counted, "int32"))
    everything = mask = ops.expand_dims(ops.expand_dims(counted, 1), 1)
    if config.causal:
        mask = ops.logical_and(mask, attention.causal(positions))
    x = attention.placed(net, x, positions, f"{prefix}block")
    for number in range(1, config.depth + 1):
        ending = last and number == config.depth
        seen = everything if ending else mask  # nothing comes after the last step
        x = attention.block(net, x, f"{prefix}block{number}", positions=positions, mask=seen, last=ending)
    return attention.last_norm(net, x, f"{prefix}block"), counted
