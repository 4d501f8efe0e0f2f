"""A model in training mode as a pure function: no variable is touched, every draw follows from a key."""

from typing import Any

import keras
import tensorflow as tf


class Forward:
    """Calls a model as in training.

    Args:
        model: Built.

    Attributes:
        statistics: The variables that no gradient trains, such as a normalization's moving statistics.
    """

    def __init__(self, model: keras.Model) -> None:
        self.model = model
        self.statistics = list(model.non_trainable_weights)
        known = {id(variable) for variable in self.statistics}
        self._seeds = [v for v in model.non_trainable_variables if id(v) not in known]

    def read(self) -> list[tf.Tensor]:
        """The statistics as they are."""
        return [tf.convert_to_tensor(variable) for variable in self.statistics]

    def assign(self, statistics: list[tf.Tensor]) -> None:
        """Make these the model's."""
        for variable, value in zip(self.statistics, statistics, strict=True):
            variable.assign(value)

    def __call__(
        self, inputs: Any, statistics: list[tf.Tensor], key: tf.Tensor
    ) -> tuple[tf.Tensor, list[tf.Tensor]]:
        """Outputs in training mode, and the statistics after it.

        The model's own random generators would count their draws in variables; here each gets a state that
        follows from the key, so that a resume draws the same masks again.

        Args:
            inputs: As the model takes them.
            statistics: One value for each of the attribute.
            key: `(2,)` int64, of the random draws.
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
        return outputs, [scope.get_current_value(variable) for variable in self.statistics]
