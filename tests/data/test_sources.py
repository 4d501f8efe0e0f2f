"""Sources: splits that never leak, and sentences that help where data are missing."""

import textwrap

import numpy as np
import pytest
import tensorflow as tf

import data
from data import DataUnavailable, celeb_a, digits, downloads, image_folder, tfds_images
from data.source import Augmentation, Split
from data.splitting import fingerprints, split_by_content, without
from tests.conftest import ROOT, run_python


def rows(split: Split) -> set[bytes]:
    return {example.tobytes() for example in split.inputs}


@pytest.fixture(scope="module")
def source() -> data.Source:
    return digits.Config().load()


def test_digits_are_all_there_and_real(source):
    sizes = [len(split) for split in (source.train, source.validation, source.test)]
    assert sum(sizes) == 1797
    assert sizes[2] == pytest.approx(0.2 * 1797, rel=0.1)
    image, label = source.train.example(0)
    assert image.shape == source.spec.input_shape == (8, 8, 1)
    assert image.dtype == np.float32
    assert 0 <= image.min() < image.max() <= 1
    assert label in range(10)
    assert len(source.spec.classes) == 10


def test_splits_share_no_image(source):
    train, validation, test = map(rows, (source.train, source.validation, source.test))
    assert not train & validation
    assert not train & test
    assert not validation & test


def test_equal_images_fall_on_one_side_in_any_order():
    images = np.random.default_rng(0).integers(0, 4, (400, 2, 2), dtype=np.uint8)  # many are equal
    sides = split_by_content(images, (0.3, 0.3))
    assert sorted(np.concatenate(sides)) == list(range(400))
    found = [{images[i].tobytes() for i in side} for side in sides]
    assert sum(map(len, found)) == len(found[0] | found[1] | found[2])
    shuffled = np.random.default_rng(1).permutation(400)
    again = split_by_content(images[shuffled], (0.3, 0.3))
    assert [{images[shuffled][i].tobytes() for i in side} for side in again] == found


def test_fingerprints_spread_evenly_and_depend_on_the_seed():
    images = np.arange(4000, dtype=np.int64)[:, None]
    assert np.mean(fingerprints(images) < 0.25) == pytest.approx(0.25, abs=0.03)
    assert (fingerprints(images) != fingerprints(images, seed=1)).all()


def test_without_leaves_out_exact_copies_alone():
    assert without(np.array([[1], [2], [3], [2]]), np.array([[2], [7]])).tolist() == [0, 2]


@pytest.mark.parametrize("shares", [(0.5, 0.5), (-0.1,), (1.0,)])
def test_shares_that_leave_nothing_are_refused(shares):
    with pytest.raises(ValueError, match="shares must be at least 0 and sum to less than 1"):
        split_by_content(np.zeros((2, 1)), shares)


def test_bounds_of_settings_are_named():
    with pytest.raises(ValueError, match="size must be 4 to 512 pixels. Received: 4096"):
        image_folder.Config(size=4096)
    with pytest.raises(ValueError, match=r"augmentation.shift must be at least 0. Received: -1"):
        Augmentation(shift=-1)
    with pytest.raises(ValueError, match="dataset must be one of mnist, .* Received: 'imagenet'"):
        tfds_images.Config("imagenet")


def test_without_a_network_one_sentence_comes_within_seconds(tmp_path):
    """In a process of its own: the library reads its folder once."""
    code = """
        import sys, socket, time
        sys.path.insert(0, sys.argv[1])
        def refuse(address, *_):
            raise socket.gaierror(-2, "Name or service not known")
        socket.create_connection = refuse
        import data
        start = time.monotonic()
        try:
            data.SOURCES["cifar10"].load()
        except data.DataUnavailable as error:
            print(time.monotonic() - start, str(error).count("\\n"), error, sep="|")
        """
    printed = run_python(textwrap.dedent(code), ROOT, environment={"TFDS_DATA_DIR": str(tmp_path)})
    seconds, newlines, message = printed.strip().split("|")
    assert float(seconds) < 30  # most of it the import of the library
    assert newlines == "0"
    assert "www.cs.toronto.edu does not answer" in message
    assert "use the embedded source: digits" in message


