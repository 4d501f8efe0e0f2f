"""Pronouns: "The animal didn't cross the street because it was too tired", or "too wide". What is "it"?

Sentences by known rules, after Winograd's schemas (Levesque et al. 2012, The Winograd schema challenge): each
has a twin that differs by its adjective alone, and whose "it" is the other noun. So nothing but the adjective
says to what it refers. French has "il" or "elle" there, by the gender of the noun: a translator must know.
"""

import functools
import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from data.corpus import Corpus, Pairs
from data.pronoun_words import ADJECTIVES, NOUNS, SCENES, Noun
from data.sequences import END, Ragged, SequenceSplit
from data.source import DataUnavailable, Source, Spec
from data.splitting import fingerprints
from data.tokens import SPACE, Tokenizer

NAME = "pronouns"
TOKENIZER_FILE = "tokenizer.json"
ANSWERS = ("place", "noun")
CLASSES = ("the first noun", "the second noun")  # where the answer is a place
OTHER_WORDS = 0.1  # how much a word beside "it" counts in learning; in the figures nothing
LICENCE, CITATION = "free: made by rules", "after Levesque et al. 2012, The Winograd schema challenge"
HELD_OUT = 1 / 4  # at most, of a noun's adjectives and of an adjective's nouns in a scene
# Of these "very" or "très" is not said.
EXTREME = ("exhausted", "furious", "hungry", "scalding", "thirsty", "vast")

# How the event is explained, in English and in French.
LINKS = (
    (" because it was too {3}.", " parce qu'{il} était trop {adjective}."),
    (" because it was so {3}.", " parce qu'{il} était si {adjective}."),
    (" because it was very {3}.", " parce qu'{il} était très {adjective}."),
    (", simply because it was too {3}.", ", tout simplement parce qu'{il} était trop {adjective}."),
    (", no doubt because it was so {3}.", ", sans doute parce qu'{il} était si {adjective}."),
    (" since it was too {3}.", " puisqu'{il} était trop {adjective}."),
    (" since it was so {3}.", ", étant donné qu'{il} était si {adjective}."),
    (", as it was too {3}.", ", car {il} était trop {adjective}."),
    (", as it was very {3}.", ", car {il} était très {adjective}."),
    (": it was too {3}.", " : {il} était trop {adjective}."),
    (": it was so {3}!", " : {il} était si {adjective} !"),
    (". It was too {3}.", ". {Il} était trop {adjective}."),
    (". It was very {3}.", ". {Il} était très {adjective}."),
    (". It was just too {3}.", ". {Il} était tout simplement trop {adjective}."),
)


@dataclass(frozen=True)
class Sentence:
    """A sentence and its translation.

    Args:
        english: With "it".
        french: With "il" or "elle".
        template: The English sentence with {1} and {2} where its nouns are, and {3} for its adjective.
        nouns: To which "it" could refer, in their order.
        adjective: What it was, in English.
        referent: To which of the nouns it refers, 0 or 1.
    """

    english: str
    french: str
    template: str
    nouns: tuple[Noun, Noun]
    adjective: str
    referent: int

    @property
    def telling(self) -> bool:
        """Whether the nouns' genders differ in French, so that the pronoun tells what was understood."""
        return self.nouns[0].feminine != self.nouns[1].feminine


@dataclass(frozen=True)
class Sides:
    """Sentences, each two of them twins.

    Args:
        train: To learn from.
        validation: To choose by.
        test: To measure.
    """

    train: tuple[Sentence, ...]
    validation: tuple[Sentence, ...]
    test: tuple[Sentence, ...]


def sentences(seed: int = 0, train: int = 30_000, held_out: int = 2000) -> Sides:
    """Draw sentences; needs no network.

    A noun and an adjective that explains by it belong to one side, together. So what an adjective of
    validation or the test says of its noun was never learned; both words were, with others, and no sentence
    is on two sides. Twins are neighbours, the one whose "it" is the first noun before the other. A template
    with its two nouns has one pair of twins on a side.

    By default 30,000 sentences are learned, 2,000 are in validation and 2,000 in the test.

    Args:
        seed: Decides what is drawn and what belongs together where.
        train: How many are learned, an even number, 2 to 60,000.
        held_out: How many are in validation, and in the test, an even number, 2 to 4,000.
    """
    _check(train, held_out)
    side_of = _divided(seed)
    sizes = (train, held_out, held_out)
    return Sides(*(_drawn(size, side_of, side, seed) for side, size in enumerate(sizes)))


