"""Where a picture comes from: drawn, uploaded, from the camera, or of the test set.

Each is kept while another is looked at.
"""

from dataclasses import dataclass

import numpy as np
import streamlit as st
from streamlit_drawable_canvas import st_canvas

from apps import frame, library, widgets
from apps.escaping import sentence
from apps.library import Entry
from inspection import drawing

EDGE = 300  # of the canvas, in pixels
PEN = 24  # of its stroke, in pixels: as thick, for its size, as in the data sets
HANDFUL = 24  # test images that are offered at once
SOURCES = ("Draw", "Upload", "Camera", "Test images")


@dataclass(frozen=True)
class Chosen:
    """A picture as a model sees it.

    Args:
        seen: The model's input `(H, W, C)` in [0, 1]; None while there is no picture.
        label: Of the picture, where that is known.
        hint: What to do where there is no picture.
    """

    seen: np.ndarray | None
    label: int | None
    hint: str


def choose(entry: Entry) -> Chosen:
    """Let a person give a picture."""
    source = st.segmented_control(
        "Picture",
        SOURCES,
        default=None if "source" in st.session_state else "Draw",  # `show_test_image` may have set it
        required=True,
        wrap=True,
        key="source",
        persist_state="session",
        label_visibility="collapsed",
    )
    if source == "Draw":
        hint = "Draw one of these on the black field. Each stroke brings the answer here, and all maps below."
        return Chosen(_drawn(entry), None, hint)
    if source == "Upload":
        return Chosen(_uploaded(entry), None, "Upload a picture of one of these.")
    if source == "Camera":
        return Chosen(_photographed(entry), None, "Take a picture of one of these.")
    return Chosen(*_picked(entry), "Pick one of the test images.")


def show_test_image(number: int) -> None:
    """Have the test image of that number chosen when the page is drawn next."""
    st.session_state["source"] = "Test images"
    st.session_state["first"] = number // HANDFUL * HANDFUL
    st.session_state["thumbs_wanted"] = number


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
    from data import images

    file = st.file_uploader(
        "A picture",
        type=[suffix.removeprefix(".") for suffix in images.SUFFIXES],
        key="upload",
        on_change=lambda: st.session_state.pop("kept_upload", None),
        label_visibility="collapsed",
    )
    return _read(entry, file, "kept_upload")


def _photographed(entry: Entry) -> np.ndarray | None:
    """The camera's picture as the model sees it; None while there is none."""
    file = st.camera_input(
        "A picture",
        key="camera",
        on_change=lambda: st.session_state.pop("kept_photo", None),
        label_visibility="collapsed",
    )
    return _read(entry, file, "kept_photo")


def _read(entry: Entry, file, kept: str) -> np.ndarray | None:
    """A given picture, or the one that was given before another source was looked at."""
    from data import images

    state = st.session_state
    if file is not None and state.get(kept, {}).get("id") != file.file_id:
        try:
            with st.spinner("Reading the picture"):
                picture = images.read_image(file)
        except images.ImageError as error:
            st.warning(f"{sentence(error)}.", icon=":material/broken_image:")
            return None
        state[kept] = {"id": file.file_id, "name": file.name, "picture": picture}
    found = state.get(kept)
    if found is None:
        return None
    if file is None:  # the browser's element forgets what it was given while it is away
        with st.container(horizontal=True, vertical_alignment="center"):
            st.image(found["picture"], width=64)
            st.button("Remove", icon=":material/close:", on_click=lambda: state.pop(kept, None))
    picture = found["picture"]
    invert = st.toggle(
        "Exchange light and dark",
        value=entry.spec["input_shape"][-1] == 1 and drawing.has_light_ground(picture),
        key=f"invert-{found['id']}",
        persist_state="session",
        help="The grey data sets here show light things on a dark ground",
    )
    return _as_input(entry, picture, invert)


def _picked(entry: Entry) -> tuple[np.ndarray | None, int | None]:
    """A test image and its label."""
    split = frame.test_set(entry)
    if split is None:
        return None, None
    first = st.session_state.get("first", 0) % len(split)
    numbers = range(first, min(first + HANDFUL, len(split)))
    examples = [split.example(number) for number in numbers]
    classes = entry.spec["classes"]
    picked = widgets.thumbs(
        "thumbs",
        np.stack([image for image, _ in examples]),
        [
            f"Test image {n + 1}: {classes[label]}" if classes else f"Test image {n + 1}"
            for n, (_, label) in zip(numbers, examples, strict=True)
        ],
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
