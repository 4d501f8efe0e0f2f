"""What the games look like: one drawing of a world for each kind.

Pictures are `(H, W, 3)` uint8. Their sides are multiples of 16, as codecs of films want them.
"""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from PIL import Image, ImageDraw, ImageFont

from games.classic import Acrobot, AcrobotState, CartPole, CartPoleState, MountainCar, MountainCarState
from games.game import State
from games.memory_games import MemoryChain, MemoryChainState, TMaze, TMazeState
from games.minatar.common import SIDE, MinAtar

Color = tuple[int, int, int]
Point = tuple[float, float]

# Hues that people tell apart whose eyes lack a kind of cone: Okabe and Ito 2008, "Color universal design".
ORANGE, SKY, GREEN = (230, 159, 0), (86, 180, 233), (0, 158, 115)
YELLOW, VERMILLION, PURPLE = (240, 228, 66), (213, 94, 0), (204, 121, 167)
WHITE, LIGHT, GRAY, DIM, NIGHT = (250, 250, 250), (165, 170, 178), (122, 128, 136), (72, 77, 84), (18, 20, 24)

# The channels of the games of MinAtar, from the back to the front: of those in one cell the last is seen.
CHANNELS: dict[str, Color] = {
    "oxygen_gauge": SKY,
    "diver_gauge": (150, 225, 195),
    "trail": DIM,
    "speed5": (48, 62, 76),  # the slowest
    "speed4": (58, 86, 110),
    "speed3": (68, 112, 148),
    "speed2": (77, 140, 190),
    "speed1": SKY,
    "brick": SKY,
    "alien": GRAY,  # one that is seen to go neither way; there is none
    "alien_left": VERMILLION,
    "alien_right": PURPLE,
    "car": VERMILLION,
    "gold": YELLOW,
    "diver": GREEN,
    "enemy": VERMILLION,
    "enemy_fish": VERMILLION,
    "enemy_sub": PURPLE,
    "enemy_bullet": ORANGE,
    "friendly_bullet": YELLOW,
    "ball": YELLOW,
    "sub_back": GRAY,
    "sub_front": WHITE,
    "paddle": WHITE,
    "player": WHITE,
    "chicken": WHITE,
    "cannon": WHITE,
}
EMPTY = (28, 31, 36)
CELL, GAP = 32, 2  # pixels: from one cell to the next, and between them


def _grid(game: MinAtar, state: State, _: int | None) -> np.ndarray:
    """Cells, each in the colour of what is foremost in it."""
    worlds = tf.nest.map_structure(lambda part: tf.convert_to_tensor(part)[None], state)
    planes = _observer(game)(worlds)[0].numpy() > 0  # (10, 10, C)
    cells = np.full((SIDE, SIDE, 3), EMPTY, "uint8")
    for name, color in CHANNELS.items():
        if name in game.channels:
            cells[planes[:, :, game.channels.index(name)]] = color
    image = cells.repeat(CELL, axis=0).repeat(CELL, axis=1)
    between = np.arange(SIDE * CELL) % CELL >= CELL - GAP
    image[between] = image[:, between] = NIGHT
    return image


@functools.cache
def _observer(game: MinAtar) -> Callable[[State], tf.Tensor]:
    """Its `observe` as a graph: a film asks for it at each step."""
    return tf.function(game.observe)


class _Canvas:
    """An image to draw on, in pixels from the upper left; drawn larger and reduced, for smooth edges."""

    _FINE = 3

    def __init__(self, width: int, height: int) -> None:
        self._image = Image.new("RGB", (width * self._FINE, height * self._FINE), NIGHT)
        self._draw = ImageDraw.Draw(self._image)

    def line(self, points: Sequence[Point], color: Color, width: float) -> None:
        """Through all points, with round ends."""
        self._draw.line(self._fine(points), color, round(width * self._FINE), joint="curve")
        for point in (points[0], points[-1]):
            self.disc(point, width / 2, color)

    def disc(self, center: Point, radius: float, color: Color) -> None:
        (x, y), r = center, radius
        self._draw.ellipse(self._fine([(x - r, y - r), (x + r, y + r)]), color)

    def box(self, left: float, top: float, width: float, height: float, color: Color) -> None:
        self._draw.rectangle(self._fine([(left, top), (left + width, top + height)]), color)

    def shape(self, points: Sequence[Point], color: Color) -> None:
        self._draw.polygon(self._fine(points), color)

    def text(self, center: Point, words: str, color: Color, size: float) -> None:
        font = ImageFont.load_default(size * self._FINE)
        self._draw.text(self._fine([center])[0], words, color, font, anchor="mm")

    def picture(self) -> np.ndarray:
        return np.asarray(self._image.reduce(self._FINE))

    def _fine(self, points: Sequence[Point]) -> list[Point]:
        return [(x * self._FINE, y * self._FINE) for x, y in points]


def _cart(_: CartPole, state: CartPoleState, __: int | None) -> np.ndarray:
    """The track to both its ends, the cart, and the pole to scale."""
    meter, ground = 88, 192  # pixels
    canvas = _Canvas(480, 240)
    ends = [240 - 2.4 * meter, 240 + 2.4 * meter]
    canvas.line([(ends[0], ground), (ends[1], ground)], DIM, 3)
    for end in ends:
        canvas.line([(end, ground - 12), (end, ground + 12)], VERMILLION, 3)
    x = 240 + float(state.x) * meter
    hinge = (x, ground - 14)
    canvas.box(x - 24, ground - 14, 48, 28, SKY)
    angle = float(state.theta)
    tip = (hinge[0] + meter * math.sin(angle), hinge[1] - meter * math.cos(angle))  # a pole of 1 m
    canvas.line([hinge, tip], ORANGE, 8)
    canvas.disc(hinge, 3, NIGHT)
    return canvas.picture()


