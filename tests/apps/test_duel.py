"""The page Duel: real and generated with their verdicts, what the generator is told, and turns by hand."""

import base64
import io

import keras
import numpy as np
import pytest
from PIL import Image

from apps import hand_panel
from data import digits
from inspection.verdicts import followed, verdicts
from tests.apps.conftest import component, drawn, texts
from training import adversarial, recipes, trainer
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
    assert page("duel").warning[0].value == "The discriminator has won: try a lower rate"


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


# Points, and turns by hand


@pytest.fixture
def toy(shelves):
    """Two players of points."""
    few = {"data.examples": 200, "training.batch_size": 32, "duel.discriminator_steps": 1}
    return shelves.add("toy", recipe="points_gan", **LIKELIHOOD, **few)


def placed(shown: dict, kind: int) -> np.ndarray:
    """The points of a kind on the plane: real ones 0, generated ones 1."""
    return np.array([point[:2] for point in shown["points"] if point[2] == kind])


def turns(tested) -> list[str]:
    return [each.value for each in tested.metric if each.label.startswith("Turns of the")]


def press(tested, what: str, key: str = "runs/toy"):
    return drawn(tested.button(key=f"hand-{what}-{key}").click().run())


def test_points_lie_on_the_plane_of_their_players(page, toy):
    tested = page("duel")
    shown = component(tested, "duel-plane")
    generator, discriminator = players(toy)
    sampler = Sampler(generator)
    made = sampler.grow(sampler.noise(300), None)
    real = recipes.from_config(toy.config).data.load().test.inputs
    np.testing.assert_allclose(placed(shown, 0), real[:300], rtol=1e-3)
    np.testing.assert_allclose(placed(shown, 1), made, rtol=1e-3, atol=1e-6)
    slopes = verdicts(discriminator, made).slopes
    for arrow, point, slope in zip(np.array(shown["arrows"]), made, slopes, strict=False):
        np.testing.assert_allclose(arrow[:2], point, rtol=1e-3, atol=1e-6)
        moved = arrow[2:] - arrow[:2]
        assert moved @ slope > 0.99 * np.linalg.norm(moved) * np.linalg.norm(slope)
    (panel,) = shown["panels"]
    field = np.frombuffer(base64.b64decode(panel["pixels"]), "uint8").reshape(panel["height"], panel["width"])
    for share, place in (
        (0, shown["low"]),
        (-1, shown["high"]),
    ):  # of the field's rows the first is the upper one
        logit = verdicts(discriminator, np.array([place], "float32")).logits[0]
        found = (int(field[-1 - share, share]) - 128) / 127 * panel["scale"] + panel["centre"]
        assert found == pytest.approx(
            np.clip(logit, -panel["scale"], panel["scale"]), abs=0.05 * panel["scale"]
        )
    drawn(tested.number_input(key="duel.noise").set_value(3).run())
    assert (placed(component(tested, "duel-plane"), 1) != placed(shown, 1)).any()
    assert {"Real points reached", "Generated points on target"} <= {each.label for each in tested.metric}


def test_one_player_learns_by_hand_and_then_the_other(page, toy):
    kept = {path: path.read_bytes() for path in toy.path.rglob("*") if path.is_file()}
    tested = press(page("duel"), "fresh")
    plane = "hand-plane-runs/toy"
    first = component(tested, plane)
    assert turns(tested) == ["0", "0"]
    taught = component(press(tested, "teach"), plane)
    assert taught["points"] == first["points"]
    assert taught["panels"] != first["panels"]
    drawn(tested.segmented_control(key="hand-times-runs/toy").set_value(1).run())
    persuaded = component(press(tested, "persuade"), plane)
    assert persuaded["points"] != taught["points"]
    assert persuaded["panels"] == taught["panels"]
    assert turns(tested) == ["10", "1"]
    assert {path: path.read_bytes() for path in toy.path.rglob("*") if path.is_file()} == kept
    again = component(press(tested, "fresh"), plane)
    assert turns(tested) == ["0", "0"]
    assert again["points"] != first["points"]
    trained = component(press(tested, "trained"), plane)
    assert trained["points"] == component(tested, "duel-plane")["points"]
    assert trained["panels"] == component(tested, "duel-plane")["panels"]


