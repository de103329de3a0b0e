"""The standard deviation of each feature, so that a penalty does not depend on units."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from mottomo.classification.objective import Data, Rows

_CHUNK = 1 << 16  # numbers in a temporary array


def deviations(data: Data) -> np.ndarray:
    """(p,) the weighted standard deviation of each feature, with divisor N; 0 if the feature is constant.

    Two passes: means, then squared deviations. Dense features are first reduced by the first row, so columns far from 0
    lose no accuracy.
    """
    total, square = np.zeros(data.n_features), np.zeros(data.n_features)
    first = np.zeros(data.n_features)
    if not data.is_sparse:
        first = next(iter(data.batches())).features[0].astype(np.float64)
    for rows in _pieces(data):
        total += _weighted_sum(rows, rows.features if rows.is_sparse else rows.features - first)
    mean = total / data.weight  # relative to the first row; exactly 0 for a constant column
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
    """The rows; dense ones in small batches, so that temporary arrays stay in the cache."""
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
