"""A translation taken apart: word by word with the state on its way, and the alternatives of the beam."""

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from apps import links, translating
from apps.inside_widgets import _signed
from apps.library import Entry
from apps.translating import Unfolded
from apps.widgets import base64_text, component, levels, state_of

if TYPE_CHECKING:
    from inspection.recurrence import Recording
    from training.translation import Translation, Translator

PARTS = {"h": "state h", "c": "cell c"}

_unfold = component("unfold")
_beam = component("beam")


def word_by_word(entry: Entry, translator: "Translator", translation: "Translation", which: int) -> None:
    """The player: reading, the hand-over, and writing."""
    found = translating.unfold(translator, translation, which)
    way = "It reads, hands its state over," if found.states else "It reads all at once,"
    st.caption(
        f"{way} and writes one piece of a word after the other. **Play**, or step with the arrow keys; click "
        f"on a word to go there."
    )
    looked = found.looked
    ended = found.written[-1][0] == translating.ENDING
    told = repr((entry.key, translation.source, found.hypothesis.tokens))
    _unfold(
        key="unfold",
        data={
            "id": hashlib.sha1(told.encode()).hexdigest(),
            "languages": translating.languages(entry),
            "source": found.source,
            "written": found.written,
            "ended": ended,
            "sure": _rounded(np.exp(found.said.sureness[0])),
            "likeliest": [
                list(zip(texts, _rounded(shares), strict=True))
                for texts, shares in zip(found.likeliest, found.said.shares[0], strict=True)
            ],
            "ranks": [
                ranked.index(token) if token in ranked else -1
                for ranked, token in zip(
                    found.said.likeliest[0].tolist(), found.hypothesis.tokens, strict=True
                )
            ],
            "looked": None if looked is None else base64_text(levels(looked)),
            "states": states(found),
        },
    )
    if not found.states:
        st.caption("Where it looked is the mean over the heads of the decoder's last look at the source.")
        links.link(links.HEADS, "Every head of it", ":material/arrow_forward:", model=entry.key)
        return
    st.caption(
        "A row is a unit, a column a step: :primary[**violet**] is above zero, :orange[**orange**] below. "
        "The orange frames are what is handed over. An encoder that reads both ways has a state for each, "
        "and each hands over its last step."
    )


def states(found: Unfolded) -> list[dict[str, Any]]:
    """What each layer of encoder and decoder held, as `components/unfold.js` takes it."""
    made, number = [], 0
    while f"decoder{number + 1}" in found.states:
        number += 1
        decoder = found.states[f"decoder{number}"]
        bands = _directions(found.states, number)
        for part, name in PARTS.items():
            if part == "c" and decoder.cell is None:
                continue
            read = np.concatenate([_values(recording, part) for _, recording in bands], axis=1)  # (S, U)
            values = np.concatenate([read, _values(decoder, part)]).T  # (U, S + T)
            pixels, scale = _signed(values)
            made.append(
                {
                    "name": name if f"decoder{2}" not in found.states else f"layer {number}, {name}",
                    "pixels": pixels,
                    "scale": scale,
                    "bands": [
                        {
                            "name": way,
                            "units": recording.state.shape[-1],
                            "backwards": recording.backwards,
                        }
                        for way, recording in bands
                    ],
                }
            )
    return made


def _directions(states: "dict[str, Recording]", number: int) -> "list[tuple[str, Recording]]":
    """The directions in which an encoder's layer read, with their names."""
    plain = f"encoder{number}"
    if plain in states:
        return [("", states[plain])]
    return [(way, states[f"{plain}_directions/{way}"]) for way in ("forward", "backward")]


def _values(recording: "Recording", part: str) -> np.ndarray:
    """A recording's state or cell, `(T, U)`."""
    values = recording.state if part == "h" or recording.cell is None else recording.cell
    return values[0]


def beam(translator: "Translator", translation: "Translation", which: int) -> None:
    """The hypotheses with the probability of every word, and how they part."""
    st.caption(
        "The alternatives that the search ended with, the best first. The deeper the colour of a piece, the "
        "surer the model was of it. The **score** is log P divided by the number of pieces to the power of "
        "the length penalty; the **probability** is P, that of the whole sentence. Choose a number to see it "
        "word by word."
    )
    hypotheses = translation.hypotheses
    said = translating.writings(translator, translation, hypotheses)
    shown = []
    for hypothesis, sureness in zip(hypotheses, said.sureness, strict=True):
        own = sureness[: len(hypothesis.tokens)]
        texts = translating.pieces(translator.target, hypothesis.tokens)
        shown.append(
            {
                "text": hypothesis.text,
                "score": hypothesis.score,
                "share": float(np.exp(own.sum())),
                "tokens": [
                    (*piece, share, token)
                    for piece, share, token in zip(
                        texts, _rounded(np.exp(own)), hypothesis.tokens, strict=True
                    )
                ],
            }
        )

    def tell() -> None:
        picked = state_of("beam", "picked", None)
        if isinstance(picked, int | float) and 0 <= picked < len(hypotheses):
            st.session_state["hypothesis"] = (translation.source, int(picked))
            st.session_state["translate_view"] = "Word by word"

    _beam(key="beam", data={"hypotheses": shown, "chosen": which}, on_picked_change=tell)


def _rounded(values: np.ndarray) -> list[float]:
    return [round(float(value), 5) for value in values]
