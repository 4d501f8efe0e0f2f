"""The page Latent space in a real browser: a sample is clicked, a picture drawn, found and taken."""

import re

import pytest

from tests.apps.conftest import until
from tests.apps.test_browser import arrive, draw, expect

pytestmark = pytest.mark.browser

PICTURE = "(canvas) => canvas.toDataURL()"


@pytest.fixture(scope="module")
def generator(server_shelves) -> None:
    """Among the runs, so that the server's gallery is the same for all tests."""
    server_shelves.add("latent_gan", recipe="digits_gan")


def test_a_sample_is_picked_and_a_drawn_picture_taken_in_its_place(tab, generator):
    arrive(tab, "/latent?model=runs/latent_gan")
    picture = tab.locator(".st-key-latent-picture canvas")
    noise = tab.get_by_role("spinbutton", name="Noise", exact=True)
    first = picture.evaluate(PICTURE)
    sample = tab.get_by_role("button", name="Sample 7", exact=True)
    sample.click()
    expect(noise).to_have_value("7")
    expect(sample).to_have_attribute("aria-pressed", "true")
    expect(tab).to_have_url(re.compile(r"latent\.noise=7"))
    until(lambda: picture.evaluate(PICTURE) != first, "the picture is that of the sample")

    tab.get_by_role("radio", name="Your own picture").click()
    find = tab.get_by_role("button", name="Find it")
    expect(find).to_be_disabled()
    draw(tab, (0.5, 0.1), (0.5, 0.9))
    expect(find).to_be_enabled()
    find.click()
    tab.get_by_role("button", name="Take it").click()
    expect(tab.get_by_text("not at sample 7")).to_be_visible()
    tab.get_by_role("radio", name="A sample").click()
    tab.get_by_role("button", name="Sample 8", exact=True).click()
    expect(noise).to_have_value("8")
    expect(tab.get_by_text("not at sample")).to_have_count(0)
    expect(tab.get_by_test_id("stException")).to_have_count(0)
