"""From gradients to new weights: the optimizer, its schedule, and what surrounds them on N replicas."""

import contextlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import keras
import tensorflow as tf

from training import averages

Schedule = Literal["constant", "linear", "cosine"]
OPTIMIZERS = ("adam", "adamw", "sgd", "rmsprop", "lion")
PRECISIONS = ("float32", "mixed_bfloat16", "mixed_float16")


@dataclass(frozen=True)
class Config:
    """Settings of an optimizer.

    Args:
        name: "adam" (Kingma and Ba 2015, arXiv:1412.6980), "adamw" (Loshchilov and Hutter 2019,
            arXiv:1711.05101), "sgd" with Nesterov momentum, "rmsprop" or "lion" (arXiv:2302.06675).
        learning_rate: The highest learning rate, which a schedule comes down from.
        schedule: "constant", or "linear" or "cosine" down to `final` at the last step.
        warmup: Share of all steps over which the learning rate first rises from 0, in [0, 1).
        final: Last learning rate of a schedule, as a share of the highest.
        weight_decay: Decoupled decay a step, as a share of the learning rate; kernels only.
        momentum: Of "sgd".
        beta_1: Decay of the gradients' mean, of "adam", "adamw" and "lion"; two players against each other
            want 0.5 (Radford et al. 2016, arXiv:1511.06434, section 3) or 0.
        epsilon: Small number in the denominator of "adam", "adamw" and "rmsprop", for stability.
        clip_norm: Longest gradient, over all weights together; 0: as long as it is.
        clip_value: Largest entry of a gradient; 0: as large as it is.
        average: Highest momentum of a moving average of the weights, with which the model is evaluated and
            saved (Polyak and Juditsky 1992); 0: no average. It rises with the steps (`averages.momentum`), so
            that a short training is not measured by weights near its start.
    """

    name: str = "adam"
    learning_rate: float = 1e-3
    schedule: str = "constant"
    warmup: float = 0.0
    final: float = 0.0
    weight_decay: float = 0.0
    momentum: float = 0.9
    beta_1: float = 0.9
    epsilon: float = 1e-7
    clip_norm: float = 0.0
    clip_value: float = 0.0
    average: float = 0.0

    def __post_init__(self) -> None:
        for field, choices in (("name", OPTIMIZERS), ("schedule", get_args(Schedule))):
            if getattr(self, field) not in choices:
                raise ValueError(
                    f"{field} must be one of {', '.join(choices)}. Received: {getattr(self, field)!r}"
                )
        for field in ("learning_rate", "epsilon"):
            if not getattr(self, field) > 0:
                raise ValueError(f"{field} must be above 0. Received: {getattr(self, field)!r}")
        for field in ("warmup", "momentum", "beta_1", "average"):
            if not 0 <= getattr(self, field) < 1:
                raise ValueError(
                    f"{field} must be at least 0 and below 1. Received: {getattr(self, field)!r}"
                )
        for field in ("final", "weight_decay", "clip_norm", "clip_value"):
            if not getattr(self, field) >= 0:
                raise ValueError(f"{field} must be at least 0. Received: {getattr(self, field)!r}")


class WarmUpAndDecay(keras.optimizers.schedules.LearningRateSchedule):
    """A learning rate that rises linearly from 0, then follows its schedule to the last step.

    Args:
        config: Of the optimizer.
        steps: All steps of the training.
    """

    def __init__(self, config: Config, steps: int) -> None:
        self.config = config
        self.steps = steps

    def __call__(self, step):
        config = self.config
        step = keras.ops.cast(step, "float32")
        warmup = round(config.warmup * self.steps)
        done = keras.ops.clip((step - warmup) / max(1, self.steps - warmup), 0.0, 1.0)
        left = {
            "constant": keras.ops.ones_like(done),
            "linear": 1.0 - done,
            "cosine": (1.0 + keras.ops.cos(math.pi * done)) / 2,
        }[config.schedule]
        share = config.final + (1 - config.final) * left
        rise = (step + 1) / max(1, warmup)  # from the first step on, so that none is idle
        return config.learning_rate * keras.ops.where(step < warmup, rise, share)

    def get_config(self):
        return {"config": self.config, "steps": self.steps}


