"""Images read as sequences: row by row, pixel by pixel, or the pixels in an order that says nothing."""

import dataclasses
from dataclasses import dataclass

import numpy as np

from data import tfds_images
from data.image_folder import read_input
from data.source import Source, Spec, Split

ORDERS = ("rows", "pixels")


@dataclass(frozen=True)
class Config:
    """Settings of images as sequences.

    Args:
        dataset: As of `tfds_images.Config`.
        by: What a step is: "rows", `(H, W * C)`, or "pixels", `(H * W, C)` (Le et al. 2015,
            arXiv:1504.00941, section 4.2).
        permuted: Take the steps in an order drawn at random, the same for every image.
        validation: Share of the official training images that is kept for validation.
        seed: Of the order.
    """

    dataset: str = "mnist"
    by: str = "rows"
    permuted: bool = False
    validation: float = 0.08
    seed: int = 0

    def __post_init__(self) -> None:
        if self.by not in ORDERS:
            raise ValueError(f"by must be one of {', '.join(ORDERS)}. Received: {self.by!r}")
        self._images()  # checks the data set's name

    def load(self) -> Source:
        """Read the images as sequences `(N, T, C)`.

        Raises:
            DataUnavailable: They are not here and can't be downloaded.
        """
        source = self._images().load()
        shape = self._steps(source.test.inputs[:1]).shape[1:]
        return dataclasses.replace(
            source,
            train=self._split(source.train),
            validation=self._split(source.validation),
            test=self._split(source.test),
            spec=dataclasses.replace(source.spec, name=f"{self.dataset}_{self.by}", input_shape=shape),
        )

    def read(self, line: str, spec: Spec) -> np.ndarray:
        """An image file by its path, as a model sees it: `spec.input_shape` float32.

        Raises:
            DataUnavailable: It can't be read as an image.
        """
        length, width = spec.input_shape
        edge = width if self.by == "rows" else round(length**0.5)
        image = read_input(line, dataclasses.replace(spec, input_shape=(edge, edge, 1)))
        return self._steps(image[None])[0]

    def _images(self) -> tfds_images.Config:
        return tfds_images.Config(self.dataset, self.validation)

    def _split(self, split: Split) -> Split:
        return dataclasses.replace(split, inputs=self._steps(split.inputs))

    def _steps(self, images: np.ndarray) -> np.ndarray:
        """`(N, H, W, C)` to `(N, T, C)`."""
        size, height, width, channels = images.shape
        shape = (height, width * channels) if self.by == "rows" else (height * width, channels)
        steps = images.reshape(size, *shape)
        if self.permuted:
            steps = steps[:, np.random.default_rng(self.seed).permutation(shape[0])]
        return steps
