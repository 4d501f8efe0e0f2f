"""WAV files of a user's own: PCM, float, mu-law and A-law, streams of unknown length among them."""

import io
import struct
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from data.files import one_line, path_of
from data.source import DataUnavailable

LOUDEST = 16.0  # of floats: above it they have the range of integers; below it they are clipped
MAX_SECONDS = 30.0
MAX_BYTES = 32 * 2**20
SOUNDS = "WAV with 8, 16, 24 or 32 bits, mu-law or A-law"

_PCM, _FLOAT, _ALAW, _MULAW, _EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
_CODECS = {2: "ADPCM", 0x11: "ADPCM", 0x31: "GSM", 0x50: "MPEG", 0x55: "MP3", 0x161: "WMA", 0xFF: "AAC"}
_OTHERS = (  # what files begin with that people take for WAV, and where
    (0, b"ID3", "an MP3"),
    (0, b"\xff\xfb", "an MP3"),
    (0, b"\xff\xf3", "an MP3"),
    (0, b"fLaC", "a FLAC file"),
    (0, b"OggS", "an Ogg file"),
    (4, b"ftyp", "an MP4 file"),
    (0, b"FORM", "an AIFF file"),
    (0, b"\x1aE\xdf\xa3", "a WebM file"),
    (0, b"caff", "a CAF file"),
    (0, b".snd", "an AU file"),
)


@dataclass(frozen=True)
class _Wave:
    """The parts of a WAV file.

    Args:
        kind: Its format; 1 is PCM, 3 float.
        channels: Number of channels.
        rate: Points a second.
        bits: Bits of a point.
        content: The points, a whole number of frames.
    """

    kind: int
    channels: int
    rate: int
    bits: int
    content: bytes


def read_sound(file: str | Path | IO[bytes]) -> tuple[np.ndarray, int]:
    """Read a WAV file.

    Where the length of its points is not known when a program begins to write, as in a pipe, the header has
    0 or a number that is too large; then all that follows is read.

    Args:
        file: A path, or an open binary file.

    Returns: The mean of its channels, `(N,)` float32 in [-1, 1], and its rate in Hz.

    Raises:
        DataUnavailable: It is no WAV file, a broken, an empty or a too long one.
    """
    content, name = _content(file)
    wave = _parse(content, name)
    if not 1 <= wave.channels <= 64 or not 1000 <= wave.rate <= 384_000:
        raise DataUnavailable(
            f"{name} has {wave.channels} channels at {wave.rate} Hz: that is no sound to listen to"
        )
    sound = _points(wave, name)
    if not len(sound):
        raise DataUnavailable(f"{name} has 0 points at {wave.rate} Hz: that is no sound to listen to")
    if len(sound) > MAX_SECONDS * wave.rate:
        raise DataUnavailable(
            f"{name} lasts {len(sound) / wave.rate:.0f} s; {MAX_SECONDS:.0f} s are the most"
        )
    levels = sound.astype("float32")
    if sound.dtype.kind == "f" and np.abs(levels).max(initial=0, where=np.isfinite(levels)) > LOUDEST:
        raise DataUnavailable(
            f"{name}: its floats go up to {np.nanmax(np.abs(levels)):g}, and those of WAV go from -1 to 1. "
            f"Divide them by their largest value, or write them as integers"
        )
    if sound.dtype == np.uint8:
        levels = levels / 128 - 1
    elif sound.dtype.kind == "i":
        levels = levels / np.iinfo(sound.dtype).max
    levels = np.nan_to_num(levels, posinf=0.0, neginf=0.0)
    return np.clip(levels if levels.ndim == 1 else levels.mean(axis=1), -1, 1), wave.rate


