"""A training step of a small convolutional net: the suite's loop, `keras.Model.fit` and PyTorch."""

import statistics

import keras
import numpy as np

from benchmarks.contenders import Take, looped, supervised
from benchmarks.table import Table, race, ratio
from data.pipeline import Stream
from data.source import Split
from models import cnn
from training.optimizers import Config

BATCH = 128
STEPS = 40  # a round
ROUNDS = 7
CONFIG = cnn.Config((28, 28, 1), 10, (32, 64), padding="valid", normalization="none", head="flatten")


def run() -> Table:
    """Measure all contenders on the same pictures, with the same net, batch and optimizer."""
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (20_000, 28, 28, 1), dtype=np.uint8)
    labels = generator.integers(0, 10, len(images))
    contenders: dict[str, Take] = {
        "suite's loop, 10 steps a call": _loop(images, labels, 10),
        "suite's loop, 1 step a call": _loop(images, labels, 1),
        "suite's loop, 10 steps a call, XLA": _loop(images, labels, 10, xla=True),
        "keras.Model.fit": _fit(images, labels, "auto"),
        "keras.Model.fit, jit_compile=False": _fit(images, labels, False),
    }
    try:
        contenders |= {
            "PyTorch": _torch(images, labels, channels_last=False),
            "PyTorch, channels last": _torch(images, labels, channels_last=True),
        }
    except ImportError:
        print("PyTorch is not installed and left out: make bench NAME=cnn TORCH=1")
    seconds = race(contenders, STEPS, ROUNDS)
    reference = seconds["suite's loop, 10 steps a call"]
    rows = [
        {
            "contender": name,
            "ms a step": 1000 * statistics.median(times),
            "images a second": round(BATCH / statistics.median(times)),
            "time against the loop's": ratio(times, reference),
        }
        for name, times in seconds.items()
    ]
    title = f"training, convolutions 32-64 of 28x28, batch {BATCH}, Adam; median of {ROUNDS} x {STEPS} steps"
    return Table(title, rows)


def _loop(images: np.ndarray, labels: np.ndarray, steps_per_call: int, xla: bool = False) -> Take:
    keras.utils.set_random_seed(0)
    model = cnn.build(CONFIG)
    stream = Stream(Split(images, labels, 1 / 255), BATCH, seed=0)
    return looped(supervised(model, Config("adam", 1e-3), xla), stream, steps_per_call)


def _fit(images: np.ndarray, labels: np.ndarray, jit_compile: bool | str) -> Take:
    keras.utils.set_random_seed(0)
    model = cnn.build(CONFIG)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(1e-3), loss, metrics=["accuracy"], jit_compile=jit_compile)
    pictures = images.astype("float32") / 255  # as `fit` wants them: no work is left for its pipeline

    def take(steps: int) -> None:
        model.fit(pictures[: steps * BATCH], labels[: steps * BATCH], batch_size=BATCH, verbose=0)

    return take


def _torch(images: np.ndarray, labels: np.ndarray, channels_last: bool) -> Take:
    import torch
    from torch import nn

    torch.manual_seed(0)
    model: nn.Module = nn.Sequential(
        nn.Conv2d(1, 32, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(1600, 10),
    )
    pictures = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
    if channels_last:
        model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        pictures = pictures.contiguous(memory_format=torch.channels_last)
    else:
        pictures = pictures.contiguous()
    targets = torch.from_numpy(labels)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    generator = torch.Generator().manual_seed(0)

    def take(steps: int) -> None:
        total = torch.zeros(())
        for _ in range(steps):
            rows = torch.randint(len(pictures), (BATCH,), generator=generator)
            loss = nn.functional.cross_entropy(model(pictures[rows]), targets[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.detach()
        total.item()

    return take
