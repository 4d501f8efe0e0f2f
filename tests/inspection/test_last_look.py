"""Where the last token looks, against queries and keys multiplied by hand."""

import keras
import numpy as np
import pytest

from inspection.graph import InspectionError
from inspection.last_look import last_look, looking
from models import gpt, mlp

TOKENS = [5, 3, 8, 8, 1, 0, 7]


@pytest.fixture(scope="module", params=["learned", "rotary"])
def model(request) -> keras.Model:
    keras.utils.set_random_seed(1)
    config = gpt.Config((12,), tokens=10, width=12, depth=2, heads=3, hidden=16, positions=request.param)
    model = gpt.build(config)
    for weight in model.weights:  # so that it has opinions
        weight.assign(weight + 0.3 * np.random.default_rng(1).normal(size=weight.shape))
    return model


def by_hand(model: keras.Model, name: str) -> np.ndarray:
    """The shares of the last token, `(H, T)`."""
    names = {layer.name for layer in model.layers}
    turned = "_turned" if f"{name}_query_turned" in names else "_heads"
    inside = keras.Model(
        model.input, [model.get_layer(f"{name}_{part}{turned}").output for part in ("query", "key")]
    )
    query, key = (np.array(each[0]) for each in inside(np.array([TOKENS], "int32")))  # (T, H, D)
    scores = np.einsum("hd,thd->ht", query[-1], key) / np.sqrt(query.shape[-1])
    exponentials = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def test_every_layer_and_head_looks_as_its_queries_and_keys_say(model):
    assert looking(model) == ("block1_weights", "block2_weights")
    found = last_look(model, TOKENS)
    assert found.shape == (2, 3, len(TOKENS))
    np.testing.assert_allclose(found.sum(axis=-1), 1, atol=1e-5)
    for layer, name in zip(found, ("block1", "block2"), strict=True):
        np.testing.assert_allclose(layer, by_hand(model, name), atol=1e-5)


def test_a_text_of_one_token_looks_at_itself(model):
    np.testing.assert_allclose(last_look(model, [4]), np.ones((2, 3, 1)))


def test_what_can_not_be_looked_into_is_said(model):
    with pytest.raises(InspectionError, match="there must be a token"):
        last_look(model, [])
    dense = mlp.build(mlp.Config((4,), 2))
    with pytest.raises(InspectionError, match="must take tokens of any length"):
        last_look(dense, [1, 2])
