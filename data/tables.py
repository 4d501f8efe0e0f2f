"""The one reader of tables: dialect, header, index column, missing marks, numbers and classes.

Points, tables, series and sequences of a user are all read here, for training, for a line that is given to
`predict`, and for an upload on a page.
"""

import csv
import itertools
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import numpy as np

from data import files
from data.files import one_line, refuse
from data.source import DataUnavailable, Spec
from data.splitting import fingerprints

__all__ = ["one_line", "refuse"]  # of `data.files`, for those who read tables

MAX_BYTES = files.MAX_BYTES
MAX_ROWS = 10_000_000
MAX_COLUMNS = 100_000  # of a row, so that a file of nothing but commas fills no memory
LARGEST = 1e30  # of a number; its square still is one in float64, and itself in float32

# What pandas, R, Excel, Weka and NumPy write where a number is missing, in small letters.
MISSING = (
    "", "?", "nan", "-nan", "na", "n/a", "<na>", "null", "none", "nil",
    "#n/a", "#n/a n/a", "#na", "#nv", "#null!", "#div/0!", "#value!", "#num!", "#ref!", "#name?",
    "1.#qnan", "-1.#qnan", "1.#ind", "-1.#ind",
)  # fmt: skip
# Where a class is missing. The words above may be the names of classes.
MISSING_CLASS = ("", "?", "#n/a", "#nv", "#null!", "#div/0!", "#value!", "#num!", "#ref!", "#name?")
# Names of a column with the class; by one of them a first row of numbers is known as a header.
CLASS_NAMES = (
    "class", "classes", "class_label", "classlabel", "class label", "label", "labels", "target", "targets",
    "y", "category", "kind", "type", "species", "group", "outcome", "output", "result", "diagnosis",
    "klasse", "classe", "clase",
)  # fmt: skip
# Names of a column that numbers the rows, where it holds nothing but different integers, or different texts.
INDEX_NAMES = ("index", "id", "row", "rowid", "row_id", "rownames", "row.names", "x1", "no", "no.", "nr", "#")
# Names that hardly any column has but the one with the class; the others of `CLASS_NAMES` have other uses.
SURE_CLASS_NAMES = (
    "class", "classes", "class_label", "classlabel", "class label", "label", "labels", "target", "targets",
    "species", "klasse", "classe", "clase",
)  # fmt: skip
ELSEWHERE = "Is the class in another column? --data.label NAME, or --data.label first"

_LOOKED_AT = 1000  # first rows by which the header and an index are known
_LOOKED_AT_CELLS = 500_000  # most cells of them
_HEAD = 2**20  # characters in which the first rows end, or are cut
_LEAST_COUNTED = 10  # rows that a column without a telling name must count to be an index
_SEP = re.compile(r'\s*"?sep=([^\n])"?[ \t]*(?:\n|$)', re.IGNORECASE)
_QUOTED = re.compile('"[^"]*"')
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+(?:e[+-]?\d+)?", re.IGNORECASE)
_DECIMAL_POINT = re.compile(r"[+-]?\d+\.\d+(?:e[+-]?\d+)?", re.IGNORECASE)
_THREE_DIGITS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+")  # the comma may part thousands
_PARTED = re.compile(r"[+-]?[1-9]\d{0,2}(?:\.\d{3})+|[+-]?[1-9]\d{0,2}(?:,\d{3})+")
_OTHER_COMMA = re.compile(r"(?<!\d),|,(?!\d+(?:e[+-]?\d+)?\s*(?:[;\t]|$))", re.IGNORECASE)
_UNNAMED = re.compile(r"unnamed: 0(?:[._]\d+)*(?:_level_\d+)?|\.\.\.1", re.IGNORECASE)  # pandas, readr
_ID = re.compile(r"(?:.*[ _.-])?id|.*[a-z]I[dD]")  # case_id, PassengerId, customerID
_TS = re.compile(  # no two of its repeats take the same characters, so that it is linear
    r"\A(?:[ \t]*(?:#[^\n]*)?\n)*[ \t]*@(?:problemname|timestamps|univariate|classlabel)\b", re.IGNORECASE
)
_ATTRIBUTE = re.compile(r"@attribute\s+(?:'([^']*)'|\"([^\"]*)\"|(\S+))\s+(.*)", re.IGNORECASE)

