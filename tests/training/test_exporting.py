"""Exports run in their own runtime and give what the model gives, or there is no file."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from models import encoder, gpt, rnn, seq2seq, transformer
from tests.conftest import ROOT
from training import exporting
from training.exporting import FORMATS, SUFFIXES, ExportError, export_model, sample_inputs

layers = keras.layers


def tokens(length: int | None = None) -> keras.KerasTensor:
    return keras.Input((length,), dtype="int32", name="tokens")


def exact_gelu() -> keras.Model:
    x = keras.Input((4,))
    return keras.Model(x, layers.Activation(lambda x: keras.activations.gelu(x, approximate=False))(x))


def masked_attention() -> keras.Model:
    x = tokens()
    e = layers.Embedding(11, 8, mask_zero=True)(x)
    return keras.Model(x, layers.Dense(3)(layers.MultiHeadAttention(2, 4)(e, e, use_causal_mask=True)))


def masked_recurrence() -> keras.Model:
    x = tokens()
    e = layers.Embedding(11, 8, mask_zero=True)(x)
    return keras.Model(
        x, layers.Dense(2)(layers.Bidirectional(layers.GRU(4))(layers.LSTM(5, return_sequences=True)(e)))
    )


def constant_in_the_graph() -> keras.Model:
    x = keras.Input((4,))
    return keras.Model(
        x, keras.ops.multiply(layers.Dense(4)(x), keras.ops.convert_to_tensor([1.0, 2.0, 3.0, 4.0]))
    )


def outputs_alike() -> keras.Model:
    x, y = keras.Input((3,), name="x"), keras.Input((None, 3), name="y")
    z = layers.Dense(3, name="z")(x)
    return keras.Model([x, y], [z, y, z, layers.GlobalAveragePooling1D()(y)])


def of_a_dict() -> keras.Model:
    x = {"b": keras.Input((3,), name="b"), "a": keras.Input((2,), name="a")}
    return keras.Model(x, {"sum": layers.Dense(2)(x["b"]) + x["a"], "same": x["a"]})


def nested() -> keras.Model:
    inner = keras.Sequential([keras.Input((None, 8)), layers.LSTM(4)])
    x = tokens()
    return keras.Model(x, layers.Dense(2)(inner(layers.Embedding(11, 8, mask_zero=True)(x))))


def of_images() -> keras.Model:
    x = keras.Input((None, None, 3))
    y = layers.Conv2D(8, 3, padding="same")(x)
    y = layers.PReLU(shared_axes=[1, 2])(layers.GroupNormalization(2)(layers.BatchNormalization()(y)))
    y = layers.UpSampling2D()(layers.SeparableConv2D(4, 3, padding="same", activation="silu")(y))
    return keras.Model(x, layers.Dense(5, activation="softmax")(layers.GlobalMaxPooling2D()(y)))


def sequential() -> keras.Model:
    return keras.Sequential([keras.Input((None, 3)), layers.Masking(), layers.SimpleRNN(4), layers.Dense(1)])


MODELS = {
    "an exact GELU": exact_gelu,
    "masked attention": masked_attention,
    "masked recurrence": masked_recurrence,
    "a constant in the graph": constant_in_the_graph,
    "an output twice, and an input": outputs_alike,
    "a dict": of_a_dict,
    "a nested model": nested,
    "images of any size": of_images,
    "a Sequential model": sequential,
    "a fixed length": lambda: keras.Sequential([tokens(6), layers.Embedding(5, 3), layers.LSTM(2)]),
    "models.encoder": lambda: encoder.build(
        encoder.Config(input_shape=(None,), outputs=3, tokens=9, width=8, heads=2, depth=1, hidden=8)
    ),
    "models.gpt": lambda: gpt.build(
        gpt.Config(input_shape=(16,), tokens=9, width=8, heads=2, depth=1, hidden=8)
    ),
    "models.rnn": lambda: rnn.build(rnn.Config(input_shape=(None,), outputs=3, tokens=9, units=(4,))),
    "models.seq2seq": lambda: seq2seq.build(seq2seq.Config(tokens=9, outputs=7, embedding=4, units=4)),
    "models.transformer": lambda: transformer.build(
        transformer.Config(tokens=9, outputs=7, width=8, heads=2, depth=1, hidden=8)
    ),
}


def check(form: str) -> None:
    if form == "onnx":
        pytest.importorskip("onnxruntime")
        pytest.importorskip("tf2onnx")


LONG = ("models.encoder", "models.rnn", "models.seq2seq", "models.transformer", "images of any size")


@pytest.mark.filterwarnings(
    "ignore:Layer 'sequential.*with a mask:UserWarning"
)  # Keras' own; the mask arrives
@pytest.mark.parametrize("form", ["savedmodel", "onnx"])
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in LONG else name for name in MODELS]
)
def test_models_are_exported_with_their_free_axes(name, form, tmp_path):
    check(form)
    model = MODELS[name]()
    path = tmp_path / f"model{SUFFIXES[form]}"
    export_model(model, form, path)
    assert [found.name for found in tmp_path.iterdir()] == [path.name]
    for batch, length in ((1, 3), (5, 9)):
        sample = sample_inputs(model, batch, length)
        flat = keras.tree.flatten(sample)
        if form == "onnx":
            import onnxruntime

            session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
            names = [tensor.name for tensor in model.inputs]
            assert [given.name for given in session.get_inputs()] == names
            found = session.run(None, dict(zip(names, flat, strict=True)))
        else:
            served = tf.saved_model.load(str(path))
            found = keras.tree.flatten(served.serve(sample))
        for ours, theirs in zip(keras.tree.flatten(model(sample)), found, strict=True):
            np.testing.assert_allclose(theirs, ours, atol=1e-4)


@pytest.mark.parametrize("precision", ["mixed_float16", "mixed_bfloat16"])
def test_half_precision_is_exported_or_refused_in_a_line(precision, tmp_path):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        model = keras.Sequential(
            [keras.Input((4,)), layers.Dense(8, activation="gelu"), layers.Dense(2, dtype="float32")]
        )
    finally:
        keras.config.set_dtype_policy(before)
    export_model(model, "savedmodel", tmp_path / "saved")
    check("onnx")
    if precision == "mixed_float16":
        export_model(model, "onnx", tmp_path / "model.onnx")
        return
    with pytest.raises(ExportError, match="can't be exported to onnx: .*bfloat16") as told:
        export_model(
            model, "onnx", tmp_path / "model.onnx"
        )  # ONNX Runtime multiplies no such matrices on a CPU
    assert "\n" not in str(told.value)
    assert [path.name for path in tmp_path.iterdir()] == ["saved"]


class Unconverted(layers.Layer):
    def call(self, x):
        return tf.math.erfinv(x / 2)  # ONNX has no such operation


def test_an_operation_that_a_format_lacks_is_one_line_and_leaves_no_file(tmp_path, capfd):
    check("onnx")
    x = keras.Input((4,))
    with pytest.raises(ExportError, match="can't be exported to onnx: .*Erfinv") as told:
        export_model(keras.Model(x, Unconverted()(x), name="odd"), "onnx", tmp_path / "model.onnx")
    assert "\n" not in str(told.value)
    assert not list(tmp_path.iterdir())
    assert "Erfinv" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda found: [found[0] + 0.01], "outputs differ from the model's by 0.01"),
        (lambda found: [found[0] * np.nan], "outputs differ from the model's by nan"),
        (lambda found: [found[0][:1]], r"outputs of shapes \[\(1, 2\)\], the model \[\(2, 2\)\]"),
        (lambda found: found * 2, "outputs of shapes"),
    ],
)
def test_a_file_that_gives_something_else_is_not_kept(form, change, message, tmp_path, monkeypatch):
    check(form)
    opened = exporting._READERS[form]

    def reader(path):
        run = opened(path)
        return lambda inputs: change(run(inputs))

    monkeypatch.setitem(exporting._READERS, form, reader)
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    with pytest.raises(ExportError, match=message):
        export_model(model, form, tmp_path / "model")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("form", FORMATS)
def test_an_older_export_is_replaced_and_nothing_else_is(form, tmp_path):
    check(form)
    path = tmp_path / f"model{SUFFIXES[form]}"
    for units in (2, 5):
        export_model(keras.Sequential([keras.Input((3,)), layers.Dense(units)]), form, path)
    assert exporting._READERS[form](path)(np.ones((1, 3), "float32"))[0].shape == (1, 5)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("kept")
    with pytest.raises(ExportError, match="is a folder.* --out"):
        export_model(keras.Sequential([keras.Input((3,)), layers.Dense(2)]), form, tmp_path / "mine")
    assert (tmp_path / "mine" / "letter.txt").read_text() == "kept"


def test_missing_packages_are_named_with_the_command_that_installs_them(tmp_path, monkeypatch, capsys):
    from training.__main__ import main

    monkeypatch.setitem(exporting._WRITERS, "onnx", lambda *_: __import__("no_such_package"))
    assert main(["export", "points_mlp", "--format", "onnx", "--out", str(tmp_path / "x.onnx")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("make install ONNX=1")
    assert not list(tmp_path.iterdir())
    rule = (ROOT / "Makefile").read_text()
    assert "$(if $(ONNX),onnx tf2onnx onnxruntime)" in rule


@pytest.mark.parametrize("form", FORMATS)
def test_the_command_writes_a_file_that_was_compared(form, tmp_path, capsys):
    from training.__main__ import main

    check(form)
    path = tmp_path / f"model{SUFFIXES[form]}"
    assert main(["export", "points_mlp", "--format", form, "--out", str(path)]) == 0
    assert str(path) in capsys.readouterr().out
    assert path.exists()


GALLERY = sorted(path.parent.name for path in (ROOT / "gallery").glob("*/status.json"))


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", GALLERY)
def test_every_model_of_the_gallery_is_exported(name, form, tmp_path):
    from training.__main__ import main

    check(form)
    assert main(["export", name, "--format", form, "--out", str(tmp_path / f"model{SUFFIXES[form]}")]) == 0
