"""A table of a user's own: columns of numbers, and a column with a class or a quantity to predict."""

import itertools
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

import numpy as np

from data import files, tables
from data.files import refuse
from data.series import warn_of_unknown
from data.source import DataUnavailable, Source, Spec, Split
from data.splitting import without
from data.tables import CLASS, UNUSED, divide

MAX_BYTES = tables.MAX_BYTES
MAX_ROWS = 1_000_000
MAX_COLUMNS = 1000
MAX_CLASSES = 100
MAX_NAME = 100  # characters of a class or of a column
LOOKED_AT = 100  # first rows that tell which columns hold numbers
PREDICTED = ("class", "quantity")

_ELSEWHERE = tables.ELSEWHERE
_NUMBERS = "If it numbers the rows, leave it out: --data.columns NAME,NAME"
_OTHER_TARGET = "Is what should be predicted in another column? --data.label NAME"
_OTHERS = "or take other columns: --data.columns NAME,NAME"
_AS_QUANTITY = "If it is a quantity, table_regression_mlp learns it: --data.file PATH --data.label NAME"


@dataclass(frozen=True)
class Config:
    """Settings of a table.

    Args:
        file: A CSV with one example a row.
        test: Another with the test examples; "": a share of `file` is kept for the test.
        columns: The columns to learn from, each by its name in the header or by its number from 1. Empty:
            all that hold numbers, numbers of rows left out.
        label: The column to predict: "last", "first", or a column by its name or number.
        predict: "class", a class of each row; or "quantity", a number.
        fill: Take a column's mean in the place of a gap; else a gap is an error.
        held_out: Share of the rows that is kept for the test where there is no test file.
        validation: Share of the rows that is kept for validation.
        seed: Decides which rows these are.

    Each column is brought to mean 0 and standard deviation 1 by the training rows.
    """

    file: str = ""
    test: str = ""
    columns: tuple[str, ...] = ()
    label: str = "last"
    predict: str = "class"
    fill: bool = False
    held_out: float = 0.2
    validation: float = 0.2
    seed: int = 0

    def __post_init__(self) -> None:
        if self.predict not in PREDICTED:
            raise ValueError(f"predict must be one of {', '.join(PREDICTED)}. Received: {self.predict!r}")
        if not self.held_out > 0:
            raise ValueError(f"held_out must be above 0. Received: {self.held_out!r}")
        if not self.validation >= 0:
            raise ValueError(f"validation must be at least 0. Received: {self.validation!r}")
        if not self.held_out + self.validation <= 0.9:
            raise ValueError(
                f"held_out and validation must be at most 0.9 together. "
                f"Received: {self.held_out!r} and {self.validation!r}"
            )
        if self.seed < 0:
            raise ValueError(f"seed must be at least 0. Received: {self.seed!r}")

    def load(self) -> Source:
        """Read the table: inputs `(D,)` with a class or a number each.

        Raises:
            DataUnavailable: The file is missing, or holds no such table.
        """
        if not self.file:
            raise DataUnavailable(
                "table: no file is named. Name a CSV with one example a row, what is to be predicted in its "
                "last column: --data.file PATH"
            )
        path = files.path_of(self.file)
        content = files.read_bytes(path, "table", "a CSV", "--data.file PATH", MAX_BYTES)
        test = None
        if self.test:
            test_path = files.path_of(self.test)
            test = (
                files.read_bytes(test_path, "table", "a CSV", "--data.test PATH", MAX_BYTES),
                test_path.name,
            )
        return self.parse(content, path.name, test)

    def parse(self, content: str | bytes, name: str, test: tuple[str | bytes, str] | None = None) -> Source:
        """What `load` gives for a file of this content.

        Args:
            content: The CSV, as text or as bytes.
            name: Name of the file, for messages and the spec.
            test: Content and name of a file with the test examples; None: a share is kept.

        Raises:
            DataUnavailable: It is no such table, or has too few rows to divide.
        """
        quantity = self.predict == "quantity"
        table = parse_table(content, name, self.columns, self.label, fill=self.fill, quantity=quantity)
        files.warn(name, table.note)
        if test is None:
            files.warn(
                name, tables.lonely([table.classes[label] for label in table.labels] if table.classes else [])
            )
            return source_of(table, name, self.held_out, self.validation, self.seed)
        other = parse_table(
            *test, table.chosen, table.label, fill=self.fill, quantity=quantity, least_classes=1
        )
        files.warn(test[1], other.note)
        warn_of_unknown(test[1], set(other.classes) - set(table.classes))
        classes = tuple(sorted({*table.classes, *other.classes}, key=tables.by_number))
        return source_of(
            _recoded(table, classes),
            name,
            self.held_out,
            self.validation,
            self.seed,
            _recoded(other, classes),
        )

    def read(self, line: str, spec: Spec) -> np.ndarray:
        """A row of numbers in the units of its data, as a model sees it; see `tables.read_point`.

        Returns: `(D,)` float32.

        Raises:
            DataUnavailable: It is no such row.
        """
        return tables.read_point(line, spec, self.fill)


