"""Checkpoints for an exact resume: arrays and a manifest that vouches for them.

    checkpoint/00001200/  arrays.npz      every variable and every replica's state, in a fixed order
                          manifest.json   step, the callbacks' state, SHA-256 of arrays.npz

A checkpoint is written into a folder of another name and renamed when it is whole; the one before it
stays. One whose arrays are not those that its manifest vouches for is passed over.
"""

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np

KEPT = 2


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
        manifest = {"step": step, "sha256": _digest(aside / "arrays.npz"), **facts}
        with open(aside / "manifest.json", "w") as file:
            json.dump(manifest, file)
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
            manifest = json.loads((path / "manifest.json").read_text())
            if _digest(path / "arrays.npz") != manifest["sha256"]:
                raise ValueError("its arrays are not what its manifest vouches for")
            with np.load(path / "arrays.npz", allow_pickle=False) as stored:
                return [stored[name] for name in stored.files], manifest, warnings
        except (OSError, ValueError, KeyError) as error:
            warnings.append(f"checkpoint {path.name} is damaged ({error}); taking the one before it")
    if warnings:
        raise CheckpointError(f"no checkpoint in {folder} is whole: {'; '.join(warnings)}")
    return None


def _folders(folder: Path) -> list[Path]:
    """The checkpoints' folders, the newest first."""
    return sorted((path for path in folder.glob("[0-9]*") if path.is_dir()), reverse=True)


def _digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush(file) -> None:
    file.flush()
    os.fsync(file.fileno())
