"""Recipes of two players against each other."""

import dataclasses

from data import SOURCES
from training import optimizers
from training.adversarial import Duel
from training.duel import DuelRecipe
from training.recipe import Expected, Training

# A critic whose gradient is kept near 1 tells the generator something at every moment, and loses no mode.
DIGITS = DuelRecipe(
    name="digits_gan",
    summary="scans of handwritten digits, made from noise",
    source="digits",
    architecture="gan",
    expected=Expected({"frechet": 1.5, "recall": 0.7, "rarest_class": 0.03}, parameters=100_000, seconds=60),
    data=SOURCES["digits"],
    model={"latent": 32, "filters": (64, 32)},
    optimizer=optimizers.Config("adam", 1e-3, "linear", beta_1=0.5, average=0.99),
    discriminator=optimizers.Config("adam", 1e-3, "linear", beta_1=0.5),
    duel=Duel("wasserstein", discriminator_steps=2, penalty=10.0),
    # 2,500 batches of 128, of which each player's turn has 64.
    training=Training(epochs=250, batch_size=128, monitor="val_frechet"),
)
MNIST = dataclasses.replace(
    DIGITS,
    name="mnist_gan",
    summary="handwritten digits as they are asked for, made from noise",
    source="mnist",
    expected=Expected({"frechet": 0.1, "recall": 0.5, "rarest_class": 0.04, "as_asked": 0.97}, seconds=900),
    data=SOURCES["mnist"],
    model={"latent": 64, "filters": (128, 64), "conditional": True},
    optimizer=dataclasses.replace(DIGITS.optimizer, learning_rate=5e-4, average=0.999),
    discriminator=dataclasses.replace(DIGITS.discriminator, learning_rate=5e-4),
    training=Training(epochs=20, batch_size=128, monitor="val_frechet"),
)
# A ring of eight heaps: a generator that loses its variety is seen to leave some out, as it does with the
# usual penalty of 10, whose critic is too flat for heaps so close together.
POINTS = dataclasses.replace(
    DIGITS,
    name="points_gan",
    summary="points of the plane, made from noise: small enough to be watched",
    source="points",
    expected=Expected({"frechet": 0.1, "recall": 0.9, "rarest_class": 0.08}, parameters=10_000, seconds=30),
    data=dataclasses.replace(SOURCES["points"], kind="blobs", classes=8, noise=0.0, examples=20_000),
    model={"latent": 8, "filters": (64, 64), "normalization": "none"},
    duel=Duel("wasserstein", discriminator_steps=4, penalty=1.0),
    # 2,500 batches of 256, of which each player's turn has 64.
    training=Training(epochs=32, batch_size=256, monitor="val_frechet"),
)

RECIPES = (
    DIGITS,
    POINTS,
    MNIST,
    dataclasses.replace(
        MNIST,
        name="fashion_gan",
        summary="pictures of clothes, made from noise",
        source="fashion_mnist",
        expected=Expected({"frechet": 1.0, "recall": 0.5, "rarest_class": 0.04}, seconds=1300),
        data=SOURCES["fashion_mnist"],
        model={"latent": 64, "filters": (128, 64)},
    ),
    # For those who have a GPU: 162,770 photographs, decoded into 2.5 GB of memory.
    dataclasses.replace(
        MNIST,
        name="celeb_a_gan",
        summary="photographs of faces, 64x64 in colour, made from noise",
        source="celeb_a",
        expected=Expected({}),
        data=SOURCES["celeb_a"],
        model={"latent": 128, "filters": (512, 256, 128, 64)},
        optimizer=dataclasses.replace(MNIST.optimizer, learning_rate=2e-4),
        discriminator=dataclasses.replace(MNIST.discriminator, learning_rate=2e-4),
        training=Training(epochs=30, batch_size=128, monitor="val_frechet"),
    ),
    dataclasses.replace(
        MNIST,
        name="images_gan",
        summary="pictures like those in a folder of your own: --data.folder PATH",
        source="image_folder",
        expected=Expected({}),
        data=dataclasses.replace(SOURCES["image_folder"], labelled=False),
        model={"latent": 64, "filters": (128, 64)},
        training=Training(epochs=200, min_steps=3000, batch_size=64, monitor="val_frechet"),
    ),
)