@dataclass(frozen=True)
class Table:
    """Rows of a CSV, in its own units.

    Args:
        values: `(N, D)` float64; NaN for gaps that are to be filled.
        labels: `(N,)` int32 classes, or float64 quantities.
        features: Names of the D columns; their numbers where they have none.
        classes: Names of the classes, by label; empty where a quantity is predicted.
        target: Name of the column with the class or the quantity.
        chosen: The D columns as `Config.columns` has them, and `label` as `Config.label` has it.
        label: The column with the class or the quantity.
        roles: As `Spec.columns`.
        unused: Names of further columns of numbers.
        note: What a person should know of how the file was read, or "".
    """

    values: np.ndarray
    labels: np.ndarray
    features: tuple[str, ...]
    classes: tuple[str, ...]
    target: str
    chosen: tuple[str, ...]
    label: str
    roles: tuple[int, ...]
    unused: tuple[str, ...]
    note: str


def parse_table(
    content: str | bytes,
    name: str,
    columns: Sequence[str] = (),
    label: str = "last",
    *,
    two: bool = False,
    fill: bool = False,
    quantity: bool = False,
    least_classes: int = 2,
    max_rows: int = MAX_ROWS,
    max_bytes: int = MAX_BYTES,
) -> Table:
    """Read rows of numbers and their targets from the content of a CSV.

    Args:
        content: Text, or bytes of it.
        name: Name of the file, for messages.
        columns: As in `Config`.
        label: As in `Config`.
        two: Take two columns alone, the first ones where none are named: points of the plane.
        fill: Whether gaps are allowed.
        quantity: Whether the target is a number.
        least_classes: Fewest classes.
        max_rows: Most rows.
        max_bytes: Largest size.

    Raises:
        DataUnavailable: It is no such table; the message says in one sentence what is wrong, and what to do.
    """
    decoded = files.decode(content, name, "a CSV", max_bytes)
    opened = tables.read_rows(decoded.text, name, MAX_COLUMNS, max_rows, label)
    header, rows = opened.header, _even(opened.rows, name)
    first = list(itertools.islice(rows, LOOKED_AT))
    width = len(first[0][1]) if first else len(header)
    if not first or width < (3 if two else 2):
        found = f"{width} column{'s' * (width != 1)}" if first else "no rows"
        needed = "Two columns of numbers and one of classes" if two else "A column of numbers and its target"
        refuse(
            name,
            f"it has {found}. {needed} are needed, split by commas, semicolons or tabs",
        )
    label_place = opened.label_place(label, width) % width
    places, unused, texts = _places(
        columns, label_place, header, opened.index, [cells for _, cells in first], name, two
    )
    told, kinds_told = [_column(place, header) for place in places], _column(label_place, header)
    values, labels = array("d"), array("d")  # lists of texts would fill a memory
    numbers: dict[str, int] = {}  # of the classes, as they come
    for number, cells in itertools.chain(first, rows):
        for place, column in zip(places, told, strict=True):
            values.append(_number(cells[place], f"row {number}, {column}", name, fill, two))
        where = f"row {number}, {kinds_told}"
        if quantity:
            labels.append(_quantity(cells[label_place], where, name))
            continue
        kind = _class(cells[label_place], where, name)
        labels.append(numbers.setdefault(kind, len(numbers)))
        if len(numbers) > MAX_CLASSES:
            _refuse_classes(name, f"it has more than {MAX_CLASSES} classes in {kinds_told}", numbers)
    if len(labels) < 2:
        needed = "Several" if quantity else "Two classes, and several points of each,"
        refuse(name, f"it has one row. {needed} are needed")
    classes: list[str] = []
    if not quantity:
        classes = _classes(numbers, len(labels), kinds_told, name, least_classes)
        rank = np.empty(len(classes), "int32")
        rank[[numbers[kind] for kind in classes]] = np.arange(len(classes))
    points = np.array(values).reshape(-1, len(places)) + 0.0  # -0 becomes 0: equal points have equal bytes
    names = [(header[place][:MAX_NAME] if header else "") or _column(place, ()) for place in places]
    if len(set(names)) < len(names):
        names = [_column(place, ()) for place in places]
    roles = [UNUSED] * width
    roles[label_place] = CLASS
    for feature, place in enumerate(places):
        roles[place] = feature
    notes = [decoded.note, opened.note]
    if texts and not columns and not two:
        notes.append(f"columns of text are left out: {', '.join(texts)[:100]}")
    if not columns and places[0] == 0 and tables.in_order([cells[0] for _, cells in first]):
        notes.append(f"{told[0]} holds a different whole number in each row and is learned from. {_NUMBERS}")
    elif not columns and header:
        named = [
            column
            for place, column in zip(places, told, strict=True)
            if tables.is_index_name(header[place], header)
        ]
        notes += [f"{column} is learned from. {_NUMBERS}" for column in named]
    own = [
        header[place] if header and header.count(header[place]) == 1 and header[place] else str(place + 1)
        for place in [*places, label_place]
    ]
    return Table(
        points,
        np.array(labels) if quantity else rank[np.array(labels, int)],
        tuple(names),
        tuple(classes),
        (header[label_place][:MAX_NAME] if header else "") or _column(label_place, ()),
        tuple(own[:-1]),
        own[-1],
        tuple(roles),
        tuple(unused),
        "; ".join(filter(None, notes)),
    )


