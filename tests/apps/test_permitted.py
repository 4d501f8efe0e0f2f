"""A visitor may name files in permitted folders only, and trainings at once are limited."""

import os

import pytest

from apps import launch, permitted
from tests.apps.conftest import drawn, field
from training import recipes
from training.settings import SettingsError


@pytest.fixture
def allowed(tmp_path, monkeypatch, shelves):
    folder = tmp_path / "allowed"
    folder.mkdir()
    monkeypatch.setenv(permitted.VARIABLE, str(folder))
    return folder


def data(recipe, **changes):
    return recipes.find(recipe).override({f"data.{k}": v for k, v in changes.items()}).to_config()["data"]


def test_files_in_a_permitted_folder_may_be_named(allowed, shelves):
    (allowed / "deep").mkdir()
    for path in (allowed, allowed / "deep" / "x.csv", allowed / "not-there", shelves.runs / "mine" / "t.txt"):
        permitted.check(data("text_gpt", file=str(path)))
    permitted.check(data("points_mlp"))
    permitted.check(data("function_mlp", formula="x/2"))
    permitted.check({"id": "ALE/Pong-v5"})


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "/nowhere/at/all",
        "{allowed}/../secret",
        "{allowed}/link/passwd",
        "~root/x",
        "~/x",
        "x.csv",
    ],
)
@pytest.mark.parametrize(
    ("recipe", "name"), [("text_gpt", "file"), ("images_cnn", "folder"), ("series_cnn", "train")]
)
def test_files_elsewhere_are_refused_whether_they_are_there_or_not(allowed, path, recipe, name):
    (allowed / "link").symlink_to("/etc")
    with pytest.raises(SettingsError, match=rf"data.{name} must be in one of the folders") as refused:
        permitted.check(data(recipe, **{name: path.format(allowed=allowed)}))
    assert "\n" not in str(refused.value)


def test_a_name_that_is_a_loop_of_links_is_refused(allowed):
    (allowed / "loop").symlink_to(allowed / "loop")
    with pytest.raises(SettingsError):
        permitted.check(data("text_gpt", file="/proc/self/root/etc/passwd"))


def test_by_default_the_home_folder_and_the_current_one_are_permitted(tmp_path, monkeypatch, shelves):
    monkeypatch.delenv(permitted.VARIABLE, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    permitted.check(data("text_gpt", file="~/book.txt"))
    permitted.check(data("text_gpt", file="book.txt"))
    with pytest.raises(SettingsError, match=permitted.VARIABLE):
        permitted.check(data("text_gpt", file="/etc/passwd"))


def test_several_folders_are_split_as_in_path(tmp_path, monkeypatch, shelves):
    monkeypatch.setenv(permitted.VARIABLE, os.pathsep.join([str(tmp_path / "a"), str(tmp_path / "b")]))
    for name in ("a", "b"):
        permitted.check(data("text_gpt", file=str(tmp_path / name / "x.txt")))
    with pytest.raises(SettingsError):
        permitted.check(data("text_gpt", file=str(tmp_path / "c" / "x.txt")))


def test_the_tab_train_refuses_a_file_elsewhere_and_makes_no_run(allowed, shelves, page):
    shelves.add("mine", recipe="digits_cnn", model=False)
    tested = page("convolution", tab="Train")
    recipe = field(tested, "selectbox", "Recipe")
    drawn(recipe.set_value("images_cnn").run())
    field(tested, "text_input", "Folder of images").set_value("/etc")
    (button,) = (each for each in tested.button if each.label == "Start training")
    drawn(button.click().run())
    assert "must be in one of the folders that this app may read" in tested.error[0].value
    assert [path.name for path in shelves.runs.iterdir() if not path.name.startswith(".")] == ["mine"]


@pytest.mark.parametrize(
    ("text", "count"),
    [(None, 5), ("2", 2), ("", 5), ("0", 5), ("-1", 5), ("many", 5), ("9" * 40, 5), ("\u0663", 3)],
)
def test_the_number_of_trainings_at_once_is_a_setting(monkeypatch, text, count):
    monkeypatch.delenv(launch.AT_ONCE_VARIABLE, raising=False)
    if text is not None:
        monkeypatch.setenv(launch.AT_ONCE_VARIABLE, text)
    assert launch.at_once() == count


def test_a_training_that_waits_says_so_on_its_card(shelves, page):
    run = shelves.add("mine", model=False, rows=0, state="queued")
    run.update_status(note="waits: 5 trainings go on at once here", steps=None)
    tested = page("runs", run="mine")
    assert "5 trainings go on at once" in str([element.proto for element in tested.get("progress")])
