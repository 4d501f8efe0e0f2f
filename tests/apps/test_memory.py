"""The page Memory: the race, how far back each net's gradient reaches, and every gate at every step."""

import base64
import json

import keras
import numpy as np
import pytest

from apps import charts, launch, library
from data import SOURCES
from inspection.fading import fading
from inspection.recurrence import record
from inspection.tiles import ZERO
from tests.apps.conftest import Shelves, component, drawn, field, keep_snapshots, texts
from training import recipes, runs, snapshots, trainer
from training.runs import Run, RunError

STEPS = (0, 4, 100)
NETS = {  # the recurrent ones: all that a race had before attention joined
    "plain": {"model.cell": "simple"},
    "gru": {"model.cell": "gru"},
    "lstm": {"model.cell": "lstm"},
    "both": {"model.cell": "lstm", "model.bidirectional": True},
}
SHIPPED = {"plain": "adding_rnn", "gru": "adding_gru", "lstm": "adding_lstm", "both": "adding_both_lstm"}
RECIPES = {"adding": "adding_lstm", "copying": "copy_memory_gru"}
ENCODERS = {"adding": "adding_encoder", "copying": "copy_memory_encoder"}
TITLES = ["Plain", "GRU", "LSTM", "Both ways"]
ALL = [*TITLES, "Attention"]


def add_race(
    shelves: Shelves, task: str = "adding", number: int = 1, attention: bool = False, **where
) -> dict[str, Run]:
    """The runs of a race that is over, their weights drawn at random."""
    made = {}
    for net, settings in NETS.items():
        name, recipe = f"{task}-race-{number}-{net}", RECIPES[task]
        if where.get("shelf") == "gallery":
            name = recipe = SHIPPED[net]
        run = shelves.add(name, recipe=recipe, **where, **settings)
        keep_snapshots(run, STEPS)
        made[net] = run
    if attention:
        returns = "every" if task == "copying" else "last"
        name = f"{task}-race-{number}-attention"
        made["attention"] = shelves.add(name, recipe=ENCODERS[task], **{"model.returns": returns})
        keep_snapshots(made["attention"], STEPS)
    return made


@pytest.fixture
def charted(monkeypatch) -> dict[str, dict]:
    """What the page has drawn on axes of powers, by key."""
    found: dict[str, dict] = {}
    usual = charts.powers

    def powers(lines, names, axis, title, key, level=None, marks=()):
        found[key] = {"lines": list(lines), "names": list(names), "level": level, "marks": list(marks)}
        return usual(lines, names, axis, title, key, level, marks)

    monkeypatch.setattr(charts, "powers", powers)
    return found


@pytest.fixture
def started(monkeypatch) -> list[Run]:
    """What the page has had trained, while no process begins."""
    found: list[Run] = []
    monkeypatch.setattr(launch, "start", lambda run, devices="auto": found.append(run))
    return found


def button(tested, label: str):
    """The button, or None where there is none."""
    return next((each for each in tested.button if each.label == label), None)


def rows(tested) -> dict[str, dict]:
    return {row["name"]: row for row in component(tested, "steps")["rows"]}


def values(tested, name: str) -> np.ndarray:
    """A picture's values `(T, U)`, NaN where nothing is drawn."""
    row, length = rows(tested)[name], component(tested, "steps")["length"]
    levels = np.frombuffer(base64.b64decode(row["pixels"]), "uint8").reshape(row["count"], length).T
    return np.where(levels, (levels.astype(float) - ZERO) / (255 - ZERO) * row["scale"], np.nan)


def choose(tested, label: str, option: str):
    """Pick one of some segments."""
    return drawn(field(tested, "segmented_control", label).set_value(option).run())


# The race


