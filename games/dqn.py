"""DQN: an agent that learns what each action is worth from what it has played, and takes the best.

T steps of W worlds of this replica between two updates, B windows in a batch. Many rounds of playing and
learning, with a replay that stays on the device, can be one program.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import keras
import tensorflow as tf

from games import replay as memory
from games.game import Playable, where
from games.normalization import observation_moments
from games.replay import Experience, Replay, Windows
from games.seeds import key
from games.worlds import Share, Worlds, begin, go_on
from training.objectives import Objective
from training.optimizers import Updater

LEAST = 1e-6  # what is added to an error, so that what was learned can still be drawn


@dataclass(frozen=True)
class DQN:
    """Settings of deep Q-learning.

    Mnih et al. 2015, "Human-level control through deep reinforcement learning". With a dueling net (see
    `models.policy`), double, windows of several steps and priorities it is Rainbow (Hessel et al. 2018,
    arXiv:1710.02298) but for two parts. There are no distributions of returns. And it explores by chance, not
    by noise in its weights (Fortunato et al. 2018, arXiv:1706.10295): that wants a layer of its own, and what
    we save loads in Keras alone. The defaults of n_steps, priority and correction are Rainbow's, table 1.

    Args:
        worlds: Played at once, over all replicas.
        horizon: Steps of each world between two updates.
        batches: Learned from after these, an optimizer step each.
        rounds: Of such playing and learning in one step of the loop, which is one program.
        batch_size: Windows in a batch, over all replicas.
        capacity: Of the replay, in steps over all worlds; a multiple of worlds.
        warmup: Steps over all worlds that are played at random before the first update; a multiple of worlds
            times horizon.
        discount: Worth of a reward a step later, in [0, 1].
        epsilon: Share of actions that are taken at random in the end, in [0, 1].
        exploration: Share of the training over which it comes down to that from 1, in [0, 1].
        target_period: Optimizer steps after which the target's weights follow those that learn.
        target_share: How far they do: 1 makes them the same; with a period of 1 and a small share they follow
            softly (Lillicrap et al. 2016, arXiv:1509.02971).
        double: Whether the weights that learn choose the action whose value the target gives (van Hasselt et
            al. 2016, arXiv:1509.06461, equation 4); else the target does both.
        n_steps: Rewards that are counted before a value stands for the rest.
        priority: The power of an error in the odds with which it is learned from again (Schaul et al. 2016,
            arXiv:1511.05952, equation 1, where it is alpha); 0: all are as likely.
        correction: The power at first with which learning from what was likely is damped, beta there; it
            rises to 1, which undoes all bias, at the end of the training.
        huber: Error beyond which its loss grows no longer by the square.

    Raises:
        ValueError: A field breaks its rule; the message names the field, the rule and the value.
    """

    worlds: int = 16
    horizon: int = 1
    batches: int = 1
    rounds: int = 64
    batch_size: int = 128
    capacity: int = 100_000
    warmup: int = 2048
    discount: float = 0.99
    epsilon: float = 0.01
    exploration: float = 0.1
    target_period: int = 500
    target_share: float = 1.0
    double: bool = True
    n_steps: int = 3
    priority: float = 0.5
    correction: float = 0.4
    huber: float = 1.0

    heads: ClassVar[tuple[str, ...]] = ("q", "dueling")

    def __post_init__(self) -> None:
        for field in (
            "worlds",
            "horizon",
            "batches",
            "rounds",
            "batch_size",
            "target_period",
            "n_steps",
        ):
            if getattr(self, field) < 1:
                raise ValueError(f"{field} must be at least 1. Received: {getattr(self, field)!r}")
        for field, unit in (("capacity", self.worlds), ("warmup", self.worlds * self.horizon)):
            if getattr(self, field) % unit:
                raise ValueError(f"{field} must be a multiple of {unit}. Received: {getattr(self, field)!r}")
        least = self.worlds * (self.n_steps + 1)
        if not least <= self.warmup <= self.capacity:
            raise ValueError(
                f"warmup must be at least {least}, a window of each world and what follows it, and at most "
                f"the capacity, {self.capacity}. Received: {self.warmup!r}"
            )
        for field in ("discount", "epsilon", "exploration", "priority", "correction"):
            if not 0 <= getattr(self, field) <= 1:
                raise ValueError(f"{field} must be 0 to 1. Received: {getattr(self, field)!r}")
        if not 0 < self.target_share <= 1:
            raise ValueError(f"target_share must be above 0 and at most 1. Received: {self.target_share!r}")
        if not self.huber > 0:
            raise ValueError(f"huber must be above 0. Received: {self.huber!r}")

    @property
    def before(self) -> int:
        """Steps of the game that are played before the first step of the loop."""
        return self.warmup

    @property
    def steps(self) -> int:
        """Steps of the game in one step of the loop."""
        return self.worlds * self.horizon * self.rounds

    @property
    def updates(self) -> int:
        """Optimizer steps in one step of the loop."""
        return self.rounds * self.batches

    def check_replicas(self, replicas: int, remembers: bool) -> None:
        """Raise a ValueError where this can't be divided among so many replicas."""
        for field in ("worlds", "batch_size"):
            if getattr(self, field) % replicas:
                raise ValueError(
                    f"{field} must be a multiple of {replicas}, the replicas. "
                    f"Received: {getattr(self, field)!r}"
                )

    def objective(
        self, game: Playable, model: keras.Model, updater: Updater, steps: int, seed: int, jit_compile: bool
    ) -> "ValueLearner":
        """What learns so; see there."""
        return ValueLearner(game, model, updater, self, steps, seed, jit_compile)


