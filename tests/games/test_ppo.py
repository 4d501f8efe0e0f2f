"""PPO: its advantages and its loss by hand, the same on one replica and two, and that it learns."""

import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

import games
from games.game import RESET
from games.ppo import PPO, Played, Proximal, advantages_of
from models import policy
from training import strategy
from training.loop import Loop, Schedule
from training.optimizers import Config, Updater

TORSOS = {
    "mlp": {},
    "rnn": {"torso": "rnn", "units": (12,)},
    "encoder": {"torso": "encoder", "window": 6, "width": 8, "attention_heads": 2},
}
SMALL = PPO(worlds=8, horizon=16, epochs=1, minibatches=2)


def objective(game="cartpole", settings=SMALL, rate=1e-3, seed=3, torso="mlp", **keywords) -> Proximal:
    """An agent of few units."""
    keras.utils.set_random_seed(seed)
    rules = games.find(game) if isinstance(game, str) else game
    torso = TORSOS[torso] if len(rules.observation_shape) == 1 else {"torso": "cnn", "filters": (4,)}
    model = policy.build(policy.Config(rules.observation_shape, len(rules.actions), widths=(16,), **torso))
    updater = Updater(Config("adam", rate, clip_norm=0.5), model.trainable_variables, steps=1)
    return Proximal(rules, model, updater, settings, seed, **keywords)


def trained(devices: str, steps: int, folder=None, **keywords) -> Loop:
    chosen = strategy.pick(devices)
    with chosen.scope():
        made = objective(**keywords)
        loop = Loop(chosen, made, Schedule(steps, 2, 2, 0), checkpoint_folder=folder)
        loop.restore()
    loop.logs = loop.run()
    return loop


def weights(loop: Loop) -> list[np.ndarray]:
    return [variable.numpy() for variable in loop.model.weights]


def test_advantages_are_sums_of_discounted_surprises():
    random = np.random.default_rng(0)
    T, B, discount, trace = 7, 3, 0.9, 0.8
    rewards, values = random.normal(size=(2, T, B)).astype("float32")
    last = random.normal(size=B).astype("float32")
    ended = random.random((T, B)) < 0.3
    found = advantages_of(*map(tf.constant, (rewards, values, ended, last)), discount, trace).numpy()
    following = np.concatenate([values[1:], last[None]])
    surprise = rewards + discount * following * ~ended - values
    for b in range(B):
        for t in range(T):
            wanted, weight = 0.0, 1.0
            for later in range(t, T):
                wanted += weight * surprise[later, b]
                if ended[later, b]:
                    break
                weight *= discount * trace
            assert found[t, b] == pytest.approx(wanted, rel=1e-4, abs=1e-5)


