"""Our games in Gymnasium: its checker, its autoreset modes, its wrappers; and which of its own we can play."""

import copy
import importlib
import pickle
import sys
import types
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import gymnasium
import numpy as np
import pytest
import tensorflow as tf
from gymnasium.utils.env_checker import check_env, data_equivalence
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers import RecordVideo, RenderCollection
from gymnasium.wrappers.vector import RecordEpisodeStatistics

from games import GAMES, GameError, gymnasium_env
from games.chanceless import Chanceless
from games.classic import CartPole
from games.gymnasium_env import TensorEnv, TensorVectorEnv, check_official
from games.memory_games import MemoryChain, TMaze

MODES = pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])


class CountState(NamedTuple):
    count: tf.Tensor
    stopped: tf.Tensor


@dataclass(frozen=True)
class Count(Chanceless):
    """Count to three, if nobody stops it: without chance, so that two ways to play it must agree throughout."""

    name = "count"
    title = "Count"
    actions = ("go on", "stop")
    observation_shape = (1,)
    channels = ("count",)

    def reset(self, seed, n):
        return CountState(tf.zeros(n, tf.int32), tf.zeros(n, tf.bool))

    def follow(self, state, action):
        count = state.count + 1
        return CountState(count, action == 1), tf.cast(count, tf.float32)

    def ended(self, state):
        return state.stopped, ~state.stopped & (state.count >= 3)

    def observe(self, state):
        return tf.cast(state.count, tf.float32)[:, None]


@pytest.fixture
def registered():
    """Make a game known to Gymnasium, both ways, and forget it afterwards."""
    names = []

    def register(game):
        names.append(f"NeuralArcadeTest/{game.name}-v0")
        gymnasium.register(
            names[-1],
            entry_point=lambda: TensorEnv(game),
            vector_entry_point=lambda num_envs: TensorVectorEnv(game, num_envs),
        )
        return names[-1]

    yield register
    for name in names:
        gymnasium.registry.pop(name)


def play(envs, steps, seed=0):
    """Random play: all that `reset` and each `step` returned."""
    envs.action_space.seed(seed)
    return [envs.reset(seed=seed), *(envs.step(envs.action_space.sample()) for _ in range(steps))]


@pytest.mark.parametrize("name", list(GAMES))
def test_gymnasiums_checker_has_nothing_to_say(name):
    """But that a cart's speeds have no bounds, as it says of its own cart."""
    env = gymnasium.make(gymnasium_env.id_of(name), render_mode="rgb_array").unwrapped
    with warnings.catch_warnings():
        if name == "cartpole":
            warnings.filterwarnings("ignore", message=".*infinity")
        check_env(env)


def test_every_game_has_an_id():
    ids = [gymnasium_env.id_of(name) for name in GAMES]
    assert ids[:3] == [
        "NeuralArcade/CartPole-v0",
        "NeuralArcade/CartPoleMasked-v0",
        "NeuralArcade/Acrobot-v0",
    ]
    assert "NeuralArcade/SpaceInvaders-v0" in ids
    assert set(ids) <= set(gymnasium.registry)
    assert len(set(ids)) == len(GAMES)
    assert gymnasium.make("NeuralArcade/TMaze-v0", length=50).unwrapped.game == TMaze(length=50)
    envs = gymnasium.make_vec("NeuralArcade/TMaze-v0", num_envs=3, length=50)
    assert (type(envs), envs.num_envs, envs.game.length) == (TensorVectorEnv, 3, 50)
    assert gymnasium.make("games.gymnasium_env:NeuralArcade/Breakout-v0").unwrapped.game == GAMES["breakout"]
    with pytest.raises(GameError, match="render_mode must be None or"):
        gymnasium.make("NeuralArcade/TMaze-v0", render_mode="human")


@pytest.mark.parametrize("name", ["cartpole", "cartpole_masked", "acrobot", "mountain_car"])
def test_bounds_are_those_of_the_original(name):
    """Gymnasium's spaces have the same bounds."""
    game = GAMES[name]
    usual = type(game)()
    theirs = gymnasium.make(usual.official).observation_space
    shown = [usual.channels.index(channel) for channel in game.channels]
    low, high = game.bounds
    np.testing.assert_allclose(
        np.minimum(np.abs(theirs.low[shown]), 1e30), np.minimum(np.abs(low), 1e30), rtol=1e-6
    )
    np.testing.assert_allclose(np.minimum(theirs.high[shown], 1e30), np.minimum(high, 1e30), rtol=1e-6)


