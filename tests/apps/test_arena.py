"""The page Arena: whole episodes in the browser, their branches, and agents as they learn."""

import keras
import numpy as np
import pytest

import games
from apps import playing
from apps.library import Entry
from apps.playing import Way
from games import episodes
from inspection import deciding
from tests.apps.conftest import component, drawn, keep_snapshots, numbers, texts
from training.runs import now


def branch_off(tested, run, moment: int, action: int, seed: int = 0) -> None:
    """Pick an action in the first side, as the browser tells it."""
    of = (playing.best(Entry("runs", run)).version, Way(seed, True))
    tested.session_state["arena-branch"] = (of, (moment, action))


def test_the_browser_has_the_whole_episode(page, breakout):
    shown = component(page("arena"), "arena")
    (side,) = shown["sides"]
    game, model = games.find("breakout"), keras.models.load_model(breakout.model_path)
    played = episodes.record(game, model, 0, playing.MOST_STEPS)
    moments, size = played.steps + 1, 10 * 10 * 4
    assert side["steps"] == played.steps
    bits = np.unpackbits(numbers(side["bits"], "uint8"))[: moments * size]
    np.testing.assert_array_equal(bits.reshape(played.observations.shape), played.observations)
    np.testing.assert_allclose(numbers(side["shares"]).reshape(moments, 6), played.probabilities, atol=1e-5)
    np.testing.assert_allclose(numbers(side["value"]), played.values, atol=1e-5)
    np.testing.assert_array_equal(numbers(side["reward"]), played.rewards)
    np.testing.assert_array_equal(numbers(side["action"], "uint8"), played.actions)
    np.testing.assert_array_equal(
        numbers(side["repeated"], "uint8"), episodes.repeated(game, played).astype("uint8")
    )
    chosen = played.scores.argmax(axis=1)
    why = deciding.heat(deciding.decisions(model, played.observations, chosen).choice)
    np.testing.assert_allclose(numbers(side["heat"], "uint8"), 255 * why.ravel(), atol=1)
    assert sorted(number for number, *_ in side["colours"]) == [0, 1, 2, 3]


def test_a_cart_is_drawn_by_its_state(page, cartpole):
    (side,) = component(page("arena"), "arena")["sides"]
    played = episodes.record(
        games.find("cartpole"), keras.models.load_model(cartpole.model_path), 0, playing.MOST_STEPS
    )
    assert side["scene"] == "cartpole"
    np.testing.assert_array_equal(numbers(side["seen"]), played.observations.ravel())
    np.testing.assert_array_equal(numbers(side["state"]).reshape(-1, 2), played.observations[:, [0, 2]])
    pushes = numbers(side["push"])
    assert pushes.shape == (4 * (played.steps + 1),)
    assert np.abs(pushes).max() == pytest.approx(1)


@pytest.mark.parametrize("name", games.GAMES)
def test_every_game_can_be_drawn(name):
    game = games.find(name)
    if len(game.observation_shape) == 3:
        from games.drawings import CHANNELS

        assert set(game.channels) <= CHANNELS.keys()
    else:
        fields = playing.SCENES[name]
        assert set(fields) <= set(type(game).reset.__annotations__["return"]._fields)


def test_another_seed_is_another_game(page, cartpole):
    tested = page("arena")
    first = component(tested, "arena")
    drawn(tested.number_input(key="arena.seed").set_value(5).run())
    second = component(tested, "arena")
    assert second["sides"][0]["seen"] != first["sides"][0]["seen"]
    assert second["key"] != first["key"]
    drawn(tested.segmented_control(key="arena-actions").set_value("drawn").run())
    assert component(tested, "arena")["sides"][0]["action"] != second["sides"][0]["action"]


def test_a_branch_stands_beside_its_episode(page, cartpole):
    tested = page("arena")
    (before,) = component(tested, "arena")["sides"]
    action = 1 - int(numbers(before["action"], "uint8")[3])
    branch_off(tested, cartpole, 3, action)
    shown = component(drawn(tested.run()), "arena")
    one, two = shown["sides"]
    assert shown["branched"] == 3
    assert (one["closes"], two["closes"]) == (False, True)
    assert one["seen"] == before["seen"]
    seen, otherwise = (numbers(side["seen"]).reshape(-1, 4) for side in (one, two))
    np.testing.assert_array_equal(seen[:4], otherwise[:4])
    assert (seen[4] != otherwise[4]).any()
    assert numbers(two["action"], "uint8")[3] == action
    assert two["note"].endswith("at step 3: another game from step 4 on")
    assert "Branch" in texts(tested)  # and inside of it below
    drawn(tested.number_input(key="arena.seed").set_value(5).run())
    assert len(component(tested, "arena")["sides"]) == 1  # it was one of the other game


def test_two_agents_play_beside_each_other(page, shelves, cartpole, breakout):
    shelves.add("rival", recipe="cartpole_ppo", **{"model.widths": "4"})
    tested = page("arena", model="runs/cartpole")
    beside = tested.selectbox(key="arena-beside")
    assert beside.options == ["nobody", "rival  ·  your run"]
    drawn(beside.set_value("runs/rival").run())
    one, two = component(tested, "arena")["sides"]
    assert (one["title"], two["title"]) == ("cartpole", "rival")
    assert numbers(one["seen"])[:4].tolist() == numbers(two["seen"])[:4].tolist()  # the same beginning