# A row's number in its file, the header's included, and its cells without blanks around them.
NumberedRow = tuple[int, list[str]]


@dataclass(frozen=True)
class Rows:
    """A table as it is read.

    Args:
        header: Names of the columns, without control characters; empty where the file has none.
        rows: The rows below the header, each with its number in the file, as they are read.
        index: Places of the leading columns that number the rows, such as pandas and R write.
        width: Number of columns of the header, else of the first row; 0 where there is neither.
        name: Name of the file, for messages.
        note: A sentence on what was left out, or "".
    """

    header: list[str]
    rows: Iterator[NumberedRow]
    index: tuple[int, ...]
    width: int
    name: str
    note: str = ""

    def label_place(self, label: str, width: int | None = None) -> int:
        """The place of the column with the class.

        Args:
            label: "first", of the columns that are no index; "last", which is -1; else see `find_column`.
            width: Number of columns that may be named by their number; None: all.

        Raises:
            DataUnavailable: There is no such column.
        """
        if label == "first":
            return len(self.index)
        if label == "last":
            return -1
        return find_column(label, self.header, self.width if width is None else width, self.name)


def read_rows(
    text: str,
    name: str,
    max_columns: int = MAX_COLUMNS,
    max_rows: int = MAX_ROWS,
    label: str = "last",
    counted: bool = False,
    like: int | None = None,
) -> Rows:
    """Read a table.

    Cells are split by commas, semicolons, tabs, bars or blanks, whichever the first rows show, or by what a
    first line `sep=;` names. Decimal commas become points beside semicolons, and elsewhere where the first
    rows have one that can't part thousands. Empty rows and comments (lines that begin with #) are left out.
    Weka's ARFF is read too.

    The first row is a header if it has no numbers, if its numbers count the columns, or if its class cell is
    the name of such a column and no class of another row.

    Args:
        text: The file's text.
        name: Name of the file, for messages.
        max_columns: Most columns of a row.
        max_rows: Most rows beside the header, the empty ones included.
        label: Where the class is: "last", "first", or a column by its name or number.
        counted: Whether a leading column that counts the rows is an index whatever its name is: of series,
            where it would be a point.
        like: Number of leading columns that numbered the rows of the training file, where this is its test
            file: it may be short, or its numbers may go on, so that they alone do not tell. None: it is no
            test file.

    Raises:
        DataUnavailable: Here or while the rows are taken: no table, too many rows or columns, a row that is
            not as wide as the header, decimal commas beside decimal points.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\x1a")
    if _TS.search(text[:_HEAD]):
        refuse(
            name, "it is a .ts file of series, and a table is needed. series_cnn reads it: --data.train PATH"
        )
    names, text = _without_arff_header(text, name)
    dialect = _Dialect.of(text)
    rows = _split(text, name, dialect, max_columns, max_rows)
    first = _first_rows(rows)
    while first and all(len(cells) > 1 and not cells[-1] for _, cells in first):  # a delimiter ends each row
        first = [(place, cells[:-1]) for place, cells in first]
        rows = _without_last(rows, name)
    if not first:
        return Rows(names, iter(()), (), len(names), name)
    header: list[str] = names
    if not header and _lacks_a_name(first):
        header = ["", *first.pop(0)[1]]
    elif not header and _is_header(first[0], first[1:], label):
        header = first.pop(0)[1]
    elif not header:
        header = _comment_header(text, dialect, first)
    header = [one_line(cell) for cell in header]
    width = len(header) or len(first[0][1])
    index, note = _index(header, first, width, label, counted, like)
    notes = [note, _other_class(header, label), "" if header else _odd_first(first, label)]
    if counted and not notes[1]:
        notes.append(_whole_numbers(header, first, len(index), label))
    note = "; ".join(filter(None, notes))
    chained: Iterator[NumberedRow] = itertools.chain(first, rows)
    if header:
        chained = _as_wide_as(header, chained, name)
    return Rows(header, chained, index, width, name, note)


def read_line(line: str) -> list[str]:
    """The cells of one row, split as in a file that has this row alone."""
    line = line.strip("\r\n\ufeff ")
    if not line.strip():
        return [""]
    rows = [cells for _, cells in _split(line, "this row", _Dialect.of(line), MAX_COLUMNS, 2)]
    return rows[0] if len(rows) == 1 else [line]  # a row of empty cells, or several rows


def read_point(line: str, spec: Spec, fill: bool = False) -> np.ndarray:
    """A row of numbers in the units of its data, as a model sees it.

    A row as the data's file has it will do as well: with its class, and with the columns that the model
    does not use.

    Args:
        line: Such as "0.3, -1.2", or "0.3 -1.2".
        spec: What is known of the data: `features`; `centre` and `spread` of their units; `columns`.
        fill: Take the mean in the place of a gap.

    Returns: `(D,)` float32.

    Raises:
        DataUnavailable: It is no such row.
    """
    features, given = spec.features, repr(line.strip()[:40])
    cells = _features(read_line(line), spec)
    centre = spec.centre or (0.0,) * len(features)
    numbers = [
        mean if fill and is_missing(cell) else number(cell)
        for cell, mean in itertools.zip_longest(cells[: len(features)], centre, fillvalue="")
    ]
    found = [value for value in numbers if isinstance(value, int | float)]
    if not len(found) == len(cells) == len(features):
        what = {1: "one number", 2: "two numbers"}.get(len(features), f"{len(features)} numbers")
        names = " and ".join(features) if len(features) < 3 else ", ".join(features)
        example = ", ".join(["0.3", "-1.2"][: len(features)]) + ", ..." * (len(features) > 2)
        noun = "a point" if len(features) < 3 else "a row"
        raise DataUnavailable(
            one_line(f"{noun} is {what}, {names[:200]}, such as {example}. Received: {given}")
        )
    point = (np.array(found) - (spec.centre or 0)) / (spec.spread or 1)
    if np.abs(point).max() > LARGEST:
        raise DataUnavailable(f"the point lies too far from the data. Received: {given}")
    return point.astype("float32")


def find_column(wanted: str, header: Sequence[str], width: int, name: str) -> int:
    """The place of a column.

    Args:
        wanted: Its name, or its number from 1 where no column has that for a name.
        header: Names of the columns; empty where there are none.
        width: Number of columns that may be named by their number.
        name: Name of the file, for messages.

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
    """Whether a cell of numbers, without blanks around it, stands for a gap."""
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