@pytest.mark.parametrize("task", ["Adding", "Copying"])
def test_nets_are_started_that_differ_in_nothing_but_the_cell_and_attention_on_the_same_data(
    shelves, page, started, task
):
    source = {"Adding": "adding", "Copying": "copy_memory"}[task]
    asked = {"length": "30", "units": "8", "epochs": "2.5", "sequences": "400", "rate": "0.02", "seed": "7"}
    tested = page("memory", task=task, **{f"race.{source}.{name}": each for name, each in asked.items()})
    drawn(button(tested, "Start the race").click().run())
    assert [run.name for run in started] == [f"{task.lower()}-race-1-{net}" for net in (*NETS, "attention")]
    *configs, attention = [run.config for run in started]
    assert [config["model"]["cell"] for config in configs] == ["simple", "gru", "lstm", "lstm"]
    assert [config["model"]["bidirectional"] for config in configs] == [False, False, False, True]
    for config in configs:
        assert config["recipe"] == RECIPES[task.lower()]
        assert (config["data"]["length"], config["data"]["examples"], config["seed"]) == (30, 400, 7)
        assert (config["training"]["epochs"], config["optimizer"]["learning_rate"]) == (2.5, 0.02)
        assert config["model"]["units"] == [8]
        assert config["model"]["memory"] == (30 if task == "Adding" else 50)
        assert config["training"]["snapshots"] == 40
    same = [{key: each for key, each in config.items() if key != "model"} for config in configs]
    assert all(config == same[0] for config in same)
    usual = recipes.find(ENCODERS[task.lower()]).to_config()
    assert attention["recipe"] == usual["recipe"]
    for part in ("data", "training", "seed"):
        assert attention[part] == configs[0][part]
    assert attention["optimizer"] == usual["optimizer"]  # its rate is its own
    assert attention["model"] == {**usual["model"], "width": 8, "hidden": 16}
    assert tested.query_params["race"] == f"runs/{task.lower()}-race-1"
    assert field(tested, "selectbox", "Race").value == f"runs/{task.lower()}-race-1"


@pytest.mark.parametrize(("units", "width"), [("2", 4), ("14", 16), ("18", 16), ("130", 128)])
def test_attention_is_as_wide_as_they_have_units_as_far_as_its_heads_divide_that(
    shelves, page, started, units, width
):
    small = {"units": units, "sequences": "100", "length": "8"}
    tested = page("memory", **{f"race.adding.{name}": each for name, each in small.items()})
    drawn(button(tested, "Start the race").click().run())
    model = started[-1].config["model"]
    assert (model["width"], model["hidden"]) == (width, 2 * width)


def test_one_race_at_a_time_and_it_can_be_stopped(shelves, page, monkeypatch):
    stopped = []
    monkeypatch.setattr(Run, "stop", lambda run: stopped.append(run.name))
    made = add_race(shelves)
    for net in ("plain", "both"):
        made[net].update_status(state="queued")
    tested = page("memory")
    assert button(tested, "Start the race").disabled
    drawn(button(tested, "Stop the race").click().run())
    assert set(stopped) >= {made["plain"].name, made["both"].name}
    assert button(tested, "Stopping").disabled


def test_a_setting_that_breaks_a_rule_is_told_and_no_run_is_left(shelves, page, started):
    tested = page("memory", **{"race.adding.units": "7"})
    drawn(button(tested, "Start the race").click().run())
    assert "even" in tested.error[0].value
    assert not started
    assert not list(shelves.runs.iterdir())


def test_a_race_that_can_not_start_stops_whom_it_has_started(shelves, page, monkeypatch):
    stopped, begun = [], []

    def start(run, devices="auto"):
        if len(begun) == 2:
            raise RunError("the training can't be started: no more processes")
        begun.append(run.name)

    monkeypatch.setattr(launch, "start", start)
    monkeypatch.setattr(Run, "stop", lambda run: stopped.append(run.name))
    tested = page("memory")
    drawn(button(tested, "Start the race").click().run())
    assert "no more processes" in tested.error[0].value
    assert set(stopped) >= set(begun)


def test_a_race_that_was_stopped_goes_on(shelves, page, started):
    made = add_race(shelves)
    for net in ("gru", "lstm"):
        made[net].update_status(state="stopped")
    tested = page("memory")
    drawn(button(tested, "Go on").click().run())
    assert [run.name for run in started] == [made["gru"].name, made["lstm"].name]


