"""The walk over a model's `config.json`: from what a file claims to settings that are safe to build.

Nothing of the file is built, called or looked up here; this module imports no Keras. What comes out is
written anew from the names in `names`: a setting that is not understood is refused, never passed on.
"""

import json
import math
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from inspection.quarantine import names
from inspection.quarantine.limits import (
    MOST_ATTEMPTS,
    MOST_CALLS,
    MOST_CONFIG,
    MOST_DEPTH,
    MOST_LAYERS,
    MOST_NAME,
    MOST_NESTED,
    MOST_NUMBER,
    MOST_SPECTRUM,
    MOST_TENSORS,
    MOST_TEXT,
    QuarantineError,
)

DAMAGED = "this is no .keras file, or a damaged one"
SPECTRUM = ("fft_length", "frame_length", "frame_step", "sequence_length", "sequence_stride", "num_mel_bins")
KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
PATH = re.compile(r"[A-Za-z0-9_/.:-]*")  # of a layer in a map of policies, which Keras reads as a pattern


def clean(text: bytes) -> dict[str, Any]:
    """The settings of a model, written anew from what is allowed.

    Weights come from the file, so every initializer becomes "zeros". What only a training needs is left out:
    the settings of `compile`. Recurrent layers are not unrolled, which computes the same.

    Args:
        text: `config.json`.

    Returns: What `keras.saving.deserialize_keras_object` builds a functional or Sequential model from.

    Raises:
        QuarantineError: A part is not allowed, too large, or makes no sense.
    """
    if len(text) > MOST_CONFIG:
        raise QuarantineError(
            f"its settings take {len(text) / 2**20:.1f} MiB, more than the {MOST_CONFIG // 2**20} "
            f"that are read here"
        )
    try:
        config = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise QuarantineError(DAMAGED) from error
    if not isinstance(config, dict):
        raise QuarantineError(DAMAGED)
    if config.get("class_name") not in names.MODELS:
        raise QuarantineError(
            f"it holds {_shown(config.get('class_name'))} and no functional or Sequential model of Keras"
        )
    return _Walk().model(config, 0)[0]


