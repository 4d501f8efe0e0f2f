"""The page Boundary: points, the line that a net draws between them at any step, and the way to one's own."""

import base64
from typing import Any

import numpy as np
import pytest

from apps import launch
from data import SOURCES
from tests.apps.conftest import Shelves, component, drawn, field, keep_snapshots, texts
from training import recipes, settings, snapshots, trainer
from training.loop import Stop
from training.runs import GALLERY, Run, runs_in

STEPS = (0, 6, 100)
GRID = 90


def add(shelves: Shelves, name: str = "line", **changes) -> Run:
    """A run on points with small random weights."""
    where = {key: changes.pop(key) for key in ("shelf", "state", "error", "model", "rows") if key in changes}
    return shelves.add(
        name, recipe="points_mlp", **where, **{"model.widths": "6", "data.examples": 60, **changes}
    )


def outputs(weights, inputs: np.ndarray) -> np.ndarray:
    """The logits of a dense ReLU net by hand."""
    x = inputs
    for place, (kernel, bias) in enumerate(zip(weights[::2], weights[1::2], strict=True)):
        x = (np.maximum(x, 0) if place else x) @ kernel + bias
    return x


def shown(tested) -> tuple[np.ndarray, np.ndarray, dict]:
    """Class and sureness of each place of the picture, and all that it was given."""
    given = component(tested, "plane")
    (panel,) = given["panels"]
    classes, sure = (
        np.frombuffer(base64.b64decode(panel[name]), "uint8").reshape(GRID, GRID)
        for name in ("pixels", "sure")
    )
    return classes, sure / 255, given


def places(given: dict) -> np.ndarray:
    """Where the picture's places are, the upper edge first: `(GRID, GRID, 2)`."""
    shares = (np.arange(GRID) + 0.5) / GRID  # the middles of the pixels
    low, high = np.array(given["low"]), np.array(given["high"])
    across, up = low[0] + shares * (high - low)[0], high[1] - shares * (high - low)[1]
    return np.stack(np.meshgrid(across, up), -1)


def figures(tested) -> dict[str, str]:
    return {metric.label: metric.value for metric in tested.metric}


def train_it(tested):
    """The button, or None where there is none."""
    return next((button for button in tested.button if button.label == "Train it"), None)


def table(header: str = "wide,tall,kind", rows: int = 40) -> bytes:
    """A CSV whose classes lie far apart, in units of their own."""
    generator = np.random.default_rng(1)
    lines = [header] * bool(header)
    for row in range(rows):
        wide, tall = generator.normal(1000 if row % 2 else 3000, 200), generator.normal(0.5, 0.05)
        lines.append(f"{wide:.1f},{tall:.4f},{'oak' if row % 2 else 'beech'}")
    return "\n".join(lines).encode()


def uploaded(tested, content: bytes, name: str = "trees.csv"):
    drawn(field(tested, "selectbox", "Points").set_value("Your own CSV").run())
    return drawn(tested.file_uploader[0].set_value((name, content, "text/csv")).run())


@pytest.fixture
def started(monkeypatch) -> list[Run]:
    """What the page has had trained, while no process begins."""
    found: list[Run] = []
    monkeypatch.setattr(launch, "start", lambda run, devices="auto": found.append(run))
    return found


# What is watched


@pytest.mark.parametrize(
    ("loss", "kind", "classes"),
    [("cross_entropy", "spirals", 3), ("cross_entropy", "moons", 2), ("hinge", "spirals", 3)],
)
def test_the_boundary_is_the_nets_at_each_step(shelves, page, loss, kind, classes):
    run = add(shelves, **{"training.loss": loss, "data.kind": kind})
    kept = keep_snapshots(run, STEPS, deviation=1.5)
    tested = page("boundary")
    seen = []
    for step in (STEPS[-1], STEPS[0]):
        drawn(tested.select_slider(key="step-runs/line").set_value(step).run())
        labels, sure, given = shown(tested)
        logits = outputs(kept[step], places(given).reshape(-1, 2)).reshape(GRID, GRID, classes)
        assert np.mean(labels != logits.argmax(-1)) < 0.002  # on the line itself either is right
        if loss == "cross_entropy":
            shares = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
            expected = (shares.max(-1) - 1 / classes) / (1 - 1 / classes)
        else:
            best = np.sort(logits, -1)
            expected = np.clip(best[..., -1] - best[..., -2], 0, 1)
        np.testing.assert_allclose(sure, expected, atol=0.01)
        assert figures(tested)["After"] == f"{step} steps"
        seen.append(labels)
    assert np.mean(seen[0] != seen[1]) > 0.02  # or the slider would not be seen to do anything
    assert len(component(tested, "plane")["classes"]) == classes
    assert [layer["count"] for layer in component(tested, "units-maps")["layers"]] == [6]


