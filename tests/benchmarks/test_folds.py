"""Cross-validation: folds that differ in what they keep for validation, each trained to its end once."""

import statistics

import numpy as np
import pytest

from benchmarks import folds
from benchmarks.__main__ import main
from training import trainer
from training.runs import Run, RunError
from training.settings import SettingsError


@pytest.fixture
def quick(tmp_path):
    """Settings of `series_cnn`: two kinds of short series in a CSV, a small net, soon done."""
    random = np.random.default_rng(0)
    series = random.normal(size=(40, 12)) + np.arange(40)[:, None] % 2 * np.linspace(0, 2, 12)
    rows = [",".join([*map(str, row), str(number % 2)]) for number, row in enumerate(series)]
    (tmp_path / "series.csv").write_text("\n".join(rows))
    return {
        "data.train": str(tmp_path / "series.csv"),
        "model.filters": "4",
        "model.kernel_size": "3",
        "training.epochs": "2",
    }


def test_the_mean_is_that_of_the_last_epochs_and_nothing_is_trained_twice(quick, tmp_path, monkeypatch):
    table = folds.run("series_cnn", 2, quick, tmp_path)
    accuracy, loss = table.rows
    done = [Run(tmp_path / f"series_cnn-fold{fold}") for fold in range(2)]
    assert [(run.config["seed"], run.config["data"]["seed"]) for run in done] == [(0, 0), (1, 1)]
    for row, figure in ((accuracy, "accuracy"), (loss, "loss")):
        assert row["validation"] == figure
        values = [run.metrics()[-1][f"val_{figure}"] for run in done]
        assert row["mean"] == f"{statistics.mean(values):.4f}"
        assert row["error"] == f"{abs(values[0] - values[1]) / 2:.4f}"  # of a mean of two
    assert table.title.startswith("series_cnn --data.train ")
    assert not any(run.evaluation or run.model_path.exists() for run in done)
    monkeypatch.setattr(trainer, "train", lambda *_, **__: pytest.fail("trained again"))
    assert folds.run("series_cnn", 2, quick, tmp_path).rows == table.rows


def test_a_recipe_that_keeps_nothing_for_validation_keeps_a_share(quick, tmp_path):
    quick["data.validation"] = "0"
    folds.run("series_cnn", 1, quick, tmp_path)
    assert Run(tmp_path / "series_cnn-fold0").config["data"]["validation"] == folds.VALIDATION


def test_a_run_with_other_settings_is_not_counted(quick, tmp_path):
    folds.run("series_cnn", 1, quick, tmp_path)
    with pytest.raises(RunError, match=r"has other settings than the recipe \w+ as it is asked for"):
        folds.run("series_cnn", 1, {**quick, "model.filters": "5"}, tmp_path)


def test_data_that_no_seed_divides_are_refused(tmp_path):
    with pytest.raises(SettingsError, match=r"there is no field 'data\.seed'"):
        folds.run("digits_mlp", 1, {}, tmp_path)


def test_the_command_takes_settings(quick, tmp_path, capsys):
    words = [word for key, value in quick.items() for word in (f"--{key}", value)]
    words += ["--runs-dir", str(tmp_path)]
    assert main(["folds", "series_cnn", "--folds", "1", *words]) == 0
    assert "1 folds, at the end of training\n  validation" in capsys.readouterr().out
    assert main(["folds", "series_cnn", "--model.filter", "8", *words]) == 2
    assert "there is no field 'model.filter'" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["seeds", "series_cnn", *words])
    assert "unrecognized arguments: --data.train" in capsys.readouterr().err
