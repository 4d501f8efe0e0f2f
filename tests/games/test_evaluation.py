"""How agents are measured: policies whose best action is known, ours beside the originals, what is told."""

import sys
from dataclasses import dataclass
from typing import NamedTuple

import keras
import minatar
import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from games import GameError, evaluation, find
from games.chanceless import Chanceless
from games.classic import CartPole
from games.evaluation import Evaluator, Scores, official_scores, scores, summary
from games.game import Game, Step
from games.memory_games import MemoryChain, TMaze
from games.minatar import Breakout, SpaceInvaders
from games.player import Player
from tests.games import policies
from training import strategy


class StaggeredState(NamedTuple):
    steps: tf.Tensor
    number: tf.Tensor


@dataclass(frozen=True)
class Staggered(Game):
    """World k ends after k + 1 steps, the last never; unlike other games it goes on and pays after its end.

    The reward is 1 where the seed of a step can't be one of training's, else 0.
    """

    name = "staggered"
    title = "Staggered"
    actions = ("go on",)
    observation_shape = (1,)
    channels = ("steps",)

    def reset(self, seed, n):
        number = tf.range(n)
        return StaggeredState(tf.zeros(n, tf.int32), tf.where(number == n - 1, 10**9, number))

    def draw(self, seed, n):
        low = tf.bitwise.bitwise_and(seed[1], 2**31 - 1)  # what counts of it in any game
        apart = (low >= 2**30) & (low < 2**31 - 1)
        return tf.fill([n], tf.cast(apart, tf.float32))

    def advance(self, state, action, draws):
        after = state._replace(steps=state.steps + 1)
        over = after.steps == state.number + 1
        return Step(after, self.observe(after), draws, over, tf.zeros_like(over))

    def observe(self, state):
        return tf.cast(state.steps, tf.float32)[:, None]


class CoinState(NamedTuple):
    steps: tf.Tensor


@dataclass(frozen=True)
class Coin(Chanceless):
    """One step: heads brings 1."""

    name = "coin"
    title = "Coin"
    actions = ("heads", "tails")
    observation_shape = (1,)
    channels = ("nothing",)

    def reset(self, seed, n):
        return CoinState(tf.zeros(n, tf.int32))

    def follow(self, state, action):
        return CoinState(state.steps + 1), tf.cast(action == 0, tf.float32)

    def ended(self, state):
        return state.steps > 0, tf.zeros_like(state.steps, tf.bool)

    def observe(self, state):
        return tf.zeros((*state.steps.shape, 1))


def agree(one: Scores, two: Scores) -> None:
    """Their means differ by no more than three standard errors, and their returns are mixed alike."""
    error = np.sqrt(one.returns.var() / len(one.returns) + two.returns.var() / len(two.returns))
    assert abs(one.returns.mean() - two.returns.mean()) < 3 * error
    assert stats.ks_2samp(one.returns, two.returns).pvalue > 0.01


# In ours


def test_a_known_policy_has_the_score_of_its_rule_in_a_plain_loop():
    game, n, seed = CartPole(), 12, 5
    model = policies.leaning(game)
    player = Player(model)
    found = scores(game, model, n, seed)
    begin = tf.function(
        lambda: evaluation.begin(game, player, tf.constant(seed, tf.int64), n).state, jit_compile=True
    )
    state, going, expected = begin(), set(range(n)), np.zeros(n)
    while going:
        step = game.advance(state, tf.constant(state.theta.numpy() > 0, tf.int32), ())
        state = step.state
        for world in [*going]:
            expected[world] += float(step.reward[world])
            if step.terminated[world]:
                going.remove(world)
    np.testing.assert_array_equal(found.returns, expected)
    np.testing.assert_array_equal(found.lengths, expected)
    assert len({*found.returns}) > 3
    assert not found.cut.any()
    assert found.greedy
    assert found.sticky is None


