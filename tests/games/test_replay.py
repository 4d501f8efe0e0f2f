"""Replay: what is kept and for how long, what windows hold, and what is drawn how often."""

import numpy as np
import pytest
import tensorflow as tf

import games
from games import replay as memory
from games.game import Game
from games.replay import BLOCK, Experience, Replay

W, T = 3, 10


class Told(Game):
    """Nothing but what it shows: three numbers, of a game of so many steps at most."""

    observation_shape = (3,)
    reset = draw = advance = observe = None

    def __init__(self, limit: int = 0) -> None:
        self.limit = limit


Told.__abstractmethods__ = frozenset()


def history(steps: int, limit: int = 0, seed: int = 0, ends: float = 0.2) -> Experience:
    """Steps `(K, W)` whose observations tell which they are: step, world, and 0; of a final one 1."""
    random = np.random.default_rng(seed)
    step, world = np.meshgrid(np.arange(steps), np.arange(W), indexing="ij")
    observation = np.stack([step, world, 0 * step], -1).astype("float32")
    terminated = random.random((steps, W)) < ends
    truncated = ~terminated & (random.random((steps, W)) < ends if limit else False)
    return Experience(
        observation,
        random.integers(0, 4, (steps, W)).astype("int32"),
        random.normal(size=(steps, W)).astype("float32"),
        terminated,
        truncated,
        observation + [0, 0, 1] if limit else (),
    )


def part(played: Experience, first: int, last: int) -> Experience:
    return tf.nest.map_structure(lambda x: tf.constant(x[first:last]), played)


def filled(played: Experience, n: int, at_once: int = 2, limit: int = 0) -> Replay:
    kept = memory.empty(Told(limit), W, T)
    for first in range(0, len(played.action), at_once):
        kept = memory.store(kept, part(played, first, first + at_once), n)
    return kept


@pytest.mark.parametrize("at_once", [1, 2, 8])
@pytest.mark.parametrize("steps", [8, 16, 32])
def test_the_latest_steps_are_kept_and_the_oldest_forgotten(steps, at_once):
    n = 3
    played = history(steps)
    replay = filled(played, n, at_once)
    assert replay.written == steps
    assert replay.priority.shape == (W, BLOCK)
    begins = {(w, slot) for w, slot in zip(*np.nonzero(replay.priority.numpy()), strict=True)}
    # A window begins at every step that is kept and has n steps after it.
    assert begins == {(w, t % T) for w in range(W) for t in range(max(0, steps - T), steps - n)}
    for t in range(max(0, steps - T), steps):
        for name in ("observation", "action", "reward", "terminated", "truncated"):
            np.testing.assert_array_equal(getattr(replay.kept, name)[t % T], getattr(played, name)[t])


def test_pictures_of_0_and_1_are_kept_as_bytes_and_come_back():
    game = games.find("breakout")
    replay = memory.empty(game, 2, 5)
    assert replay.kept.observation.dtype == tf.bool
    assert replay.kept.final == ()
    picture = game.observe(game.reset(tf.constant([0, 0]), 2))
    none = tf.zeros((5, 2), tf.bool)
    played = Experience(tf.stack([picture] * 5), tf.zeros((5, 2), tf.int32), tf.zeros((5, 2)), none, none, ())
    found = memory.windows(memory.store(replay, played, 1), tf.constant([1]), tf.constant([0]), 1, 0.9)
    np.testing.assert_array_equal(found.observation[0], picture[1])


@pytest.mark.parametrize("name", [name for name, game in games.GAMES.items() if game.kept == tf.bool])
def test_games_that_are_said_to_be_of_0_and_1_are(name):
    game = games.find(name)
    state = game.reset(tf.constant([0, 0]), 16)
    seen = set()
    for time in range(30):
        action = tf.random.stateless_uniform((16,), [time, 1], 0, len(game.actions), tf.int32)
        step = game.step(state, action, tf.constant([0, time + 1]))
        state = step.state
        seen |= set(np.unique(step.observation))
    assert seen == {0.0, 1.0}


