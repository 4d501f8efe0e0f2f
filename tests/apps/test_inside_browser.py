"""Inside a trained net as a person goes through it: a real server, a real browser, a mouse and keys."""

import re

import pytest

from tests.apps.test_browser import arrive, draw, expect

pytestmark = pytest.mark.browser


def test_from_a_map_to_a_unit_to_the_evidence(tab):
    arrive(tab, "/convolution?model=gallery/digits_cnn")
    expect(tab.get_by_text("Draw one of these")).to_be_visible()
    draw(tab, (0.3, 0.2), (0.7, 0.2), (0.45, 0.85))

    # A click in a map takes that unit apart.
    maps = tab.locator(".st-key-maps canvas")
    expect(maps).to_have_count(9)
    maps.nth(2).click(position={"x": 30, "y": 10})
    unit = tab.locator(".st-key-unit_view")
    where = unit.locator(".where")
    expect(where).to_have_text(re.compile(r"^map 1, row \d, column \d$"))
    place = where.text_content()
    expect(unit.locator(".chain li")).to_have_count(3)  # sum, normalization, activation

    # The arrow keys move to the next one, and so do the numbers.
    unit.locator(".board").press("ArrowUp")
    expect(where).not_to_have_text(place)
    tab.get_by_role("spinbutton", name="Row").fill("8")
    tab.get_by_role("spinbutton", name="Row").press("Enter")
    expect(where).to_have_text(re.compile("row 8"))

    # A stroke moves the value of the same unit; the drawing was there all the time.
    draw(tab, (0.1, 0.9), (0.9, 0.9))
    expect(where).to_have_text(re.compile("row 8"))

    tab.get_by_role("radio", name="Why this answer").click()
    heat = tab.locator(".st-key-heat figure")
    expect(heat).to_have_count(3)
    heat.nth(2).locator("canvas").hover()
    expect(heat.nth(2).locator(".read")).to_have_text(re.compile(r"row \d, column \d: -?\d+\.\d points"))

    # A picture that excites a map becomes the one that is looked at.
    tab.get_by_role("radio", name="What excites it").click()
    crops = tab.locator(".st-key-crops button")
    expect(crops).to_have_count(12)
    label = crops.nth(4).locator(".label span").first.text_content()
    crops.nth(4).click()
    expect(tab.locator(".st-key-answer .caption")).to_contain_text(f"Labelled {label}")
    tab.get_by_role("radio", name="Kernels").click()
    expect(tab.locator(".st-key-kernels canvas")).to_have_count(2)
    expect(tab.get_by_test_id("stException")).to_have_count(0)
