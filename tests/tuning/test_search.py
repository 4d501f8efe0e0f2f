"""Searches: they end, go on where they were stopped, and tell what they found."""

import itertools
import json
import os
import signal
import subprocess
import sys
import threading

import pytest

from tests.conftest import ROOT
from tests.tuning.played import Played, play
from training import recipes, runs, trainer
from training.runs import Run
from tuning import __main__, oracles, search, searches, table, trials
from tuning.searches import SearchError
from tuning.trials import Stopped, TrialFailed

TRIALS = 6


def begin(folder, tuner="random", **changes) -> searches.Search:
    """A search of `digits_mlp`."""
    plan = search.plan("digits_mlp", tuner, **changes)
    return searches.begin(folder, f"digits_mlp-{tuner}", plan)


def found(place: searches.Search) -> list[tuple]:
    """What came of each trial, in the order in which they were drawn."""
    rows = sorted(place.trials(), key=lambda trial: trial.number)
    return [
        (row.number, row.state, row.rank, row.value, row.seconds, row.settings, row.length) for row in rows
    ]


# A whole search


@pytest.mark.parametrize("tuner", oracles.TUNERS)
def test_a_search_ends_and_ranks_its_trials(tuner, tmp_path):
    place, played = begin(tmp_path, tuner), Played()
    search.run(place, TRIALS, trainings=played)
    rows = place.trials()
    assert place.state == "finished"
    assert [row.rank for row in rows] == list(range(1, TRIALS + 1))
    assert [row.value for row in rows] == sorted((row.value for row in rows), reverse=True)
    assert len(played.commands) == TRIALS
    assert len({json.dumps([row.settings, row.length]) for row in rows}) == TRIALS
    for row in rows:
        assert row.run.metrics()[-1]["val_accuracy"] == row.value
    assert not runs.runs_in(tmp_path)  # neither the search nor its trials are among the runs
    assert not runs.runs_in(tmp_path / searches.FOLDER)


def test_the_lower_the_better_where_the_figure_is_a_loss(tmp_path):
    place = begin(tmp_path, fixed={"training.monitor": "seconds"})
    search.run(place, 3, trainings=Played())
    assert place.plan.direction == "min"
    place = begin(tmp_path / "other", fixed={"training.monitor": "val_loss"})
    with pytest.raises(SearchError, match="its run has no figure 'val_loss'"):
        search.run(place, 3, trainings=Played())


def test_a_bayesian_search_uses_what_it_has_seen(tmp_path):
    """After the random third the rates lie near the one that is best."""
    place = begin(tmp_path, "bayesian", fixed={"optimizer.name": "adamw"})
    search.run(place, 12, trainings=Played())
    rows = sorted(place.trials(), key=lambda trial: trial.number)
    assert place.trials()[0].number > 4
    assert max(row.value for row in rows[4:]) > max(row.value for row in rows[:4])


def test_what_is_fixed_is_not_searched(tmp_path):
    place, played = (
        begin(tmp_path, fixed={"optimizer.name": "adamw", "model.widths": "24"}, steps=3),
        Played(),
    )
    search.run(place, 4, trainings=played)
    for words in played.commands:
        given = dict(itertools.pairwise(words))
        assert given["--optimizer.name"] == "adamw"
        assert given["--model.widths"] == "24"
        assert given["--steps"] == "3"
        assert 5e-4 <= float(given["--optimizer.learning_rate"]) <= 2e-2


# Stopping and going on


