"""A run knows its data: what has changed since it was trained is said, and no wrong figure is told."""

import dataclasses
import json
import re

import keras
import numpy as np
import pytest
from PIL import Image

from data import DataUnavailable
from data.source import Source, Spec, Split
from tests.conftest import error_lines, run_here
from training import fingerprint, recipes, runs, trainer
from training.fingerprint import DataChanged
from training.loop import Stop
from training.runs import Run

POINTS = ["x,y,class"] + [f"{i / 7:.3f},{(i * 37 % 50) / 9:.3f},{'a' if i % 2 else 'b'}" for i in range(60)]
SHORT = {"training.snapshots": 0, "training.steps_per_call": 1}


def trained(recipe, folder, steps=4, **changes):
    """A run of a few steps."""
    run = trainer.create(recipes.find(recipe).override({**SHORT, **changes}), folder, "mine", steps=steps)
    trainer.train(run, quiet=True)
    return run


@pytest.fixture
def points(tmp_path):
    """A run on a table, and the table."""
    table = tmp_path / "points.csv"
    table.write_text("\n".join(POINTS))
    return trained("points_mlp", tmp_path / "runs", **{"data.file": str(table)}), table


def rewritten(table, change):
    table.write_text("\n".join(change(POINTS)))


def rename(rows):
    return [row.replace(",a", ",z") for row in rows]


