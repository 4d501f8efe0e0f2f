"""Models from outside: honest ones load as they were saved, hostile ones are refused before anything is built."""

import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from inspection import quarantine
from inspection.quarantine import archive, child, config, limits, process, weigh
from inspection.quarantine.limits import QuarantineError
from tests.conftest import ROOT
from tests.inspection.honest_models import MODELS, chain, compiled

L = keras.layers
RANDOM = ("augmentation", "augmentation_more")  # Keras draws there even when it predicts


def graph(model):
    return getattr(model, "_functional", None) or model


def inputs_of(model):
    random = np.random.default_rng(0)

    def draw(tensor):
        rank = len(tensor.shape)
        shape = [
            size or (2 if axis == 0 else 16 if rank == 4 else 4) for axis, size in enumerate(tensor.shape)
        ]
        return (
            random.integers(0, 5, shape).astype(tensor.dtype)
            if "int" in tensor.dtype
            else random.random(shape)
        )

    return keras.tree.map_structure(draw, graph(model).input)


def saved(model, folder: Path) -> Path:
    path = folder / "model.keras"
    model.save(path)
    return path


def members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return {name: packed.read(name) for name in packed.namelist()}


def packed(parts: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive_file:
        for name, part in parts.items():
            archive_file.writestr(name, part)
    return file.getvalue()


@pytest.fixture(scope="module")
def plain(tmp_path_factory) -> bytes:
    model = chain((5, 2), L.LSTM(3, name="rnn"), L.Dropout(0.5, name="drop"), L.Dense(1, name="out"))
    return saved(model, tmp_path_factory.mktemp("plain")).read_bytes()


def changed(content: bytes, change) -> bytes:
    """The settings of a file, changed by `change(layers by name, config)`."""
    found = json.loads(members(content)["config.json"])
    change({each["config"]["name"]: each for each in found["config"]["layers"]}, found)
    return json.dumps(found).encode()


def functional(*layers, ends=("out",)) -> bytes:
    given = {
        "module": "keras.layers", "class_name": "InputLayer", "registered_name": None, "name": "in",
        "config": {"batch_shape": [None, 4], "dtype": "float32", "name": "in"}, "inbound_nodes": [],
    }  # fmt: skip
    settings = {
        "name": "m", "layers": [given, *layers], "input_layers": ["in", 0, 0],
        "output_layers": [[end, 0, 0] for end in ends],
    }  # fmt: skip
    return json.dumps(
        {"module": "keras.src.models.functional", "class_name": "Functional", "registered_name": "Functional", "config": settings}
    ).encode()  # fmt: skip


def dense(name, before, module="keras.layers", kind="Dense", **settings):
    tensor = {
        "class_name": "__keras_tensor__",
        "config": {"shape": [None, 4], "dtype": "float32", "keras_history": [before, 0, 0]},
    }
    return {
        "module": module, "class_name": kind, "registered_name": None, "name": name,
        "config": {"name": name, **({"units": 4} if kind == "Dense" else {}), **settings}, "inbound_nodes": [{"args": [tensor], "kwargs": {}}],
    }  # fmt: skip


# Honest files


@pytest.mark.filterwarnings(
    "ignore::UserWarning"
)  # Keras' own, while it makes, quantizes or runs a few of them
@pytest.mark.parametrize("name", MODELS)
def test_an_honest_model_loads_as_keras_loads_it(name, tmp_path):
    path = saved(MODELS[name](), tmp_path)
    expected, found = keras.models.load_model(path, compile=False), quarantine.load_kept(path)
    assert_same(expected, found, name)


def assert_same(expected, found, name):
    assert [each.name for each in found.layers] == [each.name for each in expected.layers]
    for one, other in zip(expected.variables, found.variables, strict=True):
        assert (one.shape, one.dtype) == (other.shape, other.dtype)
        if "seed_generator" not in one.path:
            np.testing.assert_array_equal(one.numpy(), other.numpy())
    if name not in RANDOM and len(expected.layers) < 100:  # else a minute
        inputs = inputs_of(expected)
        for one, other in zip(
            *(keras.tree.flatten(model(inputs)) for model in (expected, found)), strict=True
        ):
            np.testing.assert_allclose(
                np.asarray(one, "float64"), np.asarray(other, "float64"), rtol=1e-5, atol=1e-6
            )


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_child_reads_what_keras_reads(tmp_path):
    """All kinds in one process of the child's backend, since each start takes a second."""
    for name, make in MODELS.items():
        (tmp_path / name).mkdir()
        path = saved(make(), tmp_path / name)
        clean = config.clean(archive.unpack(path, tmp_path / name / child.WEIGHTS))
        (tmp_path / name / child.CONFIG).write_text(json.dumps(clean))
    program = (
        f"import sys, json, pathlib; sys.path.insert(0, {str(ROOT)!r}); from inspection.quarantine import child; "
        "child.import_keras(); assert 'sklearn.base' not in sys.modules; "
        "[(p / child.RESULT).write_text(json.dumps(child.read(p))) for p in pathlib.Path(sys.argv[1]).iterdir()]"
    )
    environment = {**os.environ, "KERAS_BACKEND": "numpy"}
    subprocess.run(
        [sys.executable, "-I", "-c", program, str(tmp_path)], env=environment, check=True, timeout=300
    )
    for name in MODELS:
        folder = tmp_path / name
        clean = process.CleanModel(json.loads((folder / child.CONFIG).read_text()), process._take(folder))
        assert_same(
            keras.models.load_model(folder / "model.keras", compile=False), quarantine.build(clean), name
        )


@pytest.mark.parametrize("stateful", [False, True])
def test_a_compiled_recurrent_model_loads_by_the_child(stateful, tmp_path):
    batch = 2 if stateful else None
    model = compiled(
        chain((10, 1), L.LSTM(4, stateful=stateful), L.Dropout(0.2), L.Dense(1), batch_size=batch)
    )
    found = quarantine.load(saved(model, tmp_path).read_bytes())
    model.layers[0].reset_state()
    inputs = np.random.default_rng(0).random((2, 10, 1)).astype("float32")
    np.testing.assert_allclose(found(inputs), model(inputs), rtol=1e-6)


# Settings


LAMBDA = {"class_name": "__lambda__", "config": {"value": ["bytecode", None, None]}}


def function(name, module="keras.activations", registered=None):
    return {"module": module, "class_name": "function", "config": name, "registered_name": registered or name}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda at, _: at["drop"].update(class_name="Lambda", config={"name": "drop", "function": LAMBDA}), "keras.layers.Lambda"),
        (lambda at, _: at["drop"].update(module="os", class_name="system"), "os.system"),
        (lambda at, _: at["drop"].update(module="keras.src.utils.file_utils.os", class_name="system"), "system"),
        (lambda at, _: at["drop"].update(class_name="TorchModuleWrapper"), "TorchModuleWrapper"),
        (lambda at, _: at["drop"].update(class_name="TFSMLayer"), "TFSMLayer"),
        (lambda at, _: at["drop"].update(class_name="StringLookup", config={"vocabulary": "/etc/passwd"}), "StringLookup"),
        (lambda at, _: at["drop"].update(registered_name="mine>Dropout"), "mine>Dropout"),
        (lambda at, _: at["drop"].pop("module"), "Keras 3"),
        (lambda at, _: at["out"]["config"].update(activation=LAMBDA), "__lambda__"),
        (lambda at, _: at["out"]["config"].update(activation=function("eval", "builtins")), "builtins.eval"),
        (lambda at, _: at["out"]["config"].update(activation=function("get_file", "keras.utils")), "keras.utils"),
        (lambda at, _: at["out"]["config"].update(activation=function("relu", registered="get_file")), "relu"),
        (lambda at, _: at["out"]["config"].update(activation="os.system"), "os.system"),
        (lambda at, _: at["out"]["config"].update(activation=function("get", "keras.activations")), "get"),
        (lambda at, _: at["out"]["config"].update(units=function("ones", "keras.ops")), "ones|function"),
        (lambda at, _: at["out"]["config"].update(bias_regularizer=function("set_floatx", "keras.config")), "set_floatx"),
        (lambda at, _: at["out"]["config"].update(kernel_constraint="eval"), "eval"),
        (lambda at, _: at["rnn"]["config"].update(kernel_initializer=function("set_backend", "keras.config")), "set_backend"),
        (lambda at, _: at["rnn"]["config"].update(recurrent_initializer={"class_name": "mine", "config": {}}), "mine"),
        (lambda at, _: at["rnn"]["config"].update(dtype="float7"), "float7"),
        (lambda at, _: at["rnn"]["config"].update(dtype={"class_name": "DTypePolicyMap", "config": {"policy_map": {"(a+)+": "float32"}}}), "DTypePolicyMap"),
        (lambda at, _: at["rnn"]["config"].update(name="n" * 2**20), "1,048,576 characters"),
        (lambda at, _: at["rnn"]["config"].update(name=["x"]), "no name"),
        (lambda at, _: at["rnn"]["config"].update(units=10**30), "31 digits"),
        (lambda at, _: at["rnn"]["config"].update({"a b": 1}), "no setting"),
        (lambda at, c: c.update(class_name="Adam", module="keras.optimizers"), "Adam"),
        (lambda at, c: c["config"].update(layers=[]), "no layers"),
        (lambda at, c: c.update(registered_name="mine>Model"), "mine>Model"),
    ],
)  # fmt: skip
def test_what_is_not_allowed_is_refused_before_anything_is_built(plain, change, said, monkeypatch):
    monkeypatch.setattr(keras.saving, "deserialize_keras_object", None)
    with pytest.raises(QuarantineError, match=said):
        config.clean(changed(plain, change))


