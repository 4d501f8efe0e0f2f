"""Signals: a series, a recording or a drawn curve, heard, and the maps under it on one time axis."""

import dataclasses
import io
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from apps import controls, engine, frame, library, signal_view, widgets
from apps.escaping import sentence
from apps.library import Entry
from apps.sketch import sketch

if TYPE_CHECKING:
    from inspection.activations import Activations
    from inspection.lines import Contrast, Place

SIDE = 340  # width of the column in which a signal is chosen, in pixels
CANVAS = 330, 150  # pixels
MOST_CLASSES = 12  # bars; of more classes only the likeliest are shown
MOST_BYTES = 4 * 2**20  # of a file
HEARD_RATE, HEARD_SECONDS = 8000, 1.5  # of what has no rate of its own
SOURCES = ("waveforms", "spoken_digits", "arrowhead", "italypowerdemand", "series")
TEST, DRAW, UPLOAD, RECORD = "Test series", "Draw", "Upload", "Record"
ICONS = {
    TEST: ":material/show_chart:",
    DRAW: ":material/draw:",
    UPLOAD: ":material/upload:",
    RECORD: ":material/mic:",
}
LAYERS = {
    "Convolutions": lambda kind: "Conv" in kind,
    "After activation": lambda kind: kind.islower(),  # functions have lower-case names, layers have not
    "Every layer": lambda kind: True,
}
CONTRASTS: "dict[str, Contrast]" = {"Each map": "map", "Whole layer": "layer"}


@dataclasses.dataclass(frozen=True)
class Given:
    """What a person gave.

    Args:
        seen: The model's input `(T, C)`.
        sound: What is heard, `(N,)`, and its rate in Hz.
        label: Of the right class, where it is known.
        told: What was done to it.
    """

    seen: np.ndarray
    sound: tuple[np.ndarray, int]
    label: int | None = None
    told: str = ""


def fits(entry: Entry) -> bool:
    """Whether a model's input is a signal, as far as is known before its training has begun."""
    shape = entry.spec.get("input_shape")
    if entry.architecture != "cnn":
        return False
    return len(shape) == 2 if shape else entry.run.config.get("source") in SOURCES


@st.fragment
def explore(entry: Entry) -> None:
    """From a signal to the answer and the maps; another signal runs nothing but this."""
    from data import DataUnavailable

    model = frame.model(entry)
    if model is None:
        return
    with st.container(horizontal=True, gap="large"):
        with st.container(width=SIDE):
            try:
                given = _input(entry)
            except DataUnavailable as error:
                st.warning(f"{sentence(error)}.", icon=":material/error:")
                given = None
            if given is not None:
                _hear(entry, given)
        with st.container():
            inside = _answer(entry, model, given)
    if given is not None and inside is not None:
        _maps(entry, model, given, inside)


def _is_speech(entry: Entry) -> bool:
    return entry.run.config.get("source") == "spoken_digits"


def _rate(entry: Entry) -> int:
    """Points a second at which a model's signals are heard."""
    return entry.spec.get("sample_rate") or HEARD_RATE


def _input(entry: Entry) -> Given | None:
    """Let a person give a signal.

    Raises:
        DataUnavailable: It can't be had or read.
    """
    ways = [TEST, UPLOAD, RECORD] if _is_speech(entry) else [TEST, DRAW, UPLOAD]
    if entry.spec["input_shape"][1] > 1 and not _is_speech(entry):
        ways.remove(DRAW)
    way = st.segmented_control(
        "Signal",
        ways,
        format_func=lambda name: f"{ICONS[name]} {name}",
        default=TEST,
        required=True,
        key=f"way-{'speech' if _is_speech(entry) else 'series'}",
        persist_state="session",
        label_visibility="collapsed",
    )
    return {TEST: _picked, DRAW: _drawn, UPLOAD: _uploaded, RECORD: _recorded}[way](entry)


def _picked(entry: Entry) -> Given | None:
    """A test series and its label; None where there are none to be had."""
    split = frame.test_set(entry)
    if split is None:
        return None
    classes, size = entry.spec["classes"], len(split)
    wanted = st.selectbox(
        "Class",
        ["any", *classes],
        key=f"class-{entry.key}",
        persist_state="session",
        help="Which ones to look at",
    )
    numbers = np.arange(size)
    if wanted != "any":
        numbers = np.flatnonzero(split.targets == list(classes).index(wanted))
    if not len(numbers):
        st.caption("The test set has none of these; here is one of all.")
        numbers = np.arange(size)
    place = st.number_input(
        f"Number, of {len(numbers):,} that it was not trained on",
        min_value=1,
        max_value=len(numbers),
        value=1,
        key=f"number-{entry.key}-{wanted}",
        persist_state="session",
    )
    number = int(numbers[int(place) - 1])
    seen, label = split.example(number)
    return Given(seen, _sound_of(entry, seen, number), label)


