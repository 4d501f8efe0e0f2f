"""Comparisons of torsos: their queue, and the arithmetic of their curves and intervals."""

import json
import sys

import pytest

from apps import launch, queues, torsos
from apps.torsos import GAMES, Comparison, Member
from tests.apps.conftest import end_queues, until
from tests.apps.test_lengths import FAKE
from training.runs import RunError
from training.settings import SettingsError

TEST = {"return": 100.0, "deviation": 10.0, "episodes": 100}


def member(torso="mlp", seed=0, values=(), test=None, steps=None, seconds=None, ends=True) -> Member:
    """One whose measurements are so, a thousand steps and a second apart; with ends 1 around each."""
    count = len(values)
    rows = {
        "step": list(steps or range(1000, 1000 * count + 1, 1000)),
        "seconds": list(seconds or range(1, count + 1)),
        "return": list(values),
        "low": [value - 1 if ends else None for value in values],
        "high": [value + 1 if ends else None for value in values],
    }
    return Member(torso, seed, rows, None if test is None else {**TEST, "return": test}, 9)


def comparison(*members: Member, game="cartpole", **settings) -> Comparison:
    return Comparison("gallery/one", game, settings, 1000, members)


# Curves


def test_a_curve_of_several_is_their_mean_and_the_interval_over_them():
    curve = torsos.curve(
        [
            member(seed=0, values=(1, 10), test=1, seconds=(2, 4)),
            member(seed=1, values=(2, 20), test=1, seconds=(4, 8)),
            member(seed=2, values=(6, 60), test=1, seconds=(6, 9)),
        ]
    )
    assert curve.seeds == 3
    assert curve.steps == (1000, 2000)
    assert curve.seconds == (4, 7)
    assert curve.values == (3, 30)
    assert (curve.lows, curve.highs) == ((1, 10), (6, 60))


def test_a_curve_of_one_has_the_interval_over_its_games():
    curve = torsos.curve([member(values=(5, 7))])
    assert (curve.seeds, curve.values, curve.lows, curve.highs) == (1, (5, 7), (4, 6), (6, 8))
    curve = torsos.curve([member(values=(5, 7), ends=False)])
    assert curve.lows == curve.highs == (None, None)


def test_one_that_is_still_trained_does_not_bend_the_mean():
    done, going = member(values=(1, 2, 3), test=1), member(seed=1, values=(100,))
    curve = torsos.curve([done, going])
    assert (curve.seeds, curve.values) == (1, (1, 2, 3))
    assert torsos.curve([going, member(seed=2, values=(7, 8))]).values == (100,)  # before any is trained
    assert torsos.curve([member(), going]).values == (100,)
    assert torsos.curve([member()]) is None


def test_only_what_all_have_measured_is_averaged():
    longer = member(values=(1, 2, 3), test=1)
    other = member(seed=1, values=(3, 5), steps=(1000, 3000), test=1)
    curve = torsos.curve([longer, other])
    assert (curve.steps, curve.values) == ((1000, 3000), (2, 4))


# Scores and levels


def test_the_score_of_several_is_over_them_and_tells_how_many_solve_it():
    members = [member(seed=seed, test=test) for seed, test in enumerate((500.0, 480.0, 22.0))]
    score = torsos.score(comparison(*members), "mlp")
    assert score.mean == pytest.approx(334)
    assert (score.low, score.high) == (22, 500)
    assert (score.solved, score.of) == (2, 3)
    assert torsos.score(comparison(member(test=452.0)), "mlp").solved == 0  # of 22.3 to 500, nine tenths
    assert torsos.score(comparison(member(test=453.0)), "mlp").solved == 1


def test_the_score_of_one_is_over_its_games():
    score = torsos.score(comparison(member(test=100.0)), "mlp")
    assert (score.mean, score.low, score.high) == (100, pytest.approx(98.04), pytest.approx(101.96))
    assert torsos.score(comparison(member(values=(1,))), "mlp") is None
    assert torsos.score(comparison(member(test=20.0), game="breakout"), "mlp").solved is None


