"""The receptive field: which positions of the input a unit can see, read from the layers alone.

From a unit back to the input, every layer says which positions of its own input each position looks at. For
layers that slide a window this is one matrix of truth values for each axis, so the field comes out exact to
the position: with strides, dilation, padding, pooling, residual additions and nested models, over lines,
pictures and volumes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from inspection import graph
from inspection.caching import kept_with_model
from inspection.graph import INPUT, InspectionError

Shape = tuple[int, ...]

# Layers and operations of which each position looks at the same position alone.
_LOCAL = (
    *("Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Identity", "ActivityRegularization"),
    *("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "AlphaDropout"),
    *("GaussianDropout", "GaussianNoise", "BatchNormalization", "Rescaling", "Normalization"),
    *("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Divide", "TrueDivide", "Power"),
    *("Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Celu", "Gelu", "Silu", "Sigmoid", "HardSigmoid"),
    *("HardSilu", "Softplus", "Softsign", "LogSigmoid", "Tanh", "Exp", "Log", "Square", "Sqrt", "Abs"),
    *("Absolute", "Negative", "Clip", "Cast", "Sin", "Cos"),
)
# These mix the channels of a position, or all units of a layer that has no positions.
_MIXING = ("Dense", "LayerNormalization", "RMSNormalization", "UnitNormalization", "Softmax")
_WINDOWS = (
    *("Conv1D", "Conv2D", "Conv3D", "DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D"),
    *("SeparableConv2D", "MaxPooling1D", "MaxPooling2D", "MaxPooling3D"),
    *("AveragePooling1D", "AveragePooling2D", "AveragePooling3D"),
)
_TRANSPOSED = ("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")
_WHOLE = (
    *("GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalAveragePooling3D"),
    *("GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalMaxPooling3D", "GroupNormalization"),
)
_PADDING = ("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D")
_CROPPING = ("Cropping1D", "Cropping2D", "Cropping3D")
_UPSAMPLING = ("UpSampling1D", "UpSampling2D", "UpSampling3D")


@dataclass(frozen=True)
class Field:
    """What a unit can see of the input.

    Args:
        sees: Whether it sees each position: `(H, W)` or `(T,)` bool, `(F,)` for an input without positions.
        exact: False where some layer on the way is none that is known here, and was taken to look at
            everything: the unit sees no more than `sees`.
    """

    sees: np.ndarray
    exact: bool

    @property
    def box(self) -> tuple[slice, ...]:
        """The smallest box around what it sees, a slice for each axis; empty where it sees nothing."""
        axes = range(self.sees.ndim)
        lines = [np.flatnonzero(self.sees.any(axis=tuple(a for a in axes if a != axis))) for axis in axes]
        return tuple(slice(int(line[0]), int(line[-1]) + 1) if line.size else slice(0, 0) for line in lines)


def field(
    model: keras.Model, layer: str, position: Sequence[int] = (), input_shape: Sequence[int] | None = None
) -> Field:
    """The positions of the input that a unit can see, whichever of its layer's maps it is in.

    Araujo et al. 2019, "Computing receptive fields of convolutional neural networks", Distill, section 2;
    here for every path through the graph at once, and with the padding cut off.

    Args:
        model: A functional or Sequential model with one input, channels last, nested models included.
        layer: Name as `inspection.activations` has it.
        position: Of the unit in its map: `(row, column)` or `(time,)`; for a layer without positions
            `(unit,)`, or nothing for all its units.
        input_shape: Of one example, where the model takes any size.

    Raises:
        InspectionError: The model takes several inputs, has no such layer, or is not channels last.

    Example:

    >>> field(model, "stage2_conv1", (3, 4)).box
    (slice(4, 10, None), slice(6, 12, None))
    """
    shape = None if input_shape is None else tuple(input_shape)
    return _field(model, layer, tuple(map(int, position)), shape)


@kept_with_model
def _field(model: keras.Model, layer: str, position: Shape, input_shape: Shape | None) -> Field:
    layers, shapes = graph.layers(model), graph.shapes(model, input_shape)
    if layer not in layers:
        raise InspectionError(f"model {model.name!r} has no layer {layer!r}. It has {', '.join(layers)}")
    seen = {layer: _begin(layer, position, shapes[layer])}
    exact = True
    for name in reversed(list(layers)):
        if name not in seen or not seen[name].any():
            continue
        use = layers[name]
        inputs = [shapes[source] for source in use.inputs]
        if isinstance(use.operation, keras.Model) and use.inputs[0].startswith(f"{name}/"):
            found = [seen[name]]
        else:
            known = _looks_at(use.operation, seen[name], inputs, shapes[name])
            exact = exact and known is not None
            found = known or [np.ones(_positions(shape), bool) for shape in inputs]
        for source, mask in zip(use.inputs, found, strict=True):
            seen[source] = seen[source] | mask if source in seen else mask
    entrance = f"{INPUT}0"
    return Field(seen.get(entrance, np.zeros(_positions(shapes[entrance]), bool)), exact)


def _begin(layer: str, position: Shape, shape: Shape) -> np.ndarray:
    """The unit itself, as a mask of its layer's positions."""
    mask = np.zeros(_positions(shape), bool)
    fits = len(position) == mask.ndim and all(
        0 <= at < size for at, size in zip(position, mask.shape, strict=True)
    )
    if not fits and not (len(shape) == 1 and not position):
        raise InspectionError(
            f"position must name one of the {' x '.join(map(str, mask.shape))} positions of {layer!r}. "
            f"Received: {position}"
        )
    mask[position] = True
    return mask


