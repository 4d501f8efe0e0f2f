"""The command line as a person and a crash use it: in processes of its own, where that matters."""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.conftest import ROOT, error_lines, run_here, run_module, run_python
from training import checkpoints
from training.runs import Run

TINY = (
    "--model.filters", "4", "--model.convolutions", "1", "--model.dropout", "0.2",
    "--optimizer.average", "0.9", "--training.checkpoint_seconds", "0",
)  # fmt: skip


def train(folder: Path, *arguments: object) -> subprocess.CompletedProcess:
    return run_module("training", "train", "digits_cnn", "--runs-dir", folder, *arguments)


def train_here(folder: Path, *arguments: object) -> int:
    return run_here("training", "train", "digits_cnn", "--runs-dir", folder, *arguments)


def start(folder: Path, *arguments: object) -> subprocess.Popen:
    """Start a training in the background."""
    return subprocess.Popen(
        [sys.executable, "-m", "training", "train", "digits_cnn", "--runs-dir", folder, *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def wait_for_step(run: Run, step: int, process: subprocess.Popen) -> None:
    """Wait until the run has logged a step of at least `step`."""
    deadline = time.monotonic() + 120
    while not (run.metrics() and run.metrics()[-1]["step"] >= step):
        assert process.poll() is None, process.stdout.read()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def arrays(run: Run) -> list[np.ndarray]:
    found = checkpoints.load(run.checkpoint_path)
    assert found is not None
    return found[0]


def assert_same_state(left: Run, right: Run) -> None:
    """Weights, optimizer, averages: to the last bit; and the same best model."""
    for a, b in zip(arrays(left), arrays(right), strict=True):
        np.testing.assert_array_equal(a, b)
    models = [keras.models.load_model(run.model_path).get_weights() for run in (left, right)]
    for a, b in zip(*models, strict=True):
        np.testing.assert_array_equal(a, b)


def rows(run: Run) -> list[dict]:
    """The rows of the epochs' ends, the clock left out."""
    return [
        {name: value for name, value in row.items() if name != "seconds"}
        for row in run.metrics()
        if "val_loss" in row
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def whole(folder) -> Run:
    """An uninterrupted run of 160 steps."""
    done = train(folder, "--name", "whole", "--steps", 160, "--json", *TINY)
    result = json.loads(done.stdout)
    assert result["state"] == "finished"
    return Run(folder / "whole")


def test_a_run_folder_holds_what_it_promises(whole):
    names = {path.name for path in whole.path.iterdir()}
    assert {
        "config.json",
        "status.json",
        "metrics.jsonl",
        "model.keras",
        "checkpoint",
        "tensorboard",
    } <= names
    config = whole.config
    assert config["recipe"] == "digits_cnn"
    assert config["model"]["filters"] == [4]
    assert config["spec"]["classes"] == list("0123456789")
    assert config["seed"] == 0
    assert set(config["versions"]) == {"python", "tensorflow", "keras", "numpy"}
    assert whole.status["step"] == whole.status["steps"] == 160
    assert list((whole.path / "tensorboard").glob("events*"))
    steps = [row["step"] for row in whole.metrics()]
    assert steps == sorted(set(steps))
    assert {"step", "epoch", "seconds", "loss", "val_accuracy", "learning_rate"} <= set(whole.metrics()[-1])


def test_killed_at_any_moment_it_resumes_to_the_same_bits(folder, whole):
    """Twice over: -9 comes wherever it comes, while it computes, evaluates or writes."""
    generator = random.Random(7)
    run = Run(folder / "killed")
    process = start(folder, "--name", "killed", "--steps", 160, *TINY)
    for step in sorted(generator.sample(range(1, 150), 2)):
        wait_for_step(run, step, process)
        time.sleep(generator.random() / 20)  # not only where a row has just been written
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert run.state in ("stopped", "finished")
        process = start(folder, "--name", "killed", "--resume")
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    assert run.state == "finished"
    assert_same_state(run, whole)
    assert rows(run) == rows(whole)


@pytest.mark.parametrize("number", [pytest.param(signal.SIGINT, marks=pytest.mark.slow), signal.SIGTERM])
def test_a_signal_saves_stops_and_ends_with_130(folder, whole, number):
    name = f"signal{number}"
    run = Run(folder / name)
    process = start(folder, "--name", name, "--steps", 160, *TINY)
    wait_for_step(run, 10, process)
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert run.state == "stopped"
    stopped_at = run.status["step"]
    assert 0 < stopped_at < 160
    assert checkpoints.load(run.checkpoint_path)[1]["step"] == stopped_at
    assert train_here(folder, "--name", name, "--resume") == 0
    assert_same_state(run, whole)


def test_a_damaged_checkpoint_is_told_and_the_one_before_it_used(folder, capsys):
    assert train_here(folder, "--name", "damaged", "--steps", 120, *TINY) == 0
    run = Run(folder / "damaged")
    newest = max(run.checkpoint_path.glob("[0-9]*"))
    (newest / "arrays.npz").write_bytes(b"half")
    assert train_here(folder, "--name", "damaged", "--resume", "--steps", 160) == 0
    assert f"warning: checkpoint {newest.name} is damaged" in capsys.readouterr().err
    assert run.status["step"] == 160


def test_a_loss_that_explodes_names_step_checkpoint_and_learning_rate(folder, capsys):
    code = train_here(
        folder, "--name", "wild", "--steps", 60, "--optimizer.learning_rate", "1e18",
        "--optimizer.name", "sgd", "--optimizer.schedule", "constant",
    )  # fmt: skip
    assert code == 2
    (line,) = error_lines(capsys.readouterr().err)
    assert "is not a finite number" in line
    assert "learning rate 1e+18" in line
    assert "checkpoint" in line
    run = Run(folder / "wild")
    assert run.state == "failed"
    assert run.status["error"] in line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("train", "digit_cnn"), "there is no recipe 'digit_cnn'. Did you mean digits_cnn"),
        (
            ("train", "digits_cnn", "--model.filtres", "4"),
            "no field 'model.filtres'. Did you mean model.filters",
        ),
        (
            ("train", "digits_cnn", "--model.filters", "4,4,4,4,4"),
            "model.filters has 5 stages, but an input of (8, 8, 1)",
        ),
        (("train", "digits_cnn", "--devices", "gpu:9"), "gpu:9 asks for 9 GPUs, but TensorFlow finds 0"),
        (
            ("train", "digits_cnn", "--devices", "tpu"),
            "devices must be auto, cpu:N or gpu:N. Received: 'tpu'",
        ),
        (
            ("train", "digits_cnn", "--devices", "cpu:2", "--training.batch_size", "33"),
            "training.batch_size must be a multiple of 2 (replicas times accumulate). Received: 33",
        ),
        (("train", "digits_cnn", "--name", "../x"), "a run's name must begin with a letter or digit"),
        (("train", "digits_cnn", "--name", "nobody", "--resume"), "there is no run 'nobody'"),
        (
            ("train", "images_cnn"),
            "Name one that has a sub-folder of images for each class: --data.folder PATH",
        ),
        (("evaluate", "digitscnn"), "there is no run 'digitscnn'"),
        (("predict", "nobody"), "there is no run 'nobody'"),
        (("export", "nobody"), "there is no run 'nobody'"),
    ],
)
def test_mistakes_are_one_line_and_exit_2(tmp_path, capsys, arguments, message):
    """In this process: twelve starts of TensorFlow would be most of the checks' time."""
    from training.__main__ import main

    assert main([*arguments, "--runs-dir", str(tmp_path)]) == 2
    captured = capsys.readouterr()
    (line,) = error_lines(captured.err)
    assert message in line
    assert captured.out == ""
    assert "Traceback" not in captured.err


