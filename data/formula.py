"""Formulas of x, or of x and y, that a visitor types: arithmetic and a few functions, nothing else."""

import ast
from collections.abc import Callable

import numpy as np
import simpleeval

MOST = 200  # characters
NAMES = ("x", "y")
CONSTANTS = {"pi": np.pi, "e": np.e}
FUNCTIONS: dict[str, np.ufunc] = {
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "tanh": np.tanh,
    "atan": np.arctan,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "abs": np.absolute,
    "sign": np.sign,
    "floor": np.floor,
    "min": np.minimum,
    "max": np.maximum,
}
_OPERATORS = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: np.divide,
    ast.Mod: np.mod,
    ast.Pow: np.power,
    ast.USub: np.negative,
    ast.UAdd: np.positive,
}
# All that a formula is made of: no attribute, no index, no keyword, no comparison, no text.
_NODES = (ast.Expr, ast.Name, ast.UnaryOp, ast.BinOp, ast.Call, ast.Constant)


class FormulaError(ValueError):
    """A text is no formula; the message is a sentence for a person."""


def variables(text: str) -> tuple[str, ...]:
    """The variables of a formula in order, ("x",) for one that has none.

    Raises:
        FormulaError: The text is no formula.
    """
    found = {node.id for node in ast.walk(_parsed(text)) if isinstance(node, ast.Name)}
    return NAMES if "y" in found else NAMES[:1]


def evaluate(text: str, **values: np.ndarray) -> np.ndarray:
    """A formula's value at each point.

    Args:
        text: Such as "sin(3 * x) + y^2"; `^` and `**` both raise to a power.
        values: `(N,)` of each variable.

    Returns: `(N,)` float64; it may hold what is not finite, as 1 / x does at 0.

    Raises:
        FormulaError: The text is no formula of these variables.
    """
    parsed = _parsed(text)
    points = {name: np.array(value, "float64") for name, value in values.items()}
    evaluator = simpleeval.SimpleEval(
        operators={node: _of_numbers(function) for node, function in _OPERATORS.items()},
        functions={name: _of_numbers(function) for name, function in FUNCTIONS.items()},
        names={**CONSTANTS, **points},
    )
    evaluator.nodes = {node: evaluator.nodes[node] for node in _NODES}
    try:
        with np.errstate(all="ignore"):
            found = _of_numbers(np.positive)(evaluator.eval(text, previously_parsed=parsed))
    except simpleeval.FunctionNotDefined as error:
        raise _refused(
            text, f"there is no function {error.func_name}. There are: {', '.join(FUNCTIONS)}"
        ) from error
    except simpleeval.NameNotDefined as error:
        known = ", ".join([*values, *CONSTANTS])
        raise _refused(text, f"there is no {error.name}. There are: {known}") from error
    except (simpleeval.InvalidExpression, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise _refused(
            text, "it may hold numbers, x, y, + - * / % ^, brackets and functions alone"
        ) from error
    return np.broadcast_to(found, next(iter(points.values())).shape).astype("float64")


def _parsed(text: str) -> ast.Expr:
    """The formula's tree.

    Raises:
        FormulaError: It is too long, empty, or no expression.
    """
    if len(text) > MOST:
        raise FormulaError(f"A formula has at most {MOST} characters; this one has {len(text)}.")
    if not text.strip():
        raise FormulaError("Type a formula of x, such as sin(3 * x).")
    try:
        parsed = ast.parse(text.strip().replace("^", "**"), mode="exec").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise _refused(text, "it can't be read. Write it as in sin(3 * x) + x^2 / 2") from error
    if len(parsed) != 1 or not isinstance(parsed[0], ast.Expr):
        raise _refused(text, "it must be one expression, as in sin(3 * x) + x^2 / 2")
    return parsed[0]


def _of_numbers(function: np.ufunc) -> Callable:
    """The function for real numbers alone, as many as it takes: one more would be where it writes to."""

    def checked(*arguments):
        if len(arguments) != function.nin or any(map(_is_no_number, arguments)):
            raise TypeError("numbers alone")
        return function(*(np.asarray(argument, "float64") for argument in arguments))

    return checked


def _is_no_number(argument: object) -> bool:
    return isinstance(argument, bool) or not isinstance(argument, int | float | np.number | np.ndarray)


def _refused(text: str, why: str) -> FormulaError:
    shown = " ".join(text.split())
    return FormulaError(f"can't read the formula {shown[:40]}{'…' * (len(shown) > 40)}: {why}.")