@pytest.mark.parametrize(("task", "source"), [("adding", "adding"), ("copying", "copy_memory")])
def test_losses_are_drawn_beside_the_baseline_of_the_data(shelves, page, charted, task, source):
    made = add_race(shelves, task)
    tested = page("memory")
    shown = charted[f"race-runs/{task}-race-1"]
    length = made["gru"].config["data"]["length"]
    expected = 1 / 6 if task == "adding" else 10 * np.log(8) / (length + 20)
    assert shown["level"][0] == pytest.approx(expected)
    assert f"{expected:.3g}" in shown["level"][1]
    assert shown["names"] == ALL
    assert [line.name for line in shown["lines"]] == TITLES
    for line, run in zip(shown["lines"], made.values(), strict=True):
        logged = run.metrics()
        assert list(line.points) == [row["step"] for row in logged]
        assert list(line.values) == [row["loss"] for row in logged]
    chart = json.loads(tested.get("vega_lite_chart")[0].proto.spec)
    scales = [layer["encoding"]["y"]["scale"] for layer in chart["layer"]]
    assert {scale["type"] for scale in scales} == {"log"}
    assert all(scale["domain"][0] < expected < scale["domain"][1] for scale in scales)


@pytest.mark.parametrize(("task", "marked"), [("adding", 2), ("copying", 1)])
def test_attention_is_drawn_beside_the_four_and_its_gradient_at_what_it_is_given(
    shelves, page, charted, task, marked
):
    made = add_race(shelves, task, attention=True)
    tested = page("memory")
    assert [line.name for line in charted[f"race-runs/{task}-race-1"]["lines"]] == ALL
    shown = charted[f"fading-runs/{task}-race-1"]
    assert [line.name for line in shown["lines"]] == [*TITLES, *ALL[3:]]
    run = made["attention"]
    test = recipes.from_config(run.config).data.load().test
    model = recipes.from_config(run.config).build_model(trainer.spec_of(run))
    found = fading(model, test.inputs[0], test.targets[0], snapshots.load(run.path)[STEPS[-1]])["block1"]
    np.testing.assert_allclose(shown["lines"][-1].values, found.relative, rtol=1e-3)
    assert len(shown["marks"]) == marked
    assert "Attention has no state that must last" in texts(tested)
    # Its heads read no words, so no page looks into them: there is no button that would lead nowhere.
    assert [each.key for each in tested.button if each.label == "Look inside"] == [
        f"inside-runs/{made[net].name}" for net in NETS
    ]


def test_unequal_budgets_and_the_floor_of_gradients_are_said(shelves, page, charted):
    made = add_race(shelves, "adding", attention=True)
    assert "training budgets differ" not in texts(page("memory"))
    made["attention"].update_status(steps=40)
    said = texts(page("memory"))
    assert "The training budgets differ: Attention for 40 steps, the others for 100." in said
    drawn_low = min(min(line.values) for line in charted["fading-runs/adding-race-1"]["lines"])
    assert ("the floor of this chart" in said) == (drawn_low <= 1e-30)


def test_a_gradient_below_the_floor_is_said_to_be_drawn_at_it(shelves, page, charted):
    made = add_race(shelves, "adding")
    kept = library.kept_snapshots(made["plain"])
    forgets = {}  # no state reaches the next, so the gradient is 0 at every step but the last
    for step, (kernel, recurrent, *rest) in kept.items():
        forgets[step] = [kernel, 0 * recurrent, *rest]
    snapshots.save(made["plain"].path, forgets)
    assert "1e-30, the floor of this chart" in texts(page("memory"))


def test_an_old_race_of_four_says_nothing_of_attention(shelves, page, charted):
    add_race(shelves)
    tested = page("memory")
    assert [line.name for line in charted["race-runs/adding-race-1"]["lines"]] == TITLES
    assert "Attention has no state" not in texts(tested)
    assert "6 units" in field(tested, "selectbox", "Race").options[0]


