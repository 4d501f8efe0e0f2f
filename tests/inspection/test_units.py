"""Silent, flat and dead units by hand; derivatives by differences; an affine map by multiplying matrices."""

import keras
import numpy as np
import pytest

from inspection import units
from inspection.graph import InspectionError
from models import cnn, layers, mlp


def inputs_of(count: int = 300, size: int = 5) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(count, size)).astype("float32")


def test_silent_flat_and_dead_units_of_relu_by_hand():
    keras.utils.set_random_seed(0)
    model = mlp.build(mlp.Config((5,), 2, (7,)))
    kernel, bias = model.get_layer("dense1").get_weights()
    bias[2] = -100.0
    model.get_layer("dense1").set_weights([kernel, bias])
    inputs = inputs_of()
    arriving = inputs @ kernel + bias
    (found,) = units.units(model, units.in_batches(inputs, 128))  # the last batch is a smaller one
    assert found.name == "dense1_act"
    assert found.units == 7
    assert found.silent == found.flat == pytest.approx((arriving <= 0).mean())
    assert found.dead.tolist() == [unit == 2 for unit in range(7)]
    assert found.counts.sum() == arriving.size
    within = np.abs(arriving) < found.edges[-1]
    assert found.edges[-1] == pytest.approx(np.abs(arriving[:128]).max(), rel=1e-5)
    expected, _ = np.histogram(arriving[within], found.edges)
    expected[0] += (arriving <= found.edges[0]).sum()
    expected[-1] += (arriving >= found.edges[-1]).sum()
    assert np.abs(found.counts - expected).sum() <= 4  # of 2,100; a number on an edge may fall to either side


def test_a_saturated_unit_is_flat_and_dead_but_not_silent():
    model = mlp.build(mlp.Config((5,), 2, (2,), activation="sigmoid"))
    model.get_layer("dense1").set_weights([np.zeros((5, 2)), np.array([0.0, 20.0])])
    (found,) = units.units(model, [inputs_of()])
    assert found.silent == 0
    assert found.flat == 0.5
    assert found.dead.tolist() == [False, True]


def test_a_channel_lives_if_any_position_does():
    model = cnn.build(cnn.Config((6, 6, 1), 2, (2,), normalization="none", initializer="zeros"))
    convolution = model.get_layer("stage1_conv1")
    convolution.set_weights([np.zeros((3, 3, 1, 2)), np.array([-1.0, -1.0])])
    kernel = np.zeros((3, 3, 1, 2))
    kernel[1, 1, 0, 0] = 2.0
    convolution.set_weights([kernel, np.array([-1.0, -1.0])])
    picture = np.zeros((1, 6, 6, 1))
    picture[0, 3, 4] = 1.0
    (found,) = units.units(model, [picture])
    assert found.dead.tolist() == [False, True]
    assert found.silent == pytest.approx(71 / 72)


@pytest.mark.parametrize("activation", layers.ACTIVATIONS)
def test_every_activation_is_found_and_its_slope_is_right(activation):
    model = mlp.build(mlp.Config((5,), 2, (3,), activation=activation))
    assert [layer.name for layer in units.units(model, [inputs_of(4)])] == ["dense1_act"]
    points = np.linspace(-3.05, 3.05, 20)  # clear of 0, where some have none
    function = layers.curve(activation)
    values, derivatives = units.slopes(function, points)
    above, _ = units.slopes(function, points + 1e-2)
    below, _ = units.slopes(function, points - 1e-2)
    np.testing.assert_allclose(derivatives, (above - below) / 2e-2, atol=2e-3)
    assert values.shape == (20,)


def test_a_net_without_an_activation_function_says_so():
    with pytest.raises(InspectionError, match="no layer that is an activation function"):
        units.units(mlp.build(mlp.Config((4,), 2, widths=())), [inputs_of(size=4)])


def test_a_linear_net_is_the_product_of_its_matrices():
    keras.utils.set_random_seed(0)
    model = mlp.build(mlp.Config((3, 2), 4, (16, 8), activation="linear", initializer="glorot_normal"))
    for layer in ("dense1", "dense2", "logits"):
        kernel, bias = model.get_layer(layer).get_weights()
        model.get_layer(layer).set_weights([kernel, np.linspace(-1, 1, len(bias))])
    inputs = inputs_of(50, 6).reshape(50, 3, 2)
    found = units.collapsed(model, inputs)
    weights, bias = np.eye(6), np.zeros(6)
    for layer in ("dense1", "dense2", "logits"):
        kernel, offset = model.get_layer(layer).get_weights()
        weights, bias = weights @ kernel, bias @ kernel + offset
    np.testing.assert_allclose(found.weights, weights, atol=1e-5)
    np.testing.assert_allclose(found.bias, bias, atol=1e-5)
    outputs = np.asarray(model(inputs))
    np.testing.assert_allclose(inputs.reshape(50, 6) @ found.weights + found.bias, outputs, atol=1e-5)
    assert found.error <= 1e-5


def test_a_net_that_bends_is_no_affine_map():
    keras.utils.set_random_seed(0)
    assert units.collapsed(mlp.build(mlp.Config((4,), 2, (8,))), inputs_of(size=4)) is None


def test_a_map_too_large_to_write_down_is_refused():
    model = mlp.build(mlp.Config((80, 80), 1, ()))
    with pytest.raises(InspectionError, match="6400 inputs is too large"):
        units.collapsed(model, np.zeros((1, 80, 80)))
