"""Agents: steps of the game a second of PPO, acting and learning, by the suite's loop and by others.

CartPole against Stable-Baselines3 (Raffin et al. 2021, JMLR 22:268) and PureJaxRL's program (`jax_ppo`); then
MinAtar's Breakout, with convolutions and without.
"""

import dataclasses
import math
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import keras

from benchmarks.contenders import repeated
from benchmarks.table import Table, race, ratio
from games import GAMES
from games.game import Game
from games.ppo import PPO, Proximal
from models import policy
from training import strategy
from training.loop import Loop, Schedule
from training.optimizers import Config, Updater

ROUNDS = 7
LEARNING = PPO(worlds=64, horizon=128, epochs=4, minibatches=4)
ADAM = Config("adam", 2.5e-3, "linear", clip_norm=0.5)
OURS = "suite's loop"
CARTPOLE = policy.Config((4,), 2, widths=(64, 64))
CARTPOLE_UPDATES = 16  # a round
BREAKOUT = policy.Config((10, 10, 4), 6, widths=(128, 128), activation="relu", shared=True)
CONVOLVING = dataclasses.replace(BREAKOUT, torso="cnn", filters=(16,), widths=(128,))
BREAKOUT_UPDATES = 4
THEIRS = 8192  # Stable-Baselines3's steps a round: seconds
ZOO_WORLDS = 8  # and what else its zoo has for CartPole, less the decay, which takes no time
ZOO = {
    "n_steps": 32,
    "batch_size": 256,
    "n_epochs": 20,
    "gamma": 0.98,
    "gae_lambda": 0.8,
    "ent_coef": 0.0,
    "learning_rate": 1e-3,
}


class Contender(NamedTuple):
    """What plays and learns.

    Args:
        play: Plays and learns on for `steps`; returns the mean return of the last episodes.
        steps: Of the game, over all worlds.
        compiles: Whether the first call compiles.
    """

    play: Callable[[], float]
    steps: int
    compiles: bool


def run() -> list[Table]:
    """Measure CartPole, then Breakout."""
    contenders = {OURS: _loop(GAMES["cartpole"], CARTPOLE, CARTPOLE_UPDATES, xla=True)}
    try:
        contenders["PureJaxRL's program"] = _jax()
    except ImportError:
        print("JAX and gymnax are not installed and left out: make bench NAME=games JAX=1")
    try:
        contenders |= {
            "Stable-Baselines3, its defaults, 1 world": _stable_baselines(1),
            f"Stable-Baselines3, as its zoo, {ZOO_WORLDS} worlds": _stable_baselines(ZOO_WORLDS, **ZOO),
        }
    except ImportError:
        print("Stable-Baselines3 is not installed and left out: make bench NAME=games TORCH=1")
    torsos = {
        "convolution": _loop(GAMES["breakout"], CONVOLVING, BREAKOUT_UPDATES, xla=False),
        "dense": _loop(GAMES["breakout"], BREAKOUT, BREAKOUT_UPDATES, xla=True),
    }
    sizes = (
        f"PPO, {LEARNING.worlds} worlds x {LEARNING.horizon} steps, {LEARNING.epochs} epochs x "
        f"{LEARNING.minibatches} minibatches, Adam; acting and learning, median of {ROUNDS} rounds"
    )
    return [
        Table(f"CartPole, two torsos {_sizes(CARTPOLE)}, {sizes}", _measure(contenders)),
        Table(
            f"MinAtar Breakout, convolution of {_sizes(CONVOLVING)} or dense {_sizes(BREAKOUT)}, {sizes}",
            _measure(torsos),
        ),
    ]


def _optimizer_steps(updates: int) -> int:
    """In all: of the first call, the round that warms up and those that count."""
    return (2 + ROUNDS) * updates * LEARNING.updates


def _sizes(config: policy.Config) -> str:
    filters = config.filters if config.torso == "cnn" else ()
    return "-".join(map(str, (*filters, *config.widths)))


def _measure(contenders: Mapping[str, Contender]) -> list[dict[str, object]]:
    """A row each; what the first call takes longer than the others is the compilation."""
    returns: dict[str, float] = {}

    def take(name: str) -> Callable[[int], None]:
        play = contenders[name].play
        return repeated(lambda: returns.update({name: play()}))

    takes = {name: take(name) for name in contenders}
    first = {}
    for name, once in takes.items():
        started = time.perf_counter()
        once(1)
        first[name] = time.perf_counter() - started
    seconds = race(takes, 1, ROUNDS)
    of_a_step = {name: [s / contenders[name].steps for s in times] for name, times in seconds.items()}
    reference = next(iter(of_a_step.values()))
    return [
        {
            "contender": name,
            "steps a second": round(1 / statistics.median(of_a_step[name])),
            "time against the first's": ratio(of_a_step[name], reference),
            "s to compile": first[name] - statistics.median(times) if contenders[name].compiles else "none",
            "return at the end": returns[name],
        }
        for name, times in seconds.items()
    ]


def _loop(game: Game, config: policy.Config, updates: int, xla: bool) -> Contender:
    keras.utils.set_random_seed(0)
    model = policy.build(config)
    updater = Updater(ADAM, model.trainable_variables, _optimizer_steps(updates))
    objective = Proximal(game, model, updater, LEARNING, jit_compile=xla)
    schedule = Schedule(steps=0, steps_per_epoch=updates, steps_per_call=updates)
    loop = Loop(strategy.pick("cpu:1"), objective, schedule)

    def play() -> float:
        loop.schedule = dataclasses.replace(schedule, steps=loop.step + updates)
        return loop.run().get("return", math.nan)

    return Contender(play, updates * LEARNING.steps, compiles=True)


def _stable_baselines(worlds: int, **settings: Any) -> Contender:
    """PPO of Stable-Baselines3, on one thread: nets as small as these lose by a second one.

    Args:
        worlds: Played at once.
        settings: Other than its defaults.
    """
    import stable_baselines3
    import torch
    from stable_baselines3.common.env_util import make_vec_env

    game = make_vec_env("CartPole-v1", worlds, seed=0)
    agent = stable_baselines3.PPO("MlpPolicy", game, device="cpu", seed=0, **settings)

    def play() -> float:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        agent.learn(THEIRS, reset_num_timesteps=False)
        torch.set_num_threads(threads)
        return statistics.mean(episode["r"] for episode in agent.ep_info_buffer)

    return Contender(play, THEIRS, compiles=False)


def _jax() -> Contender:
    from benchmarks.jax_ppo import Program

    program = Program(LEARNING, CARTPOLE.widths, ADAM, CARTPOLE_UPDATES, _optimizer_steps(CARTPOLE_UPDATES))
    return Contender(program.play, CARTPOLE_UPDATES * LEARNING.steps, compiles=True)
