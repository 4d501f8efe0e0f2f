"""What noise means: ways, directions and measures that are known beforehand are found again."""

import keras
import numpy as np
import pytest

from inspection import latent
from inspection.graph import InspectionError
from models import gan

RANDOM = np.random.default_rng(0)
CONFIG = gan.Config((8, 8, 1), 3, 6, (8, 4))


def make(**settings) -> keras.Model:
    keras.utils.set_random_seed(0)
    return gan.generator(gan.Config((8, 8, 1), 3, 6, (8, 4), **settings))


def test_a_way_keeps_to_the_sphere():
    first, second = np.array([3.0, 0.0, 0.0]), np.array([0.0, 3.0, 0.0])
    way = latent.between(first, second, 5)
    np.testing.assert_allclose(np.linalg.norm(way, axis=1), 3)
    np.testing.assert_allclose(way[[0, -1]], [first, second], atol=1e-12)
    np.testing.assert_allclose(way[2], [3 / 2**0.5, 3 / 2**0.5, 0])
    np.testing.assert_allclose(latent.between(first, first, 3), [first] * 3)  # no way to go
    np.testing.assert_allclose(latent.between(first, 0 * first, 3)[1], first / 2)
    assert np.isfinite(latent.between(first, -first, 4)).all()


def test_arithmetic_is_that_of_the_means():
    first, without, plus = (RANDOM.normal(size=(count, 4)) for count in (3, 1, 2))
    means = latent.arithmetic(first, without, plus)
    wanted = [first.sum(axis=0) / 3, without[0], (plus[0] + plus[1]) / 2]
    np.testing.assert_allclose(means, [*wanted, wanted[0] - wanted[1] + wanted[2]])
    with pytest.raises(InspectionError, match="no mean of a group without a picture"):
        latent.arithmetic(first, without[:0], plus)


def test_the_nearest_is_the_nearest():
    known = np.array([[0, 0], [3, 4], [10, 0]], "float32")
    numbers, distances = latent.nearest(np.array([[9, 0], [0, 0], [3, 2]], "float32"), known)
    np.testing.assert_array_equal(numbers, [2, 0, 1])
    np.testing.assert_allclose(distances, [1, 0, 2], atol=1e-3)


def test_places_lie_where_the_directions_lead():
    place = np.array([1.0, 2.0, 3.0])
    across, down = (latent.Direction(vector, 0.0) for vector in np.eye(3)[[0, 2]])
    np.testing.assert_allclose(latent.moved(place, []), place)
    np.testing.assert_allclose(latent.moved(place, [(across, 2.0), (down, -1.0), (across, 1.0)]), [4, 2, 2])
    found = latent.sheet(place, across, down, np.array([-1.0, 0.0, 5.0]))
    assert found.shape == (3, 3, 3)
    np.testing.assert_allclose(found[1, 1], place)
    np.testing.assert_allclose(found[0, 2], [6, 2, 2])  # the upper right corner
    np.testing.assert_allclose(found[2, 0], [0, 2, 8])


def test_pictures_are_joined_row_by_row_with_lines_between():
    pictures = RANDOM.random((2, 3, 4, 5, 1))
    whole = latent.joined(pictures)
    assert whole.shape == (9, 17, 1)
    np.testing.assert_array_equal(whole[5:, 6:11], pictures[1, 1])
    np.testing.assert_array_equal(whole[:4, 12:], pictures[0, 2])
    for line in (whole[4], whole[:, 5], whole[:, 11]):
        assert (line == latent.GREY).all()
    assert latent.joined(np.ones((1, 2, 32, 32, 3))).shape == (32, 66, 3)  # wider between larger ones
    np.testing.assert_array_equal(latent.joined(pictures[:1, :1]), pictures[0, 0])


def test_principal_directions_are_those_that_the_first_layer_answers_to():
    generator = make()
    kernel = generator.get_layer("grow").kernel
    turn, _ = np.linalg.qr(RANDOM.normal(size=(6, 6)))
    strengths = np.array([1.0, 9.0, 4.0, 2.0, 7.0, 3.0])
    wide, _ = np.linalg.qr(RANDOM.normal(size=(kernel.shape[1], 6)))
    kernel.assign((turn * strengths) @ wide.T)
    directions, values = latent.principal(generator)
    np.testing.assert_allclose(values, sorted(strengths, reverse=True), rtol=1e-5)
    np.testing.assert_allclose(np.abs(directions @ turn[:, np.argsort(-strengths)]), np.eye(6), atol=1e-4)
    directions, _ = latent.principal(make(conditional=True))
    assert directions.shape == (6, 6)  # of the noise, not of the class


