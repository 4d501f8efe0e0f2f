"""Contenders of a race: a model on the suite's loop, or any call, as often as the race asks for."""

import dataclasses
from collections.abc import Callable

import keras

from training import strategy
from training.loop import Feed, Loop, Schedule
from training.objectives import Supervised
from training.optimizers import Config, Updater

Take = Callable[[int], None]  # a number of steps, and returns when they are done


def looped(
    model: keras.Model, optimizer: Config, stream: Feed, steps_per_call: int = 10, xla: bool = False
) -> Take:
    """A supervised model on the suite's loop, on one device.

    Args:
        model: Just built.
        optimizer: Of constant rate.
        stream: What it learns from, without end.
        steps_per_call: Of the compiled function.
        xla: Whether XLA compiles a step.
    """
    updater = Updater(optimizer, model.trainable_variables, steps=1)
    schedule = Schedule(steps=0, steps_per_epoch=10**9, steps_per_call=steps_per_call)
    loop = Loop(strategy.pick("cpu:1"), Supervised(model, updater, jit_compile=xla), schedule, stream)

    def take(steps: int) -> None:
        loop.schedule = dataclasses.replace(schedule, steps=loop.step + steps)
        loop.run()

    return take


def repeated(call: Callable[[], object]) -> Take:
    """A call that is one step."""

    def take(steps: int) -> None:
        for _ in range(steps):
            call()

    return take
