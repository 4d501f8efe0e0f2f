"""A folder of one's own images: one sub-folder a class, or images alone."""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.source import Augmentation, DataUnavailable, Source, Spec, Split
from data.splitting import split_by_content

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")
MAX_BYTES = 2**31  # of all decoded images, which live in memory
BROKEN = ("refuse", "skip")


@dataclass(frozen=True)
class Config:
    """Settings of a folder of images.

    Args:
        folder: The folder; each sub-folder is a class and holds its images. Files of other kinds are passed
            over.
        labelled: Whether sub-folders are classes; else all images of the folder and below it are taken, of
            none.
        broken: What to do with an image that can't be read: "refuse" the folder, or "skip" it and say so.
        size: Edge that every image is brought to, in pixels; its shape is kept, the rest is black.
        channels: 1 for grey, 3 for colour.
        validation: Share of the images that is kept for validation.
        test: Share of the images that is kept for the test.
        augmentation: Random changes of the training images.
    """

    folder: str = ""
    labelled: bool = True
    broken: str = "refuse"
    size: int = 32
    channels: int = 3
    validation: float = 0.1
    test: float = 0.1
    augmentation: Augmentation = Augmentation()

    def __post_init__(self) -> None:
        if not 4 <= self.size <= 512:
            raise ValueError(f"size must be 4 to 512 pixels. Received: {self.size!r}")
        if self.channels not in (1, 3):
            raise ValueError(f"channels must be 1 or 3. Received: {self.channels!r}")
        if self.broken not in BROKEN:
            raise ValueError(f"broken must be one of {', '.join(BROKEN)}. Received: {self.broken!r}")

    def load(self) -> Source:
        """Read every image.

        Raises:
            DataUnavailable: The folder is not there, has no images or no classes, holds a broken image that
                is not to be skipped, has too few, or does not fit into memory.
        """
        root = Path(self.folder).expanduser()
        wanted = "a sub-folder of images for each class" if self.labelled else "images"
        if not self.folder or not root.is_dir():
            raise DataUnavailable(
                f"image_folder: {self.folder or 'no folder'!r} is not a folder. Name one that has "
                f"{wanted}: --data.folder PATH"
            )
        classes = sorted(entry.name for entry in root.iterdir() if entry.is_dir()) if self.labelled else []
        files = [
            (path, label)
            for label, name in enumerate(classes or ["."])
            for path in sorted((root / name).rglob("*"))
            if path.suffix.lower() in SUFFIXES
        ]
        if self.labelled and (len(classes) < 2 or not files):
            raise DataUnavailable(
                f"image_folder: {root} must hold images in at least two sub-folders, one a class. "
                f"Found: {len(files)} images in {len(classes)} sub-folders"
            )
        if not files:
            raise DataUnavailable(
                f"image_folder: {root} holds no images: files that end with {', '.join(SUFFIXES)}"
            )
        if len(files) * self.size**2 * self.channels > MAX_BYTES:
            raise DataUnavailable(
                f"image_folder: {len(files)} images of {self.size}x{self.size}x{self.channels} take more "
                f"than {MAX_BYTES // 2**30} GiB of memory. Take a smaller --data.size"
            )
        images, labels = self._read(files)
        if not len(images):
            raise DataUnavailable(f"image_folder: not one of the {len(files)} images of {root} can be read")
        validation, test, train = (
            Split(images[side], labels[side], scale=1 / 255)
            for side in split_by_content(images, (self.validation, self.test))
        )
        if not (len(train) and len(validation) and len(test)):
            raise DataUnavailable(
                f"image_folder: {len(images)} images are too few for three splits (found {len(train)} for "
                f"training, {len(validation)} for validation, {len(test)} for the test). Add images, or "
                f"raise --data.validation and --data.test"
            )
        spec = Spec(
            name=root.name,
            input_shape=images.shape[1:],
            classes=tuple(classes),
            licence="your own",
            citation="",
        )
        return Source(train, validation, test, spec, self.augmentation)

    def _read(self, files: list[tuple[Path, int]]) -> tuple[np.ndarray, np.ndarray]:
        """The images of files, and their labels; broken ones left out where that is asked for."""
        images, labels = [], []
        for path, label in files:
            try:
                images.append(read_image(path, self.size, self.channels))
            except DataUnavailable as error:
                if self.broken == "refuse":
                    raise DataUnavailable(
                        f"{error}. Mend or remove it, or leave out such images: --data.broken skip"
                    ) from error
                print(f"warning: {error}; it is left out", file=sys.stderr)
                continue
            labels.append(label)
        pixels = np.array(images, "uint8").reshape(-1, self.size, self.size, self.channels)
        return pixels, np.array(labels, "int32")

    def read(self, line: str, spec: Spec) -> np.ndarray:
        """An image file by its path, as a model sees it: `spec.input_shape` float32.

        Raises:
            DataUnavailable: It can't be read as an image.
        """
        return read_input(line, spec)


def read_input(path: str, spec: Spec) -> np.ndarray:
    """An image file as a model sees it: `spec.input_shape` float32 in [0, 1].

    Raises:
        DataUnavailable: It can't be read as an image.
    """
    size, _, channels = spec.input_shape
    return read_image(path, size, channels).astype("float32") / 255


def read_image(file, size: int, channels: int) -> np.ndarray:
    """Read one image, its proportions kept, onto a black square.

    Args:
        file: A path or an open binary file, in any format that Pillow knows.
        size: Edge of the square in pixels.
        channels: 1 for grey, 3 for colour.

    Returns: `(size, size, channels)` uint8.

    Raises:
        DataUnavailable: The file is no image, or a decompression bomb.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(file) as opened:
            upright = ImageOps.exif_transpose(opened).convert("L" if channels == 1 else "RGB")
        image = ImageOps.pad(upright, (size, size))
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError) as error:
        name = getattr(file, "name", file)
        raise DataUnavailable(f"{name} can't be read as an image: {error}") from error
    return np.asarray(image, "uint8").reshape(size, size, channels)
