"""The page Attention in a real browser: a table typed into, a query softened, stepped, and weights edited."""

import re

import pytest

from inspection import items
from tests.apps.conftest import until
from tests.apps.test_browser import arrive, choose, expect

pytestmark = pytest.mark.browser

# Of every cell that shows a number: the contrast of the number to its colour (WCAG 2, relative luminance).
CONTRAST = """(roots) => {
  const light = (text) => {
    const [r, g, b] = text.match(/[\\d.]+/g).map((each) => each / 255)
      .map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  return roots.filter((each) => each.style.backgroundColor && !each.matches(".barred")).map((each) => {
    const [a, b] = [getComputedStyle(each).color, each.style.backgroundColor].map(light).sort((a, b) => b - a);
    return (a + 0.05) / (b + 0.05);
  });
}"""


def row(tab, part: str, name: str) -> list[str]:
    """What stands in the row of an item of one of the matrices."""
    matrix = (
        tab.locator(f".st-key-{part} table").filter(has=tab.locator("caption b", has_text="Weights")).first
    )
    line = matrix.locator("tbody tr").filter(has=tab.locator("th", has_text=re.compile(f"^{name}$")))
    return line.locator("td").all_text_contents()


def test_it_is_asked_stepped_edited_and_looked_up(tab):
    arrive(tab, "/attention")
    expect(tab.locator(".st-key-heads .head")).to_have_count(3)
    assert row(tab, "matrices", "mouse") == ["0.35", "0.31", "0.13", "0.07", "0.05", "0.09"]
    assert row(tab, "heads", "mouse") == ["35", "31", "13", "7", "5", "9"]

    # One query, step by step.
    asked = tab.locator(".st-key-asked")
    asked.get_by_role("button", name="Start").click()
    expect(asked.locator(".say")).to_contain_text("mouse asks")
    expect(asked.locator("tr.later")).not_to_have_count(0)
    asked.get_by_role("button", name="Step", exact=True).click()
    expect(asked.locator(".say")).to_contain_text(
        re.compile(r"1 × 1 [+] \(.1\) × \(.1\) [+] 1 × 1 [+] 0.5 × 0.5 = 3.25")  # noqa: RUF001
    )
    asked.get_by_role("button", name="All").click()
    expect(asked.locator("tr.later")).to_have_count(0)
    asked.get_by_role("button", name="Play").click()
    expect(asked.get_by_role("button", name="Pause")).to_be_visible()
    asked.get_by_role("button", name="Pause").click()

    # Another one asks, by its name in a matrix and among the lines.
    tab.locator(".st-key-matrices").get_by_role("button", name="tree asks").first.click()
    expect(asked.locator("th.who")).to_have_text("tree")
    tab.locator(".st-key-heads").get_by_role("button", name="lorry asks").first.click()
    expect(asked.locator("th.who")).to_have_text("lorry")
    expect(tab).to_have_url(re.compile("asks=5"))

    # Weights are typed; what is no number is told and changes nothing.
    weight = tab.get_by_label("W Q, row 1, column 1", exact=True)
    weight.fill("five")
    read = tab.locator(".st-key-matrices .read")
    expect(read).to_contain_text("is no number")
    weight.fill("1e9")
    expect(read).to_contain_text("is too large")
    weight.fill("-3")
    expect(tab).to_have_url(re.compile("weights1=-3(,|%2C)0"))
    expect(tab.locator(".st-key-heads .job").first).to_have_text("Your own weights")
    until(lambda: row(tab, "matrices", "mouse")[0] != "0.35", "the mouse asks otherwise")

    # No look ahead.
    tab.get_by_text("No look ahead").click()
    expect(tab.locator(".st-key-matrices .barred")).to_have_count(15)
    until(lambda: row(tab, "matrices", "mouse") == ["1", *["0"] * 5], "the first sees itself alone")


def test_soft_becomes_hard(tab):
    arrive(tab, "/attention")
    tab.get_by_role("radiogroup", name="Ask for one feature").get_by_role("radio", name="big").click()
    lookup = tab.locator(".st-key-lookup")
    shares = lookup.locator(".soft li:not(.heads) .share")
    expect(lookup.locator(".hard .wins .label")).to_have_text("elephant")
    slider = lookup.get_by_role("slider", name="Sharpness")
    slider.focus()
    slider.press("Home")
    expect(shares).to_have_text(["16.7 %"] * 6)
    slider.press("End")
    expect(shares).to_have_text(["0.0 %", "0.0 %", "50.0 %", "0.0 %", "50.0 %", "0.0 %"])  # the lorry ties
    expect(tab).to_have_url(re.compile("sharpness=60"))
    expect(lookup.locator(".bands")).to_have_attribute("aria-label", re.compile("elephant 50.0 %"))
    box = lookup.locator(".bands").bounding_box()
    tab.mouse.click(box["x"] + 2, box["y"] + 40)
    expect(shares).to_have_text(["16.7 %"] * 6)


def test_a_cell_is_typed_and_the_page_is_left_and_found_again(tab):
    arrive(tab, "/attention")
    table = tab.get_by_test_id("stDataFrame")
    box = table.locator("canvas").first.bounding_box()
    # The first item's first feature. Keys that come before the table has taken the click would be lost.
    tab.mouse.dblclick(box["x"] + 0.3 * box["width"], box["y"] + 52)
    field = tab.locator("#portal input")
    field.fill("4")
    field.press("Enter")
    expect(tab).to_have_url(re.compile(r"items=mouse(:|%3A)4(,|%2C)"))
    first = tab.locator(".st-key-matrices .items tbody tr").first.locator("td").first
    expect(first).to_have_text("4")
    tab.get_by_text("Places", exact=True).click()
    expect(tab.locator(".st-key-matrices .items thead th")).to_have_count(6)

    choose(tab, "Recurrence", "Memory")
    choose(tab, "Attention", "Attention")
    expect(first).to_have_text("4")
    expect(tab.locator(".st-key-matrices .items thead th")).to_have_count(6)
    expect(tab).to_have_url(re.compile(r"items=mouse(:|%3A)4(,|%2C)"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_number_can_be_read(tab, scheme):
    tab.emulate_media(color_scheme=scheme)
    arrive(tab, "/attention?set=a-sentence&head=2")
    expect(tab.locator(".st-key-heads .head")).to_have_count(3)
    for part in ("lookup", "asked", "matrices", "heads"):
        cells = tab.locator(f".st-key-{part} .cell, .st-key-{part} .score")
        expect(cells.first).to_be_visible()
        tab.wait_for_function("() => document.getAnimations().length === 0")
        assert min(cells.evaluate_all(CONTRAST)) >= 4.5


def test_the_largest_page_fits_a_narrow_window(tab):
    names = ";".join(f"{'w' * items.NAME}{i}:99,-99,99,-99,99,-99" for i in range(items.ITEMS))
    features = ",".join("f" * 11 + str(i) for i in range(items.FEATURES))
    tab.set_viewport_size({"width": 390, "height": 900})
    arrive(tab, f"/attention?items={names}&features={features}&places=1&heads=like,random,next,opposite")
    expect(tab.locator(".st-key-heads .head")).to_have_count(4)
    widths = tab.evaluate(
        "[document.documentElement, document.querySelector('[data-testid=stMain]')].map((node) => node.scrollWidth)"
    )
    assert max(widths) <= 390