def test_directions_of_a_kind_and_of_a_measure_are_found():
    noise = RANDOM.standard_normal((800, 6))
    truth = np.array([1.0, -2.0, 0.0, 0.5, 0.0, 0.0])
    truth /= np.linalg.norm(truth)
    kind = latent.towards(noise, noise @ truth > 0.2)
    assert kind.vector @ truth > 0.98
    assert kind.held_out > 0.95
    measure = latent.towards(noise, np.exp(noise @ truth))  # a rank knows nothing of the bend
    assert measure.vector @ truth > 0.9
    assert measure.held_out > 0.95
    rare = latent.towards(noise, RANDOM.random(800) > 0.9)  # "never" would be right of nine in ten
    assert rare.held_out < 0.65
    chance = latent.towards(noise, RANDOM.random(800) > 0.5)
    assert chance.held_out < 0.65
    assert abs(latent.towards(noise, RANDOM.random(800)).held_out) < 0.2


@pytest.mark.parametrize("wanted", [np.ones(40, bool), np.full(40, 0.5)])
def test_where_all_is_alike_it_is_said(wanted):
    with pytest.raises(InspectionError, match="there is nothing to tell apart"):
        latent.towards(RANDOM.standard_normal((40, 3)), wanted)
    with pytest.raises(InspectionError, match="too few"):
        latent.towards(RANDOM.standard_normal((2, 3)), np.array([True, False]))


def bar(thick: int = 2, lean: int = 0, tall: int = 12) -> np.ndarray:
    """A bright bar on black that leans to the right by a pixel every `lean` rows upwards."""
    picture = np.zeros((16, 16, 1))
    for row in range(2, 2 + tall):
        left = 5 + ((13 - row) // lean if lean else 0)
        picture[row, left : left + thick] = 1
    return picture


def test_measures_are_those_of_known_strokes():
    pictures = np.stack([bar(), bar(lean=3), bar(thick=4), bar(tall=6), np.zeros((16, 16, 1))])
    np.testing.assert_allclose(latent.brightness(pictures), pictures.mean(axis=(1, 2, 3)))
    assert latent.slant(pictures)[:4] == pytest.approx([0, 1 / 3, 0, 0], abs=0.03)
    assert latent.width(pictures)[:4] == pytest.approx([0.5, 1.22, 1.118, 0.5], abs=0.02)
    assert latent.height(pictures)[:4] == pytest.approx([3.452, 3.452, 3.452, 1.708], abs=0.001)
    thin, _, thick, *_ = latent.stroke(pictures)
    assert thin == pytest.approx(2 * 24 / 28)
    assert thick == pytest.approx(2 * 48 / 32)
    for measure in latent.PROPERTIES.values():
        assert np.isfinite(measure(pictures)).all()  # an empty one, too


def test_the_course_is_that_of_the_place_that_was_best():
    generator = make()
    generator.get_layer("picture_up").kernel.assign(30 * generator.get_layer("picture_up").kernel)
    found = latent.find(generator, np.asarray(generator(RANDOM.standard_normal((1, 6))))[0])
    starts = np.random.default_rng(0).standard_normal((latent.STAGES[0][0], 6), "float32")
    begun = np.abs(np.asarray(generator(starts)) - found.course[0]).max(axis=(1, 2, 3))
    assert sorted(begun < 1e-5) == [False] * (len(starts) - 1) + [True]  # at one of the starts


@pytest.mark.parametrize("conditional", [False, True])
def test_the_noise_of_a_generated_picture_is_found_again(conditional):
    generator = make(conditional=conditional)
    last = generator.get_layer("picture_up")
    last.kernel.assign(30 * last.kernel)  # untrained, it makes grey on grey
    noise = RANDOM.standard_normal((1, 6)).astype("float32")
    label = 1 if conditional else None
    picture = np.asarray(generator([noise, np.array([1])] if conditional else noise))[0]
    before = np.asarray(generator([0 * noise, np.array([1])] if conditional else 0 * noise))[0]
    found = latent.find(generator, picture, label)
    assert found.error < 0.1 * np.mean((before - picture) ** 2)
    assert found.picture.shape == (8, 8, 1)
    np.testing.assert_allclose(np.mean((found.picture - picture) ** 2), found.error, rtol=1e-3)
    grown = generator([found.noise[None], np.array([1])] if conditional else found.noise[None])
    np.testing.assert_allclose(found.picture, grown[0], atol=1e-5)
    assert (found.steps[0], found.steps[-1]) == (0, sum(steps for _, steps in latent.STAGES))
    np.testing.assert_allclose(
        np.mean((found.course - picture) ** 2, axis=(1, 2, 3)), found.errors, rtol=1e-3
    )
    assert len(found.steps) == len(found.course)


def test_a_picture_of_another_shape_is_refused():
    with pytest.raises(InspectionError, match=r"makes pictures of shape \(8, 8, 1\). Received: \(4, 4, 1\)"):
        latent.find(make(), np.zeros((4, 4, 1)))
    with pytest.raises(InspectionError, match="has no dense layer 'grow'"):
        latent.principal(keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)]))
