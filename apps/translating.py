"""Trained translators and the sentences they know: loaded once; what one says, taken apart."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from apps import engine, library
from apps.library import Entry
from training.runs import Run, RunError

if TYPE_CHECKING:
    from inspection.alignment import Writing
    from inspection.recurrence import Recording
    from training.translation import Hypothesis, Translation, Translator

KEPT = 6  # translators
ENDING = "[end]"  # the token that ends a sentence, for people
STRANGE = "[?]"  # one that was never seen
LIKELIEST = 8  # next tokens that are told
LANGUAGES = {"fr": "French", "en": "English"}
SOURCES = ("numbers_fr_en", "multi30k_fr_en", "tatoeba_fr_en", "pronouns_en_fr", "pairs")
EXAMPLES = {  # that fit what a model has learned; no one of its own
    "numbers_fr_en": (
        "neuf mille deux cent quatre-vingt-dix-sept",
        "le premier mai mille neuf cent soixante-huit",
        "sept cent quatre mille soixante et onze",
        "vingt-huit",
    ),
    "multi30k_fr_en": (
        "Un homme en chemise bleue lit un journal sur un banc.",
        "Deux enfants jouent au ballon dans la neige.",
        "Une femme promène son chien sur la plage au coucher du soleil.",
        "Un chien noir saute par-dessus une barrière.",
    ),
    "tatoeba_fr_en": (
        "Je ne sais pas ce que tu veux dire.",
        "Elle a oublié de fermer la porte.",
        "Où est la gare la plus proche ?",
        "Nous aurions dû partir plus tôt ce matin.",
    ),
    "pronouns_en_fr": (
        "The animal didn't cross the street because it was too tired.",
        "The animal didn't cross the street because it was too wide.",
        "The truck got stuck in the tunnel because it was too narrow.",
    ),
}


@dataclass(frozen=True)
class Unfolded:
    """One hypothesis taken apart.

    Args:
        hypothesis: Which.
        source: Tokens that were read, as `pieces` gives them.
        written: Tokens that were written.
        said: What the decoder found likely at each step.
        likeliest: The texts of the likeliest tokens at each step.
        states: What each recurrent layer held, by its name.
    """

    hypothesis: "Hypothesis"
    source: "list[tuple[str, bool]]"
    written: "list[tuple[str, bool]]"
    said: "Writing"
    likeliest: list[list[str]]
    states: "dict[str, Recording]"

    @property
    def looked(self) -> np.ndarray | None:
        """Where each step looked, `(T, S)`; None without attention."""
        return None if self.said.looked is None else self.said.looked[0]


def fits(entry: Entry) -> bool:
    """Whether a model translates."""
    return entry.architecture in ("seq2seq", "transformer")


def has_attention(entry: Entry) -> bool:
    if entry.architecture == "transformer":
        return True
    return entry.run.config["model"].get("attention", "none") != "none"


def partners(entry: Entry, among: Iterable[Entry]) -> list[Entry]:
    """Models of the same data, with attention where this one has none, or without where it has."""
    data = entry.run.config["data"]
    return [
        other
        for other in among
        if fits(other)
        and other.has_model
        and other.run.config["source"] == entry.run.config["source"]
        and other.run.config["data"].get("file") == data.get("file")
        and has_attention(other) != has_attention(entry)
    ]


def languages(entry: Entry) -> tuple[str, str]:
    """What it reads and what it writes, for people."""
    codes = entry.spec.get("languages") or ("", "")
    first, second = (LANGUAGES.get(code, "") for code in codes)
    return first or "Sentence", second or "translation"


def examples(entry: Entry) -> tuple[str, ...]:
    """A few sentences to begin with; of a model of one's own pairs there are none."""
    return EXAMPLES.get(entry.run.config.get("source", ""), ())


