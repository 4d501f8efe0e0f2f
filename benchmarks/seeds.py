"""A recipe's test score over several seeds: `python -m benchmarks seeds RECIPE ... --runs-dir DIR`."""

import statistics
from collections.abc import Sequence
from pathlib import Path

from benchmarks.table import Table
from training import recipes, runs, trainer
from training.recipe import Recipe
from training.runs import Run

SEEDS = 5
RECIPES = ("arrowhead_cnn", "italypowerdemand_cnn")


def run(names: Sequence[str] = RECIPES, seeds: int = SEEDS, directory: Path = runs.RUNS) -> Table:
    """Train each recipe with the seeds 0, 1, ... and measure each on the test split, once.

    Args:
        names: Recipes.
        seeds: How many.
        directory: Where the runs are, `<recipe>-seed<number>`. A finished run there is not trained again,
            a stopped one is gone on with.

    Raises:
        RunError: A run of that name has other settings than the recipe.
    """
    rows = []
    for name in names:
        done = [_measured(name, seed, directory) for seed in range(seeds)]
        figure, expected = next(iter(recipes.find(name).expected.test.items()), ("accuracy", None))
        scores = [run.evaluation["test"][figure] for run in done]
        shown = "{:.2%}" if max(map(abs, scores)) <= 1 else "{:.1f}"  # a share, or points of a game
        rows.append(
            {
                "recipe": name,
                "figure": figure,
                "mean": shown.format(statistics.mean(scores)),
                "deviation": shown.format(statistics.stdev(scores)) if len(scores) > 1 else "",
                "each": " ".join(map(shown.format, scores)),
                "expected": "" if expected is None else shown.format(expected),
                "seconds a run": round(statistics.mean(run.metrics()[-1]["seconds"] for run in done)),
            }
        )
    return Table(f"the test over {seeds} seeds", rows)


def finished(recipe: Recipe, run: Run, seed: int) -> Run:
    """A recipe's run with a seed, trained to its end; what is done of it already is not done again.

    Raises:
        RunError: There is a run of that name with other settings.
    """
    if not run.config:
        return trainer.start(recipe, run.path.parent, run.name, seed, quiet=True)[0]
    resolved = recipes.from_config(run.config).to_config()
    if resolved != recipe.to_config() or run.config["seed"] != seed or run.config["steps"]:
        raise runs.RunError(
            f"run {run.name!r} has other settings than the recipe {recipe.name} as it is asked for. Move it "
            f"away, or take another --runs-dir"
        )
    if run.state != "finished":
        trainer.train(run, quiet=True)
    return run


def _measured(name: str, seed: int, directory: Path) -> Run:
    """A recipe's run with a seed, trained and measured."""
    run = finished(recipes.find(name), Run(directory / f"{name}-seed{seed}"), seed)
    if "test" not in run.evaluation:
        trainer.evaluate(run)
    return run
