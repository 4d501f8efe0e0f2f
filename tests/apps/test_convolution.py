"""The page Convolution: explore, train, code; empty, and with what can go wrong."""

import base64
import io
import runpy

import keras
import numpy as np
import pytest
from PIL import Image

from apps import code_panel, launch
from tests.apps.conftest import component, drawn, texts
from training import __main__ as command_line
from training import arguments, recipe, recipes, runs


@pytest.fixture
def started(monkeypatch) -> list:
    """The runs that the page starts, without a process."""
    found = []
    monkeypatch.setattr(launch, "start", lambda run, devices="auto": found.append((run, devices)))
    return found


@pytest.fixture(scope="module")
def kept(kept_shelves) -> None:
    kept_shelves.add("digits_cnn", "gallery")


@pytest.fixture
def digits(kept, lasting) -> None:
    """A model of the gallery, for tests that leave it as it is."""


def form(tested, label):
    """The widget of that label."""
    kinds = ("number_input", "text_input", "selectbox", "toggle", "text_area")
    (widget,) = (each for kind in kinds for each in tested.get(kind) if each.label == label)
    return widget


def press(tested, label):
    (button,) = (each for each in tested.button if each.label == label)
    return drawn(button.click().run())


# Explore


def test_without_any_model_the_page_invites_to_train_one(page):
    tested = page("convolution")
    assert [each.label for each in tested.tabs] == ["Explore", "Train", "Code"]
    assert any(each.label == "Start training" for each in tested.button)
    tested.session_state["tab"] = "Explore"
    assert "Train one" in drawn(tested.run()).info[0].value


def test_the_first_training_stays_in_its_tab(shelves, page, started):
    tested = page("convolution")
    press(tested, "Start training")
    drawn(tested.run())
    assert tested.session_state["tab"] == "Train"
    assert "digits" in texts(tested)


def test_an_empty_canvas_has_no_answer_yet(digits, page):
    answer = component(page("convolution"), "answer")
    assert [one["name"] for one in answer["classes"]] == list("0123456789")
    assert all(one["share"] is None for one in answer["classes"])
    assert answer["seen"] is None
    assert "Draw" in answer["hint"]


def test_a_test_image_is_answered_by_every_layer(digits, page):
    tested = page("convolution")
    drawn(tested.segmented_control(key="source").set_value("Test images").run())
    answer = component(tested, "answer")
    assert sum(one["share"] for one in answer["classes"]) == pytest.approx(1)
    assert [one["true"] for one in answer["classes"]].count(True) == 1
    assert (answer["seen"]["width"], answer["seen"]["height"]) == (8, 8)
    maps = component(tested, "maps")["layers"]
    names = [layer["name"] for layer in maps]
    assert names[:3] == ["stage1_conv1", "stage1_conv1_norm", "stage1_conv1_act"]
    assert names[-1] == "logits"
    assert [layer["count"] for layer in maps if layer["name"].endswith("conv1")] == [4, 8]
    drawn(tested.segmented_control(key="layers").set_value("Convolutions").run())
    shown = component(tested, "maps")["layers"]
    assert [layer["name"] for layer in shown] == ["stage1_conv1", "stage2_conv1"]
    drawn(tested.segmented_control(key="contrast").set_value("Each map").run())
    assert component(tested, "maps")["layers"] != shown


def test_no_visitor_clears_the_state_of_keras(shelves, page, monkeypatch):
    cleared = []
    monkeypatch.setattr(keras.backend, "clear_session", lambda: cleared.append(True))
    shelves.add("digits_cnn", "gallery")
    tested = page("convolution")
    drawn(tested.segmented_control(key="source").set_value("Test images").run())
    assert not cleared


def test_more_test_images_follow(digits, page):
    tested = page("convolution")
    drawn(tested.segmented_control(key="source").set_value("Test images").run())
    first = component(tested, "thumbs")
    press(tested, "More")
    second = component(tested, "thumbs")
    assert second["first"] == len(first["names"]) == second["picked"]


def test_the_url_chooses_the_model(shelves, page):
    shelves.add("digits_cnn", "gallery")
    shelves.add("digits_cnn")  # a run may have the name of a gallery model
    tested = page("convolution", model="runs/digits_cnn")
    assert tested.selectbox(key="model").value == "runs/digits_cnn"


@pytest.mark.parametrize("asked", ["runs/gone", "../../etc/passwd", "gallery/"])
def test_a_model_that_is_not_there_is_told(digits, page, asked):
    tested = page("convolution", model=asked)
    assert "no model" in tested.info[0].value
    assert tested.selectbox(key="model").value == "gallery/digits_cnn"


