"""Running statistics of observations and rewards, over all that was seen in a training."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from models import policy

EPSILON = 1e-8
MAX_REWARD = 10.0  # of a normalized reward, either way, as Stable-Baselines3's VecNormalize has it

SumOfAll = Callable[[Any], Any]  # of a tensor over all replicas


class RunningMoments:
    """Mean and variance of all that was added so far; make it in the strategy's scope.

    Chan, Golub and LeVeque 1979, "Updating formulae and a pairwise algorithm for computing sample variances".

    Args:
        mean: Variable of the mean, of any shape; its first value counts until something is added.
        variance: Variable of the variance; likewise.
        name: Of the variable of the count.
    """

    def __init__(self, mean: Any, variance: Any, name: str) -> None:
        self.mean, self.variance = mean, variance
        self.count = _variable(0.0, f"{name}_count")

    def add(self, values: tf.Tensor, sum_of_all: SumOfAll) -> None:
        """Take account of more values.

        Args:
            values: `(N, ...)` float32, of this replica.
            sum_of_all: What adds a tensor up over all replicas.
        """
        size = sum_of_all(tf.cast(tf.shape(values)[0], tf.float32))
        mean = sum_of_all(tf.reduce_sum(values, axis=0)) / size
        squares = sum_of_all(tf.reduce_sum(tf.square(values - mean), axis=0))
        old_count, old_mean = self.count + 0.0, tf.convert_to_tensor(self.mean)
        count, change = old_count + size, mean - old_mean
        squares += tf.convert_to_tensor(self.variance) * old_count
        squares += tf.square(change) * old_count * size / count
        self.mean.assign(old_mean + change * size / count)
        self.variance.assign(squares / count)
        self.count.assign(count)


class ObservationMoments(RunningMoments):
    """Statistics that the first layer of a policy normalizes by; `policy.Config.normalize_observations`.

    Args:
        model: A policy with that layer.
    """

    def __init__(self, model: keras.Model) -> None:
        layer = model.get_layer(policy.NORMALIZATION)
        super().__init__(layer.moving_mean, layer.moving_variance, "observation")

    @property
    def variables(self) -> list[tf.Variable]:
        """What a checkpoint must hold beside the model's variables."""
        return [self.count]

    def add(self, values: tf.Tensor, sum_of_all: SumOfAll) -> None:
        """Take account of observations `(..., C)`: every axis but the last is one of examples."""
        super().add(tf.reshape(values, (-1, values.shape[-1])), sum_of_all)


class RewardMoments(RunningMoments):
    """Statistics of discounted returns, by whose standard deviation rewards are divided."""

    def __init__(self) -> None:
        super().__init__(_variable(0.0, "return_mean"), _variable(1.0, "return_variance"), "return")

    @property
    def variables(self) -> list[tf.Variable]:
        """What a checkpoint must hold."""
        return [self.mean, self.variance, self.count]

    def scaled(self, rewards: tf.Tensor) -> tf.Tensor:
        """Rewards in units of the returns' standard deviation, at most `MAX_REWARD` either way."""
        deviation = tf.sqrt(self.variance + EPSILON)
        return tf.clip_by_value(rewards / deviation, -MAX_REWARD, MAX_REWARD)


def observation_moments(model: keras.Model) -> ObservationMoments | None:
    """The statistics of a policy that normalizes its observations; None of another."""
    known = {layer.name for layer in model.layers}
    return ObservationMoments(model) if policy.NORMALIZATION in known else None


def _variable(value: float, name: str) -> tf.Variable:
    return tf.Variable(
        value, trainable=False, aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA, name=name
    )
