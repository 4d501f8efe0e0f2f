"""What watches a training: its log, best model, snapshots, the table of a sweep, a line for the terminal."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

import keras
import numpy as np
import tensorflow as tf
from tqdm import tqdm

from training import snapshots
from training.loop import Loop
from training.runs import Run, written_aside
from training.saving import save_model

STATUS_SECONDS = 1.0  # least time between two updates of the run's status
LINE_SECONDS = 10.0  # least time between two lines where there is no terminal
HIGHER = (  # figures that grow as a model gets better, by how their names end
    "accuracy",
    "return",
    "score",
    "bleu",
    "chrf",
    "exact",
    "pronoun",
    "precision",
    "recall",
    "rarest_class",
    "as_asked",
)
CONSTANT = 1e-3  # deviation of a net's outputs, as a share of the targets', below which it is a constant


class LoopCallback(keras.callbacks.Callback):
    """A callback that also sees the loop: its step, over all epochs, its seconds and its recent metrics.

    `logs` are those of any `keras.callbacks.Callback`; see `training.loop.Loop`.
    """

    loop: Loop

    def set_loop(self, loop: Loop) -> None:
        self.loop = loop

    def recent(self, logs: dict[str, float] | None) -> dict[str, float]:
        """What a log shows at this point: training metrics since the last logged point, and all others.

        Args:
            logs: As the hook received them. The means over the epoch in them are replaced; validation
                metrics and what other callbacks have added stay.
        """
        names = self.loop.objective.figures
        others = {name: value for name, value in (logs or {}).items() if name not in names}
        return self.loop.recent | others

    def row(self, metrics: dict[str, float]) -> dict[str, Any]:
        """Metrics with where they stand: step, epochs done, seconds, learning rates.

        An agent's have "global_step", the steps of its environments, and "steps_per_second", how many of them
        it took a second so far.
        """
        loop = self.loop
        rates = {
            "learning_rate" if name == "optimizer" else f"{name}_learning_rate": updater.learning_rate
            for name, updater in loop.objective.updaters.items()
        }
        taken = loop.objective.global_step(loop.step)
        played = (
            {}
            if taken is None
            else {"global_step": taken, "steps_per_second": round(taken / max(loop.seconds, 1e-3), 1)}
        )
        return {
            "step": loop.step,
            "epoch": round(loop.step / loop.schedule.steps_per_epoch, 4),
            "seconds": round(loop.seconds, 3),
            **played,
            **{name: float(value) for name, value in metrics.items()},
            **rates,
        }


class RunLog(LoopCallback):
    """Writes `metrics.jsonl` and TensorBoard events: a row at each logged point (`Loop.log_due`).

    A training metric is the mean over the steps since the row before, weighted as the objective weights it:
    the loss of a row concerns these steps alone. The row at an epoch's end also has the validation metrics.
    Every step has one row at most. A resumed run first drops the rows that come after its checkpoint.
    """

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.run = run
        self._told_at = float("-inf")

    def on_train_begin(self, logs=None):
        kept = [row for row in self.run.metrics() if row["step"] <= self.loop.step]
        with written_aside(self.run.metrics_path) as aside:
            aside.write_text("".join(json.dumps(row) + "\n" for row in kept))
        self._writer = tf.summary.create_file_writer(str(self.run.path / "tensorboard"))
        self.run.update_status(step=self.loop.step, steps=self.loop.schedule.steps)

    def on_train_batch_end(self, batch, logs=None):
        if self.loop.log_due:
            self._log(logs)

    def on_epoch_end(self, epoch, logs=None):
        self._log(logs)

    def on_train_end(self, logs=None):
        self._writer.close()

    def _log(self, logs) -> None:
        row = self.row(self.recent(logs))
        with open(self.run.metrics_path, "a") as file:
            file.write(json.dumps(row) + "\n")
        if self.loop.seconds - self._told_at >= STATUS_SECONDS:
            self._told_at = self.loop.seconds
            self.run.update_status(step=row["step"])
        with self._writer.as_default(step=row.get("global_step", row["step"])):
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


class AtMarks(LoopCallback):
    """Keeps something at some times of the training, the first ones close together (`snapshots.marks`).

    Args:
        count: How many times, begin and end included.
    """

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    def kept_until(self, step: int) -> int:
        """Forget what was kept after this step, which a resume takes again; the last step kept, or -1."""
        raise NotImplementedError

    def keep(self, step: int) -> None:
        """Keep it as it is now, after this step."""
        raise NotImplementedError

    def on_train_begin(self, logs=None):
        last = self.kept_until(self.loop.step)
        self._ahead = [m for m in snapshots.marks(self.loop.schedule.steps, self.count) if m > last]
        self._look()

    def on_train_batch_end(self, batch, logs=None):
        self._look()

    def _look(self) -> None:
        """Keep it if a mark has been reached; of several marks within one call only once."""
        step = self.loop.step
        if self._ahead and step >= self._ahead[0]:
            self.keep(step)
            self._ahead = [mark for mark in self._ahead if mark > step]


class Snapshots(AtMarks):
    """Keeps the weights at some times of the training (`training.snapshots`).

    Args:
        run: Whose folder gets them.
        model: Whose weights they are, as they are trained, not averaged.
        count: How many times, begin and end included.
    """

    def __init__(self, run: Run, model: keras.Model, count: int) -> None:
        super().__init__(count)
        self.run = run
        self.watched = model

    def kept_until(self, step):
        before = snapshots.load(self.run.path)
        self._kept = {at: weights for at, weights in before.items() if at <= step}
        return max(self._kept, default=-1)

    def keep(self, step):
        self._kept[step] = self.watched.get_weights()
        snapshots.save(self.run.path, self._kept)


class SweepTable(LoopCallback):
    """Writes `sweep.json` at each epoch's end: how each of many nets side by side does.

    `{"step", "deviation", "nets": [{**kind, "errors", "constant"}]}`: `deviation` is that of the targets, and
    for each kind of net `errors` has the mean squared error of every net of it, `constant` how many of them
    give the same for every input.

    Args:
        run: Whose folder gets it.
        model: `(B, ...)` to `(B, N, K)`.
        kinds: What the nets are: settings for each group of `members` neighbours among the N.
        members: Nets of each kind.
        inputs: `(B, ...)` to measure them on.
        targets: `(B, K)`.
    """

    def __init__(
        self,
        run: Run,
        model: keras.Model,
        kinds: Sequence[Mapping[str, Any]],
        members: int,
        inputs: np.ndarray,
        targets: np.ndarray,
    ) -> None:
        super().__init__()
        self.run = run
        self.kinds = kinds
        self.members = members
        self.inputs, self.targets = tf.constant(inputs), targets
        self._outputs = tf.function(lambda inputs: model(inputs, training=False), autograph=False)

    def on_epoch_end(self, epoch, logs=None):
        outputs = self._outputs(self.inputs).numpy()  # (B, N, K)
        errors = np.square(outputs - self.targets[:, None]).mean(axis=(0, 2))
        deviation = float(self.targets.std(axis=0).max())
        constant = outputs.std(axis=0).max(axis=-1) < CONSTANT * deviation
        groups = [slice(i * self.members, (i + 1) * self.members) for i in range(len(self.kinds))]
        nets = [
            {
                **kind,
                "errors": [float(f"{error:.4g}") for error in errors[group]],
                "constant": int(constant[group].sum()),
            }
            for kind, group in zip(self.kinds, groups, strict=True)
        ]
        self.run.write_json("sweep.json", {"step": self.loop.step, "deviation": deviation, "nets": nets})


class Progress(LoopCallback):
    """One bar for the whole training in a terminal, plain lines in a pipe.

    It shows training metrics as `RunLog` writes them: means since the last logged point.
    """

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
            self._bar.set_postfix_str(_brief(self.loop.recent), refresh=False)

    def on_epoch_end(self, epoch, logs=None):
        metrics = self.recent(logs)
        if self._bar is not None:
            self._bar.set_postfix_str(_brief(metrics))
        elif self.loop.seconds - self._told_at >= LINE_SECONDS or self.loop.step == self.loop.schedule.steps:
            self._told_at = self.loop.seconds
            steps = f"step {self.loop.step}/{self.loop.schedule.steps}"
            print(f"{steps}  {self.loop.seconds:.0f} s  {_brief(metrics)}", file=self.stream, flush=True)

    def on_train_end(self, logs=None):
        if self._bar is not None:
            self._bar.close()


def higher_is_better(figure: str) -> bool:
    """Whether a figure grows as a model gets better."""
    return figure.endswith(HIGHER)


def _brief(metrics: dict[str, float]) -> str:
    return "  ".join(f"{name} {value:.4g}" for name, value in metrics.items())
