"""Checkpoints for an exact resume: arrays and a manifest, both with a hash.

    checkpoint/00001200/  arrays.npz      every variable and every replica's state, in a fixed order
                          manifest.json   step, the callbacks' state, SHA-256 of arrays.npz and of itself

A checkpoint is written into a folder of another name and renamed when it is whole; the one before it stays.
A checkpoint of which a file was changed, in part or as a whole, is passed over.
"""

import hashlib
import json
import os
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from training import run_files
from training.run_files import COUNT, NUMBER, TEXT, Rule

KEPT = 2
_HASH, _ARRAYS_HASH = "sha256", "arrays_sha256"


class CheckpointError(Exception):
    """A checkpoint fits nothing here; the message is one line for a person."""


def save(folder: Path, step: int, arrays: list[np.ndarray], facts: dict[str, Any]) -> Path:
    """Write a checkpoint and remove all but the newest `KEPT`.

    Args:
        folder: Of the checkpoints.
        step: Steps taken.
        arrays: What `load` returns again.
        facts: JSON values that `load` returns again.

    Returns: The checkpoint's folder.

    Raises:
        OSError: It can't be written; those before it are untouched.
    """
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / f".{os.getpid()}-{step:08d}"
    final = folder / f"{step:08d}"
    shutil.rmtree(aside, ignore_errors=True)
    try:
        aside.mkdir()
        with open(aside / "arrays.npz", "wb") as file:
            np.savez(file, *arrays)
            _flush(file)
        manifest = {**facts, "step": step, _ARRAYS_HASH: _digest(aside / "arrays.npz")}
        with open(aside / "manifest.json", "w") as file:
            json.dump({**manifest, _HASH: _manifest_digest(manifest)}, file)
            _flush(file)
        shutil.rmtree(final, ignore_errors=True)
        os.replace(aside, final)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    for old in _folders(folder)[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)
    for leftover in folder.glob(".*-*"):  # of a process that was killed while it wrote
        shutil.rmtree(leftover, ignore_errors=True)
    return final


def load(folder: Path, step: int | None = None) -> tuple[list[np.ndarray], dict[str, Any], list[str]] | None:
    """Read the newest checkpoint that is whole.

    Args:
        folder: Of the checkpoints.
        step: Read that of this step alone.

    Returns: Its arrays, its facts (with "step"), and a line for each newer one that was passed over;
        None where there is no checkpoint at all.

    Raises:
        CheckpointError: There are checkpoints, and not one is whole.
    """
    warnings: list[str] = []
    for path in _folders(folder):
        if step is not None and path.name != f"{step:08d}":
            continue
        try:
            manifest = _manifest(path)
            with open(path / "arrays.npz", "rb") as file, np.load(file, allow_pickle=False) as stored:
                return [stored[name] for name in stored.files], manifest, warnings
        except (OSError, ValueError, zipfile.BadZipFile) as error:
            warnings.append(f"checkpoint {path.name} is damaged ({error}); taking the one before it")
    if warnings:
        raise CheckpointError(f"no checkpoint in {folder} is whole: {'; '.join(warnings)}")
    return None


def _folders(folder: Path) -> list[Path]:
    """The checkpoints' folders, the newest first."""
    return sorted((path for path in folder.glob("[0-9]*") if _is_step(path)), reverse=True)


def _is_step(path: Path) -> bool:
    return path.name.isdecimal() and path.is_dir()


def _manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a checkpoint whose files are as they were written.

    Raises:
        OSError: A file can't be read.
        ValueError: A file was changed since.
    """
    manifest = run_files.read(folder / "manifest.json")
    if _ARRAYS_HASH in manifest:
        if manifest.pop(_HASH, None) != _manifest_digest(manifest):
            raise ValueError("its manifest was changed")
        arrays_hash = manifest[_ARRAYS_HASH]
    else:  # written before manifests had a hash of their own: at least the types must be right
        run_files.check_fields("manifest.json", manifest, _OLD_RULES, _OLD_RULES)
        arrays_hash = manifest["sha256"]
    if manifest["step"] != int(folder.name):
        raise ValueError(f"its manifest is that of step {manifest['step']}")
    if _digest(folder / "arrays.npz") != arrays_hash:
        raise ValueError("its arrays are not those that its manifest names")
    return manifest


def _manifest_digest(manifest: dict[str, Any]) -> str:
    """SHA-256 over everything in a manifest but the hash itself."""
    plain = json.dumps(manifest, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(NUMBER.holds, value))


def _is_state(value: Any) -> bool:
    return isinstance(value, dict) and all(map(NUMBER.holds, value.values()))


_OLD_RULES = {
    "step": COUNT,
    "sha256": TEXT,
    "seconds": NUMBER,
    "replicas": COUNT,
    "epoch_sums": Rule(
        "pairs of numbers by name", lambda v: isinstance(v, dict) and all(map(_is_pair, v.values()))
    ),
    "callbacks": Rule("a list of numbers by name", lambda v: isinstance(v, list) and all(map(_is_state, v))),
}


def _digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(file) -> None:
    file.flush()
    os.fsync(file.fileno())
