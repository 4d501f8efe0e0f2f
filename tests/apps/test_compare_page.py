"""The page Compare: what ships, curves in their bands, and a comparison from its start to its end."""

import json

import pytest

from apps import charts, torsos
from tests.apps.conftest import drawn, field, keep_snapshots, texts
from tests.apps.test_memory import button
from tests.apps.test_torsos import TEST, ended, found, quick

__all__ = ["quick"]  # a fixture
ROWS = {"step": [1000, 2000], "seconds": [10.0, 12.0]}


def agent(torso: str, seed: int, values, low=None, high=None, score=None) -> dict:
    rows = {**ROWS, "return": list(values), "low": [low] * 2, "high": [high] * 2}
    test = None if score is None else {**TEST, "return": score}
    return {"torso": torso, "seed": seed, "parameters": 1234, "rows": rows, "test": test}


def ship(shelves, **games) -> None:
    content = {
        game: {"settings": {"length": 10} if game == "memory_chain" else {}, "steps": 2000, "agents": agents}
        for game, agents in games.items()
    }
    (shelves.gallery / "torsos.json").write_text(json.dumps({"games": content}))


@pytest.fixture
def shipped(shelves):
    ship(
        shelves,
        memory_chain=[
            *(agent("mlp", seed, (-0.5, 0.1), score=0.05) for seed in range(2)),
            *(agent("rnn", seed, (0.5, seed), score=(1.0, 0.2)[seed]) for seed in range(2)),
            *(agent("encoder", seed, (0.5, 1.0), score=1.0) for seed in range(2)),
        ],
        cartpole=[agent("mlp", 0, (20, 500), 19, 21, score=500.0)],
    )


@pytest.fixture
def charted(monkeypatch) -> list[dict]:
    """What the page has drawn, the newest last."""
    drawings: list[dict] = []
    usual = charts.bands

    def bands(courses, names, axis, title, key, levels=()):
        drawings.append({"courses": {each.name: each for each in courses}, "axis": axis, "levels": levels})
        return usual(courses, names, axis, title, key, levels)

    monkeypatch.setattr(charts, "bands", bands)
    return drawings


def test_what_only_some_solve_is_seen_at_once(page, shipped):
    said = texts(page("compare"))
    assert "Who can solve it" in said
    first, second = (row.split("</tr>")[0] for row in said.split("<tbody><tr>")[1].split("<tr>")[:2])
    assert first.count('class="can"') == 1
    assert '<td class="no"><b>0.05</b><small>0 of 2</small></td>' in first
    assert '<td class="no"><b>0.60</b><small>1 of 2</small></td>' in first
    assert '<td class="can"><b>1.00</b><small>2 of 2</small></td>' in first
    assert '<td class="can"><b>500</b><small>1 of 1</small></td><td></td><td></td>' in second


def test_curves_stand_in_their_bands_between_chance_and_what_is_right(page, shipped, charted):
    tested = page("compare")
    (drawing,) = charted
    assert list(drawing["courses"]) == ["Dense", "LSTM", "Attention"]
    lstm = drawing["courses"]["LSTM"]
    assert (lstm.points, lstm.values) == ((1000, 2000), (0.5, 0.5))
    assert (lstm.lows, lstm.highs) == ((0.5, 0), (0.5, 1))
    assert lstm.parts == [([1000, 2000], [0.5, 0]), ([1000, 2000], [0.5, 1])]
    assert drawing["levels"] == [(0, "chance"), (1, "right every time")]
    said = texts(tested)
    assert "bootstrap interval over the seeds. Thin: each seed." in said
    assert "by the bootstrap over the seeds, of several" in said
    assert "1,234 weights" in said
    assert "<td>500</td><td>12 s</td></tr>" in said  # a thousand steps in two seconds; no agent to watch
    assert "Watch it" not in said
    assert button(tested, "Delete for good") is None
    drawn(tested.segmented_control(key="compare.over").set_value("seconds").run())
    assert charted[-1]["axis"] == "seconds of training"
    assert charted[-1]["courses"]["LSTM"].points == (10, 12)
    assert len(tested.get("vega_lite_chart")) == 1


def test_of_one_seed_the_band_is_over_its_games_or_it_is_said_that_there_is_none(page, shelves, charted):
    ship(shelves, cartpole=[agent("mlp", 0, (20, 500), 19, 21, 500.0), agent("rnn", 0, (20, 500))])
    said = texts(page("compare", comparison="gallery/cartpole"))
    assert "over the 32 games of each measurement, of one seed (Dense); none, of one seed whose" in said
    assert "over those games, of one seed" in said
    assert charted[0]["courses"]["Dense"].lows == (19, 19)
    assert not charted[0]["courses"]["Dense"].parts
    assert "not yet" in said  # the LSTM's score


