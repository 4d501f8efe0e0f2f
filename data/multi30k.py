"""Multi30K: descriptions of photographs in French and in English, through TensorFlow Datasets."""

import gzip
import hashlib
import zlib
from pathlib import Path

from data.corpus import Corpus, Pairs
from data.downloads import prepared_builder
from data.files import tidy
from data.source import DataUnavailable
from data.splitting import sentence_key

NAME = "multi30k_fr_en"
HOMEPAGE = "https://github.com/multi30k/dataset"
URL = "https://raw.githubusercontent.com/multi30k/dataset/master/data/task1/raw/"
SPLITS = {"train": "train", "validation": "val", "test": "test_2016_flickr"}  # ours, and its files'
# Bytes and SHA-256 of each file.
FILES = {
    "train.fr.gz": (604242, "622e75069e9f4c577425c4f277116ce66e63a2401c0a2312d90073cb12379a3c"),
    "train.en.gz": (568929, "d79cfa999dd4c51d2cb42499b6796d5a882c3a8a961923c25a898c90f8bbd56f"),
    "val.fr.gz": (23001, "ca3106f1a72390591d25f6c45cb4cd39dec4cd3f123e099748a3ce5256c160e9"),
    "val.en.gz": (21650, "14f7d25ddd868909a9213e361768460edcacdd6ab9d1e77b92560dc10c10dc28"),
    "test_2016_flickr.fr.gz": (22310, "6d326e188d259fb1d04ac19eae3af956559b3a0b93d7635e56c90987c40c8b90"),
    "test_2016_flickr.en.gz": (21077, "611d361c6334bc7246101d48097c13cf5c4413c5befc793cc629934359d532d9"),
}
# Its makers state no licence of its own; https://github.com/multi30k/dataset/issues/8 says whose it has.
LICENCE = "that of Flickr30K: for non-commercial research and education"
CITATION = (
    "Elliott et al. 2016, Multi30K: Multilingual English-German Image Descriptions, arXiv:1605.00459; the "
    "French: Elliott et al. 2017, Findings of the Second Shared Task on Multimodal Machine Translation and "
    "Multilingual Image Description, arXiv:1710.07177"
)


def corpus() -> Corpus:
    """The official sides, less what would be known from one to another; downloaded where it has not been.

    Of the test of 2016 (Flickr) all 1,000 pairs are kept. Pairs are left out of validation if one of their
    sentences is in the test, and out of training if one is in validation or the test; sentences are
    compared by their letters and digits alone. So of 29,000 pairs 28,996 are learned, and all 1,014 are in
    validation.

    Raises:
        DataUnavailable: The sentences are not here and can't be downloaded, or their files are broken.
    """
    builder = prepared_builder(NAME, embedded="numbers_fr_en")
    train, validation, test = (read_pairs(builder, split) for split in SPLITS)
    return Corpus(
        name=NAME,
        languages=("fr", "en"),
        licence=LICENCE,
        citation=CITATION,
        train=without_sentences(train, validation, test),
        validation=without_sentences(validation, test),
        test=test,
    )


def without_sentences(pairs: Pairs, *others: Pairs) -> Pairs:
    """The pairs of which neither sentence is among those of the same language in `others`."""
    sources, targets = (
        {sentence_key(sentence) for other in others for sentence in getattr(other, side)}
        for side in ("source", "target")
    )
    kept = [
        (source, target)
        for source, target in zip(pairs.source, pairs.target, strict=True)
        if sentence_key(source) not in sources and sentence_key(target) not in targets
    ]
    return Pairs(tuple(source for source, _ in kept), tuple(target for _, target in kept))


def read_pairs(builder, split: str) -> Pairs:
    """The French and English sentences of a split of a prepared data set."""
    import tensorflow_datasets as tfds

    examples = tfds.as_numpy(builder.as_dataset(split=split, batch_size=-1))
    french, english = (tuple(text.decode() for text in examples[side]) for side in ("fr", "en"))
    return Pairs(french, english)


def read_file(path: Path, name: str) -> list[str]:
    """The sentences in one of `FILES`, tidied.

    Raises:
        DataUnavailable: It is not the registered file. The library trusts a download that it finds.
    """
    content = path.read_bytes()
    size, checksum = FILES[name]
    if len(content) != size or hashlib.sha256(content).hexdigest() != checksum:
        raise DataUnavailable(f"{path} has not the registered SHA-256 of {name}; delete it")
    try:
        lines = gzip.decompress(content).decode().split("\n")  # not splitlines: only that is a line's end
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise DataUnavailable(f"{path} is broken ({error}); delete it") from error
    return [tidy(line) for line in (lines[:-1] if lines[-1] == "" else lines)]
