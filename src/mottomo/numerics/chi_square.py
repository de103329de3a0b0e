"""The chi-square distribution for p-values, also in logarithms, and the noncentral one for power."""

from __future__ import annotations

import math

import numpy as np

_SMALLEST = 1e-290  # a smaller tail is computed in logarithms
_MOST_TERMS = 10_000


def chi_square_tail(statistic: np.ndarray | float, degrees_of_freedom: int) -> np.ndarray:
    """P(chi-square >= statistic), elementwise; with 0 degrees of freedom 1 if the statistic is 0, else 0."""
    from scipy.special import chdtrc  # 0.2 s to import, so only when it is needed

    statistic = np.asarray(statistic, dtype=np.float64)
    if degrees_of_freedom == 0:
        return np.where(statistic > 0, 0.0, 1.0)
    return np.asarray(chdtrc(degrees_of_freedom, statistic))


def log10_chi_square_tail(statistic: float, degrees_of_freedom: int) -> float:
    """log10 P(chi-square >= statistic), also if that probability is too small for a float."""
    if degrees_of_freedom == 0:
        return -math.inf if statistic > 0 else 0.0
    tail = float(chi_square_tail(statistic, degrees_of_freedom))
    if tail > _SMALLEST or math.isinf(statistic):
        return math.log10(tail) if tail > 0 else -math.inf
    a, z = degrees_of_freedom / 2, statistic / 2
    # The continued fraction of the upper incomplete gamma function, by Lentz's method.
    b = z + 1 - a
    c, d = 1e300, 1 / b
    fraction = d
    for index in range(1, _MOST_TERMS):
        term = -index * (index - a)
        b += 2
        d = 1 / (term * d + b)
        c = b + term / c
        fraction *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return (-z + a * math.log(z) - math.lgamma(a) + math.log(fraction)) / math.log(10)


def critical_value(significance: float, degrees_of_freedom: int) -> float:
    """The statistic that chi-square exceeds with probability `significance`."""
    from scipy.special import chdtri

    return float(chdtri(degrees_of_freedom, significance))


def noncentral_power(noncentrality: float, significance: float, degrees_of_freedom: int) -> float:
    """The probability that a noncentral chi-square exceeds the critical value."""
    from scipy.special import chndtr, ndtr

    critical = critical_value(significance, degrees_of_freedom)
    if noncentrality > 10_000:  # the normal approximation has many digits here, and scipy's series is slow
        mean, spread = degrees_of_freedom + noncentrality, math.sqrt(2 * (degrees_of_freedom + 2 * noncentrality))
        return float(ndtr((mean - critical) / spread))
    return 1 - float(chndtr(critical, degrees_of_freedom, noncentrality))


def needed_noncentrality(power: float, significance: float, degrees_of_freedom: int) -> float:
    """The noncentrality with this power, by bisection."""
    low, high = 0.0, 1.0
    while noncentral_power(high, significance, degrees_of_freedom) < power:
        low, high = high, 2 * high
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if noncentral_power(middle, significance, degrees_of_freedom) < power:
            low = middle
        else:
            high = middle
    return high
