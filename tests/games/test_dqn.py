"""DQN: its targets and its loss by hand, the same on one replica and two, and that it finds what is best."""

import dataclasses
import shutil
from dataclasses import dataclass
from typing import NamedTuple

import keras
import numpy as np
import pytest
import tensorflow as tf

import games
from games.chanceless import Chanceless
from games.dqn import DQN
from games.replay import Windows
from models import policy
from training import recipes, strategy
from training.loop import Loop, Schedule
from training.optimizers import Config, Updater
from training.settings import SettingsError

SMALL = DQN(
    worlds=4,
    horizon=2,
    rounds=2,
    batches=2,
    batch_size=16,
    capacity=128,
    warmup=64,
    target_period=3,
    exploration=0.5,
)


class CorridorState(NamedTuple):
    """Place and steps so far, `(B,)` int32."""

    place: tf.Tensor
    steps: tf.Tensor


@dataclass(frozen=True)
class Corridor(Chanceless):
    """Five places in a row; beyond the left end 1 is to be had, beyond the right one 3, and the game is over.

    What is best is known: at a discount of 0.5 to go left from the first two places, right from the others.
    Time runs out after 2 steps, so that from the middle no game gets to an end.
    """

    name = "corridor"
    title = "Corridor"
    actions = ("left", "right")
    observation_shape = (5,)
    channels = ("a", "b", "c", "d", "e")
    limit = 2
    kept = tf.bool

    def reset(self, seed, n):
        return CorridorState(tf.random.stateless_uniform((n,), seed, 0, 5, tf.int32), tf.zeros(n, tf.int32))

    def follow(self, state, action):
        place = state.place + 2 * action - 1
        return CorridorState(place, state.steps + 1), tf.where(place < 0, 1.0, tf.where(place > 4, 3.0, 0.0))

    def ended(self, state):
        over = (state.place < 0) | (state.place > 4)
        return over, ~over & (state.steps >= self.limit)

    def observe(self, state):
        return tf.one_hot(state.place, 5)


def best_values(discount: float) -> np.ndarray:
    """Of each place and action of the corridor, by value iteration."""
    values = np.zeros((5, 2))
    for _ in range(50):
        ahead = values.max(axis=1)
        values[:, 0] = [1, *discount * ahead[:-1]]
        values[:, 1] = [*discount * ahead[1:], 3]
    return values


def objective(game="cartpole", settings=SMALL, rate=1e-3, seed=3, total=6, heads="dueling", **keywords):
    """An agent of few units."""
    keras.utils.set_random_seed(seed)
    rules = games.find(game) if isinstance(game, str) else game
    torso = {"torso": "cnn", "filters": (4,)} if len(rules.observation_shape) == 3 else {}
    torso |= {"heads": heads, "shared": True, "widths": (16,)}
    model = policy.build(policy.Config(rules.observation_shape, len(rules.actions), **torso))
    updater = Updater(Config("adam", rate, clip_norm=10.0), model.trainable_variables, steps=1)
    return settings.objective(rules, model, updater, total, seed, **{"jit_compile": True, **keywords})


def trained(devices: str, steps: int, folder=None, **keywords) -> Loop:
    chosen = strategy.pick(devices)
    with chosen.scope():
        made = objective(**keywords)
        loop = Loop(chosen, made, Schedule(steps, 2, 2, 0), checkpoint_folder=folder)
        loop.restore()
    loop.logs = loop.run()
    return loop


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("checkpoints")


@pytest.fixture(scope="module")
def whole(folder):
    """An agent that has learned 6 steps, with checkpoints after the fourth and the last."""
    return trained("cpu:1", 6, folder)


@pytest.fixture(scope="module")
def taught():
    """An agent that has long learned to go through the corridor."""
    settings = DQN(
        worlds=8,
        rounds=200,
        batch_size=32,
        capacity=800,
        warmup=400,
        discount=0.5,
        epsilon=0.5,
        target_period=20,
        n_steps=1,
    )
    return trained("cpu:1", 6, game=Corridor(), settings=settings, rate=0.01)


def values(loop: Loop) -> list[np.ndarray]:
    """Of every variable: the model's, the optimizer's, the target's."""
    return [variable.numpy() for variable in loop.objective.variables]


# What is learned


