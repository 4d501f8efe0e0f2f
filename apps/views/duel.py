"""Duel: what a generator makes, what its discriminator says of it, and what the generator is told."""

from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from apps import (
    charts,
    controls,
    duelling,
    engine,
    frame,
    generating,
    hand_panel,
    library,
    small_nets,
    widgets,
)
from apps.escaping import sentence
from apps.library import Entry
from inspection import tiles

if TYPE_CHECKING:
    from training.quality import Sampler

SHOWN = 24  # pictures of either kind
LARGE = 190  # width of what is looked at alone, in pixels
EDGE = 176  # of a picture within
MOST_DISTANCE = 0.3  # that a picture is moved along its slope, a pixel in the mean


def explore(entry: Entry) -> None:
    """Both kinds of pictures with their verdicts, one of them taken apart, and how the duel went."""
    from inspection.activations import InspectionError

    generator = frame.model(entry)
    discriminator = frame.loaded(engine.model, entry.run, "discriminator")
    if generator is None or discriminator is None:
        return
    if advice := entry.run.status.get("advice"):
        st.warning(sentence(advice), icon=":material/balance:")
    draw = _pictures if generating.makes_pictures(entry) else _points
    try:
        draw(entry, generator, discriminator)
    except InspectionError as error:
        st.warning(sentence(error), icon=":material/visibility_off:")
    hand_panel.show(entry)
    _course(entry)


@st.fragment
def _pictures(entry: Entry, generator: Any, discriminator: Any) -> None:
    """Generated pictures, real ones, and the one that a person picks."""
    from inspection.verdicts import verdicts

    sampler = generating.sampler(entry, generator)
    seed, label = _asked(entry, sampler)
    noise = sampler.noise(SHOWN, seed)
    labels = None if label is None else np.full(SHOWN, label, "int32")
    made = sampler.grow(noise, labels)
    found = verdicts(discriminator, made, labels)
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown(
            f"**Generated**, each from {noise.shape[1]} random numbers. Pick one. Below each "
            f"{duelling.meaning(_loss(entry))}."
        )
        picked = duelling.thumbs("duel-made", "Generated picture", made, _told(entry, found))
    with right:
        _real(entry, discriminator, label)
    st.divider()
    _one(entry, generator, discriminator, noise[picked : picked + 1], made[picked : picked + 1], label)


def _asked(entry: Entry, sampler: "Sampler") -> tuple[int, int | None]:
    """The seed of the noise, and the class where the players are told one."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        with st.container(width=LARGE):
            seed = small_nets.whole("Noise", 0, generating.MOST_SEED, 0, "duel.noise")
        return seed, generating.label(entry, sampler, "duel-class")


@st.fragment
def _points(entry: Entry, generator: Any, discriminator: Any) -> None:
    """The plane that the trained players play on."""
    sampler = generating.sampler(entry, generator)
    seed, label = _asked(entry, sampler)
    found = duelling.points(entry, sampler, label, seed)
    if found is None:
        return
    plane, words = st.columns([11, 9], gap="medium")
    with plane:
        duelling.plane("duel-plane", found, discriminator, _loss(entry), entry.spec)
    with words:
        duelling.coverage(found)
        st.markdown(
            f"**As they were trained.** Each :orange[**generated**] point comes from {sampler.latent} random "
            "numbers; the :primary[**real**] ones are of the test, which neither player has seen."
        )
        st.markdown(
            "The colour is what the discriminator says of each place. All that the generator learns from it "
            "is the **arrows**: its gradient, where each point should move to be taken for real. Where the "
            "field is flat, nothing can be learned."
        )


def _real(entry: Entry, discriminator: Any, label: int | None) -> None:
    """Real pictures that the discriminator has never seen."""
    from inspection.verdicts import verdicts

    tested = duelling.of_test(entry, label, SHOWN)
    if tested is None:
        return
    pictures, targets = tested
    found = verdicts(discriminator, pictures, None if label is None else targets)
    st.markdown("**Real**, of the test, which neither player has seen, with the same.")
    duelling.thumbs("duel-real", "Real picture", pictures, _told(entry, found))


def _one(
    entry: Entry,
    generator: Any,
    discriminator: Any,
    noise: np.ndarray,
    picture: np.ndarray,
    label: int | None,
) -> None:
    """What the discriminator sends back to one picture, and the layers through which it grew."""
    from inspection.activations import activations
    from inspection.verdicts import followed, verdicts

    labels = None if label is None else np.array([label], "int32")
    found = verdicts(discriminator, picture, labels)
    st.subheader("What the generator is told", anchor=False)
    st.markdown(
        "All that it learns of a picture is the discriminator's gradient: where it should be "
        ":primary[**brighter**] and where :orange[**darker**] to be taken for real."
    )
    distance = st.slider(
        "Follow the gradient",
        0.0,
        MOST_DISTANCE,
        0.05,
        0.01,
        key="duel-distance",
        persist_state="session",
        width=2 * LARGE,
        help="How far each pixel moves in the mean, from 0 (black) to 1 (white)",
    )
    moved = followed(picture, found.slopes, distance)
    after = verdicts(discriminator, moved, labels)
    slope = tiles.tiles(found.slopes[0].mean(axis=-1, keepdims=True)).pixels
    with st.container(horizontal=True, gap="medium"):
        with st.container(width=LARGE):
            duelling.thumbs("duel-one", "As it is", picture, [f"as it is: {_told(entry, found)[0]}"], EDGE)
        with st.container(width=LARGE):
            widgets.mosaic("duel-slope", slope, "The gradient: brighter is violet, darker is orange")
            st.caption("the gradient")
        with st.container(width=LARGE):
            duelling.thumbs("duel-moved", "Followed", moved, [f"followed: {_told(entry, after)[0]}"], EDGE)
    st.subheader("How it grew", anchor=False)
    inside = activations(generator, noise if labels is None else [noise, labels])
    widgets.maps(
        "duel-growth",
        [
            {"name": name, "note": _size(values), "tiles": tiles.tiles(values[0])}
            for name, values in inside.layers.items()
            if values.ndim == 4 and name.endswith(("_act", "_grid", "picture"))
        ],
    )


def _course(entry: Entry) -> None:
    """The figures of the training."""
    rows: Any = library.rows(entry.run)
    if _loss(entry) == "wasserstein":  # a score without a zero is neither right nor wrong
        shares = {"real_right", "generated_right", "val_real_right"}
        rows = [{name: value for name, value in row.items() if name not in shares} for row in rows]
    if rows:
        st.subheader("How the duel went", anchor=False)
        st.caption(
            "No loss tells how good the samples are: each is measured against the other player. The Frechet "
            "distance does, and recall and spread tell of variety."
        )
        charts.training_curves(rows, f"duel-course-{entry.key}")


def _loss(entry: Entry) -> str:
    """What the players played for."""
    return entry.run.config["duel"]["loss"]


def _told(entry: Entry, found: Any) -> list[str]:
    return duelling.told(_loss(entry), found)


def _size(values: np.ndarray) -> str:
    _, height, width, channels = values.shape
    return f"{height} x {width}, {channels} channel{'s' if channels > 1 else ''}"


frame.show(
    frame.Page(
        file=__file__,
        title="Duel",
        idea=(
            "A generator makes pictures of noise; a discriminator tells them from real ones. Each learns "
            "from the other: the better the one sees through them, the better the other must make them."
        ),
        architecture="gan",
        fits=lambda entry: entry.architecture == "gan",
        explore=explore,
        controls=controls.gan,
        first="on the digits it takes a minute",
    )
)
