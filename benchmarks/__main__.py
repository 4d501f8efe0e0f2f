"""Command line: `python -m benchmarks [NAME ...]` runs the benchmarks named, or all of them.

`python -m benchmarks seeds RECIPE ...` gives recipes' mean test scores over several seeds.
"""

import argparse
import importlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.table import Table, machine
from training import quiet
from training.arguments import positive
from training.runs import RUNS

BENCHMARKS = ("cnn", "memory", "recipe", "app", "inspection")  # what is run when none is named
SEEDS = "seeds"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run benchmarks one after the other.

    Returns: The exit status.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; or seeds and recipes"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--seeds", type=positive, default=5, help="how many, of `seeds`")
    parser.add_argument("--runs-dir", type=Path, default=RUNS, help="where `seeds` has its runs")
    options = parser.parse_args(arguments)
    if options.names[:1] == [SEEDS]:
        return _seeds(options)
    for name in options.names:
        if name not in BENCHMARKS:
            known = ", ".join(BENCHMARKS)
            print(f"error: there is no benchmark {name!r}. There are: {known}", file=sys.stderr)
            return 2
    quiet.import_tensorflow()
    if not options.json:
        print(machine())
    for name in options.names or BENCHMARKS:
        table = importlib.import_module(f"benchmarks.{name}").run()
        _tell(name, table, options.json)
    return 0


def _seeds(options: argparse.Namespace) -> int:
    """The mean over several seeds of the recipes that are named after `seeds`."""
    quiet.import_tensorflow()
    from benchmarks import seeds
    from data import DataUnavailable
    from training.runs import RunError
    from training.settings import SettingsError

    try:
        table = seeds.run(options.names[1:] or seeds.RECIPES, options.seeds, options.runs_dir)
    except (DataUnavailable, RunError, SettingsError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    _tell(SEEDS, table, options.json)
    return 0


def _tell(name: str, table: Table, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"benchmark": name, "machine": machine(), "title": table.title, "rows": table.rows}))
    else:
        print(f"\n{table}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
