"""What all five games of MinAtar keep to: shapes, actions, sticky actions, ends, settings, one XLA program."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from minatar import Environment

from games.game import where
from games.minatar import Asterix, Breakout, Freeway, Seaquest, SpaceInvaders
from games.minatar.common import ACTIONS

GAMES = [Breakout, Asterix, Freeway, SpaceInvaders, Seaquest]
RAMPING = [Asterix, SpaceInvaders, Seaquest]
B = 8


def rollout(game, steps):
    """A program that plays given actions, each world anew when it has ended, and returns all that it saw."""

    def play(state, actions, seeds):
        seen = tf.TensorArray(tf.float32, steps, element_shape=(B, *game.observation_shape))
        rewards = tf.TensorArray(tf.float32, steps, element_shape=(B,))
        for number in tf.range(steps):
            chance, anew = tf.unstack(seeds[number])
            step = game.step(state, actions[number], chance)
            seen = seen.write(number, step.observation)
            rewards = rewards.write(number, step.reward)
            state = where(step.terminated, game.reset(anew, B), step.state)
        return state, seen.stack(), rewards.stack()

    return play


@pytest.mark.slow
@pytest.mark.parametrize("kind", GAMES)
def test_a_rollout_is_one_program_and_the_same_without_xla(kind):
    game = kind()
    begin = game.reset((0, 0), B)
    random = np.random.RandomState(0)
    actions = tf.constant(random.randint(len(game.actions), size=(60, B)), tf.int32)
    seeds = tf.constant(random.randint(-(2**31), 2**31, (60, 2, 2)), tf.int32)
    compiled = tf.function(rollout(game, 60), jit_compile=True)(begin, actions, seeds)
    plain = tf.function(rollout(game, 60))(begin, actions, seeds)
    tf.nest.map_structure(np.testing.assert_array_equal, compiled, plain)
    for before, after in zip(begin, compiled[0], strict=True):
        assert (before.shape, before.dtype) == (after.shape, after.dtype)
    seen = compiled[1].numpy()
    assert {*np.unique(seen)} == {0, 1}
    assert seen.shape == (60, B, 10, 10, len(game.channels))
    assert len({*map(bytes, seen[-1])}) > 1  # worlds go different ways


@pytest.mark.parametrize("kind", GAMES)
def test_names_are_the_originals(kind):
    game, minimal = kind(), kind(minimal=True)
    env = Environment(game.name)
    channels = tuple(channel.replace("guage", "gauge") for channel in env.env.channels)
    assert game.channels == channels
    assert game.observation_shape == tuple(env.state_shape())
    assert game.actions == ACTIONS
    assert [name[0] for name in ACTIONS] == env.env.action_map
    assert [ACTIONS.index(name) for name in minimal.actions] == env.minimal_action_set()
    assert game.official == f"MinAtar/{game.name.title().replace('_', '')}-v0"
    assert minimal.official == game.official.replace("v0", "v1")


@pytest.mark.parametrize("kind", GAMES)
def test_minimal_actions_do_what_their_names_say(kind):
    game, minimal = kind(), kind(minimal=True)
    n = len(minimal.actions)
    state = tf.nest.map_structure(lambda part: tf.repeat(part, n, axis=0), game.reset((0, 0), 1))
    if kind is Freeway:
        state = state._replace(move_timer=state.move_timer * 0)
    draws = game.draw((0, 0), n)._replace(repeat=tf.zeros(n, tf.bool))
    named = [ACTIONS.index(name) for name in minimal.actions]
    expected = game.advance(state, tf.constant(named), draws)
    tf.nest.map_structure(np.testing.assert_array_equal, minimal.advance(state, tf.range(n), draws), expected)
    np.testing.assert_array_equal(expected.state.last_action, named)
    for number in range(1, n):
        if minimal.actions[number] != "up" or kind is not Seaquest:  # it is at the surface already
            assert any(np.any(part[number] != part[0]) for part in expected.state[:-1])


@pytest.mark.parametrize("kind", GAMES)
def test_a_repeated_action_takes_the_place_of_the_chosen_one(kind):
    game = kind(sticky=0.3)
    assert not np.any(kind(sticky=0.0).draw((0, 0), 1000).repeat)
    draws = game.draw((0, 0), 10_000)
    assert abs(np.mean(draws.repeat) - 0.3) < 0.015
    state = game.reset((0, 0), 10_000)
    state = state._replace(last_action=state.last_action + ACTIONS.index("down"))
    after = game.advance(state, tf.fill(10_000, ACTIONS.index("up")), draws).state.last_action
    np.testing.assert_array_equal(after == ACTIONS.index("down"), draws.repeat)
    np.testing.assert_array_equal(after == ACTIONS.index("up"), ~draws.repeat.numpy())


@pytest.mark.parametrize("kind", GAMES)
def test_a_world_that_has_ended_stays_as_it_ended(kind):
    game = kind()
    state = game.reset((0, 0), B)
    ended = tf.range(B) % 2 == 0
    step = game.step(state._replace(ended=ended), tf.fill(B, ACTIONS.index("left")), tf.constant([0, 0]))
    for before, after in zip(state._replace(ended=ended), step.state, strict=True):
        np.testing.assert_array_equal(before[::2], after[::2])
    assert any(np.any(before != after) for before, after in zip(state, step.state, strict=True))
    np.testing.assert_array_equal(step.terminated, ended)
    assert not np.any(step.truncated)
    np.testing.assert_array_equal(step.reward, np.zeros(B))


@pytest.mark.parametrize("kind", GAMES)
@pytest.mark.parametrize("sticky", [-0.1, 1.0, float("nan")])
def test_sticky_must_be_a_share(kind, sticky):
    with pytest.raises(ValueError, match=f"sticky must be at least 0 and below 1. Received: {sticky}"):
        kind(sticky=sticky)


@pytest.mark.parametrize("kind", GAMES)
def test_flags_must_be_true_or_false(kind):
    flags = [field.name for field in dataclasses.fields(kind) if field.name != "sticky"]
    assert flags == (["minimal", "ramping"] if kind in RAMPING else ["minimal"])
    for flag in flags:
        with pytest.raises(ValueError, match=f"{flag} must be one of True, False. Received: 'no'"):
            kind(**{flag: "no"})
