"""Approximation: draw, type or pick a function, and watch a net of your own bend itself into it."""

from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from apps import charts, controls, frame, small_nets, sweep_panel, widgets
from apps.escaping import escape_markdown, sentence
from apps.library import Entry
from apps.sketch import sketch
from apps.small_nets import Moment, Plan
from inspection import tiles

if TYPE_CHECKING:
    from training.recipe import Recipe

HEIGHTS = 200  # points of a drawn curve
POINTS = 301  # at which a curve is drawn
GRID = 64  # places along each axis of a picture
FAR = 1e9  # value beyond which a net that is lost is not followed
DOTS = 300  # training points that are drawn at the most
SOURCES = ("function", "surface")
TYPED, DRAWN = "Your formula", "Your drawing"
LINE = {  # name -> formula of x, where it begins and ends
    "Two waves": ("sin(3 * x) + x / 2", -3.0, 3.0),
    "A bump": ("exp(-4 * x^2)", -2.0, 2.0),
    "A corner": ("abs(x)", -2.0, 2.0),
    "A jump": ("sign(x)", -2.0, 2.0),
    "Saw teeth": ("x - floor(x)", -2.0, 2.0),
    "Faster and faster": ("sin(2 * x^2)", -3.0, 3.0),
}
PLANE = {
    "Hills (x and y)": ("sin(2 * x) * cos(2 * y)", -2.0, 2.0),
    "A ring (x and y)": ("exp(-8 * (sqrt(x^2 + y^2) - 1)^2)", -2.0, 2.0),
    "A saddle (x and y)": ("x^2 - y^2", -1.0, 1.0),
    "Checks (x and y)": ("sign(sin(3 * x) * sin(3 * y))", -2.0, 2.0),
}

_curves = widgets.component("curves")


def explore(entry: Entry | None) -> None:
    """The function and the net on one side, how the one becomes the other on the other side."""
    hint = "Choose a function and a network, then press **Fit it**."
    small_nets.side_by_side(entry, _make, _draw, "Fit it", hint)
    _sweep()


def _make() -> Plan | None:
    """Draw the settings of the function and of the network; None while there is no function."""
    from training import losses
    from training.settings import SettingsError

    given = _function()
    if given is None:
        return None
    recipe, data = given
    try:
        recipe = recipe.override(data)
    except SettingsError as error:
        st.warning(sentence(error), icon=":material/function:")
        return None
    if not _preview(recipe.data):
        return None
    return Plan(recipe, recipe.data.spec(), small_nets.settings(recipe, losses.OF_VALUES))


def _function() -> "tuple[Recipe, dict[str, Any]] | None":
    """The recipe for a function of its kind, and the function as its settings; None while there is none."""
    from data import formula
    from training import recipes

    presets = {**LINE, **PLANE}
    picked = st.selectbox("Function", [*presets, TYPED, DRAWN], key="function", bind="query-params")
    first = presets.get(picked, LINE["Two waves"])
    data: dict[str, Any] = {"data.formula": first[0]}
    if picked == TYPED:
        data["data.formula"] = st.text_input(
            "Formula of x, or of x and y",
            first[0],
            key="formula",
            bind="query-params",
            max_chars=200,
            help=f"+ - * / % ^, pi, e, and {', '.join(formula.FUNCTIONS)}",
        )
    elif picked == DRAWN:
        st.space("small")  # for the canvas' own tools, which float above it
        curve = sketch("sketch", HEIGHTS)
        if curve is None:
            st.caption("Draw a curve from left to right, in one stroke or several.")
            return None
        data["data.heights"] = [round(float(height), 4) for height in curve]
    recipe = recipes.find("surface_mlp" if _is_plane(data) else "function_mlp")
    more = st.expander("Range, points and noise", icon=":material/straighten:")
    with more, st.grid(min_column_width=100, gap="small"):
        for field, label, value in (("low", "From", first[1]), ("high", "To", first[2])):
            # A key for each function, whose own range it begins with.
            key = f"function.{field}-{picked}"
            data[f"data.{field}"] = st.number_input(
                label, value=value, step=0.5, key=key, bind="query-params"
            )
        data["data.examples"] = small_nets.whole(
            "Points to learn from", 2, 100_000, recipe.data.examples, f"{recipe.source}.examples"
        )
        data["data.noise"] = st.number_input(
            "Noise",
            min_value=0.0,
            max_value=10.0,
            value=0.0,
            step=0.05,
            key="function.noise",
            bind="query-params",
            help="Its standard deviation, where the function is brought to a height of 2",
        )
    return recipe, data


def _is_plane(data: dict[str, Any]) -> bool:
    from data import formula

    try:
        return not data.get("data.heights") and formula.variables(data["data.formula"]) == formula.NAMES
    except formula.FormulaError:
        return False  # `_preview` says so


def _preview(function: Any) -> bool:
    """Show the function that is about to be fitted; whether it is one."""
    from data import DataUnavailable

    try:
        function.spec()
    except DataUnavailable as error:
        st.warning(sentence(error), icon=":material/function:")
        return False
    if function.heights:
        return True  # it stands on the canvas
    if len(function.inputs) == 1:
        points = function.grid(POINTS)
        charts.sparkline(points[:, 0], function.values(points), "preview")
    return True


# Watching it


def _draw(moment: Moment) -> None:
    from data import DataUnavailable
    from training import recipes

    function = recipes.from_config(moment.config).data
    draw = _draw_line if len(moment.spec["features"]) == 1 else _draw_plane
    try:
        draw(moment, function)
    except DataUnavailable as error:
        st.info(f"{sentence(error)}.", icon=":material/cloud_off:")


