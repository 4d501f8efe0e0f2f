"""Small sets of own data, drawn by rules or taken from scikit-learn, to judge default settings by.

A problem draws examples with their classes, as evenly divided among these as may be.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

TEST = 300  # examples of a test file, where a problem has one

Random = np.random.Generator
Examples = tuple[list[np.ndarray], list[str]]


@dataclass(frozen=True)
class Problem:
    """A small set of own data.

    Args:
        recipe: Name of the recipe that learns it.
        examples: Number of examples that a user has, the validation's included.
        draw: From a generator and a number of examples to inputs and classes.
    """

    recipe: str
    examples: int
    draw: Callable[[Random, int], Examples]


def of_kinds(kinds: Sequence[str], one: Callable[[Random, str], np.ndarray]) -> Callable:
    """The `draw` of a problem whose examples are drawn one by one, each of a class."""

    def draw(random: Random, count: int) -> Examples:
        labels = [kinds[number % len(kinds)] for number in range(count)]
        return [one(random, label) for label in labels], labels

    return draw


def cylinder_bell_funnel(random: Random, kind: str) -> np.ndarray:
    """Saito 1994: a plateau, a rise or a fall of height 6 + N(0, 1) somewhere in noise; 128 points."""
    start = random.integers(16, 33)
    end = start + random.integers(32, 97)
    time = np.arange(128)
    rise = (time - start) / (end - start)
    form = {"cylinder": np.ones(128), "bell": rise, "funnel": 1 - rise}[kind]
    inside = (time >= start) & (time <= end)
    return (6 + random.standard_normal()) * inside * form + random.standard_normal(128)


def synthetic_control(random: Random, kind: str) -> np.ndarray:
    """Alcock and Manolopoulos 1999: six control charts of 60 points."""
    time = np.arange(60)
    noise = 30 + 2 * random.uniform(-3, 3, 60)
    slope, height = random.uniform(0.2, 0.5), random.uniform(7.5, 20)
    change = random.integers(20, 41)
    return (
        noise
        + {
            "normal": 0.0,
            "cyclic": random.uniform(10, 15) * np.sin(2 * np.pi * time / random.uniform(10, 15)),
            "increasing": slope * time,
            "decreasing": -slope * time,
            "upward": height * (time >= change),
            "downward": -height * (time >= change),
        }[kind]
    )


def two_patterns(random: Random, kind: str) -> np.ndarray:
    """Geurts 2002: two steps, each up or down, at random places in noise; 128 points."""
    series = random.standard_normal(128)
    lengths = random.integers(10, 31, 2)
    first = random.integers(0, 128 - lengths.sum() - 4)
    second = random.integers(first + lengths[0] + 2, 128 - lengths[1])
    for way, start, length in zip(kind.split("-"), (first, second), lengths, strict=True):
        step = np.where(np.arange(length) < length // 2, -5.0, 5.0)
        series[start : start + length] = step if way == "up" else -step
    return series


def gun_point(random: Random, kind: str) -> np.ndarray:
    """A hand that is raised and lowered; with a gun it dips before and after (UCR GunPoint); 150 points."""
    time = np.arange(150)
    up, down = random.normal(45, 5), random.normal(100, 5)
    width = random.uniform(3.5, 5)

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    series = sigmoid((time - up) / width) - sigmoid((time - down) / width)
    if kind == "gun":
        for place in (up - 18, down + 18):
            series -= random.uniform(0.06, 0.14) * np.exp(-(((time - place) / 5) ** 2))
    return series + 0.015 * random.standard_normal(150)


def shifted_shapes(random: Random, kind: str) -> np.ndarray:
    """A square, a triangle or half a sine of random width anywhere in noise; 100 points."""
    width = random.integers(16, 36)
    share = np.linspace(0, 1, width)
    form = {"square": np.ones(width), "triangle": 1 - np.abs(2 * share - 1), "sine": np.sin(np.pi * share)}
    series = 0.1 * random.standard_normal(100)
    start = random.integers(0, 100 - width)
    series[start : start + width] += 1.5 * form[kind]
    return series


def slopes(random: Random, kind: str) -> np.ndarray:
    """A line that rises or falls, in noise; 50 points."""
    return (1 if kind == "up" else -1) * np.linspace(-1, 1, 50) + 0.3 * random.standard_normal(50)


def waves(random: Random, kind: str) -> np.ndarray:
    """A slow or a fast wave of any phase, of 20 to 60 points."""
    time = np.arange(random.integers(20, 61))
    period = random.uniform(14, 18) if kind == "slow" else random.uniform(7, 9)
    phase = random.uniform(0, 2 * np.pi)
    return np.sin(2 * np.pi * time / period + phase) + 0.2 * random.standard_normal(len(time))


def picture(random: Random, kind: str) -> np.ndarray:
    """A filled shape of random size, place and colours, 32x32 pixels."""
    ground, colour = random.integers(0, 90, 3), random.integers(140, 256, 3)
    image = Image.new("RGB", (32, 32), tuple(ground.tolist()))
    pen, radius = ImageDraw.Draw(image), random.uniform(6, 11)
    x, y = random.uniform(radius, 32 - radius, 2)
    box, fill = (x - radius, y - radius, x + radius, y + radius), tuple(colour.tolist())
    if kind == "circle":
        pen.ellipse(box, fill=fill)
    elif kind == "square":
        pen.rectangle(box, fill=fill)
    elif kind == "triangle":
        pen.polygon([(x, box[1]), (box[0], box[3]), (box[2], box[3])], fill=fill)
    else:
        pen.line((x, box[1], x, box[3]), fill=fill, width=5)
        pen.line((box[0], y, box[2], y), fill=fill, width=5)
    noisy = np.asarray(image) + random.normal(0, 8, (32, 32, 3))
    return np.clip(noisy, 0, 255).astype("uint8")


def digits(random: Random, count: int) -> Examples:
    """Scans of digits, 8x8 pixels, of scikit-learn."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    chosen = random.permutation(len(images))[:count]
    pixels = np.minimum(images[chosen].reshape(-1, 8, 8) * 16, 255).astype("uint8")
    return list(pixels), [str(label) for label in labels[chosen]]


