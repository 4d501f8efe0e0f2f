"""Where attention looked: against Keras' own scores and by hand; what a decoder said, against its logits."""

import keras
import numpy as np
import pytest

from inspection import alignment
from inspection.alignment import agreeing, attention, attentive, first_break, writing
from inspection.graph import InspectionError
from models import seq2seq

L = keras.layers
B, S, T, U, V = 3, 6, 5, 4, 11
SOURCE = np.array([[4, 5, 6, 7, 8, 2], [4, 5, 2, 0, 0, 0], [9, 10, 3, 2, 0, 0]], "int32")
BEHIND = np.array([[1, 4, 5, 6, 7], [1, 4, 0, 0, 0], [1, 8, 8, 3, 0]], "int32")


def vectors(seed: int, shape=(B, T, U)) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def translator(kind: str, **settings) -> keras.Model:
    """With weights large enough for attention to have something to choose by."""
    keras.utils.set_random_seed(0)
    model = seq2seq.build(
        seq2seq.Config(tokens=12, outputs=V, embedding=6, units=8, attention=kind, **settings)
    )
    model.set_weights([4 * each for each in model.get_weights()])
    return model


def softmax(x: np.ndarray) -> np.ndarray:
    shares = np.exp(x - x.max(-1, keepdims=True))
    return shares / shares.sum(-1, keepdims=True)


@pytest.mark.parametrize("kind", ["additive", "multiplicative"])
def test_the_shares_are_those_that_keras_returns_and_padding_gets_none(kind):
    model = translator(kind)
    assert attentive(model) == ("attention",)
    found = attention(model, [SOURCE, BEHIND])["attention"]
    scores = keras.Model(model.input, model.get_layer("attention").output[1])
    np.testing.assert_allclose(found, scores([SOURCE, BEHIND]), atol=1e-6)
    assert found.shape == (B, T, S)
    np.testing.assert_allclose(found.sum(-1), 1, atol=1e-5)
    assert not found[np.broadcast_to((SOURCE == 0)[:, None], found.shape)].any()
    assert found.max() > 2 * found[found > 0].min()  # it does choose


@pytest.mark.parametrize("causal", [False, True])
def test_the_shares_are_those_of_the_formula_where_nobody_asked_for_them(causal):
    """Luong et al. 2015: softmax(q k), here without a mask and behind a nested model."""
    query, value, key = (keras.Input((None, U)) for _ in range(3))
    inner = keras.Model(
        [query, value, key], L.Attention(name="looks")([query, value, key], use_causal_mask=causal)
    )
    outer = [keras.Input((None, U)) for _ in range(3)]
    model = keras.Model(outer, L.Dense(2)(inner(outer)))
    q, v, k = vectors(0), vectors(1, (B, S, U)), vectors(2, (B, S, U))
    scores = q @ k.transpose(0, 2, 1)
    if causal:
        scores = np.where(np.tril(np.ones((T, S), bool)), scores, -1e9)
    ((name, found),) = attention(model, [q, v, k]).items()
    assert name == f"{inner.name}/looks"
    np.testing.assert_allclose(found, softmax(scores), atol=1e-5)


def test_each_head_is_told_and_a_layer_that_is_used_twice_twice():
    x = keras.Input((None, U), name="x")
    looks = L.MultiHeadAttention(2, 3, name="looks", dropout=0.5)
    model = keras.Model(x, looks(looks(x, x), x, use_causal_mask=True))
    batch = vectors(3)
    found = attention(model, batch)
    assert list(found) == ["looks", "looks:2"]
    first, scores = looks(batch, batch, return_attention_scores=True)
    _, later = looks(first, batch, return_attention_scores=True, use_causal_mask=True)
    np.testing.assert_allclose(found["looks"], scores, atol=1e-5)
    np.testing.assert_allclose(found["looks:2"], later, atol=1e-5)
    assert found["looks"].shape == (B, 2, T, T)


