"""Classic control against Gymnasium's originals: every transition, the starts, the scores of fixed policies."""

import math

import gymnasium
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from games.classic import Acrobot, AcrobotState, CartPole, CartPoleState, MountainCar, MountainCarState
from tests.games.playing import at_random, original_scores, scores

GAMES = [CartPole(), Acrobot(), MountainCar()]
BY_NAME = pytest.mark.parametrize("game", GAMES, ids=lambda game: game.name)
NEAR = 1e-6  # to a threshold: rounding may decide whether it is over


def between(generator, low, high, n=20_000):
    return generator.uniform(low, high, n)


def cart_states(generator):
    """Anywhere a cart may be, half of them about to fall off or over."""
    x, theta = between(generator, -2.399, 2.399), between(generator, -0.209, 0.209)
    x[::4] = np.copysign(between(generator, 2.3, 2.399), x)[::4]
    theta[1::4] = np.copysign(between(generator, 0.19, 0.209), theta)[1::4]
    return CartPoleState(x, generator.normal(0, 2, len(x)), theta, generator.normal(0, 2, len(x)), None)


def acrobot_states(generator, share=0.5):
    """Any angles; speeds of up to that share of their bounds, which is more than play ever reaches."""
    return AcrobotState(
        between(generator, -math.pi, math.pi),
        between(generator, -math.pi, math.pi),
        share * between(generator, -4 * math.pi, 4 * math.pi),
        share * between(generator, -9 * math.pi, 9 * math.pi),
        None,
    )


def car_states(generator):
    """Anywhere, a quarter of them before the goal and a quarter before the wall."""
    position, velocity = between(generator, -1.2, 0.4999), between(generator, -0.07, 0.07)
    position[::4] = between(generator, 0.45, 0.4999)[::4]
    position[1::4] = between(generator, -1.2, -1.15)[1::4]
    return MountainCarState(position, velocity, None)


STATES = {"cartpole": cart_states, "acrobot": acrobot_states, "mountain_car": car_states}


def margins(game, after: np.ndarray) -> np.ndarray:
    """How far each state `(B, ...)` of the original is from where being over begins."""
    if game.name == "cartpole":
        x, _, theta, _ = after.T
        return np.minimum(abs(abs(x) - 2.4), abs(abs(theta) - math.radians(12)))
    if game.name == "acrobot":
        return abs(-np.cos(after[:, 0]) - np.cos(after[:, 0] + after[:, 1]) - 1.0)
    return abs(after[:, 0] - 0.5)  # who gets there from before it does not roll back


def transitions(game, states, generator, count=10_000):
    """The same step of ours and of the original from each state that is not over.

    Returns: Ours, a `Step` of arrays; the original's state, observation, reward and end, arrays.
    """
    zeros = tf.zeros(len(states[0]), tf.int32)
    state = type(states)(*(tf.constant(part, tf.float32) for part in states[:-1]), zeros)
    live = np.flatnonzero(~np.logical_or(*(ends.numpy() for ends in game.ended(state))))[:count]
    assert len(live) == count
    state = tf.nest.map_structure(lambda part: tf.gather(part, live), state)
    actions = generator.integers(len(game.actions), size=count)
    ours = tf.function(game.advance, jit_compile=True)(state, tf.constant(actions, tf.int32), ())
    env = gymnasium.make(game.official).unwrapped
    env.reset(seed=0)
    rows = []
    for before, action in zip(np.stack(state[:-1], axis=1).astype("float64"), actions, strict=True):
        env.state = before
        env.steps_beyond_terminated = None  # the cart's: no game went before
        observation, reward, terminated, *_ = env.step(int(action))
        rows.append((np.array(env.state, "float64"), observation, reward, terminated))
    return tf.nest.map_structure(lambda part: part.numpy(), ours), *map(np.array, zip(*rows, strict=True))


def off(ours, after: np.ndarray) -> np.ndarray:
    """By how much the states differ; angles of an acrobot on the circle, which begins anew at pi."""
    difference = np.abs(np.stack(ours.state[:-1], axis=1) - after)
    if isinstance(ours.state, AcrobotState):
        difference[:, :2] = np.minimum(difference[:, :2], 2 * math.pi - difference[:, :2])
    return difference


