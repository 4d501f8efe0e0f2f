"""Settings and paths that can't work are refused before anything is written."""

import shutil

import pytest

from tests.conftest import error_lines, run_here
from training import recipes, runs, trainer
from training.recipe import Recipe
from training.settings import SettingsError
from tuning import search


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("digits_cnn", "--model.activation", "rleu"), "model.activation must be one of relu"),
        (("digits_cnn", "--model.filters", "4,4,4,4,4"), "model.filters has 5 stages, but an input of (8, 8, 1)"),
        (("digits_cnn", "--optimizer.learning_rate", "-1"), "optimizer.learning_rate must be above 0"),
        (("digits_cnn", "--optimizer.name", "adamm"), "optimizer.name must be one of adam"),
        (("digits_cnn", "--training.loss", "mse"), "training.loss must be one of"),
        (("digits_cnn", "--training.accumulate", "7"), "training.batch_size must be a multiple of 7"),
        (("digits_cnn", "--devices", "gpu:9"), "asks for 9 GPUs"),
        (("digits_cnn", "--training.snapshots", "200", "--model.filters", "64,64"), "training.snapshots of this net"),
        (("images_cnn", "--data.folder", "{here}/nowhere"), "{here}/nowhere"),
        (("images_gan", "--data.folder", "{here}/nowhere"), "{here}/nowhere"),
        (("points_mlp", "--data.file", "{here}/nowhere.csv"), "{here}/nowhere.csv"),
        (("series_cnn", "--data.train", "{here}/nowhere.csv"), "{here}/nowhere.csv"),
        (("text_gpt", "--data.file", "{here}/nowhere.txt"), "{here}/nowhere.txt"),
        (("digits_gan", "--training.batch_size", "7"), "training.batch_size must be a multiple of"),
        (("gymnasium_ppo", "--data.id", "Nowhere-v0"), "Nowhere"),
        (("cartpole_ppo", "--training.batch_size", "7"), "training.batch_size must be"),
        (("cartpole_ppo", "--model.heads", "values"), "model.heads must be one of"),
    ],
)  # fmt: skip
def test_a_training_that_can_not_work_leaves_nothing_behind(words, message, tmp_path, capsys):
    here = tmp_path / "elsewhere"
    here.mkdir()
    place = tmp_path / "runs"
    words = [word.format(here=here) for word in words]
    assert run_here("training", "train", *words, "--runs-dir", place, "--name", "mine") == 2
    (line,) = error_lines(capsys.readouterr().err)
    assert message.format(here=here) in line
    assert not place.exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("digits_cnn", "--model.activation", "rleu"), "model.activation must be one of relu"),
        (("images_cnn", "--data.folder", "{here}/nowhere"), "{here}/nowhere"),
        (("points_mlp", "--data.file", "{here}/nowhere.csv"), "{here}/nowhere.csv"),
        (("digits_cnn", "--training.loss", "mse"), "training.loss must be one of"),
        (("digits_cnn", "--epochs", "-1"), "epochs must be above 0"),
    ],
)
def test_a_search_that_can_not_work_leaves_nothing_behind(words, message, tmp_path, capsys):
    here = tmp_path / "elsewhere"
    here.mkdir()
    place = tmp_path / "runs"
    words = [word.format(here=here) for word in words]
    assert run_here("tuning", "search", *words, "--trials", 1, "--runs-dir", place) == 2
    (line,) = error_lines(capsys.readouterr().err)
    assert message.format(here=here) in line
    assert not place.exists()


def test_a_run_that_is_only_made_is_checked_by_the_rules_that_hold_for_any_data(tmp_path):
    wrong = recipes.find("digits_cnn").override({"model.activation": "rleu"})
    with pytest.raises(SettingsError, match="model.activation must be one of"):
        trainer.create(wrong, tmp_path / "runs", "mine")
    assert not (tmp_path / "runs").exists()


def test_every_recipe_passes_the_rules_that_hold_for_any_data():
    for recipe in recipes.RECIPES.values():
        Recipe.preflight(recipe)


def test_a_disk_without_room_is_refused_before_the_folder_is_made(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=2**20))
    with pytest.raises(runs.RunError, match="has 1 MiB free, but the run needs about"):
        trainer.start(recipes.find("digits_mlp"), tmp_path / "runs", "mine")
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("name", ["adding_lstm", "sequences_gru", "points_mlp", "shakespeare_gpt"])
def test_a_model_of_any_kind_of_data_can_be_searched(name):
    assert search.plan(name, "random").recipe == name
    with pytest.raises(SettingsError, match="model.dropout must be"):
        search.plan(name, "random", fixed={"model.dropout": "2"})


def test_a_name_that_is_taken_is_refused_before_the_data_are_read(tmp_path, monkeypatch):
    trainer.create(recipes.find("digits_mlp"), tmp_path, "mine")
    monkeypatch.setattr(trainer, "_prepare", None)
    with pytest.raises(runs.RunError, match="there is a run 'mine' already"):
        trainer.start(recipes.find("digits_mlp"), tmp_path, "mine")


def test_output_that_nobody_reads_stops_a_training(tmp_path, monkeypatch):
    from training.callbacks import Progress

    def closed(*_, **__):
        raise BrokenPipeError

    monkeypatch.setattr(Progress, "on_train_batch_end", closed)
    with pytest.raises(BrokenPipeError):
        trainer.start(recipes.find("digits_mlp"), tmp_path, "mine", steps=20)
    run = runs.Run(tmp_path / "mine")
    assert run.state == "stopped"
    assert run.resumable
