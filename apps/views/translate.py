"""Translate: how a sentence is folded into a state and unfolded in another language, word by word."""

from typing import TYPE_CHECKING

import streamlit as st

from apps import (
    controls,
    frame,
    links,
    texts,
    translate_compare,
    translate_growth,
    translate_panel,
    translating,
)
from apps.escaping import escape_markdown
from apps.library import Entry

if TYPE_CHECKING:
    from data.corpus import Pairs
    from training.translation import Translation

YOURS, TEST = "Your sentence", "Test set"
MOST_HEADLINE = 160  # characters of a translation that is set large
MOST_OFFERED = 500  # sentences of the test set
VIEWS = ("Word by word", "Alternatives", "Side by side", "Longer and longer")


@st.fragment
def explore(entry: Entry) -> None:
    """From a sentence to its translation and how it came about; another one runs nothing but this."""
    translator = frame.loaded(translating.translator, entry)
    if translator is None:
        return
    view, beams, penalty = _settings()
    if view == VIEWS[-1]:
        translate_growth.growing(entry, translator, beams)
        return
    text, reference = _sentence(entry)
    (found,) = translating.translate(translator, [text], beams, penalty)
    texts.tell(translating.notes(text, found) if text.strip() else ())
    if not found.hypotheses:
        st.info("There is nothing to translate: write some words.", icon=":material/edit:")
        return
    _headline(found, reference, whole=view != VIEWS[0])
    if view == "Side by side":
        translate_compare.side_by_side(entry, translator, text, reference, beams, penalty)
        return
    which = _which(found)
    if view == "Alternatives":
        translate_panel.beam(translator, found, which)
    else:
        translate_panel.word_by_word(entry, translator, found, which)
        if translating.has_attention(entry):
            links.link(links.ATTENTION, "Attention by hand", ":material/arrow_forward:")


def _sentence(entry: Entry) -> tuple[str, str | None]:
    """Let a person type a sentence or pick one; it, and what people made of it where that is known."""
    offered = bool(translating.examples(entry))  # else one of the test set is there to begin with
    way = st.segmented_control(
        "Sentence",
        [YOURS, TEST],
        default=YOURS if offered else TEST,
        required=True,
        key=f"sentence_way-{offered}",
        persist_state="session",
        label_visibility="collapsed",
    )
    if way == TEST:
        pairs = frame.test_pairs(entry)
        if pairs is not None and len(pairs):
            return _picked(entry, pairs)
    return texts.field(
        "sentence",
        entry,
        translating.languages(entry)[0],
        translating.examples(entry),
        placeholder="Write a sentence and press Enter",
    ), None


def _picked(entry: Entry, pairs: "Pairs") -> tuple[str, str]:
    """One of the test set, which the model never learned."""
    number = st.selectbox(
        f"{translating.languages(entry)[0]}, of {len(pairs):,} that it was not trained on",
        range(min(len(pairs), MOST_OFFERED)),
        format_func=lambda number: pairs.source[number],
        key=f"picked-{entry.key}",
        persist_state="session",
    )
    return pairs.source[number], pairs.target[number]


def _settings() -> tuple[str, int, float]:
    """What to look at, how many alternatives are followed, and what length costs."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        view = st.segmented_control(
            "Look at",
            VIEWS,
            default=None if "translate_view" in st.session_state else VIEWS[0],
            required=True,
            wrap=True,
            key="translate_view",
            persist_state="session",
        )
        beams = st.number_input(
            "Beam",
            1,
            10,
            5,
            key="beams",
            persist_state="session",
            width=130,
            help="How many alternatives are followed at once; 1 takes the likeliest word at each step",
        )
        penalty = 1.0
        if view != VIEWS[-1]:
            penalty = st.number_input(
                "Length penalty",
                0.0,
                2.0,
                1.0,
                0.25,
                key="penalty",
                persist_state="session",
                width=130,
                help="The exponent of the length by which log P is divided: 0 prefers short sentences",
            )
    return view or VIEWS[0], int(beams), float(penalty)


def _headline(found: "Translation", reference: str | None, whole: bool) -> None:
    """The best hypothesis, unless it is to come word by word; and what it should be where that is known."""
    if whole:
        size = "##### " if len(found.text) <= MOST_HEADLINE else ""
        st.markdown(
            f"{size}{escape_markdown(found.text)}" if found.text else "It wrote nothing, and ended at once."
        )
    if reference is not None:
        right = ", to the letter" if found.text == reference else ""
        st.caption(f"As people wrote it{right}: {escape_markdown(reference)}")


def _which(found: "Translation") -> int:
    """Which hypothesis was chosen, if it is one of this sentence."""
    source, which = st.session_state.get("hypothesis", ((), 0))
    return which if source == found.source and which < len(found.hypotheses) else 0


frame.show(
    frame.Page(
        file=__file__,
        title="Translate",
        idea=(
            "One recurrent net reads a sentence into its state, another unfolds that state in another "
            "language. The longer the sentence, the more must fit into the same few numbers; attention lets "
            "the writer look back, and a Transformer does nothing else."
        ),
        architecture="seq2seq",
        fits=translating.fits,
        explore=explore,
        controls=controls.seq2seq,
        sources=translating.SOURCES,
        first="numbers and dates take five minutes",
    )
)
