"""Every benchmark that needs no training of its own runs on tiny settings; what is optional is left out."""

import dataclasses
import sys

import pytest

from benchmarks import app, cnn, gan, inspection
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
