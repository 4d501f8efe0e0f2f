"""Games in which chance decides how they begin and nothing after that."""

import abc

import tensorflow as tf

from games.game import Draws, Game, State, Step, where


class Chanceless(Game):
    """A game whose rules are two functions: how a world goes on, and whether it has ended.

    Whether a world has ended is to be seen in its state, so that one that has ended stays as it is: an action
    changes nothing in it and brings nothing.
    """

    @abc.abstractmethod
    def follow(self, state: State, action: tf.Tensor) -> tuple[State, tf.Tensor]:
        """What an action makes of worlds that have not ended.

        Args:
            state: Before the action.
            action: `(B,)` int32.

        Returns: The state after it, and the reward, `(B,)` float32.
        """

    @abc.abstractmethod
    def ended(self, state: State) -> tuple[tf.Tensor, tf.Tensor]:
        """Whether each world is over by the rules, and whether its time ran out before that; `(B,)` bool."""

    def draw(self, seed: tf.Tensor, n: int) -> Draws:
        return ()

    def advance(self, state: State, action: tf.Tensor, draws: Draws) -> Step:
        before = tf.logical_or(*self.ended(state))
        after, reward = self.follow(state, action)
        after = where(before, state, after)
        reward = tf.where(before, 0.0, reward)
        return Step(after, self.observe(after), reward, *self.ended(after))
