"""Search spaces: for each architecture a function of KerasTuner's `hp` that draws settings of a recipe.

No layer is defined here. A space returns what `Recipe.override` takes, {"model.filters": (16, 32), ...};
settings that it does not name stay as the recipe has them. A hyperparameter that is a setting bears the
setting's name, so that one given on the command line takes its place.

Each range is wide enough to hold the best of the recipes here and narrow enough that some 20 trials say
something.
"""

from collections.abc import Callable
from typing import Any

import models

Settings = dict[str, Any]


def mlp(hp: Any) -> Settings:
    """Settings of `models.mlp`, valid for inputs of any shape."""
    layers = hp.Int("layers", 1, 3)  # plain dense nets gain nothing from more without shortcuts
    width = hp.Choice("first_width", [32, 64, 128, 256, 512])  # by doubling: less is hardly felt
    with hp.conditional_scope("layers", [2, 3]):
        narrowing = hp.Choice("narrowing", [1, 2])  # as wide as before, or half
    return {
        "model.widths": tuple(width // (narrowing or 1) ** layer for layer in range(layers)),
        "model.activation": hp.Choice("model.activation", ["relu", "gelu", "silu"]),
        "model.normalization": hp.Choice("model.normalization", ["none", "batch", "layer"]),
        "model.dropout": hp.Choice("model.dropout", _upto(0.5)),  # Hinton et al. 2012 drop one half
        **_training(hp),
    }


def cnn(hp: Any) -> Settings:
    """Settings of `models.cnn`, for pictures from 8x8 and series from 8 points on, halved by each stage.

    The last stage is not pooled under an average or a maximum, so four stages fit 8x8 exactly. The head
    "flatten" is left out: its weights grow with the picture, and its pooling would not fit.
    """
    stages = hp.Int("stages", 2, 4)
    first = hp.Choice("first_filters", [8, 16, 24, 32])  # 32: 290,000 weights at three doubled stages
    growth = hp.Choice("growth", [1.5, 2.0])  # the usual doubling, or some 40 % of its weights
    convolutions = hp.Int("model.convolutions", 1, 2)
    with hp.conditional_scope("model.convolutions", [2]):  # a single one changes the channels: no shortcut
        residual = hp.Boolean("model.residual")
    return {
        "model.filters": tuple(round(first * growth**stage / 4) * 4 for stage in range(stages)),
        "model.convolutions": (convolutions,),
        "model.residual": bool(residual),
        "model.kernel_size": hp.Choice("model.kernel_size", [3, 5]),  # 5: 2.8 times the multiplications
        "model.normalization": hp.Choice("model.normalization", ["batch", "group"]),
        "model.activation": hp.Choice("model.activation", ["relu", "gelu", "silu"]),
        "model.dropout": hp.Choice("model.dropout", _upto(0.3)),  # less than dense nets: weights are shared
        "model.head": hp.Choice("model.head", ["average", "max"]),
        **_training(hp),
    }


def sweep(hp: Any) -> Settings:
    """How the nets of `models.sweep` begin and learn; which nets they are is what the sweep asks."""
    return {
        "model.initializer": hp.Choice("model.initializer", models.sweep.INITIALIZERS),
        "model.bias_deviation": hp.Choice("model.bias_deviation", [0.0, 0.5, 1.0, 2.0]),
        **_training(hp, classes=False),
    }


def rnn(hp: Any) -> Settings:
    """Settings of `models.rnn`, for sequences of any length.

    What a net answers, at the end or at every step, is the data's business.
    """
    layers = hp.Int("layers", 1, 2)
    width = hp.Choice("width", [32, 64, 96, 128, 192])
    return {
        "model.cell": hp.Choice("model.cell", ["gru", "lstm"]),
        "model.units": (width,) * layers,
        "model.bidirectional": hp.Boolean("model.bidirectional"),
        "model.dropout": hp.Choice("model.dropout", _upto(0.4)),
        "model.memory": hp.Choice("model.memory", [0, 30, 100, 300]),
        "optimizer.clip_norm": 1.0,  # a gradient through time may explode at any rate (Pascanu et al. 2013)
        **_training(hp),
    }


def seq2seq(hp: Any) -> Settings:
    """Settings of `models.seq2seq`; whether there is attention is what one asks, not what one tunes."""
    return {
        "model.cell": hp.Choice("model.cell", ["gru", "lstm"]),
        "model.embedding": hp.Choice("model.embedding", [64, 128, 192, 256]),
        "model.units": hp.Choice("model.units", [128, 256, 384, 512]),
        "model.depth": hp.Int("model.depth", 1, 2),
        "model.dropout": hp.Choice("model.dropout", _upto(0.5)),
        "optimizer.clip_norm": 1.0,
        **_training(hp),
    }


def transformer(hp: Any) -> Settings:
    """Settings of `models.transformer`."""
    return {**_blocks(hp), **_training(hp)}


def encoder(hp: Any) -> Settings:
    """Settings of `models.encoder`; what it answers is the data's business."""
    return {**_blocks(hp), **_training(hp)}


def gpt(hp: Any) -> Settings:
    """Settings of `models.gpt`; how much it reads at once is the data's."""
    return {**_blocks(hp), **_training(hp)}


def gan(hp: Any) -> Settings:
    """Settings of `models.gan` and of both players; whether they are told the class is what one asks.

    Two stages, for pictures whose sides are multiples of 4, or for points.
    """
    filters = hp.Choice("filters", [32, 64, 96, 128])
    loss = hp.Choice("duel.loss", ["non_saturating", "least_squares", "hinge", "wasserstein"])
    rate = hp.Float("learning_rate", 1e-4, 2e-3, sampling="log")
    faster = hp.Choice("discriminator_by_generator", [1, 2, 4])  # Heusel et al. 2017 let it learn faster
    beta_1 = hp.Choice("beta_1", [0.0, 0.5])
    with hp.conditional_scope("duel.loss", ["non_saturating"]):
        smoothing = hp.Choice("duel.smoothing", [0.0, 0.1])
    return {
        "model.filters": (filters, filters // 2),
        "model.latent": hp.Choice("model.latent", [16, 32, 64, 128]),
        "model.dropout": hp.Choice("model.dropout", _upto(0.4)),
        "duel.loss": loss,
        "duel.smoothing": smoothing or 0.0,
        "duel.penalty": 10.0 if loss == "wasserstein" else 0.0,
        "optimizer.learning_rate": float(f"{rate:.3g}"),
        "optimizer.beta_1": beta_1,
        "discriminator.learning_rate": float(f"{faster * float(f'{rate:.3g}'):.3g}"),
        "discriminator.beta_1": beta_1,
        "training.batch_size": hp.Choice("training.batch_size", [32, 64, 128]),
    }


def policy(hp: Any) -> Settings:
    """Settings of `models.policy` and of PPO; what the policy's torso is stays as the recipe has it."""
    width = hp.Choice("width", [32, 64, 128])
    rate = hp.Float("optimizer.learning_rate", 2e-4, 1e-2, sampling="log")
    return {
        "model.widths": (width,) * hp.Int("layers", 1, 3),
        "model.activation": hp.Choice("model.activation", ["tanh", "relu"]),
        "model.shared": hp.Boolean("model.shared"),
        "optimizer.learning_rate": float(f"{rate:.3g}"),
        "agent.minibatches": hp.Choice("agent.minibatches", [4, 8, 16]),
        "agent.epochs": hp.Choice("agent.epochs", [2, 4, 8]),
        "agent.discount": hp.Choice("agent.discount", [0.98, 0.99, 0.995]),
        "agent.trace": hp.Choice("agent.trace", [0.8, 0.9, 0.95]),
        "agent.entropy_weight": hp.Choice("agent.entropy_weight", [0.0, 0.003, 0.01, 0.03]),
    }


def _blocks(hp: Any) -> Settings:
    """Settings of the blocks of attention, which every architecture of them has."""
    width = hp.Choice("model.width", [64, 128, 192, 256])
    return {
        "model.width": width,
        "model.depth": hp.Int("model.depth", 1, 4),
        "model.heads": hp.Choice("model.heads", [2, 4, 8]),
        "model.hidden": width * hp.Choice("hidden_by_width", [2, 4]),
        "model.normalization": hp.Choice("model.normalization", ["pre", "post"]),
        "model.positions": hp.Choice("model.positions", ["learned", "sinusoidal", "rotary"]),
        "model.dropout": hp.Choice("model.dropout", _upto(0.3)),
        "optimizer.warmup": hp.Choice("optimizer.warmup", [0.02, 0.05, 0.1]),  # without one "post" is lost
        "optimizer.clip_norm": 1.0,
    }


def _training(hp: Any, classes: bool = True) -> Settings:
    """Settings of the optimizer and the training; where values are predicted, no label is smoothed."""
    smoothing = (
        {"training.label_smoothing": hp.Choice("training.label_smoothing", [0.0, 0.1])} if classes else {}
    )
    optimizer = hp.Choice("optimizer.name", ["adamw", "sgd"])
    # One step of Adam is about the learning rate long, one of SGD as long as the gradient says: their
    # rates differ some 20 times, and so does the decay, which is a share of the rate.
    with hp.conditional_scope("optimizer.name", ["adamw"]):
        adamw_rate = hp.Float("adamw.learning_rate", 5e-4, 2e-2, sampling="log")
        adamw_decay = hp.Float("adamw.weight_decay", 1e-3, 0.3, sampling="log")
    with hp.conditional_scope("optimizer.name", ["sgd"]):
        sgd_rate = hp.Float("sgd.learning_rate", 1e-2, 0.3, sampling="log")  # momentum makes it 10 times that
        sgd_decay = hp.Float("sgd.weight_decay", 1e-4, 1e-2, sampling="log")
    drawn = {
        "optimizer.learning_rate": adamw_rate or sgd_rate,
        "optimizer.weight_decay": adamw_decay or sgd_decay,
    }
    return {
        "optimizer.name": optimizer,
        # Three digits, so that what a table shows is what was trained. An optimizer from the command
        # line that is neither of the two keeps the recipe's.
        **{name: float(f"{value:.3g}") for name, value in drawn.items() if value is not None},
        # Up to 128, so that a folder with a few hundred pictures has steps to take.
        "training.batch_size": hp.Choice("training.batch_size", [32, 64, 128]),
        **smoothing,
    }


def _upto(share: float) -> list[float]:
    """Tenths from 0 on; a choice, since a range's steps would add up to 0.30000000000000004."""
    return [tenth / 10 for tenth in range(round(share * 10) + 1)]


# By architecture; a test fails if one of `models.ARCHITECTURES` is missing.
SPACES: dict[str, Callable[[Any], Settings]] = {
    "mlp": mlp,
    "cnn": cnn,
    "sweep": sweep,
    "rnn": rnn,
    "seq2seq": seq2seq,
    "encoder": encoder,
    "transformer": transformer,
    "gpt": gpt,
    "gan": gan,
    "policy": policy,
}
