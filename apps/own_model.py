"""A person's own `.keras` file, read with care: it may come from anywhere."""

import hashlib
import io
import json
import math
import tempfile
import threading
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

if TYPE_CHECKING:
    import keras

    from training.saving import allow_any_layer_names

MOST_MIB = 64  # of the file
MOST_UNPACKED = 256 * 2**20  # bytes of what is packed in it
MOST_WEIGHTS = 50_000_000
MOST_OUTPUTS = 20_000_000  # entries of what a layer gives for one example, where its shape says so
MEMBERS = ("metadata.json", "config.json", "model.weights.h5")  # no assets: what is shown here needs none
SAID = 300  # characters of Keras' own words that are told


class OwnModelError(ValueError):
    """A file is no model that can be looked into; the message says why."""


def upload(what: str, key: str) -> tuple[str, bytes] | None:
    """Let a person bring a file; its name and content, kept for a look elsewhere, or None.

    Args:
        what: The model has.
        key: Of the field.
    """
    st.file_uploader(
        f'A model with {what}, as `model.save("name.keras")` writes it',
        type=["keras"],
        max_upload_size=MOST_MIB,
        key=key,
        on_change=_keep,
        args=(key,),
        help="It stays on this machine. Only what Keras itself ships is loaded; no code in it is run",
    )
    return st.session_state.get(f"{key}-kept")


def _keep(key: str) -> None:
    """Keep an uploaded file; forget one that is taken away."""
    file = st.session_state[key]
    st.session_state[f"{key}-kept"] = None if file is None else (file.name, file.getvalue())


def load(content: bytes) -> "keras.Model":
    """Load a file, once for all reruns.

    Code in it is never run: no Lambda, no custom object, nothing but what Keras itself ships. And it is
    weighed before it is loaded: its unpacked size, and then, by its shapes alone, its weights and outputs.

    Raises:
        OwnModelError: It is damaged, too large, or needs code of its own.
    """
    return _load(hashlib.sha256(content).hexdigest(), _content=content)


@st.cache_resource(max_entries=4, show_spinner="Loading the model")
def _load(digest: str, _content: bytes) -> "keras.Model":
    import keras

    config = _config(_content)
    _weigh(config)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "own.keras"
        path.write_bytes(_content)
        try:
            model = keras.models.load_model(path, compile=False, safe_mode=True)
        # Whatever a file from anywhere makes Keras stumble over: it is told, and the page goes on.
        except Exception as error:
            raise OwnModelError(f"Keras can't load it: {_words(error)}") from error
    if not isinstance(model, keras.Model):
        raise OwnModelError(f"it holds a {type(model).__name__} and no model")
    return allow_any_layer_names(model)


def _config(content: bytes) -> dict[str, Any]:
    """What a file says of its model.

    Raises:
        OwnModelError: It is no `.keras` file, or unpacks to more than it may.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            members = packed.infolist()
            if sum(member.file_size for member in members) > MOST_UNPACKED:
                raise OwnModelError(f"it unpacks to more than {MOST_UNPACKED // 2**20} MiB")
            strange = [member.filename for member in members if member.filename not in MEMBERS]
            if strange or len(members) != len(MEMBERS):
                raise OwnModelError(
                    "a .keras file as Keras 3 writes it holds its settings and its weights and nothing else"
                    + (f". This one also holds {strange[0][:80]!r}" if strange else "")
                )
            config = json.loads(packed.read("config.json"))
    # RecursionError: brackets without end. NotImplementedError: a packing that Python does not know.
    except (
        zipfile.BadZipFile,
        ValueError,
        RecursionError,
        NotImplementedError,
        RuntimeError,
        EOFError,
    ) as error:
        if isinstance(error, OwnModelError):
            raise
        raise OwnModelError("this is no .keras file, or a damaged one") from error
    if not isinstance(config, dict):
        raise OwnModelError("this is no .keras file, or a damaged one")
    return config


def _weigh(config: dict[str, Any]) -> None:
    """Build a model by its shapes alone, and raise an OwnModelError where it is too large or can't be built.

    In a thread of its own, since Keras notes the variables that wait for their values for each thread, and
    would give them values at the next occasion.
    """
    told: list[OwnModelError | None] = []
    thread = threading.Thread(target=lambda: told.append(_too_large(config)), name="weigh a model")
    thread.start()
    thread.join()
    if not told:
        raise OwnModelError("Keras can't build it")
    if told[0] is not None:
        raise told[0]


def _too_large(config: dict[str, Any]) -> OwnModelError | None:
    import keras

    from inspection import graph

    try:
        with keras.StatelessScope(initialize_variables=False):
            model = keras.saving.deserialize_keras_object(config, safe_mode=True)
            weights = sum(math.prod(variable.shape) for variable in model.variables)
            outputs = [layer.tensor for layer in graph.layers(model).values()]
            largest = max((math.prod(size or 1 for size in each.shape[1:]) for each in outputs), default=0)
    except graph.InspectionError as error:
        return OwnModelError(str(error))
    except Exception as error:  # see `_load`
        return OwnModelError(f"Keras can't build it: {_words(error)}")
    if weights > MOST_WEIGHTS:
        return OwnModelError(
            f"it has {weights:,} weights, more than the {MOST_WEIGHTS:,} that are loaded here"
        )
    if largest > MOST_OUTPUTS:
        return OwnModelError(f"one of its layers gives {largest:,} numbers for one example")
    return None


def _words(error: Exception) -> str:
    """What Keras says, in one line."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:SAID]
