"""The process that a model file from outside is weighed and read in; `process` starts it.

It is given a folder with the settings that `config.clean` allowed (`config.json`) and the file's own weights
(`model.weights.h5`), and writes there what the server reads: `result.json` and `arrays.bin`. Its limits are
set before anything large is imported; it weighs the model before it opens the weights, whose library is
written in C. Keras runs on its NumPy backend here: it starts in 1 s of CPU time, where TensorFlow takes 5 s.
"""

import contextlib
import ctypes
import json
import os
import sys
import types
from pathlib import Path
from typing import Any

CONFIG, WEIGHTS, RESULT, ARRAYS = "config.json", "model.weights.h5", "result.json", "arrays.bin"
NEW_USER, NEW_NETWORK = 0x10000000, 0x40000000  # CLONE_NEWUSER, CLONE_NEWNET of Linux
END_WITH_PARENT, NO_NEW_PRIVILEGES = 1, 38  # PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS


def main(folder: str, memory: int, seconds: int, file_size: int) -> None:
    """Weigh and read the file in `folder`.

    Args:
        folder: That of the files.
        memory: Bytes of address space.
        seconds: Of CPU time.
        file_size: Bytes of a file that is written.
    """
    _confine(memory, seconds, file_size)
    os.chdir(folder)
    try:
        import_keras()
        result = read(Path())
    except MemoryError:
        result = {"error": f"it needs more than {memory // 2**20:,} MiB of memory to be read"}
    except Exception as error:
        from inspection.quarantine.limits import QuarantineError

        if not isinstance(error, QuarantineError):
            raise
        result = {"error": str(error)}
    Path(RESULT).write_text(json.dumps(result))
    os._exit(0)  # nothing to be tidied up, and what hangs on a hostile file is not waited for


def _confine(memory: int, seconds: int, file_size: int) -> None:
    """Give up what is not needed, as far as the system lets a process do so."""
    with contextlib.suppress(ImportError):  # Windows
        import resource

        for kind, most in (
            (resource.RLIMIT_AS, memory),
            (resource.RLIMIT_CPU, seconds),
            (resource.RLIMIT_FSIZE, file_size),
            (resource.RLIMIT_NOFILE, 256),
            (resource.RLIMIT_CORE, 0),
        ):
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(kind, (most, most))
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            system = ctypes.CDLL(None, use_errno=True)
            system.prctl(END_WITH_PARENT, 9, 0, 0, 0)
            system.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
            # Without a network: of its own, which has no way out. Refused in some containers.
            system.unshare(NEW_USER | NEW_NETWORK)


def import_keras() -> None:
    """Import Keras on its NumPy backend, without JAX and TensorFlow.

    That backend takes convolutions and Fourier transforms from JAX. No model runs here: empty modules do.
    """
    for name in ("jax", "jax.lax", "keras.src.backend.jax", "keras.src.backend.jax.math"):
        sys.modules[name] = types.ModuleType(name)
    jax: Any = sys.modules["jax"]
    jax.lax, jax.monitoring = sys.modules["jax.lax"], types.SimpleNamespace(record_scalar=None)
    transforms: Any = sys.modules["keras.src.backend.jax.math"]
    transforms.fft = transforms.fft2 = None
    # What Keras imports where it is installed, and reading a model has no use for: an import of it fails.
    for name in ("tensorflow", "sklearn", "matplotlib", "pandas", "PIL", "IPython", "pydot"):
        sys.modules[name] = None  # type: ignore[assignment]
    import keras

    assert keras.config.backend() == "numpy"
    # The one layer here that finds the shape of its output by running, for which it asks for TensorFlow.
    keras.layers.Pipeline.compute_output_shape = _pipeline_shape


def _pipeline_shape(pipeline: Any, input_shape: Any) -> Any:
    for layer in pipeline.layers:
        input_shape = layer.compute_output_shape(input_shape)
    return input_shape


def read(folder: Path) -> dict[str, Any]:
    """Weigh and read the file in a folder; write the arrays of all variables there, one after the other.

    Returns: Path, shape and dtype of each.

    Raises:
        QuarantineError: The model is too large, or the weights are not its own.
    """
    import numpy as np

    from inspection.quarantine import archive, weigh

    config = json.loads((folder / CONFIG).read_text())
    weigh.check(config)
    archive.check_weights(folder / WEIGHTS)
    model = weigh.build(config)
    weigh.fill(model, folder / WEIGHTS)
    told = []
    with open(folder / ARRAYS, "wb") as file:
        for variable in model.variables:
            file.write(np.asarray(variable.numpy()).tobytes())
            told.append([variable.path, list(variable.shape), str(variable.dtype)])
    return {"variables": told}