def class_name(cell: str) -> str:
    """The name of a class; "" where it is missing.

    Equal numbers have one name, however they are written, and so have texts that look the same.

    >>> [class_name(cell) for cell in ("1", "1.0", "1e0", "-0", "NA", "?")]
    ['1', '1', '1', '0', 'NA', '']
    """
    cell = files.tidy(cell)
    if cell.lower() in MISSING_CLASS:
        return ""
    if number(cell) is None:
        return cell
    try:
        value = Decimal(cell.replace("\u2212", "-"))
    except InvalidOperation:  # what float takes and Decimal does not
        return cell
    if not value:
        return "0"
    if not -20 <= value.adjusted() <= 30:
        return str(value.normalize())
    text = format(value, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text).removeprefix("+")


def are_quantities(names: Collection[str], count: int) -> bool:
    """Whether the names of classes look like quantities: numbers, some with decimals, and many of them.

    Args:
        names: The different names.
        count: Number of rows.
    """
    if len(names) <= max(20, count / 5) and not len(names) == count >= _LEAST_COUNTED:
        return False
    values = [number(name) for name in names]
    return all(value is not None for value in values) and any(value % 1 for value in values if value)


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


@dataclass(frozen=True)
class _Dialect:
    """How the rows of a text are split.

    Args:
        delimiter: What splits cells; " " is any number of blanks or tabs.
        decimal_comma: Whether decimal commas become points.
        quote: The quotation mark.
        start: Where the rows begin in the text, behind a line `sep=;`.
        marks: What comments begin with; empty where no line is one.
        pattern: Which cells of the first row that is no comment are numbers.
    """

    delimiter: str
    decimal_comma: bool
    quote: str
    start: int
    marks: tuple[str, ...]
    pattern: tuple[bool, ...]

    @classmethod
    def of(cls, text: str, quote: str = '"') -> "_Dialect":
        """The dialect that the first rows of a text show."""
        named = _SEP.match(text)
        start = named.end() if named else 0
        head = [line.strip(" ") for line in text[start : start + _HEAD].split("\n") if line.strip()]
        marks: tuple[str, ...] = ("#", "%") if "@data" in text[:_HEAD].lower() else ("#",)
        lines = [line for line in head if not line.lstrip().startswith(marks)][:200]
        if not lines:
            lines, marks = head[:200], ()
        delimiter = named.group(1) if named else _delimiter(lines)
        parsed = [_cells(line, delimiter, quote) for line in lines[:100]]
        decimal = delimiter == ";" or any(
            _DECIMAL_COMMA.fullmatch(cell) and not _THREE_DIGITS.fullmatch(cell)
            for cells in parsed
            for cell in cells
        )
        pattern = tuple(is_meant_as_number(cell) for cell in parsed[-1]) if parsed else ()
        return cls(delimiter, decimal, quote, start, marks, pattern)

    def is_comment(self, line: str) -> bool:
        """Whether a line is a comment, and no row whose first cell begins like one."""
        if not line.lstrip().startswith(self.marks or ("\0",)):
            return False
        cells = _cells(line.strip(), self.delimiter, self.quote)
        numbers = tuple(is_meant_as_number(cell) for cell in cells)
        return numbers != self.pattern or not any(numbers)


