"""Trials that are played instead of trained: a run folder as the loop leaves it, within milliseconds.

`python -m tests.tuning.played FOLDER COUNT ...` is `python -m tuning ...` with such trials, of which each
process' first waits until COUNT processes have begun one.
"""

import itertools
import json
import math
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from training import runs
from training.runs import Run
from tuning import __main__, trials


def play(words: Sequence[object]) -> Run:
    """Do as `python -m training WORDS` would; the best is the longest with a learning rate of 0.003."""
    words = list(map(str, words))
    given = dict(itertools.pairwise(words))
    directory, name = Path(given["--runs-dir"]), given["--name"]
    if "--resume" in words:
        run = Run(directory / name)
    else:
        config = {
            "recipe": words[1],
            "training": {"epochs": float(given.get("--training.epochs", 40))},
            "steps": int(given["--steps"]) if "--steps" in given else None,
            "rate": float(given["--optimizer.learning_rate"]),
        }
        run = runs.create(directory, name, config)
    config = run.config
    steps = config["steps"] or math.ceil(20 * config["training"]["epochs"])
    score = steps / (steps + 10) / (1 + abs(math.log(config["rate"] / 0.003)))
    with open(run.metrics_path, "a") as file:
        file.write(json.dumps({"step": steps, "seconds": steps / 100, "val_accuracy": score}) + "\n")
    run.update_status(state="finished")
    return run


class Played(trials.Trainings):
    """Plays its trainings, and keeps their command lines.

    Args:
        before: Called with the number of a training, from 1; a text that it returns is the error with
            which that training ends.
    """

    def __init__(self, before: Callable[[int], str | None] = lambda number: None) -> None:
        super().__init__()
        self.before = before
        self.commands: list[list[str]] = []

    def run(self, words, output, errors):
        self.check()
        self.commands.append(list(map(str, words)))
        error = self.before(len(self.commands))
        self.check()
        if error:
            print(f"a warning\nerror: {error}", file=output)
            return 2
        play(words)
        return 0

    @property
    def names(self) -> list[str]:
        """The runs that were trained, in order."""
        return [words[words.index("--name") + 1] for words in self.commands]


def meet(folder: Path, count: int) -> None:
    """Wait until so many processes have come here."""
    (folder / os.environ["KERASTUNER_TUNER_ID"]).touch()
    while len(list(folder.iterdir())) < count:
        time.sleep(0.02)


class Met(Played):
    """Plays its trainings once so many processes are there."""

    def __init__(self) -> None:
        super().__init__(lambda number: meet(Path(sys.argv[1]), int(sys.argv[2])))


if __name__ == "__main__":
    trials.Trainings = Met  # type: ignore[misc]
    sys.exit(__main__.main(sys.argv[3:]))
