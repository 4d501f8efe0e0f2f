"""The one training loop: any objective, on any strategy, with standard `keras.callbacks`.

It takes k steps in one call of a compiled function, k chosen by the recipe, and sees the metrics once
a call. It knows no architecture, no data set and no game.

Callbacks get what Keras promises: `logs` of `on_train_batch_end` and of `on_epoch_end` hold means since the
epoch began. A running mean reacts late and jumps where the next epoch begins, so a log of metrics takes
`Loop.recent` instead: the means since the last logged point (`Loop.log_due`).
"""

import contextlib
import functools
import inspect
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import keras
import numpy as np
import tensorflow as tf

from training import checkpoints
from training import strategy as strategies
from training.objectives import Figures, Objective


class Feed(Protocol):
    """Endless training data, by position; `data.pipeline.Stream` is one."""

    def shards(self, start: int, replicas: int, first: int, count: int) -> tf.data.Dataset: ...

    def resident(self) -> Any: ...

    def materialize(self, element: Any, resident: Any) -> Any: ...


class Pass(Protocol):
    """A finite pass over evaluation data; `data.pipeline.Sweep` is one."""

    @property
    def steps(self) -> int: ...

    def shards(self, replicas: int, first: int, count: int) -> tf.data.Dataset: ...


LOG_POINTS = 300  # of a training, besides those at its epochs' ends


class NotFinite(Exception):
    """The loss or a weight is not a finite number; the message is for a person."""


@dataclass(frozen=True)
class Schedule:
    """How long, and in what portions.

    Args:
        steps: Optimizer steps in all.
        steps_per_epoch: Steps between two evaluations.
        steps_per_call: Steps in one call of the compiled function.
        checkpoint_seconds: Least time between two checkpoints.
    """

    steps: int
    steps_per_epoch: int
    steps_per_call: int = 10
    checkpoint_seconds: float = 15


class Stop:
    """A wish to stop, which a signal's handler or a callback may set at any time."""

    def __init__(self) -> None:
        self.wanted = False

    def __call__(self) -> None:
        self.wanted = True


