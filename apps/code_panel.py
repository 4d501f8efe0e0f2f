"""The tab Code: how to do without this page what it does."""

import inspect
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from apps import engine
from apps.library import Entry

LOAD = """import keras

model = keras.models.load_model("model.keras")  # no code of this project is needed
model.summary()

inputs = ...  # (batch, {shape}) {kind}{scale}
{use}
"""


LOAD_TRANSLATOR = """import keras

model = keras.models.load_model("model.keras")  # no code of this project is needed
model.summary()

source = ...  # (batch, S) int32: pieces by source_tokenizer.json, 2 behind each sentence, then 0
target = ...  # (batch, T) int32: 1, and behind it the pieces that are written so far
probabilities = keras.ops.softmax(model([source, target]))  # (batch, T, {outputs}): of each next piece

# Or a sentence a line, with all that: python -m training predict {run}
"""


LOAD_WRITER = """import keras

model = keras.models.load_model("model.keras")  # no code of this project is needed
model.summary()

text = ...  # (batch, T) int32, T up to {context}: tokens by tokenizer.json
probabilities = keras.ops.softmax(model(text))[:, -1]  # (batch, {tokens}): of the next token

# Or a prompt a line, with all that: python -m training predict {run}
"""


LOAD_AGENT = """import keras

model = keras.models.load_model("model.keras")  # no code of this project is needed
model.summary()

observation = ...  # (batch, {shape}) float32
{use}  # (batch, {actions}): of {names}

# Or an observation a line: python -m training predict {run}
"""


def show(page: str, architecture: str, entry: Entry | None) -> None:
    """Draw the tab.

    Args:
        page: The page's file.
        architecture: Key of `models.ARCHITECTURES`.
        entry: The model that is chosen, if any.
    """
    import models

    if entry is not None:
        _show_model(architecture, entry)
    st.subheader("The architecture and this page", anchor=False)
    with st.expander(f"models/{architecture}.py: the builder", icon=":material/account_tree:"):
        st.code(inspect.getsource(models.ARCHITECTURES[architecture]), "python", line_numbers=True)
    with st.expander(f"apps/views/{Path(page).name}: this page", icon=":material/web:"):
        st.code(Path(page).read_text(), "python", line_numbers=True)


def _show_model(architecture: str, entry: Entry) -> None:
    run = entry.run
    st.subheader("Train it from a terminal", anchor=False)
    st.code(command_line(run.config), "bash", wrap_lines=True)

    st.subheader("Use it anywhere", anchor=False)
    if entry.has_model:
        st.code(_load(architecture, run.config["model"], entry.spec, run.name), "python")
        st.download_button(
            "Download model.keras",
            data=run.model_path.read_bytes,
            file_name=f"{run.name}.keras",
            mime="application/octet-stream",
            icon=":material/download:",
            on_click="ignore",
        )
    else:
        st.caption("The file model.keras appears after the first epoch of training.")

    st.subheader("Build it anew", anchor=False)
    st.code(builder_call(architecture, run.config), "python")
    _in_plain_keras(entry)
    with st.expander("config.json: every setting of this run", icon=":material/tune:"):
        st.json(run.config)


def _load(architecture: str, settings: Mapping[str, Any], spec: Mapping[str, Any], run: str) -> str:
    """How the file is used: what goes in, and what comes out."""
    if spec.get("target_tokens"):
        return LOAD_TRANSLATOR.format(outputs=spec["target_tokens"], run=run)
    if spec.get("continued"):
        return LOAD_WRITER.format(context=spec["input_shape"][0], tokens=spec["tokens"], run=run)
    if architecture == "policy":
        shape, names = ", ".join(map(str, spec["input_shape"])), spec["classes"]
        return LOAD_AGENT.format(
            shape=shape, use=_acting(settings), actions=len(names), names=", ".join(names), run=run
        )
    scale = " in [0, 1]" if len(spec["input_shape"]) == 3 else ""
    use = "probabilities = keras.ops.softmax(model(inputs))" if spec["classes"] else "values = model(inputs)"
    if any(spec.get("spread", ())):
        scale = f": (own - {spec['centre']}) / {spec['spread']}"
    if any(spec.get("value_spread", ())):
        use += f" * {spec['value_spread'][0]:.6g} + {spec['value_centre'][0]:.6g}"
    shape = ", ".join(map(str, spec["input_shape"]))
    kind = "int32" if spec.get("tokens") else "float32"
    return LOAD.format(shape=shape, kind=kind, scale=scale, use=use)


