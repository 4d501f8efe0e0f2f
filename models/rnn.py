"""Recurrent net: stacked plain, GRU or LSTM layers that read a sequence step by step, or from both ends."""

from dataclasses import dataclass

import keras

from models import layers, recurrent

RETURNS = ("last", "every", "states")


@dataclass(frozen=True)
class Config:
    """The settings of a recurrent net.

    Args:
        input_shape: Of one sequence: `(T, C)` features, or `(T,)` tokens. T None: sequences of any length,
            padded behind their end by token 0, or by steps that are `recurrent.PADDING` throughout; the
            padding is masked.
        outputs: Number of logits: the classes, or the values that a regression predicts.
        tokens: How many tokens there are, 0 included; 0: the input are features.
        cell: One of `recurrent.CELLS`.
        units: Width of each layer's state, first to last.
        bidirectional: Read from both ends; each direction has half of the units.
        returns: "last": one answer, from the last layer's last states. "every": one at every step.
            "states": the same, and the states go in and come out, so that a sequence may be read in parts.
        embedding: Width of a token's vector.
        dropout: Share of the entries that are dropped before each layer but the first, and at the end.
        memory: Longest time, in steps, that gates begin to remember for; 0: Keras' own biases, some 3 steps.

    Raises:
        ValueError: A field breaks its rule; the message names the field, the rule and the value.
    """

    input_shape: tuple[int | None, ...]
    outputs: int
    tokens: int = 0
    cell: str = "lstm"
    units: tuple[int, ...] = (128,)
    bidirectional: bool = False
    returns: str = "last"
    embedding: int = 64
    dropout: float = 0.0
    memory: int = 0

    def __post_init__(self) -> None:
        axes = 1 if self.tokens else 2
        if len(self.input_shape) != axes:
            raise ValueError(
                f"input_shape must have {axes} axes ({'T' if self.tokens else 'T, C'}). "
                f"Received: {self.input_shape!r}"
            )
        layers.check_all_positive("input_shape", tuple(n for n in self.input_shape if n is not None))
        if not self.tokens and self.input_shape[1] is None:
            raise ValueError(f"input_shape must name its features. Received: {self.input_shape!r}")
        layers.check_positive("outputs", self.outputs)
        layers.check_not_negative("tokens", self.tokens)
        layers.check_choice("cell", self.cell, recurrent.CELLS)
        if not self.units:
            raise ValueError("units must have at least one entry. Received: ()")
        layers.check_all_positive("units", self.units)
        layers.check_choice("returns", self.returns, RETURNS)
        if self.bidirectional:
            if any(units % 2 for units in self.units):
                raise ValueError(
                    f"units must be even where a layer is bidirectional. Received: {self.units!r}"
                )
            if self.returns == "states":
                raise ValueError('returns must not be "states" where a layer reads from the end, too')
        layers.check_positive("embedding", self.embedding)
        layers.check_fraction("dropout", self.dropout)
        layers.check_not_negative("memory", self.memory)


def build(config: Config) -> keras.Model:
    """Build the network that `config` describes.

    Plain: Elman 1990, "Finding structure in time". LSTM: Hochreiter and Schmidhuber 1997, "Long short-term
    memory", with the forget gate of Gers et al. 2000. GRU: Cho et al. 2014 (arXiv:1406.1078, section 2.3).

    Layers: `embedding` of tokens, or `mask` of features of any length; then `rnn1`, `rnn1_dropout`,
    `rnn2`, ...; last `logits`. Of a bidirectional layer `rnn1` joins `rnn1_forward` and `rnn1_backward`.

    Returns: An uncompiled functional model, `(B, *input_shape)` to logits: `(B, outputs)` for "last",
        `(B, T, outputs)` for "every". For "states" it takes a list, the sequence and then each layer's
        states `(B, units)`, and gives a list, the logits at every step and the new states.

    Example:

    >>> model = build(Config(input_shape=(None, 3), outputs=10, units=(32, 32)))
    >>> model.output_shape
    (None, 10)
    """
    inputs = keras.Input(
        config.input_shape, dtype="int32" if config.tokens else keras.config.floatx(), name="inputs"
    )
    x, masked = inputs, config.input_shape[0] is None
    if config.tokens:
        x = keras.layers.Embedding(
            config.tokens,
            config.embedding,
            embeddings_initializer=recurrent.tokens_initializer(),
            mask_zero=masked,
            name="embedding",
        )(x)
    elif masked:
        x = keras.layers.Masking(recurrent.PADDING, name="mask")(x)
    given, states = [], []
    for number, units in enumerate(config.units, start=1):
        name = f"rnn{number}"
        first = None
        if config.returns == "states":
            first = [keras.Input((units,), name=f"{name}_{kind}") for kind in recurrent.STATES[config.cell]]
            given += first
        x, last = recurrent.layer(
            x, config.cell, units, name, bidirectional=config.bidirectional, initial_state=first
        )
        states += last
        if config.returns == "last" and number == len(config.units):
            x = last[0]  # of both directions: each has read the whole sequence
        if config.dropout:
            x = keras.layers.Dropout(config.dropout, name=f"{name}_dropout")(x)
    outputs = layers.logits(x, config.outputs)
    if config.returns == "states":
        model = keras.Model([inputs, *given], [outputs, *states], name="rnn")
    else:
        model = keras.Model(inputs, outputs, name="rnn")
    if config.memory:
        recurrent.remember(model, config.memory)
    return model
