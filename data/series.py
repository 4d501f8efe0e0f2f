"""Time series to classify: the UCR archive's `.ts` files, and a CSV of one's own."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from data import files, tables
from data.downloads import manual_folder
from data.source import Augmentation, DataUnavailable, Source, Spec, Split
from data.splitting import without
from data.tables import UNUSED, divide, refuse

MAX_BYTES = tables.MAX_BYTES
MAX_LENGTH = 8192  # points of a series; a column each in a CSV
MAX_CLASSES = 1000
STEADY = 1e-12  # deviation of float64 values, relative to the largest, up to which they are constant
UCR = "https://www.timeseriesclassification.com"

_UNEQUAL = "sequences_gru takes series of different lengths: --data.file PATH --data.test PATH"


@dataclass(frozen=True)
class Config:
    """Settings of time series.

    Args:
        dataset: Name of a UCR data set, whose two files are looked for where TensorFlow Datasets has its
            manual downloads; "" for files of one's own.
        train: A `.ts` file, or a CSV with one series a row.
        test: The same with the test series; "": a share of `train` is kept for the test.
        label: Where a CSV has the class: "last", "first", or a column by its name or number.
        normalize: Bring each series (each dimension of it) to mean 0 and standard deviation 1.
        fill: Fill gaps in a series by straight lines; else a gap is an error.
        validation: Share of the training series of each class that is kept for validation. At 0 there is
            no validation, and the best model has to be chosen by the training loss.
        held_out: Share of each class that is kept for the test where there is no test file.
        seed: Another seed, other series in validation (and in the test where it is a share).
        augmentation: Random changes of the training series.

    Where settings are compared on sets as small as ArrowHead (36 training series), it is done on the
    validation share under several seeds: a cross-validation of the training file. The test file is
    measured once, by the recipe with `validation` 0, so that it learns from all of them; nothing is
    selected by it.
    """

    dataset: str = ""
    train: str = ""
    test: str = ""
    label: str = "last"
    normalize: bool = True
    fill: bool = False
    validation: float = 0.2
    held_out: float = 0.2
    seed: int = 0
    augmentation: Augmentation = Augmentation()

    def __post_init__(self) -> None:
        for name in ("validation", "held_out"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 0 and below 1. Received: {getattr(self, name)!r}")
        if self.dataset and not self.dataset.isalnum():
            raise ValueError(f"dataset must be a name of letters and digits. Received: {self.dataset!r}")

    def load(self) -> Source:
        """Read the series, `(T, C)` of a class each.

        Training series of which an exact copy is among the test series are left out.

        Raises:
            DataUnavailable: A file is not there, can't be read as series, or has too few of them.
        """
        train, test = self._files()
        learned_file = read_file(train, self.label, self.fill)
        inputs, labels = learned_file.inputs, learned_file.labels
        inputs = normalized(inputs) if self.normalize else inputs.astype("float32")
        if test is None:
            files.warn(train.name, tables.lonely(labels.tolist()))
            held, rest = divide(inputs, labels, self.held_out, self.seed)
            test_inputs, test_labels, inputs, labels = inputs[held], labels[held], inputs[rest], labels[rest]
        else:
            measured = read_file(test, self.label, self.fill, learned_file.index)
            check_order(test.name, measured.names, learned_file.names)
            test_inputs, test_labels = measured.inputs, measured.labels
            if test_inputs.shape[1:] != inputs.shape[1:]:
                raise DataUnavailable(
                    f"series: those of {test.name} have {_shape(test_inputs)}, those of {train.name} "
                    f"{_shape(inputs)}. They must be alike; {_UNEQUAL}"
                )
            warn_of_unknown(test.name, set(test_labels) - set(labels))
            test_inputs = normalized(test_inputs) if self.normalize else test_inputs.astype("float32")
            unseen = without(inputs, test_inputs)
            if not len(unseen):
                refuse(train.name, f"all its series are in {test.name} too. Name another test file, or none")
            inputs, labels = inputs[unseen], labels[unseen]
        classes = sorted(set(labels) | set(test_labels), key=tables.by_number)
        if len(set(labels)) < 2 or not len(test_labels):
            raise DataUnavailable(
                f"series: {train.name} must leave at least two classes to learn and one series to "
                f"test. Found {len(labels)} series of {len(set(labels))} classes for training, "
                f"{len(test_labels)} for the test; equal series stay together. {tables.ELSEWHERE}"
            )
        numbers = {name: number for number, name in enumerate(classes)}
        validation, learned = divide(inputs, labels, self.validation, self.seed)
        targets = np.array([numbers[name] for name in labels], "int32")
        return Source(
            train=Split(inputs[learned], targets[learned]),
            validation=Split(inputs[validation], targets[validation]),
            test=Split(test_inputs, np.array([numbers[name] for name in test_labels], "int32")),
            spec=Spec(
                name=self.dataset.lower() or train.stem,
                input_shape=inputs.shape[1:],
                classes=tuple(classes),
                licence="see timeseriesclassification.com" if self.dataset else "your own",
                citation="Dau et al. 2019, The UCR time series archive, arXiv:1810.07758"
                if self.dataset
                else "",
                columns=(UNUSED,) * learned_file.index,
            ),
            augmentation=self.augmentation,
        )

    def read(self, line: str, spec: Spec) -> np.ndarray:
        """A series as numbers split by commas, its dimensions by colons: `spec.input_shape` float32.

        A row of the training file will do too, with its class and its number.

        Raises:
            DataUnavailable: It is no series of that shape.
        """
        return parse_line(line, spec.input_shape, self.normalize, self.fill, self.label, spec.classes)

    def _files(self) -> tuple[Path, Path | None]:
        """The training file, and the test file where there is one."""
        if self.train:
            return files.path_of(self.train), files.path_of(self.test) if self.test else None
        if not self.dataset:
            raise DataUnavailable(
                "series: no file is named. Name a .ts file, or a CSV with one series a row: "
                "--data.train PATH, and --data.test PATH where the test series are in another"
            )
        folder = manual_folder() / "ucr"
        archived = tuple(folder / f"{self.dataset}_{side}.ts" for side in ("TRAIN", "TEST"))
        for file in archived:
            if not file.is_file():
                raise DataUnavailable(
                    f"{self.dataset}: {file.name} is not in {folder}. Get it from {UCR} and put it there, or "
                    f"name the files: --data.train PATH --data.test PATH; or use the embedded source: "
                    f"waveforms"
                )
        return archived[0], archived[1]


@dataclass(frozen=True)
class Row:
    """A row of a file of series.

    Args:
        where: The row's place, for messages.
        dimensions: The cells of its numbers, for each dimension.
        kind: Name of its class; "" where it has none.
        columns: Numbers from 1 of the cells' columns in a CSV; empty: they are 1, 2, ...
    """

    where: str
    dimensions: list[list[str]]
    kind: str
    columns: tuple[int, ...] = ()


@dataclass(frozen=True)
class Opened:
    """A file of series as it is read.

    Args:
        rows: Its rows.
        index: Number of leading columns that numbered the rows and were left out.
        classes: Classes that its header declares; empty: none.
        note: What a person should know of how it is read, or "".
        names: Names of the columns without the index; empty where there is no header.
    """

    rows: Iterator[Row]
    index: int = 0
    classes: tuple[str, ...] = ()
    note: str = ""
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Series:
    """The series of a file.

    Args:
        inputs: `(N, T, C)` float64, not normalized.
        labels: `(N,)` names of classes.
        index: As in `Opened`.
        names: As in `Opened`.
    """

    inputs: np.ndarray
    labels: np.ndarray
    index: int = 0
    names: tuple[str, ...] = ()


def read_file(file: Path, label: str = "last", fill: bool = False, like: int | None = None) -> Series:
    """Read series and the class of each from a `.ts` file or a CSV.

    Args:
        file: The file; its ending `.ts` or a line `@data` tells the one from the other.
        label: The column of a CSV with the class; see `Config`.
        fill: Fill gaps by straight lines.
        like: `Series.index` of the training file, where this is its test file.

    Raises:
        DataUnavailable: The file is missing, too large, or holds no series of equal length.
    """
    decoded = files.read_text(file, "series", "a .ts file or a CSV", "--data.train PATH", MAX_BYTES)
    files.warn(file.name, decoded.note)
    return _parsed(decoded.text, file.name, label, fill, like)


def read_series(file: Path, label: str = "last", fill: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """The inputs and labels of `read_file`: `(N, T, C)` float64 and `(N,)` texts."""
    found = read_file(file, label, fill)
    return found.inputs, found.labels


def parse_series(
    text: str, name: str, label: str = "last", fill: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Read labelled series from a file's text; see `read_series`.

    Args:
        text: The file's text.
        name: Name of the file, for messages; `.ts` at its end says what it is.
        label: As in `read_file`.
        fill: As in `read_file`.
    """
    found = _parsed(text, name, label, fill)
    return found.inputs, found.labels


