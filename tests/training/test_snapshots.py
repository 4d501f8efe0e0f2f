"""Snapshots: kept at the marks, whole, exact, and those after a checkpoint forgotten."""

import numpy as np
import pytest

from training import recipes, snapshots, trainer
from training.settings import SettingsError

SMALL = {"training.epochs": 4, "training.snapshots": 8, "model.widths": "6", "data.examples": 100}


def train(folder, name: str, **changes):
    recipe = recipes.find("function_mlp").override({**SMALL, **changes})
    run = trainer.create(recipe, folder, name)
    trainer.train(run, quiet=True)
    return run


def test_marks_are_closer_at_the_beginning():
    assert snapshots.marks(100, 5) == [0, 6, 25, 56, 100]
    assert snapshots.marks(3, 50) == [0, 1, 2, 3]


def test_what_is_saved_is_loaded(tmp_path):
    kept = {0: [np.arange(3.0), np.ones((2, 2))], 12: [np.zeros(3), np.eye(2)]}
    snapshots.save(tmp_path, kept)
    found = snapshots.load(tmp_path)
    assert list(found) == [0, 12]
    for step, weights in kept.items():
        for one, other in zip(weights, found[step], strict=True):
            np.testing.assert_array_equal(one, other)
    assert snapshots.load(tmp_path / "elsewhere") == {}
    (tmp_path / snapshots.FILE).write_bytes((tmp_path / snapshots.FILE).read_bytes()[:100])
    assert snapshots.load(tmp_path) == {}


def test_a_run_keeps_its_weights_from_the_first_step_to_the_last(tmp_path):
    run = train(tmp_path, "watched")
    found = snapshots.load(run.path)
    steps = run.status["steps"]
    assert min(found) == 0
    assert max(found) == steps
    assert len(found) > 3
    shapes = [weight.shape for weight in found[steps]]
    assert shapes == [(1, 6), (6,), (6, 1), (1,)]
    assert not np.array_equal(found[0][0], found[steps][0])
    # The best model is the last one here, whose weights are those of the last snapshot.
    best = trainer.load_model(run).get_weights()
    if run.metrics()[-1]["val_loss"] == min(row["val_loss"] for row in run.metrics() if "val_loss" in row):
        np.testing.assert_array_equal(best[0], found[steps][0])


def test_a_resumed_run_keeps_what_it_kept(tmp_path):
    whole = snapshots.load(train(tmp_path, "whole").path)
    run = train(tmp_path, "parts", **{"training.checkpoint_seconds": 0})
    run.write_json("config.json", {**run.config, "steps": run.status["steps"] + 8})
    trainer.train(run, quiet=True)
    found = snapshots.load(run.path)
    assert set(whole) <= set(found)
    assert max(found) == max(whole) + 8
    np.testing.assert_array_equal(found[max(whole)][0], whole[max(whole)][0])


def test_a_net_too_large_for_its_snapshots_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="training.snapshots of this net would take .* MiB, more than 16"):
        train(tmp_path, "large", **{"model.widths": "512,512", "training.snapshots": 100})
