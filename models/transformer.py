"""Transformer: an encoder looks at all of a sentence at once, a decoder writes another looking at both."""

from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from models import attention, layers

START, END = 1, 2  # tokens of every vocabulary, as in `models.seq2seq`


@dataclass(frozen=True)
class Config:
    """The settings of a Transformer.

    Args:
        tokens: How many tokens the source language has, the special ones included.
        outputs: How many the target language has: the logits.
        width: Of every token's vector between blocks; divisible by `heads`.
        depth: Blocks of the encoder, and as many of the decoder.
        heads: Of every attention.
        hidden: Width inside a block's two dense layers; as published four times `width`.
        normalization: One of `attention.NORMALIZATIONS`.
        positions: One of `attention.POSITIONS`.
        context: Most tokens of a sentence, where positions are learned.
        tied: Take the target's embedding for the logits' kernel, too (section 3.4).
        dropout: Share of the entries that are dropped, see `attention.Blocks`.

    Raises:
        ValueError: A field breaks its rule; the message names the field, the rule and the value.
    """

    tokens: int
    outputs: int
    width: int = 256
    depth: int = 3
    heads: int = 4
    hidden: int = 1024
    normalization: str = "pre"
    positions: str = "sinusoidal"
    context: int = 512
    tied: bool = True
    dropout: float = 0.1

    def __post_init__(self) -> None:
        for name in ("tokens", "outputs"):
            layers.check_positive(name, getattr(self, name))
        attention.Blocks.of(self)


def build(config: Config) -> keras.Model:
    """Build the graph that learns: it is given the target, too, one place behind.

    Vaswani et al. 2017 (arXiv:1706.03762, section 3); `normalization` says where it normalizes.

    Layers: `source_embedding`, those of `attention.block` by the names `encoder1`, ..., `encoder_norm`;
    `target_embedding`, `decoder1`, ... with their `decoder1_cross`, ..., `decoder_norm`; `logits` where they
    are not tied.

    Returns: An uncompiled functional model. It takes a list, the source `(B, S)` and the target behind a
        START `(B, T)`, int32 and padded by `attention.PADDING`, and gives logits `(B, T, outputs)`.

    Example:

    >>> build(Config(tokens=50, outputs=40)).output_shape
    (None, None, 40)
    """
    net = attention.Layers(attention.Blocks.of(config))
    source = keras.Input((None,), dtype="int32", name="source")
    positions, seen = attention.steps(source), attention.present(source)
    x = _embedded(net, source, positions, config.tokens, "source", "encoder")
    for number in range(1, config.depth + 1):
        x = attention.block(net, x, f"encoder{number}", positions=positions, mask=seen)
    memory = attention.last_norm(net, x, "encoder")

    target = keras.Input((None,), dtype="int32", name="target")
    positions = attention.steps(target)
    causal = attention.causal(positions)
    y = _embedded(net, target, positions, config.outputs, "target", "decoder")
    for number in range(1, config.depth + 1):
        name = f"decoder{number}"
        crossed = attention.keys_and_values(net, memory, f"{name}_cross")
        y = attention.block(net, y, name, positions=positions, mask=causal, memory=crossed, memory_mask=seen)
    y = attention.last_norm(net, y, "decoder")
    logits = net.logits(y, config.outputs, "target_embedding" if config.tied else None)
    return keras.Model([source, target], logits, name="transformer")


def encode_graph(model: keras.Model) -> keras.Model:
    """The encoder alone, with the weights of a model that `build` made, or that was loaded from its file.

    Returns: A model from the source `(B, S)` to a dict: "memory", each decoder block's keys and values of the
        source `(B, S, H, D)` in a list; and "source" as it is.
    """
    source = model.get_layer("source").output
    memory = [
        model.get_layer(f"decoder{number}_cross_{kind}_heads").output
        for number in range(1, _depth(model) + 1)
        for kind in ("key", "value")
    ]
    # No operation that is not of the model: its name could be one that the model has already.
    return keras.Model(source, {"memory": memory, "source": source}, name="encode")


def step_graph(model: keras.Model) -> keras.Model:
    """One step of the decoder, with the weights of a model that `build` made, or that was loaded.

    Returns: A model from a dict, "token" `(B,)`, "states" as `first_states` gives them and what else
        `encode_graph` gives, to a dict: "logits" `(B, outputs)` of the next token, and "states" after it.
    """
    net = attention.Layers(attention.Blocks.found(model, "decoder"), model)
    heads = (None, net.blocks.heads, net.blocks.width // net.blocks.heads)
    token, position = (keras.Input((), dtype="int32", name=name) for name in ("token", "position"))
    source = keras.Input((None,), dtype="int32", name="source")
    seen = attention.present(source)
    positions = ops.expand_dims(position, 1)
    cache = attention.Cache(net.blocks, position)
    memory: list[Any] = []
    y = _embedded(net, ops.expand_dims(token, 1), positions, 0, "target", "decoder")
    for number in range(1, _depth(model) + 1):
        crossed = tuple(keras.Input(heads, name=f"memory{number}_{kind}") for kind in ("key", "value"))
        memory += crossed
        name = f"decoder{number}"
        y = attention.block(net, y, name, positions=positions, cache=cache, memory=crossed, memory_mask=seen)
    y = ops.squeeze(attention.last_norm(net, y, "decoder"), 1)
    tied = all(layer.name != "logits" for layer in model.layers)
    outputs = {
        "logits": net.logits(y, 0, "target_embedding" if tied else None),
        "states": [position + 1, *cache.after],
    }
    inputs = {"token": token, "states": [position, *cache.before], "memory": memory, "source": source}
    return keras.Model(inputs, outputs, name="step")


def first_states(encoded: dict[str, Any], most: Any) -> list[Any]:
    """The states before the first of `most` steps: its position, and room for keys and values."""
    memory = encoded["memory"]
    batch, _, heads, size = ops.shape(memory[0])
    room = [ops.zeros((batch, most, heads, size), dtype=memory[0].dtype) for _ in memory]
    return [ops.zeros((batch,), dtype="int32"), *room]


def _embedded(
    net: attention.Layers, tokens: Any, positions: Any, count: int, side: str, stack: str
) -> keras.KerasTensor:
    """The vectors of tokens `(B, T)`, scaled to entries near 1 as positions have (section 3.4), and these."""
    x = net.embedding(count, f"{side}_embedding")(tokens)
    return attention.placed(net, ops.multiply(x, net.blocks.width**0.5), positions, stack)


def _depth(model: keras.Model) -> int:
    names = {layer.name for layer in model.layers}
    return next(number for number in range(1, 1000) if f"decoder{number + 1}_key" not in names)