def test_a_run_without_a_model_yet_says_when_it_comes(shelves, page):
    shelves.add("early", model=False, rows=0)
    assert "no model yet" in page("convolution").info[0].value


def test_a_damaged_model_is_told(shelves, page):
    shelves.add("broken").model_path.write_bytes(b"not a model")
    assert "can't be loaded" in page("convolution").info[0].value


def test_missing_test_images_are_told(shelves, page, tmp_path):
    run = shelves.add("mine")
    config = run.config
    run.write_json(
        "config.json",
        {
            **config,
            "recipe": "images_cnn",
            "source": "image_folder",
            "data": {"folder": str(tmp_path / "gone"), "size": 8, "channels": 1},
        },
    )
    tested = page("convolution")
    drawn(tested.segmented_control(key="source").set_value("Test images").run())
    assert "is not a folder" in tested.info[0].value


def upload(tested, content: bytes, name: str = "picture.png"):
    drawn(tested.segmented_control(key="source").set_value("Upload").run())
    return drawn(tested.file_uploader[0].set_value((name, content, "image/png")).run())


def test_an_uploaded_picture_is_answered_and_can_be_inverted(digits, page):
    paper = Image.new("L", (60, 80), 255)
    paper.paste(0, (25, 10, 35, 70))
    file = io.BytesIO()
    paper.save(file, "PNG")
    tested = upload(page("convolution"), file.getvalue())
    assert tested.toggle[0].value  # dark ink on light paper is turned round by itself
    seen = component(tested, "answer")
    assert any(one["first"] for one in seen["classes"])
    drawn(tested.toggle[0].set_value(False).run())
    assert component(tested, "answer")["seen"] != seen["seen"]


def test_an_upload_that_is_no_picture_is_told_and_the_page_lives_on(digits, page):
    tested = upload(page("convolution"), b"<?xml version='1.0'?><svg/>")
    assert "can't be read as an image" in tested.warning[0].value
    drawn(tested.segmented_control(key="source").set_value("Draw").run())
    assert not tested.warning


def picture_file(mode: str, size=(60, 80), kind: str = "PNG", **keywords) -> bytes:
    """A picture with a stroke on it, as a file."""
    image = Image.new("L", size)
    image.paste(255, (size[0] // 3, size[1] // 8, 2 * size[0] // 3, size[1] - 1))
    if mode == "I;16":
        converted = Image.fromarray(np.asarray(image, "uint16") * 257)
    elif mode == "RGBA":
        converted = Image.merge("RGBA", [image.point(lambda level: 255 - level)] * 3 + [image])
    else:
        converted = image.convert("RGB").convert(mode)
    file = io.BytesIO()
    converted.save(file, kind, **keywords)
    return file.getvalue()


@pytest.mark.parametrize("mode", ["RGBA", "CMYK", "I;16", "L"])
def test_a_picture_of_any_kind_is_seen_with_its_stroke(digits, page, mode):
    kind = "JPEG" if mode == "CMYK" else "PNG"
    tested = upload(page("convolution"), picture_file(mode, kind=kind), f"picture.{kind.lower()}")
    assert not tested.warning
    seen = base64.b64decode(component(tested, "answer")["seen"]["pixels"])
    assert max(seen) > 200  # the stroke is light on dark, whichever way round it came
    assert min(seen) < 50


def test_a_single_pixel_is_a_picture(digits, page):
    tested = upload(page("convolution"), picture_file("L", (1, 1)))
    assert component(tested, "answer")["seen"]
    assert not tested.warning


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "can't be read as an image"),
        (picture_file("RGB", (600, 800))[:-80], "damaged"),
        (picture_file("1", (10_000, 5_001)), "more than 50 million"),
        (picture_file("1", (20_000, 20_000)), "far more than 50 million"),
    ],
    ids=["empty", "cut off", "50 megapixels", "400 megapixels"],
)
def test_a_picture_that_can_not_be_shown_is_told_and_nothing_is_lost(digits, page, content, said):
    tested = page("convolution")
    tested.session_state["canvas_picture"] = np.full((300, 300, 3), 255, "uint8")
    tested = upload(tested, content)
    assert said in tested.warning[0].value
    assert component(tested, "answer")["seen"] is None
    drawn(tested.segmented_control(key="source").set_value("Draw").run())
    assert not tested.warning
    assert component(tested, "answer")["seen"]


def test_an_uploaded_picture_is_kept_while_another_source_is_looked_at(digits, page):
    tested = upload(page("convolution"), picture_file("L"))
    seen = component(tested, "answer")["seen"]
    drawn(tested.segmented_control(key="source").set_value("Test images").run())
    assert component(tested, "answer")["seen"] != seen
    drawn(tested.segmented_control(key="source").set_value("Upload").run())
    assert component(tested, "answer")["seen"] == seen
    press(tested, "Remove")
    assert component(tested, "answer")["seen"] is None


