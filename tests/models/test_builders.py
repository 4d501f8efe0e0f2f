"""What every builder promises, for a small and telling set of settings of each architecture."""

import importlib.util
import json
import textwrap
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from models import (
    ARCHITECTURES,
    cnn,
    encoder,
    gan,
    gpt,
    layers,
    mlp,
    policy,
    rnn,
    seq2seq,
    sweep,
    transformer,
)
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
    "rnn": (  # an LSTM has four kernels, of the input and of the state, and four biases
        rnn.Config((7, 3), 2, units=(5,)),
        4 * (3 * 5 + 5 * 5 + 5) + 12,
        {"logits": (None, 2)},
    ),
    "rnn_both": (  # each direction has half of the units; a GRU of Keras has two biases a gate
        rnn.Config((None, 3), 2, cell="gru", units=(4, 6), bidirectional=True, dropout=0.1, memory=20),
        2 * 3 * (3 * 2 + 2 * 2 + 2 * 2) + 2 * 3 * (4 * 3 + 3 * 3 + 2 * 3) + 14,
        {"mask": (None, None, 3), "rnn1_forward": (None, None, 2), "rnn1_backward": (None, None, 2),
         "rnn1": (None, None, 4), "rnn2_h": (None, 6)},
    ),
    "rnn_tokens": (
        rnn.Config((None,), 4, tokens=9, cell="simple", units=(5, 5), returns="every", embedding=3),
        27 + (3 * 5 + 25 + 5) + (25 + 25 + 5) + 24,
        {"embedding": (None, None, 3), "logits": (None, None, 4)},
    ),
    "rnn_states": (
        rnn.Config((None, 3), 2, units=(4, 5), returns="states"),
        4 * (3 * 4 + 16 + 4) + 4 * (4 * 5 + 25 + 5) + 12,
        {"logits": (None, None, 2)},
    ),
    "seq2seq": (
        seq2seq.Config(11, 9, embedding=8, units=6, dropout=0.1),
        (11 * 8 + 9 * 8) + 2 * 4 * (8 * 3 + 9 + 3) + 4 * (8 * 6 + 36 + 6) + 36 + (12 * 8 + 8),
        {"encoder1": (None, None, 6), "attention_key": (None, None, 6), "readout": (None, None, 8)},
    ),
    "seq2seq_additive": (
        seq2seq.Config(11, 9, "gru", 4, 6, 2, False, "additive", False, 0.0),
        (11 * 4 + 9 * 4) + 3 * (4 * 6 + 36 + 12) + 3 * (36 + 36 + 12)  # embeddings, encoder
        + 3 * (4 * 6 + 36 + 12) + 3 * (72 + 36 + 12) + (36 + 42 + 6) + (12 * 4 + 4) + 45,
        {"decoder1_context": (None, None, 12), "attention_query": (None, None, 6)},
    ),
    "seq2seq_folded": (
        seq2seq.Config(11, 9, "simple", 8, 6, attention="none"),
        (11 * 8 + 9 * 8) + 2 * (8 * 3 + 9 + 3) + (8 * 6 + 36 + 6) + (6 * 8 + 8),
        {"encoder1_h": (None, 6)},
    ),
    "encoder": (  # a block: four projections, two dense layers, two normalizations
        encoder.Config((None,), 3, tokens=9, width=8, depth=2, heads=2, hidden=12, dropout=0.1),
        9 * 8 + 2 * (4 * 72 + (8 * 12 + 12) + (12 * 8 + 8) + 2 * 16) + 16 + 27,
        {"block1_weights": (None, 2, None, None), "block2_key_heads": (None, None, 2, 4), "mean": (None, 8)},
    ),
    "encoder_features": (
        encoder.Config(
            (None, 3), 4, width=8, depth=1, heads=4, hidden=6, returns="every", causal=True,
            normalization="post", positions="learned", context=10,
        ),
        (3 * 8 + 8) + 10 * 8 + (4 * 72 + 54 + 56 + 32) + 36,
        {"project": (None, None, 8), "block1_context": (None, None, 8)},
    ),
    "transformer": (  # a block of the decoder has eight projections and three normalizations
        transformer.Config(11, 9, width=8, depth=1, heads=2, hidden=12, dropout=0.1),
        (11 + 9) * 8 + (4 * 72 + 212 + 32) + 16 + (8 * 72 + 212 + 48) + 16,
        {"decoder1_weights": (None, 2, None, None), "decoder1_cross_weights": (None, 2, None, None)},
    ),
    "transformer_post": (
        transformer.Config(
            11, 9, 8, 2, 2, 12, normalization="post", positions="rotary", tied=False, dropout=0.0
        ),
        (11 + 9) * 8 + 2 * (4 * 72 + 212 + 32) + 2 * (8 * 72 + 212 + 48) + 81,
        {"encoder2_key_turned": (None, None, 2, 4)},
    ),
    "gpt": (
        gpt.Config((6,), 9, width=8, depth=2, heads=2, hidden=12),
        (9 + 6) * 8 + 2 * (4 * 72 + 212 + 32) + 16,
        {"block1_hidden_act": (None, None, 12), "block2_weights": (None, 2, None, None)},
    ),
    "gpt_rotary": (
        gpt.Config((7,), 9, width=8, depth=1, heads=2, hidden=12, positions="rotary", tied=False, dropout=0.1),
        9 * 8 + (4 * 72 + 212 + 32) + 16 + 81,
        {"block1_query_turned": (None, None, 2, 4)},
    ),
    "gan": (  # a kernel of 4x4 from the noise's grid to the picture, and one from the picture
        gan.Config((4, 6, 1), latent=5, filters=(3,)),
        (5 * 2 * 3 * 3 + 4 * 3) + (16 * 3 + 1) + (16 * 3 + 3) + (2 * 3 * 3 + 1),
        {"generator": (None, 4, 6, 1), "discriminator": (None, 1)},
    ),
    "gan_conditional": (  # two stages, the second of which has its own normalization
        gan.Config((8, 8, 3), 9, 5, (6, 2), 2, True, "layer", 0.1),
        (9 * 5 + (10 * 24 + 24) + 12 + (4 * 6 * 2 + 2) + 4 + (4 * 2 * 3 + 3))
        + ((4 * 3 * 2 + 2) + (4 * 2 * 6 + 6) + 9 * 24 + 25),
        {"generator": (None, 8, 8, 3)},
    ),
    "gan_points": (  # the discriminator's layers are the generator's, the other way round
        gan.Config((2,), latent=5, filters=(4, 3), normalization="none"),
        ((5 * 4 + 4) + (4 * 3 + 3) + (3 * 2 + 2)) + ((2 * 3 + 3) + (3 * 4 + 4) + 5),
        {"generator": (None, 2), "discriminator": (None, 1)},
    ),
    "gan_points_conditional": (
        gan.Config((3,), 9, 5, (4,), conditional=True, dropout=0.1),
        (9 * 5 + 10 * 4 + 4 * 4 + (4 * 3 + 3)) + ((3 * 4 + 4) + 9 * 4 + 5),
        {"generator": (None, 3)},
    ),
    "policy": (  # an actor and a critic of their own
        policy.Config((4,), 2, widths=(8, 6)),
        2 * (4 * 8 + 8 + 8 * 6 + 6) + (6 * 2 + 2) + (6 + 1),
        {"dense2_act": (None, 6), "value_dense2_act": (None, 6), "value": (None, 1)},
    ),
    "policy_cnn": (  # one torso for both
        policy.Config((10, 10, 4), 6, "cnn", (12,), (5,), activation="relu", shared=True),
        (9 * 4 * 5 + 5) + (8 * 8 * 5 * 12 + 12) + (12 * 6 + 6) + (12 + 1),
        {"stage1_conv1": (None, 8, 8, 5), "logits": (None, 6)},
    ),
    "policy_lstm": (
        policy.Config((2, 3), 4, "rnn", (5,), units=(3,)),
        2 * ((6 * 5 + 5) + 4 * (5 * 3 + 9 + 3)) + (3 * 4 + 4) + (3 + 1),
        {"moment": (None, 1, 5), "remembered": (None, 3)},
    ),
    "policy_gru": (
        policy.Config((4,), 2, "rnn", (), cell="gru", units=(3, 2), memory=9, shared=True),
        3 * (4 * 3 + 9 + 6) + 3 * (3 * 2 + 4 + 4) + (2 * 2 + 2) + (2 + 1),
        {"remembered": (None, 2)},
    ),
    "policy_encoder": (  # a block: four projections, two dense layers, two normalizations
        policy.Config((3,), 2, "encoder", (6,), window=5, width=8, attention_heads=2),
        2 * ((3 * 8 + 8) + 5 * 8 + (4 * 72 + (8 * 32 + 32) + (32 * 8 + 8) + 2 * 16) + 16 + (8 * 6 + 6)) + (6 * 2 + 2) + (6 + 1),
        {"seen": (None, 5, 3), "block1_weights": (None, 2, 1, 5), "dense1": (None, 6)},
    ),
}  # fmt: skip


