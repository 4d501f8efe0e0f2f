"""Races: recurrent nets and attention learn one task which asks for nothing but memory, side by side."""

import contextlib
import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from apps import launch, library
from apps.library import Entry
from training.runs import Run, RunError

if TYPE_CHECKING:
    from data.source import Spec, Split
    from training.recipe import Recipe

SNAPSHOTS = 40  # of each net, or as many as there is room for
SHIPPED = "adding-race"  # the gallery's
HELD_OUT = 1000  # sequences to choose by, and as many for the test


@dataclass(frozen=True)
class Net:
    """One of the five.

    Args:
        title: For people.
        settings: What makes it another recurrent net; None: it is no recurrent one, but attention.
        shipped: Its model of the gallery, of the race that ships with the suite.
    """

    title: str
    settings: Mapping[str, Any] | None
    shipped: str


NETS = {  # by the end of its run's name
    "plain": Net("Plain", {"model.cell": "simple", "model.bidirectional": False}, "adding_rnn"),
    "gru": Net("GRU", {"model.cell": "gru", "model.bidirectional": False}, "adding_gru"),
    "lstm": Net("LSTM", {"model.cell": "lstm", "model.bidirectional": False}, "adding_lstm"),
    "both": Net("Both ways", {"model.cell": "lstm", "model.bidirectional": True}, "adding_both_lstm"),
    "attention": Net("Attention", None, "adding_encoder"),
}
TITLES = tuple(net.title for net in NETS.values())


@dataclass(frozen=True)
class Task:
    """What they learn.

    Args:
        source: Key of `data.SOURCES`.
        recipe: That recurrent nets change the settings of.
        encoder: The recipe of attention.
        about: What is asked of a net.
        length: What the length counts.
        right: What is counted as right; see `right` of the data.
        beyond: Steps of a sequence beside these.
        baseline: What the trivial answer is.
        usual: Length, units, examples, epochs and learning rate at first: decided in a few minutes on two
            cores.
    """

    source: str
    recipe: str
    encoder: str
    about: str
    length: str
    right: str
    beyond: int
    baseline: str
    usual: tuple[int, int, int, float, float]


TASKS = {
    "Adding": Task(
        "adding",
        "adding_lstm",
        "adding_encoder",
        "Each step is a number and a mark. Two steps are marked; at the end their **sum** is asked for.",
        "Steps",
        "sums that are off by less than 0.04",
        0,
        "always answering 1",
        (50, 32, 10_000, 6.0, 0.01),
    ),
    "Copying": Task(
        "copy_memory",
        "copy_memory_gru",
        "copy_memory_encoder",
        "Ten symbols, then blanks, then a signal: now **repeat the ten**.",
        "Blanks between",
        "symbols of the ten that are repeated right",
        20,
        "guessing, with nothing remembered",
        (20, 64, 16_000, 12.0, 0.01),
    ),
}


@dataclass(frozen=True)
class Race:
    """The nets that run against each other.

    Args:
        key: What names it in an address: "runs/adding-race-1".
        entries: Its nets by their key in `NETS`, in that order.
    """

    key: str
    entries: Mapping[str, Entry]

    @property
    def active(self) -> bool:
        """Whether any is still being trained."""
        return any(entry.run.state in launch.ACTIVE for entry in self.entries.values())

    def has(self, entry: Entry | None) -> bool:
        """Whether a model is one of its nets."""
        return entry is not None and any(each.key == entry.key for each in self.entries.values())

    @property
    def config(self) -> dict[str, Any]:
        """The settings of one of them, whose task and data are those of all."""
        return next(iter(self.entries.values())).run.config


def find_all() -> dict[str, Race]:
    """The races there are by key: a person's own, the newest first, then the one that ships."""
    found: dict[str, dict[str, Entry]] = {}
    shipped = {each.shipped: net for net, each in NETS.items()}
    for entry in sorted(library.entries(), key=lambda entry: entry.shelf == "gallery"):
        race, _, net = entry.run.name.rpartition("-")
        if entry.shelf == "gallery":
            race, net = SHIPPED, shipped.get(entry.run.name, "")
        if net in NETS and "race" in race and task_of(entry.run.config) is not None:
            found.setdefault(f"{entry.shelf}/{race}", {})[net] = entry
    return {key: Race(key, {net: nets[net] for net in NETS if net in nets}) for key, nets in found.items()}


