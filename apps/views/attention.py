"""Attention by hand: a handful of items ask, offer and give; each step as numbers and as colours."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from apps import attending, engine, frame, links, widgets
from apps.escaping import escape_markdown

if TYPE_CHECKING:
    from inspection.attending import Attention
    from inspection.items import Items

SLIDER, LEAST, JOB = 130, 190, 240  # widths of fields, in pixels

_lookup = widgets.component("lookup", "cells")
_asked = widgets.component("asked", "cells")
_matrices = widgets.component("matrices", "cells")
_heads = widgets.component("heads", "cells")


def show() -> None:
    """Draw the page."""
    frame.begin(
        "Attention",
        "Every item asks a question, offers a key and gives a value. How well its question fits each key "
        "decides how much of each value it takes. Change any number and see what follows.",
    )
    engine.ready()
    attending.begin()
    found = _table()
    if found is None:
        return
    query = _look_up(found)
    found = _in_order(found)
    _head_bar(found)
    heads = _attend(found)
    _one_query(found, heads)
    _all_at_once(found, heads)
    _several(found, heads)
    attending.remember(st.session_state["attention-items"], found.features, query)
    _end(found)


# The items


def _table() -> "Items | None":
    """The items, to be chosen and edited; None where there are none, and the page says so."""
    from inspection import items
    from inspection.items import ItemsError

    state = st.session_state
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.selectbox(
            "Items",
            list(items.SETS),
            index=None,
            key="attention-set",
            placeholder="Your own",
            width=JOB,
            on_change=_take,
            persist_state="session",
        )
        st.text_input(
            "Features",
            key="attention-features",
            max_chars=200,
            on_change=attending.rename,
            persist_state="session",
            help=f"{items.FEWEST_FEATURES} to {items.FEATURES} names with commas between them",
        )
    base = state["attention-base"]
    numbers = {
        str(place): st.column_config.NumberColumn(
            name, min_value=-items.LARGEST, max_value=items.LARGEST, default=0.0
        )
        for place, name in enumerate(base.features)
    }
    edited = st.data_editor(
        attending.table(base),
        key=attending.editor(),
        num_rows="dynamic",
        hide_index=True,
        on_change=_own,
        column_config={"item": st.column_config.TextColumn("item", max_chars=items.NAME), **numbers},
        alt="The items and their features",
    )
    if "attention-refused" in state:
        st.info(escape_markdown(state.pop("attention-refused")), icon=":material/edit_off:")
    try:
        notes = attending.read(edited)
    except ItemsError as error:
        st.info(escape_markdown(error), icon=":material/table_rows:")
        return None
    if notes:
        st.info(escape_markdown(" ".join(notes)), icon=":material/edit_note:")
    story = items.STORIES.get(state["attention-set"], "")
    st.caption(
        f"{story} Type into any cell; the last row takes a new item, {items.ITEMS} in all. The address of "
        "this page holds all that you see: copy it to share it."
    )
    return state["attention-items"]


def _take() -> None:
    name = st.session_state["attention-set"]
    if name is not None:
        attending.take(name)


def _own() -> None:
    st.session_state["attention-set"] = None


# Hard and soft


def _look_up(found: "Items") -> list[float]:
    """One query of a person's own at the items themselves, hard and soft; the query."""
    from inspection.attending import look_up

    state = st.session_state
    st.subheader("Hard and soft look-up", anchor=False)
    st.markdown(
        "A dictionary takes the one entry whose key fits. Attention takes a little of every entry, the more "
        "the better its key fits. Here the items' features are keys and values at once."
    )
    size = len(found.features)
    keys = [f"attention-query-{place}" for place in range(size)]
    wanted = state.pop("attention-wanted", None)
    if wanted is None and not all(key in state for key in keys):
        wanted = attending.one_hot(0, size)
    if wanted is not None:
        state.update(zip(keys, wanted, strict=True))
    query = [float(state[key]) for key in keys]
    pure = [place for place in range(size) if query == attending.one_hot(place, size)]
    state["attention-for"] = pure[0] if pure else None
    st.pills(
        "Ask for one feature",
        range(size),
        format_func=lambda place: escape_markdown(found.features[place]),
        key="attention-for",
        persist_state="session",
        on_change=_ask_for,
        args=(size,),
    )
    grid = st.grid(size, min_column_width=SLIDER, gap="small")
    for key, name in zip(keys, found.features, strict=True):
        grid.slider(
            escape_markdown(name),
            -attending.REACH,
            attending.REACH,
            step=0.1,
            key=key,
            format="%.1f",
            persist_state="session",
        )
    looked = look_up(np.array(query), found.values, found.values, attending.SHARPNESS)
    _lookup(
        key="lookup",
        data={
            "names": list(found.names),
            "features": list(found.features),
            "scores": _rounded(looked.scores),
            "best": list(looked.best),
            "hard": _rounded(looked.hard),
            "hard_output": _rounded(looked.hard_output),
            "sharpness": list(attending.SHARPNESS),
            "weights": _rounded(looked.weights),
            "outputs": _rounded(looked.outputs),
            "largest": float(np.abs(found.values).max()),
            "usual": size**-0.5,
            "at": state["attention-sharpness"],
        },
        on_sharpness_change=_sharpen,
    )
    return query


