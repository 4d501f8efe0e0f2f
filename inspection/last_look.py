"""Where the last token of a text looks, in each layer and head of a net that reads what lies before it.

T tokens, L layers, H heads.
"""

import functools
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from inspection import graph
from inspection.graph import KEPT, InspectionError

__all__ = ["last_look", "looking"]


@functools.lru_cache(maxsize=KEPT)
def looking(model: keras.Model) -> tuple[str, ...]:
    """Names of the layers that hold shares of attention, `(B, H, T, S)`, in the order of computation.

    They are Keras' `Softmax` layers of such an output, as `models.attention` has them.

    Raises:
        InspectionError: The model has no graph of layers.
    """
    return tuple(
        name
        for name, layer in graph.layers(model).items()
        if isinstance(layer.operation, keras.layers.Softmax) and len(layer.tensor.shape) == 4
    )


def last_look(model: keras.Model, tokens: Sequence[int]) -> np.ndarray:
    """The shares with which the last token looks at itself and all before it, `(L, H, T)`; each sums to 1.

    The first call on a model compiles; later ones run that program, however long the text.

    Args:
        model: Functional, of one input of tokens `(B, T)`; all layers have as many heads.
        tokens: As many as the model reads at once, or fewer.

    Raises:
        InspectionError: There is no text, or the model can't be looked into like this.
    """
    if not len(tokens):
        raise InspectionError("there must be a token that looks. Received: none")
    return _program(model)(tf.constant([list(tokens)], tf.int32)).numpy()


@functools.lru_cache(maxsize=KEPT)
def _program(model: keras.Model):
    names = looking(model)
    shape = tuple(graph.only_input(model).shape)
    if not names or shape != (None, None):
        raise InspectionError(
            f"model {model.name!r} must take tokens of any length and attend to them in Softmax layers. "
            f"It takes {shape} and has {len(names)} such layers"
        )
    layers = graph.layers(model)
    inside = keras.Model(graph.functional(model).input, [layers[name].tensor for name in names])

    @tf.function(input_signature=[tf.TensorSpec((1, None), tf.int32)], autograph=False)
    def look(tokens):
        found = inside(tokens, training=False)
        return tf.stack([tf.cast(each[0, :, -1], tf.float32) for each in found])

    return look
