"""Curves of what runs log."""

import itertools
import math
import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from apps import engine

if TYPE_CHECKING:
    from training.turns import Stretch

MOST_POINTS = 400  # of a line; more can't be told apart on a screen
HEIGHT = 260  # pixels
MOST_POWERS = 7  # of ten that an axis tells
STRIP = 7  # height of what tells whose turn it was, in pixels
PLAYERS = {"discriminator": "discriminator_loss", "generator": "loss"}
GREY = "#8b8b95"  # of what is no line: reads on a light and on a dark page

ENDS = ("val_low", "val_high")  # of an interval: figures of another figure
AXES = {"epoch": "epoch", "step": "step", "seconds": "seconds of training"}
FIGURES = (  # of which a run has those that it learns by
    "frechet",
    "recall",
    "return",
    "length",
    "loss",
    "accuracy",
    "squared_error",
    "discriminator_loss",
    "real_right",
    "generated_right",
    "spread",
    "value_error",
    "entropy",
    "moved",
    "clipped",
    "policy_loss",
    "explained_variance",
    "value",
    "error",
    "exploration",
)
TITLES = {
    "loss": "Loss",
    "accuracy": "Accuracy",
    "squared_error": "Squared error",
    "val_loss": "Validation loss",
    "val_accuracy": "Validation accuracy",
    "val_squared_error": "Validation squared error",
    "frechet": "Frechet distance",
    "recall": "Recall: share of real pictures that are among the generated",
    "discriminator_loss": "Loss of the discriminator",
    "real_right": "Real pictures taken for real",
    "generated_right": "Generated pictures found out",
    "spread": "Spread of generated pictures by that of real ones",
    "val_frechet": "Validation Frechet distance",
    "val_precision": "Validation precision",
    "val_recall": "Validation recall",
    "return": "Return",
    "length": "Length of a game",
    "val_return": "Validation return",
    "val_length": "Validation length",
    "value_error": "Value's error, squared",
    "entropy": "Entropy, in nats",
    "moved": "Policy moved by",
    "clipped": "Share clipped",
    "policy_loss": "Policy loss",
    "explained_variance": "Explained variance",
    "steps_per_second": "Environment steps per second",
    "value": "Value of the actions",
    "error": "Error of that value",
    "exploration": "Actions by chance",
    "learning_rate": "Learning rate",
}


@dataclass(frozen=True)
class Line:
    """A line of a chart.

    Args:
        name: By which it is coloured.
        points: `(N,)`.
        values: `(N,)`.
        way: By which it is drawn through or, all but the first, dashed.
    """

    name: str
    points: Iterable[float]
    values: Iterable[float]
    way: str = ""


@dataclass(frozen=True)
class Course:
    """A curve with an interval.

    Args:
        name: By which it is coloured.
        points: `(N,)`.
        values: `(N,)`.
        lows: Ends of the interval, `(N,)`; None where it is not known.
        highs: Likewise.
        parts: Points and values of each curve that it is the mean of.
    """

    name: str
    points: Sequence[float]
    values: Sequence[float]
    lows: Sequence[float | None]
    highs: Sequence[float | None]
    parts: Sequence[tuple[Sequence[float], Sequence[float]]] = ()


def training_curves(rows: Sequence[Mapping[str, Any]], key: str, across: int = 2) -> None:
    """The figures of one run, training beside validation, `across` of them in a row.

    An agent's are shown over the steps of its environments, those of other runs over epochs.
    """
    axis = "step" if any("global_step" in row for row in rows) else "epoch"
    figures = [name for name in FIGURES if any({name, f"val_{name}"} & row.keys() for row in rows)]
    columns = st.columns(max(1, min(across, len(figures)))) * len(figures)
    for column, figure in zip(columns, figures, strict=False):
        series = {"training": figure, "validation": f"val_{figure}"}
        points = [
            {axis: place_of(row, axis), "series": label, "value": row[name]}
            for label, name in series.items()
            for row in thinned(rows, name)
        ]
        with column:
            st.markdown(f"**{TITLES[figure]}**")
            _lines(points, axis, figure, list(series), f"{key}-{figure}", title_of(axis, [rows]))


