"""Damaged runs beside good ones: every page that lists runs names them, leaves them out and shows the others."""

import json

import pytest

from apps import library
from tests.apps.conftest import component, drawn, texts

PAGES = {  # with a recipe whose runs the page shows
    "home": "digits_cnn",
    "convolution": "digits_cnn",
    "activations": "digits_mlp",
    "boundary": "points_mlp",
    "approximation": "function_mlp",
    "signals": "waveforms_cnn",
    "memory": "adding_gru",
    "translate": "numbers_seq2seq",
    "heads": "pronouns_encoder",
    "duel": "points_gan",
    "timeline": "digits_gan",
    "arena": "cartpole_ppo",
    "compare": "cartpole_ppo",
}


def harm(run, file, content):
    (run.path / file).write_text(content)


@pytest.mark.parametrize("name", [*PAGES, "runs"])
def test_a_page_names_damaged_runs_and_shows_the_others(shelves, page, name):
    recipe = PAGES.get(name, "digits_cnn")
    shelves.add("untouched", recipe=recipe, model=False, rows=0, state="stopped")
    harm(shelves.add("listed", recipe=recipe, model=False), "status.json", "[]")
    harm(shelves.add("typed", recipe=recipe, model=False), "evaluation.json", '{"test": {"accuracy": "1"}}')
    run = shelves.add("short", recipe=recipe, model=False)
    harm(run, "metrics.jsonl", run.metrics_path.read_text() + "half a row\n")
    run = shelves.add("large", recipe=recipe, model=False)
    harm(run, "config.json", json.dumps({**run.config, "parameters": "many"}))
    assert [entry.run.name for entry in library.entries()] == ["untouched"]
    said = texts(page(name))
    assert "4 runs are left out" in said
    for bad in ("listed", "typed", "short", "large"):
        assert f"**{bad}**" in said
    if name == "runs":
        assert [row["name"] for row in component(page(name), "table")["rows"]] == ["untouched"]


def test_a_stop_that_is_refused_says_so(shelves, page):
    run = shelves.add("mine", model=False, rows=0, state="queued")
    run.update_status(pid=1)
    tested = page("runs", run="mine")
    (button,) = (each for each in tested.button if each.label == "Stop")
    drawn(button.click().run())
    assert "does not train this run" in texts(tested)
