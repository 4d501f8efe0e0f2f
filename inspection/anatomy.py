"""How one unit of a net came by its value: patch, kernel, products and their sum, then what follows it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import keras
import numpy as np

from inspection import graph
from inspection.activations import Activations
from inspection.graph import INPUT, InspectionError, Layer
from inspection.receptive import each_axis, padding_before

Operation = Literal["convolution", "dense", "maximum", "average", "copy"]

_IDENTITIES = (
    *("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "AlphaDropout"),
    *("GaussianDropout", "GaussianNoise", "ActivityRegularization", "Identity"),
)
_FUNCTIONS = ("Activation", "ReLU", "LeakyReLU", "ELU")  # of each value alone, but for a softmax
_CONVOLUTIONS = ("Conv1D", "Conv2D", "Conv3D")
_DEPTHWISE = ("DepthwiseConv1D", "DepthwiseConv2D")


@dataclass(frozen=True)
class Step:
    """One thing that was done to the sum.

    Args:
        layer: Where.
        what: "bias", "normalization", "addition", or the activation function.
        factor: What the value was multiplied by.
        offset: What was then added.
        value: After it.
    """

    layer: str
    what: str
    factor: float
    offset: float
    value: float


@dataclass(frozen=True)
class Anatomy:
    """How a unit came by its value.

    All arrays have the axes `(..., C)`, the window's and the channels that it looks at.

    Args:
        layer: The unit's.
        kind: Of the layer.
        value: What the layer gave.
        operation: What the unit, or the one that it follows, does with its patch; a convolution, a dense
            unit, an average and a copy are all sums of products. A maximum is one too, with a kernel that is
            1 at the largest value.
        made_by: The layer that does that.
        looks_at: The layer whose output it looks at; "" is the model's input.
        corner: Where the patch begins there; below 0 it begins in the padding.
        dilation: Positions from tap to tap.
        patch: What the unit sees; 0 in the padding.
        kernel: What it is multiplied by.
        inside: Whether each place of the window lies inside the input, `(...)` bool.
        first_channel: Number of the patch's first channel.
        sum: Of the products.
        steps: What was done to the sum, recomputed from the weights; the last one's value is the unit's.
    """

    layer: str
    kind: str
    value: float
    operation: Operation
    made_by: str
    looks_at: str
    corner: tuple[int, ...]
    dilation: tuple[int, ...]
    patch: np.ndarray
    kernel: np.ndarray
    inside: np.ndarray
    first_channel: int
    sum: float
    steps: tuple[Step, ...]

    @property
    def products(self) -> np.ndarray:
        """What each place of the window adds to the sum, `(..., C)`."""
        return self.patch * self.kernel

    @property
    def result(self) -> float:
        """The value recomputed from the weights; the layer's own up to the precision that it computes in."""
        return self.steps[-1].value if self.steps else self.sum


def anatomy(
    model: keras.Model,
    inside: Activations,
    inputs: Any,
    layer: str,
    position: Sequence[int],
    channel: int = 0,
) -> Anatomy | None:
    """Take one unit of a net apart, for the first example of a batch.

    Args:
        model: A functional or Sequential model with one input, channels last.
        inside: What `activations(model, inputs)` gave.
        inputs: `(B, ..., C)`.
        layer: Name as in `inside.layers`.
        position: Of the unit in its map; `()` for a layer without positions.
        channel: Number of the map, or of the unit.

    Returns: None for a layer whose units are no sums that are known here, such as a recurrent one's.

    Raises:
        InspectionError: There is no such layer or unit, or the layer's channels come first.
    """
    layers = graph.layers(model)
    if layer not in layers:
        raise InspectionError(f"model {model.name!r} has no layer {layer!r}. It has {', '.join(layers)}")
    entrance = keras.tree.flatten(inputs)[0]
    outputs = {name: values[0] for name, values in inside.layers.items()} | {
        f"{INPUT}0": np.asarray(entrance, "float32")[0]
    }
    place = (*map(int, position), int(channel))
    shape = outputs[layer].shape
    if len(place) != len(shape) or not all(0 <= at < size for at, size in zip(place, shape, strict=True)):
        raise InspectionError(
            f"{layer!r} has {' x '.join(map(str, shape))} units. Received: position {tuple(position)}, "
            f"channel {channel}"
        )
    followed, name = [], layer
    while (before := _follows(layers[name], outputs, name)) is not None:
        followed.append(name)
        name = before
    base = _base(layers[name], outputs, name, place)
    if base is None:
        return None
    total = float(np.sum(base.pop("patch64") * base.pop("kernel64")))
    steps = list(_own_steps(layers[name].operation, name, total, outputs[layers[name].inputs[0]], place))
    value = steps[-1].value if steps else total
    for after in reversed(followed):
        step = _step(layers[after], after, value, outputs, place)
        if step is not None:
            steps.append(step)
            value = step.value
    source = layers[name].inputs[0]
    return Anatomy(
        layer=layer,
        kind=layers[layer].kind,
        value=float(outputs[layer][place]),
        made_by=name,
        looks_at="" if source.startswith(INPUT) else source,
        sum=total,
        steps=tuple(steps),
        **base,
    )