def comparison(runs: Mapping[str, Sequence[Mapping[str, Any]]], figure: str, axis: str, key: str) -> None:
    """One figure of several runs.

    Args:
        runs: Their rows by name.
        figure: What is compared.
        axis: Key of `AXES`.
        key: Of the element.
    """
    points = [
        {axis: place_of(row, axis), "series": name, "value": row[figure]}
        for name, rows in runs.items()
        for row in thinned(rows, figure)
    ]
    _lines(points, axis, figure, list(runs), key, title_of(axis, runs.values()))


def place_of(row: Mapping[str, Any], axis: str) -> float | None:
    """Where a row stands on an axis: on that of steps an agent's stands at the steps of its environments."""
    return row.get("global_step", row.get("step")) if axis == "step" else row.get(axis)


def title_of(axis: str, runs: Iterable[Sequence[Mapping[str, Any]]]) -> str:
    """The axis' name for people."""
    agents = [any("global_step" in row for row in rows) for rows in runs]
    if axis != "step" or not any(agents):
        return AXES[axis]
    return "environment steps" if all(agents) else "step; environment step of agents"


def figures_of(runs: Iterable[Sequence[Mapping[str, Any]]]) -> list[str]:
    """The figures that any of some runs has logged, the well-known ones first."""
    found = {name for rows in runs for row in rows for name in row}.difference(AXES, ENDS, ["global_step"])
    return [*(name for name in TITLES if name in found), *sorted(found.difference(TITLES))]


def title(figure: str) -> str:
    """A figure's name for people."""
    return TITLES.get(figure, figure.replace("_", " ").capitalize())


