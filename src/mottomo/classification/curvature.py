"""Curvature of the softmax objective, from some of the rows: what turns a gradient into a step.

    H = sum_i w_i S_i (x) x_i x_i' / N + decay I,   S = Q' (diag y - y y') Q

on the coordinates V of ``coordinates``. Features are centred and scaled first, so that a change of their units changes
no step. Each kind of curvature solves H d = g; exactly for its rows, or nearly where that would be too large.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from mottomo.classification.coordinates import contrasts
from mottomo.classification.objective import RUN, Data, Excerpt, Rows
from mottomo.kernels.threads import processors, ranges, workers

_CHUNK = 1 << 17  # numbers in a temporary: what fits a processor's second cache
ROWS_A_COLUMN = 8  # in a sample that a Kronecker product is made of
_ALIKE = 8.0  # the ratio of eigenvalues that share a factor
HEAD = 1536  # sparse columns, the most frequent ones, that are not taken one by one


@dataclass(frozen=True, slots=True)
class Scaling:
    """Centres and scales of the features, (p,) each: x~ = (x - centre) / scale."""

    centre: np.ndarray
    scale: np.ndarray
    intercept: bool

    @classmethod
    def of(cls, data: Data, intercept: bool) -> Scaling:
        """From dense rows; constant features keep their scale, and without an intercept nothing is centred."""
        p = data.n_features
        centre, square, chunk = np.zeros(p), np.zeros(p), max(64, _CHUNK // max(p, 1))
        for rows in data.batches() if intercept else ():
            centre += _shares(rows, data.weight) @ rows.features
        for rows in data.batches():
            x, share = rows.features, _shares(rows, data.weight)
            for first in range(0, len(x), chunk):
                square += share[first : first + chunk] @ (x[first : first + chunk] - centre) ** 2
        spread = np.sqrt(square)
        return cls(centre, np.where(spread > 0, spread, 1.0), intercept)

    @classmethod
    def none(cls, n_features: int, intercept: bool) -> Scaling:
        """Features as they are: those of a sparse matrix would not stay sparse."""
        return cls(np.zeros(n_features), np.ones(n_features), intercept)

    def design(self, x: np.ndarray) -> np.ndarray:
        """Centred, scaled features with a column of ones for the intercept."""
        design = np.empty((len(x), x.shape[1] + self.intercept))
        np.subtract(x, self.centre, out=design[:, : x.shape[1]])
        design[:, : x.shape[1]] /= self.scale
        if self.intercept:
            design[:, -1] = 1
        return design

    def gradient(self, g: np.ndarray) -> np.ndarray:
        """The gradient in the coefficients of the scaled features, from that in those of the features."""
        scaled = g.copy()
        p = len(self.scale)
        if self.intercept:
            scaled[:p] -= self.centre[:, None] * g[-1]
        scaled[:p] /= self.scale[:, None]
        return scaled

    def step(self, d: np.ndarray) -> np.ndarray:
        """The step in the coefficients of the features, from that in those of the scaled features."""
        p = len(self.scale)
        step = d.copy()
        step[:p] /= self.scale[:, None]
        if self.intercept:
            step[-1] -= self.centre @ step[:p]
        return step

    def penalty(self, decay: float) -> np.ndarray:
        """The penalty's curvature for each row of coefficients of the scaled features."""
        p = len(self.scale)
        diagonal = np.zeros(p + self.intercept)
        diagonal[:p] = decay / self.scale**2
        return diagonal


def _shares(rows: Rows, total: float) -> np.ndarray:
    """Each row's share of the total weight, (n,)."""
    return (np.ones(rows.n) if rows.weights is None else rows.weights) / total


class Curvature(Protocol):
    """Solves H d = g for gradients (P, K - 1)."""

    def solve(self, g: np.ndarray) -> np.ndarray: ...


