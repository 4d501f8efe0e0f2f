"""A text as it is written: its tokens, what might have come in the place of each, and where it looked."""

from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from apps import continuing, library
from apps.continuing import BAR, Step, Tree
from apps.library import Entry
from apps.texts import visible
from apps.widgets import base64_text, component, state_of

if TYPE_CHECKING:
    from training.writing import Drawing, Likely, Writer

TICK = 0.2  # seconds between two looks at a text that is being written
MOST_SHOWN = 1500  # tokens of a text, the last ones
MOST_TREE = 40  # tokens of a branch that the tree shows
FINEST = 65535  # a share of 1 on its way to the browser

_next_word = component("next_word")


def show(entry: Entry, writer: "Writer", tree: Tree, drawing: "Drawing", most: int, looks: bool) -> None:
    """The text, its bars and its branches; while it is written it is drawn again by itself.

    Args:
        entry: The model.
        writer: It, to write with.
        tree: What was written.
        drawing: How tokens are drawn.
        most: How many are written at a time.
        looks: Whether the text is coloured by where a token looked; else by how sure the model was.
    """
    seed = int(st.session_state.get("next_word_seed", 0))
    active = tree.left > 0
    draw = st.fragment(_show, run_every=TICK if active else None)
    draw(entry, writer, tree, drawing, seed, most, looks, active)


