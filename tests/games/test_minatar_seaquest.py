"""Seaquest of MinAtar: every step and every score as the package has them."""

import itertools

import numpy as np
import pytest

from games.minatar import Seaquest
from games.minatar.seaquest import BULLETS, DIVERS, ENEMIES, SeaquestDraws, SeaquestState
from tests.games import minatar_original as package
from tests.games.minatar_original import DOWN, FIRE, LEFT, NOOP, RIGHT, UP, column, row

GAME = Seaquest()
NAMES = {  # theirs -> ours
    "sub_x": "x",
    "sub_y": "y",
    "sub_or": "right",
    "oxygen": "oxygen",
    "diver_count": "aboard",
    "surface": "surfaced",
    "shot_timer": "shot_timer",
    "e_spawn_speed": "spawn_speed",
    "e_spawn_timer": "spawn_timer",
    "d_spawn_timer": "diver_spawn_timer",
    "move_speed": "move_speed",
    "ramp_index": "ramp_index",
    "terminal": "ended",
    "last_action": "last_action",
}


def rescue(seen, random):
    """Up with divers when the oxygen is low, shoot at what is abreast, else to the nearest diver."""
    x, y = column(seen[..., 0]), row(seen[..., 0])
    right = column(seen[..., 1]) < x
    abreast = (seen[..., 5] | seen[..., 6])[np.arange(len(seen)), y]  # (B, 10)
    from_right = (abreast & (np.arange(10) > x[:, None])).any(1)
    from_left = (abreast & (np.arange(10) < x[:, None])).any(1)
    rows, columns = np.mgrid[:10, :10]
    ways = np.where(seen[..., 9], abs(rows - y[:, None, None]) + abs(columns - x[:, None, None]), 100)
    nearest = ways.reshape(len(seen), 100).argmin(1)
    low = (seen[:, 9, :, 7].sum(1) < 5) & seen[:, 9, :, 8].any(1)
    return np.select(
        [
            low,
            y == 0,
            from_right & ~right,
            from_left & right & ~from_right,
            from_right | from_left,
            ways.min((1, 2)) == 100,
            nearest // 10 < y,
            nearest // 10 > y,
            nearest % 10 < x,
        ],
        [UP, DOWN, RIGHT, LEFT, FIRE, FIRE, UP, DOWN, LEFT],
        RIGHT,
    )


def to_ours(a):
    def entry(things, size, number, dtype):
        found = np.zeros(size, dtype)
        found[: len(things)] = [thing[number] for thing in things]
        return found

    bullets, divers = a["f_bullets"][::-1], a["divers"][::-1]  # the latest first
    enemies = [[*sub, True] for sub in a["e_subs"][::-1]] + [[*fish, 0, False] for fish in a["e_fish"][::-1]]
    torpedoes = np.zeros((2, 8, 10), bool)
    for x, y, right in a["e_bullets"]:
        torpedoes[int(right), y - 1, x] = True
    return SeaquestState(
        **{ours: a[theirs] for theirs, ours in NAMES.items()},
        bullet_present=np.arange(BULLETS) < len(bullets),
        bullet_x=entry(bullets, BULLETS, 0, int),
        bullet_y=entry(bullets, BULLETS, 1, int),
        bullet_right=entry(bullets, BULLETS, 2, bool),
        torpedo_left=torpedoes[0],
        torpedo_right=torpedoes[1],
        enemy_present=np.arange(ENEMIES) < len(enemies),
        enemy_x=entry(enemies, ENEMIES, 0, int),
        enemy_y=entry(enemies, ENEMIES, 1, int),
        enemy_right=entry(enemies, ENEMIES, 2, bool),
        enemy_move=entry(enemies, ENEMIES, 3, int),
        enemy_shot=entry(enemies, ENEMIES, 4, int),
        enemy_submarine=entry(enemies, ENEMIES, 5, bool),
        diver_present=np.arange(DIVERS) < len(divers),
        diver_x=entry(divers, DIVERS, 0, int),
        diver_y=entry(divers, DIVERS, 1, int),
        diver_right=entry(divers, DIVERS, 2, bool),
        diver_move=entry(divers, DIVERS, 3, int),
    )


