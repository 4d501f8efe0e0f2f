"""Command line: list the recipes, train one, evaluate, predict with and export a run."""

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from training import arguments as lines
from training import quiet, runs, slots
from training.arguments import STOPPED, USAGE_ERROR, Parser, positive


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns: The exit status: 0, `USAGE_ERROR` with one line on standard error, or `STOPPED`.
    """
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    if rest and options.command != "train":
        parser.unrecognized(rest, options.command)
    if options.command == "train" and options.at_once:
        try:
            with slots.slot(options.runs_dir, options.at_once, lambda: _wait(options)):
                return _run(parser, options, rest)
        except runs.RunError as error:
            print(f"error: {error}", file=sys.stderr)
            return USAGE_ERROR
    return _run(parser, options, rest)


def _wait(options: argparse.Namespace) -> None:
    """Say that a training waits for others: to a terminal, and in the run's status where it is there."""
    limit = "1 training goes" if options.at_once == 1 else f"{options.at_once} trainings go"
    note = f"waits: {limit} on at once here"
    print(f"{note} (--at-once)", file=sys.stderr, flush=True)
    if options.name and options.resume and runs.NAME.fullmatch(options.name):
        run = runs.Run(options.runs_dir / options.name)
        if run.config and run.status.get("state") == "queued":
            run.update_status(note=note, **runs.this_process())


def _run(parser: Parser, options: argparse.Namespace, rest: list[str]) -> int:
    # Only now, so that --help answers at once, and a training that waits is small.
    quiet.import_tensorflow()
    from data import DataUnavailable
    from training.cluster import DeviceError, WaitStopped
    from training.settings import SettingsError

    def fields() -> list[str]:
        from training import recipes

        return recipes.find(options.recipe).field_names()

    try:
        overrides = lines.changes(parser, rest, options.command, fields)
        return COMMANDS[options.command](options, overrides)
    except (DataUnavailable, DeviceError, SettingsError, runs.RunError) as error:
        print(f"error: {error}", file=sys.stderr)
    except WaitStopped as error:
        print(error, file=sys.stderr)
        return STOPPED
    except BrokenPipeError:
        raise
    except OSError as error:
        print(lines.os_error(error), file=sys.stderr)
    return USAGE_ERROR


def _list(options: argparse.Namespace, _: dict[str, str]) -> int:
    from training.callbacks import higher_is_better
    from training.recipes import RECIPES

    rows: list[dict[str, Any]] = [
        {
            "recipe": recipe.name,
            "architecture": recipe.architecture,
            "data": recipe.source,
            "expected": dict(recipe.expected.test),
            "seconds": recipe.expected.seconds,
            "summary": recipe.summary,
        }
        for recipe in RECIPES.values()
    ]
    if options.json:
        print(json.dumps(rows))
        return 0
    for row in rows:
        expected = ", ".join(
            # A share, but for scores of a game.
            f"{name} {value:.2%}"
            if higher_is_better(name) and name != "return" and abs(value) <= 1
            else f"{name} {value:g}"
            for name, value in row["expected"].items()
        )
        print(f"{row['recipe']:<22}{expected:<22}{row['seconds'] or '?':>5} s  {row['summary']}")
    return 0


def _train(options: argparse.Namespace, overrides: dict[str, str]) -> int:
    from training import recipes, strategy, trainer
    from training.loop import Stop

    def tell(run: runs.Run, notes: Sequence[str] = ()) -> None:
        if strategy.worker().is_chief:
            for line in (f"run {run.name} in {run.path}", *(f"note: {note}" for note in notes)):
                print(line, file=sys.stderr)

    stop = Stop()
    if options.resume:
        run = _run_to_resume(options, overrides)
        tell(run)
        _stop_on_signals(stop)
        figures = trainer.train(
            run, options.devices, stop, quiet=options.json, wait_seconds=options.worker_timeout
        )
    else:
        recipe = recipes.find(options.recipe).override(overrides)
        _stop_on_signals(stop)
        run, figures = trainer.start(
            recipe,
            options.runs_dir,
            options.name,
            options.seed or 0,
            options.steps,
            options.devices,
            stop,
            quiet=options.json,
            wait_seconds=options.worker_timeout,
            on_created=lambda run: tell(run, recipe.notes),
        )
    result = {"run": run.name, "path": str(run.path), "state": run.state, **figures}
    _print_result(result, options.json)
    return STOPPED if run.state == "stopped" else 0


def _run_to_resume(options: argparse.Namespace, overrides: dict[str, str]) -> runs.Run:
    """The run that `--resume` names; without a name, the newest of the recipe."""
    from training import recipes, strategy
    from training.settings import SettingsError

    if overrides or options.seed is not None:
        raise SettingsError(
            "a resumed run keeps its settings; only --steps and --devices may change. Start a new run "
            "to change others"
        )
    if options.name:
        runs.check_name(options.name)
        folder = runs.folder_name(options.name, strategy.worker().index)
        run = runs.Run(options.runs_dir / folder)
        if not run.config:
            run = runs.find(options.name, options.runs_dir)
    else:
        mine = [r for r in runs.runs_in(options.runs_dir) if r.config["recipe"] == options.recipe]
        if not mine:
            recipes.find(options.recipe)  # names the nearest where it is mistyped
            raise runs.RunError(f"there is no run of {options.recipe} to resume in {options.runs_dir}")
        run = mine[0]
    if run.config["recipe"] != options.recipe:
        raise runs.RunError(f"run {run.name!r} is one of {run.config['recipe']}, not of {options.recipe}")
    run.check_own()
    if options.steps is not None:
        run.write_json("config.json", {**run.config, "steps": options.steps})
    return run