@pytest.mark.parametrize("double", [False, True])
def test_the_loss_is_hubers_of_the_published_targets(double):
    settings = dataclasses.replace(SMALL, double=double, huber=0.7)
    agent = objective(settings=settings, jit_compile=False)
    random = np.random.default_rng(0)
    for target in agent.target:  # another net than the one that learns
        target.assign(random.normal(size=target.shape))
    B = settings.batch_size
    observation, following = random.normal(size=(2, B, 4)).astype("float32")
    action = random.integers(0, 2, B).astype("int32")
    gain = random.normal(size=B).astype("float32")
    worth = np.where(random.random(B) < 0.3, 0, 0.9).astype("float32")
    weights = random.random(B).astype("float32")
    windows = Windows(observation, action, gain, worth, following, np.ones(B, "float32"))
    windows = tf.nest.map_structure(tf.constant, windows)
    sums, gradients, errors = agent._differentiate(windows, tf.constant(weights))

    rows = np.arange(B)
    mine, ahead_mine = agent.model(observation).numpy(), agent.model(following).numpy()
    other = keras.models.clone_model(agent.model)
    other.set_weights([target.numpy() for target in agent.target])
    ahead = other(following).numpy()
    best = ahead[rows, ahead_mine.argmax(axis=1)] if double else ahead.max(axis=1)
    assert double is not np.allclose(best, ahead.max(axis=1))  # or nothing is told apart
    error = mine[rows, action] - (gain + worth * best)
    losses = weights * np.where(abs(error) < 0.7, error**2 / 2, 0.7 * (abs(error) - 0.35))
    assert {True, False} == set(abs(error) < 0.7)
    np.testing.assert_allclose(errors, abs(error), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        sums, [losses.sum(), mine.max(axis=1).sum(), abs(error).sum()], rtol=1e-4, atol=1e-5
    )
    with tf.GradientTape() as tape:
        found = tf.gather(agent.model(observation), action, batch_dims=1)
        loss = tf.reduce_mean(weights * np.clip(error, -0.7, 0.7) * found)  # whose gradient is the loss'
    wanted = tape.gradient(loss, agent.model.trainable_variables)
    for one, two in zip(gradients, wanted, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-3, atol=1e-5)


def test_what_was_likely_is_learned_from_with_less_weight_and_gets_a_new_priority():
    settings = dataclasses.replace(SMALL, priority=0.6, correction=0.4)
    agent = objective(settings=settings)
    replay = agent.initial_state(0, 1).replay
    random = np.random.default_rng(0)
    there = replay.priority.numpy() > 0
    priority = np.where(there, random.random(there.shape) + 0.1, 0).astype("float32")
    replay = replay._replace(priority=tf.constant(priority))
    differentiate, seen = agent._differentiate, []

    def watch(windows, weights):
        found = differentiate(windows, weights)
        seen.append((windows, weights, found[2]))
        return found

    agent._differentiate = watch
    update = tf.constant(5, tf.int64)
    _, world, slot = agent._draw(replay, agent._sums(replay.priority), update, 0)
    for done in (0.0, 0.5, 1.0):
        after, _ = agent._learn(replay, update, tf.constant(done), 0)
        windows, weights, errors = seen.pop()
        likely = priority[world, slot]
        np.testing.assert_array_equal(windows.priority, likely)
        np.testing.assert_allclose(weights, (likely.min() / likely) ** (0.4 + 0.6 * done), rtol=1e-5)
        wanted = priority.copy()
        wanted[world, slot] = (errors.numpy() + 1e-6) ** 0.6
        np.testing.assert_allclose(after.priority, wanted, rtol=1e-5)
        assert float(after.highest) == pytest.approx(max(1.0, wanted[world, slot].max()))


def test_the_target_follows_at_its_times():
    for period, share in ((3, 1.0), (1, 0.25)):
        agent = objective(settings=dataclasses.replace(SMALL, target_period=period, target_share=share))
        wanted = [variable.numpy() for variable in agent.model.trainable_variables]
        for update in range(7):
            for variable in agent.model.trainable_variables:
                variable.assign(variable + 1.0)
            agent._follow(tf.constant(update, tf.int64))
            if update % period == period - 1:
                now = [variable.numpy() for variable in agent.model.trainable_variables]
                wanted = [share * new + (1 - share) * old for new, old in zip(now, wanted, strict=True)]
            for one, two in zip(agent.target, wanted, strict=True):
                np.testing.assert_allclose(one, two, rtol=1e-6, atol=1e-6)


# What is played


