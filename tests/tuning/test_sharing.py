"""One search over several processes: a chief that draws, workers that train, and their ends."""

import json
import os
import socket
import subprocess
import sys
import threading

import grpc
import pytest

from tests.conftest import ROOT
from tests.tuning.played import Played
from tuning import __main__, search, searches, sharing
from tuning.searches import SearchError
from tuning.sharing import ID, IP, PORT, Role
from tuning.trials import Stopped


@pytest.fixture
def port() -> int:
    """A port that is free on loopback."""
    with socket.socket() as probe:
        probe.bind((sharing.LOOPBACK, 0))
        return probe.getsockname()[1]


@pytest.fixture
def part(monkeypatch, port):
    """Sets this process' part, as its environment would."""

    def set_part(name: str) -> Role:
        for variable, text in ((ID, name), (IP, sharing.LOOPBACK), (PORT, str(port))):
            monkeypatch.setenv(variable, text)
        return sharing.role()

    return set_part


def begin(folder, **changes) -> searches.Search:
    """A search of `digits_mlp`."""
    return searches.begin(folder, "shared", search.plan("digits_mlp", "random", **changes))


class Chief:
    """A chief in a thread of its own."""

    def __init__(self, place: searches.Search, count: int, role: Role) -> None:
        self.trainings, self.error = Played(), None
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(place, count, role))
        self.thread.start()
        assert self.ready.wait(60)

    def _run(self, place, count, role):
        try:
            search.run(place, count, role=role, trainings=self.trainings, tell=lambda line: self.ready.set())
        except BaseException as error:  # told to the test
            self.error = error
        self.ready.set()

    def join(self):
        self.thread.join(60)
        assert not self.thread.is_alive()


def work(place, count, role, played, lines=None):
    """A worker in this thread."""
    search.run(place, count, role=role, trainings=played, tell=(lines if lines is not None else []).append)


def test_a_part_is_told_by_the_environment():
    assert sharing.role({}) == Role()
    environment = {ID: "worker0", PORT: "8000"}
    role = sharing.role(environment)
    assert role == Role("worker0", "127.0.0.1:8000")  # nobody else's, unless one says so
    assert environment[IP] == "127.0.0.1"
    assert role.is_worker
    role = sharing.role({ID: "chief", IP: "10.0.0.7", PORT: "8000"})
    assert role == Role("chief", "10.0.0.7:8000")
    assert role.is_chief
    assert not role.is_worker


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({ID: "chief"}, "KERASTUNER_TUNER_ID set, but KERASTUNER_ORACLE_PORT is not"),
        ({PORT: "8000", IP: "127.0.0.1"}, 'set, but KERASTUNER_TUNER_ID is not: it must be "chief" or'),
        ({ID: "a/b", PORT: "8000"}, "KERASTUNER_TUNER_ID must hold only letters"),
        ({ID: "a", PORT: "http"}, "KERASTUNER_ORACLE_PORT must be a port"),
        ({ID: "a", PORT: "70000"}, "Received: '70000'"),
    ],
)
def test_an_environment_that_makes_no_sense_gets_one_line(
    environment, message, monkeypatch, capsys, tmp_path
):
    for name, text in environment.items():
        monkeypatch.setenv(name, text)
    assert __main__.main(["search", "digits_mlp", "--trials", "1", "--runs-dir", str(tmp_path)]) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert message in line


def test_chief_and_worker_find_what_one_process_finds(tmp_path, part):
    alone = begin(tmp_path / "alone")
    search.run(alone, 4, trainings=Played())
    place, played, lines = begin(tmp_path / "shared"), Played(), []
    chief = Chief(place, 4, part("chief"))
    work(begin(tmp_path / "elsewhere"), 4, part("worker0"), played, lines)  # as on a machine of its own
    chief.join()
    assert chief.error is None
    assert lines[-1] == "worker0: the search has ended; 4 of its trials ran here"
    assert place.state == "finished"
    assert len(played.commands) == 4
    facts = [[(row.number, row.rank, row.value, row.settings) for row in p.trials()] for p in (alone, place)]
    assert facts[0] == facts[1]


def test_a_chief_that_goes_ends_its_workers_calmly_and_can_go_on(tmp_path, part, monkeypatch):
    monkeypatch.setattr(sharing, "ANSWER_SECONDS", 0.3)
    place, lines = begin(tmp_path), []
    chief = Chief(place, 3, part("chief"))

    def leave(number):
        if number == 2:
            chief.trainings.stop()
            chief.join()

    first = Played(leave)
    work(place, 3, part("worker0"), first, lines)
    assert isinstance(chief.error, Stopped)
    assert lines[-1].startswith("worker0: the search has ended")
    assert [row.state for row in place.trials()] == ["finished", "stopped"]

    second = Played()
    chief = Chief(place, 3, part("chief"))
    work(place, 3, part("worker0"), second)
    chief.join()
    assert [row.state for row in place.trials()] == ["finished"] * 3
    assert first.names + second.names == ["trial-001", "trial-002", "trial-003"]  # none twice