def _parsed(text: str, name: str, label: str, fill: bool, like: int | None = None) -> Series:
    opened = open_text(text, name, label, like=like)
    files.warn(name, opened.note)
    series: list[np.ndarray] = []
    kinds: list[str] = []
    first = ""
    for row in opened.rows:
        one = numbers_of(row, name, fill)
        first = first or row.where
        if series and one.shape != series[0].shape:
            refuse(
                name,
                f"{row.where} has {_shape(one[None])}, {first} {_shape(series[0][None])}; all must be alike"
                + (f". {_UNEQUAL}" if one.shape[1] == series[0].shape[1] else ""),
            )
        series.append(one)
        kinds.append(row.kind)
    if len(series) < 2:
        refuse(name, f"it has {'one series' if series else 'no series'}, and two at least are needed")
    check_classes(kinds, name, "series", bool(opened.classes))
    return Series(np.stack(series), np.array(kinds, object), opened.index, opened.names)


def open_text(
    text: str, name: str, label: str = "last", labelled: bool = True, like: int | None = None
) -> Opened:
    """Begin to read a file of series.

    Args:
        text: The file's text.
        name: Name of the file, for messages; `.ts` at its end says what it is, as does a line `@data`.
        label: The column of a CSV with the class; see `Config`.
        labelled: Whether each row of a CSV has a class; else `dimensions` has all its cells but those of an
            index and of a column that `label` names.
        like: As in `tables.read_rows`.

    Raises:
        DataUnavailable: Here or while the rows are taken: it holds no such rows.
    """
    head = text[:_HEAD]
    if (name.lower().endswith(".ts") or _DATA.search(head)) and not _RELATION.search(head):
        return _open_ts(text, name, labelled)
    opened = tables.read_rows(text, name, label=label, counted=True, like=like)
    place: int | None = None
    if labelled or label in opened.header:
        place = opened.label_place(label)
    return Opened(
        _csv_rows(opened, place),
        len(opened.index),
        (),
        opened.note,
        tuple(opened.header[len(opened.index) :]),
    )


