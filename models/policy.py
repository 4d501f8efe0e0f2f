"""Policy: what an agent makes of what it sees: which action to take, and how much there is to be had."""

import math
from dataclasses import dataclass
from typing import Any

import keras

from models import cnn, encoder, layers, mlp, recurrent

REMEMBERING = ("rnn", "encoder")
PAST = "past"  # name of the input that holds what was seen before
HEADS = ("actor_critic", "q", "dueling")
NORMALIZATION = "observation_normalization"  # name of the layer that holds the statistics
MAX_OBSERVATION = 10.0  # of a normalized number, as Stable-Baselines3's VecNormalize has it


@dataclass(frozen=True)
class Config:
    """The settings of a policy.

    Args:
        input_shape: Of an observation.
        outputs: How many actions there are.
        torso: What looks at the observation: one of `TORSOS`. A recurrent net carries its states on, and an
            encoder what it has seen: both remember.
        widths: Units of its dense layers, first to last; of the torso "rnn" those before the recurrent ones,
            of the torso "encoder" those behind the blocks.
        filters: Channels of its convolutions, of the torso "cnn".
        kernel_size: Edge of their kernels, in positions; they take only positions that lie inside.
        stride: Of each, in positions.
        activation: One of `layers.ACTIVATIONS`.
        heads: What it tells, one of `HEADS`: how likely each action is to be taken and what there is to be
            had, or what there is to be had by each action. "dueling" tells the same as "q", put together from
            what there is to be had and how much better each action is than the mean.
        shared: Whether one torso serves both heads; else each has its own, and a value's large errors don't
            drown what the actions teach. Those of "q" are one.
        cell: One of `recurrent.CELLS`, of the torso "rnn".
        units: Of each recurrent layer, first to last.
        memory: Longest time, in steps, that its gates begin to remember for; see `rnn.Config`.
        window: Moments that the torso "encoder" looks at, the present one included; at least 2.
        width: Of its vectors, see `encoder.Config`.
        depth: Blocks of it.
        attention_heads: Of each of its attentions.
        normalize_observations: Whether the first layer brings each number of an observation (of an image,
            each channel) to mean 0 and variance 1 by statistics of all that was seen in training, and to at
            most `MAX_OBSERVATION` either way. Not for the torso "encoder".

    Raises:
        ValueError: A field breaks its rule; the message names the field, the rule and the value.
    """

    input_shape: tuple[int, ...]
    outputs: int
    torso: str = "mlp"
    widths: tuple[int, ...] = (64, 64)
    filters: tuple[int, ...] = (16,)
    kernel_size: int = 3
    stride: int = 1
    activation: str = "tanh"
    heads: str = "actor_critic"
    shared: bool = False
    cell: str = "lstm"
    units: tuple[int, ...] = (64,)
    memory: int = 0
    window: int = 16
    width: int = 64
    depth: int = 1
    attention_heads: int = 4
    normalize_observations: bool = False

    def __post_init__(self) -> None:
        layers.check_choice("torso", self.torso, TORSOS)
        layers.check_choice("heads", self.heads, HEADS)
        if self.torso in REMEMBERING and self.heads != "actor_critic":
            raise ValueError(
                f'heads must be "actor_critic" for a torso that remembers. Received: {self.heads!r}'
            )
        if self.torso == "rnn":
            layers.check_choice("cell", self.cell, recurrent.CELLS)
            if not self.units:
                raise ValueError("units must have at least one entry. Received: ()")
            layers.check_all_positive("units", self.units)
            layers.check_not_negative("memory", self.memory)
        if self.torso == "encoder" and self.normalize_observations:
            raise ValueError('normalize_observations must be false for the torso "encoder". Received: True')
        if self.window < 2:
            raise ValueError(f"window must be at least 2. Received: {self.window!r}")
        self.of_torso()  # checks the rest

    @property
    def prefixes(self) -> tuple[str, ...]:
        """Of the names of each torso's layers: the action's, and the value's own."""
        return ("",) if self.shared or self.heads == "q" else ("", "value_")

    @property
    def features(self) -> int:
        """Numbers of an observation."""
        return math.prod(self.input_shape)

    def of_torso(self) -> Any:
        """A `cnn.Config`, or a `mlp.Config`: of the torso, or where it remembers of its dense layers."""
        common: dict[str, Any] = {
            "widths": self.widths,
            "activation": self.activation,
            "normalization": "none",  # a rollout's statistics drift with the policy
            "initializer": "orthogonal_relu",
        }
        if self.torso != "cnn":
            return mlp.Config(self.input_shape, self.outputs, **common)
        return cnn.Config(
            self.input_shape,
            self.outputs,
            self.filters,
            kernel_size=self.kernel_size,
            stride=self.stride,
            padding="valid",
            pooling="none",
            head="flatten",
            **common,
        )


