"""A run: the folder that training, tuning and the apps share, and all that they share.

    runs/<name>/  config.json      recipe, every resolved setting, versions, seed, git revision
                  status.json      state, step, error, pid, times
                  metrics.jsonl    one JSON object a logging point
                  evaluation.json  figures by split, once the run has been evaluated
                  model.keras      the best model so far (of a GAN generator.keras, discriminator.keras)
                  checkpoint/      what an exact resume needs
                  snapshots.npz    the weights on the way, where they are kept (`training.snapshots`)
                  samples/         what a generator made of the same noise on the way (`training.timeline`)
                  sweep.json       how each of many nets did, where many are trained side by side
                  tensorboard/     event files

Every file is written aside and renamed, so a reader never sees half of one, and a full disk leaves the
old one in place. This module imports neither TensorFlow nor Keras: pages list runs with it at once.
"""

import contextlib
import datetime
import json
import os
import platform
import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout

from training.settings import unknown

ROOT = Path(__file__).resolve().parent.parent
RUNS = ROOT / "runs"
GALLERY = ROOT / "gallery"

State = Literal["queued", "running", "stopped", "finished", "failed"]

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_MODEL = "model"
LOCK_SECONDS = 1.0  # to wait for a run: who reads its state holds it for a moment


class RunError(Exception):
    """A run can't be made, found or used so; the message is one line for a person."""


class Run:
    """One run's folder. Cheap: nothing is read before it is asked for."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path)

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def model_path(self) -> Path:
        """The best model so far; of several the first."""
        return self.model_paths[0]

    @property
    def model_paths(self) -> list[Path]:
        """The best models so far: one, or where players were trained against each other, each."""
        return [self.path / f"{name}.keras" for name in self.config.get("models", [_MODEL])]

    @property
    def checkpoint_path(self) -> Path:
        return self.path / "checkpoint"

    @property
    def metrics_path(self) -> Path:
        return self.path / "metrics.jsonl"

    # What is known of it

    @property
    def config(self) -> dict[str, Any]:
        """The run's settings, as `config.json` has them."""
        return self._read("config.json")

    @property
    def status(self) -> dict[str, Any]:
        """`status.json`; a run whose process died without a word reads as stopped."""
        status = self._read("status.json")
        if status.get("state") in ("queued", "running") and not self._alive(status):
            status.update(state="stopped", error="the process ended without a word")
        return status

    @property
    def state(self) -> State:
        return self.status.get("state", "stopped")

    @property
    def evaluation(self) -> dict[str, dict[str, float]]:
        """Figures by split; empty before the first evaluation."""
        return self._read("evaluation.json")

    @property
    def sweep(self) -> dict[str, Any]:
        """How each net of a sweep did (`callbacks.SweepTable`); empty for what is none."""
        return self._read("sweep.json")

    @property
    def resumable(self) -> bool:
        """Whether there is something to go on from, or to start again."""
        return self.state in ("stopped", "failed") and (self.path / "config.json").exists()

    def metrics(self) -> list[dict[str, Any]]:
        """All rows that were logged, first to last; a last line that is being written is left out."""
        try:
            text = self.metrics_path.read_text()
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]

    # Changing it

    def write_json(self, name: str, content: Any) -> None:
        """Write a JSON file of the run's, whole or not at all."""
        self.write_text(name, json.dumps(content, indent=2) + "\n")

    def write_text(self, name: str, text: str) -> None:
        """Write a text file of the run's, whole or not at all."""
        with written_aside(self.path / name) as aside:
            aside.write_text(text)

    def update_status(self, **changes: Any) -> None:
        """Change some fields of `status.json`."""
        self.write_json("status.json", {**self._read("status.json"), **changes, "updated": now()})

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the run for this process; the lock goes with the process, however it ends.

        Raises:
            RunError: Another process holds it.
        """
        try:
            with self._lock(LOCK_SECONDS):
                yield
        except Timeout:
            pid = self._read("status.json").get("pid")
            raise RunError(
                f"run {self.name!r} is in use by process {pid}. Wait for it, stop it, or take another --name"
            ) from None

    def stop(self) -> None:
        """Ask the process that trains this run to save and stop.

        Raises:
            RunError: It is a process of another machine.
        """
        status = self.status
        if status.get("state") not in ("queued", "running") or not status.get("pid"):
            return
        if status.get("host", platform.node()) != platform.node():
            raise RunError(f"run {self.name!r} is being trained on {status['host']}: stop it there")
        with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
            os.kill(status["pid"], signal.SIGTERM)

    def delete(self) -> None:
        """Remove the run and all it holds.

        Raises:
            RunError: It is being trained.
        """
        with self.locked():
            shutil.rmtree(self.path)

    def _read(self, name: str) -> dict[str, Any]:
        try:
            return json.loads((self.path / name).read_text())
        except (FileNotFoundError, NotADirectoryError):
            return {}
        except json.JSONDecodeError as error:
            raise RunError(
                f"{self.path / name} is not JSON ({error}): the file was changed by hand"
            ) from error

    def _lock(self, seconds: float = 0) -> FileLock:
        return FileLock(self.path / ".lock", timeout=seconds)

    def _alive(self, status: dict[str, Any]) -> bool:
        if status["state"] == "queued":  # starts within seconds, or never did
            started = datetime.datetime.fromisoformat(status["updated"])
            return (datetime.datetime.now(datetime.UTC) - started).total_seconds() < 60
        try:
            with self._lock():
                return False
        except Timeout:
            return True
        except OSError:  # a folder that may only be read: nobody trains there
            return False


def create(directory: Path, name: str, config: dict[str, Any], worker: int = 0) -> Run:
    """Make a new run.

    Args:
        directory: Where runs are; made if need be.
        name: Of the run.
        config: Its settings, plain JSON values.
        worker: Of several workers that train one run together, all but the first keep their files in
            a hidden folder beside it.

    Raises:
        RunError: The name is no folder name or is taken, or the folder can't be written.
    """
    check_name(name)
    run = Run(Path(directory) / folder_name(name, worker))
    try:
        run.path.mkdir(parents=True)
        run.write_json("config.json", config)
        run.update_status(state="queued", step=0, created=now())
    except FileExistsError:
        raise RunError(
            f"there is a run {name!r} already in {directory}. Go on with it by --resume, or take "
            f"another --name"
        ) from None
    except OSError as error:
        raise RunError(f"{run.path} can't be written: {error.strerror}") from error
    return run


def folder_name(name: str, worker: int = 0) -> str:
    """The folder of a run as one of its workers has it."""
    return f".{name}-worker{worker}" if worker else name


def check_name(name: str) -> None:
    """Raise a RunError unless `name` is safe as a folder's name."""
    if not NAME.fullmatch(name):
        raise RunError(
            f"a run's name must begin with a letter or digit and hold only letters, digits, '.', '_' and "
            f"'-', 80 at the most. Received: {name!r}"
        )


