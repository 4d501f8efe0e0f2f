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
import functools
import json
import os
import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from filelock import FileLock, Timeout

from training import run_files
from training.run_files import NAME, FileError
from training.settings import unknown

if TYPE_CHECKING:
    import psutil

ROOT = Path(__file__).resolve().parent.parent
RUNS = ROOT / "runs"
GALLERY = ROOT / "gallery"

State = Literal["queued", "running", "stopped", "finished", "failed"]

_MODEL = "model"
LOCK_SECONDS = 1.0  # to wait for a run: who reads its state holds it for a moment
QUEUED_SECONDS = 60.0  # within which a run that was queued has a process, or never will
CLOCK_SECONDS = 2.0  # by which two readings of the time at which a process started may differ
RUN_VARIABLE = "NEURAL_ARCADE_RUN"  # in the environment of a process that was started for a run: its folder
LISTED = ("config.json", "status.json", "evaluation.json", "sweep.json", "metrics.jsonl")  # files of a list


class RunError(Exception):
    """A run can't be made, found or used so; the message is one line for a person."""


class Run:
    """One run's folder. Cheap: nothing is read before it is asked for.

    Every property that reads a file checks it by the rules of `training.run_files`, and raises a RunError
    that names the file and the reason where it is damaged.
    """

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
        """All rows that were logged, first to last; a last line that is being written is left out.

        The rows are shared with later calls until the file changes: they are not to be changed.
        """
        try:
            return list(_rows(str(self.metrics_path), _version(self.metrics_path)))
        except FileError as error:
            raise self._unreadable(error) from error

    def check(self) -> None:
        """Check all files that a list of runs or a page shows.

        Raises:
            RunError: One is damaged, or lacks what every run has.
        """
        config = self.config
        for name in LISTED[1:-1]:
            self._read(name)
        try:
            run_files.check_complete(config, self.metrics())
        except FileError as error:
            raise self._unreadable(error) from error

    @property
    def ships(self) -> bool:
        """Whether it is one of the gallery, which is part of the suite and not the user's to change."""
        return self.path.resolve().parent == GALLERY.resolve()

    def check_own(self) -> None:
        """Raise a RunError if this run is one of the gallery, which no training may change."""
        if self.ships:
            raise RunError(
                f"{self.name!r} is a model of the gallery, which ships with the suite, so it is not trained "
                f"further. Start a run of your own: take another --name, and leave out --resume"
            )

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
            RunError: Another process holds it, or its folder can't be written.
        """
        lock = self._lock(LOCK_SECONDS)
        try:
            lock.acquire()
        except Timeout:
            pid = self._read("status.json").get("pid")
            raise RunError(
                f"run {self.name!r} is in use by process {pid}. Wait for it, stop it, or take another --name"
            ) from None
        except OSError as error:
            raise RunError(f"{self.path} can't be written: {error.strerror or error}") from error
        try:
            yield
        finally:
            lock.release()

    def stop(self) -> None:
        """Ask the process that trains this run to save and stop.

        `status.json` says which process that is, and anybody may have written it. So a signal goes only to a
        process of this user that holds this run's lock, or that was started for this run, and that started
        when the file says so.

        Raises:
            RunError: It is a process of another machine, or none that trains this run.
        """
        status = self.status
        if status.get("state") not in ("queued", "running") or not status.get("pid"):
            return
        if status.get("host", platform.node()) != platform.node():
            raise RunError(f"run {self.name!r} is being trained on {status['host']}: stop it there")
        import psutil  # only where a process is looked at: lists of runs are made often

        process = self._process(status)
        if process is not None:
            with contextlib.suppress(psutil.NoSuchProcess):  # it has just ended by itself
                process.terminate()
            return
        # It may have ended between the two looks.
        if self.status.get("state") in ("queued", "running") and psutil.pid_exists(status["pid"]):
            raise RunError(
                f"process {status['pid']}, which status.json of run {self.name!r} names, does not train "
                f"this run, so it was not stopped. Stop the training where it was started"
            )

    def delete(self) -> None:
        """Remove the run and all it holds.

        Raises:
            RunError: It is being trained.
        """
        with self.locked():
            shutil.rmtree(self.path)

    def _read(self, name: str) -> dict[str, Any]:
        try:
            content = run_files.read(self.path / name)
            run_files.check(name, content)
        except FileError as error:
            raise self._unreadable(error) from error
        return content

    def _unreadable(self, error: FileError) -> RunError:
        return RunError(f"run {self.name!r} can't be read: {error}. The file is in {self.path}")

    def _lock(self, seconds: float = 0) -> FileLock:
        return FileLock(self.path / ".lock", timeout=seconds)

    def _alive(self, status: dict[str, Any]) -> bool:
        if status["state"] == "queued":
            if status.get("pid") and self._process(status) is not None:
                return True
            if "updated" not in status:
                return False
            updated = datetime.datetime.fromisoformat(status["updated"])
            age = (datetime.datetime.now(datetime.UTC) - updated).total_seconds()
            return abs(age) < QUEUED_SECONDS
        try:
            with self._lock():
                return False
        except Timeout:
            return True
        except OSError:  # a folder that may only be read: nobody trains there
            return False

    def _process(self, status: dict[str, Any]) -> "psutil.Process | None":
        """The process that `status` names, if it trains this run; see `stop`."""
        import psutil

        pid = status["pid"]
        if pid <= 1 or pid == os.getpid():
            return None
        try:
            process = psutil.Process(pid)
            if process.username() != psutil.Process().username():
                return None
            started = status.get("started")
            if started is not None and abs(process.create_time() - started) > CLOCK_SECONDS:
                return None  # the number was given to another process since
            if process.environ().get(RUN_VARIABLE) == str(self.path.resolve()):
                return process
            lock = self.path.resolve() / ".lock"
            return process if any(Path(file.path) == lock for file in process.open_files()) else None
        except psutil.Error:
            return None


def _version(path: Path) -> tuple[int, ...]:
    """What tells one version of a file from the next."""
    try:
        found = os.stat(path)
    except OSError as error:
        return (error.errno or 0,)
    return (found.st_ino, found.st_mtime_ns, found.st_size, found.st_mode)


@functools.lru_cache(maxsize=256)
def _rows(path: str, version: tuple[int, ...]) -> tuple[dict[str, Any], ...]:
    """The rows of a log."""
    return tuple(run_files.read_rows(Path(path)))


@functools.lru_cache(maxsize=4096)
def _checked(path: str, versions: tuple[tuple[int, ...], ...]) -> tuple[str, str | None]:
    """When a run was created, and why it can't be read; None where it can."""
    run = Run(Path(path))
    try:
        run.check()
    except RunError as error:
        return "", str(error.__cause__ or error)
    return run._read("status.json").get("created", ""), None


