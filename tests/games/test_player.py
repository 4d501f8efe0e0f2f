"""A policy as it plays: what one that looks back remembers at every step, all at once."""

import keras
import numpy as np
import tensorflow as tf

from games.game import where
from games.player import Player, pasts
from models import policy


def player(torso: str) -> Player:
    keras.utils.set_random_seed(0)
    return Player(policy.build(policy.Config((3,), 4, torso, (6,), units=(5,), window=5, width=8)))


def test_who_looks_back():
    players = [player(torso) for torso in ("mlp", "rnn", "encoder")]
    assert [each.remembers for each in players] == [False, True, True]
    assert [each.looks_back for each in players] == [False, False, True]


def test_all_at_once_is_step_by_step():
    random, (steps, count) = np.random.default_rng(0), (11, 6)
    looking = player("encoder")
    seen = random.normal(size=(steps, count, 3)).astype("float32")
    begins = random.random((steps, count)) < 0.2
    memory = first = (random.normal(size=(count, 4, 3)).astype("float32"),)
    found = looking.first(count)
    (every,) = pasts(tf.constant(seen), tf.constant(begins), first)
    assert begins[1:].any()
    for step in range(steps):
        memory = where(tf.constant(begins[step]), found, tuple(map(tf.constant, memory)))
        np.testing.assert_array_equal(every[step], memory[0])
        _, _, memory = looking(tf.constant(seen[step]), memory)
