"""Files that users have, and that were once read wrongly without a word."""

import io
import struct

import numpy as np
import pytest
from PIL import Image
from scipy.io import wavfile

from data import (
    DataUnavailable,
    files,
    image_folder,
    images,
    own_sequences,
    own_table,
    pairs_file,
    points,
    series,
    sounds,
    text,
)

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


NAMES = "t0,t1,t2,t3,t4,t5,class"


def numbered(ids, name: str) -> str:
    rows = csv().splitlines()
    return f"{name},{NAMES}\n" + "".join(f"{one},{row}\n" for one, row in zip(ids, rows, strict=True))


@pytest.mark.parametrize("name", ["case_id", "PassengerId", "customerID", "id", "row"])
@pytest.mark.parametrize("ids", [RANDOM.permutation(24), range(1000, 1024), [f"s{n}" for n in range(24)]])
def test_a_column_of_ids_is_neither_a_point_nor_a_feature_and_that_is_said(name, ids, tmp_path, caplog):
    text = numbered(ids, name)
    assert load_series(tmp_path, text).spec.input_shape == (6, 1)
    assert own_table.Config().parse(text, "own.csv").spec.features == tuple(NAMES.split(",")[:-1])
    assert caplog.text.count(f"column 1 ({name!r}) numbers the rows and is left out") == 2


def test_x1_is_a_feature_beside_x2_whatever_it_holds():
    text = "x1,x2,x3,class\n" + "".join(f"{n},{a},{b},{KINDS[n]}\n" for n, (a, b, *_) in enumerate(VALUES))
    assert own_table.Config().parse(text, "own.csv").spec.features == ("x1", "x2", "x3")


@pytest.mark.parametrize("ids", [range(1, 25), range(1000, 1024), np.sort(RANDOM.permutation(999)[:24])])
def test_a_feature_that_may_number_the_rows_is_said(ids, caplog):
    source = own_table.Config().parse(numbered(ids, "t"), "own.csv")
    assert source.spec.features[0] == "t"
    assert "column 1 ('t') holds a different whole number in each row and is learned from" in caplog.text
    caplog.clear()
    columns = tuple(NAMES.split(",")[:-1])  # as the message says
    own_table.Config(columns=columns).parse(numbered(ids, "t"), "own.csv")
    assert not caplog.text


def test_whole_numbers_before_decimals_are_said_of_series(tmp_path, caplog):
    ids = [1000 + 3 * n for n in range(24)]
    assert load_series(tmp_path, numbered(ids, "sample")).spec.input_shape == (7, 1)
    assert "column 1 ('sample') holds whole numbers and the others decimals" in caplog.text
    caplog.clear()
    load_series(tmp_path, csv())
    load_series(tmp_path, csv(np.round(VALUES * 10)))  # all of them are whole
    assert not caplog.text


@pytest.mark.parametrize("kinds", [["1", "2"] * 12, ["1.0000000e+00", "2.0000000e+00"] * 12, KINDS])
@pytest.mark.parametrize("read", ["series", "sequences", "table"])
def test_a_class_in_front_is_a_question_and_the_advice_works(kinds, read, tmp_path):
    """The layout of the UCR archive's own .tsv and .txt files."""
    path = tmp_path / "GunPoint_TRAIN.tsv"
    rows = ("\t".join([kind, *map(str, row)]) for kind, row in zip(kinds, VALUES, strict=True))
    path.write_text("\n".join(rows))
    make = {
        "series": lambda **settings: series.Config(train=str(path), **settings),
        "sequences": lambda **settings: own_sequences.Config(file=str(path), **settings),
        "table": lambda **settings: own_table.Config(file=str(path), **settings),
    }[read]
    with pytest.raises(DataUnavailable, match="--data.label first"):
        make().load()
    assert len(make(label="first").load().spec.classes) == 2


@pytest.mark.parametrize("name", ["label", "class", "target"])
def test_a_class_that_its_header_names_elsewhere_is_said(name, tmp_path, caplog):
    """The layout of Kaggle's MNIST: `label,pixel0,...`."""
    pixels = RANDOM.integers(0, 3, (24, 4))
    rows = "".join(f"{n % 2},{','.join(map(str, row))}\n" for n, row in enumerate(pixels))
    text = f"{name},p0,p1,p2,p3\n{rows}"
    own_table.Config().parse(text, "own.csv")
    assert f"column 1 is called {name!r}" in caplog.text
    load_series(tmp_path, text)
    assert caplog.text.count(f"--data.label {name!r}") == 2
    caplog.clear()
    assert own_table.Config(label=name).parse(text, "own.csv").spec.classes == ("0", "1")
    assert not caplog.text


