"""Sequence to sequence: a recurrent encoder folds a sentence up, a recurrent decoder unfolds another."""

from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from models import layers, recurrent

ATTENTIONS = ("none", "additive", "multiplicative")
PADDING, START, END = 0, 1, 2  # tokens of every vocabulary: behind a sentence's end, before it, its end


@dataclass(frozen=True)
class Config:
    """The settings of an encoder and its decoder.

    Args:
        tokens: How many tokens the source language has, the special ones included.
        outputs: How many the target language has: the logits.
        cell: One of `recurrent.CELLS`.
        embedding: Width of a token's vector, in both languages.
        units: Width of each layer's state, of the encoder and of the decoder.
        depth: Layers of the encoder, and as many of the decoder.
        bidirectional: Whether the encoder reads from both ends, each with half of the units.
        attention: One of `ATTENTIONS`: whether the decoder may look at every step of the encoder, and how
            its state is compared with them.
        tied: Take the target's embedding for the logits' kernel, too (Press and Wolf 2017,
            arXiv:1608.05859), which saves `outputs * embedding` parameters.
        dropout: Share of the entries that are dropped of the embeddings, between layers, and before the
            logits.

    Raises:
        ValueError: A field breaks its rule; the message names the field, the rule and the value.
    """

    tokens: int
    outputs: int
    cell: str = "lstm"
    embedding: int = 128
    units: int = 256
    depth: int = 1
    bidirectional: bool = True
    attention: str = "multiplicative"
    tied: bool = True
    dropout: float = 0.2

    def __post_init__(self) -> None:
        for name in ("tokens", "outputs", "embedding", "units", "depth"):
            layers.check_positive(name, getattr(self, name))
        layers.check_choice("cell", self.cell, recurrent.CELLS)
        layers.check_choice("attention", self.attention, ATTENTIONS)
        if self.bidirectional and self.units % 2:
            raise ValueError(
                f"units must be even where the encoder is bidirectional. Received: {self.units!r}"
            )
        layers.check_fraction("dropout", self.dropout)


def build(config: Config) -> keras.Model:
    """Build the graph that learns: it is given the target, too, one place behind.

    Sutskever et al. 2014 (arXiv:1409.3215): the encoder's last states are the decoder's first, layer by
    layer. With attention, the first decoder layer's state h asks each encoder step s for its share of the
    context, by h W s (multiplicative: Luong et al. 2015, arXiv:1508.04025, equation 8, "general") or by
    v tanh(W h + U s) (additive: Bahdanau et al. 2015, arXiv:1409.0473, appendix A.1.2). The context joins
    the input of the decoder layers above (Wu et al. 2016, arXiv:1609.08144, section 3) and the readout
    tanh(W [context; h]) (Luong, equation 5).

    Deviation: Bahdanau's context enters the very layer that asked for it, a step later. That couples the
    attention to the recurrence, so no layer that Keras ships computes it, and steps could not be taken
    at once.

    Layers: `source_embedding`, `encoder1`, ...; `target_embedding`, `decoder1`, ...; with attention
    `attention_key`, `attention_query` (additive), `attention`; `readout`, `logits` (tied: the embedding).

    Returns: An uncompiled functional model. It takes a list, the source `(B, S)` and the target behind a
        START `(B, T)`, int32 and padded by PADDING, and gives logits `(B, T, outputs)`.

    Example:

    >>> model = build(Config(tokens=50, outputs=40))
    >>> model.output_shape
    (None, None, 40)
    """
    source = keras.Input((None,), dtype="int32", name="source")
    x = keras.layers.Embedding(
        config.tokens,
        config.embedding,
        embeddings_initializer=recurrent.tokens_initializer(),
        mask_zero=True,
        name="source_embedding",
    )(source)
    x = _dropped(x, config.dropout, "source_dropout")
    states = []
    for number in range(1, config.depth + 1):
        if number > 1:
            x = _dropped(x, config.dropout, f"encoder{number}_dropout")
        x, last = recurrent.layer(
            x, config.cell, config.units, f"encoder{number}", bidirectional=config.bidirectional
        )
        states.append(last)

    target = keras.Input((None,), dtype="int32", name="target")
    embedding = keras.layers.ReversibleEmbedding(
        config.outputs,
        config.embedding,
        # Its vectors are logits' kernels, too: logits of deviation 1 for a readout of entries near 1.
        embeddings_initializer=keras.initializers.RandomNormal(stddev=config.embedding**-0.5),
        reverse_dtype="float32",
        name="target_embedding",
    )
    y = _dropped(embedding(target), config.dropout, "target_dropout")
    context = None
    for number, first in enumerate(states, start=1):
        if number > 1:
            y = _dropped(y, config.dropout, f"decoder{number}_dropout")
        y, _ = recurrent.layer(y, config.cell, config.units, f"decoder{number}", initial_state=first)
        if number == 1 and config.attention != "none":
            key = keras.layers.Dense(config.units, use_bias=False, name="attention_key")(x)
            query, kind = y, keras.layers.Attention
            if config.attention == "additive":
                query = keras.layers.Dense(config.units, name="attention_query")(y)
                kind = keras.layers.AdditiveAttention
            context, _ = kind(name="attention")([query, x, key], return_attention_scores=True)
        if context is not None and number < config.depth:
            y = keras.layers.Concatenate(name=f"decoder{number}_context")([y, context])
    if context is not None:
        y = keras.layers.Concatenate(name="readout_context")([y, context])
    y = keras.layers.Dense(config.embedding, activation="tanh", name="readout")(y)
    y = _dropped(y, config.dropout, "readout_dropout")
    logits = embedding(y, reverse=True) if config.tied else layers.logits(y, config.outputs)
    return keras.Model([source, target], logits, name="seq2seq")


