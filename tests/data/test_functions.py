"""Formulas are arithmetic and nothing else; functions give the points, values and scale that they say."""

import numpy as np
import pytest

from data import DataUnavailable, formula, functions

X = np.array([-1.0, 0.25, 2.0])
Y = np.array([3.0, -2.0, 0.5])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sin(3 * x) + x / 2", np.sin(3 * X) + X / 2),
        ("x^2 - 2^x", X**2 - 2**X),
        ("-x ** 2", -(X**2)),
        ("2^-1 * x", X / 2),
        ("x % 2", X % 2),
        ("min(x, 0) + max(x, 1)", np.minimum(X, 0) + np.maximum(X, 1)),
        ("abs(x) * sign(x) + floor(x)", X + np.floor(X)),
        ("exp(-x^2) * cos(pi * x) + log(e)", np.exp(-(X**2)) * np.cos(np.pi * X) + 1),
        ("7", np.full(3, 7.0)),
    ],
)
def test_formulas_of_x(text, expected):
    np.testing.assert_allclose(formula.evaluate(text, x=X), expected)
    assert formula.variables(text) == ("x",)


def test_a_formula_of_x_and_y():
    assert formula.variables("x * y - tanh(y)") == ("x", "y")
    np.testing.assert_allclose(formula.evaluate("x * y - tanh(y)", x=X, y=Y), X * Y - np.tanh(Y))


def test_what_is_not_finite_is_for_the_caller_to_see():
    found = formula.evaluate("1 / (x - 2)", x=X)
    assert np.isinf(found[2])
    assert np.isfinite(found[:2]).all()
    assert np.isnan(formula.evaluate("sqrt(x)", x=X)[0])


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "open('/etc/passwd')",
        "x.__class__",
        "(1).__class__.__bases__",
        "sin.__call__(x)",
        "x[0]",
        "[x for x in (1, 2)]",
        "(lambda: x)()",
        "sin(x, out=x)",
        "min(x, 0, x)",
        "sin(*x)",
        "sin(**x)",
        "sin",
        "'a' * 9",
        "f'{x}'",
        "x if x else 1",
        "x > 0",
        "x and 1",
        "True",
        "None",
        "1j * x",
        "x; x",
        "x\nx",
        "y = x",
        "(x := 1)",
        "import os",
        "print(x)",
        "eval('x')",
        "y",
        "a",
        "x +",
        "sin(x",
        "sin()",
        "",
        "   ",
        "\0",
        "x" * 500,
        "(" * 150 + "x" + ")" * 150,
        "9" * 199 + "x",
        "é",
        "x ~ 1",
        "x // 2",
        "x @ x",
        "x << 2",
        "not x",
    ],
)
def test_what_is_no_formula_is_told_in_a_sentence(text):
    with pytest.raises(formula.FormulaError) as error:
        formula.evaluate(text, x=X)
    message = str(error.value)
    assert message.endswith(".")
    assert "\n" not in message
    assert len(message) < 250


def test_a_formula_changes_no_point_and_takes_no_time():
    points = X.copy()
    formula.evaluate("max(x, 0) + abs(x)", x=points)
    np.testing.assert_array_equal(points, X)
    assert not np.isfinite(formula.evaluate("9^9^9^9^9", x=X)).any()
    np.testing.assert_allclose(formula.evaluate("-" * 150 + "x", x=X), X)


def test_points_and_values_are_brought_to_one_scale_and_back():
    settings = functions.Config(formula="1000 * x + 5", low=10, high=30)
    source = settings.load()
    spec = source.spec
    assert spec.features == ("x",)
    assert not spec.classes
    assert spec.outputs == 1
    for split in (source.train, source.validation, source.test):
        assert np.abs(split.inputs).max() <= 1
        assert np.abs(split.targets).max() <= 1
        points = split.inputs * spec.spread[0] + spec.centre[0]
        values = split.targets * spec.value_spread[0] + spec.value_centre[0]
        np.testing.assert_allclose(values, 1000 * points + 5, rtol=1e-5)
    assert source.train.inputs.min() < -0.98
    assert source.train.inputs.max() > 0.98


