"""Models written for other programs: each file is opened by its runtime and compared before it is kept."""

import contextlib
import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from training.saving import save_model

FORMATS = ("keras", "savedmodel", "onnx")
SUFFIXES = {"keras": ".keras", "savedmodel": "", "onnx": ".onnx"}
# Largest difference between the outputs of the model and of the file, as a share of the largest output.
TOLERANCES = {"float32": 1e-4, "float16": 2e-2, "bfloat16": 5e-2}
# Batch size, and lengths of the free axes of the first input, the second, ...: no two are alike, so a file
# that has one of them baked in fails at the other.
_SIZES = ((2, 7), (3, 4))


class ExportError(Exception):
    """A model can't be exported; the message is one line."""


Runtime = Callable[[Any], list[np.ndarray]]  # from inputs in the model's structure to its flat outputs


def export_model(model: keras.Model, form: str, path: Path) -> None:
    """Write a model in a format, and compare what the file's own runtime computes with the model.

    Axes of free length stay free, the batch too. The file appears under its name once it is known to be
    right; else nothing is left.

    Args:
        model: A functional or Sequential model.
        form: One of `FORMATS`.
        path: The file, or for "savedmodel" the folder. An older export there is replaced.

    Raises:
        ExportError: The model can't be converted, or the file gives other outputs than the model.
        ImportError: A package that the format needs is missing.
        OSError: The file can't be written.
    """
    _check_place(form, path)
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = [sample_inputs(model, *sizes) for sizes in _SIZES]
    expected = [_outputs(model(sample, training=False)) for sample in samples]
    with tempfile.TemporaryDirectory(prefix=".export-", dir=path.parent) as folder:
        aside = Path(folder) / f"model{SUFFIXES[form]}"
        try:
            with _silence():
                _WRITERS[form](model, aside)
                run = _READERS[form](aside)
                found = [run(sample) for sample in samples]
        except (ImportError, OSError):
            raise
        except Exception as error:  # a converter raises almost anything
            raise ExportError(
                f"model {model.name!r} can't be exported to {form}: {_first_line(error, aside)}"
            ) from error
        for ours, theirs in zip(expected, found, strict=True):
            _compare(model, form, ours, theirs)
        if path.is_dir():
            shutil.rmtree(path)
        aside.replace(path)


