"""The cost of a model, found by the shapes alone: nothing is computed and no weight is made.

Shapes are those of one example. An axis of any size counts as `FREE`, a fixed batch as what it is.
"""

import math
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from inspection.quarantine.archive import words
from inspection.quarantine.limits import (
    FREE,
    MOST_OUTPUTS,
    MOST_STEPS,
    MOST_TOTAL,
    MOST_WEIGHTS,
    MOST_WORK,
    QuarantineError,
)


@dataclass
class Weight:
    """What one example costs.

    Args:
        largest: Entries of the largest output of a layer.
        scores: Entries of the largest table of attention scores.
        total: Entries of all of these.
        work: Products that are summed.
        steps: Steps of recurrent layers, one after another.
    """

    largest: int = 0
    scores: int = 0
    total: int = 0
    work: int = 0
    steps: int = 0

    def check(self) -> None:
        """Raise a QuarantineError where it is more than what is loaded here."""
        for found, most, what in (
            (self.largest, MOST_OUTPUTS, "one of its layers gives {:,} numbers for one example"),
            (self.scores, MOST_OUTPUTS, "one of its attentions has {:,} scores for one example"),
            (self.total, MOST_TOTAL, "its layers give {:,} numbers for one example"),
            (self.work, MOST_WORK, "it takes about {:,} multiplications for one example"),
            (self.steps, MOST_STEPS, "its recurrent layers take {:,} steps for one example"),
        ):
            if found > most:
                raise QuarantineError(f"{what.format(found)}, more than the {most:,} that are allowed here")


def build(config: Mapping[str, Any]) -> keras.Model:
    """Build a model of settings that `config.clean` returned.

    Raises:
        QuarantineError: Keras can't build it, or it has no graph of layers.
    """
    from keras.src.saving.serialization_lib import ObjectSharingScope

    try:
        with ObjectSharingScope():
            model = keras.saving.deserialize_keras_object(_copy(config), safe_mode=True)
    except QuarantineError:
        raise
    except MemoryError:
        raise
    # Whatever settings that fit no layer make Keras stumble over.
    except Exception as error:
        raise QuarantineError(f"Keras can't build it: {words(error)}") from error
    if not isinstance(model, keras.Model) or _graph(model) is None:
        raise QuarantineError(
            "it has no graph of layers, since it does not say the shape of its input: build it with an Input"
        )
    return model


def check(config: Mapping[str, Any]) -> None:
    """Raise a QuarantineError where a model is too large, or can't be built.

    In a thread of its own, since Keras notes for each thread the variables that wait for their values, and
    would give them values at the next occasion.
    """
    found: list[BaseException | None] = []

    def run() -> None:
        try:
            _check(config)
        except BaseException as error:  # handed over to the thread that waits
            found.append(error)
        else:
            found.append(None)

    thread = threading.Thread(target=run, name="weigh a model")
    thread.start()
    thread.join()
    if found[0] is not None:
        raise found[0]


def _check(config: Mapping[str, Any]) -> None:
    with keras.StatelessScope(initialize_variables=False):
        model = build(_stateless(config))
        weights = sum(math.prod(variable.shape) for variable in model.variables)
        if weights > MOST_WEIGHTS:
            raise QuarantineError(
                f"it has {weights:,} weights, more than the {MOST_WEIGHTS:,} that are loaded here"
            )
        try:
            weigh(model).check()
        except (QuarantineError, MemoryError):
            raise
        except Exception as error:  # as in `build`
            raise QuarantineError(f"Keras can't tell the shapes in it: {words(error)}") from error


def weigh(model: keras.Model) -> Weight:
    """The cost of a model."""
    found = Weight()
    inputs = [
        keras.KerasTensor(_sized(tensor.shape), tensor.dtype)
        for tensor in keras.tree.flatten(_graph(model).input)
    ]
    for tensor in inputs:
        found.largest = max(found.largest, _entries(tensor))
    _run(_graph(model), inputs, found)
    return found


