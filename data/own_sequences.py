"""Sequences of one's own to classify, of different lengths: a `.ts` file, or a CSV with one of them a row."""

from dataclasses import dataclass

import numpy as np

from data import files, tables
from data.sequences import Ragged, SequenceSplit
from data.series import (
    STEADY,
    check_classes,
    check_order,
    class_place,
    filled,
    open_text,
    values_of,
    warn_of_unknown,
)
from data.source import DataUnavailable, Source, Spec
from data.splitting import fingerprints
from data.tables import UNUSED


@dataclass(frozen=True)
class Config:
    """Settings of a file of sequences.

    Args:
        file: A `.ts` file, whose series may have several dimensions; or a CSV with one sequence of numbers a
            row, and its class. Sequences may differ in length.
        test: Another with the test sequences; "": a share of `file` is kept for the test.
        label: Where a CSV has the class: "last", "first", or a column by its name or number.
        fill: Fill gaps in a sequence by straight lines; else a gap is an error. Gaps at its end are padding.
        validation: Share of each class that is kept for validation.
        held_out: Share of each class that is kept for the test where there is no test file.
        seed: Another seed, other sequences in validation and test.

    Each dimension is brought to mean 0 and deviation 1 over all training sequences together.
    """

    file: str = ""
    test: str = ""
    label: str = "last"
    fill: bool = False
    validation: float = 0.2
    held_out: float = 0.2
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("validation", "held_out"):
            if not 0 < getattr(self, name) < 1:
                raise ValueError(f"{name} must be above 0 and below 1. Received: {getattr(self, name)!r}")

    def load(self) -> Source:
        """Read the sequences, `(T, C)` of a class each.

        Training sequences of which an exact copy is among the test sequences are left out.

        Raises:
            DataUnavailable: No file is named, or it can't be read as sequences.
        """
        if not self.file:
            raise DataUnavailable(
                "sequences: no file is named. Name a .ts file, or a CSV with one sequence of numbers a row, "
                "its class last: --data.file PATH"
            )
        text, name = _read(self.file, "--data.file PATH")
        if not self.test:
            return self.parse(text, name)
        return self.parse(text, name, _read(self.test, "--data.test PATH"))

    def parse(self, text: str, name: str, test: tuple[str, str] | None = None) -> Source:
        """The sequences of a file's text; see `load`.

        Args:
            text: The file's text.
            name: Name of the file, for messages.
            test: Text and name of the file with the test sequences; None: a share is kept.
        """
        known = parse_sequences(text, name, self.label, self.fill)
        sequences, labels = known.sequences, known.labels
        check_classes(labels.tolist(), name, "sequences", known.declared)
        if len(set(labels)) == len(labels):
            tables.refuse(
                name, f"it has {len(labels)} classes for {len(labels)} sequences. {tables.ELSEWHERE}"
            )
        if test is None:
            files.warn(name, tables.lonely(labels.tolist()))
            held, rest = tables.divide(sequences, labels, self.held_out, self.seed)
            test_sequences, test_labels = _at(sequences, held), labels[held]
        else:
            other = parse_sequences(*test, self.label, self.fill, known.index)
            check_order(test[1], other.names, known.names)
            test_sequences, test_labels = other.sequences, other.labels
            channels, wanted = (one[0].shape[1] if one else 0 for one in (test_sequences, sequences))
            if not test_sequences or channels != wanted:
                found = f"sequences of {channels} dimensions" if test_sequences else "no sequences"
                tables.refuse(test[1], f"it has {found}; those of {name} have {wanted}")
            warn_of_unknown(test[1], set(test_labels) - set(labels))
            rest = np.flatnonzero(~np.isin(fingerprints(sequences), fingerprints(test_sequences)))
            if not len(rest):
                tables.refuse(
                    name, f"all its sequences are in {test[1]} too. Name another test file, or none"
                )
        chosen, learned = tables.divide(_at(sequences, rest), labels[rest], self.validation, self.seed)
        sides = {
            "train": (_at(sequences, rest[learned]), labels[rest[learned]]),
            "validation": (_at(sequences, rest[chosen]), labels[rest[chosen]]),
            "test": (test_sequences, test_labels),
        }
        for side, (some, _) in sides.items():
            if not some:
                tables.refuse(name, f"{len(labels)} sequences are too few: none is left for {side}")
        values = np.concatenate(sides["train"][0])
        centre, spread = values.mean(axis=0), values.std(axis=0)
        constant = spread <= STEADY * np.abs(values).max(axis=0)
        spread = np.where(constant, 1.0, spread)
        classes = sorted(set(labels) | set(test_labels), key=tables.by_number)
        numbers = {kind: number for number, kind in enumerate(classes)}

        def split(side: str) -> SequenceSplit:
            found, kinds = sides[side]
            scaled = [_scaled(one, centre, spread) for one in found]
            return SequenceSplit(Ragged.of(scaled), np.array([numbers[kind] for kind in kinds], "int32"))

        return Source(
            split("train"),
            split("validation"),
            split("test"),
            Spec(
                name="sequences",
                input_shape=(None, len(centre)),
                classes=tuple(classes),
                licence="your own",
                citation="",
                centre=tuple(centre.tolist()),
                spread=tuple(spread.tolist()),
                columns=(UNUSED,) * known.index,
            ),
        )

    def read(self, line: str, spec: Spec) -> np.ndarray:
        """A sequence as numbers split by commas, its dimensions by colons: `(T, C)` float32.

        A row of the training file will do too: with its padding, and with its class where that is no number
        or stands behind padding. A class that is a number stands behind a colon, as in a `.ts` file.

        Raises:
            DataUnavailable: It is no such sequence.
        """
        channels = spec.input_shape[1]
        parts = [tables.read_line(part) for part in line.strip().rstrip(":").split(":")]
        if len(parts) == channels + 1:
            parts.pop()
        elif channels == 1 and len(parts) == 1:
            parts = [_bare(parts[0], self.label, spec)]
        if len(parts) != channels:
            noun = f"{channels} dimension" + "s" * (channels > 1)
            tables.refuse(
                "this row", f"the model takes sequences of {noun}, split by colons. Received: {len(parts)}"
            )
        values = _without_padding(values_of(parts, "the sequence", "this row"))
        if not len(values):
            tables.refuse("this row", "it has no numbers")
        numbers = filled(values, "the sequence", "this row", self.fill)
        return _scaled(numbers, np.array(spec.centre), np.array(spec.spread))


