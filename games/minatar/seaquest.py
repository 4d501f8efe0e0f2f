"""Seaquest of MinAtar: a submarine among fish, enemy submarines and divers, with so much oxygen.

How many things there can be at once, and why no two of a kind are in each other's way:

- The player's bullets: one is fired every 5 steps at most, and is gone 9 steps later, so there are 2 at
  most. A bullet moves a cell in each step, also in the first, in which the player does not move: bullets to
  the right stay to the right of the player and of those fired later, and no two are ever in one cell.
- Divers: one comes every 30 steps, and is gone 59 steps later, so there are 2 at most.
- Enemies, fish and submarines: one waits `move_speed` steps, as it stands then, before each move. At 2, its
  least, an enemy is gone 29 steps after it came, and one comes in each step at most: there are 30 within a
  step, and the 30th later one finds the first gone. While `move_speed` is above 2 the next enemy comes 15
  steps later at least, since both speeds grow together: 19 steps at 5, 17 at 4, 15 at 3. Such an enemy is
  gone after 59 steps, and within 32 once `move_speed` is 2. At the fastest, a surfacing in every second
  step, fewer than 12 come within these, and fewer than 4 before: 30 places hold all that there are.
- All enemies of one row go the same way, and no two enter one cell in the same step: those that came at
  `move_speed` 2 make the same moves, each some steps after the one before; of the others, the next enters
  each cell at least 7 steps later, whenever `move_speed` changes (a test tries all times).
- Enemy bullets: all of one direction go alike, a cell in each step, so that it is of no matter how many of
  them are in one cell; there can be two. A grid for each direction says where there are any.
"""

from dataclasses import dataclass
from typing import NamedTuple

import tensorflow as tf

