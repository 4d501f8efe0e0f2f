"""The recipe of an agent: what it plays, with what policy, how it learns, and what it is measured by."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import keras
import numpy as np

from data import tables
from data.source import DataUnavailable, Source, Spec
from games import GameError
from games.dqn import DQN
from games.game import Playable
from games.player import Player
from games.ppo import PPO
from models import policy
from training import optimizers, recipe
from training.callbacks import LoopCallback, Snapshots
from training.objectives import Objective
from training.recipe import Recipe, Training
from training.runs import Run
from training.settings import SettingsError

WATCHED = 32  # episodes, at each epoch's end
LEAST_WATCHED = 4  # however long they may be
MEASURED = 100  # in an evaluation
MOST_STEPS = 10_000  # of an episode that has no limit
SEEDS = {"train": 0, "validation": 1, "test": 2}  # of the episodes that an evaluation plays, by split
UNUSED = (  # of a training
    "min_steps",
    "min_validation",
    "batch_size",
    "loss",
    "l1",
    "l2",
    "label_smoothing",
    "accumulate",
)


@dataclass(frozen=True)
class Practice(Training):
    """How long an agent plays and learns.

    Args:
        steps: Of the game, in all.
        epochs: Parts of them, after each of which the agent is measured.
        evaluation_steps: Most steps that such a measurement takes in environments outside of TensorFlow, over
            all its episodes: 4 to 100 of them, fewer where episodes may be long. The games in `games` are
            compiled and play 32.

    What is told of examples in `Training` concerns no agent.
    """

    steps: int = 500_000
    epochs: float = 10
    evaluation_steps: int = 20_000
    steps_per_call: int = 1  # an update is many steps of a game, which is worth a call
    xla: str = "always"
    monitor: str = "val_return"
    snapshots: int = 16  # or as many as there is room for

    def __post_init__(self) -> None:
        super().__post_init__()
        for name, least in (("steps", 1), ("evaluation_steps", LEAST_WATCHED)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} must be at least {least}. Received: {getattr(self, name)!r}")


@dataclass(frozen=True)
class AgentRecipe(Recipe):
    """A setting of everything, for an agent that learns by playing.

    Args:
        source: Key of `games.GAMES` or `games.outside.OUTSIDE`.
        data: The game, with its settings.
        agent: How it learns.
        training: How long.
        presets: Settings that `override` makes for a game by its id, unless it is given others; those of ""
            are for ids that are not among them. See `training.recipes.environments`.
    """

    training: Practice = Practice()
    agent: PPO | DQN = field(default_factory=PPO)
    presets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    sections: ClassVar[tuple[str, ...]] = (*recipe.SECTIONS, "agent")

    @property
    def game(self) -> Playable:
        return self.data

    def override(self, changes: Mapping[str, Any]) -> Recipe:
        """See `Recipe.override`; a new "data.id" brings its presets."""
        id = str(changes.get("data.id", ""))
        if not self.presets or not id:
            return super().override(changes)
        family, _, _ = id.rpartition("-v")
        preset = self.presets.get(id, self.presets.get(family, self.presets.get("", {})))
        return super().override({**preset, **changes})

    def preflight(self) -> None:
        self.check(self.load({}))

    @property
    def notes(self) -> tuple[str, ...]:
        return self.game.notes

    def load(self, kept) -> Source:
        """No examples: an agent makes its own.

        Raises:
            SettingsError: No agent can play this.
        """
        game = self.game
        try:
            spec = Spec(
                name=game.name,
                input_shape=game.observation_shape,
                classes=game.actions,
                licence="",
                citation="",
                features=game.channels if len(game.observation_shape) == 1 else (),
            )
        except GameError as error:
            raise SettingsError(str(error)) from error
        return Source((), (), (), spec)

    def length(self, stream) -> tuple[int, int]:
        """Updates in all, and between two evaluations."""
        updates = max(1, round((self.training.steps - self.agent.before) / self.agent.steps))
        return updates, max(1, round(updates / self.training.epochs))

    def check(self, source: Source) -> None:
        """Raise a SettingsError where a setting is not one of agents, or not of this kind."""
        usual = Practice()
        for name in UNUSED:
            if getattr(self.training, name) != getattr(usual, name):
                raise SettingsError(
                    f"training.{name} must be {getattr(usual, name)} for an agent. "
                    f"Received: {getattr(self.training, name)!r}"
                )
        heads = self.model_config(source.spec).heads
        if heads not in self.agent.heads:
            raise SettingsError(
                f"model.heads must be one of {', '.join(self.agent.heads)}, for an agent that learns by "
                f"{type(self.agent).__name__}. Received: {heads!r}"
            )

    def objective(
        self, model: keras.Model, spec: Spec, steps: int, seed: int, jit_compile: bool
    ) -> Objective:
        updater = optimizers.Updater(
            self.optimizer, model.trainable_variables, steps * self.agent.updates, self.training.precision
        )
        return self.agent.objective(self.game, model, updater, steps, seed, jit_compile)

    def check_model(self, model: keras.Model) -> None:
        """Nothing: there are as many snapshots as there is room for."""

    def watchers(self, run: Run, model: keras.Model, source: Source) -> list[keras.callbacks.Callback]:
        size = sum(weight.nbytes for weight in model.get_weights())
        count = min(self.training.snapshots, recipe.MOST_SNAPSHOT_BYTES // size)
        kept = [Snapshots(run, model, count)] if count > 1 else []
        return [Played(self.game, model, *self._watched), *kept]

    @property
    def _watched(self) -> tuple[int, int]:
        """Episodes of a measurement at an epoch's end, and the most steps of each."""
        if self.game.compiled:
            return WATCHED, MOST_STEPS
        limit = self.game.limit or MOST_STEPS
        episodes = min(MEASURED, max(LEAST_WATCHED, self.training.evaluation_steps // limit))
        return episodes, min(limit, self.training.evaluation_steps // episodes)

    def measure(self, model: keras.Model, source: Source, split: str) -> dict[str, Any]:
        """See `evaluation.summary`; "return" is the mean."""
        from games import evaluation

        found = evaluation.summary(evaluation.scores(self.game, model, MEASURED, SEEDS[split]))
        return {"return": found["mean"], **found}

    def predict(self, model, spec, kept, lines: Iterable[str]) -> Iterator[dict[str, Any]]:
        """What the agent would do.

        Args:
            model: Its policy.
            spec: Of its game.
            kept: Nothing.
            lines: An observation each, as numbers split by commas; of a picture row by row. To a policy that
                remembers they are the moments of one game, from its first on.

        Yields: `{"input", "output", "probabilities", "value"}`, or of a model that values actions
            `{"input", "output", "values"}`; `{"input", "error"}` for a line that is none.
        """
        size, player = int(np.prod(spec.input_shape)), Player(model)
        memory = player.first(1)
        for line in lines:
            try:
                cells = [tables.number(cell) for cell in tables.read_line(line)]
            except DataUnavailable:  # far too many
                cells = []
            numbers = np.array([value for value in cells if value is not None])
            if not len(numbers) == len(cells) == size:
                error = f"an observation of {spec.name} is {size} numbers split by commas"
                yield {"input": line, "error": error}
                continue
            observation = numbers.reshape(1, *spec.input_shape).astype("float32")
            scores, value, memory = player(keras.ops.convert_to_tensor(observation), memory)
            output = spec.classes[int(np.argmax(scores[0]))]
            if len(model.outputs) == 1:
                yield {"input": line, "output": output, "values": _by_name(spec.classes, scores[0])}
                continue
            shares = keras.ops.convert_to_numpy(keras.ops.softmax(scores[0]))
            yield {
                "input": line,
                "output": output,
                "probabilities": _by_name(spec.classes, shares),
                "value": round(float(value[0]), 6),
            }

    def feeds(self, source: Source, replicas: int, seed: int, on_device: bool) -> tuple[None, None]:
        """None: the agent plays.

        Raises:
            SettingsError: The worlds or a batch can't be divided among the replicas.
        """
        try:
            self.agent.check_replicas(replicas, self.model.get("torso") in policy.REMEMBERING)
        except ValueError as error:
            raise SettingsError(f"agent.{error}") from error
        return None, None


def _by_name(names: Sequence[str], numbers: np.ndarray) -> dict[str, float]:
    return {name: round(float(number), 6) for name, number in zip(names, numbers, strict=True)}


class Played(LoopCallback):
    """Adds figures of games that are played to be measured, at each epoch's end.

    "val_return" and "val_length" are means, "val_low" and "val_high" the 95 % interval of the first.
    "val_cut" is the share of episodes that were cut by `most_steps`, where any was.

    Args:
        game: What is played.
        model: The policy, of which the likeliest action is taken.
        episodes: How many.
        most_steps: Most steps of each.
    """

    def __init__(self, game: Playable, model: keras.Model, episodes: int, most_steps: int) -> None:
        from games import evaluation

        super().__init__()
        self._evaluate = evaluation.Evaluator(game, model, episodes, most_steps)
        self._interval = evaluation.interval

    def on_epoch_end(self, epoch, logs=None):
        scores = self._evaluate(SEEDS["validation"])
        if logs is not None:
            logs["val_return"] = float(scores.returns.mean())
            logs["val_length"] = float(scores.lengths.mean())
            logs["val_low"], logs["val_high"] = self._interval(scores.returns, statistic=np.mean)
            if scores.cut.any():
                logs["val_cut"] = float(scores.cut.mean())
