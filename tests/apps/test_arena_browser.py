"""The arena in a browser: scrubbing asks nobody, a picked action is another course."""

import re

import pytest

from tests.apps.conftest import until
from tests.apps.test_browser import arrive, expect

pytestmark = pytest.mark.browser

# Moves the slider from one moment to the next, and returns what is to be seen of each without a wait between.
SCRUB = """(slider, moments) => moments.map((moment) => {
  slider.value = moment;
  slider.dispatchEvent(new Event("input", { bubbles: true }));
  const root = slider.getRootNode();
  return ["output", ".score", ".stage canvas"].map((part) => {
    const node = root.querySelector(part);
    return node.tagName === "CANVAS" ? node.toDataURL() : node.textContent;
  });
})"""


@pytest.fixture
def pole(server_shelves):
    run = server_shelves.add("pole", recipe="cartpole_ppo")
    yield run
    run.delete()


def paused(tab):
    """The arena of that run, at its beginning."""
    tab.emulate_media(reduced_motion="reduce")  # nothing plays by itself
    arrive(tab, "/arena?model=runs/pole")
    arena = tab.locator(".st-key-arena")
    expect(arena.locator("output")).to_have_text(re.compile(r"^step 0 of \d+$"))
    return arena


def test_scrubbing_moves_all_at_once_and_asks_once_one_rests(tab, pole):
    sent = []
    tab.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))  # noqa: PLW0108
    arena = paused(tab)
    slider = arena.get_by_role("slider", name="Moment of the episode")
    until(lambda: tab.get_by_text("step 0: what chooses").count(), "all of the page is there")
    sent.clear()
    seen = slider.evaluate(SCRUB, [1, 2, 3, 4, 5])
    assert [told.split(" of ")[0] for told, _, _ in seen] == [f"step {step}" for step in range(1, 6)]
    assert [score for _, score, _ in seen] == [f"score {step}" for step in range(1, 6)]
    assert len({picture for *_, picture in seen}) == 5
    expect(tab.get_by_text("step 5: what chooses")).to_be_visible()
    assert len(sent) == 1


def test_keys_step_and_play(tab, pole):
    arena = paused(tab)
    arena.locator(".sides").focus()
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("ArrowLeft")
    expect(arena.locator("output")).to_have_text(re.compile("^step 1 of"))
    expect(arena.locator(".over")).to_be_hidden()
    tab.keyboard.press(" ")
    expect(arena.locator(".over")).to_have_text(re.compile("Game over|Time is up"))
    expect(arena.locator(".over")).to_be_visible()
    expect(arena.get_by_role("button", name="Play")).to_be_visible()


def test_another_action_is_another_course(tab, pole):
    arena = paused(tab)
    arena.get_by_role("slider", name="Moment of the episode").fill("4")
    arena.locator("button.action:not(.chosen)").click()
    expect(arena.locator(".side")).to_have_count(2)
    expect(arena.locator(".side").last).to_contain_text("at step 4")
    expect(arena.locator("output")).to_have_text(re.compile("^step 4 of"))
    arena.get_by_role("button", name="Remove the branch").click()
    expect(arena.locator(".side")).to_have_count(1)
    expect(arena.locator("output")).to_have_text(re.compile("^step 4 of"))


def test_inside_shows_the_step_while_the_game_runs(tab, server_shelves):
    run = server_shelves.borrow("cartpole_ppo")  # 500 steps, ten seconds
    tab.emulate_media(reduced_motion="reduce")
    arrive(tab, "/arena?model=runs/cartpole_ppo")
    arena = tab.locator(".st-key-arena")
    inside = tab.get_by_text(re.compile(r"step \d+: what chooses"))
    expect(inside.first).to_contain_text("step 0:")
    arena.get_by_role("combobox", name="Speed").select_option(index=0)
    arena.get_by_role("button", name="Play").click()
    expect(inside.first).not_to_contain_text("step 0:")
    assert arena.get_by_role("button", name="Pause").count() == 1  # it still runs
    arena.get_by_role("button", name="Pause").click()
    shown = re.search(r"step \d+", arena.locator("output").text_content()).group()
    expect(inside.first).to_contain_text(f"{shown}:")
    run.delete()
