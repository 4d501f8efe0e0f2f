"""What the noise of a generator means: ways between pictures, arithmetic, and directions with a meaning.

B pictures, Z entries of the noise, F features.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from scipy.stats import spearmanr
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import balanced_accuracy_score, pairwise_distances_argmin_min

from inspection.graph import InspectionError

HELD_OUT = 0.25  # share by which a direction is measured
# Of the search for a picture's noise: from how many places, for how many steps; the best of them go on. 16
# places all the way find nothing nearer and take half as long again; 8 leave an eighth more error.
STAGES = ((16, 50), (4, 250))
RATE = 0.1  # one that falls to 0 is no better
LOOKS = (0, 5, 10, 20, 40, 100)  # after how many steps a picture of its course is kept, beside the last
PRIOR = 1e-3  # weight of how likely the noise is, beside the squared error of a pixel
GREY = 0.35  # of the lines between pictures
_EMPTY = 1e-6


@dataclass(frozen=True)
class Direction:
    """A direction of the noise in which something changes.

    Args:
        vector: Of length 1, `(Z,)`; along it there is more of it.
        held_out: How well it tells on noise that it was not found by: for a yes or no the balanced accuracy,
            the mean of both answers' own, so that 0.5 is chance however rare one is; for a measured number
            the rank correlation.
    """

    vector: np.ndarray
    held_out: float


def between(first: np.ndarray, second: np.ndarray, count: int) -> np.ndarray:
    """A way from one noise to another, both included: `(count, Z)`.

    Along a great circle (White 2016, arXiv:1609.04468, section 2.1), since normal noise of Z entries lies
    near a sphere, which a straight line would leave.

    Args:
        first: `(Z,)`.
        second: `(Z,)`.
        count: Points, at least two.
    """
    shares = np.linspace(0, 1, count)[:, None]
    lengths = np.linalg.norm(first), np.linalg.norm(second)
    straight = (1 - shares) * first + shares * second
    if min(lengths) < _EMPTY:
        return straight
    angle = np.arccos(np.clip(first @ second / (lengths[0] * lengths[1]), -1, 1))
    if np.sin(angle) < _EMPTY:  # on one line with the middle of the sphere
        return straight
    return (np.sin((1 - shares) * angle) * first + np.sin(shares * angle) * second) / np.sin(angle)


def arithmetic(first: np.ndarray, without: np.ndarray, plus: np.ndarray) -> np.ndarray:
    """The means of three groups of noise, and the first without the second plus the third: `(4, Z)`.

    Radford et al. 2016 (arXiv:1511.06434, section 6.3.2). A single noise of each was unsteady there, means of
    three were not. The mean of B lies nearer to the middle than any of them, about by the root of B.

    Args:
        first: Noise of at least one picture, `(B, Z)`.
        without: Likewise.
        plus: Likewise.

    Raises:
        InspectionError: A group is empty.
    """
    groups = (first, without, plus)
    if not all(map(len, groups)):
        raise InspectionError("there is no mean of a group without a picture")
    means = [group.mean(axis=0) for group in groups]
    return np.stack([*means, means[0] - means[1] + means[2]])


def nearest(features: np.ndarray, known: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of each picture the nearest among known ones: its number `(B,)`, and how far it is `(B,)`.

    Args:
        features: `(B, F)`.
        known: `(N, F)`.
    """
    return pairwise_distances_argmin_min(features, known)


def principal(generator: keras.Model) -> tuple[np.ndarray, np.ndarray]:
    """The directions of the noise that the first layer answers to most, without a label.

    Shen and Zhou 2021 (arXiv:2007.06600, equation 4): the eigenvectors of A Aᵀ, where A holds the weights
    from the noise to the first layer.

    Args:
        generator: See `models.gan.generator`: its first dense layer is `grow`.

    Returns: Directions `(Z, Z)`, one a row, the strongest first; and how strongly each is answered, `(Z,)`.

    Raises:
        InspectionError: It has no such layer.
    """
    try:
        kernel = np.asarray(generator.get_layer("grow").kernel)
    except ValueError as error:
        raise InspectionError(
            f"model {generator.name!r} has no dense layer 'grow' behind its noise"
        ) from error
    size = generator.inputs[0].shape[1]  # where the class is told, too, the noise comes first
    vectors, values, _ = np.linalg.svd(kernel[:size], full_matrices=False)
    # The larger half of the entries of each points up, or a sign would be left to chance.
    signs = np.sign(np.sum(vectors**3, axis=0) + _EMPTY)
    return (vectors * signs).T, values


