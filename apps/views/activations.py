"""Activations: the functions that bend a net, what they do in a trained one, and a net without any."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from apps import charts, controls, frame, library, sweep_panel, widgets
from apps.escaping import escape_markdown, sentence
from apps.library import Entry
from inspection import tiles
from training.runs import Run

if TYPE_CHECKING:
    from data.source import Split
    from inspection.units import Layer

POINTS = 401  # of a curve
REACH = 4.0  # of its input, to either side
WATCHED = 2000  # examples of the test set that stand for all of it
ACROSS = 3  # charts of the sweep in a row
CHECKED = 64  # test examples on which a collapsed net is compared with the net
FORMULAS = {
    "relu": "max(0, x)",
    "leaky_relu": "x, or 0.2 x below 0",
    "prelu": "x, or a x below 0; a is learned and begins at 0",
    "elu": "x, or exp(x) − 1 below 0",  # noqa: RUF001 (a minus)
    "selu": "ELU, scaled so that a deep net keeps mean 0 and variance 1",
    "gelu": "x Φ(x), with the normal distribution's Φ",
    "silu": "x σ(x)",  # noqa: RUF001 (a sigma)
    "sigmoid": "σ(x) = 1 / (1 + exp(−x))",  # noqa: RUF001
    "tanh": "tanh(x)",
    "linear": "x: no bend at all",
    "quadratic": "x², a polynomial",
}


@st.fragment
def explore(entry: Entry) -> None:
    """The functions, then what they do in the chosen net."""
    _functions()
    st.divider()
    _in_a_net(entry)
    st.divider()
    _dying()


def _functions() -> None:
    """Curves and derivatives, side by side."""
    from inspection.units import slopes
    from models import layers

    st.subheader("The function and its slope", anchor=False)
    picked = st.pills(
        "Functions",
        layers.ACTIVATIONS,
        selection_mode="multi",
        default=["relu", "gelu", "sigmoid"],
        key="functions",
        persist_state="session",
        label_visibility="collapsed",
    )
    if not picked:
        st.info("Choose a function, or several to compare.", icon=":material/touch_app:")
        return
    points = np.linspace(-REACH, REACH, POINTS)
    curves = {name: slopes(layers.curve(name), points) for name in picked}
    for column, title, side in zip(st.columns(2), ("Function", "Derivative"), (0, 1), strict=True):
        with column:
            st.markdown(f"**{title}**")
            charts.curves(
                {name: (points, curve[side]) for name, curve in curves.items()}, "x", f"functions-{side}"
            )
    st.caption(" · ".join(f"**{name}**: {FORMULAS[name]}" for name in picked))
    st.caption(
        "Training multiplies by the derivative at every layer on the way back. Where it is 0, nothing is "
        "learned; where it is below 1, less arrives with every layer."
    )


def _in_a_net(entry: Entry) -> None:
    """What the activation functions of a trained net do, on one input and on the test set."""
    from inspection.graph import InspectionError

    st.subheader("In this net", anchor=False)
    model = frame.model(entry)
    if model is None:
        return
    split = frame.test_set(entry)
    if split is None:
        return
    number = st.number_input(
        f"Test example, 1 to {library.readable(len(split))}",
        min_value=1,
        max_value=len(split),
        key="example",
        persist_state="session",
        width=260,
    )
    inputs, label = split.example(int(number) - 1)
    _answer(entry, model, inputs, label)
    try:
        with st.spinner("Watching every unit over the test set"):
            overall = _over_test_set(entry, model, split)
        here = _on_one(model, inputs)
    except InspectionError as error:
        st.info(sentence(error), icon=":material/visibility_off:")
    else:
        _layers(here, overall, min(len(split), WATCHED))
    _collapse(entry, model, split)


def _answer(entry: Entry, model: Any, inputs: np.ndarray, label: int) -> None:
    from inspection.activations import activations
    from inspection.endings import probabilities

    classes = entry.spec["classes"]
    shares = probabilities(model, activations(model, inputs[None]).output)[0]
    widgets.answer(
        "answer",
        classes,
        shares,
        inputs if inputs.ndim == 3 else None,
        label,
        f"Labelled {classes[label]}",
    )


def _over_test_set(entry: Entry, model: Any, split: "Split") -> "list[Layer]":
    """Every activation function over the test set, computed once for a model."""
    modified = entry.run.model_path.stat().st_mtime_ns
    return _watched(str(entry.run.path), modified, _model=model, _split=split)


@st.cache_data(max_entries=16, show_spinner=False)
def _watched(path: str, modified: int, _model: Any, _split: "Split") -> "list[Layer]":
    """`path` and `modified` tell one model from another."""
    from inspection import units

    inputs = _split.inputs[:WATCHED].astype("float32") * _split.scale
    return units.units(_model, units.in_batches(inputs))


def _on_one(model: Any, inputs: np.ndarray) -> "list[Layer]":
    from inspection import units

    return units.units(model, [inputs[None]])


def _layers(here: "list[Layer]", overall: "list[Layer]", watched: int) -> None:
    """A row for each activation function."""
    st.caption(
        "**Silent**: the output is exactly 0. **Flat**: the slope is below 0.01, so next to no gradient "
        f"passes. **Dead**: flat on every one of {library.readable(watched)} test examples, so the unit "
        "learns nothing any more. The histogram shows what arrives at the function, over all of these."
    )
    for one, all_of_them in zip(here, overall, strict=True):
        with st.container(border=True):
            figures, histogram = st.columns([2, 3], vertical_alignment="center")
            with figures:
                st.markdown(f"**{escape_markdown(all_of_them.name)}** · {all_of_them.units} units")
                with st.container(horizontal=True):
                    st.metric("silent here", f"{one.silent:.0%}", help="On this example")
                    st.metric("flat here", f"{one.flat:.0%}", help="On this example")
                    st.metric("silent", f"{all_of_them.silent:.0%}", help="Over the test set")
                    st.metric("dead units", f"{int(all_of_them.dead.sum())}", help="Over the test set")
            with histogram:
                charts.histogram(
                    all_of_them.counts, all_of_them.edges, "what arrives", f"histogram-{all_of_them.name}"
                )


def _collapse(entry: Entry, model: Any, split: "Split") -> None:
    """A net that never bends, written as the one affine map that it is."""
    from inspection.graph import InspectionError
    from inspection.units import collapsed

    st.subheader("Without a bend", anchor=False)
    inputs = split.inputs[:CHECKED].astype("float32") * split.scale
    try:
        found = collapsed(model, inputs)
    except InspectionError as error:
        st.caption(f"{sentence(error)}.")
        return
    if found is None:
        st.caption(
            "This net bends: no single matrix does what it does. Train one with the activation **linear** "
            "in the tab Train, as deep as you like, and look at it here: it is one affine map."
        )
        return
    size, outputs = found.weights.shape
    st.markdown(
        f"All layers of this net together are one affine map, **x W + b**, with {size} × {outputs} "  # noqa: RUF001
        f"weights. On {len(inputs)} test examples the map and the net differ by "
        f"{found.error:.1e} at the most."
    )
    shape = entry.spec["input_shape"]
    pictures = found.weights.reshape(*shape[:-1], -1) if len(shape) == 3 else found.weights.T
    widgets.maps(
        "collapsed",
        [
            {
                "name": "W",
                "note": f"{pictures.shape[-1]} columns, one for each of {', '.join(entry.spec['classes'])}",
                "tiles": tiles.tiles(pictures),
            }
        ],
    )
    with st.expander("The numbers", icon=":material/table:"):
        st.dataframe(
            {name: found.weights[:, column] for column, name in enumerate(entry.spec["classes"])},
            key="weights",
        )
        st.caption("b = " + ", ".join(f"{value:.4g}" for value in found.bias))


def _dying() -> None:
    """How often deep narrow nets give a constant, by activation function."""
    st.subheader("The dying ReLU", anchor=False)
    st.markdown(
        "Deep narrow nets learn |x|, which two ReLU units can do exactly. A unit that is negative on every "
        "input has slope 0 there and never comes back; once a whole layer has died, the net is a constant "
        "for good, the mean of its targets (Lu, Shin, Su and Karniadakis 2020, arXiv:1903.06733). He "
        "initialization does not save it. What helps: more width, or a function that is nowhere flat."
    )
    sweep_panel.show("abs_sweep", _collapsed)


def _collapsed(run: Run) -> None:
    """The share of constant nets for each depth and width, an activation function beside the next."""
    nets = run.sweep["nets"]
    names = list(dict.fromkeys(net["activation"] for net in nets))
    st.caption("Share of the nets that give the same answer for every input.")
    for start in range(0, len(names), ACROSS):
        columns = st.columns(ACROSS, gap="medium")
        for column, name in zip(columns, names[start : start + ACROSS], strict=False):
            with column:
                st.markdown(f"**{name}**")
                charts.collapse(nets, name, f"collapse-{run.name}-{name}")


def fits(entry: Entry) -> bool:
    """Whether a model's units can be watched: any that has learned classes of examples of one size."""
    if entry.architecture in ("policy", "gan"):
        return False
    shape = entry.spec.get("input_shape", (None,))
    return bool(entry.spec.get("classes")) and None not in shape and math.prod(shape) > 0


frame.show(
    frame.Page(
        file=__file__,
        title="Activations",
        idea=(
            "Without a bend between them, any number of layers is one. The activation function is that bend: "
            "see its curve, what it does in a trained net, and what becomes of a net without it."
        ),
        architecture="mlp",
        fits=fits,
        explore=explore,
        controls=controls.mlp,
        sources=("digits", "fashion_mnist"),
    )
)
