"""The one door: what is let in unchanged, and every refusal."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from mottomo._arrays import as_counts, as_probabilities
from mottomo.errors import InvalidInput


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([2, 5], [2, 5]),
        ((0,), [0]),
        (np.array([2, 5], dtype=np.uint8), [2, 5]),
        (np.array([2**63], dtype=np.uint64), [2**63]),
        ([10**30, 1], [10**30, 1]),
        ([2**62, 2**62], [2**62, 2**62]),
        (np.array([2.0, 5.0], dtype=np.float32), [2, 5]),
        (np.array([Decimal(2), 5], dtype=object), [2, 5]),
    ],
)
def test_whole_numbers_are_counts_of_any_size(given, expected):
    counts = as_counts(given)
    assert counts.tolist() == expected
    assert int(counts.sum()) == sum(expected)
    assert not counts.flags.writeable


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([1, -2], "a count is negative"),
        ([-(10**30)], "a count is negative"),
        ([1.5, 2.0], "not a whole number"),
        ([float("nan")], "a count is missing"),
        ([1, None], "a count is missing"),
        ([float("inf")], "not a whole number"),
        ([2.0**60], "too large for an exact count"),
        (["2", "5"], "counts are not numbers"),
        ([True, False], "counts are not numbers"),
        (np.array([True, 2], dtype=object), "a count is not a number"),
        ([], "no counts were given"),
        (5, "no counts were given"),
        ([[1, 2], [3]], "do not have one length"),
        ([10**151], "larger than 10\\*\\*150"),
        ([Decimal("1e305")], "larger than"),
        ([6 * 10**149] * 2, "larger than"),
        ([Fraction(1, 2)], "not a whole number"),
    ],
)
def test_anything_else_is_refused_as_counts(given, message):
    with pytest.raises(InvalidInput, match=message):
        as_counts(given)


def test_the_error_names_the_position():
    with pytest.raises(InvalidInput, match="counts, position 3"):
        as_counts([1, 2, -3])


def test_an_argument_array_is_neither_modified_nor_shared():
    given = np.array([2, 5])
    counts = as_counts(given)
    given[0] = 99
    assert counts.tolist() == [2, 5]
    assert given.flags.writeable


@pytest.mark.parametrize(
    "given",
    [
        [1 / 6] * 6,
        [0.1] * 10,
        np.full(3, 1 / 3, dtype=np.float32),
        np.full((4, 3), 1 / 3),
        [Fraction(1, 3), Fraction(2, 3)],
        [Decimal("0.1"), Decimal("0.9")],
        [0, 1],
        [1.0, 0.0],
    ],
)
def test_probabilities_that_sum_to_1_within_rounding_are_taken(given):
    checked = as_probabilities(given)
    assert np.abs(checked.values.sum(axis=-1) - 1).max() <= 2e-16 * checked.values.shape[-1]


def test_exact_probabilities_stay_exact():
    assert as_probabilities([Fraction(1, 3), Fraction(2, 3)]).exact == (Fraction(1, 3), Fraction(2, 3))
    assert as_probabilities([0.5, 0.5]).exact is None


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([0.8, 0.1, 0.03], "0.93 = 0.8 \\+ 0.1 \\+ 0.03"),
        ([Fraction(1, 2), Fraction(1, 3)], "5/6 = 1/2 \\+ 1/3"),
        ([0.5, 0.5 + 1e-12], "do not sum to 1"),
        (np.array([0.5, 0.5 + 1e-5], dtype=np.float32), "do not sum to 1"),
        ([-0.5, 1.5], "position 1"),
        ([0.5, float("nan")], "position 2"),
        (["a", "b"], "are not numbers"),
        ([[0.5, 0.5], [0.5, 0.4]], "row 2"),
        ([], "no probabilities"),
        ([True, False], "are not numbers"),
        (np.array([Fraction(1, 2), "x"], dtype=object), "position 2"),
        (np.array([0.5, "x"], dtype=object), "between 0 and 1"),
        ([Fraction(3, 2), Fraction(-1, 2)], "position 1"),
    ],
)
def test_anything_else_is_refused_as_probabilities(given, message):
    with pytest.raises(InvalidInput, match=message):
        as_probabilities(given)
