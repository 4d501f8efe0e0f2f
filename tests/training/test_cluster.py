"""TF_CONFIG: every shape that TensorFlow documents is taken, or refused in one sentence; waiting has an end."""

import json
import socket
import time

import pytest

from training import cluster, strategy
from training.cluster import ClusterError, WaitStopped

A, B, C = "10.0.0.1:2222", "10.0.0.2:2222", "10.0.0.3:2222"


def described(jobs: object, job: object = None, index: object = None, **more: object) -> dict[str, str]:
    """An environment whose TF_CONFIG names these jobs and this task."""
    task = {key: value for key, value in (("type", job), ("index", index)) if value is not None}
    return {"TF_CONFIG": json.dumps({"cluster": jobs, **({"task": task} if task else {}), **more})}


@pytest.mark.parametrize(
    ("jobs", "job", "index", "place"),
    [
        ({"chief": [A], "worker": [B]}, "chief", 0, (0, 2)),
        ({"worker": [B], "chief": [A]}, "worker", 0, (1, 2)),
        ({"chief": [A], "worker": [B, C]}, "worker", 1, (2, 3)),
        ({"worker": [A, B]}, "worker", 0, (0, 2)),
        ({"worker": [A, B]}, "worker", 1, (1, 2)),
        ({"worker": [A, B]}, "worker", "1", (1, 2)),  # as some schedulers write it
        ({"worker": [A, B], "evaluator": [C]}, "worker", 1, (1, 2)),
        ({"worker": ["[::1]:1", "node-7.local:65535"]}, "worker", 1, (1, 2)),
    ],
)
def test_clusters_that_train_together(jobs, job, index, place, monkeypatch):
    environment = described(jobs, job, index, environment="cloud")
    found = cluster.read(environment)
    assert (found.index, found.count) == place
    monkeypatch.setenv("TF_CONFIG", environment["TF_CONFIG"])
    worker = strategy.worker()
    assert (worker.index, worker.count) == place
    assert worker.is_chief == (place[0] == 0)


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"TF_CONFIG": ""},
        {"TF_CONFIG": "{}"},
        {"TF_CONFIG": '{"environment": "cloud"}'},
        {"TF_CONFIG": '{"environment": "cloud", "task": {"type": "worker", "index": 0}}'},
        described({"worker": [A]}, "worker", 0),
        described({"chief": [A]}, "chief", 0),
        described({"chief": [A], "evaluator": [B]}, "chief", 0),
    ],
)
def test_a_process_without_others_trains_alone(environment):
    assert cluster.read(environment) is None


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        (described({"chief": [A], "worker": [B], "evaluator": [C]}, "evaluator", 0), "makes this process an evalu"),
        (described({"chief": [A], "worker": [B], "ps": [C]}, "worker", 0), "has parameter servers (ps), but all"),
        (described({"worker": [A, B]}, "ps", 0), "has parameter servers"),
        (described({"worker": [A, B]}, "worker", 2), "must be 0 to 1, since the cluster has 2 of type 'worker'"),
        (described({"worker": [A, B]}, "worker", -1), "must be 0 to 1"),
        (described({"chief": [A], "worker": [B]}, "chief", 1), "must be 0 to 0"),
        (described({"worker": [A, B]}, "chief", 0), "has the task type 'chief', but its cluster has only worker"),
        (described({"worker": [A, B]}), "not which of them this one is: add"),
        (described({"worker": [A, B]}, "worker"), "not which of them this one is: add"),
        (described({"worker": [A, A]}, "worker", 0), "names 10.0.0.1:2222 twice"),
        (described({"chief": [A], "worker": [B, A]}, "worker", 0), "names 10.0.0.1:2222 twice"),
        (described({"chief": [A, B]}, "chief", 0), "must name one chief. Received: 2"),
        (described({"master": [A], "worker": [B]}, "master", 0), "must name a chief and workers. Received: 'master'"),
        (described({"worker": ["10.0.0.1", B]}, "worker", 0), "addresses host:port. Received: '10.0.0.1'"),
        (described({"worker": ["a:99999", B]}, "worker", 0), "addresses host:port. Received: 'a:99999'"),
        (described({"worker": {"0": A, "1": B}}, "worker", 0), "addresses host:port. Received: {"),
        (described({"worker": [A, None]}, "worker", 0), "addresses host:port. Received: None"),
        (described({"worker": [A, B]}, "worker", True), "must be JSON like"),
        (described({"worker": [A, B]}, "worker", 0.5), "must be JSON like"),
        (described([A, B], "worker", 0), "must be JSON like"),
        ({"TF_CONFIG": "{'cluster': {}}"}, "must be JSON like"),
    ],
)  # fmt: skip
def test_clusters_that_are_refused_in_one_sentence(environment, message):
    with pytest.raises(ClusterError) as caught:
        cluster.read(environment)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@pytest.fixture
def pair() -> cluster.Cluster:
    """A chief, this process, and a worker that is not there."""
    chief, worker = (f"127.0.0.1:{free_port()}" for _ in range(2))
    return cluster.Cluster({"chief": (chief,), "worker": (worker,)}, "chief", 0)


def test_waiting_ends_with_the_limit_and_names_who_is_missing(pair, monkeypatch):
    monkeypatch.setattr(cluster, "QUIET_SECONDS", 0.0)
    lines: list[str] = []
    with pytest.raises(ClusterError) as caught:
        cluster.wait_for_others(pair, 0.5, tell=lines.append)
    (address,) = pair.jobs["worker"]
    assert f"no answer from worker 0 at {address} within 0.5 seconds" in str(caught.value)
    assert "--worker-timeout SECONDS" in str(caught.value)
    assert lines == [f"waiting for worker 0 at {address}, 0.5 seconds at most (--worker-timeout)"]


def test_waiting_ends_when_somebody_asks_to_stop(pair):
    started = time.monotonic()
    with pytest.raises(WaitStopped, match="stopped while waiting for worker 0 at 127"):
        cluster.wait_for_others(pair, 60, stopped=lambda: time.monotonic() - started > 0.3)
    assert time.monotonic() - started < 10


def test_waiting_ends_when_all_are_there(pair):
    port = int(pair.jobs["worker"][0].rpartition(":")[2])
    with socket.create_server(("127.0.0.1", port)):
        cluster.wait_for_others(pair, 10)


def test_an_own_port_in_use_is_told(pair):
    port = int(pair.jobs["chief"][0].rpartition(":")[2])
    with socket.create_server(("", port)), pytest.raises(ClusterError, match=f"port {port}, which TF_CONFIG"):
        cluster.wait_for_others(pair, 10)
