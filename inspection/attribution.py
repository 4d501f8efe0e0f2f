"""Why a classifier gave an answer: Grad-CAM, saliency and occlusion, over lines, pictures and volumes alike.

Each takes a batch `(B, ..., C)` and gives one value for each position; a picture's `(H, W)`, a line's `(T,)`.
The score of a class is the logit: where a model ends in a softmax or a sigmoid, what goes into that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from inspection import endings, graph
from inspection.activations import filled, fitting, fixed_batch, unfilled
from inspection.caching import kept_with_model
from inspection.graph import InspectionError

_PLAIN = ("Activation", "Softmax", "LogSoftmax", "Sigmoid")  # which do nothing but squash
CHUNK = 64  # copies of an input that are looked at together, in an occlusion or a SmoothGrad


@dataclass(frozen=True)
class Attribution:
    """How much each position of an input speaks for a class.

    Args:
        heat: `(B, ...)` float32, one value a position: of the input, for Grad-CAM of the layer.
        target: `(B,)` the class of each example.
    """

    heat: np.ndarray
    target: np.ndarray


def grad_cam(
    model: keras.Model, inputs: Any, target: int | Sequence[int] | None = None, layer: str | None = None
) -> Attribution:
    """Grad-CAM: where a layer's maps are that speak for a class.

    Selvaraju et al. 2017 (arXiv:1610.02391), equations 1 and 2: with the score y^c of class c and the maps
    A^k of the layer, over its Z positions,

        alpha_k^c = 1/Z sum_ij dy^c / dA^k_ij        L^c = ReLU(sum_k alpha_k^c A^k)

    Args:
        model: A functional or Sequential classifier with one input and one output `(B, classes)`.
        inputs: `(B, ..., C)`.
        target: Class, one for all or one for each example; None: the model's answer.
        layer: Whose maps, a name as `inspection.activations` has it; None: `last_maps(model)`.

    Returns: Heat of the layer's positions, at least 0.

    Raises:
        InspectionError: The model can't be explained like this, or has no such layer with maps.
    """
    name = layer or last_maps(model)
    program, names = _gradients(model)
    if name not in names:
        raise InspectionError(
            f"layer must be one of those with maps: {', '.join(names)}. Received: {layer!r}"
        )
    _, heats, chosen = program(fitting(model, inputs), _targets(model, target))
    return _attribution(model, inputs, heats[name].numpy(), chosen.numpy())


def saliency(
    model: keras.Model,
    inputs: Any,
    target: int | Sequence[int] | None = None,
    samples: int = 0,
    noise: float = 0.15,
    seed: int = 0,
) -> Attribution:
    """Saliency: how much the score of a class would change with each position of the input.

    Simonyan et al. 2013 (arXiv:1312.6034), section 3: max_c |dy / dx_c| over the channels c. With `samples`
    SmoothGrad, Smilkov et al. 2017 (arXiv:1706.03825), section 3: the gradient's mean over noisy copies.

    Args:
        model: A functional or Sequential classifier with one input and one output `(B, classes)`.
        inputs: `(B, ..., C)`.
        target: Class, one for all or one for each example; None: the model's answer.
        samples: Noisy copies of SmoothGrad; 0: the gradient at the input itself.
        noise: Standard deviation of the noise, as a share of the input's range.
        seed: Of the noise.

    Returns: Heat of the input's positions, at least 0.
    """
    batch = fitting(model, inputs)
    if samples:
        program = _smooth(model)
        found, chosen = program(batch, _targets(model, target), samples, noise, seed)
    else:
        found, _, chosen = _gradients(model)[0](batch, _targets(model, target))
    return _attribution(model, inputs, found.numpy(), chosen.numpy())


def occlusion(
    model: keras.Model,
    inputs: Any,
    target: int | Sequence[int] | None = None,
    patch: int | Sequence[int] | None = None,
    stride: int | Sequence[int] | None = None,
    fill: float = 0.0,
) -> Attribution:
    """Occlusion: by how much the probability of a class drops when a patch is covered.

    Zeiler and Fergus 2014 (arXiv:1311.2901), section 4.2. Each position has the mean drop over the patches
    that cover it; where nothing covers it, 0.

    Args:
        model: A functional or Sequential classifier with one input and one output `(B, classes)`.
        inputs: `(B, ..., C)`.
        target: Class, one for all or one for each example; None: the model's answer.
        patch: Edge of the patch along each axis, in positions; None: a quarter of the input's.
        stride: From patch to patch; None: a third of the patch. The last patch ends with the input.
        fill: What the patch is filled with.

    Returns: Heat of the input's positions: positive where covering takes from the class, negative where it
        gives to it.
    """
    program, batch = _occluded(model), fitting(model, inputs)
    masks = occluders(batch.shape[1:-1], patch, stride)
    drops, chosen = program(batch, _targets(model, target), masks.astype("float32"), fill)  # (B, N)
    flat = masks.reshape(len(masks), -1).astype("float32")
    heat = drops.numpy() @ flat / np.maximum(flat.sum(0), 1)
    heat = heat.reshape(len(batch), *masks.shape[1:]).astype("float32")
    return _attribution(model, inputs, heat, chosen.numpy())


def occluders(
    shape: Sequence[int], patch: int | Sequence[int] | None = None, stride: int | Sequence[int] | None = None
) -> np.ndarray:
    """The patches of an occlusion as masks `(N, ...)` bool over the positions in `shape`."""
    edges = _along_axes(patch, [max(1, round(size / 4)) for size in shape], "patch")
    steps = _along_axes(stride, [max(1, round(edge / 3)) for edge in edges], "stride")
    lines = []
    for size, edge, step in zip(shape, edges, steps, strict=True):
        edge = min(edge, size)
        starts = sorted({*range(0, size - edge + 1, step), size - edge})
        at = np.arange(size)
        lines.append(np.array([(start <= at) & (at < start + edge) for start in starts]))
    masks = lines[0]
    for line in lines[1:]:  # (N, ...) and (M, size) to (N M, ..., size)
        joined = masks[:, None, ..., None] & line.reshape(1, len(line), *(1,) * (masks.ndim - 1), -1)
        masks = joined.reshape(-1, *joined.shape[2:])
    return masks


def last_maps(model: keras.Model) -> str:
    """The layer that Grad-CAM looks at unless told otherwise: the last convolution's, after what follows it
    at the same positions (normalization, activation, a residual addition).

    Raises:
        InspectionError: The model has no convolution.
    """
    layers, names = graph.layers(model), map_layers(model)
    convolutions = [name for name in names if "Conv" in layers[name].kind]
    if not convolutions:
        raise InspectionError(
            f"model {model.name!r} has no convolution, so it has no maps that Grad-CAM could weigh"
        )
    last = convolutions[-1]
    after = names[names.index(last) :]
    shape = layers[last].tensor.shape
    return [name for name in after if layers[name].tensor.shape == shape and "Pool" not in layers[name].kind][
        -1
    ]


def map_layers(model: keras.Model) -> list[str]:
    """Names of the layers whose output has positions, `(B, ..., C)` with as many axes as the input."""
    rank = len(graph.only_input(model).shape)
    return [
        name
        for name, layer in graph.layers(model).items()
        if len(layer.tensor.shape) == rank and layer.tensor.dtype.startswith(("float", "bfloat"))
    ]


def _along_axes(value: int | Sequence[int] | None, usual: list[int], name: str) -> list[int]:
    if value is None:
        return usual
    values = [value] * len(usual) if isinstance(value, int) else list(value)
    if len(values) != len(usual) or min(values) < 1:
        raise ValueError(f"{name} must be at least 1 along each of {len(usual)} axes. Received: {value!r}")
    return values


def _targets(model: keras.Model, target: int | Sequence[int] | None) -> np.ndarray:
    """`()` or `(B,)`; -1 stands for the model's answer."""
    return filled(np.asarray(-1 if target is None else target, "int32"), fixed_batch(model))


