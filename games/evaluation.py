"""How well an agent plays: whole games of their own, in ours or in the original, and what is told of them.

E episodes, one a world; A actions. An episode that is still going on after `most_steps` is cut: it counts
with what it had, and how many there were is told.
"""

import contextlib
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from scipy import stats

from games import GameError, seeds
from games.game import Game, Playable, State, unpacked
from games.originals import World, original_of
from games.outside import Outcome, Outside, Worlds
from games.player import Memory, Player, drawn

MOST_SEED = seeds.MAX_SEED
MOST_STEPS = seeds.MAX_STEPS  # in an episode
RESAMPLES = 10_000  # of the bootstrap: its interval's ends then move by less than is shown of them


@dataclass(frozen=True, eq=False)
class Scores:
    """What became of some episodes.

    Args:
        returns: Sum of the rewards of each, as the game gives them, `(E,)`.
        lengths: Its steps, `(E,)`.
        cut: Whether it was still going on when the steps it was given were over, `(E,)` bool.
        greedy: Whether the likeliest action was taken, and not one drawn.
        sticky: Share of the steps in which the last action was repeated; None: the game knows no such thing.
        frame_skip: Frames of a step.
    """

    returns: np.ndarray
    lengths: np.ndarray
    cut: np.ndarray
    greedy: bool = True
    sticky: float | None = None
    frame_skip: int = 1


def scores_of(
    game: Playable, greedy: bool, returns: np.ndarray, lengths: np.ndarray, over: np.ndarray
) -> Scores:
    """Scores with how the game was played; `over`: which episodes came to their end, `(E,)` bool."""
    sticky, frame_skip = getattr(game, "sticky", None), getattr(game, "frame_skip", 1)
    return Scores(returns, lengths, ~over, greedy, sticky, frame_skip)


class Play(NamedTuple):
    """Episodes that are being played, each in a world of its own.

    Args:
        state: Of the game.
        memory: What the agent carries on of each.
        action: The last that was taken, `(E,)` int32; 0 before there is one.
        gain: Rewards so far, `(E,)` float32.
        length: Steps so far, `(E,)` int32.
        over: Whether each has ended: nothing counts after that. `(E,)` bool.
    """

    state: State
    memory: Memory
    action: tf.Tensor
    gain: tf.Tensor
    length: tf.Tensor
    over: tf.Tensor


def begin(game: Game, player: Player, seed: tf.Tensor, episodes: int) -> Play:
    """New episodes.

    Args:
        game: What is played.
        player: Who plays it.
        seed: An int64.
        episodes: How many, a Python number.
    """
    zero = tf.zeros(episodes, tf.int32)
    state = game.reset(key(seed, 0, 0), episodes)
    return Play(state, player.first(episodes), zero, tf.zeros(episodes), zero, tf.zeros(episodes, tf.bool))


def go_on(game: Game, player: Player, greedy: bool, play: Play, seed: tf.Tensor, time: Any) -> Play:
    """One step of all episodes.

    Args:
        game: What is played.
        player: Who plays it.
        greedy: Take the likeliest action, and none that is drawn.
        play: Before the step.
        seed: That of `begin`.
        time: Steps before this one.
    """
    action, memory = _act(player, game.observe(play.state), play.memory, greedy, seed, time)
    step = game.step(play.state, action, key(seed, 1, time))
    return Play(
        step.state,
        memory,
        action,
        play.gain + tf.where(play.over, 0.0, step.reward),
        play.length + tf.cast(~play.over, tf.int32),
        play.over | step.terminated | step.truncated,
    )


def _act(
    player: Player, observation: tf.Tensor, memory: Memory, greedy: bool, seed: tf.Tensor, time: Any
) -> tuple[tf.Tensor, Memory]:
    """The actions, `(E,)` int32: the likeliest or the best, or such as are drawn; and what is remembered."""
    scores, _, memory = player(observation, memory)
    return chosen(scores, greedy, seed, time), memory


def chosen(scores: tf.Tensor, greedy: bool, seed: tf.Tensor, time: Any) -> tf.Tensor:
    """The actions that are taken by their scores in an evaluation's step, `(E,)` int32."""
    return tf.argmax(scores, 1, tf.int32) if greedy else drawn(scores, key(seed, 2, time))


def key(seed: tf.Tensor, stream: int, time: Any) -> tf.Tensor:
    """The seed of one kind of draw in one step, apart from all of training's; see `games.seeds`."""
    return seeds.key(seed, stream, time, seeds.APART)


