"""Sequences of different lengths: how they are held, and how they become batches of like length.

Which sequences a batch holds is a pure function of the seed and of the batch's number, as in
`data.pipeline`, so resumes and replicas see what one uninterrupted process would have seen.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

PADDING = 0  # the token behind a sequence's end
NO_STEP = -32768.0  # a step of features behind it; `models.recurrent.PADDING`, which a test compares
START, END = 1, 2  # tokens before and behind a target

_PREFETCH = 8
_POOL = 64  # batches whose examples are sorted by length among themselves


@dataclass(frozen=True)
class Ragged:
    """Sequences of different lengths, one behind the other in one array.

    Args:
        values: `(sum of lengths, ...)`.
        ends: `(N,)` where each ends.
    """

    values: np.ndarray
    ends: np.ndarray

    @classmethod
    def of(cls, sequences: Sequence[np.ndarray | Sequence[int]]) -> "Ragged":
        """From a list of sequences; int32 where they are of integers, else float32."""
        if not len(sequences):
            return cls(np.zeros(0, "int32"), np.zeros(0, "int64"))
        values = np.concatenate([np.asarray(sequence) for sequence in sequences])
        kind = "int32" if np.issubdtype(values.dtype, np.integer) else "float32"
        return cls(values.astype(kind), np.cumsum([len(sequence) for sequence in sequences]))

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, index: int) -> np.ndarray:
        return self.values[self.ends[index - 1] if index else 0 : self.ends[index]]

    @functools.cached_property
    def lengths(self) -> np.ndarray:
        """`(N,)`."""
        return np.diff(self.ends, prepend=0)

    def padded(self, indices: np.ndarray, fill: float) -> np.ndarray:
        """Some of the sequences `(B, T, ...)`, each filled up behind its end to the longest of them."""
        starts, ends = self.ends[indices] - self.lengths[indices], self.ends[indices]
        batch = np.full((len(indices), max(ends - starts), *self.values.shape[1:]), fill, self.values.dtype)
        for row, start, end in zip(batch, starts, ends, strict=True):
            row[: end - start] = self.values[start:end]
        return batch


@dataclass(frozen=True)
class SequenceSplit:
    """One side of a data set of sequences.

    Args:
        inputs: `N` sequences of tokens `(T,)` or of features `(T, C)`.
        targets: Class labels `(N,)`; or a class for each step of the input; or, where `ahead`, sequences
            of another length that begin with `START` and end with `END`.
        ahead: The model is given the target, too, one place behind (teacher forcing, Williams and
            Zipser 1989), and predicts each of its tokens from those before.
        weights: How much each step's target counts, where there is one for each; None: all alike.
    """

    inputs: Ragged
    targets: Ragged | np.ndarray
    ahead: bool = False
    weights: Ragged | None = None

    def __post_init__(self) -> None:
        if len(self.inputs) != len(self.targets):
            raise ValueError(
                f"targets must have one entry for each of the {len(self.inputs)} inputs. "
                f"Received: {len(self.targets)}"
            )

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def order(self) -> np.ndarray:
        """The examples from short to long, `(N,)`: by target, then by input."""
        targets = self.targets.lengths if isinstance(self.targets, Ragged) else self.inputs.lengths
        return np.lexsort((self.inputs.lengths, targets))

    def batch(self, indices: np.ndarray) -> tuple[np.ndarray, ...]:
        """Some examples, among them places of -1 that are filled with one that has no weight.

        Returns: Inputs; where `ahead`, the target without its end; targets; weights: 1 for each target
            that counts.
        """
        real = indices >= 0
        # An example and not padding throughout, which cuDNN takes for no sequence.
        indices = np.where(real, indices, indices[real][0])
        inputs = self.inputs.padded(indices, PADDING if self.inputs.values.dtype == np.int32 else NO_STEP)
        if isinstance(self.targets, np.ndarray):
            return inputs, self.targets[indices].astype("int32"), real.astype("float32")
        targets = self.targets.padded(indices, PADDING)
        lengths = self.targets.lengths[indices] * real
        if not self.ahead:
            weights = (np.arange(targets.shape[1]) < lengths[:, None]).astype("float32")
            if self.weights is not None:
                weights *= self.weights.padded(indices, 0)
            return inputs, targets, weights
        weights = np.arange(1, targets.shape[1]) < lengths[:, None]
        # The end is no input: only padding would follow it.
        return inputs, targets[:, :-1], targets[:, 1:], weights.astype("float32")

    def signature(self, rows: int) -> tuple[tf.TensorSpec, ...]:
        """What `batch` gives for so many examples."""
        values = self.inputs.values
        inputs = tf.TensorSpec((rows, None, *values.shape[1:]), values.dtype)
        if isinstance(self.targets, np.ndarray):
            return inputs, tf.TensorSpec((rows,), tf.int32), tf.TensorSpec((rows,), tf.float32)
        tokens = tf.TensorSpec((rows, None), tf.int32)
        weights = tf.TensorSpec((rows, None), tf.float32)
        return (inputs, tokens, tokens, weights) if self.ahead else (inputs, tokens, weights)


@dataclass(frozen=True)
class BucketStream:
    """An endless stream of training batches, each of sequences of like length.

    Every pass shuffles the examples, sorts pools of `_POOL` batches by length, cuts them into batches
    and shuffles these. The last batch of a pass is filled up by examples of weight 0.

    Args:
        split: The examples.
        batch_size: Global batch, over all replicas, in examples.
        seed: Decides the order of every pass.
    """

    split: SequenceSplit
    batch_size: int
    seed: int

    def __post_init__(self) -> None:
        if not len(self.split):
            raise ValueError("the training split must hold at least one example. Received: none")

    @property
    def steps_per_epoch(self) -> int:
        """Steps in one pass over the split."""
        return -(-len(self.split) // self.batch_size)

    def batches(self, number: int) -> np.ndarray:
        """The examples of each batch of a pass, `(steps, batch_size)`; -1 is none."""
        random = np.random.default_rng((self.seed, number))
        size = len(self.split)
        indices = random.permutation(size)
        rank = np.empty(size, "int64")
        rank[self.split.order] = np.arange(size)
        pool = _POOL * self.batch_size
        for start in range(0, size, pool):
            part = indices[start : start + pool]
            indices[start : start + pool] = part[np.argsort(rank[part])]
        padded = np.full(self.steps_per_epoch * self.batch_size, -1)
        padded[:size] = indices
        return random.permutation(padded.reshape(self.steps_per_epoch, self.batch_size))

    def shards(self, start: int, replicas: int, first: int, count: int) -> tf.data.Dataset:
        """The stream from step `start` on, as seen by `count` neighbouring replicas; see `Stream.shards`."""
        kept: dict[int, np.ndarray] = {}

        def indices(step: int) -> np.ndarray:
            number = step // self.steps_per_epoch
            if number not in kept:
                kept.clear()
                kept[number] = self.batches(number)
            return kept[number][step % self.steps_per_epoch]

        numbers = tf.data.Dataset.counter(start * count)
        return _elements(self.split, numbers, indices, self.batch_size // replicas, first, count)

    def resident(self) -> tuple[()]:
        """Nothing stays on the device: batches are small beside what is computed on them."""
        return ()

    def materialize(self, element, resident):
        """An element of `shards` is a batch as it is."""
        return element


@dataclass(frozen=True)
class BucketSweep:
    """One pass over a split from short to long, in which every example counts exactly once.

    Args:
        split: The examples.
        batch_size: Global batch, over all replicas, in examples.
    """

    split: SequenceSplit
    batch_size: int

    @property
    def steps(self) -> int:
        """Batches in the pass."""
        return -(-len(self.split) // self.batch_size)

    def shards(self, replicas: int, first: int, count: int) -> tf.data.Dataset:
        """The pass as seen by `count` neighbouring replicas; see `Stream.shards`."""
        padded = np.full(self.steps * self.batch_size, -1)
        padded[: len(self.split)] = self.split.order
        batches = padded.reshape(self.steps, self.batch_size)
        numbers = tf.data.Dataset.range(self.steps * count)
        return _elements(self.split, numbers, batches.__getitem__, self.batch_size // replicas, first, count)


def _elements(split: SequenceSplit, numbers, indices, share: int, first: int, count: int) -> tf.data.Dataset:
    """Batches by step, cut into the shares of `count` replicas from `first` on, one after the other.

    All shares of a batch are padded to the same length, that of the whole batch.

    Args:
        numbers: A dataset that counts the elements: `count` for each step.
        indices: From a step to its examples.
        share: Examples of one replica.
    """
    signature = split.signature(share)

    @functools.lru_cache(maxsize=1)
    def whole(step: int):
        return split.batch(indices(step))

    def make(number):
        step, place = divmod(int(number), count)
        rows = slice((first + place) * share, (first + place + 1) * share)
        return tuple(array[rows] for array in whole(step))

    def element(number):
        arrays = tf.numpy_function(make, [number], [spec.dtype for spec in signature], stateful=False)
        *inputs, targets, weights = (
            tf.ensure_shape(array, spec.shape) for array, spec in zip(arrays, signature, strict=True)
        )
        return (tuple(inputs) if len(inputs) > 1 else inputs[0]), targets, weights

    return numbers.map(element).prefetch(_PREFETCH)
