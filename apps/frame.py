"""The frame of every page: its head, and for an architecture the model picker and the three tabs."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import streamlit as st

from apps import code_panel, engine, library, links, run_card, training_panel, widgets
from apps.escaping import escape_html, escape_markdown, sentence
from apps.library import Entry
from training.runs import Run, RunError

if TYPE_CHECKING:
    import keras

    from data.corpus import Pairs
    from data.source import Split

T = TypeVar("T")
NAME = "Neural Arcade"
MOST_NAME = 80  # characters of what an address asks for that are said again
MARK = Path(__file__).parent / "mark.svg"
TABS = ("Explore", "Train", "Code")

_drawer = widgets.component("drawer")

_STYLE = """<style>
.st-key-drawer-closer { position: absolute; width: 0; height: 0; overflow: hidden; }
.stMainBlockContainer { max-width: 1200px; padding-top: 4.5rem; padding-bottom: 5rem; }
.arcade-idea { font-size: 1.08rem; line-height: 1.55; max-width: 68ch; text-wrap: balance; opacity: 0.78;
  margin: -0.4rem 0 0; }
.arcade-facts { font-size: 0.9rem; opacity: 0.78; padding-bottom: 0.55rem; }
[class*="st-key-card-"] [data-testid="stPageLink"] { position: relative; left: -0.5rem; }
[data-testid="stStatusWidget"] { display: none; } /* its Stop would be taken for that of a training */
/* 200 px would push it out of a narrow window, and take the room of the pages' menu in others */
:has(> [data-testid="stMainMenu"]) { min-width: 0 !important; }
@media (max-width: 640px) {
  .stMainBlockContainer { padding-left: 1rem; padding-right: 1rem; }
}
</style>"""


@dataclass(frozen=True)
class Page:
    """What makes one architecture's page.

    Args:
        file: Of the page: its source is shown in the tab Code.
        title: Of the page.
        idea: One sentence on the idea.
        architecture: Key of `models.ARCHITECTURES`.
        fits: Whether a model can be explored here.
        explore: Draws the tab Explore for a model.
        controls: Settings that the tab Train offers.
        sources: Keys of `data.SOURCES` whose runs and recipes belong here; None: all of the architecture.
        needs_model: Whether there is nothing to explore without a model; else `explore` is given None there.
        first: What to train where there is none, and how long it takes.
        also: Further architectures whose trainings belong here.
        scored: Whether the head shows validation accuracy; False for pages that show it themselves.
    """

    file: str
    title: str
    idea: str
    architecture: str
    fits: Callable[[Entry], bool]
    explore: Callable[[Any], None]
    controls: Callable[[], tuple[training_panel.Control, ...]]
    sources: Collection[str] | None = None
    needs_model: bool = True
    first: str = "the digits take half a minute"
    also: Collection[str] = ()
    scored: bool = True

    def owns(self, architecture: str, source: str) -> bool:
        """Whether trainings of an architecture on a source belong to this page."""
        return architecture in (self.architecture, *self.also) and (
            self.sources is None or source in self.sources
        )


def begin(title: str, idea: str = "") -> None:
    """Begin any page: its title in the browser and on the page, and the sentence below it."""
    st.set_page_config(f"{title} · {NAME}", page_icon=str(MARK), layout="wide")
    st.html(_STYLE)
    with st.container(key="drawer-closer"):
        _drawer(key="drawer", data={"page": title})
    st.title(title, anchor=False)
    if idea:
        st.html(f'<p class="arcade-idea">{idea}</p>')


def show(page: Page) -> None:
    """Draw an architecture's page."""
    begin(page.title, page.idea)
    fitting = [entry for entry in library.entries() if page.fits(entry)]
    fitting.sort(key=lambda entry: entry.architecture not in (page.architecture, *page.also))  # its own first
    links.heed_wish()
    run_card.left_out(library.unreadable())
    entry = _pick(fitting, page.scored)
    if not fitting and page.needs_model and "tab" not in st.session_state and "tab" not in st.query_params:
        st.session_state["tab"] = "Train"
    tabs = st.tabs(list(TABS), key="tab", bind="query-params")
    drawn = {
        "Explore": lambda: _explore(page, entry),
        "Train": lambda: training_panel.show(page.owns, page.controls()),
        "Code": lambda: code_panel.show(page.file, _shown(page, entry), entry),
    }
    for name, tab in zip(TABS, tabs, strict=True):
        if tab.open:
            with tab:
                engine.ready()
                drawn[name]()


def model(entry: Entry) -> "keras.Model | None":
    """The model to explore, loaded; None where there is none yet, and the page says so."""
    return loaded(engine.model, entry.run)


def loaded(load: Callable[..., T], *what: Any) -> T | None:
    """What is loaded of a run to be explored; None where there is none yet, and the page says so."""
    try:
        return load(*what)
    except RunError as error:
        st.info(f"{sentence(error)}.", icon=":material/hourglass_empty:")
        return None


