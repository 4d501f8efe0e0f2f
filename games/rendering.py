"""A picture of any state of a game, and films of an agent that plays."""

import contextlib
import itertools
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

from games import GameError, evaluation
from games.classic import Acrobot, CartPole, MountainCar
from games.drawings import DRAWINGS
from games.evaluation import Scores, StepByStep, seeds_of
from games.game import Game, Playable, State
from games.memory_games import MemoryChain, TMaze
from games.outside import Outside
from games.player import Player
from training.runs import written_aside

RATES: dict[type, int] = {  # states a second of a film; each divides 100, since a GIF counts hundredths
    CartPole: 50,  # its own time
    Acrobot: 20,
    MountainCar: 25,
    TMaze: 5,
    MemoryChain: 5,
}
USUAL_RATE = 10


def picture(game: Game, state: State, action: int | None = None) -> np.ndarray:
    """A picture of one world.

    Args:
        game: Whose.
        state: Of one world: what it has of arrays has no axis of worlds.
        action: What led to it, where that is known: the states of T-maze and memory chain do not tell which
            way someone turned in the end, and what was answered.

    Returns: `(H, W, 3)` uint8.

    Raises:
        GameError: There is no drawing of this game.
    """
    for kind, draw in DRAWINGS.items():
        if isinstance(game, kind):
            return draw(game, state, action)
    raise GameError(f"{game.title} can't be shown: there is no drawing of it")


def rate_of(game: Game) -> int:
    """States of a game in a second of film."""
    return next((rate for kind, rate in RATES.items() if isinstance(game, kind)), USUAL_RATE)


def record(
    game: Playable,
    model: keras.Model,
    path: Path,
    seed: int = 0,
    episodes: int = 1,
    most_steps: int = 1000,
    greedy: bool = True,
) -> Scores:
    """Film an agent: one episode after the other, the end of each held for a second.

    These are the episodes that `evaluation.scores` measures where it is given the same; of games outside of
    TensorFlow where no action is drawn.

    Args:
        game: What is played.
        model: See `evaluation.check_fits`.
        path: Of the film, a .gif or a .mp4; written whole or not at all.
        seed, episodes, most_steps, greedy: See `evaluation.scores`.

    Returns: What became of the episodes.

    Raises:
        GameError: As `writer_for` and `evaluation.scores`, or the environment can't be shown.
        OSError: The file can't be written.
    """
    write = writer_for(path)
    if isinstance(game, Outside):
        evaluation.check_fits(game, model, greedy)
        evaluation.check_extent(episodes, most_steps)
        evaluation.check_seed(seed)
        ends: list[tuple[np.ndarray, ...]] = []
        with written_aside(path) as aside:
            play = StepByStep(Player(model), greedy)
            write(aside, _seen(game, play, seed, episodes, most_steps, ends), game.look.rate)
        return evaluation.scores_of(game, greedy, *map(np.concatenate, zip(*ends, strict=True)))
    if not isinstance(game, Game):
        raise GameError(f"{game.title} can't be shown")
    states, actions, scores = _played(game, model, seed, episodes, most_steps, greedy)
    rate = rate_of(game)
    with written_aside(path) as aside:
        write(aside, _film(game, states, actions, scores.lengths, rate), rate)
    return scores


def writer_for(path: Path) -> Callable[[Path, Iterable[np.ndarray], int], None]:
    """What writes a film of that name, given its path, the pictures, and how many of them a second.

    Raises:
        GameError: The name ends otherwise, there is no such folder, or what writes an MP4 is not installed.
    """
    if not path.parent.is_dir():
        raise GameError(f"there is no folder {str(path.parent)!r} to put a film in")
    if path.suffix == ".gif":
        return _write_gif
    if path.suffix != ".mp4":
        raise GameError(f"a film is a .gif or a .mp4. Received: {str(path)!r}")
    try:
        import imageio.v2 as imageio
        import imageio_ffmpeg  # noqa: F401 - imageio asks for it when it writes
    except ImportError as error:
        raise GameError(
            f"an MP4 asks for packages that are not installed ({error}): pip install imageio imageio-ffmpeg, "
            f"or take a name that ends in .gif, which needs none"
        ) from error

    def write_mp4(path: Path, pictures: Iterable[np.ndarray], rate: int) -> None:
        with imageio.get_writer(path, format="FFMPEG", fps=rate) as film:
            for one in pictures:
                film.append_data(one)

    return write_mp4


def _write_gif(path: Path, pictures: Iterable[np.ndarray], rate: int) -> None:
    images = map(Image.fromarray, pictures)
    next(images).save(path, "GIF", save_all=True, append_images=images, duration=1000 // rate, loop=0)


def _played(
    game: Game, model: keras.Model, seed: int, episodes: int, most_steps: int, greedy: bool
) -> tuple[list[State], list[np.ndarray], Scores]:
    """All states of some episodes, the actions that led from each to the next, and what became of them."""
    evaluation.check_fits(game, model, greedy)
    evaluation.check_extent(episodes, most_steps)
    evaluation.check_seed(seed)
    player, drawn = Player(model), tf.constant(seed, tf.int64)

    @tf.function(jit_compile=True)
    def begin() -> evaluation.Play:
        return evaluation.begin(game, player, drawn, episodes)

    @tf.function(jit_compile=True)
    def go_on(play: evaluation.Play, time: tf.Tensor) -> evaluation.Play:
        return evaluation.go_on(game, player, greedy, play, drawn, time)

    def in_numpy(play: evaluation.Play) -> Any:
        return tf.nest.map_structure(lambda part: part.numpy(), play._replace(memory=()))

    play = begin()
    plays = [in_numpy(play)]
    while len(plays) <= most_steps and not plays[-1].over.all():
        play = go_on(play, tf.constant(len(plays) - 1))
        plays.append(in_numpy(play))
    last = plays[-1]
    return (
        [one.state for one in plays],
        [one.action for one in plays[1:]],
        evaluation.scores_of(game, greedy, last.gain, last.length, last.over),
    )


def _film(
    game: Game, states: list[State], actions: list[np.ndarray], lengths: np.ndarray, rate: int
) -> Iterator[np.ndarray]:
    """The pictures of one episode after the other; the last of each for a second."""
    for world, length in enumerate(lengths.tolist()):
        for time in range(length + 1):
            state = tf.nest.map_structure(lambda part, world=world: part[world], states[time])
            shown = picture(game, state, int(actions[time - 1][world]) if time else None)
            yield shown
        yield from itertools.repeat(shown, rate - 1)


def _seen(
    game: Outside, play: StepByStep, seed: int, episodes: int, most_steps: int, ends: list
) -> Iterator[np.ndarray]:
    """The same of a game outside of TensorFlow, made as it is played; adds what became of each to `ends`."""
    for one in seeds_of(seed, episodes):
        with contextlib.closing(game.open([one], shown=True)) as worlds:
            for moment in play.moments(worlds, seed, most_steps):
                end, shown = moment, worlds.picture()
                yield shown
        ends.append(end)
        yield from itertools.repeat(shown, game.look.rate - 1)
