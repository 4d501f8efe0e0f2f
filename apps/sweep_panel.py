"""A sweep on a page: the figures of many small nets side by side, and a person's own sweep beside them."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from apps import launch, library, run_card
from apps.escaping import escape_markdown, sentence
from training import runs
from training.runs import Run, RunError

FIELD = 150  # least width of a setting, in pixels
LISTS = {"depths": "Hidden layers", "widths": "Units a layer"}


def show(recipe_name: str, draw: Callable[[Run], None]) -> None:
    """Show a sweep: a person's newest that has figures, else the gallery's; and the way to another.

    Args:
        recipe_name: Of the sweep.
        draw: Draws a run's `sweep.json`.
    """
    of_it = [entry for entry in library.entries() if entry.run.config.get("recipe") == recipe_name]
    of_it.sort(key=lambda entry: entry.shelf == "gallery")  # a person's own first, the newest of them first
    active = [entry.run for entry in of_it if entry.run.state in launch.ACTIVE]
    if active:
        run_card.follow(active[0], lambda run, state: None)
    found = {entry.key: entry for entry in of_it if entry.run.sweep}
    if found:
        key = next(iter(found))
        if len(found) > 1:
            key = st.selectbox(
                "Sweep",
                list(found),
                format_func=lambda key: library.label(found[key]),
                key=f"sweep-{recipe_name}",
                persist_state="session",
            )
        draw(found[key].run)
        st.caption(_facts(found[key].run))
    elif not active:
        st.info("No sweep has been trained yet. Run one here.", icon=":material/hourglass_empty:")
    _another(recipe_name, bool(active))


def _facts(run: Run) -> str:
    """What a sweep was, in a line."""
    config, sweep = run.config, run.sweep
    members = config["model"]["members"]
    return (
        f"{len(sweep['nets']) * members:,} nets, {members} of each kind from other random weights, trained "
        f"side by side in the one run **{escape_markdown(run.name)}**: {sweep['step']:,} steps of "
        f"{config['optimizer']['name']} on batches of {config['training']['batch_size']}, begun by "
        f"{escape_markdown(config['model']['initializer'])}. Errors are those on points that were held out."
    )


def _another(recipe_name: str, busy: bool) -> None:
    """The settings of a sweep of one's own, and the button that starts it."""
    from models import sweep
    from training import recipes, trainer
    from training.settings import SettingsError

    recipe = recipes.find(recipe_name)
    usual = recipe.to_config()["model"]
    changes: dict[str, Any] = {}
    more = st.expander("Run a sweep of your own", icon=":material/science:")
    with more, st.form(f"own-{recipe_name}", border=False):
        changes["model.activations"] = st.multiselect("Activations", sweep.ACTIVATIONS, usual["activations"])
        with st.grid(min_column_width=FIELD, gap="small"):
            for field, label in LISTS.items():
                text = ", ".join(map(str, usual[field]))
                changes[f"model.{field}"] = st.text_input(
                    label, text, key=f"{recipe_name}-{field}", persist_state="session"
                )
            changes["model.members"] = st.number_input("Nets of each kind", 1, 1000, usual["members"])
            initializer = sweep.INITIALIZERS.index(usual["initializer"])
            changes["model.initializer"] = st.selectbox("Initialization", sweep.INITIALIZERS, initializer)
            changes["training.epochs"] = st.number_input("Epochs", 0.1, None, recipe.training.epochs * 1.0)
        asked = st.form_submit_button(
            "Run it",
            type="primary",
            icon=":material/play_arrow:",
            disabled=busy,
            help=f"About {library.duration_text(recipe.expected.seconds)} on two cores as it is",
        )
    if not asked:
        return
    folder = library.runs_folder()
    try:
        changed = recipe.override(changes)
        changed.model_config(recipe.data.spec())  # says at once what is wrong
        run = trainer.create(changed, folder, runs.free_name(folder, recipe_name))
    except (RunError, SettingsError) as error:
        st.error(sentence(error), icon=":material/error:")
        return
    run_card.start(run)
