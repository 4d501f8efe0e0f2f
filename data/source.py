"""The contract of a data set: three splits in memory and what one must know to use them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tensorflow as tf


class DataUnavailable(Exception):
    """A data set can't be had; the message says why in one sentence, and the way out."""


@dataclass(frozen=True)
class Spec:
    """What one must know of a data set to build a model for it and to show its examples.

    Args:
        name: The data set's name.
        input_shape: Shape of one example, batch left out; images as `(H, W, C)`.
        classes: Names of the classes, by label; empty where numbers are predicted.
        licence: Under what the data may be used.
        citation: Whom to cite.
        sample_rate: Of sounds, in Hz; 0 for what is none.
        features: Names of the columns of a table, by their place in an input `(D,)`; else empty.
        centre: What was subtracted from each feature; empty: nothing.
        spread: What each feature was divided by after that; empty: nothing.
        columns: What each column of a table's file is: the place of a feature, -1 for a column that is not
            used, -2 for the one with the target; empty where there is no file.
        values: Names of the numbers that are predicted; empty where classes are.
        value_centre: What was subtracted from each of them.
        value_spread: What each was divided by after that.
        tokens: How many tokens an input is made of, the padding's included; 0 where it is of numbers.
        target_tokens: How many a target is made of, where that is a sequence of its own: a translation.
        languages: The two of a translation, by their ISO 639-1 codes.
        every_step: Whether each step of an input has a class of its own.
        continued: Whether that is the token that follows, one of the input's own kind.

    Every input is float32, pixels in [0, 1]; or int32 tokens. An axis of time may be None: sequences of
    different lengths. A target is an int32 class label, or float32 `(K,)` values; or int32 tokens.
    """

    name: str
    input_shape: tuple[Any, ...]
    classes: tuple[str, ...]
    licence: str
    citation: str
    sample_rate: int = 0
    features: tuple[str, ...] = ()
    centre: tuple[float, ...] = ()
    spread: tuple[float, ...] = ()
    columns: tuple[int, ...] = ()
    values: tuple[str, ...] = ()
    value_centre: tuple[float, ...] = ()
    value_spread: tuple[float, ...] = ()
    tokens: int = 0
    target_tokens: int = 0
    languages: tuple[str, ...] = ()
    every_step: bool = False
    continued: bool = False

    @property
    def outputs(self) -> int:
        """How many numbers a model gives: a logit a class or a token, or the values."""
        if self.continued:
            return self.tokens
        return len(self.classes) or len(self.values) or self.target_tokens

    @property
    def categorical(self) -> bool:
        """Whether one of several is predicted, a class or a token; else values are."""
        return not self.values


@dataclass(frozen=True)
class Split:
    """One side of a data set, held in memory and read by position.

    Args:
        inputs: `(N, ...)`; uint8 pixels stay uint8 here, which is a quarter of the memory.
        targets: `(N,)` class labels, or `(N, K)` float32 values.
        scale: What an entry of `inputs` is multiplied by to become a model's input.
    """

    inputs: np.ndarray
    targets: np.ndarray
    scale: float = 1.0

    def __post_init__(self) -> None:
        if len(self.inputs) != len(self.targets):
            raise ValueError(
                f"targets must have one entry for each of the {len(self.inputs)} inputs. "
                f"Received: {len(self.targets)}"
            )

    def __len__(self) -> int:
        return len(self.inputs)

    def example(self, index: int) -> tuple[np.ndarray, int]:
        """One example of a class as a model sees it: float32 input, label."""
        return self.inputs[index].astype("float32") * self.scale, int(self.targets[index])

    def tensors(self) -> tuple[tf.Tensor, tf.Tensor]:
        """All inputs and targets, on the device in whose scope this is called."""
        kind = tf.int32 if self.targets.ndim == 1 else tf.float32
        return tf.constant(self.inputs), tf.constant(self.targets, kind)


@dataclass(frozen=True)
class Augmentation:
    """Random changes of training images or series, drawn anew for every example at every step.

    Args:
        shift: Largest shift along each axis, in pixels; of a series along time, in positions.
        flip: Mirror left and right with probability 1/2.
        rotation: Largest rotation to either side, in degrees.
        zoom: Largest change of size, as a share: 0.1 draws from 0.9 to 1.1; of a series its duration.
        erase: Edge of the square that is blanked at a random place, in pixels
            (DeVries and Taylor 2017, arXiv:1708.04552); of a series the stretch, in positions.
        gain: Largest change of a series' loudness, as a share; not for images.
        erase_channels: Neighbouring channels of a series that are blanked, as bands of a spectrogram
            (Park et al. 2019, arXiv:1904.08779, section 2); not for images.

    `flip` and `rotation` are for images alone.
    """

    shift: int = 0
    flip: bool = False
    rotation: float = 0.0
    zoom: float = 0.0
    erase: int = 0
    gain: float = 0.0
    erase_channels: int = 0

    def __post_init__(self) -> None:
        for name in ("shift", "rotation", "zoom", "erase", "gain", "erase_channels"):
            if getattr(self, name) < 0:
                raise ValueError(f"augmentation.{name} must be at least 0. Received: {getattr(self, name)!r}")
        if self.zoom >= 1:
            raise ValueError(f"augmentation.zoom must be below 1. Received: {self.zoom!r}")

    @property
    def active(self) -> bool:
        """Whether any change is asked for."""
        return any(vars(self).values())


@dataclass(frozen=True)
class Source:
    """A data set: splits that share no example, their spec, and how training examples are augmented.

    Args:
        train: To learn from.
        validation: To choose by.
        test: To measure.
        spec: What one must know of them.
        augmentation: Random changes of the training examples.
        files: What a run must keep to read inputs as this source does, by file name: tokenizers.
    """

    train: Any
    validation: Any
    test: Any
    spec: Spec
    augmentation: Augmentation = Augmentation()
    files: Mapping[str, str] = field(default_factory=dict)
