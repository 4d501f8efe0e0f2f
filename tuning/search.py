"""The search: KerasTuner's oracles draw, the shared loop trains, each trial in a process of its own."""

import contextlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from keras_tuner.engine import base_tuner
from keras_tuner.src import config as keras_tuner_config
from keras_tuner.src.distribute import oracle_client

from data import DataUnavailable
from training import recipes, runs, settings
from training.callbacks import higher_is_better
from training.recipe import Recipe
from training.settings import SettingsError
from tuning import oracles, searches, sharing, trials
from tuning.searches import EARLIER, PLAN, Plan, Search, SearchError
from tuning.sharing import Role
from tuning.spaces import SPACES
from tuning.trials import Order, Trainings, TrialFailed

Tell = Callable[[str], None]


def plan(
    recipe: str | Recipe,
    tuner: str,
    seed: int = 0,
    epochs: float | None = None,
    steps: int | None = None,
    fixed: Mapping[str, str] | None = None,
) -> Plan:
    """What is to be searched.

    Args:
        recipe: Recipe whose settings are searched, its name, or the path of a run's `config.json`.
        tuner: One of `oracles.TUNERS`.
        seed: Of the draws, and of every trial.
        epochs: Of a full trial; None: the recipe's.
        steps: Of a full trial, in place of the epochs.
        fixed: Settings that are not searched, as texts.

    Raises:
        SettingsError: No such recipe, tuner, space or setting, or a value that breaks its rule.
    """
    if tuner not in oracles.TUNERS:
        raise SettingsError(settings.unknown("tuner", tuner, oracles.TUNERS))
    fixed = dict(fixed or {})
    recipe = (recipe if isinstance(recipe, Recipe) else recipes.find(recipe)).override(fixed)
    if recipe.architecture not in SPACES:
        raise SettingsError(settings.unknown("search space", recipe.architecture, SPACES))
    if epochs is not None:
        recipe.override({"training.epochs": epochs})  # only for its check
    recipe.preflight()  # now, and not in each trial
    figure = recipe.training.monitor
    return Plan(
        recipe=recipe.name,
        architecture=recipe.architecture,
        tuner=tuner,
        seed=seed,
        epochs=epochs or recipe.training.epochs,
        steps=steps,
        fixed=fixed,
        figure=figure,
        direction="max" if higher_is_better(figure) else "min",
        settings=json.loads(json.dumps(recipe.to_config())),
        min_steps=recipe.training.min_steps if epochs is None and steps is None else 0,
    )


def check(plan: Plan) -> None:
    """Read the data of a search and compare its settings with them, before anything is written.

    Raises:
        SettingsError: A setting doesn't fit the data.
        SearchError: The data can't be read.
    """
    recipe = recipes.from_config(plan.settings)
    try:
        source = recipe.load({})
    except DataUnavailable as error:
        raise SearchError(str(error)) from error
    recipe.check(source)
    recipe.model_config(source.spec)


def run(
    search: Search,
    trial_count: int,
    devices: str = "auto",
    role: Role | None = None,
    trainings: Trainings | None = None,
    tell: Tell = lambda line: None,
) -> None:
    """Search until there have been so many trials, those of earlier sittings included.

    Args:
        search: As `searches.begin` made it.
        trial_count: Of all sittings together.
        devices: Of each trial; see `strategy.pick`.
        role: This process' part; None: it searches alone.
        trainings: Where to ask to stop.
        tell: Takes a line for a person, now and then.

    Raises:
        SearchError: The search can't begin or can't go on.
        Stopped: Somebody asked to stop; the search can be gone on with.
    """
    trainings, role = trainings or Trainings(), role or Role()
    keras_tuner_config.DEBUG = False  # it would print the traceback of each failed trial
    if role.is_worker:
        with search.locked(role.name):
            _work(search, trial_count, devices, role, trainings, tell)
        return
    with search.locked():
        search.update_status(state="running", error=None, trials=trial_count, **runs.this_process())
        try:
            with _muted():
                tuner = _Tuner(search, trial_count, devices, trainings, tell)
                if role.is_chief:
                    tuner.save()
                    sharing.serve(tuner.oracle, role.address, trainings, tell)
                else:
                    tuner.search()
        except trials.Stopped:
            search.update_status(state="stopped")
            raise
        except BaseException as error:
            with contextlib.suppress(OSError):  # a full disk must not hide what happened
                search.update_status(state="failed", error=str(error) or type(error).__name__)
            raise
        problem = _what_failed(search, tuner.oracle)
        search.update_status(state="failed" if problem else "finished", error=problem)
        if problem:
            raise SearchError(problem)