def free_name(directory: Path, recipe: str) -> str:
    """The first of `<recipe>-1`, `<recipe>-2`, ... that no run in `directory` has."""
    number = 1
    while (Path(directory) / f"{recipe}-{number}").exists():
        number += 1
    return f"{recipe}-{number}"


def runs_in(directory: Path) -> list[Run]:
    """The runs in a folder, the newest first."""
    folder = Path(directory)
    if not folder.is_dir():
        return []
    found = [
        Run(path)
        for path in folder.iterdir()
        if NAME.fullmatch(path.name) and (path / "config.json").exists()
    ]
    return sorted(
        found, key=lambda run: (run._read("status.json").get("created", ""), run.name), reverse=True
    )


def find(name: str, directory: Path = RUNS) -> Run:
    """A run by its name, a gallery name, or a path.

    Raises:
        RunError: There is none; the message has the nearest names.
    """
    if NAME.fullmatch(name):
        for folder in (Path(directory), GALLERY):
            if (folder / name / "config.json").exists():
                return Run(folder / name)
    elif (Path(name).expanduser() / "config.json").exists():
        return Run(Path(name).expanduser())
    known = [run.name for folder in (directory, GALLERY) for run in runs_in(folder)]
    raise RunError(unknown("run", name, known))


def now() -> str:
    """The time in UTC, as every file of a run has it."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


@contextlib.contextmanager
def written_aside(path: Path) -> Iterator[Path]:
    """Give a path to write to; rename it to `path` once it is written, remove it if that failed."""
    aside = path.with_name(f".{os.getpid()}-{path.name}")  # the suffix stays: Keras asks for .keras
    try:
        yield aside
        with open(aside, "rb") as file:
            os.fsync(file.fileno())
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)
