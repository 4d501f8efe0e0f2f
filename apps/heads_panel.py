"""What every head looks at, as lines and matrices; heads switched off; one score by its features."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from apps import looking
from apps.escaping import escape_markdown
from apps.looking import Off, Piece, Reading, Seen
from apps.widgets import base64_text, component, levels, state_of

if TYPE_CHECKING:
    from inspection.heads import Attention

TABS = {  # kinds of attention, for people
    "encoder": "Encoder, at itself",
    "decoder": "Decoder, at itself",
    "cross": "Decoder, at the source",
    "self": "At itself",
}
VERBS = {"decoder": "was written looking at", "cross": "was written looking at"}
PARTS = ("query", "key", "product")

_chances = component("chances")
_gaze = component("gaze")
_twins = component("twins")
_features = component("features")

# What stands under each head of an attention, and which head is the best, of those named.
Notes = tuple[dict[str, list[str]], tuple[str, int]]


def off(key: str) -> dict[str, set[int]]:
    """The heads that a person has switched off, by the name of their attention; to be changed in place."""
    return st.session_state.setdefault(f"heads-off-{key}", {})


def answers(reading: Reading, whole: Seen, seen: Seen, without: Off) -> None:
    """What the model makes of the sentence, and what becomes of it without some heads."""
    count = sum(map(len, without.values()))
    if not (whole.shares or reading.translates):
        return
    sides = [("With every head" if count else "It writes" if reading.translates else "It says", whole)]
    if count:
        sides.append((f"Without {count} head{'s' if count > 1 else ''}", seen))
    _chances(
        key="chances",
        data={
            "sides": [
                {"title": name, "words": _marked(one.text) if reading.translates else None, **_shares(one)}
                for name, one in sides
            ]
        },
    )


def twins(
    both: "Sequence[tuple[str, Reading, Seen]]",
    found: "dict[str, Attention]",
    kind: str,
    at: dict[str, int],
    flip: Callable[[], None],
    without: Off,
) -> None:
    """Where "it" looks in a sentence and in its twin, beside each other under the head that is picked.

    Args:
        both: The sentences, each as the model takes it and what it did with it.
        found: The attentions of a kind, by name.
        kind: Of them.
        at: The layer and the head that are picked.
        flip: Have the second sentence be the first.
        without: Heads that are off, by the name of their attention.
    """
    name, sides = list(found)[at["layer"]], []
    for (text, reading, seen), (other, _, _) in zip(both, reversed(both), strict=True):
        rows, columns = looking.axes(reading, seen, kind, name)
        if not rows or not columns:
            return
        asks = looking.pronoun(rows)
        shares = weights_of(seen, name, without)[at["head"]]
        words = zip(text.split(), other.split(), strict=True)
        sides.append(
            {
                "text": [(word, word != another) for word, another in words],
                "words": _marked(seen.text) if reading.translates else None,
                **_shares(seen),
                "asks": rows[asks][0],
                "place": min(asks, len(columns) - 1),
                "columns": [text for text, _ in columns],
                "looks": [round(float(share), 4) for share in shares[asks]],
            }
        )
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.markdown("##### The same but for one word", width="content")
        st.button(
            "Flip",
            icon=":material/swap_horiz:",
            key="heads-flip",
            on_click=flip,
            help="Go on with the other one: change the adjective alone, and what “it” is with it",
        )
    which = title(name, at["layer"], len(found)) if len(found) > 1 else ""
    head = "the average of its heads" if at["head"] >= found[name].heads else f"head {at['head'] + 1}"
    _twins(key="twins", data={"title": f"{which}, {head}".removeprefix(", "), "sides": sides})


def _shares(seen: Seen) -> dict[str, Any]:
    return {"shares": [[name, round(share, 5)] for name, share in seen.shares.items()]}


def _marked(text: str) -> list[tuple[str, bool]]:
    """The words of a translation, and which of them is its pronoun."""
    return [
        (word, word.lower().removeprefix("qu'").strip(".,:!?") in looking.PRONOUNS) for word in text.split()
    ]


def gaze(
    key: str,
    found: "dict[str, Attention]",
    kind: str,
    reading: Reading,
    seen: Seen,
    notes: Notes | None,
) -> dict[str, int]:
    """Show the attentions of a kind; the layer, the head and the pair of words that are picked.

    Args:
        key: Of the model's state in the session.
        found: The attentions of that kind, by name.
        kind: Of them.
        reading: The sentence.
        seen: What the model did with it.
        notes: What is said of each head.
    """
    rows, columns = looking.axes(reading, seen, kind, next(iter(found)))
    names, without = list(found), off(key)
    place = f"heads-at-{key}-{kind}"
    at = _at(place, found, rows, columns, seen, without)

    def picked() -> None:
        told = state_of("gaze", "picked", None)
        if told:
            chosen = {name: int(told[name]) for name in ("layer", "head", "asks", "seen")}
            st.session_state[place] = {**chosen, **_marks(rows, columns)}

    def switched() -> None:
        told = state_of("gaze", "switched", None)
        if told and 0 <= int(told[0]) < len(names):
            without.setdefault(names[int(told[0])], set()).symmetric_difference_update({int(told[1])})

    best = None
    if notes is not None and notes[1][0] in names:
        best = [names.index(notes[1][0]), notes[1][1]]
    _gaze(
        key="gaze",
        data={
            "rows": rows,
            "columns": columns,
            "verb": VERBS.get(kind, "looks at"),
            "at": at,
            "best": best,
            "layers": [
                {
                    "title": title(name, place, len(names)),
                    "on": [head not in without.get(name, ()) for head in range(one.heads)],
                    "notes": None if notes is None else notes[0].get(name),
                    "pixels": base64_text(levels(weights_of(seen, name, without))),
                }
                for place, (name, one) in enumerate(found.items())
            ],
        },
        on_picked_change=picked,
        on_switched_change=switched,
    )
    return at


def title(name: str, place: int, count: int) -> str:
    """A layer for people."""
    return f"Layer {place + 1}" if count > 1 else name.removesuffix("_weights")


def weights_of(seen: Seen, name: str, without: Off) -> np.ndarray:
    """Every head's shares `(H, T, S)`, 0 for a head that is off.

    Where there are several, one more is their mean: that of the heads that are on, 0 where none is.
    """
    weights = np.array(seen.looked.weights[name][0])
    closed = sorted(head for head in without.get(name, ()) if head < len(weights))
    weights[closed] = 0
    if len(weights) == 1:
        return weights
    count = max(1, len(weights) - len(closed))
    return np.concatenate([weights, weights.sum(0, keepdims=True) / count])


def _at(
    place: str,
    found: "dict[str, Attention]",
    rows: Sequence[Piece],
    columns: Sequence[Piece],
    seen: Seen,
    without: Off,
) -> dict[str, int]:
    """What is picked, as far as it is there; at first the last layer's average, and "it"."""
    names, kept = list(found), st.session_state.get(place, {})
    at = {
        "layer": min(kept.get("layer", len(names) - 1), len(names) - 1),
        "head": kept.get("head", found[names[-1]].heads),
        "asks": kept.get("asks", -1),
    }
    heads = found[names[at["layer"]]].heads
    at["head"] = min(at["head"], heads if heads > 1 else 0)
    marks = _marks(rows, columns)
    if kept.get("word") != marks["word"] or not 0 <= at["asks"] < len(rows):
        at["asks"] = looking.pronoun(rows)
    weights = weights_of(seen, names[at["layer"]], without)[at["head"], at["asks"]]
    at["seen"] = kept["seen"] if kept.get("text") == marks["text"] else int(weights.argmax())
    return at


