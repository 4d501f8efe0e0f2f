"""Points: clouds follow their rule, a CSV gives what stands in it, and a bad file is told in a sentence."""

import itertools
import os

import numpy as np
import pytest

from data import DataUnavailable, points, tables
from data.points import KINDS, Config
from data.source import Source, Spec, Split

FEW = "x,y,kind\n1,2,a\n3,5,b\n"


def prints(split: Split) -> set[bytes]:
    return {example.tobytes() for example in split.inputs}


def splits(source: Source) -> tuple[Split, Split, Split]:
    return source.train, source.validation, source.test


def share_nothing(source: Source) -> bool:
    return not any(prints(a) & prints(b) for a, b in itertools.combinations(splits(source), 2))


def table(count: int, seed: int = 0, classes: int = 3) -> str:
    """A CSV with a header: two columns of very different scale, and a class."""
    generator = np.random.default_rng(seed)
    values = generator.normal((1000, -5), (200, 0.01), (count, 2))
    return "size,weight,kind\n" + "".join(
        f"{x:.3f},{y:.6f},{'abcdefghij'[i % classes]}\n" for i, (x, y) in enumerate(values)
    )


# Clouds


def away(found: np.ndarray, curve: np.ndarray) -> float:
    """The largest distance of a point to the nearest one of a curve."""
    return max(np.linalg.norm(curve - point, axis=1).min() for point in found)


@pytest.mark.parametrize("kind", ["moons", "circles"])
def test_without_noise_points_lie_all_along_the_curves_of_scikit_learn(kind):
    from sklearn import datasets

    curves, labels = (
        datasets.make_moons(4000, shuffle=False)
        if kind == "moons"
        else datasets.make_circles(4000, shuffle=False, factor=0.5)
    )
    if kind == "moons":
        curves = curves - (0.5, 0.25)  # what its middle is
    split = Config(kind, noise=0.0, examples=1000).load().train
    for label in (0, 1):
        own = split.inputs[split.targets == label]
        assert away(own, curves[labels == label]) < 0.002
        assert away(curves[labels == label][::20], own) < 0.1


@pytest.mark.parametrize("classes", [2, 5, 10])
def test_spirals_have_an_arm_a_class_and_arms_stay_apart(classes):
    split = Config("spirals", classes, noise=0.0, examples=100 * classes).load().train
    assert np.bincount(split.targets).tolist() == [100] * classes
    radius = np.linalg.norm(split.inputs, axis=1)
    turns = np.arctan2(split.inputs[:, 1], split.inputs[:, 0]) / (2 * np.pi)
    along = (turns - points.TURNS * radius - split.targets / classes) % 1  # 0 on the arm of its class
    np.testing.assert_allclose(np.minimum(along, 1 - along), 0, atol=1e-5)
    assert points.CENTRE <= radius.min() < 0.3
    assert 0.95 < radius.max() <= 1
    distance = np.linalg.norm(split.inputs[:, None] - split.inputs, axis=-1)
    assert distance[split.targets[:, None] != split.targets].min() > 0.6 / classes / points.TURNS


def test_checkers_tell_whether_both_signs_are_the_same():
    split = Config("checkers", noise=0.0).load().train
    np.testing.assert_array_equal(split.targets, split.inputs.prod(axis=1) < 0)
    corners, counts = np.unique(np.sign(split.inputs), axis=0, return_counts=True)
    assert len(corners) == 4
    assert counts.min() > 80  # of 500
    assert np.abs(split.inputs).max() <= 1
    assert np.bincount(np.floor(split.inputs[:, 0] * 2 + 2).astype(int)).min() > 80


def test_blobs_stand_on_a_ring():
    split = Config("blobs", 4, noise=0.0, examples=4000).load().train
    heaps = [split.inputs[split.targets == label] for label in range(4)]
    centres = np.array([heap.mean(axis=0) for heap in heaps])
    np.testing.assert_allclose(centres, [(1, 0), (0, 1), (-1, 0), (0, -1)], atol=0.02)
    np.testing.assert_allclose([heap.std(axis=0) for heap in heaps], points.BLOB, rtol=0.1)


