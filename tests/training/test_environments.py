"""Any environment of Gymnasium from the command line: arguments, limits, wrappers, settings by its id."""

import json
import sys

import gymnasium
import pytest

from games import GameError, playable
from games.outside import TIME_LIMIT, Gymnasium
from games.wrappers import ALLOWED, Wrappers
from tests.conftest import error_lines, run_here
from tests.games import toys
from training import agent, recipes
from training.recipes import environments
from training.runs import Run
from training.settings import JSONObject, SettingsError

LAKE = '{"map_name": "8x8", "is_slippery": false}'
QUICK = ("--agent.worlds", 4, "--agent.horizon", 8, "--agent.minibatches", 2, "--agent.epochs", 1)


def train(folder, *words, name="mine"):
    options = ("--runs-dir", folder, "--name", name, *QUICK, *words)
    return run_here("training", "train", "gymnasium_ppo", *options)


def test_arguments_of_an_environment_are_kept_and_obeyed(tmp_path, capsys):
    words = ("--data.id", "FrozenLake-v1", "--data.kwargs", LAKE, "--data.max_episode_steps", 20)
    assert train(tmp_path, *words, "--training.steps", 96, "--training.epochs", 2) == 0
    run = Run(tmp_path / "mine")
    assert json.loads(run.config["data"]["kwargs"]) == {"is_slippery": False, "map_name": "8x8"}
    assert run.config["spec"]["input_shape"] == [64]
    game = recipes.from_config(run.config).game
    assert game == playable("gymnasium", id="FrozenLake-v1", kwargs=json.loads(LAKE), max_episode_steps=20)
    assert hash(game) == hash(Gymnasium("FrozenLake-v1", LAKE, 20))
    env = game._make()
    assert (env.spec.max_episode_steps, env.unwrapped.desc.shape) == (20, (8, 8))
    probabilities = [outcome[0] for outcome in env.unwrapped.P[0][0]]
    assert probabilities == [1.0]  # not slippery
    capsys.readouterr()
    assert run_here("games", "evaluate", "mine", "--runs-dir", tmp_path, "--json", "--episodes", 4) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["steps"] <= 4 * 20


def test_a_row_is_written_once_and_tells_steps_of_the_environment(tmp_path):
    """Three updates in two epochs: the training ends within the second."""
    assert train(tmp_path, "--training.steps", 96, "--training.epochs", 2) == 0
    run = Run(tmp_path / "mine")
    rows = run.metrics()
    assert [row["step"] for row in rows] == sorted({row["step"] for row in rows})
    assert rows[-1]["step"] == 3
    assert all(row["global_step"] == row["step"] * 4 * 8 for row in rows)
    assert all(row["steps_per_second"] > 0 for row in rows)
    assert {"policy_loss", "explained_variance", "val_return"} <= rows[-1].keys()
    events = _tensorboard_steps(run, "return")
    assert set(events) <= {32, 64, 96}


def _tensorboard_steps(run: Run, name: str) -> list[int]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(run.path / "tensorboard"), size_guidance={"tensors": 0}).Reload()
    tags = events.Tags()["tensors"]
    return [event.step for event in events.Tensors(name)] if name in tags else []


