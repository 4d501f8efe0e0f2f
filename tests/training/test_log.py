"""The log of metrics: each row holds the means over the steps since the row before, by hand-made numbers."""

import io

import keras
import pytest
import tensorflow as tf

from models import mlp
from training import loop as loops
from training import optimizers, runs, strategy
from training.callbacks import BestModel, LoopCallback, Progress, RunLog
from training.loop import Loop, Schedule, Stop
from training.objectives import Objective
from training.optimizers import Updater
from training.runs import Run

LOSSES = [8.0, 4.0, 2.0, 6.0, 1.0, 3.0, 5.0, 7.0, 9.0, 11.0]
WEIGHTS = [1.0, 3.0, 1.0, 1.0, 1.0, 1.0, 2.0, 6.0, 1.0, 1.0]
RETURNS = {3: 10.0, 8: 20.0}  # an episode ends at these steps alone


class Scripted(Objective):
    """Metrics by a table: on N replicas each has an Nth of the sum and of the weight."""

    figures = ("loss", "return")

    def __init__(self):
        keras.utils.set_random_seed(0)
        self.model = mlp.build(mlp.Config((3,), 1, widths=()))
        self.models = {"model": self.model}
        self.updaters = {"optimizer": Updater(optimizers.Config("sgd"), self.model.trainable_variables, 10)}

    def step(self, batch, state, position):
        share = 1 / tf.distribute.get_replica_context().num_replicas_in_sync
        loss, weight = (tf.gather(tf.constant(x), position) for x in (LOSSES, WEIGHTS))
        returns = tf.constant([RETURNS.get(step, 0.0) for step in range(10)])
        ended = tf.constant([float(step in RETURNS) for step in range(10)])
        returned = (tf.gather(returns, position) * share, tf.gather(ended, position) * share)
        return {"loss": (loss * weight * share, weight * share), "return": returned}, state


class Measured(keras.callbacks.Callback):
    """Adds a validation metric, as those of agents and GANs do."""

    def on_epoch_end(self, epoch, logs=None):
        logs["val_loss"] = 100.0 + epoch


class StopAt(keras.callbacks.Callback):
    def __init__(self, batch: int, stop: Stop) -> None:
        super().__init__()
        self.batch, self.stop = batch, stop

    def on_train_batch_end(self, batch, logs=None):
        if batch == self.batch:
            self.stop()


def train(run: Run, replicas: int = 1, callbacks=(), steps_per_epoch: int = 6, stop=None) -> dict[str, float]:
    """Ten steps, two in a call, from the newest checkpoint."""
    chosen = strategy.pick(f"cpu:{replicas}")
    with chosen.scope():
        loop = Loop(
            chosen,
            Scripted(),
            Schedule(10, steps_per_epoch, steps_per_call=2),
            callbacks=[Measured(), *callbacks, RunLog(run)],
            checkpoint_folder=run.checkpoint_path,
            stop=stop,
        )
        loop.restore()
    return loop.run()


def told(run: Run, name: str) -> dict[int, float]:
    return {row["step"]: row[name] for row in run.metrics() if name in row}


def mean(first: int, end: int) -> float:
    """The weighted mean of the table's losses over the steps `first` to `end`, the last left out."""
    weights = WEIGHTS[first:end]
    return sum(a * b for a, b in zip(LOSSES[first:end], weights, strict=True)) / sum(weights)


@pytest.fixture
def run(tmp_path):
    return runs.create(tmp_path, "mine", {"recipe": "none"})


@pytest.fixture
def every_call(monkeypatch):
    monkeypatch.setattr(loops, "LOG_POINTS", 10)


@pytest.mark.parametrize("replicas", [1, 2])
def test_a_row_holds_the_mean_since_the_row_before(run, every_call, replicas):
    train(run, replicas)
    # (8 + 3 * 4) / 4; (2 + 6) / 2; (1 + 3) / 2; (2 * 5 + 6 * 7) / 8; (9 + 11) / 2
    assert told(run, "loss") == pytest.approx({2: 5.0, 4: 4.0, 6: 2.0, 8: 6.5, 10: 10.0})
    assert told(run, "return") == pytest.approx({4: 10.0, 10: 20.0})  # none where no episode ended
    assert told(run, "val_loss") == {6: 100.0, 10: 101.0}


