"""Next word: a text, what may come next, and what comes when one is drawn again and again."""

from typing import TYPE_CHECKING

import streamlit as st

from apps import continuing, controls, frame, next_word_panel, surprise_panel, texts
from apps.library import Entry, readable

if TYPE_CHECKING:
    from training.writing import Drawing, Writer

VIEWS = ("Write", "Attention", "Surprise")
FIELD = 150  # width of a setting, in pixels
MOST_WRITTEN = 100_000  # tokens at a time
ABOUT = {
    "Write": "The deeper the colour of a token, the likelier the model found it. Click on a token to see "
    "what might have stood there; take another and the text goes on from it.",
    "Attention": "Each new token is written by looking at those before it. The deeper the colour, the more "
    "it took from there. Click on a token to see where the model looked when it wrote it.",
}


@st.fragment
def explore(entry: Entry) -> None:
    """From a prompt to its continuation; another one runs nothing but this."""
    writer = frame.loaded(continuing.writer, entry)
    if writer is None:
        return
    view = st.segmented_control(
        "Look at",
        VIEWS,
        default=None if "next_word_view" in st.session_state else VIEWS[0],
        required=True,
        key="next_word_view",
        persist_state="session",
        label_visibility="collapsed",
    )
    if view == "Surprise":
        surprise_panel.show(entry, writer)
        return
    prompt = texts.field(
        "prompt",
        entry,
        "Prompt",
        continuing.prompts(entry),
        height=80,
        placeholder="What the text begins with",
    )
    tokens, notes = writer.begin(prompt)
    drawing, most = _settings(writer)
    if drawing.top_k > writer.tokenizer.size:
        notes.append(
            f"top-k is above the {readable(writer.tokenizer.size)} tokens that there are: all are kept"
        )
    if drawing.temperature == 0:
        notes.append("at temperature 0 nothing is drawn: the likeliest token is taken, every time")
    texts.tell(notes)
    st.caption(ABOUT[view or VIEWS[0]])
    tree = continuing.tree(entry, tokens)
    next_word_panel.show(entry, writer, tree, drawing, most, looks=view == "Attention")


def _settings(writer: "Writer") -> "tuple[Drawing, int]":
    """How tokens are drawn, and how many at a time."""
    from training.writing import Drawing

    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        temperature = st.slider(
            "Temperature",
            0.0,
            2.0,
            0.8,
            0.05,
            key="next_word_temperature",
            persist_state="session",
            width=FIELD,
            help="What the logits are divided by: below 1 the likely become likelier, above 1 less so; 0 "
            "takes the likeliest every time",
        )
        top_p = st.slider(
            "Top-p",
            0.05,
            1.0,
            1.0,
            0.05,
            key="next_word_top_p",
            persist_state="session",
            width=FIELD,
            help="The likeliest tokens are kept until their shares sum to this; 1 keeps all",
        )
        top_k = st.number_input(
            "Top-k",
            0,
            None,
            0,
            key="next_word_top_k",
            persist_state="session",
            width=FIELD,
            help=f"So many of the likeliest are kept, of {readable(writer.tokenizer.size)}; 0 keeps all",
        )
        most = st.number_input(
            "Tokens",
            1,
            MOST_WRITTEN,
            200,
            key="next_word_most",
            persist_state="session",
            width=FIELD,
            help="How many are written at a time",
        )
        st.number_input(
            "Seed",
            0,
            2**31,
            0,
            key="next_word_seed",
            persist_state="session",
            width=FIELD,
            help="Of the draws: the same prompt, settings and seed give the same text",
        )
    return Drawing(float(temperature), min(int(top_k), 2**31 - 1), float(top_p)), int(most)


frame.show(
    frame.Page(
        file=__file__,
        title="Next word",
        idea=(
            "A GPT does one thing: from the text so far it says how likely each next token is. One is drawn, "
            "put behind the text, and it is asked again."
        ),
        architecture="gpt",
        fits=continuing.fits,
        explore=explore,
        controls=controls.gpt,
        first="the recipe shakespeare_laptop_gpt takes a minute and a half",
    )
)