def test_what_ends_stays_ended_and_what_goes_on_is_cut():
    """And every step's seed is apart from training's, whatever the first number."""
    game = Staggered()
    evaluate = Evaluator(game, policies.always(game, "go on"), episodes=6, most_steps=9)
    for seed in (0, 2**32 - 1):
        found = evaluate(seed)
        np.testing.assert_array_equal(found.lengths, [1, 2, 3, 4, 5, 9])
        np.testing.assert_array_equal(found.returns, found.lengths)
        np.testing.assert_array_equal(found.cut, [False] * 5 + [True])


def test_the_same_seed_has_the_same_scores_and_another_has_not():
    """Of a policy that draws, in a game of chance."""
    game = Breakout()
    evaluate = Evaluator(game, policies.indifferent(game), 16, greedy=False)
    first, again, other = evaluate(1), evaluate(1), evaluate(2)
    np.testing.assert_array_equal(first.returns, again.returns)
    np.testing.assert_array_equal(first.lengths, again.lengths)
    assert (first.lengths != other.lengths).any()
    assert not first.cut.any()
    assert not first.greedy
    assert first.sticky == 0.1


def test_what_is_drawn_is_as_likely_as_the_policy_says():
    game, n = Coin(), 4096
    model = policies.linear(game, np.zeros((1, 2)), np.log([0.2, 0.8]))
    assert scores(game, model, n).returns.sum() == 0  # greedy
    drawn = scores(game, model, n, greedy=False).returns
    assert drawn.mean() == pytest.approx(0.2, abs=4 * np.sqrt(0.2 * 0.8 / n))


def test_an_evaluator_measures_what_the_model_is_now_and_compiles_once():
    game = TMaze(length=3)
    model = policies.always(game, "east")
    evaluate = Evaluator(game, model, episodes=4)
    waiting = evaluate()
    assert waiting.lengths.tolist() == [200] * 4
    assert not waiting.cut.any()  # its time ran out: that is an end
    model.set_weights(policies.always(game, "west").get_weights())
    np.testing.assert_allclose(evaluate().returns, [-20] * 4, rtol=1e-5)
    assert evaluate._program.experimental_get_tracing_count() == 1


def test_a_model_on_several_devices_is_measured_as_on_one():
    game = CartPole()
    expected = scores(game, policies.leaning(game, 0.1), 8, most_steps=50)
    chosen = strategy.pick("cpu:2")
    with chosen.scope():
        model = policies.leaning(game, 0.1)
        evaluate = Evaluator(game, model, 8, 50)
        within = evaluate()
    for found in (within, evaluate()):
        np.testing.assert_array_equal(found.returns, expected.returns)


def test_an_agent_remembers_within_an_episode():
    """A bit that it saw once; a place a moment ago, which tells the speed, in ours as in the original."""
    chain = MemoryChain(length=5)
    bit = policies.remembering(chain, lambda seen, past: (seen[:, 2:] + past, seen[:, 2:] + past))
    evaluate = Evaluator(chain, bit, 16)
    assert evaluate().returns.tolist() == evaluate().returns.tolist() == [1] * 16
    cart = CartPole(velocities=False)
    speedy = policies.remembering(
        cart, lambda seen, past: (seen[:, 1:] + 25 * (seen[:, 1:] - past), seen[:, 1:])
    )
    for play in (scores, official_scores):
        assert play(cart, speedy, 4).returns.tolist() == [500] * 4


def test_an_agent_of_values_takes_the_best():
    game = Coin()
    observation = keras.Input((1,))
    values = keras.layers.Dense(2)
    model = keras.Model(observation, values(observation))
    values.set_weights([np.zeros((1, 2)), np.array([2.0, 1.0])])
    assert scores(game, model, 3).returns.tolist() == [1, 1, 1]
    with pytest.raises(GameError, match="takes the best and can't draw"):
        scores(game, model, 3, greedy=False)


# In the originals


def test_ours_and_gymnasiums_agree():
    """A rule under which the pole falls after some 40 steps; and one that keeps it up to the time's end."""
    game = CartPole()
    model = policies.leaning(game)
    theirs = official_scores(game, model, 60)
    agree(scores(game, model, 60), theirs)
    assert theirs.lengths.tolist() == theirs.returns.tolist()
    first, again, other = (official_scores(game, model, 4, seed).returns.tolist() for seed in (1, 1, 2))
    assert first == again != other
    steady = policies.leaning(game, 0.5)
    for found in (scores(game, steady, 3), official_scores(game, steady, 3)):
        assert found.returns.tolist() == [500] * 3
        assert not found.cut.any()


