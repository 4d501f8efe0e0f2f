"""Every head of every attention: its shares, what it compares, and a model without some of them.

Found are Keras' own `MultiHeadAttention`, `GroupQueryAttention`, `Attention` and `AdditiveAttention`, and
attention that is written out: a softmax over the last axis of `(B, H, T, S)` whose scores are a product of
queries and keys, by `ops.einsum` or `ops.matmul`.

B batch, T steps that ask, S steps that are looked at, H heads, D features of a head.
"""

import functools
import operator
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from inspection import graph, twins
from inspection.activations import _fitting, filled, fixed_batch, unfilled
from inspection.caching import kept_with_model
from inspection.graph import InspectionError

__all__ = [
    "CROSS",
    "DECODER",
    "ENCODER",
    "SELF",
    "Attention",
    "Entrance",
    "Looked",
    "attentions",
    "draw",
    "entrances",
    "look",
    "pointing",
    "write",
]

# Who looks at whom: a sequence at itself, where there is but one; else that which is read, that which is
# written, and this one at the other.
SELF, ENCODER, DECODER, CROSS = "self", "encoder", "decoder", "cross"
BATCH = 250  # sequences in one call, of many
# What may stand between the product of queries and keys and the softmax.
_BETWEEN = ("Multiply", "Divide", "TrueDivide", "Add", "Subtract", "Where", "Cast", "Clip", "Maximum")

Products = Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Attention:
    """One use of attention in a model.

    Args:
        kind: `SELF`, `ENCODER`, `DECODER` or `CROSS`.
        heads: How many.
        operation: The layer, or the softmax where attention is written out.
        use: Which use of that operation, from 0 on.
        product: What makes the scores of queries and keys, where that is an operation of its own.
    """

    kind: str
    heads: int
    operation: Any
    use: int
    product: Any = None

    @property
    def single(self) -> bool:
        """Whether the layer knows no heads."""
        return isinstance(self.operation, keras.layers.Attention)