@pytest.mark.parametrize("tuner", oracles.TUNERS)
@pytest.mark.parametrize("stopped_in", [1, 5])
def test_a_stopped_search_goes_on_as_if_it_had_not_been(tuner, stopped_in, tmp_path):
    place = begin(tmp_path / "whole", tuner)
    search.run(place, TRIALS, trainings=Played())
    expected = found(place)

    place = begin(tmp_path / "parts", tuner)
    first = Played(lambda number: first.stop() if number == stopped_in else None)
    with pytest.raises(Stopped):
        search.run(place, TRIALS, trainings=first)
    assert place.state == "stopped"
    assert [row.state for row in place.trials()] == ["finished"] * (stopped_in - 1) + ["stopped"]
    second = Played()
    search.run(begin(tmp_path / "parts", tuner), TRIALS, trainings=second)
    assert first.names[:-1] + second.names == [f"trial-{n:03d}" for n in range(1, TRIALS + 1)]
    assert found(place) == expected

    third = Played()
    search.run(place, TRIALS, trainings=third)  # there is nothing left to do
    assert third.commands == []
    search.run(place, TRIALS + 2, trainings=third)  # more trials lengthen the search
    assert third.names == ["trial-007", "trial-008"]


class Killed(BaseException):
    """The process ends here, whatever it was doing."""


def test_a_search_that_is_killed_at_any_write_goes_on(tmp_path, monkeypatch):
    """Each file that KerasTuner's state is kept in is written, or not, and then the process is no more."""
    tuner, count = "hyperband", 4
    place = begin(tmp_path / "whole", tuner)
    write, writes = oracles._write, []
    monkeypatch.setattr(oracles, "_write", lambda *what: (write(*what), writes.append(what)))
    search.run(place, count, trainings=Played())
    expected = found(place)
    assert len(writes) > 4 * count

    for fatal in range(len(writes)):
        calls = iter(range(len(writes)))

        def killed(*what, calls=calls, fatal=fatal):
            number = next(calls)
            if number < fatal or number % 2:
                write(*what)
            if number == fatal:
                raise Killed

        folder = tmp_path / str(fatal)
        first, second = Played(), Played()
        monkeypatch.setattr(oracles, "_write", killed)
        with pytest.raises(Killed):
            search.run(begin(folder, tuner), count, trainings=first)
        monkeypatch.setattr(oracles, "_write", write)
        place = begin(folder, tuner)
        search.run(place, count, trainings=second)
        assert found(place) == expected, f"killed at write {fatal}"
        assert len(first.names + second.names) == count  # no trial was trained twice


def test_a_search_of_another_command_is_refused(tmp_path):
    begin(tmp_path, seed=1, steps=4)

    def again(recipe="digits_mlp", tuner="random", seed=1, steps=4, **changes):
        searches.begin(
            tmp_path, "digits_mlp-random", search.plan(recipe, tuner, seed, steps=steps, **changes)
        )

    again()
    for difference, message in (
        ({"recipe": "digits_cnn"}, "has recipe digits_mlp, not digits_cnn"),
        ({"tuner": "bayesian"}, "has tuner random, not bayesian"),
        ({"seed": 2}, "has seed 1, not 2"),
        ({"steps": None}, "has steps 4, not none"),
        ({"epochs": 3.0}, "has epochs 40, not 3.0"),
        ({"fixed": {"model.dropout": "0.1"}}, r"has fixed nothing, not --model.dropout 0.1"),
    ):
        with pytest.raises(SearchError, match=message) as caught:
            again(**difference)
        assert str(caught.value).endswith("Go on with it as it was begun, or take another --name")


def test_two_processes_do_not_mix_in_one_search(tmp_path):
    place = begin(tmp_path)
    with place.locked(), pytest.raises(SearchError, match="is in use by process"):
        search.run(place, 2, trainings=Played())


# Failures


def test_a_failed_trial_is_recorded_and_the_search_goes_on(tmp_path):
    place = begin(tmp_path)
    search.run(place, 4, trainings=Played(lambda number: "no luck" if number in (1, 3) else None))
    rows = place.trials()
    assert [row.state for row in rows] == ["finished", "finished", "failed", "failed"]
    assert [row.number for row in rows[2:]] == [1, 3]
    assert {row.error for row in rows[2:]} == {"no luck"}
    assert "trial 3 failed: no luck" in table.as_text(place)


