"""What all tests share: a quiet TensorFlow with two virtual devices, and the way to other processes."""

import importlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")  # what is true of replicas is shown on the processor

import pytest

from training import strategy

ROOT = Path(__file__).resolve().parent.parent

strategy.pick("cpu:2")  # before TensorFlow is first used, or there is but one device


def run_module(
    module: str, *arguments: object, timeout: float = 200, check: bool = True, **keywords
) -> subprocess.CompletedProcess:
    """Run `python -m module` from the root, as a person would, and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
        **keywords,
    )
    if check and done.returncode:
        pytest.fail(f"{module} {arguments} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done


def run_here(module: str, *arguments: object) -> int:
    """The same in this process and its exit status: a start of TensorFlow may take longer than the rest."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        return importlib.import_module(f"{module}.__main__").main([*map(str, arguments)])
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def run_python(code: str, *arguments: object, environment: dict[str, str] | None = None) -> str:
    """Run a piece of code in a Python of its own, away from the project, and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd="/",
        capture_output=True,
        text=True,
        timeout=200,
        env={**os.environ, **(environment or {})},
        check=False,
    )
    if done.returncode:
        pytest.fail(f"the process ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def error_lines(text: str) -> Sequence[str]:
    """The lines of a command's standard error that are its own, TensorFlow's left out."""
    return [line for line in text.splitlines() if line.startswith("error:")]
