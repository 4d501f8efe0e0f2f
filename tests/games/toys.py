"""Small environments, known to Gymnasium by the ids below while the tests run."""

from typing import ClassVar

import gymnasium
import numpy as np

CUE, COUNT, PICTURE, MISSING, BROKEN = (
    f"Toy/{name}-v0" for name in ("Cue", "Count", "Picture", "Missing", "Broken")
)


class Cue(gymnasium.Env):
    """One step: the action that is shown brings 1, any other nothing; chance has a quarter."""

    metadata: ClassVar[dict] = {"render_modes": ["rgb_array"], "render_fps": 20}
    observation_space = gymnasium.spaces.Discrete(4)
    action_space = gymnasium.spaces.Discrete(4)

    def __init__(self, render_mode=None):
        self.render_mode = render_mode

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.cue = int(self.np_random.integers(4))
        return self.cue, {}

    def step(self, action):
        return self.cue, float(action == self.cue), True, False, {}

    def render(self):
        return np.full((8, 12, 3), 60 * self.cue, "uint8")


class Count(gymnasium.Env):
    """Counts its steps; a game has 1 to 9 of them, and every third runs out of time and is not over.

    What is seen are the game's number, from 0 on, and the steps so far. A step brings as much as its number.
    """

    observation_space = gymnasium.spaces.Box(0, np.inf, (2,), np.float64)
    action_space = gymnasium.spaces.Discrete(2)
    game = -1

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.game, self.steps, self.length = self.game + 1, 0, int(self.np_random.integers(1, 10))
        return np.array([self.game, 0.0]), {}

    def step(self, action):
        self.steps += 1
        end = self.steps == self.length
        cut = self.game % 3 == 2
        return np.array([self.game, float(self.steps)]), self.steps, end and not cut, end, {}


class Picture(Cue):
    """The same, shown as a picture of bytes: a bright column at the cue."""

    observation_space = gymnasium.spaces.Box(0, 255, (4, 4, 3), np.uint8)

    def reset(self, **keywords):
        cue, infos = super().reset(**keywords)
        return self._seen(cue), infos

    def step(self, action):
        cue, *rest = super().step(action)
        return self._seen(cue), *rest

    def _seen(self, cue):
        shown = np.full((4, 4, 3), 17, "uint8")
        shown[:, cue] = 255
        return shown


def _missing(**_):
    raise gymnasium.error.DependencyNotInstalled("Box9D is not installed, run `pip install box9d`\nand more")


def _broken(**_):
    raise RuntimeError("no screen\nat all")


for name, maker in ((CUE, Cue), (COUNT, Count), (PICTURE, Picture), (MISSING, _missing), (BROKEN, _broken)):
    gymnasium.register(name, maker)
