"""TensorFlow without its start-up messages, of which none is for the person at the terminal."""

import os
import sys


def import_tensorflow() -> None:
    """Import TensorFlow with standard error closed while its libraries load.

    They write to the file descriptor before any of their settings is read. TF_CPP_MIN_LOG_LEVEL, where
    it is set, still decides about everything after that.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if "tensorflow" in sys.modules:
        return
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        import tensorflow  # noqa: F401
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
