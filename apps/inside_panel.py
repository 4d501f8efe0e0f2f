"""Inside a net that looks at a picture: its maps, one unit, why it answered, what excites it, its kernels."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from apps import frame, inside_widgets, library, links, picture_panel, widgets
from apps.escaping import escape_markdown, sentence
from apps.library import Entry
from inspection import tiles

if TYPE_CHECKING:
    from inspection.activations import Activations
    from inspection.exciting import Top

LAYERS: dict[str, Callable[[str], bool]] = {
    "Every layer": lambda kind: True,
    "Convolutions": lambda kind: "Conv" in kind,
    "After activation": lambda kind: kind.islower(),  # functions have lower-case names, layers have not
    "Pooling and head": lambda kind: "Pool" in kind or kind in ("Flatten", "Dense"),
}
CONTRASTS: dict[str, tiles.Contrast] = {"Whole layer": "layer", "Each map": "map"}
SAMPLES = 16  # noisy copies of SmoothGrad
KERNEL = "views/kernel.py"
TOP = 12  # exciting images that are shown for each map
KEPT_SEARCHES = 4  # models whose exciting images are kept
ANSWER = "the answer"
EQUATIONS = r"""
**Grad-CAM** (Selvaraju et al. 2017). $A^k$ are the maps of a layer, $y^c$ the score of class $c$ before any
softmax, $Z$ the number of positions. A map counts as much as raising it would raise the score:

$$
\alpha_k^c = \frac{1}{Z}\sum_{i,j}\frac{\partial y^c}{\partial A_{ij}^k}
$$

$$
L^c = \mathrm{ReLU}\Big(\sum_k \alpha_k^c A^k\Big)
$$

**Saliency** (Simonyan et al. 2013). How much the score changes with each pixel $x_{ij}$, the largest over the
colours $m$; SmoothGrad (Smilkov et al. 2017) takes the mean over noisy copies of the picture first:

$$
S_{ij} = \max_m \Big|\frac{\partial y^c}{\partial x_{ijm}}\Big|
$$

**Occlusion** (Zeiler and Fergus 2014). A patch covers one place after the other. Each pixel shows the mean
drop of the class's probability $p^c$ over the patches $P$ that cover it:

$$
O_{ij} = \operatorname*{mean}_{P \ni (i,j)} \big(p^c(x) - p^c(x\ \text{without}\ P)\big)
$$
"""


def show(entry: Entry, model: Any, seen: np.ndarray, inside: "Activations") -> None:
    """Draw what is inside, in the view that a person has chosen; only that one is computed."""
    from inspection.activations import InspectionError

    view = st.segmented_control(
        "Look at",
        list(VIEWS),
        default=None if "view" in st.session_state else "Maps",  # a click in the maps may have set it
        required=True,
        wrap=True,
        key="view",
        persist_state="session",
        label_visibility="collapsed",
    )
    try:
        VIEWS[view or "Maps"](entry, model, seen, inside)
    except InspectionError as error:
        st.info(sentence(error), icon=":material/visibility_off:")


def _maps(entry: Entry, model: Any, seen: np.ndarray, inside: "Activations") -> None:
    """Every layer's output as tiles."""
    st.caption(
        "One tile for each channel. :primary[**Violet**] is above zero, :orange[**orange**] below, and the "
        "paler, the nearer to it. Point at a tile to read it, click to see how that unit came by its value."
    )
    with st.container(horizontal=True, gap="small"):
        which = st.segmented_control(
            "Layers",
            list(LAYERS),
            default="Every layer",
            required=True,
            wrap=True,
            key="layers",
            persist_state="session",
        )
        contrast = _contrast()
    widgets.maps(
        "maps",
        [
            _layer(name, inside.kinds[name], output[0], contrast)
            for name, output in inside.layers.items()
            if LAYERS[which](inside.kinds[name])
        ],
        on_pick=lambda place: _open_unit(inside, place),
    )


def _contrast() -> tiles.Contrast:
    chosen = st.segmented_control(
        "Contrast",
        list(CONTRASTS),
        default="Whole layer",
        required=True,
        key="contrast",
        persist_state="session",
        help="What the strongest colour stands for: the largest value of the whole layer, so that a "
        "faint map looks faint, or that of each map, so that its pattern shows",
    )
    return CONTRASTS[chosen]


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


