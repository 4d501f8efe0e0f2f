"""Every layer's output, against a sub-model that ends at that layer."""

import keras
import numpy as np
import pytest

from inspection.activations import (
    Activations,
    InspectionError,
    _compiled,
    activations,
    prepare,
)


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).random((3, 8, 8, 3)).astype("float32")


def classifier() -> keras.Model:
    """A functional net with what tells training from inference: batch normalization and dropout."""
    inputs = keras.Input((8, 8, 3), name="picture")
    x = keras.layers.Conv2D(4, 3, name="conv")(inputs)
    x = keras.layers.BatchNormalization(name="norm")(x)
    x = keras.layers.Activation("relu", name="act")(x)
    x = keras.layers.Dropout(0.5, name="drop")(x)
    x = keras.layers.GlobalAveragePooling2D(name="head")(x)
    return keras.Model(inputs, keras.layers.Dense(5, name="logits")(x), name="classifier")


def test_each_layer_equals_a_sub_model_that_ends_there(images):
    model = classifier()
    seen = activations(model, images)
    assert list(seen.layers) == ["conv", "norm", "act", "drop", "head", "logits"]
    for name, output in seen.layers.items():
        direct = keras.Model(model.input, model.get_layer(name).output)(images, training=False)
        np.testing.assert_allclose(output, direct, atol=1e-5)
    np.testing.assert_allclose(seen.output, model(images, training=False), atol=1e-5)
    assert seen.kinds["conv"] == "Conv2D"
    assert seen.kinds["act"] == "relu"


def test_one_program_serves_every_batch_and_sees_new_weights(images):
    model = classifier()
    first = activations(model, images)
    program, _, _ = _compiled(model)
    activations(model, images[:1])
    activations(model, np.repeat(images, 5, axis=0))
    assert program.experimental_get_tracing_count() == 1
    logits = model.get_layer("logits")
    logits.set_weights([weight + 1 for weight in logits.get_weights()])
    second = activations(model, images)
    assert program.experimental_get_tracing_count() == 1
    assert not np.allclose(first.output, second.output)


def test_a_prepared_model_is_not_compiled_again(images):
    model = classifier()
    prepare(model)
    activations(model, images)
    program, _, _ = _compiled(model)
    assert program.experimental_get_tracing_count() == 1


def test_nested_models_and_shared_layers_are_told_apart(images):
    body = keras.Sequential(
        [keras.Input((8, 8, 3)), keras.layers.Conv2D(3, 3, padding="same", name="twice")], name="body"
    )
    inputs = keras.Input((8, 8, 3))
    again = keras.layers.Conv2D(3, 3, padding="same", name="again")
    outputs = keras.ops.mean(again(again(body(inputs))), axis=(1, 2))
    model = keras.Model(inputs, outputs)
    seen = activations(model, images)
    within = body.get_layer("twice")(images)
    once = again(within)
    np.testing.assert_allclose(seen.layers["body/twice"], within, atol=1e-5)
    np.testing.assert_allclose(seen.layers["body"], within, atol=1e-5)
    np.testing.assert_allclose(seen.layers["again"], once, atol=1e-5)
    np.testing.assert_allclose(seen.layers["again:2"], again(once), atol=1e-5)
    assert seen.output.shape == (3, 3)


def test_sequential_models_with_an_input_have_a_graph(images):
    model = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            keras.layers.Flatten(name="flat"),
            keras.layers.Dense(2, activation="softmax", name="classes"),
        ]
    )
    seen = activations(model, images)
    np.testing.assert_allclose(seen.layers["flat"], images.reshape(3, -1), atol=1e-6)
    np.testing.assert_allclose(seen.layers["classes"], seen.output)


def test_several_inputs_and_outputs_keep_their_structure():
    left, right = keras.Input((3,), name="left"), keras.Input((3,), name="right")
    total = keras.layers.Add(name="sum")([left, right])
    states = keras.layers.LSTM(2, return_state=True, name="memory")(keras.ops.expand_dims(left, -1))
    model = keras.Model({"left": left, "right": right}, {"total": total, "states": states})
    seen = activations(model, {"left": np.ones((1, 3)), "right": np.full((1, 3), 2.0)})
    np.testing.assert_array_equal(seen.output["total"], np.full((1, 3), 3.0))
    np.testing.assert_array_equal(seen.layers["sum"], seen.output["total"])
    for name, state in zip(("memory", "memory.2", "memory.3"), seen.output["states"], strict=True):
        np.testing.assert_array_equal(seen.layers[name], state)


def test_half_precision_comes_out_as_single(images):
    inputs = keras.Input((8, 8, 3))
    outputs = keras.layers.Conv2D(2, 3, dtype="mixed_bfloat16", name="half")(inputs)
    assert activations(keras.Model(inputs, outputs), images).layers["half"].dtype == np.float32


class Subclass(keras.Model):
    """A model whose graph nobody knows."""

    def call(self, inputs):
        return inputs


@pytest.mark.parametrize("model", [Subclass(name="opaque"), keras.Sequential(name="opaque")])
def test_a_model_without_a_graph_is_told_with_the_way_out(model, images):
    with pytest.raises(InspectionError, match=r"'opaque'.*functional API"):
        activations(model, images)


def test_an_opaque_model_inside_another_is_shown_as_one_layer(images):
    inputs = keras.Input((8, 8, 3))
    outputs = keras.layers.Flatten(name="flat")(Subclass(name="opaque")(inputs))
    assert list(activations(keras.Model(inputs, outputs), images).layers) == ["opaque", "flat"]


@pytest.mark.parametrize(
    "inputs", [np.ones((1, 9, 9, 3)), np.ones((8, 8, 3)), "picture", [np.ones((1, 8, 8, 3))] * 2]
)
def test_inputs_that_do_not_fit_are_told_with_both_shapes(inputs):
    with pytest.raises(InspectionError, match=r"\(None, 8, 8, 3\).*Received"):
        activations(classifier(), inputs)


def test_activations_are_plain_arrays(images):
    seen = activations(classifier(), images)
    assert isinstance(seen, Activations)
    assert all(isinstance(output, np.ndarray) for output in seen.layers.values())


def test_a_fixed_batch_size_is_filled_up(images):
    keras.utils.set_random_seed(0)
    x = keras.Input(batch_shape=(7, 8, 8, 3))
    model = keras.Model(x, keras.layers.Dense(2)(keras.layers.Flatten()(x)))
    seen = activations(model, images[:2])
    assert {len(output) for output in [*seen.layers.values(), seen.output]} == {2}
