"""How good translators are at each length of the test set, and sentences joined until one breaks."""

import math
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from apps import charts, frame, library, translating
from apps.escaping import escape_markdown
from apps.library import Entry
from apps.translate_compare import Speaker, show_words, speakers

if TYPE_CHECKING:
    from training.translation import Translation, Translator

MOST_STAGES = 20  # sentences that are joined
WITHOUT_JOINING = ("numbers_fr_en",)  # several numbers in a row are no number
PAIR = {  # recipes that differ in attention alone
    "multi30k_small_seq2seq": "with attention",
    "multi30k_small_no_attention_seq2seq": "without attention",
}
PAIR_SAYS = (
    "Measured on the 1,000 test captions of Multi30k, French to English: two LSTM models with the same data, "
    "settings and number of training steps. They differ only in attention. Each point is the group of "
    "captions of up to so many tokens. "
)
INTERVALS = "Bands are 95 % intervals, by bootstrap over the captions of a group."
FIGURES = {"chrF": "chrf", "BLEU": "bleu"}
OWN, TEST = "Your sentences", "Test set"


def growing(entry: Entry, translator: "Translator", beams: int) -> None:
    """What was measured by length on the test set; and sentences joined one after another through both."""
    both = speakers(entry, translator)
    _measured(entry, both)
    if entry.run.config.get("source") in WITHOUT_JOINING:
        return
    st.subheader("Sentences joined", anchor=False)
    st.caption(
        "Sentences are joined one after another, and each stage is translated anew. Such input is longer "
        "than any that the models were trained on. It shows how each fails there, not what length alone does."
    )
    given = _stages(entry)
    if given is not None:
        _grow(both, *given, beams)


def _stages(entry: Entry) -> "tuple[list[str], list[str] | None] | None":
    """What is translated at each stage, and what it should be where that is known; None where nothing is."""
    way = st.segmented_control(
        "Sentences",
        [TEST, OWN],
        default=TEST,
        required=True,
        key="growing_way",
        persist_state="session",
        label_visibility="collapsed",
    )
    if way == OWN:
        text = st.text_area(
            "Sentences, one a line",
            "\n".join(translating.examples(entry)),
            key=f"growing-{entry.run.config.get('source', '')}",
            persist_state="session",
            height=130,
        )
        lines = [line for line in text.splitlines() if line.strip()]
        if not lines:
            st.info("Write some sentences, one a line.", icon=":material/edit_note:")
            return None
        if len(lines) > MOST_STAGES:
            st.caption(f"The first {MOST_STAGES} of your {library.readable(len(lines))} lines are joined.")
        return joined(lines[:MOST_STAGES]), None
    pairs = frame.test_pairs(entry)
    if pairs is None or not len(pairs):
        return None
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        first = st.number_input(
            f"From number, of {len(pairs):,}",
            1,
            len(pairs),
            1,
            key=f"first-{entry.key}",
            persist_state="session",
            width=190,
        )
        count = st.slider(
            "Sentences that are joined",
            2,
            MOST_STAGES,
            10,
            key="growing_count",
            persist_state="session",
            width=260,
        )
    places = [(int(first) - 1 + step) % len(pairs) for step in range(min(count, len(pairs)))]
    return joined([pairs.source[i] for i in places]), joined([pairs.target[i] for i in places])


def joined(sentences: Sequence[str]) -> list[str]:
    """The first sentence, the first two, and so on."""
    return [" ".join(sentences[: stage + 1]) for stage in range(len(sentences))]


def _grow(
    both: Sequence[Speaker], stages: Sequence[str], references: Sequence[str] | None, beams: int
) -> None:
    """The chart of quality against length, and the words of one stage."""
    from inspection import alignment

    said = {each.name: translating.translate(each.translator, stages, beams, 1.0) for each in both}
    picked = "chrF"
    if references is not None:
        picked = (
            st.segmented_control(
                "Figure", list(FIGURES), default="chrF", required=True, key="figure", persist_state="session"
            )
            or "chrF"
        )
    qualities = {name: _qualities(found, references, FIGURES[picked]) for name, found in said.items()}
    size = {name: [len(translation.source) for translation in found] for name, found in said.items()}
    breaks = {name: alignment.first_break(values) for name, values in qualities.items()}
    broken = {name: place for name, place in breaks.items() if place is not None}
    frail = min(broken, key=lambda name: broken[name], default=next(iter(said)))
    at = broken.get(frail, len(stages) - 1)
    title = "mean probability of a piece" if references is None else picked
    stage = at
    place = st.container()
    if len(stages) > 1:
        stage = (
            st.slider(
                "Stage, in sentences",
                1,
                len(stages),
                at + 1,
                key=f"stage-{hash((tuple(stages), picked, tuple(said)))}",
                persist_state="session",
                help="At first the one where the first of them broke",
            )
            - 1
        )
    with place:
        charts.lengths(
            {name: list(zip(size[name], values, strict=True)) for name, values in qualities.items()},
            title,
            "growing_chart",
            size[frail][stage],
        )
    st.markdown(_verdict(breaks, size, len(stages)))
    reference = None if references is None else references[stage]
    show_words([(each, said[each.name][stage]) for each in both], reference, "stage")
    for note in dict.fromkeys(
        note for each in both for note in translating.notes(stages[stage], said[each.name][stage])
    ):
        st.caption(f"{escape_markdown(note[:1].upper() + note[1:])}.")