# Inside


@pytest.fixture
def looking(shelves, page):
    """The page with a test image, in one of its views."""
    shelves.add("digits_cnn", "gallery")

    def look(view: str):
        tested = page("convolution")
        drawn(tested.segmented_control(key="source").set_value("Test images").run())
        return drawn(tested.segmented_control(key="view").set_value(view).run())

    return look


def test_one_unit_is_the_sum_of_its_parts(looking):
    tested = looking("One unit")
    drawn(tested.selectbox(key="unit_layer").set_value("stage2_conv1_act").run())
    for name, number in (("map", 3), ("row", 2), ("column", 4)):
        drawn(tested.number_input(key=f"unit_{name}").set_value(number).run())
    shown = component(tested, "unit_view")
    assert shown["place"] == [1, 3, 2]
    # Three pooled rows, two of the four columns left; one pixel more to each side.
    assert shown["box"] == [0, 7, 3, 8]
    anatomy = shown["anatomy"]
    assert (anatomy["made_by"], anatomy["looks_at"], anatomy["operation"]) == (
        "stage2_conv1",
        "stage1_pool",
        "convolution",
    )
    assert sum(part["sum"] for part in anatomy["parts"]) + anatomy["rest"] == pytest.approx(
        anatomy["sum"], abs=1e-4
    )
    assert anatomy["steps"][-1]["value"] == pytest.approx(shown["value"], abs=1e-4)
    press(tested, "Strongest")
    strongest = component(tested, "unit_view")
    assert strongest["value"] >= shown["value"]
    drawn(tested.selectbox(key="unit_layer").set_value("logits").run())
    assert component(tested, "unit_view")["map"] is None


def test_a_unit_s_place_follows_a_change_of_model(looking, shelves):
    tested = looking("One unit")
    drawn(tested.number_input(key="unit_row").set_value(8).run())
    shelves.add("small", **{"model.stride": 2})
    drawn(tested.run())
    drawn(tested.selectbox(key="model").set_value("runs/small").run())
    assert component(tested, "unit_view")["place"][0] == 3  # the last of four rows


def test_an_answer_is_explained_for_any_class(looking):
    tested = looking("Why this answer")
    panels = component(tested, "heat")["panels"]
    assert [panel["name"] for panel in panels] == ["Grad-CAM", "Saliency", "Occlusion"]
    assert [(panel["height"], panel["width"]) for panel in panels] == [(4, 4), (8, 8), (8, 8)]
    likeliest = [one["first"] for one in component(tested, "answer")["classes"]].index(True)
    drawn(tested.selectbox(key="why_class_gallery/digits_cnn").set_value((likeliest + 1) % 10).run())
    other = component(tested, "heat")["panels"]
    assert all(a["pixels"] != b["pixels"] for a, b in zip(panels[1:], other[1:], strict=True))
    drawn(tested.toggle(key="why_smooth").set_value(True).run())
    assert component(tested, "heat")["panels"][1]["name"] == "SmoothGrad"
    drawn(tested.selectbox(key="why_layer_gallery/digits_cnn").set_value("stage1_conv1").run())
    assert component(tested, "heat")["panels"][0]["height"] == 8


def test_the_images_that_excite_a_map_are_the_strongest_and_searched_for_once(looking, monkeypatch):
    tested = looking("What excites it")
    first = component(tested, "crops")["crops"]
    values = [crop["value"] for crop in first]
    assert len(values) == 12
    assert values == sorted(values, reverse=True)
    monkeypatch.setattr("inspection.exciting.exciting", lambda *_: pytest.fail("searched for again"))
    drawn(tested.selectbox(key="excite_layer_gallery/digits_cnn").set_value("logits").run())
    crops = component(tested, "crops")["crops"]
    assert crops[0]["box"] == [0, 8, 0, 8]


def test_every_convolution_shows_its_kernels(looking):
    tested = looking("Kernels")
    shown = component(tested, "kernels")["layers"]
    assert [(layer["name"], layer["count"], layer["height"]) for layer in shown] == [
        ("stage1_conv1", 4, 3),
        ("stage2_conv1", 8, 3),
    ]
    drawn(tested.selectbox(key="kernel_layer_gallery/digits_cnn").set_value("stage2_conv1").run())
    (one,) = component(tested, "kernels")["layers"]
    assert one["count"] == 4  # one slice for each map that it looks at


# Train


