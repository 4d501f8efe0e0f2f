"""What decides: gradients of agents that are linear, so that they are known."""

import keras
import numpy as np
import pytest

from inspection.deciding import decisions, heat, push
from inspection.graph import InspectionError

RANDOM = np.random.default_rng(0)
SCORES, VALUE = RANDOM.normal(size=(4, 3)).astype("float32"), RANDOM.normal(size=(4, 1)).astype("float32")


def linear(value: bool = True) -> keras.Model:
    observation = keras.Input((4,))
    scores, worth = keras.layers.Dense(3, use_bias=False), keras.layers.Dense(1, use_bias=False)
    outputs = [scores(observation), worth(observation)] if value else scores(observation)
    model = keras.Model(observation, outputs)
    model.set_weights([SCORES, VALUE] if value else [SCORES])
    return model


def test_it_is_an_actions_lead_that_is_explained():
    found = decisions(linear(), RANDOM.normal(size=(2, 4)), [2, 0])
    lead = SCORES - SCORES.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(found.choice, lead[:, [2, 0]].T, rtol=1e-5)
    np.testing.assert_allclose(found.value, np.repeat(VALUE.T, 2, axis=0), rtol=1e-5)


def test_without_a_value_it_is_the_greatest_score():
    seen = RANDOM.normal(size=(5, 4)).astype("float32")
    found = decisions(linear(value=False), seen, [0] * 5)
    np.testing.assert_allclose(found.value, SCORES[:, (seen @ SCORES).argmax(axis=1)].T, rtol=1e-5)


def test_what_is_remembered_is_given():
    observation, before = keras.Input((4,)), keras.Input((4,))
    both = keras.layers.Multiply()([observation, before])
    scores, worth = keras.layers.Dense(3, use_bias=False), keras.layers.Dense(1, use_bias=False)
    model = keras.Model([observation, before], [scores(both), worth(both), observation])
    model.set_weights([SCORES, VALUE])
    memory = RANDOM.normal(size=(1, 4)).astype("float32")
    found = decisions(model, np.ones((1, 4)), [1], [memory])
    np.testing.assert_allclose(found.value, VALUE.T * memory, rtol=1e-5)


def test_heat_is_the_strongest_channel_by_the_strongest_place():
    slopes = np.zeros((2, 2, 2, 3))
    slopes[0, 0, 1] = [1, -4, 2]
    slopes[0, 1, 1] = [0, 0, 1]
    np.testing.assert_array_equal(heat(slopes), [[[0, 1], [0, 0.25]], [[0, 0], [0, 0]]])


def test_a_push_is_a_gradient_by_its_numbers_spread():
    seen = np.array([[0.0, 5.0], [2.0, 5.0]])  # the second number never moves
    np.testing.assert_array_equal(push(np.array([[1.0, 9.0], [-2.0, 9.0]]), seen), [[0.5, 0], [-1, 0]])


@pytest.mark.parametrize(
    ("seen", "actions", "message"),
    [
        (np.zeros((1, 5)), [0], "takes"),
        (np.zeros((2, 4)), [0], "an action for each"),
        (np.zeros((1, 4)), [3], "0 to 2"),
    ],
)
def test_what_does_not_fit_is_said(seen, actions, message):
    with pytest.raises(InspectionError, match=message):
        decisions(linear(), seen, actions)


def test_another_net_is_no_agent():
    observation = keras.Input((4,))
    model = keras.Model(observation, [keras.layers.Dense(3)(observation), keras.layers.Dense(3)(observation)])
    with pytest.raises(InspectionError, match="scores of actions"):
        decisions(model, np.zeros((1, 4)), [0])