def _show(
    entry: Entry,
    writer: "Writer",
    tree: Tree,
    drawing: "Drawing",
    seed: int,
    most: int,
    looks: bool,
    was_active: bool,
) -> None:
    if tree.left and continuing.is_known(tree):
        with st.spinner("Getting ready to write", show_time=False) if not tree.streams else st.container():
            tree.write(writer, drawing, seed)
    if (tree.left > 0) != was_active or not continuing.is_known(tree):
        st.rerun()
    _buttons(tree, most)
    text = tree.text()
    place = _place(tree, text)
    likely, read = _likely(writer, text, place, drawing)
    pieces = writer.tokenizer.pieces([step.token for step in text])

    def tell() -> None:
        _heed(writer, tree, drawing, most)

    _next_word(
        key="next_word",
        data={
            "branch": tree.now,
            "first": max(0, len(text) - MOST_SHOWN),
            "tokens": [
                [visible(piece, " \n"), _rounded(step.share), step.by_hand]
                for step, piece in zip(text[-MOST_SHOWN:], pieces[-MOST_SHOWN:], strict=True)
            ],
            "prompt": sum(step.likely is None for step in text),
            "place": place,
            "read": read,
            "context": writer.context,
            "again": max(1, writer.context // 2),
            "writing": tree.left > 0,
            "bars": _bars(writer, likely),
            "vocabulary": writer.tokenizer.size,
            "token": text[place].token if place < len(text) else None,
            "looks": _looks(writer, text, place, read) if looks else None,
            "tree": _tree(writer, tree),
        },
        on_place_change=tell,
        on_take_change=tell,
        on_branch_change=tell,
    )


def _buttons(tree: Tree, most: int) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        if tree.left:
            st.button(
                "Stop", icon=":material/stop:", type="primary", key="next_word_stop", on_click=tree.stop
            )
            st.caption(f"{library.readable(tree.left)} tokens to go", width="content")
        else:
            st.button(
                "Write",
                icon=":material/edit:",
                type="primary",
                key="next_word_write",
                on_click=_write,
                args=(tree, most),
                help="Go on behind the text, token by token",
            )
        if len(tree.branches) > 1 or len(tree.text()) > len(tree.prompt):
            st.button(
                "Begin anew",
                icon=":material/restart_alt:",
                key="next_word_anew",
                on_click=continuing.forget,
                help="Forget all that was written",
            )


def _write(tree: Tree, most: int) -> None:
    """Write from where the person stands: from the chosen token on it would be another text."""
    tree.begin(most)


def _place(tree: Tree, text: list[Step]) -> int:
    """The place that the bars are of: the chosen one, the last while it is written, else the next."""
    if tree.left:
        return max(0, len(text) - 1)
    return len(text) if tree.chosen is None else min(tree.chosen, len(text))


def _likely(
    writer: "Writer", text: list[Step], place: int, drawing: "Drawing"
) -> "tuple[Likely | None, int]":
    """What might stand at a place, and how many tokens before it are read; None where there are none."""
    if place < len(text) and (known := text[place].likely) is not None:
        return known, text[place].read
    if place == 0:
        return None, 0
    read = min(place, max(1, writer.context - 1))
    return writer.likely([step.token for step in text[place - read : place]], drawing, BAR), read


def _bars(writer: "Writer", likely: "Likely | None") -> list[list[Any]]:
    """For each of the likeliest tokens its number, its name, its share and what it is drawn with."""
    if likely is None:
        return []
    names = writer.tokenizer.pieces(likely.tokens.tolist())
    rows = zip(likely.tokens.tolist(), names, likely.shares.tolist(), likely.drawn.tolist(), strict=True)
    return [[token, visible(name), _rounded(share), _rounded(drawn)] for token, name, share, drawn in rows]


def _looks(writer: "Writer", text: list[Step], place: int, read: int) -> dict[str, Any] | None:
    """Where the token at a place looked when it was written: each layer's and head's shares."""
    from inspection import heads as inspected

    if not read:
        return None
    tokens = np.array([[step.token for step in text[place - read : place]]], "int32")
    shares = np.stack([found[0, :, -1] for found in inspected.look(writer.model, tokens).weights.values()])
    layers, heads, count = shares.shape
    return {
        "layers": layers,
        "heads": heads,
        "count": count,
        "shares": base64_text(np.rint(FINEST * shares).astype("<u2")),
    }


def _tree(writer: "Writer", tree: Tree) -> list[dict[str, Any]]:
    """The branches, each behind the one that it parts from."""
    children: dict[int | None, list[int]] = {}
    for number, branch in tree.branches.items():
        children.setdefault(branch.parent, []).append(number)
    path: set[int | None] = {None}
    way: int | None = tree.now
    while way is not None:
        path.add(way)
        way = tree.branches[way].parent
    rows: list[dict[str, Any]] = []
    ahead = [(number, 0) for number in children[None]]
    while ahead:
        number, depth = ahead.pop()
        branch = tree.branches[number]
        tokens = [step.token for step in branch.steps]
        begins = visible("".join(writer.tokenizer.pieces(tokens[:MOST_TREE])), " ")
        rows.append(
            {
                "number": number,
                "depth": depth,
                "start": branch.start,
                "count": len(tokens),
                "text": begins + ("…" if len(tokens) > MOST_TREE else ""),
                "now": number == tree.now,
                "taken": number in path,
            }
        )
        ahead += [(child, depth + 1) for child in reversed(children.get(number, []))]
    return rows


def _heed(writer: "Writer", tree: Tree, drawing: "Drawing", most: int) -> None:
    """Do what was clicked at."""
    text = tree.text()
    place, take, branch = (state_of("next_word", name, None) for name in ("place", "take", "branch"))
    if isinstance(branch, int | float):
        tree.show(int(branch))
    elif isinstance(place, int | float) and 0 < place <= len(text):
        tree.stop()
        tree.chosen = None if place == len(text) else int(place)
    elif isinstance(take, dict) and isinstance(token := take.get("token"), int):
        at = take.get("place")
        if isinstance(at, int) and 0 < at <= len(text):
            likely, read = _likely(writer, text, at, drawing)
            if likely is not None and token in likely.tokens:
                tree.take(at, token, likely, read)
                if at < len(text):
                    tree.begin(most)


def _rounded(share: float | None) -> float | None:
    """For the browser; what is small stays above 0, which is what was left out."""
    return None if share is None else float(f"{share:.5g}")
