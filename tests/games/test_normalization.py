"""Running statistics: of observations in the policy's first layer, of rewards in the checkpoint."""

import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

import games
from games.dqn import DQN, ValueLearner
from games.normalization import RewardMoments, RunningMoments
from games.ppo import PPO, Proximal
from models import policy
from training import strategy
from training.loop import Loop, Schedule
from training.optimizers import Config, Updater
from training.saving import save_model

BOTH = PPO(worlds=8, horizon=16, epochs=1, minibatches=2, normalize_rewards=True)


def alone(x):
    return x


def test_moments_are_those_of_all_values():
    random = np.random.default_rng(0)
    parts = [random.normal(5, 3, (size, 2)).astype("float32") * [1, 100] for size in (40, 7, 300)]
    moments = RunningMoments(tf.Variable(tf.zeros(2)), tf.Variable(tf.ones(2)), "x")
    for part in parts:
        moments.add(tf.constant(part, tf.float32), alone)
    everything = np.concatenate(parts)
    np.testing.assert_allclose(moments.mean, everything.mean(axis=0), rtol=1e-4)
    np.testing.assert_allclose(moments.variance, everything.var(axis=0), rtol=1e-4)


def test_rewards_are_told_in_deviations_of_returns():
    moments = RewardMoments()
    moments.variance.assign(4.0)
    np.testing.assert_allclose(moments.scaled(tf.constant([3.0, -1.0, 100.0, -100.0])), [1.5, -0.5, 10, -10])


def agent(seed=3) -> Proximal:
    keras.utils.set_random_seed(seed)
    game = games.find("mountain_car")
    config = policy.Config(
        game.observation_shape, len(game.actions), widths=(16,), normalize_observations=True
    )
    model = policy.build(config)
    updater = Updater(Config("adam", 1e-3), model.trainable_variables, steps=1)
    return Proximal(game, model, updater, BOTH, seed)


def trained(devices, steps, folder=None) -> Loop:
    chosen = strategy.pick(devices)
    with chosen.scope():
        loop = Loop(chosen, agent(), Schedule(steps, 2, 2, 0), checkpoint_folder=folder)
        loop.restore()
    loop.logs = loop.run()
    return loop


def numbers(loop: Loop) -> list[np.ndarray]:
    return [np.asarray(variable.numpy()) for variable in loop.objective.variables]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("checkpoints")


@pytest.fixture(scope="module")
def whole(folder) -> Loop:
    return trained("cpu:1", 6, folder)


def test_statistics_are_those_of_all_that_was_played(whole):
    made = agent()
    state, seen, sums = made.initial_state(0, 1), [], []
    for position in range(6):
        played, state, _, discounted = made._play(state, tf.constant(position, tf.int64), 0)
        seen.append(played.observation.numpy().reshape(-1, 2))
        sums.append(discounted.numpy().ravel())
        if position == 0:
            expected = np.zeros(8)
            for row in discounted.numpy():  # a reward of -1 at every step
                expected = expected * BOTH.discount - 1
                np.testing.assert_allclose(row, expected, rtol=1e-5)
        made._learn(played, (), tf.constant(position, tf.int64), 0)
        made._observations.add(played.observation, alone)
        made._rewards.add(tf.reshape(discounted, (-1,)), alone)
    layer = whole.model.get_layer(policy.NORMALIZATION)
    np.testing.assert_allclose(layer.moving_mean, np.concatenate(seen).mean(axis=0), rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(layer.moving_variance, np.concatenate(seen).var(axis=0), rtol=1e-3)
    rewards = whole.objective._rewards
    np.testing.assert_allclose(rewards.variance, np.concatenate(sums).var(), rtol=1e-3)
    assert float(rewards.count) == pytest.approx(6 * 128, rel=1e-5)


def test_two_replicas_keep_the_statistics_that_one_would(whole):
    both = trained("cpu:2", 6)
    for one, other in zip(numbers(whole), numbers(both), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=2e-5)


def test_a_resume_goes_on_with_the_same_statistics(whole, folder):
    shutil.rmtree(folder / "00000006")
    again = trained("cpu:1", 6, folder)
    for one, other in zip(numbers(whole), numbers(again), strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(whole._state_leaves(), again._state_leaves(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_saved_file_acts_alone_in_bare_keras(whole, tmp_path):
    path = tmp_path / "model.keras"
    save_model(whole.model, path)
    seen = np.random.default_rng(0).uniform(-1, 0.5, (5, 2)).astype("float32")
    np.save(tmp_path / "seen.npy", seen)
    code = (
        "import keras, numpy, sys; model = keras.models.load_model(sys.argv[1]); "
        "logits, value = model(numpy.load(sys.argv[2])); "
        "numpy.save(sys.argv[3], keras.ops.convert_to_numpy(logits))"
    )
    out = tmp_path / "logits.npy"
    subprocess.run([sys.executable, "-c", code, path, tmp_path / "seen.npy", out], check=True, cwd=tmp_path)
    np.testing.assert_allclose(np.load(out), whole.model(seen)[0], rtol=1e-5, atol=1e-6)
    layer = whole.model.get_layer(policy.NORMALIZATION)
    inner = keras.Model(whole.model.input, layer.output)(seen).numpy()
    wanted = (seen - layer.moving_mean.numpy()) / np.sqrt(layer.moving_variance.numpy() + 1e-8)
    np.testing.assert_allclose(inner, wanted, rtol=1e-4, atol=1e-4)


def test_dqn_keeps_statistics_of_observations_too():
    settings = DQN(worlds=4, horizon=2, rounds=4, batch_size=8, capacity=64, warmup=32)
    keras.utils.set_random_seed(0)
    game = games.find("mountain_car")
    config = policy.Config(
        game.observation_shape, len(game.actions), widths=(8,), heads="q", normalize_observations=True
    )
    with tf.distribute.get_strategy().scope():
        model = policy.build(config)
        updater = Updater(Config("adam", 1e-3), model.trainable_variables, steps=1)
        made = ValueLearner(game, model, updater, settings, steps=3, seed=0)
        loop = Loop(tf.distribute.get_strategy(), made, Schedule(3, 3, 1, 0))
    loop.run()
    layer = model.get_layer(policy.NORMALIZATION)
    assert float(made._observations.count) == pytest.approx(3 * 32, rel=1e-4)
    assert -0.7 < float(layer.moving_mean[0]) < -0.3
    assert 0 < float(layer.moving_variance[1]) < 1e-3


def test_a_policy_that_looks_back_cannot_normalize():
    with pytest.raises(ValueError, match="normalize_observations must be false for the torso"):
        policy.Config((2,), 3, torso="encoder", normalize_observations=True)
