"""How surprising each token of a text is to a GPT, as colours."""

import math
from typing import TYPE_CHECKING

import streamlit as st

from apps import continuing, engine, texts
from apps.library import Entry, readable
from apps.texts import visible
from apps.widgets import component

if TYPE_CHECKING:
    from training.writing import Reading, Writer

MOST_READ = 10_000  # tokens whose surprise is told: a few seconds
MOST_SURPRISING = 12
AROUND = 12  # tokens before a surprising one that are shown with it

_surprise = component("surprise")


def show(entry: Entry, writer: "Writer") -> None:
    """A text of a person's own, coloured."""
    text = texts.field(
        "surprise", entry, "Text", continuing.texts(entry), height=130, placeholder="Paste any text"
    )
    tokens, notes = writer.read(text, first=True)
    if not text:
        st.info("There is nothing to read: write or paste some text.", icon=":material/edit:")
        return
    if len(tokens) > MOST_READ:
        notes.append(f"of its {readable(len(tokens))} tokens the first {readable(MOST_READ)} are read")
        tokens = tokens[:MOST_READ]
    texts.tell(notes)
    if len(tokens) < 2:
        st.info(
            "It is a single token: before it there is nothing that it could surprise after. Write more.",
            icon=":material/edit:",
        )
        return
    found = _reading(entry, writer, tokens)
    _figures(found, len(tokens))
    st.caption(
        "The deeper the orange, the less the model expected the token after all that stands before it: "
        "−log P, in nats. Point at one to see what it would have preferred."  # noqa: RUF001 (a minus)
    )
    pieces = writer.tokenizer.pieces(tokens)
    preferred = found.preferred.tolist()
    told = sorted({token for row in preferred[1:] for token in row if token >= 0})
    names = map(visible, writer.tokenizer.pieces(told))
    _surprise(
        key="surprise",
        data={
            "tokens": [visible(piece, " \n") for piece in pieces],
            "nats": [None if math.isnan(value) else round(value, 3) for value in found.nats.tolist()],
            "preferred": preferred,
            "shares": [[round(share, 4) for share in row] for row in found.shares.tolist()],
            "names": dict(zip(map(str, told), names, strict=True)),
            "most": [
                [place, visible("".join(pieces[max(0, place - AROUND) : place]), " "), visible(pieces[place])]
                for place in found.most_surprising(MOST_SURPRISING)
            ],
        },
    )


def _reading(entry: Entry, writer: "Writer", tokens: list[int]) -> "Reading":
    """What the model makes of the text, kept until it is another."""
    told = (entry.key, engine.modified(entry.run), tokens)
    known, found = st.session_state.get("reading", (None, None))
    if known != told or found is None:
        with st.spinner("Reading"):
            found = writer.reading(tokens)
        st.session_state["reading"] = told, found
    return found


def _figures(found: "Reading", count: int) -> None:
    with st.container(horizontal=True, gap="medium"):
        for label, nats in (("A token", found.per_token), ("A character", found.per_character)):
            value = "-" if math.isnan(nats) else f"{nats:.2f} nats"
            bits = None if math.isnan(nats) else f"{nats / math.log(2):.2f} bits"
            st.metric(label, value, bits, delta_color="off", delta_arrow="off", width=150)
        st.metric(
            "Perplexity",
            f"{found.perplexity:,.1f}",
            width=150,
            help="Among so many tokens, all alike, the model would be as unsure",
        )
        st.metric("Tokens", readable(count), width=150)
