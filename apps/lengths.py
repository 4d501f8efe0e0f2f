"""Ladders: a few nets learn one task at several lengths, one training after another.

So each has the machine to itself, and what a step takes can be compared. A thread of the server starts each
training when the one before has ended: it outlives the tab that asked for it. After a restart of the server,
and after a stop, `go_on` takes up what is left.
"""

import contextlib
import itertools
import re
import statistics
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from apps import launch, library, races
from apps.library import Entry
from training.runs import Run, RunError
from training.settings import SettingsError

MOST_RUNGS = 8  # lengths of a ladder
POLL_SECONDS = 0.2  # from one look at a training to the next
BATCH = 64  # sequences that are answered at once: attention keeps every pair of steps
RIGHT = "right"  # figure of a run's test: see `right` of the data
_NAME = re.compile(r"(?P<ladder>.+-lengths-\d+)-\d+-(?P<net>[a-z]+)")


@dataclass(frozen=True)
class Rung:
    """One net at one length.

    Args:
        net: Key of `races.NETS`.
        length: Of the task.
        entry: Its run.
    """

    net: str
    length: int
    entry: Entry

    @property
    def right(self) -> float | None:
        """The share of the test that it answers right; None before that is measured."""
        return self.entry.run.evaluation.get("test", {}).get(RIGHT)

    @property
    def milliseconds(self) -> float | None:
        """What a step of its training took; None before that is known."""
        return pace(library.rows(self.entry.run))


