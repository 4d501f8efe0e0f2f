"""`python -m games` as a person uses it."""

import json
import sys
from pathlib import Path

import keras
import pytest
from PIL import Image

from games import GAMES, find
from games.evaluation import official_scores, scores, summary
from models import policy
from tests.conftest import run_here, run_module
from tests.games import policies
from training import runs
from training.runs import Run
from training.saving import save_model
from training.settings import to_json


def agent(folder: Path, name: str, source: str, model: keras.Model | None, **settings) -> Run:
    """A run as the training of an agent leaves it."""
    config = {
        "recipe": f"{source}_ppo",
        "source": source,
        "data": to_json(find(source, **settings)),
        "architecture": "policy",
    }
    run = runs.create(folder, name, config)
    if model is not None:
        save_model(model, run.model_path)
    return run


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """A cart that pushes where the pole leans, one that sees no speed, an invader, and a run without a model."""
    made = tmp_path_factory.mktemp("runs")
    for source in ("cartpole", "cartpole_masked"):
        agent(made, source.replace("pole", ""), source, policies.leaning(find(source)))
    minimal = find("space_invaders", minimal=True)
    small = policy.build(policy.Config(minimal.observation_shape, 4, torso="cnn", filters=(2,), widths=(4,)))
    agent(made, "invader", "space_invaders", small, minimal=True, sticky=0.0)
    agent(made, "fresh", "cartpole", None)
    return made


@pytest.fixture
def command(folder, capsys):
    """Runs a command on these runs; returns its exit status, what it printed, and its lines of errors."""

    def run(*arguments):
        placed = [] if arguments[0] == "list" else ["--runs-dir", folder]
        status = run_here("games", *arguments, *placed)
        printed = capsys.readouterr()
        return status, printed.out, printed.err.splitlines()

    return run


def everything(folder: Path) -> dict:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_list_names_every_game_and_says_no_more():
    done = run_module("games", "list", "--json")
    rows = json.loads(done.stdout)
    assert [row["game"] for row in rows] == [*GAMES]
    assert rows[0] == {
        "game": "cartpole",
        "title": "CartPole",
        "actions": ["left", "right"],
        "observation_shape": [4],
        "official": "CartPole-v1",
    }
    assert done.stderr == ""  # TensorFlow, too, is quiet


def test_list_is_a_line_a_game_for_people(command):
    status, out, errors = command("list")
    lines = out.splitlines()
    assert (status, errors, len(lines)) == (0, [], len(GAMES))
    assert lines[6].split() == [
        "breakout",
        "Breakout",
        "10x10x4",
        "noop,",
        "left,",
        "up,",
        "right,",
        "down,",
        "fire",
    ]


@pytest.mark.parametrize(("env", "play"), [("ours", scores), ("official", official_scores)])
def test_evaluate_tells_the_summary_and_leaves_the_run_as_it_is(env, play, command, folder):
    before = everything(folder / "cart")
    status, out, errors = command(
        "evaluate", "cart", "--env", env, "--episodes", 10, "--seed", 3, "--most-steps", 40, "--json"
    )
    assert (status, errors) == (0, [])
    game = find("cartpole")
    told = summary(play(game, policies.leaning(game), 10, 3, 40))
    asked = {"run": "cart", "game": "cartpole", "checkpoint": "best", "env": env, "seed": 3}
    assert json.loads(out) == {**asked, **told}
    assert 0 < told["cut"] < 10
    assert everything(folder / "cart") == before


def test_evaluate_prints_a_line_a_figure(command):
    status, out, errors = command("evaluate", "cart", "--episodes", 1, "--draw", "--most-steps", 3)
    assert (status, errors) == (0, [])
    told = dict(line.split(maxsplit=1) for line in out.splitlines())
    assert (told["run"], told["mean"], told["low"], told["cut"]) == ("cart", "3.0000", "None", "1")
    assert told["greedy"] == "False"


