"""One trial: a run of the shared loop in a process of its own, so that a search's memory stays flat."""

import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from training import runs
from training.arguments import STOPPED
from training.runs import Run
from tuning.searches import last_error

# A trial trains by itself: it is no worker of the search's, nor of a cluster.
NOT_INHERITED = ("TF_CONFIG", "KERASTUNER_TUNER_ID", "KERASTUNER_ORACLE_IP", "KERASTUNER_ORACLE_PORT")
ORPHAN_SECONDS = 120.0  # within which a trial's process that was told to stop must have done so
POLL_SECONDS = 0.1


class TrialFailed(Exception):
    """A trial came to no figure; the message is one line for a person."""


class Stopped(BaseException):
    """Somebody asked to stop. As KeyboardInterrupt, no Exception: KerasTuner takes those for failures."""


class Trainings:
    """The trainings that this process starts, one at a time, and the wish to stop."""

    def __init__(self) -> None:
        self.stop_wanted = False
        self._process: subprocess.Popen | None = None

    def stop(self) -> None:
        """Let the training in progress save and stop, and start no other."""
        self.stop_wanted = True
        if self._process is not None:
            self._process.terminate()

    def check(self) -> None:
        """Raise `Stopped` if somebody asked to stop."""
        if self.stop_wanted:
            raise Stopped

    def run(self, words: Sequence[object], output: IO | int | None, errors: IO | int | None) -> int:
        """Run `python -m training WORDS` to its end.

        Args:
            words: Of the command line.
            output: Where its standard output goes, as `subprocess.Popen` takes it.
            errors: Where its standard error goes.

        Returns: The exit status.

        Raises:
            Stopped: Somebody asked to stop; the training has saved and ended.
        """
        self.check()
        environment = {name: text for name, text in os.environ.items() if name not in NOT_INHERITED}
        paths = [str(runs.ROOT), *filter(None, [environment.get("PYTHONPATH")])]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "training", *map(str, words)],
            env={**environment, "PYTHONPATH": os.pathsep.join(paths)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            start_new_session=True,  # a terminal's Ctrl-C would reach it beside `stop`: twice is at once
        )
        if self.stop_wanted:  # since the check above
            self._process.terminate()
        code = self._process.wait()
        self._process = None
        self.check()
        return code


@dataclass(frozen=True)
class Order:
    """What a trial is to train.

    Args:
        recipe: Its name, or the path of a file that holds it.
        run: Where to.
        log: Where what its process prints goes.
        settings: Changes of the recipe.
        epochs: How long.
        steps: How long in steps, which then count instead; None: as many as the epochs have.
        seed: Of the training.
        devices: See `strategy.pick`.
        earlier: A finished run of the same settings to go on from, if it is on this machine.
        min_steps: Least number of steps that the epochs are; see `recipe.Training`.
    """

    recipe: str
    run: Run
    log: Path
    settings: Mapping[str, Any]
    epochs: float
    steps: int | None
    seed: int
    devices: str
    earlier: Run | None = None
    min_steps: int = 0


def train(order: Order, trainings: Trainings) -> None:
    """Train a trial's run to its end, going on where an interrupted search left it.

    Raises:
        TrialFailed: It came to no end.
        Stopped: Somebody asked to stop.
    """
    run = order.run
    _wait_for_orphan(run, trainings)
    if run.config and run.state == "finished":
        return
    if not run.config:
        shutil.rmtree(run.path, ignore_errors=True)  # of a process that was killed as it began
        if order.earlier is not None and order.earlier.state == "finished":
            go_on(order.earlier, run, order.epochs, order.steps, order.min_steps)
    recipe = run.config["recipe"] if run.config else order.recipe
    words: list[object] = ["train", recipe, "--name", run.name, "--runs-dir", run.path.parent]
    words += ["--devices", order.devices, "--json"]
    if run.config:
        words += ["--resume"]
    else:
        words += ["--seed", order.seed, *([] if order.steps is None else ["--steps", order.steps])]
        length = {"training.epochs": order.epochs, "training.min_steps": order.min_steps}
        words += command_line({**order.settings, **length})
    with open(order.log, "w") as log:
        code = trainings.run(words, log, subprocess.STDOUT)
    if code < 0:
        raise TrialFailed(f"its process was ended by {signal.Signals(-code).name}")
    if code == STOPPED:
        raise TrialFailed("its training was stopped by somebody else")
    if code:
        raise TrialFailed(last_error(order.log) or f"its process ended with status {code}")


def go_on(earlier: Run, run: Run, epochs: float, steps: int | None, min_steps: int = 0) -> None:
    """Make `run` a copy of a finished run with a longer training before it, so that a resume goes on.

    Weights, moments, averages, the position in the data and all seeds go on. The learning rate's schedule
    is that of the longer training from then on: one that had come down to its end goes up again.
    """
    aside = run.path.with_name(f".{run.name}")
    shutil.rmtree(aside, ignore_errors=True)
    shutil.copytree(earlier.path, aside, ignore=shutil.ignore_patterns(".*", "evaluation.json"))
    copy = Run(aside)
    config = copy.config
    training = {**config["training"], "epochs": epochs, "min_steps": min_steps}
    copy.write_json("config.json", {**config, "training": training, "steps": steps})
    copy.update_status(state="queued", created=runs.now())
    aside.rename(run.path)


def command_line(settings: Mapping[str, Any]) -> list[str]:
    """Settings as the words of a command line, which `Recipe.override` reads back to the same."""
    words = []
    for name, value in settings.items():
        words += [f"--{name}", text(value)]
    return words


def text(value: Any) -> str:
    """A setting as it is written on a command line."""
    if isinstance(value, (tuple, list)):
        return ",".join(map(text, value))
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def _wait_for_orphan(run: Run, trainings: Trainings) -> None:
    """End the training of a search that was killed before it could tell its trial to stop."""
    if run.state != "running":
        return
    host = run.status.get("host")
    if host != platform.node():
        raise TrialFailed(f"its run is in use on {host}")
    try:
        run.stop()
    except runs.RunError as error:
        raise TrialFailed(str(error)) from error
    give_up_at = time.monotonic() + ORPHAN_SECONDS
    while run.state == "running":
        trainings.check()
        if time.monotonic() > give_up_at:
            raise TrialFailed(f"its run is in use by process {run.status.get('pid')}, which does not stop")
        time.sleep(POLL_SECONDS)
