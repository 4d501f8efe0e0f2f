"""The games' rules in the browser are ours: thousands of steps of each, state for state, in Chromium."""

import base64
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
import tensorflow as tf

from apps import play_match, widgets
from games import GAMES, find
from games.game import where

pytestmark = pytest.mark.browser

FILES = ("shared", *(f"play_rules_{family}" for family in ("classic", "memory", "minatar", "seaquest")))
WORLDS, STEPS = 128, 24
SHORT = {"t_maze": {"length": 3, "limit": 9}, "memory_chain": {"length": 4, "bits": 3}}
NEAR, LESS_NEAR = 1e-5, 1e-3  # how far floats may be apart after one step, of 1 or relative

SWIFT = 8.0  # rad/s, from which on squares of speeds magnify what float32 rounds: the acrobot's

# Goes one step from each of many states: a row of numbers each, as `layout` has them, to a row each.
ADVANCE = """({ settings, layout, drawn, before, draws, actions, depth }) => {
  const floats = (text) => new Float32Array(bytes(text).buffer);
  const wide = (parts) => parts.reduce((sum, [, count]) => sum + Math.max(count, 1), 0);
  const reader = (parts, values) => (row) => {
    let place = row * wide(parts);
    return Object.fromEntries(parts.map(([name, count]) => {
      const part = Array.from(values.subarray(place, place += Math.max(count, 1)));
      return [name, count ? part : part[0]];
    }));
  };
  const state = reader(layout, floats(before)), chance = reader(drawn, floats(draws));
  const { advance, observe } = RULES[settings.rules], rows = [], seen = [];
  actions.forEach((action, row) => {
    const had = state(row), kept = JSON.stringify(had);
    const made = advance(settings, had, action, chance(row));
    if (JSON.stringify(had) !== kept) throw new Error("a state was changed");
    rows.push(...layout.flatMap(([name]) => made.state[name]), made.reward, made.terminated, made.truncated);
    if (observe) seen.push(...observe(settings, made.state));
  });
  const text = (array) => {
    let made = "";
    const all = new Uint8Array(array.buffer);
    for (let i = 0; i < all.length; i += 8192) made += String.fromCharCode(...all.subarray(i, i + 8192));
    return btoa(made);
  };
  return [text(Float32Array.from(rows)), text(Uint8Array.from(seen))];
}"""


class Walk(NamedTuple):
    """Steps from all sorts of states, N of them.

    Args:
        before, after: States, each of their arrays `(N, ...)`.
        draws: Likewise.
        actions: `(N,)`.
        reward, terminated, truncated: `(N,)`.
        observation: `(N, ...)`.
    """

    before: Any
    draws: Any
    actions: np.ndarray
    after: Any
    observation: np.ndarray
    reward: np.ndarray
    terminated: np.ndarray
    truncated: np.ndarray


@pytest.fixture(scope="module")
def rules(chromium):
    """A page that has the rules, and nothing else."""
    page = chromium.new_page()
    page.add_script_tag(content="\n".join((widgets.FOLDER / f"{name}.js").read_text() for name in FILES))
    yield page
    page.close()


