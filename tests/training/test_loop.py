"""The loop: one replica and N do the same, every option does what it says, callbacks are standard."""

import contextlib
import json
import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from data import digits
from data.pipeline import Stream, Sweep
from data.source import Split
from models import cnn, mlp, sweep
from training import losses, optimizers, strategy
from training.loop import Loop, NotFinite, Schedule, Stop
from training.objectives import Objective, Supervised
from training.optimizers import Updater, WarmUpAndDecay

SOURCE = digits.Config().load()
STEPS = 50
BATCH = 32
SMALL_CNN = cnn.Config((8, 8, 1), 10, filters=(8, 16), normalization="none")


def make(
    replicas: int = 1,
    model: cnn.Config | mlp.Config = SMALL_CNN,
    optimizer: optimizers.Config = optimizers.Config(learning_rate=1e-3),
    steps: int = STEPS,
    precision: str = "float32",
    steps_per_call: int = 10,
    split: Split = SOURCE.train,
    feed=None,
    loop: dict | None = None,
    **supervised,
) -> Loop:
    """A loop over the digits, the same for any number of replicas."""
    chosen = strategy.pick(f"cpu:{replicas}")
    keras.utils.set_random_seed(1)
    keras.config.set_dtype_policy(precision)
    try:
        with chosen.scope():
            net = (cnn if isinstance(model, cnn.Config) else mlp).build(model)
            strategy.synchronize(net, chosen)
            updater = Updater(optimizer, net.trainable_variables, steps, precision)
            return Loop(
                chosen,
                Supervised(net, updater, **supervised),
                Schedule(steps, steps_per_epoch=25, steps_per_call=steps_per_call),
                feed or Stream(split, BATCH, seed=5),
                Sweep(SOURCE.validation, 64),
                **(loop or {}),
            )
    finally:
        keras.config.set_dtype_policy("float32")


def weights(loop: Loop) -> list[np.ndarray]:
    return loop.model.get_weights()


def difference(left: Loop, right: Loop) -> float:
    """The largest difference between two loops' weights."""
    return max(np.abs(a - b).max() for a, b in zip(weights(left), weights(right), strict=True))


# What must give equal weights and equal logged loss on 1 replica and on 2.
OPTIONS = {
    "plain": {},
    "dense": {"model": mlp.Config((8, 8, 1), 10, widths=(32,))},
    "clip_norm": {"optimizer": optimizers.Config(learning_rate=1e-3, clip_norm=0.05)},
    "clip_value": {"optimizer": optimizers.Config("sgd", learning_rate=0.1, clip_value=0.002)},
    "cosine": {"optimizer": optimizers.Config("adamw", 1e-3, "cosine", warmup=0.2, weight_decay=0.1)},
    "linear": {"optimizer": optimizers.Config("rmsprop", 1e-3, "linear", warmup=0.2, final=0.1)},
    "average": {"optimizer": optimizers.Config(learning_rate=1e-3, average=0.9)},
    "accumulate": {"accumulate": 4},
    "smoothing": {"label_smoothing": 0.1},
    "hinge": {"loss": "hinge"},
    "l1": {"l1": 1e-3},
    "l2": {"l2": 1e-2, "accumulate": 2},
    "xla": {"jit_compile": True, "steps_per_call": 25},
    "batch_norm": {
        "model": cnn.Config((8, 8, 1), 10, filters=(8,)),
        "optimizer": optimizers.Config("sgd", 0.05),
    },
    # Half precision rounds each replica's part of a gradient to 8 or 11 bits before they are added, so
    # the weights can only be as near as their steps are small.
    "bfloat16": {"precision": "mixed_bfloat16", "optimizer": optimizers.Config("sgd", 1e-5)},
    "float16": {"precision": "mixed_float16", "optimizer": optimizers.Config("sgd", 3e-4)},
}


SELDOM = ("dense", "cosine", "linear", "hinge", "l1", "smoothing", "bfloat16", "clip_value")


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in SELDOM else name for name in OPTIONS]
)
def test_one_replica_and_two_are_equal(name):
    one, two = make(1, **OPTIONS[name]), make(2, **OPTIONS[name])
    logs_one, logs_two = one.run(), two.run()
    assert difference(one, two) <= 1e-5
    assert logs_one.keys() == logs_two.keys() == {"loss", "accuracy", "val_loss", "val_accuracy"}
    rounding = 2e-3 if "float16" in name else 1e-5  # a half-precision forward pass
    for figure, value in logs_one.items():
        assert logs_two[figure] == pytest.approx(value, rel=rounding), figure
    assert logs_one["loss"] < 3


