"""GPT: a decoder alone, which predicts every next token from those before it."""

from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from models import attention, layers

DEVIATION = 0.02  # of the initial kernels and embeddings, as published


@dataclass(frozen=True)
class Config:
    """The settings of a GPT.

    Args:
        input_shape: `(context,)`: most tokens that are read at once.
        tokens: How many tokens there are.
        width: Of every token's vector between blocks; divisible by `heads`.
        depth: Blocks.
        heads: Of every attention.
        hidden: Width inside a block's two dense layers; as published four times `width`.
        normalization: One of `attention.NORMALIZATIONS`.
        positions: One of `attention.POSITIONS`.
        tied: Take the embedding for the logits' kernel, too (Press and Wolf 2017, arXiv:1608.05859).
        dropout: Share of the entries that are dropped, see `attention.Blocks`.

    Raises:
        ValueError: A field breaks its rule; the message names the field, the rule and the value.
    """

    input_shape: tuple[int, ...]
    tokens: int
    width: int = 128
    depth: int = 4
    heads: int = 4
    hidden: int = 512
    normalization: str = "pre"
    positions: str = "learned"
    tied: bool = True
    dropout: float = 0.0

    def __post_init__(self) -> None:
        if len(self.input_shape) != 1:
            raise ValueError(f"input_shape must be (context,). Received: {self.input_shape!r}")
        layers.check_positive("input_shape[0]", self.input_shape[0])
        layers.check_positive("tokens", self.tokens)
        attention.Blocks.of(self)

    @property
    def context(self) -> int:
        """Most tokens that are read at once."""
        return self.input_shape[0]


def build(config: Config) -> keras.Model:
    """Build the graph that reads a whole text at once.

    Radford et al. 2019, "Language models are unsupervised multitask learners", section 2.3: blocks that
    normalize before each branch and once behind, kernels of residual branches begin smaller by
    1 / sqrt(2 depth).

    Layers: `embedding`; `block_positions` where they are learned; those of `attention.block` by the names
    `block1`, `block2`, ...; `block_norm`; `logits` where they are not tied.

    Returns: An uncompiled functional model from tokens `(B, T)` int32, T up to the context, to the logits of
        the token that follows each, `(B, T, tokens)`.

    Example:

    >>> build(Config((64,), tokens=65)).output_shape
    (None, None, 65)
    """
    net = attention.Layers(attention.Blocks.of(config, DEVIATION))
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    positions = attention.steps(tokens)
    x = net.embedding(config.tokens, "embedding")(tokens)
    x = attention.placed(net, x, positions, "block")
    mask = attention.causal(positions)
    for number in range(1, config.depth + 1):
        x = attention.block(net, x, f"block{number}", positions=positions, mask=mask)
    x = attention.last_norm(net, x, "block")
    logits = net.logits(x, config.tokens, "embedding" if config.tied else None)
    model = keras.Model(tokens, logits, name="gpt")
    for number in range(1, config.depth + 1):
        for name in (f"block{number}_output", f"block{number}_narrow"):
            kernel = model.get_layer(name).kernel
            kernel.assign(kernel * (2 * config.depth) ** -0.5)
    return model


def read_graph(model: keras.Model) -> keras.Model:
    """A whole text at once, and what the steps behind it need; with the weights of a model of `build`.

    Returns: A model from tokens `(B, T)` to a dict: "logits" `(B, T, tokens)`, and "states", a list of each
        block's keys and values `(B, T, H, D)`.
    """
    names = {layer.name for layer in model.layers}
    states, number = [], 1
    while f"block{number}_key" in names:
        turned = f"block{number}_key_turned"
        keys = turned if turned in names else f"block{number}_key_heads"
        states += [model.get_layer(name).output for name in (keys, f"block{number}_value_heads")]
        number += 1
    return keras.Model(model.input, {"logits": model.output, "states": states}, name="read")


def step_graph(model: keras.Model) -> keras.Model:
    """One step behind a text that was read, with the weights of a model of `build`, or that was loaded.

    Returns: A model from a dict, "token" `(B,)`, its "position" `(B,)` and "states" with room for M steps,
        `(B, M, H, D)` each, to a dict: "logits" `(B, tokens)` of the next token, and the new "states".
    """
    names = {layer.name for layer in model.layers}
    net = attention.Layers(attention.Blocks.found(model, "block"), model)
    token, position = (keras.Input((), dtype="int32", name=name) for name in ("token", "position"))
    positions = ops.expand_dims(position, 1)
    x = ops.expand_dims(net.embedding(0, "embedding")(token), 1)
    x = attention.placed(net, x, positions, "block")
    cache = attention.Cache(net.blocks, position)
    number = 1
    while f"block{number}_key" in names:
        x = attention.block(net, x, f"block{number}", positions=positions, cache=cache)
        number += 1
    x = ops.squeeze(attention.last_norm(net, x, "block"), 1)
    logits = net.logits(x, 0, None if "logits" in names else "embedding")
    inputs = {"token": token, "position": position, "states": cache.before}
    return keras.Model(inputs, {"logits": logits, "states": cache.after}, name="step")


def room(states: list[Any], steps: Any) -> list[Any]:
    """The states of a text that was read, with room for `steps` in all."""
    more = steps - ops.shape(states[0])[1]
    return [ops.pad(state, ((0, 0), (0, more), (0, 0), (0, 0))) for state in states]
