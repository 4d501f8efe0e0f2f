"""Heads: which word looks at which, in every head of every layer, and what is left without some of them."""

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from apps import controls, frame, heads_panel, heads_search, library, looking, own_model, texts, translating
from apps.escaping import escape_markdown, sentence
from apps.library import Entry
from apps.looking import Reading

if TYPE_CHECKING:
    import keras

OWN = "Your own file"
STEPS = 8  # of an input that is drawn for a model of any length
MOST_TYPED = 2000  # characters of numbers
YOURS, TEST = "Your sentence", "Test set"


@dataclass(frozen=True)
class Chosen:
    """A sentence that a person has written or picked.

    Args:
        text: It.
        twin: The one that differs by its adjective alone, and by what "it" is; None where nobody knows one.
        flip: Have the twin chosen instead.
    """

    text: str
    twin: str | None
    flip: Callable[[], None]


def explore(entry: Entry | None) -> None:
    """The chosen model, or one from a file."""
    ways = [library.label(entry), OWN] if entry is not None else [OWN]
    whose = st.segmented_control(
        "Whose",
        ways,
        default=ways[0],
        required=True,
        key=f"heads-whose-{entry.key if entry else ''}",
        persist_state="session",
        label_visibility="collapsed",
    )
    if whose == OWN or entry is None:
        _own()
    else:
        _of_run(entry)


@st.fragment
def _of_run(entry: Entry) -> None:
    """From a sentence to what every head looks at; another sentence runs nothing but this."""
    frame.loaded(_read, entry)


def _read(entry: Entry) -> None:
    """The same.

    Raises:
        RunError: There is no model yet, or it has lost its tokenizer.
    """
    chosen = _sentence(entry)
    reading = looking.read(entry, chosen.text)
    if reading is None:
        st.info("There is nothing to read: write some words.", icon=":material/edit:")
        return
    texts.tell(reading.notes)
    _draw(entry.key, reading, entry, chosen)


def _sentence(entry: Entry) -> Chosen:
    """Let a person write a sentence, or pick one of the test."""
    if entry.run.config.get("source") in heads_search.SOURCES:
        way = st.segmented_control(
            "From",
            [YOURS, TEST],
            default=YOURS,
            required=True,
            key="heads-way",
            persist_state="session",
            label_visibility="collapsed",
        )
        if way == TEST:
            return _picked(entry)
    offered = [pair[0] for pair in looking.examples(entry)]
    text = texts.field(
        "heads-sentence", entry, "Sentence", offered, placeholder="Write a sentence and press Enter"
    )
    twin = looking.twin(text)
    key = texts.key("heads-sentence", entry)
    return Chosen(text, twin, lambda: st.session_state.update({key: twin}))


def _picked(entry: Entry) -> Chosen:
    """One of the test, by its number."""
    tests = heads_search.test_sentences(entry)
    key = f"heads-number-{entry.key}"
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        number = st.number_input(
            f"Number, of {len(tests):,} that it was not trained on",
            1,
            len(tests),
            key=key,
            persist_state="session",
            width=270,
        )
        another = (int(number) + random.randrange(len(tests) - 1)) % len(tests) + 1  # never the same
        st.button(
            "Another",
            icon=":material/casino:",
            key="heads-another",
            on_click=lambda: st.session_state.update({key: another}),
        )
    place = int(number) - 1
    each, twin = tests[place], tests[place ^ 1]  # twins are neighbours
    st.markdown(f"##### {escape_markdown(each.english)}")
    st.caption(f"Here “it” is the {escape_markdown(each.nouns[each.referent].english)}.")
    return Chosen(each.english, twin.english, lambda: st.session_state.update({key: (place ^ 1) + 1}))


