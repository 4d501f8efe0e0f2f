"""One unit taken apart: what is recomputed from the weights is what the layer gave."""

import keras
import numpy as np
import pytest

from inspection.activations import activations
from inspection.anatomy import anatomy
from inspection.graph import InspectionError

L = keras.layers


def picture_net() -> keras.Model:
    inputs = keras.Input((9, 8, 3))
    x = L.Conv2D(4, 3, padding="same", use_bias=False, name="conv1")(inputs)
    x = L.BatchNormalization(name="norm")(x)
    x = L.Activation("relu", name="act")(x)
    x = L.MaxPooling2D(2, name="pool")(x)
    x = L.Dropout(0.5, name="drop")(x)
    y = L.Conv2D(4, 3, padding="same", dilation_rate=2, groups=2, name="conv2")(x)
    y = L.LayerNormalization(name="layer_norm")(y)
    x = L.Add(name="add")([x, y])
    x = L.PReLU(shared_axes=[1, 2], name="prelu")(x)
    x = L.DepthwiseConv2D(2, strides=2, depth_multiplier=2, activation="tanh", name="depthwise")(x)
    x = L.GroupNormalization(4, name="group_norm")(x)
    x = L.AveragePooling2D(2, 1, "same", name="average")(x)
    x = L.Flatten(name="flat")(x)
    x = L.Dense(5, activation="gelu", name="dense")(x)
    return keras.Model(inputs, L.Softmax(name="shares")(L.Dense(3, name="logits")(x)))


def line_net() -> keras.Model:
    inputs = keras.Input((20, 2))
    x = L.Conv1D(3, 5, strides=2, padding="causal", name="causal")(inputs)
    x = L.LeakyReLU(name="leaky")(x)
    x = L.MaxPooling1D(3, 2, "same", name="pool")(x)
    body = keras.Sequential(
        [keras.Input((5, 3)), L.Conv1D(4, 3, activation="relu", name="inner")], name="body"
    )
    x = L.GlobalAveragePooling1D(name="head")(body(x))
    return keras.Model(inputs, L.Dense(2, activation="softmax", name="classes")(x))


def scramble(model: keras.Model) -> keras.Model:
    """Every weight random, moving statistics included."""
    generator = np.random.default_rng(1)
    for variable in model.variables:
        if "seed" not in variable.path:
            low = 0.3 if "variance" in variable.path else -0.7
            variable.assign(generator.uniform(low, 0.9, variable.shape))
    return model


@pytest.mark.parametrize("build", [picture_net, line_net])
def test_every_unit_of_every_layer_is_what_its_parts_make(build):
    model = scramble(build())
    inputs = np.random.default_rng(0).normal(size=(1, *model.input_shape[1:])).astype("float32")
    inside = activations(model, inputs)
    for name, output in inside.layers.items():
        every = list(np.ndindex(output.shape[1:]))
        for place in every[:: max(1, len(every) // 12)] + every[-1:]:
            found = anatomy(model, inside, inputs, name, place[:-1], place[-1])
            assert found is not None, name
            assert found.value == output[(0, *place)]
            assert found.result == pytest.approx(found.value, abs=1e-4), (name, place)
            assert found.sum == pytest.approx(found.products.sum(dtype="float64"), abs=1e-5)
            assert found.patch.shape == found.kernel.shape


def test_a_softmax_within_a_dense_layer_is_made_of_all_its_sums():
    model = scramble(line_net())
    inputs = np.ones((1, 20, 2), "float32")
    inside = activations(model, inputs)
    found = anatomy(model, inside, inputs, "classes", (), 1)
    assert found.result == pytest.approx(inside.layers["classes"][0, 1], abs=1e-4)
    assert [step.what for step in found.steps] == ["bias", "softmax"]


def test_the_patch_is_the_picture_s_and_the_kernel_the_layer_s():
    model = scramble(picture_net())
    inputs = np.random.default_rng(0).random((1, 9, 8, 3)).astype("float32")
    inside = activations(model, inputs)
    found = anatomy(model, inside, inputs, "act", (4, 5), 2)
    assert (found.made_by, found.looks_at, found.operation, found.corner) == (
        "conv1",
        "",
        "convolution",
        (3, 4),
    )
    np.testing.assert_array_equal(found.patch, inputs[0, 3:6, 4:7])
    np.testing.assert_array_equal(found.kernel, np.asarray(model.get_layer("conv1").kernel)[..., 2])
    assert found.inside.all()
    corner = anatomy(model, inside, inputs, "conv1", (0, 0), 2)
    assert corner.corner == (-1, -1)
    assert not corner.inside[0].any()
    assert (corner.patch[0] == 0).all()
    assert [step.what for step in found.steps] == ["normalization", "relu"]
    pooled = anatomy(model, inside, inputs, "pool", (1, 1), 0)
    assert (pooled.operation, pooled.looks_at, pooled.corner) == ("maximum", "act", (2, 2))
    assert pooled.kernel.sum() == 1


def test_a_net_in_half_precision_is_close():
    inputs = keras.Input((8, 8, 1))
    x = L.Conv2D(4, 3, dtype="mixed_bfloat16", name="conv")(inputs)
    model = keras.Model(inputs, L.Activation("relu", dtype="mixed_bfloat16", name="act")(x))
    image = np.random.default_rng(0).random((1, 8, 8, 1)).astype("float32")
    inside = activations(model, image)
    found = anatomy(model, inside, image, "act", (2, 2), 1)
    assert found.result == pytest.approx(found.value, abs=0.02)


def test_a_layer_that_is_no_known_sum_is_left_alone():
    inputs = keras.Input((6, 2))
    model = keras.Model(inputs, L.LSTM(3, name="memory")(inputs))
    image = np.ones((1, 6, 2), "float32")
    assert anatomy(model, activations(model, image), image, "memory", (), 0) is None


@pytest.mark.parametrize(
    ("layer", "position", "channel"),
    [("gone", (0, 0), 0), ("conv1", (9, 0), 0), ("conv1", (0, 0), 4), ("flat", (0, 0), 0)],
)
def test_a_unit_that_is_not_there_is_told(layer, position, channel):
    model = picture_net()
    image = np.ones((1, 9, 8, 3), "float32")
    with pytest.raises(InspectionError, match="Received|no layer"):
        anatomy(model, activations(model, image), image, layer, position, channel)