CHANGES = {
    "a class is renamed": (rename, "class 'a' is now 'z'"),
    "a third class": (lambda rows: [*rows[:-3], *(row[:-1] + "c" for row in rows[-3:])], "class 'c' is new"),
    "columns are swapped": (
        lambda rows: [",".join([*row.split(",")[1::-1], row.split(",")[2]]) for row in rows],
        "the columns are now y, x and were x, y",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_other_classes_or_columns_are_refused_in_one_sentence(points, capsys, change):
    run, table = points
    rewritten(table, CHANGES[change][0])
    folder = run.path.parent
    for extra in ([], ["--changed-data"]):  # no option makes wrong figures right
        assert run_here("training", "evaluate", "mine", "--runs-dir", folder, *extra) == 2
        (line,) = error_lines(capsys.readouterr().err)
        assert f"the data have changed since this run: {CHANGES[change][1]}" in line
        assert "Put the data back as they were, or train a new run" in line
        assert "--changed-data" not in line
    assert not run.evaluation


CONTENT = {
    "rows are added": lambda rows: [*rows, "1,2,a", "2,1,b", "3,3,a", "4,1,b"],
    "another scale": lambda rows: rows[:1] + ["9" + row for row in rows[1:]],
    "one row is another": lambda rows: [*rows[:-1], "3.5,1.5,a"],
}


@pytest.mark.parametrize("change", CONTENT)
def test_other_examples_are_measured_only_if_asked(points, capsys, change):
    run, table = points
    folder = run.path.parent
    before = trainer.evaluate(run)
    rewritten(table, CONTENT[change])
    assert run_here("training", "evaluate", "mine", "--runs-dir", folder) == 2
    (line,) = error_lines(capsys.readouterr().err)
    assert "the data have changed since this run" in line
    (option,) = re.findall(r"--[a-z-]+", line)
    assert run.evaluation["test"] == before
    assert run_here("training", "evaluate", "mine", "--runs-dir", folder, option, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert "the data have changed since this run" in said["note"]
    assert run.evaluation["test"]["note"] == said["note"]
    assert not runs.listing(folder).unreadable


def test_changed_data_are_scaled_as_the_run_scales_them(points):
    run, table = points
    source = recipes.from_config(run.config).data.load()
    rewritten(table, CONTENT["another scale"])
    changed = recipes.from_config(run.config).data.load()
    spec = trainer.spec_of(run)
    again = fingerprint.rescaled(changed, spec)
    before = changed.test.inputs * np.array(changed.spec.spread) + np.array(changed.spec.centre)
    after = again.test.inputs * np.array(spec.spread) + np.array(spec.centre)
    np.testing.assert_allclose(after, before, rtol=1e-4)
    assert fingerprint.rescaled(source, spec) is source


def test_data_that_are_the_same_again_are_measured(points):
    run, table = points
    figures = trainer.evaluate(run)
    rewritten(table, rename)
    with pytest.raises(DataChanged):
        trainer.evaluate(run)
    rewritten(table, list)
    assert trainer.evaluate(run) == figures


def test_a_run_without_a_fingerprint_is_compared_by_its_spec(points):
    run, table = points
    run.write_json("config.json", {name: v for name, v in run.config.items() if name != "fingerprint"})
    assert trainer.evaluate(run)["examples"] > 0
    rewritten(table, rename)
    with pytest.raises(DataChanged, match="class 'a' is now 'z'"):
        trainer.evaluate(run)


def test_a_resume_needs_the_same_data(tmp_path):
    table = tmp_path / "points.csv"
    table.write_text("\n".join(POINTS))
    recipe = recipes.find("points_mlp").override({**SHORT, "data.file": str(table)})
    run = trainer.create(recipe, tmp_path / "runs", "mine", steps=6)
    stop = Stop()
    at_once = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: stop())
    trainer.train(run, stop=stop, callbacks=(at_once,), quiet=True)
    assert run.state == "stopped"
    rewritten(table, CONTENT["one row is another"])
    with pytest.raises(DataChanged, match=r"the data have changed .* train a new run$"):
        trainer.train(run, quiet=True)
    assert run.state == "failed"
    assert run.resumable
    rewritten(table, list)
    trainer.train(run, quiet=True)
    assert run.state == "finished"


def images(folder):
    for name in ("a", "b"):
        (folder / name).mkdir(parents=True)
        for i in range(20):
            pixels = np.random.default_rng((i, ord(name))).integers(0, 256, (8, 8, 3), "uint8")
            Image.fromarray(pixels).save(folder / name / f"{i}.png")


def test_a_folder_of_images_is_known_again(tmp_path):
    folder = tmp_path / "pictures"
    images(folder)
    changes = {"data.folder": str(folder), "data.size": 8, "model.filters": (4,)}
    run = trained("images_cnn", tmp_path / "runs", steps=1, **changes)
    trainer.evaluate(run)
    (folder / "b").rename(folder / "c")
    with pytest.raises(DataChanged, match="class 'b' is now 'c'"):
        trainer.evaluate(run)
    (folder / "c").rename(folder / "b")
    trainer.evaluate(run)
    for path in folder.glob("*/*.png"):  # one of each split at least
        Image.new("RGB", (8, 8), (1, 2, int(path.stem))).save(path)
    with pytest.raises(DataChanged, match="the test split holds other examples.*--changed-data"):
        trainer.evaluate(run)


TEXT = "the quick brown fox jumps over the lazy dog. " * 80


def test_a_text_that_was_edited_is_noticed_and_a_lost_tokenizer_too(tmp_path):
    file = tmp_path / "text.txt"
    file.write_text(TEXT)
    changes = {"data.file": str(file), "data.block": 8, "model.width": 16, "model.depth": 1, "model.heads": 2}
    run = trained("text_gpt", tmp_path / "runs", steps=1, **changes)
    trainer.evaluate(run)
    file.write_text(TEXT[:-9] + "bad dog. ")
    with pytest.raises(DataChanged, match="the test split holds other examples"):
        trainer.evaluate(run)
    file.write_text(TEXT)
    tokenizer = json.loads((run.path / "tokenizer.json").read_text())
    text = json.dumps(tokenizer).replace("abcdefg", "abcdegf")
    assert text != json.dumps(tokenizer)
    run.write_text("tokenizer.json", text)
    with pytest.raises(DataChanged, match=r"tokenizer.json is another file"):
        trainer.evaluate(run)


def test_generated_data_of_another_seed_are_noticed(tmp_path):
    run = trained("points_mlp", tmp_path)
    config = run.config
    run.write_json("config.json", {**config, "data": {**config["data"], "seed": 1}})
    with pytest.raises(DataChanged, match="the test split holds other examples"):
        trainer.evaluate(run)


def test_another_environment_is_noticed(tmp_path):
    recipe = recipes.find("memory_chain_lstm")
    source = recipe.load({})
    config = {**recipe.to_config(), "spec": json.loads(json.dumps(dataclasses.asdict(source.spec)))}
    config["fingerprint"] = fingerprint.of(source, config["data"])
    assert not fingerprint.compare(config, source)
    other = recipes.find("t_maze_lstm").load({})
    assert "the environment is t_maze and was memory_chain" in fingerprint.compare(config, other).sentence
    longer = {**config, "data": {**config["data"], "length": 99}}
    assert "the environment's length is 99 and was" in fingerprint.compare(longer, source).sentence


# The fingerprint itself


def source_of(inputs, targets=None, **spec):
    targets = np.zeros(len(inputs), "int32") if targets is None else targets
    split = Split(inputs, targets)
    return Source(split, split, split, Spec("x", inputs.shape[1:], ("a", "b"), "", "", **spec))


def config_of(source):
    spec = json.loads(json.dumps(dataclasses.asdict(source.spec)))
    return json.loads(json.dumps({"spec": spec, "fingerprint": fingerprint.of(source)}))


FLOATS = np.random.default_rng(0).normal(size=(500, 7)).astype("float32")


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x[::-1],
        lambda x: x[:, ::-1],
        lambda x: np.concatenate([x[:1] + 0.01, x[1:]]),
        lambda x: np.concatenate([x[:-1], x[:1]]),
        lambda x: x * 1.0001,
        lambda x: x + 1e-3,
    ],
    ids=["order", "columns", "one value", "one example", "factor", "shift"],
)
def test_changed_floats_are_noticed(change):
    config = config_of(source_of(FLOATS))
    assert fingerprint.compare(config, source_of(np.ascontiguousarray(change(FLOATS))))


