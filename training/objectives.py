"""What one training step computes on one replica.

An objective owns its models and their updaters. The loop calls it and knows nothing of it but this
file's `Objective`: a classifier, two players of a GAN and an agent in its environments are three
objectives on the same loop.
"""

import abc
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import keras
import tensorflow as tf

from training.optimizers import Updater

# Every figure is a sum and the weight that it is a sum over, so that it is exact on any number of
# replicas: (sum, weight), both scalar float32.
Figure = tuple[tf.Tensor, tf.Tensor]
Figures = dict[str, Figure]


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
        model: `(B, ...)` to logits `(B, K)`.
        updater: Of the model's trainable variables; None: the objective only evaluates.
        label_smoothing: Share of the target's probability that is spread over all classes
            (Szegedy et al. 2016, arXiv:1512.00567, section 7).
        accumulate: Parts that a replica's share of a batch is computed in, one after the other. The
            update is the same; the memory is that of one part.
        jit_compile: Compile the computation of loss and gradients by XLA.
        seed: Of the dropout masks.

    Each replica draws dropout masks of its own. Batch normalization normalizes over the global batch
    (`training.strategy.synchronize`).
    """

    figures = ("loss", "accuracy")
    evaluation_figures = ("loss", "accuracy")

    def __init__(
        self,
        model: keras.Model,
        updater: Updater | None,
        *,
        label_smoothing: float = 0.0,
        accumulate: int = 1,
        jit_compile: bool = False,
        seed: int = 0,
    ) -> None:
        self.model = model
        self.updater: Any = updater
        self.models = {"model": model}
        self.updaters = {"optimizer": updater} if updater else {}
        self.label_smoothing = label_smoothing
        self.accumulate = accumulate
        self.seed = seed
        self._trainable = list(model.trainable_variables)
        self._statistics = list(model.non_trainable_weights)
        known = {id(variable) for variable in self._statistics}
        self._seeds = [v for v in model.non_trainable_variables if id(v) not in known]
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
        key = tf.stack([position + self.seed * 2**32, place])
        sums, gradients, statistics = self._differentiate(inputs, targets, weights / total, key)
        for variable, value in zip(self._statistics, statistics, strict=True):
            variable.assign(value)
        self.updater.apply(gradients)
        return self._figures(sums * total, tf.reduce_sum(weights)), state

    def evaluate(self, batch):
        inputs, targets, weights = batch
        logits = self.model(inputs, training=False)
        return self._figures(self._sums(targets, logits, weights, smoothing=0.0), tf.reduce_sum(weights))

    def _loss_and_gradients(self, inputs, targets, weights, key):
        """Loss, gradients and new statistics as a pure function, so that XLA can compile it.

        Args:
            weights: Of the examples, as shares of the global batch.
            key: `(2,)` int64, of the random draws.

        Returns: The sums of `_sums`; one gradient a trainable variable; the new values of the
            variables that no gradient trains, such as a normalization's moving statistics.
        """
        size = inputs.shape[0] // self.accumulate
        statistics = [tf.convert_to_tensor(variable) for variable in self._statistics]
        gradients = [0.0] * len(self._trainable)
        sums = 0.0
        for part in range(self.accumulate):
            rows = slice(part * size, (part + 1) * size)
            # One part after the other, or their memory adds up.
            with (
                tf.control_dependencies(gradients if part else []),
                tf.GradientTape() as tape,
            ):
                logits, statistics = self._forward(inputs[rows], statistics, key + [0, part * 2**32])
                added = self._sums(targets[rows], logits, weights[rows], self.label_smoothing)
                loss = self.updater.scale_loss(added[0])
                new = tape.gradient(loss, [variable.value for variable in self._trainable])
            gradients = [a + b for a, b in zip(gradients, new, strict=True)]
            sums += added
        return sums, gradients, statistics

    def _forward(self, inputs, statistics, key):
        """Logits in training mode, and the statistics after it; no variable is touched.

        The model's own random generators would count their draws in variables; here each gets a state
        that follows from the position, so that a resume draws the same masks again.
        """
        states = tf.random.stateless_uniform(
            (len(self._seeds), 2), key, minval=None, maxval=None, dtype=tf.uint32
        )
        seeds = [
            (variable, tf.cast(state, variable.dtype))
            for variable, state in zip(self._seeds, tf.unstack(states), strict=True)
        ]
        mapping = [*zip(self._statistics, statistics, strict=True), *seeds]
        with keras.StatelessScope(state_mapping=mapping) as scope:
            logits = self.model(inputs, training=True)
        return logits, [scope.get_current_value(variable) for variable in self._statistics]

    def _sums(self, targets, logits, weights, smoothing):
        """Weighted sums of the cross-entropy in nats and of the correct answers, `(2,)`."""
        classes = logits.shape[-1]
        expected = tf.one_hot(targets, classes) * (1 - smoothing) + smoothing / classes
        losses = tf.nn.softmax_cross_entropy_with_logits(labels=expected, logits=logits)
        answers = tf.argmax(logits, axis=-1, output_type=targets.dtype)
        correct = tf.cast(answers == targets, tf.float32)
        return tf.stack([tf.reduce_sum(weights * losses), tf.reduce_sum(weights * correct)])

    def _figures(self, sums: tf.Tensor, weight: tf.Tensor) -> Figures:
        return {name: (sums[index], weight) for index, name in enumerate(self.figures)}
