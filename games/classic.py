"""Classic control: the cart and its pole, the acrobot, the car in the valley, as Gymnasium has them.

In float32 where the originals count in float64: a step differs by rounding alone. Where a world is over by
its rules in the very step in which its time runs out, it is terminated and not truncated; Gymnasium says
both.
"""

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import tensorflow as tf

from games.chanceless import Chanceless


def _around_zero(seed: tf.Tensor, n: int, bound: float) -> list[tf.Tensor]:
    """Four tensors `(n,)`, uniform from -bound to bound.

    A seed for each: one draw in four rows XLA makes anew wherever a number of it is needed, and a step of 64
    carts took 11 times as long.
    """
    seeds = tf.unstack(tf.random.split(seed, 4))
    return [tf.random.stateless_uniform((n,), one, -bound, bound) for one in seeds]


class CartPoleState(NamedTuple):
    """Place (m) and speed (m/s) of the cart, angle (rad, 0 upright) and speed (rad/s) of the pole, steps.

    Each `(B,)` float32, the steps so far int32.
    """

    x: tf.Tensor
    x_dot: tf.Tensor
    theta: tf.Tensor
    theta_dot: tf.Tensor
    steps: tf.Tensor


@dataclass(frozen=True)
class CartPole(Chanceless):
    """A pole on a cart that is pushed left or right, and is not to fall: Barto, Sutton and Anderson 1983.

    "Neuronlike adaptive elements that can solve difficult learning control problems", as CartPole-v1 of
    Gymnasium 1.4. A reward of 1 a step, the last included. It is over when the pole leans by more than 12
    degrees or the cart is more than 2.4 m off; time runs out after 500 steps.

    Args:
        velocities: Show both speeds, too. Without them a player must remember where things were: the task of
            Wierstra et al. 2007, "Solving deep memory POMDPs with recurrent policy gradients".
    """

    velocities: bool = True

    limit = 500
    actions = ("left", "right")
    ranges = MappingProxyType(  # Gymnasium's
        {"x": (-4.8, 4.8), "theta": (-math.radians(24), math.radians(24))}
    )

    def __post_init__(self) -> None:
        shown = ("x", "x_dot", "theta", "theta_dot") if self.velocities else ("x", "theta")
        # Attributes of the contract that a setting decides; the dataclass is frozen.
        for attribute, value in (
            ("name", "cartpole" if self.velocities else "cartpole_masked"),
            ("title", "CartPole" if self.velocities else "CartPole without speeds"),
            ("channels", shown),
            ("observation_shape", (len(shown),)),
            ("official", "CartPole-v1" if self.velocities else ""),
        ):
            object.__setattr__(self, attribute, value)

    def reset(self, seed: tf.Tensor, n: int) -> CartPoleState:
        x, x_dot, theta, theta_dot = _around_zero(seed, n, 0.05)
        return CartPoleState(x, x_dot, theta, theta_dot, tf.zeros(n, tf.int32))

    def follow(self, state: CartPoleState, action: tf.Tensor) -> tuple[CartPoleState, tf.Tensor]:
        x, x_dot, theta, theta_dot, steps = state
        gravity, pole, total, half = 9.8, 0.1, 1.1, 0.5  # m/s2, kg, kg with the cart, m: half the pole
        seconds = 0.02  # a step
        force = tf.where(action == 1, 10.0, -10.0)  # N
        cos, sin = tf.cos(theta), tf.sin(theta)
        push = (force + pole * half * theta_dot**2 * sin) / total
        theta_acc = (gravity * sin - cos * push) / (half * (4 / 3 - pole * cos**2 / total))
        x_acc = push - pole * half * theta_acc * cos / total
        after = CartPoleState(  # Euler's method: places move by the speeds before the step
            x + seconds * x_dot,
            x_dot + seconds * x_acc,
            theta + seconds * theta_dot,
            theta_dot + seconds * theta_acc,
            steps + 1,
        )
        return after, tf.ones_like(x)

    def ended(self, state: CartPoleState) -> tuple[tf.Tensor, tf.Tensor]:
        over = (tf.abs(state.x) > 2.4) | (tf.abs(state.theta) > math.radians(12))
        return over, ~over & (state.steps >= self.limit)

    def observe(self, state: CartPoleState) -> tf.Tensor:
        return tf.stack([getattr(state, name) for name in self.channels], axis=-1)