def _open_unit(inside: "Activations", place: Mapping[str, Any]) -> None:
    """Have the unit that was clicked at taken apart when the page is drawn next."""
    if place.get("layer") not in inside.layers:
        return
    shape = inside.layers[place["layer"]].shape[1:]
    at = [int(float(place[way]) * size) for way, size in zip(("down", "across"), shape[:-1], strict=False)]
    st.session_state["unit"] = {
        "layer": place["layer"],
        "map": int(place["map"]),
        "row": at[0] if at else 0,
        "column": at[1] if len(at) > 1 else 0,
    }
    st.session_state["view"] = "One unit"


def _one_unit(entry: Entry, model: Any, seen: np.ndarray, inside: "Activations") -> None:
    """One unit: what it sees, and the sum that made it."""
    from inspection.anatomy import anatomy
    from inspection.receptive import field

    layer, place = _pick_unit(inside)
    output = inside.layers[layer][0]
    found = anatomy(model, inside, seen[None], layer, place[:-1], place[-1])
    sees = field(model, layer, place[:-1] if output.ndim == 3 else place, seen.shape)
    inside_widgets.unit(
        "unit_view",
        seen,
        sees,
        output,
        place,
        found,
        on_move=lambda row, column: _move(row=row, column=column),
    )
    if found is None:
        st.caption(
            f"How {escape_markdown(inside.kinds[layer])} computes more than one sum for each value, "
            "which is not shown here."
        )
    st.caption(_field_text(sees, seen.shape))
    links.link(KERNEL, "Slide a kernel by hand", ":material/front_hand:")


def _pick_unit(inside: "Activations") -> tuple[str, tuple[int, ...]]:
    """Let a person name a unit; its layer and its place there."""
    state = st.session_state
    names = [name for name, output in inside.layers.items() if output.ndim in (2, 4)]
    unit = {"layer": None, "map": 0, "row": None, "column": None, **state.get("unit", {})}
    if unit["layer"] not in names:
        unit = {"layer": _first_bend(inside, names), "map": None, "row": None, "column": None}
    output = inside.layers[unit["layer"]][0]
    if unit["map"] is None:
        unit["map"] = int(output.reshape(-1, output.shape[-1]).max(0).argmax())
    unit["map"] = min(unit["map"], output.shape[-1] - 1)
    if output.ndim == 3:
        if unit["row"] is None:  # where the map is strongest
            unit["row"], unit["column"] = _peak(output[..., unit["map"]])
        unit["row"], unit["column"] = (
            min(unit["row"], output.shape[0] - 1),
            min(unit["column"], output.shape[1] - 1),
        )
    state["unit"] = unit

    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        state["unit_layer"] = unit["layer"]
        st.selectbox(
            "Layer",
            names,
            key="unit_layer",
            persist_state="session",
            width=205,
            on_change=lambda: state.update(unit={"layer": state["unit_layer"], "map": None, "row": None}),
        )
        axes = [("map", "Map" if output.ndim == 3 else "Unit", output.shape[-1])]
        if output.ndim == 3:
            axes += [("row", "Row", output.shape[0]), ("column", "Column", output.shape[1])]
        for name, label, size in axes:
            state[f"unit_{name}"] = unit[name] + 1
            st.number_input(
                label,
                1,
                size,
                step=1,
                key=f"unit_{name}",
                persist_state="session",
                width=84,
                on_change=lambda name=name: _move(**{name: state[f"unit_{name}"] - 1}),
            )
        if output.ndim == 3:
            row, column = _peak(output[..., unit["map"]])
            st.button(
                "Strongest",
                icon=":material/my_location:",
                on_click=lambda: _move(row=row, column=column),
                help="Go where this map answers most",
            )
            return unit["layer"], (unit["row"], unit["column"], unit["map"])
    return unit["layer"], (unit["map"],)


def _move(**changes: int) -> None:
    st.session_state["unit"] = {**st.session_state.get("unit", {}), **changes}


