"""Scikit-learn's handwritten digits: 1,797 real scans of 8x8 pixels, embedded in the library."""

from dataclasses import dataclass

import numpy as np

from data.image_folder import read_input
from data.source import Augmentation, Source, Spec, Split
from data.splitting import split_by_content


@dataclass(frozen=True)
class Config:
    """Settings of the digits.

    Args:
        validation: Share of the scans that is kept for validation.
        test: Share of the scans that is kept for the test.
        augmentation: Random changes of the training images.
    """

    validation: float = 0.1
    test: float = 0.2
    augmentation: Augmentation = Augmentation()

    def load(self) -> Source:
        """Read the scans: 1,797 images `(8, 8, 1)` of ten classes; needs no network."""
        from sklearn import datasets  # over a second: only for those who use it

        bunch = datasets.load_digits()
        images = bunch.images.astype("uint8")[..., None]  # 17 levels, 0 to 16
        sides = split_by_content(images, (self.validation, self.test))
        validation, test, train = (Split(images[side], bunch.target[side], scale=1 / 16) for side in sides)
        spec = Spec(
            name="digits",
            input_shape=(8, 8, 1),
            classes=tuple("0123456789"),
            licence="CC BY 4.0",
            citation=(
                "E. Alpaydin and C. Kaynak (1998), Optical Recognition of Handwritten Digits, "
                "UCI Machine Learning Repository, doi:10.24432/C50P49"
            ),
        )
        return Source(train, validation, test, spec, self.augmentation)

    def read(self, line: str, spec: Spec) -> np.ndarray:
        """An image file by its path, as a model sees it: `spec.input_shape` float32.

        Raises:
            DataUnavailable: It can't be read as an image.
        """
        return read_input(line, spec)
