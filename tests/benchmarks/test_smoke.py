"""Every benchmark runs on tiny settings; optional packages are left out."""

import dataclasses
import sys

import pytest

from benchmarks import app, cnn, gan, gpt, inspection, memory, recipe, seq2seq
from training import runs


@pytest.fixture(autouse=True)
def without_torch(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)


def shrink(monkeypatch, module, **settings):
    for name, value in settings.items():
        monkeypatch.setattr(module, name, value)


def test_app_times_every_model_of_pictures(monkeypatch):
    def no_browser():
        raise ImportError

    shrink(monkeypatch, app, ANSWERS=1, _first_paint=no_browser)
    rows = app.run().rows
    named = [row["figure"].partition(":")[0] for row in rows]
    assert {"digits_cnn", "digits_mlp", "clips_cnn"} <= set(named)
    for name in named:  # neither a generator, which is given noise, nor an agent
        assert runs.find(name, runs.GALLERY).config["architecture"] not in ("gan", "policy")
    assert all(float(row["median"]) > 0 for row in rows)


def test_inspection_times_a_model(monkeypatch):
    shrink(monkeypatch, inspection, MODEL="digits_cnn", CALLS=1, ROUNDS=1)
    assert inspection.run().rows


def test_cnn_times_the_loop(monkeypatch):
    config = dataclasses.replace(cnn.CONFIG, filters=(2, 2))
    shrink(monkeypatch, cnn, CONFIG=config, BATCH=4, STEPS=10, ROUNDS=1)
    assert cnn.run().rows


def test_gan_times_both_players(monkeypatch):
    config = dataclasses.replace(gan.CONFIG, filters=(4, 2), latent=3)
    shrink(monkeypatch, gan, CONFIG=config, BATCH=4, STEPS=10, ROUNDS=1)
    assert gan.run().rows


def test_seq2seq_times_training_and_decoding(monkeypatch):
    config = dataclasses.replace(seq2seq.CONFIG, embedding=4, units=4)
    shrink(monkeypatch, seq2seq, CONFIG=config, BATCH=2, LENGTH=4, STEPS=10, ROUNDS=1)
    shrink(monkeypatch, seq2seq, SENTENCES=2, ALONE=1, DECODED=1)
    rows = seq2seq.run().rows
    assert len(rows) == 4
    assert all(float(str(row["a second"]).split()[0]) > 0 for row in rows)


def test_gpt_times_training_and_writing(monkeypatch):
    config = dataclasses.replace(gpt.CONFIG, input_shape=(8,), width=8, depth=1, heads=1, hidden=8)
    shrink(monkeypatch, gpt, CONFIG=config, BLOCK=8, BATCH=2, STEPS=10, ROUNDS=1, WRITTEN=4, WRITTEN_OVER=1)
    rows = gpt.run().rows
    assert len(rows) == 5
    assert all(int(str(row["tokens a second"])) > 0 for row in rows)


def test_memory_is_read_at_the_end_of_epochs(monkeypatch):
    shrink(monkeypatch, memory, EPOCHS=2)
    rows = memory.run().rows
    assert [row["epoch"] for row in rows] == [1, 2]
    assert all(int(str(row["MiB"])) > 100 for row in rows)


def test_recipe_trains_and_evaluates_by_the_command(monkeypatch):
    command = recipe._command

    def short(verb, *words):
        return command(verb, *words, *(["--training.epochs", "1"] if verb == "train" else []))

    shrink(monkeypatch, recipe, RECIPES=("digits_mlp",), _command=short)
    (row,) = recipe.run().rows
    assert row["recipe"] == "digits_mlp"
    assert float(str(row["test accuracy"]).rstrip("%")) > 50
