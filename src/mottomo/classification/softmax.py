"""Logits and probabilities of a softmax model at features, for models that are there."""

from __future__ import annotations

from typing import Any

import numpy as np

_FAR_BELOW = 2.0**-600  # takes any product of two floats back into range


def logits(x: Any, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    """x W + b, (n, K) float64, less the largest of each row; -infinity where a float does not hold it.

    Features so large that a product overflows leave one category, or several with equal logits.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        z = np.asarray(x @ w, dtype=np.float64) + b
        z -= z.max(axis=1, keepdims=True)
    lost = np.flatnonzero(np.isnan(z).any(axis=1))
    if lost.size:
        some = x[lost].toarray() if hasattr(x, "indptr") else x[lost]
        small = (np.asarray(some, dtype=np.float64) * _FAR_BELOW) @ w + b * _FAR_BELOW
        below = small < small.max(axis=1, keepdims=True)
        z[lost] = np.where(below, -np.inf, 0.0)
    return z


def probabilities(x: Any, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    """softmax(x W + b), (n, K) float64; each row sums to 1 within K eps."""
    z = logits(x, w, b)
    np.exp(z, out=z)
    z /= z.sum(axis=1, keepdims=True)
    return z


def log_probabilities(x: Any, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    """log softmax(x W + b), (n, K) float64 nats; finite where a probability is too small for a float."""
    z = logits(x, w, b)
    e = np.exp(z)
    e[np.arange(len(z)), z.argmax(axis=1)] = 0
    z -= np.log1p(e.sum(axis=1))[:, None]
    return z