@pytest.mark.parametrize("n", [1, 2, 4])
@pytest.mark.parametrize("limit", [0, 100])
def test_a_window_ends_with_its_game(n, limit):
    steps, discount = 16, 0.9
    played = history(steps, limit)
    replay = filled(played, n, limit=limit)
    world, slot = np.nonzero(replay.priority.numpy())
    found = memory.windows(replay, tf.constant(world, tf.int32), tf.constant(slot, tf.int32), n, discount)
    found = tf.nest.map_structure(lambda x: x.numpy(), found)
    ends = set()
    for i, (w, place) in enumerate(zip(world, slot, strict=True)):
        first = next(t for t in range(steps - T, steps) if t % T == place)
        gain, worth, following = 0.0, 1.0, None
        for t in range(first, first + n):
            gain += worth * played.reward[t, w]
            worth *= discount
            if played.terminated[t, w]:
                worth = 0.0
                ends.add("terminated")
                break
            if played.truncated[t, w]:
                following = [t, w, 1]
                ends.add("truncated")
                break
        else:
            following = [first + n, w, 0]
        assert found.gain[i] == pytest.approx(gain, abs=1e-5)
        assert found.worth[i] == pytest.approx(worth, rel=1e-5)
        np.testing.assert_array_equal(found.observation[i], [first, w, 0])
        assert found.action[i] == played.action[first, w]
        if following is not None:
            np.testing.assert_array_equal(found.following[i], following)
    assert ends == ({"terminated", "truncated"} if limit else {"terminated"})


def drawn(priority: np.ndarray, batch: int, times: int) -> np.ndarray:
    """How often each step was drawn."""
    table = tf.constant(priority, tf.float32)

    @tf.function(jit_compile=True)
    def draw(time):
        uniform = tf.random.stateless_uniform((batch,), tf.stack([0, time]))
        return memory.pick(table, *memory.locate(memory.sums(table), uniform))

    counts = np.zeros(priority.shape, int)
    for time in range(times):
        np.add.at(counts, tuple(part.numpy() for part in draw(tf.constant(time))), 1)
    return counts


def test_what_has_a_priority_is_drawn_as_often():
    random = np.random.default_rng(1)
    priority = random.random((W, 2 * BLOCK)) ** 4 * (random.random((W, 2 * BLOCK)) < 0.5)
    priority[1, :BLOCK] = 0  # a whole block without any
    batch, times = 64, 500
    counts = drawn(priority, batch, times)
    assert counts.sum() == batch * times
    assert not counts[priority == 0].any()
    wanted = priority / priority.sum() * batch * times
    # Of draws from ranges the spread is less than that of free ones, the square root.
    assert (abs(counts - wanted) < 5 * np.sqrt(wanted) + 1).all()


def test_a_batch_has_one_window_of_each_range():
    """Of B steps that are all as likely each is drawn once."""
    priority = np.zeros((2, BLOCK))
    priority[:, 5:21] = 3.0
    counts = drawn(priority, batch=32, times=1)
    np.testing.assert_array_equal(counts, (priority > 0).astype(int))


def test_the_end_of_the_last_range_is_no_step_without_priority():
    priority = np.zeros((1, 2 * BLOCK), "float32")
    priority[0, [3, 40]] = 0.1, 0.7
    uniform = tf.constant([0.0, np.nextafter(np.float32(1), np.float32(0))])
    for stretch in (1.0, 1.0 + 1e-12):  # what rounding may do
        block, into = memory.locate(memory.sums(tf.constant(priority)), uniform)
        world, slot = memory.pick(tf.constant(priority), block, into * stretch)
        assert list(world) == [0, 0]
        assert list(slot) == [3, 40]


def test_new_steps_have_the_highest_priority_there_was():
    replay = filled(history(6), 1)
    world, slot = tf.constant([0, 2, W]), tf.constant([1, 3, 0])  # no world W is here
    judge = tf.function(memory.judge, jit_compile=True)
    priority = judge(replay.priority, world, slot, tf.constant([0.25, 7.0, 9.0])).numpy()
    wanted = np.where(np.arange(BLOCK) < 5, 1.0, 0.0) * np.ones((W, 1))
    wanted[0, 1], wanted[2, 3] = 0.25, 7.0
    np.testing.assert_array_equal(priority, wanted)
    replay = replay._replace(priority=tf.constant(priority), highest=tf.constant(7.0))
    after = memory.store(replay, part(history(8), 6, 8), 1).priority.numpy()
    wanted[:, 5:7] = 7.0
    np.testing.assert_array_equal(after, wanted)