def _follows(use: Layer, outputs: dict[str, np.ndarray], name: str) -> str | None:
    """The layer whose unit at the same place this one only bends, scales or shifts; None for a beginning."""
    kind = type(use.operation).__name__
    same = [source for source in use.inputs if outputs[source].shape == outputs[name].shape]
    if isinstance(use.operation, keras.Model):
        return use.inputs[0] if use.inputs[0].startswith(f"{name}/") else None
    if kind == "Add" and len(same) == len(use.inputs) > 1:
        # The newer of the two is the sum that is looked at; the older comes past it, on the shortcut.
        order = list(outputs)
        return max((source for source in same if source[0] != INPUT), key=order.index, default=None)
    bends = (
        "Softmax",
        "BatchNormalization",
        "LayerNormalization",
        "GroupNormalization",
        "PReLU",
        "Rescaling",
    )
    if kind in (*_IDENTITIES, *_FUNCTIONS, *bends) and same and not same[0].startswith(INPUT):
        return same[0]
    return None


def _base(use: Layer, outputs: dict[str, np.ndarray], name: str, place: tuple[int, ...]) -> dict | None:
    """The patch and kernel of a sum of products, in double precision too."""
    operation, kind = use.operation, type(use.operation).__name__
    if getattr(operation, "data_format", None) == "channels_first":
        raise InspectionError(
            f'layer {name!r} has its channels first; take it apart with data_format="channels_last"'
        )
    if len(use.inputs) != 1:
        return None
    source = outputs[use.inputs[0]]
    output, channel = outputs[name], place[-1]
    if kind == "Dense" and getattr(operation, "kernel", None) is not None:
        values, kernel = source[place[:-1]], _array(operation.kernel)[:, channel]
        return _result("dense", values, kernel, np.ones((), bool), place[:-1], (), 0)
    if kind in _CONVOLUTIONS or kind in _DEPTHWISE:
        if operation.activation is keras.activations.softmax:  # of the sums of all maps, not of this one
            return None
        return _convolution(operation, source, output, place, depthwise=kind in _DEPTHWISE)
    if kind.startswith(("MaxPooling", "AveragePooling")):
        rank = source.ndim - 1
        return _pooling(
            kind, source, place, _window(operation, source, output, place, operation.pool_size, (1,) * rank)
        )
    if kind.startswith(("GlobalMaxPooling", "GlobalAveragePooling")):
        rank = source.ndim - 1
        whole = np.indices(source.shape[:-1])
        window = tuple(whole[axis] for axis in range(rank)), np.ones(source.shape[:-1], bool), (0,) * rank
        return _pooling(kind.removeprefix("Global"), source, (*place[:-1], channel), window)
    if kind in ("Flatten", "Reshape"):
        at = np.unravel_index(np.ravel_multi_index(place, output.shape), source.shape)
        value = np.atleast_1d(source[at])
        corner = tuple(int(each) for each in at[:-1])
        return _result("copy", value, np.ones(1), np.ones((), bool), corner, (1,) * len(corner), int(at[-1]))
    return None


