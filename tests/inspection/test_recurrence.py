"""Recurrent layers from inside: against Keras' own outputs, and gradients against runs that are cut in two."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from inspection import recurrence, unrolling
from inspection.activations import activations
from inspection.graph import InspectionError
from inspection.recurrence import cross_entropy, flow, record, recurrent, squares

L = keras.layers
B, T, C, U = 2, 7, 3, 4
MASK = np.array([[1, 1, 1, 1, 1, 0, 0], [0, 0, 1, 0, 1, 1, 0]], bool)  # padded behind; in front and amidst

VARIANTS = {
    "SimpleRNN": (L.SimpleRNN, {}),
    "SimpleRNN relu": (L.SimpleRNN, {"activation": "relu", "use_bias": False}),
    "GRU": (L.GRU, {}),
    "GRU reset before": (L.GRU, {"reset_after": False, "recurrent_activation": "hard_sigmoid"}),
    "GRU no bias": (L.GRU, {"use_bias": False}),
    "GRU reset before no bias": (L.GRU, {"use_bias": False, "reset_after": False, "activation": "relu"}),
    "LSTM": (L.LSTM, {}),
    "LSTM softsign": (L.LSTM, {"activation": "softsign", "recurrent_activation": "hard_sigmoid"}),
    "LSTM no bias": (L.LSTM, {"use_bias": False, "dropout": 0.5, "recurrent_dropout": 0.5}),
    "LSTM unrolled": (L.LSTM, {"unroll": True}),
    "RNN of a known cell": (lambda units, **settings: L.RNN(L.GRUCell(units), **settings), {}),
}


def series(seed: int = 0, shape=(B, T, C), dtype: str = "float32") -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def shaken(model: keras.Model, seed: int = 1) -> keras.Model:
    """The same model, its biases no longer 0."""
    draw = np.random.default_rng(seed)
    model.set_weights([each + 0.3 * draw.normal(size=each.shape) for each in model.get_weights()])
    return model


def one(variant: str, masked: str = "", given: bool = False, **settings):
    """A model of one recurrent layer "rnn" and what it takes, less its states."""
    keras.utils.set_random_seed(0)
    make, own = VARIANTS[variant]
    inputs, arguments, batch = [keras.Input((T, C), name="series")], {}, [series()]
    x = inputs[0]
    if masked == "keyword":
        inputs.append(keras.Input((T,), dtype="bool", name="counts"))
        batch.append(MASK)
        arguments["mask"] = inputs[-1]
    elif masked == "layer":
        batch = [np.where(MASK[..., None], batch[0], 9.0)]
        x = L.Masking(9.0)(x)
    if given:
        count = 2 if variant.startswith("LSTM") else 1
        states = [keras.Input((U,), name=f"state{index}") for index in range(count)]
        batch += [series(5 + index, (B, U)) for index in range(count)]
        inputs += states
        arguments["initial_state"] = states
    layer = make(U, name="rnn", **own, **settings)
    outputs = layer(x, **arguments)
    return shaken(keras.Model(inputs, outputs)), batch


def expected_output(found: recurrence.Recording, sequences: bool) -> np.ndarray:
    """A layer's output, from its recorded states, where the initial state is 0 or nothing is masked."""
    states = found.state[:, ::-1] if found.backwards else found.state
    return states if sequences else states[:, -1]


CASES = [
    *(
        (variant, masked, way, way)
        for variant in VARIANTS
        for masked in ("", "keyword")
        for way in (False, True)
    ),
    *((variant, "layer", way, not way) for variant in ("SimpleRNN", "GRU", "LSTM") for way in (False, True)),
]