def _acting(settings: Mapping[str, Any]) -> str:
    """How an agent is asked what it would do."""
    from models import policy

    if settings.get("heads", "actor_critic") != "actor_critic":
        return "values = model(observation)"
    call = "logits, value = model(observation)"
    if settings["torso"] in policy.REMEMBERING:
        call = "logits, value, *memory = model([observation, *memory])"
    return f"{call}\nprobabilities = keras.ops.softmax(logits)"


def _in_plain_keras(entry: Entry) -> None:
    """The same net and its training without a line of this suite."""
    from apps import plain_keras
    from training import recipes
    from training.runs import RunError
    from training.settings import SettingsError

    config = entry.run.config
    try:
        # By the recipe: an older run's config lacks what its settings have gained since.
        resolved = {**config, **recipes.from_config(config).to_config()}
        script = plain_keras.script(engine.model(entry.run), resolved)
    except (RunError, SettingsError):  # no model yet, as is said above; or a recipe that is gone
        return
    if script:
        st.markdown("The same in plain Keras:")
        st.code(script, "python")


def command_line(config: Mapping[str, Any]) -> str:
    """The command that trains what a run's `config.json` describes: its recipe, and what differs from it."""
    from training import recipes

    words = ["python", "-m", "training", "train", config["recipe"]]
    recipe = recipes.RECIPES.get(config["recipe"])
    usual = recipe.to_config() if recipe else {}
    for section in recipe.sections if recipe else ():
        for field, value in _differences(config.get(section, {}), usual.get(section, {})):
            words += [f"--{section}.{field}", _as_text(value)]
    if config.get("seed"):
        words += ["--seed", str(config["seed"])]
    if config.get("steps"):
        words += ["--steps", str(config["steps"])]
    return shlex.join(words)


def builder_call(architecture: str, config: Mapping[str, Any]) -> str:
    """Python that builds the untrained model of a run's `config.json`."""
    spec = config.get("spec", {})
    fields: dict[str, Any] = {
        "input_shape": tuple(spec.get("input_shape", ())),
        "outputs": len(spec.get("classes", ())) or len(spec.get("values", ())),
        **({"tokens": spec["tokens"]} if spec.get("tokens") else {}),
    }
    if spec.get("target_tokens"):
        fields = {"tokens": spec["tokens"], "outputs": spec["target_tokens"]}
    if spec.get("continued"):
        fields = {"input_shape": tuple(spec["input_shape"]), "tokens": spec["tokens"]}
    fields |= {name: tuple(v) if isinstance(v, list) else v for name, v in config["model"].items()}
    lines = "".join(f"        {name}={value!r},\n" for name, value in fields.items())
    return (
        f"from models import {architecture}\n\n"
        f"model = {architecture}.build(\n    {architecture}.Config(\n{lines}    )\n)\n"
    )


def _differences(
    values: Mapping[str, Any], usual: Mapping[str, Any], prefix: str = ""
) -> Iterator[tuple[str, Any]]:
    """The fields of nested settings that are not as usual, as "outer.inner" and value."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _differences(value, usual.get(name, {}), f"{prefix}{name}.")
        elif value != usual.get(name):
            yield prefix + name, value


def _as_text(value: Any) -> str:
    """A setting as the command line takes it."""
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