def test_as_it_is_where_that_is_asked_for():
    source = functions.Config(formula="abs(x)", low=-3, high=3, normalize=False).load()
    np.testing.assert_allclose(source.train.targets, np.abs(source.train.inputs), rtol=1e-6)
    assert source.train.inputs.max() > 2.9


def test_a_function_of_the_plane():
    settings = functions.Config(formula="x - 2 * y", low=-1, high=1, examples=300)
    source = settings.load()
    assert source.spec.input_shape == (2,)
    assert len(source.train) == 300
    expected = (source.train.inputs[:, 0] - 2 * source.train.inputs[:, 1]) / 3
    np.testing.assert_allclose(source.train.targets[:, 0], expected, atol=1e-6)
    grid = settings.grid(3)
    assert grid.tolist()[:4] == [[-1, -1], [-1, 0], [-1, 1], [0, -1]]


def test_a_drawn_curve_is_joined_by_straight_lines():
    settings = functions.Config(heights=(0.0, 1.0, -1.0), low=0, high=2)
    np.testing.assert_allclose(
        settings.values(np.array([[0.0], [0.5], [1.0], [1.5], [2.0]])), [0, 0.5, 1, 0, -1]
    )
    source = settings.load()
    points = source.train.inputs[:, 0] + 1
    np.testing.assert_allclose(
        source.train.targets[:, 0], np.interp(points, [0, 1, 2], [0, 1, -1]), atol=1e-6
    )


def test_noise_is_on_what_is_learned_alone():
    plain, noisy = functions.Config().load(), functions.Config(noise=0.5, examples=1000).load()
    np.testing.assert_array_equal(noisy.train.inputs, plain.train.inputs)
    assert (noisy.train.targets - plain.train.targets).std() == pytest.approx(0.5, rel=0.1)
    np.testing.assert_array_equal(noisy.validation.targets, plain.validation.targets)
    np.testing.assert_array_equal(noisy.test.targets, plain.test.targets)


def test_splits_share_no_point_and_seeds_change_them():
    source, other = functions.Config().load(), functions.Config(seed=1).load()
    sides = [set(split.inputs[:, 0].tolist()) for split in (source.train, source.validation, source.test)]
    assert len(set.union(*sides)) == sum(map(len, sides))
    assert sides[0] != set(other.train.inputs[:, 0].tolist())


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"formula": "1 / x", "low": -1, "high": 1}, r"1 / x has no finite value at x = 0"),
        ({"formula": "log(x)", "low": 0, "high": 1}, "log.x. has no finite value at x = 0"),
        ({"formula": "x + ("}, "it can't be read"),
        ({"formula": "1 / (x * y)", "low": -1, "high": 1}, r"has no finite value at x = -1, y = 0"),
    ],
)
def test_a_function_without_values_is_told(settings, said):
    config = functions.Config(**settings)
    for refuse in (config.spec, config.load):
        with pytest.raises(DataUnavailable, match=said):
            refuse()


def test_a_constant_is_a_function():
    source = functions.Config(formula="3").load()
    assert (source.train.targets == 0).all()
    assert source.spec.value_centre == (3.0,)


def test_a_point_is_read_in_its_own_units():
    settings = functions.Config(formula="x + y", low=0, high=10)
    spec = settings.load().spec
    np.testing.assert_allclose(settings.read("0, 7.5", spec), [-1.0, 0.5])
    with pytest.raises(
        DataUnavailable, match="a point is two numbers, x and y, such as 0.3, -1.2. Received: '1'"
    ):
        settings.read("1", spec)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"low": 1, "high": 1}, "low must lie below high"),
        ({"high": 1e9}, "both within a million"),
        ({"noise": -1}, "noise must be 0 to 10"),
        ({"examples": 1}, "examples must be 2 to 1,000,000"),
        ({"heights": (1.0,)}, "heights must be 2 to 1024 numbers"),
        ({"heights": (1.0, float("nan"))}, "heights must be finite"),
        ({"seed": -1}, "seed must be at least 0"),
    ],
)
def test_bounds_are_named(settings, said):
    with pytest.raises(ValueError, match=said):
        functions.Config(**settings)
