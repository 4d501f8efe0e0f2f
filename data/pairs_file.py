"""Pairs of one's own: a sentence, a tab and its translation a line."""

import re
from collections.abc import Sequence

from data import files
from data.corpus import Corpus, Pairs
from data.files import refuse, tidy
from data.splitting import split_pairs

MAX_BYTES = 64 * 2**20  # of a file
MAX_PAIRS = 500_000
MAX_CHARACTERS = 1000  # of a sentence
MIN_PAIRS = 10
_QUOTED = re.compile('"(?:[^"]|"")*"(?:\t"(?:[^"]|"")*")+')  # a line with marks around each cell
WANTED = "a text file with a sentence, a tab and its translation a line"


def corpus(path: str, validation: float = 0.1, test: float = 0.1, seed: int = 0) -> Corpus:
    """The pairs of a file, split so that no sentence of either side of them is on two sides of the split.

    See `data.splitting.split_pairs`. That a file is not UTF-8 is logged as a warning.

    Args:
        path: Of the file.
        validation: Share of the pairs that is kept for validation.
        test: Share that is kept for the test.
        seed: Another seed, other pairs in validation and test.

    Raises:
        DataUnavailable: The file can't be read as pairs, or has too few of them.
    """
    if validation < 0 or test < 0 or validation + test >= 1:
        raise ValueError(
            f"validation and test must be at least 0 and sum to less than 1. Received: {validation!r} and "
            f"{test!r}"
        )
    file = files.path_of(path)
    pairs, note = parse(files.read_bytes(file, "pairs", WANTED, "--data.file PATH", MAX_BYTES), file.name)
    files.warn(file.name, note)
    shares = (test, validation)
    wanted = tuple(max(1, round(share * len(pairs))) if share else 0 for share in shares)
    sides = divided(pairs, wanted, seed)
    if any(share and not len(side) for share, side in zip((*shares, 1), sides, strict=True)):
        refuse(
            file.name,
            f"its {len(pairs)} pairs share so many sentences that they can't be split so that none is on two "
            f"sides. Add pairs of other sentences",
        )
    held, kept, learned = sides
    return Corpus(files.one_line(file.stem), ("", ""), "your own", "", learned, kept, held)


def parse(content: str | bytes, name: str) -> tuple[Pairs, str]:
    """The pairs in a file's content, tidied; each once.

    Empty lines and further columns are left out. A cell that a spreadsheet has put between quotation marks,
    because it has such marks in it, is taken out of them; so are all cells where every one has them.

    Args:
        content: The file's bytes, or text; see `files.decode` for encodings.
        name: Of the file, for messages.

    Returns: The pairs; and a sentence about the encoding where it had to be guessed, else "".

    Raises:
        DataUnavailable: It is too large, no text, or has a line that is no pair; or there are too few.
    """
    decoded = files.decode(content, name, WANTED, MAX_BYTES)
    text, note = decoded.text, decoded.note
    found: dict[tuple[str, str], None] = {}
    lines = re.split("\r\n|\r|\n", text)
    _check_columns([line.split("\t") for line in lines if line.strip()], name)
    quoted = all(_QUOTED.fullmatch(line) for line in lines if line.strip())
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        cells = line.split("\t")
        if len(cells) == 1:
            refuse(name, f"line {number} has one column: {line[:30]!r}. Needed is {WANTED}")
        pair = (tidy(_unquoted(cells[0], quoted)), tidy(_unquoted(cells[1], quoted)))
        for sentence, what in zip(pair, ("sentence before", "translation after"), strict=True):
            if not sentence:
                refuse(name, f"line {number} has no {what} the tab")
            if len(sentence) > MAX_CHARACTERS:
                refuse(
                    name,
                    f"line {number} has a sentence of {len(sentence):,} characters, more than "
                    f"{MAX_CHARACTERS:,}. Split it or leave it out",
                )
        found[pair] = None
        if len(found) > MAX_PAIRS:
            refuse(name, f"it has more than {MAX_PAIRS:,} pairs. Keep a part of them")
    if len(found) < MIN_PAIRS:
        refuse(name, f"it has {len(found)} different pairs; at least {MIN_PAIRS} are needed. {WANTED}")
    return _pairs(list(found)), note


def divided(
    pairs: Pairs, wanted: tuple[int, ...], seed: int = 0, largest: int | None = None
) -> tuple[Pairs, ...]:
    """Pairs split by `data.splitting.split_pairs`, which has the same arguments."""
    sides = split_pairs(pairs.source, pairs.target, wanted, seed, largest)
    return tuple(_pairs([(pairs.source[place], pairs.target[place]) for place in side]) for side in sides)


def _pairs(rows: list[tuple[str, str]]) -> Pairs:
    return Pairs(tuple(source for source, _ in rows), tuple(target for _, target in rows))


def _check_columns(rows: Sequence[list[str]], name: str) -> None:
    """Refuse numbers of sentences before the sentences, such as Tatoeba's and pandas' files have."""
    if len(rows) >= MIN_PAIRS and all(len(cells) > 2 and cells[0].strip().isdecimal() for cells in rows):
        refuse(
            name,
            f"its first column holds numbers alone, such as {rows[0][0].strip()[:20]!r}, and others follow. "
            f"Remove the columns that are not a sentence or its translation. Needed is {WANTED}",
        )


def _unquoted(cell: str, quoted: bool) -> str:
    """A cell without the quotation marks that a program put around it; `quoted`: around all of them."""
    cell = cell.strip()
    inner = cell[1:-1]
    if quoted:
        return inner.replace('""', '"')
    if len(cell) > 1 and cell[0] == cell[-1] == '"' and '"' in inner and '"' not in inner.replace('""', ""):
        return inner.replace('""', '"')
    return cell
