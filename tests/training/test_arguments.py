"""The command lines' common part: no TensorFlow before it is needed, nearest names, closed pipes."""

import importlib
import json
import os
import signal
import subprocess
import sys

import pytest

from tests.conftest import ROOT, error_lines
from training.arguments import CLOSED_PIPE
from training.settings import nearest

MODULES = ("training", "tuning", "games", "benchmarks")

_WITHOUT_TENSORFLOW = """
import contextlib, io, json, runpy, sys
answers = []
for module, *words in json.loads(sys.argv[1]):
    out, err, code = io.StringIO(), io.StringIO(), None
    sys.argv = [module, *words]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            runpy.run_module(module, run_name="__main__")
        except SystemExit as ended:
            code = ended.code
    heavy = sorted({"tensorflow", "keras", "keras_tuner"} & set(sys.modules))
    answers.append([code, out.getvalue(), err.getvalue(), heavy])
print(json.dumps(answers))
"""


def test_help_and_mistyped_commands_answer_without_tensorflow():
    """In one process: whatever any of them imports stays, so that none is excused by another."""
    helped = [[module, "--help"] for module in MODULES]
    mistyped = {
        ("training", "trian"): "there is no command 'trian'. Did you mean train?",
        ("training", "train"): "the following arguments are required: recipe.",
        ("training", "evaluate", "x", "--runsdir", "y"): "unrecognized arguments: --runsdir y. Did you mean --runs-dir",
        ("training", "export", "x", "--format", "onxx"): "there is no value 'onxx'. Did you mean onnx?",
        ("tuning", "serach"): "there is no command 'serach'. Did you mean search?",
        ("tuning", "show", "x", "--jsn"): "unrecognized arguments: --jsn. Did you mean --json",
        ("tuning", "search", "digits_mlp", "--trials", "many"): "must be a whole number of at least 1, not 'many'",
        ("games", "recrod"): "there is no command 'recrod'. Did you mean record?",
        ("games", "evaluate", "x", "--env", "oficial"): "there is no value 'oficial'. Did you mean official?",
        ("benchmarks", "inspecton"): "there is no benchmark 'inspecton'. Did you mean inspection?",
        ("benchmarks", "sedes"): "there is no benchmark 'sedes'. Did you mean seeds",
        ("benchmarks", "cnn", "--runsdir", "y"): "Did you mean --runs-dir",
    }  # fmt: skip
    commands = [*helped, *map(list, mistyped)]
    done = subprocess.run(
        [sys.executable, "-c", _WITHOUT_TENSORFLOW, json.dumps(commands)],
        cwd=ROOT, capture_output=True, text=True, timeout=100, check=True,
    )  # fmt: skip
    answers = json.loads(done.stdout)
    for (code, out, _, heavy), module in zip(answers, MODULES, strict=False):
        assert (code, heavy) == (0, []), module
        assert f"python -m {module}" in out
    for (code, out, err, heavy), message in zip(answers[len(MODULES) :], mistyped.values(), strict=True):
        assert (code, out, heavy) == (2, "", []), message
        (line,) = err.splitlines()
        assert line in error_lines(err)
        assert message in line


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("training", "train", "digits_cnn", "--epochs", "5"), "--epochs 5. Did you mean --training.epochs?"),
        (("training", "train", "digits_cnn", "--learning-rate=1"), "Did you mean --optimizer.learning_rate?"),
        (("training", "train", "digits_cnn", "--shift", "1"), "Did you mean --data.augmentation.shift?"),
        (("training", "train", "cartpole_ppo", "--discount", "1"), "Did you mean --agent.discount?"),
        (("tuning", "search", "digits_cnn", "--filters", "4"), "Did you mean --model.filters?"),
        (("benchmarks", "folds", "digits_cnn", "--dropout", "0"), "Did you mean --model.dropout?"),
    ],
)
def test_bare_options_name_the_setting_that_is_meant(words, message, capsys):
    module, *arguments = words
    with pytest.raises(SystemExit, match="2"):
        importlib.import_module(f"{module}.__main__").main(arguments)
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


def test_a_field_in_the_wrong_section_is_told_its_own():
    from training import recipes
    from training.settings import SettingsError

    recipe = recipes.find("digits_cnn")
    for wrong, right in {
        "model.learning_rate": "optimizer.learning_rate",
        "training.filters": "model.filters",
        "data.batch_size": "training.batch_size",
        "optimizer.shift": "data.augmentation.shift",
    }.items():
        with pytest.raises(SettingsError, match=f"no field '{wrong}'. Did you mean {right}"):
            recipe.override({wrong: 1})
    for name in recipe.field_names():  # each that is suggested exists
        section, _, rest = name.partition(".")
        assert rest
        assert section in recipe.sections


def test_nearest_prefers_what_ends_alike():
    known = ["--training.epochs", "--agent.epochs", "--epsilon"]
    assert nearest("--epochs", known) == known[:2]
    assert nearest("--epsilom", known)[0] == "--epsilon"
    assert nearest("--zzz", known) == []


def _status_behind_a_closed_pipe(*words: str, both: bool = False, stdin: str = "") -> tuple[int, str]:
    """The exit status of a command whose reader has gone, and what it still said on standard error."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=ROOT, input=stdin.encode(), stdout=writing, timeout=150, check=False,
        stderr=writing if both else subprocess.PIPE,
    )  # fmt: skip
    os.close(writing)
    return done.returncode, (done.stderr or b"").decode()


@pytest.mark.parametrize(
    "words",
    [
        ("training", "--help"),
        ("training", "list"),
        ("games", "list", "--json"),
        ("tuning", "--help"),
        ("benchmarks", "--help"),
    ],
)
def test_a_closed_pipe_ends_a_command_silently(words):
    assert CLOSED_PIPE == 128 + signal.SIGPIPE
    assert _status_behind_a_closed_pipe(*words) == (CLOSED_PIPE, "")


def test_a_closed_pipe_ends_a_search_table_silently(tmp_path):
    from tuning import search, searches

    searches.begin(tmp_path, "mine", search.plan("digits_mlp", "random"))
    words = ("tuning", "show", "mine", "--runs-dir", str(tmp_path))
    assert _status_behind_a_closed_pipe(*words) == (CLOSED_PIPE, "")


def test_a_closed_pipe_ends_predictions_silently():
    words = ("training", "predict", "points_mlp")
    assert _status_behind_a_closed_pipe(*words, stdin="0.1,0.2\n" * 3) == (CLOSED_PIPE, "")


def test_an_error_behind_a_closed_pipe_is_silent_too():
    words = ("training", "evaluate", "nobody")
    assert _status_behind_a_closed_pipe(*words, both=True) == (CLOSED_PIPE, "")