def corpus(seed: int = 0) -> Corpus:
    """The sentences with their translations, in the order of `sentences`."""
    drawn = sentences(seed)
    train, validation, test = (
        Pairs(tuple(s.english for s in side), tuple(s.french for s in side))
        for side in (drawn.train, drawn.validation, drawn.test)
    )
    return Corpus("pronouns_en_fr", ("en", "fr"), LICENCE, CITATION, train, validation, test)


def pronoun_right(sentence: Sentence, french: str) -> bool:
    """Whether the pronoun of a translation has the gender of the noun to which it refers.

    Args:
        sentence: That is translated.
        french: The translation. Its first "il" or "elle" counts, that of "qu'il" and "qu'elle" as well;
            without one it is wrong.
    """
    found = re.search(r"\b(il|elle)\b", french, re.IGNORECASE)
    feminine = sentence.nouns[sentence.referent].feminine
    return found is not None and (found[0].lower() == "elle") == feminine


def judged(split: str, translations: Sequence[str]) -> dict[str, float]:
    """How many translations of a side of `corpus()` have the right pronoun.

    Args:
        split: "train", "validation" or "test".
        translations: Of all its sentences, in their order.

    Returns: "pronoun", the share of the sentences; "pronoun_telling", of those whose two nouns differ in
        gender, so that the adjective has to be understood.
    """
    told = getattr(sentences(), split)
    right = np.array([pronoun_right(*pair) for pair in zip(told, translations, strict=True)])
    telling = np.array([sentence.telling for sentence in told])
    return {"pronoun": float(right.mean()), "pronoun_telling": float(right[telling].mean())}


def write(template: tuple[str, str], nouns: tuple[Noun, Noun], adjective: str, referent: int) -> Sentence:
    """A sentence.

    Args:
        template: A form of a scene and a link behind it, in English and in French.
        nouns: The two.
        adjective: Of `ADJECTIVES`.
        referent: Which of the nouns it explains.
    """
    english, french = template
    feminine = nouns[referent].feminine
    pronoun = "elle" if feminine else "il"
    words = {
        "le1": _with_article(nouns[0]),
        "le2": _with_article(nouns[1]),
        "du2": _contracted("de", nouns[1]),
        "au2": _contracted("à", nouns[1]),
        "e1": "e" if nouns[0].feminine else "",
        "il": pronoun,
        "Il": pronoun.capitalize(),
        "adjective": ADJECTIVES[adjective][feminine],
    }
    translated = french.format(**words)
    return Sentence(
        english.format(None, nouns[0].english, nouns[1].english, adjective),
        translated[0].upper() + translated[1:],
        english,
        nouns,
        adjective,
        referent,
    )


