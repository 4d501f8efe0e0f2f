"""What the suite learns from: one kind of data a file, each a frozen `Config`.

Its `load()` gives the `Source`; its `read(line, spec)` one input from outside, as a model sees it.
"""

import math
from typing import Any

from data import (
    celeb_a,
    clips,
    digits,
    functions,
    image_folder,
    image_sequences,
    memory,
    own_sequences,
    own_table,
    points,
    pronouns,
    reviews,
    series,
    spoken_digits,
    text,
    tfds_images,
    translation,
    waveforms,
)
from data.source import DataUnavailable, Source, Spec

__all__ = ["SOURCES", "DataUnavailable", "Source", "Spec"]

# By name, a frozen dataclass of settings.
SOURCES: dict[str, Any] = {
    "digits": digits.Config(),
    "mnist": tfds_images.Config(dataset="mnist"),
    "fashion_mnist": tfds_images.Config(dataset="fashion_mnist"),
    "cifar10": tfds_images.Config(dataset="cifar10"),
    "celeb_a": celeb_a.Config(),
    "clips": clips.Config(),
    "image_folder": image_folder.Config(),
    "waveforms": waveforms.Config(),
    "spoken_digits": spoken_digits.Config(),
    "points": points.Config(),
    "table": own_table.Config(),
    "table_regression": own_table.Config(predict="quantity"),
    "series": series.Config(),
    "arrowhead": series.Config(dataset="ArrowHead"),
    "function": functions.Config(),
    "surface": functions.Config(formula="sin(2 * x) * cos(2 * y)", low=-2.0, high=2.0, examples=4000),
    "abs": functions.Config(formula="abs(x)", low=-math.sqrt(3), high=math.sqrt(3), normalize=False),
    "sine": functions.Config(formula="sin(2 * pi * x)", low=-1.0, high=1.0, examples=512),
    "adding": memory.Adding(),
    "copy_memory": memory.Copying(),
    "parity": memory.Parity(),
    "sequences": own_sequences.Config(),
    "mnist_rows": image_sequences.Config(),
    "mnist_pixels": image_sequences.Config(by="pixels"),
    "numbers_fr_en": translation.Config(corpus="numbers_fr_en", vocabulary=1000),
    "pronouns": pronouns.Config(),
    "imdb_reviews": reviews.Config(),
    "pronouns_en_fr": translation.Config(corpus="pronouns_en_fr"),
    "multi30k_fr_en": translation.Config(corpus="multi30k_fr_en", vocabulary=5000),
    "tatoeba_fr_en": translation.Config(corpus="tatoeba_fr_en", vocabulary=5000),
    "pairs": translation.Config(),
    "tiny_shakespeare": text.Config(dataset="tiny_shakespeare"),
    "docs_text": text.Config(dataset="docs_text", vocabulary=2000),
    "text": text.Config(),
    "italypowerdemand": series.Config(dataset="ItalyPowerDemand"),
}
