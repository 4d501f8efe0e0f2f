"""The torsos that ship with the page Compare: trained, measured, and kept in one small file."""

import json
import shutil

import pytest

from benchmarks import __main__ as command
from benchmarks import torsos as benchmark
from training import runs, torsos
from training.runs import Run
from training.settings import SettingsError

QUICK = {"training.steps": 1024, "agent.worlds": 8, "agent.horizon": 16, "training.epochs": 2}


@pytest.fixture
def shelf(monkeypatch, tmp_path):
    """An empty gallery, and dense torsos alone."""
    monkeypatch.setattr(runs, "GALLERY", tmp_path / "gallery")
    (tmp_path / "gallery").mkdir()
    monkeypatch.setattr(torsos, "fitting", lambda game: ("mlp",))
    return tmp_path / "gallery" / "torsos.json"


def test_each_torso_is_trained_with_each_seed_and_kept(shelf, tmp_path):
    shelf.write_text(json.dumps({"games": {"cartpole": {"agents": []}, "memory_chain": {"agents": [1]}}}))
    benchmark.run(["memory_chain"], 1, tmp_path / "runs", QUICK)
    first, second = (tmp_path / "runs" / f"torsos-memory_chain-mlp-seed{seed}" for seed in (0, 1))
    shutil.copytree(first, second)
    Run(second).write_json("config.json", {**Run(first).config, "seed": 1})
    Run(second).write_json("evaluation.json", {"test": {**Run(first).evaluation["test"], "return": 5.0}})
    before = (first / "metrics.jsonl").stat().st_mtime_ns
    table = benchmark.run(["memory_chain"], 2, tmp_path / "runs", QUICK)
    assert (first / "metrics.jsonl").stat().st_mtime_ns == before  # nothing is trained twice

    content = json.loads(shelf.read_text())["games"]
    assert list(content) == ["memory_chain", "cartpole"]  # the other game's stays
    assert content["cartpole"] == {"agents": []}
    found = content["memory_chain"]
    assert (found["settings"], found["steps"]) == ({"length": 10, "bits": 1}, 1024)
    assert [(agent["torso"], agent["seed"]) for agent in found["agents"]] == [("mlp", 0), ("mlp", 1)]
    for agent in found["agents"]:
        rows = agent["rows"]
        assert rows["step"] == [512, 1024]
        ends = zip(rows["low"], rows["return"], rows["high"], strict=True)
        assert all(low <= value <= high for low, value, high in ends)
        assert agent["test"]["episodes"] == 100
        assert agent["parameters"] == 9027
    (row,) = table.rows
    assert row["mean"] == (found["agents"][0]["test"]["return"] + 5) / 2
    assert (row["game"], row["steps"], row["torso"]) == ("memory_chain", "1,024", "mlp")


def test_the_command_takes_games_and_a_number_of_seeds(monkeypatch, capsys, tmp_path):
    asked = []
    table = benchmark.Table("torsos", [{"game": "cartpole"}])
    monkeypatch.setattr(benchmark, "run", lambda *given: asked.append(given) or table)
    assert command.main(["torsos", "cartpole", "--seeds", "2", "--runs-dir", str(tmp_path)]) == 0
    assert command.main(["torsos", "--runs-dir", str(tmp_path)]) == 0
    assert asked == [(["cartpole"], 2, tmp_path), (benchmark.GAMES, 3, tmp_path)]
    assert "cartpole" in capsys.readouterr().out


def test_a_game_that_nobody_compares_is_told_in_a_line(monkeypatch, capsys, tmp_path):
    assert command.main(["torsos", "chess", "--runs-dir", str(tmp_path)]) == 2
    assert capsys.readouterr().err.startswith(
        "error: no agents are compared on 'chess'. There are: memory_chain"
    )
    with pytest.raises(SettingsError, match="chess"):
        benchmark.run(["chess"], 1, tmp_path)
    assert not list(tmp_path.iterdir())
