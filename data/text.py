"""Text to be continued: one long row of tokens, learned in blocks that begin anywhere in it."""

import ast
import functools
import hashlib
import io
import os
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from data import files
from data.downloads import prepared_builder
from data.sequences import END, Ragged, SequenceSplit
from data.source import DataUnavailable, Source, Spec
from data.text_tokens import MOST_CHARACTERS, Characters, Pieces, TextTokenizer, from_json

TOKENIZER_FILE = "tokenizer.json"
MOST_BYTES = 2 * 2**30  # of a file; it is read piece by piece
LEAST_BLOCKS = 10  # of a whole text
LEARNED_FROM = 16 * 2**20  # characters that pieces are learned from: more change little
_READ = 2**22  # characters at a time
_SHORTEST = 200  # characters of a document
_NO_PROSE = {"site-packages", "test", "tests", "idle_test", "lib2to3"}  # folders of the standard library
SHARES = (0.9, 0.05, 0.05)  # of a text, from its beginning: to learn, to choose by, to measure


@dataclass(frozen=True)
class TextSplit:
    """One side of a text.

    Args:
        tokens: `(N,)`, as small integers as hold them.
        block: Tokens that are predicted at once, each from those before it in the block.
    """

    tokens: np.ndarray
    block: int

    def __len__(self) -> int:
        """Blocks that follow one another in it."""
        return max(0, len(self.tokens) - 1) // self.block

    def blocks(self) -> SequenceSplit:
        """Its blocks one after the other, so that each token is predicted once; a rest is left out."""
        count = len(self)
        ends = self.block * np.arange(1, count + 1)
        given, wanted = (self.tokens[i : i + count * self.block].astype("int32") for i in (0, 1))
        return SequenceSplit(Ragged(given, ends), Ragged(wanted, ends))


@dataclass(frozen=True)
class BlockStream:
    """An endless stream of batches of blocks, each from a place of its own, drawn anew for every step.

    The text stays on the device; places are what is sent.

    Args:
        split: The text.
        batch_size: Global batch, over all replicas, in blocks.
        seed: Decides the places.
    """

    split: TextSplit
    batch_size: int
    seed: int

    def __post_init__(self) -> None:
        if not len(self.split):
            raise ValueError("the training text must hold at least one block. Received: none")

    @property
    def steps_per_epoch(self) -> int:
        """Steps that see about as many tokens as the text has."""
        return max(1, round(len(self.split) / self.batch_size))

    def shards(self, start: int, replicas: int, first: int, count: int) -> tf.data.Dataset:
        """The stream from step `start` on, as seen by `count` neighbouring replicas; see `Stream.shards`."""
        share = self.batch_size // replicas
        places = len(self.split.tokens) - self.split.block

        def element(number: tf.Tensor) -> tf.Tensor:
            step, place = start + number // count, first + number % count
            drawn = tf.random.stateless_uniform(
                (self.batch_size,),
                seed=tf.stack([tf.cast(self.seed, tf.int64), step]),
                maxval=places,
                dtype=tf.int64,
            )  # for the whole batch: the same places, however many replicas share it
            return drawn[place * share : (place + 1) * share]

        def sized(drawn: tf.Tensor) -> tf.Tensor:
            return tf.ensure_shape(drawn, (share,))

        return tf.data.Dataset.counter().map(lambda number: sized(element(number))).prefetch(4)

    def resident(self) -> tf.Tensor:
        """The text."""
        return tf.constant(self.split.tokens)

    def materialize(self, element, resident):
        """The blocks at some places: given tokens, those that follow them, and weights, `(B, T)` each."""
        windows = element[:, None] + tf.range(self.split.block + 1, dtype=tf.int64)
        tokens = tf.cast(tf.gather(resident, windows), tf.int32)
        targets = tokens[:, 1:]
        return tokens[:, :-1], targets, tf.ones_like(targets, tf.float32)


