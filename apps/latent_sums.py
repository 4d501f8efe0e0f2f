"""Arithmetic with the noise of a generator: one kind of sample, without another, plus a third."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from apps import generating, latent_panel, widgets
from apps.escaping import escape_markdown
from apps.latent_panel import Subject

# Samples that a mean is taken of. From other samples once more, the sum of three classes of fashion_gan is
# the same to the classifier in 20 % of cases with 1 of each, 34 % with 3, 70 % with 30, and 81 % with 90.
COUNTS = (1, 3, 10, 30, 100)
MEMBERS = 8  # of a group that are shown; and as many may be named by number
FIRST = (2, 0, 3)  # classes at first: on the clothes a pullover, a T-shirt, a dress
NUMBERS = ("0 1 2", "3 4 5", "6 7 8")  # samples at first
SIGNS = ("", "− ", "+ ")  # noqa: RUF001 (a minus)
WIDTH = 150  # of a group
SMALL = 26  # edge of a member, in pixels
TEXT = 60  # most characters of numbers


@dataclass(frozen=True)
class Group:
    """Samples of which the mean is taken.

    Args:
        name: What they are.
        noise: Of each, `(B, Z)`.
    """

    name: str
    noise: np.ndarray


def show(subject: Subject) -> None:
    """Three groups of samples, the pictures of their means, and that of their sum."""
    from inspection.latent import arithmetic

    st.markdown(
        "The mean noise of some samples, **less** that of others, **plus** that of a third kind: what parts "
        "the first two is added to the third. Means of several are steadier than one."
    )
    groups = _groups(subject)
    if groups is None:
        return
    noise = arithmetic(*(group.noise for group in groups))
    pictures = subject.grow(noise)
    judge = latent_panel.classifier(subject.entry)
    classes = subject.entry.spec["classes"]
    calls = [""] * 4
    if judge is not None:
        calls = [f"seen as {classes[label]}" for label in judge.look(pictures)[1]]
    with st.container(horizontal=True, gap="medium"):
        for number, (sign, group) in enumerate(zip(SIGNS, groups, strict=True)):
            with st.container(width=WIDTH, gap="xsmall"):
                st.markdown(f"**{sign}{escape_markdown(group.name)}**")
                _one(f"latent-mean-{number}", pictures[number], group.name, calls[number])
                members = subject.grow(group.noise[:MEMBERS])
                names = [f"{group.name}, {each}" for each in range(1, len(members) + 1)]
                widgets.thumbs(f"latent-members-{number}", members, names, 0, edge=SMALL, picking=False)
                st.caption(f"the mean of {len(group.noise)}" if len(group.noise) > 1 else "this one")
        with st.container(width=WIDTH, gap="xsmall"):
            st.markdown("**= The sum**")
            _one("latent-sum", pictures[3], "The sum", calls[3])
            st.button(
                "Take it",
                icon=":material/check:",
                key="latent-take-sum",
                on_click=latent_panel.take,
                args=(subject, noise[3], "the sum"),
                help="All below begins at it: the sliders, the sheet and the way",
            )


def _one(key: str, picture: np.ndarray, name: str, call: str) -> None:
    widgets.thumbs(key, picture[None], [name], 0, [call] if call else [], latent_panel.LARGE, picking=False)


def _groups(subject: Subject) -> list[Group] | None:
    """What a person chooses; None where it is nothing, and the page says why."""
    told = latent_panel.told(subject)
    kinds = ("Of a class", "By number")
    if told.classes is None:
        return _by_number(subject)
    kind = st.segmented_control(
        "Samples", kinds, default=kinds[0], required=True, key="latent-kind", persist_state="session"
    )
    return _of_classes(subject, told.noise, told.classes) if kind == kinds[0] else _by_number(subject)


def _of_classes(subject: Subject, noise: np.ndarray, called: np.ndarray) -> list[Group] | None:
    """Samples by what the classifier calls them."""
    classes = list(subject.entry.spec["classes"])
    with st.container(horizontal=True, gap="medium"):
        names = [
            st.selectbox(
                label,
                classes,
                index=first % len(classes),
                key=f"latent-class-{number}",
                persist_state="session",
                width=WIDTH + 20,
            )
            for number, (label, first) in enumerate(zip(("This", "without", "plus"), FIRST, strict=True))
        ]
        count = st.select_slider(
            "Samples of each",
            COUNTS,
            COUNTS[-1],
            key="latent-count",
            persist_state="session",
            width=WIDTH + 20,
        )
    groups = [Group(name, noise[called == classes.index(name)][:count]) for name in names]
    missing = [group.name for group in groups if not len(group.noise)]
    if missing:
        st.info(
            f"Of {len(noise):,} samples the classifier calls none {escape_markdown(missing[0])}: choose "
            "another class.",
            icon=":material/search_off:",
        )
        return None
    return groups


def _by_number(subject: Subject) -> list[Group] | None:
    """Samples by their numbers."""
    groups = []
    with st.container(horizontal=True, gap="medium"):
        texts = [
            st.text_input(
                label,
                first,
                max_chars=TEXT,
                key=f"latent-numbers-{number}",
                persist_state="session",
                width=WIDTH + 20,
            )
            for number, (label, first) in enumerate(zip(("These", "without", "plus"), NUMBERS, strict=True))
        ]
    for text in texts:
        seeds = text.replace(",", " ").split()
        if not 0 < len(seeds) <= MEMBERS or not all(map(_is_seed, seeds)):
            st.info(
                f"One to {MEMBERS} numbers of samples, each from 0 to {generating.MOST_SEED}, with spaces "
                f"between. Received: {escape_markdown(text) or 'nothing'}",
                icon=":material/pin:",
            )
            return None
        noise = np.concatenate([subject.sampler.noise(1, int(seed)) for seed in seeds])
        groups.append(Group(" ".join(seeds), noise))
    return groups


def _is_seed(text: str) -> bool:
    return text.isascii() and text.isdecimal() and int(text) <= generating.MOST_SEED
