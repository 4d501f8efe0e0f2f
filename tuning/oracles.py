"""KerasTuner's oracles, which draw the trials' hyperparameters, made fit for long searches.

Deviations from KerasTuner 1.4.8, each for a reason:

- Files are written aside and renamed, so that a search killed at any moment can be gone on with; a trial
  that was drawn but not yet noted by the oracle is drawn again.
- Too many failures in a row end the search in its regular way, and `given_up` tells of it. KerasTuner
  raises inside the call that reports the trial: the trial is not noted, and a chief waits for ever.
- Bayesian search starts to model after a third of the trials, not after three times the number of
  hyperparameters, which here would make the first 40 trials random. It takes the best of many points at
  once, where 50 climbs from one point to the next take 10 seconds a trial, and draws nothing twice. Its
  points are a function of seed and trial, so that a search that was stopped draws what it would have drawn.
- Hyperband counts in parts of a full training, of which there are as many as the number of trials lets it
  use, and starts anew until all trials are used. KerasTuner counts in epochs: with 40 of them, its first 34
  trials would be short ones.
"""

import json
import shutil
import warnings
from pathlib import Path
from typing import Any

import keras_tuner
import numpy as np
from keras_tuner import oracles

from training.runs import written_aside
from tuning.searches import FULL, SearchError

TUNERS = ("random", "bayesian", "hyperband")
HALVING = 3  # Hyperband keeps one trial of three, and trains it three times as long (Li et al. 2018)
LONGEST = 4  # halvings at most: a first round of 1/81 of a training
FEWEST_HYPERBAND = 4  # trials: three of a third and the best of them in full
MOST_RANDOM = 10  # trials before a Bayesian search trusts its model
CANDIDATES = 2048  # points that a Bayesian search weighs, and as many again near the best trial
NEAR = 0.1  # of a hyperparameter's range


class _Lasting(keras_tuner.Oracle):
    """What all three have in common."""

    given_up = False  # after too many failures in a row
    _exhausted = False
    _ended_before = 0

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        if self.given_up:
            return {"status": "STOPPED", "values": None}
        drawn = super().populate_space(trial_id)
        self._exhausted = drawn["status"] == "STOPPED"
        return drawn

    @property
    def ended(self) -> bool:
        """Whether there is no trial to run, and none is running."""
        drawn = len(self.trials) >= self.max_trials or self._exhausted or self.given_up
        return drawn and not self.ongoing_trials and not self._retry_queue

    def save(self) -> None:
        _write(Path(self._get_oracle_fname()), self.get_state())

    def reload(self) -> None:
        super().reload()
        for trial_id in self.trials.keys() - set(self.start_order):
            del self.trials[trial_id]
            shutil.rmtree(self._get_trial_dir(trial_id))
        self._ended_before = len(self.end_order)

    def _save_trial(self, trial) -> None:
        _write(Path(self._get_trial_dir(trial.trial_id)) / "trial.json", trial.get_state())

    def _check_consecutive_failures(self) -> None:
        """Give up after too many failures in a row; those before this sitting may have been mended."""
        last = self.end_order[self._ended_before :][-self.max_consecutive_failed_trials :]
        failed = [trial_id for trial_id in last if self.trials[trial_id].status == "FAILED"]
        self.given_up = len(failed) == self.max_consecutive_failed_trials


class Random(_Lasting, oracles.RandomSearchOracle):
    """Bergstra and Bengio 2012, "Random search for hyper-parameter optimization"."""


class Bayesian(_Lasting, oracles.BayesianOptimizationOracle):
    """A Gaussian process models the figure, and the best that it holds possible is drawn next.

    Snoek et al. 2012 (arXiv:1206.2944) for the model, Srinivas et al. 2010 (arXiv:0912.3995) for the bound.
    """

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        finished = [trial for trial in self.trials.values() if trial.status == "COMPLETED"]
        if self.given_up or len(finished) < self.num_initial_points:
            return super().populate_space(trial_id)
        x, y = self._vectorize_trials()  # (trials, hyperparameters) in [0, 1]; the lower y, the better
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # scikit-learn's, that a length scale is at its bound
            self.gpr.fit(x, y)
        random = np.random.RandomState((self.seed + len(self.trials)) % 2**32)
        anywhere = random.uniform(size=(CANDIDATES, x.shape[1]))
        near = x[y.argmin()] + random.normal(scale=NEAR, size=(CANDIDATES, x.shape[1]))
        candidates = np.concatenate([anywhere, near.clip(0, 1)])
        mean, deviation = self.gpr.predict(candidates, return_std=True)
        for index in np.argsort(mean - self.beta * deviation):
            values = self._vector_to_values(candidates[index])
            if not self._duplicate(values):
                return {"status": "RUNNING", "values": values}
        return {"status": "STOPPED", "values": None}


class Hyperband(_Lasting, oracles.HyperbandOracle):
    """Li et al. 2018 (arXiv:1603.06560), by successive halving of trials that get ever longer."""


def make(tuner: str, trials: int, seed: int, figure: str, direction: str, fixed: dict[str, Any]) -> _Lasting:
    """The oracle of a new search, or one for a search's state to be loaded into.

    Args:
        tuner: One of `TUNERS`.
        trials: How many at most.
        seed: Of the draws.
        figure: The figure of merit.
        direction: "max" or "min".
        fixed: Hyperparameters by name that have one value.

    Raises:
        SearchError: Hyperband can't make use of so few trials.
    """
    hyperparameters = keras_tuner.HyperParameters()
    shared = {
        "objective": keras_tuner.Objective(figure, direction),
        # KerasTuner takes 0 for none, and counts up from the seed: seeds must lie apart.
        "seed": 1 + seed * 10_007 % (2**31 - 1),
        "hyperparameters": hyperparameters,
    }
    if tuner == "hyperband":
        if trials < FEWEST_HYPERBAND:
            raise SearchError(
                f"trials must be at least {FEWEST_HYPERBAND} for hyperband, which trains three for a third "
                f"of the time and the best of them in full. Received: {trials}"
            )
        fixed = {**fixed, FULL: HALVING ** halvings(trials)}
    for name, value in fixed.items():
        hyperparameters.Fixed(name, value)
    oracle: _Lasting
    if tuner == "random":
        oracle = Random(max_trials=trials, **shared)
    elif tuner == "bayesian":
        first = min(max(trials // 3, 3), MOST_RANDOM)
        oracle = Bayesian(max_trials=trials, num_initial_points=first, **shared)
    else:
        oracle = Hyperband(max_epochs=fixed[FULL], factor=HALVING, hyperband_iterations=None, **shared)
        oracle.max_trials = trials
    oracle.verbose = 0  # its table of every trial; the search tells in its own words
    return oracle


def halvings(trials: int) -> int:
    """How often Hyperband's first bracket can halve: h times take 3^h + ... + 3 + 1 trials."""
    return max(h for h in range(1, LONGEST + 1) if sum(HALVING**i for i in range(h + 1)) <= max(trials, 4))


def _write(path: Path, state: dict[str, Any]) -> None:
    with written_aside(path) as aside:
        aside.write_text(json.dumps(state))
