"""Heads: shares against the layers' own, heads that are off against zeroed kernels, who points at what."""

import keras
import numpy as np
import pytest
from keras import ops

from inspection import alignment, heads
from inspection.graph import InspectionError
from inspection.heads import attentions, look, pointing
from models import encoder, gpt, seq2seq, transformer

L = keras.layers
B, T, S, U = 3, 5, 6, 8
TOKENS = np.array([[4, 5, 6, 7, 2], [8, 9, 2, 0, 0], [5, 5, 5, 2, 0]], "int32")
SOURCE = np.array([[4, 5, 6, 7, 8, 2], [4, 5, 2, 0, 0, 0], [9, 10, 3, 2, 0, 0]], "int32")
BEHIND = np.array([[1, 4, 5, 6, 7], [1, 4, 0, 0, 0], [1, 8, 8, 3, 0]], "int32")
SMALL = {"width": U, "depth": 2, "heads": 2, "hidden": 12}


def vectors(seed: int, shape=(B, T, U)) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def sharpened(model: keras.Model, by: float = 3.0) -> keras.Model:
    """With weights large enough for attention to have something to choose by."""
    model.set_weights([by * each for each in model.get_weights()])
    return model


def reader(**settings) -> keras.Model:
    keras.utils.set_random_seed(0)
    return sharpened(encoder.build(encoder.Config((None,), outputs=2, tokens=12, **{**SMALL, **settings})))


def translator(**settings) -> keras.Model:
    keras.utils.set_random_seed(0)
    return sharpened(transformer.build(transformer.Config(12, 11, **{**SMALL, "dropout": 0.0, **settings})))


def softmax(x: np.ndarray) -> np.ndarray:
    shares = np.exp(x - x.max(-1, keepdims=True))
    return shares / shares.sum(-1, keepdims=True)


def several(kind: str = "multi", **settings) -> keras.Model:
    """One layer of Keras' own with several heads, behind it something that depends on all of it."""
    keras.utils.set_random_seed(1)
    x = keras.Input((None, U), name="x")
    layer = (
        L.MultiHeadAttention(2, 3, name="looks", **settings)
        if kind == "multi"
        else L.GroupQueryAttention(3, 4, 2, name="looks", **settings)
    )
    return sharpened(keras.Model(x, L.Dense(2)(layer(x, x, use_causal_mask=True))))


# Where they are, and what they look at


def test_the_suites_own_blocks_are_found_with_who_looks_at_whom():
    model = translator()
    found = {name: (one.kind, one.heads) for name, one in attentions(model).items()}
    assert found == {
        "encoder1_weights": ("encoder", 2),
        "encoder2_weights": ("encoder", 2),
        "decoder1_weights": ("decoder", 2),
        "decoder2_weights": ("decoder", 2),
        "decoder1_cross_weights": ("cross", 2),
        "decoder2_cross_weights": ("cross", 2),
    }
    assert {one.kind for one in attentions(reader()).values()} == {"self"}
    recurrent = seq2seq.build(seq2seq.Config(tokens=12, outputs=11, embedding=6, units=8))
    assert [one.kind for one in attentions(recurrent).values()] == ["cross"]


@pytest.mark.parametrize("positions", ["sinusoidal", "rotary"])
def test_the_shares_and_the_output_are_the_models_own_and_scores_are_sums_of_products(positions):
    model = reader(positions=positions)
    found = look(model, TOKENS)
    np.testing.assert_allclose(found.output, model(TOKENS), atol=1e-4)
    counted = TOKENS != 0
    for name in ("block1_weights", "block2_weights"):
        own = keras.Model(model.input, model.get_layer(name).output)(TOKENS)
        np.testing.assert_allclose(found.weights[name], own, atol=1e-5)
        scores = np.einsum("bthd,bshd->bhts", found.queries[name], found.keys[name])
        masked = np.where(counted[:, None, None], scores, -np.inf)
        np.testing.assert_allclose(softmax(masked), own, atol=1e-5)
    query, key, products = found.features("block2_weights", 1, 3, 0)
    np.testing.assert_array_equal(products, query * key)
    row = np.array([found.features("block2_weights", 1, 3, s)[2].sum() for s in range(T)])
    np.testing.assert_allclose(softmax(row), found.weights["block2_weights"][0, 1, 3], atol=1e-5)