@pytest.mark.parametrize(("variant", "masked", "sequences", "backwards"), CASES)
def test_recorded_states_are_the_layers_own(variant, masked, sequences, backwards):
    model, batch = one(variant, masked, return_sequences=sequences, go_backwards=backwards)
    found = record(model, batch)["rnn"]
    assert found.state.shape == found.total.shape == found.candidate.shape == (B, T, U)
    np.testing.assert_allclose(expected_output(found, sequences), model(batch), atol=1e-5)
    np.testing.assert_array_equal(found.mask, MASK if masked else np.ones((B, T), bool))
    assert not found.initial.any()


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_recorded_parts_make_the_next_state(variant):
    model, batch = one(variant, "keyword", given=True)
    found = record(model, batch)["rnn"]
    np.testing.assert_allclose(found.initial, batch[2], atol=1e-6)
    before = np.concatenate([found.initial[:, None], found.state[:, :-1]], 1)
    gates = dict(found.gates)
    if found.kind == "SimpleRNN":
        assert not gates
        new = found.candidate
    elif found.kind == "GRU":
        assert list(gates) == ["update", "reset"]
        new = gates["update"] * before + (1 - gates["update"]) * found.candidate
    else:
        assert list(gates) == ["input", "forget", "output"]
        cell_before = np.concatenate([batch[3][:, None], found.cell[:, :-1]], 1)
        cell = gates["forget"] * cell_before + gates["input"] * found.candidate
        np.testing.assert_allclose(found.cell, np.where(MASK[..., None], cell, cell_before), atol=1e-6)
        new = gates["output"] * model.get_layer("rnn").cell.activation(found.cell).numpy()
    np.testing.assert_allclose(found.state, np.where(MASK[..., None], new, before), atol=1e-6)
    for values in (found.total, found.candidate, *gates.values()):
        np.testing.assert_array_equal(np.isnan(values).any(-1), ~MASK)
    assert (found.cell is None) == (found.kind != "LSTM")


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("settings", [{}, {"zero_output_for_mask": True}])
@pytest.mark.parametrize("variant", ["SimpleRNN", "GRU", "LSTM"])
def test_outputs_and_the_inputs_gradient_are_keras_own(variant, settings, backwards):
    """With an initial state and a mask, outputs and states that are returned included."""
    settings = {**settings, "return_sequences": True, "return_state": True, "go_backwards": backwards}
    model, batch = one(variant, "keyword", given=True, **settings)

    def loss(outputs):
        return sum(tf.reduce_sum(each) for each in outputs)

    with tf.GradientTape() as tape:
        arguments = [tf.convert_to_tensor(each) for each in batch]
        tape.watch(arguments[0])
        outputs = model(arguments)
        value = loss(outputs)
    found_outputs = tf.function(lambda given: unrolling.run(model, given)[0])(arguments)
    for found_output, output in zip(found_outputs, outputs, strict=True):
        np.testing.assert_allclose(found_output, output, atol=1e-5)
    expected = tape.gradient(value, arguments[0])
    np.testing.assert_allclose(flow(model, batch, loss)["rnn"].inputs, expected, atol=1e-5)
    found = record(model, batch)["rnn"]
    last = found.state[:, 0] if backwards else found.state[:, -1]
    np.testing.assert_allclose(model(batch)[1], last, atol=1e-5)


def stack():
    inputs = keras.Input((None,), dtype="int32")
    x = L.Embedding(9, C, mask_zero=True)(inputs)
    x = L.Bidirectional(L.LSTM(U, return_sequences=True), name="both")(x)
    x = L.GRU(U, return_sequences=True, name="gru")(x)
    x = L.SimpleRNN(U, name="rnn")(x)
    batch = np.array([[3, 1, 4, 1, 5, 0, 0], [2, 7, 1, 8, 2, 8, 1]], "int32")
    return keras.Model(inputs, L.Dense(5)(x)), batch, ["both/forward", "both/backward", "gru", "rnn"]


def encoder_and_decoder():
    source, target = keras.Input((None, C)), keras.Input((None, C))
    *_, h, c = L.LSTM(U, return_state=True, name="encoder")(source)
    x = L.LSTM(U, return_sequences=True, name="decoder")(target, initial_state=[h, c])
    batch = [series(), series(1, (B, T + 2, C))]
    return keras.Model([source, target], L.Dense(5)(x)), batch, ["encoder", "decoder"]


def nested_and_shared():
    inner = keras.Sequential(
        [keras.Input((T, C)), L.GRU(C, return_sequences=True, name="gru"), L.Dropout(0.5)], name="inner"
    )
    shared = L.SimpleRNN(C, return_sequences=True, name="shared")
    inputs = keras.Input((T, C))
    x = inner(shared(inputs))
    x = L.Add()([inner(x), inputs])  # a skip past both
    model = keras.Model(inputs, L.Dense(5)(shared(x)))
    return model, series(), ["shared", "inner/gru", "inner:2/gru", "shared:2"]


class Cell(L.SimpleRNNCell):
    """Might do anything."""