def _draw(key: str, reading: Reading, entry: Entry | None = None, chosen: Chosen | None = None) -> None:
    """The answer, the heads, and one score."""
    from inspection import heads
    from inspection.graph import InspectionError

    try:
        every = heads.attentions(reading.model)
        if not every:
            st.info(
                "No attention is found in this model: no layer of Keras' own that attends, and no softmax "
                "over a product of queries and keys.",
                icon=":material/visibility_off:",
            )
            return
        without = {name: off for name, off in heads_panel.off(key).items() if off and name in every}
        whole = looking.see(reading, {})
        seen = looking.see(reading, without) if without else whole
    except InspectionError as error:
        st.warning(f"{sentence(error)}.", icon=":material/visibility_off:")
        return
    if entry and entry.run.config.get("source") in heads_search.SOURCES and not _has_pronoun(reading):
        st.info(
            "This sentence has no pronoun “it”. The model was trained on sentences with one, so what it says "
            "of another sentence means little; below, its last word stands in the pronoun's place.",
            icon=":material/info:",
        )
    heads_panel.answers(reading, whole, seen, without)
    above = st.container()
    kinds = [kind for kind in heads_panel.TABS if any(one.kind == kind for one in every.values())]
    kind = kinds[0]
    if len(kinds) > 1:
        kind = (
            st.segmented_control(
                "Attention",
                kinds,
                default=kinds[0],
                required=True,
                format_func=lambda kind: heads_panel.TABS[kind],
                key=f"heads-kind-{key}",
                persist_state="session",
                label_visibility="collapsed",
            )
            or kinds[0]
        )
    found = {name: one for name, one in every.items() if one.kind == kind}
    first, shapes = next(iter(found)), {name: seen.looked.weights[name].shape[2:] for name in found}
    found = {name: one for name, one in found.items() if shapes[name] == shapes[first]}
    if not all(looking.axes(reading, seen, kind, first)):
        st.info("It wrote nothing, so nothing was looked at.", icon=":material/info:")
        return
    notes = heads_search.offer(entry, kind, list(found), f"heads-at-{key}-{kind}") if entry else None
    at = heads_panel.gaze(key, found, kind, reading, seen, notes)
    if entry and chosen and chosen.twin:
        other = looking.read(entry, chosen.twin)
        if other is not None:
            both = [(chosen.text, reading, seen), (chosen.twin, other, looking.see(other, without))]
            with above:
                heads_panel.twins(both, found, kind, at, chosen.flip, without)
    heads_panel.switches(key, found, kind, at)
    heads_panel.features(found, reading, seen, kind, at)


def _has_pronoun(reading: Reading) -> bool:
    """Whether the sentence that the model reads has a pronoun."""
    return looking.has_pronoun(reading.source)


# A person's own


@st.fragment
def _own() -> None:
    """Let a person bring a model in a file, and numbers for it."""
    from inspection import heads
    from inspection.graph import InspectionError

    kept = own_model.upload("attention", "heads-file")
    if kept is None:
        return
    name, content = kept
    digest = hashlib.sha256(content).hexdigest()[:12]
    try:
        model = own_model.load(content)
        if not heads.attentions(model):
            st.info(
                f"{escape_markdown(name)}: no attention is found in this model.",
                icon=":material/visibility_off:",
            )
            return
        st.caption(f"{escape_markdown(name)} · {model.count_params():,} weights")
        inputs, pieces = _given(model, digest)
    except (own_model.OwnModelError, InspectionError, ValueError) as error:
        st.warning(f"{escape_markdown(name)}: {escape_markdown(str(error))}.", icon=":material/error:")
        return
    _draw(f"own-{digest}", Reading(model, inputs, pieces))


def _given(model: "keras.Model", digest: str) -> tuple[Any, list[looking.Piece]]:
    """Inputs of a model of which nothing is known but its shapes, and names of the first one's steps.

    Raises:
        ValueError: They are none that it takes.
    """
    import keras

    from inspection import graph, heads

    given = []
    for entrance in heads.entrances(model):
        drawn = heads.draw(entrance, STEPS)
        if len(entrance.shape) == 1 and entrance.tokens:
            text = st.text_input(
                f"{escape_markdown(entrance.name)}: whole numbers from 0 to {entrance.tokens - 1:,}",
                ", ".join(map(str, drawn.tolist())),
                key=f"heads-{digest}-{entrance.name}",
                max_chars=MOST_TYPED,
                persist_state="session",
            )
            drawn = _numbers(text, entrance.tokens, entrance.shape[0])
        given.append(drawn[None])
    inputs = keras.tree.pack_sequence_as(graph.functional(model).input, given)
    first = given[0][0]
    texts = [str(number) for number in (first.tolist() if first.ndim == 1 else range(1, len(first) + 1))]
    return inputs, [(text, True) for text in texts]


def _numbers(text: str, tokens: int, length: int | None) -> np.ndarray:
    """The tokens that were typed.

    Raises:
        ValueError: They are none; the message is for a person.
    """
    parts = text.replace(",", " ").split()
    if not parts or not all(part.isdecimal() and int(part) < tokens for part in parts):
        raise ValueError(f"write whole numbers from 0 to {tokens - 1:,}, split by commas")
    if length is not None and len(parts) != length:
        raise ValueError(f"it takes {length} numbers, not {len(parts)}")
    return np.array([int(part) for part in parts[: looking.MOST_TOKENS]], "int32")


frame.show(
    frame.Page(
        file=__file__,
        title="Heads",
        idea=(
            "In a Transformer every word looks at the others, several times at once. Each head has learned "
            "to look for something else. Pick a word and see where its heads look; switch some off and see "
            "what is lost."
        ),
        architecture="transformer",
        also=("encoder",),
        fits=looking.fits,
        explore=explore,
        controls=controls.transformer,
        sources=looking.EXAMPLES.keys() | set(translating.SOURCES),
        needs_model=False,
    )
)
