"""A limit on trainings at once: further ones wait, say so, and can be stopped."""

import signal
import subprocess
import sys
import threading

import pytest

from tests.apps.conftest import until
from tests.conftest import ROOT
from training import recipes, runs, slots, trainer
from training.runs import RunError


def test_a_further_training_waits_until_a_place_is_free(tmp_path):
    waited, entered, leave = threading.Event(), threading.Event(), threading.Event()

    def third():
        with slots.slot(tmp_path, 2, waited.set):
            entered.set()
            leave.wait(30)

    with slots.slot(tmp_path, 2):
        with slots.slot(tmp_path, 2):
            thread = threading.Thread(target=third, daemon=True)
            thread.start()
            assert waited.wait(30)
            assert not entered.is_set()
        assert entered.wait(30)
        leave.set()
        thread.join(30)
    assert not runs.listing(tmp_path).runs
    assert not runs.listing(tmp_path).unreadable


def test_a_place_is_free_again_when_its_holder_is_killed(tmp_path):
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from pathlib import Path; from training import slots\n"
        "with slots.slot(Path(sys.argv[2]), 1): print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(ROOT), str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline() == b"held\n"
        holder.kill()
    with slots.slot(tmp_path, 1, lambda: pytest.fail("nobody holds it")):
        pass


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="can't be written"), slots.slot(tmp_path / "file", 1):
        pass


def test_a_training_that_waits_says_so_stays_queued_and_can_be_stopped(tmp_path):
    run = trainer.create(recipes.find("digits_mlp"), tmp_path, "mine")
    words = ["train", "digits_mlp", "--name", "mine", "--runs-dir", tmp_path, "--resume", "--at-once", 1]
    with slots.slot(tmp_path, 1):
        process = subprocess.Popen(
            [sys.executable, "-m", "training", *map(str, words)],
            cwd=ROOT,
            env={**runs.os.environ, runs.RUN_VARIABLE: str(run.path)},
        )
        until(lambda: run.status.get("note"), "the training waits")
        assert "1 training goes on at once" in run.status["note"]
        old = {**run.status, "updated": "2020-01-01T00:00:00+00:00"}
        run.write_json("status.json", old)  # however long it waits
        assert run.state == "queued"
        run.stop()
        assert process.wait(30) == -signal.SIGTERM
    assert run.state == "stopped"
