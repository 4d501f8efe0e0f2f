"""The adapter for Stable-Baselines3, held against its interface: `common/vec_env/base_vec_env.py` of 2.9."""

import importlib.util
import sys
import types

import numpy as np
import pytest

from games import GameError, find
from games.memory_games import MemoryChain
from games.stable_baselines import vec_env


class VecEnv:
    """What the package's own base class does for those that derive from it."""

    def __init__(self, num_envs, observation_space, action_space):
        self.num_envs = num_envs
        self.observation_space = observation_space
        self.action_space = action_space
        self.reset_infos = [{} for _ in range(num_envs)]
        self._seeds = [None] * num_envs
        self._options = [{}] * num_envs
        modes = self.get_attr("render_mode")
        assert all(mode == modes[0] for mode in modes)
        self.render_mode = modes[0]

    def _reset_seeds(self):
        self._seeds = [None] * self.num_envs

    def _reset_options(self):
        self._options = [{}] * self.num_envs

    def seed(self, seed=None):
        self._seeds = [seed + number for number in range(self.num_envs)]
        return self._seeds

    def step(self, actions):
        self.step_async(actions)
        return self.step_wait()


@pytest.fixture
def package(monkeypatch):
    """The package, or where it is not installed its base class."""
    if importlib.util.find_spec("stable_baselines3"):
        return
    for name in ("stable_baselines3", "stable_baselines3.common", "stable_baselines3.common.vec_env"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    sys.modules["stable_baselines3.common.vec_env"].VecEnv = VecEnv


def test_episodes_are_told_as_their_monitor_would(package):
    envs = vec_env(MemoryChain(length=2), num_envs=3, seed=0)
    observations = envs.reset()
    assert (observations.shape, observations.dtype, envs.num_envs) == ((3, 3), np.float32, 3)
    bits = observations[:, 2] > 0
    for step in range(6):
        observations, rewards, dones, infos = envs.step(bits.astype(int))
        assert (rewards.dtype, dones.dtype, len(infos)) == (np.float32, bool, 3)
        assert dones.tolist() == [step % 3 == 2] * 3
        for world, info in enumerate(infos):
            assert info["TimeLimit.truncated"] is False
            assert ("episode" in info) == dones[world]
            if dones[world]:
                assert info["episode"] == {"r": 1.0, "l": 3}
                assert info["terminal_observation"].shape == (3,)
                assert observations[world, 0] == 1  # a new game has all its time left
        if dones[0]:
            bits = observations[:, 2] > 0
    envs.close()


def test_time_that_ran_out_is_told(package):
    envs = vec_env(find("mountain_car"), num_envs=2, seed=0)
    envs.reset()
    for _ in range(200):
        _, _, dones, infos = envs.step(np.array([1, 1]))
    assert dones.all()
    assert all(info["TimeLimit.truncated"] for info in infos)
    assert infos[0]["episode"] == {"r": -200.0, "l": 200}


def test_a_seed_decides_all(package):
    def first(envs):
        envs.seed(7)
        return envs.reset()

    one, other = (vec_env(find("cartpole"), num_envs=4) for _ in range(2))
    np.testing.assert_array_equal(first(one), first(other))
    assert not np.array_equal(one.reset(), first(one))
    assert one.env_is_wrapped(object) == [False] * 4
    assert one.get_attr("render_mode", [0, 1]) == [None, None]


def test_without_the_package_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "stable_baselines3", None)
    monkeypatch.setitem(sys.modules, "stable_baselines3.common.vec_env", None)
    with pytest.raises(GameError, match="this needs the package stable-baselines3: pip install stable-base"):
        vec_env(find("cartpole"), num_envs=4)