def test_the_model_is_left_alone_and_its_weights_of_now_are_taken():
    model = translator("additive")
    before = np.array(model([SOURCE, BEHIND]))
    first = attention(model, [SOURCE, BEHIND])["attention"]
    np.testing.assert_array_equal(model([SOURCE, BEHIND]), before)
    model.get_layer("attention_key").set_weights([np.zeros((8, 8))])
    model.get_layer("attention_query").set_weights([np.zeros((8, 8)), np.zeros(8)])
    flat = attention(model, [SOURCE, BEHIND])["attention"]
    counted = SOURCE != 0
    np.testing.assert_allclose(
        flat, np.broadcast_to((counted / counted.sum(-1, keepdims=True))[:, None], flat.shape), atol=1e-6
    )
    assert np.abs(first - flat).max() > 0.1


def test_without_attention_there_is_nothing():
    model = translator("none")
    assert attentive(model) == ()
    assert attention(model, [SOURCE, BEHIND]) == {}


def test_each_step_is_told_as_the_decoder_of_one_step_says_it():
    model = translator("multiplicative", depth=2)
    written = np.concatenate([BEHIND[:, 1:], np.full((B, 1), 2)], 1)
    said = writing(model, [SOURCE, BEHIND], written, most=3, barred=(0, 1))
    encode, step = seq2seq.encode_graph(model), seq2seq.step_graph(model)
    # Anew as tensors: a mask that still clings to one is warned of.
    carried = keras.tree.map_structure(lambda x: keras.ops.convert_to_tensor(np.array(x)), encode(SOURCE))
    for place in range(T):
        after = step({"token": keras.ops.convert_to_tensor(BEHIND[:, place]), **carried})
        carried = {**carried, "states": after["states"]}
        logits = np.array(after["logits"])
        logits[:, :2] = -np.inf
        shares = softmax(logits)
        counts = (BEHIND[:, place] != 0) & (written[:, place] > 1)
        expected = shares[np.arange(B), written[:, place]]
        np.testing.assert_allclose(np.exp(said.sureness[:, place])[counts], expected[counts], rtol=1e-3)
        np.testing.assert_array_equal(said.likeliest[:, place], np.argsort(-shares)[:, :3])
        np.testing.assert_allclose(said.shares[:, place], -np.sort(-shares)[:, :3], rtol=1e-3, atol=1e-6)
        np.testing.assert_allclose(said.attention["attention"][:, place], after["weights"], atol=1e-5)


def test_barred_tokens_are_never_told_and_there_are_no_more_than_are_left():
    said = writing(translator("none"), [SOURCE, BEHIND], BEHIND, most=50, barred=(0, 1, 3))
    assert said.likeliest.shape == (B, T, V - 3)
    assert not np.isin(said.likeliest, (0, 1, 3)).any()
    np.testing.assert_allclose(said.shares.sum(-1), 1, atol=1e-5)


def test_what_does_not_fit_is_told():
    model = translator("none")
    with pytest.raises(InspectionError, match="takes inputs of shape"):
        attention(model, SOURCE)
    with pytest.raises(InspectionError, match=r"logits for each of the \(3, 2\) tokens"):
        writing(model, [SOURCE, BEHIND], BEHIND[:, :2])

    class Bare(keras.Model):
        def call(self, x):
            return x

    with pytest.raises(InspectionError, match="without a graph"):
        alignment.attentive(Bare())


@pytest.mark.parametrize(
    ("text", "other", "expected"),
    [
        ("a b c", "a b c", [True, True, True]),
        ("a x c", "a b c", [True, False, True]),
        ("b a", "a b", [True, False]),  # the order counts
        ("", "a", []),
        ("a", "", [False]),
    ],
)
def test_words_agree_where_they_stand_in_the_other_in_the_same_order(text, other, expected):
    assert agreeing(text.split(), other.split()) == expected


@pytest.mark.parametrize(
    ("qualities", "expected"),
    [([90, 80, 50], 2), ([40, 90, 55, 50], 3), ([90, 54], None), ([], None), ([0, 0], None)],
)
def test_it_breaks_where_it_falls_below_a_share_of_its_best(qualities, expected):
    assert first_break(qualities) == expected
