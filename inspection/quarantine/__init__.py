"""Model files from outside: read so that nothing in them can harm this process or this machine.

The settings in a `.keras` file may name any function of Keras, which then
runs while the model is rebuilt; a few bytes may ask for more memory than there is, or for hours. Therefore:

1. `config.clean` walks over the settings, before anything is built, and writes them anew from an allow-list.
2. `weigh.check` finds what the model costs from its shapes alone.
3. `archive.check_weights` walks over what the file of weights declares.
4. Only then the model is built, of the clean settings, and takes over plain arrays.

`load` is for files that anyone may bring, such as an upload: steps 2 and 3, and reading the weights, happen
in a process of its own with limits on memory and time. This process never opens the weights.

`load_kept` is for files that lie in this installation's folders, such as a run's `model.keras`: all steps, in
this process. So a run folder from a stranger can run no code and fill no memory, and the many runs made here
still load at once: the check takes some tenths of a second, while a child takes seconds, for each of a dozen
models on a page, and again at each epoch of a training that is watched.

Other formats come in by `CleanModel`: settings of built-in layers, and plain arrays.
"""

import functools
import json
from pathlib import Path
from typing import TYPE_CHECKING

from inspection.quarantine.limits import QuarantineError
from inspection.quarantine.process import CleanModel, read

if TYPE_CHECKING:
    import keras

__all__ = ["CleanModel", "QuarantineError", "build", "load", "load_kept", "read"]


def load(content: bytes | Path) -> "keras.Model":
    """Load a `.keras` file from anywhere.

    Args:
        content: The file, or its path.

    Returns: The model, uncompiled; its initializers are zeros.

    Raises:
        QuarantineError: It is damaged, too large, or holds anything but built-in layers and their weights.
    """
    return build(read(content))


def load_kept(path: Path) -> "keras.Model":
    """Load a `.keras` file that lies in this installation's own folders.

    Args:
        path: Path of the file.

    Returns: The model, uncompiled; its initializers are zeros.

    Raises:
        QuarantineError: As `load` does.
        OSError: The file can't be read.
    """
    import tempfile

    from inspection.quarantine import archive, config, weigh

    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / archive.WEIGHTS
        clean = config.clean(archive.unpack(path, weights))
        archive.check_weights(weights)
        _weigh(json.dumps(clean))
        model = weigh.build(clean)
        weigh.fill(model, weights)
    return model


@functools.lru_cache(maxsize=64)
def _weigh(clean: str) -> None:
    """Weigh the model of clean settings, once: while a run trains, only its weights change."""
    from inspection.quarantine import weigh

    weigh.check(json.loads(clean))


def build(clean: CleanModel) -> "keras.Model":
    """Build a model of clean settings and arrays.

    Args:
        clean: Settings that `config.clean` wrote and that `weigh.check` passed, and the arrays.

    Raises:
        QuarantineError: The arrays are not those of the model.
    """
    from inspection.quarantine import weigh

    model = weigh.build(clean.config)
    variables = list(model.variables)
    if [tuple(variable.shape) for variable in variables] != [array.shape for array in clean.arrays]:
        raise QuarantineError("its weights are not those of the model that it describes")
    for variable, array in zip(variables, clean.arrays, strict=True):
        variable.assign(array)
    for layer in model._flatten_layers():
        if hasattr(layer, "finalize_state"):  # a normalization computes with a copy of its variables
            layer.finalize_state()
    return model