def translator(entry: Entry) -> "Translator":
    """The model to translate with, loaded anew whenever its file is another.

    Raises:
        RunError: There is none yet, or it has lost its tokenizers.
    """
    return _translator(str(entry.run.path), engine.modified(entry.run))


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _translator(path: str, modified: int | None) -> "Translator":
    from training import trainer, translation

    run = Run(Path(path))
    model, files = trainer.load_model(run), translation.kept_files(run)
    if not files:
        raise RunError(f"run {run.name!r} has lost its tokenizers, without which it can't read a sentence")
    try:
        return translation.Translator(model, files)
    except ValueError as error:
        raise RunError(f"the model of run {run.name!r} does not translate: {error}") from error


def translate(
    translator: "Translator", sentences: Sequence[str], beams: int, penalty: float
) -> "list[Translation]":
    """Sentences in the other language, the first time with a word on what takes so long."""
    with st.spinner("Translating", show_time=False):
        return translator.translate(sentences, beams, penalty)


def unfold(translator: "Translator", translation: "Translation", which: int) -> Unfolded:
    """Take a hypothesis apart: the model is given its own words, so every step says again what it said."""
    from inspection import recurrence

    hypothesis = translation.hypotheses[which]
    said = writings(translator, translation, [hypothesis])
    inputs = _given(translation, [hypothesis])[0]
    return Unfolded(
        hypothesis,
        pieces(translator.source, translation.source),
        pieces(translator.target, hypothesis.tokens),
        said,
        [[text for text, _ in pieces(translator.target, tokens)] for tokens in said.likeliest[0]],
        recurrence.record(translator.model, inputs),
    )


def writings(
    translator: "Translator", translation: "Translation", hypotheses: "Sequence[Hypothesis]"
) -> "Writing":
    """What the decoder found likely at each step of some hypotheses."""
    from data.sequences import PADDING, START
    from data.tokens import UNKNOWN
    from inspection import alignment

    inputs, written = _given(translation, hypotheses)
    barred = (PADDING, START, UNKNOWN)  # as `Translator` has it
    return alignment.writing(translator.model, inputs, written, LIKELIEST, barred)


def _given(translation: "Translation", hypotheses: "Sequence[Hypothesis]"):
    """What the model takes for some hypotheses, source and target one place behind; and the targets."""
    from data.sequences import PADDING, START, Ragged

    every = np.arange(len(hypotheses))
    source = Ragged.of([translation.source for _ in every]).padded(every, PADDING)
    written = Ragged.of([hypothesis.tokens for hypothesis in hypotheses]).padded(every, PADDING)
    behind = Ragged.of([(START, *hypothesis.tokens[:-1]) for hypothesis in hypotheses])
    return [source, behind.padded(every, PADDING)], written


def pieces(tokenizer: Any, tokens: Sequence[int]) -> list[tuple[str, bool]]:
    """The text of each token, and whether it begins a word."""
    from data.sequences import END
    from data.tokens import SPACE, UNKNOWN

    found = []
    for number, piece in zip(tokens, tokenizer.pieces(tokens), strict=True):
        text = {END: ENDING, UNKNOWN: STRANGE}.get(number, piece.replace(SPACE, ""))
        found.append((text or "\N{OPEN BOX}", number == END or piece.startswith(SPACE)))
    return found


def notes(text: str, translation: "Translation") -> list[str]:
    """What was done about a sentence that could not be read as it is."""
    from data.tokens import MOST_CHARACTERS

    found = list(translation.notes)
    unseen = {c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co") and not c.isspace()}
    if unseen:
        codes = sorted(f"U+{ord(c):04X}" for c in unseen)
        more = ", ..." if len(codes) > 6 else ""
        found.append(f"characters that nobody sees were left out: {', '.join(codes[:6])}{more}")
    if len(text) > MOST_CHARACTERS:
        found.append(
            f"only the first {MOST_CHARACTERS:,} of its {library.readable(len(text))} characters are read"
        )
    return found
