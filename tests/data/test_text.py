"""Texts: tokens to the letter, blocks, their division, and files that are none."""

import keras
import numpy as np
import pytest

from data import DataUnavailable, text
from data.text import TOKENIZER_FILE, BlockStream, TextSplit
from data.text_tokens import Characters, Pieces, from_json
from data.tokens import SPECIAL, UNKNOWN
from models import gpt
from training import optimizers, strategy
from training.loop import Loop, Schedule
from training.objectives import Supervised

STORY = "Once upon a time — naïve, 3 · 7 = 21.\n\tThe end. 🙂\n"


def own(folder, content: str | bytes, **settings) -> text.Config:
    path = folder / "story.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return text.Config(file=str(path), **settings)


@pytest.mark.parametrize("kind", ["characters", "pieces"])
def test_a_text_comes_back_to_the_letter(kind):
    tokenizer = (
        Characters("".join(sorted(set(STORY)))) if kind == "characters" else Pieces.learned([STORY], 400)
    )
    again = from_json(tokenizer.to_json())
    for one in (tokenizer, again):
        assert one.decode(one.encode(STORY).tolist()) == STORY
        assert one.size == tokenizer.size > len(SPECIAL)
        assert min(one.encode(STORY)) >= len(SPECIAL)
    np.testing.assert_array_equal(again.encode(STORY), tokenizer.encode(STORY))
    assert "".join(tokenizer.pieces(tokenizer.encode("Once").tolist())) == "Once"
    assert tokenizer.pieces([2]) == ["[END]"]


def test_a_strange_character_is_unknown_and_told():
    tokenizer = Characters("abc")
    assert tokenizer.encode("a☃b\U0001f642").tolist() == [4, UNKNOWN, 5, UNKNOWN]
    assert tokenizer.strangers("a☃b☃\U0001f642") == ["☃", "\U0001f642"]
    assert Pieces.learned(["abc"], 300).strangers("☃") == []
    assert tokenizer.decode([0, 1, 4, 2, 3]) == "a"


def test_what_reads_like_a_special_token_is_text():
    tokenizer = from_json(Pieces.learned(["abc"], 300).to_json())
    assert tokenizer.decode(tokenizer.encode("x[END]y").tolist()) == "x[END]y"
    assert min(tokenizer.encode("[PAD][END]")) >= len(SPECIAL)


@pytest.mark.parametrize("content", ["{", "[]", '{"characters": ""}', '{"other": 1}'])
def test_what_is_no_tokenizer_is_refused(content):
    with pytest.raises(ValueError, match="no tokenizer|alphabet"):
        from_json(content)


def test_blocks_predict_each_token_once():
    split = TextSplit(np.arange(10, 24).astype("uint16"), block=4)
    blocks = split.blocks()
    assert len(split) == len(blocks) == 3
    given, targets, weights = blocks.batch(np.arange(3))
    assert given.tolist() == [[10, 11, 12, 13], [14, 15, 16, 17], [18, 19, 20, 21]]
    assert targets.tolist() == [[11, 12, 13, 14], [15, 16, 17, 18], [19, 20, 21, 22]]
    assert weights.all()


def batches(stream: BlockStream, start: int, replicas: int, first: int, count: int, steps: int):
    resident = stream.resident()
    elements = stream.shards(start, replicas, first, count).take(steps * count)
    return [[x.numpy() for x in stream.materialize(element, resident)] for element in elements]


def test_blocks_begin_anywhere_and_are_what_follows():
    tokens = np.random.default_rng(0).integers(4, 60, 500).astype("uint16")
    stream = BlockStream(TextSplit(tokens, 8), batch_size=6, seed=1)
    places = set()
    for given, targets, weights in batches(stream, 0, 1, 0, 1, 60):
        assert given.shape == targets.shape == weights.shape == (6, 8)
        for row, following in zip(given, targets, strict=True):
            (place,) = [p for p in range(492) if (tokens[p : p + 8] == row).all()]
            np.testing.assert_array_equal(following, tokens[place + 1 : place + 9])
            places.add(place)
    assert len(places) > 200
    assert max(places) > 480
    assert min(places) < 12


def test_places_follow_from_seed_and_step_on_any_number_of_replicas():
    split = TextSplit(np.random.default_rng(0).integers(4, 60, 500).astype("uint16"), 8)
    stream = BlockStream(split, batch_size=6, seed=1)
    whole = batches(stream, 0, 1, 0, 1, 5)
    resumed = batches(stream, 3, 1, 0, 1, 2)
    np.testing.assert_array_equal(whole[3][0], resumed[0][0])
    halves = batches(stream, 0, 2, 0, 2, 5)
    np.testing.assert_array_equal(np.concatenate([halves[2][0], halves[3][0]]), whole[1][0])
    second = batches(stream, 0, 2, 1, 1, 5)
    np.testing.assert_array_equal(second[1][0], halves[3][0])
    other = batches(BlockStream(split, 6, seed=2), 0, 1, 0, 1, 1)
    assert (other[0][0] != whole[0][0]).any()


