"""Claims about probabilities, in every way they may be written, and every refusal."""

from __future__ import annotations

from fractions import Fraction

import pytest

from mottomo.categories import Categories
from mottomo.errors import InvalidInput
from mottomo.probabilities import Probabilities, parse_number


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("0.1,0.9", [Fraction(1, 10), Fraction(9, 10)]),
        ("9/16,3/16,3/16,1/16", [Fraction(9, 16), Fraction(3, 16), Fraction(3, 16), Fraction(1, 16)]),
        ("3%,97%", [Fraction(3, 100), Fraction(97, 100)]),
        ("0.5:1.5", [Fraction(1, 4), Fraction(3, 4)]),
        ("625:125:25:5:2", [Fraction(w, 782) for w in (625, 125, 25, 5, 2)]),
        ("1e-3,0.999", [Fraction(1, 1000), Fraction(999, 1000)]),
        ("1", [Fraction(1)]),
    ],
)
def test_text_is_exact(given, expected):
    assert list(Probabilities.of(given).exact) == expected


def test_names_are_matched_and_not_sorted():
    odds = Probabilities.of("wolf=0.1,dog=0.8,fox=0.1", ["dog", "fox", "wolf"])
    assert odds.exact == (Fraction(4, 5), Fraction(1, 10), Fraction(1, 10))


def test_fair_needs_declared_categories():
    assert Probabilities.of("fair", "1..6").exact == (Fraction(1, 6),) * 6
    for categories in (None, Categories.discovered(["a", "b"])):
        with pytest.raises(InvalidInput, match="not defined until the categories are declared"):
            Probabilities.of("fair", categories)


def test_a_sum_that_misses_1_needs_to_be_asked_for():
    with pytest.raises(InvalidInput, match="9999/10000"):
        Probabilities.of("33.33%,33.33%,33.33%")
    odds = Probabilities.of("33.33%,33.33%,33.33%", normalise=True)
    assert odds.exact == (Fraction(1, 3),) * 3
    assert odds.normalised
    assert Probabilities.of([0.2, 0.2], normalise=True).values.tolist() == [0.5, 0.5]


@pytest.mark.parametrize(
    ("given", "categories", "message"),
    [
        ("0.5,0.6", None, "do not sum to 1"),
        ("0.5,x", None, "cannot be read"),
        ("1/0,1", None, "cannot be read"),
        ("", None, "cannot be read"),
        ("0.5,0.5", "1..3", "not one probability for each"),
        ("a=0.5,b=0.5", ["a", "c"], "unknown category"),
        ("a=0.5,b=0.5", ["a", "b", "c"], "has no probability"),
        ("a=0.5,a=0.5", None, "declared twice"),
        ("-0.5,1.5", None, "between 0 and 1"),
        ("0:0", None, "divided by their sum"),
        ("0." + "1" * 5_000 + ",0.5", None, "too many digits"),
        ([[0.5, 0.5]], None, "too many dimensions"),
    ],
)
def test_anything_else_is_refused(given, categories, message):
    with pytest.raises(InvalidInput, match=message):
        Probabilities.of(given, categories)


@pytest.mark.parametrize("text", ["nan", "inf", "1,5", "½", "0x1", "1e99999"])
def test_a_number_is_plain_digits(text):
    with pytest.raises(InvalidInput):
        parse_number(text)