class AcrobotState(NamedTuple):
    """Both angles (rad), 0 where the upper link hangs and the lower continues it, their speeds, steps.

    Each `(B,)` float32, the steps so far int32.
    """

    theta1: tf.Tensor
    theta2: tf.Tensor
    dtheta1: tf.Tensor
    dtheta2: tf.Tensor
    steps: tf.Tensor


@dataclass(frozen=True)
class Acrobot(Chanceless):
    """Two hanging links, and a torque between them that is to swing the end up: Sutton 1996.

    "Generalization in reinforcement learning: successful examples using sparse coarse coding", with the
    equations of motion of Sutton and Barto's book, as Acrobot-v1 of Gymnasium 1.4. It is over when the end is
    more than a link's length above the upper joint: a reward of 0 for that step, -1 for any other. Time runs
    out after 500 steps.
    """

    limit = 500
    name = "acrobot"
    title = "Acrobot"
    actions = ("torque -1", "no torque", "torque +1")
    observation_shape = (6,)
    channels = ("cos(theta1)", "sin(theta1)", "cos(theta2)", "sin(theta2)", "dtheta1", "dtheta2")
    ranges = MappingProxyType(
        {
            **dict.fromkeys(channels[:4], (-1.0, 1.0)),
            "dtheta1": (-4 * math.pi, 4 * math.pi),
            "dtheta2": (-9 * math.pi, 9 * math.pi),
        }
    )
    official = "Acrobot-v1"

    def reset(self, seed: tf.Tensor, n: int) -> AcrobotState:
        theta1, theta2, dtheta1, dtheta2 = _around_zero(seed, n, 0.1)
        return AcrobotState(theta1, theta2, dtheta1, dtheta2, tf.zeros(n, tf.int32))

    def follow(self, state: AcrobotState, action: tf.Tensor) -> tuple[AcrobotState, tf.Tensor]:
        torque = tf.cast(action, tf.float32) - 1.0  # N m
        seconds = 0.2  # a step, of one Runge-Kutta step of fourth order
        y = tf.stack(state[:4])  # (4, B)
        k1 = _acceleration(y, torque)
        k2 = _acceleration(y + seconds / 2 * k1, torque)
        k3 = _acceleration(y + seconds / 2 * k2, torque)
        k4 = _acceleration(y + seconds * k3, torque)
        theta1, theta2, dtheta1, dtheta2 = tf.unstack(y + seconds / 6 * (k1 + 2 * k2 + 2 * k3 + k4))
        after = AcrobotState(
            _wrapped(theta1),
            _wrapped(theta2),
            tf.clip_by_value(dtheta1, -4 * math.pi, 4 * math.pi),
            tf.clip_by_value(dtheta2, -9 * math.pi, 9 * math.pi),
            state.steps + 1,
        )
        return after, tf.where(self.ended(after)[0], 0.0, -1.0)

    def ended(self, state: AcrobotState) -> tuple[tf.Tensor, tf.Tensor]:
        over = -tf.cos(state.theta1) - tf.cos(state.theta1 + state.theta2) > 1.0
        return over, ~over & (state.steps >= self.limit)

    def observe(self, state: AcrobotState) -> tf.Tensor:
        theta1, theta2, dtheta1, dtheta2, _ = state
        seen = [tf.cos(theta1), tf.sin(theta1), tf.cos(theta2), tf.sin(theta2), dtheta1, dtheta2]
        return tf.stack(seen, axis=-1)


