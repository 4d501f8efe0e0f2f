"""A folder of one's own images: one sub-folder a class, or images alone."""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.files import path_of, tidy
from data.images import SUFFIXES, ImageError, image_files, is_litter, read_square
from data.source import Augmentation, DataUnavailable, Source, Spec, Split
from data.splitting import fingerprints, without
from data.tables import divide

MAX_BYTES = 2**31  # of all decoded images, which live in memory
BROKEN = ("refuse", "skip")
# Endings of images that are not read.
UNREAD = (
    ".heic", ".heif", ".avif", ".jp2", ".jxl", ".svg", ".dng", ".cr2", ".nef", ".arw", ".psd", ".tga", ".dcm",
    ".pgm", ".ppm", ".pbm", ".exr",
)  # fmt: skip
DARK = 32  # brightest level of 255 below which images are likely to have another range than their format
# Names of folders that hold the user's own splits, in small letters, without an ending such as "_set".
SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
    "dev": "validation",
    "eval": "validation",
    "evaluation": "validation",
    "holdout": "test",
    "hold-out": "test",
    "hold_out": "test",
    "held_out": "test",
}
_ENDING = re.compile(r"[ _.-]?(?:set|split|data|dataset|images?|imgs|folder|s?daten|s?bilder)$")


@dataclass(frozen=True)
class Config:
    """Settings of a folder of images.

    Where the folder holds `train` and perhaps `val` and `test` (or `training`, `valid`, `validation`, `dev`,
    `testing`, `holdout`, `train_set`, `TestImages` and their like), these are the splits, and each of them is
    read as described below. A split that is not there is taken from `train`. Training and validation images
    of which an exact copy is in the test, and training images with a copy in validation, are left out.

    Hidden files and folders, `__MACOSX`, empty folders and files of other kinds are ignored. Images are read
    as `images.read_image` says: transparent parts become white, 16 bits become 8.

    Args:
        folder: The folder; each sub-folder is a class and holds its images.
        labelled: Whether sub-folders are classes; else all images of the folder and below it are taken, of
            none.
        broken: What to do with an image that can't be read: "refuse" the folder, or "skip" it and say so.
        size: Edge that every image is brought to, in pixels; its shape is kept, the rest is black.
        channels: 1 for grey, 3 for colour.
        validation: Share of each class that is kept for validation, one image at least where the class has
            enough; without effect where the folder has a validation split.
        test: Share of each class that is kept for the test, likewise.
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
        if not (self.validation >= 0 and self.test >= 0 and self.validation + self.test < 1):
            raise ValueError(
                f"validation and test must be at least 0, and below 1 together. "
                f"Received: {self.validation!r} and {self.test!r}"
            )
        if self.broken not in BROKEN:
            raise ValueError(f"broken must be one of {', '.join(BROKEN)}. Received: {self.broken!r}")

    def load(self) -> Source:
        """Read every image.

        Raises:
            DataUnavailable: The folder is not there, has no images or no classes, holds a broken image that
                is not to be skipped, has too few images, or does not fit into memory.
        """
        root = Path(self.folder).expanduser()
        wanted = "a sub-folder of images for each class" if self.labelled else "images"
        if not self.folder or not root.is_dir():
            raise DataUnavailable(
                f"image_folder: {self.folder or 'no folder'!r} is not a folder. Name one that has "
                f"{wanted}: --data.folder PATH"
            )
        places = self._split_folders(root)
        found = {name: self._files(place) for name, place in places.items()}
        classes = sorted({label for files in found.values() for _, label in files})
        self._check(root, places, found, classes)
        _say_what_is_unread(root)
        _say_which_names_are_alike(classes)
        numbers = {label: number for number, label in enumerate(classes)}
        splits = {
            name: self._read([(path, numbers[label]) for path, label in files])
            for name, files in found.items()
        }
        if not len(splits["train"][0]):
            count = len(found["train"])
            raise DataUnavailable(
                f"image_folder: not one of the {count} images of {places['train']} can be read"
            )
        _say_what_is_odd(splits)
        splits = self._complete(root, splits)
        train, validation, test = (
            Split(*splits[name], scale=1 / 255) for name in ("train", "validation", "test")
        )
        if not (len(train) and len(validation) and len(test)):
            count = sum(map(len, (train, validation, test)))
            raise DataUnavailable(
                f"image_folder: {count} images are too few for three splits (found {len(train)} for "
                f"training, {len(validation)} for validation, {len(test)} for the test; equal images stay "
                f"together). Add images, or raise --data.validation and --data.test"
            )
        for label, name in enumerate(classes):
            if not (train.targets == label).any():
                raise DataUnavailable(
                    f"image_folder: class {name!r} of {root} has no image to learn from. Add images, or "
                    f"remove its folder"
                )
        spec = Spec(
            name=root.name,
            input_shape=(self.size, self.size, self.channels),
            classes=tuple(classes) if self.labelled else (),
            licence="your own",
            citation="",
        )
        return Source(train, validation, test, spec, self.augmentation)

    def _split_folders(self, root: Path) -> dict[str, Path]:
        """The folder of each of the user's own splits; all of `root` as "train" where there are none.

        Raises:
            DataUnavailable: The folders may be splits or classes, and nothing tells which.
        """
        folders = _folders(root)
        own: dict[str, Path] = {}
        for folder in folders:
            split = _split_name(folder.name)
            if split in own:
                raise DataUnavailable(
                    f"image_folder: {root} holds both {own[split].name} and {folder.name}, which mean one "
                    f"split. Keep one of them"
                )
            if split:
                own[split] = folder
        if self.labelled and "train" not in own and len(own) == len(folders) > 1:
            names = " and ".join(place.name for place in own.values())
            raise DataUnavailable(
                f"image_folder: {root} holds {names}, which look like splits, and no train. Add it, with a "
                f"sub-folder for each class; or give the folders other names, if they are classes"
            )
        if "train" not in own or (len(own) == 1 and len(folders) > 1):  # "train" may be a class, beside "bus"
            return {"train": root}
        others = [folder.name for folder in folders if folder not in own.values()]
        bare = [place.name for place in own.values() if not _folders(place)] if self.labelled else []
        if others or bare:
            names = " and ".join(place.name for place in own.values())
            why = f"{', '.join(others)} beside them" if others else f"no sub-folders of classes in {bare[0]}"
            raise DataUnavailable(
                f"image_folder: {root} holds {names}, which look like splits, but {why}. "
                f"For splits keep them alone, each with a sub-folder for each class; "
                f"for classes give them other names"
            )
        return own

    def _files(self, place: Path) -> list[tuple[Path, str]]:
        """The images of a split, each with the name of its class."""
        if not self.labelled:
            return [(path, "") for path in sorted(image_files(place))]
        stray = sum(path.parent == place for path in image_files(place))
        if stray:
            print(
                f"note: {stray} images of {place} are in no class's folder; they are left out",
                file=sys.stderr,
            )
        found = []
        nested = ""
        for folder in _folders(place):
            paths = sorted(image_files(folder))
            found += [(path, tidy(folder.name)) for path in paths]
            below = sorted({path.relative_to(folder).parts[0] for path in paths if path.parent != folder})
            if len(below) > 1:
                nested = nested or f"{', '.join(below[:3])} in {folder}"
        if nested:
            print(
                f"note: images in sub-folders are of the class above them, such as {nested}. If the "
                f"sub-folders are the classes, keep them in one folder: --data.folder PATH",
                file=sys.stderr,
            )
        return found

    def _check(self, root: Path, places: dict, found: dict, classes: list[str]) -> None:
        """Raise a DataUnavailable where the files will not do."""
        count = sum(map(len, found.values()))
        if not count and not self.labelled:
            raise DataUnavailable(
                f"image_folder: {root} holds no images: files that end with {', '.join(SUFFIXES)}"
            )
        if self.labelled and len(classes) < 2:
            number = sum(len(_folders(place)) for place in places.values())
            raise DataUnavailable(
                f"image_folder: {root} must hold images in at least two sub-folders, one a class. "
                f"Found: {count} images in {number} sub-folders. Images end with {', '.join(SUFFIXES)}"
            )
        for name, files in found.items():
            new = sorted({label for _, label in files} - {label for _, label in found["train"]})
            if new:
                raise DataUnavailable(
                    f"image_folder: {places[name]} has images of {new[0]!r}, and {places['train']} has none. "
                    f"Add some there, or remove that folder"
                )
            if not files:
                raise DataUnavailable(f"image_folder: {places[name]} holds no images. Add some, or remove it")
        if count * self.size**2 * self.channels > MAX_BYTES:
            raise DataUnavailable(
                f"image_folder: {count} images of {self.size}x{self.size}x{self.channels} take more "
                f"than {MAX_BYTES // 2**30} GiB of memory. Take a smaller --data.size"
            )

    def _complete(self, root: Path, splits: dict[str, "_Images"]) -> dict[str, "_Images"]:
        """All three splits: those that the folder lacks are taken from "train", and none shares an image."""
        result = dict(splits)
        for name, other in (("validation", "test"), ("train", "test"), ("train", "validation")):
            if name in result and other in result:
                result[name] = _without_copies(result[name], result[other], name, other)
        images, labels = result["train"]
        share = 1.0
        for name, part in (("test", self.test), ("validation", self.validation)):
            if name in result:
                continue
            taken, rest = divide(images, labels, part / share, seed=0)
            result[name] = images[taken], labels[taken]
            images, labels = images[rest], labels[rest]
            share -= part
            if len(splits) > 1:
                print(
                    f"note: {root} has no {name} split; {len(taken)} of its training images are kept for it",
                    file=sys.stderr,
                )
        return {**result, "train": (images, labels)}

    def _read(self, files: Sequence[tuple[Path, int]]) -> "_Images":
        """The images of files, and their labels; broken ones left out where that is asked for."""
        images, labels = [], []
        for path, label in files:
            try:
                images.append(read_square(path, self.size, self.channels))
            except ImageError as error:
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
            ImageError: The file can't be read as an image.
        """
        return read_input(line, spec)


