"""From a recipe to a run, and from a run's folder to training, evaluation and its model."""

import contextlib
import functools
import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from data import Source, Spec
from inspection import quarantine
from models import ARCHITECTURES
from training import cluster as clusters
from training import exporting, fingerprint, prediction, recipes, runs, settings, strategy, translation
from training.callbacks import BestModel, Progress, RunLog, higher_is_better
from training.checkpoints import CheckpointError
from training.fingerprint import DataChanged
from training.loop import Loop, NotFinite, Schedule, Stop
from training.objectives import Objective
from training.recipe import Recipe, Training
from training.runs import Run, RunError
from training.saving import allow_any_layer_names

SPLITS = ("train", "validation", "test")
MOST_SEED = 2**32 - 1  # that NumPy takes
_LOG_BYTES = 32 * 2**20  # metrics and events of a long run
_COPIES = 8  # of the weights on disk at once: model, two checkpoints with moments, and one being written


def create(
    recipe: Recipe,
    directory: Path = runs.RUNS,
    name: str | None = None,
    seed: int = 0,
    steps: int | None = None,
) -> Run:
    """Make a run's folder with every setting; training adds what only the data and devices tell.

    Args:
        recipe: What to train.
        directory: Where runs are.
        name: Of the run; None: the first free `<recipe>-<number>`.
        seed: Of the weights, the order of the examples and every random draw.
        steps: Optimizer steps; None: as many as the recipe's epochs have.

    Raises:
        RunError: The name is taken or unfit, the seed too large, or the folder can't be written.
        SettingsError: A setting doesn't fit, as far as can be seen without the data.
    """
    config = _new_config(recipe, name, seed, steps)
    recipe.preflight()
    name = name or runs.free_name(directory, recipe.name)
    return runs.create(directory, name, config, strategy.worker().index)


def _new_config(recipe: Recipe, name: str | None, seed: int, steps: int | None) -> dict[str, Any]:
    if not 0 <= seed <= MOST_SEED:
        raise RunError(f"a seed must be 0 to {MOST_SEED}. Received: {seed}")
    if strategy.worker().count > 1 and name is None:
        raise RunError("several workers train one run: give each of them the same --name")
    return {
        **recipe.to_config(),
        "seed": seed,
        "steps": steps,
        "git": _git_revision(),
        "versions": {
            "python": platform.python_version(),
            **{package: importlib.metadata.version(package) for package in ("tensorflow", "keras", "numpy")},
        },
    }


@dataclass(frozen=True)
class _Prepared:
    """All of a training that needs no run folder.

    Args:
        recipe: What is trained.
        strategy: Where the replicas are.
        source: The data.
        model: The untrained model, or of a GAN both.
        objective: What a step computes.
        schedule: How long.
        stream: The training data, None for an agent.
        validation: The pass over the validation split, None for an agent.
    """

    recipe: Recipe
    strategy: tf.distribute.Strategy
    source: Source
    model: keras.Model
    objective: Objective
    schedule: Schedule
    stream: Any
    validation: Any


def start(
    recipe: Recipe,
    directory: Path = runs.RUNS,
    name: str | None = None,
    seed: int = 0,
    steps: int | None = None,
    devices: str = "auto",
    stop: Stop | None = None,
    callbacks: tuple[keras.callbacks.Callback, ...] = (),
    quiet: bool = False,
    wait_seconds: float = clusters.WAIT_SECONDS,
    on_created: Callable[[Run], None] = lambda run: None,
) -> tuple[Run, dict[str, float]]:
    """Make a run and train it.

    The run's folder is made only when the data have been read and the model and its optimizer have been
    built, so settings that don't fit leave nothing behind.

    Args:
        recipe: What to train.
        directory: Where runs are.
        name: Name of the run; None: the first free `<recipe>-<number>`.
        seed: Seed of the weights, the order of the examples and every random draw.
        steps: Number of optimizer steps; None: as many as the recipe's epochs have.
        devices: See `strategy.pick`.
        stop: Ends the training early when set.
        callbacks: More standard `keras.callbacks`.
        quiet: Whether to print no progress.
        wait_seconds: Longest time to wait for the other processes of TF_CONFIG.
        on_created: Called with the run once its folder is there.

    Returns: The run and its last figures, see `train`.

    Raises:
        RunError, SettingsError, ClusterError, DataUnavailable, WaitStopped: See `create` and `train`.
    """
    stop = stop or Stop()
    config = _new_config(recipe, name, seed, steps)
    if name is not None:
        runs.check_free(directory, name, strategy.worker().index)
    chosen = strategy.pick(devices, wait_seconds, lambda: stop.wanted)
    with _cluster_errors():
        prepared = _prepare(recipe, recipe.load({}), chosen, seed, steps, Path(directory))
    run = runs.create(
        directory, name or runs.free_name(directory, recipe.name), config, strategy.worker().index
    )
    on_created(run)
    return run, train(run, devices, stop, callbacks, quiet, prepared=prepared)


