"""Series, wave forms and sounds: what is read is what stands there, and a bad file is told in a sentence."""

import io
import wave as wave_files

import numpy as np
import pytest

import data
from data import DataUnavailable, series, sounds, spoken_digits, waveforms
from data.augmentation import DRAWS, augment
from data.pipeline import Stream
from data.source import Augmentation, Split
from tests.data.test_pipeline import assert_same, take

TS = "#made up\n@problemName x\n@classLabel true a b\n@data\n1,2,3:4,5,6:a\n7,8,9:1,0,1:b\n"


def prints(split: Split) -> set[bytes]:
    return {example.tobytes() for example in split.inputs}


def rows(count: int, length: int = 12, seed: int = 0) -> str:
    """A CSV of two classes."""
    values = np.random.default_rng(seed).normal(size=(count, length)).round(4)
    return "".join(
        ",".join(map(str, row)) + f",{'up' if i % 2 else 'down'}\n" for i, row in enumerate(values)
    )


def test_a_ts_file_has_its_dimensions_as_channels():
    inputs, classes = series.parse_series(TS, "x.ts")
    np.testing.assert_array_equal(inputs[0], [[1, 4], [2, 5], [3, 6]])
    assert classes.tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("1,2,a\n3,4,b\n", "last"),
        ("a;1;2\nb;3;4\n", "first"),
        ("t1,kind,t2\n1,a,2\n3,b,4\n", "kind"),
        ("\ufefft1\tt2\tkind\n1\t2\ta\n\n3\t4\tb\n".removeprefix("\ufeff"), "last"),
    ],
)
def test_a_csv_has_its_class_where_it_is_said(text, label):
    inputs, classes = series.parse_series(text, "own.csv", label)
    np.testing.assert_array_equal(inputs[..., 0], [[1, 2], [3, 4]])
    assert classes.tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no series"),
        ("1,2,a\n", "one series, and two"),
        ("1,2,a\n3,4,a\n", "all its series are of one class, 'a'"),
        ("1,two,a\n3,4,b\n", "row 1, column 2 is no number: 'two'"),
        ("1,2,a\n3,,b\n", r"row 2 has a gap in column 2.*--data.fill true"),
        ("1,2,a\n3,4,5,b\n", "row 2 has 3 points, row 1 2 points"),
        ("1,2,a\n3,4,\n", "row 2 has no class"),
        ("x,y,z\n1,2\n", "row 2 has 2 columns, the header 3"),
        ("a\nb\n", "one column|no series"),
        (
            ",".join(["1"] * 10_000) + ",a\n" + ",".join(["2"] * 10_000) + ",b\n",
            "10000 points, more than 8192",
        ),
        ("1,inf,a\n3,4,b\n", "no number: 'inf'"),
        ("".join(f"{i},2,{i}\n" for i in range(40)), "40 classes for 40 series"),
    ],
)
def test_a_bad_csv_is_told_in_one_sentence(text, said):
    with pytest.raises(DataUnavailable, match=said) as told:
        series.parse_series(text, "own.csv")
    assert str(told.value).startswith("own.csv: ")
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1,2:a\n", "no line @data"),
        ("@data\n1,2,3\n", "line 2 has no class"),
        (TS + "1,2:3,4,5:a\n", "equally"),
    ],
)
def test_a_bad_ts_file_is_told(text, said):
    with pytest.raises(DataUnavailable, match=said):
        series.parse_series(text, "own.ts")


def test_gaps_are_filled_by_straight_lines_only_where_that_is_asked_for():
    inputs, _ = series.parse_series("1,?,3,a\n,4,6,b\n", "own.csv", fill=True)
    np.testing.assert_array_equal(inputs[..., 0], [[1, 2, 3], [4, 4, 6]])


def test_a_column_that_is_not_there_is_told_with_those_that_are():
    with pytest.raises(DataUnavailable, match="no column 'kind'. Its columns: x, y"):
        series.parse_series("x,y\n1,a\n2,b\n", "own.csv", "kind")


