"""Agents that differ by their torso alone."""

import numpy as np
import pytest

from games import GAMES
from training import recipes, torsos
from training.settings import SettingsError


def test_every_game_can_be_compared_on_and_has_the_recipes_settings():
    assert torsos.RECIPES.keys() == GAMES.keys()
    for game, name in torsos.RECIPES.items():
        recipe = recipes.find(name)
        assert recipe.source == game
        for torso in torsos.fitting(game):
            plan = torsos.plan(game, torso, {"training.steps": 20_000})
            assert plan.model.get("torso", "mlp") == torso
            assert (plan.agent, plan.data) == (recipe.agent, recipe.data)
            assert plan.training.steps == 20_000
            assert plan.optimizer.schedule == recipe.optimizer.schedule
            plan.build_model(plan.load({}).spec)


def test_a_torso_that_has_a_recipe_is_as_that_has_it():
    for game, name in torsos.RECIPES.items():
        recipe = recipes.find(name)
        assert torsos.plan(game, recipe.model.get("torso", "mlp")).model == recipe.model
    assert torsos.plan("cartpole_masked", "mlp").name == "cartpole_masked_ppo"
    assert torsos.plan("t_maze", "encoder").model == recipes.find("t_maze_encoder").model
    assert (
        torsos.plan("cartpole", "mlp").name == "cartpole_ppo"
    )  # and not one that learns what actions are worth


def test_attention_looks_as_far_back_as_the_game_is_long():
    assert torsos.plan("memory_chain", "encoder", {"data.length": 30}).model["window"] == 32
    assert torsos.plan("memory_chain", "encoder", {"data.length": 2}).model["window"] == torsos.WINDOW
    assert torsos.plan("breakout", "encoder").model["window"] == torsos.WINDOW
    slack = recipes.find("t_maze_encoder").model["window"] - 50
    assert torsos.plan("t_maze", "encoder", {"data.length": 20}).model["window"] == 20 + slack


def test_convolutions_want_a_picture():
    assert torsos.fitting("breakout") == ("mlp", "cnn", "rnn", "encoder")
    assert torsos.fitting("cartpole") == ("mlp", "rnn", "encoder")
    assert torsos.plan("breakout", "cnn").training.xla == "gpu"
    for game in ("breakout", "freeway"):
        assert {torsos.plan(game, torso).training.xla for torso in ("mlp", "rnn", "encoder")} == {"always"}


@pytest.mark.parametrize(
    ("game", "torso", "changes", "message"),
    [
        (
            "cartpole",
            "cnn",
            {},
            "the torso must be one of mlp, rnn, encoder for cartpole, which shows no picture",
        ),
        ("cartpole", "gru", {}, "the torso must be one of mlp, cnn, rnn, encoder. Received: 'gru'"),
        ("chess", "mlp", {}, "no agents are compared on 'chess'"),
        ("memory_chain", "rnn", {"data.length": 0}, "length must be an integer of at least 1. Received: 0"),
        ("cartpole", "mlp", {"training.steps": 0}, "steps must be at least 1. Received: 0"),
        ("cartpole", "mlp", {"data.length": 3}, "no field 'data.length'"),
    ],
)
def test_what_does_not_fit_is_named(game, torso, changes, message):
    with pytest.raises(SettingsError, match=message):
        torsos.plan(game, torso, changes)


def test_a_record_has_the_measurements_alone_in_steps_of_the_game():
    config = {"model": {"torso": "rnn"}, "seed": 3, "agent": {"worlds": 4, "horizon": 8}}
    rows = [
        {"step": 1, "seconds": 9.04, "return": 1.0},
        {"step": 2, "seconds": 9.96, "return": 2.0, "val_return": 3.0, "val_low": 2.0, "val_high": 4.123456},
        {"step": 4, "seconds": 11.0, "val_return": 5.0},  # of a run before the interval's ends were kept
    ]
    record = torsos.record(config, rows, {"validation": {"return": 1.0}})
    assert record == {
        "torso": "rnn",
        "seed": 3,
        "parameters": None,
        "rows": {
            "step": [64, 128],
            "seconds": [10.0, 11.0],
            "return": [3.0, 5.0],
            "low": [2.0, None],
            "high": [4.1235, None],
        },
        "test": None,
    }
    test = {"return": 7.0}
    assert torsos.record({**config, "parameters": 12}, [], {"test": test})["test"] == test


def test_intervals_are_those_of_the_bootstrap():
    assert torsos.interval((3.0,)) == (None, None)
    assert torsos.interval((4.0, 2.0)) == (2, 4)
    assert torsos.interval((1.0, 5.0, 2.0)) == (1, 5)  # the least has 1 of 27 ways, more than 2.5 %
    assert torsos.interval((7.0, 7.0, 7.0, 7.0)) == (7, 7)
    # Of 256 ways one has a mean of 0, four one of 0.25 and six one of 0.5: the seventh lies among these.
    assert torsos.interval((0.0, 1.0, 10.0, 100.0)) == (0.5, 75.25)
    values = (3.0, 8.0, 1.0, 4.0, 6.0)
    draws = np.random.default_rng(0).choice(values, (200_000, 5)).mean(axis=1)
    assert torsos.interval(values) == pytest.approx(np.percentile(draws, [2.5, 97.5]), abs=0.21)


def test_one_who_strolls_through_a_maze():
    """In a maze of one step and a limit of one: half of the actions stand still, and one more goes west."""
    assert torsos.stroll(1, 1) == pytest.approx(-0.1 * 3 / 4)
    # Then a quarter is at the junction: half of these turn, for 1.95 each, a quarter walks on and stands.
    assert torsos.stroll(1, 2) == pytest.approx(-0.075 * (1 + 3 / 4) + 1 / 4 * (1.95 / 2 - 0.1 / 4))
