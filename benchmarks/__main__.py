"""Command line: `python -m benchmarks [NAME ...]` runs the benchmarks named, or all of them."""

import argparse
import importlib
import json
import sys
from collections.abc import Sequence

from benchmarks.table import machine
from training import quiet

BENCHMARKS = ("cnn", "memory", "recipe", "app")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run benchmarks one after the other.

    Returns: The exit status.
    """
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
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
        if options.json:
            told = {"benchmark": name, "machine": machine(), "title": table.title, "rows": table.rows}
            print(json.dumps(told))
        else:
            print(f"\n{table}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
