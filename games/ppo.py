"""PPO: an agent that plays, judges each action by what came of it, and changes its policy by a little.

T steps of B worlds of this replica; M minibatches. Rollout, advantages and all updates can be one program.
"""

import math
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import keras
import tensorflow as tf

from games.game import Playable, packed, unpacked, where
from games.normalization import RewardMoments, observation_moments
from games.player import Memory, Player, drawn, pasts
from games.seeds import key
from games.worlds import Share, Worlds, begin, go_on
from training.objectives import Objective
from training.optimizers import Updater

KL_SLACK = 1.5  # times `PPO.target_kl`


@dataclass(frozen=True)
class PPO:
    """Settings of proximal policy optimization.

    Args:
        worlds: Played at once, over all replicas.
        horizon: Steps of each world between two updates.
        epochs: Passes over these steps.
        minibatches: Parts of a pass, an optimizer step each.
        discount: Worth of a reward a step later, in [0, 1].
        trace: λ of the advantages (Schulman et al. 2016, arXiv:1506.02438, equation 16), in [0, 1].
        clip: How far the policy may move before it gains nothing more (Schulman et al. 2017,
            arXiv:1707.06347, equation 7).
        value_clip: The same for the value; 0: it may move freely, which is no worse (Andrychowicz et al.
            2021, arXiv:2006.05990, section 3.2).
        value_weight: Of the squared error of the value.
        entropy_weight: Of the policy's entropy, which keeps it trying.
        normalize_rewards: Whether rewards to learn from are divided by the standard deviation of discounted
            returns, over all that was played; scores stay as they are.
        target_kl: Divergence between the policy that played and the one that learns after which an update
            ends: once a minibatch's approximate KL exceeds 1.5 times this, as in Stable-Baselines3; 0:
            never. On one replica only. A learning rate's schedule then goes by the steps that were taken.

    Raises:
        ValueError: A field breaks its rule; the message names the field, the rule and the value.
    """

    worlds: int = 64
    horizon: int = 128
    epochs: int = 4
    minibatches: int = 8
    discount: float = 0.99
    trace: float = 0.95
    clip: float = 0.2
    value_clip: float = 0.0
    value_weight: float = 0.5
    entropy_weight: float = 0.01
    normalize_rewards: bool = False
    target_kl: float = 0.0

    heads: ClassVar[tuple[str, ...]] = ("actor_critic",)
    before: ClassVar[int] = 0

    def __post_init__(self) -> None:
        for field in ("worlds", "horizon", "epochs", "minibatches"):
            if getattr(self, field) < 1:
                raise ValueError(f"{field} must be at least 1. Received: {getattr(self, field)!r}")
        if self.steps % self.minibatches or self.steps < 2 * self.minibatches:
            raise ValueError(
                f"minibatches must divide horizon times worlds, {self.steps}, into parts of at least 2 "
                f"steps. Received: {self.minibatches!r}"
            )
        for field in ("discount", "trace"):
            if not 0 <= getattr(self, field) <= 1:
                raise ValueError(f"{field} must be 0 to 1. Received: {getattr(self, field)!r}")
        if not self.clip > 0:
            raise ValueError(f"clip must be above 0. Received: {self.clip!r}")
        for field in ("value_clip", "value_weight", "entropy_weight", "target_kl"):
            if not getattr(self, field) >= 0:
                raise ValueError(f"{field} must be at least 0. Received: {getattr(self, field)!r}")

    @property
    def steps(self) -> int:
        """Steps of the game between two updates."""
        return self.worlds * self.horizon

    @property
    def updates(self) -> int:
        """Optimizer steps in one step of the loop."""
        return self.epochs * self.minibatches

    @property
    def group(self) -> int:
        """Neighbouring worlds whose steps are shuffled together: 1, or more where rollouts are short.

        Each minibatch has as many steps of a group as of any other.
        """
        return self.minibatches // math.gcd(self.horizon, self.minibatches)

    def check_replicas(self, replicas: int, remembers: bool) -> None:
        """Raise a ValueError where this can't be divided among so many replicas.

        Args:
            replicas: How many.
            remembers: Whether the policy does: a minibatch is then of whole worlds.
        """
        parts = replicas * (self.minibatches if remembers else self.group)
        if self.worlds % parts:
            why = " times minibatches, for a policy that remembers" if remembers else ""
            if self.group > 1 and not remembers:
                why = f" times {self.group}: so many rollouts of {self.horizon} steps fill all minibatches"
            raise ValueError(
                f"worlds must be a multiple of {parts}, the replicas{why}. Received: {self.worlds!r}"
            )
        if self.target_kl and replicas > 1:
            raise ValueError(f"target_kl must be 0 on several replicas. Received: {self.target_kl!r}")

    def objective(
        self, game: Playable, model: keras.Model, updater: Updater, steps: int, seed: int, jit_compile: bool
    ) -> "Proximal":
        """What learns so; see there. It is the same at all times, however many steps there are."""
        return Proximal(game, model, updater, self, seed, jit_compile)


