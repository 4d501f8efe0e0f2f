"""Frozen dataclasses of settings from and to plain text and JSON."""

import contextlib
import dataclasses
import difflib
import json
import types
import typing
from collections.abc import Collection, Mapping
from typing import Any


class SettingsError(ValueError):
    """A setting is unknown or has a value of the wrong kind; the message is one line for a person."""


class JSON(str):
    """A JSON value as a setting: its canonical text, which can be hashed and compared.

    A subclass says by `checked` what it may be.

    Args:
        value: Text, which is read as JSON, or a plain value.

    Raises:
        ValueError: The text is not JSON, or the value is not of the kind.
    """

    __slots__ = ()

    def __new__(cls, value: Any) -> "JSON":
        value = cls.checked(cls.read(value) if isinstance(value, str) else value)
        try:
            text = json.dumps(value, sort_keys=True, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise ValueError(f"must hold plain JSON values ({error}). Received: {value!r}") from error
        return super().__new__(cls, text)

    @classmethod
    def read(cls, text: str) -> Any:
        """The value that a text stands for."""
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            raise ValueError(f"must be JSON ({error}). Received: {text!r}") from error

    @classmethod
    def checked(cls, value: Any) -> Any:
        """The value, if it is of the kind."""
        return value

    @property
    def value(self) -> Any:
        """The value as plain Python objects."""
        return json.loads(self)


class JSONObject(JSON):
    """A JSON object: names and their values."""

    __slots__ = ()

    @classmethod
    def checked(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            raise ValueError(
                f'must be a JSON object, such as {{"is_slippery": false}}. Received: {json.dumps(value)}'
            )
        return dict(value)


def to_json(config: Any) -> dict[str, Any]:
    """A dataclass as plain JSON values, nested dataclasses as objects and tuples as lists."""
    return json.loads(json.dumps(dataclasses.asdict(config)))


def override(config: Any, changes: Mapping[str, Any], prefix: str = "") -> Any:
    """A copy of `config` with some fields changed.

    Args:
        config: A dataclass.
        changes: New values by field; a field of a nested dataclass is written "outer.inner". Texts, as
            they come from a command line, are read as the field's type: "32,64" is (32, 64).
        prefix: What stands before the field's name in messages.

    Returns: A dataclass of the same type, checked anew.

    Raises:
        SettingsError: No such field, or a value that is not of its type.
    """
    kinds = typing.get_type_hints(type(config))
    nested: dict[str, dict[str, Any]] = {}
    flat: dict[str, Any] = {}
    for key, value in changes.items():
        name, _, rest = key.partition(".")
        if rest or (dataclasses.is_dataclass(kinds.get(name)) and isinstance(value, Mapping)):
            nested.setdefault(name, {}).update({rest: value} if rest else value)
        else:
            flat[name] = value
    check_fields(type(config), nested, prefix)
    values = parse_fields(type(config), flat, prefix)
    for name, inner in nested.items():
        values[name] = override(getattr(config, name), inner, f"{prefix}{name}.")
    try:
        return dataclasses.replace(config, **values)
    except SettingsError:
        raise
    except (TypeError, ValueError) as error:
        raise SettingsError(f"{prefix}{error}") from error


def parse_fields(kind: type, values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Each value as the type that its field has in the dataclass `kind`.

    Raises:
        SettingsError: `kind` has no such field, or a value is not of its type.
    """
    check_fields(kind, values, prefix)
    kinds = typing.get_type_hints(kind)
    return {name: parse(value, kinds[name], prefix + name) for name, value in values.items()}


def check_fields(kind: type, names: Collection[str], prefix: str = "") -> None:
    """Raise a SettingsError unless the dataclass `kind` has a field of each name."""
    known = [field.name for field in dataclasses.fields(kind)]
    for name in names:
        if name not in known:
            raise SettingsError(unknown("field", prefix + name, [prefix + field for field in known]))


def parse(value: Any, kind: Any, name: str) -> Any:
    """`value`, a text or a JSON value, as a `kind`: bool, int, float, str, a tuple of these, `JSON` or None.

    Raises:
        SettingsError: It is none.
    """
    if isinstance(kind, type) and issubclass(kind, JSON):
        try:
            return kind(value)
        except ValueError as error:
            raise SettingsError(f"{name} {error}") from error
    options = typing.get_args(kind)
    if isinstance(kind, types.UnionType):
        if value in (None, "none", "None", ""):
            return None
        (kind,) = (option for option in options if option is not types.NoneType)
        return parse(value, kind, name)
    if typing.get_origin(kind) is tuple:
        if isinstance(value, str):
            value = [part for part in value.strip("()[] ").split(",") if part.strip()]
        if not isinstance(value, (list, tuple)):
            value = [value]
        return tuple(parse(part, options[0], name) for part in value)
    if kind is bool:
        return _parse_bool(value, name)
    if kind is str and isinstance(value, str):
        return value
    with contextlib.suppress(TypeError, ValueError, OverflowError):
        if kind is float and not isinstance(value, bool):
            return float(value)
        if kind is int and not isinstance(value, bool) and float(value).is_integer():
            return int(float(value))
    raise SettingsError(f"{name} must be {_KINDS.get(kind, kind)}. Received: {value!r}")


_KINDS = {int: "a whole number", float: "a number", bool: "true or false", str: "a text"}


def _parse_bool(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in ("true", "yes", "1"):
        return True
    if text in ("false", "no", "0"):
        return False
    raise SettingsError(f"{name} must be true or false. Received: {value!r}")


def field_names(config: Any, prefix: str = "") -> list[str]:
    """The fields of a dataclass, those of nested dataclasses as "outer.inner"."""
    names = []
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if dataclasses.is_dataclass(value):
            names += field_names(value, f"{prefix}{field.name}.")
        else:
            names.append(prefix + field.name)
    return names


def nearest(name: str, known: Collection[str]) -> list[str]:
    """Up to three names that are like a mistyped one, the most similar first.

    A name that ends as the mistyped one does after its last dot comes first: "--epochs" means
    "--training.epochs", and "model.learning_rate" means "optimizer.learning_rate".
    """
    last = name.lstrip("-").replace("-", "_").split(".")[-1]
    tails = {known_name: known_name.lstrip("-").split(".")[-1] for known_name in known}
    same = [known_name for known_name, tail in tails.items() if tail == last]
    if same:
        return same[:3]
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    if not close:
        ends = difflib.get_close_matches(last, tails.values(), n=3, cutoff=0.6)
        close = [known_name for known_name, tail in tails.items() if tail in ends]
    return close[:3]


def unknown(kind: str, name: str, known: Collection[str]) -> str:
    """The one line that says that there is no such `kind`, with the nearest names there are."""
    near = nearest(name, known) or sorted(known)[:12]
    return f"there is no {kind} {name!r}. " + (
        f"Did you mean {', '.join(near)}?" if near else f"There are no {kind}s yet."
    )
