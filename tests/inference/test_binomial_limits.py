"""Clopper-Pearson limits: guaranteed, and tight, against exact tails at every n."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mottomo.inference.binomial_limits import binomial_limits


def limits(t: int, n: int, tail: float) -> tuple[float, float]:
    dtype = np.int64 if n < 2**62 else object
    lower, upper = binomial_limits(np.array([t], dtype=dtype), np.array([n], dtype=dtype), tail)
    return float(lower[0]), float(upper[0])


def tail_at_least(t: int, n: int, x: Fraction | mpmath.mpf) -> mpmath.mpf:
    """P(Bin(n, x) >= t): the plain sum of its terms, until they no longer matter."""
    x = mpmath.mpf(x.numerator) / x.denominator if isinstance(x, Fraction) else x
    if t == 0:
        return mpmath.mpf(1)
    if t == n:
        return x**n
    term = (
        mpmath.binomial(n, t) * x**t * (1 - x) ** (n - t)
        if n < 10**5
        else mpmath.exp(
            mpmath.loggamma(n + 1)
            - mpmath.loggamma(t + 1)
            - mpmath.loggamma(n - t + 1)
            + t * mpmath.log(x)
            + (n - t) * mpmath.log1p(-x)
        )
    )
    total, odds, j = term, x / (1 - x), t
    while j < n and term > total * mpmath.mpf(10) ** -25:
        term *= odds * (n - j) / (j + 1)
        j += 1
        total += term
    return total


def tail_by_quadrature(t: int, n: int, x: mpmath.mpf) -> mpmath.mpf:
    """The same for any n: the beta density integrated in 80 digits, around where it has its weight."""
    if t == n:
        return mpmath.exp(n * mpmath.log(x))
    log_constant = mpmath.loggamma(n + 1) - mpmath.loggamma(t) - mpmath.loggamma(n - t + 1)

    def log_density(p):
        return log_constant + (t - 1) * mpmath.log(p) + (n - t) * mpmath.log1p(-p)

    scale = mpmath.sqrt(x * (1 - x) / n) / 8
    low = x
    while log_density(low) > log_density(x) - 90 and low > scale:
        low -= scale
    low = max(low, mpmath.mpf(0)) if low > scale else mpmath.mpf(0)
    points = [low + (x - low) * k / 24 for k in range(25)]
    return mpmath.quad(lambda p: mpmath.exp(log_density(p)) if p > 0 else mpmath.mpf(0), points)


@given(st.data())
def test_both_limits_are_guaranteed_and_tight_up_to_a_hundred_thousand(data):
    n = data.draw(st.one_of(st.integers(1, 40), st.integers(1, 100_000)))
    t = data.draw(st.one_of(st.sampled_from([0, min(1, n), n - 1, n]), st.integers(0, n)))
    tail = data.draw(st.sampled_from([0.4, 0.025, 0.025 / 6, 1e-6, 1e-12]))
    lower, upper = limits(t, n, tail)
    with mpmath.workdps(40):
        check(t, n, Fraction(lower), tail, tail_at_least, Fraction)
        check(n - t, n, 1 - Fraction(upper), tail, tail_at_least, lambda x: 1 - Fraction(x), upper)


def check(t, n, x, tail, tail_of, from_float, near=None) -> None:
    """The tail at the limit is at most `tail`; eight floats further in it is above, or within 1e-10 of it."""
    if t == 0:
        assert x == 0
        return
    assert tail_of(t, n, x) <= tail
    limit = float(x) if near is None else near
    inner = limit
    for _ in range(8):
        inner = float(np.nextafter(inner, 2.0 if near is None else -1.0))
    inside = from_float(inner)
    if 0 < inside < 1:
        assert tail_of(t, n, inside) >= tail * (1 - 1e-10)


LARGE = [
    10**6,
    10**15 + 1,
    *(pytest.param(n, marks=pytest.mark.slow) for n in (10**12, 10**15, 3 * 10**16, 10**20, 10**25)),
]


@pytest.mark.parametrize("n", LARGE)
@pytest.mark.parametrize("share", ["one", "few", "third", "all-but-few", "all"])
def test_limits_stay_guaranteed_where_libraries_lose_their_digits(n, share):
    t = {"one": 1, "few": 37, "third": n // 3, "all-but-few": n - 5, "all": n}[share]
    tail = 0.025 / 6
    lower, upper = limits(t, n, tail)
    assert 0 < lower <= t / n <= upper <= 1
    with mpmath.workdps(80):
        check(t, n, mpmath.mpf(lower), tail, tail_by_quadrature, mpmath.mpf)
        if t < n:
            check(n - t, n, 1 - mpmath.mpf(upper), tail, tail_by_quadrature, lambda x: 1 - mpmath.mpf(x), upper)


def test_the_quadrature_of_these_tests_agrees_with_the_plain_sum():
    with mpmath.workdps(60):
        for t, n, x in [(2, 20, 0.0123), (50, 1000, 0.03), (700, 1000, 0.65)]:
            left, right = tail_by_quadrature(t, n, mpmath.mpf(x)), tail_at_least(t, n, mpmath.mpf(x))
            assert abs(left / right - 1) < 1e-15


@pytest.mark.parametrize(
    ("t", "n", "lower", "upper"),
    [
        (2, 20, 0.0123485271, 0.3169827140),
        (0, 20, 0.0, 0.1684335),
        (20, 20, 0.8315665, 1.0),
        (5, 20, 0.0865714691, 0.4910459),
    ],
)
def test_limits_known_from_tables(t, n, lower, upper):
    assert limits(t, n, 0.025) == pytest.approx((lower, upper), abs=1e-7)


def test_limits_agree_with_scipy_where_scipy_is_right():
    from scipy.stats import beta

    rng = np.random.default_rng(3)
    n = rng.integers(1, 10**6, 200)
    t = (n * rng.random(200)).astype(np.int64)
    lower, upper = binomial_limits(t, n, 0.01)
    inside = (t > 0) & (t < n)
    assert lower[inside] == pytest.approx(beta.ppf(0.01, t, n - t + 1)[inside], rel=1e-9)
    assert upper[inside] == pytest.approx(beta.isf(0.01, t + 1, n - t)[inside], rel=1e-9)


def test_without_observations_nothing_is_known():
    assert limits(0, 0, 0.025) == (0.0, 1.0)


def test_many_limits_at_once_are_those_of_each():
    counts = np.random.default_rng(5).multinomial(1000, [0.5, 0.3, 0.1, 0.1], size=50)
    totals = np.broadcast_to(np.array([[1000]]), counts.shape)
    lower, upper = binomial_limits(counts, totals, 0.005)
    for row, column in [(0, 0), (17, 2), (49, 3)]:
        assert (lower[row, column], upper[row, column]) == limits(int(counts[row, column]), 1000, 0.005)
