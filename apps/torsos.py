"""Comparisons: agents that differ by their torso alone learn one game, with several seeds, one after another.

A person's own are ordinary runs, see `queues`; those that ship are figures alone, in the gallery's
`torsos.json`, which `python -m benchmarks torsos` writes.
"""

import functools
import json
import math
import re
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from apps import launch, library, queues
from apps.library import Entry
from training.runs import Run

MOST_SEEDS = 5
LEAST_STEPS, MOST_STEPS = 10_000, 20_000_000
USUAL_STEPS = 2_000_000  # at most, where a recipe has more
SOLVED = 0.9  # share of the way from chance to what is right every time
SHIPPED = "torsos.json"  # in the gallery
_NAME = re.compile(r"(?P<comparison>(?P<game>[a-z_]+)-torsos-\d+)-(?P<torso>[a-z]+)-(?P<seed>\d+)")


@dataclass(frozen=True)
class Torso:
    """One that a policy may have.

    Args:
        title: For people.
        paces: Steps a second on one core, acting and learning: of a game of a few numbers, and of one of
            pictures. Attention's are for a window of 4 moments.
        waking: Seconds until it begins, while TensorFlow wakes and its program is compiled.
    """

    title: str
    paces: tuple[int, int]
    waking: int


TORSOS = {  # by their key in `models.policy`
    "mlp": Torso("Dense", (60_000, 25_000), 15),
    "cnn": Torso("Convolution", (10_000, 10_000), 15),
    "rnn": Torso("LSTM", (15_000, 10_000), 30),
    "encoder": Torso("Attention", (12_000, 8_000), 40),
}
TITLES = tuple(torso.title for torso in TORSOS.values())


@dataclass(frozen=True)
class Game:
    """What is played.

    Args:
        title: For people.
        about: What it asks for.
        chance: Mean return of a player that draws every action alike; None: it depends on the length, see
            `levels`.
        best: Return of one that is right every time; None: there is no such thing.
        length: Whether it has a length: the usual one, and the most; None: it has none.
        picture: Whether it is seen as a picture.
    """

    title: str
    about: str
    chance: float | None
    best: float | None = None
    length: tuple[int, int] | None = None
    picture: bool = False


GAMES = {
    "memory_chain": Game(
        "Memory chain", "A bit is shown once, and asked for at the end.", 0.0, 1.0, length=(10, 100)
    ),
    "t_maze": Game(
        "T-maze",
        "A sign at the entrance says where to turn at the end.",
        None,
        4.0,
        length=(10, 100),
    ),
    "cartpole_masked": Game(
        "CartPole without speeds",
        "A pole to keep upright: its speed must be remembered.",
        22.3,
        500.0,
    ),
    "cartpole": Game("CartPole", "A pole to keep upright: all that matters is seen.", 22.3, 500.0),
    "acrobot": Game("Acrobot", "Two links to swing up.", -499.1),
    "mountain_car": Game("MountainCar", "A weak car that must swing out of a valley.", -200.0),
    "breakout": Game("Breakout", "Bricks and a ball, of MinAtar.", 0.5, picture=True),
    "freeway": Game("Freeway", "A road to cross, of MinAtar.", 0.1, picture=True),
    "space_invaders": Game("Space Invaders", "A fleet to shoot down, of MinAtar.", 2.8, picture=True),
    "asterix": Game("Asterix", "Gold among enemies, of MinAtar.", 0.5, picture=True),
    "seaquest": Game("Seaquest", "Divers to save, of MinAtar.", 0.1, picture=True),
}


