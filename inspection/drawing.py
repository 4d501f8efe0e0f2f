"""From a drawing or a photo to a model's input: white on black, framed as its data set frames things."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageOps

INK = 40  # grey level above which a pixel is ink, on the way to a frame around it
DETAIL = 4  # pixels along an edge that are averaged into one of a framed input


@dataclass(frozen=True)
class Framing:
    """How the pictures of a data set are framed, so that a drawing can be framed alike.

    Args:
        height: Share of the picture's height that the ink is scaled to.
        width: Share of its width that the ink may take at most.
        squeeze: Squeeze ink that is too wide; else scale it down as it is.
        by_mass: Centre the ink's centre of mass, else the box around it.
        upright: Shear slanted ink upright first.
    """

    height: float
    width: float
    squeeze: bool
    by_mass: bool
    upright: bool


# By the name of the data set, as its spec has it; pictures of all others are taken whole.
FRAMINGS = {
    # LeCun et al. 1998, section III.A: fitted into 20x20 of 28x28, centred by the centre of mass.
    "mnist": Framing(20 / 28, 20 / 28, squeeze=False, by_mass=True, upright=False),
    # Garris et al. 1994, NISTIR 5469: fitted into 20x32 of 32x32 and sheared upright, which the data
    # set then counts down to 8x8. All 1,797 scans have ink in their first and last rows.
    "digits": Framing(32 / 32, 20 / 32, squeeze=True, by_mass=False, upright=True),
}


def on_black(drawing: np.ndarray) -> np.ndarray:
    """Lay a drawing `(H, W, 4)` uint8 with transparency on black: `(H, W, 3)` uint8."""
    alpha = drawing[..., 3:].astype("float32") / 255
    return np.rint(drawing[..., :3] * alpha).astype("uint8")


def is_empty(picture: np.ndarray) -> bool:
    """Whether there is no ink on a picture `(H, W, 3)` with a black ground."""
    return bool(picture.max(initial=0) <= INK)


def has_light_ground(picture: np.ndarray) -> bool:
    """Whether a picture `(H, W, 3)` is dark on light, going by its rim."""
    rim = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    return bool(np.median(rim.mean(-1)) > 127)


def to_input(
    picture: np.ndarray, shape: Sequence[int], framing: Framing | None = None, invert: bool = False
) -> np.ndarray:
    """Bring a picture to a model's input.

    Args:
        picture: `(H, W, 3)` uint8.
        shape: `(H, W, C)` of the input. One channel sees grey, three see colours, and any other number
            sees the same grey in each, as a clip in which nothing moves.
        framing: How to crop, scale and centre the ink; None: the whole picture, its proportions kept,
            on black.
        invert: Exchange light and dark first.

    Returns: `shape` float32 in [0, 1].
    """
    height, width, channels = shape
    image = Image.fromarray(255 - picture if invert else picture)
    if channels != 3:
        image = image.convert("L")
    image = _framed(image, height, width, framing) if framing else ImageOps.pad(image, (width, height))
    pixels = np.asarray(image, "float32").reshape(height, width, -1) / 255
    return pixels if channels == pixels.shape[-1] else np.repeat(pixels, channels, axis=-1)


def _framed(image: Image.Image, height: int, width: int, framing: Framing) -> Image.Image:
    """The ink of an image scaled and centred on black, as `framing` says."""
    height, width = DETAIL * height, DETAIL * width
    if framing.upright:
        image = _upright(image)
    framed = Image.new(image.mode, (width, height))
    box = image.convert("L").point(lambda level: 255 * (level > INK)).getbbox()
    if box is None:
        return framed.reduce(DETAIL)
    ink = image.crop(box)
    down = framing.height * height / ink.height
    across = min(down, framing.width * width / ink.width)
    down = down if framing.squeeze else across
    size = (max(1, round(ink.width * across)), max(1, round(ink.height * down)))
    ink = ink.resize(size, Image.Resampling.BOX if down < 1 else Image.Resampling.BILINEAR)
    if framing.by_mass:
        column, row = _centre_of_mass(_grey(ink))
    else:
        column, row = (ink.width - 1) / 2, (ink.height - 1) / 2
    left = _clamp(round((width - 1) / 2 - column), width - ink.width)
    top = _clamp(round((height - 1) / 2 - row), height - ink.height)
    framed.paste(ink, (left, top))
    return framed.reduce(DETAIL)


def _upright(image: Image.Image) -> Image.Image:
    """An image sheared along its rows until its ink leans to neither side."""
    grey = _grey(image)
    column, row = _centre_of_mass(grey)
    rows, columns = np.indices(grey.shape)
    spread = float(((rows - row) ** 2 * grey).sum())
    lean = float(((rows - row) * (columns - column) * grey).sum()) / max(spread, 1e-6)
    margin = round(abs(lean) * image.height)  # so that nothing is sheared off the picture
    wide = ImageOps.expand(image, (margin, 0, margin, 0))
    return wide.transform(
        wide.size, Image.Transform.AFFINE, (1, lean, -lean * row, 0, 1, 0), Image.Resampling.BILINEAR
    )


def _grey(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("L"), "float32")


def _centre_of_mass(grey: np.ndarray) -> tuple[float, float]:
    """(column, row) about which the ink of `(H, W)` balances."""
    rows, columns = np.indices(grey.shape)
    mass = max(float(grey.sum()), 1e-6)
    return float((columns * grey).sum() / mass), float((rows * grey).sum() / mass)


def _clamp(offset: int, room: int) -> int:
    """`offset`, moved so far that nothing is cut off."""
    return min(max(offset, 0), max(room, 0))
