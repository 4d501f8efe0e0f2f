"""What a recurrent model takes, as far as the model itself tells: for a model that comes without its data."""

from dataclasses import dataclass

import keras
import numpy as np

from inspection import graph
from inspection.graph import InspectionError
from inspection.unrolling import recurrent

MOST_STEPS = 2000  # of a sequence that is read or drawn


@dataclass(frozen=True)
class Entrance:
    """The one input of a recurrent model.

    Args:
        length: Steps that it takes; None: any number.
        features: Numbers of a step; 0: each step is a token.
        tokens: How many tokens there are, 0 included; 0 where the steps are features.
    """

    length: int | None
    features: int
    tokens: int


def entrance(model: keras.Model) -> Entrance:
    """Find out what a model takes.

    Raises:
        InspectionError: It has no recurrent layer of a known cell, or takes something else than one sequence
            of features or of tokens.
    """
    if not recurrent(model):
        raise InspectionError(
            f"model {model.name!r} has no SimpleRNN, GRU or LSTM layer, so there is no state to look into"
        )
    length, *features = graph.only_input(model).shape[1:]
    if len(features) == 1 and features[0]:
        return Entrance(length, features[0], 0)
    embeddings = [
        layer.operation
        for layer in graph.layers(model).values()
        if isinstance(layer.operation, keras.layers.Embedding) and f"{graph.INPUT}0" in layer.inputs
    ]
    if features or not embeddings:
        raise InspectionError(
            f"model {model.name!r} must take sequences: (T, C) features, or (T,) tokens into an Embedding. "
            f"It takes {graph.only_input(model).shape[1:]}"
        )
    return Entrance(length, 0, embeddings[0].input_dim)


def draw(given: Entrance, steps: int, seed: int = 0) -> np.ndarray:
    """A sequence drawn at random: features in [0, 1), or tokens but 0, which often pads; `steps` unless the
    model takes another number of them."""
    random, steps = np.random.default_rng(seed), given.length or steps
    if given.tokens:
        return random.integers(min(1, given.tokens - 1), given.tokens, steps, dtype="int32")
    return random.random((steps, given.features), "float32")


def read(text: str, given: Entrance) -> np.ndarray:
    """A sequence from numbers split by commas, spaces or lines: step by step, each step's features in turn.

    Raises:
        InspectionError: It is none that the model takes.
    """
    cells = text.replace(",", " ").split()
    try:
        values = np.array([float(cell) for cell in cells])
    except ValueError as error:
        raise InspectionError(f"a sequence is numbers split by commas: {error}") from error
    width = given.features or 1
    steps, rest = divmod(len(values), width)
    if not len(values) or rest or steps > MOST_STEPS or (given.length and steps != given.length):
        wanted = f"{given.length}" if given.length else f"1 to {MOST_STEPS}"
        raise InspectionError(
            f"the model takes {wanted} steps of {width} {'number' if width == 1 else 'numbers'}. "
            f"Received: {len(values)} numbers"
        )
    if not np.isfinite(values).all() or np.abs(values).max() > np.finfo("float32").max:
        raise InspectionError("every number must be finite")
    if given.tokens:
        if (values % 1).any() or values.min() < 0 or values.max() >= given.tokens:
            raise InspectionError(f"tokens are whole numbers from 0 to {given.tokens - 1}")
        return values.astype("int32")
    return values.reshape(steps, width).astype("float32")
