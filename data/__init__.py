"""What the suite learns from: one kind of data a file, each a frozen `Config` with `load() -> Source`."""

from typing import Protocol

from data import digits, image_folder, tfds_images
from data.source import DataUnavailable, Source, Spec

__all__ = ["SOURCES", "Config", "DataUnavailable", "Source", "Spec"]


class Config(Protocol):
    """What every entry of `SOURCES` is: a frozen dataclass of settings that can load its data."""

    def load(self) -> Source: ...


SOURCES: dict[str, Config] = {
    "digits": digits.Config(),
    "mnist": tfds_images.Config(dataset="mnist"),
    "fashion_mnist": tfds_images.Config(dataset="fashion_mnist"),
    "cifar10": tfds_images.Config(dataset="cifar10"),
    "image_folder": image_folder.Config(),
}