def _sound_of(entry: Entry, seen: np.ndarray, number: int) -> tuple[np.ndarray, int]:
    """What a test series sounds like."""
    from inspection import lines

    if _is_speech(entry):
        if entry.run.config["data"]["form"] == "wave":
            return seen[:, 0], _rate(entry)
        whole = not engine.why_sample(entry.run)
        waves = _waves(json.dumps([entry.run.config["data"], whole], sort_keys=True), entry.run.config)
        return waves.example(number)[0][:, 0], _rate(entry)
    return lines.looped(seen.mean(axis=1), HEARD_RATE, HEARD_SECONDS), HEARD_RATE


@st.cache_resource(max_entries=2, show_spinner=False)
def _waves(settings: str, _config: dict[str, Any]):
    """The test recordings behind spectrograms, in the same order."""
    from data import DataUnavailable, samples
    from training import recipes

    data = dataclasses.replace(recipes.from_config(_config).data, form="wave")
    try:
        return data.load().test
    except DataUnavailable:
        return samples.find(data)


def _drawn(entry: Entry) -> Given | None:
    """A curve that is drawn from left to right."""
    from inspection import lines

    st.caption("Draw a curve from left to right.")
    length = entry.spec["input_shape"][0]
    curve = sketch("curve", length, CANVAS)
    if curve is None:
        return None
    series = curve[:, None]
    if entry.run.config["data"].get("normalize"):
        from data.series import normalized

        series = normalized(series[None])[0]
    sound = lines.looped(series[:, 0], HEARD_RATE, HEARD_SECONDS)
    return Given(series, (sound, HEARD_RATE), told=f"Your curve as {length} points")


def _uploaded(entry: Entry) -> Given | None:
    """A signal in a file."""
    speech = _is_speech(entry)
    file = st.file_uploader(
        "A WAV file" if speech else "A CSV or .ts file, one series a row",
        type=["wav"] if speech else ["csv", "ts", "txt"],
        max_upload_size=MOST_BYTES // 2**20,
        help="It stays on this machine",
    )
    if file is None:
        return None
    return _heard(entry, file) if speech else _row(entry, file.getvalue(), file.name)


def _recorded(entry: Entry) -> Given | None:
    """What the microphone heard."""
    sound = st.audio_input("Say a digit, zero to nine, in English", sample_rate=_rate(entry), key="recording")
    return None if sound is None else _heard(entry, sound)


def _heard(entry: Entry, file: Any) -> Given:
    """A sound as the model sees it."""
    from data import sounds, spoken_digits

    settings = entry.run.config["data"]
    content = io.BytesIO(file.getvalue())
    content.name = file.name  # for messages
    sound, rate = sounds.read_sound(content)
    seen = spoken_digits.as_input(sound, rate, settings["form"], settings["seconds"])
    wave = spoken_digits.as_input(sound, rate, "wave", settings["seconds"])[:, 0]
    told = f"The loudest {settings['seconds']:g} s of {len(sound) / rate:.1f} s"
    if rate != _rate(entry):
        told = f"{told}, brought from {rate:,} to {_rate(entry):,} Hz"
    return Given(seen, (wave, _rate(entry)), told=told)


def _row(entry: Entry, content: bytes, name: str) -> Given:
    """One row of a file of series."""
    from data import series
    from inspection import lines

    settings, shape = entry.run.config["data"], entry.spec["input_shape"]
    label = settings.get("label", "last")
    rows, note = series.uploaded(content, name, shape, label, entry.spec["classes"])
    if note:
        st.caption(f"{sentence(note)}.")
    place = 1
    if len(rows) > 1:
        place = int(
            st.number_input(f"Row, of {len(rows):,}", 1, len(rows), 1, key="row", persist_state="session")
        )
    seen = series.as_input(
        rows[place - 1], shape, settings.get("normalize", False), settings.get("fill", False)
    )
    sound = lines.looped(seen.mean(axis=1), HEARD_RATE, HEARD_SECONDS)
    return Given(seen, (sound, HEARD_RATE), told=f"Row {place}, {len(seen)} points")


def _hear(entry: Entry, given: Given) -> None:
    sound, rate = given.sound
    st.audio(np.clip(sound, -1, 1), sample_rate=rate)
    if not _is_speech(entry):
        st.caption(f"Its {len(given.seen)} points over and over, {rate:,} a second.")


