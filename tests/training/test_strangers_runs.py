"""A run folder from a stranger: whatever is wrong with it is said in a sentence, and nothing large is built."""

import json
import random
import zipfile

import keras
import pytest

from data.source import Spec
from training import __main__ as command
from training import building, recipes, trainer, translation
from training.runs import GALLERY, Run, RunError
from training.settings import SettingsError

L = keras.layers


@pytest.fixture
def run(tmp_path) -> Run:
    """A copy of a small run of the gallery's."""
    folder = tmp_path / "theirs"
    folder.mkdir()
    for name in ("config.json", "status.json", "metrics.jsonl", "model.keras"):
        source = GALLERY / "digits_mlp" / name
        if source.exists():
            (folder / name).write_bytes(source.read_bytes())
    return Run(folder)


def change(run: Run, **changes) -> Run:
    (run.path / "config.json").write_text(json.dumps({**run.config, **changes}))
    return run


def without(run: Run, name: str) -> Run:
    config = {key: value for key, value in run.config.items() if key != name}
    (run.path / "config.json").write_text(json.dumps(config))
    return run


def replace_config(run: Run, edit) -> None:
    with zipfile.ZipFile(run.model_path) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    config = json.loads(parts["config.json"])
    edit(config["config"]["layers"])
    with zipfile.ZipFile(run.model_path, "w") as packed:
        for name, part in parts.items():
            packed.writestr(name, json.dumps(config) if name == "config.json" else part)


def told(capsys, *arguments) -> str:
    """The one line that a command ends with."""
    assert command.main(arguments) == command.USAGE_ERROR
    (line,) = capsys.readouterr().err.strip().splitlines()
    return line


def test_the_run_itself_loads(run):
    assert trainer.load_model(run).count_params() == run.config["parameters"]


def test_a_model_of_a_billion_units_is_not_built(run):
    def widen(layers):
        next(layer for layer in layers if layer["class_name"] == "Dense")["config"]["units"] = 10**9

    replace_config(run, widen)
    with pytest.raises(RunError, match="weights, more than"):
        trainer.load_model(run)


def test_code_in_a_runs_model_is_not_run(run):
    def evil(layers):
        layers[-1].update(class_name="Lambda")

    replace_config(run, evil)
    with pytest.raises(RunError, match="Lambda"):
        trainer.load_model(run)


@pytest.mark.parametrize("content", [b"", b"no model", b"PK\x03\x04"])
def test_a_damaged_model_is_told(run, content):
    run.model_path.write_bytes(content)
    with pytest.raises(RunError, match="damaged"):
        trainer.load_model(run)


@pytest.mark.parametrize(
    "model",
    [
        lambda: keras.Sequential([keras.Input((3,)), L.Dense(10)]),
        lambda: keras.Sequential([keras.Input((9, 9, 1)), L.Flatten(), L.Dense(10)]),
        lambda: keras.Sequential([keras.Input((8, 8), dtype="int32"), L.Flatten(), L.Dense(10)]),
    ],
)
def test_the_model_of_another_run_is_told(run, model):
    model().save(run.model_path)
    with pytest.raises(RunError, match="another run"):
        trainer.load_model(run)


@pytest.mark.parametrize("section", ["data", "model", "optimizer", "training"])
def test_a_missing_section_is_named(run, section):
    with pytest.raises((RunError, SettingsError), match=section):
        recipes.from_config(without(run, section).config)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"input_shape": [10**5, 10**5]}, "product is 100,000,000"),
        ({"input_shape": [-1]}, "input_shape"),
        ({"tokens": 10**9}, "tokens"),
        ({"evil": 1}, "evil"),
    ],
)
def test_a_spec_is_bounded_and_known(run, changes, said):
    change(run, spec={**run.config["spec"], **changes})
    with pytest.raises(RunError, match=said):
        trainer.spec_of(run)


def test_names_of_models_stay_in_the_folder(run):
    (run.path / "config.json").write_text(json.dumps({**run.config, "models": ["../../x"]}))
    with pytest.raises(RunError, match="models"):
        trainer.load_model(run)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ({"widths": [10**9]}, "model.widths must be 10,000,000 at the most"),
        ({"widths": [4] * 1000}, "256 times"),
        ({"widths": [5 * 10**6, 5 * 10**6]}, "GiB"),
        ({"widths": "many"}, "model.widths"),
        ({"strange": 1}, "strange"),
    ],
)
def test_a_model_too_large_to_train_is_not_built(run, model, said):
    change(run, model={**run.config["model"], **model})
    with pytest.raises(SettingsError, match=said):
        recipes.from_config(run.config).build_model(trainer.spec_of(run))


def test_a_network_too_deep_is_not_built():
    recipe = recipes.find("shakespeare_gpt").override({"model.depth": 10**6})
    spec = Spec("text", (64,), (), "", "", tokens=60, every_step=True, continued=True)
    with pytest.raises(SettingsError, match=r"model\.depth"):
        recipe.build_model(spec)


def test_counting_draws_no_random_number():
    config = (
        recipes.find("digits_mlp")
        .override({"model.widths": "9000,9000"})
        .model_config(trainer.spec_of(Run(GALLERY / "digits_mlp")))
    )
    state = random.getstate()
    building.check(config, lambda: keras.Sequential([keras.Input((3,)), L.Dropout(0.5), L.Dense(9000)]))
    assert random.getstate() == state


@pytest.mark.parametrize("text", ["", "{}", '{"characters": 3}', "\x00", "[" * 10_000])
def test_a_broken_tokenizer_is_told(tmp_path, text):
    folder = tmp_path / "theirs"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"recipe": "shakespeare_gpt", "architecture": "gpt"}))
    (folder / "tokenizer.json").write_text(text)
    with pytest.raises(RunError, match=r"tokenizer\.json"):
        translation.kept_files(Run(folder))
    (folder / "config.json").write_text(json.dumps({"recipe": "numbers_seq2seq", "architecture": "seq2seq"}))
    with pytest.raises(RunError, match=r"tokenizer\.json"):
        translation.kept_files(Run(folder))


def test_the_command_line_says_it_in_one_line(run, capsys):
    run.model_path.write_bytes(b"no model")
    for name in ("evaluate", "export"):
        more = ("--format", "keras") if name == "export" else ()
        assert "damaged" in told(capsys, name, str(run.path), *more)
    without(run, "model")
    assert "model" in told(capsys, "evaluate", str(run.path))
