"""Looking inside a net against running it: every map, Grad-CAM, saliency and occlusion of one picture."""

import statistics
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from benchmarks.contenders import repeated
from benchmarks.table import Table, race, ratio
from training import runs, trainer

MODEL = "fashion_cnn"  # of the gallery
CALLS = 20  # a round
ROUNDS = 15
FORWARD = "forward pass alone, a compiled function"


def run() -> Table:
    """Measure all contenders on the same picture, batch 1, each in turn; the arrays are there in NumPy."""
    from inspection.activations import activations
    from inspection.attribution import grad_cam, occluders, occlusion, saliency

    model = trainer.load_model(runs.find(MODEL, runs.GALLERY))
    picture = np.random.default_rng(0).random((1, *model.input_shape[1:])).astype("float32")
    layers = len(activations(model, picture).layers)
    patches = len(occluders(picture.shape[1:-1]))
    contenders: dict[str, Callable[[], object]] = {
        FORWARD: _forward(model, picture),
        f"every map of all {layers} layers": lambda: activations(model, picture),
        "keras.Model.predict of the same layers": _predict(model, picture),
        "Grad-CAM, of every layer": lambda: grad_cam(model, picture),
        "saliency": lambda: saliency(model, picture),
        "SmoothGrad, 16 copies": lambda: saliency(model, picture, samples=16),
        f"occlusion, {patches} patches": lambda: occlusion(model, picture),
    }
    seconds = race({name: repeated(call) for name, call in contenders.items()}, CALLS, ROUNDS)
    rows = [
        {
            "call": name,
            "ms": 1000 * statistics.median(times),
            "time against the forward pass's": ratio(times, seconds[FORWARD]),
        }
        for name, times in seconds.items()
    ]
    title = (
        f"inside {MODEL}, {model.count_params():,} parameters, batch 1; median of {ROUNDS} x {CALLS} calls"
    )
    return Table(title, rows)


def _forward(model: keras.Model, picture: np.ndarray) -> Callable[[], object]:
    @tf.function(input_signature=[tf.TensorSpec(model.input_shape, tf.float32)], autograph=False)
    def run(inputs):
        return model(inputs, training=False)

    return lambda: run(picture).numpy()


def _predict(model: keras.Model, picture: np.ndarray) -> Callable[[], object]:
    """What a user would write without this project."""
    probe = keras.Model(model.input, [layer.output for layer in model.layers[1:]])
    return lambda: probe.predict(picture, verbose=0)