ATTENTIVE = ("encoder", "transformer", "gpt")


def build(name: str) -> keras.Model:
    keras.utils.set_random_seed(0)
    return ARCHITECTURES[name.split("_", maxsplit=1)[0]].build(CASES[name][0])


def batch_for(model: keras.Model, size: int = 16) -> tuple[Any, np.ndarray]:
    """Inputs of the model's own kinds, all different, and targets: one an example, or one a step."""
    generator = np.random.default_rng(0)

    def values(tensor: keras.KerasTensor) -> np.ndarray:
        shape = (size, *(n or 6 for n in tensor.shape[1:]))
        if tensor.dtype == "int32" and model.name not in ATTENTIVE:
            return generator.integers(1, 9, shape).astype("int32")
        if tensor.dtype == "int32":
            # No token twice: turned positions can't tell the first of two like ones from the second.
            rows = np.tile(np.arange(1, 9, dtype="int32"), (size, 1))
            return generator.permuted(rows, axis=1)[:, : shape[1]]
        return generator.normal(size=shape).astype("float32")

    inputs = keras.tree.map_structure(values, model.input)
    logits = logits_of(model.output).shape
    steps = (6,) if answers_each_step(model) else ()
    return inputs, generator.integers(0, logits[-1], (size, *steps))


def logits_of(outputs: Any) -> Any:
    """Where a model gives its states, too, they come last."""
    return outputs[0] if isinstance(outputs, list | tuple) else outputs