class Updater:
    """Applies gradients to variables, the same on one replica and on N.

    Gradients are summed over the replicas first and clipped after that, so N replicas clip what one
    would have clipped. Make it inside the strategy's scope and call `apply` in replica context.

    Args:
        config: Of the optimizer.
        variables: The trainable variables, all of them.
        steps: All steps of the training, for the schedule.
        precision: "mixed_float16" adds dynamic loss scaling (Micikevicius et al. 2018,
            arXiv:1710.03740, section 3.2).
    """

    def __init__(
        self,
        config: Config,
        variables: Sequence[keras.Variable],
        steps: int,
        precision: str = "float32",
    ) -> None:
        self.config = config
        self.model_variables = list(variables)
        self.inner = _make(config, steps)
        # Keras would sum over the replicas after its own clipping; `apply` sums before.
        self.inner._all_reduce_sum_gradients = list
        # Keras' own average has the same momentum from the second step on.
        self.inner._update_model_variables_moving_average = self._update_averages
        self.inner.build(self.model_variables)
        self.scaler = LossScaler() if precision == "mixed_float16" else None

    @property
    def variables(self) -> list[tf.Variable | keras.Variable]:
        """All that a checkpoint must hold: moments, averages, the step, the loss scale."""
        return [*self.inner.variables, *(self.scaler.variables if self.scaler else [])]

    @property
    def learning_rate(self) -> float:
        """The learning rate of the next step."""
        return float(keras.ops.convert_to_numpy(self.inner.learning_rate))

    def scale_loss(self, loss: tf.Tensor) -> tf.Tensor:
        """The loss to differentiate: larger than the true one where half precision would lose gradients."""
        return self.scaler.scale(loss) if self.scaler else loss

    def apply(self, gradients: Sequence[tf.Tensor]) -> None:
        """One update with this replica's share of the gradients, whose sum over the replicas counts.

        Args:
            gradients: Of the loss that `scale_loss` returned, one a variable.
        """
        replica = tf.distribute.get_replica_context()
        if replica.num_replicas_in_sync > 1:
            gradients = replica.all_reduce(tf.distribute.ReduceOp.SUM, list(gradients))
        if self.scaler:
            gradients = self.scaler.unscale(gradients)
        if self.config.clip_value:
            limit = self.config.clip_value
            gradients = [tf.clip_by_value(gradient, -limit, limit) for gradient in gradients]
        if self.config.clip_norm:
            gradients, _ = tf.clip_by_global_norm(list(gradients), self.config.clip_norm)
        self.inner.apply(gradients)

    def _update_averages(self, variables: Sequence[keras.Variable]) -> None:
        """One update of the moving averages, after a step of the optimizer that is not counted yet."""
        if not self.config.average:
            return
        kept = averages.momentum(self.config.average, self.inner.iterations)
        for variable, average in zip(variables, self.inner._model_variables_moving_average, strict=True):
            share = keras.ops.cast(kept, variable.dtype)
            average.assign(share * average + (1 - share) * variable)

    @contextlib.contextmanager
    def averaged(self) -> Iterator[None]:
        """Give the variables their moving averages for a while, if there are any; not in a graph."""
        if not self.config.average:
            yield
            return
        trained = [variable.numpy() for variable in self.model_variables]
        means = [variable.numpy() for variable in self.inner._model_variables_moving_average]
        _assign(self.model_variables, means)
        try:
            yield
        finally:
            _assign(self.model_variables, trained)


class LossScaler:
    """Dynamic loss scaling: halve the scale at a gradient that is not finite, double it now and then.

    Keras' LossScaleOptimizer takes its decision in each replica by itself, before the gradients are
    summed; here every replica decides on the same sum. A step whose gradients are not finite changes
    no weight by its gradient: it is taken with gradients of zero.
    """

    INITIAL = 2.0**15
    GROWTH_STEPS = 2000

    def __init__(self) -> None:
        aggregation = tf.VariableAggregation.ONLY_FIRST_REPLICA
        self.value = tf.Variable(self.INITIAL, trainable=False, aggregation=aggregation)
        self.good_steps = tf.Variable(0.0, trainable=False, aggregation=aggregation)
        self.variables = [self.value, self.good_steps]

    def scale(self, loss: tf.Tensor) -> tf.Tensor:
        return loss * self.value

    def unscale(self, gradients: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        scale = self.value + 0.0  # read before the assignment below
        finite = tf.reduce_all([tf.reduce_all(tf.math.is_finite(gradient)) for gradient in gradients])
        good = tf.where(finite, self.good_steps + 1, 0.0)
        grown = good >= self.GROWTH_STEPS
        self.good_steps.assign(tf.where(grown, 0.0, good))
        self.value.assign(tf.where(finite, tf.where(grown, scale * 2, scale), tf.maximum(scale / 2, 1.0)))
        return [tf.where(finite, gradient / scale, 0.0) for gradient in gradients]


class Adam(keras.optimizers.Adam):
    """Keras' Adam by TensorFlow's kernel: one pass over the weights, where Keras' operations take nine."""

    def update_step(self, gradient, variable, learning_rate):
        index = self._get_variable_index(variable)
        steps = tf.cast(self.iterations + 1, variable.dtype)
        beta1, beta2 = (tf.constant(beta, variable.dtype) for beta in (self.beta_1, self.beta_2))
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=beta1**steps,
            beta2_power=beta2**steps,
            lr=tf.cast(learning_rate, variable.dtype),
            beta1=beta1,
            beta2=beta2,
            epsilon=tf.constant(self.epsilon, variable.dtype),
            grad=tf.cast(gradient, variable.dtype),
        )


class AdamW(Adam, keras.optimizers.AdamW):
    """Keras' AdamW by the same kernel."""


def _make(config: Config, steps: int) -> keras.optimizers.Optimizer:
    """The Keras optimizer that `config` describes."""
    scheduled = config.schedule != "constant" or config.warmup
    shared = {
        "learning_rate": WarmUpAndDecay(config, steps) if scheduled else config.learning_rate,
        # None spares the others a pass over the weights; "adamw" asks for a number.
        "weight_decay": config.weight_decay if config.name == "adamw" else config.weight_decay or None,
        "use_ema": bool(config.average),
    }
    if config.average:
        shared["ema_momentum"] = config.average
    if config.name in ("adam", "adamw", "lion"):
        shared["beta_1"] = config.beta_1
    if config.name in ("adam", "adamw", "rmsprop"):
        shared["epsilon"] = config.epsilon
    optimizer = {
        "adam": Adam,
        "adamw": AdamW,
        "rmsprop": keras.optimizers.RMSprop,
        "lion": keras.optimizers.Lion,
        "sgd": lambda **keywords: keras.optimizers.SGD(
            momentum=config.momentum, nesterov=config.momentum > 0, **keywords
        ),
    }[config.name](**shared)
    if config.weight_decay:
        optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta", "alpha"])
    return optimizer


def _assign(variables: Sequence[keras.Variable], values: Sequence) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
