"""Attention by hand: against numbers worked out on paper, and against what Keras computes."""

import contextlib
import io

import keras
import numpy as np
import pytest

from inspection import attending
from inspection.attending import Projections, attend, joined, look_up, self_attend

T, S, D, V, F, H = 5, 7, 4, 3, 6, 3


def draws(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def heads(count: int = H, width: int = D) -> list[Projections]:
    return [Projections(*draws(3, F, width, seed=10 + number)) for number in range(count)]


def test_numbers_worked_out_on_paper():
    # Two of four numbers fit the first key, none the second: scores 2 and 0, halved by √4.
    found = attend(np.array([[1, 1, 0, 0]]), np.array([[1, 1, 1, 0], [0, 0, 1, 1]]), np.array([[4.0], [8.0]]))
    e = np.exp(-1)
    assert found.scores.tolist() == [[2, 0]]
    assert found.scaled.tolist() == [[1, 0]]
    assert found.shifted.tolist() == [[0, -1]]
    np.testing.assert_allclose(found.exponentials, [[1, e]])
    np.testing.assert_allclose(found.weights, [[1 / (1 + e), e / (1 + e)]])
    np.testing.assert_allclose(found.output, [[(4 + 8 * e) / (1 + e)]])


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("scale", [None, 1.0, 0.2])
def test_it_is_keras_dot_product_attention(scale, causal):
    query, key, value = draws(T, D), draws(S, D, seed=1), draws(S, D, seed=2)
    found = attend(query, key, value, scale, causal)
    expected = keras.ops.dot_product_attention(
        *(each[None, :, None] for each in (query, key, value)), scale=scale, is_causal=causal
    )
    np.testing.assert_allclose(found.output, np.asarray(expected)[0, :, 0], atol=1e-5)


@pytest.mark.parametrize("causal", [False, True])
def test_several_heads_are_keras_multi_head_attention(causal):
    items, found = draws(T, F), heads()
    last = draws(H, D, F, seed=3)
    layer = keras.layers.MultiHeadAttention(H, D, use_bias=False)
    layer.build((1, T, F), (1, T, F))
    layer.set_weights(
        [*(np.stack([getattr(one, part) for one in found], 1) for part in ("query", "key", "value")), last]
    )
    expected, shares = layer(
        items[None], items[None], use_causal_mask=causal, return_attention_scores=True, training=False
    )
    mine = [self_attend(items, one, causal=causal) for one in found]
    np.testing.assert_allclose(np.stack([one.weights for one in mine]), np.asarray(shares)[0], atol=1e-5)
    output = joined(mine) @ last.reshape(H * D, F)  # W_O
    np.testing.assert_allclose(output, np.asarray(expected)[0], atol=1e-5)


def test_shapes_are_as_they_are_written():
    found = attend(draws(T, D), draws(S, D), draws(S, V))
    shapes = {name: getattr(found, name).shape for name in ("scores", "scaled", "shifted", "exponentials")}
    assert set(shapes.values()) == {(T, S)}
    assert found.weights.shape == (T, S)
    assert found.output.shape == (T, V)
    assert joined([self_attend(draws(T, F), one) for one in heads()]).shape == (T, H * D)


def test_one_query_taken_apart_sums_up_to_the_same():
    found = attend(draws(T, D), draws(T, D, seed=1), draws(T, V, seed=2), causal=True)
    for row in range(T):
        one = found.asked(row)
        assert one.products.shape == (T, D)
        assert one.parts.shape == (T, V)
        np.testing.assert_allclose(one.products.sum(1), one.scores)
        np.testing.assert_allclose(one.exponentials / one.total, one.weights)
        np.testing.assert_allclose(one.parts.sum(0), one.output)
        np.testing.assert_allclose(found.output[row], one.output)


def test_the_causal_mask_lets_nobody_look_ahead():
    found = attend(draws(T, D), draws(T, D, seed=1), draws(T, V), causal=True)
    ahead = np.triu_indices(T, 1)
    assert (found.scaled[ahead] == -np.inf).all()
    assert (found.weights[ahead] == 0).all()
    np.testing.assert_allclose(found.weights.sum(1), 1)
    assert found.weights[0].tolist() == [1, 0, 0, 0, 0]
    plain = attend(draws(T, D), draws(T, D, seed=1), draws(T, V))
    np.testing.assert_allclose(found.scores, plain.scores)
    np.testing.assert_allclose(found.weights[-1], plain.weights[-1])  # the last sees all


def test_scores_as_large_as_they_come_stay_numbers():
    found = attend(np.full((2, D), 99.0), np.full((2, D), 99.0) * [[1], [-1]], np.eye(2))
    assert found.weights.tolist() == [[1, 0], [1, 0]]


def test_the_hard_look_up_is_a_dictionary():
    book = {"Ann": 3.0, "Ben": 7.0, "Cem": 5.0}
    keys, values = np.eye(3), np.array(list(book.values()))[:, None]
    for query, expected in zip(np.eye(3), book.values(), strict=True):
        found = look_up(query, keys, values, [0.0])
        assert found.hard.tolist() == query.tolist()
        assert found.hard_output.tolist() == [expected]
        np.testing.assert_allclose(found.outputs, [[5]])  # at sharpness 0 the mean


def test_the_soft_look_up_becomes_the_hard_one():
    query, keys, values = draws(D), draws(S, D, seed=1), draws(S, V, seed=2)
    sharpness = [0.0, 1.0, 10.0, 1000.0]
    found = look_up(query, keys, values, sharpness)
    np.testing.assert_allclose(found.weights[0], 1 / S)
    np.testing.assert_allclose(found.outputs[0], values.mean(0), rtol=1e-5)
    np.testing.assert_allclose(found.weights[-1], found.hard, atol=1e-6)
    np.testing.assert_allclose(found.outputs[-1], found.hard_output, atol=1e-6)
    winner = found.weights[:, found.best[0]]
    assert (np.diff(winner) > 0).all()
    for level, weights in zip(sharpness, found.weights, strict=True):
        np.testing.assert_allclose(weights, attend(query[None], keys, values, level).weights[0])


def test_a_tie_is_shared_softly_and_goes_to_the_first_hard():
    found = look_up(np.array([1, 0]), np.array([[0, 1], [1, 0], [1, 1]]), np.eye(3), [100.0])
    assert found.best == (1, 2)
    assert found.hard.tolist() == [0, 1, 0]
    np.testing.assert_allclose(found.weights, [[0, 0.5, 0.5]], atol=1e-12)


@pytest.mark.parametrize(("scale", "causal", "count"), [(None, False, 1), (1.0, True, 3)])
def test_the_code_computes_the_same(scale, causal, count):
    items, found = draws(T, F), heads(count)
    space: dict = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(attending.code(items, found, scale, causal), space)
    expected = joined([self_attend(items, one, scale, causal) for one in found])
    np.testing.assert_allclose(np.asarray(space["output"]), expected, atol=1e-5)