def test_points_are_marked_where_they_are_held_out_and_the_figures_are_theirs(shelves, page):
    run = add(shelves)
    weights = keep_snapshots(run, STEPS)[STEPS[-1]]
    source = settings.override(SOURCES["points"], {"examples": 60}).load()
    tested = page("boundary")
    _, _, given = shown(tested)
    for split, held, told in (
        (source.train, False, "Training accuracy"),
        (source.validation, True, "Validation accuracy"),
    ):
        points = [point for point in given["points"] if point[3] is held]
        np.testing.assert_allclose([point[:2] for point in points], split.inputs, atol=1e-4)
        assert [point[2] for point in points] == split.targets.tolist()
        right = np.mean(outputs(weights, split.inputs).argmax(-1) == split.targets)
        assert figures(tested)[told] == f"{right:.1%}"
    assert len(given["points"]) == 60 + 20
    assert given["classes"] == ["upper moon", "lower moon"]
    low, high = np.array(given["low"]), np.array(given["high"])
    assert (source.train.inputs > low).all()
    assert (source.train.inputs < high).all()
    assert high[0] - low[0] == pytest.approx(high[1] - low[1])  # a square: a circle is seen as one


def test_a_net_that_kept_nothing_on_the_way_is_shown_by_its_best_model(shelves, page):
    import keras

    run = add(shelves, shelf="gallery")
    weights = keras.saving.load_model(run.model_path).get_weights()
    tested = page("boundary")
    labels, _, given = shown(tested)
    logits = outputs(weights, places(given).reshape(-1, 2)).reshape(GRID, GRID, 2)
    assert np.mean(labels != logits.argmax(-1)) < 0.002
    assert not tested.select_slider


def test_a_run_that_failed_tells_why(shelves, page):
    add(shelves, "broken", state="failed", error="the loss is not finite", model=False, rows=0)
    tested = page("boundary")
    assert tested.error[0].value == "The loss is not finite"
    assert train_it(tested)


def test_a_run_whose_table_is_gone_tells_so(shelves, page, tmp_path):
    path = tmp_path / "trees.csv"
    path.write_bytes(table())
    run = add(shelves, **{"data.file": str(path)})
    keep_snapshots(run, STEPS)
    path.unlink()
    tested = page("boundary")
    (told,) = tested.info
    assert "trees.csv can't be read" in told.value.replace("\\", "")
    assert train_it(tested)


def test_a_table_is_drawn_in_its_own_units(shelves, page, tmp_path):
    path = tmp_path / "trees.csv"
    path.write_bytes(table())
    run = add(shelves, **{"data.file": str(path)})
    weights = keep_snapshots(run, STEPS)[STEPS[-1]]
    spec = run.config["spec"]
    tested = page("boundary")
    labels, _, given = shown(tested)
    assert (given["axes"], given["classes"]) == (["wide", "tall"], ["beech", "oak"])
    dots = np.array([point[:2] for point in given["points"]])
    assert 500 < dots[:, 0].min() < dots[:, 0].max() < 3800
    assert 0.3 < dots[:, 1].min() < dots[:, 1].max() < 0.7
    inputs = (places(given).reshape(-1, 2) - spec["centre"]) / spec["spread"]
    assert np.mean(labels.ravel() != outputs(weights, inputs).argmax(-1)) < 0.002


def test_a_table_of_small_numbers_keeps_its_points_apart(shelves, page, tmp_path):
    path = tmp_path / "cells.csv"
    rows = [f"{i * 1e-6},{i * i * 1e-7},{'ab'[i % 2]}" for i in range(40)]
    path.write_text("\n".join(["x,y,kind", *rows]))
    keep_snapshots(add(shelves, **{"data.file": str(path)}), STEPS)
    _, _, given = shown(page("boundary"))
    assert len(given["points"]) > 25
    assert len({tuple(point[:2]) for point in given["points"]}) == len(given["points"])


# What is asked for


