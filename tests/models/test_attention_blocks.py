"""Attention: that of Keras' own layer, masks, positions, and steps that give what the whole graph gives."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from models import attention, encoder, gpt, recurrent, transformer

RANDOM = np.random.default_rng(0)
STYLES = [(p, n) for p in attention.POSITIONS for n in attention.NORMALIZATIONS]
GPT = {"width": 8, "depth": 2, "heads": 2, "hidden": 12}
SOURCES = np.array([[3, 5, 7, 4, 2, 0, 0], [6, 2, 0, 0, 0, 0, 0], [9, 8, 7, 6, 5, 4, 2]], "int32")
TARGETS = np.array([[1, 4, 6, 5, 3], [1, 7, 8, 4, 4], [1, 3, 3, 3, 5]], "int32")


def roused(model: keras.Model) -> keras.Model:
    """The model with larger weights than it begins with, so that every part matters."""
    for weight in model.weights:
        weight.assign(weight + 0.3 * np.random.default_rng(1).normal(size=weight.shape))
    return model


def loaded(model: keras.Model, folder) -> keras.Model:
    model.save(folder / "model.keras")
    return keras.models.load_model(folder / "model.keras")


@pytest.mark.parametrize("kind", ["self", "causal", "cross"])
def test_attention_is_that_of_keras(kind):
    """The same weights in `keras.layers.MultiHeadAttention`: the same outputs and the same shares."""
    heads, size = 3, 4
    width = heads * size
    blocks = attention.Blocks(width, heads, 1, "pre", "sinusoidal", 1, 0.0)
    net = attention.Layers(blocks)
    x, memory = keras.Input((None, width)), keras.Input((None, width))
    mask = attention.causal(attention.steps(x[:, :, 0])) if kind == "causal" else None
    looked_at = memory if kind == "cross" else x
    y = attention.look(net, x, *attention.keys_and_values(net, looked_at, "a"), "a", mask)
    model = keras.Model([x, memory], y)
    both = keras.Model(model.input, [y, model.get_layer("a_weights").output])
    roused(model)

    reference = keras.layers.MultiHeadAttention(heads, size)
    given = RANDOM.normal(size=(2, 5, width)).astype("float32")
    other = RANDOM.normal(size=(2, 7, width)).astype("float32")
    seen = other if kind == "cross" else given
    reference.build(given.shape, seen.shape)
    weights = []
    for name in ("query", "key", "value"):
        kernel, bias = model.get_layer(f"a_{name}").get_weights()
        weights += [kernel.reshape(width, heads, size), bias.reshape(heads, size)]
    kernel, bias = model.get_layer("a_output").get_weights()
    reference.set_weights([*weights, kernel.reshape(heads, size, width), bias])
    expected, shares = reference(given, seen, use_causal_mask=kind == "causal", return_attention_scores=True)
    found, looked = both([given, other])
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_allclose(looked, shares, atol=1e-5)


@pytest.mark.parametrize(("positions", "normalization"), STYLES)
def test_steps_of_a_loaded_gpt_are_those_of_the_whole(positions, normalization, tmp_path):
    config = gpt.Config((9,), 11, **GPT, positions=positions, normalization=normalization, dropout=0.1)
    model = loaded(roused(gpt.build(config)), tmp_path)
    text = RANDOM.integers(0, 11, (3, 9)).astype("int32")
    whole = model(text).numpy()
    read = gpt.read_graph(model)(text[:, :4])
    np.testing.assert_allclose(read["logits"], whole[:, :4], atol=1e-5)
    step, states = gpt.step_graph(model), gpt.room(read["states"], 9)
    for place in range(4, 9):
        position = tf.fill([3], place)
        after = step({"token": tf.constant(text[:, place]), "position": position, "states": states})
        np.testing.assert_allclose(after["logits"], whole[:, place], atol=1e-5)
        states = after["states"]
    assert np.abs(whole[:, 0] - whole[:, 1]).max() > 1e-3


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize(("positions", "normalization"), STYLES)
def test_steps_of_a_loaded_transformer_are_those_of_the_whole(positions, normalization, tied, tmp_path):
    config = transformer.Config(
        11, 9, **GPT, positions=positions, normalization=normalization, context=20, tied=tied
    )
    model = loaded(roused(transformer.build(config)), tmp_path)
    whole = model([SOURCES, TARGETS]).numpy()
    encoded = transformer.encode_graph(model)(tf.constant(SOURCES))
    step, states = transformer.step_graph(model), transformer.first_states(encoded, 8)
    for place in range(TARGETS.shape[1]):
        after = step({"token": tf.constant(TARGETS[:, place]), "states": states, **encoded})
        np.testing.assert_allclose(after["logits"], whole[:, place], atol=1e-5)
        states = after["states"]
    assert np.abs(whole[:, 0] - whole[:, 1]).max() > 1e-3


@pytest.mark.parametrize("positions", attention.POSITIONS)
def test_padding_changes_nothing(positions):
    translator = roused(transformer.build(transformer.Config(11, 9, **GPT, positions=positions)))
    longer = np.pad(SOURCES, ((0, 0), (0, 3)))
    np.testing.assert_allclose(translator([longer, TARGETS]), translator([SOURCES, TARGETS]), atol=1e-5)
    further = translator([SOURCES, np.pad(TARGETS, ((0, 0), (0, 2)))])
    np.testing.assert_allclose(further[:, :5], translator([SOURCES, TARGETS]), atol=1e-5)
    for returns in encoder.RETURNS:
        reader = roused(
            encoder.build(encoder.Config((None,), 3, 11, 8, 2, 2, 12, returns, positions=positions))
        )
        np.testing.assert_allclose(reader(longer)[:, :7], reader(SOURCES)[:, :7], atol=1e-5)
        reader = roused(encoder.build(encoder.Config((None, 2), 3, 0, 8, 2, 2, 12, returns)))
        steps = RANDOM.normal(size=(2, 5, 2)).astype("float32")
        more = np.pad(steps, ((0, 0), (0, 4), (0, 0)), constant_values=recurrent.PADDING)
        np.testing.assert_allclose(reader(more)[:, :5], reader(steps)[:, :5], atol=1e-5)


@pytest.mark.parametrize("positions", attention.POSITIONS)
def test_no_step_sees_those_to_come(positions):
    writer = roused(gpt.build(gpt.Config((9,), 11, **GPT, positions=positions)))
    text = RANDOM.integers(0, 11, (1, 9)).astype("int32")
    changed = text.copy()
    changed[0, 5] = (changed[0, 5] + 1) % 11
    differ = np.abs(writer(text) - writer(changed)).max(axis=(0, 2)) > 1e-6
    assert differ.tolist() == [False] * 5 + [True] * 4
    reader = roused(encoder.build(encoder.Config((None,), 3, 12, 8, 2, 2, 12, "every", causal=True)))
    differ = np.abs(reader(text + 1) - reader(changed + 1)).max(axis=(0, 2)) > 1e-6
    assert differ.tolist() == [False] * 5 + [True] * 4


@pytest.mark.parametrize("positions", attention.POSITIONS)
def test_order_matters_with_positions(positions):
    """Without them attention sees a bag of items: the first and the last of the same text would differ little."""
    reader = roused(encoder.build(encoder.Config((None,), 3, 11, 8, 2, 2, 12, positions=positions)))
    text = np.array([[3, 4, 5, 6]], "int32")
    assert np.abs(reader(text) - reader(text[:, ::-1])).max() > 1e-3


def test_sinusoids_are_those_of_the_paper():
    """Section 3.5: sin and cos of pos / 10000^(2i / width); here all sines come before the cosines."""
    net = attention.Layers(attention.Blocks(6, 1, 1, "pre", "sinusoidal", 1, 0.0))
    found = attention.placed(net, ops.zeros((1, 4, 6)), ops.arange(4)[None], "x")[0]
    for position in range(4):
        angles = position / 10_000 ** (2 * np.arange(3) / 6)
        np.testing.assert_allclose(found[position], [*np.sin(angles), *np.cos(angles)], atol=1e-6)


def test_turned_queries_and_keys_tell_distances_alone():
    """Equation 16 of the paper: the score of a turned query and key depends on how far they are apart."""
    net = attention.Layers(attention.Blocks(4, 1, 1, "pre", "rotary", 1, 0.0))
    query, key = (ops.convert_to_tensor(RANDOM.normal(size=(1, 1, 1, 4)), "float32") for _ in range(2))

    def score(one: int, other: int) -> float:
        q, k = (
            attention._turned(net, x, ops.convert_to_tensor([[place]]), "turn")
            for x, place in ((query, one), (key, other))
        )
        return float(ops.sum(q * k))

    assert score(5, 2) == pytest.approx(score(13, 10), abs=1e-5)
    assert score(0, 0) == pytest.approx(float(ops.sum(query * key)), abs=1e-5)
    assert abs(score(5, 2) - score(5, 4)) > 1e-3


def test_a_gpt_begins_with_logits_of_no_opinion():
    """So small at first that every token is about as likely: the loss is that of a guess."""
    keras.utils.set_random_seed(0)
    model = gpt.build(gpt.Config((32,), 65))
    text = RANDOM.integers(0, 65, (8, 33))
    loss = keras.losses.sparse_categorical_crossentropy(text[:, 1:], model(text[:, :-1]), from_logits=True)
    assert float(np.mean(loss)) == pytest.approx(np.log(65), abs=0.1)
    kernels = [model.get_layer(f"block1_{name}").kernel for name in ("query", "output")]
    deviations = [float(np.std(kernel)) for kernel in kernels]
    assert deviations == pytest.approx([0.02, 0.02 / np.sqrt(8)], rel=0.05)


@pytest.mark.parametrize(("positions", "normalization"), STYLES)
def test_the_last_step_alone_is_what_it_is_among_all(positions, normalization):
    config = encoder.Config(
        (7, 3),
        2,
        width=8,
        heads=2,
        hidden=12,
        positions=positions,
        normalization=normalization,
        causal=True,
    )
    inputs = keras.Input(config.input_shape)
    whole, alone = (
        keras.Model(inputs, encoder.torso(inputs, config, last=last)[0]) for last in (False, True)
    )
    weights = [RANDOM.normal(0, 0.5, weight.shape) for weight in whole.get_weights()]
    for model in (whole, alone):
        model.set_weights(weights)
    seen = RANDOM.normal(size=(4, 7, 3)).astype("float32")
    seen[1, :2] = recurrent.PADDING
    assert alone.output_shape == (None, 1, 8)
    np.testing.assert_allclose(alone(seen), whole(seen)[:, -1:], atol=1e-5)