def test_the_pace_is_that_between_measurements():
    assert member(values=(1, 1, 1), seconds=(60, 61, 64)).pace == 500  # the first minute is compilation
    assert member(values=(1,)).pace is None
    assert member().seconds is None


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("cartpole", {}),
        ("t_maze", {"length": 4, "limit": 30}),
    ],
)
def test_chance_is_what_a_random_player_has(name, settings):
    import games
    from games import evaluation
    from models import policy

    game = games.find(name, **settings)
    model = policy.build(policy.Config(game.observation_shape, len(game.actions), widths=(1,)))
    model.set_weights([0 * weights for weights in model.get_weights()])
    found = evaluation.scores(game, model, 1000, seed=1, greedy=False).returns
    (chance, told), *_ = torsos.levels(name, settings)
    assert told == "chance"
    assert chance == pytest.approx(found.mean(), abs=4 * float(found.std()) / 1000**0.5)


def test_what_is_right_every_time_stands_last():
    assert torsos.levels("memory_chain", {"length": 10}) == [(0, "chance"), (1, "right every time")]
    assert [text for _, text in torsos.levels("t_maze", {"length": 10, "limit": 200})] == [
        "chance", "straight on, then a guess", "right every time"
    ]  # fmt: skip
    assert [text for _, text in torsos.levels("seaquest", {})] == ["chance"]


def test_the_estimate_counts_every_agent_and_knows_what_was_slow_here():
    one = torsos.estimate("cartpole", ["mlp"], 1, 600_000)
    assert one == 15 + 10
    assert torsos.estimate("cartpole", ["mlp"], 3, 600_000) == 3 * one
    assert torsos.estimate("cartpole", ["mlp", "rnn"], 1, 600_000) == one + 30 + 40
    far = torsos.estimate("memory_chain", ["encoder"], 1, 100_000, 98)  # a window of 100 moments, not of 4
    assert far == pytest.approx(40 + 25 * 100_000 / 12_000)
    known = [comparison(member(values=(1, 1), seconds=(1, 2)))]  # a thousand steps a second
    assert torsos.estimate("cartpole", ["mlp"], 1, 600_000, known=known) == 15 + 600
    assert torsos.estimate("acrobot", ["mlp"], 1, 600_000, known=known) == one


# What ships


def test_what_ships_is_read_and_what_cannot_be_read_is_not_there(shelves):
    assert torsos.shipped() == []
    path = shelves.gallery / "torsos.json"
    agent = member(values=(1, 2), test=0.5)
    record = {name: getattr(agent, name) for name in ("torso", "seed", "rows", "test", "parameters")}
    whole = {"settings": {"length": 10}, "steps": 2000, "agents": [record]}
    path.write_text(json.dumps({"games": {"memory_chain": whole, "chess": whole}}))
    (found,) = torsos.shipped()
    assert (found.key, found.title, found.members) == ("gallery/memory_chain", "Memory chain of 10", (agent,))
    assert not found.mine
    assert not found.active
    assert torsos.find_all() == {"gallery/memory_chain": found}
    for text in ("{", "{}", '{"games": {"cartpole": {}}}', '{"games": {"cartpole": 3}}'):
        path.write_text(text)
        assert torsos.shipped() == []


# The queue


