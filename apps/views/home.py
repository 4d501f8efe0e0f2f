"""Home: what is here, for whom, and on which devices. It paints before TensorFlow is awake."""

import importlib.metadata
from pathlib import Path

import numpy as np
import streamlit as st

from apps import devices, engine, frame, library, links, run_card, widgets
from apps.escaping import escape_markdown
from apps.library import Entry
from inspection import kernels, tiles

CARD = 300  # least width of a card, in pixels
KERNELS = 16  # of a model's first layer, on its card
POLL_SECONDS = 1.0

WAYS = (
    (
        "views/activations.py",
        "Activations",
        ":material/show_chart:",
        "Compare the functions that bend a net and their slopes, find its silent and dead units, and see "
        "what is left of a net without a bend: one matrix.",
    ),
    (
        "views/approximation.py",
        "Approximation",
        ":material/function:",
        "Draw a curve, or type a formula, and watch a net of your own bend itself into it, unit by unit. "
        "Then see how wide it has to be.",
    ),
    (
        "views/boundary.py",
        "Boundary",
        ":material/scatter_plot:",
        "Points of the plane, drawn by a rule or from your own table. Stack layers as you like and watch the "
        "line between the classes.",
    ),
    (
        "views/kernel.py",
        "Kernel",
        ":material/apps:",
        "Slide a kernel over a grid by hand, cell by cell. Change either and watch the products and their "
        "sum land in the output.",
    ),
    (
        "views/convolution.py",
        "Convolution",
        ":material/grid_on:",
        "Draw on a canvas and watch every layer of a convolutional net answer, stroke by stroke. Then "
        "train your own, on a data set or on a folder of your pictures.",
    ),
    (
        "views/frames.py",
        "Frames",
        ":material/movie:",
        "A game's last frames stacked as channels. Freeze the clip or run it backwards, and find the kernels "
        "that see motion and those that see shape.",
    ),
    (
        "views/signals.py",
        "Signals",
        ":material/graphic_eq:",
        "The same convolutions over time: wave forms, spoken digits, a file of your own. Every map stands "
        "under its moment, and you can hear it.",
    ),
    (
        "views/memory.py",
        "Memory",
        ":material/history:",
        "Four recurrent nets and attention race to remember. See why the plain one can't, how the gates of "
        "the others open, hold and let go, and what a longer sequence costs.",
    ),
    (
        "views/duel.py",
        "Duel",
        ":material/swords:",
        "One net makes pictures of noise, another tells them from real ones. See each verdict, what the "
        "maker is told of its picture, and how the picture grew.",
    ),
    (
        "views/latent.py",
        "Latent space",
        ":material/explore:",
        "What do the numbers mean that a picture grows from? Directions that thicken a stroke, lean it, or "
        "turn a shirt into a dress, each with a slider.",
    ),
    (
        "views/timeline.py",
        "Timeline",
        ":material/movie_filter:",
        "The same random numbers at every moment of a training: from grey to a shoe. Play it, drag it, and "
        "follow one picture from its first step to its last.",
    ),
    (
        "views/attention.py",
        "Attention",
        ":material/hub:",
        "A handful of items ask one another, by hand. Change any feature or weight, turn a hard look-up into "
        "a soft one, and follow one query step by step, all at once, and through several heads.",
    ),
    (
        "views/heads.py",
        "Heads",
        ":material/account_tree:",
        "What does “it” look at? Every head of every layer as lines between words and as a matrix. Switch "
        "heads off, and find the one that knows what a pronoun means.",
    ),
    (
        "views/translate.py",
        "Translate",
        ":material/translate:",
        "French into English, word by word: the state as it fills and unfolds, the alternatives that were "
        "weighed, where attention looked, and the length at which a net without it breaks.",
    ),
    (
        "views/next_word.py",
        "Next word",
        ":material/edit_note:",
        "A GPT writes token by token. See what it found likely at each, take another and go on from there, "
        "watch where it looks, and how surprising your own text is to it.",
    ),
    (
        "views/arena.py",
        "Arena",
        ":material/sports_esports:",
        "An agent plays and shows what it sees, what it would do and what it hopes for. Stop it, take "
        "another action, and watch what it makes of that.",
    ),
    (
        "views/play.py",
        "Play",
        ":material/stadia_controller:",
        "Play a game by keyboard with the chances that an agent meets, and see whose score is higher. Hand "
        "it the controls in the middle, and take them back.",
    ),
    (
        "views/compare.py",
        "Compare",
        ":material/stacked_line_chart:",
        "One game, several torsos: dense, convolution, LSTM, attention. See how fast each learns, how sure "
        "that is, and which games only those who remember can solve.",
    ),
    (
        "views/runs.py",
        "Runs",
        ":material/monitoring:",
        "Follow your trainings live, compare their curves, stop them, resume them. They go on when the "
        "tab is closed.",
    ),
)
TITLES = {  # what the gallery's models were taught, by source
    "digits": "Handwritten digits, 8 × 8",  # noqa: RUF001 (a times sign)
    "mnist": "Handwritten digits, 28 × 28",  # noqa: RUF001
    "fashion_mnist": "Clothes, 28 × 28",  # noqa: RUF001
    "cifar10": "Things in colour, 32 × 32",  # noqa: RUF001
    "function": "A curve, by one hidden layer",
    "surface": "A function of x and y",
    "points": "Points, and the line between them",
    "abs": "|x|, by thousands of nets",
    "sine": "Two waves, by ever wider nets",
    "clips": "Who moves where, four frames of 20 × 20",  # noqa: RUF001
    "waveforms": "Wave forms of 21 points",
    "spoken_digits": "Spoken digits",
    "adding": "The sum of two marked numbers",
    "copy_memory": "Symbols, remembered and repeated",
    "parity": "Even or odd so far",
    "mnist_rows": "Handwritten digits, row by row",
    "mnist_pixels": "Handwritten digits, pixel by pixel",
    "numbers_fr_en": "Numbers and dates, French to English",
    "multi30k_fr_en": "Captions, French to English",
    "tatoeba_fr_en": "Everyday sentences, French to English",
    "pronouns": "What “it” refers to",
    "imdb_reviews": "Film reviews, praise or not",
    "pronouns_en_fr": "“It” as il or elle, English to French",
    "tiny_shakespeare": "Shakespeare, character by character",
    "docs_text": "Python's documentation, piece by piece",
    "cartpole": "A pole on a cart",
    "cartpole_masked": "The pole without its speed, remembered",
    "memory_chain": "A bit that was shown once",
    "mountain_car": "A weak car in a valley",
    "t_maze": "A turn that was told at the entrance",
    "acrobot": "Two links that swing up",
    "breakout": "Breakout, bricks and a ball",
    "freeway": "Freeway, a road to cross",
    "space_invaders": "Space Invaders, a fleet to shoot",
    "asterix": "Asterix, gold among enemies",
    "seaquest": "Seaquest, divers to save",
}


