"""What a person has set stays set when they leave a page and come back."""

import ast

import pytest
from streamlit.testing.v1 import AppTest

from apps import engine
from tests.apps.conftest import APP, PATIENCE, component, drawn
from tests.conftest import ROOT

VALUED = {  # Streamlit's widgets that have a value and can keep it
    "checkbox",
    "multiselect",
    "number_input",
    "pills",
    "radio",
    "segmented_control",
    "select_slider",
    "selectbox",
    "slider",
    "text_area",
    "text_input",
    "toggle",
}
PAGES = sorted(path.stem for path in (ROOT / "apps" / "views").glob("[a-z]*.py"))


def test_every_widget_with_a_key_says_how_long_its_value_is_kept():
    """Code may read the value of a widget by its key: it must be there on a second visit, too."""
    lost = []
    for file in sorted((ROOT / "apps").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            given = {word.arg for word in node.keywords}
            keeps = given & {"persist_state", "bind"} or None in given  # None: **settings
            if node.func.attr in VALUED and "key" in given and not keeps:
                lost.append(f"{file.name}:{node.lineno}")
    assert not lost


@pytest.fixture
def app(shelves) -> AppTest:
    """The whole app, with a model for each page that needs one."""
    for recipe in ("digits_cnn", "digits_mlp", "points_mlp", "waveforms_cnn", "adding_lstm", "cartpole_ppo"):
        shelves.add(recipe, recipe=recipe)
    engine.wake()
    return drawn(AppTest.from_file(APP, default_timeout=PATIENCE).run())


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_drawn_again_when_it_is_visited_a_second_time(app, name):
    for each in (name, "home" if name != "home" else "runs", name):
        drawn(app.switch_page(f"views/{each}.py").run())


def test_the_kernels_settings_are_there_on_a_second_visit(app):
    drawn(app.switch_page("views/kernel.py").run())
    app.segmented_control(key="kernel-dimension").set_value("Line").run()
    drawn(app.number_input(key="kernel-stride").set_value(2).run())
    before = component(app, "slide")
    drawn(app.switch_page("views/home.py").run())
    drawn(app.switch_page("views/kernel.py").run())
    assert app.segmented_control(key="kernel-dimension").value == "Line"
    assert app.number_input(key="kernel-stride").value == 2
    assert component(app, "slide")["output"] == before["output"]


@pytest.mark.parametrize(
    ("page", "kind", "key", "value"),
    [
        ("attention", "toggle", "attention-causal", True),
        ("boundary", "selectbox", "points", "Spirals"),
        ("signals", "toggle", "mattered", False),
        ("approximation", "selectbox", "function", "A bump"),
    ],
)
def test_settings_of_other_pages_are_there_on_a_second_visit(app, page, kind, key, value):
    drawn(app.switch_page(f"views/{page}.py").run())
    drawn(getattr(app, kind)(key=key).set_value(value).run())
    drawn(app.switch_page("views/home.py").run())
    drawn(app.switch_page(f"views/{page}.py").run())
    assert getattr(app, kind)(key=key).value == value
