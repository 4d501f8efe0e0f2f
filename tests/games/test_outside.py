"""Games outside of TensorFlow: their worlds step by step, agents that learn in them, what can't be played."""

import json
import sys

import gymnasium
import numpy as np
import pytest
import tensorflow as tf
from gymnasium import spaces
from PIL import Image

import games
from games import GameError, replay, worlds
from games.classic import CartPole, CartPoleState
from games.dqn import DQN
from games.evaluation import Evaluator, official_scores, seeds_of, summary
from games.game import Share, packed, unpacked
from games.outside import Atari, Gymnasium
from games.ppo import PPO
from games.rendering import record
from games.spaces import reading_of
from tests.conftest import run_here
from tests.games import policies, test_dqn, test_ppo, toys
from training import runs

QUICK = {"worlds": 16, "horizon": 16, "epochs": 2, "minibatches": 4}


def stepper(game, share):
    """To begin, and to go on, as agents do: in a graph, without XLA."""
    begin = tf.function(lambda: worlds.begin(game, tf.constant([3, 0], tf.int64), share))

    @tf.function
    def go_on(state, action):
        return worlds.go_on(game, state, action, tf.constant([3, 1], tf.int64), share)

    return begin(), go_on


def test_gymnasiums_cart_goes_as_ours():
    count, ours = 8, CartPole()
    state, go_on = stepper(Gymnasium("CartPole-v1"), Share(0, count, count))
    advance = tf.function(ours.advance)
    random = np.random.default_rng(0)
    ends = np.zeros(2, int)
    for _ in range(520):
        seen, steps = state.state.seen.numpy(), state.length.numpy()
        balanced = seen[:, 2] + 0.5 * seen[:, 3] > 0
        action = np.where(np.arange(count) < 2, balanced, random.integers(0, 2, count)).astype("int32")
        wanted = advance(
            CartPoleState(*map(tf.constant, seen.T), tf.constant(steps)), tf.constant(action), ()
        )
        state, told = go_on(state, tf.constant(action))
        np.testing.assert_allclose(told.final, wanted.observation, atol=1e-5)
        np.testing.assert_array_equal(told.reward, wanted.reward)
        np.testing.assert_array_equal(told.terminated, wanted.terminated)
        np.testing.assert_array_equal(told.truncated, wanted.truncated)
        ended = told.ended.numpy()
        np.testing.assert_array_equal(state.state.seen.numpy()[~ended], told.final.numpy()[~ended])
        assert (np.abs(state.state.seen.numpy()[ended]) <= 0.05).all()  # a new game
        assert (state.length.numpy()[ended] == 0).all()
        ends += [told.terminated.numpy().sum(), told.truncated.numpy().sum()]
    assert ends[0] > 50
    assert ends[1] == 2  # those that were balanced


def test_a_world_begins_anew_in_the_step_in_which_it_ends():
    game = Gymnasium(toys.COUNT)
    state, go_on = stepper(game, Share(0, 5, 5))
    number, steps, gain = np.zeros((3, 5))
    terminated = truncated = 0
    for _ in range(60):
        state, told = go_on(state, tf.zeros(5, tf.int32))
        steps, gain = steps + 1, gain + steps + 1
        np.testing.assert_array_equal(told.final, np.stack([number, steps], axis=1))
        np.testing.assert_array_equal(told.reward, steps)
        np.testing.assert_array_equal(told.gain, gain)
        np.testing.assert_array_equal(told.length, steps)
        ended = told.ended.numpy()
        np.testing.assert_array_equal(told.truncated, ended & (number % 3 == 2))  # and not over, too
        terminated, truncated = (
            terminated + told.terminated.numpy().sum(),
            truncated + told.truncated.numpy().sum(),
        )
        number, steps, gain = number + ended, steps * ~ended, gain * ~ended
        np.testing.assert_array_equal(game.observe(state.state), np.stack([number, steps], axis=1))
    assert min(terminated, truncated) > 5


def test_a_share_of_the_worlds_is_what_it_would_be_of_all():
    def lengths(first, count):
        state, go_on = stepper(Gymnasium(toys.COUNT), Share(first, count, 6))
        found = []
        for _ in range(40):
            state, told = go_on(state, tf.zeros(count, tf.int32))
            found.append(told.ended.numpy())
        return np.stack(found, axis=1)

    everyone = lengths(0, 6)
    np.testing.assert_array_equal(lengths(2, 3), everyone[2:5])
    assert len(np.unique(everyone, axis=0)) == 6  # each has chances of its own


