"""Compare: one game learned by agents that differ by their torso alone, and the games only some can learn."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import streamlit as st

from apps import charts, engine, frame, launch, library, run_card, small_nets, torsos, widgets
from apps.escaping import escape_html, escape_markdown, sentence
from apps.torsos import GAMES, TORSOS, Comparison, Score
from training.runs import RunError

LIVE_SECONDS = 1.5
ABOUT = {  # what each makes of the past
    "mlp": "sees the moment and nothing before",
    "cnn": "sees the moment, as a picture",
    "rnn": "carries a state from moment to moment",
    "encoder": "looks at the last moments, each anew",
}
TITLES = {torso.title: key for key, torso in TORSOS.items()}
AXES = {"steps": "steps of the game", "seconds": "seconds of training"}

_STYLE = """<style>
.torsos { width: 100%; border-collapse: collapse; font-size: 0.93rem; font-variant-numeric: tabular-nums; }
.torsos th { text-align: left; font-weight: 600; }
.torsos thead th { font-size: 0.85rem; opacity: 0.75; }
.torsos th, .torsos td { padding: 0.5rem 0.9rem 0.5rem 0; vertical-align: top;
  border-bottom: 1px solid color-mix(in srgb, currentColor 14%, transparent); }
.torsos small { display: block; font-weight: 400; opacity: 0.72; font-size: 0.82rem; }
.torsos b { font-weight: 600; white-space: nowrap; }
.torsos a { color: inherit; text-underline-offset: 0.2em; }
.torsos .can b::before { content: "✓ "; color: #1ba56d; }
.torsos .no { opacity: 0.78; }
@media (max-width: 640px) {
  .torsos { font-size: 0.85rem; }
  .torsos th, .torsos td { padding-right: 0.45rem; }
  .torsos small { font-size: 0.76rem; }
}
</style>"""


def show() -> None:
    """Draw the page."""
    frame.begin(
        "Compare",
        "The same game, the same training, another torso. What sees a moment alone learns fast and cheaply, "
        "and is lost where the past decides. What remembers pays for it at every step.",
    )
    run_card.left_out(library.unreadable())
    st.html(_STYLE)
    engine.ready()
    _overview(torsos.shipped())
    found = torsos.find_all()
    with st.container(horizontal=True, gap="large"):
        with st.container(width=small_nets.SIDE):
            _make(found)
        with st.container():
            comparison = _pick(found)
            if comparison is None:
                st.info("Choose a game and some torsos, then **Compare them**.", icon=":material/touch_app:")
            else:
                active = comparison.active
                watched = st.fragment(_watched, run_every=LIVE_SECONDS if active else None)
                watched(comparison.key, active)


# What ships


def _overview(shipped: Sequence[Comparison]) -> None:
    """Which torso solves which game: a row a game, a column a torso."""
    if not shipped:
        return
    st.subheader("Who can solve it", anchor=False)
    columns = [torso for torso in TORSOS if any(torso in each.torsos for each in shipped)]
    head = "".join(f"<th>{escape_html(TORSOS[torso].title)}</th>" for torso in columns)
    rows = "".join(
        f"<tr><th>{escape_html(each.title)}<small>{escape_html(GAMES[each.game].about)}</small></th>"
        + "".join(_verdict(each, torso) for torso in columns)
        + "</tr>"
        for each in shipped
    )
    st.html(f'<table class="torsos"><thead><tr><th></th>{head}</tr></thead><tbody>{rows}</tbody></table>')
    st.caption(
        "Mean return of a game after the training; and how many of the agents come nine tenths of the way "
        "from chance to what is right every time. Ticked: all of them. Their curves are below."
    )
    st.divider()


def _verdict(comparison: Comparison, torso: str) -> str:
    """The cell of a torso on a game."""
    score = torsos.score(comparison, torso)
    if score is None:
        return "<td></td>"
    told = "" if score.solved is None else f"<small>{score.solved} of {score.of}</small>"
    kind = "can" if score.solved == score.of else "no"
    return f'<td class="{kind}"><b>{_number(score.mean)}</b>{told}</td>'


# The next one


def _make(found: Mapping[str, Comparison]) -> None:
    """The settings of the next comparison, what it takes, and the button that starts it."""
    from training import torsos as agents
    from training.settings import SettingsError

    names = {game.title: name for name, game in GAMES.items()}  # by their titles, which the address has
    first = list(GAMES).index("cartpole")
    title = st.selectbox("Game", list(names), index=first, key="compare.game", bind="query-params")
    name = names[title]
    game = GAMES[name]
    st.caption(game.about)
    recipe = agents.recipe_of(name)
    fitting = [TORSOS[torso].title for torso in agents.fitting(name)]
    titles = st.pills(
        "Torsos",
        fitting,
        selection_mode="multi",
        default=fitting[:2],
        key=f"compare.torsos.{len(fitting)}",
        persist_state="session",
        help="; ".join(f"{title} {ABOUT[TITLES[title]]}" for title in fitting),
    )
    settings: dict[str, Any] = {}
    with st.grid(min_column_width=small_nets.FIELD, gap="small"):
        if game.length is not None:
            usual, most = game.length
            settings["length"] = small_nets.whole(
                "Steps to remember", 1, most, usual, f"compare.length.{name}"
            )
        seeds = small_nets.whole("Seeds", 1, torsos.MOST_SEEDS, 1, "compare.seeds")
        steps = small_nets.whole(
            "Steps of each",
            torsos.LEAST_STEPS,
            torsos.MOST_STEPS,
            min(recipe.training.steps, torsos.USUAL_STEPS),
            f"compare.steps.{name}",
        )
    chosen = [TITLES[title] for title in titles]
    own = [each for each in found.values() if each.mine]
    seconds = torsos.estimate(name, chosen, seeds, steps, settings.get("length", 0), own)
    why = None if chosen else "Choose a torso at least"
    if any(comparison.active for comparison in own):
        why = "One comparison at a time"
    asked = st.button(
        "Compare them",
        type="primary",
        icon=":material/stacked_line_chart:",
        width="stretch",
        disabled=why is not None,
        help=why,
    )
    if chosen:
        count = len(chosen) * seeds
        st.caption(
            f"{count} {'agent' if count == 1 else 'agents'}, one after another: **about "
            f"{library.duration_text(seconds)}**. All else is as in the recipe "
            f"{escape_markdown(recipe.name)}. They go on when the tab is closed."
        )
    if not asked:
        return
    try:
        key = torsos.start(name, chosen, seeds, steps, settings)
    except (RunError, SettingsError) as error:
        st.error(sentence(error), icon=":material/error:")
        return
    st.session_state.pop("comparison", None)
    st.query_params["comparison"] = key
    st.rerun()


# The one that is watched


def _pick(found: Mapping[str, Comparison]) -> Comparison | None:
    """Let a person choose a comparison; the address remembers which."""
    if not found:
        return None
    told = {key: _told(comparison) for key, comparison in found.items()}
    return found[widgets.choice("Comparison", "comparison", told)]


def _told(comparison: Comparison) -> str:
    """What a comparison is, in a few words."""
    name = comparison.key.partition("/")[2] if comparison.mine else "gallery"
    return f"{comparison.title}  ·  {name}"


def _watched(key: str, was_active: bool) -> None:
    comparison = torsos.find_all().get(key)
    if comparison is None or comparison.active != was_active:
        st.rerun()  # the whole page: its timer begins or ends with the comparison
    if comparison.mine and (was_active or comparison.left):
        _progress(comparison)
    if comparison.mine:
        _buttons(comparison)
    for label, error in comparison.errors.items():
        st.error(sentence(f"{label}: {error}"), icon=":material/error:")
    curves = [curve for torso in comparison.torsos if (curve := torsos.curve(comparison.of(torso)))]
    if not curves:
        if was_active:
            st.info(
                "TensorFlow wakes in a process of its own; the first figures come within a minute.",
                icon=":material/hourglass_top:",
            )
        return
    _chart(comparison, curves)
    _table(comparison)


def _progress(comparison: Comparison) -> None:
    """How far it is."""
    count = len(comparison.members)
    done = count - len(comparison.left)
    told, part = f"{done} of {count} trained", 0.0
    now = next((each for each in comparison.members if each.run.state in launch.ACTIVE), None)
    if now is not None:
        status = now.run.status
        step, steps = status.get("step", 0), status.get("steps")
        part = step / steps if steps else 0.0
        told += f" · now {now.label}: " + (f"{part:.0%}" if steps else "TensorFlow wakes")
    elif comparison.going:
        told += " · now it plays the games of the test"
    st.progress(min(1.0, (done + part) / count), text=told)


def _buttons(comparison: Comparison) -> None:
    """What can be done with a person's own comparison."""
    with st.container(horizontal=True):
        if comparison.active:
            stopping = comparison.stopping
            st.button(
                "Stopping" if stopping else "Stop",
                icon=":material/stop:",
                key="stop-comparison",
                disabled=stopping,
                help="The one that is trained saves first, so that it can go on later",
                on_click=torsos.stop,
                args=(comparison,),
            )
            return
        if comparison.left:
            st.button(
                "Go on",
                icon=":material/play_arrow:",
                key="resume-comparison",
                help="With what is left, each from its last checkpoint",
                on_click=torsos.go_on,
                args=(comparison,),
            )
        with st.popover("Delete", icon=":material/delete:"):
            count = len(comparison.members)
            st.markdown(f"This removes {count} {'run' if count == 1 else 'runs'} and their agents for good.")
            if st.button("Delete for good", type="primary", key="delete-comparison"):
                try:
                    torsos.delete(comparison)
                except (RunError, OSError) as error:
                    st.error(sentence(error), icon=":material/error:")
                else:
                    st.rerun()


def _chart(comparison: Comparison, curves: Sequence[torsos.Curve]) -> None:
    """The learning curves with their intervals."""
    over = st.segmented_control(
        "Over", list(AXES), default="steps", required=True, key="compare.over", persist_state="session"
    )
    courses = []
    for curve in curves:
        points, figure = (curve.seconds, "seconds") if over == "seconds" else (curve.steps, "step")
        members = [member for member in comparison.of(curve.torso) if member.rows["step"]]
        parts = [(member.rows[figure], member.rows["return"]) for member in members]
        title = TORSOS[curve.torso].title
        courses.append(
            charts.Course(
                title, points, curve.values, curve.lows, curve.highs, parts if len(parts) > 1 else ()
            )
        )
    levels = torsos.levels(comparison.game, comparison.settings)
    key = f"curves-{comparison.key}-{over}"
    charts.bands(courses, torsos.TITLES, AXES[over], "mean return", key, levels)
    st.caption(_bands(curves))


def _bands(curves: Sequence[torsos.Curve]) -> str:
    """What the bands are, in words."""
    from training.agent import WATCHED

    kinds: dict[str, list[str]] = {}
    for curve in curves:
        if curve.seeds > 1:
            kind = "its 95 % bootstrap interval over the seeds"
        elif any(low is not None for low in curve.lows):
            kind = f"its 95 % bootstrap interval over the {WATCHED} games of each measurement, of one seed"
        else:
            kind = "none, of one seed whose measurements did not keep it"
        kinds.setdefault(kind, []).append(TORSOS[curve.torso].title)
    if len(kinds) == 1:
        (kind,) = kinds
        told = f"Band: {kind}."
    else:
        told = "Band: " + "; ".join(f"{kind} ({', '.join(names)})" for kind, names in kinds.items()) + "."
    thin = " Thin: each seed." if any(curve.seeds > 1 for curve in curves) else ""
    return (
        f"Line: the mean return of games that are played to measure it, by the likeliest action. {told}{thin}"
    )


def _table(comparison: Comparison) -> None:
    """A row a torso: what it is, what it reaches and what it costs."""
    from training.agent import MEASURED

    linked = comparison.mine
    head = "".join(
        f"<th>{name}</th>"
        for name in ("Torso", "Score at the end", "Steps a second", "Time", *(["Agent"] if linked else []))
    )
    rows = "".join(_row(comparison, torso, linked) for torso in comparison.torsos)
    st.html(f'<table class="torsos"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>')
    scores = [score for torso in comparison.torsos if (score := torsos.score(comparison, torso))]
    over = " and ".join(
        words
        for words, told in (
            ("over those games, of one seed", any(score.of == 1 for score in scores)),
            ("by the bootstrap over the seeds, of several", any(score.of > 1 for score in scores)),
        )
        if told
    )
    st.caption(
        f"Score: of the best agent on the way, in {MEASURED} games that it was not chosen by; the mean, and "
        f"its 95 % interval {over}. Steps a second and time: measurements included, of several the median."
    )


def _row(comparison: Comparison, torso: str, linked: bool) -> str:
    members = comparison.of(torso)
    parameters = torsos.middle(members, lambda member: member.parameters)
    pace = torsos.middle(members, lambda member: member.pace)
    seconds = torsos.middle(members, lambda member: member.seconds if member.done else None)
    weights = "" if parameters is None else f"<small>{parameters:,.0f} weights</small>"
    cells = [
        f"<th>{escape_html(TORSOS[torso].title)}{weights}</th>",
        _scored(torsos.score(comparison, torso)),
        f"<td>{'' if pace is None else f'{pace:,.0f}'}</td>",
        f"<td>{'' if seconds is None else library.duration_text(seconds)}</td>",
    ]
    if linked:
        best = max(
            (member for member in members if member.entry is not None and member.entry.has_model),
            key=lambda member: member.test["return"] if member.test else float("-inf"),
            default=None,
        )
        link = ""
        if best is not None:
            address = f"arena?model={quote(f'runs/{best.run.name}', safe='')}"
            seed = f", seed {best.seed}" if len(members) > 1 else ""
            link = f'<a href="{address}" target="_self">Watch it{seed}</a>'
        cells.append(f"<td>{link}</td>")
    return f"<tr>{''.join(cells)}</tr>"


def _scored(score: Score | None) -> str:
    if score is None:
        return "<td><small>not yet</small></td>"
    ends = "" if score.low is None else f"{_number(score.low)} to {_number(score.high)}"
    solved = "" if score.solved is None else f"solved by {score.solved} of {score.of}"
    kind = "can" if score.solved == score.of else "no"
    return f'<td class="{kind}"><b>{_number(score.mean)}</b><small>{ends}</small><small>{solved}</small></td>'


def _number(value: float | None) -> str:
    """A return: two digits after the point where it is small."""
    if value is None:
        return ""
    text = f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}".removesuffix(".0")
    return "0.00" if text == "-0.00" else text.replace("-", "\N{MINUS SIGN}")


show()
