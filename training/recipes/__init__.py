"""The recipes by name, one file an architecture; each is named `<data>_<arch>`."""

import dataclasses
import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import data
import games
import models
from games.dqn import DQN
from games.ppo import PPO
from training import settings
from training.agent import AgentRecipe
from training.duel import DuelRecipe
from training.recipe import Expected, Recipe
from training.recipes import cnn, encoder, gan, gpt, mlp, policy, rnn, seq2seq, sweep, transformer
from training.settings import SettingsError

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for architecture in (cnn, mlp, sweep, rnn, seq2seq, encoder, transformer, gpt, gan, policy)
    for recipe in architecture.RECIPES
}


def find(name: str) -> Recipe:
    """A recipe by name, or by the path of a `config.json` that holds one.

    Raises:
        SettingsError: There is none; the message has the nearest names.
    """
    if name in RECIPES:
        return RECIPES[name]
    if "/" not in name and not name.endswith(".json"):
        raise SettingsError(settings.unknown("recipe", name, RECIPES))
    try:
        config = json.loads(Path(name).expanduser().read_text())
        return from_config(config)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, SettingsError):
            raise
        reason = getattr(error, "strerror", None) or "it is not the config.json of a run"
        raise SettingsError(f"no recipe can be read from {name}: {reason}") from error


def from_config(config: Mapping[str, Any]) -> Recipe:
    """The recipe as a run's `config.json` resolved it; its name need not be one of `RECIPES`.

    Raises:
        SettingsError: The data, the architecture or a setting is unknown.
    """
    recipe = _base(config)
    _check_has(config, recipe.sections)
    sections = {section: config[section] for section in recipe.sections}
    return recipe.override(
        {f"{section}.{name}": value for section, fields in sections.items() for name, value in fields.items()}
    )


def _check_has(config: Mapping[str, Any], names: Collection[str]) -> None:
    """Raise a SettingsError where a config lacks a field or a section."""
    lacking = [name for name in names if name not in config]
    if lacking:
        raise SettingsError(f"config.json has no {lacking[0]!r}: it is damaged, or of another version")


def _base(config: Mapping[str, Any]) -> Recipe:
    """A recipe of the kind that a `config.json` describes, with usual settings.

    It is the one of `RECIPES` with that name where that is of the same kind, since an older `config.json`
    lacks settings that recipes have gained since.
    """
    name, source, architecture = config["recipe"], config["source"], config["architecture"]
    if architecture not in models.ARCHITECTURES:
        raise SettingsError(settings.unknown("architecture", architecture, models.ARCHITECTURES))
    kind = AgentRecipe if "agent" in config else DuelRecipe if "duel" in config else Recipe
    algorithm = _algorithm(config["agent"]) if "agent" in config else None
    known = RECIPES.get(name)
    if (
        type(known) is kind
        and (known.source, known.architecture) == (source, architecture)
        and (algorithm is None or isinstance(getattr(known, "agent", None), algorithm))
    ):
        return known
    if algorithm is None and source not in data.SOURCES:
        raise SettingsError(settings.unknown("data source", source, data.SOURCES))
    try:
        origin = data.SOURCES[source] if algorithm is None else games.playable(source)
    except games.GameError as error:
        raise SettingsError(str(error)) from error
    return kind(
        name=name,
        summary="",
        source=source,
        architecture=architecture,
        expected=Expected({}),
        data=origin,
        **({} if algorithm is None else {"agent": algorithm()}),
    )


def _algorithm(fields: Mapping[str, Any]) -> type:
    """How an agent learns, by the settings that it has."""
    for kind in (PPO, DQN):
        if fields.keys() <= {field.name for field in dataclasses.fields(kind)}:
            return kind
    known = {field.name for kind in (PPO, DQN) for field in dataclasses.fields(kind)}
    strange = next((name for name in fields if name not in known), next(iter(fields)))
    raise SettingsError(settings.unknown("field", f"agent.{strange}", [f"agent.{name}" for name in known]))
