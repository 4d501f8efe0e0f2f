"""Recipes of encoders."""

from data import SOURCES
from training import optimizers
from training.recipe import Expected, Recipe, Training

RECIPES = (
    Recipe(
        name="pronouns_encoder",
        summary='the noun to which "it" refers, which an adjective alone decides',
        source="pronouns",
        architecture="encoder",
        expected=Expected({"accuracy": 0.98}, seconds=90),
        data=SOURCES["pronouns"],
        model={"width": 64, "depth": 2, "heads": 4, "hidden": 256, "returns": "every", "dropout": 0.1},
        optimizer=optimizers.Config(
            "adamw", 2e-3, "cosine", warmup=0.05, weight_decay=0.05, clip_norm=1.0, average=0.99
        ),
        training=Training(epochs=10, batch_size=64),
    ),
)
