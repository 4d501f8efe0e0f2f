"""The app's entry: which pages there are.

python -m streamlit run apps/app.py

Streamlit imports this file for the server, and runs it as a script for every visitor.
"""

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from streamlit.starlette import App

from apps.headers import SecurityHeaders

# Not named pages: Streamlit would serve that folder's files by itself to whoever comes to one first.
VIEWS = Path(__file__).parent / "views"


def navigate() -> None:
    """Draw the navigation and the page that was asked for."""
    # No icons here: the browser would fetch them from the net, for the tab's own icon.
    st.logo(Path(__file__).parent / "logo.svg", size="large")
    st.navigation(
        {
            "": [  # beside the groups; a group of one would be a menu to open for nothing
                st.Page(VIEWS / "home.py", title="Home", default=True),
                st.Page(VIEWS / "runs.py", title="Runs"),
            ],
            "Dense": [
                st.Page(VIEWS / "activations.py", title="Activations"),
                st.Page(VIEWS / "approximation.py", title="Approximation"),
                st.Page(VIEWS / "boundary.py", title="Boundary"),
            ],
            "Convolution": [
                st.Page(VIEWS / "kernel.py", title="Kernel"),
                st.Page(VIEWS / "convolution.py", title="Convolution"),
                st.Page(VIEWS / "frames.py", title="Frames"),
                st.Page(VIEWS / "signals.py", title="Signals"),
            ],
            "GAN": [
                st.Page(VIEWS / "duel.py", title="Duel"),
                st.Page(VIEWS / "latent.py", title="Latent space"),
                st.Page(VIEWS / "timeline.py", title="Timeline"),
            ],
            "Recurrence": [
                st.Page(VIEWS / "memory.py", title="Memory"),
                st.Page(VIEWS / "translate.py", title="Translate"),
            ],
            "Attention": [
                st.Page(VIEWS / "attention.py", title="Attention"),
                st.Page(VIEWS / "heads.py", title="Heads"),
                st.Page(VIEWS / "next_word.py", title="Next word"),
            ],
            "Games": [
                st.Page(VIEWS / "arena.py", title="Arena"),
                st.Page(VIEWS / "play.py", title="Play"),
                st.Page(VIEWS / "compare.py", title="Compare"),
            ],
        },
        position="top",
    ).run()


if __name__ == "__main__":
    navigate()
else:
    app = App(Path(__file__).resolve(), middleware=[Middleware(SecurityHeaders)])
