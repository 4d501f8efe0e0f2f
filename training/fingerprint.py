"""Whether a run's data are still those that it was trained on.

A run's `config.json` has the spec of its data and a fingerprint of their content:

    "fingerprint": {
      "version": 1,
      "splits": {"train": {"examples", "sha256", "sums"}, "validation": ..., "test": ...},
      "files": {"tokenizer.json": SHA-256},
      "environment": settings of an agent's environment
    }

Pixels, tokens and labels are hashed. Of floats `sums` has weighted sums, compared with a tolerance, because
processors and versions of NumPy differ in the last bits of a mean or a sine. Of an array larger than
`MOST_BYTES` evenly spaced rows count, so that the fingerprint of a large set takes about a second.
"""

import dataclasses
import hashlib
import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from data.source import DataUnavailable, Source, Spec, Split
from training.runs import RunError

VERSION = 1
SPLITS = ("train", "validation", "test")
TITLES = {"train": "training", "validation": "validation", "test": "test"}
MOST_BYTES = 256 * 2**20  # of an array that are looked at
TOLERANCE = 1e-6  # of a sum, as a share of the root of the sum of squares
SCALING_TOLERANCE = 1e-5  # of a mean or a standard deviation, relative
_PERIODS = (65_521, 32_749)  # weights repeat after so many entries, times a weight that never does
_CHUNK = 2**22  # entries at a time
_NAMED = 3  # changes that a message has

# Fields of a spec that decide what a model's inputs and outputs mean, and what a message calls them.
MEANING = {
    "input_shape": "the shape of an example",
    "classes": "the classes",
    "features": "the columns",
    "values": "the predicted values",
    "tokens": "the size of the vocabulary",
    "target_tokens": "the size of the target vocabulary",
    "languages": "the languages",
    "sample_rate": "the sample rate",
    "every_step": "whether each step has a target",
    "continued": "whether the next token is the target",
}
SCALING = {
    "centre": "the scaling of the inputs",
    "spread": "the scaling of the inputs",
    "value_centre": "the scaling of the values",
    "value_spread": "the scaling of the values",
}


class DataChanged(DataUnavailable):
    """The data of a run are not those that it was trained on; the message says what changed."""


@dataclass(frozen=True)
class Change:
    """What is another than when a run was trained.

    Args:
        meaning: Changes of classes, shapes, columns or tokens, each a phrase: the model does not fit.
        content: Changes of examples alone.
    """

    meaning: tuple[str, ...] = ()
    content: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.meaning or self.content)

    @property
    def sentence(self) -> str:
        """What changed, without the way out."""
        told = [*self.meaning, *self.content]
        more = f"; and {len(told) - _NAMED} more changes" if len(told) > _NAMED + 1 else ""
        named = told if not more else told[:_NAMED]
        return f"the data have changed since this run: {'; '.join(named)}{more}"


