"""Long contexts: what a GPT's block costs as it grows, in time and memory, while it learns and writes."""

import dataclasses
import multiprocessing
import statistics
from pathlib import Path
from typing import Any

import keras
import numpy as np

from benchmarks.contenders import looped, repeated, supervised
from benchmarks.table import Chart, Table, race
from data.text import TOKENIZER_FILE, BlockStream, TextSplit
from data.text_tokens import Characters
from models import gpt
from training import quiet
from training.optimizers import Config
from training.writing import Drawing, Writer

TOKENS = 69
BLOCKS = (64, 128, 256, 512, 1024)
STEP = 2048  # tokens of a training step, however long its blocks
CONFIG = gpt.Config((BLOCKS[0],), TOKENS, width=128, depth=4, heads=4, hidden=512, positions="rotary")
STEPS, ROUNDS = 5, 5
LEARNING, MEMORY, WRITING = "learning, µs a token", "MiB of a step", "writing, µs a token"
FIGURES = {
    LEARNING: ("Learning: time of a token", "µs"),
    MEMORY: (f"Learning: memory of a step of {STEP} tokens", "MiB"),
    WRITING: ("Writing: time of a token", "µs"),
}


def run() -> Table:
    """Measure each length, and draw each figure that there is against it."""
    rows = [alone(block) for block in BLOCKS]
    charts = [
        Chart(title, "tokens read at once", unit, {str(row["block"]): row[name] for row in rows})
        for name, (title, unit) in FIGURES.items()
        if None not in [row[name] for row in rows]
    ]
    title = (
        f"GPT {CONFIG.depth} x {CONFIG.width}, {CONFIG.heads} heads, {STEP} tokens a step; median of "
        f"{ROUNDS} x {STEPS} steps"
    )
    return Table(title, rows, charts)


def alone(block: int) -> dict[str, Any]:
    """`measure` in a process of its own, so that the memory of one length is not another's."""
    with multiprocessing.get_context("spawn").Pool(1, quiet.import_tensorflow) as pool:
        return pool.apply(measure, (block,))


def measure(block: int, steps: int = STEPS, rounds: int = ROUNDS) -> dict[str, Any]:
    """What one length costs, in this process.

    Args:
        block: Tokens that are read at once.
        steps: Of a round.
        rounds: Of which the median counts.

    Returns: A row: beside the times, the memory that the process has taken for its steps at the most, which
        is None where the system doesn't tell; and that of a text's keys and values while it is written.
    """
    keras.utils.set_random_seed(0)
    model = gpt.build(dataclasses.replace(CONFIG, input_shape=(block,)))
    text = np.random.default_rng(0).integers(4, TOKENS, 100_000).astype("uint16")
    objective = supervised(model, Config("adamw", 1e-3, weight_decay=0.1, clip_norm=1.0))
    take = looped(objective, BlockStream(TextSplit(text, block), STEP // block, seed=0), steps)
    before = _peak()
    (learning,) = race({"learning": take}, steps, rounds).values()
    after = _peak()

    alphabet = "".join(chr(ord("0") + place) for place in range(TOKENS - 4))
    writer = Writer(model, {TOKENIZER_FILE: Characters(alphabet).to_json()}, block)
    given, draws = np.full((1, block - 1), -1, "int32"), np.zeros((1, block - 1), "float32")
    write = repeated(lambda: writer.continued(np.array([[5]], "int32"), given, draws, Drawing(0.0)))
    (writing,) = race({"writing": write}, 1, rounds).values()
    kept = 2 * CONFIG.depth * CONFIG.width * block * np.dtype("float32").itemsize
    return {
        "block": block,
        LEARNING: round(1e6 * statistics.median(learning) / STEP),
        MEMORY: None if before is None or after is None else round((after - before) / 2**20),
        WRITING: round(1e6 * statistics.median(writing) / (block - 1)),
        "KiB of keys and values": round(kept / 2**10),
    }


def _peak() -> int | None:
    """The most memory that this process has had, in bytes, as Linux tells it."""
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 2**10