def _run(graph: Any, inputs: Sequence[Any], found: Weight, times: int = 1) -> Any:
    """The outputs of a graph by their shapes; the cost of its layers is added to `found`."""

    def call(operation: Any, *args: Any, **kwargs: Any) -> Any:
        return _apply(operation, args, kwargs, found, times)

    return graph._run_through_graph(inputs, call_fn=call)


def _apply(operation: Any, args: tuple, kwargs: dict[str, Any], found: Weight, times: int) -> Any:
    given = _tensors((args, kwargs))
    graph = _graph(operation)
    if graph is not None:
        count = len(keras.tree.flatten(graph.input))
        return _run(graph, given[:count], found, times)
    inner = getattr(operation, "layer", None)
    if isinstance(operation, keras.layers.TimeDistributed) and inner is not None:
        batch, steps, *rest = given[0].shape
        one = keras.KerasTensor((batch, *rest), given[0].dtype)
        _apply(inner, (one,), {}, found, times * (steps or FREE))
        outputs = operation.compute_output_spec(*args, **kwargs)
    else:
        outputs = operation.compute_output_spec(*args, **kwargs)
        found.work += times * _work(operation, given, outputs)
        found.steps += times * _steps(operation, given)
        scores = times * _scores(operation, given)
        found.scores = max(found.scores, scores)
        found.total += scores
    for tensor in _tensors(outputs):
        found.largest = max(found.largest, _entries(tensor))
        found.total += times * _entries(tensor)
    return outputs


