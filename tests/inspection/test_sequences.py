"""What a recurrent model takes: told by its graph, drawn and read."""

import keras
import numpy as np
import pytest

from inspection.graph import InspectionError
from inspection.sequences import Entrance, draw, entrance, read

L = keras.layers
FEATURES, TOKENS = Entrance(3, 2, 0), Entrance(None, 0, 7)


def test_features_and_tokens_are_told_apart():
    features = keras.Sequential([keras.Input((None, 3)), L.GRU(4)])
    tokens = keras.Sequential([keras.Input((9,)), L.Embedding(20, 4), L.Bidirectional(L.LSTM(4))])
    outer = keras.Sequential([keras.Input((9,)), tokens])
    assert entrance(features) == Entrance(None, 3, 0)
    assert entrance(tokens) == entrance(outer) == Entrance(9, 0, 20)


def two_inputs() -> keras.Model:
    inputs = [keras.Input((4, 2), name=name) for name in ("one", "other")]
    return keras.Model(inputs, L.LSTM(3)(L.Concatenate()(inputs)))


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: keras.Sequential([keras.Input((3,)), L.Dense(2)]), "no SimpleRNN, GRU or LSTM"),
        (lambda: keras.Sequential([keras.Input((6,)), L.Reshape((3, 2)), L.LSTM(2)]), "must take sequences"),
        (
            lambda: keras.Sequential([keras.Input((4, 4, 1)), L.Reshape((4, 4)), L.GRU(2)]),
            "must take sequences",
        ),
        (two_inputs, "one input"),
    ],
)
def test_what_reads_no_one_sequence_is_told(make, why):
    with pytest.raises(InspectionError, match=why):
        entrance(make())


def test_what_is_drawn_fits():
    features = draw(FEATURES, 50)
    assert features.shape == (3, 2)
    assert features.dtype == "float32"
    tokens = draw(TOKENS, 500, seed=1)
    assert set(tokens) == set(range(1, 7))
    assert not np.array_equal(tokens, draw(TOKENS, 500, seed=2))
    np.testing.assert_array_equal(tokens, draw(TOKENS, 500, seed=1))


def test_numbers_are_read_step_by_step():
    np.testing.assert_array_equal(
        read("1, 2,3 4\n5,6e-1", FEATURES), np.array([[1, 2], [3, 4], [5, 0.6]], "float32")
    )
    np.testing.assert_array_equal(read("0, 6, 3", TOKENS), [0, 6, 3])


@pytest.mark.parametrize(
    ("text", "given", "why"),
    [
        ("", FEATURES, "3 steps of 2 numbers"),
        ("1, 2, 3", FEATURES, "3 steps of 2 numbers"),
        ("1,2,3,4,5,six", FEATURES, "split by commas"),
        ("1,2,3,4,5,nan", FEATURES, "finite"),
        ("1,2,3,4,5,1e39", FEATURES, "finite"),
        ("1, 7", TOKENS, "from 0 to 6"),
        ("-1", TOKENS, "from 0 to 6"),
        ("1.5", TOKENS, "from 0 to 6"),
        ("1 " * 2001, TOKENS, "1 to 2000"),
    ],
)
def test_what_is_no_such_sequence_is_told(text, given, why):
    with pytest.raises(InspectionError, match=why):
        read(text, given)