def test_a_resume_keeps_its_settings(folder, whole, capsys):
    from training.__main__ import main

    words = ["train", "digits_cnn", "--runs-dir", str(folder), "--name", "whole", "--resume"]
    assert main([*words, "--model.filters", "8"]) == 2
    assert "a resumed run keeps its settings" in capsys.readouterr().err
    assert main(["train", "mnist_cnn", *words[2:]]) == 2
    assert "run 'whole' is one of digits_cnn, not of mnist_cnn" in capsys.readouterr().err
    assert main([*words[:-1]]) == 2
    assert "there is a run 'whole' already" in capsys.readouterr().err


def test_list_names_every_recipe(capsys):
    from training.__main__ import main
    from training.recipes import RECIPES

    assert main(["list", "--json"]) == 0
    assert [row["recipe"] for row in json.loads(capsys.readouterr().out)] == list(RECIPES)
    assert main(["list"]) == 0
    told = capsys.readouterr().out
    assert all(name in told for name in RECIPES)


def test_evaluate_predict_and_export(folder, whole, tmp_path, capsys, monkeypatch):
    from PIL import Image

    from data import digits
    from training.__main__ import main

    place = ["--runs-dir", str(folder)]
    assert main(["evaluate", "whole", "--json", *place]) == 0
    figures = json.loads(capsys.readouterr().out)
    test = digits.Config().load().test
    model = keras.models.load_model(whole.model_path)
    answers = model.predict(test.inputs / np.float32(16), verbose=0).argmax(-1)
    assert figures["accuracy"] == pytest.approx((answers == test.targets).mean(), abs=1e-6)
    assert figures["examples"] == len(test)
    assert whole.evaluation["test"]["accuracy"] == figures["accuracy"]

    paths = []
    for index in range(3):
        pixels = (test.inputs[index, ..., 0] * 15.9).astype("uint8")
        paths.append(tmp_path / f"{index}.png")
        Image.fromarray(pixels).save(paths[-1])
    lines = "\n".join([*map(str, paths), str(tmp_path / "none.png")])
    monkeypatch.setattr(sys, "stdin", lines.splitlines(keepends=True))
    assert main(["predict", "whole", *place]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["output"] for row in told[:3]] == [str(answer) for answer in answers[:3]]
    assert sum(told[0]["probabilities"].values()) == pytest.approx(1, abs=1e-4)
    assert "can't be read" in told[3]["error"]

    out = tmp_path / "mine.keras"
    assert main(["export", "whole", "--out", str(out), *place]) == 0
    assert keras.models.load_model(out).count_params() == model.count_params()
    saved = tmp_path / "saved"
    assert main(["export", "whole", "--format", "savedmodel", "--out", str(saved), *place]) == 0
    assert (saved / "saved_model.pb").exists()


def test_the_saved_model_is_plain(whole):
    """It loads with nothing of ours on the path, and knows no optimizer and no replicas."""
    code = (
        "import sys, keras\n"
        "model = keras.models.load_model(sys.argv[1])\n"
        "assert not model.compiled\n"
        "print('synchronized' in str(model.get_config()) and \"'synchronized': True\" in str(model.get_config()))"
    )
    assert run_python(code, whole.model_path) == "False\n"
