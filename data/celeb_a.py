"""CelebA: 202,599 photographs of faces, of each of which forty things are told."""

from dataclasses import dataclass

import numpy as np

from data.downloads import prepared_builder
from data.image_folder import read_input
from data.source import Augmentation, Source, Spec, Split
from data.splitting import without

NAME = "celeb_a"
# Liu et al. 2015 (arXiv:1411.7766); their names.
ATTRIBUTES = (
    "5_o_Clock_Shadow", "Arched_Eyebrows", "Attractive", "Bags_Under_Eyes", "Bald", "Bangs", "Big_Lips",
    "Big_Nose", "Black_Hair", "Blond_Hair", "Blurry", "Brown_Hair", "Bushy_Eyebrows", "Chubby",
    "Double_Chin", "Eyeglasses", "Goatee", "Gray_Hair", "Heavy_Makeup", "High_Cheekbones", "Male",
    "Mouth_Slightly_Open", "Mustache", "Narrow_Eyes", "No_Beard", "Oval_Face", "Pale_Skin", "Pointy_Nose",
    "Receding_Hairline", "Rosy_Cheeks", "Sideburns", "Smiling", "Straight_Hair", "Wavy_Hair",
    "Wearing_Earrings", "Wearing_Hat", "Wearing_Lipstick", "Wearing_Necklace", "Wearing_Necktie", "Young",
)  # fmt: skip


@dataclass(frozen=True)
class Config:
    """Settings of the faces.

    Args:
        size: Edge that the square in the middle of every photograph is brought to, in pixels. At 64 they take
            2.5 GB of memory.
        attribute: One of `ATTRIBUTES`: the class is whether a face has it.
        augmentation: Random changes of the training images.

    The splits are the official ones, of which no person stands on two sides; training images of which an
    exact copy is among the test images are left out.
    """

    size: int = 64
    attribute: str = "Smiling"
    augmentation: Augmentation = Augmentation(flip=True)

    def __post_init__(self) -> None:
        if not 8 <= self.size <= 178:
            raise ValueError(f"size must be 8 to 178 pixels. Received: {self.size!r}")
        if self.attribute not in ATTRIBUTES:
            raise ValueError(
                f"attribute must be one of {', '.join(ATTRIBUTES)}. Received: {self.attribute!r}"
            )

    def load(self) -> Source:
        """Read the photographs, downloading and preparing them first where that has not been done.

        Raises:
            DataUnavailable: They are not here and can't be downloaded.
        """
        builder = prepared_builder(NAME, embedded="digits")
        images, labels = self._read(builder, "train")
        test = Split(*self._read(builder, "test"), scale=1 / 255)
        unseen = without(images, test.inputs)
        if len(unseen) < len(images):  # else a copy of two gigabytes for nothing
            images, labels = images[unseen], labels[unseen]
        said = self.attribute.replace("_", " ").lower()
        return Source(
            train=Split(images, labels, scale=1 / 255),
            validation=Split(*self._read(builder, "validation"), scale=1 / 255),
            test=test,
            spec=Spec(
                name=NAME,
                input_shape=(self.size, self.size, 3),
                classes=(f"not {said}", said),
                licence="free for research that is not commercial",
                citation="Liu et al. 2015, Deep learning face attributes in the wild, ICCV",
            ),
            augmentation=self.augmentation,
        )

    def read(self, line: str, spec: Spec) -> np.ndarray:
        """An image file by its path, as a model sees it: `spec.input_shape` float32.

        Raises:
            DataUnavailable: It can't be read as an image.
        """
        return read_input(line, spec)

    def _read(self, builder, split: str) -> tuple[np.ndarray, np.ndarray]:
        """Images `(N, size, size, 3)` uint8 and labels `(N,)`; photographs are decoded one by one."""
        import tensorflow as tf

        def square(example):
            photograph = example["image"]
            edge = min(photograph.shape[:2])
            top, left = (photograph.shape[0] - edge) // 2, (photograph.shape[1] - edge) // 2
            middle = photograph[top : top + edge, left : left + edge]
            image = tf.image.resize(middle, (self.size, self.size), "area")
            return tf.cast(tf.round(image), tf.uint8), example["attributes"][self.attribute]

        examples = builder.as_dataset(split=split).map(square, num_parallel_calls=tf.data.AUTOTUNE)
        count = len(examples)
        images, labels = np.empty((count, self.size, self.size, 3), "uint8"), np.empty(count, "int32")
        for place, (image, label) in enumerate(examples.as_numpy_iterator()):
            images[place], labels[place] = image, label
        return images, labels
