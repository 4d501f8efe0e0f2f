"""Kernels on stacked frames: what of each sees shape, the same in every frame, and what sees motion."""

from dataclasses import dataclass

import keras
import numpy as np

from inspection.activations import InspectionError


@dataclass(frozen=True)
class Motion:
    """What the first convolution's kernels see of clips, one entry a kernel.

    Args:
        layer: Name of the convolution.
        kernels: `(F, h, w, T)`, over the frames of its input, the oldest first.
        shape: `(F, h, w)`, each kernel's mean over the frames: all that a picture at rest meets.
        energy: `(F,)` in [0, 1], the share of the kernel's squared weights that is left without that mean.
        frozen: `(F,)` in [0, 1], how far its answers to clips differ from those to their last frame held.
        reversed: `(F,)` in [0, 1], how far they differ from those to the clips run backwards.
    """

    layer: str
    kernels: np.ndarray
    shape: np.ndarray
    energy: np.ndarray
    frozen: np.ndarray
    reversed: np.ndarray

    @property
    def rest(self) -> np.ndarray:
        """`(F, h, w, T)`, the kernels without their means: they sum to 0 over the frames."""
        return self.kernels - self.shape[..., None]

    @property
    def order(self) -> np.ndarray:
        """`(F,)`, the kernels from motion to shape, by `frozen`."""
        return np.argsort(-self.frozen, kind="stable")


def freeze(clips: np.ndarray) -> np.ndarray:
    """Clips `(..., T)` of which each frame is the last one."""
    return np.repeat(clips[..., -1:], clips.shape[-1], axis=-1)


def backwards(clips: np.ndarray) -> np.ndarray:
    """Clips `(..., T)` with their frames in reversed time."""
    return clips[..., ::-1]


def motion(model: keras.Model, clips: np.ndarray) -> Motion:
    """Tell a model's first kernels that see motion from those that see shape.

    A kernel k over T frames is its mean m over them and the rest r, which sums to 0 over the frames; the two
    are orthogonal, so |k|^2 = T |m|^2 + |r|^2, and `energy` is |r|^2 / |k|^2. To a clip that stands still r
    answers 0. What a kernel makes of real clips is measured: with a its answers, bias left out, to the clips
    and b to the changed ones, the index is |a - b| / (|a| + |b|), 0 where nothing changes and 1 at most.

    Args:
        model: A functional or Sequential model whose input channels are frames, the oldest first.
        clips: `(B, H, W, T)`, as the model takes them.

    Raises:
        InspectionError: The model has no two-dimensional convolution that sees the frames.
    """
    layer = first_convolution(model)
    clips = np.asarray(clips, "float32")
    if clips.ndim != 4 or clips.shape[-1] != model.input_shape[-1]:
        raise InspectionError(f"clips must be (B, H, W, {model.input_shape[-1]}). Received: {clips.shape}")
    kernels = np.moveaxis(np.asarray(keras.ops.convert_to_numpy(layer.kernel), "float32"), -1, 0)
    mean = kernels.mean(-1)
    answers, held, back = (
        _answers(layer, each).reshape(-1, len(kernels)) for each in (clips, freeze(clips), backwards(clips))
    )
    rest = np.square(kernels - mean[..., None]).sum((1, 2, 3))
    return Motion(
        layer.name,
        kernels,
        mean,
        _share(rest, np.square(kernels).sum((1, 2, 3))),
        _apart(answers, held),
        _apart(answers, back),
    )


def first_convolution(model: keras.Model) -> keras.layers.Conv2D:
    """The convolution that sees a model's input itself.

    Raises:
        InspectionError: There is none.
    """
    frames = model.input_shape[-1] if isinstance(model.input_shape, tuple) else None
    for layer in model.layers:
        if type(layer) is keras.layers.Conv2D and layer.input is model.inputs[0]:
            return layer
    raise InspectionError(
        f"model {model.name!r} has no two-dimensional convolution right behind its {frames} input channels, "
        "so no kernel can be split into shape and motion"
    )


def _answers(layer: keras.layers.Conv2D, clips: np.ndarray) -> np.ndarray:
    """Sums `(B, H', W', F)` of a convolution without bias and activation."""
    sums = keras.ops.conv(
        clips,
        layer.kernel,
        strides=layer.strides,
        padding=layer.padding,
        dilation_rate=layer.dilation_rate,
    )
    return np.asarray(keras.ops.convert_to_numpy(sums), "float32")


def _apart(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """|a - b| / (|a| + |b|) of every column; 0 where both are silent."""
    norms = np.linalg.norm(a, axis=0) + np.linalg.norm(b, axis=0)
    return _share(np.linalg.norm(a - b, axis=0), norms)


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.where(whole > 0, part / np.where(whole > 0, whole, 1), 0)
