"""Two players: a step of both, by the suite's loop and by PyTorch, as its DCGAN example takes it."""

import statistics

import keras
import numpy as np

from benchmarks.contenders import Take, looped
from benchmarks.table import Table, race, ratio
from data.pipeline import Stream
from data.source import Split
from models import gan
from training.adversarial import Adversarial
from training.optimizers import Config, Updater

BATCH = 64
STEPS = 20  # a round, in calls of ten
ROUNDS = 7
CONFIG = gan.Config((28, 28, 1), latent=64, filters=(128, 64))
OURS = "suite's loop"


def run() -> Table:
    """Measure steps of both players, non-saturating, by Adam."""
    pictures = np.random.default_rng(0).integers(0, 256, (5000, 28, 28, 1), dtype=np.uint8)
    contenders: dict[str, Take] = {OURS: _loop(pictures)}
    try:
        contenders |= {
            "PyTorch": _torch(pictures, channels_last=False),
            "PyTorch, channels last": _torch(pictures, channels_last=True),
        }
    except ImportError:
        print("PyTorch is not installed and left out: make bench NAME=gan TORCH=1")
    seconds = race(contenders, STEPS, ROUNDS)
    rows = [
        {
            "contender": name,
            "ms a step": 1000 * statistics.median(times),
            "time against the suite's": ratio(times, seconds[OURS]),
        }
        for name, times in seconds.items()
    ]
    title = (
        f"a step of both players, 28x28, filters {'-'.join(map(str, CONFIG.filters))}, batch {BATCH}; "
        f"median of {ROUNDS} x {STEPS} steps"
    )
    return Table(title, rows)


def _loop(pictures: np.ndarray) -> Take:
    keras.utils.set_random_seed(0)
    players = gan.players(gan.build(CONFIG))
    first, second = (
        Updater(Config("adam", 2e-4, beta_1=0.5), player.trainable_variables, steps=1) for player in players
    )
    stream = Stream(Split(pictures, np.zeros(len(pictures), int), 1 / 255), BATCH, seed=0)
    return looped(Adversarial(*players, (first, second)), stream)


def _torch(pictures: np.ndarray, channels_last: bool) -> Take:
    import torch
    from torch import nn

    torch.manual_seed(0)
    height, width, channels = CONFIG.grid
    wide, narrow = CONFIG.filters
    generator: nn.Module = nn.Sequential(
        nn.Linear(CONFIG.latent, height * width * channels, bias=False),
        nn.Unflatten(1, (channels, height, width)),
        nn.BatchNorm2d(wide),
        nn.ReLU(),
        nn.ConvTranspose2d(wide, narrow, CONFIG.kernel_size, 2, 1, bias=False),
        nn.BatchNorm2d(narrow),
        nn.ReLU(),
        nn.ConvTranspose2d(narrow, 1, CONFIG.kernel_size, 2, 1),
        nn.Sigmoid(),
    )
    discriminator: nn.Module = nn.Sequential(
        nn.Conv2d(1, narrow, CONFIG.kernel_size, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(narrow, wide, CONFIG.kernel_size, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(height * width * wide, 1),
    )
    images = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 127.5 - 1
    if channels_last:
        generator, discriminator = (
            player.to(memory_format=torch.channels_last) for player in (generator, discriminator)
        )
        images = images.contiguous(memory_format=torch.channels_last)
    first, second = (
        torch.optim.Adam(player.parameters(), 2e-4, (0.5, 0.999)) for player in (generator, discriminator)
    )
    loss = nn.BCEWithLogitsLoss()
    real, fake = torch.ones(BATCH, 1), torch.zeros(BATCH, 1)
    random = torch.Generator().manual_seed(0)

    def take(steps: int) -> None:
        total = torch.zeros(())
        for _ in range(steps):
            rows = torch.randint(len(images), (BATCH,), generator=random)
            made = generator(torch.randn(BATCH, CONFIG.latent, generator=random)) * 2 - 1
            second.zero_grad()
            of_real = loss(discriminator(images[rows]), real)
            of_real.backward()
            of_made = loss(discriminator(made.detach()), fake)
            of_made.backward()
            second.step()
            first.zero_grad()
            deceived = loss(discriminator(made), real)
            deceived.backward()
            first.step()
            total += (of_real + of_made + deceived).detach()
        total.item()

    return take