def table(name: str, columns: slice = slice(None)) -> Callable[[Random, int], Examples]:
    """The `draw` of a table of scikit-learn, such as "iris", with some of its columns."""

    def draw(random: Random, count: int) -> Examples:
        from sklearn import datasets

        values, labels = getattr(datasets, f"load_{name}")(return_X_y=True)
        chosen = random.permutation(len(values))[:count]
        return list(values[chosen, columns]), [f"kind {label}" for label in labels[chosen]]

    return draw


def moons(random: Random, count: int) -> Examples:
    """Two half circles that reach into each other."""
    from sklearn.datasets import make_moons

    points, labels = make_moons(count, noise=0.1, random_state=int(random.integers(2**32)))
    return list(points), [("upper", "lower")[label] for label in labels]


CHARTS = ("normal", "cyclic", "increasing", "decreasing", "upward", "downward")
STEPS = ("up-up", "up-down", "down-up", "down-down")
PROBLEMS = {
    "cbf": Problem("series_cnn", 30, of_kinds(("cylinder", "bell", "funnel"), cylinder_bell_funnel)),
    "gun_point": Problem("series_cnn", 50, of_kinds(("gun", "point"), gun_point)),
    "slopes": Problem("series_cnn", 60, of_kinds(("up", "down"), slopes)),
    "shifted_shapes": Problem("series_cnn", 60, of_kinds(("square", "triangle", "sine"), shifted_shapes)),
    "control_charts": Problem("series_cnn", 300, of_kinds(CHARTS, synthetic_control)),
    "two_patterns": Problem("series_cnn", 500, of_kinds(STEPS, two_patterns)),
    "waves": Problem("sequences_gru", 100, of_kinds(("slow", "fast"), waves)),
    "two_shapes": Problem("images_cnn", 50, of_kinds(("circle", "square"), picture)),
    "four_shapes": Problem("images_cnn", 200, of_kinds(("circle", "square", "triangle", "cross"), picture)),
    "digits": Problem("images_cnn", 300, digits),
    "moons": Problem("points_mlp", 50, moons),
    "petals": Problem("points_mlp", 150, table("iris", slice(2, 4))),
    "iris": Problem("table_mlp", 150, table("iris")),
    "wine": Problem("table_mlp", 178, table("wine")),
    "breast_cancer": Problem("table_mlp", 569, table("breast_cancer")),
}
