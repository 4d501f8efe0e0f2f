"""The examples that excite each map most, against a search through all activations."""

import keras
import numpy as np
import pytest

from inspection import exciting as module
from inspection.activations import activations
from inspection.exciting import exciting
from inspection.graph import InspectionError

L = keras.layers


def net(shape) -> keras.Model:
    keras.utils.set_random_seed(1)
    line = len(shape) == 2
    inputs = keras.Input(shape)
    x = (L.Conv1D if line else L.Conv2D)(4, 3, name="conv")(inputs)
    x = L.BatchNormalization(name="norm")(x)
    x = (L.GlobalMaxPooling1D if line else L.GlobalMaxPooling2D)(name="head")(x)
    return keras.Model(inputs, L.Dense(3, name="logits")(x))


@pytest.mark.parametrize("shape", [(7, 6, 2), (15, 1)])
def test_the_strongest_of_all_batches_are_found_with_their_places(shape, monkeypatch):
    monkeypatch.setattr(module, "BATCH", 8)
    model = net(shape)
    inputs = np.random.default_rng(0).integers(0, 256, (27, *shape), dtype=np.uint8)
    shares: list[float] = []
    found = exciting(model, inputs, top=5, scale=1 / 255, progress=shares.append)
    inside = activations(model, inputs / np.float32(255))
    assert list(found) == list(inside.layers)
    for name, output in inside.layers.items():
        strength = output.reshape(27, -1, output.shape[-1]).max(1)  # (N, channels)
        np.testing.assert_allclose(found[name].values, -np.sort(-strength, axis=0)[:5], rtol=1e-4, atol=1e-5)
        for rank, channel in np.ndindex(5, output.shape[-1]):
            example, place = found[name].examples[rank, channel], found[name].positions[rank, channel]
            assert output[(example, *place, channel)] == pytest.approx(
                found[name].values[rank, channel], abs=1e-4
            )
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_fewer_examples_than_asked_for_are_all_kept():
    found = exciting(net((7, 6, 2)), np.ones((3, 7, 6, 2), "float32"), top=9)
    assert found["conv"].examples.shape == (3, 4)
    np.testing.assert_array_equal(found["conv"].examples[:, 0], [0, 1, 2])  # equal ones in their order
    assert found["logits"].positions.shape == (3, 3, 0)


def test_no_examples_and_examples_that_do_not_fit_are_told():
    with pytest.raises(InspectionError, match="at least one"):
        exciting(net((7, 6, 2)), np.ones((0, 7, 6, 2)))
    with pytest.raises(InspectionError, match="Received"):
        exciting(net((7, 6, 2)), np.ones((2, 9, 6, 2)))
