"""The weights of a small net at some times of its training, in one file: to watch it, and to wind it back.

This module imports neither TensorFlow nor Keras: pages read snapshots while the net trains elsewhere.
"""

import zipfile
from pathlib import Path

import numpy as np

from training.runs import written_aside

FILE = "snapshots.npz"

# By step, a model's weights in the order of `keras.Model.get_weights`.
Snapshots = dict[int, list[np.ndarray]]


def marks(steps: int, count: int) -> list[int]:
    """When to keep the weights: `count` steps of a training of `steps`, the first and the last among them.

    They lie the closer the earlier, as squares do, since most happens at the beginning.
    """
    places = np.linspace(0, 1, max(2, count)) ** 2
    return sorted({round(place * steps) for place in places})


def save(folder: Path, snapshots: Snapshots) -> None:
    """Write all snapshots of a run, whole or not at all."""
    arrays = {
        f"{step}/{index}": array for step, weights in snapshots.items() for index, array in enumerate(weights)
    }
    with written_aside(folder / FILE) as aside:
        np.savez(aside, **arrays)  # type: ignore[arg-type]  # its stub takes a name for an option


def load(folder: Path) -> Snapshots:
    """All snapshots of a run, by step from the first on; none where none were kept, or they are damaged."""
    found: Snapshots = {}
    try:
        with open(folder / FILE, "rb") as raw, np.load(raw, allow_pickle=False) as file:
            places = sorted(tuple(map(int, name.split("/"))) for name in file.files)
            for step, index in places:
                found.setdefault(step, []).append(file[f"{step}/{index}"])
    except (OSError, ValueError, zipfile.BadZipFile):
        return {}
    return found
