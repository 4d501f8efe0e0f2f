"""What a discriminator says and sends back: its own logits, and true slopes."""

import keras
import numpy as np
import pytest

from inspection.graph import InspectionError
from inspection.verdicts import followed, verdicts
from models import gan

PICTURES = np.random.default_rng(0).random((3, 8, 8, 1)).astype("float32")


def make(**settings) -> keras.Model:
    keras.utils.set_random_seed(0)
    return gan.discriminator(gan.Config((8, 8, 1), 4, 5, (6, 4), dropout=0.5, **settings))


def test_verdicts_are_the_models_and_slopes_are_those_of_small_changes():
    model = make()
    found = verdicts(model, PICTURES)
    logits = np.asarray(model(PICTURES, training=False))[:, 0]
    np.testing.assert_allclose(found.logits, logits, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found.shares, 1 / (1 + np.exp(-logits)), rtol=1e-5)
    for row, column in ((0, 0), (3, 5), (7, 7)):
        up, down = PICTURES.copy(), PICTURES.copy()
        up[:, row, column, 0] += 1e-3
        down[:, row, column, 0] -= 1e-3
        measured = (verdicts(model, up).logits - verdicts(model, down).logits) / 2e-3
        np.testing.assert_allclose(found.slopes[:, row, column, 0], measured, atol=2e-3)


def test_a_points_slope_is_where_it_should_move():
    keras.utils.set_random_seed(0)
    model = gan.discriminator(gan.Config((2,), latent=3, filters=(8, 8)))
    points = np.random.default_rng(0).normal(size=(5, 2)).astype("float32")
    found = verdicts(model, points)
    assert found.slopes.shape == (5, 2)
    moved = points + 1e-2 * found.slopes
    expected = found.logits + 1e-2 * np.square(found.slopes).sum(axis=1)
    np.testing.assert_allclose(verdicts(model, moved).logits, expected, atol=1e-4)


def test_following_the_slope_makes_a_picture_more_real():
    model = make()
    found = verdicts(model, PICTURES)
    moved = followed(PICTURES, found.slopes, 0.02)
    assert (verdicts(model, moved).logits > found.logits).all()
    assert moved.min() >= 0
    assert moved.max() <= 1
    np.testing.assert_array_equal(followed(PICTURES, found.slopes, 0.0), PICTURES)
    np.testing.assert_array_equal(followed(PICTURES, np.zeros_like(PICTURES), 0.1), PICTURES)


def test_a_label_counts():
    model = make(conditional=True)
    one, other = (verdicts(model, PICTURES, np.full(3, label)).logits for label in (0, 1))
    assert np.abs(one - other).max() > 1e-4


@pytest.mark.parametrize(
    ("model", "given", "message"),
    [
        (make, (PICTURES[:, :4],), r"takes pictures of shape \(8, 8, 1\). Received: \(4, 8, 1\)"),
        (make, (PICTURES, np.zeros(3)), "is no discriminator of pictures and labels"),
        (lambda: gan.generator(gan.Config((8, 8, 1))), (PICTURES,), "is no discriminator of pictures"),
    ],
)
def test_what_does_not_fit_is_named(model, given, message):
    with pytest.raises(InspectionError, match=message):
        verdicts(model(), *given)
