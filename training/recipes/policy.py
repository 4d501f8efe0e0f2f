"""Recipes of agents."""

import dataclasses

import games
from games.dqn import DQN
from games.ppo import PPO
from training import optimizers
from training.agent import AgentRecipe, Practice
from training.recipe import Expected

CARTPOLE = AgentRecipe(
    name="cartpole_ppo",
    summary="keeps a pole upright on a cart",
    source="cartpole",
    architecture="policy",
    expected=Expected({"return": 495.0}, seconds=20),
    data=games.find("cartpole"),
    optimizer=optimizers.Config("adam", 2.5e-3, "linear", clip_norm=0.5),
)
MINATAR = dataclasses.replace(
    CARTPOLE,
    model={"activation": "relu"},
    optimizer=optimizers.Config("adam", 5e-3, "linear", clip_norm=0.5),
    training=Practice(steps=10_000_000, epochs=20, snapshots=6),
)
BREAKOUT = dataclasses.replace(
    MINATAR,
    name="breakout_ppo",
    summary="breaks bricks with a ball, of MinAtar",
    source="breakout",
    expected=Expected({"return": 28.0}, seconds=300),
    data=games.find("breakout"),
    model={"activation": "relu", "widths": (128, 128)},
    optimizer=dataclasses.replace(MINATAR.optimizer, learning_rate=2.5e-3),
)
CARTPOLE_DQN = dataclasses.replace(
    CARTPOLE,
    name="cartpole_dqn",
    summary="learns what each push of the cart is worth",
    expected=Expected({"return": 495.0}, seconds=30),
    model={"widths": (128, 128), "activation": "relu", "heads": "dueling", "shared": True},
    optimizer=optimizers.Config("adam", 1e-3, "linear", clip_norm=10.0),
    agent=DQN(
        worlds=8,
        horizon=2,
        batches=8,  # of 16 steps: half an optimizer step for each
        rounds=32,
        batch_size=64,
        capacity=50_000,  # all there is
        warmup=848,
        epsilon=0.04,
        exploration=0.16,
        target_period=128,
    ),
    training=Practice(steps=50_000, epochs=20),
)
BREAKOUT_DQN = dataclasses.replace(
    CARTPOLE_DQN,
    name="breakout_dqn",
    summary="learns what each move under the ball is worth, of MinAtar",
    source="breakout",
    expected=Expected({"return": 10.0}, seconds=400),
    data=games.find("breakout"),
    optimizer=optimizers.Config("adam", 3e-4, "linear", clip_norm=10.0),
    agent=DQN(
        worlds=64,
        batches=2,  # so that each step is learned from 8 times
        batch_size=256,
        capacity=98_304,
        warmup=6976,
    ),
    training=Practice(steps=5_000_000, epochs=20, steps_per_call=8, checkpoint_seconds=60),
)

# An LSTM for each head: in a shared one the value's large errors drown what the actions teach.
MASKED = dataclasses.replace(
    CARTPOLE,
    name="cartpole_masked_lstm",
    summary="keeps the pole upright without being told its speed: it must remember",
    source="cartpole_masked",
    expected=Expected({"return": 495.0}, seconds=120),
    data=games.find("cartpole_masked"),
    model={"torso": "rnn", "cell": "lstm", "widths": (64,), "units": (64,)},
    training=Practice(steps=1_000_000),
)

RECIPES = (
    CARTPOLE,
    MASKED,
    dataclasses.replace(
        MASKED,
        name="cartpole_masked_ppo",
        summary="the same by a net that remembers nothing",
        expected=Expected({}),
        model=CARTPOLE.model,
    ),
    dataclasses.replace(
        MASKED,
        name="t_maze_lstm",
        summary="turns as it was told at the entrance, 50 steps before",
        source="t_maze",
        expected=Expected({}),
        data=games.find("t_maze", length=50),
    ),
    CARTPOLE_DQN,
    dataclasses.replace(
        CARTPOLE,
        name="acrobot_ppo",
        summary="swings two links up",
        source="acrobot",
        expected=Expected({"return": -80.0}, seconds=20),
        data=games.find("acrobot"),
        agent=PPO(entropy_weight=0.0),
        training=Practice(steps=1_000_000),
    ),
    BREAKOUT,
    BREAKOUT_DQN,
    *(
        dataclasses.replace(
            MINATAR,
            name=f"{name}_ppo",
            summary=summary,
            source=name,
            expected=expected,
            data=games.find(name),
        )
        for name, summary, expected in (
            (
                "freeway",
                "crosses a road with much traffic, of MinAtar",
                Expected({"return": 54.0}, seconds=300),
            ),
            ("space_invaders", "shoots down a fleet, of MinAtar", Expected({"return": 131.0}, seconds=200)),
            ("asterix", "gathers gold among enemies, of MinAtar", Expected({}, seconds=300)),
            ("seaquest", "saves divers in a submarine, of MinAtar", Expected({}, seconds=400)),
        )
    ),
)
