"""What recurrent layers do step by step, and how much each step still matters to a loss.

B batch, T time, U units, C channels.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from inspection import endings, twins, unrolling
from inspection.activations import _fitting, unfilled
from inspection.caching import kept_with_model
from inspection.graph import InspectionError, functional
from inspection.unrolling import CELLS, Steps, recurrent

__all__ = ["Flow", "Recording", "cross_entropy", "flow", "record", "recurrent", "squares"]

GATES = ("input", "forget", "output", "update", "reset")


@dataclass(frozen=True)
class Recording:
    """What a recurrent layer did, place t being that of its input x_t, whatever way it went.

    Where `mask` is False a step was left out: state and cell are carried over, all else is NaN.

    Args:
        kind: "SimpleRNN", "GRU" or "LSTM".
        backwards: Whether it went from the last x_t to the first.
        state: h_t, `(B, T, U)`.
        gates: `(B, T, U)` each, by name: of an LSTM "input", "forget" and "output"; of a GRU "update" (z) and
            "reset" (r), where h_t = z h + (1 - z) candidate: 1 keeps; of a SimpleRNN none.
        total: What the candidate's activation function is given, `(B, T, U)`.
        candidate: What a step would write, `(B, T, U)`; of a SimpleRNN that is h_t.
        cell: c_t of an LSTM, `(B, T, U)`; else None.
        initial: h before the first step, `(B, U)`.
        mask: Whether each step counted, `(B, T)` bool.
    """

    kind: str
    backwards: bool
    state: np.ndarray
    gates: Mapping[str, np.ndarray]
    total: np.ndarray
    candidate: np.ndarray
    cell: np.ndarray | None
    initial: np.ndarray
    mask: np.ndarray


@dataclass(frozen=True)
class Flow:
    """Gradients of a loss at each step of a recurrent layer, place t being that of its input x_t.

    Args:
        backwards: Whether the layer went from the last x_t to the first.
        state: dL/dh_t, `(B, T, U)`: through the layer's output at t and through all steps that come after.
        cell: dL/dc_t of an LSTM, `(B, T, U)`, by way of h_t too; else None.
        inputs: dL/dx_t, `(B, T, C)`, through this layer alone, where others take x_t too.
        mask: Whether each step counted, `(B, T)` bool.
    """

    backwards: bool
    state: np.ndarray
    cell: np.ndarray | None
    inputs: np.ndarray
    mask: np.ndarray

    @property
    def norms(self) -> np.ndarray:
        """|dL/dh_t|, `(B, T)`: what vanishes or explodes."""
        return np.linalg.norm(self.state, axis=-1)

    @property
    def input_norms(self) -> np.ndarray:
        """|dL/dx_t|, `(B, T)`."""
        return np.linalg.norm(self.inputs, axis=-1)


Loss = Callable[[Any], tf.Tensor]


def record(
    model: keras.Model, inputs: Any, weights: Sequence[np.ndarray] | None = None
) -> dict[str, Recording]:
    """Record every recurrent layer, recomputed from its weights and from what it is given in the model.

    The first call on a model compiles; later ones run that program, whatever the batch and the length.

    Args:
        model: A functional or Sequential model, nested models and shared layers included.
        inputs: A batch `(B, T, ...)`, or the list or dict of batches that the model takes.
        weights: In the order of `model.get_weights()`; None: the model's own. The model itself is left alone.

    Returns: By the names of `recurrent(model)`; nothing where the model has no such layer.

    Raises:
        InspectionError: The model has no graph of layers, or the inputs or weights do not fit it.

    Example:

    >>> record(model, texts)["lstm"].gates["forget"].shape
    (1, 40, 128)
    """
    found = _programs(model).record(*fitting_arguments(model, inputs, weights))
    found = unfilled(model, inputs, keras.tree.map_structure(lambda tensor: tensor.numpy(), list(found)))
    recordings = {}
    for (name, layer), (states, initial, mask, parts) in zip(recurrent(model).items(), found, strict=True):
        values = {part: np.where(mask[..., None], value, np.nan) for part, value in parts.items()}
        recordings[name] = Recording(
            kind=CELLS[type(layer.cell)],
            backwards=layer.go_backwards,
            state=states[0],
            gates={gate: values[gate] for gate in GATES if gate in values},
            total=values["total"],
            candidate=values["candidate"],
            cell=states[1] if len(states) == 2 else None,
            initial=initial,
            mask=mask,
        )
    return recordings


def only_output_of(outputs: Any) -> tf.Tensor:
    """The one output of a model, which may be returned in a list, a tuple or a dict.

    Raises:
        InspectionError: There are several.
    """
    ends = keras.tree.flatten(outputs)
    if len(ends) != 1:
        raise InspectionError(f"the loss is of a model with one output. This one has {len(ends)}")
    return ends[0]


def squares(outputs: Any) -> tf.Tensor:
    """Half the sum of the squares of a model's outputs, of each `(B, T, ...)` its last step's."""
    ends = [each if each.shape.rank < 3 else each[:, -1] for each in keras.tree.flatten(outputs)]
    return tf.add_n([tf.reduce_sum(tf.cast(end, tf.float32) ** 2) / 2 for end in ends])


def cross_entropy(
    targets: Sequence[int] | np.ndarray, step: int = -1, model: keras.Model | None = None
) -> Loss:
    """The loss of a classifier, -log p[target], summed over the batch.

    Args:
        targets: Class of each example `(B,)`.
        step: Of outputs `(B, T, K)` the place t; of no account for `(B, K)`.
        model: Whose outputs they are, which may end in a softmax or a sigmoid; None: they are logits.
    """

    def loss(outputs: Any) -> tf.Tensor:
        outputs = only_output_of(outputs)
        found = outputs if outputs.shape.rank == 2 else outputs[:, step]
        found = tf.cast(found, tf.float32) if model is None else endings.logits(model, found)
        return tf.reduce_sum(tf.nn.sparse_softmax_cross_entropy_with_logits(np.asarray(targets), found))

    return loss


def flow(
    model: keras.Model,
    inputs: Any,
    loss: Loss = squares,
    weights: Sequence[np.ndarray] | None = None,
) -> dict[str, Flow]:
    """The gradient of a loss with respect to the states and inputs of every recurrent layer, step by step.

    Pascanu, Mikolov and Bengio 2013 (arXiv:1211.5063), equations 3 to 5: what a loss L at step T tells step t
    is multiplied by the Jacobian of each step between,

        dL/dh_t = dL/dh_T  prod_{T >= i > t} dh_i/dh_{i-1}

    and vanishes or explodes with their norm; an LSTM's cell is the way round it (Hochreiter and Schmidhuber
    1997). Where L looks at several steps it is the sum over these. Computed by adding a zero to each state
    and taking the gradient with respect to that, so masks, further layers and other ways to L are in it.

    Args:
        model: A functional or Sequential model, nested models and shared layers included.
        inputs: A batch `(B, T, ...)`, or the list or dict of batches that the model takes.
        loss: From the model's output to a scalar, in TensorFlow; any function, it compiles nothing. Sum over
            the batch, don't average, to have each example's own gradient.
        weights: In the order of `model.get_weights()`, such as a training's snapshot; None: the model's own.
            The model itself is left alone.

    Returns: By the names of `recurrent(model)`; nothing where the model has no such layer.

    Raises:
        InspectionError: The model has no graph of layers, the inputs or weights do not fit it, or the loss is
            no scalar.
    """
    given, values = fitting_arguments(model, inputs, weights)
    slopes = slopes_of(model, given, values, loss, count=len(keras.tree.flatten(inputs)[0]))
    found = _programs(model).flow(given, values, slopes)
    found = unfilled(model, inputs, keras.tree.map_structure(lambda tensor: tensor.numpy(), list(found)))
    flows = {}
    for (name, layer), (states, slope, mask) in zip(recurrent(model).items(), found, strict=True):
        state, *cell = states
        flows[name] = Flow(layer.go_backwards, state, cell[0] if cell else None, slope, mask)
    return flows


def slopes_of(
    model: keras.Model, inputs: Any, values: Sequence[tf.Tensor], loss: Loss, count: int
) -> list[tf.Tensor]:
    """The gradient of a loss with respect to a model's outputs, integers left out.

    Args:
        model: Whose outputs.
        inputs: As `fitting_arguments` gives them.
        values: Weights, likewise.
        loss: From the outputs to a scalar.
        count: Examples that the loss looks at, the first of the batch: others only fill it up.

    Raises:
        InspectionError: The loss is no scalar.
    """
    outputs = _programs(model).outputs(inputs, values)
    ends = [each for each in keras.tree.flatten(outputs) if each.dtype.is_floating]
    with tf.GradientTape() as tape:
        tape.watch(ends)
        found = tf.convert_to_tensor(loss(keras.tree.map_structure(lambda each: each[:count], outputs)))
    if found.shape.rank != 0:
        raise InspectionError(f"the loss must be a scalar: sum it. Received: shape {tuple(found.shape)}")
    return tape.gradient(found, ends, unconnected_gradients=tf.UnconnectedGradients.ZERO)


@dataclass(frozen=True)
class _Programs:
    """Compiled functions of (inputs, weights), and of the gradient of a loss by the outputs too."""

    record: Callable
    outputs: Callable
    flow: Callable


@kept_with_model
def _programs(model: keras.Model) -> _Programs:
    variables = list(model.weights)
    ins = signature_of(functional(model).input)
    values = [tf.TensorSpec(variable.shape, variable.dtype) for variable in variables]
    ends = keras.tree.flatten(signature_of(functional(model).output))
    ends = [each for each in ends if each.dtype.is_floating]

    scope = functools.partial(weights_scope, model)

    @tf.function(input_signature=[ins, values], autograph=False)
    def record(inputs, given):
        with scope(given):
            _, found = unrolling.run(model, inputs)
        return [
            (steps.states, steps.before[0][:, -1 if layer.go_backwards else 0], _counted(steps), steps.parts)
            for layer, steps in zip(recurrent(model).values(), found, strict=True)
        ]

    @tf.function(input_signature=[ins, values], autograph=False)
    def outputs(inputs, given):
        with scope(given):
            return twins.mended(model)(inputs, training=False)

    @tf.function(input_signature=[ins, values, ends], autograph=False)
    def flow(inputs, given, slopes):
        with tf.GradientTape(watch_accessed_variables=False) as tape, scope(given):
            found_ends, found = unrolling.run(model, inputs, tape.watch)
        gradients = tape.gradient(
            [each for each in keras.tree.flatten(found_ends) if each.dtype.is_floating],
            [steps.nudges for steps in found],
            output_gradients=slopes,
            unconnected_gradients=tf.UnconnectedGradients.ZERO,
        )
        return [
            ([tf.transpose(each, (1, 0, 2)) for each in states], inputs, _counted(steps))
            for (*states, inputs), steps in zip(gradients, found, strict=True)
        ]

    return _Programs(record, outputs, flow)


def weights_scope(model: keras.Model, values: Sequence[tf.Tensor]) -> keras.StatelessScope:
    """Where a model computes with other weights than its own."""
    return keras.StatelessScope(state_mapping=list(zip(model.weights, values, strict=True)))


def _counted(steps: Steps) -> tf.Tensor:
    if steps.mask is not None:
        return steps.mask
    return tf.ones(tf.shape(steps.states[0])[:2], tf.bool)


def signature_of(tensors: Any) -> Any:
    """What a compiled function is told of tensors like these."""
    return keras.tree.map_structure(lambda tensor: tf.TensorSpec(tensor.shape, tensor.dtype), tensors)


def fitting_arguments(model: keras.Model, inputs: Any, weights: Sequence[np.ndarray] | None):
    """The inputs and the weights as the programs take them.

    Raises:
        InspectionError: They do not fit.
    """
    own = list(model.weights)
    given = [variable.value for variable in own] if weights is None else list(weights)
    if [tuple(each.shape) for each in given] != [tuple(variable.shape) for variable in own]:
        raise InspectionError(f"the weights are not those of a model like {model.name!r}")
    values = [tf.convert_to_tensor(each, variable.dtype) for each, variable in zip(given, own, strict=True)]
    inputs = _fitting(model, inputs, signature_of(functional(model).input))
    return keras.tree.map_structure(tf.convert_to_tensor, inputs), values