@pytest.mark.parametrize("kind", ["multi", "grouped"])
def test_keras_own_layers_of_several_heads_tell_the_same_as_when_they_are_asked(kind):
    model, batch = several(kind), vectors(2)
    found = look(model, batch)
    np.testing.assert_allclose(found.output, model(batch), atol=1e-5)
    _, own = model.get_layer("looks")(batch, batch, use_causal_mask=True, return_attention_scores=True)
    np.testing.assert_allclose(found.weights["looks"], own, atol=1e-6)
    scores = np.einsum("bthd,bshd->bhts", found.queries["looks"], found.keys["looks"])
    scores = np.where(np.tril(np.ones((T, T), bool)), scores, -np.inf)
    np.testing.assert_allclose(softmax(scores), own, atol=1e-5)


@pytest.mark.parametrize("layer", [L.Attention(use_scale=True), L.AdditiveAttention(), L.Attention()])
def test_layers_without_heads_have_one_whose_products_sum_to_its_scores(layer):
    query, value = keras.Input((None, U)), keras.Input((None, U))
    model = sharpened(keras.Model([query, value], layer([query, value])))
    q, v = vectors(3), vectors(4, (B, S, U))
    found = look(model, [q, v])
    ((name, shares),) = found.weights.items()
    assert shares.shape == (B, 1, T, S)
    assert attentions(model)[name].kind == "cross"
    scores = [[found.features(name, 0, t, s)[2].sum() for s in range(S)] for t in range(T)]
    np.testing.assert_allclose(softmax(np.array(scores)), shares[0, 0], atol=1e-5)
    np.testing.assert_array_equal(look(model, [q, v], {name: [0]}).output, 0)


def test_attention_that_is_written_out_in_another_way_is_found_and_other_softmaxes_are_not():
    x = keras.Input((None, U), name="x")
    q, k, v = (L.Reshape((-1, 2, 4))(L.Dense(U, name=name)(x)) for name in ("q", "k", "v"))
    q, k, v = (ops.transpose(each, (0, 2, 1, 3)) for each in (q, k, v))
    shares = ops.softmax(ops.matmul(q, ops.transpose(k, (0, 1, 3, 2))) / 2.0)
    context = ops.transpose(ops.matmul(shares, v), (0, 2, 1, 3))
    context = L.Reshape((-1, U))(context)
    # A picture's classes at each place are no attention.
    other = L.Softmax(name="no_attention")(L.Reshape((-1, 2, 4))(context))
    model = keras.Model(x, other)
    ((name, one),) = attentions(model).items()
    assert (one.heads, one.kind) == (2, "self")
    found = look(model, vectors(5))
    scores = np.einsum("bthd,bshd->bhts", found.queries[name], found.keys[name]) / 2
    np.testing.assert_allclose(softmax(scores), found.weights[name], atol=1e-5)


def test_half_precision_and_nested_models_and_a_layer_that_is_used_twice():
    keras.utils.set_random_seed(2)
    x = keras.Input((None, U), name="x")
    looks = L.MultiHeadAttention(2, 3, name="looks", dtype="mixed_bfloat16")
    inner = keras.Model(x, looks(looks(x, x), x))
    outer = keras.Input((None, U))
    model = keras.Model(outer, L.Dense(2)(inner(outer)))
    names = list(attentions(model))
    assert [name.rpartition("/")[2] for name in names] == ["looks", "looks:2"]
    found = look(model, vectors(6))
    assert all(found.weights[name].dtype == np.float32 for name in names)
    first, second = (look(model, vectors(6), {name: [0]}) for name in names)
    # What the second use looks at depends on the first, and not the other way.
    assert np.abs(first.weights[names[1]] - found.weights[names[1]]).max() > 1e-3
    np.testing.assert_array_equal(second.weights[names[1]], found.weights[names[1]])


# Without some of them


def without(model: keras.Model, layer: str, head: int, size: int) -> keras.Model:
    """A copy in which the rows of an output kernel that read a head are zeros."""
    changed = keras.models.clone_model(model)
    changed.set_weights(model.get_weights())
    (kernel, *bias) = changed.get_layer(layer).get_weights()
    kernel[size * head : size * (head + 1)] = 0
    changed.get_layer(layer).set_weights([kernel, *bias])
    return changed


def test_a_head_that_is_off_counts_for_nothing_as_if_its_rows_of_the_output_kernel_were_zeros():
    model = reader()
    whole = look(model, TOKENS)
    found = look(model, TOKENS, {"block1_weights": [1]})
    np.testing.assert_allclose(found.output, without(model, "block1_output", 1, 4)(TOKENS), atol=1e-4)
    assert np.abs(found.output - whole.output).max() > 0.01
    np.testing.assert_allclose(found.weights["block1_weights"], whole.weights["block1_weights"], atol=1e-6)
    both = look(model, TOKENS, {"block1_weights": [1], "block2_weights": [0]})
    expected = without(without(model, "block1_output", 1, 4), "block2_output", 0, 4)(TOKENS)
    np.testing.assert_allclose(both.output, expected, atol=1e-4)
    np.testing.assert_array_equal(look(model, TOKENS).output, whole.output)  # the model is left alone