def _convolution(
    operation: Any, source: np.ndarray, output: np.ndarray, place: tuple[int, ...], depthwise: bool
) -> dict:
    """The patch `(..., C)` under a convolution's kernel, and that."""
    dilation = each_axis(operation.dilation_rate, source.ndim - 1)
    at, inside, corner = _window(operation, source, output, place, operation.kernel_size, dilation)
    channel, channels = place[-1], source.shape[-1]
    if depthwise:
        kernel = _array(operation.kernel)  # (..., C, multiplier)
        first, kernel = channel // kernel.shape[-1], kernel[..., channel % kernel.shape[-1]]
        kernel = kernel[..., first : first + 1]
        count = 1
    else:
        kernel = _array(operation.kernel)[..., channel]  # (..., C / groups)
        count = channels // operation.groups
        first = channel // (output.shape[-1] // operation.groups) * count
    patch = np.where(inside[..., None], source[at][..., first : first + count], 0)
    return _result("convolution", patch, kernel, inside, corner, tuple(dilation), first)


def _window(
    operation: Any,
    source: np.ndarray,
    output: np.ndarray,
    place: tuple[int, ...],
    kernel: int | Sequence[int],
    dilation: Sequence[int],
) -> tuple[tuple[np.ndarray, ...], np.ndarray, tuple[int, ...]]:
    """Where a window's taps lie (moved inside where they do not), whether they do, and its corner."""
    rank = source.ndim - 1
    kernel, strides = each_axis(kernel, rank), each_axis(operation.strides, rank)
    lines, corner = [], []
    for axis in range(rank):
        size, reach = source.shape[axis], (kernel[axis] - 1) * dilation[axis] + 1
        before = padding_before(size, output.shape[axis], reach, strides[axis], operation.padding)
        start = place[axis] * strides[axis] - before
        lines.append(start + dilation[axis] * np.arange(kernel[axis]))
        corner.append(start)
    grid = np.meshgrid(*lines, indexing="ij")
    inside = np.all([(at >= 0) & (at < size) for at, size in zip(grid, source.shape, strict=False)], axis=0)
    at = tuple(np.clip(at, 0, size - 1) for at, size in zip(grid, source.shape, strict=False))
    return at, inside, tuple(corner)


def _pooling(kind: str, source: np.ndarray, place: tuple[int, ...], window) -> dict:
    at, inside, corner = window
    values = np.where(inside, source[at][..., place[-1]], 0)
    if kind.startswith("Max"):
        kernel = np.zeros(values.shape)
        kernel[np.unravel_index(np.argmax(np.where(inside, values, -np.inf)), values.shape)] = 1
    else:
        kernel = inside / inside.sum()  # the padding does not count
    operation: Operation = "maximum" if kind.startswith("Max") else "average"
    return _result(
        operation, values[..., None], kernel[..., None], inside, corner, (1,) * len(corner), place[-1]
    )


def _result(
    operation: Operation,
    patch: np.ndarray,
    kernel: np.ndarray,
    inside: np.ndarray,
    corner: tuple[int, ...],
    dilation: tuple[int, ...],
    first_channel: int,
) -> dict:
    return {
        "operation": operation,
        "patch": np.asarray(patch, "float32"),
        "kernel": np.asarray(kernel, "float32"),
        "patch64": np.asarray(patch, "float64"),  # so that the sum is as exact as its parts
        "kernel64": np.asarray(kernel, "float64"),
        "inside": inside,
        "corner": corner,
        "dilation": dilation,
        "first_channel": first_channel,
    }


