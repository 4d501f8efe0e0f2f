"""MinAtar's own package beside ours: transitions with their draws on record, and scores of both.

A world of the original is known by the attributes of its `Env` that change, as a dictionary.
"""

import copy
import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest
import tensorflow as tf
from minatar import Environment
from scipy import stats

from games.minatar import MinAtar
from games.minatar.common import ACTIONS

NOOP, LEFT, UP, RIGHT, DOWN, FIRE = range(len(ACTIONS))
SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 10))]
CONSTANT = {"channels", "action_map", "random", "ramping"}

Attributes = dict[str, Any]
Policy = Callable[[np.ndarray, np.random.RandomState], np.ndarray]  # (B, 10, 10, C) bool -> (B,)


class Recorder:
    """Stands in for a `np.random.RandomState` and keeps what it gave.

    Attributes:
        rigged: What `rand` always gives, if not None.
    """

    def __init__(self, seed: int) -> None:
        self._random = np.random.RandomState(seed)
        self.given: list[Any] = []
        self.rigged: float | None = None

    def rand(self, *shape):
        return self._keep(self._random.rand(*shape) if self.rigged is None else self.rigged)

    def randint(self, *arguments, **keywords):
        return self._keep(self._random.randint(*arguments, **keywords))

    def _keep(self, value):
        self.given.append(copy.copy(value))  # Freeway changes its own
        return value


class Transition(NamedTuple):
    """A step of the original: attributes before and after it, the draws that it took, and what it gave."""

    before: Attributes
    action: int
    given: list[Any]
    after: Attributes
    reward: float
    terminal: bool
    observation: np.ndarray


def original(game: MinAtar, seed: int) -> Environment:
    """The original of a game with its settings, reset, its chance on record as `random.given`."""
    env = Environment(game.name, game.sticky, getattr(game, "ramping", True))
    env.random = env.env.random = Recorder(seed)
    env.reset()
    return env


def attributes(env: Environment) -> Attributes:
    """What changes in a world of the original, as it is now."""
    now = {name: value for name, value in vars(env.env).items() if name not in CONSTANT}
    for name, value in now.items():
        if isinstance(value, np.ndarray):
            now[name] = value.copy()
        elif isinstance(value, list):
            now[name] = [list(entry) if isinstance(entry, list) else entry for entry in value]
    return {**now, "last_action": env.last_action}


def anything(observations: np.ndarray, random: np.random.RandomState) -> np.ndarray:
    """The policy of any action."""
    return random.randint(len(ACTIONS), size=len(observations))


def transitions(
    game: MinAtar,
    policy: Policy,
    worlds: int,
    steps: int,
    seed: int,
    meddle: Callable[[int, Any], None],
) -> list[Transition]:
    """Steps of the original in several worlds, each reset when it has ended.

    Args:
        policy: Takes the place of any action more seldom from world to world, in the last always.
        meddle: Changes the `Env` of a world before a step, so that what is rare comes often.
    """
    random = np.random.RandomState(seed)
    envs = [original(game, 1000 * seed + number) for number in range(worlds)]
    found = []
    for _ in range(steps):
        for number, env in enumerate(envs):
            meddle(number, env.env)
        seen = np.stack([env.state() for env in envs])
        follows = random.rand(worlds) < np.linspace(0, 1, worlds)
        chosen = np.where(follows, policy(seen, random), anything(seen, random))
        for env, action in zip(envs, chosen, strict=True):
            before = attributes(env)
            env.random.given.clear()
            reward, terminal = env.act(action)
            given = [*env.random.given]
            found.append(Transition(before, action, given, attributes(env), reward, terminal, env.state()))
            if terminal:
                env.reset()
    return found


def batch(worlds: Sequence[Any]) -> Any:
    """Worlds, each a NamedTuple of what `np.stack` takes, as one of tensors with integers as int32."""

    def joined(values: Sequence[Any]) -> tf.Tensor:
        together = np.stack(values)
        return tf.constant(together if together.dtype == bool else together.astype(np.int32))

    return type(worlds[0])(*map(joined, zip(*worlds, strict=True)))


def unbatch(state: Any) -> list[Any]:
    """And back to worlds, each of arrays."""
    parts = [part.numpy() for part in state]
    return [type(state)(*values) for values in zip(*parts, strict=True)]


