"""Full and read-only disks: each command that writes says so in one line and leaves nothing half-written."""

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import error_lines, run_here, run_module
from training import recipes, runs, trainer
from training.runs import Run, RunError

SHORT = {"training.snapshots": 0, "training.steps_per_call": 1}
GAMES = "cartpole_ppo"


def fill(folder: Path) -> None:
    """Leave no room on the disk of a folder."""
    with open(folder / "filler", "ab", buffering=0) as file:
        for size in (2**16, 2**10, 1):
            while True:
                try:
                    file.write(bytes(size))
                    file.flush()
                except OSError:
                    break


@pytest.fixture
def disk(tmp_path):
    """A small disk of its own, which can be made full or read-only."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = (
        shutil.which("mount")
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(place)], capture_output=True, check=False
        ).returncode
    )
    if not mounted:
        pytest.skip("this user can't mount a small disk")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def read_only(place: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)


def everything(folder: Path) -> dict[str, bytes]:
    """All files below a folder but the filler and locks."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in ("filler", ".lock")
    }


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """A run of a few steps of more, and a trained agent."""
    folder = tmp_path_factory.mktemp("stopped")
    run = trainer.create(recipes.find("points_mlp").override(SHORT), folder, "mine", steps=4)
    trainer.train(run, quiet=True)
    run.update_status(state="stopped")
    shutil.copytree(runs.GALLERY / GAMES, folder / "agent")
    return folder


COMMANDS = {
    "resume": ("training", "train", "points_mlp", "--name", "mine", "--resume"),
    "resume with steps": ("training", "train", "points_mlp", "--name", "mine", "--resume", "--steps", 9),
    "start": ("training", "train", "points_mlp", "--name", "new"),
    "evaluate": ("training", "evaluate", "mine"),
    "export keras": ("training", "export", "mine"),
    "export savedmodel": ("training", "export", "mine", "--format", "savedmodel"),
    "tune": ("tuning", "search", "points_mlp", "--trials", 1),
    "record": ("games", "record", "agent", "--out", "{disk}/film.gif", "--most-steps", 5),
}


