"""What architectures of attention share: heads, masks, positions, residual blocks, and their one-step forms.

Vaswani et al. 2017, "Attention is all you need" (arXiv:1706.03762). A block is described once, by functions
that ask a `Layers` for each layer by its name. A builder's makes them; that of a trained model hands out the
ones that are there, so that the graph of one step shares every weight with the graph that learned.

B batch, T steps that ask, S steps that are looked at, C width, H heads, D = C / H.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from models import layers

POSITIONS = ("learned", "sinusoidal", "rotary")
NORMALIZATIONS = ("pre", "post")
PADDING = 0  # a token that is none

Tensor = Any  # of the backend, or of a graph that is being built


@dataclass(frozen=True)
class Blocks:
    """The settings that all blocks of a net share.

    Args:
        width: Of every item between blocks, C.
        heads: Of every attention; divides the width.
        hidden: Width inside a block's two dense layers.
        normalization: "post", after each residual sum, as published; or "pre", before each branch (Xiong et
            al. 2020, arXiv:2002.04745), which learns without a warm-up and has a last one behind the blocks.
        positions: "learned", a vector a position; "sinusoidal" (section 3.5); or "rotary", queries and keys
            turned by their position (Su et al. 2021, arXiv:2104.09864, equation 34).
        context: Most positions, where they are learned.
        dropout: Share of the entries that are dropped of the embedded items, of the attention's weights and
            of every branch before its sum.
        deviation: Standard deviation of the initial kernels; 0: Glorot's.
    """

    width: int
    heads: int
    hidden: int
    normalization: str
    positions: str
    context: int
    dropout: float
    deviation: float = 0.0

    @classmethod
    def of(cls, config: Any, deviation: float = 0.0) -> "Blocks":
        """Those of an architecture's `Config`, which has fields of the same names.

        Raises:
            ValueError: A field breaks its rule; the message names the field, the rule and the value.
        """
        for name in ("width", "depth", "heads", "hidden", "context"):
            layers.check_positive(name, getattr(config, name))
        if config.width % config.heads:
            raise ValueError(f"width must be divisible by heads, {config.heads}. Received: {config.width!r}")
        layers.check_choice("normalization", config.normalization, NORMALIZATIONS)
        layers.check_choice("positions", config.positions, POSITIONS)
        for positions, part in (("sinusoidal", config.width), ("rotary", config.width // config.heads)):
            if config.positions == positions and part % 2:
                which = "width" if positions == "sinusoidal" else "width / heads"
                raise ValueError(f"{which} must be even for {positions} positions. Received: {part!r}")
        layers.check_fraction("dropout", config.dropout)
        names = ("width", "heads", "hidden", "normalization", "positions", "context", "dropout")
        return cls(**{name: getattr(config, name) for name in names}, deviation=deviation)

    @classmethod
    def found(cls, model: keras.Model, stack: str) -> "Blocks":
        """Those of a model's blocks `<stack>1`, `<stack>2`, ..., told by its layers."""
        names = {layer.name for layer in model.layers}
        _, heads, size = model.get_layer(f"{stack}1_key_heads").target_shape
        learned = f"{stack}_positions" in names
        return cls(
            width=heads * size,
            heads=heads,
            hidden=model.get_layer(f"{stack}1_hidden").units,
            normalization="pre" if f"{stack}_norm" in names else "post",
            positions="rotary" if f"{stack}1_key_turned" in names else "learned" if learned else "sinusoidal",
            context=model.get_layer(f"{stack}_positions").input_dim if learned else 1,
            dropout=0.0,
        )


class Layers:
    """Layers by name: a trained model's, or new ones, each of which is made once.

    Args:
        blocks: The settings of new ones.
        model: Whose layers are handed out; None: they are made.
    """

    def __init__(self, blocks: Blocks, model: keras.Model | None = None) -> None:
        self.blocks = blocks
        self.trained = model is not None
        self._layers = {layer.name: layer for layer in model.layers} if model else {}

    def __call__(self, kind: Callable[..., keras.layers.Layer], *args, name: str, **settings) -> Any:
        """The layer of this name, made as `kind(*args, name=name, **settings)` where it is new."""
        if name not in self._layers:
            self._layers[name] = kind(*args, name=name, **settings)
        return self._layers[name]

    def dense(self, units: int, name: str) -> Any:
        """A dense layer with the initial kernel that the blocks ask for."""
        deviation = self.blocks.deviation
        kernel = keras.initializers.RandomNormal(stddev=deviation) if deviation else "glorot_uniform"
        return self(keras.layers.Dense, units, kernel_initializer=kernel, name=name)

    def embedding(self, tokens: int, name: str) -> Any:
        """The vectors of tokens, which read backwards are logits' kernels: logits of deviation 1 at first."""
        deviation = self.blocks.deviation or self.blocks.width**-0.5
        return self(
            keras.layers.ReversibleEmbedding,
            tokens,
            self.blocks.width,
            embeddings_initializer=keras.initializers.RandomNormal(stddev=deviation),
            reverse_dtype="float32",
            name=name,
        )

    def dropped(self, x: Tensor, name: str) -> Tensor:
        """Dropout, where there is any; in a trained model's one-step graph there is none."""
        share = 0.0 if self.trained else self.blocks.dropout
        return self(keras.layers.Dropout, share, name=name)(x) if share else x

    def logits(self, x: Tensor, tokens: int, tied_to: str | None) -> Tensor:
        """`(B, T, C)` to `(B, T, tokens)`, by the embedding `tied_to` or a layer of their own."""
        if tied_to:
            return self.embedding(tokens, tied_to)(x, reverse=True)
        return self(keras.layers.Dense, tokens, dtype="float32", name="logits")(x)


