"""The recipe of two players, and what watches their training."""

import base64
import io
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

import keras
import numpy as np
from PIL import Image

import data
from data.source import Source
from models import gan
from training import optimizers, quality, recipe, runs, timeline
from training.adversarial import Adversarial, Duel
from training.callbacks import AtMarks, LoopCallback
from training.recipe import Recipe
from training.runs import Run
from training.settings import SettingsError

# The classifier of the gallery in whose features pictures of a source are compared.
JUDGES = {"digits": "digits_cnn", "mnist": "mnist_cnn", "fashion_mnist": "fashion_cnn"}
WATCHED = 2000  # pictures, at each epoch's end
MEASURED = 10_000  # in an evaluation
MOMENTS = 48  # of the timeline
MOST_DIGITS = 9  # of a seed
WON = 0.98  # right of both kinds of pictures
POOR = 0.5  # spread of generated pictures, as a share of that of real ones


@dataclass(frozen=True)
class DuelRecipe(Recipe):
    """A setting of everything, for a generator and a discriminator that learn from pictures or points.

    Args:
        optimizer: Of the generator.
        discriminator: Of the discriminator.
        duel: What they play for.
    """

    discriminator: optimizers.Config = optimizers.Config()
    duel: Duel = field(default_factory=Duel)

    sections: ClassVar[tuple[str, ...]] = (*recipe.SECTIONS, "discriminator", "duel")

    def to_config(self) -> dict[str, Any]:
        return {**super().to_config(), "models": ["generator", "discriminator"]}

    def check(self, source: Source) -> None:
        """Raise a SettingsError where the settings do not fit the pictures or each other."""
        batch, parts, training = self.training.batch_size, self.duel.discriminator_steps, self.training
        if len(source.spec.input_shape) not in (1, 3) or source.spec.tokens:
            raise SettingsError(f"a GAN learns from pictures or points, and {source.spec.name} has neither")
        if batch > len(source.train):
            raise SettingsError(
                f"training.batch_size must be at most {len(source.train)}, as many as there are training "
                f"pictures. Received: {batch}"
            )
        if batch % (2 * parts):
            raise SettingsError(
                f"training.batch_size must be a multiple of {2 * parts}: an even number of pictures for each "
                f"of duel.discriminator_steps. Received: {batch}"
            )
        for name, value in (("accumulate", 1), ("xla", "never")):
            if getattr(training, name) != value:
                raise SettingsError(
                    f"training.{name} must be {value} for two players. Received: {getattr(training, name)!r}"
                )

    def objective(
        self, model: keras.Model, spec: data.Spec, steps: int, seed: int, jit_compile: bool
    ) -> Adversarial:
        generator, discriminator = gan.players(model)
        precision = self.training.precision
        pairs = (
            (self.optimizer, generator, 1),
            (self.discriminator, discriminator, self.duel.discriminator_steps),
        )
        first, second = (
            optimizers.Updater(config, player.trainable_variables, steps * times, precision)
            for config, player, times in pairs
        )
        return Adversarial(generator, discriminator, (first, second), self.duel, seed)

    def check_model(self, model: keras.Model) -> None:
        super().check_model(gan.players(model)[0])

    def watchers(self, run: Run, model: keras.Model, source: Source) -> list[keras.callbacks.Callback]:
        generator, _ = gan.players(model)
        found: list[keras.callbacks.Callback] = super().watchers(run, generator, source)
        if len(source.validation) > 1:
            found.append(Quality(judge_of(source), source, generator))
        if source.spec.input_shape[2:] in ((1,), (3,)):  # pictures that a file can hold
            found.append(Timeline(run, generator, len(source.spec.classes)))
        return [*found, Balance(run, self.duel)]

    def predict(self, model, spec, kept, lines):
        """See `predict`."""
        return predict(model, spec, lines)

    def measure(self, model: keras.Model, source: Source, split: str) -> dict[str, Any]:
        """See `quality.figures`."""
        sampler = quality.Sampler(model)
        return dict(
            quality.figures(judge_of(source), source.train, getattr(source, split), sampler, MEASURED)
        )


def judge_of(source: Source) -> quality.Judge:
    """What the pictures of a source are compared by: the gallery's classifier of them, where it has one."""
    if len(source.spec.input_shape) == 1:
        return quality.Judge.of_points(source.train)
    return classifier_of(source.spec.name) or quality.Judge.of_pixels(source.train)


def classifier_of(name: str) -> quality.Judge | None:
    """The gallery's classifier of a source's pictures; None where it has none."""
    path = runs.GALLERY / JUDGES.get(name, "")
    return quality.Judge.load(path) if name in JUDGES and (path / "model.keras").exists() else None


