"""PPO as one program of JAX, as PureJaxRL has it (Lu et al. 2022, arXiv:2210.05639), written anew to race it.

T steps of B worlds. As there, all steps of all worlds are shuffled together, and time that runs out counts as
an end.
"""

import functools
import math
from typing import Any, NamedTuple

import gymnax
import jax
import optax
from flax import linen
from jax import numpy as jnp

from games.ppo import PPO
from training.optimizers import Config


class Policy(linen.Module):
    """An actor and a critic.

    Args:
        actions: How many there are.
        widths: Of the layers of each.
    """

    actions: int
    widths: tuple[int, ...]

    @linen.compact
    def __call__(self, observation):
        """Logits `(B, actions)` and value `(B,)` of observations `(B, ...)`."""
        return self._head(observation, self.actions, 0.01), self._head(observation, 1, 1.0)[:, 0]

    def _head(self, x, units: int, gain: float):
        for width in self.widths:
            x = linen.tanh(_dense(width, math.sqrt(2))(x))
        return _dense(units, gain)(x)


class Seen(NamedTuple):
    """What is learned from, `(T, B, ...)`, then `(B * T / minibatches, ...)`."""

    observation: Any
    action: Any
    likelihood: Any
    value: Any


class Program:
    """Plays gymnax' CartPole and learns.

    Args:
        ppo: How it learns.
        widths: Of the layers of actor and critic.
        adam: Its learning rate, which falls to 0, and its longest gradient count.
        updates: In a call.
        steps: Of the optimizer, in all.
    """

    def __init__(self, ppo: PPO, widths: tuple[int, ...], adam: Config, updates: int, steps: int) -> None:
        self._ppo = ppo
        self._count = updates
        self._game, self._rules = gymnax.make("CartPole-v1")
        policy = Policy(self._game.num_actions, widths)
        self._think = policy.apply
        rate = optax.linear_schedule(adam.learning_rate, 0.0, steps)
        self._optimizer = optax.chain(optax.clip_by_global_norm(adam.clip_norm), optax.adam(rate))
        self._call = jax.jit(self._updates)
        of_weights, of_worlds, self._key = jax.random.split(jax.random.key(0), 3)
        reset = jax.vmap(self._game.reset, in_axes=(0, None))
        observation, state = reset(jax.random.split(of_worlds, ppo.worlds), self._rules)
        weights = policy.init(of_weights, observation)
        self._learner = weights, self._optimizer.init(weights)
        self._worlds = state, observation, jnp.zeros(ppo.worlds)

    def play(self) -> float:
        """Play and learn on; returns the mean return of the episodes that ended."""
        self._key, key = jax.random.split(self._key)
        done = jax.block_until_ready(self._call(self._learner, self._worlds, key))
        self._learner, self._worlds, gains, ends = done
        return float(gains / ends)

    def _updates(self, learner, worlds, key):
        keys = jax.random.split(key, self._count)
        (learner, worlds), (gains, ends) = jax.lax.scan(self._update, (learner, worlds), keys)
        return learner, worlds, jnp.sum(gains), jnp.sum(ends)

    def _update(self, agent, key):
        learner, worlds = agent
        ppo = self._ppo
        of_moves, of_orders = jax.random.split(key)
        weights, _ = learner
        keys = jax.random.split(of_moves, ppo.horizon)
        worlds, (seen, reward, ended, gain) = jax.lax.scan(
            functools.partial(self._move, weights), worlds, keys
        )
        _, last = self._think(weights, worlds[1])
        start, moments = (jnp.zeros_like(last), last), (seen.value, reward, ended)
        _, advantage = jax.lax.scan(self._judge, start, moments, reverse=True, unroll=16)
        played = jax.tree.map(lambda x: x.reshape(-1, *x.shape[2:]), (seen, advantage))
        keys = jax.random.split(of_orders, ppo.epochs)
        learner, _ = jax.lax.scan(functools.partial(self._epoch, played), learner, keys)
        return (learner, worlds), (jnp.sum(gain * ended), jnp.sum(ended))

    def _move(self, weights, worlds, key):
        state, observation, gain = worlds
        of_action, of_game = jax.random.split(key)
        logits, value = self._think(weights, observation)
        action = jax.random.categorical(of_action, logits)
        step = jax.vmap(self._game.step, in_axes=(0, 0, 0, None))
        keys = jax.random.split(of_game, self._ppo.worlds)
        after, state, reward, ended, _ = step(keys, state, action, self._rules)
        gain = gain + reward
        seen = Seen(observation, action, _likelihood(logits, action), value)
        return (state, after, jnp.where(ended, 0.0, gain)), (seen, reward, ended, gain)

    def _judge(self, later, moment):
        advantage, next_value = later
        value, reward, ended = moment
        surprise = reward + self._ppo.discount * (1 - ended) * next_value - value
        advantage = surprise + self._ppo.discount * self._ppo.trace * (1 - ended) * advantage
        return (advantage, value), advantage

    def _epoch(self, played, learner, key):
        order = jax.random.permutation(key, self._ppo.steps).reshape(self._ppo.minibatches, -1)
        return jax.lax.scan(self._learn, learner, jax.tree.map(lambda x: x[order], played))

    def _learn(self, learner, minibatch):
        weights, moments = learner
        gradients = jax.grad(self._loss)(weights, *minibatch)
        changes, moments = self._optimizer.update(gradients, moments)
        return (optax.apply_updates(weights, changes), moments), None

    def _loss(self, weights, seen, advantage):
        ppo = self._ppo
        logits, value = self._think(weights, seen.observation)
        ratio = jnp.exp(_likelihood(logits, seen.action) - seen.likelihood)
        error = jnp.square(value - (seen.value + advantage))
        advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
        gained = jnp.minimum(ratio * advantage, jnp.clip(ratio, 1 - ppo.clip, 1 + ppo.clip) * advantage)
        chances = jax.nn.log_softmax(logits)
        entropy = -jnp.sum(jnp.exp(chances) * chances, axis=1)
        return jnp.mean(-gained + ppo.value_weight * error / 2 - ppo.entropy_weight * entropy)


def _dense(units: int, gain: float):
    return linen.Dense(units, kernel_init=linen.initializers.orthogonal(gain))


def _likelihood(logits, action):
    return jnp.take_along_axis(jax.nn.log_softmax(logits), action[:, None], axis=1)[:, 0]
