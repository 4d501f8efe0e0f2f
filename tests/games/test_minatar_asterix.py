"""Asterix of MinAtar: every step and every score as the package has them."""

import numpy as np
import pytest
import tensorflow as tf

from games.minatar import Asterix
from games.minatar.asterix import AsterixDraws, AsterixState
from tests.games import minatar_original as package
from tests.games.minatar_original import DOWN, LEFT, NOOP, RIGHT, UP, column, row

GAME = Asterix()
SAME = (
    "player_x",
    "player_y",
    "spawn_speed",
    "spawn_timer",
    "move_speed",
    "move_timer",
    "ramp_timer",
    "ramp_index",
    "last_action",
)
MOVES = {NOOP: (0, 0), LEFT: (-1, 0), UP: (0, -1), RIGHT: (1, 0), DOWN: (0, 1)}


def fetch_gold(seen, random):
    """Towards the nearest gold, and not where an enemy is near."""
    rows, columns = np.mgrid[:10, :10]
    worth = []
    for x, y in MOVES.values():
        x = np.clip(column(seen[..., 0]) + x, 0, 9)[:, None, None]
        y = np.clip(row(seen[..., 0]) + y, 1, 8)[:, None, None]
        way = np.where(seen[..., 3], abs(rows - y) + abs(columns - x), 20).min((1, 2))
        danger = (seen[..., 1] & (rows == y) & (abs(columns - x) < 3)).any((1, 2))
        worth.append(-way - 100 * danger)
    return np.array([*MOVES])[np.argmax(worth, 0)]


def to_ours(a):
    things = [entity or [0, 0, False, False] for entity in a["entities"]]
    return AsterixState(
        **{name: a[name] for name in SAME},
        present=[entity is not None for entity in a["entities"]],
        x=[thing[0] for thing in things],
        right=[thing[2] for thing in things],
        gold=[thing[3] for thing in things],
        ended=a["terminal"],
    )


def to_theirs(s):
    return {
        **{name: getattr(s, name) for name in SAME},
        "entities": [[s.x[i], i + 1, s.right[i], s.gold[i]] if s.present[i] else None for i in range(8)],
        "terminal": s.ended,
    }


def draws(given, spare):
    repeat, *taken = given
    right, gold, turn = [*taken, *[spare.rand(), spare.rand(), spare.randint(840)][len(taken) :]]
    return AsterixDraws(repeat < GAME.sticky, right < 1 / 2, gold < 1 / 3, turn)


def hurry(number, world):
    """In half of the worlds the difficulty rises soon."""
    if number % 2:
        world.ramp_timer = min(world.ramp_timer, 5)


@pytest.mark.parametrize("seed", package.SEEDS)
def test_ten_thousand_transitions(seed):
    found = package.transitions(GAME, fetch_gold, 20, 500, seed, hurry)
    assert sum(one.reward for one in found) > 100
    assert sum(one.terminal for one in found) > 100
    assert sum(None not in one.before["entities"] and len(one.given) == 3 for one in found) > 20
    assert sum(one.after["move_speed"] == one.after["spawn_speed"] == 1 for one in found) > 500
    package.check_transitions(GAME, found, to_ours, to_theirs, draws, but=["shot_timer"])


def test_a_game_begins_as_the_original_does():
    (ours,) = package.unbatch(GAME.reset((0, 0), 1))
    package.assert_same(to_theirs(ours), package.attributes(package.original(GAME, 0)), ["shot_timer"])


def test_without_ramping_it_stays_as_it_is():
    game = Asterix(ramping=False)
    found = package.transitions(game, fetch_gold, 5, 100, 0, hurry)
    package.check_transitions(game, found, to_ours, to_theirs, draws, but=["shot_timer"], xla=False)


@pytest.mark.parametrize("free", range(1, 9))
def test_each_free_lane_is_as_likely_as_any_other(free):
    drawn = GAME.draw((0, free), 8000)
    assert abs(np.mean(drawn.right) - 1 / 2) < 0.02
    assert abs(np.mean(drawn.gold) - 1 / 3) < 0.02
    state = GAME.reset((0, 0), 8000)
    state = state._replace(present=state.present | (tf.range(8) >= free), spawn_timer=state.spawn_timer * 0)
    after = GAME.advance(state, tf.zeros(8000, tf.int32), drawn).state
    shares = np.mean(after.present ^ state.present, axis=0)
    np.testing.assert_allclose(shares, np.where(np.arange(8) < free, 1 / free, 0), atol=0.02)


@pytest.mark.parametrize("policy", [package.anything, fetch_gold])
def test_scores(policy):
    package.check_scores(GAME, policy, 120, 400)