def train(
    run: Run,
    devices: str = "auto",
    stop: Stop | None = None,
    callbacks: tuple[keras.callbacks.Callback, ...] = (),
    quiet: bool = False,
    wait_seconds: float = clusters.WAIT_SECONDS,
    prepared: _Prepared | None = None,
) -> dict[str, float]:
    """Train a run, from its newest checkpoint if it has one.

    Args:
        run: As `create` made it.
        devices: See `strategy.pick`.
        stop: Ends the training early when set.
        callbacks: More standard `keras.callbacks`.
        quiet: Print no progress.
        wait_seconds: Longest time to wait for the other processes of TF_CONFIG.
        prepared: What `start` has built for this run.

    Returns: The last figures. The run's state is then "finished", or "stopped" if `stop` was set.

    Raises:
        RunError: The run is in use, or can't go on; its state is "failed" and has the message.
        SettingsError, ClusterError, DataUnavailable: A setting doesn't fit.
        WaitStopped: `stop` was set while this process waited for others; the run's state is "stopped".
        BrokenPipeError: Nobody reads standard output or error any more; the run's state is "stopped".
    """
    run.check_own()
    with run.locked():
        stop = stop or Stop()
        try:
            run.update_status(state="running", error=None, note=None, **runs.this_process())
            if prepared is None:
                prepared = _prepare_run(run, devices, stop, wait_seconds)
            with _cluster_errors():
                loop = _loop(run, prepared, stop, callbacks, quiet)
                logs = loop.run()
            done = loop.step >= loop.schedule.steps or not stop.wanted
            run.update_status(state="finished" if done else "stopped", step=loop.step)
        except (clusters.WaitStopped, BrokenPipeError) as error:
            closed = "standard output or error was closed"
            message = closed if isinstance(error, BrokenPipeError) else str(error)
            run.update_status(state="stopped", error=message)
            raise
        except (NotFinite, OSError, CheckpointError, clusters.ClusterLost) as error:
            message = _tell(error, run)
            _mark_failed(run, message)
            raise RunError(message) from error
        except BaseException as error:
            _mark_failed(run, str(error) or type(error).__name__)
            raise
        return logs


@contextlib.contextmanager
def _cluster_errors() -> Iterator[None]:
    """Turn what TensorFlow raises where another process is gone into one line.

    Raises:
        ClusterLost: Another process of the cluster ended or froze.
    """
    cluster = clusters.read()
    try:
        yield
    except tf.errors.OpError as error:
        if cluster is None or not isinstance(error, strategy.LOST):
            raise
        raise clusters.ClusterLost(clusters.lost(cluster, error)) from error


def _prepare_run(run: Run, devices: str, stop: Stop, wait_seconds: float) -> _Prepared:
    """What a run trains, by its `config.json`."""
    # Before anything else wakes TensorFlow.
    chosen = strategy.pick(devices, wait_seconds, lambda: stop.wanted)
    config = run.config
    recipe = recipes.from_config(config)
    source = _load(run, recipe)
    if any(run.checkpoint_path.glob("[0-9]*")):  # an exact resume needs the same data
        _check_data(config, source, fingerprint.SPLITS, way_out=fingerprint.WAY_OUT)
    with _cluster_errors():
        return _prepare(recipe, source, chosen, config["seed"], config["steps"], run.path)


