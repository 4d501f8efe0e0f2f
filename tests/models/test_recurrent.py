"""Recurrent nets: padding changes nothing, a step is a step of the whole, cuDNN could compute them."""

import importlib

import keras
import numpy as np
import pytest
import tensorflow as tf

from data.sequences import NO_STEP
from models import policy, recurrent, rnn, seq2seq
from training import recipes

TOKENS = np.array([[5, 6, 7, 3], [8, 4, 3, 6]], "int32")
SENTENCES = np.array([[5, 6, 7, 2, 0], [8, 9, 3, 4, 2]], "int32")
TARGETS = np.array([[1, 4, 5, 6], [1, 7, 8, 3]], "int32")


@pytest.fixture(autouse=True)
def seed():
    keras.utils.set_random_seed(0)


def test_padding_is_the_same_step_for_data_and_models():
    assert NO_STEP == recurrent.PADDING


@pytest.mark.parametrize("cell", recurrent.CELLS)
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("returns", ["last", "every"])
def test_padding_never_changes_an_output(cell, bidirectional, returns):
    settings = {"cell": cell, "units": (4, 6), "bidirectional": bidirectional, "returns": returns}
    features = np.random.default_rng(0).normal(size=(2, 4, 3)).astype("float32")
    for config, inputs, fill in (
        (rnn.Config((None,), 3, tokens=9, **settings), TOKENS, 0),
        (rnn.Config((None, 3), 3, **settings), features, NO_STEP),
    ):
        model = rnn.build(config)
        whole = model(inputs, training=False).numpy()
        padding = [(0, 0), (0, 3)] + [(0, 0)] * (inputs.ndim - 2)
        padded = model(np.pad(inputs, padding, constant_values=fill), training=False).numpy()
        padded = padded[:, :4] if returns == "every" else padded
        np.testing.assert_allclose(padded, whole, atol=1e-6)
        if returns == "last":  # a real step does change it
            assert np.abs(model(inputs[:, :3], training=False) - whole).max() > 1e-4


@pytest.mark.parametrize("attention", seq2seq.ATTENTIONS)
@pytest.mark.parametrize("bidirectional", [False, True])
def test_padding_never_changes_a_translation(attention, bidirectional):
    model = seq2seq.build(seq2seq.Config(11, 9, units=6, attention=attention, bidirectional=bidirectional))
    whole = model([SENTENCES, TARGETS], training=False).numpy()
    padded = [np.pad(tokens, ((0, 0), (0, 3))) for tokens in (SENTENCES, TARGETS)]
    np.testing.assert_allclose(model(padded, training=False)[:, :4], whole, atol=1e-6)
    alone = model([SENTENCES[:1, :4], TARGETS[:1]], training=False)
    np.testing.assert_allclose(alone[0], whole[0], atol=1e-6)


@pytest.mark.parametrize("attention", seq2seq.ATTENTIONS)
@pytest.mark.parametrize(
    ("cell", "depth", "bidirectional", "tied"),
    [("lstm", 1, True, True), ("gru", 2, True, False), ("simple", 2, False, True), ("lstm", 3, False, False)],
)
def test_steps_of_a_loaded_file_are_those_of_the_graph_that_learned(
    attention, cell, depth, bidirectional, tied, tmp_path
):
    model = seq2seq.build(
        seq2seq.Config(11, 9, cell, 5, 6, depth, bidirectional, attention=attention, tied=tied)
    )
    for weight in model.weights:  # larger than they begin, so that every part matters
        weight.assign(weight + 0.3 * np.random.default_rng(1).normal(size=weight.shape))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    encode, step = seq2seq.encode_graph(loaded), seq2seq.step_graph(loaded)
    whole = model([SENTENCES, TARGETS], training=False).numpy()
    carried = keras.tree.map_structure(tf.identity, encode(SENTENCES))
    for place in range(TARGETS.shape[1]):
        after = step({"token": tf.constant(TARGETS[:, place]), **carried})
        np.testing.assert_allclose(after["logits"], whole[:, place], atol=1e-5)
        if attention != "none":
            weights = after["weights"].numpy()
            np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-6)
            assert weights[0, 4] < 1e-6  # padding is not looked at
        carried = {**carried, "states": after["states"]}
    assert np.abs(whole[:, 0] - whole[:, 1]).max() > 1e-3


@pytest.mark.parametrize("attention", ["additive", "multiplicative"])
def test_attention_is_that_of_the_papers(attention):
    """Weights recomputed from the layers' kernels by the equations that the builder's docstring cites."""
    model = seq2seq.build(seq2seq.Config(11, 9, embedding=5, units=6, attention=attention))
    names = ["decoder1", "encoder1", "attention"]
    inner = keras.Model(model.input, [model.get_layer(name).output for name in names])
    (h, *_), s, (context, weights) = inner([SENTENCES, TARGETS], training=False)
    key = np.asarray(s) @ model.get_layer("attention_key").get_weights()[0]
    if attention == "multiplicative":
        scores = np.asarray(h) @ key.transpose(0, 2, 1)
    else:
        kernel, bias = model.get_layer("attention_query").get_weights()
        query = np.asarray(h) @ kernel + bias
        (v,) = model.get_layer("attention").get_weights()
        scores = np.tanh(query[:, :, None] + key[:, None]) @ v
    scores = np.where((SENTENCES != 0)[:, None], scores, -np.inf)
    expected = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(weights, expected, atol=1e-5)
    np.testing.assert_allclose(context, expected @ np.asarray(s), atol=1e-5)


