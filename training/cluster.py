"""The processes that train one run together, as the environment variable TF_CONFIG describes them.

This module imports no TensorFlow: a cluster that can't be used is refused before TensorFlow connects to it.
"""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

WAIT_SECONDS = 300.0  # for the other processes to start
POLL_SECONDS = 0.2
QUIET_SECONDS = 3.0  # of waiting before a line says so
JOBS = ("chief", "worker")  # in the order of their replicas
ADDRESS = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:]+\]):([0-9]{1,5})")
EXAMPLE = '{"cluster": {"worker": ["host:port", ...]}, "task": {"type": "worker", "index": 0}}'


class DeviceError(ValueError):
    """The devices asked for are not there; the message is one line for a person."""


class ClusterError(DeviceError):
    """TF_CONFIG can't be used, or the cluster can't be reached; the message is one line for a person."""


class ClusterLost(Exception):
    """Another process of the cluster ended or froze; the message is for a person."""


class WaitStopped(Exception):
    """Somebody asked to stop while this process waited for the others; the message is for a person."""


@dataclass(frozen=True)
class Cluster:
    """The processes that train together, and which of them this one is.

    Args:
        jobs: Addresses "host:port" by job, "chief" and "worker".
        job: Job of this process.
        task: Index of this process within its job.
    """

    jobs: Mapping[str, tuple[str, ...]]
    job: str
    task: int

    @property
    def members(self) -> list[tuple[str, int, str]]:
        """Job, index within the job and address of every process: the chief first, then the workers."""
        return [(job, task, address) for job in JOBS for task, address in enumerate(self.jobs.get(job, ()))]

    @property
    def index(self) -> int:
        """Position of this process among all."""
        return next(
            i for i, (job, task, _) in enumerate(self.members) if (job, task) == (self.job, self.task)
        )

    @property
    def count(self) -> int:
        """Number of processes."""
        return len(self.members)

    def others(self) -> dict[tuple[str, int], str]:
        """Addresses of all other processes, by job and index."""
        own = (self.job, self.task)
        return {(job, task): address for job, task, address in self.members if (job, task) != own}

    def name(self, job: str, task: int) -> str:
        """A process as people name it: "worker 1 at 10.0.0.2:2222"."""
        return f"{job}{'' if job == 'chief' else f' {task}'} at {self.jobs[job][task]}"


def read(environment: Mapping[str, str] = os.environ) -> Cluster | None:
    """The cluster that TF_CONFIG describes; None where this process trains alone.

    Raises:
        ClusterError: TF_CONFIG is not what TensorFlow documents, or has a task that does not train.
    """
    text = environment.get("TF_CONFIG") or "{}"
    try:
        config = json.loads(text)
        jobs = {
            str(job): tuple(addresses) if isinstance(addresses, list) else (addresses,)
            for job, addresses in config.get("cluster", {}).items()
        }
        task = config.get("task", {})
        job, index = task.get("type"), _whole_number(task.get("index"))
    except (ValueError, AttributeError, TypeError) as error:
        raise ClusterError(f"TF_CONFIG must be JSON like {EXAMPLE}. Received: {text!r}") from error
    _check_jobs(jobs, job)
    members = {name: jobs[name] for name in JOBS if jobs.get(name)}
    if sum(map(len, members.values())) < 2:
        return None
    if job is None or index is None:
        raise ClusterError(
            f"TF_CONFIG names several processes but not which of them this one is: add "
            f'"task": {{"type": "worker", "index": 0}}. Received: {text}'
        )
    if job not in members:
        raise ClusterError(
            f"TF_CONFIG has the task type {job!r}, but its cluster has only {' and '.join(members)}"
        )
    if not 0 <= index < len(members[job]):
        raise ClusterError(
            f"TF_CONFIG's task index must be 0 to {len(members[job]) - 1}, since the cluster has "
            f"{len(members[job])} of type {job!r}. Received: {index}"
        )
    return Cluster(members, job, index)


