"""Where the noise comes from that the page Latent space changes: a sample's, or that of one's own picture."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from apps import engine, frame, generating, picture_panel, small_nets, widgets
from apps.escaping import escape_markdown, sentence
from apps.library import Entry, readable

if TYPE_CHECKING:
    from inspection.latent import Found
    from training.quality import Judge, Sampler

SAMPLES = 2000  # pictures that are measured, and named by a classifier
BATCH = 500  # of them at once
SHOWN = 36  # samples of the grid
EDGE = 44  # of a sample, in pixels
LARGE = 120  # edge of a picture that is looked at alone
SIDE = 340  # width of the column in which a picture is made
REAL = 500  # pictures of the test that tell how near to a training picture a real one is
MOST_BYTES = 200 * 2**20  # of training pictures that samples are compared with


@dataclass(frozen=True)
class Subject:
    """A generator, and what is asked of it.

    Args:
        entry: Its run.
        generator: See `models.gan.generator`.
        sampler: Its pictures.
        label: The class that is asked for; None where it is told none.
    """

    entry: Entry
    generator: Any
    sampler: "Sampler"
    label: int | None

    @property
    def version(self) -> tuple[str, int | None]:
        """What tells this generator from any other."""
        return self.entry.key, engine.modified(self.entry.run)

    def grow(self, noise: np.ndarray) -> np.ndarray:
        """Pictures `(B, H, W, C)` of noise `(B, Z)`."""
        return self.sampler.grow(noise, None if self.label is None else np.full(len(noise), self.label))


@dataclass(frozen=True)
class Told:
    """What is known of many samples.

    Args:
        noise: Of each, `(M, Z)`.
        measures: What was measured of each, `(M,)`, by its name.
        classes: What the gallery's classifier calls each, `(M,)`; None where there is none, or where the
            generator is told the class.
    """

    noise: np.ndarray
    measures: Mapping[str, np.ndarray]
    classes: np.ndarray | None


def told(subject: Subject) -> Told:
    """What is known of many samples of a generator; found out once."""
    with st.spinner(f"Growing {SAMPLES:,} pictures, to see what is in them"):
        return _told(subject.version, subject.label, subject)


@st.cache_resource(max_entries=16, show_spinner=False)
def _told(version: tuple[str, int | None], label: int | None, _subject: Subject) -> Told:
    from inspection.latent import PROPERTIES

    judge = None if _subject.sampler.conditional else classifier(_subject.entry)
    noise = _subject.sampler.noise(SAMPLES)
    measured: dict[str, list[np.ndarray]] = {name: [] for name in PROPERTIES}
    classes = []
    for start in range(0, SAMPLES, BATCH):
        pictures = _subject.grow(noise[start : start + BATCH])
        for name, measure in PROPERTIES.items():
            measured[name].append(measure(pictures))
        if judge is not None:
            classes.append(judge.look(pictures)[1])
    measures = {name: np.concatenate(parts) for name, parts in measured.items()}
    return Told(noise, measures, np.concatenate(classes) if classes else None)


def classifier(entry: Entry) -> "Judge | None":
    """The gallery's classifier of such pictures; None where it has none."""
    return _classifier(entry.run.config["source"])  # not by the data's own name: a folder may bear any


@st.cache_resource(max_entries=4, show_spinner=False)
def _classifier(source: str) -> "Judge | None":
    from training import duel

    return duel.classifier_of(source)


# The place that all below begins at


@dataclass(frozen=True)
class _Taken:
    """A noise that a person took in the place of a sample's.

    Args:
        version: Of the generator.
        noise: `(Z,)`.
        what: It is the noise of, in words.
    """

    version: tuple[str, int | None]
    noise: np.ndarray
    what: str


def seed() -> int:
    """Ask for a sample."""
    return small_nets.whole("Noise", 0, generating.MOST_SEED, 0, "latent.noise", on_change=forget)


def place(subject: Subject, seed: int) -> np.ndarray:
    """The noise `(Z,)` that was taken, or else that of a sample."""
    taken = _taken(subject)
    return subject.sampler.noise(1, seed)[0] if taken is None else taken.noise


def tell_place(subject: Subject, seed: int) -> None:
    """Say so where the noise is not a sample's, and offer to go back."""
    taken = _taken(subject)
    if taken is not None:
        st.caption(f"All of this begins at **{taken.what}**, not at sample {seed}.")
        st.button(f"Back to sample {seed}", icon=":material/undo:", on_click=forget, type="tertiary")


def take(subject: Subject, noise: np.ndarray, what: str) -> None:
    """Begin at a noise `(Z,)`, with every slider at 0."""
    st.session_state["latent-taken"] = _Taken(subject.version, noise, what)
    reset()


def forget() -> None:
    """Begin at the sample again."""
    st.session_state.pop("latent-taken", None)


def reset() -> None:
    """Have every slider at 0."""
    for name in list(st.session_state):
        if str(name).startswith(("latent-meaning", "latent-principal")):
            st.session_state[name] = 0.0


def _taken(subject: Subject) -> _Taken | None:
    taken = st.session_state.get("latent-taken")
    return taken if taken is not None and taken.version == subject.version else None


# Samples