def test_what_is_inside_follows_the_moment(page, cartpole):
    layers = component(page("arena"), "arena-inside-0-chooses")["layers"]
    assert [(layer["name"], layer["note"]) for layer in layers] == [("dense1_act", "8 units")]
    judging = component(page("arena"), "arena-inside-0-judges")["layers"]
    assert [layer["name"] for layer in judging] == ["value_dense1_act"]


def test_an_agent_is_there_as_it_was_at_other_times(page, cartpole):
    kept = keep_snapshots(cartpole, (0, 4, 61))
    tested = page("arena")
    best = component(tested, "arena")["sides"][0]
    when = tested.select_slider(key="arena-when-runs/cartpole")
    assert when.options == ["0 updates", "4 updates", "61 updates", "best"]
    drawn(when.set_value("4 updates").run())
    side = component(tested, "arena")["sides"][0]
    assert side["note"] == "after 4 updates"
    assert side["value"] != best["value"]
    model = keras.models.load_model(cartpole.model_path)
    model.set_weights(kept[4])
    played = episodes.record(games.find("cartpole"), model, 0, playing.MOST_STEPS)
    np.testing.assert_allclose(numbers(side["value"]), played.values, rtol=1e-4, atol=1e-5)


def test_one_that_learns_is_watched_from_its_beginning(page, shelves):
    run = shelves.add("mine", recipe="cartpole_ppo", rows=1)
    run.model_path.unlink()
    with run.locked():
        run.update_status(state="running", updated=now())
        assert "no model yet" in texts(page("arena"))
        keep_snapshots(run, (0,))
        tested = page("arena")
        notes = [component(tested, "arena")["sides"][0]["note"]]
        assert component(tested, "arena")["live"]
        assert "Inside" not in texts(tested)
        keep_snapshots(run, (0, 1, 2, 4))
        for _ in range(3):
            notes.append(component(drawn(tested.run()), "arena")["sides"][0]["note"])
    assert notes == [f"after {step} updates" for step in (0, 2, 4, 4)]


def test_values_of_actions_are_told_as_such(page, shelves):
    shelves.add("mine", recipe="cartpole_dqn")
    tested = page("arena")
    (side,) = component(tested, "arena")["sides"]
    assert side["chances"] is False
    values = numbers(side["shares"]).reshape(-1, 2)
    np.testing.assert_array_equal(numbers(side["value"]), values.max(axis=1))
    assert "arena-actions" not in [element.key for element in tested.segmented_control]


def test_agents_keep_to_their_page(page, shelves, breakout):
    shelves.add("digits_cnn", "gallery")
    for name in ("convolution", "activations"):
        assert page(name).selectbox(key="model").options == ["digits_cnn  ·  gallery"]
    assert page("arena").selectbox(key="model").options == ["breakout  ·  your run"]
    assert "logits, value = model(observation)" in str(
        [each.value for each in page("arena", tab="Code").code]
    )


def test_the_training_tab_offers_what_an_agent_needs(page, shelves):
    tested = page("arena")  # the shelf is empty: the page opens where one is trained
    keys = {element.key for element in (*tested.selectbox, *tested.number_input, *tested.toggle)}
    assert {"cartpole_ppo-training.steps", "cartpole_ppo-model.torso", "cartpole_ppo-agent.discount"} <= keys
    assert "cartpole_ppo-training.batch_size" not in keys
    assert "return 495" in texts(tested)


def test_returns_are_told_where_others_have_accuracies(page, shelves):
    run = shelves.add("pole", "gallery", recipe="cartpole_ppo", rows=0)
    run.write_json("evaluation.json", {"test": {"return": 487.25, "episodes": 100}})
    assert "**487.2** a game" in texts(page("home"))
    assert "<strong>487.2</strong> a game in the test" in texts(page("arena"))
    mine = shelves.add("mine", recipe="cartpole_ppo")
    mine.metrics_path.write_text(
        '{"step": 6, "epoch": 1, "seconds": 1, "loss": 2.0, "val_return": 320.0}\n'
        '{"step": 12, "epoch": 2, "seconds": 2, "loss": 1.0, "val_return": 280.0}\n'
    )
    (row,) = component(page("runs"), "table")["rows"]
    assert row["figures"][0] == "320"


def test_the_name_of_a_game_is_written_as_people_write_it(page, shelves):
    shelves.add("mine", "gallery", recipe="cartpole_masked_lstm")
    tested = page("arena")
    assert "plays cartpole masked ·" in "".join(element.proto.body for element in tested.get("html"))
    assert "The pole without its speed" in texts(page("home"))


def test_attention_tells_what_it_looks_back_at(shelves, page):
    small = {"model.torso": "encoder", "model.window": "6", "model.width": "8", "model.attention_heads": "2"}
    run = shelves.add("attentive", recipe="cartpole_masked_lstm", **small)
    (side,) = component(page("arena"), "arena")["sides"]
    played = episodes.record(games.find("cartpole_masked"), keras.models.load_model(run.model_path))
    assert [head["torso"] for head in side["heads"]] == ["chooses"] * 2 + ["judges"] * 2
    assert [head["name"] for head in side["heads"]] == ["block 1, head 1", "block 1, head 2"] * 2
    gaze = numbers(side["gaze"], "uint8").reshape(played.steps + 1, 4, 6)
    np.testing.assert_allclose(gaze.sum(-1), 255, atol=3)
    assert not gaze[0, :, :-1].any()  # before the first moment there was none


def test_one_that_remembers_otherwise_looks_back_at_nothing(shelves, page):
    shelves.add("recurrent", recipe="cartpole_masked_lstm", **{"model.units": "6"})
    (side,) = component(page("arena"), "arena")["sides"]
    assert "heads" not in side