def test_actions_are_taken_at_random_less_and_less():
    agent = objective(settings=dataclasses.replace(SMALL, epsilon=0.1, exploration=0.5))
    shares = [float(agent._epsilon(tf.constant(done))) for done in (0.0, 0.25, 0.5, 1.0)]
    assert shares == pytest.approx([1.0, 0.55, 0.1, 0.1])
    settings = dataclasses.replace(SMALL, worlds=64, horizon=50, warmup=3200, capacity=3200)
    agent = objective("mountain_car", settings, heads="q")
    agent.model.get_layer("action_values").bias.assign([0.0, 0.0, 1e3])
    state = agent.initial_state(0, 1)
    begun = np.bincount(state.replay.kept.action.numpy().ravel()) / 3200
    np.testing.assert_allclose(begun, 1 / 3, atol=0.04)
    _, played, _ = agent._play(state.worlds, tf.constant(0, tf.int64), tf.constant(0.3), 0)
    shares = np.bincount(played.action.numpy().ravel()) / 3200
    np.testing.assert_allclose(shares, [0.1, 0.1, 0.8], atol=0.03)


def test_what_is_kept_is_what_was_played(whole):
    """Each observation that is kept follows from the one before it by the rules and the action."""
    agent, ends = whole.objective, 0
    for state in (agent.initial_state(0, 1), whole._state):
        kept = tf.nest.map_structure(lambda x: x.numpy(), state.replay.kept)
        written = int(state.replay.written)
        order = np.arange(max(0, written - 32), written) % 32  # the oldest first
        seen = kept.observation[order]
        worlds = agent.game.reset(tf.constant([0, 0]), 4)
        for now, slot in enumerate(order):
            parts = dict(zip(agent.game.channels, map(tf.constant, seen[now].T), strict=True))
            step = agent.game.advance(worlds._replace(**parts), tf.constant(kept.action[slot]), ())
            np.testing.assert_allclose(kept.final[slot], step.observation, rtol=1e-4, atol=1e-5)
            np.testing.assert_array_equal(kept.terminated[slot], step.terminated)
            ended = kept.terminated[slot]
            ends += ended.sum()
            if now + 1 < len(order):
                np.testing.assert_array_equal(seen[now + 1][~ended], kept.final[slot][~ended])
                assert (abs(seen[now + 1][ended]) <= 0.05).all()  # a new game
    assert written > 32
    assert ends


def test_what_is_best_is_found_and_what_it_is_worth(taught):
    found = taught.model(tf.eye(5)).numpy()
    np.testing.assert_allclose(found, best_values(0.5), atol=0.1)
    assert list(found.argmax(axis=1)) == [0, 0, 1, 1, 1]


@pytest.mark.slow
def test_what_is_best_is_found_over_several_rewards_too():
    settings = DQN(
        worlds=8,
        rounds=200,
        batch_size=32,
        capacity=800,
        warmup=400,
        discount=0.5,
        epsilon=0.5,
        target_period=20,
        priority=0.0,
    )
    loop = trained("cpu:1", 6, game=Corridor(), settings=settings, rate=0.01)
    assert set(np.unique(loop._state.replay.priority)) == {0.0, 1.0}
    assert list(loop.model(tf.eye(5)).numpy().argmax(axis=1)) == [0, 0, 1, 1, 1]


# Replicas, resume, memory


def test_two_replicas_learn_what_one_would(whole):
    both = trained("cpu:2", 6)
    for one, other in zip(values(whole), values(both), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=2e-5)
    assert whole.logs.keys() == both.logs.keys()
    for name, value in whole.logs.items():
        assert both.logs[name] == pytest.approx(value, rel=1e-3, abs=1e-4), name
    first, second = both.strategy.experimental_local_results(both._state)
    for name in ("action", "reward", "terminated"):
        parts = [getattr(state.replay.kept, name).numpy() for state in (first, second)]
        kept = getattr(whole._state.replay.kept, name).numpy()
        np.testing.assert_array_equal(np.concatenate(parts, axis=1), kept)
    parts = [state.replay.priority.numpy() for state in (first, second)]
    np.testing.assert_allclose(np.concatenate(parts), whole._state.replay.priority, rtol=1e-2, atol=1e-4)


