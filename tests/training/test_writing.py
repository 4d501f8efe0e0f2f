"""Writing with a GPT: the cache, the draws, prompts as people give them."""

import keras
import numpy as np
import pytest
from keras import ops

from data.text import TOKENIZER_FILE
from data.text_tokens import Characters
from data.tokens import SPECIAL
from models import decoding, gpt
from training.writing import Drawing, Writer, predict

ALPHABET = "\n abcdefgh"
CONTEXT = 16
GREEDY = Drawing(temperature=0.0)


@pytest.fixture(scope="module", params=["learned", "rotary"])
def writer(request) -> Writer:
    keras.utils.set_random_seed(3)
    size = len(SPECIAL) + len(ALPHABET)
    model = gpt.build(gpt.Config((CONTEXT,), size, 16, 2, 2, 32, positions=request.param))
    for weight in model.weights:  # so that it has opinions
        weight.assign(weight + 0.3 * np.random.default_rng(1).normal(size=weight.shape))
    return Writer(model, {TOKENIZER_FILE: Characters(ALPHABET).to_json()}, CONTEXT)


def recomputed(writer: Writer, tokens: list[int], count: int) -> list[int]:
    """The likeliest tokens, the whole text read anew for each."""
    written = []
    for _ in range(count):
        logits = writer._logits(np.array([tokens + written], "int32"))[0, -1].numpy()
        logits[[0, 1, 3]] = -np.inf
        written.append(int(logits.argmax()))
    return written


def test_the_cache_gives_what_recomputing_everything_gives(writer):
    """Prompts of different lengths in one batch: each goes on as if it were alone."""
    prompts = ["abc", "h", "fed cab ab", "\n"]
    found = writer.write(prompts, 5, GREEDY)
    for prompt, (text, notes) in zip(prompts, found, strict=True):
        expected = recomputed(writer, writer.read(prompt)[0], 5)
        if SPECIAL.index("[END]") in expected:
            expected = expected[: expected.index(SPECIAL.index("[END]"))]
        assert text == writer.tokenizer.decode(expected)
        assert notes == []


def test_the_batch_a_prompt_is_in_changes_nothing(writer):
    prompts = ["ab", "ab", "cdefgh"]
    together = writer.write(prompts, 4, GREEDY)
    assert together[0] == together[1] == writer.write(["ab"], 4, GREEDY)[0]
    assert together[2] == writer.write(["cdefgh"], 4, GREEDY)[0]


def test_a_seed_draws_the_same_again_and_another_does_not(writer):
    drawing = Drawing(temperature=2.0)
    first = writer.write(["abc"], 10, drawing, seed=1)
    assert first == writer.write(["abc"], 10, drawing, seed=1)
    others = {writer.write(["abc"], 10, drawing, seed=seed)[0][0] for seed in range(2, 12)}
    assert len(others) > 5


