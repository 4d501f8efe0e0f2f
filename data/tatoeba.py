"""Tatoeba: everyday sentences in French and in English, from a file that people download by hand."""

import zipfile
import zlib
from pathlib import Path

from data import pairs_file
from data.corpus import Corpus, Pairs
from data.downloads import prepared_builder
from data.multi30k import read_pairs
from data.source import DataUnavailable

NAME = "tatoeba_fr_en"
HOMEPAGE = "https://www.manythings.org/anki"
ARCHIVE, MEMBER = "fra-eng.zip", "fra.txt"
LICENCE = "CC BY 2.0 FR; attribution: www.manythings.org/anki and tatoeba.org"
CITATION = "Sentences of the Tatoeba Project, tatoeba.org, paired by www.manythings.org/anki"
HELD_OUT = 5000  # pairs of validation, and of the test
LARGEST = 20  # pairs of a group in either: a hundred ways to say that one is well measure little else


def corpus(seed: int = 0) -> Corpus:
    """Pairs split so that no sentence of either language is on two sides.

    One sentence may have several translations, each a pair. Pairs that share a sentence, directly or
    through others, make a group, and a whole group goes to one side; see `data.splitting.split_pairs`.
    Of the 164,152 pairs of the archive of 2019-04-07, 154,152 are learned, 5,000 are in validation and 5,000
    in the test; reading them takes some ten seconds.

    Args:
        seed: Another seed, other sentences in validation and test.

    Raises:
        DataUnavailable: The archive is not here, or is broken.
    """
    builder = prepared_builder(NAME, "numbers_fr_en", {ARCHIVE: f"{HOMEPAGE}/{ARCHIVE}"})
    test, validation, train = pairs_file.divided(
        read_pairs(builder, "train"), (HELD_OUT, HELD_OUT), seed, LARGEST
    )
    return Corpus(NAME, ("fr", "en"), LICENCE, CITATION, train, validation, test)


def read_archive(path: Path) -> Pairs:
    """The pairs of the archive, French to English, tidied; each once.

    Raises:
        DataUnavailable: It is broken, too large, or holds something else.
    """
    try:
        with zipfile.ZipFile(path) as archive, archive.open(MEMBER) as member:
            content = member.read(pairs_file.MAX_BYTES + 1)  # of a bomb no more than that is unpacked
    except KeyError as error:
        raise DataUnavailable(f"{path} has no {MEMBER} in it") from error
    except (OSError, EOFError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        # a RuntimeError where it is encrypted or packed in a way that Python doesn't know
        raise DataUnavailable(f"{path} can't be unpacked ({error}). Download it again") from error
    pairs, _ = pairs_file.parse(content, MEMBER)
    return Pairs(source=pairs.target, target=pairs.source)  # it has the English first
