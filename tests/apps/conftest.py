"""What the pages' tests share: shelves of their own, a server, and a browser."""

import base64
import functools
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from apps import engine, launch, library, queues
from data import Spec
from models import gan
from tests.conftest import ROOT
from training import recipes, runs, settings, snapshots, trainer
from training.runs import Run
from training.saving import save_model

APP = ROOT / "apps" / "app.py"
VIEWS = ROOT / "apps" / "views"
TINY = {  # of each architecture
    "cnn": {"model.filters": "4,8", "model.convolutions": "1"},
    "mlp": {"model.widths": "12,8"},
    "seq2seq": {"model.embedding": "6", "model.units": "8"},
    "rnn": {"model.units": "6"},
    "encoder": {
        "model.returns": "last",
        "model.width": "8",
        "model.depth": "2",
        "model.heads": "2",
        "model.hidden": "12",
    },
    "transformer": {"model.width": "8", "model.depth": "2", "model.heads": "2", "model.hidden": "12"},
    "gpt": {"model.width": "12", "model.depth": "2", "model.heads": "2", "model.hidden": "16"},
    "gan": {"model.latent": "5", "model.filters": "6,4"},
    "policy": {"model.widths": "8"},
}
FEW = {"data.examples": "40", "data.held_out": "5"}
SMALL = {  # sources that are made in seconds otherwise
    "clips": {"data.clips": "300"},
    "adding": {"data.length": "12", **FEW},
    "copy_memory": {"data.length": "4", **FEW},
    "parity": {"data.length": "9", "data.test_length": "15", **FEW},
    "pronouns": {"data.answer": "place", "data.train": "400", "data.held_out": "40"},
}
PATIENCE = 120  # seconds that a test waits for anything before it fails


