"""Beam search against trying everything, on a decoder whose every probability is known."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from models import decoding

VOCABULARY, END, START, MOST = 5, 2, 1, 4
RANDOM = np.random.default_rng(3)
# Logits by example, by the number of tokens so far and by the last token: the state counts and remembers who
# asks, so a search that mixes up states or examples is found out.
TABLE = RANDOM.normal(size=(3, MOST + 1, VOCABULARY, VOCABULARY)).astype("float32") * 2


def step(tokens, state):
    example, place = state["example"], state["place"]
    logits = tf.gather_nd(tf.constant(TABLE), tf.stack([example, place, tokens], axis=1))
    return logits, {"example": example, "place": place + 1}


def search(beams: int, examples=(0, 1, 2), **settings):
    count = len(examples)
    states = {"example": tf.constant(examples), "place": tf.zeros(count, tf.int32)}

    @tf.function
    def run(states):
        first = tf.fill([count], START)
        return decoding.search(step, states, first, end=END, most=MOST, beams=beams, **settings)

    tokens, scores = run(states)
    return tokens.numpy(), scores.numpy()


def probability(example: int, tokens) -> float:
    """log P of a sequence up to its END, by the table."""
    total, last = 0.0, START
    for place, token in enumerate(tokens):
        logits = TABLE[example, place, last]
        total += logits[token] - np.log(np.exp(logits).sum())
        last = token
        if token == END:
            break
    return total


def length(tokens) -> int:
    tokens = list(tokens)
    return tokens.index(END) + 1 if END in tokens else len(tokens)


def all_sequences():
    """Every sequence there is, filled up with END."""
    for tokens in itertools.product(range(VOCABULARY), repeat=MOST):
        cut = tokens[: length(tokens)]
        if len(cut) == MOST or tokens[len(cut) :] == (END,) * (MOST - len(cut)):
            yield tokens


@pytest.mark.parametrize("penalty", [0.0, 1.0])
def test_a_wide_beam_finds_the_best_of_all(penalty):
    tokens, scores = search(beams=400, penalty=penalty)
    for example in range(3):
        ranked = sorted(
            ((probability(example, t) / length(t) ** penalty, t) for t in all_sequences()), reverse=True
        )
        assert tuple(tokens[example, 0]) == ranked[0][1]
        np.testing.assert_allclose(scores[example, :20], [score for score, _ in ranked[:20]], rtol=1e-4)


def test_one_beam_is_greedy():
    tokens, scores = search(beams=1)
    for example in range(3):
        last, expected = START, []
        for place in range(MOST):
            last = int(TABLE[example, place, last].argmax())
            expected.append(last)
            if last == END:
                break
        expected += [END] * (MOST - len(expected))
        assert tokens[example, 0].tolist() == expected
        total = probability(example, expected)
        assert scores[example, 0] == pytest.approx(total / length(expected), rel=1e-4)


def test_scores_are_those_of_the_tokens_and_none_comes_twice():
    tokens, scores = search(beams=4)
    for example in range(3):
        assert len({tuple(row) for row in tokens[example]}) == 4
        assert (np.diff(scores[example]) <= 0).all()
        for row, score in zip(tokens[example], scores[example], strict=True):
            assert score == pytest.approx(probability(example, row) / length(row), rel=1e-4)


def test_examples_do_not_know_of_each_other():
    together, _ = search(beams=3)
    for example in range(3):
        alone, _ = search(beams=3, examples=(example,))
        np.testing.assert_array_equal(alone[0], together[example])


def test_length_is_what_the_penalty_says():
    short, _ = search(beams=400, penalty=0.0)
    long, _ = search(beams=400, penalty=3.0)
    mean = lambda found: np.mean([length(rows[0]) for rows in found])  # noqa: E731
    assert mean(long) > mean(short)


def test_what_is_forbidden_is_never_written():
    free, _ = search(beams=3)
    token = int(free[0, 0, 0])
    assert token != END
    tokens, _ = search(beams=3, forbidden=(token,))
    assert not (tokens == token).any()
