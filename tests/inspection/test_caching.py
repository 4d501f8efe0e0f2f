"""What is derived from a model lives as long as the model."""

import gc
import weakref

import keras
import numpy as np
import pytest

from inspection import activations, attribution, caching, graph, heads, receptive, recurrence

L = keras.layers


def memory():
    model = keras.Sequential([keras.Input((5, 2)), L.LSTM(3, return_sequences=True), L.Dense(2)])
    inputs = np.zeros((1, 5, 2), "float32")
    return model, lambda: (recurrence.record(model, inputs), recurrence.flow(model, inputs))


def attention():
    x = keras.Input((5, 4))
    model = keras.Model(x, L.MultiHeadAttention(2, 2)(x, x))
    return model, lambda: heads.look(model, np.zeros((1, 5, 4), "float32"))


def convolution():
    model = keras.Sequential([keras.Input((6, 6, 1)), L.Conv2D(2, 3), L.Flatten(), L.Dense(2)])
    images = np.zeros((1, 6, 6, 1), "float32")

    def look():
        activations.activations(model, images)
        attribution.saliency(model, images, 0)
        graph.shapes(model)
        name = next(iter(graph.layers(model)))
        receptive.field(model, name, (0, 0))

    return model, look


@pytest.mark.parametrize("make", [memory, attention, convolution])
def test_nothing_holds_a_model_that_is_let_go(make):
    model, look = make()
    look()
    known = weakref.ref(model)
    del model, look
    gc.collect()
    assert known() is None


def test_results_are_computed_once_for_a_model_and_its_arguments():
    calls = []

    @caching.kept_with_model
    def derive(model, *args, **kwargs):
        calls.append((model.name, args, kwargs))
        return object()

    one, other = (keras.Sequential([keras.Input((2,)), L.Dense(1)], name=name) for name in ("one", "other"))
    first = derive(one, 1, size=2)
    assert derive(one, 1, size=2) is first
    assert derive(one, 2) is not first
    assert derive(other, 1, size=2) is not first
    assert len(calls) == 3
    caching.forget(one)
    assert derive(one, 1, size=2) is not first


def test_results_of_one_function_are_bounded(monkeypatch):
    monkeypatch.setattr(caching, "MOST", 3)
    derive = caching.kept_with_model(lambda model, number: object())
    model = keras.Sequential([keras.Input((2,)), L.Dense(1)])
    kept = [derive(model, number) for number in range(5)]
    assert derive(model, 4) is kept[4]
    assert derive(model, 0) is not kept[0]


def test_a_model_that_was_looked_into_is_saved_and_copied_as_before(tmp_path):
    model, look = convolution()
    look()
    model.save(tmp_path / "model.keras")
    found = keras.models.load_model(tmp_path / "model.keras")
    copied = keras.models.clone_model(model)
    assert found.count_params() == copied.count_params() == model.count_params()
    model.export(tmp_path / "saved", verbose=False)