def test_the_row_at_an_epochs_end_holds_the_same_kind_of_mean(run, monkeypatch):
    monkeypatch.setattr(loops, "LOG_POINTS", 1)
    train(run)
    assert told(run, "loss") == pytest.approx({6: mean(0, 6), 10: mean(6, 10)})


@pytest.mark.parametrize("steps_per_epoch", [5, 6, 10])
def test_no_step_has_two_rows(run, every_call, steps_per_epoch):
    """With 6 steps an epoch the last one is cut short."""
    train(run, steps_per_epoch=steps_per_epoch)
    steps = [row["step"] for row in run.metrics()]
    assert steps == sorted(set(steps))
    assert steps[-1] == 10
    assert "val_loss" in run.metrics()[-1]


@pytest.mark.parametrize("replicas", [1, 2])
def test_steps_before_a_resume_count_in_the_row_after_it(run, monkeypatch, replicas):
    monkeypatch.setattr(loops, "LOG_POINTS", 3)
    stop = Stop()
    train(run, replicas, [StopAt(5, stop)], 10, stop)
    assert told(run, "loss") == pytest.approx({4: mean(0, 4)})  # steps 5 and 6 are in no row yet
    train(run, replicas, steps_per_epoch=10)
    assert told(run, "loss") == pytest.approx({4: mean(0, 4), 8: mean(4, 8), 10: mean(8, 10)})


def test_keras_callbacks_see_means_since_the_epoch_began(run, every_call):
    seen = []
    hooks = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(logs["loss"]),
        on_epoch_end=lambda epoch, logs: seen.append(logs["loss"]),
    )
    logs = train(run, callbacks=[hooks])
    first, second = mean(0, 6), mean(6, 10)
    assert seen == pytest.approx([mean(0, 2), mean(0, 4), first, first, mean(6, 8), second, second])
    assert logs["loss"] == pytest.approx(second)


def test_the_best_model_and_early_stopping_count_whole_epochs(run, every_call):
    """They choose by an epoch's mean, not by its last row, which is 2.0 at the end of the first."""
    best = BestModel({"model": mlp.build(mlp.Config((3,), 1, widths=()))}, run.path, "loss")
    stopping = keras.callbacks.EarlyStopping("loss", patience=1)
    train(run, callbacks=[best, stopping])
    assert -best.best == pytest.approx(mean(0, 6))
    assert stopping.best == pytest.approx(mean(0, 6))
    assert stopping.wait == 1


def test_a_resume_gives_each_callback_its_own_numbers_back(run, every_call):
    """Even where another callback, such as the progress of a terminal, is there no more."""

    class First(LoopCallback):
        count = 0

        def on_train_begin(self, logs=None):
            self.count = 7

    stop, stopping = Stop(), keras.callbacks.EarlyStopping("loss", patience=5)
    train(run, callbacks=[First(), stopping, StopAt(1, stop)], stop=stop, steps_per_epoch=2)
    again = keras.callbacks.EarlyStopping("loss", patience=5)
    train(run, callbacks=[again], steps_per_epoch=2)
    assert again.best == pytest.approx(2.0)  # of the third epoch
    assert again.wait == 2
    assert not hasattr(again, "count")


def test_the_lines_of_a_pipe_show_what_the_log_holds(run, monkeypatch):
    monkeypatch.setattr(loops, "LOG_POINTS", 1)
    monkeypatch.setattr("training.callbacks.LINE_SECONDS", 0.0)
    pipe = io.StringIO()
    train(run, callbacks=[Progress(pipe)])
    lines = dict(zip((6, 10), pipe.getvalue().splitlines(), strict=True))
    for step, line in lines.items():
        assert f"step {step}/10 " in line
        assert f" loss {told(run, 'loss')[step]:.4g} " in line
