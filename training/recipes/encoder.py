"""Recipes of encoders."""

from data import SOURCES
from training import optimizers
from training.recipe import Expected, Recipe, Training

# Beside the recurrent nets of these tasks: no more parameters, the same data, and every step one look away.
ADDING = Recipe(
    name="adding_encoder",
    summary="the sum of two marked numbers among 200 steps, by attention",
    source="adding",
    architecture="encoder",
    expected=Expected({"squared_error": 1e-3}, parameters=17_500, seconds=150),
    data=SOURCES["adding"],
    model={"width": 32, "depth": 2, "heads": 2, "hidden": 64, "positions": "rotary"},
    optimizer=optimizers.Config("adam", 5e-3, "cosine", warmup=0.05, clip_norm=1.0),
    training=Training(epochs=2, batch_size=64, loss="squared_error", monitor="val_loss", snapshots=30),
)
COPYING = Recipe(
    name="copy_memory_encoder",
    summary="ten symbols repeated after 200 blanks, by attention",
    source="copy_memory",
    architecture="encoder",
    expected=Expected({"loss": 0.001}, parameters=57_401, seconds=120),
    data=SOURCES["copy_memory"],
    model={"width": 48, "depth": 2, "heads": 2, "hidden": 96, "returns": "every"},
    optimizer=optimizers.Config("adam", 2e-3, "cosine", warmup=0.05, clip_norm=1.0),
    training=Training(epochs=2, batch_size=64, monitor="val_loss"),
)

RECIPES = (
    ADDING,
    COPYING,
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
    Recipe(
        name="imdb_encoder",
        summary="whether a film's review praises or pans it",
        source="imdb_reviews",
        architecture="encoder",
        expected=Expected({}),
        data=SOURCES["imdb_reviews"],
        model={"width": 64, "depth": 1, "heads": 4, "hidden": 128, "dropout": 0.3},
        optimizer=optimizers.Config("adamw", 1e-3, "cosine", warmup=0.1, weight_decay=0.1, clip_norm=1.0),
        training=Training(epochs=4, batch_size=64),
    ),
)