def test_ours_and_minatars_agree():
    """A rule that sticky actions lead astray, so that games end."""
    game = Breakout(sticky=0.3)
    model = policies.following(game)
    ours, theirs = scores(game, model, 100), official_scores(game, model, 60)
    agree(ours, theirs)
    assert ours.returns.max() > 3
    assert ours.sticky == theirs.sticky == 0.3
    assert not ours.cut.any()
    assert not theirs.cut.any()


def test_what_is_drawn_in_the_original_is_drawn_alike():
    game = Breakout()
    model = policies.indifferent(game)
    ours, theirs = (play(game, model, 100, greedy=False) for play in (scores, official_scores))
    agree(ours, theirs)
    assert len({*theirs.lengths}) > 3


def test_a_masked_cart_is_played_in_the_original_without_its_speeds():
    """The same rule has the same scores, since it looks at no speed."""
    masked, whole = CartPole(velocities=False), CartPole()
    hidden = official_scores(masked, policies.leaning(masked), 8)
    np.testing.assert_array_equal(hidden.returns, official_scores(whole, policies.leaning(whole), 8).returns)


@pytest.mark.parametrize("name", ["acrobot", "mountain_car"])
def test_original_episodes_are_cut_as_ours(name):
    game = find(name)
    found = official_scores(game, policies.always(game, game.actions[1]), 2, most_steps=5)
    assert found.cut.all()
    assert found.lengths.tolist() == [5, 5]
    assert found.returns.tolist() == [-5, -5]


def test_minimal_actions_are_the_originals_by_their_names():
    few, all_six = (
        official_scores(game, policies.always(game, "fire"), 4, most_steps=60)
        for game in (SpaceInvaders(minimal=True), SpaceInvaders())
    )
    assert few.returns.min() > 0  # to stand and fire hits some
    np.testing.assert_array_equal(few.returns, all_six.returns)


def test_the_original_has_the_games_settings(monkeypatch):
    asked = []

    class Told(minatar.Environment):
        def __init__(self, *settings):
            asked.append(settings)
            super().__init__(*settings)

    monkeypatch.setattr(minatar, "Environment", Told)
    for game in (SpaceInvaders(sticky=0.25, ramping=False), Breakout()):
        official_scores(game, policies.always(game, "noop"), 1, most_steps=1)
    assert asked == [("space_invaders", 0.25, False), ("breakout", 0.1, True)]