def test_without_anything_that_ships_the_page_says_what_to_do(page):
    tested = page("compare")
    assert "Who can solve it" not in texts(tested)
    assert "Choose a game and some torsos" in texts(tested)


def test_a_comparison_is_started_watched_and_deleted(page, shelves, quick, charted):
    tested = page("compare")
    tested.selectbox(key="compare.game").set_value("Memory chain").run()
    tested.number_input(key="compare.length.memory_chain").set_value(4.0)
    tested.number_input(key="compare.seeds").set_value(2.0)
    drawn(tested.number_input(key="compare.steps.memory_chain").set_value(20_000.0).run())
    assert "4 agents, one after another: **about 1 min" in texts(tested)
    drawn(button(tested, "Compare them").click().run())
    key = "runs/memory_chain-torsos-1"
    assert tested.query_params["comparison"] == key
    ended(key)
    one = found(key)
    assert [member.torso for member in one.members] == ["mlp", "rnn"] * 2
    config = one.members[0].run.config
    assert (config["data"]["length"], config["training"]["steps"]) == (4, 20_000)

    rows = [
        {"step": step, "seconds": 3.0 * step, "val_return": 0.5, "val_low": 0.0, "val_high": 1.0}
        for step in (1, 2)
    ]
    for member in one.members:
        member.run.metrics_path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    tested = page("compare", comparison=key)
    assert charted[-1]["courses"]["LSTM"].points == (8192, 16384)
    said = texts(tested)
    assert "solved by 2 of 2" in said
    assert "This removes 4 runs" in said
    drawn(button(tested, "Delete for good").click().run())
    assert torsos.find_all() == {}


def test_an_agent_of_ones_own_can_be_watched(page, shelves):
    for seed, score in enumerate((20.0, 30.0)):
        run = shelves.add(f"cartpole-torsos-1-mlp-{seed}", recipe="cartpole_ppo")
        run.metrics_path.write_text('{"step": 1, "seconds": 3.0, "val_return": 25.0}\n')
        run.write_json("config.json", {**run.config, "seed": seed})
        run.write_json("evaluation.json", {"test": {**TEST, "return": score}})
        keep_snapshots(run, (0,))
    said = texts(page("compare"))
    assert '<a href="arena?model=runs%2Fcartpole-torsos-1-mlp-1" target="_self">Watch it, seed 1</a>' in said


def test_one_at_a_time_and_it_can_be_stopped_and_goes_on(page, shelves, quick):
    (shelves.runs / "wait").touch()
    key = torsos.start("cartpole", ("mlp",), 1, 10_000)
    tested = page("compare")
    assert button(tested, "Compare them").disabled
    assert "0 of 1 trained · now Dense, seed 0: TensorFlow wakes" in tested.get("progress")[0].proto.text
    drawn(button(tested, "Stop").click().run())
    ended(key)
    tested = page("compare")
    assert not button(tested, "Compare them").disabled
    (shelves.runs / "wait").unlink()
    drawn(button(tested, "Go on").click().run())
    ended(key)
    assert not found(key).left


def test_what_went_wrong_is_told_by_its_agent(page, shelves):
    shelves.add(
        "cartpole-torsos-1-rnn-0",
        recipe="cartpole_ppo",
        state="failed",
        error="*NaN*",
        **{"model.torso": "rnn"},
    )
    tested = page("compare")
    assert [error.value for error in tested.error] == [r"LSTM, seed 0: \*NaN\*"]
    assert button(tested, "Go on") is not None


def test_what_will_not_do_is_told_or_cannot_be_chosen(page, shelves, quick, monkeypatch):
    usual, tested = torsos.start, page("compare")
    pills = field(tested, "button_group", "Torsos")
    assert list(pills.options) == ["Dense", "LSTM", "Attention"]  # no picture
    assert button(drawn(pills.set_value([]).run()), "Compare them").disabled
    tested.selectbox(key="compare.game").set_value("Breakout").run()
    assert "Convolution" in field(tested, "button_group", "Torsos").options
    monkeypatch.setattr(torsos, "start", lambda *given: usual(given[0], given[1], 0, given[3]))
    drawn(button(tested, "Compare them").click().run())
    assert [error.value for error in tested.error] == ["seeds must be 1 to 5. Received: 0"]
    assert not list(shelves.runs.iterdir())
    tested = page("compare", **{"compare.game": "T-maze", "compare.length.t_maze": "7"})
    assert tested.selectbox(key="compare.game").value == "T-maze"
    assert tested.number_input(key="compare.length.t_maze").value == 7
    tested = page("compare", **{"compare.seeds": "inf", "compare.game": "chess", "comparison": "runs/../x"})
    assert tested.number_input(key="compare.seeds").value == 1
    assert tested.selectbox(key="compare.game").value == "CartPole"
    assert "Choose a game and some torsos" in texts(tested)
