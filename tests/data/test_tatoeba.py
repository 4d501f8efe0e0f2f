"""Tatoeba: from an archive that people download, which may be missing, broken or hostile."""

import zipfile

import pytest

from data import DataUnavailable, downloads, pairs_file, tatoeba
from tests.data.test_pairs_file import assert_nothing_shared

# Of each three pairs two share their English, and of each six two their French but for its marks.
TEXT = "".join(
    f"Sentence {i // 3 if i % 3 else -i}.\tPhrase {i - i % 2 if i % 6 < 2 else i}{'!' * (i % 2)}\tCC-BY 2.0 {i}\n"
    for i in range(600)
)


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """Where the archive belongs, in a folder of its own."""
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    downloads.manual_folder().mkdir(parents=True)
    return downloads.manual_folder() / "fra-eng.zip"


def pack(path, text: str, member: str = "fra.txt") -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("_about.txt", "about")
        file.writestr(member, text)


def test_an_archive_becomes_a_corpus(archive, monkeypatch, capsys):
    monkeypatch.setattr(tatoeba, "HELD_OUT", 50)
    pack(archive, TEXT)
    corpus = tatoeba.corpus()
    assert sum(map(len, (corpus.train, corpus.validation, corpus.test))) == 600
    assert all(50 <= len(side) < 50 + tatoeba.LARGEST for side in (corpus.validation, corpus.test))
    assert all(s.startswith("Phrase") for s in corpus.test.source)
    assert all(t.startswith("Sentence") for t in corpus.test.target)
    assert len(set(corpus.test.target)) < len(corpus.test)  # a sentence may have several translations
    assert_nothing_shared(corpus)
    assert "www.manythings.org/anki and tatoeba.org" in corpus.licence
    archive.unlink()  # it is prepared
    assert tatoeba.corpus() == corpus
    assert tatoeba.corpus(seed=1).test != corpus.test
    assert capsys.readouterr().out == ""


def test_a_missing_archive_is_told_with_the_way_out(archive):
    with pytest.raises(DataUnavailable) as told:
        tatoeba.corpus()
    message = str(told.value)
    assert message.startswith("tatoeba_fr_en: fra-eng.zip is not in ")
    assert str(archive.parent) in message
    assert "https://www.manythings.org/anki/fra-eng.zip" in message
    assert message.endswith("or use the embedded source: numbers_fr_en")
    assert "\n" not in message


def cut(path) -> None:
    pack(path, TEXT)
    path.write_bytes(path.read_bytes()[:-100])


def spoil(path) -> None:
    pack(path, TEXT)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)


def lock(path) -> None:
    """Say that the members are encrypted, in both places where an archive says so."""
    pack(path, TEXT)
    content = path.read_bytes()
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        parts = content.split(mark)
        content = mark.join([parts[0]] + [p[: place - 4] + b"\x01" + p[place - 3 :] for p in parts[1:]])
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path.write_bytes(b"<html>not found</html>"), "can't be unpacked .*Download it again"),
        (lambda path: path.write_bytes(b""), "can't be unpacked"),
        (cut, "can't be unpacked"),
        (spoil, "can't be unpacked"),
        (lock, "can't be unpacked .*encrypted"),
        (lambda path: pack(path, TEXT, "../fra.txt"), "has no fra.txt in it"),
        (lambda path: pack(path, "Go.\n" * 20), "fra.txt: line 1 has one column"),
        (lambda path: pack(path, "0\t" * 2_000_000), "fra.txt: it has .* MiB, more than"),
    ],
)
def test_a_bad_archive_is_told(archive, monkeypatch, make, said):
    monkeypatch.setattr(pairs_file, "MAX_BYTES", 2**20)
    make(archive)
    with pytest.raises(DataUnavailable, match=said) as told:
        tatoeba.corpus()
    assert "\n" not in str(told.value)
    assert "use the embedded source: numbers_fr_en" in str(told.value)
    assert [path.name for path in archive.parent.iterdir()] == ["fra-eng.zip"]


@pytest.mark.datasets
def test_the_archive_of_tatoeba():
    try:
        corpus = tatoeba.corpus()
    except DataUnavailable as error:
        pytest.skip(str(error))
    assert len(corpus.train) > 150_000
    assert len(corpus.validation) == pytest.approx(5000, abs=tatoeba.LARGEST)
    assert len(corpus.test) == pytest.approx(5000, abs=tatoeba.LARGEST)
    assert_nothing_shared(corpus)
    assert ("Va !", "Go.") in set(zip(corpus.train.source, corpus.train.target, strict=True)) | set(
        zip(corpus.test.source, corpus.test.target, strict=True)
    ) | set(zip(corpus.validation.source, corpus.validation.target, strict=True))
