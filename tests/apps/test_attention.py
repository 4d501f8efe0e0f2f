"""The page Attention: what is edited, chosen or asked for by a link is attended to, and nothing breaks it."""

import numpy as np
import pytest

from inspection import attending, items
from tests.apps.conftest import component, drawn, texts

PARTS = ("lookup", "asked", "matrices", "heads")


def data(tested) -> dict:
    return {key: component(tested, key) for key in PARTS}


def editor(tested) -> str:
    return tested.data_editor[0].key


def edit(tested, rows=None, added=(), deleted=()):
    """Change the table as a person would."""
    tested.session_state[editor(tested)] = {
        "edited_rows": rows or {},
        "added_rows": list(added),
        "deleted_rows": list(deleted),
    }
    return drawn(tested.run())


def test_every_part_tells_the_same_story(page):
    shown = data(page("attention"))
    first = items.SETS["Animals and things"]
    found = attending.self_attend(first.values, items.projections("like", first.features))
    np.testing.assert_allclose(shown["matrices"]["weights"], found.weights, atol=1e-4)
    np.testing.assert_allclose(shown["asked"]["weights"], found.weights[0], atol=1e-4)
    np.testing.assert_allclose(shown["heads"]["heads"][0]["weights"], found.weights, atol=1e-4)
    np.testing.assert_allclose(shown["asked"]["output"], shown["matrices"]["output"][0])
    assert shown["lookup"]["best"] == [0, 1, 2]  # the animals
    assert len(shown["heads"]["heads"]) == 3
    assert {tuple(shown[key]["names"]) for key in PARTS} == {first.names}


@pytest.mark.parametrize("name", list(items.SETS))
def test_each_set_comes_with_its_heads(page, name):
    tested = page("attention")
    drawn(tested.selectbox(key="attention-set").set_value(name).run())
    shown = data(tested)
    assert shown["lookup"]["names"] == list(items.SETS[name].names)
    jobs = [items.JOBS[job].title if job in items.JOBS else "Random" for job in items.FIRST_JOBS[name][:3]]
    assert [head["job"] for head in shown["heads"]["heads"]] == jobs
    assert ("place sin" in shown["matrices"]["features"]) == (name in items.PLACED)
    assert items.STORIES[name] in texts(tested)


def test_an_edited_cell_is_attended_to_and_stays(page):
    tested = edit(page("attention"), {0: {"item": "flea", "1": 2.5}})
    assert tested.query_params["items"].startswith("flea:1,2.5,1,0.5;cat:")
    shown = data(tested)
    assert shown["matrices"]["items"][0] == [1, 2.5, 1, 0.5]
    assert shown["asked"]["names"][0] == "flea"
    drawn(tested.toggle(key="attention-causal").set_value(True).run())
    assert data(tested)["matrices"]["items"][0] == [1, 2.5, 1, 0.5]
    assert data(tested)["matrices"]["scaled"][0][1:] == [None] * 5


@pytest.mark.parametrize(
    ("rows", "added", "said", "count"),
    [
        ({0: {"1": None, "item": None}}, [], "counts as 0", 6),
        ({0: {"1": float("nan")}}, [], "counts as 0", 6),
        ({0: {"1": 1e308}}, [], "Numbers end at 99", 6),
        ({1: {"item": "mouse"}}, [], "gets a number: mouse 2", 6),
        ({}, [{}] * 5, "The first 8 of 11", 8),
        ({}, [{"item": "x" * 500}], "", 7),
    ],
)
def test_what_can_not_stand_in_a_table_is_told_calmly(page, rows, added, said, count):
    tested = edit(page("attention"), rows, added)
    if said:
        assert said in tested.info[0].value
    shown = data(tested)
    assert len(shown["matrices"]["names"]) == count == len(set(shown["matrices"]["names"]))
    assert all(np.isfinite(shown["matrices"][part]).all() for part in ("items", "weights", "output"))
    assert max(map(len, shown["matrices"]["names"])) <= items.NAME


def test_an_empty_table_says_what_to_do_and_comes_back(page):
    tested = edit(page("attention"), deleted=range(6))
    assert "add one as a row" in tested.info[0].value
    assert not [each for each in tested.get("bidi_component") if each.key in PARTS]
    edit(tested, deleted=range(1, 6))
    assert data(tested)["matrices"]["weights"] == [[1]]


def test_whoever_asks_is_never_an_item_that_is_gone(page):
    tested = page("attention")
    drawn(tested.button_group(key="attention-asks").set_value(5).run())
    assert data(tested)["asked"]["asks"] == 5
    edit(tested, deleted=[4, 5])
    assert data(tested)["asked"]["asks"] == 3