def _cells(line: str, delimiter: str, quote: str) -> list[str]:
    """The cells of a line that is a row."""
    line = line.replace("\t", " ") if delimiter == " " else line
    try:
        found = next(csv.reader([line], delimiter=delimiter, quotechar=quote, skipinitialspace=True), [])
    except csv.Error:
        return line.split(delimiter)
    return [cell.strip() for cell in found]


def _delimiter(lines: Sequence[str]) -> str:
    """What splits the cells of rows: commas do not where all of them can be decimal ones."""
    line = _QUOTED.sub("", lines[0]) if lines else ""
    marks = [mark for mark in ";\t|" if mark in line]
    if not marks and _by_blanks(lines):
        return " "
    if not marks or _OTHER_COMMA.search(line):
        marks.append(",")
    return max(marks, key=line.count)


def _by_blanks(lines: Sequence[str]) -> bool:
    """Whether rows are split by blanks: no line has another delimiter, and numbers stand between them."""
    tokens = [_cells(line, " ", '"') for line in lines[:20]]
    numbers = 0
    for cells in tokens:
        for cell in cells:
            if "," in cell and not _DECIMAL_COMMA.fullmatch(cell):
                return False
        if sum("," in cell for cell in cells) == 1 and len(cells) == 2:
            return False  # such as "1,5 apples"
        numbers += len(cells) > 1 and any(map(is_meant_as_number, cells))
    return numbers > 0


def _split(text: str, name: str, dialect: _Dialect, max_columns: int, max_rows: int) -> Iterator[NumberedRow]:
    """All rows that are not empty."""
    delimiter, quote = dialect.delimiter, dialect.quote
    columns = 0  # of the row that is being read, which may go over several lines
    within = False  # quotation marks

    def lines() -> Iterator[str]:
        nonlocal columns, within
        if dialect.start:
            yield "\n"
        for match in re.finditer("[^\n]+\n?|\n", text[dialect.start :] if dialect.start else text):
            line = match.group()
            if not within and dialect.is_comment(line):
                yield "\n"  # rows are counted as a person counts them
                continue
            if quote in line and line.count(quote) % 2:
                within = not within
            if delimiter == " ":
                line = line.replace("\t", " ").strip(" ")
            columns += len(line.split()) - 1 if delimiter == " " else line.count(delimiter)
            if columns >= max_columns:
                refuse(
                    name,
                    f"one of its rows has {columns + 1} columns, more than {max_columns}. Leave out those "
                    f"that are not needed",
                )
            yield line

    marks: dict[str, tuple[int, str]] = {}  # the first decimal point and the first decimal comma
    parted = _Parted(name) if delimiter == ";" else None
    reader = csv.reader(lines(), delimiter=delimiter, quotechar=quote, skipinitialspace=delimiter == " ")
    try:
        for place, row in enumerate(reader, start=1):
            columns, within = 0, False
            if place > max_rows + 1:
                refuse(name, f"it has more than {max_rows:,} rows. Keep a part of them")
            cells = [cell.strip() for cell in row]
            if parted:
                parted.see(place, cells)
            if dialect.decimal_comma:
                _note_marks(cells, place, marks, name)
                cells = [_with_point(cell) for cell in cells]
            if any(cells):
                yield place, cells
        if parted:
            parted.check()
    except csv.Error as error:
        refuse(name, f"it can't be read as a CSV: {error}. Is a quotation mark left open?")