def build(config: Config) -> keras.Model:
    """Build the policy that `config` describes.

    An actor and a critic, initialized as Huang et al. 2022 ("The 37 implementation details of PPO", detail 2)
    found it to matter: the first policy is nearly indifferent, the first value near 0. Or the values of the
    actions; those of "dueling" by Wang et al. 2016 (arXiv:1511.06581, equation 9).

    Layers: `observation_normalization` where observations are normalized, a `BatchNormalization` that is not
    trained and has neither scale nor offset; those of the torso, see `mlp.build` and `cnn.build`, with
    `value_` before the names of the value's own where the torso is not shared; then `logits` and `value`, or
    `action_values`, which "dueling" has from `advantage` and `value`.

    A torso that remembers takes and gives what it carries from one moment to the next, beside all else: the
    states of the recurrent layers `rnn1`, `rnn2`, ..., each `(B, units)`; or the last `window` - 1
    observations, `past` `(B, window - 1, F)`, which an encoder looks at together with the present one, each
    at the vectors of those before it. See `nothing` for what it remembers at first.

    Returns: An uncompiled functional model from observations `(B, *input_shape)` to the logits of the
        actions `(B, outputs)` and the value `(B, 1)`, the sum of discounted rewards that is expected; of "q"
        and "dueling" to the values of the actions alone, `(B, outputs)`. Of a torso that remembers: from a
        list, the observation and what it remembers, to a list, logits, value and what it now remembers.

    Example:

    >>> model = build(Config(input_shape=(4,), outputs=2))
    >>> model.output_shape
    [(None, 2), (None, 1)]
    """
    observation = keras.Input(config.input_shape, name="observation")
    seen = _normalized(observation) if config.normalize_observations else observation
    looks, before, after = TORSOS[config.torso](seen, config)
    acting, judging = looks[0], looks[-1]
    inputs = [observation, *before] if before else observation
    if config.heads == "q":
        return keras.Model(inputs, _head(acting, config.outputs, 1.0, "action_values"), name="policy")
    value = _head(judging, 1, 1.0, "value")
    if config.heads == "dueling":
        advantage = _head(acting, config.outputs, 1.0, "advantage")
        better = advantage - keras.ops.mean(advantage, axis=1, keepdims=True)
        values = keras.layers.Add(name="action_values")([value, better])
        return keras.Model(inputs, values, name="policy")
    logits = _head(acting, config.outputs, 0.01, "logits")
    model = keras.Model(inputs, [logits, value, *after], name="policy")
    if config.torso == "rnn" and config.memory:
        recurrent.remember(model, config.memory)
    return model


def _normalized(observation: keras.KerasTensor) -> keras.KerasTensor:
    """Observations by their running statistics, which training keeps in this layer's moving ones."""
    normalization = keras.layers.BatchNormalization(
        center=False, scale=False, epsilon=1e-8, trainable=False, dtype="float32", name=NORMALIZATION
    )
    return keras.ops.clip(normalization(observation), -MAX_OBSERVATION, MAX_OBSERVATION)


def nothing(name: str) -> float:
    """What an input of that name is filled with where there is nothing to remember yet."""
    return recurrent.PADDING if name == PAST else 0.0


# A torso of each kind: one features tensor `(B, F)` that serves both heads, or one for each; and what is
# remembered before and after.


def _plain(observation, config: Config):
    """Of a net that remembers nothing."""
    module, own = {"mlp": mlp, "cnn": cnn}[config.torso], config.of_torso()
    return [module.torso(observation, own, prefix) for prefix in config.prefixes], [], []


def _recurrent(observation, config: Config):
    """Of recurrent layers, behind dense ones."""
    looks, before, after = [], [], []
    for prefix in config.prefixes:
        x = mlp.torso(observation, config.of_torso(), prefix)
        x = keras.layers.Reshape((1, x.shape[-1]), name=f"{prefix}moment")(x)
        for number, units in enumerate(config.units, start=1):
            name = f"{prefix}rnn{number}"
            given = [keras.Input((units,), name=f"{name}_{state}") for state in recurrent.STATES[config.cell]]
            x, last = recurrent.layer(x, config.cell, units, name, initial_state=given, unroll=True)
            before += given
            after += last
        looks.append(keras.layers.Flatten(name=f"{prefix}remembered")(x))
    return looks, before, after


def _attentive(observation, config: Config):
    """Of an encoder's blocks, before dense layers."""
    past = keras.Input((config.window - 1, config.features), name=PAST)
    now = keras.layers.Reshape((1, config.features), name="moment")(observation)
    seen = keras.layers.Concatenate(axis=1, name="seen")([past, now])
    own = encoder.Config(
        (config.window, config.features),
        config.outputs,
        width=config.width,
        depth=config.depth,
        heads=config.attention_heads,
        hidden=4 * config.width,
        causal=True,
        positions="learned",
        context=config.window,
    )
    steps = [encoder.torso(seen, own, prefix, last=True)[0] for prefix in config.prefixes]
    looks = [
        mlp.hidden_layers(x[:, -1], config.of_torso(), prefix=prefix)
        for x, prefix in zip(steps, config.prefixes, strict=True)
    ]
    return looks, [past], [seen[:, 1:]]


TORSOS = {"mlp": _plain, "cnn": _plain, "rnn": _recurrent, "encoder": _attentive}


def _head(x, outputs: int, gain: float, name: str) -> keras.KerasTensor:
    start = keras.initializers.Orthogonal(gain=gain)
    return keras.layers.Dense(outputs, kernel_initializer=start, dtype="float32", name=name)(x)