def test_several_empty_columns_behind_the_class_are_left_out():
    text = "".join(f"{row},,,\n" for row in f"{NAMES}\n{csv()}".splitlines())
    assert own_table.Config().parse(text, "own.csv").spec.classes == ("down", "up")


def test_a_quantity_that_never_changes_is_refused():
    with pytest.raises(DataUnavailable, match="class is 5 in every row"):
        own_table.Config(predict="quantity").parse(f"{NAMES}\n{csv(kinds=[5] * 24)}", "own.csv")


def test_a_test_file_with_the_training_rows_alone_is_said(tmp_path):
    path = tmp_path / "test.csv"
    path.write_text(csv())
    message = "are in (test.csv|the test file) too"
    with pytest.raises(DataUnavailable, match=message):
        load_series(tmp_path, csv(), test=str(path))
    with pytest.raises(DataUnavailable, match=message):
        own_table.Config().parse(csv(), "own.csv", (csv(), "test.csv"))
    with pytest.raises(DataUnavailable, match=message):
        own_sequences.Config().parse(csv(), "own.csv", (csv(), "test.csv"))


@pytest.mark.parametrize("mark", [".", ","])
def test_marks_that_part_thousands_in_some_numbers_are_refused(mark):
    """Else 999 and 1.000 would be 999 and 1."""
    values = [f"{n:,}".replace(",", mark) for n in range(900, 1500, 25)]
    text = "a;b;class\n" + "".join(f"{v};{n * 7 % 11};{KINDS[n]}\n" for n, v in enumerate(values))
    with pytest.raises(DataUnavailable, match=f"row 6 has '1{mark}000' and row 2 '900' in column 1"):
        own_table.Config().parse(text, "own.csv")
    plain = own_table.Config().parse(text.replace(mark, ""), "own.csv")
    assert plain.spec.centre[0] > 900
    decimals = text.replace("900", f"900{mark}5")
    assert own_table.Config().parse(decimals, "own.csv").spec.features == ("a", "b")


def test_classes_that_look_the_same_are_one(tmp_path):
    kinds = ["caf\u00e9", "down", "cafe\u0301", "down", "\u200bcaf\u00e9", "down"] * 4
    assert load_series(tmp_path, csv(kinds=kinds)).spec.classes == ("caf\u00e9", "down")


@pytest.mark.parametrize("bad", [b"\xff", b"\xc3", b"\x96"])
def test_a_damaged_byte_leaves_the_rest_of_utf8_as_it_is(bad, tmp_path, caplog):
    content = csv(kinds=["größer", "kleiner"] * 12).encode() + b"1,2,3,4,5,6,kl" + bad + b"iner\n"
    source = own_table.Config().parse(content, "own.csv")
    assert source.spec.classes == ("größer", "kleiner", "kl\ufffdiner")
    assert "some of its bytes are not UTF-8" in caplog.text
    path = tmp_path / "own.txt"
    path.write_bytes(("größer und schöner " * 200).encode() + bad + b" end")
    assert "".join(text._File(str(path)).parts()).count("größer") == 200


def test_western_texts_are_no_damaged_utf8():
    decoded = files.decode("Größe: schön, él añadió, ça y était".encode("cp1252"), "x.txt", "a text")
    assert decoded.text.startswith("Größe: schön, él")


SENTENCES = [f"This is {n}.\tDas ist {n}." for n in range(12)]


@pytest.mark.parametrize(
    "lines",
    [
        [f"{1000 + n}\t{line}" for n, line in enumerate(SENTENCES)],
        [f"{1000 + n}\t" + line.replace("\t", f"\t{2000 + n}\t") for n, line in enumerate(SENTENCES)],
        [f"{1000 + n}\teng\t{line}" for n, line in enumerate(SENTENCES)],
    ],
)
def test_numbers_of_sentences_are_no_sentences(lines):
    """The layouts of pandas and of Tatoeba's exports."""
    with pytest.raises(DataUnavailable, match="first column holds numbers alone, such as '1000'"):
        pairs_file.parse("\n".join(lines), "own.tsv")


def test_numbers_may_be_translated():
    pairs, _ = pairs_file.parse("\n".join(f"{n}\tnumber {n}" for n in range(12)), "own.tsv")
    assert pairs.source[3] == "3"