def show() -> None:
    """Draw the page."""
    frame.begin(
        "Neural networks to touch",
        "Draw, and see every layer answer. Train your own beside them, and take them along as one Keras "
        "file. For those who learn how networks work, and for those who build them.",
    )
    _ways()
    _gallery()
    _machine()


def _ways() -> None:
    grid = st.grid(3, min_column_width=CARD, gap="small")
    for page, label, icon, about in WAYS:
        with grid.container(border=True, height="stretch", key=f"card-{label}"):
            st.markdown(f"{icon} **{label}**")
            st.caption(about)
            links.link(page, "Open", ":material/arrow_forward:")


def _gallery() -> None:
    entries = library.entries()
    st.subheader("Gallery", anchor=False)
    st.caption("Trained, small, and ready to look into. The colours are kernels of their first convolution.")
    run_card.left_out(library.unreadable())
    shelf = [entry for entry in entries if entry.shelf == "gallery"]
    if not shelf:
        st.info(
            "The gallery is empty. Train a model of your own on the page Convolution, or have the gallery's "
            "models trained anew: `make gallery`.",
            icon=":material/collections:",
        )
        return
    grid = st.grid(min_column_width=CARD, gap="small")
    for entry in shelf:
        with grid.container(border=True, height="stretch", key=f"card-{entry.run.name}"):
            _card(entry)


