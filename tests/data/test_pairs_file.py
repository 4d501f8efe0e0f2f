"""Pairs of one's own: what is read is what stands there, sides share no sentence, a bad file is told."""

import numpy as np
import pytest

from data import DataUnavailable, pairs_file
from data.corpus import Corpus, Pairs
from data.splitting import linked, sentence_key, split_pairs


def lines(count: int, start: int = 0) -> str:
    return "".join(f"phrase {i}\tsentence {i}\n" for i in range(start, start + count))


def keys(pairs: Pairs) -> tuple[set[str], set[str]]:
    return {sentence_key(s) for s in pairs.source}, {sentence_key(s) for s in pairs.target}


def assert_nothing_shared(corpus: Corpus) -> None:
    sides = [keys(side) for side in (corpus.train, corpus.validation, corpus.test)]
    for language in (0, 1):
        for one, other in ((0, 1), (0, 2), (1, 2)):
            assert not sides[one][language] & sides[other][language]


def test_pairs_are_read(tmp_path):
    path = tmp_path / "own.tsv"
    path.write_text(lines(100), encoding="utf-8")
    corpus = pairs_file.corpus(str(path), validation=0.1, test=0.2)
    assert (corpus.name, corpus.languages, corpus.licence) == ("own", ("", ""), "your own")
    assert [len(side) for side in (corpus.train, corpus.validation, corpus.test)] == [70, 10, 20]
    assert all(
        s.replace("phrase", "sentence") == t
        for s, t in zip(corpus.train.source, corpus.train.target, strict=True)
    )
    assert_nothing_shared(corpus)
    assert pairs_file.corpus(str(path), validation=0.1, test=0.2) == corpus
    assert pairs_file.corpus(str(path), validation=0.1, test=0.2, seed=1).test != corpus.test


@pytest.mark.parametrize(
    ("encoding", "noted"),
    [("utf-8", False), ("utf-8-sig", False), ("utf-16", False), ("cp1252", True), ("latin-1", True)],
)
def test_encodings(encoding, noted):
    pairs, note = pairs_file.parse(
        (lines(10) + "Ça va été ?\tIs it all right?\n").encode(encoding), "own.tsv"
    )
    assert pairs.source[0] == "phrase 0"
    assert pairs.source[-1] == "Ça va été ?"
    assert ("not UTF-8" in note) == noted


def test_a_guessed_encoding_is_logged(tmp_path, caplog):
    (tmp_path / "own.tsv").write_bytes((lines(20) + "été\tsummer\n").encode("latin-1"))
    pairs_file.corpus(str(tmp_path / "own.tsv"))
    assert "own.tsv: it is not UTF-8" in caplog.text


@pytest.mark.parametrize(
    ("line", "pair"),
    [
        ("un\tone\tsomeone's name\tmore", ("un", "one")),
        (" Bonjour\u202f!  \u00a0Salut\u00a0! \t Hi! ", ("Bonjour ! Salut !", "Hi!")),
        ("e\u0301te\u0301\tsummer", ("été", "summer")),
        ("\x1b[31mrouge\x07\t\u202ered\u200b", ("[31mrouge", "red")),
        ('"Il dit ""oui"""\t"Yes"', ('Il dit "oui"', '"Yes"')),
        ('"Oui"\tHe said "yes" and "no"', ('"Oui"', 'He said "yes" and "no"')),
    ],
)
def test_sentences_are_tidied(line, pair):
    pairs, _ = pairs_file.parse(f"\n{line}\r\n   \r\n\r\n{line}\n" + lines(10), "own.tsv")
    assert len(pairs) == 11  # no empty line, and none twice
    assert (pairs.source[0], pairs.target[0]) == pair


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "0 different pairs; at least 10"),
        (lines(9) * 3, "9 different pairs; at least 10"),
        (lines(3) + "\nalone\n" + lines(20), "line 5 has one column: 'alone'"),
        ("un;one\n" * 20, "line 1 has one column: 'un;one'. Needed is a text file with a sentence, a tab"),
        (lines(3) + "un\t \n", "line 4 has no translation after the tab"),
        (lines(3) + "\u200b\tone\n", "line 4 has no sentence before the tab"),
        (lines(3) + "x" * 1001 + "\ty\n", "line 4 has a sentence of 1,001 characters, more than 1,000"),
        (b"PK\x03\x04\x00\x00\x00\x08" * 50, "no text file"),
        (b"\xff\xfe\x00", "no text file"),
        (b"\x1b]0;owned\x07" * 30, "line 1 has one column"),
    ],
)
def test_a_bad_file_is_told_in_one_sentence(content, said):
    with pytest.raises(DataUnavailable, match=said) as told:
        pairs_file.parse(content, "own.tsv")
    message = str(told.value)
    assert message.startswith("own.tsv: ")
    assert message.isprintable()


