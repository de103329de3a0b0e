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
SMALLEST = 1e-290  # a smaller p-value has no reliable digits in float64; its logarithm is computed instead


@dataclass(frozen=True, eq=False)
class Residuals:
    """How far each category departs from the null.

    Attributes
    ----------
    standardized : (K,) (t - e) / sqrt(e (1 - p)); where the root is 0, NaN if t = e and else infinite.
    p_values : (K,) exact binomial, twice the smaller tail.
    adjusted : (K,) Holm's p-values: the chance of any false alarm among all categories is at most the significance.
    log10_p_values : (K,) log10 of `p_values`, also of those too small for a float.
    log10_adjusted : (K,) log10 of `adjusted`, also of those too small for a float.
    significance : a category departs if its adjusted p-value is at most this.
    """

    standardized: np.ndarray
    p_values: np.ndarray
    adjusted: np.ndarray
    log10_p_values: np.ndarray
    log10_adjusted: np.ndarray
    significance: float

    def flagged(self, names: Sequence[str], sign: int = 0) -> tuple[str, ...]:
        """Names of the categories that depart, the strongest first.

        sign : 1 for only those seen more often than expected, -1 for less often, 0 for both.
        """
        order = np.lexsort((-np.abs(self.standardized), self.adjusted))
        return tuple(
            names[index]
            for index in order.tolist()
            if self.adjusted[index] <= self.significance
            and (sign == 0 or np.sign(np.nan_to_num(self.standardized[index], nan=1.0)) == sign)
        )

    def to_dict(self) -> dict[str, Any]:
        """The residuals and p-values for JSON, as lists in the order of the categories."""
        return {
            "standardized": self.standardized.tolist(),
            "p_values": self.p_values.tolist(),
            "adjusted_p_values": self.adjusted.tolist(),
            "log10_p_values": self.log10_p_values.tolist(),
            "log10_adjusted_p_values": self.log10_adjusted.tolist(),
            "adjustment": "holm",
        }


def residuals_of(counts: Sequence[int], null: Sequence[Fraction], n: int, significance: float) -> Residuals:
    """The residuals of one tally of n observations; counts and null probabilities have length K."""
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

    Success is the rarer of the two outcomes, because a float near 1 has lost digits. The tail is an incomplete beta
    function; where that underflows or n is too large for it, it is the integral in ``binomial_limits``.
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
    """The arguments of ``log_binomial_tails`` for the tail that begins at t and leads away from the mean."""
    above = t - n * p
    seen, expected = (t, n * p) if above >= 0 else (n - t, n * (1 - p))
    return float(seen), float(n - seen), float(abs(above) / expected)


def log10_of(p_values: np.ndarray) -> np.ndarray:
    """log10 p; -inf where p is 0."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.log10(p_values))


def holm(p_values: np.ndarray) -> np.ndarray:
    """Holm's adjusted p-values.

    If all hypotheses with an adjusted p-value <= alpha are rejected, the probability of any false rejection is at
    most alpha.
    """
    order = np.argsort(p_values, kind="stable")
    size = p_values.size
    stepped = np.maximum.accumulate(np.minimum(p_values[order] * (size - np.arange(size)), 1.0))
    adjusted = np.empty(size)
    adjusted[order] = stepped
    return adjusted


def benjamini_hochberg(p_values: np.ndarray) -> np.ndarray:
    """Benjamini and Hochberg's adjusted p-values.

    If all hypotheses with an adjusted p-value <= q are rejected, the expected share of false rejections is at most q.
    """
    order = np.argsort(p_values, kind="stable")
    size = p_values.size
    stepped = np.minimum(p_values[order] * size / (1 + np.arange(size)), 1.0)
    adjusted = np.empty(size)
    adjusted[order] = np.minimum.accumulate(stepped[::-1])[::-1]
    return adjusted


def log10_holm(logarithms: np.ndarray) -> np.ndarray:
    """``holm`` for p-values given as log10; returns log10."""
    order = np.argsort(logarithms, kind="stable")
    size = logarithms.size
    adjusted = np.empty(size)
    adjusted[order] = np.maximum.accumulate(np.minimum(logarithms[order] + np.log10(size - np.arange(size)), 0.0))
    return adjusted


def log10_benjamini_hochberg(logarithms: np.ndarray) -> np.ndarray:
    """``benjamini_hochberg`` for p-values given as log10; returns log10."""
    order = np.argsort(logarithms, kind="stable")
    size = logarithms.size
    stepped = np.minimum(logarithms[order] + np.log10(size / (1 + np.arange(size))), 0.0)
    adjusted = np.empty(size)
    adjusted[order] = np.minimum.accumulate(stepped[::-1])[::-1]
    return adjusted
