"""A recipe's validation figures over several divisions of its training data, to choose settings by.

`python -m benchmarks folds RECIPE [--folds N] [--SECTION.FIELD VALUE ...] --runs-dir DIR`
"""

import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.seeds import finished
from benchmarks.table import Table
from training import recipes, runs
from training.runs import Run

FOLDS = 10
VALIDATION = 0.25  # share, where a recipe itself keeps nothing for validation
FIGURES = ("accuracy", "loss")
# No epoch is picked: none is the best, whose model would be kept, and none is the last before its time.
TO_THE_END = {"training.monitor": "none", "training.patience": 0}


def run(
    name: str,
    folds: int = FOLDS,
    changes: Mapping[str, Any] | None = None,
    directory: Path = runs.RUNS,
) -> Table:
    """Train a recipe with `data.seed` 0, 1, ... and average what its last weights reach in validation.

    Each seed keeps other examples for validation, and starts from other weights. What counts is the end
    of the training: the best epoch would be chosen by the very examples that it is measured on. The test
    split is never looked at. With few examples the loss tells more than the accuracy does.

    Args:
        name: Of a recipe.
        folds: How many divisions.
        changes: Settings other than the recipe's, by "section.field".
        directory: Where the runs are, `<recipe>-fold<number>`; one for each choice of settings. A finished
            run there is not trained again, a stopped one is gone on with.

    Returns: A row a figure: its mean, the mean's standard error, and the figure of each fold. The folds
        share training examples, so the true error is somewhat larger.

    Raises:
        SettingsError: No such recipe or setting, or data that are not divided by a seed.
        RunError: A run of that name has other settings.
    """
    changes = dict(changes or {})
    recipe = recipes.find(name).override({**changes, **TO_THE_END})
    if not getattr(recipe.data, "validation", 1):
        recipe = recipe.override({"data.validation": VALIDATION})
    divided = [recipe.override({"data.seed": fold}) for fold in range(folds)]
    places = [Run(directory / f"{name}-fold{fold}") for fold in range(folds)]
    done = [finished(one, run, fold) for fold, (one, run) in enumerate(zip(divided, places, strict=True))]
    last = [run.metrics()[-1] for run in done]
    rows = []
    for figure in FIGURES:
        values = [row[f"val_{figure}"] for row in last]
        rows.append(
            {
                "validation": figure,
                "mean": f"{statistics.mean(values):.4f}",
                "error": f"{statistics.stdev(values) / folds**0.5:.4f}" if folds > 1 else "",
                "each": " ".join(f"{value:.3f}" for value in values),
                "seconds a run": round(statistics.mean(row["seconds"] for row in last)),
            }
        )
    told = "".join(f" --{key} {value}" for key, value in changes.items())
    return Table(f"{name}{told}: {folds} folds, at the end of training", rows)