@pytest.fixture
def quick(monkeypatch):
    """Trainings that take no time, and a measurement without a model; no thread is left behind."""
    monkeypatch.setattr(
        launch, "command", lambda run, devices="auto": [sys.executable, "-c", FAKE, str(run.path)]
    )
    monkeypatch.setattr(queues, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(torsos, "measure", lambda run: run.write_json("evaluation.json", {"test": TEST}))
    yield
    end_queues()


def found(key: str) -> Comparison:
    return torsos.find_all()[key]


def ended(key: str) -> None:
    until(lambda: not found(key).going, "the queue has ended")


def test_all_torsos_are_trained_with_a_seed_before_the_next(shelves, quick):
    key = torsos.start("memory_chain", ("rnn", "mlp"), 2, 10_000, {"length": 5})
    assert key == "runs/memory_chain-torsos-1"
    ended(key)
    names = [f"memory_chain-torsos-1-{each}" for each in ("mlp-0", "rnn-0", "mlp-1", "rnn-1")]
    assert (shelves.runs / "order").read_text().split() == names
    one = found(key)
    assert [each.run.name for each in one.members] == names
    assert [each.label for each in one.members] == [
        "Dense, seed 0", "LSTM, seed 0", "Dense, seed 1", "LSTM, seed 1"
    ]  # fmt: skip
    assert (one.game, one.settings["length"], one.steps) == ("memory_chain", 5, 10_000)
    assert not one.left
    assert not one.errors
    assert not one.active
    assert [each.run.config["seed"] for each in one.members] == [0, 0, 1, 1]
    assert torsos.start("memory_chain", ("mlp",), 1, 10_000) == "runs/memory_chain-torsos-2"
    ended("runs/memory_chain-torsos-2")


def test_one_is_stopped_goes_on_and_is_deleted(shelves, quick):
    (shelves.runs / "wait").touch()
    key = torsos.start("cartpole", ("mlp", "rnn"), 1, 10_000)
    until((shelves.runs / "order").exists, "the first has begun")
    assert found(key).active
    torsos.stop(found(key))
    ended(key)
    assert [each.run.state for each in found(key).members] == ["stopped", "stopped"]
    assert len(found(key).left) == 2
    (shelves.runs / "wait").unlink()
    torsos.go_on(found(key))
    ended(key)
    assert not found(key).left
    torsos.delete(found(key))
    assert torsos.find_all() == {}
    assert [path.name for path in shelves.runs.iterdir()] == ["order"]


def test_one_that_fails_is_told_and_does_not_stop_the_rest(shelves, quick):
    (shelves.runs / "wait").touch()
    key = torsos.start("cartpole", ("mlp", "rnn"), 1, 10_000)
    until((shelves.runs / "order").exists, "the first has begun")
    (found(key).members[0].run.path / "bad").touch()
    (shelves.runs / "wait").unlink()
    ended(key)
    assert found(key).errors == {"Dense, seed 0": "the loss is not finite"}
    assert [each.torso for each in found(key).left] == ["mlp"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seeds": 0}, "seeds must be 1 to 5. Received: 0"),
        ({"seeds": 6}, "seeds must be 1 to 5. Received: 6"),
        ({"chosen": ()}, "choose a torso at least"),
        ({"chosen": ("mlp", "cnn")}, "for cartpole, which shows no picture. Received: 'cnn'"),
        ({"steps": 100_000_000}, "steps must be 10,000 to 20,000,000. Received: 100000000"),
        ({"steps": 0}, "steps must be 10,000"),
        ({"settings": {"length": 5}}, "no field 'data.length'"),
        ({"game": "chess"}, "no agents are compared on 'chess'"),
    ],
)
def test_what_cannot_be_compared_leaves_no_run(shelves, quick, changes, message):
    given = {"game": "cartpole", "chosen": ("mlp",), "seeds": 1, "steps": 10_000, **changes}
    with pytest.raises(SettingsError, match=message):
        torsos.start(**given)
    assert not list(shelves.runs.iterdir())


def test_where_a_name_is_taken_no_run_is_left(shelves, quick, monkeypatch):
    shelves.add("cartpole-torsos-1-rnn-0", recipe="cartpole_ppo", rows=0, model=False)
    monkeypatch.setattr(queues, "free_name", lambda folder, stem: f"{stem}-1")
    with pytest.raises(RunError, match="there is a run"):
        torsos.start("cartpole", ("mlp", "rnn"), 1, 10_000)
    assert [path.name for path in shelves.runs.iterdir()] == ["cartpole-torsos-1-rnn-0"]


def test_runs_that_only_bear_such_a_name_are_none(shelves):
    shelves.add("cartpole-torsos-1-mlp-0", recipe="digits_mlp")
    shelves.add("chess-torsos-1-mlp-0", recipe="cartpole_ppo")
    shelves.add("cartpole-torsos-1-gru-0", recipe="cartpole_ppo")
    shelves.add("acrobot-torsos-1-mlp-0", recipe="cartpole_ppo")
    assert torsos.find_all() == {}


def test_every_game_of_the_suite_can_be_chosen():
    import games
    from models import policy
    from training import torsos as agents

    assert set(GAMES) == set(agents.RECIPES) == set(games.GAMES)
    assert tuple(torsos.TORSOS) == agents.TORSOS
    assert set(agents.TORSOS) == set(policy.TORSOS)
    for name, game in GAMES.items():
        shape = games.find(name).observation_shape
        assert game.picture == (len(shape) == 3)
        if game.length:
            assert games.find(name, length=game.length[1])


def test_a_real_agent_is_measured_in_a_thread_of_the_server(shelves):
    run = shelves.add("cartpole-torsos-1-mlp-0", recipe="cartpole_ppo", **{"training.steps": 10_000})
    torsos.measure(run)
    (one,) = torsos.find_all().values()
    assert one.members[0].run.path == run.path
    assert one.members[0].test["episodes"] == 100
    assert torsos.score(one, "mlp").of == 1