def test_files_that_can_not_be_read_are_told(tmp_path, monkeypatch):
    (tmp_path / "x.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataUnavailable, match="no text file"):
        series.read_series(tmp_path / "x.csv")
    with pytest.raises(DataUnavailable, match="can't be read"):
        series.Config(train=str(tmp_path / "gone.ts")).load()
    with pytest.raises(DataUnavailable, match="no file is named"):
        series.Config().load()
    monkeypatch.setattr(series, "MAX_BYTES", 2)
    with pytest.raises(DataUnavailable, match="more than"):
        series.read_series(tmp_path / "x.csv")


def test_a_missing_ucr_file_says_where_it_belongs(tmp_path, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    with pytest.raises(DataUnavailable, match=r"ArrowHead_TRAIN.ts is not in .*manual/ucr.*timeseriesclass"):
        data.SOURCES["arrowhead"].load()


def test_own_series_are_split_by_class_and_share_nothing(tmp_path):
    (tmp_path / "own.csv").write_text(rows(30) + rows(4))  # the last four are copies
    source = series.Config(train=str(tmp_path / "own.csv")).load()
    splits = source.train, source.validation, source.test
    assert sum(map(len, splits)) == 34
    assert all(set(split.targets) == {0, 1} for split in splits)
    assert source.spec.classes == ("down", "up")
    assert not prints(splits[0]) & prints(splits[1])
    assert not (prints(splits[0]) | prints(splits[1])) & prints(splits[2])
    np.testing.assert_allclose(source.train.inputs.mean(axis=1), 0, atol=1e-6)
    np.testing.assert_allclose(source.train.inputs.std(axis=1), 1, atol=1e-5)


def test_without_validation_all_training_series_are_learned_and_the_test_file_is_the_test(tmp_path):
    (tmp_path / "a.csv").write_text(rows(10))
    (tmp_path / "b.csv").write_text(rows(6, seed=1) + rows(1))  # one of them is in the training file too
    source = series.Config(train=str(tmp_path / "a.csv"), test=str(tmp_path / "b.csv"), validation=0.0).load()
    assert [len(split) for split in (source.train, source.validation, source.test)] == [9, 0, 7]
    other = series.Config(train=str(tmp_path / "a.csv"), validation=0.3, seed=1).load()
    again = series.Config(train=str(tmp_path / "a.csv"), validation=0.3, seed=2).load()
    assert prints(other.validation) != prints(again.validation)


def test_a_line_is_read_as_an_input():
    np.testing.assert_array_equal(series.parse_line("1, 2,3", (3, 1), False)[:, 0], [1, 2, 3])
    np.testing.assert_array_equal(series.parse_line("1;2;3;up", (3, 1), False)[:, 0], [1, 2, 3])
    np.testing.assert_array_equal(
        series.parse_line("up,1,2,3", (3, 1), False, label="first")[:, 0], [1, 2, 3]
    )
    np.testing.assert_array_equal(series.parse_line("1,2:3,4:a", (2, 2), False), [[1, 3], [2, 4]])
    with pytest.raises(DataUnavailable, match="takes 3 points of 1 dimensions. Received: 5 points"):
        series.parse_line("1,2,3,4,5", (3, 1))
    rows, note = series.uploaded(TS.encode(), "x.ts", (3, 2))
    assert [row.dimensions for row in rows] == [
        [["1", "2", "3"], ["4", "5", "6"]],
        [["7", "8", "9"], ["1", "0", "1"]],
    ]
    assert not note
    rows, _ = series.uploaded(b"x,y,kind\n1,2,a\n", "own.csv", (2, 1))
    assert [row.dimensions for row in rows] == [[["1", "2"]]]


def test_wave_forms_follow_their_rule():
    source = waveforms.Config(noise=0.0).load()
    again = waveforms.Config(noise=0.0).load()
    assert prints(source.train) == prints(again.train)
    assert not prints(source.train) & (prints(source.test) | prints(source.validation))
    for name, levels in (("square", 2), ("sine", 100)):
        label = source.spec.classes.index(name)
        one = source.test.inputs[np.flatnonzero(source.test.targets == label)[0], :, 0]
        assert (len(np.unique(one)) <= levels) == (name == "square")
    noisy = waveforms.Config(noise=0.5).load()
    difference = noisy.train.inputs - source.train.inputs
    assert difference.std() == pytest.approx(0.5, rel=0.02)
    time = np.linspace(0, 1, 8, endpoint=False)
    np.testing.assert_allclose(waveforms.wave("sawtooth", time, 2, 0)[:4], [-1, -0.5, 0, 0.5])
    np.testing.assert_allclose(waveforms.wave("triangle", time, 2, 0)[:4], [1, 0, -1, 0])


# Sounds


def wav(rate: int, samples: np.ndarray, channels: int = 1, width: int = 2) -> io.BytesIO:
    file = io.BytesIO()
    with wave_files.open(file, "wb") as out:
        out.setparams((channels, width, rate, 0, "NONE", ""))
        out.writeframes(samples.tobytes())
    file.seek(0)
    return file


def test_a_wav_file_is_read_in_its_own_loudness():
    levels, rate = sounds.read_sound(wav(16000, np.array([0, 16384, -32768], "<i2")))
    assert rate == 16000
    np.testing.assert_allclose(levels, [0, 0.5, -1], atol=1e-4)
    stereo, _ = sounds.read_sound(wav(8000, np.array([[0, 16384]] * 4, "<i2"), channels=2))
    np.testing.assert_allclose(stereo, 0.25, atol=1e-4)
    quiet, _ = sounds.read_sound(wav(8000, np.full(4, 128, "u1"), width=1))
    np.testing.assert_allclose(quiet, 0)


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (io.BytesIO(b"no sound"), "can't be read as a sound"),
        (wav(8000, np.zeros(0, "<i2")), "that is no sound"),
        (wav(8000, np.zeros(8000 * 31, "<i2")), "31 s; 30 s are the most"),
    ],
)
def test_what_is_no_sound_is_told(file, said):
    with pytest.raises(DataUnavailable, match=said):
        sounds.read_sound(file)