@pytest.mark.parametrize("kind", KINDS)
def test_splits_of_clouds(kind):
    source = Config(kind, classes=4, noise=0.0).load()
    assert [len(split) for split in splits(source)] == [500, 167, 167]
    assert share_nothing(source)
    for split in splits(source):
        counts = np.bincount(split.targets)
        assert len(counts) == source.spec.outputs == (4 if kind in ("spirals", "blobs") else 2)
        assert counts.max() - counts.min() <= 1
        assert split.inputs.dtype == np.float32
        assert split.targets.dtype == np.int32
    assert source.spec.input_shape == source.train.inputs.shape[1:] == (2,)
    assert source.spec.features == ("x", "y")
    assert source.spec.centre == source.spec.spread == ()
    assert prints(source.train) == prints(Config(kind, classes=4, noise=0.0).load().train)
    other = Config(kind, classes=4, noise=0.0, seed=1).load()
    assert not prints(source.train) & prints(other.train)
    larger = Config(kind, classes=4, noise=0.0, examples=510).load()
    assert len(larger.train) == 510


@pytest.mark.parametrize("kind", KINDS)
def test_noise_has_the_deviation_that_is_asked_for_and_is_each_splits_own(kind):
    clean, noisy = (Config(kind, noise=noise, examples=2000).load() for noise in (0.0, 0.2))
    noises = [b.inputs - a.inputs for a, b in zip(splits(clean), splits(noisy), strict=True)]
    for noise in noises:
        np.testing.assert_allclose(noise.std(axis=0), 0.2, rtol=0.1)
        np.testing.assert_allclose(noise.mean(axis=0), 0, atol=0.03)
    assert np.abs(noises[1] - noises[2]).mean() > 0.1
    assert share_nothing(noisy)


def test_more_points_to_test_leave_those_to_learn_as_they_are():
    assert prints(Config().load().train) == prints(
        Config(held_out=0.4, validation=0.0, examples=500).load().train
    )
    assert len(Config(validation=0.0).load().validation) == 0
    tiny = Config("blobs", 10, examples=10, held_out=0.01, validation=0.01).load()
    assert [len(split) for split in splits(tiny)] == [10, 1, 1]


def test_float32_has_few_points_on_a_curve_and_still_no_split_has_one_of_another():
    source = Config("moons", noise=0.0, examples=60_000).load()
    assert share_nothing(source)
    assert 59_900 < len(source.train) <= 60_000


# Tables


