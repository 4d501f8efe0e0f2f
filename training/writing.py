"""Writing with a trained GPT: a prompt in, its continuation out, token by token or at once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from data.text import TOKENIZER_FILE
from data.text_tokens import from_json
from data.tokens import SPECIAL, UNKNOWN
from models import decoding, gpt

BEGINNING = "\n"  # what is read where a prompt is empty
MOST_CHARACTERS = 100_000  # of a prompt, or of a text whose surprise is told
WRITTEN = 200  # tokens that `predict` writes
_STEPS = 32  # of the compiled loop, or a multiple of it
NEVER = (*range(UNKNOWN - 1), UNKNOWN)  # special tokens that are never written: all but the end of a text


@dataclass(frozen=True)
class Drawing:
    """How the next token is drawn from what is likely; see `decoding.narrowed`.

    Raises:
        ValueError: A field breaks its rule; the message is for a person.
    """

    temperature: float = 0.8
    top_k: int = 0
    top_p: float = 1.0

    def __post_init__(self) -> None:
        if not 0 <= self.temperature <= 100:
            raise ValueError(
                f"temperature must be 0, which takes the likeliest token, to 100. "
                f"Received: {self.temperature!r}"
            )
        if self.top_k < 0:
            raise ValueError(f"top_k must be at least 0, which keeps all. Received: {self.top_k!r}")
        if not 0 < self.top_p <= 1:
            raise ValueError(f"top_p must be above 0 and at most 1. Received: {self.top_p!r}")


@dataclass(frozen=True)
class Likely:
    """What may come next.

    Args:
        tokens: From the likeliest on, `(K,)`.
        shares: What the model gives each, `(K,)`.
        drawn: What each is drawn with, after temperature, top-k and top-p, `(K,)`.
    """

    tokens: np.ndarray
    shares: np.ndarray
    drawn: np.ndarray


@dataclass(frozen=True)
class Written:
    """One token that was written.

    Args:
        token: It.
        likely: What might have come in its place.
        read: How many tokens before it were read.
    """

    token: int
    likely: Likely
    read: int


@dataclass(frozen=True)
class Reading:
    """What a GPT makes of a text as it reads; of the first token, before which is nothing, nothing.

    Args:
        nats: Negative log-likelihood of each token, `(N,)`; NaN of the first.
        preferred: The likeliest tokens in the place of each, the likeliest first, `(N, K)`; -1 of the first.
        shares: What the model gives each of them, `(N, K)`.
        characters: Of all tokens but the first.
    """

    nats: np.ndarray
    preferred: np.ndarray
    shares: np.ndarray
    characters: int

    @property
    def per_token(self) -> float:
        """Mean nats of a token; NaN where no token has any."""
        return float(np.mean(self.nats[1:])) if len(self.nats) > 1 else float("nan")

    @property
    def per_character(self) -> float:
        """Mean nats of a character."""
        return float(np.sum(self.nats[1:])) / self.characters if self.characters else float("nan")

    @property
    def perplexity(self) -> float:
        """Among how many tokens, were all alike, it would be as unsure of the next."""
        return float(np.exp(self.per_token))

    def most_surprising(self, most: int) -> list[int]:
        """Places of the most surprising tokens, the most surprising first."""
        order = np.argsort(-np.nan_to_num(self.nats, nan=-1.0), kind="stable")
        return [int(place) for place in order[: min(most, len(self.nats) - 1)]]


class Writer:
    """A trained GPT with its tokenizer; writing is one compiled loop with a cache of keys and values.

    Args:
        model: As `models.gpt.build` made it, or from its file.
        files: The tokenizer's text by file name.
        context: Most tokens that the model reads at once.
    """

    def __init__(self, model: keras.Model, files: Mapping[str, str], context: int) -> None:
        self.model = model
        self.tokenizer = from_json(files[TOKENIZER_FILE])
        self.context = context
        self._read_graph = gpt.read_graph(model)
        self._step_graph = gpt.step_graph(model)

    def read(self, prompt: str, first: bool = False) -> tuple[list[int], list[str]]:
        """The tokens of a prompt, at least one, and in sentences what was done about it.

        Args:
            prompt: Of any length.
            first: Whether of one that is too long the beginning is read; else its end.
        """
        notes = []
        if len(prompt) > MOST_CHARACTERS:
            which = "first" if first else "last"
            notes.append(f"only the {which} {MOST_CHARACTERS:,} of its {len(prompt):,} characters are read")
            prompt = prompt[:MOST_CHARACTERS] if first else prompt[-MOST_CHARACTERS:]
        strangers = self.tokenizer.strangers(prompt)
        if strangers:
            listed = " ".join(strangers[:10]) + (" ..." if len(strangers) > 10 else "")
            notes.append(f"never seen in training, and left out: {listed}")
            prompt = "".join(character for character in prompt if character not in set(strangers))
        if not prompt:
            notes.append("the prompt is empty: it begins with a new line")
        return [int(token) for token in self.tokenizer.encode(prompt or BEGINNING)], notes

    def begin(self, prompt: str) -> tuple[list[int], list[str]]:
        """As `read`, but of a prompt that leaves no room in the context the end alone."""
        tokens, notes = self.read(prompt)
        if len(tokens) > self.context - 1:
            notes.append(
                f"of its {len(tokens):,} tokens the last {self.context - 1} are read: that is the context"
            )
        return tokens[-(self.context - 1) or None :], notes

    def write(
        self, prompts: Sequence[str], most: int, drawing: Drawing = Drawing(), seed: int = 0
    ) -> list[tuple[str, list[str]]]:
        """Continuations of prompts, all at once.

        Where the context is full, its second half is read anew and the writing goes on behind it.

        Args:
            prompts: Of any lengths; of one that is longer than the context the end is read.
            most: Tokens that are written; fewer where the text ends.
            drawing: How each is drawn.
            seed: Decides every draw.

        Returns: For each prompt what was written, and in sentences what was done about the prompt.
        """
        read = [self.begin(prompt) for prompt in prompts]
        room = max(1, self.context // 2)
        texts = [list(tokens) for tokens, _ in read]
        starts = [len(tokens) for tokens in texts]
        done = 0
        while done < most:
            heads = [tokens[-room:] if done else tokens for tokens in texts]
            longest = max(map(len, heads))
            count = max(1, min(most - done, self.context - longest))
            # What is read at once, and the steps behind it, in few sizes: XLA compiles anew for each.
            begun = 2 ** int(np.log2(min(map(len, heads))))
            steps = min(
                -(-(longest - begun + count) // _STEPS) * _STEPS, max(self.context, longest + 1) - begun
            )
            given = np.full((len(heads), steps), -1, "int32")
            draws = np.zeros(given.shape, "float32")
            numbers = np.random.default_rng((seed, done)).random((len(heads), count), "float32")
            for place, head in enumerate(heads):
                told = len(head) - begun
                given[place, :told] = head[begun:]
                draws[place, told : told + count] = numbers[place]
            beginnings = np.array([head[:begun] for head in heads], "int32")
            found = self.continued(beginnings, given, draws, drawing)
            for tokens, head, row in zip(texts, heads, found.tolist(), strict=True):
                tokens += row[len(head) - begun :][:count]
            done += count
        results = []
        for tokens, start, (_, notes) in zip(texts, starts, read, strict=True):
            written = tokens[start:]
            end = SPECIAL.index("[END]")
            if end in written:
                written = written[: written.index(end)]
            results.append((self.tokenizer.decode(written), notes))
        return results

    def continued(
        self, prompts: np.ndarray, given: np.ndarray, draws: np.ndarray, drawing: Drawing
    ) -> np.ndarray:
        """What is drawn behind prompts `(B, P)`: tokens `(B, N)`; P + N is the context at the most.

        Args:
            prompts: Of one length.
            given: As `decoding.sample` has it, `(B, N)`.
            draws: Likewise.
            drawing: How each is drawn.
        """
        return self._continue(*map(tf.constant, (prompts, given, draws, *self._settings(drawing)))).numpy()

    def stream(
        self, tokens: Sequence[int], drawing: Drawing = Drawing(), seed: int = 0, most: int = 20
    ) -> Iterator[Written]:
        """Go on behind a text, each token when it is asked for, up to the end of the text: those of `write`.

        Args:
            tokens: As `begin` gives them, or longer: then the end of them is read.
            drawing: How each is drawn.
            seed: Decides every draw.
            most: How many of the likeliest tokens are told with each.
        """
        text = list(tokens)[-(self.context - 1) or None :]
        done = 0
        while True:
            head = text[-max(1, self.context // 2) :] if done else text
            generator = np.random.default_rng((seed, done))
            logits, states = self._begin(tf.constant([head], tf.int32))
            for position in range(len(head), max(len(head) + 1, self.context)):
                draw = tf.constant(generator.random(dtype="float32"))
                token, *likely = self._draw(logits, draw, *self._settings(drawing))
                token = int(token)
                yield Written(token, Likely(*(part[:most].numpy() for part in likely)), position)
                if token == SPECIAL.index("[END]"):
                    return
                text.append(token)
                done += 1
                if position + 1 < self.context:
                    places = (tf.constant([each], tf.int32) for each in (token, position))
                    logits, states = self._on(*places, states)

    def likely(self, tokens: Sequence[int], drawing: Drawing = Drawing(), most: int = 20) -> Likely:
        """The likeliest tokens behind a text, of which as much is read as the context holds."""
        logits = self._logits(tf.constant([list(tokens)[-self.context :]], tf.int32))[:, -1]
        _, *likely = self._draw(logits, tf.constant(0.0), *self._settings(drawing))
        return Likely(*(part[:most].numpy() for part in likely))

    def surprise(self, tokens: Sequence[int]) -> np.ndarray:
        """Negative log-likelihood of each token in nats, see `reading`."""
        return self.reading(tokens, most=1).nats

    def reading(self, tokens: Sequence[int], most: int = 4) -> Reading:
        """How surprising each token of a text is, and what the model would have preferred.

        A text that is longer than the context is read in windows that overlap by half, so that every token
        has half a context before it where there is as much.

        Args:
            tokens: Any number of them.
            most: How many preferred tokens are told.
        """
        nats = np.full(len(tokens), np.nan, "float32")
        preferred = np.full((len(tokens), most), -1, "int32")
        shares = np.zeros((len(tokens), most), "float32")
        stride = max(1, self.context // 2)
        for start in range(0, max(1, len(tokens) - stride), stride):
            window = list(tokens[start : start + self.context])
            if len(window) < 2:
                break
            logs = tf.nn.log_softmax(self._logits(tf.constant([window], tf.int32))[0, :-1])
            best = tf.math.top_k(logs, min(most, logs.shape[-1]))
            known = tf.gather(logs, window[1:], batch_dims=1).numpy()
            place = start + 1 + int(np.isnan(nats[start + 1 : start + len(window)]).argmax())  # first anew
            fresh = slice(place, start + len(window))
            nats[fresh] = -known[place - start - 1 :]
            preferred[fresh, : best.indices.shape[-1]] = best.indices[place - start - 1 :]
            shares[fresh, : best.indices.shape[-1]] = np.exp(best.values[place - start - 1 :])
        return Reading(nats, preferred, shares, len(self.tokenizer.decode(list(tokens[1:]))))

    @staticmethod
    def _settings(drawing: Drawing) -> tuple[Any, ...]:
        return np.float32(drawing.temperature), np.int32(drawing.top_k), np.float32(drawing.top_p)

    @cached_property
    def _begin(self) -> Any:
        """From a text `(1, T)` to the logits behind it, and the states with room for a whole context."""

        @tf.function(input_signature=[tf.TensorSpec((1, None), tf.int32)], autograph=False)
        def begin(tokens):
            read = self._read_graph(tokens)
            return read["logits"][:, -1], gpt.room(read["states"], self.context)

        return begin

    @cached_property
    def _on(self) -> Any:
        """One step: from a token, its position and the states to the logits behind it and the states."""

        @tf.function(autograph=False)
        def on(token, position, states):
            after = self._step_graph({"token": token, "position": position, "states": states})
            return after["logits"], after["states"]

        return on

    @cached_property
    def _draw(self) -> Any:
        """From logits `(1, V)` and a number in [0, 1) to a token, and the parts of a `Likely` of all."""

        @tf.function(autograph=False)
        def draw(logits, number, temperature, top_k, top_p):
            out = tf.reduce_any(tf.range(logits.shape[-1])[:, None] == NEVER, axis=1)
            logits = tf.where(out, -1e9, tf.cast(logits, tf.float32))
            token = decoding.sample(
                lambda token, states: (logits, states),
                (),
                logits,
                tf.reshape(number, (1, 1)),
                tf.fill((1, 1), -1),
                temperature=temperature,
                top_k=top_k,
                top_p=top_p,
            )[0, 0]
            order, shares = decoding.narrowed(logits, 1.0, 0, 1.0)
            _, drawn = decoding.narrowed(logits, temperature, top_k, top_p)
            return token, order[0], shares[0], drawn[0]

        return draw

    @cached_property
    def _logits(self) -> Any:
        return tf.function(
            lambda tokens: self.model(tokens, training=False),
            input_signature=[tf.TensorSpec((1, None), tf.int32)],
            autograph=False,
        )

    @cached_property
    def _continue(self) -> Any:
        """The compiled loop."""

        def step(tokens, carried):
            position, states = carried
            after = self._step_graph({"token": tokens, "position": position, "states": states})
            return after["logits"], (position + 1, after["states"])

        @tf.function(
            autograph=False,
            jit_compile=True,  # four times the speed of one operation after the other
            input_signature=[
                tf.TensorSpec((None, None), tf.int32),
                tf.TensorSpec((None, None), tf.int32),
                tf.TensorSpec((None, None), tf.float32),
                tf.TensorSpec((), tf.float32),
                tf.TensorSpec((), tf.int32),
                tf.TensorSpec((), tf.float32),
            ],
        )
        def continued(prompts, given, draws, temperature, top_k, top_p):
            batch, length = tf.unstack(tf.shape(prompts))
            read = self._read_graph(prompts)
            # One more than is looked at: the last token that is written is stepped over, too.
            states = gpt.room(read["states"], length + tf.shape(given)[1])
            return decoding.sample(
                step,
                (tf.fill([batch], length), states),
                read["logits"][:, -1],
                draws,
                given,
                temperature=temperature,
                top_k=top_k,
                top_p=top_p,
                forbidden=NEVER,
            )

        return continued


def predict(writer: Writer, lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Continue prompts from outside, one a line.

    Yields: `{"input", "output", "notes"}` a line: what was written, and what was done about the prompt.
    """
    for line in lines:
        ((text, notes),) = writer.write([line], WRITTEN)
        yield {"input": line, "output": text, "notes": notes}
