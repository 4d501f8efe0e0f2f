"""Runs whose targets are values, and runs of many nets: trained, measured, asked and published."""

import numpy as np
import pytest

from training import gallery, recipes, runs, trainer
from training.runs import RunError
from training.settings import SettingsError

QUICK = {"training.epochs": 6, "data.examples": 200}
SWEEP = {
    "model.activations": "relu,gelu",
    "model.depths": "1,2",
    "model.widths": "2,3",
    "model.members": "3",
    "training.epochs": 2,
    "data.examples": 128,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def line(folder):
    """A run that has learned a straight line."""
    changes = {**QUICK, "data.formula": "100 * x - 40", "data.low": 10, "data.high": 20, "model.widths": "16"}
    run = trainer.create(recipes.find("function_mlp").override(changes), folder, "line")
    trainer.train(run, quiet=True)
    return run


@pytest.fixture(scope="module")
def sweep(folder):
    run = trainer.create(recipes.find("abs_sweep").override(SWEEP), folder, "sweep")
    trainer.train(run, quiet=True)
    return run


def test_a_run_of_values_is_measured_and_asked_in_its_own_units(line):
    figures = trainer.evaluate(line)
    assert figures.keys() == {"loss", "squared_error", "examples"}
    assert figures["squared_error"] < 0.05
    assert {"loss", "squared_error", "val_loss", "val_squared_error"} <= line.metrics()[-1].keys()
    answers = list(trainer.predict(line, ["15", "11.5", "many"]))
    for row, expected in zip(answers, (1460.0, 1110.0), strict=False):
        assert row["output"]["value"] == pytest.approx(expected, abs=150)  # of a range of 1,000
    assert "a point is one number, x, such as 0.3" in answers[2]["error"]


@pytest.mark.parametrize(
    ("recipe", "loss", "said"),
    [
        ("function_mlp", "cross_entropy", "one of squared_error, absolute_error, huber, since .* are values"),
        ("points_mlp", "huber", "one of cross_entropy, hinge, squared_error, since .* are classes"),
    ],
)
def test_a_loss_that_does_not_fit_the_targets_is_told(tmp_path, recipe, loss, said):
    changed = recipes.find(recipe).override({**QUICK, "training.loss": loss})
    run = trainer.create(changed, tmp_path)
    with pytest.raises(SettingsError, match=said):
        trainer.train(run, quiet=True)
    assert run.state == "failed"


def test_a_sweep_is_of_values_and_its_nets_are_not_coupled(tmp_path):
    for recipe, change, said in (
        ("abs_sweep", {"optimizer.clip_norm": 1}, "clip_norm must be 0 for a sweep"),
        ("points_mlp", {"data.validation": 0}, "monitor must be a figure of the training.* 'val_accuracy'"),
    ):
        run = trainer.create(recipes.find(recipe).override(change), tmp_path)
        with pytest.raises(SettingsError, match=said):
            trainer.train(run, quiet=True)
    with pytest.raises(RunError, match="a seed must be 0 to 4294967295. Received: -1"):
        trainer.create(recipes.find("abs_sweep"), tmp_path, seed=-1)


@pytest.mark.parametrize("loss", ["hinge", "squared_error"])
def test_classes_are_learned_by_other_losses(tmp_path, loss):
    changes = {"training.epochs": 6, "training.loss": loss, "training.l2": 1e-4}
    run = trainer.create(recipes.find("points_mlp").override(changes), tmp_path)
    trainer.train(run, quiet=True)
    assert trainer.evaluate(run)["accuracy"] > 0.8


def test_a_sweeps_figures_are_those_of_its_nets(sweep):
    table = sweep.sweep
    source = recipes.from_config(sweep.config).data.load()
    targets = source.validation.targets
    outputs = trainer.load_model(sweep)(source.validation.inputs).numpy()
    assert table["deviation"] == pytest.approx(targets.std(), rel=1e-4)
    assert [(n["depth"], n["width"], n["activation"]) for n in table["nets"]] == [
        (depth, width, name) for depth in (1, 2) for width in (2, 3) for name in ("relu", "gelu")
    ]
    if sweep.metrics()[-1]["val_loss"] == min(r["val_loss"] for r in sweep.metrics() if "val_loss" in r):
        errors = np.square(outputs - targets[:, None]).mean(axis=(0, 2))
        told = [error for net in table["nets"] for error in net["errors"]]
        np.testing.assert_allclose(told, errors, rtol=2e-3)
    assert table["step"] == sweep.status["steps"]


def test_dead_nets_are_counted(folder, sweep):
    """A net whose only layer is cut off gives a constant, and is told as one."""
    from training.callbacks import SweepTable

    model = trainer.load_model(sweep)
    kernel, bias = model.get_layer("depth1_width2_dense1").get_weights()
    kernel[:2] = 0  # two of the three relu nets of that shape
    model.get_layer("depth1_width2_dense1").set_weights([kernel, bias])
    run = runs.create(folder, "cut", {})
    inputs = np.linspace(-1, 1, 50)[:, None].astype("float32")
    kinds = [{key: net[key] for key in ("depth", "width", "activation")} for net in sweep.sweep["nets"]]
    table = SweepTable(run, model, kinds, 3, inputs, np.abs(inputs))
    table.set_loop(type("Loop", (), {"step": 7}))
    table.on_epoch_end(0)
    counts = [net["constant"] for net in run.sweep["nets"]]
    assert counts[0] == 2
    assert sum(counts[1:]) == 0
    assert run.sweep["step"] == 7


def test_a_sweep_predicts_nothing_by_itself(sweep):
    with pytest.raises(RunError, match="holds many nets side by side; its sweep.json says how each did"):
        list(trainer.predict(sweep, ["0.5"]))


def test_a_run_with_the_smaller_error_takes_the_place_in_the_gallery(line, tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "GALLERY", tmp_path)
    assert gallery.publish(line)
    shown = runs.Run(tmp_path / "function_mlp")
    assert (shown.path / "snapshots.npz").exists()
    assert not gallery.publish(line)
    (line.path / "snapshots.npz").rename(line.path / "kept.npz")
    worse = {**shown.evaluation["validation"], "loss": 9.0}
    shown.write_json("evaluation.json", {**shown.evaluation, "validation": worse})
    assert gallery.publish(line)
    assert not (shown.path / "snapshots.npz").exists()  # they were another training's