def test_worlds_that_are_gone_are_told_as_broken_off():
    share = Share(0, 3, 3)
    state, _ = stepper(Gymnasium(toys.COUNT), share)
    _, later = stepper(Gymnasium(toys.COUNT), share)  # as another process would go on
    state, told = later(state, tf.zeros(3, tf.int32))
    np.testing.assert_array_equal(told.truncated, [True] * 3)
    np.testing.assert_array_equal(told.terminated, [False] * 3)
    np.testing.assert_array_equal(told.reward, [0.0] * 3)
    np.testing.assert_array_equal(told.final, [[0.0, 0.0]] * 3)
    np.testing.assert_array_equal(state.length, [0] * 3)
    _, told = later(state, tf.zeros(3, tf.int32))
    np.testing.assert_array_equal(told.final[:, 1], [1.0] * 3)
    np.testing.assert_array_equal(told.reward, [1.0] * 3)
    # A ticket is good for one step: who comes with an old one is not where the worlds are.
    _, told = later(state, tf.zeros(3, tf.int32))
    np.testing.assert_array_equal(told.truncated, [True] * 3)


@pytest.mark.parametrize(
    ("space", "given", "shape", "kept", "seen"),
    [
        (spaces.Box(-9, 9, (2,), np.float64), [1.5, -3.0], (2,), tf.float32, [1.5, -3.0]),
        (spaces.Box(-9, 9, (), np.float32), 2.0, (1,), tf.float32, [2.0]),
        (spaces.Box(-9, 9, (2,), np.int64), [4, -2], (2,), tf.float32, [4.0, -2.0]),
        (spaces.Box(0, 255, (2,), np.uint8), [51, 255], (2,), tf.uint8, [0.2, 1.0]),
        (spaces.Box(0, 9, (2,), np.uint8), [4, 9], (2,), tf.float32, [4.0, 9.0]),  # counts, and no light
        (spaces.Box(0, 1, (2, 1), np.uint8), [[1], [0]], (2, 1, 1), tf.bool, [[[1.0]], [[0.0]]]),
        (spaces.Box(0, 255, (1, 2), np.uint8), [[51, 0]], (1, 2, 1), tf.uint8, [[[0.2], [0.0]]]),
        (
            spaces.Box(0, 255, (3, 2, 2), np.uint8),
            [[[255, 0], [0, 0]], [[0, 0], [0, 0]], [[51, 0], [0, 0]]],
            (2, 2, 3),
            tf.uint8,
            [[[1, 0, 0.2], [0, 0, 0]], [[0, 0, 0], [0, 0, 0]]],
        ),
        (spaces.Discrete(3), 2, (3,), tf.bool, [0, 0, 1]),
        (spaces.Discrete(3, start=5), 6, (3,), tf.bool, [0, 1, 0]),
        (spaces.MultiDiscrete([2, 3]), [1, 0], (5,), tf.bool, [0, 1, 1, 0, 0]),
        (spaces.MultiDiscrete([[2], [2]], start=[[1], [0]]), [[1], [1]], (4,), tf.bool, [1, 0, 0, 1]),
        (spaces.MultiBinary(3), [1, 0, 1], (3,), tf.bool, [1, 0, 1]),
        (spaces.MultiBinary((2, 2)), [[1, 0], [1, 1]], (4,), tf.bool, [1, 0, 1, 1]),
        (spaces.Tuple([spaces.Discrete(2), spaces.Discrete(3)]), (1, 0), (5,), tf.bool, [0, 1, 1, 0, 0]),
        (
            spaces.Dict(b=spaces.Box(-9, 9, (2,)), a=spaces.Discrete(2)),
            {"a": 1, "b": np.array([3.0, -2.0], "float32")},
            (4,),
            tf.float32,
            [3, -2, 0, 1],
        ),
        (
            spaces.Dict(
                image=spaces.Box(0, 255, (1, 2), np.uint8),
                inner=spaces.Tuple([spaces.Dict(x=spaces.Box(-9, 9, ()))]),
            ),
            {"image": np.array([[51, 255]], "uint8"), "inner": ({"x": np.float32(4.0)},)},
            (3,),
            tf.float32,
            [0.2, 1.0, 4.0],
        ),
    ],
)
def test_observations_are_arrays_of_numbers(space, given, shape, kept, seen):
    found, channels, kind, read = reading_of(space)
    assert (found, kind, len(channels)) == (shape, kept, shape[-1])
    composite = isinstance(space, spaces.Dict | spaces.Tuple)
    value = read(given if composite else np.array(given, getattr(space, "dtype", None)))
    assert (value.shape, value.dtype) == (shape, kept.as_numpy_dtype)
    shown = unpacked(tf.constant(value))
    np.testing.assert_allclose(shown, seen, rtol=1e-6)
    np.testing.assert_array_equal(packed(shown, kept), value)


