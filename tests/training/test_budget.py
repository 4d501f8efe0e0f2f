"""How long a recipe trains: epochs, a least number of steps, and early stopping where it can tell."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from training import recipes, trainer
from training.recipe import Training

OWN = (
    "series_cnn",
    "images_cnn",
    "sequences_gru",
    "points_mlp",
    "text_gpt",
    "pairs_seq2seq",
    "images_gan",
)


def length(recipe, passes: int) -> tuple[int, int]:
    """Steps in all and between two evaluations, where a pass over the training split has so many."""
    return recipe.length(SimpleNamespace(steps_per_epoch=passes))


@pytest.mark.parametrize("name", OWN)
def test_a_recipe_for_own_data_takes_enough_steps_however_small_the_set(name):
    recipe = recipes.find(name)
    training = recipe.training
    assert training.min_steps > 0
    steps, interval = length(recipe, passes=1)
    assert steps == training.min_steps
    assert interval == math.ceil(steps / math.ceil(training.epochs))  # evaluated as often as otherwise
    large = 1 + math.ceil(training.min_steps / training.epochs)
    assert length(recipe, large) == (math.ceil(training.epochs * large), large)


@pytest.mark.parametrize("name", OWN)
def test_epochs_that_are_asked_for_are_obeyed_exactly(name):
    changed = recipes.find(name).override({"training.epochs": "12"})
    assert length(changed, passes=3) == (36, 3)
    assert length(recipes.from_config(changed.to_config()), passes=3) == (36, 3)
    both = changed.override({"training.epochs": 12, "training.min_steps": 600})
    assert length(both, passes=3) == (600, 50)


def test_a_run_from_before_there_was_a_least_number_of_steps_keeps_its_length():
    config = recipes.find("series_cnn").to_config()
    del config["training"]["min_steps"], config["training"]["min_validation"]
    assert length(recipes.from_config(config), passes=2) == (2 * config["training"]["epochs"], 2)


@pytest.mark.parametrize(("count", "stops"), [(9, False), (10, True)])
def test_patience_counts_where_there_are_enough_validation_examples(count, stops):
    training = Training(patience=3, min_validation=10)
    assert trainer._can_tell(training, count) is stops
    assert trainer._can_tell(Training(patience=3, min_validation=10, monitor="loss"), count)


def test_patience_that_is_asked_for_is_obeyed_exactly():
    recipe = recipes.find("series_cnn")
    assert recipe.training.min_validation > 0
    assert recipe.override({"training.patience": 4}).training.min_validation == 0


@pytest.mark.slow
def test_fifty_pictures_of_circles_and_squares_are_learned(tmp_path):
    """With the default settings; 30 epochs were 60 steps, and the model answered by chance."""
    from benchmarks import small
    from benchmarks.problems import PROBLEMS

    files = small.write(PROBLEMS["two_shapes"], tmp_path / "files", seed=0)
    run = trainer.create(recipes.find("images_cnn").override(files), tmp_path / "runs", "mine")
    trainer.train(run, "cpu:1", quiet=True)
    splits = [trainer.evaluate(run, split)["accuracy"] for split in ("validation", "test")]
    assert np.mean(splits) > 0.85
