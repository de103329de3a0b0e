"""Columns of the features that say nothing of their own: constant ones, and linear combinations of others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mottomo.classification.objective import Data
from mottomo.classification.scaling import Scaling
from mottomo.kernels.threads import processors, ranges, workers

_DEPENDENT = 1e-9  # what is left of a column of length 1 beside the others, if it is a combination of them
_SHARE = 1e-7
_CHUNK = 4096


@dataclass(frozen=True, slots=True)
class Dependence:
    """A column that others determine: column = constant + sum_j share_j column_j; a constant one has no shares."""

    column: int
    shares: dict[int, float]
    constant: float

    @property
    def is_constant(self) -> bool:
        return not self.shares

    def moved(self, centre: np.ndarray) -> Dependence:
        """The same dependence of the columns from which `centre` was taken."""
        others = sum(share * centre[j] for j, share in self.shares.items())
        return replace(self, constant=float(self.constant + centre[self.column] - others))


def dependent_columns(data: Data, intercept: bool) -> tuple[Dependence, ...]:
    """The columns of dense features that the columns before them (and the intercept) determine.

    The rank is that of a QR decomposition with pivoting; some rows suffice to see that it is full. Without these
    columns the model says the same, and its coefficients are determined.
    """
    some = data.sample(4 * (data.n_features + 1) + 100, seed=1)
    scaling = Scaling.of(some, intercept)
    if _rank(_triangle(some, scaling)) == data.n_features + intercept:
        return ()
    scaling = Scaling.of(data, intercept)
    triangle = _triangle(data, scaling)
    if _rank(triangle) == data.n_features + intercept:
        return ()
    kept = _kept(triangle, intercept)
    dependent = np.setdiff1d(np.arange(data.n_features), kept)
    return tuple(_expressed(int(column), kept, triangle, scaling) for column in dependent)


def _triangle(data: Data, scaling: Scaling) -> np.ndarray:
    """R (P, P) of the QR decomposition of the scaled features with the intercept's column of ones last."""
    p1 = data.n_features + scaling.intercept
    triangle = np.zeros((p1, p1))
    for rows in data.batches():

        def part(start: int, stop: int, x: Any = rows.features) -> np.ndarray:
            some = np.zeros((0, p1))
            for first in range(start, stop, _CHUNK):
                design = scaling.design(np.asarray(x[first : min(first + _CHUNK, stop)], dtype=np.float64))
                some = np.asarray(np.linalg.qr(np.vstack([some, design]), mode="r"))
            return some

        work = 2.0 * rows.n * p1 * p1
        where = ranges(rows.n, min(-(-rows.n // _CHUNK), processors()))
        with workers(work, len(where)) as run:
            triangle = np.asarray(np.linalg.qr(np.vstack([triangle, *run(part, where)]), mode="r"))
    return triangle / np.sqrt(data.n)


def _rank(triangle: np.ndarray) -> int:
    import scipy.linalg

    r = scipy.linalg.qr(triangle, mode="r", pivoting=True, check_finite=False)[0]
    return int((np.abs(np.diag(r)) > _DEPENDENT).sum())


def _kept(triangle: np.ndarray, intercept: bool) -> np.ndarray:
    """The columns that those kept before them, and the intercept, do not determine: Gram and Schmidt, twice each."""
    basis, size, kept = np.empty_like(triangle), 0, []
    for column in (-1, *range(triangle.shape[1] - 1)) if intercept else range(triangle.shape[1]):
        left = triangle[:, column].copy()
        for _ in range(2):
            left -= basis[:, :size] @ (basis[:, :size].T @ left)
        length = float(np.linalg.norm(left))
        if length > _DEPENDENT:
            basis[:, size] = left / length
            size += 1
            if column >= 0:
                kept.append(column)
    return np.array(kept, dtype=np.intp)


def _expressed(column: int, kept: np.ndarray, triangle: np.ndarray, scaling: Scaling) -> Dependence:
    """The column as a combination of those that are kept, in the units of the features."""
    basis = np.r_[kept, triangle.shape[1] - 1] if scaling.intercept else kept
    scaled = np.linalg.lstsq(triangle[:, basis], triangle[:, column], rcond=None)[0]
    centre, scale = scaling.centre, scaling.scale
    large = np.abs(scaled[: len(kept)]) > _SHARE
    shares = {
        int(j): float(share * scale[column] / scale[j])
        for j, share in zip(kept[large], scaled[: len(kept)][large], strict=True)
    }
    constant = scale[column] * (scaled[-1] if scaling.intercept else 0.0) + centre[column]
    return Dependence(column, shares, float(constant - sum(share * centre[j] for j, share in shares.items())))