def placed(net: Layers, x: Tensor, positions: Tensor, name: str) -> Tensor:
    """Embedded items with their positions, ready for the first block `<name>1`.

    Args:
        x: `(B, T, C)`.
        positions: `(1, T)` or `(B, T)` int32.
        name: Of the stack. Learned positions are `<name>_positions`.
    """
    blocks = net.blocks
    if blocks.positions == "learned":
        x = ops.add(
            x,
            net(
                keras.layers.Embedding,
                blocks.context,
                blocks.width,
                embeddings_initializer=keras.initializers.RandomNormal(stddev=blocks.deviation or 0.02),
                name=f"{name}_positions",
            )(positions),
        )
    elif blocks.positions == "sinusoidal":
        angles = _angles(positions, blocks.width)
        x = ops.add(x, ops.concatenate([ops.sin(angles), ops.cos(angles)], axis=-1))
    return net.dropped(x, f"{name}_dropout")


def block(
    net: Layers,
    x: Tensor,
    name: str,
    *,
    positions: Tensor,
    mask: Tensor | None = None,
    cache: "Cache | None" = None,
    memory: tuple[Tensor, Tensor] | None = None,
    memory_mask: Tensor | None = None,
    last: bool = False,
) -> Tensor:
    """Self-attention, attention to another sequence where there is one, two dense layers.

    Args:
        x: `(B, T, C)`.
        name: Of the block. Its layers are `<name>_attention_norm`, `<name>_query`, `<name>_key`,
            `<name>_value`, `<name>_weights` (the softmax: `(B, H, T, S)`), `<name>_output`; the same with
            `<name>_cross`; `<name>_dense_norm`, `<name>_hidden`, `<name>_hidden_act`, `<name>_narrow`.
        positions: Of the steps of `x`, for those that are turned by it.
        mask: Bool, what may be looked at: broadcast to `(B, H, T, S)`; None: everything.
        cache: Of the steps before, where `x` is one step.
        memory: Keys and values of the other sequence, as `keys_and_values` gives them.
        memory_mask: As `mask`.
        last: Whether the last step alone is wanted: it asks, and all offer; the weights are `(B, H, 1, S)`.

    Returns: `(B, T, C)`; of the last step alone `(B, 1, C)`.
    """

    def attended(x):
        turned = positions if net.blocks.positions == "rotary" else None
        keys, values = keys_and_values(net, x, name, turned)
        seen = mask
        if cache is not None:
            keys, values, seen = cache.extended(keys, values)
        if last:
            x, turned = x[:, -1:], None if turned is None else turned[:, -1:]
        return look(net, x, keys, values, name, seen, turned)

    def dense(x):
        x = net.dense(net.blocks.hidden, f"{name}_hidden")(x)
        x = net(keras.layers.Activation, "gelu", name=f"{name}_hidden_act")(x)
        return net.dense(net.blocks.width, f"{name}_narrow")(x)

    x = _residual(net, x, attended, f"{name}_attention", last)
    if memory is not None:
        keys, values = memory
        x = _residual(
            net, x, lambda y: look(net, y, keys, values, f"{name}_cross", memory_mask), f"{name}_cross"
        )
    return _residual(net, x, dense, f"{name}_dense")