def _own_steps(
    operation: Any, name: str, value: float, source: np.ndarray, place: tuple[int, ...]
) -> Iterator[Step]:
    """What a convolution or a dense layer does to its sum by itself."""
    bias = getattr(operation, "bias", None)
    if bias is not None:
        offset = float(_array(bias)[place[-1]])
        value += offset
        yield Step(name, "bias", 1.0, offset, value)
    function = getattr(operation, "activation", None)
    if not hasattr(operation, "kernel") or function in (None, keras.activations.linear):
        return
    if function is keras.activations.softmax:  # of all sums of the dense layer at this place
        sums = source[place[:-1]].astype("float64") @ _array(operation.kernel)
        sums = sums if bias is None else sums + _array(bias)
        value = float(np.exp(value - sums.max()) / np.exp(sums - sums.max()).sum())
    else:
        value = _applied(function, value)
    yield _bent(name, function.__name__, value)


def _step(
    use: Layer, name: str, value: float, outputs: dict[str, np.ndarray], place: tuple[int, ...]
) -> Step | None:
    """What a layer that follows does to a value; None where it leaves it as it is."""
    operation, kind = use.operation, type(use.operation).__name__
    if kind in _IDENTITIES or isinstance(operation, keras.Model):
        return None
    if kind == "Add":
        order = list(outputs)
        newest = max((source for source in use.inputs if source[0] != INPUT), key=order.index)
        others = list(use.inputs)
        others.remove(newest)
        offset = float(sum(outputs[other][place] for other in others))
        return Step(name, "addition", 1.0, offset, value + offset)
    if kind == "Rescaling":
        factor, offset = float(operation.scale), float(operation.offset)
        return Step(name, "rescaling", factor, offset, factor * value + offset)
    if kind.endswith("Normalization"):
        factor, offset = _normalization(operation, outputs[use.inputs[0]], place)
        return Step(name, "normalization", factor, offset, factor * value + offset)
    if kind == "PReLU":
        slope = _array(operation.alpha)
        own = float(slope[tuple(at if size > 1 else 0 for at, size in zip(place, slope.shape, strict=True))])
        return _bent(name, "prelu", value if value > 0 else own * value)
    if use.kind.lower() in ("softmax", "log_softmax"):
        before = outputs[use.inputs[0]][place[:-1]].astype("float64")
        shares = np.exp(before - before.max())
        share = float(shares[place[-1]] / shares.sum())
        return _bent(name, use.kind, float(np.log(share)) if use.kind == "log_softmax" else share)
    function = operation.activation if kind == "Activation" else operation
    return _bent(name, use.kind, _applied(function, value))


def _bent(name: str, function: str, value: float) -> Step:
    return Step(name, function, 1.0, 0.0, value)


def _applied(function: Any, value: float) -> float:
    return float(keras.ops.convert_to_numpy(function(np.full((1, 1), value, "float32")))[0, 0])


def _normalization(operation: Any, source: np.ndarray, place: tuple[int, ...]) -> tuple[float, float]:
    """The factor and offset that a normalization has for one unit.

    y = gamma (x - mu) / sqrt(sigma^2 + epsilon) + beta
    """
    kind, channel = type(operation).__name__, place[-1]
    if kind == "BatchNormalization":
        mean, variance = (
            float(_array(each)[channel]) for each in (operation.moving_mean, operation.moving_variance)
        )
    else:
        if kind == "GroupNormalization":
            groups = source.shape[-1] if operation.groups == -1 else operation.groups
            size = source.shape[-1] // groups
            first = channel // size * size
            values = source[..., first : first + size]
        else:  # over the axes that a layer normalization names, all others at the unit's place
            axes = operation.axis if isinstance(operation.axis, list | tuple) else [operation.axis]
            free = {axis % (source.ndim + 1) - 1 for axis in axes}
            values = source[tuple(slice(None) if axis in free else at for axis, at in enumerate(place))]
        mean, variance = float(values.mean(dtype="float64")), float(values.var(dtype="float64"))
    factor = 1 / np.sqrt(variance + operation.epsilon)
    gamma, beta = getattr(operation, "gamma", None), getattr(operation, "beta", None)
    if gamma is not None:
        factor *= _array(gamma).reshape(-1)[channel]
    offset = -mean * factor + (0.0 if beta is None else _array(beta).reshape(-1)[channel])
    return float(factor), float(offset)


def _array(variable: Any) -> np.ndarray:
    return np.asarray(keras.ops.convert_to_numpy(variable), "float32")
