"""What an agent looks back at: shares of the moments, against attention written down anew."""

import keras
import numpy as np
import pytest

import games
from games import episodes
from inspection.graph import InspectionError
from inspection.past import looks_back
from models import policy

WINDOW = 5


def agent(**settings) -> keras.Model:
    keras.utils.set_random_seed(1)
    usual = {"window": WINDOW, "width": 8, "attention_heads": 2, "widths": (6,)}
    model = policy.build(policy.Config((3,), 4, "encoder", **usual | settings))
    generator = np.random.default_rng(0)
    model.set_weights([generator.normal(0, 0.7, weight.shape) for weight in model.get_weights()])
    return model


def test_shares_of_an_episode_are_those_of_each_moment():
    model = agent()
    played = episodes.record(games.find("t_maze", length=4, limit=9), model, most_steps=7)
    found = looks_back(model, played.observations, played.memory)
    moments = played.steps + 1
    assert [each.shape for each in found.values()] == [(moments, 2, WINDOW)] * 2  # an actor's and a critic's
    for shares in found.values():
        np.testing.assert_allclose(shares.sum(-1), 1, atol=1e-5)
        for moment in range(moments):
            unborn = max(0, WINDOW - 1 - moment)
            assert not shares[moment, :, :unborn].any()
            assert (shares[moment, :, unborn:] > 0).all()


def test_shares_are_those_of_the_paper():
    """Vaswani et al. 2017, equation 1, for the last of the window."""
    model = agent(shared=True, depth=1)
    random = np.random.default_rng(3)
    seen, before = random.normal(size=(2, 3)), random.normal(size=(2, WINDOW - 1, 3))
    (found,) = looks_back(model, seen.astype("float32"), [before.astype("float32")]).values()
    layers = {layer.name: layer for layer in model.layers}
    given = keras.Model(model.inputs, layers["block1_key"].input)
    x = given([seen, before]).numpy()

    query = np.reshape(layers["block1_query"](x[:, -1]), (2, 2, 4))
    keys = np.reshape(layers["block1_key"](x), (2, WINDOW, 2, 4))
    scores = np.einsum("bhd,bshd->bhs", query, keys) / 2
    wanted = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_one_that_does_not_look_back_has_none():
    dense = policy.build(policy.Config((3,), 4))
    assert looks_back(dense, np.zeros((2, 3), "float32"), ()) == {}


def test_memory_that_is_missing_is_told():
    with pytest.raises(InspectionError, match="takes 2 inputs, .* Received: 1"):
        looks_back(agent(), np.zeros((2, 3), "float32"), ())
