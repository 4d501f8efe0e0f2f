"""Sweeps on their pages: the figures of many nets, a person's own before the gallery's, and the way to one."""

from typing import Any

import pandas as pd
import pytest

from apps import charts, engine, launch
from tests.apps.conftest import Shelves, drawn, field, texts
from training import recipes, trainer
from training.runs import Run, runs_in

# By hand: error and number of constant nets of each kind.
DYING = {
    ("relu", 2, 2): ([0.4, 0.1, 0.2, 0.3], 3),
    ("relu", 2, 4): ([0.1, 0.1, 0.2, 0.5], 0),
    ("relu", 8, 2): ([0.5, 0.5, 0.5, 0.5], 4),
    ("relu", 8, 4): ([0.1, 0.2, 0.3, 0.4], 1),
    ("gelu", 2, 2): ([0.01, 0.02, 0.03, 0.04], 0),
}
WAVES = {
    ("tanh", 1, 1): ([0.5, 0.1, 0.4, 0.2, 0.3], 0),
    ("tanh", 1, 16): ([0.005, 0.001, 0.004, 0.002, 0.003], 0),
    ("quadratic", 1, 16): ([0.4, 0.4, 0.4, 0.4, 0.4], 0),
}


def add(
    shelves: Shelves,
    recipe: str,
    figures: dict | None,
    name: str = "swept",
    shelf: str = "gallery",
    state: str = "finished",
) -> Run:
    """A run of a sweep as a training would have left it."""
    folder = shelves.gallery if shelf == "gallery" else shelves.runs
    members = len(next(iter((figures or DYING).values()))[0])
    run = trainer.create(recipes.find(recipe).override({"model.members": members}), folder, name)
    run.update_status(state=state, step=1234, steps=1234)
    if figures is not None:
        nets = [
            {"depth": depth, "width": width, "activation": activation, "errors": errors, "constant": constant}
            for (activation, depth, width), (errors, constant) in figures.items()
        ]
        run.write_json("sweep.json", {"step": 1234, "deviation": 0.5, "nets": nets})
    return run


@pytest.fixture
def charted(monkeypatch) -> dict[str, pd.DataFrame]:
    """What the page's charts were drawn from, by their keys."""
    import streamlit as st

    found: dict[str, pd.DataFrame] = {}
    usual = st.altair_chart

    def noted(chart: Any, *arguments: Any, key: str, **keywords: Any) -> Any:
        found[key] = chart.data
        return usual(chart, *arguments, key=key, **keywords)

    monkeypatch.setattr(st, "altair_chart", noted)
    return found


@pytest.fixture
def started(monkeypatch) -> list[Run]:
    """What the page has had trained, while no process begins."""
    found: list[Run] = []
    monkeypatch.setattr(launch, "start", lambda run, devices="auto": found.append(run))
    return found


def run_it(tested):
    return next(button for button in tested.button if button.label == "Run it")


def activations(shelves: Shelves, page):
    """The page with the dying ReLU; it has a model to show, as in the gallery."""
    shelves.add("bends", recipe="digits_mlp")
    return page("activations")


def test_shares_of_constant_nets_are_charted(shelves, page, charted):
    add(shelves, "abs_sweep", DYING)
    tested = activations(shelves, page)
    relu, gelu = (charted[f"collapse-swept-{name}"] for name in ("relu", "gelu"))
    found = {(row.depth, row.width): (row.share, row.error) for row in relu.itertuples()}
    assert {place: share for place, (share, _) in found.items()} == {
        (2, 2): 0.75,
        (2, 4): 0,
        (8, 2): 1,
        (8, 4): 0.25,
    }
    assert found[8, 2][1] == 0.5
    assert found[2, 2][1] in (0.2, 0.3)  # of four no one is the middle
    assert [(row.depth, row.width, row.share) for row in gelu.itertuples()] == [(2, 2, 0)]
    said = texts(tested)
    assert "20 nets, 4 of each kind" in said
    assert "1,234 steps of adam" in said


def test_medians_against_the_width_are_charted(shelves, page, charted):
    add(shelves, "sine_sweep", WAVES)
    tested = page("approximation")
    found = {(row.activation, row.width): row for row in charted["widths-swept"].itertuples()}
    assert set(found) == {("tanh", 1), ("tanh", 16), ("quadratic", 16)}
    for place, (lower, middle, upper) in {
        ("tanh", 1): (0.2, 0.3, 0.4),
        ("tanh", 16): (0.002, 0.003, 0.004),
        ("quadratic", 16): (0.4, 0.4, 0.4),
    }.items():
        assert (found[place].lower, found[place].middle, found[place].upper) == (lower, middle, upper)
    assert "15 nets, 5 of each kind" in texts(tested)