def check_classes(kinds: Sequence[str], name: str, noun: str, declared: bool = False) -> None:
    """Refuse classes that are one, or as many as the rows, or quantities.

    Args:
        kinds: The class of each row.
        name: Name of the file, for messages.
        noun: What a row is, in the plural.
        declared: Whether the file's header lists these classes.
    """
    found = set(kinds)
    if len(found) < 2:
        refuse(
            name,
            f"all its {noun} are of one class, {kinds[0]!r}: at least two classes are needed. "
            f"{tables.ELSEWHERE}",
        )
    many = len(found) > MAX_CLASSES or len(found) == len(kinds) > 20
    quantity = tables.are_quantities(found, len(kinds))
    if not declared and (many or quantity):
        why = ", numbers with decimals: it looks like a quantity, and classes are needed" * quantity
        refuse(
            name,
            f"it has {len(found)} classes for {len(kinds)} {noun}{why}. {tables.ELSEWHERE}",
        )


def check_order(name: str, names: Sequence[str], learned: Sequence[str]) -> None:
    """Refuse a test file that has the columns of the training file in another order."""
    if list(names) != list(learned) and sorted(names) == sorted(learned):
        refuse(name, "it has the columns of the training file in another order. Bring them into the same")


def warn_of_unknown(name: str, kinds: set[str]) -> None:
    """Say which classes of a test file the training file lacks."""
    if kinds:
        told = ", ".join(sorted(kinds, key=tables.by_number))[:100]
        files.warn(name, f"the training file has no example of its classes {told}, so they can't be learned")