@pytest.mark.parametrize(
    "name", [name for name in OPTIONS if name not in ("plain", "xla", "dense", "accumulate")]
)
def test_every_option_changes_something(name):
    """Or its equality on two replicas would say nothing."""
    setting = dict(OPTIONS[name])
    plain = {"model": setting["model"]} if "model" in setting else {}
    if name in ("batch_norm", "bfloat16", "float16", "clip_value"):
        plain = {"optimizer": setting["optimizer"]}
    if name == "clip_value":
        plain = {"optimizer": optimizers.Config("sgd", learning_rate=0.1)}
    left, right = make(steps=10, **setting), make(steps=10, **plain)
    left.run()
    right.run()
    if name == "average":
        with left.objective.averaged():
            assert difference(left, right) > 1e-4
        assert difference(left, right) == 0  # the average is kept beside the weights
    elif name == "batch_norm":
        assert len(weights(left)) > len(weights(right))
    else:
        assert difference(left, right) > 1e-7


def test_accumulating_changes_memory_alone():
    whole, parts = make(), make(accumulate=8)
    whole.run()
    parts.run()
    assert difference(whole, parts) <= 1e-6


def values(count: int = 320, seed: int = 0) -> Split:
    """Points of the plane with two values each."""
    inputs = np.random.default_rng(seed).uniform(-1, 1, (count, 2)).astype("float32")
    return Split(inputs, np.stack([inputs.prod(axis=1), np.abs(inputs[:, 0])], 1))


def fit(replicas: int, module, config, **changes) -> Loop:
    """A loop that fits `values`."""
    chosen = strategy.pick(f"cpu:{replicas}")
    keras.utils.set_random_seed(1)
    with chosen.scope():
        net = module.build(config)
        updater = Updater(optimizers.Config(learning_rate=1e-2), net.trainable_variables, STEPS)
        objective = Supervised(net, updater, **{"loss": "squared_error", "classes": False, **changes})
        feed, sides = Stream(values(), BATCH, seed=5), Sweep(values(60, seed=1), 64)
        return Loop(chosen, objective, Schedule(STEPS, 25), feed, sides)


@pytest.mark.parametrize("loss", losses.OF_VALUES)
def test_values_are_learned_alike_on_one_replica_and_two(loss):
    one, two = (fit(n, mlp, mlp.Config((2,), 2, (16,)), loss=loss) for n in (1, 2))
    before = one.evaluate(one.validation)
    logs = one.run()
    assert difference(one, two) > 1e-2
    logs_two = two.run()
    assert difference(one, two) <= 1e-5
    assert logs.keys() == {"loss", "squared_error", "val_loss", "val_squared_error"}
    assert logs_two == pytest.approx(logs, rel=1e-5)
    assert logs["val_squared_error"] < before["squared_error"] / 2


def test_the_figures_of_values_are_those_of_keras():
    loop = fit(1, mlp, mlp.Config((2,), 2, (16,)), loss="huber")
    split = values(60, seed=1)
    outputs = loop.model(split.inputs)
    figures = loop.evaluate(loop.validation)
    assert figures["loss"] == pytest.approx(float(keras.losses.Huber()(split.targets, outputs)), rel=1e-5)
    expected = float(keras.losses.MeanSquaredError()(split.targets, outputs))
    assert figures["squared_error"] == pytest.approx(expected, rel=1e-5)


def test_nets_side_by_side_each_learn_as_if_alone():
    """Each net of a sweep ends where a dense net does that begins with its weights."""
    config = sweep.Config((2,), 2, ("relu", "tanh"), (1,), (8,), members=2)
    together = fit(1, sweep, config)
    alone = [
        fit(1, mlp, mlp.Config((2,), 2, (8,), activation=name)) for name in ("relu", "relu", "tanh", "tanh")
    ]
    begin = together.model.get_weights()
    for number, loop in enumerate(alone):
        shapes = [weight.shape for weight in loop.model.get_weights()]
        loop.model.set_weights([weight[number].reshape(s) for weight, s in zip(begin, shapes, strict=True)])
    logs = together.run()
    figures = [loop.run() for loop in alone]
    for number, loop in enumerate(alone):
        for weight, own in zip(together.model.get_weights(), loop.model.get_weights(), strict=True):
            np.testing.assert_allclose(weight[number].reshape(own.shape), own, atol=2e-5)
    for name in ("loss", "val_squared_error"):
        assert logs[name] == pytest.approx(np.mean([figure[name] for figure in figures]), rel=1e-4)


