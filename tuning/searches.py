"""A search: the folder that the search, its trials' processes, the table and the app share.

    runs/searches/<name>/  search.json   recipe, tuner, seed and all else that its trials have in common
                           status.json   running | stopped | finished | failed, with the error's text and pid
                           oracle/       KerasTuner's state: what was drawn, and what came of it
                           trials/       a run a trial: `trial-001`, ...
                           logs/         what each trial's process printed

`runs.runs_in` takes no search for a run, since none has a `config.json`. This module imports neither
TensorFlow nor KerasTuner: a table is shown at once.
"""

import contextlib
import dataclasses
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from training import run_files, runs
from training.run_files import COUNT, NULL, NUMBER, OBJECT, SIZE, TEXT, FileError, Rule
from training.runs import Run, RunError, Unreadable
from training.settings import unknown

Settings = dict[str, Any]

FOLDER = "searches"
_PLAN = "search.json"

# Hyperparameters that are no settings: Hyperband's own, and two of ours that travel to every worker.
EPOCHS = "tuner/epochs"  # length of the trial, in parts of a full one
EARLIER = "tuner/trial_id"  # the trial that it goes on with
FULL = "tuner/full"  # parts of a full trial
PLAN = "tuner/plan"  # what is searched, so that a worker of another search is found out

PLAN_RULES: Mapping[str, Rule] = {
    "recipe": TEXT,
    "architecture": TEXT,
    "tuner": TEXT,
    "seed": COUNT,
    "epochs": NUMBER,
    "steps": SIZE | NULL,
    "fixed": OBJECT,
    "figure": TEXT,
    "direction": Rule("max or min", lambda v: v in ("max", "min")),
    "settings": OBJECT,
}
TRIAL_RULES: Mapping[str, Rule] = {
    "trial_id": Rule("a text of digits", lambda v: isinstance(v, str) and v.isdecimal() and len(v) < 10),
    "status": TEXT,
    "hyperparameters": Rule(
        "an object with values", lambda v: isinstance(v, dict) and isinstance(v.get("values"), dict)
    ),
    "metrics": Rule(
        "an object with metrics", lambda v: isinstance(v, dict) and isinstance(v.get("metrics"), dict)
    ),
    "score": NUMBER | NULL,
    "message": TEXT | NULL,
}


class SearchError(Exception):
    """A search can't be made, found or gone on with; the message is one line for a person."""


@dataclass(frozen=True)
class Plan:
    """What all trials of a search have in common.

    Args:
        recipe: Its name.
        architecture: Key of `spaces.SPACES`.
        tuner: "random", "bayesian" or "hyperband".
        seed: Of the draws, and of every trial.
        epochs: Of a full trial.
        steps: Of a full trial, in place of the epochs; None: as many as they have.
        fixed: Settings from the command line, which are not searched.
        figure: The figure of merit, one of the validation split or of training.
        direction: "max" or "min".
        settings: The recipe with every setting resolved, as `Recipe.to_config` has it.
        min_steps: Least number of steps of a full trial, where neither epochs nor steps were asked for.
    """

    recipe: str
    architecture: str
    tuner: str
    seed: int
    epochs: float
    steps: int | None
    fixed: Mapping[str, str]
    figure: str
    direction: str
    settings: Mapping[str, Any]
    min_steps: int = 0

    def drawn(self, values: Mapping[str, Any]) -> Settings:
        """The settings of a trial, as `Recipe.override` takes them."""
        from tuning.spaces import SPACES  # imports Keras, for which `--help` doesn't wait

        return {**SPACES[self.architecture](_Drawn(values)), **self.fixed}

    def length(self, values: Mapping[str, Any]) -> tuple[float, int | None]:
        """Epochs and steps of a trial: those of a full one but for Hyperband's shorter trials."""
        share = _share(values)
        steps = None if self.steps is None else math.ceil(self.steps * share)
        return (self.epochs if share == 1 else round(self.epochs * share, 3)), steps

    def least(self, values: Mapping[str, Any]) -> int:
        """Least number of steps of a trial, of those that `length` tells in epochs."""
        return math.ceil(self.min_steps * _share(values))

    def check(self, other: "Plan", name: str) -> None:
        """Raise a SearchError where `other`, of a command that would go on with this search, differs."""
        for field in dataclasses.fields(self):
            mine, others = getattr(self, field.name), getattr(other, field.name)
            if mine == others:
                continue
            what = f"{field.name} {_brief(mine)}, not {_brief(others)}"
            if field.name == "settings":
                what = f"settings that recipe {self.recipe} no longer has"
            raise SearchError(
                f"search {name!r} has {what}. Go on with it as it was begun, or take another --name"
            )


