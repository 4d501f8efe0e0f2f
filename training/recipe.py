"""A recipe: a complete, reproducible setting of everything, and the score that it is expected to reach.

A run's `config.json` is a recipe with every setting resolved; `recipes.from_config` reads it back.
"""

import dataclasses
import functools
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import keras
import tensorflow as tf

import data
import models
from data.pipeline import Stream, Sweep
from data.sequences import BucketStream, BucketSweep, SequenceSplit
from data.source import Source, Split
from data.text import BlockStream, TextSplit
from inspection import endings
from training import building, optimizers, prediction, settings, translation
from training.callbacks import Snapshots, SweepTable
from training.loop import add_figures, means, zero_totals
from training.losses import LOSSES, OF_CLASSES, OF_VALUES
from training.objectives import Objective, Supervised
from training.runs import Run
from training.settings import SettingsError
from training.translation import Translator

EVALUATION_BATCH = 512  # examples; no gradient is kept, so a larger batch than in training fits
SEQUENCE_EVALUATION_BATCH = 128  # sequences; the logits of every step over a vocabulary are large
MOST_SNAPSHOTS = 200  # more than anyone winds through
MOST_SNAPSHOT_BYTES = 16 * 2**20
SECTIONS = ("data", "model", "optimizer", "training")
# Stand for the data where only the rules of the model's fields are checked: large enough for any net.
ANY_SHAPES = ((256, 256, 3), (256, 3), (256,))
DECIDED_BY_DATA = ("input_shape", "outputs", "tokens")  # fields of an architecture that a spec has, too