def varied(game, state, random: np.random.Generator):
    """First states changed into such as come late in a game, or hardly ever, and all that can be told apart."""
    n = WORLDS

    def whole(low: int, high: int, *shape: int) -> tf.Tensor:
        return tf.constant(random.integers(low, high + 1, (n, *shape)), tf.int32)

    def real(low: float, high: float) -> tf.Tensor:
        return tf.constant(random.uniform(low, high, n), tf.float32)

    def some(share: float, *shape: int) -> tf.Tensor:
        return tf.constant(random.random((n, *shape)) < share)

    changes: dict[str, Callable[[], dict[str, tf.Tensor]]] = {
        "cartpole": lambda: {
            "x": real(-2.4, 2.4),
            "x_dot": real(-2, 2),
            "theta": real(-0.2, 0.2),
            "theta_dot": real(-2, 2),
            "steps": whole(460, 499),
        },
        "acrobot": lambda: {
            "theta1": real(-3.14, 3.14),
            "theta2": real(-3.14, 3.14),
            "dtheta1": real(-12, 12),
            "dtheta2": real(-28, 28),
            "steps": whole(470, 499),
        },
        "mountain_car": lambda: {
            "position": real(-1.2, 0.6),
            "velocity": real(-0.07, 0.07),
            "steps": whole(170, 199),
        },
        "memory_chain": dict,
        "t_maze": lambda: {"position": whole(0, game.length)},
        "breakout": lambda: {
            "bricks": some(0.1, 3, 10),
            "ball_x": whole(0, 9),
            "ball_y": whole(0, 8),
            "dx": 2 * whole(0, 1) - 1,
            "dy": 2 * whole(0, 1) - 1,
            "paddle": whole(0, 9),
            "strike": some(0.3),
        },
        "asterix": lambda: {
            "present": some(0.6, 8),
            "x": whole(0, 9, 8),
            "right": some(0.5, 8),
            "gold": some(0.5, 8),
            "ramp_timer": whole(-1, 4),
            "ramp_index": whole(0, 3),
            "spawn_speed": whole(1, 10),
            "spawn_timer": whole(0, 3),
            "move_speed": whole(1, 5),
            "move_timer": whole(0, 3),
        },
        "freeway": lambda: {
            "row": whole(1, 9),
            "move_timer": whole(0, 3),
            "x": whole(0, 9, 8),
            "timer": whole(0, 5, 8),
            "terminate_timer": whole(0, 60),
        },
        "space_invaders": lambda: {
            "cannon": whole(0, 9),
            "aliens": some(0.06, 10, 10),
            "bullets": some(0.05, 10, 10),
            "alien_bullets": some(0.02, 10, 10),
            "right": some(0.5),
            "move_interval": whole(6, 12),
            "move_timer": whole(0, 4),
            "alien_shot_timer": whole(0, 9),
            "shot_timer": whole(0, 4),
        },
        "seaquest": lambda: {
            "x": whole(0, 9),
            "y": whole(0, 8),
            "right": some(0.5),
            "oxygen": whole(1, 200),
            "aboard": tf.where(some(0.4), 6, whole(-1, 5)),
            "surfaced": some(0.5),
            "spawn_speed": whole(1, 4),
            "spawn_timer": whole(0, 3),
            "move_speed": whole(2, 5),
            "diver_spawn_timer": whole(0, 5),
            "ramp_index": whole(0, 3),
        },
    }
    return state._replace(**changes[game.name.removesuffix("_masked")]())


def walk(game) -> Walk:
    """Random play from all sorts of states; a world that has ended is begun anew a step after that."""
    random = np.random.default_rng(7)

    def seed() -> tf.Tensor:
        return tf.constant(random.integers(0, 2**31 - 1, 2))

    def begun():
        return varied(game, game.reset(seed(), WORLDS), random)

    state, over, kept = begun(), tf.zeros(WORLDS, tf.bool), []
    for _ in range(STEPS):
        actions = tf.constant(random.integers(0, len(game.actions), WORLDS), tf.int32)
        draws = game.draw(seed(), WORLDS)
        step = game.advance(state, actions, draws)
        kept.append(Walk(state, draws, actions, *step))
        ended = step.terminated | step.truncated
        state = where(ended & over, begun(), step.state)
        over = ended
    return tf.nest.map_structure(lambda *parts: np.concatenate(parts), *kept)


def rows(parts) -> np.ndarray:
    """Fields as a row of numbers for each world."""
    flat = [np.asarray(part, "float32").reshape(len(part), -1) for part in parts]
    return np.concatenate(flat, axis=1) if flat else np.zeros((WORLDS * STEPS, 0), "float32")


def layout(parts) -> list[tuple[str, int]]:
    """The names of fields, and how many numbers each is; 0: one that is no list."""
    return [
        (name, part[0].size if part[0].ndim else 0) for name, part in zip(parts._fields, parts, strict=True)
    ]


def in_the_browser(rules, game, walked: Walk) -> tuple[np.ndarray, np.ndarray]:
    """What the browser makes of the same steps: state, reward and ends by row; and what is seen."""

    def text(values: np.ndarray) -> str:
        return base64.b64encode(values.astype("<f4").tobytes()).decode()

    made, seen = rules.evaluate(
        ADVANCE,
        {
            "settings": play_match.settings(game),
            "layout": layout(walked.before),
            "drawn": layout(walked.draws) if walked.draws else [],
            "before": text(rows(walked.before)),
            "draws": text(rows(walked.draws)),
            "actions": walked.actions.tolist(),
        },
    )
    count = len(walked.actions)
    return (
        np.frombuffer(base64.b64decode(made), "<f4").reshape(count, -1),
        np.frombuffer(base64.b64decode(seen), "uint8").reshape(count, -1),
    )


