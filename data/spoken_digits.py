"""Spoken digits through TensorFlow Datasets: 2,500 recordings by five speakers, as waves or spectrograms."""

import contextlib
import warnings
from dataclasses import dataclass

import numpy as np

from data.downloads import prepared_builder
from data.sounds import read_sound
from data.source import Augmentation, Source, Spec, Split
from data.splitting import fingerprints, without

RATE = 8000  # Hz
TEST_RECORDINGS = 5  # numbers 0 to 4 of each speaker and digit, as the set's authors have it
FORMS = ("wave", "spectrogram")
WINDOW, HOP, BANDS = 256, 80, 40  # points of a spectrum (32 ms) and between two (10 ms); mel bands
LOWEST = 60.0  # Hz, the first band's edge
FLOOR = 1e-3  # added to a band's power before the logarithm: of a wave that peaks at 1


@dataclass(frozen=True)
class Config:
    """Settings of the spoken digits.

    Args:
        form: "wave", the sound's pressure over time, `(T, 1)`; or "spectrogram", the logarithm of its power
            in mel bands every 10 ms, `(T, F)`.
        seconds: That every recording is cut or padded to.
        validation: Share of the training recordings that is kept for validation.
        augmentation: Random changes of the training recordings.

    The test split is the official one. TensorFlow Datasets has no split: the file names tell.
    """

    form: str = "spectrogram"
    seconds: float = 0.75
    validation: float = 0.1
    augmentation: Augmentation = Augmentation()

    def __post_init__(self) -> None:
        if self.form not in FORMS:
            raise ValueError(f"form must be one of {', '.join(FORMS)}. Received: {self.form!r}")
        if not 0.1 <= self.seconds <= 5:
            raise ValueError(f"seconds must be 0.1 to 5. Received: {self.seconds!r}")
        if not 0 <= self.validation < 1:
            raise ValueError(f"validation must be at least 0 and below 1. Received: {self.validation!r}")

    def load(self) -> Source:
        """Read the recordings, downloading and preparing them first where that has not been done.

        Raises:
            DataUnavailable: They are not here and can't be downloaded.
        """
        sounds, labels, numbers = _read()
        inputs = np.stack([as_input(sound, RATE, self.form, self.seconds) for sound in sounds])
        official = np.flatnonzero(numbers < TEST_RECORDINGS)
        rest = np.flatnonzero(numbers >= TEST_RECORDINGS)
        rest = rest[without(inputs[rest], inputs[official])]
        kept = fingerprints(inputs[rest]) < self.validation
        train, validation, test = (
            Split(inputs[side], labels[side]) for side in (rest[~kept], rest[kept], official)
        )
        spec = Spec(
            name="spoken_digits",
            input_shape=inputs.shape[1:],
            classes=tuple("0123456789"),
            licence="CC BY-SA 4.0",
            citation="Jackson et al. 2018, Free Spoken Digit Dataset v1.0.9, doi:10.5281/zenodo.1342401",
            sample_rate=RATE,
        )
        return Source(train, validation, test, spec, self.augmentation)

    def read(self, line: str, spec: Spec) -> np.ndarray:
        """A WAV file by its path, as a model sees it: `spec.input_shape` float32.

        Raises:
            DataUnavailable: It can't be read as a sound.
        """
        return as_input(*read_sound(line), self.form, self.seconds)


def as_input(sound: np.ndarray, rate: int, form: str, seconds: float) -> np.ndarray:
    """A sound as a model sees it.

    Args:
        sound: `(N,)`, of any loudness.
        rate: Of its points, in Hz.
        form: One of `FORMS`.
        seconds: What it is brought to: the loudest stretch of that length; silence around a shorter one.

    Returns: `(T, 1)` or `(T, BANDS)` float32.
    """
    sound = resampled(np.asarray(sound, "float32"), rate, RATE)
    sound = fitted(sound - (sound.mean() if len(sound) else 0), round(seconds * RATE))
    peak = np.abs(sound).max(initial=0)
    wave = sound / peak if peak > 0 else sound
    return wave[:, None].astype("float32") if form == "wave" else spectrogram(wave)


def resampled(sound: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    """A sound `(N,)` at another rate, what would fold over filtered away."""
    if rate == wanted:
        return sound
    from math import gcd

    from scipy.signal import resample_poly

    common = gcd(rate, wanted)
    return resample_poly(sound, wanted // common, rate // common).astype("float32")


def fitted(sound: np.ndarray, length: int) -> np.ndarray:
    """The loudest `length` points of a sound, or all of it in the middle of silence."""
    if len(sound) <= length:
        before = (length - len(sound)) // 2
        return np.pad(sound, (before, length - len(sound) - before))
    energy = np.concatenate([[0.0], np.cumsum(np.square(sound, dtype="float64"))])
    start = int(np.argmax(energy[length:] - energy[:-length]))
    return sound[start : start + length]


def spectrogram(wave: np.ndarray) -> np.ndarray:
    """The logarithm of the power in mel bands (Davis and Mermelstein 1980), near mean 0 and deviation 1.

    Args:
        wave: `(N,)` at `RATE`, its peak at 1.

    Returns: `(T, BANDS)` float32, a row every `HOP` points.
    """
    padded = np.pad(wave, (WINDOW // 2, WINDOW // 2))
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]  # (T, WINDOW)
    power = np.abs(np.fft.rfft(frames * np.hanning(WINDOW), axis=-1)) ** 2 / WINDOW
    logs = np.log(power @ _mel_bands() + FLOOR)
    return ((logs - np.log(FLOOR)) / 2 - 0.5).astype("float32")


def _mel_bands() -> np.ndarray:
    """Triangles that overlap by half, even in mel = 1127 ln(1 + f / 700): `(WINDOW / 2 + 1, BANDS)`."""
    mel = np.linspace(1127 * np.log1p(LOWEST / 700), 1127 * np.log1p(RATE / 2 / 700), BANDS + 2)
    edges = 700 * np.expm1(mel / 1127)  # Hz
    bins = np.linspace(0, RATE / 2, WINDOW // 2 + 1)[:, None]
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    return np.maximum(0, np.minimum(rising, falling))


def _read() -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Every recording, its digit, and its number among those of its speaker and digit."""
    import tensorflow_datasets as tfds

    with _quiet():
        builder = prepared_builder("spoken_digit", embedded="waveforms")
        examples = list(tfds.as_numpy(builder.as_dataset(split="train")))
    examples.sort(key=lambda example: example["audio/filename"])  # digit_speaker_number.wav
    numbers = [
        int(example["audio/filename"].decode().removesuffix(".wav").split("_")[2]) for example in examples
    ]
    labels = [int(example["label"]) for example in examples]
    return [example["audio"] for example in examples], np.array(labels, "int32"), np.array(numbers)


@contextlib.contextmanager
def _quiet():
    """Without the warnings of what reads the recordings: it looks for an ffmpeg that WAV files don't need."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