def test_a_table_is_brought_to_mean_0_and_deviation_1_by_its_training_split(tmp_path):
    (tmp_path / "own.csv").write_text(table(300))
    source = Config(file=str(tmp_path / "own.csv"), held_out=0.2, validation=0.1).load()
    assert [len(split) for split in splits(source)] == [210, 30, 60]
    assert all(np.bincount(split.targets).tolist() == [len(split) // 3] * 3 for split in splits(source))
    assert share_nothing(source)
    np.testing.assert_allclose(source.train.inputs.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(source.train.inputs.std(axis=0), 1, atol=1e-6)
    assert np.abs(source.test.inputs.mean(axis=0)).min() > 1e-3  # it has not been looked at
    spec = source.spec
    assert (spec.name, spec.features, spec.classes) == ("own", ("size", "weight"), ("a", "b", "c"))
    raw = points.parse_points(table(300), "own.csv")
    undone = np.concatenate([split.inputs * spec.spread + spec.centre for split in splits(source)])
    order, raw_order = np.argsort(undone[:, 0]), np.argsort(raw.values[:, 0])
    np.testing.assert_allclose(undone[order], raw.values[raw_order], rtol=1e-5)
    labels = np.concatenate([split.targets for split in splits(source)])
    np.testing.assert_array_equal(labels[order], raw.labels[raw_order])


def test_an_upload_gives_what_its_file_would(tmp_path):
    (tmp_path / "own.csv").write_text(table(600))
    read, given = (
        Config(file=str(tmp_path / "own.csv")).load(),
        Config().parse(table(600).encode(), "own.csv"),
    )
    assert read.spec == given.spec
    assert [prints(split) for split in splits(read)] == [prints(split) for split in splits(given)]
    assert [prints(s) for s in splits(Config(seed=1).parse(table(600), "x.csv"))] != [
        prints(s) for s in splits(given)
    ]


def test_equal_points_stay_together_and_every_class_is_learned():
    rows = [f"{i % 7},{i % 5},{'ab'[i % 2]}\n" for i in range(200)]  # 35 points, each in both classes
    rows += ["1,1,rare\n", "100,3,once\n"]
    for seed in range(20):
        source = Config(seed=seed).parse("".join(rows), "grid.csv")
        assert share_nothing(source)
        assert sum(map(len, splits(source))) == 202
        assert set(source.train.targets) == {0, 1, 2, 3}


def test_zeros_of_both_signs_are_equal():
    text = "".join(f"{'-' * (i % 2)}0.0,{i // 2 % 4},{'ab'[i % 2]}\n{i % 4 + 1},0,a\n" for i in range(40))
    assert share_nothing(Config().parse(text, "zeros.csv"))


def test_a_great_mean_costs_no_digits():
    """As times in seconds have it: float32 would know them to two minutes."""
    times = 1.7e9 + np.arange(40)
    text = "".join(f"{time:.1f},{i % 5},{'ab'[i % 2]}\n" for i, time in enumerate(times))
    source = Config().parse(text, "times.csv")
    found = np.concatenate([split.inputs[:, 0] for split in splits(source)])
    np.testing.assert_allclose(np.diff(np.sort(found)) * source.spec.spread[0], 1, atol=1e-4)


OWN = "id,length,kind,width,colour\nA1,1,a,10,red\nA2,2,b,?,blue\nA3,3,a,30,red\n"


@pytest.mark.parametrize(
    ("columns", "label", "features"),
    [
        (("length", "width"), "kind", ("length", "width")),
        (("4", " 2"), "3", ("width", "length")),
        ((), "colour", ("length", "width")),
    ],
)
def test_columns_by_name_by_number_or_by_what_they_hold(columns, label, features):
    found = points.parse_points(OWN.replace("?", "20"), "own.csv", columns, label)
    assert found.features == features
    expected = {"length": [1, 2, 3], "width": [10, 20, 30]}
    np.testing.assert_array_equal(found.values.T, [expected[name] for name in features])
    kinds = ["red", "blue", "red"] if label == "colour" else ["a", "b", "a"]
    assert [found.classes[place] for place in found.labels] == kinds


def test_a_column_called_by_a_number_goes_before_the_place():
    found = points.parse_points("0,1,2,3\n5,6,7,a\n8,9,4,b\n", "own.csv", ("1", "2"))
    np.testing.assert_array_equal(found.values, [[6, 7], [9, 4]])


def test_the_numbers_of_rows_that_pandas_writes_are_no_column():
    found = points.parse_points(",x,y,kind\n0,5,6,a\n1,7,8,b\n", "own.csv")
    assert found.features == ("x", "y")
    np.testing.assert_array_equal(found.values, [[5, 6], [7, 8]])


@pytest.mark.parametrize(
    "text",
    [
        "1.5,2.5,a\n-3,400,b\n",
        "1.5;2.5;a\n-3;400;b\n",
        "1,5;2,5;a\n-3;4,0e2;b\n",
        "x;y;kind\n1,5;2,5;a\n-3;400;b\n",
        '"x, mean, cm";"y, cm";kind\r\n"1,5";2,5;a\r\n-3;400;b',
        "1.5\t2.5\ta\r-3\t400\tb\r",
        "\ufeff\n\n 1.5, 2.5 ,a\n,,\n-3,4e2,b\n\n",
        "x, cm;y, cm;kind\n1,5;2,5;a\n-3;400;b\n",
        'x,"y\n(cm)",kind\n1.5,2.5,"a\n"\n-3,400,"\x1bb"\n',
    ],
)
def test_tables_as_programs_write_them(text):
    for content in (text, text.encode()):
        found = points.parse_points(content, "own.csv")
        np.testing.assert_array_equal(found.values, [[1.5, 2.5], [-3, 400]])
        assert found.classes == ("a", "b")
    assert not any("\n" in name for name in found.features + found.classes)


def test_classes_that_are_numbers_stand_in_their_order():
    text = "".join(f"{i},{i % 3},{kind}\n" for i, kind in enumerate(["10", "9", "x", "-1", "9"]))
    found = points.parse_points(text, "own.csv")
    assert found.classes == ("-1", "9", "10", "x")
    assert found.labels.tolist() == [2, 1, 3, 0, 1]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "it has no rows"),
        (b"", "it has no rows"),
        ("\n \n,,\n", "it has no rows"),
        ("x,y,kind\n", "it has no rows"),
        ("1,2,a\n", "it has one row. Two classes"),
        (FEW.replace("b", "a"), "all its rows are of one class, 'a'. Is the class in another column"),
        (
            FEW.replace("3", "three"),
            r"row 3, column 1 \('x'\) is no number: 'three'. Correct it, or take other",
        ),
        (FEW.replace("3", ""), r"row 3, column 1 \('x'\): there is a gap. Fill it, or leave the row out"),
        (FEW.replace("3", "NaN"), "there is a gap"),
        (FEW.replace("5", "-inf"), r"row 3, column 2 \('y'\) is no number: '-inf' \(it must be finite"),
        (FEW.replace("5", "1e30"), "it must be finite, and below 1e\\+30"),
        (FEW.replace("5", "1_0"), "is no number: '1_0'"),
        (FEW.replace("b", "?"), r"row 3, column 3 \('kind'\): there is no class"),
        (FEW.replace("b", "b" * 500), "a class of 500 characters, more than 100. Is the class"),
        ("1,2,a\n3,4,5,b\n", "row 2 has 4 columns, row 1 3; all must be alike"),
        ("x,y,kind\n1,2\n", "row 2 has 2 columns, the header 3"),
        ("1,a\n2,b\n", "it has 2 columns. Two columns of numbers and one of classes are needed"),
        ("hello\nworld\n", "it has 1 column. Two columns"),
        ("one,u,2,a\ntwo,v,3,b\n", "beside the class in column 4. Found: column 3. Is the class"),
        (FEW.replace("5", "2"), r"column 2 \('y'\) is 2 in every row.*Take another: --data.columns"),
        ("0.1,1,a\n" * 9 + "0.1,2,b\n", "column 1 is 0.1 in every row"),
        ("1e-40,1,a\n2e-40,2,b\n" * 9, "column 1 is 1e-40 in every row"),
        (
            ",".join(["1"] * 10_000) + "\n" + ",".join(["2"] * 10_000),
            "10000 columns, more than 1000. Leave out",
        ),
        (
            "".join(f"{i % 9},{i},{i % 101}\n" for i in range(300)),
            "more than 100 classes in column 3. Is the class",
        ),
        ("".join(f"{i % 9},{i},k{i}\n" for i in range(30)), "30 classes for 30 rows. Is the class"),
        ("1,500\t2,500\ta\n1,700\t2,900\tb\n", r"no number: '1,500' \(decimals are written with a point\)"),
        ("1.234,5;2,5;a\n1;2;b\n", "column 1 is no number: '1.234,5'"),
        ("1,5;2.5;a\n1;2;b\n", "row 1 has a decimal point, '2.5', and row 1 a decimal comma, '1,5'. Write"),
        (
            '1,2,"a\n' + "3,4,b\n" * 40_000,
            "can't be read as a CSV.*quotation mark left open|columns, more than",
        ),
        ("1,2,a\n3,4,b\n\0", "this is no text file. A CSV in UTF-8 is needed"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "this is no text file"),
        (b"\xff\xfe\x00", "this is no text file. A CSV in UTF-8"),
        (b"PK\x03\x04\x14\x00", "no text file but a zip archive or an Excel workbook. Unpack it, or save"),
    ],
)
def test_a_bad_table_is_told_in_one_sentence(content, said):
    with pytest.raises(DataUnavailable, match=said) as told:
        Config().parse(content, "own.csv")
    assert str(told.value).startswith("own.csv: ")
    assert "\n" not in str(told.value)
    assert len(str(told.value)) < 300


