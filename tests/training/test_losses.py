"""Losses by hand, and against Keras' own."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from training import losses

LABELS = np.array([2, 0, 1])
OUTPUTS = np.array([[0.5, -1.0, 2.0], [0.2, 0.1, 3.0], [-1.0, 4.0, 0.0]], "float32")
VALUES = np.array([[0.0], [1.0], [-2.0]], "float32")


def of_classes(name: str, **keywords) -> np.ndarray:
    return losses.per_example(name, tf.constant(LABELS, tf.int32), tf.constant(OUTPUTS), **keywords).numpy()


def of_values(name: str) -> np.ndarray:
    return losses.per_example(name, tf.constant(VALUES), tf.constant(OUTPUTS[:, :1])).numpy()


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_cross_entropy_is_that_of_keras(smoothing):
    expected = keras.losses.CategoricalCrossentropy(True, label_smoothing=smoothing, reduction="none")
    one_hot = np.eye(3)[LABELS]
    np.testing.assert_allclose(
        of_classes("cross_entropy", smoothing=smoothing), expected(one_hot, OUTPUTS), rtol=1e-5
    )


def test_the_hinge_is_how_far_the_right_logit_fails_to_lead():
    # leads by 1.5: nothing; trails 3.0 by 2.8, and should lead by 1; leads by 4
    np.testing.assert_allclose(of_classes("hinge"), [0.0, 3.8, 0.0], rtol=1e-6)


def test_squared_distance_to_the_one_hot_vector():
    np.testing.assert_allclose(
        of_classes("squared_error"), [0.25 + 1 + 1, 0.64 + 0.01 + 9, 1 + 9 + 0], rtol=1e-6
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("squared_error", [0.25, 0.64, 1.0]),
        ("absolute_error", [0.5, 0.8, 1.0]),
        ("huber", [0.125, 0.32, 0.5]),
    ],
)
def test_losses_of_values(name, expected):
    np.testing.assert_allclose(of_values(name), expected, rtol=1e-6)


def test_huber_grows_in_a_straight_line_from_1_on():
    found = losses.per_example("huber", tf.zeros((2, 1)), tf.constant([[3.0], [-5.0]]))
    np.testing.assert_allclose(found, [2.5, 4.5])


def test_many_nets_share_their_labels():
    outputs = tf.constant(np.stack([OUTPUTS, OUTPUTS + 1], axis=1))  # (B, 2, K)
    found = losses.per_example("cross_entropy", tf.constant(LABELS, tf.int32)[:, None], outputs)
    np.testing.assert_allclose(found[:, 0], of_classes("cross_entropy"), rtol=1e-5)
    np.testing.assert_allclose(found[:, 1], found[:, 0], rtol=1e-5)  # all logits one higher: the same


def test_several_values_are_averaged():
    found = losses.per_example("squared_error", tf.zeros((1, 2)), tf.constant([[1.0, 3.0]]))
    np.testing.assert_allclose(found, [5.0])