@dataclass(frozen=True)
class Member:
    """One agent of a comparison.

    Args:
        torso: Key of `TORSOS`.
        seed: Of its training.
        rows: Its measurements, see `training.torsos.record`.
        test: Figures of the end, of games that it was not chosen by; None before they are known.
        parameters: Of the policy; None before they are known.
        entry: Its run; None: it ships without one.
    """

    torso: str
    seed: int
    rows: Mapping[str, Sequence[Any]]
    test: Mapping[str, Any] | None
    parameters: int | None
    entry: Entry | None = None

    @property
    def run(self) -> Run:
        """Its run, of one that has any."""
        assert self.entry is not None
        return self.entry.run

    @property
    def label(self) -> str:
        return f"{TORSOS[self.torso].title}, seed {self.seed}"

    @property
    def done(self) -> bool:
        """Whether it is trained and measured."""
        return self.test is not None

    @property
    def pace(self) -> float | None:
        """Steps a second from its first measurement to its last: compilation comes before; None too early."""
        steps, seconds = self.rows["step"], self.rows["seconds"]
        if not steps or seconds[-1] <= seconds[0]:
            return None
        return (steps[-1] - steps[0]) / (seconds[-1] - seconds[0])

    @property
    def seconds(self) -> float | None:
        """Of its training so far."""
        return self.rows["seconds"][-1] if self.rows["seconds"] else None


@dataclass(frozen=True)
class Comparison:
    """Agents that learn one game.

    Args:
        key: What names it in an address: "runs/cartpole-torsos-1", "gallery/memory_chain".
        game: Key of `GAMES`.
        settings: Of the game.
        steps: That each is to learn for.
        members: In the order in which they are trained.
    """

    key: str
    game: str
    settings: Mapping[str, Any]
    steps: int
    members: tuple[Member, ...]

    @property
    def title(self) -> str:
        """The game and its length."""
        length = f" of {self.settings['length']}" if GAMES[self.game].length else ""
        return GAMES[self.game].title + length

    @property
    def torsos(self) -> tuple[str, ...]:
        """Those that are compared."""
        return tuple(torso for torso in TORSOS if any(member.torso == torso for member in self.members))

    def of(self, torso: str) -> list[Member]:
        """The agents with a torso."""
        return [member for member in self.members if member.torso == torso]

    @property
    def runs(self) -> list[Run]:
        """Of its members; none where it ships."""
        return [member.run for member in self.members if member.entry is not None]

    @property
    def mine(self) -> bool:
        """Whether it is a person's own."""
        return bool(self.runs)

    @property
    def going(self) -> bool:
        """Whether this server has more of it to do."""
        return self.mine and queues.going(_place(self))

    @property
    def active(self) -> bool:
        """Whether any of it is going on: a training outlives its server."""
        return self.going or any(run.state in launch.ACTIVE for run in self.runs)

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop and has not yet."""
        return self.mine and queues.stopping(_place(self))

    @property
    def left(self) -> list[Member]:
        """What is not trained or not measured."""
        return [member for member in self.members if not member.done]

    @property
    def errors(self) -> dict[str, str]:
        """What went wrong, by the agent's label."""
        if not self.mine:
            return {}
        told = queues.errors(_place(self), self.runs)
        labels = {member.run.name: member.label for member in self.members}
        return {labels[name]: error for name, error in told.items()}


# Which there are


def find_all() -> dict[str, Comparison]:
    """The comparisons there are by key: a person's own, the newest first, then those that ship."""
    own = _own()
    return own | {comparison.key: comparison for comparison in shipped()}


def _own() -> dict[str, Comparison]:
    from training import torsos

    found: dict[str, list[Member]] = {}
    for entry in library.entries():
        name = _NAME.fullmatch(entry.run.name)
        if entry.shelf != "runs" or name is None or name["torso"] not in TORSOS or name["game"] not in GAMES:
            continue
        config = entry.run.config
        if config.get("source") != name["game"] or config.get("architecture") != "policy":
            continue
        record = torsos.record(config, library.rows(entry.run), entry.run.evaluation)
        found.setdefault(f"runs/{name['comparison']}", []).append(Member(**record, entry=entry))
    made = {}
    for key, members in found.items():
        order = list(TORSOS)
        members.sort(key=lambda member: (member.seed, order.index(member.torso)))
        config = members[0].run.config
        made[key] = Comparison(
            key, config["source"], config["data"], config["training"]["steps"], tuple(members)
        )
    return made


def shipped() -> list[Comparison]:
    """Those of the gallery; none where it has none, or none that can be read."""
    path = library.gallery_folder() / SHIPPED
    try:
        return _shipped(path, path.stat().st_mtime_ns)
    except (OSError, ValueError, KeyError, TypeError):
        return []