def _whole_number(value: Any) -> int | None:
    """A task's index: a number, or a number as text, as some schedulers write it."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise ValueError(value)
    return int(value)


def _check_jobs(jobs: Mapping[str, tuple[Any, ...]], job: Any) -> None:
    """Raise a ClusterError for jobs that don't train, and for addresses that can't be right."""
    if job == "evaluator":
        raise ClusterError(
            "TF_CONFIG makes this process an evaluator, but the chief evaluates after each epoch. "
            "Start only the chief and the workers"
        )
    if job == "ps" or "ps" in jobs:
        raise ClusterError(
            "TF_CONFIG has parameter servers (ps), but all workers train synchronously here. Name only a "
            "chief and workers, or workers alone"
        )
    for name, addresses in jobs.items():
        if name not in (*JOBS, "evaluator"):
            raise ClusterError(f"TF_CONFIG's cluster must name a chief and workers. Received: {name!r}")
        for address in addresses:
            match = ADDRESS.fullmatch(address) if isinstance(address, str) else None
            if not match or not 0 < int(match[2]) < 2**16:
                raise ClusterError(
                    f"TF_CONFIG's {name} must be a list of addresses host:port. Received: {address!r}"
                )
    if len(jobs.get("chief", ())) > 1:
        raise ClusterError(f"TF_CONFIG must name one chief. Received: {len(jobs['chief'])}")
    every = [address for name in JOBS for address in jobs.get(name, ())]
    for address in every:
        if every.count(address) > 1:
            raise ClusterError(f"TF_CONFIG names {address} twice. Every process needs an address of its own")


def wait_for_others(
    cluster: Cluster,
    seconds: float = WAIT_SECONDS,
    stopped: Callable[[], bool] = lambda: False,
    tell: Callable[[str], None] = lambda line: print(line, file=sys.stderr, flush=True),
) -> None:
    """Wait until all other processes of the cluster can be reached.

    TensorFlow's own wait hears no signal and has no end. Until TensorFlow listens at this process' port, this
    function does, so that the others find it.

    Args:
        cluster: With several processes.
        seconds: Longest time to wait.
        stopped: Whether somebody asked to stop.
        tell: Takes a line that says who is awaited.

    Raises:
        ClusterError: A process can't be reached in time, or the own port is in use.
        WaitStopped: Somebody asked to stop.
    """
    missing = cluster.others()
    started, told = time.monotonic(), False
    with _listening(int(cluster.jobs[cluster.job][cluster.task].rpartition(":")[2])):
        while missing:
            missing = {who: address for who, address in missing.items() if not _reachable(address)}
            if not missing:
                return
            names = ", ".join(cluster.name(*who) for who in missing)
            waited = time.monotonic() - started
            if stopped():
                raise WaitStopped(f"stopped while waiting for {names}")
            if waited >= seconds:
                raise ClusterError(_absent(names, seconds))
            if waited >= QUIET_SECONDS and not told:
                tell(f"waiting for {names}, {seconds:g} seconds at most (--worker-timeout)")
                told = True
            time.sleep(POLL_SECONDS)


def _absent(names: str, seconds: float) -> str:
    return (
        f"no answer from {names} within {seconds:g} seconds. Start every process of TF_CONFIG with the same "
        f"command, or give them longer by --worker-timeout SECONDS"
    )


@contextlib.contextmanager
def _listening(port: int) -> Iterator[None]:
    try:
        server = socket.create_server(("", port))
    except OSError as error:
        raise ClusterError(
            f"port {port}, which TF_CONFIG gives this process, can't be used ({error.strerror}). Is another "
            f"process with the same task running?"
        ) from error
    with server:
        yield


def _reachable(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=2).close()
    except OSError:  # not started yet, or its name is not known yet
        return False
    return True


_GUARD = """
import os, select, signal, sys
process, seconds, message = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
if not select.select([sys.stdin], [], [], seconds)[0]:
    print(message, file=sys.stderr, flush=True)
    os.kill(process, signal.SIGKILL)
"""


@contextlib.contextmanager
def bounded(cluster: Cluster, seconds: float) -> Iterator[None]:
    """End this process if the block takes longer: TensorFlow connects in C++, which no thread can interrupt.

    A process that could be reached may be frozen, or gone since. SIGINT and SIGTERM end this process at once
    while the block runs.

    Args:
        cluster: Whom TensorFlow connects to.
        seconds: Longest time that the block may take.
    """
    names = ", ".join(cluster.name(*who) for who in cluster.others())
    message = f"error: {_absent(names, seconds)}"
    guard = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _GUARD, str(os.getpid()), str(seconds), message],
        stdin=subprocess.PIPE,  # closed by this process' end, however it comes
        stdout=subprocess.DEVNULL,
    )
    handlers = {}
    with contextlib.suppress(ValueError):  # of a thread that is not the main one
        for number in (signal.SIGINT, signal.SIGTERM):
            handlers[number] = signal.signal(number, signal.SIG_DFL)
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        guard.communicate()


_TASK = re.compile(r"/job:(\w+)/replica:\d+/task:(\d+)")


def lost(cluster: Cluster, error: Exception) -> str:
    """The one line that says that training ended because other processes no longer answer.

    Args:
        cluster: With several processes.
        error: What TensorFlow raised, which may name them.
    """
    others = cluster.others()
    named = {(job, int(task)) for job, task in _TASK.findall(str(error))} & others.keys()
    names = ", ".join(cluster.name(*who) for who in sorted(named) or others)
    return f"lost {names}: ended, or does not answer any more"
