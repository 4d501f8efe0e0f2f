"""Trainings one after another, so that each has the machine to itself.

A thread of the server starts each training when the one before has ended: it outlives the tab that asked for
it. What it left undone, after a stop or a restart of the server, another takes up.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from apps import launch
from training.runs import Run, RunError

if TYPE_CHECKING:
    from training.recipe import Recipe

POLL_SECONDS = 0.2  # from one look at a training to the next


def free_name(folder: Path, stem: str) -> str:
    """The first of "<stem>-1", "<stem>-2", ... of which no run has a name that goes on from it."""
    number = 1
    while any(folder.glob(f"{stem}-{number}-*")):
        number += 1
    return f"{stem}-{number}"


def create(folder: Path, plans: Mapping[str, tuple["Recipe", int]]) -> list[Run]:
    """Make runs that wait for their turn: all of them, or none.

    Args:
        folder: Where runs are.
        plans: A recipe and a seed by the run's name.

    Raises:
        RunError: One can't be made.
    """
    from training import trainer

    made: list[Run] = []
    try:
        for name, (recipe, seed) in plans.items():
            made.append(trainer.create(recipe, folder, name, seed))
            made[-1].update_status(state="stopped")
    except RunError:
        for run in made:
            with contextlib.suppress(RunError):
                run.delete()
        raise
    return made


def begin(place: Path, runs: Sequence[Run], measure: Callable[[Run], None]) -> None:
    """Train and measure runs one after another, from where each stands, unless that goes on already.

    Args:
        place: What names the queue in this process.
        runs: In their order.
        measure: What is done with each that is trained; an error in it is told as one of the run.
    """
    with _lock:
        if not going(place):
            _queues[place] = _Queue(place.name, runs, measure)
            _queues[place].start()


def going(place: Path) -> bool:
    """Whether this server has more of a queue to do."""
    queue = _queues.get(place)
    return queue is not None and queue.is_alive()


def stopping(place: Path) -> bool:
    """Whether a queue was asked to stop and has not yet."""
    return going(place) and _queues[place].asked_to_stop.is_set()


def stop(place: Path, runs: Sequence[Run]) -> None:
    """Ask the training that goes on to save and stop, and begin no other.

    Args:
        place: Of the queue.
        runs: All of it.
    """
    if going(place):
        _queues[place].asked_to_stop.set()
        return
    for run in runs:  # one that a server before this one has started
        with contextlib.suppress(RunError, ProcessLookupError):
            run.stop()


def errors(place: Path, runs: Sequence[Run]) -> dict[str, str]:
    """What went wrong with each of a queue's runs, by its name."""
    queue = _queues.get(place)
    told = dict(queue.errors) if queue is not None else {}
    for run in runs:
        status = run.status
        if status.get("state") == "failed" or status.get("error"):
            told[run.name] = status.get("error") or "the training failed"
    return {run.name: told[run.name] for run in runs if run.name in told}


class _Queue(threading.Thread):
    """Trains runs one after another.

    Args:
        name: For people.
        runs: In their order.
        measure: Of each that is trained.

    Attributes:
        asked_to_stop: Set to end it.
        errors: What went wrong besides trainings, by run.
    """

    def __init__(self, name: str, runs: Sequence[Run], measure: Callable[[Run], None]) -> None:
        super().__init__(name=f"train {name}", daemon=True)
        self.asked_to_stop = threading.Event()
        self.errors: dict[str, str] = {}
        self._runs = runs
        self._measure = measure

    def run(self) -> None:
        for run in self._runs:
            try:
                self._train(run)
                if not self.asked_to_stop.is_set() and run.state == "finished":
                    self._measure(run)
            except Exception as error:  # whatever it is, the next ones are trained
                self.errors[run.name] = str(error) or type(error).__name__
            if self.asked_to_stop.is_set():
                return

    def _train(self, run: Run) -> None:
        """Train a run that is not trained yet, and wait for its end."""
        process = launch.start(run) if run.resumable else None
        told = False
        # A process that is long in waking is taken for a dead one for a while, but is not.
        while run.state in launch.ACTIVE or (process is not None and process.is_alive()):
            awake = run.state in launch.ACTIVE and run.status.get("pid")
            if self.asked_to_stop.is_set() and not told and awake:
                with contextlib.suppress(RunError, ProcessLookupError):
                    run.stop()
                told = True
            time.sleep(POLL_SECONDS)


_queues: dict[Path, _Queue] = {}
_lock = threading.Lock()