def _content(file: str | Path | IO[bytes]) -> tuple[bytes, str]:
    """The bytes of a file, and its name for messages."""
    try:
        if isinstance(file, str | Path):
            path = path_of(file) if isinstance(file, str) else file
            name = one_line(path.name)
            if path.exists() and not path.is_file():  # a pipe would keep us waiting
                raise OSError("it is no plain file")
            with path.open("rb") as opened:
                content = opened.read(MAX_BYTES + 1)
        else:
            name = one_line(Path(str(getattr(file, "name", ""))).name) or "the file"
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # a ValueError where the path holds a zero byte
        reason = getattr(error, "strerror", None) or error
        raise DataUnavailable(one_line(f"{file} can't be read: {reason}")) from error
    if len(content) > MAX_BYTES:
        raise DataUnavailable(f"{name}: more than {MAX_BYTES // 2**20} MiB are too much for a sound")
    return content, name


def _parse(content: bytes, name: str) -> _Wave:
    if content[:4] not in (b"RIFF", b"RF64") or content[8:12] != b"WAVE":
        what = next((told for at, mark, told in _OTHERS if content[at:].startswith(mark)), "")
        told = f": it is {what}. Convert it to WAV" if what else f". {SOUNDS} can be"
        raise DataUnavailable(f"{name} can't be read as a sound{told}")
    form = b""
    place = 12
    while place + 8 <= len(content):
        kind, size = content[place : place + 4], int.from_bytes(content[place + 4 : place + 8], "little")
        place += 8
        if kind == b"data":
            if not form:
                break
            left = len(content) - place
            return _wave(form, content[place : place + (size if 0 < size <= left else left)], name)
        if kind == b"fmt ":
            form = content[place : place + size]
        place += size + size % 2
    raise DataUnavailable(f"{name} can't be read as a sound: it has no points. {SOUNDS} can be")


def _wave(form: bytes, content: bytes, name: str) -> _Wave:
    if len(form) < 16:
        raise DataUnavailable(f"{name} can't be read as a sound: its header is broken. {SOUNDS} can be")
    kind, channels, rate, _, frame, bits = struct.unpack("<HHIIHH", form[:16])
    if kind == _EXTENSIBLE and len(form) >= 26:
        kind = int.from_bytes(form[24:26], "little")
    if kind not in (_PCM, _FLOAT, _ALAW, _MULAW):
        codec = _CODECS.get(kind, "unknown")
        raise DataUnavailable(
            f"{name} can't be read as a sound: it is compressed (format {kind}, {codec}). {SOUNDS} can be"
        )
    frame = frame or max(1, channels * -(-bits // 8))
    if kind == _PCM and channels and frame % channels == 0 and bits < 8 * frame // channels:
        bits = 8 * frame // channels  # such as 20 bits, which stand at the top of 24
    return _Wave(kind, channels, rate, bits, content[: len(content) // frame * frame])


def _points(wave: _Wave, name: str) -> np.ndarray:
    """The points `(N,)` or `(N, channels)`."""
    if wave.kind in (_ALAW, _MULAW):
        codec = _g711()
        decode = codec.alaw2lin if wave.kind == _ALAW else codec.ulaw2lin
        points = np.frombuffer(decode(wave.content, 2), "int16")
        return points.reshape(-1, wave.channels) if wave.channels > 1 else points
    if not wave.content:
        return np.zeros(0, "int16")
    from scipy.io import wavfile

    block = wave.channels * wave.bits // 8
    form = struct.pack("<HHIIHH", wave.kind, wave.channels, wave.rate, wave.rate * block, block, wave.bits)
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form
    body += b"data" + struct.pack("<I", len(wave.content)) + wave.content
    whole = io.BytesIO(b"RIFF" + struct.pack("<I", len(body)) + body)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of chunks that are no sound
            _, sound = wavfile.read(whole)
    except Exception as error:  # a broken file makes SciPy raise almost anything
        raise DataUnavailable(f"{name} can't be read as a sound. {SOUNDS} can be") from error
    return sound


def _g711() -> Any:
    """Python's own codec; from Python 3.13 on the package audioop-lts has it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import audioop
    return audioop