def test_time_that_ran_out_is_not_the_end():
    """Of a truncated world the value of where it stood counts, of one that is over nothing."""
    agent = objective("mountain_car")  # no policy of an untrained net gets out: it ends at 200 by time alone
    playing = agent.initial_state(0, 1)
    worlds = playing.worlds
    worlds = worlds._replace(state=worlds.state._replace(steps=tf.fill([8], 199 - 4)))
    played, _, episodes, _ = agent._play(playing._replace(worlds=worlds), tf.constant(0, tf.int64), 0)
    assert episodes[2] == 8
    values, advantages = played.value.numpy(), played.advantage.numpy()
    settings = agent.ppo
    # The step that ends them: its advantage is r + discount V(final) - V, and nothing of the game after it.
    place = 4
    before = played.observation[place]
    logits, _ = agent.player.model(before)
    step = agent.game.advance(
        worlds.state._replace(position=before[:, 0], velocity=before[:, 1], steps=tf.fill([8], 199)),
        played.action[place],
        (),
    )
    assert step.truncated.numpy().all()
    final = agent.player.model(step.observation)[1][:, 0].numpy()
    wanted = -1 + settings.discount * final - values[place]
    np.testing.assert_allclose(advantages[place], wanted, rtol=1e-4, atol=1e-5)
    chances = tf.nn.log_softmax(logits).numpy()[np.arange(8), played.action[place]]
    np.testing.assert_allclose(played.likelihood[place], chances, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("value_clip", [0.0, 0.1])
def test_the_loss_is_the_published_one(value_clip):
    settings = PPO(8, 16, 1, 1, clip=0.1, value_clip=value_clip, value_weight=0.7, entropy_weight=0.02)
    agent = objective(settings=settings, jit_compile=False)
    random = np.random.default_rng(0)
    N = 128
    observation = random.normal(size=(N, 4)).astype("float32")
    action = random.integers(0, 2, N).astype("int32")
    likelihood, value, advantage = random.normal(size=(3, N)).astype("float32") * [[0.2], [1], [1]] - [
        [0.7],
        [0],
        [0],
    ]
    begins = np.zeros(N, bool)
    played = Played(
        observation, begins, action, *(x.astype("float32") for x in (likelihood, value, advantage))
    )
    sums, _ = agent._differentiate(
        tf.nest.map_structure(tf.constant, played), (), advantage.mean(), advantage.std()
    )
    logits, now = (x.numpy().astype("float64") for x in agent.player.model(observation))
    now = now[:, 0]
    chances = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    ratio = np.exp(chances[np.arange(N), action] - likelihood)
    scaled = (advantage - advantage.mean()) / advantage.std()
    gain = np.minimum(ratio * scaled, np.clip(ratio, 0.9, 1.1) * scaled)
    error = (now - value - advantage) ** 2
    if value_clip:
        near = value + np.clip(now - value, -value_clip, value_clip)
        error = np.maximum(error, (near - value - advantage) ** 2)
    entropy = -(np.exp(chances) * chances).sum(axis=1)
    wanted = -gain + 0.7 * error / 2 - 0.02 * entropy
    moved, clipped = ratio - 1 - np.log(ratio), np.abs(ratio - 1) > 0.1
    sums_wanted = [x.sum() for x in (wanted, error, entropy, moved, clipped, -gain)]
    np.testing.assert_allclose(sums, sums_wanted, rtol=1e-3)


def test_a_minibatch_has_as_many_steps_of_each_world_and_an_epoch_every_step_once():
    agent = objective(settings=PPO(worlds=6, horizon=8, epochs=3, minibatches=4))
    order = agent._order(tf.constant(5, tf.int64), 0).numpy()
    assert order.shape == (12, 12)
    for epoch in range(3):
        assert sorted(order[epoch * 4 : epoch * 4 + 4].ravel()) == list(range(48))
    assert all((np.bincount(rows % 6) == 2).all() for rows in order)
    assert not np.array_equal(order[:4], order[4:8])
    assert not np.array_equal(order, agent._order(tf.constant(6, tf.int64), 0).numpy())


@pytest.mark.parametrize("torso", ["rnn", pytest.param("encoder", marks=pytest.mark.slow)])
def test_what_is_remembered_is_remembered_again_in_learning(torso):
    """Before a weight has changed, learning finds every action as likely as it was when it was taken."""
    agent = objective(torso=torso, settings=PPO(worlds=4, horizon=64, minibatches=1))
    playing = agent.initial_state(0, 1)
    for position in range(2):  # the second time it remembers something to begin with
        played, after, *_ = agent._play(playing, tf.constant(position, tf.int64), 0)
        assert played.begins.numpy()[1:].any()  # some games began on the way
        sums, gradients = agent._differentiate(played, playing.memory, 0.0, 1.0)
        _, error, _, moved, clipped, _ = sums.numpy()
        assert moved == pytest.approx(0, abs=1e-4)
        assert clipped == 0
        assert error == pytest.approx(float(tf.reduce_sum(played.advantage**2)), rel=1e-3)
        if position:
            forgotten = agent.player.first(4)
            assert any(np.abs(a - b).max() > 0 for a, b in zip(playing.memory, forgotten, strict=True))
            values, others = (agent._look(played, m)[1].numpy() for m in (playing.memory, forgotten))
            assert np.abs(values - others).max() > 1e-3
        playing = after
    assert all(np.abs(gradient).max() > 0 for gradient in gradients)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("checkpoints")


@pytest.fixture(scope="module")
def whole(folder) -> Loop:
    """An agent's first six updates, with a checkpoint after every second."""
    return trained("cpu:1", 6, folder)


def assert_equal(alone: Loop, both: Loop) -> None:
    """That two replicas have learned what one did."""
    for one, other in zip(weights(alone), weights(both), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=2e-5)
    assert alone.logs.keys() == both.logs.keys()
    for name, value in alone.logs.items():
        assert both.logs[name] == pytest.approx(value, rel=1e-3, abs=1e-4), name


def test_two_replicas_learn_what_one_would(whole):
    assert_equal(whole, trained("cpu:2", 6))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("game", "torso"), [("breakout", "cnn"), ("cartpole_masked", "rnn"), ("cartpole_masked", "encoder")]
)
def test_two_replicas_learn_what_one_would_with_any_torso(game, torso):
    keywords = {"game": game, "torso": torso, "jit_compile": game != "breakout"}
    assert_equal(*(trained(devices, 4, **keywords) for devices in ("cpu:1", "cpu:2")))


