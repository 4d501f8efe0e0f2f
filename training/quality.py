"""How good generated pictures are, against real ones: distribution, variety, and whether they are copies.

All in the features of a classifier that was trained here, or where there is none for such pictures, in
their own principal components; of points, rows of a few numbers, in waves over their space. Distances in
other features can't be compared with these.

N real pictures, M generated ones, F features, K classes.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from data.source import Split

NEIGHBOURS = 3  # whose distance is a picture's radius on the manifold, as published
COMPONENTS = 64  # principal ones
BATCH = 500
WAVES = 64  # over the space of points
WAVE = 0.25  # the distance that they tell apart, as a share of the points' standard deviation
_ROWS = 1000  # of a matrix of distances at once
_ANALYSED = 2000  # pictures, for their components; points, for their classes


@dataclass(frozen=True)
class Judge:
    """What pictures are compared by.

    Args:
        name: Of the classifier, and the beginning of its file's SHA-256; or of the components or waves.
        look: Pictures `(B, H, W, C)` in [0, 1], or points `(B, D)`, to features `(B, F)`, and classes
            `(B,)`, -1 where it tells none.
    """

    name: str
    look: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]

    @classmethod
    def of_pixels(cls, split: Split) -> "Judge":
        """The principal components of a split's pictures, which know no classes."""
        mean, axes, _ = _components(split)

        def look(pictures):
            return (pictures.reshape(len(pictures), -1) - mean) @ axes.T, np.full(len(pictures), -1)

        return cls(f"{len(axes)} principal components", look)

    @classmethod
    def of_points(cls, split: Split) -> "Judge":
        """Waves over the space of a split's points, and the class of the nearest of these.

        A Frechet distance of the points themselves would be 0 for one heap that is as wide as all real ones
        together. In the random features of a Gaussian kernel (Rahimi and Recht 2007, "Random features for
        large-scale kernel machines", algorithm 1) it tells apart what lies `WAVE` apart.
        """
        rows = np.random.default_rng(0).permutation(len(split))[:_ANALYSED]
        known, labels = _flat(split, rows), split.targets[rows]
        random = np.random.default_rng(0)
        width = WAVE * (float(np.sqrt(known.var(axis=0).mean())) or 1.0)
        lengths = (random.standard_normal((WAVES, known.shape[1])) / width).astype("float32")
        shifts = random.uniform(0, 2 * np.pi, WAVES).astype("float32")

        def look(points):
            features = np.sqrt(2 / WAVES) * np.cos(points @ lengths.T + shifts)
            near = np.concatenate([part.argmin(axis=1) for part in _distances(points, known)])
            return features.astype("float32"), labels[near]

        return cls(f"{WAVES} waves", look)

    @classmethod
    def load(cls, path: Path) -> "Judge":
        """The classifier in a run's folder; its features are what its last layer sees.

        Raises:
            OSError, ValueError: The file can't be read, or has no layer `logits`.
        """
        file = path / "model.keras"
        model = keras.models.load_model(file)
        last = model.get_layer("logits")
        probe = keras.Model(model.input, [last.input, last.output])

        @tf.function(autograph=False, reduce_retracing=True)
        def look(pictures):
            features, logits = probe(pictures, training=False)
            return tf.cast(features, tf.float32), tf.argmax(logits, axis=-1)

        digest = hashlib.sha256(file.read_bytes()).hexdigest()[:8]
        return cls(f"{path.name} {digest}", lambda x: tuple(part.numpy() for part in look(tf.constant(x))))


@dataclass(frozen=True)
class Seen:
    """What a judge made of pictures.

    Args:
        features: `(N, F)`.
        classes: `(N,)`.
    """

    features: np.ndarray
    classes: np.ndarray

    def __len__(self) -> int:
        return len(self.features)


def see(judge: Judge, batches: Iterable[np.ndarray]) -> Seen:
    """What a judge makes of pictures that come in batches; no two batches are held at once."""
    features, classes = zip(*(judge.look(batch) for batch in batches), strict=True)
    return Seen(np.concatenate(features), np.concatenate(classes))


