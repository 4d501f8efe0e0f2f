"""Five wave forms drawn by a rule, shifted, stretched and noisy: sine, square, saw, triangle and chirp."""

from dataclasses import dataclass

import numpy as np

from data.series import parse_line
from data.source import Augmentation, Source, Spec, Split

CLASSES = ("sine", "square", "sawtooth", "triangle", "chirp")
EXAMPLES = {"train": 4000, "validation": 500, "test": 1000}
PERIODS = 2.0, 8.0  # in one series: of the slowest and of the fastest
LOUDNESS = 0.6, 1.4  # of the softest and of the loudest


@dataclass(frozen=True)
class Config:
    """Settings of the wave forms.

    Args:
        length: Points of a series, at least 32.
        noise: Standard deviation of the white noise that is added, where the waves swing from -1 to 1.
            Without it 100 % is possible; the more there is, the more a triangle is like a sine.
        seed: Another seed, other series.
        augmentation: Random changes of the training series.

    Each series is `loudness * wave(periods * t + phase) + noise` over t in [0, 1), its class, periods, phase
    and loudness drawn evenly. A chirp's frequency rises evenly from 0 to twice its mean.
    """

    length: int = 128
    noise: float = 0.3
    seed: int = 0
    augmentation: Augmentation = Augmentation()

    def __post_init__(self) -> None:
        if not 32 <= self.length <= 8192:
            raise ValueError(f"length must be 32 to 8192 points. Received: {self.length!r}")
        if not 0 <= self.noise <= 10:
            raise ValueError(f"noise must be 0 to 10. Received: {self.noise!r}")
        if self.seed < 0:
            raise ValueError(f"seed must be at least 0. Received: {self.seed!r}")

    def load(self) -> Source:
        """Draw the series, `(length, 1)` of five classes; each split has a stream of its own."""
        streams = np.random.SeedSequence(self.seed).spawn(len(EXAMPLES))
        splits = {
            name: self._draw(np.random.default_rng(stream), count)
            for (name, count), stream in zip(EXAMPLES.items(), streams, strict=True)
        }
        spec = Spec(
            name="waveforms",
            input_shape=(self.length, 1),
            classes=CLASSES,
            licence="Apache-2.0",
            citation="drawn by data/waveforms.py",
        )
        return Source(splits["train"], splits["validation"], splits["test"], spec, self.augmentation)

    def read(self, line: str, spec: Spec) -> np.ndarray:
        """A series as numbers split by commas: `spec.input_shape` float32.

        Raises:
            DataUnavailable: It is no series of that length.
        """
        return parse_line(line, spec.input_shape, normalize=False, classes=spec.classes)

    def _draw(self, generator: np.random.Generator, count: int) -> Split:
        labels = generator.integers(0, len(CLASSES), count)
        periods = generator.uniform(*PERIODS, (count, 1))
        phase = generator.uniform(0, 1, (count, 1))
        loudness = generator.uniform(*LOUDNESS, (count, 1))
        noise = self.noise * generator.standard_normal((count, self.length))
        time = np.arange(self.length)[None] / self.length  # (1, T)
        waves = np.stack([wave(name, time, periods, phase) for name in CLASSES])  # (K, N, T)
        series = loudness * waves[labels, np.arange(count)] + noise
        return Split(series[..., None].astype("float32"), labels.astype("int32"))


def wave(name: str, time: np.ndarray, periods: np.ndarray, phase: np.ndarray) -> np.ndarray:
    """One of the wave forms, between -1 and 1.

    Args:
        name: One of `CLASSES`.
        time: In [0, 1).
        periods: How many of them there are.
        phase: Where the first one begins, as a share of a period.
    """
    turns = periods * (time**2 if name == "chirp" else time) + phase  # the chirp speeds up from 0
    share = turns % 1  # of the period
    if name == "square":
        return np.where(share < 0.5, 1.0, -1.0)
    if name == "sawtooth":
        return 2 * share - 1
    if name == "triangle":
        return 4 * np.abs(share - 0.5) - 1
    return np.sin(2 * np.pi * turns)
