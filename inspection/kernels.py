"""A saved model's kernels, read from its file alone: no TensorFlow is woken for a glance."""

import zipfile
from pathlib import Path

import numpy as np

WEIGHTS = "model.weights.h5"  # in a .keras file, which is a ZIP archive


def first_kernels(path: Path) -> np.ndarray | None:
    """The kernels of a saved model's first convolution, averaged over the channels that they look at.

    Args:
        path: Of a `.keras` file.

    Returns: `(height, width, F)` or `(length, F)` float32; None where the model has no convolution or the
        file can't be read.
    """
    import h5py

    try:
        with zipfile.ZipFile(path) as archive, archive.open(WEIGHTS) as file, h5py.File(file) as weights:
            layers = weights["layers"]
            # Keras numbers the layers of a class from the first: conv2d, conv2d_1, ...
            name = next((name for name in ("conv2d", "conv1d") if name in layers), None)
            if name is None:
                return None
            return np.asarray(layers[name]["vars"]["0"], "float32").mean(axis=-2)  # of (..., C, F)
    except (OSError, KeyError, zipfile.BadZipFile):
        return None


def kernels(model) -> dict[str, np.ndarray]:
    """The learned kernels of every convolution of a model, nested models included.

    Args:
        model: A functional or Sequential Keras model.

    Returns: By the layer's name, as `inspection.activations` has it, `(..., C, F)` float32: what each of the
        F maps takes from each of the C channels that it looks at. A depthwise convolution's F maps look at
        one channel each, `(..., 1, F)`. A layer that is used twice is here once.

    Raises:
        InspectionError: The model has no graph of layers.
    """
    from inspection import graph

    found: dict[str, np.ndarray] = {}
    seen = set()
    for name, layer in graph.layers(model).items():
        values = _kernel(layer.operation)
        if values is not None and id(layer.operation) not in seen:
            seen.add(id(layer.operation))
            found[name] = values
    return found


def _kernel(operation) -> np.ndarray | None:
    """A convolution's kernel `(..., C, F)`; None for what is no convolution."""
    import keras

    kind = type(operation).__name__
    if "Conv" not in kind or "LSTM" in kind or not hasattr(operation, "kernel_size"):
        return None
    if kind.startswith("Separable"):  # its spatial kernel; the mixing of channels has no pattern in space
        kernel = operation.depthwise_kernel
    elif kind.endswith("Transpose"):
        kernel = keras.ops.swapaxes(operation.kernel, -1, -2)  # Keras has the outputs first there
    else:
        kernel = operation.kernel
    values = np.asarray(keras.ops.convert_to_numpy(kernel), "float32")
    if kind.startswith(("Depthwise", "Separable")):
        values = values.reshape(*values.shape[:-2], 1, -1)
    return values
