"""Rows of a CSV, each with a class: what series and points of one's own have in common."""

import csv
import itertools
import os
import re
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

import numpy as np

from data.source import DataUnavailable, Spec
from data.splitting import fingerprints

MAX_BYTES = 256 * 2**20  # of a file
MAX_ROWS = 10_000_000
MAX_COLUMNS = 100_000  # of a row, so that a file of nothing but commas fills no memory
LARGEST = 1e30  # of a number; its square still is one in float64, and itself in float32
MISSING = ("", "?", "nan", "na", "null", "none")

_HEAD = 2**20  # characters in which the first row ends, or is cut
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")  # a terminal would obey them
_QUOTED = re.compile('"[^"]*"')
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+(?:e[+-]?\d+)?", re.IGNORECASE)
_DECIMAL_POINT = re.compile(r"[+-]?\d+\.\d+(?:e[+-]?\d+)?", re.IGNORECASE)
_OTHER_COMMA = re.compile(r"(?<!\d),|,(?!\d+(?:e[+-]?\d+)?\s*(?:[;\t]|$))", re.IGNORECASE)

# A row's number in its file, the header's included, and its cells without blanks around them.
NumberedRow = tuple[int, list[str]]


def path_of(text: str) -> Path:
    """A path as a person writes it; `~` is their home, and stays where there is none."""
    return Path(os.path.expanduser(text))


def read_text(path: Path, source: str, wanted: str, option: str, max_bytes: int = MAX_BYTES) -> str:
    """Read a text file; the arguments are those of `read_bytes`.

    Raises:
        DataUnavailable: It is not there, no plain file, too large, or no text.
    """
    return as_text(read_bytes(path, source, wanted, option, max_bytes), path.name, wanted, max_bytes)