def with_other_cells():
    inputs = keras.Input((T, C))
    x = L.RNN([L.LSTMCell(U), L.LSTMCell(U)], return_sequences=True)(inputs)
    x = L.RNN(Cell(U), return_sequences=True)(x)
    return keras.Model(inputs, L.GRU(U, name="gru")(x)), series(), ["gru"]


def sequential():
    return keras.Sequential([keras.Input((T, C)), L.LSTM(U, name="lstm"), L.Dense(2)]), series(), ["lstm"]


NETS = (stack, encoder_and_decoder, nested_and_shared, with_other_cells, sequential)


def built(net):
    """A net, a batch for it, and the names of its recurrent layers."""
    keras.utils.set_random_seed(0)
    model, batch, names = net()
    return shaken(model), batch, names


@pytest.mark.parametrize("net", NETS)
def test_layers_are_found_in_any_net_by_name(net):
    model, batch, names = built(net)
    assert list(recurrent(model)) == names
    recorded = record(model, batch)
    assert list(recorded) == names
    assert [each.kind for each in recorded.values()] == [
        type(layer).__name__ for layer in recurrent(model).values()
    ]


@pytest.mark.parametrize("net", NETS)
def test_the_inputs_gradients_sum_to_what_the_bias_says(net):
    """A step is told of x_t as W x_t + b, so sum over t of dL/dx_t = W dL/db, in any net."""
    model, batch, names = built(net)
    found = flow(model, batch)
    assert list(found) == names
    with tf.GradientTape() as tape:
        loss = squares(model(batch))
    layers = recurrent(model)
    cells = list({id(layer): layer.cell for layer in layers.values()}.values())
    gradients = tape.gradient(loss, [cell.bias for cell in cells])
    for cell, gradient in zip(cells, gradients, strict=True):
        own = gradient[0] if gradient.shape.rank == 2 else gradient  # of a GRU's two the input's
        expected = cell.kernel.numpy() @ own.numpy()
        total = sum(found[name].inputs.sum((0, 1)) for name in names if layers[name].cell is cell)
        np.testing.assert_allclose(total, expected, atol=1e-4)


def test_both_directions_are_told_apart_and_stand_at_their_inputs_place():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((T, C))
    model = shaken(keras.Model(inputs, L.Bidirectional(L.GRU(U, return_sequences=True), name="both")(inputs)))
    batch = series()
    found = record(model, batch)
    states = np.concatenate([found["both/forward"].state, found["both/backward"].state], -1)
    np.testing.assert_allclose(states, model(batch), atol=1e-5)
    assert not found["both/forward"].backwards
    assert found["both/backward"].backwards
    flows = flow(model, batch, lambda y: tf.reduce_sum(y[:, 3] ** 2))
    forward, backward = (flows[f"both/{way}"].norms for way in ("forward", "backward"))
    assert (forward[:, :4] > 0).all()
    assert not forward[:, 4:].any()
    assert (backward[:, 3:] > 0).all()
    assert not backward[:, :3].any()


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("first", ["SimpleRNN", "GRU", "GRU reset before", "LSTM"])
def test_the_gradient_is_that_of_a_run_cut_in_two(first, masked):
    """The state that Keras' own first layer hands over at t, with a second recurrent layer behind it."""
    keras.utils.set_random_seed(0)
    make, own = VARIANTS[first]
    inputs, counts = keras.Input((T, C)), keras.Input((T,), dtype="bool")
    layer = make(U, return_sequences=True, return_state=True, name="first", **own)
    second = L.GRU(U, return_sequences=True, name="second")
    head = L.Dense(5, name="head")
    given = {"mask": counts} if masked else {}
    outputs = head(second(layer(inputs, **given)[0], **given))
    model = shaken(keras.Model([inputs, counts], outputs))
    mask = MASK[[0, 0]] if masked else np.ones((B, T), bool)
    mask = np.roll(mask, 1, axis=1) if masked else mask  # begins with a step that does not count
    batch = series()
    loss = cross_entropy([1, 3])
    found = flow(model, [batch, mask], loss)["first"]

    def rest(early, at, h, c):
        parts = [early[:, :at], tf.where(mask[:, : at + 1].any(1)[:, None, None], h[:, None], 0.0)]
        if at + 1 < T:
            later = layer(batch[:, at + 1 :], initial_state=[h, *c], mask=tf.constant(mask[:, at + 1 :]))[0]
            parts.append(later)
        return loss(head(second(tf.concat(parts, 1), mask=tf.constant(mask))))

    for at in (1, 3, T - 1):
        early, h, *c = layer(batch[:, : at + 1], mask=tf.constant(mask[:, : at + 1]))
        with tf.GradientTape() as tape:
            tape.watch(h)
            value = rest(early, at, h, c)
        np.testing.assert_allclose(found.state[:, at], tape.gradient(value, h), atol=1e-5)
        if not c:
            assert found.cell is None
            continue
        with tf.GradientTape() as tape:
            tape.watch(c)
            bent = layer.cell.activation(c[0])
            if mask[:, at].all():  # h_t = o act(c_t); at a masked step h_t is carried over by itself
                h = tf.stop_gradient(h / bent) * bent
            value = rest(early, at, h, c)
        expected = tape.gradient(value, c, unconnected_gradients=tf.UnconnectedGradients.ZERO)[0]
        np.testing.assert_allclose(found.cell[:, at], expected, atol=1e-5)