def _prepare(
    recipe: Recipe,
    source: Source,
    chosen: tf.distribute.Strategy,
    seed: int,
    max_steps: int | None,
    directory: Path,
) -> _Prepared:
    """Build all of a training that needs no run folder.

    Raises:
        RunError: The disk of `directory` can't hold what the run will write.
        SettingsError: A setting doesn't fit the data or the devices.
    """
    recipe.check(source)
    training = recipe.training
    gpu = bool(tf.config.get_visible_devices("GPU"))
    stream, validation = recipe.feeds(source, chosen.num_replicas_in_sync, seed, on_device=gpu)
    steps, steps_per_epoch = recipe.length(stream)
    schedule = Schedule(
        steps=max_steps or steps,
        steps_per_epoch=steps_per_epoch,
        steps_per_call=training.steps_per_call,
        checkpoint_seconds=training.checkpoint_seconds,
    )
    keras.utils.set_random_seed(seed)
    keras.config.set_dtype_policy(training.precision)
    with chosen.scope():
        model = recipe.build_model(source.spec)
        synchronized = strategy.synchronize(model, chosen)
        xla = training.xla == "always" or (training.xla == "gpu" and gpu)
        objective = recipe.objective(
            model, source.spec, schedule.steps, seed, jit_compile=xla and not synchronized
        )
    recipe.check_model(model)
    _check_space(directory, sum(variable.value.numpy().nbytes for variable in model.variables))
    return _Prepared(recipe, chosen, source, model, objective, schedule, stream, validation)


def _loop(run: Run, prepared: _Prepared, stop: Stop, callbacks: tuple, quiet: bool) -> Loop:
    """The loop of a run, its checkpoint restored."""
    config, chosen, source, model = run.config, prepared.strategy, prepared.source, prepared.model
    recipe, training = prepared.recipe, prepared.recipe.training
    with chosen.scope():
        watchers: list[keras.callbacks.Callback] = []
        run.write_json(
            "config.json",
            {
                **config,
                "spec": settings.to_json(source.spec),
                "fingerprint": _fingerprint(config, source),
                "parameters": model.count_params(),
                **strategy.describe(chosen),
            },
        )
        for name, text in source.files.items():
            run.write_text(name, text)
        if strategy.worker().is_chief:
            watchers += recipe.watchers(run, model, source)  # first: they may add figures to choose by
            watchers.append(BestModel(prepared.objective.models, run.path, training.monitor))
            if not quiet:
                watchers.append(Progress())
        watchers.append(RunLog(run))
        if training.patience and _can_tell(training, len(source.validation)):
            watchers.append(
                keras.callbacks.EarlyStopping(
                    training.monitor,
                    patience=training.patience,
                    mode="max" if higher_is_better(training.monitor) else "min",
                )
            )
        loop = Loop(
            chosen,
            prepared.objective,
            prepared.schedule,
            prepared.stream,
            prepared.validation,
            callbacks=[*watchers, *callbacks],
            checkpoint_folder=run.checkpoint_path,
            stop=stop,
        )
        loop.restore()
    for warning in loop.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    return loop


def _can_tell(training: Training, validation: int) -> bool:
    """Whether so many validation examples tell when to stop early."""
    return validation >= training.min_validation or not training.monitor.startswith("val_")


def _load(run: Run, recipe: Recipe) -> Source:
    """The run's data, read by the tokenizers that it keeps where it has any."""
    return recipe.load(translation.kept_files(run))


def _fingerprint(config: Mapping[str, Any], source: Source) -> dict[str, Any]:
    """The fingerprint of a run's data; of an agent, which has no data, that of its environment."""
    has_examples = any(len(getattr(source, name)) for name in fingerprint.SPLITS)
    return fingerprint.of(source, None if has_examples else config["data"])


def _check_data(config: Mapping[str, Any], source: Source, splits: Collection[str], way_out: str) -> None:
    """Raise a DataChanged where the data of a run are not those that it was trained on."""
    change = fingerprint.compare(config, source, splits)
    if change:
        raise DataChanged(f"{change.sentence}. {fingerprint.WAY_OUT if change.meaning else way_out}")


