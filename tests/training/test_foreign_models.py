"""A classifier from elsewhere in a run's folder: its probabilities are recognised."""

import keras
import numpy as np
import pytest

from training import recipes, trainer
from training.runs import RunError

L = keras.layers
POINTS = ["0.1,0.4", "1.2,-0.3", "-0.8,0.9"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Runs, of which one is finished."""
    folder = tmp_path_factory.mktemp("runs")
    recipe = recipes.find("points_mlp").override({"training.epochs": "3", "training.snapshots": "0"})
    trainer.train(trainer.create(recipe, folder, "own"), quiet=True)
    return folder


@pytest.fixture
def run(folder):
    """The run with its own model of logits, which the test may exchange."""
    from training.runs import Run

    run = Run(folder / "own")
    kept = run.model_path.read_bytes()
    yield run
    run.model_path.write_bytes(kept)


def squashed(model: keras.Model, *ends) -> keras.Model:
    y = model.output
    for end in ends:
        y = end(y)
    return keras.Model(model.input, y)


def single_sigmoid(model: keras.Model) -> keras.Model:
    """The same answers as one probability, that of the second class."""
    difference = L.Dense(
        1, use_bias=False, kernel_initializer=keras.initializers.Constant(0), activation="sigmoid"
    )
    found = squashed(model, difference)
    difference.set_weights([np.array([[-1.0], [1.0]])])
    return found


ENDINGS = {
    "softmax": lambda model: squashed(model, L.Softmax()),
    "softmax behind others": lambda model: squashed(
        model,
        L.Activation("softmax"),
        L.Dropout(0.5),
        L.Reshape((2,)),
        L.Activation("linear", dtype="float32"),
    ),
    "log_softmax": lambda model: squashed(model, L.Activation("log_softmax")),
    "one sigmoid": single_sigmoid,
    "a nested model": lambda model: squashed(model, keras.Sequential([keras.Input((2,)), L.Softmax()])),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_evaluate_and_predict_read_probabilities_as_such(run, name):
    expected = trainer.evaluate(run, "test", save=False), list(trainer.predict(run, POINTS))
    ENDINGS[name](trainer.load_model(run)).save(run.model_path)
    figures, answers = trainer.evaluate(run, "test", save=False), list(trainer.predict(run, POINTS))
    assert figures == pytest.approx(expected[0], abs=1e-4)
    for found, right in zip(answers, expected[1], strict=True):
        assert found["output"] == right["output"]
        assert found["probabilities"] == pytest.approx(right["probabilities"], abs=1e-5)


def test_each_of_several_sigmoids_is_a_probability(run):
    model = squashed(trainer.load_model(run), L.Activation("sigmoid"))
    model.save(run.model_path)
    (answer,) = trainer.predict(run, POINTS[:1])
    output = model(np.array([[float(x) for x in POINTS[0].split(",")]]))[0].numpy()
    assert list(answer["probabilities"].values()) == pytest.approx(output.tolist(), abs=1e-5)


def test_a_model_of_other_classes_is_told(run):
    squashed(trainer.load_model(run), L.Dense(5, activation="softmax")).save(run.model_path)
    with pytest.raises(RunError, match="gives 5 probabilities, and the run's data have 2 classes"):
        list(trainer.predict(run, POINTS))
