"""Convolution: draw, upload or pick a picture, and see every layer of a trained net answer to it."""

from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st
from streamlit_drawable_canvas import st_canvas

from apps import engine, frame, library, widgets
from apps.library import Entry
from apps.training_panel import Control, sentence
from inspection import drawing, tiles

if TYPE_CHECKING:
    from inspection.activations import Activations

SIDE = 340  # width of the column in which a picture is made, in pixels
EDGE = 300  # of the canvas, in pixels
PEN = 24  # of its stroke, in pixels: as thick, for its size, as in the data sets
HANDFUL = 24  # test images that are offered at once
MOST_CLASSES = 12  # bars; of more classes only the likeliest are shown
SOURCES = {
    "Draw": ":material/draw:",
    "Upload": ":material/upload:",
    "Test images": ":material/photo_library:",
}
LAYERS = {
    "Every layer": lambda kind: True,
    "Convolutions": lambda kind: "Conv" in kind,
    "After activation": lambda kind: kind.islower(),  # functions have lower-case names, layers have not
    "Pooling and head": lambda kind: "Pool" in kind or kind in ("Flatten", "Dense"),
}
CONTRASTS: dict[str, tiles.Contrast] = {"Whole layer": "layer", "Each map": "map"}


def controls() -> tuple[Control, ...]:
    """The settings of a convolutional net that the tab Train offers."""
    from models import cnn, layers

    return (
        Control("model.filters", "Filters", "Maps of each stage, first to last"),
        Control("model.convolutions", "Convolutions", "In each stage, or one number for all"),
        Control("model.kernel_size", "Kernel size", "Edge of the kernels, in pixels"),
        Control("model.dropout", "Dropout", "Share of the units that are dropped after each stage"),
        Control("model.activation", "Activation", "What bends the sums", layers.ACTIVATIONS),
        Control("model.normalization", "Normalization", "Between sum and activation", layers.NORMALIZATIONS),
        Control("model.head", "Head", "How the last maps become one vector", cnn.HEADS),
        Control("model.residual", "Residual", "Add each convolution's input to its output"),
    )


@st.fragment
def explore(entry: Entry) -> None:
    """From a picture to the answer and the maps; a stroke runs nothing but this."""
    from training.runs import RunError

    try:
        model = engine.model(entry.run)
    except RunError as error:
        st.info(f"{sentence(error)}.", icon=":material/hourglass_empty:")
        return
    with st.container(horizontal=True, gap="large"):
        with st.container(width=SIDE):
            seen, label, hint = _input(entry)
        with st.container():
            inside = _answer(entry, model, seen, label, hint)
    if inside is not None:
        _maps(inside)


def _input(entry: Entry) -> tuple[np.ndarray | None, int | None, str]:
    """Let a person give a picture: the model's input, its label where that is known, what to do else."""
    source = st.segmented_control(
        "Picture",
        list(SOURCES),
        format_func=lambda name: f"{SOURCES[name]} {name}",
        default="Draw",
        required=True,
        key="source",
        persist_state="session",
        label_visibility="collapsed",
    )
    if source == "Draw":
        return (
            _drawn(entry),
            None,
            "Draw one of these on the black field. Each stroke brings the answer here, and all maps below.",
        )
    if source == "Upload":
        return _uploaded(entry), None, "Upload a picture of one of these."
    return *_picked(entry), "Pick one of the test images."


def _drawn(entry: Entry) -> np.ndarray | None:
    """What is drawn on the canvas, as the model sees it; None while it is empty."""
    colours = entry.spec["input_shape"][-1] == 3
    pen = "#ffffff"
    if colours:
        pen = st.color_picker("Pen", pen, key="pen", label_visibility="collapsed", persist_state="session")
    else:
        st.space("small")  # for the canvas' own tools, which float above it
    state = st.session_state
    if "canvas" not in state:  # it was away, or never here: it comes back with what was on it
        state["canvas_begins"] = state.get("canvas_drawing")
    result = st_canvas(
        stroke_width=PEN,
        stroke_color=pen,
        background_color="#000000",
        width=EDGE,
        height=EDGE,
        initial_drawing=state["canvas_begins"],
        return_image_data=True,
        key="canvas",
    )
    if result.image_data is not None:
        state["canvas_drawing"], state["canvas_picture"] = (
            result.json_data,
            drawing.on_black(result.image_data),
        )
    picture = state.get("canvas_picture")
    return None if picture is None or drawing.is_empty(picture) else _as_input(entry, picture)


