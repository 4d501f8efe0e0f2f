"""Sub-word tokenizers: sentences as numbers, learned from the training side, kept as one JSON file."""

import unicodedata
from collections.abc import Iterable, Sequence
from functools import cached_property

from tokenizers import Tokenizer as Inner
from tokenizers import decoders, models, normalizers, pre_tokenizers, trainers

from data.sequences import END, PADDING, START

SPECIAL = ("[PAD]", "[START]", "[END]", "[UNK]")
UNKNOWN = SPECIAL.index("[UNK]")
MOST_CHARACTERS = 10_000  # of a sentence
SPACE = "▁"  # stands before a piece that begins a word

assert (PADDING, START, END) == (0, 1, 2)


class Tokenizer:
    """Byte-pair encoding (Sennrich et al. 2016, arXiv:1508.07909) of sentences, by the library `tokenizers`.

    Words, punctuation and single digits are pieces' bounds. A character that the training side has not is
    read as `UNKNOWN`; it is told by `strangers`.
    """

    def __init__(self, inner: Inner) -> None:
        self._inner = inner

    @classmethod
    def train(cls, sentences: Iterable[str], size: int, lowercase: bool = False) -> "Tokenizer":
        """Learn pieces from sentences.

        Args:
            sentences: Of the training side alone.
            size: Most pieces, the special ones included.
            lowercase: Read capitals as small letters.
        """
        inner = Inner(models.BPE(unk_token=SPECIAL[UNKNOWN]))
        steps: list = [normalizers.NFKC()]
        if lowercase:
            steps.append(normalizers.Lowercase())
        inner.normalizer = normalizers.Sequence(steps)  # type: ignore[assignment]
        inner.pre_tokenizer = pre_tokenizers.Sequence(  # type: ignore[assignment]
            [
                pre_tokenizers.Metaspace(SPACE),
                pre_tokenizers.Punctuation("isolated"),
                pre_tokenizers.Digits(individual_digits=True),
            ]
        )
        inner.decoder = decoders.Metaspace(SPACE)  # type: ignore[assignment]
        inner.train_from_iterator(
            (clean(sentence) for sentence in sentences),
            trainers.BpeTrainer(vocab_size=size, special_tokens=list(SPECIAL), show_progress=False),
        )
        return cls(inner)

    @classmethod
    def from_json(cls, text: str) -> "Tokenizer":
        """The tokenizer that `to_json` wrote.

        Raises:
            ValueError: The text is none.
        """
        try:
            return cls(Inner.from_str(text))
        except Exception as error:  # the library raises bare Exceptions
            raise ValueError(f"this is no tokenizer: {error}") from error

    def to_json(self) -> str:
        """Everything of it as text."""
        return self._inner.to_str()

    @property
    def size(self) -> int:
        """How many pieces there are, the special ones included."""
        return self._inner.get_vocab_size()

    def encode(self, sentence: str) -> list[int]:
        """The pieces of a sentence, without START and END."""
        return self._inner.encode(clean(sentence), add_special_tokens=False).ids

    def encode_all(self, sentences: Sequence[str]) -> list[list[int]]:
        """Those of many sentences, on all cores."""
        cleaned = [clean(sentence) for sentence in sentences]
        return [found.ids for found in self._inner.encode_batch(cleaned, add_special_tokens=False)]

    def decode(self, pieces: Sequence[int]) -> str:
        """The sentence that pieces make, up to the first END; special ones leave no trace."""
        kept = [int(piece) for piece in pieces]
        if END in kept:
            kept = kept[: kept.index(END)]
        return self._inner.decode(kept, skip_special_tokens=True).strip()

    def pieces(self, numbers: Sequence[int]) -> list[str]:
        """The text of each piece, for people: `SPACE` before one that begins a word."""
        return [self._inner.id_to_token(int(number)) or SPECIAL[UNKNOWN] for number in numbers]

    def strangers(self, sentence: str) -> list[str]:
        """The characters of a sentence that were never seen in training, each once, in order."""
        normalizer = self._inner.normalizer
        read = normalizer.normalize_str(clean(sentence)) if normalizer else clean(sentence)
        return list(dict.fromkeys(c for c in read if not c.isspace() and c not in self._known))

    @cached_property
    def _known(self) -> set[str]:
        return {character for piece in self._inner.get_vocab() for character in piece if len(piece) == 1}


def clean(sentence: str) -> str:
    """A sentence without control characters, with single spaces, and no longer than `MOST_CHARACTERS`."""
    kept = (" " if c.isspace() else c for c in sentence[:MOST_CHARACTERS])
    return " ".join(
        "".join(c for c in kept if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co")).split()
    )