def _peak(values: np.ndarray) -> tuple[int, int]:
    row, column = np.unravel_index(int(values.argmax()), values.shape)
    return int(row), int(column)


def _first_bend(inside: "Activations", names: list[str]) -> str:
    """The first layer's maps after their activation, where a person begins."""
    return next((name for name in names if inside.kinds[name].islower()), names[0])


def _field_text(sees: Any, shape: tuple[int, ...]) -> str:
    box = sees.box
    size = library.shape_text([part.stop - part.start for part in box])
    if all(part == slice(0, whole) for part, whole in zip(box, shape, strict=False)):
        return f"It sees the whole picture, {size}. The frame on the picture is its receptive field."
    more = "" if sees.exact else " at most"
    return f"Its receptive field, the frame on the picture, is{more} {size} pixels of it."


def _why(entry: Entry, model: Any, seen: np.ndarray, inside: "Activations") -> None:
    """Where in the picture the evidence for a class lies."""
    from inspection.attribution import grad_cam, last_maps, map_layers, occlusion, saliency
    from inspection.endings import probabilities

    classes = entry.spec["classes"]
    answer = int(inside.output[0].argmax())
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        wanted = st.selectbox(
            "Why",
            [ANSWER, *range(len(classes))],
            format_func=lambda each: f"{ANSWER}: {classes[answer]}" if each == ANSWER else classes[each],
            key=f"why_class_{entry.key}",
            persist_state="session",
            width=220,
        )
        names = map_layers(model)
        layer = st.selectbox(
            "Maps of Grad-CAM",
            names,
            index=names.index(last_maps(model)),
            key=f"why_layer_{entry.key}",
            persist_state="session",
            width=220,
        )
        edge = max(2, min(seen.shape[:2]) // 4)
        patch = st.slider(
            "Patch of the occlusion",
            1,
            max(2, min(seen.shape[:2]) // 2),
            edge,
            key=f"why_patch_{entry.key}",
            persist_state="session",
            width=190,
            help="Its edge, in pixels",
        )
        smooth = st.toggle(
            "SmoothGrad",
            key="why_smooth",
            persist_state="session",
            help=f"The mean gradient of {SAMPLES} noisy copies, in place of the picture's own",
        )
    target = answer if wanted == ANSWER else int(wanted)
    with st.spinner("Looking for what speaks for it"):  # seconds at first, while it is compiled
        cam = grad_cam(model, seen[None], target, layer).heat[0]
        slope = saliency(model, seen[None], target, samples=SAMPLES if smooth else 0).heat[0]
        drop = occlusion(model, seen[None], target, patch=patch).heat[0]
    share = float(probabilities(model, inside.output)[0][target])
    inside_widgets.heat(
        "heat",
        seen,
        [
            {
                "name": "Grad-CAM",
                "note": f"where {layer} speaks for {classes[target]}"
                if cam.max() > 0
                else f"no place in {layer} speaks for {classes[target]}",
                "heat": cam,
                "unit": "",
                "smooth": True,
            },
            {
                "name": "SmoothGrad" if smooth else "Saliency",
                "note": "pixels whose change would change the score most",
                "heat": slope,
                "unit": "",
                "smooth": False,
            },
            {
                "name": "Occlusion",
                "note": f"what covering takes from the {share:.0%}; orange: covering helps",
                "heat": drop,
                "unit": "%",
                "smooth": False,
            },
        ],
    )
    with st.expander("How these are computed", icon=":material/function:"):
        st.markdown(EQUATIONS)


def _excites(entry: Entry, model: Any, seen: np.ndarray, inside: "Activations") -> None:
    """The test images that excite a map most."""
    from inspection.receptive import field

    split = frame.test_set(entry)
    if split is None:
        return
    found = _search(entry, model, split)
    names = [name for name, output in inside.layers.items() if output.ndim in (2, 4) and name in found]
    chosen = st.session_state.get("unit", {}).get("layer")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        layer = st.selectbox(
            "Layer",
            names,
            index=names.index(chosen if chosen in names else _first_bend(inside, names)),
            key=f"excite_layer_{entry.key}",
            persist_state="session",
            width=250,
        )
        output = inside.layers[layer][0]
        channels = output.shape[-1]
        strongest = int(output.reshape(-1, channels).max(0).argmax())
        channel = (
            st.number_input(
                "Map" if output.ndim == 3 else "Unit",
                1,
                channels,
                value=strongest + 1,
                step=1,
                key=f"excite_map_{entry.key}_{layer}",
                persist_state="session",
                width=115,
                help="At first the one that answers most to your picture",
            )
            - 1
        )
    top: Top = found[layer]
    classes = entry.spec["classes"]
    shown = []
    for rank in range(len(top.values)):
        number = int(top.examples[rank, channel])
        image, label = split.example(number)
        place = tuple(int(at) for at in top.positions[rank, channel]) or (channel,)
        shown.append(
            {
                "image": image,
                "box": field(model, layer, place, image.shape).box,
                "name": classes[label],
                "value": top.values[rank, channel],
                "number": number,
            }
        )
    own = float(output[..., channel].max())
    st.caption(
        f"Of {library.readable(len(split))} test images, those that excite this map most, each with the part "
        f"that it sees enlarged beside it. Your picture brings it to {own:.2f}. Pick one to look into it."
    )
    inside_widgets.crops("crops", shown, on_pick=picture_panel.show_test_image)


def _search(entry: Entry, model: Any, split: Any) -> "Mapping[str, Top]":
    """The exciting images of every map; searched for once for each model."""
    from inspection.exciting import exciting

    searches, path = _searches(), entry.run.model_path
    key = (str(path), path.stat().st_mtime_ns)
    if key not in searches:
        bar = st.progress(0.0, f"Showing all {library.readable(len(split))} test images to the net, once")
        found = exciting(model, split.inputs, TOP, split.scale, bar.progress)
        while len(searches) >= KEPT_SEARCHES:
            searches.pop(next(iter(searches)), None)
        searches[key] = found
        bar.empty()
    return searches[key]


@st.cache_resource(show_spinner=False)
def _searches() -> "dict[tuple[str, int], Mapping[str, Top]]":
    return {}


def _kernels(entry: Entry, model: Any, seen: np.ndarray, inside: "Activations") -> None:
    """The learned kernels of every convolution."""
    from inspection.kernels import kernels

    found = kernels(model)
    if not found:
        st.info("This net has no convolution, so it has no kernels.", icon=":material/grid_off:")
        return
    st.caption(
        "What each map was taught to look for: where its pixels are :primary[**violet**] it wants light, "
        "where they are :orange[**orange**] dark. Deeper kernels look at the maps before them, not at pixels."
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        layer = st.selectbox(
            "Layer",
            ["Every layer", *found],
            key=f"kernel_layer_{entry.key}",
            persist_state="session",
            width=250,
        )
        channel = None
        if layer != "Every layer":
            channel = (
                st.number_input(
                    "Map",
                    1,
                    found[layer].shape[-1],
                    step=1,
                    key=f"kernel_map_{entry.key}_{layer}",
                    persist_state="session",
                    width=115,
                )
                - 1
            )
        contrast = _contrast()
    if channel is not None:
        kernel = found[layer][..., channel]  # (height, width, C)
        note = f"what map {channel + 1} takes from each of the {kernel.shape[-1]} channels that it looks at"
        widgets.maps("kernels", [{"name": layer, "note": note, "tiles": tiles.tiles(kernel, contrast)}])
        return
    shown = []
    for name, kernel in found.items():
        height, width, depth, count = kernel.shape
        note = f"{count} kernels of {library.shape_text((height, width, depth))}"
        if depth > 1:
            note = f"{note}, their mean over the {depth} channels"
        shown.append({"name": name, "note": note, "tiles": tiles.tiles(kernel.mean(axis=2), contrast)})
    widgets.maps("kernels", shown)
    links.link(KERNEL, "Slide a kernel by hand", ":material/front_hand:")


VIEWS: dict[str, Callable[[Entry, Any, np.ndarray, "Activations"], None]] = {
    "Maps": _maps,
    "One unit": _one_unit,
    "Why this answer": _why,
    "What excites it": _excites,
    "Kernels": _kernels,
}
