"""Translating with a trained model: sentences in, sentences out, and how good they are."""

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from data import text_tokens
from data.corpus import Pairs
from data.sequences import END, PADDING, START, Ragged
from data.text import TOKENIZER_FILE
from data.tokens import UNKNOWN, Tokenizer
from data.translation import SOURCE_FILE, TARGET_FILE
from models import ARCHITECTURES, decoding
from training.runs import Run, RunError

BATCH = 128  # sentences in one call of the compiled loop
BEAMS = 5  # hypotheses that figures are measured with
MOST_TOKENIZER = 16 * 2**20  # bytes of its file
MOST_TOKENS = 400  # of a sentence that is read; the rest is left out, and that is said
# Tokens of sources, by which figures are told apart.
LENGTHS = (4, 6, 8, 10, 12, 15, 20, 25, 30, 40, MOST_TOKENS + 1)
RESAMPLES = 1000  # of the sentences, for an interval
WRITTEN = (2, 10)  # tokens written at the most: so many for each that was read, and so many more


@dataclass(frozen=True)
class Hypothesis:
    """One translation.

    Args:
        text: As people read it.
        tokens: That were written, END included where it was reached.
        score: log P(tokens) / length, by which hypotheses are compared.
    """

    text: str
    tokens: tuple[int, ...]
    score: float


