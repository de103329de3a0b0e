"""Intervals by the normal approximation: an estimate and its standard error."""

from __future__ import annotations

import numpy as np


def normal_quantile(level: float) -> float:
    """z with P(-z <= Z <= z) = level for a standard normal Z.

    >>> round(normal_quantile(0.95), 4)
    1.96
    """
    from scipy.special import ndtri  # 0.2 s to import, so only when it is needed

    return float(-ndtri((1 - level) / 2))


def wald_intervals(estimates: np.ndarray, errors: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper limits, estimate -+ z error, each at `level`."""
    half = normal_quantile(level) * errors
    return estimates - half, estimates + half


def probability_intervals(y: np.ndarray, errors: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper limits (n, K) of probabilities `y`, each at `level`, from the standard errors of their logits.

    logit y -+ z error, on the scale of probabilities again, so they are inside [0, 1]. Where the logit or its error is
    infinite, they are 0 and 1.
    """
    half = normal_quantile(level) * errors
    away = complements(y)
    with np.errstate(over="ignore", invalid="ignore"):
        grown = np.exp(half)
        lower, upper = y / (y + away * grown), y * grown / (y * grown + away)
    known = np.isfinite(grown)
    return np.where(known, lower, 0.0), np.where(known & ~np.isnan(upper), upper, 1.0)


def complements(y: np.ndarray) -> np.ndarray:
    """1 - y_k as the sum of the other probabilities, (n, K), which keeps its digits where y_k is near 1."""
    return np.stack([np.delete(y, k, axis=1).sum(axis=1) for k in range(y.shape[1])], axis=1)