@dataclass
class _Walk:
    """Counts what was met so far.

    Args:
        layers: Entries of layers.
    """

    layers: int = 0

    def model(self, entry: Mapping[str, Any], nested: int) -> tuple[dict[str, Any], int]:
        """A model's entry, and how many calls of layers one use of it takes."""
        if nested > MOST_NESTED:
            raise QuarantineError(f"it nests models more than {MOST_NESTED} deep")
        kind = entry["class_name"]
        config = _mapping(entry.get("config"), f"the settings of {kind}")
        _builtin(entry, names.MODEL_MODULES)
        name = _name(config.get("name"))
        listed = config.get("layers")
        if not isinstance(listed, list) or not listed:
            raise QuarantineError(f"model {_shown(name)} has no layers")
        self.layers += len(listed)
        if self.layers > MOST_LAYERS:
            raise QuarantineError(
                f"it has {self.layers:,} layers, more than the {MOST_LAYERS:,} that are read here"
            )
        safe: dict[str, Any] = {"name": name, "trainable": bool(config.get("trainable", True))}
        if kind == "Sequential":
            found = [self.layer(_mapping(each, "a layer"), nested) for each in listed]
            safe["layers"] = [each for each, _ in found]
            shape = config.get("build_input_shape")
            if shape is None and isinstance(entry.get("build_config"), Mapping):
                shape = entry["build_config"].get("input_shape")
            if shape is not None:
                safe["build_input_shape"] = _shape(shape)
            calls = sum(each for _, each in found)
        else:
            calls = self.graph(config, safe, listed, nested)
        if calls > MOST_CALLS:
            raise QuarantineError(f"it calls its layers {calls:,} times, more than {MOST_CALLS:,}")
        made = {
            "module": names.MODELS[kind],
            "class_name": kind,
            "config": safe,
            "registered_name": None if kind == "Sequential" else kind,
        }
        return {**made, **_sharing(entry)}, calls

    def graph(self, config: Mapping, safe: dict[str, Any], listed: list, nested: int) -> int:
        """Fill in the layers of a functional model, its inputs and its outputs; how many calls it takes."""
        entries: dict[str, dict[str, Any]] = {}
        uses: dict[str, list[set[tuple[str, int]]]] = {}
        calls = 0
        for each in listed:
            entry = _mapping(each, "a layer")
            name = _name(entry.get("name"))
            if name in entries:
                raise QuarantineError(f"two of its layers are named {_shown(name)}")
            made, cost = self.layer(entry, nested)
            nodes = entry.get("inbound_nodes")
            if not isinstance(nodes, list):
                raise QuarantineError(f"layer {_shown(name)} has no list of calls")
            read = [_node(node, name) for node in nodes]
            entrance = made["class_name"] == "InputLayer"
            if entrance == bool(read):
                raise QuarantineError(
                    f"input {_shown(name)} is computed from others"
                    if entrance
                    else f"layer {_shown(name)} is never called"
                )
            entries[name] = {**made, "name": name, "inbound_nodes": [node for node, _ in read]}
            uses[name] = [tensors for _, tensors in read] or [set()]
            calls += cost * len(uses[name])
            if calls > MOST_CALLS:
                break  # the caller says so
        order = _order(uses)
        safe["layers"] = [entries[name] for name in order]
        for end in ("input_layers", "output_layers"):
            safe[end] = _ends(config.get(end), entries, end.partition("_")[0])
        return calls

    def layer(self, entry: Mapping[str, Any], nested: int, depth: int = 0) -> tuple[dict[str, Any], int]:
        """A layer's or an operation's entry, and how many calls one use of it takes."""
        kind, module = entry.get("class_name"), entry.get("module")
        if kind in names.MODELS:
            return self.model(entry, nested + 1)
        if not isinstance(kind, str) or not isinstance(module, str):
            raise QuarantineError(
                f"a layer of the kind {_shown(kind)} is not described as Keras 3 describes one"
            )
        if module in names.OPERATIONS and kind in names.OPERATIONS[module]:
            _builtin(entry, (module,))
            config, calls = self.settings(_mapping(entry.get("config"), kind), nested, depth + 1)
            return {
                "module": module,
                "class_name": kind,
                "config": config,
                "registered_name": kind,
            }, calls + 1
        if kind not in (names.LAYERS if module == "keras.layers" else names.APPLICATIONS.get(module, ())):
            raise QuarantineError(
                f"it holds {_shown(f'{module}.{kind}')}, and only layers that Keras ships and that run no "
                f"code of their own are loaded"
            )
        _builtin(entry, (module,))
        config, calls = self.settings(_mapping(entry.get("config"), kind), nested, depth + 1)
        if kind == "InputLayer":
            shape = config.get("batch_shape", config.get("batch_input_shape"))
            config = {**config, "batch_shape": _shape(shape)}
            config.pop("batch_input_shape", None)
            if config.get("sparse") or config.get("ragged"):
                raise QuarantineError("it takes sparse or ragged inputs")
        if "unroll" in config:
            config["unroll"] = False
        made = {"module": module, "class_name": kind, "config": config, "registered_name": None}
        return {**made, **_sharing(entry)}, calls + 1

    def settings(self, config: Mapping, nested: int, depth: int) -> tuple[dict[str, Any], int]:
        """The settings of a layer, and how many calls the layers in them take."""
        safe: dict[str, Any] = {}
        calls = 0
        for key, value in config.items():
            if not KEY.fullmatch(key) or len(key) > MOST_NAME:
                raise QuarantineError(f"{_shown(key)} is no setting of a layer")
            if key == "name":
                safe[key] = _name(value)
            elif key == "dtype":
                safe[key] = _policy(value)
            elif key.endswith("_initializer"):
                safe[key] = _initializer(value)
            elif key.endswith("_regularizer"):
                safe[key] = _named(value, names.REGULARIZERS, "keras.regularizers", "regularizer")
            elif key.endswith("_constraint"):
                safe[key] = _named(value, names.CONSTRAINTS, "keras.constraints", "constraint")
            elif key.endswith("activation") and not _is_layer(value):
                safe[key] = _activation(value)
            elif key == "quantization_config":
                safe[key] = _quantizer(value)
            else:
                safe[key], more = self.value(value, nested, depth, key)
                calls += more
        return safe, calls

    def value(self, value: Any, nested: int, depth: int, key: str) -> tuple[Any, int]:
        """A setting of a layer, and how many calls the layers in it take."""
        if depth > MOST_DEPTH:
            raise QuarantineError(f"its settings are nested more than {MOST_DEPTH} deep")
        if _is_layer(value):
            self.layers += 1
            if self.layers > MOST_LAYERS:
                raise QuarantineError(f"it has more than {MOST_LAYERS:,} layers")
            return self.layer(value, nested, depth)
        if isinstance(value, list):
            found = [self.value(each, nested, depth + 1, key) for each in value]
            return [each for each, _ in found], sum(calls for _, calls in found)
        if key in SPECTRUM and isinstance(value, int) and value > MOST_SPECTRUM:
            raise QuarantineError(f"{key} is {value:,}, more than {MOST_SPECTRUM:,}")
        if key == "seed" and isinstance(value, dict):
            return None, 0  # a generator of Keras: its state is among the weights
        return _plain(value, depth, most=2**64 if key in ("seed", "salt") else MOST_NUMBER), 0


