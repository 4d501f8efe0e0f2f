"""Command line: list the games, evaluate an agent, and film it."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from games import GameError, playable
from training import arguments as lines
from training import quiet, runs
from training.arguments import USAGE_ERROR, Parser, positive
from training.settings import SettingsError

if TYPE_CHECKING:
    import keras

    from games.game import Playable


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns: The exit status: 0, or `USAGE_ERROR` with one line on standard error.
    """
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    if rest:
        parser.unrecognized(rest, options.command)
    quiet.import_tensorflow()  # only now, so that --help answers at once
    try:
        return COMMANDS[options.command](options)
    except (GameError, SettingsError, runs.RunError) as error:
        print(f"error: {error}", file=sys.stderr)
    except BrokenPipeError:
        raise
    except OSError as error:
        print(lines.os_error(error), file=sys.stderr)
    return USAGE_ERROR


def _list(options: argparse.Namespace) -> int:
    from games import GAMES

    rows = [
        {
            "game": name,
            "title": game.title,
            "actions": list(game.actions),
            "observation_shape": list(game.observation_shape),
            "official": game.official,
        }
        for name, game in GAMES.items()
    ]
    if options.json:
        print(json.dumps(rows))
        return 0
    for name, game in GAMES.items():
        shape = "x".join(map(str, game.observation_shape))
        print(f"{name:<17}{game.title:<25}{shape:<10}{', '.join(game.actions)}")
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    from games import evaluation

    run, game, model = _agent(options)
    play = evaluation.official_scores if options.env == "official" else evaluation.scores
    found = play(game, model, options.episodes, options.seed, options.most_steps, greedy=not options.draw)
    asked = {
        "run": run.name,
        "game": game.name,
        "checkpoint": "best",  # which is what a run keeps as its model
        "env": options.env,
        "seed": options.seed,
    }
    _print_result({**asked, **evaluation.summary(found)}, options.json)
    return 0


def _record(options: argparse.Namespace) -> int:
    from games import rendering

    rendering.writer_for(options.out)  # before anything is loaded
    run, game, model = _agent(options)
    try:
        found = rendering.record(
            game,
            model,
            options.out,
            options.seed,
            options.episodes,
            options.most_steps,
            greedy=not options.draw,
        )
    except OSError as error:
        raise GameError(f"{options.out} can't be written: {error.strerror or error}") from error
    result = {
        "run": run.name,
        "game": game.name,
        "path": str(options.out),
        "returns": found.returns.tolist(),
        "lengths": found.lengths.tolist(),
        "cut": int(found.cut.sum()),
    }
    _print_result(result, options.json)
    return 0


COMMANDS = {"list": _list, "evaluate": _evaluate, "record": _record}


def _agent(options: argparse.Namespace) -> tuple[runs.Run, "Playable", "keras.Model"]:
    """The run that is asked for, the game that it is to play, and its policy."""
    from games import GAMES
    from games.outside import OUTSIDE
    from training import trainer

    run = runs.find(options.run, options.runs_dir)
    source = run.config.get("source")
    if source not in GAMES | OUTSIDE:
        raise GameError(f"run {run.name!r} is no agent: it was trained on {source} and plays no game")
    game = playable(options.game) if options.game else playable(source, **run.config["data"])
    return run, game, trainer.load_model(run)


def _print_result(result: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(result))
        return
    for name, value in result.items():
        print(f"{name:<20}{_shown(value)}")


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def _parser() -> Parser:
    parser = Parser(prog="python -m games", description=__doc__)
    shared = Parser(add_help=False)
    shared.add_argument("--json", action="store_true", help="print JSON")
    played = Parser(add_help=False)
    played.add_argument("run", help="a run's name, a gallery name, or a path")
    played.add_argument("--runs-dir", type=Path, default=runs.RUNS, help="where the runs are")
    played.add_argument("--game", help="another game, with its usual settings (default: the run's own)")
    played.add_argument("--seed", type=int, default=0, help="of everything random (default: 0)")
    played.add_argument("--draw", action="store_true", help="draw actions, not the likeliest ones")
    commands = parser.add_subparsers(dest="command", required=True)

    commands.add_parser("list", parents=[shared], help="the games, what is seen and done in each")

    evaluate = commands.add_parser("evaluate", parents=[shared, played], help="how well an agent plays")
    evaluate.add_argument("--episodes", type=positive, default=100, help="how many (100)")
    evaluate.add_argument("--most-steps", type=positive, default=10_000, help="of an episode (10000)")
    evaluate.add_argument(
        "--env", choices=("ours", "official"), default="ours", help="official: the package it comes from"
    )

    record = commands.add_parser("record", parents=[shared, played], help="a film of an agent")
    record.add_argument("--out", type=Path, required=True, help="where to: a .gif or a .mp4")
    record.add_argument("--episodes", type=positive, default=1, help="how many, one after the other (1)")
    record.add_argument("--most-steps", type=positive, default=1000, help="of an episode (1000)")
    return parser


if __name__ == "__main__":
    lines.run(main)
