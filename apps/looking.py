"""A sentence as a model with attention takes it, and what it makes of it with some heads off."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from apps import engine, translating
from apps.library import Entry
from apps.texts import NAMES
from training.runs import Run, RunError

if TYPE_CHECKING:
    import keras

    from inspection.heads import Looked

Piece = tuple[str, bool]  # a token's text, and whether it begins a word
Off = Mapping[str, Collection[int]]  # heads by the name of their attention

MOST_TOKENS = 64  # of a sentence that is read here: every pair of them is drawn
LIKELIEST = 8  # next tokens that are told
STARTING = "[start]"
PRONOUNS = {"it", "il", "elle"}
TWINS = (  # that differ in what "it" is, by the adjective alone
    (
        "The animal didn't cross the street because it was too tired.",
        "The animal didn't cross the street because it was too wide.",
    ),
    (
        "The truck got stuck in the tunnel because it was too wide.",
        "The truck got stuck in the tunnel because it was too narrow.",
    ),
    (
        "The hammer didn't break the window because it was too light.",
        "The hammer didn't break the window because it was too thick.",
    ),
)
EXAMPLES = {
    "pronouns": TWINS,
    "pronouns_en_fr": TWINS,
    "imdb_reviews": (
        ("Not as bad as they say, and it grows on you.",),
        ("I wanted to like it, but it is far too long.",),
    ),
    "tiny_shakespeare": (("But soft, what light through",), ("To be, or not to be",)),
    "docs_text": (("Return the number of items in",), ("Raises an exception if the",)),
    **{
        source: tuple((each,) for each in translating.EXAMPLES[source])
        for source in ("multi30k_fr_en", "tatoeba_fr_en", "numbers_fr_en")
    },
}


@dataclass(frozen=True)
class Reading:
    """A sentence as a model takes it.

    Args:
        model: The model.
        given: What it takes that does not depend on its heads: the one sequence, or the source.
        source: Its pieces.
        notes: What was done about input that could not be read as it is, in sentences.
        tokenizer: What reads what the model writes; None: it writes nothing, or nobody knows.
        classes: Names, of a classifier.
        place: Of the step whose answer is told, where each step has one.
    """

    model: "keras.Model"
    given: Any
    source: list[Piece]
    notes: Sequence[str] = ()
    tokenizer: Any = None
    classes: Sequence[str] = ()
    place: int = -1

    @property
    def translates(self) -> bool:
        return self.tokenizer is not None and isinstance(self.given, list)


@dataclass(frozen=True)
class Seen:
    """What a model did with a sentence.

    Args:
        looked: What its heads did.
        written: Pieces of what it wrote; none where it writes nothing.
        text: The same as one text.
        shares: How likely it finds each class, or each of the likeliest next tokens, by name.
    """

    looked: "Looked"
    written: list[Piece]
    text: str
    shares: dict[str, float]


def fits(entry: Entry) -> bool:
    """Whether a model has attention that reads words."""
    if entry.architecture == "seq2seq":
        return translating.has_attention(entry)
    if entry.architecture == "encoder":
        return entry.run.config["source"] in EXAMPLES  # others read numbers, or symbols of no language
    return entry.architecture in ("transformer", "gpt")


def examples(entry: Entry) -> tuple[tuple[str, ...], ...]:
    """A few sentences to begin with, each with its twin where it has one."""
    return EXAMPLES.get(entry.run.config.get("source", ""), ())


def twin(text: str) -> str | None:
    """The sentence that differs by its adjective alone, and by what "it" is."""
    for pair in TWINS:
        if text.strip() in pair:
            return pair[1 - pair.index(text.strip())]
    return None


def read(entry: Entry, text: str) -> Reading | None:
    """A sentence as a run's model takes it; None where it says nothing.

    Raises:
        RunError: There is no model yet, or it has lost its tokenizer.
    """
    if entry.architecture in ("seq2seq", "transformer"):
        return _to_translate(entry, text)
    tokenizer, model = tokenizer_of(entry), engine.model(entry.run)
    tokens = [int(token) for token in tokenizer.encode(text)]
    notes = _notes(text, tokens, tokenizer.strangers(text))
    if not tokens:
        return None
    if entry.architecture == "gpt":
        most = min(MOST_TOKENS, entry.spec["input_shape"][0])
        tokens = tokens[-most:]
        pieces = [(_visible(piece), _begins(piece)) for piece in tokenizer.pieces(tokens)]
        return Reading(model, np.array([tokens], "int32"), pieces, notes, tokenizer)
    from data.sequences import END

    tokens = [*tokens[: MOST_TOKENS - 1], END]
    given, pieces = np.array([tokens], "int32"), translating.pieces(tokenizer, tokens)
    if entry.spec.get("every_step"):  # what it says at the pronoun is what it takes it for
        return Reading(model, given, pieces, notes, tokenizer, place=pronoun(pieces))
    return Reading(model, given, pieces, notes, classes=entry.spec["classes"])


def see(reading: Reading, off: Off) -> Seen:
    """What a model does with a sentence while some heads are off."""
    from data.sequences import END, PADDING, START
    from data.tokens import UNKNOWN
    from inspection import heads
    from inspection.endings import probabilities

    if reading.translates:
        most = 2 * len(reading.source) + 10
        barred = (PADDING, START, UNKNOWN)
        written = heads.write(reading.model, reading.given, START, END, min(most, MOST_TOKENS), barred, off)
        inputs = [np.array([reading.given]), np.array([[START, *written[:-1]]])]
        looked = heads.look(reading.model, inputs, off)
        pieces = translating.pieces(reading.tokenizer, written)
        return Seen(looked, pieces, reading.tokenizer.decode(written), {})
    looked = heads.look(reading.model, reading.given, off)
    shares: dict[str, float] = {}
    if reading.classes:
        shares = dict(
            zip(reading.classes, map(float, probabilities(reading.model, looked.output)[0]), strict=True)
        )
    elif reading.tokenizer is not None:
        found = probabilities(reading.model, looked.output[0, reading.place])
        best = np.argsort(-found, kind="stable")[:LIKELIEST]
        names = map(_visible, reading.tokenizer.pieces(best.tolist()))
        shares = {name: float(found[place]) for name, place in zip(names, best, strict=True)}
    return Seen(looked, [], "", shares)


def axes(reading: Reading, seen: Seen, kind: str, name: str) -> tuple[list[Piece], list[Piece]]:
    """The pieces that ask, and those that are looked at, of an attention of a kind; by numbers where nobody
    knows what they are."""
    from inspection.heads import CROSS, DECODER

    if not reading.translates:
        asks, looked = (
            reading.source if size == len(reading.source) else [(str(i + 1), True) for i in range(size)]
            for size in seen.looked.weights[name].shape[2:]
        )
        return asks, looked
    if kind == CROSS:
        return seen.written, reading.source
    if kind == DECODER:  # what is written next asks; before it lies what has been written
        return seen.written, [(STARTING, True), *seen.written[:-1]]
    return reading.source, reading.source


def pronoun(pieces: Sequence[Piece]) -> int:
    """The place of the last word "it", "il" or "elle"; else of the last piece that says something."""
    places = _pronouns(pieces)
    ended = bool(pieces) and pieces[-1][0] == translating.ENDING
    return places[-1] if places else max(0, len(pieces) - 1 - ended)


def has_pronoun(pieces: Sequence[Piece]) -> bool:
    """Whether one of the words is "it", "il" or "elle"."""
    return bool(_pronouns(pieces))


def _pronouns(pieces: Sequence[Piece]) -> list[int]:
    """Where these words begin. A piece inside another word, as in "wr it ing", is none."""
    return [places[0] for word, places in words(pieces) if word in PRONOUNS]


def words(pieces: Sequence[Piece]) -> list[tuple[str, list[int]]]:
    """The words that pieces make in small letters, with the places of their pieces."""
    made: list[tuple[str, list[int]]] = []
    for place, (text, begins) in enumerate(pieces):
        if made and not begins and text[0].isalnum() and made[-1][0][-1].isalnum():
            made[-1] = made[-1][0] + text.lower(), [*made[-1][1], place]
        else:
            made.append((text.lower(), [place]))
    return made


@st.cache_resource(max_entries=8, show_spinner=False)
def _tokenizer(path: str, modified: float) -> Any:
    from data import text_tokens, tokens
    from data.text import TOKENIZER_FILE

    run = Run(Path(path))
    file = run.path / TOKENIZER_FILE
    if not file.exists():
        raise RunError(f"run {run.name!r} has lost its tokenizer, without which it can't read a sentence")
    make = text_tokens.from_json if run.config["architecture"] == "gpt" else tokens.Tokenizer.from_json
    try:
        return make(file.read_text())
    except ValueError as error:
        raise RunError(f"the tokenizer of run {run.name!r} is damaged: {error}") from error


def tokenizer_of(entry: Entry) -> Any:
    """The tokenizer of a model that reads one sequence.

    Raises:
        RunError: It has lost it.
    """
    return _tokenizer(str(entry.run.path), entry.run.path.stat().st_mtime)


def _to_translate(entry: Entry, text: str) -> Reading | None:
    from data.sequences import END

    translator = translating.translator(entry)
    tokens = translator.source.encode(text)
    if not tokens:
        return None
    notes = _notes(text, tokens, translator.source.strangers(text))
    tokens = [*tokens[: MOST_TOKENS - 1], END]
    pieces = translating.pieces(translator.source, tokens)
    return Reading(translator.model, tokens, pieces, notes, translator.target)


def _notes(text: str, tokens: Sequence[int], strangers: Sequence[str]) -> list[str]:
    """What was done about a sentence that could not be read as it is."""
    notes = []
    if strangers:
        listed = " ".join(strangers[:10]) + (" ..." if len(strangers) > 10 else "")
        notes.append(f"never seen in training, and read as unknown: {listed}")
    if len(tokens) > MOST_TOKENS:
        notes.append(f"only {MOST_TOKENS} of its {len(tokens):,} tokens are read here")
    return notes


def _visible(piece: str) -> str:
    """A piece of a text, its blanks to be seen."""
    from data.tokens import SPACE

    shown = piece.replace(SPACE, " ")
    shown = shown if len(shown) == 1 else shown.removeprefix(" ")
    return re.sub(r"[ \n\t]", lambda found: NAMES[found[0]], shown) or NAMES[" "]


def _begins(piece: str) -> bool:
    return not piece[:1].isalnum()