@functools.lru_cache(maxsize=4)
def _shipped(path: Path, modified: int) -> list[Comparison]:
    """`modified` tells one version of the file from the next."""
    return [
        Comparison(
            f"gallery/{game}",
            game,
            each["settings"],
            each["steps"],
            tuple(Member(**record) for record in each["agents"]),
        )
        for game, each in json.loads(path.read_text())["games"].items()
        if game in GAMES
    ]


# Making them


def start(
    game: str, chosen: Sequence[str], seeds: int, steps: int, settings: Mapping[str, Any] | None = None
) -> str:
    """Make a run for each torso and seed, and begin to train one after another: all torsos with a seed first.

    Args:
        game: Key of `GAMES`.
        chosen: Keys of `TORSOS`.
        seeds: How many, 1 to 5.
        steps: Of the game, for each agent.
        settings: Of the game, such as its length.

    Returns: The comparison's key.

    Raises:
        RunError, SettingsError: A setting breaks its rule, or a run can't be made.
    """
    from training import torsos
    from training.settings import SettingsError

    if not chosen:
        raise SettingsError("choose a torso at least")
    if not 1 <= seeds <= MOST_SEEDS:
        raise SettingsError(f"seeds must be 1 to {MOST_SEEDS}. Received: {seeds!r}")
    if not LEAST_STEPS <= steps <= MOST_STEPS:
        raise SettingsError(f"steps must be {LEAST_STEPS:,} to {MOST_STEPS:,}. Received: {steps!r}")
    changes = {"training.steps": steps, **{f"data.{name}": value for name, value in (settings or {}).items()}}
    plans = {torso: torsos.plan(game, torso, changes) for torso in chosen}
    folder = library.runs_folder()
    name = queues.free_name(folder, f"{game}-torsos")
    made = queues.create(
        folder,
        {
            f"{name}-{torso}-{seed}": (plans[torso], seed)
            for seed in range(seeds)
            for torso in TORSOS
            if torso in plans
        },
    )
    queues.begin(folder / name, made, measure)
    return f"runs/{name}"


def go_on(comparison: Comparison) -> None:
    """Train and measure what is left, from where each stands."""
    queues.begin(_place(comparison), [member.run for member in comparison.left], measure)


def stop(comparison: Comparison) -> None:
    """Ask the training that goes on to save and stop, and begin no other."""
    queues.stop(_place(comparison), comparison.runs)


def delete(comparison: Comparison) -> None:
    """Remove a person's own comparison with all its runs.

    Raises:
        RunError: One is being trained.
    """
    for run in comparison.runs:
        run.delete()


def measure(run: Run) -> None:
    """Have a trained agent play the games of the test.

    Raises:
        RunError, SettingsError: There is no model, or a setting of the run is gone.
    """
    from training import trainer

    trainer.evaluate(run)


def estimate(
    game: str,
    chosen: Sequence[str],
    seeds: int,
    steps: int,
    length: int = 0,
    known: Sequence[Comparison] = (),
) -> float:
    """About how many seconds a comparison takes.

    Args:
        game: Key of `GAMES`.
        chosen: Keys of `TORSOS`.
        seeds: How many.
        steps: For each agent.
        length: Of the game, where it has one.
        known: Comparisons on this machine, whose agents' pace is taken where they are alike.
    """
    return seeds * sum(TORSOS[torso].waking + steps / _pace(game, torso, length, known) for torso in chosen)


def _pace(game: str, torso: str, length: int, known: Sequence[Comparison]) -> float:
    for comparison in known:
        if comparison.game == game and comparison.settings.get("length", 0) == length:
            paces = [member.pace for member in comparison.of(torso) if member.pace]
            if paces:
                return statistics.median(paces)
    usual = TORSOS[torso].paces[GAMES[game].picture]
    return usual * min(1.0, 4 / (length + 2)) if torso == "encoder" else usual


# What is told of them