def _positions(shape: Shape) -> Shape:
    """The axes that a mask has: the channels of what has positions are left out."""
    return shape[:-1] if len(shape) > 1 else shape


def _looks_at(
    operation: Any, mask: np.ndarray, inputs: list[Shape], output: Shape
) -> list[np.ndarray] | None:
    """What the positions in `mask` look at, for each input; None where that is not known."""
    kind = type(operation).__name__
    _check_channels(operation)
    for kinds, rule in _RULES.items():
        if kind in kinds:
            return rule(operation, mask, inputs, output)
    return None


def _check_channels(operation: Any) -> None:
    if getattr(operation, "data_format", None) == "channels_first":
        raise InspectionError(
            f"layer {operation.name!r} has its channels first; receptive fields are read of layers with "
            f'their channels last (data_format="channels_last")'
        )


def _local(operation: Any, mask: np.ndarray, inputs: list[Shape], output: Shape) -> list[np.ndarray] | None:
    if kind_of_softmax(operation):
        return _mixing(operation, mask, inputs, output)
    if any(len(shape) > len(output) for shape in inputs):
        return None
    return [_gather(mask, shape, output) for shape in inputs]


def kind_of_softmax(operation: Any) -> bool:
    """Whether an operation normalizes over the channels, so that each looks at all others."""
    function = getattr(operation, "activation", None)
    return getattr(function, "__name__", "") in ("softmax", "log_softmax", "sparsemax")


def _gather(mask: np.ndarray, shape: Shape, output: Shape) -> np.ndarray:
    """A mask of the output as one of an input that was broadcast to it."""
    if len(shape) < len(output):  # (C,) to (H, W, C), or the like: it may be anywhere
        return np.ones(_positions(shape), bool)
    for axis, size in enumerate(_positions(shape)):
        if size == 1 and mask.shape[axis] != 1:
            mask = np.asarray(mask.any(axis=axis, keepdims=True))
    return mask


def _mixing(operation: Any, mask: np.ndarray, inputs: list[Shape], output: Shape) -> list[np.ndarray] | None:
    if len(inputs) != 1:
        return None
    if len(inputs[0]) == 1:
        return [np.ones(inputs[0], bool)]
    axis = getattr(operation, "axis", -1)
    axes = axis if isinstance(axis, list | tuple) else [axis]
    last = len(inputs[0])  # of the axes, the batch counted
    return [mask] if all(each in (-1, last) for each in axes) else None


def _windows(operation: Any, mask: np.ndarray, inputs: list[Shape], output: Shape) -> list[np.ndarray]:
    pooling = hasattr(operation, "pool_size")
    kernel = operation.pool_size if pooling else operation.kernel_size
    dilation = (1,) * mask.ndim if pooling else each_axis(operation.dilation_rate, mask.ndim)
    strides = each_axis(operation.strides, mask.ndim)
    for axis, size in enumerate(_positions(inputs[0])):
        looks = _window(
            size,
            mask.shape[axis],
            each_axis(kernel, mask.ndim)[axis],
            strides[axis],
            dilation[axis],
            operation.padding,
        )
        mask = _along(mask, looks, axis)
    return [mask]


def _transposed(operation: Any, mask: np.ndarray, inputs: list[Shape], output: Shape) -> list[np.ndarray]:
    """A transposed convolution looks where the convolution that it transposes is looked at from."""
    for axis, size in enumerate(_positions(inputs[0])):
        looks = _window(
            mask.shape[axis],
            size,
            operation.kernel_size[axis],
            operation.strides[axis],
            operation.dilation_rate[axis],
            operation.padding,
        )
        mask = _along(mask, looks.T, axis)
    return [mask]