def test_a_training_is_made_of_what_the_form_says(shelves, page, started):
    tested = page("convolution", tab="Train")
    form(tested, "Epochs").set_value(2.0)
    form(tested, "Filters").set_value("4, 8")
    form(tested, "Residual").set_value(True)
    form(tested, "Name").set_value("mine")
    form(tested, "Seed").set_value(7)
    form(tested, "Any other setting, one a line").set_value("--model.dropout=0.2\noptimizer.weight_decay 0")
    press(tested, "Start training")
    ((run, devices),) = started
    config = runs.find("mine", shelves.runs).config
    assert (run.name, devices) == ("mine", "auto")
    assert config["training"]["epochs"] == 2
    assert config["model"]["filters"] == [4, 8]
    assert config["model"]["residual"] is True
    assert config["model"]["dropout"] == 0.2
    assert config["optimizer"]["weight_decay"] == 0
    assert config["seed"] == 7


def test_a_name_is_found_where_none_is_given(shelves, page, started):
    shelves.add("digits_cnn-1")
    press(page("convolution", tab="Train"), "Start training")
    assert started[0][0].name == "digits_cnn-2"


@pytest.mark.parametrize(
    ("label", "value", "said"),
    [
        ("Batch size", 0, "batch_size must be at least 1"),
        ("Filters", "four", "whole number"),
        ("Name", "../up", "name must begin with a letter"),
        ("Name", "taken", "already"),
        ("Any other setting, one a line", "model.dropuot 0.1", "model.dropout"),
        ("Any other setting, one a line", "dropout", "a setting and its value"),
    ],
)
def test_a_setting_that_breaks_its_rule_is_told(shelves, page, started, label, value, said):
    shelves.add("taken")
    tested = page("convolution", tab="Train")
    form(tested, label).set_value(value)
    press(tested, "Start training")
    assert said in tested.error[0].value.replace("\\", "")
    assert not started
    assert [run.name for run in runs.runs_in(shelves.runs)] == ["taken"]


def test_own_images_need_a_folder(shelves, page, started, tmp_path):
    tested = page("convolution", tab="Train")
    drawn(form(tested, "Recipe").set_value("images_cnn").run())
    press(tested, "Start training")
    assert "name the folder" in tested.error[0].value.lower()
    form(tested, "Folder of images").set_value(str(tmp_path))
    press(tested, "Start training")
    assert started[0][0].config["data"]["folder"] == str(tmp_path)


def test_a_stopped_run_can_be_resumed_and_its_curves_are_there(shelves, page, started):
    shelves.add("mine", state="stopped")
    tested = page("convolution", tab="Train")
    assert "mine" in texts(tested)
    assert {"Loss", "Validation accuracy"} <= {metric.label for metric in tested.metric}
    press(tested, "Resume")
    assert started[0][0].name == "mine"


def test_the_error_of_a_failed_run_is_shown(shelves, page):
    shelves.add("mine", state="failed", error="the loss is not finite at step 40; try a lower rate")
    tested = page("convolution", tab="Train")
    assert "not finite at step 40" in tested.error[0].value


def test_a_finished_run_can_be_explored_at_once(shelves, page):
    shelves.add("digits_cnn", "gallery")
    shelves.add("mine")
    tested = page("convolution", tab="Train")
    press(tested, "Explore")
    assert tested.selectbox(key="model").value == "runs/mine"
    assert component(tested, "answer")["hint"]


# Code


def test_the_code_is_that_of_the_model_and_of_the_page(digits, page):
    tested = page("convolution", tab="Code")
    code = "\n".join(each.value for each in tested.code)
    assert "python -m training train digits_cnn --model.filters 4,8" in code
    assert 'keras.models.load_model("model.keras")' in code
    assert "def build(config: Config)" in code
    assert "def explore(entry: Entry)" in code
    assert [each.label for each in tested.download_button] == ["Download model.keras"]


def test_the_command_line_trains_the_same_settings(shelves):
    run = shelves.add("mine", **{"data.augmentation.shift": 1, "optimizer.learning_rate": 0.01})
    words = code_panel.command_line(run.config).split()[3:]
    options, rest = command_line._parser().parse_known_args(words)
    overrides = arguments.overrides(rest)
    again = recipes.find(options.recipe).override(overrides).to_config()
    assert {name: again[name] for name in recipe.SECTIONS} == {
        name: run.config[name] for name in recipe.SECTIONS
    }


def test_the_builder_call_builds_the_model(shelves, tmp_path):
    run = shelves.add("mine")
    script = tmp_path / "call.py"
    script.write_text(code_panel.builder_call("cnn", run.config))
    model = runpy.run_path(str(script))["model"]
    assert model.count_params() == run.config["parameters"]
    assert list(model.input.shape[1:]) == run.config["spec"]["input_shape"]
