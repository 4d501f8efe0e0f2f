"""Command line: `python -m benchmarks [NAME ...]` runs the benchmarks named, or all of them.

`python -m benchmarks seeds RECIPE ...` gives recipes' mean test scores over several seeds;
`python -m benchmarks folds RECIPE [--SECTION.FIELD VALUE ...]` a recipe's mean validation figures over
several divisions of its training data, to choose settings by; `python -m benchmarks torsos [GAME ...]` trains
agents that differ by their torso alone, and writes what the page Compare ships with; `python -m benchmarks
small [PROBLEM ...]` gives what recipes for own data reach on small sets with default settings.
"""

import argparse
import importlib
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.table import Table, machine
from training import arguments as lines
from training import quiet
from training.arguments import USAGE_ERROR, Parser, positive
from training.runs import RUNS
from training.settings import unknown

BENCHMARKS = (
    "cnn",
    "seq2seq",
    "gpt",
    "context",
    "gan",
    "games",
    "memory",
    "recipe",
    "app",
    "inspection",
)  # what is run when none is named
SEEDS = "seeds"
FOLDS = "folds"
TORSOS = "torsos"
SMALL = "small"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run benchmarks one after the other.

    Returns: The exit status.
    """
    parser = Parser(prog="python -m benchmarks", description=__doc__)
    known = ", ".join(BENCHMARKS)
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"of {known}; or seeds and recipes; or folds and a recipe; or torsos and games; or small and "
        "problems",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--seeds", type=positive, help="how many: usually 5 of `seeds`, 3 of others")
    parser.add_argument("--folds", type=positive, default=10, help="how many, of `folds`")
    parser.add_argument("--runs-dir", type=Path, default=RUNS, help="where these have their runs")
    options, rest = parser.parse_known_args(arguments)
    if rest and options.names[:1] != [FOLDS]:
        parser.unrecognized(rest)
    if options.names[:1] == [FOLDS]:
        if len(options.names) != 2:
            parser.error("folds takes one recipe")
        return _folds(options, parser, rest)
    if options.names[:1] == [SEEDS]:
        return _seeds(options)
    if options.names[:1] == [TORSOS]:
        return _torsos(options)
    if options.names[:1] == [SMALL]:
        return _small(options)
    for name in options.names:
        if name not in BENCHMARKS:
            message = unknown("benchmark", name, (*BENCHMARKS, SEEDS, FOLDS, TORSOS, SMALL))
            print(f"error: {message}", file=sys.stderr)
            return USAGE_ERROR
    quiet.import_tensorflow()
    if not options.json:
        print(machine())
    for name in options.names or BENCHMARKS:
        found = importlib.import_module(f"benchmarks.{name}").run()
        for table in [found] if isinstance(found, Table) else found:
            _tell(name, table, options.json)
    return 0


def _seeds(options: argparse.Namespace) -> int:
    """The mean over several seeds of the recipes that are named after `seeds`."""
    quiet.import_tensorflow()
    from benchmarks import seeds

    names = options.names[1:] or seeds.RECIPES
    count = options.seeds or seeds.SEEDS
    return _train(SEEDS, lambda: seeds.run(names, count, options.runs_dir), options.json)


def _torsos(options: argparse.Namespace) -> int:
    """Agents with each torso on the games that are named after `torsos`."""
    quiet.import_tensorflow()
    from benchmarks import torsos

    games, count = options.names[1:] or torsos.GAMES, options.seeds or torsos.SEEDS
    return _train(TORSOS, lambda: torsos.run(games, count, options.runs_dir), options.json)


def _small(options: argparse.Namespace) -> int:
    """Recipes for own data on the problems that are named after `small`."""
    quiet.import_tensorflow()
    from benchmarks import small

    names, count = options.names[1:], options.seeds or small.SEEDS
    return _train(SMALL, lambda: small.run(names, count, options.runs_dir), options.json)


def _folds(options: argparse.Namespace, parser: Parser, rest: Sequence[str]) -> int:
    """The mean validation figures of the recipe that is named after `folds`, with some settings changed."""
    quiet.import_tensorflow()
    from benchmarks import folds
    from training import recipes

    name = options.names[1]

    def measure() -> Table:
        changes = lines.changes(parser, rest, FOLDS, lambda: recipes.find(name).field_names())
        return folds.run(name, options.folds, changes, options.runs_dir)

    return _train(FOLDS, measure, options.json)


def _train(name: str, run: Callable[[], Table], as_json: bool) -> int:
    """Tell the table of a benchmark that trains recipes; an error in one line."""
    from data import DataUnavailable
    from training.runs import RunError
    from training.settings import SettingsError

    try:
        table = run()
    except (DataUnavailable, RunError, SettingsError) as error:
        print(f"error: {error}", file=sys.stderr)
        return USAGE_ERROR
    _tell(name, table, as_json)
    return 0


def _tell(name: str, table: Table, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"benchmark": name, "machine": machine(), "title": table.title, "rows": table.rows}))
    else:
        print(f"\n{table}", flush=True)


if __name__ == "__main__":
    lines.run(main)
