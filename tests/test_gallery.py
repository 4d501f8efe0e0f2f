"""The gallery: each folder is what its recipe makes, and its figures are its model's."""

import json

import keras
import numpy as np
import pytest

from benchmarks import torsos as torsos_benchmark
from data import DataUnavailable
from models import gan
from training import gallery, recipes, runs, snapshots, timeline, torsos, trainer
from training.callbacks import higher_is_better
from training.runs import Run

NAMES = gallery.RECIPES
MAX_BYTES = 12 * 2**20
PAIR = ("multi30k_small_seq2seq", "multi30k_small_no_attention_seq2seq")  # differ in attention alone
LONG = {  # thousands of sentences by beams or of pictures: half a minute and more each
    "tatoeba_seq2seq",
    "tatoeba_transformer",
    "pronouns_transformer",
    "fashion_gan",
}


@pytest.fixture(params=NAMES)
def run(request) -> Run:
    return runs.find(request.param, runs.GALLERY)


def test_the_gallery_holds_what_is_promised():
    assert {run.name for run in runs.runs_in(runs.GALLERY)} == set(NAMES)


def test_each_model_is_what_its_recipe_makes(run):
    recipe = recipes.find(run.name)
    assert recipes.from_config(run.config).to_config() == recipe.to_config()
    assert run.state == "finished"
    spec, built = trainer.spec_of(run), recipe.build_model(trainer.spec_of(run))
    models = [keras.models.load_model(path) for path in run.model_paths]
    if recipe.architecture == "gan":
        wanted = list(gan.players(built))
        assert models[0].output_shape == (None, *spec.input_shape)
        assert models[0].inputs[0].shape == (None, recipe.model["latent"])
    else:
        wanted = [built]
        assert keras.tree.flatten(models[0].output)[0].shape[-1] == spec.outputs
        # A GPT reads any number of tokens up to its context.
        shape = [None] if recipe.architecture == "gpt" else spec.input_shape
        assert keras.tree.flatten(models[0].input)[0].shape == (None, *shape)
    for model, untrained in zip(models, wanted, strict=True):
        layers = [(layer.name, type(layer).__name__) for layer in model.layers]
        assert layers == [(layer.name, type(layer).__name__) for layer in untrained.layers]
        assert [w.shape for w in model.weights] == [w.shape for w in untrained.weights]


def test_each_model_reaches_what_its_recipe_expects(run):
    expected = recipes.find(run.name).expected
    for figure, bound in expected.test.items():
        found = run.evaluation["test"][figure]
        assert found >= bound if higher_is_better(figure) else found <= bound
    if expected.parameters:
        assert run.config["parameters"] <= expected.parameters


def test_folders_are_small_and_have_no_checkpoint(run):
    files = [path for path in run.path.rglob("*") if path.is_file()]
    recipe = recipes.find(run.name)
    more = {"snapshots.npz"} if recipe.training.snapshots else set()
    more |= {"sweep.json"} if recipe.architecture == "sweep" else set()
    if recipe.architecture in ("seq2seq", "transformer"):
        more |= {"source_tokenizer.json", "target_tokenizer.json"}
    more |= {"tokenizer.json"} if recipe.architecture == "gpt" or recipe.source == "pronouns" else set()
    more |= {path.name for path in run.model_paths}
    more |= {path.name for path in (run.path / timeline.FOLDER).glob("*.png")}
    assert {path.name for path in files} == {*gallery.FILES, "status.json", *more}
    assert sum(path.stat().st_size for path in files) < MAX_BYTES
    assert run.metrics()[-1]["step"] == run.status["step"] == run.status["steps"]


def test_snapshots_are_those_of_the_model(run):
    if not recipes.find(run.name).training.snapshots:
        pytest.skip("keeps none")
    kept = snapshots.load(run.path)
    model = keras.models.load_model(run.model_path)
    assert min(kept) == 0
    assert max(kept) == run.status["steps"]
    for weights in kept.values():
        assert [weight.shape for weight in weights] == [weight.shape for weight in model.get_weights()]


def test_generators_of_pictures_have_a_timeline(run):
    shape = run.config["spec"]["input_shape"]
    if run.config["architecture"] != "gan" or len(shape) != 3:
        pytest.skip("makes no pictures")
    steps, pictures = timeline.load(run.path, tuple(shape))
    assert (steps[0], steps[-1]) == (0, run.status["steps"])
    assert len(steps) > 30
    assert pictures[0].std() < pictures[-1].std()  # from a grey mist to pictures


def test_sweeps_say_what_they_are_kept_for():
    """Deep narrow ReLU nets die and the others do not; more width helps; a polynomial never fits."""
    nets = runs.find("abs_sweep", runs.GALLERY).sweep["nets"]
    share = {(n["activation"], n["depth"], n["width"]): n["constant"] / len(n["errors"]) for n in nets}
    assert share["relu", 12, 2] > 0.9
    assert share["relu", 12, 2] > share["relu", 12, 8] + 0.5
    assert share["relu", 12, 2] > share["relu", 2, 2] + 0.3
    assert max(value for (name, *_), value in share.items() if name == "leaky_relu") < 0.1
    sine = runs.find("sine_sweep", runs.GALLERY).sweep
    error = {(n["activation"], n["width"]): float(np.median(n["errors"])) for n in sine["nets"]}
    for name in ("relu", "tanh", "gelu"):
        assert error[name, 128] < error[name, 2] / 20
    assert error["quadratic", 128] > 0.8 * sine["deviation"] ** 2


