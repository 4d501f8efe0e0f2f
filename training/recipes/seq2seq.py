"""Recipes of recurrent encoders and decoders."""

import dataclasses

from data import SOURCES
from training import optimizers
from training.recipe import Expected, Recipe, Training

NUMBERS = Recipe(
    name="numbers_seq2seq",
    summary="French numbers and dates, written out, into English; needs no network",
    source="numbers_fr_en",
    architecture="seq2seq",
    expected=Expected({"exact": 0.99}, seconds=300),
    data=SOURCES["numbers_fr_en"],
    model={"embedding": 64, "units": 128, "dropout": 0.1},
    optimizer=optimizers.Config("adam", 3e-3, "cosine", warmup=0.05, clip_norm=1.0, average=0.99),
    training=Training(epochs=12, batch_size=64, steps_per_call=10),
)
MULTI30K = Recipe(
    name="multi30k_seq2seq",
    summary="captions of pictures from French into English, with attention",
    source="multi30k_fr_en",
    architecture="seq2seq",
    expected=Expected({"bleu": 48.0}, seconds=800),
    data=SOURCES["multi30k_fr_en"],
    model={"embedding": 192, "units": 384, "dropout": 0.4},
    optimizer=optimizers.Config(
        "adamw", 2e-3, "cosine", warmup=0.05, weight_decay=0.01, clip_norm=1.0, average=0.999
    ),
    training=Training(epochs=15, batch_size=64, label_smoothing=0.1),
)
# The pair that the Translate page compares by length: equal settings and budget, small enough to ship.
MULTI30K_SMALL = dataclasses.replace(
    MULTI30K,
    name="multi30k_small_seq2seq",
    summary="captions of pictures from French into English, with attention; 1.8 M parameters",
    expected=Expected({"bleu": 46.0}, parameters=1_812_608, seconds=950),
    data=dataclasses.replace(SOURCES["multi30k_fr_en"], vocabulary=4000),
    model={"embedding": 128, "units": 256, "dropout": 0.3},
)

RECIPES = (
    NUMBERS,
    dataclasses.replace(
        NUMBERS,
        name="numbers_folded_seq2seq",
        summary="the same without attention: all of a number or date is folded into one state",
        expected=Expected({"exact": 0.9}, seconds=150),
        model={**NUMBERS.model, "attention": "none"},
    ),
    MULTI30K,
    dataclasses.replace(
        MULTI30K,
        name="multi30k_folded_seq2seq",
        summary="the same without attention: all of a sentence is folded into one state",
        expected=Expected({"bleu": 32.0}, seconds=700),
        model={**MULTI30K.model, "attention": "none"},
    ),
    MULTI30K_SMALL,
    dataclasses.replace(
        MULTI30K_SMALL,
        name="multi30k_small_no_attention_seq2seq",
        summary="the same without attention: the decoder sees only the encoder's final state",
        expected=Expected({"bleu": 27.5}, parameters=1_714_304, seconds=900),
        model={**MULTI30K_SMALL.model, "attention": "none"},
    ),
    dataclasses.replace(
        MULTI30K,
        name="tatoeba_seq2seq",
        summary="everyday sentences from French into English, with attention",
        source="tatoeba_fr_en",
        expected=Expected({"bleu": 46.0}, seconds=2100),
        data=SOURCES["tatoeba_fr_en"],
        model={"embedding": 160, "units": 320, "dropout": 0.2},
        training=Training(epochs=8, batch_size=128, label_smoothing=0.1),
    ),
    dataclasses.replace(
        NUMBERS,
        name="pairs_seq2seq",
        summary="sentences of your own and their translations: --data.file PATH",
        source="pairs",
        expected=Expected({}),
        data=SOURCES["pairs"],
        training=dataclasses.replace(NUMBERS.training, min_steps=1500),
    ),
)
