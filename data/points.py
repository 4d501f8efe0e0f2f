"""Points in the plane, each of a class: five clouds drawn by a rule, or two columns of one's own CSV."""

import itertools
import math
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data import tables
from data.source import Source, Spec, Split
from data.splitting import without
from data.tables import divide, refuse

KINDS = ("moons", "circles", "spirals", "checkers", "blobs")
INNER = 0.5  # radius of the inner circle; the outer one has 1
TURNS = 1.25  # of a spiral's arm
CENTRE = 0.15  # radius at which an arm begins; nearer to the middle ten arms would touch
BLOB = 0.1  # standard deviation of a blob; ten centres on the unit circle are 0.62 apart

MAX_BYTES = tables.MAX_BYTES  # of a CSV
MAX_ROWS = 1_000_000
MAX_COLUMNS = 1000
MAX_CLASSES = 100
MAX_NAME = 100  # characters of a class or of a column
LOOKED_AT = 100  # first rows that tell which columns hold numbers

_ELSEWHERE = "Is the class in another column? --data.label NAME"
_OTHERS = "or take other columns: --data.columns NAME,NAME"


@dataclass(frozen=True)
class Config:
    """Settings of the points.

    Args:
        kind: One of "moons" (two half circles that reach into each other), "circles" (one about the other),
            "spirals" (an arm a class), "checkers" (exclusive or: whether x and y have the same sign) and
            "blobs" (a heap a class, on a ring).
        classes: Of blobs and spirals, 2 to 10; the others have two.
        noise: Standard deviation of what is added to each coordinate, 0 to 1; all kinds are about 2 wide.
        examples: Points to learn from, 10 to 100,000; those of the other splits are drawn besides.
        seed: Another seed, other points; of a file, others in validation and test.
        file: A CSV of one's own, one point a row, in place of the `kind`; "": the kind.
        columns: The two columns of the file that are x and y, each by its name in the header or by its number
            from 1. Empty: the first two that hold numbers, have a name where there is a header, and are
            not the class.
        label: Where the file has the class: "last", "first", or a column by its name or number.
        held_out: Share of all points that is kept for the test, above 0.
        validation: Share of all points that is kept for validation. At 0 there is no validation, and the
            best model has to be chosen by the training loss.

    Moons and circles are the curves of scikit-learn's `make_moons` (its middle moved to 0) and `make_circles`
    (factor 0.5), but at even chance along them: scikit-learn sets points at even steps, and without noise
    the splits would have the same. An arm of a spiral goes evenly outwards as it turns.
    """

    kind: str = "moons"
    classes: int = 3
    noise: float = 0.15
    examples: int = 500
    seed: int = 0
    file: str = ""
    columns: tuple[str, ...] = ()
    label: str = "last"
    held_out: float = 0.2
    validation: float = 0.2

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}. Received: {self.kind!r}")
        if not 2 <= self.classes <= 10:
            raise ValueError(f"classes must be 2 to 10. Received: {self.classes!r}")
        if not 0 <= self.noise <= 1:
            raise ValueError(f"noise must be 0 to 1. Received: {self.noise!r}")
        if not 10 <= self.examples <= 100_000:
            raise ValueError(f"examples must be 10 to 100,000. Received: {self.examples!r}")
        if self.seed < 0:
            raise ValueError(f"seed must be at least 0. Received: {self.seed!r}")
        if len(self.columns) not in (0, 2):
            raise ValueError(f"columns must be two columns, or none. Received: {self.columns!r}")
        if not self.held_out > 0:
            raise ValueError(f"held_out must be above 0. Received: {self.held_out!r}")
        if not self.validation >= 0:
            raise ValueError(f"validation must be at least 0. Received: {self.validation!r}")
        if not self.held_out + self.validation <= 0.9:
            raise ValueError(
                f"held_out and validation must be at most 0.9 together. "
                f"Received: {self.held_out!r} and {self.validation!r}"
            )

    def load(self) -> Source:
        """Draw the points, or read them from the file: inputs `(2,)` of a class each.

        Raises:
            DataUnavailable: The file is not there, or holds no points of at least two classes.
        """
        if not self.file:
            return self._drawn()
        path = tables.path_of(self.file)
        text = tables.read_text(path, "points", "a CSV", "--data.file PATH", MAX_BYTES)
        return self.parse(text, path.name)

    def parse(self, content: str | bytes, name: str) -> Source:
        """What `load` gives for a file of this content: what an upload is checked by before a run is made.

        Inputs are brought to mean 0 and standard deviation 1 by the figures of the training split, which
        the spec tells as `centre` and `spread`.

        Args:
            content: Of a CSV, as text or as bytes.
            name: Of the file, for messages and the spec.

        Raises:
            DataUnavailable: It holds no points of at least two classes, or too few to divide.
        """
        table = parse_points(content, name, self.columns, self.label)
        values, labels = table.values, table.labels
        held, rest = divide(values, labels, self.held_out, self.seed)
        chosen, learned = divide(values[rest], labels[rest], self.validation / (1 - self.held_out), self.seed)
        sides = {"train": rest[learned], "validation": rest[chosen], "test": held}
        if not len(held) or (self.validation and not len(chosen)):
            counts = ", ".join(f"{len(side)} for {split}" for split, side in sides.items())
            refuse(
                name,
                f"its {len(values)} rows can't be divided, for equal points stay together (found {counts}). "
                f"Add rows",
            )
        centre, spread = _scale(values[sides["train"]], table.features, name, "wherever it is learned from")
        scaled = (values - centre) / spread
        if np.abs(scaled).max() > tables.LARGEST:
            refuse(name, "one of its points lies too far from all others. Leave it out")
        inputs = scaled.astype("float32")
        return Source(
            train=Split(inputs[sides["train"]], labels[sides["train"]]),
            validation=Split(inputs[sides["validation"]], labels[sides["validation"]]),
            test=Split(inputs[sides["test"]], labels[sides["test"]]),
            spec=Spec(
                name=tables.one_line(Path(name).stem)[:MAX_NAME] or "points",
                input_shape=(2,),
                classes=table.classes,
                licence="your own",
                citation="",
                features=table.features,
                centre=tuple(centre.tolist()),
                spread=tuple(spread.tolist()),
            ),
        )

    def read(self, line: str, spec: Spec) -> np.ndarray:
        """A point as two numbers split by a comma, in the units of its data, as a model sees it.

        Returns: `(2,)` float32.

        Raises:
            DataUnavailable: It is none.
        """
        return tables.read_point(line, spec)

    def _drawn(self) -> Source:
        """Points by the rule of the kind; each split has a stream of its own."""
        share = 1 - self.held_out - self.validation
        counts = {  # no training point is one of those before, so they come first
            "test": math.ceil(self.examples * self.held_out / share),
            "validation": math.ceil(self.examples * self.validation / share),
            "train": self.examples,
        }
        streams = np.random.SeedSequence(self.seed).spawn(len(counts))
        splits: dict[str, Split] = {}
        for (name, count), stream in zip(counts.items(), streams, strict=True):
            generator = np.random.default_rng(stream)
            points, labels = draw(self.kind, count, self.classes, generator)
            noise = self.noise * generator.standard_normal(points.shape)
            inputs = (points + noise).astype("float32")
            others = np.concatenate([split.inputs for split in splits.values()] or [inputs[:0]])
            new = without(inputs, others)  # float32 has only so many points on a curve without noise
            splits[name] = Split(inputs[new], labels[new])
        return Source(
            train=splits["train"],
            validation=splits["validation"],
            test=splits["test"],
            spec=Spec(
                name=self.kind,
                input_shape=(2,),
                classes=class_names(self.kind, self.classes),
                licence="Apache-2.0",
                citation="drawn by data/points.py",
                features=("x", "y"),
            ),
        )