def test_large_weights_cost_what_they_are_said_to():
    """One step of plain gradient descent with a penalty goes its derivative further than one without."""
    still = {"optimizer": optimizers.Config("sgd", 0.1, momentum=0.0), "steps": 1, "steps_per_call": 1}
    plain, absolute, square = make(**still), make(l1=0.01, **still), make(l2=0.01, **still)
    kernel = plain.model.get_layer("logits").get_weights()[0]
    for loop in (plain, absolute, square):
        loop.run()
    after = [loop.model.get_layer("logits").get_weights() for loop in (plain, absolute, square)]
    np.testing.assert_allclose(after[1][0] - after[0][0], -0.1 * 0.01 * np.sign(kernel), atol=1e-6)
    np.testing.assert_allclose(after[2][0] - after[0][0], -0.1 * 0.01 * 2 * kernel, atol=1e-6)
    np.testing.assert_array_equal(after[1][1], after[0][1])  # the bias pays nothing


def test_steps_per_call_change_nothing():
    runs = [make(steps_per_call=k) for k in (1, 7, 50)]
    logs = [loop.run() for loop in runs]
    assert difference(runs[0], runs[1]) == difference(runs[0], runs[2]) == 0
    assert logs[0]["loss"] == pytest.approx(logs[2]["loss"], rel=1e-6)


