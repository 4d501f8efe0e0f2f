"""Next word as a person goes through it: a real server, a real browser, a mouse and a keyboard."""

import re

import pytest

from tests.apps.conftest import until
from tests.apps.test_browser import arrive, expect
from tests.apps.test_next_word import add

pytestmark = pytest.mark.browser

HOSTILE = "<img src=x onerror=window.hurt=1> the cat"


@pytest.fixture(scope="module")
def net(server_shelves) -> None:
    """Among the runs, so that the server's gallery is the same for all tests."""
    add(server_shelves, "scribe")


def test_a_text_is_written_stopped_cut_at_another_token_and_walked_back(tab, net):
    arrive(tab, "/next_word?model=runs/scribe")
    page = tab.locator(".st-key-next_word")
    prompt, tokens, branches = (
        tab.get_by_role("textbox", name="Prompt"),
        page.locator(".token"),
        page.locator(".branch"),
    )
    prompt.fill("the dog")
    prompt.press("Control+Enter")
    expect(tokens).to_have_count(7)
    bars = page.locator(".bars li button")
    expect(page.locator("h4").first).to_have_text("What may come next")

    # One token by hand, then many by themselves, until they are stopped.
    taken = bars.nth(1).locator(".label").text_content()
    bars.nth(1).click()
    expect(tokens).to_have_count(8)
    expect(tokens.nth(7)).to_have_class(re.compile("hand"))
    assert tokens.nth(7).text_content().startswith({"␣": " "}.get(taken, taken))
    many = tab.get_by_role("spinbutton", name="Tokens")
    many.fill("5000")
    many.press("Enter")
    tab.get_by_role("button", name="Write").click()
    stop = tab.get_by_role("button", name="Stop")
    expect(tokens.nth(20)).to_be_visible()
    stop.click()
    expect(stop).to_have_count(0)
    expect(page.locator(".meter")).to_contain_text("of the 16 tokens of the context are read")
    expect(page.locator(".forgotten").first).to_be_visible()
    first = tokens.all_text_contents()

    # What might have stood at a place; another token is taken there.
    many.fill("3")
    many.press("Enter")
    tokens.nth(12).click()
    expect(page.locator("h4").first).to_contain_text("In the place of")
    expect(page.locator(".bars .chosen")).to_have_count(1)
    other = page.locator(".bars li:not(.chosen) button").first
    other.click()
    expect(branches).to_have_count(2)
    expect(tab.get_by_role("button", name="Write")).to_be_visible()
    until(lambda: tokens.count() <= 16, "the text is cut and goes on")
    assert tokens.all_text_contents()[:12] == first[:12]
    branches.first.click()
    until(lambda: tokens.all_text_contents() == first, "the first way is back")
    tab.get_by_role("button", name="Begin anew").click()
    expect(tokens).to_have_count(7)
    expect(branches.first).to_be_hidden()
    expect(tab.get_by_test_id("stException")).to_have_count(0)


def test_the_keys_lead_through_the_text_and_each_head_tells_where_it_looked(tab, net):
    arrive(tab, "/next_word?model=runs/scribe")
    page = tab.locator(".st-key-next_word")
    tokens = page.locator(".token")
    tab.get_by_role("textbox", name="Prompt").fill("the dog sees")
    tab.keyboard.press("Control+Enter")
    expect(tokens).to_have_count(12)
    tokens.nth(9).click()
    expect(tokens.nth(9)).to_have_class(re.compile("now"))
    page.locator(".text").focus()
    tab.keyboard.press("ArrowLeft")
    expect(tokens.nth(8)).to_have_class(re.compile("now"))
    tab.get_by_role("radio", name="Attention").click()
    expect(page.get_by_role("button", name="Layer: 2")).to_be_visible()
    shades = "(all) => all.map((node) => node.style.getPropertyValue('--share'))"
    before = tokens.evaluate_all(shades)
    page.get_by_role("button", name="Layer: 2").click()
    page.get_by_role("button", name="Head: 1").click()
    assert tokens.evaluate_all(shades) != before
    tokens.nth(3).hover()
    expect(page.locator(".left .read")).to_have_text(re.compile(r"token 4: .* % of what was taken$"))
    expect(tab.get_by_test_id("stException")).to_have_count(0)


def test_a_pasted_text_is_coloured_by_surprise_and_is_text_and_nothing_else(tab, net):
    arrive(tab, "/next_word?model=runs/scribe")
    prompt = tab.get_by_role("textbox", name="Prompt")
    prompt.fill(HOSTILE)
    prompt.press("Control+Enter")
    expect(tab.get_by_text("Never seen in training")).to_be_visible()
    tab.get_by_role("radio", name="Surprise").click()
    box = tab.get_by_role("textbox", name="Text")
    box.fill(HOSTILE)
    box.press("Control+Enter")
    expect(tab.get_by_text("Never seen in training")).to_be_visible()
    shown = tab.locator(".st-key-surprise")
    expect(shown.locator(".text")).to_contain_text("the cat")
    shown.locator(".token").nth(4).hover()
    expect(shown.locator(".read")).to_have_text(re.compile(r"nats, .* bits, .* %. Likeliest here: “.”"))
    chips = shown.locator(".chip")
    shades = shown.locator(".token").evaluate_all(
        "(all) => all.map((node) => parseInt(node.style.getPropertyValue('--share')))"
    )
    chips.first.click()
    now = shown.locator(".token.now")
    expect(now).to_have_count(1)
    assert shades[int(now.get_attribute("data-place"))] == max(shades)
    assert tab.evaluate("window.hurt") is None
    assert tab.locator("img[src=x]").count() == 0
    expect(tab.get_by_test_id("stException")).to_have_count(0)
