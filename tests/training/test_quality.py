"""Figures of generated pictures: right where the answer is known, and told for a run."""

import base64
import io
import json

import keras
import numpy as np
import pytest
from PIL import Image

from data import celeb_a, digits, points
from data.source import Source, Spec, Split
from models import cnn, gan
from tests.conftest import run_here
from training import duel, quality, recipes, runs, trainer
from training.runs import Run
from training.settings import SettingsError

SOURCE = digits.Config().load()
QUICK = {"model.filters": "8,4", "model.latent": "4", "training.epochs": "2", "training.batch_size": "256"}


def test_the_frechet_distance_of_two_normal_distributions_is_the_known_one():
    random = np.random.default_rng(0)
    turn, _ = np.linalg.qr(random.normal(size=(4, 4)))
    first = random.normal(size=(100_000, 4)) * [1, 2, 3, 0.5] @ turn
    second = (random.normal(size=(100_000, 4)) * [2, 2, 1, 0.1] + [1, 0, 0, 2]) @ turn
    # In common axes it is the sum over them of (m1 - m2)² + (s1 - s2)².
    assert quality.frechet(first, second) == pytest.approx(1 + 4 + 1 + 0 + 4 + 0.16, rel=0.02)
    assert quality.frechet(first, first) == pytest.approx(0, abs=1e-6)
    assert quality.frechet(first[:, :1], second[:, :1] + 3) > 0  # of one feature, too


def test_precision_tells_of_what_is_not_real_and_recall_of_what_is_missing():
    random = np.random.default_rng(0)
    real = np.concatenate([random.normal(0, 1, (1500, 3)), random.normal(50, 1, (1500, 3))])
    same = np.concatenate([random.normal(0, 1, (1500, 3)), random.normal(50, 1, (1500, 3))])
    assert min(quality.precision_and_recall(real, same)) > 0.9
    half = quality.precision_and_recall(real, random.normal(0, 1, (2500, 3)))  # one of two kinds
    assert half[0] > 0.9
    assert half[1] == pytest.approx(0.5, abs=0.05)
    assert quality.precision_and_recall(real, real + 25) == (0, 0)


def test_copies_are_found_out():
    random = np.random.default_rng(0)
    known = random.normal(size=(1200, 5)).astype("float32")
    assert quality.nearest(known, known) == pytest.approx(np.zeros(1200), abs=2e-3)
    point = np.array([[3.0, 4.0]])
    assert quality.nearest(point, np.array([[0.0, 0.0], [3.0, 3.0]])) == pytest.approx([1.0])


def test_naive_samplers_have_the_pictures_moments():
    random = np.random.default_rng(0)
    # In the middle of [0, 1], so that nothing is cut; the two pixels of a row go together.
    shared = random.normal(0.5, 0.1, (3000, 4, 1, 1))
    split = Split((np.repeat(shared, 2, axis=2) * 1000).astype("float32"), np.zeros(3000, int), 1e-3)
    alone, together = (
        np.concatenate(list(sampler(split, 1200)))
        for sampler in (quality.naive_pixels, quality.naive_components)
    )
    assert alone.shape == together.shape == (1200, 4, 2, 1)
    for pictures in (alone, together):
        assert pictures.mean() == pytest.approx(0.5, abs=0.01)
        assert pictures.std(axis=0) == pytest.approx(np.full((4, 2, 1), 0.1), rel=0.1)
    correlation = [np.corrcoef(x[:, 0, 0, 0], x[:, 0, 1, 0])[0, 1] for x in (alone, together)]
    assert correlation == pytest.approx([0, 1], abs=0.1)


