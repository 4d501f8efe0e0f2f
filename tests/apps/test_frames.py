"""The page Frames: a clip, its answer in every time, and the kernels from motion to shape."""

import base64

import numpy as np
import pytest

from data import clips
from tests.apps.conftest import component, drawn, texts
from training import recipes, runs


@pytest.fixture
def model(shelves):
    """A net of clips as a training would have left it, its weights random."""
    return shelves.add("clips_cnn", "gallery", recipe="clips_cnn")


def screen(tested) -> np.ndarray:
    shown = component(tested, "clip")
    pixels = np.frombuffer(base64.b64decode(shown["pixels"]), "uint8")
    return pixels.reshape(shown["count"], shown["height"], shown["width"])


def test_the_motion_that_is_set_plays_frozen_and_backwards(page, model):
    tested = page("frames")
    expected = np.moveaxis(clips.scene("ball", "right", 1, 8, 8), -1, 0)
    np.testing.assert_array_equal(screen(tested), expected)
    drawn(tested.segmented_control(key="clip-time").set_value("Reversed").run())
    np.testing.assert_array_equal(screen(tested), expected[::-1])
    drawn(tested.segmented_control(key="clip-time").set_value("Frozen").run())
    np.testing.assert_array_equal(screen(tested), expected[[-1] * 4])
    drawn(tested.segmented_control(key="clip-motion").set_value("up").run())
    assert (screen(tested) == clips.scene("ball", "up", 1, 8, 8)[..., -1]).all()


def test_the_kernels_go_from_motion_to_shape(page, model):
    shown = component(page("frames"), "kernels")
    measured = [row["frozen"] for row in shown["rows"]]
    assert measured == sorted(measured, reverse=True)
    assert sorted(row["number"] for row in shown["rows"]) == [1, 2, 3, 4]
    assert len(base64.b64decode(shown["slices"])) == 4 * clips.FRAMES * 9
    assert all((row["sees"] == "motion") == (row["energy"] > 0.5) for row in shown["rows"])


def test_a_test_clip_has_its_label(page, model):
    tested = page("frames")
    drawn(tested.segmented_control(key="clip-source").set_value("Test clips").run())
    split = recipes.from_config(model.config).data.load().test
    np.testing.assert_array_equal(screen(tested), np.moveaxis(split.inputs[0], -1, 0))
    assert f"Labelled {clips.CLASSES[split.targets[0]]}" in texts(tested)


def test_pictures_and_clips_keep_to_their_pages(page, shelves, model):
    shelves.add("digits_cnn", "gallery")
    assert page("frames").selectbox(key="model").options == ["clips_cnn  ·  gallery"]
    assert page("convolution").selectbox(key="model").options == ["digits_cnn  ·  gallery"]


def test_without_a_model_one_is_trained(page, shelves):
    tested = page("frames")
    (recipe,) = (each for each in tested.selectbox if each.label == "Recipe")
    assert [option.split()[0] for option in recipe.options] == ["clips_cnn"]
    assert not runs.runs_in(shelves.runs)
