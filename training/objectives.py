"""What one training step computes on one replica.

An objective owns its models and their updaters. The loop calls it and knows nothing of it but this
file's `Objective`: a classifier, two players of a GAN and an agent in its environments are three
objectives on the same loop.
"""

import abc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from training import recurrence
from training.forward import Forward
from training.losses import per_example
from training.optimizers import Updater

# Every figure is a sum and the weight that it is a sum over, so that it is exact on any number of
# replicas: (sum, weight), both scalar float32.
Figure = tuple[tf.Tensor, tf.Tensor]
Figures = dict[str, Figure]


def draw_key(seed: int, position: tf.Tensor, replica: tf.Tensor) -> tf.Tensor:
    """The key of one replica's random draws in one step, `(2,)` int64.

    XLA sees 32 bits of each number of a key, so that a seed in the high bits would be lost there: the seed is
    spread over both numbers instead. To the second, 0 to 2**16 - 1 may be added for several draws in a step.
    """
    first, second = (int(number) for number in np.random.SeedSequence(seed).generate_state(2))
    replica = tf.cast(replica, tf.int64)
    return tf.stack([(position + first) % 2**32, (replica * 2**16 + second) % 2**32])


class Objective(abc.ABC):
    """One step of training, and one of evaluation.

    Made inside the strategy's scope. `step` and `evaluate` run in replica context and in a graph.

    Attributes:
        models: What the run saves, by file name without its ending: {"model": ...} where there is
            one, {"generator": ..., "discriminator": ...} for a GAN. The first is the one that
            `keras.callbacks` see.
        updaters: The optimizers, by name.
        figures: Names of the figures that `step` returns; "loss" is among them, and ends the run
            when it is not finite.
        evaluation_figures: Names of the figures that `evaluate` returns.
    """

    models: dict[str, keras.Model]
    updaters: dict[str, Updater]
    figures: tuple[str, ...]
    evaluation_figures: tuple[str, ...] = ()

    def initial_state(self, replica: int, replicas: int) -> Any:
        """What a replica carries from step to step beside the variables, as a nest of tensors.

        An agent's environments and its replay live here: each replica has its own, and the loop
        carries, saves and restores them. Most objectives carry nothing.
        """
        return ()

    @abc.abstractmethod
    def step(self, batch: Any, state: Any, position: tf.Tensor) -> tuple[Figures, Any]:
        """Update the variables once.

        Args:
            batch: This replica's share of the global batch; None where training needs no data.
            state: As `initial_state` or the step before returned it.
            position: Number of the step, scalar int64. All randomness must follow from it, the seed and
                the replica.

        Returns: The figures of this replica's share, and the new state.
        """

    def evaluate(self, batch: Any) -> Figures:
        """The figures of this replica's share of an evaluation batch; changes nothing."""
        raise NotImplementedError(f"{type(self).__name__} has no evaluation")

    def global_step(self, step: int) -> int | None:
        """Environment steps taken up to a training step; None where a run has no environment."""
        return None

    @property
    def variables(self) -> list[tf.Variable | keras.Variable]:
        """Everything that training changes, in a fixed order."""
        holders = [*self.models.values(), *self.updaters.values()]
        return [variable for holder in holders for variable in holder.variables]

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Evaluate and save with the moving averages of the weights, where an updater keeps them."""
        with ExitStack() as stack:
            for updater in self.updaters.values():
                stack.enter_context(updater.averaged())
            yield


class Supervised(Objective):
    """Learn targets from inputs: the mean of a loss over the global batch.

    Args:
        model: `(B, ...)`, or several of these, to logits or values `(B, K)`. Where it holds N nets side by
            side and gives `(B, N, K)`, each learns by a loss of its own as if it were alone, since the sum
            of the losses is differentiated; the figures are the nets' means. Where targets are sequences
            `(B, T)` it gives `(B, T, K)`; weights `(B, T)` then say which steps count, and the loss is the
            mean over all steps of the global batch that do.
        updater: Of the model's trainable variables; None: the objective only evaluates.
        loss: One of `losses.LOSSES`, fit for the targets.
        classes: Whether the targets are class labels; else they are values `(B, K)`.
        label_smoothing: Share of a target's probability that is spread over all classes while training; see
            `losses.per_example`.
        l1: Factor of the sum of the kernels' absolute entries, which is added to what is minimized.
        l2: Factor of the sum of their squares, likewise.
        accumulate: Parts that a replica's share of a batch is computed in, one after the other. The
            update is the same; the memory is that of one part.
        jit_compile: Compile the computation of loss and gradients by XLA.
        seed: Of the dropout masks.

    The metric "loss" is the plain loss, in training as in evaluation: without smoothed labels and without the
    penalties `l1` and `l2`, so that training and validation are comparable. Dropout and augmentation remain.

    Each replica draws dropout masks of its own. Batch normalization normalizes over the global batch
    (`training.strategy.synchronize`).
    """

    def __init__(
        self,
        model: keras.Model,
        updater: Updater | None,
        *,
        loss: str = "cross_entropy",
        classes: bool = True,
        label_smoothing: float = 0.0,
        l1: float = 0.0,
        l2: float = 0.0,
        accumulate: int = 1,
        jit_compile: bool = False,
        seed: int = 0,
        read: Callable[[tf.Tensor], tf.Tensor] | None = None,
    ) -> None:
        self.model = model
        self._read = read or tf.convert_to_tensor
        self.updater: Any = updater
        self.models = {"model": model}
        self.updaters = {"optimizer": updater} if updater else {}
        # Values have their squared error told whatever the loss is, so that runs can be compared.
        self.figures = self.evaluation_figures = ("loss", "accuracy" if classes else "squared_error")
        self.loss = loss
        self.label_smoothing = label_smoothing
        self.l1, self.l2 = l1, l2
        self.accumulate = accumulate
        self.seed = seed
        recurrence.hasten(model)
        self._trainable = list(model.trainable_variables)
        self._kernels = [i for i, v in enumerate(self._trainable) if v.name == "kernel"]
        self._replicas = tf.distribute.get_strategy().num_replicas_in_sync
        self._forward = Forward(model)
        self._differentiate: Any = self._loss_and_gradients
        if jit_compile:
            self._differentiate = tf.function(self._loss_and_gradients, jit_compile=True)

    def step(self, batch, state, position):
        inputs, targets, weights = batch
        replica = tf.distribute.get_replica_context()
        total = tf.reduce_sum(weights)
        if replica.num_replicas_in_sync > 1:
            total = replica.all_reduce(tf.distribute.ReduceOp.SUM, total)
        place = tf.cast(replica.replica_id_in_sync_group, tf.int64)
        key = draw_key(self.seed, position, place)
        sums, gradients, statistics = self._differentiate(inputs, targets, weights / total, key, position)
        self._forward.assign(statistics)
        self.updater.apply(gradients)
        return self._figures(sums * total, tf.reduce_sum(weights)), state

    def evaluate(self, batch):
        inputs, targets, weights = batch
        outputs = self._read(self.model(inputs, training=False))
        losses, merits = self._of_examples(targets, outputs)
        return self._figures(_sums(losses, merits, weights), tf.reduce_sum(weights))

    def _loss_and_gradients(self, inputs, targets, weights, key, position):
        """Loss, gradients and new statistics as a pure function, so that XLA can compile it.

        Args:
            weights: Of the examples or their steps, as shares of the global batch.
            key: `(2,)` int64, of the random draws.
            position: Number of the step.

        Returns: The sums of the figures; one gradient a trainable variable; the new values of the
            variables that no gradient trains, such as a normalization's moving statistics.
        """
        size = targets.shape[0] // self.accumulate
        statistics = self._forward.read()
        gradients = [0.0] * len(self._trainable)
        sums = 0.0
        for part in range(self.accumulate):
            rows = slice(part * size, (part + 1) * size)
            # One part after the other, or their memory adds up.
            with (
                tf.control_dependencies(gradients if part else []),
                tf.GradientTape() as tape,
            ):
                given = tf.nest.map_structure(lambda x, rows=rows: x[rows], inputs)
                updates = position * self.accumulate + part
                outputs, statistics = self._forward(given, statistics, key + [0, part * 2**32], updates)
                losses, merits = self._of_examples(targets[rows], outputs)
                minimized = losses
                if self.label_smoothing:
                    minimized = self._losses(targets[rows], outputs, self.label_smoothing)
                shares = weights[rows]
                if losses.shape.rank > shares.shape.rank:  # N nets side by side
                    shares = shares[:, None]
                loss = tf.reduce_sum(shares * minimized) + self._penalty() / self.accumulate
                loss = self.updater.scale_loss(loss)
                new = tape.gradient(loss, [variable.value for variable in self._trainable])
            # Those of an embedding come as slices, which the sum of replicas and the clipping want whole.
            gradients = [a + tf.convert_to_tensor(b) for a, b in zip(gradients, new, strict=True)]
            sums += _sums(losses, merits, weights[rows])
        return sums, gradients, statistics

    def _losses(self, targets, outputs, smoothing=0.0):
        """The loss of each example `(B,)`; `(B, N)` of N nets, and `(B, T)` of sequences."""
        return per_example(self.loss, _beside(targets, outputs), outputs, smoothing)

    def _of_examples(self, targets, outputs):
        """Plain loss, and correctness or squared error, of each example: both of the shape of `_losses`."""
        losses, targets = self._losses(targets, outputs), _beside(targets, outputs)
        if not targets.dtype.is_integer:
            return losses, per_example("squared_error", targets, outputs)
        answers = tf.argmax(outputs, axis=-1, output_type=targets.dtype)
        return losses, tf.cast(answers == targets, tf.float32)

    def _penalty(self) -> tf.Tensor | float:
        """This replica's share of what large weights cost."""
        kernels = [tf.cast(self._trainable[i].value, tf.float32) for i in self._kernels]
        cost = 0.0
        if self.l1:
            cost += self.l1 * tf.add_n([tf.reduce_sum(tf.abs(kernel)) for kernel in kernels])
        if self.l2:
            cost += self.l2 * tf.add_n([tf.reduce_sum(tf.square(kernel)) for kernel in kernels])
        return cost / self._replicas

    def _figures(self, sums: tf.Tensor, weight: tf.Tensor) -> Figures:
        return {name: (sums[index], weight) for index, name in enumerate(self.figures)}


def _beside(targets: tf.Tensor, outputs: tf.Tensor) -> tf.Tensor:
    """The targets, with an axis for the nets where outputs are of N nets side by side."""
    several = outputs.shape.rank > targets.shape.rank + targets.dtype.is_integer
    return targets[:, None] if several else targets


def _sums(losses: tf.Tensor, merits: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
    """Weighted sums over the examples, or their steps, of the mean over their nets, `(2,)`."""
    alone = losses.shape.rank == weights.shape.rank
    means = [x if alone else tf.reduce_mean(x, axis=-1) for x in (losses, merits)]
    return tf.stack([tf.reduce_sum(weights * mean) for mean in means])
