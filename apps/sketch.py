"""A curve that a person draws from left to right; it is still there after a look elsewhere."""

import numpy as np
import streamlit as st
from streamlit_drawable_canvas import st_canvas

from inspection import drawing

SIZE = (300, 190)  # of the canvas, in pixels
PEN = 5  # width of the stroke, in pixels


def sketch(key: str, length: int, size: tuple[int, int] = SIZE) -> np.ndarray | None:
    """Show the canvas.

    Args:
        key: Of the element.
        length: Points of the curve.
        size: Width and height, in pixels.

    Returns: `(length,)` float32 from -1 at the lower edge to 1 at the upper; None while nothing is drawn.
    """
    from inspection import lines

    state = st.session_state
    if key not in state:  # it was away, or never here: it comes back with what was on it
        state[f"{key}_begins"] = state.get(f"{key}_drawing")
    result = st_canvas(
        stroke_width=PEN,
        stroke_color="#ffffff",
        background_color="#000000",
        width=size[0],
        height=size[1],
        initial_drawing=state[f"{key}_begins"],
        return_image_data=True,
        key=key,
    )
    if result.image_data is not None:
        state[f"{key}_drawing"], state[f"{key}_picture"] = (
            result.json_data,
            drawing.on_black(result.image_data),
        )
    picture = state.get(f"{key}_picture")
    curve = None if picture is None else lines.from_drawing(picture, length)
    return None if curve is None else curve[:, 0]
