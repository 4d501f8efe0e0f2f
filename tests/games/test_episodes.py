"""Episodes kept whole: those that evaluation measures, and branches of which the action alone is to blame."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from games import GameError, episodes, evaluation, find
from games.minatar.common import ACTIONS
from models import policy
from tests.games import policies

BREAKOUT = find("breakout")


def agent(game, seed: int = 0, **settings) -> keras.Model:
    """An agent of few units that is sure of what it does."""
    keras.utils.set_random_seed(seed)
    config = policy.Config(game.observation_shape, len(game.actions), widths=(8,), **settings)
    model = policy.build(config)
    for layer in ("logits", "action_values"):
        if layer in [each.name for each in model.layers]:
            kernel, bias = model.get_layer(layer).get_weights()
            model.get_layer(layer).set_weights([100 * kernel, bias])
    return model


@pytest.mark.parametrize(("name", "greedy"), [("cartpole", True), ("breakout", False)])
def test_an_episode_is_the_one_that_is_measured(name, greedy):
    game = find(name)
    model = agent(game)
    for seed in (3, 4):
        played = episodes.record(game, model, seed, 300, greedy)
        measured = evaluation.scores(game, model, 1, seed, 300, greedy)
        assert (played.rewards.sum(), played.steps) == (measured.returns[0], measured.lengths[0])
        again = episodes.record(game, model, seed, 300, greedy)
        np.testing.assert_array_equal(played.observations, again.observations)


def test_an_episode_follows_the_rules():
    game = find("cartpole")
    played = episodes.record(game, policies.always(game, "left"), 1)
    before, after = (
        tf.nest.map_structure(lambda part, place=place: tf.constant(part[place]), played.states)
        for place in (slice(None, -1), slice(1, None))
    )
    step = game.advance(before, tf.constant(played.actions), ())
    for made, kept in zip(tf.nest.flatten(step.state), tf.nest.flatten(after), strict=True):
        np.testing.assert_allclose(made, kept, atol=1e-6)
    np.testing.assert_array_equal(step.reward, played.rewards)
    assert np.flatnonzero(step.terminated).tolist() == [played.steps - 1]
    assert played.end == "terminated"
    np.testing.assert_allclose(played.observations[1:], step.observation, atol=1e-6)


def test_it_is_told_what_the_agent_made_of_each_moment():
    model = agent(BREAKOUT, torso="cnn", filters=(3,))
    played = episodes.record(BREAKOUT, model, 2)
    logits, value = model(played.observations)
    np.testing.assert_allclose(played.scores, logits, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(played.values, value[:, 0], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(played.probabilities, tf.nn.softmax(logits), atol=1e-4)
    np.testing.assert_array_equal(played.actions, played.scores[:-1].argmax(axis=1))


def test_an_agent_of_another_age_plays_in_the_same_program():
    game = find("cartpole")
    first, second = agent(game, 0), agent(game, 5)
    episodes.record(game, first)
    programs = episodes._program.cache_info().misses
    played = episodes.record(game, second)
    assert episodes._program.cache_info().misses == programs
    np.testing.assert_allclose(played.scores, second(played.observations)[0], rtol=1e-3, atol=1e-3)


def test_an_episode_ends_by_the_rules_by_the_clock_or_is_cut():
    maze = find("t_maze", length=3, limit=7)
    waits = policies.always(maze, "west")
    assert episodes.record(maze, waits).end == "truncated"
    assert episodes.record(maze, waits).steps == 7
    assert episodes.record(maze, waits, most_steps=5).end == "cut"
    assert episodes.record(maze, policies.always(maze, "east")).end == "truncated"
    chain = find("memory_chain", length=2)
    assert episodes.record(chain, policies.always(chain, "1")).end == "terminated"


def test_a_branch_is_the_same_before_its_moment_and_another_after():
    model = policies.following(BREAKOUT)
    played = episodes.record(BREAKOUT, model, 1, 60)
    moment = 7
    other = (played.actions[moment] + 1) % 6
    branched = episodes.branch(BREAKOUT, model, played, moment, int(other))
    for one, two in zip(tf.nest.flatten(played.states), tf.nest.flatten(branched.states), strict=True):
        np.testing.assert_array_equal(one[: moment + 1], two[: moment + 1])
    np.testing.assert_array_equal(played.scores[: moment + 1], branched.scores[: moment + 1])
    np.testing.assert_array_equal(played.actions[:moment], branched.actions[:moment])
    assert branched.actions[moment] == other
    assert (
        branched.states.last_action[moment + 1 :]
        != played.states.last_action[moment + 1 :][: branched.steps - moment]
    ).any()


def test_chance_is_the_same_in_a_branch():
    model = policies.following(BREAKOUT)
    played = episodes.record(BREAKOUT, model, 1, 60)
    still = int(np.flatnonzero(played.actions == ACTIONS.index("noop"))[3])
    same = episodes.branch(BREAKOUT, model, played, still, ACTIONS.index("noop"))
    np.testing.assert_array_equal(played.observations, same.observations)
    idle = episodes.branch(BREAKOUT, model, played, still, ACTIONS.index("fire"))  # does nothing there
    assert episodes.parting(played, idle) is None
    np.testing.assert_array_equal(episodes.repeated(BREAKOUT, played), episodes.repeated(BREAKOUT, idle))
    moved = episodes.branch(BREAKOUT, model, played, still, ACTIONS.index("left"))
    parting = episodes.parting(played, moved)
    assert parting > still
    assert (played.observations[parting] != moved.observations[parting]).any()
    assert (played.observations[:parting] == moved.observations[:parting]).all()


def test_a_branch_has_branches():
    game = find("cartpole")
    model = agent(game)
    played = episodes.record(game, model, 1)
    first = episodes.branch(game, model, played, 2, 1 - int(played.actions[2]))
    second = episodes.branch(game, model, first, 4, 1 - int(first.actions[4]))
    assert second.actions[2] == first.actions[2] != played.actions[2]
    assert second.actions[4] != first.actions[4]


def test_what_chance_repeats_is_told():
    sticky = find("breakout", sticky=0.5)
    played = episodes.record(sticky, policies.following(sticky), 3, 60)
    told = episodes.repeated(sticky, played)
    done = played.states.last_action
    assert 0 < told.sum() < played.steps
    np.testing.assert_array_equal(done[1:][~told], played.actions[~told])
    np.testing.assert_array_equal(done[1:][told], done[:-1][told])
    small = find("breakout", minimal=True, sticky=0.0)
    assert not episodes.repeated(small, episodes.record(small, agent(small))).any()


def test_values_of_actions_are_no_chances():
    game = find("cartpole")
    model = agent(game, heads="q")
    played = episodes.record(game, model)
    assert played.probabilities is None
    np.testing.assert_array_equal(played.values, played.scores.max(axis=1))
    with pytest.raises(GameError, match="can't draw"):
        episodes.record(game, model, greedy=False)


@pytest.mark.parametrize("torso", ["rnn", "encoder"])
def test_what_an_agent_remembers_is_kept(torso):
    game = find("t_maze", length=4, limit=12)
    model = agent(game, torso=torso, units=(5,), window=3, width=8, attention_heads=2)
    played = episodes.record(game, model, 1)
    logits, _, *later = model([played.observations, *played.memory])
    np.testing.assert_allclose(played.scores, logits, atol=1e-4)
    for kept, then in zip(played.memory, later, strict=True):
        np.testing.assert_allclose(kept[1:], then[:-1], atol=1e-5)
    branched = episodes.branch(game, model, played, 3, (int(played.actions[3]) + 1) % 4)
    for one, two in zip(played.memory, branched.memory, strict=True):
        np.testing.assert_array_equal(one[:4], two[:4])


def test_an_agent_takes_over_where_someone_else_left_off():
    model = policies.following(BREAKOUT)
    taken = [ACTIONS.index("left")] * 2 + [ACTIONS.index("noop")] * 3
    played = episodes.take_over(BREAKOUT, model, taken, 1, 60)
    assert played.actions[:5].tolist() == taken
    np.testing.assert_array_equal(played.actions[5:], played.scores[5:-1].argmax(axis=1))
    draws = episodes.chances(BREAKOUT, 1, 60)
    before, after = ([part[place] for part in played.states] for place in (slice(None, -1), slice(1, None)))
    used = tf.nest.map_structure(lambda part: tf.constant(part[: played.steps]), draws)
    kind = type(played.states)
    step = BREAKOUT.advance(kind(*map(tf.constant, before)), tf.constant(played.actions), used)
    for made, kept in zip(step.state, after, strict=True):
        np.testing.assert_array_equal(made, kept)
    np.testing.assert_array_equal(step.reward, played.rewards)
    none = episodes.take_over(BREAKOUT, model, [], 1, 60)
    np.testing.assert_array_equal(none.observations, episodes.record(BREAKOUT, model, 1, 60).observations)


def test_a_world_goes_on_from_the_states_that_are_told():
    game = find("cartpole")
    model = policies.leaning(game, 0.3)
    own = episodes.record(game, model, 2)
    told = tf.nest.map_structure(lambda part: part[:6].copy(), own.states)
    told.x[3:] += 0.25  # no rule leads there
    played = episodes.take_over(game, model, own.actions[:5], 2, states=told)
    for name, kept in played.states._asdict().items():
        np.testing.assert_array_equal(kept[:6], getattr(told, name))
    np.testing.assert_allclose(played.states.x[6], told.x[5] + 0.02 * told.x_dot[5], atol=1e-6)
    np.testing.assert_array_equal(played.observations[:, 0], played.states.x)
    assert (played.end, played.steps) == ("truncated", 500)


def test_one_that_takes_over_remembers_what_came_before():
    game = find("cartpole_masked")
    model = agent(game, torso="rnn", units=(5,))
    own = episodes.record(game, model, 1)
    told = tf.nest.map_structure(lambda part: part[:5].copy(), own.states)
    told.theta[:] += np.float32(0.01)
    played = episodes.take_over(game, model, own.actions[:4], 1, states=told)
    memory = [tf.zeros((1, *part.shape[1:])) for part in played.memory]
    for moment in range(6):
        for kept, then in zip(played.memory, memory, strict=True):
            np.testing.assert_allclose(kept[moment], then[0], atol=1e-5)
        seen = tf.constant(played.observations[moment : moment + 1])
        _, _, *memory = model([seen, *memory])
    np.testing.assert_allclose(played.observations[:5, 1], told.theta, atol=0)


@pytest.mark.parametrize(
    ("taken", "change", "message"),
    [
        ([2], {}, "actions must be 0 to 1"),
        ([-1], {}, "actions must be 0 to 1"),
        ([0] * 9, {}, "fewer than 9 actions"),
        ([0], {"x": np.zeros(3, "float32")}, r"x must be \(2,\) float32"),
        ([0], {"x": np.zeros(2, "float64")}, "x must be"),
        ([0], {"theta": np.array([0, np.nan], "float32")}, "theta must be finite"),
        ([0], {"theta": np.array([0, 1], "float32")}, "over within 1 steps"),
    ],
)
def test_there_is_nothing_to_take_over(taken, change, message):
    game = find("cartpole")
    states = type(game).reset(game, tf.constant([0, 0]), 1)
    told = tf.nest.map_structure(lambda part: np.zeros(2, part.dtype.as_numpy_dtype), states)
    with pytest.raises(GameError, match=message):
        episodes.take_over(game, policies.leaning(game), taken, 0, 9, states=told._replace(**change))


def test_chances_are_those_of_each_step():
    game = find("asterix")
    drawn = episodes.chances(game, 4, 7)
    for now in range(7):
        once = game.draw(evaluation.key(tf.constant(4, tf.int64), 1, now), 1)
        for all_, one in zip(drawn, once, strict=True):
            np.testing.assert_array_equal(all_[now], one[0])
    assert episodes.chances(find("cartpole"), 4, 7) == ()


@pytest.mark.parametrize(
    ("moment", "action", "message"),
    [(-1, 0, "moment must be 0 to"), (500, 0, "moment must be 0 to"), (0, 2, "action must be 0 to 1")],
)
def test_there_is_no_branch_beyond(moment, action, message):
    game = find("cartpole")
    model = agent(game)
    with pytest.raises(GameError, match=message):
        episodes.branch(game, model, episodes.record(game, model), moment, action)


def test_another_games_agent_is_refused():
    with pytest.raises(GameError, match="does not fit CartPole"):
        episodes.record(find("cartpole"), policies.indifferent(BREAKOUT))
