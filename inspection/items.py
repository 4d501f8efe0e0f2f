"""Items with features that can be read at a glance, and the projections that give a head its job."""

import math
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from inspection.attending import Projections

ITEMS = 8  # more can't be read in one picture
FEWEST_FEATURES, FEATURES = 2, 6
HEADS = 4
LARGEST = 99.0  # a number's value, to either side
NAME = 12  # characters
PERIOD = 10  # items after which a place would come again; more than there are, so that no two are alike
PLACES = ("place cos", "place sin")
MARKS = str.maketrans(dict.fromkeys(":;,", " "))  # stand between names in an address


class ItemsError(ValueError):
    """There are no such items or weights; the message is one line for a person."""


@dataclass(frozen=True)
class Items:
    """A handful of items.

    Args:
        names: N, each another.
        features: Names of the F, each another.
        values: `(N, F)`.
    """

    names: tuple[str, ...]
    features: tuple[str, ...]
    values: np.ndarray


@dataclass(frozen=True)
class Job:
    """What a head looks for, as weights by the features' names.

    Args:
        title: For people.
        asks: Of W_Q: from a feature, to a place of the query, how much. "*" is every feature but the places.
        offers: Of W_K, likewise.
        gives: Of W_V, likewise; none: the features as they are.
        turn: Items that the query looks ahead by its place, a rotation of (cos, sin); None: no place counts.
        nearness: How much they count, in W_Q as in W_K.
    """

    title: str
    asks: tuple[tuple[str, str, float], ...] = ()
    offers: tuple[tuple[str, str, float], ...] = ()
    gives: tuple[tuple[str, str, float], ...] = ()
    turn: float | None = None
    nearness: float = 0.0

    @property
    def needs(self) -> set[str]:
        """Features without which there is no such job."""
        ways = (*self.asks, *self.offers, *self.gives)
        named = {name for source, target, _ in ways for name in (source, target)} - {"*"}
        return named if self.turn is None else named.union(PLACES)


_BOOK = ("is Ann", "is Ben", "is Cem", "is Dee")  # keys that fit one item each

SETS: dict[str, Items] = {
    "Animals and things": Items(
        ("mouse", "cat", "elephant", "tree", "lorry", "pebble"),
        ("animal", "big", "alive", "fast"),
        np.array(
            [
                [1, -1, 1, 0.5],
                [1, -0.5, 1, 1],
                [1, 1, 1, 0.5],
                [0, 0.5, 1, -1],
                [0, 1, 0, 1],
                [0, -1, 0, -1],
            ]
        ),
    ),
    "A sentence": Items(
        ("animal", "crossed", "street", "it", "was", "tired"),
        ("noun", "verb", "pronoun", "alive"),
        np.array(
            [[1, 0, 0, 1], [0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]], "float64"
        ),
    ),
    "A phone book": Items(
        ("Ann", "Ben", "Cem", "Dee"),
        (*_BOOK, "number"),
        np.concatenate([np.eye(4), [[3], [7], [5], [9]]], axis=1),
    ),
}
STORIES: dict[str, str] = {
    "Animals and things": "Six things, by what they are: which of them are alike?",
    "A sentence": "The animal crossed the street; it was tired. Let “it” ask, and compare the heads.",
    "A phone book": "Each key fits one entry alone: a dictionary made of numbers.",
}
PLACED = ("A sentence",)  # sets whose order says something
LIKE, RANDOM = "like", "random"
JOBS: dict[str, Job] = {
    LIKE: Job("Like asks for like", (("*", "*", 1.0),), (("*", "*", 1.0),)),
    "opposite": Job("The opposite", (("*", "*", -1.0),), (("*", "*", 1.0),)),
    "size": Job(
        "Animals of the other size",
        (("animal", "animal", 2.0), ("big", "big", -2.0)),
        (("animal", "animal", 2.0), ("big", "big", 2.0)),
    ),
    "living": Job(
        "Pronoun: a living noun",
        (("pronoun", "noun", 3.0), ("pronoun", "alive", 3.0)),
        (("noun", "noun", 3.0), ("alive", "alive", 3.0)),
    ),
    # Between the last item and the one before it, nearer to the last: a noun there is nearer than itself.
    "noun": Job(
        "The noun before",
        (("*", "noun", 6.0),),
        (("noun", "noun", 6.0),),
        turn=-1.25,
        nearness=5.0,
    ),
    "book": Job(
        "The name's number",
        tuple((name, name, 3.0) for name in _BOOK),
        tuple((name, name, 3.0) for name in _BOOK),
        (("number", "number", 1.0),),
    ),
    "previous": Job("The item before", turn=-1.0, nearness=6.0),
    "next": Job("The item after", turn=1.0, nearness=6.0),
}
FIRST_JOBS: dict[str, tuple[str, ...]] = {  # of the heads that a set begins with
    "Animals and things": (LIKE, "size", "opposite", RANDOM),
    "A sentence": ("living", "noun", "previous", LIKE),
    "A phone book": ("book", LIKE, RANDOM, "opposite"),
}