def read_bytes(path: Path, source: str, wanted: str, option: str, max_bytes: int = MAX_BYTES) -> bytes:
    """Read a file.

    Args:
        path: The file.
        source: Of `data.SOURCES`, for messages.
        wanted: What it should be, such as "a CSV".
        option: How it is named on the command line.
        max_bytes: Size that is not to be exceeded.

    Raises:
        DataUnavailable: It is not there, no plain file, or too large.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would keep us waiting, a device never ends
            raise OSError("it is no plain file")
        with path.open("rb") as file:
            content = file.read(max_bytes + 1)
            size = os.fstat(file.fileno()).st_size
    except (OSError, ValueError) as error:  # a ValueError where the path holds a zero byte
        reason = getattr(error, "strerror", None) or error
        raise DataUnavailable(
            one_line(f"{source}: {path} can't be read ({reason}). Name {wanted}: {option}")
        ) from error
    _check_size(max(size, len(content)), path.name, max_bytes)
    return content


def as_text(content: str | bytes, name: str, wanted: str, max_bytes: int = MAX_BYTES) -> str:
    """A file's content as text, without the mark that some programs put before UTF-8.

    Raises:
        DataUnavailable: It is too large, or no text.
    """
    _check_size(len(content), name, max_bytes)
    try:
        text = content if isinstance(content, str) else content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        refuse(name, f"this is no text file. {wanted[0].upper()}{wanted[1:]} in UTF-8 is needed")
    return text.removeprefix("\ufeff")


def read_rows(
    text: str, name: str, max_columns: int = MAX_COLUMNS, max_rows: int = MAX_ROWS
) -> tuple[list[str], Iterator[NumberedRow]]:
    """The rows of a CSV, split by comma, semicolon or tab, whichever its first row has.

    Beside semicolons a decimal comma is read as a point. Empty rows are left out.

    Args:
        text: Of the file.
        name: Of the file, for messages.
        max_columns: Of a row.
        max_rows: Of the file beside its header, the empty ones included.

    Returns: The header, which is a first row without numbers or one that counts the columns as pandas
        writes it, else []; and the other rows as they come.

    Raises:
        DataUnavailable: Here or while the rows are taken: no CSV, too many rows or columns, a row that is
            not as wide as the header, decimal commas beside decimal points.
    """
    rows = _split(text, name, max_columns, max_rows)
    first = next(rows, None)
    if first is None:
        return [], iter(())
    if is_header(first[1]):
        header = [one_line(cell) for cell in first[1]]
        return header, _as_wide_as(header, rows, name)
    return [], itertools.chain([first], rows)


def split_line(line: str) -> list[str]:
    """The cells of one row by comma, semicolon or tab; decimal commas beside semicolons become points."""
    decimal = (";" in line or "\t" in line) and not _OTHER_COMMA.search(line)
    cells = [cell.strip() for cell in re.split("[;\t]" if decimal else "[,;\t]", line)]
    return [_with_point(cell) for cell in cells] if ";" in line and decimal else cells


def read_point(line: str, spec: Spec) -> np.ndarray:
    """A point as numbers split by commas or spaces, in the units of its data, as a model sees it.

    Args:
        line: Such as "0.3, -1.2".
        spec: Of the data, with `features`; `centre` and `spread` say what their units are.

    Returns: `(D,)` float32.

    Raises:
        DataUnavailable: It is no such point.
    """
    cells = split_line(line.strip())
    numbers = [number(cell) for cell in (cells if len(cells) > 1 else line.split())]
    found = [value for value in numbers if value is not None]
    features, given = spec.features, repr(line.strip()[:40])
    if not len(found) == len(numbers) == len(features):
        what = {1: "one number", 2: "two numbers"}.get(len(features), f"{len(features)} numbers")
        names, example = " and ".join(features), ", ".join(["0.3", "-1.2"][: len(features)])
        raise DataUnavailable(one_line(f"a point is {what}, {names}, such as {example}. Received: {given}"))
    point = (np.array(found) - (spec.centre or 0)) / (spec.spread or 1)
    if np.abs(point).max() > LARGEST:
        raise DataUnavailable(f"the point lies too far from the data. Received: {given}")
    return point.astype("float32")


def is_header(cells: Sequence[str]) -> bool:
    """Whether a row names columns: none of them by a number, or at least three by counting from 0 on."""
    counted = [str(place) for place in range(len(cells))]
    if len(cells) > 3 and list(cells[:-1]) == counted[:-1]:  # the last may name the class
        return True
    named = [cell for cell in cells if not is_missing(cell)]
    return bool(named) and not any(map(is_meant_as_number, named))


def find_label(label: str, header: Sequence[str], width: int, name: str) -> int:
    """The place of the column with the class: "first" is 0, "last" is -1, others see `find_column`."""
    if label in ("first", "last"):
        return 0 if label == "first" else -1
    return find_column(label, header, width, name)


def find_column(wanted: str, header: Sequence[str], width: int, name: str) -> int:
    """The place of a column.

    Args:
        wanted: Its name, or its number from 1 where no column has that for a name.
        header: Names of the columns; empty where there are none.
        width: Number of columns that may be named by their number.
        name: Of the file, for messages.

    Raises:
        DataUnavailable: There is no such column, or there are two.
    """
    wanted = one_line(wanted)
    if wanted and header.count(wanted) > 1:
        refuse(name, f"it has {header.count(wanted)} columns {wanted[:30]!r}. Name it by its number")
    if wanted and wanted in header:
        return header.index(wanted)
    if wanted.isascii() and wanted.isdigit() and len(wanted) < 10 and 1 <= int(wanted) <= width:
        return int(wanted) - 1
    known = ", ".join(cell[:30] for cell in header[:8]) or (
        f"1 to {width}, for the first row is no header" if width else "none: the first row is no header"
    )
    refuse(name, f"it has no column {wanted[:30]!r}. Its columns: {known}")


def is_missing(cell: str) -> bool:
    """Whether a cell, without blanks around it, stands for a gap."""
    return cell.lower() in MISSING


def is_number(cell: str) -> bool:
    """Whether a cell holds a number that can be learned from."""
    return number(cell) is not None


def number(cell: str) -> float | None:
    """The number in a cell; None where it is text, infinite, or not below `LARGEST`."""
    value = _float(cell)
    return value if value is not None and abs(value) < LARGEST else None


def is_meant_as_number(cell: str) -> bool:
    """Whether a cell is a number, or would be if it were smaller or written with a decimal point."""
    return _float(cell) is not None or _DECIMAL_COMMA.fullmatch(cell) is not None


def no_number(cell: str) -> str:
    """Why a cell is no number, to stand after its place in a sentence."""
    told = f"is no number: {cell[:30]!r}"
    if _float(cell) is not None:
        return f"{told} (it must be finite, and below {LARGEST:.0e})"
    return f"{told} (decimals are written with a point)" if _DECIMAL_COMMA.fullmatch(cell) else told


def by_number(name: str) -> tuple[float, str]:
    """What classes are sorted by: those that are numbers in their order, all others after them by name."""
    value = number(name)
    return (float("inf") if value is None else value, name)


def divide(
    inputs: Sequence[np.ndarray] | np.ndarray, labels: np.ndarray, share: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Indices of about `share` of each class, and of the rest; equal inputs stand on one side.

    At least one of each class that has two different inputs is taken, unless `share` is 0, and one is left
    of every class; only where inputs are in several classes at once may there be none to take.

    Args:
        inputs: `(N, ...)`.
        labels: `(N,)`.
        share: In [0, 1).
        seed: Another seed, others are taken.

    Returns: Two ascending arrays.
    """
    values, places = np.unique(fingerprints(inputs, seed), return_inverse=True)
    kinds = [np.unique(places[labels == kind]) for kind in sorted(set(labels.tolist()))]
    taken = np.zeros(len(values), bool)
    for kind in kinds:
        wanted = min(max(1, round(share * len(kind))), len(kind) - 1) if share else 0
        taken[kind[:wanted]] = True
    for kind in kinds:  # all of a class may be in another one too, and have gone with that
        if taken[kind].all():
            taken[kind[-1]] = False
    side = taken[places]
    return np.flatnonzero(side), np.flatnonzero(~side)


