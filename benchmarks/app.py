"""The app as a person feels it: the first page after a start, and the answer to a drawn digit."""

import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request

import keras
import numpy as np

from benchmarks.table import Table
from training import runs, trainer

STARTS = 5
ANSWERS = 50


def run() -> Table:
    """Measure both; the first needs Playwright and a browser (make install does not bring them)."""
    rows = [
        {"figure": f"{name}: drawing to answer and all maps", **_answers(name)} for name in _seeing_pictures()
    ]
    try:
        rows.insert(0, {"figure": "Home, from the server's first answer to its last card", **_first_paint()})
    except ImportError:
        print("Playwright is not installed, and the first page left out: make test brings it")
    return Table("the app, seconds", rows)


def _gallery() -> list[str]:
    return sorted(run.name for run in runs.runs_in(runs.GALLERY))


def _seeing_pictures() -> list[str]:
    """Models whose only input is one picture: no generator, and no agent, which sees a game."""
    return [
        name
        for name in _gallery()
        if len((config := runs.find(name).config)["spec"]["input_shape"]) == 3
        and config["architecture"] not in ("gan", "policy")
    ]


def _answers(name: str) -> dict[str, str]:
    """What the server computes between a stroke and the page's new pictures."""
    from inspection import drawing, tiles
    from inspection.activations import activations
    from inspection.endings import probabilities

    run = runs.find(name, runs.GALLERY)
    model, spec = trainer.load_model(run), trainer.spec_of(run)
    picture = np.zeros((280, 280, 3), np.uint8)
    picture[40:240, 120:150] = 255  # a one
    seconds = []
    for _ in range(ANSWERS + 1):
        started = time.perf_counter()
        seen = drawing.to_input(picture, spec.input_shape, drawing.FRAMINGS.get(spec.name))
        inside = activations(model, seen[None])
        for output in keras.tree.flatten(inside.output):  # of a model of several outputs, each
            probabilities(model, output)
        for output in inside.layers.values():
            tiles.tiles(output[0])
        seconds.append(time.perf_counter() - started)
    return _figures(seconds[1:])  # the first one compiles


def _first_paint() -> dict[str, str]:
    """From the moment that the server answers to the moment that Home stands in a browser."""
    from playwright.sync_api import sync_playwright

    seconds = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"), args=["--no-sandbox"]
        )
        for _ in range(STARTS):
            with socket.create_server(("127.0.0.1", 0)) as free:
                port = free.getsockname()[1]
            server = subprocess.Popen(
                [sys.executable, "-m", "streamlit", "run", "apps/app.py", "--server.port", str(port)],
                cwd=runs.ROOT,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "STREAMLIT_SERVER_HEADLESS": "true"},
            )
            try:
                _wait_until_up(f"http://127.0.0.1:{port}/_stcore/health")
                page = browser.new_page()
                started = time.perf_counter()
                page.goto(f"http://127.0.0.1:{port}/")
                page.get_by_text(_gallery()[-1]).first.wait_for()
                seconds.append(time.perf_counter() - started)
                page.close()
            finally:
                server.terminate()
                server.wait()
        browser.close()
    return _figures(seconds)


def _wait_until_up(url: str) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(url, timeout=1).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.02)
        else:
            return
    raise TimeoutError(f"{url} does not answer")


def _figures(seconds: list[float]) -> dict[str, str]:
    return {"median": f"{statistics.median(seconds):.3f}", "most": f"{max(seconds):.3f}"}
