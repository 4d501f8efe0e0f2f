"""Timeline: what a generator made of the same noise, from its first step to its last."""

from typing import Any

import streamlit as st

from apps import charts, controls, frame, generating, library, widgets
from apps.library import Entry
from training import timeline

LIVE_SECONDS = 3.0
FIGURES = ("val_frechet", "val_recall", "spread", "loss", "discriminator_loss")

_timeline = widgets.component("timeline")


def explore(entry: Entry) -> None:
    """The pictures, which the browser has all at once; they grow while the training runs."""
    active = entry.run.state in ("queued", "running")
    st.fragment(_show, run_every=LIVE_SECONDS if active else None)(entry, active)


def _show(entry: Entry, active: bool) -> None:
    if active and entry.run.state not in ("queued", "running"):
        st.rerun()  # it has ended: look no more
    steps, pictures = timeline.load(entry.run.path, tuple(entry.spec.get("input_shape", (0, 0, 1))))
    if not steps:
        st.info(_missing(active), icon=":material/hourglass_empty:")
        return
    st.markdown(
        "Each place of the sheet is **the same noise at every moment**: only the generator changes. Play it, "
        "drag the slider, or click a picture to follow that one alone. Moments are the closer the earlier, "
        "since most happens at the beginning."
    )
    shown, side = generating.within(pictures)
    _timeline(
        key="timeline",
        data={
            "key": entry.key,
            "steps": steps,
            "pixels": widgets.base64_text(shown),
            "side": side,
            "height": shown.shape[2],
            "width": shown.shape[3],
            "depth": shown.shape[4],
            "figures": _figures(library.rows(entry.run)),
        },
    )
    st.caption(
        "The generator is shown as it is trained at that moment. The model that is saved is a mean over its "
        "last steps, so that its pictures are somewhat calmer than the last ones here."
        if entry.run.config["optimizer"].get("average")
        else "The generator is shown as it is at that moment."
    )


def _figures(rows: Any) -> list[dict[str, Any]]:
    """What is told below the pictures: each figure's name and its points, step and value."""
    found = []
    for name in FIGURES:
        points = [(row["step"], row[name]) for row in charts.thinned(rows, name)]
        if points:
            found.append({"name": charts.title(name), "points": points})
    return found


def _missing(active: bool) -> str:
    if active:
        return "The first picture comes when the training has begun."
    return (
        "This training kept no pictures on the way. Those that are started now do: train one in the tab "
        "**Train**."
    )


frame.show(
    frame.Page(
        file=__file__,
        title="Timeline",
        idea=(
            "From noise to pictures, step by step. The same random numbers give another picture at each "
            "moment of the training: watch shapes appear, waver and settle."
        ),
        architecture="gan",
        fits=generating.makes_pictures,
        explore=explore,
        controls=controls.gan,
        sources=generating.SOURCES,
        first="on the digits it takes a minute",
    )
)
