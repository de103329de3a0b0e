"""Centres and scales of features, so that iterations and linear programmes do not depend on units."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from mottomo.classification.objective import Data, Rows

_CONSTANT = 1e-14  # relative to the centre: smaller spreads are rounding
_ROUNDING = 1e-12  # relative to the median: smaller deviations count as 0
_ROWS_OF_MEDIANS = 4000  # sampled rows for medians
_CHUNK = 1 << 17  # numbers in a temporary array, so that it fits into the L2 cache


@dataclass(frozen=True)
class Scaling:
    """The scaled features x~ = (x - centre) / scale.

    Attributes
    ----------
    centre : (p,) what is subtracted; 0 without an intercept.
    spread : (p,) a measure of spread; 0 for constant features.
    intercept : whether a column of ones is appended.
    """

    centre: np.ndarray
    spread: np.ndarray
    intercept: bool

    @cached_property
    def scale(self) -> np.ndarray:
        """(p,) the divisor of each feature: its spread, or 1 for constant features."""
        return np.where(self.spread > 0, self.spread, 1.0)

    @classmethod
    def of(cls, data: Data, intercept: bool) -> Scaling:
        """From weighted means and standard deviations of dense rows; without an intercept about 0, not the mean."""
        p = data.n_features
        centre, square, chunk = np.zeros(p), np.zeros(p), max(64, _CHUNK // max(p, 1))
        for rows in data.batches() if intercept else ():
            centre += _shares(rows, data.weight) @ rows.features
        for rows in data.batches():
            x, share = rows.features, _shares(rows, data.weight)
            for first in range(0, len(x), chunk):
                square += share[first : first + chunk] @ (x[first : first + chunk] - centre) ** 2
        spread = np.sqrt(square)
        return cls(centre, np.where(spread > _CONSTANT * np.abs(centre), spread, 0.0), intercept)

    @classmethod
    def robust(cls, data: Data, intercept: bool) -> Scaling:
        """From medians of a sample of dense rows, which outliers do not affect."""
        middle, size = usual_sizes(data.sample(_ROWS_OF_MEDIANS).features)
        return cls(middle if intercept else np.zeros(len(size)), np.where(np.isfinite(size), size, 0.0), intercept)

    @classmethod
    def none(cls, n_features: int, intercept: bool) -> Scaling:
        """No centring and no scaling, because a centred sparse matrix is no longer sparse."""
        return cls(np.zeros(n_features), np.ones(n_features), intercept)

    def design(self, x: np.ndarray) -> np.ndarray:
        """x~ (m, P) of features x (m, p): scaled, with a column of ones last if there is an intercept."""
        design = np.empty((len(x), x.shape[1] + self.intercept))
        np.subtract(x, self.centre, out=design[:, : x.shape[1]])
        design[:, : x.shape[1]] /= self.scale
        if self.intercept:
            design[:, -1] = 1
        return design

    def gradient(self, g: np.ndarray) -> np.ndarray:
        """The gradient (P, ...) with respect to the coefficients of x~, from `g` with respect to those of x."""
        scaled = g.copy()
        p = len(self.scale)
        if self.intercept:
            scaled[:p] -= self.centre[:, None] * g[-1]
        scaled[:p] /= self.scale[:, None]
        return scaled

    def step(self, d: np.ndarray) -> np.ndarray:
        """The step (P, ...) of the coefficients of x, from the step `d` of those of x~."""
        p = len(self.scale)
        step = d.copy()
        step[:p] /= self.scale[:, None]
        if self.intercept:
            step[-1] -= self.centre @ step[:p]
        return step

    def back_step(self, d: np.ndarray) -> np.ndarray:
        """The step (P, ...) of the coefficients of x~, from the step `d` of those of x: the inverse of ``step``."""
        p = len(self.scale)
        step = d.copy()
        if self.intercept:
            step[-1] += self.centre @ step[:p]
        step[:p] *= self.scale[:, None]
        return step

    def matrix(self) -> np.ndarray:
        """(P, P) ``step`` as a matrix; the last row is that of the intercept, if there is one."""
        return self.step(np.eye(len(self.scale) + self.intercept))

    def scaled(self, d: np.ndarray) -> np.ndarray:
        """Coefficients (P, K) of x~ from those of x, (p + 1, K); the last row is dropped without an intercept."""
        slopes = d[:-1] * self.scale[:, None]
        return np.vstack([slopes, d[-1] + self.centre @ d[:-1]]) if self.intercept else slopes

    def penalty(self, decay: np.ndarray | float) -> np.ndarray:
        """The Hessian of the penalty with respect to the coefficients of x~: its diagonal (P,), or (P, P)."""
        p = len(self.scale)
        if isinstance(decay, np.ndarray) and decay.ndim == 2:
            full = np.zeros((p + self.intercept, p + self.intercept))
            full[:p, :p] = decay / self.scale / self.scale[:, None]
            return full
        diagonal = np.zeros(p + self.intercept)
        diagonal[:p] = decay / self.scale**2
        return diagonal


def add_in_blocks(matrix: np.ndarray, penalty: np.ndarray, times: float = 1.0) -> None:
    """Add `times` the Hessian of a penalty, (P,) or (P, P), to each diagonal block of a matrix, in place."""
    size = len(penalty)
    for start in range(0, len(matrix), size):
        block = matrix[start : start + size, start : start + size]
        if penalty.ndim == 2:
            block += times * penalty
        else:
            block[np.arange(size), np.arange(size)] += times * penalty


def usual_sizes(x: Any) -> tuple[np.ndarray, np.ndarray]:
    """Median of each column (p,), and median absolute deviation over the rows that differ from it (inf if none do)."""
    if hasattr(x, "indptr"):
        return np.zeros(x.shape[1]), np.full(x.shape[1], np.inf)
    half = len(x) // 2
    middle = np.partition(x, half, axis=0)[half].astype(np.float64)
    away = np.abs(x - middle)
    n_there = (away <= _ROUNDING * np.abs(middle)).sum(axis=0)
    at = np.minimum((n_there + len(x)) // 2, len(x) - 1)
    size = np.empty(x.shape[1])
    for place in np.unique(at).tolist():  # a few, as most columns have as many cells at their median
        its = np.flatnonzero(at == place)
        size[its] = np.partition(away[:, its], place, axis=0)[place]
    return middle, np.where(n_there < len(x), size, np.inf)


def _shares(rows: Rows, total: float) -> np.ndarray:
    """The share of each row in the total weight, (n,)."""
    return (np.ones(rows.n) if rows.weights is None else rows.weights) / total