def real(split: Split, most: int) -> Iterator[np.ndarray]:
    """The first pictures of a split in batches, as a model sees them."""
    for start in range(0, min(most, len(split)), BATCH):
        yield split.inputs[start : min(start + BATCH, most)].astype("float32") * split.scale


class Sampler:
    """Pictures or points of a generator, of whose noise every number follows from a seed.

    Args:
        generator: See `models.gan.generator`.
    """

    def __init__(self, generator: keras.Model) -> None:
        self.conditional = len(generator.inputs) == 2
        self.latent = generator.inputs[0].shape[1]
        self._grow = tf.function(
            lambda given: generator(given, training=False), autograph=False, reduce_retracing=True
        )

    def noise(self, count: int, seed: int = 0) -> np.ndarray:
        """`(count, latent)`."""
        return tf.random.stateless_normal((count, self.latent), (seed, 0)).numpy()

    def __call__(self, labels: np.ndarray, seed: int = 0) -> Iterator[np.ndarray]:
        """Pictures in batches.

        Args:
            labels: The class asked for of each, `(M,)`; of no matter to a generator that is told none.
            seed: Of the noise.
        """
        noise = self.noise(len(labels), seed)
        for start in range(0, len(labels), BATCH):
            yield self.grow(noise[start : start + BATCH], labels[start : start + BATCH])

    def grow(self, noise: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
        """What grows from noise `(B, latent)`: pictures `(B, H, W, C)`, or points `(B, D)`."""
        given = tf.constant(noise, tf.float32)
        told = [given, tf.constant(labels, tf.int32)] if self.conditional else given
        return self._grow(told).numpy()


# Two distributions


def frechet(first: np.ndarray, second: np.ndarray) -> float:
    """Frechet distance of the normal distributions with two sets' means and covariances.

    Heusel et al. 2017 (arXiv:1706.08500, equation 6): |m1 - m2|² + tr(C1 + C2 - 2 (C1 C2)^½).

    Args:
        first: Features `(N, F)`, at least two.
        second: `(M, F)`.
    """
    (mean1, root1), (mean2, root2) = (_moments(features) for features in (first, second))
    # The trace of (C1 C2)^½ is the sum of the singular values of C1^½ C2^½.
    common = np.linalg.svd(root1 @ root2, compute_uv=False).sum()
    traces = np.square(root1).sum() + np.square(root2).sum()
    return float(max(0.0, np.square(mean1 - mean2).sum() + traces - 2 * common))


def _moments(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean, and the square root of the covariance."""
    features = features.astype("float64")
    values, vectors = np.linalg.eigh(np.cov(features, rowvar=False).reshape(features.shape[1], -1))
    return features.mean(axis=0), vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T


def precision_and_recall(real: np.ndarray, generated: np.ndarray) -> tuple[float, float]:
    """The share of generated pictures that lie among the real ones, and of real ones among the generated.

    Kynkäänniemi et al. 2019 (arXiv:1904.06991, equations 1 and 2): a picture lies among others where it is
    nearer to one of them than that one's third neighbour.

    Args:
        real: Features `(N, F)`.
        generated: `(M, F)`.
    """
    return _covered(generated, real), _covered(real, generated)


def _covered(points: np.ndarray, manifold: np.ndarray) -> float:
    radii = np.concatenate(
        [
            np.partition(rows, NEIGHBOURS, axis=1)[:, NEIGHBOURS]  # the nearest is the point itself
            for rows in _distances(manifold, manifold)
        ]
    )
    return float(
        np.mean(np.concatenate([(rows <= radii).any(axis=1) for rows in _distances(points, manifold)]))
    )


def nearest(points: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Distance of each point `(N, F)` to the nearest of others `(M, F)`: `(N,)`."""
    return np.sqrt(np.concatenate([rows.min(axis=1) for rows in _distances(points, others)]))


def _distances(points: np.ndarray, others: np.ndarray) -> Iterator[np.ndarray]:
    """Squared distances of some points at a time to all others."""
    norms = np.square(others).sum(axis=1)
    for start in range(0, len(points), _ROWS):
        rows = points[start : start + _ROWS]
        yield np.maximum(np.square(rows).sum(axis=1)[:, None] + norms - 2 * rows @ others.T, 0)


# Naive samplers, which a generator must beat by far


def naive_pixels(split: Split, count: int, seed: int = 0) -> Iterator[np.ndarray]:
    """Pictures whose every pixel is drawn by itself from a normal distribution, cut to [0, 1]."""
    pictures = _flat(split)
    mean, deviation = pictures.mean(axis=0), pictures.std(axis=0)
    random = np.random.default_rng(seed)
    for size in _sizes(count):
        yield _pictures(mean + deviation * random.standard_normal((size, len(mean)), "float32"), split)


def naive_components(split: Split, count: int, seed: int = 0) -> Iterator[np.ndarray]:
    """Pictures whose first `COMPONENTS` principal components are drawn likewise, cut to [0, 1]."""
    mean, axes, deviations = _components(split)
    random = np.random.default_rng(seed)
    for size in _sizes(count):
        yield _pictures(mean + random.standard_normal((size, len(axes))) * deviations @ axes, split)


def _flat(split: Split, rows: slice | np.ndarray = slice(None)) -> np.ndarray:
    inputs = split.inputs[rows]
    return inputs.reshape(len(inputs), -1).astype("float32") * split.scale


def _components(split: Split) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean `(P,)`, principal axes `(F, P)` and the deviations along them `(F,)`, of some of the pictures."""
    rows = np.random.default_rng(0).permutation(len(split))[:_ANALYSED]
    pictures = _flat(split, rows)
    mean = pictures.mean(axis=0)
    _, values, axes = np.linalg.svd(pictures - mean, full_matrices=False)
    return mean, axes[:COMPONENTS], values[:COMPONENTS] / np.sqrt(max(1, len(pictures) - 1))


def _pictures(flat: np.ndarray, split: Split) -> np.ndarray:
    """Rows `(N, P)` as a split's pictures, or as its points, which may lie anywhere."""
    kept = flat if split.inputs.ndim == 2 else np.clip(flat, 0, 1)
    return kept.astype("float32").reshape(-1, *split.inputs.shape[1:])


def _sizes(count: int) -> Iterator[int]:
    return (min(BATCH, count - start) for start in range(0, count, BATCH))


# All together


def figures(
    judge: Judge, train: Split, split: Split, sampler: Sampler, samples: int, seed: int = 0
) -> Mapping[str, float | str]:
    """Every figure of a generator.

    Args:
        judge: Whose features count.
        train: What it learned from.
        split: Real pictures that it is measured by.
        sampler: Of the generator's pictures.
        samples: How many are generated; of real pictures as many are looked at, or as many as there are.
        seed: Of the noise.

    Returns: "frechet" of generated against real pictures; beside it "frechet_floor", of training pictures
        against these real ones, "frechet_pixels" and "frechet_components", of the naive samplers; "precision"
        and "recall"; where the judge tells classes "rarest_class", the least share of any among the generated
        pictures, "commonest_class", and "as_asked", the share of the class that was asked for, where one was;
        "nearest", how far a generated picture is from the nearest training picture, as a share of how far a
        real one is (medians): near 0 for copies; "judge".
    """
    labels = np.arange(samples) % max(1, len(np.unique(train.targets)))
    known, wanted = see(judge, real(train, samples)), see(judge, real(split, samples))
    made = see(judge, sampler(labels, seed))
    precision, recall = precision_and_recall(wanted.features, made.features)
    told: dict[str, float] = {}
    if made.classes.min() >= 0:
        shares = [float(np.mean(made.classes == each)) for each in np.unique(train.targets)]
        told = {"rarest_class": min(shares), "commonest_class": max(shares)}
        if sampler.conditional:
            told["as_asked"] = float(np.mean(made.classes == labels))
    beside = {
        f"frechet_{name}": frechet(wanted.features, see(judge, naive(train, samples, seed)).features)
        for name, naive in (("pixels", naive_pixels), ("components", naive_components))
    }
    return {
        "frechet": frechet(wanted.features, made.features),
        "frechet_floor": frechet(wanted.features, known.features),
        **beside,
        "precision": precision,
        "recall": recall,
        **told,
        "nearest": float(
            np.median(nearest(made.features, known.features))
            / np.median(nearest(wanted.features, known.features))
        ),
        "judge": judge.name,
    }
