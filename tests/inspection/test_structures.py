"""Models that take their input in a list, a tuple or a dict, or give their output so, are looked into alike."""

import keras
import numpy as np
import pytest

from inspection import activations, attribution, fading, heads, recurrence, sequences
from inspection.graph import InspectionError

L = keras.layers
SERIES = np.random.default_rng(0).random((8, 2)).astype("float32")
INPUTS = {"bare": lambda x: x, "list": lambda x: [x], "tuple": lambda x: (x,), "dict": lambda x: {"x": x}}
OUTPUTS = {"bare": lambda y: y, "list": lambda y: [y], "dict": lambda y: {"y": y}}


@pytest.fixture(scope="module")
def layers():
    x = keras.Input((8, 2), name="x")
    return x, L.Dense(2)(L.LSTM(3, name="rnn")(x)), L.MultiHeadAttention(2, 2)(x, x)


@pytest.mark.parametrize("given", INPUTS)
@pytest.mark.parametrize("made", OUTPUTS)
def test_one_input_and_one_output_in_any_structure(layers, given, made):
    x, y, z = layers
    plain, model = keras.Model(x, y), keras.Model(INPUTS[given](x), OUTPUTS[made](y))
    for batch in (SERIES[None], [SERIES[None]], {"x": SERIES[None]}):
        found = recurrence.record(model, batch)["rnn"].state
        np.testing.assert_array_equal(found, recurrence.record(plain, SERIES[None])["rnn"].state)
    for target in (np.array([1]), np.array([1.0, 2.0], "float32")):
        one, other = (fading.fading(each, SERIES, target)["rnn"].norms for each in (model, plain))
        np.testing.assert_allclose(one, other, rtol=1e-6)
    assert sequences.entrance(model).features == 2
    (output,) = keras.tree.flatten(activations.activations(model, SERIES[None]).output)
    np.testing.assert_allclose(output, plain(SERIES[None]), rtol=1e-6)
    attending = keras.Model(INPUTS[given](x), OUTPUTS[made](z))
    (seen,) = heads.look(attending, SERIES[None]).weights.values()
    assert seen.shape == (1, 2, 8, 8)
    if made == "bare":
        attribution.saliency(model, SERIES[None], 0)


@pytest.mark.parametrize("pack", [lambda a, b: [a, b], lambda a, b: (a, b), lambda a, b: {"a": a, "b": b}])
def test_several_inputs_are_taken_in_their_order(pack):
    a, b = keras.Input((3,), name="a"), keras.Input((2,), name="b")
    model = keras.Model(pack(a, b), L.Concatenate()([a, b]))
    one, other = np.ones((1, 3), "float32"), np.zeros((1, 2), "float32")
    for given in ([one, other], (one, other), pack(one, other)):
        np.testing.assert_array_equal(activations.activations(model, given).output, [[1, 1, 1, 0, 0]])
    with pytest.raises(InspectionError, match="takes inputs"):
        activations.activations(model, [other, one])


def test_a_loss_of_one_output_tells_of_several(layers):
    x, y, _ = layers
    model = keras.Model(x, [y, y])
    with pytest.raises(InspectionError, match="one output. This one has 2"):
        recurrence.flow(model, SERIES[None], recurrence.cross_entropy([1]))
