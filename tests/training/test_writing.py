"""Writing with a GPT: the cache, the draws, prompts as people give them."""

import itertools

import keras
import numpy as np
import pytest
from keras import ops

from data.text import TOKENIZER_FILE
from data.text_tokens import Characters
from data.tokens import SPECIAL
from models import decoding, gpt
from training import recipes, trainer
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


@pytest.mark.parametrize("drawing", [GREEDY, Drawing(1.5), Drawing(3.0, top_k=5, top_p=0.8)])
@pytest.mark.parametrize("prompt", ["ab", "abc def gh " * 3])
def test_a_stream_writes_what_writing_at_once_writes(writer, drawing, prompt):
    """Beyond the context, too."""
    ((text, _),) = writer.write([prompt], 40, drawing, seed=7)
    tokens, _ = writer.begin(prompt)
    steps = list(itertools.islice(writer.stream(tokens, drawing, seed=7), 40))
    assert writer.tokenizer.decode([step.token for step in steps]) == text
    assert steps[0].read == len(tokens)
    assert max(step.read for step in steps) < CONTEXT


def test_a_stream_ends_where_the_text_ends_and_begins_only_when_asked(writer):
    end = SPECIAL.index("[END]")
    ends = [list(writer.stream([5], Drawing(50.0), seed=seed))[-1].token for seed in range(3)]
    assert ends == [end] * 3


def test_what_is_told_with_each_token_is_what_was_likely_there(writer):
    drawing = Drawing(1.3, top_k=4)
    tokens, _ = writer.begin("abc")
    for step in itertools.islice(writer.stream(tokens, drawing, seed=2, most=6), 8):
        if step.token == SPECIAL.index("[END]"):
            break
        likely = writer.likely(tokens, drawing, most=6)
        assert step.read == len(tokens)
        np.testing.assert_array_equal(step.likely.tokens, likely.tokens)
        np.testing.assert_allclose(step.likely.shares, likely.shares, atol=1e-5)
        np.testing.assert_allclose(step.likely.drawn, likely.drawn, atol=1e-5)
        assert step.token in step.likely.tokens[:4]
        tokens.append(step.token)


def test_the_step_of_a_stream_is_compiled_once(writer):
    for prompt in ("a", "abc", "abcd efg"):
        list(itertools.islice(writer.stream(writer.begin(prompt)[0]), 20))
    for program in (writer._begin, writer._on, writer._draw):
        assert program.experimental_get_tracing_count() == 1


def test_a_reading_tells_what_would_have_been_preferred(writer):
    tokens = writer.read("abc def gh " * 3)[0]
    found = writer.reading(tokens, most=3)
    np.testing.assert_array_equal(found.nats, writer.surprise(tokens))
    assert found.preferred[0].tolist() == [-1] * 3
    for place in (2, 7, CONTEXT - 1, len(tokens) - 1):
        start = max(0, place // (CONTEXT // 2) - 1) * (CONTEXT // 2)  # of the first window that reaches it
        logs = ops.log_softmax(writer.model(np.array([tokens[start:place]], "int32")))[0, -1].numpy()
        np.testing.assert_allclose(found.shares[place], np.sort(np.exp(logs))[::-1][:3], atol=1e-5)
        assert logs[found.preferred[place]] == pytest.approx(np.sort(logs)[::-1][:3], abs=1e-4)
    nats = -np.array(found.nats[1:])
    assert found.per_token == pytest.approx(-nats.mean(), abs=1e-5)
    assert found.characters == len(tokens) - 1
    assert found.per_character == pytest.approx(found.per_token, abs=1e-5)
    assert found.perplexity == pytest.approx(np.exp(found.nats[1:].mean()), rel=1e-5)
    places = found.most_surprising(5)
    assert [found.nats[place] for place in places] == sorted(found.nats[1:], reverse=True)[:5]


def test_a_reading_of_one_token_tells_nothing(writer):
    found = writer.reading([5])
    assert np.isnan([found.per_token, found.per_character, found.perplexity]).all()
    assert found.most_surprising(5) == []


def test_a_text_of_ones_own_is_learned_and_continued(tmp_path):
    """The recipe from the file to the continuation: a text by a rule is written on by that rule."""
    path = tmp_path / "song.txt"
    path.write_text("abcdefgh" * 900)
    settings = {"width": 16, "depth": 1, "heads": 2, "hidden": 32, "positions": "learned", "dropout": 0.0}
    recipe = recipes.find("text_gpt").override(
        {"data.file": str(path), "data.block": 12, "optimizer.learning_rate": 0.02}
        | {f"model.{name}": value for name, value in settings.items()}
    )
    run = trainer.create(recipe, tmp_path / "runs", "song", steps=120)
    trainer.train(run, quiet=True)
    figures = trainer.evaluate(run)
    assert figures["loss"] < 0.5
    assert figures["examples"] == 29  # blocks of 12 of the last twentieth
    (answer,) = trainer.predict(run, ["cde"])
    assert answer["output"].startswith("fghabcde")
    assert recipes.from_config(run.config).to_config() == recipe.to_config()
    assert run.config["spec"]["continued"]
