"""Agents are kept as they learn, as often as there is room for."""

import numpy as np
import pytest

from training import recipe, recipes, snapshots, trainer
from training.callbacks import Snapshots


@pytest.mark.parametrize(("widths", "count"), [("8", 16), ("400,400", 12), ("2000,2000", 0)])
def test_an_agent_is_kept_as_often_as_there_is_room(tmp_path, widths, count):
    mine = recipes.find("cartpole_ppo").override({"model.widths": widths})
    source = mine.load({})
    model = mine.build_model(source.spec)
    run = trainer.create(mine, tmp_path, "mine")
    kept = [each for each in mine.watchers(run, model, source) if isinstance(each, Snapshots)]
    assert sum(each.count for each in kept) == count
    assert 4 * model.count_params() * count <= recipe.MOST_SNAPSHOT_BYTES


def test_a_training_keeps_its_first_updates(tmp_path):
    small = {"agent.worlds": 4, "agent.horizon": 8, "training.steps": 9 * 32, "training.snapshots": 4}
    run = trainer.create(recipes.find("cartpole_ppo").override(small), tmp_path, "mine")
    trainer.train(run, quiet=True)
    kept = snapshots.load(run.path)
    assert sorted(kept) == [0, 1, 4, 9]
    assert all(np.isfinite(part).all() for weights in kept.values() for part in weights)
    assert (kept[0][0] != kept[1][0]).any()
