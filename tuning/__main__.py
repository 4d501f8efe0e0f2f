"""Command line: search a recipe's settings, and show what a search has found."""

import argparse
import contextlib
import json
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from training import arguments as lines
from training import quiet, runs
from training.arguments import STOPPED, USAGE_ERROR, Parser, positive
from training.settings import SettingsError
from tuning import searches, table, trials
from tuning.searches import SearchError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns: The exit status: 0, `USAGE_ERROR` with one line on standard error, or `STOPPED`.
    """
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    if rest and options.command != "search":
        parser.unrecognized(rest, options.command)

    def fields() -> list[str]:
        quiet.import_tensorflow()
        from training import recipes

        return recipes.find(options.recipe).field_names()

    try:
        fixed = lines.changes(parser, rest, options.command, fields)
        return COMMANDS[options.command](options, fixed)
    except BrokenPipeError:  # of standard output or error, not of a file
        raise
    except (SearchError, SettingsError, runs.RunError) as error:
        print(f"error: {error}", file=sys.stderr)
    except OSError as error:
        print(lines.os_error(error), file=sys.stderr)
    return USAGE_ERROR


def _search(options: argparse.Namespace, fixed: dict[str, str]) -> int:
    quiet.import_tensorflow()  # only now, so that --help answers at once
    from training import strategy
    from tuning import search, sharing

    if not strategy.DEVICES.fullmatch(options.devices):
        raise SettingsError(f"devices must be auto, cpu:N or gpu:N. Received: {options.devices!r}")
    role = sharing.role()
    plan = search.plan(options.recipe, options.tuner, options.seed, options.epochs, options.steps, fixed)
    search.check(plan)
    name = options.name or f"{plan.recipe}-{plan.tuner}"
    place = searches.begin(options.runs_dir, name, plan)
    _tell(f"search {place.name} in {place.path}")
    trainings = trials.Trainings()
    best = None
    with _stopping(trainings):
        try:
            tell = (lambda line: None) if options.json else _tell
            search.run(place, options.trials, options.devices, role, trainings, tell)
            if options.train_best and not role.is_worker:
                best = search.train_best(place, options.devices, trainings, quiet=options.json)
        except trials.Stopped:
            _tell("stopped: the same command goes on from here")
    if not role.is_worker:
        _print(place, options.json, best)
    if trainings.stop_wanted:
        return STOPPED
    return 0 if best is None or best["state"] == "finished" else USAGE_ERROR


def _show(options: argparse.Namespace, _: dict[str, str]) -> int:
    _print(searches.find(options.search, options.runs_dir), options.json)
    return 0


COMMANDS = {"search": _search, "show": _show}


def _print(search: searches.Search, as_json: bool, best: dict | None = None) -> None:
    if as_json:
        print(json.dumps({**table.as_json(search), "best_run": best or search.best_run or None}))
        return
    print(table.as_text(search))
    if best:
        print(table.best_as_text(best, search.plan.figure))


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


@contextlib.contextmanager
def _stopping(trainings: trials.Trainings) -> Iterator[None]:
    """SIGINT and SIGTERM stop the trial in progress, which saves; a second one ends the process at once."""

    def handle(number: int, _) -> None:
        trainings.stop()
        signal.signal(number, signal.SIG_DFL)

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _parser() -> Parser:
    parser = Parser(prog="python -m tuning", description=__doc__)
    shared = Parser(add_help=False)
    shared.add_argument("--json", action="store_true", help="print JSON")
    shared.add_argument("--runs-dir", type=Path, default=runs.RUNS, help="where the runs are")
    commands = parser.add_subparsers(dest="command", required=True)

    search = commands.add_parser(
        "search",
        parents=[shared],
        help="search a recipe's settings; the same command again goes on with it",
        epilog="A setting that you give, as --model.FIELD, --data.FIELD, --optimizer.FIELD or "
        "--training.FIELD and its value, is not searched.",
    )
    search.add_argument("recipe", help="its name, or the path of a run's config.json")
    search.add_argument("--trials", type=positive, default=20, help="how many, earlier ones included (20)")
    search.add_argument("--tuner", default="random", help="random, bayesian or hyperband")
    search.add_argument("--devices", default="auto", help="of each trial: auto, cpu:N or gpu:N")
    search.add_argument("--epochs", type=float, help="of each trial (default: the recipe's)")
    search.add_argument("--steps", type=positive, help="of each trial, in place of epochs")
    search.add_argument("--seed", type=int, default=0, help="of the draws and the trials (default: 0)")
    search.add_argument("--name", help="of the search (default: the recipe's and the tuner's)")
    search.add_argument("--train-best", action="store_true", help="then train the best settings in full")

    show = commands.add_parser("show", parents=[shared], help="the table of a search, running or not")
    show.add_argument("search", help="its name or path")

    return parser


if __name__ == "__main__":
    lines.run(main)
