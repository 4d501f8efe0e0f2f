"""Probabilities are recognised by how a model ends, and read as such."""

import keras
import numpy as np
import pytest
from keras import ops

from inspection import attribution, endings, fading
from inspection.activations import activations
from inspection.endings import LINEAR, LOG_SOFTMAX, SIGMOID, SOFTMAX, ending, logits, probabilities

L = keras.layers
K = 3
LOGITS = np.array([[1.0, 2.0, -3.0], [0.5, 0.5, 4.0]], "float32")


def softmax(x: np.ndarray) -> np.ndarray:
    shares = np.exp(x - x.max(-1, keepdims=True))
    return shares / shares.sum(-1, keepdims=True)


def model_of(*ends, units: int | None = K, **settings) -> keras.Model:
    """A classifier of pictures that ends in these layers; `units` None: in them alone."""
    keras.utils.set_random_seed(0)
    x = keras.Input((6, 6, 2))
    y = L.Flatten()(L.Conv2D(2, 3, activation="relu")(x))
    if units is not None:
        y = L.Dense(units, bias_initializer="normal", **settings)(y)
    for end in ends:
        y = end(y)
    return keras.Model(x, y)


IMAGES = np.random.default_rng(0).normal(size=(2, 6, 6, 2)).astype("float32")
KEEPING = {
    "nothing": (),
    "a linear activation": (L.Activation("linear", dtype="float32"),),
    "Identity": (L.Identity(),),
    "Dropout": (L.Dropout(0.5),),
    "noise": (L.GaussianNoise(1.0), L.GaussianDropout(0.5), L.AlphaDropout(0.5)),
    "Reshape": (L.Reshape((1, K)), L.Reshape((K,))),
    "Flatten": (L.Reshape((1, 1, K)), L.Flatten()),
    "a cast": (lambda x: ops.cast(x, "float32"),),
    "a stopped gradient": (ops.stop_gradient,),
    "squeezed": (lambda x: ops.expand_dims(x, 1), lambda x: ops.squeeze(x, 1)),
    "a penalty": (L.ActivityRegularization(0.1),),
    "a nested model": (keras.Sequential([keras.Input((K,)), L.Activation("linear"), L.Dropout(0.1)]),),
    "all of it": (L.Dropout(0.1), L.Reshape((1, K)), L.Identity(), L.Flatten(), L.Activation("linear")),
}
SQUASHING = {
    "Dense": lambda name: {"activation": name},
    "Activation": lambda name: (L.Activation(name),),
    "a layer": lambda name: ({"softmax": L.Softmax, "sigmoid": lambda: L.Activation("sigmoid")}[name](),),
    "an operation": lambda name: (getattr(ops, name),),
}


@pytest.mark.parametrize("keeping", KEEPING)
@pytest.mark.parametrize("by", SQUASHING)
@pytest.mark.parametrize("name", [SOFTMAX, SIGMOID])
def test_an_ending_is_seen_through_what_changes_no_value(name, by, keeping):
    squashing = SQUASHING[by](name)
    if isinstance(squashing, dict):
        model = model_of(*KEEPING[keeping], **squashing)
    else:
        model = model_of(*squashing, *KEEPING[keeping])
    assert ending(model).activation == name
    output = model(IMAGES).numpy()
    np.testing.assert_allclose(probabilities(model, output), output, atol=1e-6)
    expected = np.log(output) if name == SOFTMAX else np.log(output) - np.log1p(-output)
    np.testing.assert_allclose(logits(model, output), expected, atol=1e-4)


@pytest.mark.parametrize("keeping", KEEPING)
def test_logits_stay_logits(keeping):
    model = model_of(*KEEPING[keeping])
    assert ending(model).activation == LINEAR
    output = model(IMAGES).numpy()
    np.testing.assert_allclose(probabilities(model, output), softmax(output), atol=1e-6)
    np.testing.assert_array_equal(logits(model, output), output)


def test_endings_that_change_values_are_no_probabilities():
    assert ending(model_of(L.Softmax(), L.Dense(2))).activation == LINEAR
    assert ending(model_of(L.Softmax(), L.Rescaling(2.0))).activation == LINEAR
    assert ending(model_of(L.Softmax(), L.Reshape((K, 1)))).activation == LINEAR  # another last axis
    assert ending(model_of(L.Softmax(), L.BatchNormalization())).activation == LINEAR


