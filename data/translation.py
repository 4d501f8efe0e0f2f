"""Translation: sentences of one language as tokens in, those of another out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from data import multi30k, numbers, pairs_file, pronouns, tatoeba
from data.corpus import Corpus, Pairs
from data.sequences import END, START, Ragged, SequenceSplit
from data.source import DataUnavailable, Source, Spec
from data.tokens import Tokenizer

SOURCE_FILE, TARGET_FILE = "source_tokenizer.json", "target_tokenizer.json"

CORPORA: Mapping[str, Callable[[], Corpus]] = {
    "numbers_fr_en": numbers.corpus,
    "pronouns_en_fr": pronouns.corpus,
    "multi30k_fr_en": multi30k.corpus,
    "tatoeba_fr_en": tatoeba.corpus,
}
# What tells more of a corpus' translations than a comparison with the references does.
JUDGES: Mapping[str, Callable[[str, Sequence[str]], Mapping[str, float]]] = {
    "pronouns_en_fr": pronouns.judged,
}


@dataclass(frozen=True)
class Config:
    """Settings of a translation.

    Args:
        corpus: One of `CORPORA`; "" for a file of one's own.
        file: Pairs of one's own, a sentence and its translation a line, split by a tab.
        vocabulary: Most sub-word tokens of either language.
        lowercase: Read and write small letters only.
        longest: Tokens; training pairs of which one side is longer are left out.
    """

    corpus: str = ""
    file: str = ""
    vocabulary: int = 4000
    lowercase: bool = False
    longest: int = 80

    def __post_init__(self) -> None:
        if self.corpus and self.corpus not in CORPORA:
            raise ValueError(f"corpus must be one of {', '.join(CORPORA)}. Received: {self.corpus!r}")
        for name, least in (("vocabulary", 300), ("longest", 2)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} must be at least {least}. Received: {getattr(self, name)!r}")

    def read_corpus(self) -> Corpus:
        """The sentences themselves.

        Raises:
            DataUnavailable: They can't be had, or no file is named.
        """
        if self.file:
            return pairs_file.corpus(self.file)
        if not self.corpus:
            raise DataUnavailable(
                "pairs: no file is named. Name one with a sentence, a tab and its translation a line: "
                "--data.file PATH"
            )
        return CORPORA[self.corpus]()

    def judge(self, split: str, translations: Sequence[str]) -> dict[str, float]:
        """Figures of this corpus alone, beside those that all translations have.

        Args:
            split: "train", "validation" or "test".
            translations: Of all its sentences, in their order.
        """
        judge = JUDGES.get(self.corpus)
        return dict(judge(split, translations)) if judge and not self.file else {}

    def load(self, kept: Mapping[str, str] | None = None) -> Source:
        """Read the sentences as tokens.

        Args:
            kept: The texts of a run's tokenizers by file name, which are taken then; None: they are
                learned from the training side.

        Raises:
            DataUnavailable: The sentences can't be had.
        """
        corpus = self.read_corpus()
        if kept:
            source, target = (Tokenizer.from_json(kept[name]) for name in (SOURCE_FILE, TARGET_FILE))
        else:
            source, target = (
                Tokenizer.train(sentences, self.vocabulary, self.lowercase)
                for sentences in (corpus.train.source, corpus.train.target)
            )
        return Source(
            train=_split(corpus.train, source, target, self.longest),
            validation=_split(corpus.validation, source, target),
            test=_split(corpus.test, source, target),
            spec=Spec(
                name=corpus.name,
                input_shape=(None,),
                classes=(),
                licence=corpus.licence,
                citation=corpus.citation,
                tokens=source.size,
                target_tokens=target.size,
                languages=corpus.languages,
            ),
            files={SOURCE_FILE: source.to_json(), TARGET_FILE: target.to_json()},
        )


def _split(pairs: Pairs, source: Tokenizer, target: Tokenizer, longest: int | None = None) -> SequenceSplit:
    """Pairs as tokens: each source with its END, each target between START and END."""
    inputs = [[*tokens, END] for tokens in source.encode_all(pairs.source)]
    targets = [[START, *tokens, END] for tokens in target.encode_all(pairs.target)]
    if longest:
        kept = [
            place
            for place, (one, other) in enumerate(zip(inputs, targets, strict=True))
            if max(len(one), len(other) - 1) <= longest + 1
        ]
        inputs, targets = [inputs[place] for place in kept], [targets[place] for place in kept]
    return SequenceSplit(Ragged.of(inputs), Ragged.of(targets), ahead=True)
