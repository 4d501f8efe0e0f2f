"""A convolution by hand equals Keras', whatever the sizes and settings."""

import contextlib
import io

import keras
import numpy as np
import pytest

from inspection import convolving
from inspection.convolving import CellsError, cells, convolve, from_text, resized, to_text

GRID = np.array(convolving.GRIDS["Five by five"])[..., None]
KERNEL = np.array(convolving.KERNELS["Checks"])[..., None]


def by_loops(grid, kernel, stride, padding, dilation):
    """The definition, cell by cell; "same" by its rule: ceil(size / stride) places, the odd zero behind."""
    sizes, windows = grid.shape[:-1], kernel.shape[:-1]
    counts, offsets = [], []
    for size, window in zip(sizes, windows, strict=True):
        span = dilation * (window - 1) + 1
        if padding == "same":
            count = int(np.ceil(size / stride))
            offsets.append(max((count - 1) * stride + span - size, 0) // 2)
        else:
            count = (size - span) // stride + 1
            offsets.append(0)
        counts.append(count)
    output = np.zeros(counts)
    for place in np.ndindex(*counts):
        for cell in np.ndindex(*windows):
            at = [p * stride + c * dilation - o for p, c, o in zip(place, cell, offsets, strict=True)]
            if all(0 <= a < size for a, size in zip(at, sizes, strict=True)):
                output[place] += (grid[tuple(at)] * kernel[cell]).sum()
    return output


def random_cases(count=60):
    draws = np.random.default_rng(3)
    while count:
        axes = int(draws.integers(1, 3))
        channels = int(draws.integers(1, 4))
        stride, dilation = (int(draws.integers(1, 4)) for _ in range(2))
        padding = str(draws.choice(convolving.PADDINGS))
        sizes = draws.integers(1, 12, axes)
        windows = draws.integers(1, 5, axes)
        if padding == "valid" and (dilation * (windows - 1) + 1 > sizes).any():
            continue
        count -= 1
        grid = draws.normal(size=(*sizes, channels)).astype("float32")
        kernel = draws.normal(size=(*windows, channels)).astype("float32")
        yield grid, kernel, stride, padding, dilation


def test_the_picture_of_the_textbook():
    slide = convolve(GRID, KERNEL)
    assert slide.output.tolist() == [[4, 3, 4], [2, 4, 3], [2, 3, 4]]
    assert slide.products[0, 0, ..., 0].tolist() == [[1, 0, 1], [0, 1, 0], [0, 0, 1]]


def test_any_convolution_is_its_definition_and_keras_own():
    both = 0
    for grid, kernel, stride, padding, dilation in random_cases():
        slide = convolve(grid, kernel, stride, padding, dilation)
        expected = by_loops(grid, kernel, stride, padding, dilation)
        flat = slide.output if grid.ndim == 3 else slide.output[0]
        np.testing.assert_allclose(flat, expected, atol=1e-4)
        np.testing.assert_allclose(slide.products.sum((2, 3, 4)), slide.output, atol=1e-4)
        if stride > 1 and dilation > 1:
            both += 1
            continue  # which TensorFlow refuses
        keras_own = keras.ops.conv(grid[None], kernel[..., None], stride, padding, dilation_rate=dilation)
        np.testing.assert_array_equal(flat, np.asarray(keras_own)[0, ..., 0])
    assert both > 5


def test_the_window_stands_where_the_page_marks_it():
    for grid, kernel, stride, padding, dilation in random_cases(20):
        slide = convolve(grid, kernel, stride, padding, dilation)
        plane = grid if grid.ndim == 3 else grid[None]
        for row, column in np.ndindex(*slide.output.shape):
            for m, n in np.ndindex(*slide.kernel.shape[:2]):
                y = row * slide.stride[0] + m * slide.dilation[0] - slide.before[0]
                x = column * slide.stride[1] + n * slide.dilation[1] - slide.before[1]
                inside = 0 <= y < plane.shape[0] and 0 <= x < plane.shape[1]
                expected = plane[y, x] * slide.kernel[m, n] if inside else 0
                np.testing.assert_allclose(slide.products[row, column, m, n], expected, atol=1e-6)
                assert y + slide.before[0] < slide.padded[0]
                assert x + slide.before[1] < slide.padded[1]


@pytest.mark.parametrize("axes", [1, 2])
def test_a_turned_kernel_is_the_convolution_of_mathematics(axes):
    draws = np.random.default_rng(0)
    grid, kernel = draws.normal(size=(9,) * axes + (1,)), draws.normal(size=(3,) * axes + (1,))
    from scipy.signal import convolve as mathematics

    expected = mathematics(grid[..., 0], kernel[..., 0], mode="valid")
    np.testing.assert_allclose(convolve(grid, kernel, flip=True).output.squeeze(), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kernel": np.ones((6, 3, 1))}, r"spans 6 x 3 cells, the grid has 5 x 5"),
        ({"dilation": 3}, r"spans 7 x 7 cells"),
        ({"kernel": np.ones((3, 3, 2))}, "as many axes and channels"),
        ({"padding": "full"}, "padding must be one of valid, same"),
        ({"stride": 0}, "stride must be at least 1"),
    ],
)
def test_what_does_not_fit_is_told(changes, said):
    with pytest.raises(CellsError, match=said):
        convolve(**{"grid": GRID, "kernel": KERNEL, **changes})


def test_a_link_says_the_same_grid():
    grid = np.round(np.random.default_rng(0).normal(size=(4, 3, 2)), 2)
    np.testing.assert_allclose(from_text(to_text(grid), (16, 16, 3)), grid)


@pytest.mark.parametrize(
    "text", ["", "5", "5x5x1", "2x2x1:1,2,3", "99x1x1:1", "1x1:1", "-1x1x1:1", "2x2x1:a,b,c,d", "0x1x1:"]
)
def test_a_link_that_is_none_is_refused(text):
    with pytest.raises(CellsError):
        from_text(text, (16, 16, 3))


def test_cells_are_bounded():
    assert cells([np.inf, -1e300, np.nan, 0.123456], (2, 2)).tolist() == [[999, -999], [0, 0.1235]]
    for wrong in ([[1, 2], [3]], ["x"] * 4, None, {"a": 1}, [10**400] * 4):
        with pytest.raises(CellsError):
            cells(wrong, (2, 2))


def test_another_size_keeps_what_fits():
    assert resized(GRID, (3, 6, 2))[..., 1].tolist() == [
        [1, 1, 1, 0, 0, 0],
        [0, 1, 1, 1, 0, 0],
        [0, 0, 1, 1, 1, 0],
    ]


@pytest.mark.parametrize("settings", [(1, "valid", 1, False), (2, "same", 2, True), (1, "same", 2, False)])
@pytest.mark.parametrize("axes", [1, 2])
def test_the_code_computes_the_same(settings, axes):
    grid, kernel = (GRID, KERNEL - 0.5) if axes == 2 else (GRID[0], KERNEL[0] * 2 + 0.25)
    lines = convolving.code(grid, kernel, *settings)
    found: dict = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(lines, found)
    np.testing.assert_array_equal(
        np.asarray(found["output"]), convolve(grid, kernel, *settings).output.squeeze()
    )
