"""Image classification through TensorFlow Datasets: MNIST, Fashion-MNIST and CIFAR-10."""

from dataclasses import dataclass

import numpy as np

from data.downloads import prepared_builder
from data.image_folder import read_input
from data.source import Augmentation, Source, Spec, Split
from data.splitting import split_by_content, without

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
        builder = prepared_builder(self.dataset, embedded="digits")
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


def _read(builder, split: str):
    """All images `(N, H, W, C)` uint8 and labels `(N,)` of a split."""
    import tensorflow_datasets as tfds

    examples = tfds.as_numpy(builder.as_dataset(split=split, batch_size=-1))
    return examples["image"], examples["label"]