class Played(NamedTuple):
    """What was played, `(T, B, ...)`.

    In a minibatch `(T / M * B, ...)`; of a policy that remembers `(T, B / M, ...)`.

    Args:
        observation: Before each action, as the game's are kept.
        begins: Whether a game began with it, bool.
        action: int32.
        likelihood: Logarithm of its probability then.
        value: That was expected then.
        advantage: How much better it came.
    """

    observation: tf.Tensor
    begins: tf.Tensor
    action: tf.Tensor
    likelihood: tf.Tensor
    value: tf.Tensor
    advantage: tf.Tensor


class Playing(NamedTuple):
    """What is carried from one update to the next.

    Args:
        worlds: As they stand.
        memory: What the policy remembers of each.
        begins: Whether each has just begun, `(B,)` bool.
        discounted: Discounted rewards of each game so far, `(B,)`, where rewards are normalized; else ().
    """

    worlds: Worlds
    memory: Memory
    begins: tf.Tensor
    discounted: Any = ()


class Proximal(Objective):
    """A step is an update: play `horizon` steps of every world, then learn from them.

    Every draw follows from the seed, the position and a world's place among all, and a minibatch has of each
    world as many steps as of any other, chosen by draws of its own: so N replicas learn what one would. A
    policy that remembers learns through time, from what it remembered as the steps began: a minibatch then
    has all steps of some worlds, one of each M neighbours.

    Args:
        game: What is played.
        model: See `models.policy`.
        updater: Of its trainable variables.
        ppo: How it learns.
        seed: Of everything random.
        jit_compile: Compile the learning by XLA, too; the playing always is, but for worlds outside of
            TensorFlow. Dense policies want it; gradients of convolutions take three times as long with it on
            a processor.

    Figures: "loss"; "return" and "length" of the episodes that ended; "value_error", squared; "entropy" in
    nats; "moved", the mean of (r - 1) - ln r where r is what became of an action's probability (an estimate
    of the Kullback-Leibler divergence: Schulman 2020, "Approximating KL divergence"); "clipped", the share of
    actions whose probability moved too far; "policy_loss", the clipped objective alone; "explained_variance",
    the share of the returns' variance that the values explain: 1 at best, 0 of a constant, below it worse.
    """

    figures = (
        "loss",
        "return",
        "length",
        "value_error",
        "entropy",
        "moved",
        "clipped",
        "policy_loss",
        "explained_variance",
    )

    def __init__(
        self,
        game: Playable,
        model: keras.Model,
        updater: Updater,
        ppo: PPO = PPO(),
        seed: int = 0,
        jit_compile: bool = True,
    ) -> None:
        self.game = game
        self.player = Player(model)
        self.models = {"model": model}
        self.updater = updater
        self.updaters = {"optimizer": updater}
        self.ppo = ppo
        self.seed = seed
        replicas = tf.distribute.get_strategy().num_replicas_in_sync
        self._alone = replicas == 1
        self._count = ppo.worlds // replicas
        self._variables = list(model.trainable_variables)
        self._observations = observation_moments(model)
        self._rewards = RewardMoments() if ppo.normalize_rewards else None
        # Draws of a seed are others without XLA: these are always made with it.
        self._play: Any = tf.function(self._rollout, jit_compile=game.compiled)
        self._act: Any = tf.function(self._acted, jit_compile=True)
        self._expect: Any = tf.function(self._expected, jit_compile=game.compiled or jit_compile)
        self._order: Any = tf.function(self._shuffled, jit_compile=True)
        self._differentiate: Any = self._loss_and_gradients
        self._learn: Any = self._learned
        self._update: Any = self._play_and_learn
        if jit_compile:
            self._differentiate = tf.function(self._differentiate, jit_compile=True)
        if jit_compile and self._alone:  # else sums stand between the parts, which no such program can hold
            if game.compiled:
                self._update = tf.function(self._update, jit_compile=True)
            else:
                self._learn = tf.function(self._learn, jit_compile=True)

    @property
    def variables(self):
        moments = [one for one in (self._observations, self._rewards) if one is not None]
        return [*super().variables, *(variable for one in moments for variable in one.variables)]

    def global_step(self, step):
        return step * self.ppo.steps

    def initial_state(self, replica, replicas):
        worlds = begin(self.game, self._key(0, 3), self._share(replica))
        discounted = tf.zeros(self._count) if self._rewards else ()
        return Playing(worlds, self.player.first(self._count), tf.ones(self._count, tf.bool), discounted)

    def step(self, batch, state, position):
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        return self._update(state, position, replica)

    def _share(self, replica) -> Share:
        return Share(replica * self._count, self._count, self.ppo.worlds)

    def _play_and_learn(self, playing: Playing, position, replica):
        played, after, episodes, discounted = self._play(playing, position, replica)
        explained = self._explained(played)
        totals = self._learn(played, playing.memory, position, replica)
        # Only now, so that an action's probability is the same in the rollout and in learning from it.
        if self._observations is not None:
            self._observations.add(unpacked(played.observation), self._sum_of_all)
        if self._rewards is not None:
            self._rewards.add(tf.reshape(discounted, (-1,)), self._sum_of_all)
        names = ("loss", "value_error", "entropy", "moved", "clipped", "policy_loss")
        *sums, weight = tf.unstack(totals)
        figures = {name: (total, weight) for name, total in zip(names, sums, strict=True)}
        returns, lengths, ended = tf.unstack(episodes)
        figures |= {"return": (returns, ended), "length": (lengths, ended), "explained_variance": explained}
        return figures, after

    def _explained(self, played: Played) -> tuple[tf.Tensor, tf.Tensor]:
        """How much of the returns' variance the values explain, and the weight of that: 1, or 0 where the
        returns are all the same.
        """
        _, left = self._spread_of(played.advantage)
        _, whole = self._spread_of(played.value + played.advantage)
        some = whole > 0
        return tf.where(some, 1 - tf.square(left / tf.where(some, whole, 1.0)), 0.0), tf.cast(
            some, tf.float32
        )

    def _learned(self, played: Played, memory: Memory, position, replica) -> tf.Tensor:
        """Learn from what was played.

        Args:
            played: `(T, B, ...)`.
            memory: Of the policy as it began.
            position: Of the step.
            replica: Number of this one.

        Returns: `(7,)`: the sums over this replica's share of the figures that `_loss_and_gradients` has, and
            how many steps they are of.
        """
        ppo = self.ppo
        totals = tf.zeros(7)
        # A loop of the program, or where replicas add up in between, of Python.
        turns = tf.range(ppo.updates) if self._alone else range(ppo.updates)
        order = self._order(position, replica)
        axis = 1 if self.player.remembers else 0
        pool = played if self.player.remembers else tf.nest.map_structure(_flat, played)
        goes_on = tf.constant(True)
        for turn in turns:
            if not ppo.target_kl:
                sums, gradients = self._of_minibatch(order[turn], axis, pool, memory)
                self.updater.apply(gradients)
                totals += sums
            elif goes_on:
                sums, gradients = self._of_minibatch(order[turn], axis, pool, memory)
                goes_on = sums[3] <= KL_SLACK * ppo.target_kl * sums[-1]
                if goes_on:
                    self.updater.apply(gradients)
                totals += sums
        return totals

    def _of_minibatch(self, rows: tf.Tensor, axis: int, pool: Played, memory: Memory):
        """The sums of the figures of a minibatch, with its size behind them, and the gradients."""
        minibatch = tf.nest.map_structure(lambda x: tf.gather(x, rows, axis=axis), pool)
        remembered = tf.nest.map_structure(lambda x: tf.gather(x, rows), memory)
        mean, deviation = self._spread_of(minibatch.advantage)
        sums, gradients = self._differentiate(minibatch, remembered, mean, deviation)
        return tf.concat([sums, [tf.cast(tf.size(minibatch.action), tf.float32)]], axis=0), gradients

    def _key(self, position, stream: int) -> tf.Tensor:
        """Of one kind of draw at this position; those of a step of the game add its number."""
        return key(self.seed, stream, tf.cast(position, tf.int64) * self.ppo.horizon)

    def _rollout(self, playing: Playing, position, replica):
        """Play on.

        Returns: What was played, `Played`; what is carried on; of the episodes that ended the sum of their
            returns, of their lengths, and how many they were, `(3,)`; and where rewards are normalized the
            discounted rewards of each game so far, `(T, B)`.
        """
        worlds, memory, begun, discounted = playing
        game, share, horizon = self.game, self._share(replica), self.ppo.horizon
        shape, count = game.observation_shape, self._count

        def room(kind, *shape):
            return tf.TensorArray(kind, horizon, element_shape=(count, *shape))

        observations, finals = room(game.kept, *shape), room(game.kept, *shape)
        begins, actions = room(tf.bool), room(tf.int32)
        likelihoods, values = room(tf.float32), room(tf.float32)
        rewards, terminations, truncations = room(tf.float32), room(tf.bool), room(tf.bool)
        sums = room(tf.float32)
        remembered = tuple(room(tf.float32, *x.shape[1:]) for x in memory)
        nothing = self.player.first(count)
        episodes = tf.zeros(3)
        for time in tf.range(horizon):
            observation = game.observe(worlds.state)
            later = [0, tf.cast(time, tf.int64)]
            action, likelihood, value, memory = self._act(
                observation, memory, self._key(position, 0) + later, replica
            )
            worlds, moment = go_on(game, worlds, action, self._key(position, 1) + later, share)
            observations = observations.write(time, packed(observation, game.kept))
            begins = begins.write(time, begun)
            actions = actions.write(time, action)
            likelihoods = likelihoods.write(time, likelihood)
            values = values.write(time, value)
            rewards = rewards.write(time, moment.reward)
            terminations = terminations.write(time, moment.terminated)
            truncations = truncations.write(time, moment.truncated)
            if game.truncates:
                finals = finals.write(time, packed(moment.final, game.kept))
                remembered = tuple(r.write(time, m) for r, m in zip(remembered, memory, strict=True))
            begun = moment.ended
            memory = where(begun, nothing, memory)
            if self._rewards:
                discounted = discounted * self.ppo.discount + moment.reward
                sums = sums.write(time, discounted)
                discounted = tf.where(begun, 0.0, discounted)
            ended = tf.cast(moment.ended, tf.float32)
            lengths = tf.cast(moment.length, tf.float32)
            told = (moment.gain * ended, lengths * ended, ended)
            episodes += tf.stack([tf.reduce_sum(x) for x in told])
        rewards, truncated = rewards.stack(), truncations.stack()
        if self._rewards:
            rewards = self._rewards.scaled(rewards)
        if game.truncates:  # there would have been more to be had
            rest = self._rest(truncated, finals.stack(), tuple(r.stack() for r in remembered))
            rewards += self.ppo.discount * tf.where(truncated, rest, 0.0)
        value = self._expect(game.observe(worlds.state), memory)
        values = values.stack()
        ended = terminations.stack() | truncated
        advantages = advantages_of(rewards, values, ended, value, self.ppo.discount, self.ppo.trace)
        played = Played(
            observations.stack(), begins.stack(), actions.stack(), likelihoods.stack(), values, advantages
        )
        after = Playing(worlds, memory, begun, discounted)
        return played, after, episodes, sums.stack() if self._rewards else ()

    def _rest(self, truncated: tf.Tensor, finals: tf.Tensor, memories: Memory) -> tf.Tensor:
        """What there would have been to be had after each step, `(T, B)`, wherever time ran out."""
        seen = (_flat(finals), tuple(_flat(memory) for memory in memories))
        shape = (self.ppo.horizon, self._count)

        def expected() -> tf.Tensor:
            return tf.reshape(self._expect(*seen), shape)

        # Time runs out rarely, but a program of XLA does what it may need to do in any case.
        if self.game.compiled:
            return expected()
        return tf.cond(tf.reduce_any(truncated), expected, lambda: tf.zeros(shape))

    def _acted(self, observation: tf.Tensor, memory: Memory, key: tf.Tensor, replica):
        """What the policy does: actions, logarithms of their odds, what is expected, what is remembered."""
        logits, value, memory = self.player(observation, memory)
        action = drawn(logits, key, self._share(replica))
        return action, _likelihood(logits, action), value, memory

    def _expected(self, observation: tf.Tensor, memory: Memory) -> tf.Tensor:
        """What there is to be had, `(B,)`, where observations may be as they are kept."""
        _, value, _ = self.player(unpacked(observation), memory)
        return value

    def _shuffled(self, position, replica) -> tf.Tensor:
        """Which steps each minibatch has, as places in `T * B`: `(epochs * M, T / M * B)`.

        In each epoch the steps of every group of worlds, see `PPO.group`, stand in an order of their own. Of
        a policy that remembers: which worlds each minibatch has, `(epochs * M, B / M)`: in each epoch every M
        neighbours stand in such one.
        """
        if self.player.remembers:
            parts = self.ppo.minibatches
            each = (self.ppo.worlds, self.ppo.epochs)
            draws = self._share(replica).of(tf.random.stateless_uniform(each, self._key(position, 2)))
            turns = tf.argsort(tf.reshape(draws, (-1, parts, self.ppo.epochs)), axis=1)  # (B / M, M, E)
            places = turns + tf.range(self._count // parts)[:, None, None] * parts
            return tf.reshape(tf.transpose(places, (2, 1, 0)), (self.ppo.updates, -1))
        ppo, group = self.ppo, self.ppo.group
        shape = (ppo.worlds, ppo.epochs, ppo.horizon)
        draws = self._share(replica).of(tf.random.stateless_uniform(shape, self._key(position, 2)))
        # G groups of g worlds: (G, g, E, T) as (G, E, T * g), where g is the fastest.
        draws = tf.reshape(draws, (-1, group, ppo.epochs, ppo.horizon))
        draws = tf.reshape(tf.transpose(draws, (0, 2, 3, 1)), (-1, ppo.epochs, ppo.horizon * group))
        order = tf.transpose(tf.argsort(draws, axis=-1), (1, 2, 0))  # (E, T * g, G)
        first = tf.range(self._count // group) * group
        places = order // group * self._count + order % group + first
        return tf.reshape(places, (ppo.updates, -1))

    def _spread_of(self, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Mean and standard deviation over the minibatch of all replicas."""
        size = tf.cast(tf.size(x) * self.ppo.worlds // self._count, tf.float32)
        mean = self._sum_of_all(tf.reduce_sum(x)) / size
        square = self._sum_of_all(tf.reduce_sum(tf.square(x - mean))) / size
        return mean, tf.sqrt(square)

    def _sum_of_all(self, x: tf.Tensor) -> tf.Tensor:
        if self._alone:
            return x
        return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, x)

    def _look(self, played: Played, memory: Memory) -> tuple[tf.Tensor, tf.Tensor]:
        """Logits `(N, A)` and values `(N,)` of a minibatch, its steps one behind the other."""
        if not self.player.remembers:
            logits, value, _ = self.player(unpacked(played.observation), (), training=True)
            return logits, value
        if self.player.looks_back:  # no step waits for the one before it
            seen = unpacked(played.observation)
            (past,) = pasts(seen, played.begins, memory)
            logits, value, _ = self.player(_flat(seen), (_flat(past),), training=True)
            return logits, value
        steps, count = played.action.shape
        nothing = self.player.first(count)
        scores = tf.TensorArray(tf.float32, steps, element_shape=(count, len(self.game.actions)))
        values = tf.TensorArray(tf.float32, steps, element_shape=(count,))
        for time in tf.range(steps):
            memory = where(played.begins[time], nothing, memory)
            observation = unpacked(played.observation[time])
            logits, value, memory = self.player(observation, memory, training=True)
            scores, values = scores.write(time, logits), values.write(time, value)
        return _flat(scores.stack()), _flat(values.stack())

    def _loss_and_gradients(self, minibatch: Played, memory: Memory, mean, deviation):
        """Sums of the figures over this replica's share, and its share of the gradients."""
        ppo = self.ppo
        played = tf.nest.map_structure(_flat, minibatch) if self.player.remembers else minibatch
        everyone = tf.cast(tf.size(played.action) * ppo.worlds // self._count, tf.float32)
        advantage = (played.advantage - mean) / (deviation + 1e-8)
        with tf.GradientTape() as tape:
            logits, value = self._look(minibatch, memory)
            change = _likelihood(logits, played.action) - played.likelihood
            ratio = tf.exp(change)
            within = tf.clip_by_value(ratio, 1 - ppo.clip, 1 + ppo.clip)
            gained = tf.minimum(ratio * advantage, within * advantage)
            target = played.value + played.advantage
            error = tf.square(value - target)
            if ppo.value_clip:
                near = played.value + tf.clip_by_value(value - played.value, -ppo.value_clip, ppo.value_clip)
                error = tf.maximum(error, tf.square(near - target))
            chances = tf.nn.log_softmax(logits)
            entropy = -tf.reduce_sum(tf.exp(chances) * chances, axis=1)
            losses = -gained + ppo.value_weight * error / 2 - ppo.entropy_weight * entropy
            loss = self.updater.scale_loss(tf.reduce_sum(losses) / everyone)
        found = tape.gradient(loss, [variable.value for variable in self._variables])
        # One of rows (of positions) can't leave a program of XLA, which must know its shape.
        gradients = [tf.convert_to_tensor(gradient) for gradient in found]
        moved = ratio - 1 - change
        clipped = tf.cast(tf.abs(ratio - 1) > ppo.clip, tf.float32)
        told = (losses, error, entropy, moved, clipped, -gained)
        return tf.stack([tf.reduce_sum(x) for x in told]), gradients


def advantages_of(
    rewards: tf.Tensor,
    values: tf.Tensor,
    ended: tf.Tensor,
    last: tf.Tensor,
    discount: float,
    trace: float,
) -> tf.Tensor:
    """How much better than expected it came after each action, `(T, B)`.

    Schulman et al. 2016 (arXiv:1506.02438), equation 16.

    Args:
        rewards: `(T, B)`.
        values: That were expected before each action, `(T, B)`.
        ended: Whether the episode ended with it, `(T, B)` bool; nothing counts beyond.
        last: What is expected after the last one, `(B,)`.
        discount: See `PPO`.
        trace: Likewise.
    """
    steps = rewards.shape[0]
    found = tf.TensorArray(tf.float32, steps, element_shape=last.shape)
    advantage = tf.zeros_like(last)
    for time in tf.range(steps - 1, -1, -1):
        going = 1 - tf.cast(ended[time], tf.float32)
        surprise = rewards[time] + discount * last * going - values[time]
        advantage = surprise + discount * trace * going * advantage
        found = found.write(time, advantage)
        last = values[time]
    return found.stack()


def _flat(x: tf.Tensor) -> tf.Tensor:
    """`(T, B, ...)` as `(T * B, ...)`."""
    return tf.reshape(x, (-1, *x.shape[2:]))


def _likelihood(logits: tf.Tensor, action: tf.Tensor) -> tf.Tensor:
    """Logarithm of the probability of each action, `(B,)`."""
    return tf.gather(tf.nn.log_softmax(logits), action, batch_dims=1)