def test_a_linear_rnns_gradient_is_the_product_of_its_jacobians():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((T, C))
    model = keras.Model(inputs, L.SimpleRNN(U, activation="linear", name="rnn")(inputs))
    batch = series()
    kernel, recurrent_kernel, _ = model.get_weights()
    found = flow(model, batch)["rnn"]
    slope = model(batch).numpy()  # dL/dh_T of half the sum of squares
    for at in reversed(range(T)):
        np.testing.assert_allclose(found.state[:, at], slope, atol=1e-5)
        np.testing.assert_allclose(found.inputs[:, at], slope @ kernel.T, atol=1e-5)
        np.testing.assert_allclose(found.norms[:, at], np.linalg.norm(slope, axis=-1), atol=1e-5)
        slope = slope @ recurrent_kernel.T


def test_an_lstms_gradient_is_what_finite_differences_say():
    keras.utils.set_random_seed(0)
    inputs = keras.Input((T, C), dtype="float64")
    layer = L.LSTM(U, return_state=True, dtype="float64", name="rnn")
    model = keras.Model(inputs, layer(inputs)[0])
    batch = series(dtype="float64")
    found = flow(model, batch)["rnn"]
    for at in (0, 4):
        _, h, c = layer(batch[:, : at + 1])
        for unit in range(U):
            step = 1e-5 * np.eye(U)[unit]
            up, down = (
                layer(batch[:, at + 1 :], initial_state=[h + sign * step, c])[0].numpy() for sign in (1, -1)
            )
            slope = ((up**2 - down**2) / 2).sum(-1) / 2e-5
            np.testing.assert_allclose(found.state[:, at, unit], slope, atol=1e-9)
    up, down = (model(batch + sign * 1e-5 * (np.arange(T) == 2)[:, None]).numpy() for sign in (1, -1))
    slope = ((up**2 - down**2) / 2).sum(-1) / 2e-5
    np.testing.assert_allclose(found.inputs[:, 2].sum(-1), slope, atol=1e-9)


def test_a_simple_rnns_bias_gradient_is_the_sum_over_time():
    """Pascanu et al. 2013, equations 3 and 4: dL/db = sum over t of dL/dh_t times tanh' at t."""
    model, batch = one("SimpleRNN")
    with tf.GradientTape() as tape:
        loss = squares(model(batch))
    expected = tape.gradient(loss, model.get_layer("rnn").cell.bias)
    found = flow(model, batch)["rnn"].state * (1 - record(model, batch)["rnn"].state ** 2)
    np.testing.assert_allclose(found.sum((0, 1)), expected, atol=1e-5)


def test_other_weights_give_what_a_net_with_them_gives_and_change_nothing():
    model, batch, names = built(stack)
    other = shaken(keras.models.clone_model(model))
    own, weights = flow(model, batch), model.get_weights()
    flows, expected = flow(model, batch, weights=other.get_weights()), flow(other, batch)
    recorded, recorded_expected = record(model, batch, other.get_weights()), record(other, batch)
    for name in names:
        np.testing.assert_allclose(flows[name].state, expected[name].state, atol=1e-6)
        np.testing.assert_allclose(recorded[name].state, recorded_expected[name].state, atol=1e-6)
        np.testing.assert_array_equal(flow(model, batch)[name].state, own[name].state)
    for before, after in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