@dataclass(frozen=True)
class Ladder:
    """Nets at several lengths.

    Args:
        key: What names it in an address: "runs/adding-lengths-1".
        rungs: In the order in which they are trained.
    """

    key: str
    rungs: tuple[Rung, ...]

    @property
    def going(self) -> bool:
        """Whether this server has more of it to do."""
        queue = _queues.get(_place(self))
        return queue is not None and queue.is_alive()

    @property
    def active(self) -> bool:
        """Whether any of it is going on: a training outlives its server."""
        return self.going or any(rung.entry.run.state in launch.ACTIVE for rung in self.rungs)

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop and has not yet."""
        queue = _queues.get(_place(self))
        return queue is not None and queue.is_alive() and queue.asked_to_stop.is_set()

    @property
    def left(self) -> list[Rung]:
        """What is not trained or not measured."""
        return [rung for rung in self.rungs if rung.right is None]

    @property
    def errors(self) -> dict[str, str]:
        """What went wrong, by the title of the net and its length."""
        queue = _queues.get(_place(self))
        told = dict(queue.errors) if queue is not None else {}
        for rung in self.rungs:
            status = rung.entry.run.status
            if status.get("state") == "failed" or status.get("error"):
                told[rung.entry.run.name] = status.get("error") or "the training failed"
        names = {rung.entry.run.name: f"{races.NETS[rung.net].title} at {rung.length}" for rung in self.rungs}
        return {name: told[run] for run, name in names.items() if run in told}

    @property
    def config(self) -> dict[str, Any]:
        """The settings of one of them, whose task is that of all."""
        return self.rungs[0].entry.run.config


def find_all() -> dict[str, Ladder]:
    """The ladders there are by key, the newest first."""
    found: dict[str, list[Rung]] = {}
    for entry in library.entries():
        name = _NAME.fullmatch(entry.run.name)
        if entry.shelf != "runs" or name is None or name["net"] not in races.NETS:
            continue
        config = entry.run.config
        if races.task_of(config) is not None:
            rung = Rung(name["net"], config["data"]["length"], entry)
            found.setdefault(f"runs/{name['ladder']}", []).append(rung)
    nets = list(races.NETS)
    return {
        key: Ladder(key, tuple(sorted(rungs, key=lambda rung: (rung.length, nets.index(rung.net)))))
        for key, rungs in found.items()
    }


def read(text: str, least: int, most: int) -> tuple[int, ...]:
    """The lengths that a person has written, split by commas, the shortest first.

    Raises:
        SettingsError: They are no such numbers, or too many.
    """
    parts = text.replace(",", " ").split()
    # As text at first: of thousands of digits Python makes no number.
    if not parts or not all(p.isdecimal() and len(p) < 9 and least <= int(p) <= most for p in parts):
        raise SettingsError(
            f"lengths are whole numbers from {least} to {most}. Received: {text.strip()[:80]!r}"
        )
    lengths = tuple(sorted(set(map(int, parts))))
    if len(lengths) > MOST_RUNGS:
        raise SettingsError(f"at most {MOST_RUNGS} lengths are trained. Received: {len(lengths)}")
    return lengths


def around(length: int, least: int, most: int) -> tuple[int, ...]:
    """A quarter, half, once and twice a length."""
    return tuple(
        sorted({min(most, max(least, size)) for size in (length // 4, length // 2, length, 2 * length)})
    )


def start(
    task: str, lengths: Sequence[int], nets: Sequence[str], chosen: Mapping[str, Any], seed: int
) -> str:
    """Make a run for each net and length, and begin to train one after another.

    Args:
        task: Key of `races.TASKS`.
        lengths: Of the task, each with as many sequences and epochs.
        nets: Keys of `races.NETS`.
        chosen: Settings that all have, as `races.plan` takes them.
        seed: Of all.

    Returns: The ladder's key.

    Raises:
        RunError, SettingsError: A setting breaks its rule, or a run can't be made.
    """
    from training import trainer

    folder = library.runs_folder()
    number = 1
    while any(folder.glob(f"{task.lower()}-lengths-{number}-*")):
        number += 1
    name = f"{task.lower()}-lengths-{number}"
    plans = {
        f"{name}-{length}-{net}": races.plan(
            races.TASKS[task], net, {**chosen, "data.length": length, "training.snapshots": 0}
        )
        for length in sorted(lengths)
        for net in races.NETS
        if net in nets
    }
    made: list[Run] = []
    try:
        for each, recipe in plans.items():
            made.append(trainer.create(recipe, folder, each, seed))
            made[-1].update_status(state="stopped")  # until it is its turn
    except RunError:
        for run in made:
            with contextlib.suppress(RunError):
                run.delete()
        raise
    _begin(folder / name, made)
    return f"runs/{name}"


def go_on(ladder: Ladder) -> None:
    """Train and measure what is left, from where each stands."""
    if not ladder.going:
        _begin(_place(ladder), [rung.entry.run for rung in ladder.left])


def stop(ladder: Ladder) -> None:
    """Ask the training that goes on to save and stop, and begin no other."""
    queue = _queues.get(_place(ladder))
    if queue is not None and queue.is_alive():
        queue.asked_to_stop.set()
        return
    for rung in ladder.rungs:  # one that a server before this one has started
        with contextlib.suppress(RunError, ProcessLookupError):
            rung.entry.run.stop()


def pace(rows: Sequence[Mapping[str, Any]]) -> float | None:
    """Milliseconds a step: the median over a run's rows; None where too few are logged.

    The steps before the first row contain the compilation. Rows that end an epoch contain an evaluation:
    they count only where there are no others.

    Args:
        rows: As `metrics.jsonl` has them.
    """
    inner: list[float] = []
    whole: list[float] = []
    for before, row in itertools.pairwise(rows):
        steps = row["step"] - before["step"]
        if steps > 0:
            evaluated = any(name.startswith("val_") for name in row)
            (whole if evaluated else inner).append(1000 * (row["seconds"] - before["seconds"]) / steps)
    return statistics.median(inner or whole) if inner or whole else None


def measure(run: Run) -> None:
    """Have a trained net answer the test, and keep the share that is right among the run's figures.

    Raises:
        RunError, SettingsError: There is no model, or a setting of the run is gone.
    """
    from training import recipes, trainer

    data, test = recipes.from_config(run.config).data, races.tests(run.config)
    inputs, targets = (np.stack([side[i] for i in range(len(test))]) for side in (test.inputs, test.targets))
    outputs = trainer.load_model(run).predict(inputs, batch_size=BATCH, verbose=0)
    figures = run.evaluation
    share = data.right(outputs, targets)
    run.write_json("evaluation.json", {**figures, "test": {**figures.get("test", {}), RIGHT: share}})


# One after another


class _Queue(threading.Thread):
    """Trains runs one after another.

    Args:
        name: Of the ladder.
        runs: In their order.

    Attributes:
        asked_to_stop: Set to end it.
        errors: What went wrong besides trainings, by run.
    """

    def __init__(self, name: str, runs: Sequence[Run]) -> None:
        super().__init__(name=f"train {name}", daemon=True)
        self.asked_to_stop = threading.Event()
        self.errors: dict[str, str] = {}
        self._runs = runs

    def run(self) -> None:
        for run in self._runs:
            try:
                self._train(run)
                if not self.asked_to_stop.is_set() and run.state == "finished":
                    measure(run)
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
            if self.asked_to_stop.is_set() and not told and run.state in launch.ACTIVE:
                with contextlib.suppress(RunError, ProcessLookupError):
                    run.stop()
                told = True
            time.sleep(POLL_SECONDS)


_queues: dict[Path, _Queue] = {}
_lock = threading.Lock()


def _begin(place: Path, runs: Sequence[Run]) -> None:
    with _lock:
        queue = _queues.get(place)
        if queue is None or not queue.is_alive():
            _queues[place] = _Queue(place.name, runs)
            _queues[place].start()


def _place(ladder: Ladder) -> Path:
    """What names a ladder in this process: its runs' folder and name."""
    return ladder.rungs[0].entry.run.path.parent / ladder.key.partition("/")[2]