def source_of(
    table: Table,
    name: str,
    held_out: float,
    validation: float,
    seed: int,
    test: Table | None = None,
    strict: bool = False,
) -> Source:
    """Divide a table; its inputs have mean 0 and standard deviation 1 in the training rows.

    Args:
        table: The rows.
        name: Name of the file, for messages and the spec.
        held_out: Share of the rows that is kept for the test where no other table has that.
        validation: Share of the rows that is kept for validation.
        seed: Decides which.
        test: The test rows, with the columns and classes of `table`; None: a share is kept.
        strict: Refuse a column that is the same in all training rows; else it is 0 throughout.

    Raises:
        DataUnavailable: The rows are too few, or a point can't be held in float32.
    """
    quantity = not table.classes
    values, labels = table.values, table.labels
    groups = np.zeros(len(labels), "int32") if quantity else labels
    if test is None:
        held, rest = divide(values, groups, held_out, seed)
        test_values, test_labels = values[held], labels[held]
    else:
        rest = without(values, test.values)
        if not len(rest):
            refuse(name, "all its rows are in the test file too. Name another test file, or none")
        test_values, test_labels = test.values, test.labels
    share = validation / (1 - held_out) if test is None else validation
    chosen, learned = divide(values[rest], groups[rest], share, seed)
    sides = {"train": rest[learned], "validation": rest[chosen]}
    if not len(test_values) or not len(sides["train"]) or (validation and not len(chosen)):
        counts = ", ".join(f"{len(side)} for {split}" for split, side in sides.items())
        refuse(
            name,
            f"its {len(values)} rows can't be divided, for equal points stay together (found {counts}, "
            f"{len(test_values)} for test). Add rows",
        )
    learned_values = values[sides["train"]]
    if strict:
        check_spread(learned_values, table.features, name, "wherever it is learned from")
    with np.errstate(invalid="ignore"):
        known = ~np.isnan(learned_values).all(axis=0)
    if not known.all():
        column = table.features[int(np.argmin(known))]
        refuse(
            name,
            f"column {column[:30]!r} has nothing but gaps in the training rows. Take other columns: "
            f"--data.columns NAME,NAME",
        )
    centre, spread = np.nanmean(learned_values, axis=0), np.nanstd(learned_values, axis=0)
    # The mean of equal values may differ from them by rounding, and the deviation from 0.
    constant = np.nanmin(learned_values, axis=0) == np.nanmax(learned_values, axis=0)
    centre = np.where(constant, np.nanmin(learned_values, axis=0), centre)
    spread = np.where(constant | (spread < 1 / tables.LARGEST), 1.0, spread)
    target_centre, target_spread = 0.0, 1.0
    if quantity:
        if labels.min() == labels.max():
            refuse(name, f"{table.target} is {labels[0]:g} in every row. {_OTHER_TARGET}")
        target_centre = float(labels[sides["train"]].mean())
        target_spread = float(labels[sides["train"]].std()) or 1.0

    def split(values: np.ndarray, labels: np.ndarray) -> Split:
        scaled = np.where(np.isnan(values), 0.0, (values - centre) / spread)
        if len(scaled) and np.abs(scaled).max() > tables.LARGEST:
            refuse(name, "one of its points lies too far from all others. Leave it out")
        if quantity:
            labels = ((labels - target_centre) / target_spread).astype("float32")[:, None]
        return Split(scaled.astype("float32"), labels)

    return Source(
        train=split(values[sides["train"]], labels[sides["train"]]),
        validation=split(values[sides["validation"]], labels[sides["validation"]]),
        test=split(test_values, test_labels),
        spec=Spec(
            name=tables.one_line(Path(name).stem)[:MAX_NAME] or "table",
            input_shape=(len(table.features),),
            classes=table.classes,
            licence="your own",
            citation="",
            features=table.features,
            centre=tuple(centre.tolist()),
            spread=tuple(spread.tolist()),
            columns=table.roles,
            values=(table.target,) if quantity else (),
            value_centre=(target_centre,) if quantity else (),
            value_spread=(target_spread,) if quantity else (),
        ),
    )


