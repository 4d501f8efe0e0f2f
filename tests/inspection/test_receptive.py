"""Receptive fields, against the gradients of nets whose weights are all positive."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from inspection.graph import InspectionError, layers
from inspection.receptive import field

L = keras.layers


def positive(model: keras.Model) -> keras.Model:
    """The model with every weight 1, so that no path cancels another."""
    for variable in model.trainable_variables:
        variable.assign(np.ones(variable.shape))
    return model


def seen(model: keras.Model, layer: str, position: tuple[int, ...]) -> np.ndarray:
    """The positions of the input with a gradient from any map there, `(...)` bool."""
    probe = keras.Model(model.inputs, layers(model)[layer].tensor)
    inputs = tf.ones((1, *model.input_shape[1:]))
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        value = tf.reduce_sum(probe(inputs, training=False)[(0, *position)])
    slope = tape.gradient(value, inputs, unconnected_gradients="zero")
    return (np.abs(slope[0]) > 0).any(axis=-1)


def stack(shape: tuple[int, ...], *stacked) -> keras.Model:
    return positive(keras.Sequential([keras.Input(shape), *stacked, L.Identity(name="end")]))


def residual() -> keras.Model:
    inputs = keras.Input((13, 11, 2))
    x = L.Conv2D(3, 3, strides=2, padding="same", name="first")(inputs)
    y = L.Conv2D(3, 5, padding="same")(x)
    y = L.Conv2D(3, 3, dilation_rate=2, padding="same")(y)
    return positive(keras.Model(inputs, L.Identity(name="end")(L.Add()([x, y]))))


def branched() -> keras.Model:
    inputs = keras.Input((12, 12, 1))
    wide = L.Conv2D(2, (1, 7), padding="same")(inputs)
    tall = L.Conv2D(2, (7, 1), padding="same")(inputs)
    return positive(keras.Model(inputs, L.Identity(name="end")(L.Concatenate()([wide, tall]))))


def nested() -> keras.Model:
    body = keras.Sequential(
        [
            keras.Input((10, 10, 1)),
            L.Conv2D(1, 3, padding="same"),
            L.Conv2D(1, 3, dilation_rate=2, padding="same"),
        ],
        name="body",
    )
    inputs = keras.Input((10, 10, 1))
    return positive(keras.Model(inputs, L.Identity(name="end")(body(body(inputs)))))


MODELS = {
    "same": lambda: stack((9, 8, 2), L.Conv2D(2, 3, padding="same"), L.Conv2D(2, 4, padding="same")),
    "valid": lambda: stack((9, 8, 2), L.Conv2D(2, 3), L.Conv2D(2, (2, 4))),
    "stride": lambda: stack((14, 13, 1), L.Conv2D(2, 3, strides=(2, 3), padding="same"), L.Conv2D(1, 3)),
    "stride beyond the kernel": lambda: stack((14, 14, 1), L.Conv2D(2, 2, strides=3), L.Conv2D(2, 2)),
    "dilation": lambda: stack((14, 14, 1), L.Conv2D(2, 3, dilation_rate=3, padding="same")),
    "average pooling": lambda: stack((14, 13, 1), L.AveragePooling2D(3, 2, "same"), L.Conv2D(1, 3)),
    "depthwise": lambda: stack(
        (9, 9, 3), L.DepthwiseConv2D(3, strides=2, padding="same"), L.SeparableConv2D(2, 3)
    ),
    "transposed, same": lambda: stack(
        (6, 5, 1), L.Conv2DTranspose(2, 3, strides=2, padding="same"), L.Conv2D(1, 2)
    ),
    "transposed, valid": lambda: stack((6, 5, 1), L.Conv2DTranspose(2, 4, strides=3)),
    "padding, cropping": lambda: stack(
        (8, 8, 1), L.ZeroPadding2D(((1, 3), (2, 0))), L.Conv2D(1, 3), L.Cropping2D(1)
    ),
    "upsampling": lambda: stack((5, 4, 1), L.UpSampling2D((2, 3)), L.Conv2D(1, 3, padding="same")),
    "line": lambda: stack((17, 2), L.Conv1D(2, 5, strides=2, padding="same"), L.Conv1D(1, 3, padding="same")),
    "causal": lambda: stack(
        (17, 2), L.Conv1D(2, 3, padding="causal"), L.Conv1D(1, 3, dilation_rate=4, padding="causal")
    ),
    "line, pooled": lambda: stack(
        (18, 1), L.Conv1D(2, 3), L.AveragePooling1D(2), L.ZeroPadding1D(2), L.Conv1D(1, 3)
    ),
    "volume": lambda: stack((6, 5, 7, 1), L.Conv3D(2, 3, padding="same"), L.AveragePooling3D(2)),
    "residual": residual,
    "branches": branched,
    "nested twice": nested,
}


@pytest.mark.parametrize("name", MODELS)
def test_a_positive_linear_net_has_gradients_exactly_there(name):
    model = MODELS[name]()
    grid = layers(model)["end"].tensor.shape[1:-1]
    corners = {(0,) * len(grid), tuple(size - 1 for size in grid), tuple(size // 2 for size in grid)}
    for position in corners:
        found = field(model, "end", position)
        assert found.exact
        np.testing.assert_array_equal(found.sees, seen(model, "end", position))
        whole = np.zeros_like(found.sees)
        whole[found.box] = True
        assert not (found.sees & ~whole).any()


def test_the_field_of_two_convolutions_and_a_pooling_by_hand():
    model = stack(
        (28, 28, 1), L.Conv2D(2, 3, padding="same"), L.MaxPooling2D(2), L.Conv2D(2, 3, padding="same")
    )
    # Rows 4 to 6 of the pooled maps, 8 to 13 of the first ones, 7 to 14 of the picture.
    assert field(model, "end", (5, 0)).box == (slice(7, 15), slice(0, 5))


def test_gradients_of_a_trained_like_net_lie_inside():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((16, 16, 1))
    x = L.Conv2D(4, 3, padding="same")(inputs)
    x = L.BatchNormalization()(x)
    x = L.MaxPooling2D(2)(L.Activation("gelu")(x))
    model = keras.Model(inputs, L.Conv2D(4, 3, name="end")(x))
    for position in [(0, 0), (2, 5), (5, 5)]:
        found = field(model, "end", position)
        assert not (seen(model, "end", position) & ~found.sees).any()
        assert found.sees.sum() < 16 * 16


def test_units_after_the_maps():
    inputs = keras.Input((6, 6, 2))
    x = L.Conv2D(3, 3, name="conv")(inputs)
    flat = L.Flatten(name="flat")(x)
    model = keras.Model(inputs, L.Dense(2, name="logits")(flat))
    np.testing.assert_array_equal(  # the unit of row 1, column 2, map 0
        field(model, "flat", (3 * (4 * 1 + 2),)).sees, field(model, "conv", (1, 2)).sees
    )
    assert field(model, "logits", (1,)).sees.all()
    assert field(model, "logits").box == (slice(0, 6), slice(0, 6))


def test_what_is_not_known_is_taken_to_see_everything():
    inputs = keras.Input((6, 6, 2))
    model = keras.Model(inputs, keras.ops.flip(L.Conv2D(2, 3, name="conv")(inputs), axis=1))
    last = list(layers(model))[-1]
    found = field(model, last, (0, 0))
    assert not found.exact
    assert found.sees.all()
    assert field(model, "conv", (0, 0)).exact


def test_a_net_for_pictures_of_any_size_needs_one():
    inputs = keras.Input((None, None, 1))
    model = keras.Model(inputs, L.Conv2D(2, 3, padding="same", name="end")(inputs))
    with pytest.raises(InspectionError, match="input_shape"):
        field(model, "end", (0, 0))
    assert field(model, "end", (0, 4), (5, 9, 1)).box == (slice(0, 2), slice(3, 6))


@pytest.mark.parametrize(
    ("layer", "position"), [("gone", (0, 0)), ("end", (9, 0)), ("end", (0,)), ("end", (-1, 0))]
)
def test_a_unit_that_is_not_there_is_told(layer, position):
    with pytest.raises(InspectionError, match="Received|no layer"):
        field(MODELS["same"](), layer, position)


def test_several_inputs_are_refused():
    left, right = keras.Input((4, 1)), keras.Input((4, 1))
    model = keras.Model([left, right], L.Add(name="sum")([left, right]))
    with pytest.raises(InspectionError, match="one input"):
        field(model, "sum", (0,))
