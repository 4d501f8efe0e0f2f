"""The games by name."""

from games.classic import Acrobot, CartPole, MountainCar
from games.game import Game
from games.memory_games import MemoryChain, TMaze
from games.minatar import Asterix, Breakout, Freeway, Seaquest, SpaceInvaders

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
