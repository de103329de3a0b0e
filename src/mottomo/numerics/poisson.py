"""log Poisson(x; e) and its terms in Loader's form, in which nothing cancels."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from mottomo.numerics.series import relative_entropy_term, stirling_error

SMALLEST_RATE = Fraction(1, 10**290)


def log_poisson(x: np.ndarray, rate: Fraction) -> np.ndarray:
    """log Poisson(x; rate) for whole x >= 0 (L,) and rate > 0; (L,) float64."""
    positive = np.maximum(x, 1).astype(np.float64)
    body = stirling_error(positive) + 0.5 * np.log(2 * np.pi * positive)
    return -divergence(x, rate) - np.where(x > 0, body, 0.0)


def divergence(x: np.ndarray, rate: Fraction) -> np.ndarray:
    """e h((x - e) / e) = x log(x/e) - x + e for whole x >= 0 (L,) and e = `rate`; (L,) float64, at least 0."""
    if rate < SMALLEST_RATE:  # either x is 0, or e is negligible compared with x
        log_rate = math.log(rate.numerator) - math.log(rate.denominator)
        positive = np.maximum(x, 1).astype(np.float64)
        return np.where(x > 0, positive * (np.log(positive) - log_rate - 1), float(rate))
    expected = float(rate)
    return expected * relative_entropy_term(deviations(x, rate) / expected)


def deviations(x: np.ndarray, rate: Fraction) -> np.ndarray:
    """x - e, (L,) float64, rounded only after the subtraction, so that it is accurate also if x is near e = `rate`."""
    whole = round(rate)
    if whole >= 2**62:
        x = np.asarray(x, dtype=object)
    return (np.asarray(x) - whole).astype(np.float64) - float(rate - whole)
