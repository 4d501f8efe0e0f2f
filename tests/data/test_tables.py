"""Tables as programs write them: the same rows are read, whatever the dialect, header, index and encoding."""

import io

import numpy as np
import pandas as pd
import pytest

from data import DataUnavailable, files, own_table, points, series, tables
from training import recipes

RANDOM = np.random.default_rng(0)
VALUES = RANDOM.normal(size=(24, 20)).round(3)
KINDS = np.array(["up", "down"] * 12)
NAMES = [f"t{n}" for n in range(20)]


def frame(names=NAMES, label: str = "class") -> pd.DataFrame:
    made = pd.DataFrame(VALUES, columns=list(names))
    made[label] = KINDS
    return made


def saved(rows, **options) -> str:
    out = io.StringIO()
    np.savetxt(out, rows, fmt="%s", **options)
    return out.getvalue()


def each_line(text: str, ending: str) -> str:
    return "".join(line + ending for line in text.splitlines())


OBJECTS = np.column_stack([VALUES.astype(object), KINDS])
ROWS = frame().to_csv(index=False, header=False)
NUMBERED = each_line("\n".join(f'"{n}",{row}' for n, row in enumerate(ROWS.splitlines(), start=1)), "\n")
R_NAMES = '"' + '","'.join([*NAMES, "class"]) + '"\n'
AGAIN = pd.read_csv(io.StringIO(frame().to_csv())).to_csv()
FIRST = frame(map(str, range(20)))[["class", *map(str, range(20))]]
ARFF = (
    "% made up\n@relation x\n"
    + "".join(f"@attribute t{n} numeric\n" for n in range(20))
    + "@attribute class {up,down}\n\n@data\n"
)
TS = "#made up\n@problemName x\n@timeStamps false\n@univariate true\n@classLabel true up down\n@data\n"
TS_ROWS = "".join(",".join(map(str, row)) + f":{kind}\n" for row, kind in zip(VALUES, KINDS, strict=True))

SERIES = {
    "pandas with an index": frame().to_csv(),
    "pandas without one": frame().to_csv(index=False),
    "pandas, an index and no header": frame().to_csv(header=False),
    "pandas, nothing but rows": ROWS,
    "pandas, columns without names": frame(range(20)).to_csv(),
    "pandas, numbers for all names": frame(range(20), 20).to_csv(),
    "pandas, numbers for all names, no index": frame(range(20), 20).to_csv(index=False),
    "pandas, saved twice": AGAIN,
    "pandas, reset_index": frame().reset_index().to_csv(index=False),
    "pandas, an index with a name": frame().rename_axis("sample").to_csv(),
    "pandas, an index called id": frame().rename_axis("id").to_csv(),
    "pandas, part of a larger frame": frame().set_axis(RANDOM.permutation(1000)[:24]).to_csv(),
    "pandas, an index of names": frame().set_axis([f"row {n}" for n in range(24)]).to_csv(),
    "pandas, quotation marks everywhere": frame().to_csv(index=False, quoting=1),
    "columns counted from 1": frame(range(1, 21)).to_csv(index=False),
    "columns counted from 1, an index": frame(range(1, 21)).to_csv(),
    "columns counted from 1, the class by an unknown name": frame(range(1, 21), "wie").to_csv(index=False),
    "columns counted from 1, the class too": frame(range(1, 21), 21).to_csv(index=False),
    "wavelengths": frame([400 + 2.5 * n for n in range(20)], "material").to_csv(index=False),
    "years": frame(range(1990, 2010), "label").to_csv(index=False),
    "R write.csv": R_NAMES.replace('"t0', '"","t0', 1) + NUMBERED,
    "R write.table by commas": R_NAMES + NUMBERED,
    "R write.table": (R_NAMES + NUMBERED).replace(",", " "),
    "R write.csv2": (R_NAMES.replace('"t0', '"","t0', 1) + NUMBERED).replace(",", ";").replace(".", ","),
    "readr": frame().rename_axis("...1").to_csv(),
    "Excel, sep=": "sep=;\r\n" + frame().to_csv(index=False, sep=";", lineterminator="\r\n"),
    "Excel, German, sep=": "sep=;\r\n" + frame().to_csv(index=False, sep=";", decimal=","),
    "Excel, quoted sep=": '"sep=\t"\n' + frame().to_csv(index=False, sep="\t"),
    "Excel, UTF-8": frame().to_csv(index=False).encode("utf-8-sig"),
    "Excel, Unicode text": frame().to_csv(index=False, sep="\t").encode("utf-16"),
    "Excel, Unicode text, German": frame().to_csv(index=False, sep="\t", decimal=",").encode("utf-16"),
    "UTF-16 without a mark": frame().to_csv(index=False).encode("utf-16-le"),
    "LibreOffice, decimal commas in quotation marks": frame().to_csv(index=False, decimal=","),
    "bars": frame().to_csv(index=False, sep="|"),
    "old Mac": frame().to_csv(index=False, lineterminator="\r"),
    "a delimiter at the end of each row": each_line(frame().to_csv(index=False), ",\n"),
    "a delimiter at the end of rows without a header": each_line(ROWS, ",\n"),
    "a minus sign of typographers": frame().to_csv(index=False).replace("-", "\u2212"),
    "comments": f"# made up\n#\n{frame().to_csv(index=False)}# the end\n",
    "NumPy": saved(OBJECTS),
    "NumPy, a sentence above": saved(OBJECTS, header="some words", delimiter=","),
    "NumPy, names above": saved(OBJECTS, header=",".join([*NAMES, "class"]), delimiter=","),
    "NumPy, columns that are aligned": each_line(saved(OBJECTS).replace(" ", "    "), "  \n"),
    "Weka": ARFF + ROWS,
    "sktime under another name": TS + TS_ROWS,
    "sktime in Windows-1252": (TS.replace("made up", "Müller") + TS_ROWS).encode("cp1252"),
}


