"""Texts that a person writes: a field with examples, what was done about them, and signs for blanks."""

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

import streamlit as st

from apps.escaping import escape_markdown, sentence
from apps.library import Entry

NAMES = {" ": "\N{OPEN BOX}", "\n": "\N{RETURN SYMBOL}", "\t": "\N{RIGHTWARDS ARROW TO BAR}"}


def field(
    name: str, entry: Entry, label: str, offered: Sequence[str], height: int | None = None, **settings: Any
) -> str:
    """Let a person write a text for a model, or try one that stands below the field.

    Args:
        name: What the text is for: it is kept for all models of the same data.
        entry: The model.
        label: Of the field.
        offered: Examples; the first one is there to begin with.
        height: In pixels, of a field of several lines; None: it has one, and Enter is enough.
        settings: Of the field besides.
    """
    kept = key(name, entry)
    first = offered[0] if offered else ""
    told: dict[str, Any] = {"key": kept, "persist_state": "session", **settings}
    if height is None:
        text = st.text_input(label, first, **told)
    else:
        text = st.text_area(label, first, height=height, help="Press Ctrl+Enter when you are done", **told)
    if len(offered) > 1:
        st.pills(
            "Or try",
            offered,
            format_func=lambda text: escape_markdown(visible(text, " ")),
            key=f"{kept}-try",
            persist_state="session",
            on_change=_try,
            args=(kept,),
            label_visibility="collapsed",
        )
    return text


def key(name: str, entry: Entry) -> str:
    """Where the session keeps the text of a field."""
    config = entry.run.config
    return f"{name}-{config.get('source', '')}-{config.get('data', {}).get('file', '')}"


def _try(key: str) -> None:
    """Take the example that was clicked at."""
    state = st.session_state
    if state[f"{key}-try"] is not None:
        state[key] = state[f"{key}-try"]
        state[f"{key}-try"] = None


def tell(notes: Iterable[str]) -> None:
    """Say what was done about a text that could not be read as it is."""
    for note in notes:
        st.info(f"{sentence(visible(note, ' '))}.", icon=":material/info:")


def visible(text: str, kept: str = "") -> str:
    """A token's text with a sign for each character that nobody sees, but those of `kept`."""
    return "".join(character if character in kept else _sign(character) for character in text)


def _sign(character: str) -> str:
    if character in NAMES:
        return NAMES[character]
    if ord(character) < 32:
        return chr(0x2400 + ord(character))  # the control pictures
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp", "Zs"):
        return f"<U+{ord(character):04X}>"
    return character