def test_attention_is_shown_and_has_no_cell_to_look_into(shelves, page, charted):
    made = add_race(shelves, attention=True)
    key = f"runs/{made['attention'].name}"
    tested = page("memory", model=key)
    assert field(tested, "selectbox", "Model").value == key
    assert field(tested, "selectbox", "Race").value == "runs/adding-race-1"
    assert "Attention has no cell to look into" in texts(tested)
    assert field(tested, "segmented_control", "Whose").options == ["Your own file"]
    shelves.add("other", recipe="pronouns_encoder")
    assert "other" not in " ".join(field(page("memory"), "selectbox", "Model").options)


@pytest.mark.parametrize("recipe", ["adding_lstm", "adding_encoder", "copy_memory_encoder"])
def test_either_kind_is_trained_by_its_own_settings(shelves, page, started, recipe):
    tested = page("memory", tab="Train")
    drawn(field(tested, "selectbox", "Recipe").set_value(recipe).run())
    labels = {each.label for each in (*tested.text_input, *tested.number_input)}
    assert ("Units" in labels, "Width" in labels) == (recipe == "adding_lstm", recipe != "adding_lstm")
    drawn(button(tested, "Start training").click().run())
    assert [run.config["recipe"] for run in started] == [recipe]
    assert started[0].config["model"] == recipes.find(recipe).to_config()["model"]


def test_races_are_found_again_and_told_apart(shelves, page, charted):
    add_race(shelves)
    add_race(shelves, "copying", 3)
    add_race(shelves, shelf="gallery")
    shelves.add("tracery-gru", recipe="parity_lstm")  # named alike, and none
    tested = page("memory", race="runs/copying-race-3")
    chosen = field(tested, "selectbox", "Race")
    assert chosen.value == "runs/copying-race-3"
    assert len(chosen.options) == 3
    assert next(iter(charted)) == "race-runs/copying-race-3"
    drawn(chosen.set_value("gallery/adding-race").run())
    assert tested.query_params["race"] == "gallery/adding-race"
    assert "race-gallery/adding-race" in charted
    assert field(page("memory", race="runs/gone"), "selectbox", "Race").value in (
        "runs/copying-race-3", "runs/adding-race-1", "gallery/adding-race",
    )  # fmt: skip
    model = "gallery/adding_lstm"
    assert field(page("memory", model=model), "selectbox", "Race").value == "gallery/adding-race"


def test_a_net_that_failed_is_told_and_the_others_are_drawn(shelves, page, charted):
    made = add_race(shelves)
    made["plain"].update_status(state="failed", error="the loss is not finite: *NaN*")
    (made["plain"].path / "snapshots.npz").write_bytes(b"half a file")
    tested = page("memory")
    assert "Plain: the loss is not finite: \\*NaN\\*" in [error.value for error in tested.error]
    assert [line.name for line in charted["fading-runs/adding-race-1"]["lines"]] == TITLES[1:] + TITLES[3:]


def test_a_look_inside_chooses_the_net(shelves, page):
    made = add_race(shelves)
    tested = page("memory")
    drawn(tested.button(key=f"inside-runs/{made['gru'].name}").click().run())
    assert field(tested, "selectbox", "Model").value == f"runs/{made['gru'].name}"
    assert {"update gate", "reset gate"} < set(rows(tested))


# What is remembered