def test_a_resumed_agent_goes_on_to_the_same_bits(whole, folder):
    shutil.rmtree(folder / "00000006")
    again = trained("cpu:1", 6, folder)
    assert again.step == 6
    for one, other in zip(weights(whole), weights(again), strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(whole._state_leaves(), again._state_leaves(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_learning_without_xla_is_the_same(whole):
    other = trained("cpu:1", 6, jit_compile=False)
    for a, b in zip(weights(whole), weights(other), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_it_learns_to_balance():
    settings = PPO(worlds=32, horizon=64)
    loop = trained("cpu:1", 60, settings=settings, rate=5e-3)
    assert loop.logs["return"] > 150  # a policy by chance has some 22


@pytest.mark.parametrize(
    ("torso", "rate", "least", "most"),
    [
        ("mlp", 5e-3, -0.5, 0.5),
        ("rnn", 5e-3, 0.9, 1.0),
        pytest.param("encoder", 1e-3, 0.9, 1.0, marks=pytest.mark.slow),  # half a minute
    ],
)
def test_only_who_remembers_answers_what_was_shown_before(torso, rate, least, most):
    """A reward of 1 for the bit that was shown three steps ago, of -1 for the other."""
    settings = PPO(worlds=32, horizon=16, minibatches=4)
    game = games.find("memory_chain", length=3)
    loop = trained("cpu:1", 60, game=game, torso=torso, settings=settings, rate=rate)
    assert least <= loop.logs["return"] <= most


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"worlds": 0}, "worlds must be at least 1. Received: 0"),
        (
            {"worlds": 3, "horizon": 10},
            "minibatches must divide horizon times worlds, 30, into parts of at least 2 steps. Received: 8",
        ),
        ({"worlds": 4, "horizon": 2}, "into parts of at least 2 steps. Received: 8"),
        ({"target_kl": -0.1}, "target_kl must be at least 0. Received: -0.1"),
        ({"discount": 1.5}, "discount must be 0 to 1. Received: 1.5"),
        ({"clip": 0.0}, "clip must be above 0. Received: 0.0"),
        ({"entropy_weight": -1.0}, "entropy_weight must be at least 0. Received: -1.0"),
    ],
)
def test_settings_that_break_a_rule_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        PPO(**changes)


def test_the_first_games_have_draws_of_their_own():
    agent = objective()
    first = agent.initial_state(0, 1).worlds.state
    later = tf.constant([agent.seed * 4 + 1, RESET], tf.int64)
    for key in (agent._key(0, 1), later):
        assert not np.array_equal(first.x, games.find("cartpole").reset(key, 8).x)


