"""A convolution by hand: each product of every place of the window, and the sums that Keras makes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

EDGE = 16  # most cells of a grid along each edge
LINE = 32  # most cells of a line
KERNEL = 7  # most cells of a kernel along each edge
CHANNELS = 3
STEP = 4  # largest stride and dilation
LARGEST = 999.0  # a cell's value, to either side
PADDINGS = ("valid", "same")

# Square kernels by name, one channel each; the line's stand in `LINES`.
KERNELS: dict[str, list[list[float]]] = {
    "Checks": [[1, 0, 1], [0, 1, 0], [1, 0, 1]],
    "Identity": [[0, 0, 0], [0, 1, 0], [0, 0, 0]],
    "Edges, upright (Sobel)": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "Edges, level (Sobel)": [[-1, -2, -1], [0, 0, 0], [1, 2, 1]],
    "Edges, all ways (Laplacian)": [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
    "Blur (mean)": [[round(1 / 9, 4)] * 3] * 3,
    "Blur (Gauss)": [[1 / 16, 2 / 16, 1 / 16], [2 / 16, 4 / 16, 2 / 16], [1 / 16, 2 / 16, 1 / 16]],
    "Sharpen": [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
    "Emboss": [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]],
    "Shift right": [[0, 0, 0], [1, 0, 0], [0, 0, 0]],
}
LINES: dict[str, list[float]] = {
    "Difference": [-1, 0, 1],
    "Identity": [0, 1, 0],
    "Mean of three": [round(1 / 3, 4)] * 3,
    "Second difference": [1, -2, 1],
    "Mean of five": [0.2] * 5,
}
GRIDS: dict[str, list[list[float]]] = {
    "Five by five": [[1, 1, 1, 0, 0], [0, 1, 1, 1, 0], [0, 0, 1, 1, 1], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0]],
    "One dot": [[float(row == column == 4) for column in range(9)] for row in range(9)],
    "Box": [[float(2 <= row < 8 and 2 <= column < 8) for column in range(10)] for row in range(10)],
    "Diagonal": [[float(row == column) for column in range(9)] for row in range(9)],
    "Ramp": [[float(column) for column in range(8)] for _ in range(8)],
}
# Channels last: three stripes, one in each channel.
COLOURS: dict[str, list[list[list[float]]]] = {
    "Three stripes, three channels": [
        [[float(column // 3 == channel) for channel in range(3)] for column in range(9)] for _ in range(6)
    ],
}
SIGNALS: dict[str, list[float]] = {
    "Step": [0.0] * 6 + [1.0] * 6,
    "Pulse": [0.0] * 5 + [1.0] + [0.0] * 6,
    "Ramp": [float(place) for place in range(12)],
    "Wave": [0, 2, 3, 2, 0, -2, -3, -2, 0, 2, 3, 2, 0, -2, -3, -2],
}


class CellsError(ValueError):
    """Cells or settings that can't be convolved; the message is one line for a person."""


@dataclass(frozen=True)
class Slide:
    """A kernel's way over a grid. A line is a grid of one row.

    Args:
        kernel: As it is laid on the grid, `(h, w, C)`: turned round where that was asked for.
        output: What Keras makes of it, `(H', W')`.
        products: `(H', W', h, w, C)`, of the window's cells; 0 outside the grid. They sum to `output`.
        before: Rows and columns of zeros before the grid.
        padded: Rows and columns of the grid with all its zeros.
        stride: Rows and columns that the window goes on at a time.
        dilation: Rows and columns from one of its cells to the next.
    """

    kernel: np.ndarray
    output: np.ndarray
    products: np.ndarray
    before: tuple[int, int]
    padded: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]