def test_without_a_net_the_page_says_how_to_get_one(page):
    tested = page("boundary")
    assert "**Train it**" in tested.info[0].value
    assert train_it(tested)


@pytest.mark.parametrize(
    ("picked", "kind"),
    [
        ("Moons", "moons"),
        ("Circles", "circles"),
        ("Spirals", "spirals"),
        ("Checkers (exclusive or)", "checkers"),
        ("Blobs", "blobs"),
    ],
)
def test_train_it_makes_a_run_with_what_was_chosen(page, shelves, started, picked, kind):
    tested = page("boundary")
    drawn(field(tested, "selectbox", "Points").set_value(picked).run())
    several = kind in ("spirals", "blobs")
    assert bool([each for each in tested.number_input if each.label == "Classes"]) == several
    if several:
        field(tested, "number_input", "Classes").set_value(4)
    field(tested, "slider", "Noise").set_value(0.05)
    for label, value in (("Points", 77), ("Draw", 9), ("Learning rate", 0.03), ("Epochs", 2.0), ("Batch size", 8), ("L2", 0.01), ("Seed", 3)):  # fmt: skip
        field(tested, "number_input", label).set_value(value)
    field(tested, "text_input", "Hidden layers").set_value("3, 5, 7")
    field(tested, "selectbox", "Loss").set_value("hinge")
    drawn(tested.run())
    drawn(train_it(tested).click().run())
    (run,) = started
    assert [made.path for made in runs_in(shelves.runs)] == [run.path]
    config = run.config
    expected = {
        "data": {"kind": kind, "noise": 0.05, "examples": 77, "seed": 9, "file": ""},
        "model": {"widths": [3, 5, 7]},
        "optimizer": {"learning_rate": 0.03},
        "training": {"epochs": 2, "batch_size": 8, "l2": 0.01, "loss": "hinge"},
    }
    assert {part: {key: config[part][key] for key in found} for part, found in expected.items()} == expected
    assert (config["recipe"], config["seed"]) == ("points_mlp", 3)
    spec = recipes.from_config(config).data.load().spec
    assert len(spec.classes) == (4 if several else 2)
    assert field(tested, "selectbox", "Model").value == f"runs/{run.name}"
    assert field(tested, "selectbox", "Points").value == picked
    assert field(tested, "number_input", "Points").value == 77


def test_a_link_brings_its_settings(page):
    asked = {
        ("selectbox", "Points"): "Spirals",
        ("number_input", "Classes"): 5,
        ("number_input", "Draw"): 7,
        ("slider", "Noise"): 0.4,
        ("text_input", "Hidden layers"): "8,8",
        ("selectbox", "Activation"): "tanh",
    }
    usual = page("boundary")
    drawn(field(usual, "selectbox", "Points").set_value("Spirals").run())
    tested = page("boundary", **{field(usual, *place).key: str(value) for place, value in asked.items()})
    assert {place: field(tested, *place).value for place in asked} == asked


@pytest.mark.parametrize("nonsense", ["<b>", "nan", "inf", "-1", "1e99", "x" * 2000])
def test_a_link_that_is_none_leaves_the_page_alive(page, nonsense):
    usual = page("boundary")
    drawn(field(usual, "selectbox", "Points").set_value("Spirals").run())
    kinds = ("selectbox", "text_input", "number_input", "slider")
    keys = [each.key for kind in kinds for each in usual.get(kind) if each.key]
    assert len(keys) > 10
    tested = page("boundary", **dict.fromkeys(keys, nonsense))
    assert field(tested, "selectbox", "Points").value == "Moons"


@pytest.mark.parametrize(
    ("kind", "label", "value", "why", "usual"),
    [
        ("text_input", "Hidden layers", "0, 4", "widths", "8, 8"),
        ("text_input", "Hidden layers", "4; 4", "widths", "8, 8"),
        ("number_input", "Learning rate", 0.0, "learning_rate", 0.1),
        ("number_input", "Epochs", 0.0, "epochs", 3.0),
    ],
)
def test_a_setting_that_breaks_its_rule_is_told_and_nothing_is_lost(
    page, shelves, started, kind, label, value, why, usual
):
    tested = page("boundary")
    drawn(field(tested, "selectbox", "Points").set_value("Circles").run())
    drawn(field(tested, kind, label).set_value(value).run())
    drawn(train_it(tested).click().run())
    (told,) = tested.error
    assert why in told.value.replace("\\", "")
    assert not started
    assert not list(shelves.runs.iterdir())
    assert field(tested, kind, label).value == value
    assert field(tested, "selectbox", "Points").value == "Circles"
    drawn(field(tested, kind, label).set_value(usual).run())
    drawn(train_it(tested).click().run())
    assert not tested.error
    assert started[0].config["data"]["kind"] == "circles"


