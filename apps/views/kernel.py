"""Kernel: a convolution by hand, cell by cell; every number of it is Keras'."""

from typing import Any

import numpy as np
import streamlit as st

from apps import engine, frame, links, widgets
from apps.escaping import escape_markdown

DIMENSIONS = {"Picture": 2, "Line": 1}
DEFAULTS = {"stride": 1, "padding": "valid", "dilation": 1, "flip": False}
FIRST = {  # grid and kernel that a person meets, by dimension
    2: ("Five by five", "Checks"),
    1: ("Step", "Difference"),
}
FIELD = 105  # least width of a number's field, in pixels

_kernel = widgets.component("kernel")


def show() -> None:
    """Draw the page."""
    frame.begin(
        "Kernel",
        "A small grid of weights lies on a larger grid of numbers: cell times cell, all summed, is one "
        "number of the output. Then the window goes on. Change any cell and see what follows.",
    )
    engine.ready()
    _begin()
    _choices()
    _settings()
    _slide()


def _begin() -> None:
    """The grid and kernel of the link, or those that everybody meets first."""
    from inspection import convolving
    from inspection.convolving import CellsError, from_text

    state = st.session_state
    if "kernel-grid" in state:
        return
    asked = st.query_params
    state["kernel-dimension"] = "Line" if asked.get("dimension") == "1" else "Picture"
    line = state["kernel-dimension"] == "Line"
    _begin_with(*FIRST[DIMENSIONS[state["kernel-dimension"]]])
    try:
        if "grid" in asked and "kernel" in asked:
            edge, span = (1, convolving.LINE) if line else (convolving.EDGE, convolving.EDGE)
            grid = from_text(asked["grid"], (edge, span, convolving.CHANNELS))
            window = (1 if line else convolving.KERNEL, convolving.KERNEL, grid.shape[-1])
            kernel = from_text(asked["kernel"], window)
            if kernel.shape[-1] != grid.shape[-1]:
                raise CellsError("The link's grid and kernel must have as many channels.")
            _set("grid", grid)
            _set("kernel", kernel)
            state["kernel-grids"] = state["kernel-kernels"] = None
    except CellsError as error:
        st.info(f"{escape_markdown(error)} The page begins as usual.", icon=":material/link_off:")
    for name in ("stride", "dilation"):
        text = asked.get(name, "1")
        fits = text.isascii() and text.isdigit() and len(text) == 1 and 1 <= int(text) <= convolving.STEP
        state[f"kernel-{name}"] = int(text) if fits else 1
    state["kernel-padding"] = "same" if asked.get("padding") == "same" else "valid"
    state["kernel-flip"] = asked.get("flip") == "1"


def _choices() -> None:
    """What is convolved with what."""
    from inspection import convolving

    state = st.session_state
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.segmented_control(
            "Dimensions",
            list(DIMENSIONS),
            key="kernel-dimension",
            persist_state="session",
            required=True,
            on_change=_change_dimension,
        )
        if _is_line():
            grids, kernels = [*convolving.SIGNALS], [*convolving.LINES]
        else:
            grids = [*convolving.GRIDS, *convolving.COLOURS, *(f"Scanned {digit}" for digit in range(10))]
            kernels = [*convolving.KERNELS]
        st.selectbox(
            "Grid",
            grids,
            index=None,
            key="kernel-grids",
            persist_state="session",
            placeholder="Your own",
            on_change=_change_grid,
        )
        st.selectbox(
            "Kernel",
            kernels,
            index=None,
            key="kernel-kernels",
            persist_state="session",
            placeholder="Your own",
            on_change=_change_kernel,
        )
    with st.expander("Sizes and channels", icon=":material/resize:"):
        line = _is_line()
        edge = convolving.LINE if line else convolving.EDGE
        grid, kernel = state["kernel-grid"].shape, state["kernel-kernel"].shape
        fields = [
            ("grid-rows", "Grid rows", edge, grid[0]),
            ("grid-columns", "Grid columns", edge, grid[1]),
            ("kernel-rows", "Kernel rows", convolving.KERNEL, kernel[0]),
            ("kernel-columns", "Kernel columns", convolving.KERNEL, kernel[1]),
            ("channels", "Channels", convolving.CHANNELS, grid[2]),
        ]
        fields = [field for field in fields if not (line and "rows" in field[0])]
        columns = st.grid(len(fields), min_column_width=FIELD, gap="small")
        for name, label, most, size in fields:
            state[f"kernel-size-{name}"] = size
            columns.number_input(
                label, 1, most, key=f"kernel-size-{name}", persist_state="session", on_change=_resize
            )
        st.caption("A new channel begins as a copy of the last one, with its own slice of the kernel.")


