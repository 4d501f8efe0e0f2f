"""By hand: on the page Duel a person says who learns next, and for how many turns; nothing of it is saved."""

import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from apps import charts, duelling, engine, generating
from apps.escaping import sentence
from apps.library import Entry
from training.runs import RunError

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from training.quality import Sampler
    from training.turns import Turns

KEPT = 6  # duels in the server, of all who visit it
PACE = 0.5  # seconds from one look to the next at players that learn by themselves
WORK = 0.25  # seconds of these in which they learn
MOST_LOOKS = 600  # after which they pause: a forgotten window would keep the machine busy
TIMES = (1, 10, 100)
GENERATED, REAL = 24, 12  # pictures
LOSSES = {
    "non_saturating": "Non-saturating",
    "least_squares": "Least squares",
    "hinge": "Hinge",
    "wasserstein": "Wasserstein",
}
PLAYING, LOOKS, STARTS, SESSION = "hand-playing", "hand-looks", "hand-starts", "hand-session"


@dataclass(frozen=True)
class Start:
    """From where a duel begins.

    Args:
        number: Of the starts in this session, by which two are told apart and fresh weights are drawn.
        fresh: Whether with random weights, or with those of the trained players.
    """

    number: int
    fresh: bool


@dataclass
class Hand:
    """Two players that a person has in hand.

    Args:
        turns: Of theirs.
        sampler: Of the generator as it is.
        start: From where they began.
    """

    turns: "Turns"
    sampler: "Sampler"
    start: Start | None = None


def show(entry: Entry) -> None:
    """Draw the section."""
    playing = _is_playing(entry)
    st.fragment(_show, run_every=PACE if playing else None)(entry, playing)


def _show(entry: Entry, was_playing: bool) -> None:
    if _is_playing(entry) != was_playing:
        st.rerun()  # the whole page: its timer begins or ends
    st.subheader("By hand", anchor=False)
    st.markdown(
        "Who learns next? Let one player run ahead and see what becomes of the other, or let both take "
        "turns. Nothing here is saved, and the trained players stay as they are."
    )
    start = _starts().get(entry.key)
    loss = _begin(entry, start)
    hand = _in_hand(entry, loss, start) if start else None
    if hand is not None:
        _moves(entry, hand, was_playing)
        _draw(entry, hand, loss)


# Beginning


def _starts() -> dict[str, Start]:
    """From where this session's duels begin, by the entry's key."""
    return st.session_state.setdefault(STARTS, {})