def check_spread(values: np.ndarray, columns: Sequence[str], name: str, where: str) -> None:
    """Refuse points of which a column is the same everywhere."""
    spread = values.std(axis=0)
    for place, column in enumerate(columns):
        one = values[:, place]
        if one.min() == one.max() or spread[place] < 1 / tables.LARGEST:  # equal values' may not be quite 0
            refuse(
                name,
                f"{column} is {one[0]:g} {where}, so it tells nothing of the class. Take another: "
                f"--data.columns NAME,NAME",
            )


def column_of(table: Table, feature: int) -> str:
    """A feature's column in a message."""
    place, name = table.roles.index(feature), table.features[feature]
    plain = _column(place, ())
    return plain if name == plain else f"{plain} ({name[:30]!r})"


def _recoded(table: Table, classes: tuple[str, ...]) -> Table:
    """A table with labels of these classes, among which its own are; quantities stay as they are."""
    if not classes:
        return table
    places = np.array([classes.index(kind) for kind in table.classes], "int32")
    return replace(table, labels=places[table.labels], classes=classes)


def _even(rows: Iterator[tables.NumberedRow], name: str) -> Iterator[tables.NumberedRow]:
    """The rows, all of them as wide as the first."""
    for first, first_cells in rows:
        yield first, first_cells
        for number, cells in rows:
            if len(cells) != len(first_cells):
                refuse(
                    name,
                    f"row {number} has {len(cells)} columns, row {first} {len(first_cells)}; "
                    f"all must be alike",
                )
            yield number, cells


