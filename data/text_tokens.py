"""Text as tokens and back, to the letter: by characters, or by pieces of bytes."""

import json
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Protocol

import numpy as np
from tokenizers import Tokenizer as Inner
from tokenizers import decoders, models, pre_tokenizers, trainers

from data.tokens import SPECIAL, UNKNOWN

MOST_CHARACTERS = 4000  # of an alphabet; a text with more of them is better read by pieces


class TextTokenizer(Protocol):
    """Text as numbers; the first ones are `data.tokens.SPECIAL`."""

    @property
    def size(self) -> int:
        """How many tokens there are, the special ones included."""
        ...

    def encode(self, text: str) -> np.ndarray:
        """The tokens of a text, `(N,)` int32."""
        ...

    def decode(self, tokens: Sequence[int]) -> str:
        """The text that tokens make; special ones leave no trace."""
        ...

    def pieces(self, tokens: Sequence[int]) -> list[str]:
        """The text of each token, for people."""
        ...

    def strangers(self, text: str) -> list[str]:
        """The characters of a text that no token stands for, each once, in order."""
        ...

    def to_json(self) -> str:
        """Everything of it as text."""
        ...


class Characters:
    """One token a character of an alphabet.

    Args:
        alphabet: The characters, each once.

    Raises:
        ValueError: There are none, or more than `MOST_CHARACTERS`.
    """

    def __init__(self, alphabet: str) -> None:
        if not 1 <= len(alphabet) <= MOST_CHARACTERS:
            raise ValueError(
                f"an alphabet must have 1 to {MOST_CHARACTERS} characters. Received: {len(alphabet)}"
            )
        self.alphabet = alphabet

    @property
    def size(self) -> int:
        """How many tokens there are, the special ones included."""
        return len(SPECIAL) + len(self.alphabet)

    def encode(self, text: str) -> np.ndarray:
        """The tokens of a text, `(N,)` int32; `UNKNOWN` for a character that is not of the alphabet."""
        points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
        return self._table[np.minimum(points, len(self._table) - 1)]

    def decode(self, tokens: Sequence[int]) -> str:
        """The text that tokens make; special ones leave no trace."""
        return "".join(self.alphabet[token - len(SPECIAL)] for token in tokens if token >= len(SPECIAL))

    def pieces(self, tokens: Sequence[int]) -> list[str]:
        """The character of each token, or the name of a special one."""
        return [
            self.alphabet[token - len(SPECIAL)] if token >= len(SPECIAL) else SPECIAL[token]
            for token in tokens
        ]

    def strangers(self, text: str) -> list[str]:
        """The characters of a text that are not of the alphabet, each once, in order."""
        known = set(self.alphabet)
        return list(dict.fromkeys(character for character in text if character not in known))

    def to_json(self) -> str:
        """The alphabet as text."""
        return json.dumps({"characters": self.alphabet})

    @cached_property
    def _table(self) -> np.ndarray:
        """From a code point to its token; the last entry stands for all that are larger."""
        points = [ord(character) for character in self.alphabet]
        table = np.full(max(points) + 2, UNKNOWN, "int32")
        table[points] = len(SPECIAL) + np.arange(len(points))
        return table


class Pieces:
    """Byte-pair encoding of bytes (Radford et al. 2019, section 2.2): no text is unknown."""

    def __init__(self, inner: Inner) -> None:
        self._inner = inner

    @classmethod
    def learned(cls, texts: Iterable[str], size: int) -> "Pieces":
        """Pieces of the training side's texts, `size` at the most, the special ones included."""
        inner = Inner(models.BPE())
        inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)  # type: ignore[assignment]
        inner.decoder = decoders.ByteLevel()  # type: ignore[assignment]
        trainer = trainers.BpeTrainer(
            vocab_size=size,
            special_tokens=list(SPECIAL),
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
        inner.train_from_iterator(texts, trainer)
        inner.encode_special_tokens = True  # what a person writes is text, even where it reads "[END]"
        return cls(inner)

    @property
    def size(self) -> int:
        """How many tokens there are, the special ones included."""
        return self._inner.get_vocab_size()

    def encode(self, text: str) -> np.ndarray:
        """The tokens of a text, `(N,)` int32."""
        clean = text.encode("utf-8", "replace").decode()  # a lone surrogate is no text
        return np.array(self._inner.encode(clean, add_special_tokens=False).ids, "int32")

    def decode(self, tokens: Sequence[int]) -> str:
        """The text that tokens make; special ones leave no trace."""
        return self._inner.decode([int(token) for token in tokens], skip_special_tokens=True)

    def pieces(self, tokens: Sequence[int]) -> list[str]:
        """The text of each token; of a part of a character its bytes."""
        return [
            SPECIAL[token] if token < len(SPECIAL) else self._inner.decode([int(token)]) for token in tokens
        ]

    def strangers(self, text: str) -> list[str]:
        """None: every byte has a token."""
        return []

    def to_json(self) -> str:
        """Everything of it as text."""
        return self._inner.to_str()


def from_json(text: str) -> TextTokenizer:
    """The tokenizer that a `to_json` wrote.

    Raises:
        ValueError: The text is none.
    """
    try:
        stored = json.loads(text)
        if "characters" in stored:
            return Characters(stored["characters"])
        inner = Inner.from_str(text)
    except Exception as error:  # the library raises bare Exceptions
        raise ValueError(f"this is no tokenizer: {error}") from error
    inner.encode_special_tokens = True
    return Pieces(inner)
