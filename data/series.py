"""Time series to classify: the UCR archive's `.ts` files, and a CSV of one's own."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data import tables
from data.downloads import manual_folder
from data.source import Augmentation, DataUnavailable, Source, Spec, Split
from data.splitting import without
from data.tables import divide, refuse

MAX_BYTES = tables.MAX_BYTES
MAX_LENGTH = 8192  # points of a series; a column each in a CSV
MAX_CLASSES = 1000
UCR = "https://www.timeseriesclassification.com"


@dataclass(frozen=True)
class Config:
    """Settings of time series.

    Args:
        dataset: Name of a UCR data set, whose two files are looked for where TensorFlow Datasets has its
            manual downloads; "" for files of one's own.
        train: A `.ts` file, or a CSV with one series a row.
        test: The same with the test series; "": a share of `train` is kept for the test.
        label: Where a CSV has the class: "last", "first", or the name of a column of its header.
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
        inputs, labels = read_series(train, self.label, self.fill)
        if self.normalize:
            inputs = normalized(inputs)
        if test is None:
            held, rest = divide(inputs, labels, self.held_out, self.seed)
            test_inputs, test_labels, inputs, labels = inputs[held], labels[held], inputs[rest], labels[rest]
        else:
            test_inputs, test_labels = read_series(test, self.label, self.fill)
            if test_inputs.shape[1:] != inputs.shape[1:]:
                raise DataUnavailable(
                    f"series: those of {test.name} have {_shape(test_inputs)}, those of {train.name} "
                    f"{_shape(inputs)}. They must be alike"
                )
            if self.normalize:
                test_inputs = normalized(test_inputs)
            unseen = without(inputs, test_inputs)
            inputs, labels = inputs[unseen], labels[unseen]
        classes = sorted(set(labels) | set(test_labels), key=tables.by_number)
        if len(set(labels)) < 2 or not len(test_labels):
            raise DataUnavailable(
                f"series: {train.name} must leave at least two classes to learn and one series to "
                f"test. Found {len(labels)} series of {len(set(labels))} classes for training, "
                f"{len(test_labels)} for the test"
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
            ),
            augmentation=self.augmentation,
        )

    def read(self, line: str, spec: Spec) -> np.ndarray:
        """A series as numbers split by commas, its dimensions by colons: `spec.input_shape` float32.

        Raises:
            DataUnavailable: It is no series of that shape.
        """
        return parse_line(line, spec.input_shape, self.normalize, self.fill, self.label)

    def _files(self) -> tuple[Path, Path | None]:
        """The training file, and the test file where there is one."""
        if self.train:
            return tables.path_of(self.train), tables.path_of(self.test) if self.test else None
        if not self.dataset:
            raise DataUnavailable(
                "series: no file is named. Name a .ts file, or a CSV with one series a row: "
                "--data.train PATH, and --data.test PATH where the test series are in another"
            )
        folder = manual_folder() / "ucr"
        files = tuple(folder / f"{self.dataset}_{side}.ts" for side in ("TRAIN", "TEST"))
        for file in files:
            if not file.is_file():
                raise DataUnavailable(
                    f"{self.dataset}: {file.name} is not in {folder}. Get it from {UCR} and put it there, or "
                    f"name the files: --data.train PATH --data.test PATH; or use the embedded source: "
                    f"waveforms"
                )
        return files[0], files[1]


