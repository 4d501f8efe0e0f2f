"""Agents raced: what is there is measured, what is missing is named, and the loop really plays and learns."""

import dataclasses
import sys

import pytest

from benchmarks import __main__ as command
from benchmarks import games as benchmark
from games import GAMES
from games.ppo import PPO, Proximal
from models import policy


@pytest.fixture
def tiny(monkeypatch):
    """Two worlds, small nets, one round; neither JAX nor Stable-Baselines3."""
    monkeypatch.setattr(benchmark, "LEARNING", PPO(worlds=2, horizon=40, epochs=1, minibatches=2))
    monkeypatch.setattr(benchmark, "ROUNDS", 1)
    monkeypatch.setattr(benchmark, "CARTPOLE_UPDATES", 3)
    monkeypatch.setattr(benchmark, "BREAKOUT_UPDATES", 2)
    monkeypatch.setattr(benchmark, "CARTPOLE", policy.Config((4,), 2, widths=(4, 3)))
    for name, width in (("BREAKOUT", 5), ("CONVOLVING", 6)):
        smaller = dataclasses.replace(getattr(benchmark, name), widths=(width,), filters=(2,))
        monkeypatch.setattr(benchmark, name, smaller)
    for module in ("gymnax", "stable_baselines3"):
        monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.delitem(sys.modules, "benchmarks.jax_ppo", raising=False)


@pytest.fixture
def made(monkeypatch):
    """Objectives that the benchmark made, first to last."""
    objectives = []

    def make(*args, **kwargs):
        objectives.append(Proximal(*args, **kwargs))
        return objectives[-1]

    monkeypatch.setattr(benchmark, "Proximal", make)
    return objectives


def test_the_suites_loop_is_measured_and_what_is_missing_is_named(tiny, made, capsys):
    assert command.main(["games"]) == 0
    out = capsys.readouterr().out
    assert "JAX and gymnax are not installed and left out: make bench NAME=games JAX=1" in out
    assert "Stable-Baselines3 is not installed and left out: make bench NAME=games TORCH=1" in out
    assert "\nCartPole, two torsos 4-3, PPO, 2 worlds x 40 steps, 1 epochs x 2 minibatches" in out
    assert "\nMinAtar Breakout, convolution of 2-6 or dense 5, PPO, 2 worlds" in out
    lines = out.splitlines()
    for name in ("suite's loop", "convolution", "dense"):
        (line,) = (line for line in lines if line.startswith(f"  {name}  "))
        steps, time = line.removeprefix(f"  {name}").split()[:2]
        assert int(steps) > 0
        assert float(time) > 0
    calls = 3  # that compiles, that warms up, and a round
    updates = [int(objective.updater.inner.iterations) for objective in made]
    assert updates == [calls * 3 * 2, calls * 2 * 2, calls * 2 * 2]


def test_a_call_plays_and_learns_as_many_steps_as_it_says(tiny, made):
    contender = benchmark._loop(GAMES["cartpole"], benchmark.CARTPOLE, 3, xla=True)
    assert contender.steps == 3 * 2 * 40
    (objective,) = made
    before = [variable.numpy() for variable in objective.models["model"].trainable_variables]
    assert 1 < contender.play() < 500  # a pole that is moved at random stays up for about 20 steps
    assert int(objective.updater.inner.iterations) == 3 * objective.ppo.updates
    after = [variable.numpy() for variable in objective.models["model"].trainable_variables]
    assert all((old != new).any() for old, new in zip(before, after, strict=True))
    contender.play()
    assert int(objective.updater.inner.iterations) == 6 * objective.ppo.updates


def test_steps_a_second_are_of_the_game_and_compiling_is_told_apart(monkeypatch):
    """One contender plays 100 steps in a call of 2 s, the first of 7; the other 50 in 4."""
    clock = 0.0

    def lasting(*seconds):
        left = list(seconds)

        def play():
            nonlocal clock
            clock += left.pop(0)
            return float(len(left))

        return play

    monkeypatch.setattr(benchmark, "ROUNDS", 2)
    monkeypatch.setattr("time.perf_counter", lambda: clock)
    rows = benchmark._measure(
        {
            "a": benchmark.Contender(lasting(7, 9, 2, 2), 100, compiles=True),
            "b": benchmark.Contender(lasting(4, 9, 4, 4), 50, compiles=False),
        }
    )
    assert [list(row.values()) for row in rows] == [["a", 50, 1.0, 5, 0], ["b", 12, 4.0, "none", 0]]
