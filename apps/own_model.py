"""A person's own `.keras` file: uploaded, read in quarantine, and kept while there is room."""

import gc
import hashlib
import math
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    import keras

MOST_MIB = 64  # of the file
MOST_KEPT = 512 * 2**20  # bytes of the weights of all models that are kept


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
    """Load a file, once for all reruns while there is room for it.

    See `inspection.quarantine`: code in it is never run, and it is weighed and read in a process of its own.

    Raises:
        OwnModelError: It is damaged, too large, or needs code of its own.
    """
    return _models().get(content)


class Models:
    """The models that were loaded last, as many as `MOST_KEPT` bytes of weights allow; for all visitors.

    What inspection derives from a model hangs on the model, so it goes with it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, keras.Model] = OrderedDict()

    def get(self, content: bytes) -> "keras.Model":
        """The model of a file.

        Raises:
            OwnModelError: The file is refused, as `load` does.
        """
        digest = hashlib.sha256(content).hexdigest()
        with self._lock:
            if digest in self._kept:
                self._kept.move_to_end(digest)
                return self._kept[digest]
        with st.spinner("Loading the model"):
            model = _read(content)
        with self._lock:
            self._kept[digest] = model
            dropped = False
            while len(self._kept) > 1 and self.bytes > MOST_KEPT:
                self._kept.popitem(last=False)
                dropped = True
        if dropped:
            gc.collect()  # models hang in circles
        return model

    @property
    def bytes(self) -> int:
        """Bytes of the weights that are kept."""
        return sum(sum(map(_bytes, model.variables)) for model in self._kept.values())


@st.cache_resource(show_spinner=False)
def _models() -> Models:
    return Models()


def _read(content: bytes) -> "keras.Model":
    from inspection import quarantine
    from training.saving import allow_any_layer_names

    try:
        return allow_any_layer_names(quarantine.load(content))
    except quarantine.QuarantineError as error:
        raise OwnModelError(str(error)) from error


def _bytes(variable: "keras.Variable") -> int:
    return math.prod(variable.shape) * variable.value.dtype.size