def towards(noise: np.ndarray, wanted: np.ndarray, seed: int = 0) -> Direction:
    """The direction in which something becomes likelier, or more.

    For a yes or no the normal of the plane that parts them best (logistic regression; Shen et al. 2020,
    arXiv:1907.10786, section 3.2), for a number that of the steepest rise (ridge regression).

    Args:
        noise: `(B, Z)`.
        wanted: Of the picture of each: booleans or numbers, `(B,)`.
        seed: Decides which of them are held out.

    Raises:
        InspectionError: All are alike, or too few.
    """
    wanted = np.asarray(wanted)
    order = np.random.default_rng(seed).permutation(len(noise))
    held, learned = np.split(order, [round(HELD_OUT * len(order))])
    if len(held) < 2 or any(len(np.unique(wanted[part])) < 2 for part in (held, learned)):
        raise InspectionError("there is nothing to tell apart: all pictures are alike, or they are too few")
    yes_or_no = wanted.dtype == bool
    model = LogisticRegression(max_iter=1000, class_weight="balanced") if yes_or_no else Ridge()
    model.fit(noise[learned], wanted[learned])
    vector = np.ravel(model.coef_)
    told = model.predict(noise[held])
    score = (
        balanced_accuracy_score(wanted[held], told) if yes_or_no else spearmanr(told, wanted[held]).statistic
    )
    return Direction(vector / max(float(np.linalg.norm(vector)), _EMPTY), float(score))


def moved(place: np.ndarray, steps: Iterable[tuple[Direction, float]]) -> np.ndarray:
    """Where one comes to from a place `(Z,)` by going so far along each direction: `(Z,)`."""
    return sum((distance * direction.vector for direction, distance in steps), place)


def sheet(place: np.ndarray, across: Direction, down: Direction, distances: np.ndarray) -> np.ndarray:
    """Places around one, over two directions: `(N, N, Z)`, rows downwards.

    Args:
        place: The one, `(Z,)`; in the sheet where both distances are 0.
        across: To the right there is more of it.
        down: Downwards there is more of it.
        distances: How far to go along each, `(N,)`.
    """
    steps = distances[:, None]
    return place + (steps * down.vector)[:, None] + steps * across.vector


def joined(pictures: np.ndarray) -> np.ndarray:
    """Rows of pictures `(R, N, H, W, C)` as one, with grey lines between them.

    Returns: `(R * (H + L) - L, N * (W + L) - L, C)`: lines are L = H / 16 pixels wide, but at least one.
    """
    rows, _, height, _, channels = pictures.shape
    line = max(1, height // 16)
    ends = ((0, 0), (0, 0), (0, line), (0, line), (0, 0))
    lined = np.pad(pictures, ends, constant_values=GREY).swapaxes(1, 2)
    return lined.reshape(rows * (height + line), -1, channels)[:-line, :-line]


# What can be measured of a picture, `(B, H, W, C)` to `(B,)`


def brightness(pictures: np.ndarray) -> np.ndarray:
    """Mean over all pixels."""
    return pictures.mean(axis=(1, 2, 3))


def slant(pictures: np.ndarray) -> np.ndarray:
    """How far ink moves to the right for each pixel upwards: of a bright stroke on black."""
    ink, across, down = _ink(pictures)
    covariance = (ink * across * down).sum(axis=(1, 2))
    return -covariance / np.maximum((ink * down**2).sum(axis=(1, 2)), _EMPTY)


def width(pictures: np.ndarray) -> np.ndarray:
    """Deviation of the ink from its middle, left and right, in pixels."""
    ink, across, _ = _ink(pictures)
    return np.sqrt((ink * across**2).sum(axis=(1, 2)))


def height(pictures: np.ndarray) -> np.ndarray:
    """Deviation of the ink from its middle, up and down, in pixels."""
    ink, _, down = _ink(pictures)
    return np.sqrt((ink * down**2).sum(axis=(1, 2)))


def stroke(pictures: np.ndarray) -> np.ndarray:
    """Thickness of the ink in pixels: twice its area by the length of its edge."""
    grey = pictures.mean(axis=-1)
    bordered = np.pad(grey, ((0, 0), (1, 1), (1, 1)))
    edge = sum(np.abs(np.diff(bordered, axis=axis)).sum(axis=(1, 2)) for axis in (1, 2))
    return 2 * grey.sum(axis=(1, 2)) / np.maximum(edge, _EMPTY)


PROPERTIES: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "brightness": brightness,
    "stroke": stroke,
    "slant": slant,
    "width": width,
    "height": height,
}