def category_curvature(y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """w_i S_i for each row, (m, K - 1, K - 1), from probabilities y (m, K)."""
    q = contrasts(y.shape[1])
    yq = y @ q
    s = np.einsum("ik,ka,kb->iab", y, q, q, optimize=True) - yq[:, :, None] * yq[:, None, :]
    return s * weights[:, None, None]


def probabilities(x: Any, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    """softmax(x W + b), (m, K)."""
    z = np.asarray(x @ w) + b
    z -= z.max(axis=1, keepdims=True)
    np.exp(z, out=z)
    z /= z.sum(axis=1, keepdims=True)
    return z


class ExactCurvature:
    """The Hessian of some rows, all of it, by its Cholesky factor: (P (K - 1))^2 numbers."""

    def __init__(self, rows: Rows, w: np.ndarray, b: np.ndarray, scaling: Scaling, decay: float) -> None:
        import scipy.linalg

        self.rows, self.w, self.b = rows, w, b
        self._scaling = scaling
        hessian = information(rows, w, b, scaling) / rows.weight
        p1, d = len(scaling.scale) + scaling.intercept, w.shape[1] - 1
        self._shape = (p1, d)
        diagonal = hessian.ravel()[:: p1 * d + 1]
        diagonal += np.tile(scaling.penalty(decay), d)
        # Where these rows do not curve at all the direction is left to the other rows, and to later steps.
        self.floor = 0.0
        while True:
            try:
                self._factor = scipy.linalg.cho_factor(hessian, lower=True, check_finite=False)
                return
            except np.linalg.LinAlgError:
                raised = max(10 * self.floor, 1e-11 * float(diagonal.mean()) + 1e-300)
                diagonal += raised - self.floor
                self.floor = raised

    def solve(self, g: np.ndarray) -> np.ndarray:
        import scipy.linalg

        scaled = self._scaling.gradient(g).T.ravel()
        step = scipy.linalg.cho_solve(self._factor, scaled, check_finite=False)
        return self._scaling.step(np.ascontiguousarray(step.reshape(self._shape[::-1]).T))

    def widest_logits(self) -> float:
        """A bound of how far logits of a row can move apart along a step of length 1 in the norm of this curvature.

        range_k (x~ d Q')_k <= |d|_H sqrt(2 sum_a x~' (H^-1)_aa x~), the largest over the rows.
        """
        import scipy.linalg.lapack

        inverse, _ = scipy.linalg.lapack.dpotri(self._factor[0], lower=1)
        p1, d = self._shape
        total = np.zeros((p1, p1))
        for a in range(d):
            at = slice(a * p1, (a + 1) * p1)
            total += np.tril(inverse[at, at]) + np.tril(inverse[at, at], -1).T
        most = 0.0
        for first in range(0, self.rows.n, 4096):
            design = self._scaling.design(self.rows.features[first : first + 4096])
            most = max(most, float(np.einsum("ip,pq,iq->i", design, total, design, optimize=True).max()))
        return float(np.sqrt(2 * most))


def information(rows: Rows, w: np.ndarray, b: np.ndarray, scaling: Scaling) -> np.ndarray:
    """sum_i w_i S_i (x) x~_i x~_i', category by category: ((K - 1) P, (K - 1) P)."""
    p1, d = len(scaling.scale) + scaling.intercept, w.shape[1] - 1
    first, second = np.triu_indices(d)
    chunk = max(32, _CHUNK // (p1 * len(first)))

    def part(start: int, stop: int) -> np.ndarray:
        total = np.zeros((p1, len(first) * p1))
        room = np.empty((min(chunk, stop - start), len(first), p1))
        for at in range(start, stop, chunk):
            some = slice(at, min(at + chunk, stop))
            x = rows.features[some]
            weights = np.ones(len(x)) if rows.weights is None else rows.weights[some]
            s = category_curvature(probabilities(x, w, b), weights)[:, first, second]
            design = scaling.design(x)
            weighted = np.multiply(s[:, :, None], design[:, None, :], out=room[: len(x)])
            total += design.T @ weighted.reshape(len(x), -1)
        return total

    work = 2.0 * rows.n * p1 * p1 * len(first)
    where = ranges(rows.n, min(int(work / 1e8), processors()))
    with workers(work, len(where)) as run:
        blocks = sum(run(part, where)).reshape(p1, len(first), p1)
    full = np.empty((d, p1, d, p1))
    full[first, :, second, :] = blocks.transpose(1, 0, 2)
    full[second, :, first, :] = blocks.transpose(1, 2, 0)
    return full.reshape(d * p1, d * p1)


def _kronecker_factors(
    some: Excerpt, w: np.ndarray, b: np.ndarray, scaling: Scaling, columns: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The mean of w_i S_i (K - 1, K - 1), and of x~_i x~_i' (P, P) weighted by how undecided the rows are.

    Of sparse rows x~ holds the `columns` alone, which are made dense a few rows at a time.
    """
    p1, q, rows = len(scaling.scale) + scaling.intercept, contrasts(w.shape[1]), some.rows
    dense = rows.features if columns is None else rows.features[:, columns]

    def part(start: int, stop: int) -> tuple[np.ndarray, np.ndarray, float]:
        mean, gram, total = np.zeros((q.shape[1], q.shape[1])), np.zeros((p1, p1)), 0.0
        for first, last in some.runs[start:stop]:
            run = slice(first, last)
            y = probabilities(rows.features[run], w, b)
            weights = np.ones(len(y)) if rows.weights is None else rows.weights[run]
            yq = y @ q
            mean += (q.T * (weights @ y)) @ q - (yq * weights[:, None]).T @ yq
            undecided = weights * (1 - (y**2).sum(axis=1))
            design = scaling.design(dense[run] if columns is None else dense[run].toarray())
            design *= np.sqrt(undecided)[:, None]
            gram += design.T @ design  # of which BLAS computes one half
            total += float(undecided.sum())
        return mean, gram, total

    work = 2.0 * len(some.runs) * RUN * p1 * p1
    where = ranges(len(some.runs), min(int(work / 1e8), processors()))
    with workers(work, len(where)) as run:
        means, grams, totals = zip(*run(part, where), strict=True)
    return sum(means) / some.weight, sum(grams) / sum(totals)


class KroneckerCurvature:
    """B (x) A with A the mean x~ x~' weighted by how undecided the rows are, and B the mean S_i."""

    def __init__(
        self,
        some: Excerpt,
        w: np.ndarray,
        b: np.ndarray,
        scaling: Scaling,
        decay: float,
        columns: np.ndarray | None = None,
    ) -> None:
        import scipy.linalg

        self._scaling = scaling
        mean, gram = _kronecker_factors(some, w, b, scaling, columns)
        values, self._basis = np.linalg.eigh(mean)
        values = np.maximum(values, 1e-12 * values[-1] + 1e-300)
        penalty = scaling.penalty(decay)
        floor = 1e-10 * np.trace(gram) / len(gram)
        self._groups = []
        start = 0
        while start < len(values):  # b A + P is b (A + P / b), in which P / b may be that of a neighbour
            stop = start + int(np.searchsorted(values[start:], _ALIKE * values[start], side="right"))
            typical = float(np.exp(np.log(values[start:stop]).mean()))
            matrix = gram.copy()
            matrix.ravel()[:: len(gram) + 1] += penalty / typical + floor
            factor = scipy.linalg.cho_factor(matrix, lower=True, overwrite_a=True, check_finite=False)
            self._groups.append((slice(start, stop), values[start:stop], factor))
            start = stop

    def solve(self, g: np.ndarray) -> np.ndarray:
        import scipy.linalg

        rotated = self._scaling.gradient(g) @ self._basis
        for columns, values, factor in self._groups:
            solved = scipy.linalg.cho_solve(factor, rotated[:, columns], check_finite=False)
            rotated[:, columns] = solved / values
        return self._scaling.step(rotated @ self._basis.T)


class DiagonalCurvature:
    """The diagonal of the Hessian alone, (P, K - 1)."""

    def __init__(self, rows: Rows, w: np.ndarray, b: np.ndarray, scaling: Scaling, decay: float) -> None:
        import scipy.sparse

        weights = np.ones(rows.n) if rows.weights is None else rows.weights
        squares = contrasts(w.shape[1]) ** 2
        p = rows.n_features
        self._diagonal = np.zeros((p + scaling.intercept, w.shape[1] - 1))
        step = max(256, _CHUNK // w.shape[1])
        for first in range(0, rows.n, step):
            at = slice(first, first + step)
            x = rows.features[at]
            y = probabilities(x, w, b)
            own = (y @ squares - (y @ contrasts(w.shape[1])) ** 2) * weights[at, None]
            if scipy.sparse.issparse(x):
                x = x.copy()
                x.data **= 2
            else:
                x = x**2
            self._diagonal[:p] += x.T @ own
            if scaling.intercept:
                self._diagonal[-1] += own.sum(axis=0)
        self._diagonal /= rows.weight
        self._diagonal += scaling.penalty(decay)[:, None]
        self._diagonal += 1e-9 * self._diagonal.max(axis=0) + 1e-300

    def solve(self, g: np.ndarray) -> np.ndarray:
        return np.asarray(g / self._diagonal)


class HeadCurvature:
    """For many sparse features: a Kronecker product for the few that most rows have, the diagonal for the others.

    Where frequencies fall like 1 / rank it is the frequent features that are correlated, with each other and with the
    intercept; a rare one has little curvature beside its penalty.
    """

    def __init__(self, rows: Rows, w: np.ndarray, b: np.ndarray, scaling: Scaling, decay: float) -> None:
        self._diagonal = DiagonalCurvature(rows, w, b, scaling, decay)
        x = rows.features
        squares = np.bincount(x.indices, np.square(x.data, dtype=np.float64), minlength=rows.n_features)
        head = np.sort(np.argsort(-squares, kind="stable")[:HEAD])
        sample = rows.excerpt(ROWS_A_COLUMN * len(head))
        intercept = scaling.intercept
        self._head = KroneckerCurvature(sample, w, b, Scaling.none(len(head), intercept), decay, head)
        self._at = np.append(head, rows.n_features) if intercept else head

    def solve(self, g: np.ndarray) -> np.ndarray:
        step = self._diagonal.solve(g)
        step[self._at] = self._head.solve(g[self._at])
        return step
