"""Multi30K: six registered files become three sides that share no sentence."""

import gzip
import hashlib
import json
import textwrap

import pytest

from data import DataUnavailable, downloads, multi30k
from data.corpus import Pairs
from tests.conftest import ROOT, run_python
from tests.data.test_pairs_file import assert_nothing_shared

SENTENCES = {
    "train.fr.gz": ["Un chien.", "Un  chat\u2028noir !", "Deux hommes.", "Une fille.", "Un garçon."],
    "train.en.gz": ["A dog.", "A black cat!", "two men", "A girl.", "A boy."],
    "val.fr.gz": ["Trois chevaux.", "UNE FILLE"],
    "val.en.gz": ["Three horses.", "One girl."],
    "test_2016_flickr.fr.gz": ["Quelques hommes.", "Une rue."],
    "test_2016_flickr.en.gz": ["Two men.", "A street."],
}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Put files where TensorFlow Datasets looks for finished downloads, and register them."""
    from tensorflow_datasets.core.download import resource
    from tensorflow_datasets.core.download.checksums import UrlInfo

    import data.builders

    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    folder = tmp_path / "downloads" / "multi30k_fr_en"
    folder.mkdir(parents=True)

    def put(contents: dict[str, bytes], registered: dict[str, bytes] | None = None) -> None:
        files, infos = {}, {}
        for name, content in (registered or contents).items():
            url, digest = multi30k.URL + name, hashlib.sha256(content).hexdigest()
            files[name] = (len(content), digest)
            infos[url] = UrlInfo(size=len(content), checksum=digest, filename=name)
            target = folder / resource.get_dl_fname(url, digest)
            target.write_bytes(contents[name])
            information = {"checksum": digest, "size": len(content), "filename": name}
            target.with_name(f"{target.name}.INFO").write_text(
                json.dumps({"urls": [url], "url_info": information})
            )
        monkeypatch.setattr(multi30k, "FILES", files)
        monkeypatch.setattr(data.builders.Multi30kFrEn, "url_infos", infos)

    return put


def packed() -> dict[str, bytes]:
    return {name: gzip.compress("".join(f"{s}\n" for s in rows).encode()) for name, rows in SENTENCES.items()}


def test_files_become_sides_that_share_no_sentence(place):
    place(packed())
    corpus = multi30k.corpus()
    assert corpus.test == Pairs(("Quelques hommes.", "Une rue."), ("Two men.", "A street."))
    assert corpus.validation == Pairs(("Trois chevaux.", "UNE FILLE"), ("Three horses.", "One girl."))
    assert corpus.train == Pairs(
        ("Un chien.", "Un chat noir !", "Un garçon."), ("A dog.", "A black cat!", "A boy.")
    )
    assert corpus.languages == ("fr", "en")
    assert "1605.00459" in corpus.citation


@pytest.mark.parametrize("spoil", [lambda c: c[:-9], lambda c: c[:-1] + bytes([c[-1] ^ 1]), lambda c: b""])
def test_a_download_that_is_not_the_registered_one_is_refused(place, spoil):
    good = packed()
    place({**good, "val.en.gz": spoil(good["val.en.gz"])}, registered=good)
    with pytest.raises(DataUnavailable, match="not the registered SHA-256 of val.en.gz; delete it") as told:
        multi30k.corpus()
    assert "use the embedded source: numbers_fr_en" in str(told.value)
    assert "\n" not in str(told.value)


def test_files_of_different_lengths_are_told(place):
    place({**packed(), "val.en.gz": gzip.compress(b"Three horses.\n")})
    with pytest.raises(DataUnavailable, match="multi30k_fr_en: preparing it in"):
        multi30k.corpus()


def test_all_six_files_are_registered():
    import tensorflow_datasets as tfds

    import data.builders  # noqa: F401

    builder = tfds.builder("multi30k_fr_en", data_dir=downloads.root())
    assert len(builder.url_infos) == 6
    info = builder.url_infos[multi30k.URL + "train.fr.gz"]
    assert (int(info.size), info.checksum[:8]) == (604_242, "622e7506")


def test_without_a_network_one_sentence_comes_and_the_library_is_not_loaded_before(tmp_path):
    code = """
        import sys, socket
        sys.path.insert(0, sys.argv[1])
        def refuse(address, *_):
            raise socket.gaierror(-2, "Name or service not known")
        socket.create_connection = refuse
        from data import DataUnavailable, multi30k, numbers, pairs_file, tatoeba
        print("tensorflow_datasets" in sys.modules)
        try:
            multi30k.corpus()
        except DataUnavailable as error:
            print(error)
        """
    printed = run_python(textwrap.dedent(code), ROOT, environment={"TFDS_DATA_DIR": str(tmp_path)})
    loaded, message = printed.splitlines()
    assert loaded == "False"
    assert "raw.githubusercontent.com does not answer" in message
    assert message.endswith("use the embedded source: numbers_fr_en")


@pytest.mark.datasets
def test_the_official_sides():
    try:
        corpus = multi30k.corpus()
    except DataUnavailable as error:
        pytest.skip(str(error))
    assert len(corpus.test) == 1000
    assert 1000 < len(corpus.validation) <= 1014
    assert 28_900 < len(corpus.train) < 29_000
    assert corpus.train.source[0] == "Deux jeunes hommes blancs sont dehors près de buissons."
    assert corpus.train.target[0] == "Two young, White males are outside near many bushes."
    assert_nothing_shared(corpus)