def test_a_replay_of_pictures_takes_a_byte_a_number():
    game = Gymnasium(toys.PICTURE)
    room = replay.empty(game, worlds=2, steps=8)
    assert room.kept.observation.dtype == room.kept.final.dtype == tf.uint8
    every = tf.reshape(tf.range(256), (-1, 1, 1, 1)) * tf.ones((1, *game.observation_shape), tf.int32)
    shown = unpacked(tf.cast(every, tf.uint8))
    np.testing.assert_array_equal(packed(shown, tf.uint8), every)  # whatever byte it was


def test_ppo_learns():
    settings = PPO(**QUICK)
    loop = test_ppo.trained("cpu:1", 30, game=Gymnasium(toys.CUE), settings=settings, rate=1e-2)
    assert loop.logs["return"] > 0.9  # chance has a quarter
    assert loop.logs["length"] == 1


def test_dqn_learns_from_pictures():
    settings = DQN(
        worlds=8, horizon=4, rounds=8, batches=2, batch_size=32, capacity=1024, warmup=64, exploration=0.3
    )
    loop = test_dqn.trained("cpu:1", 16, game=Gymnasium(toys.PICTURE), settings=settings, rate=1e-2)
    assert loop.logs["return"] > 0.9


def test_two_replicas_learn_what_one_would_and_go_on(tmp_path):
    alone = test_ppo.trained("cpu:1", 2, tmp_path, game=Gymnasium(toys.COUNT))
    both = test_ppo.trained("cpu:2", 2, game=Gymnasium(toys.COUNT))
    for one, other in zip(test_ppo.weights(alone), test_ppo.weights(both), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=2e-5)
    for name, value in alone.logs.items():
        assert both.logs[name] == pytest.approx(value, rel=1e-3, abs=1e-4), name
    again = test_ppo.trained("cpu:1", 4, tmp_path, game=Gymnasium(toys.COUNT))
    assert again.step == 4


def test_every_episode_counts_once_and_to_its_end():
    game = Gymnasium(toys.COUNT)
    wanted = []
    for seed in seeds_of(7, 40):
        env = toys.Count()
        env.reset(seed=seed)
        wanted.append(env.length)
    evaluate = Evaluator(game, policies.indifferent(game), episodes=40)
    found = evaluate(seed=7)
    np.testing.assert_array_equal(found.lengths, wanted)
    np.testing.assert_array_equal(found.returns, [length * (length + 1) / 2 for length in wanted])
    assert not found.cut.any()
    np.testing.assert_array_equal(evaluate(seed=7).lengths, wanted)
    assert not np.array_equal(evaluate(seed=8).lengths, wanted)
    cut = Evaluator(game, policies.indifferent(game), episodes=40, most_steps=4)(seed=7)
    np.testing.assert_array_equal(cut.lengths, np.minimum(wanted, 4))
    np.testing.assert_array_equal(cut.cut, np.array(wanted) > 4)
    official = official_scores(game, policies.indifferent(game), episodes=40, seed=7)
    np.testing.assert_array_equal(official.lengths, wanted)