def test_a_sweep_is_shown_on_its_own_page_alone(shelves, page, charted):
    add(shelves, "abs_sweep", DYING)
    tested = page("approximation")
    assert not [key for key in charted if key.startswith("widths-")]
    assert "No sweep has been trained yet" in texts(tested)


@pytest.mark.parametrize("own", ["mine", "swept"])
def test_a_sweep_of_ones_own_comes_first_and_the_gallerys_can_be_chosen(shelves, page, charted, own):
    better = {
        kind: ([error / 10 for error in errors], constant) for kind, (errors, constant) in WAVES.items()
    }
    add(shelves, "sine_sweep", WAVES)
    add(shelves, "sine_sweep", better, own, "runs")
    tested = page("approximation")
    assert charted[f"widths-{own}"]["middle"].min() == pytest.approx(0.0003)
    ways = field(tested, "selectbox", "Sweep")
    assert len(set(ways.options)) == 2
    charted.clear()
    drawn(ways.select_index(1).run())
    assert charted["widths-swept"]["middle"].min() == pytest.approx(0.003)


def test_a_sweep_that_goes_on_is_followed_beside_the_one_that_is_done(shelves, page, charted, started):
    add(shelves, "sine_sweep", WAVES)
    add(shelves, "sine_sweep", None, "mine", "runs", state="queued")
    tested = page("approximation")
    assert "widths-swept" in charted
    assert "mine" in [element.value for element in tested.subheader]
    assert run_it(tested).disabled


def test_without_a_sweep_the_page_says_so(shelves, page, charted):
    add(shelves, "abs_sweep", None, "stopped", "runs", state="stopped")  # before its first figures
    tested = activations(shelves, page)
    assert "No sweep has been trained yet" in texts(tested)
    assert not run_it(tested).disabled
    assert not [key for key in charted if key.startswith("collapse-")]


def test_run_it_makes_a_sweep_with_what_was_chosen(shelves, page, started):
    tested = activations(shelves, page)
    (kinds,) = (each for each in tested.multiselect if each.label == "Activations")
    kinds.set_value(["tanh", "relu"])
    tested.text_input(key="abs_sweep-depths").set_value("3")
    tested.text_input(key="abs_sweep-widths").set_value("2, 5")
    (members,) = (each for each in tested.number_input if each.label == "Nets of each kind")
    (epochs,) = (each for each in tested.number_input if each.label == "Epochs")
    members.set_value(7)
    epochs.set_value(2.0)
    (first,) = (each for each in tested.selectbox if each.label == "Initialization")
    first.set_value("lecun_normal")
    drawn(run_it(tested).click().run())
    (run,) = started
    assert run.name in [made.name for made in runs_in(shelves.runs)]
    model = run.config["model"]
    assert (run.config["recipe"], run.config["training"]["epochs"]) == ("abs_sweep", 2)
    assert (model["activations"], model["depths"], model["widths"], model["members"], model["initializer"]) == (
        ["tanh", "relu"], [3], [2, 5], 7, "lecun_normal",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("field", "text", "why"),
    [
        ("widths", "2, none", "widths"),
        ("depths", "0", "depths"),
        ("widths", "2, 2", "widths"),
        ("widths", "", "widths"),
    ],
)
def test_a_sweep_that_breaks_a_rule_is_told_and_not_made(shelves, page, started, field, text, why):
    tested = page("approximation")
    tested.text_input(key=f"sine_sweep-{field}").set_value(text)
    drawn(run_it(tested).click().run())
    (told,) = tested.error
    assert why in told.value.replace("\\", "")
    assert not started
    assert not list(shelves.runs.iterdir())
    assert tested.text_input(key=f"sine_sweep-{field}").value == text


def test_legends_show_the_lines_colours_and_axes_have_titles(monkeypatch):
    """The band behind a line is transparent; the swatch of the legend is not."""
    engine.wake_charts()
    shown: list[dict] = []
    monkeypatch.setattr(charts.st, "altair_chart", lambda chart, **_: shown.append(chart.to_dict()))
    nets = [
        {"activation": name, "depth": 1, "width": width, "errors": [0.1, 0.2, 0.3]}
        for name in ("relu", "quadratic")
        for width in (2, 4)
    ]
    charts.sweep(nets, "sweep")
    points = {"one": [(1, 1.0), (2, 2.0)], "two": [(1, 2.0), (2, 3.0)]}
    charts.lengths(points, "BLEU", "lengths", bands={"one": [(1, 0.5, 1.5), (2, 1.5, 2.5)]})

    def layers(chart: dict) -> list[dict]:
        return [each for part in chart["layer"] for each in (layers(part) if "layer" in part else [part])]

    for chart in shown:
        for layer in layers(chart):
            assert layer["encoding"]["color"]["legend"]["symbolOpacity"] == 1
            assert layer["encoding"]["x"]["title"]
            assert layer["encoding"]["y"]["title"]
