"""Agents that differ by their torso alone, on games that ask for memory: `python -m benchmarks torsos`.

It writes what the page Compare ships with, `gallery/torsos.json`, a game after another; games that are not
named keep what stands there.
"""

import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.seeds import finished
from benchmarks.table import Table, machine
from training import runs, torsos, trainer
from training.runs import Run

SEEDS = 3
GAMES = ("memory_chain", "t_maze", "cartpole_masked")
FILE = "torsos.json"


def run(
    games: Sequence[str] = GAMES,
    seeds: int = SEEDS,
    directory: Path = runs.RUNS,
    changes: Mapping[str, Any] | None = None,
) -> Table:
    """Train each torso on each game with the seeds 0, 1, ..., and measure each in the games of the test.

    Args:
        games: Of `training.torsos.RECIPES`.
        seeds: How many.
        directory: Where the runs are, `torsos-<game>-<torso>-seed<number>`. A finished run there is not
            trained again, a stopped one is gone on with.
        changes: Settings other than the recipes'.

    Raises:
        RunError: A run of that name has other settings.
        SettingsError: There is no such game.
    """
    plans = {
        game: {torso: torsos.plan(game, torso, changes) for torso in torsos.fitting(game)} for game in games
    }
    rows = []
    for game, recipes in plans.items():
        agents = []
        for seed in range(seeds):
            for torso, recipe in recipes.items():
                done = finished(recipe, Run(directory / f"torsos-{game}-{torso}-seed{seed}"), seed)
                if "test" not in done.evaluation:
                    trainer.evaluate(done)
                agents.append(torsos.record(done.config, done.metrics(), done.evaluation))
        recipe = next(iter(recipes.values()))
        config = recipe.to_config()
        steps = config["training"]["steps"]
        _publish(game, {"settings": config["data"], "steps": steps, "agents": agents})
        rows += [_row(game, steps, [each for each in agents if each["torso"] == torso]) for torso in recipes]
    return Table(f"torsos over {seeds} seeds, the mean of 100 games each", rows)


def _row(game: str, steps: int, agents: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A line of the table: the agents with one torso."""
    returns = [agent["test"]["return"] for agent in agents]
    return {
        "game": game,
        "steps": f"{steps:,}",
        "torso": agents[0]["torso"],
        "parameters": f"{agents[0]['parameters']:,}",
        "mean": statistics.mean(returns),
        "each": " ".join(f"{value:.4g}" for value in returns),
        "seconds": round(statistics.median(agent["rows"]["seconds"][-1] for agent in agents)),
    }


def _publish(game: str, comparison: Mapping[str, Any]) -> None:
    """Put a game's agents into the gallery's file."""
    path = runs.GALLERY / FILE
    kept = json.loads(path.read_text())["games"] if path.exists() else {}
    games = {name: kept.get(name) for name in torsos.RECIPES} | {game: {"machine": machine(), **comparison}}
    content = {"games": {name: each for name, each in games.items() if each is not None}}
    with runs.written_aside(path) as aside:
        aside.write_text(json.dumps(content, separators=(",", ":")) + "\n")
