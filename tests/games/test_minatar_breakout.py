"""Breakout of MinAtar: every step and every score as the package has them."""

import numpy as np
import pytest

from games.minatar import Breakout
from games.minatar.breakout import BreakoutDraws, BreakoutState
from tests.games import minatar_original as package
from tests.games.minatar_original import LEFT, NOOP, RIGHT, column

GAME = Breakout()


def follow_ball(seen, random):
    paddle, ball = column(seen[..., 0]), column(seen[..., 1])
    return np.select([ball < paddle, ball > paddle], [LEFT, RIGHT], NOOP)


def to_ours(a):
    return BreakoutState(
        ball_x=a["ball_x"],
        ball_y=a["ball_y"],
        last_x=a["last_x"],
        last_y=a["last_y"],
        dx=(-1, 1, 1, -1)[a["ball_dir"]],
        dy=(-1, -1, 1, 1)[a["ball_dir"]],
        paddle=a["pos"],
        bricks=a["brick_map"][1:4] == 1,
        strike=a["strike"],
        ended=a["terminal"],
        last_action=a["last_action"],
    )


def to_theirs(s):
    return {
        "ball_x": s.ball_x,
        "ball_y": s.ball_y,
        "last_x": s.last_x,
        "last_y": s.last_y,
        "ball_dir": {(-1, -1): 0, (1, -1): 1, (1, 1): 2, (-1, 1): 3}[int(s.dx), int(s.dy)],
        "pos": s.paddle,
        "brick_map": np.pad(s.bricks, ((1, 6), (0, 0))),
        "strike": s.strike,
        "terminal": s.ended,
        "last_action": s.last_action,
    }


def few_bricks(number, world):
    """In half of the worlds bricks are soon gone, so that they come back."""
    if number % 2 and world.brick_map.sum() > 6:
        world.brick_map[1:4, number // 2 :] = 0


@pytest.mark.parametrize("seed", package.SEEDS)
def test_ten_thousand_transitions(seed):
    found = package.transitions(GAME, follow_ball, 20, 500, seed, few_bricks)
    assert sum(one.reward for one in found) > 200
    assert sum(one.terminal for one in found) > 100
    assert sum(one.after["brick_map"].sum() > one.before["brick_map"].sum() for one in found) > 20
    package.check_transitions(
        GAME, found, to_ours, to_theirs, lambda given, spare: BreakoutDraws(given[0] < GAME.sticky)
    )


def test_a_game_begins_as_the_original_does():
    begins = [package.attributes(package.original(GAME, seed)) for seed in range(20)]
    ours = package.unbatch(GAME.reset((0, 0), 1000))
    assert {s.ball_x for s in ours} == {0, 9}
    assert abs(np.mean([s.ball_x == 9 for s in ours]) - 0.5) < 0.06
    for s in ours:
        package.assert_same(to_theirs(s), next(a for a in begins if a["ball_x"] == s.ball_x))


@pytest.mark.parametrize("policy", [package.anything, follow_ball])
def test_scores(policy):
    package.check_scores(GAME, policy, 200, 400)
