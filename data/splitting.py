"""Splits that are fixed by the content of the examples, so that no example stands on two sides."""

import hashlib
import re
import unicodedata
from collections.abc import Sequence

import numpy as np

_OTHER = re.compile(r"[\W_]+")


def fingerprints(inputs: Sequence[np.ndarray] | np.ndarray, seed: int = 0) -> np.ndarray:
    """A number in [0, 1) for each example that depends on nothing but its bytes and the seed.

    Args:
        inputs: `(N, ...)`.
        seed: Another seed, other numbers.

    Returns: `(N,)` float64.
    """
    key = str(seed).encode()
    digests = [
        hashlib.blake2b(np.ascontiguousarray(example).tobytes(), digest_size=8, key=key).digest()
        for example in inputs
    ]
    return np.frombuffer(b"".join(digests), dtype=">u8").astype(np.float64) / 2.0**64


def split_by_content(
    inputs: Sequence[np.ndarray] | np.ndarray, shares: tuple[float, ...], seed: int = 0
) -> tuple[np.ndarray, ...]:
    """Divide examples by their fingerprints: equal examples always fall on the same side.

    Args:
        inputs: `(N, ...)`.
        shares: The share of each side but the last, which takes the rest; the sum is below 1.
        seed: Of the fingerprints.

    Returns: The indices of each side, ascending.
    """
    edges = np.cumsum(shares)
    if np.any(np.asarray(shares) < 0) or edges[-1] >= 1:
        raise ValueError(f"shares must be at least 0 and sum to less than 1. Received: {shares!r}")
    sides = np.searchsorted(edges, fingerprints(inputs, seed), side="right")
    return tuple(np.flatnonzero(sides == side) for side in range(len(shares) + 1))


def without(inputs: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The indices of the `inputs` of which no exact copy is among `others`, ascending."""
    return np.flatnonzero(~np.isin(fingerprints(inputs), fingerprints(others)))


def sentence_key(sentence: str) -> str:
    """What a sentence is compared by: its letters and digits, in small; all of it where it has none."""
    text = unicodedata.normalize("NFKC", sentence).casefold()
    return _OTHER.sub(" ", text).strip() or text


def linked(source: Sequence[str], target: Sequence[str]) -> np.ndarray:
    """Which pairs hang together: by the same source or target sentence, directly or through others.

    Args:
        source: `N` keys of sentences.
        target: Those of their translations.

    Returns: `(N,)` the number of each pair's group, from 0 on.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    nodes: dict[tuple[int, str], int] = {}  # of both languages; an equal sentence in the other is another
    ends = [
        [nodes.setdefault((side, key), len(nodes)) for key in keys]
        for side, keys in enumerate((source, target))
    ]
    edges = coo_array((np.ones(len(source), "int8"), (ends[0], ends[1])), shape=(len(nodes),) * 2)
    _, groups = connected_components(edges, directed=False)
    return np.asarray(groups)[ends[0]]


def split_pairs(
    source: Sequence[str],
    target: Sequence[str],
    wanted: tuple[int, ...],
    seed: int = 0,
    largest: int | None = None,
) -> tuple[np.ndarray, ...]:
    """Divide sentences and their translations: no sentence of either language is on two sides.

    Whole groups of linked pairs are taken in the order of their fingerprints, until a side has what is
    wanted. So the order of the pairs doesn't matter, and sentences that differ by punctuation or capitals
    alone are one.

    Args:
        source: `N` sentences.
        target: Their translations.
        wanted: Least number of pairs of each side but the last, as far as there are groups; the last side
            takes the rest.
        seed: Of the fingerprints.
        largest: Most pairs of a group that may leave the last side; None: a tenth of what is wanted, or the
            median group where that is more.

    Returns: The indices of each side, ascending.
    """
    keys = [sentence_key(sentence) for sentence in source]
    groups = linked(keys, [sentence_key(sentence) for sentence in target])
    sizes = np.bincount(groups)
    if largest is None:
        largest = max(max(wanted) // 10, int(np.median(sizes)))
    names = [""] * len(sizes)  # a group's first key by the alphabet
    for group, key in zip(groups.tolist(), keys, strict=True):
        if not names[group] or key < names[group]:
            names[group] = key
    sides = np.full(len(sizes), len(wanted))
    side, taken = 0, 0
    for group in np.argsort(fingerprints([np.frombuffer(name.encode(), "u1") for name in names], seed)):
        while side < len(wanted) and taken >= wanted[side]:
            side, taken = side + 1, 0
        if side == len(wanted):
            break
        if sizes[group] <= largest:
            sides[group] = side
            taken += sizes[group]
    return tuple(np.flatnonzero(sides[groups] == side) for side in range(len(wanted) + 1))
