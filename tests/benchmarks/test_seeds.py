"""Means over seeds: of runs that differ in their seed alone, each trained once."""

import statistics

import pytest

from benchmarks import seeds
from training import recipes, trainer
from training.runs import Run, RunError


@pytest.fixture
def quick(monkeypatch):
    """digits_mlp, small and soon done."""
    changed = recipes.find("digits_mlp").override({"model.widths": "8", "training.epochs": "1"})
    monkeypatch.setitem(recipes.RECIPES, "digits_mlp", changed)
    return changed


def test_the_mean_is_that_of_the_runs_and_nothing_is_trained_twice(quick, tmp_path, monkeypatch):
    (row,) = seeds.run(["digits_mlp"], 2, tmp_path).rows
    done = [Run(tmp_path / f"digits_mlp-seed{seed}") for seed in range(2)]
    assert [run.config["seed"] for run in done] == [0, 1]
    scores = [run.evaluation["test"]["accuracy"] for run in done]
    assert scores[0] != scores[1]
    assert row["mean"] == f"{statistics.mean(scores):.2%}"
    assert row["each"] == " ".join(f"{score:.2%}" for score in scores)
    monkeypatch.setattr(trainer, "train", lambda *_, **__: pytest.fail("trained again"))
    assert seeds.run(["digits_mlp"], 2, tmp_path).rows == [row]


def test_a_run_with_other_settings_is_not_counted(quick, tmp_path):
    trainer.create(quick.override({"model.widths": "9"}), tmp_path, "digits_mlp-seed0", seed=0)
    with pytest.raises(RunError, match="has other settings than the recipe digits_mlp"):
        seeds.run(["digits_mlp"], 1, tmp_path)
