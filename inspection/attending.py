"""Attention by hand: scaled dot-product attention in named steps, and the look-up that it makes soft.

Vaswani et al. 2017 (arXiv:1706.03762), equation 1. T items ask, S items are asked; D numbers in a query and
in a key, V in a value, F in an item; H heads.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Asked:
    """What becomes of one query.

    Args:
        query: `(D,)`.
        products: Query times key, cell by cell, `(S, D)`. They sum to `scores`.
        scores: q·k, `(S,)`.
        scaled: Scores times the scale, `(S,)`; -inf where the query may not look.
        shifted: Scaled less the largest of them, `(S,)`: it leaves the weights as they are.
        exponentials: exp(shifted), `(S,)`: at most 1, however large the scores.
        total: Their sum.
        weights: Exponentials by their sum, `(S,)`.
        parts: Weight times value, `(S, V)`. They sum to `output`.
        output: `(V,)`.
    """

    query: np.ndarray
    products: np.ndarray
    scores: np.ndarray
    scaled: np.ndarray
    shifted: np.ndarray
    exponentials: np.ndarray
    total: float
    weights: np.ndarray
    parts: np.ndarray
    output: np.ndarray


@dataclass(frozen=True)
class Attention:
    """All queries at once: softmax(QKᵀ · scale) V.

    Args:
        query: Q, `(T, D)`.
        key: K, `(S, D)`.
        value: V, `(S, V)`.
        scale: That scores are multiplied by.
        scores: QKᵀ, `(T, S)`.
        scaled: Scores times the scale, `(T, S)`; -inf where a query may not look.
        shifted: Scaled less the largest of its row, `(T, S)`.
        exponentials: exp(shifted), `(T, S)`.
        weights: Exponentials by the sum of their row, `(T, S)`.
        output: Weights times V, `(T, V)`.
    """

    query: np.ndarray
    key: np.ndarray
    value: np.ndarray
    scale: float
    scores: np.ndarray
    scaled: np.ndarray
    shifted: np.ndarray
    exponentials: np.ndarray
    weights: np.ndarray
    output: np.ndarray

    def asked(self, row: int) -> Asked:
        """One query, number `row` of T, taken apart."""
        weights = self.weights[row]
        return Asked(
            self.query[row],
            self.query[row] * self.key,
            self.scores[row],
            self.scaled[row],
            self.shifted[row],
            self.exponentials[row],
            float(self.exponentials[row].sum()),
            weights,
            weights[:, None] * self.value,
            self.output[row],
        )


@dataclass(frozen=True)
class Projections:
    """What makes an item ask, offer and give: the weights of one head.

    Args:
        query: W_Q, `(F, D)`.
        key: W_K, `(F, D)`.
        value: W_V, `(F, V)`.
    """

    query: np.ndarray
    key: np.ndarray
    value: np.ndarray


@dataclass(frozen=True)
class LookUp:
    """One query at a dictionary that takes what fits best, and at one that takes a share of everything.

    Args:
        scores: q·k, `(S,)`.
        best: Places of the largest score: several where they tie.
        hard: One-hot weights, of the first of the best, `(S,)`.
        hard_output: Its value, `(V,)`.
        sharpness: That scores are multiplied by before softmax, `(L,)`.
        weights: At each sharpness, `(L, S)`: equal ones at 0; as it grows, those of `hard`, if nothing ties.
        outputs: The sums of the values by these weights, `(L, V)`.
    """

    scores: np.ndarray
    best: tuple[int, ...]
    hard: np.ndarray
    hard_output: np.ndarray
    sharpness: np.ndarray
    weights: np.ndarray
    outputs: np.ndarray


def attend(
    query: np.ndarray, key: np.ndarray, value: np.ndarray, scale: float | None = None, causal: bool = False
) -> Attention:
    """Scaled dot-product attention, every step kept.

    Args:
        query: `(T, D)`.
        key: `(S, D)`.
        value: `(S, V)`.
        scale: That scores are multiplied by, an inverse temperature; None: 1 / √D.
        causal: Whether a query may look only at its own place and at those before it.

    Example:

    >>> attend(np.eye(2), np.eye(2), np.eye(2), scale=np.log(3)).weights
    array([[0.75, 0.25],
           [0.25, 0.75]])
    """
    query, key, value = (np.asarray(each, "float64") for each in (query, key, value))
    scale = query.shape[-1] ** -0.5 if scale is None else float(scale)
    scores = query @ key.T  # (T, S)
    seen = np.tri(*scores.shape) > 0 if causal else np.ones(scores.shape, bool)
    scaled = np.where(seen, scores * scale, -np.inf)
    shifted = scaled - scaled.max(-1, keepdims=True)
    exponentials = np.exp(shifted)
    weights = exponentials / exponentials.sum(-1, keepdims=True)
    return Attention(
        query, key, value, scale, scores, scaled, shifted, exponentials, weights, weights @ value
    )


def self_attend(
    items: np.ndarray, projections: Projections, scale: float | None = None, causal: bool = False
) -> Attention:
    """Items `(T, F)` that ask one another, by one head."""
    items = np.asarray(items, "float64")
    return attend(
        items @ projections.query, items @ projections.key, items @ projections.value, scale, causal
    )


def joined(heads: Sequence[Attention]) -> np.ndarray:
    """The outputs of several heads side by side, `(T, H · V)`, as W_O takes them."""
    return np.concatenate([head.output for head in heads], axis=-1)


def look_up(query: np.ndarray, key: np.ndarray, value: np.ndarray, sharpness: Sequence[float]) -> LookUp:
    """Look one query up, hard and soft.

    Args:
        query: `(D,)`.
        key: `(S, D)`.
        value: `(S, V)`.
        sharpness: At which it is done, each 0 or more.
    """
    query, key, value = (np.asarray(each, "float64") for each in (query, key, value))
    scores = key @ query  # (S,)
    best = np.flatnonzero(np.isclose(scores, scores.max()))
    hard = np.eye(len(key))[best[0]]
    softened = [attend(query[None], key, value, each) for each in sharpness]
    return LookUp(
        scores,
        tuple(best.tolist()),
        hard,
        hard @ value,
        np.asarray(sharpness, "float64"),
        np.concatenate([each.weights for each in softened]),
        np.concatenate([each.output for each in softened]),
    )


def code(items: np.ndarray, heads: Sequence[Projections], scale: float | None, causal: bool) -> str:
    """Keras code that computes what `self_attend` and `joined` do with these."""
    lines = ["import keras", "import numpy as np", "", f"items = {_listed(items)}  # (items, features)"]
    for name in ("query", "key", "value"):
        weights = np.stack([getattr(head, name) for head in heads], axis=1)
        lines.append(f"{name}_weights = {_listed(weights)}  # (features, heads, d)")
    lines += [
        "",
        "query, key, value = (",
        '    keras.ops.einsum("tf,fhd->thd", items, weights)[None]  # (batch, items, heads, d)',
        "    for weights in (query_weights, key_weights, value_weights)",
        ")",
        "output = keras.ops.dot_product_attention(",
        f"    query, key, value, scale={scale}, is_causal={causal}"
        + ("  # None: 1 / sqrt(d)" if scale is None else ""),
        ")",
        "output = keras.ops.reshape(output, (len(items), -1))  # the heads side by side",
        "print(output)",
    ]
    return "\n".join(lines)


def _listed(values: np.ndarray) -> str:
    text = np.array2string(values, separator=", ", threshold=100_000, max_line_width=100, floatmode="unique")
    return f"np.array({text}, 'float32')"
