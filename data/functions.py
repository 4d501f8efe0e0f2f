"""A function to be approximated: a formula of x, one of x and y, or a curve that a person drew."""

from dataclasses import dataclass

import numpy as np

from data import formula
from data.formula import FormulaError
from data.source import DataUnavailable, Source, Spec, Split
from data.tables import read_point

CHECKED = 401  # places along each axis at which a formula must have a finite value
LARGEST = 1e9  # value that a function may have
HELD_OUT = 500  # points of the validation and of the test split
MOST_HEIGHTS = 1024  # of a drawn curve


@dataclass(frozen=True)
class Config:
    """Settings of a function.

    Args:
        formula: Of x, or of x and y (`data.formula`).
        heights: A drawn curve in its place: its heights at even places from `low` to `high`, joined by
            straight lines; empty: the formula.
        low: Where the inputs begin, on each axis.
        high: Where they end.
        normalize: Bring inputs and values to [-1, 1], so that a net learns as well from metres as from
            millimetres; the spec has centre and spread of both.
        noise: Standard deviation of what is added to the training values, as a share of [-1, 1] where they
            are normalized; validation and test have none.
        examples: Training points, drawn evenly.
        seed: Another seed, other points and noise.
    """

    formula: str = "sin(3 * x) + x / 2"
    heights: tuple[float, ...] = ()
    low: float = -3.0
    high: float = 3.0
    normalize: bool = True
    noise: float = 0.0
    examples: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        if not -1e6 <= self.low < self.high <= 1e6:
            raise ValueError(
                f"low must lie below high, and both within a million. Received: {self.low!r}, {self.high!r}"
            )
        if self.high - self.low < 1e-6 * max(abs(self.low), abs(self.high)):
            raise ValueError(
                f"low and high must differ by a millionth of their size at least. "
                f"Received: {self.low!r}, {self.high!r}"
            )
        if not 0 <= self.noise <= 10:
            raise ValueError(f"noise must be 0 to 10. Received: {self.noise!r}")
        if not 2 <= self.examples <= 1_000_000:
            raise ValueError(f"examples must be 2 to 1,000,000. Received: {self.examples!r}")
        if self.seed < 0:
            raise ValueError(f"seed must be at least 0. Received: {self.seed!r}")
        if self.heights and not 2 <= len(self.heights) <= MOST_HEIGHTS:
            raise ValueError(
                f"heights must be 2 to {MOST_HEIGHTS} numbers. Received: {len(self.heights)} of them"
            )
        if not all(np.isfinite(self.heights)):
            raise ValueError("heights must be finite numbers")

    @property
    def inputs(self) -> tuple[str, ...]:
        """("x",), or ("x", "y") for a function of the plane.

        Raises:
            FormulaError: The formula is none.
        """
        return formula.NAMES[:1] if self.heights else formula.variables(self.formula)

    def values(self, points: np.ndarray) -> np.ndarray:
        """The function at points `(N, D)` in its own units: `(N,)` float64.

        Raises:
            FormulaError: The formula is none.
        """
        if self.heights:
            places = np.linspace(self.low, self.high, len(self.heights))
            return np.interp(points[:, 0], places, self.heights)
        return formula.evaluate(self.formula, **dict(zip(self.inputs, points.T, strict=True)))

    def grid(self, count: int) -> np.ndarray:
        """Points `(count ** D, D)` at even places, the last input changing fastest."""
        axis = np.linspace(self.low, self.high, count)
        return np.stack(np.meshgrid(*[axis] * len(self.inputs), indexing="ij"), -1).reshape(
            -1, len(self.inputs)
        )

    def spec(self) -> Spec:
        """What one must know of the function; no point is drawn for it.

        Raises:
            DataUnavailable: The formula is none, or has no finite value somewhere.
        """
        try:
            names = self.inputs
            value_centre, value_spread = self._value_scale()
        except FormulaError as error:
            raise DataUnavailable(str(error)) from error
        middle, half = (self.low + self.high) / 2, (self.high - self.low) / 2
        if not self.normalize:
            middle, half = 0.0, 1.0
        return Spec(
            name="function",
            input_shape=(len(names),),
            classes=(),
            licence="your own",
            citation="a drawn curve" if self.heights else self.formula,
            features=names,
            centre=(middle,) * len(names),
            spread=(half,) * len(names),
            values=("value",),
            value_centre=(value_centre,),
            value_spread=(value_spread,),
        )

    def load(self) -> Source:
        """Draw the points, `(D,)` each with its value `(1,)`; each split has a stream of its own.

        Raises:
            DataUnavailable: The formula is none, or has no finite value somewhere.
        """
        spec = self.spec()
        *streams, noise = np.random.SeedSequence(self.seed).spawn(4)
        counts = (self.examples, HELD_OUT, HELD_OUT)
        train, validation, test = (
            self._draw(np.random.default_rng(stream), count, spec)
            for stream, count in zip(streams, counts, strict=True)
        )
        added = self.noise * np.random.default_rng(noise).standard_normal(train.targets.shape)
        train = Split(train.inputs, train.targets + added.astype("float32"))
        return Source(train, validation, test, spec)

    def read(self, line: str, spec: Spec) -> np.ndarray:
        """A point as numbers split by commas, in the function's own units: `spec.input_shape` float32.

        Raises:
            DataUnavailable: It is no such point.
        """
        return read_point(line, spec)

    def _value_scale(self) -> tuple[float, float]:
        """Centre and half range of the values over the whole domain.

        Raises:
            FormulaError: There is none, or somewhere no finite value.
        """
        points = self.grid(CHECKED)
        values = self.values(points)
        bad = ~(np.abs(values) < LARGEST)
        if bad.any():
            point = points[int(np.argmax(bad))]
            place = ", ".join(f"{name} = {x:.3g}" for name, x in zip(self.inputs, point, strict=True))
            raise FormulaError(
                f"{self.formula} has no finite value at {place}. Choose another range, or another formula."
            )
        if not self.normalize:
            return 0.0, 1.0
        low, high = float(values.min()), float(values.max())
        return (low + high) / 2, (high - low) / 2 or 1.0

    def _draw(self, generator: np.random.Generator, count: int, spec: Spec) -> Split:
        points = generator.uniform(self.low, self.high, (count, len(self.inputs)))
        values = self.values(points)
        if not (np.abs(values) < LARGEST).all():
            raise DataUnavailable(
                f"{self.formula} has no finite value somewhere between {self.low:g} and {self.high:g}. "
                f"Choose another range, or another formula."
            )
        inputs = (points - np.array(spec.centre)) / np.array(spec.spread)
        targets = (values[:, None] - np.array(spec.value_centre)) / np.array(spec.value_spread)
        return Split(inputs.astype("float32"), targets.astype("float32"))
