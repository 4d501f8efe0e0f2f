"""Recipes for own data on small sets: `python -m benchmarks small [PROBLEM ...] [--seeds N] --runs-dir DIR`.

Each set is written as the files that a user would have; a recipe trains on them with its default settings.
"""

import csv
import statistics
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.problems import PROBLEMS, TEST, Examples, Problem
from benchmarks.seeds import finished
from benchmarks.table import Table
from data.sequences import SequenceSplit
from data.source import Source
from training import recipes, runs, settings, trainer
from training.recipe import Recipe
from training.runs import Run

SEEDS = 3


def run(names: Sequence[str] = (), seeds: int = SEEDS, directory: Path = runs.RUNS) -> Table:
    """Train recipes for own data on small sets, with default settings; measure each once, on its test split.

    Args:
        names: Keys of `problems.PROBLEMS`; none: all of them.
        seeds: Trainings of each problem, each on a set of its own.
        directory: Where the runs are, `small-<problem>-seed<number>`, beside the files that they train on. A
            finished run there is not trained again.

    Returns: A row a problem: the test accuracy of the recipe beside that of the best of four classifiers of
        scikit-learn, which learn from the same training and validation examples.

    Raises:
        SettingsError: No such problem.
    """
    for name in names:
        if name not in PROBLEMS:
            raise settings.SettingsError(settings.unknown("problem", name, PROBLEMS))
    rows = []
    for name in names or PROBLEMS:
        problem = PROBLEMS[name]
        done = [_measured(name, problem, seed, directory) for seed in range(seeds)]
        scores = [one.evaluation["test"]["accuracy"] for one, _ in done]
        classifiers = {kind: statistics.mean(found[kind] for _, found in done) for kind in done[0][1]}
        best = max(classifiers, key=lambda kind: classifiers[kind])
        rows.append(
            {
                "problem": name,
                "examples": problem.examples,
                "recipe": problem.recipe,
                "accuracy": f"{statistics.mean(scores):.1%}",
                "each": " ".join(f"{score:.1%}" for score in scores),
                "scikit-learn": f"{classifiers[best]:.1%} {best}",
                "steps": done[0][0].metrics()[-1]["step"],
                "seconds": round(statistics.mean(one.metrics()[-1]["seconds"] for one, _ in done)),
            }
        )
    return Table(f"small sets of own data, default settings: test accuracy, {seeds} seeds", rows)


def write(problem: Problem, folder: Path, seed: int) -> dict[str, str]:
    """Write a problem's files.

    Args:
        problem: The problem.
        folder: Where to; made if need be.
        seed: Seed of the random draws that make the set.

    Returns: The settings of the recipe that name the files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    examples = problem.draw(random, problem.examples)
    source = recipes.find(problem.recipe).source
    if source == "image_folder":
        for number, (image, kind) in enumerate(zip(*examples, strict=True)):
            (folder / kind).mkdir(exist_ok=True)
            Image.fromarray(image).save(folder / kind / f"{number}.png")
        return {"data.folder": str(folder)}
    _write_rows(folder / "train.csv", examples)
    if source != "series":  # a share of the file is kept for the test
        return {"data.file": str(folder / "train.csv")}
    _write_rows(folder / "test.csv", problem.draw(random, TEST))
    return {"data.train": str(folder / "train.csv"), "data.test": str(folder / "test.csv")}


def _write_rows(path: Path, examples: Examples) -> None:
    """A CSV with one example a row, its class last."""
    with open(path, "w", newline="") as file:
        rows = csv.writer(file)
        for values, kind in zip(*examples, strict=True):
            rows.writerow([*(f"{value:.5g}" for value in values), kind])


def _measured(name: str, problem: Problem, seed: int, directory: Path) -> tuple[Run, dict[str, float]]:
    """The run of a problem with a seed, trained and measured, and what classifiers of scikit-learn reach."""
    files = write(problem, (directory / "data" / f"{name}-seed{seed}").absolute(), seed)
    recipe: Recipe = recipes.find(problem.recipe).override(files)
    run = finished(recipe, Run(directory / f"small-{name}-seed{seed}"), seed)
    if "test" not in run.evaluation:
        trainer.evaluate(run)
    return run, _classifiers(recipe.load({}))


def _classifiers(source: Source) -> dict[str, float]:
    """Test accuracies of scikit-learn's classifiers with default settings, on standardized inputs."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    splits = (source.train, source.validation, source.test)
    longest = max(_longest(split) for split in splits)
    tables = [_table(split, longest) for split in splits]
    inputs, targets = (np.concatenate(pair) for pair in zip(*tables[:2], strict=True))
    kinds = {
        "nearest neighbour": KNeighborsClassifier(1),
        "logistic regression": LogisticRegression(max_iter=1000),
        "support vectors": SVC(),
        "random forest": RandomForestClassifier(random_state=0),
    }
    return {
        name: float(make_pipeline(StandardScaler(), kind).fit(inputs, targets).score(*tables[2]))
        for name, kind in kinds.items()
    }


def _longest(split) -> int:
    return int(split.inputs.lengths.max()) if isinstance(split, SequenceSplit) else 0


def _table(split, longest: int) -> tuple[np.ndarray, np.ndarray]:
    """A split as rows of numbers and labels; shorter sequences are filled up with 0."""
    if isinstance(split, SequenceSplit):
        rows = np.zeros((len(split), longest), "float32")
        for row, number in zip(rows, range(len(split)), strict=True):
            sequence = split.inputs[number].reshape(-1)
            row[: len(sequence)] = sequence
        return rows, np.asarray(split.targets)
    return split.inputs.reshape(len(split), -1).astype("float32"), split.targets
