"""The script of bare Keras builds, in a process of its own, the net whose page shows it."""

import json

import keras
import pytest

from apps import plain_keras
from models import cnn, mlp, sweep
from tests.conftest import run_python
from training import recipes

MODELS = {
    "function_mlp": mlp.Config((1,), 1, (6, 4), "prelu", "batch", 0.2, "glorot_uniform", 0.5),
    "points_mlp": mlp.Config((2,), 3, (8,), "tanh"),
    "digits_mlp": mlp.Config((8, 8, 1), 10, (), "relu"),
    "digits_cnn": cnn.Config((8, 8, 1), 10, (4, 8), (2, 1), normalization="layer", stride=2, widths=(5,)),
}


def config_of(recipe: str, outputs: int, **changes) -> dict:
    """A run's config, as far as the script needs it."""
    config = recipes.find(recipe).override(changes).to_config()
    of_values = recipe == "function_mlp"
    names = [str(number) for number in range(outputs)]
    return {**config, "spec": {"classes": [] if of_values else names, "values": names if of_values else []}}


def build(recipe: str) -> keras.Model:
    settings = MODELS[recipe]
    return (cnn if isinstance(settings, cnn.Config) else mlp).build(settings)


@pytest.fixture(scope="module")
def built() -> dict[str, list]:
    """The layers of each script's model, by running all of them in one bare process."""
    scripts = {
        name: plain_keras.script(build(name), config_of(name, MODELS[name].outputs, **{"training.l2": 0.01}))
        for name in MODELS
    }
    code = """
import contextlib, io, json, sys
found = {}
for name, script in json.loads(sys.argv[1]).items():
    space = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(script, space)
    assert not any(module in sys.modules for module in ("models", "training"))
    model = space["model"]
    found[name] = {
        "layers": [(type(layer).__name__, json.loads(json.dumps(layer.get_config(), default=str))) for layer in model.layers[1:]],
        "penalties": len(model.losses),
        "optimizer": type(model.optimizer).__name__,
        "rate": float(model.optimizer.learning_rate),
    }
print(json.dumps(found))
"""
    return json.loads(run_python(code, json.dumps(scripts)).splitlines()[-1])


@pytest.mark.parametrize("name", MODELS)
def test_the_script_builds_the_same_layers(name, built):
    wanted = [
        (type(layer).__name__, json.loads(json.dumps(layer.get_config(), default=str)))
        for layer in build(name).layers[1:]
    ]
    found = built[name]["layers"]
    assert [kind for kind, _ in found] == [kind for kind, _ in wanted]
    for (_, one), (_, other) in zip(found, wanted, strict=True):
        differing = {key for key in other if one.get(key) != other[key]}
        assert differing <= {"kernel_regularizer", "dtype"}, one["name"]


def test_penalties_and_the_optimizer_come_along(built):
    assert built["function_mlp"]["penalties"] == 3  # one a kernel
    assert built["points_mlp"]["optimizer"] == "Adam"
    assert built["points_mlp"]["rate"] == pytest.approx(0.01)
    assert built["digits_mlp"]["optimizer"] == "AdamW"


def test_the_loss_is_the_runs():
    script = plain_keras.script(
        build("function_mlp"), config_of("function_mlp", 1, **{"training.loss": "huber"})
    )
    assert "keras.losses.Huber()" in script
    assert "schedule" in script


def test_what_keras_has_no_word_for_has_no_script():
    points = build("points_mlp")
    assert plain_keras.script(points, config_of("points_mlp", 3, **{"training.loss": "hinge"})) is None
    assert (
        plain_keras.script(points, config_of("points_mlp", 3, **{"training.loss": "squared_error"})) is None
    )
    branched = sweep.build(sweep.Config((1,), 1))
    assert plain_keras.script(branched, config_of("function_mlp", 1)) is None