@pytest.mark.parametrize(
    "name", ["acrobot", "mountain_car", "memory_chain", "t_maze", "breakout", "seaquest"]
)
def test_what_is_seen_lies_within_the_bounds(name):
    envs = TensorVectorEnv(GAMES[name], 16)
    assert np.isfinite(envs.single_observation_space.low).all()
    assert np.isfinite(envs.single_observation_space.high).all()
    for outcome in play(envs, 60):
        assert outcome[0] in envs.observation_space


@pytest.mark.parametrize("name", ["cartpole", "t_maze", "breakout"])
def test_pictures_are_those_of_the_films(name):
    env = TensorEnv(GAMES[name], render_mode="rgb_array")
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.render()
    env.reset(seed=1)
    first = env.render()
    assert (first.dtype, first.ndim, first.shape[2]) == (np.uint8, 3, 3)
    seen = [first]
    for action in (1, 1, 0):
        env.step(action)
        seen.append(env.render())
    assert any(not np.array_equal(first, later) for later in seen[1:])
    assert env.metadata["render_fps"] == {"cartpole": 50, "t_maze": 5, "breakout": 10}[name]


def test_a_video_is_recorded(tmp_path, monkeypatch):
    """By Gymnasium's RecordVideo; what writes the file, MoviePy, stands here for itself."""
    films = []

    class ImageSequenceClip:
        def __init__(self, frames, fps):
            films.append((np.array(frames), fps))

        def write_videofile(self, path, **_):
            Path(path).write_bytes(b"film")

    for name in ("moviepy", "moviepy.video", "moviepy.video.io", "moviepy.video.io.ImageSequenceClip"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    sys.modules["moviepy.video.io.ImageSequenceClip"].ImageSequenceClip = ImageSequenceClip
    env = TensorEnv(TMaze(), render_mode="rgb_array")
    env = RecordVideo(env, str(tmp_path / "films"), lambda episode: True)
    env.reset(seed=0)
    for _ in range(3):
        env.step(1)
    env.close()
    ((frames, rate),) = films
    assert (len(frames), frames.shape[-1], rate) == (4, 3, 5)
    assert len(list((tmp_path / "films").glob("*.mp4"))) == 1


def test_frames_are_collected_by_gymnasiums_wrapper():
    env = RenderCollection(TensorEnv(TMaze(), render_mode="rgb_array"))
    env.reset(seed=0)
    for _ in range(3):
        env.step(1)
    frames = env.render()
    assert len(frames) == 4
    assert {frame.shape for frame in frames} == {frames[0].shape}


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
@pytest.mark.parametrize("begun", [True, False])
def test_a_copy_goes_on_as_the_original_would(copied, begun):
    env = TensorEnv(GAMES["breakout"], render_mode="rgb_array")
    if begun:
        env.reset(seed=5)
        env.step(1)
    else:
        env.reset(seed=5)
    again = copied(env)
    for number in range(20):
        one, other = (each.step(number % 6) for each in (env, again))
        assert data_equivalence(one, other, exact=True)
        np.testing.assert_array_equal(env.render(), again.render())
        if one[2]:
            break
    again.reset()
    again.step(0)  # the original is where it was
    untouched = copied(TensorEnv(TMaze()))
    assert untouched.reset(seed=1)[0].shape == (3,)


@pytest.mark.parametrize("mode", list(AutoresetMode))
def test_a_copy_of_many_worlds_goes_on_too(mode):
    envs = TensorVectorEnv(MemoryChain(length=3), 4, seed=2, autoreset_mode=mode)
    envs.reset()
    envs.step(np.zeros(4, int))
    again = copy.deepcopy(envs)
    for _ in range(2 if mode == AutoresetMode.DISABLED else 12):
        one, other = (each.step(np.ones(4, int)) for each in (envs, again))
        assert data_equivalence(one, other, exact=True)


def test_gymnasium_makes_a_vector_of_it(registered):
    """`make_vec` warns where a vector environment has no autoreset mode; its spaces fit what comes."""
    envs = gymnasium.make_vec(registered(TMaze()), num_envs=3, vectorization_mode="vector_entry_point")
    assert envs.num_envs == 3
    assert envs.single_action_space == gymnasium.spaces.Discrete(4)
    assert envs.single_observation_space.shape == (3,)
    (observations, infos), *outcomes = play(envs, 5)
    assert observations in envs.observation_space
    assert infos == {}
    for observations, rewards, terminations, truncations, infos in outcomes:
        assert observations in envs.observation_space
        assert (rewards.shape, rewards.dtype) == ((3,), np.float32)
        assert (terminations.shape, terminations.dtype) == ((3,), bool)
        assert (truncations.shape, truncations.dtype) == ((3,), bool)
        assert infos == {}
    envs.close()


@MODES
def test_worlds_begin_anew_as_in_gymnasiums_own_vector(mode):
    """All that comes of 60 steps is what `SyncVectorEnv` makes of single worlds, infos and all."""
    ours = TensorVectorEnv(Count(), 3, autoreset_mode=mode)
    theirs = SyncVectorEnv([lambda: TensorEnv(Count())] * 3, autoreset_mode=mode)
    assert ours.metadata["autoreset_mode"] == theirs.metadata["autoreset_mode"] == mode
    assert ours.observation_space == theirs.observation_space
    assert ours.action_space == theirs.action_space
    ended = np.zeros(2, int)
    for own, their in zip(play(ours, 60), play(theirs, 60), strict=True):
        if len(own) == 5:  # of a step; theirs has rewards in float64
            their = (their[0], their[1].astype("float32"), *their[2:])
            ended += [own[2].sum(), own[3].sum()]
        assert data_equivalence(own, their, exact=True)
    assert (ended > 3).all()


def test_worlds_that_are_over_wait_where_nobody_begins_them():
    """The mode "Disabled": a mask says which begin anew."""
    envs = TensorVectorEnv(Count(), 3, autoreset_mode="Disabled")
    with pytest.raises(gymnasium.error.ResetNeeded, match="call reset before"):
        envs.reset(options={"reset_mask": np.array([True, False, False])})
    envs.reset(seed=0)
    envs.step(np.array([0, 0, 0]))
    _, _, terminations, _, infos = envs.step(np.array([0, 1, 0]))
    assert terminations.tolist() == [False, True, False]
    assert infos == {}
    with pytest.raises(GameError, match=r"worlds \[1\] are over: reset them first"):
        envs.step(np.array([0, 0, 0]))
    observations, _ = envs.reset(options={"reset_mask": terminations})
    assert observations.tolist() == [[2], [0], [2]]
    observations, _, _, truncations, _ = envs.step(np.array([0, 0, 0]))
    assert observations.tolist() == [[3], [1], [3]]
    assert truncations.tolist() == [True, False, True]
    for mask in (np.array([True]), np.array([0, 1, 0]), None):
        with pytest.raises(GameError, match=r"reset_mask must be \(3,\) bool"):
            envs.reset(options={"reset_mask": mask})


@MODES
def test_all_follows_from_the_seed(mode):
    """Of `reset`, or of the beginning; whatever was played before."""
    one, two = (TensorVectorEnv(CartPole(), 4, seed=seed, autoreset_mode=mode) for seed in (5, None))
    first, again, other, elsewhere = play(one, 40, 5), play(one, 40, 5), play(one, 40, 6), play(two, 40, 5)
    for outcome, same, different, same_too in zip(first, again, other, elsewhere, strict=True):
        assert data_equivalence(outcome, same, exact=True)
        assert data_equivalence(outcome, same_too, exact=True)
        assert not np.array_equal(outcome[0], different[0])
    assert any(outcome[2].any() for outcome in first[1:])  # so what begins anew follows from it, too
    by_init = TensorVectorEnv(CartPole(), 4, seed=5).reset()[0]
    np.testing.assert_array_equal(by_init, first[0][0])
    assert not np.array_equal(one.reset()[0], one.reset()[0])  # without a seed it goes on


def test_a_step_is_one_program():
    envs = TensorVectorEnv(TMaze(length=2), 2, seed=0)
    play(envs, 30)
    assert envs._go_on.experimental_get_tracing_count() == 1
    assert envs._go_on.function_spec.jit_compile


@MODES
def test_a_loop_as_cleanrl_has_it(mode):
    """Scores and lengths as `RecordEpisodeStatistics` keeps them: those of the games that were played."""
    envs = RecordEpisodeStatistics(TensorVectorEnv(MemoryChain(length=4), 8, autoreset_mode=mode))
    observation, _ = envs.reset(seed=1)
    answer = (observation[:, 2] > 0).astype(int)  # the bit that each world shows at its start
    scores, lengths = [], []
    for _ in range(40):
        shown = observation[:, 2] != 0
        answer = np.where(shown, observation[:, 2] > 0, answer)
        observation, _, terminations, truncations, infos = envs.step(answer)
        if "final_obs" in infos:
            assert (infos["_final_obs"] == terminations | truncations).all()
        if "episode" in infos:
            over = infos["_episode"]
            scores += infos["episode"]["r"][over].tolist()
            lengths += infos["episode"]["l"][over].tolist()
    games = 40 // (6 if mode == AutoresetMode.NEXT_STEP else 5)  # one step more, that begins anew
    assert scores == [1.0] * 8 * games
    assert lengths == [5] * 8 * games


def test_one_world_plays_as_the_first_of_a_vector():
    env, envs = TensorEnv(CartPole()), TensorVectorEnv(CartPole(), 1)
    seen, infos = env.reset(seed=3)
    np.testing.assert_array_equal(seen, envs.reset(seed=3)[0][0])
    assert infos == {}
    for number in range(5):
        observation, reward, terminated, truncated, infos = env.step(number % 2)
        expected, rewards, *_ = envs.step(np.array([number % 2]))
        np.testing.assert_array_equal(observation, expected[0])
        assert (reward, terminated, truncated, infos) == (rewards[0], False, False, {})
        assert type(reward) is float


def test_errors_say_what_is_wrong():
    with pytest.raises(GameError, match="num_envs must be at least 1. Received: 0"):
        TensorVectorEnv(TMaze(), 0)
    envs = TensorVectorEnv(TMaze(), 2)
    with pytest.raises(gymnasium.error.ResetNeeded, match="call reset before step"):
        envs.step(np.array([0, 0]))
    envs.reset(seed=0)
    for actions in (np.array([0, 4]), np.array([0, -1]), np.array([0]), np.array([0.5, 0.5])):
        with pytest.raises(GameError, match=r"actions must be \(2,\) integers from 0 to 3. Received: "):
            envs.step(actions)
    env = TensorEnv(Count())
    env.reset(seed=0)
    env.step(1)
    with pytest.raises(GameError, match="are over: reset them first"):
        env.step(0)


def test_without_gymnasium_it_says_how_to_get_it(monkeypatch):
    monkeypatch.delitem(sys.modules, "games.gymnasium_env")
    monkeypatch.setitem(sys.modules, "gymnasium", None)
    with pytest.raises(GameError, match="this needs the package gymnasium: pip install gymnasium"):
        importlib.import_module("games.gymnasium_env")


class Told(gymnasium.Env):
    """An environment that has nothing but spaces."""

    def __init__(self, observation_space, action_space):
        self.observation_space, self.action_space = observation_space, action_space


BOX, DISCRETE = gymnasium.spaces.Box(0, 1, (2,)), gymnasium.spaces.Discrete(2)


def test_what_our_agents_can_play_passes():
    for env in (
        gymnasium.make("CartPole-v1"),
        gymnasium.make_vec("CartPole-v1", num_envs=2),
        gymnasium.make("FrozenLake-v1"),
        gymnasium.make("Blackjack-v1"),
        Told(BOX, DISCRETE),
    ):
        check_official(env)
        env.close()


@pytest.mark.parametrize(
    ("env", "message"),
    [
        (lambda: gymnasium.make("Pendulum-v1"), "Pendulum-v1 has actions that are continuous (Box); "),
        (
            lambda: gymnasium.make_vec("Pendulum-v1", num_envs=2),
            "Pendulum-v1 has actions that are continuous (Box); ",
        ),
        (
            lambda: Told(BOX, gymnasium.spaces.MultiDiscrete([2, 2])),
            "Told has actions that are MultiDiscrete; ",
        ),
        (lambda: Told(BOX, gymnasium.spaces.Discrete(2, start=1)), "Told numbers its actions from 1; "),
        (lambda: Told(gymnasium.spaces.Text(3), DISCRETE), "Told has observations that are Text; "),
        (
            lambda: Told(gymnasium.spaces.Dict(a=gymnasium.spaces.Text(3)), DISCRETE),
            "Told, part 'a', has observations that are Text; ",
        ),
    ],
)
def test_what_our_agents_cannot_play_is_said_before(env, message):
    with pytest.raises(GameError) as raised:
        check_official(env())
    assert str(raised.value).startswith(message)
    assert "agents here" in str(raised.value)
    assert "\n" not in str(raised.value)