def _stop_on_signals(stop) -> None:
    """SIGINT and SIGTERM save and stop; a second one ends the process at once."""

    def handle(number: int, _) -> None:
        stop()
        signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handle)


def _evaluate(options: argparse.Namespace, _: dict[str, str]) -> int:
    from training import trainer

    run = runs.find(options.run, options.runs_dir)
    figures = trainer.evaluate(run, options.split, options.changed_data, options.save)
    _print_result({"run": run.name, "split": options.split, **figures}, options.json)
    return 0


def _predict(options: argparse.Namespace, _: dict[str, str]) -> int:
    from training import trainer

    run = runs.find(options.run, options.runs_dir)
    lines = getattr(sys.stdin, "buffer", sys.stdin)  # bytes: one bad line must not end the batch
    for row in trainer.predict(run, lines):
        print(json.dumps(row), flush=True)
    return 0


def _export(options: argparse.Namespace, _: dict[str, str]) -> int:
    from training import trainer

    path = trainer.export(
        runs.find(options.run, options.runs_dir), options.format, options.out, options.runs_dir
    )
    _print_result({"path": str(path)}, options.json)
    return 0


def _gallery(options: argparse.Namespace, _: dict[str, str]) -> int:
    from training import gallery
    from training.loop import Stop

    stop = Stop()
    _stop_on_signals(stop)
    for name in options.recipes or gallery.RECIPES:
        run, published = gallery.make(name, options.runs_dir, stop)
        if stop.wanted:
            return STOPPED
        figures = run.evaluation["test"]
        place = "in the gallery" if published else "the gallery's is as good and stays"
        _print_result({"recipe": name, **figures, "published": place}, options.json)
    return 0


COMMANDS = {
    "list": _list,
    "train": _train,
    "evaluate": _evaluate,
    "predict": _predict,
    "export": _export,
    "gallery": _gallery,
}


def _print_result(result: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(result))
        return
    for name, value in result.items():
        if isinstance(value, list):  # figures of several groups: a line each
            for row in value:
                print(f"{name:<20}" + "  ".join(f"{key} {_shown(figure)}" for key, figure in row.items()))
        else:
            print(f"{name:<20}{_shown(value)}")


def _shown(value: Any) -> str:
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def _parser() -> Parser:
    parser = Parser(prog="python -m training", description=__doc__)
    parser.set_defaults(json=False, runs_dir=runs.RUNS)
    shared = Parser(add_help=False)
    shared.add_argument("--json", action="store_true", help="print JSON")
    placed = Parser(add_help=False)
    placed.add_argument("--runs-dir", type=Path, default=runs.RUNS, help="where the runs are")
    commands = parser.add_subparsers(dest="command", required=True)

    commands.add_parser("list", parents=[shared], help="the recipes and what they reach")

    train = commands.add_parser(
        "train",
        parents=[shared, placed],
        help="train a recipe",
        epilog="Any setting can be changed: --model.FIELD, --data.FIELD, --optimizer.FIELD, "
        "--training.FIELD, each followed by its value; lists are written 32,64.",
    )
    train.add_argument("recipe", help="its name, or the path of a run's config.json")
    train.add_argument("--name", help="of the run (default: the recipe's name and a number)")
    train.add_argument("--devices", default="auto", help="auto, cpu:N or gpu:N")
    train.add_argument("--seed", type=int, help="of everything random (default: 0)")
    train.add_argument("--steps", type=positive, help="optimizer steps in all")
    train.add_argument(
        "--at-once",
        type=positive,
        help="wait while so many other trainings with this option go on in --runs-dir",
    )
    train.add_argument(
        "--worker-timeout",
        type=positive,
        default=300,
        metavar="SECONDS",
        help="longest time to wait for the other processes of TF_CONFIG to start (default: 300)",
    )
    train.add_argument("--resume", action="store_true", help="go on with a run, --name or the newest")

    evaluate = commands.add_parser("evaluate", parents=[shared, placed], help="figures on a split")
    evaluate.add_argument("run", help="a run's name, a gallery name, or a path")
    evaluate.add_argument("--split", default="test", help="train, validation or test")
    evaluate.add_argument(
        "--changed-data",
        action="store_true",
        help="measure even if the examples have changed since the run was trained",
    )
    evaluate.add_argument(
        "--save",
        action=argparse.BooleanOptionalAction,
        help="write the figures to the run's evaluation.json (default: unless it is a model of the gallery)",
    )

    predict = commands.add_parser(
        "predict",
        parents=[shared, placed],
        help="one JSON line for each line of standard input",
    )
    predict.add_argument("run", help="a run's name, a gallery name, or a path")

    export = commands.add_parser("export", parents=[shared, placed], help="the model as a file")
    export.add_argument("run", help="a run's name, a gallery name, or a path")
    export.add_argument("--format", choices=("keras", "savedmodel", "onnx"), default="keras")
    export.add_argument(
        "--out",
        type=Path,
        help="where to (default: in the run's folder; for a model of the gallery, exports/ in --runs-dir)",
    )

    gallery = commands.add_parser(
        "gallery", parents=[shared, placed], help="train the models that ship with the suite"
    )
    gallery.add_argument("recipes", nargs="*", help="default: all of them")

    return parser


if __name__ == "__main__":
    lines.run(main)
