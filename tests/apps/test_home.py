"""Home: the gallery, the devices, and no TensorFlow."""

import json

from apps import devices
from tests.apps.conftest import APP, VIEWS, component, drawn, texts
from tests.conftest import ROOT, run_python

SLEEPER = """
import sys
sys.path.insert(0, {root!r})
from streamlit.testing.v1 import AppTest
tested = AppTest.from_file({file!r}, default_timeout=60).run()
assert not tested.exception, tested.exception
print([name for name in ("tensorflow", "keras", "pandas", "altair") if name in sys.modules])
"""


def test_an_empty_gallery_says_how_to_fill_it(page):
    tested = page("home")
    assert "gallery is empty" in tested.info[0].value
    assert "CPU cores" in texts(tested)


def test_each_model_of_the_gallery_has_a_card_with_its_figures(shelves, page):
    run = shelves.add("digits_cnn", "gallery")
    run.write_json("evaluation.json", {"test": {"accuracy": 0.9876, "examples": 349}})
    shelves.add("mine")
    tested = page("home")
    said = texts(tested)
    assert "98.8%" in said
    assert f"{run.config['parameters']:,} parameters" in said
    assert "mine" not in said
    mosaic = component(tested, "mosaic-gallery/digits_cnn")
    assert (mosaic["count"], mosaic["height"], mosaic["width"]) == (4, 3, 3)


def test_a_gallery_run_without_a_model_does_not_break_the_page(shelves, page):
    shelves.add("digits_cnn", "gallery", model=False, rows=0)
    assert r"digits\_cnn" in texts(page("home"))


def test_home_wakes_no_tensorflow(shelves):
    shelves.add("digits_cnn", "gallery")
    for file in (APP, VIEWS / "home.py", VIEWS / "runs.py"):
        assert json.loads(run_python(SLEEPER.format(root=str(ROOT), file=str(file))).splitlines()[-1]) == []


def test_the_app_leads_to_every_page(shelves):
    from streamlit.testing.v1 import AppTest

    tested = drawn(AppTest.from_file(APP, default_timeout=60).run())
    titles = [tested.title[0].value]
    for name in ("convolution", "runs", "home"):
        drawn(tested.switch_page(f"views/{name}.py").run())
        titles.append(tested.title[0].value)
    assert titles == ["Neural networks to touch", "Convolution", "Runs", "Neural networks to touch"]


def test_a_driver_that_fails_leaves_a_machine_without_gpus(monkeypatch, tmp_path):
    broken = tmp_path / "nvidia-smi"
    broken.write_text("#!/bin/sh\nexit 9\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert devices.find().gpus == ()
    broken.write_text("#!/bin/sh\necho NVIDIA H200\necho NVIDIA H200\n")
    assert devices.find().gpus == ("NVIDIA H200", "NVIDIA H200")
    assert devices.find().cores >= 1
