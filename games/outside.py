"""Games whose worlds are outside of TensorFlow: any environment of Gymnasium, and Atari by ale-py.

B worlds. Only the steps of the worlds leave the graph: one call of Python for all B, in which the
environments go on. What acts and what learns stays compiled. Gymnasium and ale-py are asked for when such a
game is first looked at; where they are missing a `GameError` says how they are to be had.
"""

import abc
import functools
import inspect
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np
import tensorflow as tf

from games import GameError
from games.game import Playable, Share, Step, unpacked
from games.spaces import reading_of
from games.wrappers import IMAGES, Wrappers, first_line, wrap
from training.settings import JSONObject, unknown

LEARNING = 2**40  # stands before the seeds of worlds to learn in: no evaluation's seed is so large
MAX_ACTIONS = 2**10
TIME_LIMIT = 1000  # steps of an episode, of environments that have no limit of their own
OURS = {  # arguments of `gymnasium.make` that are not the environment's own, and what sets them
    "max_episode_steps": "set data.max_episode_steps",
    "render_mode": "pictures are asked for where they are shown",
    "disable_env_checker": "it is set here",
}
USUAL_RATE = 30  # of an environment that tells none
FRAMES = 60  # of an Atari in a second
ZOOM = 4  # of its frames in a picture


class Outcome(NamedTuple):
    """What a step of all worlds brought.

    Args:
        final: What was seen after it, `(B, ...)`: of a world that has ended that of its end.
        reward: `(B,)` float32.
        terminated: Whether the game was over by its own rules, `(B,)` bool.
        truncated: Whether it was broken off, `(B,)` bool; never where it was over.
    """

    final: np.ndarray
    reward: np.ndarray
    terminated: np.ndarray
    truncated: np.ndarray


class Worlds(Protocol):
    """Some worlds of a game. Those to learn in begin anew in the very step in which they end.

    Of others nothing is meant by what comes after their end.

    Attributes:
        seen: What is seen of each now, `(B, *observation_shape)` of what the game's observations are kept as.
    """

    seen: np.ndarray

    def step(self, actions: np.ndarray) -> Outcome:
        """One step of all worlds, by actions `(B,)` int32."""


class Opened(Worlds, Protocol):
    """Worlds of a game outside of TensorFlow."""

    def picture(self) -> np.ndarray:
        """Of the first world, `(H, W, 3)` uint8.

        Raises:
            GameError: There is no picture of it.
        """

    def close(self) -> None:
        """Let go of what they hold."""


class Look(NamedTuple):
    """What is known of a game once its package has been asked.

    Args:
        actions: See `Playable`.
        shape: Of an observation.
        channels: See `Playable`.
        kept: Likewise.
        rate: Steps in a second of its own time, as a film has them.
    """

    actions: tuple[str, ...]
    shape: tuple[int, ...]
    channels: tuple[str, ...]
    kept: tf.DType
    rate: int


class State(NamedTuple):
    """What the graph carries of worlds outside of it.

    Args:
        ticket: By which they are found, good for one step; scalar int64.
        seen: See `Worlds`.
    """

    ticket: tf.Tensor
    seen: tf.Tensor