_Images = tuple[np.ndarray, np.ndarray]  # `(N, size, size, channels)` uint8 and labels `(N,)` int32


def read_input(path: str, spec: Spec) -> np.ndarray:
    """An image file as a model sees it: `spec.input_shape` float32 in [0, 1].

    Raises:
        ImageError: The file can't be read as an image.
    """
    size, _, channels = spec.input_shape
    return read_square(path_of(path), size, channels).astype("float32") / 255


def _split_name(folder: str) -> str | None:
    """The split that a folder of this name holds; None where it is no such name."""
    name = tidy(folder).casefold()
    return SPLIT_NAMES.get(name) or SPLIT_NAMES.get(_ENDING.sub("", name))


def _say_what_is_unread(root: Path) -> None:
    """Say how many images are in a format that is not read."""
    unread = [
        path.suffix.lower()
        for path in root.rglob("*")
        if path.suffix.lower() in UNREAD and not is_litter(path.relative_to(root))
    ]
    if unread:
        print(
            f"note: {len(unread)} images of {root} end with {', '.join(sorted(set(unread)))}, which are not "
            f"read; they are left out. Save them as JPEG or PNG",
            file=sys.stderr,
        )


def _say_which_names_are_alike(classes: Sequence[str]) -> None:
    """Say which classes differ in capitals alone."""
    alike = [name for name in classes if sum(name.casefold() == other.casefold() for other in classes) > 1]
    if alike:
        print(
            f"note: the classes {', '.join(alike)[:100]} differ in capitals alone. Are they one?",
            file=sys.stderr,
        )


