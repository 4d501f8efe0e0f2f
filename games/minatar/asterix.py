"""Asterix of MinAtar: gold to be had and enemies to be shunned, coming from both sides."""

from dataclasses import dataclass
from typing import NamedTuple

import tensorflow as tf

from games.minatar.common import (
    DOWN,
    LEFT,
    RIGHT,
    UP,
    MinAtar,
    at,
    cell,
    chances,
    count,
    padded,
    picture,
    walk,
)
from models import layers

LANES = 8  # rows 1 to 8, with at most one thing in each
TURNS = 840  # the least number that each of 1 to 8 divides
RAMP = 100  # the ramp timer's first value; it counts down to -1, so the difficulty rises every 102 steps


class AsterixState(NamedTuple):
    """The player, and what moves in each lane.

    Args:
        player_x, player_y: `(B,)` int32.
        present: Whether there is something in a lane, `(B, 8)` bool; else its other entries are of no matter.
        x: Its column, `(B, 8)` int32.
        right: Whether it goes to the right, `(B, 8)` bool.
        gold: Whether it is gold and no enemy, `(B, 8)` bool.
        spawn_speed, spawn_timer: Steps from one thing's coming to the next, and until the next, `(B,)` int32.
        move_speed, move_timer: Likewise of their moves.
        ramp_timer, ramp_index: Steps until the difficulty rises, and how often it has, `(B,)` int32.
        ended: `(B,)` bool.
        last_action: `(B,)` int32.
    """

    player_x: tf.Tensor
    player_y: tf.Tensor
    present: tf.Tensor
    x: tf.Tensor
    right: tf.Tensor
    gold: tf.Tensor
    spawn_speed: tf.Tensor
    spawn_timer: tf.Tensor
    move_speed: tf.Tensor
    move_timer: tf.Tensor
    ramp_timer: tf.Tensor
    ramp_index: tf.Tensor
    ended: tf.Tensor
    last_action: tf.Tensor


class AsterixDraws(NamedTuple):
    """What may come next.

    Args:
        repeat: Whether the last action is repeated, `(B,)` bool.
        right: Whether it goes to the right, `(B,)` bool, 1 in 2.
        gold: Whether it is gold, `(B,)` bool, 1 in 3.
        turn: In which lane, `(B,)` int32: its remainder by the number of free lanes counts them from above.
            Drawn below 840, so that each lane is as likely as any other, however many are free.
    """

    repeat: tf.Tensor
    right: tf.Tensor
    gold: tf.Tensor
    turn: tf.Tensor


@dataclass(frozen=True)
class Asterix(MinAtar):
    """Walk into gold, which brings 1, and not into an enemy, which ends the game.

    Args:
        ramping: Whether things come and move faster and faster.
    """

    ramping: bool = True

    name = "asterix"
    title = "Asterix"
    minimal_actions = ("noop", "left", "up", "right", "down")
    observation_shape = (10, 10, 4)
    channels = ("player", "enemy", "trail", "gold")
    official = "MinAtar/Asterix-v0"

    def __post_init__(self) -> None:
        super().__post_init__()
        layers.check_choice("ramping", self.ramping, (True, False))

    def reset(self, seed: tf.Tensor, n: int) -> AsterixState:
        zero, no = tf.zeros(n, tf.int32), tf.zeros((n, LANES), tf.bool)
        return AsterixState(
            player_x=zero + 5,
            player_y=zero + 5,
            present=no,
            x=tf.zeros((n, LANES), tf.int32),
            right=no,
            gold=no,
            spawn_speed=zero + 10,
            spawn_timer=zero + 10,
            move_speed=zero + 5,
            move_timer=zero + 5,
            ramp_timer=zero + RAMP,
            ramp_index=zero,
            ended=tf.zeros(n, tf.bool),
            last_action=zero,
        )

    def draw(self, seed: tf.Tensor, n: int) -> AsterixDraws:
        repeat, right, gold, turn = tf.unstack(chances(seed, n, 4))
        turn = tf.cast(TURNS * turn, tf.int32)
        return AsterixDraws(repeat < self.sticky, right < 1 / 2, gold < 1 / 3, turn)

    def play(
        self, state: AsterixState, action: tf.Tensor, draws: AsterixDraws
    ) -> tuple[AsterixState, tf.Tensor]:
        due = state.spawn_timer == 0
        free = ~state.present
        number = tf.cumsum(tf.cast(free, tf.int32), axis=1)  # of a free lane, from 1
        picked = 1 + draws.turn % tf.maximum(count(free), 1)
        new = free & (number == picked[:, None]) & due[:, None]
        present = state.present | new
        x = tf.where(new, tf.where(draws.right, 0, 9)[:, None], state.x)
        right = tf.where(new, draws.right[:, None], state.right)
        gold = tf.where(new, draws.gold[:, None], state.gold)
        spawn_timer = tf.where(due, state.spawn_speed, state.spawn_timer)

        player_x = walk(state.player_x, action, LEFT, RIGHT)
        player_y = walk(state.player_y, action, UP, DOWN, 1, LANES)
        lane = at(player_y, 1, LANES)  # (B, 8)
        met = present & lane & (x == player_x[:, None])
        taken, hit = met & gold, met & ~gold  # an enemy stays, and moves on
        present &= ~taken
        due = state.move_timer == 0
        moves = present & due[:, None]
        x = tf.where(moves, x + tf.where(right, 1, -1), x)
        present &= (x >= 0) & (x <= 9)
        met = present & lane & (x == player_x[:, None]) & moves
        present &= ~(met & gold)
        taken |= met & gold
        hit |= met & ~gold
        move_timer = tf.where(due, state.move_speed, state.move_timer)

        ramps = (state.spawn_speed > 1) | (state.move_speed > 1)
        if not self.ramping:
            ramps = tf.zeros_like(ramps)
        waits = ramps & (state.ramp_timer >= 0)
        rises = ramps & (state.ramp_timer < 0)
        faster = rises & (state.move_speed > 1) & (state.ramp_index % 2 == 1)
        after = AsterixState(
            player_x=player_x,
            player_y=player_y,
            present=present,
            x=x,
            right=right,
            gold=gold,
            spawn_speed=state.spawn_speed - tf.cast(rises & (state.spawn_speed > 1), tf.int32),
            spawn_timer=spawn_timer - 1,
            move_speed=state.move_speed - tf.cast(faster, tf.int32),
            move_timer=move_timer - 1,
            ramp_timer=tf.where(rises, RAMP, state.ramp_timer - tf.cast(waits, tf.int32)),
            ramp_index=state.ramp_index + tf.cast(rises, tf.int32),
            ended=tf.reduce_any(hit, axis=1),
            last_action=action,
        )
        return after, count(taken)

    def observe(self, state: AsterixState) -> tf.Tensor:
        enemy = at(state.x) & (state.present & ~state.gold)[..., None]  # (B, 8, 10)
        gold = at(state.x) & (state.present & state.gold)[..., None]
        trail = at(tf.where(state.right, state.x - 1, state.x + 1)) & state.present[..., None]
        player = cell(state.player_y, state.player_x)
        return picture([player, padded(enemy, 1), padded(trail, 1), padded(gold, 1)])
