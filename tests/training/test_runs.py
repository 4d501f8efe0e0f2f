"""Run folders, settings and checkpoints: what a person and a crash can do to them."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from tests.conftest import ROOT
from training import checkpoints, optimizers, recipes, runs, settings
from training.checkpoints import CheckpointError
from training.runs import RunError
from training.settings import SettingsError

# Runs


def test_two_runs_of_one_name_never_mix(tmp_path):
    first = runs.create(tmp_path, "mine", {"recipe": "x"})
    with pytest.raises(RunError, match="there is a run 'mine' already .* --resume, or take another --name"):
        runs.create(tmp_path, "mine", {"recipe": "y"})
    assert first.config == {"recipe": "x"}
    assert runs.free_name(tmp_path, "mine") == "mine-1"


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "a b", "x" * 81, "a\n", "-x", "ü"])
def test_names_that_are_no_folder_names_are_refused(tmp_path, name):
    with pytest.raises(RunError, match="a run's name must begin with a letter or digit"):
        runs.create(tmp_path / "runs", name, {})
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="can't be written: Not a directory"):
        runs.create(tmp_path / "file", "mine", {})


def test_runs_are_found_by_name_gallery_name_and_path(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "GALLERY", tmp_path / "gallery")
    mine = runs.create(tmp_path / "runs", "mine", {})
    shown = runs.create(tmp_path / "gallery", "digits_cnn", {})
    assert runs.find("mine", tmp_path / "runs").path == mine.path
    assert runs.find("digits_cnn", tmp_path / "runs").path == shown.path
    assert runs.find(str(mine.path), tmp_path / "none").path == mine.path
    with pytest.raises(RunError, match="there is no run 'digit_cnn'. Did you mean digits_cnn"):
        runs.find("digit_cnn", tmp_path / "runs")
    with pytest.raises(RunError, match="there is no run '../runs/mine'"):
        runs.find("../runs/mine", tmp_path / "runs")


def test_only_one_process_uses_a_run(tmp_path):
    run = runs.create(tmp_path, "mine", {})
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from training.runs import Run\n"
        "run = Run(sys.argv[2])\n"
        "run.update_status(state='running', pid=1)\n"
        "with run.locked(): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(ROOT), str(run.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout.readline() == b"held\n"
        assert run.state == "running"
        with pytest.raises(RunError, match="run 'mine' is in use by process 1. Wait for it"), run.locked():
            pass
        with pytest.raises(RunError, match="in use"):
            run.delete()
        holder.kill()  # no word of farewell
    assert run.state == "stopped"
    assert "without a word" in run.status["error"]
    assert run.resumable
    run.delete()
    assert not run.path.exists()


def test_a_run_of_another_machine_is_not_stopped_here(tmp_path, monkeypatch):
    run = runs.create(tmp_path, "mine", {})
    run.update_status(state="running", pid=os.getpid(), host="elsewhere")
    monkeypatch.setattr(runs.os, "kill", lambda *_: pytest.fail("a stranger's process"))
    with run.locked(), pytest.raises(RunError, match="is being trained on elsewhere: stop it there"):
        run.stop()


def test_a_line_that_is_being_written_is_left_out(tmp_path):
    run = runs.create(tmp_path, "mine", {})
    assert run.metrics() == []
    run.metrics_path.write_text('{"step": 1}\n{"step": 2}\n{"st')
    assert run.metrics() == [{"step": 1}, {"step": 2}]


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    target = tmp_path / "model.keras"
    target.write_text("good")

    def fail():
        with runs.written_aside(target) as aside:
            aside.write_text("half")
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        fail()
    assert target.read_text() == "good"
    assert [path.name for path in tmp_path.iterdir()] == ["model.keras"]


def test_runs_need_no_tensorflow():
    code = "import sys, training.runs, training.settings; print([m for m in ('tensorflow', 'keras') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# Checkpoints

ARRAYS = [np.arange(6.0, dtype="float32").reshape(2, 3), np.array(7, dtype="int64")]


def test_checkpoints_return_what_they_were_given(tmp_path):
    assert checkpoints.load(tmp_path) is None
    for step in (10, 20, 30):
        checkpoints.save(tmp_path, step, [array + step for array in ARRAYS], {"seconds": 1.5})
    arrays, facts, warnings = checkpoints.load(tmp_path)
    for array, expected in zip(arrays, ARRAYS, strict=True):
        np.testing.assert_array_equal(array, expected + 30)
        assert array.dtype == expected.dtype
    assert (facts["step"], facts["seconds"], warnings) == (30, 1.5, [])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["00000020", "00000030"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "arrays.npz").write_bytes((folder / "arrays.npz").read_bytes()[:-30]),
        lambda folder: (folder / "arrays.npz").unlink(),
        lambda folder: (folder / "manifest.json").write_text("{"),
        lambda folder: (folder / "manifest.json").write_text("{}"),
        lambda folder: (folder / "manifest.json").unlink(),
    ],
    ids=["short", "no arrays", "half a manifest", "empty manifest", "no manifest"],
)
def test_a_damaged_checkpoint_is_passed_over(tmp_path, damage):
    for step in (10, 20):
        checkpoints.save(tmp_path, step, ARRAYS, {})
    damage(tmp_path / "00000020")
    _, facts, warnings = checkpoints.load(tmp_path)
    assert facts["step"] == 10
    assert len(warnings) == 1
    assert "checkpoint 00000020 is damaged" in warnings[0]
    damage(tmp_path / "00000010")
    with pytest.raises(CheckpointError, match="no checkpoint in .* is whole"):
        checkpoints.load(tmp_path)


def edited(**changes):
    """Damage: some entries of a manifest have other values; None takes an entry out."""

    def damage(folder):
        manifest = {**json.loads((folder / "manifest.json").read_text()), **changes}
        (folder / "manifest.json").write_text(
            json.dumps({name: value for name, value in manifest.items() if value is not None})
        )

    return damage


FACTS = {
    "seconds": 1.5,
    "replicas": 1,
    "epoch_sums": {"loss": [2.0, 4.0]},
    "callbacks": [{"best": 0.9}],
}


@pytest.mark.parametrize(
    "damage",
    [
        edited(step=29),
        edited(seconds=9.0),
        edited(callbacks=[{"best": 0.5}]),
        edited(callbacks="none"),
        edited(callbacks=[]),
        edited(epoch_sums=[]),
        edited(epoch_sums={"loss": [2.0, 4.5]}),
        edited(replicas="1"),
        edited(seconds=None),
        edited(sha256=None),
        edited(arrays_sha256=None),
        edited(more=1),
        lambda folder: (folder / "manifest.json").write_text("[]"),
        lambda folder: (folder / "manifest.json").write_bytes(b"\xff"),
        lambda folder: (folder / "arrays.npz").write_bytes(b""),
        lambda folder: folder.rename(folder.with_name("00000030")),
        lambda folder: [
            (folder / name).write_bytes((folder.parent / "00000010" / name).read_bytes())
            for name in ("manifest.json", "arrays.npz")
        ],
    ],
)
def test_a_changed_manifest_is_noticed_and_the_checkpoint_before_is_used(tmp_path, damage):
    for step in (10, 20):
        checkpoints.save(tmp_path, step, [array + step for array in ARRAYS], FACTS)
    damage(tmp_path / "00000020")
    arrays, facts, warnings = checkpoints.load(tmp_path)
    np.testing.assert_array_equal(arrays[0], ARRAYS[0] + 10)
    assert facts["step"] == 10
    assert {name: facts[name] for name in FACTS} == FACTS
    assert len(warnings) == 1
    assert "is damaged" in warnings[0]


def as_it_was_written_before(folder, **changes):
    """Make a checkpoint one of the time before manifests had a hash of their own."""
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["sha256"] = manifest.pop("arrays_sha256")
    (folder / "manifest.json").write_text(json.dumps({**manifest, **changes}))


def test_a_checkpoint_of_an_older_version_is_read(tmp_path):
    checkpoints.save(tmp_path, 10, ARRAYS, FACTS)
    as_it_was_written_before(tmp_path / "00000010")
    assert checkpoints.load(tmp_path)[1]["callbacks"] == FACTS["callbacks"]
    as_it_was_written_before(checkpoints.save(tmp_path, 20, ARRAYS, FACTS), callbacks=["x"])
    _, facts, warnings = checkpoints.load(tmp_path)
    assert (facts["step"], len(warnings)) == (10, 1)


def test_a_flipped_bit_is_noticed(tmp_path):
    checkpoints.save(tmp_path, 10, ARRAYS, {})
    path = checkpoints.save(tmp_path, 20, ARRAYS, {}) / "arrays.npz"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert checkpoints.load(tmp_path)[1]["step"] == 10


def test_a_full_disk_leaves_the_checkpoint_before(tmp_path, monkeypatch):
    checkpoints.save(tmp_path, 10, ARRAYS, {})

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoints.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        checkpoints.save(tmp_path, 20, ARRAYS, {})
    assert checkpoints.load(tmp_path)[1]["step"] == 10
    assert [path.name for path in tmp_path.iterdir()] == ["00000010"]


def test_what_a_killed_process_left_is_swept(tmp_path):
    (tmp_path / f".{os.getpid() + 1}-00000005").mkdir()
    checkpoints.save(tmp_path, 10, ARRAYS, {})
    assert [path.name for path in tmp_path.iterdir()] == ["00000010"]


# Settings


def test_settings_are_read_from_text():
    recipe = recipes.find("digits_cnn").override(
        {
            "model.filters": "8,16",
            "model.residual": "true",
            "data.augmentation.shift": "2",
            "optimizer.learning_rate": "1e-2",
            "training.epochs": "2.5",
            "training.batch_size": "1e2",
        }
    )
    assert recipe.model["filters"] == (8, 16)
    assert recipe.model["residual"] is True
    assert recipe.data.augmentation.shift == 2
    assert recipe.data.augmentation.rotation == 10.0  # the rest stays
    assert recipe.optimizer.learning_rate == 0.01
    assert (recipe.training.epochs, recipe.training.batch_size) == (2.5, 100)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("model.filter", "8", r"there is no field 'model.filter'. Did you mean model.filters"),
        ("modle.filters", "8", r"there is no section 'modle'. Did you mean model"),
        ("filters", "8", "there is no section 'filters'"),
        ("model.filters", "8,x", "model.filters must be a whole number. Received: 'x'"),
        ("model.residual", "maybe", "model.residual must be true or false. Received: 'maybe'"),
        ("model.outputs", "3", "model.outputs is decided by the data"),
        ("training.batch_size", "1.5", "training.batch_size must be a whole number. Received: '1.5'"),
        ("training.batch_size", "0", "training.batch_size must be at least 1. Received: 0"),
        ("training.epochs", "nan", "training.epochs must be above 0. Received: nan"),
        ("training.epochs", "", "training.epochs must be a number. Received: ''"),
        ("optimizer.name", "adamm", "optimizer.name must be one of adam, adamw"),
        (
            "data.augmentation.shfit",
            "1",
            "no field 'data.augmentation.shfit'. Did you mean data.augmentation.shift",
        ),
        (
            "data.augmentation.shift",
            "-1",
            "data.augmentation.augmentation.shift must be at least 0|shift must be",
        ),
    ],
)
def test_settings_that_do_not_fit_are_one_line(key, value, message):
    with pytest.raises(SettingsError, match=message) as caught:
        recipes.find("digits_cnn").override({key: value})
    assert "\n" not in str(caught.value)


def test_an_unknown_recipe_has_near_names():
    with pytest.raises(SettingsError, match="there is no recipe 'digit_cnn'. Did you mean digits_cnn"):
        recipes.find("digit_cnn")


@pytest.mark.parametrize("name", recipes.RECIPES)
def test_recipes_survive_their_own_json(name):
    recipe = recipes.find(name).override({"optimizer.learning_rate": 0.125})
    config = json.loads(json.dumps(recipe.to_config()))
    again = recipes.from_config(config)
    assert again.to_config() == config
    assert again.optimizer == recipe.optimizer
    assert again.data == recipe.data


@pytest.mark.parametrize("name", recipes.RECIPES)
def test_recipes_are_named_for_their_data_and_architecture(name):
    recipe = recipes.find(name)
    assert recipe.name == name
    # An LSTM is known by that name, and an agent by how it learns or by its torso.
    kinds = {recipe.architecture, recipe.model.get("cell")}
    if recipe.architecture == "policy":
        kinds |= {type(recipe.agent).__name__.lower(), recipe.model.get("torso")}
    assert name.rsplit("_", 1)[1] in kinds


def test_optional_values_may_be_none():
    assert settings.parse("none", int | None, "x") is None
    assert settings.parse("3", int | None, "x") == 3
    assert optimizers.Config().clip_norm == 0
