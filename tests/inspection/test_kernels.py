"""Kernels read from a saved model's file."""

import keras
import numpy as np

from inspection.kernels import first_kernels, kernels


def test_the_first_convolution_is_found_whatever_the_layers_are_called(tmp_path):
    inputs = keras.Input((8, 8, 2))
    first = keras.layers.Conv2D(4, 3, name="zebra")
    x = keras.layers.Conv2D(6, 5, padding="same", name="aardvark")(first(inputs))
    model = keras.Model(inputs, keras.layers.Flatten()(x))
    model.save(tmp_path / "model.keras")
    np.testing.assert_allclose(
        first_kernels(tmp_path / "model.keras"), np.asarray(first.kernel).mean(axis=2), rtol=1e-6
    )


def test_a_model_without_convolutions_has_none(tmp_path):
    keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]).save(tmp_path / "model.keras")
    assert first_kernels(tmp_path / "model.keras") is None


def test_a_file_that_is_no_model_has_none(tmp_path):
    (tmp_path / "model.keras").write_bytes(b"not a ZIP archive")
    assert first_kernels(tmp_path / "model.keras") is None
    assert first_kernels(tmp_path / "missing.keras") is None


def test_every_convolution_s_kernels_are_there_by_name():
    inputs = keras.Input((9, 9, 4))
    first = keras.layers.Conv2D(6, 3, groups=2, padding="same", name="grouped")
    depthwise = keras.layers.DepthwiseConv2D(3, depth_multiplier=2, name="depthwise")
    transposed = keras.layers.Conv2DTranspose(2, (3, 5), name="transposed")
    body = keras.Sequential([keras.Input((9, 9, 6)), keras.layers.Conv2D(3, 1, name="inner")], name="body")
    x = transposed(depthwise(body(first(inputs))))
    model = keras.Model(inputs, keras.layers.Dense(2)(keras.layers.GlobalAveragePooling2D()(x)))
    found = kernels(model)
    assert {name: kernel.shape for name, kernel in found.items()} == {
        "grouped": (3, 3, 2, 6),
        "body/inner": (1, 1, 6, 3),
        "depthwise": (3, 3, 1, 6),
        "transposed": (3, 5, 6, 2),
    }
    np.testing.assert_array_equal(found["grouped"], np.asarray(first.kernel))
    np.testing.assert_array_equal(found["depthwise"][:, :, 0, 3], np.asarray(depthwise.kernel)[:, :, 1, 1])
    np.testing.assert_array_equal(found["transposed"][..., 4, 1], np.asarray(transposed.kernel)[..., 1, 4])