@dataclass(frozen=True)
class Config:
    """Settings of a text.

    Args:
        dataset: "tiny_shakespeare", "docs_text" (the English prose that ships inside Python), or "" for a
            file of one's own.
        file: A text file of one's own; see `files.decode` for encodings.
        block: Tokens that are predicted at once: the context.
        vocabulary: Most pieces that words are made of; 0: one token a character.
    """

    dataset: str = ""
    file: str = ""
    block: int = 64
    vocabulary: int = 0

    def __post_init__(self) -> None:
        if self.dataset not in ("", *READERS):
            raise ValueError(f"dataset must be one of {', '.join(READERS)}. Received: {self.dataset!r}")
        if not 1 <= self.block <= 8192:
            raise ValueError(f"block must be 1 to 8192. Received: {self.block!r}")
        if self.vocabulary and not 300 <= self.vocabulary <= 50_000:
            raise ValueError(f"vocabulary must be 0, or 300 to 50000. Received: {self.vocabulary!r}")

    def load(self, kept: Mapping[str, str] | None = None) -> Source:
        """Read the text as tokens.

        The first nine tenths are learned, the next twentieth is for validation, the last one for the test. Of
        Shakespeare that is the division of TensorFlow Datasets; both twentieths together are nanoGPT's
        validation.

        Args:
            kept: The run's tokenizer by file name, which is taken then; None: it is learned from the
                training side.

        Raises:
            DataUnavailable: The text can't be had, is none, or is too short.
        """
        if not self.file and not self.dataset:
            raise DataUnavailable("text: no file is named. Name a text file: --data.file PATH")
        text: Text = _File(self.file) if self.file else READERS[self.dataset]()
        tokenizer = from_json(kept[TOKENIZER_FILE]) if kept else self._tokenizer(text)
        tokens = _encoded(text, tokenizer)
        if len(tokens) < LEAST_BLOCKS * (self.block + 1) / SHARES[-1]:
            raise DataUnavailable(
                f"{text.name}: its {len(tokens):,} tokens are too few for {LEAST_BLOCKS} blocks of "
                f"{self.block} in each of validation and test. Take a longer text, or a smaller --data.block"
            )
        ends = np.round(np.cumsum(SHARES) * len(tokens)).astype(int)
        train, validation, test = np.split(tokens, ends[:-1])
        return Source(
            train=TextSplit(train, self.block),
            validation=TextSplit(validation, self.block).blocks(),
            test=TextSplit(test, self.block).blocks(),
            spec=Spec(
                name=text.name,
                input_shape=(self.block,),
                classes=(),
                licence=text.licence,
                citation=text.citation,
                tokens=tokenizer.size,
                every_step=True,
                continued=True,
            ),
            files={TOKENIZER_FILE: tokenizer.to_json()},
        )

    def _tokenizer(self, text: "Text") -> TextTokenizer:
        """Learned from the training side alone."""
        learned = _training_side(text)
        if self.vocabulary:
            return Pieces.learned(_upto(learned, LEARNED_FROM), self.vocabulary)
        alphabet: set[str] = set()
        for part in learned:
            alphabet.update(part)
            if len(alphabet) > MOST_CHARACTERS:
                raise DataUnavailable(
                    f"{text.name}: it has more than {MOST_CHARACTERS:,} different characters. Read it by "
                    f"pieces: --data.vocabulary 4000"
                )
        if not alphabet:
            raise DataUnavailable(f"{text.name}: it is empty")
        return Characters("".join(sorted(alphabet)))


class Text:
    """A text that is read part by part, as often as need be."""

    name: str
    licence: str
    citation: str = ""

    def parts(self) -> Iterator[str]:
        """Its parts in order; each is a document where `documents` is true."""
        raise NotImplementedError

    documents = False


class _Shakespeare(Text):
    name, licence = "tiny_shakespeare", "public domain"
    citation = "Karpathy 2015, The unreasonable effectiveness of recurrent neural networks"

    def parts(self) -> Iterator[str]:
        import tensorflow_datasets as tfds

        builder = prepared_builder("tiny_shakespeare", embedded="docs_text")
        for side in ("train", "validation", "test"):
            (example,) = tfds.as_numpy(builder.as_dataset(split=side))
            yield example["text"].decode()


