"""Our games for Stable-Baselines3: many worlds as one of its vector environments.

The package is needed when `vec_env` is called and not before: pip install stable-baselines3.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from games import GameError
from games.game import Game


def vec_env(game: Game, num_envs: int, seed: int | None = None) -> Any:
    """A `stable_baselines3.common.vec_env.VecEnv` of a game.

    A step of all worlds is one compiled program. A world that ends begins anew in the same step; its info has
    "terminal_observation" and "TimeLimit.truncated", and "episode" with its return "r" and length "l", as
    Stable-Baselines3's own Monitor tells them.

    Args:
        game: Whose worlds.
        num_envs: How many.
        seed: Of all; None: a new one each time.

    Raises:
        GameError: Stable-Baselines3 is missing, or there are less than one world.

    Example:

    >>> from stable_baselines3 import PPO
    >>> model = PPO("MlpPolicy", vec_env(games.find("cartpole"), num_envs=64, seed=0))
    >>> model.learn(500_000)
    """
    try:
        from stable_baselines3.common.vec_env import VecEnv
    except ImportError as error:
        raise GameError(
            f"this needs the package stable-baselines3: pip install stable-baselines3 ({error})"
        ) from error
    from games.gymnasium_env import AutoresetMode, TensorVectorEnv

    class TensorVecEnv(VecEnv):
        """See `vec_env`."""

        def __init__(self) -> None:
            self._envs = TensorVectorEnv(game, num_envs, seed, AutoresetMode.SAME_STEP)
            self._actions = np.zeros(num_envs, int)
            self._returns, self._lengths = np.zeros(num_envs), np.zeros(num_envs, int)
            self.metadata: dict[str, Any] = {"render_modes": []}
            self.render_mode = None
            super().__init__(num_envs, self._envs.single_observation_space, self._envs.single_action_space)

        def reset(self) -> np.ndarray:
            observations, _ = self._envs.reset(seed=self._seeds[0])
            self._reset_seeds()
            self._reset_options()
            self._returns[:], self._lengths[:] = 0, 0
            self.reset_infos: list[dict[str, Any]] = [{} for _ in range(num_envs)]
            return observations

        def step_async(self, actions: np.ndarray) -> None:
            self._actions = np.asarray(actions)

        def step_wait(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[dict[str, Any]]]:
            observations, rewards, terminations, truncations, last = self._envs.step(self._actions)
            over = terminations | truncations
            self._returns += rewards
            self._lengths += 1
            infos: list[dict[str, Any]] = [{"TimeLimit.truncated": False} for _ in range(num_envs)]
            for world in np.flatnonzero(over).tolist():
                infos[world] = {
                    "TimeLimit.truncated": bool(truncations[world] and not terminations[world]),
                    "terminal_observation": last["final_obs"][world],
                    "episode": {"r": float(self._returns[world]), "l": int(self._lengths[world])},
                }
            self._returns[over], self._lengths[over] = 0, 0
            return observations, rewards, over, infos

        def close(self) -> None:
            self._envs.close()

        def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
            return [getattr(self, attr_name) for _ in self._get_indices(indices)]

        def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
            raise NotImplementedError("the worlds are one program and have no attributes of their own")

        def env_method(
            self, method_name: str, *arguments: Any, indices: Any = None, **keywords: Any
        ) -> list[Any]:
            raise NotImplementedError("the worlds are one program and have no methods of their own")

        def env_is_wrapped(self, wrapper_class: type, indices: Any = None) -> list[bool]:
            return [False for _ in self._get_indices(indices)]

        def get_images(self) -> Sequence[np.ndarray | None]:
            return [None] * num_envs

        def _get_indices(self, indices: int | Iterable[int] | None) -> Iterable[int]:
            if indices is None:
                return range(num_envs)
            return [indices] if isinstance(indices, int) else indices

    return TensorVecEnv()
