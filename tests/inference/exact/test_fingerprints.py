from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mottomo.inference.exact.fingerprints import logarithms_of_fractions, logarithms_of_range, scrambled

MASK = 2**64 - 1


def test_the_fingerprint_of_a_product_is_the_sum_of_fingerprints():
    prints = [int(value) for value in logarithms_of_range(0, 400)]
    for a in range(1, 20):
        for b in range(1, 20):
            assert prints[a * b] == (prints[a] + prints[b]) & MASK


def test_a_window_has_the_fingerprints_of_the_whole():
    np.testing.assert_array_equal(logarithms_of_range(1000, 1100), logarithms_of_range(0, 1100)[1000:])


@given(st.lists(st.fractions(min_value="1/1000", max_value=1), min_size=2, max_size=6), st.integers(2, 50))
@settings(max_examples=100, deadline=None)
def test_equal_products_have_equal_fingerprints_and_others_not(fractions, largest):
    prints = logarithms_of_fractions([*fractions, fractions[0] * fractions[1], Fraction(3, 7)], largest)
    assert (prints[0] + prints[1]) & MASK == prints[len(fractions)]
    if fractions[0] != fractions[1]:
        assert prints[0] != prints[1]


def test_fingerprints_of_fractions_and_of_numbers_agree():
    prints = logarithms_of_range(0, 30)
    assert logarithms_of_fractions([Fraction(30), Fraction(1, 29)], 30) == [int(prints[30]), -int(prints[29]) & MASK]


def test_words_depend_on_all_of_a_long_integer():
    assert len({scrambled(value) for value in (0, 1, 2**64, 2**64 + 1, 2**128)}) == 5