def test_set(entry: Entry) -> "Split | None":
    """The test set of what a model learned from; None where it can't be had, and the page says why."""
    return _tests(engine.test_split, entry, "load")


def test_pairs(entry: Entry) -> "Pairs | None":
    """The same of a translator: sentences."""
    return _tests(engine.test_pairs, entry, "read_corpus")


def _tests(read: Callable[[Run], T], entry: Entry, method: str) -> T | None:
    from data import DataUnavailable

    try:
        with st.spinner("Reading the test set"):
            found = read(entry.run)
            note, why = engine.data_note(entry.run, method), engine.why_sample(entry.run, method)
    except DataUnavailable as error:
        st.info(f"{sentence(error)}.", icon=":material/cloud_off:")
        return None
    if why:
        st.caption(
            "A small sample of the test set that ships with Neural Arcade. The whole data set is not here.",
            help=f"{sentence(why)}.",
        )
    if note:
        st.warning(
            f"{sentence(note)}. What is shown are the data as they are now.", icon=":material/warning:"
        )
    return found


def _shown(page: Page, entry: Entry | None) -> str:
    """The architecture whose builder is shown: that of the model, where there is one."""
    return entry.architecture if entry and entry.architecture else page.architecture


def _pick(fitting: list[Entry], scored: bool) -> Entry | None:
    """Let a person choose a model; the URL remembers which."""
    if not fitting:
        return None
    keys = [entry.key for entry in fitting]
    asked = st.query_params.get("model")
    if asked not in (None, *keys):
        name = escape_markdown(str(asked)[:MOST_NAME])
        st.info(f"There is no model {name} here any more.", icon=":material/search_off:")
    by_key = {entry.key: entry for entry in fitting}
    chooser, facts = st.columns([2, 3], vertical_alignment="bottom", gap="medium")
    with chooser:
        key = widgets.choice("Model", "model", {key: library.label(by_key[key]) for key in keys})
    with facts:
        st.html(f'<div class="arcade-facts">{_facts(by_key[key], scored)}</div>')
    return by_key[key]


def _facts(entry: Entry, scored: bool = True) -> str:
    """What is known of a model in one line of HTML; nothing in it comes from a person."""
    facts = []
    if entry.architecture == "gan":
        shape = entry.spec.get("input_shape", ())
        made = "points" if len(shape) == 1 else library.shape_text(shape)
        facts.append(f"makes {made} of {entry.run.config['model'].get('latent', '?')} numbers")
    elif entry.spec.get("target_tokens"):
        attention = entry.run.config["model"].get("attention", "multi-head")
        facts.append("no attention" if attention == "none" else f"{escape_html(attention)} attention")
    elif entry.architecture == "policy":
        game = entry.run.config["data"]
        name = game.get("id") or game.get("rom") or entry.run.config["source"]  # of worlds outside theirs
        facts.append(f"plays {escape_html(name).replace('_', ' ')}")
        facts += [f"sees {library.shape_text(entry.spec['input_shape'])}"] if entry.spec else []
    elif entry.spec.get("continued"):
        facts.append(f"context of {library.readable(entry.spec['input_shape'][0])}")
        facts.append(f"{library.readable(entry.spec['tokens'])} tokens")
    elif entry.spec:
        facts.append(f"sees {library.shape_text(entry.spec['input_shape'])}")
        classes = len(entry.spec["classes"])
        facts.append(f"{classes} classes" if classes else "gives a value")
    if "parameters" in entry.run.config:
        facts.append(f"{library.readable(entry.run.config['parameters'])} parameters")
    if "bleu" in entry.run.evaluation.get("test", {}):
        facts.append(f"<strong>{entry.run.evaluation['test']['bleu']:.1f}</strong> BLEU on test")
    elif entry.score and (scored or entry.score[0] == "test"):
        split, accuracy = entry.score
        of = " of next tokens" if entry.spec.get("target_tokens") or entry.spec.get("continued") else ""
        facts.append(f"<strong>{accuracy:.1%}</strong>{of} right on {split}")
    elif "return" in entry.run.evaluation.get("test", {}):
        facts.append(f"<strong>{entry.run.evaluation['test']['return']:.4g}</strong> a game in the test")
    elif "frechet" in entry.run.evaluation.get("test", {}):
        facts.append(
            f"<strong>{entry.run.evaluation['test']['frechet']:.3g}</strong> Frechet distance on test"
        )
    elif "squared_error" in entry.run.evaluation.get("test", {}):
        facts.append(f"squared error {entry.run.evaluation['test']['squared_error']:.2g} on test")
    return " · ".join(facts) or "its training has not begun"


def _explore(page: Page, entry: Entry | None) -> None:
    if entry is None and page.needs_model:
        st.info(
            f"There is no model to look into yet. Train one in the tab **Train**: {page.first}.",
            icon=":material/rocket_launch:",
        )
    else:
        page.explore(entry)
