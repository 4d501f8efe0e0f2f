"""A net over its domain: the layers by hand, the shares that sum to the output, other weights than its own."""

import keras
import numpy as np
import pytest

from inspection import domain
from inspection.graph import InspectionError
from models import mlp

POINTS = np.linspace(-2, 2, 40)[:, None].astype("float32")


def build(seed: int = 0, **settings) -> keras.Model:
    keras.utils.set_random_seed(seed)
    return mlp.build(
        mlp.Config(**{"input_shape": (1,), "outputs": 2, "widths": (5, 3), "bias_deviation": 1.0, **settings})
    )


@pytest.mark.parametrize("activation", ["relu", "tanh", "prelu", "quadratic"])
def test_units_and_outputs_are_the_layers_own(activation):
    model = build(activation=activation)
    found = domain.over(model, POINTS)
    np.testing.assert_allclose(found.outputs, model(POINTS), atol=1e-6)
    assert list(found.units) == ["dense1_act", "dense2_act"]
    for name, units in found.units.items():
        expected = keras.Model(model.input, model.get_layer(name).output)(POINTS)
        np.testing.assert_allclose(units, expected, atol=1e-6)


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_the_shares_and_the_bias_sum_to_the_output(dropout):
    model = build(dropout=dropout)
    model.get_layer("logits").set_weights([model.get_layer("logits").get_weights()[0], np.array([0.3, -2.0])])
    found = domain.over(model, POINTS, shares=True)
    assert found.shares.shape == (40, 3, 2)
    np.testing.assert_allclose(found.shares.sum(axis=1) + [0.3, -2.0], found.outputs, atol=1e-5)


def test_other_weights_give_what_a_net_with_them_gives_and_change_nothing():
    model, other = build(0, normalization="batch"), build(1, normalization="batch")
    other.set_weights([weight + 0.1 for weight in other.get_weights()])
    own = domain.over(model, POINTS)
    found = domain.over(model, POINTS, other.get_weights(), shares=True)
    expected = domain.over(other, POINTS, shares=True)
    np.testing.assert_allclose(found.outputs, expected.outputs, atol=1e-6)
    np.testing.assert_allclose(found.shares, expected.shares, atol=1e-6)
    assert np.abs(found.outputs - own.outputs).max() > 0.1
    np.testing.assert_array_equal(domain.over(model, POINTS).outputs, own.outputs)


def test_a_linear_model_has_no_units_and_no_shares():
    found = domain.over(build(widths=()), POINTS, shares=True)
    assert not found.units
    assert found.shares is None
    assert found.outputs.shape == (40, 2)


def test_weights_of_another_model_are_refused():
    with pytest.raises(InspectionError, match="the weights are not those of a model like 'mlp'"):
        domain.over(build(), POINTS, build(widths=(4,)).get_weights())


def test_a_grid_is_of_the_middles_of_pixels():
    found = domain.grid((0, 10), (2, 20), 2)
    assert found.tolist() == [[0.5, 12.5], [0.5, 17.5], [1.5, 12.5], [1.5, 17.5]]


def test_a_square_holds_all_points_and_a_margin():
    low, high = domain.square(np.array([[0.0, 1.0], [4.0, 2.0]]), margin=0.25)
    assert low.tolist() == [-1.0, -1.5]
    assert high.tolist() == [5.0, 4.5]
    low, high = domain.square(np.array([[3.0, 3.0]]), margin=0.25)
    assert (high > low).all()


def test_what_is_decided_and_how_surely():
    labels, sureness = domain.decided(np.array([[0.0, 0.0], [50.0, 0.0], [0.0, np.log(3.0)]]))
    assert labels.tolist() == [0, 0, 1]
    np.testing.assert_allclose(sureness, [0, 1, 0.5], atol=1e-9)  # of 3/4 half lies above chance
    labels, sureness = domain.decided(np.array([[0.2, 0.5, 0.1], [3.0, 0.0, 0.0]]), logits=False)
    assert labels.tolist() == [1, 0]
    np.testing.assert_allclose(sureness, [0.3, 1])
