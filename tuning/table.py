"""A search as plain text for people, and as JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

from tuning import trials
from tuning.searches import Search, Trial


def as_json(search: Search) -> dict[str, Any]:
    """Everything of a search as plain JSON values."""
    plan, status = search.plan, search.status
    rows = search.trials()
    return {
        "search": search.name,
        "path": str(search.path),
        "recipe": plan.recipe,
        "tuner": plan.tuner,
        "seed": plan.seed,
        "figure": plan.figure,
        "direction": plan.direction,
        "state": status.get("state", "stopped"),
        "error": status.get("error"),
        "trials": [
            {
                "rank": trial.rank,
                "trial": trial.number,
                "state": trial.state,
                plan.figure: trial.value,
                "seconds": trial.seconds,
                **trial.length,
                "settings": trial.settings,
                "error": trial.error,
                "run": str(trial.run.path),
            }
            for trial in rows
        ],
        "left_out": {each.name: each.reason for each in search.unreadable()},
    }


def as_text(search: Search) -> str:
    """The table of a search's trials, the best first, with what differs between them."""
    plan, status = search.plan, search.status
    rows = search.trials()
    count = f"{len(rows)} of {max(len(rows), status.get('trials', 0))} trials"
    head = f"{plan.tuner} search {search.name} of {plan.recipe}, seed {plan.seed}: {search.state}, {count}"
    left_out = [f"{each.name} is left out: {each.reason}" for each in search.unreadable()]
    if not rows:
        return "\n".join([head, *left_out])
    columns = [{**trial.length, **trial.settings} for trial in rows]
    names = list(dict.fromkeys(name for settings in columns for name in settings))
    different = [name for name in names if len({_text(settings.get(name)) for settings in columns}) > 1]
    same = [f"{name}={_text(columns[0][name])}" for name in names if name not in different]
    titles = ["rank", "trial", plan.figure, "seconds", "state", *_short(different)]
    cells = [
        [*_facts(trial), *(_text(settings.get(name)) for name in different)]
        for trial, settings in zip(rows, columns, strict=True)
    ]
    lines = [head, "", *_aligned([titles, *cells]), ""]
    if len(rows) > 1:
        lines += [f"the same in all: {' '.join(same)}"] if same else []
    lines += [f"trial {trial.number} failed: {trial.error}" for trial in rows if trial.state == "failed"]
    lines += left_out
    if rows[0].rank is not None:
        words = " ".join(trials.command_line(rows[0].settings))
        lines += [f"the best: python -m training train {plan.recipe} {words}"]
    return "\n".join(lines)


def _facts(trial: Trial) -> list[str]:
    """What a row has before its settings."""
    return [
        _text(trial.rank),
        str(trial.number),
        "-" if trial.value is None else f"{trial.value:.4f}",
        "-" if trial.seconds is None else f"{trial.seconds:.1f}",
        trial.state,
    ]


def _short(names: Sequence[str]) -> list[str]:
    """Settings without their section, where that leaves them apart."""
    last = [name.rpartition(".")[2] for name in names]
    return [short if last.count(short) == 1 else name for short, name in zip(last, names, strict=True)]


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of cells as lines, each column as wide as its widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def _text(value: Any) -> str:
    return "-" if value is None else trials.text(value)


def best_as_text(best: Mapping[str, Any], figure: str) -> str:
    """What came of training the best settings in full."""
    value = "" if best[figure] is None else f", {figure} {best[figure]:.4f}"
    return f"run {best['run']} has the settings of trial {best['trial']} in full: {best['state']}{value}"