def one_line(text: str) -> str:
    """A text as one line without control characters, whatever the file held that it comes from."""
    return " ".join(_CONTROL.sub(" ", text).split())


def refuse(name: str, why: str) -> NoReturn:
    """Say in one sentence what is the matter with a file."""
    raise DataUnavailable(one_line(f"{name}: {why}"))


def _check_size(size: int, name: str, max_bytes: int) -> None:
    if size > max_bytes:
        refuse(name, f"it has {size / 2**20:.0f} MiB, more than {max_bytes // 2**20}. Keep a part of it")


def _split(text: str, name: str, max_columns: int, max_rows: int) -> Iterator[NumberedRow]:
    """All rows that are not empty."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    delimiter = _delimiter(text[:_HEAD].lstrip().split("\n", 1)[0])
    columns = 0  # of the row that is being read, which may go over several lines

    def lines() -> Iterator[str]:
        nonlocal columns
        for match in re.finditer("[^\n]+\n?|\n", text):
            columns += text.count(delimiter, *match.span())
            if columns >= max_columns:
                refuse(
                    name,
                    f"one of its rows has {columns + 1} columns, more than {max_columns}. Leave out those "
                    f"that are not needed",
                )
            yield match.group()

    marks: dict[str, tuple[int, str]] = {}  # the first decimal point and the first decimal comma
    reader = csv.reader(lines(), delimiter=delimiter)
    try:
        for place, row in enumerate(reader, start=1):
            columns = 0
            if place > max_rows + 1:
                refuse(name, f"it has more than {max_rows:,} rows. Keep a part of them")
            cells = [cell.strip() for cell in row]
            if delimiter == ";":
                _note_marks(cells, place, marks, name)
                cells = [_with_point(cell) for cell in cells]
            if any(cells):
                yield place, cells
    except csv.Error as error:
        refuse(name, f"it can't be read as a CSV: {error}. Is a quotation mark left open?")


def _delimiter(line: str) -> str:
    """What splits the cells of a row: commas do not where all of them can be decimal ones."""
    bare = _QUOTED.sub("", line)
    marks = [mark for mark in ";\t" if mark in bare]
    if not marks or _OTHER_COMMA.search(bare):
        marks.append(",")
    return max(marks, key=bare.count)


def _note_marks(cells: list[str], place: int, marks: dict[str, tuple[int, str]], name: str) -> None:
    """Refuse a file with both decimal marks: the one is then likely to part thousands."""
    for cell in cells:
        for mark, pattern in ((",", _DECIMAL_COMMA), (".", _DECIMAL_POINT)):
            if mark in cell and mark not in marks and pattern.fullmatch(cell):
                marks[mark] = (place, cell)
    if len(marks) == 2:
        (row, cell), (other_row, other_cell) = marks["."], marks[","]
        refuse(
            name,
            f"row {row} has a decimal point, {cell[:30]!r}, and row {other_row} a decimal comma, "
            f"{other_cell[:30]!r}. Write all numbers with a point, and none with marks between thousands",
        )


def _with_point(cell: str) -> str:
    return cell.replace(",", ".") if "," in cell and _DECIMAL_COMMA.fullmatch(cell) else cell


def _as_wide_as(header: list[str], rows: Iterator[NumberedRow], name: str) -> Iterator[NumberedRow]:
    for place, cells in rows:
        if len(cells) != len(header):
            refuse(name, f"row {place} has {len(cells)} columns, the header {len(header)}")
        yield place, cells


def _float(cell: str) -> float | None:
    if "_" in cell:  # Python reads 1_000 as a number; people mean a name
        return None
    try:
        return float(cell)
    except ValueError:
        return None
