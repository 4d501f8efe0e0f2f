"""The tab Train: start a training, follow it, stop it, go on with it. It runs in a process of its own."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from apps import charts, devices, launch, library, links, permitted, run_card
from apps.escaping import escape_markdown, sentence
from training import runs, snapshots
from training.runs import Run, RunError

# Whether trainings of an architecture on a source belong to a page.
Owns = Callable[[str, str], bool]

FIELD = 200  # least width of a setting, in pixels


@dataclass(frozen=True)
class Control:
    """A setting that is offered as a widget.

    Args:
        field: As on the command line: "training.epochs".
        label: For people.
        help: What it does.
        choices: What it may be; empty: anything of its type.
    """

    field: str
    label: str
    help: str = ""
    choices: Sequence[str] = ()


SHARED = (
    Control("training.epochs", "Epochs", "Passes over the training examples"),
    Control("training.batch_size", "Batch size", "Examples in one step"),
    Control("optimizer.learning_rate", "Learning rate", "The highest; the schedule comes down from it"),
)
AGENT = (
    Control("training.steps", "Steps", "Of the game, in all worlds together"),
    Control("training.epochs", "Epochs", "Parts of them, after each of which the agent is measured and kept"),
    SHARED[-1],
)
FOLDER = (
    Control("data.folder", "Folder of images", "On this machine"),
    Control("data.labelled", "A sub-folder is a class", "Else all images below the folder are taken"),
    Control("data.size", "Image size", "Edge in pixels that every image is brought to"),
    Control("data.channels", "Channels", "1 for grey, 3 for colour"),
    Control("data.broken", "Images that can't be read", choices=("refuse", "skip")),
)

PAIRS = (
    Control("data.file", "File of pairs", "On this machine; a sentence, a tab and its translation a line"),
)
TEXT = (Control("data.file", "Text file", "On this machine; plain text in UTF-8"),)
ENVIRONMENT = (Control("data.id", "Environment", "Its id at Gymnasium, such as LunarLander-v3"),)
ROM = (Control("data.rom", "Game", "Of Atari, such as space_invaders; it takes the package ale-py"),)
OWN = {  # settings of data, or of a game, of one's own, by source
    "image_folder": FOLDER,
    "pairs": PAIRS,
    "text": TEXT,
    "gymnasium": ENVIRONMENT,
    "atari": ROM,
}
FILES = {"pairs": "pairs.tsv", "text": "text.txt"}  # a person's own data, in their run's folder
UPLOADS = {  # what they are, and how their files' names end
    "pairs": (
        "Pairs of your own: a text file with a sentence, a tab and its translation a line",
        ["tsv", "txt", "csv"],
    ),
    "text": ("A text of your own: plain text in UTF-8", ["txt", "md", "csv", "py"]),
}
MOST_MIB = 20  # of an uploaded file


def show(owns: Owns, controls: tuple[Control, ...]) -> None:
    """Draw the tab.

    Args:
        owns: Whether trainings of an architecture on a source belong to the page.
        controls: The settings of the architecture that are offered.
    """
    mine = [
        run
        for run in runs.runs_in(library.runs_folder())
        if owns(run.config.get("architecture", ""), run.config.get("source", ""))
    ]
    followed = _followed(mine)
    if followed is not None:
        run_card.follow(followed, _explore)
    st.subheader("Train another" if mine else "Train your first", anchor=False)
    _form(owns, controls)


def _explore(run: Run, state: str) -> None:
    """The button that shows this run's model in the tab Explore."""
    watched = run.config.get("architecture") == "policy" and (run.path / snapshots.FILE).exists()
    if (run.model_path.exists() or watched) and st.button(
        "Explore",
        icon=":material/visibility:",
        key=f"explore-{run.name}",
        type="secondary" if state in launch.ACTIVE else "primary",
        help="Watch it play as it is now" if watched else "Look inside its best model so far",
    ):
        links.wish(f"runs/{run.name}")
        st.rerun()


def _followed(mine: list[Run]) -> Run | None:
    """The run that the tab follows: one that was asked for, else one that goes on, else the newest."""
    if not mine:
        return None
    names = [run.name for run in mine]
    active = [run.name for run in mine if run.state in launch.ACTIVE]
    asked = st.query_params.get("run")
    first = asked if asked in names else (active or names)[0]
    if len(active) > 1:
        first = st.pills(
            "Going on now",
            active,
            format_func=escape_markdown,
            default=first if first in active else active[0],
            required=True,
        )
    return mine[names.index(first)]