def test_a_game_is_played_with_the_runs_settings(command):
    status, out, errors = command("evaluate", "invader", "--episodes", 2, "--most-steps", 2, "--json")
    assert (status, errors) == (0, [])
    assert json.loads(out)["sticky"] == 0.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evaluate", "card"], "there is no run 'card'. Did you mean cart"),
        (
            ["evaluate", "digits_cnn"],
            "run 'digits_cnn' is no agent: it was trained on digits and plays no game",
        ),
        (["evaluate", "fresh"], "run 'fresh' has no model yet"),
        (["evaluate", "cart", "--game", "breakfast"], "there is no game 'breakfast'. Did you mean breakout"),
        (
            ["evaluate", "cart", "--game", "acrobot"],
            "the agent does not fit Acrobot, which shows (6,) and has 3 actions. "
            "Received: an agent that sees (4,) and has 2 actions",
        ),
        (
            ["evaluate", "invader", "--game", "space_invaders"],
            "the agent does not fit Space Invaders, which shows (10, 10, 6) and has 6 actions. "
            "Received: an agent that sees (10, 10, 6) and has 4 actions",
        ),
        (["evaluate", "cart", "--seed", -1], "a seed must be 0 to 4294967295. Received: -1"),
        (["record", "cart", "--out", "film.avi"], "a film is a .gif or a .mp4. Received: 'film.avi'"),
        (["record", "digits_cnn", "--out", "film.gif"], "run 'digits_cnn' is no agent"),
    ],
)
def test_an_error_is_one_line(arguments, message, command):
    status, out, errors = command(*arguments)
    assert (status, out, len(errors)) == (2, "", 1)
    assert errors[0].startswith(f"error: {message}")


@pytest.mark.parametrize(
    ("run", "package"), [("cart", "gymnasium"), ("cart_masked", "gymnasium"), ("invader", "minatar")]
)
def test_an_original_that_is_not_installed_is_an_error(run, package, command, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    status, _, errors = command("evaluate", run, "--env", "official")
    assert (status, len(errors)) == (2, 1)
    assert f"pip install {package}" in errors[0]


def test_nonsense_is_refused_by_the_parser(command):
    for arguments in (
        ["evaluate", "cart", "--episodes", 0],
        ["record", "cart"],
        ["evaluate", "cart", "--env", "real"],
    ):
        with pytest.raises(SystemExit) as ended:
            command(*arguments)
        assert ended.value.code == 2


def test_record_makes_a_film(command, tmp_path):
    out = tmp_path / "film.gif"
    status, printed, errors = command(
        "record", "cart", "--out", out, "--episodes", 2, "--seed", 1, "--most-steps", 35, "--json"
    )
    assert (status, errors) == (0, [])
    game = find("cartpole")
    found = scores(game, policies.leaning(game), 2, 1, 35)
    assert json.loads(printed) == {
        "run": "cart",
        "game": "cartpole",
        "path": str(out),
        "returns": found.returns.tolist(),
        "lengths": found.lengths.tolist(),
        "cut": int(found.cut.sum()),
    }
    with Image.open(out) as film:
        assert film.format == "GIF"
        assert film.size == (480, 240)
        assert film.n_frames > 50


def test_record_tells_people_what_became_of_it(command, tmp_path):
    status, printed, _ = command("record", "cart", "--out", tmp_path / "film.gif", "--most-steps", 4)
    assert status == 0
    told = dict(line.split(maxsplit=1) for line in printed.splitlines())
    assert (told["returns"], told["lengths"], told["cut"]) == ("4.0000", "4", "1")


def test_a_film_that_cannot_be_written_is_one_line(command, tmp_path):
    (tmp_path / "film.gif").mkdir()
    status, _, errors = command("record", "cart", "--out", tmp_path / "film.gif", "--most-steps", 2)
    assert status == 2
    assert errors == [f"error: {tmp_path / 'film.gif'} can't be written: Is a directory"]
    assert [path.name for path in tmp_path.iterdir()] == ["film.gif"]
