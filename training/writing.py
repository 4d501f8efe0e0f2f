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

    def read(self, prompt: str) -> tuple[list[int], list[str]]:
        """The tokens of a prompt, at least one, and in sentences what was done about it."""
        notes = []
        if len(prompt) > MOST_CHARACTERS:
            notes.append(f"only the last {MOST_CHARACTERS:,} of its {len(prompt):,} characters are read")
            prompt = prompt[-MOST_CHARACTERS:]
        strangers = self.tokenizer.strangers(prompt)
        if strangers:
            listed = " ".join(strangers[:10]) + (" ..." if len(strangers) > 10 else "")
            notes.append(f"never seen in training, and left out: {listed}")
            prompt = "".join(character for character in prompt if character not in set(strangers))
        if not prompt:
            notes.append("the prompt is empty: it begins with a new line")
        return [int(token) for token in self.tokenizer.encode(prompt or BEGINNING)], notes

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
        read = [self.read(prompt) for prompt in prompts]
        room = max(1, self.context // 2)
        for tokens, notes in read:
            if len(tokens) > self.context - 1:
                notes.append(
                    f"of its {len(tokens):,} tokens the last {self.context - 1} are read: that is the context"
                )
        texts = [tokens[-(self.context - 1) or None :] for tokens, _ in read]
        starts = [len(tokens) for tokens in texts]
        done = 0
        while done < most:
            heads = [tokens[-room:] if done else tokens for tokens in texts]
            shortest, longest = min(map(len, heads)), max(map(len, heads))
            count = max(1, min(most - done, self.context - longest))
            given = np.full((len(heads), longest - shortest + count), -1, "int32")
            for row, head in zip(given, heads, strict=True):
                row[: len(head) - shortest] = head[shortest:]
            draws = np.random.default_rng((seed, done)).random(given.shape, "float32")
            found = self.continued(
                np.array([head[:shortest] for head in heads], "int32"), given, draws, drawing
            )
            for tokens, head, row in zip(texts, heads, found.tolist(), strict=True):
                written = row[len(head) - shortest :][:count]
                tokens += written
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
        settings = (np.float32(drawing.temperature), np.int32(drawing.top_k), np.float32(drawing.top_p))
        return self._continue(*map(tf.constant, (prompts, given, draws, *settings))).numpy()

    def likely(self, tokens: Sequence[int], drawing: Drawing = Drawing(), most: int = 20) -> Likely:
        """The likeliest tokens behind a text, of which as much is read as the context holds."""
        logits = self._logits(tf.constant([list(tokens)[-self.context :]], tf.int32))[:, -1]
        logits = tf.where(tf.reduce_any(tf.range(logits.shape[-1])[:, None] == NEVER, axis=1), -1e9, logits)
        order, shares = decoding.narrowed(logits, 1.0, 0, 1.0)
        _, drawn = decoding.narrowed(logits, drawing.temperature, drawing.top_k, drawing.top_p)
        return Likely(*(part[0, :most].numpy() for part in (order, shares, drawn)))

    def surprise(self, tokens: Sequence[int]) -> np.ndarray:
        """Negative log-likelihood of each token in nats, `(N,)`; NaN of the first, before which is nothing.

        A text that is longer than the context is read in windows that overlap by half, so that every token
        has half a context before it where there is as much.
        """
        found = np.full(len(tokens), np.nan, "float32")
        stride = max(1, self.context // 2)
        for start in range(0, max(1, len(tokens) - stride), stride):
            window = list(tokens)[start : start + self.context]
            if len(window) < 2:
                break
            logs = tf.nn.log_softmax(self._logits(tf.constant([window], tf.int32))[0, :-1])
            known = tf.gather(logs, window[1:], batch_dims=1).numpy()
            fresh = np.isnan(found[start + 1 : start + len(window)])
            found[start + 1 : start + len(window)][fresh] = -known[fresh]
        return found

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