def test_quotation_marks_around_every_cell_are_no_part_of_it():
    lines = ['"' + line.replace("\t", '"\t"') + '"' for line in SENTENCES]
    lines.append('"He said ""no""."\t"Er sagte ""nein""."')
    pairs, _ = pairs_file.parse("\n".join(lines), "own.tsv")
    assert pairs.source[0] == "This is 0."
    assert pairs.source[-1] == 'He said "no".'


def paint(folder, count: int = 6, top: int = 255) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(list(str(folder).encode()))
    for number in range(count):
        Image.fromarray(generator.integers(0, top, (8, 8), dtype=np.uint8)).save(folder / f"{number}.png")


def load_images(root, **settings):
    return image_folder.Config(folder=str(root), size=8, channels=1, **settings).load()


@pytest.mark.parametrize(
    ("train", "other", "split"),
    [
        ("train", "dev", "validation"),
        ("train", "eval", "validation"),
        ("train", "holdout", "test"),
        ("training_set", "test_set", "test"),
        ("train_data", "val_data", "validation"),
        ("TrainImages", "TestImages", "test"),
        ("Trainingsdaten", "Testdaten", "test"),
    ],
)
def test_splits_by_further_names(train, other, split, tmp_path):
    for folder in (train, other):
        for kind in "ab":
            paint(tmp_path / folder / kind)
    source = load_images(tmp_path)
    assert source.spec.classes == ("a", "b")
    assert len(getattr(source, split)) == 12


def test_splits_without_training_are_a_question(tmp_path):
    for folder in ("val/a", "val/b", "test/a", "test/b"):
        paint(tmp_path / folder)
    with pytest.raises(
        DataUnavailable, match="(val and test|test and val), which look like splits, and no train"
    ):
        load_images(tmp_path)


def test_folders_whose_names_look_the_same_are_one_class(tmp_path):
    for folder in ("train/caf\u00e9", "train/b", "test/cafe\u0301", "test/b "):
        paint(tmp_path / folder)
    assert load_images(tmp_path).spec.classes == ("b", "caf\u00e9")


def test_what_is_odd_in_a_folder_is_said(tmp_path, capsys):
    for folder in ("Cat", "cat", "b/one", "b/two"):
        paint(tmp_path / folder, top=17)
    (tmp_path / "b" / "photo.HEIC").write_bytes(b"")
    (tmp_path / "linked").symlink_to(tmp_path / "Cat")
    load_images(tmp_path)
    said = capsys.readouterr().err
    assert "Cat, cat differ in capitals alone" in said
    assert "1 images of" in said
    assert "end with .heic, which are not read" in said
    assert "12 images have an exact copy in another class" in said
    assert "brightest level is 16 of 255" in said
    assert "one, two in" in said


def test_nothing_is_said_of_a_plain_folder(tmp_path, capsys):
    for folder in ("a", "b"):
        paint(tmp_path / folder)
    load_images(tmp_path)
    assert not capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is empty"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "a HEIC photo"),
        (b"\0\0\0\x18ftypavif\0\0\0\0", "an AVIF image"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        (b"hello", "none of PNG, JPEG"),
    ],
)
def test_a_file_that_is_another_thing_says_which(content, said, tmp_path):
    (tmp_path / "x.jpg").write_bytes(content)
    for file in (tmp_path / "x.jpg", io.BytesIO(content)):
        with pytest.raises(images.ImageError, match=said):
            images.read_image(file)


TONE = np.sin(np.arange(800) / 5)


@pytest.mark.parametrize(("bits", "wide"), [(12, 2), (20, 3), (24, 4)])
def test_sounds_whose_bits_fill_no_whole_bytes(bits, wide):
    levels = (TONE * (2 ** (bits - 1) - 1)).astype(int) << (8 * wide - bits)
    points = b"".join(int(level).to_bytes(wide, "little", signed=True) for level in levels)
    form = struct.pack("<HHIIHH", 1, 1, 8000, 8000 * wide, wide, bits)
    body = b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(points)) + points
    sound, rate = sounds.read_sound(io.BytesIO(b"RIFF" + struct.pack("<I", len(body)) + body))
    assert rate == 8000
    np.testing.assert_allclose(sound, TONE, atol=2e-3)


def test_floats_in_the_range_of_integers_are_refused():
    written = io.BytesIO()
    wavfile.write(written, 8000, (TONE * 32767).astype("float32"))
    with pytest.raises(DataUnavailable, match="floats go up to 327.., and those of WAV go from -1 to 1"):
        sounds.read_sound(written)
    wavfile.write(written := io.BytesIO(), 8000, (TONE * 1.2).astype("float32"))
    assert sounds.read_sound(written)[0].max() == 1  # loud, and clipped as a player does


