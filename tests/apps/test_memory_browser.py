"""Memory as a person goes through it: a real server, a real browser, four real trainings."""

import re

import keras
import pytest

from tests.apps.conftest import until
from tests.apps.test_browser import arrive, expect
from training import runs, snapshots

pytestmark = pytest.mark.browser

PICTURE = "(canvas) => canvas.toDataURL()"
SMALL = {"length": "10", "units": "4", "epochs": "1", "sequences": "1920"}
NETS = ("plain", "gru", "lstm", "both", "attention")


@pytest.fixture
def own(tmp_path):
    """A file of a person's own."""
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((6,)), layers.Embedding(9, 3), layers.GRU(4, name="reader"), layers.Dense(2)]
    )
    path = tmp_path / "own.keras"
    model.save(path)
    return path


def test_a_race_is_started_watched_wound_back_and_looked_into(tab, server_shelves, own):
    arrive(tab, "/memory?" + "&".join(f"race.adding.{name}={value}" for name, value in SMALL.items()))
    tab.get_by_role("button", name="Start the race").click()
    made = [server_shelves.runs / f"adding-race-1-{net}" for net in NETS]
    until(lambda: all((path / "status.json").exists() for path in made), "five runs are made")
    expect(tab.get_by_role("button", name="Stop the race")).to_be_visible()
    expect(tab.get_by_role("button", name="Start the race")).to_be_disabled()

    # Found again by another tab, and watched there to its end.
    expect(tab).to_have_url(re.compile("race=runs%2Fadding-race-1"))
    address = tab.url
    tab.close()
    tab = tab.context.new_page()
    arrive(tab, address)
    expect(tab.get_by_role("spinbutton", name="Units", exact=True)).to_have_value("4")
    expect(tab.get_by_role("combobox", name="Race")).to_have_value(re.compile("adding-race-1"))
    expect(tab.get_by_role("button", name="Stop the race")).to_have_count(0)
    assert {runs.Run(path).state for path in made} == {"finished"}
    charts = tab.get_by_test_id("stVegaLiteChart").locator("svg")
    expect(charts.nth(0).locator(".mark-line path")).to_have_count(5)
    expect(charts.nth(0)).to_contain_text("always answering 1: 0.167")
    expect(charts.nth(1).locator(".mark-line path")).to_have_count(6)

    # The gradients are those of the slider's step.
    steps = list(snapshots.load(made[0]))
    slider = tab.get_by_role("slider", name="After so many steps of training")
    line = charts.nth(1).locator(".mark-line path").first
    last = line.get_attribute("d")
    slider.focus()
    slider.press("Home")
    until(lambda: line.get_attribute("d") != last, "the gradients are those of the first step")
    expect(slider).to_have_attribute("aria-valuetext", f"{steps[0]}")

    # Inside the LSTM: every row tells the same unit at the same step.
    tab.get_by_role("button", name="Look inside").nth(2).click()
    expect(tab.get_by_role("combobox", name="Model")).to_have_value(re.compile("adding-race-1-lstm"))
    pictures = tab.locator(".st-key-steps .row")
    expect(pictures).to_have_count(7)  # input, three gates, candidate, cell, state
    pictures.nth(2).locator(".plot").hover()
    expect(pictures.nth(2).locator(".read")).to_have_text(re.compile(r"^unit \d, step \d+: [01]\.\d\d$"))
    expect(pictures.nth(5).locator(".read")).to_have_text(re.compile(r"^unit \d: -?\d\.\d\d$"))
    expect(pictures.nth(0).locator(".read")).to_have_text(re.compile(r"^number 0\.\d\d, mark [01]\.00$"))
    before = pictures.nth(6).locator("canvas").evaluate(PICTURE)
    number = tab.get_by_role("spinbutton", name="Number", exact=True)
    number.fill("7")
    number.press("Enter")
    until(lambda: pictures.nth(6).locator("canvas").evaluate(PICTURE) != before, "another sequence is read")

    # A file of one's own, and one that is none.
    tab.get_by_role("radio", name="Your own file").click()
    chooser = tab.locator("input[type=file]")
    chooser.set_input_files([{"name": "bad.keras", "mimeType": "application/zip", "buffer": b"no model"}])
    expect(tab.get_by_text("bad.keras: this is no .keras file, or a damaged one")).to_be_visible()
    chooser.set_input_files(own)
    expect(tab.get_by_text("takes 6 steps of 9 tokens")).to_be_visible()
    expect(pictures).to_have_count(5)
    expect(tab.get_by_test_id("stException")).to_have_count(0)
