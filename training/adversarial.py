"""Two players: one makes pictures, the other tells them from real ones; each learns from the other.

What is said of pictures holds for points `(D,)`, too.
"""

import dataclasses
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from training.forward import Forward
from training.objectives import Figures, Objective, draw_key
from training.optimizers import Updater

LOSSES = ("non_saturating", "least_squares", "hinge", "wasserstein")


@dataclass(frozen=True)
class Duel:
    """What the players play for.

    Args:
        loss: "non_saturating" (Goodfellow et al. 2014, arXiv:1406.2661, section 3), "least_squares" (Mao et
            al. 2017, arXiv:1611.04076, equation 2 with a = -1, b = c = 1), "hinge" (Lim and Ye 2017,
            arXiv:1705.02894) or "wasserstein" (Arjovsky et al. 2017, arXiv:1701.07875).
        discriminator_steps: Updates of the discriminator for each of the generator; a batch is divided among
            them.
        penalty: Factor of the gradient penalty (Gulrajani et al. 2017, arXiv:1704.00028, equation 3: 10).
        smoothing: Share by which the discriminator is not to be sure of a real picture (Salimans et al. 2016,
            arXiv:1606.03498, section 3.4), of the non-saturating loss.

    Raises:
        ValueError: A field breaks its rule; the message names the field, the rule and the value.
    """

    loss: str = "non_saturating"
    discriminator_steps: int = 1
    penalty: float = 0.0
    smoothing: float = 0.0

    def __post_init__(self) -> None:
        if self.loss not in LOSSES:
            raise ValueError(f"loss must be one of {', '.join(LOSSES)}. Received: {self.loss!r}")
        if self.discriminator_steps < 1:
            raise ValueError(
                f"discriminator_steps must be at least 1. Received: {self.discriminator_steps!r}"
            )
        if not self.penalty >= 0:
            raise ValueError(f"penalty must be at least 0. Received: {self.penalty!r}")
        if self.loss == "wasserstein" and not self.penalty:
            raise ValueError("penalty must be above 0 for the loss wasserstein: 10 is usual. Received: 0")
        if not 0 <= self.smoothing < 1:
            raise ValueError(f"smoothing must be at least 0 and below 1. Received: {self.smoothing!r}")
        if self.smoothing and self.loss != "non_saturating":
            raise ValueError(f"smoothing must be 0 for the loss {self.loss}. Received: {self.smoothing!r}")


def of_discriminator(duel: Duel, real: tf.Tensor, generated: tf.Tensor) -> tf.Tensor:
    """The discriminator's loss of a real and a generated picture each, from their logits `(B,)`: `(B,)`."""
    if duel.loss == "least_squares":
        return (tf.square(real - 1) + tf.square(generated + 1)) / 2
    if duel.loss == "hinge":
        return tf.nn.relu(1 - real) + tf.nn.relu(1 + generated)
    if duel.loss == "wasserstein":
        return generated - real
    unsure = duel.smoothing * tf.nn.softplus(real)
    return (1 - duel.smoothing) * tf.nn.softplus(-real) + unsure + tf.nn.softplus(generated)


def of_generator(duel: Duel, generated: tf.Tensor) -> tf.Tensor:
    """The generator's loss, from the logits of its pictures `(B,)`: `(B,)`."""
    if duel.loss == "least_squares":
        return tf.square(generated - 1) / 2
    if duel.loss == "non_saturating":
        return tf.nn.softplus(-generated)
    return -generated


@dataclass(frozen=True)
class _Part:
    """What an update of the discriminator, or one of each player, is computed from on one replica.

    Args:
        real: Pictures `(b, ...)`.
        labels: `(b,)`.
        noise: `(b, Z)`.
        between: Numbers in [0, 1), of the rank of the pictures.
        whole: Pictures of the part, over all replicas.
        number: Of the part.
        key: `(2,)`, of the random draws of its step.
        position: Number of its step.
        updates: Number of updates of the discriminator before it.
    """

    real: tf.Tensor
    labels: tf.Tensor
    noise: tf.Tensor
    between: tf.Tensor
    whole: int
    number: int
    key: tf.Tensor
    position: tf.Tensor
    updates: tf.Tensor

    @property
    def of_generator(self) -> tf.Tensor:
        """The key of the dropout masks where pictures are made."""
        return self.key + [0, self.number]

    @property
    def of_discriminator(self) -> tf.Tensor:
        """The same where the discriminator learns."""
        return self.key + [0, 2**14 + self.number]

    @property
    def of_verdict(self) -> tf.Tensor:
        """The same where the generator learns from it."""
        return self.key + [0, 2**15 + self.number]


@dataclass(frozen=True)
class _Grown:
    """Generated pictures `(b, ...)`, the generator's statistics after them, and the tape of how they came."""

    generated: tf.Tensor
    statistics: list[tf.Tensor]
    tape: tf.GradientTape


