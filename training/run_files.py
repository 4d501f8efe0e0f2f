"""The rules of a run's files, in one place: what each field must be. Needs no TensorFlow.

A run's folder may come from anywhere, and a disk or a person may have damaged it. Every reader goes through
`training.runs.Run`, which checks by these rules, so nobody who reads a run has to expect another type.
"""

import datetime
import json
import math
import os
import re
import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STATES = ("queued", "running", "stopped", "finished", "failed")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
MOST_BYTES = 16 * 2**20  # of a JSON file
MOST_LOG_BYTES = 256 * 2**20  # of metrics.jsonl
MOST_INPUT = 10**8  # numbers of one example
MOST_TOKENS = 10**7
MOST_PID = 2**31 - 1
TEXT_FIGURES = ("judge", "note")  # of an evaluation; all other figures are numbers
_SHOWN = 60  # characters of a wrong value that a message has


class FileError(ValueError):
    """A file is damaged or a field breaks its rule; the message names the file and the reason."""


@dataclass(frozen=True)
class Rule:
    """What a value must be.

    Args:
        phrase: The rule in words: "a whole number".
        holds: Whether a value keeps it.
    """

    phrase: str
    holds: Callable[[Any], bool]

    def __or__(self, other: "Rule") -> "Rule":
        return Rule(f"{self.phrase} or {other.phrase}", lambda v: self.holds(v) or other.holds(v))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_time(value: Any) -> bool:
    try:
        return datetime.datetime.fromisoformat(value).tzinfo is not None
    except (TypeError, ValueError):
        return False


def _list_of(rule: Rule, phrase: str) -> Rule:
    return Rule(f"a list of {phrase}", lambda v: isinstance(v, list) and all(map(rule.holds, v)))


NULL = Rule("null", lambda v: v is None)
TEXT = Rule("a text", lambda v: isinstance(v, str))
TRUTH = Rule("true or false", lambda v: isinstance(v, bool))
NUMBER = Rule("a number", _is_number)
COUNT = Rule("a whole number from 0", lambda v: _is_whole(v) and v >= 0)
SIZE = Rule("a whole number from 1", lambda v: _is_whole(v) and v >= 1)
OBJECT = Rule("an object", lambda v: isinstance(v, dict))
TIME = Rule("a date and time with its zone", _is_time)
TOKENS = Rule(f"a whole number from 0 to {MOST_TOKENS:,}", lambda v: _is_whole(v) and 0 <= v <= MOST_TOKENS)
TEXTS = _list_of(TEXT, "texts")
NUMBERS = _list_of(NUMBER, "numbers")

STATUS: Mapping[str, Rule] = {
    "state": Rule(f"one of {', '.join(STATES)}", lambda v: isinstance(v, str) and v in STATES),
    "step": COUNT,
    "steps": COUNT | NULL,
    "pid": Rule(f"a whole number from 1 to {MOST_PID}", lambda v: _is_whole(v) and 0 < v <= MOST_PID) | NULL,
    "started": NUMBER | NULL,
    "host": TEXT,
    "error": TEXT | NULL,
    "note": TEXT | NULL,
    "advice": TEXT | NULL,
    "created": TIME,
    "updated": TIME,
    "trials": COUNT,
}
CONFIG: Mapping[str, Rule] = {
    "recipe": TEXT,
    "source": TEXT,
    "architecture": TEXT,
    "data": OBJECT,
    "model": OBJECT,
    "optimizer": OBJECT,
    "training": OBJECT,
    "agent": OBJECT,
    "discriminator": OBJECT,
    "duel": OBJECT,
    "models": Rule(
        "a list of file names without their ending",
        lambda v: (
            isinstance(v, list)
            and v != []
            and all(isinstance(each, str) and NAME.fullmatch(each) for each in v)
        ),
    ),
    "seed": COUNT,
    "steps": SIZE | NULL,
    "parameters": COUNT,
    "spec": OBJECT,
    "fingerprint": OBJECT,
    "replicas": SIZE,
    "strategy": TEXT,
    "devices": TEXTS,
    "versions": OBJECT,
    "git": TEXT | NULL,
}
CONFIG_NEEDS = ("recipe",)
# What every config of a run that `trainer.create` made has beside these.
SECTIONS = ("source", "architecture", "data", "model", "optimizer", "training")
# Settings that lists and pages show: of all, where an older version has written them, and those that every
# run of an architecture or of a source has.
SETTINGS: Mapping[str, Rule] = {"optimizer.name": TEXT, "training.batch_size": SIZE, "training.loss": TEXT}
SETTINGS_OF: Mapping[str, Mapping[str, Rule]] = {
    "gan": {"model.latent": SIZE, "duel.loss": TEXT},
    "policy": {
        "model.torso": TEXT,
        "training.steps": SIZE,
        "agent.worlds": SIZE,
        "agent.horizon": SIZE,
        "seed": COUNT,
    },
    "sweep": {"model.members": SIZE, "model.initializer": TEXT},
    "adding": {"data.length": SIZE},
    "copy_memory": {"data.length": SIZE},
    "parity": {"data.length": SIZE},
}
SPEC: Mapping[str, Rule] = {
    "name": TEXT,
    "input_shape": Rule(
        f"a list of sizes whose product is {MOST_INPUT:,} at the most",
        lambda v: (
            isinstance(v, list)
            and all(each is None or SIZE.holds(each) for each in v)
            and math.prod(each or 1 for each in v) <= MOST_INPUT
        ),
    ),
    "classes": TEXTS,
    "licence": TEXT,
    "citation": TEXT,
    "sample_rate": COUNT,
    "features": TEXTS,
    "centre": NUMBERS,
    "spread": NUMBERS,
    "values": TEXTS,
    "value_centre": NUMBERS,
    "value_spread": NUMBERS,
    "tokens": TOKENS,
    "target_tokens": TOKENS,
    "languages": TEXTS,
    "every_step": TRUTH,
    "continued": TRUTH,
}
SPEC_NEEDS = ("name", "input_shape", "classes")
ROW_NEEDS = ("step", "seconds")
SWEEP: Mapping[str, Rule] = {
    "step": COUNT,
    "deviation": NUMBER,
    "nets": Rule(
        "a list of nets with their errors",
        lambda v: (
            isinstance(v, list)
            and all(isinstance(net, dict) and NUMBERS.holds(net.get("errors")) for net in v)
        ),
    ),
}


