"""The page Latent space: sliders move the noise along their directions, and pictures are the generator's."""

import base64

import keras
import numpy as np
import pytest

from inspection import latent
from tests.apps.conftest import component, drawn, texts
from training.quality import Sampler


@pytest.fixture
def run(shelves):
    """Two players as a training would have left them, their weights random."""
    return shelves.add("digits_gan", "gallery", recipe="digits_gan")


def pixels(shown: dict) -> np.ndarray:
    seen = np.frombuffer(base64.b64decode(shown["pixels"]), "uint8")
    return seen.reshape(-1, shown["height"], shown["width"], shown["depth"])


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
    drawn(next(button for button in tested.button if button.label == "All sliders to 0").click().run())
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
    assert sheet.shape[:2] == (56, 56)
    np.testing.assert_allclose(sheet[24:32, 24:32], picture, atol=1)  # in the middle
    corner = sampler.noise(1, 0) - 3 * sum(latent.principal(keras.models.load_model(run.model_path))[0][:2])
    np.testing.assert_allclose(sheet[:8, :8], sampler.grow(corner, np.zeros(1))[0] * 255, atol=1)


def test_a_class_is_asked_for_where_the_generator_is_told_it(page, shelves):
    run = shelves.add("mine", recipe="digits_gan", **{"model.conditional": True})
    tested = page("latent")
    drawn(tested.segmented_control(key="latent-class").set_value("3").run())
    sampler = sampler_of(run)
    wanted = sampler.grow(sampler.noise(1, 0), np.array([3])) * 255
    np.testing.assert_allclose(pixels(component(tested, "latent-picture")), wanted, atol=1)
    assert not any(slider.key == "latent-meaning-3" for slider in tested.slider)  # it need not be looked for
