"""Two players in a person's hands: who learns next, and for how many turns."""

import collections
import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from data.pipeline import Stream
from data.source import Source, Split
from models import gan
from training import optimizers
from training.adversarial import Adversarial, Duel
from training.duel import POOR, WON, DuelRecipe

DISCRIMINATOR, GENERATOR = "discriminator", "generator"
MOST_EXAMPLES = 10_000  # of the training split: no person gives more turns, and several duels fit in a memory
PENALTY = 10.0  # of a Wasserstein loss where the recipe has none (Gulrajani et al. 2017)
STRETCHES = 300  # that all turns are told by, at the most; even, for two by two they are made one
RECENT = 10  # turns by which it is judged how the players stand
LONG = 100  # turns of one player without the other
FOOLED = 0.1  # share of generated pictures that are found out, below which the discriminator is of no use


@dataclass(frozen=True)
class Stretch:
    """Some turns, one after the other; the more a duel has, the more are told together.

    Args:
        first: Number of the first of them, of all turns of both players from 1 on.
        last: Of the last.
        players: Who learned: `DISCRIMINATOR`, `GENERATOR` or both.
        figures: The means of those of `Adversarial`, each of its own batch, before the player learned.
    """

    first: int
    last: int
    players: frozenset[str]
    figures: Mapping[str, float]

    def __len__(self) -> int:
        return self.last - self.first + 1

    def __add__(self, other: "Stretch") -> "Stretch":
        """This one and the one that follows it."""
        both = len(self) + len(other)
        means = {
            name: (len(self) * value + len(other) * other.figures[name]) / both
            for name, value in self.figures.items()
        }
        return Stretch(self.first, other.last, self.players | other.players, means)


def playing(recipe: DuelRecipe, loss: str) -> DuelRecipe:
    """The recipe with another loss; the discriminator then learns as often as the generator."""
    if loss == recipe.duel.loss:
        return recipe
    penalty = PENALTY if loss == "wasserstein" else 0.0
    return dataclasses.replace(recipe, duel=Duel(loss, penalty=penalty))


def _steady(config: optimizers.Config) -> optimizers.Config:
    return dataclasses.replace(config, schedule="constant", warmup=0.0, average=0.0)