# Parts


def _builtin(entry: Mapping[str, Any], modules: Collection[str]) -> None:
    """Raise a QuarantineError where an entry names a module or a registered class of its own."""
    kind, registered = entry["class_name"], entry.get("registered_name")
    if entry.get("module") not in modules:
        raise QuarantineError(
            f"{kind} is of {_shown(entry.get('module'))}, which is no module of Keras for it"
        )
    if registered not in (None, kind):
        raise QuarantineError(f"{kind} is registered as {_shown(registered)}, which is code of its own")


def _sharing(entry: Mapping[str, Any]) -> dict[str, int]:
    """By what number layers are known that several nested models share."""
    number = entry.get("shared_object_id")
    if number is None:
        return {}
    if not isinstance(number, int):
        raise QuarantineError(f"{_shown(number)} is no number of a shared layer")
    return {"shared_object_id": number}


def _is_layer(value: Any) -> bool:
    kind = value.get("class_name") if isinstance(value, Mapping) else None
    return isinstance(kind, str) and not kind.startswith("__") and value.get("module") not in _NO_LAYERS


_NO_LAYERS = ("keras.activations", "builtins", "keras.initializers", "keras.random")


def _plain(value: Any, depth: int, most: int = MOST_NUMBER) -> Any:
    """A value of numbers, short texts, lists and plain objects; or an array, a slice."""
    if depth > MOST_DEPTH:
        raise QuarantineError(f"its settings are nested more than {MOST_DEPTH} deep")
    if value is None or isinstance(value, (bool, float)):
        return value
    if isinstance(value, int):
        if abs(value) > most:
            raise QuarantineError(f"a setting is a number of {len(str(abs(value)))} digits")
        return value
    if isinstance(value, str):
        if len(value) > MOST_TEXT:
            raise QuarantineError(f"a setting is a text of {len(value):,} characters")
        return value
    if isinstance(value, list):
        return [_plain(each, depth + 1, most) for each in value]
    kind = value.get("class_name")
    if kind is None:
        return {_key(key): _plain(each, depth + 1, most) for key, each in value.items()}
    config = value.get("config")
    if kind in ("__numpy__", "__tensor__") and isinstance(config, dict):
        return {
            "class_name": kind,
            "config": {"value": _numbers(config.get("value")), "dtype": _dtype(config)},
        }
    if kind == "__slice__" and isinstance(config, dict):
        ends = {end: _plain(config.get(end), depth + 1, most) for end in ("start", "stop", "step")}
        return {"class_name": kind, "config": ends}
    if kind == "__ellipsis__":
        return {"class_name": kind, "config": {}}
    raise QuarantineError(f"a setting is {_shown(kind)}, which is not allowed there")


