"""A recipe as a person runs it: the whole command, from its start to the trained model's test score."""

import json
import subprocess
import sys
import tempfile
import time

from benchmarks.table import Table
from training import recipes
from training.runs import ROOT

RECIPES = ("digits_cnn", "digits_mlp")


def run() -> Table:
    """Train the embedded recipes by their command and evaluate them."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name in RECIPES:
            started = time.perf_counter()
            _command("train", name, "--name", name, "--runs-dir", folder, "--json")
            seconds = time.perf_counter() - started
            figures = json.loads(_command("evaluate", name, "--runs-dir", folder, "--json"))
            expected = recipes.find(name).expected
            rows.append(
                {
                    "recipe": name,
                    "seconds": seconds,
                    "expected within": expected.seconds,
                    "test accuracy": f"{figures['accuracy']:.2%}",
                    "expected": f"{expected.test['accuracy']:.2%}",
                }
            )
    return Table("recipes on embedded data, imports included", rows)


def _command(*words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "training", *words], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout
