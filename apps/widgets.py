"""The elements of our own: activation maps, a model's answer, thumbnails, a mosaic and the table of runs.

Each is a few lines of HTML, CSS and JavaScript in `components/`, which draw in the browser: a new
answer moves the bars and repaints the maps, and nothing flickers or is laid out anew.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from inspection import tiles

THUMB = 96  # pixels that a thumbnail keeps along its longer edge; twice what it is shown at
SMALL = 40  # edge of a picture that is picked from among many, on the page
FOLDER = Path(__file__).parent / "components"


def component(name: str, *shared: str):
    """The component whose files are `components/<name>.css` and `.js`, and those of `shared` before them."""
    files = [FOLDER / each for each in ("shared", *shared, name)]
    sheet, script = ([file.with_suffix(end) for file in files] for end in (".css", ".js"))
    sheet = [path for path in sheet if path.exists()]  # rules of a game have no looks
    return st.components.v2.component(
        f"neural_arcade_{name}",
        html='<div class="root"></div>',
        css="\n".join(path.read_text() for path in sheet),
        js="\n".join(path.read_text() for path in script),
    )


_answer = component("answer")
_maps = component("maps")
_mosaic = component("mosaic")
_plane = component("plane")
_run_table = component("run_table")
_thumbs = component("thumbs")


def answer(
    key: str,
    classes: Sequence[str],
    shares: Sequence[float] | None,
    seen: np.ndarray | None = None,
    true: int | None = None,
    caption: str = "",
    hint: str = "",
) -> None:
    """Show what a classifier sees and how likely it finds each class.

    Args:
        key: Of the element.
        classes: Names.
        shares: Probability of each class; None: there is no answer yet.
        seen: Its input `(H, W, C)` in [0, 1].
        true: Label of the right class, where it is known.
        caption: A line under the picture.
        hint: What to do, where there is no answer.
    """
    rows = [
        {
            "name": name,
            "share": None if shares is None else float(shares[i]),
            "first": shares is not None and i == int(np.argmax(shares)),
            "true": i == true,
        }
        for i, name in enumerate(classes)
    ]
    _answer(
        key=key,
        data={
            "classes": rows,
            "seen": None if seen is None else _picture(seen),
            "caption": caption,
            "hint": hint,
        },
    )


def maps(
    key: str, layers: Sequence[Mapping[str, Any]], on_pick: Callable[[dict[str, Any]], None] | None = None
) -> None:
    """Show layers' outputs as tiles.

    Args:
        key: Of the element.
        layers: For each its "name", a "note" in words, and "tiles", an `inspection.tiles.Tiles`.
        on_pick: Is told the place that a person clicks at: the "layer", the "map", and "down" and "across",
            the shares of the map's height and width that lie before it. None: nothing can be picked.
    """

    def tell() -> None:
        picked = state_of(key, "picked", None)
        if on_pick is not None and picked:
            on_pick(dict(picked))

    _maps(
        key=key,
        on_picked_change=tell,
        data={
            "picking": on_pick is not None,
            "layers": [
                {
                    "name": layer["name"],
                    "note": layer["note"],
                    "pixels": base64_text(layer["tiles"].pixels),
                    "count": layer["tiles"].pixels.shape[0],
                    "height": layer["tiles"].pixels.shape[1],
                    "width": layer["tiles"].pixels.shape[2],
                    "scale": [round(float(value), 5) for value in _shortest(layer["tiles"].scale)],
                }
                for layer in layers
            ],
        },
    )


def mosaic(key: str, pixels: np.ndarray, label: str) -> None:
    """Show tiles `(N, H, W)` uint8 as one small picture that fills the width."""
    count, height, width = pixels.shape
    _mosaic(
        key=key,
        data={
            "pixels": base64_text(pixels),
            "count": count,
            "height": height,
            "width": width,
            "label": label,
        },
    )


def thumbs(
    key: str,
    images: np.ndarray,
    names: Sequence[str],
    first: int,
    notes: Sequence[str] = (),
    edge: int = SMALL,
    on_pick: Callable[[int], None] | None = None,
    picking: bool = True,
) -> int:
    """Let a person pick one of some pictures.

    Args:
        key: Of the element.
        images: `(N, H, W, C)` in [0, 1].
        names: What each is, for people who don't see it.
        first: Number of the first one.
        notes: What is written below each; none: nothing.
        edge: Of each on the page, in pixels.
        on_pick: Is told the number of the one that a person picks.
        picking: Whether any can be picked, or all are only looked at.

    Returns: The number of the one picked, or that the session's "<key>_wanted" names until another is
        picked; the first before any is.
    """

    def tell() -> None:
        st.session_state.pop(f"{key}_wanted", None)
        if on_pick is not None:
            on_pick(state_of(key, "picked", first))

    stride = -(-max(images.shape[1:3]) // max(THUMB, edge))
    shown = _channels(images)[:, ::stride, ::stride]
    wanted = st.session_state.get(f"{key}_wanted")
    picked = state_of(key, "picked", first) if wanted is None else wanted
    picked = picked if first <= picked < first + len(images) else first
    _thumbs(
        key=key,
        data={
            "pixels": base64_text(levels(shown)),
            "height": shown.shape[1],
            "width": shown.shape[2],
            "depth": shown.shape[3],
            "names": list(names),
            "notes": list(notes),
            "edge": edge,
            "first": first,
            "picked": picked,
            "picking": picking,
        },
        on_picked_change=tell,
    )
    return picked


@dataclass(frozen=True)
class Field:
    """A function over a square of the plane.

    Args:
        name: Of the function.
        note: On it, in words.
        values: `(H, W)`, the upper edge first: numbers; or with `sureness` numbers of classes.
        centre: The value that has no colour.
        scale: How far from it the strongest colours are.
        sureness: `(H, W)` in [0, 1] of each place's class; None: the values are no classes.
        points: Whether the points are drawn upon it.
    """

    name: str
    note: str
    values: np.ndarray
    centre: float = 0.0
    scale: float = 1.0
    sureness: np.ndarray | None = None
    points: bool = False


def plane(
    key: str,
    low: Sequence[float],
    high: Sequence[float],
    axes: Sequence[str],
    fields: Sequence[Field],
    points: Sequence[Sequence[float]] = (),
    classes: Sequence[str] = (),
    arrows: Sequence[Sequence[float]] = (),
    side: int = 330,
) -> None:
    """Show functions of the plane side by side.

    Args:
        key: Of the element.
        low: Where the square begins: across, up.
        high: Where it ends.
        axes: Names of the two.
        fields: What is shown.
        points: Of each its place across and up, its class, and whether it is held out for the test.
        classes: Names.
        arrows: Upon the points, of each where it begins, across and up, and where it ends.
        side: Most pixels along each side.
    """
    _plane(
        key=key,
        data={
            "low": list(map(float, low)),
            "high": list(map(float, high)),
            "axes": list(axes),
            "classes": list(classes),
            "points": [list(point) for point in points],
            "arrows": [list(arrow) for arrow in arrows],
            "side": side,
            "panels": [_panel(field) for field in fields],
        },
    )


def _panel(field: Field) -> dict[str, Any]:
    if field.sureness is not None:
        pixels = field.values.astype("uint8")
    else:
        shares = np.clip((np.nan_to_num(field.values) - field.centre) / field.scale, -1, 1)
        pixels = np.rint(tiles.ZERO + shares * (255 - tiles.ZERO)).astype("uint8")
    return {
        "name": field.name,
        "note": field.note,
        "height": field.values.shape[0],
        "width": field.values.shape[1],
        "pixels": base64_text(pixels),
        "sure": None if field.sureness is None else base64_text(levels(field.sureness)),
        "centre": field.centre,
        "scale": field.scale,
        "points": field.points,
    }


def run_table(key: str, rows: Sequence[Mapping[str, Any]], chosen: Sequence[str]) -> list[str]:
    """Show runs as rows that can be chosen.

    Args:
        key: Of the element.
        rows: As `views/runs.py` makes them.
        chosen: Keys of the rows that are marked.

    Returns: The keys of the rows that are chosen now.
    """
    now = [name for name in state_of(key, "chosen", chosen) if any(row["key"] == name for row in rows)]
    _run_table(key=key, data={"rows": list(rows), "chosen": now}, on_chosen_change=lambda: None)
    return now


def choice(label: str, name: str, found: Mapping[str, str], first: str | None = None) -> str:
    """Let a person choose one of several; the address remembers which.

    Args:
        label: Of the widget.
        name: Of its state, and of it in the address.
        found: What there is to choose from by key, as people are told it; at least one.
        first: The key at first; None: the first.

    Returns: A key.
    """
    asked = st.query_params.get(name)
    if st.session_state.get(name) not in found:
        st.session_state[name] = asked if asked in found else first or next(iter(found))
    return st.selectbox(
        label,
        list(found),
        format_func=lambda key: found[key],
        key=name,
        persist_state="page",
        on_change=lambda: st.query_params.update({name: st.session_state[name]}),
    )


def state_of(key: str, name: str, default: Any) -> Any:
    """What a component has told, read before it is drawn, so that it is drawn with what it told."""
    told = st.session_state.get(key)
    value = told.get(name) if told else None
    return default if value is None else value


def _picture(pixels: np.ndarray) -> dict[str, Any]:
    shown = _channels(pixels)
    return {
        "pixels": base64_text(levels(shown)),
        "height": shown.shape[0],
        "width": shown.shape[1],
        "depth": shown.shape[2],
    }


def _channels(pixels: np.ndarray) -> np.ndarray:
    """`(..., C)` with the one or three channels that a screen shows."""
    return pixels if pixels.shape[-1] == 3 else pixels[..., :1]


def levels(pixels: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(pixels, 0, 1) * 255).astype("uint8")


def _shortest(values: np.ndarray) -> np.ndarray:
    """One value where all are the same."""
    return values[:1] if (values == values[0]).all() else values


def base64_text(pixels: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(pixels).tobytes()).decode()