def encode_graph(model: keras.Model) -> keras.Model:
    """The encoder alone, with the weights of a model that `build` made, or that was loaded from its file.

    Returns: A model from the source `(B, S)` to a dict: "states", the decoder's first ones, a list of
        `(B, U)`; and with attention "values" `(B, S, U)`, "keys" `(B, S, U)` and "mask" `(B, S)`.
    """
    source = model.get_layer("source").output
    names, states, number = _names(model), [], 0
    while f"decoder{number + 1}" in names:
        number += 1
        if f"encoder{number}_directions" in names:
            kinds = recurrent.STATES[_cell(model.get_layer(f"decoder{number}"))]
            states += [model.get_layer(f"encoder{number}_{kind}").output for kind in kinds]
        else:
            states += model.get_layer(f"encoder{number}").output[1:]
    outputs: dict[str, Any] = {"states": states}
    if "attention" in names:
        outputs["values"] = model.get_layer("attention_key").input
        outputs["keys"] = model.get_layer("attention_key").output
        outputs["mask"] = ops.not_equal(source, PADDING)
    return keras.Model(source, outputs, name="encode")


def step_graph(model: keras.Model) -> keras.Model:
    """One step of the decoder, with the weights of a model that `build` made, or that was loaded.

    Returns: A model from a dict, "token" `(B,)`, "states" and what else `encode_graph` gives, to a dict:
        "logits" `(B, outputs)` of the next token, "states" after this step, and with attention "weights"
        `(B, S)`, the share of each encoder step in the context.
    """
    names = _names(model)
    token = keras.Input((), dtype="int32", name="token")
    inputs: dict[str, Any] = {"token": token, "states": []}
    if "attention" in names:
        width = model.get_layer("attention_key").output.shape[-1]
        depth = model.get_layer("attention").output[0].shape[-1]
        inputs["values"] = keras.Input((None, depth), name="values")
        inputs["keys"] = keras.Input((None, width), name="keys")
        inputs["mask"] = keras.Input((None,), dtype="bool", name="mask")
    outputs: dict[str, Any] = {"states": []}
    y, context, number = model.get_layer("target_embedding")(token), None, 0
    while f"decoder{number + 1}" in names:
        number += 1
        layer = model.get_layer(f"decoder{number}")
        states = [
            keras.Input((layer.units,), name=f"decoder{number}_{kind}")
            for kind in recurrent.STATES[_cell(layer)]
        ]
        inputs["states"] += states
        layer.cell.name = f"{layer.name}_cell"  # Keras calls each "lstm_cell", which a graph refuses
        y, new = layer.cell(y, states)  # the cell alone: no loop for one step
        outputs["states"] += new
        if number == 1 and "attention" in names:
            query = model.get_layer("attention_query")(y) if "attention_query" in names else y
            context, weights = model.get_layer("attention")(
                [ops.expand_dims(query, 1), inputs["values"], inputs["keys"]],
                mask=[None, inputs["mask"]],
                return_attention_scores=True,
            )
            context, outputs["weights"] = ops.squeeze(context, 1), ops.squeeze(weights, 1)
        if f"decoder{number}_context" in names:
            y = ops.concatenate([y, context], axis=-1)
    if context is not None:
        y = ops.concatenate([y, context], axis=-1)
    y = model.get_layer("readout")(y)
    tied = "logits" not in names
    outputs["logits"] = (
        model.get_layer("target_embedding")(y, reverse=True) if tied else model.get_layer("logits")(y)
    )
    return keras.Model(inputs, outputs, name="step")


def first_states(encoded: dict[str, Any], most: Any) -> list[Any]:
    """The states before the first step, however many there will be."""
    return encoded["states"]


def _names(model: keras.Model) -> set[str]:
    return {layer.name for layer in model.layers}


def _cell(layer: keras.layers.Layer) -> str:
    """Which of `recurrent.CELLS` a layer is of."""
    return next(name for name, kind in recurrent.CELLS.items() if isinstance(layer, kind))


def _dropped(x: keras.KerasTensor, share: float, name: str) -> keras.KerasTensor:
    return keras.layers.Dropout(share, name=name)(x) if share else x