def sample_inputs(model: keras.Model, batch: int, length: int) -> Any:
    """Random inputs of a model: in its own structure, NumPy arrays.

    Integers are tokens of the embedding that takes them, 1 or more but for padding at the end of the last
    sequence.

    Args:
        model: A functional or Sequential model.
        batch: Size of the batch, where it is free.
        length: Length of the free axes of the first input; those of each further input are one longer.
    """
    draws = np.random.default_rng(0)
    graph = _graph(model)
    tensors = keras.tree.flatten(graph.input)
    arrays: list[np.ndarray] = []
    for number, tensor in enumerate(tensors):
        first, *rest = tensor.shape
        shape = (first or batch, *(length + number if axis is None else axis for axis in rest))
        if tensor.dtype.startswith(("int", "uint")):
            tokens = _vocabulary(model, tensor)
            array: np.ndarray = draws.integers(min(1, tokens - 1), tokens, shape)
            if len(shape) == 2 and tokens > 1:
                array[-1, max(1, shape[1] // 2) :] = 0
        elif tensor.dtype == "bool":
            array = draws.integers(0, 2, shape)
        else:
            array = draws.random(shape)
        arrays.append(array.astype(tensor.dtype))
    return keras.tree.pack_sequence_as(graph.input, arrays)


def _graph(model: keras.Model) -> Any:
    """The functional model that a Sequential one keeps; a functional one itself."""
    return getattr(model, "_functional", None) or model


def _vocabulary(model: keras.Model, tensor: keras.KerasTensor) -> int:
    """How many tokens there are in an input; 2 where no embedding takes it."""
    sizes = [
        layer.input_dim
        for layer in model._flatten_layers(include_self=False)
        if isinstance(layer, keras.layers.Embedding)
        and any(tensor is given for node in layer._inbound_nodes for given in node.input_tensors)
    ]
    return min(sizes, default=2)


def _check_place(form: str, path: Path) -> None:
    """Raise an ExportError where writing would remove what is no older export."""
    if form == "savedmodel":
        if path.is_dir() and any(path.iterdir()) and not (path / "saved_model.pb").exists():
            raise ExportError(f"{path} is a folder that holds other files. Name another one: --out PATH")
        if path.is_file():
            raise ExportError(
                f"{path} is a file, and a SavedModel is a folder. Name another place: --out PATH"
            )
    elif path.is_dir():
        raise ExportError(f"{path} is a folder. Name a file: --out {path / f'model{SUFFIXES[form]}'}")


# Keras


def _open_keras(path: Path) -> Runtime:
    model = keras.models.load_model(path)
    return lambda inputs: _outputs(model(inputs, training=False))


# SavedModel


def _write_saved_model(model: keras.Model, path: Path) -> None:
    model.export(path, format="tf_saved_model", verbose=False)


def _open_saved_model(path: Path) -> Runtime:
    loaded = tf.saved_model.load(str(path))

    def run(inputs: Any) -> list[np.ndarray]:
        return _outputs(loaded.serve(keras.tree.map_structure(tf.constant, inputs)))  # keeps `loaded` alive

    return run


# ONNX


def _write_onnx(model: keras.Model, path: Path) -> None:
    """Freeze the model into constants and convert that.

    Keras' own `export` hands tf2onnx a function that isn't frozen; tensors that the graph holds, such as the
    frequencies of a rotary embedding, then become inputs of the file.
    """
    import tf2onnx
    from tensorflow.python.framework import convert_to_constants

    _register_erfc()
    graph = _graph(model)
    tensors = keras.tree.flatten(graph.input)
    names = _distinct([tensor.name for tensor in tensors])
    ends = _distinct([f"output_{name}" if name in names else name for name in graph.output_names])

    @tf.function(
        input_signature=[tf.TensorSpec(tensor.shape, tensor.dtype) for tensor in tensors], autograph=False
    )
    def run(*inputs):
        outputs = model(keras.tree.pack_sequence_as(graph.input, inputs), training=False)
        return [
            tf.identity(output) for output in keras.tree.flatten(outputs)
        ]  # one may be an input, or twice

    frozen = convert_to_constants.convert_variables_to_constants_v2(
        run.get_concrete_function(), lower_control_flow=False, aggressive_inlining=True
    )
    given, found = ([tensor.name for tensor in side] for side in (frozen.inputs, frozen.outputs))
    tf2onnx.convert.from_graph_def(
        frozen.graph.as_graph_def(),
        name=model.name,
        input_names=given,
        output_names=found,
        tensors_to_rename=dict(zip(given + found, names + ends, strict=True)),
        output_path=str(path),
    )


def _distinct(names: Sequence[str]) -> list[str]:
    """The names, with a number behind those that come again."""
    return [name if name not in names[:place] else f"{name}_{place + 1}" for place, name in enumerate(names)]


def _open_onnx(path: Path) -> Runtime:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # fatal errors alone; others are raised
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_inputs()]
    return lambda inputs: session.run(None, dict(zip(names, keras.tree.flatten(inputs), strict=True)))


def _register_erfc() -> None:
    """Teach tf2onnx `Erfc`, which the exact GELU takes and tf2onnx leaves as it is: 1 - Erf(x)."""
    from tf2onnx import handler, utils

    if any("Erfc" in ops for ops in handler.tf_op.get_opsets().get("", [])):
        return

    @handler.tf_op("Erfc")
    class Erfc:
        """Conversion from the opset that has Erf on."""

        @classmethod
        def version_9(cls, context, node, **_) -> None:
            kind = utils.map_onnx_to_numpy_type(context.get_dtype(node.input[0]))
            erf = context.make_node("Erf", [node.input[0]]).output[0]
            one = context.make_const(utils.make_name("one"), np.array(1, kind)).output[0]
            node.type = "Sub"
            context.replace_inputs(node, [one, erf])


_WRITERS = {"keras": save_model, "savedmodel": _write_saved_model, "onnx": _write_onnx}
_READERS = {"keras": _open_keras, "savedmodel": _open_saved_model, "onnx": _open_onnx}


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Keep converters from logging what is raised anyway."""
    loggers = [logging.getLogger(name) for name in ("tf2onnx", "tensorflow", "absl")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _outputs(outputs: Any) -> list[np.ndarray]:
    return [keras.ops.convert_to_numpy(each) for each in keras.tree.flatten(outputs)]


def _compare(model: keras.Model, form: str, ours: list[np.ndarray], theirs: list[np.ndarray]) -> None:
    """Raise an ExportError where the outputs of a file are not those of the model."""
    if [each.shape for each in ours] != [each.shape for each in theirs]:
        raise ExportError(
            f"model {model.name!r} can't be exported to {form}: the file gives outputs of shapes "
            f"{[each.shape for each in theirs]}, the model {[each.shape for each in ours]}"
        )
    tolerance = TOLERANCES.get(model.compute_dtype, TOLERANCES["float32"])
    for one, other in zip(ours, theirs, strict=True):
        one, other = one.astype("float64"), other.astype("float64")
        gap = float(np.abs(one - other).max(initial=0))
        if not gap <= tolerance * max(1.0, float(np.abs(one).max(initial=0))):
            raise ExportError(
                f"model {model.name!r} can't be exported to {form}: the file's outputs differ from the "
                f"model's by {gap:.2g}"
            )


def _first_line(error: Exception, aside: Path) -> str:
    """What an error says, without the name of a file that is gone when it is read."""
    line = (str(error).strip() or type(error).__name__).splitlines()[0]
    return line.replace(str(aside), "the file")