@pytest.mark.parametrize("program", SERIES)
def test_series_are_read_as_programs_write_them(program):
    inputs, labels = parsed_series(SERIES[program])
    assert inputs.shape == (24, 20, 1)
    np.testing.assert_allclose(inputs[..., 0], VALUES, rtol=1e-6)
    assert labels.tolist() == KINDS.tolist()


def parsed_series(content: str | bytes, label: str = "last"):
    return series.parse_series(files.decode(content, "own.csv", "a CSV").text, "own.csv", label)


@pytest.mark.parametrize("label", ["first", "class"])
@pytest.mark.parametrize("index", [False, True])
def test_a_class_in_front_may_stand_behind_an_index(label, index):
    inputs, labels = parsed_series(FIRST.to_csv(index=index), label)
    np.testing.assert_allclose(inputs[..., 0], VALUES, rtol=1e-6)
    assert labels.tolist() == KINDS.tolist()


def test_a_column_that_counts_is_data_where_the_next_one_counts_too():
    text = "".join(f"{n},{n + 1},{n + 2},{'ab'[n % 2]}\n" for n in range(30))
    inputs, _ = series.parse_series(text, "own.csv")
    assert inputs.shape == (30, 3, 1)


def test_an_index_that_had_to_be_guessed_is_told(caplog):
    series.parse_series(frame().to_csv(header=False), "own.csv")
    assert "own.csv: column 1 counts the rows and is left out" in caplog.text


# First rows that look like a header and are none, and the other way round

HEADERS = {
    "1,2,class\n5,6,a\n7,9,b\n": True,
    "1,2,CLASS\n5,6,a\n7,9,b\n": True,
    "0,1,2,class\n5,6,7,a\n7,9,1,b\n": True,
    ",0,1,class\n0,5,6,a\n1,7,9,b\n": True,
    "1,2,quality\n5,6,0\n7,9,1\n8,8,1\n": True,
    "1.5,2.5,y\n5,6,0\n7,9,1\n8,8,1\n": True,
    "name,0,1,2,class\nx,5,6,7,a\nz,7,9,1,b\n": True,
    "none,null,kind\n5,6,a\n7,9,b\n": True,
    "1,2,3\n5,6,a\n7,9,b\n": True,
    "0,1,2\n5,6,a\n7,9,b\n": True,
    "1,2,3,wie\n5,6,7,a\n7,9,1,b\n5,6,7,a\n7,9,2,b\n": True,
    "1,2,3\n5,6,4\n7,9,3\n": False,
    "1,2,3,once\n5,6,7,a\n7,9,1,b\n": False,
    "1,2,a\n3,4,b\n": False,
    "0,1,2,up\n5,6,7,up\n7,9,1,down\n": False,
    "1,2,3,up\n4,5,6,down\n": False,
    "1,2,y\n5,6,y\n7,9,n\n": False,
    "?,?,a\n5,6,a\n7,9,b\n": False,
    "nan,nan,a\n5,6,b\n7,9,b\n": False,
    "0,1,2,3\n5,6,7,3\n7,9,1,4\n": False,
}


