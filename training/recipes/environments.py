"""Settings of PPO by environment, for Gymnasium's own; what a person sets wins.

Keys are ids, or ids without their version; "" is for every other environment. Where they are from:

- zoo: rl-baselines3-zoo, hyperparams/ppo.yml (github.com/DLR-RM/rl-baselines3-zoo), whose `n_envs` is our
  `worlds`, `n_steps` `horizon`, `n_epochs` `epochs`, `gamma` `discount`, `gae_lambda` `trace`, `ent_coef`
  `entropy_weight`, and whose `normalize: true` is both normalizations. `batch_size` is 64 where it has none.
- here: found on the learning curve of seed 100, since the zoo has no PPO for environments of toy text.
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
# zoo: Acrobot-v1, with fewer steps and a learning rate that falls to 0
ACROBOT = _ppo(
    600_000, 3e-4, 16, 256, 64, agent_epochs=4, agent_trace=0.94, agent_entropy_weight=0.0, **NORMALIZED
)

# here; rewards of -100 and +20 are far from the values that a policy's net begins with
TOY_TEXT = {"agent_normalize_rewards": True}
CLIFF_WALKING = _ppo(200_000, 1e-3, 16, 128, 256, data_max_episode_steps=200, **TOY_TEXT)
FROZEN_LAKE = _ppo(300_000, 1e-3, 16, 128, 256, **TOY_TEXT)
# With less entropy one seed of three never learned some of the ways.
TAXI = _ppo(400_000, 2.5e-3, 16, 128, 256, agent_entropy_weight=0.03, **TOY_TEXT)
# zoo: what its environments with `normalize: true` have in common
USUAL = _ppo(1_000_000, 3e-4, 16, 256, 64, agent_epochs=4, **NORMALIZED, **CONSTANT)

PPO: Mapping[str, Settings] = {
    "CartPole": {},  # the recipe's own
    "LunarLander": LUNAR_LANDER,
    "MountainCar": MOUNTAIN_CAR,
    "Acrobot": ACROBOT,
    "CliffWalking": CLIFF_WALKING,
    "Taxi": TAXI,
    "FrozenLake": FROZEN_LAKE,
    "": USUAL,
}