def _work(operation: Any, given: list[Any], outputs: Any) -> int:
    """Products that an operation sums, about."""
    made = _tensors(outputs)
    passed = sum(map(_entries, given)) + sum(map(_entries, made))
    size = sum(math.prod(variable.shape) for variable in getattr(operation, "variables", ()))
    kind = type(operation).__name__
    if _steps(operation, given):
        places = math.prod(_sized(made[0].shape)[2:-1]) if kind.startswith("ConvLSTM") else 1
        return passed + size * _steps(operation, given) * given[0].shape[0] * places
    if "Embedding" in kind:
        return passed
    if kind == "EinsumDense":
        return passed + _einsum(operation.equation, given[0], made[0], size)
    if kind == "Einsum":
        if len(given) > 2:
            raise QuarantineError("it has an einsum of more than two operands")
        return passed + _labels(operation.subscripts, [tensor.shape for tensor in given])
    if kind in ("Matmul", "Dot", "Tensordot", "Outer"):
        # (M, K) x (K, N) is (M, N): the root of the three sizes' product. Of a batch that is too much.
        return passed + math.isqrt(math.prod(map(_entries, [*given[:2], *made[:1]])))
    if isinstance(operation, _ATTENTION) or kind == "DotProductAttention":
        features = max(tensor.shape[-1] or 1 for tensor in given)
        depth = getattr(operation, "key_dim", getattr(operation, "head_dim", features))
        places = sum(_entries(tensor) // (tensor.shape[-1] or 1) for tensor in given)
        return passed + size * places + 2 * depth * _scores(operation, given)
    if kind.endswith("Transpose"):
        return passed + size * _places(operation, given[0])
    window = math.prod(
        math.prod(each) if isinstance(each, (tuple, list)) else each
        for each in (getattr(operation, "pool_size", 1), 1 if size else getattr(operation, "kernel_size", 1))
        if isinstance(each, (int, tuple, list))
    )
    return passed + sum(size * _places(operation, tensor) + window * _entries(tensor) for tensor in made)


def _places(operation: Any, tensor: Any) -> int:
    """At how many places of a tensor a kernel is applied."""
    axis = 1 if getattr(operation, "data_format", None) == "channels_first" else -1
    channels = tensor.shape[axis] if len(tensor.shape) > 1 else 1
    return _entries(tensor) // max(1, channels or 1)


def _einsum(equation: str, given: Any, made: Any, size: int) -> int:
    """Products of an `EinsumDense` of `size` weights."""
    if "." in equation:
        return size * _entries(made)
    left, _, right = equation.replace(" ", "").partition("->")
    of = dict(zip(left.split(",")[0], _sized(given.shape), strict=True))
    return math.prod((of | dict(zip(right, _sized(made.shape), strict=True))).values())


def _labels(subscripts: str, shapes: Sequence[Sequence[int]]) -> int:
    """Products of an einsum: one for each combination of all labels."""
    sides = subscripts.replace(" ", "").partition("->")[0].split(",")
    if "." in subscripts:  # at the most all entries of one side with all of the other
        return math.prod(math.prod(_sized(shape)) for shape in shapes)
    of = {
        label: size
        for side, shape in zip(sides, shapes, strict=True)
        for label, size in zip(side, shape, strict=True)
    }
    return math.prod(size or FREE for size in of.values())


def _steps(operation: Any, given: list[Any]) -> int:
    """Steps that a recurrent layer takes one after another."""
    if isinstance(operation, (keras.layers.RNN, keras.layers.Bidirectional)):
        return (given[0].shape[1] or FREE) * (2 if isinstance(operation, keras.layers.Bidirectional) else 1)
    return 0


_ATTENTION = (
    keras.layers.MultiHeadAttention,
    keras.layers.GroupQueryAttention,
    keras.layers.Attention,
    keras.layers.AdditiveAttention,
)


def _scores(operation: Any, given: list[Any]) -> int:
    """Entries of the table of scores that an attention makes inside."""
    kind = type(operation).__name__
    if kind == "DotProductAttention":
        batch, asks, heads, _ = _sized(given[0].shape)
        return batch * asks * heads * _sized(given[1].shape)[1]
    if not isinstance(operation, _ATTENTION) or len(given) < 2:
        return 0
    query, other = _sized(given[0].shape), _sized(given[1].shape)
    if isinstance(operation, (keras.layers.MultiHeadAttention, keras.layers.GroupQueryAttention)):
        heads = getattr(operation, "num_heads", None) or operation.num_query_heads
        return heads * math.prod(query[:-1]) * math.prod(other[1:-1])
    width = query[-1] if isinstance(operation, keras.layers.AdditiveAttention) else 1
    return math.prod(query[:-1]) * math.prod(other[1:-1]) * width


def _graph(model: Any) -> Any:
    """The functional model that holds a model's graph of layers; None where there is none."""
    graph = getattr(model, "_functional", None) or model
    return graph if hasattr(graph, "_nodes_by_depth") else None


def _tensors(structure: Any) -> list[Any]:
    return [each for each in keras.tree.flatten(structure) if isinstance(each, keras.KerasTensor)]


def _sized(shape: Iterable[int | None]) -> tuple[int, ...]:
    """A shape with a size for each axis."""
    return tuple((1 if axis == 0 else FREE) if size is None else size for axis, size in enumerate(shape))


def _entries(tensor: Any) -> int:
    return math.prod(_sized(tensor.shape))


def _stateless(config: Any) -> Any:
    """The settings of a model whose recurrent layers keep no state between calls.

    Keras makes that state while it builds the layer; its size is that of the layer's output.
    """
    if isinstance(config, Mapping):
        return {key: False if key == "stateful" else _stateless(value) for key, value in config.items()}
    return [_stateless(each) for each in config] if isinstance(config, list) else config


def _copy(config: Any) -> Any:
    """A copy that Keras may take to pieces."""
    if isinstance(config, Mapping):
        return {key: _copy(value) for key, value in config.items()}
    return [_copy(each) for each in config] if isinstance(config, list) else config


def fill(model: keras.Model, weights: Path) -> None:
    """Give a model the weights of a file that `archive.check_weights` found harmless.

    Raises:
        QuarantineError: They are those of another model.
    """
    try:
        model.load_weights(weights)
    except MemoryError:
        raise
    except Exception as error:  # as in `build`
        raise QuarantineError(f"Keras can't load it: {words(error)}") from error
