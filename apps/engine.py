"""TensorFlow in the server: awakened once, off the first page's way; models and data kept between reruns.

Parts of TensorFlow import one another, and Keras imports some of them by name: of two threads that import
both at once, one goes on with half a module and fails. Hence `wake` and `wake_charts` alone import what is
heavy, whoever comes second waits, and no page imports it before: `tests/apps/test_waking.py` watches.
"""

import builtins
import contextlib
import importlib
import json
import os
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.runtime.scriptrunner import script_runner

from training.runs import Run

if TYPE_CHECKING:
    import keras

    from data.corpus import Pairs
    from data.source import Source, Split

# After every run of a page Streamlit calls keras.backend.clear_session(), which resets what the models of
# all visitors share, and spends a quarter of a second on collecting garbage. Its name is not public: a
# test watches that Keras' state is left alone.
script_runner._clean_problem_modules = lambda: None  # type: ignore[attr-defined]

KEPT_MODELS = 16
KEPT_DATA = 4  # tests; the largest here is 31 MB
RETRY_SECONDS = 60  # after which missing data are looked for again

_awake = threading.Event()
_WAKER = "wake TensorFlow"  # name of the thread that does


def is_awake() -> bool:
    """Whether TensorFlow is there to be used at once."""
    return _awake.is_set()


@st.cache_resource(show_spinner=False)
def wake_charts() -> None:
    """Import what draws charts, once in a process; pages that need no TensorFlow have some too."""
    for name in ("pandas", "altair"):
        importlib.import_module(name)


@st.cache_resource(show_spinner=False)
def wake() -> None:
    """Import TensorFlow and all that pages need with it, once in a process; whoever comes second waits."""
    wake_charts()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import tensorflow as tf

    _keep_lazy_imports_at_home()
    for name in ("tensorflow_datasets", "inspection.activations", "training.trainer"):
        importlib.import_module(name)
    for gpu in tf.config.list_physical_devices("GPU"):
        # Trainings share the GPUs with this server. RuntimeError: TensorFlow was in use before.
        with contextlib.suppress(RuntimeError):
            tf.config.experimental.set_memory_growth(gpu, True)
    _awake.set()


def _keep_lazy_imports_at_home() -> None:
    """Have the lazy imports of TensorFlow Datasets concern its own modules alone.

    For each it puts another `__import__` in the place of Python's, in all threads: an import that the server
    or a page came to at that moment gave an empty shell or failed.
    """
    from etils.epy import lazy_imports_utils

    lazy, usual = lazy_imports_utils._lazy_import, builtins.__import__

    def imported(name, globals=None, locals=None, fromlist=(), level=0, **callbacks):
        asking = (globals or {}).get("__name__", "").partition(".")[0]
        if asking in ("tensorflow_datasets", "etils"):
            return lazy(name, globals, locals, fromlist, level, **callbacks)
        return usual(name, globals, locals, fromlist, level)

    lazy_imports_utils._lazy_import = imported


def wake_in_background() -> None:
    """Begin to wake TensorFlow, once, and let the page go on."""
    if not is_awake() and not any(thread.name == _WAKER for thread in threading.enumerate()):
        threading.Thread(target=wake, name=_WAKER, daemon=True).start()


def ready() -> None:
    """Wait for TensorFlow, and say so on the page while that takes seconds."""
    if not is_awake():
        with st.spinner("Waking TensorFlow: a few seconds, once after the start"):
            wake()


def tensorflow_gpus() -> int | None:
    """How many GPUs TensorFlow can use; None before it is awake."""
    if not is_awake():
        return None
    return len(sys.modules["tensorflow"].config.list_physical_devices("GPU"))


def model(run: Run, player: str | None = None) -> "keras.Model":
    """The run's best model, or that of one player, loaded anew whenever its file is another.

    Raises:
        RunError: There is none yet, or it is damaged.
    """
    return _model(str(run.path), modified(run), player)


def modified(run: Run) -> int | None:
    """When the run's best model was written, by which what is kept of it is known; None before it is."""
    path = run.model_path
    return path.stat().st_mtime_ns if path.exists() else None


@st.cache_resource(max_entries=KEPT_MODELS, show_spinner=False)
def _model(path: str, modified: int | None, player: str | None) -> "keras.Model":
    from inspection.activations import InspectionError, prepare
    from training import trainer

    model = trainer.load_model(Run(Path(path)), player)
    with contextlib.suppress(InspectionError):  # a page says so when it looks inside
        prepare(model)
    return model