def test_features_are_named_by_a_person(page):
    tested = page("attention")
    drawn(tested.text_input(key="attention-features").set_value("animal, big, alive, fast, green").run())
    assert data(tested)["matrices"]["features"][-1] == "green"
    assert np.array(data(tested)["matrices"]["query_weights"]).shape == (5, 5)
    drawn(tested.text_input(key="attention-features").set_value("big, alive").run())
    assert data(tested)["matrices"]["items"][0] == [-1, 1]
    assert data(tested)["heads"]["heads"][1]["job"] == "Like asks for like"  # no animals, no other size
    drawn(tested.text_input(key="attention-features").set_value("one").run())
    assert "2 to 6 features" in tested.info[0].value
    assert data(tested)["matrices"]["features"] == ["big", "alive"]


def test_a_query_of_sliders_or_of_one_feature(page):
    tested = page("attention")
    drawn(tested.button_group(key="attention-for").set_value(1).run())
    shown = data(tested)["lookup"]
    assert shown["scores"] == [-1, -0.5, 1, 0.5, 1, -1]
    assert shown["hard"] == [0, 0, 1, 0, 0, 0]  # the elephant, before the lorry
    drawn(tested.slider(key="attention-query-3").set_value(2.0).run())
    assert tested.button_group(key="attention-for").value in (None, [])
    assert data(tested)["lookup"]["hard"] == [0, 0, 0, 0, 1, 0]  # big and fast: the lorry
    np.testing.assert_allclose(data(tested)["lookup"]["weights"][0], 1 / 6, atol=1e-4)


def test_switches_scale_mask_and_place(page):
    tested = page("attention")
    drawn(tested.toggle(key="attention-scaled").set_value(False).run())
    assert data(tested)["matrices"]["scaled"] == data(tested)["matrices"]["scores"]
    assert "scale=1.0" in tested.code[0].value
    assert "previous" not in tested.selectbox(key="attention-job-0-here").options
    drawn(tested.toggle(key="attention-places").set_value(True).run())
    drawn(tested.selectbox(key="attention-job-0-here").set_value("previous").run())
    assert np.argmax(data(tested)["matrices"]["weights"], 1).tolist() == [0, 0, 1, 2, 3, 4]


def test_heads_are_counted_chosen_and_drawn_anew(page):
    tested = page("attention")
    drawn(tested.button_group(key="attention-count").set_value(4).run())
    assert len(data(tested)["heads"]["heads"]) == 4
    assert data(tested)["heads"]["width"] == 16
    before = data(tested)["heads"]["heads"][3]["weights"]
    drawn(tested.button(key="attention-anew-3-there").click().run())
    assert data(tested)["heads"]["heads"][3]["weights"] != before
    drawn(tested.button_group(key="attention-shown").set_value(4).run())
    assert data(tested)["matrices"]["weights"] == data(tested)["heads"]["heads"][3]["weights"]
    assert data(tested)["matrices"]["labels"] == ["1", "2", "3", "4"]
    drawn(tested.button_group(key="attention-count").set_value(1).run())
    assert data(tested)["matrices"]["head"] == 0


def test_a_link_brings_back_all_that_was_seen(page):
    tested = edit(page("attention"), {2: {"0": 0.25}}, [{"item": "whale", "0": 1, "1": 2, "2": 1, "3": 0}])
    drawn(tested.toggle(key="attention-causal").set_value(True).run())
    drawn(tested.button_group(key="attention-asks").set_value(6).run())
    drawn(tested.selectbox(key="attention-job-1-there").set_value("random").run())
    drawn(tested.slider(key="attention-query-1").set_value(-0.5).run())
    again = page("attention", **tested.query_params)
    assert data(again) == data(tested)
    assert again.query_params == tested.query_params


def test_a_page_as_everybody_meets_it_has_a_short_address(page):
    assert not page("attention").query_params


def test_own_weights_come_by_a_link(page):
    weights = ",".join(str(value) for value in range(48))
    tested = page("attention", heads="own,like", weights1=weights)
    assert data(tested)["matrices"]["query_weights"][0] == [0, 1, 2, 3]
    assert data(tested)["heads"]["heads"][0]["job"] == "Your own weights"
    assert len(data(tested)["heads"]["heads"]) == 2
    drawn(tested.selectbox(key="attention-job-0-there").set_value("like").run())
    assert data(tested)["matrices"]["query_weights"] == np.eye(4).tolist()


@pytest.mark.parametrize(
    "query",
    [
        {"set": "<b>"},
        {"items": "a:1", "features": "f,g"},
        {"items": "a:nan,inf;" * 99, "features": "f"},
        {"heads": "own", "weights1": "1,2"},
        {"heads": "", "asks": "99", "head": "-1", "sharpness": "1e9", "causal": "maybe", "query": "nan,1"},
        {"heads": "living,noun,no such,random-x,like,like"},
        {"query": "1e99,0,0,0", "asks": "\N{SUPERSCRIPT TWO}"},
    ],
)
def test_a_link_that_is_none_leaves_a_page_that_works(page, query):
    shown = data(page("attention", **query))
    assert shown["matrices"]["names"] == list(items.SETS["Animals and things"].names)
    assert np.isfinite(shown["matrices"]["output"]).all()
