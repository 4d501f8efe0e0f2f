"""A limit on trainings at once: further ones wait, and say so. Needs no TensorFlow.

A training that heeds the limit holds one of N lock files in the runs' folder, which the system lets go of
when the process ends, however it ends. So the limit holds for every server and shell that uses the folder,
and a waiting training is a small process that can be stopped like any other.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from training.runs import RunError

FOLDER = ".slots"  # in the folder of the runs; no run has such a name
POLL_SECONDS = 0.5


@contextlib.contextmanager
def slot(directory: Path, at_once: int, on_wait: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold one of the places for a training; wait while all are taken.

    Args:
        directory: Folder of the runs.
        at_once: Number of places.
        on_wait: Called once where all places are taken.

    Raises:
        RunError: The folder can't be written.
    """
    folder = Path(directory) / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = _first_free(folder, at_once)
        if held is None:
            on_wait()
        while held is None:
            time.sleep(POLL_SECONDS)
            held = _first_free(folder, at_once)
    except OSError as error:
        raise RunError(f"{folder} can't be written: {error.strerror or error}") from error
    try:
        yield
    finally:
        held.release()


def _first_free(folder: Path, at_once: int) -> FileLock | None:
    """The lock of the first place that is free, held; None where none is."""
    for number in range(1, at_once + 1):
        lock = FileLock(folder / f"{number}.lock", timeout=0)
        with contextlib.suppress(Timeout):
            lock.acquire()
            return lock
    return None