@BY_NAME
def test_ten_thousand_transitions_are_the_originals(game):
    generator = np.random.default_rng(0)
    ours, after, observation, reward, terminated = transitions(game, STATES[game.name](generator), generator)
    assert (off(ours, after) <= 1e-5 + 1e-5 * np.abs(after)).all()
    np.testing.assert_allclose(ours.observation, observation, rtol=1e-5, atol=1e-5)
    clear = margins(game, after) > NEAR
    assert clear.mean() > 0.99
    np.testing.assert_array_equal(ours.terminated[clear], terminated[clear])
    np.testing.assert_array_equal(ours.reward[clear], reward[clear])
    assert 100 < terminated.sum() < 9900  # both are among them
    assert not ours.truncated.any()
    assert (ours.state.steps == 1).all()


def test_an_acrobot_at_its_highest_speeds():
    """Bounds hold, and angles that turn more than once are wrapped; there a step enlarges float32's rounding."""
    generator = np.random.default_rng(1)
    ours, after, _, _, terminated = transitions(Acrobot(), acrobot_states(generator, share=1.0), generator)
    difference = off(ours, after)
    assert np.quantile(difference, 0.99) < 1e-4
    assert np.quantile(difference, 0.999) < 1e-3
    assert difference.max() < 0.05
    for speed, bound in ((2, 4 * math.pi), (3, 9 * math.pi)):
        bounded = np.abs(after[:, speed]) == bound
        assert bounded.sum() > 1000
        np.testing.assert_allclose(np.abs(ours.state[speed][bounded]), bound, atol=0.05)
    assert np.abs(ours.state.theta1).max() <= math.pi + NEAR
    assert np.abs(ours.state.theta2).max() <= math.pi + NEAR
    clear = margins(Acrobot(), after) > 1e-3
    np.testing.assert_array_equal(ours.terminated[clear], terminated[clear])


@BY_NAME
def test_time_runs_out_when_the_originals_does(game):
    """Side by side through the last 20 steps, from a start, by an action or two that don't end it."""
    step = tf.function(game.advance, jit_compile=True)
    state = game.reset(tf.constant([3, 4]), 1)
    env = gymnasium.make(game.official)
    env.reset(seed=0)
    env.unwrapped.state = np.array([part.numpy()[0] for part in state[:-1]], "float64")
    env._elapsed_steps = game.limit - 20
    state = state._replace(steps=tf.constant([game.limit - 20]))
    for number in range(game.limit - 19, game.limit + 1):
        action = number % 2 if game.name == "cartpole" else 1
        _, _, *ends, _ = env.step(action)
        outcome = step(state, tf.constant([action]), ())
        state = outcome.state
        assert [bool(outcome.terminated[0]), bool(outcome.truncated[0])] == ends
        assert ends == [False, number == game.limit]


@BY_NAME
def test_over_in_its_last_step_is_over_by_the_rules(game):
    """Nothing is to be had after it, so there is nothing to bootstrap from; Gymnasium says both."""
    generator = np.random.default_rng(2)
    last = STATES[game.name](generator)._replace(steps=np.full(20_000, game.limit - 1))
    kinds = [tf.float32] * (len(last) - 1) + [tf.int32]
    state = type(last)(*(tf.constant(part, kind) for part, kind in zip(last, kinds, strict=True)))
    terminated, truncated = game.ended(state)
    assert not tf.reduce_any(truncated)
    after = game.advance(state, tf.zeros(20_000, tf.int32), ())
    live = ~terminated.numpy()
    np.testing.assert_array_equal((after.terminated ^ after.truncated).numpy()[live], True)
    assert 0 < after.terminated.numpy()[live].mean() < 1


@BY_NAME
def test_an_ended_world_stays(game):
    """By its rules and by its time: nothing changes, nothing comes, and it goes on saying so."""
    state = game.reset(tf.constant([0, 1]), 3)
    over = {"cartpole": {"x": 3.0}, "acrobot": {"theta1": math.pi}, "mountain_car": {"position": 0.55}}
    (field, value), *_ = over[game.name].items()
    state = state._replace(
        **{field: tf.tensor_scatter_nd_update(getattr(state, field), [[0]], [value])},
        steps=tf.constant([5, game.limit, 5]),
    )
    for action in range(len(game.actions)):
        after = game.advance(state, tf.fill([3], action), ())
        for before_part, part in zip(state, after.state, strict=True):
            np.testing.assert_array_equal(before_part[:2], part[:2])
        assert after.terminated.numpy().tolist() == [True, False, False]
        assert after.truncated.numpy().tolist() == [False, True, False]
        assert after.reward.numpy()[:2].tolist() == [0.0, 0.0]
        assert after.reward.numpy()[2] != 0.0
        assert after.state.steps.numpy().tolist() == [5, game.limit, 6]