# A table of one's own


def test_a_table_of_ones_own_goes_into_the_runs_folder(page, started):
    content = table()
    tested = uploaded(page("boundary"), content)
    assert "40 points of 2 classes" in texts(tested)
    drawn(train_it(tested).click().run())
    (run,) = started
    data = run.config["data"]
    kept = run.path / "table.csv"
    assert data["file"] == str(kept)
    assert kept.read_bytes() == content
    assert (data["columns"], data["label"]) == (["wide", "tall"], "kind")
    spec = recipes.from_config(run.config).data.load().spec
    assert (spec.features, spec.classes) == (("wide", "tall"), ("beech", "oak"))


def test_columns_and_class_are_chosen(page, started):
    lines = ["kind,a,b,c"] + [f"{'uv'[row % 2]},{row},{row * row},{-row}" for row in range(30)]
    tested = uploaded(page("boundary"), "\n".join(lines).encode())
    (label,) = (each for each in tested.selectbox if each.label == "Class")
    assert label.options == ["kind", "a", "b", "c"]
    drawn(label.set_value("kind").run())
    (across,) = (each for each in tested.selectbox if each.label == "Across")
    (up,) = (each for each in tested.selectbox if each.label == "Up")
    assert (across.value, up.value) == ("a", "b")
    drawn(across.set_value("c").run())
    drawn(train_it(tested).click().run())
    data = started[0].config["data"]
    assert (data["columns"], data["label"]) == (["c", "b"], "kind")
    assert recipes.from_config(started[0].config).data.load().spec.features == ("c", "b")


@pytest.mark.parametrize(
    ("lines", "columns", "label"),
    [
        (["1.5,2.5,a", "3,4,b"] * 5 + [f"{i},{i % 3},a" for i in range(9)], ["1", "2"], "3"),  # no header
        (
            ["name,x,y,kind"] + [f"tree {i},{i},{i % 4},{'ab'[i % 2]}" for i in range(20)],
            ["x", "y"],
            "kind",
        ),
        pytest.param(  # as pandas writes it
            [",x,y,kind"] + [f"{i},{i},{i % 4},{'ab'[i % 2]}" for i in range(20)],
            ["x", "y"],
            "kind",
        ),
        ([f"tree,{i},{i % 4},{'ab'[i % 2]}" for i in range(20)], ["2", "3"], "4"),
        (["a,a,a"] + [f"{i},{i % 4},{'ab'[i % 2]}" for i in range(20)], ["1", "2"], "3"),
    ],
)
def test_columns_of_numbers_are_found(page, started, lines, columns, label):
    tested = uploaded(page("boundary"), "\n".join(lines).encode())
    assert not tested.warning, tested.warning[0].value
    drawn(train_it(tested).click().run())
    data = started[0].config["data"]
    assert (data["columns"], data["label"]) == (columns, label)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no rows"),
        (b"this is a letter to my aunt\nwho has no computer", "1 column"),
        (b"a,b,c\nred,blue,yes\ngreen,black,no\n" * 3, "is no number"),
        (b"a,b,c\n1,2,yes\n", "one row"),
        (b"a,b,c\n" + b"".join(b"%d,%d,yes\n" % (i, i * i) for i in range(20)), "one class"),
        (b"a,b,c\n1,2,yes\n3,,no\n5,6,yes\n", "there is a gap"),
        (b"a,b,c\n1,2,yes\n3,4,\n5,6,yes\n", "there is no class"),
        (b",".join(b"%d" % i for i in range(10_000)) + b"\n" + b",".join([b"1"] * 10_000), "columns"),
        (b"a,b,c\n1,2,yes\n3,4,no,more\n", "columns"),
        (b"a,b,c\n1,1,yes\n1,2,no\n1,3,yes\n", "tells nothing of the class"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\xff\xfe" * 50, "no text file"),
        ("a,b,c\n1,2,größer\n".encode("latin-1"), "one row"),
        (b"a,b,c\n1e400,2,yes\n3,4,no\n", "row 2"),
        (b'a,b,c\n1,"2,yes\n3,4,no\n', ""),
    ],
    ids=["empty", "text", "words", "a row", "a class", "gap", "no class", "wide", "uneven", "same", "picture", "latin", "huge", "quote"],
)  # fmt: skip
def test_a_table_that_is_none_is_a_sentence_and_the_page_lives(page, started, content, why):
    tested = uploaded(page("boundary"), content, "bad_[x](y).csv")
    (told,) = tested.warning
    said = told.value.replace("\\", "")
    assert why in said
    assert "bad_[x](y).csv" in said.lower()
    assert "\\[x\\]" in told.value  # no link is made of a file's name
    assert train_it(tested) is None
    drawn(tested.file_uploader[0].set_value(("good.csv", table(), "text/csv")).run())
    assert not tested.warning
    assert train_it(tested)


