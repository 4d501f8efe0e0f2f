"""Folders of one's own images."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from data import DataUnavailable, Source, image_folder
from data.images import read_square
from data.source import Split


def rows(split: Split) -> set[bytes]:
    return {example.tobytes() for example in split.inputs}


def counts(source: Source) -> dict[str, list[int]]:
    """How many images of each class a split has."""
    number = len(source.spec.classes)
    return {
        name: np.bincount(getattr(source, name).targets, minlength=number).tolist()
        for name in ("train", "validation", "test")
    }


def paint(folder, name: str, count: int, size=(20, 10)) -> None:
    (folder / name).mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(list(name.encode()))
    for number in range(count):
        pixels = generator.integers(0, 255, (*size[::-1], 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / name / f"{number}.png")


def test_own_images(tmp_path):
    paint(tmp_path, "cat", 40)
    paint(tmp_path, "mouse", 30)
    (tmp_path / "cat" / "notes.txt").write_text("not an image")
    source = image_folder.Config(str(tmp_path), size=16, channels=1, test=0.2).load()
    assert source.spec.classes == ("cat", "mouse")
    assert source.spec.input_shape == (16, 16, 1)
    assert sum(map(len, (source.train, source.validation, source.test))) == 70
    assert set(source.train.targets) == {0, 1}


def test_own_images_without_classes(tmp_path):
    paint(tmp_path, "cat", 40)
    paint(tmp_path, ".", 30)
    source = image_folder.Config(str(tmp_path), size=16, labelled=False).load()
    assert source.spec.classes == ()
    assert sum(map(len, (source.train, source.validation, source.test))) == 70
    assert not source.train.targets.any()


def test_own_images_keep_their_proportions(tmp_path):
    Image.new("RGB", (40, 20), "white").save(tmp_path / "wide.png")
    image = read_square(tmp_path / "wide.png", 8, 3)
    assert image[:2].max() == image[-2:].max() == 0
    assert image[2:-2].min() == 255


@pytest.mark.parametrize(
    ("prepare", "message"),
    [
        (lambda root: root / "nowhere", "is not a folder. Name one"),
        (lambda root: root, "at least two sub-folders.* Found: 0 images in 0 sub-folders"),
    ],
)
def test_a_folder_that_will_not_do_is_told(tmp_path, prepare, message):
    with pytest.raises(DataUnavailable, match=message):
        image_folder.Config(str(prepare(tmp_path))).load()
    (tmp_path / "notes.txt").write_text("not an image")
    with pytest.raises(DataUnavailable, match="holds no images: files that end with .png"):
        image_folder.Config(str(tmp_path), labelled=False).load()


def test_too_few_own_images_are_told(tmp_path):
    paint(tmp_path, "cat", 1)
    paint(tmp_path, "mouse", 1)
    for labelled in (True, False):
        with pytest.raises(DataUnavailable, match="2 images are too few for three splits"):
            image_folder.Config(str(tmp_path), labelled=labelled).load()


def test_a_file_that_is_no_image_is_named(tmp_path):
    paint(tmp_path, "cat", 2)
    paint(tmp_path, "mouse", 2)
    (tmp_path / "cat" / "x.png").write_bytes(b"<script>")
    with pytest.raises(DataUnavailable, match=r"x.png can't be read as an image.* --data.broken skip"):
        image_folder.Config(str(tmp_path)).load()


def test_a_broken_image_is_skipped_and_named_where_that_is_asked_for(tmp_path, capsys):
    paint(tmp_path, "cat", 40)
    paint(tmp_path, "mouse", 30)
    whole = (tmp_path / "cat" / "1.png").read_bytes()
    (tmp_path / "cat" / "1.png").write_bytes(whole[:100])
    source = image_folder.Config(str(tmp_path), size=8, broken="skip").load()
    assert sum(map(len, (source.train, source.validation, source.test))) == 69
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("warning: ")
    assert "1.png can't be read as an image" in line
    for path in tmp_path.rglob("*.png"):
        path.unlink()
    for name in ("cat", "mouse"):
        (tmp_path / name / "1.png").write_bytes(whole[:100])
    with pytest.raises(DataUnavailable, match="not one of the 2 images"):
        image_folder.Config(str(tmp_path), broken="skip").load()


def test_a_decompression_bomb_is_refused(tmp_path, monkeypatch):
    Image.new("L", (2000, 2000)).save(tmp_path / "bomb.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1_000_000)
    with pytest.raises(DataUnavailable, match="bomb.png can't be read"):
        read_square(tmp_path / "bomb.png", 8, 1)


@pytest.mark.parametrize(
    "litter",
    [
        ".ipynb_checkpoints/",
        "cat/.ipynb_checkpoints/1-checkpoint.png",
        ".ipynb_checkpoints/1-checkpoint.png",
        "__MACOSX/cat/._1.png",
        "__MACOSX/cat/1.png",
        "cat/._1.png",
        ".DS_Store",
        "cat/Thumbs.db",
        "Thumbs.db",
        "cat/@eaDir/1.png/thumb.png",
        "empty/",
        "texts/read me.txt",
        "cat/folder.png/",
    ],
)
@pytest.mark.parametrize("own", ["", "train", "val"])
def test_litter_and_empty_folders_are_ignored(tmp_path, litter, own, capsys):
    for place, count in (("train", 20), ("val", 5), ("test", 5)) if own else (("", 20),):
        for name in ("cat", "mouse"):
            paint(tmp_path / place, f"{name}{place}", count)
            if own:
                (tmp_path / place / f"{name}{place}").rename(tmp_path / place / name)
    before = image_folder.Config(str(tmp_path), size=8).load()
    path = tmp_path / own / litter
    path.parent.mkdir(parents=True, exist_ok=True)
    if litter.endswith("/"):
        path.mkdir()
    elif path.suffix == ".png" and not path.name.startswith("._"):
        Image.new("RGB", (8, 8), "red").save(path)
    else:
        path.write_bytes(b"\0\5\x16\7")
    after = image_folder.Config(str(tmp_path), size=8).load()
    assert after.spec == before.spec
    assert after.spec.classes == ("cat", "mouse")
    for name in ("train", "validation", "test"):
        np.testing.assert_array_equal(getattr(after, name).inputs, getattr(before, name).inputs)
    assert capsys.readouterr().err == ""


def test_litter_is_ignored_without_classes_too(tmp_path):
    paint(tmp_path, "one", 20)
    paint(tmp_path, ".ipynb_checkpoints", 3)
    (tmp_path / "one" / "._1.png").write_bytes(b"no image")
    source = image_folder.Config(str(tmp_path), size=8, labelled=False).load()
    assert sum(map(len, (source.train, source.validation, source.test))) == 20


def test_a_folder_may_itself_be_hidden(tmp_path):
    for name in ("cat", "mouse"):
        paint(tmp_path / ".data" / "__MACOSX", name, 20)
    source = image_folder.Config(str(tmp_path / ".data" / "__MACOSX"), size=8).load()
    assert sum(map(sum, counts(source).values())) == 40


def test_splits_are_stratified(tmp_path):
    for name, count in (("a", 120), ("b", 60), ("c", 20)):
        paint(tmp_path, name, count, (8, 8))
    source = image_folder.Config(str(tmp_path), size=8).load()
    assert counts(source) == {"train": [96, 48, 16], "validation": [12, 6, 2], "test": [12, 6, 2]}
    sides = [rows(split) for split in (source.train, source.validation, source.test)]
    assert sum(map(len, sides)) == len(set.union(*sides)) == 200


def test_each_class_is_on_every_side_where_it_has_three_images(tmp_path):
    for name, count in (("a", 200), ("b", 3), ("c", 2)):
        paint(tmp_path, name, count, (8, 8))
    found = counts(image_folder.Config(str(tmp_path), size=8).load())
    assert [found[name][1] for name in found] == [1, 1, 1]
    assert found["train"][2] == 1  # a class is always learned


def test_equal_images_stay_on_one_side(tmp_path):
    for name in ("a", "b"):
        paint(tmp_path, name, 30, (8, 8))
        for number in range(30):
            shutil.copy(tmp_path / name / f"{number}.png", tmp_path / name / f"copy{number}.png")
    source = image_folder.Config(str(tmp_path), size=8).load()
    sides = [rows(split) for split in (source.train, source.validation, source.test)]
    assert sum(map(len, sides)) == len(set.union(*sides))
    assert counts(source)["test"] == [6, 6]


def test_splits_do_not_depend_on_names(tmp_path):
    for name in ("a", "b"):
        paint(tmp_path, name, 30, (8, 8))
    before = image_folder.Config(str(tmp_path), size=8).load()
    for number in range(30):
        (tmp_path / "a" / f"{number}.png").rename(tmp_path / "a" / f"z{100 - number}.png")
    after = image_folder.Config(str(tmp_path), size=8).load()
    assert rows(after.test) == rows(before.test)


@pytest.mark.parametrize(
    "names",
    [
        ("train", "val", "test"),
        ("training", "validation", "testing"),
        ("Train", "Valid", "TEST"),
    ],
)
@pytest.mark.parametrize("labelled", [True, False])
def test_the_folders_own_splits_are_kept(tmp_path, names, labelled, capsys):
    for name, count in zip(names, (12, 4, 3), strict=True):
        for kind in ("cat", "mouse"):
            paint(tmp_path / name, f"{kind}{name}", count, (8, 8))
            (tmp_path / name / f"{kind}{name}").rename(tmp_path / name / kind)
    source = image_folder.Config(str(tmp_path), size=8, labelled=labelled).load()
    assert [len(split) for split in (source.train, source.validation, source.test)] == [24, 8, 6]
    seen = {path: read_square(path, 8, 3).tobytes() for path in tmp_path.rglob("*.png")}
    for name, split in zip(names, (source.train, source.validation, source.test), strict=True):
        assert rows(split) == {pixels for path, pixels in seen.items() if path.parts[-3] == name}
    if labelled:
        assert source.spec.classes == ("cat", "mouse")
        assert counts(source) == {"train": [12, 12], "validation": [4, 4], "test": [3, 3]}
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("places", "found", "said"),
    [
        (("train", "val"), {"train": [18, 18], "validation": [4, 4], "test": [2, 2]}, ["test"]),
        (("train", "test"), {"train": [18, 18], "validation": [2, 2], "test": [4, 4]}, ["validation"]),
        (("train",), {"train": [16, 16], "validation": [2, 2], "test": [2, 2]}, []),
    ],
)
def test_a_split_that_is_missing_is_taken_from_training_and_that_is_said(
    tmp_path, capsys, places, found, said
):
    for place in places:
        for kind in ("cat", "mouse"):
            paint(tmp_path / place, f"{kind}{place}", 20 if place == "train" else 4, (8, 8))
            (tmp_path / place / f"{kind}{place}").rename(tmp_path / place / kind)
    assert counts(image_folder.Config(str(tmp_path), size=8).load()) == found
    lines = capsys.readouterr().err.splitlines()
    assert [f"has no {name} split" in line for name, line in zip(said, lines, strict=True)] == [True] * len(
        said
    )


def test_copies_on_two_sides_are_left_out_of_training_and_that_is_said(tmp_path, capsys):
    for kind in ("cat", "mouse"):
        paint(tmp_path / "train", kind, 10, (8, 8))
        for place, numbers in (("val", (0, 1, 2)), ("test", (2, 3))):
            (tmp_path / place / kind).mkdir(parents=True)
            for number in numbers:
                shutil.copy(tmp_path / "train" / kind / f"{number}.png", tmp_path / place / kind)
    source = image_folder.Config(str(tmp_path), size=8).load()
    assert counts(source) == {"train": [6, 6], "validation": [2, 2], "test": [2, 2]}
    assert "2 of the validation images are in the test split too" in capsys.readouterr().err


def test_train_may_be_a_class_among_others(tmp_path):
    for name in ("bus", "car", "train"):
        paint(tmp_path, name, 10, (8, 8))
    assert image_folder.Config(str(tmp_path), size=8).load().spec.classes == ("bus", "car", "train")


@pytest.mark.parametrize(
    ("folders", "message"),
    [
        (
            ("train/cat", "train/mouse", "val/cat", "val/mouse", "labels/x"),
            "look like splits, but labels beside them",
        ),
        (("train/cat", "train/mouse", "test"), "look like splits, but no sub-folders of classes in test"),
        (("train", "test"), "holds (train and test|test and train), which look like splits"),
        (("train/cat", "train/mouse", "val/cat", "valid/cat"), "both val and valid, which mean one split"),
        (("train/cat", "train/mouse", "val/dog"), r"val has images of 'dog', and .*train has none"),
        (("train/cat", "val/cat"), "at least two sub-folders, one a class"),
    ],
)
def test_a_layout_that_means_two_things_is_a_question(tmp_path, folders, message):
    for folder in folders:
        paint(tmp_path, folder, 4, (8, 8))
    with pytest.raises(DataUnavailable, match=message) as told:
        image_folder.Config(str(tmp_path), size=8).load()
    assert "\n" not in str(told.value)


def test_images_beside_the_classes_are_told(tmp_path, capsys):
    for name in ("cat", "mouse", "."):
        paint(tmp_path, name, 10, (8, 8))
    assert sum(map(sum, counts(image_folder.Config(str(tmp_path), size=8).load()).values())) == 20
    assert "note: 10 images of" in capsys.readouterr().err


def test_a_class_that_has_no_image_to_learn_from_is_told(tmp_path):
    paint(tmp_path, "cat", 20, (8, 8))
    (tmp_path / "mouse").mkdir()
    (tmp_path / "mouse" / "x.png").write_bytes(b"no image")
    with pytest.raises(DataUnavailable, match="class 'mouse' of .* has no image to learn from"):
        image_folder.Config(str(tmp_path), size=8, broken="skip").load()


def test_shares_that_leave_nothing_to_learn_from_are_refused():
    with pytest.raises(ValueError, match="validation and test must be at least 0, and below 1 together"):
        image_folder.Config(validation=0.5, test=0.5)


def test_training_and_predict_know_the_same_classes(tmp_path, capsys, monkeypatch):
    from training.__main__ import main

    for name in ("cat", "mouse", ".ipynb_checkpoints", "__MACOSX"):
        paint(tmp_path / "own", name, 12, (8, 8))
    where = ["--runs-dir", str(tmp_path / "runs")]
    settings = [
        "--data.size",
        "8",
        "--model.filters",
        "4",
        "--model.convolutions",
        "1",
        "--training.epochs",
        "1",
    ]
    made = ["train", "images_cnn", "--name", "own", "--data.folder", str(tmp_path / "own"), "--json"]
    assert main([*made, *settings, *where]) == 0
    capsys.readouterr()
    monkeypatch.setattr("sys.stdin", [str(tmp_path / "own" / "cat" / "1.png")])
    assert main(["predict", "own", *where]) == 0
    assert list(json.loads(capsys.readouterr().out)["probabilities"]) == ["cat", "mouse"]
