"""The page Signals: a series, a file or a sound, its answer, and its maps on one time axis."""

import io
import wave

import numpy as np
import pytest

from apps import links
from data import SOURCES, waveforms
from tests.apps.conftest import Shelves, component, drawn, texts
from training import recipes, settings, trainer
from training.runs import Run
from training.saving import save_model


def add(
    shelves: Shelves,
    recipe: str = "waveforms_cnn",
    shape: tuple[int, int] = (128, 1),
    rate: int = 0,
    **changes,
) -> Run:
    """A run with random weights whose data are not read."""
    from data import Spec

    classes = tuple("0123456789") if recipe == "spoken_digits_cnn" else waveforms.CLASSES
    changed = recipes.find(recipe).override({"model.filters": "4,8", "model.convolutions": "1", **changes})
    run = trainer.create(changed, shelves.gallery, recipe)
    spec = Spec(changed.source, shape, classes, "", "", rate)
    built = changed.build_model(spec)
    save_model(built, run.model_path)
    run.write_json(
        "config.json", {**run.config, "spec": settings.to_json(spec), "parameters": built.count_params()}
    )
    run.update_status(state="finished")
    return run


def upload(tested, content: bytes, name: str):
    (way,) = (each for each in tested.segmented_control if each.label == "Signal")
    drawn(way.set_value("Upload").run())
    return drawn(tested.file_uploader[0].set_value((name, content, "text/csv")).run())


def test_a_test_series_is_answered_heard_and_shown_with_its_maps(shelves, page):
    add(shelves)
    tested = page("signals")
    answer = component(tested, "answer")
    assert sum(one["share"] for one in answer["classes"]) == pytest.approx(1)
    assert [one["true"] for one in answer["classes"]].count(True) == 1
    shown = component(tested, "signal")
    assert (shown["length"], shown["columns"], len(shown["curves"])) == (128, 128, 1)
    np.testing.assert_allclose(
        np.array(shown["curves"])[0, :, 0], SOURCES["waveforms"].load().test.example(0)[0][:, 0], atol=1e-4
    )
    layers = {layer["name"]: layer for layer in shown["layers"]}
    assert list(layers) == ["stage1_conv1", "stage2_conv1"]
    assert (layers["stage2_conv1"]["jump"], layers["stage2_conv1"]["size"]) == (2, 20)
    assert tested.get("audio")
    drawn(tested.segmented_control(key="signal-layers").set_value("Every layer").run())
    names = [layer["name"] for layer in component(tested, "signal")["layers"]]
    assert "stage1_pool" in names
    assert "logits" not in names
    drawn(tested.toggle(key="mattered").set_value(False).run())
    assert component(tested, "signal")["heat"] == []


def test_a_class_can_be_looked_through(shelves, page):
    add(shelves)
    tested = page("signals")
    (kind,) = (each for each in tested.selectbox if each.label == "Class")
    drawn(kind.set_value("square").run())
    answer = component(tested, "answer")
    assert next(one["name"] for one in answer["classes"] if one["true"]) == "square"


def test_a_row_of_a_file_is_answered(shelves, page):
    add(shelves)
    text = "\n".join(",".join(map(str, np.sin(np.arange(128) / k).round(3))) + ",x" for k in (3, 9))
    tested = upload(page("signals"), text.encode(), "own.csv")
    assert "Row 1, 128 points" in component(tested, "answer")["caption"]
    first = component(tested, "signal")["curves"]
    drawn(tested.number_input(key="row").set_value(2).run())
    assert component(tested, "signal")["curves"] != first


BAD_FILES = {
    b"1,2,3": "takes 128 points of 1 dimensions. Received: 3 points",
    b"1,two,3": "no number: 'two'",
    b"1,,3": "gap in column 2",
    b"": "no row of numbers",
    b"\xff\xfe\x00": "no text file",
    b"1," * 9999: "more than 8192",
}


def test_a_bad_file_is_told_and_the_page_lives_on(shelves, page):
    add(shelves)
    tested = page("signals")
    for content, said in BAD_FILES.items():
        upload(tested, content, "bad.csv")
        assert said in tested.warning[0].value.replace("\\", "")
        assert "comes here" in component(tested, "answer")["hint"]


def test_a_sound_is_brought_to_the_rate_of_the_data_and_that_is_said(shelves, page):
    add(shelves, "spoken_digits_cnn", (76, 40), 8000)
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((1, 2, 16000, 0, "NONE", ""))
        out.writeframes((8000 * np.sin(np.arange(16000) / 5)).astype("<i2").tobytes())
    tested = upload(page("signals"), file.getvalue(), "mine.wav")
    assert "from 16,000 to 8,000 Hz" in component(tested, "answer")["caption"]
    shown = component(tested, "signal")
    assert (shown["length"], shown["bands"]["count"], shown["rate"], shown["hop"]) == (76, 40, 8000, 80)
    drawn(tested.file_uploader[0].set_value(("mine.wav", b"RIFF no sound", "audio/wav")).run())
    assert "read as a sound" in tested.warning[0].value


def test_a_sound_is_heard_at_the_rate_that_its_spec_names(shelves, page):
    add(shelves, "spoken_digits_cnn", (76, 40), 4000)
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((1, 2, 8000, 0, "NONE", ""))
        out.writeframes(np.full(8000, 8000, "<i2").tobytes())
    tested = upload(page("signals"), file.getvalue(), "mine.wav")
    assert component(tested, "signal")["rate"] == 4000
    assert "from 8,000 to 4,000 Hz" in component(tested, "answer")["caption"]


def test_the_page_trains_what_goes_over_time_and_nothing_else(shelves, page):
    tested = page("signals", tab="Train")
    (chosen,) = (each for each in tested.selectbox if each.label == "Recipe")
    named = {option.split(" ")[0] for option in chosen.options}
    assert named == {
        "waveforms_cnn", "spoken_digits_cnn", "arrowhead_cnn", "italypowerdemand_cnn", "series_cnn",
    }  # fmt: skip
    assert "slide along time" in texts(tested)


def test_links_lead_signals_to_their_page(shelves, monkeypatch):
    from apps.library import Entry

    led = []
    monkeypatch.setattr(links, "link", lambda page, *_, **query: led.append(page))
    links.explore(Entry("gallery", add(shelves)))
    links.explore(Entry("runs", shelves.add("digits")))
    assert led == ["views/signals.py", "views/convolution.py"]
