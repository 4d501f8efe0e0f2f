"""Trained GPTs and what they write: loaded once; and the branches of a text."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from apps import engine
from apps.library import Entry
from training.runs import Run, RunError

if TYPE_CHECKING:
    from training.writing import Drawing, Likely, Writer, Written

KEPT = 6  # writers
MOST_BRANCHES = 30  # of a text
MOMENT = 0.12  # seconds that are written before the page is shown what came,
AT_ONCE = 8  # and tokens: so that a person can follow
BAR = 12  # next tokens that are told
OWN_WORDS = 24  # characters of one's own text that its prompt begins with
PROMPTS = {  # that fit what a model has learned; of a text of one's own its beginning
    "tiny_shakespeare": ("ROMEO:", "JULIET:\nO ", "To be, or not to be", "First Citizen:\nWe are"),
    "docs_text": ("Return the", "The function ", "Raises an exception if", "An object is"),
}
TEXTS = {  # whose surprise is told, likewise
    "tiny_shakespeare": (
        "Shall I compare thee to a summer's day?\nThou art more lovely and more temperate.",
        "The train to London leaves at noon, and the ticket is on your phone.",
        "colorless green ideas sleep furiously",
    ),
    "docs_text": (
        "Return the number of items in a container.",
        "Shall I compare thee to a summer's day?",
        "If the file does not exist, an exception is raised.",
    ),
}


@dataclass(frozen=True)
class Step:
    """A token of a text.

    Args:
        token: It.
        likely: What might have stood in its place; None of a prompt's.
        read: How many tokens before it were read.
        by_hand: Whether a person chose it.
    """

    token: int
    likely: "Likely | None" = None
    read: int = 0
    by_hand: bool = False

    @property
    def share(self) -> float | None:
        """What the model gave it; None where that is not known, and 0 where it is not among the likeliest."""
        if self.likely is None:
            return None
        return next(
            (
                float(share)
                for token, share in zip(self.likely.tokens, self.likely.shares, strict=True)
                if token == self.token
            ),
            0.0,
        )


@dataclass
class Branch:
    """What was written from a place on.

    Args:
        parent: The branch that it parts from; None of the first.
        start: Place of its first token in the text.
        steps: Its tokens.
    """

    parent: int | None
    start: int
    steps: list[Step]


@dataclass
class Tree:
    """A prompt and all that was written behind it.

    Args:
        prompt: Its tokens.
        branches: By number, the oldest first.
        now: The branch that is shown.
        chosen: Place whose alternatives are shown; None: what may come next.
        left: Tokens that are still to be written.
        streams: How many were begun: each draws anew.
    """

    prompt: tuple[int, ...]
    branches: dict[int, Branch] = field(default_factory=dict)
    now: int = 0
    chosen: int | None = None
    left: int = 0
    streams: int = 0
    _stream: "Iterator[Written] | None" = None
    _drawing: "Drawing | None" = None

    def __post_init__(self) -> None:
        self.branches[0] = Branch(None, 0, [Step(token, read=i) for i, token in enumerate(self.prompt)])

    def text(self, number: int | None = None) -> list[Step]:
        """The tokens of a branch from the prompt on; of the one that is shown unless another is named."""
        branch = self.branches[self.now if number is None else number]
        if branch.parent is None:
            return list(branch.steps)
        return [*self.text(branch.parent)[: branch.start], *branch.steps]

    def show(self, number: int) -> None:
        """Walk to a branch."""
        if number in self.branches:
            self.stop()
            self.now, self.chosen = number, None

    def stop(self) -> None:
        """Write no more."""
        self.left, self._stream = 0, None

    def begin(self, count: int) -> None:
        """Have so many tokens written, some at each call of `write`."""
        self.stop()
        self.left, self.chosen = count, None

    def take(self, place: int, token: int, likely: "Likely", read: int) -> None:
        """Put a token at a place: at the end it is added, before it a branch parts there.

        The token that stands there already cuts the text behind it.
        """
        self.stop()
        text = self.text()
        self.chosen = None
        if place == len(text):
            self.branches[self.now].steps.append(Step(token, likely, read, by_hand=True))
            return
        kept = [text[place]] if text[place].token == token else [Step(token, likely, read, by_hand=True)]
        number = max(self.branches) + 1
        self.branches[number] = Branch(self._owner(place), place, kept)
        self.now = number
        self._forget()

    def write(self, writer: "Writer", drawing: "Drawing", seed: int) -> None:
        """Write for a moment."""
        end, most = time.monotonic() + MOMENT, self.left - AT_ONCE
        steps = self.branches[self.now].steps
        if self._stream is None or drawing != self._drawing:
            tokens = [step.token for step in self.text()]
            self._stream = writer.stream(tokens, drawing, seed + self.streams, BAR)
            self._drawing = drawing
            self.streams += 1
        while self.left > max(0, most) and time.monotonic() < end:
            written = next(self._stream, None)
            if written is None:
                self.left = 0
                break
            steps.append(Step(written.token, written.likely, written.read))
            self.left -= 1
        if not self.left:
            self.stop()

    def _owner(self, place: int) -> int:
        """The branch of the shown text that the token at a place is of."""
        number = self.now
        while place < self.branches[number].start:
            parent = self.branches[number].parent
            assert parent is not None
            number = parent
        return number

    def _forget(self) -> None:
        """Keep no more branches than there may be: the oldest that nothing hangs on goes."""
        while len(self.branches) > MOST_BRANCHES:
            parents = {branch.parent for branch in self.branches.values()}
            free = [number for number in self.branches if number not in parents and number != self.now]
            if free:
                del self.branches[free[0]]
                continue
            # They hang on one another in a row: the first two become one.
            first = next(number for number, branch in self.branches.items() if branch.parent is None)
            (second,) = (branch for branch in self.branches.values() if branch.parent == first)
            second.steps = self.branches[first].steps[: second.start] + second.steps
            second.parent, second.start = None, 0
            del self.branches[first]


def fits(entry: Entry) -> bool:
    """Whether a model writes."""
    return entry.architecture == "gpt"


def prompts(entry: Entry) -> tuple[str, ...]:
    """A few prompts to begin with."""
    return PROMPTS.get(entry.run.config.get("source", "")) or _own(entry)


def texts(entry: Entry) -> tuple[str, ...]:
    """A few texts to be surprised by."""
    return TEXTS.get(entry.run.config.get("source", "")) or _own(entry)


def _own(entry: Entry) -> tuple[str, ...]:
    """The first words of the text that a model has learned; none where it is there no more."""
    try:
        with open(entry.run.config["data"]["file"], encoding="utf-8-sig", errors="replace") as file:
            line = file.read(4096).strip().partition("\n")[0]
    except (OSError, KeyError, ValueError):
        return ()
    return (line[:OWN_WORDS],) if line else ()


def writer(entry: Entry) -> "Writer":
    """The model to write with, loaded anew whenever its file is another.

    Raises:
        RunError: There is none yet, or it has lost its tokenizer.
    """
    return _writer(str(entry.run.path), engine.modified(entry.run))


@st.cache_resource(max_entries=KEPT, show_spinner=False)
def _writer(path: str, modified: int | None) -> "Writer":
    from training import trainer, translation
    from training.writing import Writer

    run = Run(Path(path))
    model, files = trainer.load_model(run), translation.kept_files(run)
    if not files:
        raise RunError(f"run {run.name!r} has lost its tokenizer, without which it can't read a text")
    try:
        return Writer(model, files, trainer.spec_of(run).input_shape[0])
    except (ValueError, KeyError) as error:
        raise RunError(f"the model of run {run.name!r} does not write: {error}") from error


def tree(entry: Entry, tokens: Sequence[int]) -> Tree:
    """What this person has had written behind a prompt; another model or prompt begins anew."""
    told = (entry.key, engine.modified(entry.run), tuple(tokens))
    known, found = st.session_state.get("next_word_tree", (None, None))
    if known != told or found is None:
        found = Tree(tuple(tokens))
        st.session_state["next_word_tree"] = told, found
    return found


def is_known(tree: Tree) -> bool:
    """Whether it is the tree that this person has now."""
    return st.session_state.get("next_word_tree", (None, None))[1] is tree


def forget() -> None:
    """Have the next tree be a new one."""
    st.session_state.pop("next_word_tree", None)
