"""Against length: nets that are trained one after another, and what is measured of them."""

import json
import sys
import threading
import time

import numpy as np
import pytest

from apps import charts, launch, lengths, queues
from tests.apps.conftest import drawn, end_queues, field, texts, until
from tests.apps.test_memory import button
from training import recipes, trainer
from training.runs import Run
from training.settings import SettingsError

SMALL = {"units": "4", "epochs": "1", "sequences": "100", "rate": "0.02", "seed": "7"}
CHOSEN = {
    "data.length": 8,
    "model.units": 4,
    "training.epochs": 1.0,
    "data.examples": 100,
    "optimizer.learning_rate": 0.02,
    "data.held_out": 5,
}
# What a training leaves behind, in milliseconds; it waits for a file "go" where the folder has a "wait".
FAKE = """
import json, os, signal, sys, time
path = sys.argv[1]
read = lambda: json.load(open(f"{path}/status.json"))
def write(**changes):
    text = json.dumps({**read(), **changes})
    open(f"{path}/aside", "w").write(text)
    os.replace(f"{path}/aside", f"{path}/status.json")
def stopped(*_):
    write(state="stopped", pid=None)
    os._exit(0)
signal.signal(signal.SIGTERM, stopped)
while read().get("pid") != os.getpid():
    time.sleep(0.005)
open(os.path.dirname(path) + "/order", "a").write(os.path.basename(path) + "\\n")
while os.path.exists(os.path.dirname(path) + "/wait") and not os.path.exists(f"{path}/go"):
    time.sleep(0.005)
if os.path.exists(f"{path}/bad"):
    write(state="failed", error="the loss is not finite")
else:
    rows = [{"step": 10 * i, "seconds": 5 + 0.02 * i} for i in range(1, 5)]
    open(f"{path}/metrics.jsonl", "w").write("".join(json.dumps(row) + "\\n" for row in rows))
    write(state="finished")
"""


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Trainings that take no time, and a measurement without a model; no thread is left behind."""
    monkeypatch.setattr(
        launch, "command", lambda run, devices="auto": [sys.executable, "-c", FAKE, str(run.path)]
    )
    monkeypatch.setattr(queues, "POLL_SECONDS", 0.01)
    monkeypatch.setattr(
        lengths,
        "measure",
        lambda run: run.write_json("evaluation.json", {"test": {"right": 0.25}}),
    )
    yield
    end_queues()


@pytest.fixture
def charted(monkeypatch) -> dict[str, dict]:
    """What the page has drawn against length, by key."""
    found: dict[str, dict] = {}
    usual = charts.lengths

    def drawing(series, title, key, mark=None, **more):
        found[key] = {"series": dict(series), **more}
        return usual(series, title, key, mark, **more)

    monkeypatch.setattr(charts, "lengths", drawing)
    return found


def ladder(key: str) -> lengths.Ladder:
    return lengths.find_all()[key]


def started(shelves) -> list[str]:
    """The trainings that have begun, in their order."""
    order = shelves.runs / "order"
    return order.read_text().split() if order.exists() else []


def names(*rungs: str) -> list[str]:
    return [f"adding-lengths-1-{rung}" for rung in rungs]


def ended(key: str) -> None:
    until(lambda: not ladder(key).going, "the queue has ended")


# One after another


def test_each_is_trained_when_the_one_before_has_ended_the_shortest_first(shelves):
    (shelves.runs / "wait").touch()
    key = lengths.start("Adding", (16, 8), ("attention", "lstm"), CHOSEN, 7)
    assert key == "runs/adding-lengths-1"
    order = names("8-lstm", "8-attention", "16-lstm", "16-attention")
    assert [rung.entry.run.name for rung in ladder(key).rungs] == order
    for place, name in enumerate(order):
        until(lambda place=place: len(started(shelves)) == place + 1, f"{name} has begun")
        assert [rung.entry.run.state for rung in ladder(key).rungs] == [
            *["finished"] * place, "queued", *["stopped"] * (3 - place)
        ]  # fmt: skip
        assert all(rung.right == 0.25 for rung in ladder(key).rungs[:place])
        assert ladder(key).active
        (shelves.runs / name / "go").touch()
    ended(key)
    assert started(shelves) == order
    assert not ladder(key).left
    assert not ladder(key).active
    assert [rung.milliseconds for rung in ladder(key).rungs] == pytest.approx([2.0] * 4)


def test_one_that_is_long_in_waking_is_waited_for(shelves, monkeypatch):
    (shelves.runs / "wait").touch()
    monkeypatch.setattr(launch, "ACTIVE", ("running",))  # so that a queued one reads as dead
    key = lengths.start("Adding", (8,), ("lstm", "attention"), CHOSEN, 0)
    first, second = names("8-lstm", "8-attention")
    until(lambda: started(shelves) == [first], "the first has begun")
    time.sleep(0.2)
    assert started(shelves) == [first]
    (shelves.runs / "wait").unlink()
    ended(key)
    assert started(shelves) == [first, second]
    assert not ladder(key).left


def test_the_runs_are_the_races_but_for_their_length(shelves):
    (shelves.runs / "wait").touch()
    key = lengths.start("Copying", (5, 10), ("lstm", "attention"), CHOSEN, 7)
    for rung in ladder(key).rungs:
        config = rung.entry.run.config
        assert (config["data"]["length"], config["data"]["examples"], config["seed"]) == (rung.length, 100, 7)
        assert config["training"]["epochs"] == 1
        assert config["training"]["snapshots"] == 0  # which would take time
        assert config["architecture"] == ("encoder" if rung.net == "attention" else "rnn")
        assert config["model"].get("memory") == (None if rung.net == "attention" else rung.length + 20)
    assert {rung.length for rung in ladder(key).rungs} == {5, 10}


def test_a_queue_that_is_stopped_midway_goes_on_where_it_was(shelves):
    (shelves.runs / "wait").touch()
    key = lengths.start("Adding", (8, 16), ("lstm", "attention"), CHOSEN, 0)
    first, second, *rest = names("8-lstm", "8-attention", "16-lstm", "16-attention")
    (shelves.runs / first / "go").touch()
    until(lambda: started(shelves) == [first, second], "the second has begun")
    lengths.stop(ladder(key))
    ended(key)
    assert [rung.entry.run.state for rung in ladder(key).rungs] == ["finished", *["stopped"] * 3]
    assert started(shelves) == [first, second]
    assert not ladder(key).errors
    (shelves.runs / "wait").unlink()
    queues._queues.clear()  # as after a restart of the server
    lengths.go_on(ladder(key))
    ended(key)
    assert started(shelves) == [first, second, second, *rest]
    assert not ladder(key).left


def test_after_a_restart_the_one_that_still_goes_on_is_waited_for(shelves):
    (shelves.runs / "wait").touch()
    key = lengths.start("Adding", (8,), ("lstm", "attention"), CHOSEN, 0)
    first, second = names("8-lstm", "8-attention")
    until(lambda: started(shelves) == [first], "the first has begun")
    queues._queues.pop(shelves.runs / "adding-lengths-1")._runs.clear()  # a server that is gone
    assert ladder(key).active
    assert not ladder(key).going
    lengths.go_on(ladder(key))
    lengths.go_on(ladder(key))  # a second tab
    assert started(shelves) == [first]
    (shelves.runs / "wait").unlink()
    ended(key)
    assert started(shelves) == [first, second]
    assert not ladder(key).left


def test_what_a_server_before_has_started_can_be_stopped(shelves):
    (shelves.runs / "wait").touch()
    key = lengths.start("Adding", (8,), ("lstm",), CHOSEN, 0)
    until(lambda: started(shelves), "it has begun")
    queues._queues.pop(shelves.runs / "adding-lengths-1")
    lengths.stop(ladder(key))
    until(lambda: not ladder(key).active, "it has stopped")
    assert ladder(key).left


@pytest.mark.parametrize("how", ["fails", "is deleted", "can't be measured", "can't be started"])
def test_one_that_fails_does_not_stop_the_rest_and_is_told(shelves, monkeypatch, how):
    bad, usual, measured = "adding-lengths-1-8-lstm", launch.start, lengths.measure
    (shelves.runs / "wait").touch()

    def start(run, devices="auto"):
        if run.name == bad and how == "can't be started":
            monkeypatch.setattr(launch, "command", lambda run, devices="auto": ["/nowhere/python"])
        try:
            usual(run, devices)
        finally:
            monkeypatch.setattr(launch, "command", command)

    def measure(run):
        if run.name == bad and how == "can't be measured":
            raise MemoryError
        measured(run)

    command = launch.command
    monkeypatch.setattr(launch, "start", start)
    monkeypatch.setattr(lengths, "measure", measure)
    key = lengths.start("Adding", (4, 8, 16), ("lstm",), CHOSEN, 0)
    until(lambda: started(shelves), "the first has begun")
    if how == "fails":
        (shelves.runs / bad / "bad").touch()
    if how == "is deleted":
        Run(shelves.runs / bad).delete()
    (shelves.runs / "wait").unlink()
    until(lambda: not queues._queues[shelves.runs / "adding-lengths-1"].is_alive(), "the queue has ended")
    assert [rung.length for rung in ladder(key).rungs if rung.right is not None] == [4, 16]
    errors = {
        "fails": {"LSTM at 8": "the loss is not finite"},
        "is deleted": {},
        "can't be measured": {"LSTM at 8": "MemoryError"},
        "can't be started": {"LSTM at 8": "the training can't be started: No such file or directory"},
    }
    assert ladder(key).errors == errors[how]


def test_a_setting_that_breaks_a_rule_leaves_no_run(shelves):
    with pytest.raises(SettingsError, match="even"):
        lengths.start("Adding", (8,), ("lstm", "both"), {**CHOSEN, "model.units": 7}, 0)
    assert not list(shelves.runs.iterdir())


# What is measured


def test_a_steps_time_is_the_median_between_rows_without_what_else_was_done():
    def rows(*points, validated=()):
        return [
            {"step": step, "seconds": seconds, **({"val_loss": 1.0} if step in validated else {})}
            for step, seconds in points
        ]

    assert lengths.pace([]) is None
    assert lengths.pace(rows((10, 9.0))) is None  # the compilation, and nothing else
    assert lengths.pace(rows((10, 9.0), (30, 9.4))) == pytest.approx(20)
    # A checkpoint in one of them.
    assert lengths.pace(rows((10, 9.0), (30, 9.4), (50, 14.0), (70, 14.4))) == pytest.approx(20)
    # Evaluations count only where nothing else is known.
    logged = rows((10, 9.0), (30, 9.4), (50, 14.0), (70, 18.0), validated=(50, 70))
    assert lengths.pace(logged) == pytest.approx(20)
    assert lengths.pace(rows((10, 9.0), (30, 10.0), (50, 12.0), validated=(10, 30, 50))) == pytest.approx(75)
    assert lengths.pace(rows((10, 9.0), (10, 9.5))) is None  # a step that is told twice


@pytest.mark.parametrize("recipe", ["adding_lstm", "adding_encoder", "copy_memory_encoder"])
def test_what_is_right_is_what_the_data_say_of_the_test(shelves, monkeypatch, recipe):
    monkeypatch.undo()
    monkeypatch.setattr(lengths, "BATCH", 2)  # of five
    returns = {"model.returns": "every"} if recipe.startswith("copy") else {}
    run = shelves.add("mine", recipe=recipe, **returns)
    run.write_json("evaluation.json", {"validation": {"loss": 1.0}, "test": {"loss": 2.0}})
    # As the queue does it: in a thread of its own.
    thread = threading.Thread(target=lengths.measure, args=(run,))
    thread.start()
    thread.join()
    data = recipes.from_config(run.config).data
    test = data.load().test
    inputs, targets = (np.stack([each[i] for i in range(5)]) for each in (test.inputs, test.targets))
    expected = data.right(np.asarray(trainer.load_model(run)(inputs)), targets)
    assert run.evaluation == {"validation": {"loss": 1.0}, "test": {"loss": 2.0, "right": expected}}


@pytest.mark.parametrize(
    ("text", "expected"), [("8", (8,)), ("16, 8 8,", (8, 16)), ("8\t600\n2", (2, 8, 600))]
)
def test_lengths_are_read_as_people_write_them(text, expected):
    assert lengths.read(text, 2, 600) == expected


@pytest.mark.parametrize(
    "text", ["", ",", "1", "601", "8.5", "-8", "eight", "²", "3 4 5 6 7 8 9 10 11", "9" * 5000]
)
def test_lengths_that_will_not_do_are_told(text):
    with pytest.raises(SettingsError, match="lengths") as told:
        lengths.read(text, 2, 600)
    assert len(str(told.value)) < 200


@pytest.mark.parametrize(
    ("length", "expected"), [(50, (12, 25, 50, 100)), (2, (2, 4)), (300, (75, 150, 300, 600))]
)
def test_at_first_they_lie_around_that_of_the_race(length, expected):
    assert lengths.around(length, 2, 600) == expected


# On the page


def test_a_ladder_is_started_with_the_races_settings_and_drawn(shelves, page, charted):
    tested = page("memory", **{f"race.adding.{name}": each for name, each in SMALL.items()})
    assert "Choose some lengths" in texts(tested)
    tested.text_input(key="lengths.adding").set_value("4, 8")
    drawn(button(tested, "Train at each length").click().run())
    key = "runs/adding-lengths-1"
    assert tested.query_params["ladder"] == key
    ended(key)
    assert started(shelves) == names("4-lstm", "4-attention", "8-lstm", "8-attention")
    config = ladder(key).config
    assert (config["model"]["units"], config["data"]["examples"], config["seed"]) == ([4], 100, 7)
    tested = page("memory", ladder=key)
    right, cost = charted[f"right-{key}"], charted[f"cost-{key}"]
    assert right["series"] == {title: [(4, 0.25), (8, 0.25)] for title in ("LSTM", "Attention")}
    assert cost["series"] == {
        title: [(4, pytest.approx(2)), (8, pytest.approx(2))] for title in ("LSTM", "Attention")
    }
    assert right["share"]
    assert right["names"] == cost["names"]  # the colours of the race
    assert "off by less than 0.04" in texts(tested)
    assert button(tested, "Go on") is None
    chart = json.loads(tested.get("vega_lite_chart")[0].proto.spec)
    assert chart["layer"][0]["encoding"]["color"]["scale"]["domain"] == list(right["names"])


def test_half_a_ladder_is_drawn_told_and_goes_on(shelves, page, charted):
    key = lengths.start("Copying", (4, 8), ("lstm",), CHOSEN, 0)
    ended(key)
    second = Run(shelves.runs / "copying-lengths-1-8-lstm")
    (second.path / "evaluation.json").unlink()
    second.metrics_path.write_text("")
    second.update_status(state="failed", error="the loss is not finite: *NaN*")
    tested = page("memory")
    assert charted[f"right-{key}"]["series"] == {"LSTM": [(4, 0.25)]}
    assert "LSTM at 8: the loss is not finite: \\*NaN\\*" in [error.value for error in tested.error]
    assert "1 of 2 trained" in tested.get("progress")[0].proto.text
    drawn(button(tested, "Go on").click().run())
    ended(key)
    assert not ladder(key).left
    assert not page("memory").error


def test_one_thing_at_a_time_and_it_can_be_stopped(shelves, page, charted):
    (shelves.runs / "wait").touch()
    key = lengths.start("Adding", (4, 8), ("lstm",), CHOSEN, 0)
    until(lambda: started(shelves), "the first has begun")
    tested = page("memory")
    assert button(tested, "Start the race").disabled
    assert button(tested, "Train at each length").disabled
    assert not charted
    drawn(button(tested, "Stop").click().run())
    ended(key)
    tested = page("memory")
    assert button(tested, "Go on") is not None
    assert not button(tested, "Start the race").disabled


def test_bad_lengths_and_no_nets_are_told(shelves, page):
    tested = page("memory")
    tested.text_input(key="lengths.adding").set_value("0, 8")
    drawn(button(tested, "Train at each length").click().run())
    assert "whole numbers from 2 to 600" in tested.error[0].value
    field(tested, "button_group", "Nets").set_value([])
    assert button(drawn(tested.run()), "Train at each length").disabled
    assert not list(shelves.runs.iterdir())