def convolve(
    grid: np.ndarray,
    kernel: np.ndarray,
    stride: int = 1,
    padding: str = "valid",
    dilation: int = 1,
    flip: bool = False,
) -> Slide:
    """Slide a kernel over a grid.

    Dumoulin and Visin 2016, arXiv:1603.07285, sections 2 and 5.1:
    output[i, j] = sum over m, n, c of kernel[m, n, c] * padded[i * stride + m * dilation, ..., c],
    which signal processing calls cross-correlation; its convolution turns the kernel round first.

    Args:
        grid: `(H, W, C)`, or `(T, C)` for one dimension.
        kernel: `(h, w, C)`, or `(t, C)`.
        stride: Cells that the window goes on at a time.
        padding: "valid" takes only places within the grid, "same" lays zeros around it.
        dilation: Cells from one of the window's cells to the next.
        flip: Turn the kernel round first.

    Raises:
        CellsError: The window does not fit into the grid, or the shapes and settings do not go together.
    """
    grid, kernel = np.asarray(grid, "float32"), np.asarray(kernel, "float32")
    if grid.ndim not in (2, 3) or kernel.ndim != grid.ndim or grid.shape[-1] != kernel.shape[-1]:
        raise CellsError(
            f"grid and kernel must have as many axes and channels. Received: {grid.shape} and {kernel.shape}"
        )
    if padding not in PADDINGS:
        raise CellsError(f"padding must be one of {', '.join(PADDINGS)}. Received: {padding!r}")
    for name, value in (("stride", stride), ("dilation", dilation)):
        if value < 1:
            raise CellsError(f"{name} must be at least 1. Received: {value!r}")
    spatial = tuple(range(grid.ndim - 1))
    if flip:
        kernel = np.flip(kernel, spatial)
    spans = [dilation * (size - 1) + 1 for size in kernel.shape[:-1]]
    if padding == "valid" and any(span > size for span, size in zip(spans, grid.shape, strict=False)):
        raise CellsError(
            f"The window spans {_size(spans)} cells, the grid has {_size(grid.shape[:-1])}: "
            'take a smaller kernel or dilation, a larger grid, or padding "same".'
        )
    taken, factor = kernel, dilation
    if (
        stride > 1 and dilation > 1
    ):  # TensorFlow refuses both at once; a kernel with zeros between is the same
        taken, factor = spread(kernel, dilation), 1
    output = np.asarray(
        keras.ops.convert_to_numpy(
            keras.ops.conv(
                grid[None], taken[..., None], strides=stride, padding=padding, dilation_rate=factor
            )
        )
    )[0, ..., 0]
    around = [
        _zeros(size, span, stride) if padding == "same" else (0, 0)
        for size, span in zip(grid.shape, spans, strict=False)
    ]
    padded = np.pad(grid, [*around, (0, 0)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, tuple(spans), spatial)  # (..., C, *spans)
    windows = windows[(slice(None, None, stride),) * len(spans)]
    every: tuple[Any, ...] = (..., *(slice(None, None, dilation),) * len(spans))
    windows = windows[every]
    products = np.moveaxis(windows, len(spans), -1) * kernel
    if grid.ndim == 2:
        return Slide(
            kernel[None],
            output[None],
            products[None, :, None],
            (0, around[0][0]),
            (1, len(padded)),
            (1, stride),
            (1, dilation),
        )
    return Slide(
        kernel,
        output,
        products,
        (around[0][0], around[1][0]),
        (padded.shape[0], padded.shape[1]),
        (stride, stride),
        (dilation, dilation),
    )


def spread(kernel: np.ndarray, dilation: int) -> np.ndarray:
    """A kernel `(..., C)` with `dilation - 1` zeros between its cells: dilated by itself."""
    wide = np.zeros(
        [*(dilation * (size - 1) + 1 for size in kernel.shape[:-1]), kernel.shape[-1]], kernel.dtype
    )
    wide[(slice(None, None, dilation),) * (kernel.ndim - 1)] = kernel
    return wide


def cells(values: Any, shape: Sequence[int]) -> np.ndarray:
    """Numbers from anywhere as a grid: each finite, between -`LARGEST` and `LARGEST`, rounded to 4 places.

    Raises:
        CellsError: They are no numbers, or not as many as the shape holds.
    """
    try:
        found = np.asarray(values, "float64").reshape(shape)
    except (TypeError, ValueError, OverflowError) as error:
        raise CellsError(f"{_size(shape)} numbers are needed here.") from error
    return np.round(np.clip(np.nan_to_num(found, nan=0.0), -LARGEST, LARGEST), 4)


def resized(grid: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """A grid cut or filled up with zeros to a shape; a channel that is new is a copy of the last."""
    channels = np.minimum(np.arange(shape[-1]), grid.shape[-1] - 1)
    grid = grid[..., channels]
    found = np.zeros(tuple(shape))
    both = tuple(slice(min(a, b)) for a, b in zip(grid.shape, shape, strict=True))
    found[both] = grid[both]
    return found


def to_text(grid: np.ndarray) -> str:
    """A grid as a short text for a URL: "5x5x1:1,1,1,0,0,..."."""
    return "x".join(map(str, grid.shape)) + ":" + ",".join(f"{value:.6g}" for value in grid.ravel())


def from_text(text: str, most: Sequence[int]) -> np.ndarray:
    """The grid of a text that `to_text` wrote; anything else is refused.

    Args:
        text: Of a URL, by whoever.
        most: Largest size along each axis.

    Raises:
        CellsError: It is no such text, or a size is out of bounds.
    """
    head, _, tail = text[:20_000].partition(":")
    try:
        shape = tuple(int(size) for size in head.split("x"))
        values = [float(value) for value in tail.split(",")]
    except ValueError as error:
        raise CellsError("The link's numbers can't be read.") from error
    if len(shape) != len(most) or not all(
        1 <= size <= limit for size, limit in zip(shape, most, strict=True)
    ):
        raise CellsError(f"The link's sizes must be 1 to {_size(most)}. Received: {_size(shape)}.")
    return cells(values, shape)


def code(grid: np.ndarray, kernel: np.ndarray, stride: int, padding: str, dilation: int, flip: bool) -> str:
    """Keras code that computes what `convolve` does with these settings."""
    lines = [
        "import keras",
        "import numpy as np",
        "",
        f"grid = np.array({_listed(grid)}, dtype='float32')",
        f"kernel = np.array({_listed(kernel)}, dtype='float32')",
    ]
    axes = ", ".join(map(str, range(grid.ndim - 1)))
    if flip:
        lines.append(f"kernel = np.flip(kernel, axis=({axes},))  # a convolution in the sense of mathematics")
    if stride > 1 and dilation > 1:
        sizes = ", ".join(str(dilation * (size - 1) + 1) for size in kernel.shape[:-1])
        every = ", ".join([f"::{dilation}"] * (kernel.ndim - 1))
        lines += [
            "# TensorFlow refuses stride and dilation at once: zeros between the kernel's cells are the same",
            f"wide = np.zeros(({sizes}, {kernel.shape[-1]}), dtype='float32')",
            f"wide[{every}] = kernel",
            "kernel, dilation = wide, 1",
        ]
    else:
        lines.append(f"dilation = {dilation}")
    lines += [
        "",
        "output = keras.ops.conv(",
        f"    grid[None],  # (batch, {'length' if grid.ndim == 2 else 'height, width'}, channels)",
        f"    kernel[..., None],  # ({'length' if grid.ndim == 2 else 'height, width'}, channels, filters)",
        f"    strides={stride},",
        f'    padding="{padding}",',
        "    dilation_rate=dilation,",
        ")[0, ..., 0]",
        "print(output)",
    ]
    return "\n".join(lines)


def _listed(values: np.ndarray) -> str:
    text = np.array2string(values, separator=", ", threshold=100_000, max_line_width=100, floatmode="unique")
    return " ".join(text.split()) if values.size < 12 else text


def _zeros(size: int, span: int, stride: int) -> tuple[int, int]:
    """Zeros before and after an axis, such that the window stands ceil(size / stride) times on it."""
    needed = max((-(-size // stride) - 1) * stride + span - size, 0)
    return needed // 2, needed - needed // 2


def _size(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape))