def test_more_than_the_context_is_written(writer):
    """Half of what was written is read anew where the context is full, as often as need be."""
    tokens = writer.read("ab")[0]
    expected = recomputed(writer, tokens, CONTEXT - 2)
    for _ in range(3):
        expected += recomputed(writer, expected[-CONTEXT // 2 :], CONTEXT // 2)
    ((text, _),) = writer.write(["ab"], 30, GREEDY)
    end = SPECIAL.index("[END]")
    expected = expected[:30]
    assert text == writer.tokenizer.decode(expected[: expected.index(end)] if end in expected else expected)


def test_shares_are_those_of_temperature_top_k_and_top_p():
    logits = np.log(np.array([[0.1, 0.5, 0.05, 0.3, 0.05]], "float32"))

    def shares(temperature=1.0, top_k=0, top_p=1.0):
        order, found = decoding.narrowed(ops.convert_to_tensor(logits), temperature, top_k, top_p)
        assert order[0, :3].numpy().tolist() == [1, 3, 0]
        return found[0].numpy()

    np.testing.assert_allclose(shares(), [0.5, 0.3, 0.1, 0.05, 0.05], atol=1e-6)
    np.testing.assert_allclose(shares(top_k=2), [0.625, 0.375, 0, 0, 0], atol=1e-6)
    np.testing.assert_allclose(
        shares(top_k=9), [0.5, 0.3, 0.1, 0.05, 0.05], atol=1e-6
    )  # above the vocabulary
    np.testing.assert_allclose(shares(top_p=0.7), [0.625, 0.375, 0, 0, 0], atol=1e-6)
    np.testing.assert_allclose(shares(top_p=0.5), [1, 0, 0, 0, 0], atol=1e-6)
    np.testing.assert_allclose(shares(top_p=1e-9), [1, 0, 0, 0, 0], atol=1e-6)
    np.testing.assert_allclose(shares(0.0), [1, 0, 0, 0, 0], atol=1e-6)
    half = np.array([0.5, 0.3, 0.1, 0.05, 0.05]) ** 2
    np.testing.assert_allclose(shares(0.5), half / half.sum(), atol=1e-6)


def test_tokens_are_drawn_as_often_as_their_shares_say():
    shares = np.array([0.1, 0.5, 0.0, 0.4])
    count = 4000
    tokens = decoding.sample(
        lambda token, states: (ops.zeros((count, 4)), states),
        ops.zeros((count, 1)),
        ops.convert_to_tensor(np.tile(np.log(shares + 1e-9), (count, 1)), "float32"),
        ops.convert_to_tensor(np.random.default_rng(0).random((count, 1)), "float32"),
        ops.full((count, 1), -1, dtype="int32"),
    )
    drawn = np.bincount(tokens[:, 0], minlength=4) / count
    np.testing.assert_allclose(drawn, shares, atol=0.025)
    assert drawn[2] == 0


def test_special_tokens_are_never_drawn_but_the_end(writer):
    tokens = writer.continued(
        np.full((300, 1), 5, "int32"),
        np.full((300, 4), -1, "int32"),
        np.random.default_rng(0).random((300, 4), "float32"),
        Drawing(temperature=50.0),
    )
    assert not np.isin(tokens, [0, 1, 3]).any()
    assert np.isin(2, tokens)


def test_the_surprise_is_the_loss(writer):
    tokens = writer.read("abc def gh")[0]
    logs = ops.log_softmax(writer.model(np.array([tokens[:-1]], "int32")))[0].numpy()
    expected = [-logs[place, token] for place, token in enumerate(tokens[1:])]
    found = writer.surprise(tokens)
    assert np.isnan(found[0])
    np.testing.assert_allclose(found[1:], expected, atol=1e-5)


def test_the_surprise_of_a_long_text_has_half_a_context_before_each_token(writer):
    tokens = [int(token) for token in np.random.default_rng(0).integers(4, 14, 50)]
    found = writer.surprise(tokens)
    assert np.isfinite(found[1:]).all()
    place, half = 45, CONTEXT // 2
    window = tokens[(place - CONTEXT) // half * half + half : place]  # of the first window that reaches it
    logs = ops.log_softmax(writer.model(np.array([window], "int32")))[0, -1].numpy()
    assert len(window) >= CONTEXT // 2
    assert found[place] == pytest.approx(-logs[tokens[place]], abs=1e-4)


def test_likely_tokens_sum_to_one(writer):
    likely = writer.likely(writer.read("abc")[0], Drawing(0.5, top_k=3), most=100)
    assert likely.shares.sum() == pytest.approx(1, abs=1e-5)
    assert (likely.drawn > 0).sum() == 3
    assert (np.diff(likely.shares) <= 0).all()


@pytest.mark.parametrize(
    ("prompt", "note"),
    [
        ("", "the prompt is empty: it begins with a new line"),
        ("ab€c☃", "never seen in training, and left out: € ☃"),
        ("☃", "the prompt is empty"),
        ("ab" * 20, "of its 40 tokens the last 15 are read: that is the context"),
    ],
)
def test_what_was_done_about_a_prompt_is_said(writer, prompt, note):
    ((text, notes),) = writer.write([prompt], 3, GREEDY)
    assert any(note in line for line in notes)
    assert isinstance(text, str)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"temperature": -0.1}, "temperature must be 0, .* Received: -0.1"),
        ({"temperature": float("nan")}, "temperature must be 0"),
        ({"top_k": -1}, "top_k must be at least 0"),
        ({"top_p": 0.0}, "top_p must be above 0"),
    ],
)
def test_settings_of_no_use_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        Drawing(**settings)


def test_predict_answers_a_line_each(writer):
    answers = list(predict(writer, ["abc", ""]))
    assert [answer["input"] for answer in answers] == ["abc", ""]
    assert all(isinstance(answer["output"], str) for answer in answers)
    assert "empty" in answers[1]["notes"][0]
