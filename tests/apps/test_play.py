"""The page Play: what a match is made of, what a browser may send, and how an agent takes over."""

import base64
import math

import keras
import numpy as np
import pytest
import tensorflow as tf

import games
from apps import play_match, playing
from apps.library import Entry
from apps.play_match import Handed, Refused
from games import episodes
from games.evaluation import key
from tests.apps.conftest import component, drawn, numbers, texts


def text(values, kind: str = "uint8") -> str:
    return base64.b64encode(np.asarray(values, kind).tobytes()).decode()


def agent(run) -> playing.Agent:
    return playing.best(Entry("runs", run))


def test_a_match_has_the_chances_and_the_course_of_the_agents_own_game(page, breakout):
    tested = page("play")
    match = component(tested, "play")
    game, model = games.find("breakout"), keras.models.load_model(breakout.model_path)
    own = episodes.record(game, model, 0, playing.MOST_STEPS)
    np.testing.assert_array_equal(numbers(match["own"]["action"], "uint8"), own.actions)
    np.testing.assert_array_equal(numbers(match["own"]["reward"]), own.rewards)
    assert match["own"]["end"] == own.end
    repeat = numbers(match["draws"]["repeat"], "<i2")
    assert repeat.shape == (playing.MOST_STEPS,)
    seed = tf.constant(0, tf.int64)
    drawn_first = [game.draw(key(seed, 1, now), 1).repeat.numpy()[0] for now in range(60)]
    np.testing.assert_array_equal(repeat[:60], drawn_first)
    assert 0 < sum(drawn_first) < 30
    first = {name: part[0].astype(int).ravel().tolist() for name, part in own.states._asdict().items()}
    assert {name: np.atleast_1d(part).tolist() for name, part in match["first"].items()} == first
    assert match["settings"]["useful"] == ["noop", "left", "right"]
    assert [name for name, _ in match["scene"]["looks"]] == ["you", "ball", "brick", "where it was before"]
    drawn(tested.number_input(key="play.seed").set_value(5).run())
    assert component(tested, "play")["key"] != match["key"]
    assert component(tested, "play")["draws"] != match["draws"]


@pytest.mark.parametrize("name", games.GAMES)
def test_every_game_can_be_played(name):
    game = games.find(name)
    assert play_match.AIMS[name].endswith(".")
    if len(game.observation_shape) == 3:
        looks = [channel for channel in game.channels if channel in play_match.LOOKS]
        assert "you" in {play_match.LOOKS[channel] for channel in looks}
    draws = episodes.chances(game, 3, 4)
    for part in tf.nest.flatten(draws):
        assert len(part) == 4
        assert (np.abs(part.astype(int)) < 2**15).all()  # it goes as two bytes


def test_an_agent_goes_on_from_what_was_played(page, breakout):
    own = playing.episode(agent(breakout), playing.Way(0, True))
    begun = own.steps // 2
    taken = (own.actions[:begun] + 1) % 3
    tested = page("play")
    name = component(tested, "play")["key"]
    assert component(tested, "play")["rest"] is None
    tested.session_state["play-handed"] = Handed(name, 7, taken[:2].astype("uint8").tobytes(), b"")
    rest = component(drawn(tested.run()), "play")["rest"]
    game, model = games.find("breakout"), keras.models.load_model(breakout.model_path)
    played = episodes.take_over(game, model, taken[:2], 0)
    assert (rest["number"], rest["begun"], rest["end"]) == (7, 2, played.end)
    np.testing.assert_array_equal(numbers(rest["action"], "uint8"), played.actions[2:])
    np.testing.assert_array_equal(numbers(rest["reward"]), played.rewards[2:])
    np.testing.assert_allclose(numbers(rest["shares"]), played.probabilities[2:].ravel(), atol=1e-6)
    drawn(tested.number_input(key="play.seed").set_value(1).run())
    assert component(tested, "play")["rest"] is None  # it was of the other match


