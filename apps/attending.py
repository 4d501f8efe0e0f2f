"""What the page Attention is about: its items, its heads and who asks; kept, edited, and in the address."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from apps.escaping import escape_markdown

if TYPE_CHECKING:
    import pandas as pd

    from inspection.attending import Projections
    from inspection.items import Items

FIRST_SET = "Animals and things"
FIRST_HEADS = 3
OWN = "own"  # job of a head whose weights a person has changed
SWITCHES = {"places": False, "scaled": True, "causal": False}  # and how they stand at first
SHARPNESS = (0.0, *np.geomspace(0.1, 30, 60).round(3).tolist())  # of the look-up, at each place of its slider
USUAL = 24  # place of about 1
REACH = 2.0  # of a slider of the query, to either side
PARTS = ("query", "key", "value")


@dataclass(frozen=True)
class Head:
    """One head's projections.

    Args:
        job: Key of `inspection.items.JOBS`, "random" or "own".
        seed: Of random weights.
        weights: Its own.
    """

    job: str
    seed: int = 0
    weights: "Projections | None" = None

    def projections(self, features: Sequence[str]) -> "Projections":
        """Its weights for these features, whatever they were before."""
        from inspection import items

        if self.weights is not None:
            same = len(self.weights.query) == len(features)
            return self.weights if same else items.resized(self.weights, len(features))
        return items.projections(self.job_for(features), features, self.seed)

    def job_for(self, features: Sequence[str]) -> str:
        """Its job; where these features do not allow for it, that of a layer that compares like with like."""
        from inspection import items

        if self.weights is not None or self.job == items.RANDOM:
            return self.job
        return self.job if self.job in items.jobs(features) else items.LIKE


def begin() -> None:
    """The items and heads of the link, or those that everybody meets first."""
    from inspection import items
    from inspection.items import ItemsError

    state = st.session_state
    if "attention-base" in state:
        if editor() not in state:  # its edits are gone with a page that was left: begin with what they made
            state["attention-base"] = state["attention-items"]
        return
    asked = st.query_params
    name = next((each for each in items.SETS if slug(each) == asked.get("set")), FIRST_SET)
    take(name)
    try:
        if "items" in asked and "features" in asked:
            _put(items.from_text(asked["items"], asked["features"]))
            state["attention-set"] = None
        if "heads" in asked:
            _heads_of(asked)
    except ItemsError as error:
        st.info(f"{escape_markdown(error)} The page begins as usual.", icon=":material/link_off:")
    for switch in SWITCHES:
        if asked.get(switch) in ("0", "1"):
            state[f"attention-{switch}"] = asked[switch] == "1"
    state["attention-asks"] = whole(asked.get("asks"), 1, items.ITEMS, 1) - 1
    state["attention-shown"] = whole(asked.get("head"), 1, items.HEADS, 1)
    state["attention-sharpness"] = whole(asked.get("sharpness"), 0, len(SHARPNESS) - 1, USUAL)
    query = [_decimal(each) for each in asked.get("query", "").split(",")[: items.FEATURES]]
    if len(query) == len(state["attention-items"].features) and None not in query:
        state["attention-wanted"] = [max(-REACH, min(REACH, each)) for each in query if each is not None]


def take(name: str) -> None:
    """Begin with a set, and with the heads that have something to say on it."""
    from inspection import items

    state = st.session_state
    _put(items.SETS[name])
    state["attention-set"] = name
    state["attention-asks"] = 0
    jobs = items.FIRST_JOBS[name]
    state["attention-heads"] = [Head(job, seed) for seed, job in enumerate(jobs, 1)]
    state["attention-count"], state["attention-shown"] = FIRST_HEADS, 1
    for switch, usual in SWITCHES.items():
        state[f"attention-{switch}"] = usual
    state["attention-places"] = name in items.PLACED


def _put(items: "Items") -> None:
    """Have the table begin with these items."""
    state = st.session_state
    state["attention-base"] = state["attention-items"] = items
    state["attention-features"] = ", ".join(items.features)
    state["attention-version"] = state.get("attention-version", 0) + 1
    state["attention-wanted"] = one_hot(0, len(items.features))


def editor() -> str:
    """Key of the table, another one whenever it begins anew."""
    return f"attention-table-{st.session_state['attention-version']}"


def one_hot(place: int, size: int) -> list[float]:
    """A query for one feature alone."""
    return np.eye(size)[place].tolist()


def rename() -> None:
    """Take the features that a person has named."""
    from inspection import items
    from inspection.items import ItemsError

    state = st.session_state
    now = state["attention-items"]
    try:
        found = items.renamed(now, items.split_names(state["attention-features"]))
    except ItemsError as error:
        state["attention-refused"] = str(error)
        state["attention-features"] = ", ".join(now.features)
        return
    if found.features != now.features:
        _put(found)
        state["attention-set"] = None


def table(items: "Items") -> "pd.DataFrame":
    """Items as a table, whose columns bear numbers: features may be called whatever a person likes."""
    import pandas as pd

    columns = {str(place): items.values[:, place] for place in range(len(items.features))}
    return pd.DataFrame({"item": list(items.names), **columns})


def read(edited: "pd.DataFrame") -> list[str]:
    """Take the table as it has been edited; what had to be changed about it, in sentences.

    Raises:
        ItemsError: There is no item in it.
    """
    from inspection import items

    state = st.session_state
    base = state["attention-base"]
    columns = [str(place) for place in range(len(base.features))]
    found, notes = items.checked(
        edited["item"].tolist(), base.features, edited[columns].to_numpy(object).tolist()
    )
    state["attention-items"] = found
    return notes


def title(job: str) -> str:
    """A head's job, for people."""
    from inspection import items

    return {OWN: "Your own weights", items.RANDOM: "Random"}.get(job) or items.JOBS[job].title


