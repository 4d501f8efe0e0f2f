"""Layers' outputs as small pictures."""

import numpy as np
import pytest

from inspection.tiles import EDGE, MOST, ZERO, tiles


@pytest.mark.parametrize(
    ("shape", "pictures"),
    [((5, 7, 3), (3, 5, 7)), ((9, 4), (4, 1, 9)), ((6,), (6, 1, 1)), ((2, 5, 7, 3), (6, 5, 7))],
)
def test_maps_lines_and_units_become_pictures(shape, pictures):
    output = np.random.default_rng(0).standard_normal(shape)
    found = tiles(output)
    assert found.pixels.shape == pictures
    assert found.channels == pictures[0]
    restored = (found.pixels.astype("float32") - ZERO) / (255 - ZERO) * found.scale[:, None, None]
    reference = np.moveaxis(output.reshape(-1, *pictures[1:], shape[-1]), -1, 1).reshape(pictures)
    np.testing.assert_allclose(restored, reference, atol=found.scale.max() / 127)


def test_zero_is_the_middle_and_the_largest_value_the_end():
    output = np.array([[[0.0, -4.0], [2.0, 1.0]]])  # (1, 2, 2)
    np.testing.assert_array_equal(tiles(output).pixels, [[[128, 192]], [[1, 160]]])
    np.testing.assert_array_equal(tiles(output, "map").pixels, [[[128, 255]], [[1, 160]]])
    assert tiles(output).silent == 0.25


def test_a_silent_layer_is_all_zero():
    found = tiles(np.zeros((4, 4, 2)), "map")
    assert (found.pixels == ZERO).all()
    assert found.silent == 1


def test_values_that_are_no_numbers_do_not_spoil_the_rest():
    found = tiles(np.array([[[np.nan], [np.inf], [-np.inf], [2.0]]]))
    np.testing.assert_array_equal(found.pixels, [[[ZERO, ZERO, ZERO, 255]]])


def test_large_layers_are_bounded():
    found = tiles(np.ones((200, 3, MOST + 5)))
    assert found.pixels.shape[0] == MOST
    assert found.channels == MOST + 5
    assert found.pixels.shape[1] <= EDGE
    assert (found.pixels == 255).all()  # the mean of ones, at the ragged end too


def test_large_maps_are_averaged_not_sampled():
    board = np.indices((2 * EDGE, 2 * EDGE)).sum(0) % 2  # a chessboard
    found = tiles(board[..., None].astype("float32"))
    assert found.pixels.shape == (1, EDGE, EDGE)
    assert found.scale[0] == 0.5
