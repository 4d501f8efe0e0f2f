"""Search spaces: whatever is drawn is a valid setting, of every architecture and for every picture."""

import keras_tuner
import pytest
from keras_tuner.engine import base_tuner

import models
from training import recipes
from tuning import oracles, trials
from tuning.searches import _Drawn
from tuning.spaces import SPACES

RECIPES = {
    "mlp": "digits_mlp",
    "cnn": "cifar10_cnn",
    "sweep": "abs_sweep",
    "rnn": "mnist_rows_lstm",
    "seq2seq": "numbers_seq2seq",
    "encoder": "pronouns_encoder",
    "transformer": "multi30k_transformer",
    "gpt": "shakespeare_gpt",
    "gan": "digits_gan",
    "policy": "cartpole_ppo",
}
# The settings whose draws differ most.
TELLING = {
    "mlp": ["widths"],
    "cnn": ["filters"],
    "sweep": ["initializer"],
    "rnn": ["units", "memory"],
    "seq2seq": ["embedding", "units"],
    "encoder": ["width", "depth", "heads"],
    "transformer": ["width", "depth", "heads"],
    "gpt": ["width", "depth", "positions"],
    "gan": ["filters", "latent", "dropout"],
    "policy": ["widths", "activation", "shared"],
}
SHAPES = [(8, 8, 1), (28, 28, 1), (32, 32, 3), (24, 1), (76, 40)]
SEQUENCES = [(24, 1), (76, 40), (None, 3)]
PICTURES = [(8, 8, 1), (28, 28, 1), (32, 32, 3), (64, 64, 3)]
POINT = (2,)
DRAWS = 300


def draw(space, folder, count: int, tuner: str = "random", **fixed) -> list[keras_tuner.HyperParameters]:
    """What an oracle draws from a space."""
    oracle = oracles.make(tuner, count, 3, "val_accuracy", "max", fixed)
    oracle.save = oracle._save_trial = lambda *_: None
    base_tuner.BaseTuner(oracle, hypermodel=space, directory=str(folder))
    return [oracle.create_trial(f"worker{number}").hyperparameters for number in range(count)]


@pytest.fixture(scope="module", params=SPACES)
def drawn(request, tmp_path_factory):
    """An architecture, and many draws from its space."""
    return request.param, draw(SPACES[request.param], tmp_path_factory.mktemp("draws"), DRAWS)


def test_every_architecture_has_a_space():
    assert SPACES.keys() == models.ARCHITECTURES.keys() == RECIPES.keys()


def test_every_draw_is_valid_for_every_picture(drawn):
    name, draws = drawn
    architecture, recipe = models.ARCHITECTURES[name], recipes.find(RECIPES[name])
    seen = set()
    for hp in draws:
        changed = recipe.override(SPACES[name](hp))
        if name in ("seq2seq", "transformer"):
            architecture.Config(tokens=50, outputs=10, **changed.model)
        elif name == "gpt":
            architecture.Config(input_shape=(64,), tokens=50, **changed.model)
        else:
            shapes = {"rnn": SEQUENCES, "encoder": SEQUENCES, "gan": [*PICTURES, POINT]}.get(name, SHAPES)
            for shape in shapes:
                architecture.Config(input_shape=shape, outputs=10, **changed.model)
        seen.add(tuple(changed.model[setting] for setting in TELLING[name]))
    assert len(seen) > (3 if name == "sweep" else 15)  # or the draws would say little


def test_the_deepest_and_widest_net_is_built():
    filters = (32, 64, 128, 256)
    config = models.cnn.Config((8, 8, 1), 10, filters=filters, convolutions=(2,), kernel_size=5)
    assert models.cnn.build(config).output_shape == (None, 10)