@pytest.mark.parametrize(
    ("columns", "label", "said"),
    [
        (("length", "height"), "kind", "no column 'height'. Its columns: id, length, kind, width, colour"),
        (("2", "6"), "kind", "no column '6'"),
        (("0", "2"), "kind", "no column '0'"),
        (("length", "2"), "kind", r"column 2 \('length'\) is named twice"),
        (("length", "width"), "width", r"column 4 \('width'\) holds the class. Take other columns"),
        (("length", "width"), "sort", "no column 'sort'"),
        (("length", "width"), "", "no column ''"),
        (("length", ""), "kind", "no column ''"),
        (("id", "length"), "kind", r"column 1 \('id'\) is no number: 'A1'"),
        (("length", "width"), "kind", r"row 3, column 4 \('width'\): there is a gap"),
        ((), "kind", r"row 3, column 4 \('width'\): there is a gap"),  # no other column is taken silently
    ],
)
def test_a_column_that_will_not_do_is_told(columns, label, said):
    with pytest.raises(DataUnavailable, match=said):
        points.parse_points(OWN, "own.csv", columns, label)


def test_columns_that_share_a_name_are_told_apart_by_their_number():
    text = "x,x,kind\n1,2,a\n3,5,b\n"
    with pytest.raises(DataUnavailable, match="it has 2 columns 'x'. Name it by its number"):
        points.parse_points(text, "own.csv", ("x", "2"))
    assert points.parse_points(text, "own.csv").features == ("column 1", "column 2")
    with pytest.raises(
        DataUnavailable, match="no column 'x'. Its columns: 1 to 3, for the first row is no header"
    ):
        points.parse_points("1,2,a\n3,5,b\n", "own.csv", ("x", "2"))