def _acceleration(y: tf.Tensor, torque: tf.Tensor) -> tf.Tensor:
    """How angles and speeds `(4, B)` change in a second; both links have 1 m, 1 kg and 1 kg m2.

    Sutton and Barto 1998, section 11.3; cos(angle - pi/2) there is sin(angle) here.
    """
    theta1, theta2, dtheta1, dtheta2 = tf.unstack(y)
    gravity, center = 9.8, 0.5  # m/s2, m from a link's upper end to its center of mass
    cos2, sin2 = tf.cos(theta2), tf.sin(theta2)
    d1 = center**2 + (1 + center**2 + 2 * center * cos2) + 2
    d2 = (center**2 + center * cos2) + 1
    phi2 = center * gravity * tf.sin(theta1 + theta2)
    phi1 = (
        -center * dtheta2**2 * sin2
        - 2 * center * dtheta2 * dtheta1 * sin2
        + (center + 1) * gravity * tf.sin(theta1)
        + phi2
    )
    ddtheta2 = (torque + d2 / d1 * phi1 - center * dtheta1**2 * sin2 - phi2) / (center**2 + 1 - d2**2 / d1)
    ddtheta1 = -(d2 * ddtheta2 + phi1) / d1
    return tf.stack([dtheta1, dtheta2, ddtheta1, ddtheta2])


def _wrapped(angle: tf.Tensor) -> tf.Tensor:
    """The same angle in [-pi, pi]; what lies within stays as it is."""
    turn = 2 * math.pi
    turns = tf.nn.relu(tf.math.ceil((angle - math.pi) / turn)) - tf.nn.relu(
        tf.math.ceil((-angle - math.pi) / turn)
    )
    return angle - turn * turns


class MountainCarState(NamedTuple):
    """Place and speed of the car, `(B,)` float32, and steps so far, `(B,)` int32."""

    position: tf.Tensor
    velocity: tf.Tensor
    steps: tf.Tensor


@dataclass(frozen=True)
class MountainCar(Chanceless):
    """A car too weak for the hill before it, which must take a run-up from the one behind: Moore 1990.

    "Efficient memory-based learning for robot control", as MountainCar-v0 of Gymnasium 1.4. A reward of -1 a
    step. It is over when the car is at 0.5 or beyond and doesn't roll back; time runs out after 200 steps.
    """

    limit = 200
    name = "mountain_car"
    title = "Mountain car"
    actions = ("left", "coast", "right")
    observation_shape = (2,)
    channels = ("position", "velocity")
    ranges = MappingProxyType({"position": (-1.2, 0.6), "velocity": (-0.07, 0.07)})
    official = "MountainCar-v0"

    def reset(self, seed: tf.Tensor, n: int) -> MountainCarState:
        position = tf.random.stateless_uniform((n,), seed, -0.6, -0.4)
        return MountainCarState(position, tf.zeros(n), tf.zeros(n, tf.int32))

    def follow(self, state: MountainCarState, action: tf.Tensor) -> tuple[MountainCarState, tf.Tensor]:
        position, velocity, steps = state
        push = 0.001 * (tf.cast(action, tf.float32) - 1.0)
        velocity = tf.clip_by_value(velocity + (push - 0.0025 * tf.cos(3.0 * position)), -0.07, 0.07)
        position = tf.clip_by_value(position + velocity, -1.2, 0.6)
        at_wall = (position <= -1.2) & (velocity < 0.0)
        after = MountainCarState(position, tf.where(at_wall, 0.0, velocity), steps + 1)
        return after, -tf.ones_like(position)

    def ended(self, state: MountainCarState) -> tuple[tf.Tensor, tf.Tensor]:
        over = (state.position >= 0.5) & (state.velocity >= 0.0)
        return over, ~over & (state.steps >= self.limit)

    def observe(self, state: MountainCarState) -> tf.Tensor:
        return tf.stack([state.position, state.velocity], axis=-1)
