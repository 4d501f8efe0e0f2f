"""An example of each kind of data, written to a file or a line and read back, is what a model sees."""

import numpy as np
import pytest
from PIL import Image
from scipy.io import wavfile

from data import SOURCES, DataUnavailable, Spec, clips, points, series, spoken_digits, text, translation


def first(name: str) -> tuple[np.ndarray, Spec]:
    source = SOURCES[name].load()
    return source.test.example(0)[0], source.spec


def test_every_source_reads():
    """But for sentences and texts, which a run's own tokenizers read."""
    kinds = translation.Config | text.Config
    others = [config for config in SOURCES.values() if not isinstance(config, kinds)]
    assert all(callable(config.read) for config in others)


def test_a_scan(tmp_path):
    seen, spec = first("digits")
    Image.fromarray(np.rint(seen[..., 0] * 255).astype("uint8")).save(tmp_path / "scan.png")
    found = SOURCES["digits"].read(str(tmp_path / "scan.png"), spec)
    np.testing.assert_allclose(found, seen, atol=1 / 255)
    assert found.dtype == np.float32


def test_a_clip_as_a_strip_of_its_frames(tmp_path):
    source = clips.Config(clips=300).load()
    seen, spec = source.test.example(0)[0], source.spec
    strip = np.concatenate([seen[..., frame] for frame in range(seen.shape[-1])], axis=1)
    Image.fromarray(np.rint(strip * 255).astype("uint8")).save(tmp_path / "clip.png")
    np.testing.assert_allclose(clips.Config().read(str(tmp_path / "clip.png"), spec), seen, atol=1e-6)


def test_a_wave_form():
    seen, spec = first("waveforms")
    line = ",".join(map(str, seen[:, 0]))
    np.testing.assert_allclose(SOURCES["waveforms"].read(line, spec), seen, atol=1e-6)
    with pytest.raises(DataUnavailable):
        SOURCES["waveforms"].read("1,2,three", spec)


def test_a_series_is_normalized_as_its_training_was():
    spec = Spec("mine", (4, 1), ("a", "b"), "", "")
    raw = series.Config(normalize=False).read("1,2,3,6", spec)[:, 0]
    assert raw.tolist() == [1, 2, 3, 6]
    found = series.Config(normalize=True).read("1,2,3,6", spec)[:, 0]
    np.testing.assert_allclose(found, (raw - raw.mean()) / raw.std(), rtol=1e-5)


def test_a_point_of_a_cloud():
    seen, spec = first("points")
    found = SOURCES["points"].read(f"{seen[0]}, {seen[1]}", spec)
    np.testing.assert_array_equal(found, seen)
    assert found.dtype == np.float32
    with pytest.raises(DataUnavailable):
        SOURCES["points"].read("0.3", spec)


def test_a_point_of_a_table_is_scaled_as_its_training_was():
    rows = np.random.default_rng(0).normal((50, -3), (10, 0.1), (60, 2)).round(3)
    text = "".join(f"{x},{y},{'ab'[number % 2]}\n" for number, (x, y) in enumerate(rows))
    source = points.Config().parse(text, "own.csv")
    found = np.array([points.Config().read(f"{x};{y}", source.spec) for x, y in rows])
    for split in (source.train, source.validation, source.test):
        assert {one.tobytes() for one in split.inputs} <= {one.tobytes() for one in found}


def test_a_sound(tmp_path):
    tone = np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)
    wavfile.write(tmp_path / "tone.wav", 16000, (tone * 32767).astype("int16"))
    config = spoken_digits.Config(form="wave")
    found = config.read(str(tmp_path / "tone.wav"), Spec("spoken_digits", (1, 1), (), "", ""))
    assert found.shape == (round(config.seconds * spoken_digits.RATE), 1)
    spectrum = np.abs(np.fft.rfft(found[:, 0] * np.hanning(len(found))))
    assert spectrum.argmax() * spoken_digits.RATE / len(found) == pytest.approx(440, abs=2)
