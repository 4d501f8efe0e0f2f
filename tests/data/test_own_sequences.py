"""Sequences of one's own: a CSV of rows of any length becomes three sides that share none."""

import numpy as np
import pytest

from data import DataUnavailable, own_sequences
from data.own_sequences import Config

RANDOM = np.random.default_rng(0)


def rising(count: int = 60) -> str:
    """Rows that rise or fall, of 2 to 9 numbers."""
    rows = []
    for place in range(count):
        sign = 1 if place % 2 else -1
        numbers = (sign * np.arange(RANDOM.integers(2, 10)) + RANDOM.normal()).round(3)
        rows.append(",".join(map(str, numbers)) + (",up" if sign > 0 else ",down"))
    return "\n".join(rows)


def test_rows_of_any_length_are_sequences():
    text = rising()
    source = Config().parse(text, "own.csv")
    sides = (source.train, source.validation, source.test)
    assert [len(side) for side in sides] == [38, 10, 12]
    assert source.spec.classes == ("down", "up")
    assert source.spec.input_shape == (None, 1)
    assert len(set(source.train.inputs.lengths.tolist())) > 4
    for side in sides:
        for place in range(len(side)):
            steps = side.inputs[place][:, 0]
            assert (steps[-1] > steps[0]) == side.targets[place]
    assert source.train.inputs.values.mean() == pytest.approx(0, abs=1e-5)
    assert source.train.inputs.values.std() == pytest.approx(1, abs=1e-5)


def test_a_line_is_scaled_as_the_training_was():
    text = rising()
    source = Config().parse(text, "own.csv")
    read = {Config().read(row.rsplit(",", 1)[0], source.spec).tobytes() for row in text.splitlines()}
    for side in (source.train, source.validation, source.test):
        assert {side.inputs[place].tobytes() for place in range(len(side))} <= read


def test_equal_sequences_stand_on_one_side():
    text = rising(20) + "\n" + "\n".join(["1,2,3,up"] * 15)
    source = Config().parse(text, "own.csv")
    wanted = Config().read("1,2,3", source.spec).tobytes()
    homes = [
        any(side.inputs[place].tobytes() == wanted for place in range(len(side)))
        for side in (source.train, source.validation, source.test)
    ]
    assert sum(homes) == 1


def test_a_table_that_is_filled_up_and_a_class_in_front_are_read():
    text = "kind,a,b,c\nup,1,2,\ndown,3,2,1\nup,1,3,\ndown,2,1,\n"
    found = own_sequences.parse_sequences(text, "own.csv", "kind")
    assert [one[:, 0].tolist() for one in found.sequences] == [[1, 2], [3, 2, 1], [1, 3], [2, 1]]
    assert found.labels.tolist() == ["up", "down", "up", "down"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,2,up\n1,x,down\n", "row 2, column 2 is no number: 'x'"),
        ("1,2,up\n3,4,up\n", "at least two classes are needed"),
        ("1,2,a\n3,4,b\n5,6,c\n", "3 classes for 3 sequences"),
        ("1,2,a\n3,4,b\n5,6,a\n", "sequences are too few"),
        ("", "own.csv"),
    ],
)
def test_a_file_that_will_not_do_is_told(text, message):
    with pytest.raises(DataUnavailable, match=message):
        Config().parse(text, "own.csv")


def test_a_file_must_be_named():
    with pytest.raises(DataUnavailable, match="sequences: no file is named"):
        Config().load()
