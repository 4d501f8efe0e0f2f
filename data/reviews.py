"""Film reviews that praise or pan, 50,000 of the Internet Movie Database, through TensorFlow Datasets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from data.downloads import prepared_builder
from data.sequences import END, Ragged, SequenceSplit
from data.source import DataUnavailable, Source, Spec
from data.splitting import split_by_content
from data.text import TOKENIZER_FILE
from data.tokens import Tokenizer

NAME = "imdb_reviews"
CLASSES = ("negative", "positive")
BREAK = "<br />"  # that the reviews' lines end with


@dataclass(frozen=True)
class Config:
    """Settings of the reviews.

    Args:
        vocabulary: Most pieces of words.
        length: Pieces of a review that are read at the most: its last ones, where it comes to its point.
        validation: Share of the official training reviews that is kept for validation.

    The test split is the official one; training reviews that are among its reviews word by word, and all but
    the first of those that are alike, are left out.

    Raises:
        ValueError: A field breaks its rule; the message names the field, the rule and the value.
    """

    vocabulary: int = 8000
    length: int = 256
    validation: float = 0.1

    def __post_init__(self) -> None:
        if self.vocabulary < 300:
            raise ValueError(f"vocabulary must be at least 300. Received: {self.vocabulary!r}")
        if self.length < 2:
            raise ValueError(f"length must be at least 2. Received: {self.length!r}")
        if not 0 < self.validation < 1:
            raise ValueError(f"validation must be above 0 and below 1. Received: {self.validation!r}")

    def load(self, kept: Mapping[str, str] | None = None) -> Source:
        """Read the reviews: tokens with an END behind them in, 0 for panned or 1 for praised out.

        Args:
            kept: The text of a run's tokenizer by its file name, which is taken then; None: it is learned
                from the training side.

        Raises:
            DataUnavailable: They are not here and can't be downloaded.
        """
        builder = prepared_builder(NAME, embedded="pronouns")
        test, praised = _read(builder, "test")
        texts, labels = _read(builder, "train")
        known = dict.fromkeys(test, -1)  # the first place of each text, before all those of the training
        first = [place for place, text in enumerate(texts) if known.setdefault(text, place) == place]
        texts, labels = [texts[place] for place in first], labels[first]
        bytes_of = [np.frombuffer(text.encode(), "u1") for text in texts]
        validation, train = split_by_content(bytes_of, (self.validation,))
        if kept:
            tokenizer = Tokenizer.from_json(kept[TOKENIZER_FILE])
        else:
            tokenizer = Tokenizer.train((texts[place] for place in train), self.vocabulary, lowercase=True)
        return Source(
            self._split([texts[place] for place in train], labels[train], tokenizer),
            self._split([texts[place] for place in validation], labels[validation], tokenizer),
            self._split(test, praised, tokenizer),
            Spec(
                name=NAME,
                input_shape=(None,),
                classes=CLASSES,
                licence="not stated; free for research",
                citation="Maas et al. 2011, Learning word vectors for sentiment analysis, ACL",
                tokens=tokenizer.size,
            ),
            files={TOKENIZER_FILE: tokenizer.to_json()},
        )

    def read(self, line: str, spec: Spec, kept: Mapping[str, str] | None = None) -> np.ndarray:
        """A review as tokens `(T,)`, END included.

        Args:
            line: The review.
            spec: Of the source.
            kept: As in `load`, where it is needed.

        Raises:
            DataUnavailable: It is empty, or there is no tokenizer.
        """
        if not kept:
            raise DataUnavailable(f"{NAME}: the run has lost its tokenizer, so no review can be read")
        tokens = Tokenizer.from_json(kept[TOKENIZER_FILE]).encode(_cleaned(line))
        if not tokens:
            raise DataUnavailable(f"{NAME}: the review is empty: write some words")
        return np.array(self._ending(tokens), "int32")

    def _split(self, texts: Sequence[str], labels: np.ndarray, tokenizer: Tokenizer) -> SequenceSplit:
        tokens = tokenizer.encode_all(texts)
        return SequenceSplit(Ragged.of([self._ending(one) for one in tokens]), labels)

    def _ending(self, tokens: Sequence[int]) -> list[int]:
        return [*tokens[-(self.length - 1) :], END]


def _read(builder, split: str) -> tuple[list[str], np.ndarray]:
    """Texts, and labels `(N,)`."""
    import tensorflow_datasets as tfds

    examples = list(tfds.as_numpy(builder.as_dataset(split=split)))
    texts = [_cleaned(example["text"].decode()) for example in examples]
    return texts, np.array([example["label"] for example in examples], "int32")


def _cleaned(text: str) -> str:
    return " ".join(text.replace(BREAK, " ").split())