@dataclass(frozen=True)
class Looked:
    """What the heads did, by the names of `attentions(model)`.

    Args:
        output: Of the model.
        weights: The shares, after masks and softmax, `(B, H, T, S)`; they sum to 1 over S.
        queries: As they are compared, with the scale of the scores in them, `(B, T, H, D)`; none where a
            layer compares in another way than feature by feature.
        keys: `(B, S, H, D)`.
        products: What of a query and a key is summed to the score.
    """

    output: Any
    weights: Mapping[str, np.ndarray]
    queries: Mapping[str, np.ndarray]
    keys: Mapping[str, np.ndarray]
    products: Mapping[str, Products]

    def features(
        self, name: str, head: int, asks: int, seen: int, item: int = 0
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
        """Query, key and their products, `(D,)` each; the products sum to the score before any mask.

        Returns: None where the layer compares in another way than feature by feature.
        """
        if name not in self.queries:
            return None
        query, key = self.queries[name][item, asks, head], self.keys[name][item, seen, head]
        return query, key, self.products[name](query, key)


@dataclass(frozen=True)
class Entrance:
    """One input of a model of which nothing else is known.

    Args:
        name: Of it.
        shape: Of one sequence; None: any size.
        tokens: How many tokens there are, where it takes tokens and that is known; 0: it takes features.
    """

    name: str
    shape: tuple[int | None, ...]
    tokens: int


@kept_with_model
def attentions(model: keras.Model) -> Mapping[str, Attention]:
    """Every use of attention by name, in the order of computation, as `inspection.graph.layers` names them.

    Raises:
        InspectionError: The model has no graph of layers.
    """
    layers = graph.layers(model)
    roots = _roots(layers)
    uses: dict[str, int] = {}  # which use of its operation a name is
    counts: dict[int, int] = {}
    for name, layer in layers.items():
        first, _, output = name.rpartition(".")
        if not (output.isdigit() and first in layers and layers[first].operation is layer.operation):
            uses[name] = counts.get(id(layer.operation), 0)  # of its outputs the first
            counts[id(layer.operation)] = uses[name] + 1
    found: dict[str, tuple[Attention, frozenset[str], frozenset[str]]] = {}
    for name, use in uses.items():
        operation, made = layers[name].operation, None
        asks, *seen = layers[name].inputs or ("",)
        if (heads := _heads(operation, layers[name])) is None:
            continue
        if not _whole(operation):
            made = _product(layers, asks)
            if made is None:
                continue
            asks, *seen = layers[made].inputs
        product = layers[made].operation if made else None
        one = Attention(SELF, heads, operation, use, product)
        found[name] = one, roots[asks], roots[seen[0] if seen else asks]
    read = frozenset().union(*(seen for _, asks, seen in found.values() if asks != seen))
    kinds = {
        name: CROSS if asks != seen else SELF if not read else ENCODER if asks <= read else DECODER
        for name, (_, asks, seen) in found.items()
    }
    return {
        name: Attention(kinds[name], one.heads, one.operation, one.use, one.product)
        for name, (one, _, _) in found.items()
    }


def look(model: keras.Model, inputs: Any, off: Mapping[str, Collection[int]] | None = None) -> Looked:
    """What every head looks at, and what a model gives without some of them.

    A head that is off gives nothing to its layer's output projection: its rows of that kernel count for
    nothing, the bias stays. Its weights are told as they are. The first call on a model compiles; later ones
    run that program, whatever the batch, the lengths and the heads that are off.

    Args:
        model: A functional or Sequential model, nested models and shared layers included.
        inputs: A batch, or the list or dict of batches that the model takes.
        off: Heads by the name of their attention.

    Raises:
        InspectionError: The model has no graph of layers, the inputs do not fit it, or there is no such head.

    Example:

    >>> look(model, tokens).weights["block1_weights"].shape
    (1, 4, 9, 9)
    """
    found = attentions(model)
    output, told = _program(model)(_fitting(model, inputs, _signature(model)), _masks(found, off or {}))
    output, told = keras.tree.map_structure(lambda tensor: tensor.numpy(), (output, list(told)))
    output, told = unfilled(model, inputs, (output, told))
    told = dict(zip(found, told, strict=True))
    compared = {name: (query, key) for name, (_, query, key) in told.items() if query.ndim == 4}
    return Looked(
        output,
        {name: shares for name, (shares, _, _) in told.items()},
        {name: query for name, (query, _) in compared.items()},
        {name: key for name, (_, key) in compared.items()},
        {name: _products(found[name].operation) for name in compared},
    )


def pointing(
    model: keras.Model,
    inputs: Any,
    asks: np.ndarray,
    wanted: np.ndarray,
    kinds: Collection[str] = (SELF, ENCODER),
    least: float = 0.5,
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """How often each head has one item look mostly at what is wanted of it, over many sequences.

    Args:
        model: As `look` takes it.
        inputs: N sequences, as the model takes them.
        asks: The place of the item that asks in each, `(N,)`.
        wanted: What it should look at, `(N, S)` bool.
        kinds: Attention of which kinds is asked.
        least: The share of the attention that must be exceeded.

    Returns: By the attention's name, for each head `(H,)`: the share of the sequences in which more than
        `least` goes to what is wanted; and what goes there on average.
    """
    found = attentions(model)
    names = [name for name, one in found.items() if one.kind in kinds]
    program, signature, masks = _program(model), _signature(model), _masks(found, {})
    size = fixed_batch(model)
    given = keras.tree.map_structure(np.asarray, inputs) if size else _fitting(model, inputs, signature)
    to_wanted: dict[str, list[np.ndarray]] = {name: [] for name in names}
    for start in range(0, len(asks), size or BATCH):
        places = np.arange(start, min(start + (size or BATCH), len(asks)))
        batch = keras.tree.map_structure(operator.itemgetter(filled(places, size)), given)
        _, told = program(_fitting(model, batch, signature), masks)
        for name, (shares, _, _) in zip(found, told, strict=True):
            if name in names:
                asked = shares.numpy()[np.arange(len(places)), :, asks[places]]  # (N, H, S)
                to_wanted[name].append((asked * wanted[places, None]).sum(-1))
    joined = {name: np.concatenate(parts) for name, parts in to_wanted.items()}
    return {name: ((shares > least).mean(0), shares.mean(0)) for name, shares in joined.items()}


def write(
    model: keras.Model,
    source: Sequence[int],
    start: int,
    end: int,
    most: int,
    barred: Collection[int] = (),
    off: Mapping[str, Collection[int]] | None = None,
) -> list[int]:
    """What a model writes of a source, the likeliest token at each step, without some of its heads.

    Args:
        model: From a list, source `(B, S)` and target one place behind `(B, T)`, to logits `(B, T, V)`.
        source: Tokens.
        start: The token before the first.
        end: The one behind the last, told where it was reached.
        most: Tokens that are written at the most.
        barred: Tokens that are never written.
        off: As `look` takes it.
    """
    written = [start]
    program, masks = _program(model), _masks(attentions(model), off or {})
    while len(written) <= most and written[-1] != end:
        inputs = [np.array([source]), np.array([written])]
        logits, _ = program(_fitting(model, inputs, _signature(model)), masks)
        logits = logits[0, -1].numpy().astype("float32")
        logits[list(barred)] = -np.inf
        written.append(int(logits.argmax()))
    return written[1:]


def entrances(model: keras.Model) -> list[Entrance]:
    """What a model takes, as far as the model itself tells.

    Raises:
        InspectionError: It has no graph of layers.
    """
    layers = graph.layers(model)
    found = []
    for place, tensor in enumerate(keras.tree.flatten(graph.functional(model).input)):
        tables = [
            each.operation.input_dim
            for each in layers.values()
            if isinstance(each.operation, keras.layers.Embedding) and f"{graph.INPUT}{place}" in each.inputs
        ]
        whole = "int" in str(tensor.dtype)
        found.append(Entrance(tensor.name, tuple(tensor.shape[1:]), min(tables, default=2 if whole else 0)))
    return found


def draw(entrance: Entrance, steps: int, seed: int = 0) -> np.ndarray:
    """An input drawn at random, of `steps` where its size may be any: tokens but 0, which often pads, or
    features of a normal distribution."""
    random = np.random.default_rng(seed)
    shape = tuple(size or steps for size in entrance.shape)
    if entrance.tokens:
        return random.integers(min(1, entrance.tokens - 1), entrance.tokens, shape)
    return random.normal(size=shape).astype("float32")


def _masks(found: Mapping[str, Attention], off: Mapping[str, Collection[int]]) -> list[np.ndarray]:
    """1 for each head that counts, 0 for each that is off: `(H,)` for each attention.

    Raises:
        InspectionError: There is no such head.
    """
    for name, heads in off.items():
        if name not in found or not set(heads) <= set(range(found[name].heads)):
            raise InspectionError(f"there is no such head: {sorted(heads)} of {name!r}")
    return [
        np.array([head not in off.get(name, ()) for head in range(one.heads)], "float32")
        for name, one in found.items()
    ]


@kept_with_model
def _program(model: keras.Model):
    """A compiled function from the inputs and the masks to the output, and shares, queries and keys of each
    attention; of those that are not compared feature by feature queries and keys are scalars."""
    found = attentions(model)
    specs = [tf.TensorSpec((one.heads,), tf.float32) for one in found.values()]

    @tf.function(input_signature=[_signature(model), specs], autograph=False)
    def run(inputs, masks):
        kept = {(id(one.operation), one.use): mask for one, mask in zip(found.values(), masks, strict=True)}
        watch = _Watch({id(one.operation) for one in found.values()}, kept)
        products = {id(one.product): one.product for one in found.values() if one.product is not None}
        output = twins.twin(model, lambda operation: watch.change(operation, products))(
            inputs, training=False
        )
        none = tf.zeros(()), tf.zeros(())
        told = []
        for one in found.values():
            compared = id(one.operation if one.product is None else one.product)
            query, key = watch.compared.get(compared, [none] * (one.use + 1))[one.use]
            told.append((watch.shares[id(one.operation)][one.use], query, key))
        return output, keras.tree.map_structure(lambda tensor: tf.cast(tensor, tf.float32), told)

    return run


class _Watch:
    """Notes what attention does in a twin of a model, and takes heads out of it.

    Args:
        watched: Ids of the operations.
        kept: Masks `(H,)` by operation and use.

    Attributes:
        shares: By operation, `(B, H, T, S)` for each use.
        compared: Queries `(B, T, H, D)` and keys `(B, S, H, D)` for each use, by the operation that
            multiplies them.
    """

    def __init__(self, watched: Collection[int], kept: Mapping[tuple[int, int], tf.Tensor]) -> None:
        self._watched, self._kept = watched, kept
        self.shares: dict[int, list[tf.Tensor]] = {}
        self.compared: dict[int, list[tuple[tf.Tensor, tf.Tensor]]] = {}

    def change(self, operation: Any, products: Mapping[int, Any]) -> Mapping[str, Callable] | None:
        """What is another in an operation's twin, as `twins.twin` asks."""
        if id(operation) in products:
            return {"call": self._multiplying(operation)}
        if id(operation) not in self._watched:
            return twins.mend(operation)
        if isinstance(operation, keras.layers.Attention):
            return self._single(operation)
        if isinstance(operation, _SEVERAL):
            return {"call": self._several(operation)}

        def call(*arguments, **settings):
            shares = type(operation).call(operation, *arguments, **settings)
            mask = self._note(operation, shares)
            return shares * tf.cast(mask[:, None, None], shares.dtype)

        return {"call": call}

    def _note(self, operation: Any, shares: tf.Tensor) -> tf.Tensor:
        """Keep the shares of a use; its mask."""
        uses = self.shares.setdefault(id(operation), [])
        uses.append(shares)
        return self._kept[id(operation), len(uses) - 1]

    def _compare(self, operation: Any, query: tf.Tensor, key: tf.Tensor) -> None:
        self.compared.setdefault(id(operation), []).append((query, key))

    def _multiplying(self, operation: Any) -> Callable:
        def call(*operands, **settings):
            self._compare(operation, *_in_order(operation, operands))
            return type(operation).call(operation, *operands, **settings)

        return call

    def _single(self, operation: Any) -> Mapping[str, Callable]:
        def apply(*arguments, **settings):
            output, shares = type(operation)._apply_scores(operation, *arguments, **settings)
            mask = self._note(operation, shares[:, None])
            return output * tf.cast(mask, output.dtype), shares

        def calculate(query, key):
            scale = operation.scale if operation.score_mode == "dot" else None
            if scale is None or isinstance(operation, keras.layers.AdditiveAttention):
                scale = 1.0
            if _compares(operation):
                scaled = query * tf.cast(keras.ops.convert_to_tensor(scale), query.dtype)
                self._compare(operation, scaled[:, :, None], key[:, :, None])
            return type(operation)._calculate_scores(operation, query, key)

        return {"_apply_scores": apply, "_calculate_scores": calculate}

    def _several(self, operation: Any) -> Callable:
        """The call of a layer of several heads. It computes the way that the layer itself takes: Keras' fused
        attention and its other one differ where all that a query could look at is masked."""
        grouped = isinstance(operation, keras.layers.GroupQueryAttention)
        scale = operation._inverse_sqrt_head_dim if grouped else operation._inverse_sqrt_key_dim

        def compute(query, key, value, *arguments, **settings):
            def attend(values):
                return type(operation)._compute_attention(made, query, key, values, *arguments, **settings)

            output, shares = attend(value)
            if shares is None:  # the fused way tells none: they are what it makes of the unit vectors
                length = tf.shape(key)[1]
                units = tf.eye(length, batch_shape=tf.shape(value)[::2], dtype=value.dtype)  # (B, H, S, S)
                shares = tf.transpose(attend(tf.transpose(units, (0, 2, 1, 3)))[0], (0, 2, 1, 3))
            self._compare(operation, query * tf.cast(scale, query.dtype), key)
            mask = self._note(operation, shares)
            return output * tf.cast(mask[:, None], output.dtype), shares

        made = twins.copy(operation, _compute_attention=compute)
        return functools.partial(type(operation).call, made)


_SEVERAL = (keras.layers.MultiHeadAttention, keras.layers.GroupQueryAttention)


def _whole(operation: Any) -> bool:
    """Whether it is a layer of attention by itself."""
    return isinstance(operation, (keras.layers.Attention, *_SEVERAL))


def _heads(operation: Any, layer: graph.Layer) -> int | None:
    """How many heads an operation may have; None where it can be no attention."""
    if isinstance(operation, keras.layers.Attention):
        return 1
    if isinstance(operation, keras.layers.GroupQueryAttention):
        return operation.num_query_heads
    if isinstance(operation, keras.layers.MultiHeadAttention):
        one_axis = len(operation._attention_axes or (1,)) == 1 and len(layer.tensor.shape) == 3
        return operation.num_heads if one_axis else None
    shape = layer.tensor.shape
    softmax = layer.kind.lower() == "softmax" and getattr(operation, "axis", -1) in (-1, 3)
    return shape[1] if softmax and len(shape) == 4 else None


def _product(layers: Mapping[str, graph.Layer], name: str) -> str | None:
    """The product of queries and keys that scores come from; None where they come from anything else."""
    waiting = [name]
    while waiting:
        layer = layers.get(waiting.pop(0))
        if layer is None:
            continue
        if layer.kind in ("Einsum", "Matmul") and _order(layer.operation, len(layer.tensor.shape)):
            return next(name for name, each in layers.items() if each is layer)
        if layer.kind in _BETWEEN:
            waiting += layer.inputs
    return None


def _order(operation: Any, rank: int = 4) -> tuple[tuple[int, ...], tuple[int, ...], bool] | None:
    """The axes of the operands in the order (B, T, H, D) and (B, S, H, D), and whether the first one is the
    keys; None where it is no product of queries and keys."""
    if type(operation).__name__ == "Matmul":
        return ((0, 2, 1, 3), (0, 3, 1, 2), False) if rank == 4 else None
    operands, _, result = operation.subscripts.replace(" ", "").partition("->")
    sides = operands.split(",")
    if len(sides) != 2 or len(set(result)) != 4 or any(len(set(side)) != 4 for side in sides):
        return None
    batch, head, asks, seen = result
    summed = set(sides[0]) & set(sides[1]) - set(result)
    if len(summed) != 1 or (asks in sides[0]) == (asks in sides[1]):
        return None
    first = asks not in sides[0]
    one, other = sides[::-1] if first else sides
    feature = summed.pop()
    if set(one) != {batch, asks, head, feature} or set(other) != {batch, seen, head, feature}:
        return None
    query, key = (
        tuple(side.index(axis) for axis in (batch, step, head, feature))
        for side, step in ((one, asks), (other, seen))
    )
    return query, key, first


def _in_order(operation: Any, operands: Sequence[tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
    """Queries `(B, T, H, D)` and keys `(B, S, H, D)` of what is multiplied."""
    order = _order(operation)
    assert order is not None  # else it would not have been found
    query, key, keys_first = order
    one, other = operands[::-1] if keys_first else operands
    return tf.transpose(one, query), tf.transpose(other, key)


def _compares(operation: Any) -> bool:
    """Whether a layer without heads compares feature by feature."""
    return isinstance(operation, keras.layers.AdditiveAttention) or operation.score_mode == "dot"


def _products(operation: Any) -> Products:
    """What of a query and a key `(D,)` is summed to the score."""
    if not isinstance(operation, keras.layers.AdditiveAttention):
        return np.multiply
    scale = keras.ops.convert_to_numpy(operation.scale) if operation.use_scale else 1.0
    return lambda query, key: scale * np.tanh(query + key)  # Bahdanau et al. 2014 (arXiv:1409.0473)


def _roots(layers: Mapping[str, graph.Layer]) -> Mapping[str, frozenset[str]]:
    """Of which inputs of the model each layer's output is made, those included by their own names."""
    roots: dict[str, frozenset[str]] = {}
    for name, layer in layers.items():
        for each in layer.inputs:
            if each.startswith(graph.INPUT):
                roots[each] = frozenset((each,))
        roots[name] = frozenset().union(*(roots[each] for each in layer.inputs))
    return roots


def _signature(model: keras.Model) -> Any:
    return keras.tree.map_structure(
        lambda tensor: tf.TensorSpec(tensor.shape, tensor.dtype), graph.functional(model).input
    )
