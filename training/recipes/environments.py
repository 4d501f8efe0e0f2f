"""Settings of agents by environment, for Gymnasium's own; what a person sets wins.

Keys are ids, or ids without their version; "" is for every other environment. Each entry says where it is
from:

- zoo: rl-baselines3-zoo, hyperparams/ppo.yml (github.com/DLR-RM/rl-baselines3-zoo), whose `n_envs` is our
  `worlds`, `n_steps` `horizon`, `n_epochs` `epochs`, `gamma` `discount`, `gae_lambda` `trace`, `ent_coef`
  `entropy_weight`, and `normalize: true` both normalizations. `batch_size` is 64 where it has none.
"""

from collections.abc import Mapping
from typing import Any

Settings = Mapping[str, Any]


def _ppo(steps: int, rate: float, worlds: int, horizon: int, batch: int, **changes: Any) -> Settings:
    """Settings of PPO.

    Args:
        steps: Of the training.
        rate: The learning rate.
        worlds: See `games.ppo.PPO`.
        horizon: Likewise.
        batch: Steps in a minibatch.
        changes: Further settings; `agent_clip` stands for "agent.clip".
    """
    return {
        "training.steps": steps,
        "optimizer.learning_rate": rate,
        "agent.worlds": worlds,
        "agent.horizon": horizon,
        "agent.minibatches": worlds * horizon // batch,
        **{name.replace("_", ".", 1): value for name, value in changes.items()},
    }


NORMALIZED = {"model_normalize_observations": True, "agent_normalize_rewards": True}
CONSTANT = {"optimizer_schedule": "constant"}

# zoo: LunarLander-v3
LUNAR_LANDER = _ppo(
    800_000, 3e-4, 16, 1024, 64, agent_epochs=4, agent_discount=0.999, agent_trace=0.98,
    agent_entropy_weight=0.01, **CONSTANT,
)  # fmt: skip
# zoo: MountainCar-v0
MOUNTAIN_CAR = _ppo(
    1_000_000, 3e-4, 16, 16, 64, agent_epochs=4, agent_trace=0.98, agent_entropy_weight=0.0,
    **NORMALIZED, **CONSTANT,
)  # fmt: skip
# zoo: Acrobot-v1
ACROBOT = _ppo(
    1_000_000, 3e-4, 16, 256, 64, agent_epochs=4, agent_trace=0.94, agent_entropy_weight=0.0,
    **NORMALIZED, **CONSTANT,
)  # fmt: skip

PPO: Mapping[str, Settings] = {
    "CartPole": {},  # the recipe's own
    "LunarLander": LUNAR_LANDER,
    "MountainCar": MOUNTAIN_CAR,
    "Acrobot": ACROBOT,
    "CliffWalking": {},
    "Taxi": {},
    "FrozenLake": {},
    "": {},
}