@pytest.mark.parametrize("how", ["full", "read-only"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_on_such_a_disk_is_one_line(disk, stopped, capsys, command, how):
    folder = disk / "runs"
    shutil.copytree(stopped, folder)
    fill(disk) if how == "full" else read_only(disk)
    before = everything(disk)
    module, *words = [str(word).format(disk=disk) for word in COMMANDS[command]]
    assert run_here(module, *words, "--runs-dir", folder) == 2
    captured = capsys.readouterr()
    (line,) = error_lines(captured.err)
    assert "No space left on device" in line or "Read-only file system" in line or "MiB free" in line, line
    assert "Traceback" not in captured.err
    after = everything(disk)
    states = ("runs/mine/status.json",)  # that a run has failed may be said where there is room
    assert {name: after[name] for name in after if name not in states} == {
        name: before[name] for name in before if name not in states
    }
    if how == "full":  # and with room again the same command works, or the name is free
        (disk / "filler").unlink()
        assert not runs.listing(folder).unreadable
        if command in ("resume", "start", "evaluate", "export keras"):
            extra = ["--steps", 2] if command == "start" else []
            assert run_here(module, *words, "--runs-dir", folder, *extra) == 0


def test_evaluate_prints_its_figures_where_nothing_can_be_written(disk, stopped, capsys):
    folder = disk / "runs"
    shutil.copytree(stopped, folder)
    read_only(disk)
    assert run_here("training", "evaluate", "mine", "--runs-dir", folder) == 2
    (line,) = error_lines(capsys.readouterr().err)
    assert "--no-save" in line
    assert run_here("training", "evaluate", "mine", "--runs-dir", folder, "--no-save") == 0
    assert "accuracy" in capsys.readouterr().out


def test_predict_needs_no_room(disk, stopped):
    folder = disk / "runs"
    shutil.copytree(stopped, folder)
    read_only(disk)
    done = run_module("training", "predict", "mine", "--runs-dir", folder, input="0.5,0.5\n")
    assert '"output"' in done.stdout


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
@pytest.mark.parametrize("words", [("training", "list"), ("games", "list"), ("training", "--help")])
def test_standard_output_on_a_full_disk_is_one_line(words):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", *words], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1] == (
        "error: standard output can't be used: No space left on device"
    )
    assert "Traceback" not in done.stderr


def no_room(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_start_that_fails_leaves_its_name_free(tmp_path, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(runs.os, "fsync", no_room)
        with pytest.raises(RunError, match="can't be written: No space left"):
            runs.create(tmp_path, "mine", {"recipe": "x"})
    assert list(tmp_path.iterdir()) == []
    runs.create(tmp_path, "mine", {"recipe": "x"})


@pytest.mark.parametrize("left", [(), (".lock",), (".123-config.json", ".lock")])
def test_a_folder_in_which_a_start_was_killed_is_no_run(tmp_path, left):
    (tmp_path / "mine").mkdir()
    for name in left:
        (tmp_path / "mine" / name).touch()
    assert runs.create(tmp_path, "mine", {"recipe": "x"}).config == {"recipe": "x"}
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").touch()
    with pytest.raises(RunError, match="there is a run 'notes' already"):
        runs.create(tmp_path, "notes", {"recipe": "x"})
    assert (tmp_path / "notes" / "mine.txt").exists()


def test_a_data_file_that_cannot_be_read_is_not_told_as_a_full_disk(tmp_path, monkeypatch):
    run = trainer.create(recipes.find("points_mlp").override(SHORT), tmp_path, "mine", steps=2)

    def refused(*_):
        raise PermissionError(errno.EACCES, "Permission denied", "/data/points.csv")

    monkeypatch.setattr(trainer, "_load", refused)
    with pytest.raises(RunError, match=r"^/data/points.csv can't be used \(Permission denied\)"):
        trainer.train(run, quiet=True)


# What ships with the suite


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """A gallery of two models, which must stay as they are."""
    gallery = tmp_path / "gallery"
    for name in ("points_mlp", GAMES):
        shutil.copytree(runs.GALLERY / name, gallery / name)
    monkeypatch.setattr(runs, "GALLERY", gallery)
    before = everything(gallery)
    yield gallery
    assert everything(gallery) == before
    assert sorted(path.name for path in gallery.iterdir()) == sorted(["points_mlp", GAMES])


@pytest.mark.parametrize(
    "words",
    [
        ("training", "evaluate", "points_mlp"),
        ("training", "evaluate", "{gallery}/points_mlp"),
        ("training", "export", "points_mlp"),
        ("training", "export", "points_mlp", "--format", "savedmodel"),
        ("games", "evaluate", GAMES, "--episodes", 2, "--most-steps", 5),
    ],
)
def test_commands_change_nothing_in_the_gallery(shipped, tmp_path, words, capsys):
    module, *rest = [str(word).format(gallery=shipped) for word in words]
    assert run_here(module, *rest, "--runs-dir", tmp_path / "runs") == 0
    if "export" in words:
        assert list((tmp_path / "runs" / "exports").iterdir())


@pytest.mark.parametrize("steps", [(), ("--steps", 9)])
def test_a_model_of_the_gallery_is_not_trained_further(shipped, tmp_path, capsys, steps):
    words = ("train", "points_mlp", "--name", "points_mlp", "--resume", *steps)
    assert run_here("training", *words, "--runs-dir", tmp_path / "runs") == 2
    (line,) = error_lines(capsys.readouterr().err)
    assert "ships with the suite" in line
    with pytest.raises(RunError, match="ships with the suite"):
        trainer.train(Run(shipped / "points_mlp"), quiet=True)


def test_evaluate_writes_to_the_gallery_if_asked(tmp_path, monkeypatch):
    gallery = tmp_path / "gallery"
    shutil.copytree(runs.GALLERY / "points_mlp", gallery / "points_mlp")
    (gallery / "points_mlp" / "evaluation.json").unlink()
    monkeypatch.setattr(runs, "GALLERY", gallery)
    assert run_here("training", "evaluate", "points_mlp", "--save") == 0
    assert Run(gallery / "points_mlp").evaluation["test"]["accuracy"] > 0.9
