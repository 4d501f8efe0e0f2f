"""Recipes of multi-layer perceptrons."""

from data import SOURCES
from training import optimizers
from training.recipe import Expected, Recipe, Training

RECIPES = (
    Recipe(
        name="digits_mlp",
        summary="the same digits by a dense net: what convolutions are compared with",
        source="digits",
        architecture="mlp",
        expected=Expected({"accuracy": 0.96}, seconds=20),
        data=SOURCES["digits"],
        model={"widths": (128, 64), "dropout": 0.2},
        optimizer=optimizers.Config("adamw", 2e-3, "cosine", warmup=0.1, weight_decay=0.05),
        training=Training(epochs=40, batch_size=64),
    ),
    Recipe(
        name="fashion_mlp",
        summary="clothes at 28x28 by a dense net of the size that the data set's own table lists",
        source="fashion_mnist",
        architecture="mlp",
        expected=Expected({"accuracy": 0.89}, seconds=120),
        data=SOURCES["fashion_mnist"],
        model={"widths": (256, 128, 100), "normalization": "batch", "dropout": 0.2},
        optimizer=optimizers.Config("adamw", 3e-3, "cosine", warmup=0.1, weight_decay=0.05, average=0.995),
        training=Training(epochs=25, label_smoothing=0.1),
    ),
)
