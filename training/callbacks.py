"""What watches a training: the run's log, its best model, TensorBoard, and a line for the terminal."""

import json
import sys
from pathlib import Path
from typing import Any, TextIO

import keras
import tensorflow as tf
from tqdm import tqdm

from training.loop import Loop
from training.runs import Run, written_aside
from training.saving import save_model

LOG_SECONDS = 1.0  # least time between two rows within an epoch
LINE_SECONDS = 10.0  # least time between two lines where there is no terminal


class LoopCallback(keras.callbacks.Callback):
    """A callback that also sees the loop: its step, over all epochs, and its seconds."""

    loop: Loop

    def set_loop(self, loop: Loop) -> None:
        self.loop = loop

    def row(self, logs: dict[str, float] | None) -> dict[str, Any]:
        """The figures with where they stand: step, epochs done, seconds, learning rates."""
        loop = self.loop
        rates = {
            "learning_rate" if name == "optimizer" else f"{name}_learning_rate": updater.learning_rate
            for name, updater in loop.objective.updaters.items()
        }
        return {
            "step": loop.step,
            "epoch": round(loop.step / loop.schedule.steps_per_epoch, 4),
            "seconds": round(loop.seconds, 3),
            **{name: float(value) for name, value in (logs or {}).items()},
            **rates,
        }


class RunLog(LoopCallback):
    """Writes `metrics.jsonl` and TensorBoard events: a row at each epoch's end, and about one a second.

    A resumed run first drops the rows that come after its checkpoint, so no step is told twice.
    """

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.run = run
        self._logged_at = float("-inf")

    def on_train_begin(self, logs=None):
        kept = [row for row in self.run.metrics() if row["step"] <= self.loop.step]
        with written_aside(self.run.metrics_path) as aside:
            aside.write_text("".join(json.dumps(row) + "\n" for row in kept))
        self._writer = tf.summary.create_file_writer(str(self.run.path / "tensorboard"))
        self.run.update_status(step=self.loop.step, steps=self.loop.schedule.steps)

    def on_train_batch_end(self, batch, logs=None):
        last = self.loop.step % self.loop.schedule.steps_per_epoch == 0
        if not last and self.loop.seconds - self._logged_at >= LOG_SECONDS:
            self._log(logs)

    def on_epoch_end(self, epoch, logs=None):
        self._log(logs)

    def on_train_end(self, logs=None):
        self._writer.close()

    def _log(self, logs) -> None:
        self._logged_at = self.loop.seconds
        row = self.row(logs)
        with open(self.run.metrics_path, "a") as file:
            file.write(json.dumps(row) + "\n")
        self.run.update_status(step=row["step"])
        with self._writer.as_default(step=row["step"]):
            for name, value in row.items():
                tf.summary.scalar(name, value)


class BestModel(keras.callbacks.Callback):
    """Saves the run's models whenever an epoch equals or betters the best figure so far.

    Of equals the last is kept: it has seen more, and a schedule has cooled it further.

    Args:
        models: By file name without its ending.
        folder: Where to.
        monitor: The figure; the higher the better where its name says accuracy, else the lower.
    """

    def __init__(self, models: dict[str, keras.Model], folder: Path, monitor: str) -> None:
        super().__init__()
        self.models = models
        self.folder = folder
        self.monitor = monitor
        self.sign = 1 if higher_is_better(monitor) else -1
        self.best = float("-inf")  # times the sign

    def on_epoch_end(self, epoch, logs=None):
        value = (logs or {}).get(self.monitor)
        if value is None or self.sign * value < self.best:
            return
        for name, model in self.models.items():
            save_model(model, self.folder / f"{name}.keras")
        self.best = self.sign * value


class Progress(LoopCallback):
    """One bar for the whole training in a terminal, plain lines in a pipe."""

    def __init__(self, stream: TextIO = sys.stderr) -> None:
        super().__init__()
        self.stream = stream
        self._told_at = float("-inf")

    def on_train_begin(self, logs=None):
        self._bar = None
        if self.stream.isatty():
            self._bar = tqdm(
                total=self.loop.schedule.steps,
                initial=self.loop.step,
                unit="step",
                file=self.stream,
                dynamic_ncols=True,
            )

    def on_train_batch_end(self, batch, logs=None):
        if self._bar is not None:
            self._bar.update(self.loop.step - self._bar.n)
            self._bar.set_postfix_str(_brief(logs), refresh=False)

    def on_epoch_end(self, epoch, logs=None):
        if self._bar is not None:
            self._bar.set_postfix_str(_brief(logs))
        elif self.loop.seconds - self._told_at >= LINE_SECONDS or self.loop.step == self.loop.schedule.steps:
            self._told_at = self.loop.seconds
            steps = f"step {self.loop.step}/{self.loop.schedule.steps}"
            print(f"{steps}  {self.loop.seconds:.0f} s  {_brief(logs)}", file=self.stream, flush=True)

    def on_train_end(self, logs=None):
        if self._bar is not None:
            self._bar.close()


def higher_is_better(figure: str) -> bool:
    """Whether a figure grows as a model gets better."""
    return figure.endswith(("accuracy", "return", "score"))


def _brief(logs: dict[str, float] | None) -> str:
    return "  ".join(f"{name} {value:.4g}" for name, value in (logs or {}).items())