def _attribution(model: keras.Model, inputs: Any, heat: np.ndarray, target: np.ndarray) -> Attribution:
    return Attribution(*unfilled(model, inputs, (heat, target)))


def _scoring(model: keras.Model, more: Mapping[str, keras.KerasTensor]):
    """A model from the input to (tensors by name, what the score is made of), and what makes the score of it.

    Raises:
        InspectionError: The model's output is not `(B, classes)`, or its input can't be changed a little.
    """
    entrance, layers = graph.only_input(model), graph.layers(model)
    end = layers[graph.only_output(model)]
    if len(end.tensor.shape) != 2:
        raise InspectionError(
            f"model {model.name!r} must give one score a class, (batch, classes), to be explained. It gives "
            f"{tuple(end.tensor.shape)}"
        )
    if not entrance.dtype.startswith(("float", "bfloat")) or len(entrance.shape) < 3:
        raise InspectionError(
            f"model {model.name!r} must take numbers with positions, (batch, ..., channels), to be explained "
            f"like this. It takes {entrance.dtype} of shape {tuple(entrance.shape)}"
        )
    before, finish = end.tensor, None
    squashed = endings.ending(model)
    if squashed.layer is not None:
        last = layers[squashed.layer]
        source = last.inputs[0]
        if isinstance(last.operation, keras.layers.Dense):
            finish = last.operation
        if finish is not None or last.operation.__class__.__name__ in _PLAIN:
            before = layers[source].tensor if source in layers else entrance

    def score(values):
        if finish is not None:
            values = keras.ops.matmul(
                keras.ops.cast(values, "float32"), keras.ops.cast(finish.kernel, "float32")
            )
            values = values if finish.bias is None else values + keras.ops.cast(finish.bias, "float32")
        values = tf.cast(values, tf.float32)
        if before is end.tensor:
            values = endings.unsquashed(squashed.activation, values)
        return tf.reshape(values, (tf.shape(values)[0], end.tensor.shape[-1]))

    return keras.Model(graph.functional(model).input, (dict(more), before)), score