def test_a_logarithm_of_the_softmax():
    model = model_of(L.Activation("log_softmax"))
    output = model(IMAGES).numpy()
    assert ending(model).activation == LOG_SOFTMAX
    np.testing.assert_allclose(probabilities(model, output).sum(-1), 1, atol=1e-6)
    np.testing.assert_array_equal(logits(model, output), output)


def test_a_mean_of_distributions_is_one():
    x = keras.Input((6, 6, 2))
    local = keras.Model(x, L.GlobalAveragePooling2D()(L.Conv2D(K, 1, activation="softmax")(x)))
    two = [L.Dense(K, activation="softmax")(L.Flatten()(x)) for _ in range(2)]
    for model in (local, keras.Model(x, L.Average()(two))):
        assert ending(model) == endings.Ending(SOFTMAX, None)
        output = model(IMAGES).numpy()
        np.testing.assert_allclose(probabilities(model, output), output, atol=1e-6)
    mixed = keras.Model(x, L.Average()([two[0], L.Dense(K)(L.Flatten()(x))]))
    assert ending(mixed).activation == LINEAR


def test_every_step_of_a_sequence():
    x = keras.Input((5, 2))
    for last in (L.TimeDistributed(L.Dense(K, activation="softmax")), L.Dense(K, activation="softmax")):
        assert ending(keras.Model(x, last(L.LSTM(4, return_sequences=True)(x)))).activation == SOFTMAX
    assert ending(keras.Model(x, L.LSTM(4, activation="sigmoid")(x))).activation == LINEAR  # its states


@pytest.mark.parametrize("activation", ["sigmoid", None])
def test_a_single_unit_speaks_of_two_classes(activation):
    model = model_of(units=1, activation=activation)
    output = model(IMAGES).numpy()
    second = output[:, 0] if activation else 1 / (1 + np.exp(-output[:, 0]))
    np.testing.assert_allclose(probabilities(model, output), np.stack([1 - second, second], 1), atol=1e-6)


def test_certain_answers_stay_finite():
    for activation in (SOFTMAX, SIGMOID):
        assert np.isfinite(endings.unsquashed(activation, np.array([[0.0, 1.0]], "float32"))).all()


@pytest.mark.parametrize(
    ("by", "keeping"),
    [
        ("Dense", "a linear activation"),
        ("Dense", "a nested model"),
        ("Activation", "all of it"),
        ("a layer", "Flatten"),
    ],
)
def test_attribution_is_that_of_the_logits_whatever_comes_behind(by, keeping):
    plain = model_of()
    squashing = SQUASHING[by](SOFTMAX)
    if isinstance(squashing, dict):
        model = model_of(*KEEPING[keeping], **squashing)
    else:
        model = model_of(*squashing, *KEEPING[keeping])
    model.set_weights(
        plain.get_weights() if len(model.weights) == len(plain.weights) else model.get_weights()
    )
    np.testing.assert_allclose(model(IMAGES), softmax(plain(IMAGES).numpy()), atol=1e-5)
    for explain in (attribution.occlusion, attribution.saliency, attribution.grad_cam):
        np.testing.assert_allclose(explain(model, IMAGES).heat, explain(plain, IMAGES).heat, atol=1e-5)


def test_gradient_flow_is_that_of_the_logits():
    keras.utils.set_random_seed(0)
    x = keras.Input((5, 2))
    y = L.LSTM(4, return_sequences=True)(x)
    states = L.LSTM(4)(y)
    dense = L.Dense(K)
    plain, squashed = keras.Model(x, dense(states)), keras.Model(x, L.Softmax()(dense(states)))
    series = np.random.default_rng(0).normal(size=(5, 2)).astype("float32")
    expected = fading.fading(plain, series, np.array(1))
    found = fading.fading(squashed, series, np.array(1))
    for name, one in expected.items():
        np.testing.assert_allclose(found[name].norms, one.norms, rtol=1e-4)


def test_activations_of_a_softmax_are_not_squashed_again():
    model = model_of(L.Softmax())
    np.testing.assert_allclose(
        probabilities(model, activations(model, IMAGES).output), model(IMAGES), atol=1e-6
    )
