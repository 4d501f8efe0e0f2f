"""What the suite learns from: one kind of data a file, each a frozen `Config` with `load() -> Source`."""

from typing import Any

from data import digits, image_folder, tfds_images
from data.source import DataUnavailable, Source, Spec

__all__ = ["SOURCES", "DataUnavailable", "Source", "Spec"]

# By name, a frozen dataclass of settings; its `load()` gives the `Source`.
SOURCES: dict[str, Any] = {
    "digits": digits.Config(),
    "mnist": tfds_images.Config(dataset="mnist"),
    "fashion_mnist": tfds_images.Config(dataset="fashion_mnist"),
    "cifar10": tfds_images.Config(dataset="cifar10"),
    "image_folder": image_folder.Config(),
}
