"""The page Approximation: a function, the net that fits it at any step, and the way to a net of one's own."""

import base64

import numpy as np
import pytest

from apps import launch
from inspection.tiles import ZERO
from tests.apps.conftest import Shelves, component, drawn, field, keep_snapshots, texts
from training import recipes, trainer
from training.runs import Run, runs_in
from training.saving import save_model

STEPS = (0, 4, 100)
CORNER = {"data.formula": "abs(x)", "data.low": -2.0, "data.high": 2.0}
WAVE = {"data.formula": "3 * sin(2 * x) - 10", "data.low": 0.0, "data.high": 4.0}


def add(shelves: Shelves, name: str = "fit", recipe: str = "function_mlp", **changes) -> Run:
    """A run on a function with small random weights."""
    where = {key: changes.pop(key) for key in ("shelf", "state", "error", "model", "rows") if key in changes}
    return shelves.add(
        name, recipe=recipe, **where, **{"model.widths": "6", "data.examples": 1000, **changes}
    )


def forward(weights, inputs: np.ndarray) -> list[np.ndarray]:
    """A dense ReLU net by hand: what each hidden layer gives, and last the outputs."""
    found, x = [], inputs
    for kernel, bias in zip(weights[::2], weights[1::2], strict=True):
        x = x @ kernel + bias
        found.append(x)
        x = np.maximum(x, 0)
    return [*(np.maximum(each, 0) for each in found[:-1]), found[-1]]


