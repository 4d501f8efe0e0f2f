"""Heads as a person goes through it: a real server, a real browser, a mouse."""

import re

import pytest

from tests.apps.conftest import until
from tests.apps.test_browser import arrive, expect
from tests.apps.test_heads_page import WIDE, add

pytestmark = pytest.mark.browser

PICTURE = "(canvas) => canvas.toDataURL()"


@pytest.fixture(scope="module")
def nets(server_shelves) -> None:
    """Among the runs, so that the server's gallery is the same for all tests."""
    add(server_shelves, "pronouns_encoder", "reader")


def test_a_word_is_picked_the_adjective_flipped_heads_switched_off_and_one_found(tab, nets):
    arrive(tab, "/heads?model=runs/reader")
    gaze = tab.locator(".st-key-gaze")
    say, words = gaze.locator(".lines .say"), gaze.locator(".side.from button")
    expect(say).to_contain_text("“it” looks at")
    expect(words.filter(has_text=re.compile("^it$"))).to_have_attribute("aria-pressed", "true")

    # A word that is pointed at tells where it looks; one that is clicked at stays.
    matrix = gaze.locator(".matrix canvas")
    words.nth(1).hover()
    expect(say).to_contain_text("“animal” looks at")
    words.nth(1).click()
    expect(words.nth(1)).to_have_attribute("aria-pressed", "true")
    until(lambda: words.nth(1).get_attribute("aria-pressed") == "true", "the word stays picked")

    # One head, its matrix, and the score of two words in it.
    shown = matrix.evaluate(PICTURE)
    gaze.get_by_role("button", name="Show Layer 1, head 2").click()
    expect(gaze.locator(".title")).to_have_text("Layer 1, head 2")
    until(lambda: matrix.evaluate(PICTURE) != shown, "the matrix is the head's")
    features = tab.locator(".st-key-features")
    expect(features.locator(".bars")).to_have_count(3)
    before = features.locator(".sum").text_content()
    gaze.locator(".side.to button").nth(4).click()
    expect(features.locator(".sum")).not_to_have_text(before)

    # The twin: what is looked at is another's.
    shown = matrix.evaluate(PICTURE)
    tab.get_by_role("button", name="Flip").click()
    expect(tab.get_by_role("textbox", name="Sentence")).to_have_value(WIDE)
    expect(words.nth(12)).to_have_text("wide")
    until(lambda: matrix.evaluate(PICTURE) != shown, "the matrix is that of the twin")

    # Without a head the answer stands beside that with all of them.
    answers = tab.locator(".st-key-chances section")
    expect(answers).to_have_count(1)
    gaze.get_by_role("switch", name="Layer 2, head 1").click()
    expect(answers).to_have_count(2)
    expect(gaze.get_by_role("switch", name="Layer 2, head 1")).to_have_attribute("aria-checked", "false")
    tab.get_by_role("button", name="All off but this").click()
    expect(answers.nth(1).locator("h4")).to_have_text("Without 3 heads")
    tab.get_by_role("button", name="All on").click()
    expect(answers).to_have_count(1)

    tab.get_by_role("button", name="Find the head").click()
    expect(tab.get_by_text("puts more than half of the attention")).to_be_visible()
    expect(gaze.locator(".best")).to_have_count(1)
    expect(gaze.locator(".best .open")).to_have_attribute("aria-pressed", "true")
    expect(tab.get_by_test_id("stException")).to_have_count(0)


def test_twins_stand_side_by_side_and_another_pair_comes_from_the_test(tab, nets):
    tab.set_viewport_size({"width": 420, "height": 900})
    arrive(tab, "/heads?model=runs/reader")
    words = tab.locator(".st-key-gaze .side.from button")
    twins = tab.locator(".st-key-twins section")
    expect(twins.locator(".text b")).to_have_text(["tired.", "wide."])
    boxes = [twins.nth(place).bounding_box() for place in range(2)]
    assert boxes[0]["y"] == boxes[1]["y"]
    assert boxes[0]["x"] + boxes[0]["width"] < boxes[1]["x"]
    tab.get_by_role("radio", name="Test set").click()
    expect(twins.locator(".text b")).not_to_have_text(["tired.", "wide."])
    number = tab.get_by_role("spinbutton", name=re.compile("^Number, of 40"))
    expect(number).to_have_value("1")
    tab.get_by_role("button", name="Another").click()
    expect(number).not_to_have_value("1")
    expect(words.first).to_have_text(re.compile("^[A-Z]"))
    tab.get_by_role("radio", name="Your sentence").click()
    expect(twins.locator(".text b")).to_have_text(["tired.", "wide."])
