"""The page Latent space: sliders move the noise along their directions, and pictures are the generator's."""

import base64

import keras
import numpy as np
import pytest

from data import DataUnavailable, digits
from inspection import latent
from tests.apps.conftest import component, drawn, texts
from training import duel, quality
from training.quality import Sampler
from training.saving import save_model


@pytest.fixture
def run(shelves):
    """Two players as a training would have left them, their weights random."""
    return shelves.add("digits_gan", "gallery", recipe="digits_gan")


def pixels(shown: dict) -> np.ndarray:
    seen = np.frombuffer(base64.b64decode(shown["pixels"]), "uint8")
    return seen.reshape(-1, shown["height"], shown["width"], shown["depth"])


def button(tested, label: str):
    return next(each for each in tested.button if each.label == label)


def sampler_of(run) -> Sampler:
    return Sampler(keras.models.load_model(run.model_path))


def test_sliders_move_the_noise_along_their_directions(page, run):
    tested = page("latent")
    sampler = sampler_of(run)
    place = sampler.noise(1, 0)
    nothing = np.zeros(1)
    shown = component(tested, "latent-picture")
    np.testing.assert_allclose(pixels(shown), sampler.grow(place, nothing) * 255, atol=1)
    first = next(slider for slider in tested.slider if slider.key.startswith("latent-principal-direction 1"))
    drawn(first.set_value(2.0).run())
    vectors, _ = latent.principal(keras.models.load_model(run.model_path))
    shown = component(tested, "latent-picture")
    np.testing.assert_allclose(pixels(shown), sampler.grow(place + 2 * vectors[0], nothing) * 255, atol=1)
    measured = next(slider for slider in tested.slider if slider.key == "latent-meaning-brightness")
    noise = sampler.noise(2000)
    brighter = latent.towards(noise, latent.brightness(np.concatenate(list(sampler(np.zeros(2000))))))
    drawn(measured.set_value(-1.0).run())
    moved = place + 2 * vectors[0] - brighter.vector
    np.testing.assert_allclose(
        pixels(component(tested, "latent-picture")), sampler.grow(moved, nothing) * 255, atol=1
    )
    assert f"held out: {brighter.held_out:.2f}" in texts(tested)
    drawn(button(tested, "All sliders to 0").click().run())
    shown = component(tested, "latent-picture")
    np.testing.assert_allclose(pixels(shown), sampler.grow(place, nothing) * 255, atol=1)


def test_a_sheet_and_a_way_begin_at_the_picture(page, run):
    tested = page("latent")
    sampler = sampler_of(run)
    picture = sampler.grow(sampler.noise(1, 0), np.zeros(1))[0] * 255
    way = pixels(component(tested, "latent-way"))
    assert len(way) == 9
    np.testing.assert_allclose(way[0], picture, atol=1)
    other = sampler.grow(sampler.noise(1, 1), np.zeros(1))[0] * 255
    np.testing.assert_allclose(way[-1], other, atol=1)
    sheet = pixels(component(tested, "latent-sheet"))[0]
    assert sheet.shape[:2] == (62, 62)  # lines between pictures
    np.testing.assert_allclose(sheet[27:35, 27:35], picture, atol=1)  # in the middle
    corner = sampler.noise(1, 0) - 3 * sum(latent.principal(keras.models.load_model(run.model_path))[0][:2])
    np.testing.assert_allclose(sheet[:8, :8], sampler.grow(corner, np.zeros(1))[0] * 255, atol=1)


def test_samples_are_those_of_consecutive_seeds(page, run):
    tested = page("latent")
    sampler = sampler_of(run)
    drawn(tested.number_input(key="latent.noise").set_value(40).run())
    shown = component(tested, "latent-samples")
    assert (shown["first"], shown["picked"], shown["names"][4]) == (36, 40, "Sample 40")
    wanted = [sampler.grow(sampler.noise(1, seed), None)[0] * 255 for seed in range(36, 72)]
    np.testing.assert_allclose(pixels(shown), wanted, atol=1)
    np.testing.assert_allclose(pixels(component(tested, "latent-picture"))[0], wanted[4], atol=1)
    drawn(button(tested, "Next 36").click().run())
    assert tested.number_input(key="latent.noise").value == 72
    drawn(tested.number_input(key="latent.noise").set_value(9999).run())
    assert component(tested, "latent-samples")["names"][-1] == "Sample 9999"
    drawn(button(tested, "Next 36").click().run())
    assert component(tested, "latent-samples")["picked"] == 0