@dataclass(frozen=True)
class Curve:
    """How agents with one torso learned.

    Args:
        torso: Key of `TORSOS`.
        seeds: How many agents it is of.
        steps: Of the game, at each measurement.
        seconds: Their mean.
        values: Mean return over the agents.
        lows: Ends of its 95 % interval, or None where it is not known: over the agents, of one agent over
            the games that it was measured in.
        highs: Likewise.
    """

    torso: str
    seeds: int
    steps: tuple[int, ...]
    seconds: tuple[float, ...]
    values: tuple[float, ...]
    lows: tuple[float | None, ...]
    highs: tuple[float | None, ...]


def curve(members: Sequence[Member]) -> Curve | None:
    """The curve of one torso, over the agents that are trained; before any is, of the first that has begun.

    Args:
        members: With one torso.

    Returns: None where nothing is measured yet.
    """
    from training import torsos as agents

    begun = [member for member in members if member.rows["step"]]
    counted = [member for member in begun if member.done] or begun[:1]
    if not counted:
        return None
    each = [dict(zip(member.rows["step"], _points(member), strict=True)) for member in counted]
    steps = sorted(set(each[0]).intersection(*each[1:]))
    if len(counted) == 1:
        bands = [each[0][step][2:] for step in steps]
    else:
        bands = [agents.interval(tuple(points[step][1] for points in each)) for step in steps]
    return Curve(
        counted[0].torso,
        len(counted),
        tuple(steps),
        tuple(statistics.fmean(points[step][0] for points in each) for step in steps),
        tuple(statistics.fmean(points[step][1] for points in each) for step in steps),
        tuple(low for low, _ in bands),
        tuple(high for _, high in bands),
    )


def _points(member: Member) -> list[tuple[Any, ...]]:
    """Seconds, return, and the ends of its interval, of each measurement."""
    return list(zip(*(member.rows[name] for name in ("seconds", "return", "low", "high")), strict=True))


@dataclass(frozen=True)
class Score:
    """How good agents with one torso are in the end.

    Args:
        mean: Return, over all of them.
        low: Ends of its 95 % interval; None where it is not known: of several over the agents, of one over
            its games.
        high: Likewise.
        solved: How many come near what is right every time; None: there is no such thing.
        of: How many there are.
    """

    mean: float
    low: float | None
    high: float | None
    solved: int | None
    of: int


def score(comparison: Comparison, torso: str) -> Score | None:
    """The end of the agents with one torso; None before any is measured."""
    from training import torsos as agents

    tests = [member.test for member in comparison.of(torso) if member.test is not None]
    if not tests:
        return None
    means = tuple(float(test["return"]) for test in tests)
    low, high = agents.interval(means)
    if len(tests) == 1:
        (test,) = tests
        error = 1.96 * test["deviation"] / math.sqrt(test["episodes"])
        low, high = means[0] - error, means[0] + error
    game = GAMES[comparison.game]
    solved = None
    if game.best is not None:
        chance = levels(comparison.game, comparison.settings)[0][0]
        solved = sum(mean >= chance + SOLVED * (game.best - chance) for mean in means)
    return Score(statistics.fmean(means), low, high, solved, len(tests))


def middle(members: Sequence[Member], figure: Callable[[Member], float | None]) -> float | None:
    """The median of a figure over agents; None where none has it."""
    known = [value for value in map(figure, members) if value is not None]
    return statistics.median(known) if known else None


def levels(game: str, settings: Mapping[str, Any]) -> list[tuple[float, str]]:
    """Returns to hold others against, and what they are: chance first, then what is right every time."""
    from training import torsos as agents

    found = GAMES[game]
    chance = found.chance
    guessing: list[tuple[float, str]] = []
    if chance is None:
        chance = agents.stroll(settings["length"], settings["limit"])
        guessing = [((4.0 - 0.1) / 2, "straight on, then a guess")]
    best = [] if found.best is None else [(found.best, "right every time")]
    return [(chance, "chance"), *guessing, *best]


def _place(comparison: Comparison) -> Path:
    """What names a comparison's queue: its runs' folder and name."""
    return comparison.runs[0].path.parent / comparison.key.partition("/")[2]
