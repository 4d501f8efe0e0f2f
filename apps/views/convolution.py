"""Convolution: draw, upload, photograph or pick a picture, and see inside a trained net that looks at it."""

from typing import TYPE_CHECKING, Any

import streamlit as st

from apps import controls, frame, inside_panel, library, picture_panel, widgets
from apps.escaping import sentence
from apps.library import Entry
from apps.picture_panel import Chosen
from inspection import drawing

if TYPE_CHECKING:
    from inspection.activations import Activations

SIDE = 340  # width of the column in which a picture is made, in pixels
MOST_CLASSES = 12  # bars; of more classes only the likeliest are shown
# The picture stays in sight beside what is below it, where there is room for both.
STYLE = """<style>
@media (min-width: 960px) and (min-height: 640px) {
  [data-testid="stLayoutWrapper"]:has(> .st-key-picture) {
    position: sticky; top: 4.2rem; align-self: flex-start;
  }
}
</style>"""


@st.fragment
def explore(entry: Entry) -> None:
    """From a picture to the answer and what is inside; a stroke runs nothing but this."""
    model = frame.model(entry)
    if model is None:
        return
    st.html(STYLE)
    with st.container(horizontal=True, gap="large"):
        with st.container(width=SIDE, key="picture"):
            chosen = picture_panel.choose(entry)
        with st.container():
            inside = _answer(entry, model, chosen)
            if inside is not None and chosen.seen is not None:
                inside_panel.show(entry, model, chosen.seen, inside)


def _answer(entry: Entry, model: Any, chosen: Chosen) -> "Activations | None":
    """Show what the model says of its input; what it computed on the way."""
    from inspection.activations import InspectionError, activations
    from inspection.endings import probabilities

    classes, seen, label = entry.spec["classes"], chosen.seen, chosen.label
    if seen is None:
        widgets.answer("answer", classes[:MOST_CLASSES], None, hint=chosen.hint)
        return None
    try:
        inside = activations(model, seen[None])
    except InspectionError as error:
        st.warning(sentence(error), icon=":material/visibility_off:")
        return None
    shares = probabilities(model, inside.output)[0]
    shown = list(range(len(classes)))
    if len(classes) > MOST_CLASSES:
        shown = sorted(shown, key=lambda i: -shares[i])[:MOST_CLASSES]
    caption = f"Seen as {library.shape_text(entry.spec['input_shape'][:2])}"
    if label is not None:
        caption = f"{caption}\nLabelled {classes[label]}"
    elif entry.spec["name"] in drawing.FRAMINGS:
        caption = f"{caption}\nFramed like its data"
    widgets.answer(
        "answer",
        [classes[i] for i in shown],
        [shares[i] for i in shown],
        seen,
        None if label is None or label not in shown else shown.index(label),
        caption,
    )
    return inside


frame.show(
    frame.Page(
        file=__file__,
        title="Convolution",
        idea=(
            "A small kernel slides over a picture and answers wherever it meets its pattern. Layers of "
            "kernels turn strokes into shapes, and shapes into a decision."
        ),
        architecture="cnn",
        fits=lambda entry: library.sees_images(entry) and entry.run.config.get("source") != "clips",
        explore=explore,
        controls=controls.cnn,
        sources=("digits", "mnist", "fashion_mnist", "cifar10", "image_folder"),
    )
)
