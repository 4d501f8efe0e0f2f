"""Boundary: points of the plane, a net of your own layers, and the line that it draws between the classes."""

from typing import Any

import numpy as np
import streamlit as st

from apps import charts, controls, frame, library, small_nets, widgets
from apps.escaping import sentence
from apps.library import Entry
from apps.small_nets import Moment, Plan

GRID = 90  # places along each axis of a picture
MARGIN = 0.15  # about the points, as a share of their range
DOTS = 600  # points of a split that are drawn at the most
OWN = "Your own CSV"
KINDS = {
    "Moons": "moons",
    "Circles": "circles",
    "Spirals": "spirals",
    "Checkers (exclusive or)": "checkers",
    "Blobs": "blobs",
}
NOISE = {"moons": 0.15, "circles": 0.1, "spirals": 0.04, "checkers": 0.05, "blobs": 0.1}
SEVERAL = ("spirals", "blobs")  # kinds of which one may choose the number of classes
MOST_MIB = 20  # of an uploaded file
COLUMNS = 3  # that a table has at least


def explore(entry: Entry | None) -> None:
    """The points and the net on one side, the boundary on the other side."""
    small_nets.side_by_side(
        entry, _make, _draw, "Train it", "Choose points and a network, then press **Train it**."
    )


def _make() -> Plan | None:
    """Draw the settings of the points and of the network; None while there are no points."""
    from data import DataUnavailable, Spec
    from training import losses, recipes
    from training.settings import SettingsError

    recipe = recipes.find("points_mlp")
    picked = st.selectbox("Points", [*KINDS, OWN], key="points", bind="query-params")
    try:
        if picked == OWN:
            given = _own()
            if given is None:
                return None
            data, table, classes = given
        else:
            data, table, classes = _drawn(KINDS[picked])
        recipe = recipe.override(data)
        if table is None:
            _preview(recipe.data)
    except (DataUnavailable, SettingsError) as error:
        st.warning(sentence(error), icon=":material/scatter_plot:")
        return None
    chosen = small_nets.settings(recipe, losses.OF_CLASSES)
    return Plan(recipe, Spec("points", (2,), classes, "", ""), chosen, table)


# Settings of the source, a table of a person's own, and the names of the classes.
Given = tuple[dict[str, Any], bytes | None, tuple[str, ...]]


def _drawn(kind: str) -> Given:
    """One of the classic sets."""
    from data import points

    data: dict[str, Any] = {"data.kind": kind}
    # Each kind begins with a noise of its own, at which its classes can be told apart.
    data["data.noise"] = st.slider(
        "Noise", 0.0, 1.0, NOISE[kind], 0.01, key=f"{kind}.noise", bind="query-params"
    )
    more = st.expander("How many, of how many classes", icon=":material/scatter_plot:")
    classes = 2
    with more, st.grid(min_column_width=100, gap="small"):
        data["data.examples"] = small_nets.whole("Points", 10, 100_000, 500, "points.examples")
        if kind in SEVERAL:
            classes = data["data.classes"] = small_nets.whole("Classes", 2, 10, 3, "points.classes")
        data["data.seed"] = small_nets.whole("Draw", 0, 9999, 0, "points.draw")
    return data, None, points.class_names(kind, classes)


def _own() -> Given | None:
    """A person's own table: two columns of numbers and one of classes; None while there is none.

    Raises:
        DataUnavailable: The file is none.
    """
    file = st.file_uploader(
        "A CSV: two columns of numbers, one of classes",
        type=["csv", "tsv", "txt"],
        max_upload_size=MOST_MIB,
        key="table",
        help="It stays on this machine, in the folder of its run",
    )
    if file is None:
        return None
    content = file.getvalue()
    names, first, note = _columns(file.file_id, file.name, content)
    if note:
        st.caption(f"{sentence(note)}.")
    label = st.selectbox(
        "Class", names, index=len(names) - 1, key=f"label-{file.file_id}", persist_state="session"
    )
    others = [name for name in names if name != label]
    numbers = [name for name in others if first.get(name)]
    usual = [*numbers, *(name for name in others if name not in numbers)][:2]
    with st.grid(2, gap="small"):
        columns = tuple(
            st.selectbox(
                title,
                others,
                index=others.index(name),
                key=f"{title}-{file.file_id}",
                persist_state="session",
            )
            for title, name in zip(("Across", "Up"), usual, strict=True)
        )
    rows, classes = _parsed(file.file_id, columns, label, file.name, content)
    st.caption(f"{library.readable(rows)} points of {len(classes)} classes")
    return {"data.columns": columns, "data.label": label}, content, classes