@pytest.mark.parametrize("text", HEADERS)
def test_a_header_is_known(text):
    opened = tables.read_rows(text, "own.csv")
    assert bool(opened.header) == HEADERS[text]
    lines = len(text.splitlines())
    assert len(list(opened.rows)) == lines - HEADERS[text]


def test_points_below_numbers_for_names_are_all_points():
    found = points.parse_points("1,2,class\n5,6,a\n7,9,b\n5,5,a\n", "own.csv")
    assert found.features == ("1", "2")
    assert found.values.tolist() == [[5, 6], [7, 9], [5, 5]]
    assert found.classes == ("a", "b")


@pytest.mark.parametrize("name", ["", "Unnamed: 0", "index", "Id", "row.names"])
def test_points_are_not_numbers_of_rows(name):
    rows = "".join(f"{n},{n % 3 + 0.5},{n % 4},{'ab'[n % 2]}\n" for n in range(12))
    found = points.parse_points(f"{name},x,y,kind\n{rows}", "own.csv")
    assert found.features == ("x", "y")
    named = points.parse_points(f"n,x,y,kind\n{rows}", "own.csv")
    assert named.features == ("n", "x")  # a name of its own is a column of its own


# Classes and gaps


@pytest.mark.parametrize(
    ("cells", "name"),
    [
        (("1", "1.0", "1e0", "+1", "1.00", "01", "10e-1"), "1"),
        (("-1", "-1.0", "-1e0", "\u22121"), "-1"),
        (("0", "-0", "0.0", "-0.0", "0e5"), "0"),
        (("0.10", "0.1", ".1", "1e-1"), "0.1"),
        (("1000000", "1e6", "1000000.0"), "1000000"),
        (("NA",), "NA"),
        (("none",), "none"),
        (("null",), "null"),
        (("nan",), "nan"),
        (("", "?", "#N/A"), ""),
        (("1_0",), "1_0"),
        (("a\n b",), "a b"),
    ],
)
def test_equal_numbers_are_one_class(cells, name):
    assert {tables.class_name(cell) for cell in cells} == {name}


def test_numbers_that_differ_are_different_classes():
    names = {tables.class_name(cell) for cell in ("1", "1.5", "12345678901234567890", "12345678901234567891")}
    assert len(names) == 4


def test_classes_are_the_same_in_both_files(tmp_path):
    rows = RANDOM.normal(size=(20, 5)).round(3)
    for name, kinds in (("train", ("1", "-1")), ("test", ("1.0", "-1.0"))):
        (tmp_path / f"{name}.csv").write_text(
            "".join(
                ",".join(map(str, row[::-1] if name == "test" else row)) + f",{kinds[n % 2]}\n"
                for n, row in enumerate(rows)
            )
        )
    config = series.Config(train=str(tmp_path / "train.csv"), test=str(tmp_path / "test.csv"))
    source = config.load()
    assert source.spec.classes == ("-1", "1")
    assert source.test.targets.tolist() == [1, 0] * 10


def test_a_class_that_only_the_test_has_is_told(tmp_path, caplog):
    (tmp_path / "train.csv").write_text("1,2,a\n3,5,b\n4,9,a\n5,1,b\n")
    (tmp_path / "test.csv").write_text("1,7,a\n3,5.5,c\n")
    files_of = {name: str(tmp_path / f"{name}.csv") for name in ("train", "test")}
    series.Config(**files_of, normalize=False).load()
    assert "test.csv: the training file has no example of its classes c" in caplog.text


@pytest.mark.parametrize("kind", ["none", "NA", "null", "NaN", "None", "N/A"])
def test_marks_of_missing_numbers_are_classes(kind):
    text = "".join(f"{n % 3},{n},{(kind, 'some')[n % 2]}\n" for n in range(12))
    assert set(points.parse_points(text, "own.csv").classes) == {kind, "some"}
    _, labels = series.parse_series(text, "own.csv")
    assert set(labels) == {kind, "some"}
    _, labels = series.parse_series(f"@data\n1,2:{kind}\n3,4:some\n", "own.ts")
    assert set(labels) == {kind, "some"}


