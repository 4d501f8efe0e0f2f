"""What a browser is told about the app: nobody else frames it, and nothing is loaded from elsewhere."""

import urllib.request

import pytest

from apps.headers import HEADERS
from tests.apps.conftest import until


@pytest.mark.parametrize("path", ["/", "/_stcore/health", "/no-such-page"])
def test_every_answer_has_the_headers(server, path):
    with urllib.request.urlopen(f"{server}{path}", timeout=30) as answer:
        told = {name.lower(): value for name, value in answer.headers.items()}
    assert {name: told.get(name) for name in HEADERS} == HEADERS
    assert "frame-ancestors 'self'" in told["content-security-policy"]
    assert told["x-frame-options"] == "SAMEORIGIN"


def test_no_page_needs_anything_that_the_policy_forbids(tab):
    said = []
    tab.on("console", lambda message: said.append(message.text))
    for page in ("", "runs", "kernel", "convolution", "signals", "play", "attention", "activations"):
        tab.goto(f"/{page}")
        tab.get_by_test_id("stApp").wait_for()
        tab.locator("h1").first.wait_for()
        until(lambda: tab.locator("[data-testid=stSkeleton]").count() == 0, "the page is drawn")
        tab.wait_for_timeout(1500)
    assert not [text for text in said if "Content Security Policy" in text or "Content-Security" in text]


def test_an_image_of_another_host_is_not_fetched(tab):
    asked = []
    tab.context.route("**/*", lambda route: (asked.append(route.request.url), route.continue_()))
    tab.goto("/")
    tab.locator("h1").first.wait_for()
    tab.evaluate(
        """() => new Promise(done => {
            const image = new Image(); image.onload = image.onerror = done; image.src = "http://192.0.2.1/x.png";
        })"""
    )
    assert not [url for url in asked if "192.0.2.1" in url]
