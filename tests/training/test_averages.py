"""Moving averages of weights and of batch statistics: right from the first step on, by hand-made numbers."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from data.pipeline import Stream, Sweep
from data.source import Split
from models import cnn
from models.layers import BATCH_MOMENTUM
from training import averages, optimizers, strategy
from training.forward import Forward
from training.loop import Loop, Schedule
from training.objectives import Supervised
from training.optimizers import Updater


def test_the_momentum_rises_to_its_highest():
    assert [float(averages.momentum(0.99, t)) for t in (0, 1, 9, 891, 10**6)] == pytest.approx(
        [0.0, 0.1, 0.5, 0.99, 0.99]
    )


@pytest.mark.parametrize("replicas", [1, 2])
def test_the_average_of_weights_by_hand(replicas):
    """The weight is 1, 2, 3, 4 after the steps; momenta are 0, 1/10, 2/11 and, cut at the highest, 0.2."""
    chosen = strategy.pick(f"cpu:{replicas}")
    with chosen.scope():
        variable = keras.Variable([0.0], name="kernel")
        updater = Updater(optimizers.Config("sgd", 1.0, momentum=0.0, average=0.2), [variable], 4)

    @tf.function
    def step():
        chosen.run(lambda: updater.apply([tf.constant([-1.0]) / replicas]))

    expected = 0.0
    for value, momentum in ((1.0, 0.0), (2.0, 1 / 10), (3.0, 2 / 11), (4.0, 0.2)):
        step()
        expected = momentum * expected + (1 - momentum) * value
        with updater.averaged():
            assert variable.numpy() == pytest.approx([expected], rel=1e-6)
        assert variable.numpy() == pytest.approx([value])


def test_the_statistics_of_a_batch_normalization_by_hand():
    layer = keras.layers.BatchNormalization(momentum=0.15)
    forward = Forward(keras.Sequential([keras.Input((1,)), layer]))
    statistics, key = forward.read(), tf.zeros(2, tf.int64)
    mean, variance = 0.0, 1.0
    for updates, momentum in ((0, 0.0), (1, 0.1), (2, 0.15)):  # 2 / 11 is above the layer's own
        batch = np.array([[1.0], [4.0 + updates]], "float32")
        _, statistics = forward(tf.constant(batch), statistics, key, tf.constant(updates, tf.int64))
        mean = momentum * mean + (1 - momentum) * batch.mean()
        variance = momentum * variance + (1 - momentum) * batch.var()
        assert [float(x[0]) for x in statistics] == pytest.approx([mean, variance], rel=1e-6)
    assert layer.momentum == 0.15  # what a file of the model says


def shapes(count: int, seed: int) -> Split:
    """Squares and discs of some sizes at some places on dark ground, `(N, 16, 16, 1)`."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[:16, :16]
    labels = np.arange(count, dtype="int32") % 2
    images = np.zeros((count, 16, 16, 1), "float32")
    for image, label in zip(images, labels, strict=True):
        y, x = random.uniform(5, 11, 2)
        size = random.uniform(3, 5)
        away = np.stack([np.abs(rows - y), np.abs(columns - x)])
        inside = away.max(axis=0) < size * 0.9 if label else np.hypot(*away) < size
        image[inside, 0] = random.uniform(0.5, 1.0)
    return Split(images, labels)


@pytest.mark.parametrize("average", [0.0, 0.99])
def test_a_short_training_is_measured_by_weights_that_have_learned(average):
    """60 steps on 160 shapes: with a constant momentum of 0.99 the evaluated model answers by chance."""
    keras.utils.set_random_seed(0)
    chosen = strategy.pick("cpu:1")
    with chosen.scope():
        net = cnn.build(cnn.Config((16, 16, 1), 2, filters=(16, 32)))
        config = optimizers.Config("adamw", 2e-3, "cosine", warmup=0.1, average=average)
        updater = Updater(config, net.trainable_variables, 60)
        loop = Loop(
            chosen,
            Supervised(net, updater),
            Schedule(60, 20),
            Stream(shapes(160, 0), 32, seed=0),
            Sweep(shapes(100, 1), 100),
        )
    logs = loop.run()
    assert logs["accuracy"] > 0.9
    assert logs["val_accuracy"] > 0.9


def test_replicas_keep_equal_statistics_and_the_layer_its_momentum():
    """Replicas are traced in threads that take turns; evaluation on two reads the copies of both."""
    logs = []
    for replicas in (1, 2):
        keras.utils.set_random_seed(0)
        chosen = strategy.pick(f"cpu:{replicas}")
        with chosen.scope():
            net = cnn.build(cnn.Config((16, 16, 1), 2, filters=(4,)))
            strategy.synchronize(net, chosen)
            updater = Updater(optimizers.Config("sgd", 0.05), net.trainable_variables, 4)
            stream, sides = Stream(shapes(64, 0), 16, seed=0), Sweep(shapes(32, 1), 32)
            loop = Loop(chosen, Supervised(net, updater), Schedule(4, 4, 2), stream, sides)
        logs.append(loop.run())
        assert net.get_layer("stage1_conv1_norm").get_config()["momentum"] == BATCH_MOMENTUM
    assert logs[1] == pytest.approx(logs[0], rel=1e-5)
