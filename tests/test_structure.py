"""The house: who may import whom, and that nothing that ships needs custom code."""

import ast
from pathlib import Path

import pytest

from tests.conftest import ROOT

# Folder, or package or module of it -> the folders of ours that it may import beside its own.
ALLOWED = {
    "models": set(),
    "data": set(),
    "inspection": set(),
    "training": set(),
    "training.recipe": {"inspection", "models", "data", "games"},
    "training.recipes": {"models", "data", "games"},
    "training.trainer": {"models", "data", "games", "inspection"},
    "training.agent": {"models", "data", "games"},
    "training.duel": {"models", "data"},
    "training.fingerprint": {"data"},
    "training.prediction": {"inspection", "models", "data"},
    "training.quality": {"data"},
    "training.translation": {"models", "data"},
    "training.turns": {"models", "data"},
    "training.writing": {"models", "data"},
    "training.gallery": {"models", "data", "games"},
    "training.__main__": {"models", "data", "games"},
    "games": {"models", "training"},
    "tuning": {"models", "data", "training", "inspection", "games"},
    "benchmarks": {"models", "data", "training", "inspection", "games", "tuning"},
    "apps": {"models", "data", "training", "inspection", "games", "tuning", "benchmarks"},
}
OURS = {name for name in ALLOWED if "." not in name}
FILES = [path for folder in sorted(OURS) for path in sorted((ROOT / folder).rglob("*.py"))]


def imported(path: Path) -> set[str]:
    """The top-level names of the modules that a file imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_follow_the_arrows(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    places = [".".join(parts[:depth]) for depth in range(len(parts), 0, -1)]  # the nearest first
    allowed = next(ALLOWED[place] for place in places if place in ALLOWED)
    assert imported(path) & OURS <= allowed | {parts[0]}


@pytest.mark.parametrize(
    "path", [p for p in FILES if p.is_relative_to(ROOT / "models")], ids=lambda p: p.name
)
def test_models_import_keras_alone(path):
    assert not imported(path) & {"tensorflow", "jax", "torch", "numpy"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_evaluates_text_or_unpickles(path):
    assert not imported(path) & {"pickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            assert not (isinstance(node.func, ast.Name) and node.func.id in {"eval", "exec", "compile"})
            for keyword in node.keywords:
                value = getattr(keyword.value, "value", None)
                assert (keyword.arg, value) not in {
                    ("allow_pickle", True),
                    ("safe_mode", False),
                    ("shell", True),
                }