@dataclass(frozen=True)
class Sequences:
    """The sequences of a file.

    Args:
        sequences: `N` arrays `(T, C)` float64, not scaled.
        labels: `(N,)` names of classes.
        index: Number of leading columns that numbered the rows and were left out.
        declared: Whether the file's header lists the classes.
        names: Names of the columns without the index; empty where there is no header.
    """

    sequences: list[np.ndarray]
    labels: np.ndarray
    index: int
    declared: bool
    names: tuple[str, ...] = ()


def parse_sequences(
    text: str, name: str, label: str = "last", fill: bool = False, like: int | None = None
) -> Sequences:
    """Read labelled sequences from a file's text; the arguments are those of `Config` and `Config.parse`.

    `like` is `Sequences.index` of the training file, where this is its test file.

    Raises:
        DataUnavailable: It holds no such sequences.
    """
    opened = open_text(text, name, label, like=like)
    files.warn(name, opened.note)
    sequences: list[np.ndarray] = []
    labels = []
    for row in opened.rows:
        labelled = row.where.startswith("row")
        values = _without_padding(values_of(row.dimensions, row.where, name, row.columns, labelled))
        if not len(values):
            tables.refuse(name, f"{row.where} has a class and no numbers")
        if sequences and values.shape[1] != sequences[0].shape[1]:
            tables.refuse(
                name,
                f"{row.where} has {values.shape[1]} dimensions, the first {sequences[0].shape[1]}; all must "
                f"be alike",
            )
        sequences.append(filled(values, row.where, name, fill, row.columns))
        labels.append(row.kind)
    if not sequences:
        tables.refuse(name, "it has no sequences. At least two classes are needed")
    return Sequences(sequences, np.array(labels, object), opened.index, bool(opened.classes), opened.names)


def _read(file: str, option: str) -> tuple[str, str]:
    """The text and the name of a file."""
    path = files.path_of(file)
    decoded = files.read_text(path, "sequences", "a .ts file or a CSV", option)
    files.warn(path.name, decoded.note)
    return decoded.text, path.name


def _without_padding(values: np.ndarray) -> np.ndarray:
    """A sequence `(T, C)` without the steps at its end that hold nothing: a shorter row of a table."""
    known = np.flatnonzero(~np.isnan(values).all(axis=1))
    return values[: known[-1] + 1] if len(known) else values[:0]


def _bare(cells: list[str], label: str, spec: Spec) -> list[str]:
    """The numbers of a row of a CSV, which may have its class, and then its number too."""
    cells = list(cells)
    while len(cells) > 1 and not cells[-1]:
        cells.pop()
    place = class_place(cells, label, spec.classes) if len(cells) > 1 else None
    if place is None:
        return cells
    padded = place == -1 and len(cells) > 2 and tables.is_missing(cells[-2])
    if tables.is_number(cells[place]) and not padded:
        if any(map(tables.is_fraction, cells)) and not tables.is_fraction(cells[place]):
            files.warn(
                "this row",
                f"its number {cells[place]} at the {'start' if place == 0 else 'end'} is the name of a class "
                f"too, and is read as a step. If it is the class, leave it out",
            )
        return cells  # a number is a step, unless it stands behind padding
    cells.pop(place)
    numbers = cells[: len(spec.columns)]  # of the row, in a row as the file has it
    return cells if any(map(tables.is_fraction, numbers)) else cells[len(numbers) :]


def _at(sequences: list[np.ndarray], places: np.ndarray) -> list[np.ndarray]:
    return [sequences[place] for place in places]


def _scaled(sequence: np.ndarray, centre: np.ndarray, spread: np.ndarray) -> np.ndarray:
    return ((sequence - centre) / spread).astype("float32")
