"""Writing a sequence token by token: a beam search over one-step graphs, as one loop that compiles."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

# From tokens (N,) and a nest of states (N, ...) to logits (N, V) and the states after this step.
Step = Callable[[Any, Any], tuple[Any, Any]]


def search(
    step: Step,
    states: Any,
    first: Any,
    *,
    end: int,
    most: int,
    beams: int = 1,
    penalty: float = 1.0,
    forbidden: tuple[int, ...] = (),
) -> tuple[Any, Any]:
    """The likeliest continuations by beam search; with one beam the greedy one.

    Hypotheses are compared by log P(y) / length^penalty, the end counted (Wu et al. 2016,
    arXiv:1609.08144, section 7, equation 14, with the plain length that most toolkits take for theirs).
    A finished one stays in the beam with the score that it has; the loop ends when all have finished.

    Args:
        step: Of the decoder; called with `B * beams` rows, those of one example next to each other.
        states: Before the first step, a nest of tensors `(B, ...)`.
        first: Tokens to begin with, `(B,)` int32.
        end: The token that finishes a sequence.
        most: Tokens that are written at the most, the end included.
        beams: How many hypotheses are followed.
        penalty: Exponent of the length; 0 prefers short ones.
        forbidden: Tokens that are never written.

    Returns: Tokens `(B, beams, most)` int32, the best hypothesis first, filled up with `end`; and their
        scores `(B, beams)`.
    """
    batch = ops.shape(first)[0]
    states = keras.tree.map_structure(lambda x: ops.repeat(x, beams, axis=0), states)
    tokens = ops.full((batch, beams, most), end, dtype="int32")
    last = ops.repeat(ops.expand_dims(first, 1), beams, axis=1)
    # All beams of an example begin alike: only the first one counts, or they would stay alike.
    totals = ops.where(ops.arange(beams) == 0, 0.0, -1e9) + ops.zeros((batch, 1))
    lengths = ops.zeros((batch, beams), dtype="int32")
    finished = ops.zeros((batch, beams), dtype="bool")
    rows = ops.expand_dims(ops.arange(batch), 1) * beams  # of each example's first beam

    def unfinished(place, tokens, last, totals, lengths, finished, states):
        return ops.logical_and(place < most, ops.logical_not(ops.all(finished)))

    def write(place, tokens, last, totals, lengths, finished, states):
        logits, states = step(ops.reshape(last, (-1,)), states)
        vocabulary = logits.shape[-1]
        for token in forbidden:
            logits = ops.where(ops.arange(vocabulary) == token, -1e9, logits)
        steps = ops.reshape(ops.log_softmax(logits), (batch, beams, vocabulary))
        stay = ops.where(ops.arange(vocabulary) == end, 0.0, -1e9)
        steps = ops.where(ops.expand_dims(finished, 2), stay, steps)
        sums = ops.expand_dims(totals, 2) + steps
        long = lengths + ops.cast(ops.logical_not(finished), "int32")
        scale = ops.expand_dims(ops.cast(long, "float32") ** penalty, 2)
        # The best of each beam are enough to hold the best of all: no sort over all beams' vocabularies.
        scores, choices = ops.top_k(sums / scale, min(beams, vocabulary))
        _, places = ops.top_k(ops.reshape(scores, (batch, -1)), beams)
        origin = places // scores.shape[-1]
        new = ops.take_along_axis(ops.reshape(choices, (batch, -1)), places, axis=1)
        new = ops.cast(new, "int32")
        totals = ops.take_along_axis(
            ops.reshape(ops.take_along_axis(sums, choices, axis=2), (batch, -1)), places, axis=1
        )
        lengths = ops.take_along_axis(long, origin, axis=1)
        finished = ops.logical_or(ops.take_along_axis(finished, origin, axis=1), new == end)
        if beams > 1:
            tokens = ops.take_along_axis(tokens, ops.expand_dims(origin, 2), axis=1)
            source = ops.reshape(rows + ops.cast(origin, rows.dtype), (-1,))
            states = keras.tree.map_structure(lambda x: ops.take(x, source, axis=0), states)
        here = ops.arange(most) == place
        tokens = ops.where(here, ops.expand_dims(new, 2), tokens)
        return place + 1, tokens, new, totals, lengths, finished, states

    _, tokens, _, totals, lengths, _, _ = ops.while_loop(
        unfinished,
        write,
        (ops.convert_to_tensor(0), tokens, last, totals, lengths, finished, states),
    )
    return tokens, totals / ops.cast(ops.maximum(lengths, 1), "float32") ** penalty