def _ink(pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Shares of the ink `(B, H, W)`, and each pixel's place from its middle, to the right and downwards."""
    grey = pictures.mean(axis=-1)
    ink = grey / np.maximum(grey.sum(axis=(1, 2), keepdims=True), _EMPTY)
    rows, columns = np.mgrid[: grey.shape[1], : grey.shape[2]]
    across = columns - (ink * columns).sum(axis=(1, 2), keepdims=True)
    down = rows - (ink * rows).sum(axis=(1, 2), keepdims=True)
    return ink, across, down


# From a picture back to its noise


@dataclass(frozen=True)
class Found:
    """The noise whose picture is nearest to one that was given, and how it was come to.

    Args:
        noise: `(Z,)`.
        course: Pictures on the way there, `(N, H, W, C)`: where it began first, the nearest last.
        steps: After how many steps each was.
        errors: Squared error of a pixel of each, `(N,)`.
    """

    noise: np.ndarray
    course: np.ndarray
    steps: tuple[int, ...]
    errors: np.ndarray

    @property
    def picture(self) -> np.ndarray:
        """The nearest, `(H, W, C)`."""
        return self.course[-1]

    @property
    def error(self) -> float:
        return float(self.errors[-1])


def find(generator: keras.Model, picture: np.ndarray, label: int | None = None, seed: int = 0) -> Found:
    """Search for the noise of a picture by the gradient of the squared error, from several places at once.

    Half a second on digits_gan, a second on fashion_gan, on two CPU cores.

    Creswell and Bharath 2016 (arXiv:1611.05644), here with Adam and the squared error. How likely the noise
    is counts, too.

    Args:
        generator: See `models.gan.generator`.
        picture: `(H, W, C)` in [0, 1].
        label: Its class, where the generator is told one.
        seed: Decides where the search begins.

    Raises:
        InspectionError: The picture is of another shape.
    """
    wanted = generator.output_shape[1:]
    if picture.shape != wanted:
        raise InspectionError(f"the generator makes pictures of shape {wanted}. Received: {picture.shape}")
    size = generator.inputs[0].shape[1]
    noise = np.random.default_rng(seed).standard_normal((STAGES[0][0], size), "float32")
    course: list[list[np.ndarray]] = []  # pictures and errors of every place, the best place first
    done = 0
    for places, steps in STAGES:
        step, look = _search(generator, picture, label, noise[:places])
        course = [[part[:places] for part in looked] for looked in course]
        for number in range(done, done + steps):
            if number in LOOKS:
                course.append(look()[1:])
            step()
        done += steps
        noise, made, errors = look()
        order = np.argsort(errors)
        noise = noise[order]
        course = [[part[order] for part in looked] for looked in course]
    pictures, squared = zip(*course, [made[order], errors[order]], strict=True)
    return Found(
        noise[0],
        np.stack([each[0] for each in pictures]),
        (*LOOKS, done),
        np.stack([each[0] for each in squared]),
    )


def _search(
    generator: keras.Model, picture: np.ndarray, label: int | None, start: np.ndarray
) -> tuple[Callable[[], None], Callable[[], list[np.ndarray]]]:
    """What goes one step from places `(B, Z)`; and what tells their noise, their pictures, and the errors."""
    noise = tf.Variable(start)
    labels = [] if label is None else [tf.fill([len(start)], label)]
    optimizer = keras.optimizers.Adam(RATE)
    optimizer.build([noise])

    def grown() -> tuple[tf.Tensor, tf.Tensor]:
        made = generator([noise, *labels] if labels else noise, training=False)
        return made, tf.reduce_mean(tf.square(made - picture), axis=[1, 2, 3])

    @tf.function(autograph=False)
    def step():
        with tf.GradientTape() as tape:
            _, errors = grown()
            loss = tf.reduce_sum(errors + PRIOR * tf.reduce_mean(tf.square(noise), axis=1))
        optimizer.apply([tape.gradient(loss, noise)], [noise])

    return step, lambda: [noise.numpy(), *(part.numpy() for part in grown())]