def labels(features: Sequence[str], number: int) -> list[str]:
    """Names of the numbers in a head's queries, keys and values: the features', where they mean these."""
    from inspection import items

    job = st.session_state["attention-heads"][number].job_for(features)
    meant = job not in (OWN, items.RANDOM)
    return [name if meant else str(place) for place, name in enumerate(features, 1)]


def choose_job(number: int, key: str) -> None:
    """Give a head the job that was chosen for it."""
    state = st.session_state
    heads = list(state["attention-heads"])
    if state[key] != OWN:
        heads[number] = Head(state[key], heads[number].seed)
    state["attention-heads"] = heads


def draw_anew(number: int) -> None:
    """Give a head other random weights."""
    state = st.session_state
    heads = list(state["attention-heads"])
    heads[number] = replace(heads[number], seed=heads[number].seed + len(heads))
    state["attention-heads"] = heads


def edit(change: Any, features: Sequence[str]) -> None:
    """Take over the weights that were typed."""
    from inspection import items
    from inspection.items import ItemsError

    state = st.session_state
    if not isinstance(change, dict) or change.get("part") not in PARTS:
        return
    number = change.get("head")
    count = state["attention-count"]
    if not isinstance(number, int) or not 0 <= number < count or change.get("size") != len(features):
        return  # it was typed into a matrix that is another now
    now = state["attention-heads"][number].projections(features)
    values = {part: getattr(now, part) for part in PARTS} | {change["part"]: change.get("values")}
    try:
        flat = [np.asarray(values[part], "float64").ravel() for part in PARTS]
        weights = items.weights_from(np.concatenate(flat), len(features))
    except (ItemsError, TypeError, ValueError):
        return
    heads = list(state["attention-heads"])
    heads[number] = Head(OWN, heads[number].seed, weights)
    state["attention-heads"] = heads


# The address


def remember(items: "Items", features: Sequence[str], query: Sequence[float]) -> None:
    """Write what is seen into the page's address; what is as everybody meets it is left out."""
    from inspection import items as known

    state = st.session_state
    wanted: dict[str, str] = {}
    name = state["attention-set"]
    if name is None or known.to_text(items) != known.to_text(known.SETS[name]):
        wanted |= {"features": ",".join(items.features), "items": known.to_text(items)}
    elif name != FIRST_SET:
        wanted["set"] = slug(name)
    for switch, usual in SWITCHES.items():
        usual = name in known.PLACED if switch == "places" else usual
        if state[f"attention-{switch}"] != usual:
            wanted[switch] = str(int(state[f"attention-{switch}"]))
    heads = state["attention-heads"][: state["attention-count"]]
    jobs = known.FIRST_JOBS[name or FIRST_SET][:FIRST_HEADS]
    if heads != [Head(job, seed) for seed, job in enumerate(jobs, 1)]:
        wanted["heads"] = ",".join(
            f"{head.job}-{head.seed}" if head.job == known.RANDOM else head.job for head in heads
        )
        for number, head in enumerate(heads, 1):
            if head.weights is not None:
                found = head.projections(features)
                values = itertools.chain.from_iterable(getattr(found, part).ravel() for part in PARTS)
                wanted[f"weights{number}"] = ",".join(f"{value:.6g}" for value in values)
    if state["attention-asks"]:
        wanted["asks"] = str(state["attention-asks"] + 1)
    if state["attention-shown"] > 1:
        wanted["head"] = str(state["attention-shown"])
    if state["attention-sharpness"] != USUAL:
        wanted["sharpness"] = str(state["attention-sharpness"])
    if list(query) != one_hot(0, len(query)):
        wanted["query"] = ",".join(f"{value:.6g}" for value in query)
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)


def _heads_of(asked: Mapping[str, str]) -> None:
    """Have the heads do what a link asks for.

    Raises:
        ItemsError: Weights of the link are none.
    """
    from inspection import items

    state = st.session_state
    heads = list(state["attention-heads"])
    jobs = asked["heads"].split(",")[: items.HEADS]
    for number, text in enumerate(jobs):
        job, _, seed = text.partition("-")
        if job == OWN:
            weights = asked.get(f"weights{number + 1}", "")[:4000].split(",")
            size = round((len(weights) / 3) ** 0.5)
            heads[number] = Head(OWN, number + 1, items.weights_from(weights, size))
        elif job in items.JOBS or job == items.RANDOM:
            heads[number] = Head(job, whole(seed, 0, 10**6, number + 1))
    state["attention-heads"], state["attention-count"] = heads, len(jobs)


def slug(name: str) -> str:
    """A set's name in an address."""
    return name.lower().replace(" ", "-")


def whole(text: str | None, least: int, most: int, usual: int) -> int:
    """A number of a link, by whoever."""
    fits = text is not None and text.isascii() and text.isdigit() and len(text) < 8
    return int(text) if fits and text is not None and least <= int(text) <= most else usual


def _decimal(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if np.isfinite(found) else None