def test_a_resumed_agent_goes_on_to_the_same_bits(whole, folder):
    shutil.rmtree(folder / "00000006")
    again = trained("cpu:1", 6, folder)
    assert again.step == 6
    for one, other in zip(values(whole), values(again), strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(whole._state_leaves(), again._state_leaves(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_learning_without_xla_is_the_same(whole):
    other = trained("cpu:1", 6, jit_compile=False)
    for a, b in zip(values(whole), values(other), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=2e-5)


def test_memory_is_what_it_was_after_the_replay_has_been_filled_many_times(taught):
    fresh, state = taught.objective.initial_state(0, 1), taught._state
    assert state.replay.written * taught.objective.dqn.worlds > 10 * taught.objective.dqn.capacity
    before, after = tf.nest.flatten(fresh), tf.nest.flatten(state)
    assert [(x.shape, x.dtype) for x in before] == [(x.shape, x.dtype) for x in after]


# Settings


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"worlds": 0}, "worlds must be at least 1. Received: 0"),
        ({"capacity": 100_001}, "capacity must be a multiple of 16. Received: 100001"),
        ({"horizon": 3}, "warmup must be a multiple of 48. Received: 2048"),
        ({"warmup": 32}, "warmup must be at least 64, .* at most the capacity, 100000. Received: 32"),
        ({"capacity": 1600}, "warmup must be .* at most the capacity, 1600. Received: 2048"),
        ({"discount": 1.5}, "discount must be 0 to 1. Received: 1.5"),
        ({"target_share": 0.0}, "target_share must be above 0 and at most 1. Received: 0.0"),
        ({"huber": 0.0}, "huber must be above 0. Received: 0.0"),
    ],
)
def test_settings_that_break_a_rule_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        DQN(**changes)


def test_steps_and_updates_are_counted():
    settings = DQN(worlds=8, horizon=2, rounds=10, batches=3, warmup=160, capacity=1600)
    assert (settings.before, settings.steps, settings.updates) == (160, 160, 30)


def test_a_recipe_wants_a_net_that_values_actions():
    recipe = recipes.find("cartpole_dqn")
    source = recipe.load({})
    recipe.check(source)
    assert isinstance(recipe.agent, DQN)
    for wrong, kind in ((recipe, "actor_critic"), (recipes.find("cartpole_ppo"), "q")):
        with pytest.raises(SettingsError, match=f"model.heads must be one of .* Received: '{kind}'"):
            wrong.override({"model.heads": kind}).check(source)
    with pytest.raises(SettingsError, match="agent.worlds must be a multiple of 3, the replicas"):
        recipe.feeds(source, 3, 0, False)
    updates, _ = recipe.length(None)
    total = recipe.agent.before + updates * recipe.agent.steps
    assert abs(total - recipe.training.steps) <= recipe.agent.steps / 2
    model = recipe.build_model(source.spec)
    (answer,) = recipe.predict(model, source.spec, {}, ["0.1,0.2,0.3,0.4"])
    found = model(np.array([[0.1, 0.2, 0.3, 0.4]], "float32")).numpy()[0]
    assert answer["values"] == pytest.approx(dict(zip(("left", "right"), found, strict=True)), abs=1e-5)
    assert answer["output"] == max(answer["values"], key=answer["values"].get)


# The net


@pytest.mark.parametrize("shared", [False, True])
def test_a_dueling_net_puts_value_and_advantage_together(shared, tmp_path):
    model = policy.build(policy.Config((4,), 3, widths=(8,), heads="dueling", shared=shared))
    torso = 4 * 8 + 8
    assert model.count_params() == torso * (1 if shared else 2) + 8 * 1 + 1 + 8 * 3 + 3
    assert model.output_shape == (None, 3)
    x = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")
    parts = keras.Model(model.input, [model.get_layer(name).output for name in ("value", "advantage")])
    value, advantage = (part.numpy() for part in parts(x))
    found = model(x).numpy()
    np.testing.assert_allclose(
        found, value + advantage - advantage.mean(axis=1, keepdims=True), rtol=1e-4, atol=1e-5
    )
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "model.keras")(x), found)


def test_a_net_of_action_values_has_one_head():
    model = policy.build(policy.Config((10, 10, 4), 6, "cnn", widths=(8,), filters=(4,), heads="q"))
    assert model.output_shape == (None, 6)
    assert model.count_params() == 3 * 3 * 4 * 4 + 4 + 8 * 8 * 4 * 8 + 8 + 8 * 6 + 6
    with pytest.raises(ValueError, match="heads must be one of actor_critic, q, dueling. Received: 'v'"):
        policy.Config((4,), 2, heads="v")
