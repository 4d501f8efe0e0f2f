"""What is true of every game that there is, and how one is found."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from games import GAMES, GameError, find
from games.game import where
from training.settings import SettingsError

BY_NAME = pytest.mark.parametrize("name", GAMES)


@BY_NAME
def test_a_game_says_what_it_is(name):
    game = GAMES[name]
    assert game.name == name
    assert game.title
    assert len(set(game.actions)) == len(game.actions) > 1
    assert len(game.channels) == game.observation_shape[-1]
    with pytest.raises(dataclasses.FrozenInstanceError):
        game.length = 3


@BY_NAME
def test_a_loop_over_its_steps_is_one_program(name):
    """XLA compiles it, so a step keeps every dtype and shape; and all follows from the seed."""
    game, n = GAMES[name], 6

    def play(seed):
        def go_on(step, state, observation, total):
            drawn = tf.stack([seed, step])
            action = tf.random.stateless_uniform((n,), drawn, 0, len(game.actions), tf.int32)
            outcome = game.step(state, action, drawn + [1, 0])
            over = outcome.terminated | outcome.truncated
            state = where(over, game.reset(drawn + [2, 0], n), outcome.state)
            return step + 1, state, game.observe(state), total + outcome.reward

        state = game.reset(tf.stack([seed, -1]), n)
        begun = (tf.constant(0), state, game.observe(state), tf.zeros(n))
        return tf.while_loop(lambda step, *_: step < 60, go_on, begun)

    program = tf.function(play, jit_compile=True, input_signature=[tf.TensorSpec((), tf.int32)])
    first, again, other = (tf.nest.flatten(program(seed)) for seed in (3, 3, 4))
    observation = first[-2]
    assert observation.shape == (n, *game.observation_shape)
    assert observation.dtype == tf.float32
    assert np.isfinite(observation).all()
    for one, two in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, two)
    assert any((one.numpy() != two.numpy()).any() for one, two in zip(first, other, strict=True))


@BY_NAME
def test_rules_are_the_same_without_xla(name):
    """But for rounding. The draws are not: TensorFlow makes other numbers of a seed where XLA compiles."""
    game, n = GAMES[name], 6
    state, draws = game.reset(tf.constant([5, 6]), n), game.draw(tf.constant([7, 8]), n)
    action = tf.range(n) % len(game.actions)
    compiled = tf.function(game.advance, jit_compile=True)(state, action, draws)
    plain = game.advance(state, action, draws)
    tf.nest.assert_same_structure(plain, compiled)
    for one, two in zip(tf.nest.flatten(plain), tf.nest.flatten(compiled), strict=True):
        assert one.dtype == two.dtype
        np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-6)


def test_find_gives_a_game_with_its_settings_changed():
    assert find("cartpole") == GAMES["cartpole"]
    assert find("t_maze", length=40).length == 40
    assert find("t_maze", length="40").length == 40  # as a command line says it
    assert find("cartpole", velocities=False) == GAMES["cartpole_masked"]
    assert find("cartpole", velocities=False).name == "cartpole_masked"
    assert find("memory_chain", bits=2).observation_shape == (4,)
    assert GAMES["t_maze"].length == 10


@pytest.mark.parametrize(
    ("name", "settings", "error", "message"),
    [
        ("cartpol", {}, GameError, "there is no game 'cartpol'. Did you mean cartpole, "),
        ("chess", {}, GameError, "there is no game 'chess'. Did you mean "),
        ("t_maze", {"lenght": 3}, SettingsError, "there is no field 'lenght'. Did you mean length?"),
        ("t_maze", {"length": "far"}, SettingsError, "length must be a whole number. Received: 'far'"),
        ("t_maze", {"length": 0}, SettingsError, "length must be an integer of at least 1. Received: 0"),
    ],
)
def test_find_says_what_is_wrong(name, settings, error, message):
    with pytest.raises(error) as raised:
        find(name, **settings)
    assert str(raised.value).startswith(message)
    assert "\n" not in str(raised.value)
