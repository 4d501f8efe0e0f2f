"""The app as a person uses it: a real server, a real browser, a mouse."""

import re
import socket

import pytest

from tests.apps.conftest import VIEWS, until
from training import runs

expect = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed").expect
expect.set_options(timeout=60_000)  # milliseconds, for a busy machine

pytestmark = pytest.mark.browser

NARROW, WIDE = 390, 1440
PAGES = (
    "/",
    "/activations",
    "/approximation",
    "/boundary",
    "/kernel",
    "/convolution",
    "/convolution?tab=Train",
    "/convolution?tab=Code",
    "/frames",
    "/signals",
    "/duel",
    "/latent",
    "/timeline",
    "/memory",
    "/attention",
    "/heads",
    "/translate",
    "/next_word",
    "/arena",
    "/play",
    "/compare",
    "/runs",
)


def arrive(tab, path: str) -> None:
    """Go to a page and wait until it is drawn."""
    tab.goto(path)
    expect(tab.get_by_role("heading", level=1)).to_be_visible()
    expect(tab.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    expect(tab.get_by_test_id("stSpinner")).to_have_count(0)


def choose(tab, group: str, page: str) -> None:
    """Go to a page by the menu, as it is in a wide window: open its group, click on it."""
    tab.get_by_test_id("stTopNav").get_by_role("button", name=group, exact=True).click()
    tab.get_by_test_id("stTopNavDropdownLink").get_by_text(page, exact=True).click()
    expect(tab.get_by_role("heading", level=1)).to_have_text(page)


def draw(tab, *points: tuple[float, float], key: str = "canvas") -> None:
    """Draw one stroke on the canvas of that key; points are shares of its edges."""
    canvas = tab.locator(f".st-key-{key} canvas").last
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    tab.mouse.move(*places[0])
    tab.mouse.down()
    for place in places[1:]:
        tab.mouse.move(*place, steps=5)
    tab.mouse.up()


def test_the_server_listens_on_loopback_alone(server):
    port = int(server.rsplit(":", 1)[1])
    for family, address in ((socket.AF_INET, "127.0.0.2"), (socket.AF_INET6, "::1")):
        with socket.socket(family) as other:
            try:
                other.bind((address, 0))
            except OSError:
                continue  # this machine has no such address
        with socket.socket(family) as other:
            other.bind((address, port))  # taken, if the server listened on every address


@pytest.mark.parametrize("path", PAGES)
def test_pages_fit_their_window_and_fail_nowhere(tab, path):
    requests = []
    tab.on("request", lambda request: requests.append(request.url))
    tab.set_viewport_size({"width": NARROW, "height": 900})
    arrive(tab, path)
    for width in (NARROW, WIDE):
        tab.set_viewport_size({"width": width, "height": 900})
        expect(tab.get_by_test_id("stException")).to_have_count(0)
        widths = tab.evaluate(
            """() => [document.documentElement, document.querySelector('[data-testid=stMain]')]
                 .map((node) => node.scrollWidth)"""
        )
        assert max(widths) <= width
    assert all("127.0.0.1" in url or url.startswith(("data:", "blob:")) for url in requests)


def leads_to_every_page(links: list, width: int) -> bool:
    """Whether these links, all of them in a window of that width, are those of all pages."""
    boxes = [box for _, box in links]
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= width for box in boxes)
    names = [address.rsplit("/", 1)[1] or "home" for address, _ in links]
    return sorted(names) == sorted(path.stem for path in VIEWS.glob("*.py"))


def links(found) -> list:
    """Address and place of each link."""
    return [(link.get_attribute("href"), link.bounding_box()) for link in found.all()]


@pytest.mark.parametrize("width", [1000, WIDE])
def test_a_wide_window_has_every_page_in_a_group_of_its_menu(tab, width):
    tab.set_viewport_size({"width": width, "height": 900})
    arrive(tab, "/kernel")
    found, inside = links(tab.get_by_test_id("stTopNavLink")), tab.get_by_test_id("stTopNavDropdownLink")
    for group in tab.get_by_test_id("stTopNavSection").all():
        group.click()
        expect(inside.first).to_be_visible()
        found += links(inside)
        tab.keyboard.press("Escape")
        expect(inside).to_have_count(0)
    assert leads_to_every_page(found, width)


def test_a_narrow_window_has_every_page_behind_one_sign(tab):
    tab.set_viewport_size({"width": NARROW, "height": 900})
    arrive(tab, "/kernel")
    settings = tab.get_by_test_id("stMainMenuButton")

    def within() -> bool:  # once the styles of the page have come
        box = settings.bounding_box()
        return box is not None and box["x"] + box["width"] <= NARROW

    until(within, "the settings' button stands within the window")
    tab.get_by_test_id("stExpandSidebarButton").click()
    found = tab.get_by_test_id("stSidebarNavLink")
    until(lambda: found.count() and found.first.bounding_box()["x"] >= 0, "the menu has come")
    assert leads_to_every_page(links(found), NARROW)


def test_the_drawer_of_a_narrow_window_closes_after_a_choice(tab):
    tab.set_viewport_size({"width": 420, "height": 900})
    arrive(tab, "/kernel")
    drawer = tab.get_by_test_id("stSidebar")
    tab.get_by_test_id("stExpandSidebarButton").click()
    expect(drawer).to_have_attribute("data-collapsed", "false")
    tab.get_by_test_id("stSidebarNavLink").get_by_text("Runs", exact=True).click()
    expect(tab.get_by_role("heading", level=1)).to_have_text("Runs")
    expect(drawer).to_have_attribute("data-collapsed", "true")