def _say_what_is_odd(splits: dict[str, "_Images"]) -> None:
    """Say which images are in several classes, and whether all of them are nearly black."""
    images = np.concatenate([pixels for pixels, _ in splits.values()])
    labels = np.concatenate([labels for _, labels in splits.values()])
    _, places = np.unique(fingerprints(images), return_inverse=True)
    kinds = np.unique(np.stack([places, labels], axis=1), axis=0)[:, 0]
    several = int((np.bincount(kinds)[places] > 1).sum())
    if several:
        print(
            f"note: {several} images have an exact copy in another class, so no model can tell their class",
            file=sys.stderr,
        )
    if images.max() < DARK:
        print(
            f"note: all images are nearly black: their brightest level is {images.max()} of 255. Levels of "
            f"16 bits are scaled from 0..65535; if yours have 10 or 12 bits, scale them up first",
            file=sys.stderr,
        )


def _folders(place: Path) -> list[Path]:
    """The folders in a folder, sorted; without hidden ones and those without an image."""
    return [
        entry
        for entry in sorted(place.iterdir())
        if entry.is_dir() and not is_litter(Path(entry.name)) and any(image_files(entry))
    ]


def _without_copies(mine: _Images, others: _Images, name: str, other: str) -> _Images:
    """The images of a split of which no exact copy is in another one; how many have gone is said."""
    kept = without(mine[0], others[0])
    gone = len(mine[0]) - len(kept)
    if gone:
        print(
            f"note: {gone} of the {name} images are in the {other} split too; they are left out of {name}",
            file=sys.stderr,
        )
    return mine[0][kept], mine[1][kept]