@st.cache_data(max_entries=8, show_spinner=False)
def _columns(file: str, _name: str, _content: bytes) -> tuple[list[str], dict[str, bool], str]:
    """Names of a file's columns; which of them hold numbers that are no index; a note on the encoding, or "".

    A column whose name is not its own alone is named by its number from 1.

    Raises:
        DataUnavailable: The file is no table of three columns.
    """
    from data import files, points, tables

    decoded = files.decode(_content, _name, "a CSV")
    opened = tables.read_rows(decoded.text, _name, points.MAX_COLUMNS, points.MAX_ROWS)
    header = opened.header
    _, cells = next(opened.rows, (1, []))
    names = [
        name if name and header.count(name) == 1 and name not in ("first", "last") else str(place)
        for place, name in enumerate(header or [""] * len(cells), start=1)
    ]
    if len(names) < COLUMNS or not cells:
        points.parse_points(_content, _name)  # says what is wrong
    fit = [place not in opened.index and tables.number(cell) is not None for place, cell in enumerate(cells)]
    return names, dict(zip(names, fit, strict=False)), decoded.note


@st.cache_data(max_entries=8, show_spinner="Reading the table")
def _parsed(
    file: str, columns: tuple[str, ...], label: str, _name: str, _content: bytes
) -> tuple[int, tuple[str, ...]]:
    """How many points a file has in these columns, and the names of their classes.

    Raises:
        DataUnavailable: It has none, or too few to be divided.
    """
    from data import points

    found = points.Config(columns=columns, label=label).parse(_content, _name)
    count = len(found.train) + len(found.validation) + len(found.test)
    return count, found.spec.classes


def _preview(settings: Any) -> None:
    """The points that are about to be learned."""
    split = _points(settings)
    places = small_nets.some(len(split), DOTS)
    charts.scatter(split.inputs[places], split.targets[places], "preview")


@st.cache_data(max_entries=32, show_spinner=False)
def _points(settings: Any):
    """The training points of a drawn kind."""
    return settings.load().train


# Watching it


def _draw(moment: Moment) -> None:
    from data import DataUnavailable
    from inspection import domain

    try:
        source = small_nets.source(moment)
    except DataUnavailable as error:
        st.info(sentence(error), icon=":material/cloud_off:")
        return
    learned, held, spec = source.train, source.validation, moment.spec
    low, high = domain.square(np.concatenate([learned.inputs, held.inputs]), MARGIN)
    found = domain.over(moment.model, domain.grid(low, high, GRID), moment.weights)
    classes, sureness = domain.decided(found.outputs, moment.config["training"]["loss"] == "cross_entropy")
    with st.container(horizontal=True, gap="medium"):
        st.metric("Training accuracy", f"{small_nets.right(moment, learned):.1%}")
        if len(held):
            st.metric("Validation accuracy", f"{small_nets.right(moment, held):.1%}")
        st.metric("After", f"{moment.step:,} steps")
    centre, spread = np.array(spec["centre"] or (0, 0)), np.array(spec["spread"] or (1, 1))
    dots = [
        (*small_nets.digits(split.inputs[place] * spread + centre), int(split.targets[place]), is_held)
        for split, is_held in ((learned, False), (held, True))
        for place in small_nets.some(len(split), DOTS)
    ]
    picture, curves = st.columns([3, 2], gap="medium")
    with picture:
        widgets.plane(
            "plane",
            low * spread + centre,
            high * spread + centre,
            spec["features"] or ("x", "y"),
            [
                widgets.Field(
                    "The boundary",
                    "the fainter, the less sure",
                    small_nets.as_picture(classes, GRID),
                    sureness=small_nets.as_picture(sureness, GRID),
                    points=True,
                )
            ],
            dots,
            spec["classes"],
        )
    with curves:
        charts.training_curves(library.rows(moment.run), "losses", across=1)
    small_nets.units(found, GRID)


frame.show(
    frame.Page(
        file=__file__,
        title="Boundary",
        idea=(
            "Each hidden unit cuts the plane in two. The next layer puts the halves together, until the "
            "classes lie apart. Choose points, stack your own layers, and watch the line being drawn."
        ),
        architecture="mlp",
        fits=lambda entry: entry.run.config.get("source") == "points" and entry.architecture != "gan",
        explore=explore,
        controls=controls.mlp,
        sources=("points",),
        needs_model=False,
        scored=False,
    )
)
