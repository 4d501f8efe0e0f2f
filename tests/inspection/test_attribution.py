"""Grad-CAM, saliency and occlusion, against what can be worked out by hand."""

import keras
import numpy as np
import pytest

from inspection import attribution, caching
from inspection.attribution import grad_cam, last_maps, occluders, occlusion, saliency
from inspection.graph import InspectionError

L = keras.layers


def classifier(end: str = "logits", shape=(8, 6, 2), dtype: str | None = None) -> keras.Model:
    """Convolution, ReLU, global average, dense: for this net Grad-CAM is known in closed form."""
    keras.utils.set_random_seed(3)
    convolution = L.Conv1D if len(shape) == 2 else L.Conv2D
    pool = L.GlobalAveragePooling1D if len(shape) == 2 else L.GlobalAveragePooling2D
    inputs = keras.Input(shape)
    x = convolution(5, 3, padding="same", name="conv", dtype=dtype)(inputs)
    x = L.Activation("relu", name="act", dtype=dtype)(x)
    x = pool(name="head", dtype=dtype)(x)
    if end == "softmax in the dense layer":
        return keras.Model(inputs, L.Dense(3, activation="softmax", name="dense")(x))
    x = L.Dense(3, name="dense")(x)
    if end == "softmax layer":
        x = L.Softmax(name="shares")(x)
    elif end == "softmax activation":
        x = L.Activation("softmax", name="shares")(x)
    elif end == "nested":
        head = keras.Sequential([keras.Input((3,)), L.Activation("softmax", name="shares")], name="top")
        x = head(x)
    return keras.Model(inputs, x)


ENDS = ("logits", "softmax layer", "softmax activation", "softmax in the dense layer", "nested")


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).random((2, 8, 6, 2)).astype("float32")


@pytest.mark.parametrize("end", ENDS)
def test_grad_cam_is_the_class_activation_map_of_a_net_with_a_global_average(images, end):
    target = [2, 0]
    # Zhou et al. 2016: with one dense layer after the average, alpha_k is the weight of map k, over Z.
    model = classifier(end)
    maps = keras.Model(model.input, model.get_layer("act").output)(images).numpy()
    weights = np.asarray(model.get_layer("dense").kernel)[:, target]  # (K, B)
    expected = np.maximum(np.einsum("bhwk,kb->bhw", maps, weights), 0) / (8 * 6)
    found = grad_cam(model, images, target)
    np.testing.assert_allclose(found.heat, expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(found.target, target)


@pytest.mark.parametrize("end", ENDS)
def test_saliency_is_the_gradient_of_the_score(images, end):
    model = classifier(end)
    logits = classifier()
    logits.set_weights(model.get_weights())

    def score(batch):
        return logits(batch).numpy()[:, 1].astype("float64")

    found = saliency(model, images, 1).heat
    assert found.shape == (2, 8, 6)
    for place in [(0, 0), (4, 3), (7, 5)]:
        slopes = []
        for channel in range(2):
            step = np.zeros_like(images)
            step[(slice(None), *place, channel)] = 1e-2
            slopes.append((score(images + step) - score(images - step)) / 2e-2)
        np.testing.assert_allclose(found[(slice(None), *place)], np.abs(slopes).max(0), atol=2e-4)


def test_without_a_target_the_answer_is_explained(images):
    model = classifier()
    answers = model(images).numpy().argmax(-1)
    for explain in (grad_cam, saliency, occlusion):
        found = explain(model, images)
        np.testing.assert_array_equal(found.target, answers)
        np.testing.assert_array_equal(found.heat, explain(model, images, answers).heat)


def test_smooth_grad_of_a_linear_net_is_its_gradient_and_is_seeded(images):
    inputs = keras.Input((8, 6, 2))
    model = keras.Model(inputs, L.Dense(3)(L.Flatten()(inputs)))
    np.testing.assert_allclose(
        saliency(model, images, 0, samples=5).heat, saliency(model, images, 0).heat, rtol=1e-4
    )
    bent = classifier()
    once, again = (saliency(bent, images, 0, samples=4, seed=1).heat for _ in range(2))
    np.testing.assert_array_equal(once, again)
    assert not np.allclose(once, saliency(bent, images, 0, samples=4, seed=2).heat)


@pytest.mark.parametrize("end", ["logits", "softmax layer"])
def test_occlusion_is_the_drop_of_the_probability(images, end):
    model = classifier(end)
    shares = keras.ops.softmax if end == "logits" else lambda output: output
    found = occlusion(model, images, 2, patch=(8, 3), stride=(8, 3), fill=0.5)
    for columns in (slice(0, 3), slice(3, 6)):  # two patches that do not overlap
        covered = images.copy()
        covered[:, :, columns] = 0.5
        drop = np.asarray(shares(model(images)) - shares(model(covered)))[:, 2]
        np.testing.assert_allclose(
            found.heat[:, :, columns], np.broadcast_to(drop[:, None, None], (2, 8, 3)), atol=1e-5
        )


@pytest.mark.parametrize(
    ("shape", "patch", "stride"), [((8, 6), None, None), ((5,), 3, 3), ((4, 4), 9, 1), ((3, 4, 5), 2, 2)]
)
def test_every_position_is_covered_by_some_patch_of_the_right_size(shape, patch, stride):
    masks = occluders(shape, patch, stride)
    assert masks.any(0).all()
    sizes = {int(mask.sum()) for mask in masks}
    edges = [min(patch, size) if patch else round(size / 4) for size in shape]
    assert sizes == {int(np.prod(edges))}
    assert len(np.unique(masks.reshape(len(masks), -1), axis=0)) == len(masks)


def test_patches_in_several_chunks_are_as_in_one(images, monkeypatch):
    model = classifier()
    whole = occlusion(model, images, 0, patch=2, stride=1).heat
    caching.forget(model)
    monkeypatch.setattr(attribution, "CHUNK", 4)
    np.testing.assert_allclose(occlusion(model, images, 0, patch=2, stride=1).heat, whole, atol=1e-6)
    caching.forget(model)


def test_a_net_over_lines_is_explained_alike():
    model = classifier(shape=(12, 2))
    lines = np.random.default_rng(0).random((3, 12, 2)).astype("float32")
    for explain in (grad_cam, saliency, occlusion):
        assert explain(model, lines).heat.shape == (3, 12)


@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16"])
def test_a_net_in_half_precision_is_explained_in_single(images, dtype):
    half, single = classifier(dtype=dtype), classifier()
    half.set_weights(single.get_weights())
    for explain in (saliency, occlusion):
        found = explain(half, images, 1).heat
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, explain(single, images, 1).heat, atol=0.02)


