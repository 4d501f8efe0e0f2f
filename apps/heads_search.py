"""Finding the head that knows what "it" means: asked of every sentence of the test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from apps import engine, looking, translating
from apps.heads_panel import Notes, title
from apps.library import Entry

if TYPE_CHECKING:
    import keras

    from data.pronouns import Sentence

SOURCES = ("pronouns", "pronouns_en_fr")
KEPT = 8  # searches
GOAL = 0.9  # of the sentences in which a head that is said to know points at the noun


@dataclass(frozen=True)
class Found:
    """How each head points from the pronoun at its noun.

    Args:
        often: By the attention's name, for each head the share of sentences in which more than half goes
            there, `(H,)`.
        mean: What goes there on average, `(H,)`.
        sentences: How many were asked.
    """

    often: Mapping[str, np.ndarray]
    mean: Mapping[str, np.ndarray]
    sentences: int

    @property
    def best(self) -> tuple[str, int]:
        """The head that points most often, of those alike the one that gives more."""
        every = [(name, head) for name, shares in self.often.items() for head in range(len(shares))]
        return max(every, key=lambda at: (self.often[at[0]][at[1]], self.mean[at[0]][at[1]]))


def offer(entry: Entry, kind: str, names: Sequence[str], place: str) -> Notes | None:
    """Let a person have the head looked for; what is said of each head where that was done.

    Args:
        entry: The model.
        kind: Of the attentions that are asked.
        names: Of these.
        place: Where the session keeps what is picked: the best one is, once it is found.
    """
    if entry.run.config.get("source") not in SOURCES or kind == "decoder":
        return None
    key = f"heads-found-{entry.key}-{kind}"
    told = "it" if kind != "cross" else "il or elle"
    if st.button(
        "Find the head that knows what “it” means",
        icon=":material/search:",
        key=f"heads-search-{kind}",
        help="Over all sentences of the test, which the model never learned: how often does each head put "
        "more than half of the pronoun's attention on the noun that it stands for?",
    ):
        with st.spinner("Asking every head about every sentence of the test"):
            st.session_state[key] = search(entry, kind)
        best = st.session_state[key].best
        kept = st.session_state.get(place, {})
        st.session_state[place] = {**kept, "layer": names.index(best[0]), "head": best[1], "text": ""}
    found: Found | None = st.session_state.get(key)
    if found is None:
        return None
    name, head = found.best
    often, mean = found.often[name][head], found.mean[name][head]
    where = f"{title(name, names.index(name), len(names))}, head {head + 1}"
    knows = "It knows." if often >= GOAL else "No head does it alone: the answer is put together elsewhere."
    st.markdown(
        f"**{where}** puts more than half of the attention of *{told}* on the right noun in "
        f"**{often:.1%}** of {found.sentences:,} test sentences, and {mean:.0%} of it on average. {knows}"
    )
    st.caption("Under each head: in how many of the sentences it does.")
    return {name: [f"{share:.1%}" for share in shares] for name, shares in found.often.items()}, found.best


def test_sentences(entry: Entry) -> "tuple[Sentence, ...]":
    """The sentences of the test, which the model never learned; two and two of them are twins."""
    config = entry.run.config["data"]
    return _tests(*(config[name] for name in ("seed", "train", "held_out") if name in config))


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _tests(*drawn_by: int) -> "tuple[Sentence, ...]":
    from data import pronouns

    return pronouns.sentences(*drawn_by).test


def search(entry: Entry, kind: str) -> Found:
    """Ask every head of a kind about every sentence of the test."""
    return _search(entry.key, engine.modified(entry.run), kind, _entry=entry)


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _search(key: str, modified: int | None, kind: str, _entry: Entry) -> Found:
    from inspection import heads

    model, inputs, asks, wanted = questions(_entry, test_sentences(_entry), kind)
    found = heads.pointing(model, inputs, asks, wanted, kinds=(kind,))
    return Found(
        {name: often for name, (often, _) in found.items()},
        {name: mean for name, (_, mean) in found.items()},
        len(asks),
    )


def questions(
    entry: Entry, sentences: "Sequence[Sentence]", kind: str
) -> "tuple[keras.Model, Any, np.ndarray, np.ndarray]":
    """The model, sentences as it takes them, the pronoun's place `(N,)` and those of its noun `(N, S)` bool.

    Where the decoder looks at the source, the pronoun is that which is written. Sentences whose words can't
    be told apart are left out.
    """
    from data.sequences import END, PADDING, START, Ragged

    translator = translating.translator(entry) if entry.architecture != "encoder" else None
    reader = translator.source if translator else looking.tokenizer_of(entry)
    rows, targets, asks, nouns = [], [], [], []
    for each, tokens in zip(sentences, reader.encode_all([s.english for s in sentences]), strict=True):
        places = dict(reversed(looking.words(translating.pieces(reader, tokens))))  # the first of its kind
        noun = places.get(each.nouns[each.referent].english.lower())
        asking = looking.words(translating.pieces(reader, tokens))
        written = translator.target.encode(each.french) if translator and kind == "cross" else []
        if written and translator:
            asking = looking.words(translating.pieces(translator.target, written))
        pronoun = [places for word, places in asking if word in looking.PRONOUNS]
        if noun and pronoun:
            rows.append([*tokens, END])
            targets.append([START, *written])
            asks.append(pronoun[-1][-1])
            nouns.append(noun)
    every = np.arange(len(rows))
    source = Ragged.of(rows).padded(every, PADDING)
    wanted = np.zeros(source.shape, bool)
    for row, noun in enumerate(nouns):
        wanted[row, noun] = True
    if translator is None:
        return engine.model(entry.run), source, np.array(asks), wanted
    inputs = [source, Ragged.of(targets).padded(every, PADDING)]
    return translator.model, inputs, np.array(asks), wanted
