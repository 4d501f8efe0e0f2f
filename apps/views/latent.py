"""Latent space: what the numbers mean that a picture grows from, direction by direction."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from apps import controls, frame, generating, latent_panel, latent_sums, small_nets, widgets
from apps.escaping import escape_markdown, sentence
from apps.latent_panel import Subject
from apps.library import Entry

if TYPE_CHECKING:
    from inspection.latent import Direction

BEGINNINGS = ("A sample", "Your own picture", "Arithmetic")
PRINCIPAL = 6  # of the directions without a label those that are shown
FARTHEST = 3.0  # along a direction, in deviations of the noise
WAY = 9  # pictures of a way
SHEET = 7  # pictures along each side of a sheet
EDGE = 176  # of the picture that is changed, in pixels
SIDE = 210  # width of its column
FIELD = 170  # least width of a slider
# The picture stays in sight beside the sliders, where there is room for both.
STYLE = """<style>
@media (min-width: 960px) and (min-height: 640px) {
  [data-testid="stColumn"]:has(.st-key-latent-side) { position: sticky; top: 4.2rem; align-self: flex-start; }
}
</style>"""
Directions = Mapping[str, "Direction"]


@st.fragment
def explore(entry: Entry) -> None:
    """Where to begin; then the picture and its sliders, a sheet over two directions, and a way to another."""
    from inspection.activations import InspectionError

    generator = frame.model(entry)
    if generator is None:
        return
    st.html(STYLE)
    try:
        principal = _principal(generator)
        beginning = st.container()
        st.divider()
        left, right = st.columns([1, 3], gap="large")
        with left, st.container(key="latent-side"):
            seed = latent_panel.seed()
            sampler = generating.sampler(entry, generator)
            label = generating.label(entry, sampler, "latent-class")
            shown = st.container()
        subject = Subject(entry, generator, sampler, label)
        with beginning:
            _begin(subject, seed)
        with right:
            place = _moved(subject, latent_panel.place(subject, seed), principal)
        with shown:
            widgets.thumbs(
                "latent-picture", subject.grow(place[None]), ["The picture"], 0, edge=EDGE, picking=False
            )
            latent_panel.tell_place(subject, seed)
            st.button(
                "All sliders to 0",
                icon=":material/restart_alt:",
                on_click=latent_panel.reset,
                type="tertiary",
            )
        st.divider()
        _sheet(subject, place, principal)
        st.divider()
        _way(subject, place)
    except InspectionError as error:
        st.warning(sentence(error), icon=":material/visibility_off:")


def _begin(subject: Subject, seed: int) -> None:
    """Where the noise comes from that all below begins at."""
    beginning = st.segmented_control(
        "Begin with",
        BEGINNINGS,
        default=BEGINNINGS[0],
        required=True,
        wrap=True,
        key="latent-beginning",
        persist_state="session",
    )
    if beginning == BEGINNINGS[0]:
        latent_panel.samples(subject, seed)
    elif beginning == BEGINNINGS[1]:
        latent_panel.own(subject)
    else:
        latent_sums.show(subject)


def _moved(subject: Subject, place: np.ndarray, principal: Directions) -> np.ndarray:
    """Where a slider for each direction leads from a place `(Z,)`."""
    from inspection.latent import moved

    told = latent_panel.told(subject)
    st.markdown(
        "**With a name**: found by what is measured of the pictures, or by what a classifier calls them. "
        "Below each how well it holds on pictures that it was not found by: the rank correlation of what "
        "is measured, where 0 is chance, or the balanced accuracy of a class, where 0.5 is."
    )
    steps = _sliders(_meanings(subject.version, subject.label, subject.entry, told), "latent-meaning")
    st.markdown("**Without a name**: the directions that the generator's first layer answers to most.")
    return moved(place, steps + _sliders(principal, "latent-principal"))


def _sliders(directions: Directions, key: str) -> "list[tuple[Direction, float]]":
    """How far a person goes along each direction."""
    steps = []
    with st.grid(min_column_width=FIELD, gap="small"):
        for name, direction in directions.items():
            with st.container(gap="xsmall"):
                kept = f"{key}-{name}"
                # Not as the slider's own value: buttons set it, too.
                st.session_state.setdefault(kept, 0.0)
                steps.append(
                    (
                        direction,
                        st.slider(
                            escape_markdown(name),
                            -FARTHEST,
                            FARTHEST,
                            step=0.25,
                            key=kept,
                            persist_state="session",
                        ),
                    )
                )
                if np.isfinite(direction.held_out):
                    st.caption(f"held out: {direction.held_out:.2f}")
    return steps


def _sheet(subject: Subject, place: np.ndarray, principal: Directions) -> None:
    """The picture in the middle, and what becomes of it along two directions at once."""
    from inspection.latent import joined, sheet

    st.subheader("Two directions at once", anchor=False)
    names = list(principal)
    with st.container(horizontal=True, gap="medium"):
        across = st.selectbox(
            "To the right", names, index=0, key="latent-across", persist_state="session", width=SIDE
        )
        down = st.selectbox(
            "Downwards",
            names,
            index=min(1, len(names) - 1),
            key="latent-down",
            persist_state="session",
            width=SIDE,
        )
    noise = sheet(place, principal[across], principal[down], np.linspace(-FARTHEST, FARTHEST, SHEET))
    pictures = subject.grow(noise.reshape(SHEET**2, -1))
    picture = joined(pictures.reshape(SHEET, SHEET, *pictures.shape[1:]))
    widgets.thumbs("latent-sheet", picture[None], ["A sheet of pictures"], 0, edge=2 * SIDE, picking=False)


def _way(subject: Subject, place: np.ndarray) -> None:
    """From this picture to another."""
    from inspection.latent import between

    st.subheader("From this picture to another", anchor=False)
    with st.container(width=SIDE):
        other = small_nets.whole("The other's noise", 0, generating.MOST_SEED, 1, "latent.other")
    pictures = subject.grow(between(place, subject.sampler.noise(1, other)[0], WAY))
    names = [f"{share:.0%} of the way" for share in np.linspace(0, 1, WAY)]
    widgets.thumbs("latent-way", pictures, names, 0, names, edge=80, picking=False)


def _principal(generator: Any) -> Directions:
    from inspection.latent import Direction, principal

    vectors, strengths = principal(generator)
    shown = zip(vectors[:PRINCIPAL], strengths / max(strengths.max(), 1e-12), strict=False)
    return {
        f"direction {number} ({strength:.0%})": Direction(vector, float("nan"))
        for number, (vector, strength) in enumerate(shown, start=1)
    }


@st.cache_resource(max_entries=16, show_spinner=False)
def _meanings(
    version: tuple[str, int | None], label: int | None, _entry: Entry, _told: latent_panel.Told
) -> Directions:
    """Directions with a name, by what is measured and by what the gallery's classifier says."""
    from inspection.graph import InspectionError
    from inspection.latent import towards

    wanted = dict(_told.measures)
    if _told.classes is not None:
        wanted |= {name: _told.classes == number for number, name in enumerate(_entry.spec["classes"])}
    found = {}
    for name, values in wanted.items():
        try:
            found[name] = towards(_told.noise, values)
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
        fits=generating.makes_pictures,
        explore=explore,
        controls=controls.gan,
        sources=generating.SOURCES,
        first="on the digits it takes a minute",
    )
)