class Outside(Playable):
    """A game whose worlds are outside of TensorFlow.

    Worlds can't be saved. A training that goes on from a checkpoint begins new ones; its first step is told
    as one that broke off every game and brought nothing, so that no two games are taken for one. Figures of
    that update count these games as ended, and what is learned from has this one step of each world in it.
    All else of the training goes on as it was.

    Every world has a seed that follows from the training's and from its place among all, so that N replicas
    play in what one would have played in.

    Raises:
        GameError: When first looked at: there is no such game, its package is missing, or agents here can't
            play it.
    """

    compiled: ClassVar[bool] = False

    @property
    @abc.abstractmethod
    def look(self) -> Look:
        """What is known of it."""

    @abc.abstractmethod
    def open(self, seeds: Sequence[int], learning: bool = False, shown: bool = False) -> Opened:
        """New worlds.

        Args:
            seeds: Of each, 0 to 2**32 - 1.
            learning: Whether they are to learn in; else they are as they are scored.
            shown: Whether pictures are asked for.
        """

    @property
    def actions(self) -> tuple[str, ...]:  # type: ignore[override]
        return self.look.actions

    @property
    def observation_shape(self) -> tuple[int, ...]:  # type: ignore[override]
        return self.look.shape

    @property
    def channels(self) -> tuple[str, ...]:  # type: ignore[override]
        return self.look.channels

    @property
    def kept(self) -> tf.DType:  # type: ignore[override]
        return self.look.kept

    @property
    def truncates(self) -> bool:
        return True

    @functools.cached_property
    def _opened(self) -> dict[int, Worlds]:
        """Worlds that agents learn in, by the ticket that their next step asks for.

        Where a training goes on from a checkpoint, those that it began with stay here unused.
        """
        return {}

    def begin(self, seed: tf.Tensor, share: Share) -> State:
        def new(seed: np.ndarray, first: np.ndarray) -> tuple[np.int64, np.ndarray]:
            ticket = secrets.randbits(62)  # no other process has given it
            worlds = self._opened[ticket] = self._open(seed, int(first), share)
            return np.int64(ticket), worlds.seen

        ticket, seen = tf.numpy_function(new, [seed, share.first], [tf.int64, self.kept])
        ticket.set_shape(())
        seen.set_shape((share.count, *self.observation_shape))
        return State(ticket, seen)

    def go_on(self, state: State, action: tf.Tensor, seed: tf.Tensor, share: Share) -> tuple[Step, State]:
        def step(ticket, seen, action, seed, first):
            worlds = self._opened.pop(int(ticket), None)
            if worlds is None:
                worlds, none = self._open(seed, int(first), share), np.zeros(share.count, bool)
                told = Outcome(seen, np.zeros(share.count, "float32"), none, ~none)
            else:
                told = worlds.step(action)
            self._opened[int(ticket) + 1] = worlds
            return worlds.seen, *told

        kinds = [self.kept, self.kept, tf.float32, tf.bool, tf.bool]
        given = [state.ticket, state.seen, action, seed, share.first]
        seen, final, *told = tf.numpy_function(step, given, kinds)
        for observation in (seen, final):
            observation.set_shape(state.seen.shape)
        for each in told:
            each.set_shape((share.count,))
        after = State(state.ticket + 1, seen)
        return Step(after, unpacked(final), *told), after

    def observe(self, state: State) -> tf.Tensor:
        return unpacked(state.seen)

    def _open(self, seed: np.ndarray, first: int, share: Share) -> Worlds:
        sequence = np.random.SeedSequence([LEARNING, *(int(number) % 2**64 for number in seed)])
        seeds = sequence.generate_state(share.total)[first : first + share.count]
        return self.open([int(one) for one in seeds], learning=True)


@dataclass(frozen=True)
class Gymnasium(Outside):
    """An environment that Gymnasium knows by an id.

    Actions must be `Discrete`, or become so by a wrapper (`DiscretizeAction`). Observations may be anything
    that `games.spaces.reading_of` reads. Packages that bring environments make them known when Gymnasium is
    imported (entry points "gymnasium.envs").

    Args:
        id: The environment's id, such as "LunarLander-v3".
        kwargs: Arguments of the environment, as a JSON object: `{"is_slippery": false, "map_name": "8x8"}`.
        max_episode_steps: Steps after which an episode is truncated; 0: the environment's own limit, or
            `TIME_LIMIT` where it has none.
        wrappers: Gymnasium's wrappers around it, the innermost first; see `games.wrappers.Wrappers`.

    Raises:
        ValueError: A field breaks its rule; the message names the field and the rule.
    """

    id: str = "CartPole-v1"
    kwargs: JSONObject = JSONObject("{}")
    max_episode_steps: int = 0
    wrappers: Wrappers = Wrappers("[]")

    name = "gymnasium"

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[\w./-]+", self.id):
            raise ValueError(
                "id must be letters, digits and any of . / _ -, as in LunarLander-v3: with a colon it would "
                f"name a module to import. Received: {self.id!r}"
            )
        for field, kind in (("kwargs", JSONObject), ("wrappers", Wrappers)):
            try:
                object.__setattr__(self, field, kind(getattr(self, field)))
            except ValueError as error:
                raise ValueError(f"{field} {error}") from error
        if self.max_episode_steps < 0:
            raise ValueError(f"max_episode_steps must be at least 0. Received: {self.max_episode_steps!r}")
        for argument, instead in OURS.items():
            if argument in self.kwargs.value:
                raise ValueError(f"kwargs can't hold {argument}: {instead}")

    @property
    def title(self) -> str:  # type: ignore[override]
        return self.id

    @property
    def official(self) -> str:  # type: ignore[override]
        return self.id

    @property
    def limit(self) -> int:  # type: ignore[override]
        return self.max_episode_steps or self._spec.max_episode_steps or TIME_LIMIT

    @property
    def notes(self) -> tuple[str, ...]:
        if self._spec.max_episode_steps:
            return ()
        return (
            f"{self.id} has no time limit of its own: its episodes are truncated after {self.limit} steps; "
            f"--data.max_episode_steps sets another limit",
        )

    @functools.cached_property
    def look(self) -> Look:
        from games import gymnasium_env

        env = self._make(learning=True)
        try:
            gymnasium_env.check_official(env, self.id)
            count = int(env.action_space.n)
            if count > MAX_ACTIONS:
                raise GameError(f"{self.id} has {count} actions; agents here have at most {MAX_ACTIONS}")
            actions = tuple(f"action {number}" for number in range(count))
            reading = reading_of(env.observation_space, self.id)
            rate = float(env.metadata.get("render_fps") or USUAL_RATE)
            return Look(actions, reading.shape, reading.channels, reading.kept, max(1, round(rate)))
        finally:
            env.close()

    def open(self, seeds: Sequence[int], learning: bool = False, shown: bool = False) -> Opened:
        envs: list[Any] = []
        try:
            for _ in seeds:
                envs.append(self._make(learning, shown))
            return _Each(envs, seeds, learning, self.id)
        except Exception:
            for env in envs:
                env.close()
            raise

    @property
    def _spec(self) -> Any:
        """What Gymnasium's registry says of it."""
        from games.gymnasium_env import gymnasium

        if self.id not in gymnasium.registry:
            if self.id.startswith("ALE/"):
                raise GameError(f"{self.id} is a game of Atari: train atari_ppo, with its rom in data.rom")
            raise GameError(unknown("environment", self.id, gymnasium.registry))
        return gymnasium.registry[self.id]

    def _make(self, learning: bool = False, shown: bool = False) -> Any:
        from games.gymnasium_env import gymnasium

        spec, kwargs = self._spec, self.kwargs.value
        images = shown or any(name == IMAGES for name, _ in self.wrappers.pairs)
        if images:
            kwargs["render_mode"] = "rgb_array"
        try:
            _check_kwargs(self.id, spec, self.kwargs.value)
            env = gymnasium.make(self.id, max_episode_steps=self.limit, disable_env_checker=True, **kwargs)
        except GameError:
            raise
        except (ImportError, gymnasium.error.DependencyNotInstalled) as error:
            extra = "" if not _is_box2d(spec) else " (here: make install BOX2D=1)"
            raise GameError(
                f"{self.id} needs a package that is missing: {first_line(error)}{extra}"
            ) from error
        except Exception as error:  # a stranger's code may raise anything
            raise GameError(f"{self.id} can't be made: {first_line(error)}") from error
        return wrap(env, self.wrappers, learning)


