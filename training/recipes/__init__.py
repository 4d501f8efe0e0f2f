"""The recipes by name, one file an architecture; each is named `<data>_<arch>`."""

from collections.abc import Mapping
from typing import Any

from training import settings
from training.recipe import Recipe
from training.recipes import cnn, encoder, gan, gpt, mlp, policy, rnn, seq2seq, sweep, transformer
from training.settings import SettingsError

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for architecture in (cnn, mlp, sweep, rnn, seq2seq, encoder, transformer, gpt, gan, policy)
    for recipe in architecture.RECIPES
}


def find(name: str) -> Recipe:
    """A recipe by name.

    Raises:
        SettingsError: There is none; the message has the nearest names.
    """
    if name not in RECIPES:
        raise SettingsError(settings.unknown("recipe", name, RECIPES))
    return RECIPES[name]


def from_config(config: Mapping[str, Any]) -> Recipe:
    """The recipe as a run's `config.json` resolved it.

    Raises:
        SettingsError: The recipe is gone, or a setting of it.
    """
    recipe = find(config["recipe"])
    sections = {section: config[section] for section in recipe.sections}
    return recipe.override(
        {f"{section}.{name}": value for section, fields in sections.items() for name, value in fields.items()}
    )
