"""Which devices train: one, all GPUs, several virtual CPU devices, or several machines."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import keras
import tensorflow as tf

from training import cluster as clusters
from training.cluster import ClusterError, DeviceError

DEVICES = re.compile(r"auto|(cpu|gpu):([1-9][0-9]*)")


# What TensorFlow raises where another process of a cluster ends, or no longer sends its heartbeats.
LOST = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
)


def pick(
    devices: str = "auto",
    wait_seconds: float = clusters.WAIT_SECONDS,
    stopped: Callable[[], bool] = lambda: False,
) -> tf.distribute.Strategy:
    """The strategy for the devices asked for. Call it before TensorFlow is first used.

    Args:
        devices: "auto" takes all GPUs, else one CPU device; "gpu:N" the first N GPUs; "cpu:N" N CPU
            devices (virtual ones share the processor: for tests and to try a distributed setting).
        wait_seconds: Longest time to wait for the other processes of TF_CONFIG.
        stopped: Whether somebody asked to stop meanwhile.

    Returns: The default strategy for one device, since a MirroredStrategy over one CPU is 1.3 to 1.4
        times slower; `MirroredStrategy` for several; `MultiWorkerMirroredStrategy` when the
        environment variable TF_CONFIG names several workers.

    Raises:
        DeviceError: `devices` is malformed, or names more GPUs than there are.
        ClusterError: TF_CONFIG can't be used, or a process that it names can't be reached.
        WaitStopped: Somebody asked to stop.
    """
    match = DEVICES.fullmatch(devices)
    if not match:
        raise DeviceError(f"devices must be auto, cpu:N or gpu:N. Received: {devices!r}")
    gpus = tf.config.list_physical_devices("GPU")
    kind, count = match[1] or ("gpu" if gpus else "cpu"), int(match[2] or len(gpus) or 1)
    if kind == "gpu" and count > len(gpus):
        raise DeviceError(
            f"{devices} asks for {count} GPUs, but TensorFlow finds {len(gpus)}. Take --devices auto, or "
            f"install its GPU build (make install GPU=1)"
        )
    if kind == "cpu":
        tf.config.set_visible_devices([], "GPU")
        _split_cpu(count)
    else:
        tf.config.set_visible_devices(gpus[:count], "GPU")
        for gpu in gpus[:count]:
            tf.config.experimental.set_memory_growth(gpu, True)
    cluster = clusters.read()
    if cluster is not None:
        return _connect(cluster, wait_seconds, stopped)
    if count == 1:
        return tf.distribute.get_strategy()
    names = [f"{kind.upper()}:{index}" for index in range(count)]
    if kind == "gpu":
        return tf.distribute.MirroredStrategy(names)
    # The collective operations that it would take on CPUs are keyed by number alone, so a second
    # strategy in a process would meet those of the first.
    return tf.distribute.MirroredStrategy(names, tf.distribute.ReductionToOneDevice())


def _connect(
    cluster: clusters.Cluster, seconds: float, stopped: Callable[[], bool]
) -> tf.distribute.Strategy:
    """The strategy of several processes, once all of them are there."""
    clusters.wait_for_others(cluster, seconds, stopped)
    # Not TensorFlow's own reading of TF_CONFIG: it counts jobs that do not train.
    resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
        tf.train.ClusterSpec({job: list(addresses) for job, addresses in cluster.jobs.items()}),
        task_type=cluster.job,
        task_id=cluster.task,
        rpc_layer="grpc",
    )
    try:
        with clusters.bounded(cluster, seconds):
            return tf.distribute.MultiWorkerMirroredStrategy(cluster_resolver=resolver)
    except LOST as error:
        raise ClusterError(clusters.lost(cluster, error)) from error


def _split_cpu(count: int) -> None:
    """Make `count` logical devices of the processor."""
    (cpu,) = tf.config.list_physical_devices("CPU")
    present = tf.config.get_logical_device_configuration(cpu)
    if len(present or [None]) < count:
        try:
            tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * count)
        except RuntimeError as error:
            raise DeviceError(
                f"cpu:{count} asks for {count} virtual devices, which must be made before TensorFlow is "
                f"first used in a process"
            ) from error


@dataclass(frozen=True)
class Worker:
    """This process' place among the workers that train together."""

    index: int
    count: int

    @property
    def is_chief(self) -> bool:
        """Whether this worker writes the run's files."""
        return self.index == 0


def worker() -> Worker:
    """This process' place as TF_CONFIG has it: worker 0 of 1 where it trains alone.

    Raises:
        ClusterError: TF_CONFIG can't be used.
    """
    cluster = clusters.read()
    return Worker(0, 1) if cluster is None else Worker(cluster.index, cluster.count)


def describe(strategy: tf.distribute.Strategy) -> dict[str, object]:
    """What trains, for a run's `config.json`."""
    return {
        "strategy": type(strategy).__name__.lstrip("_").removesuffix("V2"),
        "replicas": strategy.num_replicas_in_sync,
        "devices": [device.name for device in tf.config.list_logical_devices()],
    }


def synchronize(model: keras.Model, strategy: tf.distribute.Strategy) -> bool:
    """Let batch normalizations take their statistics over the global batch, as one replica would.

    Returns: Whether any now talks to other replicas, which XLA can't compile.
    """
    if strategy.num_replicas_in_sync == 1:
        return False
    layers = model._flatten_layers()  # those of the players within a GAN, too
    # One that is not trained takes no statistics of a batch.
    found = [x for x in layers if isinstance(x, keras.layers.BatchNormalization) and x.trainable]
    for layer in found:
        layer.synchronized = True
    return bool(found)
