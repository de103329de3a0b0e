"""The tests of single categories against sums of binomial terms in 60 digits."""

from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest

from mottomo.inference.residuals import residuals_of


def tail_beyond(t, p, n):
    """2 P(X beyond t) in 60 digits, by the ratio of neighbouring terms."""
    with mp.workdps(60):
        if t < n * p:
            t, p = n - t, 1 - p
        share, term, total, k = mp.mpf(p.numerator) / p.denominator, mp.mpf(1), mp.mpf(0), t
        while term > total * mp.mpf(10) ** -30:
            total += term
            term *= mp.mpf(n - k) / (k + 1) * share / (1 - share)
            k += 1
        first = mp.loggamma(n + 1) - mp.loggamma(t + 1) - mp.loggamma(n - t + 1)
        return min(mp.mpf(1), 2 * total * mp.exp(first + t * mp.log(share) + (n - t) * mp.log(1 - share)))


@pytest.mark.parametrize(
    ("t", "p", "n"),
    [
        (5, Fraction(3, 10**17), 5),  # 1 - p is 1 as a float
        (5, Fraction(1, 10**16), 5),
        (3, Fraction(1, 10**19), 10**6),
        (2_042_000, Fraction(1, 10**6), 2 * 10**12),  # far from normal, though the counts are huge
        (2_028_284, Fraction(1, 10**6), 2 * 10**12),
        (1_990_000, Fraction(1, 10**6), 2 * 10**12),
        (1_010_000, Fraction(1, 10**9), 10**15),
        (1_300, Fraction(1, 10**15), 10**18),
        (900, Fraction(1, 2), 1000),
    ],
)
def test_the_test_of_a_category_is_the_binomial_tail_at_any_size(t, p, n):
    found = residuals_of([t, n - t], [p, 1 - p], n, 0.05)
    expected = tail_beyond(t, p, n)
    logarithm = float(mp.log10(expected))
    np.testing.assert_allclose(found.log10_p_values, [logarithm] * 2, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found.p_values, [float(expected)] * 2, rtol=1e-9)
    np.testing.assert_allclose(found.log10_adjusted, [min(logarithm + np.log10(2), 0)] * 2, rtol=1e-12, atol=1e-12)
