"""Sequences of different lengths on the loop: what counts is what is there, on any number of replicas."""

import keras
import numpy as np
import pytest

from data import memory
from data.sequences import END, START, BucketStream, BucketSweep, Ragged, SequenceSplit
from models import rnn, seq2seq
from training import optimizers, strategy
from training.loop import Loop, Schedule
from training.objectives import Supervised
from training.optimizers import Updater

STEPS = 24
RANDOM = np.random.default_rng(0)


def sentences(count: int) -> SequenceSplit:
    """Pairs of which the second is the first backwards, of different lengths."""
    words = [RANDOM.integers(4, 12, RANDOM.integers(1, 9)).tolist() for _ in range(count)]
    return SequenceSplit(
        Ragged.of([[*w, END] for w in words]), Ragged.of([[START, *w[::-1], END] for w in words]), ahead=True
    )


PAIRS = sentences(90), sentences(21)
BITS = memory.Parity(length=9, examples=90, held_out=21, test_length=9).load()
ORDER = [RANDOM.normal(size=(RANDOM.integers(2, 7), 2)) for _ in range(111)]
FEATURES = [
    SequenceSplit(Ragged.of(part), np.array([int(one.sum() > 0) for one in part], "int32"))
    for part in (ORDER[:90], ORDER[90:])
]
KINDS = {
    "sentences": (seq2seq.build, seq2seq.Config(12, 12, units=8, embedding=6, dropout=0.0), *PAIRS),
    "every": (
        rnn.build,
        rnn.Config((None,), 2, tokens=3, units=(6,), returns="every", embedding=4),
        BITS.train,
        BITS.validation,
    ),
    "last": (rnn.build, rnn.Config((None, 2), 2, cell="gru", units=(6,), bidirectional=True), *FEATURES),
}


def make(kind: str, replicas: int = 1, folder=None, steps: int = STEPS, optimizer=None, **supervised) -> Loop:
    build, config, train, validation = KINDS[kind]
    chosen = strategy.pick(f"cpu:{replicas}")
    keras.utils.set_random_seed(1)
    with chosen.scope():
        model = build(config)
        updater = Updater(
            optimizer or optimizers.Config(learning_rate=1e-2), model.trainable_variables, STEPS
        )
        return Loop(
            chosen,
            Supervised(model, updater, **supervised),
            Schedule(steps, steps_per_epoch=12, steps_per_call=5),
            BucketStream(train, 8, seed=2),
            BucketSweep(validation, 8),
            checkpoint_folder=folder,
        )


def difference(left: Loop, right: Loop) -> float:
    pairs = zip(left.model.get_weights(), right.model.get_weights(), strict=True)
    return max(np.abs(a - b).max() for a, b in pairs)


OPTIONS = {
    "plain": {},
    "all": {
        "label_smoothing": 0.1,
        "accumulate": 2,
        "optimizer": optimizers.Config("adamw", 1e-2, clip_norm=0.1, average=0.9),
    },
}


@pytest.mark.parametrize(
    ("kind", "option"),
    [("every", "plain"), ("last", "plain"), ("sentences", "all")],
)
def test_one_replica_and_two_are_equal(kind, option):
    one, two = make(kind, 1, **OPTIONS[option]), make(kind, 2, **OPTIONS[option])
    begin = [weight.copy() for weight in one.model.get_weights()]
    logs, logs_two = one.run(), two.run()
    assert difference(one, two) <= 1e-5
    assert logs.keys() == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert logs_two == pytest.approx(logs, rel=1e-5)
    assert max(np.abs(a - b).max() for a, b in zip(begin, one.model.get_weights(), strict=True)) > 1e-2


@pytest.mark.parametrize("kind", KINDS)
def test_figures_are_means_over_what_is_there(kind):
    """The loss and accuracy of every sequence alone, without any padding, weighted by its targets."""
    loop = make(kind)
    split = KINDS[kind][3]
    losses, merits = [], []
    for place in range(len(split)):
        inputs = split.inputs[place][None]
        if kind == "sentences":
            whole = split.targets[place]
            logits, targets = loop.model([inputs, whole[None, :-1]], training=False)[0], whole[1:]
        elif kind == "every":
            logits, targets = loop.model(inputs, training=False)[0], split.targets[place]
        else:
            logits, targets = loop.model(inputs, training=False), split.targets[place : place + 1]
        losses += (
            keras.ops.sparse_categorical_crossentropy(targets, logits, from_logits=True).numpy().tolist()
        )
        merits += (np.asarray(logits).argmax(-1) == targets).tolist()
    figures = loop.evaluate(loop.validation)
    assert figures["loss"] == pytest.approx(np.mean(losses), rel=1e-5)
    assert figures["accuracy"] == pytest.approx(np.mean(merits), rel=1e-6)


def test_a_step_is_that_of_keras_on_the_mean_over_all_targets():
    """Plain gradient descent on a batch: equal to Keras' own loss with the padding masked out."""
    loop = make("sentences", optimizer=optimizers.Config("sgd", 0.5, momentum=0.0), steps=1)
    _, config, train, _ = KINDS["sentences"]
    keras.utils.set_random_seed(1)
    reference = seq2seq.build(config)
    source, given, wanted, weights = train.batch(BucketStream(train, 8, seed=2).batches(0)[0])
    reference.compile(
        keras.optimizers.SGD(0.5),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="sum"),
    )
    reference.train_on_batch([source, given], wanted, sample_weight=weights / weights.sum())
    loop.run()
    for own, other in zip(loop.model.get_weights(), reference.get_weights(), strict=True):
        np.testing.assert_allclose(own, other, atol=1e-6)


def test_a_killed_run_goes_on_bit_by_bit(tmp_path):
    whole = make("sentences", folder=tmp_path / "whole")
    whole.run()
    make("sentences", folder=tmp_path / "parts", steps=10).run()
    rest = make("sentences", folder=tmp_path / "parts")
    assert rest.restore()
    assert rest.step == 10
    rest.run()
    assert difference(whole, rest) == 0


def test_reversing_is_learned():
    loop = make("sentences")
    before = loop.evaluate(loop.validation)["loss"]
    assert loop.run()["val_loss"] < 0.95 * before
