"""Writing token by token over one-step graphs, by search or by drawing, as one loop that compiles."""

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


def sample(
    step: Step,
    states: Any,
    logits: Any,
    draws: Any,
    given: Any,
    *,
    temperature: Any = 1.0,
    top_k: Any = 0,
    top_p: Any = 1.0,
    forbidden: tuple[int, ...] = (),
) -> Any:
    """Continue sequences by drawing each token from what the model finds likely, see `narrowed`.

    Args:
        step: Of the model.
        states: Before the first step, a nest of tensors `(B, ...)`.
        logits: Of the first token, `(B, V)`.
        draws: Uniform numbers in [0, 1), `(B, N)`, one a token: with them it is a pure function.
        given: Tokens that are written whatever is drawn, `(B, N)` int32, -1 where one is to be drawn: so that
            prompts of different lengths go on together.
        temperature: A scalar, as are `top_k` and `top_p`.
        forbidden: Tokens that are never drawn.

    Returns: Tokens `(B, N)` int32.
    """
    count = ops.shape(draws)[1]

    def unfinished(place, tokens, logits, states):
        return place < count

    def write(place, tokens, logits, states):
        for token in forbidden:
            logits = ops.where(ops.arange(logits.shape[-1]) == token, -1e9, logits)
        order, shares = narrowed(logits, temperature, top_k, top_p)
        here = ops.arange(count) == place
        draw = ops.sum(ops.where(here, draws, 0.0), axis=1, keepdims=True)
        reached = ops.sum(ops.cast(ops.cumsum(shares, axis=1) <= draw, "int32"), axis=1)
        # Rounding may leave the sum of the shares a little below a draw: then it is the last one kept.
        last = ops.sum(ops.cast(shares > 0, "int32"), axis=1) - 1
        drawn = ops.take_along_axis(order, ops.expand_dims(ops.minimum(reached, last), 1), axis=1)[:, 0]
        told = ops.sum(ops.where(here, given, 0), axis=1)
        new = ops.where(told >= 0, told, ops.cast(drawn, "int32"))
        tokens = ops.where(here, ops.expand_dims(new, 1), tokens)
        logits, states = step(new, states)
        return place + 1, tokens, logits, states

    _, tokens, _, _ = ops.while_loop(
        unfinished, write, (ops.convert_to_tensor(0), ops.zeros_like(given), logits, states)
    )
    return tokens


def narrowed(logits: Any, temperature: Any, top_k: Any, top_p: Any) -> tuple[Any, Any]:
    """The tokens from the likeliest on, and the shares that they are drawn with.

    Args:
        logits: `(B, V)`.
        temperature: What the logits are divided by; 0 leaves the likeliest alone.
        top_k: So many of the likeliest are kept (Fan et al. 2018, arXiv:1805.04833); 0: all.
        top_p: The likeliest are kept until their shares, after the temperature, sum to this (Holtzman et al.
            2020, arXiv:1904.09751, equation 2); 1: all.

    Returns: Tokens `(B, V)` and their shares `(B, V)`, which sum to 1; 0 for those that were left out.
    """
    order = ops.argsort(-logits, axis=-1)
    ranked = ops.take_along_axis(logits, order, axis=-1)
    ranked = ranked - ranked[:, :1]
    shares = ops.softmax(ranked / ops.maximum(ops.cast(temperature, ranked.dtype), 1e-6), axis=-1)
    rank = ops.arange(logits.shape[-1])
    most = ops.where(ops.equal(temperature, 0.0), 1, ops.where(ops.equal(top_k, 0), logits.shape[-1], top_k))
    before = ops.cumsum(shares, axis=-1) - shares
    kept = ops.logical_and(rank < most, ops.logical_or(before < top_p, rank == 0))
    shares = ops.where(kept, shares, 0.0)
    return order, shares / ops.sum(shares, axis=-1, keepdims=True)
