"""Recipes of multi-layer perceptrons."""

import dataclasses

from data import SOURCES
from training import optimizers
from training.recipe import Expected, Recipe, Training

# Small enough to be watched while it learns: the weights are kept on the way.
WATCHED = Training(epochs=80, batch_size=16, loss="squared_error", monitor="val_loss", snapshots=60)

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
    Recipe(
        name="function_mlp",
        summary="a curve that you type or draw, by one hidden layer: --data.formula 'sin(3 * x)'",
        source="function",
        architecture="mlp",
        expected=Expected({"squared_error": 1e-3}, seconds=11),
        data=SOURCES["function"],
        model={"widths": (64,), "bias_deviation": 0.7},
        optimizer=optimizers.Config("adam", 1e-2, "cosine"),
        training=WATCHED,
    ),
    Recipe(
        name="points_mlp",
        summary="points of the plane, drawn by a rule or of your own: --data.kind spirals, --data.file PATH",
        source="points",
        architecture="mlp",
        expected=Expected({"accuracy": 0.97}, seconds=11),
        data=SOURCES["points"],
        model={"widths": (8, 8)},
        optimizer=optimizers.Config("adam", 1e-2, "cosine"),
        training=dataclasses.replace(WATCHED, min_steps=1500, loss="cross_entropy", monitor="val_accuracy"),
    ),
    Recipe(
        name="table_mlp",
        summary="a table of your own, any number of columns and a class: --data.file PATH",
        source="table",
        architecture="mlp",
        expected=Expected({}),
        data=SOURCES["table"],
        # Dropout and rates were chosen on scikit-learn's wine and breast cancer, and on its diabetes.
        model={"widths": (64, 32), "dropout": 0.3},
        optimizer=optimizers.Config("adamw", 1e-3, "cosine", warmup=0.05, weight_decay=0.05),
        training=Training(epochs=40, min_steps=1000, batch_size=32),
    ),
    Recipe(
        name="table_regression_mlp",
        summary="a table of your own and a number to predict: --data.file PATH --data.label NAME",
        source="table_regression",
        architecture="mlp",
        expected=Expected({}),
        data=SOURCES["table_regression"],
        model={"widths": (64, 32), "dropout": 0.2},
        optimizer=optimizers.Config("adamw", 2e-3, "cosine", warmup=0.05, weight_decay=0.05),
        training=Training(epochs=40, min_steps=1000, batch_size=32, loss="squared_error", monitor="val_loss"),
    ),
    Recipe(
        name="surface_mlp",
        summary="a function of x and y as a picture: --data.formula 'sin(2 * x) * cos(2 * y)'",
        source="surface",
        architecture="mlp",
        expected=Expected({"squared_error": 2e-3}, seconds=9),
        data=SOURCES["surface"],
        model={"widths": (32, 32), "bias_deviation": 0.5},
        optimizer=optimizers.Config("adam", 1e-2, "cosine"),
        training=dataclasses.replace(WATCHED, epochs=20, batch_size=32),
    ),
)