def _check_kwargs(name: str, spec: Any, kwargs: Mapping[str, Any]) -> None:
    """Raise a GameError where an environment does not take one of these arguments."""
    from gymnasium.envs.registration import load_env_creator

    if not kwargs:
        return
    entry = spec.entry_point
    parameters = inspect.signature(load_env_creator(entry) if isinstance(entry, str) else entry).parameters
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        return
    known = [parameter for parameter in parameters if parameter not in OURS]
    for argument in kwargs:
        if argument not in known:
            raise GameError(f"{name}: {unknown('argument', argument, known)} They are set by data.kwargs")


def _is_box2d(spec: Any) -> bool:
    return "box2d" in str(spec.entry_point)


class _Each:
    """Environments of Gymnasium, each by itself.

    Args:
        envs: These.
        seeds: Of each.
        learning: Whether they begin anew as they end; else they then stand still.
        name: Id of the environment, for messages.
    """

    def __init__(self, envs: Sequence[Any], seeds: Sequence[int], learning: bool, name: str) -> None:
        self._envs = envs
        self._learning = learning
        self._name = name
        self._over = np.zeros(len(envs), bool)
        self._read = reading_of(envs[0].observation_space, name).read
        firsts = [_begun(env, name, seed=seed) for env, seed in zip(envs, seeds, strict=True)]
        self.seen = np.stack([self._read(first) for first in firsts])

    def step(self, actions: np.ndarray) -> Outcome:
        seen, final = self.seen.copy(), self.seen.copy()  # what was given away before stays as it is
        reward = np.zeros(len(self._envs), "float32")
        terminated, truncated = np.zeros((2, len(self._envs)), bool)
        for number in np.flatnonzero(~self._over).tolist():
            env = self._envs[number]
            observation, reward[number], over, cut, _ = env.step(int(actions[number]))
            seen[number] = final[number] = self._read(observation)
            if over or cut:
                terminated[number], truncated[number] = over, not over
                if self._learning:
                    seen[number] = self._read(_begun(env, self._name))
                else:
                    self._over[number] = True
        self.seen = seen
        return Outcome(final, reward, terminated, truncated)

    def picture(self) -> np.ndarray:
        try:
            return np.asarray(self._envs[0].render(), "uint8")
        except Exception as error:  # whatever a stranger's code may raise
            raise GameError(f"{self._name} can't be shown: {first_line(error)}") from error

    def close(self) -> None:
        for env in self._envs:
            env.close()


