"""Files that users have, and that were once read wrongly without a word."""

import numpy as np
import pytest

from data import own_sequences, own_table, series

RANDOM = np.random.default_rng(7)
VALUES = RANDOM.normal(size=(24, 6)).round(4)
KINDS = ["up", "down"] * 12


def csv(values=VALUES, kinds=KINDS, header: str = "") -> str:
    rows = (",".join([*(repr(float(v)) for v in row), str(k)]) for row, k in zip(values, kinds, strict=True))
    return header + "\n".join(rows) + "\n"


def load_series(tmp_path, text: str, **settings):
    path = tmp_path / "own.csv"
    path.write_text(text)
    return series.Config(train=str(path), **settings).load()


@pytest.mark.parametrize(("scale", "mean"), [(1.0, 1e6), (1.0, 1e8), (1e-10, 0.0), (1e-21, 0.0)])
def test_series_keep_their_digits_about_any_mean_and_at_any_scale(tmp_path, scale, mean):
    plain = load_series(tmp_path, csv())
    other = load_series(tmp_path, csv(mean + scale * VALUES))
    rows = np.concatenate([other.train.inputs, other.validation.inputs, other.test.inputs])
    wanted = np.concatenate([plain.train.inputs, plain.validation.inputs, plain.test.inputs])
    assert len(rows) == 24
    for row in rows:  # the splits may differ
        assert np.abs(wanted - row).max(axis=(1, 2)).min() < 1e-3


@pytest.mark.parametrize("level", [0.0, 1e-12, 123456789.1])
def test_constant_series_become_zero(level):
    assert not series.normalized(np.full((1, 7, 1), level)).any()


@pytest.mark.parametrize(("scale", "mean"), [(1.0, 1e8), (1e-12, 0.0)])
def test_sequences_keep_their_digits_about_any_mean_and_at_any_scale(scale, mean):
    source = own_sequences.Config().parse(csv(mean + scale * VALUES), "own.csv")
    assert source.train.inputs.values.std() == pytest.approx(1, abs=1e-4)
    row = ",".join(repr(float(v)) for v in mean + scale * VALUES[0])
    seen = own_sequences.Config().read(row, source.spec)[:, 0]
    np.testing.assert_allclose(np.diff(seen) * source.spec.spread[0], scale * np.diff(VALUES[0]), rtol=1e-3)


def test_sequences_that_differ_by_the_sign_of_zero_are_equal():
    zeros = csv(np.abs(VALUES) * [1, 1, 0, 1, 1, 1])
    text = zeros.replace(",0.0,", ",-0.0,") + csv(VALUES + 1)
    source = own_sequences.Config().parse(text, "own.csv", (zeros, "test.csv"))
    assert len(source.train) + len(source.validation) == 24  # the others are in the test file


def test_a_constant_column_stays_near_zero_for_other_values():
    text = "a,b,class\n" + "".join(f"123456789.1,{n % 17},{kind}\n" for n, kind in enumerate(KINDS))
    config = own_table.Config()
    source = config.parse(text, "own.csv")
    assert not source.train.inputs[:, 0].any()
    assert config.read("123456789.6,3", source.spec)[0] == pytest.approx(0.5)