def _work(
    search: Search, trial_count: int, devices: str, role: Role, trainings: Trainings, tell: Tell
) -> None:
    """Run the trials that a chief hands out, to the end of the search."""
    if not _chief_answers(search, trial_count, role, trainings):
        tell(f"{role.name}: the search has ended; there is no trial left")
        return
    oracle_client.TIMEOUT = sharing.CALL_SECONDS
    with _muted():
        tuner = _Tuner(search, trial_count, devices, trainings, tell, chief=role.address)
        with contextlib.suppress(sharing.ChiefGone), sharing.calls():
            tuner.search()
    tell(f"{role.name}: the search has ended; {tuner.ran} of its trials ran here")


def _chief_answers(search: Search, trial_count: int, role: Role, trainings: Trainings) -> bool:
    """Wait for the chief; False where its search, in a folder that is shared with it, has ended."""
    waited = 0.0
    while not sharing.answers(role.address, 1.0):
        trainings.check()
        if search.state == "finished" and len(search.trials()) >= trial_count:
            return False
        waited += 1.0
        if waited >= sharing.START_SECONDS:
            raise SearchError(
                f"no chief answers at {role.address}: it has ended, or was not started "
                f"({sharing.ID}=chief and the same command)"
            )
    return True


def _what_failed(search: Search, oracle) -> str | None:
    """Why a search that has ended has no result, in one line; None where it has one."""
    rows = search.trials()
    failed = sorted((trial for trial in rows if trial.state == "failed"), key=lambda trial: trial.number)
    if not failed or not (oracle.given_up or all(trial.state == "failed" for trial in rows)):
        return None
    last, limit = failed[-1], oracle.max_consecutive_failed_trials
    many = f"{limit} trials failed in a row" if oracle.given_up else "no trial succeeded"
    return f"{many}; trial {last.number}: {last.error or 'its worker has the reason'}"


def train_best(search: Search, devices: str, trainings: Trainings, quiet: bool = False) -> dict[str, Any]:
    """Train the settings of the best trial as an ordinary run, as long as the recipe says.

    Called again it goes on with a run that was stopped, and trains nothing where there is one that has
    finished.

    Returns: The run's name, the trial's number, the run's state and its figure of merit.

    Raises:
        SearchError: No trial has finished.
        Stopped: Somebody asked to stop.
    """
    first = next(iter(search.trials()), None)
    if first is None or first.rank is None:
        raise SearchError(f"search {search.name!r} has no finished trial yet")
    directory = search.path.parent.parent
    known = search.best_run
    if known.get("trial") != first.number:
        known = {"trial": first.number, "run": runs.free_name(directory, f"{search.plan.recipe}-tuned")}
        search.best_run = known
    best = runs.Run(directory / known["run"])
    if not (best.config and best.state == "finished"):
        named = best.config["recipe"] if best.config else _named(search)
        words = ["train", named, "--name", best.name, "--runs-dir", directory]
        words += ["--devices", devices, *(["--json"] if quiet else [])]
        words += ["--resume"] if best.config else ["--seed", search.plan.seed]
        words += [] if best.config else trials.command_line(first.settings)
        trainings.run(words, output=subprocess.DEVNULL, errors=None)
    value = searches.best(best.metrics(), search.plan.figure, search.plan.direction)
    return {"run": best.name, "trial": first.number, "state": best.state, search.plan.figure: value}


