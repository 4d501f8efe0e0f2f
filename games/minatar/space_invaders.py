"""Space Invaders of MinAtar: wave after wave of aliens, and a cannon."""

from dataclasses import dataclass
from typing import NamedTuple

import tensorflow as tf

from games.minatar.common import FIRE, LEFT, RIGHT, SIDE, MinAtar, at, cell, chances, count, picture, walk
from models import layers

GROUND = 9  # the cannon's row
SHOT_PAUSE = 5  # steps from one shot of the cannon to the next
ALIEN_SHOT_PAUSE = 10  # and of the aliens
SLOWEST, FASTEST = 12, 6  # most steps between two of their moves, in the first wave and from the seventh on


class SpaceInvadersState(NamedTuple):
    """Where things are.

    Args:
        cannon: Column, `(B,)` int32.
        bullets, alien_bullets, aliens: Whether there is one in a cell, each `(B, 10, 10)` bool.
        right: Whether the aliens go to the right, `(B,)` bool.
        move_interval: Most steps between two of their moves, `(B,)` int32.
        move_timer: Steps until they move, `(B,)` int32.
        alien_shot_timer: Steps until one of them shoots, `(B,)` int32.
        shot_timer: Steps until the cannon can, `(B,)` int32.
        ramp_index: How often they have become faster, `(B,)` int32.
        ended: `(B,)` bool.
        last_action: `(B,)` int32.
    """

    cannon: tf.Tensor
    bullets: tf.Tensor
    alien_bullets: tf.Tensor
    aliens: tf.Tensor
    right: tf.Tensor
    move_interval: tf.Tensor
    move_timer: tf.Tensor
    alien_shot_timer: tf.Tensor
    shot_timer: tf.Tensor
    ramp_index: tf.Tensor
    ended: tf.Tensor
    last_action: tf.Tensor


class SpaceInvadersDraws(NamedTuple):
    """Whether the last action is repeated, `(B,)` bool: nothing else is left to chance."""

    repeat: tf.Tensor