def _key(key: str) -> str:
    if len(key) > MOST_NAME:
        raise QuarantineError(f"a setting has a name of {len(key):,} characters")
    return key


def _numbers(value: Any, depth: int = 0) -> Any:
    """An array as nested lists of numbers."""
    if isinstance(value, list) and depth < 8:
        return [_numbers(each, depth + 1) for each in value]
    if isinstance(value, (bool, int, float)) and (not isinstance(value, int) or abs(value) <= 2**64):
        return value
    raise QuarantineError("an array in its settings holds something else than numbers")


def _dtype(config: Mapping[str, Any]) -> str:
    found = config.get("dtype")
    if not isinstance(found, str) or found not in names.DTYPES:
        raise QuarantineError(f"{_shown(found)} is no type of numbers that Keras knows")
    return found


def _policy(value: Any) -> Any:
    """A dtype, or a policy of dtypes."""
    if value is None or (isinstance(value, str) and _is_policy_name(value)):
        return value
    config = value.get("config") if isinstance(value, Mapping) else None
    if isinstance(config, Mapping):
        kind = value.get("class_name")
        if kind == "DTypePolicyMap":
            policies = config.get("policy_map")
            if isinstance(policies, Mapping) and all(PATH.fullmatch(path[:1000]) for path in policies):
                safe = {path: _policy(each) for path, each in policies.items() if len(path) <= 1000}
                given = {"default_policy": _policy(config.get("default_policy")), "policy_map": safe}
                return _keras_object("keras.dtype_policies", kind, given)
        elif kind in names.POLICIES:
            return _keras_object("keras.dtype_policies", kind, _plain(dict(config), 0))
    raise QuarantineError(f"{_shown(value)} is no type of numbers that Keras knows")


def _is_policy_name(name: str) -> bool:
    return name in names.DTYPES or name in ("mixed_float16", "mixed_bfloat16")


def _keras_object(module: str, kind: str, config: Any) -> dict[str, Any]:
    return {"module": module, "class_name": kind, "config": config, "registered_name": None}


def _named(value: Any, allowed: Collection[str], module: str, what: str) -> Any:
    """A regularizer, a constraint or an initializer: None, a name, or an object of plain numbers."""
    if value is None:
        return None
    if isinstance(value, str) and value in _spellings(allowed):
        return value
    if isinstance(value, Mapping) and value.get("class_name") in allowed and value.get("module") == module:
        _builtin(value, (module,))
        config = _mapping(value.get("config"), f"the settings of a {what}")
        return _keras_object(module, value["class_name"], _plain(dict(config), 0, most=2**64))
    raise QuarantineError(f"{_shown(value)} is no {what} that is allowed here")


def _spellings(allowed: Collection[str]) -> set[str]:
    return {spelling for name in allowed for spelling in (name, names.snake(name))} | {"l1", "l2", "l1_l2"}


def _initializer(value: Any) -> str | None:
    if isinstance(value, Mapping) and value.get("class_name") in ("__numpy__", "__tensor__"):
        _plain(dict(value), 0)
        return "zeros"
    return None if _named(value, names.INITIALIZERS, "keras.initializers", "initializer") is None else "zeros"


