"""A recipe made in Python, under any name: it trains, resumes, evaluates and predicts by its run's folder alone."""

import dataclasses
import json
import sys

import pytest

from tests.conftest import error_lines, run_here
from training import recipes, trainer
from training.loop import Stop
from training.recipe import Expected, Recipe
from training.runs import Run
from training.settings import SettingsError
from tuning import search, searches


def renamed(name: str, **changes: object) -> Recipe:
    """A copy of a recipe under a name that is not among `RECIPES`."""
    settings = {key.replace("__", "."): value for key, value in changes.items()}
    return dataclasses.replace(recipes.find(name).override(settings), name="mine")


@pytest.mark.parametrize("name", recipes.RECIPES)
def test_every_recipe_is_read_back_under_another_name(name):
    recipe = dataclasses.replace(recipes.find(name), name="mine")
    config = json.loads(json.dumps(recipe.to_config()))
    found = recipes.from_config(config)
    assert type(found) is type(recipe)
    assert found.to_config() == recipe.to_config()
    assert type(found.data) is type(recipe.data)
    assert type(getattr(found, "agent", None)) is type(getattr(recipe, "agent", None))


def test_a_known_name_does_not_hide_what_a_recipe_is():
    """Other data, another architecture and another algorithm under the name of a recipe that there is."""
    for name, other in (
        ("digits_cnn", "points_mlp"),
        ("cartpole_ppo", "cartpole_dqn"),
        ("digits_cnn", "digits_gan"),
    ):
        recipe = dataclasses.replace(recipes.find(other), name=name)
        assert (
            recipes.from_config(json.loads(json.dumps(recipe.to_config()))).to_config() == recipe.to_config()
        )


def test_a_recipe_made_in_python_trains_resumes_evaluates_and_predicts(tmp_path, capsys, monkeypatch):
    made = Recipe(
        name="mine",
        summary="",
        source="points",
        architecture="mlp",
        expected=Expected({}),
        data=recipes.find("points_mlp").data,
        model={"widths": (4,)},
    )
    stop = Stop()
    stop()
    run, _ = trainer.start(made, tmp_path, "one", steps=4, stop=stop, quiet=True)
    assert run.state == "stopped"
    place = ("--runs-dir", tmp_path)
    assert run_here("training", "train", "mine", "--resume", *place) == 0  # the newest of that recipe
    assert (run.state, run.status["step"]) == ("finished", 4)
    assert run_here("training", "train", "mine", "--resume", "--name", "one", "--steps", 8, *place) == 0
    assert run.status["step"] == 8
    capsys.readouterr()
    assert run_here("training", "evaluate", "one", "--json", *place) == 0
    assert 0 <= json.loads(capsys.readouterr().out)["accuracy"] <= 1
    monkeypatch.setattr(sys, "stdin", ["0.1,0.2\n"])
    assert run_here("training", "predict", "one", *place) == 0
    assert "probabilities" in json.loads(capsys.readouterr().out)
    again = ("--name", "again", "--steps", 2, "--model.dropout", "0.1", *place)
    assert run_here("training", "train", run.path / "config.json", *again) == 0
    config = Run(tmp_path / "again").config
    assert (config["recipe"], config["model"]["widths"], config["model"]["dropout"]) == ("mine", [4], 0.1)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("cartpole_ppo", {"agent__worlds": 4, "agent__horizon": 8, "training__evaluation_steps": 1000}),
        ("points_gan", {"training__epochs": 0.1}),
    ],
)
def test_agents_and_gans_under_another_name_train_and_resume(name, changes, tmp_path):
    recipe = renamed(name, **changes)
    run, _ = trainer.start(recipe, tmp_path, "one", steps=2, quiet=True)
    assert run_here("training", "train", "mine", "--resume", "--steps", 4, "--runs-dir", tmp_path) == 0
    assert run.status["step"] == 4


def test_a_search_over_a_recipe_made_in_python_trains_its_settings(tmp_path):
    recipe = renamed("points_mlp", data__noise=0.3)
    place = searches.begin(tmp_path, "search", search.plan(recipe, "random", steps=2))
    search.run(place, 1)
    (trial,) = place.trials()
    assert trial.state == "finished"
    config = place.run(1).config
    assert (config["recipe"], config["data"]["noise"]) == ("mine", 0.3)


def test_a_recipe_that_can_not_be_read_is_told_in_one_line(tmp_path, capsys):
    (tmp_path / "list.json").write_text("[]")
    (tmp_path / "text.json").write_text("{")
    for path, reason in (
        ("nowhere.json", "No such file"),
        ("list.json", "not the config.json of a run"),
        ("text.json", "not the config.json of a run"),
    ):
        assert run_here("training", "train", tmp_path / path, "--runs-dir", tmp_path / "runs") == 2
        (line,) = error_lines(capsys.readouterr().err)
        assert f"no recipe can be read from {tmp_path / path}: " in line
        assert reason in line
    config = recipes.find("digits_cnn").to_config()
    for key, message in (
        ("architecture", "no architecture 'cnm'. Did you mean cnn"),
        ("source", "no data source 'cnm'"),
    ):
        with pytest.raises(SettingsError, match=message):
            recipes.from_config({**config, key: "cnm"})