def events(game, walked: Walk) -> dict[str, np.ndarray]:
    """What has to have come in a game's walk, beside rewards and ends."""
    before, after = walked.before, walked.after
    own: dict[str, Callable[[], dict[str, np.ndarray]]] = {
        "cartpole": lambda: {"time is up": walked.truncated},
        "acrobot": lambda: {
            "time is up": walked.truncated,
            "an angle wraps": np.abs(after.theta1 - before.theta1) > 5,
            "the greatest speed": np.abs(after.dtheta1) > 12.56,
        },
        "mountain_car": lambda: {
            "time is up": walked.truncated,
            "the wall": (after.position <= -1.2) & (after.velocity == 0),
        },
        "memory_chain": lambda: {"a wrong answer": walked.reward < 0},
        "t_maze": lambda: {
            "time is up": walked.truncated,
            "a wall": np.isclose(walked.reward, -0.1) & ~walked.terminated,
            "the wrong side": np.isclose(walked.reward, -0.1) & walked.terminated,
        },
        "breakout": lambda: {
            "bricks come back": after.bricks.sum((1, 2)) > 20,
            "a corner": (after.dx == -before.dx) & (after.dy == -before.dy),
        },
        "asterix": lambda: {
            "faster": after.move_speed < before.move_speed,
            "more": after.spawn_speed < before.spawn_speed,
            "the same speed": (before.ramp_timer < 0) & (after.ramp_timer >= 0),
            "one more": (after.present & ~before.present).any(1),
        },
        "freeway": lambda: {"hit": (after.row == 9) & (before.row < 8) & (walked.reward == 0)},
        "space_invaders": lambda: {
            "a wave": after.aliens.sum((1, 2)) == 24,
            "faster": after.ramp_index > before.ramp_index,
            "they turn": after.right != before.right,
            "an alien's shot": after.alien_bullets.sum((1, 2)) > before.alien_bullets.sum((1, 2)),
        },
        "seaquest": lambda: {
            "six are brought": (after.aboard == -1) & (before.aboard == 6) & (walked.reward > 1),
            "faster": after.move_speed < before.move_speed,
            "a diver": after.aboard > before.aboard,
            "a shot": (walked.reward == 1) & (after.enemy_present.sum(1) < before.enemy_present.sum(1)),
            "a torpedo": after.torpedo_left.any((1, 2)) & after.torpedo_right.any((1, 2)),
            "it breathes": (after.oxygen == 200) & (before.oxygen < 200),
            "two bullets": after.bullet_present.all(1),
        },
    }
    found = own[game.name.removesuffix("_masked")]()
    found |= {"a reward": walked.reward > 0 if game.name != "mountain_car" else walked.reward < 0}
    if game.name == "acrobot":
        found["a reward"] = (walked.reward == 0) & walked.terminated
    if walked.draws:
        found["an action is repeated"] = walked.draws.repeat & (after.last_action != walked.actions)
    return found | {"over": walked.terminated, "over before": np.roll(walked.terminated, WORLDS)}


def agree(rules, game, walked: Walk) -> None:
    """Compare what the browser makes of a walk with what our rules do."""
    made, seen = in_the_browser(rules, game, walked)
    ours = np.concatenate([rows(walked.after), rows(walked[5:])], axis=1)
    if play_match.fields(walked.before):
        np.testing.assert_allclose(made, ours, rtol=LESS_NEAR, atol=LESS_NEAR)
        calm = np.abs(rows(walked.before)[:, :-1]).max(1) < SWIFT
        np.testing.assert_allclose(made[calm], ours[calm], rtol=NEAR, atol=NEAR)
    else:
        np.testing.assert_array_equal(made, ours)
    if walked.draws:
        np.testing.assert_array_equal(seen, walked.observation.reshape(seen.shape))


@pytest.mark.parametrize("name", [name for name in GAMES if name != "cartpole_masked"])
def test_the_rules_in_the_browser_are_ours(rules, name):
    game = find(name, **SHORT.get(name, {}))
    walked = walk(game)
    missing = [event for event, when in events(game, walked).items() if not when.any()]
    assert not missing
    agree(rules, game, walked)


def test_settings_are_heeded(rules):
    game = find("asterix", minimal=True, ramping=False, sticky=0.5)
    walked = walk(game)
    assert (walked.after.ramp_timer == -1).any()
    assert set(np.unique(walked.actions)) == {0, 1, 2, 3, 4}
    agree(rules, game, walked)
