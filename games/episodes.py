"""One episode, kept whole: what an agent saw, thought and did at each moment, and what another action brings.

T steps have T + 1 moments, the last of them after the last step; A actions.
"""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf

from games import GameError, evaluation
from games.evaluation import chosen, key
from games.game import Draws, Game, State
from games.minatar.common import ACTIONS
from games.player import Player
from training.saving import allow_any_layer_names

KEPT = 16  # compiled programs: of each game, net and way to act one
FREE = -1  # in the place of an action: the agent's own choice


@dataclass(frozen=True, eq=False)
class Episode:
    """What became of one world.

    Args:
        seed: Of everything random in it.
        greedy: Whether the likeliest action was taken, and not one drawn.
        most_steps: After which it is cut.
        states: Of every moment, each of their arrays `(T + 1, ...)`.
        observations: `(T + 1, *observation_shape)` float32.
        memory: What the agent brought to each moment, each `(T + 1, ...)`; empty where it remembers nothing.
        scores: The logits of the actions, `(T + 1, A)`, or where the agent has no policy their values.
        values: What the agent expects to be had yet, `(T + 1,)`; without a policy the greatest of the scores.
        actions: That were taken, `(T,)` int32.
        rewards: `(T,)` float32.
        chances: Whether the scores are logits, so that the agent may draw.
        end: "terminated" by the rules, "truncated" by the game's clock, or "cut" by `most_steps`.
    """

    seed: int
    greedy: bool
    most_steps: int
    states: State
    observations: np.ndarray
    memory: tuple[np.ndarray, ...]
    scores: np.ndarray
    values: np.ndarray
    actions: np.ndarray
    rewards: np.ndarray
    chances: bool
    end: str

    @property
    def steps(self) -> int:
        return len(self.actions)

    @property
    def probabilities(self) -> np.ndarray | None:
        """Of the actions, `(T + 1, A)`; None where the scores are values and no logits."""
        if not self.chances:
            return None
        shares = np.exp(self.scores - self.scores.max(-1, keepdims=True))
        return shares / shares.sum(-1, keepdims=True)


def record(
    game: Game, model: keras.Model, seed: int = 0, most_steps: int = 1000, greedy: bool = True
) -> Episode:
    """Let an agent play one episode; the same seed has the same episode, and that of `evaluation.scores`.

    Args:
        game: What is played.
        model: See `models.policy`.
        seed: Of everything random, 0 to 2**32 - 1.
        most_steps: After which it is cut.
        greedy: Take the likeliest or best action, and none that is drawn.

    Raises:
        GameError: The model does not fit the game or can't draw, or there is no such seed or number of steps.

    Example:

    >>> episode = record(find("cartpole"), model, seed=1)
    >>> episode.rewards.sum(), episode.end
    (500.0, 'truncated')
    """
    evaluation.check_fits(game, model, greedy)
    evaluation.check_extent(1, most_steps)
    evaluation.check_seed(seed)
    return _play(game, model, seed, most_steps, greedy, ())


def branch(game: Game, model: keras.Model, episode: Episode, moment: int, action: int) -> Episode:
    """What becomes of an episode where another action is taken at one moment.

    Chance goes on as it did: what is drawn at each later moment is what was drawn there before, so that all
    that differs comes of the action.

    Args:
        game: What was played.
        model: The agent that did, which goes on.
        episode: What is branched off from.
        moment: Before which action, 0 to T - 1.
        action: That is taken in its place.

    Returns: The whole episode, the same as the other up to the moment.

    Raises:
        GameError: The model does not fit the game, or there is no such moment or action.
    """
    evaluation.check_fits(game, model, episode.greedy)
    if not 0 <= moment < episode.steps:
        raise GameError(f"moment must be 0 to {episode.steps - 1}. Received: {moment!r}")
    if not 0 <= action < len(game.actions):
        raise GameError(f"action must be 0 to {len(game.actions) - 1}. Received: {action!r}")
    taken = (*episode.actions[:moment].tolist(), action)
    return _play(game, model, episode.seed, episode.most_steps, episode.greedy, taken)