def read_series(file: Path, label: str = "last", fill: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Read series and the class of each from a `.ts` file or a CSV.

    Args:
        file: Its ending `.ts` tells the one from the other.
        label: Of a CSV; see `Config`.
        fill: Fill gaps by straight lines.

    Returns: `(N, T, C)` float32 and `(N,)` texts.

    Raises:
        DataUnavailable: The file is not there, too large, or holds no series of equal length.
    """
    text = tables.read_text(file, "series", "a .ts file or a CSV", "--data.train PATH", MAX_BYTES)
    return parse_series(text, file.name, label, fill)


def parse_series(
    text: str, name: str, label: str = "last", fill: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Read labelled series from a file's text; see `read_series`.

    Args:
        text: Of the file.
        name: Of the file, for messages; `.ts` at its end says what it is.
    """
    rows = list(_ts_rows(text, name) if name.lower().endswith(".ts") else csv_rows(text, name, label))
    if len(rows) < 2:
        refuse(name, f"it has {'one series' if rows else 'no series'}, and two at least are needed")
    series = [numbers_of(cells, where, name, fill) for where, cells, _ in rows]
    for (where, _, _), one in zip(rows, series, strict=True):
        if one.shape != series[0].shape:
            refuse(
                name,
                f"{where} has {_shape(one[None])}, {rows[0][0]} {_shape(series[0][None])}; all must be alike",
            )
    classes = np.array([kind for *_, kind in rows], object)
    found = len(set(classes))
    if found < 2:
        refuse(name, f"all its series are of one class, {classes[0]!r}. Is the class in another column?")
    if found > MAX_CLASSES or found == len(classes) > 20:
        refuse(name, f"it has {found} classes for {len(classes)} series. Is the class in another column?")
    return np.stack(series), classes


def data_lines(text: str) -> list[str]:
    """The lines of a `.ts` file or a CSV that hold series: what is no header, no comment and not empty."""
    found = text.splitlines()
    starts = [number for number, line in enumerate(found) if line.strip().lower() == "@data"]
    rows = [line for line in found[starts[0] + 1 if starts else 0 :] if line.strip() and line[0] not in "#@"]
    if rows and not any(tables.is_number(cell.strip()) for cell in re.split("[,;:\t]", rows[0])):
        del rows[0]
    return rows


def parse_line(
    text: str, shape: Sequence[int], normalize: bool = True, fill: bool = False, label: str = "last"
) -> np.ndarray:
    """Read one series without its class: numbers split by commas, dimensions by colons.

    Args:
        text: The line. One number more than a series has is taken for its class, and left out.
        label: Where that stands in a line without colons: "first", or at its end.
        shape: `(T, C)` of the model's input.
        normalize: As in the `Config` that the model learned from.
        fill: Fill gaps by straight lines.

    Returns: `shape` float32.

    Raises:
        DataUnavailable: It is no series of that shape.
    """
    length, channels = shape
    parts = text.strip().rstrip(":").split(":")
    cells = [tables.split_line(part) for part in parts]
    if len(cells) == channels + 1:
        cells.pop()
    if channels == 1 and len(cells[0]) == length + 1:
        cells[0].pop(0 if label == "first" else -1)
    series = numbers_of(cells, "the series", "this row", fill)
    if series.shape != (length, channels):
        refuse(
            "this row",
            f"the model takes {length} points of {channels} dimensions. Received: {_shape(series[None])}",
        )
    return normalized(series[None])[0] if normalize else series


def normalized(series: np.ndarray) -> np.ndarray:
    """Each series `(N, T, C)` with mean 0 and standard deviation 1 over time; one that stands still is 0."""
    centred = series - series.mean(axis=1, keepdims=True)
    deviation = centred.std(axis=1, keepdims=True)
    return (centred / np.where(deviation > 1e-8, deviation, 1)).astype("float32")


# Where a row stands, the texts of its numbers for each dimension, its class.
Row = tuple[str, list[list[str]], str]


def _ts_rows(text: str, name: str) -> Iterator[Row]:
    """The rows of a `.ts` file: a header up to `@data`; then dimensions split by colons, the class last."""
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines) if line.strip().lower() == "@data"]
    if not starts:
        refuse(name, "it has no line @data, so it is no .ts file")
    for number, line in enumerate(lines[starts[0] + 1 :], start=starts[0] + 2):
        if not line.strip() or line.startswith("#"):
            continue
        *dimensions, kind = line.strip().split(":")
        if not dimensions:
            refuse(name, f"line {number} has no class: it stands after the last colon")
        yield f"line {number}", [cells.split(",") for cells in dimensions], kind.strip()


def csv_rows(text: str, name: str, label: str) -> Iterator[Row]:
    """The rows of a CSV; see `tables.read_rows`."""
    header, rows = tables.read_rows(text, name)
    place = tables.find_label(label, header, 0, name)
    for number, cells in rows:
        if len(cells) < 2:
            refuse(name, f"row {number} has one column; a series and its class are needed")
        kind = cells.pop(place)
        if tables.is_missing(kind):
            refuse(name, f"row {number} has no class")
        yield f"row {number}", [cells], kind


def numbers_of(dimensions: list[list[str]], where: str, name: str, fill: bool) -> np.ndarray:
    """One series `(T, C)` from its texts."""
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
                refuse(name, f"{where}, column {place + 1} {tables.no_number(cell)}")
            series[place, channel] = value
    gaps = np.isnan(series)
    if gaps.any() and not fill:
        place = int(np.argwhere(gaps)[0][0])
        refuse(
            name,
            f"{where} has a gap in column {place + 1}. Fill it, or have gaps filled by straight lines: "
            f"--data.fill true",
        )
    for channel in np.flatnonzero(gaps.any(axis=0)).tolist():
        known = ~gaps[:, channel]
        if not known.any():
            refuse(name, f"{where} has nothing but gaps")
        series[:, channel] = np.interp(np.arange(len(series)), np.flatnonzero(known), series[known, channel])
    return series.astype("float32")


def _shape(series: np.ndarray) -> str:
    length, channels = series.shape[1:]
    return f"{length} points" + (f" of {channels} dimensions" if channels > 1 else "")