def test_three_failures_in_a_row_end_the_search_and_the_same_command_tries_on(tmp_path):
    place, played = begin(tmp_path), Played(lambda number: f"reason {number}" if number > 1 else None)
    with pytest.raises(SearchError, match=r"^3 trials failed in a row; trial 4: reason 4$"):
        search.run(place, 9, trainings=played)
    assert place.state == "failed"
    assert [row.state for row in place.trials()] == ["finished", "failed", "failed", "failed"]
    search.run(place, 9, trainings=Played())
    assert [row.state for row in place.trials()] == ["finished"] * 6 + ["failed"] * 3


def test_an_invalid_draw_fails_without_a_process(tmp_path, monkeypatch):
    monkeypatch.setitem(
        search.SPACES,
        "mlp",
        lambda hp: {"model.widths": hp.Choice("widths", ["x", "8"])} | {"optimizer.learning_rate": 0.1},
    )
    place, played = begin(tmp_path), Played()
    search.run(place, 2, trainings=played)
    assert len(played.commands) == 1
    assert [row.state for row in place.trials()] == ["finished", "failed"]
    assert place.trials()[1].error == "model.widths must be a whole number. Received: 'x'"


def order(folder, **changes) -> trials.Order:
    """A trial to train."""
    return trials.Order(
        **{
            "recipe": "digits_mlp",
            "run": Run(folder / "trial-001"),
            "log": folder / "log",
            "settings": {"optimizer.learning_rate": 0.01},
            "epochs": 1.0,
            "steps": 4,
            "seed": 0,
            "devices": "cpu:1",
            **changes,
        }
    )


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (-9, "its process was ended by SIGKILL"),
        (130, "its training was stopped by somebody else"),
        (1, "ValueError: what it was"),
        (2, "what is wrong"),
    ],
)
def test_a_trial_tells_why_it_failed(code, message, tmp_path):
    class Failing(Played):
        def run(self, words, output, errors):
            output.write(
                "Traceback\nValueError: what it was\n" + ("error: what is wrong\n" if code == 2 else "")
            )
            output.flush()
            return code

    with pytest.raises(TrialFailed, match=f"^{message}$"):
        trials.train(order(tmp_path), Failing())


def test_the_training_of_a_search_that_was_killed_is_ended_first(tmp_path):
    """It holds the run's lock, and would make the trial fail."""
    run = runs.create(
        tmp_path, "trial-001", {"recipe": "digits_mlp", "training": {"epochs": 1}, "steps": 4, "rate": 0.01}
    )
    code = (
        "import os, platform, signal, sys\n"
        "from training.runs import Run\n"
        "run = Run(sys.argv[1])\n"
        "signal.signal(signal.SIGTERM, lambda *_: (run.update_status(state='stopped'), sys.exit(130)))\n"
        "with run.locked():\n"
        "    run.update_status(state='running', pid=os.getpid(), host=platform.node())\n"
        "    print('ready', flush=True)\n"
        "    signal.pause()\n"
    )
    orphan = subprocess.Popen([sys.executable, "-c", code, str(run.path)], cwd=ROOT, stdout=subprocess.PIPE)
    assert orphan.stdout.readline()
    assert run.state == "running"
    played = Played()
    trials.train(order(tmp_path), played)
    assert orphan.wait(10) == 130
    orphan.stdout.close()
    assert "--resume" in played.commands[0]
    run.update_status(state="running", host="elsewhere")
    with run.locked(), pytest.raises(TrialFailed, match="its run is in use on elsewhere"):
        trials.train(order(tmp_path), played)


def test_a_trial_inherits_no_part_in_a_search_or_a_cluster(tmp_path, monkeypatch):
    for name in trials.NOT_INHERITED:
        monkeypatch.setenv(name, "chief")
    monkeypatch.setenv("MARK", "kept")
    seen = {}

    def popen(words, env, **_):
        seen.update(env)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(subprocess, "Popen", popen)
    with pytest.raises(OSError, match="No space"):
        trials.train(order(tmp_path), trials.Trainings())
    assert not seen.keys() & set(trials.NOT_INHERITED)
    assert seen["MARK"] == "kept"
    assert seen["PYTHONPATH"].split(os.pathsep)[0] == str(ROOT)


