"""Several workers over TF_CONFIG: two processes on the loopback train what one would have trained."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import ROOT, run_here
from training import checkpoints, strategy
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


def train_on_two(folder: Path, *arguments: object) -> None:
    cluster = {"worker": [f"127.0.0.1:{port}" for port in free_ports(2)]}
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "training", "train", "digits_cnn", "--name", "two", "--runs-dir", folder]
            + [str(word) for word in arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={
                **os.environ,
                "TF_CONFIG": json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}}),
            },
        )
        for index in range(2)
    ]
    for worker in workers:
        output, _ = worker.communicate(timeout=150)
        assert worker.returncode == 0, output


def test_two_workers_train_and_resume_as_one_process(tmp_path):
    train_on_two(tmp_path, "--steps", STEPS // 2, *SETTINGS)
    chief, other = Run(tmp_path / "two"), Run(tmp_path / ".two-worker1")
    assert chief.config["strategy"] == "CollectiveAllReduceStrategy"
    assert chief.config["replicas"] == 2
    assert chief.model_path.exists()
    assert not other.model_path.exists()  # the chief alone writes what people use
    train_on_two(tmp_path, "--steps", STEPS, "--resume")
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


@pytest.mark.parametrize("text", ["{", "[]", '{"task": {"index": "x"}}', '{"cluster": 3}'])
def test_a_broken_cluster_description_is_one_line(monkeypatch, text):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(strategy.DeviceError, match="TF_CONFIG must be JSON like") as caught:
        strategy.worker()
    assert "\n" not in str(caught.value)


def test_a_single_process_is_worker_0_of_1(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    assert strategy.worker() == strategy.Worker(0, 1)
