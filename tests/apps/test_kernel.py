"""The page Kernel: what is edited, chosen or asked for by a link is convolved by Keras."""

import numpy as np
import pytest

from inspection import convolving
from tests.apps.conftest import component, drawn, texts


def output(tested) -> np.ndarray:
    return np.array(component(tested, "slide")["output"])


def test_the_textbooks_picture_comes_first(page):
    tested = page("kernel")
    assert output(tested).tolist() == [[4, 3, 4], [2, 4, 3], [2, 3, 4]]
    assert "cross-correlation" in texts(tested)
    assert "keras.ops.conv" in tested.code[0].value


def test_settings_change_the_output_as_keras_would(page):
    tested = page("kernel")
    tested.number_input(key="kernel-stride").set_value(2)
    drawn(tested.segmented_control(key="kernel-padding").set_value("same").run())
    grid, kernel = (np.array(component(tested, "slide")[part]) for part in ("grid", "kernel"))
    np.testing.assert_allclose(output(tested), convolving.convolve(grid, kernel, 2, "same").output)
    assert "strides=2" in tested.code[0].value


def test_channels_are_summed(page):
    tested = page("kernel")
    drawn(tested.number_input(key="kernel-size-channels").set_value(3).run())
    assert output(tested).tolist() == [[12, 9, 12], [6, 12, 9], [6, 9, 12]]


def test_a_line_and_a_scan(page):
    tested = page("kernel")
    drawn(tested.segmented_control(key="kernel-dimension").set_value("Line").run())
    assert output(tested).tolist() == [[0, 0, 0, 0, 1, 1, 0, 0, 0, 0]]
    drawn(tested.segmented_control(key="kernel-dimension").set_value("Picture").run())
    drawn(tested.selectbox(key="kernel-grids").set_value("Scanned 3").run())
    assert np.array(component(tested, "slide")["grid"]).shape == (8, 8, 1)


def test_a_window_that_does_not_fit_is_told_and_nothing_is_lost(page):
    tested = page("kernel")
    drawn(tested.number_input(key="kernel-dilation").set_value(4).run())
    assert "spans 9 x 9 cells" in tested.warning[0].value
    drawn(tested.number_input(key="kernel-dilation").set_value(1).run())
    assert output(tested).tolist() == [[4, 3, 4], [2, 4, 3], [2, 3, 4]]


def test_a_link_brings_its_grid_and_settings(page):
    tested = page("kernel", grid="1x3x1:1,2,3", kernel="1x2x1:1,-1", padding="same", flip="1")
    assert output(tested).tolist() == [[1, 1, -3]]


@pytest.mark.parametrize(
    "query",
    [
        {"grid": "999x999x1:1", "kernel": "1x1x1:1"},
        {"grid": "2x2x1:a", "kernel": "1x1x1:1"},
        {"grid": "1x1x2:1,2", "kernel": "1x1x1:1"},
        {"stride": "99", "dilation": "-1", "padding": "<b>", "flip": "maybe"},
    ],
)
def test_a_link_that_is_none_leaves_the_page_as_usual(page, query):
    assert output(page("kernel", **query)).tolist() == [[4, 3, 4], [2, 4, 3], [2, 3, 4]]
