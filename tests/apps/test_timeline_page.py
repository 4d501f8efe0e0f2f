"""The page Timeline: every moment's pictures of the same noise, as they were kept, and the figures below."""

import base64

import numpy as np
import pytest

from apps import generating
from tests.apps.conftest import component, texts
from training import timeline
from training.runs import now


@pytest.fixture
def run(shelves):
    """Two players whose training kept three moments."""
    made = shelves.add("digits_gan", "gallery", recipe="digits_gan")
    for step in (0, 10, 40):
        timeline.save(made.path, step, np.full((36, 8, 8, 1), step / 40))
    made.metrics_path.write_text(
        '{"step": 10, "epoch": 1, "seconds": 1, "loss": 2.0}\n'
        '{"step": 40, "epoch": 4, "seconds": 4, "loss": 1.0, "val_frechet": 3.5}\n'
    )
    return made


def test_the_browser_has_every_moment(page, run):
    shown = component(page("timeline"), "timeline")
    assert shown["steps"] == [0, 10, 40]
    seen = np.frombuffer(base64.b64decode(shown["pixels"]), "uint8").reshape(3, 36, 8, 8)
    assert (shown["side"], shown["height"], shown["width"], shown["depth"]) == (6, 8, 8, 1)
    for level, moment in zip((0, 64, 255), seen, strict=True):
        assert (moment == level).all()
    told = {figure["name"]: [tuple(point) for point in figure["points"]] for figure in shown["figures"]}
    assert told == {"Validation Frechet distance": [(40, 3.5)], "Loss": [(10, 2.0), (40, 1.0)]}


def test_a_training_that_runs_is_followed(page, run):
    with run.locked():
        run.update_status(state="running", updated=now())
        tested = page("timeline")
        timeline.save(run.path, 41, np.zeros((36, 8, 8, 1)))
        assert component(tested.run(), "timeline")["steps"] == [0, 10, 40, 41]


def test_a_training_that_kept_none_says_so(page, shelves):
    shelves.add("mine", recipe="digits_gan")
    assert "kept no pictures on the way" in texts(page("timeline"))


def test_a_browser_is_sent_what_it_can_bear():
    small, side = generating.within(np.zeros((48, 36, 28, 28, 1), "uint8"))
    assert (small.shape, side) == ((48, 36, 28, 28, 1), 6)
    places = np.arange(36).reshape(1, 36, 1, 1, 1) * np.ones((48, 1, 200, 100, 3))
    large, side = generating.within(places.astype("uint8"))
    assert large.nbytes <= generating.MOST_BYTES
    assert large.shape[2:] == (50, 25, 3)
    assert large[0, :, 0, 0, 0].tolist() == [
        row * 6 + column for row in range(side) for column in range(side)
    ]