def _draw_line(moment: Moment, function: Any) -> None:
    """The curve and its fit, and under them what each unit adds."""
    from inspection import domain

    points = function.grid(POINTS)
    found = domain.over(moment.model, _inputs(moment, points), moment.weights, shares=True)
    target, fitted = function.values(points), _values(moment, found.outputs[:, 0])
    learned = small_nets.source(moment).train
    dots = np.zeros((0, 2))
    if function.noise or len(learned) <= DOTS:  # else they are the curve itself
        places = small_nets.some(len(learned), DOTS)
        heights = _values(moment, learned.targets[places, 0])
        dots = np.stack([_points(moment, learned.inputs[places])[:, 0], heights], axis=1)
    every = np.concatenate([target, dots[:, 1]])
    low, high = float(every.min()), float(every.max())
    margin = 0.12 * ((high - low) or 1.0)
    _error(moment, fitted - target)
    _curves(
        key="curves",
        data={
            "domain": [function.low, function.high],
            "range": [low - margin, high + margin],
            "lines": [
                {"name": "the function", "values": small_nets.digits(target)},
                {"name": "the net", "values": small_nets.digits(np.clip(fitted, -FAR, FAR))},
            ],
            "dots": [small_nets.digits(dot) for dot in dots],
            "bends": _bends(moment, found),
        },
    )


def _bends(moment: Moment, found: Any) -> dict[str, Any] | None:
    """Curves of the units of a layer."""
    if not found.units:
        st.caption("This net has no hidden unit: it is a straight line.")
        return None
    names = list(found.units)[::-1]
    picked = names[0]
    if len(names) > 1:
        picked = (
            st.segmented_control(
                "Units of",
                names,
                format_func=escape_markdown,
                default=names[0],
                required=True,
                key="units",
                persist_state="session",
            )
            or names[0]
        )
    curves, what = found.units[picked], "what each unit gives"
    if picked == names[0] and found.shares is not None:
        curves, what = (
            found.shares[:, :, 0],
            "what each unit adds; all of them together, and one bias, are the net's curve",
        )
    shown = curves[:, : small_nets.UNITS]
    pictures = tiles.tiles(shown[None, ::3])  # each curve a row
    return {
        "name": picked,
        "note": f"{small_nets.count_text(curves.shape[1])}: {what}",
        "count": shown.shape[1],
        "width": pictures.pixels.shape[-1],
        "pixels": widgets.base64_text(pictures.pixels),
    }


def _draw_plane(moment: Moment, function: Any) -> None:
    """The function and its fit as pictures, and under them each unit's own."""
    from inspection import domain

    low, high = [function.low] * 2, [function.high] * 2
    points = domain.grid(low, high, GRID)
    found = domain.over(moment.model, _inputs(moment, points), moment.weights)
    target, fitted = function.values(points), _values(moment, found.outputs[:, 0])
    _error(moment, fitted - target)
    least, most = float(target.min()), float(target.max())
    centre, scale = (least + most) / 2, ((most - least) / 2) or 1.0
    widgets.plane(
        "plane",
        low,
        high,
        moment.spec["features"],
        [
            widgets.Field(name, note, small_nets.as_picture(values, GRID), centre, scale)
            for name, note, values in (
                ("The function", function.formula, target),
                ("The net", f"after {moment.step:,} steps", fitted),
                ("What is missing", "the function less the net", centre + target - fitted),
            )
        ],
    )
    small_nets.units(found, GRID)


def _inputs(moment: Moment, points: np.ndarray) -> np.ndarray:
    """Points in the function's own units as the net takes them."""
    return (points - np.array(moment.spec["centre"])) / np.array(moment.spec["spread"])


def _points(moment: Moment, inputs: np.ndarray) -> np.ndarray:
    return inputs * np.array(moment.spec["spread"]) + np.array(moment.spec["centre"])


def _values(moment: Moment, outputs: np.ndarray) -> np.ndarray:
    """What the net gives, in the function's own units."""
    return outputs * moment.spec["value_spread"][0] + moment.spec["value_centre"][0]


def _error(moment: Moment, errors: np.ndarray) -> None:
    with st.container(horizontal=True, gap="medium"):
        st.metric("Root mean square error", f"{float(np.sqrt(np.mean(np.square(errors)))):.3g}")
        st.metric("Largest error", f"{float(np.abs(errors).max()):.3g}")
        st.metric("After", f"{moment.step:,} steps")


# The sweep


def _sweep() -> None:
    """Error against width, for each activation."""
    st.divider()
    st.subheader("How wide must it be?", anchor=False)
    st.markdown(
        "One hidden layer, ever wider, for the two waves of sin 2πx. Any activation function will do that is "
        "no polynomial (Cybenko 1989, Hornik 1991, Leshno et al. 1993). A net of **quadratic** units is one "
        "quadratic function, however wide it is."
    )
    sweep_panel.show("sine_sweep", lambda run: charts.sweep(run.sweep["nets"], f"widths-{run.name}"))


frame.show(
    frame.Page(
        file=__file__,
        title="Approximation",
        idea=(
            "One hidden layer with enough units comes as near to any function as you like. Each unit bends "
            "once; the net adds the bends up. Draw a curve and watch it happen."
        ),
        architecture="mlp",
        fits=lambda entry: entry.run.config.get("source") in SOURCES,
        explore=explore,
        controls=controls.mlp,
        sources=SOURCES,
        needs_model=False,
    )
)