def _window(size: int, count: int, kernel: int, stride: int, dilation: int, padding: str) -> np.ndarray:
    """Whether each of `count` places of a window looks at each of `size` positions, `(count, size)`."""
    reach = (kernel - 1) * dilation + 1
    before = padding_before(size, count, reach, stride, padding)
    at = stride * np.arange(count)[:, None] + dilation * np.arange(kernel) - before  # (count, kernel)
    looks = np.zeros((count, size), bool)
    place, tap = np.nonzero((at >= 0) & (at < size))
    looks[place, at[place, tap]] = True
    return looks


def padding_before(size: int, count: int, reach: int, stride: int, padding: str) -> int:
    """How many positions are added before the first one.

    Args:
        size: Positions of the input.
        count: Positions of the output.
        reach: Of the window, dilation included.
        stride: Of the window.
        padding: "same", "valid" or "causal".
    """
    if padding == "causal":
        return reach - 1
    if padding == "same":  # the odd one out comes after the last
        return max((count - 1) * stride + reach - size, 0) // 2
    return 0


def _along(mask: np.ndarray, looks: np.ndarray, axis: int) -> np.ndarray:
    """Apply `(output, input)` to one axis of a mask."""
    found = np.tensordot(mask.astype("float32"), looks.astype("float32"), (axis, 0)) > 0
    return np.moveaxis(found, -1, axis)


def each_axis(value: int | Sequence[int], rank: int) -> tuple[int, ...]:
    """A setting of a window along each axis, where one number stands for all of them."""
    return (value,) * rank if isinstance(value, int) else tuple(value)


def _whole(operation: Any, mask: np.ndarray, inputs: list[Shape], output: Shape) -> list[np.ndarray]:
    return [np.ones(_positions(shape), bool) for shape in inputs]


def _reshaped(operation: Any, mask: np.ndarray, inputs: list[Shape], output: Shape) -> list[np.ndarray]:
    """Flatten and Reshape keep the order of the units."""
    units = np.broadcast_to(mask[..., None], output) if len(output) > 1 else mask
    units = units.reshape(inputs[0])
    return [np.asarray(units.any(axis=-1)) if units.ndim > 1 else units]


def _concatenated(operation: Any, mask: np.ndarray, inputs: list[Shape], output: Shape) -> list[np.ndarray]:
    axis = operation.axis if operation.axis < 0 else operation.axis - len(output) - 1
    if axis == -1 and len(output) > 1:
        return [mask] * len(inputs)
    sizes = [shape[axis] for shape in inputs]
    return np.split(mask, np.cumsum(sizes)[:-1], axis=len(output) + axis)


def _padded(operation: Any, mask: np.ndarray, inputs: list[Shape], output: Shape) -> list[np.ndarray]:
    return [
        mask[
            tuple(
                slice(a, a + size) for (a, _), size in zip(_sides(operation.padding), inputs[0], strict=False)
            )
        ]
    ]


def _cropped(operation: Any, mask: np.ndarray, inputs: list[Shape], output: Shape) -> list[np.ndarray]:
    return [np.pad(mask, _sides(operation.cropping))]


def _sides(amounts: Any) -> list[tuple[int, int]]:
    """(before, after) for each axis; layers over lines have one pair alone."""
    return [tuple(amounts)] if isinstance(amounts[0], int) else [tuple(pair) for pair in amounts]


def _upsampled(
    operation: Any, mask: np.ndarray, inputs: list[Shape], output: Shape
) -> list[np.ndarray] | None:
    if getattr(operation, "interpolation", "nearest") != "nearest":
        return None
    for axis, (size, times) in enumerate(
        zip(_positions(inputs[0]), each_axis(operation.size, mask.ndim), strict=True)
    ):
        mask = _along(mask, np.repeat(np.eye(size, dtype=bool), times, axis=0), axis)
    return [mask]


_Rule = Callable[[Any, np.ndarray, list[Shape], Shape], list[np.ndarray] | None]
_RULES: dict[tuple[str, ...], _Rule] = {
    _LOCAL: _local,
    _MIXING: _mixing,
    _WINDOWS: _windows,
    _TRANSPOSED: _transposed,
    _WHOLE: _whole,
    ("Flatten", "Reshape"): _reshaped,
    ("Concatenate",): _concatenated,
    _PADDING: _padded,
    _CROPPING: _cropped,
    _UPSAMPLING: _upsampled,
}
