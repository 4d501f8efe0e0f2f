"""Boundary: points of the plane, a net of your own layers, and the line that it draws between the classes."""

from typing import Any

import numpy as np
import streamlit as st

from apps import charts, controls, frame, library, small_nets, widgets
from apps.library import Entry
from apps.run_card import sentence
from apps.small_nets import Moment

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
SEVERAL = ("spirals", "blobs")  # kinds of which one may choose the number of classes
MOST_MIB = 20  # of an uploaded file


def explore(entry: Entry | None) -> None:
    """The points and the net on one side, the boundary on the other side."""
    small_nets.side_by_side(entry, _make, _draw, "Choose points and a net, then **Train it**.")


def _make() -> None:
    """What to tell apart, with what, and the button that does it."""
    from data import DataUnavailable
    from training import losses, recipes
    from training.settings import SettingsError

    recipe = recipes.find("points_mlp")
    picked = st.selectbox("Points", [*KINDS, OWN], key="points", bind="query-params")
    try:
        data, table = _own() if picked == OWN else _drawn(KINDS[picked])
        if data is None:
            return
        recipe = recipe.override(data)
        if table is None:
            _preview(recipe.data)
    except (DataUnavailable, SettingsError) as error:
        st.warning(sentence(error), icon=":material/scatter_plot:")
        return
    chosen = small_nets.settings(recipe, losses.OF_CLASSES)
    if st.button("Train it", type="primary", icon=":material/play_arrow:", width="stretch"):
        small_nets.start(recipe, chosen, table)


def _drawn(kind: str) -> tuple[dict[str, Any], None]:
    """One of the classic sets, as settings of its source."""
    data: dict[str, Any] = {"data.kind": kind}
    data["data.noise"] = st.slider("Noise", 0.0, 1.0, 0.15, 0.01, key="noise", bind="query-params")
    more = st.expander("How many, of how many classes", icon=":material/scatter_plot:")
    with more, st.grid(min_column_width=100, gap="small"):
        data["data.examples"] = _whole("Points", 10, 100_000, 500, "examples")
        if kind in SEVERAL:
            data["data.classes"] = _whole("Classes", 2, 10, 3, "classes")
        data["data.seed"] = _whole("Draw", 0, 9999, 0, "draw")
    return data, None


def _whole(label: str, least: int, most: int, usual: int, key: str) -> int:
    return int(st.number_input(label, least, most, usual, key=key, bind="query-params"))


def _own() -> tuple[dict[str, Any] | None, bytes | None]:
    """A person's own table: two columns of numbers and one of classes.

    Raises:
        DataUnavailable: The file is none.
    """
    from data import points, tables

    file = st.file_uploader(
        "A CSV: two columns of numbers, one of classes",
        type=["csv", "tsv", "txt"],
        max_upload_size=MOST_MIB,
        key="table",
        help="It stays on this machine, in the folder of its run",
    )
    if file is None:
        return None, None
    content = file.getvalue()
    header, rows = tables.read_rows(tables.as_text(content, file.name, "a CSV"), file.name)
    width = len(header) or len(next(rows, (1, []))[1])
    names = [*(name or str(place) for place, name in enumerate(header, start=1))] or [
        *map(str, range(1, width + 1))
    ]
    label = st.selectbox("Class", names, index=max(0, len(names) - 1), key=f"label-{file.file_id}")
    found = points.parse_points(content, file.name, (), label or "last")
    others = [name for name in names if name != label]
    usual = [others.index(name) if name in others else place for place, name in enumerate(found.features)]
    with st.grid(2, gap="small"):
        columns = tuple(
            st.selectbox(title, others, index=min(place, len(others) - 1), key=f"{title}-{file.file_id}")
            for title, place in zip(("Across", "Up"), usual, strict=True)
        )
    found = points.parse_points(content, file.name, columns, label)
    st.caption(f"{library.readable(len(found.labels))} points of {len(found.classes)} classes")
    return {"data.columns": columns, "data.label": label}, content


def _preview(settings: Any) -> None:
    """The points that are about to be learned."""
    split = _points(settings)
    charts.scatter(split.inputs[:DOTS], split.targets[:DOTS], "preview")


@st.cache_data(max_entries=32, show_spinner=False)
def _points(settings: Any):
    """The training points of a drawn kind."""
    return settings.load().train


# Watching it


def _draw(moment: Moment) -> None:
    from data import DataUnavailable
    from inspection import domain

    try:
        source = small_nets.source(moment.run)
    except DataUnavailable as error:
        st.info(sentence(error), icon=":material/cloud_off:")
        return
    learned, held = source.train, source.validation
    logits = moment.run.config["training"]["loss"] == "cross_entropy"
    low, high = domain.square(learned.inputs, MARGIN)
    found = domain.over(moment.model, domain.grid(low, high, GRID), moment.weights)
    classes, sureness = domain.decided(found.outputs, logits)
    with st.container(horizontal=True, gap="medium"):
        for title, split in (("Right on what it learns from", learned), ("Right on points held out", held)):
            if len(split):
                answers = domain.over(moment.model, split.inputs, moment.weights).outputs.argmax(axis=-1)
                st.metric(title, f"{float(np.mean(answers == split.targets)):.1%}")
        st.metric("After", f"{moment.step:,} steps")
    spec = moment.spec
    centre, spread = np.array(spec["centre"] or (0, 0)), np.array(spec["spread"] or (1, 1))
    dots = [
        (*(point * spread + centre).round(4).tolist(), int(label), is_held)
        for split, is_held in ((learned, False), (held, True))
        for point, label in zip(split.inputs[:DOTS], split.targets[:DOTS], strict=True)
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
        fits=lambda entry: entry.run.config.get("source") == "points",
        explore=explore,
        controls=controls.mlp,
        sources=("points",),
        needs_model=False,
    )
)
