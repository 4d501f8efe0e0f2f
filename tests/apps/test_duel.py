"""The page Duel: both kinds of pictures with their verdicts, and what the generator is told of one."""

import base64
import io

import keras
import numpy as np
import pytest
from PIL import Image

from data import digits
from inspection.verdicts import followed, verdicts
from tests.apps.conftest import component, drawn, texts
from training import trainer
from training.quality import Sampler

# Of a loss whose logits tell how likely a picture is real.
LIKELIHOOD = {"duel.loss": "non_saturating", "duel.penalty": 0.0}


@pytest.fixture
def model(shelves):
    """Two players as a training would have left them, their weights random."""
    return shelves.add("digits_gan", "gallery", recipe="digits_gan", **LIKELIHOOD)


def pixels(shown: dict) -> np.ndarray:
    seen = np.frombuffer(base64.b64decode(shown["pixels"]), "uint8")
    return seen.reshape(-1, shown["height"], shown["width"], shown["depth"])


def players(run):
    return map(keras.models.load_model, run.model_paths)


def test_generated_and_real_pictures_have_the_discriminators_verdicts(page, model):
    tested = page("duel")
    generator, discriminator = players(model)
    sampler = Sampler(generator)
    made = sampler.grow(sampler.noise(24), None)
    shown = component(tested, "duel-made")
    np.testing.assert_allclose(pixels(shown), made * 255, atol=1)
    assert shown["notes"] == [f"{share:.0%}" for share in verdicts(discriminator, made).shares]
    split = digits.Config().load().test
    real = component(tested, "duel-real")
    np.testing.assert_allclose(pixels(real), split.inputs[:24] / 16 * 255, atol=1)
    shares = verdicts(discriminator, split.inputs[:24].astype("float32") / 16).shares
    assert real["notes"] == [f"{share:.0%}" for share in shares]


def test_a_seed_makes_the_same_first_picture_everywhere(page, model):
    first = pixels(component(page("duel"), "duel-made"))[0]
    np.testing.assert_array_equal(first, pixels(component(page("latent"), "latent-picture"))[0])
    (answer,) = trainer.predict(model, ["0"])
    written = base64.b64decode(answer["output"].partition(",")[2])
    np.testing.assert_allclose(np.asarray(Image.open(io.BytesIO(written))), first[..., 0], atol=1)


def test_other_noise_makes_other_pictures(page, model):
    tested = page("duel")
    first = component(tested, "duel-made")["pixels"]
    drawn(tested.number_input(key="duel.noise").set_value(3).run())
    assert component(tested, "duel-made")["pixels"] != first


def test_the_gradient_can_be_followed(page, model):
    tested = page("duel")
    generator, discriminator = players(model)
    sampler = Sampler(generator)
    one = sampler.grow(sampler.noise(24), None)[:1]
    drawn(tested.slider(key="duel-distance").set_value(0.1).run())
    moved = followed(one, verdicts(discriminator, one).slopes, 0.1)
    shown = component(tested, "duel-moved")
    np.testing.assert_allclose(pixels(shown), moved * 255, atol=1)
    assert shown["notes"] == [f"followed: {verdicts(discriminator, moved).shares[0]:.0%}"]
    grown = component(tested, "duel-growth")["layers"]
    assert [layer["name"] for layer in grown] == ["grow_grid", "grow_act", "stage1_act", "picture"]
    assert (grown[-1]["height"], grown[-1]["count"]) == (8, 1)


def test_a_critic_gives_scores(page, shelves):
    run = shelves.add("mine", recipe="digits_gan")
    tested = page("duel")
    generator, discriminator = players(run)
    sampler = Sampler(generator)
    made = sampler.grow(sampler.noise(24), None)
    notes = component(tested, "duel-made")["notes"]
    assert notes == [f"{logit:.2f}" for logit in verdicts(discriminator, made).logits]
    assert "only differences count" in texts(tested)


def test_a_class_is_asked_for_where_the_players_are_told_it(page, shelves):
    run = shelves.add("mine", recipe="digits_gan", **LIKELIHOOD, **{"model.conditional": True})
    tested = page("duel")
    generator, discriminator = players(run)
    drawn(tested.segmented_control(key="duel-class").set_value("7").run())
    sampler, labels = Sampler(generator), np.full(24, 7)
    made = sampler.grow(sampler.noise(24), labels)
    shown = component(tested, "duel-made")
    np.testing.assert_allclose(pixels(shown), made * 255, atol=1)
    assert shown["notes"] == [f"{share:.0%}" for share in verdicts(discriminator, made, labels).shares]
    split = digits.Config().load().test
    sevens = split.inputs[split.targets == 7][:24]
    np.testing.assert_allclose(pixels(component(tested, "duel-real")), sevens / 16 * 255, atol=1)


def test_what_is_wrong_with_a_duel_is_said(page, model):
    model.update_status(advice="the discriminator has won: try a lower rate")
    assert page("duel").warning[0].value == "The discriminator has won\\: try a lower rate"


def test_a_player_that_is_missing_is_told_calmly(page, model):
    model.model_paths[1].unlink()
    assert "has no discriminator yet" in texts(page("duel"))


def test_players_keep_to_their_page(page, shelves, model):
    shelves.add("digits_cnn", "gallery")
    assert page("duel").selectbox(key="model").options == ["digits_gan  ·  gallery"]
    assert page("convolution").selectbox(key="model").options == ["digits_cnn  ·  gallery"]
    assert "made of noise" in texts(page("home"))


def test_the_training_tab_offers_what_two_players_need(page, shelves):
    tested = page("duel")  # the shelf is empty: the page opens where one is trained
    keys = {element.key for element in (*tested.selectbox, *tested.number_input, *tested.toggle)}
    assert {"digits_gan-duel.loss", "digits_gan-duel.penalty", "digits_gan-model.conditional"} <= keys