HEADER = "a,b,c,class\n"
ROWS = [",".join(map(str, row[:3])) for row in VALUES]


def table_of(rows, header: str = HEADER):
    config = own_table.Config()
    return config, config.parse(header + "\n".join(rows), "own.csv").spec


def test_a_row_with_an_unknown_number_for_a_class_is_refused():
    """Else its first feature would be taken for the number of the row, or its last one for the class."""
    config, spec = table_of([f"{n},{row},{n % 2}" for n, row in enumerate(ROWS)], "," + HEADER)
    wanted = config.read("0.5,1.5,2.5", spec)
    for line in ("0.5,1.5,2.5,1", "7,0.5,1.5,2.5,1", "7,0.5,1.5,2.5"):
        np.testing.assert_array_equal(config.read(line, spec), wanted)
    for line in ("0.5,1.5,2.5,3", "7,0.5,1.5,2.5,3"):
        with pytest.raises(DataUnavailable, match="a row is 3 numbers"):
            config.read(line, spec)
    config, spec = table_of([f"{row},{kind}" for row, kind in zip(ROWS, KINDS, strict=True)])
    np.testing.assert_array_equal(config.read("0.5,1.5,2.5,other", spec), config.read("0.5,1.5,2.5", spec))
    with pytest.raises(DataUnavailable, match="a row is 3 numbers"):
        config.read("7,0.5,1.5,2.5", spec)


def test_a_sequence_with_its_class_and_without_its_number_keeps_its_first_step():
    rows = "\n".join(f"{n},{row},{kind}" for n, (row, kind) in enumerate(zip(ROWS, KINDS, strict=True)))
    config = own_sequences.Config()
    spec = config.parse("id," + HEADER + rows, "own.csv").spec
    wanted = config.read("0.5,1.5,2.5", spec)
    for line in ("0.5,1.5,2.5,up", "7,0.5,1.5,2.5,up"):
        np.testing.assert_array_equal(config.read(line, spec), wanted)


def test_a_step_that_may_be_a_class_is_said(caplog):
    rows = "\n".join(f"{row},{n % 2}" for n, row in enumerate(ROWS))
    config = own_sequences.Config()
    spec = config.parse(HEADER + rows, "own.csv").spec
    assert len(config.read("0.5,1.5,2.5,1", spec)) == 4
    assert "its number 1 at the end is the name of a class too, and is read as a step" in caplog.text
    caplog.clear()
    config.read("0.5,1.5,2.5", spec)
    config.read("5,2,1", spec)
    assert not caplog.text


TS = "@problemName x\n@timeStamps false\n@univariate true\n@classLabel true up down\n@data\n"
TS_ROWS = [f"{row}:{kind}" for row, kind in zip(ROWS, KINDS, strict=True)]


def test_a_ts_file_is_no_table():
    for read in (own_table.Config().parse, points.Config().parse):
        with pytest.raises(DataUnavailable, match="it is a .ts file of series.*series_cnn reads it"):
            read("# made up\n\n" + TS + "\n".join(TS_ROWS), "own.ts")


def test_comments_among_the_rows_of_a_ts_file():
    rows = [*TS_ROWS[:2], "# one", "  # two", "% three\u2028four", *TS_ROWS[2:]]
    assert len(series.parse_series(TS + "\n".join(rows), "own.ts")[0]) == 24


def test_an_arff_file_may_be_called_ts():
    head = "@relation x\n" + "".join(f"@attribute {name} numeric\n" for name in "abc")
    text = head + "@attribute class {up,down}\n@data\n" + "\n".join(TS_ROWS).replace(":", ",")
    inputs, kinds = series.parse_series(text, "own.ts")
    assert inputs.shape == (24, 3, 1)
    assert kinds.tolist() == KINDS


def test_a_header_of_numbers_that_is_taken_for_a_row_is_said(tmp_path, caplog):
    text = csv(header="400.5,401.2,405.9,411,412,413,material\n")
    assert "material" in load_series(tmp_path, text).spec.classes
    assert "first row is read as an example of the class 'material'" in caplog.text
    caplog.clear()
    source = load_series(tmp_path, text.replace("material", "class"))  # as the message says
    assert source.spec.classes == ("down", "up")
    assert not caplog.text


@pytest.mark.parametrize("read", ["series", "sequences", "table"])
def test_a_class_of_one_example_is_said(read, tmp_path, caplog):
    text = csv() + "10,20,30,40,50,60,Total\n"
    if read == "series":
        load_series(tmp_path, text)
    else:
        (own_sequences if read == "sequences" else own_table).Config().parse(text, "own.csv")
    assert "one example alone is of class Total" in caplog.text