def _form(owns: Owns, controls: tuple[Control, ...]) -> None:
    """The settings of a new run, and the button that starts it."""
    from training.recipes import RECIPES

    recipes = {name: recipe for name, recipe in RECIPES.items() if owns(recipe.architecture, recipe.source)}
    name = st.selectbox(
        "Recipe",
        list(recipes),
        format_func=lambda name: f"{name}  ·  {recipes[name].summary}",
        help="A complete setting that is known to work; change what you like",
    )
    recipe = recipes[name]
    usual = recipe.to_config()
    st.caption(_expectation(recipe))
    with st.form(f"train-{name}", border=True):
        own = OWN.get(recipe.source, ())
        file = _upload(recipe.source) if recipe.source in UPLOADS else None
        free = runs.free_name(library.runs_folder(), name)
        with st.grid(min_column_width=FIELD, gap="small"):
            changes = _widgets((*own, *(AGENT if "agent" in usual else SHARED)), usual, name)
            run_name = st.text_input(
                "Name",
                placeholder=free,
                key=f"{name}-name",
                persist_state="session",
                help="Of the run and its folder",
            )
        with st.expander("The network", icon=":material/account_tree:"), st.grid(min_column_width=FIELD):
            changes |= _widgets(controls, usual, name)
        with st.expander("Seed, devices and everything else", icon=":material/tune:"):
            seed, chosen, more = _details(name)
        if st.form_submit_button("Start training", type="primary", icon=":material/play_arrow:"):
            _create(recipe, changes, run_name.strip() or free, seed, chosen, more, file)


def _expectation(recipe) -> str:
    """What a recipe is expected to reach, in one line."""
    facts = [
        f"{value:.1%} test {figure}" if figure == "accuracy" else f"{charts.title(figure).lower()} {value:g}"
        for figure, value in recipe.expected.test.items()
    ]
    if recipe.expected.seconds:
        facts.append(f"about {library.duration_text(recipe.expected.seconds)} on two CPU cores")
    return f"Expected: {', '.join(facts)}" if facts else "What it reaches depends on your data"


def _widgets(controls: Sequence[Control], usual: dict[str, Any], recipe: str) -> dict[str, Any]:
    """A widget for each control that the recipe knows; what is not as usual, by field."""
    changes = {}
    for control in controls:
        section, _, field = control.field.partition(".")
        if field not in usual[section]:  # of another architecture or source that the page has, too
            continue
        default = usual[section][field]
        value = _widget(control, default, f"{recipe}-{control.field}")
        if value is not None and value != default:
            changes[control.field] = value
    return changes


def _widget(control: Control, default: Any, key: str) -> Any:
    """The widget that fits a setting's type; its value."""
    label, about = control.label, control.help or None
    if control.choices:
        return st.selectbox(
            label,
            control.choices,
            index=list(control.choices).index(default),
            key=key,
            persist_state="session",
            help=about,
        )
    if isinstance(default, bool):
        return st.toggle(label, value=default, key=key, persist_state="session", help=about)
    if isinstance(default, int):
        return st.number_input(label, value=default, step=1, key=key, persist_state="session", help=about)
    if isinstance(default, float):
        return st.number_input(
            label,
            value=default,
            step=step_of(default),
            format="%g",
            key=key,
            persist_state="session",
            help=about,
        )
    if isinstance(default, list):
        text = st.text_input(
            label, value=", ".join(map(str, default)), key=key, persist_state="session", help=about
        )
        return default if text == ", ".join(map(str, default)) else text
    return st.text_input(label, value=default, key=key, persist_state="session", help=about)


def step_of(value: float) -> float:
    """What one click changes a number by: one unit of its first digit."""
    return 10.0 ** math.floor(math.log10(abs(value))) if value else 0.1


def _details(recipe: str) -> tuple[int, str, str]:
    """Seed, devices and further settings of a new run."""
    with st.grid(min_column_width=FIELD, gap="small"):
        seed = st.number_input(
            "Seed",
            value=0,
            min_value=0,
            step=1,
            key=f"{recipe}-seed",
            persist_state="session",
            help="Of everything random",
        )
        gpus = range(1, len(devices.find().gpus) + 1)
        chosen = st.selectbox(
            "Devices",
            ["auto", *(f"gpu:{count}" for count in gpus), "cpu:1", "cpu:2"],
            key=f"{recipe}-devices",
            persist_state="session",
            help="auto takes all GPUs, else the processor; cpu:2 splits it in two, to try several replicas",
        )
    more = st.text_area(
        "Any other setting, one a line",
        placeholder="optimizer.weight_decay 0.01\ndata.augmentation.shift 2",
        key=f"{recipe}-more",
        persist_state="session",
        help="As on the command line, without the dashes",
        height=90,
    )
    return int(seed), chosen, more


