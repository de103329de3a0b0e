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
    shares = np.array([float(p) for p in null])
    seen = np.array([float(count) for count in counts])
    p_values = binomial_p_values(seen, float(n), shares, standardized)
    logarithms = log10_of(p_values)
    for index in np.flatnonzero((p_values < SMALLEST) & (variances > 0)).tolist():
        p, count = (null[index], counts[index]) if differences[index] > 0 else (1 - null[index], n - counts[index])
        tail = log_binomial_tails(*(np.array([float(value)]) for value in (count, n - count, n * p)))
        logarithms[index] = (float(tail[0]) + math.log(2)) / math.log(10)
    return Residuals(standardized, p_values, holm(p_values), logarithms, log10_holm(logarithms), significance)


def binomial_p_values(counts: np.ndarray, n: Any, probabilities: np.ndarray, standardized: np.ndarray) -> np.ndarray:
    """min(1, 2 min(P(X <= t), P(X >= t))) for X ~ Bin(n, p), elementwise; guaranteed up to n = 10^12.

    standardized : (t - n p) / sqrt(n p (1 - p)), computed without cancelling: it gives the normal tail beyond.
    """
    from scipy.special import betainc, betaincc, ndtr

    counts, n, probabilities = np.broadcast_arrays(counts, np.asarray(n, dtype=np.float64), probabilities)
    at_least = np.where(counts > 0, betainc(np.maximum(counts, 1e-300), n - counts + 1, probabilities), 1.0)
    at_most = np.where(counts < n, betaincc(counts + 1, np.maximum(n - counts, 1e-300), probabilities), 1.0)
    p_values = np.minimum(2 * np.minimum(at_least, at_most), 1.0)
    # The incomplete beta function loses its digits for huge n; there the normal tail has them.
    variances = n * probabilities * (1 - probabilities)
    huge = (n > _HUGE) & (variances > 1e6)
    with np.errstate(divide="ignore", invalid="ignore"):
        normal = 2 * ndtr(-np.abs(standardized))
    return np.where(huge & np.isfinite(normal), normal, p_values)


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