def test_a_judge_looks_where_its_last_layer_does(tmp_path):
    keras.utils.set_random_seed(0)
    model = cnn.build(cnn.Config((8, 8, 1), 10, (4,), widths=(6,)))
    model.save(tmp_path / "model.keras")
    judge = quality.Judge.load(tmp_path)
    seen = quality.see(judge, quality.real(SOURCE.test, 7))
    inputs = SOURCE.test.inputs[:7] / 16
    dense = keras.Model(model.input, model.get_layer("logits").input)
    np.testing.assert_allclose(seen.features, dense(inputs), rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(seen.classes, np.argmax(model(inputs), axis=-1))
    assert judge.name.startswith(f"{tmp_path.name} ")
    assert len(judge.name.split()[-1]) == 8


def test_real_against_real_is_better_than_any_naive_sampler():
    keras.utils.set_random_seed(0)
    generator = gan.generator(gan.Config((8, 8, 1), latent=4, filters=(8, 4)))
    judge = quality.Judge.of_pixels(SOURCE.train)
    found = quality.figures(judge, SOURCE.train, SOURCE.test, quality.Sampler(generator), 1100)
    assert found["frechet_floor"] < found["frechet_components"] < found["frechet_pixels"] < found["frechet"]
    assert found["recall"] < 0.05  # untrained: grey on grey
    assert found["judge"] == "64 principal components"
    assert "rarest_class" not in found


def test_a_judge_of_points_sees_what_their_spread_alone_does_not_tell():
    source = points.Config(kind="blobs", classes=8, noise=0.0, examples=3000).load()
    real = source.test.inputs
    one_heap = np.concatenate(list(quality.naive_pixels(source.train, len(real))))  # as wide as all eight
    assert one_heap.min() < -1  # points are not cut as pixels are
    judge = duel.judge_of(source)
    assert judge.name == "64 waves"
    seen = [quality.see(judge, [each]) for each in (real, source.train.inputs, one_heap)]
    floor, heap = (quality.frechet(seen[0].features, other.features) for other in seen[1:])
    assert heap > 50 * floor
    blind = quality.Judge.of_pixels(source.train)
    heap_in_components = quality.frechet(*(quality.see(blind, [each]).features for each in (real, one_heap)))
    assert heap_in_components < 0.01  # of a plane's points their mean and covariance
    assert np.mean(seen[0].classes == source.test.targets) > 0.99


def test_noise_follows_from_the_seed_alone():
    generator = gan.generator(gan.Config((8, 8, 1), 3, 4, (8, 4), conditional=True))
    sampler = quality.Sampler(generator)
    labels = np.arange(quality.BATCH + 20) % 3
    first, again, other = (np.concatenate(list(sampler(labels, seed))) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-3
    np.testing.assert_allclose(
        first[:5], sampler.grow(sampler.noise(len(labels), 1)[:5], labels[:5]), rtol=1e-5
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    words = [word for name, value in QUICK.items() for word in (f"--{name}", value)]
    assert run_here("training", "train", "digits_gan", "--name", "mine", "--runs-dir", folder, *words) == 0
    return Run(folder / "mine")


def test_a_run_has_both_players_and_says_how_good_they_are(trained, monkeypatch, capsys):
    monkeypatch.setattr(duel, "MEASURED", 300)
    assert trained.state == "finished"
    generator, discriminator = map(keras.models.load_model, trained.model_paths)
    assert [path.name for path in trained.model_paths] == ["generator.keras", "discriminator.keras"]
    assert generator.output_shape == (None, 8, 8, 1)
    assert discriminator(generator(np.zeros((1, 4)))).shape == (1, 1)
    assert trained.config["duel"]["loss"] == recipes.find("digits_gan").duel.loss
    assert trained.config["parameters"] == generator.count_params() + discriminator.count_params()
    last = trained.metrics()[-1]
    assert {"val_frechet", "val_recall", "spread", "discriminator_learning_rate"} <= last.keys()
    assert trained.status["advice"].startswith("the samples have lost their variety")
    figures = trainer.evaluate(trained)
    assert {"frechet", "frechet_floor", "rarest_class", "recall", "nearest", "judge"} <= figures.keys()
    assert figures["judge"].startswith("digits_cnn ")
    assert run_here("training", "evaluate", trained.path, "--json") == 0
    assert json.loads(capsys.readouterr().out)["judge"] == figures["judge"]


def test_predict_makes_the_picture_of_a_seed(trained):
    again, other, wrong = trainer.predict(trained, ["7", "8", "seven"])
    picture = Image.open(io.BytesIO(base64.b64decode(again["output"].removeprefix("data:image/png;base64,"))))
    sampler = quality.Sampler(trainer.load_model(trained))
    wanted = sampler.grow(sampler.noise(1, 7), np.zeros(1))[0, ..., 0]
    np.testing.assert_allclose(np.asarray(picture), wanted * 255, atol=1)
    assert other["output"] != again["output"]
    assert wrong["error"] == "a seed is a whole number from 0 on. Received: 'seven'"
    generator = gan.generator(gan.Config((8, 8, 1), 10, 4, (8, 4), conditional=True))
    asked, missing = duel.predict(generator, SOURCE.spec, ["1 7", "1"])
    assert asked["output"].startswith("data:image/png;base64,")
    assert missing["error"].startswith("a seed and a class: one of 0, 1, 2")


def test_predict_makes_the_point_of_a_seed_in_its_datas_units():
    spec = Spec("mine", (2,), ("a", "b"), "", "", features=("age", "height"), centre=(40, 170), spread=(9, 5))
    generator = gan.generator(gan.Config((2,), 2, 4, (8,), normalization="none"))
    (answer,) = duel.predict(generator, spec, ["7"])
    sampler = quality.Sampler(generator)
    age, height = sampler.grow(sampler.noise(1, 7), None)[0] * (9, 5) + (40, 170)
    assert answer["output"] == pytest.approx({"age": age, "height": height})


def test_its_settings_come_back_from_its_config(trained):
    again = recipes.from_config(trained.config)
    assert isinstance(again, duel.DuelRecipe)
    assert again.model["filters"] == (8, 4)
    assert again.to_config().items() <= trained.config.items()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"training.batch_size": "2000"}, "training.batch_size must be at most 1"),
        ({"duel.discriminator_steps": "5"}, "training.batch_size must be a multiple of 10"),
        ({"training.accumulate": "2"}, "training.accumulate must be 1 for two players. Received: 2"),
        ({"training.xla": "always"}, "training.xla must be never for two players. Received: 'always'"),
    ],
)
def test_settings_that_do_not_fit_are_named(changes, message):
    recipe = recipes.find("digits_gan").override(changes)
    with pytest.raises(SettingsError, match=message):
        recipe.check(SOURCE)


