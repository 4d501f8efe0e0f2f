"""Freeway of MinAtar: every step and every score as the package has them."""

import numpy as np
import pytest

from games.minatar import Freeway
from games.minatar.freeway import FreewayDraws, FreewayState
from tests.games import minatar_original as package
from tests.games.minatar_original import DOWN, NOOP, UP, row

GAME = Freeway()


def cross(seen, random):
    """Up, but not into a lane whose car is near, and back when one is near where it stands."""
    now = row(seen[..., 0])
    near = seen[:, :, 2:7, 1].any(2)  # (B, 10): near the chicken's column

    def danger(lane):
        return near[np.arange(len(seen)), lane]

    return np.select([~danger(np.maximum(now - 1, 0)), danger(now)], [UP, DOWN], NOOP)


def to_ours(a):
    return FreewayState(
        row=a["pos"],
        move_timer=a["move_timer"],
        x=[car[0] for car in a["cars"]],
        timer=[car[2] for car in a["cars"]],
        speed=[car[3] for car in a["cars"]],
        terminate_timer=a["terminate_timer"],
        ended=a["terminal"],
        last_action=a["last_action"],
    )


def to_theirs(s):
    return {
        "pos": s.row,
        "move_timer": s.move_timer,
        "cars": [[s.x[i], i + 1, s.timer[i], s.speed[i]] for i in range(8)],
        "terminate_timer": s.terminate_timer,
        "terminal": s.ended,
        "last_action": s.last_action,
    }


def draws(given, spare):
    waits, sides = given[1:] or (spare.randint(1, 6, 8), spare.rand(8))
    return FreewayDraws(given[0] < GAME.sticky, waits * np.where(sides < 0.5, -1, 1))


def shorten(number, world):
    """In half of the worlds time is soon up, in another half the way is short."""
    if number % 2:
        world.terminate_timer = min(world.terminate_timer, 100)
    if number % 4 > 1 and world.pos == 9:
        world.pos = 3


@pytest.mark.parametrize("seed", package.SEEDS)
def test_ten_thousand_transitions(seed):
    found = package.transitions(GAME, cross, 20, 500, seed, shorten)
    assert sum(one.reward for one in found) > 50
    assert sum(one.terminal for one in found) > 20
    assert sum(one.after["pos"] - one.before["pos"] > 1 for one in found) > 100
    package.check_transitions(GAME, found, to_ours, to_theirs, draws)


def test_a_game_begins_as_the_original_does():
    begin = package.attributes(package.original(GAME, 0))
    ours = package.unbatch(GAME.reset((0, 0), 2000))
    for s in ours:
        cars = [[0, lane, abs(s.speed[lane - 1]), s.speed[lane - 1]] for lane in range(1, 9)]
        package.assert_same(to_theirs(s), {**begin, "cars": cars})
    speeds = np.array([s.speed for s in ours])
    for speed in (-5, -4, -3, -2, -1, 1, 2, 3, 4, 5):
        np.testing.assert_allclose(np.mean(speeds == speed, 0), 0.1, atol=0.03)
        np.testing.assert_allclose(np.mean(GAME.draw((0, 1), 2000).speed == speed, 0), 0.1, atol=0.03)


@pytest.mark.parametrize("policy", [package.anything, cross])
def test_scores(policy):
    package.check_scores(GAME, policy, 120, 400)
