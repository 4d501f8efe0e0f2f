"""The contract of translated sentences: three sides that share none, and where they come from."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pairs:
    """Sentences and their translations, by position.

    Args:
        source: `N` sentences of the language that is translated from.
        target: The `N` sentences that say the same in the other one.
    """

    source: tuple[str, ...]
    target: tuple[str, ...]

    def __post_init__(self) -> None:
        if len(self.source) != len(self.target):
            raise ValueError(
                f"target must have one sentence for each of the {len(self.source)} of source. "
                f"Received: {len(self.target)}"
            )

    def __len__(self) -> int:
        return len(self.source)


@dataclass(frozen=True)
class Corpus:
    """A set of translated sentences.

    Args:
        name: Of the set.
        languages: The two by their ISO 639-1 codes, ("fr", "en"); of a file of one's own ("", "").
        licence: Under what the sentences may be used, with the attribution that it asks for.
        citation: Whom to cite.
        train: To learn from.
        validation: To choose by.
        test: To measure, once.
    """

    name: str
    languages: tuple[str, str]
    licence: str
    citation: str
    train: Pairs
    validation: Pairs
    test: Pairs