def test_a_stateful_layer_goes_on_from_its_state_and_is_not_moved():
    inputs = keras.Input(batch_shape=(B, T, C))
    layer = L.LSTM(U, stateful=True, name="rnn")
    model = keras.Model(inputs, layer(inputs))
    batch = series()
    model(batch)
    before = [state.numpy() for state in layer.states]
    found = record(model, batch)["rnn"]
    flow(model, batch)
    for state, value in zip(layer.states, before, strict=True):
        np.testing.assert_array_equal(state, value)
    np.testing.assert_allclose(found.initial, before[0], atol=1e-6)
    np.testing.assert_allclose(model(batch), found.state[:, -1], atol=1e-5)


def test_a_dict_of_inputs_and_any_length():
    inputs = {"a": keras.Input((None, C), name="a"), "b": keras.Input((None, C), name="b")}
    x = L.Add()([inputs["a"], inputs["b"]])
    model = keras.Model(inputs, {"end": L.GRU(U, name="gru")(x), "copy": L.Flatten()(x[:, :1])})
    for length in (3, 5):
        batch = {"a": series(0, (1, length, C)), "b": series(1, (1, length, C))}
        found = record(model, batch)["gru"]
        assert found.state.shape == (1, length, U)
        np.testing.assert_allclose(found.state[:, -1], model(batch)["end"], atol=1e-5)
        assert flow(model, batch, lambda outputs: tf.reduce_sum(outputs["end"]))["gru"].norms.all()
        assert not flow(model, batch, lambda outputs: tf.reduce_sum(outputs["copy"]))["gru"].norms.any()


def test_half_precision_is_looked_into_in_single():
    inputs = keras.Input((T, C))
    model = keras.Model(inputs, L.LSTM(U, dtype="mixed_float16", name="rnn")(inputs))
    batch = series()
    found = record(model, batch)["rnn"]
    assert found.state.dtype == np.float32
    np.testing.assert_allclose(found.state[:, -1], model(batch), atol=2e-3)
    assert (flow(model, batch)["rnn"].norms > 0).all()


def test_the_default_loss_is_of_the_last_step():
    outputs = tf.constant(series(shape=(B, T, 5)))
    np.testing.assert_allclose(squares(outputs), (outputs.numpy()[:, -1] ** 2).sum() / 2, rtol=1e-6)
    logits = outputs.numpy()[:, 2]
    shares = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    expected = -np.log(shares[[0, 1], [4, 0]]).sum()
    np.testing.assert_allclose(cross_entropy([4, 0], step=2)(outputs), expected, rtol=1e-5)
    np.testing.assert_allclose(cross_entropy([4, 0])(outputs[:, 2]), expected, rtol=1e-5)


def test_a_net_without_recurrence_has_none():
    model = keras.Sequential([keras.Input((3,)), L.Dense(2)])
    batch = series(shape=(B, 3))
    assert not recurrent(model)
    assert not record(model, batch)
    assert not flow(model, batch)


def test_what_does_not_fit_is_refused():
    model, batch = one("GRU", return_sequences=True)
    with pytest.raises(InspectionError, match="takes inputs of shape"):
        record(model, batch[0][:, :2])
    with pytest.raises(InspectionError, match="the weights are not those of a model like"):
        flow(model, batch, weights=model.get_weights()[1:])
    with pytest.raises(InspectionError, match=r"the loss must be a scalar: sum it. Received: shape \(2, 7\)"):
        flow(model, batch, lambda outputs: tf.reduce_sum(outputs, -1))


def test_a_looked_into_model_still_saves_and_trains(tmp_path):
    model, batch, _ = built(nested_and_shared)
    record(model, batch)
    flow(model, batch)
    expected = model(batch).numpy()
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(again(batch), expected, atol=1e-6)
    assert list(recurrent(again)) == list(recurrent(model))
    assert len(model.losses) == 0


# Models as others build them


