"""The page Kernel in a real browser: stepped, played, and edited cell by cell."""

import re

import pytest

expect = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed").expect

pytestmark = pytest.mark.browser


def test_the_slide_is_stepped_played_and_edited(tab):
    tab.goto("/kernel")
    cells = tab.locator(".st-key-slide .out .cell")
    expect(cells).to_have_text(list("434243234"), timeout=60_000)
    tab.get_by_role("button", name="Step", exact=True).click()
    expect(cells).to_have_text(["4", *[""] * 8])
    expect(tab.locator(".st-key-slide .sum")).to_have_text("1 + 0 + 1 + 0 + 1 + 0 + 0 + 0 + 1 = 4")
    tab.keyboard.press("ArrowRight")
    expect(cells).to_have_text(["4", "3", *[""] * 7])
    tab.get_by_label("Speed").select_option("Fast")
    tab.get_by_role("button", name="Play", exact=True).click()
    expect(cells).to_have_text(list("434243234"))
    expect(tab.get_by_role("button", name="Play", exact=True)).to_be_visible()  # it has stopped at the end

    tab.get_by_label("kernel row 1, column 2", exact=True).fill("-1")
    expect(tab.locator(".st-key-slide .product small").nth(1)).to_have_text(re.compile(r"^\d × \(-1\)$"))  # noqa: RUF001
    tab.get_by_label("kernel row 1, column 2", exact=True).fill("0")
    expect(tab.locator(".st-key-slide .product small").nth(1)).to_have_text(re.compile(r"^\d × 0$"))  # noqa: RUF001
    tab.get_by_label("grid row 1, column 1", exact=True).fill("5")
    expect(cells).to_have_text(list("834243234"))
    expect(tab).to_have_url(re.compile("grid=5x5x1"))
    tab.get_by_label("grid row 1, column 2", exact=True).fill("five")
    expect(tab.locator(".st-key-slide .where")).to_contain_text("is no number")
    tab.get_by_label("grid row 1, column 2", exact=True).fill("1")
    tab.get_by_label("kernel row 3, column 3", exact=True).fill("0")
    expect(cells.first).to_have_text("7")

    tab.get_by_label("grid row 1, column 2", exact=True).fill("1e9")
    expect(tab.locator(".st-key-slide .where")).to_contain_text("is too large")
    expect(cells.first).to_have_text("7")
    tab.get_by_label("grid row 1, column 2", exact=True).fill("1")
    tab.get_by_label("kernel row 1, column 1", exact=True).fill("0.125")  # is shown as 0.13, and stays 0.125
    expect(tab).to_have_url(re.compile("0.125"))
    tab.get_by_label("kernel row 1, column 2", exact=True).fill("2")
    expect(tab).to_have_url(re.compile(r"kernel=3x3x1(:|%3A)0\.125(,|%2C)2(,|%2C)"))

    tab.get_by_role("link", name="See it in a trained net").click()
    expect(tab).to_have_url(re.compile("/convolution"))
