"""Answers of a trained model to inputs from outside, a line each."""

import functools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import keras

import models
from data import DataUnavailable, Spec
from data.files import BadLine, lines_of
from inspection import endings
from training import translation, writing
from training.runs import RunError
from training.translation import Translator
from training.writing import Writer


def line_by_line(
    predict: Callable[[Iterable[str]], Iterator[dict[str, Any]]], lines: Iterable[str | bytes]
) -> Iterator[dict[str, Any]]:
    """Answer lines of which some may be no text.

    Args:
        predict: Function from lines to their answers, in the same order.
        lines: As they come from a file or from standard input.

    Yields: What `predict` does; `{"input", "error"}` in the place of a line that is not UTF-8.
    """
    bad: deque[dict[str, Any]] = deque()

    def texts() -> Iterator[str]:
        for line in lines_of(lines):
            if isinstance(line, BadLine):
                bad.append({"input": line.line, "error": str(line)})
            else:
                yield line

    for answer in predict(texts()):
        while bad:  # lines before this one
            yield bad.popleft()
        yield answer
    yield from bad


def answers(
    recipe: Any, model: keras.Model, spec: Spec, kept: Mapping[str, str], lines: Iterable[str]
) -> Iterator[dict[str, Any]]:
    """Answer inputs.

    Args:
        recipe: The run's, see `recipe.Recipe`.
        model: Its best.
        spec: Of its data.
        kept: Its tokenizers, by file name.
        lines: One an input, as the data are read: the path of an image or a sound, or a series or a point as
            numbers split by commas, or a sentence, or a text to continue.

    Yields: `{"input", "output", "probabilities"}` an input, or `{"input", "output"}` with a value by each
        name where values are predicted, or a class for each step; for a sentence see
        `translation.predict`, for a text `writing.predict`; `{"input", "error"}` for one that can't be read.

    Raises:
        RunError: The model is many nets side by side.
    """
    if spec.target_tokens:
        yield from translation.predict(Translator(model, kept), lines)
        return
    if hasattr(models.ARCHITECTURES[recipe.architecture], "kinds"):
        raise RunError("the run holds many nets side by side; its sweep.json says how each did")
    if spec.continued:
        yield from writing.predict(Writer(model, kept, spec.input_shape[0]), lines)
        return
    read = functools.partial(recipe.data.read, kept=kept) if kept else recipe.data.read
    for line in lines:
        try:
            inputs = read(line, spec)
        except DataUnavailable as error:
            yield {"input": line, "error": str(error)}
            continue
        outputs = model(inputs[None], training=False)[0]
        if spec.every_step:
            found = keras.ops.convert_to_numpy(keras.ops.argmax(outputs, axis=-1))
            yield {"input": line, "output": [spec.classes[answer] for answer in found.tolist()]}
            continue
        if spec.values:
            values = keras.ops.convert_to_numpy(outputs) * (spec.value_spread or 1) + (spec.value_centre or 0)
            yield {"input": line, "output": dict(zip(spec.values, values.tolist(), strict=True))}
            continue
        probabilities = endings.probabilities(model, keras.ops.convert_to_numpy(outputs))
        if len(probabilities) != len(spec.classes):
            raise RunError(
                f"the model gives {len(probabilities)} probabilities, and the run's data have "
                f"{len(spec.classes)} classes: the model is of other data"
            )
        yield {
            "input": line,
            "output": spec.classes[int(probabilities.argmax())],
            "probabilities": {
                name: round(float(value), 6) for name, value in zip(spec.classes, probabilities, strict=True)
            },
        }
