"""The reader of image files: for folders of images, for `predict` and for the app's uploads.

H height, W width.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from data.source import DataUnavailable

MAX_PIXELS = 50_000_000  # of an image before it is decoded: what a good camera takes
KEPT_EDGE = 1024  # pixels that a decoded image keeps along its longer edge; no model here sees more
GROUND = "white"  # what shows through where an image is transparent
# Without this list Pillow would start Ghostscript for an EPS file, whatever the file's name is.
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF")
SUFFIXES = (".png", ".jpg", ".jpeg", ".jfif", ".bmp", ".gif", ".webp", ".tif", ".tiff")
_OTHERS = (  # what files begin with that people take for images, and where
    (4, b"ftypavif", "an AVIF image. Save it as JPEG or PNG"),
    (4, b"ftyp", "a HEIC photo or a video. Save it as JPEG or PNG"),
    (0, b"<svg", "an SVG drawing. Save it as PNG"),
    (0, b"<!doctype html", "a web page. Load the image itself"),
    (0, b"<html", "a web page. Load the image itself"),
    (0, b"version https://git-lfs", "a pointer of Git LFS. Get the image: git lfs pull"),
    (0, b"%pdf", "a PDF. Save its page as PNG"),
    (0, b"8bps", "a Photoshop file. Save it as PNG"),
)
# Folders and files that systems and programs leave beside images.
_LITTER = frozenset({"__macosx", "thumbs.db", "desktop.ini", "@eadir", "$recycle.bin"})


class ImageError(DataUnavailable):
    """A file can't be read as an image. The message is one line that names the file and the reason."""


def read_image(file: str | os.PathLike[str] | IO[bytes]) -> np.ndarray:
    """Read an image of any mode as 8-bit RGB.

    The image is turned as its EXIF orientation says. Transparent parts show a white ground. Levels of 16 bits
    are scaled from 0..65535 to 0..255. Integers of 32 bits and floats don't tell their range: the smallest
    of 0..1 (floats only), 0..255 and 0..65535 that holds all of them is taken. Of an animation the first
    frame is read. The format is told by the content, not by the name.

    Args:
        file: A path or an open binary file in one of `FORMATS`.

    Returns: `(H, W, 3)` uint8, at most `KEPT_EDGE` along the longer edge.

    Raises:
        ImageError: The file can't be opened, is no image, is damaged, or is too large to be decoded safely.
    """
    try:
        with Image.open(file, formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ImageError(
                    f"it has {image.width} x {image.height} pixels, more than "
                    f"{MAX_PIXELS // 1_000_000} million. Scale it down first"
                )
            image.draft("RGB", (KEPT_EDGE, KEPT_EDGE))
            return np.asarray(_plain(image), "uint8")
    except ImageError as error:
        why, cause = str(error), error.__cause__
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:  # Pillow's own bound
        why, cause = (
            f"it has far more than {MAX_PIXELS // 1_000_000} million pixels. Scale it down first",
            error,
        )
    except UnidentifiedImageError as error:
        why, cause = _what_it_is(file), error
    except Exception as error:  # a damaged file makes Pillow raise almost anything
        of_system = isinstance(error, OSError) and error.strerror
        why, cause = str(of_system or f"it is damaged ({_first_line(error)})"), error
    name = file if isinstance(file, str | os.PathLike) else getattr(file, "name", "this file")
    raise ImageError(f"{name} can't be read as an image: {why}") from cause


def read_square(file: str | os.PathLike[str] | IO[bytes], size: int, channels: int) -> np.ndarray:
    """Read an image, its proportions kept, onto a black square.

    Args:
        file: As of `read_image`.
        size: Edge of the square in pixels.
        channels: 1 for grey, 3 for colour.

    Returns: `(size, size, channels)` uint8.

    Raises:
        ImageError: As of `read_image`.
    """
    image = Image.fromarray(read_image(file))
    image = ImageOps.pad(image.convert("L") if channels == 1 else image, (size, size))
    return np.asarray(image, "uint8").reshape(size, size, channels)


def is_litter(path: Path) -> bool:
    """Whether a relative path is hidden, or is in a hidden folder, or is what systems leave beside images.

    That is whatever begins with a dot (`.ipynb_checkpoints`, macOS' `._x.png`), `__MACOSX`, `Thumbs.db` and
    their like.
    """
    return any(part.startswith(".") or part.casefold() in _LITTER for part in path.parts)


def image_files(folder: Path) -> Iterator[Path]:
    """The files in a folder and below whose names end as those of images do, without hidden ones."""
    for path in folder.rglob("*"):
        if path.suffix.lower() in SUFFIXES and not is_litter(path.relative_to(folder)) and path.is_file():
            yield path


def _plain(image: Image.Image) -> Image.Image:
    """An image of any mode as RGB: upright, small, and on `GROUND` where it is transparent."""
    ImageOps.exif_transpose(image, in_place=True)  # a large image is in memory but once
    if image.mode.startswith(("I", "F")):
        image = _eight_bits(image)
    if image.has_transparency_data:
        if image.mode == "La":
            image = image.convert("LA")
        image = _small(image if image.mode == "RGBA" else image.convert("RGBA"))
        image = Image.alpha_composite(Image.new("RGBA", image.size, GROUND), image)
    image = _small(image if image.mode == "RGB" else image.convert("RGB"))
    image.thumbnail((KEPT_EDGE, KEPT_EDGE))
    return image


def _eight_bits(image: Image.Image) -> Image.Image:
    """An image of one channel of 16 or 32 bits as "L", or as "LA" where one of its levels is transparent."""
    levels = np.asarray(image)
    if levels.dtype.itemsize == 2:
        grey = np.rint(np.arange(2**16) / 257).astype("uint8")[levels]
    else:
        low, high = levels.min(), levels.max()
        tops = (1, 255, 65535) if levels.dtype.kind == "f" else (255, 65535)
        top = next((top for top in tops if high <= top), None)
        if top is None or not low >= 0:
            raise ImageError(
                f"its levels go from {low:g} to {high:g}, and the range is unknown. Save it with 8 or 16 bits"
            )
        grey = np.rint(levels * np.float32(255 / top)).astype("uint8")
    hidden = image.info.get("transparency")
    if not isinstance(hidden, int):
        return Image.fromarray(grey)
    alpha = np.where(levels == hidden, 0, 255).astype("uint8")
    return Image.merge("LA", (Image.fromarray(grey), Image.fromarray(alpha)))


def _what_it_is(file: str | os.PathLike[str] | IO[bytes]) -> str:
    """What a file is that is no image that can be read, for a message."""
    try:
        if isinstance(file, str | os.PathLike):
            with open(file, "rb") as opened:
                start = opened.read(256)
        else:
            file.seek(0)
            start = file.read(256)
    except (OSError, ValueError):
        start = b"?"
    if not start:
        return "it is empty"
    found = next((told for at, mark, told in _OTHERS if start[at:].lstrip().lower().startswith(mark)), "")
    none = f"it is none of {', '.join(FORMATS[:-1])} and {FORMATS[-1]}"
    return f"{none}, but {found}" if found else none


def _small(image: Image.Image) -> Image.Image:
    """An image averaged down by a whole factor, so that little memory is needed for what follows."""
    factor = max(image.size) // KEPT_EDGE
    return image.reduce(factor) if factor > 1 else image


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