def test_a_cart_goes_on_from_the_states_that_the_browser_had(page, cartpole):
    name = component(page("play"), "play")["key"]
    own = playing.episode(agent(cartpole), playing.Way(0, True))
    rounded = 0.001 * np.arange(4, dtype="float32")  # as another machine might, and more
    states = own.observations[:4] + rounded[:, None]
    handed = Handed(name, 1, own.actions[:3].astype("uint8").tobytes(), states.astype("<f4").tobytes())
    rest = play_match.take_over(agent(cartpole), 0, handed)
    went = numbers(rest["states"]).reshape(-1, 4)
    np.testing.assert_array_equal(went[0], states[3])
    before = games.classic.CartPoleState(*map(tf.constant, went[:-1].T), tf.range(3, 2 + len(went)))
    after = games.find("cartpole").advance(
        before, tf.constant(numbers(rest["action"], "uint8"), tf.int32), ()
    )
    np.testing.assert_allclose(went[1:], after.observation, atol=1e-5)


GOOD = {"match": "a", "number": 1, "actions": text([0, 1]), "numbers": ""}


def test_what_a_browser_sends_is_taken_if_it_is_what_it_must_be():
    assert play_match.received(GOOD) == Handed("a", 1, b"\x00\x01", b"")
    assert play_match.received({**GOOD, "number": 3.0}).number == 3


@pytest.mark.parametrize(
    "told",
    [
        None,
        "match",
        [],
        {},
        {**GOOD, "match": 5},
        {**GOOD, "match": "a" * 1000},
        {**GOOD, "number": None},
        {**GOOD, "number": True},
        {**GOOD, "number": -1},
        {**GOOD, "number": 1.5},
        {**GOOD, "number": 2**40},
        {**GOOD, "number": math.nan},
        {**GOOD, "number": math.inf},
        {**GOOD, "actions": 5},
        {**GOOD, "actions": "no base64!"},
        {**GOOD, "actions": "AAA"},
        {**GOOD, "actions": "Ω"},
        {**GOOD, "actions": "A" * 10_000},
        {**GOOD, "numbers": "A" * 100_000},
        {**GOOD, "numbers": None},
    ],
)
def test_what_a_browser_must_not_send_is_refused(told):
    with pytest.raises(Refused, match="what came from the browser"):
        play_match.received(told)


def test_what_can_not_have_been_played_is_refused(page, cartpole):
    name = component(page("play"), "play")["key"]
    state = [0.0, 0.0, 0.01, 0.0]

    def hand(actions, states) -> None:
        handed = Handed(name, 1, bytes(actions), np.array(states, "<f4").tobytes())
        play_match.take_over(agent(cartpole), 0, handed)

    hand([1], [state, state])
    for actions, states, message in (
        ([2], [state, state], "actions must be 0 to 1"),
        ([0] * 1000, [state] * 1001, "fewer than 1000 actions"),
        ([0], [state], "2 states have 4 numbers each"),
        ([0], [], "2 states have 4 numbers each"),
        ([0], [state, [math.nan, 0, 0, 0]], "none of this game"),
        ([0], [state, [math.inf, 0, 0, 0]], "none of this game"),
        ([0], [state, [0, 1e9, 0, 0]], "none of this game"),
        ([0, 0, 0], [state, [0, 0, 1, 0], state, state], "over within 3 steps"),
        ([0], [state, [0, 0, 1, 0]], "over within 1 steps"),
    ):
        with pytest.raises(Refused, match=message):
            hand(actions, states)


def test_a_refusal_is_told_calmly(page, cartpole):
    tested = page("play")
    name = component(tested, "play")["key"]
    tested.session_state["play-handed"] = Handed(name, 9, b"\x07", b"")
    rest = component(drawn(tested.run()), "play")["rest"]
    assert rest["number"] == 9
    assert "numbers each" in rest["refused"]
    tested.session_state["play-refused"] = "That was no game"
    assert "That was no game." in texts(drawn(tested.run()))
    assert "That was no game." not in texts(drawn(tested.run()))


def test_an_agent_whose_game_has_no_rules_here_is_not_offered(page, shelves, cartpole):
    shelves.add("gym", recipe="gymnasium_ppo", model=False, rows=0)
    assert page("play").selectbox(key="model").options == ["cartpole  ·  your run"]


def test_one_that_has_not_begun_to_learn_is_waited_for(page, shelves):
    shelves.add("mine", recipe="cartpole_ppo", model=False, rows=0)
    assert "no model yet" in texts(page("play"))