def _uploaded(entry: Entry) -> np.ndarray | None:
    """The uploaded picture as the model sees it; None while there is none that can be read."""
    file = st.file_uploader(
        "A picture", type=["png", "jpg", "jpeg", "bmp", "gif", "webp"], label_visibility="collapsed"
    )
    if file is None:
        return None
    try:
        picture = drawing.read_picture(file)
    except drawing.PictureError as error:
        st.warning(str(error), icon=":material/broken_image:")
        return None
    invert = st.toggle(
        "Exchange light and dark",
        value=entry.spec["input_shape"][-1] == 1 and drawing.has_light_ground(picture),
        key=f"invert-{file.file_id}",
        help="The grey data sets here show light things on a dark ground",
    )
    return _as_input(entry, picture, invert)


def _picked(entry: Entry) -> tuple[np.ndarray | None, int | None]:
    """A test image and its label."""
    from data import DataUnavailable

    try:
        with st.spinner("Reading the test images"):
            split = engine.test_split(entry.run)
    except DataUnavailable as error:
        st.info(sentence(error), icon=":material/cloud_off:")
        return None, None
    first = st.session_state.get("first", 0) % len(split)
    numbers = range(first, min(first + HANDFUL, len(split)))
    examples = [split.example(number) for number in numbers]
    classes = entry.spec["classes"]
    picked = widgets.thumbs(
        "thumbs",
        np.stack([image for image, _ in examples]),
        [f"Test image {n + 1}: {classes[label]}" for n, (_, label) in zip(numbers, examples, strict=True)],
        first,
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "More",
            icon=":material/navigate_next:",
            on_click=lambda: st.session_state.update(first=first + HANDFUL),
        )
        st.caption(f"of {library.readable(len(split))} that it was not trained on")
    return split.example(picked)


def _as_input(entry: Entry, picture: np.ndarray, invert: bool = False) -> np.ndarray:
    framing = drawing.FRAMINGS.get(entry.spec["name"])
    return drawing.to_input(picture, entry.spec["input_shape"], framing, invert)


def _answer(
    entry: Entry, model: Any, seen: np.ndarray | None, label: int | None, hint: str
) -> "Activations | None":
    """Show what the model says of its input; what it computed on the way."""
    from inspection.activations import InspectionError, activations, probabilities

    classes = entry.spec["classes"]
    if seen is None:
        widgets.answer("answer", classes[:MOST_CLASSES], None, hint=hint)
        return None
    try:
        inside = activations(model, seen[None])
    except InspectionError as error:
        st.warning(sentence(error), icon=":material/visibility_off:")
        return None
    shares = probabilities(inside.output)[0]
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


def _maps(inside: "Activations") -> None:
    """Every layer's output as tiles."""
    st.divider()
    st.subheader("Inside, layer by layer", anchor=False)
    st.caption(
        "One tile for each channel. :primary[**Violet**] is above zero, :orange[**orange**] below, and the "
        "paler, the nearer to it. Point at a tile to read its values."
    )
    with st.container(horizontal=True, gap="large"):
        which = st.segmented_control(
            "Layers",
            list(LAYERS),
            default="Every layer",
            required=True,
            wrap=True,
            key="layers",
            persist_state="session",
        )
        contrast = st.segmented_control(
            "Contrast",
            list(CONTRASTS),
            default="Whole layer",
            required=True,
            key="contrast",
            persist_state="session",
            help="What the strongest colour stands for: the largest value of the whole layer, so that a "
            "faint map looks faint, or that of each map, so that its pattern shows",
        )
    widgets.maps(
        "maps",
        [
            _layer(name, inside.kinds[name], output[0], CONTRASTS[contrast])
            for name, output in inside.layers.items()
            if LAYERS[which](inside.kinds[name])
        ],
    )


def _layer(name: str, kind: str, output: np.ndarray, contrast: tiles.Contrast) -> dict[str, Any]:
    """A layer as `widgets.maps` takes it."""
    pictures = tiles.tiles(output, contrast)
    if output.ndim == 1:
        note = f"{kind}: {len(output)} units"
    else:
        note = f"{kind}: {output.shape[-1]} maps of {library.shape_text(output.shape[:-1])}"
    if pictures.silent >= 0.005:
        note = f"{note}, {pictures.silent:.0%} silent"
    return {"name": name, "note": note, "tiles": pictures}


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
        controls=controls,
        sources=("digits", "mnist", "fashion_mnist", "cifar10", "image_folder"),
    )
)