@pytest.mark.parametrize("horizon", [1, 2, 6])
def test_short_rollouts_fill_minibatches_from_neighbouring_worlds(horizon):
    """Each has as many steps of a group of worlds as of any other, and an epoch has every step once."""
    settings = PPO(worlds=8, horizon=horizon, epochs=2, minibatches=4)
    settings.check_replicas(1, remembers=False)
    order = objective(settings=settings)._order(tf.constant(5, tf.int64), 0).numpy()
    assert order.shape == (8, 2 * horizon)
    for epoch in range(2):
        assert sorted(order[epoch * 4 : epoch * 4 + 4].ravel()) == list(range(8 * horizon))
    groups = 8 // settings.group
    assert all(
        (np.bincount(rows % 8 // settings.group, minlength=groups) == 2 * horizon // groups).all()
        for rows in order
    )


@pytest.mark.parametrize("horizon", [1, 3])
def test_two_replicas_learn_what_one_would_from_short_rollouts(horizon):
    settings = PPO(worlds=8, horizon=horizon, epochs=2, minibatches=4)
    assert_equal(*(trained(devices, 3, settings=settings) for devices in ("cpu:1", "cpu:2")))


def test_worlds_that_do_not_fill_minibatches_are_named():
    with pytest.raises(ValueError, match="worlds must be a multiple of 8, the replicas times 4: so many"):
        PPO(worlds=12, horizon=2, minibatches=8).check_replicas(2, remembers=False)
    PPO(worlds=16, horizon=2, minibatches=8).check_replicas(2, remembers=False)


def test_an_update_ends_once_the_policy_has_moved_too_far():
    """The weights are those of the updates before; a bound that is never reached changes nothing."""

    def learned(settings):
        agent = objective(settings=settings, rate=0.05)
        played, *_ = agent._play(agent.initial_state(0, 1), tf.constant(0, tf.int64), 0)
        totals = tf.function(agent._learned)(played, (), tf.constant(0, tf.int64), 0).numpy()
        steps = int(agent.updater.inner.iterations)
        return totals, steps, [variable.numpy() for variable in agent.models["model"].weights]

    free = {"worlds": 8, "horizon": 16, "epochs": 4, "minibatches": 2}
    whole, steps, weights_of_all = learned(PPO(**free))
    assert (steps, whole[-1]) == (8, 8 * 64)
    _, steps, unbound = learned(PPO(**free, target_kl=1e3))
    assert steps == 8
    for one, other in zip(weights_of_all, unbound, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    bound, steps, kept = learned(PPO(**free, target_kl=1e-3))
    assert 1 <= steps < 8
    assert bound[-1] == (steps + 1) * 64  # the minibatch that showed it is told of, and not learned from
    short = objective(settings=PPO(**free), rate=0.05)
    played, *_ = short._play(short.initial_state(0, 1), tf.constant(0, tf.int64), 0)
    pool = tf.nest.map_structure(lambda x: tf.reshape(x, (-1, *x.shape[2:])), played)
    for rows in short._order(tf.constant(0, tf.int64), 0)[:steps]:
        _, gradients = short._of_minibatch(rows, 0, pool, ())
        short.updater.apply(gradients)
    for one, other in zip(kept, short.models["model"].weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match="target_kl must be 0 on several replicas. Received: 0.01"):
        PPO(target_kl=0.01).check_replicas(2, remembers=False)


def test_explained_variance_is_one_for_values_that_are_right():
    agent = objective()
    value = tf.constant(np.random.default_rng(0).normal(size=(16, 8)).astype("float32"))
    zero = tf.zeros_like(value)

    def explained(value, advantage):
        return [float(x) for x in agent._explained(Played(*[zero] * 4, value, advantage))]

    assert explained(value, zero) == [1, 1]
    assert explained(zero, value) == pytest.approx([0, 1], abs=1e-6)  # a constant explains nothing
    assert explained(-value, 2 * value)[0] == pytest.approx(-3, rel=1e-5)
    assert explained(zero, zero + 2) == [0, 0]  # returns that are all the same: it is not told
