"""Replay: what was played, kept as tensors on the device, and drawn again by how much it surprised.

W worlds of this replica, T steps kept of each, K steps played at once; n steps a window, B windows a batch.
Everything is pure and of static shape, so that it can be part of one XLA program with playing and learning,
and what it takes up is decided at its start. A loop of such a program changes the tensors in place.
"""

from typing import Any, NamedTuple

import tensorflow as tf

from games.game import Playable, packed, unpacked

BLOCK = 128  # slots whose priorities are summed together, so that a draw need not look at all of them


class Experience(NamedTuple):
    """Steps of every world, `(K, W, ...)`; kept ones `(T, W, ...)`.

    Args:
        observation: Before the action; float32. They are kept as `Playable.kept`: a byte a number, where
            that will do.
        action: int32.
        reward: float32.
        terminated: Whether the game was over after it, bool.
        truncated: Whether its time had run out, bool.
        final: The observation after it, of which only those of truncated steps are ever asked for; () where
            no time runs out.
    """

    observation: tf.Tensor
    action: tf.Tensor
    reward: tf.Tensor
    terminated: tf.Tensor
    truncated: tf.Tensor
    final: Any


class Replay(NamedTuple):
    """The latest steps of every world; a step's slot is its number modulo T.

    Args:
        kept: The steps.
        priority: How likely it is that a window is drawn that begins there, in proportion: `(W, T)` float32,
            T rounded up to whole blocks. 0 where none can begin: nothing has been played there, or less than
            n steps have been since.
        highest: Priority there was so far, and of new steps; scalar float32.
        written: Steps of each world so far, scalar int32.
    """

    kept: Experience
    priority: tf.Tensor
    highest: tf.Tensor
    written: tf.Tensor


class Windows(NamedTuple):
    """Steps and what came of each within n steps, `(B, ...)`.

    Args:
        observation: Before the first step, float32.
        action: Of the first step, int32.
        gain: Discounted rewards up to the n-th step, or to the end where it comes before.
        worth: What a value of `following` counts: the discount of so many steps; 0 where the game is over.
        following: The observation after the last step, float32.
        priority: See `Replay`.
    """

    observation: tf.Tensor
    action: tf.Tensor
    gain: tf.Tensor
    worth: tf.Tensor
    following: tf.Tensor
    priority: tf.Tensor