def predict(generator: keras.Model, spec: data.Spec, lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Make pictures, or points.

    Args:
        generator: See `models.gan.generator`.
        spec: Of what it learned from.
        lines: One a picture: the seed of its noise, a whole number; of a generator that is told the class its
            name behind it.

    Yields: `{"input", "output"}`, a PNG as a data URL, or a point's number by each name; `{"input", "error"}`
        where a line is none.
    """
    sampler = quality.Sampler(generator)
    for line in lines:
        seed, _, label = line.strip().partition(" ")
        if not seed.isdecimal() or len(seed) > MOST_DIGITS:
            yield {"input": line, "error": f"a seed is a whole number from 0 on. Received: {seed[:40]!r}"}
            continue
        if sampler.conditional and label not in spec.classes:
            error = f"a seed and a class: one of {', '.join(spec.classes)}. Received: {label[:40]!r}"
            yield {"input": line, "error": error}
            continue
        labels = np.array([spec.classes.index(label) if sampler.conditional else 0])
        (made,) = sampler.grow(sampler.noise(1, int(seed)), labels)
        yield {"input": line, "output": _png(made) if made.ndim == 3 else _named(made, spec)}


def _named(point: np.ndarray, spec: data.Spec) -> dict[str, float]:
    """A point `(D,)` in the units of its data, by the names of their columns."""
    values = point * np.array(spec.spread or 1.0) + np.array(spec.centre or 0.0)
    return dict(zip(spec.features, values.tolist(), strict=True))


def _png(picture: np.ndarray) -> str:
    """A picture `(H, W, C)` in [0, 1], of one or three channels, as a data URL."""
    levels = np.rint(np.clip(picture, 0, 1) * 255).astype("uint8")
    file = io.BytesIO()
    Image.fromarray(levels[..., 0] if levels.shape[-1] == 1 else levels).save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


class Quality(LoopCallback):
    """Adds "val_frechet", "val_precision" and "val_recall" to the figures at each epoch's end.

    Args:
        judge: Whose features count.
        source: With real pictures.
        generator: Whose pictures are looked at.
    """

    def __init__(self, judge: quality.Judge, source: Source, generator: keras.Model) -> None:
        super().__init__()
        self._judge = judge
        self._sampler = quality.Sampler(generator)
        self._real = quality.see(judge, quality.real(source.validation, WATCHED)).features
        self._labels = np.arange(WATCHED) % max(1, len(source.spec.classes))

    def on_epoch_end(self, epoch, logs=None):
        made = quality.see(self._judge, self._sampler(self._labels)).features
        precision, recall = quality.precision_and_recall(self._real, made)
        found = {"frechet": quality.frechet(self._real, made), "precision": precision, "recall": recall}
        if logs is not None:
            logs.update({f"val_{name}": value for name, value in found.items()})


class Timeline(AtMarks):
    """Keeps what the generator makes of the same noise as it learns (`training.timeline`).

    Args:
        run: Whose folder gets the pictures.
        generator: Who makes them, of its weights as they are trained, not averaged.
        classes: That a generator which is told the class is asked for, one after the other.
    """

    def __init__(self, run: Run, generator: keras.Model, classes: int) -> None:
        super().__init__(MOMENTS)
        self.run = run
        self._sampler = quality.Sampler(generator)
        self._noise = self._sampler.noise(timeline.SIDE**2)
        self._labels = np.arange(timeline.SIDE**2) % max(1, classes)

    def kept_until(self, step):
        timeline.forget_after(self.run.path, step)
        return max(timeline.steps(self.run.path), default=-1)

    def keep(self, step):
        timeline.save(self.run.path, step, self._sampler.grow(self._noise, self._labels))


class Balance(LoopCallback):
    """Says in the run's status, as "advice", when one player has won or the samples have lost their variety.

    Args:
        run: Whose status gets it.
        duel: What they play for.
    """

    def __init__(self, run: Run, duel: Duel) -> None:
        super().__init__()
        self.run = run
        self.duel = duel

    def on_epoch_end(self, epoch, logs=None):
        self.run.update_status(advice=advice(logs or {}, self.duel))


def advice(figures: dict[str, float], duel: Duel) -> str | None:
    """What is wrong with a duel and what to try, in one sentence; None where nothing is.

    Args:
        figures: Of `Adversarial`, and those that `Quality` adds where it does.
        duel: What they play for.
    """
    spread = figures.get("spread", math.nan)
    if spread < POOR:
        return (
            f"the samples have lost their variety: they differ by {spread:.0%} of what real pictures do. Try "
            "--duel.loss wasserstein --duel.penalty 10, a larger --training.batch_size, or a lower "
            "--optimizer.learning_rate"
        )
    right = min(figures.get("real_right", 0.0), figures.get("generated_right", 0.0))
    if duel.loss != "wasserstein" and right > WON:  # a critic's zero means nothing
        return (
            f"the discriminator has won: it is right of {right:.0%} of the pictures, and the generator "
            "learns little from it. Try a lower --discriminator.learning_rate, --model.dropout 0.3, or "
            "--duel.loss wasserstein --duel.penalty 10"
        )
    return None