class Evaluator:
    """Measures a policy, again and again as it learns: all episodes at once, in a program compiled once.

    Of a game outside of TensorFlow what the policy thinks of all worlds is that program. Every episode has a
    world of its own and is played to its end, so that short ones count no more than long ones.

    Args:
        game: What is played.
        model: See `check_fits`; what it is at each call is measured.
        episodes: How many, at least 1.
        most_steps: After which an episode is cut, 1 to 2**26.
        greedy: Take the likeliest action, and none that is drawn.

    Raises:
        GameError: The model does not fit the game, or there are too few or too many episodes or steps.

    Example:

    >>> evaluate = Evaluator(find("cartpole"), model, episodes=32)
    >>> evaluate(seed=1).returns.mean()
    """

    def __init__(
        self,
        game: Playable,
        model: keras.Model,
        episodes: int = 100,
        most_steps: int = 10_000,
        greedy: bool = True,
    ) -> None:
        check_fits(game, model, greedy)
        check_extent(episodes, most_steps)
        self.game = game
        self.model = model
        self.episodes = episodes
        self.most_steps = most_steps
        self.greedy = greedy
        self._player = Player(model)
        if isinstance(game, Game):
            self._program: Any = tf.function(functools.partial(self._play, game), jit_compile=True)
        else:
            self._program = StepByStep(self._player, greedy)

    def __call__(self, seed: int = 0) -> Scores:
        """Play.

        Args:
            seed: Of everything random, 0 to 2**32 - 1: the same seed has the same scores.

        Raises:
            GameError: There is no such seed.
        """
        check_seed(seed)
        if isinstance(self.game, Outside):
            with contextlib.closing(self.game.open(seeds_of(seed, self.episodes))) as worlds:
                played = self._program(worlds, seed, self.most_steps)
        else:
            played = [part.numpy() for part in self._program(tf.constant(seed, tf.int64))]
        return scores_of(self.game, self.greedy, *played)

    def _play(self, game: Game, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        def goes_on(time: tf.Tensor, play: Play) -> tf.Tensor:
            return (time < self.most_steps) & ~tf.reduce_all(play.over)

        def step(time: tf.Tensor, play: Play) -> tuple[tf.Tensor, Play]:
            return time + 1, go_on(game, self._player, self.greedy, play, seed, time)

        begun = (tf.constant(0), begin(game, self._player, seed, self.episodes))
        _, play = tf.while_loop(goes_on, step, begun)
        return play.gain, play.length, play.over


class StepByStep:
    """Plays worlds of Python, and thinks of all of them in one program.

    Args:
        player: Who plays.
        greedy: Take the likeliest action, and none that is drawn.
    """

    def __init__(self, player: Player, greedy: bool) -> None:
        self._player = player

        @tf.function(jit_compile=True)
        def act(observation, memory, seed, time):
            return _act(player, unpacked(observation), memory, greedy, seed, time)

        self._act: Any = act

    def __call__(self, worlds: Worlds, seed: int, most_steps: int) -> tuple[np.ndarray, ...]:
        """Play an episode in each world: the last of `moments`."""
        *_, last = self.moments(worlds, seed, most_steps)
        return last

    def moments(self, worlds: Worlds, seed: int, most_steps: int) -> Iterator[tuple[np.ndarray, ...]]:
        """Play an episode in each world.

        Args:
            worlds: Just begun.
            seed: Of what is drawn.
            most_steps: After which an episode is cut.

        Yields: At the beginning and after each step the returns, the lengths and which have come to their
            end, each `(E,)`; they are the same arrays each time.
        """
        episodes = len(worlds.seen)
        memory = self._player.first(episodes)
        drawn = tf.constant(seed, tf.int64)
        returns, lengths, over = np.zeros(episodes), np.zeros(episodes, int), np.zeros(episodes, bool)
        yield returns, lengths, over
        for time in range(most_steps):
            if over.all():
                break
            actions, memory = self._act(tf.constant(worlds.seen), memory, drawn, tf.constant(time))
            told = worlds.step(actions.numpy())
            returns += np.where(over, 0.0, told.reward)
            lengths += ~over
            over |= told.terminated | told.truncated
            yield returns, lengths, over


class _Originals:
    """Worlds of a game's original, as `Worlds`; those that are over stand still."""

    def __init__(self, worlds: list[World]) -> None:
        self._worlds = worlds
        self._over = np.zeros(len(worlds), bool)
        self.seen = np.stack([world.observation for world in worlds])

    def step(self, actions: np.ndarray) -> Outcome:
        reward, over = np.zeros(len(self._over)), np.zeros(len(self._over), bool)
        for number in np.flatnonzero(~self._over):
            world = self._worlds[number]
            reward[number], over[number] = world.step(int(actions[number]))
            self.seen[number] = world.observation
        self._over |= over
        return Outcome(self.seen, reward, over, np.zeros_like(over))


def seeds_of(seed: int, episodes: int) -> list[int]:
    """Of the worlds of episodes that are played outside of TensorFlow."""
    return [int(one) for one in np.random.SeedSequence(seed).generate_state(episodes)]


def scores(
    game: Playable,
    model: keras.Model,
    episodes: int = 100,
    seed: int = 0,
    most_steps: int = 10_000,
    greedy: bool = True,
) -> Scores:
    """Measure a policy once; see `Evaluator`."""
    return Evaluator(game, model, episodes, most_steps, greedy)(seed)


def official_scores(
    game: Playable,
    model: keras.Model,
    episodes: int = 100,
    seed: int = 0,
    most_steps: int = 10_000,
    greedy: bool = True,
) -> Scores:
    """Measure a policy in the original of a game, with the game's settings; see `Evaluator`.

    The originals of classic control are Gymnasium's, those of the five games of MinAtar its own. They go step
    by step, each an environment of Python, and the policy thinks for all at once. What is played outside of
    TensorFlow is its own original.

    Raises:
        GameError: The game has no original, its package is missing, or as `Evaluator`.
    """
    if isinstance(game, Outside):
        return scores(game, model, episodes, seed, most_steps, greedy)
    check_fits(game, model, greedy)
    check_extent(episodes, most_steps)
    check_seed(seed)
    new = original_of(game)
    worlds = _Originals([new(one) for one in seeds_of(seed, episodes)])
    return scores_of(game, greedy, *StepByStep(Player(model), greedy)(worlds, seed, most_steps))


def check_fits(game: Playable, model: keras.Model, greedy: bool = True) -> None:
    """Say, before anything is played, why a model can't play a game.

    Args:
        game: To be played.
        model: See `models.policy`.
        greedy: Whether it is to take the action that it holds for the best.

    Raises:
        GameError: It is no policy, sees something else or has other actions than the game, or is to draw from
            values of actions.
    """
    seen, *before = (each.shape[1:] for each in model.inputs)
    told, *later = (each.shape[1:] for each in model.outputs)
    of_policy = bool(later)
    if later != [(1,), *before][: len(later)] or len(later) != of_policy + len(before):
        raise GameError(
            f"a policy gives logits of its actions, a value (1,), and what it was given of memory; or values "
            f"of its actions alone. Received: a model from {[seen, *before]} to {[told, *later]}"
        )
    if seen != game.observation_shape or told != (len(game.actions),):
        raise GameError(
            f"the agent does not fit {game.title}, which shows {game.observation_shape} and has "
            f"{len(game.actions)} actions. Received: an agent that sees {seen} and has "
            f"{'x'.join(map(str, told))} actions"
        )
    if not (greedy or of_policy):
        raise GameError("this agent gives actions values and no chances: it takes the best and can't draw")


def check_extent(episodes: int, most_steps: int) -> None:
    """Raise a GameError unless one can play so many episodes of so many steps."""
    if episodes < 1:
        raise GameError(f"episodes must be at least 1. Received: {episodes!r}")
    if not 1 <= most_steps <= MOST_STEPS:
        raise GameError(f"most_steps must be 1 to {MOST_STEPS}. Received: {most_steps!r}")


def check_seed(seed: int) -> None:
    """Raise a GameError unless there is such a seed."""
    if not 0 <= seed <= MOST_SEED:
        raise GameError(f"a seed must be 0 to {MOST_SEED}. Received: {seed!r}")


def summary(scores: Scores, seed: int = 0) -> dict[str, Any]:
    """What is told of some episodes.

    The interquartile mean, of the middle half of the returns, and its interval by the percentile bootstrap
    are what Agarwal et al. 2021 ("Deep reinforcement learning at the edge of the statistical precipice",
    arXiv:2108.13264, section 4.3) advise and their package rliable computes. The interval is of the episodes
    of this one agent and says nothing of another training's.

    Args:
        scores: Of the episodes.
        seed: Of the bootstrap.

    Returns: Of the returns "mean", "deviation" (standard, of these episodes), "iqm", "low" and "high" (its
        95 % interval; None where there is but one episode), "median", "best" and "worst"; "episodes"; "steps"
        of the game in all of them, and "frames", which are as many but where a game skips some; "cut", how
        many episodes were; "greedy"; and "sticky" where the game has it.
    """
    returns = np.asarray(scores.returns, "float64")
    low, high = interval(returns, seed)
    steps = int(scores.lengths.sum())
    told = {
        "mean": float(returns.mean()),
        "deviation": float(returns.std()),
        "iqm": float(_iqm(returns)),
        "low": low,
        "high": high,
        "median": float(np.median(returns)),
        "best": float(returns.max()),
        "worst": float(returns.min()),
        "episodes": len(returns),
        "steps": steps,
        "frames": steps * scores.frame_skip,
        "cut": int(scores.cut.sum()),
        "greedy": scores.greedy,
    }
    return told if scores.sticky is None else {**told, "sticky": scores.sticky}


def _iqm(returns: np.ndarray, axis: int = -1) -> np.ndarray:
    return stats.trim_mean(returns, 0.25, axis=axis)


def interval(
    returns: np.ndarray, seed: int = 0, statistic: Callable[..., Any] = _iqm
) -> tuple[float | None, float | None]:
    """The 95 % interval of a figure of some episodes, by the percentile bootstrap; None where there is one.

    Args:
        returns: Of the episodes, `(E,)`.
        seed: Of the bootstrap.
        statistic: The figure; takes an `axis`.
    """
    if len(returns) < 2:
        return None, None
    found = stats.bootstrap(
        (returns,),
        statistic,
        n_resamples=RESAMPLES,
        batch=max(1, 2**20 // len(returns)),  # resamples at once: 8 MiB
        confidence_level=0.95,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return float(found.low), float(found.high)
