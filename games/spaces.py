"""How agents see Gymnasium's observation spaces: one array of numbers, whatever the space is made of."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from games import GameError

MAX_NUMBERS = 2**20  # in an observation
KINDS = "Box, Discrete, MultiDiscrete, MultiBinary, and Tuple or Dict of these"


class Reading(NamedTuple):
    """How observations of a space are read.

    Args:
        shape: Shape of an observation as an agent sees it.
        channels: Name of each entry of its last axis.
        kept: Type as which the numbers are kept; see `games.game.Playable`.
        read: Function from an observation of the space to an array of that shape and type.
    """

    shape: tuple[int, ...]
    channels: tuple[str, ...]
    kept: tf.DType
    read: Callable[[Any], np.ndarray]


def reading_of(space: Any, name: str = "the environment") -> Reading:
    """How agents read observations of a space.

    - `Box`: as it is. Bytes up to 255 become numbers from 0 to 1. What has 1, 3 or 4 of something first and
      not last is taken for channels, which go last.
    - `Discrete`, `MultiDiscrete`: one-hot. `MultiBinary`: as it is.
    - `Tuple`, `Dict`, nested too: one vector, the parts one after the other in the space's own order.

    Args:
        space: One of Gymnasium's spaces.
        name: The environment, for messages.

    Raises:
        GameError: Agents can't see such a space, or it has more than `MAX_NUMBERS` numbers.
    """
    _check_kind(space, name)
    count = count_of(space)
    if count > MAX_NUMBERS:
        raise GameError(f"{name} has observations of {count} numbers; agents here see at most {MAX_NUMBERS}")
    return _reading(space)


def count_of(space: Any) -> int:
    """Numbers of an observation as agents see it."""
    from games.gymnasium_env import gymnasium

    parts = _parts_of(space)
    if parts is not None:
        return sum(count_of(part) for _, part in parts)
    if isinstance(space, gymnasium.spaces.Discrete):
        return int(space.n)
    if isinstance(space, gymnasium.spaces.MultiDiscrete):
        return int(np.sum(space.nvec))
    return math.prod(space.shape)


def _parts_of(space: Any) -> list[tuple[Any, Any]] | None:
    """Keys and spaces of a `Tuple` or `Dict`; None for any other space."""
    from games.gymnasium_env import gymnasium

    if isinstance(space, gymnasium.spaces.Dict):
        return list(space.spaces.items())
    if isinstance(space, gymnasium.spaces.Tuple):
        return list(enumerate(space.spaces))
    return None


def _check_kind(space: Any, name: str) -> None:
    from games.gymnasium_env import gymnasium

    spaces = gymnasium.spaces
    parts = _parts_of(space)
    for key, part in parts or ():
        _check_kind(part, f"{name}, part {key!r},")
    fits = isinstance(space, spaces.Box | spaces.Discrete | spaces.MultiDiscrete | spaces.MultiBinary)
    if not fits and not parts:
        kind = f"an empty {type(space).__name__}" if parts == [] else type(space).__name__
        raise GameError(f"{name} has observations that are {kind}; agents here see {KINDS}")


def _reading(space: Any) -> Reading:
    from games.gymnasium_env import gymnasium

    spaces = gymnasium.spaces
    parts = _parts_of(space)
    if parts is not None:
        return _joined([key for key, _ in parts], [_reading(part) for _, part in parts])
    if isinstance(space, spaces.Discrete | spaces.MultiDiscrete):
        return _one_hot(space)
    shape, kept = space.shape or (1,), tf.float32
    if isinstance(space, spaces.MultiBinary):
        shape, kept = (math.prod(shape),), tf.bool
    elif space.dtype in (np.uint8, np.bool_) and space.high.max() in (1, 255):
        kept = tf.bool if space.high.max() == 1 else tf.uint8
    if len(shape) == 3 and shape[0] in (1, 3, 4) and shape[-1] not in (1, 3, 4):  # channels first

        def channels_last(observation: Any) -> np.ndarray:
            return np.moveaxis(np.asarray(observation, kept.as_numpy_dtype), 0, -1)

        return Reading((*shape[1:], shape[0]), _numbered(shape[0]), kept, channels_last)
    if kept != tf.float32 and len(shape) == 2:
        shape = (*shape, 1)

    def read(observation: Any) -> np.ndarray:
        return np.asarray(observation, kept.as_numpy_dtype).reshape(shape)

    return Reading(shape, _numbered(shape[-1]), kept, read)


def _one_hot(space: Any) -> Reading:
    """Of `Discrete` and `MultiDiscrete`."""
    choices = np.ravel(space.nvec if hasattr(space, "nvec") else space.n).astype(int)
    starts = np.ravel(space.start).astype(int)
    ends = np.cumsum(choices)
    places = ends - choices - starts
    count = int(ends[-1])

    def mark(observation: Any) -> np.ndarray:
        numbers = np.zeros(count, bool)
        numbers[np.ravel(observation) + places] = True
        return numbers

    return Reading((count,), _numbered(count), tf.bool, mark)


def _joined(keys: list[Any], parts: list[Reading]) -> Reading:
    """Of a `Tuple` or `Dict`: one vector of all its parts."""
    kept = tf.bool if all(part.kept == tf.bool for part in parts) else tf.float32
    kind = kept.as_numpy_dtype

    def vector(part: Reading, observation: Any) -> np.ndarray:
        numbers = part.read(observation).ravel().astype(kind)
        return numbers / 255 if part.kept == tf.uint8 else numbers

    def read(observation: Any) -> np.ndarray:
        pairs = zip(keys, parts, strict=True)
        return np.concatenate([vector(part, observation[key]) for key, part in pairs], dtype=kind)

    names: list[str] = []
    for key, part in zip(keys, parts, strict=True):
        count = math.prod(part.shape)
        names += [
            f"{key}: {name}" for name in (part.channels if len(part.channels) == count else _numbered(count))
        ]
    return Reading((len(names),), tuple(names), kept, read)


def _numbered(count: int) -> tuple[str, ...]:
    return tuple(f"number {number}" for number in range(count))
