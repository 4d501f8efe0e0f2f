"""Memory over a long training: it must not grow with the epochs."""

import keras
import psutil

from benchmarks.table import Table
from training import recipes, strategy
from training.loop import Loop, Schedule

EPOCHS = 200


class _Memory(keras.callbacks.Callback):
    """The process' memory at the end of each epoch, in MiB."""

    def __init__(self) -> None:
        super().__init__()
        self.mebibytes: list[float] = []

    def on_epoch_end(self, epoch, logs=None):
        self.mebibytes.append(psutil.Process().memory_info().rss / 2**20)


def run() -> Table:
    """Train `digits_cnn` for `EPOCHS` epochs, evaluation included, and read the memory at five of them."""
    recipe = recipes.find("digits_cnn")
    chosen = strategy.pick("auto")
    source = recipe.data.load()
    stream, validation = recipe.feeds(source, 1, seed=0, on_device=False)
    steps = EPOCHS * stream.steps_per_epoch
    memory = _Memory()
    objective = recipe.objective(
        recipe.build_model(source.spec), source.spec, steps, seed=0, jit_compile=False
    )
    schedule = Schedule(steps, stream.steps_per_epoch, recipe.training.steps_per_call)
    Loop(chosen, objective, schedule, stream, validation, callbacks=[memory]).run()
    shown = sorted({max(1, EPOCHS * share // 20) for share in (1, 5, 10, 15, 20)})
    rows = [{"epoch": epoch, "MiB": round(memory.mebibytes[epoch - 1])} for epoch in shown]
    return Table(f"memory of the process that trains digits_cnn for {EPOCHS} epochs", rows)
