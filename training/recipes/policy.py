"""Recipes of agents."""

import dataclasses

import games
from games.dqn import DQN
from games.outside import Atari, Gymnasium
from games.ppo import PPO
from training import optimizers
from training.agent import AgentRecipe, Practice
from training.recipe import Expected
from training.recipes import environments

CARTPOLE = AgentRecipe(
    name="cartpole_ppo",
    summary="keeps a pole upright on a cart",
    source="cartpole",
    architecture="policy",
    expected=Expected({"return": 495.0}, seconds=20),
    data=games.find("cartpole"),
    optimizer=optimizers.Config("adam", 2.5e-3, "linear", epsilon=1e-5, clip_norm=0.5),
)
MINATAR = dataclasses.replace(
    CARTPOLE,
    model={"activation": "relu"},
    optimizer=optimizers.Config("adam", 5e-3, "linear", epsilon=1e-5, clip_norm=0.5),
    training=Practice(steps=10_000_000, epochs=20, snapshots=6),
)
# Where much moves at once, convolutions learn several times as much from as many steps.
CONVOLUTION = dataclasses.replace(
    MINATAR,
    model={"activation": "relu", "torso": "cnn", "widths": (128,)},
    optimizer=dataclasses.replace(MINATAR.optimizer, learning_rate=1e-3),
    training=dataclasses.replace(MINATAR.training, xla="gpu"),
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

GYMNASIUM = dataclasses.replace(
    CARTPOLE,
    name="gymnasium_ppo",
    summary="plays any environment of Gymnasium with actions to choose from",
    source="gymnasium",
    expected=Expected({"return": 495.0}, seconds=40),
    data=Gymnasium(),
    presets=environments.PPO,
)
GYMNASIUM_DQN = dataclasses.replace(
    CARTPOLE_DQN,
    name="gymnasium_dqn",
    summary="learns what each action is worth, in any environment of Gymnasium",
    source="gymnasium",
    expected=Expected({}),
    data=Gymnasium(),
)
ATARI = dataclasses.replace(
    CARTPOLE,
    name="atari_ppo",
    summary="plays a game of Atari by its pictures",
    source="atari",
    expected=Expected({}),
    data=Atari(),
    model={
        "torso": "cnn",
        "filters": (16, 32, 64, 64),
        "kernel_size": 4,
        "stride": 2,
        "widths": (512,),
        "activation": "relu",
        "shared": True,
    },
    # After Schulman et al. 2017 (arXiv:1707.06347, table 5), with a pass more over what was played.
    optimizer=optimizers.Config("adam", 2.5e-4, "linear", epsilon=1e-5, clip_norm=0.5),
    agent=PPO(worlds=8, horizon=128, epochs=4, minibatches=4, clip=0.1),
    training=Practice(steps=10_000_000, epochs=20, xla="gpu"),
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
        expected=Expected({"return": 3.9}, seconds=120),
        data=games.find("t_maze", length=50),
    ),
    dataclasses.replace(
        MASKED,
        name="t_maze_encoder",
        summary="the same by attention, which looks back at the entrance",
        source="t_maze",
        expected=Expected({"return": 3.9}, seconds=200),
        data=games.find("t_maze", length=50),
        model={"torso": "encoder", "window": 56, "width": 16, "attention_heads": 2, "widths": (32,)},
    ),
    dataclasses.replace(
        MASKED,
        name="t_maze_ppo",
        summary="the same by a net that remembers nothing, and so by chance",
        source="t_maze",
        expected=Expected({}),
        data=games.find("t_maze", length=50),
        model=CARTPOLE.model,
    ),
    dataclasses.replace(
        MASKED,
        name="memory_chain_lstm",
        summary="answers with a bit that was shown once, 10 steps before",
        source="memory_chain",
        expected=Expected({"return": 0.9}, seconds=60),
        data=games.find("memory_chain", length=10),
        training=Practice(steps=150_000),
    ),
    CARTPOLE_DQN,
    dataclasses.replace(
        CARTPOLE,
        name="mountain_car_ppo",
        summary="swings a weak car out of a valley, once chance has shown it the way",
        source="mountain_car",
        expected=Expected({"return": -110.0}, seconds=20),
        data=games.find("mountain_car"),
        training=Practice(steps=3_000_000),
    ),
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
    dataclasses.replace(
        CONVOLUTION,
        name="breakout_cnn_ppo",
        summary="the same by convolutions",
        source="breakout",
        expected=Expected({}, seconds=400),
        data=games.find("breakout"),
    ),
    dataclasses.replace(
        BREAKOUT,
        name="breakout_lstm_ppo",
        summary="the same by a net that remembers",
        expected=Expected({}, seconds=600),
        model={"activation": "relu", "torso": "rnn", "widths": (64,), "units": (64,)},
        agent=PPO(worlds=256, horizon=64),
    ),
    dataclasses.replace(
        BREAKOUT,
        name="breakout_encoder_ppo",
        summary="the same by attention to the last four moments",
        expected=Expected({}, seconds=800),
        model={
            "activation": "relu",
            "torso": "encoder",
            "window": 4,
            "width": 32,
            "attention_heads": 2,
            "widths": (64,),
        },
        optimizer=dataclasses.replace(BREAKOUT.optimizer, learning_rate=1e-3),
    ),
    BREAKOUT_DQN,
    *(
        dataclasses.replace(
            base,
            name=f"{name}_ppo",
            summary=summary,
            source=name,
            expected=expected,
            data=games.find(name),
        )
        for base, name, summary, expected in (
            (
                CONVOLUTION,
                "freeway",
                "crosses a road with much traffic, of MinAtar",
                Expected({"return": 58.0}, seconds=600),
            ),
            (
                MINATAR,
                "space_invaders",
                "shoots down a fleet, of MinAtar",
                Expected({"return": 131.0}, seconds=200),
            ),
            (
                CONVOLUTION,
                "asterix",
                "gathers gold among enemies, of MinAtar",
                Expected({"return": 15.0}, seconds=500),
            ),
            (CONVOLUTION, "seaquest", "saves divers in a submarine, of MinAtar", Expected({}, seconds=700)),
        )
    ),
    GYMNASIUM,
    GYMNASIUM_DQN,
    ATARI,
)