def test_the_step_is_that_of_keras():
    """The same batches through `Model.fit` give the same weights."""
    loop = make(steps=25)
    reference = keras.models.clone_model(loop.model)
    reference.set_weights(loop.model.get_weights())
    reference.compile(
        keras.optimizers.Adam(1e-3), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    batches = list(Stream(SOURCE.train, BATCH, seed=5).shards(0, 1, 0, 1).take(25))
    losses = [reference.train_on_batch(inputs, targets) for inputs, targets, _ in batches]
    logs = loop.run()
    for a, b in zip(loop.model.get_weights(), reference.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=2e-6)
    assert math.isfinite(losses[-1])
    expected = reference.evaluate(SOURCE.validation.inputs / 16, SOURCE.validation.targets, verbose=0)
    assert logs["val_loss"] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("replicas", [1, 2])
@pytest.mark.parametrize("name", ["adam", "adamw"])
def test_the_faster_step_of_adam_is_that_of_keras(name, replicas):
    """Thirty steps with gradients of all sizes, weight decay and a warm-up, on one replica and on two."""
    config = optimizers.Config(name, 0.03, "cosine", warmup=0.2, weight_decay=0.1 * (name == "adamw"))
    start = np.random.default_rng(0).normal(size=(3, 4)).astype("float32")
    gradients = np.random.default_rng(1).normal(size=(30, 3, 4)) * np.logspace(-6, 2, 4)
    gradients = tf.constant(gradients, tf.float32)
    chosen = strategy.pick(f"cpu:{replicas}")
    with chosen.scope():
        variable = keras.Variable(start, name="kernel")
        updater = optimizers.Updater(config, [variable], steps=30)

    @tf.function
    def step(gradient):
        chosen.run(lambda: updater.apply([gradient / replicas]))

    reference = keras.Variable(start, name="kernel")
    kind = {"adam": keras.optimizers.Adam, "adamw": keras.optimizers.AdamW}[name]
    decay = {"weight_decay": config.weight_decay} if config.weight_decay else {}
    plain = kind(WarmUpAndDecay(config, 30), **decay)
    for gradient in gradients:
        step(gradient)
        plain.apply([gradient], [reference])
        np.testing.assert_allclose(variable.numpy(), reference.numpy(), rtol=1e-5, atol=1e-6)
    assert np.median(np.abs(variable.numpy() - start)) > 0.03


def test_evaluation_counts_every_example_once():
    """186 examples in batches of 64: the mean over all of them, not over batches."""
    loop = make(2, steps=1)
    figures = loop.evaluate(Sweep(SOURCE.validation, 64))
    logits = loop.model(SOURCE.validation.inputs / np.float32(16), training=False).numpy()
    targets = SOURCE.validation.targets
    assert figures["accuracy"] == pytest.approx((logits.argmax(-1) == targets).mean(), rel=1e-6)


def test_warm_up_and_decay_by_hand():
    def rates(**settings):
        rate = WarmUpAndDecay(optimizers.Config(learning_rate=1.0, **settings), steps=10)
        return [float(rate(step)) for step in range(11)]

    assert rates(schedule="constant", warmup=0.4)[:6] == pytest.approx([0.25, 0.5, 0.75, 1, 1, 1])
    assert rates(schedule="linear", final=0.5)[::5] == pytest.approx([1.0, 0.75, 0.5])
    assert rates(schedule="cosine")[::5] == pytest.approx([1.0, 0.5, 0.0], abs=1e-6)
    cosine = rates(schedule="cosine", warmup=0.2, final=0.1)
    assert cosine[:3] == pytest.approx([0.5, 1.0, 1.0])
    assert cosine[10] == pytest.approx(0.1)


@pytest.mark.parametrize("changes", [{"label_smoothing": 0.1}, {"l1": 0.1}, {"l2": 0.1, "accumulate": 2}])
def test_the_logged_loss_is_the_plain_one_in_training_too(changes):
    """Logits (2, 0, ..., 0) for every digit cost log(e² + 9) - 2 where it is a 0, else log(e² + 9)."""
    linear = mlp.Config((8, 8, 1), 10, widths=())
    still = optimizers.Config("sgd", 1e-6, momentum=0.0)
    loop = make(model=linear, optimizer=still, steps=1, steps_per_call=1, **changes)
    kernel = np.zeros((64, 10))
    loop.model.set_weights([kernel, 2.0 * (np.arange(10) == 0)])
    logs = loop.run()
    for split in ("", "val_"):
        zeros = logs[f"{split}accuracy"]  # the share of digits that are a 0
        assert logs[f"{split}loss"] == pytest.approx(math.log(math.exp(2) + 9) - 2 * zeros, abs=1e-3)
        assert 0.03 < zeros < 0.3


def test_clipping_bounds_the_step():
    loop = make(2, optimizer=optimizers.Config("sgd", 1.0, momentum=0.0, clip_norm=0.01), steps=1)
    before = weights(loop)
    loop.run()
    moved = math.sqrt(sum(np.sum((a - b) ** 2) for a, b in zip(weights(loop), before, strict=True)))
    assert moved == pytest.approx(0.01, rel=1e-4)


def test_a_scaled_loss_that_overflows_takes_no_step_and_halves_the_scale():
    chosen = strategy.pick("cpu:2")
    with chosen.scope():
        net = mlp.build(mlp.Config((4,), 2, widths=()))
        updater = Updater(
            optimizers.Config("sgd", 1.0, momentum=0.0), net.trainable_variables, 1, "mixed_float16"
        )

    @tf.function
    def update(value):
        def replica():
            mine = tf.where(tf.distribute.get_replica_context().replica_id_in_sync_group == 0, value, 1.0)
            updater.apply([tf.zeros_like(v) + mine for v in net.trainable_variables])

        chosen.run(replica)

    before = net.get_weights()
    update(tf.constant(np.inf))  # on one replica of the two
    assert all((a == b).all() for a, b in zip(net.get_weights(), before, strict=True))
    assert updater.scaler.value.numpy() == updater.scaler.INITIAL / 2
    update(tf.constant(1.0))
    for a, b in zip(net.get_weights(), before, strict=True):
        np.testing.assert_allclose(a, b - 2 / (updater.scaler.INITIAL / 2), rtol=1e-5, atol=1e-7)


def test_dropout_differs_from_step_to_step_and_not_from_run_to_run():
    def run():
        loop = make(model=mlp.Config((8, 8, 1), 10, widths=(32,), dropout=0.5), steps=20)
        loop.run()
        return loop

    first, again = run(), run()
    assert difference(first, again) == 0
    net, objective = first.model, first.objective
    inputs = tf.constant(SOURCE.train.inputs[:4] / 16, tf.float32)
    masks = [
        objective._forward(
            inputs, [v.value for v in net.non_trainable_weights], tf.constant([step, 0], tf.int64)
        )[0]
        for step in (0, 0, 1)
    ]
    assert (masks[0].numpy() == masks[1].numpy()).all()
    assert (masks[0].numpy() != masks[2].numpy()).any()


def poisoned(step: int) -> Split:
    """The training split with an example that is no number, met first at a step of seed 5."""
    inputs = SOURCE.train.inputs.astype("float32") / 16
    stream = Stream(SOURCE.train, BATCH, seed=5)
    inputs[int(stream._indices(tf.constant([step * BATCH + 2], tf.int64))[0])] = np.nan
    return Split(inputs, SOURCE.train.targets)


def test_a_loss_that_is_not_finite_ends_the_run_with_its_step(tmp_path):
    linear = mlp.Config((8, 8, 1), 10, widths=())
    loop = make(model=linear, split=poisoned(3), loop={"checkpoint_folder": tmp_path})
    with pytest.raises(NotFinite, match=r"the loss is not a finite number at step 4 \(learning rate 0.001\)"):
        loop.run()
    assert not list(tmp_path.glob("[0-9]*"))  # no checkpoint of a net that is lost


def test_a_net_that_is_lost_is_never_checkpointed(tmp_path):
    """Some processors' fused ReLU takes NaN for 0: then the loss stays finite, and the weights tell."""
    loop = make(split=poisoned(3), loop={"checkpoint_folder": tmp_path})
    with pytest.raises(NotFinite, match=r"a finite number (at step 4|after step 50) \(learning rate 0.001\)"):
        loop.run()
    assert not list(tmp_path.glob("[0-9]*"))


class Carrier(Objective):
    """No data and no batch: a state that each replica carries by itself, two models, two updaters."""

    figures = ("loss", "position")

    def __init__(self):
        keras.utils.set_random_seed(0)
        self.models = {name: mlp.build(mlp.Config((3,), 1, widths=())) for name in ("left", "right")}
        self.updaters = {
            name: Updater(optimizers.Config("sgd", rate), self.models[name].trainable_variables, 10)
            for name, rate in (("left", 0.1), ("right", 0.01))
        }

    def initial_state(self, replica, replicas):
        return {"place": tf.constant([float(replica)]), "steps": tf.constant(0)}

    def step(self, batch, state, position):
        assert batch is None
        with tf.GradientTape(persistent=True) as tape:
            inputs = tf.ones((1, 3)) * tf.sin(state["place"])
            outputs = {name: tf.reduce_mean(model(inputs)) for name, model in self.models.items()}
            losses = {name: (value - 1) ** 2 for name, value in outputs.items()}
        for name, updater in self.updaters.items():
            updater.apply(
                tape.gradient(losses[name], [v.value for v in self.models[name].trainable_variables])
            )
        state = {"place": state["place"] + 10.0, "steps": state["steps"] + 1}
        one = tf.constant(1.0)
        return {
            "loss": (losses["left"] + losses["right"], one),
            "position": (tf.cast(position, tf.float32), one),
        }, state


def carrier(replicas: int, folder) -> Loop:
    chosen = strategy.pick(f"cpu:{replicas}")
    with chosen.scope():
        return Loop(chosen, Carrier(), Schedule(10, 10, steps_per_call=4), checkpoint_folder=folder)


@pytest.mark.parametrize("replicas", [1, 2])
def test_an_objective_may_have_two_players_and_carry_a_state(replicas, tmp_path):
    """What a GAN and an agent need is there, without a word about either in the loop."""
    loop = carrier(replicas, tmp_path)
    before = [model.get_weights()[0].copy() for model in loop.objective.models.values()]
    logs = loop.run()
    assert logs["position"] == pytest.approx(4.5)
    for model, kernel in zip(loop.objective.models.values(), before, strict=True):
        assert (model.get_weights()[0] != kernel).any()
    states = loop.strategy.experimental_local_results(loop._state)
    assert [float(state["place"][0]) for state in states] == [100.0 + r for r in range(replicas)]
    resumed = carrier(replicas, tmp_path)
    assert resumed.restore()
    states = resumed.strategy.experimental_local_results(resumed._state)
    assert [float(state["place"][0]) for state in states] == [100.0 + r for r in range(replicas)]
    assert [int(state["steps"]) for state in states] == [10] * replicas


def test_a_resume_in_the_same_process_is_exact(tmp_path):
    optimizer = optimizers.Config("adamw", 1e-3, "cosine", warmup=0.1, average=0.9, weight_decay=0.1)
    model = mlp.Config((8, 8, 1), 10, widths=(16,), normalization="batch", dropout=0.3)

    def loop(**more):
        return make(model=model, optimizer=optimizer, **more)

    whole = loop()
    logs = whole.run()
    stop = Stop()

    class StopAt(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 9:
                stop()

    folder = {"checkpoint_folder": tmp_path, "stop": stop}
    first = loop(loop={**folder, "callbacks": [StopAt()]})
    first.run()
    assert first.step == 10
    second = loop(loop={"checkpoint_folder": tmp_path})
    assert second.restore()
    assert second.step == 10
    assert second.run() == logs  # the first epoch's sums went on where they were
    for a, b in zip(whole.objective.variables, second.objective.variables, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


@pytest.mark.filterwarnings("ignore")  # TensorBoard's callback has its own
def test_standard_callbacks_work(tmp_path):
    seen = []
    callbacks = [
        keras.callbacks.CSVLogger(tmp_path / "log.csv"),
        keras.callbacks.ModelCheckpoint(tmp_path / "{epoch}.keras", save_best_only=False),
        keras.callbacks.TensorBoard(tmp_path / "events", write_graph=False),
        keras.callbacks.TerminateOnNaN(),
        keras.callbacks.ReduceLROnPlateau("val_loss", factor=0.5, patience=1, min_delta=10.0),
        keras.callbacks.LambdaCallback(
            on_train_begin=lambda logs: seen.append("train"),
            on_epoch_begin=lambda epoch, logs: seen.append(f"epoch {epoch}"),
            on_train_batch_end=lambda batch, logs: seen.append(batch),
            on_epoch_end=lambda epoch, logs: seen.append(sorted(logs.keys() - {"learning_rate"})),
            on_train_end=lambda logs: seen.append("end"),
        ),
    ]
    loop = make(steps=75, loop={"callbacks": callbacks})
    loop.run()
    figures = ["accuracy", "loss", "val_accuracy", "val_loss"]
    epoch = [9, 19, 24, figures]
    assert seen == ["train", "epoch 0", *epoch, "epoch 1", *epoch, "epoch 2", *epoch, "end"]
    assert (tmp_path / "log.csv").read_text().count("\n") == 4
    assert float(loop.model.optimizer.learning_rate) == pytest.approx(2.5e-4)  # halved twice
    saved = keras.models.load_model(tmp_path / "3.keras", compile=False)
    np.testing.assert_array_equal(saved.get_weights()[0], loop.model.get_weights()[0])


def test_early_stopping_keeps_its_patience_over_a_resume(tmp_path):
    def callback():
        return keras.callbacks.EarlyStopping("loss", patience=2, min_delta=100.0)  # nothing is better

    stop = Stop()

    class StopAfterTwo(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 1:
                stop()

    folder = {"checkpoint_folder": tmp_path}
    first = make(steps=250, loop={**folder, "callbacks": [callback(), StopAfterTwo()], "stop": stop})
    first.run()
    assert first.step == 50
    second = make(steps=250, loop={**folder, "callbacks": [callback()]})
    second.restore()
    second.run()
    assert second.step == 75  # the third epoch without a better one is the last


def test_averaged_weights_are_evaluated_and_trained_ones_go_on():
    loop = make(optimizer=optimizers.Config(learning_rate=1e-2, average=0.99))
    logs = loop.run()
    trained = loop.evaluate(Sweep(SOURCE.validation, 64))
    with loop.objective.averaged():
        averaged = loop.evaluate(Sweep(SOURCE.validation, 64))
    assert logs["val_loss"] == averaged["loss"] != trained["loss"]
    with contextlib.suppress(KeyError), loop.objective.averaged():
        raise KeyError
    assert loop.evaluate(Sweep(SOURCE.validation, 64)) == trained  # given back after an error too


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "adamm", "name must be one of adam, .* Received: 'adamm'"),
        ("schedule", "step", "schedule must be one of constant, linear, cosine. Received: 'step'"),
        ("learning_rate", 0.0, "learning_rate must be above 0. Received: 0.0"),
        ("learning_rate", float("nan"), "learning_rate must be above 0. Received: nan"),
        ("warmup", 1.0, "warmup must be at least 0 and below 1. Received: 1.0"),
        ("clip_norm", -1.0, "clip_norm must be at least 0. Received: -1.0"),
    ],
)
def test_settings_that_break_a_rule_are_named(field, value, message):
    with pytest.raises(ValueError, match=message):
        optimizers.Config(**{field: value})


@pytest.mark.parametrize("name", optimizers.OPTIMIZERS)
def test_every_optimizer_learns(name):
    loop = make(optimizer=optimizers.Config(name, 1e-3 if name != "sgd" else 0.05), steps=25)
    assert loop.run()["loss"] < math.log(10) + 0.05
    json.dumps(loop.run())
