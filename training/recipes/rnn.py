"""Recipes of recurrent nets."""

import dataclasses

from data import SOURCES
from training import optimizers
from training.recipe import Expected, Recipe, Training

# Four nets of the same size, some 17,400 parameters, on the same data with the same budget: what differs is
# how long they remember. Small enough to be watched while they learn: the weights are kept on the way.
ADDING = Recipe(
    name="adding_lstm",
    summary="the sum of two marked numbers among 200 steps, by an LSTM",
    source="adding",
    architecture="rnn",
    expected=Expected({"squared_error": 1e-3}, parameters=17_500, seconds=400),
    data=SOURCES["adding"],
    model={"cell": "lstm", "units": (64,), "memory": 200},
    optimizer=optimizers.Config("adam", 5e-3, "cosine", warmup=0.02, clip_norm=1.0),
    training=Training(epochs=5, batch_size=64, loss="squared_error", monitor="val_loss", snapshots=30),
)
COPYING = Recipe(
    name="copy_memory_gru",
    summary="ten symbols repeated after 200 blanks, by a GRU",
    source="copy_memory",
    architecture="rnn",
    expected=Expected({"loss": 0.003}, seconds=850),
    data=SOURCES["copy_memory"],
    model={"cell": "gru", "units": (128,), "returns": "every", "embedding": 16, "memory": 240},
    optimizer=optimizers.Config("adam", 1e-2, "cosine", warmup=0.02, clip_norm=1.0),
    training=Training(epochs=30, batch_size=64, monitor="val_loss"),
)

RECIPES = (
    ADDING,
    dataclasses.replace(
        ADDING,
        name="adding_rnn",
        summary="the same by a plain recurrent net of the same size, which forgets: no better than 1/6",
        expected=Expected({"squared_error": 0.2}, parameters=17_500, seconds=300),
        model={"cell": "simple", "units": (130,)},
    ),
    dataclasses.replace(
        ADDING,
        name="adding_gru",
        summary="the same by a GRU of the same size",
        model={"cell": "gru", "units": (74,), "memory": 200},
    ),
    dataclasses.replace(
        ADDING,
        name="adding_both_lstm",
        summary="the same by an LSTM of the same size that reads from both ends",
        model={"cell": "lstm", "units": (90,), "bidirectional": True, "memory": 200},
    ),
    COPYING,
    Recipe(
        name="parity_lstm",
        summary="even or odd so far, learned from up to 40 bits and tested on 200",
        source="parity",
        architecture="rnn",
        expected=Expected({"accuracy": 0.99}, seconds=20),
        data=SOURCES["parity"],
        model={"cell": "lstm", "units": (32,), "returns": "every", "embedding": 8},
        optimizer=optimizers.Config("adam", 1e-2, "cosine", warmup=0.05, clip_norm=1.0),
        training=Training(epochs=10, batch_size=64),
    ),
    # What the encoder of the same task and size is to be measured by.
    Recipe(
        name="pronouns_lstm",
        summary='the noun to which "it" refers, read from both ends, without attention',
        source="pronouns",
        architecture="rnn",
        expected=Expected({"accuracy": 0.95}, seconds=300),
        data=SOURCES["pronouns"],
        model={
            "cell": "lstm",
            "units": (72, 72),
            "bidirectional": True,
            "returns": "every",
            "embedding": 64,
            "dropout": 0.1,
        },
        optimizer=optimizers.Config(
            "adamw", 5e-3, "cosine", warmup=0.05, weight_decay=0.05, clip_norm=1.0, average=0.99
        ),
        training=Training(epochs=20, batch_size=64),
    ),
    Recipe(
        name="sequences_gru",
        summary="sequences of your own, of different lengths: --data.file PATH",
        source="sequences",
        architecture="rnn",
        expected=Expected({}),
        data=SOURCES["sequences"],
        model={"cell": "gru", "units": (64,), "dropout": 0.2},
        optimizer=optimizers.Config("adam", 5e-3, "cosine", warmup=0.05, clip_norm=1.0),
        training=Training(epochs=60, min_steps=1500, batch_size=32, patience=20, min_validation=100),
    ),
    Recipe(
        name="mnist_rows_lstm",
        summary="handwritten digits read row by row",
        source="mnist_rows",
        architecture="rnn",
        expected=Expected({"accuracy": 0.985}, seconds=100),
        data=SOURCES["mnist_rows"],
        model={"cell": "lstm", "units": (128,), "dropout": 0.2},
        optimizer=optimizers.Config("adamw", 3e-3, "cosine", warmup=0.05, weight_decay=0.05, clip_norm=1.0),
        training=Training(epochs=10),
    ),
    Recipe(
        name="mnist_pixels_gru",
        summary="the same pixel by pixel: 784 steps",
        source="mnist_pixels",
        architecture="rnn",
        expected=Expected({"accuracy": 0.962}, parameters=70_000, seconds=7200),
        data=SOURCES["mnist_pixels"],
        model={"cell": "gru", "units": (144,), "memory": 784},
        optimizer=optimizers.Config("adam", 2e-3, "cosine", warmup=0.05, clip_norm=1.0),
        training=Training(epochs=20),
    ),
)
