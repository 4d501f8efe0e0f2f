"""The archive of a `.keras` file and its file of weights: what they hold, and how large that is."""

import io
import shutil
import zipfile
from pathlib import Path
from typing import Any

from inspection.quarantine.config import DAMAGED
from inspection.quarantine.limits import (
    MOST_CONFIG,
    MOST_DATASETS,
    MOST_FILE,
    MOST_GROUPS,
    MOST_METADATA,
    MOST_NAME,
    QuarantineError,
)

CONFIG, WEIGHTS, METADATA = "config.json", "model.weights.h5", "metadata.json"
MEMBERS = (METADATA, CONFIG, WEIGHTS)  # no assets: these belong to layers that look words up
KINDS = "fiub"  # floats, integers, booleans


def unpack(content: bytes | Path, weights: Path) -> bytes:
    """Read a `.keras` file.

    Args:
        content: The file, or its path.
        weights: Path that its file of weights is written to.

    Returns: `config.json`.

    Raises:
        QuarantineError: It is no `.keras` file, holds anything else, or unpacks to more than it may.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content) if isinstance(content, bytes) else content) as packed:
            _check_members(packed.infolist())
            config = packed.read(CONFIG)
            with packed.open(WEIGHTS) as source, open(weights, "wb") as target:
                shutil.copyfileobj(source, target)
            return config
    except QuarantineError:
        raise
    # NotImplementedError: a packing that Python does not know. RuntimeError: a password.
    except (zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError, EOFError) as error:
        raise QuarantineError(DAMAGED) from error
    # zlib and others have errors of their own; OSError is left to who knows the path.
    except Exception as error:
        if isinstance(error, OSError):
            raise
        raise QuarantineError(DAMAGED) from error


def _check_members(members: list[zipfile.ZipInfo]) -> None:
    """Raise a QuarantineError unless an archive holds the three files of a model and these are not too large.

    A member never unpacks to more than the archive says: Python stops there, and the checksum is wrong.
    """
    strange = [member.filename for member in members if member.filename not in MEMBERS]
    if (
        strange
        or len(members) != len(MEMBERS)
        or len({member.filename for member in members}) != len(MEMBERS)
    ):
        raise QuarantineError(
            "a .keras file as Keras 3 writes it holds its settings and its weights and nothing else"
            + (f". This one also holds {strange[0][:80]!r}" if strange else "")
        )
    if sum(member.file_size for member in members) > MOST_FILE:
        raise QuarantineError(f"it unpacks to more than {MOST_FILE // 2**20} MiB")
    for member in members:
        most = {METADATA: MOST_METADATA, CONFIG: MOST_CONFIG}.get(member.filename, MOST_FILE)
        if member.file_size > most:
            raise QuarantineError(f"its {member.filename} unpacks to more than {most // 2**20} MiB")


def check_weights(path: Path) -> None:
    """Walk through a file of weights by what it declares; no array is read.

    Raises:
        QuarantineError: It is damaged, refers to other files, or declares more than it may.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            _walk(file, h5py)
    except QuarantineError:
        raise
    except Exception as error:  # whatever the HDF5 library makes of a damaged file
        raise QuarantineError(f"its file of weights is damaged or no HDF5 file: {words(error)}") from error


def _walk(file: Any, h5py: Any) -> None:
    waiting, seen, datasets, total = [(file, 0)], 0, 0, 0
    while waiting:
        group, depth = waiting.pop()
        for name in group:
            seen += 1
            if seen > MOST_GROUPS or depth > 64 or len(name) > 4 * MOST_NAME:
                raise QuarantineError("its file of weights has too many groups, or too long names")
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise QuarantineError(
                    f"its file of weights has a link at {name[:80]!r}; it must hold all of them"
                )
            member = group[name]
            if isinstance(member, h5py.Group):
                waiting.append((member, depth + 1))
                continue
            if not isinstance(member, h5py.Dataset):
                raise QuarantineError(f"{name[:80]!r} in its file of weights is no array")
            if member.external or member.is_virtual:
                raise QuarantineError(
                    f"the array {name[:80]!r} lies in another file; weights must be in this one"
                )
            half = member.dtype.kind == "V" and member.dtype.itemsize == 2  # bfloat16, as Keras keeps it
            if member.dtype.kind not in KINDS and not half:
                raise QuarantineError(f"the array {name[:80]!r} holds {member.dtype} and no weights")
            if member.compression not in (None, "gzip", "lzf"):
                raise QuarantineError(f"the array {name[:80]!r} is compressed in a way that is not read here")
            if member.shape is None or len(member.shape) > 12:
                raise QuarantineError(f"the array {name[:80]!r} is empty")
            datasets += 1
            total += member.size * member.dtype.itemsize
            if datasets > MOST_DATASETS or total > MOST_FILE:
                raise QuarantineError(
                    f"its weights take more than {MOST_FILE // 2**20} MiB, or are more than "
                    f"{MOST_DATASETS:,} arrays"
                )


def words(error: BaseException, most: int = 300) -> str:
    """What an error says, in one line; of errors that came of one another, what the first says."""
    while error.__context__ is not None:
        error = error.__context__
    lines = [line for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    if "Example error message" in lines[0] and len(lines) > 1:
        return lines[1][:most]  # the first only says how many layers failed
    return lines[0][:most]