class _Parted:
    """What tells that a file with semicolons has marks between thousands, which are read as decimal ones.

    That is a column with 900 and 1.000 (or 1,000): all marks in it stand before three digits, and a whole
    number of three digits at most has none. A program that writes three decimals writes them of 900 too.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.marked: dict[int, tuple[int, str]] = {}  # by column, the first number with such a mark
        self.whole: dict[int, tuple[int, str]] = {}  # by column, the first number of three digits without
        self.other: set[int] = set()  # columns with other numbers that have marks

    def see(self, row: int, cells: list[str]) -> None:
        """Take in a row."""
        for column, cell in enumerate(cells):
            if column in self.other or not cell[-1:].isdigit():
                continue
            if "," in cell or "." in cell:
                if not _PARTED.fullmatch(cell):
                    self.other.add(column)
                else:
                    self.marked.setdefault(column, (row, cell))
            elif len(cell.lstrip("+-")) == 3:
                self.whole.setdefault(column, (row, cell))

    def check(self) -> None:
        """Raise a DataUnavailable where thousands seem to be parted."""
        for column in sorted(self.marked.keys() & self.whole.keys() - self.other):
            (row, cell), (other_row, other_cell) = self.marked[column], self.whole[column]
            refuse(
                self.name,
                f"row {row} has {cell!r} and row {other_row} {other_cell!r} in column {column + 1}. The mark "
                f"in the first seems to part thousands. Write numbers without such marks",
            )


def _first_rows(rows: Iterator[NumberedRow]) -> list[NumberedRow]:
    """The rows by which a table is judged."""
    first: list[NumberedRow] = []
    cells = 0
    for row in itertools.islice(rows, _LOOKED_AT):
        first.append(row)
        cells += len(row[1])
        if cells > _LOOKED_AT_CELLS and len(first) > 1:
            break
    return first


def _is_header(row: NumberedRow, others: Sequence[NumberedRow], label: str) -> bool:
    """Whether the first row names the columns."""
    cells = row[1]
    if label and label not in ("first", "last") and label in cells and not is_number(label):
        return True
    named = [cell for cell in cells if not is_missing(cell)]
    gaps = any(cell and is_missing(cell) for cell in cells)
    if gaps and len(named) < 2 and not any(cell.lower() in CLASS_NAMES for cell in named):
        return False
    places = [place for place, cell in enumerate(cells) if cell]
    texts = [place for place in places if not is_meant_as_number(cells[place])]
    if not places or (len(texts) == len(places) and _recurs(cells, others, label)):
        return False
    if len(texts) == len(places):
        return True
    start = 0 if cells[0] else 1  # a corner without a name
    numbers = [cells[place] for place in places if place not in texts]
    counts = _counts(numbers)
    from_zero = counts and numbers[0] == "0"
    if not texts:  # the class is named by a number too
        seen = {
            class_name(cell) for cell in _column(0 if label == "first" else len(cells) - 1, cells, others)
        }
        if counts and len(others) > 1 and not any(map(is_number, seen)):
            return True  # a number above classes that are names
        return counts and len(numbers) > 3 - start and (len(numbers) >= 10 or cells[-1] not in seen)
    columns = {place: _column(place, cells, others) for place in texts}
    if any(cells[place] in columns[place] for place in texts):  # a class, of this row as of others
        return False
    if any(cells[place].lower() in CLASS_NAMES for place in texts):
        return True
    if counts and (len(numbers) >= 10 or (from_zero and len(numbers) >= 3) or start):
        return True
    if len(texts) > 1:
        return False
    kinds = [class_name(cell) for cell in columns[texts[0]]]
    if len(kinds) > 1 and all(map(is_number, kinds)):
        return True
    recur = len(kinds) > 2 and len(set(kinds)) <= len(kinds) / 2
    return recur and ((counts and len(numbers) > 2) or _evenly_spaced(numbers))


def _lacks_a_name(first: Sequence[NumberedRow]) -> bool:
    """Whether the first row names all columns but the first, as R's write.table has it."""
    (_, cells), others = first[0], [cells for _, cells in first[1:]]
    if {len(other) for other in others} != {len(cells) + 1} or not _is_header(first[0], [], ""):
        return False
    names = [other[0] for other in others]
    return _counts(names) or (len(set(names)) == len(names) and not any(map(is_number, names)))


