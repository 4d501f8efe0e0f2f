"""What every builder promises, for a small and telling set of settings of each architecture."""

import importlib.util
import json
import textwrap

import keras
import numpy as np
import pytest
import tensorflow as tf

from models import ARCHITECTURES, cnn, layers, mlp, sweep
from tests.conftest import ROOT, run_python

# name -> (config, exact number of parameters, output shape of a layer by name)
CASES = {
    "mlp": (mlp.Config((28, 28, 1), 10), 784 * 256 + 256 + 256 * 128 + 128 + 1290, {"dense2": (None, 128)}),
    "mlp_linear": (mlp.Config((4,), 3, widths=()), 15, {"logits": (None, 3)}),
    "mlp_all": (
        mlp.Config((6,), 2, (8, 8), "prelu", "batch", 0.2),
        (6 * 8 + 32 + 8) + (64 + 32 + 8) + 18,  # no bias before a batch normalization, 4 figures a unit in it
        {"dense1_act": (None, 8)},
    ),
    "cnn": (
        cnn.Config((28, 28, 1), 10),
        (288 + 128) + (18432 + 256) + 650,
        {"stage1_conv1": (None, 28, 28, 32), "stage2_conv1": (None, 14, 14, 64), "head": (None, 64)},
    ),
    "cnn_line": (
        cnn.Config((50, 2), 4, filters=(8, 8), kernel_size=5, stride=2, normalization="layer"),
        (2 * 5 * 8 + 8 + 16) + (8 * 5 * 8 + 8 + 16) + 36,
        {"stage1_conv1": (None, 25, 8), "stage2_conv1": (None, 6, 8)},
    ),
    "cnn_all": (  # four stacked frames of a game
        cnn.Config(
            (12, 12, 4), 3, (8, 16), (2, 1), padding="valid", residual=True, normalization="group",
            dropout=0.1, head="flatten", widths=(16,), activation="leaky_relu", pooling="average",
            initializer="orthogonal",
        ),
        (288 + 8 + 16) + (576 + 8 + 16) + (1152 + 16 + 32) + (16 * 16 + 16 + 32) + 51,
        {"stage1_conv2": (None, 8, 8, 8), "stage2_pool": (None, 1, 1, 16), "head": (None, 16)},
    ),
    "cnn_residual": (
        cnn.Config((8, 8, 3), 2, (4,), (3,), residual=True, normalization="none", head="max"),
        (108 + 4) + 2 * (144 + 4) + 10,
        {"stage1_conv2_add": (None, 8, 8, 4), "stage1_conv3_add": (None, 8, 8, 4)},
    ),
    "sweep": (  # two kinds of two members each
        sweep.Config((3,), 2, ("relu", "tanh"), (2,), (4,), members=2, bias_deviation=0.5),
        2 * 2 * ((3 * 4 + 4) + (4 * 4 + 4) + (4 * 2 + 2)),
        {"depth2_width4_dense1": (None, 4, 4), "depth2_width4_dense2": (4, None, 4), "outputs": (None, 4, 2)},
    ),
    "sweep_one": (
        sweep.Config((2, 2), 2, ("quadratic",), (1,), (3, 5), "lecun_uniform", members=3),
        3 * ((4 * 3 + 3) + (3 * 2 + 2) + (4 * 5 + 5) + (5 * 2 + 2)),
        {"depth1_width5_dense1_act": (3, None, 5)},
    ),
}  # fmt: skip


def build(name: str) -> keras.Model:
    keras.utils.set_random_seed(0)
    return ARCHITECTURES[name.split("_", maxsplit=1)[0]].build(CASES[name][0])


def batch_for(model: keras.Model, size: int = 16) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    inputs = generator.normal(size=(size, *model.input_shape[1:])).astype("float32")
    return inputs, generator.integers(0, model.output_shape[-1], size)


def test_every_architecture_has_its_checks():
    assert {name.split("_")[0] for name in CASES} == set(ARCHITECTURES)


