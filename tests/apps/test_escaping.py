"""Text from outside is shown as text: messages, names of layers and names of classes."""

import ast

import keras
import pytest

from apps.escaping import escape_html, escape_markdown, sentence
from tests.apps.conftest import drawn
from tests.conftest import ROOT
from training.runs import Run

IMAGE = "![x](http://127.0.0.1:9/x.png)"
STRANGE = "a <b>\"&'`*x*`"
MARKDOWN_WIDGETS = ("slider", "number_input", "text_input", "toggle", "button")


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("abs(x)*sin(3*x is no formula", r"abs(x)\*sin(3\*x is no formula"),
        ("fashion_mnist: storage.googleapis.com does not answer", None),
        ("mnist: storage.googleapis.com does not answer", None),
        ("units must be even", "units must be even"),
        ("model.units must be even", "model.units must be even"),
        ("rows.csv is empty", "rows.csv is empty"),
        ("the run has no model yet", "The run has no model yet"),
        ("don't do that", "Don't do that"),
        ("3 rows are missing", "3 rows are missing"),
    ],
)
def test_a_sentence_begins_with_a_capital_unless_it_begins_with_an_identifier(message, shown):
    assert sentence(message) == (escape_markdown(message) if shown is None else shown)


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        (IMAGE, r"\!\[x\](http\://127.0.0.1\:9/x.png)"),
        ("- item", r"\- item"),
        ("1. item", r"1\. item"),
        ("# title\n===", r"\# title ==="),
        ("a | b & c", r"a \| b \& c"),
        (":red[x] $x$ ~x~", r"\:red\[x\] \$x\$ \~x\~"),
    ],
)
def test_markdown_is_escaped(text, escaped):
    assert escape_markdown(text) == escaped


def test_html_is_escaped_also_inside_an_attribute():
    assert escape_html("<img src=x onerror='a()' title=\"b\">") == (
        "&lt;img src=x onerror=&#x27;a()&#x27; title=&quot;b&quot;&gt;"
    )


def test_pages_escape_by_one_module():
    """No other module of the app brings an escaping of its own."""
    for file in (ROOT / "apps").rglob("*.py"):
        if file.name == "escaping.py":
            continue
        tree = ast.parse(file.read_text())
        names = [
            alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
        ]
        assert "html" not in names, file


def rename(run: Run) -> None:
    """Give the layers of a run's models and its classes names that HTML and Markdown would act upon."""
    config = run.config
    config["spec"]["classes"] = [f"{name} {IMAGE}" for name in config["spec"]["classes"]]
    run.write_json("config.json", config)
    for path in run.model_paths:
        model = keras.models.load_model(path)
        changed = keras.models.clone_model(
            model,
            clone_function=lambda layer: type(layer).from_config(
                {**layer.get_config(), "name": f"{layer.name} {STRANGE}"}
            ),
        )
        changed.set_weights(model.get_weights())
        changed.save(path)


def labels(tested) -> list[str]:
    """All texts of a page that Streamlit takes for Markdown."""
    found = [
        str(element.value)
        for kind in ("title", "subheader", "markdown", "caption", "info", "warning", "error")
        for element in tested.get(kind)
    ]
    found += [str(element.label) for kind in MARKDOWN_WIDGETS for element in tested.get(kind)]
    found += [option.content for element in tested.get("button_group") for option in element.proto.options]
    return found


@pytest.mark.parametrize(
    ("name", "recipe"),
    [
        ("convolution", "digits_cnn"),
        ("activations", "digits_mlp"),
        ("latent", "digits_gan"),
        ("memory", "adding_lstm"),
        ("arena", "cartpole_ppo"),
        ("frames", "clips_cnn"),
        ("signals", "waveforms_cnn"),
        ("boundary", "points_mlp"),
    ],
)
def test_names_of_layers_and_classes_are_shown_as_text(shelves, page, name, recipe):
    rename(shelves.add("strange", recipe=recipe))
    tested = drawn(page(name, model="runs/strange"))
    raw = [label for label in labels(tested) if IMAGE in label or "<b>" in label or "*x*" in label]
    assert not raw


def test_a_slider_of_the_latent_space_shows_a_class_name_as_text(shelves, page):
    run = shelves.borrow("digits_gan")
    shelves.borrow("digits_cnn")
    config = run.config
    config["spec"]["classes"] = [f"{name} {IMAGE}" for name in config["spec"]["classes"]]
    run.write_json("config.json", config)
    tested = drawn(page("latent", model=f"runs/{run.name}"))
    assert not [label for label in labels(tested) if IMAGE in label]