def _column(place: int, cells: Sequence[str], others: Sequence[NumberedRow]) -> list[str]:
    """The cells of other rows at a place of the first one; the first and the last of rows of any length."""
    if place == len(cells) - 1:
        return [other[-1] for _, other in others]
    return [other[place] for _, other in others if len(other) == len(cells) or not place]


def _recurs(cells: Sequence[str], others: Sequence[NumberedRow], label: str) -> bool:
    """Whether a first row of a class and empty cells is a row of gaps: its class is one of other rows."""
    if sum(map(bool, cells)) > 1:
        return False
    place = next(place for place, cell in enumerate(cells) if cell)
    return cells[place] in _column(place, cells, others)


def _evenly_spaced(numbers: Sequence[str]) -> bool:
    """Whether there are ten numbers or more in even steps, such as times or wavelengths."""
    values = np.array([number(cell) or 0.0 for cell in numbers])
    steps = np.diff(values)
    return len(values) >= 10 and steps[0] > 0 and bool(np.allclose(steps, steps[0], rtol=1e-3))


def _comment_header(text: str, dialect: _Dialect, first: Sequence[NumberedRow]) -> list[str]:
    """The header that stands in the last comment above the rows, as NumPy writes it; else empty."""
    if not dialect.marks or not first:
        return []
    comments = [
        line.strip().lstrip("".join(dialect.marks)).strip()
        for line in itertools.takewhile(
            lambda line: not line.strip() or dialect.is_comment(line), text[dialect.start : _HEAD].split("\n")
        )
        if line.strip()
    ]
    cells = _cells(comments[-1], dialect.delimiter, dialect.quote) if comments else []
    fits = len(cells) == len(first[0][1]) and len(set(cells)) == len(cells)
    return cells if fits and all(cells) and not any(map(is_meant_as_number, cells)) else []


def _index(
    header: Sequence[str],
    first: Sequence[NumberedRow],
    width: int,
    label: str,
    counted: bool,
    like: int | None,
) -> tuple[tuple[int, ...], str]:
    """The leading columns that number the rows, and a sentence where that had to be guessed."""
    rows = [cells for _, cells in first]
    if not rows or min(map(len, rows)) < 2:
        return (), ""
    place = 0
    notes: list[str] = []
    while place < width - 2:
        name = header[place] if header else ""
        if label not in ("first", "last") and _names(label, name, place, header):
            break
        cells = [row[place] for row in rows if len(row) > place]
        different = len(set(cells)) == len(cells)
        integers = different and all(cell.lstrip("+-").isdecimal() for cell in cells)
        texts = different and not any(map(is_meant_as_number, cells))
        unnamed = bool(header) and (not name or _UNNAMED.fullmatch(name)) and any(header[place + 1 :])
        told = (integers or texts) and is_index_name(name, header)
        told = told and label != "first" and width - place > 3
        if not (told or (unnamed and (label != "first" or place or integers))):
            break
        if told:
            notes.append(f"column {place + 1} ({name[:30]!r}) numbers the rows and is left out")
        place += 1
    if (
        like
        and place < like < min(width - 1, *map(len, rows))
        and all(_may_number([row[n] for row in rows]) for n in range(like))
    ):
        return tuple(range(like)), ""
    guess = like is None and not place and width > 3 and label != "first" and (counted or not header)
    if guess and len(rows) >= _LEAST_COUNTED and _counts([row[0] for row in rows]) and not _in_step(rows):
        name = f" ({header[0][:30]!r})" if header else ""
        return (0,), f"column 1{name} counts the rows and is left out"
    return tuple(range(place)), "; ".join(notes)


