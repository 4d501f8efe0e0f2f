"""Tasks that ask for nothing but memory, by a known rule: adding, copying, parity.

Each has a trivial baseline, the loss of the best answer that looks at none of what must be remembered.
"""

import math
from dataclasses import dataclass

import numpy as np

from data.sequences import Ragged, SequenceSplit
from data.source import DataUnavailable, Source, Spec, Split
from data.tables import number, read_line

SYMBOLS = 8  # that copying asks for
COPIED = 10  # symbols that are to be remembered
MOST_LENGTH = 2000
NEAR = 0.04  # a sum that is off by less is right


def _check(config) -> None:
    for name, most in (("length", MOST_LENGTH), ("examples", 200_000), ("held_out", 20_000)):
        if not 1 <= getattr(config, name) <= most:
            raise ValueError(f"{name} must be 1 to {most}. Received: {getattr(config, name)!r}")


@dataclass(frozen=True)
class Adding:
    """The adding problem (Hochreiter and Schmidhuber 1997, section 5.4): the sum of two marked numbers.

    A step is a number in [0, 1) and a mark; one number of each half is marked by 1.

    Args:
        length: Steps of a sequence.
        examples: Training sequences.
        held_out: Sequences of the validation, and as many of the test.
        seed: Another seed, other sequences.
    """

    length: int = 200
    examples: int = 50_000
    held_out: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        _check(self)
        if self.length < 2:
            raise ValueError(f"length must be at least 2: two numbers are marked. Received: {self.length!r}")

    @property
    def baseline(self) -> float:
        """Squared error of always answering 1: the variance of the sum of two uniform numbers."""
        return 1 / 6

    def right(self, outputs: np.ndarray, targets: np.ndarray) -> float:
        """The share of the sums that are right: off by less than `NEAR` (section 5.4).

        Args:
            outputs: What a net answers, `(N, 1)`; what is no number is wrong.
            targets: `(N, 1)`.
        """
        return float(np.mean(np.abs(outputs - targets) < NEAR))

    def load(self) -> Source:
        """Draw the sequences: inputs `(N, T, 2)`, targets `(N, 1)`."""
        return Source(
            self._split(self.examples, 0),
            self._split(self.held_out, 1),
            self._split(self.held_out, 2),
            Spec(
                name="adding",
                input_shape=(self.length, 2),
                classes=(),
                licence="none needed: made by a rule",
                citation="Hochreiter and Schmidhuber 1997, Long short-term memory, section 5.4",
                features=("number", "mark"),
                values=("sum",),
            ),
        )

    def read(self, line: str, spec: Spec) -> np.ndarray:
        """Steps as number and mark in turn, split by commas: `(T, 2)` float32.

        Raises:
            DataUnavailable: It is no sequence of that length.
        """
        return _numbers(line, "adding", 2 * self.length).reshape(self.length, 2)

    def _split(self, size: int, side: int) -> Split:
        random = np.random.default_rng((self.seed, side))
        inputs = np.zeros((size, self.length, 2), "float32")
        inputs[..., 0] = random.random((size, self.length), "float32")
        half = self.length // 2
        first, second = random.integers(half, size=size), random.integers(half, self.length, size=size)
        rows = np.arange(size)
        inputs[rows, first, 1] = inputs[rows, second, 1] = 1
        return Split(inputs, (inputs[rows, first, 0] + inputs[rows, second, 0])[:, None])