# Hyperband


def test_hyperband_uses_the_trials_it_gets():
    assert {n: oracles.halvings(n) for n in (4, 12, 13, 39, 40, 121, 999)} == {
        4: 1, 12: 1, 13: 2, 39: 2, 40: 3, 121: 4, 999: 4
    }  # fmt: skip
    with pytest.raises(SearchError, match=r"trials must be at least 4 for hyperband.*Received: 3"):
        oracles.make("hyperband", 3, 0, "loss", "min", {})


def test_trials_on_own_data_are_as_long_as_the_recipe_trains():
    least = recipes.find("series_cnn").training.min_steps
    plan = search.plan("series_cnn", "hyperband")
    assert plan.least({}) == least
    assert plan.least({searches.EPOCHS: 1, searches.FULL: 4}) == least / 4
    assert search.plan("series_cnn", "random", epochs=5.0).least({}) == 0
    assert search.plan("series_cnn", "random", steps=100).least({}) == 0


def test_hyperband_goes_on_with_the_best_and_not_anew(tmp_path):
    place, played = begin(tmp_path, "hyperband", epochs=9.0), Played()
    search.run(place, 13, trainings=played)  # a bracket of 9, 3 and 1
    rows = sorted(place.trials(), key=lambda trial: trial.number)
    assert [row.length["epochs"] for row in rows] == [1] * 9 + [3] * 3 + [9]
    best = sorted(rows[:9], key=lambda row: -row.value)
    assert {json.dumps(row.settings) for row in rows[9:12]} == {json.dumps(row.settings) for row in best[:3]}
    assert rows[12].settings == best[0].settings
    assert [row["step"] for row in rows[12].run.metrics()] == [20, 60, 180]
    resumed = ["--resume" in words for words in played.commands]
    assert resumed == [False] * 9 + [True] * 4


def test_a_trial_whose_earlier_run_is_on_another_machine_is_trained_from_its_start(tmp_path):
    played = Played()
    trials.train(order(tmp_path, earlier=Run(tmp_path / "elsewhere")), played)
    assert "--resume" not in played.commands[0]


def test_a_longer_trial_goes_on_with_the_weights_and_the_steps_of_the_shorter(tmp_path):
    """With the loop itself: the rows of both are one training, and so is the position in the data."""
    recipe = recipes.find("digits_mlp").override({"model.widths": "8", "optimizer.average": "0.9"})
    earlier = trainer.create(recipe, tmp_path, "trial-001", seed=1, steps=4)
    trainer.train(earlier, quiet=True)
    run = Run(tmp_path / "trial-002")
    trials.go_on(earlier, run, epochs=2.5, steps=12)
    assert run.config == {
        **earlier.config,
        "steps": 12,
        "training": {**earlier.config["training"], "epochs": 2.5},
    }
    assert run.state == "queued"
    trainer.train(run, quiet=True)
    steps = [row["step"] for row in run.metrics()]
    assert steps == sorted(steps)
    assert run.metrics()[: len(earlier.metrics())] == earlier.metrics()
    assert steps[-1] == 12
    assert [row["step"] for row in earlier.metrics()][-1] == 4
    assert run.metrics()[-1]["seconds"] > earlier.metrics()[-1]["seconds"]

    # What the other tests play must look like it, or they would say nothing.
    words = ["train", "digits_mlp", "--runs-dir", tmp_path, "--name", "x", "--optimizer.learning_rate", 1]
    played = play(words)
    assert played.metrics()[-1].keys() <= run.metrics()[-1].keys()
    assert played.status.keys() <= run.status.keys()
    assert {"recipe", "training", "steps"} <= run.config.keys()


# The command line