def class_names(kind: str, classes: int = 2) -> tuple[str, ...]:
    """Names of the classes of one of the `KINDS`, by label; `classes` counts for blobs and spirals."""
    return {
        "moons": ("upper moon", "lower moon"),
        "circles": ("outer circle", "inner circle"),
        "checkers": ("same sign", "other sign"),
        "spirals": tuple(f"arm {number}" for number in range(1, classes + 1)),
        "blobs": tuple(f"blob {number}" for number in range(1, classes + 1)),
    }[kind]


def draw(
    kind: str, count: int, classes: int, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Points without noise, as many of each class as of any other (or one more).

    Args:
        kind: One of `KINDS`.
        count: Number of points.
        classes: Of blobs and spirals.
        generator: Of all draws.

    Returns: `(count, 2)` float64, and `(count,)` int32 labels.
    """
    number = classes if kind in ("blobs", "spirals") else 2
    labels = generator.permutation(np.arange(count, dtype="int32") % number)
    if kind == "blobs":
        from sklearn.datasets import make_blobs  # over a second: only for those who use it

        points, labels = make_blobs(
            np.bincount(labels, minlength=classes),
            centers=_on_circle(np.arange(classes) / classes),
            cluster_std=BLOB,
            random_state=int(generator.integers(2**32)),
        )
        return points, labels.astype("int32")
    share = generator.uniform(0, 1, count)  # of the way along a curve
    if kind == "moons":
        turned = np.where(labels == 0, 1, -1)[:, None]  # the lower moon is the upper one, upside down
        return turned * (_on_circle(share / 2) - (0.5, 0.25)), labels
    if kind == "circles":
        return np.where(labels == 0, 1, INNER)[:, None] * _on_circle(share), labels
    if kind == "spirals":
        radius = np.sqrt(CENTRE**2 + share * (1 - CENTRE**2))  # about as many points on each inch of an arm
        return radius[:, None] * _on_circle(labels / classes + TURNS * radius), labels
    signs = generator.choice((-1, 1), count)
    points = np.stack([share * signs, generator.uniform(0, 1, count) * np.where(labels, -signs, signs)], 1)
    return points, labels


@dataclass(frozen=True)
class Table:
    """The points of a CSV, in its own units.

    Args:
        values: `(N, 2)` float64.
        labels: `(N,)` int32.
        features: Names of the two columns; their numbers where they have none.
        classes: Names of the classes, by label.
    """

    values: np.ndarray
    labels: np.ndarray
    features: tuple[str, ...]
    classes: tuple[str, ...]


def parse_points(content: str | bytes, name: str, columns: Sequence[str] = (), label: str = "last") -> Table:
    """Read points from the content of a CSV.

    Args:
        content: Text, or bytes of it.
        name: Of the file, for messages.
        columns: As in `Config`.
        label: As in `Config`.

    Raises:
        DataUnavailable: It holds no points of at least two classes; the message says in one sentence what
            is wrong, and what to do.
    """
    text = tables.as_text(content, name, "a CSV", MAX_BYTES)
    header, rows = tables.read_rows(text, name, MAX_COLUMNS, MAX_ROWS)
    rows = _even(rows, name)
    first = list(itertools.islice(rows, LOOKED_AT))
    width = len(first[0][1]) if first else len(header)
    if not first or width < 3:
        found = f"{width} column{'s' * (width != 1)}" if first else "no rows"
        refuse(
            name,
            f"it has {found}. Two columns of numbers and one of classes are needed, split by commas, "
            f"semicolons or tabs",
        )
    label_place = tables.find_label(label, header, width, name) % width
    places = _places(columns, label_place, header, [cells for _, cells in first], name)
    told, kinds_told = [_column(place, header) for place in places], _column(label_place, header)
    values, labels = array("d"), array("i")  # as lists of texts a million rows would fill a memory
    numbers: dict[str, int] = {}  # of the classes, as they come
    for number, cells in itertools.chain(first, rows):
        for place, column in zip(places, told, strict=True):
            values.append(_number(cells[place], f"row {number}, {column}", name))
        kind = _class(cells[label_place], f"row {number}, {kinds_told}", name)
        labels.append(numbers.setdefault(kind, len(numbers)))
        if len(numbers) > MAX_CLASSES:
            refuse(name, f"it has more than {MAX_CLASSES} classes in {kinds_told}. {_ELSEWHERE}")
    if len(labels) < 2:
        refuse(name, "it has one row. Two classes, and several points of each, are needed")
    if len(numbers) < 2:
        refuse(name, f"all its rows are of one class, {next(iter(numbers))!r}. {_ELSEWHERE}")
    if len(numbers) == len(labels) > 20:
        refuse(name, f"it has {len(numbers)} classes for {len(labels)} rows. {_ELSEWHERE}")
    classes = sorted(numbers, key=tables.by_number)
    rank = np.empty(len(classes), "int32")
    rank[[numbers[kind] for kind in classes]] = np.arange(len(classes))
    points = np.array(values).reshape(-1, 2) + 0.0  # -0 becomes 0: equal points have equal bytes
    _scale(points, told, name, "in every row")
    names = [(header[place][:MAX_NAME] if header else "") or _column(place, ()) for place in places]
    if names[0] == names[1]:
        names = [_column(place, ()) for place in places]
    return Table(points, rank[np.array(labels)], tuple(names), tuple(classes))


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
    columns: Sequence[str], label: int, header: Sequence[str], first: Sequence[Sequence[str]], name: str
) -> list[int]:
    """Where x and y are, told by the settings or by the first rows."""
    width = len(first[0])
    if columns:
        places = [tables.find_column(column, header, width, name) for column in columns]
        if label in places:
            refuse(
                name,
                f"{_column(label, header)} holds the class. Take other columns: --data.columns NAME,NAME",
            )
        if places[0] == places[1]:
            refuse(name, f"{_column(places[0], header)} is named twice. Two columns are needed")
        return places
    others = [place for place in range(width) if place != label]
    if len(others) > 2:  # two have no alternative, and a message on a cell helps best
        others = [
            place
            for place in others
            if (not header or header[place])  # pandas writes its numbers of rows without a name
            and _holds_numbers([cells[place] for cells in first])
        ]
    if len(others) < 2:
        found = ", ".join(_column(place, header) for place in others) or "none"
        refuse(
            name,
            f"two columns of numbers are needed beside the class in {_column(label, header)}. "
            f"Found: {found}. {_ELSEWHERE}",
        )
    return others[:2]


def _holds_numbers(cells: Sequence[str]) -> bool:
    """Whether the first cell that is no gap is meant as a number."""
    return any(tables.is_meant_as_number(cell) for cell in [c for c in cells if not tables.is_missing(c)][:1])


def _number(cell: str, where: str, name: str) -> float:
    value = tables.number(cell)
    if value is None:
        if tables.is_missing(cell):
            refuse(name, f"{where}: there is a gap. Fill it, or leave the row out, {_OTHERS}")
        refuse(name, f"{where} {tables.no_number(cell)}. Correct it, {_OTHERS}")
    return value


def _class(cell: str, where: str, name: str) -> str:
    cell = tables.one_line(cell)
    if tables.is_missing(cell):
        refuse(name, f"{where}: there is no class. Name it, or leave the row out")
    if len(cell) > MAX_NAME:
        refuse(name, f"{where}: a class of {len(cell):,} characters, more than {MAX_NAME}. {_ELSEWHERE}")
    return cell


def _scale(
    values: np.ndarray, columns: Sequence[str], name: str, where: str
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each of the two columns."""
    centre, spread = values.mean(axis=0), values.std(axis=0)
    for place, column in enumerate(columns):
        one = values[:, place]
        if one.min() == one.max() or spread[place] < 1 / tables.LARGEST:  # equal values' may not be quite 0
            refuse(
                name,
                f"{column} is {one[0]:g} {where}, so it tells nothing of the class. Take another: "
                f"--data.columns NAME,NAME",
            )
    return centre, spread


def _column(place: int, header: Sequence[str]) -> str:
    """A column in a message."""
    return f"column {place + 1}" + (f" ({header[place][:30]!r})" if header and header[place] else "")


def _on_circle(turns: np.ndarray) -> np.ndarray:
    """Points `(N, 2)` on the unit circle, counter-clockwise from (1, 0)."""
    return np.stack([np.cos(2 * np.pi * turns), np.sin(2 * np.pi * turns)], axis=1)
