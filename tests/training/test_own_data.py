"""A user's own files from the command line: train, then predict on the rows of the same file."""

import io
import json
import sys

import numpy as np
import pytest

from data import DataUnavailable, own_sequences, series
from training import trainer
from training.__main__ import main

QUICK = ("--training.epochs", "1", "--training.batch_size", "8")


def train(folder, recipe: str, *words: str) -> int:
    return main(["train", recipe, "--runs-dir", str(folder), "--name", "mine", "--json", *QUICK, *words])


def predict(folder, content: bytes, monkeypatch, capsys) -> list[dict]:
    class Stdin:
        buffer = io.BytesIO(content)

    capsys.readouterr()
    monkeypatch.setattr(sys, "stdin", Stdin)
    assert main(["predict", "mine", "--runs-dir", str(folder)]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def table(count: int = 40) -> str:
    random = np.random.default_rng(0)
    rows = [
        f"{n},{n % 2 + random.normal(0, 0.1):.3f},{random.normal():.3f},{random.normal():.3f},{'ab'[n % 2]}"
        for n in range(count)
    ]
    return "\n".join([",size,weight,age,kind", *rows]) + "\n"


def ts_file(count: int, seed: int, dimensions: int = 3, names=("low", "high")) -> str:
    """Series of several dimensions and of different lengths."""
    random = np.random.default_rng(seed)
    lines = ["@problemName made", "@univariate false", f"@dimensions {dimensions}", "@equalLength false"]
    lines += [f"@classLabel true {' '.join(names)}", "@data"]
    for n in range(count):
        length = random.integers(4, 9)
        values = random.normal(4 * (n % 2), 1, (dimensions, length)).round(3)
        lines.append(":".join(",".join(map(str, row)) for row in values) + f":{names[n % 2]}")
    return "\n".join(lines) + "\n"


def test_a_table_is_learned_and_its_own_rows_are_answered(tmp_path, monkeypatch, capsys):
    (tmp_path / "own.csv").write_text(table())
    assert train(tmp_path, "table_mlp", "--data.file", str(tmp_path / "own.csv")) == 0
    row = table().splitlines()[3]
    lines = [row, row.rpartition(",")[0], row.partition(",")[2], " ".join(row.split(",")[1:4]), "1,2"]
    told = predict(tmp_path, "\n".join(lines).encode(), monkeypatch, capsys)
    assert [one["input"] for one in told] == lines
    assert len({json.dumps(one["probabilities"]) for one in told[:4]}) == 1
    assert told[4]["error"].startswith("a row is 3 numbers, size, weight, age")


def test_a_quantity_is_learned_as_the_message_says(tmp_path, monkeypatch, capsys):
    random = np.random.default_rng(0)
    values = random.normal(size=(60, 2)).round(3)
    rows = [f"{x},{y},{50 + 3 * x:.4f}" for x, y in values]
    (tmp_path / "own.csv").write_text("\n".join(["x,y,price", *rows]))
    where = ("--data.file", str(tmp_path / "own.csv"), "--data.label", "price")
    assert train(tmp_path, "table_mlp", *where) == 2
    assert "table_regression_mlp learns it: --data.file PATH --data.label NAME" in capsys.readouterr().err
    (tmp_path / "mine").rename(tmp_path / "before") if (tmp_path / "mine").exists() else None
    assert train(tmp_path, "table_regression_mlp", *where) == 0
    (told,) = predict(tmp_path, rows[0].encode(), monkeypatch, capsys)
    assert 30 < told["output"]["price"] < 70


def test_points_name_the_recipe_that_takes_all_columns(tmp_path, capsys, caplog):
    (tmp_path / "own.csv").write_text(table())
    where = ("--data.file", str(tmp_path / "own.csv"))
    assert train(tmp_path, "points_mlp", *where) == 0
    assert "size and weight are used. table_mlp learns from all of them: --data.file PATH" in caplog.text
    (tmp_path / "mine").rename(tmp_path / "before")
    assert train(tmp_path, "points_mlp", *where, "--data.columns", "weight,age") == 0
    (tmp_path / "mine").rename(tmp_path / "before2")
    assert train(tmp_path, "table_mlp", *where) == 0


def test_a_bad_line_is_an_error_of_that_line(tmp_path, monkeypatch, capsys):
    rows = "".join(f"{n % 2}.{n},{n % 3},{'ab'[n % 2]}\n" for n in range(40))
    (tmp_path / "own.csv").write_text(rows)
    assert train(tmp_path, "points_mlp", "--data.file", str(tmp_path / "own.csv")) == 0
    content = b"\xef\xbb\xbf0.5,1\r\ncaf\xe9\n1.5,2,a\n1,2,c\n\xff\n"
    told = predict(tmp_path, content, monkeypatch, capsys)
    assert [one["input"] for one in told] == ["0.5,1", "caf\\xe9", "1.5,2,a", "1,2,c", "\\xff"]
    assert ["error" in one for one in told] == [False, True, False, False, True]
    assert "no text in UTF-8" in told[1]["error"]


def test_series_of_different_lengths_are_learned_as_the_message_says(tmp_path, monkeypatch, capsys):
    for side, seed in (("TRAIN", 0), ("TEST", 1)):
        (tmp_path / f"made_{side}.ts").write_text(ts_file(30, seed))
    files = [str(tmp_path / f"made_{side}.ts") for side in ("TRAIN", "TEST")]
    assert train(tmp_path, "series_cnn", "--data.train", files[0], "--data.test", files[1]) == 2
    said = capsys.readouterr().err
    assert "sequences_gru takes series of different lengths: --data.file PATH --data.test PATH" in said
    (tmp_path / "mine").rename(tmp_path / "before") if (tmp_path / "mine").exists() else None
    assert train(tmp_path, "sequences_gru", "--data.file", files[0], "--data.test", files[1]) == 0
    spec = trainer.spec_of(trainer.Run(tmp_path / "mine"))
    assert spec.input_shape == (None, 3)
    assert spec.classes == ("high", "low")
    lines = [line for line in ts_file(30, 1).splitlines() if not line.startswith("@")][:3]
    told = predict(tmp_path, "\n".join([*lines, "1,2:3,4"]).encode(), monkeypatch, capsys)
    assert [one.get("output") in ("high", "low") for one in told[:3]] == [True] * 3
    assert "sequences of 3 dimensions, split by colons. Received: 2" in told[3]["error"]


def test_padded_rows_and_rows_with_their_class_are_answered(tmp_path, monkeypatch, capsys):
    random = np.random.default_rng(0)
    rows = []
    for n in range(40):
        values = (random.normal(size=random.integers(2, 6)) + 3 * (n % 2)).round(3).astype(str).tolist()
        rows.append(",".join([*values, *[""] * (5 - len(values)), "ab"[n % 2]]))
    (tmp_path / "own.csv").write_text("\n".join(["v1,v2,v3,v4,v5,kind", *rows]))
    assert train(tmp_path, "sequences_gru", "--data.file", str(tmp_path / "own.csv")) == 0
    lines = ["1,2", "1,2,,", "1,2,,,a", "1,2,b", "1;2;;;a"]
    told = predict(tmp_path, "\n".join(lines).encode(), monkeypatch, capsys)
    assert len({json.dumps(one["probabilities"]) for one in told}) == 1


@pytest.mark.parametrize("recipe", ["sequences_gru", "series_cnn"])
def test_gaps_are_filled_as_the_message_says(tmp_path, capsys, recipe):
    rows = ["1,,3,4,a" if n == 3 else f"{n},{n % 3},{n % 5},4,{'ab'[n % 2]}" for n in range(40)]
    (tmp_path / "own.csv").write_text("\n".join(["p,q,r,s,kind", *rows]))
    where = ("--data.file" if recipe == "sequences_gru" else "--data.train", str(tmp_path / "own.csv"))
    assert train(tmp_path, recipe, *where) == 2
    assert "row 5 has a gap in column 2. Fill it, or have gaps filled" in capsys.readouterr().err
    (tmp_path / "mine").rename(tmp_path / "before") if (tmp_path / "mine").exists() else None
    assert train(tmp_path, recipe, *where, "--data.fill", "true") == 0


# What a .ts file's header declares


@pytest.mark.parametrize(
    ("header", "row", "said"),
    [
        (
            "@targetLabel true",
            "1,2:3.5",
            "its target is a number .@targetLabel true., and classes are learned",
        ),
        ("@TARGETLABEL TRUE", "1,2:3.5", "its target is a number"),
        ("@timeStamps true\n@classLabel true a b", "(0,1),(1,2):a", "time stamps .@timeStamps true., which"),
        ("@classLabel false", "1,2", "have no class .@classLabel false."),
        (
            "@classLabel true a b",
            "1,2:c",
            "line 3 has the class 'c', which its line @classLabel does not list",
        ),
        (
            "@univariate true\n@classLabel true a b",
            "1,2:3,4:a",
            "has 2 dimensions, and its header declares 1",
        ),
        ("@dimensions 3\n@classLabel true a b", "1,2:3,4:a", "has 2 dimensions, and its header declares 3"),
        ("@classLabel true a b", "1,2:", "has no class"),
    ],
)
@pytest.mark.parametrize("read", [series.parse_series, own_sequences.parse_sequences])
def test_a_ts_header_is_obeyed(header, row, said, read):
    with pytest.raises(DataUnavailable, match=said):
        read(f"{header}\n@data\n{row}\n", "own.ts")


def test_classes_of_a_ts_header_are_numbers_however_they_are_written():
    _, labels = series.parse_series("@classLabel true 1 -1\n@data\n1,2:1.0\n3,4:-1.0\n", "own.ts")
    assert labels.tolist() == ["1", "-1"]


def test_padding_of_the_archive_is_no_step():
    """UCR fills shorter series up by NaN, and so do some of UEA's files."""
    text = "@classLabel true a b\n@data\n1,2,NaN,NaN:3,4,NaN,NaN:a\n5,6,7,?:8,9,1,?:b\n"
    found = own_sequences.parse_sequences(text, "own.ts")
    assert [one.tolist() for one in found.sequences] == [[[1, 3], [2, 4]], [[5, 8], [6, 9], [7, 1]]]


def test_a_series_of_numbers_is_not_cut_to_fit():
    """With one number too many and none of them a class, the first ones are not silently taken."""
    shape, classes = (3, 1), ("a", "b")
    for line in ("1,2,3,4", "0,1,2,3"):
        with pytest.raises(DataUnavailable, match="none at that place is a class"):
            series.parse_line(line, shape, False, classes=classes)
    for line in ("1,2,3,a", "7,1,2,3,a", "1,2,3,unknown", "1,2,3,,"):
        assert series.parse_line(line, shape, False, classes=classes)[:, 0].tolist() == [1, 2, 3]
    assert series.parse_line("1,2,3,5", shape, False, classes=("5", "6"))[:, 0].tolist() == [1, 2, 3]