@pytest.mark.parametrize("name", CASES)
def test_parameters_and_shapes(name):
    config, parameters, shapes = CASES[name]
    model = build(name)
    assert model.count_params() == parameters
    assert model.input_shape == (None, *config.input_shape)
    assert model.output_shape[-1] == config.outputs
    assert len(model.output_shape) == (3 if isinstance(config, sweep.Config) else 2)
    assert {layer: model.get_layer(layer).output.shape for layer in shapes} == shapes
    assert not model.compiled


@pytest.mark.parametrize("name", CASES)
def test_gradients_reach_every_weight(name):
    model = build(name)
    inputs, targets = batch_for(model)
    with tf.GradientTape() as tape:
        outputs = model(inputs, training=True)
        if len(outputs.shape) == 3:  # many nets side by side
            outputs = tf.reduce_sum(outputs, axis=1)
        loss = keras.losses.sparse_categorical_crossentropy(targets, outputs, from_logits=True)
    gradients = tape.gradient(loss, [variable.value for variable in model.trainable_variables])
    for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
        assert np.abs(gradient).max() > 0, variable.path


@pytest.mark.parametrize("name", CASES)
def test_one_batch_is_learned_by_heart(name):
    model = build(name)
    if name in ("mlp_linear", "sweep", "sweep_one"):
        pytest.skip("a linear model can't tell apart what no line separates; sweeps are shown to learn below")
    inputs, targets = batch_for(model, 8)
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.optimizer.learning_rate = 0.01
    model.fit(inputs, targets, epochs=100, verbose=0)
    assert (model.predict(inputs, verbose=0).argmax(-1) == targets).mean() == 1


def test_files_load_in_bare_keras(tmp_path):
    for name in CASES:
        model = build(name)
        inputs, _ = batch_for(model)
        model.save(tmp_path / f"{name}.keras")
        np.savez(tmp_path / f"{name}.npz", inputs=inputs, outputs=model(inputs, training=False))
    code = """
        import sys, pathlib, keras, numpy as np
        assert not any(name in sys.modules for name in ("models", "training"))
        for path in sorted(pathlib.Path(sys.argv[1]).glob("*.keras")):
            stored = np.load(path.with_suffix(".npz"))
            outputs = keras.models.load_model(path)(stored["inputs"], training=False)
            np.testing.assert_allclose(outputs, stored["outputs"], rtol=1e-5, atol=1e-6)
            print(path.stem)
        """
    printed = run_python(textwrap.dedent(code), tmp_path)
    assert printed.split() == sorted(CASES)


def test_each_net_of_a_sweep_is_the_dense_net_of_its_own_weights():
    model = build("sweep")
    inputs, _ = batch_for(model)
    outputs = model(inputs).numpy()
    layers_of = [
        model.get_layer(f"depth2_width4_{name}").get_weights() for name in ("dense1", "dense2", "outputs")
    ]
    assert sweep.kinds(CASES["sweep"][0]) == [
        {"depth": 2, "width": 4, "activation": "relu"},
        {"depth": 2, "width": 4, "activation": "tanh"},
    ]
    for number in range(4):
        bend = (lambda x: np.maximum(x, 0)) if number < 2 else np.tanh
        x = inputs
        for place, (kernel, bias) in enumerate(layers_of):
            x = x @ kernel[number] + bias[number]
            x = bend(x) if place < 2 else x
        np.testing.assert_allclose(outputs[:, number], x, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("initializer", "variance"), [("he_normal", 2 / 6), ("lecun_uniform", 1 / 6)])
def test_a_net_of_a_sweep_begins_as_one_alone(initializer, variance):
    keras.utils.set_random_seed(0)
    model = sweep.build(sweep.Config((6,), 1, ("relu",), (1,), (50,), initializer, 2.0, members=60))
    kernel, bias = model.get_layer("depth1_width50_dense1").get_weights()
    assert kernel.shape == (60, 6, 50)
    assert kernel.var() == pytest.approx(variance, rel=0.05)
    assert bias.std() == pytest.approx(2.0, rel=0.1)


