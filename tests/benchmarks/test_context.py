"""Long contexts: what is measured is there, grows as it must, and is drawn."""

from benchmarks import context


def test_a_length_is_measured():
    row = context.measure(16, steps=1, rounds=1)
    assert row["block"] == 16
    assert row[context.LEARNING] > 0
    assert row[context.WRITING] > 0
    assert row["KiB of keys and values"] == 2 * 4 * 128 * 16 * 4 / 1024


def test_every_length_has_its_row_and_its_points(monkeypatch):
    monkeypatch.setattr(
        context, "alone", lambda block: {"block": block, **dict.fromkeys(context.FIGURES, block)}
    )
    table = context.run()
    assert [row["block"] for row in table.rows] == list(context.BLOCKS)
    assert all(chart.points == {str(block): block for block in context.BLOCKS} for chart in table.charts)
    assert len(table.charts) == 3
