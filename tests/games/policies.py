"""Policies whose best action is known: their weights are set by hand."""

from collections.abc import Callable, Sequence

import keras
import numpy as np

from games.classic import CartPole
from games.game import Game
from models import policy

SURE = 50.0  # a logit that leaves chance nothing


def leaning(game: CartPole, ahead: float = 0.0) -> keras.Model:
    """Push the cart to where the pole leans, or will lean so many seconds later."""
    model = policy.build(policy.Config(game.observation_shape, 2, widths=(1,)))
    tilt = {"theta": 1.0, "theta_dot": ahead}
    kernel = np.array([[tilt.get(name, 0.0)] for name in game.channels])
    model.get_layer("dense1").set_weights([kernel, np.zeros(1)])
    model.get_layer("logits").set_weights([np.array([[-1e4, 1e4]]), np.zeros(2)])
    return model


def linear(game: Game, kernel: np.ndarray, bias: Sequence[float]) -> keras.Model:
    """Logits that are linear in the observation, and a value of 0."""
    observation = keras.Input(game.observation_shape)
    flat = keras.layers.Flatten()(observation)
    logits, value = keras.layers.Dense(len(game.actions)), keras.layers.Dense(1, kernel_initializer="zeros")
    model = keras.Model(observation, [logits(flat), value(flat)])
    logits.set_weights([kernel.reshape(-1, len(game.actions)), np.array(bias)])
    return model


def always(game: Game, action: str) -> keras.Model:
    """Do one thing, whatever is to be seen."""
    bias = [SURE * (name == action) for name in game.actions]
    return linear(game, np.zeros((*game.observation_shape, len(bias))), bias)


def indifferent(game: Game) -> keras.Model:
    """Hold any action for as good as another."""
    return linear(game, np.zeros((*game.observation_shape, len(game.actions))), [0.0] * len(game.actions))


def following(game: Game) -> keras.Model:
    """Breakout: go to the ball's column, and stay there."""
    kernel = np.zeros((*game.observation_shape, len(game.actions)))
    for action, way in (("left", -1), ("right", 1)):
        for channel, sign in (("ball", way), ("paddle", -way)):
            place = game.channels.index(channel), game.actions.index(action)
            kernel[:, :, *place] = sign * SURE * np.arange(10)
    bias = {"noop": SURE / 2, "left": 0.0, "right": 0.0}
    return linear(game, kernel, [bias.get(name, -100 * SURE) for name in game.actions])


def remembering(game: Game, think: Callable) -> keras.Model:
    """From what is seen and a number that is remembered to how much better the second of two actions is, and
    to what is then remembered; all `(B, ...)`.
    """
    seen, past = keras.Input(game.observation_shape), keras.Input((1,), name="number")
    better, later = think(seen, past)
    logits = keras.ops.concatenate([-SURE * better, SURE * better], axis=1)
    return keras.Model([seen, past], [logits, keras.ops.zeros_like(past), later])
