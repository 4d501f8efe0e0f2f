"""Film reviews: official sides that share no text, the end of long ones, a calm word where they can't be had."""

import numpy as np
import pytest
import tensorflow as tf

from data import DataUnavailable, downloads, reviews
from data.sequences import END
from data.text import TOKENIZER_FILE
from data.tokens import Tokenizer

WORDS = ("film", "actor", "scene", "ending", "plot", "music", "joke", "story")


def written(count: int, seed: int) -> tuple[list[str], list[int]]:
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, count).tolist()
    praise = ("dreadful", "splendid")
    texts = [f"The {' '.join(random.choice(WORDS, 6))}<br /><br />is {praise[label]}." for label in labels]
    return texts, labels


class Builder:
    """What TensorFlow Datasets gives for the reviews."""

    def __init__(self, **sides: tuple[list[str], list[int]]) -> None:
        self.sides = sides

    def as_dataset(self, split: str) -> tf.data.Dataset:
        texts, labels = self.sides[split]
        return tf.data.Dataset.from_tensor_slices({"text": texts, "label": labels})


@pytest.fixture
def sides(monkeypatch):
    train, test = written(80, 0), written(20, 1)
    train[0].extend([test[0][0], train[0][0]])  # one of the test, and one that is there already
    train[1].extend([test[1][0], train[1][0]])
    monkeypatch.setattr(reviews, "prepared_builder", lambda name, embedded: Builder(train=train, test=test))
    return train, test


def test_sides_share_no_review_and_keep_their_labels(sides):
    source = reviews.Config(vocabulary=300).load()
    tokenizer = Tokenizer.from_json(source.files[TOKENIZER_FILE])
    told = [
        [tokenizer.decode(side.inputs[place].tolist()) for place in range(len(side))]
        for side in (source.train, source.validation, source.test)
    ]
    assert sum(map(len, told)) == len(set().union(*told)) == 100
    assert len(told[2]) == 20
    for texts, side in zip(told, (source.train, source.validation, source.test), strict=True):
        assert ["splendid" in text for text in texts] == (side.targets == 1).tolist()
        assert all("br" not in text for text in texts)
    assert source.spec.classes == ("negative", "positive")
    assert source.spec.tokens == tokenizer.size


def test_of_a_long_review_the_end_is_read(sides):
    config = reviews.Config(vocabulary=300, length=5)
    source = config.load()
    kept = dict(source.files)
    tokenizer = Tokenizer.from_json(kept[TOKENIZER_FILE])
    text = "The music and the plot of this film: the ending is splendid."
    tokens = config.read(text, source.spec, kept)
    assert tokens.tolist() == [*tokenizer.encode(text)[-4:], END]
    assert max(source.test.inputs.lengths) == 5


def test_a_run_reads_by_the_tokenizer_that_it_keeps(sides):
    kept = dict(reviews.Config(vocabulary=300).load().files)
    again = reviews.Config(vocabulary=5000).load(kept)
    assert again.files == kept


def test_what_cannot_be_read_is_said(sides):
    config = reviews.Config(vocabulary=300)
    source = config.load()
    with pytest.raises(DataUnavailable, match="the review is empty: write some words"):
        config.read(" <br /> ", source.spec, dict(source.files))
    with pytest.raises(DataUnavailable, match="has lost its tokenizer"):
        config.read("good", source.spec)


def test_without_a_network_the_embedded_source_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))

    def unreachable(*arguments):
        raise OSError("Network is unreachable")

    monkeypatch.setattr(downloads.socket, "create_connection", unreachable)
    with pytest.raises(DataUnavailable, match="use the embedded source: pronouns"):
        reviews.Config().load()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"vocabulary": 10}, "vocabulary must be at least 300. Received: 10"),
        ({"length": 1}, "length must be at least 2. Received: 1"),
        ({"validation": 1.0}, "validation must be above 0 and below 1. Received: 1.0"),
    ],
)
def test_settings_that_break_a_rule_are_named(fields, message):
    with pytest.raises(ValueError, match=message):
        reviews.Config(**fields)
