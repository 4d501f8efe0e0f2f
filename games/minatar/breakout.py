"""Breakout of MinAtar: a ball, a paddle and three rows of bricks."""

from dataclasses import dataclass
from typing import NamedTuple

import tensorflow as tf

from games.minatar.common import LEFT, RIGHT, SIDE, MinAtar, cell, chances, padded, picture, walk

TOP, ROWS = 1, 3  # the bricks' first row, and how many rows there are
FLOOR = 9  # the paddle's row


class BreakoutState(NamedTuple):
    """Where things are, in cells from the upper left.

    Args:
        ball_x, ball_y, last_x, last_y: The ball now and a step ago, `(B,)` int32.
        dx, dy: How it goes on, `(B,)` int32, -1 or 1.
        paddle: Column, `(B,)` int32.
        bricks: Those that are left, `(B, 3, 10)` bool.
        strike: Whether the ball was within a brick's cell in the last step: then it passes the next one.
        ended: `(B,)` bool.
        last_action: `(B,)` int32.
    """

    ball_x: tf.Tensor
    ball_y: tf.Tensor
    last_x: tf.Tensor
    last_y: tf.Tensor
    dx: tf.Tensor
    dy: tf.Tensor
    paddle: tf.Tensor
    bricks: tf.Tensor
    strike: tf.Tensor
    ended: tf.Tensor
    last_action: tf.Tensor


class BreakoutDraws(NamedTuple):
    """Whether the last action is repeated, `(B,)` bool."""

    repeat: tf.Tensor


@dataclass(frozen=True)
class Breakout(MinAtar):
    """Break bricks with a ball that must not fall past the paddle.

    A reward of 1 a brick. When none is left they all come back as the ball comes down. Its difficulty does
    not grow.
    """

    name = "breakout"
    title = "Breakout"
    minimal_actions = ("noop", "left", "right")
    observation_shape = (10, 10, 4)
    channels = ("paddle", "ball", "trail", "brick")
    official = "MinAtar/Breakout-v0"

    def reset(self, seed: tf.Tensor, n: int) -> BreakoutState:
        right = chances(seed, n, 1)[0] < 1 / 2  # the ball starts at the right wall
        ball_x = tf.where(right, 9, 0)
        zero = tf.zeros(n, tf.int32)
        return BreakoutState(
            ball_x=ball_x,
            ball_y=zero + 3,
            last_x=ball_x,
            last_y=zero + 3,
            dx=tf.where(right, -1, 1),
            dy=zero + 1,
            paddle=zero + 4,
            bricks=tf.ones((n, ROWS, SIDE), tf.bool),
            strike=tf.zeros(n, tf.bool),
            ended=tf.zeros(n, tf.bool),
            last_action=zero,
        )

    def draw(self, seed: tf.Tensor, n: int) -> BreakoutDraws:
        return BreakoutDraws(chances(seed, n, 1)[0] < self.sticky)

    def play(
        self, state: BreakoutState, action: tf.Tensor, draws: BreakoutDraws
    ) -> tuple[BreakoutState, tf.Tensor]:
        paddle = walk(state.paddle, action, LEFT, RIGHT)
        x, y = state.ball_x + state.dx, state.ball_y + state.dy
        wall = (x < 0) | (x > 9)
        x = tf.clip_by_value(x, 0, 9)
        ceiling = y < 0
        here = cell(y, x, TOP, ROWS)
        struck = tf.reduce_any(state.bricks & here, [1, 2])
        broken = struck & ~state.strike
        bricks = state.bricks & ~(here & broken[:, None, None])
        low = y == FLOOR  # there are no bricks: nothing was struck, and the ball was in the row above
        bricks |= (low & ~tf.reduce_any(bricks, [1, 2]))[:, None, None]
        straight = low & (state.ball_x == paddle)
        corner = low & ~straight & (x == paddle)  # comes back the way it came
        missed = low & ~straight & ~corner
        after = BreakoutState(
            ball_x=x,
            ball_y=tf.where(broken | straight | corner, state.ball_y, tf.maximum(y, 0)),
            last_x=state.ball_x,
            last_y=state.ball_y,
            dx=tf.where(wall ^ corner, -state.dx, state.dx),
            dy=tf.where(ceiling | broken | straight | corner, -state.dy, state.dy),
            paddle=paddle,
            bricks=bricks,
            strike=struck,
            ended=missed,
            last_action=action,
        )
        return after, tf.cast(broken, tf.int32)

    def observe(self, state: BreakoutState) -> tf.Tensor:
        paddle = cell(tf.constant(FLOOR), state.paddle)
        ball, trail = cell(state.ball_y, state.ball_x), cell(state.last_y, state.last_x)
        return picture([paddle, ball, trail, padded(state.bricks, TOP)])
