"""Latent space: what the numbers mean that a picture grows from, direction by direction."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from apps import controls, engine, frame, generating, small_nets, widgets
from apps.library import Entry
from apps.run_card import sentence

if TYPE_CHECKING:
    from inspection.latent import Direction
    from training.quality import Sampler

SAMPLES = 2000  # pictures that directions are found by
PRINCIPAL = 6  # of the directions without a label those that are shown
FARTHEST = 3.0  # along a direction, in deviations of the noise
WAY = 9  # pictures of a way
SHEET = 7  # pictures along each side of a sheet
EDGE = 176  # of the picture that is changed, in pixels
SIDE = 210  # width of its column
FIELD = 190  # least width of a slider
Directions = Mapping[str, "Direction"]


@st.fragment
def explore(entry: Entry) -> None:
    """One picture and its sliders, a sheet over two directions, and a way between two pictures."""
    from inspection.activations import InspectionError

    generator = frame.model(entry)
    if generator is None:
        return
    try:
        sampler = generating.sampler(entry, generator)
        principal = _principal(generator)
        label, place = _picture(entry, sampler, principal)
        st.divider()
        _sheet(sampler, label, place, principal)
        st.divider()
        _way(sampler, label, place)
    except InspectionError as error:
        st.warning(sentence(error), icon=":material/visibility_off:")


def _picture(entry: Entry, sampler: "Sampler", principal: Directions) -> tuple[int | None, np.ndarray]:
    """The picture with a slider for each direction; the class that was asked for, and its noise `(Z,)`."""
    left, right = st.columns([1, 3], gap="large")
    with left:
        seed = small_nets.whole("Noise", 0, generating.MOST_SEED, 0, "latent.noise")
        label = generating.label(entry, sampler, "latent-class")
        shown = st.container()
        st.button("All sliders to 0", icon=":material/restart_alt:", on_click=_reset, type="tertiary")
    with right:
        with st.spinner(f"Growing {SAMPLES:,} pictures, to find directions with a meaning"):
            found = _meanings(entry.key, engine.modified(entry.run), label, entry, sampler)
        st.markdown(
            "**With a name**: found by what is measured of the pictures, or by what a classifier calls them. "
            "Below each how well it holds on pictures that it was not found by: the rank correlation of what "
            "is measured, where 0 is chance, or the balanced accuracy of a class, where 0.5 is."
        )
        moved = _sliders(found, "latent-meaning")
        st.markdown("**Without a name**: the directions that the generator's first layer answers to most.")
        moved = moved + _sliders(principal, "latent-principal")
    place = sampler.noise(1, seed)[0] + moved
    with shown:
        picture = sampler.grow(place[None], _labels(label, 1))
        widgets.thumbs("latent-picture", picture, ["The picture"], 0, edge=EDGE)
    return label, place


def _sliders(directions: Directions, key: str) -> Any:
    """How far a person goes along each direction, as one step `(Z,)`."""
    moved: Any = 0.0
    with st.grid(min_column_width=FIELD, gap="small"):
        for name, direction in directions.items():
            with st.container(gap="xsmall"):
                kept = f"{key}-{name}"
                # Not as the slider's own value: the button sets it, too.
                st.session_state.setdefault(kept, 0.0)
                far = st.slider(name, -FARTHEST, FARTHEST, step=0.25, key=kept)
                if np.isfinite(direction.held_out):
                    st.caption(f"held out: {direction.held_out:.2f}")
            moved = moved + far * direction.vector
    return moved


def _reset() -> None:
    for name in list(st.session_state):
        if str(name).startswith(("latent-meaning", "latent-principal")):
            st.session_state[name] = 0.0


def _sheet(sampler: "Sampler", label: int | None, place: np.ndarray, principal: Directions) -> None:
    """The picture in the middle, and what becomes of it along two directions at once."""
    st.subheader("Two directions at once", anchor=False)
    names = list(principal)
    with st.container(horizontal=True, gap="medium"):
        across = st.selectbox("To the right", names, index=0, key="latent-across", width=SIDE)
        down = st.selectbox("Downwards", names, index=min(1, len(names) - 1), key="latent-down", width=SIDE)
    steps = np.linspace(-FARTHEST, FARTHEST, SHEET)
    noise = [place + a * principal[across].vector + d * principal[down].vector for d in steps for a in steps]
    pictures = sampler.grow(np.array(noise), _labels(label, len(noise)))
    rows = pictures.reshape(SHEET, SHEET, *pictures.shape[1:])
    sheet = np.concatenate([np.concatenate(list(row), axis=1) for row in rows], axis=0)
    widgets.thumbs("latent-sheet", sheet[None], ["A sheet of pictures"], 0, edge=2 * SIDE)


def _way(sampler: "Sampler", label: int | None, place: np.ndarray) -> None:
    """From this picture to another."""
    from inspection.latent import between

    st.subheader("From this picture to another", anchor=False)
    with st.container(width=SIDE):
        other = small_nets.whole("The other's noise", 0, generating.MOST_SEED, 1, "latent.other")
    way = between(place, sampler.noise(1, other)[0], WAY)
    pictures = sampler.grow(way, _labels(label, WAY))
    names = [f"{share:.0%} of the way" for share in np.linspace(0, 1, WAY)]
    widgets.thumbs("latent-way", pictures, names, 0, names, edge=80)


def _principal(generator: Any) -> Directions:
    from inspection.latent import Direction, principal

    vectors, strengths = principal(generator)
    shown = zip(vectors[:PRINCIPAL], strengths / max(strengths.max(), 1e-12), strict=False)
    return {
        f"direction {number} ({strength:.0%})": Direction(vector, float("nan"))
        for number, (vector, strength) in enumerate(shown, start=1)
    }


def _labels(label: int | None, count: int) -> np.ndarray | None:
    return None if label is None else np.full(count, label)


@st.cache_resource(max_entries=16, show_spinner=False)
def _meanings(
    key: str, modified: int | None, label: int | None, _entry: Entry, _sampler: "Sampler"
) -> Directions:
    """Directions with a name, by what is measured and by what the gallery's classifier says."""
    from inspection.graph import InspectionError
    from inspection.latent import PROPERTIES, towards
    from training import duel, quality

    noise = _sampler.noise(SAMPLES)
    pictures = _sampler.grow(noise, _labels(label, SAMPLES))
    wanted: dict[str, np.ndarray] = {name: measure(pictures) for name, measure in PROPERTIES.items()}
    judge = duel.classifier_of(_entry.spec["name"])
    if judge is not None and not _sampler.conditional:
        told = quality.see(judge, [pictures]).classes
        wanted |= {name: told == number for number, name in enumerate(_entry.spec["classes"])}
    found = {}
    for name, values in wanted.items():
        try:
            found[name] = towards(noise, values)
        except InspectionError:  # a class that this generator never makes
            continue
    return found


frame.show(
    frame.Page(
        file=__file__,
        title="Latent space",
        idea=(
            "A generator turns a handful of random numbers into a picture. What do the numbers mean? Some "
            "directions among them make strokes thicker, lean them, or turn one thing into another."
        ),
        architecture="gan",
        fits=lambda entry: entry.architecture == "gan",
        explore=explore,
        controls=controls.gan,
        first="on the digits it takes a minute",
    )
)
