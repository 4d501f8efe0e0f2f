"""What all command lines share: parsing, the nearest names of mistyped words, and closed pipes.

This module imports neither TensorFlow nor Keras, so that `--help` and a mistyped command answer at once.
"""

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, NoReturn

from training import settings

USAGE_ERROR = 2
STOPPED = 130  # the status that a shell reports for a process ended by SIGINT
CLOSED_PIPE = 141  # the status that a shell reports for a process ended by SIGPIPE


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line, with the nearest names for what is unknown."""

    def error(self, message: str) -> NoReturn:
        """Print the error in one line and exit with `USAGE_ERROR`."""
        end = "" if message.endswith(("?", ".")) else "."
        self.exit(USAGE_ERROR, f"error: {message}{end} See {self.prog} --help\n")

    def unrecognized(self, words: Sequence[str], command: str = "", fields: Iterable[str] = ()) -> NoReturn:
        """Refuse words that no option takes.

        Args:
            words: What was left of the command line.
            command: The sub-command in use, whose options are suggested.
            fields: Settings that the command takes, as "section.field".
        """
        known = [f"--{field}" for field in fields] + self._options(command)
        typed = [word.split("=", 1)[0] for word in words if word.startswith("-")]
        near = [name for word in typed for name in settings.nearest(word, known)]
        message = f"unrecognized arguments: {' '.join(words)}"
        self.error(f"{message}. Did you mean {', '.join(dict.fromkeys(near))}?" if near else message)

    def _print_message(self, message: str, file: Any = None) -> None:
        if message:  # argparse's own hides that the pipe is closed
            (file or sys.stderr).write(message)

    def _options(self, command: str) -> list[str]:
        parsers: list[argparse.ArgumentParser] = [self]
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction) and command in action.choices:
                parsers.append(action.choices[command])
        return [name for parser in parsers for name in parser._option_string_actions]

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is None or value in action.choices:
            return
        is_command = isinstance(action, argparse._SubParsersAction)
        message = settings.unknown("command" if is_command else "value", str(value), list(action.choices))
        raise argparse.ArgumentError(None if is_command else action, message)


def run(main: Callable[[], int]) -> NoReturn:
    """Run a command line as the process' only task and exit with its status.

    A reader that closes the pipe, such as `head`, ends the process without a message and with the status
    `CLOSED_PIPE`; an interrupt that the command does not handle ends it with `STOPPED`.
    """
    code: Any = 0
    try:
        try:
            code = main()
        except SystemExit as leaving:
            code = leaving.code
        except KeyboardInterrupt:
            code = STOPPED
        sys.stdout.flush()
        sys.stderr.flush()
    except BrokenPipeError:
        code = CLOSED_PIPE
        _discard_output()
    except OSError as error:  # standard output is a file on a disk that is full
        code = USAGE_ERROR
        with contextlib.suppress(OSError):
            print(os_error(error), file=sys.stderr, flush=True)
        _discard_output()
    sys.exit(code)


def os_error(error: OSError) -> str:
    """The line that a command ends with where a file can't be read or written."""
    name = error.filename if error.filename is not None else "standard output"
    return f"error: {name} can't be used: {error.strerror or error}"


def _discard_output() -> None:
    """Let Python's own flush at exit succeed on a pipe that is closed or a disk that is full."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(nowhere, stream.fileno())


def overrides(words: Sequence[str]) -> dict[str, str] | None:
    """Pairs of `--section.field value` (or `--section.field=value`); None where the words are not."""
    found = {}
    words = [part for word in words for part in (word.split("=", 1) if word[:2] == "--" else [word])]
    if len(words) % 2:
        return None
    for name, value in zip(words[::2], words[1::2], strict=True):
        if not name.startswith("--") or "." not in name:
            return None
        found[name[2:]] = value
    return found


def changes(
    parser: Parser, words: Sequence[str], command: str, fields: Callable[[], Collection[str]]
) -> dict[str, str]:
    """The settings that a command line changes, by "section.field".

    Args:
        parser: The one that left the words; it refuses those that are no settings.
        words: What was left of the command line.
        command: The sub-command in use.
        fields: Gives all settings of the recipe; called only where a word is refused, since it may import
            TensorFlow.
    """
    found = overrides(words)
    if found is None:
        parser.unrecognized(words, command, fields())
    return found


def positive(text: str) -> int:
    """An option's value as a whole number of at least 1."""
    try:
        value = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1, not {text!r}") from None
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, not {value}")
    return value