class Adversarial(Objective):
    """Both players take their turns on a batch: the discriminator on each of its parts, then the generator.

    Args:
        generator: Noise `(B, Z)`, or noise and labels `(B,)`, to pictures.
        discriminator: Pictures, or pictures and labels, to logits `(B, 1)`.
        updaters: Of the generator's trainable variables, and of the discriminator's.
        duel: What they play for.
        seed: Of the noise and the dropout masks.

    The noise of an example follows from the seed and its place in the global batch, so that N replicas draw
    what one would. Only dropout masks are each replica's own.

    Figures: "loss" of the generator, "discriminator_loss" (the plain one: without its penalty, and without
    smoothing); "real_right", the share of
    real pictures that are taken for real, and "generated_right", of generated ones that are found out;
    "spread", how different generated pictures are from each other, as a share of how different real ones are:
    it falls where the generator's samples lose their variety. In evaluation "real_right" alone: of pictures
    that the discriminator has not seen.
    """

    evaluation_figures = ("real_right",)
    figures = ("loss", "discriminator_loss", "real_right", "generated_right", "spread")

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        updaters: tuple[Updater, Updater],
        duel: Duel = Duel(),
        seed: int = 0,
    ) -> None:
        self.models = {"generator": generator, "discriminator": discriminator}
        self.updaters = {"optimizer": updaters[0], "discriminator": updaters[1]}
        self.duel = duel
        self._plain = dataclasses.replace(duel, smoothing=0.0)
        self.seed = seed
        self.conditional = len(generator.inputs) == 2
        self.latent = generator.inputs[0].shape[1]
        self._ones = (1,) * (len(generator.outputs[0].shape) - 1)  # the axes of a picture, or of a point
        self._generate, self._judge = Forward(generator), Forward(discriminator)

    def step(self, batch, state, position):
        parts = self._parts(batch, position)
        sums, _, grown = self._teach_each(parts)
        judged = self._persuade(parts[-1], grown)  # of the last part the generator learns, too
        return self._figures(sums, len(parts), judged, grown.generated, parts[-1].real), state

    def teach(self, batch, position: tf.Tensor) -> Figures:
        """The discriminator's turn of a step alone; the generator stays as it is.

        Args:
            batch: As `step` takes it.
            position: As `step` takes it; equal ones have the same noise.

        Returns: The figures of `step`; both losses are of the verdicts before the discriminator learned.
        """
        parts = self._parts(batch, position)
        sums, judged, grown = self._teach_each(parts)
        return self._figures(sums, len(parts), judged, grown.generated, parts[-1].real)

    def persuade(self, batch, position: tf.Tensor) -> Figures:
        """The generator's turn of a step alone; the discriminator stays as it is.

        Args:
            batch: As `step` takes it; of its last part the real pictures are but looked at.
            position: As `step` takes it.

        Returns: The figures of `step`, of the verdicts before the generator learned.
        """
        part = self._parts(batch, position)[-1]
        grown = self._grow(part)
        given = self._given(part.real, part.labels)
        verdicts, _ = self._judge(given, self._judge.read(), part.of_discriminator)
        judged = self._persuade(part, grown)
        sums = self._found(tf.cast(verdicts[:, 0], tf.float32), judged)
        return self._figures(sums, 1, judged, grown.generated, part.real)

    def evaluate(self, batch):
        pictures, labels, weights = batch
        verdicts = self.models["discriminator"](self._given(pictures, labels), training=False)[:, 0]
        return {"real_right": (tf.reduce_sum(weights * _above(verdicts)), tf.reduce_sum(weights))}

    def _parts(self, batch, position) -> list[_Part]:
        """This replica's share of a batch, divided among the discriminator's updates."""
        pictures, labels, _ = batch
        context = tf.distribute.get_replica_context()
        replicas, replica = context.num_replicas_in_sync, context.replica_id_in_sync_group
        parts, share = self.duel.discriminator_steps, pictures.shape[0]
        noise, between = self._draw(position, share, replicas, replica)
        key = draw_key(self.seed, position, replica)
        whole = share // parts * replicas
        # Every parts-th picture, so that N replicas have in a part what one would have.
        every = [slice(part, share // parts * parts, parts) for part in range(parts)]
        return [
            _Part(
                real=pictures[rows],
                labels=labels[rows],
                noise=noise[rows],
                between=between[rows],
                whole=whole,
                number=part,
                key=key,
                position=position,
                updates=position * parts + part,
            )
            for part, rows in enumerate(every)
        ]

    def _grow(self, part: _Part) -> _Grown:
        with tf.GradientTape() as tape:
            given = self._given(part.noise, part.labels)
            generated, statistics = self._generate(
                given, self._generate.read(), part.of_generator, part.position
            )
        return _Grown(generated, statistics, tape)

    def _draw(self, position, share: int, replicas: int, replica) -> tuple[tf.Tensor, tf.Tensor]:
        """This replica's share of the noise `(b, Z)`, and of numbers in [0, 1) of the pictures' rank."""
        key = tf.stack([tf.constant(self.seed, tf.int64), position])
        noise = tf.random.stateless_normal((share * replicas, self.latent), key)
        between = tf.random.stateless_uniform(
            (share * replicas, *self._ones), key + [0, 2**31]
        )  # apart under XLA, too, which sees 32 bits
        rows = tf.range(share) + replica * share
        return tf.gather(noise, rows), tf.gather(between, rows)

    def _trainable(self, player: str) -> list[tf.Variable]:
        return [variable.value for variable in self.models[player].trainable_variables]

    def _given(self, x: tf.Tensor, labels: tf.Tensor) -> Any:
        return [x, labels] if self.conditional else x

    def _teach_each(self, parts: list[_Part]) -> tuple[tf.Tensor, tf.Tensor, _Grown]:
        """An update of the discriminator on each part.

        Returns: The sums of `_found` over all; of the last part the logits of its generated pictures before,
            and the pictures.
        """
        sums = tf.zeros(3)
        for part in parts:
            grown = self._grow(part)
            of_real, of_generated = self._teach(part, grown.generated)
            sums += self._found(of_real, of_generated)
        return sums, of_generated, grown

    def _teach(self, part: _Part, generated: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """One update of the discriminator.

        Returns: Its logits before: of this replica's real pictures, of the generated ones, both `(b,)`.
        """
        updater, labels, key = self.updaters["discriminator"], part.labels, part.of_discriminator
        generated = tf.stop_gradient(generated)
        both = tf.concat([part.real, generated], axis=0)
        with tf.GradientTape() as tape:
            given = self._given(both, tf.concat([labels, labels], axis=0))
            verdicts, statistics = self._judge(given, self._judge.read(), key, part.updates)
            of_real, of_generated = tf.split(tf.cast(verdicts[:, 0], tf.float32), 2)
            loss = tf.reduce_sum(of_discriminator(self.duel, of_real, of_generated))
            if self.duel.penalty:
                mixed = part.between * part.real + (1 - part.between) * generated
                loss += self.duel.penalty * tf.reduce_sum(self._steepness(mixed, labels, key + [0, 1]))
            loss = updater.scale_loss(loss / part.whole)
        updater.apply(tape.gradient(loss, self._trainable("discriminator")))
        self._judge.assign(statistics)
        return of_real, of_generated

    def _persuade(self, part: _Part, grown: _Grown) -> tf.Tensor:
        """One update of the generator; returns the logits `(b,)` that it learned from."""
        updater = self.updaters["optimizer"]
        with grown.tape:
            given = self._given(grown.generated, part.labels)
            verdicts, _ = self._judge(given, self._judge.read(), part.of_verdict)
            of_generated = tf.cast(verdicts[:, 0], tf.float32)
            losses = of_generator(self.duel, of_generated)
            loss = updater.scale_loss(tf.reduce_sum(losses) / part.whole)
        updater.apply(grown.tape.gradient(loss, self._trainable("generator")))
        self._generate.assign(grown.statistics)
        return of_generated

    def _found(self, of_real: tf.Tensor, of_generated: tf.Tensor) -> tf.Tensor:
        """Sums over logits `(b,)`: the discriminator's loss, and of how many of either kind it is right."""
        losses = of_discriminator(self._plain, of_real, of_generated)
        return tf.stack([tf.reduce_sum(x) for x in (losses, _above(of_real), 1 - _above(of_generated))])

    def _figures(self, sums: tf.Tensor, parts: int, judged, generated, real) -> Figures:
        """The class' figures.

        Args:
            sums: Of `_found`, over all parts.
            parts: How many they are.
            judged: Logits of generated pictures `(b,)`, which are the generator's loss.
            generated: Pictures of the last part, for the spread.
            real: Likewise.
        """
        count = tf.cast(len(judged), tf.float32)
        found = zip(self.figures[1:4], tf.unstack(sums), strict=True)
        return {
            "loss": (tf.reduce_sum(of_generator(self.duel, judged)), count),
            **{name: (total, count * parts) for name, total in found},
            "spread": (_spread(generated), _spread(real)),
        }

    def _steepness(self, pictures, labels, key) -> tf.Tensor:
        """How far the norm of the discriminator's gradient at each picture is from 1, squared: `(B,)`."""
        with tf.GradientTape() as tape:
            tape.watch(pictures)
            verdicts, _ = self._judge(self._given(pictures, labels), self._judge.read(), key)
        slopes = tape.gradient(verdicts, pictures)
        # Of a slope of 0 the root has none, hence the small number.
        norms = tf.sqrt(tf.reduce_sum(tf.square(slopes), axis=list(range(1, len(slopes.shape)))) + 1e-12)
        return tf.square(norms - 1)


def _above(verdicts: tf.Tensor) -> tf.Tensor:
    """1 where a picture is taken for real."""
    return tf.cast(verdicts > 0, tf.float32)


def _spread(pictures: tf.Tensor) -> tf.Tensor:
    """Summed squared differences of neighbours, the first and the second, the third and the fourth, ..."""
    pairs = len(pictures) // 2 * 2
    return tf.reduce_sum(tf.square(pictures[:pairs:2] - pictures[1:pairs:2]))