@pytest.mark.parametrize(("name", "package"), [("cartpole", "gymnasium"), ("breakout", "minatar")])
def test_without_the_package_it_says_how_to_get_it(name, package, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    game = find(name)
    with pytest.raises(GameError, match=f"{game.title} is in the package {package}: pip install {package}"):
        official_scores(game, policies.indifferent(game), 1)


@pytest.mark.parametrize("name", ["t_maze", "memory_chain"])
def test_what_has_no_original_says_so(name):
    game = find(name)
    with pytest.raises(GameError, match=f"{game.title} has no original"):
        official_scores(game, policies.indifferent(game), 1)


# What can't be


def test_an_agent_of_another_game_does_not_fit():
    with pytest.raises(GameError) as raised:
        scores(find("freeway"), policies.indifferent(Breakout()))
    assert str(raised.value) == (
        "the agent does not fit Freeway, which shows (10, 10, 7) and has 6 actions. "
        "Received: an agent that sees (10, 10, 4) and has 6 actions"
    )
    with pytest.raises(GameError, match="has 2 actions. Received: an agent that sees .2,. and has 3 actions"):
        official_scores(CartPole(velocities=False), policies.indifferent(find("mountain_car")))


def test_a_model_that_is_no_policy_is_refused():
    observation = keras.Input((4,))
    heads = [keras.layers.Dense(2)(observation) for _ in range(2)]
    value = keras.layers.Dense(1)(observation)
    for outputs in (heads, [heads[0], value, heads[1]]):  # no value; a memory that it is not given
        with pytest.raises(GameError, match="a policy gives logits of its actions, a value .1,., and what"):
            Evaluator(CartPole(), keras.Model(observation, outputs))
    with pytest.raises(GameError, match="Received: a model from ..4,., .3,.. to ..2,., .1,., .2,..$"):
        Evaluator(CartPole(), keras.Model([observation, keras.Input((3,))], [heads[0], value, heads[1]]))
    with pytest.raises(
        GameError, match="has 2 actions. Received: an agent that sees .4,. and has 5x2 actions"
    ):
        Evaluator(
            CartPole(),
            keras.Model(observation, keras.layers.Reshape((5, 2))(keras.layers.Dense(10)(observation))),
        )


@pytest.mark.parametrize("play", [scores, official_scores])
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"episodes": 0}, "episodes must be at least 1. Received: 0"),
        ({"most_steps": 0}, "most_steps must be 1 to 67108864. Received: 0"),
        ({"most_steps": 2**30}, "most_steps must be 1 to 67108864"),
        ({"seed": -1}, "a seed must be 0 to 4294967295. Received: -1"),
        ({"seed": 2**32}, "a seed must be 0 to 4294967295"),
    ],
)
def test_there_is_no_such_number(play, settings, message):
    game = CartPole()
    with pytest.raises(GameError, match=message):
        play(game, policies.leaning(game), **settings)


# What is told


def told(returns, **changes) -> dict:
    returns = np.array(returns, "float32")
    none = np.zeros(len(returns), bool)
    return summary(
        Scores(**{"returns": returns, "lengths": np.full(len(returns), 7), "cut": none, **changes})
    )


def test_a_summary_by_hand():
    """Of eight returns the interquartile mean is of the middle four."""
    found = told([9, 0, 2, -40, 3, 7, 1, 100], cut=np.arange(8) < 2, sticky=0.25, greedy=False)
    low, high = found.pop("low"), found.pop("high")
    assert low <= found["iqm"] <= high
    assert found == {
        "mean": 82 / 8,
        "deviation": pytest.approx(np.sqrt((81 + 0 + 4 + 1600 + 9 + 49 + 1 + 10_000) / 8 - (82 / 8) ** 2)),
        "iqm": (1 + 2 + 3 + 7) / 4,
        "median": 2.5,
        "best": 100,
        "worst": -40,
        "episodes": 8,
        "steps": 56,
        "frames": 56,
        "cut": 2,
        "greedy": False,
        "sticky": 0.25,
    }
    assert "sticky" not in told([1.0, 2.0])


def test_the_interquartile_mean_is_rliables():
    """`scipy.stats.trim_mean` with 0.25: of n returns the n // 4 lowest and highest are left out."""
    for n in (1, 3, 5, 10, 101):
        returns = np.random.default_rng(n).normal(size=n).astype("float32")
        middle = np.sort(returns)[n // 4 : n - n // 4]
        assert told(returns)["iqm"] == pytest.approx(middle.mean(), abs=1e-6)
        assert told(returns)["iqm"] == pytest.approx(stats.trim_mean(returns, 0.25), abs=1e-6)


def test_the_interval_is_of_a_percentile_bootstrap():
    """As one counts it by hand, up to the draws; it follows from the seed, and of one episode there is none."""
    random = np.random.default_rng(0)
    returns = random.exponential(10, 40).astype("float32")
    again = np.sort(random.choice(returns, (20_000, 40)))[:, 10:30].mean(1)
    found = told(returns)
    assert (found["low"], found["high"]) == pytest.approx(np.quantile(again, [0.025, 0.975]), rel=0.02)
    assert told(returns) == found
    one = told([3.0])
    assert (one["low"], one["high"], one["iqm"], one["deviation"]) == (None, None, 3, 0)
    same = told([500.0] * 100)
    assert (same["low"], same["high"]) == (500, 500)