def test_an_optimizer_has_the_rate_of_its_own_range(drawn):
    name, draws = drawn
    if name in ("gan", "policy"):
        pytest.skip("Adam alone; of two players see below")
    rates = {"adamw": [], "sgd": []}
    for hp in draws:
        settings = SPACES[name](hp)
        rates[settings["optimizer.name"]].append(settings["optimizer.learning_rate"])
    assert min(rates["adamw"]) >= 5e-4
    assert max(rates["adamw"]) <= 2e-2
    assert min(rates["sgd"]) >= 1e-2
    assert max(rates["sgd"]) <= 0.3


def test_residual_is_drawn_only_where_it_has_an_effect(tmp_path):
    drawn = [SPACES["cnn"](hp) for hp in draw(SPACES["cnn"], tmp_path, 50)]
    seen = {(settings["model.convolutions"], settings["model.residual"]) for settings in drawn}
    assert seen == {((1,), False), ((2,), False), ((2,), True)}


def test_settings_survive_the_command_line_and_the_table(drawn):
    """What a trial is told as text, and what a table reads from values alone, is what was drawn."""
    name, draws = drawn
    recipe = recipes.find(RECIPES[name])
    for hp in draws[:50]:
        settings = SPACES[name](hp)
        words = trials.command_line(settings)
        texts = {key.removeprefix("--"): text for key, text in zip(words[::2], words[1::2], strict=True)}
        assert recipe.override(texts) == recipe.override(settings)
        assert SPACES[name](_Drawn(hp.values)) == settings


def test_two_players_have_rates_of_their_own_and_a_penalty_where_it_is_asked_for(tmp_path):
    drawn = [SPACES["gan"](hp) for hp in draw(SPACES["gan"], tmp_path, 60)]
    ratios = {
        round(settings["discriminator.learning_rate"] / settings["optimizer.learning_rate"])
        for settings in drawn
    }
    assert ratios == {1, 2, 4}
    assert all(
        (settings["duel.penalty"] > 0) == (settings["duel.loss"] == "wasserstein") for settings in drawn
    )
    assert {settings["duel.smoothing"] for settings in drawn} == {0.0, 0.1}


def test_a_setting_of_ones_own_takes_the_place_of_its_range(drawn, tmp_path):
    name, _ = drawn
    if name == "gan":
        (hp,) = draw(SPACES[name], tmp_path, 1, **{"duel.loss": "hinge", "training.batch_size": 16})
        settings = SPACES[name](hp)
        assert (settings["duel.loss"], settings["training.batch_size"]) == ("hinge", 16)
        return
    if name == "policy":
        (hp,) = draw(SPACES[name], tmp_path, 1, **{"agent.epochs": 3, "model.activation": "gelu"})
        settings = SPACES[name](hp)
        assert (settings["agent.epochs"], settings["model.activation"]) == (3, "gelu")
        return
    own = {"model.bias_deviation": 0.25} if name == "sweep" else {"model.dropout": 0.25}
    fixed = {"optimizer.name": "sgd", "training.batch_size": 16, **own}
    for hp in draw(SPACES[name], tmp_path, 20, **fixed):
        settings = SPACES[name](hp)
        assert {key: settings[key] for key in fixed} == fixed
        assert settings["optimizer.learning_rate"] >= 1e-2
    (hp,) = draw(SPACES[name], tmp_path, 1, **{"optimizer.name": "lion"})
    assert "optimizer.learning_rate" not in SPACES[name](hp)  # the recipe's stays


@pytest.mark.parametrize("tuner", oracles.TUNERS)
def test_equal_seeds_draw_the_same_and_others_do_not(tuner, tmp_path):
    first = draw(SPACES["cnn"], tmp_path / "a", 4, tuner)
    again = draw(SPACES["cnn"], tmp_path / "b", 4, tuner)
    assert [hp.values for hp in first] == [hp.values for hp in again]
    other = oracles.make(tuner, 4, 4, "val_accuracy", "max", {})
    base_tuner.BaseTuner(other, hypermodel=SPACES["cnn"], directory=str(tmp_path / "c"))
    assert other.create_trial("x").hyperparameters.values != first[0].values
