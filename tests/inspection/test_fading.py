"""How far back a loss reaches: against a net of one unit by hand."""

import keras
import numpy as np
import pytest

from inspection.fading import FLOOR, fading

T, KEEP = 9, 0.5


def linear(backwards: bool = False, sequences: bool = False) -> keras.Model:
    """h' = KEEP h + x, and its last state, or every one, as the output."""
    inputs = keras.Input((T, 1))
    layer = keras.layers.SimpleRNN(
        1, activation="linear", go_backwards=backwards, return_sequences=sequences, name="rnn"
    )
    model = keras.Model(inputs, layer(inputs))
    layer.set_weights([np.ones((1, 1)), np.full((1, 1), KEEP), np.zeros(1)])
    return model


@pytest.mark.parametrize("backwards", [False, True])
def test_a_net_that_halves_its_state_halves_the_gradient_at_each_step(backwards):
    inputs = np.random.default_rng(0).normal(size=(T, 1)).astype("float32")
    order = inputs[::-1] if backwards else inputs
    state = sum(KEEP ** (T - 1 - t) * order[t, 0] for t in range(T))
    found = fading(linear(backwards), inputs, np.array([0.25], "float32"))["rnn"]
    shares = KEEP ** np.arange(T)[:: 1 if backwards else -1]
    assert found.backwards == backwards
    np.testing.assert_allclose(found.norms, abs(state - 0.25) * shares, rtol=1e-4)
    np.testing.assert_allclose(found.relative, shares, rtol=1e-5)


def test_other_weights_than_the_models_own_are_looked_into():
    model = linear()
    weights = [np.ones((1, 1)), np.full((1, 1), 0.1), np.zeros(1)]
    found = fading(model, np.ones((T, 1), "float32"), np.zeros(1), weights)["rnn"]
    np.testing.assert_allclose(found.relative, 0.1 ** np.arange(T)[::-1], rtol=1e-4)
    assert model.get_weights()[1] == KEEP


def test_what_never_arrives_is_the_floor():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((T,), dtype="int32")
    x = keras.layers.Embedding(5, 3)(inputs)
    x = keras.layers.Bidirectional(keras.layers.GRU(4, return_sequences=True), name="both")(x)
    model = keras.Model(inputs, keras.layers.Dense(4)(x))
    found = fading(model, np.arange(T, dtype="int32") % 5, np.arange(T) % 4)
    forward, backward = found["both/forward"], found["both/backward"]
    assert (forward.norms > FLOOR).all()
    np.testing.assert_array_equal(backward.norms[:-1], FLOOR)  # at the last step it has read that one alone
    assert forward.relative[-1] == backward.relative[-1] == 1


def test_where_nothing_is_wrong_there_is_no_gradient():
    found = fading(linear(), np.zeros((T, 1), "float32"), np.zeros(1))["rnn"]
    np.testing.assert_array_equal(found.norms, FLOOR)
    assert np.isfinite(found.relative).all()