def test_below_each_sample_is_the_training_picture_nearest_to_it(page, run):
    tested = page("latent")
    assert component(tested, "latent-samples")["notes"] == []
    drawn(tested.toggle(key="latent-near").set_value(True).run())
    shown = component(tested, "latent-samples")
    source, judge = digits.Config().load(), duel.classifier_of("digits")
    known, real = (quality.see(judge, quality.real(side, 10**6)) for side in (source.train, source.test))
    sampler = sampler_of(run)
    made = np.concatenate([sampler.grow(sampler.noise(1, seed), None) for seed in range(36)])
    apart = np.linalg.norm(judge.look(made)[0][:, None] - known.features, axis=2)
    seen = pixels(shown)
    np.testing.assert_allclose(seen[:, :8], made * 255, atol=1)
    originals = source.train.inputs[apart.argmin(axis=1)] * source.train.scale
    np.testing.assert_allclose(seen[:, 9:], originals * 255, atol=1)
    usual = np.median(quality.nearest(real.features, known.features))
    assert shown["notes"] == [f"{distance:.1f}" for distance in apart.min(axis=1) / usual]
    assert "of all 1,262, in the features of digits\\_cnn" in texts(tested)


def test_training_pictures_that_cannot_be_had_are_told_calmly(page, shelves, monkeypatch):
    def fail(self):
        raise DataUnavailable("the disk is gone")

    shelves.add("mine", recipe="digits_gan", **{"data.test": 0.3})  # data that no other test has read
    tested = page("latent")
    monkeypatch.setattr(digits.Config, "load", fail)
    drawn(tested.toggle(key="latent-near").set_value(True).run())
    assert [info.value for info in tested.info] == ["The disk is gone."]
    assert component(tested, "latent-samples")["notes"] == []


def test_a_picture_that_is_given_is_found_and_taken(page, run):
    tested = page("latent")
    drawn(tested.segmented_control(key="latent-beginning").set_value("Your own picture").run())
    assert tested.button(key="latent-find").disabled  # nothing is drawn yet
    drawn(tested.segmented_control(key="source").set_value("Test images").run())
    given, _ = digits.Config().load().test.example(0)
    assert component(tested, "latent-given")["names"] == ["given"]
    drawn(tested.button(key="latent-find").click().run())
    shown = component(tested, "latent-given")
    found = latent.find(keras.models.load_model(run.model_path), given)
    assert shown["names"] == ["given", "found"]
    np.testing.assert_allclose(pixels(shown), np.stack([given, found.picture]) * 255, atol=1)
    np.testing.assert_allclose(pixels(component(tested, "latent-course")), found.course * 255, atol=1)
    assert f"**{found.error:.4f}**" in texts(tested)

    sample = pixels(component(tested, "latent-picture"))
    first = next(slider for slider in tested.slider if slider.key.startswith("latent-principal-direction 1"))
    drawn(first.set_value(2.0).run())
    drawn(tested.button(key="latent-take").click().run())
    np.testing.assert_allclose(pixels(component(tested, "latent-picture"))[0], found.picture * 255, atol=1)
    np.testing.assert_allclose(pixels(component(tested, "latent-way"))[0], found.picture * 255, atol=1)
    assert "begins at **the picture that was found**, not at sample 0" in texts(tested)
    drawn(button(tested, "Back to sample 0").click().run())
    np.testing.assert_array_equal(pixels(component(tested, "latent-picture")), sample)
    drawn(tested.button(key="latent-take").click().run())
    drawn(tested.number_input(key="latent.noise").set_value(1).run())
    assert "not at sample" not in texts(tested)

    tested.session_state["thumbs_wanted"] = 1
    drawn(tested.run())
    assert component(tested, "latent-given")["names"] == ["given"]  # what was found was another's


def test_a_broken_upload_is_told_calmly(page, run):
    tested = page("latent")
    drawn(tested.segmented_control(key="latent-beginning").set_value("Your own picture").run())
    drawn(tested.segmented_control(key="source").set_value("Upload").run())
    drawn(tested.file_uploader[0].set_value(("shoe.png", b"no picture", "image/png")).run())
    assert "shoe.png can't be read as an image" in tested.warning[0].value
    assert tested.button(key="latent-find").disabled


