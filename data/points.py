"""Points in the plane, each of a class: five clouds drawn by a rule, or two columns of one's own CSV."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from data import files, own_table, tables
from data.source import Source, Spec, Split
from data.splitting import without

KINDS = ("moons", "circles", "spirals", "checkers", "blobs")
INNER = 0.5  # radius of the inner circle; the outer one has 1
TURNS = 1.25  # of a spiral's arm
CENTRE = 0.15  # radius at which an arm begins; nearer to the middle ten arms would touch
BLOB = 0.1  # standard deviation of a blob; ten centres on the unit circle are 0.62 apart

MAX_BYTES = own_table.MAX_BYTES  # of a CSV
MAX_ROWS = own_table.MAX_ROWS
MAX_COLUMNS = own_table.MAX_COLUMNS


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
        path = files.path_of(self.file)
        content = files.read_bytes(path, "points", "a CSV", "--data.file PATH", MAX_BYTES)
        return self.parse(content, path.name)

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
        files.warn(name, table.note)
        if table.unused:
            files.warn(
                name,
                f"of its columns of numbers {table.features[0]} and {table.features[1]} are used. "
                f"table_mlp learns from all of them: --data.file PATH; others are taken by "
                f"--data.columns NAME,NAME",
            )
        return own_table.source_of(table, name, self.held_out, self.validation, self.seed, strict=True)

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


def parse_points(
    content: str | bytes, name: str, columns: Sequence[str] = (), label: str = "last"
) -> own_table.Table:
    """Read points from the content of a CSV.

    Args:
        content: Text, or bytes of it.
        name: Name of the file, for messages.
        columns: As in `Config`.
        label: As in `Config`.

    Raises:
        DataUnavailable: It holds no points of at least two classes; the message says in one sentence what
            is wrong, and what to do.
    """
    table = own_table.parse_table(
        content, name, columns, label, two=True, max_rows=MAX_ROWS, max_bytes=MAX_BYTES
    )
    told = [own_table.column_of(table, feature) for feature in (0, 1)]
    own_table.check_spread(table.values, told, name, "in every row")
    return table


def _on_circle(turns: np.ndarray) -> np.ndarray:
    """Points `(N, 2)` on the unit circle, counter-clockwise from (1, 0)."""
    return np.stack([np.cos(2 * np.pi * turns), np.sin(2 * np.pi * turns)], axis=1)