def answers_each_step(model: keras.Model) -> bool:
    return model.name != "sweep" and len(logits_of(model.output).shape) == 3


def answers(config: Any) -> int:
    """How many numbers a model gives for each answer."""
    if isinstance(config, gan.Config):
        return 1  # whether a picture is taken for real
    return config.tokens if isinstance(config, gpt.Config) else config.outputs


def test_every_architecture_has_its_checks():
    assert {name.split("_")[0] for name in CASES} == set(ARCHITECTURES)


@pytest.mark.parametrize("name", CASES)
def test_parameters_and_shapes(name):
    config, parameters, shapes = CASES[name]
    model = build(name)
    assert model.count_params() == parameters
    inputs = keras.tree.flatten(model.input)
    if isinstance(config, gan.Config):
        assert [tensor.shape for tensor in inputs] == [(None, 5), (None,)][: len(inputs)]
    elif isinstance(config, seq2seq.Config | transformer.Config):
        assert [tensor.shape for tensor in inputs] == [(None, None), (None, None)]
    elif isinstance(config, gpt.Config):
        assert inputs[0].shape == (None, None)
    else:
        assert inputs[0].shape == (None, *config.input_shape)
    logits = logits_of(model.output).shape
    assert logits[-1] == answers(config)
    assert len(logits) == (3 if isinstance(config, sweep.Config) or answers_each_step(model) else 2)
    assert {layer: model.get_layer(layer).output.shape for layer in shapes} == shapes
    assert not model.compiled


@pytest.mark.parametrize("name", CASES)
def test_gradients_reach_every_weight(name):
    model = build(name)
    inputs, targets = batch_for(model)
    with tf.GradientTape() as tape:
        everything = model(inputs, training=True)
        outputs = logits_of(everything)
        if model.name == "sweep":  # many nets side by side
            outputs = tf.reduce_sum(outputs, axis=1)
        if model.name == "gan":  # one logit has no other to be told from
            loss = tf.nn.softplus(outputs)
        else:
            loss = keras.losses.sparse_categorical_crossentropy(targets, outputs, from_logits=True)
        if model.name == "policy":
            loss += tf.square(everything[1][:, 0] - 1)
    gradients = tape.gradient(loss, [variable.value for variable in model.trainable_variables])
    for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
        assert np.abs(tf.convert_to_tensor(gradient)).max() > 0, variable.path


@pytest.mark.parametrize(
    "name",  # of each architecture the first; those that come after it take minutes together
    [name if name.count("_") == 0 else pytest.param(name, marks=pytest.mark.slow) for name in CASES],
)
def test_one_batch_is_learned_by_heart(name):
    model = build(name)
    if name in ("mlp_linear", "sweep", "sweep_one"):
        pytest.skip("a linear model can't tell apart what no line separates; sweeps are shown to learn below")
    if model.name == "gan":
        pytest.skip("two players learn against each other: tests/training/test_adversarial.py")
    # A step is a target, too: of sequences two examples have more of them than the others' eight.
    inputs, targets = batch_for(model, 2 if answers_each_step(model) else 8)
    if isinstance(model.output, list):
        model = keras.Model(model.input, model.output[0])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, jit_compile=False)  # XLA would take longer to compile than all steps
    model.optimizer.learning_rate = 0.05 if model.name in ("rnn", "seq2seq") else 0.01
    steps = 300 if model.name in ATTENTIVE else 200
    # One epoch of one batch over and over: the beginning and end of an epoch take longer than a step.
    again = keras.tree.map_structure(lambda array: np.concatenate([array] * steps), (inputs, targets))
    model.fit(*again, batch_size=len(targets), shuffle=False, verbose=0)
    assert (np.argmax(model(inputs, training=False), -1) == targets).all()