def _settings() -> None:
    from inspection import convolving

    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.number_input(
            "Stride",
            1,
            convolving.STEP,
            key="kernel-stride",
            persist_state="session",
            width=FIELD + 25,
            help="Cells that the window goes on",
        )
        st.number_input(
            "Dilation",
            1,
            convolving.STEP,
            key="kernel-dilation",
            persist_state="session",
            width=FIELD + 25,
            help="Cells from one of the window's cells to the next",
        )
        st.segmented_control(
            "Padding",
            list(convolving.PADDINGS),
            key="kernel-padding",
            persist_state="session",
            required=True,
            help="valid: the window stays on the grid. same: zeros around it, so that at stride 1 the output "
            "is as large as the grid",
        )
        st.toggle(
            "Turn the kernel round",
            key="kernel-flip",
            persist_state="session",
            help="What deep learning calls convolution is cross-correlation: the kernel is laid on as it is. "
            "The convolution of mathematics turns it round first, by half a turn.",
        )


def _slide() -> None:
    """The one call, and all that it says."""
    from inspection.convolving import LARGEST, CellsError, code, convolve, to_text

    state = st.session_state
    grid, kernel = state["kernel-grid"], state["kernel-kernel"]
    settings = {name: state[f"kernel-{name}"] for name in DEFAULTS}
    _remember(to_text(grid), to_text(kernel), settings)
    if _is_line():
        grid, kernel = grid[0], kernel[0]
    try:
        slide = convolve(grid, kernel, **settings)
    except CellsError as error:
        st.warning(escape_markdown(error), icon=":material/fit_screen:")
        return
    data: dict[str, Any] = {
        "grid": state["kernel-grid"].tolist(),
        "kernel": state["kernel-kernel"].tolist(),
        "applied": slide.kernel.round(4).tolist(),
        "output": slide.output.round(4).tolist(),
        "products": slide.products.ravel().round(4).tolist(),
        "before": slide.before,
        "padded": slide.padded,
        "stride": slide.stride,
        "dilation": slide.dilation,
        "most": LARGEST,
    }
    _kernel(key="slide", data=data, on_edit_change=_edit)
    if settings["flip"]:
        st.caption(
            "The kernel is turned by half a turn before it is laid on: the convolution of mathematics. The "
            "products show the turned weights."
        )
    else:
        st.caption(
            "What deep learning calls a convolution is a cross-correlation: the kernel is laid on as it is. "
            "For the convolution of mathematics, turn it round. The address of this page holds all that you "
            "see: copy it to share it."
        )
    links.link(links.CONVOLUTION, "See it in a trained net", ":material/arrow_forward:")
    with st.expander("Code", icon=":material/code:"):
        st.code(code(grid, kernel, **settings), "python")


def _edit() -> None:
    """Take over what was typed or painted."""
    from inspection.convolving import CellsError, cells

    told = (st.session_state.get("slide") or {}).get("edit")
    if not isinstance(told, dict) or told.get("part") not in ("grid", "kernel"):
        return
    part = told["part"]
    shape = st.session_state[f"kernel-{part}"].shape
    if told.get("shape") != list(shape):  # it was typed into a grid that is another now
        return
    try:
        st.session_state[f"kernel-{part}"] = cells(told.get("values"), shape)
        st.session_state[f"kernel-{part}s"] = None
    except CellsError:
        return