def start(task: str, chosen: Mapping[str, Any], seed: int) -> str:
    """Make a run for each net and start their trainings.

    Args:
        task: Key of `TASKS`.
        chosen: Settings that all have, as `plan` takes them.
        seed: Of all.

    Returns: The race's key.

    Raises:
        RunError, SettingsError: A setting breaks its rule, or a run can't be made or started.
    """
    from training import trainer

    folder = library.runs_folder()
    name = _free_name(folder, f"{task.lower()}-race")
    made: list[Run] = []
    try:
        plans = {net: _watched(plan(TASKS[task], net, chosen)) for net in NETS}
        for net, recipe in plans.items():
            made.append(trainer.create(recipe, folder, f"{name}-{net}", seed))
        for run in made:
            launch.start(run)
    except RunError:
        for run in made:  # a race without one of them is none
            with contextlib.suppress(RunError):
                run.stop()
        raise
    return f"runs/{name}"


def stop(race: Race) -> None:
    """Ask all that are still trained to save and stop."""
    for entry in race.entries.values():
        with contextlib.suppress(RunError, ProcessLookupError):  # one that has ended just now
            entry.run.stop()


def plan(task: Task, net: str, chosen: Mapping[str, Any]) -> "Recipe":
    """The recipe of one net.

    Args:
        task: What it learns.
        net: Key of `NETS`.
        chosen: Settings of a recurrent net, as `Recipe.override` takes them. Attention is as wide as it has
            units, as far as its heads divide that, and learns at the rate of its own recipe.

    Raises:
        SettingsError: A setting breaks its rule.
    """
    from training import recipes

    settings = NETS[net].settings
    if settings is not None:
        memory = chosen["data.length"] + task.beyond
        recipe = recipes.find(task.recipe).override({**chosen, "model.memory": memory, **settings})
    else:
        usual = recipes.find(task.encoder)
        changes = {key: value for key, value in chosen.items() if key.startswith(("data.", "training."))}
        even = 2 * usual.model["heads"]  # positions come in pairs, in each head
        width = max(even, round(chosen["model.units"] / even) * even)
        hidden = width * usual.model["hidden"] // usual.model["width"]
        recipe = usual.override({**changes, "model.width": width, "model.hidden": hidden})
    recipe.model_config(_spec(recipe))  # its rules are kept, or it says which is not
    return recipe


def _watched(recipe: "Recipe") -> "Recipe":
    """A recipe with as many snapshots as there is room for."""
    from training.recipe import MOST_SNAPSHOT_BYTES

    weights = sum(weight.nbytes for weight in recipe.build_model(_spec(recipe)).get_weights())
    return recipe.override({"training.snapshots": max(2, min(SNAPSHOTS, MOST_SNAPSHOT_BYTES // weights))})


def _spec(recipe: "Recipe") -> "Spec":
    """What a task that is made by a rule says of its data."""
    return dataclasses.replace(recipe.data, examples=1, held_out=1).load().spec


def _free_name(folder: Path, stem: str) -> str:
    """The first of "<stem>-1", "<stem>-2", ... of which no net has a run."""
    number = 1
    while any((folder / f"{stem}-{number}-{net}").exists() for net in NETS):
        number += 1
    return f"{stem}-{number}"


def task_of(config: Mapping[str, Any]) -> Task | None:
    """What a run learns; None where it is none of the tasks."""
    return next((task for task in TASKS.values() if task.source == config.get("source")), None)


def tests(config: Mapping[str, Any]) -> "Split":
    """The test sequences of a run on a task that is made by a rule, without those that it learned from.

    Raises:
        SettingsError: The recipe is gone, or a setting of it.
    """
    return _tests(json.dumps([config["source"], config["data"]], sort_keys=True), _config=dict(config))


@st.cache_resource(max_entries=8, show_spinner=False)
def _tests(key: str, _config: dict[str, Any]) -> "Split":
    """`key` tells one set of data from another."""
    from training import recipes

    return dataclasses.replace(recipes.from_config(_config).data, examples=1).load().test
