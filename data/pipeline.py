"""From a split to batches: `Stream` for training, `Sweep` for evaluation.

Which example stands where, and every draw of its augmentation, is a pure function of the seed and of
the position in the stream. So a resumed run sees what an uninterrupted one would have seen, and N
replicas together see what one would have seen.
"""

from dataclasses import dataclass

import tensorflow as tf

from data.augmentation import DRAWS, augment
from data.source import Augmentation, Split

# inputs (B, ...), targets (B,), weights (B,): 1 for an example that counts, 0 for padding
Batch = tuple[tf.Tensor, tf.Tensor, tf.Tensor]

_PREFETCH = 4  # batches made ahead while the model computes


@dataclass(frozen=True)
class Stream:
    """An endless stream of shuffled training batches, one pass over the split after another.

    A batch may cross from one pass into the next, so no example is ever left out and a split smaller
    than a batch works too.

    Args:
        split: The examples.
        batch_size: Global batch, over all replicas, in examples.
        seed: Decides the order of every pass and the draws of the augmentation.
        augmentation: Random changes of the inputs.
        on_device: Keep the split on the accelerator and send it only positions. Faster where there
            is one; on a CPU the pipeline's own threads are.
    """

    split: Split
    batch_size: int
    seed: int
    augmentation: Augmentation = Augmentation()
    on_device: bool = False

    def __post_init__(self) -> None:
        if not len(self.split):
            raise ValueError("the training split must hold at least one example. Received: none")

    @property
    def steps_per_epoch(self) -> int:
        """Steps in one pass over the split, to the nearest whole step."""
        return max(1, round(len(self.split) / self.batch_size))

    def shards(self, start: int, replicas: int, first: int, count: int) -> tf.data.Dataset:
        """The stream from step `start` on, as seen by `count` neighbouring replicas.

        Args:
            start: Step to begin with.
            replicas: Number of replicas in all; divides `batch_size`.
            first: The first replica that is fed by this dataset.
            count: The number of replicas that are.

        Returns: An endless dataset; for each step the elements of the replicas `first`, `first + 1`, ...
            in this order. Each element is what `materialize` takes.
        """
        share = self.batch_size // replicas

        def element(number: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            step = start + number // count
            offset = (first + number % count) * share
            positions = step * self.batch_size + offset + tf.range(share, dtype=tf.int64)
            draws = tf.random.stateless_uniform(
                (self.batch_size, DRAWS), seed=tf.stack([tf.cast(self.seed, tf.int64), step])
            )  # drawn for the whole batch: the same numbers, however many replicas share it
            return self._indices(positions), draws[offset : offset + share]

        dataset = tf.data.Dataset.counter().map(element)
        if not self.on_device:
            with tf.device("CPU"):
                examples = self.split.tensors()
            dataset = dataset.map(
                lambda *element: self._batch(element, examples),
                num_parallel_calls=2,
                deterministic=True,
            )
        return dataset.prefetch(_PREFETCH)

    def resident(self) -> tuple[tf.Tensor, ...]:
        """What each replica keeps on its device through the whole training."""
        return self.split.tensors() if self.on_device else ()

    def materialize(self, element, resident) -> Batch:
        """An element of `shards` as a batch; called inside the training step, on the replica's device."""
        return self._batch(element, resident) if self.on_device else element

    def _indices(self, positions: tf.Tensor) -> tf.Tensor:
        """The example at each position of the stream, `(B,)`: every pass is a permutation of its own."""
        size = len(self.split)
        epochs = tf.cast(positions // size, tf.int32)
        seed = tf.fill(tf.shape(epochs), tf.cast(self.seed, tf.int32))
        return tf.raw_ops.RandomIndexShuffle(
            index=positions % size,
            seed=tf.stack([seed, epochs, tf.zeros_like(epochs)], axis=1),
            max_index=tf.constant(size - 1, tf.int64),
            rounds=4,
        )

    def _batch(self, element, examples) -> Batch:
        indices, draws = element
        inputs, targets = examples
        images = tf.cast(tf.gather(inputs, indices), tf.float32) * self.split.scale
        if self.augmentation.active:
            images = augment(images, draws, self.augmentation)
        return images, tf.gather(targets, indices), tf.ones_like(indices, tf.float32)


@dataclass(frozen=True)
class Sweep:
    """One pass over a split, in order, in which every example counts exactly once.

    The last batches are padded with examples of weight 0, so all replicas get equal, full batches.

    Args:
        split: The examples.
        batch_size: Global batch, over all replicas, in examples.
    """

    split: Split
    batch_size: int

    @property
    def steps(self) -> int:
        """Batches in the pass."""
        return -(-len(self.split) // self.batch_size)

    def shards(self, replicas: int, first: int, count: int) -> tf.data.Dataset:
        """The pass as seen by `count` neighbouring replicas; see `Stream.shards`."""
        share = self.batch_size // replicas
        last = len(self.split) - 1
        with tf.device("CPU"):
            inputs, targets = self.split.tensors()

        def element(number: tf.Tensor) -> Batch:
            offset = (first + number % count) * share
            positions = number // count * self.batch_size + offset + tf.range(share, dtype=tf.int64)
            weights = tf.cast(positions <= last, tf.float32)
            indices = tf.minimum(positions, last)
            images = tf.cast(tf.gather(inputs, indices), tf.float32) * self.split.scale
            return images, tf.gather(targets, indices), weights

        return tf.data.Dataset.range(self.steps * count).map(element).prefetch(_PREFETCH)
