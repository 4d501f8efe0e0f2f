"""Frames: a clip of a game as channels, and which kernels of a trained net see motion and which shape."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from apps import controls, engine, frame, library, widgets
from apps.escaping import escape_markdown, sentence
from apps.library import Entry
from inspection import tiles

SIDE = 340  # width of the column in which a clip is made, in pixels
MEASURED = 200  # test clips on which the kernels are measured
MOST = 64  # kernels that are shown
MOST_CLASSES = 6  # bars
HALF = 0.5  # share of a kernel's squared weights above which it is called one of motion
TIMES = ("As it is", "Frozen", "Reversed")

_clip = widgets.component("clip")
_motion = widgets.component("motion")


def sees_clips(entry: Entry) -> bool:
    """Whether a model's input channels are the frames of a clip."""
    return entry.run.config.get("source") == "clips"


@st.fragment
def explore(entry: Entry) -> None:
    """From a clip to the answer, and to the kernels from motion to shape."""
    from inspection.activations import InspectionError, activations
    from inspection.endings import probabilities
    from inspection.motion import backwards, freeze

    model = frame.model(entry)
    if model is None:
        return
    split = frame.test_set(entry)
    if split is None:
        return
    left, right = st.columns([2, 3], gap="large")
    with left:
        source = st.segmented_control(
            "Clip",
            ["Set the motion", "Test clips"],
            default="Set the motion",
            required=True,
            key="clip-source",
            persist_state="session",
        )
        clip, label = _made() if source == "Set the motion" else _picked(split, entry)
    with right:
        time = st.segmented_control(
            "Time",
            TIMES,
            default=TIMES[0],
            required=True,
            key="clip-time",
            persist_state="session",
            help="Frozen: every frame is the last one. Reversed: the frames run backwards.",
        )
        ways = np.stack([clip, freeze(clip), backwards(clip)])
        try:
            inside = activations(model, ways)
            shares = probabilities(model, inside.output)
        except InspectionError as error:
            st.warning(sentence(error), icon=":material/visibility_off:")
            return
        now = TIMES.index(time)
        classes = entry.spec["classes"]
        screen, verdict = st.columns(2, gap="medium")
        with screen:
            _play(ways[now], f"the clip, {time.lower()}")
        with verdict:
            for way, share in zip(TIMES, shares, strict=True):
                best = int(np.argmax(share))
                line = f"{way}: **{escape_markdown(classes[best])}** {share[best]:.0%}"
                st.markdown(f":primary[{line}]" if way == time else line)
            if label is not None:
                st.caption(f"Labelled {escape_markdown(classes[label])}")
        _answer(classes, shares[now], ways[now], label if time == TIMES[0] else None)
    try:
        _kernels(entry, model, inside, now)
    except InspectionError as error:
        st.info(f"{sentence(error)}.", icon=":material/visibility_off:")


def _answer(classes: Sequence[str], shares: np.ndarray, seen: np.ndarray, label: int | None) -> None:
    """The likeliest classes, beside the last frame: all that a net without the others would see."""
    likeliest = np.argsort(-shares, kind="stable")[:MOST_CLASSES].tolist()
    widgets.answer(
        "clip-answer",
        [classes[i] for i in likeliest],
        [shares[i] for i in likeliest],
        seen[..., -1:],
        likeliest.index(label) if label in likeliest else None,
        "The last frame alone",
    )