@pytest.mark.parametrize(
    ("game", "low", "high"),
    [(CartPole(), -0.05, 0.05), (Acrobot(), -0.1, 0.1), (MountainCar(), -0.6, -0.4)],
    ids=lambda value: getattr(value, "name", ""),
)
def test_starts_are_uniform(game, low, high):
    state = game.reset(tf.constant([11, 12]), 50_000)
    drawn = [part.numpy() for part in state[:-1]]
    if game.name == "mountain_car":
        assert not drawn.pop().any()  # it stands
    for part in drawn:
        assert low <= part.min() < low + 1e-4
        assert high - 1e-4 < part.max() <= high
        assert stats.kstest(part, stats.uniform(low, high - low).cdf).pvalue > 0.01
    if len(drawn) > 1:
        assert np.abs(np.corrcoef(drawn) - np.eye(len(drawn))).max() < 0.02
    assert not state.steps.numpy().any()
    again, other = (game.reset(tf.constant([11, second]), 50_000)[0].numpy() for second in (12, 13))
    np.testing.assert_array_equal(again, state[0])
    assert (other != state[0].numpy()).mean() > 0.99


SCRIPTS = {  # whether to take the last action, else the first
    "cartpole": lambda observation: observation[..., 2] > 0,  # push where the pole leans
    "acrobot": lambda observation: observation[..., 5] > 0,  # with the lower link's motion
    "mountain_car": lambda observation: observation[..., 1] > 0,  # with the car's motion
}


def scripted(game):
    """The script as a player of ours, and of the original."""
    script, last = SCRIPTS[game.name], len(game.actions) - 1

    def ours(observation, state, seed):
        return last * tf.cast(script(observation), tf.int32)

    return ours, lambda observation: last * int(script(observation))


def random(game):
    """A player of ours, and one of the original, that take any action."""
    generator, actions = np.random.default_rng(5), len(game.actions)
    return at_random(actions), lambda observation: int(generator.integers(actions))


@pytest.mark.parametrize(
    ("game", "players", "episodes"),
    [
        (CartPole(), random, 1000),
        (CartPole(), scripted, 1000),
        (Acrobot(), random, 30),
        (Acrobot(), scripted, 150),
        (MountainCar(), scripted, 300),  # a random player never gets there
    ],
    ids=lambda value: getattr(value, "name", getattr(value, "__name__", str(value))),
)
def test_fixed_policies_score_as_on_the_originals(game, players, episodes):
    """Two samples of one distribution (Kolmogorov-Smirnov), and means within three standard errors."""
    ours_policy, theirs_policy = players(game)
    ours, _ = scores(game, ours_policy, 2000, seed=6)
    env = gymnasium.make(game.official, disable_env_checker=True)
    theirs = original_scores(env, theirs_policy, episodes, seed=7)
    assert len(np.unique(theirs)) > 1
    assert stats.ks_2samp(ours, theirs).pvalue > 0.01
    error = math.sqrt(ours.var() / len(ours) + theirs.var() / len(theirs))
    assert abs(ours.mean() - theirs.mean()) < 3 * error


def test_without_speeds_the_rest_is_the_same():
    masked, whole = CartPole(velocities=False), CartPole()
    state = whole.reset(tf.constant([1, 2]), 8)
    np.testing.assert_array_equal(masked.observe(state), whole.observe(state).numpy()[:, [0, 2]])
    assert masked.observation_shape == (2,)
    assert masked.channels == ("x", "theta")
    assert (masked.official, whole.official) == ("", "CartPole-v1")
    action = tf.constant([0, 1] * 4)
    for ours, theirs in zip(
        masked.advance(state, action, ()).state, whole.advance(state, action, ()).state, strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)