def test_one_sigmoid_is_one_class(images):
    inputs = keras.Input((8, 6, 2))
    x = L.GlobalAveragePooling2D()(L.Conv2D(2, 3)(inputs))
    model = keras.Model(inputs, L.Dense(1, activation="sigmoid")(x))
    covered = occlusion(model, images, patch=(8, 6))
    drop = (model(images) - model(np.zeros_like(images))).numpy()[:, 0]
    np.testing.assert_allclose(covered.heat[:, 0, 0], drop, atol=1e-6)
    assert (saliency(model, images).heat > 0).any()


def test_grad_cam_looks_at_the_last_convolution_after_its_activation():
    inputs = keras.Input((8, 8, 1))
    x = L.Activation("relu", name="act1")(L.Conv2D(2, 3, padding="same", name="conv1")(inputs))
    x = L.MaxPooling2D(2, name="pool1")(x)
    x = L.BatchNormalization(name="norm2")(L.Conv2D(2, 3, padding="same", name="conv2")(x))
    x = L.Activation("relu", name="act2")(x)
    x = L.MaxPooling2D(2, name="pool2")(x)
    model = keras.Model(inputs, L.Dense(3)(L.Flatten()(x)))
    assert last_maps(model) == "act2"
    assert grad_cam(model, np.ones((1, 8, 8, 1))).heat.shape == (1, 4, 4)
    assert grad_cam(model, np.ones((1, 8, 8, 1)), layer="act1").heat.shape == (1, 8, 8)
    with pytest.raises(InspectionError, match="act2.*Received: 'gone'"):
        grad_cam(model, np.ones((1, 8, 8, 1)), layer="gone")


def several_outputs():
    inputs = keras.Input((8, 6, 2))
    x = L.Flatten()(inputs)
    return keras.Model(inputs, [L.Dense(2)(x), L.Dense(3)(x)])


def maps_out():
    inputs = keras.Input((8, 6, 2))
    return keras.Model(inputs, L.Conv2D(2, 3)(inputs))


def tokens_in():
    inputs = keras.Input((8,), dtype="int32")
    return keras.Model(inputs, L.Dense(2)(L.GlobalAveragePooling1D()(L.Embedding(5, 3)(inputs))))


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (several_outputs, "one output.*It has 2"),
        (maps_out, "one score a class"),
        (tokens_in, "numbers with positions"),
    ],
)
@pytest.mark.parametrize("explain", [saliency, occlusion])
def test_models_that_can_not_be_explained_are_told(build, said, explain):
    model = build()
    with pytest.raises(InspectionError, match=said):
        explain(model, np.ones((1, *model.input_shape[1:])))


def test_inputs_that_do_not_fit_are_told():
    with pytest.raises(InspectionError, match=r"\(None, 8, 6, 2\).*Received"):
        grad_cam(classifier(), np.ones((1, 9, 6, 2)))
