"""WAV files as recorders, ffmpeg and telephones write them; what is no WAV file is named."""

import io
import struct

import numpy as np
import pytest

from data import DataUnavailable
from data.sounds import read_sound

TONE = (8000 * np.sin(np.arange(8000) / 5)).astype("<i2")
LAVF = b"LIST" + struct.pack("<I", 26) + b"INFOISFT" + struct.pack("<I", 14) + b"Lavf60.3.100\0\0"
PCM_GUID = bytes.fromhex("0100000000001000800000aa00389b71")
UNKNOWN = 0xFFFFFFFF


def wav(
    kind: int = 1,
    bits: int = 16,
    content: bytes = TONE.tobytes(),
    size: int | None = None,
    riff: int | None = None,
    more: bytes = b"",
    before: bytes = b"",
    mark: bytes = b"RIFF",
) -> io.BytesIO:
    """A WAV file of one channel at 8 kHz, with its declared sizes as given."""
    form = struct.pack("<HHIIHH", kind, 1, 8000, 8000 * bits // 8, max(1, bits // 8), bits) + more
    size = len(content) if size is None else size
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + before
    body += b"data" + struct.pack("<I", size) + content
    return io.BytesIO(mark + struct.pack("<I", len(body) if riff is None else riff) + body)


@pytest.mark.parametrize(
    "file",
    [
        wav(),
        wav(size=UNKNOWN, riff=UNKNOWN, before=LAVF),  # ffmpeg into a pipe
        wav(size=0x7FFFFFFF - 36, riff=0x7FFFFFFF),  # sox into a pipe
        wav(size=0, riff=0),
        wav(mark=b"RF64", size=UNKNOWN, riff=UNKNOWN),
        wav(kind=0xFFFE, more=struct.pack("<HHI", 22, 16, 0) + PCM_GUID),
        wav(content=TONE.tobytes() + b"\1"),  # cut within a point
    ],
    ids=["plain", "ffmpeg", "sox", "zeros", "RF64", "extensible", "cut"],
)
def test_the_points_are_read_whatever_the_header_says_of_their_number(file):
    levels, rate = read_sound(file)
    assert rate == 8000
    np.testing.assert_allclose(levels, TONE / 32767, atol=1e-6)


def test_mu_law_and_a_law_are_read():
    """The values of G.711: mu-law 0x80 is the largest, 0xFF is 0; A-law 0xAA is the largest, 0xD5 the smallest."""
    mu, _ = read_sound(wav(kind=7, bits=8, content=bytes([0x80, 0x00, 0xFF, 0x7F]), more=b"\0\0"))
    np.testing.assert_allclose(mu * 32767, [32124, -32124, 0, 0], atol=0.01)
    a, _ = read_sound(wav(kind=6, bits=8, content=bytes([0xAA, 0x2A, 0xD5, 0x55]), more=b"\0\0"))
    np.testing.assert_allclose(a * 32767, [32256, -32256, 8, -8], atol=0.01)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (wav(kind=2, bits=4, content=bytes(4000)).getvalue(), "it is compressed .format 2, ADPCM."),
        (wav(kind=0x55, bits=0, content=bytes(4000)).getvalue(), "it is compressed .format 85, MP3."),
        (wav(content=b"").getvalue(), "has 0 points"),
        (wav().getvalue()[:30], "it has no points"),
        (b"ID3\x03" + bytes(200), "it is an MP3. Convert it to WAV"),
        (b"fLaC" + bytes(200), "it is a FLAC file. Convert it to WAV"),
        (b"OggS" + bytes(200), "it is an Ogg file"),
        (b"\0\0\0\x20ftypM4A " + bytes(200), "it is an MP4 file"),
        (b"FORM\0\0\0\0AIFF", "it is an AIFF file"),
        (b"", "can't be read as a sound. WAV with 8, 16, 24 or 32 bits, mu-law or A-law can be"),
        (b"RIFF", "can't be read as a sound"),
    ],
)
def test_what_can_not_be_read_is_named(content, said):
    with pytest.raises(DataUnavailable, match=said) as told:
        read_sound(io.BytesIO(content))
    assert "object at" not in str(told.value)
    assert "\n" not in str(told.value)


def test_a_path_is_read_as_people_write_it(tmp_path):
    (tmp_path / "my tone.wav").write_bytes(wav().getvalue())
    levels, _ = read_sound(f' "{tmp_path}/my tone.wav" ')
    assert len(levels) == 8000
    with pytest.raises(DataUnavailable, match="gone.wav can't be read: No such file"):
        read_sound(str(tmp_path / "gone.wav"))
    with pytest.raises(DataUnavailable, match="can't be read: it is no plain file"):
        read_sound(str(tmp_path))
