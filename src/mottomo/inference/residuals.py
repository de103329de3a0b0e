"""Which categories depart from a null: standardised residuals, and exact tests corrected for looking at all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from mottomo.inference.binomial_limits import log_binomial_tails

_HUGE = 1e12
SMALLEST = 1e-290  # below, a p-value of float64 loses its digits and is known by its logarithm


@dataclass(frozen=True, eq=False)
class Residuals:
    """One entry for each category.

    standardized : (t - e) / sqrt(e (1 - p)); NaN where the null leaves no freedom. p_values : exact binomial, twice
    the smaller tail. adjusted : Holm's, so that the chance of any false alarm is at most the significance.
    log10_p_values, log10_adjusted : their logarithms, also where they are too small for floats.
    """

    standardized: np.ndarray
    p_values: np.ndarray
    adjusted: np.ndarray
    log10_p_values: np.ndarray
    log10_adjusted: np.ndarray
    significance: float

    def flagged(self, names: Sequence[str], sign: int = 0) -> tuple[str, ...]:
        """Names of the categories that depart, the strongest first; with a sign, only those seen more (less) often."""
        order = np.lexsort((-np.abs(self.standardized), self.adjusted))
        return tuple(
            names[index]
            for index in order.tolist()
            if self.adjusted[index] <= self.significance
            and (sign == 0 or np.sign(np.nan_to_num(self.standardized[index], nan=1.0)) == sign)
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "standardized": self.standardized.tolist(),
            "p_values": self.p_values.tolist(),
            "adjusted_p_values": self.adjusted.tolist(),
            "log10_p_values": self.log10_p_values.tolist(),
            "log10_adjusted_p_values": self.log10_adjusted.tolist(),
            "adjustment": "holm",
        }


def residuals_of(counts: Sequence[int], null: Sequence[Fraction], n: int, significance: float) -> Residuals:
    """The residuals of one tally."""
    differences = np.array([float(count - n * p) for count, p in zip(counts, null, strict=True)])
    variances = np.array([float(n * p * (1 - p)) for p in null])
    with np.errstate(divide="ignore", invalid="ignore"):
        standardized = np.where(
            variances > 0, differences / np.sqrt(variances), np.where(differences == 0, np.nan, np.inf)
        )
    standardized = np.where(variances > 0, standardized, np.copysign(standardized, differences))
    p_values, logarithms = _two_sided(counts, null, n)
    return Residuals(standardized, p_values, holm(p_values), logarithms, log10_holm(logarithms), significance)


def _two_sided(counts: Sequence[int], null: Sequence[Fraction], n: int) -> tuple[np.ndarray, np.ndarray]:
    """min(1, 2 min(P(X <= t), P(X >= t))) for X ~ Bin(n, p) of each category, and log10 of it.

    Successes are counted where they are expected less often than failures, because floats near 1 have no digits left.
    The tail beyond t is that of an incomplete beta function, or, where that is too small or n too large for it, the
    integral in ``binomial_limits``.
    """
    from scipy.special import betainc, betaincc

    rare = [(t, p) if 2 * p <= 1 else (n - t, 1 - p) for t, p in zip(counts, null, strict=True)]
    t, m = (np.array([float(value) for value in values]) for values in ([t for t, _ in rare], [n - t for t, _ in rare]))
    p = np.array([float(p) for _, p in rare])
    at_least = np.where(t > 0, betainc(np.maximum(t, 1e-300), m + 1, p), 1.0)
    at_most = np.where(m > 0, betaincc(t + 1, np.maximum(m, 1e-300), p), 1.0)
    p_values = np.minimum(2 * np.minimum(at_least, at_most), 1.0)
    logarithms = log10_of(p_values)
    needed = np.flatnonzero((p > 0) & ((p_values < SMALLEST) | (n > _HUGE)))
    beyond = [_beyond(*rare[index], n) for index in needed.tolist()]
    if beyond:
        logs = np.minimum(log_binomial_tails(*np.array(beyond).T) + math.log(2), 0.0)
        logarithms[needed], p_values[needed] = logs / math.log(10), np.exp(logs)
    return p_values, logarithms


def _beyond(t: int, p: Fraction, n: int) -> tuple[float, float, float]:
    """What ``log_binomial_tails`` takes for the tail beyond t, on the side of t."""
    above = t - n * p
    seen, expected = (t, n * p) if above >= 0 else (n - t, n * (1 - p))
    return float(seen), float(n - seen), float(abs(above) / expected)


def log10_of(p_values: np.ndarray) -> np.ndarray:
    """log10 p; -inf where p is 0."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.log10(p_values))


def holm(p_values: np.ndarray) -> np.ndarray:
    """Holm's adjusted p-values: rejecting those at most alpha makes any false rejection with probability <= alpha."""
    order = np.argsort(p_values, kind="stable")
    size = p_values.size
    stepped = np.maximum.accumulate(np.minimum(p_values[order] * (size - np.arange(size)), 1.0))
    adjusted = np.empty(size)
    adjusted[order] = stepped
    return adjusted


def benjamini_hochberg(p_values: np.ndarray) -> np.ndarray:
    """Benjamini and Hochberg's adjusted p-values: rejecting those at most q expects at most q of them to be false."""
    order = np.argsort(p_values, kind="stable")
    size = p_values.size
    stepped = np.minimum(p_values[order] * size / (1 + np.arange(size)), 1.0)
    adjusted = np.empty(size)
    adjusted[order] = np.minimum.accumulate(stepped[::-1])[::-1]
    return adjusted


def log10_holm(logarithms: np.ndarray) -> np.ndarray:
    """``holm`` of p-values given by their log10."""
    order = np.argsort(logarithms, kind="stable")
    size = logarithms.size
    adjusted = np.empty(size)
    adjusted[order] = np.maximum.accumulate(np.minimum(logarithms[order] + np.log10(size - np.arange(size)), 0.0))
    return adjusted


def log10_benjamini_hochberg(logarithms: np.ndarray) -> np.ndarray:
    """``benjamini_hochberg`` of p-values given by their log10."""
    order = np.argsort(logarithms, kind="stable")
    size = logarithms.size
    stepped = np.minimum(logarithms[order] + np.log10(size / (1 + np.arange(size))), 0.0)
    adjusted = np.empty(size)
    adjusted[order] = np.minimum.accumulate(stepped[::-1])[::-1]
    return adjusted
