"""Keys of random draws: no two seeds, kinds of draw and steps share one."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

import games
from games import evaluation, seeds
from games.game import RESET
from games.outside import Gymnasium
from tests.games import policies, test_ppo
from training.objectives import draw_key

FAR = (0, 1, 2**29, 2**29 + 1, 2**30, 2**31, 2**32 - 1)


def seen(key: tf.Tensor) -> tuple[int, int]:
    """What MinAtar's draws see of a key under XLA: the low 31 bits of each number."""
    return tuple(int(number) % 2**31 for number in key.numpy())


def test_every_seed_stream_and_step_has_a_key_of_its_own():
    steps = (0, 1, 2**26 - 1)
    found = set()
    for seed, stream, step, apart in itertools.product(FAR, range(4), steps, (0, seeds.APART)):
        found.add(seen(seeds.key(seed, stream, step, apart)))
        if not apart:  # a new game's draws
            found.add(seen(seeds.key(seed, stream, step) + tf.constant([0, RESET], tf.int64)))
    assert len(found) == len(FAR) * 4 * len(steps) * 3


def test_a_key_is_the_same_inside_a_program():
    compiled = tf.function(lambda seed: seeds.key(seed, 2, 5, seeds.APART), jit_compile=True)
    for seed in FAR:
        plain = seeds.key(seed, 2, 5, seeds.APART)
        np.testing.assert_array_equal(compiled(tf.constant(seed, tf.int64)), plain)


@pytest.mark.parametrize(("one", "other"), [(0, 2**29), (1, 2**29 + 1), (5, 5 + 2**31), (0, 2**30)])
def test_seeds_of_minatar_have_episodes_of_their_own(one, other):
    """0 and 2**29 had the same."""
    game = games.find("breakout")
    evaluate = evaluation.Evaluator(game, policies.indifferent(game), episodes=16, greedy=False)
    assert not np.array_equal(evaluate(one).lengths, evaluate(other).lengths)
    np.testing.assert_array_equal(evaluate(one).lengths, evaluate(one).lengths)


@pytest.mark.parametrize("name", ["freeway", "cartpole"])
def test_trainings_of_far_seeds_begin_apart(name):
    def first(seed):
        agent = test_ppo.objective(name, seed=seed)
        agent.seed = seed
        begun = tf.function(lambda: agent.initial_state(0, 1).worlds.state, jit_compile=True)()
        key = agent._key(tf.constant(0, tf.int64), 1)
        return [part.numpy() for part in tf.nest.flatten((begun, agent.game.draw(key, 8)))]

    begun = [first(seed) for seed in (0, 2**29, 2**31)]
    for one, other in itertools.combinations(begun, 2):
        assert not all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_worlds_outside_of_tensorflow_begin_apart_too():
    game, share = Gymnasium("CartPole-v1"), test_ppo.objective()._share(0)
    seen = [
        game.begin(seeds.key(seed, 3, 0), share).seen.numpy().tobytes() for seed in (0, 2**29, 2**31, 2**30)
    ]
    assert len(set(seen)) == 4


@pytest.mark.parametrize("compiled", [True, False])
def test_masks_of_a_training_differ_by_seed_step_replica_and_draw(compiled):
    """Under XLA seeds in the high bits of a key were lost: every seed had the same dropout masks."""

    @tf.function(jit_compile=compiled)
    def bits(key):
        return tf.random.stateless_uniform((4,), key, minval=None, maxval=None, dtype=tf.uint32)

    keys = [
        draw_key(seed, tf.constant(position, tf.int64), tf.constant(replica)) + [0, part]
        for seed in (0, 1, 2**29, 2**32 - 1)
        for position in (0, 1)
        for replica in (0, 1)
        for part in (0, 1)
    ]
    drawn = {bits(key).numpy().tobytes() for key in keys}
    assert len(drawn) == len(keys)
