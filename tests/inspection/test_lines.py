"""Signals and their maps on one time axis: where a layer's positions lie is what they look at."""

import keras
import numpy as np
import pytest

from inspection import lines, receptive
from inspection.tiles import ZERO
from models import cnn


@pytest.mark.parametrize(
    "settings",
    [
        {"kernel_size": 5, "convolutions": (2,), "residual": True},
        {"kernel_size": 4, "stride": 2, "pooling": "none"},
        {"kernel_size": 3, "padding": "valid", "pooling": "average", "pool_size": 3},
    ],
)
def test_a_place_is_the_receptive_field(settings):
    model = cnn.build(cnn.Config((64, 2), 3, filters=(4, 6), **settings))
    places = lines.places(model)
    assert "stage2_conv1" in places
    assert "logits" not in places
    for name, place in places.items():
        for unit in range(model.get_layer(name).output.shape[1]):
            (box,) = receptive.field(model, name, (unit,)).box
            start = place.start + unit * place.jump
            assert (box.start, box.stop) == (max(0, start), min(64, start + place.size)), name


def test_layers_that_fold_time_up_are_left_out():
    inputs = keras.Input((8, 1))
    x = keras.layers.Conv1D(2, 3, padding="same", name="first")(inputs)
    x = keras.layers.Reshape((4, 4), name="folded")(x)
    x = keras.layers.Conv1D(2, 3, padding="same", name="after")(x)
    assert list(lines.places(keras.Model(inputs, x))) == ["first"]


def test_strips_keep_the_strongest_value_of_each_column():
    output = np.zeros((5000, 3), "float32")
    output[1234, 0], output[77, 1] = -4.0, 2.0
    pixels, scale = lines.strips(output, "layer")
    assert pixels.shape == (3, lines.COLUMNS)
    assert scale.tolist() == [4, 4, 4]
    assert pixels[0].min() == 1
    assert pixels[1].max() == ZERO + 64  # half of 127, to the even
    assert (pixels[2] == ZERO).all()
    own, scale = lines.strips(output, "map")
    assert own[1].max() == 255
    assert scale.tolist() == [4, 2, 0]
    assert lines.strips(np.ones((7, 500)))[0].shape == (lines.MOST, 7)


def test_an_envelope_has_every_peak():
    signal = np.zeros((8000, 1))
    signal[4321] = 7
    found = lines.envelope(signal)
    assert found.shape == (1, lines.COLUMNS, 2)
    assert found[..., 1].max() == 7
    assert found[..., 0].min() == 0
    np.testing.assert_array_equal(lines.envelope(np.arange(24.0)[:, None])[0, :, 0], np.arange(24))


@pytest.mark.parametrize("shape", [(24, 1), (2, 2), (8000, 1), (76, 40)])
def test_thumbnails_fit_any_signal(shape):
    picture = lines.thumbnail(np.random.default_rng(0).normal(size=shape))
    assert picture.shape == (lines.THUMB, lines.THUMB, 1)
    assert 0 <= picture.min() < picture.max() <= 1


def test_a_drawn_curve_rises_where_it_was_drawn_to_rise():
    picture = np.zeros((101, 201, 3), "uint8")
    for column in range(20, 180):
        picture[90 - column // 2, column] = 255
    series = lines.from_drawing(picture, 50)[:, 0]
    assert (np.diff(series[6:44]) > 0).all()
    assert series[0] == series[1] == pytest.approx(1 - 2 * 0.8)  # row 80 of 0 to 100
    assert lines.from_drawing(np.zeros_like(picture), 50) is None


def test_a_loop_lasts_and_is_as_loud_as_can_be():
    sound = lines.looped(np.array([3.0, 5.0, 3.0, 5.0]), 100, 1.0)
    assert len(sound) == 100
    assert sound.max() == 1
    assert sound.min() == -1
    assert np.isfinite(lines.looped(np.ones(4), 100, 1.0)).all()