# Items


def checked(names: Sequence[Any], features: Sequence[Any], values: Any) -> tuple[Items, list[str]]:
    """Items of whatever stands in a table, and what had to be changed, in sentences.

    Args:
        names: N of anything; what is no name is numbered.
        features: F of anything.
        values: `(N, F)` of anything; what is no number counts as 0.

    Raises:
        ItemsError: There is no item, or there are too few or too many features.
    """
    notes = []
    if not FEWEST_FEATURES <= len(features) <= FEATURES:
        raise ItemsError(f"Name {FEWEST_FEATURES} to {FEATURES} features. Received: {len(features)}.")
    if not len(names):
        raise ItemsError("There is no item: add one as a row of the table.")
    if len(names) > ITEMS:
        notes.append(f"The first {ITEMS} of {len(names)} items are taken.")
    names, rows = list(names)[:ITEMS], list(values)[:ITEMS]
    cells = [[_number(cell) for cell in list(row)[: len(features)]] for row in rows]
    if any(math.isnan(cell) for row in cells for cell in row):
        notes.append("A cell that holds no number counts as 0.")
    found = np.nan_to_num(np.array(cells, "float64"), nan=0.0, posinf=2 * LARGEST, neginf=-2 * LARGEST)
    if np.abs(found).max() > LARGEST:
        notes.append(f"Numbers end at {LARGEST:.0f} to either side.")
    called, twice = _told_apart([_name(name) or f"item {i}" for i, name in enumerate(names, 1)])
    labels, _ = _told_apart([_name(name) or f"feature {i}" for i, name in enumerate(features, 1)])
    if twice:
        notes.append(f"A name that is there again gets a number: {', '.join(twice)}.")
    return Items(called, labels, np.round(np.clip(found, -LARGEST, LARGEST), 4)), notes


def renamed(items: Items, features: Sequence[str]) -> Items:
    """The items with other features. One whose name or place stays keeps its numbers.

    Raises:
        ItemsError: There are too few or too many.
    """
    kept = {name: items.values[:, place] for place, name in enumerate(items.features)}
    blank = np.zeros(len(items.names))
    left = [name for name in items.features if name not in features]
    columns = []
    for place, name in enumerate(features):
        old = items.features[place] if place < len(items.features) else None
        columns.append(kept.get(name, kept[old] if old in left else blank))
    values = np.stack(columns, axis=1) if columns else np.zeros((len(items.names), 0))
    return checked(items.names, features, values)[0]


def placed(items: Items) -> Items:
    """The items with two more features: their place, as a point on a circle of `PERIOD` places."""
    angles = 2 * np.pi * np.arange(len(items.names)) / PERIOD
    points = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return Items(items.names, items.features + PLACES, np.concatenate([items.values, points.round(4)], 1))


def to_text(items: Items) -> str:
    """Items as a short text for an address: "mouse:1,-1;cat:1,0.5"."""
    rows = zip(items.names, items.values, strict=True)
    return ";".join(f"{name}:{','.join(f'{value:.6g}' for value in row)}" for name, row in rows)