def _begin(entry: Entry, start: Start | None) -> str:
    """Let a person choose the loss, and begin or begin anew; returns the loss."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        loss = st.selectbox(
            "They play for",
            list(LOSSES),
            index=list(LOSSES).index(entry.run.config["duel"]["loss"]),
            format_func=LOSSES.__getitem__,
            key=f"hand-loss-{entry.key}",
            persist_state="session",
            width=200,
            help="Each loss has a duel of its own, from the same weights on",
        )
        st.button(
            "Start again" if start else "Start with fresh players",
            icon=":material/restart_alt:",
            key=f"hand-fresh-{entry.key}",
            type="secondary" if start else "primary",
            help="From random weights, each time from others",
            on_click=_start,
            args=(entry, True),
        )
        st.button(
            "From the trained",
            icon=":material/model_training:",
            key=f"hand-trained-{entry.key}",
            help="From the weights of this run",
            on_click=_start,
            args=(entry, False),
        )
    return loss


def _start(entry: Entry, fresh: bool) -> None:
    before = _starts().get(entry.key)
    _starts()[entry.key] = Start(before.number + 1 if before else 0, fresh)


def _in_hand(entry: Entry, loss: str, start: Start) -> Hand | None:
    """This session's players of a loss; None where they can't be had, and the page says why."""
    from data import DataUnavailable
    from training.settings import SettingsError

    session = st.session_state.setdefault(SESSION, uuid.uuid4().hex)
    try:
        hand = _hand(session, entry.key, entry.run.status.get("created"), loss, entry)
        if hand.start != start:
            if start.fresh:
                hand.turns.begin(start.number)
            else:
                hand.turns.take_up(engine.model(entry.run), engine.model(entry.run, "discriminator"))
            hand.start = start
    except (DataUnavailable, SettingsError, RunError) as error:
        st.info(f"{sentence(error)}.", icon=":material/cloud_off:")
        return None
    return hand


@st.cache_resource(max_entries=KEPT, show_spinner="Setting up the players")
def _hand(session: str, key: str, created: str | None, loss: str, _entry: Entry) -> Hand:
    """What the others are tells one duel from another; `created` a run from a later one of its name."""
    from data import DataUnavailable, Source, samples
    from training import recipes, trainer, turns
    from training.quality import Sampler

    own: Any = recipes.from_config(_entry.run.config)
    try:
        source, _ = engine.source(_entry.run.config)
    except DataUnavailable:
        some = samples.find(own.data)
        if some is None:
            raise
        source = Source(some, some, some, trainer.spec_of(_entry.run))
    made = turns.Turns(turns.playing(own, loss), source)
    return Hand(made, Sampler(made.generator))


# Learning


def _moves(entry: Entry, hand: Hand, playing: bool) -> None:
    """The buttons by which the players learn, and what they do."""
    turns = hand.turns
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        times = st.segmented_control(
            "Turns",
            TIMES,
            default=10,
            required=True,
            key=f"hand-times-{entry.key}",
            persist_state="session",
            width="content",
        )
        taught = st.button("Discriminator learns", icon=":material/search:", key=f"hand-teach-{entry.key}")
        persuaded = st.button("Generator learns", icon=":material/brush:", key=f"hand-persuade-{entry.key}")
        st.button(
            "Pause" if playing else "Let both run",
            icon=":material/pause:" if playing else ":material/play_arrow:",
            key=f"hand-play-{entry.key}",
            help=_rhythm(turns.rhythm),
            on_click=_pause if playing else _play,
            args=() if playing else (entry,),
        )
    with st.spinner("Learning"):
        if taught:
            turns.teach(times)
        elif persuaded:
            turns.persuade(times)
        elif playing:
            _run(hand)


def _rhythm(turns: int) -> str:
    own = "one turn" if turns == 1 else f"{turns} turns"
    return f"{own} of the discriminator, one of the generator, and so on"


def _run(hand: Hand) -> None:
    """Let both take their turns for a moment."""
    st.session_state[LOOKS] += 1
    end = time.monotonic() + WORK
    while time.monotonic() < end:
        hand.turns.both()
    if st.session_state[LOOKS] >= MOST_LOOKS:
        _pause()


def _is_playing(entry: Entry) -> bool:
    return st.session_state.get(PLAYING) == entry.key


def _play(entry: Entry) -> None:
    st.session_state[PLAYING] = entry.key
    st.session_state[LOOKS] = 0


def _pause() -> None:
    st.session_state.pop(PLAYING, None)


# Looking


def _draw(entry: Entry, hand: Hand, loss: str) -> None:
    from inspection.graph import InspectionError

    samples, course = st.columns([11, 9], gap="medium")
    try:
        if generating.makes_pictures(entry):
            with samples:
                _pictures(entry, hand, loss)
        else:
            _points(entry, hand, loss, samples, course)
    except InspectionError as error:
        st.warning(sentence(error), icon=":material/visibility_off:")
    with course:
        _course(entry, hand, loss)


def _pictures(entry: Entry, hand: Hand, loss: str) -> None:
    """Pictures of the same noise, and real ones."""
    from inspection.verdicts import verdicts

    judge, sampler = hand.turns.discriminator, hand.sampler
    classes = max(1, len(entry.spec["classes"]))
    labels = np.arange(GENERATED, dtype="int32") % classes if sampler.conditional else None
    made = sampler.grow(sampler.noise(GENERATED), labels)
    st.markdown(f"**Generated**, always of the same noise. Below each {duelling.meaning(loss)}.")
    found = verdicts(judge, made, labels)
    duelling.thumbs(f"hand-made-{entry.key}", "Generated picture", made, duelling.told(loss, found))
    real = duelling.of_test(entry, None, REAL)
    if real is not None:
        pictures, targets = real
        found = verdicts(judge, pictures, targets if sampler.conditional else None)
        st.markdown("**Real**, of the test, with the same.")
        duelling.thumbs(f"hand-real-{entry.key}", "Real picture", pictures, duelling.told(loss, found))


def _points(entry: Entry, hand: Hand, loss: str, plane: "DeltaGenerator", words: "DeltaGenerator") -> None:
    """The plane of the players as they are now."""
    with plane:
        label = generating.label(entry, hand.sampler, f"hand-class-{entry.key}")
        found = duelling.points(entry, hand.sampler, label)
        if found is None:
            return
        duelling.plane(f"hand-plane-{entry.key}", found, hand.turns.discriminator, loss, entry.spec)
    with words:
        duelling.coverage(found)


def _course(entry: Entry, hand: Hand, loss: str) -> None:
    """How it went, and what is to be learned from it."""
    turns = hand.turns
    figures = turns.recent()
    with st.container(horizontal=True, gap="medium"):
        for player, count in turns.taken.items():
            st.metric(f"Turns of the {player}", f"{count:,}")
    if not figures:
        st.caption("Nobody has learned yet.")
        return
    charts.turns(turns.course, f"hand-losses-{entry.key}")
    if loss != "wasserstein":  # a score without a zero is neither right nor wrong
        with st.container(horizontal=True, gap="medium"):
            st.metric("Real taken for real", f"{figures['real_right']:.0%}")
            st.metric("Generated found out", f"{figures['generated_right']:.0%}")
    if lesson := turns.lesson():
        st.info(f"{sentence(lesson)}.", icon=":material/balance:")
