"""Memory games: every rule by hand, what the best score is, and that nothing but memory reaches it."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from games.memory_games import MemoryChain, MemoryChainState, TMaze, TMazeState
from tests.games.playing import at_random, scores

NORTH, EAST, SOUTH, WEST = range(4)


def chain(game, *contexts, query=0):
    """A game of each of these contexts, from its start."""
    n = len(contexts)
    return MemoryChainState(tf.constant(contexts), tf.fill([n], query), tf.zeros(n, tf.int32))


def maze(*north, position=0, steps=0):
    """A game with its goal on each of these sides, everyone as far down the corridor."""
    n = len(north)
    return TMazeState(tf.constant(north), tf.fill([n], position), tf.zeros(n, tf.bool), tf.fill([n], steps))


def follow(game, state, actions):
    """Do these in turn, each in all worlds; what came of each."""
    outcomes = []
    for action in actions:
        outcomes.append(game.advance(state, tf.fill([state[0].shape[0]], action), ()))
        state = outcomes[-1].state
    return outcomes


def test_a_chain_step_by_step():
    """Of length 4: the bit at the start, the time that is left, an answer to the fifth observation."""
    game = MemoryChain(length=4)
    state = chain(game, [0], [1])
    np.testing.assert_allclose(game.observe(state), [[1, 0, -1], [1, 0, 1]])
    outcomes = follow(game, state, [1, 0, 1, 0, 1])
    for left, outcome in zip((0.75, 0.5, 0.25, 0.0, 0.0), outcomes, strict=True):
        np.testing.assert_allclose(outcome.observation, [[left, 0, 0]] * 2)
    for outcome in outcomes[:-1]:
        assert not outcome.reward.numpy().any()
        assert not outcome.terminated.numpy().any()
    assert outcomes[-1].reward.numpy().tolist() == [-1, 1]
    assert outcomes[-1].terminated.numpy().all()
    assert not any(outcome.truncated.numpy().any() for outcome in outcomes)


def test_a_chain_asks_for_one_bit_of_several():
    game = MemoryChain(length=1, bits=3)
    assert game.observation_shape == (5,)
    assert game.channels == ("time left", "query", "bit 0", "bit 1", "bit 2")
    state = chain(game, [0, 1, 1], [1, 1, 0], query=2)
    np.testing.assert_allclose(game.observe(state), [[1, 0, -1, 1, 1], [1, 0, 1, 1, -1]])
    first, last = follow(game, state, [0, 1])
    np.testing.assert_allclose(first.observation, [[0, 2, 0, 0, 0]] * 2)
    assert last.reward.numpy().tolist() == [1, -1]


def test_a_maze_step_by_step():
    """Of length 2: sign, corridor, junction; the right turn and the wrong one."""
    game = TMaze(length=2)
    state = maze(True, False)
    np.testing.assert_array_equal(game.observe(state), [[0, 1, 1], [1, 1, 0]])
    first, second, turn = follow(game, state, [EAST, EAST, NORTH])
    np.testing.assert_array_equal(first.observation, [[1, 0, 1]] * 2)
    np.testing.assert_array_equal(second.observation, [[0, 1, 0]] * 2)
    np.testing.assert_array_equal(turn.observation, [[0, 0, 0]] * 2)
    for outcome in (first, second):
        assert outcome.reward.numpy().tolist() == [0, 0]
        assert not outcome.terminated.numpy().any()
    np.testing.assert_allclose(turn.reward, [4, -0.1])
    assert turn.terminated.numpy().all()
    assert not turn.truncated.numpy().any()
    np.testing.assert_allclose(follow(game, second.state, [SOUTH])[0].reward, [-0.1, 4])


@pytest.mark.parametrize(
    ("position", "action", "moved", "reward"),
    [
        (0, NORTH, 0, -0.1),
        (0, SOUTH, 0, -0.1),
        (0, WEST, 0, -0.1),
        (0, EAST, 1, 0.0),
        (3, NORTH, 3, -0.1),
        (3, SOUTH, 3, -0.1),
        (3, WEST, 2, 0.0),
        (3, EAST, 4, 0.0),
        (5, EAST, 5, -0.1),
        (5, WEST, 4, 0.0),
    ],
)
def test_walls_of_a_maze(position, action, moved, reward):
    """In a corridor of 5: who stands still before a wall pays, who walks does not."""
    (outcome,) = follow(TMaze(length=5), maze(True, False, position=position), [action])
    assert outcome.state.position.numpy().tolist() == [moved, moved]
    np.testing.assert_allclose(outcome.reward, [reward] * 2)
    assert not outcome.terminated.numpy().any()
    assert outcome.state.steps.numpy().tolist() == [1, 1]


def test_the_sign_is_read_again_by_who_comes_back():
    game = TMaze(length=3)
    state = maze(True, False)
    *_, back = follow(game, state, [EAST, WEST])
    np.testing.assert_array_equal(back.observation, game.observe(state))


def test_time_runs_out_in_a_maze():
    game = TMaze(length=2, limit=4)
    outcomes = follow(game, maze(True, False), [WEST] * 4)
    assert [outcome.truncated.numpy().any() for outcome in outcomes] == [False] * 3 + [True]
    assert not outcomes[-1].terminated.numpy().any()
    (turn,) = follow(game, maze(True, False, position=2, steps=3), [NORTH])  # in the last step, and in time
    assert turn.terminated.numpy().all()
    assert not turn.truncated.numpy().any()


@pytest.mark.parametrize(
    ("game", "last"),
    [
        (MemoryChain(length=2), chain(MemoryChain(), [0], [1])._replace(steps=tf.constant([3, 3]))),
        (TMaze(length=2), maze(True, False, position=2)._replace(turned=tf.constant([True, True]))),
        (TMaze(length=2, limit=3), maze(True, False, position=1, steps=3)),
    ],
    ids=["chain", "turned", "out of time"],
)
def test_an_ended_world_stays(game, last):
    ends = [part.numpy().tolist() for part in game.ended(last)]
    for action in range(len(game.actions)):
        (outcome,) = follow(game, last, [action])
        for before, after in zip(last, outcome.state, strict=True):
            np.testing.assert_array_equal(before, after)
        assert outcome.reward.numpy().tolist() == [0, 0]
        assert [outcome.terminated.numpy().tolist(), outcome.truncated.numpy().tolist()] == ends


def test_starts_are_fair():
    """Every bit, every question and both sides as often, one not following from another."""
    n = 20_000
    state = MemoryChain(bits=3).reset(tf.constant([1, 2]), n)
    margin = 4 * 0.5 / np.sqrt(n)
    assert np.abs(state.context.numpy().mean(axis=0) - 0.5).max() < margin
    assert np.abs(np.bincount(state.query) / n - 1 / 3).max() < margin
    drawn = np.column_stack([state.context, state.query])
    assert np.abs(np.corrcoef(drawn.T) - np.eye(4)).max() < 4 / np.sqrt(n)
    north = TMaze().reset(tf.constant([1, 2]), n).north.numpy()
    assert abs(north.mean() - 0.5) < margin


@pytest.mark.parametrize("length", [1, 5, 30])
def test_who_remembers_answers_every_time(length):
    def remember(observation, state, seed):
        return state.context[:, 0]

    score, steps = scores(MemoryChain(length=length), remember, 500, seed=1)
    assert (score == 1).all()
    assert (steps == length + 1).all()


@pytest.mark.parametrize("length", [1, 5, 70])
def test_who_remembers_turns_right_every_time(length):
    def remember(observation, state, seed):
        turn = tf.where(state.north, NORTH, SOUTH)
        return tf.where(state.position == length, turn, EAST)

    score, steps = scores(TMaze(length=length), remember, 500, seed=1)
    np.testing.assert_allclose(score, 4)
    assert (steps == length + 1).all()


def test_no_chain_is_answered_by_what_is_seen():
    """Any rule from the last observation to the answer: over both bits the rewards add up to nothing."""
    game = MemoryChain(length=3)
    due = chain(game, [0], [1])._replace(steps=tf.constant([3, 3]))
    seen = game.observe(due).numpy()
    np.testing.assert_array_equal(seen[0], seen[1])
    for answer in range(2):
        assert follow(game, due, [answer])[0].reward.numpy().sum() == 0
    score, _ = scores(game, at_random(2), 4000, seed=2)
    assert abs(score.mean()) < 4 / np.sqrt(4000)


def test_no_maze_is_solved_by_what_is_seen():
    """All 4^4 rules from sign, corridor and junction to an action: over both sides none has more than half."""
    game, half = TMaze(length=3, limit=30), (4 - 0.1) / 2
    kinds = np.array([[0, 1, 1], [1, 1, 0], [1, 0, 1], [0, 1, 0]])
    rules = np.array(list(itertools.product(range(4), repeat=4)), "int32")  # (256, 4)
    north = np.repeat([True, False], len(rules))
    rules = np.tile(rules, (2, 1))
    state, total = maze(*north.tolist()), np.zeros(len(north))
    step = tf.function(game.advance, jit_compile=True)
    seen = game.observe(state).numpy()
    for _ in range(game.limit):
        kind = (seen[:, None] == kinds).all(axis=-1).argmax(axis=-1)  # of an ended world any: it stays
        outcome = step(state, tf.constant(rules[np.arange(len(rules)), kind]), ())
        state, seen = outcome.state, outcome.observation.numpy()
        total += outcome.reward.numpy()
    assert tf.reduce_all(outcome.terminated | outcome.truncated)
    both = total.reshape(2, -1).mean(axis=0)
    np.testing.assert_allclose(both.max(), half, rtol=1e-6)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: MemoryChain(length=0), "length must be an integer of at least 1. Received: 0"),
        (lambda: MemoryChain(length=2.5), "length must be an integer of at least 1. Received: 2.5"),
        (lambda: MemoryChain(bits=True), "bits must be an integer of at least 1. Received: True"),
        (lambda: TMaze(length=-1), "length must be an integer of at least 1. Received: -1"),
        (lambda: TMaze(limit=0), "limit must be an integer of at least 1. Received: 0"),
        (lambda: TMaze(length=20, limit=20), "limit must be more than length, 20, .* Received: 20"),
    ],
)
def test_settings_that_break_a_rule(build, message):
    with pytest.raises(ValueError, match=message):
        build()
