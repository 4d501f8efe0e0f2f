"""What charts of trainings show: where rows stand, and what the axis is called."""

from apps import charts

AGENT = [{"step": 1, "global_step": 8192, "epoch": 1.0, "loss": 1.0}]
OTHER = [{"step": 5, "epoch": 0.5, "loss": 1.0}]


def test_an_agents_rows_stand_at_steps_of_its_environments():
    assert charts.place_of(AGENT[0], "step") == 8192
    assert charts.place_of(AGENT[0], "epoch") == 1.0
    assert charts.place_of(OTHER[0], "step") == 5
    assert charts.title_of("step", [AGENT]) == "environment steps"
    assert charts.title_of("step", [OTHER]) == "step"
    assert charts.title_of("step", [AGENT, OTHER]) == "step; environment step of agents"
    assert charts.title_of("seconds", [AGENT]) == "seconds of training"


def test_a_place_is_no_figure():
    assert charts.figures_of([AGENT, OTHER]) == ["loss"]