@pytest.mark.parametrize(
    ("task", "looks"),
    [
        ("adding", [(100, "As a share"), (4, "As a share"), (4, "As it is")]),
        ("copying", [(4, "As a share")]),
    ],
)
def test_gradients_are_those_of_the_snapshot_and_the_sequence_that_are_chosen(
    shelves, page, charted, task, looks
):
    made = add_race(shelves, task)
    test = recipes.from_config(made["gru"].config).data.load().test
    expected = {}
    for net, run in made.items():
        model = recipes.from_config(run.config).build_model(trainer.spec_of(run))
        kept = snapshots.load(run.path)
        for step, measure in looks:
            found = fading(model, test.inputs[2], test.targets[2], kept[step]).values()
            expected[net, step, measure] = [
                each.norms if measure == "As it is" else each.relative for each in found
            ]
    tested = page("memory")
    tested.number_input(key="race.sequence").set_value(3)
    for step, measure in looks:
        tested.select_slider(key=f"race-step-runs/{task}-race-1").set_value(step)
        choose(tested, "Measured", measure)
        shown = charted[f"fading-runs/{task}-race-1"]
        assert len(shown["lines"]) == 5
        for title, net in zip(TITLES, made, strict=True):
            found = [line.values for line in shown["lines"] if line.name == title]
            np.testing.assert_allclose(found, expected[net, step, measure], rtol=1e-3)
    assert [line.way for line in shown["lines"] if line.name == "Both ways"] == [
        "from the beginning",
        "from the end",
    ]
    marked = np.flatnonzero(test.inputs[2][:, 1]) + 1 if task == "adding" else [10]
    assert list(shown["marks"]) == list(marked)


# Inside


@pytest.mark.parametrize(
    ("net", "parts"),
    [
        ("plain", {"state": "state"}),
        ("gru", {"update gate": "update", "reset gate": "reset", "candidate": "candidate", "state": "state"}),
        (
            "lstm",
            {
                "input gate": "input", "forget gate": "forget", "output gate": "output",
                "candidate": "candidate", "cell": "cell", "state": "state",
            },
        ),
    ],
)  # fmt: skip
def test_the_gates_shown_are_those_that_inspection_finds(shelves, page, net, parts):
    run = shelves.add("mine", recipe="adding_lstm", **NETS[net])
    test = recipes.from_config(run.config).data.load().test
    tested = page("memory")
    drawn(tested.number_input(key="cells.number").set_value(4).run())
    model = trainer.load_model(run)
    found = record(model, test.inputs[3:4])["rnn1"]
    assert list(rows(tested)) == ["input", *parts]
    np.testing.assert_allclose(values(tested, "input"), test.inputs[3], atol=0.005)
    for name, part in parts.items():
        expected = (found.gates.get(part) if part in found.gates else getattr(found, part))[0]
        np.testing.assert_allclose(
            values(tested, name), expected, atol=0.006 * max(1, np.abs(expected).max())
        )
    answer, right = float(model(test.inputs[3:4])[0, 0]), float(test.targets[3, 0])
    assert f"It answers **{answer:.3f}**; right is **{right:.3f}**." in texts(tested)


def test_each_direction_can_be_looked_into(shelves, page):
    run = shelves.add("mine", recipe="copy_memory_gru", **NETS["both"])
    test = recipes.from_config(run.config).data.load().test
    tested = page("memory")
    found = record(trainer.load_model(run), test.inputs[0][None])
    for way in ("forward", "backward"):
        choose(tested, "Layer", f"rnn1_directions/{way}")
        np.testing.assert_allclose(
            values(tested, "state"), found[f"rnn1_directions/{way}"].state[0], atol=0.006
        )
    assert "reads from the end" in texts(tested)
    symbols = [str(symbol) for symbol in test.inputs[0][:10]]
    assert rows(tested)["input"]["texts"][:10] == symbols
    assert rows(tested)["right"]["texts"][-10:] == symbols
    outputs = np.asarray(trainer.load_model(run)(test.inputs[0][None]))[0].argmax(-1)
    assert rows(tested)["answer"]["texts"] == ["·" if label == 0 else str(label) for label in outputs]


@pytest.mark.parametrize(
    ("recipe", "line", "texts_of_input"),
    [
        ("copy_memory_gru", "8,7,6,5,4,3,2,1,1,2", ["8", "7", "6", "5", "4", "3", "2", "1", "1", "2", "·"]),
        ("parity_lstm", "1, 0, 1, 1", ["1", "0", "1", "1"]),
    ],
)
def test_a_sequence_of_ones_own_is_read(shelves, page, recipe, line, texts_of_input):
    shelves.add("mine", recipe=recipe)
    tested = choose(page("memory"), "Sequence", "Type it")
    first = rows(tested)["input"]["texts"]
    drawn(tested.text_area[0].set_value(line).run())
    shown = rows(tested)
    assert shown["input"]["texts"][: len(texts_of_input)] == texts_of_input
    assert shown["input"]["texts"] != first
    assert "right" not in shown
    for wrong in ("1, two", "", "9,9"):
        drawn(tested.text_area[0].set_value(wrong).run())
        assert tested.warning
        assert not [each for each in tested.get("bidi_component") if each.key == "steps"]


