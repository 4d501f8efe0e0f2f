"""Where attention looked, and what a decoder finds likely at each step of what it writes.

B batch, T written steps, S steps that are looked at, H heads, V tokens, K of them.
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from inspection import endings, heads
from inspection.graph import InspectionError

__all__ = ["Writing", "agreeing", "attention", "attentive", "first_break", "writing"]

BARRED = -1e9  # logit of a token that is never written
BROKEN = 0.6  # share of the best quality before, below which a translation is said to break


@dataclass(frozen=True)
class Writing:
    """What a decoder said at each step, given what had been written before it.

    Args:
        sureness: log P of the token that was written, `(B, T)`.
        likeliest: The likeliest tokens `(B, T, K)`, the first one first.
        shares: Their probabilities `(B, T, K)`.
        attention: As `attention` gives it.
        looked: Where each step looked at the source, `(B, T, S)`: in the last attention to it, the mean over
            its heads; None where there is none.
    """

    sureness: np.ndarray
    likeliest: np.ndarray
    shares: np.ndarray
    attention: Mapping[str, np.ndarray]
    looked: np.ndarray | None


def attentive(model: keras.Model) -> tuple[str, ...]:
    """Names of the attention layers, in the order of computation, as `inspection.graph.layers` has them.

    They are those of `inspection.heads`.

    Raises:
        InspectionError: The model has no graph of layers.
    """
    return tuple(heads.attentions(model))


def attention(model: keras.Model, inputs: Any) -> dict[str, np.ndarray]:
    """The shares of what is looked at, at each step: after masks and softmax, before any dropout.

    The first call on a model compiles; later ones run that program, whatever the batch and the lengths.

    Args:
        model: A functional or Sequential model, nested models and shared layers included.
        inputs: A batch, or the list or dict of batches that the model takes.

    Returns: By the names of `attentive(model)`, each `(B, T, S)`, of several heads `(B, H, T, S)`; it sums
        to 1 over S. Nothing where the model has no such layer.

    Raises:
        InspectionError: The model has no graph of layers, or the inputs do not fit it.

    Example:

    >>> attention(model, [french, english])["attention"].shape
    (1, 7, 9)
    """
    return _shares(model, heads.look(model, inputs))


def writing(
    model: keras.Model, inputs: Any, written: np.ndarray, most: int = 8, barred: Sequence[int] = ()
) -> Writing:
    """What a decoder finds likely at each step, next to what was written there.

    Args:
        model: Whose one output are logits or probabilities `(B, T, V)`.
        inputs: As the model takes them: it is given what was written one place behind.
        written: The tokens `(B, T)`; where they are filled up, what is said there means nothing.
        most: Likeliest tokens that are told, K at the most.
        barred: Tokens that are never written: the others' probabilities sum to 1.

    Raises:
        InspectionError: The inputs do not fit the model, or it gives no logits for each step.
    """
    found = heads.look(model, inputs)
    logits, written = found.output, np.asarray(written)
    if not isinstance(logits, np.ndarray) or logits.shape[:-1] != written.shape:
        shape = logits.shape if isinstance(logits, np.ndarray) else "several outputs"
        raise InspectionError(
            f"model {model.name!r} must give logits for each of the {written.shape} tokens written. "
            f"It gives {shape}"
        )
    vocabulary = logits.shape[-1]
    out = np.isin(np.arange(vocabulary), list(barred))
    logs = tf.nn.log_softmax(tf.where(out, BARRED, endings.logits(model, logits)))  # (B, T, V)
    best = tf.math.top_k(logs, min(most, vocabulary - int(out.sum())))
    chosen = tf.gather(logs, np.clip(written, 0, vocabulary - 1), batch_dims=2)
    crossed = [name for name, one in heads.attentions(model).items() if one.kind == heads.CROSS]
    return Writing(
        chosen.numpy(),
        best.indices.numpy(),
        tf.exp(best.values).numpy(),
        _shares(model, found),
        found.weights[crossed[-1]].mean(1) if crossed else None,
    )


def agreeing(words: Sequence[str], others: Sequence[str]) -> list[bool]:
    """Which words of a text stand in another one too, in the same order (Ratcliff and Obershelp 1988)."""
    found = [False] * len(words)
    blocks = difflib.SequenceMatcher(None, list(words), list(others), autojunk=False).get_matching_blocks()
    for block in blocks:
        found[block.a : block.a + block.size] = [True] * block.size
    return found


def first_break(qualities: Sequence[float], share: float = BROKEN) -> int | None:
    """The first place whose quality is below a share of the best before it; None where none is."""
    best = float("-inf")
    for place, quality in enumerate(qualities):
        if quality < share * best:
            return place
        best = max(best, quality)
    return None


def _shares(model: keras.Model, found: heads.Looked) -> dict[str, np.ndarray]:
    """The shares, without an axis for heads where a layer knows none."""
    return {
        name: found.weights[name][:, 0] if one.single else found.weights[name]
        for name, one in heads.attentions(model).items()
    }