def _change_dimension() -> None:
    _begin_with(*FIRST[DIMENSIONS[st.session_state["kernel-dimension"]]])


def _begin_with(grid: str, kernel: str) -> None:
    st.session_state["kernel-grids"], st.session_state["kernel-kernels"] = grid, kernel
    _set("grid", _grid(grid))
    _set("kernel", _square(kernel))


def _change_grid() -> None:
    from inspection.convolving import resized

    name = st.session_state["kernel-grids"]
    if name is None:
        return
    grid = _grid(name)
    _set("grid", grid)
    kernel = st.session_state["kernel-kernel"]
    _set("kernel", resized(kernel, (*kernel.shape[:2], grid.shape[2])))


def _change_kernel() -> None:
    from inspection.convolving import resized

    name = st.session_state["kernel-kernels"]
    if name is not None:
        kernel = _square(name)
        _set("kernel", resized(kernel, (*kernel.shape[:2], st.session_state["kernel-grid"].shape[2])))


def _resize() -> None:
    from inspection.convolving import resized

    state = st.session_state
    for part in ("grid", "kernel"):
        old = state[f"kernel-{part}"]
        rows = state.get(f"kernel-size-{part}-rows", 1) if not _is_line() else 1
        shape = (rows, state[f"kernel-size-{part}-columns"], state["kernel-size-channels"])
        if shape != old.shape:
            _set(part, resized(old, shape))
            if shape[:2] != old.shape[:2]:
                state[f"kernel-{part}s"] = None


def _grid(name: str) -> np.ndarray:
    """A grid `(H, W, C)` by its name; a line has one row."""
    from inspection import convolving

    if _is_line():
        return np.array(convolving.SIGNALS[name], "float64")[None, :, None]
    if name in convolving.COLOURS:
        return np.array(convolving.COLOURS[name], "float64")
    if name.startswith("Scanned "):
        return _scan(int(name.removeprefix("Scanned ")))
    return np.array(convolving.GRIDS[name], "float64")[..., None]


@st.cache_data(show_spinner=False)
def _scan(digit: int) -> np.ndarray:
    """The first scan of a digit `(8, 8, 1)`, grey levels 0 to 16."""
    from data import SOURCES

    split = SOURCES["digits"].load().train
    return split.inputs[int(np.flatnonzero(split.targets == digit)[0])].astype("float64")


def _square(name: str) -> np.ndarray:
    from inspection import convolving

    if _is_line():
        return np.array(convolving.LINES[name], "float64")[None, :, None]
    return np.array(convolving.KERNELS[name], "float64")[..., None]


def _is_line() -> bool:
    return st.session_state["kernel-dimension"] == "Line"


def _set(part: str, values: np.ndarray) -> None:
    st.session_state[f"kernel-{part}"] = values


def _remember(grid: str, kernel: str, settings: dict[str, Any]) -> None:
    """Write what is seen into the page's address; a page at its first state keeps a short one."""
    state = st.session_state
    now = {
        name: str(int(value)) if isinstance(value, bool) else str(value) for name, value in settings.items()
    }
    usual = {name: str(int(v)) if isinstance(v, bool) else str(v) for name, v in DEFAULTS.items()}
    wanted = {name: value for name, value in now.items() if value != usual[name]}
    if _is_line():
        wanted["dimension"] = "1"
    first = FIRST[DIMENSIONS[state["kernel-dimension"]]]
    if (state["kernel-grids"], state["kernel-kernels"]) != first or state["kernel-grid"].shape[2] > 1:
        wanted |= {"grid": grid, "kernel": kernel}
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)


show()
