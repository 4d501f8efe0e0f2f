"""Moving averages that are right from the first step on: their momentum rises to its highest value.

An average of constant momentum m starts at its initial value and still holds m^t of it after t steps: with
0.99 more than half after 60 steps, so a short training would be measured by weights near its start. With the
momentum below it holds nothing of it, and looks back over about a tenth of the steps so far until it is m.
"""

from typing import Any

import keras

LAG = 9  # steps after which the momentum is 1/2; TensorFlow's ExponentialMovingAverage has (1 + t) / (10 + t)


def momentum(highest: float, updates: Any) -> Any:
    """The momentum of a moving average's next update: min(highest, t / (t + 9)).

    It is that of TensorFlow's `ExponentialMovingAverage` with `num_updates`, counted from 0: the first update
    takes the value as it is, whatever the average held. It reaches 0.95 after 171 updates, 0.99 after 891 and
    0.999 after 8,991.

    Args:
        highest: Momentum of a long training, in [0, 1).
        updates: Number of updates before this one, t; an integer or a scalar tensor.

    Returns: A float32 scalar tensor.
    """
    updates = keras.ops.cast(updates, "float32")
    return keras.ops.minimum(highest, updates / (updates + LAG))
