"""Splits that are fixed by the content of the examples, so that no example stands on two sides."""

import hashlib

import numpy as np


def fingerprints(inputs: np.ndarray, seed: int = 0) -> np.ndarray:
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


def split_by_content(inputs: np.ndarray, shares: tuple[float, ...], seed: int = 0) -> tuple[np.ndarray, ...]:
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
