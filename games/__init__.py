"""Games as pure tensor functions, the agents that play them, their evaluation and their replays."""

from typing import Any

from training import quiet
from training.settings import override, unknown

quiet.import_tensorflow()  # before a game does: `python -m games` imports this package first of all

from games.classic import Acrobot, CartPole, MountainCar  # noqa: E402
from games.game import Game, Playable  # noqa: E402
from games.memory_games import MemoryChain, TMaze  # noqa: E402
from games.minatar import Asterix, Breakout, Freeway, Seaquest, SpaceInvaders  # noqa: E402

GAMES: dict[str, Game] = {
    "cartpole": CartPole(),
    "cartpole_masked": CartPole(velocities=False),
    "acrobot": Acrobot(),
    "mountain_car": MountainCar(),
    "memory_chain": MemoryChain(),
    "t_maze": TMaze(),
    "breakout": Breakout(),
    "asterix": Asterix(),
    "freeway": Freeway(),
    "space_invaders": SpaceInvaders(),
    "seaquest": Seaquest(),
}


class GameError(Exception):
    """A game is unknown, or what plays it can't be had; the message is one line for a person."""


def find(name: str, /, **settings: Any) -> Game:
    """The game of that name, with some of its settings changed.

    Raises:
        GameError: There is none; the message names the nearest.
        SettingsError: It has no such setting, or the value is not of its kind or breaks its rule.
    """
    if name not in GAMES:
        raise GameError(unknown("game", name, GAMES))
    return override(GAMES[name], settings)


def playable(name: str, /, **settings: Any) -> Playable:
    """As `find`, of games whose worlds are outside of TensorFlow, too: see `games.outside`.

    Raises:
        GameError, SettingsError: As `find`.
    """
    from games.outside import OUTSIDE

    if name in OUTSIDE:
        return override(OUTSIDE[name], settings)
    if name not in GAMES:
        raise GameError(unknown("game", name, GAMES | OUTSIDE))
    return find(name, **settings)