class _Tuner(base_tuner.BaseTuner):
    """Asks an oracle for trials and runs each by `trials.train`."""

    def __init__(
        self,
        search: Search,
        trial_count: int,
        devices: str,
        trainings: Trainings,
        tell: Tell,
        chief: str | None = None,
    ) -> None:
        self.place = search
        self.plan = search.plan
        self.recipe = recipes.find(_named(search))
        self.devices = devices
        self.trainings = trainings
        self.tell = tell
        self.chief = chief  # its address; None where this process draws by itself
        self.ran = 0
        self._idle = False
        oracle = oracles.make(
            self.plan.tuner,
            trial_count,
            self.plan.seed,
            self.plan.figure,
            self.plan.direction,
            {PLAN: _identity(self.plan), **_pinned(self.recipe, self.plan.fixed)},
        )
        super().__init__(
            oracle,
            hypermodel=SPACES[self.plan.architecture],
            directory=str(search.path),
            project_name=search.oracle_path.name,
        )

    # What KerasTuner calls, in this order

    def on_search_begin(self) -> None:
        if self.chief is None:
            self.save()  # or a search that is killed in its first trial would begin anew
        elif self.oracle.get_space().get(PLAN) != _identity(self.plan):
            raise SearchError(
                f"the chief at {self.chief} searches something else: give every process the same command"
            )

    def pre_create_trial(self) -> None:
        if self._idle:  # was told to ask again: Hyperband waits for trials of other workers
            time.sleep(sharing.IDLE_SECONDS)
        self._idle = True
        self.trainings.check()
        self._check_chief()

    def on_trial_begin(self, trial) -> None:
        self._idle = False
        values = trial.hyperparameters.values
        epochs, steps = self.plan.length(values)
        length = f"{epochs:g} epochs" if steps is None else f"{steps} steps"
        settings = " ".join(f"{name}={trials.text(value)}" for name, value in self.plan.drawn(values).items())
        what = f"goes on with trial {int(values[EARLIER]) + 1}" if EARLIER in values else settings
        self.tell(f"trial {_number(trial)} of {self.oracle.max_trials}, {length}: {what}")

    def run_trial(self, trial) -> dict[str, float]:
        """Train a trial, and read what came of it from its run's folder."""
        values, number = trial.hyperparameters.values, _number(trial)
        drawn = self.plan.drawn(values)
        self.recipe.override(drawn)  # a value that breaks its rule fails here, without a process
        epochs, steps = self.plan.length(values)
        order = Order(
            recipe=_named(self.place),
            run=self.place.run(number),
            log=self.place.log_path(number),
            settings=drawn,
            epochs=epochs,
            steps=steps,
            min_steps=self.plan.least(values),
            seed=self.plan.seed,
            devices=self.devices,
            earlier=self.place.run(int(values[EARLIER]) + 1) if EARLIER in values else None,
        )
        trials.train(order, self.trainings)
        self._check_chief()
        rows = order.run.metrics()
        value = searches.best(rows, self.plan.figure, self.plan.direction)
        if value is None:
            raise TrialFailed(f"its run has no figure {self.plan.figure!r}")
        seconds = rows[-1]["seconds"]
        self.tell(f"trial {number}: {self.plan.figure} {value:.4f} after {seconds:.1f} s")
        return {self.plan.figure: value, "seconds": seconds}

    def on_trial_end(self, trial) -> None:
        self.ran += 1
        if trial.message:  # a traceback, whose last line has the error
            trial.message = trial.message.strip().splitlines()[-1].split(": ", 1)[-1]
            self.tell(f"trial {_number(trial)} failed: {trial.message}")
        self._check_chief()
        super().on_trial_end(trial)
        if self.plan.tuner != "hyperband":  # no trial will go on with it
            shutil.rmtree(self.place.run(_number(trial)).checkpoint_path, ignore_errors=True)

    def save(self) -> None:
        if self.chief is None:
            self.oracle.save()
            with runs.written_aside(Path(self._get_tuner_fname())) as aside:
                aside.write_text("{}")

    def _get_tuner_fname(self) -> str:
        """One for every role, so that a search that began alone can go on with a chief."""
        return os.path.join(self.project_dir, "tuner.json")

    def _check_chief(self) -> None:
        """Raise `ChiefGone` where there is none any more: a call would wait for one to come back."""
        if self.chief is not None and not sharing.answers(self.chief, sharing.ANSWER_SECONDS):
            raise sharing.ChiefGone


def _named(search: Search) -> str:
    """The recipe of a search as a command line names it: its name, or a file where it was made in Python."""
    plan = search.plan
    known = recipes.RECIPES.get(plan.recipe)
    if known is not None and json.loads(json.dumps(known.override(plan.fixed).to_config())) == plan.settings:
        return plan.recipe
    path = search.path / "recipe.json"
    if not path.exists():
        with runs.written_aside(path) as aside:
            aside.write_text(json.dumps(plan.settings, indent=2) + "\n")
    return str(path)


def _number(trial) -> int:
    """A trial's number, from 1; KerasTuner counts from 0."""
    return int(trial.trial_id) + 1


def _identity(plan: Plan) -> str:
    """What a worker's command must have in common with the chief's."""
    shared = ("recipe", "tuner", "seed", "epochs", "steps", "fixed")
    return json.dumps({name: getattr(plan, name) for name in shared}, sort_keys=True)


def _pinned(recipe: Recipe, fixed: Mapping[str, str]) -> dict[str, Any]:
    """Settings from the command line as hyperparameters of one value, which take the place of ranges."""
    resolved = recipe.override(fixed).to_config()
    values = {key: resolved[section].get(name) for key in fixed for section, _, name in [key.partition(".")]}
    return {key: value for key, value in values.items() if isinstance(value, (bool, int, float, str))}


@contextlib.contextmanager
def _muted() -> Iterator[None]:
    """Without KerasTuner's prints: standard output is for the table."""
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        yield