def test_a_table_too_small_to_be_divided_is_told_before_a_run_is_made(page, shelves, started):
    tested = uploaded(page("boundary"), b"a,b,c\n1,2,yes\n3,4,no\n")
    if train_it(tested):
        drawn(train_it(tested).click().run())
    assert not started
    assert tested.warning or tested.error


# The first frame, and results that are older than the settings


def frame_at_start(tested) -> dict[str, Any]:
    """What the page draws of the run that has just been started."""
    return component(tested, "plane")


def test_the_untrained_network_is_drawn_at_once(page, shelves, monkeypatch):
    """Until its process has said a word, the page shows the weights that the training begins with."""
    monkeypatch.setattr(launch, "start", lambda run, devices="auto": run.update_status(state="queued", pid=1))
    tested = page("boundary")
    tested.number_input(key="points_mlp.seed").set_value(3.0)
    tested = drawn(train_it(tested).click().run())
    (run,) = runs_in(shelves.runs)
    assert "spec" not in run.config
    given = frame_at_start(tested)
    assert len(given["points"]) > 100
    assert "queued" not in texts(tested)
    assert figures(tested)["After"] == "0 steps"

    trainer.train(run, quiet=True, stop=stopped())
    first = snapshots.load(run.path)[0]
    labels = np.frombuffer(base64.b64decode(given["panels"][0]["pixels"]), "uint8").reshape(GRID, GRID)
    wanted = outputs(first, places(given).reshape(-1, 2)).argmax(-1).reshape(GRID, GRID)
    assert np.mean(labels != wanted) < 0.002


def stopped() -> Any:
    """A stop that was asked for before the first step."""
    made = Stop()
    made.wanted = True
    return made


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("moons.noise", 0.4, "other data"),
        ("points.examples", 300.0, "other data"),
        ("points_mlp.activation", "tanh", "other network"),
        ("points_mlp.learning-rate", 0.5, "other training settings"),
        ("points_mlp.seed", 7.0, "other training settings"),
    ],
)
def test_a_result_of_other_settings_is_marked_as_an_earlier_one(page, shelves, key, value, said):
    recipe = recipes.find("points_mlp")
    run = trainer.create(recipe, shelves.runs, "made")
    trainer.train(run, quiet=True, stop=stopped())
    tested = page("boundary", model="runs/made")
    assert not [each for each in tested.warning if "Earlier result" in each.value]
    widget = next(
        each
        for kind in ("slider", "number_input", "selectbox")
        for each in tested.get(kind)
        if each.key == key
    )
    (warning,) = [each for each in drawn(widget.set_value(value).run()).warning if "Earlier" in each.value]
    assert said in warning.value


def test_validation_accuracy_is_shown_once(page, shelves):
    """The head of the page does not show the best epoch's beside that of the step that is shown."""
    run = add(shelves)
    keep_snapshots(run, STEPS)
    tested = page("boundary")
    assert "right on validation" not in texts(tested)
    assert "Validation accuracy" in figures(tested)


@pytest.mark.parametrize(("name", "model"), [("boundary", "points_mlp"), ("approximation", "function_mlp")])
def test_a_model_of_the_gallery_opens_without_a_note(page, monkeypatch, name, model):
    """Recipes may have gained settings since it was trained that would not have changed its training."""
    monkeypatch.setenv("NEURAL_ARCADE_GALLERY", str(GALLERY))
    tested = page(name, model=f"gallery/{model}")
    assert "Step" in [each.label for each in tested.select_slider]
    assert not [each for each in tested.warning if "Earlier result" in each.value]
