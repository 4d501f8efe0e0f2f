"""What a generator made of the same noise at some times of its training: a file a moment, for any viewer.

    samples/00001200.png    after 1,200 steps: a sheet of pictures, row by row

This module imports neither TensorFlow nor Keras: pages read a timeline while it grows elsewhere.
"""

from pathlib import Path

import numpy as np
from PIL import Image

from training.runs import written_aside

FOLDER = "samples"
SIDE = 6  # pictures along each side of a sheet
MOST = 200  # moments that are read
LARGEST = 256  # edge of a picture, in pixels, that is read


def save(folder: Path, step: int, pictures: np.ndarray) -> None:
    """Write a moment's sheet, whole or not at all.

    Args:
        folder: Of the run.
        step: When it is.
        pictures: `SIDE` times `SIDE` of them, `(N, H, W, C)` in [0, 1], of one or three channels.
    """
    _, height, width, channels = pictures.shape
    rows = np.rint(np.clip(pictures, 0, 1) * 255).astype("uint8").reshape(SIDE, SIDE, height, width, channels)
    sheet = rows.transpose(0, 2, 1, 3, 4).reshape(SIDE * height, SIDE * width, channels)
    (folder / FOLDER).mkdir(exist_ok=True)
    with written_aside(_path(folder, step)) as aside:
        Image.fromarray(sheet[..., 0] if channels == 1 else sheet).save(aside, optimize=True)


def steps(folder: Path) -> list[int]:
    """When there are sheets of a run, the first moment first; none where none were kept."""
    names = [path.stem for path in (folder / FOLDER).glob("*.png")]
    return sorted(int(name) for name in names if name.isdecimal())[:MOST]


def load(folder: Path, shape: tuple[int, ...]) -> tuple[list[int], np.ndarray]:
    """All moments of a run.

    Args:
        folder: Of the run.
        shape: Of a picture, `(H, W, C)`.

    Returns: Steps, M of them, and pictures `(M, N, H, W, C)` uint8. A sheet that is damaged, or of another
        shape, is left out.
    """
    height, width, channels = shape
    found, sheets = [], []
    for step in steps(folder) if max(height, width) <= LARGEST else []:
        try:
            with Image.open(_path(folder, step), formats=("PNG",)) as image:
                if image.size != (SIDE * width, SIDE * height):
                    continue
                sheets.append(np.asarray(image.convert("L" if channels == 1 else "RGB")))
        except (OSError, SyntaxError):  # what Pillow raises of a file that is cut short
            continue
        found.append(step)
    if not sheets:
        return [], np.zeros((0, SIDE**2, height, width, channels), "uint8")
    pictures = np.reshape(sheets, (-1, SIDE, height, SIDE, width, channels)).astype("uint8")
    return found, pictures.transpose(0, 1, 3, 2, 4, 5).reshape(-1, SIDE**2, height, width, channels)


def forget_after(folder: Path, step: int) -> None:
    """Remove the moments that come after a step: a resumed training makes them again."""
    for later in steps(folder):
        if later > step:
            _path(folder, later).unlink(missing_ok=True)


def _path(folder: Path, step: int) -> Path:
    return folder / FOLDER / f"{step:08d}.png"
