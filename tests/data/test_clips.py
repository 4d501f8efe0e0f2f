"""Clips of a small game: drawn as the rule says, and neither shape nor motion to be had from one frame."""

import numpy as np
import pytest

from data import clips
from data.clips import CLASSES, EDGE, FRAMES, MOTIONS, SHAPES, scene


def lights(clip: np.ndarray) -> np.ndarray:
    """The centre of light of every frame, `(FRAMES, 2)`."""
    rows, columns = np.indices(clip.shape[:2])
    mass = clip.sum((0, 1))
    return np.stack([(clip * axis[..., None]).sum((0, 1)) / mass for axis in (rows, columns)], -1)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("motion", MOTIONS)
@pytest.mark.parametrize("speed", clips.SPEEDS)
@pytest.mark.parametrize("corner", [None, 0, EDGE])
def test_a_sprite_goes_where_its_class_says_and_keeps_its_shape(shape, motion, speed, corner):
    clip = scene(shape, motion, speed, corner, corner).astype("float64")
    steps = np.diff(lights(clip), axis=0)
    np.testing.assert_allclose(steps, np.tile(speed * np.array(MOTIONS[motion]), (FRAMES - 1, 1)), atol=1e-9)
    assert len(set(clip.sum((0, 1)))) == 1  # no frame loses a pixel over the rim


def test_the_last_frame_alone_does_not_tell_the_motion():
    """Every motion has a clip that ends in the same frame."""
    ends = [
        {
            scene("box", motion, 1, row, column)[..., -1].tobytes()
            for row in range(EDGE)
            for column in range(EDGE)
        }
        for motion in MOTIONS
    ]
    assert scene("box", "still", 1, 8, 8)[..., -1].tobytes() in set.intersection(*ends)


def test_splits_share_no_clip_and_are_drawn_alike_again():
    config = clips.Config(clips=600, noise=0)
    source, again = config.load(), config.load()
    sides = [
        {clip.tobytes() for clip in split.inputs} for split in (source.train, source.validation, source.test)
    ]
    assert sum(map(len, sides)) == len(set.union(*sides))
    np.testing.assert_array_equal(source.test.inputs, again.test.inputs)
    noisy = clips.Config(clips=600).load()
    assert [len(noisy.train), len(noisy.test)] == [len(source.train), len(source.test)]
    assert (noisy.train.targets == source.train.targets).all()  # the same scenes, split before the noise


def test_the_spec_fits_the_clips():
    source = clips.Config(clips=600).load()
    assert source.spec.input_shape == source.train.example(0)[0].shape == (EDGE, EDGE, FRAMES)
    assert source.spec.classes == CLASSES
    assert len(CLASSES) == len(SHAPES) * len(MOTIONS)
    assert set(source.train.targets) == set(range(len(CLASSES)))


@pytest.mark.parametrize(
    ("settings", "said"), [({"clips": 3}, "clips must be"), ({"noise": 2}, "noise must")]
)
def test_bounds_are_named(settings, said):
    with pytest.raises(ValueError, match=said):
        clips.Config(**settings)


def test_an_unknown_shape_is_named():
    with pytest.raises(ValueError, match=r"shape must be one of ball.*Received: 'star'"):
        scene("star", "left")