@dataclass(frozen=True)
class Config:
    """Settings of the sentences whose referent is to be told.

    Args:
        vocabulary: Most tokens; by default enough for every word to be one.
        train: Sentences to learn from, an even number, 2 to 60,000.
        held_out: Sentences of the validation, and as many of the test, an even number, 2 to 4,000.
        seed: Another seed, other sentences.
        answer: "place": which of the two nouns it is, once for the sentence; or "noun": at "it" the noun
            itself, at every other word this word. To name the noun a net must look at it; its place can be
            told by the adjective.
    """

    vocabulary: int = 4000
    train: int = 30_000
    held_out: int = 2000
    seed: int = 0
    answer: str = "noun"

    def __post_init__(self) -> None:
        if self.answer not in ANSWERS:
            raise ValueError(f"answer must be one of {', '.join(ANSWERS)}. Received: {self.answer!r}")
        if self.vocabulary < 300:
            raise ValueError(f"vocabulary must be at least 300. Received: {self.vocabulary!r}")
        _check(self.train, self.held_out)

    def load(self, kept: Mapping[str, str] | None = None) -> Source:
        """Draw the sentences: tokens with an END behind them in, the referent out, see `answer`.

        Args:
            kept: The text of a run's tokenizer by its file name, which is taken then; None: it is learned
                from the training side.
        """
        drawn = sentences(self.seed, self.train, self.held_out)
        tokenizer = _tokenizer(self) if not kept else Tokenizer.from_json(kept[TOKENIZER_FILE])
        named = self.answer == "noun"
        train, validation, test = (
            _named(side, tokenizer, others) if named else _split(side, tokenizer)
            for side, others in ((drawn.train, OTHER_WORDS), (drawn.validation, 0.0), (drawn.test, 0.0))
        )
        return Source(
            train,
            validation,
            test,
            Spec(
                name=NAME,
                input_shape=(None,),
                classes=_names(tokenizer) if named else CLASSES,
                licence=LICENCE,
                citation=CITATION,
                tokens=tokenizer.size,
                every_step=named,
            ),
            files={TOKENIZER_FILE: tokenizer.to_json()},
        )

    def read(self, line: str, spec: Spec, kept: Mapping[str, str] | None = None) -> np.ndarray:
        """A sentence as tokens `(T,)`, END included.

        Args:
            line: The sentence.
            spec: Of the source.
            kept: As in `load`.

        Raises:
            DataUnavailable: It is empty.
        """
        tokenizer = _tokenizer(self) if not kept else Tokenizer.from_json(kept[TOKENIZER_FILE])
        tokens = tokenizer.encode(line)
        if not tokens:
            raise DataUnavailable("pronouns: the sentence is empty: write some words")
        return np.array([*tokens, END], "int32")


@functools.lru_cache(2)
def _tokenizer(config: Config) -> Tokenizer:
    """The tokenizer of the training side."""
    learned = sentences(config.seed, config.train, config.held_out).train
    return Tokenizer.train((sentence.english for sentence in learned), config.vocabulary)


def _split(side: Sequence[Sentence], tokenizer: Tokenizer) -> SequenceSplit:
    tokens = tokenizer.encode_all([sentence.english for sentence in side])
    referents = np.array([sentence.referent for sentence in side], "int32")
    return SequenceSplit(Ragged.of([[*one, END] for one in tokens]), referents)


def _names(tokenizer: Tokenizer) -> tuple[str, ...]:
    """Of all tokens, for people."""
    return tuple(piece.replace(SPACE, "") for piece in tokenizer.pieces(range(tokenizer.size)))


def _named(side: Sequence[Sentence], tokenizer: Tokenizer, others: float) -> SequenceSplit:
    """Sentences in which every word stands for itself, but "it" for its noun.

    Args:
        side: Of the sentences.
        tokenizer: A noun of several pieces is told by the first.
        others: How much the words beside "it" count.
    """
    inputs = [[*tokens, END] for tokens in tokenizer.encode_all([sentence.english for sentence in side])]
    its = {token for form in ("it", "It") for token in tokenizer.encode(form)}
    targets: list[list[int]] = []
    weights: list[np.ndarray] = []
    for sentence, tokens in zip(side, inputs, strict=True):
        place = next(place for place, token in enumerate(tokens) if token in its)
        noun = tokenizer.encode(sentence.nouns[sentence.referent].english)[0]
        targets.append([*tokens[:place], noun, *tokens[place + 1 :]])
        weights.append(np.where(np.arange(len(tokens)) == place, 1.0, others))
    return SequenceSplit(Ragged.of(inputs), Ragged.of(targets), weights=Ragged.of(weights))


def _check(train: int, held_out: int) -> None:
    for name, size, most in (("train", train, 60_000), ("held_out", held_out, 4000)):
        if not 2 <= size <= most or size % 2:
            raise ValueError(f"{name} must be an even number, 2 to {most:,}. Received: {size!r}")