def fit(weights, function, low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    """A function on [low, high], and what a net for it with these weights gives, in the function's own units."""
    values = function(np.linspace(low, high, 401))
    centre, spread = (values.max() + values.min()) / 2, (values.max() - values.min()) / 2
    points = np.linspace(low, high, 301)
    inputs = (points - (low + high) / 2) / ((high - low) / 2)
    return function(points), forward(weights, inputs[:, None])[-1][:, 0] * spread + centre


def pixels(picture: dict, count: int, width: int) -> np.ndarray:
    return np.frombuffer(base64.b64decode(picture["pixels"]), "uint8").reshape(count, width)


def lines(tested) -> dict[str, np.ndarray]:
    return {line["name"]: np.array(line["values"]) for line in component(tested, "curves")["lines"]}


def figures(tested) -> dict[str, str]:
    return {metric.label: metric.value for metric in tested.metric}


def fit_it(tested):
    """The button, or None where there is none."""
    return next((button for button in tested.button if button.label == "Fit it"), None)


def typed(tested, text: str):
    drawn(field(tested, "selectbox", "Function").set_value("Your formula").run())
    return drawn(field(tested, "text_input", "Formula of x, or of x and y").set_value(text).run())


@pytest.fixture
def started(monkeypatch) -> list[Run]:
    """What the page has had trained, while no process begins."""
    found: list[Run] = []
    monkeypatch.setattr(launch, "start", lambda run, devices="auto": found.append(run))
    return found


# What is watched


@pytest.mark.parametrize("shelf", ["runs", "gallery"])
def test_the_net_is_drawn_as_it_was_at_each_step(shelves, page, shelf):
    run = add(shelves, shelf=shelf, **WAVE)
    kept = keep_snapshots(run, STEPS)
    tested = page("approximation")
    assert component(tested, "curves")["domain"] == [0, 4]
    slider = f"step-{shelf}/fit"
    assert tested.select_slider(key=slider).value == STEPS[-1]
    seen = []
    for step in (STEPS[-1], STEPS[0], STEPS[1]):
        drawn(tested.select_slider(key=slider).set_value(step).run())
        target, fitted = fit(kept[step], lambda x: 3 * np.sin(2 * x) - 10, 0, 4)
        found = lines(tested)
        np.testing.assert_allclose(found["the function"], target, rtol=1e-4)
        np.testing.assert_allclose(found["the net"], fitted, rtol=1e-4)
        told = figures(tested)
        assert float(told["Root mean square error"]) == pytest.approx(
            np.sqrt(np.mean((fitted - target) ** 2)), rel=0.01
        )
        assert float(told["Largest error"]) == pytest.approx(np.abs(fitted - target).max(), rel=0.01)
        assert told["After"] == f"{step:,} steps"
        seen.append(found["the net"])
    assert np.abs(seen[0] - seen[1]).max() > 0.1  # or the slider would not be seen to do anything
    low, high = component(tested, "curves")["range"]
    assert low < -13 < -7 < high


def test_what_each_unit_adds_is_drawn(shelves, page):
    run = add(shelves, **{"model.widths": "5, 7"}, **CORNER)
    weights = keep_snapshots(run, STEPS)[STEPS[-1]]
    tested = page("approximation")
    first, second, _ = forward(weights, np.linspace(-1, 1, 301)[:, None])
    for layer, curves in (("dense2_act", second * weights[-2][:, 0]), ("dense1_act", first)):
        if layer == "dense1_act":
            (ways,) = (each for each in tested.segmented_control if each.label == "Units of")
            drawn(ways.set_value(layer).run())
        bends = component(tested, "curves")["bends"]
        assert bends["name"] == layer
        assert bends["count"] == curves.shape[1]
        assert ("what each unit adds" in bends["note"]) == (layer == "dense2_act")
        shown = pixels(bends, bends["count"], bends["width"]).astype(float)
        levels = (shown - ZERO) / (255 - ZERO)
        places = np.linspace(0, 300, bends["width"])
        expected = np.stack([np.interp(places, np.arange(301), curve) for curve in curves.T])
        np.testing.assert_allclose(levels, expected / np.abs(expected).max(), atol=0.05)


def test_a_net_without_hidden_units_is_a_line(shelves, page):
    run = add(shelves, **{"model.widths": "6"}, **CORNER)
    recipe = recipes.from_config(run.config).override({"model.widths": ""})
    run.write_json("config.json", {**run.config, **recipe.to_config()})
    run.model_path.unlink()
    weights = keep_snapshots(run, (0, 7))[7]
    tested = page("approximation")
    _, fitted = fit(weights, np.abs, -2, 2)
    np.testing.assert_allclose(lines(tested)["the net"], fitted, rtol=1e-3, atol=1e-4)
    assert np.ptp(np.diff(lines(tested)["the net"])) < 1e-3
    assert component(tested, "curves")["bends"] is None
    assert "no hidden unit" in texts(tested)


def test_noise_is_drawn_as_dots_and_a_net_far_off_stays_in_the_picture(shelves, page):
    run = add(shelves, **{"data.examples": 40, "data.noise": 0.2}, **CORNER)
    keep_snapshots(run, (0, 9), deviation=1e3)
    tested = page("approximation")
    shown = component(tested, "curves")
    dots = np.array(shown["dots"])
    assert dots.shape == (40, 2)
    away = dots[:, 1] - np.abs(dots[:, 0])
    assert np.std(away) == pytest.approx(0.2, rel=0.4)  # of a height of 2, which is |x|'s here
    assert np.isfinite(lines(tested)["the net"]).all()
    assert np.abs(shown["range"]).max() < 10  # the picture is the function's, wherever the net is


def test_a_surface_is_pictures(shelves, page):
    run = add(shelves, recipe="surface_mlp", **{"data.formula": "x * y", "data.low": -2.0, "data.high": 1.0})
    weights = keep_snapshots(run, STEPS)[STEPS[-1]]
    tested = page("approximation")
    shown = component(tested, "plane")
    assert (shown["low"], shown["high"], shown["axes"]) == ([-2, -2], [1, 1], ["x", "y"])
    axis = -2 + 3 * (np.arange(64) + 0.5) / 64  # the middles of the pixels
    x, y = np.meshgrid(axis, axis[::-1])  # the upper edge first
    inputs = np.stack([(x + 0.5) / 1.5, (y + 0.5) / 1.5], -1).reshape(-1, 2)
    fitted = forward(weights, inputs)[-1].reshape(64, 64) * 3 + 1  # x * y is -2 to 4 there
    by_name = {panel["name"]: panel for panel in shown["panels"]}
    for name, values in (("The function", x * y), ("The net", fitted), ("What is missing", x * y - fitted)):
        panel = by_name[name]
        levels = (pixels(panel, 64, 64).astype(float) - ZERO) / (255 - ZERO)
        away = 0 if name == "What is missing" else panel["centre"]  # no colour where nothing is missing
        np.testing.assert_allclose(levels, np.clip((values - away) / panel["scale"], -1, 1), atol=0.01)
        assert (panel["centre"], panel["scale"]) == (pytest.approx(1, abs=0.1), pytest.approx(3, abs=0.1))
    assert [layer["count"] for layer in component(tested, "units-maps")["layers"]] == [6]


def test_a_net_that_kept_nothing_on_the_way_is_shown_by_its_best_model(shelves, page):
    run = add(shelves, **CORNER)
    model = trainer.load_model(run)
    weights = [0.3 * each for each in model.get_weights()]  # so that no value leaves the picture
    model.set_weights(weights)
    save_model(model, run.model_path)
    tested = page("approximation")
    np.testing.assert_allclose(lines(tested)["the net"], fit(weights, np.abs, -2, 2)[1], rtol=1e-3, atol=1e-4)
    assert not tested.select_slider
    assert figures(tested)["After"] == "100 steps"


def test_a_run_that_failed_tells_why(shelves, page):
    add(shelves, "broken", state="failed", error="the loss is not finite: *NaN*", model=False, rows=0)
    tested = page("approximation")
    (told,) = tested.error
    assert told.value == r"The loss is not finite: \*NaN\*"
    assert fit_it(tested)
    assert "no weights yet" in texts(tested)


def test_a_run_that_failed_on_its_way_is_shown_as_far_as_it_came(shelves, page):
    run = add(shelves, "halfway", state="failed", error="no space left on the disk", **CORNER)
    keep_snapshots(run, (0, 3))
    tested = page("approximation")
    assert "No space left" in tested.error[0].value
    assert figures(tested)["After"] == "3 steps"


# What is asked for


def test_without_a_net_the_page_says_how_to_get_one(page):
    tested = page("approximation")
    assert "**Fit it**" in tested.info[0].value
    assert fit_it(tested)


@pytest.mark.parametrize(
    ("formula", "why"),
    [
        ("1/x", "no finite value at x = 0"),
        ("log(x)", "no finite value at x = -3"),
        ("exp(x^9)", "no finite value"),
        ("__import__('os')", "read the formula"),
        ("open('x')", "read the formula"),
        ("x.real", "read the formula"),
        ("(lambda: x)()", "read the formula"),
        ("x +", "read the formula"),
        ("3 * z", "no z"),
        ("sinus(x)", "no function sinus"),
        ("x / (y - y)", "no finite value"),
        ("   ", "Type a formula"),
    ],
)
def test_a_formula_that_is_none_is_told_and_stays(page, formula, why):
    tested = typed(page("approximation"), formula)
    (told,) = tested.warning
    said = told.value.replace("\\", "")
    assert why in said
    assert said[0].isupper() or said.startswith(formula[:1])
    assert fit_it(tested) is None
    assert field(tested, "text_input", "Formula of x, or of x and y").value == formula
    assert fit_it(typed(tested, "x^2 / 4"))
    assert not tested.warning


@pytest.mark.parametrize(("low", "high"), [(2.0, -2.0), (1.0, 1.0), (0.0, 1e9)])
def test_a_range_that_is_none_is_told(page, low, high):
    tested = page("approximation")
    (begin,) = (each for each in tested.number_input if each.label == "From")
    (end,) = (each for each in tested.number_input if each.label == "To")
    begin.set_value(low)
    end.set_value(high)
    drawn(tested.run())
    assert "low must lie below high" in tested.warning[0].value.replace("\\", "")
    assert fit_it(tested) is None


def test_a_drawn_curve_is_waited_for(page):
    tested = page("approximation")
    drawn(field(tested, "selectbox", "Function").set_value("Your drawing").run())
    assert "Draw a curve" in texts(tested)
    assert fit_it(tested) is None


def test_fit_it_makes_a_run_with_what_was_chosen(page, shelves, started):
    tested = page("approximation")
    field(tested, "selectbox", "Function").set_value("A corner")
    drawn(tested.run())
    field(tested, "text_input", "Hidden layers").set_value("8, 4")
    field(tested, "selectbox", "Activation").set_value("tanh")
    field(tested, "selectbox", "Loss").set_value("huber")
    for label, value in (
        ("Points to learn from", 321),
        ("Noise", 0.25),
        ("Learning rate", 0.02),
        ("Epochs", 3.0),
        ("Batch size", 32),
        ("L1", 0.001),
        ("L2", 0.002),
        ("Dropout", 0.1),
        ("First biases", 0.5),
        ("Seed", 5),
    ):
        field(tested, "number_input", label).set_value(value)
    field(tested, "selectbox", "Initialization").set_value("glorot_uniform")
    field(tested, "selectbox", "Optimizer").set_value("sgd")
    drawn(tested.run())
    drawn(fit_it(tested).click().run())
    (run,) = started
    assert [made.path for made in runs_in(shelves.runs)] == [run.path]
    config = run.config
    assert (config["recipe"], config["seed"]) == ("function_mlp", 5)
    expected = {
        "data": {"formula": "abs(x)", "low": -2, "high": 2, "examples": 321, "noise": 0.25, "heights": []},
        "model": {
            "widths": [8, 4],
            "activation": "tanh",
            "dropout": 0.1,
            "initializer": "glorot_uniform",
            "bias_deviation": 0.5,
        },
        "optimizer": {"name": "sgd", "learning_rate": 0.02},
        "training": {"loss": "huber", "epochs": 3, "batch_size": 32, "l1": 0.001, "l2": 0.002},
    }
    assert {part: {key: config[part][key] for key in found} for part, found in expected.items()} == expected
    assert config["training"]["snapshots"] > 10
    # The page turns to it, and keeps what was chosen.
    assert field(tested, "selectbox", "Model").value == f"runs/{run.name}"
    assert field(tested, "text_input", "Hidden layers").value == "8, 4"
    assert field(tested, "selectbox", "Function").value == "A corner"
    assert "queued" in texts(tested)


@pytest.mark.parametrize("formula", ["x * y", "y", "min(x, y) + 2"])
def test_a_formula_of_x_and_y_becomes_a_surface(page, started, formula):
    tested = typed(page("approximation"), formula)
    drawn(fit_it(tested).click().run())
    (run,) = started
    assert (run.config["recipe"], run.config["data"]["formula"]) == ("surface_mlp", formula)
    assert recipes.from_config(run.config).data.load().spec.features == ("x", "y")


@pytest.mark.parametrize(
    ("kind", "label", "value", "why"),
    [
        ("text_input", "Hidden layers", "0, 4", "widths"),
        ("text_input", "Hidden layers", "many", "widths"),
        ("text_input", "Hidden layers", "-3", "widths"),
        ("number_input", "Learning rate", 0.0, "learning_rate"),
        ("number_input", "Epochs", 0.0, "epochs"),
    ],
)
def test_a_setting_that_breaks_its_rule_is_told_and_no_run_is_made(
    page, shelves, started, kind, label, value, why
):
    tested = page("approximation")
    drawn(field(tested, kind, label).set_value(value).run())
    drawn(fit_it(tested).click().run())
    (told,) = tested.error
    assert why in told.value.replace("\\", "")
    assert not started
    assert not list(shelves.runs.iterdir())
    assert field(tested, kind, label).value == value


def test_a_link_brings_its_settings(page, started):
    asked = {
        ("selectbox", "Function"): "Your formula",
        ("text_input", "Formula of x, or of x and y"): "x^3",
        ("text_input", "Hidden layers"): "8,8",
        ("selectbox", "Activation"): "tanh",
        ("number_input", "Epochs"): 3,
        ("number_input", "Noise"): 0.1,
        ("number_input", "From"): -1.5,
    }
    usual = typed(page("approximation"), "x^3")
    query = {field(usual, *place).key: str(value) for place, value in asked.items()}
    tested = page("approximation", **query)
    assert {place: field(tested, *place).value for place in asked} == asked
    drawn(fit_it(tested).click().run())
    config = started[0].config
    assert (config["data"]["formula"], config["data"]["low"]) == ("x^3", -1.5)
    assert (config["model"]["widths"], config["model"]["activation"]) == ([8, 8], "tanh")


@pytest.mark.parametrize(
    "nonsense", ["<b>", "nan", "inf", "-1", "1e99", "__import__('os').abort()", "x" * 2000]
)
def test_a_link_that_is_none_leaves_the_page_alive(page, nonsense):
    usual = typed(page("approximation"), "x")
    kinds = ("selectbox", "text_input", "number_input")
    keys = [each.key for kind in kinds for each in usual.get(kind) if each.key]
    assert len(keys) > 10
    tested = page("approximation", **dict.fromkeys(keys, nonsense))
    assert field(tested, "selectbox", "Function").value == "Two waves"
    tested = page("approximation", **{**dict.fromkeys(keys, nonsense), "function": "Your formula"})
    assert field(tested, "selectbox", "Function").value == "Your formula"
