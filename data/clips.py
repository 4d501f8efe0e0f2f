"""Clips of a small game: four frames as channels, made by a known rule; who moves, and where to."""

from dataclasses import dataclass

import numpy as np

from data.files import path_of
from data.images import read_square
from data.source import Source, Spec, Split
from data.splitting import split_by_content

EDGE = 20  # of the screen, in pixels
FRAMES = 4  # of a clip, the oldest first
SPRITE = 5  # edge of a sprite, in pixels
SPEEDS = (1, 2)  # pixels a frame
BRICKS = (0, 2)  # rows in which bricks may stand
PADDLE = 6  # width of the paddle, in pixels; it has the last row

_DRAWINGS = {
    "ball": (".###.", "#####", "#####", "#####", ".###."),
    "box": ("#####", "#...#", "#...#", "#...#", "#####"),
    "cross": ("#...#", ".#.#.", "..#..", ".#.#.", "#...#"),
}
SHAPES = tuple(_DRAWINGS)
MOTIONS = {  # rows and columns that it goes in a frame, at speed 1
    "still": (0, 0),
    "left": (0, -1),
    "right": (0, 1),
    "up": (-1, 0),
    "down": (1, 0),
}
CLASSES = tuple(f"{shape} {motion}" for shape in SHAPES for motion in MOTIONS)


@dataclass(frozen=True)
class Config:
    """Settings of the clips.

    Args:
        clips: How many are drawn, all splits together.
        noise: Standard deviation of the noise that each pixel of each frame has of its own; white is 1.
        validation: Share of the clips that is kept for validation.
        test: Share of the clips that is kept for the test.
        seed: Decides all draws.
    """

    clips: int = 6000
    noise: float = 0.1
    validation: float = 0.1
    test: float = 0.2
    seed: int = 0

    def __post_init__(self) -> None:
        if not 100 <= self.clips <= 200_000:
            raise ValueError(f"clips must be 100 to 200,000. Received: {self.clips!r}")
        if not 0 <= self.noise <= 1:
            raise ValueError(f"noise must be 0 to 1. Received: {self.noise!r}")

    def load(self) -> Source:
        """Draw the clips: `(20, 20, 4)` of fifteen classes; needs no network.

        The splits are made before the noise is added, so no scene stands on two sides under another noise.
        """
        draws = np.random.default_rng(self.seed)
        labels = draws.integers(len(CLASSES), size=self.clips)
        scenes = np.stack([_drawn(label, draws) for label in labels])
        _, firsts = np.unique(scenes.reshape(len(scenes), -1), axis=0, return_index=True)
        scenes, labels = scenes[np.sort(firsts)], labels[np.sort(firsts)]
        seen = noisy(scenes, self.noise, draws)
        sides = split_by_content(scenes, (self.validation, self.test), self.seed)
        validation, test, train = (Split(seen[side], labels[side], scale=1 / 255) for side in sides)
        spec = Spec(
            name="clips",
            input_shape=(EDGE, EDGE, FRAMES),
            classes=CLASSES,
            licence="Apache-2.0",
            citation="Neural Arcade, data/clips.py: drawn by its rule",
        )
        return Source(train, validation, test, spec)

    def read(self, line: str, spec: Spec) -> np.ndarray:
        """A clip as one picture by its path, in which its frames stand side by side, oldest first.

        Returns: `spec.input_shape` float32 in [0, 1].

        Raises:
            DataUnavailable: It can't be read as an image.
        """
        edge, _, frames = spec.input_shape
        strip = read_square(path_of(line), edge * frames, 1)  # a square: the strip lies in its middle rows
        top = (edge * frames - edge) // 2
        return strip[top : top + edge].reshape(edge, frames, edge).swapaxes(1, 2).astype("float32") / 255


def scene(
    shape: str,
    motion: str,
    speed: int = 1,
    row: int | None = None,
    column: int | None = None,
    bricks: np.ndarray | None = None,
    paddle: tuple[int, int] | None = None,
    light: float = 1.0,
) -> np.ndarray:
    """Draw a clip without noise.

    Args:
        shape: One of `SHAPES`.
        motion: One of `MOTIONS`.
        speed: Pixels that the sprite goes in a frame.
        row: Of the sprite's upper edge, halfway through the clip; None: as central as its way allows.
        column: Of its left edge, likewise.
        bricks: `(len(BRICKS), EDGE // 4)` bool, where a brick stands; None: nowhere.
        paddle: Its first column and its step in a frame; None: there is none.
        light: Of the sprite, in [0, 1].

    Returns: `(EDGE, EDGE, FRAMES)` uint8.

    Raises:
        ValueError: The shape or the motion is unknown.
    """
    for name, value, known in (("shape", shape, SHAPES), ("motion", motion, tuple(MOTIONS))):
        if value not in known:
            raise ValueError(f"{name} must be one of {', '.join(known)}. Received: {value!r}")
    clip = np.zeros((EDGE, EDGE, FRAMES), "float32")
    if bricks is not None:
        for line, stand in zip(BRICKS, bricks, strict=True):
            clip[line, np.repeat(stand, 4) & (np.arange(EDGE) % 4 < 3)] = 0.6
    drawing = np.array([[mark == "#" for mark in line] for line in _DRAWINGS[shape]], "float32")
    places = [_way(start, speed * step) for start, step in zip((row, column), MOTIONS[motion], strict=True)]
    for frame, (top, left) in enumerate(zip(*places, strict=True)):
        window = clip[top : top + SPRITE, left : left + SPRITE, frame]
        np.maximum(window, light * drawing, out=window)
        if paddle is not None:
            first = min(max(paddle[0] + frame * paddle[1], 0), EDGE - PADDLE)
            clip[-1, first : first + PADDLE, frame] = 0.8
    return np.rint(255 * clip).astype("uint8")


def noisy(clips: np.ndarray, noise: float, draws: np.random.Generator) -> np.ndarray:
    """Clips uint8 with noise of that standard deviation added; white is 1."""
    if not noise:
        return clips
    shaken = clips + draws.normal(0, 255 * noise, clips.shape).astype("float32")
    return np.clip(np.rint(shaken), 0, 255).astype("uint8")


def _drawn(label: int, draws: np.random.Generator) -> np.ndarray:
    """A clip of a class; all else is left to chance, so that nothing else tells the class."""
    shape, motion = CLASSES[label].split()
    row, column = draws.integers(0, EDGE - SPRITE + 1, 2)
    return scene(
        shape,
        motion,
        int(draws.choice(SPEEDS)),
        int(row),
        int(column),
        draws.random((len(BRICKS), EDGE // 4)) < 0.6,
        (int(draws.integers(0, EDGE - PADDLE + 1)), int(draws.integers(-2, 3))),
        float(draws.uniform(0.6, 1.0)),
    )


def _way(middle: int | None, step: int) -> list[int]:
    """Where a sprite stands in each frame along one axis, moved so far that it stays on the screen."""
    room, length = EDGE - SPRITE, step * (FRAMES - 1)
    first = room / 2 - length / 2 if middle is None else middle - length / 2
    lowest, highest = max(0, -length), room - max(0, length)
    first = int(min(max(np.floor(first), lowest), highest))
    return [first + step * frame for frame in range(FRAMES)]