@dataclass(frozen=True)
class SpaceInvaders(MinAtar):
    """Shoot aliens, a reward of 1 each, before they or their bullets reach the cannon.

    The fewer are left, the faster they are.

    Args:
        ramping: Whether each wave is faster than the last.
    """

    ramping: bool = True

    name = "space_invaders"
    title = "Space Invaders"
    minimal_actions = ("noop", "left", "right", "fire")
    observation_shape = (10, 10, 6)
    channels = ("cannon", "alien", "alien_left", "alien_right", "friendly_bullet", "enemy_bullet")
    official = "MinAtar/SpaceInvaders-v0"

    def __post_init__(self) -> None:
        super().__post_init__()
        layers.check_choice("ramping", self.ramping, (True, False))

    def reset(self, seed: tf.Tensor, n: int) -> SpaceInvadersState:
        zero, none = tf.zeros(n, tf.int32), tf.zeros((n, SIDE, SIDE), tf.bool)
        return SpaceInvadersState(
            cannon=zero + 5,
            bullets=none,
            alien_bullets=none,
            aliens=none | _wave(),
            right=tf.zeros(n, tf.bool),
            move_interval=zero + SLOWEST,
            move_timer=zero + SLOWEST,
            alien_shot_timer=zero + ALIEN_SHOT_PAUSE,
            shot_timer=zero,
            ramp_index=zero,
            ended=tf.zeros(n, tf.bool),
            last_action=zero,
        )

    def draw(self, seed: tf.Tensor, n: int) -> SpaceInvadersDraws:
        return SpaceInvadersDraws(chances(seed, n, 1)[0] < self.sticky)

    def play(
        self, state: SpaceInvadersState, action: tf.Tensor, draws: SpaceInvadersDraws
    ) -> tuple[SpaceInvadersState, tf.Tensor]:
        fires = (action == FIRE) & (state.shot_timer == 0)
        shot_timer = tf.where(fires, SHOT_PAUSE, state.shot_timer)
        cannon = walk(state.cannon, action, LEFT, RIGHT)

        # A bullet begins in row 9 and moves in the same step: none is left there.
        fired = (at(cannon) & fires[:, None])[:, None, :]
        none = tf.zeros_like(fired)
        bullets = tf.concat([state.bullets[:, 1:GROUND], fired, none], axis=1)
        alien_bullets = tf.concat([none, state.alien_bullets[:, :GROUND]], axis=1)
        ended = tf.reduce_any(alien_bullets[:, GROUND] & at(cannon), axis=1)

        aliens = state.aliens
        ended |= tf.reduce_any(aliens[:, GROUND] & at(cannon), axis=1)
        moves = state.move_timer == 0
        edge = tf.where(state.right, tf.reduce_any(aliens[:, :, 9], 1), tf.reduce_any(aliens[:, :, 0], 1))
        turns = moves & edge
        ended |= turns & tf.reduce_any(aliens[:, GROUND], axis=1)
        move_timer = tf.where(moves, tf.minimum(count(aliens, [1, 2]), state.move_interval), state.move_timer)
        down, left, rightwards = tf.roll(aliens, 1, 1), tf.roll(aliens, -1, 2), tf.roll(aliens, 1, 2)
        moved = tf.where(state.right[:, None, None], rightwards, left)
        moved = tf.where(edge[:, None, None], down, moved)
        aliens = tf.where(moves[:, None, None], moved, aliens)
        ended |= moves & tf.reduce_any(aliens[:, GROUND] & at(cannon), axis=1)

        alien_fires = state.alien_shot_timer == 0
        alien_shot_timer = tf.where(alien_fires, ALIEN_SHOT_PAUSE, state.alien_shot_timer)
        alien_bullets |= _shooter(aliens, cannon) & alien_fires[:, None, None]

        killed = aliens & bullets
        aliens &= ~killed
        bullets &= ~killed
        cleared = ~tf.reduce_any(aliens, [1, 2])
        rises = cleared & (state.move_interval > FASTEST) & self.ramping
        after = SpaceInvadersState(
            cannon=cannon,
            bullets=bullets,
            alien_bullets=alien_bullets,
            aliens=aliens | (cleared[:, None, None] & _wave()),
            right=state.right ^ turns,
            move_interval=state.move_interval - tf.cast(rises, tf.int32),
            move_timer=move_timer - 1,
            alien_shot_timer=alien_shot_timer - 1,
            shot_timer=tf.maximum(shot_timer - 1, 0),
            ramp_index=state.ramp_index + tf.cast(rises, tf.int32),
            ended=ended,
            last_action=action,
        )
        return after, count(killed, [1, 2])

    def observe(self, state: SpaceInvadersState) -> tf.Tensor:
        right = state.right[:, None, None]
        cannon = cell(tf.constant(GROUND), state.cannon)
        left_aliens, right_aliens = state.aliens & ~right, state.aliens & right
        return picture([cannon, state.aliens, left_aliens, right_aliens, state.bullets, state.alien_bullets])


def _wave() -> tf.Tensor:
    """Where aliens begin, `(10, 10)` bool: rows 0 to 3, columns 2 to 7."""
    numbers = tf.range(SIDE)
    return (numbers < 4)[:, None] & ((numbers >= 2) & (numbers < 8))


def _shooter(aliens: tf.Tensor, cannon: tf.Tensor) -> tf.Tensor:
    """The lowest alien of the column nearest to the cannon, of two the left one, `(B, 10, 10)` bool."""
    columns = tf.range(SIDE)
    away = columns - cannon[:, None]
    rank = 2 * tf.abs(away) + tf.cast(away > 0, tf.int32)  # no two columns have the same
    rank = tf.where(tf.reduce_any(aliens, 1), rank, 2 * SIDE + 1 + columns)
    nearest = rank == tf.reduce_min(rank, axis=1, keepdims=True)
    column = aliens & nearest[:, None, :]
    rows = tf.where(tf.reduce_any(column, 2), tf.range(SIDE), -1)
    return column & (rows == tf.reduce_max(rows, axis=1, keepdims=True))[:, :, None]