def _qualities(found: "Sequence[Translation]", references: Sequence[str] | None, figure: str) -> list[float]:
    """The figure of each stage; without a reference how sure the model was of a piece on average."""
    from training.translation import compare

    if references is None:
        return [math.exp(each.hypotheses[0].score) if each.hypotheses else 0.0 for each in found]
    return [
        compare([each.text], [reference]).get(figure, 0.0)
        for each, reference in zip(found, references, strict=True)
    ]


def _verdict(breaks: dict[str, int | None], size: dict[str, list[int]], count: int) -> str:
    """Where each broke, in words."""
    from inspection import alignment

    told = []
    for name, place in breaks.items():
        if place is None:
            told.append(f"**{name}** it holds to the end, {size[name][-1]} tokens")
        else:
            told.append(
                f"**{name}** it breaks at sentence {place + 1}, {size[name][place]} tokens: "
                f"less than {alignment.BROKEN:.0%} of its best before"
            )
    text = "; ".join(told)
    return f"{text[:2]}{text[2:3].upper()}{text[3:]}."


# What was measured on the test set


@dataclass(frozen=True)
class Measured:
    """A translator's figures by length.

    Args:
        name: For people.
        rows: Groups of the test set, as `training.translation.scores` makes them.
    """

    name: str
    rows: Sequence[Mapping[str, Any]]


def _measured(entry: Entry, both: Sequence[Speaker]) -> None:
    """BLEU by length of the pair that is kept for it, and of the models that are shown."""
    found = [Measured(each.name, _by_length(each.entry)) for each in both]
    if entry.run.config.get("recipe") not in PAIR:
        pair = _pair()
        if pair:
            st.subheader("BLEU by sentence length", anchor=False)
            _chart(pair, "BLEU", "pair_by_length")
            st.caption(PAIR_SAYS + INTERVALS)
    if any(each.rows for each in found):
        own = entry.run.config.get("recipe") in PAIR
        st.subheader("BLEU by sentence length" if own else "This model, by sentence length", anchor=False)
        picked = (
            st.segmented_control(
                "Figure of the test set",
                list(FIGURES),
                default="BLEU",
                required=True,
                key="test_figure",
                persist_state="session",
            )
            or "BLEU"
        )
        _chart(found, picked, "by_length")
        few = " BLEU is left out where no reference has four words." if picked == "BLEU" else ""
        says = PAIR_SAYS if own else "Each point is the group of test sentences of up to so many tokens. "
        st.caption(says + (INTERVALS if picked == "BLEU" else "") + few)
    for each, measured in zip(both, found, strict=True):
        if not measured.rows:
            run = each.entry.run
            words = ["python", "-m", "training", "evaluate", run.name, "--split", "test"]
            words += [] if each.entry.shelf == "gallery" else ["--runs-dir", str(library.runs_folder())]
            st.markdown(f"{escape_markdown(run.name)} has not been measured by length yet. Run this:")
            st.code(shlex.join(words), "bash", wrap_lines=True)


def _by_length(entry: Entry) -> Sequence[Mapping[str, Any]]:
    """The groups by length of a run's test; none where it was not measured."""
    figures: dict[str, Any] = entry.run.evaluation.get("test", {})
    return figures.get("by_length", [])


def _pair() -> list[Measured]:
    """The gallery's two models that differ in attention alone; none where one of them is not there."""
    entries = {each.run.config.get("recipe"): each for each in library.entries() if each.shelf == "gallery"}
    found = [
        Measured(name, _by_length(entries[recipe])) for recipe, name in PAIR.items() if recipe in entries
    ]
    return found if len(found) == len(PAIR) and all(each.rows for each in found) else []


def _chart(models: Sequence[Measured], picked: str, key: str) -> None:
    """A figure of each model against length, with the interval of BLEU where it is kept."""
    figure = FIGURES[picked]
    charts.lengths(
        {
            each.name: [(row["longest"], row[figure]) for row in each.rows if figure in row]
            for each in models
            if each.rows
        },
        picked,
        key,
        bands={
            each.name: [
                (row["longest"], row[f"{figure}_low"], row[f"{figure}_high"])
                for row in each.rows
                if f"{figure}_low" in row
            ]
            for each in models
        },
    )