def uploaded(
    content: bytes, name: str, shape: Sequence[int], label: str = "last", classes: Sequence[str] = ()
) -> tuple[list[Row], str]:
    """The series of a file that is given to a trained model, whether they have classes or not.

    Args:
        content: A `.ts` file or a CSV.
        name: Name of the file.
        shape: `(T, C)` of the model's input.
        label: As in `Config`.
        classes: Names of the model's classes.

    Returns: The rows without classes, for `as_input`; and a sentence about the encoding, or "".

    Raises:
        DataUnavailable: It is no such file.
    """
    decoded = files.decode(content, name, "a CSV or a .ts file", MAX_BYTES)
    opened = open_text(decoded.text, name, label, labelled=False)
    rows = [Row(row.where, _bare(row.dimensions, shape, label, classes), row.kind) for row in opened.rows]
    if not rows:
        raise DataUnavailable("the file has no row of numbers")
    return rows, decoded.note


def parse_line(
    text: str,
    shape: Sequence[int],
    normalize: bool = True,
    fill: bool = False,
    label: str = "last",
    classes: Sequence[str] = (),
) -> np.ndarray:
    """Read one series from a line: numbers split by commas, dimensions by colons.

    Args:
        text: The line. One cell more than a series has is its class, and left out.
        shape: `(T, C)` of the model's input.
        normalize: As in the `Config` that the model learned from.
        fill: Fill gaps by straight lines.
        label: Where the class is in a line without colons: "first", or at its end.
        classes: Names of the model's classes; empty: any name is one.

    Returns: `shape` float32.

    Raises:
        DataUnavailable: It is no series of that shape.
    """
    parts = text.strip().rstrip(":").split(":")
    cells = _bare([tables.read_line(part) for part in parts], shape, label, classes)
    return as_input(Row("the series", cells, ""), shape, normalize, fill)


def as_input(row: Row, shape: Sequence[int], normalize: bool = True, fill: bool = False) -> np.ndarray:
    """A row of `uploaded` as a model sees it; see `parse_line`.

    Raises:
        DataUnavailable: It is no series of that shape.
    """
    length, channels = shape
    series = numbers_of(row, "this row", fill)
    if series.shape != (length, channels):
        refuse(
            "this row",
            f"the model takes {length} points of {channels} dimensions. Received: {_shape(series[None])}",
        )
    return normalized(series[None])[0] if normalize else series.astype("float32")


def normalized(series: np.ndarray) -> np.ndarray:
    """Each series `(N, T, C)` with mean 0 and standard deviation 1 over time, as float32.

    A constant series becomes 0. Its deviation may be a little above 0 by rounding, so the bound is relative
    to its largest value: series may be as small as 1e-21, or vary little about a large mean.
    """
    exact = series.astype("float64")
    centred = exact - exact.mean(axis=1, keepdims=True)
    deviation = centred.std(axis=1, keepdims=True)
    varies = deviation > STEADY * np.abs(exact).max(axis=1, keepdims=True, initial=0)
    return np.where(varies, centred / np.where(varies, deviation, 1), 0).astype("float32")


def class_place(cells: Sequence[str], label: str, classes: Sequence[str]) -> int | None:
    """The place of the class among the cells of a row that may have one; None where it has none.

    Args:
        cells: The row.
        label: "first", "last", or the name of a column of a header that is not here: then the class may be
            at either end.
        classes: Names of the model's classes; empty: any name is one.
    """
    ends = {"first": (0,), "last": (-1,)}.get(label, (-1, 0))
    for text in (True, False):  # a name is surer than a number that a class has too
        for place in ends:
            kind = tables.class_name(cells[place])
            if kind and tables.is_number(kind) != text and (not classes or kind in classes):
                return place
    return None