def _links(_: Acrobot, state: AcrobotState, __: int | None) -> np.ndarray:
    """Both links, and the line that the end is to reach."""
    meter, center = 66, 160  # pixels
    canvas = _Canvas(320, 320)
    canvas.line([(16, center - meter), (304, center - meter)], GREEN, 2)
    first = float(state.theta1)
    second = first + float(state.theta2)
    elbow = (center + meter * math.sin(first), center + meter * math.cos(first))
    end = (elbow[0] + meter * math.sin(second), elbow[1] + meter * math.cos(second))
    canvas.line([(center, center), elbow], SKY, 10)
    canvas.line([elbow, end], ORANGE, 10)
    for joint in ((center, center), elbow):
        canvas.disc(joint, 3, NIGHT)
    return canvas.picture()


def _valley(_: MountainCar, state: MountainCarState, __: int | None) -> np.ndarray:
    """The hills as Gymnasium draws them, the flag at the goal, and the car."""
    unit = 448 / 1.8  # pixels: places are -1.2 to 0.6

    def ground(place: float) -> Point:
        return 16 + (place + 1.2) * unit, 304 - (0.55 + 0.45 * math.sin(3 * place)) * unit

    canvas = _Canvas(480, 320)
    canvas.line([ground(place) for place in np.linspace(-1.2, 0.6, 100)], GRAY, 3)
    x, y = ground(0.5)
    canvas.line([(x, y), (x, y - 40)], LIGHT, 2)
    canvas.shape([(x, y - 40), (x + 22, y - 33), (x, y - 26)], GREEN)
    place = float(state.position)
    x, y = ground(place)
    tilt = math.atan(1.35 * math.cos(3 * place))  # of the ground, up to the right
    away = 12  # pixels from the ground to the car's middle
    canvas.disc((x - away * math.sin(tilt), y - away * math.cos(tilt)), 10, ORANGE)
    return canvas.picture()


def _maze(game: TMaze, state: TMazeState, action: int | None) -> np.ndarray:
    """The corridor, the sign at its start, the goal and the other side, and where one is.

    Whoever has turned stands at the junction's middle, unless the action tells where to.
    """
    canvas = _Canvas(480, 160)
    cell = min(40.0, 448 / (game.length + 1))
    left, middle = 240 - cell * game.length / 2, 80
    junction = left + cell * game.length
    canvas.line([(left, middle), (junction, middle)], DIM, max(4, cell * 0.7))
    canvas.line([(junction, middle - 48), (junction, middle + 48)], DIM, max(4, cell * 0.7))
    up = -1 if state.north else 1
    goal, other = middle + 48 * up, middle - 48 * up
    canvas.disc((junction, goal), 10, GREEN)
    for slope in (-1, 1):
        canvas.line([(junction - 8, other - 8 * slope), (junction + 8, other + 8 * slope)], VERMILLION, 4)
    canvas.line([(left, middle + 24 * up), (left, middle + 46 * up)], YELLOW, 4)  # the sign: an arrow
    canvas.shape(
        [(left + side * 9, middle + 40 * up) for side in (-1, 1)] + [(left, middle + 56 * up)], YELLOW
    )
    y = float(middle)
    if state.turned and action is not None:
        y += 48 if game.actions[action] == "south" else -48
    canvas.disc((left + cell * float(state.position), y), max(4, min(8, cell * 0.3)), WHITE)
    return canvas.picture()


def _chain(game: MemoryChain, state: MemoryChainState, action: int | None) -> np.ndarray:
    """The bits, bright while they are shown; the time that is left; what is asked for, and the answer."""
    canvas = _Canvas(480, 160)
    step, query = int(state.steps), int(state.query)
    due, over = step == game.length, step > game.length
    pitch = min(48.0, 448 / game.bits)
    edge = pitch * 0.8
    left = 240 - pitch * game.bits / 2
    for number, bit in enumerate(np.asarray(state.context).tolist()):
        x = left + pitch * (number + 0.5)
        asked = (due or over) and number == query
        if asked:
            canvas.box(x - edge / 2 - 3, 45 - edge / 2, edge + 6, edge + 6, YELLOW)
        canvas.box(x - edge / 2, 48 - edge / 2, edge, edge, LIGHT if step == 0 else DIM)
        canvas.text((x, 48), str(bit), NIGHT if step == 0 else GRAY, edge * 0.7)
    canvas.box(16, 88, 448, 8, DIM)
    canvas.box(16, 88, 448 * max(0.0, 1 - step / game.length), 8, SKY)
    if due:
        canvas.text((240, 126), "?", YELLOW, 32)
    elif over and action is not None:
        right = action == int(state.context[query])
        words = f"{game.actions[action]} is {'right' if right else 'wrong'}"
        canvas.text((240, 126), words, GREEN if right else VERMILLION, 24)
    return canvas.picture()


DRAWINGS: dict[type, Callable[[Any, Any, int | None], np.ndarray]] = {
    MinAtar: _grid,
    CartPole: _cart,
    Acrobot: _links,
    MountainCar: _valley,
    TMaze: _maze,
    MemoryChain: _chain,
}
