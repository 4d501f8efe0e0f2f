"""Several workers over TF_CONFIG: two processes on the loopback train what one would have trained."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import ROOT, error_lines, run_here
from training import checkpoints, recipes, strategy, trainer
from training.runs import Run

STEPS = 40
SETTINGS = (
    "--model.filters", "4", "--model.convolutions", "1", "--model.normalization", "none",
    "--optimizer.learning_rate", "1e-3",
)  # fmt: skip


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def start_two(folder: Path, jobs: tuple[tuple[str, int], ...], *arguments: object) -> list[subprocess.Popen]:
    """Start a training in two processes.

    Args:
        folder: Where their runs are.
        jobs: Job and index of each.
        arguments: More words of the command line.
    """
    cluster: dict[str, list[str]] = {}
    for (job, _), port in zip(jobs, free_ports(2), strict=True):
        cluster.setdefault(job, []).append(f"127.0.0.1:{port}")
    return [
        subprocess.Popen(
            [sys.executable, "-m", "training", "train", "digits_cnn", "--name", "two", "--runs-dir", folder]
            + [str(word) for word in arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={
                **os.environ,
                "TF_CONFIG": json.dumps(
                    {"cluster": cluster, "task": {"type": job, "index": index}, "environment": "cloud"}
                ),
            },
        )
        for job, index in jobs
    ]


WORKERS = (("worker", 0), ("worker", 1))
CHIEF_AND_WORKER = (("chief", 0), ("worker", 0))


def train_on_two(folder: Path, jobs: tuple[tuple[str, int], ...], *arguments: object) -> None:
    for worker in start_two(folder, jobs, *arguments):
        output, _ = worker.communicate(timeout=150)
        assert worker.returncode == 0, output


def test_two_workers_train_and_resume_as_one_process(tmp_path):
    """A chief and a worker begin, two workers go on: the first of either kind is the one that writes."""
    train_on_two(tmp_path, CHIEF_AND_WORKER, "--steps", STEPS // 2, *SETTINGS)
    chief, other = Run(tmp_path / "two"), Run(tmp_path / ".two-worker1")
    assert chief.config["strategy"] == "CollectiveAllReduceStrategy"
    assert chief.config["replicas"] == 2
    assert chief.model_path.exists()
    assert not other.model_path.exists()  # the chief alone writes what people use
    train_on_two(tmp_path, WORKERS, "--steps", STEPS, "--resume")
    # The schedule of the first half was that of a training of 20 steps, so the reference stops there too.
    one = ["train", "digits_cnn", "--name", "one", "--runs-dir", tmp_path]
    for words in ((STEPS // 2, *SETTINGS), (STEPS, "--resume")):
        assert run_here("training", *one, "--steps", *words) == 0
    arrays = [checkpoints.load(run.checkpoint_path)[0] for run in (chief, other, Run(tmp_path / "one"))]
    for a, b, c in zip(*arrays, strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_allclose(a, c, atol=1e-5)
    losses = [run.metrics()[-1]["loss"] for run in (chief, Run(tmp_path / "one"))]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("victim", "number"), [(1, signal.SIGKILL), (0, signal.SIGKILL), (1, signal.SIGSTOP), (0, signal.SIGSTOP)]
)
def test_a_process_that_dies_or_freezes_ends_the_other_in_one_sentence(tmp_path, victim, number):
    processes = start_two(tmp_path, CHIEF_AND_WORKER, "--training.epochs", 10_000, *SETTINGS)
    run = Run(tmp_path / ("two" if victim else ".two-worker1"))  # that of the other
    deadline = time.monotonic() + 150
    while not run.path.exists() or run.status.get("step", 0) < 1:
        assert processes[1 - victim].poll() is None, processes[1 - victim].stdout.read()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    processes[victim].send_signal(number)
    output, _ = processes[1 - victim].communicate(timeout=90)
    processes[victim].kill()
    processes[victim].communicate()
    assert processes[1 - victim].returncode == 2
    (line,) = error_lines(output)
    name = "worker 0 at" if victim else "chief at"
    assert line.startswith(f"error: lost {name} 127.0.0.1:")
    assert "Start every process again with --resume" in line
    assert "Traceback" not in output
    assert run.state == "failed"
    assert run.status["error"] == line.removeprefix("error: ")


@pytest.fixture
def alone(monkeypatch):
    """This process is the chief of a cluster whose worker is not there."""
    chief, worker = (f"127.0.0.1:{port}" for port in free_ports(2))
    cluster = {"chief": [chief], "worker": [worker]}
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": cluster, "task": {"type": "chief", "index": 0}}))
    return worker


@pytest.mark.parametrize("resume", [False, True])
def test_one_that_is_alone_waits_with_a_limit_and_says_so(alone, resume, tmp_path, capsys):
    words = ["train", "digits_mlp", "--name", "two", "--runs-dir", tmp_path, "--worker-timeout", 1]
    if resume:
        trainer.create(recipes.find("digits_mlp"), tmp_path, "two")
    assert run_here("training", *words, *(["--resume"] if resume else [])) == 2
    (line,) = error_lines(capsys.readouterr().err)
    assert f"no answer from worker 0 at {alone} within 1 seconds" in line
    run = Run(tmp_path / "two")
    assert run.path.exists() == resume
    if resume:
        assert run.status["error"] in line


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_wait_at_once(alone, number, tmp_path, capsys):
    trainer.create(recipes.find("digits_mlp"), tmp_path, "two")
    timer = threading.Timer(0.5, os.kill, (os.getpid(), number))
    started = time.monotonic()
    timer.start()
    words = ["train", "digits_mlp", "--name", "two", "--runs-dir", tmp_path, "--resume"]
    assert run_here("training", *words) == 130
    assert time.monotonic() - started < 60  # of 300
    assert capsys.readouterr().err.splitlines()[-1] == f"stopped while waiting for worker 0 at {alone}"
    assert Run(tmp_path / "two").state == "stopped"


@pytest.mark.parametrize("text", ["{", "[]", '{"task": {"index": "x"}}', '{"cluster": 3}'])
def test_a_broken_cluster_description_is_one_line(monkeypatch, text):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(strategy.DeviceError, match="TF_CONFIG must be JSON like") as caught:
        strategy.worker()
    assert "\n" not in str(caught.value)


def test_a_single_process_is_worker_0_of_1(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    assert strategy.worker() == strategy.Worker(0, 1)
