"""A model in training mode as a pure function: no variable is touched, every draw follows from a key."""

from typing import Any

import keras
import tensorflow as tf

from training import averages


class Forward:
    """Calls a model as in training.

    Batch normalizations average their statistics with a momentum that rises to the layer's own
    (`averages.momentum`), so that those of a short training are of its data and not of their initial 0 and 1.

    Args:
        model: Built.

    Attributes:
        statistics: The variables that no gradient trains, such as a normalization's moving statistics.
    """

    def __init__(self, model: keras.Model) -> None:
        self.model = model
        self.statistics = list(model.non_trainable_weights)
        known = {id(variable) for variable in self.statistics}
        self._momentum = {
            id(variable): layer.momentum
            for layer in model._flatten_layers()
            if isinstance(layer, keras.layers.BatchNormalization) and layer.momentum < 1
            for variable in (layer.moving_mean, layer.moving_variance)
        }
        self._seeds = [v for v in model.non_trainable_variables if id(v) not in known]

    def read(self) -> list[tf.Tensor]:
        """The statistics as they are."""
        return [tf.convert_to_tensor(variable) for variable in self.statistics]

    def assign(self, statistics: list[tf.Tensor]) -> None:
        """Make these the model's."""
        for variable, value in zip(self.statistics, statistics, strict=True):
            variable.assign(value)

    def __call__(
        self,
        inputs: Any,
        statistics: list[tf.Tensor],
        key: tf.Tensor,
        updates: tf.Tensor | None = None,
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """Outputs in training mode, and the statistics after it.

        The model's own random generators would count their draws in variables; here each gets a state that
        follows from the key, so that a resume draws the same masks again.

        Args:
            inputs: As the model takes them.
            statistics: One value for each of the attribute.
            key: `(2,)` int64, of the random draws.
            updates: Number of times that the statistics were updated before; None, where the new statistics
                are not used: the momentum is the layers' own.
        """
        states = tf.random.stateless_uniform(
            (len(self._seeds), 2), key, minval=None, maxval=None, dtype=tf.uint32
        )
        seeds = [
            (variable, tf.cast(state, variable.dtype))
            for variable, state in zip(self._seeds, tf.unstack(states), strict=True)
        ]
        mapping = [*zip(self.statistics, statistics, strict=True), *seeds]
        with keras.StatelessScope(state_mapping=mapping) as scope:
            outputs = self.model(inputs, training=True)
        after = [scope.get_current_value(variable) for variable in self.statistics]
        if updates is not None:
            after = [
                self._ramped(variable, was, now, updates)
                for variable, was, now in zip(self.statistics, statistics, after, strict=True)
            ]
        return outputs, after

    def _ramped(
        self, variable: keras.Variable, before: tf.Tensor, after: tf.Tensor, updates: tf.Tensor
    ) -> tf.Tensor:
        """A statistic as it is after an update with the momentum of that time.

        Args:
            variable: The statistic's variable.
            before: Its value before the update.
            after: Its value after an update with the layer's own momentum.
            updates: Number of updates before this one.
        """
        own = self._momentum.get(id(variable))
        if own is None:
            return after
        # after - before is 1 - own times how far the batch's is from before. The layer's own momentum can't
        # be changed for the call: replicas are traced in threads that take turns within it.
        further = (own - averages.momentum(own, updates)) / (1 - own)
        return after + further * (after - before)
