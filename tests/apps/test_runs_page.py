"""The page Runs: the table, the curves, and what can be done with a run."""

from apps import launch
from tests.apps.conftest import component, drawn, texts
from training import runs


def press(tested, label):
    (button,) = (each for each in tested.button if each.label == label)
    return drawn(button.click().run())


def test_without_runs_the_page_invites_to_start_one(page):
    assert "No training" in page("runs").info[0].value


def test_every_run_has_a_row(shelves, page):
    shelves.add("digits_cnn", "gallery")
    shelves.add("done")
    shelves.add("halfway", state="stopped")
    shelves.add("early", model=False, rows=0, state="failed", error="the disk is full")
    rows = {row["name"]: row for row in component(page("runs"), "table")["rows"]}
    assert set(rows) == {"done", "halfway", "early"}
    assert rows["done"]["state"] == "finished"
    assert rows["done"]["figures"][0] == "84.0%"
    assert rows["early"]["state"] == "failed"


def test_the_newest_run_is_shown_and_the_url_chooses_another(shelves, page):
    shelves.add("done")
    shelves.add("broken", state="failed", error="the loss is not finite at step 40")
    tested = page("runs", run="broken")
    assert "not finite" in tested.error[0].value
    assert component(tested, "table")["chosen"] == ["broken"]
    assert not page("runs", run="done").error


def test_a_run_that_is_gone_does_not_break_the_page(shelves, page):
    shelves.add("done")
    tested = page("runs", run="gone")
    assert component(tested, "table")["chosen"] == []
    assert "Choose a run" in texts(tested)


def test_several_runs_are_compared_by_a_figure(shelves, page):
    shelves.add("one")
    shelves.add("two", state="stopped")
    tested = page("runs", run=["one", "two"])
    assert len(tested.get("vega_lite_chart")) == 1
    figures = tested.pills(key="figure")
    assert figures.value == "val_accuracy"
    drawn(figures.set_value("loss").run())


def test_runs_without_figures_can_be_compared_too(shelves, page):
    shelves.add("one", model=False, rows=0)
    shelves.add("two", model=False, rows=0)
    assert "None of these" in texts(page("runs", run=["one", "two"]))


def test_deleting_asks_first(shelves, page):
    shelves.add("done")
    shelves.add("other")
    tested = page("runs", run="done")
    press(tested, "Delete for good")
    assert [run.name for run in runs.runs_in(shelves.runs)] == ["other"]
    assert "other" in texts(tested) or component(tested, "table")["rows"][0]["name"] == "other"


def test_a_run_in_use_is_not_deleted(shelves, page):
    run = shelves.add("busy")
    tested = page("runs", run="busy")
    with run.locked():
        press(tested, "Delete for good")
    assert "in use" in tested.error[0].value
    assert run.path.exists()


def test_a_run_can_be_evaluated_on_the_test_split(shelves, page):
    run = shelves.add("done")
    tested = page("runs", run="done")
    press(tested, "Evaluate")
    assert run.evaluation["test"]["examples"] > 300
    assert "Test accuracy" in [metric.label for metric in tested.metric]


def test_what_the_process_printed_can_be_read(shelves, page):
    run = shelves.add("done")
    (run.path / launch.OUTPUT).write_text("step 20/600\nstep 40/600\n")
    assert "step 40/600" in page("runs", run="done").code[0].value