def _bare(
    dimensions: list[list[str]], shape: Sequence[int], label: str, classes: Sequence[str]
) -> list[list[str]]:
    """The numbers of a row that may have its class, its number, and delimiters at its end."""
    length, channels = shape
    if len(dimensions) == channels + 1:
        return dimensions[:-1]
    if channels > 1 or len(dimensions) > 1:
        return dimensions
    cells = list(dimensions[0])
    while len(cells) > length and not cells[-1]:
        cells.pop()
    numbered = len(cells) == length + 2 and cells[0].isdecimal()
    row = cells[1:] if numbered else cells
    if len(row) == length + 1:
        place = class_place(row, label, classes)
        if place is None:  # a name that the model does not know is still no number
            place = class_place(row, label, ())
            place = place if place is not None and not tables.is_number(row[place]) else None
        if place is not None and not (numbered and not classes and tables.is_number(row[place])):
            return [[cell for n, cell in enumerate(row) if n != place % len(row)]]
        if classes:
            refuse(
                "this row",
                f"the model takes {length} points, and may have a class behind or before them. Received: "
                f"{len(cells)} cells, and none at that place is a class ({', '.join(classes)[:60]})",
            )
    return [cells]


_HEAD = 2**20  # characters in which the header of a .ts file ends
_DATA = re.compile(r"^\s*@data\s*$", re.IGNORECASE | re.MULTILINE)
_RELATION = re.compile(r"^\s*@relation\b", re.IGNORECASE | re.MULTILINE)  # of Weka's ARFF


@dataclass(frozen=True)
class _Header:
    """What the header of a `.ts` file declares.

    Args:
        fields: The rest of each line by its first word in small letters, without the @.
    """

    fields: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, lines: Sequence[str]) -> "_Header":
        words = [line.strip()[1:].split(None, 1) for line in lines if line.strip().startswith("@")]
        return cls({word[0].lower(): word[1].strip() if len(word) > 1 else "" for word in words if word})

    def says(self, name: str, answer: str) -> bool:
        """Whether a line says "true" or "false"."""
        return self.fields.get(name.lower(), "").split(" ")[0].lower() == answer

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes in its line `@classLabel true ...`."""
        if not self.says("classLabel", "true"):
            return ()
        return tuple(tables.class_name(kind) for kind in self.fields["classlabel"].split()[1:])

    @property
    def dimensions(self) -> int:
        """The number of dimensions; 0 where it is not declared."""
        told = self.fields.get("dimensions", self.fields.get("dimension", ""))
        if told.isascii() and told.isdigit() and len(told) < 7:
            return int(told)
        return 1 if self.says("univariate", "true") else 0


def _open_ts(text: str, name: str, labelled: bool) -> Opened:
    """A `.ts` file: a header up to `@data`; then dimensions split by colons, the class last."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    starts = [number for number, line in enumerate(lines) if line.strip().lower() == "@data"]
    if not starts:
        refuse(name, "it has no line @data, so it is no .ts file. If it is a CSV, let its name end with .csv")
    header = _Header.of(lines[: starts[0]])
    if header.says("timestamps", "true"):
        refuse(
            name,
            "its points have time stamps (@timeStamps true), which are not read. Write the values alone, at "
            "even steps, and @timeStamps false",
        )
    if labelled and header.says("targetLabel", "true"):
        refuse(
            name,
            "its target is a number (@targetLabel true), and classes are learned. Take a file with "
            "@classLabel true",
        )
    if labelled and header.says("classLabel", "false"):
        refuse(name, "its series have no class (@classLabel false). Take a file with @classLabel true")
    ends = not (header.says("classLabel", "false") and not header.says("targetLabel", "true"))
    rows = _ts_rows(lines, starts[0] + 1, name, header, ends, labelled)
    return Opened(rows, classes=header.classes)


def _ts_rows(
    lines: Sequence[str], start: int, name: str, header: _Header, ends: bool, labelled: bool
) -> Iterator[Row]:
    """The rows of a `.ts` file; `ends`: each ends with its class or target."""
    classes, wanted = set(header.classes), header.dimensions
    for number, line in enumerate(lines[start:], start=start + 1):
        if not line.strip() or line.lstrip().startswith(("#", "%")):
            continue
        dimensions, kind = line.strip().split(":"), ""
        if ends:
            kind = dimensions.pop()
        if not dimensions:
            refuse(name, f"line {number} has no class: it stands after the last colon")
        kind = tables.class_name(kind.strip())
        if labelled and not kind:
            refuse(name, f"line {number} has no class: it stands after the last colon")
        if labelled and classes and kind not in classes:
            refuse(
                name, f"line {number} has the class {kind[:30]!r}, which its line @classLabel does not list"
            )
        if wanted and len(dimensions) != wanted:
            refuse(
                name,
                f"line {number} has {len(dimensions)} dimensions, and its header declares {wanted}",
            )
        yield Row(f"line {number}", [[cell.strip() for cell in one.split(",")] for one in dimensions], kind)