class Loop:
    """Trains one objective; make it, and the objective, inside the strategy's scope.

    Args:
        strategy: Where the replicas are.
        objective: What a step computes.
        schedule: How long.
        feed: The training data; None where the objective needs none.
        validation: Evaluated at the end of every epoch; None: not at all.
        callbacks: Standard `keras.callbacks`. At an epoch's end they see the weights that were
            evaluated: the averaged ones where an average is kept. The numbers that a callback counts
            with are part of every checkpoint. One that has `set_loop` is given this loop.
            `on_train_batch_end` comes after each call of the compiled function; its `logs` are the means of
            the training metrics since the epoch began, as in `keras.Model.fit`. `logs` of `on_epoch_end`
            are the means over the whole epoch, and the validation metrics as "val_...". A metric without
            any weight, such as the return where no episode ended, is left out.
        checkpoint_folder: Where checkpoints go; None: none are written. Every worker has its own.
        stop: Ends the training after the call in progress.

    Attributes:
        step: Optimizer steps taken so far.
        log_due: Whether a point of the log is due in this `on_train_batch_end` or `on_epoch_end`: at each
            epoch's end, and `LOG_POINTS` times at even steps of the training. It follows from the step, never
            from the clock, so that a training which was killed logs what it would have logged.
    """

    def __init__(
        self,
        strategy: tf.distribute.Strategy,
        objective: Objective,
        schedule: Schedule,
        feed: Feed | None = None,
        validation: Pass | None = None,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        checkpoint_folder: Path | None = None,
        stop: Stop | None = None,
    ) -> None:
        self.strategy = strategy
        self.objective = objective
        self.schedule = schedule
        self.feed = feed
        self.validation = validation
        self.checkpoint_folder = checkpoint_folder
        self.stop = stop or Stop()
        self.step = 0
        self.warnings: list[str] = []
        self.log_due = False
        self._callback_states: list[dict[str, Any]] = []
        self._seconds_before = 0.0
        self._started = time.monotonic()
        self._epoch_sums: dict[str, np.ndarray] = {}
        self._recent_sums: dict[str, np.ndarray] = {}
        self._plain_callbacks = list(callbacks)
        self._pass: Pass | None = None
        model = next(iter(objective.models.values()))
        model.stop_training = False
        # Callbacks that change the learning rate look for it here; `saving.save_model` leaves it out.
        model.optimizer = next(iter(objective.updaters.values())).inner
        self.model = model
        for callback in callbacks:
            if hasattr(callback, "set_loop"):
                callback.set_loop(self)
        self._callbacks = keras.callbacks.CallbackList(
            self._plain_callbacks,
            model=model,
            epochs=math.ceil(schedule.steps / schedule.steps_per_epoch),
            steps=schedule.steps_per_epoch,
            verbose=0,
        )
        self._resident = self._per_replica(lambda _: feed.resident() if feed else ())
        self._state = self._per_replica(
            lambda replica: objective.initial_state(replica, strategy.num_replicas_in_sync)
        )
        self._train_call = tf.function(self._steps, reduce_retracing=True)
        self._evaluate_call = tf.function(self._sweep)

    # Training

    @property
    def seconds(self) -> float:
        """Time spent in training so far, that of earlier sittings included."""
        return self._seconds_before + time.monotonic() - self._started

    @property
    def recent(self) -> dict[str, float]:
        """The means of the training metrics since the last logged point.

        They are exact: sums and weights of all steps since then, over all replicas, those before a resume
        included. A metric without any weight is left out.
        """
        return means(self._recent_sums)

    def run(self) -> dict[str, float]:
        """Train to the last step, or until something asks to stop.

        Returns: The last epoch's metrics, as `on_epoch_end` has them.

        Raises:
            NotFinite: The loss or a weight is not finite.
            OSError: A file can't be written.
        """
        self._started = self._last_checkpoint = time.monotonic()
        self._callbacks.on_train_begin()
        self._restore_callbacks()
        try:
            logs = self._run()
        finally:
            self._callbacks.on_train_end()
        return logs

    def _run(self) -> dict[str, float]:
        schedule = self.schedule
        logs: dict[str, float] = {}
        iterator = self._iterator()
        stopped = self.stop.wanted
        while self.step < schedule.steps and not stopped:
            if self.step % schedule.steps_per_epoch == 0:
                self._epoch_sums = {}
                self._callbacks.on_epoch_begin(self.step // schedule.steps_per_epoch)
            left = schedule.steps_per_epoch - self.step % schedule.steps_per_epoch
            count = min(schedule.steps_per_call, left, schedule.steps - self.step)
            logs = self._take(iterator, count)
            if self._at_epoch_end():
                logs = self._end_epoch(logs)
            due = time.monotonic() - self._last_checkpoint >= schedule.checkpoint_seconds
            stopped, due = self._agree(self.stop.wanted or self.model.stop_training, due)
            if due or stopped or self.step == schedule.steps:
                self.save_checkpoint()
        return logs

    def _take(self, iterator: Iterator | None, count: int) -> dict[str, float]:
        """Take `count` steps in one call; return the epoch's mean figures so far."""
        place = self.step % self.schedule.steps_per_epoch
        self._callbacks.on_train_batch_begin(place)
        sums, finite, self._state = self._train_call(
            iterator, self._resident, self._state, tf.constant(self.step, tf.int64), tf.constant(count)
        )
        first_bad = self.step + int(finite)
        self.step += count
        if int(finite) < count:
            raise NotFinite(
                f"the loss is not a finite number at step {first_bad + 1} "
                f"(learning rate {self._learning_rate():.3g})"
            )
        for name, pair in sums.items():
            for totals in (self._epoch_sums, self._recent_sums):
                totals[name] = totals.get(name, 0.0) + pair.numpy().astype(float)
        logs = means(self._epoch_sums)
        every = math.ceil(self.schedule.steps / LOG_POINTS)
        reached = self.step // every > (self.step - count) // every
        with self._logging(reached and not self._at_epoch_end()):  # there `on_epoch_end` has the point
            self._callbacks.on_train_batch_end(place + count - 1, logs)
        return logs

    def _at_epoch_end(self) -> bool:
        return self.step % self.schedule.steps_per_epoch == 0 or self.step == self.schedule.steps

    def _end_epoch(self, logs: dict[str, float]) -> dict[str, float]:
        with self.objective.averaged(), self._logging(True):
            if self.validation is not None:
                figures = self.evaluate(self.validation)
                logs = logs | {f"val_{name}": value for name, value in figures.items()}
            self._callbacks.on_epoch_end(math.ceil(self.step / self.schedule.steps_per_epoch) - 1, logs)
        return logs

    @contextlib.contextmanager
    def _logging(self, due: bool) -> Iterator[None]:
        """Tell callbacks whether a point of the log is due; where it was, the next one begins anew."""
        self.log_due = due
        yield
        self.log_due = False
        if due:
            self._recent_sums = {}

    def _learning_rate(self) -> float:
        return next(iter(self.objective.updaters.values())).learning_rate

    def _steps(self, iterator, resident, state, start, count):
        """`count` steps from step `start` on, in one graph."""
        strategy, objective = self.strategy, self.objective
        totals = strategy.run(lambda: zero_totals(objective.figures))
        finite = strategy.run(lambda: tf.zeros((), tf.int32))
        for index in tf.range(count):
            element = next(iterator) if iterator is not None else ()
            position = start + tf.cast(index, tf.int64)
            totals, finite, state = strategy.run(
                self._replica_step, args=(element, resident, state, position, totals, finite, index)
            )
        sums = {name: strategy.reduce("SUM", total, axis=None) for name, total in totals.items()}
        fewest = tf.reduce_min(tf.stack(strategy.experimental_local_results(finite)))
        return sums, fewest, state

    def _replica_step(self, element, resident, state, position, totals, finite, index):
        """One step on one replica; `finite` counts the steps before the first loss that is not."""
        batch = self.feed.materialize(element, resident) if self.feed else None
        figures, state = self.objective.step(batch, state, position)
        totals = add_figures(totals, figures)
        good = tf.math.is_finite(figures["loss"][0]) & (finite == index)
        return totals, finite + tf.cast(good, tf.int32), state

    def evaluate(self, data: Pass) -> dict[str, float]:
        """The mean figures over a pass in which every example counts once."""
        self._callbacks.on_test_begin()
        if data is not self._pass:  # made once, not at every epoch
            self._pass = data
            self._pass_dataset = self._distributed(
                lambda first, count: data.shards(self._replicas, first, count)
            )
        logs = means(self._evaluate_call(iter(self._pass_dataset), tf.constant(data.steps)))
        self._callbacks.on_test_end(logs)
        return logs

    def _sweep(self, iterator, steps):
        strategy, objective = self.strategy, self.objective
        totals = strategy.run(lambda: zero_totals(objective.evaluation_figures))
        for _ in tf.range(steps):
            totals = strategy.run(
                lambda batch, totals: add_figures(totals, objective.evaluate(batch)),
                args=(next(iterator), totals),
            )
        return {name: strategy.reduce("SUM", total, axis=None) for name, total in totals.items()}

    # Checkpoints

    def save_checkpoint(self) -> None:
        """Write everything that an exact resume needs.

        Raises:
            NotFinite: A weight is not finite; the checkpoints before stay.
            OSError: The disk is full or the folder can't be written.
        """
        self._last_checkpoint = time.monotonic()
        if self.checkpoint_folder is None:
            return
        arrays = [np.asarray(variable.numpy()) for variable in self.objective.variables]
        if not all(np.isfinite(a).all() for a in arrays if np.issubdtype(a.dtype, np.floating)):
            raise NotFinite(
                f"a weight is not a finite number after step {self.step} "
                f"(learning rate {self._learning_rate():.3g})"
            )
        arrays += [leaf.numpy() for leaf in self._state_leaves()]
        facts = {
            "seconds": self.seconds,
            "replicas": self._replicas,
            "epoch_sums": {name: list(pair) for name, pair in self._epoch_sums.items()},
            "recent_sums": {name: list(pair) for name, pair in self._recent_sums.items()},
            "callbacks": [
                {"callback": type(callback).__name__, "state": _plain_state(callback)}
                for callback in self._plain_callbacks
            ],
        }
        checkpoints.save(self.checkpoint_folder, self.step, arrays, facts)

    def restore(self) -> bool:
        """Go on where the newest whole checkpoint was written; False where there is none.

        Raises:
            checkpoints.CheckpointError: No checkpoint is whole, or it is one of another model.
        """
        if self.checkpoint_folder is None:
            return False
        found = checkpoints.load(self.checkpoint_folder)
        newest = found[1]["step"] if found else 0
        # A crash may have left one worker a checkpoint further than another.
        step = int(self._of_all_workers(newest).min())
        if step < newest:
            found = checkpoints.load(self.checkpoint_folder, step)
        if found is None or step == 0:
            return False
        arrays, facts, self.warnings = found
        variables, leaves = self.objective.variables, self._state_leaves()
        have = [tuple(array.shape) for array in arrays]
        want = [tuple(v.shape) for v in variables] + [tuple(leaf.shape) for leaf in leaves]
        if have != want:
            raise checkpoints.CheckpointError(
                f"the checkpoint in {self.checkpoint_folder} is of another model, optimizer or number of "
                f"environments. Resume with the run's own settings, or start a new run"
            )
        for variable, array in zip(variables, arrays, strict=False):
            variable.assign(array)
        self._restore_state(arrays[len(variables) :])
        self.step = facts["step"]
        self._seconds_before = facts["seconds"]
        self._epoch_sums, self._recent_sums = (
            {name: np.array(pair) for name, pair in facts.get(key, {}).items()}
            for key in ("epoch_sums", "recent_sums")
        )
        self._callback_states = facts["callbacks"]
        return True

    def _restore_callbacks(self) -> None:
        """Give each callback its numbers back: by its class, for a resume may add or leave out callbacks."""
        left = list(self._plain_callbacks)
        for saved in self._callback_states:
            same = [callback for callback in left if type(callback).__name__ == saved.get("callback")]
            if same:
                vars(same[0]).update(saved["state"])
                left.remove(same[0])

    def _state_leaves(self) -> list[tf.Tensor]:
        locals_ = self.strategy.experimental_local_results(self._state)
        return [leaf for state in locals_ for leaf in tf.nest.flatten(state)]

    def _restore_state(self, arrays: list[np.ndarray]) -> None:
        locals_ = self.strategy.experimental_local_results(self._state)
        size = len(arrays) // len(locals_)
        states = [
            tf.nest.pack_sequence_as(state, [tf.constant(a) for a in arrays[i * size : (i + 1) * size]])
            for i, state in enumerate(locals_)
        ]
        first = self._first_replica
        self._state = self._per_replica(lambda replica: states[replica - first])

    # Replicas

    @property
    def _replicas(self) -> int:
        return self.strategy.num_replicas_in_sync

    @property
    def _local_replicas(self) -> int:
        return self._replicas // strategies.worker().count

    @property
    def _first_replica(self) -> int:
        return strategies.worker().index * self._local_replicas

    def _per_replica(self, make) -> Any:
        """The values `make(replica)` of this worker's replicas, each made on its own device."""

        def value(context):
            replica = context.replica_id_in_sync_group
            device = self.strategy.extended.worker_devices[replica - self._first_replica]
            with tf.device(device):
                return make(replica)

        if self._replicas == 1:
            return make(0)
        return self.strategy.experimental_distribute_values_from_function(value)

    def _iterator(self) -> Iterator | None:
        """The training data from the present step on; the state of no iterator is ever saved."""
        if self.feed is None:
            return None
        shards = self.feed.shards
        dataset = self._distributed(lambda first, count: shards(self.step, self._replicas, first, count))
        return iter(dataset)

    def _distributed(self, shards) -> Any:
        """The elements of `shards(first, count)` handed to this worker's replicas in turn."""
        options = tf.data.Options()
        # Nothing is left to tune, and an iterator's end may wait for the tuner's nap, as long as it ran.
        options.autotune.enabled = False
        return self.strategy.distribute_datasets_from_function(
            lambda _: shards(self._first_replica, self._local_replicas).with_options(options)
        )

    def _agree(self, *wishes: bool) -> list[bool]:
        """What any worker wishes, all do: or some would wait for the others for ever."""
        return [bool(column.any()) for column in self._of_all_workers(*wishes).T]

    def _of_all_workers(self, *values: float) -> np.ndarray:
        """Every worker's values, `(workers, values)`; all workers must call it."""
        worker = strategies.worker()
        table = np.zeros((worker.count, len(values)))
        table[worker.index] = values
        if worker.count > 1:
            table = self._sum_call(tf.constant(table)).numpy() / self._local_replicas
        return table

    @functools.cached_property
    def _sum_call(self):
        strategy = self.strategy
        return tf.function(
            lambda table: strategy.reduce("SUM", strategy.run(tf.identity, (table,)), axis=None)
        )


def zero_totals(names: Sequence[str]) -> dict[str, tf.Tensor]:
    """For each figure a vector of its sum and its weight, both 0."""
    return {name: tf.zeros(2) for name in names}


def add_figures(totals: dict[str, tf.Tensor], figures: Figures) -> dict[str, tf.Tensor]:
    """The totals with one replica's figures of one batch added."""
    return {name: totals[name] + tf.stack(pair) for name, pair in figures.items()}


def means(totals: Mapping[str, Any]) -> dict[str, float]:
    """Totals as means; a figure of no weight has none."""
    pairs = {name: np.asarray(total, float) for name, total in totals.items()}
    return {name: float(total / weight) for name, (total, weight) in pairs.items() if weight}


def _plain_state(callback: keras.callbacks.Callback) -> dict[str, Any]:
    """The numbers that a callback counts with, such as an early stopping's patience used up."""
    given = inspect.signature(type(callback).__init__).parameters
    return {
        name: float(value) if isinstance(value, float | np.floating) else int(value)
        for name, value in vars(callback).items()
        if isinstance(value, int | float | np.number) and name not in given and name[0] != "_"
    }
