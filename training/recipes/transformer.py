"""Recipes of Transformers that translate."""

import dataclasses

from data import SOURCES
from training import optimizers
from training.recipe import Expected, Recipe, Training

MULTI30K = Recipe(
    name="multi30k_transformer",
    summary="captions of pictures from French into English, by attention alone",
    source="multi30k_fr_en",
    architecture="transformer",
    expected=Expected({"bleu": 42.0}, parameters=9_000_000, seconds=3600),
    data=SOURCES["multi30k_fr_en"],
    model={"width": 256, "depth": 3, "heads": 4, "hidden": 1024, "dropout": 0.2},
    optimizer=optimizers.Config(
        "adamw", 1e-3, "cosine", warmup=0.05, weight_decay=0.01, clip_norm=1.0, average=0.999
    ),
    training=Training(epochs=10, batch_size=64, label_smoothing=0.1),
)

RECIPES = (
    MULTI30K,
    dataclasses.replace(
        MULTI30K,
        name="pronouns_transformer",
        summary='sentences in which "it" becomes il or elle, as an adjective decides, into French',
        source="pronouns_en_fr",
        expected=Expected({"pronoun": 0.97}, seconds=600),
        data=SOURCES["pronouns_en_fr"],
        model={"width": 96, "depth": 2, "heads": 4, "hidden": 384, "dropout": 0.1},
        optimizer=dataclasses.replace(MULTI30K.optimizer, learning_rate=2e-3, average=0.99),
        training=Training(epochs=5, batch_size=64, label_smoothing=0.1),
    ),
    dataclasses.replace(
        MULTI30K,
        name="tatoeba_transformer",
        summary="everyday sentences from French into English, by attention alone",
        source="tatoeba_fr_en",
        expected=Expected({"bleu": 48.0}, parameters=3_100_000, seconds=5400),
        # Two vocabularies of 4,000 leave room for two blocks on each side in a file of 12 MB.
        data=dataclasses.replace(SOURCES["tatoeba_fr_en"], vocabulary=4000),
        model={"width": 160, "depth": 2, "heads": 4, "hidden": 640, "dropout": 0.1},
        optimizer=dataclasses.replace(MULTI30K.optimizer, learning_rate=2e-3),
        training=Training(epochs=8, batch_size=128, label_smoothing=0.1),
    ),
)