def to_theirs(s):
    def things(present, *entries):
        return [[entry[i] for entry in entries] for i in np.flatnonzero(present)[::-1]]

    enemy = (s.enemy_x, s.enemy_y, s.enemy_right, s.enemy_move)
    torpedoes = np.argwhere(np.stack([s.torpedo_left, s.torpedo_right]))
    return {
        **{theirs: getattr(s, ours) for theirs, ours in NAMES.items()},
        "f_bullets": things(s.bullet_present, s.bullet_x, s.bullet_y, s.bullet_right),
        "e_bullets": {(x, y + 1, bool(right)) for right, y, x in torpedoes},
        "e_fish": things(s.enemy_present & ~s.enemy_submarine, *enemy),
        "e_subs": things(s.enemy_present & s.enemy_submarine, *enemy, s.enemy_shot),
        "divers": things(s.diver_present, s.diver_x, s.diver_y, s.diver_right, s.diver_move),
    }


def as_set(found):
    """Of enemy bullets only where there are some and where they go is the same in both, not how many."""
    return [
        one._replace(
            before={**one.before, "e_bullets": {*map(tuple, one.before["e_bullets"])}},
            after={**one.after, "e_bullets": {*map(tuple, one.after["e_bullets"])}},
        )
        for one in found
    ]


def draws(given, spare):
    repeat, *taken = given
    enemy = taken[:3] if len(taken) in (3, 5) else (*spare.rand(2), spare.randint(1, 9))
    diver = taken[-2:] if len(taken) in (2, 5) else (spare.rand(), spare.randint(1, 9))
    return SeaquestDraws(
        repeat=repeat < GAME.sticky,
        enemy_right=enemy[0] < 1 / 2,
        enemy_submarine=enemy[1] < 1 / 3,
        enemy_y=enemy[2],
        diver_right=diver[0] < 1 / 2,
        diver_y=diver[1],
    )


def several(seen, random):
    """World by world another: rescue, go down and up again, wait at the surface, shoot in the deep."""
    y, world = row(seen[..., 0]), np.arange(len(seen)) % 4
    dive = np.where(y == 0, DOWN, UP)
    wait = np.where((y > 0) | (random.rand(len(seen)) < 0.1), dive, NOOP)
    sink = np.where(y < 4, DOWN, random.choice([FIRE, LEFT, RIGHT], len(seen)))
    return np.choose(world, [rescue(seen, random), dive, wait, sink])


def hurry(number, world):
    """What is rare comes often, from world to world another thing."""
    if number % 4 == 0 and world.diver_count == 1:
        world.diver_count = 5
    if number % 8 == 0:
        world.oxygen = min(world.oxygen, 20)
    if number % 4 in (1, 2) and world.diver_count == 0:
        world.diver_count = 6 if number % 8 < 4 else -1
    if number % 8 == 7:  # submarines that fire as they run into a bullet
        for submarine in world.e_subs:
            x, y, right, wait, _ = submarine
            if wait == 0 and not right and x - 2 > world.sub_x:
                submarine[4] = 0
                world.f_bullets = [[x - 2, y, True]]
    if number % 4 > 1 and not world.e_fish + world.e_subs:  # as it is after a long time at the surface
        world.move_speed, world.e_spawn_speed, world.ramp_index = 2, 1, 19


def cells(a):
    """Where the enemies are."""
    return [tuple(enemy[:2]) for enemy in a["e_fish"] + a["e_subs"]]