class _Docs(Text):
    """What Python says of itself: the language's topics, and every docstring of the standard library."""

    name, licence = "docs_text", "PSF-2.0"
    citation = "Python's own documentation, as it ships with the Python that runs this"
    documents = True

    def parts(self) -> Iterator[str]:
        return iter(_documents())


class _File(Text):
    licence = "your own"

    def __init__(self, path: str) -> None:
        self.path: Path = files.path_of(path)
        self.name = files.one_line(self.path.stem)
        self._encoding = self._note = ""
        try:
            size = os.stat(self.path).st_size
        except OSError as error:
            raise DataUnavailable(f"{self.path} can't be read: {error.strerror}") from error
        if size > MOST_BYTES:
            raise DataUnavailable(
                f"{self.path.name}: it has {size / 2**30:.1f} GiB, more than {MOST_BYTES / 2**30:.0f}. "
                f"Keep a part of it"
            )

    def parts(self) -> Iterator[str]:
        try:
            if not self._encoding:
                with open(self.path, "rb") as content:
                    self._encoding, self._note = files.encoding_of(
                        iter(lambda: content.read(_READ), b""), self.path.name, "a text"
                    )
                files.warn(self.path.name, self._note)
            # A guess was made from a sample, so a stray byte is no error.
            errors = "replace" if self._note else "strict"
            with open(self.path, encoding=self._encoding, errors=errors, newline=None) as file:
                while part := file.read(_READ):
                    if "\0" in part:
                        raise DataUnavailable(f"{self.path.name}: it holds bytes that are no text")
                    yield part
        except UnicodeError as error:
            reason = getattr(error, "reason", error)
            raise DataUnavailable(
                f"{self.path.name}: it is no text in UTF-8 or UTF-16: {reason}. Save it as UTF-8"
            ) from error
        except OSError as error:
            raise DataUnavailable(f"{self.path} can't be read: {error.strerror}") from error


READERS = {"tiny_shakespeare": _Shakespeare, "docs_text": _Docs}


@functools.lru_cache(maxsize=1)
def _documents() -> tuple[str, ...]:
    """The documents, each once, in an order that depends on their content alone."""
    import pydoc_data.topics

    texts = list(pydoc_data.topics.topics.values())
    library = Path(sysconfig.get_path("stdlib"))
    for path in sorted(library.rglob("*.py")):
        inner = path.relative_to(library).parts
        if {"site-packages", "test", "tests", "idle_test", "lib2to3"} & set(inner) or inner[0].startswith(
            "_"
        ):
            continue
        texts.append("\n\n".join(_docstrings(path)))
    kept = dict.fromkeys(text.strip() for text in texts if len(text) >= _SHORTEST)
    return tuple(sorted(kept, key=lambda text: hashlib.sha256(text.encode()).digest()))


def _docstrings(path: Path) -> Iterator[str]:
    """The docstrings of a module, in order; none of a file that is no Python."""
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, OSError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text and len(text.split()) > 5:
                yield text


def _training_side(text: Text) -> Iterator[str]:
    """The parts of the first nine tenths, by characters."""
    left = round(SHARES[0] * sum(len(part) for part in text.parts()))
    return _upto(text.parts(), left)


def _upto(parts: Iterator[str], characters: int) -> Iterator[str]:
    for part in parts:
        yield part[:characters]
        characters -= len(part)
        if characters <= 0:
            return


def _encoded(text: Text, tokenizer: TextTokenizer) -> np.ndarray:
    """All tokens; behind each document an END."""
    kind = "uint16" if tokenizer.size <= 2**16 else "int32"
    out = io.BytesIO()
    for part in text.parts():
        out.write(tokenizer.encode(part).astype(kind).tobytes())
        if text.documents:
            out.write(np.array([END], kind).tobytes())
    return np.frombuffer(out.getbuffer(), kind)
