"""Curves of what runs log."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import streamlit as st

from apps import engine

MOST_POINTS = 400  # of a line; more can't be told apart on a screen
HEIGHT = 260  # pixels

AXES = {"epoch": "epoch", "step": "step", "seconds": "seconds of training"}
TITLES = {
    "loss": "Loss",
    "accuracy": "Accuracy",
    "val_loss": "Validation loss",
    "val_accuracy": "Validation accuracy",
    "learning_rate": "Learning rate",
}


def training_curves(rows: Sequence[Mapping[str, Any]], key: str) -> None:
    """Loss and accuracy of one run, training beside validation."""
    figures = [name for name in ("loss", "accuracy") if any(name in row for row in rows)]
    for column, figure in zip(st.columns(max(1, len(figures))), figures, strict=False):
        series = {"training": figure, "validation": f"val_{figure}"}
        points = [
            {"epoch": row["epoch"], "series": label, "value": row[name]}
            for label, name in series.items()
            for row in _thinned(rows, name)
        ]
        with column:
            st.markdown(f"**{TITLES[figure]}**")
            _lines(points, "epoch", figure, list(series), f"{key}-{figure}")


def comparison(runs: Mapping[str, Sequence[Mapping[str, Any]]], figure: str, axis: str, key: str) -> None:
    """One figure of several runs.

    Args:
        runs: Their rows by name.
        figure: What is compared.
        axis: Key of `AXES`.
        key: Of the element.
    """
    points = [
        {axis: row[axis], "series": name, "value": row[figure]}
        for name, rows in runs.items()
        for row in _thinned(rows, figure)
    ]
    _lines(points, axis, figure, list(runs), key)


def figures_of(runs: Iterable[Sequence[Mapping[str, Any]]]) -> list[str]:
    """The figures that any of some runs has logged, the well-known ones first."""
    found = {name for rows in runs for row in rows for name in row}.difference(AXES)
    return [*(name for name in TITLES if name in found), *sorted(found.difference(TITLES))]


def title(figure: str) -> str:
    """A figure's name for people."""
    return TITLES.get(figure, figure.replace("_", " ").capitalize())


def _thinned(rows: Sequence[Mapping[str, Any]], figure: str) -> list[Mapping[str, Any]]:
    """The rows that have a figure, evenly thinned, the last one kept."""
    present = [row for row in rows if figure in row]
    stride = -(-len(present) // MOST_POINTS) or 1
    return present[::-1][::stride][::-1]


def _lines(points: list[dict[str, Any]], axis: str, figure: str, series: list[str], key: str) -> None:
    engine.wake_charts()
    import altair as alt
    import pandas as pd

    frame = pd.DataFrame(points, columns=[axis, "series", "value"])
    form = ".0%" if figure.endswith("accuracy") else "~r"
    x = alt.X(
        f"{axis}:Q",
        title=AXES[axis],
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
        legend=alt.Legend(title=None, orient="top", symbolType="stroke", labelLimit=260, columns=2),
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
        legend=alt.Legend(title=None, orient="top", symbolType="stroke", columns=4),
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
