"""The five games of MinAtar as pure tensor functions, held against the package step by step."""

from games.minatar.asterix import Asterix
from games.minatar.breakout import Breakout
from games.minatar.common import MinAtar
from games.minatar.freeway import Freeway
from games.minatar.seaquest import Seaquest
from games.minatar.space_invaders import SpaceInvaders

__all__ = ["Asterix", "Breakout", "Freeway", "MinAtar", "Seaquest", "SpaceInvaders"]