def read(path: Path) -> dict[str, Any]:
    """A JSON object from a file; empty where there is none.

    Raises:
        FileError: It can't be read, or is no JSON object.
    """
    text = _text(path, MOST_BYTES)
    if text is None:
        return {}
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FileError(f"{path.name} is not JSON ({_first_line(error)})") from error
    if not isinstance(content, dict):
        raise FileError(f"{path.name} must be an object. Received: {_brief(content)}")
    return content


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a log, one JSON object of numbers a line; a last line that is being written is left out.

    Raises:
        FileError: It can't be read, or a line is no such object.
    """
    rows = []
    for number, line in enumerate((_text(path, MOST_LOG_BYTES) or "").splitlines(keepends=True), start=1):
        if not line.endswith("\n"):
            break
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise FileError(f"line {number} of {path.name} is not JSON ({_first_line(error)})") from error
        if not isinstance(row, dict):
            raise FileError(f"line {number} of {path.name} must be an object. Received: {_brief(row)}")
        for name, value in row.items():
            if not _is_number(value):
                raise FileError(
                    f"line {number} of {path.name}: {name} must be a number. Received: {_brief(value)}"
                )
        rows.append(row)
    return rows


def check(name: str, content: Mapping[str, Any]) -> None:
    """Check a JSON file of a run by its name; of a file that has no rules nothing is asked.

    Raises:
        FileError: A field breaks its rule.
    """
    if name == "status.json":
        check_fields(name, content, STATUS)
    elif name == "config.json":
        check_fields(name, content, CONFIG)
        if "spec" in content:
            check_fields(f"{name}: spec", content["spec"], SPEC, SPEC_NEEDS)
    elif name == "sweep.json" and content:
        check_fields(name, content, SWEEP, tuple(SWEEP))
    elif name == "evaluation.json":
        for split, figures in content.items():
            if not isinstance(figures, dict):
                raise FileError(f"{name}: {split} must be an object. Received: {_brief(figures)}")
            for figure, value in figures.items():
                if not (isinstance(value, (bool, list)) or _is_number(value) or figure in TEXT_FIGURES):
                    raise FileError(f"{name}: {split}.{figure} must be a number. Received: {_brief(value)}")


def check_complete(config: Mapping[str, Any], rows: list[dict[str, Any]]) -> None:
    """Check that what every run has is there.

    Raises:
        FileError: A field of the config or of a row is missing.
    """
    check_fields("config.json", config, {}, CONFIG_NEEDS)
    if any(name in config for name in SECTIONS[:2]):
        check_fields("config.json", config, {}, SECTIONS)
    kinds = (config.get("architecture"), config.get("source"))
    needed = {name: rule for kind in kinds for name, rule in SETTINGS_OF.get(kind or "", {}).items()}
    for name, rule in {**SETTINGS, **needed}.items():
        section, _, field = name.rpartition(".")
        settings = config.get(section, {}) if section else config
        where = f"config.json: {section}" if section else "config.json"
        check_fields(where, settings, {field: rule}, (field,) if name in needed else ())
    for number, row in enumerate(rows, start=1):
        for name in ROW_NEEDS:
            if name not in row:
                raise FileError(f"line {number} of metrics.jsonl has no {name}")


def check_fields(
    where: str, content: Mapping[str, Any], rules: Mapping[str, Rule], needs: Iterable[str] = ()
) -> None:
    """Check the fields of an object.

    Args:
        where: Name of the object in messages.
        content: Its fields.
        rules: The rules by field.
        needs: Fields that must be there.

    Raises:
        FileError: A field is missing or breaks its rule.
    """
    for name in needs:
        if name not in content:
            raise FileError(f"{where} has no {name}")
    for name, rule in rules.items():
        if name in content and not rule.holds(content[name]):
            raise FileError(f"{where}: {name} must be {rule.phrase}. Received: {_brief(content[name])}")


def _text(path: Path, most: int) -> str | None:
    """The text of a file; None where there is none."""
    try:
        with open(path, "rb", opener=_open_at_once) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise FileError(f"{path.name} is no file")
            content = file.read(most + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise FileError(f"{path.name} can't be read: {error.strerror or error}") from error
    if len(content) > most:
        raise FileError(f"{path.name} is larger than {most // 2**20} MiB")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise FileError(f"{path.name} is not text in UTF-8") from error


def _open_at_once(path: str, flags: int) -> int:
    """Open a file without waiting: a pipe of this name may never have a writer."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _brief(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
