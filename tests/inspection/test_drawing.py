"""From a drawing or a photo to a model's input."""

import numpy as np
import pytest

from inspection import drawing
from inspection.drawing import FRAMINGS, to_input


def stroke(rows: slice, columns: slice, edge: int = 300) -> np.ndarray:
    """A black picture with a white box."""
    picture = np.zeros((edge, edge, 3), "uint8")
    picture[rows, columns] = 255
    return picture


def test_a_digit_is_framed_as_mnist_frames_them():
    found = to_input(stroke(slice(10, 110), slice(200, 250)), (28, 28, 1), FRAMINGS["mnist"])
    assert found.shape == (28, 28, 1)
    assert found.dtype == np.float32
    rows, columns = np.nonzero(found[..., 0] > 0.5)
    assert rows.max() - rows.min() + 1 == 20
    assert columns.max() - columns.min() + 1 == 10
    grid = np.indices((28, 28))
    centre = (grid * found[..., 0]).sum((1, 2)) / found.sum()
    np.testing.assert_allclose(centre, 13.5, atol=0.3)


def test_the_frame_does_not_depend_on_where_and_how_large_a_digit_is_drawn():
    small = to_input(stroke(slice(10, 60), slice(10, 30)), (28, 28, 1), FRAMINGS["mnist"])
    large = to_input(stroke(slice(40, 290), slice(150, 250)), (28, 28, 1), FRAMINGS["mnist"])
    np.testing.assert_allclose(small, large, atol=0.15)


def test_a_digit_fills_the_height_of_the_scans():
    found = to_input(stroke(slice(100, 160), slice(0, 300)), (8, 8, 1), FRAMINGS["digits"])[..., 0]
    assert (found.max(axis=1) > 0.9).all()  # wider than high, and yet squeezed into the full height
    assert (found.max(axis=0) > 0.2).sum() <= 6


def test_slanted_ink_is_put_upright():
    slanted = np.zeros((300, 300, 3), "uint8")
    for row in range(40, 260):
        slanted[row, 230 - row // 2 : 250 - row // 2] = 255
    found = to_input(slanted, (8, 8, 1), FRAMINGS["digits"])[..., 0]
    columns = (found * np.arange(8)).sum(1) / found.sum(1)
    assert np.ptp(columns) < 0.5


@pytest.mark.parametrize("name", FRAMINGS)
def test_an_empty_drawing_is_an_empty_input(name):
    empty = np.zeros((300, 300, 3), "uint8")
    assert drawing.is_empty(empty)
    assert not drawing.is_empty(stroke(slice(0, 5), slice(0, 5)))
    assert to_input(empty, (28, 28, 1), FRAMINGS[name]).max() == 0


@pytest.mark.parametrize("name", [None, *FRAMINGS])
@pytest.mark.parametrize(
    "box", [(0, 300, 0, 300), (150, 151, 150, 151), (0, 300, 150, 151), (150, 151, 0, 300)]
)
def test_any_ink_can_be_framed(name, box):
    top, bottom, left, right = box
    found = to_input(stroke(slice(top, bottom), slice(left, right)), (28, 28, 1), FRAMINGS.get(name))
    assert found.shape == (28, 28, 1)
    assert 0 <= found.min() <= found.max() <= 1


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_pictures_without_a_framing_are_taken_whole(channels):
    picture = np.zeros((100, 200, 3), "uint8")
    picture[..., 0] = 200
    found = to_input(picture, (32, 32, channels))
    assert found.shape == (32, 32, channels)
    assert found[0].max() == 0  # the proportions are kept: black above
    assert found[16, 16, 0] > 0
    if channels == 3:
        np.testing.assert_allclose(found[16, 16], [200 / 255, 0, 0], atol=0.01)


def test_inversion_exchanges_light_and_dark():
    paper = 255 - stroke(slice(10, 110), slice(200, 250))
    assert drawing.has_light_ground(paper)
    assert not drawing.has_light_ground(255 - paper)
    np.testing.assert_array_equal(
        to_input(paper, (28, 28, 1), FRAMINGS["mnist"], invert=True),
        to_input(255 - paper, (28, 28, 1), FRAMINGS["mnist"]),
    )


def test_a_drawing_is_laid_on_black():
    layer = np.zeros((2, 2, 4), "uint8")
    layer[0, 0] = 255, 128, 0, 255
    layer[1, 1] = 200, 200, 200, 0
    found = drawing.on_black(layer)
    np.testing.assert_array_equal(found[0, 0], [255, 128, 0])
    assert found[1, 1].max() == 0
