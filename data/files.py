"""Files and lines from outside: paths as people write them, bytes, and their decoding to text.

Every text of a user is decoded here: tables, series, pairs of sentences, texts and the lines of standard
input.
"""

import codecs
import logging
import os
import re
import stat
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from data.source import DataUnavailable

MAX_BYTES = 256 * 2**20  # of a file that is read as a whole

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")  # a terminal would obey them
# What no reader sees: soft hyphens, blanks of no width, and marks that turn the order of letters about.
_UNSEEN = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_QUOTES = ("'", '"', "\u2018\u2019", "\u201c\u201d")
_BREAKS = re.compile(r"[\s,;.\u3000-\u303f\uff00-\uff0f]")  # between words, of which a text has some
_SAMPLE = 2**16  # bytes by which an encoding is guessed
_MARKS = (  # byte-order marks; those of UTF-32 begin with those of UTF-16
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SIGNATURES = (  # of files that people take for a text
    (b"PK\x03\x04", "a zip archive or an Excel workbook. Unpack it, or save the sheet as CSV"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook. Save the sheet as CSV"),
    (b"\x1f\x8b", "a gzip archive. Unpack it"),
    (b"BZh", "a bzip2 archive. Unpack it"),
    (b"\xfd7zXZ", "an xz archive. Unpack it"),
    (b"PAR1", "a Parquet file. Save the table as CSV"),
    (b"\x93NUMPY", "an array of NumPy. Write it with numpy.savetxt"),
    (b"\x89HDF", "an HDF5 file. Save the table as CSV"),
    (b"%PDF", "a PDF. Save its text alone"),
    (b"{\\rtf", "an RTF document. Save it as plain text"),
)
# Tried where most letters are not ASCII. Western texts have few accents, and Windows-1252 fits all of them.
_NON_LATIN = ("cp1250", "cp1251", "cp1253", "cp1255", "cp1256", "cp932", "gb18030", "cp949", "big5")
_NAMES = {"cp1252": "Windows-1252", "latin-1": "Windows-1252"}


@dataclass(frozen=True)
class Decoded:
    """A text and what a person should know of how it was read.

    Args:
        text: The text without a byte-order mark.
        note: A sentence on the encoding where it was guessed, else "".
    """

    text: str
    note: str = ""


def path_of(text: str) -> Path:
    """A path as a person writes it, drags it into a terminal, or copies it with quotation marks.

    Blanks and quotation marks around it are left out, unless a file has exactly this name; `~` is the
    user's home, and stays where there is none.
    """
    given = text.strip()
    for marks in _QUOTES:
        if len(given) > 2 and given[0] == marks[0] and given[-1] == marks[-1]:
            given = given[1:-1].strip()
            break
    if given != text and _exists(text):
        return Path(text)
    return Path(os.path.expanduser(given))


def read_text(path: Path, source: str, wanted: str, option: str, max_bytes: int = MAX_BYTES) -> Decoded:
    """Read a text file; the arguments are those of `read_bytes`.

    Raises:
        DataUnavailable: The file is missing, no regular file, too large, or no text.
    """
    return decode(read_bytes(path, source, wanted, option, max_bytes), path.name, wanted, max_bytes)


def read_bytes(path: Path, source: str, wanted: str, option: str, max_bytes: int = MAX_BYTES) -> bytes:
    """Read a file.

    Args:
        path: The file.
        source: Name in `data.SOURCES`, for messages.
        wanted: What the file should be, such as "a CSV".
        option: The option that names it on the command line.
        max_bytes: Largest size.

    Raises:
        DataUnavailable: The file is missing, no regular file, or too large.
    """
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would keep us waiting, a device never ends
            raise OSError("it is no plain file")
        with path.open("rb") as file:
            content = file.read(max_bytes + 1)
            size = os.fstat(file.fileno()).st_size
    except (OSError, ValueError) as error:  # a ValueError where the path holds a zero byte
        reason = getattr(error, "strerror", None) or error
        raise DataUnavailable(
            one_line(f"{source}: {path} can't be read ({reason}). Name {wanted}: {option}")
        ) from error
    _check_size(max(size, len(content)), path.name, max_bytes)
    return content


def decode(content: str | bytes, name: str, wanted: str, max_bytes: int = MAX_BYTES) -> Decoded:
    """Decode a file's content.

    UTF-8, UTF-16 and UTF-32 are recognized, with or without a byte-order mark for the first two. Where a few
    bytes are damaged in a text that otherwise is UTF-8, they become U+FFFD, and the note says so. Any other
    text is read as Windows-1252, or as what charset-normalizer takes it for where most of its letters are
    not ASCII, and the note says so.

    Args:
        content: Bytes, or text that was decoded before.
        name: Name of the file, for messages.
        wanted: What the file should be, such as "a CSV".
        max_bytes: Largest size.

    Raises:
        DataUnavailable: The content is too large, or no text.
    """
    _check_size(len(content), name, max_bytes)
    if isinstance(content, str):
        text, note = content, ""
    else:
        encoding, note = encoding_of([content], name, wanted)
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            if not note:
                _no_text(name, wanted)
            text = content.decode(encoding, errors="replace")  # the guess was made from a sample
    if "\0" in text:
        _no_text(name, wanted)
    return Decoded(text.removeprefix("\ufeff"), note)


def encoding_of(parts: Iterable[bytes], name: str, wanted: str) -> tuple[str, str]:
    """The encoding of a text, and a sentence for people where it was guessed, else "".

    Args:
        parts: The content, in one part or several.
        name: Name of the file, for messages.
        wanted: What the file should be.

    Raises:
        DataUnavailable: The content is no text.
    """
    utf8 = codecs.getincrementaldecoder("utf-8")()
    suspects = b""  # of the first part that is not UTF-8
    for number, part in enumerate(parts):
        marked = "" if number else _by_beginning(part, name, wanted)
        if marked:
            return marked, ""
        if suspects:
            continue
        try:
            utf8.decode(part)
        except UnicodeDecodeError as error:
            start = max(0, error.start - _SAMPLE // 2)
            suspects = part[start : start + _SAMPLE]
    try:
        utf8.decode(b"", final=True)
    except UnicodeDecodeError:
        suspects = suspects or b"\xff"
    if not suspects:
        return "utf-8", ""
    if re.search(rb"[\x00-\x08\x0e-\x19\x1b-\x1f]", suspects):
        _no_text(name, wanted)
    if _is_damaged_utf8(suspects):
        return (
            "utf-8",
            "some of its bytes are not UTF-8, as the rest is, and were read as \ufffd; correct them",
        )
    encoding = _guess(suspects)
    label = _NAMES.get(encoding, encoding)
    return encoding, f"it is not UTF-8 and was read as {label}; look whether its accents are right"


def lines_of(stream: Iterable[bytes | str]) -> Iterator["str | BadLine"]:
    """The lines of standard input without their ends; an error in the place of a line that is not UTF-8.

    Args:
        stream: A binary stream, or lines that were decoded before.
    """
    for number, raw in enumerate(stream):
        if isinstance(raw, bytes):
            try:
                line = raw.decode("utf-8" if number else "utf-8-sig")
            except UnicodeDecodeError as error:
                yield BadLine(raw.decode(errors="backslashreplace").rstrip("\r\n"), error)
                continue
        else:
            line = raw if number else raw.removeprefix("\ufeff")
        yield line.rstrip("\r\n")


class BadLine(DataUnavailable):
    """A line that is no text in UTF-8; `line` shows its bytes."""

    def __init__(self, line: str, error: UnicodeDecodeError) -> None:
        super().__init__(
            f"the line is no text in UTF-8: byte {error.start + 1} is 0x{error.object[error.start]:02x}. "
            f"Convert the input to UTF-8"
        )
        self.line = line


def warn(name: str, note: str) -> None:
    """Tell a person what was made of their file, unless the note is empty."""
    if note:
        logging.getLogger(__name__).warning("%s", one_line(f"{name}: {note}"))


def one_line(text: str) -> str:
    """A text as one line without control characters, whatever the file held that it comes from."""
    return " ".join(_CONTROL.sub(" ", text).split())


def tidy(text: str) -> str:
    """A text in composed Unicode (NFC) on one line, with plain single blanks and nothing unseen."""
    return one_line(unicodedata.normalize("NFC", _UNSEEN.sub("", text)))


def refuse(name: str, why: str) -> NoReturn:
    """Say in one sentence what is the matter with a file.

    Raises:
        DataUnavailable: Always.
    """
    raise DataUnavailable(one_line(f"{name}: {why}"))


def _exists(text: str) -> bool:
    try:
        return Path(text).exists()
    except (OSError, ValueError):
        return False


def _check_size(size: int, name: str, max_bytes: int) -> None:
    if size > max_bytes:
        refuse(name, f"it has {size / 2**20:.0f} MiB, more than {max_bytes // 2**20}. Keep a part of it")


def _no_text(name: str, wanted: str, what: str = "") -> NoReturn:
    needed = "" if what else f". {wanted[0].upper()}{wanted[1:]} in UTF-8 is needed"
    refuse(name, f"this is no text file{what}{needed}")


def _by_beginning(part: bytes, name: str, wanted: str) -> str:
    """The encoding that the first bytes of a text tell by a mark or by zeros; else ""."""
    for signature, what in _SIGNATURES:
        if part.startswith(signature):
            _no_text(name, wanted, f" but {what}")
    encoding = next((encoding for mark, encoding in _MARKS if part.startswith(mark)), "")
    if not encoding and b"\0" in part:
        encoding = _wide(part, name, wanted)
    if encoding not in ("", "utf-8-sig") and not _BREAKS.search(part.decode(encoding, "ignore")):
        _no_text(name, wanted)
    return encoding


def _wide(part: bytes, name: str, wanted: str) -> str:
    """UTF-16 without a mark: every other byte of ASCII characters is 0."""
    even, odd = part[0::2].count(0), part[1::2].count(0)
    if len(part) % 2 == 0 and min(even, odd) == 0 and max(even, odd) > len(part) // 8:
        return "utf-16-le" if odd else "utf-16-be"
    _no_text(name, wanted)


def _is_damaged_utf8(sample: bytes) -> bool:
    """Whether a text that is not UTF-8 has more characters of several bytes than bytes that belong to none.

    Texts in 8 bits have hardly any sequence that is such a character.
    """
    good = sum(ord(letter) > 0x7F for letter in sample.decode("utf-8", "ignore"))
    bad = sample.decode("utf-8", "replace").count("\ufffd") - sample.count("\ufffd".encode())
    return good > 2 * bad


def _guess(sample: bytes) -> str:
    """An 8-bit or multi-byte encoding."""
    high = sum(byte >= 0x80 for byte in sample)
    ascii_letters = sum(chr(byte).isalpha() for byte in sample if byte < 0x80)
    if high >= 6 and high > ascii_letters / 2:
        import charset_normalizer  # only for those who need it

        best = charset_normalizer.from_bytes(sample, cp_isolation=list(_NON_LATIN)).best()
        if best is not None and best.encoding != "cp1250":
            return best.encoding
    try:
        sample.decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1"  # which has a character for every byte
    return "cp1252"
