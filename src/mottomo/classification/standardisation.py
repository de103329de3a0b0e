"""The spread of each feature: by what it is divided so that its unit does not matter to a penalty."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from mottomo.classification.objective import Data, Rows

_CHUNK = 1 << 16  # numbers in a temporary


def deviations(data: Data) -> np.ndarray:
    """(p,) the standard deviation of each feature over the rows and their weights, with divisor N; 0 if it is constant.

    Means first, then squares of what is left of them: two readings. Both are taken from the first row, so that a large
    number in all rows costs no digits.
    """
    total, square = np.zeros(data.n_features), np.zeros(data.n_features)
    first = np.zeros(data.n_features)
    if not data.is_sparse:
        first = next(iter(data.batches())).features[0].astype(np.float64)
    for rows in _pieces(data):
        total += _weighted_sum(rows, rows.features if rows.is_sparse else rows.features - first)
    mean = total / data.weight  # above the first row, of a constant column exactly 0
    for rows in _pieces(data):
        square += (
            _weighted_squares(rows, mean)
            if rows.is_sparse
            else _weighted_sum(rows, (rows.features - first - mean) ** 2)
        )
    spread = np.sqrt(square / data.weight)
    rounding = data.n * np.finfo(np.float64).eps * np.abs(mean) if data.is_sparse else 0.0
    return np.where(spread <= rounding, 0.0, spread)


def _pieces(data: Data) -> Iterator[Rows]:
    """The rows; dense ones a few at a time, so that what is made of them stays in the processor's cache."""
    for rows in data.batches():
        size = rows.n if rows.is_sparse else max(64, _CHUNK // max(rows.n_features, 1))
        for start in range(0, rows.n, size):
            yield rows if rows.is_sparse else rows.taken(slice(start, start + size))


def _weighted_sum(rows: Rows, x: Any) -> np.ndarray:
    weights = np.ones(rows.n) if rows.weights is None else rows.weights
    return np.asarray(x.T @ weights, dtype=np.float64).ravel()


def _weighted_squares(rows: Rows, mean: np.ndarray) -> np.ndarray:
    """sum_i w_i (x_ij - mean_j)^2 of sparse features, (p,)."""
    x = rows.features.astype(np.float64)
    x.data = (x.data - mean[x.indices]) ** 2
    stored = x.copy()
    stored.data = np.ones_like(x.data)
    return _weighted_sum(rows, x) + (rows.weight - _weighted_sum(rows, stored)) * mean**2