@pytest.mark.parametrize("cell", recurrent.CELLS)
def test_a_sequence_may_be_read_in_parts(cell):
    model = rnn.build(rnn.Config((None, 3), 2, cell=cell, units=(4, 5), returns="states"))
    steps = np.random.default_rng(0).normal(size=(2, 7, 3)).astype("float32")
    states = [np.zeros((2, n), "float32") for n in (4, 5) for _ in recurrent.STATES[cell]]
    whole, *last = model([steps, *states])
    first, *between = model([steps[:, :3], *states])
    rest, *again = model([tf.constant(steps[:, 3:]), *between])
    np.testing.assert_allclose(np.concatenate([first, rest], axis=1), whole, atol=1e-6)
    for one, other in zip(last, again, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_directions_are_told_apart_by_name():
    model = rnn.build(rnn.Config((None, 3), 2, units=(4,), bidirectional=True, returns="every"))
    inner = keras.Model(
        model.input, [model.get_layer(f"rnn1_{way}").output for way in ("forward", "backward")]
    )
    steps = np.random.default_rng(0).normal(size=(1, 6, 3)).astype("float32")
    changed = steps.copy()
    changed[0, 3] += 1
    forward, backward = (
        np.abs(a - b).max(axis=(0, 2)) for a, b in zip(inner(steps), inner(changed), strict=True)
    )
    assert (forward > 1e-6).tolist() == [False, False, False, True, True, True]
    assert (backward > 1e-6).tolist() == [True, True, True, True, False, False]


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_gates_begin_with_lifetimes_up_to_the_memory(cell):
    keras.utils.set_random_seed(0)
    model = rnn.build(rnn.Config((9, 3), 2, cell=cell, units=(400,), memory=50))
    bias = model.get_layer("rnn1").get_weights()[2]
    forget = bias[400:800] if cell == "lstm" else bias[0, :400]
    if cell == "lstm":
        np.testing.assert_array_equal(bias[:400], -forget)
    lifetimes = np.exp(forget)
    assert 1 <= lifetimes.min() < 3
    assert 47 < lifetimes.max() <= 49
    assert lifetimes.mean() == pytest.approx(25, rel=0.1)


def test_a_policys_gates_do_so_too():
    keras.utils.set_random_seed(0)
    model = policy.build(policy.Config((3,), 2, "rnn", units=(400,), memory=50))
    for name in ("rnn1", "value_rnn1"):
        lifetimes = np.exp(model.get_layer(name).get_weights()[2][400:800])
        assert 47 < lifetimes.max() <= 49


def built(name: str) -> keras.Model:
    """A recipe's model, for data of the kind that it learns from."""
    recipe = recipes.find(name)
    if recipe.architecture == "seq2seq":
        return seq2seq.build(seq2seq.Config(11, 9, **recipe.model))
    shape, tokens = ((None,), 11) if "embedding" in recipe.model else ((None, 3), 0)
    return rnn.build(rnn.Config(shape, 3, tokens, **recipe.model))


RECURRENT = [name for name, recipe in recipes.RECIPES.items() if recipe.architecture in ("rnn", "seq2seq")]


@pytest.mark.parametrize("name", RECURRENT)
def test_recipes_take_the_fused_kernel_of_a_gpu(name, monkeypatch):
    """Keras asks for a GPU's kernel wherever settings allow it; here there is none, so it falls back."""
    if recipes.find(name).model.get("cell") == "simple":
        pytest.skip("cuDNN has no plain layer that Keras uses")
    backend, asked = importlib.import_module("keras.src.backend.tensorflow.rnn"), []

    def kernel(*args, **_):
        asked.append(args)
        raise NotImplementedError

    monkeypatch.setattr(backend, "_is_gpu_available", lambda: True)
    monkeypatch.setattr(backend, "_cudnn_lstm", kernel)
    monkeypatch.setattr(backend, "_cudnn_gru", kernel)
    model = built(name)
    layers = [
        one
        for layer in model.layers
        for one in (
            (layer.forward_layer, layer.backward_layer)
            if isinstance(layer, keras.layers.Bidirectional)
            else (layer,)
        )
        if isinstance(one, keras.layers.LSTM | keras.layers.GRU)
    ]
    ones = keras.tree.map_structure(
        lambda x: np.ones((2, *(n or 5 for n in x.shape[1:])), x.dtype), model.input
    )
    asked.clear()
    model(ones, training=True)
    assert len(asked) == len(layers) > 0
