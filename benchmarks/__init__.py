"""Measurements, side by side with what a user would pick instead, all in one run.

Each module has `run() -> Table`. Figures depend on the machine: quote them with it.
"""

from benchmarks.table import Table

__all__ = ["Table"]