def test_too_few_points_to_divide_are_told():
    with pytest.raises(
        DataUnavailable, match="2 rows can't be divided.*2 for train, 0 for validation, 0 for test"
    ):
        Config().parse(FEW, "own.csv")
    with pytest.raises(DataUnavailable, match="0 for validation, 2 for test"):
        Config().parse("1,2,a\n2,3,a\n3,5,b\n4,4,b\n", "own.csv")
    source = Config(validation=0.0).parse("1,2,a\n2,3,a\n3,5,b\n4,4,b\n", "own.csv")
    assert [len(split) for split in splits(source)] == [2, 0, 2]


def test_a_column_may_stand_still_where_it_is_learned_from():
    text = "0,1,a\n0,2,b\n" * 9 + "5,3,a\n"  # where the 5 goes depends on the seed
    told = []
    for seed in range(30):
        try:
            assert np.isfinite(Config(seed=seed, validation=0.0).parse(text, "own.csv").test.inputs).all()
        except DataUnavailable as error:
            told.append(str(error))
    assert told
    assert all("'" not in line and "column 1 is 0 wherever it is learned from" in line for line in told)


def test_a_point_that_float32_can_not_hold_is_told():
    text = "".join(f"{i}e-29,{i % 3},{'ab'[i % 2]}\n" for i in range(40)) + "9e29,1,a\n"
    told = []
    for seed in range(10):
        try:
            source = Config(seed=seed).parse(text, "far.csv")
            assert all(np.isfinite(split.inputs).all() for split in splits(source))
        except DataUnavailable as error:
            told.append(str(error))
    assert told
    assert all("one of its points lies too far from all others" in line for line in told)


def test_files_that_can_not_be_read_are_told(tmp_path, monkeypatch):
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for path in ("gone.csv", "folder", "pipe", "\0", "x" * 5000):
        with pytest.raises(
            DataUnavailable, match="points: .* can't be read .*Name a CSV: --data.file PATH"
        ) as told:
            Config(file=str(tmp_path / path)).load()
        assert "\n" not in str(told.value)
    with pytest.raises(DataUnavailable, match="can't be read"):
        Config(file="~nobody-of-that-name/x.csv").load()
    monkeypatch.setattr(points, "MAX_ROWS", 5)
    with pytest.raises(DataUnavailable, match="more than 5 rows. Keep a part"):
        Config().parse(table(6), "own.csv")
    assert len(points.parse_points(table(5), "own.csv").values) == 5
    monkeypatch.setattr(points, "MAX_BYTES", 2**20)
    (tmp_path / "large.csv").write_bytes(b" " * (2**20 + 1))
    with pytest.raises(DataUnavailable, match="large.csv: it has 1 MiB, more than 1. Keep a part"):
        Config(file=str(tmp_path / "large.csv")).load()
    for content in ("x" * (2**20 + 1), b"x" * (2**20 + 1)):
        with pytest.raises(DataUnavailable, match="more than 1. Keep"):
            points.parse_points(content, "large.csv")


