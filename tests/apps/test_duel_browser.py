"""Duel as a person plays it: a real server, a real browser, and two players that learn before their eyes."""

import re

import pytest

from tests.apps.conftest import until
from tests.apps.test_browser import arrive, expect
from tests.apps.test_small_nets_browser import PICTURE, settled

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def toy(server_shelves) -> str:
    few = {"data.examples": 300, "training.batch_size": 64}
    return f"runs/{server_shelves.add('toy', recipe='points_gan', **few).name}"


def test_the_plane_moves_as_players_learn(tab, toy):
    arrive(tab, f"/duel?model={toy}")
    tab.get_by_role("button", name="Start with fresh players").click()
    canvas = tab.locator(".st-key-hand-plane-runs-toy canvas")
    expect(canvas).to_be_visible()
    settled(tab)
    seen = [canvas.evaluate(PICTURE)]
    for name in ("Discriminator learns", "Generator learns"):
        tab.get_by_role("button", name=name).click()
        taken = tab.get_by_test_id("stMetric").filter(has_text=f"Turns of the {name.split()[0].lower()}")
        expect(taken).to_contain_text("10")
        settled(tab)
        seen.append(canvas.evaluate(PICTURE))
    tab.get_by_role("button", name="Let both run").click()
    pause = tab.get_by_role("button", name="Pause", exact=True)
    expect(pause).to_be_visible()
    for _ in range(2):  # without a hand
        until(lambda: canvas.evaluate(PICTURE) not in seen, "the plane moves")
        seen.append(canvas.evaluate(PICTURE))
    pause.click()
    expect(tab.get_by_role("button", name="Let both run")).to_be_visible()
    assert len(set(seen)) == 5
    marks = tab.get_by_test_id("stVegaLiteChart").first.locator("svg")
    expect(marks).to_contain_text(re.compile("discriminator.*generator"))