def _may_number(cells: Sequence[str]) -> bool:
    """Whether cells are whole numbers, or texts, as those of an index."""
    return all(cell.lstrip("+-").isdecimal() for cell in cells) or not any(map(is_meant_as_number, cells))


def is_index_name(name: str, header: Sequence[str]) -> bool:
    """Whether a column of this name numbers the rows; "x1" does not beside "x2"."""
    known = [cell.lower() for cell in header]
    if name.lower() == "x1" and "x2" in known:
        return False
    return name.lower() in INDEX_NAMES or _ID.fullmatch(name) is not None


def _other_class(header: Sequence[str], label: str) -> str:
    """A sentence where the last column is taken for the class, and another one is called so; else ""."""
    if label != "last" or len(header) < 3 or header[-1].lower() in CLASS_NAMES:
        return ""
    called = [place for place, name in enumerate(header) if name.lower() in SURE_CLASS_NAMES]
    if len(called) != 1:
        return ""
    name = header[called[0]]
    return (
        f"what is predicted is read from the last column ({header[-1][:30]!r}), and column {called[0] + 1} "
        f"is called {name!r}. If that holds it: --data.label {name!r}"
    )


def _odd_first(first: Sequence[NumberedRow], label: str) -> str:
    """A sentence where the first row has a class of its own, and may be a header of numbers; else ""."""
    if label not in ("first", "last"):
        return ""
    kinds = [class_name(cells[0 if label == "first" else -1]) for _, cells in first]
    if len(kinds) < _LEAST_COUNTED or is_number(kinds[0]) or not kinds[0] or kinds[0] in kinds[1:]:
        return ""
    if len(set(kinds)) > len(kinds) / 2:
        return ""
    return (
        f"its first row is read as an example of the class {kinds[0][:30]!r}, which none of the next rows "
        f"has. If it is a header, call that column class"
    )


def lonely(kinds: Sequence[str]) -> str:
    """A sentence on classes that have one example alone, or ""."""
    found = [kind for kind, count in Counter(kinds).items() if count == 1]
    if not found or len(found) == len(set(kinds)):
        return ""
    told = ", ".join(sorted(found, key=by_number))[:100]
    return f"one example alone is of class {told}: it is learned, and none is left for the test"


def _whole_numbers(header: Sequence[str], first: Sequence[NumberedRow], start: int, label: str) -> str:
    """A sentence where the first columns of series hold whole numbers and all others decimals; else "".

    They may be the class, or number the rows, and nothing else tells.
    """
    rows = [cells for _, cells in first]
    if len(rows) < 4 or label == "first" or min(map(len, rows)) < start + 4:
        return ""

    def whole(place: int) -> list[bool]:
        values = [number(cells[place]) for cells in rows]
        return [value is not None and value % 1 == 0 for value in values]

    end = start
    while end < start + 3 and all(whole(end)) and len({cells[end] for cells in rows}) > 1:
        end += 1
    others = list(itertools.chain.from_iterable(whole(n) for n in range(end, min(map(len, rows)) - 1)))
    if end == start or end == start + 3 or not others or sum(others) > len(others) / 10:
        return ""
    several = end > start + 1
    told = f"columns {start + 1} and {end} hold" if several else f"column {start + 1} holds"
    names = " and ".join(repr(name[:30]) for name in header[start:end] if name)
    told = told.replace(" hold", f" ({names}) hold") if names else told
    advice = "they are no points, remove them" if several else "it numbers the rows, remove it"
    taken = "they are read as points" if several else "it is read as a point"
    first_label = "" if several or start else " If it holds the class: --data.label first."
    return f"{told} whole numbers and the others decimals: {taken}.{first_label} If {advice} from the file"


def in_order(cells: Sequence[str]) -> bool:
    """Whether cells are different whole numbers that ascend, or that fill a range in any order."""
    if len(cells) < _LEAST_COUNTED or not all(cell.isdecimal() and len(cell) < 19 for cell in cells):
        return False
    values = [int(cell) for cell in cells]
    ascend = all(one < other for one, other in itertools.pairwise(values))
    return ascend or (len(set(values)) == len(values) == max(values) - min(values) + 1)


