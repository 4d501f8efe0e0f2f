"""Starts the process that reads a model file from outside, and takes over what it found."""

import json
import math
import os
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from inspection.quarantine import archive, child, config
from inspection.quarantine.limits import MOST_FILE, QuarantineError

ROOT = Path(__file__).resolve().parents[2]
MOST_MEMORY = 3 * 2**30  # bytes of address space; NumPy, SciPy and Keras take 0.7 GiB before anything is read
MOST_CPU = 20  # seconds, of which the start takes 2
MOST_SECONDS = 60  # by the clock: the machine may be busy with trainings
MOST_AT_ONCE = 2  # files that are read at the same time; each costs a core
MOST_WAITING = 60  # seconds to wait for one's turn
MOST_RESULT = 16 * 2**20
DTYPES = {
    name: np.dtype(name)
    for name in (
        *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
        *("float16", "float32", "float64"),
    )
}

_turns = threading.BoundedSemaphore(MOST_AT_ONCE)


@dataclass(frozen=True)
class CleanModel:
    """A model from outside that is safe to build: plain settings and plain arrays.

    Args:
        config: Settings of built-in layers, as `config.clean` wrote them.
        arrays: Values of all variables in the order of `keras.Model.variables`; dtype as the file has it.
    """

    config: dict[str, Any]
    arrays: tuple[np.ndarray, ...]


def read(content: bytes | Path) -> CleanModel:
    """Read a `.keras` file from anywhere: its settings here, its weights in a process of its own.

    Args:
        content: The file, or its path.

    Raises:
        QuarantineError: It is damaged, too large, or holds anything but built-in layers and their weights.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clean = config.clean(archive.unpack(content, folder / child.WEIGHTS))
        (folder / child.CONFIG).write_text(json.dumps(clean))
        if not _turns.acquire(timeout=MOST_WAITING):
            raise QuarantineError("other files are being read just now: try again in a minute")
        try:
            _run(folder)
        finally:
            _turns.release()
        return CleanModel(clean, _take(folder))


def _run(folder: Path) -> None:
    """Have the child read the files in a folder."""
    start = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from inspection.quarantine import child; "
    limits = f"{MOST_MEMORY}, {MOST_CPU}, {2 * MOST_FILE}"
    kept = {key: os.environ[key] for key in ("LD_LIBRARY_PATH", "SYSTEMROOT") if key in os.environ}
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-B", "-c", f"{start}child.main({str(folder)!r}, {limits})"],
            cwd=folder,
            # No credentials, no proxies, no home; one thread, since each takes address space.
            env={
                **kept,
                "KERAS_BACKEND": "numpy",
                "KERAS_HOME": str(folder),
                "HOME": str(folder),
                "OPENBLAS_NUM_THREADS": "1",
                "OMP_NUM_THREADS": "1",
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=MOST_SECONDS,
            start_new_session=True,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise QuarantineError(f"it can't be read within {MOST_SECONDS} seconds") from error
    if done.returncode in (-24, -9):  # SIGXCPU, SIGKILL
        raise QuarantineError("reading it takes too much time or memory")
    if done.returncode < 0:
        raise QuarantineError("its file of weights is damaged")
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:] or ["no reason was given"]
        raise QuarantineError(f"it can't be read: {last[0][:300]}")


def _take(folder: Path) -> tuple[np.ndarray, ...]:
    """What the child wrote, which is believed no further than its sizes fit."""
    result = folder / child.RESULT
    if not result.is_file() or result.stat().st_size > MOST_RESULT:
        raise QuarantineError("reading it failed")
    found = json.loads(result.read_text())
    if "error" in found:
        raise QuarantineError(str(found["error"])[:1000])
    arrays = []
    with open(folder / child.ARRAYS, "rb") as file:
        for _, shape, dtype in found["variables"]:
            kind = _dtype(dtype)
            count = math.prod(int(size) for size in shape)
            arrays.append(np.fromfile(file, kind, count).reshape(shape))
    return tuple(arrays)


def _dtype(name: str) -> np.dtype:
    if name == "bfloat16":
        import ml_dtypes

        return np.dtype(ml_dtypes.bfloat16)
    if name not in DTYPES:
        raise QuarantineError(f"it has weights of the type {name[:40]!r}")
    return DTYPES[name]
