"""Ways from page to page, and to a model."""

import contextlib

import streamlit as st
from streamlit.errors import StreamlitAPIException

from apps import library
from apps.library import Entry

ACTIVATIONS = "views/activations.py"
APPROXIMATION = "views/approximation.py"
ARENA = "views/arena.py"
ATTENTION = "views/attention.py"
BOUNDARY = "views/boundary.py"
CONVOLUTION = "views/convolution.py"
DUEL = "views/duel.py"
FRAMES = "views/frames.py"
HEADS = "views/heads.py"
MEMORY = "views/memory.py"
NEXT_WORD = "views/next_word.py"
SIGNALS = "views/signals.py"
TRANSLATE = "views/translate.py"
BY_SOURCE = {  # where the data say more than the architecture
    "clips": FRAMES,
    "function": APPROXIMATION,
    "surface": APPROXIMATION,
    "sine": APPROXIMATION,
    "points": BOUNDARY,
    "abs": ACTIVATIONS,
    "adding": MEMORY,
    "copy_memory": MEMORY,
    "parity": MEMORY,
    "mnist_rows": MEMORY,
    "mnist_pixels": MEMORY,
    "numbers_fr_en": TRANSLATE,
    "multi30k_fr_en": TRANSLATE,
    "tatoeba_fr_en": TRANSLATE,
    "pairs": TRANSLATE,
    "pronouns": HEADS,
    "pronouns_en_fr": HEADS,
    "imdb_reviews": HEADS,
    "tiny_shakespeare": NEXT_WORD,
    "docs_text": NEXT_WORD,
    "text": NEXT_WORD,
}


def link(page: str, label: str, icon: str | None = None, **query: str) -> None:
    """A link to another page; none where a page runs alone and there is no other."""
    with contextlib.suppress(StreamlitAPIException):
        st.page_link(page, label=label, icon=icon, query_params=query or None)


def explore(entry: Entry, label: str = "Explore", icon: str = ":material/visibility:") -> None:
    """A link to the page that looks inside a model; none where no page does."""
    page = _page(entry)
    if page and entry.architecture == "sweep":
        link(page, label, icon)  # its panel is there for whatever model the page shows
    elif page and entry.has_model:
        link(page, label, icon, model=entry.key)


def _page(entry: Entry) -> str | None:
    """The page that looks inside a model."""
    source = entry.run.config.get("source", "")
    if entry.architecture == "gan":
        return DUEL
    if entry.architecture == "policy":
        return ARENA
    if source in BY_SOURCE:
        return BY_SOURCE[source]
    if entry.architecture == "mlp":
        return ACTIVATIONS if source != "table_regression" else None  # it watches those that learn classes
    if library.sees_images(entry):
        return CONVOLUTION
    return SIGNALS if entry.architecture == "cnn" else None


def wish(key: str, tab: str = "Explore") -> None:
    """Have this page show a model in a tab when it is drawn next."""
    st.session_state["wish"] = key, tab


def heed_wish() -> None:
    """Set the widgets as `wish` asked, which can be done only before they are drawn."""
    if "wish" in st.session_state:
        st.session_state["model"], st.session_state["tab"] = st.session_state.pop("wish")
        st.query_params["model"] = st.session_state["model"]
