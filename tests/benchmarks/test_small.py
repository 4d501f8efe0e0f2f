"""Small sets of own data: files as a user has them, a training each, and what other classifiers reach."""

import statistics

import numpy as np
import pytest

from benchmarks import problems, small
from benchmarks.__main__ import main
from training import recipes, trainer
from training.runs import Run


@pytest.mark.parametrize("name", problems.PROBLEMS)
def test_the_files_of_every_problem_are_read_by_its_recipe(name, tmp_path):
    problem = problems.PROBLEMS[name]
    source = recipes.find(problem.recipe).override(small.write(problem, tmp_path, seed=0)).load({})
    splits = [source.train, source.validation, source.test]
    own = splits[:2] if recipes.find(problem.recipe).source == "series" else splits  # those have a test file
    assert sum(map(len, own)) == problem.examples
    for split in splits:
        assert set(np.asarray(split.targets).tolist()) <= set(range(len(source.spec.classes)))
        assert len(split)
    assert len(set(np.asarray(source.train.targets).tolist())) == len(source.spec.classes)


def test_each_problem_is_trained_once_and_set_beside_other_classifiers(tmp_path, monkeypatch):
    quick = recipes.find("points_mlp").override({"training.epochs": 1})
    monkeypatch.setitem(recipes.RECIPES, "points_mlp", quick)
    (row,) = small.run(["petals"], 2, tmp_path).rows
    done = [Run(tmp_path / f"small-petals-seed{seed}") for seed in range(2)]
    scores = [run.evaluation["test"]["accuracy"] for run in done]
    assert row["accuracy"] == f"{statistics.mean(scores):.1%}"
    assert float(row["scikit-learn"].split("%")[0]) > 85
    monkeypatch.setattr(trainer, "train", lambda *_, **__: pytest.fail("trained again"))
    assert small.run(["petals"], 2, tmp_path).rows == [row]


def test_an_unknown_problem_is_refused_in_one_line(capsys):
    assert main(["small", "petal"]) == 2
    assert capsys.readouterr().err == "error: there is no problem 'petal'. Did you mean petals?\n"
