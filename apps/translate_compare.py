"""Two translators of the same data, with attention and without, side by side."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from apps import frame, library, translating
from apps.library import Entry
from apps.widgets import component

if TYPE_CHECKING:
    from training.translation import Translation, Translator

FOLDED = {  # recipes without attention, by source
    "multi30k_fr_en": "multi30k_folded_seq2seq",
}
WITH = {  # recipes with attention, by those without
    "multi30k_small_no_attention_seq2seq": "multi30k_small_seq2seq",
}

_words = component("words")


@dataclass(frozen=True)
class Speaker:
    """A translator with its name for people."""

    entry: Entry
    translator: "Translator"

    @property
    def name(self) -> str:
        return "with attention" if translating.has_attention(self.entry) else "without attention"


def speakers(entry: Entry, translator: "Translator") -> list[Speaker]:
    """The model that is shown and one that differs in attention, if there is any; that with it first."""
    found = translating.partners(entry, library.entries())
    mine = Speaker(entry, translator)
    if not found:
        _say_how(entry)
        return [mine]
    other = found[0]
    if len(found) > 1:
        by_key = {each.key: each for each in found}
        key = st.selectbox(
            "Beside", list(by_key), format_func=lambda key: library.label(by_key[key]), width=320
        )
        other = by_key[key]
    theirs = frame.loaded(translating.translator, other)
    if theirs is None:
        return [mine]
    both = [mine, Speaker(other, theirs)]
    return both if translating.has_attention(entry) else both[::-1]


def _say_how(entry: Entry) -> None:
    """There is no other model: how to come by one."""
    from training.recipes import RECIPES

    source, recipe = entry.run.config["source"], entry.run.config["recipe"]
    words = ["python", "-m", "training", "train"]
    if translating.has_attention(entry):
        what = "without attention"
        recipe = recipe.replace("_transformer", "_seq2seq")  # a Transformer is nothing without attention
        words += [FOLDED[source]] if source in FOLDED else [recipe, "--model.attention", "none"]
    else:
        what = "with attention"
        words += [WITH.get(recipe) or recipe.replace("_folded", ""), "--model.attention", "multiplicative"]
    if recipe not in RECIPES:
        st.info(f"There is no model of the same sentences {what}.", icon=":material/compare_arrows:")
        return
    if entry.run.config["data"].get("file"):
        words += ["--data.file", entry.run.config["data"]["file"]]
    st.info(
        f"There is no model of the same sentences {what} yet. Train one in the tab **Train**, or from a "
        f"terminal, and it stands here beside this one:",
        icon=":material/compare_arrows:",
    )
    st.code(shlex.join(words), "bash", wrap_lines=True)


def side_by_side(
    entry: Entry,
    translator: "Translator",
    sentence: str,
    reference: str | None,
    beams: int,
    penalty: float,
) -> None:
    """The same sentence through both."""
    both = speakers(entry, translator)
    st.caption(
        "The same sentence, once with attention and once folded into one state. "
        + (
            "Words that people did not write are underlined."
            if reference
            else "Words in which the two differ are underlined."
        )
    )
    said = [(each, translating.translate(each.translator, [sentence], beams, penalty)[0]) for each in both]
    show_words(said, reference, "side")


def show_words(said: "Sequence[tuple[Speaker, Translation]]", reference: str | None, key: str) -> None:
    """Translations word by word, beside what it should be where that is known."""
    from inspection import alignment

    texts: list[dict[str, Any]] = []
    if reference is not None:
        whole = [(word, None) for word in reference.split()]
        texts.append({"name": "As people wrote it", "note": "", "words": whole, "reference": True})
    for speaker, translation in said:
        words = translation.text.split()
        beside = [other.text for whose, other in said if whose is not speaker] if reference is None else []
        against = reference if reference is not None else " ".join(beside) or translation.text
        agrees = alignment.agreeing(words, against.split())
        texts.append(
            {
                "name": f"{speaker.entry.run.name}, {speaker.name}",
                "note": _quality_text(translation, reference),
                "words": list(zip(words, agrees, strict=True)),
                "reference": False,
            }
        )
    _words(key=f"words-{key}", data={"texts": texts})


def _quality_text(translation: "Translation", reference: str | None) -> str:
    if reference is None:
        return f"score {translation.hypotheses[0].score:.3f}" if translation.hypotheses else ""
    from training.translation import compare

    figures = compare([translation.text], [reference])
    bleu = f", BLEU {figures['bleu']:.0f}" if "bleu" in figures else ""  # none where the reference is short
    return f"chrF {figures['chrf']:.0f}{bleu}"
