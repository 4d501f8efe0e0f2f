"""Image classification through TensorFlow Datasets: MNIST, Fashion-MNIST and CIFAR-10."""

import logging
import socket
from dataclasses import dataclass
from urllib.parse import urlparse

import numpy as np

from data.image_folder import read_input
from data.source import Augmentation, DataUnavailable, Source, Spec, Split
from data.splitting import split_by_content, without

CONNECT_SECONDS = 3  # the library itself retries for minutes before it says that there is no network

LICENCES = {
    "mnist": "CC BY-SA 3.0",
    "fashion_mnist": "MIT",
    "cifar10": "not stated; free for research",
}


@dataclass(frozen=True)
class Config:
    """Settings of an image set from TensorFlow Datasets.

    Args:
        dataset: "mnist", "fashion_mnist" or "cifar10".
        validation: Share of the official training images that is kept for validation.
        augmentation: Random changes of the training images.

    The test split is the official one; training images of which an exact copy is among the test
    images are left out.
    """

    dataset: str
    validation: float = 0.08
    augmentation: Augmentation = Augmentation()

    def __post_init__(self) -> None:
        if self.dataset not in LICENCES:
            raise ValueError(f"dataset must be one of {', '.join(LICENCES)}. Received: {self.dataset!r}")

    def load(self) -> Source:
        """Read the images, downloading and preparing them first where that has not been done.

        Raises:
            DataUnavailable: They are not here and can't be downloaded.
        """
        builder = _prepared_builder(self.dataset)
        images, labels = _read(builder, "train")
        test_images, test_labels = _read(builder, "test")
        unseen = without(images, test_images)
        images, labels = images[unseen], labels[unseen]
        validation, train = split_by_content(images, (self.validation,))
        return Source(
            train=Split(images[train], labels[train], scale=1 / 255),
            validation=Split(images[validation], labels[validation], scale=1 / 255),
            test=Split(test_images, test_labels, scale=1 / 255),
            spec=Spec(
                name=self.dataset,
                input_shape=images.shape[1:],
                classes=tuple(builder.info.features["label"].names),
                licence=LICENCES[self.dataset],
                citation=" ".join(builder.info.citation.split()),
            ),
            augmentation=self.augmentation,
        )

    def read(self, line: str, spec: Spec) -> np.ndarray:
        """An image file by its path, as a model sees it: `spec.input_shape` float32.

        Raises:
            DataUnavailable: It can't be read as an image.
        """
        return read_input(line, spec)


def _prepared_builder(name: str):
    """The TFDS builder of `name`, its data prepared on disk."""
    import tensorflow_datasets as tfds  # over a second: only for those who use it

    logging.getLogger("absl").setLevel(logging.ERROR)  # its hints are for authors of builders
    tfds.disable_progress_bar()
    builder = tfds.builder(name)
    if builder.is_prepared():
        return builder
    for url in _missing_downloads(builder):
        _check_reachable(name, url, builder)
    try:
        builder.download_and_prepare()
    except Exception as error:  # the library raises many kinds; each means that there is no data
        raise DataUnavailable(
            f"{name}: preparing it in {builder.data_path.parent} failed: {_first_line(error)}. Mend that, "
            f"or use the embedded source: digits"
        ) from error
    return builder


def _missing_downloads(builder) -> list[str]:
    """The URLs that the builder will fetch because no finished download is on disk."""
    from tensorflow_datasets.core.download import resource

    folder = _download_folder(builder)
    return [
        url
        for url, info in builder.url_infos.items()
        if not any(
            (place / resource.get_dl_fname(url, info.checksum)).exists()
            for place in (folder, folder / builder.name)
        )
    ]


def _download_folder(builder):
    return builder.data_path.parent.parent / "downloads"  # of <data_dir>/<name>/<version>


def _check_reachable(name: str, url: str, builder) -> None:
    """Raise DataUnavailable within seconds where the host of `url` does not answer."""
    host = urlparse(url).hostname
    port = 443 if url.startswith("https") else 80
    try:
        socket.create_connection((host, port), CONNECT_SECONDS).close()
    except OSError as error:
        raise DataUnavailable(
            f"{name}: {host} does not answer ({_first_line(error)}), so {url} can't be downloaded. "
            f"Go online once, or copy a prepared {name} folder into {builder.data_path.parent.parent}, "
            f"or use the embedded source: digits"
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _read(builder, split: str):
    """All images `(N, H, W, C)` uint8 and labels `(N,)` of a split."""
    import tensorflow_datasets as tfds

    examples = tfds.as_numpy(builder.as_dataset(split=split, batch_size=-1))
    return examples["image"], examples["label"]