def _upload(source: str) -> Any:
    """A person's own data."""
    label, endings = UPLOADS[source]
    return st.file_uploader(
        label,
        type=endings,
        max_upload_size=MOST_MIB,
        key=source,
        help="It stays on this machine, in the folder of its run",
    )


def _create(
    recipe, changes: dict[str, Any], name: str, seed: int, where: str, more: str, file: Any = None
) -> None:
    """Make the run and start it; what is wrong with its settings is said on the page."""
    from data import DataUnavailable
    from training import trainer
    from training.settings import SettingsError

    content = None
    try:
        changes = changes | _parse(more)
        permitted.check(recipe.override(changes).to_config()["data"])
        if recipe.source == "pairs":
            content = _pairs(changes, name, file)
        if recipe.source == "text":
            content = _text(changes, name, file)
        if recipe.source == "image_folder" and not changes.get("data.folder"):
            raise SettingsError("name the folder of your images first")
        run = trainer.create(recipe.override(changes), library.runs_folder(), name, seed)
        if content is not None:
            _keep(run, content, FILES[recipe.source])
        if recipe.source == "text":
            _check_text(run)
    except (RunError, SettingsError, DataUnavailable) as error:
        st.error(sentence(error), icon=":material/error:")
        return
    st.query_params["run"] = run.name
    run_card.start(run, where)


def _pairs(changes: dict[str, Any], name: str, file: Any) -> bytes | None:
    """The content of an uploaded file of pairs, which the changes then name; None where they name a path.

    Raises:
        DataUnavailable: It is no such file.
        SettingsError: There is none.
    """
    from data import pairs_file
    from training.settings import SettingsError

    if file is None:
        if not changes.get("data.file"):
            raise SettingsError(
                "upload a file of pairs, or name one on this machine: a sentence, a tab and its translation "
                "a line"
            )
        pairs_file.corpus(changes["data.file"])
        return None
    content = file.getvalue()
    _, note = pairs_file.parse(content, file.name)
    if note:
        st.toast(f"{sentence(file.name)}: {escape_markdown(note)}.", icon=":material/info:")
    changes["data.file"] = str((library.runs_folder() / name / FILES["pairs"]).absolute())
    return content


def _text(changes: dict[str, Any], name: str, file: Any) -> bytes | None:
    """The content of an uploaded text, which the changes then name; None where they name a path.

    Raises:
        SettingsError: There is none, or nothing in it.
    """
    from training.settings import SettingsError

    if file is None:
        if not changes.get("data.file"):
            raise SettingsError("upload a text, or name a file on this machine: plain text in UTF-8")
        return None
    content = file.getvalue()
    if not content.strip():
        raise SettingsError(f"{file.name} is empty")
    changes["data.file"] = str((library.runs_folder() / name / FILES["text"]).absolute())
    return content


def _check_text(run: Run) -> None:
    """Read a text as its training will, unless it is so long that this would take a while.

    Raises:
        DataUnavailable: It can't be learned from; then the run is gone.
    """
    from data import DataUnavailable
    from training import recipes

    path = Path(run.config["data"]["file"]).expanduser()
    if path.is_file() and path.stat().st_size > MOST_MIB * 2**20:
        return
    try:
        with st.spinner("Reading the text"):
            recipes.from_config(run.config).data.load()
    except DataUnavailable:
        run.delete()
        raise


def _keep(run: Run, content: bytes, name: str) -> None:
    """Put a person's own data into the folder of their run.

    Raises:
        RunError: That can't be.
    """
    try:
        (run.path / name).write_bytes(content)
    except OSError as error:
        run.delete()
        raise RunError(f"the file can't be kept: {error.strerror or error}") from error


def _parse(text: str) -> dict[str, str]:
    """Lines of "section.field value" as changes."""
    from training.settings import SettingsError

    changes = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        field, _, value = line.removeprefix("--").replace("=", " ", 1).partition(" ")
        if not value.strip():
            raise SettingsError(
                f"each line is a setting and its value, as in model.dropout 0.1. Received: {line!r}"
            )
        changes[field] = value.strip()
    return changes
