"""What the command lines of training and tuning read alike."""

import argparse
from collections.abc import Sequence


def overrides(words: Sequence[str]) -> dict[str, str] | None:
    """Pairs of `--section.field value` (or `--section.field=value`); None where the words are not."""
    found = {}
    words = [part for word in words for part in (word.split("=", 1) if word[:2] == "--" else [word])]
    if len(words) % 2:
        return None
    for name, value in zip(words[::2], words[1::2], strict=True):
        if not name.startswith("--") or "." not in name:
            return None
        found[name[2:]] = value
    return found


def positive(text: str) -> int:
    """An option's value as a whole number of at least 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, not {value}")
    return value
