"""Keys of random draws: every seed, kind of draw and step has a key that nothing else has.

TensorFlow's stateless draws take two integers. Compiled by XLA they see 32 bits of each, and MinAtar's draws
drop the sign: so only 31 bits of each number count. A key spreads what it is made of over both:

    first   the low 31 bits of 4 * seed + stream
    second  bits 0 to 25  the step
            bits 26 to 28 the high bits of 4 * seed + stream
            bit 29        set for what a new game begins with (`games.game.RESET`)
            bit 30        set for evaluations (`APART`), so that they share no draw with training
"""

from typing import Any

import tensorflow as tf

STREAMS = 4
MAX_SEED = 2**32 - 1  # that NumPy takes
MAX_STEPS = 2**26  # that have draws of their own; later ones have those of earlier ones again
APART = 2**30
_LOW = 2**31


def key(seed: Any, stream: int, step: Any, apart: int = 0) -> tf.Tensor:
    """The key of one kind of draw in one step, `(2,)` int64.

    Args:
        seed: 0 to `MAX_SEED`, a number or an int64 tensor.
        stream: Kind of draw, 0 to 3.
        step: Number of the step, from 0 on.
        apart: `APART` for an evaluation; 0 for training.
    """
    number = tf.cast(seed, tf.int64) * STREAMS + stream
    step = tf.cast(step, tf.int64) % MAX_STEPS
    return tf.stack([number % _LOW, apart + number // _LOW * MAX_STEPS + step])