def load_model(run: Run, player: str | None = None) -> keras.Model:
    """The run's best model.

    Args:
        run: With a model.
        player: Of several models that were trained against each other the name of one; None: the first.

    Raises:
        RunError: It has none yet, or the file is damaged.
    """
    path = run.model_path if player is None else run.path / f"{player}.keras"
    if path not in run.model_paths or not path.exists():
        raise RunError(f"run {run.name!r} has no {player or 'model'} yet: it appears after the first epoch")
    try:
        model = quarantine.load_kept(path)
    except (OSError, ValueError) as error:
        raise RunError(f"{path} can't be loaded: {_first_line(error)}") from error
    spec = fingerprint.stored_spec(run.config)
    if spec is not None and "models" not in run.config:
        _check_fits(path, model, spec)
    return allow_any_layer_names(model)


def _check_fits(path: Path, model: keras.Model, spec: Spec) -> None:
    """Raise a RunError where a model does not take what the data of its run are."""
    takes = [tuple(tensor.shape[1:]) for tensor in model.inputs]
    fits = any(
        len(shape) == len(spec.input_shape)
        and all(None in sizes or sizes[0] == sizes[1] for sizes in zip(shape, spec.input_shape, strict=True))
        for shape in takes
    )
    if not fits:
        shown = ", ".join(map(str, takes))
        raise RunError(
            f"{path} takes inputs of shape {shown}, and the data of its run have {spec.input_shape}: it is "
            f"the model of another run. Put the run's own file back"
        )
    if spec.target_tokens and (len(takes) != 2 or model.name not in ARCHITECTURES):
        raise RunError(f"{path} is no translator, as its run's models are. Put the run's own file back")


def spec_of(run: Run) -> Spec:
    """What the run's config says of its data; the data themselves need not be here.

    Raises:
        RunError: The training has not come as far as to read its data.
    """
    spec = fingerprint.stored_spec(run.config)
    if spec is None:
        raise RunError(f"run {run.name!r} has not read its data yet")
    return spec


def evaluate(
    run: Run, split: str = "test", changed_data: bool = False, save: bool | None = None
) -> dict[str, Any]:
    """The best model's figures on a split.

    Args:
        run: With a model.
        split: One of `SPLITS`.
        changed_data: Whether to measure although the examples of the split have changed since the run was
            trained. They are scaled as the run scales them, and the figures get a "note". Never with other
            classes, shapes or columns.
        save: Whether to write the figures to the run's `evaluation.json`; None: unless the run is one of the
            gallery, which ships with the suite.

    Raises:
        RunError: There is no model, no such split, or the figures can't be written.
        DataChanged: The data are not those that the run was trained on.
        DataUnavailable: The data can't be had.
    """
    if split not in SPLITS:
        raise RunError(settings.unknown("split", split, SPLITS))
    save = not run.ships if save is None else save
    if save:
        _check_writable(run.path / "evaluation.json", "Take --no-save to print the figures only")
    config = run.config
    recipe = recipes.from_config(config)
    source = _load(run, recipe)
    change = fingerprint.compare(config, source, (split,))
    if change and not (changed_data and not change.meaning):
        _check_data(
            config,
            source,
            (split,),
            way_out=f"{fingerprint.WAY_OUT}; or measure the data as they are now with --changed-data",
        )
    model = load_model(run)
    if change:
        source = fingerprint.rescaled(source, spec_of(run))
    figures = recipe.measure(model, source, split)
    if change:
        figures["note"] = change.sentence
    if save:
        try:
            run.write_json("evaluation.json", {**run.evaluation, split: figures})
        except OSError as error:
            raise RunError(
                f"{run.path / 'evaluation.json'} can't be written: {error.strerror or error}. "
                f"Take --no-save to print the figures only"
            ) from error
    return figures


