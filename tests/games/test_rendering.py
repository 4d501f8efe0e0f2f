"""Pictures show what there is, to everyone's eyes; films are the episodes that are measured."""

import itertools
import sys
import types

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from games import GAMES, GameError, find
from games.classic import AcrobotState, CartPoleState, MountainCarState
from games.drawings import (
    CELL,
    CHANNELS,
    EMPTY,
    GRAY,
    GREEN,
    LIGHT,
    ORANGE,
    SKY,
    VERMILLION,
    WHITE,
    YELLOW,
)
from games.evaluation import scores
from games.memory_games import MemoryChain, MemoryChainState, TMaze, TMazeState
from games.minatar import MinAtar
from games.rendering import picture, record
from tests.games import policies
from tests.games.test_evaluation import Coin

MINATAR = [name for name, game in GAMES.items() if isinstance(game, MinAtar)]
# Linear light as it is seen where a kind of cone is missing: Machado et al. 2009, "A physiologically-based model
# for simulation of color vision deficiency", table 1, severity 1.
EYES = {
    "all cones": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def world(state) -> tuple:
    """The first world of a state of tensors, as NumPy."""
    return tf.nest.map_structure(lambda part: part[0].numpy(), state)


def lab(color, eyes) -> np.ndarray:
    """A color as these eyes see it, in CIELAB: a distance of 2 is just to be seen."""
    linear = np.where(
        (value := np.array(color) / 255) <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4
    )
    seen = np.clip(np.array(eyes) @ linear, 0, 1)
    white = [0.95047, 1, 1.08883]
    x, y, z = [[0.4125, 0.3576, 0.1804], [0.2127, 0.7152, 0.0722], [0.0193, 0.1192, 0.9503]] @ seen / white
    x, y, z = (np.cbrt(part) if part > 216 / 24389 else (24389 / 27 * part + 16) / 116 for part in (x, y, z))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def has(image: np.ndarray, color) -> np.ndarray:
    """Where the picture is of that color, as rows and columns `(2, N)`."""
    return np.array(np.nonzero((image == color).all(-1)))


def cells(image: np.ndarray) -> np.ndarray:
    """The color of each cell of a grid, `(10, 10, 3)`."""
    return image[CELL // 2 :: CELL, CELL // 2 :: CELL]


@pytest.mark.parametrize("name", GAMES)
def test_every_game_has_a_picture(name):
    game = GAMES[name]
    state = game.reset(tf.constant([0, 0]), 2)
    before = picture(game, world(state))
    for time in range(12):
        state = game.step(state, tf.fill([2], 1), tf.constant([1, time])).state
    after = picture(game, world(state), 1)
    for image in (before, after):
        assert image.dtype == np.uint8
        assert image.shape == before.shape
        assert image.shape[2] == 3
        assert image.shape[0] % 16 == image.shape[1] % 16 == 0
    assert (before != after).any()


def test_a_game_that_nobody_has_drawn_says_so():
    game = Coin()
    with pytest.raises(GameError, match="Coin can't be shown"):
        picture(game, world(game.reset((0, 0), 1)))


# MinAtar


@pytest.mark.parametrize("name", MINATAR)
def test_channels_are_told_apart_whatever_cones_an_eye_lacks(name):
    """From each other and from an empty cell, by five times what is just to be seen."""
    colors = [*(CHANNELS[channel] for channel in GAMES[name].channels), EMPTY]
    for eyes in EYES.values():
        seen = [lab(color, eyes) for color in colors]
        assert min(np.linalg.norm(one - two) for one, two in itertools.combinations(seen, 2)) > 10


def test_a_cell_has_the_color_of_what_is_foremost_in_it():
    game = find("breakout")
    state = world(game.reset(tf.constant([0, 0]), 1))
    bricks = np.zeros((3, 10), bool)
    bricks[0, 2:4] = True
    shown = cells(
        picture(
            game,
            state._replace(
                ball_x=np.int32(3), ball_y=np.int32(1), last_x=np.int32(2), last_y=np.int32(1), bricks=bricks
            ),
        )
    )
    expected = np.full((10, 10, 3), EMPTY)
    expected[1, 2] = CHANNELS["brick"]  # before the trail
    expected[1, 3] = CHANNELS["ball"]  # before the brick
    expected[9, 4] = CHANNELS["paddle"]
    np.testing.assert_array_equal(shown, expected)


def test_aliens_show_their_way_and_the_submarine_is_before_all():
    game = find("space_invaders")
    state = world(game.reset(tf.constant([0, 0]), 1))
    for right, channel in ((False, "alien_left"), (True, "alien_right")):
        shown = cells(picture(game, state._replace(right=np.bool_(right))))
        assert (shown[:4, 2:8] == CHANNELS[channel]).all()
    game = find("seaquest")
    state = world(game.reset(tf.constant([0, 0]), 1))
    present = np.arange(2) == 0
    shown = cells(
        picture(
            game,
            state._replace(
                y=np.int32(4),
                diver_present=present,
                diver_x=np.full(2, 5, "int32"),
                diver_y=np.full(2, 4, "int32"),
                aboard=np.int32(2),
            ),
        )
    )
    np.testing.assert_array_equal(shown[4, 5], CHANNELS["sub_front"])
    np.testing.assert_array_equal(shown[4, 6], CHANNELS["sub_back"])  # before the diver's trail
    np.testing.assert_array_equal(shown[4, 4], EMPTY)
    np.testing.assert_array_equal(shown[9, 7:9], [CHANNELS["diver_gauge"]] * 2)
    np.testing.assert_array_equal(shown[9, :7], [CHANNELS["oxygen_gauge"]] * 7)


# The others


def test_the_cart_is_where_it_is_and_its_pole_leans():
    def shown(x, theta):
        image = picture(find("cartpole"), CartPoleState(x, 0.0, theta, 0.0, 0))
        return has(image, SKY)[1].mean(), has(image, ORANGE)

    left, pole = shown(-2.4, 0.0)
    middle, _ = shown(0.0, 0.0)
    right, leaning = shown(2.4, 0.2)
    assert middle == pytest.approx(240, abs=1)
    assert middle - left == pytest.approx(right - middle, abs=1) == pytest.approx(2.4 * 88, abs=1)
    assert pole[1].mean() == pytest.approx(left, abs=1)  # upright
    assert leaning[1].mean() > right + 5
    assert leaning[0].min() > pole[0].min()  # lower, too


def test_the_acrobat_reaches_the_line_when_both_links_stand():
    def top(theta1, theta2):
        image = picture(find("acrobot"), AcrobotState(theta1, theta2, 0.0, 0.0, 0))
        line = has(image, GREEN)[0].mean()
        return line - has(image, ORANGE)[0].min()

    assert top(np.pi, 0.0) == pytest.approx(66, abs=8)  # a link's length above it
    assert top(np.pi, np.pi / 2) < 8  # the elbow is at the line
    assert top(0.0, 0.0) < -66


def test_the_car_stands_on_the_ground_before_its_flag():
    def car(position):
        image = picture(find("mountain_car"), MountainCarState(position, 0.0, 0))
        rows, columns = has(image, ORANGE)
        flag = has(image, GREEN)
        assert len(has(image, GRAY)[0]) > 300
        return columns.mean(), rows.mean(), flag

    valley, goal = car(-np.pi / 6), car(0.5)
    assert goal[0] > valley[0] + 200
    assert goal[1] < valley[1] - 150
    assert goal[2][1].min() == pytest.approx(goal[0], abs=4)


@pytest.mark.parametrize("length", [1, 10, 70])
def test_the_maze_shows_sign_goal_and_player(length):
    game = TMaze(length=length)

    def shown(north, position, turned=False, action=None):
        image = picture(game, TMazeState(np.bool_(north), np.int32(position), np.bool_(turned), 0), action)
        return {color: has(image, color).mean(1) for color in (WHITE, GREEN, VERMILLION, YELLOW)}

    for north in (False, True):
        side = 1 if north else -1
        start, end = shown(north, 0), shown(north, length)
        junction = end[WHITE][1]
        assert side * (80 - start[YELLOW][0]) > 20  # rows count from above
        assert side * (80 - start[GREEN][0]) > 20
        assert side * (80 - start[VERMILLION][0]) < -20
        assert start[WHITE][1] == pytest.approx(start[YELLOW][1], abs=1)
        assert start[GREEN][1] == pytest.approx(junction, abs=1)
        assert start[WHITE][0] == pytest.approx(80, abs=1)
        for action in (0, 2):
            turned = shown(north, length, True, action)[WHITE]
            assert turned == pytest.approx([32 if action == 0 else 128, junction], abs=1)
        assert shown(north, length, True)[WHITE][0] == pytest.approx(80, abs=1)  # nobody knows where to


def test_the_chain_shows_bits_time_and_what_came_of_it():
    game = MemoryChain(length=10, bits=3)

    def shown(steps, action=None):
        return picture(game, MemoryChainState(np.array([1, 0, 1]), np.int32(1), np.int32(steps)), action)

    assert len(has(shown(0), LIGHT)[0]) > 0  # bright bits
    assert len(has(shown(1), LIGHT)[0]) == 0
    bar = [len(has(shown(steps), SKY)[0]) for steps in (0, 5, 10)]
    assert bar[0] == pytest.approx(2 * bar[1], rel=0.01)
    assert bar[0] > 0
    assert bar[2] == 0
    assert len(has(shown(9), YELLOW)[0]) == 0
    assert has(shown(10), YELLOW)[1].mean() == pytest.approx(240, abs=1)  # the middle one of three
    assert len(has(shown(11, 0), GREEN)[0]) > 0
    assert len(has(shown(11, 1), VERMILLION)[0]) > 0
    assert len(has(shown(11), GREEN)[0]) == len(has(shown(11), VERMILLION)[0]) == 0


# Films


def frames(path) -> list[tuple[np.ndarray, int]]:
    """The pictures of a GIF, each with its milliseconds."""
    found = []
    with Image.open(path) as film:
        for number in range(film.n_frames):
            film.seek(number)
            found.append((np.array(film.convert("RGB")), film.info["duration"]))
    return found


def test_a_film_is_of_the_episodes_that_are_measured(tmp_path):
    """Breakout, since rounding can't change it: each picture for a tenth of a second, the last for a whole one."""
    game = find("breakout")
    model = policies.following(game)
    found = record(game, model, tmp_path / "film.gif", seed=3, episodes=2, most_steps=40)
    expected = scores(game, model, 2, seed=3, most_steps=40)
    for field in ("returns", "lengths", "cut"):
        np.testing.assert_array_equal(getattr(found, field), getattr(expected, field))
    pictures = frames(tmp_path / "film.gif")
    first = cells(pictures[0][0])
    np.testing.assert_array_equal(first[9, 4], CHANNELS["paddle"])
    assert (first[1:4] == CHANNELS["brick"]).all(-1).sum() >= 29
    assert sum(duration for _, duration in pictures) == sum(100 * length + 1000 for length in found.lengths)
    colors = {tuple(color) for image, _ in pictures for color in cells(image).reshape(-1, 3).tolist()}
    assert colors <= {EMPTY, *(CHANNELS[channel] for channel in game.channels)}
    assert [path.name for path in tmp_path.iterdir()] == ["film.gif"]


def test_a_film_shows_where_someone_turned(tmp_path):
    """The end of a T-maze is not to be told from its state alone."""
    game = TMaze(length=1)
    kernel = np.zeros((3, 4))
    kernel[:, 1] = [1, 0, 1]  # east at the start (011 or 110) more than at the junction (010)
    model = policies.linear(game, kernel, [-5, 0, 0.5, -5])
    found = record(game, model, tmp_path / "film.gif", most_steps=10)
    assert found.lengths.tolist() == [2]
    (start, _), *_, (end, held) = frames(tmp_path / "film.gif")
    assert has(start, WHITE)[0].mean() == pytest.approx(80, abs=1)
    assert has(end, WHITE)[0].mean() == pytest.approx(128, abs=1)
    assert held == 1000


def test_a_film_of_another_kind_or_to_nowhere_is_refused(tmp_path):
    game = find("t_maze")
    model = policies.always(game, "east")
    with pytest.raises(GameError, match="a film is a .gif or a .mp4. Received: "):
        record(game, model, tmp_path / "film.avi")
    with pytest.raises(GameError, match="there is no folder '.*/nowhere' to put a film in"):
        record(game, model, tmp_path / "nowhere" / "film.gif")
    with pytest.raises(GameError, match="does not fit"):
        record(find("cartpole"), model, tmp_path / "film.gif")
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("missing", ["imageio", "imageio_ffmpeg"])
def test_without_its_packages_an_mp4_says_how_to_get_them(missing, monkeypatch, tmp_path):
    fake_imageio(monkeypatch)
    monkeypatch.setitem(sys.modules, missing, None)
    game = find("t_maze")
    with pytest.raises(GameError) as raised:
        record(game, policies.always(game, "east"), tmp_path / "film.mp4")
    assert "pip install imageio imageio-ffmpeg, or take a name that ends in .gif" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_an_mp4_has_each_picture_at_the_games_pace(monkeypatch, tmp_path):
    written = fake_imageio(monkeypatch)
    game = TMaze(length=2, limit=4)
    record(game, policies.always(game, "east"), tmp_path / "film.mp4")
    assert written["settings"] == {"format": "FFMPEG", "fps": 5}
    pictures = written["pictures"]
    assert len(pictures) == 5 + 5 - 1  # its start and four steps; the last stands for a second
    np.testing.assert_array_equal(
        pictures[-1], picture(game, TMazeState(written_sign(pictures), 2, False, 4))
    )
    assert (tmp_path / "film.mp4").exists()


def written_sign(pictures) -> bool:
    """Whether the sign of a film points north."""
    return bool(has(pictures[0], YELLOW)[0].mean() < 80)


def fake_imageio(monkeypatch) -> dict:
    """Stand in for both packages; returns what is written."""
    written = {"pictures": []}

    class Film:
        def __init__(self, path, **settings):
            path.write_bytes(b"")
            written["settings"] = settings

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def append_data(self, image):
            written["pictures"].append(image)

    package, second = types.ModuleType("imageio"), types.ModuleType("imageio.v2")
    package.v2, second.get_writer = second, Film
    for name, module in (
        ("imageio", package),
        ("imageio.v2", second),
        ("imageio_ffmpeg", types.ModuleType("imageio_ffmpeg")),
    ):
        monkeypatch.setitem(sys.modules, name, module)
    return written
