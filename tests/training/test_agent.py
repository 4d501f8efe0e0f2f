"""Agents from the command line: trained, measured, asked, and what does not fit told in one line."""

import json

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import error_lines, run_here
from training import recipes, runs, trainer
from training.runs import Run

QUICK = ("--training.steps", 4096, "--training.epochs", 2, "--model.widths", 8, "--agent.horizon", 32)


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Run:
    folder = tmp_path_factory.mktemp("runs")
    assert run_here("training", "train", "cartpole_ppo", "--name", "mine", "--runs-dir", folder, *QUICK) == 0
    return Run(folder / "mine")


def test_a_run_knows_its_game_and_how_the_agent_did(trained):
    spec = trainer.spec_of(trained)
    assert (spec.name, spec.input_shape, spec.classes) == ("cartpole", (4,), ("left", "right"))
    assert spec.features == ("x", "x_dot", "theta", "theta_dot")
    rows = [row for row in trained.metrics() if "val_return" in row]
    assert [row["step"] for row in rows] == [1, 2]  # updates of 64 worlds x 32 steps
    assert all(1 < row["val_return"] <= 500 for row in rows)
    again = recipes.from_config(trained.config)
    assert again.to_config().items() <= trained.config.items()
    assert again.agent.horizon == 32


def test_it_is_measured_on_games_of_their_own(trained, capsys):
    for split in ("validation", "test"):
        assert run_here("training", "evaluate", trained.path, "--split", split, "--json") == 0
    figures = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all(row["return"] == row["mean"] and row["episodes"] == 100 for row in figures)
    assert figures[0]["mean"] != figures[1]["mean"]


def test_it_says_what_it_would_do(trained):
    lines = ["0,0,0.1,0", "0,0,-0.1,0", "0,0", "0,0,nan,0", "left"]
    right, left, *wrong = trainer.predict(trained, lines)
    model = trainer.load_model(trained)
    for answer, angle in ((right, 0.1), (left, -0.1)):
        logits, value = model(np.array([[0, 0, angle, 0]], "float32"))
        assert answer["output"] == ("left", "right")[int(np.argmax(logits))]
        assert sum(answer["probabilities"].values()) == pytest.approx(1, abs=1e-5)
        assert answer["value"] == pytest.approx(float(value[0, 0]), abs=1e-5)
    assert {answer["error"] for answer in wrong} == {
        "an observation of cartpole is 4 numbers split by commas"
    }


def test_one_that_remembers_is_told_the_moments_of_a_game():
    run = runs.find("cartpole_masked_lstm", runs.GALLERY)
    model, memory = trainer.load_model(run), [tf.zeros((1, 64))] * 4
    moments = [[0.0, 0.02], [0.01, 0.03], [0.01, 0.03]]
    answers = trainer.predict(run, (",".join(map(str, moment)) for moment in moments))
    for moment, answer in zip(moments, answers, strict=True):
        _, value, *memory = model([tf.constant([moment]), *memory])
        assert answer["value"] == pytest.approx(float(value[0, 0]), abs=1e-4)
    (other,) = trainer.predict(run, ["0.01,0.03"])
    assert other["value"] != pytest.approx(float(value[0, 0]), abs=1e-3)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--training.batch_size", 64), "training.batch_size must be 128 for an agent. Received: 64"),
        (("--agent.worlds", 63, "--devices", "cpu:2"), "agent.worlds must be a multiple of 2, the replicas"),
        (
            ("--model.torso", "rnn", "--agent.worlds", 12),
            "agent.worlds must be a multiple of 8, the replicas times minibatches, for a policy that remembers",
        ),
        (("--model.torso", "lstm"), "model.torso must be one of mlp, cnn, rnn, encoder. Received: 'lstm'"),
        (("--data.velocity", "false"), "no field 'data.velocity'. Did you mean data.velocities"),
        (
            ("--agent.horizon", 3, "--agent.worlds", 10),
            "agent.minibatches must divide horizon times worlds, 30, into parts of at least 2 steps. Received: 8",
        ),
    ],
)
def test_what_does_not_fit_is_one_line(tmp_path, capsys, words, message):
    assert run_here("training", "train", "cartpole_ppo", "--runs-dir", tmp_path, *words) == 2
    (line,) = error_lines(capsys.readouterr().err)
    assert message in line


def test_other_rules_are_another_game(tmp_path):
    recipe = recipes.find("cartpole_masked_lstm")
    assert recipe.load({}).spec.input_shape == (2,)
    built = recipe.build_model(recipe.load({}).spec)
    assert [len(built.inputs), len(built.outputs)] == [5, 6]  # two LSTMs' states
    assert recipes.find("t_maze_lstm").game.length == 50
