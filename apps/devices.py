"""What this machine trains on, found without TensorFlow, which takes seconds to start."""

import os
import shutil
import subprocess
from dataclasses import dataclass

ASK_SECONDS = 2  # a driver that takes longer to answer is left out; no page waits for it


@dataclass(frozen=True)
class Devices:
    """The processor and the GPUs.

    Args:
        cores: CPU cores that this process may use.
        memory: Of the machine, in GiB; None where the system does not tell.
        gpus: Names of the NVIDIA GPUs that the driver knows.
    """

    cores: int
    memory: float | None
    gpus: tuple[str, ...]


def find() -> Devices:
    """Ask the system and, where there is one, NVIDIA's driver."""
    return Devices(_cores(), _memory(), _gpus())


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory() -> float | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    except (AttributeError, OSError, ValueError):
        return None


def _gpus() -> tuple[str, ...]:
    command = shutil.which("nvidia-smi")
    if command is None:
        return ()
    try:
        done = subprocess.run(
            [command, "--query-gpu=name", "--format=csv,noheader"],
            capture_output=True,
            text=True,
            timeout=ASK_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(line.strip() for line in done.stdout.splitlines() if line.strip())