def test_without_all_heads_the_bias_of_the_output_is_left():
    keras.utils.set_random_seed(3)
    x = keras.Input((None, U), name="x")
    model = keras.Model(x, L.MultiHeadAttention(2, 3, name="looks")(x, x))
    model.get_layer("looks").output_dense.bias.assign(np.arange(U))
    found = look(model, vectors(7), {"looks": [0, 1]})
    np.testing.assert_allclose(found.output, np.broadcast_to(np.arange(U), (B, T, U)), atol=1e-6)


def test_the_same_for_multi_head_attention():
    model, batch = several(), vectors(8)
    layer = model.get_layer("looks").output_dense
    found = look(model, batch, {"looks": [0]})
    kernel, bias = layer.get_weights()  # (H, D, C)
    layer.set_weights([np.concatenate([0 * kernel[:1], kernel[1:]]), bias])
    np.testing.assert_allclose(found.output, model(batch), atol=1e-5)


# Who points at what


def test_pointing_is_the_share_of_sequences_in_which_more_than_half_goes_to_what_is_wanted():
    model = reader()
    asks, wanted = np.array([2, 1, 0]), np.zeros((B, T), bool)
    wanted[[0, 1, 2], [0, 0, 3]] = True
    wanted[0, 1] = True  # a word of two pieces
    shares = look(model, TOKENS).weights["block2_weights"]
    rows = np.stack([shares[0, :, 2, :2].sum(-1), shares[1, :, 1, 0], shares[2, :, 0, 3]])
    often, mean = pointing(model, TOKENS, asks, wanted)["block2_weights"]
    np.testing.assert_allclose(often, (rows > 0.5).mean(0))
    np.testing.assert_allclose(mean, rows.mean(0), atol=1e-6)
    assert list(pointing(model, TOKENS, asks, wanted, kinds=("cross",))) == []


def test_many_sequences_are_taken_in_parts(monkeypatch):
    model = reader()
    asks, wanted = np.array([2, 1, 0]), np.eye(B, T, dtype=bool)
    whole = pointing(model, TOKENS, asks, wanted)["block1_weights"]
    monkeypatch.setattr(heads, "BATCH", 2)
    np.testing.assert_allclose(pointing(model, TOKENS, asks, wanted)["block1_weights"], whole, atol=1e-6)


def test_a_decoder_is_asked_about_the_source():
    model = translator()
    asks, wanted = np.array([1, 1, 2]), np.eye(B, S, dtype=bool)
    found = pointing(model, [SOURCE, BEHIND], asks, wanted, kinds=("cross",))
    assert list(found) == ["decoder1_cross_weights", "decoder2_cross_weights"]
    shares = look(model, [SOURCE, BEHIND]).weights["decoder1_cross_weights"]
    mean = np.mean([shares[i, :, asks[i], i] for i in range(B)], axis=0)
    np.testing.assert_allclose(found["decoder1_cross_weights"][1], mean, atol=1e-6)


# What is written, and what a model takes


def test_what_is_written_is_the_likeliest_at_each_step_with_heads_and_without():
    model = translator()
    off = {"decoder2_cross_weights": [0, 1], "encoder1_weights": [1]}
    for some in ({}, off):
        written, given = heads.write(model, [4, 5, 2], 1, 2, 6, (0, 1, 3), some), [1]
        for token in written:
            logits = look(model, [np.array([[4, 5, 2]]), np.array([given])], some).output[0, -1]
            logits[[0, 1, 3]] = -np.inf
            assert token == logits.argmax()
            given.append(token)
        assert 2 not in written[:-1]
        assert written[-1] == 2 or len(written) == 6


def test_an_input_is_drawn_for_a_model_that_comes_without_its_data():
    tokens, features = keras.Input((None,), name="tokens"), keras.Input((5, 3), name="features")
    x = L.Concatenate(axis=1)([L.Embedding(7, 3)(tokens), features])
    model = keras.Model([tokens, features], L.MultiHeadAttention(1, 2)(x, x))
    first, second = heads.entrances(model)
    assert (first.name, first.shape, first.tokens) == ("tokens", (None,), 7)
    assert (second.shape, second.tokens) == ((5, 3), 0)
    drawn = [heads.draw(each, 4, seed=3) for each in (first, second)]
    assert drawn[0].shape == (4,)
    assert set(drawn[0].tolist()) <= set(range(1, 7))
    ((_, shares),) = look(model, [each[None] for each in drawn]).weights.items()
    assert shares.shape == (1, 1, 9, 9)


