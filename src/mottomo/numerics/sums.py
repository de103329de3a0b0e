"""Accurate sums: correctly rounded for one row, compensated for many."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

_LOOPED_COLUMNS = 4096


def accurate_sum(terms: np.ndarray) -> np.ndarray:
    """The sum over the last axis of `terms` (..., K), (...) float64.

    A single row is summed with correct rounding. Several rows are summed with Neumaier's compensation, whose error is
    one rounding plus K eps^2. Infinite terms give an infinite sum.
    """
    terms = np.asarray(terms, dtype=np.float64)
    if terms.ndim == 1:
        return np.asarray(math.fsum(terms.tolist()))
    if terms.shape[-1] > _LOOPED_COLUMNS:
        rows = terms.reshape(-1, terms.shape[-1])
        return np.array([math.fsum(row.tolist()) for row in rows]).reshape(terms.shape[:-1])
    total = np.zeros(terms.shape[:-1])
    lost = np.zeros(terms.shape[:-1])
    with np.errstate(invalid="ignore"):
        for column in range(terms.shape[-1]):
            term = terms[..., column]
            partial = total + term
            lost += np.where(np.abs(total) >= np.abs(term), (total - partial) + term, (term - partial) + total)
            total = partial
        return np.where(np.isfinite(total), total + lost, total)


def two_sum(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The sum of two arrays as ``(rounded, rest)``, two floats whose sum is exact (Knuth)."""
    total = a + b
    of_b = total - a
    return total, (a - (total - of_b)) + (b - of_b)


def accurate_combination(terms: Iterable[tuple[Any, Any, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """sum_j (high_j + low_j) x_j as ``(rounded, rest)``, with twice the digits of a float.

    Each term is ``(high, low, x)``. The factor of x is the sum of two floats, ``high`` and the much smaller ``low``.
    The error is about 2**-104 times the sum of the absolute values of the terms, if these are below 2**500.
    """
    total: Any = 0.0
    rest: Any = 0.0
    for high, low, x in terms:
        product, lost = two_product(x, high)
        total, more = two_sum(total, product)
        rest = rest + (more + (lost + low * x))
    total, rest = two_sum(np.asarray(total), np.asarray(rest))
    return total, rest


def two_product(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The product of two arrays as ``(rounded, rest)``, whose sum is exact (Dekker), for |a|, |b| < 2**500."""
    product = a * b
    a_high, a_low = _split(a)
    b_high, b_low = _split(b)
    return product, a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low)


def _split(a: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    shifted = a * 134217729.0  # 2**27 + 1 cuts the 53 bits in halves
    high = shifted - (shifted - a)
    return high, a - high