def _activation(value: Any) -> str | None:
    """An activation's name; it may be written as a function of Keras."""
    if value is None or (isinstance(value, str) and value in names.ACTIVATIONS):
        return value
    if isinstance(value, Mapping) and value.get("class_name") == "function":
        name, module = value.get("config"), value.get("module")
        known = isinstance(name, str) and name in names.ACTIVATIONS
        plain = module in ("keras.activations", "builtins")
        if known and plain and value.get("registered_name") in (None, "function", name):
            return name
    raise QuarantineError(f"{_shown(value)} is no activation that Keras ships")


def _quantizer(value: Any) -> Any:
    if value is None:
        return None
    config = value.get("config") if isinstance(value, Mapping) else None
    if not isinstance(config, Mapping) or value.get("class_name") not in names.QUANTIZERS:
        raise QuarantineError(f"{_shown(value)} is no way to quantize that is allowed here")
    safe = {
        _key(key): _quantizer(each) if isinstance(each, Mapping) else _plain(each, 0)
        for key, each in config.items()
    }
    return _keras_object("keras.quantizers", value["class_name"], safe)


def _node(node: Any, name: str) -> tuple[dict[str, Any], set[tuple[str, int]]]:
    """A call of a layer, and what it takes: of which layers, of which of their calls."""
    if not isinstance(node, Mapping) or not isinstance(node.get("args"), list):
        raise QuarantineError(f"a call of layer {_shown(name)} is not described as Keras 3 describes one")
    kwargs = _mapping(node.get("kwargs"), f"a call of layer {_shown(name)}")
    tensors: set[tuple[str, int]] = set()
    args = [_argument(each, tensors, 0) for each in node["args"]]
    safe = {_key(key): _argument(each, tensors, 0) for key, each in kwargs.items()}
    if not tensors:
        raise QuarantineError(
            f"layer {_shown(name)} is called with constants alone, so it would compute while it is loaded"
        )
    return {"args": args, "kwargs": safe}, tensors


def _argument(value: Any, tensors: set[tuple[str, int]], depth: int) -> Any:
    """An argument of a call; the tensors in it are added to `tensors`."""
    if depth > MOST_DEPTH:
        raise QuarantineError(f"its calls are nested more than {MOST_DEPTH} deep")
    if isinstance(value, list):
        return [_argument(each, tensors, depth + 1) for each in value]
    if not isinstance(value, Mapping):
        return _plain(value, depth)
    if value.get("class_name") != "__keras_tensor__":
        if "class_name" in value:
            return _plain(dict(value), depth)
        return {_key(key): _argument(each, tensors, depth + 1) for key, each in value.items()}
    config = _mapping(value.get("config"), "a tensor")
    name, node, place = _end(config.get("keras_history"))
    tensors.add((name, node))
    shape, dtype = _shape(config.get("shape")), _dtype(config)
    return {
        "class_name": "__keras_tensor__",
        "config": {"shape": shape, "dtype": dtype, "keras_history": [name, node, place]},
    }


def _end(value: Any) -> tuple[str, int, int]:
    """Name of a layer, number of its call, number of that call's output."""
    if isinstance(value, list) and len(value) == 3:
        name, node, place = value
        if isinstance(name, str) and all(
            type(each) is int and 0 <= each < MOST_CALLS for each in (node, place)
        ):
            return _name(name), node, place
    raise QuarantineError("one of its tensors belongs to no layer")


def _ends(value: Any, entries: Collection[str], what: str) -> Any:
    """The inputs or the outputs of a model, in whatever structure."""
    found: list[str] = []

    def walk(each: Any, depth: int) -> Any:
        if depth > MOST_NESTED:
            raise QuarantineError(f"its {what}s are nested more than {MOST_NESTED} deep")
        if isinstance(each, list) and each and isinstance(each[0], str):
            name, node, place = _end(each)
            if name not in entries:
                raise QuarantineError(f"it has no layer {_shown(name)}, which is to be its {what}")
            found.append(name)
            return [name, node, place]
        if isinstance(each, list):
            return [walk(one, depth + 1) for one in each]
        if isinstance(each, Mapping):
            return {_key(key): walk(one, depth + 1) for key, one in each.items()}
        raise QuarantineError(f"its {what}s are not described as Keras 3 describes them")

    safe = walk(value, 0)
    if not 0 < len(found) <= MOST_TENSORS:
        raise QuarantineError(f"it has {len(found):,} {what}s; 1 to {MOST_TENSORS} are allowed")
    return safe