def check_transitions(
    game: MinAtar,
    found: list[Transition],
    to_ours: Callable[[Attributes], Any],
    to_theirs: Callable[[Any], Attributes],
    draws: Callable[[list[Any], np.random.RandomState], Any],
    but: Sequence[str] = (),
    xla: bool = True,
) -> None:
    """Take the same steps with ours, all at once, and find all that comes of them equal.

    Args:
        to_ours: From attributes to one world of ours.
        to_theirs: And back.
        draws: From the draws that the original took to ours; those that it took none for come from a spare.
        but: Attributes that `to_theirs` does not give back.
        xla: Whether ours is compiled, which takes seconds.
    """
    spare = np.random.RandomState(1)
    state = batch([to_ours(one.before) for one in found])
    for one, ours in zip(found, unbatch(state), strict=True):
        assert_same(to_theirs(ours), one.before, but)  # nothing is lost on the way
    advance = tf.function(game.advance, jit_compile=True) if xla else game.advance
    step = advance(
        state,
        tf.constant([one.action for one in found], tf.int32),
        batch([draws(one.given, spare) for one in found]),
    )
    for one, ours in zip(found, unbatch(step.state), strict=True):
        assert_same(to_theirs(ours), one.after, but)
    np.testing.assert_array_equal(step.reward, [one.reward for one in found])
    np.testing.assert_array_equal(step.terminated, [one.terminal for one in found])
    np.testing.assert_array_equal(step.observation, np.stack([one.observation for one in found]))
    assert not np.any(step.truncated)


def assert_same(ours: Attributes, theirs: Attributes, but: Sequence[str] = ()) -> None:
    assert ours.keys() == theirs.keys() - set(but)
    for name, value in ours.items():
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(value, theirs[name], name)
        else:
            assert value == theirs[name], (name, ours, theirs)


def check_scores(game: MinAtar, policy: Policy, worlds: int, steps: int) -> None:
    """A policy's scores in the first steps of a first game have the same distribution in both.

    By Kolmogorov's and Smirnov's test of two samples, and by the difference of means in standard errors.

    Args:
        worlds: Of the original; of ours, which are cheaper, there are four times as many.
    """
    ours, theirs = our_scores(game, policy, 4 * worlds, steps), original_scores(game, policy, worlds, steps)
    error = np.sqrt(ours.var() / len(ours) + theirs.var() / len(theirs))
    assert abs(ours.mean() - theirs.mean()) < 3 * error, (ours.mean(), theirs.mean(), error)
    assert stats.ks_2samp(ours, theirs).pvalue > 0.01


@functools.cache
def compiled_step(game: MinAtar) -> Callable[..., Any]:
    return tf.function(game.step, jit_compile=True)


def our_scores(game: MinAtar, policy: Policy, worlds: int, steps: int) -> np.ndarray:
    random = np.random.RandomState(2)
    state = game.reset(tf.constant([0, 0]), worlds)
    step = compiled_step(game)
    seen, scores = game.observe(state).numpy() == 1, np.zeros(worlds)
    for number in range(steps):
        outcome = step(state, tf.constant(policy(seen, random), tf.int32), tf.constant([1, number]))
        state, seen = outcome.state, outcome.observation.numpy() == 1
        scores += outcome.reward.numpy()
        if np.all(outcome.terminated):
            break
    return scores


def original_scores(game: MinAtar, policy: Policy, worlds: int, steps: int) -> np.ndarray:
    random = np.random.RandomState(3)
    envs, scores = {number: original(game, 1000 + number) for number in range(worlds)}, np.zeros(worlds)
    for _ in range(steps):
        if not envs:
            break
        chosen = policy(np.stack([env.state() for env in envs.values()]), random)
        for (number, env), action in zip([*envs.items()], chosen, strict=True):
            reward, terminal = env.act(action)
            scores[number] += reward
            if terminal:
                del envs[number]
    return scores


def column(plane: np.ndarray) -> np.ndarray:
    """Of the one cell that is set in each plane `(B, 10, 10)`, the column `(B,)`."""
    return plane.reshape(len(plane), 100).argmax(1) % 10


def row(plane: np.ndarray) -> np.ndarray:
    """And its row."""
    return plane.reshape(len(plane), 100).argmax(1) // 10
