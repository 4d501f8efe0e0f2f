"""The faster loops of recurrent layers: Keras' own numbers and gradients, and nothing of it in a file."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from models import recurrent, rnn
from training import recurrence

SKIPPED = -9.0  # a step that the mask leaves out
STEPS, WIDTH, UNITS = 7, 3, 5


def batch() -> np.ndarray:
    """Four sequences that skip steps at the end, in the middle, at the beginning, and all of them."""
    x = np.random.default_rng(0).normal(size=(4, STEPS, WIDTH)).astype("float32")
    x[0, 5:] = x[1, 2] = x[2, :3] = x[3] = SKIPPED
    return x


def outputs_and_gradients(model: keras.Model, given) -> list[np.ndarray]:
    """Outputs of a model, and the gradients of a sum that weighs each entry of them otherwise."""

    @tf.function
    def compute(given):
        with tf.GradientTape() as tape:
            tape.watch(given)
            outputs = [tf.reshape(output, (-1,)) for output in tf.nest.flatten(model(given))]
            loss = sum(tf.reduce_sum(x * tf.cos(tf.range(len(x), dtype=tf.float32))) for x in outputs)
        return outputs, tape.gradient(loss, [given, [v.value for v in model.trainable_variables]])

    return [x.numpy() for x in tf.nest.flatten(compute(tf.nest.map_structure(tf.constant, given)))]


def assert_hastened_alike(model: keras.Model, given) -> None:
    own = outputs_and_gradients(model, given)
    recurrence.hasten(model)
    for one, other in zip(own, outputs_and_gradients(model, given), strict=True):
        np.testing.assert_allclose(other, one, atol=2e-5)


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("cell", recurrent.CELLS)
def test_a_layer_gives_what_keras_gives(cell, masked, backwards):
    keras.utils.set_random_seed(1)
    count = len(recurrent.STATES[cell])
    inputs, states = keras.Input((None, WIDTH)), [keras.Input((UNITS,)) for _ in range(count)]
    layer = recurrent.CELLS[cell](
        UNITS,
        return_sequences=True,
        return_state=True,
        go_backwards=backwards,
        bias_initializer="random_normal",
    )
    x = keras.layers.Masking(SKIPPED)(inputs) if masked else inputs
    model = keras.Model([inputs, *states], list(layer(x, initial_state=states)))
    first = np.random.default_rng(2).normal(size=(count, 4, UNITS)).astype("float32")
    assert_hastened_alike(model, [batch(), *first])


@pytest.mark.parametrize("returns", ["last", "every"])
@pytest.mark.parametrize("cell", recurrent.CELLS)
def test_both_directions_give_what_keras_gives(cell, returns):
    keras.utils.set_random_seed(1)
    config = rnn.Config((None, WIDTH), 4, cell=cell, units=(6, 8), bidirectional=True, returns=returns)
    x = batch()
    x[x == SKIPPED] = recurrent.PADDING
    assert_hastened_alike(rnn.build(config), x)


def test_the_layers_of_a_recipe_are_taken():
    for cell in recurrent.CELLS:
        model = rnn.build(rnn.Config((None, WIDTH), 4, cell=cell, units=(4, 4), bidirectional=True))
        recurrence.hasten(model)
        for number in (1, 2):
            both = model.get_layer(f"rnn{number}_directions")
            assert "inner_loop" in vars(both.forward_layer), cell
            assert "inner_loop" in vars(both.backward_layer), cell


@pytest.mark.parametrize("settings", [{"activation": "relu"}, {"recurrent_dropout": 0.5}, {"unroll": True}])
def test_a_layer_with_other_settings_keeps_its_own_loop(settings):
    inputs = keras.Input((STEPS, WIDTH))
    layer = keras.layers.LSTM(UNITS, **settings)
    recurrence.hasten(keras.Model(inputs, layer(inputs)))
    assert "inner_loop" not in vars(layer)


def test_half_precision_keeps_its_own_loop():
    inputs = keras.Input((STEPS, WIDTH))
    layer = keras.layers.GRU(UNITS, dtype="mixed_bfloat16")
    recurrence.hasten(keras.Model(inputs, layer(inputs)))
    assert "inner_loop" not in vars(layer)


def test_the_file_is_as_it_was(tmp_path):
    model = rnn.build(rnn.Config((None, WIDTH), 4, bidirectional=True))
    settings = model.to_json()
    recurrence.hasten(model)
    assert model.to_json() == settings
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    x = batch()
    np.testing.assert_allclose(loaded.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-6)
