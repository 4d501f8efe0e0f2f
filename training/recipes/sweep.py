"""Recipes of sweeps: many nets side by side, whose figures land in the run's `sweep.json`."""

from data import SOURCES
from training import optimizers
from training.recipe import Expected, Recipe, Training

RECIPES = (
    Recipe(
        name="abs_sweep",
        summary="|x| by deep narrow nets: how often a ReLU net dies and gives a constant, and what helps",
        source="abs",
        architecture="sweep",
        expected=Expected({}, seconds=140),
        data=SOURCES["abs"],
        # Lu, Shin, Su and Karniadakis 2020, "Dying ReLU and initialization" (arXiv:1903.06733), section 4:
        # |x| on [-sqrt(3), sqrt(3)], where two units of one layer would do.
        model={
            "activations": ("relu", "leaky_relu", "gelu"),
            "depths": (2, 4, 8, 12),
            "widths": (2, 3, 4, 8),
            "members": 100,
        },
        optimizer=optimizers.Config("adam", 5e-3, "cosine"),
        training=Training(epochs=40, batch_size=64, loss="squared_error", monitor="val_loss"),
    ),
    Recipe(
        name="sine_sweep",
        summary="two waves by one hidden layer: the error against the width, for five activations",
        source="sine",
        architecture="sweep",
        expected=Expected({}, seconds=70),
        data=SOURCES["sine"],
        # Cybenko 1989, Hornik 1991; Leshno et al. 1993: any activation will do that is no polynomial.
        model={
            "activations": ("relu", "tanh", "gelu", "sigmoid", "quadratic"),
            "depths": (1,),
            "widths": (1, 2, 4, 8, 16, 32, 64, 128),
            "bias_deviation": 1.0,
            "members": 8,
        },
        optimizer=optimizers.Config("adam", 1e-2, "cosine"),
        training=Training(epochs=300, batch_size=64, loss="squared_error", monitor="val_loss"),
    ),
)
