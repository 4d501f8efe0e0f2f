"""Trainings as processes of their own: they outlive the tab that started them, and the server."""

import contextlib
import os
import subprocess
import sys
import threading

from training import runs
from training.runs import Run, RunError

ACTIVE = ("queued", "running")
OUTPUT = "output.log"  # in the run's folder: what the process prints
AT_ONCE = 5  # trainings that go on at once, unless the variable says another number: as many as a race has
AT_ONCE_VARIABLE = "NEURAL_ARCADE_TRAININGS"


def at_once() -> int:
    """How many trainings that the app started go on at once; further ones wait."""
    text = os.environ.get(AT_ONCE_VARIABLE, "").strip()
    return int(text) if text.isdecimal() and len(text) < 7 and int(text) else AT_ONCE


def start(run: Run, devices: str = "auto") -> threading.Thread:
    """Train a run, or go on with it, by the command line in a session of its own.

    Args:
        run: As `trainer.create` made it, or one that has stopped.
        devices: See `training.strategy.pick`.

    Returns: A thread that lives as long as the process does; the run's state is the last one then.

    Raises:
        RunError: It is being trained already, or the process can't be started.
    """
    status = run.status
    if status.get("state") in ACTIVE and status.get("pid"):  # one that was only made has no process yet
        raise RunError(f"run {run.name!r} is being trained already")
    try:
        run.update_status(state="queued", pid=None, error=None, note=None)
        with open(run.path / OUTPUT, "ab") as output:
            process = subprocess.Popen(
                command(run, devices),
                cwd=runs.ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # Lines in the order in which they were said: the last one tells why it failed.
                env={
                    **os.environ,
                    "PYTHONUNBUFFERED": "1",
                    runs.RUN_VARIABLE: str(run.path.resolve()),
                },
            )
    except OSError as error:
        message = f"the training can't be started: {error.strerror}"
        with contextlib.suppress(OSError):  # a disk that is full
            run.update_status(state="failed", error=message)
        raise RunError(message) from error
    with contextlib.suppress(OSError):  # the training itself says that its disk is full
        # So that it can be stopped before it has said a word.
        run.update_status(**runs.process_facts(process.pid))
    reaper = threading.Thread(target=_reap, args=(process, run), name=f"reap {run.name}", daemon=True)
    reaper.start()
    return reaper


def command(run: Run, devices: str = "auto") -> list[str]:
    """The command line that trains a run from where it stands."""
    return [
        *(sys.executable, "-m", "training", "train", run.config["recipe"]),
        *("--name", run.name, "--runs-dir", str(run.path.parent.absolute()), "--resume"),
        *("--devices", devices, "--at-once", str(at_once())),
    ]


def output(run: Run) -> list[str]:
    """The lines that a run's process has printed."""
    try:
        return (run.path / OUTPUT).read_text(errors="replace").splitlines()
    except OSError:
        return []


def _reap(process: subprocess.Popen, run: Run) -> None:
    """Wait for a training's end, and tell the run of one that ended before it began."""
    code = process.wait()
    status = run.status
    if status.get("state") != "queued" or status.get("pid") != process.pid:  # another may be starting already
        return
    if code < 0:  # by a signal: it was stopped while it was starting
        run.update_status(state="stopped")
        return
    said = [line for line in output(run) if line.strip()]
    run.update_status(state="failed", error=said[-1] if said else f"it ended with status {code}")
