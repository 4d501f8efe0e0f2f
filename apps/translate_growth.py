"""A sentence that grows until a translator breaks, and how good it is at each length of the test set."""

import math
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from apps import charts, frame, library, translating
from apps.escaping import escape_markdown
from apps.library import Entry
from apps.translate_compare import Speaker, show_words, speakers

if TYPE_CHECKING:
    from training.translation import Translation, Translator

MOST_STAGES = 20  # sentences that are joined
FIGURES = {"chrF": "chrf", "BLEU": "bleu"}
OWN, TEST = "Your sentences", "Test set"


def growing(entry: Entry, translator: "Translator", beams: int) -> None:
    """Sentences joined one after another through both, and the figures that were measured on the test set."""
    both = speakers(entry, translator)
    st.subheader("A sentence that grows", anchor=False)
    st.caption(
        "Sentences are joined one after another, and each stage is translated anew. A state has so many "
        "units and no more; with attention the decoder looks back instead."
    )
    given = _stages(entry)
    if given is not None:
        _grow(both, *given, beams)
    _measured(both)


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
        compare([each.text], [reference])[figure] for each, reference in zip(found, references, strict=True)
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


def _measured(both: Sequence[Speaker]) -> None:
    st.subheader("Measured on the test set", anchor=False)
    found: dict[str, list[Any]] = {}
    for each in both:
        figures: dict[str, Any] = each.entry.run.evaluation.get("test", {})
        found[each.name] = figures.get("by_length", [])
    if any(found.values()):
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
        charts.lengths(
            {
                name: [(row["longest"], row[FIGURES[picked]]) for row in rows]
                for name, rows in found.items()
                if rows
            },
            picked,
            "by_length",
        )
        st.caption(
            "Each point stands for the test sentences of up to so many tokens that are longer than those of "
            "the point before."
        )
    for each in both:
        if not found[each.name]:
            run = each.entry.run
            folder = (
                ""
                if each.entry.shelf == "gallery"
                else f" --runs-dir {shlex.quote(str(library.runs_folder()))}"
            )
            st.markdown(f"{escape_markdown(run.name)} has not been measured by length yet. This does it:")
            st.code(
                f"python -m training evaluate {shlex.quote(run.name)} --split test{folder}",
                "bash",
                wrap_lines=True,
            )