@dataclass(frozen=True)
class Translation:
    """What became of a sentence.

    Args:
        source: The tokens that were read, END included.
        hypotheses: The best first.
        notes: What was done about input that could not be read as it is, in sentences.
    """

    source: tuple[int, ...]
    hypotheses: tuple[Hypothesis, ...]
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The best hypothesis; "" where there is none."""
        return self.hypotheses[0].text if self.hypotheses else ""


class Translator:
    """A trained encoder and decoder with their tokenizers; decoding is one compiled loop.

    Args:
        model: Of an architecture that has an `encode_graph`, as its `build` made it, or from its file.
        files: The texts of the two tokenizers by file name.
    """

    def __init__(self, model: keras.Model, files: Mapping[str, str]) -> None:
        self.model = model
        self.source = Tokenizer.from_json(files[SOURCE_FILE])
        self.target = Tokenizer.from_json(files[TARGET_FILE])
        self._architecture: Any = ARCHITECTURES[model.name]
        self._encode = self._architecture.encode_graph(model)
        self._step = self._architecture.step_graph(model)
        self._search = functools.lru_cache(self._make_search)

    def translate(self, sentences: Sequence[str], beams: int = 1, penalty: float = 1.0) -> list[Translation]:
        """Translate sentences; one that is empty has no hypothesis.

        Args:
            sentences: In the source language.
            beams: Hypotheses that are followed, and returned; 1 is greedy.
            penalty: Exponent of the length in the score; see `decoding.search`.
        """
        read = [self._read(sentence) for sentence in sentences]
        found = self.decode([source for source, _ in read], beams, penalty)
        return [
            Translation(tuple(source), tuple(hypotheses), tuple(notes))
            for (source, notes), hypotheses in zip(read, found, strict=True)
        ]

    def decode(
        self, sources: Sequence[Sequence[int]], beams: int = 1, penalty: float = 1.0
    ) -> list[list[Hypothesis]]:
        """The hypotheses for each sequence of source tokens; none for one without tokens."""
        found: list[list[Hypothesis]] = [[] for _ in sources]
        # By length, so that a batch has little padding.
        order = sorted((i for i in range(len(sources)) if len(sources[i])), key=lambda i: len(sources[i]))
        for start in range(0, len(order), BATCH):
            places = order[start : start + BATCH]
            ragged = Ragged.of([sources[place] for place in places])
            batch = ragged.padded(np.arange(len(places)), PADDING)
            most = WRITTEN[0] * batch.shape[1] + WRITTEN[1]
            tokens, scores = self._search(beams, penalty)(tf.constant(batch), tf.constant(most))
            for place, rows, row_scores in zip(places, tokens.numpy(), scores.numpy(), strict=True):
                found[place] = [self._hypothesis(*pair) for pair in zip(rows, row_scores, strict=True)]
        return found

    def _hypothesis(self, row: np.ndarray, score: float) -> Hypothesis:
        tokens = row.tolist()
        if END in tokens:
            tokens = tokens[: tokens.index(END) + 1]
        return Hypothesis(self.target.decode(tokens), tuple(tokens), float(score))

    def _read(self, sentence: str) -> tuple[list[int], list[str]]:
        """The tokens of a sentence, and what was done about it."""
        tokens, notes = self.source.encode(sentence), []
        if not tokens:
            return [], ["the sentence is empty"]
        strangers = self.source.strangers(sentence)
        if strangers:
            listed = " ".join(strangers[:10]) + (" ..." if len(strangers) > 10 else "")
            notes.append(f"never seen in training, and read as unknown: {listed}")
        if len(tokens) > MOST_TOKENS:
            notes.append(f"only the first {MOST_TOKENS} of its {len(tokens)} tokens are read")
            tokens = tokens[:MOST_TOKENS]
        return [*tokens, END], notes

    def _make_search(self, beams: int, penalty: float) -> Any:
        """The compiled loop for so many beams."""

        @tf.function(
            autograph=False,
            input_signature=[tf.TensorSpec((None, None), tf.int32), tf.TensorSpec((), tf.int32)],
        )
        def search(source, most):
            encoded = self._encode(source)
            states = self._architecture.first_states(encoded, most)
            # What was read is the same for all beams of a sentence and follows none of them.
            read = {name: value for name, value in encoded.items() if name != "states"}
            read = tf.nest.map_structure(lambda x: tf.repeat(x, beams, axis=0), read)

            def step(tokens, states):
                after = self._step({"token": tokens, "states": states, **read})
                return after["logits"], after["states"]

            return decoding.search(
                step,
                states,
                tf.fill([tf.shape(source)[0]], START),
                end=END,
                most=most,
                beams=beams,
                penalty=penalty,
                forbidden=(PADDING, START, UNKNOWN),
            )

        return search


def kept_files(run: Run) -> dict[str, str]:
    """The texts of the run's tokenizers by file name: of both languages, or the one; none where one lacks.

    Raises:
        RunError: One is damaged.
    """
    for names in ((SOURCE_FILE, TARGET_FILE), (TOKENIZER_FILE,)):
        paths = [run.path / name for name in names]
        if all(path.exists() for path in paths):
            return {path.name: _tokenizer_text(run, path) for path in paths}
    return {}


def _tokenizer_text(run: Run, path: Path) -> str:
    """The text of a tokenizer, which is one.

    Raises:
        RunError: It can't be read, or is damaged.
    """
    gpt = run.config.get("architecture") == "gpt"
    read = text_tokens.from_json if gpt else Tokenizer.from_json
    try:
        if path.stat().st_size > MOST_TOKENIZER:
            raise ValueError(f"it is larger than {MOST_TOKENIZER // 2**20} MiB")
        text = path.read_text(encoding="utf-8")
        read(text)
    except (OSError, ValueError) as error:
        first = str(error).splitlines()[0][:200]
        raise RunError(f"the tokenizer {path.name} of run {run.name!r} can't be used: {first}") from error
    return text


def scores(
    translator: Translator,
    pairs: Pairs,
    beams: int = BEAMS,
    judge: Callable[[Sequence[str]], Mapping[str, float]] | None = None,
) -> dict[str, Any]:
    """How good the translations of some sentences are, beside those that people wrote.

    Args:
        translator: Of the sentences.
        pairs: The sentences, and what people wrote.
        beams: Hypotheses that are followed.
        judge: From the translations to figures of this corpus alone.

    Returns: What `compare` returns; and "by_length", the same for the sources of up to "longest" tokens that
        are longer than those of the entry before, with the number of "examples" and the ends "bleu_low" and
        "bleu_high" of BLEU's 95 % interval by bootstrap over the sentences.
    """
    found = translator.translate(pairs.source, beams)
    texts = [translation.text for translation in found]
    lengths = np.array([len(translation.source) for translation in found])
    shorter, by_length = 0, []
    for longest in LENGTHS:
        places = np.flatnonzero((lengths > shorter) & (lengths <= longest)).tolist()
        if places:
            written, wanted = [texts[i] for i in places], [pairs.target[i] for i in places]
            figures = {**compare(written, wanted), **_interval(written, wanted)}
            longest = min(longest, int(lengths.max()))
            by_length.append({"longest": longest, "examples": len(places), **figures})
        shorter = longest
    return {**compare(texts, pairs.target), **(judge(texts) if judge else {}), "by_length": by_length}


def compare(translations: Sequence[str], references: Sequence[str]) -> dict[str, float]:
    """Translations beside what people wrote.

    Returns: "bleu" (Papineni et al. 2002; sacreBLEU's tokenization 13a, capitals told apart, Post 2018,
        arXiv:1804.08771) and "chrf" (Popovic 2015), both 0 to 100; "exact", the share that is the
        reference to the letter. There is no "bleu" where no reference is long enough for a 4-gram: BLEU is
        0 then whatever the translation says.
    """
    import sacrebleu  # for those who measure alone

    exact = [one == other for one, other in zip(translations, references, strict=True)]
    figures = {
        "chrf": sacrebleu.corpus_chrf(translations, [references]).score,
        "exact": float(np.mean(exact)),
    }
    if not _has_4_grams(references):
        return figures
    return {"bleu": sacrebleu.corpus_bleu(translations, [references]).score, **figures}


def _has_4_grams(references: Sequence[str]) -> bool:
    """Whether any of the sentences has four tokens, as BLEU counts them."""
    from sacrebleu.metrics import BLEU

    tokenize = BLEU().tokenizer
    return any(len(tokenize(reference).split()) >= 4 for reference in references)


def _interval(translations: Sequence[str], references: Sequence[str]) -> dict[str, float]:
    """The ends of BLEU's 95 % interval, by sacreBLEU's bootstrap (Koehn 2004, W04-3250) over sentences.

    None where there is no BLEU, or a single sentence. The resamples are the same at every call.
    """
    from sacrebleu.metrics import BLEU

    if len(translations) < 2 or not _has_4_grams(references):
        return {}
    found = BLEU().corpus_score(translations, [references], n_bootstrap=RESAMPLES)
    return {"bleu_low": max(0.0, found._mean - found._ci), "bleu_high": min(100.0, found._mean + found._ci)}


def predict(translator: Translator, lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Translate sentences from outside, one a line.

    Yields: `{"input", "output", "alternatives", "notes"}` a line: the other hypotheses of the beam with
        their scores, and what was done about input that could not be read as it is; `{"input", "error"}`
        for one that says nothing.
    """
    for line in lines:
        (found,) = translator.translate([line], BEAMS)
        if not found.hypotheses:
            yield {"input": line, "error": "the sentence is empty: write some words"}
            continue
        best, *others = found.hypotheses
        yield {
            "input": line,
            "output": best.text,
            "score": round(best.score, 4),
            "alternatives": [{"output": other.text, "score": round(other.score, 4)} for other in others],
            "notes": list(found.notes),
        }
