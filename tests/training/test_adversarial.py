"""Two players on the loop: their losses and steps as published, one replica and two, resumed to the same bits."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from data import digits, points
from data.pipeline import Stream, Sweep
from data.source import Source
from models import gan
from training import duel, strategy
from training.adversarial import LOSSES, Adversarial, Duel, of_discriminator, of_generator
from training.loop import Loop, Schedule, means
from training.optimizers import Config, Updater

SOURCE = digits.Config().load()
POINTS = points.Config(kind="circles", examples=60).load()
OF_POINTS = {"source": POINTS, "input_shape": (2,), "filters": (16, 8), "normalization": "none"}
BATCH = 16
SMALL = {"input_shape": (8, 8, 1), "outputs": 10, "latent": 6, "filters": (8, 4)}


def make(
    replicas: int = 1,
    steps: int = 6,
    played: Duel = Duel(),
    optimizer: Config = Config("sgd", 0.05, momentum=0.0),
    loop: dict | None = None,
    source: Source = SOURCE,
    **model,
) -> Loop:
    chosen = strategy.pick(f"cpu:{replicas}")
    keras.utils.set_random_seed(1)
    with chosen.scope():
        net = gan.build(gan.Config(**{**SMALL, **model}))
        strategy.synchronize(net, chosen)
        players = gan.players(net)
        first, second = (Updater(optimizer, player.trainable_variables, steps) for player in players)
        return Loop(
            chosen,
            Adversarial(*players, (first, second), played, seed=3),
            Schedule(steps, steps_per_epoch=3, steps_per_call=3),
            Stream(source.train, BATCH, seed=5),
            Sweep(source.validation, 64),
            **(loop or {}),
        )


def weights(loop: Loop) -> list[np.ndarray]:
    return [array for player in loop.objective.models.values() for array in player.get_weights()]


def test_losses_are_those_of_the_papers():
    real, made = np.array([0.5, -2.0], "float32"), np.array([-0.3, 1.7], "float32")
    judged_real, judged_made = 1 / (1 + np.exp(-real)), 1 / (1 + np.exp(-made))
    wanted = {
        "non_saturating": (-np.log(judged_real) - np.log(1 - judged_made), -np.log(judged_made)),
        "least_squares": (((real - 1) ** 2 + (made + 1) ** 2) / 2, (made - 1) ** 2 / 2),
        "hinge": (np.maximum(0, 1 - real) + np.maximum(0, 1 + made), -made),
        "wasserstein": (made - real, -made),
    }
    assert set(wanted) == set(LOSSES)
    for name, (of_one, of_other) in wanted.items():
        played = Duel(name, penalty=10.0)
        np.testing.assert_allclose(of_discriminator(played, real, made), of_one, rtol=1e-5)
        np.testing.assert_allclose(of_generator(played, made), of_other, rtol=1e-5)
    smoothed = -0.9 * np.log(judged_real) - 0.1 * np.log(1 - judged_real) - np.log(1 - judged_made)
    np.testing.assert_allclose(of_discriminator(Duel(smoothing=0.1), real, made), smoothed, rtol=1e-5)


@pytest.mark.parametrize("given", [{"normalization": "none"}, OF_POINTS], ids=["pictures", "points"])
@pytest.mark.parametrize("played", [Duel(), Duel("wasserstein", 2, 10.0)], ids=["plain", "critic"])
def test_a_step_is_what_the_paper_says(played, given):
    """Algorithm 1 of Goodfellow et al. and of Gulrajani et al., written down anew."""
    loop = make(1, steps=1, played=played, **given)
    train = given.get("source", SOURCE).train
    objective, rate = loop.objective, 0.05
    generator, discriminator = objective.models.values()
    before = [[tf.constant(v) for v in player.trainable_variables] for player in (generator, discriminator)]
    (pictures, _, _) = next(iter(Stream(train, BATCH, seed=5).shards(0, 1, 0, 1)))
    noise, between = objective._draw(tf.constant(0, tf.int64), BATCH, 1, 0)
    logs = loop.run()
    after = weights(loop)

    for player, values in zip((generator, discriminator), before, strict=True):
        for variable, value in zip(player.trainable_variables, values, strict=True):
            variable.assign(value)
    parts, lost = played.discriminator_steps, []
    for part in range(parts):
        real, made = pictures[part::parts], generator(noise[part::parts])
        with tf.GradientTape() as tape:
            losses = of_discriminator(played, discriminator(real)[:, 0], discriminator(made)[:, 0])
            loss = tf.reduce_mean(losses)
            if played.penalty:
                mixed = between[part::parts] * real + (1 - between[part::parts]) * made
                with tf.GradientTape() as inner:
                    inner.watch(mixed)
                    verdict = discriminator(mixed)
                norms = tf.norm(tf.reshape(inner.gradient(verdict, mixed), (len(real), -1)), axis=1)
                loss += played.penalty * tf.reduce_mean((norms - 1) ** 2)
        lost.append(losses.numpy().mean())
        variables = [v.value for v in discriminator.trainable_variables]
        for variable, gradient in zip(variables, tape.gradient(loss, variables), strict=True):
            variable.assign_sub(rate * gradient)
    with tf.GradientTape() as tape:
        deceived = tf.reduce_mean(
            of_generator(played, discriminator(generator(noise[parts - 1 :: parts]))[:, 0])
        )
    variables = [v.value for v in generator.trainable_variables]
    for variable, gradient in zip(variables, tape.gradient(deceived, variables), strict=True):
        variable.assign_sub(rate * gradient)
    for ours, wanted in zip(after, weights(loop), strict=True):
        np.testing.assert_allclose(ours, wanted, rtol=1e-4, atol=1e-6)
    assert logs["loss"] == pytest.approx(float(deceived), rel=1e-4)
    assert logs["discriminator_loss"] == pytest.approx(np.mean(lost), rel=1e-4)


@pytest.mark.parametrize("played", [Duel(), Duel("wasserstein", 2, 10.0)], ids=["plain", "critic"])
def test_a_turn_of_each_player_is_a_step(played):
    """The same numbers to the last bit, dropout masks and moving statistics included."""
    setting = {"steps": 1, "played": played, "optimizer": Config("adam", 1e-2), "dropout": 0.2}
    whole, halves = make(**setting), make(**setting)
    logs, objective = whole.run(), halves.objective
    batch = next(iter(Stream(SOURCE.train, BATCH, seed=5).shards(0, 1, 0, 1)))
    first = tf.constant(0, tf.int64)
    before = weights(halves)
    taught = tf.function(objective.teach)(batch, first)
    for old, new in zip(before, objective.models["generator"].get_weights(), strict=False):
        np.testing.assert_array_equal(old, new)
    critic = objective.models["discriminator"].get_weights()
    persuaded = tf.function(objective.persuade)(batch, first)
    for old, new in zip(critic, objective.models["discriminator"].get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    for ours, wanted in zip(objective.variables, whole.objective.variables, strict=True):
        np.testing.assert_array_equal(ours.numpy(), wanted.numpy())
    figures = {**means(taught), "loss": means(persuaded)["loss"]}
    assert figures == {name: logs[name] for name in Adversarial.figures}
    assert means(persuaded).keys() == set(Adversarial.figures)


OPTIONS = {
    "batch_norm": {},
    "points": {"played": Duel("wasserstein", 2, 1.0), "conditional": True, **OF_POINTS},
    "critic": {"played": Duel("wasserstein", 2, 10.0), "normalization": "layer"},
    "conditional": {"conditional": True, "played": Duel("hinge")},
    "average": {"optimizer": Config("adam", 1e-3, average=0.9), "normalization": "none"},
}


@pytest.mark.parametrize("name", OPTIONS)
def test_one_replica_and_two_are_equal(name):
    one, two = make(1, **OPTIONS[name]), make(2, **OPTIONS[name])
    logs_one, logs_two = one.run(), two.run()
    assert max(np.abs(a - b).max() for a, b in zip(weights(one), weights(two), strict=True)) <= 1e-5
    assert logs_one.keys() == {*Adversarial.figures, "val_real_right"}
    assert logs_one == pytest.approx(logs_two, rel=1e-4)


def test_killed_and_resumed_both_players_go_on_to_the_same_bits(tmp_path):
    setting = {"optimizer": Config("adam", 1e-3, average=0.9), "dropout": 0.2, "steps": 9}
    whole = make(**setting)
    whole.run()
    half = make(loop={"checkpoint_folder": tmp_path}, **setting)
    half.schedule = Schedule(6, 3, 3)
    half.run()
    again = make(loop={"checkpoint_folder": tmp_path}, **setting)
    assert again.restore()
    assert again.step == 6
    again.run()
    for kept, resumed in zip(whole.objective.variables, again.objective.variables, strict=True):
        np.testing.assert_array_equal(kept.numpy(), resumed.numpy())


def test_spread_tells_of_lost_variety():
    loop = make(steps=3)
    generator = loop.objective.models["generator"]
    layer = generator.get_layer("picture_up")
    layer.set_weights([np.zeros_like(array) for array in layer.get_weights()])  # one picture for every noise
    loop.objective.updaters["optimizer"].inner.learning_rate = 0.0
    assert loop.run()["spread"] == 0
    assert make(steps=3).run()["spread"] > 0


def test_each_player_has_its_own_optimizer_and_average():
    loop = make(steps=3, optimizer=Config("adam", 1e-2, average=0.9))
    loop.run()
    generator = loop.objective.models["generator"]
    trained = generator.get_weights()
    with loop.objective.averaged():
        assert any((a != b).any() for a, b in zip(trained, generator.get_weights(), strict=True))
    for a, b in zip(trained, generator.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    rates = {name: updater.learning_rate for name, updater in loop.objective.updaters.items()}
    assert rates == pytest.approx({"optimizer": 1e-2, "discriminator": 1e-2})


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"loss": "wgan"}, "loss must be one of non_saturating, .* Received: 'wgan'"),
        ({"loss": "wasserstein"}, "penalty must be above 0 for the loss wasserstein"),
        ({"discriminator_steps": 0}, "discriminator_steps must be at least 1. Received: 0"),
        ({"loss": "hinge", "smoothing": 0.1}, "smoothing must be 0 for the loss hinge. Received: 0.1"),
        ({"penalty": -1.0}, "penalty must be at least 0. Received: -1.0"),
    ],
)
def test_a_duel_that_breaks_a_rule_is_named(fields, message):
    with pytest.raises(ValueError, match=message):
        Duel(**fields)


def test_the_run_is_told_when_a_player_has_won_or_variety_is_lost():
    well = {"real_right": 0.8, "generated_right": 0.7, "spread": 0.9}
    assert duel.advice(well, Duel()) is None
    won = duel.advice({**well, "real_right": 0.999, "generated_right": 0.99}, Duel())
    assert won.startswith("the discriminator has won: it is right of 99%")
    assert "--discriminator.learning_rate" in won
    assert (
        duel.advice({**well, "real_right": 0.999, "generated_right": 0.99}, Duel("wasserstein", 1, 10.0))
        is None
    )
    assert duel.advice({**well, "spread": 0.2}, Duel()).startswith("the samples have lost their variety")