def until(true: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """Wait until something is true, and return it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := true():
            return found
        time.sleep(0.05)
    pytest.fail(f"waited {seconds} s in vain until {what}")


class Shelves:
    """A folder for runs and one for the gallery, both empty at first."""

    def __init__(self, root: Path) -> None:
        self.runs = root / "runs"
        self.gallery = root / "gallery"
        self.runs.mkdir()
        self.gallery.mkdir()

    @property
    def environment(self) -> dict[str, str]:
        return {
            "NEURAL_ARCADE_RUNS": str(self.runs),
            "NEURAL_ARCADE_GALLERY": str(self.gallery),
            "NEURAL_ARCADE_FOLDERS": os.sep,  # tests name files where pytest puts them
        }

    def add(
        self,
        name: str,
        shelf: str = "runs",
        state: str = "finished",
        model: bool = True,
        rows: int = 5,
        recipe: str = "digits_cnn",
        error: str | None = None,
        **changes: Any,
    ) -> Run:
        """Put a run there as a training would have left it, but for its weights: random ones, ever the same."""
        usual = recipes.find(recipe)
        changed = usual.override({**TINY[usual.architecture], **SMALL.get(usual.source, {}), **changes})
        run = trainer.create(changed, self.gallery if shelf == "gallery" else self.runs, name)
        if model or rows:
            spec = changed.load({}).spec if usual.architecture == "policy" else _spec(changed.data)
            keras.utils.set_random_seed(0)
            built = changed.build_model(spec)
            run.write_json(
                "config.json",
                {**run.config, "spec": settings.to_json(spec), "parameters": built.count_params()},
            )
            if model:
                parts = gan.players(built) if usual.architecture == "gan" else (built,)
                for part, path in zip(parts, run.model_paths, strict=True):
                    save_model(part, path)
        logged = [
            {
                "step": 20 * epoch,
                "epoch": float(epoch),
                "seconds": 0.5 * epoch,
                "loss": 2.3 / epoch,
                "accuracy": 1 - 0.9 / epoch,
                "val_loss": 2.2 / epoch,
                "val_accuracy": 1 - 0.8 / epoch,
                "learning_rate": 0.004,
            }
            for epoch in range(1, rows + 1)
        ]
        run.metrics_path.write_text("".join(json.dumps(row) + "\n" for row in logged))
        run.update_status(state=state, step=20 * rows, steps=20 * rows, error=error)
        return run

    def borrow(self, name: str) -> Run:
        """Put a copy of a model that ships in the gallery among the runs: one that has learned."""
        return Run(Path(shutil.copytree(runs.GALLERY / name, self.runs / name)))


def keep_snapshots(run: Run, steps: Sequence[int], deviation: float = 0.4) -> snapshots.Snapshots:
    """Have a run keep other random weights for each of some steps, as a training that keeps them would."""
    shapes = [
        weights.shape
        for weights in recipes.from_config(run.config).build_model(trainer.spec_of(run)).get_weights()
    ]
    generator = np.random.default_rng(0)
    kept = {
        step: [generator.normal(0, deviation, shape).astype("float32") for shape in shapes] for step in steps
    }
    snapshots.save(run.path, kept)
    return kept


@functools.cache
def _spec(source: Any) -> Spec:
    """What a source with its settings says of its data."""
    return source.load().spec


@pytest.fixture
def shelves(tmp_path, monkeypatch) -> Shelves:
    """Empty shelves, which the pages take for theirs."""
    made = Shelves(tmp_path)
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    assert library.runs_folder() == made.runs
    return made


@pytest.fixture(scope="module")
def kept_shelves(tmp_path_factory) -> Shelves:
    """Empty shelves for what a file's tests share and none of them changes: its models are loaded once."""
    return Shelves(tmp_path_factory.mktemp("kept"))


@pytest.fixture
def lasting(kept_shelves, shelves, monkeypatch) -> Shelves:
    """The same, which the pages take for theirs."""
    for name, value in kept_shelves.environment.items():
        monkeypatch.setenv(name, value)
    return kept_shelves


@pytest.fixture
def page(shelves) -> Callable[..., AppTest]:
    """Opens a page by its file's name, alone as `streamlit run` would, and checks that it drew."""

    def open_page(name: str, **query: str) -> AppTest:
        tested = AppTest.from_file(VIEWS / f"{name}.py", default_timeout=PATIENCE)
        tested.query_params.update(query)
        return drawn(tested.run())

    engine.wake()
    return open_page


def drawn(tested: AppTest) -> AppTest:
    """The page, if it drew without an exception."""
    assert not tested.exception, [element.message for element in tested.exception]
    return tested


def numbers(text: str, kind: str = "<f4") -> np.ndarray:
    """What a component was sent as base64."""
    return np.frombuffer(base64.b64decode(text), kind)


def end_queues() -> None:
    """Leave no thread that trains behind."""
    for queue in queues._queues.values():
        queue.asked_to_stop.set()
    for queue in queues._queues.values():
        queue.join(30)
    queues._queues.clear()


@pytest.fixture
def breakout(shelves) -> Run:
    return shelves.add("breakout", recipe="breakout_ppo")


@pytest.fixture
def cartpole(shelves) -> Run:
    return shelves.add("cartpole", recipe="cartpole_ppo")


def component(tested: AppTest, key: str) -> dict[str, Any]:
    """What the page gave to a component of ours."""
    (found,) = (each for each in tested.get("bidi_component") if each.key == key)
    return json.loads(found.proto.json)


def field(tested: AppTest, kind: str, label: str) -> Any:
    """The page's first widget of a kind that is so labelled."""
    return next(each for each in tested.get(kind) if each.label == label)


def texts(tested: AppTest) -> str:
    """All that the page says in words."""
    kinds = ("title", "subheader", "markdown", "caption", "info", "warning", "error", "html")
    return "\n".join(str(element.value) for kind in kinds for element in tested.get(kind))


# A real server and a real browser


@pytest.fixture(scope="session")
def server_shelves(tmp_path_factory) -> Shelves:
    """The shelves of the server."""
    made = Shelves(tmp_path_factory.mktemp("arcade"))
    made.add("digits_cnn", "gallery")
    return made


@pytest.fixture(scope="session")
def server(server_shelves) -> Iterator[str]:
    """The address of the app as a person would start it, on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = server_shelves.runs.parent / "server.log"
    with open(log, "wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", str(APP), "--server.port", str(port)],
            cwd=ROOT,
            env={**os.environ, **server_shelves.environment},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    address = f"http://127.0.0.1:{port}"
    try:
        until(lambda: process.poll() is not None or _answers(address), "the server answers")
        assert process.poll() is None, log.read_text()
        yield address
    finally:
        for run in runs.runs_in(server_shelves.runs):
            run.stop()
        until(
            lambda: all(run.state not in launch.ACTIVE for run in runs.runs_in(server_shelves.runs)),
            "the trainings have stopped",
        )
        process.terminate()
        process.wait()
    assert "Traceback" not in log.read_text()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/_stcore/health", timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A Chromium: the system's, else Playwright's own."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = next(filter(None, map(shutil.which, names)), None)
    with playwright.sync_playwright() as started:
        try:
            browser = started.chromium.launch(executable_path=found, args=["--no-sandbox"])
        except playwright.Error as error:
            if found is not None:
                raise
            reason = str(error).strip().splitlines()[0]
            pytest.skip(f"no browser: install Chromium, or run `playwright install chromium` ({reason})")
        yield browser
        browser.close()


@pytest.fixture
def tab(server, chromium) -> Iterator[Any]:
    """An open tab that has not gone anywhere yet; fails the test if a script in it fails."""
    context = chromium.new_context(base_url=server, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(1000 * PATIENCE)
    opened = context.new_page()
    failures: list[str] = []
    opened.on("pageerror", lambda error: failures.append(str(error)))
    yield opened
    context.close()
    assert not failures