@pytest.mark.parametrize("mark", ["", "?", "NA", "#N/A", "#NV", "NULL", "n/a", "<NA>", "nan", "#DIV/0!"])
def test_marks_of_missing_numbers_are_gaps(mark):
    inputs, _ = series.parse_series(f"1,{mark},3,a\n4,5,6,b\n", "own.csv", fill=True)
    assert inputs[0, :, 0].tolist() == [1, 2, 3]
    with pytest.raises(DataUnavailable, match=r"row 1, column 2: there is a gap"):
        points.parse_points(f"1,{mark},a\n4,5,b\n", "own.csv")


# Encodings


@pytest.mark.parametrize(
    ("text", "encoding", "noted"),
    [
        ("Größe,y,Art\n1,2,groß\n3,4,klein\n", "utf-8", ""),
        ("Größe,y,Art\n1,2,groß\n3,4,klein\n", "utf-8-sig", ""),
        ("Größe,y,Art\n1,2,groß\n3,4,klein\n", "utf-16", ""),
        ("Größe,y,Art\n1,2,groß\n3,4,klein\n", "utf-16-be", ""),
        ("Größe,y,Art\n1,2,groß\n3,4,klein\n", "utf-32", ""),
        ("Größe,y,Art\n1,2,groß\n3,4,klein\n", "cp1252", "Windows-1252"),
        ("1,2,é\n3,4,à\n", "cp1252", "Windows-1252"),
        ("x,y,kind\n1,2,“5 €” … ok\n", "cp1252", "Windows-1252"),
        ("рост,вес,класс\n1,2,кошка\n3,4,собака\n", "cp1251", "cp1251"),
        ("身長,体重,種類\n1,2,犬\n3,4,猫\n", "cp932", "cp932"),
        ("ύψος,βάρος,είδος\n1,2,γάτα\n", "cp1253", "cp1253"),
    ],
)
def test_a_text_is_decoded(text, encoding, noted):
    found = files.decode(text.encode(encoding), "own.csv", "a CSV")
    assert found.text == text
    assert (noted in found.note) if noted else not found.note


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04\x14\x00", "a zip archive or an Excel workbook. Unpack it, or save the sheet as CSV"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "an Excel workbook. Save the sheet as CSV"),
        (b"\x1f\x8b\x08\x00", "a gzip archive. Unpack it"),
        (b"PAR1\x15\x04", "a Parquet file"),
        (b"\x93NUMPY\x01\x00", "an array of NumPy. Write it with numpy.savetxt"),
        (b"\x89PNG\r\n\x1a\n\x00", "this is no text file. A CSV in UTF-8 is needed"),
        (b"1,2,a\n3,4,b\n\0", "this is no text file"),
        (b"\xff\xfe\x00", "this is no text file"),
        (bytes(range(128, 256)) + b"\x01\x02", "this is no text file"),
    ],
)
def test_what_is_no_text_is_named(content, said):
    with pytest.raises(DataUnavailable, match=said):
        files.decode(content, "own.csv", "a CSV")


def test_a_guessed_encoding_is_told(tmp_path, caplog):
    rows = "".join(f"{n},{n % 3},{('groß', 'klein')[n % 2]}\n" for n in range(20))
    (tmp_path / "own.csv").write_bytes(f"Größe,y,Art\n{rows}".encode("cp1252"))
    source = points.Config(file=str(tmp_path / "own.csv")).load()
    assert source.spec.features == ("Größe", "y")
    assert source.spec.classes == ("groß", "klein")
    assert "own.csv: it is not UTF-8 and was read as Windows-1252" in caplog.text


# Decimal commas


def test_decimal_commas_are_read_where_the_rows_show_them():
    for text in ("1,5\t2\ta\n1,7\t2,9\tb\n", '"1,5","2",a\n"1,7","2,9",b\n', "1,5 2 a\n1,7 2,9 b\n"):
        found = points.parse_points(text, "own.csv")
        assert found.values.tolist() == [[1.5, 2], [1.7, 2.9]]


def test_commas_that_may_part_thousands_are_refused():
    for text in ("1,500\t2\ta\n1,700\t3\tb\n", '"1,500","2",a\n"1,700","3",b\n'):
        with pytest.raises(DataUnavailable, match="'1,500' .decimals are written with a point"):
            points.parse_points(text, "own.csv")
    with pytest.raises(DataUnavailable, match="a decimal point, '2.5', and row 1 a decimal comma"):
        points.parse_points("1,5\t2\ta\n1\t2.5\tb\n", "own.csv")