@dataclass(frozen=True)
class Training:
    """How long and in what manner a recipe trains.

    Args:
        epochs: Passes over the training split; need not be whole.
        min_steps: Least number of optimizer steps. Where `epochs` passes over a small training split are
            fewer, the split is passed over more often: an epoch, after which the model is evaluated, then
            has as many more passes. Where `epochs` are set and this is not, it is 0: `epochs` are obeyed.
        batch_size: Global batch, over all replicas, in examples.
        loss: One of `losses.LOSSES`, fit for what the data's targets are.
        l1: Factor of the sum of the kernels' absolute entries, which is added to the loss that is minimized.
        l2: Factor of the sum of their squares, likewise.
        label_smoothing: Share of a target's probability that is spread over all classes while training, in
            [0, 1). The logged loss is the plain one, without it.
        steps_per_call: Optimizer steps in one call of the compiled step. More of them save the calls'
            overhead; fewer show and stop sooner.
        xla: Where XLA compiles the loss and its gradients: "never", "gpu" or "always". Measured by
            `python -m benchmarks cnn`: convolutions on a CPU are two to three times slower with it.
        precision: "float32", "mixed_bfloat16" or "mixed_float16".
        accumulate: Parts in which a replica's share of a batch is computed.
        patience: Epochs without a better `monitor` after which the training ends; 0: never.
        min_validation: Least number of validation examples with which `patience` counts: on fewer, which
            epoch is better is mostly chance. Where `patience` is set and this is not, it is 0.
        monitor: The figure by which the best model is chosen.
        checkpoint_seconds: Least time between two checkpoints; a crash costs no more than that.
        snapshots: How many times the weights are kept on the way, the first times close together, so that
            a training can be watched and wound back; for small nets. 0: never.
    """

    epochs: float = 10.0
    min_steps: int = 0
    batch_size: int = 128
    loss: str = "cross_entropy"
    l1: float = 0.0
    l2: float = 0.0
    label_smoothing: float = 0.0
    steps_per_call: int = 10
    xla: str = "never"
    precision: str = "float32"
    accumulate: int = 1
    patience: int = 0
    min_validation: int = 0
    monitor: str = "val_accuracy"
    checkpoint_seconds: float = 15
    snapshots: int = 0

    def __post_init__(self) -> None:
        if not self.epochs > 0:
            raise ValueError(f"epochs must be above 0. Received: {self.epochs!r}")
        for name in ("batch_size", "steps_per_call", "accumulate"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1. Received: {getattr(self, name)!r}")
        if not 0 <= self.label_smoothing < 1:
            raise ValueError(
                f"label_smoothing must be at least 0 and below 1. Received: {self.label_smoothing!r}"
            )
        for name in ("min_steps", "patience", "min_validation", "checkpoint_seconds", "l1", "l2"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} must be at least 0. Received: {getattr(self, name)!r}")
        if not 0 <= self.snapshots <= MOST_SNAPSHOTS:
            raise ValueError(f"snapshots must be 0 to {MOST_SNAPSHOTS}. Received: {self.snapshots!r}")
        for name, choices in (
            ("loss", LOSSES),
            ("xla", ("never", "gpu", "always")),
            ("precision", optimizers.PRECISIONS),
        ):
            if getattr(self, name) not in choices:
                raise ValueError(
                    f"{name} must be one of {', '.join(choices)}. Received: {getattr(self, name)!r}"
                )


# Where a user sets the first, it is obeyed whatever a recipe has for the second, unless both are set.
OBEYED = {"epochs": "min_steps", "patience": "min_validation"}


@dataclass(frozen=True)
class Expected:
    """What a recipe reaches.

    Args:
        test: Figures on the test split by name: at least so much, or at most where less is better.
        parameters: Most trainable parameters; 0: not limited.
        seconds: About how long it takes on two CPU cores, start included.
    """

    test: Mapping[str, float]
    parameters: int = 0
    seconds: int = 0


@dataclass(frozen=True)
class Recipe:
    """A setting of everything, for a model that learns classes or values from examples.

    Args:
        name: `<data>_<arch>`.
        summary: One line for people.
        source: Key of `data.SOURCES`.
        architecture: Key of `models.ARCHITECTURES`.
        expected: What it reaches.
        data: Settings of the source.
        model: Settings of the architecture, but for input shape and outputs, which the data decide.
        optimizer: Settings of the optimizer.
        training: How long and in what manner.
    """

    name: str
    summary: str
    source: str
    architecture: str
    expected: Expected
    data: Any
    model: Mapping[str, Any] = field(default_factory=dict)
    optimizer: optimizers.Config = optimizers.Config()
    training: Training = Training()

    sections: ClassVar[tuple[str, ...]] = SECTIONS

    def override(self, changes: Mapping[str, Any]) -> "Recipe":
        """A copy with some fields changed; keys are "model.filters", "optimizer.learning_rate", ...

        Raises:
            SettingsError: No such field, or a value that breaks its rule.
        """
        groups: dict[str, dict[str, Any]] = {name: {} for name in self.sections}
        for key, value in changes.items():
            group, _, name = key.partition(".")
            if group not in groups or not name:
                raise SettingsError(settings.unknown("section", group, self.sections))
            if name.partition(".")[0] not in self._fields(group):
                raise SettingsError(settings.unknown("field", key, self.field_names()))
            groups[group][name] = value
        for name, limit in OBEYED.items():
            if name in groups["training"]:
                groups["training"].setdefault(limit, 0)
        new = {
            name: settings.override(getattr(self, name), values, f"{name}.")
            for name, values in groups.items()
            if name != "model"
        }
        kind = models.ARCHITECTURES[self.architecture].Config
        given = settings.parse_fields(kind, groups["model"], "model.")
        for name in given.keys() & set(DECIDED_BY_DATA):
            raise SettingsError(f"model.{name} is decided by the data and can't be set")
        return dataclasses.replace(self, model={**self.model, **given}, **new)

    def field_names(self) -> list[str]:
        """Every setting that can be changed, as "section.field"."""
        model = [f"model.{name}" for name in self._fields("model") if name not in DECIDED_BY_DATA]
        return model + [
            name
            for section in self.sections
            if section != "model"
            for name in settings.field_names(getattr(self, section), f"{section}.")
        ]

    def _fields(self, section: str) -> list[str]:
        kind = (
            models.ARCHITECTURES[self.architecture].Config if section == "model" else getattr(self, section)
        )
        return [f.name for f in dataclasses.fields(kind)]

    def to_config(self) -> dict[str, Any]:
        """Every setting as plain JSON values, for `config.json`; what the data decide is left out."""
        kind = models.ARCHITECTURES[self.architecture].Config
        defaults = {f.name: f.default for f in dataclasses.fields(kind) if f.name not in DECIDED_BY_DATA}
        model = json.loads(json.dumps({**defaults, **self.model}))
        return {
            "recipe": self.name,
            "source": self.source,
            "architecture": self.architecture,
            **{
                name: model if name == "model" else settings.to_json(getattr(self, name))
                for name in self.sections
            },
        }

    def model_config(self, spec: data.Spec) -> Any:
        """The architecture's `Config` for data of this kind."""
        kind = models.ARCHITECTURES[self.architecture].Config
        fields = {f.name for f in dataclasses.fields(kind)}
        decided = {name: getattr(spec, name) for name in DECIDED_BY_DATA if name in fields}
        try:
            return kind(**decided, **self.model)
        except ValueError as error:
            raise SettingsError(f"model.{error}") from error

    def build_model(self, spec: data.Spec) -> keras.Model:
        """The untrained model for data of this kind.

        Raises:
            SettingsError: It is too large for this machine.
        """
        config = self.model_config(spec)
        build = functools.partial(models.ARCHITECTURES[self.architecture].build, config)
        building.check(config, build)
        return build()

    def preflight(self) -> None:
        """Raise a SettingsError for what can be seen to be wrong before a run's folder is made.

        Without the data these are the rules of the model's settings that hold for any data.
        """
        kind = models.ARCHITECTURES[self.architecture].Config
        # Else what has a default stays as it is: some models take either tokens or numbers.
        needed = {
            f.name
            for f in dataclasses.fields(kind)
            if f.name == "outputs" or f.default is dataclasses.MISSING
        }
        errors = []
        for shape in ANY_SHAPES:
            decided = {"input_shape": shape, "outputs": 2, "tokens": 2**16}
            try:
                kind(**{name: value for name, value in decided.items() if name in needed}, **self.model)
            except ValueError as error:
                errors.append(str(error))
            else:
                return
        told = [message for message in errors if not message.startswith("input_shape")]
        raise SettingsError(f"model.{(told or errors)[0]}")

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know before the training begins, a line each."""
        return ()

    def check(self, source: Source) -> None:
        """Raise a SettingsError where the settings do not fit the data: the loss, the figure, a sweep's."""
        spec, monitor = source.spec, self.training.monitor
        if monitor.startswith("val_") and not len(source.validation):
            raise SettingsError(
                f"training.monitor must be a figure of the training, such as loss, since there is no "
                f"validation split. Received: {monitor!r}"
            )
        if hasattr(models.ARCHITECTURES[self.architecture], "kinds"):  # many nets side by side
            if spec.categorical:
                raise SettingsError(f"a sweep learns values, and the targets of {spec.name} are classes")
            if self.optimizer.clip_norm:
                raise SettingsError(
                    "optimizer.clip_norm must be 0 for a sweep: one norm over all nets would couple them. "
                    f"Received: {self.optimizer.clip_norm!r}. Take optimizer.clip_value"
                )
        returns = getattr(self.model_config(spec), "returns", None)  # of those that can answer each step
        wanted = "every" if spec.every_step else "last"
        if returns not in (None, wanted):
            raise SettingsError(
                f"model.returns must be {wanted!r}, since {spec.name} has "
                f"{'a target for each step' if spec.every_step else 'one target a sequence'}. "
                f"Received: {returns!r}"
            )
        what, fitting = ("classes", OF_CLASSES) if spec.categorical else ("values", OF_VALUES)
        if self.training.loss not in fitting:
            raise SettingsError(
                f"training.loss must be one of {', '.join(fitting)}, since the targets of {spec.name} are "
                f"{what}. Received: {self.training.loss!r}"
            )

    def check_model(self, model: keras.Model) -> None:
        """Raise a SettingsError where the model is too large for its snapshots."""
        size = self.training.snapshots * sum(weight.nbytes for weight in model.get_weights())
        if size > MOST_SNAPSHOT_BYTES:
            raise SettingsError(
                f"training.snapshots of this net would take {size / 2**20:.0f} MiB, more than "
                f"{MOST_SNAPSHOT_BYTES // 2**20}: take fewer, or a smaller net. "
                f"Received: {self.training.snapshots}"
            )

    def load(self, kept: Mapping[str, str]) -> Source:
        """The data, read by the tokenizers that a run keeps where it has any, by file name."""
        return self.data.load(kept) if kept else self.data.load()

    def length(self, stream: Any) -> tuple[int, int]:
        """How many optimizer steps there are in all, and between two evaluations.

        Args:
            stream: Of the training, see `feeds`.
        """
        epochs, passes = self.training.epochs, stream.steps_per_epoch
        steps = math.ceil(epochs * passes)
        if steps >= self.training.min_steps:
            return steps, passes
        return self.training.min_steps, math.ceil(self.training.min_steps / math.ceil(epochs))

    def objective(
        self, model: keras.Model, spec: data.Spec, steps: int, seed: int, jit_compile: bool
    ) -> Objective:
        """What a training step computes; called inside the strategy's scope."""
        training = self.training
        updater = optimizers.Updater(self.optimizer, model.trainable_variables, steps, training.precision)
        return Supervised(
            model,
            updater,
            loss=training.loss,
            classes=spec.categorical,
            l1=training.l1,
            l2=training.l2,
            label_smoothing=training.label_smoothing,
            accumulate=training.accumulate,
            jit_compile=jit_compile,
            seed=seed,
        )

    def watchers(self, run: Run, model: keras.Model, source: Source) -> list[keras.callbacks.Callback]:
        """The callbacks that these settings ask for beside those of every run."""
        found: list[keras.callbacks.Callback] = []
        if self.training.snapshots:
            found.append(Snapshots(run, model, self.training.snapshots))
        architecture = models.ARCHITECTURES[self.architecture]
        if hasattr(architecture, "kinds"):  # many nets side by side
            config, split = self.model_config(source.spec), source.validation
            inputs = split.inputs.astype("float32") * split.scale
            kinds = architecture.kinds(config)
            found.append(SweepTable(run, model, kinds, config.members, inputs, split.targets))
        return found

    def measure(self, model: keras.Model, source: Source, split: str) -> dict[str, Any]:
        """The figures of a trained model on a split: the objective's; of translations the scores, too."""
        examples, classes = getattr(source, split), source.spec.categorical
        # A model from elsewhere may end in a softmax, and the loss is of logits.
        read = functools.partial(endings.logits, model) if self.training.loss == "cross_entropy" else None
        objective = Supervised(model, updater=None, loss=self.training.loss, classes=classes, read=read)

        @tf.function(autograph=False, reduce_retracing=True)  # batches of sequences differ in length
        def add(batch, totals):
            return add_figures(totals, objective.evaluate(batch))

        totals = zero_totals(objective.evaluation_figures)
        for batch in sweep(examples).shards(replicas=1, first=0, count=1):
            totals = add(batch, totals)
        figures = {**means(totals), "examples": len(examples)}
        if source.spec.target_tokens:
            sentences = getattr(self.data.read_corpus(), split)
            judge = functools.partial(self.data.judge, split)
            figures |= translation.scores(Translator(model, source.files), sentences, judge=judge)
        return figures

    def predict(
        self, model: keras.Model, spec: data.Spec, kept: Mapping[str, str], lines: Iterable[str]
    ) -> Iterator[dict[str, Any]]:
        """See `prediction.answers`."""
        return prediction.answers(self, model, spec, kept, lines)

    def feeds(self, source: Source, replicas: int, seed: int, on_device: bool) -> tuple[Any, Any]:
        """The training stream, and the pass over the validation split.

        Of sequences they are a `BucketStream` and a `BucketSweep`, of a text a `BlockStream` and a
        `BucketSweep`, else a `Stream` and a `Sweep`.

        Raises:
            SettingsError: The batch can't be divided among the replicas.
        """
        batch, parts = self.training.batch_size, replicas * self.training.accumulate
        if batch % parts:
            raise SettingsError(
                f"training.batch_size must be a multiple of {parts} (replicas times accumulate). "
                f"Received: {batch}"
            )
        if isinstance(source.train, TextSplit):
            return BlockStream(source.train, batch, seed), sweep(source.validation, replicas)
        if isinstance(source.train, SequenceSplit):
            return BucketStream(source.train, batch, seed), sweep(source.validation, replicas)
        stream = Stream(source.train, batch, seed, source.augmentation, on_device)
        return stream, sweep(source.validation, replicas)


def sweep(split: Split | SequenceSplit | TextSplit, replicas: int = 1) -> Sweep | BucketSweep:
    """A pass over a split in batches as large as evaluation bears, divisible among the replicas."""
    if isinstance(split, TextSplit):
        split = split.blocks()
    sequences = isinstance(split, SequenceSplit)
    # A batch of a small split is no larger than the split: what it is padded with costs as much.
    size = max(1, min(SEQUENCE_EVALUATION_BATCH if sequences else EVALUATION_BATCH, len(split)))
    batch = -(-size // replicas) * replicas
    return BucketSweep(split, batch) if isinstance(split, SequenceSplit) else Sweep(split, batch)