def _share(values: Mapping[str, Any]) -> float:
    """Length of a trial, as a share of a full one."""
    return values.get(EPOCHS, 1) / values.get(FULL, 1)


class _Drawn:
    """Answers a space's questions with the values of a trial, as KerasTuner's `HyperParameters` would."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def conditional_scope(self, *_) -> contextlib.AbstractContextManager:
        return contextlib.nullcontext()

    def _value(self, name: str, *_, **__) -> Any:
        return self._values.get(name)

    Int = Float = Choice = Boolean = _value


@dataclass(frozen=True)
class Trial:
    """One row of a search's table.

    Args:
        number: From 1.
        run: Where its run is, or would be if it ran on this machine.
        state: "running", "stopped", "finished" or "failed".
        rank: 1 for the best; None before it is finished.
        value: The figure of merit; of a trial that is not finished the best so far, if any.
        seconds: Time spent in training.
        settings: What was drawn.
        length: {"epochs": ...} or {"steps": ...}.
        error: Why it failed.
    """

    number: int
    run: Run
    state: str
    rank: int | None
    value: float | None
    seconds: float | None
    settings: Settings
    length: Mapping[str, float]
    error: str | None = None


class Search:
    """One search's folder. Cheap: nothing is read before it is asked for."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._files = Run(path)  # the same status.json and the same lock as a run's

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def plan(self) -> Plan:
        """What all its trials have in common."""
        try:
            content = run_files.read(self.path / _PLAN)
            run_files.check_fields(_PLAN, content, PLAN_RULES, PLAN_RULES)
            return Plan(**content)
        except (FileError, TypeError) as error:
            raise SearchError(
                f"{self.path / _PLAN} is not a search's: the file was changed by hand ({error})"
            ) from error

    @property
    def status(self) -> dict[str, Any]:
        """`status.json`; a search whose process died without a word reads as stopped."""
        return self._files.status

    @property
    def state(self) -> str:
        return self.status.get("state", "stopped")

    @property
    def oracle_path(self) -> Path:
        return self.path / "oracle"

    def run(self, number: int) -> Run:
        """The run of trial `number`."""
        return Run(self.path / "trials" / f"trial-{number:03d}")

    def log_path(self, number: int) -> Path:
        """What the process of trial `number` printed."""
        return self.path / "logs" / f"trial-{number:03d}.log"

    def update_status(self, **changes: Any) -> None:
        """Change some fields of `status.json`."""
        self._files.update_status(**changes)

    @property
    def best_run(self) -> dict[str, Any]:
        """Which run trains the best settings in full: {"run": its name, "trial": whose settings}."""
        return self._files._read("best.json")

    @best_run.setter
    def best_run(self, content: dict[str, Any]) -> None:
        self._files.write_json("best.json", content)

    @contextlib.contextmanager
    def locked(self, worker: str | None = None) -> Iterator[None]:
        """Hold the search for this process, or one of its workers' names.

        Raises:
            SearchError: Another process holds it.
        """
        lock = FileLock(self.path / (f".{worker}.lock" if worker else ".lock"), timeout=0)
        try:
            with lock:
                yield
        except Timeout:
            raise SearchError(
                f"another process is {worker!r} already: give every worker a KERASTUNER_TUNER_ID of its own"
                if worker
                else f"search {self.name!r} is in use by process {self.status.get('pid')}. Wait for it, stop "
                f"it, or take another --name"
            ) from None

    def trials(self) -> list[Trial]:
        """The trials so far: the finished ones from the best on, then the others as they were begun."""
        plan = self.plan
        trials, _ = self._read_trials()
        trials.sort(key=lambda trial: trial.number)
        finished = [trial for trial in trials if trial.state == "finished" and trial.value is not None]
        finished.sort(key=lambda trial: trial.value, reverse=plan.direction == "max")  # type: ignore[arg-type, return-value]
        ranked = [dataclasses.replace(trial, rank=rank) for rank, trial in enumerate(finished, start=1)]
        return [*ranked, *(trial for trial in trials if trial not in finished)]

    def unreadable(self) -> list[Unreadable]:
        """The trials that `trials` leaves out, because a file of theirs is damaged."""
        return self._read_trials()[1]

    def _read_trials(self) -> tuple[list[Trial], list[Unreadable]]:
        plan, alive = self.plan, self.state == "running"
        good, bad = [], []
        for path in sorted(self.oracle_path.glob("trial_*/trial.json")):
            try:
                told = run_files.read(path)
                run_files.check_fields(path.name, told, TRIAL_RULES, TRIAL_RULES)
                good.append(self._trial(told, plan, alive))
            except (FileError, RunError) as error:
                bad.append(Unreadable(path.parent.name, str(error)))
            except (TypeError, ValueError, KeyError, IndexError) as error:  # deep in what KerasTuner wrote
                bad.append(Unreadable(path.parent.name, f"{path.name} is damaged ({error!r})"))
        return good, bad

    def _trial(self, told: Mapping[str, Any], plan: Plan, alive: bool) -> Trial:
        """A trial as KerasTuner's `trial.json` tells of it, and its run where that is on this machine."""
        number = int(told["trial_id"]) + 1
        values = told["hyperparameters"]["values"]
        run = self.run(number)
        state = {"COMPLETED": "finished", "FAILED": "failed", "INVALID": "failed"}.get(
            told["status"], "running" if alive else "stopped"
        )
        figures = told["metrics"]["metrics"]
        rows = [] if state == "finished" else run.metrics()
        seconds = _reported(figures, "seconds")
        epochs, steps = plan.length(values)
        try:
            settings = plan.drawn(values)
        except TypeError:  # drawn from a space that has changed since
            settings = {name: value for name, value in values.items() if not name.startswith("tuner/")}
        return Trial(
            number=number,
            run=run,
            state=state,
            rank=None,
            value=told["score"] if state == "finished" else best(rows, plan.figure, plan.direction),
            seconds=rows[-1]["seconds"] if seconds is None and rows else seconds,
            settings=settings,
            length={"steps": steps} if steps is not None else {"epochs": epochs},
            error=(told["message"] or last_error(self.log_path(number))) if state == "failed" else None,
        )


