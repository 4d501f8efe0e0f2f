"""Pages that load a run's own data say where these are not those that the run was trained on."""

import dataclasses

import numpy as np
import pytest
from PIL import Image

from tests.apps.conftest import keep_snapshots, texts
from training import fingerprint, recipes, settings

ROWS = ["x,y,class"] + [f"{i / 7:.3f},{(i * 37 % 50) / 9:.3f},{'a' if i % 2 else 'b'}" for i in range(60)]
PAIRS = [f"mot numéro {i} dit {i * 7 % 40}\tword number {i} says {i * 7 % 40}" for i in range(300)]


def remember(run):
    """Have a run know its data, as a training does."""
    source = recipes.from_config(run.config).data.load()
    spec = settings.to_json(source.spec)
    run.write_json("config.json", {**run.config, "spec": spec, "fingerprint": fingerprint.of(source)})
    for name, text in source.files.items():
        run.write_text(name, text)


@pytest.fixture
def boundary(shelves, tmp_path):
    table = tmp_path / "points.csv"
    table.write_text("\n".join(ROWS))
    run = shelves.add("line", recipe="points_mlp", **{"model.widths": "6", "data.file": str(table)})
    remember(run)
    keep_snapshots(run, (0, 100))
    return table


def test_points_of_another_class_are_not_shown(boundary, page):
    assert "have changed" not in texts(page("boundary"))
    boundary.write_text("\n".join(ROWS).replace(",a", ",z"))
    said = texts(page("boundary"))
    assert "he data have changed since this run" in said
    assert "class 'a' is now 'z'" in said
    assert "train a new run" in said


def test_other_points_are_shown_with_a_note(boundary, page):
    boundary.write_text("\n".join([*ROWS, "1,1,a", "2,1,b", "1,3,a", "2,2,a"]))
    said = texts(page("boundary"))
    assert "he data have changed since this run" in said
    assert "What is shown are the data as they are now" in said


def pictures(folder, seed=0):
    for name in ("a", "b"):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for i in range(12):
            pixels = np.random.default_rng((i, ord(name), seed)).integers(0, 256, (8, 8, 3), "uint8")
            Image.fromarray(pixels).save(folder / name / f"{i}.png")


def test_the_test_split_of_a_run_is_compared(shelves, tmp_path):
    from apps import engine
    from data import DataUnavailable

    folder = tmp_path / "pictures"
    pictures(folder)
    run = shelves.add(
        "mine", recipe="images_cnn", **{"data.folder": str(folder), "data.size": 8, "model.filters": "4"}
    )
    remember(run)
    assert engine.data_note(run) == ""
    for path in folder.glob("*/*.png"):
        path.unlink()
    pictures(folder, seed=1)
    assert "the test split holds other examples" in engine.data_note(run)
    (folder / "a").rename(folder / "0")
    with pytest.raises(DataUnavailable, match="class 'a' is now '0'"):
        engine.test_split(run)


def test_pairs_that_changed_are_told(shelves, tmp_path):
    from apps import engine

    file = tmp_path / "pairs.tsv"
    file.write_text("\n".join(PAIRS))
    run = shelves.add("mine", recipe="pairs_seq2seq", **{"data.file": str(file)})
    remember(run)
    assert len(engine.test_pairs(run)) > 0
    assert engine.data_note(run, "read_corpus") == ""
    file.write_text("\n".join(row.replace("says", "tells") for row in PAIRS))
    assert "the test split holds other examples" in engine.data_note(run, "read_corpus")


def test_a_changed_seed_of_a_function_is_told(shelves, page):
    run = shelves.add("curve", recipe="function_mlp", **{"model.widths": "6"})
    remember(run)
    keep_snapshots(run, (0, 100))
    assert "have changed" not in texts(page("approximation"))
    config = run.config
    run.write_json("config.json", {**config, "data": {**config["data"], "seed": 9}})
    assert "he data have changed since this run" in texts(page("approximation"))
    assert dataclasses.is_dataclass(recipes.from_config(run.config).data)