def test_an_environment_without_a_limit_gets_one_and_it_is_said(tmp_path, capsys):
    id = "CliffWalking-v1"
    assert gymnasium.registry[id].max_episode_steps is None
    assert Gymnasium(id).limit == Gymnasium(id)._make().spec.max_episode_steps == TIME_LIMIT
    assert Gymnasium(id, max_episode_steps=7).limit == 7
    assert Gymnasium("MountainCar-v0").limit == 200
    words = ("--data.id", id, "--data.max_episode_steps", 16, "--training.steps", 64, "--training.epochs", 1)
    assert train(tmp_path, *words) == 0
    (note,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("note:")]
    assert note == (
        "note: CliffWalking-v1 has no time limit of its own: its episodes are truncated after 16 steps; "
        "--data.max_episode_steps sets another limit"
    )
    assert Run(tmp_path / "mine").metrics()[-1]["val_length"] <= 16


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("--data.kwargs", '{"is_slipery": 1}'),
            "there is no argument 'is_slipery'. Did you mean is_slippery?",
        ),
        (("--data.kwargs", "{is_slippery: 1}"), "data.kwargs must be JSON (Expecting property name"),
        (("--data.kwargs", "[1]"), "data.kwargs must be a JSON object, such as"),
        (("--data.kwargs", '{"map_name": "9x9"}'), "FrozenLake-v1 can't be made: "),
        (("--data.kwargs", '{"render_mode": "human"}'), "data.kwargs can't hold render_mode: pictures are"),
        (
            ("--data.kwargs", '{"max_episode_steps": 3}'),
            "can't hold max_episode_steps: set data.max_episode_s",
        ),
        (("--data.max_episode_steps", "-1"), "data.max_episode_steps must be at least 0. Received: -1"),
        (("--data.wrappers", "os.system"), "data.wrappers can't hold that: there is no wrapper 'os.system'"),
        (("--data.wrappers", "FrameStackObservatio"), "Did you mean FrameStackObservation"),
        (("--data.wrappers", "NormalizeObservation"), "set model.normalize_observations to true"),
        (("--data.wrappers", "TimeLimit"), "data.wrappers can't hold TimeLimit: set data.max_episode_steps"),
        (
            ("--data.wrappers", '[{"StickyAction": {"probability": 1}}]'),
            "wrapper StickyAction: there is no arg",
        ),
        (
            ("--data.wrappers", '[{"a": {}, "b": {}}]'),
            "must hold names, or objects of one name and its argum",
        ),
        (("--data.wrappers", "GrayscaleObservation"), "wrapper GrayscaleObservation does not fit: "),
        (("--model.activation", "rleu"), "model.activation must be one of"),
        (("--training.batch_size", "64"), "training.batch_size must be 128 for an agent"),
        (("--training.evaluation_steps", "3"), "training.evaluation_steps must be at least 4. Received: 3"),
    ],
)
def test_what_does_not_fit_is_said_before_there_is_a_folder(words, message, tmp_path, capsys):
    assert train(tmp_path, "--data.id", "FrozenLake-v1", *words) == 2
    (line,) = error_lines(capsys.readouterr().err)
    assert message in line
    assert not list(tmp_path.iterdir())


def test_continuous_actions_are_refused_with_a_way_out_that_works(tmp_path, capsys):
    assert train(tmp_path, "--data.id", "Pendulum-v1") == 2
    (line,) = error_lines(capsys.readouterr().err)
    assert not list(tmp_path.iterdir())
    _, _, hint = line.partition("--data.wrappers '")
    wrappers = hint.rstrip("'")
    words = ("--data.id", "Pendulum-v1", "--data.wrappers", wrappers, "--training.steps", 32)
    assert train(tmp_path, *words, "--training.epochs", 1, "--data.max_episode_steps", 8) == 0
    assert len(Run(tmp_path / "mine").config["spec"]["classes"]) == 5


def test_a_missing_package_is_named_before_there_is_a_folder(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "Box2D", None)
    for name in [one for one in sys.modules if one.startswith("gymnasium.envs.box2d")]:
        monkeypatch.delitem(sys.modules, name)
    assert train(tmp_path, "--data.id", "LunarLander-v3") == 2
    (line,) = error_lines(capsys.readouterr().err)
    assert "LunarLander-v3 needs a package that is missing: " in line
    assert line.endswith("(here: make install BOX2D=1)")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("", []),
        ("TimeAwareObservation", [("TimeAwareObservation", {})]),
        (
            "TimeAwareObservation, FlattenObservation",
            [("TimeAwareObservation", {}), ("FlattenObservation", {})],
        ),
        ('[{"FrameStackObservation": {"stack_size": 4}}]', [("FrameStackObservation", {"stack_size": 4})]),
        (["FlattenObservation"], [("FlattenObservation", {})]),
        ({"RepeatAction": {"num_repeats": 2}}, [("RepeatAction", {"num_repeats": 2})]),
    ],
)
def test_wrappers_are_read_from_names_and_json(text, pairs):
    read = Wrappers(text)
    assert read.pairs == pairs
    assert Wrappers(read) == read  # a run's config is read again


@pytest.mark.parametrize(
    ("id", "wrappers", "shape"),
    [
        ("CartPole-v1", "TimeAwareObservation", (5,)),
        ("CartPole-v1", '[{"FrameStackObservation": {"stack_size": 3}}]', (3, 4)),
        ("CartPole-v1", '[{"RescaleObservation": {"min_obs": -1, "max_obs": 1}}]', None),  # no bounds
        ("MountainCar-v0", '[{"RescaleObservation": {"min_obs": -1, "max_obs": 1}}]', (2,)),
        ("MountainCar-v0", '[{"ReshapeObservation": {"shape": [2, 1]}}]', (2, 1)),
        ("Blackjack-v1", "FlattenObservation", (45,)),
        ("MountainCar-v0", '[{"DiscretizeObservation": {"bins": [3, 4]}}]', (12,)),
        (
            "MountainCar-v0",
            '[{"StickyAction": {"repeat_action_probability": 0.2}}, "TimeAwareObservation"]',
            (3,),
        ),
    ],
)
def test_wrappers_change_what_is_seen(id, wrappers, shape):
    game = Gymnasium(id, wrappers=wrappers)
    if shape is None:
        with pytest.raises(GameError, match="wrapper RescaleObservation does not fit"):
            game.observation_shape  # noqa: B018 - it is what asks
        return
    assert game.observation_shape == shape
    worlds = game.open([1, 2])
    assert worlds.seen.shape == (2, *shape)


