"""Sums and products that keep their digits, against fractions."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mottomo.numerics.sums import accurate_sum, two_product

numbers = st.floats(-1e100, 1e100, allow_subnormal=False)


@given(st.lists(st.lists(numbers, min_size=5, max_size=5), min_size=1, max_size=4))
def test_many_rows_are_summed_as_one_row_is(rows):
    together = accurate_sum(np.array(rows))
    for row, total in zip(rows, together.tolist(), strict=True):
        exact = math.fsum(row)
        slack = 1e-30 * sum(map(abs, row))
        assert abs(total - exact) <= max(slack, 2**-52 * abs(exact))


def test_rows_longer_than_the_loop_are_summed_too():
    rows = np.full((2, 5000), 0.1)
    assert accurate_sum(rows).tolist() == [500.0, 500.0]


@pytest.mark.parametrize("terms", [[1.0, -np.inf], [[1.0, -np.inf], [2.0, -np.inf]]])
def test_an_infinite_term_makes_an_infinite_sum(terms):
    assert np.all(accurate_sum(np.array(terms)) == -np.inf)


@given(st.floats(-1e100, 1e100, allow_subnormal=False), st.floats(1e-100, 1e100))
def test_a_product_and_its_rest_are_exact(a, b):
    if a != 0 and abs(a) < 1e-100:
        return
    rounded, rest = two_product(np.array(a), np.array(b))
    assert Fraction(float(rounded)) + Fraction(float(rest)) == Fraction(a) * Fraction(b)