def test_what_is_too_much_is_told(tmp_path, monkeypatch):
    path = tmp_path / "own.tsv"
    path.write_text(lines(40))
    monkeypatch.setattr(pairs_file, "MAX_PAIRS", 30)
    with pytest.raises(DataUnavailable, match="more than 30 pairs"):
        pairs_file.corpus(str(path))
    monkeypatch.setattr(pairs_file, "MAX_BYTES", 100)
    with pytest.raises(DataUnavailable, match="own.tsv: it has 0 MiB, more than"):
        pairs_file.corpus(str(path))


def test_files_that_are_none_are_told(tmp_path):
    for path in (tmp_path, tmp_path / "gone.tsv", "", "a\0b"):
        with pytest.raises(
            DataUnavailable, match="pairs: .*can't be read .* Name a text file .* --data.file PATH"
        ):
            pairs_file.corpus(str(path))


@pytest.mark.parametrize("text", [
    "".join(f"phrase {i}\tthe same\n" for i in range(50)),
    "".join(f"phrase {i % 25}\tsentence {i // 2}\n" for i in range(50)),  # a ring
    lines(1) + "".join(f"phrase {i}\tthe same\n" for i in range(1, 30)),
])  # fmt: skip
def test_pairs_that_all_share_sentences_can_not_be_split(tmp_path, text):
    (tmp_path / "own.tsv").write_text(text)
    with pytest.raises(DataUnavailable, match="share so many sentences"):
        pairs_file.corpus(str(tmp_path / "own.tsv"))


def test_shares_that_leave_nothing_are_refused():
    with pytest.raises(ValueError, match="sum to less than 1. Received: 0.5 and 0.5"):
        pairs_file.corpus("x", validation=0.5, test=0.5)


def test_without_validation_the_rest_is_learned(tmp_path):
    (tmp_path / "own.tsv").write_text(lines(10))
    corpus = pairs_file.corpus(str(tmp_path / "own.tsv"), validation=0)
    assert [len(side) for side in (corpus.train, corpus.validation, corpus.test)] == [9, 0, 1]


def test_a_chain_of_shared_sentences_is_one_group():
    groups = linked(["a", "a", "b", "c", "x"], ["1", "2", "2", "3", "a"])
    assert len(set(groups[:3])) == 1
    assert len(set(groups)) == 3  # that "a" is a word of both languages links nothing


def test_sentences_that_differ_by_marks_alone_are_one():
    assert sentence_key("J\u2019ai gagné !") == sentence_key("j'ai  gagné.")
    assert sentence_key("?!") == "?!"
    assert sentence_key("Gagne") != sentence_key("Gagné")


def test_linked_pairs_stay_together_in_any_order():
    random = np.random.default_rng(0)
    source = [f"Source {n}{random.choice(['.', '!', ''])}" for n in random.integers(0, 900, 1000)]
    target = [f"Target {n}{random.choice(['.', '!', ''])}" for n in random.integers(0, 9000, 1000)]
    sides = split_pairs(source, target, (100, 100), largest=5)
    assert sorted(np.concatenate(sides)) == list(range(1000))
    assert all(100 <= len(side) < 105 for side in sides[:2])
    groups = linked([sentence_key(s) for s in source], [sentence_key(t) for t in target])
    found = [set(groups[side]) for side in sides]
    assert sum(map(len, found)) == len(set(groups))
    assert np.bincount(groups)[list(found[0] | found[1])].max() <= 5 < np.bincount(groups).max()
    order = random.permutation(1000)
    again = split_pairs([source[i] for i in order], [target[i] for i in order], (100, 100), largest=5)
    assert [sorted(order[side]) for side in again] == [side.tolist() for side in sides]