def test_files_load_in_bare_keras(tmp_path):
    for name in CASES:
        model = build(name)
        inputs, _ = batch_for(model)
        model.save(tmp_path / f"{name}.keras")
        given = {f"input{place}": array for place, array in enumerate(keras.tree.flatten(inputs))}
        outputs = logits_of(model(inputs, training=False))
        np.savez(tmp_path / f"{name}.npz", **given, outputs=outputs)
    code = """
        import sys, pathlib, keras, numpy as np
        assert not any(name in sys.modules for name in ("models", "training"))
        for path in sorted(pathlib.Path(sys.argv[1]).glob("*.keras")):
            stored = np.load(path.with_suffix(".npz"))
            inputs = [stored[name] for name in sorted(stored.files) if name.startswith("input")]
            outputs = keras.models.load_model(path)(inputs if len(inputs) > 1 else inputs[0], training=False)
            outputs = outputs[0] if isinstance(outputs, list) else outputs
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
            ones = lambda tensor: np.ones((2, *(n or 6 for n in tensor.shape[1:])), tensor.dtype)
            outputs = model(keras.tree.map_structure(ones, model.input))
            outputs = outputs[0] if isinstance(outputs, list) else outputs
            assert outputs.shape[-1] == json.loads(sys.argv[3])[name] and "jax" in type(outputs).__module__
        print(keras.backend.backend())
        """
    fields = {name: vars(config) for name, (config, _, _) in CASES.items()}
    wanted = {name: answers(config) for name, (config, _, _) in CASES.items()}
    printed = run_python(
        textwrap.dedent(code),
        ROOT,
        json.dumps(fields),
        json.dumps(wanted),
        environment={"KERAS_BACKEND": "jax"},
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
        (lambda: rnn.Config((4,), 2), r"input_shape must have 2 axes \(T, C\). Received: \(4,\)"),
        (lambda: rnn.Config((4, 1), 2, cell="lstn"), "cell must be one of simple, gru, lstm"),
        (lambda: rnn.Config((4, 1), 2, units=()), "units must have at least one entry"),
        (lambda: rnn.Config((4, 1), 2, units=(3,), bidirectional=True), "units must be even where"),
        (lambda: rnn.Config((4, 1), 2, bidirectional=True, returns="states"), 'returns must not be "states"'),
        (lambda: seq2seq.Config(9, 9, units=5), "units must be even where the encoder is bidirectional"),
        (lambda: seq2seq.Config(9, 9, attention="dot"), "attention must be one of none, additive, mult"),
        (lambda: seq2seq.Config(0, 9), "tokens must be an integer of at least 1. Received: 0"),
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
        (
            lambda: gan.Config((30, 28, 1)),
            r"multiples of 4, since 2 stages double them. Received: \(30, 28, 1\). Take another size",
        ),
        (lambda: gan.Config((28, 28)), r"input_shape must be \(height, width, channels\)"),
        (
            lambda: gan.Config((8, 8, 1), conditional=True),
            "conditional needs at least two classes. Received: 0",
        ),
        (
            lambda: policy.Config((4,), 2, "lsmt"),
            "torso must be one of mlp, cnn, rnn, encoder. Received: 'lsmt'",
        ),
        (
            lambda: policy.Config((4,), 2, "rnn", heads="q"),
            'heads must be "actor_critic" for a torso that rem',
        ),
        (lambda: policy.Config((4,), 2, "rnn", units=()), "units must have at least one entry"),
        (lambda: policy.Config((4,), 2, "rnn", memory=-1), "memory must be at least 0. Received: -1"),
        (lambda: policy.Config((4,), 2, "encoder", window=1), "window must be at least 2. Received: 1"),
        (lambda: policy.Config((4,), 2, "cnn"), r"input_shape must be \(length, channels\) or"),
        (lambda: policy.Config((4,), 2, widths=(0,)), "every entry of widths .* Received: 0"),
        (lambda: gan.Config((8, 8, 1), filters=()), "filters must name at least one stage"),
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
