"""Freeway of MinAtar: a chicken crosses eight lanes of cars."""

from dataclasses import dataclass
from typing import NamedTuple

import tensorflow as tf

from games.minatar.common import DOWN, SIDE, UP, MinAtar, at, cell, chances, padded, picture, walk

LANES = 8  # rows 1 to 8, with one car in each
COLUMN = 4  # the chicken's
START = 9  # its first row
PACE = 3  # steps from one of its moves to the next
STEPS = 2500  # until the timer runs out; the game is over in the step after
FASTEST, SLOWEST = 1, 5  # steps more than a car waits between two moves


class FreewayState(NamedTuple):
    """The chicken, and the car of each lane.

    Args:
        row: The chicken's, `(B,)` int32.
        move_timer: Steps until it can move, `(B,)` int32.
        x: Columns of the cars, `(B, 8)` int32.
        timer: Steps until they move, `(B, 8)` int32.
        speed: Steps that they wait before each move, 1 to 5, below 0 for those that go to the left, `(B, 8)`
            int32.
        terminate_timer: `(B,)` int32.
        ended: `(B,)` bool.
        last_action: `(B,)` int32.
    """

    row: tf.Tensor
    move_timer: tf.Tensor
    x: tf.Tensor
    timer: tf.Tensor
    speed: tf.Tensor
    terminate_timer: tf.Tensor
    ended: tf.Tensor
    last_action: tf.Tensor


class FreewayDraws(NamedTuple):
    """Whether the last action is repeated, `(B,)` bool, and the next speeds of the cars, `(B, 8)` int32.

    Speeds are -5 to -1 and 1 to 5, each as likely as any other.
    """

    repeat: tf.Tensor
    speed: tf.Tensor


@dataclass(frozen=True)
class Freeway(MinAtar):
    """Cross as often as one can in 2501 steps: a reward of 1 each time.

    A car that hits sends back to the start; each crossing changes the speeds of all cars. Its difficulty does
    not grow. What the original calls a speed is how long a car waits. As there, the end of the time is the
    end of the game and no truncation, though nothing that is seen foretells it.
    """

    name = "freeway"
    title = "Freeway"
    minimal_actions = ("noop", "up", "down")
    observation_shape = (10, 10, 7)
    channels = ("chicken", "car", "speed1", "speed2", "speed3", "speed4", "speed5")
    official = "MinAtar/Freeway-v0"

    def reset(self, seed: tf.Tensor, n: int) -> FreewayState:
        zero, speed = tf.zeros(n, tf.int32), _speeds(chances(seed, n, LANES))
        return FreewayState(
            row=zero + START,
            move_timer=zero + PACE,
            x=tf.zeros((n, LANES), tf.int32),
            timer=tf.abs(speed),
            speed=speed,
            terminate_timer=zero + STEPS,
            ended=tf.zeros(n, tf.bool),
            last_action=zero,
        )

    def draw(self, seed: tf.Tensor, n: int) -> FreewayDraws:
        drawn = chances(seed, n, 1 + LANES)
        return FreewayDraws(drawn[0] < self.sticky, _speeds(drawn[1:]))

    def play(
        self, state: FreewayState, action: tf.Tensor, draws: FreewayDraws
    ) -> tuple[FreewayState, tf.Tensor]:
        walks = ((action == UP) | (action == DOWN)) & (state.move_timer == 0)
        row = tf.where(walks, walk(state.row, action, UP, DOWN), state.row)
        move_timer = tf.where(walks, PACE, state.move_timer)

        won = row == 0
        speed = tf.where(won[:, None], draws.speed, state.speed)
        timer = tf.where(won[:, None], tf.abs(draws.speed), state.timer)
        row = tf.where(won, START, row)

        # The first car that hits sends the chicken out of all lanes, and there is one a lane: their order is
        # of no matter.
        drives = timer == 0
        x = tf.where(drives, (state.x + tf.sign(speed)) % SIDE, state.x)
        met = (state.x == COLUMN) | (x == COLUMN)  # before or after its move
        hit = tf.reduce_any(met & at(row, 1, LANES), axis=1)
        after = FreewayState(
            row=tf.where(hit, START, row),
            move_timer=tf.maximum(move_timer - 1, 0),
            x=x,
            timer=tf.where(drives, tf.abs(speed), timer - 1),
            speed=speed,
            terminate_timer=state.terminate_timer - 1,
            ended=state.terminate_timer < 1,
            last_action=action,
        )
        return after, tf.cast(won, tf.int32)

    def observe(self, state: FreewayState) -> tf.Tensor:
        chicken = cell(state.row, tf.constant(COLUMN))
        car = at(state.x)  # (B, 8, 10)
        back = at((state.x - tf.sign(state.speed)) % SIDE)
        waits = tf.abs(state.speed)[..., None]
        trails = [padded(back & (waits == number), 1) for number in range(FASTEST, SLOWEST + 1)]
        return picture([chicken, padded(car, 1), *trails])


def _speeds(chance: tf.Tensor) -> tf.Tensor:
    """The speeds `(B, 8)` int32 that uniform numbers `(8, B)` make."""
    drawn = tf.cast(2 * SLOWEST * tf.transpose(chance), tf.int32)
    return tf.where(drawn < SLOWEST, drawn - SLOWEST, drawn - SLOWEST + 1)