def test_the_documentation_is_read_and_divided():
    config = text.Config("docs_text", vocabulary=500, block=32)
    source = config.load()
    assert source.spec.tokens == source.spec.outputs == 500
    assert source.spec.every_step
    assert source.spec.continued
    tokenizer = from_json(source.files[TOKENIZER_FILE])
    learned = tokenizer.decode(source.train.tokens[:200_000].tolist())
    assert "statement" in learned
    assert (source.train.tokens == SPECIAL.index("[END]")).sum() > 100  # documents
    sizes = [len(source.train), len(source.validation), len(source.test)]
    assert sizes[0] == pytest.approx(18 * sizes[1], rel=0.05)
    assert sizes[1] == pytest.approx(sizes[2], abs=2)
    again = config.load(source.files)
    np.testing.assert_array_equal(again.train.tokens, source.train.tokens)


def test_a_file_of_ones_own(tmp_path):
    content = "The cat sat. " * 400
    source = own(tmp_path, "\ufeff" + content, block=16).load()
    assert source.spec.name == "story"
    assert source.spec.input_shape == (16,)
    tokenizer = from_json(source.files[TOKENIZER_FILE])
    assert tokenizer.decode(source.train.tokens[:13].tolist()) == "The cat sat. "
    assert len(source.train.tokens) == round(0.9 * len(content))


def test_the_alphabet_is_that_of_the_training_side(tmp_path):
    source = own(tmp_path, "ab" * 3000 + "ab☃" * 100, block=8).load()
    assert "☃" not in from_json(source.files[TOKENIZER_FILE]).alphabet
    assert (source.test.inputs.values == UNKNOWN).any()


@pytest.mark.parametrize(
    ("content", "settings", "message"),
    [
        ("One line.", {}, "its 9 tokens are too few for 10 blocks of 64 .* smaller --data.block"),
        ("", {}, "it is empty"),
        (b"\xff\xfe\x00broken\x9d" * 100, {}, "this is no text file. A text in UTF-8 is needed"),
        (b"text\0with zeros" * 1000, {}, "this is no text file. A text in UTF-8 is needed"),
    ],
)
def test_files_that_are_no_text_are_named(tmp_path, content, settings, message):
    with pytest.raises(DataUnavailable, match=message):
        own(tmp_path, content, **settings).load()


def test_a_missing_file_and_none(tmp_path):
    with pytest.raises(DataUnavailable, match="No such file|can't be read|is not there"):
        text.Config(file=str(tmp_path / "none.txt")).load()
    with pytest.raises(DataUnavailable, match="no file is named"):
        text.Config().load()


def test_too_many_characters_are_better_read_by_pieces(tmp_path):
    many = "".join(chr(0x4E00 + i) for i in range(5000)) * 2
    with pytest.raises(DataUnavailable, match="different characters. Read it by pieces"):
        own(tmp_path, many, block=8).load()
    assert own(tmp_path, many, block=8, vocabulary=400).load().spec.tokens <= 400


@pytest.mark.slow
def test_a_large_file_streams(tmp_path):
    """A gigabyte is read part by part: characters take two bytes each, and little else is kept."""
    path = tmp_path / "large.txt"
    line = ("All work and no play makes Jack a dull boy.\n" * 23_000)[: 2**20]
    with open(path, "w") as file:
        for _ in range(1024):
            file.write(line)
    source = text.Config(file=str(path)).load()
    assert len(source.train.tokens) == pytest.approx(0.9 * 2**30, rel=1e-3)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dataset": "hamlet"}, "dataset must be one of tiny_shakespeare, docs_text. Received: 'hamlet'"),
        ({"block": 0}, "block must be 1 to 8192. Received: 0"),
        ({"vocabulary": 20}, "vocabulary must be 0, or 300 to 50000. Received: 20"),
    ],
)
def test_settings_that_break_a_rule_are_named(settings, message):
    with pytest.raises(ValueError, match=message):
        text.Config(**settings)


def test_blocks_train_on_one_replica_and_two_alike():
    """The loop on a text: the same weights and the same logged loss."""
    tokens = np.random.default_rng(0).integers(4, 12, 400).astype("uint16")
    runs = []
    for replicas in (1, 2):
        chosen = strategy.pick(f"cpu:{replicas}")
        keras.utils.set_random_seed(1)
        with chosen.scope():
            model = gpt.build(gpt.Config((8,), 12, 8, 2, 2, 16))
            updater = optimizers.Updater(optimizers.Config("adamw", 1e-3), model.trainable_variables, 20)
            loop = Loop(
                chosen,
                Supervised(model, updater),
                Schedule(20, steps_per_epoch=20, steps_per_call=5),
                BlockStream(TextSplit(tokens, 8), 4, seed=3),
            )
        runs.append((loop.run(), model.get_weights()))
    (one, weights), (two, others) = runs
    assert one["loss"] == pytest.approx(two["loss"], rel=1e-5)
    for a, b in zip(weights, others, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
    assert one["loss"] < np.log(12)