def test_arithmetic_with_classes_and_with_numbers(page, run):
    generator = keras.models.load_model(run.model_path)
    last = generator.get_layer("picture_up")
    last.kernel.assign(100 * last.kernel)  # untrained, it makes grey on grey
    save_model(generator, run.model_path)
    tested = page("latent")
    drawn(tested.segmented_control(key="latent-beginning").set_value("Arithmetic").run())
    sampler, judge = sampler_of(run), duel.classifier_of("digits")
    noise = sampler.noise(2000)
    called = judge.look(sampler.grow(noise, None))[1]
    made = [number for number in range(10) if (called == number).sum() > 3]
    (never, *_) = [number for number in range(10) if number not in called]
    chosen = [made[0], made[1], made[0]]
    for number, each in enumerate(chosen):
        tested.selectbox(key=f"latent-class-{number}").set_value(str(each))
    drawn(tested.select_slider(key="latent-count").set_value(3).run())
    means = latent.arithmetic(*(noise[called == each][:3] for each in chosen))
    grown = sampler.grow(means, None)
    for key, picture in zip((*(f"latent-mean-{n}" for n in range(3)), "latent-sum"), grown, strict=True):
        np.testing.assert_allclose(pixels(component(tested, key))[0], picture * 255, atol=1)
    assert component(tested, "latent-sum")["notes"] == [f"seen as {judge.look(grown)[1][3]}"]
    drawn(tested.button(key="latent-take-sum").click().run())
    np.testing.assert_allclose(pixels(component(tested, "latent-picture"))[0], grown[3] * 255, atol=1)
    drawn(tested.selectbox(key="latent-class-0").set_value(str(never)).run())
    assert (
        tested.info[0].value == f"Of 2,000 samples the classifier calls none {never}: choose another class."
    )

    drawn(tested.segmented_control(key="latent-kind").set_value("By number").run())
    drawn(tested.text_input(key="latent-numbers-1").set_value("7, 9999").run())
    groups = [
        np.concatenate([sampler.noise(1, seed) for seed in seeds])
        for seeds in ((0, 1, 2), (7, 9999), (6, 7, 8))
    ]
    grown = sampler.grow(latent.arithmetic(*groups), None)
    np.testing.assert_allclose(pixels(component(tested, "latent-sum"))[0], grown[3] * 255, atol=1)
    for wrong in ("", "x_1", "-1", "10000", "1 2 3 4 5 6 7 8 9", "²"):
        drawn(tested.text_input(key="latent-numbers-1").set_value(wrong).run())
        assert tested.info[0].value.startswith("One to 8 numbers of samples, each from 0 to 9999")


def test_a_class_is_asked_for_where_the_generator_is_told_it(page, shelves):
    run = shelves.add("mine", recipe="digits_gan", **{"model.conditional": True})
    tested = page("latent")
    drawn(tested.segmented_control(key="latent-class").set_value("3").run())
    sampler = sampler_of(run)
    wanted = sampler.grow(sampler.noise(1, 0), np.array([3])) * 255
    np.testing.assert_allclose(pixels(component(tested, "latent-picture")), wanted, atol=1)
    assert not any(slider.key == "latent-meaning-3" for slider in tested.slider)  # it need not be looked for
    drawn(tested.segmented_control(key="latent-beginning").set_value("Your own picture").run())
    drawn(tested.segmented_control(key="source").set_value("Test images").run())
    drawn(tested.button(key="latent-find").click().run())
    given, _ = digits.Config().load().test.example(0)
    found = latent.find(keras.models.load_model(run.model_path), given, 3)
    np.testing.assert_allclose(pixels(component(tested, "latent-given"))[1], found.picture * 255, atol=1)
    drawn(tested.segmented_control(key="latent-class").set_value("4").run())
    assert component(tested, "latent-given")["names"] == ["given"]
    drawn(tested.segmented_control(key="latent-beginning").set_value("Arithmetic").run())
    assert tested.text_input(key="latent-numbers-0").value == "0 1 2"  # classes are asked for, not added up
