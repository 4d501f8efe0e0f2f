"""The pipeline: order and draws are pure functions of seed and position."""

import numpy as np
import pytest

from data.augmentation import DRAWS, augment
from data.pipeline import Stream, Sweep
from data.source import Augmentation, Split

EVERYTHING = Augmentation(shift=2, flip=True, rotation=20.0, zoom=0.2, erase=3)


def split(size: int = 50) -> Split:
    """Examples of which the first pixel tells the index."""
    generator = np.random.default_rng(0)
    images = generator.integers(0, 255, (size, 6, 6, 1), dtype=np.uint8)
    images[:, 0, 0, 0] = np.arange(size)
    return Split(images, np.arange(size) % 7, scale=1 / 255)


def take(stream: Stream, start: int, steps: int, replicas: int = 1):
    """Global batches of the stream, put together from the replicas' shares."""
    shards = stream.shards(start, replicas, 0, replicas).take(steps * replicas)
    parts = [stream.materialize(element, stream.resident()) for element in shards]
    return [
        [np.concatenate(column) for column in zip(*parts[i : i + replicas], strict=True)]
        for i in range(0, len(parts), replicas)
    ]


def assert_same(left, right, atol=0.0):
    for a, b in zip(left, right, strict=True):
        for x, y in zip(a, b, strict=True):
            np.testing.assert_allclose(x, y, atol=atol)


def indices(batches) -> np.ndarray:
    return np.concatenate([np.rint(inputs[:, 0, 0, 0] * 255) for inputs, _, _ in batches]).astype(int)


def test_each_pass_is_another_permutation():
    stream = Stream(split(50), 10, seed=3)
    first, second = indices(take(stream, 0, 5)), indices(take(stream, 5, 5))
    assert sorted(first) == sorted(second) == list(range(50))
    assert (first != second).any()
    assert (first != indices(take(Stream(split(50), 10, seed=4), 0, 5))).any()


def test_batches_cross_from_pass_to_pass():
    stream = Stream(split(7), 16, seed=0)  # a split smaller than a batch
    seen = indices(take(stream, 0, 7))
    assert np.bincount(seen).tolist() == [16] * 7
    assert stream.steps_per_epoch == 1


def test_targets_belong_to_their_inputs():
    batches = take(Stream(split(50), 8, seed=0), 0, 6)
    targets = np.concatenate([targets for _, targets, _ in batches])
    assert (targets == indices(batches) % 7).all()


@pytest.mark.parametrize("augmentation", [Augmentation(), EVERYTHING], ids=["plain", "augmented"])
def test_a_resume_sees_what_an_uninterrupted_run_sees(augmentation):
    stream = Stream(split(), 8, 1, augmentation)
    assert_same(take(stream, 0, 9)[4:], take(stream, 4, 5))


@pytest.mark.parametrize("replicas", [2, 4])
def test_replicas_together_see_what_one_sees(replicas):
    stream = Stream(split(), 8, 1, EVERYTHING)
    # A vectorized cosine rounds by its place in the vector: hence not to the last bit.
    assert_same(take(stream, 3, 5), take(stream, 3, 5, replicas), atol=1e-5)


def test_workers_together_see_what_one_sees():
    """Two workers with two replicas each: each makes only its own part."""
    stream = Stream(split(), 8, 1, EVERYTHING)
    shares = [list(stream.shards(3, 4, first, 2).take(4)) for first in (0, 2)]
    whole = take(stream, 3, 2)
    for step in range(2):
        parts = [shares[w][step * 2 + r] for w in range(2) for r in range(2)]
        together = [np.concatenate(column) for column in zip(*parts, strict=True)]
        assert_same([together], [whole[step]], atol=1e-5)


def test_on_the_device_the_same_batches_come():
    assert_same(
        take(Stream(split(), 8, 1, EVERYTHING), 2, 3),
        take(Stream(split(), 8, 1, EVERYTHING, on_device=True), 2, 3, replicas=2),
        atol=1e-5,
    )


@pytest.mark.parametrize("replicas", [1, 2])
@pytest.mark.parametrize("size", [32, 33, 5])
def test_a_sweep_counts_every_example_once(size, replicas):
    sweep = Sweep(split(size), 8)
    batches = list(sweep.shards(replicas, 0, replicas))
    weights = np.concatenate([weights for _, _, weights in batches])
    seen = indices(batches)
    assert weights.sum() == size
    assert sorted(seen[weights == 1]) == list(range(size))
    assert {len(w) for _, _, w in batches} == {8 // replicas}  # no replica gets less than its share
    assert sweep.steps == -(-size // 8)


def draws(**given: float) -> np.ndarray:
    """Neutral draws but for those given by place: the middle of every range, no mirror."""
    row = np.full((1, DRAWS), 0.5, "float32")
    for place, value in given.items():
        row[0, int(place[1:])] = value
    return row


IMAGE = np.arange(25, dtype="float32").reshape(1, 5, 5, 1) + 1


def test_shift():
    # draws 0 and 1 of [0, 1) make window starts 0..2 * shift; below the middle the content moves down
    moved = augment(IMAGE, draws(_0=0.0), Augmentation(shift=1)).numpy()
    np.testing.assert_array_equal(moved[0, 1:], IMAGE[0, :-1])
    assert (moved[0, 0] == 0).all()
    moved = augment(IMAGE, draws(_1=0.99), Augmentation(shift=1)).numpy()
    np.testing.assert_array_equal(moved[0, :, :-1], IMAGE[0, :, 1:])
    np.testing.assert_array_equal(augment(IMAGE, draws(), Augmentation(shift=1)), IMAGE)


def test_flip():
    np.testing.assert_array_equal(augment(IMAGE, draws(_2=0.1), Augmentation(flip=True)), IMAGE[:, :, ::-1])
    np.testing.assert_array_equal(augment(IMAGE, draws(_2=0.9), Augmentation(flip=True)), IMAGE)


def test_rotation_by_a_right_angle_is_exact():
    turned = augment(IMAGE, draws(_3=1.0), Augmentation(rotation=90.0)).numpy()
    assert any(np.allclose(turned, np.rot90(IMAGE, k, axes=(1, 2)), atol=1e-3) for k in (1, 3))
    np.testing.assert_allclose(augment(IMAGE, draws(), Augmentation(rotation=90.0)), IMAGE, atol=1e-5)


def test_zoom_enlarges_about_the_centre():
    larger = augment(IMAGE, draws(_4=1.0), Augmentation(zoom=0.5)).numpy()
    assert larger[0, 2, 2, 0] == pytest.approx(IMAGE[0, 2, 2, 0])
    assert larger[0, 0, 0, 0] > IMAGE[0, 0, 0, 0]  # the corner now shows what lay further in
    smaller = augment(IMAGE, draws(_4=0.0), Augmentation(zoom=0.5)).numpy()
    assert smaller[0, 0, 0, 0] == 0


def test_erase():
    erased = augment(IMAGE, draws(_5=0.0, _6=0.0), Augmentation(erase=3)).numpy()
    assert (erased[0, :2, :2] == 0).all()
    assert (erased[0, 2:] == IMAGE[0, 2:]).all()
    assert (augment(IMAGE, draws(), Augmentation(erase=3)).numpy() == 0).sum() == 9