class Learning(NamedTuple):
    """What a replica carries on.

    Args:
        worlds: In which it plays.
        replay: What was played there.
    """

    worlds: Worlds
    replay: Replay


class ValueLearner(Objective):
    """A step is some rounds: play `horizon` steps of every world, then learn from `batches` batches.

    Before the first one the replay is filled by playing at random.

    Every draw follows from the seed, the position and a world's place among all. Each replica keeps what its
    own worlds played. What a batch has is decided by the priorities of all replicas; whoever keeps a window
    sends it, and each learns from its part of the batch. So N replicas learn what one would, up to rounding,
    with priorities and without. Between them a batch and its errors are added up beside the gradients.

    As one program the loop changes the replay in place: with room for 98,304 pictures of Breakout, 40 MB, a
    round of 64 steps and a batch of 256 took 1.1 ms, with a twelfth of it 0.9. In parts, on several replicas,
    without XLA or with worlds outside of TensorFlow, a processor copies it each round, which takes 2.5 ms.

    Args:
        game: What is played.
        model: Of action values: see `models.policy`.
        updater: Of its trainable variables.
        dqn: How it learns.
        steps: Of the loop, in all: exploration and correction change over them.
        seed: Of everything random.
        jit_compile: Compile the learning by XLA, too; the playing always is, but for worlds outside of
            TensorFlow. Dense nets want it; gradients of convolutions take three times as long with it on a
            processor.

    Figures: "loss"; "return" and "length" of the episodes that ended, random actions and all; "value", that
    of the best action; "error", the mean absolute one of what was drawn; "exploration", the share of random
    actions.
    """

    figures = ("loss", "return", "length", "value", "error", "exploration")

    def __init__(
        self,
        game: Playable,
        model: keras.Model,
        updater: Updater,
        dqn: DQN,
        steps: int,
        seed: int = 0,
        jit_compile: bool = True,
    ) -> None:
        self.game = game
        self.model = model
        self.models = {"model": model}
        self.updater = updater
        self.updaters = {"optimizer": updater}
        self.dqn = dqn
        self.steps = steps
        self.seed = seed
        self._replicas = tf.distribute.get_strategy().num_replicas_in_sync
        self._alone = self._replicas == 1
        self._count = dqn.worlds // self._replicas
        self._rounds_before = dqn.warmup // (dqn.worlds * dqn.horizon)
        self._variables = list(model.trainable_variables)
        self._observations = observation_moments(model)
        self.target = [
            tf.Variable(
                variable.value,
                trainable=False,
                aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
                name=f"target_{variable.name}",
            )
            for variable in self._variables
        ]
        # Draws of a seed are others without XLA: these are always made with it, where the game can be.
        self._begin: Any = tf.function(self._begun, jit_compile=game.compiled)
        self._play: Any = tf.function(self._played, jit_compile=game.compiled)
        self._best: Any = tf.function(self._best_action, jit_compile=game.compiled or jit_compile)
        self._sums: Any = tf.function(memory.sums, jit_compile=True)
        self._draw: Any = tf.function(self._drawn, jit_compile=True)
        self._judge: Any = tf.function(memory.judge, jit_compile=True)
        self._differentiate: Any = self._errors_and_gradients
        self._update: Any = self._learned
        if jit_compile:
            self._differentiate = tf.function(self._errors_and_gradients, jit_compile=True)
            if self._alone and game.compiled:  # of several replicas sums stand between the parts
                self._update = tf.function(self._learned, jit_compile=True)

    @property
    def variables(self):
        moments = self._observations.variables if self._observations else []
        return [*super().variables, *self.target, *moments]

    def global_step(self, step):
        return self.dqn.before + step * self.dqn.steps

    def initial_state(self, replica, replicas):
        return self._begin(replica)

    def step(self, batch, state, position):
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        return self._update(state, position, replica)

    def _share(self, replica) -> Share:
        return Share(replica * self._count, self._count, self.dqn.worlds)

    def _key(self, stream: int, place) -> tf.Tensor:
        """Of one kind of draw.

        Args:
            stream: 0: what the game begins with and does, 1: whether to explore, 2: by which action, 3: what
                is learned from.
            place: A step of every world, from 1 on; 0: before all of them. Of stream 3 an update, from 0 on.
        """
        return key(self.seed, stream, place)

    def _begun(self, replica) -> Learning:
        """New games, and what playing them at random brought."""
        dqn, share = self.dqn, self._share(replica)
        worlds = begin(self.game, self._key(0, 0), share)
        replay = memory.empty(self.game, self._count, dqn.capacity // dqn.worlds)
        for number in tf.range(self._rounds_before):
            worlds, played, _ = self._go_on(worlds, number, share, lambda _, at_random, __: at_random)
            replay = memory.store(replay, played, dqn.n_steps)
        return Learning(worlds, replay)

    def _learned(self, state: Learning, position, replica):
        dqn = self.dqn
        worlds, replay = state
        episodes, learned, explored = tf.zeros(3), tf.zeros(3), tf.zeros(())
        # A loop of the program, or where replicas add up in between, of Python.
        count = tf.range if self._alone else range
        for turn in count(dqn.rounds):
            number = position * dqn.rounds + tf.cast(turn, tf.int64)
            done = tf.cast(number, tf.float32) / (self.steps * dqn.rounds)
            epsilon = self._epsilon(done)
            worlds, played, ended = self._play(worlds, number, epsilon, replica)
            replay = memory.store(replay, played, dqn.n_steps)
            if self._observations:
                self._observations.add(played.observation, self._sum_of_all)
            episodes += ended
            explored += epsilon
            for batch in count(dqn.batches):
                update = number * dqn.batches + tf.cast(batch, tf.int64)
                replay, told = self._learn(replay, update, done, replica)
                learned += told
        weight = tf.constant(float(dqn.updates * dqn.batch_size // self._replicas))
        names = ("loss", "value", "error")
        figures = {name: (total, weight) for name, total in zip(names, tf.unstack(learned), strict=True)}
        returns, lengths, over = tf.unstack(episodes)
        figures |= {"return": (returns, over), "length": (lengths, over)}
        figures |= {"exploration": (explored, tf.constant(float(dqn.rounds)))}
        return figures, Learning(worlds, replay)

    def _epsilon(self, done: tf.Tensor) -> tf.Tensor:
        """Share of actions at random when a share of the training is done."""
        dqn = self.dqn
        if not dqn.exploration:
            return tf.constant(dqn.epsilon)
        return tf.maximum(dqn.epsilon, 1 - (1 - dqn.epsilon) * done / dqn.exploration)

    def _played(self, worlds: Worlds, number, epsilon, replica):
        """Play on, mostly by what was learned; see `_go_on`.

        Args:
            worlds: Before it.
            number: Of the round.
            epsilon: Share of actions at random.
            replica: Number of this one.
        """
        share = self._share(replica)

        def act(observation, at_random, time):
            uniform = share.of(tf.random.stateless_uniform((share.total,), self._key(1, time)))
            return tf.where(uniform < epsilon, at_random, self._best(observation))

        return self._go_on(worlds, number + self._rounds_before, share, act)

    def _best_action(self, observation: tf.Tensor) -> tf.Tensor:
        return tf.argmax(self.model(observation, training=False), 1, tf.int32)

    def _go_on(self, worlds: Worlds, number, share: Share, act: Callable):
        """Play a round.

        Args:
            worlds: Before it.
            number: Of the round, the random ones at the beginning counted.
            share: Which worlds these are.
            act: From the observation, an action at random, and the number of the step, to the action.

        Returns: The worlds after it; what was played, `(horizon, W, ...)`; and of the episodes that ended the
            sum of their returns, of their lengths, and how many they were, `(3,)`.
        """
        game, horizon, count = self.game, self.dqn.horizon, share.count

        def room(kind, *shape):
            return tf.TensorArray(kind, horizon, element_shape=(count, *shape))

        observations, finals = (room(tf.float32, *game.observation_shape) for _ in range(2))
        actions, rewards = room(tf.int32), room(tf.float32)
        terminations, truncations = room(tf.bool), room(tf.bool)
        episodes = tf.zeros(3)
        for step in tf.range(horizon):
            time = 1 + tf.cast(number, tf.int64) * horizon + tf.cast(step, tf.int64)
            observation = game.observe(worlds.state)
            at_random = tf.random.stateless_uniform(
                (share.total,), self._key(2, time), 0, len(game.actions), tf.int32
            )
            action = act(observation, share.of(at_random), time)
            worlds, moment = go_on(game, worlds, action, self._key(0, time), share)
            observations = observations.write(step, observation)
            actions = actions.write(step, action)
            rewards = rewards.write(step, moment.reward)
            terminations = terminations.write(step, moment.terminated)
            truncations = truncations.write(step, moment.truncated)
            if game.truncates:
                finals = finals.write(step, moment.final)
            ended = tf.cast(moment.ended, tf.float32)
            told = (moment.gain * ended, tf.cast(moment.length, tf.float32) * ended, ended)
            episodes += tf.stack([tf.reduce_sum(x) for x in told])
        played = Experience(
            observations.stack(),
            actions.stack(),
            rewards.stack(),
            terminations.stack(),
            truncations.stack(),
            finals.stack() if game.truncates else (),
        )
        return worlds, played, episodes

    def _learn(self, replay: Replay, update, done, replica):
        """Learn from a batch.

        Args:
            replay: What was played.
            update: Number of this one, from 0 on.
            done: Share of the training.
            replica: Number of this one.

        Returns: The replay with new priorities, and the sums of the figures over this replica's share.
        """
        dqn = self.dqn
        sums = self._of_all(self._sums(replay.priority), replica)
        windows, world, slot = self._draw(replay, sums, update, replica)
        windows = self._sum_of_all(windows)
        power = dqn.correction + (1 - dqn.correction) * done
        # (1 / (N P))^beta of their section 3.4, over its largest value in the batch.
        weights = (tf.reduce_min(windows.priority) / windows.priority) ** power
        size = dqn.batch_size // self._replicas
        part = Share(replica * size, size, dqn.batch_size)
        told, gradients, errors = self._differentiate(part.of(windows), part.of(weights))
        self.updater.apply(gradients)
        self._follow(update)
        if dqn.priority:
            new = (self._of_all(errors, replica) + LEAST) ** dqn.priority
            replay = replay._replace(
                priority=self._judge(replay.priority, world, slot, new),
                highest=tf.maximum(replay.highest, tf.reduce_max(new)),
            )
        return replay, told

    def _drawn(self, replay: Replay, sums: tf.Tensor, update, replica) -> tuple[Windows, Any, Any]:
        """A batch: windows, worlds and slots. Of windows that other replicas keep: 0, and no world."""
        dqn = self.dqn
        uniform = tf.random.stateless_uniform((dqn.batch_size,), self._key(3, update))
        block, into = memory.locate(sums, uniform)
        own = sums.shape[0] // self._replicas
        block -= replica * own
        ours = (block >= 0) & (block < own)
        world, slot = memory.pick(replay.priority, tf.clip_by_value(block, 0, own - 1), into)
        windows = memory.windows(replay, world, slot, dqn.n_steps, dqn.discount)
        if self._alone:
            return windows, world, slot
        nothing = tf.nest.map_structure(tf.zeros_like, windows)
        return where(ours, windows, nothing), tf.where(ours, world, self._count), slot

    def _of_all(self, x: tf.Tensor, replica) -> tf.Tensor:
        """The parts `(P,)` of all replicas, one after the other."""
        if self._alone:
            return x
        place = tf.one_hot(replica, self._replicas)[:, None]
        return self._sum_of_all(tf.reshape(place * x, (-1,)))

    def _sum_of_all(self, x: Any) -> Any:
        if self._alone:
            return x
        add = functools.partial(tf.distribute.get_replica_context().all_reduce, tf.distribute.ReduceOp.SUM)
        return tf.nest.map_structure(add, x)  # one by one: what is int32 lies elsewhere

    def _errors_and_gradients(self, windows: Windows, weights: tf.Tensor):
        """Sums of the figures, gradients and absolute errors of this replica's part of a batch."""
        dqn = self.dqn
        ahead = self._target_of(windows.following)
        judge = self.model(windows.following, training=False) if dqn.double else ahead
        best = tf.gather(ahead, tf.argmax(judge, 1, tf.int32), batch_dims=1)
        wanted = windows.gain + windows.worth * best
        with tf.GradientTape() as tape:
            values = self.model(windows.observation, training=True)
            error = tf.abs(tf.gather(values, windows.action, batch_dims=1) - wanted)
            near = tf.minimum(error, dqn.huber)
            losses = weights * near * (error - near / 2)  # Huber's
            loss = self.updater.scale_loss(tf.reduce_sum(losses) / dqn.batch_size)
        gradients = tape.gradient(loss, [variable.value for variable in self._variables])
        told = (losses, tf.reduce_max(values, axis=1), error)
        return tf.stack([tf.reduce_sum(x) for x in told]), gradients, error

    def _target_of(self, observation: tf.Tensor) -> tf.Tensor:
        """Action values by the target's weights."""
        weights = [tf.convert_to_tensor(variable) for variable in self.target]
        with keras.StatelessScope(state_mapping=list(zip(self._variables, weights, strict=True))):
            return self.model(observation, training=False)

    def _follow(self, update) -> None:
        """Let the target's weights follow where it is time."""
        period, share = self.dqn.target_period, self.dqn.target_share
        due = tf.cast((update + 1) % period == 0, tf.float32) * share
        for target, variable in zip(self.target, self._variables, strict=True):
            target.assign(due * variable.value + (1 - due) * target)