def samples(subject: Subject, seed: int) -> None:
    """Many samples, of which a person picks one; below each the training picture that is nearest to it."""
    first = seed // SHOWN * SHOWN
    seeds = range(first, min(first + SHOWN, generating.MOST_SEED + 1))
    noise = np.concatenate([subject.sampler.noise(1, each) for each in seeds])
    pictures, notes, caption, edge = subject.grow(noise), [], "", EDGE
    st.markdown(f"Each grows from **{noise.shape[1]} random numbers**. Pick one, for the sliders to change.")
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.button(
            f"Next {SHOWN}",
            icon=":material/navigate_next:",
            on_click=_choose,
            args=(first + SHOWN if first + SHOWN <= generating.MOST_SEED else 0,),
        )
        near = st.toggle("Nearest training pictures", key="latent-near", persist_state="session")
    known = _known(subject.entry) if near else None
    if known is not None:
        pictures, notes, edge = *_pairs(known, pictures), 2 * EDGE
        caption = (
            f"Below each sample the **training picture nearest to it**, of {known.which}, in the features of "
            f"{escape_markdown(known.judge.name)}. The number is how far, where 1 is how far a real "
            "picture that was never trained on is from its nearest (median). A copy would be near 0."
        )
    st.session_state["latent-samples_wanted"] = seed  # the number may be typed, too
    names = [f"Sample {each}" for each in seeds]
    widgets.thumbs("latent-samples", pictures, names, first, notes, edge, on_pick=_choose)
    if caption:
        st.caption(caption)


def _choose(seed: int) -> None:
    st.session_state["latent.noise"] = float(seed)
    forget()


@dataclass(frozen=True)
class _Known:
    """Training pictures, and how they are compared with others.

    Args:
        judge: In whose features.
        pictures: `(N, H, W, C)`, as they are stored.
        scale: That brings them to [0, 1].
        features: Of each, `(N, F)`.
        usual: How far a real picture is from the nearest of them, in the median.
        which: They are, in words.
    """

    judge: "Judge"
    pictures: np.ndarray
    scale: float
    features: np.ndarray
    usual: float
    which: str


def _known(entry: Entry) -> _Known | None:
    """The training pictures; None where they can't be had, and the page says why."""
    from data import DataUnavailable

    if frame.test_set(entry) is None:  # which is remembered for a while, and looked for but once
        return None
    if why := engine.why_sample(entry.run):
        st.info(f"This needs the training images. {sentence(why)}.", icon=":material/cloud_off:")
        return None
    try:
        with st.spinner("Looking at every training picture, once: at 60,000 some ten seconds"):
            return _read(engine.data_key(entry.run.config), entry)
    except DataUnavailable as error:
        st.info(f"{sentence(error)}.", icon=":material/cloud_off:")
        return None


@st.cache_resource(max_entries=2, show_spinner=False)
def _read(key: str, _entry: Entry) -> _Known:
    from inspection.latent import nearest
    from training import quality

    source, _ = engine.source(_entry.run.config)
    train = source.train
    judge = classifier(_entry) or quality.Judge.of_pixels(train)
    count = min(len(train), MOST_BYTES // train.inputs[0].nbytes)
    features = quality.see(judge, quality.real(train, count)).features
    _, distances = nearest(quality.see(judge, quality.real(source.test, REAL)).features, features)
    every = readable(len(train))
    which = f"all {every}" if count == len(train) else f"{readable(count)} of {every}"
    usual = max(float(np.median(distances)), 1e-9)
    # A copy of a part, or all would stay in memory.
    return _Known(judge, train.inputs[:count].copy(), train.scale, features, usual, which)


def _pairs(known: _Known, pictures: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Each picture above the training picture nearest to it, and in words how far that is."""
    from inspection.latent import joined, nearest

    numbers, distances = nearest(known.judge.look(pictures)[0], known.features)
    originals = known.pictures[numbers].astype("float32") * known.scale
    pairs = np.stack([pictures, originals], axis=1)[:, :, None]  # (B, 2, 1, H, W, C)
    return np.stack([joined(pair) for pair in pairs]), [f"{each / known.usual:.1f}" for each in distances]


# One's own picture


def own(subject: Subject) -> None:
    """A picture that a person gives, and the noise whose picture is nearest to it."""
    from inspection.latent import STAGES, find

    with st.container(horizontal=True, gap="large"):
        with st.container(width=SIDE):
            given = picture_panel.choose(subject.entry).seen
        with st.container():
            st.markdown(
                f"Which noise grows into **your picture**? From {STAGES[0][0]} random places it follows the "
                "gradient of the squared error; the best place is shown. What this generator can't make, the "
                "search can't find."
            )
            if subject.label is not None:
                name = escape_markdown(subject.entry.spec["classes"][subject.label])
                st.caption(f"It is told the class **{name}**, which is chosen below.")
            search = st.button(
                "Find it", icon=":material/search:", type="primary", disabled=given is None, key="latent-find"
            )
            if given is None:
                st.caption("Draw something, or choose another way to give a picture.")
                return
            key = (subject.version, subject.label, given.tobytes())
            if search:
                with st.spinner("Searching"):
                    st.session_state["latent-found"] = key, find(subject.generator, given, subject.label)
            found_for, found = st.session_state.get("latent-found", (None, None))
            _found(subject, given, found if found_for == key else None)


def _found(subject: Subject, given: np.ndarray, found: "Found | None") -> None:
    """The picture that was given, beside it the one that was found, and the course of the search."""
    shown, notes = [given], ["given"]
    if found is not None:
        shown, notes = [given, found.picture], ["given", "found"]
    widgets.thumbs("latent-given", np.stack(shown), notes, 0, notes, LARGE, picking=False)
    if found is None:
        return
    st.markdown(
        f"Squared error of a pixel: **{found.error:.4f}**; where it began it was {found.errors[0]:.4f}."
    )
    st.button(
        "Take it",
        icon=":material/check:",
        key="latent-take",
        on_click=take,
        args=(subject, found.noise, "the picture that was found"),
        help="All below begins at it: the sliders, the sheet and the way",
    )
    steps = [f"step {step}" for step in found.steps]
    widgets.thumbs("latent-course", found.course, steps, 0, steps, EDGE, picking=False)