from games.minatar.common import (
    ACTIONS,
    DOWN,
    FIRE,
    LEFT,
    RIGHT,
    SIDE,
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

BULLETS, ENEMIES, DIVERS = 2, 30, 2  # most at once, see above
WATER = 8  # rows 1 to 8, where enemies and divers are; row 0 is the surface, row 9 the gauges
OXYGEN = 200  # steps
ABOARD = 6  # divers, at most
SHOT_PAUSE = 5  # steps from one shot to the next
ENEMY_SHOT_PAUSE = 10  # steps that an enemy submarine waits before each shot
DIVER_PACE = 5  # steps that a diver waits before each move
DIVER_SPAWN = 30  # steps from one diver's coming to the next


class SeaquestState(NamedTuple):
    """The submarine and all that moves; where a thing is not present, its other entries are of no matter.

    Args:
        x, y: The submarine's front, `(B,)` int32.
        right: Whether it faces to the right, `(B,)` bool.
        oxygen: Steps that it lasts, `(B,)` int32.
        aboard: Divers, `(B,)` int32. Surfacing with six leaves -1, with which one can surface as with any
            number but 0.
        surfaced: Whether it has been at the surface since it last came up, `(B,)` bool.
        shot_timer: Steps until it can shoot, `(B,)` int32.
        spawn_speed, spawn_timer: Steps from one enemy's coming to the next, and until the next, `(B,)` int32.
        diver_spawn_timer: Steps until the next diver, `(B,)` int32.
        move_speed: Steps that enemies wait before each move, `(B,)` int32.
        ramp_index: How often enemies have become faster, or more, `(B,)` int32.
        bullet_present, bullet_x, bullet_y, bullet_right: The player's bullets, the latest first, `(B, 2)`.
        torpedo_left, torpedo_right: Whether there are enemy bullets of this direction in a cell of rows 1 to
            8, each `(B, 8, 10)` bool.
        enemy_present, enemy_submarine, enemy_x, enemy_y, enemy_right, enemy_move, enemy_shot: Enemies, the
            latest first: whether each is a submarine and no fish, its cell and direction, steps until it
            moves and until it shoots, `(B, 30)`.
        diver_present, diver_x, diver_y, diver_right, diver_move: Divers, the latest first, `(B, 2)`.
        ended: `(B,)` bool.
        last_action: `(B,)` int32.
    """

    x: tf.Tensor
    y: tf.Tensor
    right: tf.Tensor
    oxygen: tf.Tensor
    aboard: tf.Tensor
    surfaced: tf.Tensor
    shot_timer: tf.Tensor
    spawn_speed: tf.Tensor
    spawn_timer: tf.Tensor
    diver_spawn_timer: tf.Tensor
    move_speed: tf.Tensor
    ramp_index: tf.Tensor
    bullet_present: tf.Tensor
    bullet_x: tf.Tensor
    bullet_y: tf.Tensor
    bullet_right: tf.Tensor
    torpedo_left: tf.Tensor
    torpedo_right: tf.Tensor
    enemy_present: tf.Tensor
    enemy_submarine: tf.Tensor
    enemy_x: tf.Tensor
    enemy_y: tf.Tensor
    enemy_right: tf.Tensor
    enemy_move: tf.Tensor
    enemy_shot: tf.Tensor
    diver_present: tf.Tensor
    diver_x: tf.Tensor
    diver_y: tf.Tensor
    diver_right: tf.Tensor
    diver_move: tf.Tensor
    ended: tf.Tensor
    last_action: tf.Tensor


class SeaquestDraws(NamedTuple):
    """What may come next.

    Args:
        repeat: Whether the last action is repeated, `(B,)` bool.
        enemy_right, diver_right: Whether it goes to the right, `(B,)` bool, 1 in 2.
        enemy_submarine: Whether it is a submarine, `(B,)` bool, 1 in 3.
        enemy_y, diver_y: Its row, `(B,)` int32, 1 to 8.
    """

    repeat: tf.Tensor
    enemy_right: tf.Tensor
    enemy_submarine: tf.Tensor
    enemy_y: tf.Tensor
    diver_right: tf.Tensor
    diver_y: tf.Tensor


@dataclass(frozen=True)
class Seaquest(MinAtar):
    """Shoot fish and enemy submarines, 1 each, pick up divers, and bring them up before the oxygen is gone.

    Surfacing fills the oxygen and costs a diver; with six aboard all leave, and what is left of the oxygen
    brings up to 10. Surfacing with none, a collision and an empty tank end the game.

    Args:
        ramping: Whether each surfacing makes enemies faster, or more.
    """

    ramping: bool = True

    name = "seaquest"
    title = "Seaquest"
    minimal_actions = ACTIONS
    observation_shape = (10, 10, 10)
    channels = (
        "sub_front",
        "sub_back",
        "friendly_bullet",
        "trail",
        "enemy_bullet",
        "enemy_fish",
        "enemy_sub",
        "oxygen_gauge",
        "diver_gauge",
        "diver",
    )
    official = "MinAtar/Seaquest-v0"

    def __post_init__(self) -> None:
        super().__post_init__()
        layers.check_choice("ramping", self.ramping, (True, False))

    def reset(self, seed: tf.Tensor, n: int) -> SeaquestState:
        zero, no = tf.zeros(n, tf.int32), tf.zeros(n, tf.bool)

        def nothing(k: int, dtype: tf.DType) -> tf.Tensor:
            return tf.zeros((n, k), dtype)

        return SeaquestState(
            x=zero + 5,
            y=zero,
            right=no,
            oxygen=zero + OXYGEN,
            aboard=zero,
            surfaced=~no,
            shot_timer=zero,
            spawn_speed=zero + 20,
            spawn_timer=zero + 20,
            diver_spawn_timer=zero + DIVER_SPAWN,
            move_speed=zero + 5,
            ramp_index=zero,
            bullet_present=nothing(BULLETS, tf.bool),
            bullet_x=nothing(BULLETS, tf.int32),
            bullet_y=nothing(BULLETS, tf.int32),
            bullet_right=nothing(BULLETS, tf.bool),
            torpedo_left=tf.zeros((n, WATER, SIDE), tf.bool),
            torpedo_right=tf.zeros((n, WATER, SIDE), tf.bool),
            enemy_present=nothing(ENEMIES, tf.bool),
            enemy_submarine=nothing(ENEMIES, tf.bool),
            enemy_x=nothing(ENEMIES, tf.int32),
            enemy_y=nothing(ENEMIES, tf.int32),
            enemy_right=nothing(ENEMIES, tf.bool),
            enemy_move=nothing(ENEMIES, tf.int32),
            enemy_shot=nothing(ENEMIES, tf.int32),
            diver_present=nothing(DIVERS, tf.bool),
            diver_x=nothing(DIVERS, tf.int32),
            diver_y=nothing(DIVERS, tf.int32),
            diver_right=nothing(DIVERS, tf.bool),
            diver_move=nothing(DIVERS, tf.int32),
            ended=no,
            last_action=zero,
        )

    def draw(self, seed: tf.Tensor, n: int) -> SeaquestDraws:
        drawn = tf.unstack(chances(seed, n, 6))
        repeat, enemy_right, submarine, enemy_y, diver_right, diver_y = drawn
        return SeaquestDraws(
            repeat=repeat < self.sticky,
            enemy_right=enemy_right < 1 / 2,
            enemy_submarine=submarine < 1 / 3,
            enemy_y=1 + tf.cast(WATER * enemy_y, tf.int32),
            diver_right=diver_right < 1 / 2,
            diver_y=1 + tf.cast(WATER * diver_y, tf.int32),
        )

    def play(
        self, state: SeaquestState, action: tf.Tensor, draws: SeaquestDraws
    ) -> tuple[SeaquestState, tf.Tensor]:
        state = _spawn(state, draws)
        state = _steer(state, action)
        state, shot = _move_bullets(state)
        state = _move_divers(state)
        state, rammed = _move_enemies(state)
        state = state._replace(
            spawn_timer=tf.maximum(state.spawn_timer - 1, 0),
            diver_spawn_timer=tf.maximum(state.diver_spawn_timer - 1, 0),
            shot_timer=tf.maximum(state.shot_timer - 1, 0),
            ended=state.ended | (state.oxygen <= 0),
            last_action=action,
        )
        state, brought = self._surface(state)
        return state, shot + rammed + brought

    def _surface(self, state: SeaquestState) -> tuple[SeaquestState, tf.Tensor]:
        """Breathe under water, or come up; and the reward of six divers."""
        under = state.y > 0
        up = ~under & ~state.surfaced
        comes = up & (state.aboard != 0)
        full = comes & (state.aboard == ABOARD)
        rises = comes & ((state.spawn_speed > 1) | (state.move_speed > 2)) & self.ramping
        faster = rises & (state.move_speed > 2) & (state.ramp_index % 2 == 1)
        after = state._replace(
            oxygen=tf.where(comes, OXYGEN, state.oxygen - tf.cast(under, tf.int32)),
            aboard=tf.where(full, 0, state.aboard) - tf.cast(comes, tf.int32),  # 6 to -1, as the original
            surfaced=~under & (comes | state.surfaced),
            move_speed=state.move_speed - tf.cast(faster, tf.int32),
            spawn_speed=state.spawn_speed - tf.cast(rises & (state.spawn_speed > 1), tf.int32),
            ramp_index=state.ramp_index + tf.cast(rises, tf.int32),
            ended=state.ended | (up & ~comes),
        )
        return after, tf.where(full, state.oxygen * 10 // OXYGEN, 0)

    def observe(self, state: SeaquestState) -> tf.Tensor:
        front = cell(state.y, state.x)
        back = cell(state.y, tf.where(state.right, state.x - 1, state.x + 1))
        bullet = tf.reduce_any(cell(state.bullet_y, state.bullet_x) & _each(state.bullet_present), axis=1)
        fish, submarine, trail = _seen_enemies(state)
        diver = cell(state.diver_y, state.diver_x, 1, WATER) & _each(state.diver_present)
        wake = cell(
            state.diver_y, tf.where(state.diver_right, state.diver_x - 1, state.diver_x + 1), 1, WATER
        )
        trail |= tf.reduce_any(wake & _each(state.diver_present), axis=1)
        bottom = at(tf.constant(SIDE - 1))[:, None]
        columns = tf.range(SIDE)
        oxygen = bottom & (columns < (tf.maximum(state.oxygen, 0) * 10 // OXYGEN)[:, None])[:, None, :]
        divers = bottom & ((columns >= 9 - state.aboard[:, None]) & (columns < 9))[:, None, :]
        return picture(
            [
                front,
                back,
                bullet,
                padded(trail, 1),
                padded(state.torpedo_left | state.torpedo_right, 1),
                padded(fish, 1),
                padded(submarine, 1),
                oxygen,
                divers,
                padded(tf.reduce_any(diver, axis=1), 1),
            ]
        )


def _each(present: tf.Tensor) -> tf.Tensor:
    """Over the cells of planes `(B, K, rows, 10)`."""
    return present[:, :, None, None]


def _push(state: SeaquestState, when: tf.Tensor, **first: tf.Tensor) -> SeaquestState:
    """Put one thing before the others of its kind where `when` `(B,)` holds; the last is pushed out.

    Args:
        first: The thing's entries `(B,)` by their names in the state.
    """
    entries = {}
    for name, entry in first.items():
        others = getattr(state, name)
        pushed = tf.concat([entry[:, None], others[:, :-1]], axis=1)
        entries[name] = tf.where(when[:, None], pushed, others)
    return state._replace(**entries)


def _spawn(state: SeaquestState, draws: SeaquestDraws) -> SeaquestState:
    """Let an enemy and a diver come, where their time is up; no enemy against those that are in its row."""
    due, diver_due = state.spawn_timer == 0, state.diver_spawn_timer == 0
    same_row = state.enemy_present & (state.enemy_y == draws.enemy_y[:, None])
    against = tf.reduce_any(same_row & (state.enemy_right != draws.enemy_right[:, None]), axis=1)
    state = state._replace(
        spawn_timer=tf.where(due, state.spawn_speed, state.spawn_timer),
        diver_spawn_timer=tf.where(diver_due, DIVER_SPAWN, state.diver_spawn_timer),
    )
    state = _push(
        state,
        due & ~against,
        enemy_present=due,
        enemy_submarine=draws.enemy_submarine,
        enemy_x=tf.where(draws.enemy_right, 0, 9),
        enemy_y=draws.enemy_y,
        enemy_right=draws.enemy_right,
        enemy_move=state.move_speed,
        enemy_shot=tf.fill(due.shape, ENEMY_SHOT_PAUSE),
    )
    return _push(
        state,
        diver_due,
        diver_present=diver_due,
        diver_x=tf.where(draws.diver_right, 0, 9),
        diver_y=draws.diver_y,
        diver_right=draws.diver_right,
        diver_move=tf.fill(due.shape, DIVER_PACE),
    )


def _steer(state: SeaquestState, action: tf.Tensor) -> SeaquestState:
    """Shoot or move."""
    fires = (action == FIRE) & (state.shot_timer == 0)
    state = _push(
        state, fires, bullet_present=fires, bullet_x=state.x, bullet_y=state.y, bullet_right=state.right
    )
    return state._replace(
        shot_timer=tf.where(fires, SHOT_PAUSE, state.shot_timer),
        x=walk(state.x, action, LEFT, RIGHT),
        y=walk(state.y, action, UP, DOWN, 0, WATER),
        right=(action == RIGHT) | (state.right & (action != LEFT)),
    )


def _hits(state: SeaquestState) -> tf.Tensor:
    """Whether a bullet and an enemy are in one cell, `(B, 2, 30)` bool."""
    same_x = state.bullet_x[:, :, None] == state.enemy_x[:, None, :]
    same_y = state.bullet_y[:, :, None] == state.enemy_y[:, None, :]
    return same_x & same_y & state.bullet_present[:, :, None] & state.enemy_present[:, None, :]


def _move_bullets(state: SeaquestState) -> tuple[SeaquestState, tf.Tensor]:
    """Move the player's bullets; each shoots one enemy of its cell: the earliest fish, else submarine."""
    x = state.bullet_x + tf.where(state.bullet_right, 1, -1)
    state = state._replace(bullet_x=x, bullet_present=state.bullet_present & (x >= 0) & (x <= 9))
    turn = tf.range(ENEMIES) + tf.where(state.enemy_submarine, 0, ENEMIES)  # (B, K), 0 the last
    turn = tf.where(_hits(state), turn[:, None, :], -1)
    first = tf.reduce_max(turn, axis=2, keepdims=True)
    victim = tf.reduce_any((turn == first) & (first >= 0), axis=1)
    spent = first[:, :, 0] >= 0
    after = state._replace(
        bullet_present=state.bullet_present & ~spent, enemy_present=state.enemy_present & ~victim
    )
    return after, count(spent)


def _move_divers(state: SeaquestState) -> SeaquestState:
    """Move divers and pick up those that the player meets, the latest first, before or after their move."""
    meets = state.diver_present & (state.diver_y == state.y[:, None])
    before = meets & (state.diver_x == state.x[:, None])
    moves = state.diver_present & (state.diver_move == 0)
    x = tf.where(moves, state.diver_x + tf.where(state.diver_right, 1, -1), state.diver_x)
    met = before | (meets & (x == state.x[:, None]))
    aboard, left = state.aboard, []
    for k in range(DIVERS):  # there may be room for one alone
        picked = met[:, k] & (aboard < ABOARD)
        aboard += tf.cast(picked, tf.int32)
        left.append(state.diver_present[:, k] & ~picked)
    return state._replace(
        aboard=aboard,
        diver_present=tf.stack(left, axis=1) & (x >= 0) & (x <= 9),
        diver_x=x,
        diver_move=tf.where(moves, DIVER_PACE, state.diver_move - 1),
    )


def _move_enemies(state: SeaquestState) -> tuple[SeaquestState, tf.Tensor]:
    """Move submarines, their bullets and fish; those that run into a player's bullet are shot, too.

    One that comes to the player's cell does not look for bullets; none is there, anyhow. Submarines and fish
    move at once here, since no two enter one cell. A submarine still fires in the step in which it is shot.
    """
    x, y = state.x[:, None], state.y[:, None]
    abreast = state.enemy_present & (state.enemy_y == y)
    met = abreast & (state.enemy_x == x)
    moves = state.enemy_present & (state.enemy_move == 0)
    fires = state.enemy_present & state.enemy_submarine & (state.enemy_shot == 0)
    moved = state._replace(
        enemy_x=tf.where(moves, state.enemy_x + tf.where(state.enemy_right, 1, -1), state.enemy_x),
        enemy_move=tf.where(moves, state.move_speed[:, None], state.enemy_move - 1),
        enemy_shot=tf.where(fires, ENEMY_SHOT_PAUSE, state.enemy_shot - 1),
    )
    met |= abreast & (moved.enemy_x == x)
    rammed = _hits(moved) & moves[:, None, :]
    left, right = _fired(moved, fires)
    left, right = left | state.torpedo_left, right | state.torpedo_right
    blank = tf.zeros_like(left[:, :, :1])
    left_after = tf.concat([left[:, :, 1:], blank], axis=2)
    right_after = tf.concat([blank, right[:, :, :-1]], axis=2)
    here = cell(state.y, state.x, 1, WATER)
    torpedoed = tf.reduce_any((left | right | left_after | right_after) & here, axis=[1, 2])
    within = (moved.enemy_x >= 0) & (moved.enemy_x <= 9)
    after = moved._replace(
        bullet_present=state.bullet_present & ~tf.reduce_any(rammed, axis=2),
        enemy_present=state.enemy_present & within & ~tf.reduce_any(rammed, axis=1),
        torpedo_left=left_after,
        torpedo_right=right_after,
        ended=tf.reduce_any(met, axis=1) | torpedoed,
    )
    return after, count(rammed, [1, 2])


def _seen_enemies(state: SeaquestState) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Where fish, submarines and their trails are, each `(B, 8, 10)` bool."""
    here = cell(state.enemy_y, state.enemy_x, 1, WATER)
    back = cell(state.enemy_y, tf.where(state.enemy_right, state.enemy_x - 1, state.enemy_x + 1), 1, WATER)
    fish = tf.reduce_any(here & _each(state.enemy_present & ~state.enemy_submarine), axis=1)
    submarine = tf.reduce_any(here & _each(state.enemy_present & state.enemy_submarine), axis=1)
    return fish, submarine, tf.reduce_any(back & _each(state.enemy_present), axis=1)


def _fired(state: SeaquestState, fires: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Where submarines that fire are, those to the left and those to the right, each `(B, 8, 10)` bool."""
    here = cell(state.enemy_y, state.enemy_x, 1, WATER)
    left = tf.reduce_any(here & _each(fires & ~state.enemy_right), axis=1)
    return left, tf.reduce_any(here & _each(fires & state.enemy_right), axis=1)