def test_split(run: Run) -> "Split":
    """The test examples of what a run learned from, or the sample of them that ships with the suite.

    Raises:
        DataUnavailable: They can't be had, or are not those of the run any more.
    """
    return _test(run, "load").split


def test_pairs(run: Run) -> "Pairs":
    """The test sentences of what a translator learned from, or the sample of them that ships with the suite.

    Raises:
        DataUnavailable: They can't be had, or are not those of the run any more.
    """
    return _test(run, "read_corpus").split


def data_note(run: Run, read: str = "load") -> str:
    """A sentence where the content of a run's test data has changed since its training, else "".

    Args:
        run: Run whose test data were read.
        read: By which method of the data.
    """
    return _test(run, read).note


def why_sample(run: Run, read: str = "load") -> str:
    """Why a sample stands for the whole test set of a run; "" where it is the whole.

    Args:
        run: Run whose test data were read.
        read: By which method of the data.
    """
    return _test(run, read).error


def _test(run: Run, read: str) -> "_Found":
    from data import DataUnavailable

    found = _found(data_key(run.config), read, _run=run)
    if found.split is None:
        raise DataUnavailable(found.error)
    return found


def data_key(config: dict[str, Any]) -> str:
    """What tells one run's data from another's.

    The settings, the age and size of files and folders that they name, and what the run knows of its data.
    """
    named = [value for value in config["data"].values() if isinstance(value, str) and value]
    known = [config.get("spec"), config.get("fingerprint")]
    stamps = [stamp for value in named for stamp in _stamps(Path(value).expanduser())]
    return json.dumps([config["recipe"], config["data"], stamps, known], sort_keys=True)


def _stamps(path: Path) -> list[tuple[int, int]]:
    """Age and size of a file; of a folder those of the folders in it, in which files come and go."""
    try:
        paths = [path, *(child for child in path.iterdir() if child.is_dir())] if path.is_dir() else [path]
        return [(found.st_mtime_ns, found.st_size) for found in map(os.stat, sorted(paths))]
    except (OSError, ValueError):  # no file or folder
        return []


def source(config: Mapping[str, Any]) -> tuple["Source", str]:
    """What a run learned from, scaled as the run scales it, and a sentence where the content has changed.

    Args:
        config: The run's.

    Raises:
        DataUnavailable: The data can't be had, or are not those of the run any more.
    """
    from training import fingerprint, recipes

    found = recipes.from_config(config).data.load()
    note, spec = fingerprint.check(config, found), fingerprint.stored_spec(config)
    return (found if spec is None else fingerprint.rescaled(found, spec)), note


@dataclass(frozen=True)
class _Found:
    """A test split or test sentences.

    Args:
        split: They; None where there are none.
        error: Why the whole of them can't be had; "" where it can.
        at: Time of that check.
        note: What has changed in them since the training.
    """

    split: Any
    error: str
    at: float
    note: str = ""

    def holds(self) -> bool:
        """Whether it need not be looked for again."""
        return not self.error or time.monotonic() - self.at < RETRY_SECONDS


@st.cache_resource(max_entries=KEPT_DATA, show_spinner=False, validate=_Found.holds)
def _found(key: str, read: str, _run: Run) -> _Found:
    """What data have for the test, as their method `read` reads them; `key` tells one set from another."""
    from data import DataUnavailable, samples
    from training import fingerprint, recipes, translation
    from training.settings import SettingsError

    try:
        config = _run.config
        recipe = recipes.from_config(config)
        try:
            found, note = getattr(recipe.data, read)(), ""
        except DataUnavailable as error:
            return _Found(samples.find(recipe.data), str(error), time.monotonic())
        if read == "load":
            note, spec = fingerprint.check(config, found, ("test",)), fingerprint.stored_spec(config)
            found = found if spec is None else fingerprint.rescaled(found, spec)
        elif config["data"].get("file"):  # sentences of the user's own; others don't change
            whole = recipe.load(translation.kept_files(_run))
            note = fingerprint.check(config, whole, ("test",))
        return _Found(found.test, "", time.monotonic(), note)
    except (DataUnavailable, SettingsError) as error:
        return _Found(None, str(error), time.monotonic())
