"""Numbers and dates in two languages: right by hand, split by value, and every word is learned."""

import re
from datetime import date

import pytest

from data import numbers
from data.corpus import Corpus

NUMBERS = {
    0: ("zéro", "zero"),
    21: ("vingt et un", "twenty-one"),
    71: ("soixante et onze", "seventy-one"),
    80: ("quatre-vingts", "eighty"),
    97: ("quatre-vingt-dix-sept", "ninety-seven"),
    200: ("deux cents", "two hundred"),
    1001: ("mille un", "one thousand and one"),
    80_000: ("quatre-vingt mille", "eighty thousand"),
    342_007: ("trois cent quarante-deux mille sept", "three hundred and forty-two thousand and seven"),
    999_999: (
        "neuf cent quatre-vingt-dix-neuf mille neuf cent quatre-vingt-dix-neuf",
        "nine hundred and ninety-nine thousand, nine hundred and ninety-nine",
    ),
}


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return numbers.corpus()


@pytest.mark.parametrize("value", NUMBERS)
def test_numbers_by_hand(value):
    assert numbers.number_pair(value) == NUMBERS[value]


@pytest.mark.parametrize(
    ("day", "form", "french", "english"),
    [
        (date(1987, 3, 3), "weekday", "mardi 3 mars 1987", "Tuesday, March 3, 1987"),
        (date(2000, 8, 1), "digits", "1er août 2000", "August 1, 2000"),
        (
            date(1987, 3, 3),
            "words",
            "trois mars mille neuf cent quatre-vingt-sept",
            "March third, nineteen eighty-seven",
        ),
        (
            date(2024, 12, 1),
            "weekday in words",
            "dimanche premier décembre deux mille vingt-quatre",
            "Sunday, December first, twenty twenty-four",
        ),
    ],
)
def test_dates_by_hand(day, form, french, english):
    assert numbers.date_pair(day, form) == (french, english)


def test_about_twenty_thousand_pairs_are_learned(corpus):
    assert len(corpus.train) == pytest.approx(20_000, rel=0.01)
    assert len(corpus.validation) == pytest.approx(1000, rel=0.1)
    assert len(corpus.test) == pytest.approx(1000, rel=0.1)
    assert corpus.languages == ("fr", "en")


def undated(sentence: str) -> str:
    """A French date without its weekday, in digits; a number as it is."""
    names = [numbers._month(month, "fr") for month in range(1, 13)]
    words = sentence.split()
    month = next((name for name in names if name in words), None)
    if month is None:
        return sentence
    weekdays = [numbers._weekday(weekday, "fr") for weekday in range(7)]
    before, after = (
        " ".join(word for word in half.split() if word not in weekdays) for half in sentence.split(month)
    )
    day = next(
        d
        for d in range(1, 32)
        if before in (str(d), f"{d}er", numbers._words(d, "fr", "cardinal")) or (before, d) == ("premier", 1)
    )
    year = next(y for y in range(1900, 2100) if after in (str(y), numbers._words(y, "fr", "year")))
    return f"{year} {month} {day}"


def test_no_number_and_no_date_is_on_two_sides(corpus):
    sides = [[undated(s) for s in side.source] for side in (corpus.train, corpus.validation, corpus.test)]
    together = [value for side in sides for value in side]
    assert len(set(together)) == len(together)


def words(sentences: tuple[str, ...]) -> set[str]:
    return {word for sentence in sentences for word in re.findall(r"[\w-]+|,", sentence)}


@pytest.mark.parametrize("seed", [0, 1])
def test_every_word_is_learned(corpus, seed):
    drawn = numbers.corpus(seed) if seed else corpus
    for side in (drawn.validation, drawn.test):
        assert words(side.source) <= words(drawn.train.source)
        assert words(side.target) <= words(drawn.train.target)
    small = [numbers.number_pair(value) for value in range(100)]
    assert set(small) <= set(zip(drawn.train.source, drawn.train.target, strict=True))


def test_the_seed_decides_everything(corpus):
    assert numbers.corpus(numbers=1000, dates=5000) == numbers.corpus(numbers=1000, dates=5000)
    assert numbers.corpus(1, numbers=1000, dates=5000) != numbers.corpus(numbers=1000, dates=5000)


def test_a_value_stays_on_its_side_whatever_the_sizes(corpus):
    fewer = numbers.corpus(numbers=1500, dates=5000)
    held = {undated(s) for s in fewer.test.source}
    assert len(held) > 200
    assert not held & {undated(s) for side in (corpus.train, corpus.validation) for s in side.source}


def test_sizes_that_can_not_be_are_refused():
    with pytest.raises(ValueError, match="dates must be 5,000 to 70,000. Received: 80000"):
        numbers.corpus(dates=80_000)
    with pytest.raises(ValueError, match="form must be one of weekday, .* Received: 'short'"):
        numbers.date_pair(date(2000, 1, 1), "short")
