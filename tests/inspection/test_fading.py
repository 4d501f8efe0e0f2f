"""How far back a loss reaches: against a net of one unit by hand, and a tape over attention's own layers."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from inspection.fading import FLOOR, fading
from models import encoder

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


# Attention

SMALL = {"width": 8, "depth": 2, "heads": 2, "hidden": 12}


def by_tape(model: keras.Model, config: encoder.Config, inputs, loss, first: str) -> np.ndarray:
    """|dL/dx_t| by a tape over what follows `first`, in a net of the same weights that begins there."""
    reached = keras.Model(model.input, model.get_layer(first).output)(inputs[None])
    angles = np.arange(T)[:, None] * 10_000.0 ** (-2 * np.arange(config.width // 2) / config.width)
    if config.positions == "sinusoidal":
        reached = reached * (config.width**0.5 if config.tokens else 1)
        reached = reached + np.concatenate([np.sin(angles), np.cos(angles)], axis=-1).astype("float32")
    x = tf.Variable(reached)
    size = config.width // config.heads

    def layer(name):
        return model.get_layer(name)

    with tf.GradientTape() as tape:
        y = tf.convert_to_tensor(x)
        for block in ("block1", "block2"):
            normed = layer(f"{block}_attention_norm")(y)
            query, key, value = (
                tf.reshape(layer(f"{block}_{part}")(normed), (1, T, config.heads, size))
                for part in ("query", "key", "value")
            )
            scores = tf.einsum("bthd,bshd->bhts", query, key) / size**0.5
            context = tf.einsum("bhts,bshd->bthd", tf.nn.softmax(scores), value)
            y = y + layer(f"{block}_output")(tf.reshape(context, (1, T, config.width)))
            hidden = layer(f"{block}_hidden_act")(layer(f"{block}_hidden")(layer(f"{block}_dense_norm")(y)))
            y = y + layer(f"{block}_narrow")(hidden)
        y = layer("block_norm")(y)
        if config.returns == "last":
            y = tf.reduce_mean(y, axis=1)
        found = loss(layer("logits")(y))
    return np.linalg.norm(tape.gradient(found, x)[0], axis=-1)


@pytest.mark.parametrize("returns", ["last", "every"])
def test_of_attention_it_is_taken_at_what_the_first_block_is_given(returns):
    keras.utils.set_random_seed(0)
    random = np.random.default_rng(0)
    if returns == "last":
        config = encoder.Config((T, 2), 1, **SMALL)
        inputs, target = random.random((T, 2)).astype("float32"), np.array([0.7], "float32")
        loss, first = lambda outputs: tf.reduce_sum((outputs - 0.7) ** 2) / 2, "project"
    else:
        config = encoder.Config((T,), 4, tokens=6, returns="every", **SMALL)
        inputs, target = random.integers(1, 6, T).astype("int32"), random.integers(0, 4, T)
        loss, first = lambda outputs: -tf.nn.log_softmax(outputs[0, -1])[target[-1]], "embedding"
    model = encoder.build(config)
    expected = by_tape(model, config, inputs, loss, first)
    found = fading(model, inputs, target)
    assert list(found) == ["block1"]
    np.testing.assert_allclose(found["block1"].norms, expected, rtol=1e-3)
    np.testing.assert_allclose(found["block1"].relative, expected / expected.max(), rtol=1e-3)
    assert not found["block1"].backwards
    # It reaches the first step as it does any other, whatever lies between.
    assert found["block1"].relative.min() > 1e-3


@pytest.mark.parametrize("settings", [{"positions": "rotary"}, {"normalization": "post"}])
def test_of_attention_other_weights_are_looked_into_wherever_positions_and_norms_are(settings):
    keras.utils.set_random_seed(0)
    model = encoder.build(encoder.Config((T, 2), 1, **SMALL, **settings))
    inputs, target = np.random.default_rng(0).random((T, 2)).astype("float32"), np.ones(1, "float32")
    own = fading(model, inputs, target)["block1"].norms
    weights = [each + 0.3 * np.cos(np.arange(each.size)).reshape(each.shape) for each in model.get_weights()]
    taken = fading(model, inputs, target, weights)["block1"].norms
    assert not np.allclose(own, taken, rtol=0.1)
    model.set_weights(weights)
    np.testing.assert_allclose(taken, fading(model, inputs, target)["block1"].norms, rtol=1e-4)
    found = fading(model, inputs, target, [np.full_like(each, np.nan) for each in weights])["block1"]
    np.testing.assert_array_equal(found.norms, FLOOR)
    assert np.isfinite(found.relative).all()


def test_a_causal_net_tells_nothing_to_steps_that_come_after():
    keras.utils.set_random_seed(0)
    model = encoder.build(encoder.Config((T,), 4, tokens=6, returns="every", causal=True, **SMALL))
    found = fading(model, np.array([1, 2, 3, 4, 5, 1, 2, 0, 0], "int32"), np.arange(T) % 4)["block1"]
    assert (found.norms[:7] > FLOOR).all()  # the last step, of padding, looks at those that count
    assert found.norms[7] == FLOOR


def test_a_model_with_neither_has_none():
    inputs = keras.Input((T, 2))
    model = keras.Model(inputs, keras.layers.Dense(1)(keras.layers.GlobalAveragePooling1D()(inputs)))
    assert fading(model, np.ones((T, 2), "float32"), np.ones(1)) == {}