def keys_and_values(
    net: Layers, x: Tensor, name: str, positions: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """What items `(B, S, C)` offer and give, both `(B, S, H, D)`; turned where `positions` are given."""
    key = _heads(net, net.dense(net.blocks.width, f"{name}_key")(x), f"{name}_key_heads")
    if positions is not None:
        key = _turned(net, key, positions, f"{name}_key_turned")
    value = net.dense(net.blocks.width, f"{name}_value")(x)
    return key, _heads(net, value, f"{name}_value_heads")


def look(
    net: Layers,
    x: Tensor,
    keys: Tensor,
    values: Tensor,
    name: str,
    mask: Tensor | None,
    positions: Tensor | None = None,
) -> Tensor:
    """Scaled dot-product attention of several heads (equation 1 and section 3.2.2).

    Args:
        x: The items that ask, `(B, T, C)`.
        keys: `(B, S, H, D)`, as are `values`.
        name: Before the names of the layers.
        mask: See `block`.
        positions: Of the items that ask, where they are turned.

    Returns: `(B, T, C)`.
    """
    query = _heads(net, net.dense(net.blocks.width, f"{name}_query")(x), f"{name}_query_heads")
    if positions is not None:
        query = _turned(net, query, positions, f"{name}_query_turned")
    size = net.blocks.width // net.blocks.heads
    scores = ops.einsum("bthd,bshd->bhts", ops.multiply(query, size**-0.5), keys)
    # float32: in half precision a softmax over many items would lose the small shares.
    softmax = net(keras.layers.Softmax, name=f"{name}_weights", dtype="float32")
    weights = softmax(scores, mask=mask) if mask is not None else softmax(scores)
    weights = ops.cast(net.dropped(weights, f"{name}_weights_dropout"), values.dtype)
    context = ops.einsum("bhts,bshd->bthd", weights, values)
    context = net(keras.layers.Reshape, (-1, net.blocks.width), name=f"{name}_context")(context)
    return net.dense(net.blocks.width, f"{name}_output")(context)


def last_norm(net: Layers, x: Tensor, name: str) -> Tensor:
    """The normalization behind a stack of blocks that normalize before each branch."""
    return _norm(net, x, f"{name}_norm") if net.blocks.normalization == "pre" else x


def steps(tokens: Tensor) -> Tensor:
    """The positions of the steps of `(B, T)`: `(1, T)` int32, from 0 on."""
    # Over the batch, all rows of which are the same: a graph can't take a slice of an axis of unknown size.
    return ops.max(ops.cumsum(ops.ones_like(tokens), axis=1), axis=0, keepdims=True) - 1


def causal(positions: Tensor) -> Tensor:
    """The mask that lets each of `(1, T)` positions see itself and those before: `(1, 1, T, T)` bool."""
    return ops.expand_dims(ops.expand_dims(positions, 2) >= ops.expand_dims(positions, 1), 1)


def present(tokens: Tensor) -> Tensor:
    """The mask that lets no step look at padding: `(B, 1, 1, S)` bool of tokens `(B, S)`."""
    return ops.expand_dims(ops.expand_dims(ops.not_equal(tokens, PADDING), 1), 1)


class Cache:
    """The keys and values of the steps so far, as inputs and outputs of a graph of one step.

    Args:
        blocks: Of the net.
        position: Of this step, `(B,)`.

    Attributes:
        before: Keys and values of each block, `(B, M, H, D)`, with room for M steps.
        after: The same with those of this step.
    """

    def __init__(self, blocks: Blocks, position: Tensor) -> None:
        self._shape = (None, blocks.heads, blocks.width // blocks.heads)
        self._position = ops.expand_dims(position, 1)
        self.before: list[Tensor] = []
        self.after: list[Tensor] = []

    def extended(self, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Take in this step's key and value `(B, 1, H, D)`, of the next block.

        Returns: All that there are, `(B, M, H, D)`, and the mask `(B, 1, 1, M)` that leaves out what is yet
            to come.
        """
        past = [keras.Input(self._shape, name=f"past{len(self.before) + i}") for i in (1, 2)]
        steps = ops.cumsum(ops.ones_like(past[0][:, :, 0, 0], dtype="int32"), axis=1) - 1
        here = ops.expand_dims(ops.expand_dims(ops.equal(steps, self._position), 2), 3)
        found = [ops.where(here, new, old) for new, old in zip((key, value), past, strict=True)]
        self.before += past
        self.after += found
        seen = ops.expand_dims(ops.expand_dims(steps <= self._position, 1), 1)
        return found[0], found[1], seen


def _residual(
    net: Layers, x: Tensor, branch: Callable[[Tensor], Tensor], name: str, last: bool = False
) -> Tensor:
    """What a branch adds, normalized before it or after; `last`: to the last step, which alone goes on."""
    norm, kept = f"{name}_norm", x[:, -1:] if last else x
    if net.blocks.normalization == "pre":
        return ops.add(kept, net.dropped(branch(_norm(net, x, norm)), f"{name}_dropout"))
    return _norm(net, ops.add(kept, net.dropped(branch(x), f"{name}_dropout")), norm)


def _norm(net: Layers, x: Tensor, name: str) -> Tensor:
    return net(keras.layers.LayerNormalization, epsilon=1e-5, name=name)(x)


def _heads(net: Layers, x: Tensor, name: str) -> Tensor:
    blocks = net.blocks
    return net(keras.layers.Reshape, (-1, blocks.heads, blocks.width // blocks.heads), name=name)(x)


def _turned(net: Layers, x: Tensor, positions: Tensor, name: str) -> Tensor:
    """Each pair of entries of `(B, T, H, D)`, half a head apart, turned by its own angle."""
    angles = ops.expand_dims(_angles(positions, net.blocks.width // net.blocks.heads), 2)
    cos, sin = ops.cast(ops.cos(angles), x.dtype), ops.cast(ops.sin(angles), x.dtype)
    one, other = ops.split(x, 2, axis=-1)
    return net(keras.layers.Concatenate, name=name)([one * cos - other * sin, one * sin + other * cos])


def _angles(positions: Tensor, size: int) -> Tensor:
    """`(1 or B, T, size / 2)`: positions times frequencies from 1 down to 1 / 10,000."""
    frequencies = ops.convert_to_tensor([10_000.0 ** (-2 * i / size) for i in range(size // 2)], "float32")
    return ops.multiply(ops.expand_dims(ops.cast(positions, "float32"), 2), frequencies)