def test_what_only_training_needs_is_dropped(plain):
    def change(at, found):
        found["compile_config"] = {"optimizer": "adam", "loss": function("system", "os")}
        at["rnn"]["config"].update(unroll=True)

    clean = config.clean(changed(plain, change))
    text = json.dumps(clean)
    assert not [each for each in ("system", "compile", "Orthogonal", "build_config") if each in text]
    assert clean["config"]["layers"][1]["config"]["unroll"] is False


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        (
            [dense("out", "in"), {**dense("x", "in"), "inbound_nodes": [{"args": [3], "kwargs": {}}]}],
            "constants alone",
        ),
        ([dense("out", "in"), {**dense("x", "in"), "inbound_nodes": []}], "never called"),
        ([dense("a", "out"), dense("out", "a")], "circle"),
        ([dense("out", "out")], "circle"),
        ([dense("out", "nowhere")], "nowhere"),
        ([dense("out", "in"), dense("out", "in")], "named 'out'"),
        ([dense("out", "in", "keras.src.ops.core", "Map", function=function("ones", "keras.ops"))], "Map"),
        ([dense("out", "in", "keras.src.ops.core", "WhileLoop")], "WhileLoop"),
        ([dense("out", "in", "keras.ops", "ones")], "ones"),
        (
            [dense(f"d{i}", f"d{i - 1}" if i else "in") for i in range(limits.MOST_LAYERS)]
            + [dense("out", "in")],
            "layers, more",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_graph_that_is_none_is_refused(layers, said):
    with pytest.raises(QuarantineError, match=said):
        config.clean(functional(*layers))


def test_layers_from_the_last_to_the_first_are_sorted():
    count = 300
    layers = [dense("out", f"d{count - 1}")] + [
        dense(f"d{i}", f"d{i - 1}" if i else "in") for i in reversed(range(count))
    ]
    clean = config.clean(functional(*layers))
    assert [each["name"] for each in clean["config"]["layers"]] == [
        "in",
        *(f"d{i}" for i in range(count)),
        "out",
    ]


def test_models_in_models_count_as_often_as_they_are_called():
    def twice(inner, name):
        call = {**dense("a", "in"), **inner, "name": "a"}
        call["inbound_nodes"] = [
            {"args": [{"class_name": "__keras_tensor__", "config": {"shape": [None, 4], "dtype": "float32", "keras_history": [before, node, 0]}}], "kwargs": {}}
            for before, node in (("in", 0), ("a", 0), ("a", 1), ("a", 2))
        ]  # fmt: skip
        return json.loads(functional(call, ends=("a",)))

    model = json.loads(functional(dense("out", "in")))
    for depth in range(7):  # 4 to the power of 7 uses of a layer
        model = twice(model, f"m{depth}")
    with pytest.raises(QuarantineError, match="calls its layers"):
        config.clean(json.dumps(model).encode())
    for _ in range(5):
        model = twice(model, "more")
    with pytest.raises(QuarantineError, match="deep|calls"):
        config.clean(json.dumps(model).encode())


@pytest.mark.parametrize(
    "text", [b"[]", b"1e999", b"{", b"[" * 100_000, b'{"class_name": "Sequential"}', b"null", b"\xff"]
)
def test_settings_that_are_none_are_refused(text):
    with pytest.raises(QuarantineError):
        config.clean(text)


# The file


def test_an_archive_holds_its_three_members_and_is_small(plain, tmp_path):
    parts, target = members(plain), tmp_path / "weights"
    for strange in ("../../evil", "/evil", "assets/x.txt"):
        with pytest.raises(QuarantineError, match="nothing else"):
            archive.unpack(packed({**parts, strange: b"x"}), target)
    with pytest.raises(QuarantineError, match="nothing else"):
        archive.unpack(
            packed({name: part for name, part in parts.items() if name != "model.weights.h5"}), target
        )
    for name, most in (("metadata.json", limits.MOST_METADATA), ("config.json", limits.MOST_CONFIG)):
        with pytest.raises(QuarantineError, match=f"{name} unpacks to more"):
            archive.unpack(packed({**parts, name: b" " * (most + 1)}), target)
    for content in (b"", b"no zip", plain[: len(plain) // 2]):
        with pytest.raises(QuarantineError, match="damaged"):
            archive.unpack(content, target)


def weights_of(tmp_path, fill) -> Path:
    path = tmp_path / "model.weights.h5"
    with h5py.File(path, "w") as file:
        fill(file)
    return path


@pytest.mark.parametrize(
    ("fill", "said"),
    [
        (
            lambda file: file.create_dataset(
                "a", (2**18, 1024), "float32", chunks=(1024, 1024), compression="gzip"
            ),
            "256 MiB",
        ),
        (
            lambda file: file.create_dataset("a", (4,), "float32", external=[("/etc/passwd", 0, 16)]),
            "another file",
        ),
        (lambda file: file.__setitem__("a", h5py.ExternalLink("/etc/passwd", "/")), "link"),
        (lambda file: file.__setitem__("a", h5py.SoftLink("/b")), "link"),
        (lambda file: file.__setitem__("a", np.array([1j])), "complex"),
        (lambda file: file.create_dataset("a", (3,), h5py.string_dtype()), "object"),
        (lambda file: file.__setitem__("a", np.dtype("float32")), "no array"),
    ],
)
def test_a_file_of_weights_is_judged_by_what_it_declares(fill, said, tmp_path):
    with pytest.raises(QuarantineError, match=said):
        archive.check_weights(weights_of(tmp_path, fill))


def test_a_circle_of_groups_ends(tmp_path):
    def fill(file):
        file.create_group("a")["b"] = file["/"]

    with pytest.raises(QuarantineError, match="too many groups"):
        archive.check_weights(weights_of(tmp_path, fill))


# Its weight


def sequential(shape, *layers, batch=None) -> dict:
    """The clean settings of a model that is never built here."""
    made = [each.get_config() | {"kind": type(each).__name__} for each in layers]
    entries = [
        {"module": "keras.layers", "class_name": each.pop("kind"), "registered_name": None, "config": each}
        for each in made
    ]
    entrance = {
        "module": "keras.layers", "class_name": "InputLayer", "registered_name": None,
        "config": {"batch_shape": [batch, *shape], "dtype": "float32", "name": "in"},
    }  # fmt: skip
    whole = {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"name": "s", "layers": [entrance, *entries]},
        "registered_name": None,
    }
    return config.clean(json.dumps(keras.saving.serialize_keras_object(whole)).encode())


@pytest.mark.parametrize(
    ("clean", "said"),
    [
        (lambda: sequential((3,), L.Dense(10**9)), "4,000,000,000 weights"),
        (lambda: sequential((3,), L.RepeatVector(10**9)), "3,000,000,000 numbers"),
        (lambda: sequential((3,), L.Dense(2), batch=10**9), "3,000,000,000 numbers"),
        (lambda: sequential((8, 2), L.LSTM(3, stateful=True), batch=10**9), "numbers for one example"),
        (lambda: sequential((10**6, 1), L.LSTM(2)), "1,000,000 steps"),
        (lambda: sequential((10**5, 1), L.Bidirectional(L.GRU(2))), "200,000 steps"),
        (lambda: sequential((1024, 1024, 1), L.Conv2D(16, 999, padding="same")), "multiplications"),
        (
            lambda: sequential((1000, 1000, 1), L.MaxPooling2D(999, strides=1, padding="same")),
            "multiplications",
        ),
    ],
)
def test_a_model_is_weighed_by_its_shapes(clean, said):
    with pytest.raises(QuarantineError, match=said):
        weigh.check(clean())


@pytest.mark.parametrize(
    "layer",
    [L.MultiHeadAttention(256, 1), L.Attention(), L.AdditiveAttention(), L.GroupQueryAttention(4, 8, 2)],
)
def test_scores_of_attention_are_weighed(layer):
    x = keras.Input((20_000, 4))
    given = ([x, x],) if isinstance(layer, L.Attention) else (x, x)
    model = keras.Model(x, layer(*given))
    with pytest.raises(QuarantineError, match="scores"):
        weigh.weigh(model).check()


def test_products_of_operations_are_weighed():
    x = keras.Input((2000, 2000))
    assert weigh.weigh(keras.Model(x, keras.ops.matmul(x, x))).work >= 2000**3
    assert weigh.weigh(keras.Model(x, keras.ops.einsum("bij,bjk->bik", x, x))).work >= 2000**3
    assert weigh.weigh(keras.Model(x, L.Dot(axes=(2, 1))([x, x]))).work >= 2000**3
    dense = weigh.weigh(keras.Model(x, L.Dense(5)(x))).work
    assert 2000 * 2000 * 5 <= dense <= 2 * 2000 * 2000 * 5


def test_time_distributed_layers_count_once_a_step():
    x = keras.Input((50, 16, 16, 3))
    inner = weigh.weigh(keras.Model(y := keras.Input((16, 16, 3)), L.Conv2D(8, 3)(y)))
    assert weigh.weigh(keras.Model(x, L.TimeDistributed(L.Conv2D(8, 3))(x))).work >= 50 * inner.work


# The process


def test_the_child_ends_at_its_limits(plain, monkeypatch):
    monkeypatch.setattr(process, "MOST_SECONDS", 0.01)
    with pytest.raises(QuarantineError, match="within 0.01 seconds"):
        quarantine.load(plain)
    monkeypatch.setattr(process, "MOST_SECONDS", 60)
    monkeypatch.setattr(process, "MOST_MEMORY", 100 * 2**20)
    with pytest.raises(QuarantineError, match="memory|can't be read"):
        quarantine.load(plain)


def test_uploads_wait_for_one_another(plain, monkeypatch):
    monkeypatch.setattr(process, "MOST_WAITING", 0.01)
    for _ in range(process.MOST_AT_ONCE):
        process._turns.acquire()
    try:
        with pytest.raises(QuarantineError, match="other files"):
            quarantine.load(plain)
    finally:
        for _ in range(process.MOST_AT_ONCE):
            process._turns.release()


def test_the_child_has_limits_and_no_surroundings(monkeypatch, tmp_path):
    """A child that says what it may do, in the place of the one that reads."""
    probe = tmp_path / "inspection" / "quarantine"
    probe.mkdir(parents=True)
    (probe.parent / "__init__.py").touch()
    (probe / "__init__.py").touch()
    (probe / "child.py").write_text(
        (ROOT / "inspection/quarantine/child.py").read_text().replace("def main(", "def _main(", 1)
        + "\n\ndef main(folder, *limits):\n    _confine(*limits)\n    import resource\n"
        "    found = {'memory': resource.getrlimit(resource.RLIMIT_AS)[0], 'env': sorted(os.environ), 'cwd': os.getcwd()}\n"
        "    Path(RESULT).write_text(json.dumps(found))\n"
    )
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setattr(process, "ROOT", tmp_path)
    folder = tmp_path / "folder"
    folder.mkdir()
    process._run(folder)
    found = json.loads((folder / child.RESULT).read_text())
    assert found["memory"] == process.MOST_MEMORY
    assert found["cwd"] == str(folder)
    assert set(found["env"]) <= {
        "HOME",
        "KERAS_BACKEND",
        "KERAS_HOME",
        "LC_CTYPE",
        "LD_LIBRARY_PATH",
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
    }


def test_a_child_that_lies_is_not_believed(plain, tmp_path):
    """Sizes are compared with the model that is built from clean settings, and nothing else is taken over."""
    clean = quarantine.read(plain)
    with pytest.raises(QuarantineError, match="not those of the model"):
        quarantine.build(process.CleanModel(clean.config, clean.arrays[:-1]))
    (tmp_path / child.RESULT).write_text(json.dumps({"variables": [["a", [1], "object"]]}))
    (tmp_path / child.ARRAYS).write_bytes(b"x" * 64)
    with pytest.raises(QuarantineError, match="type 'object'"):
        process._take(tmp_path)
