"""The folders on this machine whose files a visitor may name.

Whoever can open the app can name a folder of images or a file to learn from. Only what lies in a permitted
folder is read: by default the home folder of the user who runs the app, and the folder it was started in.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from apps import library
from training.settings import SettingsError

VARIABLE = "NEURAL_ARCADE_FOLDERS"  # folders, split as in PATH; empty: none
FIELDS = ("file", "folder", "train", "test")  # settings of data that are paths


def folders() -> list[Path]:
    """The permitted folders."""
    text = os.environ.get(VARIABLE)
    named = [Path.home(), Path.cwd()] if text is None else map(Path, filter(None, text.split(os.pathsep)))
    return [_real(folder) for folder in (*named, library.runs_folder())]


def check(data: Any) -> None:
    """Check the files and folders that the settings of data name.

    Args:
        data: The section "data" of settings: a mapping with others in it.

    Raises:
        SettingsError: One lies outside of the permitted folders, whether it is there or not.
    """
    permitted = folders()
    for name, value in _texts(data):
        if not _is_path(name, value):
            continue
        real = _real(Path(value))
        if not any(real == folder or folder in real.parents for folder in permitted):
            raise SettingsError(
                f"{name} must be in one of the folders that this app may read. Received: {value!r}. Whoever "
                f"runs the app names the folders in {VARIABLE}"
            )


def _texts(value: Any, name: str = "data") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _texts(each, f"{name}.{key}")
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each, name)


def _is_path(name: str, value: str) -> bool:
    """Whether a setting names a place on this machine, not an option such as "moons" or a formula."""
    if not value:
        return False
    return name.rpartition(".")[2] in FIELDS or value.startswith(("~", "/")) or os.path.isabs(value)


def _real(path: Path) -> Path:
    """A path without links, and without "~" and ".."."""
    try:
        return path.expanduser().resolve()
    except (OSError, RuntimeError, ValueError):  # a loop of links, nobody's home, a null character
        return Path(os.devnull)
