"""The timeline of a generator: the same noise at every moment, whole, exact, and remade by a resume."""

import numpy as np
import pytest
from PIL import Image

from training import quality, recipes, timeline, trainer

SMALL = {"model.filters": "8,4", "model.latent": "4", "training.epochs": "2", "training.batch_size": "256"}
SHAPE = (8, 8, 1)


def train(folder, name: str):
    run = trainer.create(recipes.find("digits_gan").override(SMALL), folder, name)
    trainer.train(run, quiet=True)
    return run


@pytest.mark.parametrize("shape", [(3, 5, 1), (5, 3, 3)])
def test_what_is_saved_is_loaded(tmp_path, shape):
    pictures = np.random.default_rng(0).integers(0, 256, (2, timeline.SIDE**2, *shape))
    timeline.save(tmp_path, 12, pictures[1] / 255)
    timeline.save(tmp_path, 0, pictures[0] / 255)
    steps, found = timeline.load(tmp_path, shape)
    assert steps == [0, 12]
    np.testing.assert_array_equal(found, pictures)
    first = np.asarray(Image.open(tmp_path / "samples" / "00000000.png").convert("RGB"))
    side = timeline.SIDE
    assert first.shape == (side * shape[0], side * shape[1], 3)
    np.testing.assert_array_equal(first[: shape[0], -shape[1] :, 0], pictures[0, side - 1, ..., 0])


def test_what_is_no_sheet_is_left_out(tmp_path):
    assert timeline.load(tmp_path, SHAPE)[0] == []
    for step in (0, 1, 2):
        timeline.save(tmp_path, step, np.zeros((timeline.SIDE**2, *SHAPE)))
    path = tmp_path / "samples" / "00000001.png"
    path.write_bytes(path.read_bytes()[:60])
    Image.new("L", (4000, 4000)).save(tmp_path / "samples" / "00000002.png")
    (tmp_path / "samples" / "mine.png").write_bytes(b"")
    steps, pictures = timeline.load(tmp_path, SHAPE)
    assert steps == [0]
    assert pictures.shape == (1, timeline.SIDE**2, *SHAPE)


def test_a_run_keeps_its_pictures_from_the_first_step_to_the_last(tmp_path):
    run = train(tmp_path, "watched")
    steps, pictures = timeline.load(run.path, SHAPE)
    last = run.status["steps"]
    assert {0, last} <= set(steps)
    assert len(steps) > 2
    assert np.abs(pictures[0].astype(int) - pictures[-1]).max() > 5


def test_a_resumed_run_makes_what_came_after_its_checkpoint_again(tmp_path):
    whole = timeline.load(train(tmp_path, "whole").path, SHAPE)
    run = train(tmp_path, "parts")
    run.write_json("config.json", {**run.config, "steps": run.status["steps"] + 10})
    timeline.save(run.path, run.status["steps"] + 5, np.zeros((timeline.SIDE**2, *SHAPE)))
    trainer.train(run, quiet=True)
    steps, pictures = timeline.load(run.path, SHAPE)
    assert steps[: len(whole[0])] == whole[0]
    np.testing.assert_array_equal(pictures[: len(whole[0])], whole[1])
    assert steps[-1] == whole[0][-1] + 10
    assert all(picture.any() for picture in pictures)  # the one in between was another's


def test_the_noise_is_that_of_the_first_seed(tmp_path):
    """What the last moment shows is what the generator makes, where its weights are not averaged."""
    changes = {**SMALL, "optimizer.average": "0", "training.monitor": "loss", "training.epochs": "1"}
    run = trainer.create(recipes.find("digits_gan").override(changes), tmp_path, "plain")
    trainer.train(run, quiet=True)
    sampler = quality.Sampler(trainer.load_model(run))
    wanted = sampler.grow(sampler.noise(timeline.SIDE**2), None)
    np.testing.assert_allclose(timeline.load(run.path, SHAPE)[1][-1], wanted * 255, atol=1)
