"""Trainings as processes of their own."""

import os
import signal
import sys

import pytest

from apps import launch
from tests.apps.conftest import until
from training import recipes, trainer
from training.runs import RunError


@pytest.fixture
def run(tmp_path):
    return trainer.create(recipes.find("digits_cnn"), tmp_path, "mine")


def runs_instead(monkeypatch, code: str) -> None:
    monkeypatch.setattr(launch, "command", lambda run, devices="auto": [sys.executable, "-c", code])


def test_the_command_is_the_command_line(run):
    words = launch.command(run, "cpu:2")
    assert words[:5] == [sys.executable, "-m", "training", "train", "digits_cnn"]
    assert words[words.index("--name") + 1] == "mine"
    assert words[words.index("--runs-dir") + 1] == str(run.path.parent)
    assert words[words.index("--devices") + 1] == "cpu:2"
    assert "--resume" in words


def test_a_process_that_ends_before_it_begins_leaves_its_last_words(run, monkeypatch):
    runs_instead(monkeypatch, "import sys; print('warming up'); sys.exit('no such thing')")
    launch.start(run).join()
    assert run.state == "failed"
    assert run.status["error"] == "no such thing"
    assert sorted(launch.output(run)) == ["no such thing", "warming up"]


def test_a_process_that_is_starting_can_be_stopped_and_leaves_no_zombie(run, monkeypatch):
    runs_instead(monkeypatch, "import time; time.sleep(600)")
    launch.start(run)
    pid = run.status["pid"]
    assert os.getsid(pid) == pid  # a session of its own: the server's end is not its end
    with pytest.raises(RunError, match="already"):
        launch.start(run)
    run.stop()
    until(lambda: run.state == "stopped", "the run has stopped")
    assert run.status["error"] is None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_end_of_an_earlier_process_says_nothing_of_the_next(run, monkeypatch):
    ends = run.path / "ends"
    runs_instead(monkeypatch, f"import os, time\nwhile not os.path.exists({str(ends)!r}): time.sleep(0.01)")
    launch.start(run)
    first = run.status["pid"]
    run.update_status(state="stopped")  # as a training does some time before its process ends
    runs_instead(monkeypatch, "import time; time.sleep(600)")
    launch.start(run)
    ends.touch()
    until(lambda: not _lives(first), "the first process has ended and was reaped")
    assert run.state == "queued"
    os.kill(run.status["pid"], signal.SIGTERM)
    until(lambda: run.state == "stopped", "the run has stopped")


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_process_that_can_not_be_started_is_told(run, monkeypatch):
    monkeypatch.setattr(launch, "command", lambda run, devices="auto": ["/nowhere/python"])
    with pytest.raises(RunError, match="can't be started"):
        launch.start(run)
    assert run.state == "failed"