def test_a_time_distributed_layer_behind_lets_gradients_through():
    keras.utils.set_random_seed(0)
    series = np.random.default_rng(0).normal(size=(3, 15, 1)).astype("float32")
    found = {}
    for length in (15, None):
        for wrapped in (True, False):
            keras.utils.set_random_seed(0)
            x = keras.Input((length, 1))
            dense = keras.layers.Dense(2)
            y = keras.layers.LSTM(4, return_sequences=True, name="lstm")(x)
            model = keras.Model(x, (keras.layers.TimeDistributed(dense) if wrapped else dense)(y))
            found[length, wrapped] = recurrence.flow(model, series)["lstm"].norms
            np.testing.assert_allclose(activations(model, series).output, model(series), atol=1e-6)
    for norms in found.values():
        np.testing.assert_allclose(norms, found[None, False], rtol=1e-4)


@pytest.mark.parametrize("count", [1, 3, 4])
@pytest.mark.parametrize("stateful", [False, True])
def test_a_fixed_batch_size_is_filled_up(count, stateful):
    series = np.random.default_rng(0).normal(size=(count, 10, 1)).astype("float32")

    def build(size):
        keras.utils.set_random_seed(0)
        return keras.Sequential(
            [
                keras.Input(batch_shape=(size, 10, 1)),
                keras.layers.GRU(4, return_sequences=True, stateful=stateful and size is not None),
                keras.layers.LSTM(3),
                keras.layers.Dense(2),
            ]
        )

    fixed, free = build(4), build(None)
    free.set_weights(fixed.get_weights())
    loss = recurrence.cross_entropy([1] * count)
    pairs = zip(
        recurrence.record(fixed, series).values(), recurrence.record(free, series).values(), strict=True
    )
    for one, other in pairs:
        assert one.state.shape == other.state.shape == (count, 10, one.state.shape[-1])
        np.testing.assert_allclose(one.state, other.state, atol=1e-6)
    flows = (recurrence.flow(model, series, loss).values() for model in (fixed, free))
    for one, other in zip(*flows, strict=True):
        np.testing.assert_allclose(one.state, other.state, atol=1e-6)
        np.testing.assert_allclose(one.inputs, other.inputs, atol=1e-6)


def test_more_examples_than_a_fixed_batch_are_told():
    model = keras.Sequential([keras.Input(batch_shape=(2, 5, 1)), keras.layers.LSTM(3)])
    with pytest.raises(InspectionError, match=r"\(2, 5, 1\).*Received: \(3, 5, 1\)"):
        recurrence.record(model, np.zeros((3, 5, 1), "float32"))


def nested(kind: str) -> keras.Model:
    """Tokens with a mask, and a model that is used as a layer."""
    keras.utils.set_random_seed(0)
    x = keras.Input((None,), dtype="int32")
    e = keras.layers.Embedding(20, 8, mask_zero=True)(x)
    inside = keras.Input((None, 8))
    if kind == "sequential":
        inner = keras.Sequential([inside, keras.layers.LSTM(4, name="inside")])
    elif kind == "functional":
        inner = keras.Model(inside, keras.layers.Bidirectional(keras.layers.GRU(4), name="inside")(inside))
    elif kind == "two inputs":
        other = keras.Input((None, 8))
        y = keras.layers.GRU(4, name="inside")(keras.layers.Add()([inside, other]))
        return keras.Model(x, keras.layers.Dense(2)(keras.Model([inside, other], y)([e, e])))
    else:
        deep = keras.Sequential([inside, keras.layers.LSTM(4, name="inside")])
        inner = keras.Sequential([inside, deep])
    return keras.Model(x, keras.layers.Dense(2)(inner(e)))


@pytest.mark.filterwarnings(
    "ignore:Layer .* with a mask attached:UserWarning"
)  # Keras passes it on all the same
@pytest.mark.parametrize("kind", ["sequential", "functional", "two inputs", "deep"])
def test_masks_reach_what_is_inside_a_nested_model(kind):
    model, tokens = nested(kind), np.array([[3, 4, 0, 0], [5, 6, 7, 0]])
    found = recurrence.record(model, tokens)
    assert all("inside" in name for name in found)
    inside = activations(model, tokens)
    np.testing.assert_allclose(inside.output, model(tokens), atol=1e-6)
    for one in found.values():
        assert one.mask.tolist() in ((tokens != 0).tolist(), np.ones_like(tokens, bool).tolist())
    last = [one.state[:, 0 if one.backwards else -1] for one in found.values()]
    np.testing.assert_allclose(
        np.concatenate(last, -1) @ model.layers[-1].kernel + model.layers[-1].bias, model(tokens), atol=1e-5
    )
