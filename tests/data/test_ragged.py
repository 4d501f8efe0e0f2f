"""Sequences: batches of like length that hold every example once, whatever the seed or the replicas."""

import numpy as np
import pytest

from data import memory
from data.sequences import END, NO_STEP, START, BucketStream, BucketSweep, Ragged, SequenceSplit
from data.source import DataUnavailable
from data.tokens import UNKNOWN, Tokenizer, clean

RANDOM = np.random.default_rng(0)
LENGTHS = RANDOM.integers(1, 30, 103)


def numbered(ahead: bool = True) -> SequenceSplit:
    """Sequences that say by their tokens which they are."""
    inputs = Ragged.of([np.full(length, 10 + place) for place, length in enumerate(LENGTHS)])
    if not ahead:
        return SequenceSplit(inputs, np.arange(len(LENGTHS), dtype="int32"))
    targets = [[START, *[10 + place] * (length // 2), END] for place, length in enumerate(LENGTHS)]
    return SequenceSplit(inputs, Ragged.of(targets), ahead=True)


def taken(feed, steps: int, replicas: int = 1, start: int = 0):
    """The first elements of all replicas, each step's put together."""
    dataset = (
        feed.shards(start, replicas, 0, replicas) if start is not None else feed.shards(replicas, 0, replicas)
    )
    elements = iter(dataset.as_numpy_iterator())
    for _ in range(steps):
        shares = [next(elements) for _ in range(replicas)]
        flat = [(*s[0], *s[1:]) if isinstance(s[0], tuple) else s for s in shares]
        yield [np.concatenate(parts) for parts in zip(*flat, strict=True)]


def test_ragged_holds_what_it_was_given():
    ragged = Ragged.of([[1, 2, 3], [4], [5, 6]])
    assert [ragged[place].tolist() for place in range(3)] == [[1, 2, 3], [4], [5, 6]]
    assert ragged.lengths.tolist() == [3, 1, 2]
    assert ragged.padded(np.array([2, 1]), 0).tolist() == [[5, 6], [4, 0]]
    features = Ragged.of([np.ones((2, 3)), np.zeros((1, 3))])
    assert features.padded(np.array([0, 1]), NO_STEP)[1, 1].tolist() == [NO_STEP] * 3


def test_a_pass_holds_every_example_once():
    stream = BucketStream(numbered(), 8, seed=3)
    assert stream.steps_per_epoch == 13
    for first_step in (0, 13):
        seen = []
        for source, _, _, weights in taken(stream, 13, start=first_step):
            seen += source[weights.sum(axis=1) > 0, 0].tolist()
        assert sorted(seen) == list(range(10, 113))


def test_passes_differ_and_seeds_do():
    orders = {
        tuple(BucketStream(numbered(), 8, seed).batches(number).ravel())
        for seed in (1, 2)
        for number in (0, 1)
    }
    assert len(orders) == 4


def test_a_batch_is_of_like_length():
    """Padding is far below that of batches drawn at random."""

    def padding(batches) -> float:
        lengths = [LENGTHS[batch[batch >= 0]] for batch in batches]
        return np.mean([np.mean(of.max() - of) for of in lengths])

    sorted_ = padding(BucketStream(numbered(), 8, 0).batches(0))
    random = padding(RANDOM.permutation(len(LENGTHS))[:96].reshape(12, 8))
    assert sorted_ < random / 5


def test_the_target_is_given_one_place_behind_and_counts_to_its_end():
    split = numbered()
    _, given, wanted, weights = split.batch(np.array([0, 5, -1]))
    for row, place in enumerate((0, 5)):
        whole = split.targets[place]
        size = len(whole) - 1
        assert given[row, :size].tolist() == whole[:-1].tolist()
        assert wanted[row, :size].tolist() == whole[1:].tolist()
        assert weights[row].tolist() == [1.0] * size + [0.0] * (weights.shape[1] - size)
    assert weights[2].sum() == 0  # the place of none


@pytest.mark.parametrize("replicas", [2, 4])
def test_replicas_together_see_what_one_would(replicas):
    for ahead in (True, False):
        stream = BucketStream(numbered(ahead), 8, seed=1)
        for one, several in zip(taken(stream, 15), taken(stream, 15, replicas), strict=True):
            for array, other in zip(one, several, strict=True):
                np.testing.assert_array_equal(array, other)


def test_a_later_start_goes_on_where_an_earlier_one_would_be():
    stream = BucketStream(numbered(), 8, seed=1)
    whole = list(taken(stream, 20))
    for one, other in zip(whole[9:], taken(stream, 11, start=9), strict=True):
        np.testing.assert_array_equal(one[0], other[0])


@pytest.mark.parametrize("replicas", [1, 2])
def test_a_sweep_counts_every_example_once(replicas):
    sweep = BucketSweep(numbered(False), 10)
    seen = []
    for inputs, targets, weights in taken(sweep, sweep.steps, replicas, start=None):
        np.testing.assert_array_equal(inputs[:, 0] - 10, targets)
        seen += targets[weights > 0].tolist()
    assert sorted(seen) == list(range(103))


def test_the_adding_problem_is_what_it_says():
    source = memory.Adding(length=21, examples=300, held_out=50).load()
    inputs, targets = source.train.inputs, source.train.targets
    assert (inputs[..., 1].sum(axis=1) == 2).all()
    assert (inputs[:, :10, 1].sum(axis=1) == 1).all()  # one in each half
    np.testing.assert_allclose((inputs[..., 0] * inputs[..., 1]).sum(axis=1), targets[:, 0], rtol=1e-6)
    big = memory.Adding(length=2, examples=100_000).load().train.targets
    assert ((big - 1) ** 2).mean() == pytest.approx(memory.Adding().baseline, rel=0.02)
    assert not np.isin(source.test.targets, source.train.targets).any()


def test_a_sum_is_right_that_is_off_by_less_than_four_hundredths():
    targets = np.array([[1.0], [0.5], [1.5], [1.2], [0.1]], "float32")
    outputs = targets + np.array([[0.039], [-0.039], [0.041], [-0.3], [np.nan]], "float32")
    assert memory.Adding().right(outputs, targets) == pytest.approx(2 / 5)
    split = memory.Adding(length=10, held_out=500).load().test
    assert memory.Adding().right(np.ones((500, 1)), split.targets) < 0.15  # the trivial answer


def test_of_a_copy_the_symbols_alone_count():
    config = memory.Copying(length=5, examples=1, held_out=200)
    test = config.load().test
    targets = np.stack([test.targets[i] for i in range(200)])
    outputs = np.eye(9, dtype="float32")[targets]
    assert config.right(outputs, targets) == 1
    outputs[:, :15] = np.eye(9)[3]  # whatever is said before it is their turn
    outputs[:100, -4:] = np.eye(9)[0]  # a blank for four of ten, in half of the sequences
    assert config.right(outputs, targets) == pytest.approx(0.8)
    outputs[100:, -1] = np.nan
    assert config.right(outputs, targets) == pytest.approx(0.75)
    memoryless = np.broadcast_to(np.eye(9)[3], outputs.shape)
    assert config.right(memoryless, targets) == pytest.approx(1 / 8, abs=0.03)


def test_copying_is_what_it_says():
    config = memory.Copying(length=30, examples=200, held_out=50)
    split = config.load().train
    for place in range(50):
        tokens, wanted = split.inputs[place], split.targets[place]
        assert len(tokens) == len(wanted) == 50
        assert tokens[:10].tolist() == wanted[-10:].tolist()
        assert set(tokens[:10]) <= set(range(1, 9))
        assert (wanted[:-10] == 0).all()
        assert tokens[39] == 10  # the signal stands at the last of the blanks
        assert set(tokens[10:39]) | set(tokens[40:]) == {9}
    memoryless = np.where(np.arange(50) < 40, 0.0, np.log(8)).mean()
    assert config.baseline == pytest.approx(memoryless)
    assert config.read(",".join(map(str, split.inputs[0][:10])), None).tolist() == split.inputs[0].tolist()


def test_parity_is_what_it_says():
    source = memory.Parity(length=12, test_length=30, examples=100, held_out=20).load()
    for split, longest in ((source.train, 12), (source.test, 30)):
        assert split.inputs.lengths.max() == longest
        for place in range(20):
            ones = np.cumsum(split.inputs[place] - 1)
            assert split.targets[place].tolist() == (ones % 2).tolist()
    assert memory.Parity().read("0, 1,1", None).tolist() == [1, 2, 2]


@pytest.mark.parametrize(
    ("config", "line", "message"),
    [
        (memory.Adding(length=2), "1,0", "adding: 4 numbers are needed, split by commas. Received: 2"),
        (memory.Copying(), ",".join("9" * 10), "symbols are 1 to 8. Received"),
        (memory.Copying(), "1,2,x,4,5,6,7,8,1,2", "'x' is no number"),
        (memory.Parity(), "0,1,2", "bits are 0 or 1. Received: '0,1,2'"),
    ],
)
def test_lines_that_will_not_do_are_told(config, line, message):
    with pytest.raises(DataUnavailable, match=message):
        config.read(line, None)


SENTENCES = ["Un homme court.", "Une femme court dans la rue !", "L'homme a 23 chats.", "Où est-elle ?"] * 5


def test_a_tokenizer_gives_back_what_it_read():
    tokenizer = Tokenizer.train(SENTENCES, 90)
    again = Tokenizer.from_json(tokenizer.to_json())
    for sentence in SENTENCES[:4]:
        tokens = tokenizer.encode(sentence)
        assert tokenizer.decode(tokens) == sentence
        assert tokens == again.encode(sentence) == again.encode_all([sentence])[0]
        assert min(tokens) > UNKNOWN
        assert "".join(tokenizer.pieces(tokens)).replace("▁", " ").strip() == sentence
    assert tokenizer.decode([*tokens, END, *tokens]) == sentence
    assert tokenizer.size <= 90


def test_equal_sentences_make_equal_tokenizers():
    assert Tokenizer.train(SENTENCES, 90).to_json() == Tokenizer.train(SENTENCES, 90).to_json()


def test_strangers_are_named_and_read_as_unknown():
    tokenizer = Tokenizer.train(SENTENCES, 90)
    assert tokenizer.strangers("Un 猫 court, 犬 猫") == ["猫", ",", "犬"]
    assert UNKNOWN in tokenizer.encode("Un 猫 court")
    assert tokenizer.strangers(SENTENCES[0]) == []


def test_capitals_are_read_as_small_letters_where_asked_for():
    tokenizer = Tokenizer.train(SENTENCES, 90, lowercase=True)
    assert tokenizer.decode(tokenizer.encode("UN HOMME COURT.")) == "un homme court."


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\x00b\x1b[31m", "ab[31m"),
        ("  a \t\n b ", "a b"),
        ("\u202eevil\u202c", "evil"),
        ("", ""),
        ("\ufeff", ""),
    ],
)
def test_control_characters_are_left_out(text, cleaned):
    assert clean(text) == cleaned


def test_what_is_no_tokenizer_is_refused():
    with pytest.raises(ValueError, match="this is no tokenizer"):
        Tokenizer.from_json("{}")