def _choose(scores: tf.Tensor, target: tf.Tensor) -> tf.Tensor:
    """The class of each example, `(B,)`."""
    answers = tf.argmax(scores, axis=-1, output_type=tf.int32)
    wanted = tf.broadcast_to(target, tf.shape(answers))
    return tf.clip_by_value(tf.where(wanted < 0, answers, wanted), 0, tf.shape(scores)[-1] - 1)


def _signature(model: keras.Model) -> tf.TensorSpec:
    entrance = graph.only_input(model)
    return tf.TensorSpec(entrance.shape, tf.float32)


_TARGET = tf.TensorSpec(None, tf.int32)


@kept_with_model
def _gradients(model: keras.Model):
    """A compiled function from (inputs, target) to (saliency, Grad-CAM of every layer with maps, classes),
    and the names of those layers: one pass back through the net gives all of it."""
    layers, names = graph.layers(model), map_layers(model)
    probe, score = _scoring(model, {name: layers[name].tensor for name in names})

    @tf.function(input_signature=[_signature(model), _TARGET], autograph=False)
    def run(inputs, target):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            maps, values = probe(_as_taken(model, inputs), training=False)
            scores = score(values)  # (B, classes)
            chosen = _choose(scores, target)
            picked = tf.reduce_sum(tf.gather(scores, chosen, batch_dims=1))
        slopes, slope = tape.gradient(picked, (maps, inputs), unconnected_gradients="zero")
        heats = {}
        for name in names:
            grids = tf.cast(maps[name], tf.float32)  # (B, ..., K)
            positions = list(range(1, len(grids.shape) - 1))
            weights = tf.reduce_mean(tf.cast(slopes[name], tf.float32), axis=positions, keepdims=True)
            heats[name] = tf.nn.relu(tf.reduce_sum(weights * grids, axis=-1))
        return tf.reduce_max(tf.abs(slope), axis=-1), heats, chosen

    return run, names