def test_what_is_neither_a_picture_nor_a_point_is_refused():
    for spec in (Spec("waves", (21, 1), ("a", "b"), "", ""), Spec("text", (None,), ("a",), "", "", tokens=9)):
        with pytest.raises(SettingsError, match=f"pictures or points, and {spec.name} has neither"):
            recipes.find("digits_gan").check(Source(SOURCE.train, SOURCE.validation, SOURCE.test, spec))


def test_faces_are_made_of_noise(monkeypatch, tmp_path):
    """A step of both players on a few pictures made here, with fewer channels."""
    random = np.random.default_rng(0)
    sides = [
        Split(random.integers(0, 256, (140, 64, 64, 3), dtype=np.uint8), np.arange(140) % 2, 1 / 255)
        for _ in range(3)
    ]
    spec = Spec("celeb_a", (64, 64, 3), ("not smiling", "smiling"), "", "")
    monkeypatch.setattr(celeb_a.Config, "load", lambda self: Source(*sides, spec))
    recipe = recipes.find("celeb_a_gan")
    players = gan.players(recipe.build_model(spec))
    assert [player.count_params() for player in players] == [3_808_003, 2_764_737]
    run = trainer.create(recipe.override({"model.filters": "16,8,8,8"}), tmp_path, steps=1)
    trainer.train(run, quiet=True)
    (row,) = (row for row in run.metrics() if "val_frechet" in row)
    assert np.isfinite(row["val_frechet"])
    generator, discriminator = (trainer.load_model(run, player) for player in ("generator", "discriminator"))
    assert generator.output_shape == (None, 64, 64, 3)
    assert discriminator.output_shape == (None, 1)
    assert len(list((run.path / "samples").glob("*.png"))) == 2


def test_a_gallery_without_classifiers_compares_pixels(monkeypatch, tmp_path):
    assert duel.judge_of(SOURCE).name.startswith("digits_cnn")
    monkeypatch.setattr(runs, "GALLERY", tmp_path)
    assert duel.judge_of(SOURCE).name == "64 principal components"