@pytest.mark.skipif(not importlib.util.find_spec("jax"), reason="JAX is not installed: make test JAX=1")
def test_builders_run_on_jax():
    code = """
        import sys, json
        sys.path.insert(0, sys.argv[1])
        import keras, numpy as np
        from models import ARCHITECTURES
        for name, fields in json.loads(sys.argv[2]).items():
            module = ARCHITECTURES[name.split("_")[0]]
            fields = {k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()}
            model = module.build(module.Config(**fields))
            outputs = model(np.ones((2, *model.input_shape[1:]), "float32"))
            assert outputs.shape == (2, *model.output_shape[1:]) and "jax" in type(outputs).__module__
        print(keras.backend.backend())
        """
    fields = {name: vars(config) for name, (config, _, _) in CASES.items()}
    printed = run_python(
        textwrap.dedent(code), ROOT, json.dumps(fields), environment={"KERAS_BACKEND": "jax"}
    )
    assert printed.split() == ["jax"]


@pytest.mark.parametrize("activation", layers.ACTIVATIONS)
@pytest.mark.parametrize("shape", [(6,), (6, 2), (6, 6, 2)], ids=["dense", "line", "picture"])
def test_every_activation_builds(activation, shape):
    module = mlp if len(shape) == 1 else cnn
    model = module.build(module.Config(shape, 2, activation=activation))
    assert np.isfinite(model(np.ones((1, *shape), "float32"))).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: mlp.Config((), 2), r"input_shape must have at least one axis. Received: \(\)"),
        (lambda: mlp.Config((4,), 0), "outputs must be an integer of at least 1. Received: 0"),
        (lambda: mlp.Config((4,), 2, (8, 0)), "every entry of widths .* Received: 0"),
        (lambda: mlp.Config((4,), 2, dropout=1.0), "dropout must be at least 0 and below 1. Received: 1.0"),
        (
            lambda: mlp.Config((4,), 2, activation="rleu"),
            "activation must be one of relu, .* Received: 'rleu'",
        ),
        (
            lambda: mlp.Config((4,), 2, bias_deviation=-1.0),
            "bias_deviation must be at least 0. Received: -1.0",
        ),
        (
            lambda: sweep.Config((1,), 1, ("prelu",)),
            "every entry of activations must be one of .* Received: 'prelu'",
        ),
        (lambda: sweep.Config((1,), 1, widths=(2, 2)), "widths must name at least one, and none twice"),
        (
            lambda: sweep.Config((1,), 1, members=9999),
            "members must leave 20000 nets at the most in all. Received: 79992",
        ),
        (
            lambda: sweep.Config((1,), 1, ("quadratic",), depths=(4,)),
            "depths must be at most 3 with quadratic",
        ),
        (
            lambda: sweep.Config((1,), 1, widths=(2000,)),
            "some 20,000,000 weights at the most .* about 80,080,020",
        ),
        (lambda: sweep.Config((1,), 1, initializer="zeros"), "initializer must be one of he_normal"),
        (lambda: cnn.Config((4,), 2), r"input_shape must be \(length, channels\) or .* Received: \(4,\)"),
        (lambda: cnn.Config((8, 8, 1), 2, (4, 4), (1, 1, 1)), "convolutions must have one entry, or one for"),
        (
            lambda: cnn.Config((8, 8, 1), 2, (4,) * 5),
            "filters has 5 stages, but an input of .* after stage 4",
        ),
        (
            lambda: cnn.Config((8, 8, 1), 2, padding="full"),
            "padding must be one of same, valid. Received: 'full'",
        ),
        (lambda: cnn.Config((8, 8, 1), 2, kernel_size=9, padding="valid"), "no position left after stage 1"),
    ],
)
def test_settings_that_break_a_rule_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_half_precision_ends_in_float32():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = build("cnn")
    finally:
        keras.config.set_dtype_policy("float32")
    assert model.get_layer("stage1_conv1").compute_dtype == "bfloat16"
    assert model(np.ones((1, 28, 28, 1), "float32")).dtype == "float32"
