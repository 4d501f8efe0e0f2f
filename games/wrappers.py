"""Gymnasium's wrappers by name: those that settings may ask for, and how their arguments are read.

The list is closed: a name from a command line or from a run's `config.json` never imports anything.
"""

import inspect
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from games import GameError
from training.settings import JSON, unknown

ALLOWED = (
    "AddRenderObservation",
    "AddWhiteNoise",
    "ClipReward",
    "DelayObservation",
    "DiscretizeAction",
    "DiscretizeObservation",
    "FilterObservation",
    "FlattenObservation",
    "FrameStackObservation",
    "GrayscaleObservation",
    "MaxAndSkipObservation",
    "ObstructView",
    "RepeatAction",
    "RescaleObservation",
    "ReshapeObservation",
    "ResizeObservation",
    "StickyAction",
    "TimeAwareObservation",
)
INSTEAD = {  # wrappers that people look for, and what does the same here
    "NormalizeObservation": "set model.normalize_observations to true, which is saved with the model",
    "NormalizeReward": "set agent.normalize_rewards to true, which is saved with the checkpoint",
    "TimeLimit": "set data.max_episode_steps",
    "AtariPreprocessing": "train atari_ppo, with its rom in data.rom",
}
LEARNING_ONLY = ("ClipReward",)  # scores are always as the environment gives them
ARRAYS = ("min_obs", "max_obs")  # arguments that must be arrays of the observations' type
IMAGES = "AddRenderObservation"  # asks the environment for pictures


class Wrappers(JSON):
    """A list of wrappers, the innermost first: a name, or a name with arguments.

    Text may be JSON, `["TimeAwareObservation", {"FrameStackObservation": {"stack_size": 4}}]`, or names
    alone, `TimeAwareObservation,FlattenObservation`.

    Raises:
        ValueError: The text is no such list, or a name is not one of `ALLOWED`.
    """

    example: str = '["TimeAwareObservation", {"FrameStackObservation": {"stack_size": 4}}]'

    @classmethod
    def read(cls, text: str) -> Any:
        if text.strip().startswith("["):
            return super().read(text)
        return [name.strip() for name in text.split(",") if name.strip()]

    @classmethod
    def checked(cls, value: Any) -> list[Any]:
        items = [value] if isinstance(value, str | Mapping) else value
        if not isinstance(items, list | tuple):
            raise ValueError(f"must be a list of wrappers, such as {cls.example}. Received: {value!r}")
        found: list[Any] = []
        for item in items:
            pairs = {item: {}} if isinstance(item, str) else item
            fits = isinstance(pairs, Mapping) and len(pairs) == 1
            if not fits or not all(isinstance(arguments, Mapping) for arguments in pairs.values()):
                raise ValueError(
                    f"must hold names, or objects of one name and its arguments, such as {cls.example}. "
                    f"Received: {json.dumps(item)}"
                )
            ((name, arguments),) = pairs.items()
            if name in INSTEAD:
                raise ValueError(f"can't hold {name}: {INSTEAD[name]}")
            if name not in ALLOWED:
                raise ValueError(f"can't hold that: {unknown('wrapper', name, ALLOWED)}")
            found.append({name: dict(arguments)} if arguments else name)
        return found

    @property
    def pairs(self) -> list[tuple[str, dict[str, Any]]]:
        """Name and arguments of each."""
        return [(item, {}) if isinstance(item, str) else next(iter(item.items())) for item in self.value]


def wrap(env: Any, wrappers: Wrappers, learning: bool) -> Any:
    """An environment in its wrappers.

    Args:
        env: An environment of Gymnasium.
        wrappers: The wrappers, the innermost first.
        learning: Whether an agent learns in it; else those that change its rewards are left out.

    Raises:
        GameError: A wrapper has no such argument, or does not fit the environment.
    """
    from games.gymnasium_env import gymnasium

    for name, arguments in wrappers.pairs:
        if name in LEARNING_ONLY and not learning:
            continue
        kind = getattr(gymnasium.wrappers, name)
        known = list(inspect.signature(kind.__init__).parameters)[2:]  # but self and env
        for argument in arguments:
            if argument not in known:
                raise GameError(f"wrapper {name}: {unknown('argument', argument, known)}")
        values = {key: _value(key, value, env) for key, value in arguments.items()}
        try:
            env = kind(env, **values)
        except Exception as error:  # each wrapper raises what it likes
            raise GameError(f"wrapper {name} does not fit: {first_line(error)}") from error
    return env


def _value(name: str, value: Any, env: Any) -> Any:
    if name in ARRAYS:
        space = env.observation_space  # of a Dict the wrapper itself says that it does not fit
        return np.broadcast_to(np.asarray(value, space.dtype), space.shape or ())
    return tuple(value) if isinstance(value, list) else value


def first_line(error: Exception) -> str:
    """What an error says, in a line."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
