"""What Duel shows of any two players: verdicts in words, and of points the plane that they play on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from apps import frame, small_nets, widgets
from apps.library import Entry

if TYPE_CHECKING:
    from training.quality import Sampler

GRID = 72  # places along each axis of the plane
MARGIN = 0.3  # about the real points, as a share of their range
POINTS = 300  # of either kind
ARROWS = 40  # of the generated ones have one
LONGEST = 0.08  # arrow, as a share of the plane's side
STRONG = 98  # percentile of the scores that has the strongest colour
SIDE = 520  # of the plane, in pixels


def by_likelihood(loss: str) -> bool:
    """Whether a discriminator's logit tells how likely a picture is real, or is a score without a scale."""
    return loss == "non_saturating"


def meaning(loss: str) -> str:
    """What is written below a picture."""
    if by_likelihood(loss):
        return "how likely the discriminator holds it to be real"
    return "the discriminator's score: the higher, the more real it looks; only differences count"


def told(loss: str, found: Any) -> list[str]:
    """Verdicts (`inspection.verdicts.Verdicts`), each in a word."""
    if by_likelihood(loss):
        return [f"{share:.0%}" for share in found.shares]
    return [f"{logit:.2f}" for logit in found.logits]


def thumbs(key: str, what: str, pictures: np.ndarray, told: list[str], edge: int = widgets.SMALL) -> int:
    """Pictures with their verdicts, of which one is picked: its number."""
    names = [f"{what} {number}: {verdict}" for number, verdict in enumerate(told, start=1)]
    return widgets.thumbs(key, pictures, names, 0, told, edge)


def of_test(entry: Entry, label: int | None, count: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Some real examples, all of a class where one is named, and their labels; None where there are none."""
    split = frame.test_set(entry)
    if split is None:
        return None
    rows = np.arange(len(split)) if label is None else np.flatnonzero(split.targets == label)
    rows = rows[:count]
    return split.inputs[rows].astype("float32") * split.scale, split.targets[rows]


@dataclass(frozen=True)
class Points:
    """What lies in the plane.

    Args:
        real: `(N, 2)`.
        made: Generated ones, `(M, 2)`.
        label: The class that all are of; None where the players are told none.
    """

    real: np.ndarray
    made: np.ndarray
    label: int | None


def points(entry: Entry, sampler: "Sampler", label: int | None, seed: int = 0) -> Points | None:
    """Real points of the test, and generated ones of a seed's noise; None where there are no real ones."""
    tested = of_test(entry, label, POINTS)
    if tested is None:
        return None
    return Points(tested[0], sampler.grow(sampler.noise(POINTS, seed), _labels(label, POINTS)), label)


def plane(key: str, found: Points, discriminator: Any, loss: str, spec: Mapping[str, Any]) -> None:
    """Draw points of both kinds, what the discriminator says of any place, and where it sends generated ones.

    Args:
        key: Of the element.
        found: The points.
        discriminator: Who judges them.
        loss: What it has learned by.
        spec: Of the data, as a run keeps it.
    """
    from inspection import domain
    from inspection.verdicts import verdicts

    real, made, label = found.real, found.made, found.label
    low, high = domain.square(real, MARGIN)
    places = domain.grid(low, high, GRID).astype("float32")
    held = verdicts(discriminator, places, _labels(label, len(places))).logits
    of_made = verdicts(discriminator, made, _labels(label, len(made)))
    centre = 0.0
    if loss == "wasserstein":  # a critic's zero means nothing; half-way between both kinds does
        of_real = verdicts(discriminator, real, _labels(label, len(real))).logits
        centre = float(of_real.mean() + of_made.logits.mean()) / 2
    scale = float(np.percentile(np.abs(held - centre), STRONG)) or 1.0
    slopes = of_made.slopes[:ARROWS]
    steepest = float(np.linalg.norm(slopes, axis=1).max(initial=0)) or 1.0
    ends = made[:ARROWS] + slopes / steepest * LONGEST * (high - low)
    outside = int(((made < low) | (made > high)).any(axis=1).sum())
    middle, spread = np.array(spec["centre"] or (0, 0)), np.array(spec["spread"] or (1, 1))
    widgets.plane(
        key,
        low * spread + middle,
        high * spread + middle,
        spec["features"] or ("x", "y"),
        [
            widgets.Field(
                "What the discriminator says of each place",
                f"{held.min():.2g} to {held.max():.2g}: violet is taken for real, orange for generated",
                small_nets.as_picture(held, GRID),
                centre,
                scale,
                points=True,
            )
        ],
        [
            (*small_nets.digits(point * spread + middle), kind, False)
            for kind, points in enumerate((real, made))
            for point in points
        ],
        ("real", "generated" + (f", {outside} of {len(made)} of them outside" if outside else "")),
        [
            small_nets.digits([*(start * spread + middle), *(end * spread + middle)])
            for start, end in zip(made[:ARROWS], ends, strict=True)
        ],
        SIDE,
    )


def coverage(found: Points) -> None:
    """Draw how far both kinds of points cover each other."""
    from training import quality

    precision, recall = quality.precision_and_recall(found.real, found.made)
    with st.container(horizontal=True, gap="medium"):
        st.metric(
            "Real points reached",
            f"{recall:.0%}",
            help="Recall: of the real points those that have generated ones about them. It falls where the "
            "generator leaves places out",
        )
        st.metric(
            "Generated points on target",
            f"{precision:.0%}",
            help="Precision: of the generated points those that have real ones about them",
        )


def _labels(label: int | None, count: int) -> np.ndarray | None:
    return None if label is None else np.full(count, label, "int32")