@kept_with_model
def _smooth(model: keras.Model):
    """A compiled function from (inputs, target, samples, noise, seed) to (saliency, classes)."""
    probe, score = _scoring(model, {})
    number, share = tf.TensorSpec((), tf.int32), tf.TensorSpec((), tf.float32)

    @tf.function(input_signature=[_signature(model), _TARGET, number, share, number], autograph=False)
    def run(inputs, target, samples, noise, seed):
        chosen = _choose(score(probe(_as_taken(model, inputs), training=False)[1]), target)
        axes = list(range(1, len(inputs.shape)))
        spread = tf.reduce_max(inputs, axes, keepdims=True) - tf.reduce_min(inputs, axes, keepdims=True)

        def slope(sample, total):
            noisy = inputs + noise * spread * tf.random.stateless_normal(tf.shape(inputs), (seed, sample))
            with tf.GradientTape() as tape:
                tape.watch(noisy)
                scores = score(probe(_as_taken(model, noisy), training=False)[1])
                picked = tf.reduce_sum(tf.gather(scores, chosen, batch_dims=1))
            return sample + 1, total + tape.gradient(picked, noisy, unconnected_gradients="zero")

        _, total = tf.while_loop(lambda sample, _: sample < samples, slope, (0, tf.zeros_like(inputs)))
        return tf.reduce_max(tf.abs(total), axis=-1) / tf.cast(samples, tf.float32), chosen

    return run


@kept_with_model
def _occluded(model: keras.Model):
    """A compiled function from (inputs, target, masks, fill) to (drop of the probability for each mask
    `(B, N)`, classes); `CHUNK` copies of each input are looked at together, however many masks there are."""
    probe, score = _scoring(model, {})
    one_by_one = endings.ending(model).activation == endings.SIGMOID
    signature = _signature(model)
    rank = len(signature.shape) - 2
    masks_spec = tf.TensorSpec((None,) * (rank + 1), tf.float32)

    @tf.function(
        input_signature=[signature, _TARGET, masks_spec, tf.TensorSpec((), tf.float32)], autograph=False
    )
    def run(inputs, target, masks, fill):
        def shares(batch):
            scores = score(probe(_as_taken(model, batch), training=False)[1])
            return scores, tf.sigmoid(scores) if one_by_one or scores.shape[-1] == 1 else tf.nn.softmax(
                scores
            )

        scores, whole = shares(inputs)
        chosen = _choose(scores, target)
        examples = tf.shape(inputs)[0]

        def covered(start, found):
            some = masks[start : start + CHUNK][None, ..., None]  # (1, n, ..., 1)
            copies = inputs[:, None] * (1 - some) + fill * some  # (B, n, ..., C)
            flat = tf.reshape(copies, tf.concat([[-1], tf.shape(inputs)[1:]], 0))
            _, found_shares = shares(flat)
            picked = tf.gather(found_shares, tf.repeat(chosen, tf.shape(some)[1]), batch_dims=1)
            return start + CHUNK, tf.concat([found, tf.reshape(picked, (examples, -1))], axis=1)

        _, found = tf.while_loop(
            lambda start, _: start < tf.shape(masks)[0],
            covered,
            (0, tf.zeros((examples, 0))),
            shape_invariants=(tf.TensorShape(()), tf.TensorShape((None, None))),
        )
        return tf.gather(whole, chosen, batch_dims=1)[:, None] - found, chosen

    return run


def _as_taken(model: keras.Model, inputs: tf.Tensor):
    """The inputs in the structure and type that the model takes."""
    entrance = graph.only_input(model)
    return keras.tree.pack_sequence_as(graph.functional(model).input, [tf.cast(inputs, entrance.dtype)])