def command(capsys, *words) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of a command."""
    code = __main__.main([str(word) for word in words])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["search", "digit_mlp", "--trials", 2], "there is no recipe 'digit_mlp'. Did you mean digits_mlp"),
        (
            ["search", "digits_mlp", "--trials", 2, "--tuner", "bayes"],
            "no tuner 'bayes'. Did you mean bayesian",
        ),
        (["search", "digits_mlp", "--trials", 2, "--tuner", "hyperband"], "trials must be at least 4"),
        (["search", "digits_mlp", "--trials", 2, "--devices", "tpu"], "devices must be auto, cpu:N or gpu:N"),
        (["search", "digits_mlp", "--trials", 2, "--epochs", 0], "training.epochs must be above 0"),
        (["search", "digits_mlp", "--trials", 2, "--model.width", 9], "Did you mean model.widths"),
        (["search", "digits_mlp", "--trials", 2, "--model.dropout", 2], "model.dropout must be"),
        (
            ["search", "digits_mlp", "--trials", 2, "--model.outputs", 2],
            "model.outputs is decided by the data",
        ),
        (["search", "digits_mlp", "--trials", 2, "--name", "../x"], "must begin with a letter or digit"),
        (["show", "digits"], "there is no search 'digits'"),
    ],
)
def test_a_wrong_command_gets_one_line(words, message, tmp_path, capsys):
    code, out, err = command(capsys, *words, "--runs-dir", tmp_path)
    assert code == 2
    assert out == ""
    (line,) = [line for line in err.splitlines() if line.startswith("error: ")]
    assert message in line


def test_arguments_that_nobody_knows_are_refused(capsys):
    for words in (
        ["search", "digits_mlp", "--trials", "2", "--trails", "3"],
        ["show", "x", "--model.dropout", "1"],
    ):
        with pytest.raises(SystemExit, match="2"):
            __main__.main(words)
        assert "unrecognized arguments" in capsys.readouterr().err


def test_the_table_and_its_json(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(trials, "Trainings", lambda: Played(lambda number: "bad" if number == 2 else None))
    words = ["digits_mlp", "--trials", 3, "--runs-dir", tmp_path, "--training.batch_size", 32]
    code, out, err = command(capsys, "search", *words)
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == "random search digits_mlp-random of digits_mlp, seed 0: finished, 3 of 3 trials"
    assert lines[2].split()[:5] == ["rank", "trial", "val_accuracy", "seconds", "state"]
    assert "learning_rate" in lines[2]
    assert "batch_size" not in lines[2]
    assert [line.split()[0] for line in lines[3:6]] == ["1", "2", "-"]
    assert "training.batch_size=32" in out
    assert "trial 2 failed: bad" in out
    assert lines[-1].startswith("the best: python -m training train digits_mlp --model.widths ")
    assert "trial 2 failed: bad" in err

    shown = command(capsys, "show", "digits_mlp-random", "--runs-dir", tmp_path)
    assert shown == (0, out, "")
    code, out, err = command(capsys, "show", tmp_path / "searches" / "digits_mlp-random", "--json")
    told = json.loads(out)
    assert [row["rank"] for row in told["trials"]] == [1, 2, None]
    assert told["figure"] == "val_accuracy"
    assert told["trials"][0]["val_accuracy"] >= told["trials"][1]["val_accuracy"]
    assert told["trials"][2]["error"] == "bad"


def test_the_best_is_trained_once_and_as_long_as_the_recipe_says(tmp_path, capsys, monkeypatch):
    commands = []

    class Kept(Played):
        def run(self, words, output, errors):
            commands.append(list(map(str, words)))
            return super().run(words, output, errors)

    monkeypatch.setattr(trials, "Trainings", Kept)
    words = ["search", "digits_mlp", "--trials", 3, "--steps", 5, "--runs-dir", tmp_path, "--train-best"]
    code, out, _ = command(capsys, *words)
    assert code == 0
    assert "run digits_mlp-tuned-1 has the settings of trial" in out.splitlines()[-1]
    run = Run(tmp_path / "digits_mlp-tuned-1")
    assert run.config["steps"] is None
    assert [found.name for found in runs.runs_in(tmp_path)] == ["digits_mlp-tuned-1"]
    best = begin(tmp_path, steps=5).trials()[0]
    assert run.config["rate"] == best.settings["optimizer.learning_rate"]
    assert len(commands) == 4
    code, out, _ = command(capsys, *words, "--json")
    assert len(commands) == 4  # it is there already
    assert json.loads(out)["best_run"]["run"] == "digits_mlp-tuned-1"


def test_search_from_end_to_end(tmp_path, capsys):
    """Two real trials, the second stopped by a signal as it begins: the same command goes on."""
    words = ["search", "digits_mlp", "--steps", 4, "--runs-dir", tmp_path, "--devices", "cpu:1"]
    code, out, err = command(capsys, *words, "--trials", 1)
    assert code == 0
    place = begin(tmp_path, steps=4)
    (first,) = place.trials()
    assert (first.state, first.rank, first.run.metrics()[-1]["step"]) == ("finished", 1, 4)
    assert first.run.metrics()[-1]["val_accuracy"] == first.value
    assert not first.run.evaluation  # the test split was left alone
    assert not first.run.checkpoint_path.exists()
    assert first.run.model_path.exists()
    before = first.run.status

    second = place.run(2)

    def interrupt():
        while second.state != "running":
            threading.Event().wait(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    code, out, err = command(capsys, *words, "--trials", 2)
    thread.join()
    assert code == 130
    assert "the same command goes on" in err
    assert "stopped, 2 of 2 trials" in out
    assert second.state == "stopped"  # it was told to stop, and saved

    code, out, err = command(capsys, *words, "--trials", 2, "--json")
    assert code == 0
    told = json.loads(out)
    assert [row["state"] for row in told["trials"]] == ["finished", "finished"]
    assert {row["trial"] for row in told["trials"]} == {1, 2}
    assert first.run.status == before  # it was not trained again
    assert [row["step"] for row in second.metrics()][-1] == 4


def searched(tmp_path) -> searches.Search:
    """A search of three finished trials."""
    place = searches.begin(tmp_path, "mine", search.plan("digits_mlp", "random", steps=4))
    search.run(place, 3, trainings=Played())
    return place


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("[]", "trial.json must be an object"),
        ('{"trial_id": "0000', "trial.json is not JSON"),
        ("{}", "trial.json has no trial_id"),
        (None, "trial.json: hyperparameters must be an object with values"),
    ],
    ids=["a list", "cut short", "empty", "wrong type"],
)
def test_a_damaged_trial_is_named_and_left_out(tmp_path, capsys, content, reason):
    place = searched(tmp_path)
    path = place.oracle_path / "trial_1" / "trial.json"
    path.write_text(content or json.dumps({**json.loads(path.read_text()), "hyperparameters": []}))
    code, out, _ = command(capsys, "show", "mine", "--runs-dir", tmp_path)
    assert code == 0
    assert f"trial_1 is left out: {reason}" in out
    assert [trial.number for trial in sorted(place.trials(), key=lambda trial: trial.number)] == [1, 3]
    assert list(
        json.loads(command(capsys, "show", "mine", "--runs-dir", tmp_path, "--json")[1])["left_out"]
    ) == ["trial_1"]


@pytest.mark.parametrize(
    "change", [{"figure": 3}, {"direction": "up"}, {"architecture": []}, {"fixed": None}]
)
def test_a_damaged_plan_is_one_line(tmp_path, capsys, change):
    place = searched(tmp_path)
    path = place.path / "search.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    code, _, err = command(capsys, "show", "mine", "--runs-dir", tmp_path)
    assert code == 2
    assert (
        f"search.json is not a search's: the file was changed by hand (search.json: {next(iter(change))}"
        in err
    )
    assert len(err.strip().splitlines()) == 1