def _card(entry: Entry) -> None:
    path = entry.run.model_path
    if entry.has_model:
        pixels = _fingerprint(str(path), path.stat().st_mtime_ns)
        if pixels is not None:
            widgets.mosaic(f"mosaic-{entry.key}", pixels, "Kernels of the first layer")
    title = TITLES.get(entry.run.config.get("source", ""), escape_markdown(entry.run.name))
    points = entry.architecture == "gan" and len(entry.spec.get("input_shape", ())) == 1
    title = "Points of the plane" if points else title
    st.markdown(f"##### {title}, made of noise" if entry.architecture == "gan" else f"##### {title}")
    if "bleu" in entry.run.evaluation.get("test", {}):
        st.markdown(f"**{entry.run.evaluation['test']['bleu']:.1f}** BLEU on test sentences")
    elif entry.score:
        split, accuracy = entry.score
        st.markdown(f"**{accuracy:.1%}** right on {split} examples")
    elif entry.run.sweep:
        nets = sum(len(net["errors"]) for net in entry.run.sweep["nets"])
        st.markdown(f"**{library.readable(nets)}** nets side by side")
    elif "frechet" in entry.run.evaluation.get("test", {}):
        distance, what = entry.run.evaluation["test"]["frechet"], "points" if points else "pictures"
        st.markdown(f"**{distance:.2g}** Frechet distance from test {what}")
    elif "return" in entry.run.evaluation.get("test", {}):
        st.markdown(f"**{entry.run.evaluation['test']['return']:.4g}** a game, of 100 games")
    elif "squared_error" in entry.run.evaluation.get("test", {}):
        st.markdown(f"**{entry.run.evaluation['test']['squared_error']:.1g}** squared error on test points")
    facts = [escape_markdown(entry.run.name)]
    if "parameters" in entry.run.config:
        facts.append(f"{library.readable(entry.run.config['parameters'])} parameters")
    st.caption(" · ".join(facts))
    links.explore(entry, "Look inside", ":material/arrow_forward:")


@st.cache_data(max_entries=32, show_spinner=False)
def _fingerprint(path: str, modified: int) -> np.ndarray | None:
    """The first layer's kernels as tiles; `modified` tells one version of the file from the next."""
    found = kernels.first_kernels(Path(path))
    return None if found is None else tiles.tiles(found, "map").pixels[:KERNELS]


def _machine() -> None:
    """The devices, and TensorFlow as it wakes."""
    st.subheader("This machine", anchor=False)
    st.session_state["painted"] = False
    asleep = not engine.is_awake()
    st.fragment(_show_machine, run_every=POLL_SECONDS if asleep else None)(asleep)


def _show_machine(was_asleep: bool) -> None:
    if engine.is_awake() == was_asleep:
        st.rerun()
    if was_asleep and st.session_state["painted"]:  # the browser has called again: it has the page
        engine.wake_in_background()
    st.session_state["painted"] = True
    found = _devices()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.badge(f"{found.cores} CPU cores", icon=":material/memory:", color="gray")
        if found.memory:
            st.badge(f"{found.memory:.0f} GiB memory", icon=":material/memory_alt:", color="gray")
        for gpu in found.gpus:
            st.badge(gpu, icon=":material/developer_board:", color="violet")
        if not found.gpus:
            st.badge("no NVIDIA GPU", icon=":material/developer_board_off:", color="gray")
        version = importlib.metadata.version("tensorflow")
        if was_asleep:
            st.badge(f"TensorFlow {version} is waking", icon=":material/hourglass_top:", color="orange")
        else:
            st.badge(f"TensorFlow {version} is ready", icon=":material/check_circle:", color="green")
    if found.gpus and engine.tensorflow_gpus() == 0:
        st.caption("TensorFlow can't use the GPU: its GPU build is missing. `make app GPU=1` installs it.")


@st.cache_resource(show_spinner=False)
def _devices() -> devices.Devices:
    return devices.find()


show()
