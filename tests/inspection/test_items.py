"""Items with features: whatever stands in a table, the way through an address, and the jobs of heads."""

import numpy as np
import pytest

from inspection import items
from inspection.attending import self_attend
from inspection.items import ItemsError, checked, from_text, placed, projections, renamed, to_text

SENTENCE = placed(items.SETS["A sentence"])
IT = SENTENCE.names.index("it")


def looked(job: str, who: str) -> dict[str, float]:
    """What an item of the sentence looks at, by a head with that job."""
    found = self_attend(SENTENCE.values, projections(job, SENTENCE.features))
    return dict(zip(SENTENCE.names, found.weights[SENTENCE.names.index(who)], strict=True))


@pytest.mark.parametrize("name", list(items.SETS))
def test_a_set_is_as_it_would_be_typed(name):
    found = items.SETS[name]
    again, notes = checked(found.names, found.features, found.values)
    assert (again.names, again.features, notes) == (found.names, found.features, [])
    np.testing.assert_array_equal(again.values, found.values)
    features = placed(found).features if name in items.PLACED else found.features
    assert set(items.FIRST_JOBS[name]) <= {*items.jobs(features), items.RANDOM}
    assert len(items.FIRST_JOBS[name]) == items.HEADS
    assert items.STORIES[name]


def test_what_is_no_number_counts_as_0_and_is_told():
    values = [[None, "x"], [float("nan"), "2"], [1e300, float("-inf")]]
    found, notes = checked(["a", None, " "], ["f", "g"], values)
    assert found.names == ("a", "item 2", "item 3")
    assert found.values.tolist() == [[0, 0], [0, 2], [99, -99]]
    assert notes == ["A cell that holds no number counts as 0.", "Numbers end at 99 to either side."]


def test_names_are_told_apart_and_kept_short():
    found, notes = checked(["the", "the", "the", "a" * 40, "a:b;c,\n\0d"], ["f", "f"], np.zeros((5, 2)))
    assert found.names == ("the", "the 2", "the 3", "a" * 12, "a b c d")
    assert found.features == ("f", "f 2")
    assert notes == ["A name that is there again gets a number: the 2, the 3."]


def test_no_more_items_are_taken_than_can_be_read():
    found, notes = checked([f"n{i}" for i in range(11)], ["f", "g"], np.zeros((11, 2)))
    assert len(found.names) == len(found.values) == items.ITEMS
    assert notes == ["The first 8 of 11 items are taken."]


@pytest.mark.parametrize(
    ("names", "features", "said"),
    [([], ["f", "g"], "add one"), (["a"], ["f"], "2 to 6 features"), (["a"], list("fghijkl"), "Received: 7")],
)
def test_what_is_no_table_is_refused(names, features, said):
    with pytest.raises(ItemsError, match=said):
        checked(names, features, np.zeros((len(names), len(features))))


def test_features_are_renamed_added_and_left_out():
    found = items.SETS["Animals and things"]
    renamed_one = renamed(found, ["animal", "large", "alive", "fast"])
    np.testing.assert_array_equal(renamed_one.values, found.values)
    fewer = renamed(found, ["alive", "animal"])
    np.testing.assert_array_equal(fewer.values, found.values[:, [2, 0]])
    more = renamed(found, [*found.features, "green"])
    np.testing.assert_array_equal(more.values, np.pad(found.values, ((0, 0), (0, 1))))
    with pytest.raises(ItemsError):
        renamed(found, ["animal"])


def test_a_link_says_the_same_items():
    for found in items.SETS.values():
        again = from_text(to_text(found), ",".join(found.features))
        assert (again.names, again.features) == (found.names, found.features)
        np.testing.assert_array_equal(again.values, found.values)


@pytest.mark.parametrize(
    ("text", "features"), [("", "f,g"), ("a:1", "f,g"), ("a:1,2", "f"), ("a:1,2;b:1", "f,g"), ("a:1,2", "")]
)
def test_a_link_that_is_none_is_refused(text, features):
    with pytest.raises(ItemsError):
        from_text(text, features)


def test_places_are_a_turn_apart():
    points = SENTENCE.values[:, -2:]
    np.testing.assert_allclose((points**2).sum(1), 1, atol=1e-3)
    angle = 2 * np.pi / items.PERIOD
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    np.testing.assert_allclose(points[:-1] @ turn, points[1:], atol=1e-3)


def test_like_asks_for_like():
    found = items.SETS["Animals and things"]
    weights = self_attend(found.values, projections("like", found.features)).weights
    assert weights[0].argsort()[::-1][:2].tolist() == [0, 1]  # the mouse: itself, then the cat
    opposite = self_attend(found.values, projections("opposite", found.features)).weights
    assert opposite[0].argmin() == 0


def test_every_item_but_the_first_looks_at_the_one_before_or_after():
    before = self_attend(SENTENCE.values, projections("previous", SENTENCE.features)).weights
    after = self_attend(SENTENCE.values, projections("next", SENTENCE.features)).weights
    assert before.argmax(1).tolist() == [0, 0, 1, 2, 3, 4]
    assert after.argmax(1).tolist() == [1, 2, 3, 4, 5, 5]
    assert before[1:].max(1).min() > 0.85


def test_the_pronoun_finds_the_noun_before_and_the_living_one():
    assert looked("noun", "it")["street"] > 0.95
    assert looked("noun", "crossed")["animal"] > 0.95
    assert looked("noun", "street")["animal"] > 0.8
    assert looked("living", "it")["animal"] > 0.9
    np.testing.assert_allclose(list(looked("living", "was").values()), 1 / 6)  # it asks for nothing


def test_the_phone_book_gives_the_number_alone():
    found = items.SETS["A phone book"]
    output = self_attend(found.values, projections("book", found.features)).output
    np.testing.assert_allclose(output[:, -1], found.values[:, -1], atol=0.5)
    assert (output[:, :-1] == 0).all()


def test_a_job_needs_its_features():
    assert set(items.jobs(("red", "green"))) == {"like", "opposite"}
    with pytest.raises(ItemsError, match="'living'"):
        projections("living", ("red", "green"))
    one, same, other = (projections("random", ("red", "green"), seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.query, same.query)
    assert (one.query != other.query).all()
    assert (one.query != one.key).any()


def test_weights_of_anybody_are_bounded():
    found = items.weights_from([np.inf, float("nan"), -1e9, *range(9)], 2)
    assert found.query.tolist() == [[99, 0], [-99, 0]]
    assert found.value.tolist() == [[5, 6], [7, 8]]
    for wrong in ([1, 2], ["x"] * 12, None, {"a": 1}, [10**400] * 12):
        with pytest.raises(ItemsError):
            items.weights_from(wrong, 2)
    larger = items.resized(found, 3)
    assert larger.value.tolist() == [[5, 6, 0], [7, 8, 0], [0, 0, 0]]
    assert items.resized(larger, 2).value.tolist() == found.value.tolist()
