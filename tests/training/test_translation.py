"""From a trained run to sentences: the command line, bad input, figures, and what a run keeps."""

import json

import numpy as np
import pytest

from data.corpus import Pairs
from training import recipes, runs, trainer, translation
from training.__main__ import main
from training.runs import Run
from training.translation import MOST_TOKENS, Translator

WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    """A net that has learned to read digits aloud, from a file of one's own."""
    folder = tmp_path_factory.mktemp("translation")
    random = np.random.default_rng(0)
    rows = {tuple(random.integers(0, 10, random.integers(1, 4)).tolist()) for _ in range(900)}
    lines = [" ".join(map(str, row)) + "\t" + " ".join(WORDS[digit] for digit in row) for row in sorted(rows)]
    text = "\n".join(lines)
    (folder / "pairs.tsv").write_text(text)
    recipe = recipes.find("pairs_seq2seq").override(
        {
            "data.file": str(folder / "pairs.tsv"),
            "data.vocabulary": 300,
            "model.embedding": 32,
            "model.units": 32,
            "model.dropout": 0.0,
            "training.epochs": 40.0,
            "training.batch_size": 32,
            "optimizer.learning_rate": 1e-2,
        }
    )
    made = trainer.create(recipe, folder, "digits")
    trainer.train(made, quiet=True)
    return made


@pytest.fixture(scope="module")
def translator(run) -> Translator:
    return Translator(trainer.load_model(run), translation.kept_files(run))


def test_a_file_of_ones_own_is_learned(run, capsys):
    assert main(["evaluate", str(run.path), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["exact"] > 0.9
    assert figures["chrf"] > 90
    assert "bleu" not in figures  # no reference has four words
    assert sum(group["examples"] for group in figures["by_length"]) == figures["examples"]
    assert main(["evaluate", str(run.path)]) == 0
    assert "by_length           longest " in capsys.readouterr().out


def test_the_run_reads_by_the_tokenizers_that_it_keeps(run, tmp_path):
    """Those of another file would read other tokens."""
    kept = translation.kept_files(run)
    assert set(kept) == {"source_tokenizer.json", "target_tokenizer.json"}
    source = recipes.from_config(run.config).data.load(kept)
    assert dict(source.files) == kept
    assert source.spec == trainer.spec_of(run)


def test_decoding_ends_and_gives_what_the_beam_found(translator):
    (greedy,) = translator.translate(["4 2"])
    (beam,) = translator.translate(["4 2"], beams=4)
    assert greedy.text == beam.text == "four two"
    assert len(beam.hypotheses) == 4
    scores = [hypothesis.score for hypothesis in beam.hypotheses]
    assert scores == sorted(scores, reverse=True)
    assert len({hypothesis.tokens for hypothesis in beam.hypotheses}) == 4


def test_a_batch_translates_as_each_alone(translator):
    lines = ["1", "2 3 4 5", "", "9 9", "7 0 7"]
    together = translator.translate(lines, beams=3)
    for line, found in zip(lines, together, strict=True):
        (alone,) = translator.translate([line], beams=3)
        assert alone.text == found.text
        assert [h.score for h in alone.hypotheses] == pytest.approx(
            [h.score for h in found.hypotheses], abs=1e-4
        )
    assert together[2].hypotheses == ()


@pytest.mark.parametrize(
    ("line", "note"),
    [
        ("5 猫", "never seen in training, and read as unknown: 猫"),
        ("Ça va ?", "never seen in training, and read as unknown: "),
        ("3 " * 2000, f"only the first {MOST_TOKENS} of its"),
        ("5\x00\x1b \u202e6", None),
    ],
)
def test_strange_input_is_translated_and_what_was_done_is_said(translator, line, note):
    (found,) = translator.translate([line], beams=2)
    assert found.text
    assert any(note in told for told in found.notes) if note else found.notes == ()
    assert len(found.source) <= MOST_TOKENS + 1


def test_predict_answers_a_json_line_for_each_line(run, capsys, monkeypatch):
    lines = ["4 2\n", "\n", "\x07\n", "8 猫\n"]
    monkeypatch.setattr("sys.stdin", iter(lines))
    assert main(["predict", str(run.path)]) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert answers[0]["output"] == "four two"
    assert len(answers[0]["alternatives"]) == translation.BEAMS - 1
    assert [answer.get("error") for answer in answers[1:3]] == ["the sentence is empty: write some words"] * 2
    assert "猫" in answers[3]["notes"][0]


def test_scores_are_those_of_the_field(translator):
    whole = translation.compare(["a cat sat on the mat"], ["a cat sat on the mat"])
    assert whole == {"bleu": pytest.approx(100), "chrf": pytest.approx(100), "exact": 1.0}
    half = translation.compare(["A cat sat on a mat .", "no"], ["A cat sat on the mat .", "no"])
    assert 20 < half["bleu"] < 90
    assert half["exact"] == 0.5
    found = translation.scores(translator, Pairs(("1 2", "3"), ("one two", "four")), beams=1)
    assert found["exact"] == 0.5


def test_a_damaged_file_is_told(tmp_path, capsys):
    (tmp_path / "one.tsv").write_text("nothing but one column\n" * 20)
    for arguments, message in (
        (["--data.file", str(tmp_path / "one.tsv")], "line 1"),
        (["--data.file", str(tmp_path / "none.tsv")], "none.tsv"),
        ([], "pairs: no file is named"),
    ):
        assert main(["train", "pairs_seq2seq", "--runs-dir", str(tmp_path / "runs"), *arguments]) == 2
        *_, error = capsys.readouterr().err.splitlines()
        assert error.startswith("error: ")
        assert message in error


def test_a_net_must_answer_as_its_data_ask(tmp_path, capsys):
    arguments = ["train", "parity_lstm", "--model.returns", "last", "--runs-dir", str(tmp_path)]
    assert main(arguments) == 2
    assert "model.returns must be 'every', since parity has a target for each step" in capsys.readouterr().err
    assert not runs.runs_in(tmp_path)  # refused before a run is made


def test_bleu_is_left_out_where_no_reference_has_a_4_gram():
    short = translation.compare(["yes", "no !"], ["yes", "no !"])
    assert "bleu" not in short
    assert (short["chrf"], short["exact"]) == (100, 1)
    assert (
        translation.compare(["no"], ["a cat sat on"])["bleu"] == 0
    )  # the translation is short, not the reference


def test_intervals_by_length_hold_their_figure_and_are_the_same_at_every_call():
    texts = [
        f"a {animal} sat on the {place}" for animal in ("cat", "dog", "cow") for place in ("mat", "sofa")
    ]
    wanted = [text.replace("sofa", "floor") for text in texts]
    found = translation._interval(texts, wanted)
    assert found["bleu_low"] < translation.compare(texts, wanted)["bleu"] < found["bleu_high"] <= 100
    assert translation._interval(texts, wanted) == found
    assert translation._interval(texts[:1], wanted[:1]) == {}
    assert translation._interval(["yes", "no"], ["yes", "no"]) == {}