class Turns:
    """Two players that learn by the recipe's objective and optimizers, one turn at a time.

    A turn of either player is that half of `Adversarial.step`, on one part of a batch. Each player goes
    through the same batches and the same noise: one turn of the discriminator and then one of the generator
    are a step. The learning rates stay at their highest and no average is kept, for nobody knows how
    many turns there will be.

    Args:
        recipe: Of both players.
        source: What they learn from; of many examples the first `MOST_EXAMPLES`.
        seed: Of the first weights, the batches and the noise.

    Attributes:
        generator: As it is now.
        discriminator: As it is now.
        taken: How many turns each player has taken, by name.
        course: All of them, in `STRETCHES` at the most.
    """

    generator: keras.Model
    discriminator: keras.Model

    def __init__(self, recipe: DuelRecipe, source: Source, seed: int = 0) -> None:
        recipe.check(source)
        size = recipe.training.batch_size // recipe.duel.discriminator_steps
        # Built as the server builds its models: whatever the training's precision was, in float32.
        self.recipe = dataclasses.replace(
            recipe,
            optimizer=_steady(recipe.optimizer),
            discriminator=_steady(recipe.discriminator),
            duel=dataclasses.replace(recipe.duel, discriminator_steps=1),
            training=dataclasses.replace(recipe.training, precision="float32", batch_size=size),
        )
        self.rhythm = recipe.duel.discriminator_steps
        self._spec = source.spec
        train = source.train
        # Copies, or all of the examples would stay in memory with these.
        inputs, targets = (array[:MOST_EXAMPLES].copy() for array in (train.inputs, train.targets))
        few = Split(inputs, targets, train.scale)
        # Kept on the device: both players' streams read the same examples.
        self._stream = Stream(few, size, seed, source.augmentation, on_device=True)
        self._resident = self._stream.resident()
        keras.utils.set_random_seed(seed)
        model = self.recipe.build_model(self._spec)
        self.generator, self.discriminator = gan.players(model)
        self._objective = self.recipe.objective(model, self._spec, steps=1, seed=seed, jit_compile=False)
        self._first = [variable.numpy() for variable in self._moments]
        self._calls = {
            DISCRIMINATOR: self._compiled(self._objective.teach),
            GENERATOR: self._compiled(self._objective.persuade),
        }
        self._restart()

    def begin(self, seed: int = 0) -> None:
        """Begin anew with other random weights."""
        keras.utils.set_random_seed(seed)
        self.take_up(*gan.players(self.recipe.build_model(self._spec)))

    def take_up(self, generator: keras.Model, discriminator: keras.Model) -> None:
        """Begin anew with the weights of other players, which are left alone."""
        self.generator.set_weights(generator.get_weights())
        self.discriminator.set_weights(discriminator.get_weights())
        for variable, value in zip(self._moments, self._first, strict=True):
            variable.assign(value)
        self._restart()

    def teach(self, times: int = 1) -> dict[str, float]:
        """The discriminator takes `times` turns; returns the mean of each figure of `Adversarial`."""
        return self._take(DISCRIMINATOR, times)

    def persuade(self, times: int = 1) -> dict[str, float]:
        """The same of the generator."""
        return self._take(GENERATOR, times)

    def both(self) -> None:
        """One turn of the generator, after as many of the discriminator as the recipe has."""
        self.teach(self.rhythm)
        self.persuade()

    def recent(self) -> dict[str, float]:
        """The mean of each figure over the last few turns; nothing before any was taken."""
        if not self._recent:
            return {}
        return dict(zip(Adversarial.figures, np.mean(self._recent, axis=0).tolist(), strict=True))

    def lesson(self) -> str | None:
        """What is to be learned from how the players stand, in a sentence; None where neither leads."""
        if not self._recent:
            return None
        figures, (player, alone) = self.recent(), self._alone
        critic = self.recipe.duel.loss == "wasserstein"
        fooled = figures["discriminator_loss"] > 0 if critic else figures["generated_right"] < FOOLED
        right = min(figures["real_right"], figures["generated_right"])
        if player == GENERATOR and alone >= RECENT and fooled:
            return (
                "the generator has run ahead: the discriminator takes what it makes for more real than the "
                "real. Alone it gathers wherever this discriminator errs most. Let the discriminator learn"
            )
        if not critic and right > WON:  # a critic's zero means nothing
            return (
                f"the discriminator has won: it is right of {right:.0%} of both kinds, and so sure that its "
                "slopes tell the generator little. Let the generator learn, and see how long it takes now"
            )
        if critic and player == DISCRIMINATOR and alone >= LONG:
            return (
                "a critic may learn as long as it likes: the penalty keeps its slope near 1, and so it still "
                "tells the generator which way to go. Let the generator learn"
            )
        if self.taken[GENERATOR] >= LONG and figures["spread"] < POOR:
            return (
                f"the samples have lost their variety: they differ by {figures['spread']:.0%} of what real "
                "ones do. The generator makes the few that the discriminator was fond of, and the "
                "discriminator has yet to find out that they are too many"
            )
        return None

    @property
    def _moments(self) -> list[tf.Variable | keras.Variable]:
        """All that the optimizers remember."""
        return [v for updater in self._objective.updaters.values() for v in updater.variables]

    def _restart(self) -> None:
        self.course: list[Stretch] = []
        self._size = 1  # turns of a stretch
        self._recent: collections.deque[np.ndarray] = collections.deque(maxlen=RECENT)
        self._alone = "", 0  # who took the last turns, and how many without the other
        self.taken = dict.fromkeys((DISCRIMINATOR, GENERATOR), 0)
        self._batches: dict[str, Iterator[Any]] = {
            player: iter(self._stream.shards(0, replicas=1, first=0, count=1)) for player in self.taken
        }

    def _take(self, player: str, times: int) -> dict[str, float]:
        first = tf.constant(self.taken[player], tf.int64)
        found = self._calls[player](self._batches[player], first, tf.constant(times)).numpy()
        number = sum(self.taken.values())
        self.taken[player] += times
        self._alone = player, times + (self._alone[1] if self._alone[0] == player else 0)
        self._recent.extend(found)
        for place, row in enumerate(found.tolist(), start=number + 1):
            figures = dict(zip(Adversarial.figures, row, strict=True))
            self._tell(Stretch(place, place, frozenset({player}), figures))
        return dict(zip(Adversarial.figures, found.mean(axis=0).tolist(), strict=True))

    def _tell(self, turn: Stretch) -> None:
        """Have the course go on with a turn."""
        if self.course and len(self.course[-1]) < self._size:
            self.course[-1] += turn
            return
        if len(self.course) == STRETCHES:
            self.course = [
                one + other for one, other in zip(self.course[::2], self.course[1::2], strict=True)
            ]
            self._size *= 2
        self.course.append(turn)

    def _compiled(self, turn: Callable[[Any, tf.Tensor], Any]) -> Any:
        """A compiled function from batches, the first's number and a count of turns to figures `(T, F)`."""
        stream, resident, names = self._stream, self._resident, Adversarial.figures

        @tf.function
        def take(batches, first, times):
            found = tf.TensorArray(tf.float32, size=times, element_shape=(len(names),))
            for index in tf.range(times):
                batch = stream.materialize(next(batches), resident)
                figures = turn(batch, first + tf.cast(index, tf.int64))
                means = [tf.math.divide_no_nan(*figures[name]) for name in names]
                found = found.write(index, tf.stack(means))
            return found.stack()

        return take
