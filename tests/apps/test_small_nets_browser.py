"""Approximation and Boundary as a person goes through them: a real server, a real browser, real trainings."""

import re
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from tests.apps.conftest import until
from tests.apps.test_browser import arrive, draw, expect
from training import runs, snapshots

pytestmark = pytest.mark.browser

PICTURE = "(canvas) => canvas.toDataURL()"


def choose(tab, label: str, option: str) -> None:
    """Pick an option of a select box."""
    tab.get_by_role("combobox", name=label).click()
    tab.get_by_role("option", name=option, exact=True).click()


def put(tab, label: str, value: str) -> None:
    """Type a number into its field."""
    field = tab.get_by_role("spinbutton", name=label, exact=True)
    field.fill(value)
    field.press("Enter")


def settled(tab) -> None:
    """Wait until the page has done what it was last asked for."""
    expect(tab.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


def badge(tab):
    """The state of the run that is watched."""
    return tab.locator(".stMarkdownBadge").filter(
        has_text=re.compile("queued|running|finished|stopped|failed")
    )


@pytest.fixture
def made(tab, server_shelves):
    """Waits for the run that the page makes, until the page shows it, in each of some states, and finished."""
    before = {run.name for run in runs.runs_in(server_shelves.runs)}

    def wait(*states: str) -> runs.Run:
        (run,) = until(
            lambda: [run for run in runs.runs_in(server_shelves.runs) if run.name not in before],
            "a run is made",
        )
        expect(tab.get_by_role("combobox", name="Model")).to_have_value(re.compile(run.name))
        for state in (*states, "finished"):
            expect(badge(tab)).to_contain_text(state)
        return run

    return wait


def by_keyboard(tab, name: str) -> None:
    """Go to a button from the page's beginning with the Tab key alone."""
    tab.evaluate("document.activeElement.blur()")
    button = tab.get_by_role("button", name=name, exact=True)
    for _ in range(80):
        tab.keyboard.press("Tab")
        if button.evaluate("(node) => node === document.activeElement"):
            return
    pytest.fail(f"80 times Tab and no {name}")


def test_a_corner_is_fitted_watched_and_wound_back(tab, made):
    arrive(tab, "/approximation")
    choose(tab, "Function", "A corner")
    expect(tab).to_have_url(re.compile(r"function=A(\+|%20)corner"))
    put(tab, "Epochs", "3")
    settled(tab)
    by_keyboard(tab, "Fit it")
    tab.keyboard.press("Enter")
    run = made("running")
    assert (run.config["data"]["formula"], run.config["training"]["epochs"]) == ("abs(x)", 3)
    steps = list(snapshots.load(run.path))
    assert len(steps) > 10

    # The picture is that of the slider's step.
    plot, slider = tab.locator(".st-key-curves canvas.plot"), tab.get_by_role("slider", name="Step")
    after = tab.get_by_test_id("stMetric").filter(has_text="After")
    expect(after).to_contain_text(f"{steps[-1]:,} steps")
    last = plot.evaluate(PICTURE)
    slider.focus()
    slider.press("Home")
    expect(after).to_have_text(re.compile(rf"After\s*{steps[0]:,} steps"))
    until(lambda: plot.evaluate(PICTURE) != last, "the curve is that of the first step")
    units = tab.locator(".st-key-curves .bends canvas")
    first, first_units = plot.evaluate(PICTURE), units.evaluate(PICTURE)

    # It plays from there to the end, and can be stopped on the way.
    tab.get_by_role("button", name="Play", exact=True).click()
    expect(after).not_to_have_text(re.compile(rf"After\s*{steps[0]:,} steps"))
    tab.get_by_role("button", name="Pause", exact=True).click()
    expect(tab.get_by_role("button", name="Play", exact=True)).to_be_visible()
    settled(tab)
    until(lambda: plot.evaluate(PICTURE) not in (first, last), "it stands on its way", 20)
    assert units.evaluate(PICTURE) != first_units
    tab.get_by_role("button", name="Play", exact=True).click()
    expect(after).to_contain_text(f"{steps[-1]:,} steps")
    expect(tab.get_by_role("button", name="Play", exact=True)).to_be_visible()
    until(lambda: plot.evaluate(PICTURE) == last, "it has come to the end")

    plot.hover()
    expect(tab.locator(".st-key-curves .legend .read")).to_have_text(
        re.compile(r"^at -?\d.*: the function -?\d.*, the net -?\d")
    )
    expect(tab.get_by_test_id("stException")).to_have_count(0)


def test_a_formula_that_is_none_is_told_and_a_drawn_curve_can_be_fitted(tab, made):
    arrive(tab, "/approximation?function=Your+formula&formula=1/x")
    fit_it = tab.get_by_role("button", name="Fit it", exact=True)
    expect(tab.get_by_text("no finite value at x = 0")).to_be_visible()
    expect(fit_it).to_have_count(0)
    choose(tab, "Function", "Your drawing")
    expect(tab.get_by_text("Draw a curve from left to right")).to_be_visible()
    draw(tab, (0.05, 0.9), (0.5, 0.1), (0.95, 0.9), key="sketch")
    expect(fit_it).to_be_visible()
    put(tab, "Epochs", "2")
    settled(tab)
    fit_it.click()
    run = made()
    heights = np.array(run.config["data"]["heights"])
    assert heights.argmax() == pytest.approx(len(heights) / 2, abs=len(heights) / 10)
    assert heights[0] < heights.mean() > heights[-1]
    expect(tab.locator(".st-key-curves canvas.plot")).to_be_visible()
    expect(tab.get_by_test_id("stException")).to_have_count(0)


def test_circles_are_told_apart_and_a_link_brings_the_settings(tab, made):
    arrive(tab, "/boundary")
    choose(tab, "Points", "Circles")
    expect(tab).to_have_url(re.compile("points=Circles"))
    preview = tab.get_by_test_id("stVegaLiteChart").locator("svg").first
    expect(preview).to_be_visible()
    settled(tab)
    marks = ".mark-symbol path"
    before = preview.locator(marks).first.get_attribute("transform")
    noise = tab.get_by_role("slider", name="Noise")
    noise.focus()
    noise.press("Home")
    expect(tab).to_have_url(re.compile(r"noise=0(\.0+)?(&|$)"))
    expect(preview.locator(marks).first).not_to_have_attribute("transform", before)
    put(tab, "Epochs", "6")
    settled(tab)
    tab.get_by_role("button", name="Train it", exact=True).click()
    run = made()
    assert (run.config["data"]["kind"], run.config["data"]["noise"]) == ("circles", 0)
    picture = tab.locator(".st-key-plane canvas")
    expect(picture).to_have_count(1)
    expect(tab.locator(".st-key-plane .legend")).to_contain_text("outer circle")
    expect(tab.locator(".st-key-plane .legend")).to_contain_text("held out")
    colours = picture.evaluate(
        """(canvas) => new Set(new Uint32Array(
             canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size"""
    )
    assert colours > 20
    picture.hover()
    expect(tab.locator(".st-key-plane figure .note")).to_have_text(
        re.compile(r"^x -?[\d.e-]+, y -?[\d.e-]+: (inner|outer) circle, \d+(\.\d)? ?% sure$")
    )

    # Its address, opened elsewhere, shows the same.
    asked = parse_qs(urlsplit(tab.url).query)
    assert (asked["points"], asked["model"]) == (["Circles"], [f"runs/{run.name}"])
    other = tab.context.new_page()
    arrive(other, tab.url)
    expect(other.get_by_role("spinbutton", name="Epochs", exact=True)).to_have_value("6")
    expect(other.get_by_role("slider", name="Noise")).to_have_value("0")
    expect(other.get_by_role("combobox", name="Points")).to_have_value("Circles")
    expect(other.locator(".st-key-plane .legend")).to_contain_text("outer circle")
    assert other.locator(".st-key-plane canvas").evaluate(PICTURE) == picture.evaluate(PICTURE)
    for each in (tab, other):
        expect(each.get_by_test_id("stException")).to_have_count(0)


def test_a_table_of_ones_own_is_uploaded_and_learned(tab, made):
    arrive(tab, "/boundary?points=Your+own+CSV")
    rows = [f"{i % 7},{i * 3 % 11 + 100 * (i % 2)},{('beech', 'oak')[i % 2]}" for i in range(60)]
    chooser = tab.locator("input[type=file]")
    train_it = tab.get_by_role("button", name="Train it", exact=True)
    chooser.set_input_files([{"name": "bad.csv", "mimeType": "text/csv", "buffer": b"a,b,c\n1,2,yes\n"}])
    expect(tab.get_by_text("it has one row")).to_be_visible()
    expect(train_it).to_have_count(0)
    content = "\n".join(["wide,tall,kind", *rows]).encode()
    chooser.set_input_files([{"name": "trees.csv", "mimeType": "text/csv", "buffer": content}])
    expect(tab.get_by_text("60 points of 2 classes")).to_be_visible()
    put(tab, "Epochs", "2")
    settled(tab)
    by_keyboard(tab, "Train it")
    tab.keyboard.press("Space")
    run = made()
    assert (run.path / "table.csv").read_bytes() == content
    assert run.config["data"]["file"] == str(run.path / "table.csv")
    expect(tab.locator(".st-key-plane .legend")).to_contain_text("oak")
    expect(tab.locator(".st-key-plane .axis")).to_contain_text("wide across, tall up")
    expect(tab.get_by_test_id("stException")).to_have_count(0)