def _check_writable(path: Path, way_out: str) -> None:
    """Raise a RunError where a file can't be written, before the work whose result it would hold."""
    probe = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(probe, "wb") as file:
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise RunError(f"{path} can't be written: {error.strerror or error}. {way_out}") from error
    finally:
        with contextlib.suppress(OSError):
            probe.unlink(missing_ok=True)


def predict(run: Run, lines: Iterable[str | bytes]) -> Iterator[dict[str, Any]]:
    """Answer inputs from outside.

    Args:
        run: With a model.
        lines: One an input, as the run's data are read: the path of an image or a sound, or a series or a
            point as numbers split by commas, or a sentence, or a text to continue. Bytes are UTF-8.

    Yields: What the recipe's own `predict` does; `{"input", "error"}` for an input that can't be read.

    Raises:
        RunError: There is no model, or it is one of many nets side by side.
    """
    recipe, spec = recipes.from_config(run.config), spec_of(run)
    predict = functools.partial(recipe.predict, load_model(run), spec, translation.kept_files(run))
    yield from prediction.line_by_line(predict, lines)


def export(run: Run, form: str, out: Path | None = None, runs_dir: Path = runs.RUNS) -> Path:
    """Write the best model in another format; the file is opened and compared with the model first.

    Args:
        run: With a model.
        form: One of `exporting.FORMATS`.
        out: Where to; None: `export/` in the run's folder, or `exports/` in `runs_dir` for a model of the
            gallery, which ships with the suite.
        runs_dir: Folder of the runs.

    Returns: The file, or for "savedmodel" the folder.

    Raises:
        RunError: There is no model, a package that the format needs is missing, the model can't be converted,
            or the file can't be written.
    """
    folder = Path(runs_dir) / "exports" if run.ships else run.path / "export"
    path = out or folder / f"{run.name}{exporting.SUFFIXES[form]}"
    _check_writable(path, "Take another place: --out PATH")
    model = load_model(run)
    try:
        exporting.export_model(model, form, path)
    except ImportError as error:
        raise RunError(
            f"export to {form} needs packages that are not installed ({_first_line(error)}): "
            f"make install ONNX=1"
        ) from error
    except exporting.ExportError as error:
        raise RunError(str(error)) from error
    except OSError as error:
        reason = error.strerror or error
        raise RunError(f"{path} can't be written: {reason}. Take another place: --out PATH") from error
    return path


def _mark_failed(run: Run, message: str) -> None:
    with contextlib.suppress(OSError):  # a full disk must not hide what happened
        run.update_status(state="failed", error=message)


def _tell(error: Exception, run: Run) -> str:
    """What went wrong in one line: with the last good checkpoint, and what to do."""
    steps = sorted(path.name for path in run.checkpoint_path.glob("[0-9]*"))
    last = (
        f"the last good checkpoint is that of step {int(steps[-1])}"
        if steps
        else "there is no checkpoint yet"
    )
    if isinstance(error, NotFinite):
        return f"{error}; {last}. Try a lower --optimizer.learning_rate, or --optimizer.clip_norm 1"
    if isinstance(error, clusters.ClusterLost):
        return f"{error}; {last}. Start every process again with --resume"
    if isinstance(error, OSError):
        named = Path(str(error.filename)) if error.filename is not None else run.path
        if run.path.absolute() not in (named.absolute(), *named.absolute().parents):
            return f"{named} can't be used ({error.strerror or error}); {last}"
        return f"{run.path} can't be written ({error.strerror or error}); {last}. Make room, then --resume"
    return str(error)


def _check_space(path: Path, weights_bytes: int) -> None:
    """Raise a RunError where the disk of a folder, made or not, can't hold what a run will write."""
    needed = _COPIES * weights_bytes + _LOG_BYTES
    present = next(folder for folder in (path, *path.absolute().parents) if folder.exists())
    free = shutil.disk_usage(present).free
    if free < needed:
        raise RunError(
            f"{path} has {free / 2**20:.0f} MiB free, but the run needs about {needed / 2**20:.0f} MiB. "
            f"Make room, or take another --runs-dir"
        )


def _git_revision() -> str | None:
    """The revision of the code, with a mark where it has changes; None outside a checkout."""
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=12"],
            cwd=runs.ROOT,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