def test_a_row_that_never_ends_is_given_up():
    """Each line opens a quotation mark that the next one closes: to the CSV reader all of it is one row."""
    with pytest.raises(DataUnavailable, match="columns, more than 1000"):
        points.parse_points(',,,,"\n",,,,' * 1000, "own.csv")


PIECES = [
    b"1",
    b"-2.5",
    b"1,5",
    b"1e999",
    b"nan",
    b"inf",
    b"_",
    b"a",
    b"\xc3\xa9",
    b"x,y,k\n",
    b",",
    b";",
    b'"',
]
PIECES += [b" ", b"\t", b"\n", b"\r", b"\0", b"\xff", "\u2028".encode(), "\ufeff".encode()]


def test_no_content_crashes():
    generator = np.random.default_rng(0)
    read, told = 0, []
    for number in range(600):
        content = generator.bytes(int(generator.integers(0, 60)))
        if number % 3:
            content = b"".join(PIECES[place] for place in generator.integers(0, len(PIECES), number % 40))
        if number % 3 == 2:  # a good table in which something was typed
            place = generator.integers(0, 100)
            content = table(10).encode()[:place] + content[:3] + table(10).encode()[place:]
        try:
            source = Config(validation=0.0).parse(content, "\n<b>.csv")
            assert all(np.isfinite(split.inputs).all() for split in splits(source))
            read += 1
        except DataUnavailable as error:
            told.append(str(error))
    assert read > 20
    assert len(told) > 400
    assert all(line.startswith("<b>.csv: ") and "\n" not in line for line in told)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"kind": "squares"}, "kind must be one of moons, .* Received: 'squares'"),
        ({"classes": 1}, "classes must be 2 to 10. Received: 1"),
        ({"noise": float("nan")}, "noise must be 0 to 1. Received: nan"),
        ({"examples": 100_001}, "examples must be 10 to 100,000. Received: 100001"),
        ({"seed": -1}, "seed must be at least 0"),
        ({"columns": ("x",)}, r"columns must be two columns, or none. Received: \('x',\)"),
        ({"held_out": 0.0}, "held_out must be above 0"),
        ({"validation": -0.1}, "validation must be at least 0"),
        ({"held_out": 0.5, "validation": 0.5}, "at most 0.9 together. Received: 0.5 and 0.5"),
    ],
)
def test_bounds_of_settings_are_named(settings, said):
    with pytest.raises(ValueError, match=said):
        Config(**settings)


# One point


def test_a_point_is_read_in_the_units_of_its_data():
    spec = Spec(
        "own", (2,), ("a", "b"), "", "", features=("size", "weight"), centre=(10.0, 1.0), spread=(2.0, 0.5)
    )
    for line in ("14, 0.5", "14;0,5", " 14\t0.5 \n", "14 0.5"):
        np.testing.assert_array_equal(Config().read(line, spec), [2, -1])
    plain = Spec("moons", (2,), ("a", "b"), "", "", features=("x", "y"))
    found = Config().read("0.3, -1.2", plain)
    np.testing.assert_allclose(found, [0.3, -1.2])
    assert found.dtype == np.float32


@pytest.mark.parametrize(
    "line", ["", "1", "1,2,3", "1,two", "1,", "inf,1", "nan,1", "1e31,1", "1,2\n3,4", "\0"]
)
def test_what_is_no_point_is_told(line):
    spec = Spec(
        "own", (2,), ("a", "b"), "", "", features=("size", "weight"), centre=(0.0, 0.0), spread=(1e-9, 1.0)
    )
    with pytest.raises(
        DataUnavailable, match="a point is two numbers, size and weight, such as 0.3, -1.2. Received"
    ):
        Config().read(line, spec)
    with pytest.raises(DataUnavailable, match="too far from the data"):
        Config().read("1e29, 0", spec)


def test_a_share_of_a_class_that_lives_in_another_one_is_left_too():
    inputs = np.array([[1], [2], [3], [1], [2]])
    for seed in range(10):
        taken, left = tables.divide(inputs, np.array([0, 0, 0, 1, 1]), 0.9, seed)
        assert sorted([*taken, *left]) == list(range(5))
        assert {0, 1} == set(np.array([0, 0, 0, 1, 1])[left])
        assert not set(inputs[taken, 0]) & set(inputs[left, 0])
