"""What is derived from a model is kept with the model, and goes when the model goes."""

import functools
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

import keras

P = ParamSpec("P")
T = TypeVar("T")

MOST = 1024  # results of one function for one model
# Keras passes over attributes of such names when it saves a model.
_PLACE = "__derived__"
_lock = threading.Lock()


class _Derived:
    """Results by function and arguments; no container that Keras would look into."""

    def __init__(self) -> None:
        self.results: dict[Any, OrderedDict[Any, Any]] = {}


def kept_with_model(
    function: Callable[Concatenate[keras.Model, P], T],
) -> Callable[Concatenate[keras.Model, P], T]:
    """Keep the results of a function of a model, and of other arguments that are hashable.

    A cache of the function's own would keep the model alive, with its weights, as long as the cache has room.
    The results refer to the model, so both are freed together by Python's collection of circles.
    `forget(model)` drops what is kept.
    """

    @functools.wraps(function)
    def kept(model: keras.Model, *args: P.args, **kwargs: P.kwargs) -> T:
        key = (args, tuple(sorted(kwargs.items())))
        with _lock:
            results = _derived(model).results.setdefault(kept, OrderedDict())
            if key in results:
                results.move_to_end(key)
                return results[key]
        found = function(model, *args, **kwargs)
        with _lock:
            found = results.setdefault(key, found)  # another thread may have been faster
            if len(results) > MOST:
                results.popitem(last=False)
        return found

    return kept


def forget(model: keras.Model) -> None:
    """Drop all that is kept with a model, since it has changed."""
    vars(model).pop(_PLACE, None)


def _derived(model: keras.Model) -> _Derived:
    # Not by `setattr`, with which Keras tracks what it is given.
    return vars(model).setdefault(_PLACE, _Derived())
