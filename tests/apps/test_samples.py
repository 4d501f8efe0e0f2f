"""Pages work without the data sets: a sample of the test set ships with the suite."""

import numpy as np
import pytest

from apps import engine
from data import SOURCES, DataUnavailable, downloads, multi30k, samples, spoken_digits, tatoeba, tfds_images
from tests.apps.conftest import component, drawn, texts

MOST_BYTES = 300_000  # of all samples together


@pytest.fixture
def offline(monkeypatch):
    """A machine that has no data set and no network."""

    def refuse(*_, **__):
        raise DataUnavailable("storage.googleapis.com does not answer")

    for module in (downloads, tfds_images, spoken_digits, tatoeba, multi30k):
        monkeypatch.setattr(module, "prepared_builder", refuse)
    engine._found.clear()
    yield
    engine._found.clear()


def test_samples_are_small_and_their_licences_are_noted():
    files = [path for path in samples.FOLDER.iterdir() if path.suffix in (".npz", ".tsv")]
    assert sum(path.stat().st_size for path in files) < MOST_BYTES
    readme = (samples.FOLDER / "README.md").read_text()
    assert all(f"`{path.name}`" in readme for path in files)


@pytest.mark.parametrize(
    ("source", "count", "shape"),
    [("mnist", 100, (28, 28, 1)), ("fashion_mnist", 100, (28, 28, 1)), ("spoken_digits", 20, (76, 40))],
)
def test_a_sample_has_examples_of_every_class(source, count, shape):
    found = samples.find(SOURCES[source])
    inputs = np.stack([found.example(place)[0] for place in range(len(found))])
    assert inputs.shape == (count, *shape)
    assert np.unique(found.targets, return_counts=True)[1].tolist() == [count // 10] * 10
    if source != "spoken_digits":
        assert (inputs.min(), inputs.max()) == (0, 1)


def test_data_without_a_sample_have_none():
    assert samples.find(SOURCES["multi30k_fr_en"]) is None  # its licence does not allow for it
    assert samples.find(SOURCES["digits"]) is None


@pytest.mark.parametrize(
    ("page_name", "model"),
    [
        ("signals", "spoken_digits_cnn"),
        ("activations", "fashion_mlp"),
        ("convolution", "mnist_cnn"),
        ("duel", "fashion_gan"),
        ("translate", "tatoeba_seq2seq"),
    ],
)
def test_pages_open_on_a_sample_without_a_network(offline, shelves, page, page_name, model):
    shelves.borrow(model)
    query = {"source": "Test images"} if page_name == "convolution" else {}
    tested = drawn(page(page_name, model=f"runs/{model}", **query))
    if page_name == "translate":
        drawn(tested.segmented_control(key="sentence_way-True").set_value("Test set").run())
    elif page_name == "convolution":
        drawn(tested.segmented_control(key="source").set_value("Test images").run())
    said = texts(tested)
    assert "A small sample of the test set" in said
    assert "does not answer" not in said.replace("\\", "")


def test_signals_open_on_an_answer_and_a_sound_without_a_network(offline, shelves, page):
    shelves.borrow("spoken_digits_cnn")
    tested = drawn(page("signals", model="runs/spoken_digits_cnn"))
    bars = component(tested, "answer")["classes"]
    assert max(bar["share"] for bar in bars) > 0.5
    assert not tested.warning


def test_gallery_models_are_right_on_their_samples(shelves):
    """The sample is what the data set itself gives: pixels, labels and spectrograms fit the model."""
    for name, least in (("mnist_cnn", 0.95), ("fashion_cnn", 0.85), ("spoken_digits_cnn", 0.85)):
        run = shelves.borrow(name)
        found = samples.find(SOURCES[run.config["source"]])
        inputs = np.stack([found.example(place)[0] for place in range(len(found))])
        outputs = engine.model(run).predict(inputs, verbose=0)
        assert np.mean(outputs.argmax(-1) == found.targets) >= least