def _answer(entry: Entry, model: Any, given: Given | None) -> "Activations | None":
    """Show what the model says of its input; what it computed on the way."""
    from inspection import lines
    from inspection.activations import InspectionError, activations
    from inspection.endings import probabilities

    classes = entry.spec["classes"]
    if given is None:
        widgets.answer(
            "answer", classes[:MOST_CLASSES], None, hint="Give it a signal: the answer comes here."
        )
        return None
    try:
        inside = activations(model, given.seen[None])
    except InspectionError as error:
        st.warning(sentence(error), icon=":material/visibility_off:")
        return None
    shares = probabilities(model, inside.output)[0]
    shown = list(range(len(classes)))
    if len(classes) > MOST_CLASSES:
        shown = sorted(shown, key=lambda i: -shares[i])[:MOST_CLASSES]
    caption = f"Seen as {library.shape_text(given.seen.shape)}"
    if given.label is not None:
        caption = f"{caption}\nLabelled {classes[given.label]}"
    elif given.told:
        caption = f"{caption}\n{given.told}"
    widgets.answer(
        "answer",
        [classes[i] for i in shown],
        [shares[i] for i in shown],
        lines.thumbnail(given.seen),
        None if given.label is None or given.label not in shown else shown.index(given.label),
        caption,
    )
    return inside


def _maps(entry: Entry, model: Any, given: Given, inside: "Activations") -> None:
    """The signal, what mattered in it, and every layer's maps under it."""
    from inspection import lines

    st.divider()
    st.subheader("Inside, on one time axis", anchor=False)
    st.caption(
        "Each line of a layer is one map; the layers lie under the moment that they look at. "
        ":primary[**Violet**] is above zero, :orange[**orange**] below. Point at a map: the band on the "
        "signal is what that unit sees. Arrow keys move the cursor too."
    )
    with st.container(horizontal=True, gap="large"):
        which = st.segmented_control(
            "Layers",
            list(LAYERS),
            default="Convolutions",
            required=True,
            wrap=True,
            key="signal-layers",
            persist_state="session",
        )
        contrast = st.segmented_control(
            "Contrast",
            list(CONTRASTS),
            default="Each map",
            required=True,
            key="signal-contrast",
            persist_state="session",
            help="What the strongest colour stands for: the largest value of each map, or of the whole layer",
        )
        mattered = st.toggle(
            "What mattered",
            value=True,
            key="mattered",
            persist_state="session",
            help="Grad-CAM: the orange stretches speak for the answer",
        )
    places = lines.places(model)
    heat, note = _heat(model, given, places) if mattered else (None, "")
    hop, rate = _time(entry, given)
    signal_view.show(
        "signal",
        given.seen,
        f"{library.shape_text(given.seen.shape)}{note}",
        [
            signal_view.Layer(
                name,
                f"{inside.kinds[name]}: {output.shape[-1]} maps of {output.shape[1]}",
                output[0],
                places[name],
            )
            for name, output in inside.layers.items()
            if name in places and LAYERS[which](inside.kinds[name])
        ],
        CONTRASTS[contrast],
        heat,
        rate,
        hop,
    )


def _heat(model: Any, given: Given, places: "dict[str, Place]"):
    """Grad-CAM over time and where it lies; and what to say of it."""
    from inspection import attribution
    from inspection.activations import InspectionError

    try:
        layer = attribution.last_maps(model)
        heat = attribution.grad_cam(model, given.seen[None], layer=layer).heat[0]
    except InspectionError:
        return None, ""
    if layer not in places or not heat.any():
        return None, " · nothing in it speaks for the answer more than the rest"
    return (heat, places[layer]), " · orange: what spoke for the answer"


def _time(entry: Entry, given: Given) -> tuple[int, int]:
    """Points of the sound from one position of the input to the next, and their rate; 0: it is no sound."""
    if not _is_speech(entry):
        return 1, 0
    from data import spoken_digits

    spectrogram = entry.run.config["data"]["form"] == "spectrogram"
    return (spoken_digits.HOP if spectrogram else 1), _rate(entry)


frame.show(
    frame.Page(
        file=__file__,
        title="Signals",
        idea=(
            "A kernel can slide along time as it slides over a picture. It answers wherever its pattern "
            "comes, early or late: in a wave, in a day's electricity, in a spoken word."
        ),
        architecture="cnn",
        fits=fits,
        explore=explore,
        controls=controls.cnn,
        sources=SOURCES,
    )
)