def from_text(text: str, features: str) -> Items:
    """The items of a text that `to_text` wrote, and of their features' names between commas.

    Raises:
        ItemsError: It is no such text.
    """
    labels = split_names(features)
    rows = [row.partition(":") for row in text[:4000].split(";") if row.strip()]
    cells = [row[2].split(",") for row in rows]
    if any(len(row) != len(labels) for row in cells):
        raise ItemsError("The link's items and features do not go together.")
    return checked([row[0] for row in rows], labels, cells)[0]


def split_names(text: str) -> list[str]:
    """Names that stand between commas; what is empty is none."""
    return [name for name in map(_name, text[:1000].split(",")) if name]


# Jobs of heads


def jobs(features: Sequence[str]) -> Mapping[str, Job]:
    """The jobs that a head can have with these features."""
    return {key: job for key, job in JOBS.items() if job.needs <= set(features)}


def projections(job: str, features: Sequence[str], seed: int = 0) -> Projections:
    """The weights of a head with a job, each `(F, F)`.

    Args:
        job: Key of `JOBS`; or "random": as a layer begins, before it has learned anything.
        features: Names of the F.
        seed: Of what is drawn.

    Raises:
        ItemsError: There is no such job with these features.
    """
    size = len(features)
    if job == RANDOM:
        drawn = np.random.default_rng(seed).normal(0, 1.5 * size**-0.5, (3, size, size)).round(2)
        return Projections(*drawn)
    if job not in jobs(features):
        raise ItemsError(f"no head can do {job!r} with the features {', '.join(features)}")
    found = JOBS[job]
    query, key = _weights(found.asks, features), _weights(found.offers, features)
    if found.turn is not None:
        cos, sin = features.index(PLACES[0]), features.index(PLACES[1])
        turn = 2 * np.pi * found.turn / PERIOD
        block = np.ix_([cos, sin], [cos, sin])
        query[block] = found.nearness * np.array(
            [[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]
        )
        key[block] = found.nearness * np.eye(2)
    value = _weights(found.gives, features) if found.gives else np.eye(size)
    return Projections(query.round(2), key.round(2), value)


def weights_from(values: Any, size: int) -> Projections:
    """Numbers from anywhere as the weights of a head, each `(size, size)`, bounded as the items are.

    Raises:
        ItemsError: They are no numbers, or not as many.
    """
    try:
        found = np.asarray(values, "float64").reshape(3, size, size)
    except (TypeError, ValueError, OverflowError) as error:
        raise ItemsError(f"A head of {size} features has 3 times {size} x {size} weights.") from error
    return Projections(*np.round(np.clip(np.nan_to_num(found, nan=0.0), -LARGEST, LARGEST), 4))


def resized(weights: Projections, size: int) -> Projections:
    """The weights of a head cut, or filled up with zeros, for another number of features."""
    found = np.zeros((3, size, size))
    kept = min(size, len(weights.query))
    for new, old in zip(found, (weights.query, weights.key, weights.value), strict=True):
        new[:kept, :kept] = old[:kept, :kept]
    return Projections(*found)


def _weights(ways: Sequence[tuple[str, str, float]], features: Sequence[str]) -> np.ndarray:
    """`(F, F)`, from a feature in a row to one in a column; from every one to every one is each to itself."""
    found = np.zeros((len(features), len(features)))
    plain = [place for place, name in enumerate(features) if name not in PLACES]
    for source, target, weight in ways:
        if source == target == "*":
            found[plain, plain] = weight
        else:
            rows = plain if source == "*" else [features.index(source)]
            found[rows, features.index(target)] = weight
    return found


def _number(cell: Any) -> float:
    """A cell as a number; NaN where it is none."""
    try:
        return float(cell)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def _name(cell: Any) -> str:
    """A cell as a name: one line of at most `NAME` characters that can be seen; "" where it is none."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    shown = (" " if unicodedata.category(c)[0] in "CZ" else c for c in str(cell)[:200].translate(MARKS))
    return " ".join("".join(shown).split())[:NAME].strip()


def _told_apart(names: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    """The names, where one that was there before has got a number; and those that have."""
    found: list[str] = []
    twice = []
    for name in names:
        count, new = 1, name
        while new in found:
            count += 1
            new = f"{name[: NAME - 2]} {count}"
        found.append(new)
        if count > 1:
            twice.append(new)
    return tuple(found), twice