def take_over(
    game: Game,
    model: keras.Model,
    taken: Sequence[int] | np.ndarray,
    seed: int = 0,
    most_steps: int = 1000,
    greedy: bool = True,
    states: State | None = None,
) -> Episode:
    """What becomes of an episode that someone else began: the first actions are given, the agent goes on.

    An agent that remembers has seen what came before.

    Args:
        game: What is played.
        model: The agent that takes over.
        taken: The actions before, K of them.
        seed: See `record`: what is drawn in each step is what is drawn there.
        most_steps: Likewise, more than K.
        greedy: Likewise.
        states: Of the moments 0 to K as they were, each of their arrays `(K + 1, ...)`, where they can't be
            had again from the seed and the actions: another machine rounds otherwise, and in a game of floats
            that soon is another course. None: they follow from the rules.

    Returns: The whole episode.

    Raises:
        GameError: As `record`; an action or a state is none of the game, or the game was over before.
    """
    evaluation.check_fits(game, model, greedy)
    evaluation.check_extent(1, most_steps)
    evaluation.check_seed(seed)
    actions = np.asarray(taken, "int64").reshape(-1)
    if len(actions) >= most_steps:
        raise GameError(f"taken must be fewer than {most_steps} actions. Received: {len(actions)}")
    if ((actions < 0) | (actions >= len(game.actions))).any():
        raise GameError(f"actions must be 0 to {len(game.actions) - 1}. Received: {set(actions.tolist())}")
    if states is not None:
        _check_states(game, states, len(actions) + 1)
    played = _play(game, model, seed, most_steps, greedy, tuple(actions.tolist()), states)
    if played.steps <= len(actions) or _stands(played, len(actions)):
        raise GameError(f"the game was over within {len(actions)} steps: there is nothing to take over")
    return played


def _stands(played: Episode, moment: int) -> bool:
    """Whether a world had ended by a moment: then it stays as it is, and ends once more."""
    unchanged = all((part[moment] == part[moment + 1]).all() for part in tf.nest.flatten(played.states))
    return unchanged and played.steps == moment + 1 and played.end != "cut"


def _check_states(game: Game, states: State, moments: int) -> None:
    """Raise a GameError unless these can be states of so many moments of one world."""
    for name, own, told in zip(states._fields, _first(game), states, strict=True):
        shape = (moments, *own.shape[1:])
        if told.shape != shape or told.dtype != own.dtype.as_numpy_dtype:
            raise GameError(f"{name} must be {shape} {own.dtype.name}. Received: {told.shape} {told.dtype}")
        if not np.isfinite(told).all():
            raise GameError(f"{name} must be finite. Received: {told[~np.isfinite(told)][0]}")


@functools.lru_cache(maxsize=KEPT)
def _first(game: Game) -> State:
    """Some first state, `(1, ...)`."""
    return game.reset(key(tf.constant(0, tf.int64), 0, 0), 1)


def chances(game: Game, seed: int, steps: int) -> Draws:
    """What chance decides in the first steps of the episodes of a seed, each of its arrays `(steps, ...)`.

    By these, `Game.advance` goes the way of `record` and `take_over`.

    Raises:
        GameError: There is no such seed or number of steps.
    """
    evaluation.check_extent(1, steps)
    evaluation.check_seed(seed)
    drawn = _drawing(game, steps)(tf.constant(seed, tf.int64))
    return tf.nest.map_structure(lambda part: part.numpy()[:, 0], drawn)


@functools.lru_cache(maxsize=KEPT)
def _drawing(game: Game, steps: int) -> Callable:
    """A compiled function from a seed to the draws of so many steps, each `(steps, 1, ...)`."""

    @functools.partial(tf.function, autograph=False, jit_compile=True)
    def draw(seed):
        once = game.draw(key(seed, 1, 0), 1)
        if not tf.nest.flatten(once):
            return once
        kinds = tf.nest.map_structure(lambda part: tf.TensorSpec(part.shape, part.dtype), once)
        return tf.map_fn(
            lambda now: game.draw(key(seed, 1, now), 1), tf.range(steps), fn_output_signature=kinds
        )

    return draw


def parting(one: Episode, other: Episode) -> int | None:
    """The first moment at which two episodes are seen to differ; None if they never are."""
    shared = min(one.steps, other.steps) + 1
    differs = (one.observations[:shared] != other.observations[:shared]).reshape(shared, -1).any(axis=1)
    if differs.any():
        return int(differs.argmax())
    return None if one.steps == other.steps else shared


def repeated(game: Game, episode: Episode) -> np.ndarray:
    """Whether chance put the action before in the place of the one taken, `(T,)` bool."""
    last = getattr(episode.states, "last_action", None)
    if last is None:
        return np.zeros(episode.steps, bool)
    numbers = np.array([ACTIONS.index(name) for name in game.actions])
    return numbers[episode.actions] != last[1:]