def empty(game: Playable, worlds: int, steps: int) -> Replay:
    """Room for the latest steps of some worlds.

    Args:
        game: What is played.
        worlds: How many.
        steps: To be kept of each.
    """
    observation = tf.zeros((steps, worlds, *game.observation_shape), game.kept)
    plain = tf.zeros((steps, worlds))
    kept = Experience(
        observation,
        tf.cast(plain, tf.int32),
        plain,
        tf.cast(plain, tf.bool),
        tf.cast(plain, tf.bool),
        tf.zeros_like(observation) if game.truncates else (),
    )
    priority = tf.zeros((worlds, -(-steps // BLOCK) * BLOCK))
    return Replay(kept, priority, tf.ones(()), tf.zeros((), tf.int32))


def store(replay: Replay, played: Experience, n: int) -> Replay:
    """Keep new steps in the place of the oldest.

    Args:
        replay: Before it.
        played: `(K, W, ...)`, K at most T.
        n: Steps of a window.
    """
    steps, new = replay.kept.action.shape[0], played.action.shape[0]
    slots = (replay.written + tf.range(new)) % steps

    def put(kept: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
        return tf.tensor_scatter_nd_update(kept, slots[:, None], packed(values, kept.dtype))

    written = replay.written + new
    slot = tf.range(replay.priority.shape[1])
    age = tf.math.floormod(written - 1 - slot, steps)  # 0 of the newest
    there = (slot < steps) & (age < written)
    priority = tf.where(there & (age < n + new), replay.highest, replay.priority)
    priority = tf.where(age < n, 0.0, priority)
    return Replay(tf.nest.map_structure(put, replay.kept, played), priority, replay.highest, written)


def sums(priority: tf.Tensor) -> tf.Tensor:
    """Those of every block, the first world's first: `(W * T / BLOCK,)`.

    Args:
        priority: See `Replay`.
    """
    return tf.reduce_sum(tf.reshape(priority, (-1, BLOCK)), axis=1)


def locate(sums: tf.Tensor, uniform: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """In which block each window of a batch begins, and how far into the block's sum.

    Schaul et al. 2016 (arXiv:1511.05952, appendix B.2.1): the sum of all priorities is cut into B ranges of
    the same size, and a window drawn from each.

    Args:
        sums: Of all blocks, of all replicas.
        uniform: Draws in [0, 1), `(B,)`.

    Returns: `(B,)` int32, and `(B,)` float64.
    """
    B = uniform.shape[0]
    sums = tf.cast(sums, tf.float64)  # in which no small priority is lost beside the sum of all
    ends = tf.cumsum(sums)
    mass = (tf.range(B, dtype=tf.float64) + tf.cast(uniform, tf.float64)) / B * ends[-1]
    block = _first_beyond(ends, sums, mass[:, None])
    return block, mass - tf.gather(ends - sums, block)


def pick(priority: tf.Tensor, block: tf.Tensor, into: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Where windows begin.

    Args:
        priority: See `Replay`.
        block: Of its worlds, `(B,)` int32.
        into: How far into its sum, `(B,)`.

    Returns: World and slot, `(B,)` int32.
    """
    blocks = priority.shape[1] // BLOCK
    priorities = tf.gather(tf.reshape(priority, (-1, BLOCK)), block)  # (B, BLOCK)
    priorities = tf.cast(priorities, tf.float64)
    place = _first_beyond(tf.cumsum(priorities, axis=1), priorities, into[:, None])
    return block // blocks, block % blocks * BLOCK + place


def _first_beyond(ends: tf.Tensor, parts: tf.Tensor, mass: tf.Tensor) -> tf.Tensor:
    """The first part, not an empty one, that ends beyond a mass; where rounding lets none, the last.

    Args:
        ends: `(..., P)`.
        parts: What they are the running sums of.
        mass: `(B, 1)`.

    Returns: `(B,)` int32.
    """
    index = tf.range(ends.shape[-1])
    last = tf.reduce_max(tf.where(parts > 0, index, 0), axis=-1, keepdims=True)
    beyond = (ends > mass) & (parts > 0)
    return tf.reduce_min(tf.where(beyond, index, last), axis=-1)


def windows(replay: Replay, world: tf.Tensor, slot: tf.Tensor, n: int, discount: float) -> Windows:
    """What came of some steps within n; a window ends where its game does.

    Sutton and Barto 2018, "Reinforcement learning", equation 7.1. Where the game is over nothing more is to
    be had; where time ran out there would have been, and what is seen then stands for it.

    Args:
        replay: What was played.
        world: `(B,)` int32.
        slot: Where each begins, `(B,)` int32; n steps must have been played since.
        n: Steps.
        discount: Worth of a reward a step later.
    """
    kept = replay.kept
    steps = kept.action.shape[0]

    def at(x: tf.Tensor, later: Any) -> tf.Tensor:
        return tf.gather_nd(x, tf.stack([(slot + later) % steps, world], axis=1))

    def ahead(x: tf.Tensor) -> tf.Tensor:  # (B, n)
        return tf.stack([at(x, later) for later in range(n)], axis=1)

    terminated, truncated = ahead(kept.terminated), ahead(kept.truncated)
    ended = tf.cast(terminated | truncated, tf.int32)
    within = tf.cumsum(ended, axis=1, exclusive=True) == 0
    count = tf.reduce_sum(tf.cast(within, tf.int32), axis=1)
    discounts = tf.constant([discount**k for k in range(n + 1)])
    gain = tf.reduce_sum(tf.where(within, discounts[:n] * ahead(kept.reward), 0.0), axis=1)
    over = tf.reduce_any(terminated & within, axis=1)
    following = unpacked(at(kept.observation, n))
    if not isinstance(kept.final, tuple):
        cut = tf.reduce_any(truncated & within, axis=1)
        cut = tf.reshape(cut, (-1,) + (1,) * (following.shape.rank - 1))
        following = tf.where(cut, unpacked(at(kept.final, count - 1)), following)
    return Windows(
        unpacked(at(kept.observation, 0)),
        at(kept.action, 0),
        gain,
        tf.where(over, 0.0, tf.gather(discounts, count)),
        following,
        tf.gather_nd(replay.priority, tf.stack([world, slot], axis=1)),
    )


def judge(priority: tf.Tensor, world: tf.Tensor, slot: tf.Tensor, new: tf.Tensor) -> tf.Tensor:
    """Give steps new priorities. XLA passes over worlds that are not there, and nothing else does.

    Args:
        priority: See `Replay`.
        world: `(B,)` int32.
        slot: `(B,)` int32.
        new: `(B,)`, above 0.
    """
    return tf.tensor_scatter_nd_update(priority, tf.stack([world, slot], axis=1), new)
