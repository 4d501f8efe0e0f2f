"""Two players by hand: their turns are the training's own, and what is said of them is what they did."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from data import points
from models import gan
from training import recipes, turns
from training.adversarial import Adversarial
from training.loop import Loop, Schedule
from training.settings import SettingsError
from training.turns import DISCRIMINATOR, GENERATOR, Turns

SOURCE = points.Config(kind="blobs", classes=3, noise=0.0, examples=200).load()
# Small, and as a training without a schedule or an average would have it.
CHANGES = {
    "model.filters": "16,16",
    "model.latent": "4",
    "training.batch_size": "32",
    "optimizer.average": "0",
    "optimizer.schedule": "constant",
    "discriminator.schedule": "constant",
    "duel.loss": "non_saturating",
    "duel.discriminator_steps": "1",
    "duel.penalty": "0",
}
CRITIC = {"duel.loss": "wasserstein", "duel.discriminator_steps": "2", "duel.penalty": "1"}


def recipe(**changes):
    return recipes.find("points_gan").override({**CHANGES, **changes})


def weights(model) -> np.ndarray:
    return np.concatenate([array.ravel() for array in model.get_weights()])


def test_turns_are_those_of_the_training():
    hand = Turns(recipe(), SOURCE, seed=3)
    keras.utils.set_random_seed(3)
    model = recipe().build_model(SOURCE.spec)
    objective = recipe().objective(model, SOURCE.spec, steps=4, seed=3, jit_compile=False)
    stream, _ = recipe().feeds(SOURCE, replicas=1, seed=3, on_device=False)
    Loop(tf.distribute.get_strategy(), objective, Schedule(4, 4, 2), stream).run()
    for _ in range(4):
        hand.both()
    for ours, wanted in zip((hand.generator, hand.discriminator), gan.players(model), strict=True):
        np.testing.assert_allclose(weights(ours), weights(wanted), rtol=1e-5, atol=1e-6)
    assert hand.taken == {DISCRIMINATOR: 4, GENERATOR: 4}


def test_one_player_learns_and_the_other_stays():
    hand = Turns(recipe(**CRITIC), SOURCE)
    made, told = weights(hand.generator), weights(hand.discriminator)
    figures = hand.teach(3)
    assert figures.keys() == set(Adversarial.figures)
    np.testing.assert_array_equal(weights(hand.generator), made)
    assert (weights(hand.discriminator) != told).any()
    told = weights(hand.discriminator)
    hand.persuade(2)
    np.testing.assert_array_equal(weights(hand.discriminator), told)
    assert (weights(hand.generator) != made).any()
    hand.both()
    assert hand.taken == {DISCRIMINATOR: 5, GENERATOR: 3}  # the recipe's critic has two turns for each


def test_a_duel_begins_anew_as_if_nothing_had_been():
    hand = Turns(recipe(), SOURCE)
    seen = []
    for seed in (5, 5, 6):
        hand.begin(seed)
        assert not hand.course
        hand.teach(3)
        hand.persuade(2)
        seen.append(np.concatenate([weights(hand.generator), weights(hand.discriminator)]))
    np.testing.assert_array_equal(seen[0], seen[1])
    assert (seen[0] != seen[2]).any()


def test_it_goes_on_from_trained_players_and_leaves_them_alone():
    trained = gan.players(recipe().build_model(SOURCE.spec))
    before = [weights(player) for player in trained]
    hand = Turns(recipe(), SOURCE)
    hand.take_up(*trained)
    for ours, wanted in zip((hand.generator, hand.discriminator), before, strict=True):
        np.testing.assert_array_equal(weights(ours), wanted)
    hand.both()
    for player, wanted in zip(trained, before, strict=True):
        np.testing.assert_array_equal(weights(player), wanted)


def test_the_course_tells_of_every_turn(monkeypatch):
    monkeypatch.setattr(turns, "STRETCHES", 4)
    hand = Turns(recipe(), SOURCE)
    first, second, third = hand.teach(5), hand.persuade(6), hand.teach(2)
    course = hand.course
    assert [stretch.first for stretch in course] == [1, *(stretch.last + 1 for stretch in course[:-1])]
    assert (course[-1].last, len(course)) == (13, 4)
    assert [set(stretch.players) for stretch in course] == [
        {DISCRIMINATOR},
        {DISCRIMINATOR, GENERATOR},
        {GENERATOR, DISCRIMINATOR},
        {DISCRIMINATOR},
    ]
    for name in Adversarial.figures:
        mean = (5 * first[name] + 6 * second[name] + 2 * third[name]) / 13
        told = sum(len(stretch) * stretch.figures[name] for stretch in course) / 13
        assert told == pytest.approx(mean, rel=1e-5)


def test_recent_figures_are_those_of_the_last_turns(monkeypatch):
    monkeypatch.setattr(turns, "RECENT", 3)
    hand = Turns(recipe(), SOURCE)
    assert hand.recent() == {}
    assert hand.lesson() is None
    hand.teach(4)
    last = hand.persuade(3)
    assert hand.recent() == pytest.approx(last, rel=1e-5)


def test_who_runs_ahead_is_named():
    hand = Turns(recipe(**{"discriminator.learning_rate": "0.01"}), SOURCE)
    hand.teach(turns.LONG)
    assert hand.lesson().startswith("the discriminator has won: it is right of")
    hand.persuade(2 * turns.LONG)
    assert hand.lesson().startswith("the generator has run ahead")
    hand.teach()
    assert hand.lesson().startswith("the samples have lost their variety: they differ by")


def test_a_critic_does_not_win_too_early():
    hand = Turns(recipe(**CRITIC), SOURCE)
    hand.teach(turns.LONG)
    assert hand.lesson().startswith("a critic may learn as long as it likes")
    hand.persuade(2 * turns.LONG)
    assert hand.lesson().startswith("the generator has run ahead")


def test_another_loss_may_be_played_for():
    own = recipes.find("points_gan")
    assert turns.playing(own, "wasserstein") is own
    other = turns.playing(own, "hinge").duel
    assert (other.loss, other.discriminator_steps, other.penalty) == ("hinge", 1, 0.0)
    assert turns.playing(recipe(), "wasserstein").duel.penalty == 10.0


def test_what_does_not_fit_is_named():
    with pytest.raises(SettingsError, match="training.batch_size must be at most"):
        Turns(recipe(**{"training.batch_size": "1000"}), SOURCE)