def of(source: Source, environment: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The fingerprint of data as plain JSON values.

    Args:
        source: The data.
        environment: Settings of the environment, for an agent, which has no examples.
    """
    found: dict[str, Any] = {
        "version": VERSION,
        "splits": {name: _split(getattr(source, name)) for name in SPLITS},
        "files": {name: hashlib.sha256(text.encode()).hexdigest() for name, text in source.files.items()},
    }
    return found if environment is None else {**found, "environment": dict(environment)}


def compare(
    config: Mapping[str, Any],
    source: Source,
    splits: Collection[str] = SPLITS,
) -> Change:
    """What has changed in a run's data.

    Args:
        config: The run's; of one without a fingerprint the spec alone is compared, and of one without a
            spec nothing.
        source: The data as they are now.
        splits: The splits whose content is compared.
    """
    stored = config.get("spec")
    if stored is None:
        return Change()
    known: Mapping[str, Any] = config.get("fingerprint") or {}
    agent = "environment" in known or config.get("architecture") == "policy"
    meaning = list(_meaning(stored, source.spec, agent))
    content = list(dict.fromkeys(_scaling(stored, source.spec)))
    if known.get("version") == VERSION:
        for name, text in source.files.items():
            before = known.get("files", {}).get(name)
            if before not in (None, hashlib.sha256(text.encode()).hexdigest()):
                meaning.append(f"{name} is another file")
        for name in SPLITS:
            if name in splits:
                content += _content(name, known.get("splits", {}).get(name), getattr(source, name))
        if agent:
            before, now = known.get("environment", {}), config.get("data", {})
            meaning += [
                f"the environment's {name} is {now[name]!r} and was {before[name]!r}"
                for name in before
                if name in now and now[name] != before[name]
            ]
    return Change(tuple(meaning), tuple(content))


def check(config: Mapping[str, Any], source: Source, splits: Collection[str] = SPLITS) -> str:
    """Compare the data of a run where they are only shown.

    Returns: A sentence where the content of the data has changed, else "".

    Raises:
        DataChanged: Classes, shapes, columns or tokens have changed.
    """
    change = compare(config, source, splits)
    if change.meaning:
        raise DataChanged(f"{change.sentence}. {WAY_OUT}")
    return change.sentence if change else ""


def stored_spec(config: Mapping[str, Any]) -> Spec | None:
    """The spec that a run's config has; None before the run has read its data.

    Raises:
        RunError: It has a field that no spec has.
    """
    stored = config.get("spec")
    if stored is None:
        return None
    strange = sorted(stored.keys() - {field.name for field in dataclasses.fields(Spec)})
    if strange:
        raise RunError(
            f"the run's spec has a field {strange[0][:80]!r}, which this version does not know: its "
            f"config.json was changed, or written by another version"
        )
    fields: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in stored.items()}
    return Spec(**fields)


WAY_OUT = "Put the data back as they were, or train a new run"


def rescaled(source: Source, stored: Spec) -> Source:
    """Data whose inputs and values are scaled as a run scales them, and not by their own mean and spread.

    Args:
        source: Data whose classes and shapes are those of the run.
        stored: The run's spec.
    """
    now = source.spec
    if all(_close(getattr(stored, name), getattr(now, name)) for name in SCALING):
        return source

    def moved(split: Any) -> Any:
        if not isinstance(split, Split) or split.scale != 1:
            return split
        inputs = _moved(split.inputs, (now.centre, now.spread), (stored.centre, stored.spread))
        targets = split.targets
        if now.values:
            before = (now.value_centre, now.value_spread)
            targets = _moved(targets, before, (stored.value_centre, stored.value_spread))
        return dataclasses.replace(split, inputs=inputs, targets=targets)

    splits = {name: moved(getattr(source, name)) for name in SPLITS}
    return dataclasses.replace(source, spec=stored, **splits)


def _moved(values: np.ndarray, before: tuple[Any, Any], after: tuple[Any, Any]) -> np.ndarray:
    """Values that were scaled by one (centre, spread), scaled by another; an empty one changes nothing."""
    (centre, spread), (new_centre, new_spread) = (
        (np.array(pair[0] or (0.0,)), np.array(pair[1] or (1.0,))) for pair in (before, after)
    )
    return ((values * spread + centre - new_centre) / new_spread).astype(values.dtype)


# The spec


def _meaning(stored: Mapping[str, Any], spec: Spec, agent: bool) -> Iterator[str]:
    now = dataclasses.asdict(spec)
    if agent and stored.get("name") != spec.name:
        yield f"the environment is {spec.name} and was {stored.get('name')}"
    for name, title in MEANING.items():
        before, after = stored.get(name, type(now[name])()), now[name]
        if isinstance(after, tuple):
            before, after = list(before), list(after)
        if before == after:
            continue
        if name == "classes":
            yield _classes(before, after)
        elif name == "features" and (not before or not after):  # a header was added or taken away
            continue
        else:
            verb = "are" if title.endswith(("classes", "columns", "values", "languages")) else "is"
            past = "were" if verb == "are" else "was"
            yield f"{title} {verb} now {_text(after)} and {past} {_text(before)}"


def _classes(before: list[str], after: list[str]) -> str:
    gone = [name for name in before if name not in after]
    new = [name for name in after if name not in before]
    if len(gone) == len(new) == 1:
        return f"class {gone[0]!r} is now {new[0]!r}"
    if not gone and not new:
        return f"the classes are now in the order {_text(after)} and were in the order {_text(before)}"
    told = []
    for names, what in ((gone, "gone"), (new, "new")):
        if names:
            is_one = len(names) == 1
            kind, verb = ("class", "is") if is_one else ("classes", "are")
            told.append(f"{kind} {_text([repr(name) for name in names])} {verb} {what}")
    return ", ".join(told)


def _scaling(stored: Mapping[str, Any], spec: Spec) -> Iterator[str]:
    for name, title in SCALING.items():
        if name in stored and not _close(stored[name], getattr(spec, name)):
            yield f"{title} is another"


def _close(one: Any, other: Any) -> bool:
    return len(one) == len(other) and all(
        math.isclose(a, b, rel_tol=SCALING_TOLERANCE, abs_tol=1e-9) for a, b in zip(one, other, strict=True)
    )


def _text(value: Any) -> str:
    if isinstance(value, list):
        shown = ", ".join(map(str, value[:10]))
        return shown + (", ..." if len(value) > 10 else "") if value else "none"
    return str(value)


# The content


def _split(split: Any) -> dict[str, Any]:
    """The fingerprint of a split: what is exact as a hash, floats as weighted sums by array."""
    digest = hashlib.sha256()
    sums: dict[str, list[float]] = {}
    for name, array in _arrays(split):
        digest.update(f"{name} {array.shape} ".encode())
        rows = _rows(array)
        if array.dtype.kind == "f":
            sums[name] = _sums(rows)
        else:
            _hash(digest, rows)
    return {"examples": len(split), "sha256": digest.hexdigest(), "sums": sums}


def _arrays(value: Any, name: str = "") -> Iterator[tuple[str, np.ndarray]]:
    """The arrays that a split holds, by where they are in it."""
    if isinstance(value, np.ndarray):
        yield name, value
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from _arrays(getattr(value, field.name), f"{name}.{field.name}".lstrip("."))


def _rows(array: np.ndarray) -> np.ndarray:
    """The rows of an array that are looked at: all, or evenly spaced ones of a large array."""
    stride = -(-array.nbytes // MOST_BYTES) or 1
    return array[::stride]


def _hash(digest: Any, array: np.ndarray) -> None:
    if array.dtype.kind in "US":
        digest.update("\n".join(map(str, array.ravel().tolist())).encode())
        return
    # The size of an integer differs between systems, its value does not.
    kind = "u1" if array.dtype.itemsize == 1 else "<i8"
    rows = max(1, _CHUNK // max(1, math.prod(array.shape[1:])))
    for start in range(0, len(array), rows):
        digest.update(np.ascontiguousarray(array[start : start + rows]).astype(kind).tobytes())


def _sums(array: np.ndarray) -> list[float]:
    """Weighted sums over all entries, and the sum of their squares; each entry has weights of its own."""
    flat = array.reshape(-1)
    found = np.zeros(len(_PERIODS) + 1)
    for start in range(0, flat.size, _CHUNK):
        part = np.nan_to_num(flat[start : start + _CHUNK].astype("float64"))
        places = np.arange(start, start + len(part))
        for i, period in enumerate(_PERIODS):
            # Fractions of multiples of an irrational number: even, and the same on every machine.
            weights = np.mod((places % period + 1) * 0.6180339887498949, 1.0) - 0.5
            weights *= 1 + np.mod((places // period + 1) * 0.41421356237309515, 1.0)
            found[i] += weights @ part
        found[-1] += part @ part
    return [float(f"{value:.10g}") for value in found]


def _content(name: str, before: Mapping[str, Any] | None, split: Any) -> Iterator[str]:
    if before is None:
        return
    now = _split(split)
    title = f"the {TITLES[name]} split"
    if before.get("examples") != now["examples"]:
        yield f"{title} has {now['examples']:,} examples and had {before.get('examples'):,}"
    elif before.get("sha256") != now["sha256"] or not _same_sums(before.get("sums", {}), now["sums"]):
        yield f"{title} holds other examples"


def _same_sums(before: Mapping[str, list[float]], now: Mapping[str, list[float]]) -> bool:
    if before.keys() != now.keys():
        return False
    for name, sums in now.items():
        scale = math.sqrt(max(sums[-1], 1e-30))
        if any(abs(a - b) > TOLERANCE * scale for a, b in zip(before[name][:-1], sums[:-1], strict=True)):
            return False
        if not math.isclose(before[name][-1], sums[-1], rel_tol=TOLERANCE):
            return False
    return True