@pytest.mark.parametrize("seed", package.SEEDS)
def test_ten_thousand_transitions(seed):
    found = package.transitions(GAME, several, 24, 420, seed, hurry)
    assert max(len(cells(one.after)) for one in found) > 20
    assert sum(one.reward > 0 and len({*cells(one.before)}) < len(cells(one.before)) for one in found) > 5
    assert sum(len(one.after["f_bullets"]) == 2 for one in found) > 10
    assert sum(len(one.after["divers"]) == 2 for one in found) > 500
    assert sum(len({*map(tuple, one.after["e_bullets"])}) < len(one.after["e_bullets"]) for one in found)
    assert sum(one.reward > 1 for one in found) > 10
    assert sum(one.terminal and one.before["oxygen"] == 0 for one in found) > 2
    assert sum(one.terminal and one.after["sub_y"] == one.after["diver_count"] == 0 for one in found) > 10
    assert {one.before["move_speed"] for one in found} == {2, 3, 4, 5}
    assert {one.before["e_spawn_speed"] for one in found} >= {1, 2, 15, 16, 17, 18, 19, 20}
    assert {one.before["diver_count"] for one in found} >= {-2, -1, 0, 5, 6}
    package.check_transitions(GAME, as_set(found), to_ours, to_theirs, draws)


def test_as_many_enemies_as_there_can_be():
    def rig(number, world):
        world.random.rigged = 0.25  # all go to the right, and all are submarines
        world.move_speed, world.e_spawn_speed, world.ramp_index = 2, 1, 19

    def wait(seen, random):
        return np.full(len(seen), NOOP)

    found = package.transitions(GAME, wait, 2, 150, 0, rig)
    assert len(found[-1].after["e_subs"]) == ENEMIES - 1
    package.check_transitions(GAME, as_set(found), to_ours, to_theirs, draws, xla=False)


def test_a_game_begins_as_the_original_does():
    (ours,) = package.unbatch(GAME.reset((0, 0), 1))
    begin = package.attributes(package.original(GAME, 0))
    package.assert_same(to_theirs(ours), {**begin, "e_bullets": set()})


def test_without_ramping_surfacing_changes_nothing():
    game = Seaquest(ramping=False)

    def fill(number, world):
        world.diver_count = world.diver_count or 6

    found = package.transitions(game, several, 8, 100, 0, fill)
    assert sum(one.reward > 1 for one in found) > 5
    assert all(one.after["move_speed"] == 5 and one.after["e_spawn_speed"] == 20 for one in found)
    package.check_transitions(game, as_set(found), to_ours, to_theirs, draws, xla=False)


def test_no_enemy_comes_up_with_the_one_before():
    """What the module says of enemies in one row, whenever `move_speed` goes down by 1, three times."""
    changes = np.array([*itertools.combinations_with_replacement(range(-1, 60), 3)])

    def entered(came):
        """In which steps an enemy that comes in step `came` enters the next nine cells and goes."""

        def speed(step):
            return 5 - (changes < np.reshape(step, (-1, 1))).sum(1)

        steps = [came + speed(came)]
        for _ in range(9):
            steps.append(steps[-1] + speed(steps[-1]) + 1)
        return np.stack(steps, axis=1)

    first, final = entered(0), (changes < 0).all(1)
    at_first = 5 - (changes < 0).sum(1)
    apart = np.array([0, 0, 1, 15, 17, 19])[at_first]  # steps at least until the next comes
    assert (first[final, -1] == ENEMIES - 1).all()
    assert first[~final, -1].max() == 59
    assert (first[:, -1] - changes[:, 2])[~final].max() == 32
    for later in range(15, 60):
        next_one = entered(later)[~final & (later >= apart)]
        assert (next_one - first[~final & (later >= apart)]).min() >= 7


def test_draws_are_as_likely_as_they_should_be():
    drawn = GAME.draw((0, 0), 16000)
    assert abs(np.mean(drawn.enemy_submarine) - 1 / 3) < 0.01
    for right in (drawn.enemy_right, drawn.diver_right):
        assert abs(np.mean(right) - 1 / 2) < 0.015
    for y in (drawn.enemy_y, drawn.diver_y):
        np.testing.assert_allclose(np.bincount(y, minlength=10) / 16000, [0, *[1 / 8] * 8, 0], atol=0.01)


@pytest.mark.parametrize("policy", [package.anything, rescue])
def test_scores(policy):
    package.check_scores(GAME, policy, 100, 250)