def test_the_last_bits_of_floats_are_not():
    noise = np.random.default_rng(1).uniform(-1, 1, FLOATS.shape) * np.finfo("float32").eps * 2
    near = (FLOATS * (1 + noise)).astype("float32")
    assert (near != FLOATS).any()
    assert not fingerprint.compare(config_of(source_of(FLOATS)), source_of(near))


@pytest.mark.parametrize("kind", ["uint8", "int32", "int64"])
def test_one_changed_integer_is_noticed_whatever_its_size(kind):
    pixels = np.random.default_rng(0).integers(0, 200, (50, 4, 4, 1)).astype(kind)
    other = pixels.copy()
    other[17, 2, 3, 0] += 1
    assert fingerprint.compare(config_of(source_of(pixels)), source_of(other))
    wide = pixels if kind == "uint8" else pixels.astype("int64" if kind == "int32" else "int32")
    assert not fingerprint.compare(config_of(source_of(pixels)), source_of(wide))


def test_a_changed_label_is_noticed():
    labels = np.zeros(len(FLOATS), "int32")
    other = labels.copy()
    other[3] = 1
    assert fingerprint.compare(config_of(source_of(FLOATS, labels)), source_of(FLOATS, other))


def test_of_a_large_array_evenly_spaced_rows_count(monkeypatch):
    monkeypatch.setattr(fingerprint, "MOST_BYTES", FLOATS.nbytes // 10)
    assert len(fingerprint._rows(FLOATS)) == 50
    assert fingerprint.compare(config_of(source_of(FLOATS)), source_of(FLOATS * 1.001))


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (("b", "a"), "the classes are now in the order b, a and were in the order a, b"),
        (("a",), "class 'b' is gone"),
        (("c", "d"), "classes 'a', 'b' are gone, classes 'c', 'd' are new"),
    ],
)
def test_classes_are_told_apart(now, said):
    source = source_of(FLOATS)
    other = dataclasses.replace(source, spec=dataclasses.replace(source.spec, classes=now))
    assert said in fingerprint.compare(config_of(source), other).sentence


def test_what_is_shown_on_a_page_comes_with_a_sentence():
    config = config_of(source_of(FLOATS))
    assert fingerprint.check(config, source_of(FLOATS)) == ""
    assert "holds other examples" in fingerprint.check(config, source_of(FLOATS + 1))
    with pytest.raises(DataUnavailable, match="the shape of an example is now 6 and was 7"):
        fingerprint.check(config, source_of(FLOATS[:, :6].copy()))


def test_a_gallery_model_measures_as_before_and_is_not_changed():
    run = Run(runs.GALLERY / "points_mlp")
    before = (run.path / "evaluation.json").read_bytes()
    figures = trainer.evaluate(run)
    assert figures["accuracy"] == pytest.approx(run.evaluation["test"]["accuracy"], abs=0.01)
    assert (run.path / "evaluation.json").read_bytes() == before