def _counts(cells: Sequence[str]) -> bool:
    """Whether cells are 0, 1, 2, ... or 1, 2, 3, ..."""
    return any(all(cell == str(base + n) for n, cell in enumerate(cells)) for base in (0, 1))


def _names(label: str, name: str, place: int, header: Sequence[str]) -> bool:
    """Whether a label means the column of this name and place."""
    return label == name if label in header else label == str(place + 1)


def _in_step(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the second column counts as the first does: then both are numbers of one thing."""
    values = [number(row[1]) if len(row) > 1 else None for row in rows]
    known = [value for value in values if value is not None]
    return len(known) == len(rows) and bool(np.allclose(np.diff(known), 1))


def _without_arff_header(text: str, name: str) -> tuple[list[str], str]:
    """Names of the columns of Weka's ARFF, and the text without its header; of other files none, and all.

    Lines of the header become empty, so that rows keep their numbers.
    """
    head = text[:_HEAD].lower()
    if "@relation" not in head or "@data" not in head:
        return [], text
    lines = text.split("\n")
    data = next((n for n, line in enumerate(lines) if line.strip().lower() == "@data"), None)
    if data is None or any(
        line.strip() and not line.strip().startswith(("@", "%", "#")) for line in lines[:data]
    ):
        return [], text
    names = []
    for line in lines[:data]:
        found = _ATTRIBUTE.match(line.strip())
        if found:
            if found.group(4).strip().lower().startswith("relational"):
                refuse(
                    name, "its attributes are relational, which are not read. Take the .ts file of this set"
                )
            names.append(next(part for part in found.groups() if part is not None))
    body = [
        "" if line.strip().startswith("%") else line.replace("'", '"') if line.count("'") > 1 else line
        for line in lines[data + 1 :]
    ]
    if any(line.strip().startswith("{") for line in body):
        refuse(name, "its rows are sparse, which are not read. Save it as CSV")
    return names, "\n".join([""] * (data + 1) + body)


def _without_last(rows: Iterator[NumberedRow], name: str) -> Iterator[NumberedRow]:
    """The rows without the empty cell that a delimiter at their end makes."""
    for place, cells in rows:
        if cells[-1]:
            refuse(name, f"row {place} has a cell in column {len(cells)}, which is empty in the rows above")
        yield place, cells[:-1]


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


def _features(cells: list[str], spec: Spec) -> list[str]:
    """The cells of the features, of a row that may have its class and other columns of its file."""
    wanted = len(spec.features)
    if len(cells) == wanted:
        return cells
    roles = spec.columns
    if len(cells) == wanted + 1 != len(roles) and class_name(cells[-1]) in spec.classes:
        return cells[:-1]
    if len(cells) == len(roles) and not _may_be_class(cells[roles.index(CLASS)], spec):
        return cells
    if len(cells) == len(roles) - 1:  # the file's columns without the class
        roles = tuple(role for role in roles if role != CLASS)
        if roles[0] == UNUSED and is_fraction(cells[0]) and len(cells) == wanted + 1:
            return cells  # no number of a row: the class may be at the end, and one that is not known
    if len(cells) == len(roles):
        return [cell for _, cell in sorted((r, c) for r, c in zip(roles, cells, strict=True) if r >= 0)]
    return cells


def _may_be_class(cell: str, spec: Spec) -> bool:
    """Whether a cell may stand in the column with what is predicted; a number that is no class may not."""
    return not spec.classes or class_name(cell) in spec.classes or not is_meant_as_number(cell)


def is_fraction(cell: str) -> bool:
    """Whether a cell is a number with decimals other than 0."""
    value = number(cell)
    return value is not None and value % 1 != 0


# What a column of a file is, beside the number of a feature; see `Spec.columns`.
UNUSED, CLASS = -1, -2


def _float(cell: str) -> float | None:
    if "_" in cell:  # Python reads 1_000 as a number; people mean a name
        return None
    try:
        return float(cell.replace("\u2212", "-"))  # the minus sign of typographers and of some spreadsheets
    except ValueError:
        return None
