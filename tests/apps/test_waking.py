"""What is heavy is imported once, by one thread, and no page does so before: see `apps/engine.py`."""

import json

from apps import engine
from tests.apps.conftest import VIEWS
from tests.conftest import ROOT, run_python

ASKING = """
import json, sys
sys.path.insert(0, {root!r})
import streamlit as st
from streamlit.testing.v1 import AppTest
from apps import engine
asked = []
def ready():
    asked.append(True)
    st.stop()
engine.ready = ready
told = {{}}
for file in {files!r}:
    asked.clear()
    tested = AppTest.from_file(file, default_timeout=60).run()
    assert not tested.exception, tested.exception
    heavy = ("tensorflow", "tensorflow_datasets", "keras", "pandas", "altair", "sklearn")
    told[file] = [bool(asked), [name for name in heavy if name in sys.modules]]
print(json.dumps(told))
"""


def test_no_page_imports_what_is_heavy_before_it_has_asked_for_it(shelves):
    files = sorted(map(str, VIEWS.glob("*.py")))
    printed = run_python(ASKING.format(root=str(ROOT), files=files))
    told = json.loads(printed.splitlines()[-1])
    patient = {str(VIEWS / name) for name in ("home.py", "runs.py")}  # they draw without it
    assert told == {file: [file not in patient, []] for file in files}


def test_lazy_imports_of_tensorflow_datasets_change_nobody_elses():
    engine.wake()
    from etils import epy

    with epy.lazy_imports():
        import json as found  # as another thread might at this moment
    assert found is json
