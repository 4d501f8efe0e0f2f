"""The gallery: small trained models that ship with the suite, each a run folder without its checkpoint."""

import shutil
from pathlib import Path

from training import recipes, runs, timeline, trainer
from training.callbacks import higher_is_better
from training.loop import Stop
from training.runs import Run

RECIPES = (
    "digits_cnn",
    "mnist_cnn",
    "mnist_tiny_cnn",
    "fashion_cnn",
    "digits_mlp",
    "fashion_mlp",
    "clips_cnn",
    "waveforms_cnn",
    "spoken_digits_cnn",
    "function_mlp",
    "surface_mlp",
    "points_mlp",
    "abs_sweep",
    "sine_sweep",
    "adding_rnn",
    "adding_gru",
    "adding_lstm",
    "adding_both_lstm",
    "adding_encoder",
    "copy_memory_gru",
    "numbers_seq2seq",
    "numbers_folded_seq2seq",
    "multi30k_small_seq2seq",
    "multi30k_small_no_attention_seq2seq",
    "tatoeba_seq2seq",
    "tatoeba_transformer",
    "pronouns_encoder",
    "pronouns_transformer",
    "shakespeare_gpt",
    "points_gan",
    "digits_gan",
    "fashion_gan",
    "cartpole_ppo",
    "cartpole_dqn",
    "cartpole_masked_lstm",
    "memory_chain_lstm",
    "t_maze_lstm",
    "t_maze_encoder",
    "acrobot_ppo",
    "mountain_car_ppo",
    "breakout_ppo",
    "breakout_cnn_ppo",
    "breakout_lstm_ppo",
    "breakout_encoder_ppo",
    "freeway_ppo",
    "space_invaders_ppo",
    "asterix_ppo",
    "seaquest_ppo",
)
FILES = ("config.json", "metrics.jsonl", "evaluation.json")
# Of those that have them.
MORE = ("snapshots.npz", "sweep.json", "source_tokenizer.json", "target_tokenizer.json", "tokenizer.json")
STATUS = ("state", "step", "steps", "created", "updated")  # the rest is of the machine that trained it


def make(name: str, directory: Path, stop: Stop) -> tuple[Run, bool]:
    """Train a recipe in full, or go on with the run of its name, and publish it where it is better.

    Args:
        name: Of the recipe, and of its run.
        directory: Where the run is trained; a finished run there is not trained again.
        stop: Ends the training early; nothing is published then.

    Returns: The run, and whether it now stands in the gallery.
    """
    if (directory / name / "config.json").exists():
        run = Run(directory / name)
        if run.state != "finished":
            trainer.train(run, stop=stop)
    else:
        run, _ = trainer.start(recipes.find(name), directory, name, stop=stop)
    return run, run.state == "finished" and publish(run)


def publish(run: Run) -> bool:
    """Copy a run into the gallery, unless the model there is as good on the validation split."""
    shown = Run(runs.GALLERY / run.config["recipe"])
    for split in ("validation", "test"):
        if split not in run.evaluation:
            trainer.evaluate(run, split)
    if shown.model_path.exists():
        figure = run.config["training"]["monitor"].removeprefix("val_")
        new, old = (r.evaluation["validation"][figure] for r in (run, shown))
        if (new <= old) if higher_is_better(figure) else (new >= old):
            return False
    shown.path.mkdir(parents=True, exist_ok=True)
    for name in (*FILES, *(path.name for path in run.model_paths), *MORE):
        if (run.path / name).exists():
            with runs.written_aside(shown.path / name) as aside:
                shutil.copy(run.path / name, aside)
        else:
            (shown.path / name).unlink(missing_ok=True)
    shutil.rmtree(shown.path / timeline.FOLDER, ignore_errors=True)
    if (run.path / timeline.FOLDER).exists():
        shutil.copytree(run.path / timeline.FOLDER, shown.path / timeline.FOLDER)
    shown.write_json("status.json", {name: run.status[name] for name in STATUS if name in run.status})
    return True
