"""What the suite learns from: one kind of data a file, each a frozen `Config`.

Its `load()` gives the `Source`; its `read(line, spec)` one input from outside, as a model sees it.
"""

from typing import Any

from data import clips, digits, image_folder, points, series, spoken_digits, tfds_images, waveforms
from data.source import DataUnavailable, Source, Spec

__all__ = ["SOURCES", "DataUnavailable", "Source", "Spec"]

# By name, a frozen dataclass of settings.
SOURCES: dict[str, Any] = {
    "digits": digits.Config(),
    "mnist": tfds_images.Config(dataset="mnist"),
    "fashion_mnist": tfds_images.Config(dataset="fashion_mnist"),
    "cifar10": tfds_images.Config(dataset="cifar10"),
    "clips": clips.Config(),
    "image_folder": image_folder.Config(),
    "waveforms": waveforms.Config(),
    "spoken_digits": spoken_digits.Config(),
    "points": points.Config(),
    "series": series.Config(),
    "arrowhead": series.Config(dataset="ArrowHead"),
    "italypowerdemand": series.Config(dataset="ItalyPowerDemand"),
}