def _marks(rows: Sequence[Piece], columns: Sequence[Piece]) -> dict[str, str]:
    """What tells sentences apart: for a twin the "word" that asks is kept, what it was compared with not."""
    text = " ".join(text for text, _ in [*rows, *columns])
    return {"word": f"{len(rows)} {looking.pronoun(rows)} {rows[0][0]}", "text": text}


def switches(key: str, found: "dict[str, Attention]", kind: str, at: dict[str, int]) -> None:
    """Buttons that switch many heads at once."""
    names = list(found)
    name, head = names[at["layer"]], at["head"]
    without = off(key)
    one = head < found[name].heads

    def alone() -> None:
        for each, attention in found.items():
            without[each] = {other for other in range(attention.heads) if (each, other) != (name, head)}

    def layer() -> None:
        without[name] = set(range(found[name].heads))

    with st.container(horizontal=True, gap="small"):
        _button("All off but this", alone, not one, f"heads-alone-{kind}")
        _button("This layer off", layer, False, f"heads-layer-{kind}")
        _button("All on", without.clear, not any(without.values()), f"heads-on-{kind}")


def _button(label: str, act: Callable[[], Any], disabled: bool, key: str) -> None:
    st.button(label, key=key, on_click=act, disabled=disabled)


def features(
    found: "dict[str, Attention]",
    reading: Reading,
    seen: Seen,
    kind: str,
    at: dict[str, int],
) -> None:
    """The score of a pair of words in one head, feature by feature."""
    st.markdown("##### One score, feature by feature")
    name = list(found)[at["layer"]]
    if at["head"] >= found[name].heads:
        st.caption("Pick a head among the tiles: an average has no query and no key.")
        return
    told = seen.looked.features(name, at["head"], at["asks"], at["seen"])
    if told is None:
        st.caption("This layer does not compare feature by feature.")
        return
    rows, columns = looking.axes(reading, seen, kind, name)
    asks, looked = rows[at["asks"]][0], columns[at["seen"]][0]
    st.caption(
        f"The query of {escape_markdown(asks)} beside the key of {escape_markdown(looked)}, in this head. "
        "Where both have the same sign, the product speaks for looking there: :primary[**violet**] is above "
        "zero, :orange[**orange**] below. Click on other words to compare them."
    )
    _features(
        key="features",
        data={
            "asks": asks,
            "seen": looked,
            "sum": float(told[2].sum()),
            "share": float(seen.looked.weights[name][0, at["head"], at["asks"], at["seen"]]),
            "rows": [
                {"name": part, "values": [round(float(value), 4) for value in values]}
                for part, values in zip(PARTS, told, strict=True)
            ],
        },
    )