def test_a_sound_of_any_rate_gives_the_same_input():
    tone = lambda rate: np.sin(2 * np.pi * 440 * np.arange(rate // 2) / rate)  # noqa: E731
    slow, fast = (spoken_digits.as_input(tone(rate), rate, "wave", 0.5) for rate in (8000, 44100))
    assert slow.shape == fast.shape == (4000, 1)
    np.testing.assert_allclose(slow[500:3500], fast[500:3500], atol=0.02)


def test_a_tone_is_in_its_mel_band_at_its_time():
    sound = np.zeros(8000)
    sound[4000:] = np.sin(2 * np.pi * 1000 * np.arange(4000) / 8000)
    picture = spoken_digits.spectrogram(sound)
    assert picture.shape == (101, spoken_digits.BANDS)
    mel = 1127 * np.log1p(np.array([60, 1000, 4000]) / 700)
    band = (mel[1] - mel[0]) / (mel[2] - mel[0]) * (spoken_digits.BANDS + 1) - 1
    assert abs(picture[75].argmax() - band) <= 1
    assert picture[:48].max() < picture[52:].max() - 2


def test_the_loudest_stretch_is_kept_and_silence_is_added():
    np.testing.assert_array_equal(spoken_digits.fitted(np.array([0.0, 1, 5, 1, 0]), 3), [1, 5, 1])
    np.testing.assert_array_equal(spoken_digits.fitted(np.array([1.0, 2]), 4), [0, 1, 2, 0])
    assert np.isfinite(spoken_digits.as_input(np.zeros(100), 8000, "spectrogram", 0.5)).all()


@pytest.mark.datasets
def test_the_official_split_of_the_spoken_digits():
    try:
        source = data.SOURCES["spoken_digits"].load()
    except DataUnavailable as error:
        pytest.skip(str(error))
    assert len(source.test) == 250
    assert np.bincount(source.test.targets).tolist() == [25] * 10
    assert len(source.train) + len(source.validation) == 2250
    assert not prints(source.test) & (prints(source.train) | prints(source.validation))


# Augmentation of series

SERIES = np.arange(1, 13, dtype="float32").reshape(1, 6, 2)
ALL = Augmentation(shift=2, zoom=0.2, erase=2, gain=0.3, erase_channels=1)


def draws(**given: float) -> np.ndarray:
    row = np.full((1, DRAWS), 0.5, "float32")
    for place, value in given.items():
        row[0, int(place[1:])] = value
    return row


def test_series_are_shifted_in_time_and_stand_still_outside():
    later = augment(SERIES, draws(_1=0.99), Augmentation(shift=1)).numpy()
    np.testing.assert_array_equal(later[0, 1:], SERIES[0, :-1])
    np.testing.assert_array_equal(later[0, 0], SERIES[0, 0])
    np.testing.assert_array_equal(augment(SERIES, draws(), Augmentation(shift=1)), SERIES)


def test_series_are_stretched_about_their_middle():
    slow = augment(SERIES, draws(_4=1.0), Augmentation(zoom=0.5)).numpy()[0, :, 0]
    np.testing.assert_allclose(np.diff(slow), 2 / 1.5, rtol=1e-5)
    assert slow.mean() == pytest.approx(SERIES[0, :, 0].mean())


def test_loudness_and_blanks():
    np.testing.assert_allclose(augment(SERIES, draws(_7=1.0), Augmentation(gain=0.5)), SERIES * 1.5)
    blank = augment(SERIES, draws(_5=0.9), Augmentation(erase_channels=1)).numpy()
    assert (blank[..., 1] == 0).all()
    assert (blank[..., 0] == SERIES[..., 0]).all()
    gap = augment(SERIES, draws(_6=0.5), Augmentation(erase=2)).numpy()
    assert np.flatnonzero((gap == 0).all(axis=-1)[0]).tolist() == [2, 3]


def test_replicas_together_see_the_series_that_one_sees():
    inputs = np.random.default_rng(0).normal(size=(20, 6, 2)).astype("float32")
    stream = Stream(Split(inputs, np.arange(20) % 3), 8, 1, ALL)
    assert_same(take(stream, 3, 4), take(stream, 3, 4, replicas=2), atol=1e-5)


@pytest.mark.parametrize("header", ["0,1,2,3", "0,1,2,class", "a,b,c,class"])
def test_a_header_is_no_series(tmp_path, header):
    path = tmp_path / "own.csv"
    path.write_text(f"{header}\n5.5,2,7,up\n3,1,0.5,down\n")
    found, kinds = series.read_series(path)
    assert kinds.tolist() == ["up", "down"]
    np.testing.assert_allclose(found[:, :, 0], [[5.5, 2, 7], [3, 1, 0.5]])


@pytest.mark.parametrize(
    "text", ["1,5;2;-3,25;up\n4;5,0;6e1;down\n", "a;b;c;kind\n1,5;2,0;-3,25;up\n4,0;5;60;down\n"]
)
def test_decimal_commas_beside_semicolons_are_understood(text):
    found, kinds = series.parse_series(text, "own.csv")
    np.testing.assert_array_equal(found[..., 0], [[1.5, 2, -3.25], [4, 5, 60]])
    assert kinds.tolist() == ["up", "down"]
    line = next(line for line in text.splitlines() if line.startswith("1,5"))
    np.testing.assert_array_equal(series.parse_line(line, (3, 1), False)[:, 0], [1.5, 2, -3.25])
    (row, _), _ = series.uploaded(text.encode(), "own.csv", (3, 1))
    np.testing.assert_array_equal(series.as_input(row, (3, 1), False)[:, 0], [1.5, 2, -3.25])
    np.testing.assert_array_equal(series.parse_line("1,5;2,5:3;4,5", (2, 2), False), [[1.5, 3], [2.5, 4.5]])


def test_decimal_commas_that_may_part_thousands_are_told():
    with pytest.raises(
        DataUnavailable, match="row 2 has a decimal point, '1.5', and row 1 a decimal comma, '1,500'"
    ):
        series.parse_series("1,500;2;a\n1.5;3;b\n", "own.csv")
    with pytest.raises(DataUnavailable, match=r"is no number: '1,700' \(decimals are written with a point\)"):
        series.parse_series("x\ty\tkind\n1,700\t2\ta\n3\t4\tb\n", "own.csv")
