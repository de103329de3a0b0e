"""Logits and probabilities of a softmax model with given coefficients."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from mottomo.numerics.softmax import softmax_of_relative
from mottomo.numerics.sums import accurate_combination

_FAR_BELOW = 2.0**-600  # scales features so that no product with a coefficient overflows
_ROUNDING = 1e-10  # absolute error of a logit that does not matter
_LARGEST = 1e100  # largest products for double-double arithmetic
_CHUNK = 1 << 14  # rows in a temporary array


def logits(x: Any, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    """x W + b, (n, K) float64.

    If large products could cancel, as with nearly equal columns, they are summed in double-double arithmetic.
    """
    return _in_twice_the_digits(x, w, b) if _cancels(x, w) else np.asarray(x @ w, dtype=np.float64) + b


def relative_logits(x: Any, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    """x W + b minus the maximum of each row, (n, K) float64; -inf where the difference overflows.

    In rows where a product overflows, the categories with the largest logit get 0 and all others -inf.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        z = logits(x, w, b)
        return _relative(z, x, w, b)


def _relative(z: np.ndarray, x: Any, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    z -= z.max(axis=1, keepdims=True)
    lost = np.flatnonzero(np.isnan(z).any(axis=1))
    if lost.size:
        some = x[lost].toarray() if hasattr(x, "indptr") else x[lost]
        small = (np.asarray(some, dtype=np.float64) * _FAR_BELOW) @ w + b * _FAR_BELOW
        below = small < small.max(axis=1, keepdims=True)
        z[lost] = np.where(below, -np.inf, 0.0)
    return z


def _cancels(x: Any, w: np.ndarray) -> bool:
    """True if rounding of products could change the logits of dense features, and double-double does not overflow."""
    if hasattr(x, "indptr") or not x.size:
        return False
    size = np.abs(w).max(axis=1)
    flat = x.ravel(order="K")
    with np.errstate(over="ignore", invalid="ignore"):
        longest = math.sqrt(float(np.dot(flat, flat)))  # bounds every number
        if longest * float(size.sum()) * 2.0**-53 <= _ROUNDING:
            return False
        products = np.maximum(x.max(axis=0), -x.min(axis=0)).astype(np.float64) * size
    return _ROUNDING * 2.0**53 < float(products.sum()) < _LARGEST


def _in_twice_the_digits(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    z = np.empty((len(x), len(b)))
    for first in range(0, len(x), _CHUNK):
        columns = np.asarray(x[first : first + _CHUNK].T, dtype=np.float64)
        ones = np.ones(columns.shape[1])
        for k in range(len(b)):
            terms = [(1.0, 0.0, b[k] * ones), *((w[j, k], 0.0, column) for j, column in enumerate(columns))]
            z[first : first + _CHUNK, k] = accurate_combination(terms)[0]
    return z


def probabilities(x: Any, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    """softmax(x W + b), (n, K) float64; each row sums to 1 within K eps."""
    return softmax_of_relative(relative_logits(x, w, b))


def training_probabilities(x: Any, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    """As ``probabilities``, for recoded features, whose products do not cancel."""
    with np.errstate(over="ignore", invalid="ignore"):
        return softmax_of_relative(_relative(np.asarray(x @ w, dtype=np.float64) + b, x, w, b))


def log_probabilities(x: Any, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    """log softmax(x W + b), (n, K) float64 nats; finite where a probability is too small for a float."""
    z = relative_logits(x, w, b)
    e = np.exp(z)
    e[np.arange(len(z)), z.argmax(axis=1)] = 0
    z -= np.log1p(e.sum(axis=1))[:, None]
    return z
