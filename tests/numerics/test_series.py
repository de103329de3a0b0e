"""Cancelling differences against 60-digit arithmetic."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from mottomo.numerics.series import expm1_excess, log1p_excess, relative_entropy_term, stirling_error

MAGNITUDES = [10.0**k for k in range(-300, 3, 7)] + [0.29999, 0.3, 0.30001, 0.5, 0.99, 1.0, 1.01, 3.0, 40.0]


def relative_error(got: float, exact: mpmath.mpf) -> float:
    return float(abs(mpmath.mpf(float(got)) / exact - 1)) if exact else abs(float(got))


def exactly(function, u: float):
    with mpmath.workdps(700):  # enough for u = 1e-300, whose square is what is left
        return function(mpmath.mpf(u))


@pytest.mark.parametrize("u", [u for u in MAGNITUDES if u > 1e-150] + [-u for u in MAGNITUDES if 1e-150 < u < 1])
def test_log1p_excess_keeps_its_digits(u):
    assert relative_error(log1p_excess(u), exactly(lambda x: x - mpmath.log1p(x), u)) < 1e-15


@pytest.mark.parametrize("s", [s for s in MAGNITUDES if s > 1e-150])
def test_expm1_excess_keeps_its_digits(s):
    assert relative_error(expm1_excess(s), exactly(lambda x: x + mpmath.expm1(-x), s)) < 1e-15


@pytest.mark.parametrize("u", [u for u in MAGNITUDES if u > 1e-150] + [-u for u in MAGNITUDES if 1e-150 < u < 1])
def test_the_term_of_a_divergence_keeps_its_digits(u):
    exact = exactly(lambda x: (1 + x) * mpmath.log1p(x) - x, u)
    assert relative_error(relative_entropy_term(u), exact) < 2e-15


def test_the_term_of_a_divergence_at_its_ends():
    assert relative_entropy_term(np.array([-1.0, 0.0])).tolist() == [1.0, 0.0]


@pytest.mark.parametrize("n", [*range(1, 40), 100, 10**6, 10**15])
def test_stirlings_remainder_is_exact_to_rounding(n):
    with mpmath.workdps(60):
        exact = mpmath.loggamma(n + 1) - (mpmath.log(2 * mpmath.pi * n) / 2 + n * mpmath.log(n) - n)
    assert relative_error(stirling_error(n), exact) < 4e-16
