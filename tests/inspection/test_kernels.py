"""Kernels read from a saved model's file."""

import keras
import numpy as np

from inspection.kernels import first_kernels


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