def test_worlds_of_a_training_are_apart_from_those_of_every_evaluation():
    opened = []

    class Watched(Gymnasium):
        def open(self, seeds, learning=False, shown=False):
            opened.append(set(seeds))
            return super().open(seeds, learning, shown)

    game = Watched(toys.COUNT)
    for seed in ([0, 0], [3, 0], [4, 0]):
        worlds.begin(game, tf.constant(seed, tf.int64), Share(0, 64, 64))
    for seed in range(8):
        assert not set(seeds_of(seed, 100)) & set.union(*opened)
    assert len(set.union(*opened)) == 3 * 64


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A short training of recipe gymnasium_ppo."""
    made = tmp_path_factory.mktemp("runs")
    changes = {
        "data.id": toys.PICTURE,
        "model.torso": "cnn",
        "model.filters": 4,
        "training.steps": 256 * 2,
        "training.epochs": 1,
        **{f"agent.{name}": value for name, value in QUICK.items()},
    }
    options = [part for name, value in changes.items() for part in (f"--{name}", value)]
    done = run_here("training", "train", "gymnasium_ppo", "--runs-dir", made, "--name", "cue", *options)
    assert done == 0
    return made


def test_a_run_is_measured_and_filmed(folder, capsys):
    config = runs.find("cue", folder).config
    plain = {"kwargs": "{}", "max_episode_steps": 0, "wrappers": "[]"}
    assert config["data"] == {"id": toys.PICTURE, **plain}
    assert (config["source"], config["spec"]["input_shape"]) == ("gymnasium", [4, 4, 3])
    assert run_here("games", "evaluate", "cue", "--runs-dir", folder, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["game"], told["episodes"], told["steps"], told["cut"]) == ("gymnasium", 100, 100, 0)
    assert 0 <= told["mean"] <= 1
    film = folder / "film.gif"
    asked = ("record", "cue", "--runs-dir", folder, "--out", film, "--episodes", "2", "--json")
    assert run_here("games", *asked) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["lengths"] == [1, 1]
    with Image.open(film) as shown:
        assert shown.size == (12, 8)
    assert run_here("training", "evaluate", "cue", "--runs-dir", folder, "--json") == 0
    assert json.loads(capsys.readouterr().out)["return"] >= 0


@pytest.mark.parametrize(
    ("id", "message"),
    [
        ("CartPol-v1", "there is no environment 'CartPol-v1'. Did you mean CartPole-v1"),
        (
            "this:CartPole-v1",
            "data.id must be letters, digits and any of . / _ -, as in LunarLander-v3: with a",
        ),
        (
            "Pendulum-v1",
            "Pendulum-v1 has actions that are continuous (Box); agents here choose from Discrete",
        ),
        (toys.MISSING, f"{toys.MISSING} needs a package that is missing: Box9D is not installed, run `pip"),
        (toys.BROKEN, f"{toys.BROKEN} can't be made: no screen"),
        ("ALE/Pong-v5", "ALE/Pong-v5 is a game of Atari: train atari_ppo, with its rom in data.rom"),
    ],
)
def test_what_cannot_be_played_is_said_in_a_line_before_training(id, message, tmp_path, capsys):
    done = run_here("training", "train", "gymnasium_ppo", "--runs-dir", tmp_path, "--data.id", id)
    (error,) = capsys.readouterr().err.splitlines()
    assert done == 2
    assert error.startswith(f"error: {message}")
    assert not list(tmp_path.iterdir())  # no folder of a run
    assert "this" not in sys.modules  # nor was anything imported


@pytest.mark.parametrize(
    ("space", "kind"),
    [
        (spaces.Dict(a=spaces.Text(5)), "Text"),
        (spaces.Tuple([spaces.Dict(x=spaces.Sequence(spaces.Discrete(2)))]), "Sequence"),
        (spaces.Dict(), "an empty Dict"),
        (spaces.Dict(a=spaces.Box(0, 1, (2**20,)), b=spaces.Discrete(2)), "of 1048578 numbers"),
        (spaces.Text(5), "Text"),
        (spaces.Box(0, 1, (2**21,)), "of 2097152 numbers"),
        (spaces.Discrete(2**40), "of 1099511627776 numbers"),  # said before that many are named
        (spaces.MultiDiscrete([2**30, 2**30]), "of 2147483648 numbers"),
    ],
)
def test_what_cannot_be_seen_is_said(space, kind, monkeypatch):
    monkeypatch.setattr(toys.Cue, "observation_space", space)
    with pytest.raises(GameError, match=f"{toys.CUE}.* has observations .*{kind}"):
        Gymnasium(toys.CUE).observation_shape  # noqa: B018 - it is what asks


def test_more_actions_than_anyone_weighs_are_refused(monkeypatch):
    monkeypatch.setattr(toys.Cue, "action_space", spaces.Discrete(2**40))
    with pytest.raises(GameError, match=f"{toys.CUE} has 1099511627776 actions; agents here have at most"):
        Gymnasium(toys.CUE).actions  # noqa: B018 - it is what asks


def test_what_cannot_begin_is_said_and_lets_go_of_what_was_made(monkeypatch):
    closed = []

    def closes(env):
        closed.append(env)

    def fails(env, *, seed=None, options=None):
        raise RuntimeError("no dice\nand more")

    monkeypatch.setattr(toys.Cue, "close", closes)
    monkeypatch.setattr(toys.Cue, "reset", fails)
    with pytest.raises(GameError, match=f"^{toys.CUE} can't begin: no dice$"):
        Gymnasium(toys.CUE).open([1, 2])
    assert len(closed) == 2


def test_slow_ones_have_a_rate_too(monkeypatch):
    monkeypatch.setitem(toys.Cue.metadata, "render_fps", 0.5)
    assert Gymnasium(toys.CUE).look.rate == 1


@pytest.mark.parametrize(
    ("name", "packages", "message"),
    [
        ("gymnasium", ("gymnasium",), "this needs the package gymnasium: pip install gymnasium"),
        (
            "atari",
            ("ale_py",),
            "games of Atari need the package ale-py: make install ATARI=1, or pip install",
        ),
    ],
)
def test_a_package_that_is_missing_is_named(name, packages, message, monkeypatch):
    monkeypatch.delitem(sys.modules, "games.gymnasium_env", raising=False)
    monkeypatch.delattr(games, "gymnasium_env", raising=False)
    for package in packages:
        for module in [one for one in sys.modules if one == package or one.startswith(f"{package}.")]:
            monkeypatch.delitem(sys.modules, module)
        monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(GameError, match=message) as raised:
        games.playable(name).actions  # noqa: B018 - it is what asks
    assert "\n" not in str(raised.value)


def test_what_cannot_be_shown_is_said(monkeypatch, tmp_path):
    def render(_):
        raise gymnasium.error.DependencyNotInstalled("pygame is not installed, run `pip install pygame`")

    monkeypatch.setattr(toys.Cue, "render", render)
    game = Gymnasium(toys.CUE)
    with pytest.raises(GameError, match=f"{toys.CUE} can't be shown: pygame is not installed, run"):
        record(game, policies.indifferent(game), tmp_path / "film.gif")
    assert not list(tmp_path.iterdir())


def test_games_are_found_inside_and_outside():
    assert games.playable("cartpole") == games.find("cartpole")
    assert games.playable("gymnasium", id="Acrobot-v1") == Gymnasium("Acrobot-v1")
    with pytest.raises(GameError, match="there is no game 'atary'. Did you mean atari"):
        games.playable("atary")


def test_atari_is_seen_as_its_latest_frames():
    pytest.importorskip("ale_py")
    game = Atari("pong", size=32, stack=3)
    assert game.actions == ("noop", "fire", "right", "left", "rightfire", "leftfire")
    assert game.channels == ("frame -2", "frame -1", "frame 0")
    state, go_on = stepper(game, Share(0, 2, 2))
    for _ in range(5):
        before = state.state.seen.numpy()
        state, told = go_on(state, tf.constant([2, 3]))
        seen = state.state.seen.numpy()
        assert seen.dtype == np.uint8
        np.testing.assert_array_equal(seen[..., :-1], before[..., 1:])
        np.testing.assert_allclose(told.final, seen / np.float32(255))
    assert not np.array_equal(seen[0], seen[1])
    found = Evaluator(game, policies.always(game, "right"), episodes=2, most_steps=3)(seed=1)
    told = summary(found)
    assert (told["steps"], told["frames"], told["sticky"], told["cut"]) == (6, 24, 0.25, 2)


def test_only_to_learn_in_are_ataris_rewards_clipped():
    pytest.importorskip("ale_py")
    game = Atari("ms_pacman", size=32, stack=1, sticky=0.0)
    paid = []
    for to_learn in (True, False):
        opened, random = game.open([5, 6], learning=to_learn), np.random.default_rng(0)
        paid.append([opened.step(random.integers(0, 9, 2).astype("int32")).reward for _ in range(120)])
    clipped, whole = np.array(paid)
    np.testing.assert_array_equal(clipped, np.minimum(whole, 1))
    assert whole.max() == 10
    assert opened.picture().shape == (128, 128, 3)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rom": "pongg"}, "there is no rom 'pongg'. Did you mean pong"),
        ({"rom": "../pong"}, "rom must be letters, digits and _, as in space_invaders. Received: '../pong'"),
        ({"frame_skip": 0}, "frame_skip must be 1 to 60. Received: 0"),
        ({"sticky": 1.5}, "sticky must be 0 to 1. Received: 1.5"),
    ],
)
def test_settings_of_atari_that_break_a_rule_are_named(settings, message):
    pytest.importorskip("ale_py")
    with pytest.raises((GameError, ValueError)) as raised:
        games.playable("atari", **settings).actions  # noqa: B018 - it is what asks
    assert str(raised.value).startswith(message)