def test_home_wakes_tensorflow_once_it_is_painted(tab):
    arrive(tab, "/")
    expect(tab.get_by_text("is ready")).to_be_visible()
    tab.get_by_role("link", name="Look inside").click()
    expect(tab).to_have_url(re.compile(r"/convolution\?model=gallery%2Fdigits_cnn"))
    expect(tab.get_by_role("heading", level=1)).to_have_text("Convolution")


def test_a_drawn_digit_is_answered_at_each_stroke(tab):
    arrive(tab, "/convolution?model=gallery/digits_cnn")
    expect(tab.get_by_text("Draw one of these")).to_be_visible()
    draw(tab, (0.3, 0.2), (0.7, 0.2))
    answer = tab.locator(".st-key-answer")
    expect(answer.locator(".class")).to_have_text(re.compile(r"^\d$"))
    shares = [float(text.removesuffix(" %")) for text in answer.locator(".share").all_text_contents()]
    assert len(shares) == 10
    assert sum(shares) == pytest.approx(100, abs=1)
    maps = tab.locator(".st-key-maps canvas")
    expect(maps).to_have_count(9)  # twice convolution, normalization, activation; pooling, head, logits
    first = maps.first.evaluate("(canvas) => canvas.toDataURL()")
    draw(tab, (0.7, 0.2), (0.45, 0.85))
    until(
        lambda: maps.first.evaluate("(canvas) => canvas.toDataURL()") != first, "the maps follow the stroke"
    )

    # The drawing is still there after a look elsewhere.
    second = maps.first.evaluate("(canvas) => canvas.toDataURL()")
    tab.get_by_role("tab", name="Code").click()
    expect(tab.get_by_role("button", name="Download model.keras")).to_be_visible()
    tab.get_by_role("tab", name="Explore").click()
    expect(answer.locator(".class")).to_have_text(re.compile(r"^\d$"))
    until(lambda: maps.first.evaluate("(canvas) => canvas.toDataURL()") == second, "the maps are back")


def test_a_test_image_can_be_picked(tab):
    arrive(tab, "/convolution")
    tab.get_by_role("radio", name="Test images").click()
    thumbs = tab.locator(".st-key-thumbs button")
    expect(thumbs.nth(3)).to_be_visible()
    thumbs.nth(3).click()
    expect(thumbs.nth(3)).to_have_attribute("aria-pressed", "true")
    expect(tab.locator(".st-key-answer li.true")).to_have_count(1)
    label = thumbs.nth(3).get_attribute("title").rsplit(": ", 1)[1]
    expect(tab.locator(".st-key-answer .caption")).to_contain_text(f"Labelled {label}")


def test_a_training_outlives_its_tab(tab, server_shelves):
    context = tab.context
    arrive(tab, "/convolution?tab=Train")
    tab.get_by_role("spinbutton", name="Epochs").fill("5000")
    tab.get_by_text("The network", exact=True).click()
    tab.get_by_role("textbox", name="Filters").fill("4, 8")
    tab.get_by_role("textbox", name="Convolutions").fill("1")
    name = tab.get_by_role("textbox", name="Name")
    name.fill("outlives")
    name.press("Enter")  # no click: the network's settings may yet be unfolding, and the button with them
    card = tab.locator(".st-key-run-outlives")
    expect(card).to_contain_text("running")
    tab.close()

    again = context.new_page()
    arrive(again, "/convolution?tab=Train")
    card = again.locator(".st-key-run-outlives")
    expect(card).to_contain_text("running")
    expect(card).to_contain_text("Validation accuracy")
    card.get_by_role("button", name="Stop").first.click()
    expect(card).to_contain_text("stopped")
    run = runs.find("outlives", server_shelves.runs)
    stopped_at = run.status["step"]
    assert 0 < stopped_at < run.status["steps"]
    run.write_json("config.json", {**run.config, "steps": stopped_at + 40})  # as --steps does

    card.get_by_role("button", name="Resume").first.click()
    expect(card).to_contain_text("finished")
    rows = run.metrics()
    assert [row["step"] for row in rows] == sorted({row["step"] for row in rows})
    assert rows[-1]["step"] == stopped_at + 40
    card.get_by_role("button", name="Explore").first.click()
    expect(again).to_have_url(re.compile("model=runs%2Foutlives"))
    expect(again.get_by_text("Draw one of these")).to_be_visible()
    expect(again.get_by_test_id("stException")).to_have_count(0)


def test_runs_are_compared_and_deleted(tab, server_shelves):
    server_shelves.add("older")
    server_shelves.add("newer")
    arrive(tab, "/runs?run=newer")
    card = tab.locator(".st-key-run-newer")
    expect(card).to_contain_text("finished")
    table = tab.locator(".st-key-table")
    table.get_by_role("checkbox", name="Show older").click()
    expect(card).to_have_count(0)
    expect(tab.get_by_text("Figure", exact=True)).to_be_visible()
    expect(tab).to_have_url(re.compile("run=newer&run=older"))
    table.locator("tbody tr", has_text="older").click()
    expect(tab.locator(".st-key-run-older")).to_be_visible()
    tab.get_by_role("button", name="Delete").first.click()
    tab.get_by_role("button", name="Delete for good").click()
    expect(table.locator("tbody tr", has_text="older")).to_have_count(0)
    assert "older" not in [run.name for run in runs.runs_in(server_shelves.runs)]
