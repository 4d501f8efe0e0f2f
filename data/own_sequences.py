"""Sequences of one's own to classify, of different lengths: a CSV with one of them a row."""

from dataclasses import dataclass

import numpy as np

from data import tables
from data.sequences import Ragged, SequenceSplit
from data.series import MAX_CLASSES, csv_rows, numbers_of
from data.source import DataUnavailable, Source, Spec

LEAST = 1e-8  # deviation of values that do not differ


@dataclass(frozen=True)
class Config:
    """Settings of a file of sequences.

    Args:
        file: A CSV with one sequence of numbers a row, and its class. Rows may differ in length.
        label: Where the class stands: "last", "first", or the name of a column of the header.
        validation: Share of each class that is kept for validation.
        held_out: Share of each class that is kept for the test.
        seed: Another seed, other sequences in validation and test.

    Numbers are brought to mean 0 and deviation 1 over all training sequences together.
    """

    file: str = ""
    label: str = "last"
    validation: float = 0.2
    held_out: float = 0.2
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("validation", "held_out"):
            if not 0 < getattr(self, name) < 1:
                raise ValueError(f"{name} must be above 0 and below 1. Received: {getattr(self, name)!r}")

    def load(self) -> Source:
        """Read the sequences, `(T, 1)` of a class each.

        Raises:
            DataUnavailable: No file is named, or it can't be read as sequences.
        """
        if not self.file:
            raise DataUnavailable(
                "sequences: no file is named. Name a CSV with one sequence of numbers a row, its class "
                "last: --data.file PATH"
            )
        path = tables.path_of(self.file)
        text = tables.read_text(path, "sequences", "a CSV", "--data.file PATH")
        return self.parse(text, path.name)

    def parse(self, text: str, name: str) -> Source:
        """The sequences of a file's text; see `load`.

        Args:
            text: Of the file.
            name: Of the file, for messages.
        """
        sequences, labels = _read(text, name, self.label)
        classes = sorted(set(labels.tolist()), key=tables.by_number)
        if len(classes) < 2:
            tables.refuse(name, "at least two classes are needed. Is the class in another column?")
        if len(classes) > MAX_CLASSES or len(classes) == len(labels):
            tables.refuse(name, f"it has {len(classes)} classes for {len(labels)} sequences")
        held, rest = tables.divide(sequences, labels, self.held_out, self.seed)
        chosen, learned = tables.divide(_at(sequences, rest), labels[rest], self.validation, self.seed)
        sides = {"train": rest[learned], "validation": rest[chosen], "test": held}
        for side, places in sides.items():
            if not len(places):
                tables.refuse(name, f"{len(labels)} sequences are too few: none is left for {side}")
        known = np.concatenate(_at(sequences, sides["train"]))
        centre, spread = float(known.mean()), max(float(known.std()), LEAST)
        numbers = {kind: number for number, kind in enumerate(classes)}
        targets = np.array([numbers[kind] for kind in labels], "int32")

        def split(side: str) -> SequenceSplit:
            scaled = [_scaled(one, centre, spread) for one in _at(sequences, sides[side])]
            return SequenceSplit(Ragged.of(scaled), targets[sides[side]])

        return Source(
            split("train"),
            split("validation"),
            split("test"),
            Spec(
                name="sequences",
                input_shape=(None, 1),
                classes=tuple(classes),
                licence="your own",
                citation="",
                centre=(centre,),
                spread=(spread,),
            ),
        )

    def read(self, line: str, spec: Spec) -> np.ndarray:
        """A sequence as numbers split by commas, without its class: `(T, 1)` float32.

        Raises:
            DataUnavailable: It is no sequence of numbers.
        """
        numbers = numbers_of([tables.split_line(line.strip())], "the sequence", "this row", fill=False)
        return _scaled(numbers, spec.centre[0], spec.spread[0])


def _read(text: str, name: str, label: str) -> tuple[list[np.ndarray], np.ndarray]:
    """The sequences `(T, 1)` of a file, and the class of each."""
    sequences, labels = [], []
    for where, (cells,), kind in csv_rows(text, name, label):
        while cells and tables.is_missing(cells[-1].strip()):  # a shorter row of a table is filled up
            cells.pop()
        if not cells:
            tables.refuse(name, f"{where} has a class and no numbers")
        sequences.append(numbers_of([cells], where, name, fill=False))
        labels.append(kind)
    return sequences, np.array(labels, object)


def _at(sequences: list[np.ndarray], places: np.ndarray) -> list[np.ndarray]:
    return [sequences[place] for place in places]


def _scaled(sequence: np.ndarray, centre: float, spread: float) -> np.ndarray:
    return ((sequence - centre) / spread).astype("float32")
