"""The gallery: each folder is what its recipe makes, and its figures are its model's."""

import json

import keras
import pytest

from data import DataUnavailable
from training import gallery, recipes, runs, trainer
from training.runs import Run

NAMES = gallery.RECIPES
MAX_BYTES = 12 * 2**20


@pytest.fixture(params=NAMES)
def run(request) -> Run:
    return runs.find(request.param, runs.GALLERY)


def test_the_gallery_holds_what_is_promised():
    assert {run.name for run in runs.runs_in(runs.GALLERY)} == set(NAMES)


def test_each_model_is_what_its_recipe_makes(run):
    recipe = recipes.find(run.name)
    assert recipes.from_config(run.config).to_config() == recipe.to_config()
    assert run.state == "finished"
    model = keras.models.load_model(run.model_path)
    spec = run.config["spec"]
    assert model.output_shape == (None, len(spec["classes"]))
    assert model.input_shape == (None, *spec["input_shape"])
    built = recipe.build_model(trainer.spec_of(run))
    layers = [(layer.name, type(layer).__name__) for layer in model.layers]
    assert layers == [(layer.name, type(layer).__name__) for layer in built.layers]
    assert [w.shape for w in model.weights] == [w.shape for w in built.weights]


def test_each_model_reaches_what_its_recipe_expects(run):
    expected = recipes.find(run.name).expected
    for figure, least in expected.test.items():
        assert run.evaluation["test"][figure] >= least
    if expected.parameters:
        assert run.config["parameters"] <= expected.parameters


def test_folders_are_small_and_have_no_checkpoint(run):
    files = [path for path in run.path.rglob("*") if path.is_file()]
    assert {path.name for path in files} == {*gallery.FILES, "status.json"}
    assert sum(path.stat().st_size for path in files) < MAX_BYTES
    assert run.metrics()[-1]["step"] == run.status["step"] == run.status["steps"]


@pytest.mark.datasets
def test_figures_are_the_models_own(run, tmp_path):
    copy = Run(tmp_path / run.name)
    copy.path.mkdir()
    for name in ("config.json", "model.keras"):
        (copy.path / name).write_bytes((run.path / name).read_bytes())
    try:
        figures = trainer.evaluate(copy, "test")
    except DataUnavailable as error:
        pytest.skip(str(error))
    assert figures == pytest.approx(run.evaluation["test"], abs=1e-4)


def test_a_worse_model_does_not_take_a_better_ones_place(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "GALLERY", tmp_path / "gallery")

    def finished(name: str, accuracy: float) -> Run:
        run = runs.create(tmp_path, name, {"recipe": "digits_cnn"})
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
