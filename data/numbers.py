"""Numbers and dates, French to English: by known rules, so that every translation is right or wrong.

French counts by twenties from seventy on (quatre-vingt-dix-sept is ninety-seven), reads a year as a number
where English reads two (mille neuf cent quatre-vingt-sept is nineteen eighty-seven), and puts the day before
the month: what a translator must have understood, and where its attention can be seen to cross over.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache

import numpy as np

from data.corpus import Corpus, Pairs
from data.splitting import split_by_content

NAME = "numbers_fr_en"
ALWAYS_LEARNED = 100  # the numbers below are on the training side
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2099, 12, 31)
HELD_OUT = 1 / 22  # share of the numbers and of the dates in validation, and in the test
FORMS = ("weekday", "digits", "weekday in words", "words")


def corpus(seed: int = 0, numbers: int = 12_000, dates: int = 10_000) -> Corpus:
    """Written-out numbers from 0 to 999,999 and dates of two centuries; needs no network.

    A number is drawn once, about as often with three figures (as long as there are any) as with four, five
    or six; a date is drawn once and written in one of `FORMS`. By its value and the seed each belongs to
    one side, whatever the sizes, so that neither validation nor the test has a number or a date that was
    learned. All numbers below 100 are on the training side: every word that there is stands in them, or in
    thousands of others. That a learned date holds a number (a day, a year) is not held against it; as a
    year that reads otherwise.

    By default 20,019 pairs are learned, 994 are in validation and 987 in the test.

    Args:
        seed: Decides what is drawn and where it belongs.
        numbers: How many, 1,000 to 300,000, all sides together.
        dates: How many, 5,000 to 70,000.
    """
    for name, size, low, high in (("numbers", numbers, 1000, 300_000), ("dates", dates, 5000, 70_000)):
        if not low <= size <= high:
            raise ValueError(f"{name} must be {low:,} to {high:,}. Received: {size!r}")
    generator = np.random.default_rng(seed)
    values = _drawn(numbers - ALWAYS_LEARNED, generator)
    days = generator.permutation((LAST_DAY - FIRST_DAY).days + 1)[:dates]
    forms = generator.integers(len(FORMS), size=dates)
    sides = []
    for number_side, date_side in zip(_sides(values, seed), _sides(days, seed), strict=True):
        rows = [number_pair(int(value)) for value in values[number_side]]
        rows += [
            date_pair(FIRST_DAY + timedelta(int(days[place])), FORMS[forms[place]]) for place in date_side
        ]
        sides.append(rows)
    validation, test, train = sides
    train = [number_pair(value) for value in range(ALWAYS_LEARNED)] + train
    return Corpus(
        name=NAME,
        languages=("fr", "en"),
        licence="free: made by rules",
        citation="num2words 0.5 and Babel 2 with the dates of Unicode CLDR",
        train=_pairs(train),
        validation=_pairs(validation),
        test=_pairs(test),
    )


def number_pair(value: int) -> tuple[str, str]:
    """A number from 0 to 999,999 in French and English words.

    Ordinals are left out: num2words 0.5.14 misspells some in French ("quatre-vingtsième").
    """
    return _words(value, "fr", "cardinal"), _words(value, "en", "cardinal")


def date_pair(day: date, form: str) -> tuple[str, str]:
    """A date in French and in (American) English.

    Args:
        day: The date.
        form: One of `FORMS`: "digits" is "3 mars 1987" and "March 3, 1987", "words" is "trois mars mille neuf
            cent quatre-vingt-sept" and "March third, nineteen eighty-seven"; with the weekday it stands
            first.

    CLDR has "1 mars"; in French the first day of a month is an ordinal, and so it is written here.
    """
    if form not in FORMS:
        raise ValueError(f"form must be one of {', '.join(FORMS)}. Received: {form!r}")
    if "words" in form:
        day_fr = "premier" if day.day == 1 else _words(day.day, "fr", "cardinal")
        day_en = _words(day.day, "en", "ordinal")
        year_fr, year_en = (_words(day.year, language, "year") for language in ("fr", "en"))
    else:
        day_fr = "1er" if day.day == 1 else str(day.day)
        day_en = str(day.day)
        year_fr = year_en = str(day.year)
    french = f"{day_fr} {_month(day.month, 'fr')} {year_fr}"
    english = f"{_month(day.month, 'en')} {day_en}, {year_en}"
    if "weekday" in form:
        french = f"{_weekday(day.weekday(), 'fr')} {french}"
        english = f"{_weekday(day.weekday(), 'en')}, {english}"
    return french, english


def _drawn(count: int, generator: np.random.Generator) -> np.ndarray:
    """Different numbers from `ALWAYS_LEARNED` on, as many of each number of figures as can be."""
    drawn: list[np.ndarray] = []
    for figures in (3, 4, 5, 6):
        low, high = 10 ** (figures - 1), 10**figures
        share = min(high - low, count // (7 - figures))
        drawn.append(low + generator.permutation(high - low)[:share])
        count -= share
    return generator.permutation(np.concatenate(drawn))


def _sides(values: np.ndarray, seed: int) -> tuple[np.ndarray, ...]:
    """Places of the values of validation, the test and training."""
    return split_by_content(values[:, None].astype("int64"), (HELD_OUT, HELD_OUT), seed)


@lru_cache(1000)  # days and years come again and again
def _words(value: int, language: str, kind: str) -> str:
    from num2words import num2words

    return num2words(value, lang=language, to=kind)


@lru_cache
def _month(month: int, language: str) -> str:
    from babel.dates import get_month_names

    return get_month_names("wide", locale=language)[month]


@lru_cache
def _weekday(weekday: int, language: str) -> str:
    from babel.dates import get_day_names

    return get_day_names("wide", locale=language)[weekday]


def _pairs(rows: Iterable[tuple[str, str]]) -> Pairs:
    source, target = zip(*rows, strict=True)
    return Pairs(source, target)
