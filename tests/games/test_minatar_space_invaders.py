"""Space Invaders of MinAtar: every step and every score as the package has them."""

import numpy as np
import pytest

from games.minatar import SpaceInvaders
from games.minatar.space_invaders import SpaceInvadersDraws, SpaceInvadersState
from tests.games import minatar_original as package
from tests.games.minatar_original import FIRE, LEFT, RIGHT, column

GAME = SpaceInvaders()
NAMES = {  # theirs -> ours
    "pos": "cannon",
    "enemy_move_interval": "move_interval",
    "alien_move_timer": "move_timer",
    "alien_shot_timer": "alien_shot_timer",
    "shot_timer": "shot_timer",
    "ramp_index": "ramp_index",
    "terminal": "ended",
    "last_action": "last_action",
    "f_bullet_map": "bullets",
    "e_bullet_map": "alien_bullets",
    "alien_map": "aliens",
}


def hunt(seen, random):
    """Away from a bullet that comes down, else shoot at what is above, else to the nearest alien."""
    cannon = column(seen[..., 0])
    threat = seen[np.arange(len(seen)), 6:9, cannon, 5].any(1)
    columns = seen[..., 1].any(1)
    away = np.where(columns, abs(np.arange(10) - cannon[:, None]), 20)
    target = away.argmin(1)
    inwards = np.where(cannon > 4, LEFT, RIGHT)
    return np.select([threat, target == cannon, target < cannon], [inwards, FIRE, LEFT], RIGHT)


def to_ours(a):
    values = {ours: a[theirs] for theirs, ours in NAMES.items()}
    for name in ("bullets", "alien_bullets", "aliens"):
        values[name] = values[name] == 1
    return SpaceInvadersState(**values, right=a["alien_dir"] > 0)


def to_theirs(s):
    return {**{theirs: getattr(s, ours) for theirs, ours in NAMES.items()}, "alien_dir": 1 if s.right else -1}


def draws(given, spare):
    return SpaceInvadersDraws(given[0] < GAME.sticky)


def hurry(number, world):
    """In a third of the worlds bullets without number end wave after wave, in another aliens are soon down."""
    if number % 3 == 1 and world.alien_shot_timer == 0:
        world.f_bullet_map[5:8] = 1
    if number % 3 == 2 and not world.alien_map[8:].any():
        world.alien_map = np.roll(world.alien_map, 1, axis=0)


@pytest.mark.parametrize("seed", package.SEEDS)
def test_ten_thousand_transitions(seed):
    found = package.transitions(GAME, hunt, 20, 500, seed, hurry)
    assert sum(one.reward for one in found) > 500
    assert sum(one.terminal for one in found) > 100
    assert sum(one.after["alien_map"][9].any() for one in found) > 20
    assert sum(one.before["alien_map"].sum() < one.after["alien_map"].sum() for one in found) > 50
    assert {one.before["enemy_move_interval"] for one in found} == set(range(6, 13))
    package.check_transitions(GAME, found, to_ours, to_theirs, draws)


def test_a_game_begins_as_the_original_does():
    (ours,) = package.unbatch(GAME.reset((0, 0), 1))
    package.assert_same(to_theirs(ours), package.attributes(package.original(GAME, 0)))


def test_without_ramping_no_wave_is_faster():
    game = SpaceInvaders(ramping=False)
    found = package.transitions(game, hunt, 3, 300, 0, hurry)
    assert any(one.before["alien_map"].sum() < one.after["alien_map"].sum() for one in found)
    package.check_transitions(game, found, to_ours, to_theirs, draws, xla=False)


@pytest.mark.parametrize("policy", [package.anything, hunt])
def test_scores(policy):
    package.check_scores(GAME, policy, 120, 400)
