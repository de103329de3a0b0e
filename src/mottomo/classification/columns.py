"""Columns of the features that say nothing of their own: constant ones, and linear combinations of others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mottomo.classification.objective import Data
from mottomo.classification.scaling import Scaling

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
    missing = data.n_features + intercept - _rank(triangle)
    if not missing:
        return ()
    order = np.r_[-1, : data.n_features] if intercept else np.r_[: data.n_features]
    left = np.abs(np.diag(np.linalg.qr(triangle[:, order], mode="r")))[int(intercept) :]
    dependent = np.sort(np.argsort(left, kind="stable")[:missing])
    kept = np.setdiff1d(np.arange(data.n_features), dependent)
    return tuple(_expressed(int(column), kept, triangle, scaling) for column in dependent)


def _triangle(data: Data, scaling: Scaling) -> np.ndarray:
    """R (P, P) of the QR decomposition of the scaled features with the intercept's column of ones last."""
    p1 = data.n_features + scaling.intercept
    triangle = np.zeros((p1, p1))
    for rows in data.batches():
        for first in range(0, rows.n, _CHUNK):
            part = scaling.design(np.asarray(rows.features[first : first + _CHUNK], dtype=np.float64))
            triangle = np.asarray(np.linalg.qr(np.vstack([triangle, part]), mode="r"))
    return triangle / np.sqrt(data.n)


def _rank(triangle: np.ndarray) -> int:
    import scipy.linalg

    r = scipy.linalg.qr(triangle, mode="r", pivoting=True, check_finite=False)[0]
    return int((np.abs(np.diag(r)) > _DEPENDENT).sum())


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