def _order(uses: Mapping[str, list[set[tuple[str, int]]]]) -> list[str]:
    """The layers in an order in which Keras builds the graph without many rounds.

    Args:
        uses: For each layer what each of its calls takes.

    Raises:
        QuarantineError: A call takes what does not exist, or, by way of others, itself.
    """
    for name, calls in uses.items():
        for tensors in calls:
            for source, number in tensors:
                if source not in uses or number >= len(uses[source]):
                    raise QuarantineError(
                        f"layer {_shown(name)} takes the output of {_shown(source)}, which it lacks"
                    )
    order = list(_rounds(uses, list(uses)))
    attempts = sum(1 for _ in _attempts(uses, order))
    if attempts > MOST_ATTEMPTS:
        raise QuarantineError("its layers are called in too tangled an order")
    return order


def _rounds(uses: Mapping[str, list[set[tuple[str, int]]]], waiting: list[str]) -> Iterator[str]:
    """The layers, each after those that its first call takes."""
    done: set[str] = set()
    takers: dict[str, list[str]] = {}
    missing: dict[str, int] = {}
    for name in waiting:
        sources = {source for source, _ in uses[name][0]}
        missing[name] = len(sources)
        for source in sources:
            takers.setdefault(source, []).append(name)
    ready = [name for name in waiting if not missing[name]]
    for name in ready:  # grows while it is read
        done.add(name)
        yield name
        for taker in takers.get(name, ()):
            missing[taker] -= 1
            if not missing[taker]:
                ready.append(taker)
    if len(done) < len(waiting):
        raise QuarantineError("its layers take each other's outputs in a circle")


def _attempts(uses: Mapping[str, list[set[tuple[str, int]]]], order: list[str]) -> Iterator[str]:
    """Each attempt that Keras makes at a call, when it passes over the layers until all calls are made."""
    made = dict.fromkeys(order, 0)
    left = [name for name in order if uses[name]]
    while left:
        before = sum(made.values())
        for name in left:
            while made[name] < len(uses[name]):
                yield name
                if not all(number < made[source] for source, number in uses[name][made[name]]):
                    break
                made[name] += 1
        if sum(made.values()) == before:
            raise QuarantineError("its layers take each other's outputs in a circle")
        left = [name for name in left if made[name] < len(uses[name])]


def _mapping(value: Any, what: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise QuarantineError(f"{what} is no object, as it must be")
    return value


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise QuarantineError(f"{_shown(value)} is no name")
    if len(value) > MOST_NAME:
        raise QuarantineError(f"one of its names has {len(value):,} characters, more than {MOST_NAME}")
    return value


def _shape(value: Any) -> list[int | None]:
    if (
        not isinstance(value, list)
        or len(value) > 12
        or not all(each is None or (type(each) is int and 0 <= each <= MOST_NUMBER) for each in value)
    ):
        raise QuarantineError(f"{_shown(value)} is no shape")
    return value


def _shown(value: Any) -> str:
    """A value as a message names it: short, and an object by its class."""
    if isinstance(value, Mapping):
        module, kind = value.get("module"), value.get("class_name", "object")
        named = value.get("config") if kind == "function" else kind
        value = f"{module}.{named}" if isinstance(module, str) else str(named)
    text = str(value) if not isinstance(value, float) or math.isfinite(value) else "a number without bounds"
    return repr(text if len(text) <= 80 else text[:77] + "...")
