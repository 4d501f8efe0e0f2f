"""Games as pure tensor functions, the agents that play them, their evaluation and their replays."""

from typing import TYPE_CHECKING, Any

from training.settings import override, unknown

if TYPE_CHECKING:
    from games.catalog import GAMES as GAMES
    from games.game import Game, Playable


def __getattr__(name: str) -> Any:
    """`GAMES`, imported when it is first asked for: `python -m games --help` does without TensorFlow."""
    if name == "GAMES":
        from games import catalog

        return catalog.GAMES
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class GameError(Exception):
    """A game is unknown, or what plays it can't be had; the message is one line for a person."""


def find(name: str, /, **settings: Any) -> "Game":
    """The game of that name, with some of its settings changed.

    Raises:
        GameError: There is none; the message names the nearest.
        SettingsError: It has no such setting, or the value is not of its kind or breaks its rule.
    """
    from games.catalog import GAMES

    if name not in GAMES:
        raise GameError(unknown("game", name, GAMES))
    return override(GAMES[name], settings)


def playable(name: str, /, **settings: Any) -> "Playable":
    """As `find`, of games whose worlds are outside of TensorFlow, too: see `games.outside`.

    Raises:
        GameError, SettingsError: As `find`.
    """
    from games.catalog import GAMES
    from games.outside import OUTSIDE

    if name in OUTSIDE:
        return override(OUTSIDE[name], settings)
    if name not in GAMES:
        raise GameError(unknown("game", name, GAMES | OUTSIDE))
    return find(name, **settings)