def _play(
    game: Game,
    model: keras.Model,
    seed: int,
    most_steps: int,
    greedy: bool,
    taken: tuple[int, ...],
    states: State | None = None,
) -> Episode:
    """An episode whose first actions may be given, and with them the states."""
    given = np.full(most_steps, FREE, "int32")
    given[: len(taken)] = taken
    known = 0 if states is None else len(taken) + 1
    first = _first(game)
    told = [
        _filled(own, part, most_steps) for own, part in zip(first, states or [None] * len(first), strict=True)
    ]
    steps, ways, last, over, out = _program(game, model.to_json(), most_steps, greedy)(
        [variable.value for variable in model.variables],
        tf.constant(seed, tf.int64),
        tf.constant(given),
        tf.constant(known),
        told,
    )
    moments, (actions, rewards) = tf.nest.map_structure(lambda part: part.numpy()[: int(steps)], ways)
    states, observations, memory, scores, values = tf.nest.map_structure(
        lambda before, end: np.concatenate([before, end.numpy()]), moments, last
    )
    end = "truncated" if out else "terminated" if over else "cut"
    return Episode(
        seed=seed,
        greedy=greedy,
        most_steps=most_steps,
        states=states,
        observations=observations,
        memory=memory,
        scores=scores,
        values=values,
        actions=actions,
        rewards=rewards,
        chances=len(model.outputs) > 1,
        end=end,
    )


def _filled(own: tf.Tensor, told: np.ndarray | None, length: int) -> tf.Tensor:
    """One array of the states that are given, of a fixed length as programs have it; the rest is 0."""
    room = np.zeros((length, *own.shape[1:]), own.dtype.as_numpy_dtype)
    if told is not None:
        room[: len(told)] = told
    return tf.constant(room)


@functools.lru_cache(maxsize=KEPT)
def _program(game: Game, net: str, most_steps: int, greedy: bool) -> Callable:
    """A compiled function that plays one world to its end.

    The weights are given to it: all agents of a net share it, and so does one agent while it learns.

    Args:
        game: What is played.
        net: The model's configuration, as JSON.
        most_steps: See `record`.
        greedy: Likewise.

    Returns: A function from the weights, the seed, for each step an action or `FREE`, of how many moments the
        states are given, and the arrays of these, each `(most_steps, ...)`, to how many steps there were; of
        each `(state, observation, memory, scores, value)` and `(action, reward)`, all of them
        `(most_steps, ...)`; the first of these at the end, `(1, ...)`; whether it is over, and whether by the
        clock.
    """
    player = Player(allow_any_layer_names(keras.models.model_from_json(net)))
    variables = player.model.variables

    @functools.partial(tf.function, autograph=False, jit_compile=True)
    def play(weights, seed, given, known, told):
        def as_told(now, state):
            parts = zip(told, tf.nest.flatten(state), strict=True)
            return tf.nest.pack_sequence_as(
                state, [tf.where(now < known, was[now][None], own) for was, own in parts]
            )

        def think(state, memory):
            observation = game.observe(state)
            with keras.StatelessScope(state_mapping=list(zip(variables, weights, strict=True))):
                scores, value, later = player(observation, memory)
            return (state, observation, memory, scores, value), later

        def goes_on(now, over, out, state, memory, room):
            return (now < most_steps) & ~over

        def step(now, over, out, state, memory, room):
            state = as_told(now, state)
            moment, later = think(state, memory)
            own = chosen(moment[3], greedy, seed, now)
            action = tf.where(given[now] == FREE, own, given[now])
            after = game.step(state, action, key(seed, 1, now))
            kept = tf.nest.flatten((moment, (action, after.reward)))
            room = [array.write(now, part[0]) for array, part in zip(room, kept, strict=True)]
            out = after.truncated[0]
            return now + 1, after.terminated[0] | out, out, after.state, later, room

        state, memory = game.reset(key(seed, 0, 0), 1), player.first(1)
        example = (think(state, memory)[0], (tf.zeros(1, tf.int32), tf.zeros(1)))
        room = [
            tf.TensorArray(part.dtype, most_steps, element_shape=part.shape[1:])
            for part in tf.nest.flatten(example)
        ]
        no = tf.constant(False)
        begun = (tf.constant(0), no, no, state, memory, room)
        steps, over, out, state, memory, room = tf.while_loop(goes_on, step, begun)
        ways = tf.nest.pack_sequence_as(example, [array.stack() for array in room])
        return steps, ways, think(state, memory)[0], over, out

    return play