def test_a_public_set_as_its_library_describes_it(monkeypatch):
    """CIFAR-10 can't be had everywhere: its description is the library's, its pixels are made here."""
    import tensorflow_datasets as tfds

    def read(builder, split):
        shape = builder.info.features["image"].shape
        images = np.random.default_rng(len(split)).integers(0, 255, (30, *shape), dtype=np.uint8)
        images[:3] = 7  # on both sides
        return images, np.arange(30) % builder.info.features["label"].num_classes

    monkeypatch.setattr(tfds_images, "prepared_builder", lambda name, embedded: tfds.builder(name))
    monkeypatch.setattr(tfds_images, "_read", read)
    source = tfds_images.Config("cifar10", validation=0.3).load()
    assert source.spec.input_shape == (32, 32, 3)
    assert len(source.spec.classes) == 10
    assert len(source.train) + len(source.validation) == 27
    assert not (rows(source.train) | rows(source.validation)) & rows(source.test)


class Faces:
    """What TensorFlow Datasets gives for CelebA, photographs of a size of their own made here."""

    def as_dataset(self, split: str) -> tf.data.Dataset:
        random = np.random.default_rng(len(split))
        images = random.integers(0, 255, (20, 218, 178, 3), dtype=np.uint8)
        images[:2] = 99  # on all sides
        images[2, 20:-20, :89], images[2, 20:-20, 89:] = 0, 255
        images[2, :20] = images[2, -20:] = 77  # outside the square in the middle
        smiles = np.arange(20) % 2 == 0
        attributes = {name: smiles == (name == "Smiling") for name in celeb_a.ATTRIBUTES}
        return tf.data.Dataset.from_tensor_slices({"image": images, "attributes": attributes})


def test_faces_are_the_middle_of_the_photographs(monkeypatch):
    monkeypatch.setattr(celeb_a, "prepared_builder", lambda name, embedded: Faces())
    source = celeb_a.Config(size=8).load()
    assert source.spec.input_shape == (8, 8, 3)
    assert source.spec.classes == ("not smiling", "smiling")
    np.testing.assert_array_equal(source.test.targets, np.arange(20) % 2 == 0)
    assert len(source.train) == 17  # without the three that the test has, too
    middle = source.validation.inputs[2]
    assert (middle[:, :4] == 0).all()
    assert (middle[:, 4:] == 255).all()
    assert celeb_a.Config(size=8, attribute="Male").load().spec.classes == ("not male", "male")
    with pytest.raises(ValueError, match="attribute must be one of 5_o_Clock_Shadow, .* Received: 'Hair'"):
        celeb_a.Config(attribute="Hair")


def test_faces_have_the_names_that_their_builder_gives():
    import tensorflow_datasets as tfds

    features = tfds.builder("celeb_a").info.features
    assert list(features["attributes"]) == list(celeb_a.ATTRIBUTES)


@pytest.mark.datasets
@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_public_sets(name):
    try:
        source = data.SOURCES[name].load()
    except DataUnavailable as error:
        pytest.skip(str(error))
    assert len(source.test) == 10_000
    assert 59_000 < len(source.train) + len(source.validation) <= 60_000
    assert len(source.validation) == pytest.approx(0.08 * 60_000, rel=0.1)
    assert source.spec.input_shape == (28, 28, 1)
    assert not rows(source.train) & rows(source.test)
    assert not rows(source.validation) & rows(source.test)
    assert not rows(source.train) & rows(source.validation)


def test_licence_and_citation_come_along(source):
    assert source.spec.licence == "CC BY 4.0"
    assert "Alpaydin" in source.spec.citation


def test_archives_that_were_put_where_tfds_looks_are_found(tmp_path):
    import tensorflow_datasets as tfds
    from tensorflow_datasets.core.download import resource

    builder = tfds.builder("fashion_mnist", data_dir=tmp_path)
    missing = downloads.missing_downloads(builder)
    assert len(missing) == 4
    folder = tmp_path / "downloads" / "fashion_mnist"
    folder.mkdir(parents=True)
    for url in missing[1:]:
        (folder / resource.get_dl_fname(url, builder.url_infos[url].checksum)).touch()
    assert downloads.missing_downloads(builder) == missing[:1]