# Comments


def test_a_row_that_begins_like_a_comment_is_a_row():
    opened = tables.read_rows(
        "colour,x,y\nred,1,2\n#ff0000,3,4\n# a comment, 1, 2\n", "own.csv", label="first"
    )
    assert [cells for _, cells in opened.rows][:2] == [["red", "1", "2"], ["#ff0000", "3", "4"]]


def test_rows_keep_their_numbers_below_comments():
    with pytest.raises(DataUnavailable, match="row 5, column 1 is no number: 'three'"):
        points.parse_points("sep=,\n# one\n# two\n1,2,a\nthree,4,b\n", "own.csv")


# Tables with any number of columns

IRIS = [
    (5.1, 3.5, 1.4, 0.2, "setosa"),
    (7.0, 3.2, 4.7, 1.4, "versicolor"),
    (6.3, 3.3, 6.0, 2.5, "virginica"),
]


def iris(count: int = 60) -> pd.DataFrame:
    random = np.random.default_rng(1)
    rows = [
        [*(random.normal(0, 0.1, 4) + IRIS[n % 3][:4]).round(2), f"Iris-{IRIS[n % 3][4]}"]
        for n in range(count)
    ]
    return pd.DataFrame(rows, columns=["SepalLength", "SepalWidth", "PetalLength", "PetalWidth", "Species"])