def begin(directory: Path, name: str, plan: Plan) -> Search:
    """Make a search, or find the one of that name to go on with.

    Args:
        directory: Where the runs are.
        name: Of the search.
        plan: What is searched.

    Raises:
        SearchError: There is one of that name with another plan, or the folder can't be written.
        RunError: The name is no folder name.
    """
    runs.check_name(name)
    search = Search(Path(directory).resolve() / FOLDER / name)
    try:
        for folder in ("trials", "logs", "oracle"):
            (search.path / folder).mkdir(parents=True, exist_ok=True)
        if not (search.path / _PLAN).exists():
            search._files.write_json(_PLAN, dataclasses.asdict(plan))
    except OSError as error:
        raise SearchError(f"{search.path} can't be written: {error.strerror}") from error
    search.plan.check(plan, name)
    return search


def find(name: str, directory: Path) -> Search:
    """A search by its name or a path.

    Raises:
        SearchError: There is none; the message has the nearest names.
    """
    folder = Path(directory) / FOLDER
    for path in (folder / name, Path(name).expanduser()):
        if (path / _PLAN).exists():
            return Search(path.resolve())
    known = sorted(path.parent.name for path in folder.glob(f"*/{_PLAN}"))
    raise SearchError(
        unknown("search", name, known) if known else f"there is no search {name!r}: none in {folder} yet"
    )


def best(rows: list[dict[str, Any]], figure: str, direction: str) -> float | None:
    """The best value of a figure in a run's rows; None where it has none."""
    values = [row[figure] for row in rows if figure in row]
    if not values:
        return None
    return max(values) if direction == "max" else min(values)


def last_error(log: Path) -> str | None:
    """The last error in what a process printed, else the last line; None where it printed nothing."""
    try:
        lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    except FileNotFoundError:
        return None
    errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    told = errors or lines
    return told[-1] if told else None


def _reported(figures: Mapping[str, Any], name: str) -> float | None:
    """A figure that a trial reported to KerasTuner, of its last report."""
    observations = figures.get(name, {}).get("observations", [])
    return observations[-1]["value"][-1] if observations else None


def _brief(value: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(f"--{name} {text}" for name, text in value.items()) or "nothing"
    return "none" if value is None else str(value)
