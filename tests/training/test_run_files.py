"""What is damaged in a folder of runs, or was put there by a stranger: named and left out; and who is stopped."""

import json
import os
import platform
import re
import subprocess
import sys

import psutil
import pytest

from tests.conftest import ROOT
from training import recipes, run_files, runs, trainer
from training.runs import Run, RunError


def made(folder, name):
    run = trainer.create(recipes.find("digits_mlp"), folder, name)
    run.metrics_path.write_text('{"step": 1, "epoch": 0.5, "seconds": 0.1, "loss": 2.0}\n')
    run.update_status(state="finished", step=1, steps=1)
    return run


def changed(file, **changes):
    """Damage: some fields of a JSON file have other values."""

    def damage(path):
        content = json.loads((path / file).read_text())
        (path / file).write_text(json.dumps({**content, **changes}))

    return damage


def written(file, content):
    """Damage: a file has another content."""
    mode = "write_bytes" if isinstance(content, bytes) else "write_text"
    return lambda path: getattr(path / file, mode)(content)


def replaced(file, make):
    """Damage: something else stands where the file was."""

    def damage(path):
        (path / file).unlink(missing_ok=True)
        make(path / file)

    return damage


ROW = '{"step": 1, "epoch": 1, "seconds": 1}\n'
SPEC = {"name": "x", "input_shape": [8, 8, 1], "classes": ["a"]}
DAMAGES = {
    "a list": (written("status.json", "[]"), "status.json must be an object"),
    "cut short": (written("status.json", '{"state": "runn'), "status.json is not JSON"),
    "empty": (written("status.json", ""), "status.json is not JSON"),
    "no text": (written("status.json", b"\xff\xfe{}"), "status.json is not text in UTF-8"),
    "brackets without end": (written("status.json", "[" * 100_000), "status.json is not JSON"),
    "unknown state": (changed("status.json", state="paused"), "state must be one of queued, running"),
    "state as number": (changed("status.json", state=3), "state must be one of"),
    "state as list": (changed("status.json", state=[]), "state must be one of"),
    "pid as text": (changed("status.json", pid="12"), "pid must be a whole number"),
    "pid as bool": (changed("status.json", pid=True), "pid must be a whole number"),
    "pid below 0": (changed("status.json", pid=-1), "pid must be a whole number"),
    "huge pid": (changed("status.json", pid=10**30), "pid must be a whole number"),
    "time without zone": (changed("status.json", updated="2026-01-01T00:00:00"), "updated must be a date"),
    "time as number": (changed("status.json", created=5), "created must be a date"),
    "error as list": (changed("status.json", error=["x"]), "error must be a text"),
    "no JSON": (written("metrics.jsonl", ROW + "step 2\n"), "line 2 of metrics.jsonl is not JSON"),
    "no seconds": (written("metrics.jsonl", '{"step": 1, "epoch": 1}\n'), "line 1 .* has no seconds"),
    "row as list": (written("metrics.jsonl", "[1]\n"), "line 1 of metrics.jsonl must be an object"),
    "figure as text": (written("metrics.jsonl", ROW + ROW[:-2] + ', "loss": "a"}\n'), "line 2 .*: loss must"),
    "parameters as text": (changed("config.json", parameters="many"), "parameters must be a whole number"),
    "spec as list": (changed("config.json", spec=[]), "spec must be an object"),
    "no shape": (changed("config.json", spec={"name": "x"}), "spec has no input_shape"),
    "shape as text": (changed("config.json", spec={**SPEC, "input_shape": "8x8"}), "input_shape must be"),
    "classes as numbers": (changed("config.json", spec={**SPEC, "classes": [1]}), "classes must be a list"),
    "a model elsewhere": (changed("config.json", models=["../../x"]), "models must be a list of file names"),
    "no models": (changed("config.json", models=[]), "models must be a list of file names"),
    "section as text": (changed("config.json", training="long"), "training must be an object"),
    "recipe as number": (changed("config.json", recipe=1), "recipe must be a text"),
    "nothing in it": (written("config.json", "{}"), "config.json has no recipe"),
    "agent without its torso": (changed("config.json", architecture="policy"), "model has no torso"),
    "accuracy as text": (written("evaluation.json", '{"test": {"accuracy": "high"}}'), "test.accuracy must"),
    "evaluation as list": (written("evaluation.json", "[]"), "evaluation.json must be an object"),
    "sweep without nets": (written("sweep.json", '{"step": 1}'), "sweep.json has no deviation"),
    "a folder": (replaced("config.json", lambda path: path.mkdir()), "config.json can't be read"),
    "a loop": (replaced("status.json", lambda path: path.symlink_to(path)), "status.json can't be read"),
    "a pipe": (replaced("status.json", os.mkfifo), "status.json is no file"),
    "a loop for a config": (replaced("config.json", lambda path: path.symlink_to(path)), "can't be read"),
    "a lost link": (replaced("config.json", lambda path: path.symlink_to(path / "x")), "config.json"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_run_is_named_with_its_reason_and_the_others_are_listed(tmp_path, damage):
    good = made(tmp_path, "good")
    bad = made(tmp_path, "bad")
    harm, reason = DAMAGES[damage]
    harm(bad.path)
    listing = runs.listing(tmp_path)
    assert [run.name for run in listing.runs] == [good.name]
    assert [each.name for each in listing.unreadable] == ["bad"]
    assert re.search(reason, listing.unreadable[0].reason), listing.unreadable
    assert "\n" not in listing.unreadable[0].reason
    assert [run.name for run in runs.runs_in(tmp_path)] == [good.name]


def test_a_huge_file_is_not_read(tmp_path, monkeypatch):
    run = made(tmp_path, "bad")
    with open(run.path / "status.json", "wb") as file:
        file.truncate(run_files.MOST_BYTES + 1)
    with open(run.metrics_path, "wb") as file:
        file.truncate(run_files.MOST_LOG_BYTES + 1)
    (bad,) = runs.listing(tmp_path).unreadable
    assert "status.json is larger than 16 MiB" in bad.reason
    with pytest.raises(RunError, match=r"metrics.jsonl is larger than 256 MiB"):
        run.metrics()


def test_a_run_that_is_put_right_is_listed_again(tmp_path):
    run = made(tmp_path, "mine")
    text = (run.path / "status.json").read_text()
    (run.path / "status.json").write_text("[]")
    assert runs.listing(tmp_path).unreadable
    (run.path / "status.json").write_text(text)
    assert [each.name for each in runs.listing(tmp_path).runs] == ["mine"]


def test_a_folder_of_runs_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    def refused(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(tmp_path), "iterdir", refused)
    (bad,) = runs.listing(tmp_path).unreadable
    assert "Permission denied" in bad.reason
    with pytest.raises(RunError, match="there is no run 'mine'"):
        runs.find("mine", tmp_path)


def test_every_model_of_the_gallery_keeps_the_rules():
    assert not runs.listing(runs.GALLERY).unreadable


# Who is stopped


@pytest.fixture
def stranger():
    """A process of this user that trains nothing."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as process:
        yield process
        assert process.poll() is None, "a process that is not ours was stopped"
        process.kill()


@pytest.mark.parametrize(
    "status",
    [
        {"state": "queued", "updated": "2099-01-01T00:00:00+00:00"},
        {"state": "queued", "started": 5.0},
        {"state": "running"},
    ],
    ids=["far in the future", "another start", "running"],
)
def test_stop_signals_no_process_that_does_not_train_the_run(tmp_path, stranger, status):
    run = made(tmp_path, "mine")
    run.write_json("status.json", {"updated": runs.now(), **status, "pid": stranger.pid})
    with run.locked() if status["state"] == "running" else pytest.MonkeyPatch.context():
        active = run.state in ("queued", "running")
        if active:
            with pytest.raises(RunError, match=f"process {stranger.pid}, .* does not train this run"):
                run.stop()
        else:
            run.stop()


@pytest.mark.parametrize("pid", [1, os.getpid()], ids=["first", "this"])
def test_stop_never_signals_the_first_process_nor_this_one(tmp_path, pid, monkeypatch):
    monkeypatch.setattr(psutil.Process, "terminate", lambda self: pytest.fail("a signal"))
    run = made(tmp_path, "mine")
    run.update_status(state="queued", **runs.process_facts(pid))
    with pytest.raises(RunError, match="does not train this run"):
        run.stop()


def test_a_process_number_that_is_gone_needs_no_stop(tmp_path):
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    run = made(tmp_path, "mine")
    run.update_status(state="queued", pid=ended.pid)
    run.stop()


TRAINS = (
    "import sys, time; sys.path.insert(0, sys.argv[1])\n"
    "from training.runs import Run, this_process\n"
    "run = Run(sys.argv[2])\n"
    "with run.locked():\n"
    "    run.update_status(state='running', **this_process())\n"
    "    print('held', flush=True); time.sleep(600)"
)


@pytest.fixture
def training(tmp_path):
    """A run and the process that holds it."""
    run = made(tmp_path, "mine")
    command = [sys.executable, "-c", TRAINS, str(ROOT), str(run.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"held\n"
        yield run, process
        process.kill()


def test_stop_signals_the_process_that_holds_the_run(training):
    run, process = training
    assert abs(run.status["started"] - psutil.Process(process.pid).create_time()) < 1
    run.stop()
    assert process.wait(30) == -15


def test_stop_does_not_signal_a_process_that_was_given_the_number_since(training):
    run, process = training
    run.update_status(started=run.status["started"] - 100)
    with pytest.raises(RunError, match="does not train this run"):
        run.stop()
    assert process.poll() is None


def test_stop_does_not_signal_the_training_of_another_run(training, tmp_path):
    run, process = training
    other = made(tmp_path, "other")
    other.write_json("status.json", {**run.status, "state": "queued"})
    with pytest.raises(RunError, match="does not train this run"):
        other.stop()
    assert process.poll() is None


def test_a_run_that_was_queued_in_the_future_has_no_process(tmp_path):
    run = made(tmp_path, "mine")
    run.write_json("status.json", {"state": "queued", "updated": "2099-01-01T00:00:00+00:00"})
    assert run.state == "stopped"


def test_of_a_stranger_the_user_is_asked(tmp_path, monkeypatch, training):
    run, process = training
    names = {process.pid: "somebody"}
    monkeypatch.setattr(psutil.Process, "username", lambda self: names.get(self.pid, platform.node()))
    with pytest.raises(RunError, match="does not train this run"):
        run.stop()


def test_a_damaged_run_is_one_line_at_the_command_line(tmp_path):
    run = made(tmp_path, "mine")
    (run.path / "config.json").write_text("[]")
    with pytest.raises(RunError, match=r"run 'mine' can't be read: config.json must be an object"):
        assert Run(run.path).config