def test_a_table_uses_all_its_columns_of_numbers(caplog):
    made = iris().rename_axis("Id").reset_index()
    made.insert(3, "colour", "blue")
    source = own_table.Config().parse(made.to_csv(index=False), "iris.csv")
    assert source.spec.features == ("SepalLength", "SepalWidth", "PetalLength", "PetalWidth")
    assert source.spec.classes == ("Iris-setosa", "Iris-versicolor", "Iris-virginica")
    assert source.spec.columns == (-1, 0, 1, -1, 2, 3, -2)
    assert "columns of text are left out: colour" in caplog.text
    np.testing.assert_allclose(source.train.inputs.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(source.train.inputs.std(axis=0), 1, atol=1e-5)
    assert [len(split) for split in (source.train, source.validation, source.test)] == [36, 12, 12]


def test_a_row_of_the_table_is_read_as_the_training_saw_it():
    made = iris().rename_axis("Id").reset_index()
    source = own_table.Config().parse(made.to_csv(index=False), "iris.csv")
    seen = {row.tobytes() for split in (source.train, source.validation, source.test) for row in split.inputs}
    for row in made.head(9).itertuples(index=False):
        cells = [str(cell) for cell in row]
        for line in (cells, cells[:-1], cells[1:], cells[1:-1]):
            for by in (",", ";", "\t", " "):
                found = own_table.Config().read(by.join(line), source.spec)
                assert found.tobytes() in seen


def test_points_say_which_columns_they_take(caplog):
    points.Config().parse(iris().to_csv(index=False), "iris.csv")
    assert (
        "SepalLength and SepalWidth are used. table_mlp learns from all of them: --data.file" in caplog.text
    )


def test_a_quantity_is_named_and_can_be_learned():
    made = iris().drop(columns="Species")
    with pytest.raises(
        DataUnavailable, match="table_regression_mlp learns it: --data.file PATH --data.label"
    ):
        own_table.Config().parse(made.assign(price=RANDOM.normal(size=60)).to_csv(index=False), "prices.csv")
    target = 3 * made["SepalLength"] + 100
    text = made.assign(price=target).to_csv(index=False)
    source = own_table.Config(predict="quantity", label="price").parse(text, "prices.csv")
    assert source.spec.classes == ()
    assert source.spec.values == ("price",)
    assert source.train.targets.shape == (36, 1)
    back = source.test.targets * source.spec.value_spread + source.spec.value_centre
    length = source.test.inputs[:, :1] * source.spec.spread[0] + source.spec.centre[0]
    np.testing.assert_allclose(back, 3 * length + 100, rtol=1e-4)


def test_a_table_and_its_test_file(tmp_path, caplog):
    (tmp_path / "train.csv").write_text(iris(60).to_csv())
    (tmp_path / "test.csv").write_text(iris(90).tail(30).to_csv(index=False, sep=";"))
    config = own_table.Config(file=str(tmp_path / "train.csv"), test=str(tmp_path / "test.csv"))
    source = config.load()
    assert len(source.test) == 30
    assert len(source.train) + len(source.validation) == 60
    undone = source.test.inputs * source.spec.spread + source.spec.centre
    np.testing.assert_allclose(undone, iris(90).tail(30).iloc[:, :4], rtol=1e-5)


def test_gaps_in_a_table_are_filled_only_where_that_is_asked_for():
    made = iris()
    made.loc[4, "SepalWidth"] = np.nan
    text = made.to_csv(index=False, na_rep="NA")
    with pytest.raises(
        DataUnavailable, match=r"row 6, column 2 .'SepalWidth'.: there is a gap.*--data.fill true"
    ):
        own_table.Config().parse(text, "iris.csv")
    config = own_table.Config(fill=True)
    source = config.parse(text, "iris.csv")
    found = np.concatenate([split.inputs for split in (source.train, source.validation, source.test)])
    assert (found[:, 1] == 0).sum() == 1
    assert config.read("5,NA,1,1", source.spec)[1] == 0


# What messages advise


def advice(content: str, said: str, **settings: str) -> None:
    """A table that is refused with this advice, and taken where it is followed."""
    recipe = "table_mlp" if settings.pop("all", "") else "points_mlp"
    with pytest.raises(DataUnavailable, match=said):
        recipes.find(recipe).data.parse(content, "own.csv")
    changed = recipes.find(recipe).override({f"data.{name}": value for name, value in settings.items()})
    assert len(changed.data.parse(content, "own.csv").train)


def test_advice_on_tables_works():
    random = np.random.default_rng(0)
    numbers = [f"{x:.3f},{y:.3f},{z:.3f}" for x, y, z in random.normal(size=(120, 3))]
    kinds = ["a", "b"] * 60
    first = "\n".join(["kind,x,y,z", *(f"{kind},{row}" for kind, row in zip(kinds, numbers, strict=True))])
    advice(first, "more than 100 classes in column 4.*--data.label NAME", label="kind")
    advice(first, "more than 100 classes in column 4.*--data.label NAME", label="first", all="yes")
    rows = [f"{row},{kind}" for row, kind in zip(numbers, kinds, strict=True)]
    still = "\n".join(["w,x,y,z,kind", *(f"1,{row}" for row in rows)])
    advice(still, "column 1 .'w'. is 1 in every row.*Take another: --data.columns NAME,NAME", columns="x,z")
    gap = "\n".join(["x,y,z,kind", f",{rows[0].partition(',')[2]}", *rows])
    advice(gap, "there is a gap.*take other columns: --data.columns NAME,NAME", columns="y,z")
    advice(gap, "have gaps filled by the column's mean: --data.fill true", fill="true", all="yes")
    twice = "\n".join(["x,x,x,kind", *rows])
    named = recipes.find("points_mlp").override({"data.file": "", "data.columns": "x,y"}).data
    with pytest.raises(DataUnavailable, match="it has 3 columns 'x'. Name it by its number"):
        named.parse(twice, "own.csv")
    by_number = recipes.find("points_mlp").override({"data.columns": "1,3"}).data
    assert by_number.parse(twice, "own.csv").spec.features == ("column 1", "column 3")


# Paths


def test_paths_as_people_write_them(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    path = tmp_path / "my file.csv"
    path.write_text("")
    for text in (
        str(path),
        f"  {path} ",
        f'"{path}"',
        f"'{path}'",
        f' "{path}"\t',
        "~/my file.csv",
        '"~/my file.csv"',
    ):
        assert files.path_of(text) == path
    odd = tmp_path / "'odd'"
    odd.write_text("")
    monkeypatch.chdir(tmp_path)
    assert files.path_of("'odd'").name == "'odd'"


def test_lines_of_standard_input():
    lines = list(files.lines_of([b"\xef\xbb\xbfone\r\n", b"caf\xe9\n", "caf\u00e9\n".encode(), b"last"]))
    assert [lines[0], *lines[2:]] == ["one", "café", "last"]
    assert isinstance(lines[1], files.BadLine)
    assert lines[1].line == "caf\\xe9"
    assert "no text in UTF-8: byte 4 is 0xe9. Convert" in str(lines[1])