def test_what_is_typed_begins_as_the_example(shelves, page):
    shelves.add("mine", recipe="adding_lstm")
    tested = page("memory")
    before = values(tested, "input")
    choose(tested, "Sequence", "Type it")
    np.testing.assert_allclose(values(tested, "input"), before, atol=0.01)


# A file of one's own


def uploaded(page, content: bytes, name: str = "my_[net](x).keras"):
    tested = page("memory")
    return drawn(tested.file_uploader[0].set_value((name, content, "application/octet-stream")).run())


def saved(model: keras.Model, folder) -> bytes:
    path = folder / "model.keras"
    model.save(path)
    return path.read_bytes()


def test_a_file_of_ones_own_is_looked_into_with_a_sequence_of_ones_own(shelves, page, tmp_path):
    layers = keras.layers
    model = keras.Sequential([keras.Input((None, 2)), layers.GRU(5, name="reader"), layers.Dense(1)])
    tested = uploaded(page, saved(model, tmp_path))
    assert component(tested, "steps")["length"] == 40
    drawn(tested.number_input(key="cells.steps").set_value(7).run())
    assert component(tested, "steps")["length"] == 7
    choose(tested, "Sequence", "Type it")
    drawn(tested.text_area[0].set_value("0.5, -1, 0.25, 1, 0, 0").run())
    series = np.array([[0.5, -1], [0.25, 1], [0, 0]], "float32")
    found = record(model, series[None])["reader"]
    for name, expected in (("update gate", found.gates["update"]), ("state", found.state)):
        np.testing.assert_allclose(values(tested, name), expected[0], atol=0.006)
    drawn(tested.text_area[0].set_value("1, 2, 3").run())
    assert "steps of 2 numbers" in tested.warning[0].value


@pytest.mark.parametrize("kind", ["none", "lambda", "dense"])
def test_a_hostile_or_unfit_file_is_refused_in_a_sentence(shelves, page, tmp_path, kind):
    layers = keras.layers
    models = {
        "lambda": lambda: keras.Sequential(
            [keras.Input((4, 2)), layers.Lambda(lambda x: x * 2), layers.LSTM(2)]
        ),
        "dense": lambda: keras.Sequential([keras.Input((3,)), layers.Dense(2)]),
    }
    content = b"\x00MZ no model" if kind == "none" else saved(models[kind](), tmp_path)
    tested = uploaded(page, content)
    (told,) = tested.warning
    assert told.value.startswith("my\\_\\[net\\](x).keras")
    assert {"none": "damaged", "lambda": "Lambda", "dense": "LSTM"}[kind] in told.value
    assert button(tested, "Start the race")


def test_the_page_is_there_without_any_model(shelves, page):
    tested = page("memory")
    assert "Start the race" in tested.info[0].value
    assert button(tested, "Start the race")
    assert not runs.runs_in(shelves.runs)


@pytest.mark.parametrize("tab", ["Train", "Code"])
def test_the_other_tabs_are_drawn(shelves, page, tab):
    shelves.add("mine", recipe="parity_lstm")
    tested = page("memory", tab=tab)
    if tab == "Code":
        assert "tokens=3" in "\n".join(code.value for code in tested.code)
        assert "int32" in "\n".join(code.value for code in tested.code)
    else:
        (recipe,) = (each for each in tested.selectbox if each.label == "Recipe")
        offered = {option.split(" ")[0] for option in recipe.options}
        assert {"adding_lstm", "copy_memory_gru", "parity_lstm", "mnist_rows_lstm"} <= offered
        assert SOURCES["parity"]  # its page is this one
