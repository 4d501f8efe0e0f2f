"""Outward: any of our games as an environment of Gymnasium; inward: whether we can play one of theirs.

Gymnasium is needed for this alone: without it, importing this module raises a `GameError`.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from games import GAMES, GameError, find
from games.game import Game, State, where
from games.spaces import reading_of

try:
    import gymnasium
    from gymnasium.vector import AutoresetMode
    from gymnasium.vector.utils import batch_space
except ImportError as error:
    raise GameError(f"this needs the package gymnasium: pip install gymnasium ({error})") from error


class TensorVectorEnv(gymnasium.vector.VectorEnv):
    """Many worlds of a game as Gymnasium has its vector environments; a step is one program, compiled by XLA.

    All follows from the seed: the same seed and the same actions give the same numbers. A copy
    (`copy.deepcopy`, pickle) goes on as the original would. A world that is over begins anew in one of
    Gymnasium's modes:

    - NEXT_STEP: in the step after its last, whatever the action; that step's reward is 0.
    - SAME_STEP: in its last step, of whose infos "final_obs" has what was seen last.
    - DISABLED: when `reset` is called with options={"reset_mask": which, as `(num_envs,)` bool}.

    Args:
        game: Whose worlds.
        num_envs: How many, at least 1.
        seed: Of all until `reset` is given another; None: a new one each time.
        autoreset_mode: A mode, or its value ("NextStep", "SameStep", "Disabled").

    Example:

    >>> envs = TensorVectorEnv(find("cartpole"), num_envs=8, seed=0)
    >>> observations, infos = envs.reset()
    >>> observations, rewards, terminations, truncations, infos = envs.step(envs.action_space.sample())
    """

    def __init__(
        self,
        game: Game,
        num_envs: int,
        seed: int | None = None,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
    ):
        if num_envs < 1:
            raise GameError(f"num_envs must be at least 1. Received: {num_envs!r}")
        self.game = game
        self.num_envs = num_envs
        self.autoreset_mode = AutoresetMode(autoreset_mode)
        self.metadata = {"render_modes": [], "autoreset_mode": self.autoreset_mode}
        self.single_observation_space = gymnasium.spaces.Box(*game.bounds, dtype=np.float32)
        self.single_action_space = gymnasium.spaces.Discrete(len(game.actions))
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        super().reset(seed=seed)
        self._state: State = None
        self._over = np.zeros(num_envs, bool)
        self._begin, self._go_on = _programs(game, num_envs, self.autoreset_mode)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin all worlds anew, or those of options["reset_mask"].

        Args:
            seed: Of all that comes; None goes on with the seed there is.
            options: See the class; what is not known is ignored, as by Gymnasium's own.

        Returns: Observations `(num_envs, *observation_shape)` float32, and no infos.

        Raises:
            GameError: The mask is not `(num_envs,)` bool, or comes before there are worlds.
        """
        super().reset(seed=seed)
        mask = np.asarray((options or {}).get("reset_mask", np.ones(self.num_envs, bool)))
        if mask.shape != (self.num_envs,) or mask.dtype != bool:
            raise GameError(f"reset_mask must be ({self.num_envs},) bool. Received: {mask!r}")
        fresh, seen = self._begin(self._drawn())
        if not mask.all():
            self._check_begun()
            fresh = where(tf.constant(mask), fresh, self._state)
            seen = self.game.observe(fresh)
        self._state = fresh
        self._over = self._over & ~mask
        return seen.numpy(), {}

    def step(
        self, actions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """Take one action in each world.

        Args:
            actions: `(num_envs,)` integers.

        Returns: Observations `(num_envs, *observation_shape)` float32, rewards `(num_envs,)` float32,
            terminations and truncations `(num_envs,)` bool, and infos, which are empty but for "final_obs"
            and an empty "final_info" (SAME_STEP).

        Raises:
            GameError: No such actions, or a world is over and nobody reset it (DISABLED).
            gymnasium.error.ResetNeeded: There are no worlds yet.
        """
        self._check_begun()
        if not self.action_space.contains(actions):
            raise GameError(
                f"actions must be ({self.num_envs},) integers from 0 to {len(self.game.actions) - 1}. "
                f"Received: {actions!r}"
            )
        if self.autoreset_mode == AutoresetMode.DISABLED and self._over.any():
            raise GameError(f"worlds {np.flatnonzero(self._over).tolist()} are over: reset them first")
        chosen = tf.constant(actions, tf.int32)
        self._state, *seen = self._go_on(self._state, tf.constant(self._over), chosen, self._drawn())
        observations, rewards, terminations, truncations, last = (value.numpy() for value in seen)
        self._over = terminations | truncations
        infos: dict[str, Any] = {}
        if self.autoreset_mode == AutoresetMode.SAME_STEP:
            for world in np.flatnonzero(self._over):
                infos = self._add_info(infos, {"final_obs": last[world], "final_info": {}}, int(world))
            self._over = np.zeros(self.num_envs, bool)
        return observations, rewards, terminations, truncations, infos

    def __getstate__(self) -> dict[str, Any]:
        """All but the compiled programs, which can't be copied and needn't be."""
        state = {name: value for name, value in vars(self).items() if name not in ("_begin", "_go_on")}
        if self._state is not None:
            state["_state"] = tf.nest.map_structure(lambda part: part.numpy(), self._state)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        if self._state is not None:
            self._state = tf.nest.map_structure(tf.constant, self._state)
        self._begin, self._go_on = _programs(self.game, self.num_envs, self.autoreset_mode)

    def _drawn(self) -> tf.Tensor:
        """The seed of what comes next, from Gymnasium's generator, so that theirs decides all."""
        return tf.constant(self.np_random.integers(2**31, size=2), tf.int32)

    def _check_begun(self) -> None:
        if self._state is None:
            raise gymnasium.error.ResetNeeded("call reset before step, or before resetting a part")


@functools.cache
def _programs(game: Game, num_envs: int, mode: AutoresetMode) -> tuple[Callable, Callable]:
    """To begin and to go on, compiled once for all environments that are alike.

    Returns: From a seed to the state and what is seen of it; and from the state, which worlds were over
        before, the actions and a seed to the new state, what `step` returns but infos, and what was seen
        before any began anew.
    """

    def begin(drawn):
        state = game.reset(drawn, num_envs)
        return state, game.observe(state)

    def go_on(state, over, actions, drawn):
        seeds = tf.random.split(drawn)
        after, last, reward, terminated, truncated = game.step(state, actions, seeds[0])
        if mode == AutoresetMode.NEXT_STEP:
            anew = over
            reward = tf.where(over, 0.0, reward)
            terminated, truncated = terminated & ~over, truncated & ~over
        else:
            anew = (terminated | truncated) & (mode == AutoresetMode.SAME_STEP)
        after = where(anew, game.reset(seeds[1], num_envs), after)
        return after, game.observe(after), reward, terminated, truncated, last

    return tf.function(begin, jit_compile=True), tf.function(go_on, jit_compile=True)


class TensorEnv(gymnasium.Env):
    """One world of a game as Gymnasium has its environments; for speed take `TensorVectorEnv`.

    Args:
        game: Whose world.
        render_mode: "rgb_array": `render` returns a picture; None: there are none.

    Raises:
        GameError: There is no such mode.
    """

    def __init__(self, game: Game, render_mode: str | None = None):
        from games import rendering

        self.metadata = {"render_modes": ["rgb_array"], "render_fps": rendering.rate_of(game)}
        if render_mode not in (None, "rgb_array"):
            raise GameError(f'render_mode must be None or "rgb_array". Received: {render_mode!r}')
        self.game = game
        self.render_mode = render_mode
        self._worlds = TensorVectorEnv(game, 1, autoreset_mode=AutoresetMode.DISABLED)
        self._action: int | None = None
        self.observation_space = self._worlds.single_observation_space
        self.action_space = self._worlds.single_action_space

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begin anew; returns the observation and no infos."""
        super().reset(seed=seed)
        self._worlds.np_random = self.np_random
        self._action = None
        observations, _ = self._worlds.reset()
        return observations[0], {}

    def render(self) -> np.ndarray | None:  # type: ignore[override]
        """The world as it is now, `(H, W, 3)` uint8; None without a render mode.

        Raises:
            GameError: There is no drawing of this game.
            gymnasium.error.ResetNeeded: It has not begun.
        """
        from games import rendering

        if self.render_mode is None:
            gymnasium.logger.warn('make the environment with render_mode="rgb_array" to have pictures')
            return None
        self._worlds._check_begun()
        state = tf.nest.map_structure(lambda part: part.numpy()[0], self._worlds._state)
        return rendering.picture(self.game, state, self._action)

    def step(self, action: int) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """One action: observation, reward, whether it is over, whether time ran out, no infos.

        Raises:
            GameError: No such action, or the game is over.
            gymnasium.error.ResetNeeded: It has not begun.
        """
        observations, rewards, terminations, truncations, _ = self._worlds.step(np.array([action]))
        self._action = int(action)
        return observations[0], float(rewards[0]), bool(terminations[0]), bool(truncations[0]), {}


def check_official(env: "gymnasium.Env | gymnasium.vector.VectorEnv", name: str = "") -> None:
    """Say, before anything is trained, where our agents can't play an environment of Gymnasium.

    Args:
        env: The environment, or a vector of them.
        name: Its id, for messages; "": as its spec has it.

    Raises:
        GameError: Its actions are not `Discrete`, numbered from 0, or `games.spaces.reading_of` can't read
            its observations.
    """
    actions = getattr(env, "single_action_space", env.action_space)
    observations = getattr(env, "single_observation_space", env.observation_space)
    name = name or (env.spec.id if env.spec else type(env.unwrapped).__name__)
    spaces = gymnasium.spaces
    if not isinstance(actions, spaces.Discrete):
        continuous = isinstance(actions, spaces.Box)
        kind = "continuous (Box)" if continuous else type(actions).__name__
        hint = (
            ': wrap it in DiscretizeAction, as in --data.wrappers \'[{"DiscretizeAction": {"bins": 5}}]\''
            if continuous
            else ""
        )
        raise GameError(f"{name} has actions that are {kind}; agents here choose from Discrete ones{hint}")
    if actions.start != 0:
        raise GameError(f"{name} numbers its actions from {actions.start}; agents here number them from 0")
    reading_of(observations, name)


NAMESPACE = "NeuralArcade"


def make(game: str, render_mode: str | None = None, **settings: Any) -> TensorEnv:
    """Entry point of the ids that `register` makes known: a game by its name, with some settings changed."""
    return TensorEnv(find(game, **settings), render_mode)


def make_vector(game: str, num_envs: int, render_mode: str | None = None, **settings: Any) -> TensorVectorEnv:
    """The same for `gymnasium.make_vec`; there are no pictures of many worlds.

    Raises:
        GameError: A render mode is asked for.
    """
    if render_mode is not None:
        raise GameError(f"render_mode must be None for many worlds. Received: {render_mode!r}")
    autoreset_mode = settings.pop("autoreset_mode", AutoresetMode.NEXT_STEP)
    return TensorVectorEnv(find(game, **settings), num_envs, autoreset_mode=autoreset_mode)


def id_of(name: str) -> str:
    """The id of a game by its name, such as "NeuralArcade/SpaceInvaders-v0"."""
    game = GAMES[name]
    kind = type(game).__name__
    return f"{NAMESPACE}/{kind}{'' if game == type(game)() else 'Masked'}-v0"


def register() -> None:
    """Make our games known to Gymnasium; importing this module does it.

    >>> import games.gymnasium_env
    >>> env = gymnasium.make("NeuralArcade/Breakout-v0", render_mode="rgb_array")
    >>> envs = gymnasium.make_vec("NeuralArcade/TMaze-v0", num_envs=8, length=50)
    """
    for name in GAMES:
        if id_of(name) not in gymnasium.registry:
            gymnasium.register(
                id_of(name),
                entry_point=f"{__name__}:make",
                vector_entry_point=f"{__name__}:make_vector",
                kwargs={"game": name},
            )


register()