def _csv_rows(opened: tables.Rows, label: int | None) -> Iterator[Row]:
    """The rows of a CSV, without the columns that number them; `label`: the place of the class."""
    for number, cells in opened.rows:
        kind = ""
        if label is not None:
            if len(cells) < 2 + len(opened.index):
                refuse(opened.name, f"row {number} has one column; a series and its class are needed")
            kind = tables.class_name(cells[label])
            if not kind:
                refuse(opened.name, f"row {number} has no class")
            label_place = label % len(cells)
        else:
            label_place = -1
        kept = [n for n in range(len(cells)) if n != label_place and n not in opened.index]
        shifted = kept != list(range(len(kept)))
        columns = tuple(n + 1 for n in kept) if shifted else ()
        yield Row(f"row {number}", [[cells[n] for n in kept]], kind, columns)


def values_of(
    dimensions: list[list[str]],
    where: str,
    name: str,
    columns: Sequence[int] = (),
    labelled: bool = False,
) -> np.ndarray:
    """One series `(T, C)` float64 from its texts, NaN for gaps.

    Args:
        dimensions: As in `Row`.
        where: The row's place, for messages.
        name: Name of the file, for messages.
        columns: As in `Row`.
        labelled: Whether the row is one of a CSV and has a class, which may be in another column.
    """
    if len({len(cells) for cells in dimensions}) > 1:
        refuse(name, f"the dimensions of {where} are not equally long")
    if len(dimensions[0]) > MAX_LENGTH:
        refuse(name, f"{where} has {len(dimensions[0])} points, more than {MAX_LENGTH}")
    if len(dimensions) > MAX_LENGTH:
        refuse(name, f"{where} has {len(dimensions)} dimensions, more than {MAX_LENGTH}")
    series = np.empty((len(dimensions[0]), len(dimensions)), "float64")
    for channel, cells in enumerate(dimensions):
        for place, cell in enumerate(cells):
            value = math.nan if tables.is_missing(cell.strip()) else tables.number(cell)
            if value is None:
                column = columns[place] if columns else place + 1
                text = labelled and column == 1 and not tables.is_meant_as_number(cell)
                hint = ". If it is the class: --data.label first" if text else ""
                refuse(name, f"{where}, column {column} {tables.no_number(cell)}{hint}")
            series[place, channel] = value
    return series + 0.0  # -0 becomes 0: equal series have equal bytes


def numbers_of(row: Row, name: str, fill: bool) -> np.ndarray:
    """The series `(T, C)` float64 of a row, gaps filled where that is asked for."""
    labelled = bool(row.kind) and row.where.startswith("row")
    values = values_of(row.dimensions, row.where, name, row.columns, labelled)
    return filled(values, row.where, name, fill, row.columns)


def filled(series: np.ndarray, where: str, name: str, fill: bool, columns: Sequence[int] = ()) -> np.ndarray:
    """A series `(T, C)` with its gaps filled by straight lines, or refused; `columns` as in `Row`."""
    gaps = np.isnan(series)
    if gaps.any() and not fill:
        place = int(np.argwhere(gaps)[0][0])
        ends = bool(gaps[place:].all())
        refuse(
            name,
            f"{where} has a gap in column {columns[place] if columns else place + 1}. Fill it, or have gaps "
            f"filled by straight lines: --data.fill true" + (f". {_UNEQUAL}" if ends else ""),
        )
    for channel in np.flatnonzero(gaps.any(axis=0)).tolist():
        known = ~gaps[:, channel]
        if not known.any():
            refuse(name, f"{where} has nothing but gaps")
        series[:, channel] = np.interp(np.arange(len(series)), np.flatnonzero(known), series[known, channel])
    return series


def _shape(series: np.ndarray) -> str:
    length, channels = series.shape[1:]
    return f"{length} points" + (f" of {channels} dimensions" if channels > 1 else "")
