"""Whole games by a fixed policy, of ours and of Gymnasium's originals."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from games.game import Game

# From the observation, the state and a step's seed to the actions.
Policy = Callable[[tf.Tensor, tuple, tf.Tensor], tf.Tensor]


def scores(game: Game, policy: Policy, n: int, seed: int, most: int = 1000) -> tuple[np.ndarray, np.ndarray]:
    """Play n games to their ends, as one XLA program: each one's score and number of steps."""

    def play() -> tuple[tf.Tensor, tf.Tensor]:
        state = game.reset(tf.constant([seed, 0]), n)

        def running(step, state, over, score, steps):
            return (step < most) & ~tf.reduce_all(over)

        def go_on(step, state, over, score, steps):
            drawn = tf.stack([tf.constant(seed), step + 1])
            action = policy(game.observe(state), state, drawn)
            after, _, reward, terminated, truncated = game.step(state, action, drawn + [0, most])
            score += tf.where(over, 0.0, reward)
            steps += tf.cast(~over, tf.int32)
            return step + 1, after, over | terminated | truncated, score, steps

        begun = (tf.constant(0), state, tf.zeros(n, tf.bool), tf.zeros(n), tf.zeros(n, tf.int32))
        _, _, over, score, steps = tf.while_loop(running, go_on, begun)
        tf.debugging.assert_equal(tf.reduce_all(over), True)
        return score, steps

    score, steps = tf.function(play, jit_compile=True)()
    return score.numpy(), steps.numpy()


def original_scores(env, policy: Callable[[np.ndarray], int], n: int, seed: int) -> np.ndarray:
    """The scores of n games of a Gymnasium environment, time limit and all."""
    collected = []
    for game in range(n):
        observation, _ = env.reset(seed=seed if game == 0 else None)
        over, score = False, 0.0
        while not over:
            observation, reward, terminated, truncated, _ = env.step(policy(observation))
            score += reward
            over = terminated or truncated
        collected.append(score)
    return np.array(collected)


def at_random(actions: int) -> Policy:
    """Any action, each as likely."""

    def policy(observation, state, seed):
        return tf.random.stateless_uniform(observation.shape[:1], seed, 0, actions, tf.int32)

    return policy