def test_attention_pays_where_sentences_are_long():
    """Equal settings but for attention; from 11 tokens on the intervals of BLEU lie apart, short ones overlap."""
    both = [runs.find(name, runs.GALLERY) for name in PAIR]
    configs = [{**run.config, "model": {**run.config["model"], "attention": ""}} for run in both]
    same = ("data", "model", "optimizer", "training", "seed")
    assert all(configs[0][part] == configs[1][part] for part in same)
    assert both[0].status["steps"] == both[1].status["steps"]
    groups = [run.evaluation["test"]["by_length"] for run in both]
    assert [row["longest"] for row in groups[0]] == [row["longest"] for row in groups[1]]
    for have, lack in zip(*groups, strict=True):
        assert have["bleu_low"] < have["bleu"] < have["bleu_high"]
        apart = have["bleu_low"] > lack["bleu_high"]
        assert apart == (have["longest"] > 10)
    with_, without = (run.evaluation["test"]["bleu"] for run in both)
    assert with_ > without + 10


def test_torsos_say_what_they_are_kept_for():
    """Who sees the moment alone is lost where the past decides; who remembers is right nearly every time."""
    path = runs.GALLERY / torsos_benchmark.FILE
    assert path.stat().st_size < 100_000
    games = json.loads(path.read_text())["games"]
    assert "memory_chain" in games
    assert set(games) <= set(torsos_benchmark.GAMES)
    lost = {"memory_chain": 0.4, "t_maze": 2.6, "cartpole_masked": 100}
    right = {"memory_chain": 0.9, "t_maze": 3.8, "cartpole_masked": 450}
    for game, found in games.items():
        recipe = torsos.recipe_of(game)
        assert found["settings"] == recipe.to_config()["data"]
        assert found["steps"] == recipe.training.steps
        means, best = {}, {}
        for torso in torsos.fitting(game):
            agents = [agent for agent in found["agents"] if agent["torso"] == torso]
            assert [agent["seed"] for agent in agents] == list(range(torsos_benchmark.SEEDS))
            assert all(agent["rows"]["step"][-1] >= 0.97 * found["steps"] for agent in agents)
            returns = [agent["test"]["return"] for agent in agents]
            means[torso], best[torso] = np.mean(returns), max(returns)
        assert best["mlp"] < lost[game]
        assert means["encoder"] > right[game]
        assert best["rnn"] > right[game]  # over 50 steps an LSTM does not find it with every seed


@pytest.mark.datasets
@pytest.mark.parametrize(
    "run",
    [pytest.param(name, marks=pytest.mark.slow) if name in LONG else name for name in NAMES],
    indirect=True,
)
def test_figures_are_the_models_own(run, tmp_path):
    copy = Run(tmp_path / run.name)
    copy.path.mkdir()
    for name in ("config.json", *(path.name for path in run.model_paths), *gallery.MORE):
        if (run.path / name).exists():
            (copy.path / name).write_bytes((run.path / name).read_bytes())
    try:
        figures = trainer.evaluate(copy, "test")
    except DataUnavailable as error:
        pytest.skip(str(error))
    groups, expected = figures.pop("by_length", []), dict(run.evaluation["test"])
    for group, told in zip(groups, expected.pop("by_length", []), strict=True):
        # BLEU, of 0 to 100, of a few sentences. Runs measured earlier have no intervals.
        assert {name: group[name] for name in told} == pytest.approx(told, abs=0.5)
    if run.config["architecture"] == "policy":  # a bit more or less makes another game of it
        error = 0.1 * (figures["deviation"] ** 2 + expected["deviation"] ** 2) ** 0.5  # of 100 games each
        assert figures["mean"] == pytest.approx(expected["mean"], abs=max(0.05, 3 * error))
        return
    # Beams may fall the other way where two are as good to the last bit.
    assert figures == pytest.approx(expected, abs=0.05)


def test_a_worse_model_does_not_take_a_better_ones_place(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "GALLERY", tmp_path / "gallery")

    def finished(name: str, accuracy: float) -> Run:
        config = {"recipe": "digits_cnn", "training": {"monitor": "val_accuracy"}}
        run = runs.create(tmp_path, name, config)
        run.write_json("evaluation.json", {split: {"accuracy": accuracy} for split in ("validation", "test")})
        run.metrics_path.write_text("")
        run.model_path.write_text(name)
        return run

    assert gallery.publish(finished("first", 0.98))
    assert not gallery.publish(finished("worse", 0.97))
    assert (tmp_path / "gallery" / "digits_cnn" / "model.keras").read_text() == "first"
    assert gallery.publish(finished("better", 0.99))
    assert json.loads((tmp_path / "gallery" / "digits_cnn" / "evaluation.json").read_text())["test"] == {
        "accuracy": 0.99
    }
