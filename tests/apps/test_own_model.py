"""A person's own `.keras` file: loaded where it is harmless, refused in a sentence where it is not."""

import gc
import io
import json
import threading
import weakref
import zipfile

import keras
import numpy as np
import pytest

from apps import own_model
from apps.own_model import OwnModelError
from inspection.quarantine import limits

L = keras.layers


def saved(model: keras.Model, folder) -> bytes:
    path = folder / "model.keras"
    model.save(path)
    return path.read_bytes()


def small() -> keras.Model:
    return keras.Sequential([keras.Input((5, 2)), L.LSTM(3, name="rnn"), L.Dropout(0.5), L.Dense(1)])


def repacked(content: bytes, **changes: bytes | None) -> bytes:
    """The file with some members changed, by name with "_" for "."; None takes one away."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        members = {name: packed.read(name) for name in packed.namelist()}
    members |= {name.replace("__", "/").replace("_json", ".json"): each for name, each in changes.items()}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, each in members.items():
            if each is not None:
                packed.writestr(name, each)
    return file.getvalue()


def changed(content: bytes, change) -> bytes:
    """The file with other settings."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        config = json.loads(packed.read("config.json"))
    change(config)
    return repacked(content, config_json=json.dumps(config).encode())


def layer_of(config: dict, kind: str) -> dict:
    return next(layer for layer in config["config"]["layers"] if layer["class_name"] == kind)


def test_a_model_is_loaded_as_it_was_saved(tmp_path):
    model = small()
    found = own_model.load(saved(model, tmp_path))
    series = np.random.default_rng(0).normal(size=(4, 5, 2)).astype("float32")
    np.testing.assert_allclose(found(series), model(series), rtol=1e-6)
    assert threading.active_count() < 50  # none of those that weigh is left
    assert not [thread for thread in threading.enumerate() if thread.name == "weigh a model"]


def test_weighing_leaves_no_variable_behind(tmp_path):
    """Else the next occasion would give values to what was refused."""
    content = changed(
        saved(small(), tmp_path), lambda config: layer_of(config, "Dense")["config"].update(units=40_000_000)
    )
    with pytest.raises(OwnModelError, match="weights"):
        own_model.load(content)
    with keras.StatelessScope():  # gives values to variables that wait, at its end
        pass
    assert own_model.load(saved(small(), tmp_path)).count_params() == small().count_params()


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 broken", b"\x89HDF\r\n\x1a\n"])
def test_what_is_no_keras_file_is_told(content):
    with pytest.raises(OwnModelError, match=r"no \.keras file"):
        own_model.load(content)


def test_code_in_a_file_is_not_run(tmp_path, monkeypatch):
    def with_lambda(config):
        layer = layer_of(config, "Dropout")
        code = keras.layers.Lambda(lambda x: x).get_config()["function"]
        layer.update(class_name="Lambda", config={"name": "evil", "function": code})

    def with_module(config):
        layer_of(config, "Dropout").update(module="os", class_name="system", config={"command": "true"})

    def with_function(config):
        layer_of(config, "LSTM")["config"]["activation"] = {
            "module": "builtins", "class_name": "function", "config": "eval", "registered_name": "function",
        }  # fmt: skip

    plain = saved(small(), tmp_path)
    for change in (with_lambda, with_module, with_function):
        with pytest.raises(OwnModelError, match="Lambda|os.system|builtins.eval"):
            own_model.load(changed(plain, change))
    with pytest.raises(OwnModelError, match="nothing else"):
        own_model.load(repacked(plain, assets__evil=b"import os"))


def test_what_would_fill_the_memory_is_refused_before_it_does(tmp_path, monkeypatch):
    plain = saved(small(), tmp_path)
    asked = []
    monkeypatch.setattr(keras.models, "load_model", lambda *args, **kwargs: asked.append(args))

    def wide(config):
        layer_of(config, "Dense")["config"]["units"] = 10**9

    with pytest.raises(OwnModelError, match=r"4,000,000,\d+ weights"):
        own_model.load(changed(plain, wide))
    repeats = keras.Sequential([keras.Input((3,)), L.RepeatVector(10_000_000), L.LSTM(2)])
    with pytest.raises(OwnModelError, match="30,000,000 numbers"):
        own_model.load(saved(repeats, tmp_path))
    bomb = repacked(plain, metadata_json=b" " * (limits.MOST_FILE + 1))
    assert len(bomb) < 2**20
    with pytest.raises(OwnModelError, match="unpacks"):
        own_model.load(bomb)
    nested = b"[" * 100_000 + b"]" * 100_000
    with pytest.raises(OwnModelError, match=r"no \.keras file"):
        own_model.load(repacked(plain, config_json=nested))
    assert not asked


def test_weights_of_another_model_are_told(tmp_path):
    content = changed(
        saved(small(), tmp_path), lambda config: layer_of(config, "Dense")["config"].update(units=2)
    )
    with pytest.raises(OwnModelError, match="Keras can't load it"):
        own_model.load(content)


def test_models_are_kept_up_to_a_number_of_bytes_and_then_freed(tmp_path, monkeypatch):
    """Also what inspection derived from them: nothing else holds a model that was dropped."""
    monkeypatch.setattr(own_model, "MOST_KEPT", 3 * 4 * 101)
    monkeypatch.setattr(
        own_model, "_read", lambda content: keras.Sequential([keras.Input((100,)), L.Dense(1)])
    )
    models = own_model.Models()
    known = []
    for number in range(10):
        model = models.get(bytes([number]))
        assert models.get(bytes([number])) is model
        known.append(weakref.ref(model))
        del model
        assert models.bytes <= 3 * 4 * 101
    gc.collect()
    assert [ref() is not None for ref in known] == [False] * 7 + [True] * 3