def test_every_allowed_wrapper_is_gymnasiums_own():
    assert all(issubclass(getattr(gymnasium.wrappers, name), gymnasium.Wrapper) for name in ALLOWED)


def test_rewards_are_clipped_to_learn_from_and_scored_as_they_are():
    game = Gymnasium(toys.COUNT, wrappers='[{"ClipReward": {"max_reward": 2}}]')
    rewards = {}
    for learning in (True, False):
        worlds = game.open([3], learning=learning)
        rewards[learning] = [float(worlds.step([0]).reward[0]) for _ in range(3)]
    assert max(rewards[True]) <= 2
    assert rewards[False] == [1.0, 2.0, 3.0] or rewards[False][2] in (0.0, 3.0)


# Settings by id


@pytest.mark.parametrize("family", sorted(environments.PPO))
def test_settings_of_every_environment_are_settings(family):
    """Each fits the recipe's rules, on one replica."""
    id = f"{family}-v1" if family else "Any/Other-v0"
    recipe = recipes.find("gymnasium_ppo").override({"data.id": id})
    recipe.agent.check_replicas(1, remembers=False)
    assert recipe.data.id == id


def test_settings_of_an_environment_give_way_to_a_persons():
    base = recipes.find("gymnasium_ppo")
    lander = base.override({"data.id": "LunarLander-v3"})
    assert (lander.agent.discount, lander.agent.worlds, lander.training.steps) == (0.999, 16, 800_000)
    changed = base.override({"data.id": "LunarLander-v3", "agent.discount": 0.9, "training.steps": 10})
    assert (changed.agent.discount, changed.agent.worlds, changed.training.steps) == (0.9, 16, 10)
    assert base.override({"data.id": "CartPole-v1"}).agent == base.agent
    assert base.override({"agent.discount": 0.5}).agent.worlds == base.agent.worlds
    car = base.override({"data.id": "MountainCar-v0"})
    assert car.model["normalize_observations"] is True
    assert car.agent.normalize_rewards is True
    other = base.override({"data.id": "Blackjack-v1"})
    assert other.agent.normalize_rewards is True


def test_a_runs_config_is_read_back_without_settings_by_id():
    """What was set wins also where it is a default."""
    lander = recipes.find("gymnasium_ppo").override({"data.id": "LunarLander-v3", "agent.discount": 0.99})
    again = recipes.from_config(lander.to_config())
    assert again.to_config() == lander.to_config()
    assert again.agent.discount == 0.99


@pytest.mark.parametrize(
    ("id", "budget", "watched"),
    [
        ("CliffWalking-v1", 20_000, (20, 1000)),
        ("CartPole-v1", 20_000, (40, 500)),
        ("FrozenLake-v1", 20_000, (100, 100)),
        ("CliffWalking-v1", 2_000, (4, 500)),
    ],
)
def test_a_measurement_takes_no_more_steps_than_its_budget(id, budget, watched):
    training = agent.Practice(evaluation_steps=budget)
    base = recipes.find("gymnasium_ppo")
    made = agent.AgentRecipe(
        **{**{name: getattr(base, name) for name in ("name", "summary", "source", "architecture", "expected")},
           "data": Gymnasium(id), "training": training}
    )  # fmt: skip
    episodes, most = made._watched
    assert (episodes, most) == watched
    assert episodes * most <= budget


def test_json_settings_are_canonical_texts():
    assert JSONObject('{"b": 1,  "a": 2}') == JSONObject({"a": 2, "b": 1}) == '{"a": 2, "b": 1}'
    assert JSONObject({"x": [1, None]}).value == {"x": [1, None]}
    for wrong in ('{"x": NaN}', {"x": object()}, "3", "null"):
        with pytest.raises(ValueError, match="must"):
            JSONObject(wrong)
    with pytest.raises(SettingsError, match="kwargs must be a JSON object"):
        playable("gymnasium", kwargs="[]")
