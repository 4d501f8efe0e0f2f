"""The trained models that pages offer: the gallery's and the user's own. Needs no TensorFlow."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from training import runs, snapshots
from training.runs import Run

Shelf = Literal["gallery", "runs"]


def runs_folder() -> Path:
    """Where the user's runs are; NEURAL_ARCADE_RUNS names another place than `runs/`."""
    return Path(os.environ.get("NEURAL_ARCADE_RUNS") or runs.RUNS)


def gallery_folder() -> Path:
    """Where the gallery is; NEURAL_ARCADE_GALLERY names another place than `gallery/`."""
    return Path(os.environ.get("NEURAL_ARCADE_GALLERY") or runs.GALLERY)


@dataclass(frozen=True)
class Entry:
    """A run and the shelf that it stands on.

    Args:
        shelf: "gallery" or "runs".
        run: Its folder.
    """

    shelf: Shelf
    run: Run

    @property
    def key(self) -> str:
        """What names it in a URL: "gallery/mnist_cnn"."""
        return f"{self.shelf}/{self.run.name}"

    @property
    def architecture(self) -> str:
        return self.run.config.get("architecture", "")

    @property
    def spec(self) -> dict[str, Any]:
        """What is known of its data; empty before its training has begun."""
        return self.run.config.get("spec", {})

    @property
    def has_model(self) -> bool:
        return self.run.model_path.exists()

    @property
    def score(self) -> tuple[str, float] | None:
        """Its accuracy and the split that it was measured on; None before any was."""
        test = self.run.evaluation.get("test", {}).get("accuracy")
        if test is not None:
            return "test", test
        validation = [row["val_accuracy"] for row in rows(self.run) if "val_accuracy" in row]
        return ("validation", max(validation)) if validation else None


def entries() -> list[Entry]:
    """All that can be read, the gallery first, then the runs with the newest first."""
    return [
        *(Entry("gallery", run) for run in sorted(runs.runs_in(gallery_folder()), key=lambda run: run.name)),
        *(Entry("runs", run) for run in runs.runs_in(runs_folder())),
    ]


def unreadable() -> list[runs.Unreadable]:
    """The runs that `entries` leaves out, with the reasons."""
    return [
        *runs.listing(gallery_folder()).unreadable,
        *runs.listing(runs_folder()).unreadable,
    ]


def find(key: str | None, among: Iterable[Entry]) -> Entry | None:
    """The entry that a URL names, or None: no path is ever made of what a URL says."""
    return next((entry for entry in among if entry.key == key), None)


def label(entry: Entry) -> str:
    """What a person chooses it by."""
    return f"{entry.run.name}  ·  {'gallery' if entry.shelf == 'gallery' else 'your run'}"


def sees_images(entry: Entry) -> bool:
    """Whether a model's input is a picture, as far as is known before its training has begun."""
    if entry.architecture in ("gan", "policy"):
        return False  # of noise it makes one; of a game's it makes a choice
    shape = entry.spec.get("input_shape")
    return len(shape) == 3 if shape else entry.architecture == "cnn"


def rows(run: Run) -> list[dict[str, Any]]:
    """All that a run has logged. Not to be written to."""
    return run.metrics()


def readable(number: int) -> str:
    """A count for people: 66,218."""
    return f"{number:,}"


def shape_text(shape: Iterable[int | None]) -> str:
    """A shape for people: 28 x 28 x 1; an axis of any length is called so."""
    sizes = ("any length" if size is None else str(size) for size in shape)
    return "\N{NO-BREAK SPACE}\N{MULTIPLICATION SIGN}\N{NO-BREAK SPACE}".join(sizes)


def duration_text(seconds: float) -> str:
    """A duration for people: 42 s, 3 min 20 s, 2 h 5 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def kept_snapshots(run: Run) -> snapshots.Snapshots:
    """A run's weights by step, read again when their file has changed."""
    path = run.path / snapshots.FILE
    try:
        modified = path.stat().st_mtime_ns
    except FileNotFoundError:
        return {}
    return _read_snapshots(str(run.path), modified)


@st.cache_resource(max_entries=12, show_spinner=False)  # two races of four, and a few small nets
def _read_snapshots(path: str, modified: int) -> snapshots.Snapshots:
    """`modified` tells one version of the file from the next."""
    return snapshots.load(Path(path))
