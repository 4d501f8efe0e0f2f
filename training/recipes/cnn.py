"""Recipes of convolutional networks."""

import dataclasses

from data import SOURCES
from data.source import Augmentation
from training import optimizers
from training.recipe import Expected, Recipe, Training

RECIPES = (
    Recipe(
        name="digits_cnn",
        summary="8x8 scans of handwritten digits, embedded: alive in seconds",
        source="digits",
        architecture="cnn",
        expected=Expected({"accuracy": 0.98}, seconds=30),
        data=dataclasses.replace(SOURCES["digits"], augmentation=Augmentation(rotation=10.0, zoom=0.1)),
        model={"filters": (32, 64), "convolutions": (2,)},
        optimizer=optimizers.Config("adamw", 4e-3, "cosine", warmup=0.1, weight_decay=0.05, average=0.98),
        training=Training(epochs=30, batch_size=64, label_smoothing=0.1),
    ),
    Recipe(
        name="mnist_cnn",
        summary="handwritten digits at 28x28, with fewer than 34,826 parameters",
        source="mnist",
        architecture="cnn",
        expected=Expected({"accuracy": 0.9922}, parameters=34_826, seconds=420),
        data=dataclasses.replace(
            SOURCES["mnist"], augmentation=Augmentation(shift=2, rotation=10.0, zoom=0.1)
        ),
        model={"filters": (16, 32, 48), "convolutions": (1, 2, 1)},
        optimizer=optimizers.Config("adamw", 4e-3, "cosine", warmup=0.1, weight_decay=0.05, average=0.995),
        training=Training(epochs=10, label_smoothing=0.1),
    ),
    Recipe(
        name="fashion_cnn",
        summary="ten kinds of clothes at 28x28, with fewer than 100,000 parameters, as they are",
        source="fashion_mnist",
        architecture="cnn",
        expected=Expected({"accuracy": 0.925}, parameters=100_000, seconds=900),
        data=SOURCES["fashion_mnist"],
        model={"filters": (24, 48, 96), "convolutions": (1, 2, 1)},
        optimizer=optimizers.Config("adamw", 4e-3, "cosine", warmup=0.1, weight_decay=0.05, average=0.995),
        training=Training(epochs=12, label_smoothing=0.1),
    ),
    Recipe(
        name="images_cnn",
        summary="a folder of your own images, one sub-folder a class: --data.folder PATH",
        source="image_folder",
        architecture="cnn",
        expected=Expected({}),
        data=SOURCES["image_folder"],
        model={"filters": (32, 64, 96), "convolutions": (2,)},
        optimizer=optimizers.Config("adamw", 2e-3, "cosine", warmup=0.1, weight_decay=0.05, average=0.99),
        training=Training(epochs=30, batch_size=32, label_smoothing=0.1),
    ),
    Recipe(
        name="clips_cnn",
        summary="four frames of a small game as channels: who moves, and where to; embedded",
        source="clips",
        architecture="cnn",
        expected=Expected({"accuracy": 0.98}, seconds=60),
        data=SOURCES["clips"],
        model={"filters": (16, 32, 48), "convolutions": (1,)},
        optimizer=optimizers.Config("adamw", 4e-3, "cosine", warmup=0.1, weight_decay=0.05, average=0.98),
        training=Training(epochs=8, batch_size=64, label_smoothing=0.1),
    ),
    Recipe(
        name="cifar10_cnn",
        summary="ten kinds of things in colour at 32x32",
        source="cifar10",
        architecture="cnn",
        expected=Expected({}),  # never measured: its archive was not at hand
        data=dataclasses.replace(SOURCES["cifar10"], augmentation=Augmentation(shift=4, flip=True)),
        model={"filters": (32, 64, 128), "convolutions": (2,), "residual": True},
        optimizer=optimizers.Config("adamw", 4e-3, "cosine", warmup=0.1, weight_decay=0.05, average=0.995),
        training=Training(epochs=20, label_smoothing=0.1),
    ),
)