def this_process() -> dict[str, Any]:
    """What `status.json` says of the process that trains a run, so that `Run.stop` finds it."""
    return {**process_facts(os.getpid()), "host": platform.node()}


def process_facts(pid: int) -> dict[str, Any]:
    """A process' number and the time at which it started; None for a time that can't be had."""
    import psutil

    try:
        return {"pid": pid, "started": psutil.Process(pid).create_time()}
    except psutil.Error:
        return {"pid": pid, "started": None}


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
    _remove_beginning(run.path)
    try:
        run.path.mkdir(parents=True)
    except FileExistsError:
        raise RunError(_taken(directory, name)) from None
    except OSError as error:
        raise RunError(f"{run.path} can't be written: {error.strerror}") from error
    try:
        run.write_json("config.json", config)
        run.update_status(state="queued", step=0, created=now())
    except OSError as error:
        shutil.rmtree(run.path, ignore_errors=True)  # or nobody could take its name again
        raise RunError(f"{run.path} can't be written: {error.strerror}") from error
    return run


def _remove_beginning(path: Path) -> None:
    """Remove a folder in which a process that was killed, or a full disk, left nothing but hidden files."""
    with contextlib.suppress(OSError):
        if not path.is_symlink() and all(child.name.startswith(".") for child in path.iterdir()):
            shutil.rmtree(path)


def check_free(directory: Path, name: str, worker: int = 0) -> None:
    """Raise a RunError unless a run of that name can be made in `directory`."""
    check_name(name)
    path = Path(directory) / folder_name(name, worker)
    _remove_beginning(path)
    if path.exists():
        raise RunError(_taken(directory, name))


def _taken(directory: Path, name: str) -> str:
    return (
        f"there is a run {name!r} already in {directory}. Go on with it by --resume, or take another --name"
    )


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


@dataclass(frozen=True)
class Unreadable:
    """A run that a list leaves out.

    Args:
        name: Name of its folder.
        reason: Which file is damaged and how, in one line.
    """

    name: str
    reason: str


@dataclass(frozen=True)
class Listing:
    """The runs in a folder.

    Args:
        runs: Those that can be read, the newest first.
        unreadable: Those that can't, by name.
    """

    runs: tuple[Run, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()


def listing(directory: Path) -> Listing:
    """The runs in a folder, each checked; never raises because of what is in the folder."""
    folder = Path(directory)
    good: list[tuple[str, Run]] = []
    bad: list[Unreadable] = []
    try:
        names = sorted(names_in(folder))
    except OSError as error:
        return Listing(unreadable=(Unreadable(folder.name, f"can't be read: {error.strerror or error}"),))
    for name in names:
        path = folder / name
        created, problem = _checked(str(path), tuple(_version(path / file) for file in LISTED))
        if problem is None:
            good.append((created, Run(path)))
        else:
            bad.append(Unreadable(name, problem))
    good.sort(key=lambda pair: (pair[0], pair[1].name), reverse=True)
    return Listing(tuple(run for _, run in good), tuple(bad))


def runs_in(directory: Path) -> list[Run]:
    """The runs in a folder that can be read, the newest first; see `listing` for the others."""
    return list(listing(directory).runs)


def names_in(directory: Path) -> list[str]:
    """The names of all runs in a folder, readable or not.

    Raises:
        OSError: The folder is there and can't be read.
    """
    try:
        paths = list(Path(directory).iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [path.name for path in paths if NAME.fullmatch(path.name) and _is_run(path)]


def _is_run(path: Path) -> bool:
    return os.path.lexists(path / "config.json")


def find(name: str, directory: Path = RUNS) -> Run:
    """A run by its name, a gallery name, or a path.

    Raises:
        RunError: There is none; the message has the nearest names.
    """
    if NAME.fullmatch(name):
        for folder in (Path(directory), GALLERY):
            if _is_run(folder / name):
                return Run(folder / name)
    elif _is_run(Path(name).expanduser()):
        return Run(Path(name).expanduser())
    known: list[str] = []
    for folder in (Path(directory), GALLERY):
        with contextlib.suppress(OSError):
            known += names_in(folder)
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
