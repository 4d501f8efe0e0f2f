"""Augmentation of images and series as pure functions of uniform draws, so that a resume repeats them."""

import math

import tensorflow as tf

from data.source import Augmentation

DRAWS = 8  # uniform numbers that one example uses, in the order in which `augment` takes them


def augment(images: tf.Tensor, draws: tf.Tensor, options: Augmentation) -> tf.Tensor:
    """Change each image as its draws say; places from outside a picture are black.

    Args:
        images: `(B, H, W, C)` float32; series `(B, T, C)` go to `augment_series`.
        draws: `(B, DRAWS)` in [0, 1).
        options: What may change, and how much.

    Returns: float32 of the shape of `images`.
    """
    if len(images.shape) == 3:
        return augment_series(images, draws, options)
    down, right, mirror, angle, size, erase_row, erase_column, _ = tf.unstack(draws, axis=1)
    height, width = images.shape[1], images.shape[2]
    if options.flip:
        images = tf.where(mirror[:, None, None, None] < 0.5, images[:, :, ::-1], images)
    if options.rotation or options.zoom:
        images = _turn(
            images,
            (2 * angle - 1) * math.radians(options.rotation),
            1 + (2 * size - 1) * options.zoom,
        )
    if options.shift:
        steps = 2 * options.shift + 1
        images = _shift(
            images, tf.cast(down * steps, tf.int32), tf.cast(right * steps, tf.int32), options.shift
        )
    if options.erase:
        rows = _stripe(erase_row, height, options.erase)
        columns = _stripe(erase_column, width, options.erase)
        erased = rows[:, :, None, None] & columns[:, None, :, None]  # (B, H, W, 1)
        images = tf.where(erased, 0.0, images)
    return images


def augment_series(series: tf.Tensor, draws: tf.Tensor, options: Augmentation) -> tf.Tensor:
    """Change each series as its draws say; before its beginning and after its end it stands still.

    Args:
        series: `(B, T, C)` float32.
        draws: `(B, DRAWS)` in [0, 1).
        options: What may change, and how much.

    Returns: `(B, T, C)` float32.
    """
    _, along, _, _, size, erase_channel, erase_time, loudness = tf.unstack(draws, axis=1)
    length, channels = series.shape[1], series.shape[2]
    if options.shift or options.zoom:
        steps = tf.floor(along * (2 * options.shift + 1)) - options.shift  # (B,) whole positions
        series = _resample(series, steps, 1 + (2 * size - 1) * options.zoom)
    if options.gain:
        series *= (1 + (2 * loudness - 1) * options.gain)[:, None, None]
    if options.erase:
        series = tf.where(_stripe(erase_time, length, options.erase)[:, :, None], 0.0, series)
    if options.erase_channels:
        series = tf.where(_stripe(erase_channel, channels, options.erase_channels)[:, None, :], 0.0, series)
    return series


def _resample(series: tf.Tensor, later: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """Move series by `later` positions and lengthen them by the factor `size`, both `(B,)`, linearly."""
    last = series.shape[1] - 1
    places = tf.range(last + 1, dtype=tf.float32)[None] - later[:, None]  # (B, T)
    places = tf.clip_by_value((places - last / 2) / size[:, None] + last / 2, 0.0, float(last))
    before = tf.floor(places)
    share = (places - before)[:, :, None]
    left = tf.gather(series, tf.cast(before, tf.int32), axis=1, batch_dims=1)
    right = tf.gather(series, tf.cast(tf.math.ceil(places), tf.int32), axis=1, batch_dims=1)
    return left + share * (right - left)


def _turn(images: tf.Tensor, angle: tf.Tensor, size: tf.Tensor) -> tf.Tensor:
    """Rotate by `angle` radians and enlarge by the factor `size`, both `(B,)`, about the centre."""
    height, width = images.shape[1], images.shape[2]
    row, column = (height - 1) / 2, (width - 1) / 2
    cosine, sine = tf.cos(angle) / size, tf.sin(angle) / size
    zero = tf.zeros_like(angle)
    # For each place of the result the op wants the place of the image that lands there.
    transforms = tf.stack(
        [
            cosine,
            -sine,
            column - cosine * column + sine * row,
            sine,
            cosine,
            row - sine * column - cosine * row,
            zero,
            zero,
        ],
        axis=1,
    )
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=transforms,
        output_shape=[height, width],
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
        fill_value=0.0,
    )


def _shift(images: tf.Tensor, down: tf.Tensor, right: tf.Tensor, margin: int) -> tf.Tensor:
    """Cut windows at `down` and `right`, `(B,)` in [0, 2 * margin], out of images with a black margin."""
    height, width = images.shape[1], images.shape[2]
    images = tf.pad(images, [[0, 0], [margin, margin], [margin, margin], [0, 0]])
    images = tf.gather(images, down[:, None] + tf.range(height), axis=1, batch_dims=1)
    return tf.gather(images, right[:, None] + tf.range(width), axis=2, batch_dims=1)


def _stripe(draw: tf.Tensor, size: int, width: int) -> tf.Tensor:
    """Mark `width` neighbouring places out of `size`, centred at `draw`: `(B, size)`, cut at the edges."""
    first = tf.cast(draw * size, tf.int32)[:, None] - width // 2
    places = tf.range(size)[None]
    return (places >= first) & (places < first + width)