def _ask_for(size: int) -> None:
    place = st.session_state["attention-for"]
    if place is not None:
        st.session_state["attention-wanted"] = attending.one_hot(place, size)


def _sharpen() -> None:
    level = (st.session_state.get("lookup") or {}).get("sharpness")
    if isinstance(level, int | float) and 0 <= level < len(attending.SHARPNESS):
        st.session_state["attention-sharpness"] = int(level)


# Attention


def _in_order(found: "Items") -> "Items":
    """The items with their places, where they count."""
    from inspection import items

    return items.placed(found) if st.session_state["attention-places"] else found


def _head_bar(found: "Items") -> None:
    """Who asks, and how."""
    state = st.session_state
    st.subheader("One query, step by step", anchor=False)
    st.markdown(
        "Now the items ask one another. Three matrices, learned in a real net, turn each item into a "
        "**query**, a **key** and a **value**."
    )
    state["attention-asks"] = min(state["attention-asks"] or 0, len(found.names) - 1)
    state["attention-shown"] = min(state["attention-shown"] or 1, state["attention-count"])
    st.pills(
        "Who asks",
        range(len(found.names)),
        format_func=lambda place: escape_markdown(found.names[place]),
        key="attention-asks",
        required=True,
        persist_state="session",
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        if state["attention-count"] > 1:
            st.segmented_control(
                "Head",
                range(1, state["attention-count"] + 1),
                key="attention-shown",
                required=True,
                persist_state="session",
                help="Whose steps and matrices are shown; further below stand all heads side by side",
            )
        _job(found, state["attention-shown"] - 1, "What it looks for", "here")
        st.toggle(
            "Divide by √d",
            key="attention-scaled",
            persist_state="session",
            help="d is the length of a query. Products of longer vectors are larger, and shares of larger "
            "scores sharper: dividing by √d takes that back.",
        )
        st.toggle(
            "No look ahead",
            key="attention-causal",
            persist_state="session",
            help="The causal mask: an item sees itself and those before it alone, as in a net that writes",
        )
        st.toggle(
            "Places",
            key="attention-places",
            persist_state="session",
            help="Attention knows of no order. Two more features tell each item's place, as a point on a "
            "circle: to ask for the item before is then to turn it back a little.",
        )


def _job(found: "Items", number: int, label: str, where: str) -> None:
    """Let a person choose what a head looks for; it can be chosen in two places of the page."""
    from inspection import items

    state = st.session_state
    key = f"attention-job-{number}-{where}"
    job = state["attention-heads"][number].job_for(found.features)
    own = [attending.OWN] if job == attending.OWN else []
    state[key] = job
    st.selectbox(
        label,
        [*items.jobs(found.features), items.RANDOM, *own],
        format_func=attending.title,
        key=key,
        persist_state="session",
        width=JOB if where == "here" else "stretch",
        on_change=attending.choose_job,
        args=(number, key),
    )
    if job == items.RANDOM:
        st.button(
            "Draw anew",
            key=f"attention-anew-{number}-{where}",
            icon=":material/casino:",
            on_click=attending.draw_anew,
            args=(number,),
        )


def _attend(found: "Items") -> "list[Attention]":
    """What each head makes of the items."""
    from inspection.attending import self_attend

    state = st.session_state
    scale = None if state["attention-scaled"] else 1.0
    return [
        self_attend(found.values, head.projections(found.features), scale, state["attention-causal"])
        for head in state["attention-heads"][: state["attention-count"]]
    ]


def _one_query(found: "Items", heads: "Sequence[Attention]") -> None:
    state = st.session_state
    shown, asks = state["attention-shown"] - 1, state["attention-asks"]
    head = heads[shown]
    one = head.asked(asks)
    labels = attending.labels(found.features, shown)
    _asked(
        key="asked",
        data={
            "names": list(found.names),
            "asks": asks,
            "labels": labels,
            "root": state["attention-scaled"],
            "width": len(one.query),
            "query": _rounded(one.query),
            "keys": _rounded(head.key),
            "scores": _rounded(one.scores),
            "scaled": _rounded(one.scaled),
            "shifted": _rounded(one.shifted),
            "exponentials": _rounded(one.exponentials),
            "total": round(one.total, 4),
            "weights": _rounded(one.weights),
            "values": _rounded(head.value),
            "parts": _rounded(one.parts),
            "output": _rounded(one.output),
        },
    )


def _all_at_once(found: "Items", heads: "Sequence[Attention]") -> None:
    from inspection.items import LARGEST

    state = st.session_state
    shown = state["attention-shown"] - 1
    head = heads[shown]
    weights = state["attention-heads"][shown].projections(found.features)
    labels = attending.labels(found.features, shown)
    root = r"{\sqrt{d}}" if state["attention-scaled"] else "{1}"
    st.subheader("All at once", anchor=False)
    st.markdown(
        rf"The same for every item, as matrices: $\mathrm{{softmax}}\Big(\dfrac{{QK^\top}}{root}\Big)V$. The "
        "row of the item that asks is outlined; choose another by its name."
    )
    _matrices(
        key="matrices",
        data={
            "names": list(found.names),
            "features": list(found.features),
            "labels": labels,
            "asks": state["attention-asks"],
            "head": shown,
            "root": state["attention-scaled"],
            "causal": state["attention-causal"],
            "width": head.query.shape[-1],
            "most": int(LARGEST),
            "items": _rounded(found.values),
            **{f"{part}_weights": _rounded(getattr(weights, part)) for part in attending.PARTS},
            **{part: _rounded(getattr(head, part)) for part in attending.PARTS},
            **{part: _rounded(getattr(head, part)) for part in ("scores", "scaled", "weights", "output")},
        },
        on_asks_change=lambda: _ask("matrices"),
        on_edit_change=lambda: attending.edit(
            (st.session_state.get("matrices") or {}).get("edit"), found.features
        ),
    )


def _several(found: "Items", heads: "Sequence[Attention]") -> None:
    from inspection import items
    from inspection.attending import joined

    state = st.session_state
    st.subheader("Several heads", anchor=False)
    st.markdown(
        "One head can look for one thing at a time. Several look at once, each with matrices of its own, and "
        "what they find is put side by side. The thicker a line, the more is taken: orange for the item that "
        "asks."
    )
    st.segmented_control(
        "Heads",
        range(1, items.HEADS + 1),
        key="attention-count",
        required=True,
        persist_state="session",
    )
    grid = st.grid(len(heads), min_column_width=LEAST, gap="small")
    for number in range(len(heads)):
        with grid.container():
            _job(found, number, f"Head {number + 1} looks for", "there")
    _heads(
        key="heads",
        data={
            "names": list(found.names),
            "asks": state["attention-asks"],
            "shown": state["attention-shown"] - 1,
            "width": joined(heads).shape[-1],
            "heads": [
                {
                    "job": attending.title(state["attention-heads"][number].job_for(found.features)),
                    "weights": _rounded(head.weights),
                    "output": _rounded(head.output),
                    "labels": attending.labels(found.features, number),
                }
                for number, head in enumerate(heads)
            ],
        },
        on_asks_change=lambda: _ask("heads"),
    )


def _ask(component: str) -> None:
    """Have the item ask that was clicked at."""
    told = (st.session_state.get(component) or {}).get("asks")
    row = told.get("row") if isinstance(told, dict) else None
    if isinstance(row, int) and 0 <= row < len(st.session_state["attention-items"].names):
        st.session_state["attention-asks"] = row


def _end(found: "Items") -> None:
    from inspection.attending import code

    state = st.session_state
    weights = [
        head.projections(found.features) for head in state["attention-heads"][: state["attention-count"]]
    ]
    scale = None if state["attention-scaled"] else 1.0
    links.link(links.TRANSLATE, "See it in a trained translator", ":material/arrow_forward:")
    with st.expander("Code", icon=":material/code:"):
        st.code(code(found.values, weights, scale, state["attention-causal"]), "python")


def _rounded(values: np.ndarray) -> list[Any]:
    """For the browser: four places, and None where a query may not look."""
    found = np.round(values, 4).astype(object)
    found[np.isinf(values)] = None
    return found.tolist()


show()
