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
