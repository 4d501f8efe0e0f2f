"""A person plays in a browser: no question while playing, controls that change hands, fingers and small windows."""

import json
import re

import numpy as np
import pytest
import tensorflow as tf

from games import classic, find
from tests.apps.conftest import until
from tests.apps.test_browser import NARROW, arrive, expect

pytestmark = pytest.mark.browser

MATCH = """(stage) => {
  const { states, actions, who, gained, phase, end } = stage.getRootNode().querySelector(".root");
  return JSON.stringify({ states, actions, who, gained, phase, end });
}"""
SEND = "(stage, told) => stage.getRootNode().querySelector('.root').setTriggerValue('handed', told)"


@pytest.fixture(scope="module")
def pole(server_shelves):
    run = server_shelves.borrow("cartpole_ppo")
    yield run
    run.delete()


@pytest.fixture
def match(tab, pole):
    """The part of the page where one plays; the keys are its own."""
    tab.emulate_media(reduced_motion="reduce")
    arrive(tab, "/play?model=runs/cartpole_ppo")
    found = tab.locator(".st-key-play")
    found.locator(".stage").focus()
    expect(found.locator(".over").first).to_have_text("Press a key to start")
    return found


def state(match) -> dict:
    """The match as the browser has it."""
    return json.loads(match.locator(".stage").evaluate(MATCH))


def test_keys_play_and_nobody_is_asked(tab, pole):
    sent = []
    tab.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))  # noqa: PLW0108
    arrive(tab, "/play?model=runs/cartpole_ppo&play.seed=3")
    match = tab.locator(".st-key-play")
    expect(match.locator(".over").first).to_have_text("Click to play")
    match.locator(".stage").focus()
    sent.clear()
    scrolled = tab.evaluate("document.querySelector('[data-testid=stMain]').scrollTop")
    tab.keyboard.press("ArrowDown")
    assert state(match)["actions"] == []
    tab.keyboard.down("ArrowLeft")
    expect(match.locator(".over").first).to_have_text("Game over")
    tab.keyboard.up("ArrowLeft")
    expect(match.locator(".say")).to_have_text(re.compile(r"You have \d+\. cartpole_ppo has 500.* It wins\."))
    assert sent == []
    assert tab.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == scrolled
    played = state(match)
    assert set(played["actions"]) == {0}
    assert played["gained"][-1] == len(played["actions"]) < 30
    tab.keyboard.press("r")
    expect(match.locator(".over").first).to_have_text("Press a key to start")
    tab.keyboard.down("ArrowLeft")
    expect(match.locator(".say")).to_contain_text(f"Your best in this visit is {played['gained'][-1]}")
    tab.keyboard.up("ArrowLeft")
    tab.keyboard.press("n")
    expect(tab.get_by_role("spinbutton", name="Seed")).to_have_value("4")
    until(lambda: state(match)["states"][0] != played["states"][0], "another game is there")


def test_a_game_begins_with_a_key_and_a_countdown_and_nothing_is_pushed_without_one(tab, match):
    over = match.locator(".over").first
    match.locator(".stage").click()
    tab.wait_for_timeout(500)
    assert state(match)["phase"] == "ready"  # a click gives the focus and does no more
    tab.keyboard.press("ArrowLeft")
    expect(over).to_have_text(re.compile("^[321]$"))
    expect(over).to_have_text("Hold a key")  # the tap started the game; it pushes nothing
    tab.wait_for_timeout(500)
    assert state(match)["actions"] == []
    tab.keyboard.press("ArrowRight")
    until(lambda: state(match)["actions"], "the cart is pushed")
    tab.wait_for_timeout(300)
    assert state(match)["actions"] == [1]  # once, not until it falls
    tab.keyboard.press("p")
    assert state(match)["phase"] == "paused"
    tab.keyboard.press("p")
    tab.keyboard.press("p")  # during the countdown
    assert state(match)["phase"] == "paused"
    assert state(match)["actions"] == [1]


def test_the_controls_change_hands(tab, match):
    speed = match.get_by_role("combobox", name="Speed")
    speed.select_option("0.25")  # a busy machine's fingers are slow
    match.locator(".stage").focus()
    tab.keyboard.down("ArrowLeft")
    until(lambda: state(match)["who"], "a person has done something")
    tab.keyboard.press("h")
    tab.keyboard.up("ArrowLeft")
    expect(match.locator(".say")).to_contain_text("The agent has the controls")
    expect(match.locator(".odds")).to_contain_text("What the agent would do")
    until(lambda: 1 in state(match)["who"], "the agent has done something")
    tab.keyboard.press("ArrowRight")
    expect(match.locator(".say")).to_contain_text("You have the controls")
    until(lambda: state(match)["who"][-1] == 0, "a person has done something again")
    tab.keyboard.press("h")
    speed.select_option("2")
    expect(match.locator(".say")).to_have_text(re.compile("You and the agent have .*; you steered for"))
    played = state(match)
    turns = [who for who, before in zip(played["who"], [None, *played["who"]], strict=False) if who != before]
    assert turns == [0, 1, 0, 1]
    assert played["end"] == "truncated"
    path = np.array([[each[name] for name in classic.CartPoleState._fields] for each in played["states"]])
    before = classic.CartPoleState(*(tf.constant(part, "float32") for part in path[:-1].T[:4]), tf.range(500))
    after = find("cartpole").advance(before, tf.constant(played["actions"]), ())
    np.testing.assert_allclose(path[1:, :4], after.observation, atol=1e-5)
    assert path[:, 4].tolist() == list(range(501))


def test_a_message_that_is_none_is_told_and_does_no_harm(tab, match):
    for told in ({"match": 5}, {"match": "a", "number": 1, "actions": "!", "numbers": ""}, [1, 2], "no"):
        match.locator(".stage").evaluate(SEND, told)
        expect(tab.get_by_text("What came from the browser")).to_be_visible()
    expect(tab.get_by_test_id("stException")).to_have_count(0)
    match.locator(".stage").focus()
    tab.keyboard.press("h")
    expect(match.locator(".say")).to_contain_text("The agent has the controls")


def test_fingers_play_in_a_narrow_window_and_a_hidden_tab_waits(tab, match):
    tab.set_viewport_size({"width": NARROW, "height": 844})
    match.get_by_role("combobox", name="Speed").select_option("0.25")
    button = match.get_by_role("button", name="right", exact=True)
    button.scroll_into_view_if_needed()
    assert match.locator(".stage").bounding_box()["width"] <= NARROW
    button.hover()
    tab.mouse.down()
    until(lambda: len(state(match)["actions"]) > 1, "the cart is pushed")
    tab.mouse.up()
    assert set(state(match)["actions"]) == {1}
    tab.evaluate(
        """() => {
          Object.defineProperty(document, "hidden", { get: () => true });
          document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    assert state(match)["phase"] == "paused"
    expect(match.get_by_role("button", name="Go on")).to_be_visible()