def test_both_run_until_they_are_paused(page, toy, monkeypatch):
    tested = press(press(page("duel"), "fresh"), "play")
    assert tested.button(key="hand-play-runs/toy").label == "Pause"
    before = int(turns(tested)[1])
    assert before > 0
    assert int(turns(drawn(tested.run()))[1]) > before
    paused = turns(press(tested, "play"))
    assert turns(drawn(tested.run())) == paused
    monkeypatch.setattr(hand_panel, "MOST_LOOKS", 2)  # a window that was forgotten
    press(tested, "play")
    for _ in range(3):
        drawn(tested.run())
    assert tested.button(key="hand-play-runs/toy").label == "Let both run"


def test_who_has_run_ahead_is_told(page, toy):
    tested = press(page("duel"), "fresh")
    drawn(tested.segmented_control(key="hand-times-runs/toy").set_value(100).run())
    press(tested, "persuade")
    assert "The generator has run ahead" in texts(press(tested, "persuade"))


def test_pictures_learn_by_hand_and_each_loss_has_its_own_duel(page, model):
    key, made = "gallery/digits_gan", "hand-made-gallery/digits_gan"
    tested = press(page("duel"), "fresh", key)
    first = component(tested, made)
    drawn(tested.segmented_control(key=f"hand-times-{key}").set_value(100).run())
    taught = component(press(tested, "teach", key), made)
    assert taught["pixels"] == first["pixels"]
    assert taught["notes"] != first["notes"]
    assert all(note.endswith("%") for note in taught["notes"])
    assert component(press(tested, "persuade", key), made)["pixels"] != first["pixels"]
    assert len(component(tested, f"hand-real-{key}")["notes"]) == 12
    drawn(tested.selectbox(key=f"hand-loss-{key}").set_value("hinge").run())
    other = component(tested, made)
    assert other["pixels"] == first["pixels"]
    assert not any(note.endswith("%") for note in other["notes"])
    assert turns(tested) == ["0", "0"]
    assert tuple(hand_panel.LOSSES) == adversarial.LOSSES


def test_a_class_is_told_on_the_plane_too(page, shelves):
    few = {"data.examples": 200, "training.batch_size": 32, "model.conditional": True, "data.classes": 3}
    run = shelves.add("toy", recipe="points_gan", **few)
    tested = press(page("duel"), "fresh")
    drawn(tested.segmented_control(key="hand-class-runs/toy").set_value("blob 2").run())
    split = recipes.from_config(run.config).data.load().test
    shown = component(tested, "hand-plane-runs/toy")
    np.testing.assert_allclose(placed(shown, 0), split.inputs[split.targets == 1], rtol=1e-3)
    assert turns(press(tested, "teach")) == ["10", "0"]


def test_what_cannot_be_played_by_hand_says_why(page, shelves):
    shelves.add("toy", recipe="points_gan", **{"data.examples": 60})
    assert "batch\\_size must be at most 60" in texts(press(page("duel"), "fresh"))


def test_points_are_on_this_page_alone(page, toy):
    assert page("duel").selectbox(key="model").options == ["toy  ·  your run"]
    for name in ("latent", "timeline", "boundary", "activations"):
        assert not [each for each in page(name).selectbox if each.key == "model"]


def test_the_training_tab_offers_what_points_are_drawn_by(page, toy):
    tested = page("duel", tab="Train")
    recipe = next(each for each in tested.selectbox if each.label == "Recipe")
    drawn(recipe.set_value("points_gan").run())
    assert tested.selectbox(key="points_gan-data.kind").value == "blobs"
    assert tested.number_input(key="points_gan-data.classes").value == 8