def _begun(env: Any, name: str, **settings: Any) -> Any:
    """What is first seen of an environment that begins anew.

    Raises:
        GameError: It can't.
    """
    try:
        return env.reset(**settings)[0]
    except Exception as error:  # whatever a stranger's code may raise
        raise GameError(f"{name} can't begin: {first_line(error)}") from error


@dataclass(frozen=True)
class Atari(Outside):
    """A game of Atari, in ale-py's own many worlds, each of which has a thread where there are cores.

    Seen are the latest frames in grey, as numbers from 0 to 1, the newest last. All follows Machado et al.
    2018 ("Revisiting the Arcade Learning Environment", arXiv:1709.06009) in that lost lives end nothing and
    actions stick, and Mnih et al. 2015 in the rest: of the last two frames of a step the brighter is seen, up
    to 30 steps of nothing come first, and where a game waits for "fire" that is pressed.

    Args:
        rom: Of which game, such as "space_invaders".
        frame_skip: Frames of a step.
        stack: Frames that are seen.
        size: Of a frame, its edge.
        sticky: Share of the frames in which the last action is repeated, in [0, 1].
        clip: Whether rewards to learn from are brought to -1 to 1. Scores are always as the game gives them.

    Raises:
        ValueError: A field breaks its rule; the message names the field, the rule and the value.
    """

    rom: str = "pong"
    frame_skip: int = 4
    stack: int = 4
    size: int = 84
    sticky: float = 0.25
    clip: bool = True

    name = "atari"

    def __post_init__(self) -> None:
        if not re.fullmatch(r"\w+", self.rom):
            raise ValueError(
                f"rom must be letters, digits and _, as in space_invaders. Received: {self.rom!r}"
            )
        for field, most in (("frame_skip", 60), ("stack", 16), ("size", 210)):
            if not 1 <= getattr(self, field) <= most:
                raise ValueError(f"{field} must be 1 to {most}. Received: {getattr(self, field)!r}")
        if not 0 <= self.sticky <= 1:
            raise ValueError(f"sticky must be 0 to 1. Received: {self.sticky!r}")

    @property
    def title(self) -> str:  # type: ignore[override]
        return self.rom.replace("_", " ").title()

    @functools.cached_property
    def look(self) -> Look:
        actions = tuple(action.name.lower() for action in self._make(1).ale.get_action_set())
        frames = tuple(f"frame {number}" for number in range(1 - self.stack, 1))
        shape = (self.size, self.size, self.stack)
        return Look(actions, shape, frames, tf.uint8, FRAMES // self.frame_skip)

    def open(self, seeds: Sequence[int], learning: bool = False, shown: bool = False) -> Opened:
        return _Native(self._make(len(seeds), reward_clipping=learning and self.clip), seeds)

    def _make(self, count: int, **settings: Any) -> Any:
        try:
            import ale_py
            from ale_py.vector_env import AtariVectorEnv
        except ImportError as error:
            raise GameError(
                "games of Atari need the package ale-py: make install ATARI=1, or pip install ale-py "
                f"({error})"
            ) from error
        roms = ale_py.roms.get_all_rom_ids()
        if self.rom not in roms:
            raise GameError(unknown("rom", self.rom, roms))
        return AtariVectorEnv(
            self.rom,
            count,
            autoreset_mode="SameStep",  # its usual mode has a step between games in which nothing is played
            frameskip=self.frame_skip,
            stack_num=self.stack,
            img_height=self.size,
            img_width=self.size,
            repeat_action_probability=self.sticky,
            **settings,
        )


class _Native:
    """Worlds of ale-py's, which go on together.

    Args:
        envs: An `AtariVectorEnv`.
        seeds: Of each world.
    """

    def __init__(self, envs: Any, seeds: Sequence[int]) -> None:
        self._envs = envs
        self.seen = self._final = _channels_last(envs.reset(seed=np.array(seeds) % 2**31)[0])

    def step(self, actions: np.ndarray) -> Outcome:
        seen, reward, terminated, truncated, told = self._envs.step(actions)
        self.seen = self._final = _channels_last(seen)
        ended = terminated | truncated
        if ended.any():
            last = _channels_last(told["final_obs"])
            self._final = np.where(ended[:, None, None, None], last, self.seen)
        return Outcome(self._final, reward.astype("float32"), terminated, truncated & ~terminated)

    def picture(self) -> np.ndarray:
        newest = self._final[0, :, :, -1:]
        return np.kron(newest, np.ones((ZOOM, ZOOM, 3), "uint8"))

    def close(self) -> None:
        self._envs.close()


def _channels_last(frames: np.ndarray) -> np.ndarray:
    return np.moveaxis(frames, 1, -1).copy()


OUTSIDE: dict[str, Outside] = {"gymnasium": Gymnasium(), "atari": Atari()}