def test_a_worker_that_comes_too_late_ends_calmly(tmp_path, part, capsys):
    search.run(begin(tmp_path), 2, trainings=Played())
    part("worker7")
    words = ["search", "digits_mlp", "--trials", "2", "--name", "shared", "--runs-dir", str(tmp_path)]
    assert __main__.main(words) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[-1] == "worker7: the search has ended; there is no trial left"


def test_a_worker_without_a_chief_says_so(tmp_path, part, monkeypatch):
    monkeypatch.setattr(sharing, "START_SECONDS", 0)
    with pytest.raises(
        SearchError, match=r"no chief answers at 127.0.0.1:\d+: it has ended, or was not started"
    ):
        work(begin(tmp_path), 2, part("worker0"), Played())


def test_a_worker_of_another_command_is_sent_away(tmp_path, part):
    place, played = begin(tmp_path), Played()
    chief = Chief(place, 1, part("chief"))
    with pytest.raises(SearchError, match="searches something else: give every process the same command"):
        work(begin(tmp_path / "other", seed=5), 1, part("worker0"), played)
    assert played.commands == []
    work(place, 1, part("worker1"), played)
    chief.join()


def test_failures_end_a_shared_search_too(tmp_path, part):
    place, played = begin(tmp_path), Played(lambda number: "no luck")
    chief = Chief(place, 9, part("chief"))
    work(place, 9, part("worker0"), played)
    chief.join()
    assert str(chief.error) == "3 trials failed in a row; trial 3: no luck"
    assert len(played.commands) == 3


def test_two_workers_of_one_name_and_two_chiefs_at_one_port_are_refused(tmp_path, part, port):
    place = begin(tmp_path)
    chief = Chief(place, 1, part("chief"))
    other = Chief(begin(tmp_path / "other"), 1, part("chief"))
    other.join()
    assert str(other.error) == f"127.0.0.1:{port} can't be listened at: it is in use, or not this machine's"
    with place.locked("worker0"), pytest.raises(SearchError, match="another process is 'worker0' already"):
        work(place, 1, part("worker0"), Played())
    work(place, 1, part("worker0"), Played())
    chief.join()


class Refused(grpc.RpcError, grpc.Call):
    """What a call to a chief raises."""

    def __init__(self, status: grpc.StatusCode) -> None:
        self.status = status

    def code(self):
        return self.status

    def details(self):
        return "what happened\nwhere"

    add_callback = cancel = initial_metadata = is_active = time_remaining = trailing_metadata = None


def test_only_an_absent_chief_is_the_end():
    with pytest.raises(sharing.ChiefGone), sharing.calls():
        raise Refused(grpc.StatusCode.UNAVAILABLE)
    with pytest.raises(SearchError, match=r"^the chief can't go on: what happened$"), sharing.calls():
        raise Refused(grpc.StatusCode.UNKNOWN)


def test_a_chief_and_two_workers_share_one_search(tmp_path, port):
    """Processes, as a person would start them; each worker's first trial waits for the other's."""
    meeting = tmp_path / "meeting"
    meeting.mkdir()
    command = ["search", "digits_mlp", "--trials", "4", "--name", "shared", "--runs-dir", tmp_path]
    processes, json_of = {}, {"chief": ("--json",)}
    for name in ("chief", "worker0", "worker1"):
        processes[name] = subprocess.Popen(
            [sys.executable, "-m", "tests.tuning.played", meeting, "2", *command, *json_of.get(name, ())],
            cwd=ROOT,
            env={**os.environ, ID: name, PORT: str(port)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    done = {name: process.communicate(timeout=200) for name, process in processes.items()}
    errors = {name: err for name, (_, err) in done.items()}
    assert [process.returncode for process in processes.values()] == [0, 0, 0], errors
    told = json.loads(done["chief"][0])
    assert told["state"] == "finished"
    assert [row["rank"] for row in told["trials"]] == [1, 2, 3, 4]
    assert done["worker0"][0] == done["worker1"][0] == ""
    counts = [
        int(line.split("; ")[1].split()[0])
        for name in ("worker0", "worker1")
        for line in errors[name].splitlines()
        if "the search has ended" in line
    ]
    assert sum(counts) == 4
    assert min(counts) >= 1
    assert not [text for text in errors.values() if "Traceback" in text]