# A translation's one matrix, and what does not fit


def test_where_a_transformer_looked_is_the_mean_over_the_heads_of_its_last_cross_attention():
    model = translator()
    said = alignment.writing(model, [SOURCE, BEHIND], BEHIND)
    shares = look(model, [SOURCE, BEHIND]).weights
    np.testing.assert_allclose(said.looked, shares["decoder2_cross_weights"].mean(1), atol=1e-6)
    assert set(said.attention) == set(shares)
    one = gpt.build(gpt.Config((8,), tokens=12, **SMALL))
    assert alignment.writing(one, TOKENS, TOKENS).looked is None


def test_what_is_no_head_and_what_has_no_attention():
    model = reader()
    for off in ({"block9_weights": [0]}, {"block1_weights": [2]}):
        with pytest.raises(InspectionError, match="there is no such head"):
            look(model, TOKENS, off)
    with pytest.raises(InspectionError, match="takes inputs of shape"):
        look(model, TOKENS[0])
    x = keras.Input((4,))
    dense = keras.Model(x, L.Softmax()(L.Dense(3)(x)))
    assert attentions(dense) == {}
    assert look(dense, np.zeros((1, 4))).weights == {}


# Masks


@pytest.mark.filterwarnings("ignore:[^$]*with a mask attached:UserWarning")  # Keras' own, of grouped queries
@pytest.mark.parametrize("kind", ["multi", "grouped"])
@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("asked", [False, True])
def test_wholly_masked_queries_are_computed_as_the_model_computes_them(kind, causal, asked):
    """Keras' fused attention spreads them over everything, its other way gives nothing."""
    keras.utils.set_random_seed(0)
    x = keras.Input((None,), dtype="int32")
    e = L.Embedding(10, 4, mask_zero=True)(x)
    layer = L.MultiHeadAttention(2, 4) if kind == "multi" else L.GroupQueryAttention(4, 4, 2)
    y = layer(e, e, use_causal_mask=causal, return_attention_scores=asked)
    model = sharpened(keras.Model(x, y[0] if asked else y))
    tokens = np.array([[1, 2, 0], [0, 0, 0], [0, 1, 2]])
    found = look(model, tokens)
    np.testing.assert_allclose(found.output, model(tokens), atol=1e-6)
    (shares,) = found.weights.values()
    if asked:  # the way that tells its shares leaves masked queries without any
        np.testing.assert_allclose(shares.sum(-1)[2, :, 1:], 1, atol=1e-5)
    else:
        np.testing.assert_allclose(shares.sum(-1), 1, atol=1e-5)
        np.testing.assert_allclose(shares[1], 1 / 3, atol=1e-5)  # everywhere alike
    if causal:
        assert not np.triu(shares[2], 1)[:, 1:].any()


@pytest.mark.parametrize("masked", [False, True])
def test_a_head_that_is_off_beside_a_mask(masked):
    keras.utils.set_random_seed(0)
    x = keras.Input((None,), dtype="int32")
    e = L.Embedding(10, 4, mask_zero=masked)(x)
    layer = L.MultiHeadAttention(2, 3, name="looks")
    model = sharpened(keras.Model(x, layer(e, e)))
    tokens = np.array([[1, 2, 0]])
    found = look(model, tokens, {"looks": [1]}).output
    kernel = layer._output_dense.kernel.numpy()
    kernel[1] = 0
    layer._output_dense.kernel.assign(kernel)
    np.testing.assert_allclose(found, model(tokens), atol=1e-5)


def test_a_fixed_batch_size_is_filled_up():
    keras.utils.set_random_seed(0)
    x = keras.Input(batch_shape=(4, 5, 8))
    model = keras.Model(x, L.MultiHeadAttention(2, 3, name="looks")(x, x))
    sequences = vectors(0, (3, 5, 8))
    found = look(model, sequences)
    assert found.output.shape == (3, 5, 8)
    assert found.weights["looks"].shape == (3, 2, 5, 5)
    whole = model(np.concatenate([sequences, sequences[:1]]))[:3]
    np.testing.assert_allclose(found.output, whole, atol=1e-6)
    wanted = np.eye(5, dtype=bool)[[0, 1, 2, 3, 4, 0]]
    asks = np.arange(6) % 5
    some = vectors(1, (6, 5, 8))
    (share,) = pointing(model, some, asks, wanted).values()
    assert share[1].shape == (2,)
    shares = np.concatenate([look(model, some[:4]).weights["looks"], look(model, some[4:]).weights["looks"]])
    np.testing.assert_allclose(
        share[1], (shares[np.arange(6), :, asks] * wanted[:, None]).sum(-1).mean(0), atol=1e-6
    )