def thinned(rows: Sequence[Mapping[str, Any]], figure: str) -> list[Mapping[str, Any]]:
    """The rows that have a figure, evenly thinned, the last one kept."""
    present = [row for row in rows if figure in row]
    stride = -(-len(present) // MOST_POINTS) or 1
    return present[::-1][::stride][::-1]


def _lines(
    points: list[dict[str, Any]], axis: str, figure: str, series: list[str], key: str, title_of_axis: str
) -> None:
    engine.wake_charts()
    import altair as alt
    import pandas as pd

    frame = pd.DataFrame(points, columns=[axis, "series", "value"])
    form = ".0%" if figure.endswith("accuracy") else "~r"
    x = alt.X(
        f"{axis}:Q",
        title=title_of_axis,
        scale=alt.Scale(domainMin=0, nice=False),
        axis=alt.Axis(grid=False, tickCount=6, format="~r"),
    )
    y = alt.Y(
        "value:Q", title=None, scale=alt.Scale(zero=False, nice=True), axis=alt.Axis(format=form, tickCount=5)
    )
    colour = alt.Color(
        "series:N",
        sort=series,
        scale=alt.Scale(domain=series),
        legend=alt.Legend(
            title=None, orient="top", symbolType="stroke", symbolOpacity=1, labelLimit=260, columns=2
        ),
    )
    tooltip = [
        alt.Tooltip("series:N", title=" "),
        alt.Tooltip(f"{axis}:Q", format=".4~f"),
        alt.Tooltip("value:Q", title=title(figure), format=".2%" if "accuracy" in figure else ".5~g"),
    ]
    base = alt.Chart(frame).encode(x=x, y=y, color=colour, tooltip=tooltip)
    lines = base.mark_line(strokeWidth=2)
    dots = base.mark_circle(size=34, opacity=1 if len(points) <= 60 else 0)
    st.altair_chart((lines + dots).properties(height=HEIGHT), key=key, width="stretch")


def curves(series: Mapping[str, tuple[Any, Any]], axis: str, key: str) -> None:
    """Functions of one number.

    Args:
        series: Points and values of each by name.
        axis: Title of the points' axis.
        key: Of the element.
    """
    engine.wake_charts()
    import altair as alt
    import pandas as pd

    frame = pd.concat(
        pd.DataFrame({axis: points, "series": name, "value": values})
        for name, (points, values) in series.items()
    )
    colour = alt.Color(
        "series:N",
        sort=list(series),
        scale=alt.Scale(domain=list(series)),
        legend=alt.Legend(title=None, orient="top", symbolType="stroke", symbolOpacity=1, columns=4),
    )
    chart = alt.Chart(frame).mark_line(strokeWidth=2)
    chart = chart.encode(
        x=alt.X(f"{axis}:Q", axis=alt.Axis(tickCount=9)),
        y=alt.Y("value:Q", title=None, axis=alt.Axis(tickCount=6)),
        color=colour,
        tooltip=[
            alt.Tooltip("series:N", title=" "),
            alt.Tooltip(f"{axis}:Q", format=".2f"),
            alt.Tooltip("value:Q", title="value", format=".4~g"),
        ],
    )
    st.altair_chart(chart.properties(height=HEIGHT), key=key, width="stretch")


def bands(
    courses: Sequence[Course],
    names: Sequence[str],
    axis: str,
    title: str,
    key: str,
    levels: Sequence[tuple[float, str]] = (),
) -> None:
    """Curves within their intervals, and those that they are the means of, thin.

    Args:
        courses: Of each a colour.
        names: All that curves may have, each its own colour whichever are drawn.
        axis: Title of the points' axis.
        title: Of the values.
        key: Of the element.
        levels: Values that all are to be compared with, and what they are.
    """
    engine.wake_charts()
    import altair as alt
    import pandas as pd

    means: list[dict[str, Any]] = []
    parts: list[dict[str, Any]] = []
    for course in courses:
        ends = zip(course.lows, course.highs, strict=True)
        for point, value, (low, high) in zip(course.points, course.values, ends, strict=True):
            means.append({"point": point, "value": value, "low": low, "high": high, "name": course.name})
        for number, (points, values) in enumerate(course.parts):
            parts += [
                {"point": point, "value": value, "name": course.name, "part": number}
                for point, value in zip(points, values, strict=True)
            ]
    shown = [course.name for course in courses]
    colour = alt.Color(
        "name:N",
        sort=list(names),
        scale=alt.Scale(domain=list(names)),
        legend=alt.Legend(
            title=None, orient="top", symbolType="stroke", symbolOpacity=1, columns=4, values=shown
        ),
    )
    x = alt.X(
        "point:Q",
        title=axis,
        scale=alt.Scale(domainMin=0, nice=False),
        axis=alt.Axis(grid=False, tickCount=6, format="~s"),
    )
    y = alt.Y("value:Q", title=title, scale=alt.Scale(zero=False, nice=True), axis=alt.Axis(tickCount=6))
    columns = ["point", "value", "low", "high", "name"]
    base = alt.Chart(pd.DataFrame(means, columns=columns)).encode(x=x, color=colour)
    band = base.mark_area(opacity=0.16).encode(y=alt.Y("low:Q", title=title), y2="high:Q")
    tooltip = [
        alt.Tooltip("name:N", title=" "),
        alt.Tooltip("point:Q", title=axis, format=",.4~r"),
        alt.Tooltip("value:Q", title=title, format=".4~g"),
        alt.Tooltip("low:Q", title="from", format=".4~g"),
        alt.Tooltip("high:Q", title="to", format=".4~g"),
    ]
    lines = base.mark_line(strokeWidth=2.5).encode(y=y, tooltip=tooltip)
    dots = base.mark_circle(size=30, opacity=1).encode(y=y, tooltip=tooltip)
    thin = alt.Chart(pd.DataFrame(parts, columns=["point", "value", "name", "part"])).mark_line(
        strokeWidth=1, opacity=0.4
    )
    chart = band + thin.encode(x=x, y=y, color=colour, detail="part:N") + lines + dots
    if levels:
        most = max(value for value, _ in levels)
        marks = [{"value": value, "text": text, "below": value < most} for value, text in levels]
        at = alt.Chart(pd.DataFrame(marks))
        chart += at.mark_rule(strokeDash=[6, 4], strokeWidth=1.5, color=GREY).encode(y="value:Q")
        for below, dy in ((True, 10), (False, -8)):  # where fewer curves pass
            words = at.transform_filter(alt.datum.below == below)
            words = words.mark_text(align="right", dy=dy, fontSize=12, color=GREY)
            chart += words.encode(x=alt.value("width"), y="value:Q", text="text:N")
    st.altair_chart(chart.properties(height=360), key=key, width="stretch")


def powers(
    lines: Sequence[Line],
    names: Sequence[str],
    axis: str,
    title: str,
    key: str,
    level: tuple[float, str] | None = None,
    marks: Sequence[float] = (),
) -> None:
    """Lines on an axis of powers of ten.

    Args:
        lines: Their values are above 0.
        names: All that lines may have, each its own colour whichever are drawn.
        axis: Title of the points' axis.
        title: Of the values.
        key: Of the element.
        level: A value that all are to be compared with, and what it is.
        marks: Points that are marked.
    """
    engine.wake_charts()
    import altair as alt
    import pandas as pd

    rows: list[dict[str, Any]] = [
        {"point": float(point), "value": float(value), "name": line.name, "way": line.way}
        for line in lines
        for point, value in zip(line.points, line.values, strict=True)
    ]
    ways = list(dict.fromkeys(line.way for line in lines))
    values = [row["value"] for row in rows] + ([level[0]] if level else [])
    low, high = (min(values), max(values)) if values else (0.1, 1.0)
    scale = alt.Scale(type="log", domain=[low / 1.3, high * 1.3], nice=False, clamp=True)
    y = alt.Y("value:Q", title=title, scale=scale, axis=_powers_axis(low, high))
    x = alt.X("point:Q", title=axis, scale=alt.Scale(nice=False), axis=alt.Axis(grid=False, tickCount=7))
    dash = alt.StrokeDash(
        "way:N",
        sort=ways,
        scale=alt.Scale(domain=ways, range=[[1, 0], [4, 3]][: len(ways)]),
        legend=None,
    )
    colour = alt.Color(
        "name:N",
        sort=list(names),
        scale=alt.Scale(domain=list(names)),
        legend=alt.Legend(
            title=None, orient="top", symbolType="stroke", symbolOpacity=1, columns=3 if len(names) > 4 else 4
        ),
    )
    tooltip = [
        alt.Tooltip("name:N", title=" "),
        alt.Tooltip("point:Q", title=axis, format="~r"),
        alt.Tooltip("value:Q", title=title, format=".3~g"),
    ]
    frame = pd.DataFrame(rows, columns=["point", "value", "name", "way"])
    base = alt.Chart(frame).encode(x=x, y=y, color=colour, tooltip=tooltip)
    chart = base.mark_line(strokeWidth=2).encode(strokeDash=dash)
    if marks:
        places = alt.Chart(pd.DataFrame({"point": [float(mark) for mark in marks]}))
        chart = places.mark_rule(opacity=0.45, strokeWidth=5, color=GREY).encode(x=x) + chart
    if level:
        at = alt.Chart(pd.DataFrame({"value": [level[0]], "text": [level[1]]}))
        rule = at.mark_rule(strokeDash=[6, 4], strokeWidth=1.5, color=GREY).encode(y=y)
        words = at.mark_text(align="right", dy=-8, fontSize=12, color=GREY)
        chart = chart + rule + words.encode(x=alt.value("width"), y=y, text="text:N")
    st.altair_chart(chart.properties(height=HEIGHT), key=key, width="stretch")


def lengths(
    series: Mapping[str, Sequence[tuple[float, float]]],
    title: str,
    key: str,
    mark: float | None = None,
    *,
    axis: str = "tokens that are read",
    unit: str = "tokens",
    names: Sequence[str] = (),
    share: bool = False,
    bands: Mapping[str, Sequence[tuple[float, float, float]]] | None = None,
) -> None:
    """How good several models are, or what they cost, against how long the sequence is.

    Args:
        series: Lengths and figures, by name.
        title: Of the figures.
        key: Of the element.
        mark: A length that is marked.
        axis: Title of the lengths.
        unit: Of one length.
        names: All that there may be, each its own colour whichever are drawn; none: those of the series.
        share: Whether the figures are shares, from 0 to 1.
        bands: Lengths and the ends of the figures' intervals, by name; None: none are drawn.
    """
    engine.wake_charts()
    import altair as alt
    import pandas as pd

    frame = pd.DataFrame(
        [(name, *point) for name, points in series.items() for point in points],
        columns=["series", "length", "value"],
    )
    x = alt.X("length:Q", title=axis, axis=alt.Axis(grid=False, tickCount=8))
    colour = alt.Color(
        "series:N",
        sort=list(names or series),
        scale=alt.Scale(domain=list(names or series)),
        legend=alt.Legend(
            title=None,
            orient="top",
            symbolType="stroke",
            symbolOpacity=1,  # not the band's
            labelLimit=260,
            columns=2,
            values=list(series),
        ),
    )
    y = alt.Y("value:Q", title=title, axis=alt.Axis(tickCount=5))
    if share:
        y = alt.Y(
            "value:Q",
            title=title,
            scale=alt.Scale(domain=[0, 1]),
            axis=alt.Axis(tickCount=5, format=".0%"),
        )
    base = alt.Chart(frame).encode(
        x=x,
        y=y,
        color=colour,
        tooltip=[
            alt.Tooltip("series:N", title=" "),
            alt.Tooltip("length:Q", title=unit, format=".0f"),
            alt.Tooltip("value:Q", title=title, format=".1%" if share else ".3~r"),
        ],
    )
    chart: Any = base.mark_line(strokeWidth=2) + base.mark_circle(size=46, opacity=1)
    rows = [(name, *band) for name, found in (bands or {}).items() for band in found]
    if rows:
        ends = alt.Chart(pd.DataFrame(rows, columns=["series", "length", "low", "high"]))
        area = ends.mark_area(opacity=0.18).encode(
            x=x, y=alt.Y("low:Q", title=title), y2="high:Q", color=colour
        )
        chart = area + chart
    if mark is not None:
        at = alt.Chart(pd.DataFrame({"length": [mark]}))
        chart = at.mark_rule(strokeDash=[4, 4], opacity=0.5, color="#8b8b95").encode(x=x) + chart
    st.altair_chart(chart.properties(height=HEIGHT), key=key, width="stretch")


def _powers_axis(low: float, high: float) -> Any:
    """An axis that tells powers of ten and nothing between, unless there are too few of them."""
    import altair as alt

    first, last = math.ceil(math.log10(low) - 0.1), math.floor(math.log10(high) + 0.1)
    stride = max(1, math.ceil((last - first) / MOST_POWERS))
    powers = [10.0**power for power in range(last, first - 1, -stride)]
    return alt.Axis(format="~g", tickCount=5, values=powers if len(powers) > 1 else alt.Undefined)


def turns(course: Sequence["Stretch"], key: str) -> None:
    """The losses of two players over the turns that they took, and below these whose turn each was.

    Args:
        course: All turns, in their order.
        key: Of the element.
    """
    engine.wake_charts()
    import altair as alt
    import pandas as pd

    losses = [
        {"turn": stretch.last, "player": player, "loss": stretch.figures[figure]}
        for stretch in course
        for player, figure in PLAYERS.items()
    ]
    whose: list[dict[str, Any]] = []
    for player in PLAYERS:
        marked = ((player in stretch.players, stretch) for stretch in course)
        for learned, some in itertools.groupby(marked, operator.itemgetter(0)):
            stretches = [stretch for _, stretch in some]
            if learned:
                first, last = stretches[0].first - 1, stretches[-1].last
                whose.append({"from": first, "turn": last, "player": player})
    colour = alt.Color(
        "player:N",
        sort=list(PLAYERS),
        scale=alt.Scale(domain=list(PLAYERS)),
        legend=alt.Legend(title=None, orient="top", symbolType="stroke", symbolOpacity=1, columns=2),
    )
    x = alt.X(
        "turn:Q",
        title="turns of both",
        scale=alt.Scale(nice=False),
        axis=alt.Axis(grid=False, tickCount=6),
    )
    lines = alt.Chart(pd.DataFrame(losses)).encode(
        x=x,
        y=alt.Y(
            "loss:Q",
            title="loss",
            scale=alt.Scale(zero=False, range=[alt.ExprRef(f"height - {3 * STRIP}"), 0]),
            axis=alt.Axis(tickCount=5),
        ),
        color=colour,
        tooltip=[
            alt.Tooltip("player:N", title=" "),
            alt.Tooltip("turn:Q", title="turn", format=",.0f"),
            alt.Tooltip("loss:Q", format=".3~g"),
        ],
    )
    strips = alt.Chart(pd.DataFrame(whose)).mark_rect().encode(x="from:Q", x2="turn:Q", color=colour)
    rows = [
        strips.transform_filter(alt.datum.player == player).encode(
            y=alt.value(alt.ExprRef(f"height - {STRIP * (2 - place)}")),
            y2=alt.value(alt.ExprRef(f"height - {STRIP * (1 - place) + 1}")),
        )
        for place, player in enumerate(PLAYERS)
    ]
    chart = alt.layer(*rows, lines.mark_line(strokeWidth=2))
    st.altair_chart(chart.properties(height=HEIGHT), key=key, width="stretch")


def sparkline(points: Any, values: Any, key: str) -> None:
    """A small curve without a legend; points and values `(N,)`."""
    import altair as alt
    import pandas as pd

    chart = alt.Chart(pd.DataFrame({"x": points, "y": values})).mark_line(strokeWidth=2)
    chart = chart.encode(
        x=alt.X("x:Q", title=None, axis=alt.Axis(grid=False, tickCount=4)),
        y=alt.Y("y:Q", title=None, axis=alt.Axis(tickCount=3)),
    )
    st.altair_chart(chart.properties(height=110), key=key, width="stretch")


def scatter(points: Any, labels: Any, key: str) -> None:
    """Points `(N, 2)` coloured by their labels `(N,)`."""
    import altair as alt
    import pandas as pd

    frame = pd.DataFrame({"x": points[:, 0], "y": points[:, 1], "class": labels})
    chart = alt.Chart(frame).mark_circle(size=16, opacity=0.8)
    chart = chart.encode(
        x=alt.X("x:Q", title=None, axis=alt.Axis(grid=False, tickCount=4)),
        y=alt.Y("y:Q", title=None, axis=alt.Axis(grid=False, tickCount=4)),
        color=alt.Color("class:N", legend=None),
    )
    st.altair_chart(chart.properties(height=190), key=key, width="stretch")


def sweep(nets: Sequence[Mapping[str, Any]], key: str) -> None:
    """Error against width for each activation, on axes by powers: each kind's median and its middle half.

    Args:
        nets: As `sweep.json` has them; another depth is another dash.
        key: Of the element.
    """
    import altair as alt
    import pandas as pd

    rows = [
        {**{name: net[name] for name in ("width", "activation", "depth")}, **_spread_of(net["errors"])}
        for net in nets
    ]
    names = list(dict.fromkeys(net["activation"] for net in nets))
    base = alt.Chart(pd.DataFrame(rows)).encode(
        x=alt.X("width:Q", title="hidden units", scale=alt.Scale(type="log", base=2, nice=False)),
        color=alt.Color(
            "activation:N",
            sort=names,
            scale=alt.Scale(domain=names),
            legend=alt.Legend(title=None, orient="top", symbolType="stroke", symbolOpacity=1, columns=5),
        ),
        tooltip=[
            alt.Tooltip("activation:N", title=" "),
            alt.Tooltip("depth:O", title="hidden layers"),
            alt.Tooltip("width:Q", title="units in each"),
            alt.Tooltip("middle:Q", title="median error", format=".3~g"),
        ],
    )
    y = alt.Y(
        "middle:Q",
        title="mean squared error",
        scale=alt.Scale(type="log"),
        axis=alt.Axis(format="~g", tickCount=6),
    )
    band = base.mark_area(opacity=0.15).encode(
        y=alt.Y("lower:Q", title="mean squared error"), y2="upper:Q", detail=alt.Detail("depth:O")
    )
    several = len({net["depth"] for net in nets}) > 1
    dash = alt.StrokeDash(
        "depth:O", legend=alt.Legend(title="hidden layers", orient="top") if several else None
    )
    line = base.mark_line(strokeWidth=2, point=True).encode(y=y, strokeDash=dash)
    st.altair_chart((band + line).properties(height=360), key=key, width="stretch")


def _spread_of(errors: Sequence[float]) -> dict[str, float]:
    ordered = sorted(errors)
    lower, middle, upper = (ordered[round(share * (len(ordered) - 1))] for share in (0.25, 0.5, 0.75))
    return {"lower": lower, "middle": middle, "upper": upper}


def collapse(nets: Sequence[Mapping[str, Any]], activation: str, key: str) -> None:
    """How often nets of one activation give a constant: a square for each depth and width.

    Args:
        nets: As `sweep.json` has them.
        activation: Which of them.
        key: Of the element.
    """
    import altair as alt
    import pandas as pd

    frame = pd.DataFrame(
        {
            "depth": net["depth"],
            "width": net["width"],
            "share": net["constant"] / len(net["errors"]),
            "error": _spread_of(net["errors"])["middle"],
        }
        for net in nets
        if net["activation"] == activation
    )
    base = alt.Chart(frame).encode(
        x=alt.X("width:O", title="units a layer", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("depth:O", title="hidden layers", sort="descending"),
        tooltip=[
            alt.Tooltip("depth:O", title="hidden layers"),
            alt.Tooltip("width:O", title="units a layer"),
            alt.Tooltip("share:Q", title="a constant", format=".0%"),
            alt.Tooltip("error:Q", title="median error", format=".3~g"),
        ],
    )
    colour = alt.Color("share:Q", legend=None, scale=alt.Scale(domain=[0, 1], scheme="oranges"))
    squares = base.mark_rect(cornerRadius=4, stroke="transparent", strokeWidth=3).encode(color=colour)
    text = base.mark_text(fontWeight=600).encode(
        text=alt.Text("share:Q", format=".0%"),
        color=alt.condition("datum.share > 0.6", alt.value("#ffffff"), alt.value("#3a2010")),
    )
    st.altair_chart((squares + text).properties(height=240), key=key, width="stretch")


def histogram(counts: Any, edges: Any, axis: str, key: str) -> None:
    """How often values fall into each of some bins.

    Args:
        counts: `(N,)`.
        edges: `(N + 1,)` of the bins.
        axis: Title of the values' axis.
        key: Of the element.
    """
    engine.wake_charts()
    import altair as alt
    import pandas as pd

    frame = pd.DataFrame({"from": edges[:-1], "to": edges[1:], "share": counts / max(1, counts.sum())})
    chart = alt.Chart(frame).mark_bar()
    chart = chart.encode(
        x=alt.X("from:Q", bin="binned", title=axis, axis=alt.Axis(grid=False, tickCount=7)),
        x2="to:Q",
        y=alt.Y("share:Q", title=None, axis=alt.Axis(format=".0%", tickCount=3)),
        tooltip=[
            alt.Tooltip("from:Q", format=".3~g"),
            alt.Tooltip("to:Q", format=".3~g"),
            alt.Tooltip("share:Q", format=".2%"),
        ],
    )
    st.altair_chart(chart.properties(height=120), key=key, width="stretch")
