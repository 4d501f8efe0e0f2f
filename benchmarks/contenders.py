"""Contenders of a race: a model on the suite's loop, or any call, as often as the race asks for."""

import dataclasses
from collections.abc import Callable

import keras

from training import strategy
from training.loop import Feed, Loop, Schedule
from training.objectives import Objective, Supervised
from training.optimizers import Config, Updater

Take = Callable[[int], None]  # a number of steps, and returns when they are done


def supervised(model: keras.Model, optimizer: Config, xla: bool = False) -> Supervised:
    """A model's usual objective.

    Args:
        model: Just built.
        optimizer: Of constant rate.
        xla: Whether XLA compiles a step.
    """
    return Supervised(model, Updater(optimizer, model.trainable_variables, steps=1), jit_compile=xla)


def looped(objective: Objective, stream: Feed, steps_per_call: int = 10) -> Take:
    """An objective on the suite's loop, on one device.

    Args:
        objective: Just made.
        stream: What it learns from, without end.
        steps_per_call: Of the compiled function.
    """
    schedule = Schedule(steps=0, steps_per_epoch=10**9, steps_per_call=steps_per_call)
    loop = Loop(strategy.pick("cpu:1"), objective, schedule, stream)

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