def _divided(seed: int) -> dict[tuple[str, str], int]:
    """The side of each noun and adjective: 0 training, 1 validation, 2 the test.

    Held out in turn, by their fingerprints, as long as the noun is learned with enough other adjectives and
    the adjective of enough other nouns in each of its scenes.
    """
    uses: dict[tuple[str, str], list[tuple]] = {}
    for number, scene in enumerate(SCENES):
        for place, said in enumerate(scene.sides):
            for noun, adjectives in said.items():
                for adjective in adjectives:
                    uses.setdefault((noun, adjective), [(noun,)]).append((number, place, adjective))
    total = Counter(use for of_pair in uses.values() for use in of_pair)
    pairs = sorted(uses)
    sides, taken, side = dict.fromkeys(pairs, 0), Counter[tuple](), 1
    for place in np.argsort(fingerprints([np.frombuffer(" ".join(p).encode(), "u1") for p in pairs], seed)):
        pair = pairs[place]
        if all(taken[use] + 1 <= HELD_OUT * total[use] for use in uses[pair]):
            sides[pair], side = side, 3 - side
            taken.update(uses[pair])
    return sides


def _drawn(size: int, side_of: Mapping[tuple[str, str], int], side: int, seed: int) -> tuple[Sentence, ...]:
    """So many sentences of a side.

    A scene comes more often where there is more to say, and of a scene's words those that few scenes have: so
    none is rare.
    """
    random = np.random.default_rng((seed, side))
    known = [
        (scene.forms, said)
        for scene in SCENES
        if all(said := tuple(_on(side, side_of, adjectives) for adjectives in scene.sides))
    ]
    shares = [
        math.sqrt(sum(len(adjectives) for of in said for adjectives in of.values())) for _, said in known
    ]
    scenes_of = Counter(word for scene in SCENES for said in scene.sides for word in _words(said))

    def one_of(words: Iterable[str]) -> str:
        among = list(words)
        return among[_place([1 / scenes_of[word] for word in among], random)]

    drawn: list[Sentence] = []
    seen = set()
    while len(drawn) < size:
        forms, (first, second) = known[_place(shares, random)]
        form, link = forms[random.integers(len(forms))], LINKS[random.integers(len(LINKS))]
        template = form[0] + link[0], form[1] + link[1]
        one, other = one_of(first), one_of(second)
        adjectives = one_of(first[one]), one_of(second[other])
        overdone = "very" in link[0] and not set(adjectives).isdisjoint(EXTREME)
        if one == other or overdone or (template, one, other) in seen:
            continue
        seen.add((template, one, other))
        nouns = NOUNS[one], NOUNS[other]
        drawn += [write(template, nouns, adjective, place) for place, adjective in enumerate(adjectives)]
    return tuple(drawn)


def _on(
    side: int, side_of: Mapping[tuple[str, str], int], said: Mapping[str, Sequence[str]]
) -> dict[str, list[str]]:
    """What can be said of which nouns on a side."""
    found = {
        noun: [adjective for adjective in adjectives if side_of[noun, adjective] == side]
        for noun, adjectives in said.items()
    }
    return {noun: adjectives for noun, adjectives in found.items() if adjectives}


def _words(said: Mapping[str, Sequence[str]]) -> set[str]:
    """Nouns and adjectives, each once."""
    return {*said, *(adjective for adjectives in said.values() for adjective in adjectives)}


def _place(shares: Sequence[float], random: np.random.Generator) -> int:
    """One of some places, as likely as its share."""
    edges = np.cumsum(shares)
    return int(np.searchsorted(edges, random.random() * edges[-1], side="right"))


def _with_article(noun: Noun) -> str:
    """ "le", "la" or "l'" and the noun."""
    if noun.elides:
        return f"l'{noun.french}"
    return f"{'la' if noun.feminine else 'le'} {noun.french}"


def _contracted(preposition: str, noun: Noun) -> str:
    """The noun after "de" or "à", which "le" melts into."""
    if noun.elides or noun.feminine:
        return f"{preposition} {_with_article(noun)}"
    return f"{'du' if preposition == 'de' else 'au'} {noun.french}"
