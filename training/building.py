"""Models that a machine can hold: settings are checked before a model of them is built.

The settings of a run may come from anywhere, and a digit too many is typed easily.
"""

import dataclasses
import math
import os
import random
import threading
from collections.abc import Callable
from typing import Any

import keras

from training.settings import SettingsError

MOST = 10**7  # of a setting that is a number
MOST_REPEATED = 256  # layers of one kind: a depth, or the length of a list of widths
REPEATS = ("depth", "depths")
COPIES = 4  # of each weight while it is trained: itself, its gradient, two moments
COUNTED = 10**8  # weights that a model may have, by the roughest estimate, before they are counted


def check(config: Any, build: Callable[[], keras.Model]) -> None:
    """Raise a SettingsError where a model is too large for this machine.

    Args:
        config: The architecture's `Config`.
        build: What builds the model of it; called without making any weight, and only for large settings.
    """
    numbers = [
        _check_setting(field.name, getattr(config, field.name)) for field in dataclasses.fields(config)
    ]
    largest = max((number for found in numbers for number in found), default=1)
    if largest**2 * sum(map(len, numbers)) <= COUNTED:
        return
    weights, memory = _count(build), _memory()
    if weights is not None and memory and 4 * COPIES * weights > memory:
        raise SettingsError(
            f"the model has {weights:,} weights, which take {4 * COPIES * weights / 2**30:,.0f} GiB to be "
            f"trained. This machine has {memory / 2**30:,.0f} GiB: take smaller model settings"
        )


def _check_setting(name: str, value: Any) -> list[int]:
    """The whole numbers of a setting; of an input's shape their product."""
    values = list(value) if isinstance(value, tuple) else [value]
    numbers = [each for each in values if isinstance(each, int) and not isinstance(each, bool)]
    if name == "input_shape":
        return [math.prod(numbers)]
    if len(values) > MOST_REPEATED or (name in REPEATS and max(numbers, default=0) > MOST_REPEATED):
        raise SettingsError(f"model.{name} may repeat a layer {MOST_REPEATED} times at the most")
    if max(numbers, default=0) > MOST:
        raise SettingsError(f"model.{name} must be {MOST:,} at the most. Received: {max(numbers):,}")
    return numbers


def _count(build: Callable[[], keras.Model]) -> int | None:
    """Weights of a model, none of which is made; None where Keras can't tell.

    In a thread of its own: Keras notes for each thread the variables that wait for their values.
    """
    found: list[int] = []

    def run() -> None:
        with keras.StatelessScope(initialize_variables=False):
            try:
                found.append(sum(math.prod(variable.shape) for variable in build().variables))
            except ValueError:  # the caller meets it again
                return

    drawn = random.getstate()  # Keras draws the seeds of layers and initializers there
    thread = threading.Thread(target=run, name="count weights")
    thread.start()
    thread.join()
    random.setstate(drawn)
    return found[0] if found else None


def _memory() -> int:
    """Bytes of memory of this machine; 0 where the system does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return 0
