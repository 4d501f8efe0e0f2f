"""Benchmarks: fair turns, right ratios, and names that are there. No time is asserted."""

import importlib

import pytest

from benchmarks.__main__ import BENCHMARKS, main
from benchmarks.table import Chart, Table, machine, race, ratio


def test_contenders_take_turns():
    turns = []
    seconds = race(
        {"a": lambda n: turns.append(("a", n)), "b": lambda n: turns.append(("b", n))}, 5, rounds=2
    )
    assert turns == [("a", 5), ("b", 5)] * 3  # the first round warms up and does not count
    assert {name: len(times) for name, times in seconds.items()} == {"a": 2, "b": 2}


def test_a_ratio_is_of_rounds_not_of_medians():
    assert ratio([2.0, 40.0, 6.0], [1.0, 10.0, 2.0]) == 3.0


def test_tables_are_told_in_columns():
    text = str(Table("title", [{"what": "loop", "ms": 1.234}, {"what": "a longer one", "ms": 10.0}]))
    assert text.splitlines() == [
        "title",
        "  what          ms",
        "  loop          1.23",
        "  a longer one  10.00",
    ]
    assert str(Table("empty", [])) == "empty"


def test_every_benchmark_is_there(capsys):
    assert all(callable(importlib.import_module(f"benchmarks.{name}").run) for name in BENCHMARKS)
    assert main(["cnnn"]) == 2
    assert "there is no benchmark 'cnnn'. Did you mean cnn?" in capsys.readouterr().err


def test_the_machine_is_named():
    assert "cores of" in machine()


@pytest.mark.parametrize("name", ["cnn"])
def test_contenders_train_the_same_net(name):
    """Loop and `fit` move the loss alike; PyTorch has as many weights."""
    module = importlib.import_module(f"benchmarks.{name}")
    from models import cnn

    assert cnn.build(module.CONFIG).count_params() == 320 + 18496 + 16010


def test_a_chart_is_mermaid_below_its_table():
    chart = Chart("Time", "length", "ms", {"64": 1.5, "128": 20.0})
    text = str(Table("title", [{"length": 64}], [chart]))
    assert text.splitlines() == [
        "title",
        "  length",
        "  64",
        "",
        "```mermaid",
        "xychart-beta",
        '    title "Time"',
        '    x-axis "length" [64, 128]',
        '    y-axis "ms" 0 --> 21',
        "    line [1.5, 20]",
        "```",
    ]