@dataclass(frozen=True)
class Copying:
    """The copy memory task (Arjovsky et al. 2016, arXiv:1511.06464, section 4.1).

    `COPIED` symbols, `length` blanks but for a signal at the last of them, and as many blanks again, at
    which the symbols are to be repeated; a blank is to be answered before.

    Args:
        length: Blanks between the symbols and their copy.
        examples: Training sequences.
        held_out: Sequences of the validation, and as many of the test.
        seed: Another seed, other sequences.
    """

    length: int = 200
    examples: int = 20_000
    held_out: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        _check(self)

    @property
    def baseline(self) -> float:
        """Loss of a memoryless answer: blanks where they are due, then each symbol as likely as another."""
        return COPIED * math.log(SYMBOLS) / (self.length + 2 * COPIED)

    def right(self, outputs: np.ndarray, targets: np.ndarray) -> float:
        """The share of the symbols that are repeated right, whatever is answered before.

        Args:
            outputs: Logits at every step, `(N, T, 1 + SYMBOLS)`; a symbol with a NaN among its own is wrong.
            targets: `(N, T)`.
        """
        logits = np.asarray(outputs)[:, -COPIED:]
        found = (logits.argmax(-1) == np.asarray(targets)[:, -COPIED:]) & ~np.isnan(logits).any(-1)
        return float(np.mean(found))

    def load(self) -> Source:
        """Draw the sequences: tokens in, a class at every step out."""
        return Source(
            self._split(self.examples, 0),
            self._split(self.held_out, 1),
            self._split(self.held_out, 2),
            Spec(
                name="copy_memory",
                input_shape=(self.length + 2 * COPIED,),
                classes=("blank", *(str(symbol) for symbol in range(1, SYMBOLS + 1))),
                licence="none needed: made by a rule",
                citation="Arjovsky et al. 2016, Unitary evolution recurrent networks, arXiv:1511.06464",
                tokens=SYMBOLS + 3,  # token 0 is no step's; then the symbols, the blank, the signal
                every_step=True,
            ),
        )

    def read(self, line: str, spec: Spec) -> np.ndarray:
        """The symbols to be remembered, 1 to 8, split by commas, as the whole sequence of tokens `(T,)`.

        Raises:
            DataUnavailable: They are not ten such symbols.
        """
        symbols = _numbers(line, "copy_memory", COPIED)
        if not np.isin(symbols, np.arange(1, SYMBOLS + 1)).all():
            raise DataUnavailable(f"copy_memory: symbols are 1 to {SYMBOLS}. Received: {line.strip()[:80]!r}")
        return self._tokens(symbols[None].astype("int32"))[0]

    def _tokens(self, symbols: np.ndarray) -> np.ndarray:
        """`(N, COPIED)` symbols as inputs `(N, T)`."""
        tokens = np.full((len(symbols), self.length + 2 * COPIED), SYMBOLS + 1, "int32")
        tokens[:, :COPIED] = symbols
        tokens[:, COPIED + self.length - 1] = SYMBOLS + 2
        return tokens

    def _split(self, size: int, side: int) -> SequenceSplit:
        random = np.random.default_rng((self.seed, side))
        symbols = random.integers(1, SYMBOLS + 1, (size, COPIED), dtype="int32")
        targets = np.zeros((size, self.length + 2 * COPIED), "int32")
        targets[:, -COPIED:] = symbols
        return SequenceSplit(Ragged.of(list(self._tokens(symbols))), Ragged.of(list(targets)))


@dataclass(frozen=True)
class Parity:
    """Running parity: at each step whether the ones so far are even or odd; one bit to be remembered.

    Args:
        length: Most steps of a training sequence; their lengths are 1 to this, all equally likely.
        test_length: Steps of every test sequence, to see whether what was learned goes on.
        examples: Training sequences.
        held_out: Sequences of the validation (as long as those of the training), and of the test.
        seed: Another seed, other sequences.
    """

    length: int = 40
    test_length: int = 200
    examples: int = 20_000
    held_out: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        _check(self)
        if not 1 <= self.test_length <= MOST_LENGTH:
            raise ValueError(f"test_length must be 1 to {MOST_LENGTH}. Received: {self.test_length!r}")

    @property
    def baseline(self) -> float:
        """Loss of a coin, log 2: all bits but one say nothing of the parity."""
        return math.log(2)

    def load(self) -> Source:
        """Draw the sequences: bits as tokens 1 and 2 in, a class at every step out."""
        return Source(
            self._split(self.examples, 0),
            self._split(self.held_out, 1),
            self._split(self.held_out, 2),
            Spec(
                name="parity",
                input_shape=(None,),
                classes=("even", "odd"),
                licence="none needed: made by a rule",
                citation="Minsky and Papert 1969, Perceptrons",
                tokens=3,
                every_step=True,
            ),
        )

    def read(self, line: str, spec: Spec) -> np.ndarray:
        """Bits split by commas, `(T,)` tokens.

        Raises:
            DataUnavailable: They are no bits, or too many.
        """
        bits = _numbers(line, "parity")
        if not np.isin(bits, (0, 1)).all():
            raise DataUnavailable(f"parity: bits are 0 or 1. Received: {line.strip()[:80]!r}")
        return bits.astype("int32") + 1

    def _split(self, size: int, side: int) -> SequenceSplit:
        random = np.random.default_rng((self.seed, side))
        lengths = random.integers(1, self.length + 1, size) if side < 2 else [self.test_length] * size
        bits = [random.integers(0, 2, length, dtype="int32") for length in lengths]
        return SequenceSplit(Ragged.of([b + 1 for b in bits]), Ragged.of([b.cumsum() % 2 for b in bits]))


def _numbers(line: str, name: str, count: int | None = None) -> np.ndarray:
    """The numbers of a line, float32."""
    cells = read_line(line)
    if len(cells) > 2 * MOST_LENGTH or (count is not None and len(cells) != count):
        wanted = f"{count}" if count else f"at most {2 * MOST_LENGTH}"
        raise DataUnavailable(f"{name}: {wanted} numbers are needed, split by commas. Received: {len(cells)}")
    values = [number(cell) for cell in cells]
    for cell, value in zip(cells, values, strict=True):
        if value is None:
            raise DataUnavailable(f"{name}: {cell[:40]!r} is no number")
    return np.array(values, "float32")