def test_an_id_that_repeats_is_said(caplog):
    own_table.Config().parse(numbered([n // 4 for n in range(24)], "id"), "own.csv")
    assert "column 1 ('id') is learned from. If it numbers the rows, leave it out" in caplog.text


@pytest.mark.parametrize("label", ["last", "first"])
@pytest.mark.parametrize(
    ("cell", "said"), [("x", "row 3, column 4 is no"), ("?", "row 3 has a gap in column 4")]
)
def test_messages_on_series_count_columns_as_the_file_does(label, cell, said, tmp_path):
    rows = [f"{n},{row}" if label == "last" else f"{n},{KINDS[n]},{row}" for n, row in enumerate(ROWS)]
    if label == "last":
        rows = [f"{row},{kind}" for row, kind in zip(rows, KINDS, strict=True)]
    cells = rows[1].split(",")
    cells[3] = cell
    rows[1] = ",".join(cells)
    header = ",a,b,c,class\n" if label == "last" else ",class,a,b,c\n"
    with pytest.raises(DataUnavailable, match=said):
        load_series(tmp_path, header + "\n".join(rows), label=label)


@pytest.mark.parametrize("start", [0, 24, 1000])
@pytest.mark.parametrize("count", [3, 24])
@pytest.mark.parametrize("header", ["", "sample," + NAMES])
def test_a_test_file_is_numbered_as_its_training_file(start, count, header, tmp_path):
    """It may be short, and its numbers go on, so that they alone do not tell."""
    first = f"{header}\n" if header else ""
    train = first + "".join(f"{n},{row}\n" for n, row in enumerate(csv().splitlines()))
    rows = csv(VALUES[::-1] * 2 + np.arange(6)).splitlines()[:count]
    test = first + "".join(f"{start + n},{row}\n" for n, row in enumerate(rows))
    source = own_sequences.Config().parse(train, "train.csv", (test, "test.csv"))
    assert set(source.test.inputs.lengths.tolist()) == {6}
    (tmp_path / "test.csv").write_text(test)
    assert load_series(tmp_path, train, test=str(tmp_path / "test.csv")).test.inputs.shape == (count, 6, 1)


def test_columns_of_a_test_file_in_another_order_are_refused(tmp_path):
    train, test = f"{NAMES}\n{csv()}", f"t5,t4,t3,t2,t1,t0,class\n{csv(VALUES[:, ::-1] * 2 + 1)}"
    (tmp_path / "test.csv").write_text(test)
    with pytest.raises(DataUnavailable, match="test.csv: it has the columns .* in another order"):
        load_series(tmp_path, train, test=str(tmp_path / "test.csv"))
    with pytest.raises(DataUnavailable, match="test.csv: it has the columns .* in another order"):
        own_sequences.Config().parse(train, "train.csv", (test, "test.csv"))


@pytest.mark.parametrize("start", ["\n" * 5000, " \n" * 5000, "# x\n" * 5000, "\t \n\n# x\n" * 5000])
def test_a_table_may_begin_far_below(start):
    assert own_table.Config().parse(start + f"{NAMES}\n{csv()}", "own.csv").spec.classes == ("down", "up")


def test_numbers_of_thousands_of_digits_are_refused_in_a_sentence():
    ids = [f"{n}" * 5000 for n in range(1, 25)]
    with pytest.raises(DataUnavailable, match=r"below 1e\+30"):
        own_table.Config().parse(numbered(ids, "t"), "own.csv")


def test_a_test_file_may_be_narrower_than_the_index_of_its_training_file():
    train = "id,no,row,a,b,c,class\n" + "".join(
        f"{n},{n},{n},{row},{kind}\n" for n, (row, kind) in enumerate(zip(ROWS, KINDS, strict=True))
    )
    source = own_sequences.Config().parse(train, "train.csv", ("7,up\n8,down\n", "test.csv"))
    assert source.test.inputs.lengths.tolist() == [1, 1]


def test_advice_on_the_class_is_for_files_with_classes():
    rows, _ = series.uploaded(b"x,2,3\n4,5,6\n", "own.csv", (3, 1))
    with pytest.raises(DataUnavailable, match="row 1, column 1 is no number: 'x'$"):
        series.as_input(rows[0], (3, 1))
    with pytest.raises(DataUnavailable, match="column 2 is no number: 'x'$"):
        series.parse_series("a,x,2,3\nb,4,5,6\n", "own.csv", "first")
