"""Translate as a person goes through it: a real server, a real browser, a keyboard."""

import re

import pytest

from tests.apps.conftest import until
from tests.apps.test_browser import arrive, expect
from tests.apps.test_translate import WORDS, add
from training.saving import save_model

pytestmark = pytest.mark.browser

PICTURE = "(canvas) => canvas.toDataURL()"
HOSTILE = "<img src=x onerror=window.hurt=1> chat"


@pytest.fixture(scope="module")
def nets(server_shelves) -> None:
    """Among the runs, so that the server's gallery is the same for all tests."""
    from training import trainer

    run = add(server_shelves, "folk")
    # So that it writes a few words and ends: a tied row of large norm comes up early.
    model = trainer.load_model(run)
    table = model.get_layer("target_embedding").get_weights()
    model.get_layer("target_embedding").set_weights([table[0] * 0.5, *table[1:]])
    save_model(model, run.model_path)


def test_a_sentence_is_typed_stepped_through_and_its_alternatives_weighed(tab, nets):
    arrive(tab, "/translate?model=runs/folk")
    player = tab.locator(".st-key-unfold")
    tab.get_by_role("radio", name="Your sentence").click()
    tab.get_by_role("textbox", name="Sentence").fill(WORDS)
    tab.keyboard.press("Enter")
    read, written = player.locator(".source .token"), player.locator(".written .token")
    expect(read.first).to_have_text("le")
    at = player.locator(".at")

    # It comes by itself and can be stopped; then the keys lead through it.
    expect(player.get_by_role("button", name="Pause")).to_be_visible()
    player.get_by_role("button", name="Pause").click()
    player.get_by_role("group").focus()
    tab.keyboard.press("Home")
    count, tokens = read.count(), written.count()
    expect(at).to_have_text(f"step 0 of {count + tokens}")
    expect(written.first).to_have_css("opacity", "0")
    expect(player.locator(".say")).to_have_text("Nothing has been read yet.")
    for _ in range(count):
        tab.keyboard.press("ArrowRight")
    expect(player.locator(".say")).to_contain_text("handed over")
    state, look = player.locator(".state canvas"), player.locator(".look canvas")
    before = [canvas.evaluate(PICTURE) for canvas in (state, look)]
    tab.keyboard.press("ArrowRight")
    expect(player.locator(".say")).to_have_text(
        re.compile(r"^It (wrote “.+”|ended here), which it found [\d.]+ %")
    )
    expect(written.first).to_have_css("opacity", "1")
    after = [canvas.evaluate(PICTURE) for canvas in (state, look)]
    assert all(one != other for one, other in zip(before, after, strict=True))
    shares = [float(each.removesuffix(" %")) for each in player.locator("ol .share").all_text_contents()]
    assert shares[:8] == sorted(shares[:8], reverse=True)
    expect(player.locator("ol .chosen .label")).to_have_text(written.first.text_content())
    tab.keyboard.press("ArrowLeft")
    assert [canvas.evaluate(PICTURE) for canvas in (state, look)] == before
    tab.keyboard.press("End")
    expect(at).to_have_text(f"step {count + tokens} of {count + tokens}")

    # A cell of the matrix tells its share, and a unit of the state its value.
    look.hover(position={"x": 110, "y": 80})
    expect(player.locator(".look .read")).to_have_text(
        re.compile(r"^writing “.+”, it looked at “.+” with [\d.]+ %$")
    )
    state.hover(position={"x": 80, "y": 150})
    expect(player.locator(".state .read")).to_have_text(re.compile(r"^unit \d, read “le”: -?\d\.\d\d$"))
    shown = state.evaluate(PICTURE)
    player.get_by_role("button", name="cell c").click()
    until(lambda: state.evaluate(PICTURE) != shown, "the cell is another picture than the state")

    # The alternatives, of which one is looked into.
    tab.get_by_role("radio", name="Alternatives").click()
    beam = tab.locator(".st-key-beam")
    expect(beam.locator("li")).to_have_count(5)
    expect(beam.locator(".leaf")).to_have_count(5)
    third = beam.locator("li").nth(2).locator(".chip").all_text_contents()
    beam.get_by_role("button", name="Look into alternative 3").click()
    expect(tab.get_by_role("radio", name="Word by word")).to_be_checked()
    until(lambda: written.all_text_contents() == third, "the third alternative is shown")
    expect(tab.get_by_test_id("stException")).to_have_count(0)


def test_what_a_person_types_is_text_and_nothing_else(tab, nets):
    arrive(tab, "/translate?model=runs/folk")
    tab.get_by_role("radio", name="Your sentence").click()
    box = tab.get_by_role("textbox", name="Sentence")
    box.fill(HOSTILE)
    box.press("Enter")
    expect(tab.get_by_text("Never seen in training")).to_be_visible()
    expect(tab.locator(".st-key-unfold .source")).to_contain_text("chat")
    for view in ("Alternatives", "Side by side", "Word by word"):
        tab.get_by_role("radio", name=view).click()
        expect(tab.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(box).to_have_value(HOSTILE)
    assert tab.evaluate("window.hurt") is None
    assert tab.locator("img[src=x]").count() == 0
    expect(tab.get_by_test_id("stException")).to_have_count(0)
