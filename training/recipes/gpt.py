"""Recipes of GPTs."""

import dataclasses

from data import SOURCES
from training import optimizers
from training.recipe import Expected, Recipe, Training

SHAKESPEARE = Recipe(
    name="shakespeare_gpt",
    summary="Shakespeare's plays, character by character",
    source="tiny_shakespeare",
    architecture="gpt",
    # Of the last twentieth; with validation's, which is easier, it makes 1.47 on the last tenth, nanoGPT's.
    expected=Expected({"loss": 1.56}, parameters=3_000_000, seconds=2400),
    data=dataclasses.replace(SOURCES["tiny_shakespeare"], block=128),
    model={"width": 192, "depth": 6, "heads": 6, "hidden": 768, "positions": "rotary", "dropout": 0.2},
    optimizer=optimizers.Config(
        "adamw", 2e-3, "cosine", warmup=0.02, weight_decay=0.1, clip_norm=1.0, average=0.99
    ),
    # 2,500 batches of 64 blocks: 20 times the text.
    training=Training(epochs=20.4, batch_size=64, steps_per_call=5, monitor="val_loss"),
)

RECIPES = (
    SHAKESPEARE,
    dataclasses.replace(
        SHAKESPEARE,
        name="shakespeare_laptop_gpt",
        summary="the same in a minute: nanoGPT's setting for a laptop's processor",
        expected=Expected({"loss": 1.86}, seconds=75),
        data=SOURCES["tiny_shakespeare"],
        model={"width": 128, "depth": 4, "heads": 4, "hidden": 512},
        optimizer=dataclasses.replace(SHAKESPEARE.optimizer, learning_rate=3e-3, warmup=0.05, average=0.98),
        # 2,000 batches of 12 blocks of 64.
        training=Training(epochs=1.53, batch_size=12, xla="always", monitor="val_loss"),
    ),
    dataclasses.replace(
        SHAKESPEARE,
        name="docs_gpt",
        summary="Python's own documentation, by pieces of words; needs no network",
        source="docs_text",
        expected=Expected({}, seconds=1800),
        data=dataclasses.replace(SOURCES["docs_text"], block=128),
        training=dataclasses.replace(SHAKESPEARE.training, epochs=15),
    ),
    dataclasses.replace(
        SHAKESPEARE,
        name="text_gpt",
        summary="a text of your own: --data.file PATH",
        source="text",
        expected=Expected({}),
        data=dataclasses.replace(SOURCES["text"], block=128),
        # A short text is soon known by heart: then the validation loss rises, and the training ends.
        training=dataclasses.replace(SHAKESPEARE.training, epochs=10, min_steps=400, patience=3),
    ),
)
