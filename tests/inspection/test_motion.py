"""Shape and motion of kernels whose answer is known by how they are made."""

import keras
import numpy as np
import pytest

from inspection.activations import InspectionError
from inspection.motion import backwards, freeze, motion


@pytest.fixture(scope="module")
def model() -> keras.Model:
    """Kernels: the mean of the frames, the difference of the last two, half of both, the last frame, nothing."""
    inputs = keras.Input((8, 8, 4))
    layer = keras.layers.Conv2D(5, 3, padding="same", name="first")
    built = keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(layer(inputs)))
    kernel = np.zeros((3, 3, 4, 5), "float32")
    kernel[1, 1, :, 0] = 1
    kernel[1, 1, 2:, 1] = -1, 1
    kernel[1, 1, :, 2] = 1, 1, 0, 2
    kernel[1, 1, 3, 3] = 1
    layer.set_weights([kernel, np.full(5, 7, "float32")])
    return built


@pytest.fixture(scope="module")
def clips() -> np.ndarray:
    return np.random.default_rng(0).random((20, 8, 8, 4), dtype="float32")


def test_a_difference_of_frames_is_motion_and_their_mean_is_shape(model, clips):
    found = motion(model, clips)
    assert found.layer == "first"
    np.testing.assert_allclose(found.energy, [0, 1, 1 / 3, 3 / 4, 0], atol=1e-6)
    np.testing.assert_allclose(found.rest.sum(-1), 0, atol=1e-6)
    assert found.frozen[1] == pytest.approx(1)  # held frames leave nothing of a difference
    assert found.frozen[3] == 0  # the last frame is the last frame
    assert found.reversed[0] == pytest.approx(0, abs=1e-6)  # a mean does not know the order
    assert found.order[0] == 1
    assert ((found.frozen >= 0) & (found.frozen <= 1) & (found.reversed <= 1)).all()


def test_a_clip_that_stands_still_has_no_motion(model, clips):
    found = motion(model, freeze(clips))
    np.testing.assert_allclose(found.frozen, 0, atol=1e-6)
    np.testing.assert_allclose(found.reversed, 0, atol=1e-6)


def test_the_index_is_its_definition(model, clips):
    found = motion(model, clips)
    last, other = (
        clips @ np.array([1, 1, 0, 2], "float32"),
        backwards(clips) @ np.array([1, 1, 0, 2], "float32"),
    )
    norm = np.linalg.norm
    assert found.reversed[2] == pytest.approx(norm(last - other) / (norm(last) + norm(other)), rel=1e-4)


def test_changed_clips():
    clip = np.array([1, 2, 3])
    assert freeze(clip).tolist() == [3, 3, 3]
    assert backwards(clip).tolist() == [3, 2, 1]


def test_a_model_without_kernels_on_frames_is_told(clips):
    dense = keras.Sequential([keras.Input((8, 8, 4)), keras.layers.Flatten(), keras.layers.Dense(2)])
    with pytest.raises(InspectionError, match="no two-dimensional convolution"):
        motion(dense, clips)


def test_clips_of_another_length_are_told(model, clips):
    with pytest.raises(InspectionError, match=r"clips must be \(B, H, W, 4\)"):
        motion(model, clips[..., :3])
