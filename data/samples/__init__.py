"""A few test examples of data sets that need a download, so that pages work without a network.

README.md beside this file names their origins and licences.
"""

from pathlib import Path
from typing import Any

import numpy as np

from data import spoken_digits, tfds_images, translation
from data.corpus import Pairs
from data.source import Split

FOLDER = Path(__file__).parent
PER_CLASS = 10  # images
RECORDINGS = 2  # of each digit
PAIRS = 100
SECONDS = 0.75  # of a recording


def find(data: Any) -> Split | Pairs | None:
    """The sample of a data set; None where there is none.

    Args:
        data: Settings of the data set, a `Config` of `data.tfds_images`, `data.spoken_digits` or
            `data.translation`.

    Returns: Examples of the official test split as the data set itself would give them.
    """
    if isinstance(data, tfds_images.Config):
        return _images(data.dataset)
    if isinstance(data, spoken_digits.Config):
        return _recordings(data.form, data.seconds)
    if isinstance(data, translation.Config) and not data.file:
        return _pairs(data.corpus)
    return None


def _images(name: str) -> Split | None:
    path = FOLDER / f"{name}.npz"
    if not path.is_file():
        return None
    with np.load(path) as kept:
        return Split(kept["images"], kept["labels"].astype("int32"), scale=1 / 255)


def _recordings(form: str, seconds: float) -> Split:
    with np.load(FOLDER / "spoken_digits.npz") as kept:
        sounds, labels = kept["sounds"], kept["labels"].astype("int32")
    inputs = [spoken_digits.as_input(sound, spoken_digits.RATE, form, seconds) for sound in sounds]
    return Split(np.stack(inputs), labels)


def _pairs(name: str) -> Pairs | None:
    path = FOLDER / f"{name}.tsv"
    if not path.is_file():
        return None
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    return Pairs(tuple(row[0] for row in rows), tuple(row[1] for row in rows))


def write() -> None:
    """Make the samples from the data sets that TensorFlow Datasets has prepared.

    Raises:
        DataUnavailable: A data set is not here and can't be downloaded.
    """
    for name in ("mnist", "fashion_mnist"):
        test = tfds_images.Config(name).load().test
        rows = _first_of_each(test.targets, PER_CLASS)
        np.savez_compressed(
            FOLDER / f"{name}.npz", images=test.inputs[rows], labels=test.targets[rows].astype("uint8")
        )
    test = spoken_digits.Config(form="wave", seconds=SECONDS).load().test
    # Every 12th or so: the recordings of a digit lie together, speaker by speaker.
    rows = np.concatenate(
        [np.flatnonzero(test.targets == digit)[:: 25 // RECORDINGS][:RECORDINGS] for digit in range(10)]
    )
    sounds = np.rint(test.inputs[rows, :, 0] * np.iinfo("int16").max).astype("int16")
    np.savez_compressed(
        FOLDER / "spoken_digits.npz", sounds=sounds, labels=test.targets[rows].astype("uint8")
    )
    pairs = translation.Config(corpus="tatoeba_fr_en").read_corpus().test
    step = len(pairs.source) // PAIRS
    chosen = list(zip(pairs.source, pairs.target, strict=True))[::step][:PAIRS]
    (FOLDER / "tatoeba_fr_en.tsv").write_text("".join(f"{one}\t{two}\n" for one, two in chosen), "utf-8")


def _first_of_each(labels: np.ndarray, count: int) -> np.ndarray:
    """Places of the first examples of each class, in the order of the test split."""
    return np.sort(np.concatenate([np.flatnonzero(labels == label)[:count] for label in np.unique(labels)]))