def _places(
    columns: Sequence[str],
    label: int,
    header: Sequence[str],
    index: Sequence[int],
    first: Sequence[Sequence[str]],
    name: str,
    two: bool,
) -> tuple[list[int], list[str], list[str]]:
    """Where the features are, told by the settings or by the first rows.

    Returns: Their places; names of further columns of numbers; names of columns of text.
    """
    width = len(first[0])
    if columns:
        places = [tables.find_column(column, header, width, name) for column in columns]
        if label in places:
            refuse(
                name,
                f"{_column(label, header)} holds the class. Take other columns: --data.columns NAME,NAME",
            )
        for place in places:
            if places.count(place) > 1:
                needed = ". Two columns are needed" if two else ""
                refuse(name, f"{_column(place, header)} is named twice{needed}")
        return places, [], []
    others = [place for place in range(width) if place != label and place not in index]
    if len(others) < 2 and two:  # no column but an index is left
        others = [place for place in range(width) if place != label]
    texts: list[int] = []
    if len(others) > 2 or not two:  # two have no alternative, and a message on a cell helps best
        numbers = [place for place in others if _holds_numbers([cells[place] for cells in first])]
        texts = [place for place in others if place not in numbers]
        others = numbers
    if len(others) < (2 if two else 1):
        found = ", ".join(_column(place, header) for place in others) or "none"
        needed = "two columns of numbers are" if two else "a column of numbers is"
        refuse(
            name,
            f"{needed} needed beside the class in {_column(label, header)}. Found: {found}. {_ELSEWHERE}",
        )
    taken, more = (others[:2], others[2:]) if two else (others, [])
    return taken, [_name(place, header) for place in more], [_name(place, header) for place in texts]


def _holds_numbers(cells: Sequence[str]) -> bool:
    """Whether the first cell that is no gap is meant as a number."""
    return any(tables.is_meant_as_number(cell) for cell in [c for c in cells if not tables.is_missing(c)][:1])


def _number(cell: str, where: str, name: str, fill: bool, two: bool) -> float:
    value = tables.number(cell)
    if value is None:
        if tables.is_missing(cell):
            if fill:
                return float("nan")
            way = "" if two else "have gaps filled by the column's mean: --data.fill true, "
            refuse(name, f"{where}: there is a gap. Fill it, {way}or leave the row out, {_OTHERS}")
        refuse(name, f"{where} {tables.no_number(cell)}. Correct it, {_OTHERS}")
    return value


def _quantity(cell: str, where: str, name: str) -> float:
    value = tables.number(cell)
    if value is None:
        told = f": {'there is a gap' if tables.is_missing(cell) else cell[:30]!r}"
        refuse(
            name,
            f"{where}{told}, and a number is to be predicted. Leave the row out, or name another column: "
            f"--data.label NAME",
        )
    return value


def _class(cell: str, where: str, name: str) -> str:
    kind = tables.class_name(cell)
    if not kind:
        refuse(name, f"{where}: there is no class. Name it, or leave the row out")
    if len(kind) > MAX_NAME:
        refuse(name, f"{where}: a class of {len(kind):,} characters, more than {MAX_NAME}. {_ELSEWHERE}")
    return kind


def _classes(numbers: dict[str, int], count: int, where: str, name: str, least: int) -> list[str]:
    """The classes in their order, where they can be some."""
    if len(numbers) < least:
        refuse(name, f"all its rows are of one class, {next(iter(numbers))!r}. {_ELSEWHERE}")
    if len(numbers) == count > 20 or tables.are_quantities(numbers, count):
        _refuse_classes(name, f"it has {len(numbers)} classes for {count} rows", numbers, where)
    return sorted(numbers, key=tables.by_number)


def _refuse_classes(name: str, why: str, numbers: dict[str, int], where: str = "") -> NoReturn:
    """Refuse a column that holds no classes; one of numbers may be a quantity."""
    quantity = all(map(tables.is_number, numbers))
    place = f" in {where}" if where and quantity else ""
    refuse(name, f"{why}{place}. {_ELSEWHERE}" + (f". {_AS_QUANTITY}" if quantity else ""))


def _column(place: int, header: Sequence[str]) -> str:
    """A column in a message."""
    return f"column {place + 1}" + (f" ({header[place][:30]!r})" if header and header[place] else "")


def _name(place: int, header: Sequence[str]) -> str:
    return header[place][:30] if header and header[place] else f"column {place + 1}"