def _made() -> tuple[np.ndarray, int]:
    """A clip as a person sets it, in [0, 1], and its label."""
    from data import clips

    shape = st.segmented_control(
        "Shape",
        clips.SHAPES,
        default=clips.SHAPES[0],
        required=True,
        key="clip-shape",
        persist_state="session",
    )
    motion = st.segmented_control(
        "Goes",
        list(clips.MOTIONS),
        default="right",
        required=True,
        key="clip-motion",
        persist_state="session",
        wrap=True,
    )
    speed = st.segmented_control(
        "Pixels a frame",
        clips.SPEEDS,
        default=clips.SPEEDS[0],
        required=True,
        key="clip-speed",
        persist_state="session",
    )
    with st.container(horizontal=True):
        row = st.slider("Row", 0, clips.EDGE - clips.SPRITE, 8, key="clip-row", persist_state="session")
        column = st.slider(
            "Column", 0, clips.EDGE - clips.SPRITE, 8, key="clip-column", persist_state="session"
        )
    with st.container(horizontal=True):
        paddle = st.toggle("Paddle, going left", key="clip-paddle", persist_state="session")
        bricks = st.toggle("Bricks", key="clip-bricks", persist_state="session")
        noise = st.toggle("Noise", key="clip-noise", persist_state="session")
    drawn = clips.scene(
        shape,
        motion,
        speed,
        row,
        column,
        np.ones((len(clips.BRICKS), clips.EDGE // 4), bool) if bricks else None,
        (10, -2) if paddle else None,
    )
    seen = clips.noisy(drawn, clips.Config().noise if noise else 0, np.random.default_rng(0))
    return seen.astype("float32") / 255, clips.CLASSES.index(f"{shape} {motion}")


def _picked(split: Any, entry: Entry) -> tuple[np.ndarray, int]:
    """A test clip and its label."""
    number = st.number_input(
        "Test clip",
        1,
        len(split),
        1,
        key="clip-number",
        persist_state="session",
        help=f"1 to {library.readable(len(split))}",
    )
    return split.example(number - 1)


def _play(clip: np.ndarray, label: str) -> None:
    height, width, count = clip.shape
    pixels = widgets.levels(np.moveaxis(clip, -1, 0))
    _clip(
        key="clip",
        data={
            "pixels": widgets.base64_text(pixels),
            "count": count,
            "height": height,
            "width": width,
            "label": label,
        },
    )


def _kernels(entry: Entry, model: Any, inside: Any, now: int) -> None:
    """The first layer's kernels, from motion to shape."""
    found = _measured(entry.key, entry.run.model_path.stat().st_mtime_ns, entry, model)
    order = found.order[:MOST]
    st.divider()
    st.subheader("First kernels, from motion to shape", anchor=False)
    st.caption(
        "Each kernel has a slice of weights for every frame. What all slices share, their mean, sees shape; "
        "what differs from frame to frame, as in the difference of two frames, sees motion. The bars tell "
        "how much of the weights differs, and by how much the kernel's answers to "
        f"{MEASURED} test clips change when these are frozen at their last frame, or run backwards. "
        ":primary[**Violet**] is above zero, "
        ":orange[**orange**] below."
    )
    kernels = np.moveaxis(found.kernels[order], -1, 1)  # (F, T, h, w)
    count, frames, height, width = kernels.shape
    slices = tiles.tiles(kernels.reshape(count * frames, height, width, 1)).pixels[: count * frames]
    means = tiles.tiles(found.shape[order][..., None]).pixels
    maps = tiles.tiles(inside.layers[found.layer][now][..., order]).pixels
    _motion(
        key="kernels",
        data={
            "rows": [
                {
                    "number": int(kernel) + 1,
                    "sees": "motion" if found.energy[kernel] > HALF else "shape",
                    "energy": float(found.energy[kernel]),
                    "frozen": float(found.frozen[kernel]),
                    "reversed": float(found.reversed[kernel]),
                }
                for kernel in order
            ],
            "frames": frames,
            "kernel": [height, width],
            "map": list(maps.shape[1:]),
            "slices": widgets.base64_text(slices),
            "means": widgets.base64_text(means),
            "maps": widgets.base64_text(maps),
        },
    )


@st.cache_resource(max_entries=8, show_spinner=False)
def _measured(key: str, modified: int, _entry: Entry, _model: Any) -> Any:
    """What the kernels see of the first test clips; measured once a model."""
    from inspection.motion import motion

    split = engine.test_split(_entry.run)
    return motion(_model, np.stack([split.example(i)[0] for i in range(min(MEASURED, len(split)))]))


frame.show(
    frame.Page(
        file=__file__,
        title="Frames",
        idea=(
            "A single picture of a game does not say where the ball is going. Stack the last frames as "
            "channels, and kernels can compare them: some see what is there, some what moves."
        ),
        architecture="cnn",
        fits=sees_clips,
        explore=explore,
        controls=controls.cnn,
        sources=("clips",),
    )
)
