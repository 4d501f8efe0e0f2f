"""The page Activations: the functions, the units of a net over its test set, and a net without a bend."""

import numpy as np

from tests.apps.conftest import component, texts
from training import trainer
from training.saving import save_model


def add_net(shelves, name: str, **changes):
    return shelves.add(name, recipe="digits_mlp", **changes)


def metrics(tested) -> dict[str, str]:
    """The first layer's figures by their label."""
    return {metric.label: metric.value for metric in tested.metric[:4]}


def test_the_units_of_a_net_are_told(shelves, page):
    run = add_net(shelves, "bends")
    model = trainer.load_model(run)
    kernel, bias = model.get_layer("dense1").get_weights()
    bias[:3] = -1000.0
    model.get_layer("dense1").set_weights([kernel, bias])
    save_model(model, run.model_path)
    tested = page("activations")
    found = metrics(tested)
    assert found["dead units"] == "3"
    assert int(found["silent here"].rstrip("%")) >= 25  # of 12 units
    assert r"dense1\_act** · 12 units" in texts(tested)
    assert "This net bends" in texts(tested)
    before = component(tested, "answer")["seen"]["pixels"]
    tested.number_input(key="example").set_value(2).run()
    assert component(tested, "answer")["seen"]["pixels"] != before


def test_a_net_without_a_bend_is_one_map(shelves, page):
    add_net(shelves, "straight", **{"model.activation": "linear"})
    tested = page("activations", model="runs/straight")
    assert "one affine map" in texts(tested)
    assert component(tested, "collapsed")["layers"][0]["count"] == 10
    (table,) = tested.dataframe
    assert np.asarray(table.value).shape == (64, 10)


def test_functions_are_compared(shelves, page):
    add_net(shelves, "bends")
    tested = page("activations")
    tested.pills(key="functions").set_value(["quadratic", "tanh"]).run()
    assert "x², a polynomial" in texts(tested)
    tested.pills(key="functions").set_value([]).run()
    assert "Choose a function" in texts(tested)


def test_a_net_that_has_no_model_yet_waits_and_the_functions_are_there(shelves, page):
    add_net(shelves, "young", model=False)
    said = texts(page("activations"))
    assert "no model yet" in said
    assert "Training multiplies by the derivative" in said


def test_nets_of_words_and_of_noise_have_their_own_pages(shelves, page):
    add_net(shelves, "classes")
    shelves.add("words", recipe="pronouns_encoder")  # which are as many as a sentence has
    shelves.add("noise", recipe="digits_gan")
    assert page("activations").selectbox(key="model").options == ["classes  ·  your run"]
